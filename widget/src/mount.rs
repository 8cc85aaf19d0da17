//! The three calls of the loader: mount, update, unmount.

use std::rc::Rc;

use leptos::prelude::{document, window};
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{Element, HtmlElement, ShadowRoot};

use crate::drive::Drive;
use crate::flow::{Flow, Input};
use crate::options::{Attributes, Options, Theme, device};
use crate::page::dispatch_error;
use crate::question::Asker;
use crate::text::Text;
use crate::value::{self, Value};

/// The parameter that the edge adds to the shop's address of return.
const RETURNED: &str = "hanbeon";

/// A drawn element. Freeing it does not unmount: call [`Mounted::unmount`].
#[wasm_bindgen]
pub struct Mounted {
    drive: Rc<Drive>,
    root: Element,
}

/// Draws the element inside its shadow root. `edge` is the origin from which the loader came;
/// `pressed` says that the buyer was quicker than we are; `checkout` and `token` are the attributes', or
/// what `quote.js` found in their place, and `refused` is why it found nothing; `text` is a language's file.
/// Nothing is drawn when an attribute is wrong: the page hears `hanbeon-error` for each.
#[wasm_bindgen]
#[must_use]
pub fn mount(
    host: HtmlElement,
    edge: String,
    pressed: bool,
    checkout: String,
    token: String,
    refused: String,
    text: &str,
) -> Option<Mounted> {
    let shadow = host.shadow_root()?;
    let is_refused = !refused.is_empty();
    let given = attributes(&host, checkout, token, is_refused);
    let options = match Options::parse(&given) {
        Ok(options) => options,
        Err(problems) => {
            for problem in problems {
                dispatch_error(&host, problem.code());
            }
            return None;
        }
    };
    let mounted = draw(host, &shadow, options, edge, text, pressed, !is_refused)?;
    if is_refused {
        mounted.drive.feed(Input::Refused { code: refused, memory: None });
    }
    Some(mounted)
}

fn draw(
    host: HtmlElement,
    shadow: &ShadowRoot,
    options: Options,
    edge: String,
    text: &str,
    pressed: bool,
    asks: bool,
) -> Option<Mounted> {
    let navigator = window().navigator();
    let agent = navigator.user_agent().unwrap_or_default();
    let Options { checkout, token, theme, presentation } = options;
    let device = device(&agent, navigator.max_touch_points());
    let text = Text::new(value::parse(text).unwrap_or(Value::Null));
    let asker = Asker { edge, checkout, device, locale: text.window().to_owned() };
    let (flow, effects) = Flow::start(token.clone(), presentation, pressed);
    let drive = Drive::new(host, asker, text, token, flow);
    // Into a `div`: a shadow root is not an element, and what is drawn straight into it vanishes.
    let root = document().create_element("div").ok()?;
    shadow.replace_children_with_node_1(&root);
    let _set = root.set_attribute("data-theme", theme.word());
    drive.draw(&root);
    drive.start(if asks { effects } else { Vec::new() });
    Some(Mounted { drive, root })
}

#[wasm_bindgen]
impl Mounted {
    /// An attribute changed. `true`: the element may be mounted anew with it.
    #[must_use]
    pub fn update(&self, name: &str, value: &str) -> bool {
        if name == "theme" {
            let _set = self.root.set_attribute("data-theme", Theme::parse(value).word());
            return false;
        }
        if self.drive.has_begun() {
            self.drive.error("attribute_locked");
            return false;
        }
        true
    }

    /// Takes everything away that was drawn, heard, timed or opened.
    pub fn unmount(self) {
        self.drive.end();
        self.root.remove();
    }
}

fn attributes(host: &HtmlElement, checkout: String, token: String, refused: bool) -> Attributes {
    let read = |name| host.get_attribute(name).unwrap_or_default();
    let returned = window()
        .location()
        .search()
        .and_then(|search| web_sys::UrlSearchParams::new_with_str(&search))
        .ok()
        .and_then(|search| search.get(RETURNED))
        .unwrap_or_default();
    Attributes {
        checkout,
        token,
        theme: read("theme"),
        presentation: read("presentation"),
        returned,
        refused,
    }
}
