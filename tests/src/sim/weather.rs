//! What goes wrong: every kind of fault by name, how often it strikes under a seed, and how often it did.
//!
//! # Why each seed has other kinds
//! Where everything goes wrong at once, most runs never come far. So each seed draws which kinds it has
//! and how often they strike, and a quiet seed with one fault is as likely as a storm.

use super::chance::Chance;

/// Declares the kinds with their names.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $most:literal;)+) => {
        /// A kind of fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind { $($(#[$doc])* $kind,)+ }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            /// Its name in the report.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)+ }
            }

            /// How often it strikes at most, in a thousand chances.
            const fn most(self) -> u64 {
                match self { $(Self::$kind => $most,)+ }
            }
        }
    };
}

kinds! {
    /// A request never arrives.
    RequestLost = "request_lost", 120;
    /// A request arrives twice.
    RequestDoubled = "request_doubled", 120;
    /// A request is overtaken by others.
    RequestDelayed = "request_delayed", 200;
    /// What was asked happens, and nobody is told.
    AnswerLost = "answer_lost", 150;
    /// An answer is overtaken by others.
    AnswerDelayed = "answer_delayed", 200;
    /// A gateway's page, a plea for patience, or half of the answer instead of it.
    AnswerGarbage = "answer_garbage", 80;
    /// A provider's look-up shows what was true before: a copy that lags behind.
    LookUpStale = "look_up_stale", 150;
    /// The edge's part that reads a request is cancelled with its caller.
    WorkerCancelled = "worker_cancelled", 60;
    /// The edge's clock is some seconds off where a request comes in.
    ClockSkew = "clock_skew", 300;
    /// A call to an object does not arrive.
    CallLost = "object_call_lost", 60;
    /// A call to an object breaks, and arrives all the same, much later.
    CallLate = "object_call_late", 60;
    /// An object's answer does not arrive.
    CallAnswerLost = "object_answer_lost", 60;
    /// An object dies before it has stored a turn.
    CrashBeforeStore = "crash_before_store", 60;
    /// An object dies after it has stored a turn, before it answers or acts.
    CrashBeforeAct = "crash_between_store_and_act", 60;
    /// An object dies after the world answered, before it has stored what it heard.
    CrashAfterAct = "crash_between_act_and_store", 80;
    /// An object is evicted while it does nothing.
    Evicted = "object_evicted", 200;
    /// An alarm does not ring.
    AlarmLost = "alarm_lost", 60;
    /// An alarm rings late.
    AlarmLate = "alarm_late", 200;
    /// An alarm rings twice.
    AlarmTwice = "alarm_twice", 200;
    /// A scheduled turn does not come.
    CronMissed = "cron_missed", 500;
    /// The queue does not take a letter.
    QueueRefused = "queue_refused", 200;
    /// The queue brings a letter twice.
    LetterTwice = "letter_twice", 250;
    /// The queue brings a letter late.
    LetterLate = "letter_late", 300;
    /// The book does not take what the queue brings.
    BookFails = "book_fails", 150;
    /// The consumer dies after the shop was told.
    ConsumerCrash = "consumer_crash", 150;
    /// The shop's server fails.
    ShopFails = "shop_5xx", 400;
    /// The shop's server does not answer.
    ShopSilent = "shop_silent", 400;
    /// The shop's server has heard and answers too late.
    ShopSlow = "shop_slow", 300;
    /// The shop takes no notices for days.
    ShopDead = "shop_dead_for_days", 60;
    /// The provider's events come before the answers.
    WebhookEarly = "webhook_early", 300;
    /// The provider's events come late.
    WebhookLate = "webhook_late", 300;
    /// The provider's events come twice.
    WebhookTwice = "webhook_twice", 300;
    /// The provider's events never come.
    WebhookLost = "webhook_lost", 300;
    /// Somebody else's event claims that it is paid.
    WebhookForged = "webhook_forged", 300;
    /// An old event comes once more, hours later.
    WebhookStale = "webhook_stale", 200;
    /// A provider's event comes to another contract's address.
    WebhookMisrouted = "webhook_misrouted", 150;
    /// The provider fails before it does anything.
    ProviderFails = "provider_5xx", 300;
    /// The provider takes the money and its answer is lost.
    CaptureAnswerLost = "capture_answer_lost", 300;
    /// The provider gives money back and its answer is lost.
    RefundAnswerLost = "refund_answer_lost", 300;
    /// The provider takes another amount than it agreed to.
    WrongAmount = "wrong_amount_at_provider", 120;
    /// The provider is slow.
    ProviderSlow = "provider_slow", 250;
    /// The provider's window never sends the browser back.
    ReturnLost = "return_lost", 250;
    /// The browser comes back twice.
    ReturnTwice = "return_twice", 200;
    /// A return, a key or a token is made up.
    ReturnForged = "return_forged", 150;
    /// The buyer clicks twice.
    DoubleClick = "double_click", 400;
    /// The buyer opens the page once more.
    SecondTab = "second_tab", 300;
    /// The buyer loads the page anew.
    Reload = "reload", 300;
    /// The buyer closes the page.
    TabClosed = "tab_closed", 300;
    /// The buyer goes back in the history.
    BackButton = "back_button", 200;
    /// The browser opens no window.
    PopupBlocked = "popup_blocked", 400;
    /// The window's word does not reach the page.
    MessageLost = "message_lost", 300;
    /// The buyer closes the window.
    WindowClosed = "window_closed", 200;
    /// Somebody else has the page's token.
    TokenStolen = "token_stolen", 200;
    /// The shop sends an opening twice, at once.
    OpenTwice = "open_twice", 250;
    /// The shop's key comes with another content.
    KeyReused = "key_reused", 200;
    /// The shop gives back twice, at once.
    RefundTwice = "refund_twice", 300;
    /// The shop cancels while the buyer pays.
    ShopCancels = "shop_cancels", 200;
    /// Money goes back in the provider's console.
    ConsoleCancel = "console_cancel", 150;
    /// A deposit of another amount.
    DepositWrong = "deposit_wrong", 200;
    /// A deposit that never comes.
    DepositMissing = "deposit_missing", 200;
}

