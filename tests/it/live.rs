//! The live status: a socket that says what changed, and the page behind a signed link.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::socket::{Frame, Socket};
use crate::world::{Buyer, CAMERA, Opened, World, alone, runtime, together, until};

/// Longer than the runtime leaves an idle object in memory.
const EVICTED: Duration = Duration::from_secs(25);

fn listen(world: &World, opened: &Opened) -> Socket {
    let path = format!("/v1/live/{}", opened.id);
    Socket::open(&world.edge, &path, Some(&world.shop_origin)).expect("it opens")
}

fn heard(frame: &Frame) -> Value {
    let Frame::Text(text) = frame else { panic!("{frame:?}") };
    serde_json::from_str(text).unwrap()
}

/// Listens, with the proof that a page has.
fn page(buyer: &Buyer<'_>, world: &World) -> (Socket, Value) {
    let mut socket = listen(world, &buyer.opened);
    socket.say(&buyer.state);
    let first = heard(&socket.hear());
    (socket, first)
}

/// Listens until it is said.
fn until_heard(socket: &mut Socket, phase: &str) -> Value {
    let mut last = 0;
    for _ in 0..20 {
        let status = heard(&socket.hear());
        let version = status["version"].as_u64().unwrap();
        assert!(version > last, "each version once, and rising: {status}");
        last = version;
        if status["phase"] == phase {
            return status;
        }
    }
    panic!("never {phase}");
}

#[test]
fn r51_a_page_hears_of_each_change_without_asking() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_card", "redirect");
    let (mut socket, first) = page(&buyer, &world);
    assert_eq!(first, buyer.status(), "the first word is where it stands");
    let view: shared::wire::StatusView = serde_json::from_value(first).unwrap();
    assert_eq!(view.phase, "presented");
    let window = buyer.window();
    let back = buyer.press(&window, "approve").unwrap();
    buyer.come_back(&back);
    let paid = until_heard(&mut socket, "paid");
    assert_eq!(paid["paid_at"], buyer.status()["paid_at"]);
    world.assert_paid_once(&opened);
}

#[test]
fn r51_a_declined_page_hears_its_fresh_token() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_card", "redirect");
    let (mut socket, _) = page(&buyer, &world);
    buyer.abandon();
    let open = until_heard(&mut socket, "open");
    assert_eq!(open["can_retry"], true);
    assert!(open["token"].as_str().unwrap().len() > 100);
}

#[test]
fn i15_row_70_a_socket_without_a_fitting_proof_is_closed() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_card", "redirect");
    let other = world.open(CAMERA, 31_000);
    let wrong = [
        "0".repeat(32),
        buyer.state.to_uppercase(),
        buyer.opened.token.clone(),
        String::new(),
        "x".repeat(60_000),
        format!("link.{}", buyer.state),
    ];
    for proof in wrong {
        let mut socket = listen(&world, &opened);
        socket.say(&proof);
        assert_eq!(socket.hear(), Frame::Close(1008), "{proof}");
    }
    let mut socket = listen(&world, &other);
    socket.say(&buyer.state);
    assert_eq!(socket.hear(), Frame::Close(1008), "another checkout's key");

    // A second message is nobody's business, except the runtime's own question.
    let (mut socket, _) = page(&buyer, &world);
    socket.say("ping");
    assert_eq!(socket.hear(), Frame::Text("pong".to_owned()));
    socket.say(&buyer.state);
    assert_eq!(socket.hear(), Frame::Close(1008));
}

#[test]
fn i15_row_132_only_the_shop_s_pages_open_a_socket() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let path = format!("/v1/live/{}", opened.id);
    let open = |origin, path: &str| Socket::open(&world.edge, path, origin).err();
    for origin in ["https://evil.example", "null"] {
        assert_eq!(open(Some(origin), &path), Some(403), "{origin}");
    }
    assert_eq!(open(Some(&world.shop_origin), "/v1/live/chk_none"), Some(404));
    let plain = world.edge("GET", &path).header("origin", &world.shop_origin).send();
    plain.refused(426, "upgrade_required");
    let query = format!("{path}?state_key={}", "0".repeat(32));
    assert_eq!(open(Some(&world.shop_origin), &query), Some(400), "no key in an address");
}

