//! What geckodriver cannot be asked: a phone's screen. Firefox's windows are never narrower than 500 pixels;
//! over WebDriver BiDi every tab and popup, those to come too, has the size that it is told.

use fantoccini::Client;
use serde_json::{Value, json};

use crate::engine::PHONE;

#[path = "../it/world/socket.rs"]
mod socket;

use socket::{Frame, Socket};

/// The connection by which the browser was told; it holds for as long as this.
pub struct Screen(#[expect(dead_code, reason = "it is held, not read")] Socket);

/// Gives every window of the browser a phone's screen.
pub fn phone(client: &Client) -> Screen {
    screen(client, PHONE, 3)
}

/// Gives every window of the browser a screen of so many CSS pixels, each of so many in a row.
pub fn screen(client: &Client, (width, height): (u32, u32), density: u32) -> Screen {
    told(
        client,
        "browsingContext.setViewport",
        &json!({
            "userContexts": ["default"],
            "viewport": { "width": width, "height": height },
            "devicePixelRatio": density,
        }),
    )
}

/// Says one command and waits for its answer.
fn told(client: &Client, method: &str, parameters: &Value) -> Screen {
    let url = client.capabilities().and_then(|all| all.get("webSocketUrl")?.as_str());
    let url = url.expect("the browser speaks BiDi");
    let (server, path) = url.strip_prefix("ws://").and_then(|rest| rest.split_once('/')).unwrap();
    let mut socket =
        Socket::open(&format!("http://{server}"), &format!("/{path}"), None).expect("it listens");
    socket.say(&json!({ "id": 1, "method": method, "params": parameters }).to_string());
    loop {
        let Frame::Text(answer) = socket.hear() else { panic!("{method}: no answer") };
        let answer: Value = serde_json::from_str(&answer).unwrap();
        if answer["id"] == 1 {
            assert_eq!(answer["type"], "success", "{method}: {answer}");
            return Screen(socket);
        }
    }
}
