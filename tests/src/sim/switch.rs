//! The switch of the mistakes on purpose. No build of these sources has a mistake; the copy that
//! `cargo x sim --planted` compiles has a switch here (`tests/src/planted.rs`).

/// Whether this build can make mistakes.
pub(super) const IS_PLANTED: bool = false;

/// Makes this mistake from here on, in this thread: there is none to make.
pub(super) fn make(_mistake: Option<usize>) {}
