//! Makes Leptos draw the face: a [`Piece`] is a view of its own, drawn once and then only mended.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use leptos::prelude::*;
use leptos::tachys::html::attribute::any_attribute::AnyAttribute;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::no_attrs;
use leptos::tachys::view::{Mountable, Position, PositionState, Render, RenderHtml};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlInputElement, Node, ShadowRoot};

use crate::channel::Listener;
use crate::drive::{self, Drive, STATUS};
use crate::money;
use crate::options::Locale;
use crate::record::Status;
use crate::text;
use crate::view::{Act, Desk, Piece, face};

thread_local! {
    /// The loops of this page. Leptos wants what it draws to be `Send`, and a number is.
    static DRIVES: RefCell<Vec<Weak<Drive>>> = const { RefCell::new(Vec::new()) };
}

/// Where the face is drawn, and whose flow it shows.
#[derive(Clone, Copy)]
pub(crate) struct Canvas {
    /// The place of the loop that hears what the buyer does.
    drive: usize,
    /// The language.
    locale: Locale,
}

impl Canvas {
    /// A canvas for this loop.
    pub(crate) fn new(drive: &Rc<Drive>, locale: Locale) -> Self {
        let drive = Rc::downgrade(drive);
        let place = DRIVES.with(|drives| {
            let mut drives = drives.borrow_mut();
            let ended = drives.iter().position(|drive| drive.strong_count() == 0);
            let place = ended.unwrap_or(drives.len());
            match drives.get_mut(place) {
                Some(free) => *free = drive,
                None => drives.push(drive),
            }
            place
        });
        Self { drive: place, locale }
    }

    fn drive(self) -> Option<Rc<Drive>> {
        DRIVES.with(|drives| drives.borrow().get(self.drive).and_then(Weak::upgrade))
    }

    /// The face as it is now; whoever draws it draws again when the flow changes.
    pub(crate) fn face(self) -> Picture {
        let piece = match self.drive() {
            Some(drive) => self.piece(&drive),
            None => Piece::new("div"),
        };
        Picture { piece, canvas: self }
    }

    fn piece(self, drive: &Drive) -> Piece {
        drive.track();
        drive.read(|flow| {
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
        })
    }
}

/// A face on its way to the page.
pub(crate) struct Picture {
    piece: Piece,
    canvas: Canvas,
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
    fn new(piece: Piece, canvas: Canvas) -> Self {
        let element = create(piece.tag);
        let act = Rc::new(RefCell::new(None));
        let listener = piece.act.as_ref().map(|(event, _)| {
            let act = Rc::clone(&act);
            Listener::new(&element, event, move |event| perform(canvas, &act, &event))
        });
        let blank = Piece::new(piece.tag);
        let mut drawn = Self { element, piece: blank, kids: Vec::new(), act, _listener: listener };
        drawn.mend(piece, canvas);
        drawn
    }

    /// Makes what is drawn equal to `piece`, which has the same tag.
    fn mend(&mut self, mut piece: Piece, canvas: Canvas) {
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
        self.act.replace(piece.act.take().map(|(_, act)| act));
        for (place, kid) in std::mem::take(&mut piece.kids).into_iter().enumerate() {
            if self.kids.len() <= place {
                self.kids.push(None);
            }
            self.mend_kid(place, kid, canvas);
        }
        // After the kids: a radio button is chosen among its neighbours.
        if let (Some(checked), Some(radio)) =
            (piece.checked, self.element.dyn_ref::<HtmlInputElement>())
        {
            radio.set_checked(checked);
        }
        self.piece = piece;
    }

    fn mend_kid(&mut self, place: usize, kid: Option<Piece>, canvas: Canvas) {
        let next = self.kids.iter().skip(place.saturating_add(1)).flatten().next();
        let next: Option<Node> = next.map(|next| next.element.clone().into());
        let Some(old) = self.kids.get_mut(place) else { return };
        match (&mut *old, kid) {
            (Some(drawn), Some(piece)) if drawn.piece.tag == piece.tag => drawn.mend(piece, canvas),
            (_, Some(piece)) => {
                let drawn = Self::new(piece, canvas);
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

fn perform(canvas: Canvas, act: &RefCell<Option<Act>>, event: &Event) {
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
    let Some(drive) = canvas.drive() else { return };
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
        Drawn::new(self.piece, self.canvas)
    }

    fn rebuild(self, drawn: &mut Drawn) {
        let root = drawn.element.get_root_node().dyn_into::<ShadowRoot>().ok();
        let focused = || root.as_ref().is_some_and(|root| root.active_element().is_some());
        let before = focused();
        drawn.mend(self.piece, self.canvas);
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
