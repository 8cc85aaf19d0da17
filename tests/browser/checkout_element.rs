//! `<hanbeon-checkout>` as its buyer sees it: what it says, and what can be pressed.

use fantoccini::Locator;
use fantoccini::actions::{InputSource as _, MouseActions, PointerAction, TouchActions};
use fantoccini::elements::Element;

use crate::engine::Engine;
use crate::journey::{Buyer, until};
use crate::shop_page::{BOOK, FILM};

/// How a payment is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A frame over the page.
    Iframe,
    /// A window of its own.
    Popup,
    /// The tab itself goes there.
    Redirect,
    /// A phone: the widget chooses, and must choose the redirect.
    Phone,
    /// A phone, and a provider that knows nothing but popups.
    PhonePopup,
}

impl Way {
    /// The element's `presentation`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Iframe => "iframe",
            Self::Popup => "popup",
            Self::Redirect => "redirect",
            Self::Phone | Self::PhonePopup => "auto",
        }
    }

    /// What the attempt says of it afterwards.
    pub fn shown(self) -> &'static str {
        match self {
            Self::Iframe => "iframe",
            Self::Popup | Self::PhonePopup => "popup",
            // A phone takes what its provider likes best there.
            Self::Redirect | Self::Phone => "redirect",
        }
    }

    /// Whether the buyer holds a phone.
    pub fn is_phone(self) -> bool {
        matches!(self, Self::Phone | Self::PhonePopup)
    }

    /// Whether the provider has a window of its own.
    pub fn pops_up(self) -> bool {
        matches!(self, Self::Popup | Self::PhonePopup)
    }

    /// Whether the tab leaves the shop.
    pub fn leaves(self) -> bool {
        matches!(self, Self::Redirect | Self::Phone)
    }
}

/// How the buyer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// A card at the provider where the shop captures.
    TossCard,
    /// An account of one's own, paid into later.
    TossAccount,
    /// The provider that captures inside its window.
    Kb,
    /// A transfer at the provider whose window nothing closes.
    Portone,
    /// A card at the bookshop's other provider.
    TossBooks,
    /// A card at the escrow that its buyers join first, in popups alone.
    Unicro,
    /// An account there.
    UnicroAccount,
}

impl Means {
    /// The method's id.
    pub fn id(self) -> &'static str {
        match self {
            Self::TossCard => "toss_card",
            Self::TossAccount => "toss_virtual_account",
            Self::Kb => "kb_kb_pay",
            Self::Portone => "portone_transfer",
            Self::TossBooks => "toss_books_card",
            Self::Unicro => "unicro_card",
            Self::UnicroAccount => "unicro_virtual_account",
        }
    }

    /// What is bought with it: the shops have different providers.
    pub fn sku(self) -> &'static str {
        match self {
            Self::TossCard | Self::TossAccount | Self::Kb => FILM,
            Self::Unicro | Self::UnicroAccount => FILM,
            Self::Portone | Self::TossBooks => BOOK,
        }
    }

    /// Whose books and faults.
    pub fn provider(self) -> &'static str {
        match self {
            Self::TossCard | Self::TossAccount | Self::TossBooks => "tosspayments",
            Self::Kb => "kb",
            Self::Portone => "portone_v2",
            Self::Unicro | Self::UnicroAccount => "unicro",
        }
    }

    /// What is read when the issuer says no. PortOne hands on codes of the providers behind it, and no
    /// document says what they mean: no reason is better than a wrong one.
    pub fn refusal(self) -> &'static str {
        match self {
            Self::Portone => "결제되지 않았습니다",
            _ => "승인하지 않았습니다",
        }
    }

    /// Whether its buyers join first. Such a provider has popups alone, and nothing leads back from them.
    pub fn joins(self) -> bool {
        matches!(self, Self::Unicro | Self::UnicroAccount)
    }

    /// What a buyer tries next.
    pub fn other(self) -> Self {
        match self {
            Self::TossCard | Self::TossAccount => Self::Kb,
            Self::Kb | Self::Unicro | Self::UnicroAccount => Self::TossCard,
            Self::Portone => Self::TossBooks,
            Self::TossBooks => Self::Portone,
        }
    }
}

/// What the element says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// `paid`, `not_paid` or `checking`.
    pub outcome: String,
    /// The edge's word.
    pub phase: String,
    /// The sentence.
    pub words: String,
    /// The `data-testid` of everything that is there.
    pub parts: Vec<String>,
}

impl Said {
    /// Whether a part is there.
    pub fn has(&self, part: &str) -> bool {
        self.parts.iter().any(|have| have == part)
    }
}

const READ: &str = r#"
const root = document.querySelector("hanbeon-checkout")?.shadowRoot;
const state = root?.querySelector("[data-testid=state]");
if (!state) return null;
const parts = [...root.querySelectorAll("[data-testid]")].map((part) => part.dataset.testid);
return [state.dataset.outcome, state.dataset.phase, state.innerText, parts];
"#;

