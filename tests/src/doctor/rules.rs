//! What a page's headers do to the element and to each presentation, in plain words.

use content_security_policy::sandboxing_directive::SandboxingFlagSet;
use content_security_policy::{Destination, Url};

use super::Page;
use super::html::{Document, Script};
use super::policy::Policies;

/// How bad it is; the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// It cannot work.
    Breaks,
    /// It works, and not as well as it could.
    Weakens,
    /// Nothing is wrong; somebody should know.
    Note,
}

impl Grade {
    /// For programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Breaks => "breaks",
            Self::Weakens => "weakens",
            Self::Note => "note",
        }
    }
}

/// How a provider's window is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rung {
    /// A frame over the page.
    Iframe,
    /// A window of its own.
    Popup,
    /// The tab itself goes there.
    Redirect,
}

impl Rung {
    /// All, as the ladder has them.
    pub const ALL: [Self; 3] = [Self::Iframe, Self::Popup, Self::Redirect];

    /// The element's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Iframe => "iframe",
            Self::Popup => "popup",
            Self::Redirect => "redirect",
        }
    }
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// For programs.
    pub code: &'static str,
    /// How bad it is.
    pub grade: Grade,
    /// Which presentations it touches.
    pub touches: &'static [Rung],
    /// For people.
    pub words: String,
}

const ALL: &[Rung] = &Rung::ALL;
const FRAME: &[Rung] = &[Rung::Iframe];
const POPUP: &[Rung] = &[Rung::Popup];
const WINDOWS: &[Rung] = &[Rung::Iframe, Rung::Popup];

fn found(code: &'static str, grade: Grade, touches: &'static [Rung], words: String) -> Finding {
    Finding { code, grade, touches, words }
}

/// All rules.
pub(super) fn all(
    page: &Page,
    document: &Document,
    policies: &Policies,
    edge: Option<&Url>,
    frames: &[Url],
) -> Vec<Finding> {
    let mut all = element(page, document, edge);
    if let Some(edge) = edge {
        all.extend(files(document, policies, edge));
        all.extend(framed(page, policies, edge, frames));
    }
    all.extend(sandboxed(policies));
    all.extend(isolated(page));
    all.extend(permissions(page, edge));
    all.extend(inside(document, policies));
    all.extend(around(page, document, policies));
    all
}

/// The tag, and the ground that it stands on.
fn element(page: &Page, document: &Document, edge: Option<&Url>) -> Vec<Finding> {
    let mut all = Vec::new();
    let url = &page.url;
    let local = url.host_str().is_some_and(|host| {
        host == "localhost" || host.ends_with(".localhost") || host == "127.0.0.1"
    });
    if !(200..300).contains(&page.http_status) {
        let words =
            format!("the page answered {}: look at one that is really shown", page.http_status);
        all.push(found("http_status", Grade::Weakens, ALL, words));
    }
    if url.scheme() != "https" && !local {
        let words = "the page is not HTTPS: browsers give it no locks and no clipboard, and anybody on the way \
                     can put another page in its place";
        all.push(found("insecure", Grade::Breaks, ALL, words.to_owned()));
    }
    if !document.scripts.iter().any(Script::is_loader) {
        let words = match edge {
            Some(_) => "the loader's tag is not in the page's markup; a script may add it later",
            None => {
                "no <script type=\"module\" src=\"https://…/widget/element.js\">: name the edge with --edge"
            }
        };
        let grade = if edge.is_some() { Grade::Note } else { Grade::Breaks };
        all.push(found("loader_missing", grade, ALL, words.to_owned()));
    }
    if !document.has_element {
        let words = "no <hanbeon-checkout> in the page's markup; a script may add it later";
        all.push(found("element_missing", Grade::Note, ALL, words.to_owned()));
    }
    for loader in document.scripts.iter().filter(|script| script.is_loader()) {
        if loader.kind != "module" {
            let words = "the loader's tag has no type=\"module\", so the browser cannot run it";
            all.push(found("loader_not_a_module", Grade::Breaks, ALL, words.to_owned()));
        }
        if loader.integrity.is_none() {
            let words = "the loader's tag has no integrity: pin the release, or any change at its address runs";
            all.push(found("loader_without_integrity", Grade::Note, ALL, words.to_owned()));
        }
    }
    all
}