#[test]
fn at_most_eight_pages_listen_and_strangers_take_none_of_their_places() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_card", "redirect");
    let mut strangers: Vec<Socket> = (0..8).map(|_| listen(&world, &opened)).collect();
    let path = format!("/v1/live/{}", opened.id);
    let ninth = Socket::open(&world.edge, &path, Some(&world.shop_origin));
    assert_eq!(ninth.err(), Some(429));
    // Those who can prove it make room for those who cannot yet.
    for socket in &mut strangers {
        socket.say(&buyer.state);
        heard(&socket.hear());
    }
    let mut ninth = listen(&world, &opened);
    ninth.say(&buyer.state);
    assert_eq!(ninth.hear(), Frame::Close(1013), "come again later");
    drop(strangers.pop());
    until("a place is free again", || {
        let mut next = listen(&world, &opened);
        next.say(&buyer.state);
        matches!(next.hear(), Frame::Text(_)).then_some(())
    });
}

#[test]
fn a_socket_that_says_nothing_is_closed_after_ten_seconds() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut socket = listen(&world, &opened);
    assert_eq!(socket.hear_within(Duration::from_secs(5)), Frame::Nothing, "it has a while");
    assert_eq!(socket.hear(), Frame::Close(1008));
}

/// The owner sleeps while a deposit is waited for; the socket stays, and wakes nobody until something
/// happens.
#[test]
fn r35_r51_a_socket_outlives_its_owner_s_sleep() {
    let world = World::start_with("sleep", &[]);
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_virtual_account", "redirect");
    let window = buyer.window();
    let back = buyer.press(&window, "issue_account").unwrap();
    buyer.come_back(&back);
    buyer.until("an account", |status| status["phase"] == "awaiting_deposit");
    world.until_still(&opened);
    let (mut socket, _) = page(&buyer, &world);
    let before = runtime::objects_opened("sleep");
    assert_eq!(socket.hear_within(EVICTED), Frame::Nothing, "nobody is awake");
    socket.say("ping");
    assert_eq!(socket.hear(), Frame::Text("pong".to_owned()));
    assert_eq!(runtime::objects_opened("sleep"), before, "the runtime answers that by itself");
    world.deposit(&buyer.request_id());
    let paid = until_heard(&mut socket, "paid");
    assert_eq!(paid["outcome"], "paid");
    let after = runtime::objects_opened("sleep");
    let anew = &after[before.len()..];
    assert!(anew.iter().any(|id| before.contains(id)), "it was opened anew: {anew:?}");
    world.assert_paid_once(&opened);
}

/// The address that the shop sends, and the key in it.
fn link(world: &World, opened: &Opened) -> (String, String) {
    let view = world.read(opened);
    let url = view["status_url"].as_str().unwrap().to_owned();
    let (page, key) = url.split_once('#').expect("no log has what comes after #");
    assert!(page.ends_with("/window/pending"), "{url}");
    let key = key.strip_prefix(&format!("{}.", opened.id)).unwrap().to_owned();
    (url, key)
}

/// What the page behind the link asks.
fn shown(world: &World, checkout: &str, key: &str) -> crate::world::Answer {
    let proof = format!("Link {checkout}.{key}");
    world.edge("GET", "/v1/session?device=pc").header("authorization", &proof).send()
}

