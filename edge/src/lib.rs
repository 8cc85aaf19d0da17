//! The edge.

pub mod json;
pub mod problem;
pub mod provider;
pub mod secret;
pub mod signature;
pub mod token;
