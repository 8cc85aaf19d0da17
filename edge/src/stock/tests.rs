//! One SKU's owner over a shelf of maps.

use serde_json::Value;
use shared::id::Home;
use shared::time::Span;

use super::*;
use crate::shelf_memory::StockMemory;

const T: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn ask(shelf: &StockMemory, op: &StockOp, now: Timestamp) -> Value {
    serde_json::from_str(&Owner::default().handle(shelf, op, now).unwrap().body).unwrap()
}

fn set(shelf: &StockMemory, body: &str) -> Result<Reply, Failed> {
    Owner::default().handle(
        shelf,
        &StockOp::Set { sku: "x100v".to_owned(), body: body.to_owned() },
        T,
    )
}

fn command(n: u128, command: Command, quantity: u32) -> StockOp {
    let attempt = AttemptId::new(Home { generation: 1, shard: 0 }, n).to_string();
    StockOp::Command {
        sku: "x100v".to_owned(),
        command: command.code().to_owned(),
        attempt,
        quantity,
    }
}

fn outlook(shop: bool) -> StockOp {
    StockOp::Outlook { sku: "x100v".to_owned(), shop }
}

#[test]
fn r15_a_stranger_learns_whether_and_until_when_and_never_how_many() {
    let shelf = StockMemory::default();
    set(&shelf, r#"{"units":1}"#).unwrap();
    assert_eq!(ask(&shelf, &command(1, Command::Hold, 1), T), true);
    let stranger = ask(&shelf, &outlook(false), T);
    assert_eq!(stranger["can_enter"], false);
    assert_eq!(stranger["until"], T.after(HOLD_LIFE).to_string());
    assert!(stranger["units"].is_null() && stranger["available"].is_null());
    let shop = ask(&shelf, &outlook(true), T);
    assert_eq!((&shop["units"], &shop["available"]), (&1.into(), &0.into()));
}

#[test]
fn r12_the_last_piece_has_one_holder_and_a_lapsed_hold_gives_way() {
    let shelf = StockMemory::default();
    set(&shelf, r#"{"units":1}"#).unwrap();
    let later = T.after(Span::minutes(15));
    let rows = [
        (1, Command::Hold, T, true),
        (1, Command::Hold, T, true),
        (2, Command::Hold, T, false),
        (2, Command::Hold, later, true),
        (2, Command::Secure, later, true),
        (1, Command::Secure, later, false),
        (2, Command::Commit, later, true),
        (2, Command::Commit, later, true),
    ];
    for (n, each, now, kept) in rows {
        assert_eq!(ask(&shelf, &command(n, each, 1), now), kept, "{n} {each:?}");
    }
    assert_eq!(ask(&shelf, &outlook(true), later)["units"], 0, "sold once");
}

#[test]
fn a_sku_that_nobody_counts_is_never_short() {
    let shelf = StockMemory::default();
    assert_eq!(ask(&shelf, &command(1, Command::Hold, 5_000), T), true);
    let view = ask(&shelf, &outlook(false), T);
    assert_eq!((&view["tracked"], &view["can_enter"]), (&false.into(), &true.into()));
    set(&shelf, r#"{"units":3}"#).unwrap();
    set(&shelf, r#"{"units":null}"#).unwrap();
    assert_eq!(ask(&shelf, &outlook(true), T)["tracked"], false);
}

#[test]
fn a_number_or_a_name_that_cannot_be_is_refused_and_keeps_nothing() {
    let shelf = StockMemory::default();
    assert_eq!(set(&shelf, r#"{"units":1000001}"#), Err(Code::QuantityInvalid.into()));
    for body in [r#"{"units":-1}"#, r#"{"units":"1"}"#, r#"{"units":1.5}"#, "{", r#"{"n":1}"#] {
        assert!(set(&shelf, body).is_err(), "{body}");
    }
    let mut wrong = vec![StockOp::Outlook { sku: String::new(), shop: true }];
    for (each, attempt) in [("steal", "att_g1s00-1"), ("hold", "att_1")] {
        wrong.push(StockOp::Command {
            sku: "x100v".to_owned(),
            command: each.to_owned(),
            attempt: attempt.to_owned(),
            quantity: 1,
        });
    }
    for op in wrong {
        assert_eq!(Owner::default().handle(&shelf, &op, T), Err(Code::NotFound.into()), "{op:?}");
    }
    assert_eq!(ask(&shelf, &outlook(true), T)["tracked"], false);
}

/// One owner that remembers, and one that counts anew for every command, on the same script.
#[test]
fn i4_what_an_owner_remembers_is_what_it_would_count() {
    let (kept, counted) = (StockMemory::default(), StockMemory::default());
    let owner = Owner::default();
    let both = |op: &StockOp, now: Timestamp| {
        let anew = Owner::default().handle(&counted, op, now).unwrap().body;
        assert_eq!(owner.handle(&kept, op, now).unwrap().body, anew, "{op:?} at {now}");
    };
    both(&StockOp::Set { sku: "x100v".to_owned(), body: r#"{"units":3}"#.to_owned() }, T);
    // A small generator of its own: every state is visited many times in this many steps.
    let mut bits = 0x9e37_79b9_7f4a_7c15_u64;
    let mut now = T;
    for _ in 0..20_000 {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        let each = [Command::Hold, Command::Secure, Command::Commit, Command::Release];
        let (which, who) =
            (each[usize::try_from((bits >> 8) % 4).unwrap()], u128::from((bits >> 16) % 9));
        now = now.after(Span::seconds((bits >> 24) % 400));
        both(&command(who, which, 1 + u32::from(bits & (1 << 40) > 0)), now);
        both(&outlook(true), now);
        if bits.is_multiple_of(50) {
            let body = format!(r#"{{"units":{}}}"#, (bits >> 50) % 4);
            both(&StockOp::Set { sku: "x100v".to_owned(), body }, now);
        }
    }
    let sku = Sku::parse("x100v").unwrap();
    assert_eq!(kept.whole(&sku), counted.whole(&sku));
}

#[test]
fn i16_tombstones_are_forgotten_after_a_month() {
    let (shelf, owner) = (StockMemory::default(), Owner::default());
    let sku = Sku::parse("x100v").unwrap();
    for n in 0..100 {
        owner.handle(&shelf, &command(n, Command::Release, 1), T).unwrap();
    }
    assert_eq!(shelf.whole(&sku).claims.values().count(), 100);
    let later = T.after(TOMBSTONE_LIFE).after(Span::hours(2));
    owner.handle(&shelf, &command(200, Command::Hold, 1), later).unwrap();
    assert_eq!(shelf.whole(&sku).claims.values().count(), 1);
}
