//! `danal` as an engine: the transaction server behind phone bills, with its relay and its window.
//!
//! Merchant authentication, the buyer's authentication at the carrier, a number by message, its check, the
//! bill; a session for each transaction, for as long as the contract says; the record of each for ever,
//! whatever came of it (R65, R67).
//!
//! Manual: Danal's guide and samples for Teledit, 2026-11-21. Unverified, and modelled as follows: every
//! result but 0 and 51; the relay's form; that `NCONFIRM` tells where a session stands, without comparing
//! (`ConfirmOption=0`) and after the bill (`DATE`, `CANCELDATE`); one session for a repeated `ORDERID`; a
//! session is billed once and given back once; `BILL_REFUND`; the times.
//!
//! # What is never kept
//! The number in the message is told to the buyer's phone, in the one answer that sends it; what stays is a
//! message code of it under a key that no table has. Numbers, phones, birth dates and passwords have a type
//! that prints as dots, and the journal leaves their fields out (R68).
//!
//! Map: this file the books and the one table · `api` the commands · `window` the buyer's pages · `otp` the
//! number in the message · `subscriber` who has a phone, and what its month holds · `hidden` what does not
//! print · `merchant` contracts.

use std::collections::BTreeMap;

use self::hidden::Hidden;
use self::merchant::Merchant;
use self::otp::Messages;
use self::subscriber::Subscriber;
use super::moment::MINUTE_MS;
use super::provider::Provider;
use super::window::Brand;
use super::{BookLine, Method as Verb, Request, Response, Turn, moment};

mod api;
mod hidden;
mod merchant;
mod otp;
mod subscriber;
#[cfg(test)]
mod tests;
mod window;

/// Its name at the edge and in the books.
const NAME: &str = "danal";

static BRAND: Brand = Brand {
    names: ["다날 휴대폰결제 샌드박스", "Danal Phone Bill Sandbox"],
    monogram: "D",
    colours: "--accent:#e4002b;--tint:#fdecee",
};

/// How long the buyer may take in the window.
const WINDOW_MS: i64 = 15 * MINUTE_MS;
/// How long what the buyer confirmed may be billed.
const BILL_MS: i64 = 10 * MINUTE_MS;

/// Why a transaction will not be billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    BuyerCancelled,
    CarrierRefused,
    OtpTriedTooOften,
    OverCeiling,
    TimeOut,
}

/// `Result` of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    AmountTooSmall,
    WrongMerchant,
    UnknownSession,
    NotConfirmed,
    Failed(Reason),
    OtherAmount,
    Billed,
    GivenBack,
    MonthOver,
    MonthLasts,
    NotBilled,
    Malformed,
}

impl Code {
    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::AmountTooSmall => ("51", "결제 금액은 300원을 넘어야 합니다"),
            Self::WrongMerchant => ("1001", "가맹점 인증 실패"),
            Self::UnknownSession => ("2001", "세션 없음"),
            Self::NotConfirmed => ("2002", "인증 전"),
            Self::Failed(Reason::BuyerCancelled) => ("2003", "구매자 취소"),
            Self::Failed(Reason::CarrierRefused) => ("2004", "통신사 인증 실패"),
            Self::Failed(Reason::OtpTriedTooOften) => ("2005", "인증번호 입력 횟수 초과"),
            Self::Failed(Reason::OverCeiling) => ("2006", "월 결제 한도 초과"),
            Self::Failed(Reason::TimeOut) => ("2007", "결제 시간 초과"),
            Self::OtherAmount => ("2008", "금액 또는 가맹점 불일치"),
            Self::Billed => ("2009", "이미 결제됨"),
            Self::GivenBack => ("3001", "이미 취소 또는 환불됨"),
            Self::MonthOver => ("3002", "당월 취소 기간 경과"),
            Self::MonthLasts => ("3003", "당월 거래는 취소만 가능"),
            Self::NotBilled => ("3004", "결제된 거래 없음"),
            Self::Malformed => ("9001", "전문 오류"),
        }
    }
}

/// Where a transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The merchant announced it.
    Announced,
    /// The carrier knows the buyer, and the message is out.
    Messaged,
    /// The buyer confirmed its number, at this time.
    Confirmed(i64),
    /// It stands on a bill since this time.
    Billed(i64),
    /// Taken off the bill: when it was billed, and when that ended.
    Cancelled(i64, i64),
    /// Paid back: the same.
    Refunded(i64, i64),
    /// The end without money.
    Failed(Reason),
}

