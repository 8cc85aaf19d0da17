//! The two pages that buyers see for a moment: the one in front of the provider's window, and the one
//! that closes it.
//!
//! # Why
//! No script is ever written into a page: scripts are static files, data lies in a JSON block that no
//! text can leave, and the policy (built for each page, since it names the provider and the shop)
//! allows nothing else. So a goods name made of markup is a goods name.
//!
//! What the pages post to the shop's page says only "look now" (I-18). It goes to one exact origin; a
//! wildcard does not exist here.

use crate::address::Address;
use crate::json::{Writer, for_script};
use crate::provider::Window;

/// A page: its bytes and every header that is not the HTTP status.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// HTML.
    pub body: String,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
}

/// The origin of an address, as browsers print it; `None` when it has none.
#[must_use]
pub fn origin_of(address: &str) -> Option<String> {
    Address::parse(address).map(|address| address.origin.to_owned())
}

/// What every page needs to know.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// `en`, or Korean for everything else.
    pub locale: &'a str,
    /// The origin of the page that carries the widget: the one target of every message.
    pub shop_origin: &'a str,
    /// Every origin of the merchant: who may frame the page.
    pub shop_origins: &'a [String],
    /// The presentation's nonce, 32 hexadecimal digits.
    pub nonce: &'a str,
    /// The attempt.
    pub attempt: &'a str,
}

/// The page that leads into the provider's window.
#[must_use]
pub fn window(frame: &Frame<'_>, window: &Window) -> Page {
    let text = Text::of(frame.locale);
    match window {
        Window::Form { action, fields } => {
            let inputs: String = fields
                .iter()
                .map(|(name, value)| {
                    let (name, value) = (escape(name), escape(value));
                    format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
                })
                .collect();
            let content = format!(
                "{}<form id=\"form\" method=\"post\" accept-charset=\"utf-8\" action=\"{}\">{inputs}\
                 <noscript><button type=\"submit\">{}</button></noscript></form>",
                spinner(text.leading),
                escape(action),
                text.go_on,
            );
            let sources = sources(action);
            let policy = format!("script-src 'self'; form-action {sources}");
            page(frame, &text, &content, &["/window/start.js", "/window/form.js"], None, &policy)
        }
        Window::Script { src, starter, data } => {
            let content =
                format!("{}<noscript>{}</noscript>", spinner(text.leading), text.no_script);
            let sources = sources(src);
            let policy = format!(
                "script-src 'self' {sources}; frame-src {sources}; connect-src {sources}; \
                 img-src {sources} data:; form-action {sources}"
            );
            let starter = format!("/window/{starter}.js");
            page(frame, &text, &content, &["/window/start.js", src, &starter], Some(data), &policy)
        }
    }
}

/// The page to which the provider sends a frame or a popup back: it tells the shop's page to look and,
/// in a popup, closes itself. `shop_url` is offered to a buyer whose window has lost its opener.
#[must_use]
pub fn closing(frame: &Frame<'_>, shop_url: &str) -> Page {
    let text = Text::of(frame.locale);
    let content = format!(
        "{}<p id=\"back\" hidden>{} <a href=\"{}\">{}</a></p><noscript><p>{} <a href=\"{}\">{}</a></p>\
         </noscript>",
        spinner(text.checking),
        text.may_close,
        escape(shop_url),
        text.back,
        text.may_close,
        escape(shop_url),
        text.back,
    );
    page(
        frame,
        &text,
        &content,
        &["/window/close.js"],
        None,
        "script-src 'self'; form-action 'none'",
    )
}

/// What a person reads whose link into a window, or back from one, is not good any more. In both
/// languages, because nothing here says which one they read; it names nothing of the request.
#[must_use]
pub fn lost() -> Page {
    let content = [&KO, &EN].map(|text| format!("<p lang=\"{}\">{}</p>", text.lang, text.lost));
    let body = html(&KO, "", &content.concat());
    Page {
        body,
        headers: headers("default-src 'none'; base-uri 'none'; style-src 'self'".to_owned()),
    }
}

fn page(
    frame: &Frame<'_>,
    text: &Text,
    content: &str,
    scripts: &[&str],
    data: Option<&str>,
    policy: &str,
) -> Page {
    let block = Writer::document(|block| {
        block.name("target").text(frame.shop_origin);
        block.name("nonce").text(frame.nonce);
        block.name("attempt").text(frame.attempt);
        // JSON in JSON: whatever the adapter wrote stays one text until its own starter reads it.
        block.name("data").text_or_null(data);
    });
    let block = for_script(&block);
    let scripts: String = scripts
        .iter()
        .map(|src| format!("<script src=\"{}\" defer></script>", escape(src)))
        .collect();
    let head =
        format!("<script type=\"application/json\" id=\"hanbeon\">{block}</script>{scripts}");
    let body = html(text, &head, content);
    let policy = format!(
        "default-src 'none'; base-uri 'none'; style-src 'self'; {policy}; frame-ancestors {}",
        ancestors(frame.shop_origins),
    );
    Page { body, headers: headers(policy) }
}

