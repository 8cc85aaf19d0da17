//! widget
pub mod flow;
pub mod options;
pub mod record;
pub mod value;
