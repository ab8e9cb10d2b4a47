//! What came back.

use axum::http::HeaderMap;
use serde_json::Value;

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
}

impl Answer {
    /// A header as text; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Where a redirection leads; empty where there is none.
    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// Whether the body holds a text.
    pub fn says(&self, text: &str) -> bool {
        self.text.contains(text)
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The value of the first input with a name, as it stands in the page.
    pub fn input(&self, name: &str) -> Option<String> {
        let tag = self.tags("<input").find(|tag| attribute(tag, "name").is_some_and(|found| found == name))?;
        Some(attribute(tag, "value").unwrap_or_default())
    }

    /// Names and values of all inputs of the first form that is sent to an address, as a browser would send them.
    pub fn form(&self, action: &str) -> Option<Vec<(String, String)>> {
        let start = self.text.find(&format!("action=\"{action}\""))?;
        let rest = &self.text[start..];
        let form = &rest[..rest.find("</form>").unwrap_or(rest.len())];
        let inputs = form.split("<input").skip(1).map(|rest| rest.split('>').next().unwrap_or_default());
        let inputs =
            inputs.filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default())));
        let selects = form.split("<select").skip(1).filter_map(chosen);
        Some(inputs.chain(selects).collect())
    }

    /// The text between the first occurrence of two marks.
    pub fn between(&self, before: &str, after: &str) -> Option<&str> {
        let (_, rest) = self.text.split_once(before)?;
        rest.split_once(after).map(|(found, _)| found)
    }

    fn tags<'a>(&'a self, open: &'a str) -> impl Iterator<Item = &'a str> {
        self.text.split(open).skip(1).map(|rest| rest.split('>').next().unwrap_or_default())
    }
}

/// The value of a tag's attribute, unescaped.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let value = rest.split('"').next()?;
    let plain = value.replace("&#34;", "\"").replace("&#39;", "'").replace("&#60;", "<").replace("&#62;", ">");
    Some(plain.replace("&#38;", "&"))
}

/// The name of a select and the value that is chosen in it: that which is marked, or the first. `rest` begins within its tag.
fn chosen(rest: &str) -> Option<(String, String)> {
    let name = attribute(rest.split('>').next()?, "name")?;
    let options = rest.split("</select>").next()?.split("<option").skip(1);
    let options: Vec<&str> = options.map(|rest| rest.split('>').next().unwrap_or_default()).collect();
    let marked = options.iter().find(|tag| tag.contains(" selected")).or(options.first())?;
    Some((name, attribute(marked, "value").unwrap_or_default()))
}