/// The element's own files, calls and module.
fn files(document: &Document, policies: &Policies, edge: &Url) -> Vec<Finding> {
    let mut all = Vec::new();
    let at = |path: &str| edge.join(path).unwrap_or_else(|_| edge.clone());
    let loader = document.scripts.iter().find(|script| script.is_loader());
    let live = edge.as_str().replacen("http", "ws", 1);
    let lists = [(&policies.enforced, Grade::Breaks), (&policies.tried, Grade::Note)];
    for (list, worst) in lists {
        let when = if worst == Grade::Note { " once the report-only policy is kept" } else { "" };
        if let Some(directive) =
            policies.refuses(list, &at("/widget/element.js"), Destination::Script, loader)
        {
            let words = format!(
                "{directive} keeps the element's script out{when}: the page shows no payment"
            );
            all.push(found("script_refused", worst, ALL, words));
        }
        if let Some(directive) = Policies::refuses_wasm(list) {
            let words = format!(
                "{directive} has no 'wasm-unsafe-eval'{when}: the element's module cannot start. It lets \
                 WebAssembly be compiled, and no text be run"
            );
            all.push(found("wasm_refused", worst, ALL, words));
        }
        if let Some(directive) = policies.refuses(list, &at("/v1/session"), Destination::None, None)
        {
            let words = format!(
                "{directive} keeps the element from asking the edge{when}: nothing can be paid"
            );
            all.push(found("calls_refused", worst, ALL, words));
        }
        let socket = Url::parse(&live).ok();
        if let Some(directive) =
            socket.and_then(|to| policies.refuses(list, &to, Destination::None, None))
        {
            let words = format!(
                "{directive} forbids {live}{when}: the element asks every few seconds instead of being told"
            );
            all.push(found("socket_refused", worst.max(Grade::Weakens), ALL, words));
        }
    }
    all
}

/// Frames of ours and of the providers.
fn framed(page: &Page, policies: &Policies, edge: &Url, frames: &[Url]) -> Vec<Finding> {
    let mut all = Vec::new();
    let list = &policies.enforced;
    if let Some(directive) = policies.refuses(list, edge, Destination::IFrame, None) {
        let words = format!(
            "{directive} forbids frames of {}: after two seconds of silence the next rung is offered",
            edge.origin().ascii_serialization()
        );
        all.push(found("frame_refused", Grade::Breaks, FRAME, words));
    }
    for provider in frames {
        if let Some(directive) = policies.refuses(list, provider, Destination::IFrame, None) {
            let words = format!(
                "{directive} forbids {}, which the provider's frame goes on to",
                provider.origin().ascii_serialization()
            );
            all.push(found("provider_frame_refused", Grade::Breaks, FRAME, words));
        }
    }
    if frames.is_empty() && (policies.says("frame-src") || policies.says("default-src")) {
        let words = "frame-src is checked at every step of a frame, so it has to name the providers too: say \
                     --frames https://window.provider.example to have them checked and printed";
        all.push(found("providers_unknown", Grade::Note, FRAME, words.to_owned()));
    }
    if page.header("cross-origin-embedder-policy").is_some_and(|value| keeps(&value)) {
        let words = "Cross-Origin-Embedder-Policy shuts out every frame that does not send it as well, and no \
                     provider's does: a popup or a redirect is offered instead";
        all.push(found("embedder_policy", Grade::Breaks, FRAME, words.to_owned()));
    }
    all
}

fn keeps(embedder: &str) -> bool {
    embedder.contains("require-corp") || embedder.contains("credentialless")
}

