//! The edge.

pub mod auth;
pub mod config;
pub mod json;
pub mod outbox;
pub mod page;
pub mod problem;
pub mod provider;
pub mod secret;
pub mod signature;
pub mod token;
pub mod book;
pub mod owner;
pub mod row;
pub mod shelf;
pub mod stock;
pub mod view;
