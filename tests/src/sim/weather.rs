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
    ConsoleCancel = "console_cancel", 500;
    /// A deposit of another amount.
    DepositWrong = "deposit_wrong", 200;
    /// A deposit that never comes.
    DepositMissing = "deposit_missing", 200;
    /// An alarm fails six times, and the platform gives it up.
    AlarmGivenUp = "alarm_lost_after_six_tries", 40;
    /// An instance that was replaced hears an answer, and takes a turn on what is stored by now.
    StaleInstance = "stale_instance", 400;
    /// The edge's clock jumps forward for minutes.
    ClockJump = "clock_jump", 60;
    /// The provider asks for patience.
    ProviderBusy = "provider_busy", 150;
    /// An answer needs one step more before it is one.
    AnswerInSteps = "answer_in_steps", 150;
    /// The provider knows nothing of what it knew.
    Forgets = "provider_forgets", 100;
    /// The provider's answer contradicts what it said before.
    Contradiction = "provider_contradiction", 80;
    /// The provider names another currency.
    WrongCurrency = "wrong_currency_at_provider", 80;
    /// The provider names another merchant, or another id of its own.
    WrongMerchant = "wrong_merchant_at_provider", 80;
    /// The answer speaks of another request.
    WrongRequest = "answer_of_another_request", 80;
    /// The provider's explicit no to a capture.
    CaptureDeclined = "capture_declined", 150;
    /// The provider's explicit no to a cancel.
    CancelRefused = "cancel_refused", 80;
    /// The provider cannot begin.
    PrepareDeclined = "prepare_declined", 100;
    /// The provider ends a session by itself.
    SessionEnded = "session_ended_by_provider", 80;
    /// The buyer pays in a window that we have let go of.
    PaidLate = "paid_after_the_window", 200;
    /// The provider has said no, and approves after all.
    ApprovedAfterNo = "approved_after_no", 500;
    /// The stock's owner dies before or after a command.
    StockCrash = "stock_object_dies", 60;
    /// A command to the stock arrives much later.
    StockLate = "stock_command_late", 80;
    /// The provider says anything at all: no rule about its money can hold, every other has to.
    Lies = "provider_says_anything", 60;
    /// The stock says no, whatever it has done.
    StockSaysNo = "stock_says_no", 80;
    /// The stock's clock is ahead for one command, and steps back.
    StockClockAhead = "stock_clock_steps_back", 80;
    /// Two visitors come by one quote.
    QuoteTwice = "quote_used_twice", 600;
    /// A visitor comes when the quote has ended.
    QuoteLate = "quote_after_its_end", 300;
    /// A stranger brings a quote that the shop did not sign.
    QuoteForged = "quote_forged", 300;
    /// One address begins and begins with a quote.
    QuoteFlooded = "quote_flooded", 150;
    /// The shop names an order of one sale in another cart.
    OrderReused = "order_id_reused", 300;
    /// A bill's month ends while its payments run.
    MonthOver = "month_over", 700;
}

/// What strikes where everything travels as bytes: all up to here, quotes and order ids. Any other kind behind it has
/// its engines in the world of facts alone.
const WIRE_END: usize = Kind::DepositMissing as usize + 1;
/// What becomes of quotes and of order ids, which travel as bytes alone.
const BYTES_ALONE: [Kind; 5] =
    [Kind::QuoteTwice, Kind::QuoteLate, Kind::QuoteForged, Kind::QuoteFlooded, Kind::OrderReused];
/// What only pages, addresses and the shop's own requests meet: the world of facts has none of them.
const WIRE_ONLY: [Kind; 14] = [
    Kind::WorkerCancelled,
    Kind::CallLate,
    Kind::WebhookMisrouted,
    Kind::ReturnForged,
    Kind::BackButton,
    Kind::PopupBlocked,
    Kind::MessageLost,
    Kind::TokenStolen,
    Kind::OpenTwice,
    Kind::KeyReused,
    Kind::RefundTwice,
    Kind::ShopSlow,
    Kind::CallLost,
    Kind::CallAnswerLost,
];

