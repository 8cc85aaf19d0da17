//! The header lines to use: the strictest with which the page and the element work.
//!
//! # Why these
//! `default-src 'none'` and then what is needed, by name. The element needs its files, its calls, its frames,
//! and to compile WebAssembly; no inline script or style, no `eval`, no cookie, no storage of another
//! origin. It makes no Trusted Types policy: the one name that is allowed is kept for it.
//! No `Cross-Origin-Opener-Policy`: WebKit cuts a page from its popups under every value of it but
//! `unsafe-none`. No `Cross-Origin-Embedder-Policy`: no provider's page sends one, so it would forbid their
//! frames.

use content_security_policy::Url;

use super::html::Document;

/// What a page's headers have to allow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Where the element comes from.
    pub edge: String,
    /// Origins of the providers whose windows are shown in frames.
    pub frames: Vec<String>,
    /// Sources of the page's own scripts besides its own origin: origins, or hashes of inline ones.
    pub scripts: Vec<String>,
    /// Sources of its style sheets besides its own origin.
    pub styles: Vec<String>,
    /// Sources of its pictures besides its own origin.
    pub images: Vec<String>,
    /// Where its forms go besides its own origin.
    pub forms: Vec<String>,
}

impl Needs {
    pub(super) fn of_page(
        page: &Url,
        document: &Document,
        edge: Option<&Url>,
        frames: &[Url],
    ) -> Self {
        let edge = edge.map_or_else(
            || "https://pay.example.com".to_owned(),
            |edge| edge.origin().ascii_serialization(),
        );
        let own = page.origin();
        let origins = |urls: &mut dyn Iterator<Item = &Url>| {
            let mut found: Vec<String> = urls
                .filter(|url| url.origin() != own)
                .map(|url| match url.scheme() {
                    "data" => "data:".to_owned(),
                    _ => url.origin().ascii_serialization(),
                })
                .filter(|origin| *origin != edge)
                .collect();
            found.sort_unstable();
            found.dedup();
            found
        };
        let running = || document.scripts.iter().filter(|script| script.runs());
        let mut scripts = origins(&mut running().filter_map(|script| script.src.as_ref()));
        let inline = running().filter(|script| script.src.is_none());
        scripts.extend(inline.map(|script| {
            let hash = content_security_policy::HashAlgorithm::Sha256.apply(&script.text);
            format!("'sha256-{hash}'")
        }));
        Self {
            scripts,
            frames: origins(&mut frames.iter().chain(&document.frames)),
            styles: origins(&mut document.sheets.iter()),
            images: origins(&mut document.images.iter()),
            forms: origins(&mut document.forms.iter()),
            edge,
        }
    }
}

/// The lines: name and value.
#[must_use]
pub fn of(needs: &Needs) -> Vec<(&'static str, String)> {
    let Needs { edge, frames, scripts, styles, images, forms } = needs;
    let live = edge.replacen("http", "ws", 1);
    let with = |first: &str, more: &[String]| {
        more.iter().fold(first.to_owned(), |all, one| format!("{all} {one}"))
    };
    let policy = [
        "default-src 'none'".to_owned(),
        with(&format!("script-src 'self' {edge} 'wasm-unsafe-eval'"), scripts),
        format!("connect-src 'self' {edge} {live}"),
        with(&format!("frame-src {edge}"), frames),
        with("style-src 'self'", styles),
        with("img-src 'self'", images),
        with("form-action 'self'", forms),
        "base-uri 'none'".to_owned(),
        "frame-ancestors 'self'".to_owned(),
        "require-trusted-types-for 'script'".to_owned(),
        "trusted-types hanbeon".to_owned(),
    ];
    // A frame has what its tag allows and the page's own headers do not take from its origin.
    let who = frames.iter().fold(format!("self \"{edge}\""), |all, one| format!("{all} \"{one}\""));
    vec![
        ("Content-Security-Policy", policy.join("; ")),
        ("Permissions-Policy", format!("payment=({who}), publickey-credentials-get=({who})")),
        ("Referrer-Policy", "strict-origin-when-cross-origin".to_owned()),
        ("X-Content-Type-Options", "nosniff".to_owned()),
    ]
}
