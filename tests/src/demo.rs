//! The demo's native process: `shop` (pages of `public/` and a small shop backend) and `psp` (the
//! sandbox over HTTP, with its control panel).
//!
//! # Why
//! Browsers know every `*.localhost` name, resolvers do not. So each party has two addresses: an
//! *origin* that a browser uses, and a *server* address on 127.0.0.1 for calls between servers.

use std::path::PathBuf;

pub mod psp;
pub mod shop;

/// The port of the shop when none is asked for; the sandbox and the edge follow it.
pub const BASE_PORT: u16 = 4410;

/// Who is where: the same record for the shop and the sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The shop as a browser sees it, without a slash at the end.
    pub shop_origin: String,
    /// The sandbox as a browser sees it.
    pub psp_origin: String,
    /// The edge as a browser sees it: where the widget is loaded from.
    pub edge_origin: String,
    /// The edge for calls between servers, on 127.0.0.1.
    pub edge_server: String,
    /// The folder with the shop's static pages.
    pub public_dir: PathBuf,
}

impl Config {
    /// The three processes on `base`, `base + 1` and `base + 2`.
    #[must_use]
    pub fn for_base(base: u16, public_dir: PathBuf) -> Self {
        let at = |name: &str, step: u16| format!("http://{name}:{}", base.saturating_add(step));
        Self {
            shop_origin: at("shop.localhost", 0),
            psp_origin: at("psp.localhost", 1),
            edge_origin: at("edge.localhost", 2),
            edge_server: at("127.0.0.1", 2),
            public_dir,
        }
    }

    /// The same shop and sandbox in front of an edge somewhere else (`http://127.0.0.1:PORT`).
    #[must_use]
    pub fn with_edge(mut self, server: &str) -> Self {
        let server = server.trim_end_matches('/');
        self.edge_origin = server.replace("127.0.0.1", "edge.localhost");
        server.clone_into(&mut self.edge_server);
        self
    }
}

/// The demo's configuration as a shop would write it: no plain HTTP, nothing on this machine.
#[must_use]
pub fn released() -> String {
    let text = include_str!("../../edge/testdata/demo-config.json");
    [
        ("http://127.0.0.1:4410", "https://shop.example.com"),
        ("http://shop.localhost:4410", "https://shop.example.com"),
        ("http://edge.localhost:4412", "https://pay.example.com"),
        ("http://127.0.0.1:4411", "https://api.example.com"),
        ("http://psp.localhost:4411", "https://window.example.com"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_processes_stand_on_three_ports_in_a_row() {
        let config = Config::for_base(5000, PathBuf::from("public"));
        assert_eq!(config.shop_origin, "http://shop.localhost:5000");
        assert_eq!(config.psp_origin, "http://psp.localhost:5001");
        assert_eq!(config.edge_origin, "http://edge.localhost:5002");
        assert_eq!(config.edge_server, "http://127.0.0.1:5002");
    }

    #[test]
    fn another_edge_moves_both_of_its_addresses() {
        let config = Config::for_base(5000, PathBuf::new()).with_edge("http://127.0.0.1:7777/");
        assert_eq!(config.edge_server, "http://127.0.0.1:7777");
        assert_eq!(config.edge_origin, "http://edge.localhost:7777");
        assert_eq!(config.psp_origin, "http://psp.localhost:5001");
    }
}
