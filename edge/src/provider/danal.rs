//! Danal Teledit: phone bills, in Danal's own window; the commands of its transaction server, over a relay.
//!
//! Manual: Danal's integration guide and samples for Teledit, as they stood on 2026-11-21.
//!
//! | setting | meaning |
//! |---|---|
//! | `cp_id` | Danal's number of the merchant, 1 to 10 letters and digits |
//! | `cp_name` | how the window calls the merchant |
//! | `item_code` | the code under which Danal bills the goods |
//! | `relay_base` | address of the relay, no slash at the end |
//! | `web_base` | `https://ui.teledit.com`, no slash at the end |
//!
//! Secret: `cp_password`, at most 10 bytes by the guide.
//!
//! # Steps
//! *Prepare*: `ITEMSEND2`, where Danal authenticates the merchant, gives `ServerInfo`, the session. In the
//! window the carrier authenticates the buyer, and a number sent by message is confirmed. *Look-up*:
//! `NCONFIRM`, with nothing to compare. *Capture*: `NCONFIRM` with merchant and amount, which Danal compares
//! as well; `NBILL`, which moves the money; `NCONFIRM` again, because `NBILL` names no amount (I-2).
//! *Cancel*: `BILL_CANCEL` in the month of the bill, `BILL_REFUND` from the next on (R66). What a step
//! teaches is noted with the attempt before the next one.
//!
//! # Why a relay
//! Danal's client speaks over sockets in a format that is not public, in EUC-KR. A worker can do neither, so
//! a small server of the shop's carries the commands: the guide's fields as a form, in UTF-8, and the answer's
//! pairs as a form again. `sandbox::danal` in the tests is its model. It is reached by the private road.
//!
//! # Quirks
//! - Popup on a PC, the whole page on a phone. Phone number, birth date, carrier and the message's number are
//!   typed there, and none of them ever comes here.
//! - The return is a form in EUC-KR, unsigned: nothing of it is read. Only the way out (`BackURL`) is told
//!   apart, by a query of ours.
//! - No webhook: whatever comes under that name is refused. No window can be closed; what is not billed by us
//!   is not paid.
//! - No names of requests that could be repeated: the session can be billed once, and its number cancelled
//!   once, so a repeat is told so (2009, 3001).
//! - The whole or nothing: no partial refund.
//! - Sessions end. A bill of which the note is here is never taken for unknown because its session is.
//!
//! # Unverified
//! Every result but 0 and 51; that `NCONFIRM` may be asked while the buyer is in the window, and without
//! `CPID` and `AMOUNT` (`ConfirmOption=0`); that it shows a bill (`DATE`) and its end (`CANCELDATE`) after
//! `NBILL`: the guide knows no look-up, so the relay has to keep sessions for this; that a session cannot be
//! billed twice; `BILL_REFUND`, which the guide leaves to people; how parts of `ItemInfo` are divided; the
//! popup's page in a tab of its own; how long a window lives. **Ask Danal before a live key is put in.**

use shared::fact::{Ask, Fact, RefundAccount};
use shared::money::Currency;
use shared::notes::TOKEN;
use shared::terms::Afterwards;
use shared::time::{Span, Timestamp};

use super::parts::{check_bases, check_each, is_word, required, unclear, undecided, won};
use super::{
    Account, Acknowledgement, Asked, CANCELLED, Callback, CallbackRefused, CannotAsk, Capabilities,
    CaptureStyle, Device, Hint, HttpRequest, HttpResponse, Inbound, Means, MeansTerms,
    Presentation, Provider, RefundTerms, Road, Unreadable, Until, Window, WindowFor,
};
use month::{Door, door, stamp};
use wire::Answer;

mod answer;
mod month;
mod wire;

/// The adapter.
#[derive(Debug)]
pub struct Danal;