/// Which faults a seed has, and what became of them.
#[derive(Debug, Clone)]
pub struct Weather {
    chances: Vec<u64>,
    counts: Vec<u64>,
    calm: bool,
}

impl Weather {
    /// The weather of a seed.
    pub fn of(chance: &mut Chance) -> Self {
        // From nothing at all to everything.
        let share = chance.pick(&[0, 60, 150, 300, 500, 800]);
        let force = chance.pick(&[250, 500, 1_000]);
        let rate = |kind: &Kind| {
            let has = chance.in_thousand(share);
            if has { (kind.most() * force / 1_000).max(1) } else { 0 }
        };
        let chances = Kind::ALL.iter().map(rate).collect();
        Self { chances, counts: vec![0; Kind::ALL.len()], calm: false }
    }

    /// Whether this strikes now; counted when it does.
    pub fn strikes(&mut self, kind: Kind, chance: &mut Chance) -> bool {
        let rate = self.chances[Self::at(kind)];
        let strikes = !self.calm && rate > 0 && chance.in_thousand(rate);
        if strikes {
            self.count(kind);
        }
        strikes
    }

    /// One more of a kind that was brought about in another way.
    pub fn count(&mut self, kind: Kind) {
        self.counts[Self::at(kind)] += 1;
    }

    /// From here on nothing goes wrong.
    pub fn calm_down(&mut self) {
        self.calm = true;
    }

    /// Whether nothing goes wrong any more.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.calm
    }

    /// How often each kind struck.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    fn at(kind: Kind) -> usize {
        kind as usize
    }
}
