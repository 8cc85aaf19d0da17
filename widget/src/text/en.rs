//! English.

use super::{Say, Standing, Text};
use crate::flow::StateKind;
use crate::record::{DeclineCode, Means, Presentation, Unavailable};

/// The English sentences.
pub(super) const TEXT: Text = Text {
    won: |number| ["₩", number].concat(),
    pay: |amount| ["Pay ", amount].concat(),
    pay_soon: "Pay",
    test_mode: "Test payment · nothing is charged",
    methods: "Payment method",
    method,
    unavailable,
    state,
    away,
    confirming_long: Say {
        title: "This is taking longer than usual",
        detail: "We keep checking and will tell you here. You may close this page; nothing changes and you do not need to pay again.",
    },
    decline,
    refused_here,
    refused,
    no_method: "No payment method is available for this amount right now.",
    retry: "Try again",
    another: "Choose another method",
    reload: "Load again",
    focus: "Back to the payment window",
    resume: "Continue payment",
    climb: |rung| match rung {
        Presentation::Iframe => "Open the payment window here",
        Presentation::Popup => "Pay in a new window",
        Presentation::Redirect => "Go to the payment page",
    },
    abandon: "Pay another way",
    take_over: "Continue payment in this tab",
    bank: "Bank",
    account: "Account number",
    holder: "Account holder",
    until: "Pay by",
    amount: "Amount to transfer",
    copy: "Copy",
    copied: "Copied",
    later: "Open this again later",
    paid_at: "Paid at",
    frame: "Payment window",
    close: "Close the payment window",
    opening: "Opening the payment window…",
    safe: "The shop never sees your payment details",
};

/// The English sentences of the status element.
pub(super) const STANDING: Standing = Standing {
    open: Say { title: "Not paid yet", detail: "You can pay in the shop's checkout." },
    under_way: Say {
        title: "The payment is under way",
        detail: "Please finish it in the payment window.",
    },
    deposit: Say {
        title: "Waiting for your deposit",
        detail: "The payment is complete once it arrives. You may close this page.",
    },
    hidden: Say {
        title: "The payment cannot be shown here",
        detail: "Please look at your orders at the shop.",
    },
    merchant: "Shop",
    label: "Item",
    amount: "Amount",
    means: "Payment method",
    offered: "Ways to pay",
    back: "Back to the shop",
    held: Say {
        title: "Somebody else is paying for it",
        detail: "It is kept until #. If it is not paid by then it is free again, and this page changes by itself.",
    },
    mine: Say {
        title: "You are paying for it in this browser",
        detail: "It is kept for you until #.",
    },
    sold: Say { title: "Sold out", detail: "" },
};

const fn method(kind: Means) -> &'static str {
    match kind {
        Means::Card => "Credit or debit card",
        Means::Transfer => "Bank transfer",
        Means::VirtualAccount => "Deposit to a virtual account",
        Means::Phone => "Phone bill",
        Means::EasyPay => "Digital wallet",
        Means::KbPay => "KB Pay",
    }
}

const fn unavailable(reason: Unavailable) -> &'static str {
    match reason {
        Unavailable::BelowMinimum => "The amount is below this method's minimum",
        Unavailable::AboveMaximum => "The amount is above this method's limit",
        Unavailable::Other => "Not available right now",
    }
}