/// A bill and its cancel reach into a carrier.
const BILL_WAIT: Span = Span::seconds(30);
/// Everything else only reads or notes.
const ANSWER_WAIT: Span = Span::seconds(10);
/// When a 429 names no time.
const BUSY_DEFAULT: Span = Span::seconds(1);
/// How long what Danal compared is acted upon.
const JUST_NOW: Span = Span::seconds(10);
/// Longest name of goods or merchant, in characters.
const NAME_CHARS_MAX: usize = 60;
/// Longest `USERID`.
const USER_CHARS_MAX: usize = 60;
/// Longest `ServerInfo`.
const SESSION_CHARS_MAX: usize = 128;
/// The buyer tried numbers until no more were taken.
const OTP_TRIED_TOO_OFTEN: &str = "2005";
/// What our `BackURL` says, and nobody else's.
const WAY_OUT: &str = "danal=back";

// What is noted of an attempt.
/// The transaction whose merchant and amount Danal has compared.
const COMPARED: &str = "compared";
/// `DATE` of the bill.
const BILLED: &str = "billed";
/// The month of the bill is over, says Danal.
const MONTH_OVER: &str = "month_over";

static CAPABILITIES: Capabilities = Capabilities {
    name: "danal",
    title: "Danal",
    // Above 300 won, six digits. What a buyer may spend in a month, the carrier knows alone.
    means: &[MeansTerms {
        means: Means::Phone,
        minimum: 301,
        maximum: 999_999,
        refunds: &[RefundTerms {
            until: Until::MonthEnds,
            // Neither its fee nor its days are public.
            afterwards: Afterwards::Transfer { fee: 0, arrives_in: 0 },
            partial: false,
            ..CANCELLED
        }],
    }],
    currencies: &[Currency::Krw],
    pc: &[Presentation::Popup, Presentation::Redirect],
    mobile: &[Presentation::Redirect],
    capture: CaptureStyle::Merchant,
    prepares: true,
    closes: false,
    joins: false,
    escrow: false,
    window_life: Span::minutes(15),
    capture_life: Span::minutes(10),
    undo_life: Span::hours(24),
};

/// One command on the way to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// `ITEMSEND2`.
    Announce,
    /// `NCONFIRM`, to see.
    Look,
    /// `NCONFIRM`, for Danal to compare merchant and amount.
    Compare,
    /// `NBILL`.
    Bill,
    /// `BILL_CANCEL` or `BILL_REFUND`.
    GiveBack(Door),
}

/// The next step of a question, by what is known; the same when its answer is read.
fn step(asked: &Asked<'_>) -> Result<Step, CannotAsk> {
    let known = |name| asked.notes.get(name);
    Ok(match asked.ask {
        Ask::Prepare { .. } => Step::Announce,
        Ask::LookUp { .. } => Step::Look,
        Ask::Capture { .. } if known(BILLED).is_some() => Step::Look,
        Ask::Capture { provider_payment_id, .. } => {
            let compared = asked.notes.fresh(COMPARED, asked.at, JUST_NOW);
            let ours = compared == Some(provider_payment_id.as_str());
            if ours { Step::Bill } else { Step::Compare }
        }
        Ask::Cancel { amount, captured, .. } if amount.total() != *captured => {
            return Err(CannotAsk::Unsupported("the whole or nothing"));
        }
        Ask::Cancel { .. } if known(MONTH_OVER).is_some() => Step::GiveBack(Door::Refund),
        Ask::Cancel { .. } => {
            let billed = known(BILLED).and_then(stamp);
            // Without a date the bill's answer was lost: it is as young as our question about it.
            Step::GiveBack(billed.map_or(Door::Cancel, |billed| door(billed, asked.at)))
        }
        Ask::Close { .. } => {
            return Err(CannotAsk::Unsupported("what is not billed by us is not paid"));
        }
    })
}