impl Buyer {
    /// What the element says now.
    pub async fn said(&self) -> Option<Said> {
        let read = self.script(READ).await;
        let word = |n: usize| Some(read.get(n)?.as_str()?.to_owned());
        let parts = read.get(3)?.as_array()?.iter();
        Some(Said {
            outcome: word(0)?,
            phase: word(1)?,
            words: word(2)?,
            parts: parts.filter_map(|part| part.as_str().map(str::to_owned)).collect(),
        })
    }

    /// Waits until the element says what is looked for.
    pub async fn until_said(&self, what: &str, fits: impl Fn(&Said) -> bool) -> Said {
        let mut last = None;
        until(what, async || {
            last = self.said().await.or_else(|| last.take());
            last.clone().filter(&fits)
        })
        .await
    }

    /// Waits for a part.
    pub async fn until_part(&self, part: &str) -> Said {
        self.until_said(part, |said| said.has(part)).await
    }

    /// Waits for "paid".
    pub async fn until_paid(&self) -> Said {
        let said = self.until_said("paid", |said| said.outcome == "paid").await;
        assert_eq!(said.phase, "paid");
        assert!(!said.has("pay") && !said.has("retry"), "nothing can be paid twice: {said:?}");
        said
    }

    /// A part of the element, to press it as a person does.
    pub async fn part(&self, part: &str) -> Element {
        until(part, async || self.part_now(part).await).await
    }

    async fn part_now(&self, part: &str) -> Option<Element> {
        let css = format!("[data-testid=\"{part}\"]");
        let host = self.client.find(Locator::Css("hanbeon-checkout")).await.ok()?;
        host.shadow_root().await.ok()?.find(Locator::Css(&css)).await.ok()
    }

    /// Presses a part, once it can be pressed.
    pub async fn press(&self, part: &str) {
        until(&format!("{part} can be pressed"), async || self.part(part).await.click().await.ok())
            .await;
    }

    /// Chooses how to pay.
    pub async fn choose(&self, means: Means) {
        self.press(&format!("method-{}", means.id())).await;
    }

    /// Chooses, presses the button, and gets to where it is paid.
    pub async fn pay(&self, means: Means) {
        self.choose(means).await;
        self.press("pay").await;
        self.join(means).await;
    }

    /// Whoever is no member yet becomes one: that popup closes itself, and the page offers to go on.
    pub async fn join(&self, means: Means) {
        if means.joins() && self.is_asked_to_join().await {
            self.press_in_window("#join").await;
            self.until_interrupted().await;
            self.press("continue").await;
        }
    }

    async fn is_asked_to_join(&self) -> bool {
        let asked = until("a page to join or to pay", async || {
            self.in_window("#join-form, #pay-form").await.attr("id").await.ok()?
        })
        .await;
        self.to_shop().await;
        asked == "join-form"
    }

    /// The window is known to be closed, and the same attempt can go on.
    pub async fn until_interrupted(&self) {
        self.until_said("a closed window", |said| {
            said.words.contains("결제창이 닫혔습니다") && said.has("continue")
        })
        .await;
    }

    /// Touches a part with a finger.
    pub async fn touch(&self, part: &str) {
        let element = self.part(part).await;
        let into_view = format!(
            "document.querySelector('hanbeon-checkout').shadowRoot
                .querySelector('[data-testid=\"{part}\"]').scrollIntoView({{ block: 'center' }})"
        );
        self.script(&into_view).await;
        let button = fantoccini::actions::MOUSE_BUTTON_LEFT;
        let finger = TouchActions::new("finger".to_owned())
            .then(PointerAction::MoveToElement { element, duration: None, x: 0.0, y: 0.0 })
            .then(PointerAction::Down { button })
            .then(PointerAction::Up { button });
        self.client.perform_actions(finger).await.unwrap();
    }

    /// Two presses, as quick as a hand that does not trust the first.
    pub async fn press_twice(&self, part: &str) {
        if Engine::of_this_run() == Engine::WebKit {
            // Its driver moves no mouse here: to it, every place is outside the window.
            self.press(part).await;
            // The first may have covered the button or left the page: a hand notices neither.
            let button = self.part_now(part).await;
            let _second = match button {
                Some(button) => button.click().await.ok(),
                None => None,
            };
            return;
        }
        let element = self.part(part).await;
        let (down, up) = (
            PointerAction::Down { button: fantoccini::actions::MOUSE_BUTTON_LEFT },
            PointerAction::Up { button: fantoccini::actions::MOUSE_BUTTON_LEFT },
        );
        let mouse = MouseActions::new("mouse".to_owned())
            .then(PointerAction::MoveToElement { element, duration: None, x: 0.0, y: 0.0 })
            .then(down.clone())
            .then(up.clone())
            .then(down)
            .then(up);
        self.client.perform_actions(mouse).await.unwrap();
    }
}
