//! The corpora, replayed; and a few thousand inputs of a fixed seed beyond them.

use super::*;

/// So many inputs each beside the corpora; `cargo x test` takes more of them with optimisation.
const RUNS: u64 = 300;

fn check(name: &str) {
    let target = named(name).unwrap();
    let replayed = replay(target, None);
    assert!(replayed.runs > 3, "{name} has a corpus");
    assert!(replayed.deep > 0, "{name}: nothing of its corpus gets past the first refusal");
    assert_clean(name, &replayed);
    let hunted = hunt(target, 1, None, |runs| runs < RUNS);
    assert_clean(name, &hunted);
    assert!(hunted.deep > 0, "{name}: nothing that is bent gets past the first refusal");
}

fn assert_clean(name: &str, hunt: &Hunt) {
    if let Some((input, why)) = hunt.failures.first() {
        panic!("{name}: {why}\n{:?}", String::from_utf8_lossy(input));
    }
}

#[test]
fn r18_i7_i15_a_token_has_one_spelling_and_is_read_as_it_was_written() {
    check("token");
}

#[test]
fn i2_i15_a_quote_is_exchanged_for_what_was_signed() {
    check("quote");
}

#[test]
fn i16_a_document_is_read_as_another_strict_reader_reads_it() {
    check("json");
}

#[test]
fn i20_r64_a_refused_request_leaves_the_store_as_it_was() {
    check("door");
}

#[test]
fn f30_i9_a_signature_covers_each_byte_of_a_webhook() {
    check("callback");
}

#[test]
fn f16_i13_an_answer_that_is_none_decides_nothing() {
    check("answers");
}

#[test]
fn i18_r33_a_return_brings_a_hint_and_no_result() {
    check("returns");
}

#[test]
fn i18_a_message_is_let_in_once_and_from_one_window() {
    check("message");
}

#[test]
fn i5_an_amount_is_what_is_written_or_refused() {
    check("amount");
}

/// A target that cannot fail holds nothing.
#[test]
fn what_must_not_be_is_found() {
    fn broken(bytes: &[u8]) -> bool {
        assert!(!bytes.windows(4).any(|part| part == b"null"), "found");
        true
    }
    let target = Target { name: "token", about: "", run: broken, words: &[] };
    let hunt = hunt(target, 1, None, |runs| runs < 10_000);
    assert_eq!(hunt.failures.len(), 1);
    assert!(hunt.failures[0].1.contains("found"));
}

#[test]
fn i19_a_seed_makes_the_same_inputs() {
    let inputs = |seed| {
        let mut mutator = Mutator::new(seed, token::WORDS);
        let corpus = vec![b"one".to_vec(), b"two words".to_vec()];
        (0..50).map(|_| mutator.bend(&corpus)).collect::<Vec<_>>()
    };
    assert_eq!(inputs(3), inputs(3));
    assert_ne!(inputs(3), inputs(4));
}
