//! The number in the message: sent seldom, tried seldom, short-lived, and kept as a code alone (R65, R68).

use super::hidden::Hidden;
use crate::sandbox::cipher;
use crate::sandbox::dice::Dice;
use crate::sandbox::moment::MINUTE_MS;

/// Messages of one session.
pub(super) const MESSAGES_MAX: u32 = 5;
/// Wrong numbers of one session, over all its messages.
pub(super) const TRIES_MAX: u32 = 5;
/// How long a number is good.
pub(super) const LIFE_MS: i64 = 5 * MINUTE_MS;

/// What comes of a number that the buyer typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tried {
    /// It is the one in the last message.
    Right,
    /// It is not, or not any more; so many tries are left.
    Wrong(u32),
    /// None are left: nothing is even compared.
    TooOften,
}

/// The messages of a session.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Messages {
    sent: u32,
    tries: u32,
    /// The code of the last number, and until when it is good.
    last: Option<(Hidden<String>, i64)>,
}

impl Messages {
    /// The text of another message, for the phone alone; `None` when there were enough.
    pub(super) fn send(
        &mut self,
        key: &[u8; 32],
        tid: &str,
        dice: &mut Dice,
        now: i64,
    ) -> Option<Hidden<String>> {
        if self.sent >= MESSAGES_MAX || self.tries >= TRIES_MAX {
            return None;
        }
        self.sent += 1;
        // Of 64 bits, no six digits come oftener than others by more than one part in 10^13.
        let [a, b, c, d, e, f, g, h, ..] = dice.bytes();
        let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]) % 1_000_000;
        let number = format!("{number:06}");
        self.last = Some((Hidden::new(code(key, tid, &number)), now + LIFE_MS));
        Some(Hidden::new(number))
    }

    /// Compares a number. A right one is used up.
    pub(super) fn check(&mut self, key: &[u8; 32], tid: &str, number: &str, now: i64) -> Tried {
        if self.tries >= TRIES_MAX {
            return Tried::TooOften;
        }
        let typed = code(key, tid, number);
        let good = self.last.as_ref().is_some_and(|(known, until)| {
            // Codes under a key that nobody has: the time that a comparison takes tells nothing.
            *known.shown() == typed && now < *until
        });
        if good {
            self.last = None;
            return Tried::Right;
        }
        self.tries += 1;
        match TRIES_MAX - self.tries {
            0 => {
                self.last = None;
                Tried::TooOften
            }
            left => Tried::Wrong(left),
        }
    }
}

fn code(key: &[u8; 32], tid: &str, number: &str) -> String {
    cipher::mac(key, format!("otp {tid} {number}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [9; 32];
    const TID: &str = "202611211200001234";

    fn sent(messages: &mut Messages, entropy: u64) -> String {
        messages.send(&KEY, TID, &mut Dice::new(entropy, 1), 0).unwrap().shown().clone()
    }

    #[test]
    fn r65_the_number_in_the_last_message_is_right_once_and_for_its_time_alone() {
        let mut messages = Messages::default();
        let (first, second) = (sent(&mut messages, 1), sent(&mut messages, 2));
        assert_ne!(first, second);
        assert_eq!(messages.check(&KEY, TID, &first, 1), Tried::Wrong(4), "an older message");
        assert_eq!(
            messages.clone().check(&KEY, TID, &second, LIFE_MS),
            Tried::Wrong(3),
            "too late"
        );
        assert_eq!(messages.clone().check(&KEY, "another", &second, 1), Tried::Wrong(3));
        assert_eq!(messages.clone().check(&[8; 32], TID, &second, 1), Tried::Wrong(3));
        assert_eq!(messages.check(&KEY, TID, &second, 1), Tried::Right);
        assert_eq!(messages.check(&KEY, TID, &second, 1), Tried::Wrong(3), "used up");
    }

    #[test]
    fn r68_tries_are_bounded_over_all_messages_and_then_the_right_one_is_wrong_too() {
        let mut messages = Messages::default();
        let mut number = sent(&mut messages, 1);
        for left in (1..TRIES_MAX).rev() {
            assert_eq!(messages.check(&KEY, TID, "wrong", 1), Tried::Wrong(left));
            if left == 3 {
                number = sent(&mut messages, 3);
            }
        }
        assert_eq!(messages.check(&KEY, TID, "", 1), Tried::TooOften);
        assert_eq!(messages.check(&KEY, TID, &number, 1), Tried::TooOften);
        assert!(messages.send(&KEY, TID, &mut Dice::new(1, 1), 1).is_none(), "no way around it");
    }

    #[test]
    fn r68_messages_are_bounded() {
        let mut messages = Messages::default();
        for n in 0..MESSAGES_MAX {
            sent(&mut messages, u64::from(n));
        }
        assert!(messages.send(&KEY, TID, &mut Dice::new(9, 1), 0).is_none());
    }

    #[test]
    fn r68_neither_number_nor_code_is_printed_and_the_number_is_not_kept() {
        let mut messages = Messages::default();
        let number = sent(&mut messages, 1);
        let (kept, _) = messages.last.clone().unwrap();
        assert!(!kept.shown().contains(&number), "a code of it");
        let printed = format!("{messages:?} {kept:?}");
        assert!(!printed.contains(&number) && !printed.contains(kept.shown()), "{printed}");
    }

    #[test]
    fn r68_numbers_use_all_their_digits() {
        let mut digits = [0_u32; 10];
        for entropy in 0..3_000 {
            for byte in sent(&mut Messages::default(), entropy).bytes() {
                digits[usize::from(byte - b'0')] += 1;
            }
        }
        assert!(digits.iter().all(|count| (1_600..2_000).contains(count)), "{digits:?}");
    }
}
