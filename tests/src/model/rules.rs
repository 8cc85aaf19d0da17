//! What must always be, and what must be possible.

use shared::money::Amount;
use shared::payment::{
    Attempt, Event, Payment, Phase, PhaseKind, Refund, RefundCause, RefundState, Step, Style,
};
use shared::posting::{Account, Entry, Side};
use stateright::Property;

use super::buyer::{Buyer, CHECKOUT, number_of};
use super::provider::{PRICE, Pay, Stage};
use super::scene::Scene;
use super::world::{Walk, World, ended, winners};

/// The properties of a scene. Ends that no run of it can reach are not asked for.
pub fn properties(scene: &Scene) -> Vec<Property<Walk>> {
    let mut list: Vec<Property<Walk>> = vec![
        Property::always("every step keeps to the rules", |_, world: &World| {
            world.broken.is_none()
        }),
        Property::always("I-11 I-12 no more goes back than was taken", |_, world: &World| {
            all(world, within_capture)
        }),
        Property::always("I-16 F54 whatever is open is asked again", |_, world: &World| {
            all(world, |buyer| goes_on(&buyer.payment))
        }),
        Property::sometimes("paid", |_, world: &World| any(world, is_paid)),
        Property::sometimes("declined", |_, world: &World| any(world, is_declined)),
        Property::sometimes("a person is called", |walk: &Walk, _: &World| walk.seen.called()),
    ];
    if scene.honest {
        list.extend([
            Property::always("I-2 paid means taken, exactly", |_, world: &World| {
                all(world, paid_is_true)
            }),
            Property::always("I-1 an order is charged once", |_, world: &World| {
                all(world, |buyer| charged(buyer) <= 1)
            }),
            Property::always("I-3 no money stays with a no", |_, world: &World| {
                all(world, |buyer| orphaned(buyer).is_none())
            }),
            Property::always("I-4 a piece has one winner", |_, world: &World| {
                let paid = world.buyers.iter().filter(|buyer| is_paid(buyer)).count();
                winners(&world.stock) <= 1 && paid <= 1
            }),
        ]);
    }
    let late = |style: &Style| style.captures_itself && scene.faults > 0;
    if scene.honest && scene.buyers.iter().flatten().any(late) {
        list.push(Property::sometimes("F24 paid after a no", |_, world: &World| {
            any(world, |buyer| is_paid(buyer) && is_late(buyer))
        }));
    }
    if scene.wishes > 0 {
        list.push(Property::sometimes("refunded", |_, world: &World| any(world, is_refunded)));
    }
    if scene.buyers.len() > 1 {
        list.extend([
            Property::sometimes("the first wins", |_, world: &World| is_paid(&world.buyers[0])),
            Property::sometimes("the second wins", |_, world: &World| is_paid(&world.buyers[1])),
        ]);
    }
    list
}

fn all(world: &World, rule: fn(&Buyer) -> bool) -> bool {
    world.buyers.iter().all(|buyer| rule(buyer))
}

fn any(world: &World, rule: fn(&Buyer) -> bool) -> bool {
    world.buyers.iter().any(|buyer| rule(buyer))
}

fn is_paid(buyer: &Buyer) -> bool {
    buyer.payment.phase.kind() == PhaseKind::Paid
}

fn is_late(buyer: &Buyer) -> bool {
    buyer.payment.current().is_some_and(Attempt::approved_late)
}

fn is_declined(buyer: &Buyer) -> bool {
    buyer.payment.phase == Phase::Open && !buyer.payment.attempts.is_empty()
}

fn is_refunded(buyer: &Buyer) -> bool {
    buyer.payment.refunds.iter().any(|refund| {
        refund.state == RefundState::Done && matches!(refund.cause, RefundCause::Shop(_))
    })
}

/// I-2: the provider's own books say so.
fn paid_is_true(buyer: &Buyer) -> bool {
    let Phase::Paid(id, ..) = buyer.payment.phase else { return true };
    let pay = &buyer.pays[number_of(id)];
    pay.stage == Stage::Captured && pay.amount == PRICE
}

/// I-1: how many captures stay with us, of those that nothing is on its way to undo or to find.
fn charged(buyer: &Buyer) -> usize {
    let stays = |n: &usize| {
        let paid = buyer.payment.phase.paid_at().is_some() && buyer.present() == Some(*n);
        buyer.pays[*n].holds() > 0 && (paid || !accounted(buyer, *n))
    };
    (0..buyer.pays.len()).filter(stays).count()
}

/// I-3: the first attempt that ended while its money stays, and nobody will ever know.
fn orphaned(buyer: &Buyer) -> Option<usize> {
    (0..buyer.pays.len()).find(|n| buyer.pays[*n].holds() > 0 && !accounted(buyer, *n))
}

/// Whether the money of an attempt is known of, or will be: it is the present one, which is asked about until
/// it is decided; it goes back, or a person was told that it does not; it is watched; or the provider has yet
/// to tell.
fn accounted(buyer: &Buyer, n: usize) -> bool {
    let payment = &buyer.payment;
    let whose = |refund: &&Refund| number_of(refund.attempt) == n;
    buyer.present() == Some(n)
        || payment.refunds.iter().any(|refund| whose(&refund))
        || payment.strays.iter().any(|(stray, _)| number_of(*stray) == n)
        || buyer.pays[n].news
}

