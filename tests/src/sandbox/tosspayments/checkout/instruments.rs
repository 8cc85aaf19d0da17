//! What the buyer pays with: tabs, test cards, banks, wallets, the phone bill.

use super::super::payment::{Issuer, Method, Payment};
use crate::sandbox::form::Fields;
use crate::sandbox::window::{Lang, escaped};

/// Least amount for instalments, in KRW.
const INSTALMENT_MIN_KRW: u64 = 50_000;

/// Code, Korean and English name. Refund accounts may use any of the three.
pub(in crate::sandbox::tosspayments) const BANKS: [(&str, &str, &str); 20] = [
    ("06", "국민", "KOOKMIN"),
    ("88", "신한", "SHINHAN"),
    ("20", "우리", "WOORI"),
    ("81", "하나", "HANA"),
    ("11", "농협", "NONGHYEOP"),
    ("03", "기업", "IBK"),
    ("92", "토스뱅크", "TOSSBANK"),
    ("90", "카카오뱅크", "KAKAOBANK"),
    ("89", "케이뱅크", "KBANK"),
    ("02", "산업", "KDB"),
    ("23", "SC제일", "SC"),
    ("27", "씨티", "CITI"),
    ("31", "대구", "DAEGUBANK"),
    ("32", "부산", "BUSANBANK"),
    ("39", "경남", "KYONGNAMBANK"),
    ("34", "광주", "KWANGJUBANK"),
    ("45", "새마을", "SAEMAUL"),
    ("48", "신협", "SHINHYEOP"),
    ("07", "수협", "SUHYEOP"),
    ("71", "우체국", "POST"),
];

/// Name on the wire, English name.
pub(super) const WALLETS: [(&str, &str); 3] =
    [("토스페이", "Toss Pay"), ("샌드페이", "Sand Pay"), ("네모페이", "Nemo Pay")];

/// A test card: value of the radio, names, number, what it does, and whether it is good.
type Card = (&'static str, [&'static str; 2], &'static str, [&'static str; 2], bool);

const CARDS: [Card; 3] = [
    ("approved", ["샌드카드 일반", "Sand Card"], "4330-28**-****-1231", ["승인", "approved"], true),
    (
        "no_money",
        ["샌드카드 한도초과", "Sand Card, at its limit"],
        "4330-28**-****-0002",
        ["승인 단계에서 거절", "refused at capture"],
        false,
    ),
    (
        "stolen",
        ["샌드카드 분실신고", "Sand Card, reported lost"],
        "4330-28**-****-0119",
        ["분실·도난", "lost or stolen"],
        false,
    ),
];

