//! An answer of Open311, described once and written as XML or JSON.
//!
//! In JSON a list is a bare array, `lat` and `long` are numbers and yes or no is a boolean; in XML a list has a root element and one
//! element for each thing, and everything is text.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value as Json, json};

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The standard's own.
    Xml,
    /// The other.
    Json,
}

/// A value of a thing.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Nothing,
    /// Text; empty text is written as nothing.
    Text(String),
    /// A number.
    Number(f64),
    /// A whole number.
    Count(i64),
    /// Yes or no.
    Yes(bool),
    /// Several texts, each under this name.
    Texts(&'static str, Vec<String>),
    /// Several things, each under this name.
    Things(&'static str, Vec<Thing>),
}

/// A thing: names and values in order.
pub type Thing = Vec<(&'static str, Value)>;

/// A whole answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Things: the name of the whole, and of each.
    List(&'static str, &'static str, Vec<Thing>),
    /// One thing under its name.
    One(&'static str, Thing),
}

impl Value {
    /// Text that may not be there.
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Answer {
    /// Writes it.
    pub fn response(&self, format: Format, status: StatusCode) -> Response {
        let (body, kind) = match format {
            Format::Xml => (self.xml(), "text/xml; charset=utf-8"),
            Format::Json => (self.json().to_string(), "application/json; charset=utf-8"),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        // What is public may be read by the pages of others.
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        response
    }

    /// As JSON.
    pub fn json(&self) -> Json {
        match self {
            Self::List(_, _, things) => things.iter().map(json_of).collect(),
            Self::One(_, thing) => json_of(thing),
        }
    }

    /// As XML.
    pub fn xml(&self) -> String {
        let mut xml = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".to_owned();
        match self {
            Self::List(whole, each, things) => {
                open(&mut xml, whole);
                things.iter().for_each(|thing| element(&mut xml, each, thing));
                close(&mut xml, whole);
            }
            Self::One(name, thing) => element(&mut xml, name, thing),
        }
        xml
    }
}

fn json_of(thing: &Thing) -> Json {
    let value = |value: &Value| match value {
        Value::Nothing => Json::Null,
        Value::Text(text) if text.is_empty() => Json::Null,
        Value::Text(text) => json!(text),
        Value::Number(number) => json!(number),
        Value::Count(number) => json!(number),
        Value::Yes(yes) => json!(yes),
        Value::Texts(_, texts) => json!(texts),
        Value::Things(_, things) => things.iter().map(json_of).collect(),
    };
    Json::Object(thing.iter().map(|(name, of)| ((*name).to_owned(), value(of))).collect::<Map<_, _>>())
}

fn element(xml: &mut String, name: &str, thing: &Thing) {
    open(xml, name);
    for (name, value) in thing {
        match value {
            Value::Nothing => line(xml, name, ""),
            Value::Text(text) => line(xml, name, text),
            Value::Number(number) => line(xml, name, &number.to_string()),
            Value::Count(number) => line(xml, name, &number.to_string()),
            Value::Yes(yes) => line(xml, name, if *yes { "true" } else { "false" }),
            Value::Texts(each, texts) => {
                open(xml, name);
                texts.iter().for_each(|text| line(xml, each, text));
                close(xml, name);
            }
            Value::Things(each, things) => {
                open(xml, name);
                things.iter().for_each(|thing| element(xml, each, thing));
                close(xml, name);
            }
        }
    }
    close(xml, name);
}

fn line(xml: &mut String, name: &str, text: &str) {
    if text.is_empty() {
        xml.push_str(&format!("<{name}/>"));
        return;
    }
    xml.push_str(&format!("<{name}>"));
    for letter in text.chars().filter(|letter| is_allowed(*letter)) {
        match letter {
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '&' => xml.push_str("&amp;"),
            letter => xml.push(letter),
        }
    }
    xml.push_str(&format!("</{name}>"));
}

/// Whether XML 1.0 knows a character at all.
const fn is_allowed(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

fn open(xml: &mut String, name: &str) {
    xml.push_str(&format!("<{name}>"));
}

fn close(xml: &mut String, name: &str) {
    xml.push_str(&format!("</{name}>\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_description_is_written_twice() {
        let answer = Answer::List(
            "service_requests",
            "request",
            vec![vec![
                ("service_request_id", Value::text("7K3Q9-FMA2X")),
                ("description", Value::text("a < b & \u{1} c")),
                ("address", Value::Nothing),
                ("lat", Value::Number(35.4378)),
                ("metadata", Value::Yes(true)),
            ]],
        );
        let xml = answer.xml();
        assert!(
            xml.contains("<service_requests><request><service_request_id>7K3Q9-FMA2X</service_request_id>"),
            "{xml}"
        );
        assert!(xml.contains(
            "<description>a &lt; b &amp;  c</description><address/><lat>35.4378</lat><metadata>true</metadata>"
        ));
        let expected = json!([{ "service_request_id": "7K3Q9-FMA2X", "description": "a < b & \u{1} c", "address": null, "lat": 35.4378, "metadata": true }]);
        assert_eq!(answer.json(), expected);
    }

    #[test]
    fn lists_within_have_their_own_names() {
        let value = vec![("key", Value::text("1")), ("name", Value::text("はい"))];
        let attribute = vec![
            ("values", Value::Things("value", vec![value])),
            ("formats", Value::Texts("format", vec!["text/xml".to_owned()])),
        ];
        let xml = Answer::One("attribute", attribute).xml();
        assert!(xml.contains("<values><value><key>1</key><name>はい</name></value>"), "{xml}");
        assert!(xml.contains("<formats><format>text/xml</format></formats>"));
    }
}
