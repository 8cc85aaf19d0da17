//! The pages around a provider's window, the return and the webhook. Each is planned before its owner is
//! asked, and finished with the owner's reply.

use shared::id::{ChannelId, MerchantId, RequestId};
use shared::means::{Device, Means, Presentation};
use shared::money::{Amount, Currency};
use shared::problem::Code;

use crate::envelope;
use crate::owner::{Op, PageData, Reply};
use crate::page::{self, Frame, Page};
use crate::problem::Broken;
use crate::provider::{self, Acknowledgement, CallbackRefused, Hint, Inbound, Provider, WindowFor};

use super::plan::{Plan, Then};
use super::visit::{Answer, Fault, Visit};

/// The page between us and the provider's window.
pub(super) fn plan_show(visit: &Visit, request: &str, key: &str) -> Result<Plan, Fault> {
    let op = Op::Window { request_id: request.to_owned(), key: key.to_owned() };
    Ok(Plan::Ask(visit.of_request(request, &op)?, Then::Window(request.to_owned())))
}

/// The page itself.
pub(super) fn show(visit: &Visit, request: &str, reply: &Reply) -> Result<Answer, Fault> {
    let data = envelope::read(reply.body.as_bytes(), PageData::of)?;
    let channel = ChannelId::parse(&data.channel).ok_or(Code::NotFound)?;
    let channel = visit.config.channels.get(&channel).ok_or(Code::NotFound)?;
    let provider = provider::by_name(channel.provider).ok_or(Code::NotFound)?;
    let amount = Currency::parse(&data.currency)
        .and_then(|currency| Amount::from_minor(data.amount, currency).ok())
        .ok_or(Code::Internal)?;
    let window = provider.window(
        &WindowFor {
            request_id: RequestId::parse(request).ok_or(Code::NotFound)?,
            amount,
            means: Means::parse(&data.means).ok_or(Code::Internal)?,
            device: Device::parse(&data.device).ok_or(Code::Internal)?,
            presentation: Presentation::parse(&data.presentation).ok_or(Code::Internal)?,
            goods_name: &data.goods_name,
            buyer: &data.buyer,
            token: data.token.as_deref(),
            return_url: &data.return_url,
            locale: &data.locale,
        },
        &channel.account,
        entropy_32(visit),
    );
    let window =
        window.map_err(|cannot| Broken(format!("the window cannot be built: {cannot:?}")))?;
    with_frame(visit, &data, &|frame| page::window(frame, &window))
}

fn entropy_32(visit: &Visit) -> [u8; 32] {
    let mut bytes = [0; 32];
    let (low, high) = bytes.split_at_mut(16);
    low.copy_from_slice(&(visit.entropy)().to_be_bytes());
    high.copy_from_slice(&(visit.entropy)().to_be_bytes());
    bytes
}

fn with_frame(
    visit: &Visit,
    data: &PageData,
    build: &dyn Fn(&Frame<'_>) -> Page,
) -> Result<Answer, Fault> {
    let merchant = MerchantId::parse(&data.merchant).ok_or(Code::NotFound)?;
    let merchant = visit.config.merchants.get(&merchant).ok_or(Code::NotFound)?;
    let shop = page::origin_of(&data.shop_url).ok_or(Code::Internal)?;
    let frame = Frame {
        locale: &data.locale,
        shop_origin: &shop,
        shop_origins: &merchant.origins,
        nonce: &data.nonce,
        attempt: &data.attempt,
    };
    Ok(Answer::page(200, build(&frame)))
}

/// The buyer comes back, by GET or POST, with no cookie.
pub(super) fn plan_return(visit: &Visit, request: &str, key: &str) -> Result<Plan, Fault> {
    let hint = read_hint(visit);
    let text = format!(
        "cancelled={} code={}",
        hint.says_cancelled,
        hint.provider_code.as_deref().unwrap_or("none")
    );
    let op = Op::Returned {
        request_id: request.to_owned(),
        key: key.to_owned(),
        hint: text,
        left: hint.says_cancelled,
    };
    Ok(Plan::Ask(visit.of_request(request, &op)?, Then::Return))
}

/// 303 to the shop (a POST becomes a GET), or the small page that tells the opener to look now.
pub(super) fn returned(visit: &Visit, reply: &Reply) -> Result<Answer, Fault> {
    let data = envelope::read(reply.body.as_bytes(), PageData::of)?;
    if data.presentation == Presentation::Redirect.code() {
        return Ok(see_other(data.shop_url));
    }
    with_frame(visit, &data, &|frame| page::closing(frame, &data.shop_url))
}

fn see_other(address: String) -> Answer {
    let headers = vec![
        ("location", address),
        ("cache-control", "no-store".to_owned()),
        ("referrer-policy", "no-referrer".to_owned()),
    ];
    Answer { http_status: 303, headers, body: Vec::new() }
}

/// What the browser brought. The channel is not known yet, so every provider may read it: a hint is
/// harmless, and none of them reads another's fields.
fn read_hint(visit: &Visit) -> Hint {
    let incoming = &visit.incoming;
    let inbound =
        Inbound { headers: &incoming.headers, query: &incoming.query, body: &incoming.body };
    let read = |provider: &&'static dyn Provider| {
        Some(provider.returned(&inbound)).filter(|hint| *hint != Hint::default())
    };
    provider::ALL.iter().find_map(read).unwrap_or_default()
}

/// A provider's webhook: its own checks on the raw bytes, then the owner remembers it, then the words
/// that this provider wants to hear. Never 200 before it is stored (I-9).
pub(super) fn plan_webhook(visit: &Visit, channel: &str) -> Result<Plan, Fault> {
    let id = ChannelId::parse(channel).ok_or(Code::NotFound)?;
    let settings = visit.config.channels.get(&id).ok_or(Code::NotFound)?;
    let provider = provider::by_name(settings.provider).ok_or(Code::NotFound)?;
    let incoming = &visit.incoming;
    let inbound =
        Inbound { headers: &incoming.headers, query: &incoming.query, body: &incoming.body };
    let callback = provider.callback(&inbound, &settings.account, visit.now);
    let callback = callback.map_err(|refused| match refused {
        CallbackRefused::SignatureMissing => Code::WebhookSignatureMissing,
        CallbackRefused::SignatureInvalid => Code::WebhookSignatureInvalid,
        CallbackRefused::Stale => Code::WebhookTimestamp,
        CallbackRefused::HeaderInvalid => Code::WebhookHeaderInvalid,
        CallbackRefused::Unreadable => Code::JsonInvalid,
        CallbackRefused::MediaType => Code::UnsupportedMediaType,
    })?;
    let words = provider.acknowledgement();
    if let Some((name, value)) = callback.told {
        let name = provider::told_name(channel, &name);
        let op = Op::Told { name: name.clone(), value };
        return Ok(Plan::Ask(visit.about(&name, &op), Then::Acknowledge(words)));
    }
    let Some(request) = callback.request_id else { return Ok(Plan::Answer(acknowledge(words))) };
    let op = Op::Callback {
        channel: channel.to_owned(),
        request_id: request.to_string(),
        event: callback.event,
    };
    Ok(Plan::Ask(visit.at(request.home(), &op)?, Then::Acknowledge(words)))
}

/// What a provider wants to hear for a webhook that is safe with us.
pub(super) fn acknowledge(words: Acknowledgement) -> Answer {
    let headers = vec![("content-type", words.content_type.to_owned())];
    Answer { http_status: 200, headers, body: words.body.as_bytes().to_vec() }
}