/// Faults of a seed that are left out: how a story is shrunken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cuts {
    /// Kinds, by their place in [`Kind::ALL`].
    pub kinds: u128,
    /// Single strikes, by their number in the run.
    pub strikes: u128,
    /// Sales, by their number.
    pub sales: u8,
}

impl Cuts {
    /// Whether a strike is left out.
    const fn leaves_out(&self, at: usize, strike: u64) -> bool {
        self.kinds & (1 << at) != 0 || (strike < 128 && self.strikes & (1 << strike) != 0)
    }

    /// These and those.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self {
            kinds: self.kinds | other.kinds,
            strikes: self.strikes | other.strikes,
            sales: self.sales | other.sales,
        }
    }

    /// The sales that are not left out.
    #[must_use]
    pub fn kept<T>(&self, sales: Vec<T>) -> Vec<T> {
        let has = |(n, _): &(usize, T)| *n >= 8 || self.sales & (1 << n) == 0;
        sales.into_iter().enumerate().filter(has).map(|(_, sale)| sale).collect()
    }
}

/// Which faults a seed has, and what became of them.
#[derive(Debug, Clone)]
pub struct Weather {
    chances: [u16; KINDS],
    counts: [u32; KINDS],
    calm: bool,
    cuts: Cuts,
    /// How many strikes there were, those that are left out included.
    strikes: u64,
}

/// How many kinds there are.
pub const KINDS: usize = Kind::ALL.len();
const _: () = assert!(KINDS <= 128, "cuts have a bit a kind");

impl Weather {
    /// The weather of a seed where everything travels as bytes.
    pub fn of_wire(chance: &mut Chance, cuts: Cuts) -> Self {
        Self::of(chance, cuts, |at, kind| at < WIRE_END || BYTES_ALONE.contains(&kind))
    }

    /// The weather of a seed where engines speak facts.
    pub fn of_facts(chance: &mut Chance, cuts: Cuts) -> Self {
        Self::of(chance, cuts, |_, kind| !WIRE_ONLY.contains(&kind) && !BYTES_ALONE.contains(&kind))
    }

    fn of(chance: &mut Chance, cuts: Cuts, has: impl Fn(usize, Kind) -> bool) -> Self {
        // From nothing at all to everything.
        let share = chance.pick(&[0, 60, 150, 300, 500, 800]);
        let force = chance.pick(&[250, 500, 1_000]);
        let mut chances = [0; KINDS];
        for (at, kind) in Kind::ALL.iter().enumerate() {
            if has(at, *kind) && chance.in_thousand(share) {
                chances[at] = u16::try_from((kind.most() * force / 1_000).max(1)).unwrap_or(1_000);
            }
        }
        Self { chances, counts: [0; KINDS], calm: false, cuts, strikes: 0 }
    }

    /// Whether this strikes now; counted when it does.
    #[inline]
    pub fn strikes(&mut self, kind: Kind, chance: &mut Chance) -> bool {
        let rate = self.chances[kind as usize];
        !self.calm && rate > 0 && chance.in_thousand(u64::from(rate)) && self.struck(kind)
    }

    fn struck(&mut self, kind: Kind) -> bool {
        let out = self.cuts.leaves_out(kind as usize, self.strikes);
        self.strikes += 1;
        if !out {
            self.counts[kind as usize] += 1;
        }
        !out
    }

    /// Whether this can strike in this seed.
    #[must_use]
    pub fn has(&self, kind: Kind) -> bool {
        self.chances[kind as usize] > 0
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
    pub fn counts(&self) -> &[u32; KINDS] {
        &self.counts
    }

    /// How many strikes there were, those that were left out included.
    #[must_use]
    pub fn struck_in_all(&self) -> u64 {
        self.strikes
    }
}
