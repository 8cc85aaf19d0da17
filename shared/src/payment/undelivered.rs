//! Notices that died: the one case that opens and closes beside the table, since no money hangs on it.

use super::{CASES_MAX, Case, CaseCode, Payment};
use crate::id::NoticeId;
use crate::time::Timestamp;

impl Payment {
    /// A notice died: a person is told, once a notice. No event tells of it, since it would go to the
    /// same deaf ears; and the version stays, so that the notice is not older than what the shop has read
    /// when it is replayed.
    pub fn notice_died(&mut self, notice: NoticeId, why: &str, now: Timestamp) {
        self.notice_arrived(notice);
        if self.cases.len() < CASES_MAX {
            let detail = format!("{notice} {why}");
            self.cases.push(Case { code: CaseCode::NoticeUndelivered, detail, at: now });
        }
    }

    /// A notice that had died reached the shop after all: nobody has to look any more.
    pub fn notice_arrived(&mut self, notice: NoticeId) {
        let notice = notice.to_string();
        self.cases.retain(|case| {
            case.code != CaseCode::NoticeUndelivered || !case.detail.starts_with(&notice)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    const T: Timestamp = Timestamp::from_seconds(1_800_000_000);

    #[test]
    fn i16_f49_a_dead_notice_is_one_case_until_it_arrives() {
        let mut payment = Payment::default();
        let other = Case { code: CaseCode::LateCapture, detail: String::new(), at: T };
        payment.cases.push(other.clone());
        let (first, second) = (NoticeId::new(1), NoticeId::new(2));
        payment.notice_died(first, "http 500", T);
        payment.notice_died(second, "no answer", T);
        payment.notice_died(first, "http 503", T.after(Span::hours(1)));
        let details: Vec<&str> = payment.cases.iter().map(|case| case.detail.as_str()).collect();
        assert_eq!(details, ["", &format!("{second} no answer"), &format!("{first} http 503")]);
        payment.notice_arrived(first);
        payment.notice_arrived(second);
        assert_eq!(payment.cases, [other], "other cases stay");
        assert_eq!(payment.version, 1);
        for n in 0..100 {
            payment.notice_died(NoticeId::new(n), "http 500", T);
        }
        assert_eq!(payment.cases.len(), CASES_MAX);
    }
}
