//! The buyer's pages: one layout for all providers, in Korean and English, that works without
//! scripts, on a phone, on a desktop and inside a frame.

use super::Response;

/// The language of a page or a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// Korean, the providers' default.
    Ko,
    /// English.
    En,
}

impl Lang {
    /// `en` and its regions are English; everything else is Korean.
    #[must_use]
    pub fn of(tag: &str) -> Self {
        if tag.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("en")) {
            Self::En
        } else {
            Self::Ko
        }
    }

    /// The text of this language.
    #[must_use]
    pub fn pick<'a>(self, korean: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Ko => korean,
            Self::En => english,
        }
    }

    /// The name of these that is in this language.
    #[must_use]
    pub fn of_pair(self, [korean, english]: [&'static str; 2]) -> &'static str {
        match self {
            Self::Ko => korean,
            Self::En => english,
        }
    }

    /// Its tag.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Ko => "ko",
            Self::En => "en",
        }
    }
}

/// A provider's clothes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brand {
    /// What the page calls itself, Korean and English.
    pub names: [&'static str; 2],
    /// One letter for the logo.
    pub monogram: &'static str,
    /// Its own colours, as custom properties of the style sheet; empty for the common ones.
    pub colours: &'static str,
}

/// What is bought, as every page of the window repeats it.
#[derive(Debug, Clone, Copy)]
pub struct Purchase<'a> {
    /// Who sells.
    pub merchant: &'a str,
    /// What.
    pub goods: &'a str,
    /// For how much, in KRW.
    pub amount: u64,
    /// Our request id.
    pub order_id: &'a str,
}

/// A page of the window. `body` is markup that was put together with [`escaped`] values.
#[derive(Debug, Clone)]
pub struct Sheet<'a> {
    /// Whose page.
    pub brand: &'static Brand,
    /// Its language.
    pub lang: Lang,
    /// What is bought; absent on pages about nothing in particular.
    pub purchase: Option<Purchase<'a>>,
    /// Address of the same page in the other language, when it can be asked for again.
    pub other_lang: Option<String>,
    /// The page's own part.
    pub body: String,
    /// A script at the end; the page must be usable without it.
    pub script: String,
}

/// Text that is safe between tags and inside quoted attributes.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// Text that is safe as a string inside a script element.
#[must_use]
pub fn script_text(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('<', "\\u003c")
}

/// `31,000원` or `₩31,000`.
#[must_use]
pub fn money(amount: u64, lang: Lang) -> String {
    let digits = amount.to_string();
    let mut grouped = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match lang {
        Lang::Ko => format!("{grouped}원"),
        Lang::En => format!("₩{grouped}"),
    }
}

