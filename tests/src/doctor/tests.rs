//! The deciding part, on pages as they are answered.

use content_security_policy::Url;

use super::{Asked, Code, Grade, Page, Report, Rung, examine, hash};

const EDGE: &str = "https://pay.example.com";
const LOADER: &str = "<script type=\"module\" src=\"https://pay.example.com/widget/element.js\"></script>\
     <hanbeon-checkout checkout=\"chk_1\" token=\"t\"></hanbeon-checkout>";

fn look(headers: &[(&str, &str)], body: &str) -> Report {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let url = Url::parse("https://shop.example.com/checkout").unwrap();
    let body = body.as_bytes().to_vec();
    let frames = vec![Url::parse("https://window.psp.example").unwrap()];
    examine(Page { url, http_status: 200, headers, body }, &Asked { edge: None, frames })
}

fn codes(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.code).collect()
}

fn verdicts(report: &Report) -> [Option<Grade>; 3] {
    Rung::ALL.map(|rung| report.verdict(rung))
}

const FINE: Option<Grade> = None;
const WEAK: Option<Grade> = Some(Grade::Weakens);
const OUT: Option<Grade> = Some(Grade::Breaks);

#[test]
fn each_header_breaks_what_it_breaks_and_nothing_else() {
    let csp = "content-security-policy";
    type Row<'a> = (&'a [(&'a str, &'a str)], &'a str, [Option<Grade>; 3]);
    let rows: [Row<'_>; 20] = [
        (&[], "no_policy", [FINE, FINE, FINE]),
        (&[(csp, "default-src 'self'")], "script_refused", [OUT, OUT, OUT]),
        (&[(csp, "script-src 'self' https://pay.example.com")], "wasm_refused", [OUT, OUT, OUT]),
        (&[(csp, "script-src https: 'wasm-unsafe-eval'")], "framable", [FINE, FINE, FINE]),
        (&[(csp, "connect-src 'self'")], "calls_refused", [OUT, OUT, OUT]),
        (&[(csp, "connect-src https:")], "socket_refused", [WEAK, WEAK, WEAK]),
        (
            &[(csp, "connect-src https://*.example.com wss://pay.example.com")],
            "framable",
            [FINE; 3],
        ),
        (&[(csp, "frame-src 'none'")], "frame_refused", [OUT, FINE, FINE]),
        (
            &[(csp, "frame-src https://pay.example.com")],
            "provider_frame_refused",
            [OUT, FINE, FINE],
        ),
        (
            &[(csp, "frame-src https://pay.example.com https://*.psp.example")],
            "framable",
            [FINE; 3],
        ),
        (
            &[(csp, "sandbox allow-scripts allow-same-origin allow-forms")],
            "sandboxed",
            [FINE, OUT, FINE],
        ),
        (&[(csp, "sandbox allow-scripts allow-forms allow-popups")], "sandboxed", [OUT, OUT, OUT]),
        (&[("cross-origin-opener-policy", "same-origin")], "opener_cut", [FINE, WEAK, FINE]),
        (
            &[("cross-origin-opener-policy", "same-origin-allow-popups")],
            "opener_cut",
            [FINE, WEAK, FINE],
        ),
        (&[("cross-origin-embedder-policy", "require-corp")], "embedder_policy", [OUT, FINE, FINE]),
        (
            &[("cross-origin-embedder-policy", "credentialless")],
            "embedder_policy",
            [OUT, FINE, FINE],
        ),
        (
            &[("permissions-policy", "camera=(), payment=()")],
            "permission_refused",
            [WEAK, FINE, FINE],
        ),
        (
            &[("permissions-policy", "payment=(self \"https://pay.example.com\")")],
            "framable",
            [FINE; 3],
        ),
        (&[("cache-control", "public, max-age=60")], "shared_cache", [WEAK, WEAK, WEAK]),
        (
            // Two headers are two policies, and a page has to please both.
            &[(csp, "script-src https: 'wasm-unsafe-eval'"), (csp, "script-src 'self'")],
            "script_refused",
            [OUT, OUT, OUT],
        ),
    ];
    for (headers, code, expected) in rows {
        let report = look(headers, LOADER);
        assert!(codes(&report).contains(&code), "{headers:?}: {:?}", codes(&report));
        assert_eq!(verdicts(&report), expected, "{headers:?}: {:?}", codes(&report));
    }
}

#[test]
fn a_meta_tag_is_a_policy_but_no_frame_ancestors() {
    let body = format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"frame-src 'none'; frame-ancestors 'none'\">{LOADER}"
    );
    let report = look(&[], &body);
    assert_eq!(verdicts(&report), [OUT, FINE, FINE]);
    assert!(codes(&report).contains(&"framable"));
}

