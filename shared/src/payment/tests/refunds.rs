//! What a refund comes to, before anybody is asked: the plan that the preview and the refund share.

use super::*;
use crate::terms::{ALWAYS, Afterwards, RefundTerms, Told, Until, Way};

const TERMS: RefundTerms = RefundTerms {
    since: ALWAYS,
    until: Until::Ever,
    afterwards: Afterwards::Nothing,
    partial: true,
    told: Told::Cancelled,
    needs_account: false,
    fee: 0,
    arrives_in: 0,
};

impl Bench {
    fn plan(
        &self,
        order: &str,
        amount: Option<u64>,
        terms: &RefundTerms,
    ) -> Result<RefundPlan, RefundError> {
        let order = OrderId::parse(order).unwrap();
        let asked = (&order, amount.map(won));
        self.payment.plan_refund(&self.checkout, asked, terms, self.now)
    }
}

#[test]
fn f40_i11_two_refunds_cannot_exceed_the_capture() {
    let mut bench = Bench::paid();
    let first = bench.refund(1, "o-1", 5_000);
    bench.feed(Input::Refund(first));
    let rows = [
        ("o-1", 2_001, Err(RefundError::ExceedsAvailable)),
        ("o-1", 2_000, Ok(())),
        ("o-2", 3_001, Err(RefundError::ExceedsAvailable)),
        ("o-9", 1, Err(RefundError::UnknownOrder)),
    ];
    for (order, amount, expected) in rows {
        let refund = bench.refund(2, order, amount);
        assert_eq!(bench.payment.check_refund(&bench.checkout, &refund), expected);
    }
}

#[test]
fn f40_i11_what_is_only_asked_for_counts_against_the_next_plan() {
    let mut bench = Bench::paid();
    assert_eq!(bench.plan("o-1", None, &TERMS).map(|plan| plan.amount.minor()), Ok(7_000));
    bench.feed(Input::Refund(bench.refund(1, "o-1", 5_000)));
    let terms = RefundTerms { told: Told::Remaining, ..TERMS };
    let plan = bench.plan("o-1", None, &terms).unwrap();
    assert_eq!((plan.amount.minor(), plan.figure.minor()), (2_000, 3_000), "o-2 stays paid");
    let rows = [
        ("o-1", Some(2_001), RefundError::ExceedsAvailable),
        ("o-2", Some(3_001), RefundError::ExceedsAvailable),
        ("o-9", None, RefundError::UnknownOrder),
    ];
    for (order, amount, expected) in rows {
        assert_eq!(bench.plan(order, amount, &TERMS), Err(expected), "{order}");
    }
    bench.feed(Input::Refund(bench.refund(2, "o-1", 2_000)));
    assert_eq!(bench.plan("o-1", None, &TERMS), Err(RefundError::ExceedsAvailable), "all is asked");
    assert_eq!(Bench::new().plan("o-1", None, &TERMS), Err(RefundError::NotPaid));
}

#[test]
fn a_provider_that_gives_back_all_or_nothing_is_asked_for_all() {
    let mut bench = Bench::paid();
    bench.checkout.orders.truncate(1);
    bench.checkout.orders[0].amount = won(10_000);
    let terms = RefundTerms { partial: false, ..TERMS };
    let rows = [(10_000, Ok(10_000)), (9_999, Err(RefundError::PartialUnsupported))];
    for (amount, expected) in rows {
        let plan = bench.plan("o-1", Some(amount), &terms);
        assert_eq!(plan.map(|plan| plan.amount.minor()), expected);
    }
    assert_eq!(bench.plan("o-1", None, &terms).map(|plan| plan.amount.minor()), Ok(10_000));
}

#[test]
fn r66_what_was_billed_this_month_is_planned_by_its_attempt_s_month_and_closed_afterwards() {
    let mut bench = Bench::paid();
    let terms = RefundTerms { until: Until::MonthEnds, ..TERMS };
    let ends = crate::calendar::month_ends(bench.now);
    bench.now = ends.before(Span::millis(1));
    let plan = bench.plan("o-1", Some(1), &terms).unwrap();
    assert_eq!((plan.prospect.way, plan.prospect.closes_at), (Way::Cancel, Some(ends)));
    bench.now = ends;
    assert_eq!(bench.plan("o-1", Some(1), &terms), Err(RefundError::WindowClosed(ends)));
    // More than is left is told first: that the month is over would not be the reason.
    assert_eq!(bench.plan("o-1", Some(7_001), &terms), Err(RefundError::ExceedsAvailable));
}