/// `Content-Security-Policy: sandbox`.
fn sandboxed(policies: &Policies) -> Vec<Finding> {
    type Row = (SandboxingFlagSet, &'static str, &'static [Rung], &'static str);
    let rows: [Row; 4] = [
        (
            SandboxingFlagSet::SANDBOXED_SCRIPTS_BROWSING_CONTEXT_FLAG,
            "allow-scripts",
            ALL,
            "no script runs",
        ),
        (
            SandboxingFlagSet::SANDBOXED_ORIGIN_BROWSING_CONTEXT_FLAG,
            "allow-same-origin",
            ALL,
            "the page has no origin, and the edge answers none that it does not know",
        ),
        (
            SandboxingFlagSet::SANDBOXED_FORMS_BROWSING_CONTEXT_FLAG,
            "allow-forms",
            WINDOWS,
            "frames and popups inherit it, and providers' windows are forms",
        ),
        (
            SandboxingFlagSet::SANDBOXED_AUXILIARY_NAVIGATION_BROWSING_CONTEXT_FLAG,
            "allow-popups",
            POPUP,
            "no window can be opened",
        ),
    ];
    let set = policies.sandbox();
    rows.into_iter()
        .filter(|(flag, ..)| set.contains(*flag))
        .map(|(_, word, touches, why)| {
            found("sandboxed", Grade::Breaks, touches, format!("sandbox without {word}: {why}"))
        })
        .collect()
}

/// `Cross-Origin-Opener-Policy`.
fn isolated(page: &Page) -> Vec<Finding> {
    let value = page.header("cross-origin-opener-policy").unwrap_or_default();
    match value.split(';').next().unwrap_or_default().trim() {
        "same-origin" | "noopener-allow-popups" => {
            let words = "Cross-Origin-Opener-Policy cuts the page from its popup: the payment ends well, since \
                         the edge is asked, but the page cannot bring the popup back to the front and takes it \
                         for closed";
            vec![found("opener_cut", Grade::Weakens, POPUP, words.to_owned())]
        }
        // Chromium keeps a popup that was opened empty in the buyer's press; WebKit lets go of it as soon as it
        // has an address.
        "same-origin-allow-popups" => {
            let words = "Cross-Origin-Opener-Policy cuts the page from its popup in browsers of the WebKit family, \
                         Safari among them: the payment ends well, since the edge is asked, but the page takes the \
                         popup for closed";
            vec![found("opener_cut", Grade::Weakens, POPUP, words.to_owned())]
        }
        _ => Vec::new(),
    }
}

/// `Permissions-Policy`.
fn permissions(page: &Page, edge: Option<&Url>) -> Vec<Finding> {
    let policy = page.header("permissions-policy").unwrap_or_default();
    let edge = edge.map(|edge| edge.origin().ascii_serialization()).unwrap_or_default();
    let mut all = Vec::new();
    for (feature, loss) in [
        ("payment", "wallets of the browser are missing in frames"),
        ("publickey-credentials-get", "passkeys do not work in frames"),
    ] {
        let said = policy.split(',').filter_map(|one| one.trim().split_once('='));
        let Some((_, who)) = said.into_iter().find(|(name, _)| name.trim() == feature) else {
            continue;
        };
        if who.trim() == "*" || who.contains(&format!("\"{edge}\"")) {
            continue;
        }
        let words = format!("Permissions-Policy: {feature}={} – {loss}", who.trim());
        all.push(found("permission_refused", Grade::Weakens, FRAME, words));
    }
    all
}

/// What in the page itself a strict policy would refuse, or refuses.
fn inside(document: &Document, policies: &Policies) -> Vec<Finding> {
    let mut all = Vec::new();
    let inline = document.scripts.iter().filter(|script| script.src.is_none() && script.runs());
    let (mut kept, mut stopped) = (0_usize, 0_usize);
    for script in inline {
        match policies.refuses_inline(script) {
            Some(_) => stopped += 1,
            None => kept += 1,
        }
    }
    if kept > 0 {
        let words = format!(
            "{kept} inline script(s) run: move them into files, or name them by their hash (printed below)"
        );
        all.push(found("inline_scripts", Grade::Note, &[], words));
    }
    if stopped > 0 {
        let words = format!("{stopped} inline script(s) of the page are refused by its own policy");
        all.push(found("inline_scripts_refused", Grade::Weakens, &[], words));
    }
    if document.handlers > 0 {
        let words = format!(
            "{} on… attribute(s): the lines below refuse them; use addEventListener",
            document.handlers
        );
        all.push(found("handlers", Grade::Note, &[], words));
    }
    if document.inline_styles > 0 {
        let words = format!(
            "{} inline style(s): the lines below refuse them; use classes",
            document.inline_styles
        );
        all.push(found("inline_styles", Grade::Note, &[], words));
    }
    if policies.says("require-trusted-types-for") {
        let words = "Trusted Types are enforced: the element needs no policy of its own, and nothing of it is \
                     refused";
        all.push(found("trusted_types", Grade::Note, &[], words.to_owned()));
    }
    all
}

/// The page in other people's frames, and what it loads without HTTPS.
fn around(page: &Page, document: &Document, policies: &Policies) -> Vec<Finding> {
    let mut all = Vec::new();
    let framing = page.header("x-frame-options").is_some()
        || policies.enforced.0.iter().any(|policy| {
            policy.source == content_security_policy::PolicySource::Header
                && policy.contains_a_directive_whose_name_is("frame-ancestors")
        });
    if !framing {
        let words = "anybody may show this page in a frame and lay a button over it: send frame-ancestors (a \
                     meta tag cannot)";
        all.push(found("framable", Grade::Weakens, &[], words.to_owned()));
    }
    let addresses = document.scripts.iter().filter_map(|script| script.src.as_ref());
    let addresses = addresses.chain(&document.sheets).chain(&document.frames);
    let plain = addresses.filter(|url| url.scheme() == "http").count();
    if page.url.scheme() == "https" && plain > 0 && !policies.says("upgrade-insecure-requests") {
        let words = format!(
            "{plain} script(s), style(s) or frame(s) over plain HTTP: browsers refuse them"
        );
        all.push(found("mixed_content", Grade::Breaks, ALL, words));
    }
    let shared = page.header("cache-control").unwrap_or_default();
    if shared.contains("public") || shared.contains("s-maxage") {
        let words = "Cache-Control lets a cache give one buyer's page, with its one-time token, to the next";
        all.push(found("shared_cache", Grade::Weakens, ALL, words.to_owned()));
    }
    if policies.enforced.0.is_empty() {
        let words = "no Content-Security-Policy: any script that gets into the page runs and may send what it \
                     reads anywhere";
        all.push(found("no_policy", Grade::Note, &[], words.to_owned()));
    }
    all
}
