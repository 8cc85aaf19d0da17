//! Hanbeon's `<hanbeon-checkout>`: it shows; the edge decides.
//!
//! Read in this order:
//! - [`flow`]: the machine. What the buyer sees and what is asked follow from it alone.
//! - [`question`], [`record`], [`value`]: what is asked of the edge and what it answers, as plain data.
//! - [`options`], [`resume`], [`channel`]: the three doors through which foreign data comes in.
//! - [`text`], [`money`], [`view`]: what the buyer reads and sees, as plain data.
//! - [`driver`]: how a provider's window is shown.
//! - In the browser only: `api` (fetch), `live` (socket), `drive` (performs effects), `tabs`, `page`, `draw`,
//!   `mount`.
//!
//! Invariants, as absences: no amount comes from the page; no message, return or closed window is an
//! answer; no row of the table starts a payment while another may be under way; nothing but
//! `channel` listens to messages, nothing but `api` fetches and nothing but
//! `live` listens to the edge, nothing but `resume` stores; no cookie,
//! no inline style, no inline script; no derived serde.

pub mod channel;
pub mod driver;
pub mod flow;
pub mod money;
pub mod options;
pub mod question;
pub mod record;
pub mod resume;
pub mod text;
pub mod value;
pub mod view;

#[cfg(target_arch = "wasm32")]
mod api;
#[cfg(target_arch = "wasm32")]
mod draw;
#[cfg(target_arch = "wasm32")]
mod drive;
#[cfg(target_arch = "wasm32")]
mod live;
#[cfg(target_arch = "wasm32")]
mod mount;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod tabs;

#[cfg(target_arch = "wasm32")]
pub use mount::{Mounted, mount};
