//! The shops of the demo, as every provider's window calls them: Korean and English. What each has
//! agreed with a provider stands with that provider's engine.

/// Sells cameras.
pub const CAMERA: [&str; 2] = ["당근카메라", "Danggeun Camera"];
/// Sells books.
pub const BOOKS: [&str; 2] = ["한번책방", "Hanbeon Books"];
/// Sells posters from a page without a server.
pub const POSTER: [&str; 2] = ["골목포스터", "Alley Posters"];

/// Where events of a channel go, at the edge of this address.
#[must_use]
pub fn webhook(edge_server: &str, channel: &str) -> String {
    format!("{edge_server}/v1/webhooks/{channel}")
}
