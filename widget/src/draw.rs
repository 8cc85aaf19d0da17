//! Makes Leptos draw the face: a [`Piece`] is a view of its own, drawn once and then only mended.
//!
//! # Why
//! The loop of [`Drive`] knows when the face changes, since nothing else changes it: it builds the view once and
//! has it built anew. Leptos' graph of signals would find that out by itself, for a tenth of the module.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use leptos::prelude::window;
use leptos::tachys::renderer::Rndr;
use leptos::tachys::view::{Mountable, Render};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlInputElement, Node, ShadowRoot};

use crate::channel::Listener;
use crate::drive::Drive;
use crate::money;
use crate::page::{STATUS, focus};
use crate::record::Status;
use crate::view::{Act, Desk, Piece, face};

/// A face on its way to the page, and whose it is.
pub(crate) struct Picture {
    piece: Piece,
    drive: Weak<Drive>,
}

impl Picture {
    /// The face as it is now.
    pub(crate) fn of(drive: &Rc<Drive>) -> Self {
        let text = drive.text();
        let piece = drive.read(|flow| {
            let moment = |time: Option<&String>| {
                time.filter(|time| !time.is_empty())
                    .map(|time| money::moment(text, time))
                    .unwrap_or_default()
            };
            let session = flow.session.as_ref();
            let status = flow.status.as_ref();
            let deposit = status.and_then(|Status { deposit, .. }| deposit.as_ref());
            let desk = Desk {
                text,
                amount: &session.map(|it| money::show(text, it.amount)).unwrap_or_default(),
                paid_at: &moment(status.and_then(|status| status.paid_at.as_ref())),
                until: &moment(deposit.map(|deposit| &deposit.until)),
            };
            face(&desk, flow)
        });
        Self { piece, drive: Rc::downgrade(drive) }
    }
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
    fn new(piece: Piece, drive: &Weak<Drive>) -> Self {
        let element = create(piece.tag);
        let act = Rc::new(RefCell::new(None));
        let listener = piece.act.as_ref().map(|(event, _)| {
            let (act, drive) = (Rc::clone(&act), Weak::clone(drive));
            Listener::new(&element, event, move |event| perform(&drive, &act, &event))
        });
        let blank = Piece::new(piece.tag);
        let mut drawn = Self { element, piece: blank, kids: Vec::new(), act, _listener: listener };
        drawn.mend(piece, drive);
        drawn
    }

    /// Makes what is drawn equal to `piece`, which has the same tag.
    fn mend(&mut self, mut piece: Piece, drive: &Weak<Drive>) {
        for (name, _) in &self.piece.attributes {
            if piece.get(name).is_none() {
                Rndr::remove_attribute(&self.element, name);
            }
        }
        for (name, value) in &piece.attributes {
            if self.piece.get(name) != Some(value.as_ref()) {
                Rndr::set_attribute(&self.element, name, value);
            }
        }
        if self.piece.words != piece.words {
            self.element.set_text_content(Some(&piece.words));
        }
        self.act.replace(piece.act.take().map(|(_, act)| act));
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

    fn mend_kid(&mut self, place: usize, kid: Option<Piece>, drive: &Weak<Drive>) {
        let next = self.kids.iter().skip(place.saturating_add(1)).flatten().next();
        let next: Option<Node> = next.map(|next| next.element.clone().into());
        let Some(old) = self.kids.get_mut(place) else { return };
        match (&mut *old, kid) {
            (Some(drawn), Some(piece)) if drawn.piece.tag == piece.tag => drawn.mend(piece, drive),
            (_, Some(piece)) => {
                let drawn = Self::new(piece, drive);
                Rndr::insert_node(&self.element, &drawn.element, next.as_ref());
                if let Some(gone) = old.replace(drawn) {
                    Rndr::remove(&gone.element);
                }
            }
            (_, None) => {
                if let Some(gone) = old.take() {
                    Rndr::remove(&gone.element);
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
    Rndr::create_element(tag, Some(namespace))
}

fn perform(drive: &Weak<Drive>, act: &RefCell<Option<Act>>, event: &Event) {
    // What is performed may draw this piece anew: it is not looked at meanwhile.
    let input = match &*act.borrow() {
        None => return,
        Some(Act::Copy { text, said }) => {
            let _written = window().navigator().clipboard().write_text(text);
            if let Some(button) = event.target().and_then(|it| it.dyn_into::<Node>().ok()) {
                button.set_text_content(Some(said));
            }
            return;
        }
        Some(act) => act.input(),
    };
    let Some(drive) = drive.upgrade() else { return };
    match input {
        None => drive.press(),
        Some(input) => {
            // A dialog would close by itself; the flow closes it.
            event.prevent_default();
            drive.feed(input);
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
            focus(root.as_ref(), STATUS);
        }
    }
}

impl Mountable for Drawn {
    fn unmount(&mut self) {
        Rndr::remove(&self.element);
    }

    fn mount(&mut self, parent: &Element, marker: Option<&Node>) {
        Rndr::insert_node(parent, &self.element, marker);
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