#[test]
fn r51_a_signed_link_shows_where_a_deposit_stands_on_any_device() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_virtual_account", "redirect");
    let window = buyer.window();
    let back = buyer.press(&window, "issue_account").unwrap();
    buyer.come_back(&back);
    let status = buyer.until("an account", |status| status["phase"] == "awaiting_deposit");
    let (url, key) = link(&world, &opened);
    assert_eq!(status["status_url"], url.as_str(), "the page offers it too");
    let page = world.call("GET", url.split('#').next().unwrap()).send();
    assert_eq!(page.code, 200, "{}", page.body);
    assert!(page.body.contains("<noscript>") && page.body.contains("lang=\"en\""));
    assert_eq!(page.body.matches("<script type=\"module\" src=\"/w").count(), 2, "ours alone");
    assert_eq!(page.body.matches("<script").count(), 2, "ours alone");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("script-src 'self'; connect-src 'self'"), "{policy}");
    assert_eq!(page.header("referrer-policy"), "no-referrer");

    let answer = shown(&world, &opened.id, &key);
    assert_eq!((answer.code, answer.header("cache-control")), (200, "no-store"));
    let view: shared::wire::SessionView = serde_json::from_str(&answer.body).unwrap();
    assert!(view.methods.is_empty() && view.live.unwrap().token.is_none(), "it pays nothing");
    let shown_there = &answer.json()["status"]["deposit"];
    for part in ["bank", "account", "holder", "until"] {
        assert_eq!(shown_there[part], status["deposit"][part], "{part}");
    }
    // R41: the edge counts; a page that asks again is told anew.
    let left = |deposit: &Value| deposit["left_ms"].as_u64().unwrap();
    assert!(left(shown_there) > 0 && left(shown_there) <= left(&status["deposit"]));
    for secret in [buyer.state.as_str(), opened.token.as_str(), opened.buyer.as_str()] {
        assert!(!answer.body.contains(secret), "it shows and proves nothing else");
    }

    // Live, with the link's own key; it is told that something changed, and asks what.
    let path = format!("/v1/live/{}", opened.id);
    let origin = format!("http://edge.localhost:{}", world.edge.rsplit(':').next().unwrap());
    let mut socket = Socket::open(&world.edge, &path, Some(&origin)).expect("our own page may");
    socket.say(&format!("link.{key}"));
    let version = heard(&socket.hear())["version"].as_u64();
    assert!(version >= status["version"].as_u64(), "what is true now: {version:?}, {status}");
    world.deposit(&buyer.request_id());
    let told = heard(&socket.hear());
    assert!(told["version"].as_u64() > version, "{told}");
    assert_eq!(told.as_object().unwrap().len(), 1, "no token, no status: {told}");
    until("the link says paid", || {
        let status = &shown(&world, &opened.id, &key).json()["status"];
        (status["phase"] == "paid" && status["poll_after_ms"] == 0).then_some(())
    });
}

#[test]
fn i15_r51_a_link_opens_its_own_checkout_and_only_for_a_month() {
    let world = alone();
    let [mine, other] = [(); 2].map(|()| world.open(CAMERA, 31_000));
    let (_, key) = link(&world, &mine);
    assert_eq!(shown(&world, &mine.id, &key).json()["status"]["phase"], "open");
    let zeroes = "0".repeat(32);
    for (checkout, key) in [(&mine.id, &zeroes), (&other.id, &key), (&mine.id, &String::new())] {
        shown(&world, checkout, key).refused(400, "state_mismatch");
    }
    // The key of the link is no state key, and a link asks for nothing but the session.
    let ask = |method: &str, path: &str, scheme: &str| {
        let proof = format!("{scheme} {}.{key}", mine.id);
        world.edge(method, path).header("authorization", &proof).json(&json!({})).send()
    };
    ask("GET", "/v1/session?device=pc", "State").refused(400, "state_mismatch");
    ask("GET", "/v1/status", "Link").refused(400, "state_mismatch");
    ask("POST", "/v1/look", "Link").refused(400, "state_mismatch");
    ask("POST", "/v1/abandon", "Link").refused(400, "state_mismatch");
    ask("GET", "/v1/checkouts", "Link").refused(401, "unauthorized");
    world.clock(31 * 24 * 3_600_000);
    shown(&world, &mine.id, &key).refused(400, "state_mismatch");
}
