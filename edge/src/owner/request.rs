//! Bodies of requests. Each refuses members that it does not know: a misspelt `amount` must not be a
//! default.

use shared::wire::{
    Abandon, Buyer, CancelCheckout, ChangePresentation, ExchangeQuote, OpenAttempt, OpenCheckout,
    OpenLine, OpenOrder, OpenRefund, OpenRefundAccount, SetStock,
};

use crate::json::{self, Field, Limits};
use crate::problem::Refusal;

/// Reads a body.
///
/// # Errors
/// As [`json::read`].
pub(crate) fn read<T>(body: &str, of: impl FnOnce(Field<'_>) -> T) -> Result<T, Refusal> {
    json::read(body.as_bytes(), Limits::BODY, of)
}

pub(super) fn open_checkout(body: Field<'_>) -> OpenCheckout {
    let body = body.only(&[
        "buyer",
        "orders",
        "amount",
        "currency",
        "return_url",
        "label",
        "expires_in_seconds",
    ]);
    OpenCheckout {
        buyer: Buyer { id: body.get("buyer").only(&["id"]).get("id").text() },
        orders: body.get("orders").list().into_iter().map(open_order).collect(),
        amount: body.get("amount").amount(),
        currency: body.get("currency").text(),
        return_url: body.get("return_url").text(),
        label: body.get("label").text_or_none(),
        expires_in_seconds: body.get("expires_in_seconds").option().map(Field::amount),
    }
}

fn open_order(order: Field<'_>) -> OpenOrder {
    let order = order.only(&["order_id", "seller", "lines", "amount"]);
    OpenOrder {
        order_id: order.get("order_id").text(),
        seller: order.get("seller").text(),
        lines: order.get("lines").list().into_iter().map(open_line).collect(),
        amount: order.get("amount").amount(),
    }
}

pub(crate) fn open_line(line: Field<'_>) -> OpenLine {
    let line = line.only(&["sku", "name", "quantity", "unit_amount", "unlimited"]);
    OpenLine {
        sku: line.get("sku").text(),
        name: line.get("name").text(),
        quantity: line.get("quantity").amount(),
        unit_amount: line.get("unit_amount").amount(),
        unlimited: line.get("unlimited").option().is_some_and(Field::flag),
    }
}

pub(super) fn cancel_checkout(body: Field<'_>) -> CancelCheckout {
    CancelCheckout { reason: body.only(&["reason"]).get("reason").text_or_none() }
}

pub(super) fn open_refund(body: Field<'_>) -> OpenRefund {
    let body = body.only(&["order_id", "amount", "reason", "refund_account"]);
    let account = |account: Field<'_>| {
        let account = account.only(&["bank", "number", "holder"]);
        OpenRefundAccount {
            bank: account.get("bank").text(),
            number: account.get("number").text(),
            holder: account.get("holder").text(),
        }
    };
    OpenRefund {
        order_id: body.get("order_id").text(),
        amount: body.get("amount").option().map(Field::amount),
        reason: body.get("reason").text(),
        refund_account: body.get("refund_account").option().map(account),
    }
}

pub(crate) fn set_stock(body: Field<'_>) -> SetStock {
    SetStock { units: body.only(&["units"]).get("units").option().map(Field::small) }
}

pub(super) fn open_attempt(body: Field<'_>) -> OpenAttempt {
    let body = body.only(&["method", "presentation", "device", "locale"]);
    OpenAttempt {
        method: body.get("method").text(),
        presentation: body.get("presentation").text(),
        device: body.get("device").text(),
        locale: body.get("locale").text_or_none(),
    }
}

pub(super) fn abandon(body: Field<'_>) -> Abandon {
    Abandon { attempt: body.only(&["attempt"]).get("attempt").text() }
}

pub(super) fn change_presentation(body: Field<'_>) -> ChangePresentation {
    ChangePresentation { presentation: body.only(&["presentation"]).get("presentation").text() }
}

pub(crate) fn exchange_quote(body: Field<'_>) -> ExchangeQuote {
    ExchangeQuote { quote: body.only(&["quote"]).get("quote").text() }
}
