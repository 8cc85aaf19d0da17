//! The seam between the core and the providers: data plus pure functions, no IO.
//!
//! A provider is one file: `provider/<name>.rs`; what several do alike stands in `parts`. It tells what it can do ([`Capabilities`]), turns an
//! [`Ask`] into an [`HttpRequest`] and an [`HttpResponse`] into a [`Fact`], builds what our intermediate
//! page puts into the provider's window, and reads what comes back through the browser or by webhook.
//! The shell carries requests; nothing here decides about a payment.
//!
//! # Why no default bodies
//! A hole in an adapter must not compile. A method that a provider lacks is answered with
//! [`CannotAsk::Unsupported`], in words, by the adapter itself.

use core::fmt;

use shared::fact::{Ask, Fact, ProviderPaymentId};
use shared::id::RequestId;
use shared::money::{Amount, Currency};
use shared::notes::Notes;
use shared::sorted::Sorted;
use shared::terms::{ALWAYS, Afterwards, Told, in_force};
use shared::time::{Span, Timestamp};

use crate::secret::Secret;

pub mod danal;
pub mod kb;
mod parts;
pub mod portone_v2;
pub mod tosspayments;
pub mod unicro;

/// Every provider, by the name that a channel's configuration uses. PortOne's return has Toss's `code`
/// beside a field of its own, so it reads first.
pub static ALL: [&dyn Provider; 5] =
    [&portone_v2::PortoneV2, &tosspayments::Tosspayments, &kb::Kb, &unicro::Unicro, &danal::Danal];

/// The provider of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static dyn Provider> {
    ALL.into_iter().find(|provider| provider.capabilities().name == name)
}

pub use shared::means::{Device, Means, Presentation};
pub use shared::terms::{RefundTerms, Until};

/// Who moves the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureStyle {
    /// We compare first and capture then (Toss, NICEPAY, …).
    Merchant,
    /// The provider captures in its window; we look and cancel on a mismatch (KB, PortOne, …).
    Provider,
}

/// What is agreed for one means of payment; amounts are minor units of KRW.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeansTerms {
    /// The means.
    pub means: Means,
    /// The smallest payment.
    pub minimum: u64,
    /// The largest payment; `u64::MAX` where none is documented.
    pub maximum: u64,
    /// How money goes back, oldest terms first.
    pub refunds: &'static [RefundTerms],
}

/// Cancelled as long as anybody asks, in parts too, back to where it came from, for nothing: what a manual
/// that says otherwise changes.
pub const CANCELLED: RefundTerms = RefundTerms {
    since: ALWAYS,
    until: Until::Ever,
    afterwards: Afterwards::Nothing,
    partial: true,
    told: Told::Cancelled,
    needs_account: false,
    fee: 0,
    arrives_in: 0,
};

impl MeansTerms {
    /// How money goes back at this time.
    #[must_use]
    pub fn refunds_at(&self, now: Timestamp) -> Option<&'static RefundTerms> {
        in_force(self.refunds, now)
    }
}

/// What a provider can do, as data: read by the core, the widget's method list, the docs and the tests.
#[derive(Debug)]
pub struct Capabilities {
    /// The name in the configuration, `[a-z_]+`.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// The means it offers, each with what is agreed for it.
    pub means: &'static [MeansTerms],
    /// The currencies it takes.
    pub currencies: &'static [Currency],
    /// The ladder on a desktop browser, best first.
    pub pc: &'static [Presentation],
    /// The ladder on a phone, best first.
    pub mobile: &'static [Presentation],
    /// Who moves the money.
    pub capture: CaptureStyle,
    /// Whether [`Ask::Prepare`] must succeed before the window is shown.
    pub prepares: bool,
    /// Whether [`Ask::Close`] is a call of the provider's. Without it an attempt is closed by our never
    /// capturing it ([`CaptureStyle::Merchant`]), or let go once a look-up shows no money
    /// ([`CaptureStyle::Provider`]): its window may still be paid, so the core goes on looking at it,
    /// voids an account issued there, and gives late money back.
    pub closes: bool,
    /// Whether buyers may have to join in a window of its own first: [`Fact::Prepared`] without a token
    /// shows it, and [`Ask::Prepare`] is put on behind it.
    pub joins: bool,
    /// Whether the provider keeps the money after it was paid: it is looked at day by day, since people
    /// there may give it back.
    pub escrow: bool,
    /// How long the window lives.
    pub window_life: Span,
    /// How long after authentication a capture is taken; zero where the provider captures.
    pub capture_life: Span,
    /// Until when a lost approval can still be undone.
    pub undo_life: Span,
}