fn html(text: &Text, head: &str, content: &str) -> String {
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\"><title>{}</title>\
         <link rel=\"stylesheet\" href=\"/window/window.css\">{head}</head>\
         <body><main>{content}</main></body></html>",
        text.lang, text.title,
    )
}

fn headers(policy: String) -> Vec<(&'static str, String)> {
    vec![
        ("content-type", "text/html; charset=utf-8".to_owned()),
        ("content-security-policy", policy),
        ("referrer-policy", "no-referrer".to_owned()),
        ("cache-control", "no-store".to_owned()),
    ]
}

fn ancestors(origins: &[String]) -> String {
    if origins.is_empty() { "'none'".to_owned() } else { origins.join(" ") }
}

/// The sources that a provider's address stands for in a policy: its origin and, for a host such as
/// `js.provider.com`, its siblings, because a provider's script loads its frames from them. Two-level
/// suffixes such as `co.kr` are never a parent. An address without an origin allows nothing.
fn sources(address: &str) -> String {
    const SUFFIX_LABEL_MAX: usize = 3;
    let Some(Address { origin, secure, host, .. }) = Address::parse(address) else {
        return "'none'".to_owned();
    };
    let parent = host.split_once('.').map_or("", |(_, parent)| parent);
    let is_name = parent.split_once('.').is_some_and(|(own, _)| own.len() > SUFFIX_LABEL_MAX);
    let siblings = if is_name && secure { format!(" https://*.{parent}") } else { String::new() };
    format!("{origin}{siblings}")
}

/// Escapes for text and for attribute values in double quotes.
fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
        out
    })
}

fn spinner(sentence: &str) -> String {
    format!("<div class=\"spinner\" aria-hidden=\"true\"></div><p role=\"status\">{sentence}</p>")
}

/// Every sentence of the pages; ours, so they need no escaping.
struct Text {
    lang: &'static str,
    title: &'static str,
    leading: &'static str,
    go_on: &'static str,
    no_script: &'static str,
    checking: &'static str,
    may_close: &'static str,
    back: &'static str,
    lost: &'static str,
}

impl Text {
    fn of(locale: &str) -> Self {
        if locale == "en" { EN } else { KO }
    }
}

const KO: Text = Text {
    lang: "ko",
    title: "결제",
    leading: "안전하게 결제창으로 이동 중입니다",
    go_on: "결제창으로 이동",
    no_script: "결제창을 열려면 자바스크립트를 켜 주세요.",
    checking: "결제 결과를 확인하고 있습니다",
    may_close: "이 창을 닫아도 됩니다.",
    back: "쇼핑몰로 돌아가기",
    lost: "이 결제창은 지금 열 수 없습니다. 쇼핑몰 화면에서 결제 상태를 확인해 주세요.",
};