impl Provider for Danal {
    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn check(&self, account: &Account) -> Vec<String> {
        let mut faults = Vec::new();
        let id = account.setting("cp_id");
        let spelt = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric());
        let long = |text: &str| (1..=10).contains(&text.len());
        let password = account.secret("cp_password");
        let checked = [
            ("cp_id", spelt(id) && long(id)),
            ("cp_name", !account.setting("cp_name").trim().is_empty()),
            ("item_code", is_word(account.setting("item_code"))),
            ("cp_password", long(password) && password.bytes().all(|b| b.is_ascii_graphic())),
        ];
        check_each(&checked, &mut faults);
        check_bases(account, ["relay_base", "web_base"], !account.test_mode, &mut faults);
        faults
    }

    fn merchant<'a>(&self, account: &'a Account) -> Option<&'a str> {
        Some(account.setting("cp_id")).filter(|name| !name.is_empty())
    }

    fn request(
        &self,
        asked: &Asked<'_>,
        account: &Account,
        _entropy: [u8; 32],
    ) -> Result<HttpRequest, CannotAsk> {
        let mut form = Form::default();
        let deadline = match step(asked)? {
            Step::Announce => {
                announce(asked.ask, account, &mut form)?;
                ANSWER_WAIT
            }
            Step::Look => {
                confirm(asked, "0", &mut form);
                ANSWER_WAIT
            }
            Step::Compare => {
                confirm(asked, "1", &mut form);
                form.put("CPID", account.setting("cp_id"));
                if let Ask::Capture { amount, .. } = asked.ask {
                    form.put("AMOUNT", &won(*amount)?.to_string());
                }
                ANSWER_WAIT
            }
            Step::Bill => {
                form.put("Command", "NBILL");
                form.put("OUTPUTOPTION", "DEFAULT");
                form.put("ServerInfo", session(asked));
                form.put("BillOption", "0");
                BILL_WAIT
            }
            Step::GiveBack(door) => {
                give_back(asked.ask, door, account, &mut form);
                BILL_WAIT
            }
        };
        Ok(HttpRequest {
            method: "POST",
            url: [account.setting("relay_base"), "/teledit"].concat(),
            headers: vec![("content-type", "application/x-www-form-urlencoded".to_owned())],
            body: form.0.into_bytes(),
            road: Road::Private,
            deadline,
        })
    }

    fn response(
        &self,
        asked: &Asked<'_>,
        answer: &HttpResponse,
        account: &Account,
    ) -> Result<Fact, Unreadable> {
        match answer.http_status {
            200 => {}
            429 => {
                let retry_after = answer.retry_after.unwrap_or(BUSY_DEFAULT);
                return Ok(Fact::Busy { retry_after });
            }
            // The relay answers 200, or its gateway speaks, which knows nothing about money.
            status => return Ok(undecided(status, "")),
        }
        let answer = Answer::of(&answer.body)?;
        let Ok(step) = step(asked) else { return Ok(unclear("nothing was asked")) };
        let fact = answer::read(step, asked, &answer, account);
        Ok(fact.unwrap_or_else(|| undecided(200, &answer.result)))
    }

    fn window(
        &self,
        window: &WindowFor<'_>,
        account: &Account,
        _entropy: [u8; 32],
    ) -> Result<Window, CannotAsk> {
        if !CAPABILITIES.ladder(window.device).contains(&window.presentation) {
            return Err(CannotAsk::Unsupported("no frames, and no popups on a phone"));
        }
        let page = match window.device {
            Device::Pc => "/Danal/Teledit/Web/Start.php",
            Device::Mobile => "/Danal/Teledit/FlexMobile/Start.php",
        };
        let session = window.token.ok_or(CannotAsk::Missing("ServerInfo"))?;
        let mut fields = Vec::new();
        let mut put = |name: &str, value: &str| fields.push((name.to_owned(), value.to_owned()));
        put("ServerInfo", session);
        put("CPName", &name(account.setting("cp_name"), "cp_name")?);
        put("ItemName", &name(window.goods_name, "goods_name")?);
        put("ItemAmt", &won(window.amount)?.to_string());
        put("TargetURL", window.return_url);
        put("BackURL", &[window.return_url, "?", WAY_OUT].concat());
        put("IsUseCI", "N");
        put("BgColor", "00");
        put("IsCharSet", "UTF-8");
        Ok(Window::Form { action: [account.setting("web_base"), page].concat(), fields })
    }

    fn returned(&self, inbound: &Inbound<'_>) -> Hint {
        Hint { says_cancelled: inbound.query == WAY_OUT, ..Hint::default() }
    }

    fn callback(
        &self,
        _inbound: &Inbound<'_>,
        _account: &Account,
        _now: Timestamp,
    ) -> Result<Callback, CallbackRefused> {
        // Danal tells nothing in this way, so nothing that comes is Danal's.
        Err(CallbackRefused::SignatureInvalid)
    }

    fn acknowledgement(&self) -> Acknowledgement {
        Acknowledgement { content_type: "text/plain", body: "" }
    }
}

