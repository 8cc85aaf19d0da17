//! Pages as they come, ours in front of a window and the provider's own, read by somebody without a browser.

use serde_json::Value;

/// A form of a provider's page.
#[derive(Debug, Clone)]
pub struct Form {
    /// Where it is posted to.
    pub action: String,
    /// Its inputs: name and value.
    pub fields: Vec<(String, String)>,
    /// Instruments to choose from: name and value.
    pub choices: Vec<(String, String)>,
    /// What can be pressed.
    pub buttons: Vec<String>,
}

/// The data that our page hands to its scripts.
#[must_use]
pub fn block(page: &str) -> Value {
    let text =
        page.split_once("id=\"hanbeon\">").and_then(|(_, rest)| rest.split_once("</script>"));
    text.and_then(|(text, _)| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// The provider's script on our page.
#[must_use]
pub fn script_of(page: &str) -> String {
    let address = page.split("<script src=\"").skip(1).filter_map(|rest| rest.split('"').next());
    address.filter(|src| src.starts_with("http")).map(ToOwned::to_owned).next().unwrap_or_default()
}

/// The first form of a page.
#[must_use]
pub fn read_form(page: &str) -> Option<Form> {
    let (_, rest) = page.split_once("<form ")?;
    let (inner, _) = rest.split_once("</form>")?;
    let (head, inner) = inner.split_once('>')?;
    let mut form = Form {
        action: attribute(head, "action")?,
        fields: Vec::new(),
        choices: Vec::new(),
        buttons: Vec::new(),
    };
    for tag in inner.split('<').filter_map(|part| part.split('>').next()) {
        let (Some(name), Some(value)) = (attribute(tag, "name"), attribute(tag, "value")) else {
            continue;
        };
        if tag.starts_with("button ") {
            form.buttons.push(value);
        } else if tag.starts_with("input ") {
            let radio = tag.contains("type=\"radio\"");
            if radio {
                form.choices.push((name.clone(), value.clone()));
            }
            if !radio || tag.contains(" checked") {
                form.fields.push((name, value));
            }
        }
    }
    Some(form)
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\"")).or_else(|| {
        tag.split_once(&format!("{name}=\"")).filter(|(before, _)| before.is_empty())
    })?;
    let value = rest.split('"').next()?;
    if !value.contains('&') {
        return Some(value.to_owned());
    }
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    Some(plain.iter().fold(value.to_owned(), |text, (from, to)| text.replace(from, to)))
}
