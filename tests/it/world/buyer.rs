//! A buyer without a browser: does over HTTP what the widget, our pages, the providers' scripts and
//! the buyer's finger do.

use serde_json::{Value, json};
use tests::sandbox::Sandbox;

use super::{Answer, Opened, World, key, until};

/// A page with the widget on it.
pub struct Buyer<'a> {
    world: &'a World,
    pub opened: Opened,
    /// The token that the page holds now.
    pub token: String,
    /// The key of the first post.
    pub key: String,
    /// Afterwards.
    pub state: String,
    pub attempt: String,
    /// Our page in front of the provider's window.
    pub url: String,
}

/// A provider's window, open.
#[derive(Debug, Clone)]
pub struct Window {
    action: String,
    fields: Vec<(String, String)>,
    joins: bool,
}

/// On the page that asks for the number in a message.
pub const SECOND_PAGE: &str = "id=\"otp-form\"";

/// How the browser leaves the window.
#[derive(Debug, Clone)]
pub struct Return {
    pub url: String,
    /// `None`: by GET.
    pub form: Option<Vec<(String, String)>>,
}

impl Window {
    /// What the page put into one of its hidden fields.
    pub fn field(&self, name: &str) -> String {
        let found = self.fields.iter().find(|(each, _)| each == name);
        found.unwrap_or_else(|| panic!("no {name}")).1.clone()
    }

    /// What a buyer with a debugger makes of it.
    pub fn set(&mut self, name: &str, value: &str) {
        for (_, old) in self.fields.iter_mut().filter(|(each, _)| each == name) {
            value.clone_into(old);
        }
    }
}

impl<'a> Buyer<'a> {
    pub fn of(world: &'a World, opened: &Opened) -> Self {
        Self {
            world,
            token: opened.token.clone(),
            opened: opened.clone(),
            key: key(),
            state: String::new(),
            attempt: String::new(),
            url: String::new(),
        }
    }

    /// Posts an attempt as it stands; nothing is expected.
    pub fn post(&self, method: &str, presentation: &str) -> Answer {
        self.world
            .edge("POST", "/v1/attempts")
            .header("origin", &self.world.shop_origin)
            .bearer(&self.token)
            .key(&self.key)
            .json(&json!({
                "method": method, "presentation": presentation, "device": "pc", "locale": "ko",
            }))
            .send()
    }

    /// Begins an attempt and remembers what the widget remembers.
    pub fn begin(&mut self, method: &str, presentation: &str) -> Value {
        let answer = self.post(method, presentation);
        assert_eq!(answer.code, 201, "{}", answer.body);
        let body = answer.json();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.state = text(&body["state_key"]);
        self.attempt = text(&body["attempt"]);
        self.url = text(&body["presentation"]["url"]);
        assert_eq!(self.state.len(), 32);
        body
    }