/// A hidden field.
#[must_use]
pub fn hidden(name: &str, value: &str) -> String {
    format!(r#"<input type="hidden" name="{}" value="{}">"#, escaped(name), escaped(value))
}

/// A whole page.
#[must_use]
pub fn page(status: u16, sheet: &Sheet<'_>) -> Response {
    let Sheet { brand, lang, .. } = *sheet;
    let name = lang.of_pair(brand.names);
    let summary = sheet.purchase.map_or_else(String::new, |purchase| {
        format!(
            r#"<dl class="order">
<div class="sum"><dt>{amount_word}</dt><dd class="amount" id="amount">{amount}</dd></div>
<div><dt>{merchant_word}</dt><dd id="merchant">{merchant}</dd></div>
<div><dt>{goods_word}</dt><dd id="goods">{goods}</dd></div>
<div class="fine"><dt>{order_word}</dt><dd>{order}</dd></div>
</dl>"#,
            amount_word = lang.pick("결제 금액", "Amount"),
            amount = money(purchase.amount, lang),
            merchant_word = lang.pick("판매자", "Merchant"),
            merchant = escaped(purchase.merchant),
            goods_word = lang.pick("상품", "Item"),
            goods = escaped(purchase.goods),
            order_word = lang.pick("주문번호", "Order no."),
            order = escaped(purchase.order_id),
        )
    });
    let switch = sheet.other_lang.as_ref().map_or_else(String::new, |href| {
        format!(
            r#"<a class="lang" href="{}">{}</a>"#,
            escaped(href),
            lang.pick("English", "한국어")
        )
    });
    let script = if sheet.script.is_empty() {
        String::new()
    } else {
        format!("<script>{}</script>", sheet.script)
    };
    let html = format!(
        r#"<!doctype html>
<html lang="{tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{name}</title>
<link rel="icon" href="data:,">
<style>{css}</style>
</head>
<body style="{colours}">
<p class="ribbon"><b>SANDBOX</b> <span>{ribbon}</span></p>
<main{alone}>
<header><span class="logo" aria-hidden="true">{monogram}</span><h1>{name}</h1>{switch}</header>
{summary}
<section class="sheet">
{body}
</section>
</main>
{script}
</body>
</html>
"#,
        tag = lang.tag(),
        css = include_str!("window/style.css"),
        colours = brand.colours,
        ribbon =
            lang.pick("테스트 결제 · 돈이 빠져나가지 않습니다", "Test payment · no money moves"),
        alone = if sheet.purchase.is_some() { "" } else { r#" class="alone""# },
        monogram = brand.monogram,
        body = sheet.body,
    );
    Response::page(status, html)
}

/// A page that only says something.
#[must_use]
pub fn notice(status: u16, brand: &'static Brand, lang: Lang, title: &str, text: &str) -> Response {
    let body = format!(
        r#"<div class="notice" role="status"><h2>{}</h2><p>{}</p></div>"#,
        escaped(title),
        escaped(text)
    );
    let (purchase, other_lang, script) = (None, None, String::new());
    page(status, &Sheet { brand, lang, purchase, other_lang, body, script })
}

/// The page of a window that never sends the browser back.
#[must_use]
pub fn connection_lost(brand: &'static Brand, lang: Lang) -> Response {
    notice(
        200,
        brand,
        lang,
        lang.pick("연결이 끊어졌습니다", "Connection lost"),
        lang.pick(
            "가맹점으로 돌아가지 못했습니다. 이 창을 닫고 가맹점에서 결제 결과를 확인해 주세요.",
            "The way back to the shop is lost. Close this window and look at the shop for the result.",
        ),
    )
}

/// The page of an issuer that wants one thing more: it goes on by itself after a moment.
#[must_use]
pub fn challenge(
    brand: &'static Brand,
    lang: Lang,
    purchase: Purchase<'_>,
    action: &str,
    fields: &str,
) -> Response {
    let body = format!(
        r#"<form method="post" action="{action}" id="challenge">
{fields}<input type="hidden" name="action" value="auth3ds_done">
<div class="notice">
<div class="spinner" aria-hidden="true"></div>
<h2>{title}</h2>
<p>{text}</p>
<p class="code" aria-hidden="true">000000</p>
</div>
<div class="actions"><button id="auth-complete" class="primary">{done}</button></div>
</form>"#,
        action = escaped(action),
        title = lang.pick("카드사 추가 인증", "Card company authentication"),
        text = lang.pick(
            "휴대폰으로 보낸 인증을 확인하고 있습니다. 잠시만 기다려 주세요.",
            "Waiting for the confirmation sent to your phone. One moment, please.",
        ),
        done = lang.pick("인증 완료", "I have confirmed"),
    );
    let script = format!(
        "setTimeout(function(){{document.getElementById('challenge').submit()}},{CHALLENGE_MS})"
    );
    page(200, &Sheet { brand, lang, purchase: Some(purchase), other_lang: None, body, script })
}

/// How long the extra authentication takes when the buyer only waits, in milliseconds.
const CHALLENGE_MS: u32 = 2_000;

#[cfg(test)]
mod tests {
    use super::*;

    static SAMPLE: Brand = Brand { names: ["샌드박스", "Sandbox"], monogram: "S", colours: "" };

    #[test]
    fn amounts_are_grouped_by_thousands() {
        for (amount, korean, english) in
            [(0, "0원", "₩0"), (999, "999원", "₩999"), (1_234_567, "1,234,567원", "₩1,234,567")]
        {
            assert_eq!(money(amount, Lang::Ko), korean);
            assert_eq!(money(amount, Lang::En), english);
        }
    }

    #[test]
    fn names_with_markup_stay_text() {
        let purchase = Purchase {
            merchant: "<script>alert(1)</script>",
            goods: "\"><img src=x>",
            amount: 1,
            order_id: "'",
        };
        let response = challenge(&SAMPLE, Lang::En, purchase, "/toss/window", "");
        let html = String::from_utf8(response.body).unwrap();
        assert!(!html.contains("<script>alert"));
        assert!(!html.contains("<img"));
        assert_eq!(script_text("</script>"), "\"\\u003c/script>\"");
    }

    #[test]
    fn pages_may_be_framed() {
        let response = notice(200, &SAMPLE, Lang::Ko, "a", "b");
        assert_eq!(response.header("x-frame-options"), None);
        assert_eq!(response.header("content-security-policy"), None);
    }

    #[test]
    fn english_is_asked_for_by_tag() {
        for (tag, expected) in [
            ("en", Lang::En),
            ("EN-us", Lang::En),
            ("ko", Lang::Ko),
            ("", Lang::Ko),
            ("한국", Lang::Ko),
        ] {
            assert_eq!(Lang::of(tag), expected, "{tag}");
        }
    }
}
