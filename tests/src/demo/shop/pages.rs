//! The shop's static pages: every file of `public/`, and nothing outside it.

use std::{fs, path::Path};

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Response, StatusCode, header},
};

use super::{Config, poster};
use crate::doctor::lines::{Needs, of};

/// The content type by the name's end. What is not listed is not served.
const TYPES: [(&str, &str); 13] = [
    ("html", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("mjs", "text/plain; charset=utf-8"),
    ("json", "application/json"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("ico", "image/x-icon"),
    ("txt", "text/plain; charset=utf-8"),
    ("md", "text/plain; charset=utf-8"),
    ("tsx", "text/plain; charset=utf-8"),
    ("vue", "text/plain; charset=utf-8"),
    ("svelte", "text/plain; charset=utf-8"),
];

/// Answers `GET path`. Pages get the real origins in place of `%EDGE_ORIGIN%` and its like.
pub fn serve(config: &Config, path: &str, lines: &[(String, String)]) -> Response<Body> {
    let mut lines = lines.to_vec();
    // Vue has a policy of its own, which its pages allow besides.
    if path.starts_with("/examples/vue/") {
        for (_, value) in &mut lines {
            *value = value.replace("trusted-types hanbeon", "trusted-types hanbeon vue");
        }
    }
    match find(&config.public_dir, path) {
        Some((bytes, kind)) => answer(config, StatusCode::OK, bytes, kind, &lines),
        None => {
            let page = fs::read(config.public_dir.join("404.html"))
                .unwrap_or_else(|_| b"not found".to_vec());
            answer(config, StatusCode::NOT_FOUND, page, TYPES[0].1, &lines)
        }
    }
}

fn answer(
    config: &Config,
    code: StatusCode,
    bytes: Vec<u8>,
    kind: &'static str,
    lines: &[(String, String)],
) -> Response<Body> {
    let bytes = if kind == TYPES[0].1 { fill(config, bytes) } else { bytes };
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = code;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    // Asked again each time: a page with another port's origin in it must not be kept.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    for (name, value) in lines {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            headers.append(name, value);
        }
    }
    response
}

/// The lines that `cargo x doctor` prints for these pages.
pub(super) fn lines(config: &Config) -> Vec<(String, String)> {
    let needs = Needs {
        edge: config.edge_origin.clone(),
        frames: vec![config.psp_origin.clone()],
        images: vec!["data:".to_owned()],
        ..Needs::default()
    };
    of(&needs).into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect()
}

fn fill(config: &Config, bytes: Vec<u8>) -> Vec<u8> {
    match String::from_utf8(bytes) {
        Ok(text) => text
            .replace("%EDGE_ORIGIN%", &config.edge_origin)
            .replace("%PSP_ORIGIN%", &config.psp_origin)
            .replace("%SHOP_ORIGIN%", &config.shop_origin)
            .replace("%QUOTE%", &poster::quote(config))
            .into_bytes(),
        Err(binary) => binary.into_bytes(),
    }
}

/// The file's bytes and type, when the path is plain and stays inside `root`.
fn find(root: &Path, path: &str) -> Option<(Vec<u8>, &'static str)> {
    let path = path.strip_prefix('/')?;
    let name = match path {
        "" => "index.html".to_owned(),
        folder if folder.ends_with('/') => format!("{folder}index.html"),
        file => file.to_owned(),
    };
    if !name.split('/').all(plain) {
        return None;
    }
    let end = name.rsplit_once('.')?.1;
    let kind = TYPES.iter().find(|(known, _)| *known == end)?.1;
    let root = root.canonicalize().ok()?;
    // A link may lead out of the folder even when the name looks plain.
    let real = root.join(&name).canonicalize().ok()?;
    if !real.starts_with(&root) {
        return None;
    }
    Some((fs::read(real).ok()?, kind))
}

fn plain(segment: &str) -> bool {
    !segment.is_empty()
        && !segment.starts_with('.')
        // What an example's build has installed is no page.
        && segment != "node_modules"
        && segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../public")
    }

    #[test]
    fn pages_are_found_with_their_type() {
        assert_eq!(find(&root(), "/").unwrap().1, "text/html; charset=utf-8");
        assert_eq!(find(&root(), "/shop.css").unwrap().1, "text/css; charset=utf-8");
        assert_eq!(find(&root(), "/examples/").unwrap().1, "text/html; charset=utf-8");
    }

    #[test]
    fn nothing_outside_the_folder_is_served() {
        for path in [
            "/../Cargo.toml",
            "/..%2fCargo.toml",
            "/%2e%2e/Cargo.toml",
            "//etc/passwd",
            "/art/../../tests/Cargo.toml",
            "/art\\..\\x.html",
            "/.hidden.html",
            "/examples/react/node_modules/react/index.js",
            "/art",
            "/products.json/",
            "/nothing.html",
            "",
        ] {
            assert!(find(&root(), path).is_none(), "{path} was served");
        }
    }

    #[test]
    fn pages_name_the_real_edge() {
        let config = Config {
            shop_origin: "http://shop.localhost:1".to_owned(),
            psp_origin: "http://psp.localhost:2".to_owned(),
            edge_origin: "http://edge.localhost:3".to_owned(),
            edge_server: "http://127.0.0.1:3".to_owned(),
            public_dir: root(),
        };
        let page = fill(&config, b"<script src=\"%EDGE_ORIGIN%/widget/element.js\">".to_vec());
        assert_eq!(page, b"<script src=\"http://edge.localhost:3/widget/element.js\">");
        let lines = lines(&config);
        assert_eq!(lines[0].0, "content-security-policy");
        assert!(lines[0].1.contains("connect-src 'self' http://edge.localhost:3 ws://edge"));
    }
}
