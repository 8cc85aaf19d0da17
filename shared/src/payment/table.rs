//! The transition table: one `match` per phase, no `_`, and its golden matrix in `testdata/payment.txt`.

use super::{CaseCode, InputKind, PhaseKind, Refusal, Verdict};

use CaseCode as C;
use InputKind as I;
use PhaseKind as P;
use Verdict::{Alarm, Ask, Go, Note, Refuse, Same, Undo};

/// What an input does in a phase. Inputs about an attempt that is not the phase's own arrive here as
/// [`InputKind::StrayCaptured`], as [`InputKind::LateApproved`] or not at all.
#[must_use]
pub const fn verdict(phase: PhaseKind, input: InputKind) -> Verdict {
    match phase {
        P::Open => open(input),
        P::Holding => holding(input),
        P::Preparing => preparing(input),
        P::Presented => presented(input),
        P::Rechecking => rechecking(input),
        P::Capturing => capturing(input),
        P::AwaitingDeposit => awaiting_deposit(input),
        P::Closing => closing(input),
        P::Securing => securing(input),
        P::Paid => paid(input),
        P::Cancelled => ended(input, P::Cancelled),
        P::Expired => ended(input, P::Expired),
    }
}

/// Nobody pays at the moment.
const fn open(input: InputKind) -> Verdict {
    match input {
        I::Begin => Go(P::Holding),
        I::ShopCancel => Go(P::Cancelled),
        I::CheckoutOver => Go(P::Expired),
        I::StrayCaptured => Undo(C::LateCapture),
        // Failed is not for ever, while nobody else pays (F24).
        I::LateApproved => Go(P::Securing),
        I::StockKept | I::StockLost | I::LookNow | I::Abandon | I::AttemptOver => Same,
        I::Prepared | I::Waiting | I::NotFound | I::Authenticated | I::Mismatched => Same,
        I::DepositIssued | I::Captured | I::CapturedWrong | I::Declined | I::Closed => Same,
        I::Unknown => Same,
    }
}

/// The attempt is recorded, the token is burnt, the stock is being asked.
const fn holding(input: InputKind) -> Verdict {
    match input {
        I::StockKept => Go(P::Preparing),
        I::Prepared => Go(P::Presented),
        I::StockLost | I::Abandon | I::AttemptOver => Go(P::Open),
        I::ShopCancel => Go(P::Cancelled),
        I::Begin => Refuse(Refusal::AttemptOpen),
        I::StrayCaptured | I::LateApproved => Undo(C::LateCapture),
        I::LookNow | I::CheckoutOver | I::Waiting | I::NotFound | I::Authenticated => Same,
        I::Mismatched | I::DepositIssued | I::Captured | I::CapturedWrong | I::Declined => Same,
        I::Closed | I::Unknown => Same,
    }
}

/// The provider is asked to begin.
const fn preparing(input: InputKind) -> Verdict {
    match input {
        I::Prepared => Go(P::Presented),
        I::Declined | I::Closed => Go(P::Open),
        I::Captured => Go(P::Securing),
        I::CapturedWrong => Undo(C::AmountMismatch),
        I::ShopCancel | I::Abandon | I::AttemptOver => Go(P::Closing),
        I::Begin => Refuse(Refusal::AttemptOpen),
        I::StrayCaptured | I::LateApproved => Undo(C::LateCapture),
        I::LookNow => Ask,
        I::StockKept | I::StockLost | I::CheckoutOver | I::Waiting | I::NotFound => Same,
        I::Authenticated | I::Mismatched | I::DepositIssued | I::Unknown => Same,
    }
}

/// The window may be shown; only the provider knows what happens in it.
const fn presented(input: InputKind) -> Verdict {
    match input {
        I::LookNow => Ask,
        I::Authenticated => Go(P::Rechecking),
        I::DepositIssued => Go(P::AwaitingDeposit),
        I::Captured => Go(P::Securing),
        I::CapturedWrong => Undo(C::AmountMismatch),
        // Nothing was taken yet, and nobody but us takes it: refusing is enough.
        I::Mismatched => Go(P::Open),
        I::Declined | I::Closed => Go(P::Open),
        I::Abandon | I::ShopCancel | I::AttemptOver => Go(P::Closing),
        I::Begin => Refuse(Refusal::AttemptOpen),
        I::StrayCaptured | I::LateApproved => Undo(C::LateCapture),
        I::StockKept | I::StockLost | I::CheckoutOver | I::Prepared | I::Waiting => Same,
        // Proves nothing: the buyer's own browser may not have reached the provider yet.
        I::NotFound | I::Unknown => Same,
    }
}

/// Authenticated for the right amount; the stock is secured before the money moves.
const fn rechecking(input: InputKind) -> Verdict {
    match input {
        I::StockKept => Go(P::Capturing),
        I::StockLost => Go(P::Open),
        I::ShopCancel | I::AttemptOver => Go(P::Closing),
        I::Captured => Go(P::Securing),
        I::CapturedWrong => Undo(C::AmountMismatch),
        I::Mismatched => Go(P::Open),
        I::Begin => Refuse(Refusal::AttemptOpen),
        I::StrayCaptured | I::LateApproved => Undo(C::LateCapture),
        I::LookNow | I::Abandon | I::CheckoutOver | I::Prepared | I::Waiting | I::NotFound => Same,
        I::Authenticated | I::DepositIssued | I::Declined | I::Closed | I::Unknown => Same,
    }
}