    /// A call of the page after its first post.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let state = format!("State {}.{}", self.opened.id, self.state);
        let call = self
            .world
            .edge(method, path)
            .header("origin", &self.world.shop_origin)
            .header("authorization", &state);
        match body {
            Some(body) => call.json(body).send(),
            None => call.send(),
        }
    }

    pub fn status(&self) -> Value {
        let answer = self.ask("GET", "/v1/status", None);
        assert_eq!(answer.code, 200, "{}", answer.body);
        answer.json()
    }

    pub fn look(&self) -> Value {
        let answer = self.ask("POST", "/v1/look", None);
        assert_eq!(answer.code, 200, "{}", answer.body);
        answer.json()
    }

    pub fn abandon(&self) -> Value {
        let answer = self.ask("POST", "/v1/abandon", Some(&json!({ "attempt": self.attempt })));
        assert_eq!(answer.code, 200, "{}", answer.body);
        answer.json()
    }

    /// Polls until the status is as wanted.
    pub fn until(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let mut look = || {
            last = self.status();
            wanted(&last).then(|| last.clone())
        };
        until(&format!("the buyer of {} sees {what}", self.opened.id), &mut look)
    }

    pub fn until_paid(&self) -> Value {
        self.until("paid", |status| status["outcome"] == "paid")
    }

    /// Waits for the end of the attempt, and takes the fresh token.
    pub fn until_declined(&mut self) -> Value {
        let status = self.until("that the attempt ended", |status| status["can_retry"] == true);
        self.token = status["token"].as_str().unwrap().to_owned();
        self.key = key();
        status
    }

    /// The window that pays; a buyer who has to joins first, closes that window, and goes on.
    pub fn window(&self) -> Window {
        let window = self.shown_window();
        if !window.joins {
            return window;
        }
        let before = self.page();
        self.press(&window, "join");
        until("what pays is prepared", || {
            self.look();
            (self.page() != before).then_some(())
        });
        self.shown_window()
    }

    /// Our page in front of the window.
    pub fn page(&self) -> String {
        let page = self.world.call("GET", &self.url).send();
        assert_eq!(page.code, 200, "{}", page.body);
        page.body
    }

    /// Opens our page and what it leads to.
    pub fn shown_window(&self) -> Window {
        let page = self.page();
        match block(&page)["data"].as_str() {
            None => self.form_window(&page),
            Some(data) => self.script_window(&page, &serde_json::from_str(data).unwrap()),
        }
    }

    /// What `window/form.js` does.
    fn form_window(&self, page: &str) -> Window {
        let (action, fields) = form(page);
        let shown = self.world.call("POST", &action).form(&fields).send();
        self.shown(&shown)
    }

    /// What our starter and the provider's script do: the second of the three that the page loads.
    fn script_window(&self, page: &str, data: &Value) -> Window {
        let mut scripts = page.split("<script src=\"").skip(1);
        let script = scripts.nth(1).and_then(|tag| tag.split('"').next()).unwrap();
        let target = Sandbox::demo("").script_opens(script, data).unwrap();
        self.shown(&self.world.call("GET", &format!("{}{target}", self.world.psp)).send())
    }

    /// A page of the window, as it came.
    pub fn shown(&self, answer: &Answer) -> Window {
        assert_eq!(answer.code, 200, "{}", answer.body);
        let (action, fields) = form(&answer.body);
        let joins = answer.body.contains("id=\"join\"");
        Window { action: format!("{}{action}", self.world.psp), fields, joins }
    }

    /// Presses a button of the window; `None` when nothing leads back.
    pub fn press(&self, window: &Window, button: &str) -> Option<Return> {
        let mut answer = self.press_page(window, button)?;
        if answer.body.contains(SECOND_PAGE) {
            answer = self.press_page(&self.shown(&answer), button)?;
        }
        way_back(answer.code, answer.header("location"), &answer.body)
    }

    /// The same, and whatever page comes of it.
    pub fn press_page(&self, window: &Window, button: &str) -> Option<Answer> {
        let mut fields: Vec<(String, String)> =
            window.fields.iter().filter(|(name, _)| name != "action").cloned().collect();
        fields.push(("action".to_owned(), button.to_owned()));
        self.world.call("POST", &window.action).form(&fields).try_send()
    }

    /// The browser comes back to us.
    pub fn come_back(&self, back: &Return) -> Answer {
        match &back.form {
            Some(fields) => self.world.call("POST", &back.url).form(fields).send(),
            None => self.world.call("GET", &back.url).send(),
        }
    }

    /// The request id of the present attempt.
    pub fn request_id(&self) -> String {
        self.attempt.replacen("att_", "hb-", 1).replace('_', "-")
    }

    /// From the button to the return.
    pub fn pay(&mut self, method: &str, presentation: &str) -> Answer {
        self.begin(method, presentation);
        self.approve(&self.window())
    }

    /// Approves and comes back; where nothing leads back, the page asks once the window is closed.
    pub fn approve(&self, window: &Window) -> Answer {
        match self.press(window, "approve") {
            Some(back) => self.come_back(&back),
            None => self.ask("POST", "/v1/look", None),
        }
    }
}

/// The data that our page hands to its scripts.
pub fn block(page: &str) -> Value {
    let (_, rest) = page.split_once("id=\"hanbeon\">").expect("the page has its data");
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

/// How a window's answer sends the browser back; `None` when nothing leads back.
pub fn way_back(code: u16, location: &str, page: &str) -> Option<Return> {
    let tag = page.split_once("<form ").and_then(|(_, rest)| rest.split('>').next());
    if tag.is_some_and(|tag| attribute(tag, "id").as_deref() == Some("back")) {
        let (url, fields) = form(page);
        return Some(Return { url, form: Some(fields) });
    }
    (code == 303).then(|| Return { url: location.to_owned(), form: None })
}

/// The first form of a page that posts: where to, and its inputs.
pub fn form(page: &str) -> (String, Vec<(String, String)>) {
    let (_, rest) = page.split_once("<form ").unwrap_or_else(|| panic!("no form: {page}"));
    let inner = rest.split_once("</form>").unwrap().0;
    let action = attribute(inner.split('>').next().unwrap(), "action").unwrap();
    let fields = inner
        .split("<input ")
        .skip(1)
        .map(|tag| tag.split('>').next().unwrap())
        .filter(|tag| !tag.contains("type=\"radio\"") || tag.contains("checked"))
        .filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?)))
        .collect();
    (action, fields)
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    let value = rest.split('"').next()?;
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    Some(plain.iter().fold(value.to_owned(), |text, (from, to)| text.replace(from, to)))
}
