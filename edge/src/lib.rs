//! The edge.

pub mod provider;
pub mod secret;
