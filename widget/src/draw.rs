//! Makes Leptos draw the face: a [`Piece`] is a view of its own, drawn once and then only mended.

use std::cell::RefCell;
use std::rc::Rc;

use leptos::prelude::*;
use leptos::tachys::html::attribute::any_attribute::AnyAttribute;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::no_attrs;
use leptos::tachys::view::{Mountable, Position, PositionState, Render, RenderHtml};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlInputElement, Node, ShadowRoot};

use crate::channel::Listener;
use crate::drive::{self, Drive, STATUS};
use crate::money;
use crate::options::Locale;
use crate::record::Status;
use crate::text;
use crate::view::{Act, Desk, Piece, face};

/// Where the face is drawn, and whose flow it shows.
#[derive(Clone)]
pub(crate) struct Canvas {
    /// The loop that hears what the buyer does.
    pub(crate) drive: SendWrapper<Rc<Drive>>,
    /// The language.
    pub(crate) locale: Locale,
}

impl Canvas {
    /// The face as it is now; whoever draws it draws again when the flow changes.
    pub(crate) fn face(&self) -> Picture {
        self.drive.track();
        let piece = self.drive.read(|flow| {
            let moment = |time: Option<&String>| {
                time.filter(|time| !time.is_empty())
                    .map(|time| money::moment(self.locale, time))
                    .unwrap_or_default()
            };
            let session = flow.session.as_ref();
            let status = flow.status.as_ref();
            let deposit = status.and_then(|Status { deposit, .. }| deposit.as_ref());
            let desk = Desk {
                text: text::of(self.locale),
                locale: self.locale,
                amount: &session.map(|it| money::show(self.locale, it.amount)).unwrap_or_default(),
                paid_at: &moment(status.and_then(|status| status.paid_at.as_ref())),
                until: &moment(deposit.map(|deposit| &deposit.until)),
            };
            face(&desk, flow)
        });
        Picture { piece, drive: self.drive.clone() }
    }
}

/// A face on its way to the page.
pub(crate) struct Picture {
    piece: Piece,
    drive: SendWrapper<Rc<Drive>>,
}

/// A piece as it is drawn.
pub(crate) struct Drawn {
    element: Element,
    piece: Piece,
    kids: Vec<Option<Self>>,
    act: Rc<RefCell<Option<Act>>>,
    _listener: Option<Listener>,
}

impl Drawn {
    fn new(piece: Piece, drive: &Rc<Drive>) -> Self {
        let element = create(piece.tag);
        let act = Rc::new(RefCell::new(None));
        let listener = piece.act.as_ref().map(|(event, _)| {
            let (act, drive) = (Rc::clone(&act), Rc::clone(drive));
            Listener::new(&element, event, move |event| {
                let now = act.borrow().clone();
                now.into_iter().for_each(|now| perform(&drive, now, &event));
            })
        });
        let blank = Piece::new(piece.tag);
        let mut drawn = Self { element, piece: blank, kids: Vec::new(), act, _listener: listener };
        drawn.mend(piece, drive);
        drawn
    }

    /// Makes what is drawn equal to `piece`, which has the same tag.
    fn mend(&mut self, mut piece: Piece, drive: &Rc<Drive>) {
        for (name, _) in &self.piece.attributes {
            if piece.get(name).is_none() {
                let _gone = self.element.remove_attribute(name);
            }
        }
        for (name, value) in &piece.attributes {
            if self.piece.get(name) != Some(value.as_ref()) {
                let _set = self.element.set_attribute(name, value);
            }
        }
        if self.piece.words != piece.words {
            self.element.set_text_content(Some(&piece.words));
        }
        self.act.replace(piece.act.as_ref().map(|(_, act)| act.clone()));
        for (place, kid) in std::mem::take(&mut piece.kids).into_iter().enumerate() {
            if self.kids.len() <= place {
                self.kids.push(None);
            }
            self.mend_kid(place, kid, drive);
        }
        // After the kids: a radio button is chosen among its neighbours.
        if let (Some(checked), Some(radio)) =
            (piece.checked, self.element.dyn_ref::<HtmlInputElement>())
        {
            radio.set_checked(checked);
        }
        self.piece = piece;
    }

    fn mend_kid(&mut self, place: usize, kid: Option<Piece>, drive: &Rc<Drive>) {
        let next = self.kids.iter().skip(place.saturating_add(1)).flatten().next();
        let next: Option<Node> = next.map(|next| next.element.clone().into());
        let Some(old) = self.kids.get_mut(place) else { return };
        match (&mut *old, kid) {
            (Some(drawn), Some(piece)) if drawn.piece.tag == piece.tag => drawn.mend(piece, drive),
            (_, Some(piece)) => {
                let drawn = Self::new(piece, drive);
                let _put = self.element.insert_before(&drawn.element, next.as_ref());
                if let Some(gone) = old.replace(drawn) {
                    gone.element.remove();
                }
            }
            (_, None) => {
                if let Some(gone) = old.take() {
                    gone.element.remove();
                }
            }
        }
    }
}

fn create(tag: &str) -> Element {
    let namespace = match tag {
        "svg" | "path" => "http://www.w3.org/2000/svg",
        _ => "http://www.w3.org/1999/xhtml",
    };
    #[expect(clippy::expect_used, reason = "the names are ours, and each is valid")]
    document().create_element_ns(Some(namespace), tag).expect("a valid name")
}

fn perform(drive: &Rc<Drive>, act: Act, event: &Event) {
    match act {
        Act::Press => drive.press(),
        Act::Feed(input) => {
            // A dialog would close by itself; the flow closes it.
            event.prevent_default();
            drive.feed(*input);
        }
        Act::Copy { text, said } => {
            let _written = window().navigator().clipboard().write_text(&text);
            if let Some(button) = event.target().and_then(|it| it.dyn_into::<Node>().ok()) {
                button.set_text_content(Some(said));
            }
        }
    }
}

impl Render for Picture {
    type State = Drawn;

    fn build(self) -> Drawn {
        Drawn::new(self.piece, &self.drive)
    }

    fn rebuild(self, drawn: &mut Drawn) {
        let root = drawn.element.get_root_node().dyn_into::<ShadowRoot>().ok();
        let focused = || root.as_ref().is_some_and(|root| root.active_element().is_some());
        let before = focused();
        drawn.mend(self.piece, &self.drive);
        if before && !focused() {
            drive::focus(root.as_ref(), STATUS);
        }
    }
}

impl Mountable for Drawn {
    fn unmount(&mut self) {
        self.element.remove();
    }

    fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
        let _put = parent.insert_before(&self.element, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        let parent = self.element.parent_element();
        if let Some(parent) = &parent {
            child.mount(parent, Some(&self.element));
        }
        parent.is_some()
    }

    fn elements(&self) -> Vec<Element> {
        vec![self.element.clone()]
    }
}

no_attrs!(Picture);

/// What Leptos asks of views that a server draws; ours are drawn in browsers only.
impl RenderHtml for Picture {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self {
        self
    }

    fn to_html_with_buf(
        self,
        _: &mut String,
        _: &mut Position,
        _: bool,
        _: bool,
        _: Vec<AnyAttribute>,
    ) {
    }

    fn hydrate<const FROM_SERVER: bool>(self, _: &Cursor, _: &PositionState) -> Drawn {
        self.build()
    }

    fn into_owned(self) -> Self {
        self
    }
}
