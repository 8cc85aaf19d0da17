//! What stands in a page: scripts, styles, pictures, frames, and its `meta` tags.

use std::collections::BTreeMap;

use content_security_policy::Url;
use html5gum::{DefaultEmitter, HtmlString, Token, Tokenizer};

/// The loader's path at every edge.
const LOADER: &str = "/widget/element.js";

/// A script of the page.
#[derive(Debug, Clone, Default)]
pub(super) struct Script {
    /// Its address; without one it stands in the page.
    pub(super) src: Option<Url>,
    /// `type`, in lower case.
    pub(super) kind: String,
    /// `integrity`.
    pub(super) integrity: Option<String>,
    /// `nonce`.
    pub(super) nonce: Option<String>,
    /// What stands between its tags.
    pub(super) text: String,
}

impl Script {
    /// Whether a browser runs it; other types are data.
    pub(super) fn runs(&self) -> bool {
        matches!(
            self.kind.as_str(),
            "" | "module" | "text/javascript" | "application/javascript" | "text/ecmascript"
        )
    }

    /// Whether it is the payment element's loader.
    pub(super) fn is_loader(&self) -> bool {
        self.src.as_ref().is_some_and(|src| src.path().ends_with(LOADER))
    }
}

/// What is in a page.
#[derive(Debug, Clone, Default)]
pub(super) struct Document {
    /// Scripts, in their order.
    pub(super) scripts: Vec<Script>,
    /// Style sheets with an address.
    pub(super) sheets: Vec<Url>,
    /// Pictures.
    pub(super) images: Vec<Url>,
    /// Frames of the page itself.
    pub(super) frames: Vec<Url>,
    /// Where its forms go.
    pub(super) forms: Vec<Url>,
    /// `style` elements and attributes, which a strict policy refuses.
    pub(super) inline_styles: usize,
    /// `onclick` and its like.
    pub(super) handlers: usize,
    /// `meta http-equiv`: the name in lower case, and the content.
    pub(super) metas: Vec<(String, String)>,
    /// Whether the tag of the element stands in the page.
    pub(super) has_element: bool,
}

impl Document {
    /// The origin from which the element is loaded.
    pub(super) fn edge(&self) -> Option<Url> {
        let loader = self.scripts.iter().find(|script| script.is_loader())?;
        let origin = loader.src.as_ref()?.origin().ascii_serialization();
        Url::parse(&origin).ok()
    }
}

/// Reads a page.
pub(super) fn read(body: &[u8], page: &Url) -> Document {
    let text = String::from_utf8_lossy(body);
    let mut emitter = DefaultEmitter::default();
    // Scripts and styles are text until their own end.
    emitter.naively_switch_states(true);
    let mut document = Document::default();
    let mut base = page.clone();
    let mut open = None;
    for Ok(token) in Tokenizer::new_with_emitter(&*text, emitter) {
        match token {
            Token::StartTag(tag) => {
                let attributes = tag.attributes.iter();
                let attributes: BTreeMap<String, String> =
                    attributes.map(|(name, value)| (words(name), words(value))).collect();
                if words(&tag.name) == "base"
                    && let Some(href) = attributes.get("href")
                {
                    base = page.join(href).unwrap_or(base);
                }
                document.start(&words(&tag.name), &attributes, &base, &mut open);
            }
            Token::String(text) => {
                if let Some(script) = &mut open {
                    script.text.push_str(&words(&text));
                }
            }
            Token::EndTag(tag) => {
                if words(&tag.name) == "script" {
                    document.scripts.extend(open.take());
                }
            }
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    document.scripts.extend(open);
    document
}

impl Document {
    fn start(
        &mut self,
        tag: &str,
        attributes: &BTreeMap<String, String>,
        base: &Url,
        open: &mut Option<Script>,
    ) {
        let get = |name: &str| attributes.get(name).cloned();
        let address = |name: &str| base.join(attributes.get(name)?).ok();
        self.handlers += attributes.keys().filter(|name| name.starts_with("on")).count();
        self.inline_styles += usize::from(attributes.contains_key("style") || tag == "style");
        match tag {
            "script" => {
                *open = Some(Script {
                    src: address("src"),
                    kind: get("type").unwrap_or_default().trim().to_ascii_lowercase(),
                    integrity: get("integrity").filter(|value| !value.is_empty()),
                    nonce: get("nonce"),
                    text: String::new(),
                });
            }
            "link" => {
                let rel = get("rel").unwrap_or_default().to_ascii_lowercase();
                let is = |word: &str| rel.split_ascii_whitespace().any(|one| one == word);
                if is("stylesheet") {
                    self.sheets.extend(address("href"));
                } else if is("icon") {
                    self.images.extend(address("href"));
                }
            }
            "img" => self.images.extend(address("src")),
            "iframe" => self.frames.extend(address("src")),
            "form" => self.forms.extend(address("action")),
            "meta" => {
                if let (Some(name), Some(content)) = (get("http-equiv"), get("content")) {
                    self.metas.push((name.trim().to_ascii_lowercase(), content));
                }
            }
            "hanbeon-checkout" => self.has_element = true,
            _ => {}
        }
    }
}

fn words(text: &HtmlString) -> String {
    String::from_utf8_lossy(text).into_owned()
}