const fn state(kind: StateKind) -> Say {
    let (title, detail) = match kind {
        StateKind::Loading => ("Loading payment details", ""),
        StateKind::Unreachable => (
            "The payment details could not be loaded",
            "Please check your connection. We try again by ourselves.",
        ),
        StateKind::Choosing => ("", ""),
        StateKind::Opening | StateKind::Climbing => ("Opening the payment window", ""),
        StateKind::Failed => (
            "We did not get an answer to your payment request",
            "Trying again repeats the very same request. You cannot be charged twice.",
        ),
        StateKind::Away => ("Please complete the payment in the window", ""),
        StateKind::Blocked => (
            "The payment window did not open",
            "Your browser may have blocked it. If you can see it, pay there; otherwise continue this way.",
        ),
        StateKind::Interrupted => (
            "The payment window was closed",
            "The payment is not finished. Continue, or choose another way to pay.",
        ),
        StateKind::Confirming => {
            ("Checking your payment", "One moment, please. You do not need to pay again.")
        }
        StateKind::Viewer => (
            "A payment is in progress in another tab",
            "The result will show here as well. If that tab is closed, you can continue here.",
        ),
        StateKind::Deposit => (
            "Please transfer the amount to this account",
            "The payment is complete once the transfer arrives. You may close this page.",
        ),
        StateKind::Declined => ("You have not been charged", "Please try another payment method."),
        StateKind::Review => (
            "Your payment is being reviewed",
            "The shop will let you know. Please do not pay again.",
        ),
        StateKind::Paid => ("Payment complete", "Thank you for your purchase."),
        StateKind::Cancelled => {
            ("This payment was cancelled", "Anything you paid is returned in full.")
        }
        StateKind::Expired => (
            "The time to pay is over",
            "You have not been charged. Please start again from the shop.",
        ),
        StateKind::Refunded => {
            ("Refunded", "Depending on your bank it may take a few days to arrive.")
        }
        StateKind::Refused => ("The payment cannot start", ""),
    };
    Say { title, detail }
}

const fn away(rung: Presentation) -> Say {
    match rung {
        Presentation::Iframe => {
            Say { title: "Please complete the payment in the window", detail: "" }
        }
        Presentation::Popup => Say {
            title: "Please complete the payment in the new window",
            detail: "This page changes by itself when you are done.",
        },
        Presentation::Redirect => Say { title: "Taking you to the payment page", detail: "" },
    }
}

const fn decline(code: DeclineCode) -> Say {
    let (title, detail) = match code {
        DeclineCode::CardDeclined => (
            "The card was declined",
            "You have not been charged. Please use another card or method.",
        ),
        DeclineCode::BuyerCancelled => (
            "You stopped the payment",
            "You have not been charged. You can pay whenever you are ready.",
        ),
        DeclineCode::LimitExceeded => (
            "The payment limit was exceeded",
            "You have not been charged. Please check your limit or use another method.",
        ),
        DeclineCode::Expired => {
            ("The time to pay ran out", "You have not been charged. Please try again.")
        }
        DeclineCode::SoldOut => (
            "Somebody else was faster",
            "You have not been charged; anything taken is returned in full.",
        ),
        DeclineCode::AmountMismatch => (
            "The amount did not match, so the payment was cancelled",
            "You have not been charged; anything taken is returned in full.",
        ),
        DeclineCode::ProviderUnavailable => (
            "The payment provider could not be reached",
            "You have not been charged. Try again in a moment or use another method.",
        ),
        DeclineCode::Other => {
            ("The payment did not go through", "You have not been charged. Please try again.")
        }
    };
    Say { title, detail }
}

fn refused_here(code: &str) -> &'static str {
    match code {
        "sold_out_or_held" => "Somebody else is paying for this right now. Please try again soon.",
        "method_unavailable" | "presentation_unavailable" => {
            "This method is not available right now. Please choose another one."
        }
        "hold_limit" => {
            "You have other payments waiting. Please finish those first, then try again."
        }
        "velocity_limited" => "Too many tries in a short time. Please try again in a moment.",
        "provider_unavailable" => {
            "The payment provider could not be reached. Try again soon or choose another method."
        }
        _ => "The payment could not start. Please try again.",
    }
}

fn refused(code: &str) -> Say {
    let (title, detail) = match code {
        "token_expired" => (
            "This payment page has expired",
            "You have not been charged. Please start again from the shop.",
        ),
        "quote_expired" => (
            "This offer has ended",
            "You have not been charged. Please ask the shop what is on sale now.",
        ),
        "token_replayed" => (
            "This payment page was used before",
            "If you paid in another window or on another device, check your orders at the shop.",
        ),
        "checkout_paid" => (
            "This order is already paid",
            "You do not need to pay again. Please check your orders at the shop.",
        ),
        "checkout_closed" => (
            "This payment has ended",
            "It was cancelled or its time ran out. Please start again from the shop.",
        ),
        "token_missing" => (
            "This browser has no payment details",
            "Please check the result in your orders at the shop.",
        ),
        _ => (
            "The payment cannot start",
            "Please start again from the shop, or contact the shop for help.",
        ),
    };
    Say { title, detail }
}
