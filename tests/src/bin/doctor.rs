//! `cargo x doctor URL`: fetches a page and its scripts, tells what its headers break, prints those to use,
//! and writes the inventory of its scripts.
//!
//! # Why Node fetches
//! The packages here have no TLS stack, by a rule that `deny.toml` keeps; the pinned Node has one, and it
//! answers for `*.localhost` where resolvers do not.

use std::io::Write as _;
use std::process::{Command, ExitCode, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use content_security_policy::Url;
use serde_json::{Value, json};
use tests::doctor::{Asked, Code, Grade, Page, Report, Rung, examine};
use tests::words::Words;

/// Where the inventory goes when nobody says where.
const INVENTORY: &str = "script-inventory.json";

/// Reads addresses as JSON, and answers `[{url, status, headers, body}]`; null where nobody answered.
const FETCH: &str = r#"
const agents = { "http:": require("node:http"), "https:": require("node:https") };
const lookup = (host, options, done) => {
  if (!host.endsWith(".localhost")) return require("node:dns").lookup(host, options, done);
  options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);
};
const get = (url, left = 5) => new Promise((resolve, reject) => {
  const agent = agents[new URL(url).protocol];
  if (!agent) return reject(new Error("not http"));
  const headers = { "user-agent": "hanbeon-doctor", accept: "text/html,*/*" };
  const request = agent.get(url, { lookup, headers, timeout: 15000 }, (answer) => {
    const to = answer.headers.location;
    if (answer.statusCode > 300 && answer.statusCode < 400 && to && left > 0) {
      answer.resume();
      return resolve(get(new URL(to, url).href, left - 1));
    }
    const parts = [];
    let size = 0;
    answer.on("data", (part) => { size += part.length; if (size > 8e6) answer.destroy(new Error("too long")); parts.push(part); });
    answer.on("error", reject);
    answer.on("end", () => {
      const raw = answer.rawHeaders, pairs = [];
      for (let n = 0; n < raw.length; n += 2) pairs.push([raw[n].toLowerCase(), raw[n + 1]]);
      resolve({ url, status: answer.statusCode, headers: pairs, body: Buffer.concat(parts).toString("base64") });
    });
  });
  request.on("timeout", () => request.destroy(new Error("no answer")));
  request.on("error", reject);
});
const urls = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
Promise.all(urls.map((url) => get(url).catch((error) => ({ url, error: error.message }))))
  .then((all) => console.log(JSON.stringify(all)));
"#;

fn main() -> ExitCode {
    match run(&Words::of_this_process()) {
        Ok(breaks) => ExitCode::from(u8::from(breaks)),
        Err(sentence) => {
            eprintln!("doctor: {sentence}");
            ExitCode::from(2)
        }
    }
}

fn run(words: &Words) -> Result<bool, String> {
    let url = words.value("--page").ok_or("name the page's address")?;
    let url = Url::parse(url).map_err(|error| format!("{url}: {error}"))?;
    let parse = |text: &str| Url::parse(text).map_err(|error| format!("{text}: {error}"));
    let frames = words.value("--frames").map_or(Ok(Vec::new()), |all| {
        all.split(',').filter(|one| !one.is_empty()).map(parse).collect()
    })?;
    let asked = Asked { edge: words.value("--edge").map(parse).transpose()?, frames };
    let answers = fetch(&[url])?;
    let answer = answers.first().ok_or("nobody answered")?;
    let report = examine(page(answer)?, &asked);
    let codes: Vec<Code> = fetch(&report.addresses())?
        .iter()
        .zip(report.addresses())
        .filter_map(|(answer, url)| Some(Code { url, body: body(answer)? }))
        .collect();
    let path = words.value("--inventory").unwrap_or(INVENTORY);
    // The server's own clock dates it.
    let at = report.page.header("date").unwrap_or_default();
    let inventory = report.inventory(&codes, &at);
    std::fs::write(path, format!("{inventory:#}\n")).map_err(|error| format!("{path}: {error}"))?;
    if words.has("--json") {
        println!("{:#}", report.json());
    } else {
        tell(&report, &inventory, path);
    }
    Ok(Rung::ALL.into_iter().all(|rung| report.verdict(rung) == Some(Grade::Breaks)))
}

fn fetch(urls: &[Url]) -> Result<Vec<Value>, String> {
    let urls: Vec<&str> = urls.iter().map(Url::as_str).collect();
    let node = std::env::var("HANBEON_NODE").unwrap_or_else(|_| "node".to_owned());
    let failed = |error: std::io::Error| format!("{node}: {error}");
    let mut child = Command::new(&node)
        .args(["-e", FETCH])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(json!(urls).to_string().as_bytes()).map_err(failed)?;
    }
    let output = child.wait_with_output().map_err(failed)?;
    serde_json::from_slice(&output.stdout).map_err(|error| format!("{node}: {error}"))
}

fn page(answer: &Value) -> Result<Page, String> {
    if let Some(error) = answer["error"].as_str() {
        return Err(format!("{}: {error}", answer["url"].as_str().unwrap_or_default()));
    }
    let headers = answer["headers"].as_array().into_iter().flatten();
    let pair = |pair: &Value| Some((pair[0].as_str()?.to_owned(), pair[1].as_str()?.to_owned()));
    let url = answer["url"].as_str().and_then(|url| Url::parse(url).ok());
    Ok(Page {
        url: url.ok_or("the page has no address")?,
        http_status: answer["status"].as_u64().and_then(|n| u16::try_from(n).ok()).unwrap_or(0),
        headers: headers.filter_map(pair).collect(),
        body: body(answer).ok_or("the page has no body")?,
    })
}

fn body(answer: &Value) -> Option<Vec<u8>> {
    let fine = answer["status"].as_u64().is_some_and(|status| status < 400);
    let text = answer["body"].as_str()?;
    (fine || answer["status"].is_u64()).then(|| STANDARD.decode(text).ok())?
}

fn tell(report: &Report, inventory: &Value, path: &str) {
    println!("{}  HTTP {}", report.page.url, report.page.http_status);
    if let Some(edge) = &report.edge {
        println!("the element comes from {}", edge.origin().ascii_serialization());
    }
    println!();
    for rung in Rung::ALL {
        let (sign, words) = match report.verdict(rung) {
            None | Some(Grade::Note) => ("✓", "works"),
            Some(Grade::Weakens) => ("!", "works, not as well as it could"),
            Some(Grade::Breaks) => ("✗", "cannot work"),
        };
        println!("{sign} {:<9} {words}", rung.word());
    }
    println!();
    for finding in &report.findings {
        println!("{:<8} {:<24} {}", finding.grade.word(), finding.code, finding.words);
    }
    println!("\nThe header lines to use (try the first as Content-Security-Policy-Report-Only):\n");
    for (name, value) in &report.lines {
        println!("{name}: {value}");
    }
    let scripts = inventory["scripts"].as_array().map_or(0, Vec::len);
    println!("\n{path}: {scripts} script(s). Fill in each \"why\", keep it, compare the next.");
    println!("{}", inventory["scope"].as_str().unwrap_or_default());
}