impl Capabilities {
    /// What is agreed for a means, if it is offered.
    #[must_use]
    pub fn terms(&self, means: Means) -> Option<&'static MeansTerms> {
        self.means.iter().find(|terms| terms.means == means)
    }

    /// The ladder for this device, best first.
    #[must_use]
    pub const fn ladder(&self, device: Device) -> &'static [Presentation] {
        match device {
            Device::Pc => self.pc,
            Device::Mobile => self.mobile,
        }
    }
}

/// One contract with a provider: plain settings and secrets, by the names that the adapter documents.
#[derive(Debug, Default)]
pub struct Account {
    /// Whether no real money moves here: compared by adapters whose provider's answers tell.
    pub test_mode: bool,
    /// Public settings, such as `client_key` or `api_base`.
    pub settings: Sorted<String, String>,
    /// Secrets, such as `secret_key`.
    pub secrets: Sorted<String, Secret<String>>,
}

impl Account {
    /// A setting, or the empty text: [`Provider::check`] has refused a configuration that lacks one.
    #[must_use]
    pub fn setting(&self, name: &str) -> &str {
        self.settings.get(name).map_or("", String::as_str)
    }

    /// A secret, or the empty text: [`Provider::check`] has refused a configuration that lacks one.
    #[must_use]
    pub fn secret(&self, name: &str) -> &str {
        self.secrets.get(name).map_or("", |secret| secret.expose().as_str())
    }
}

/// A question as it is put to an adapter, which may take several calls to answer it: each answer teaches
/// something ([`Fact::More`]), which is stored before the same question is put again.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The question.
    pub ask: &'a Ask,
    /// What is known of its attempt at this time.
    pub notes: &'a Notes,
    /// When it is put; the same when its answer is read, so that both see the same step.
    pub at: Timestamp,
}

/// Which road a request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Road {
    /// The public network.
    Public,
    /// The private route to the provider (R24): a service binding where one is configured.
    Private,
    /// To ourselves: what a callback of this channel told ([`Callback::told`]) under the name that stands as
    /// body. 200 with the value as body, or 404. Whoever asks opens the name; what is told under any other
    /// is forgotten at once. The owner makes of it a call to the object that keeps the name: its address is
    /// then that object's name, and its body the call.
    Own,
}

/// A request that the shell carries out.
pub struct HttpRequest {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Absolute address.
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// Bytes of the body; empty for none.
    pub body: Vec<u8>,
    /// Which road it takes.
    pub road: Road,
    /// How long an answer is waited for.
    pub deadline: Span,
}

impl fmt::Debug for HttpRequest {
    /// Headers and body may hold keys and personal data; only the address prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url)
    }
}

/// An answer to an [`HttpRequest`].
pub struct HttpResponse {
    /// The HTTP status code.
    pub http_status: u16,
    /// Seconds of a `Retry-After` header, where one came.
    pub retry_after: Option<Span>,
    /// Bytes of the body, at most [`ANSWER_BYTES_MAX`].
    pub body: Vec<u8>,
}

/// The name under which a channel's callbacks tell something: no channel reads another's (I-15).
#[must_use]
pub fn told_name(channel: &str, name: &str) -> String {
    ["told/", channel, "/", name].concat()
}

/// A longer answer is cut and becomes unreadable: no provider's payment object comes near it.
pub const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// Something that came from outside: a return through the browser, or a webhook.
pub struct Inbound<'a> {
    /// Names in lower case; a repeated header is refused before this.
    pub headers: &'a Sorted<String, String>,
    /// The raw query, without `?`.
    pub query: &'a str,
    /// The raw body.
    pub body: &'a [u8],
}

/// What the page between us and the window needs to know.
#[derive(Debug)]
pub struct WindowFor<'a> {
    /// The attempt's id at the provider.
    pub request_id: RequestId,
    /// What is to be paid.
    pub amount: Amount,
    /// How.
    pub means: Means,
    /// On what.
    pub device: Device,
    /// How it is shown.
    pub presentation: Presentation,
    /// What the buyer sees.
    pub goods_name: &'a str,
    /// The shop's id of the buyer.
    pub buyer: &'a str,
    /// The provider's token from [`Fact::Prepared`].
    pub token: Option<&'a str>,
    /// Where the provider sends the browser, whatever the outcome; absolute, no query.
    pub return_url: &'a str,
    /// `ko` or `en`.
    pub locale: &'a str,
}