/// The tabs of all methods. The card window also has the wallets, as the provider's own does; the
/// others belong to windows of their own. `without_wallet` is the address of the card's tab.
pub(super) fn tabs(chosen: Method, lang: Lang, without_wallet: &str) -> String {
    let tab = |method: Method| {
        let name = method.name(lang);
        let link = match (chosen, method) {
            (Method::Card, Method::EasyPay) => Some("any"),
            (Method::EasyPay, Method::Card) => Some(""),
            _ => None,
        };
        if let Some(wallet) = link {
            let href = escaped(without_wallet);
            return format!(
                r#"<li><a id="tab-{}" href="{href}{wallet}">{name}</a></li>"#,
                method.sdk()
            );
        }
        let mark = if method == chosen { r#" aria-current="true""# } else { r#" class="off""# };
        format!("<li{mark}>{name}</li>")
    };
    let tabs: String = Method::ALL.into_iter().map(tab).collect();
    format!(r#"<ul class="tabs" aria-label="{}">{tabs}</ul>"#, lang.pick("결제 수단", "Methods"))
}

/// The fields of the method.
pub(super) fn fields(payment: &Payment, lang: Lang) -> String {
    match payment.method {
        Method::Card => cards(lang) + &instalments(payment.agreed, lang),
        Method::EasyPay => wallets(lang) + &cards(lang),
        Method::Transfer => {
            banks(lang, lang.pick("출금 은행", "Your bank"))
                + &hint(lang.pick("테스트 계좌에서 바로 출금됩니다.", "Taken from a test account at once."))
        }
        Method::VirtualAccount => {
            banks(lang, lang.pick("입금 은행", "Bank of the account"))
                + &input("depositor", lang.pick("입금자명", "Depositor"), &payment.buyer_name, "name")
                + &hint(lang.pick(
                    "계좌를 발급받은 뒤 7일 안에 입금하면 결제가 끝납니다. 입금은 샌드박스 제어판에서 합니다.",
                    "Deposit within 7 days to finish. Deposits are made in the sandbox's panel.",
                ))
        }
        Method::Phone => {
            input("phone", lang.pick("휴대폰 번호", "Phone number"), &payment.phone, "tel")
                + &hint(lang.pick("인증번호는 000000입니다.", "The code is 000000."))
        }
    }
}

fn hint(text: &str) -> String {
    format!(r#"<p class="hint">{text}</p>"#)
}

fn input(name: &str, label: &str, value: &str, complete: &str) -> String {
    format!(
        r#"<label class="field"><span class="label">{label}</span><input name="{name}" value="{}" autocomplete="{complete}" maxlength="60" required></label>"#,
        escaped(value)
    )
}

fn cards(lang: Lang) -> String {
    let card = |(n, (value, names, number, effects, good)): (usize, Card)| {
        format!(
            r#"<label class="choice"><input type="radio" name="card" value="{value}" id="card-{value}"{checked}><span class="name"><b>{name}</b><small>{number}</small></span><span class="tag{no}">{effect}</span></label>"#,
            checked = if n == 0 { " checked" } else { "" },
            name = lang.pick(names[0], names[1]),
            no = if good { "" } else { " no" },
            effect = lang.pick(effects[0], effects[1]),
        )
    };
    let cards: String = CARDS.into_iter().enumerate().map(card).collect();
    format!(
        r#"<fieldset><legend>{}</legend><div class="choices">{cards}</div></fieldset>"#,
        lang.pick("테스트 카드", "Test card")
    )
}

fn instalments(amount: u64, lang: Lang) -> String {
    if amount < INSTALMENT_MIN_KRW {
        return String::new();
    }
    let option = |months: u8| {
        let text = match (months, lang) {
            (0, Lang::Ko) => "일시불".to_owned(),
            (0, Lang::En) => "In full".to_owned(),
            (_, Lang::Ko) => format!("{months}개월"),
            (_, Lang::En) => format!("{months} months"),
        };
        format!(r#"<option value="{months}">{text}</option>"#)
    };
    let options: String = [0, 2, 3, 6, 12].into_iter().map(option).collect();
    select("installments", lang.pick("할부", "Instalments"), &options)
}

fn wallets(lang: Lang) -> String {
    let option = |(name, english): (&str, &str)| {
        format!(r#"<option value="{name}">{}</option>"#, lang.pick(name, english))
    };
    let options: String = WALLETS.into_iter().map(option).collect();
    select("wallet", lang.pick("간편결제", "Wallet"), &options)
}

fn banks(lang: Lang, label: &str) -> String {
    let option = |(code, korean, english): (&str, &str, &str)| {
        format!(r#"<option value="{code}">{}</option>"#, lang.pick(korean, english))
    };
    let options: String = BANKS.into_iter().map(option).collect();
    select("bank", label, &options)
}

fn select(name: &str, label: &str, options: &str) -> String {
    format!(
        r#"<label class="field"><span class="label">{label}</span><select name="{name}">{options}</select></label>"#
    )
}

/// Takes over what the buyer chose; what is missing or unknown keeps its default.
pub(super) fn chosen(payment: &mut Payment, fields: &Fields) {
    match fields.text("card") {
        "no_money" => payment.issuer = Issuer::HasNoMoney,
        "stolen" => payment.issuer = Issuer::KnowsItStolen,
        "approved" => payment.issuer = Issuer::Approves,
        _ => {}
    }
    if let Some((code, _, _)) = BANKS.iter().find(|(code, _, _)| *code == fields.text("bank")) {
        payment.bank = code;
    }
    if let Some((name, _)) = WALLETS.iter().find(|(name, _)| *name == fields.text("wallet")) {
        payment.wallet = name;
    }
    if let Some(name) = fields.filled("depositor") {
        name.clone_into(&mut payment.buyer_name);
    }
    if let Some(phone) = fields.filled("phone") {
        phone.clone_into(&mut payment.phone);
    }
    if let Ok(months) = fields.text("installments").parse() {
        payment.installments = months;
    }
}