/// Something that happens to a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// The carrier is asked about the buyer, and a message is sent.
    Message,
    /// The number in it was right.
    Confirm,
    /// The merchant bills it.
    Bill,
    /// The merchant gives the money back, by either door.
    GiveBack,
    /// It ends without money.
    Fail,
    /// Its time is over.
    Lapse,
}

/// What the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It happens.
    Go,
    /// It has happened already; nothing changes.
    Same,
    /// It must not happen.
    Refuse(Code),
}

/// The one table of this engine.
fn verdict(stage: Stage, act: Act) -> Verdict {
    use Stage as S;
    use Verdict::{Go, Refuse, Same};
    match (act, stage) {
        (Act::Message, S::Announced | S::Messaged) => Go,
        (Act::Message, S::Confirmed(_)) => Same,
        (Act::Confirm, S::Messaged) => Go,
        (Act::Confirm, S::Confirmed(_)) => Same,
        (Act::Confirm | Act::Bill, S::Announced) | (Act::Bill, S::Messaged) => {
            Refuse(Code::NotConfirmed)
        }
        (Act::Bill, S::Confirmed(_)) => Go,
        (Act::Message | Act::Confirm | Act::Bill | Act::Fail, S::Billed(_)) => Refuse(Code::Billed),
        (
            Act::Message | Act::Confirm | Act::Bill | Act::Fail,
            S::Cancelled(..) | S::Refunded(..),
        ) => Refuse(Code::GivenBack),
        (Act::GiveBack, S::Billed(_)) => Go,
        (Act::GiveBack, S::Cancelled(..) | S::Refunded(..)) => Refuse(Code::GivenBack),
        (Act::GiveBack, S::Announced | S::Messaged | S::Confirmed(_) | S::Failed(_)) => {
            Refuse(Code::NotBilled)
        }
        (Act::Fail | Act::Lapse, S::Announced | S::Messaged | S::Confirmed(_)) => Go,
        (Act::Fail, S::Failed(_)) => Same,
        (Act::Message | Act::Confirm | Act::Bill, S::Failed(reason)) => {
            Refuse(Code::Failed(reason))
        }
        (Act::Lapse, S::Billed(_) | S::Cancelled(..) | S::Refunded(..) | S::Failed(_)) => Same,
    }
}

/// What is kept of a transaction for ever, whatever came of it: nothing of this is the buyer's person.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Deal {
    /// Position in the table of merchants.
    merchant: usize,
    order_id: String,
    /// What was announced, in KRW.
    agreed: u64,
    /// What is billed: differs only by a fault.
    charged: u64,
    goods: String,
    opened_at: i64,
    /// A phone, told from others by a code under the engine's key.
    phone: Option<String>,
    captures: u32,
    stage: Stage,
}

impl Deal {
    /// Fails, if it still can.
    fn fail(&mut self, reason: Reason) {
        if verdict(self.stage, Act::Fail) == Verdict::Go {
            self.stage = Stage::Failed(reason);
        }
    }

    /// When it was billed, if it was.
    fn billed_at(&self) -> Option<i64> {
        match self.stage {
            Stage::Billed(at) | Stage::Cancelled(at, _) | Stage::Refunded(at, _) => Some(at),
            Stage::Announced | Stage::Messaged | Stage::Confirmed(_) | Stage::Failed(_) => None,
        }
    }

    /// When the money went back, if it did.
    fn back_at(&self) -> Option<i64> {
        match self.stage {
            Stage::Cancelled(_, at) | Stage::Refunded(_, at) => Some(at),
            Stage::Announced
            | Stage::Messaged
            | Stage::Confirmed(_)
            | Stage::Billed(_)
            | Stage::Failed(_) => None,
        }
    }

    fn status(&self) -> &'static str {
        match self.stage {
            Stage::Announced => "ANNOUNCED",
            Stage::Messaged => "OTP_SENT",
            Stage::Confirmed(_) => "CONFIRMED",
            Stage::Billed(_) => "BILLED",
            Stage::Cancelled(..) => "CANCELLED",
            Stage::Refunded(..) => "REFUNDED",
            Stage::Failed(_) => "FAILED",
        }
    }
}