#[test]
fn a_policy_that_only_reports_breaks_nothing_yet_and_is_told() {
    let report = look(&[("content-security-policy-report-only", "default-src 'self'")], LOADER);
    assert_eq!(verdicts(&report), [FINE, FINE, FINE]);
    let told = report.findings.iter().find(|finding| finding.code == "wasm_refused").unwrap();
    assert!(told.grade == Grade::Note && told.words.contains("report-only"));
}

#[test]
fn a_nonce_and_strict_dynamic_let_the_element_in() {
    let tag = LOADER.replacen("<script ", "<script nonce=\"n1\" ", 1);
    let policy = "script-src 'nonce-n1' 'strict-dynamic' 'wasm-unsafe-eval'";
    assert_eq!(verdicts(&look(&[("content-security-policy", policy)], &tag)), [FINE; 3]);
    assert_eq!(verdicts(&look(&[("content-security-policy", policy)], LOADER)), [OUT; 3]);
}

#[test]
fn what_is_printed_passes_its_own_examination() {
    let body = format!(
        "<base href=\"/\"><script>var x = 1;</script><script src=\"https://cdn.example/a.js\"></script>\
         <script type=\"application/ld+json\">{{\"a\": \"<b onclick=x>\"}}</script>\
         <link rel=stylesheet href=https://cdn.example/a.css><img src=\"data:image/png;base64,AA\">{LOADER}"
    );
    let before = look(&[], &body);
    let lines: Vec<(String, String)> = before
        .lines
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
        .collect();
    let lines: Vec<(&str, &str)> = lines.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let policy = lines[0].1;
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
    assert!(policy.contains("style-src 'self' https://cdn.example;"), "{policy}");
    assert!(policy.contains("img-src 'self' data:;"), "{policy}");
    let after = look(&lines, &body);
    assert_eq!(verdicts(&after), [FINE, FINE, FINE], "{:?}", after.findings);
    assert!(!codes(&after).contains(&"inline_scripts_refused"), "{:?}", after.findings);
    assert_eq!(after.edge.unwrap().origin().ascii_serialization(), EDGE);
}

#[test]
fn mixed_content_and_plain_pages_are_told() {
    let body = LOADER.replacen("https://pay", "http://pay", 1);
    assert!(codes(&look(&[], &body)).contains(&"mixed_content"));
    let url = Url::parse("http://shop.example.com/").unwrap();
    let page = Page { url, http_status: 200, headers: Vec::new(), body: LOADER.into() };
    let report = examine(page.clone(), &Asked::default());
    assert!(codes(&report).contains(&"insecure"));
    let url = Url::parse("http://shop.localhost:4410/").unwrap();
    assert!(!codes(&examine(Page { url, ..page }, &Asked::default())).contains(&"insecure"));
}

#[test]
fn the_inventory_lists_every_script_that_runs_with_its_hash() {
    let integrity = hash(b"let a;");
    let body = format!(
        "<script src=\"https://cdn.example/a.js\" integrity=\"{integrity}\" crossorigin></script>\
         <script>var x = \"<script>\";</script><script type=\"application/json\">{{}}</script>{LOADER}"
    );
    let report = look(&[("x-frame-options", "DENY")], &body);
    let code = |url: &str, body: &str| Code { url: Url::parse(url).unwrap(), body: body.into() };
    let loader = "import(new URL(\"hanbeon.js\", here)); new URL('hanbeon_bg.wasm', here)";
    let fetched = [
        code("https://cdn.example/a.js", "let a;"),
        code("https://pay.example.com/widget/element.js", loader),
    ];
    let told = report.inventory(&fetched, "2026-11-22");
    let scripts = told["scripts"].as_array().unwrap();
    let srcs: Vec<&str> =
        scripts.iter().map(|one| one["src"].as_str().unwrap_or("inline")).collect();
    assert_eq!(
        srcs,
        [
            "https://cdn.example/a.js",
            "inline",
            "https://pay.example.com/widget/element.js",
            "https://pay.example.com/widget/hanbeon.js",
            "https://pay.example.com/widget/hanbeon_bg.wasm",
        ]
    );
    assert_eq!((&scripts[0]["integrity_holds"], &scripts[0]["why"]), (&true.into(), &"".into()));
    assert_eq!(scripts[1]["sha384"], hash(b"var x = \"<script>\";"));
    assert_eq!(told["headers"]["x-frame-options"], "DENY");
    let changed = report.inventory(&[code("https://cdn.example/a.js", "let b;")], "");
    assert_eq!(changed["scripts"][0]["integrity_holds"], false);
}

#[test]
fn the_readme_has_the_lines_that_are_printed() {
    let needs = super::lines::Needs {
        edge: EDGE.to_owned(),
        frames: vec!["https://window.provider.example".to_owned()],
        ..Default::default()
    };
    let readme = std::fs::read_to_string(crate::root().join("README.md")).unwrap();
    for (name, value) in super::lines::of(&needs).iter().take(2) {
        assert!(readme.contains(&format!("\n{name}: {value}\n")), "{name}: {value}");
    }
}