// What is sent.

/// Pairs, as browsers encode them.
#[derive(Default)]
struct Form(String);

impl Form {
    fn put(&mut self, name: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.push_str(name);
        self.0.push('=');
        self.0.extend(form_urlencoded::byte_serialize(value.as_bytes()));
    }
}

fn announce(ask: &Ask, account: &Account, form: &mut Form) -> Result<(), CannotAsk> {
    let Ask::Prepare { request_id, amount, goods_name, buyer } = ask else {
        return Err(CannotAsk::Missing("a command"));
    };
    let code = account.setting("item_code");
    let kind = code.get(..1).unwrap_or_default();
    let (won, name) = (won(*amount)?.to_string(), name(goods_name, "goods_name")?);
    form.put("Command", "ITEMSEND2");
    form.put("SERVICE", "TELEDIT");
    form.put("ItemCount", "1");
    form.put("OUTPUTOPTION", "DEFAULT");
    form.put("ItemType", "Amount");
    who(account, form);
    form.put("ItemInfo", &[kind, "|", &won, "|1|", code, "|", &name].concat());
    form.put("SUBCP", "");
    form.put("USERID", &required(buyer, USER_CHARS_MAX, "buyer")?);
    form.put("ORDERID", &request_id.to_string());
    form.put("IsPreOtbill", "N");
    form.put("IsSubscript", "N");
    Ok(())
}

/// The merchant proves itself.
fn who(account: &Account, form: &mut Form) {
    form.put("ID", account.setting("cp_id"));
    form.put("PWD", account.secret("cp_password"));
}

/// The session of an attempt; without one nothing is known of it.
fn session<'a>(asked: &Asked<'a>) -> &'a str {
    asked.notes.get(TOKEN).unwrap_or_default()
}

fn confirm(asked: &Asked<'_>, option: &str, form: &mut Form) {
    form.put("Command", "NCONFIRM");
    form.put("OUTPUTOPTION", "DEFAULT");
    form.put("ServerInfo", session(asked));
    form.put("IFVERSION", "V1.1.2");
    form.put("ConfirmOption", option);
}

fn give_back(ask: &Ask, door: Door, account: &Account, form: &mut Form) {
    let Ask::Cancel { provider_payment_id, amount, account: to, .. } = ask else { return };
    let (command, refunds) = match door {
        Door::Cancel => ("BILL_CANCEL", false),
        Door::Refund => ("BILL_REFUND", true),
    };
    form.put("Command", command);
    form.put("OUTPUTOPTION", "3");
    who(account, form);
    form.put("TID", provider_payment_id.as_str());
    if refunds {
        form.put("AMOUNT", &amount.minor().to_string());
    }
    // Without one, Danal asks the buyer by message where the money is to go.
    if let (true, Some(RefundAccount { bank, number, holder })) = (refunds, to) {
        form.put("BANK", bank);
        form.put("ACCOUNT", number);
        form.put("HOLDER", holder);
    }
}

/// A name that divides nothing in what it is written into.
fn name(text: &str, what: &'static str) -> Result<String, CannotAsk> {
    let plain = text.replace(['|', ';', '='], " ");
    required(&plain, NAME_CHARS_MAX, what)
}

#[cfg(test)]
mod tests;