/// What the intermediate page does.
#[derive(Debug, PartialEq, Eq)]
pub enum Window {
    /// Posts this form into itself at once.
    Form {
        /// Where to.
        action: String,
        /// Hidden fields, in order.
        fields: Vec<(String, String)>,
    },
    /// Loads the provider's script, then our own static starter of this name with this data.
    Script {
        /// The provider's script.
        src: String,
        /// Which of our starters (`/window/<name>.js`) calls it.
        starter: &'static str,
        /// JSON handed to the starter.
        data: String,
    },
}

/// Why a question cannot be put.
#[derive(Clone, PartialEq, Eq)]
pub enum CannotAsk {
    /// The provider has no such call; the reason in words.
    Unsupported(&'static str),
    /// Something that the provider needs is missing or out of its range; which.
    Missing(&'static str),
}

impl fmt::Debug for CannotAsk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(reason) => write!(f, "Unsupported: {reason}"),
            Self::Missing(what) => write!(f, "Missing: {what}"),
        }
    }
}

/// Bytes that are no answer of this provider. Never a decline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// What was wrong with them, without their content.
    pub detail: String,
}

/// What the browser brought back: a hint that says where to look, never a result (R33, I-18).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hint {
    /// The provider's id, where the return names it.
    pub provider_payment_id: Option<ProviderPaymentId>,
    /// The buyer pressed cancel, says the browser.
    pub says_cancelled: bool,
    /// The provider's code for a failure, says the browser.
    pub provider_code: Option<String>,
}

/// A webhook that passed its provider's checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// Names this event; a repeat has the same (F27). Empty where the provider signs and names nothing:
    /// then anybody may have sent it, it says "look now" as often as is good for us, and nothing of it is
    /// remembered.
    pub event: String,
    /// Which attempt to look at; `None` for events that are none of a payment's.
    pub request_id: Option<RequestId>,
    /// The provider's id, where the event names it.
    pub provider_payment_id: Option<ProviderPaymentId>,
    /// A name and what it tells under it, for [`Road::Own`]. No fact, until a call to the provider that
    /// uses it succeeds.
    pub told: Option<(String, String)>,
}

/// Why a webhook is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackRefused {
    /// Its signature is missing.
    SignatureMissing,
    /// Its signature does not fit.
    SignatureInvalid,
    /// It is too old or too new.
    Stale,
    /// A header that the provider always sends is missing or malformed.
    HeaderInvalid,
    /// Not the provider's format.
    Unreadable,
    /// Not the content type that the provider sends.
    MediaType,
}

/// What a provider wants to hear for a webhook that is safe with us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acknowledgement {
    /// `content-type` of the answer.
    pub content_type: &'static str,
    /// The exact body; the HTTP status is 200.
    pub body: &'static str,
}

/// A provider. Every function is pure: time and random bytes are arguments.
pub trait Provider: Sync {
    /// What it can do.
    fn capabilities(&self) -> &'static Capabilities;

    /// Everything that is wrong with an account, one sentence each; empty when it can be used.
    fn check(&self, account: &Account) -> Vec<String>;

    /// How the provider's answers name the merchant, where they do: compared with every sighting (F21).
    fn merchant<'a>(&self, account: &'a Account) -> Option<&'a str>;

    /// The request that puts this question. The same question with the same `entropy` gives the same
    /// bytes; the idempotency key depends on the question alone (I-12).
    ///
    /// # Errors
    /// [`CannotAsk`] when the provider has no such call or a needed value is missing.
    fn request(
        &self,
        asked: &Asked<'_>,
        account: &Account,
        entropy: [u8; 32],
    ) -> Result<HttpRequest, CannotAsk>;

    /// What the answer says.
    ///
    /// # Errors
    /// [`Unreadable`] when the bytes are no answer of this provider; the caller keeps the state.
    fn response(
        &self,
        asked: &Asked<'_>,
        answer: &HttpResponse,
        account: &Account,
    ) -> Result<Fact, Unreadable>;

    /// What our intermediate page puts into the provider's window.
    ///
    /// # Errors
    /// [`CannotAsk`] when a needed value is missing.
    fn window(
        &self,
        window: &WindowFor<'_>,
        account: &Account,
        entropy: [u8; 32],
    ) -> Result<Window, CannotAsk>;

    /// What the browser brought back; anything unreadable is an empty hint.
    fn returned(&self, inbound: &Inbound<'_>) -> Hint;

    /// A webhook: signature over the raw bytes first, then the content.
    ///
    /// # Errors
    /// [`CallbackRefused`].
    fn callback(
        &self,
        inbound: &Inbound<'_>,
        account: &Account,
        now: Timestamp,
    ) -> Result<Callback, CallbackRefused>;

    /// What it wants to hear for a webhook that is stored.
    fn acknowledgement(&self) -> Acknowledgement;
}