/// I-11, I-12: requested and done together are within what was captured, and so is what the provider gave back,
/// each order once.
fn within_capture(buyer: &Buyer) -> bool {
    let ours = buyer.payment.attempts.iter().all(|attempt| {
        let of = buyer.payment.refunds.iter().filter(|refund| refund.attempt == attempt.id);
        let captured = of.clone().map(|refund| refund.captured.minor()).max().unwrap_or(0);
        let out = of.filter(|refund| refund.state != RefundState::Refused);
        out.map(|refund| refund.amount.minor()).sum::<u64>() <= captured
    });
    let once = |pay: &Pay| (1..pay.keys.len()).all(|n| !pay.keys[..n].contains(&pay.keys[n]));
    ours && buyer.pays.iter().all(|pay| pay.back <= pay.amount && once(pay))
}

/// Every question that is open has a time at which it is put.
fn goes_on(payment: &Payment) -> bool {
    let kind = payment.phase.kind();
    let waits = payment.phase.attempt().is_none() || kind == PhaseKind::Paid;
    let requested = |refund: &&Refund| refund.state == RefundState::Requested;
    (waits || payment.retry.next_at.is_some())
        && payment.stock_debts.iter().all(|(_, _, retry)| retry.next_at.is_some())
        && payment.strays.iter().all(|(_, retry)| retry.next_at.is_some())
        && payment.refunds.iter().filter(requested).all(|refund| refund.retry.next_at.is_some())
}

/// What one step may do; the rule that it broke.
pub fn of_step(before: &Payment, buyer: &Buyer, step: &Step, honest: bool) -> Option<&'static str> {
    let after = &buyer.payment;
    let (was, is) = (before.phase.kind(), after.phase.kind());
    let becomes_paid = was != PhaseKind::Paid && is == PhaseKind::Paid;
    if before.version + u64::from(step.changed) != after.version {
        return Some("I-10 every change has a version");
    }
    if was == PhaseKind::Paid && after.phase != before.phase {
        return Some("F23 paid is sticky");
    }
    if ended(was) && was != is {
        return Some("I-10 an end is an end");
    }
    if step.events.contains(&Event::Paid) != becomes_paid {
        return Some("I-14 the shop is told when it is paid, once");
    }
    if becomes_paid {
        let seen = after.phase.sighting().map(|sighting| sighting.amount);
        if seen != Some(CHECKOUT.amount.total()) || (honest && !paid_is_true(buyer)) {
            return Some("I-2 paid is what the provider said, exactly");
        }
        if buyer.present().is_some_and(|n| buyer.payment.attempts[n].decline.is_some()) {
            return Some("I-10 a declined attempt is not paid");
        }
    }
    let refused =
        |p: &Payment| p.refunds.iter().filter(|r| r.state == RefundState::Refused).count();
    if refused(after) > refused(before) && !step.events.contains(&Event::Review) {
        return Some("F42 a refusal to give back is told to a person");
    }
    if refused(after) < refused(before) {
        return Some("I-10 a refused refund stays refused");
    }
    books(before, after, step, becomes_paid)
}

/// I-5, I-6: an entry balances, and there is one for each thing that moved, and no other.
fn books(
    before: &Payment,
    after: &Payment,
    step: &Step,
    becomes_paid: bool,
) -> Option<&'static str> {
    let done = |p: &Payment| -> u64 {
        let done = p.refunds.iter().filter(|refund| refund.state == RefundState::Done);
        done.map(|refund| refund.amount.minor()).sum()
    };
    let reversals = |p: &Payment| -> u64 {
        let back = |refund: &&Refund| matches!(refund.cause, RefundCause::Reversal(_));
        p.refunds.iter().filter(back).map(|refund| refund.amount.minor()).sum()
    };
    let moved =
        |side: Side| -> u64 { step.entries.iter().map(|entry| of_provider(entry, side)).sum() };
    let came = u64::from(becomes_paid) * PRICE + reversals(after) - reversals(before);
    if !step.entries.iter().all(balances) {
        return Some("I-5 every entry sums to zero");
    }
    if moved(Side::Debit) != came || moved(Side::Credit) != done(after) - done(before) {
        return Some("I-6 the book has what moved, once");
    }
    None
}

fn balances(entry: &Entry) -> bool {
    let side = |side| {
        let lines = entry.lines().iter().filter(move |line| line.side == side);
        lines.map(|line| Amount::minor(line.amount)).sum::<u64>()
    };
    side(Side::Debit) == side(Side::Credit)
}

fn of_provider(entry: &Entry, side: Side) -> u64 {
    let lines = entry.lines().iter();
    lines
        .filter(|line| line.side == side && matches!(line.account, Account::Provider(_)))
        .map(|line| line.amount.minor())
        .sum()
}
