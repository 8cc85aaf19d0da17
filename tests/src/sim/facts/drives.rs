//! Drives: the work of a checkout, round by round, as `edge/src/shell/checkout_object.rs` carries it. What is
//! to be done is `shared::payment`'s.

use std::collections::VecDeque;

use edge::owner::ROUNDS_MAX;
use shared::payment::{Input, Work};

use super::World;
use super::owner::Op;
use crate::sim::weather::Kind;

/// What comes after a drive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum After {
    #[default]
    Nothing,
    Alarm,
    Answer(Op),
}

/// Work of one checkout goes one after the other.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) busy: bool,
    rounds: u32,
    todo: Vec<Work>,
    after: After,
    waiting: VecDeque<After>,
}

impl Lane {
    /// Its instance ended.
    pub(super) fn ends(&mut self) {
        self.busy = false;
        self.todo.clear();
        self.waiting.clear();
    }
}

impl World {
    pub(super) fn drive(&mut self, sale: u8, after: After) {
        let lane = &mut self.owner.lanes[usize::from(sale)];
        lane.waiting.push_back(after);
        if !lane.busy {
            self.next_drive(sale);
        }
    }

    fn next_drive(&mut self, sale: u8) {
        let lane = &mut self.owner.lanes[usize::from(sale)];
        let Some(after) = lane.waiting.pop_front() else { return };
        (lane.busy, lane.rounds, lane.after) = (true, 0, after);
        self.round(sale);
    }

    /// Works until something has to be waited for.
    fn round(&mut self, sale: u8) {
        loop {
            let lane = &mut self.owner.lanes[usize::from(sale)];
            if let Some(work) = lane.todo.pop() {
                return self.set_out(sale, work);
            }
            lane.rounds += 1;
            if lane.rounds > ROUNDS_MAX {
                return self.drive_ends(sale);
            }
            if self.strikes(Kind::CrashBeforeStore) {
                return self.evict();
            }
            self.feed(sale, Input::Tick);
            let now = self.time();
            let record = &mut self.sales[usize::from(sale)].record;
            let mut work = record.payment.take_work(&record.checkout, now);
            let letters = self.sales[usize::from(sale)].take_out(now);
            self.audit_patience(sale, &work, now);
            // What is marked as asked is stored, and nobody was asked.
            if self.strikes(Kind::CrashBeforeAct) {
                self.arm();
                return self.evict();
            }
            if work.is_empty() && letters.is_empty() {
                return self.drive_ends(sale);
            }
            work.reverse();
            let life = self.owner.life;
            self.send_letters(sale, &letters);
            if self.owner.life != life {
                return;
            }
            self.owner.lanes[usize::from(sale)].todo = work;
        }
    }

    fn drive_ends(&mut self, sale: u8) {
        let lane = &mut self.owner.lanes[usize::from(sale)];
        lane.busy = false;
        match std::mem::take(&mut lane.after) {
            After::Nothing => {}
            After::Alarm => self.rung(),
            After::Answer(op) => self.answered(op),
        }
        self.arm();
        self.next_drive(sale);
    }

    /// An answer came to the instance of this life.
    pub(super) fn heard(&mut self, n: u32) {
        let Some((life, sale, input)) = self.sent[n as usize].take() else { return };
        if life != self.owner.life {
            // A replaced instance that does not know it yet takes its turn on what is stored by now.
            if let Some(input) = input
                && self.strikes(Kind::StaleInstance)
            {
                let input = self.stale(sale, *input);
                self.feed(sale, input);
                self.arm();
            }
            return;
        }
        if self.strikes(Kind::CrashAfterAct) {
            return self.evict();
        }
        if let Some(input) = input {
            self.feed(sale, *input);
        }
        self.round(sale);
    }

    /// What a replaced instance heard.
    fn stale(&mut self, sale: u8, input: Input) -> Input {
        match input {
            Input::Fact { attempt, asked, .. } if self.strikes(Kind::Lies) => {
                let accounts = &self.sales[usize::from(sale)].accounts;
                let n = accounts.iter().position(|account| account.attempt == attempt);
                Input::Fact { attempt, asked, fact: self.anything(sale, n.unwrap_or(0)) }
            }
            heard => heard,
        }
    }
}
