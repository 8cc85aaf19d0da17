//! What every engine brings, so that nothing else has to know which engines there are.

use std::fmt::Debug;

use serde_json::Value;

use super::{BookLine, Request, Response, Turn};

/// The other side of one provider: its wire, its books, its buyer's window.
pub trait Provider: Debug + Send {
    /// Its name in the configuration of the edge, in faults and in books.
    fn name(&self) -> &'static str;

    /// Below which path it listens, such as `/toss`.
    fn path(&self) -> &'static str;

    /// Answers a request; `path` is the rest below [`Self::path`].
    fn handle(&mut self, path: &str, request: &Request, turn: &mut Turn<'_>) -> Response;

    /// Lets deadlines pass.
    fn wake(&mut self, turn: &mut Turn<'_>);

    /// What its script in a browser does with the data that a page gives it: where, below
    /// [`Self::path`], it sends the browser. `None` where a page posts a form instead.
    fn script_opens(&self, _data: &Value) -> Option<String> {
        None
    }

    /// A deposit arrives at the account of a request, by hand of whoever holds the panel.
    ///
    /// # Errors
    /// A sentence that says why no deposit can arrive.
    fn deposit(
        &mut self,
        _request_id: &str,
        _amount: Option<u64>,
        _turn: &mut Turn<'_>,
    ) -> Result<(), &'static str> {
        Err(NO_DEPOSIT)
    }

    /// The bank takes a deposit back.
    ///
    /// # Errors
    /// A sentence that says why nothing can be taken back.
    fn reverse_deposit(
        &mut self,
        _request_id: &str,
        _turn: &mut Turn<'_>,
    ) -> Result<(), &'static str> {
        Err(NO_DEPOSIT)
    }

    /// Something else happens to a payment, one of [`BookLine::acts`], by hand of whoever holds the panel:
    /// the provider's own people cancel, a seller ships.
    ///
    /// # Errors
    /// A sentence that says why it cannot happen.
    fn happen(
        &mut self,
        _request_id: &str,
        _act: &str,
        _turn: &mut Turn<'_>,
    ) -> Result<(), &'static str> {
        Err(NO_ACT)
    }

    /// The auditor's view.
    fn books(&self) -> Vec<BookLine>;

    /// Empty books; the merchants stay.
    fn clear(&mut self);

    /// The same once more.
    fn copied(&self) -> Box<dyn Provider>;
}

impl Clone for Box<dyn Provider> {
    fn clone(&self) -> Self {
        self.copied()
    }
}

/// Why nothing of that kind can happen.
pub const NO_ACT: &str = "nothing of that kind can happen to it";
/// Why no deposit can arrive, or be taken back.
pub const NO_DEPOSIT: &str = "no account waits for a deposit under this request id";
