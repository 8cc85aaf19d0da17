//! The demo's native process: `shop` (pages of `public/` and a small shop backend) and `psp` (the
//! sandbox over HTTP, with its control panel).

pub mod psp;
pub mod shop;
