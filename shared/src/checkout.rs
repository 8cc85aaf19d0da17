//! The checkout: what is bought, from whom, by whom, until when. Not how it is paid.

use crate::id::{CheckoutId, MerchantId, OrderId, PartyId, Sku};
use crate::money::{Amount, Currency, MoneyError, Total};
use crate::time::{Span, Timestamp};

/// At most this many orders in a checkout: one total that a person can still read.
pub const ORDERS_MAX: usize = 20;
/// At most this many lines in an order.
pub const LINES_MAX: usize = 50;
/// Shortest and longest life of an unpaid checkout.
pub const LIFE_MIN: Span = Span::minutes(1);
/// See [`LIFE_MIN`].
pub const LIFE_MAX: Span = Span::hours(24 * 7);
/// The life of a checkout whose shop named none.
pub const LIFE_DEFAULT: Span = Span::hours(1);

/// One kind of thing in an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The piece of stock.
    pub sku: Sku,
    /// What the buyer reads.
    pub name: String,
    /// How many, 1 to 9,999.
    pub quantity: u32,
    /// Price of one.
    pub unit: Amount,
    /// Whether there is always one more, so that no stock is asked.
    pub unlimited: bool,
}

/// One seller's part of a checkout (R44).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The shop's id.
    pub id: OrderId,
    /// Who sells.
    pub seller: PartyId,
    /// What is sold.
    pub lines: Vec<Line>,
    /// The order's total.
    pub amount: Amount,
}

/// What a buyer pays in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// Its id.
    pub id: CheckoutId,
    /// Whose shop.
    pub merchant: MerchantId,
    /// The shop's id of the buyer.
    pub buyer: PartyId,
    /// The parts, at least one.
    pub orders: Vec<Order>,
    /// What is charged: the sum of the orders.
    pub amount: Amount,
    /// What the buyer reads above the amount.
    pub label: String,
    /// Where a redirect comes back to.
    pub return_url: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it ends if nobody pays.
    pub expires_at: Timestamp,
}

/// Why orders do not make a checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckoutError {
    /// No order, or more than [`ORDERS_MAX`].
    OrderCount,
    /// No line, or more than [`LINES_MAX`].
    LineCount,
    /// Two orders with one id.
    OrderTwice,
    /// The parts do not add up to the whole.
    Sum,
    /// A sum is not money.
    Money(MoneyError),
    /// The life is below [`LIFE_MIN`] or above [`LIFE_MAX`].
    Life,
}

impl From<MoneyError> for CheckoutError {
    fn from(error: MoneyError) -> Self {
        Self::Money(error)
    }
}

/// Checks that lines add up to their order and orders to the checkout.
///
/// # Errors
/// [`CheckoutError`], the first cause found.
pub fn check_orders(orders: &[Order], amount: Amount) -> Result<(), CheckoutError> {
    if !(1..=ORDERS_MAX).contains(&orders.len()) {
        return Err(CheckoutError::OrderCount);
    }
    let mut whole = Total::zero(amount.currency());
    for (n, order) in orders.iter().enumerate() {
        if !(1..=LINES_MAX).contains(&order.lines.len()) {
            return Err(CheckoutError::LineCount);
        }
        if orders.iter().take(n).any(|earlier| earlier.id == order.id) {
            return Err(CheckoutError::OrderTwice);
        }
        let mut sum = Total::zero(amount.currency());
        for line in &order.lines {
            sum = sum.plus(line.unit.times(line.quantity)?.total())?;
        }
        if sum != order.amount.total() {
            return Err(CheckoutError::Sum);
        }
        whole = whole.plus(sum)?;
    }
    if whole == amount.total() { Ok(()) } else { Err(CheckoutError::Sum) }
}

impl Checkout {
    /// The currency of everything in it.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.amount.currency()
    }

    /// The order of this id.
    #[must_use]
    pub fn order(&self, id: &OrderId) -> Option<&Order> {
        self.orders.iter().find(|order| order.id == *id)
    }

    /// Every piece of stock with how many of it, each named once; not what there is always more of.
    #[must_use]
    pub fn stock(&self) -> Vec<(Sku, u32)> {
        let mut pieces: Vec<(Sku, u32)> = Vec::new();
        let lines = self.orders.iter().flat_map(|order| &order.lines);
        for line in lines.filter(|line| !line.unlimited) {
            match pieces.iter_mut().find(|(sku, _)| *sku == line.sku) {
                Some((_, count)) => *count = count.saturating_add(line.quantity),
                None => pieces.push((line.sku.clone(), line.quantity)),
            }
        }
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn won(minor: u64) -> Amount {
        Amount::from_minor(minor, Currency::Krw).unwrap()
    }

    fn order(id: &str, quantity: u32, unit: u64, amount: u64) -> Order {
        Order {
            id: OrderId::parse(id).unwrap(),
            seller: PartyId::parse("s1").unwrap(),
            lines: vec![Line {
                sku: Sku::parse("film").unwrap(),
                name: "Film".to_owned(),
                quantity,
                unit: won(unit),
                unlimited: id == "always",
            }],
            amount: won(amount),
        }
    }

    #[test]
    fn parts_must_add_up_to_the_whole() {
        let rows = [
            (vec![order("a", 2, 500, 1000)], 1000, Ok(())),
            (vec![order("a", 2, 500, 1000), order("b", 1, 7, 7)], 1007, Ok(())),
            (vec![order("a", 2, 500, 999)], 999, Err(CheckoutError::Sum)),
            (vec![order("a", 2, 500, 1000)], 1001, Err(CheckoutError::Sum)),
            (vec![order("a", 1, 5, 5), order("a", 1, 5, 5)], 10, Err(CheckoutError::OrderTwice)),
            (vec![], 10, Err(CheckoutError::OrderCount)),
        ];
        for (orders, amount, expected) in rows {
            assert_eq!(check_orders(&orders, won(amount)), expected);
        }
    }

    #[test]
    fn r44_stock_of_several_orders_is_counted_once_per_piece() {
        let checkout = Checkout {
            id: CheckoutId::parse("chk_g1s00_00000000000000000000000000000001").unwrap(),
            merchant: MerchantId::parse("m").unwrap(),
            buyer: PartyId::parse("u").unwrap(),
            orders: vec![order("a", 2, 5, 10), order("b", 3, 5, 15), order("always", 1, 5, 5)],
            amount: won(30),
            label: String::new(),
            return_url: String::new(),
            created_at: Timestamp::default(),
            expires_at: Timestamp::default(),
        };
        assert_eq!(checkout.stock(), vec![(Sku::parse("film").unwrap(), 5)]);
    }
}