/// What joins the calls about a transaction that know nothing of each other; it ends by the contract's time.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Session {
    /// `ServerInfo`: whoever knows it may ask.
    server_info: String,
    opened_at: i64,
    /// Where the browser goes back to; known when the window opens.
    target_url: Option<String>,
    back_url: Option<String>,
    /// Who pays; known from the first page on.
    subscriber: Option<Hidden<Subscriber>>,
    messages: Messages,
}

/// The books of `danal`.
#[derive(Debug, Clone, Default)]
pub struct Engine {
    merchants: Vec<Merchant>,
    /// By `TID`.
    sessions: BTreeMap<String, Session>,
    /// By `TID`.
    deals: BTreeMap<String, Deal>,
    /// The key of every code here; drawn when it is first needed, and in no table.
    key: Option<Hidden<[u8; 32]>>,
}

impl Engine {
    /// Empty books, for the demo's shops behind the edge of this address.
    #[must_use]
    pub fn demo(edge_server: &str) -> Self {
        Self { merchants: merchant::demo(edge_server), ..Self::default() }
    }

    fn key(&mut self, turn: &mut Turn<'_>) -> [u8; 32] {
        *self.key.get_or_insert_with(|| Hidden::new(turn.dice.bytes())).shown()
    }

    /// The transaction of a session.
    fn tid_of(&self, server_info: &str) -> Option<String> {
        let named = |(_, session): &(&String, &Session)| session.server_info == server_info;
        self.sessions.iter().find(named).map(|(tid, _)| tid.clone())
    }
}

impl Provider for Engine {
    fn name(&self) -> &'static str {
        NAME
    }

    fn path(&self) -> &'static str {
        "/danal"
    }

    fn handle(&mut self, path: &str, request: &Request, turn: &mut Turn<'_>) -> Response {
        match (request.method, path) {
            (Verb::Post, "/teledit") => self.command(request, turn),
            (
                Verb::Post,
                "/Danal/Teledit/Web/Start.php" | "/Danal/Teledit/FlexMobile/Start.php",
            ) => self.window(request, turn),
            (Verb::Post, "/window/act") => self.window_action(request, turn),
            (Verb::Get | Verb::Post | Verb::Other, _) => window::lost_window(),
        }
    }

    /// Lets transactions run out of time, and sessions end.
    fn wake(&mut self, turn: &mut Turn<'_>) {
        for deal in self.deals.values_mut() {
            let until = match deal.stage {
                Stage::Confirmed(at) => at + BILL_MS,
                _ => deal.opened_at + WINDOW_MS,
            };
            if until <= turn.now && verdict(deal.stage, Act::Lapse) == Verdict::Go {
                deal.stage = Stage::Failed(Reason::TimeOut);
            }
        }
        let (deals, merchants) = (&self.deals, &self.merchants);
        self.sessions.retain(|tid, session| {
            let merchant = deals.get(tid).and_then(|deal| merchants.get(deal.merchant));
            merchant.is_some_and(|m| turn.now < session.opened_at + m.session_life_ms)
        });
    }

    fn books(&self) -> Vec<BookLine> {
        let lines = self.deals.iter().map(|(tid, deal)| {
            let taken = deal.billed_at().map_or(0, |_| deal.charged);
            BookLine {
                provider: NAME,
                merchant: self.merchants.get(deal.merchant).map_or("", |m| m.id).to_owned(),
                request_id: deal.order_id.clone(),
                provider_payment_id: Some(tid.clone()),
                status: deal.status(),
                opened_at: moment::iso(deal.opened_at),
                amount: deal.agreed,
                captured: taken,
                refunded: deal.back_at().map_or(0, |_| taken),
                captures: deal.captures,
                awaits_deposit: false,
                acts: Vec::new(),
                webhooks_sent: 0,
                webhooks_acknowledged: 0,
            }
        });
        lines.collect()
    }

    fn clear(&mut self) {
        let merchants = std::mem::take(&mut self.merchants);
        *self = Self { merchants, ..Self::default() };
    }

    fn copied(&self) -> Box<dyn Provider> {
        Box::new(self.clone())
    }
}