/// We told the provider to take the money; only its explicit word ends this (I-13).
const fn capturing(input: InputKind) -> Verdict {
    match input {
        I::Captured => Go(P::Paid),
        I::DepositIssued => Go(P::AwaitingDeposit),
        I::Declined | I::Closed => Go(P::Open),
        I::CapturedWrong => Undo(C::AmountMismatch),
        I::Mismatched => Alarm(C::Contradiction),
        I::ShopCancel => Note,
        // Unknown for so long that whatever it took is given back, while that is still possible (F15).
        I::AttemptOver => Go(P::Closing),
        I::Begin => Refuse(Refusal::AttemptOpen),
        I::StrayCaptured | I::LateApproved => Undo(C::LateCapture),
        I::LookNow | I::Authenticated => Ask,
        I::StockKept | I::StockLost | I::Abandon | I::CheckoutOver => Same,
        I::Prepared | I::Waiting | I::NotFound | I::Unknown => Same,
    }
}

/// A virtual account waits for the buyer's money.
const fn awaiting_deposit(input: InputKind) -> Verdict {
    match input {
        I::Captured => Go(P::Securing),
        I::CapturedWrong => Undo(C::AmountMismatch),
        I::Declined | I::Closed => Go(P::Open),
        I::Abandon | I::ShopCancel | I::AttemptOver => Go(P::Closing),
        I::Mismatched => Alarm(C::Contradiction),
        I::Begin => Refuse(Refusal::AttemptOpen),
        I::StrayCaptured | I::LateApproved => Undo(C::LateCapture),
        I::LookNow => Ask,
        I::StockKept | I::StockLost | I::CheckoutOver | I::Prepared | I::Waiting => Same,
        I::NotFound | I::Authenticated | I::DepositIssued | I::Unknown => Same,
    }
}

/// We make sure that this attempt can never be paid any more.
const fn closing(input: InputKind) -> Verdict {
    match input {
        // Where to depends on why it is closed; `step` looks that up.
        I::Closed | I::Declined | I::Mismatched => Go(P::Open),
        I::Captured => Go(P::Securing),
        I::CapturedWrong => Undo(C::AmountMismatch),
        I::ShopCancel => Note,
        I::Begin => Refuse(Refusal::AttemptOpen),
        I::StrayCaptured | I::LateApproved => Undo(C::LateCapture),
        I::LookNow | I::DepositIssued => Ask,
        I::StockKept | I::StockLost | I::Abandon | I::AttemptOver | I::CheckoutOver => Same,
        I::Prepared | I::Waiting | I::NotFound | I::Authenticated | I::Unknown => Same,
    }
}

/// The provider has the money; the stock is made sure of before we say "paid".
const fn securing(input: InputKind) -> Verdict {
    match input {
        I::StockKept => Go(P::Paid),
        I::StockLost => Undo(C::SoldOut),
        I::CapturedWrong => Undo(C::AmountMismatch),
        I::ShopCancel => Note,
        I::Begin => Refuse(Refusal::AttemptOpen),
        I::StrayCaptured | I::LateApproved => Undo(C::LateCapture),
        I::LookNow | I::Abandon | I::AttemptOver | I::CheckoutOver | I::Prepared => Same,
        I::Waiting | I::NotFound | I::Authenticated | I::Mismatched | I::DepositIssued => Same,
        I::Captured | I::Declined | I::Closed | I::Unknown => Same,
    }
}

/// Paid is sticky: a contradiction calls a person and reverses nothing (F23).
const fn paid(input: InputKind) -> Verdict {
    match input {
        I::Begin | I::ShopCancel => Refuse(Refusal::Paid),
        I::LookNow => Ask,
        I::StrayCaptured | I::LateApproved => Undo(C::LateCapture),
        I::CapturedWrong | I::Mismatched | I::NotFound | I::Waiting => Alarm(C::Contradiction),
        I::Authenticated | I::DepositIssued => Alarm(C::Contradiction),
        I::Declined | I::Closed => Alarm(C::Contradiction),
        I::Captured | I::StockKept | I::Abandon | I::AttemptOver | I::CheckoutOver => Same,
        I::Prepared | I::Unknown => Same,
        I::StockLost => Alarm(C::SoldOut),
    }
}

/// Cancelled or expired: only late money still matters, and it goes back.
const fn ended(input: InputKind, phase: PhaseKind) -> Verdict {
    match input {
        I::Begin => Refuse(Refusal::Closed),
        I::ShopCancel => match phase {
            P::Cancelled => Same,
            P::Expired => Refuse(Refusal::Closed),
            // `verdict` hands in no other phase.
            P::Open | P::Holding | P::Preparing | P::Presented | P::Rechecking => Same,
            P::Capturing | P::AwaitingDeposit | P::Closing | P::Securing | P::Paid => Same,
        },
        I::StrayCaptured | I::LateApproved => Undo(C::LateCapture),
        I::StockKept | I::StockLost | I::LookNow | I::Abandon | I::AttemptOver => Same,
        I::CheckoutOver | I::Prepared | I::Waiting | I::NotFound | I::Authenticated => Same,
        I::Mismatched | I::DepositIssued | I::Captured | I::CapturedWrong | I::Declined => Same,
        I::Closed | I::Unknown => Same,
    }
}
