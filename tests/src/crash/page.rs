//! A buyer's page without a browser: what the widget, our pages, the providers' scripts and a finger do. Every
//! question is asked until it is answered, by the same key.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::now;
use super::scene::Scene;
use crate::http::{Answer, Call};
use crate::pages::{Form, block, read_form, script_of};
use crate::sandbox::Sandbox;

/// How long a buyer looks at a page that only says "one moment".
const PATIENCE: Duration = Duration::from_secs(4);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(60);

/// A page with the widget on it.
pub struct Page<'a> {
    /// Where.
    pub scene: &'a Scene,
    /// What is bought.
    pub sale: usize,
    token: String,
    key: String,
    state: String,
    attempt: String,
    has_window: bool,
}

impl<'a> Page<'a> {
    /// The page of a sale that was opened.
    pub fn of(scene: &'a Scene, (sale, token): (usize, String)) -> Self {
        let key = scene.fresh("begin-key");
        Self {
            scene,
            sale,
            token,
            key,
            state: String::new(),
            attempt: String::new(),
            has_window: false,
        }
    }

    fn checkout(&self) -> String {
        self.scene.ledger.sale(self.sale).checkout.unwrap_or_default()
    }

    /// The press on the button, once.
    fn post(&self, method: &str, way: &str) -> Call<'a> {
        let body = json!({ "method": method, "presentation": way, "device": "pc", "locale": "ko" });
        // Buyers do not share an address: how many attempts come from one is bounded.
        let address = format!("10.1.{}.{}", self.sale / 250, self.sale % 250);
        self.scene
            .edge("POST", "/v1/attempts")
            .header("origin", &self.scene.shop_origin)
            .header("cf-connecting-ip", &address)
            .bearer(&self.token)
            .key(&self.key)
            .json(&body)
    }

    /// Begins an attempt; our page in front of its window, when there is one.
    pub fn begin(&mut self, method: &str, way: &str) -> Option<String> {
        self.scene.ledger.wants(self.sale, |sale| sale.wanted += 1);
        let begun = now();
        while begun.elapsed() < PATIENCE {
            let answer = self.scene.ask(|| self.post(method, way))?;
            if !matches!(answer.code, 200 | 201) {
                let what = format!("beginning {}: {} {}", self.key, answer.code, answer.body);
                self.scene.ledger.odd(what);
                return None;
            }
            let body = answer.json();
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (self.attempt, self.state) = (text(&body["attempt"]), text(&body["state_key"]));
            self.scene.ledger.acknowledged("begin", self.sale, |sale| {
                sale.attempts.insert(text(&body["attempt"]));
            });
            if let Some(url) = body["presentation"]["url"].as_str() {
                return Some(url.to_owned());
            }
            if self.hears(&body["status"]) {
                return None;
            }
            thread::sleep(LOOK_EVERY);
        }
        None
    }

    /// Begins an attempt by one press; what the page is told.
    pub fn press_once(&mut self, method: &str, way: &str) -> Value {
        let answer = self.scene.ask(|| self.post(method, way));
        let begun = answer.map(|answer| answer.json()).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (self.attempt, self.state) = (text(&begun["attempt"]), text(&begun["state_key"]));
        self.has_window = begun["presentation"].is_object();
        self.hears(&begun["status"]);
        begun
    }

    /// Whoever has a window leaves it, and may try again.
    pub fn leaves(&mut self) {
        if std::mem::take(&mut self.has_window) {
            let _left = self.abandon();
            let _again = self.until(|status| status["can_retry"] == true);
        }
    }

    /// Takes in a status; whether another attempt may begin, with the token that it brings.
    fn hears(&mut self, status: &Value) -> bool {
        let version = status["version"].as_u64().unwrap_or(0);
        let paid = status["outcome"] == "paid";
        self.scene.ledger.wants(self.sale, |sale| {
            sale.version = sale.version.max(version);
            sale.told_paid |= paid;
        });
        match status["token"].as_str().filter(|_| status["can_retry"] == true) {
            Some(token) => {
                self.token = token.to_owned();
                self.key = self.scene.fresh("begin-key");
                true
            }
            None => false,
        }
    }

    fn call(&self, method: &str, path: &str) -> Call<'a> {
        let state = format!("State {}.{}", self.checkout(), self.state);
        let call = self.scene.edge(method, path).header("origin", &self.scene.shop_origin);
        call.header("authorization", &state)
    }

    /// Asks for the status, or for a look.
    fn status(&mut self, method: &str, path: &str) -> Option<Value> {
        let answer = self.scene.ask(|| self.call(method, path))?;
        if answer.code != 200 {
            let what = format!("{path} of {}: {} {}", self.attempt, answer.code, answer.body);
            self.scene.ledger.odd(what);
            return None;
        }
        let status = answer.json();
        self.hears(&status);
        Some(status)
    }

    /// The buyer wants to know.
    pub fn look(&mut self) -> Option<Value> {
        let status = self.status("POST", "/v1/look")?;
        self.scene.ledger.acknowledged("look", self.sale, |_| {});
        Some(status)
    }

    /// The buyer is tired of the window.
    pub fn abandon(&mut self) -> Option<()> {
        let body = json!({ "attempt": self.attempt });
        let answer = self.scene.ask(|| self.call("POST", "/v1/abandon").json(&body))?;
        self.scene.ledger.acknowledged("abandon", self.sale, |_| {});
        (answer.code == 200).then_some(())
    }

    /// Polls until the status is as wanted, as long as a buyer stays.
    pub fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Option<()> {
        let begun = now();
        while begun.elapsed() < PATIENCE {
            if wanted(&self.status("GET", "/v1/status")?) {
                return Some(());
            }
            thread::sleep(LOOK_EVERY);
        }
        None
    }

    /// Until the page says "paid".
    pub fn until_paid(&mut self) -> Option<()> {
        self.until(|status| status["outcome"] == "paid")
    }

    /// Opens our page and the provider's behind it; whoever has to joins first.
    pub fn open(&mut self, url: &str) -> Option<Form> {
        let (page, form) = self.show(url)?;
        if !form.buttons.iter().any(|button| button == "join") {
            return Some(form);
        }
        self.press(&form, "join")?;
        let begun = now();
        while begun.elapsed() < PATIENCE {
            self.look()?;
            let (next, form) = self.show(url)?;
            if next != page && !form.buttons.iter().any(|button| button == "join") {
                return Some(form);
            }
            thread::sleep(LOOK_EVERY);
        }
        None
    }

    fn show(&self, url: &str) -> Option<(String, Form)> {
        let page = self.scene.ask(|| self.scene.browse("GET", url))?;
        let data = &block(&page.body)["data"];
        let shown = match data.as_str() {
            Some(data) => {
                let data = serde_json::from_str(data).unwrap_or_default();
                let target = Sandbox::demo("").script_opens(&script_of(&page.body), &data)?;
                self.scene.ask(|| self.scene.browse("GET", &target))?
            }
            None => {
                let form = read_form(&page.body)?;
                let post = || self.scene.browse("POST", &form.action).form(&form.fields);
                self.scene.ask(post)?
            }
        };
        Some((page.body, read_form(&shown.body)?))
    }

    /// Presses a button of the provider's.
    pub fn press(&self, form: &Form, button: &str) -> Option<Answer> {
        let mut fields = form.fields.clone();
        fields.retain(|(name, _)| name != "action");
        fields.push(("action".to_owned(), button.to_owned()));
        self.scene.ask(|| self.scene.browse("POST", &form.action).form(&fields))
    }

    /// Presses, and comes back the way that the provider shows; where none is shown, the page asks.
    pub fn press_and_return(&mut self, form: &Form, button: &str) -> Option<()> {
        let pressed = self.press(form, button)?;
        let back = if pressed.code == 303 {
            let location = pressed.header("location").to_owned();
            self.scene.ask(|| self.scene.browse("GET", &location))?
        } else if pressed.body.contains("id=\"back\"") {
            let form = read_form(&pressed.body)?;
            self.scene.ask(|| self.scene.browse("POST", &form.action).form(&form.fields))?
        } else {
            return self.look().map(|_| ());
        };
        self.scene.ledger.acknowledged("return", self.sale, |_| {});
        (back.code < 400).then_some(())
    }

    /// The request id of the present attempt.
    pub fn request_id(&self) -> String {
        request_of(&self.attempt)
    }
}

/// What a provider calls an attempt.
pub fn request_of(attempt: &str) -> String {
    attempt.replacen("att_", "hb-", 1).replace('_', "-")
}
