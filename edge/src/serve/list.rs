//! Which part of the book a shop asks for. Lists may be a moment behind; nothing is decided from them.

use shared::id::{CheckoutId, NoticeId};
use shared::problem::Code;

use super::visit::{Fault, Visit};
use crate::envelope::Ask;
use crate::owner::{Op, Replay};

/// At most this many in a page.
const LIMIT_MAX: u32 = 100;
/// When the caller names none.
const LIMIT_DEFAULT: u32 = 20;

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Checkouts.
    Checkouts,
    /// Notices that exhausted their plan.
    DeadNotices,
}

impl Kind {
    fn knows(self, cursor: &str) -> bool {
        match self {
            Self::Checkouts => CheckoutId::parse(cursor).is_some(),
            Self::DeadNotices => NoticeId::parse(cursor).is_some(),
        }
    }
}

/// Which part of whose list. The cursor is the last id of the page before: opaque to callers, and
/// another merchant's finds nothing (row 76, I-15).
#[derive(Debug)]
pub struct Page {
    /// Of what.
    pub kind: Kind,
    /// Whose.
    pub merchant: String,
    /// After this id; empty at the beginning.
    pub cursor: String,
    /// So many.
    pub limit: u32,
}

/// The page that a request asks for.
pub(super) fn page(visit: &Visit, kind: Kind) -> Result<Page, Fault> {
    let merchant = visit.merchant()?;
    let limit = match visit.incoming.parameter("limit")? {
        Some(text) => text.parse::<u32>().map_err(|_| Code::CursorInvalid)?.clamp(1, LIMIT_MAX),
        None => LIMIT_DEFAULT,
    };
    let cursor = visit.incoming.parameter("cursor")?.unwrap_or("").to_owned();
    if !cursor.is_empty() && !kind.knows(&cursor) {
        return Err(Code::CursorInvalid.into());
    }
    Ok(Page { kind, merchant, cursor, limit })
}

/// A dead notice that its shop wants once more: the book knows it, its checkout's owner decides.
#[derive(Debug)]
pub struct Wanted {
    /// Whose.
    pub merchant: String,
    /// Which.
    pub notice: String,
    key: String,
    fingerprint: String,
}

/// What the book says of a wanted notice.
#[derive(Debug)]
pub struct Dead {
    /// Its checkout.
    pub checkout: String,
    /// The message that died.
    pub message: String,
    /// 1 while it is dead, 0 when it is on its way again.
    pub open: u32,
    /// How often it was replayed before.
    pub replays: u32,
}

/// The replay that a request asks for.
pub(super) fn wanted(visit: &Visit, notice: &str) -> Result<Wanted, Fault> {
    let merchant = visit.merchant()?;
    let key = visit.incoming.idempotency_key()?.as_str().to_owned();
    let (notice, fingerprint) = (notice.to_owned(), format!("POST {}", visit.incoming.path));
    Ok(Wanted { merchant, notice, key, fingerprint })
}

impl Wanted {
    /// The question for the owner; one that is no longer dead is not sent again. Another merchant's does
    /// not exist for the caller (I-15).
    ///
    /// # Errors
    /// [`Code::NotFound`].
    pub fn ask(self, visit: &Visit, dead: Option<Dead>) -> Result<Ask, Fault> {
        let Dead { checkout, message, open, replays } = dead.ok_or(Code::NotFound)?;
        // Its last try has failed, and it is not dead yet.
        if replays.saturating_add(open) == 0 {
            return Err(Code::NotFound.into());
        }
        let Self { merchant, notice, key, fingerprint } = self;
        let home = CheckoutId::parse(&checkout).ok_or(Code::NotFound)?.home();
        let replay = Replay {
            merchant,
            notice,
            checkout,
            replays: replays.saturating_add(open),
            message: (open == 1).then_some(message),
            key,
            fingerprint,
        };
        visit.at(home, &Op::Replay(replay))
    }
}