const EN: Text = Text {
    lang: "en",
    title: "Payment",
    leading: "Taking you safely to the payment window",
    go_on: "Go to the payment window",
    no_script: "Please turn on JavaScript to open the payment window.",
    checking: "Checking the result of your payment",
    may_close: "You can close this window.",
    back: "Back to the shop",
    lost: "This payment window cannot be opened now. The shop's page shows where your payment stands.",
};

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "</script><script>alert(1)</script><!--\u{2028}\u{2029}\"'><img src=x onerror=alert(1)>&amp;";

    #[test]
    fn a_lost_link_is_answered_in_both_languages_and_runs_nothing() {
        let page = lost();
        assert!(page.body.contains("<p lang=\"ko\">") && page.body.contains("<p lang=\"en\">"));
        assert!(!page.body.contains("<script"), "{}", page.body);
        let policy = page.headers.iter().find(|(name, _)| *name == "content-security-policy");
        assert!(policy.unwrap().1.starts_with("default-src 'none'"));
    }

    fn frame(origins: &[String]) -> Frame<'_> {
        Frame {
            locale: "ko",
            shop_origin: "https://shop.kr",
            shop_origins: origins,
            nonce: "00112233445566778899aabbccddeeff",
            attempt: "att_g1s03_00000000000000000000000000000007",
        }
    }

    fn origins() -> Vec<String> {
        vec!["https://shop.kr".to_owned(), "https://m.shop.kr".to_owned()]
    }

    fn form(value: &str) -> Page {
        let fields = vec![("goods_name".to_owned(), value.to_owned())];
        let action = "http://psp.localhost:4411/kb/window".to_owned();
        window(&frame(&origins()), &Window::Form { action, fields })
    }

    fn script(src: &str, data: &str) -> Page {
        let (src, data) = (src.to_owned(), data.to_owned());
        window(&frame(&origins()), &Window::Script { src, starter: "tosspayments", data })
    }

    fn policy(page: &Page) -> &str {
        let (_, value) =
            page.headers.iter().find(|(name, _)| *name == "content-security-policy").unwrap();
        value
    }

    /// The data that the page's scripts would read.
    fn block(page: &Page) -> serde_json::Value {
        let (_, rest) = page.body.split_once("id=\"hanbeon\">").unwrap();
        serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
    }

    #[test]
    fn a_hostile_goods_name_stays_a_value_of_the_form() {
        let page = form(HOSTILE);
        let plain = form("camera");
        let count = |page: &Page, what: &str| page.body.matches(what).count();
        for tag in ["<", ">", "\"", "'", "<script", "<img", "<!--"] {
            assert_eq!(count(&page, tag), count(&plain, tag), "{tag}");
        }
        assert!(page.body.contains("&lt;/script&gt;&lt;script&gt;alert(1)"));
    }

    #[test]
    fn hostile_data_stays_inside_its_block_and_reads_back() {
        let data = serde_json::to_string(&serde_json::json!({ "orderName": HOSTILE })).unwrap();
        let page = script("https://js.tosspayments.com/v2/standard", &data);
        assert_eq!(page.body.matches("<script").count(), 4);
        assert!(!page.body.contains("<img") && !page.body.contains('\u{2028}'));
        let inner: serde_json::Value =
            serde_json::from_str(block(&page)["data"].as_str().unwrap()).unwrap();
        assert_eq!(inner["orderName"], HOSTILE);
        assert_eq!(block(&page)["target"], "https://shop.kr");
    }

    #[test]
    fn the_form_page_allows_its_provider_and_nothing_else() {
        assert_eq!(
            policy(&form("camera")),
            "default-src 'none'; base-uri 'none'; style-src 'self'; script-src 'self'; \
             form-action http://psp.localhost:4411; \
             frame-ancestors https://shop.kr https://m.shop.kr"
        );
    }

    #[test]
    fn the_script_page_allows_the_providers_siblings() {
        let page = script("https://js.tosspayments.com/v2/standard", "{}");
        let toss = "https://js.tosspayments.com https://*.tosspayments.com";
        assert_eq!(
            policy(&page),
            format!(
                "default-src 'none'; base-uri 'none'; style-src 'self'; script-src 'self' {toss}; \
                 frame-src {toss}; connect-src {toss}; img-src {toss} data:; form-action {toss}; \
                 frame-ancestors https://shop.kr https://m.shop.kr"
            )
        );
        let order = ["/window/start.js", "js.tosspayments.com", "/window/tosspayments.js"];
        let places: Vec<_> = order.iter().map(|part| page.body.find(part).unwrap()).collect();
        assert!(places.is_sorted(), "the starter runs last: {places:?}");
    }

    #[test]
    fn sources_never_open_a_whole_suffix() {
        for (address, expected) in [
            ("http://psp.localhost:4411/toss/v2/standard", "http://psp.localhost:4411"),
            ("https://pay.co.kr/x", "https://pay.co.kr"),
            ("https://pay.com/x", "https://pay.com"),
            ("https://a.pay.co.kr/x", "https://a.pay.co.kr"),
            ("https://js.provider.co.kr/x", "https://js.provider.co.kr https://*.provider.co.kr"),
            ("https://10.0.0.1/x", "'none'"),
            ("https://127.0.0.1:8443/x", "https://127.0.0.1:8443"),
            ("javascript:alert(1)", "'none'"),
            ("/relative", "'none'"),
            ("https://a.example; script-src *", "'none'"),
            ("https://a.example;script-src", "'none'"),
        ] {
            assert_eq!(sources(address), expected, "{address}");
        }
    }

    #[test]
    fn pages_are_neither_stored_nor_named_to_others() {
        for page in
            [form("a"), script("https://pay.com/a", "{}"), closing(&frame(&[]), "https://shop.kr/")]
        {
            let has = |name: &str, value: &str| {
                page.headers.iter().any(|(n, v)| *n == name && v == value)
            };
            assert!(has("referrer-policy", "no-referrer") && has("cache-control", "no-store"));
            assert!(has("content-type", "text/html; charset=utf-8"));
        }
    }

    #[test]
    fn the_closing_page_offers_the_way_back() {
        let shop_url = "https://shop.kr/done?a=1&hanbeon=chk_1";
        let page = closing(&Frame { locale: "en", ..frame(&origins()) }, shop_url);
        assert_eq!(
            page.body.matches("href=\"https://shop.kr/done?a=1&amp;hanbeon=chk_1\"").count(),
            2
        );
        assert!(page.body.contains("lang=\"en\"") && page.body.contains("Back to the shop"));
        assert!(policy(&page).contains("form-action 'none'; frame-ancestors https://shop.kr"));
        assert_eq!(block(&page)["nonce"], "00112233445566778899aabbccddeeff");
        let alone = closing(&frame(&[]), shop_url);
        assert!(policy(&alone).ends_with("frame-ancestors 'none'"));
    }

    #[test]
    fn every_script_of_the_pages_exists() {
        let files = concat!(env!("CARGO_MANIFEST_DIR"), "/assets");
        for page in [form("a"), script("https://pay.com/a", "{}"), closing(&frame(&[]), "/")] {
            for part in page.body.split("=\"/window/").skip(1) {
                let name = part.split('"').next().unwrap();
                let path = format!("{files}/window/{name}");
                let text = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{path}"));
                assert!(!text.contains("\"*\"") && !text.contains("'*'"), "row 126: {name}");
            }
        }
    }
}
