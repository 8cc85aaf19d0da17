//! In the browsers inside apps: known by how they name themselves, never by a real app, which no test here has.

use serde_json::json;

use crate::checkout_element::{Means, Way};
use crate::engine::{Engine, Options, chromium};
use crate::journey::{Buyer, journey_with};

/// As KakaoTalk's browser on Android names itself.
const KAKAO: &str = "Mozilla/5.0 (Linux; Android 13; SM-X706N Build/TP1A.220624.014; wv) AppleWebKit/537.36 \
    (KHTML, like Gecko) Version/4.0 Chrome/115.0.5790.138 Safari/537.36;KAKAOTALK 2410310";
/// As Instagram's on an iPhone does.
const INSTAGRAM: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 16_5_1 like Mac OS X) AppleWebKit/605.1.15 \
    (KHTML, like Gecko) Mobile/15E148 Instagram 292.0.0.17.111";

/// WebKit's driver gives names to its browser before it starts, Chromium's to a page: one way is enough.
fn inside(agent: &str, story: impl AsyncFnOnce(&mut Buyer)) {
    if Engine::of_this_run() != Engine::Chromium {
        return;
    }
    let mut options = chromium(Way::Phone);
    options["mobileEmulation"]["userAgent"] = agent.into();
    journey_with(Way::Phone, Options::Chromium(options), story);
}

const OFFERED: &str = "
    const box = document.querySelector('hanbeon-checkout')?.shadowRoot?.querySelector('[data-testid=inapp]');
    return box ? [box.hidden, box.querySelector('a')?.href ?? null, box.textContent] : null";

#[test]
fn r21_kakaotalk_is_offered_a_real_browser_and_pays_inside_all_the_same() {
    inside(KAKAO, async |buyer| {
        let means = Means::TossCard;
        let checkout = buyer.enter_with(means.sku()).await;
        buyer.until_part("inapp").await;
        let offered = buyer.script(OFFERED).await;
        let page = buyer.client.current_url().await.unwrap();
        let asked = url_of(offered[1].as_str().unwrap(), "kakaotalk://web/openExternal?url=");
        assert_eq!((asked.as_str(), &offered[0]), (page.as_str(), &json!(false)));
        buyer.pay(means).await;
        buyer.press_in_window("#approve").await;
        let said = buyer.until_paid().await;
        assert!(!said.words.is_empty());
        let offered = buyer.script(OFFERED).await;
        assert!(offered.is_null() || offered[0] == true, "nothing is left to be paid: {offered}");
        checkout.assert_paid_once(1);
        assert_eq!(checkout.view()["attempts"][0]["presentation"], "redirect");
    });
}

#[test]
fn r21_where_no_address_leaves_the_app_a_person_is_told_how() {
    inside(INSTAGRAM, async |buyer| {
        buyer.enter_with(Means::TossCard.sku()).await;
        buyer.until_part("inapp").await;
        let offered = buyer.script(OFFERED).await;
        assert!(offered[1].is_null(), "{offered}");
        let words = offered[2].as_str().unwrap();
        assert!(words.contains("Instagram") && words.contains("주소 복사"), "{words}");
    });
}

fn url_of(href: &str, scheme: &str) -> String {
    let rest = href.strip_prefix(scheme).unwrap_or_else(|| panic!("{href}"));
    content_security_policy::percent_encoding::percent_decode_str(rest)
        .decode_utf8()
        .unwrap()
        .into_owned()
}
