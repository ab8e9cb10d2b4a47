//! How a line is written: JSON lines, syslog (RFC 5424) and CEF.

use serde_json::{Map, Value as Json, json};

use super::Line;

/// A format of exported lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A JSON object for each line.
    JsonLines,
    /// Syslog messages (RFC 5424), one for each line.
    Syslog,
    /// ArcSight's Common Event Format.
    Cef,
}

impl Format {
    /// All of them, with their keys.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::JsonLines, "jsonl"), (Self::Syslog, "syslog"), (Self::Cef, "cef")];

    /// The format with a key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == key).map(|(format, _)| format)
    }
}

/// Facility 13 (log audit), severity 6 (informational).
const PRIORITY: u8 = 13 * 8 + 6;
/// The number that RFC 5612 keeps for those who have none of their own.
const ENTERPRISE: u32 = 32473;
/// Records that a message names one by one: receivers take 2,048 bytes for sure.
const NAMED: usize = 20;

fn whole(line: &Line, city: &str) -> Map<String, Json> {
    let mut whole = Map::new();
    let head = [
        ("city", json!(city)),
        ("log", json!(line.source.key())),
        ("seq", json!(line.seq)),
        ("time", json!(line.at.to_string())),
        ("action", json!(line.kind)),
        ("actor", json!(line.actor)),
    ];
    whole.extend(head.map(|(key, value)| (key.to_owned(), value)));
    if !line.address.is_empty() {
        whole.insert("address".to_owned(), json!(line.address));
    }
    whole.extend(line.said.clone());
    whole
}

/// A JSON object and a line's end.
pub(super) fn json_line(line: &Line, city: &str) -> String {
    format!("{}\n", Json::Object(whole(line, city)))
}

/// A message. Everything in it is ASCII: ids, keys, addresses.
pub(super) fn syslog(line: &Line, city: &str) -> String {
    let mut whole = whole(line, city);
    if let Some(Json::Array(records)) = whole.get_mut("records") {
        records.truncate(NAMED);
    }
    let time = line.at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ");
    let (source, seq) = (line.source.key(), line.seq);
    let message = Json::Object(whole).to_string();
    format!(
        "<{PRIORITY}>1 {time} kawasemi-{city} kawasemi - {source} [kawasemi@{ENTERPRISE} log=\"{source}\" seq=\"{seq}\"] {message}"
    )
}

/// A line of the Common Event Format.
pub(super) fn cef(line: &Line, city: &str) -> String {
    let text =
        |key: &str| line.said.get(key).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let mut extension = vec![
        ("rt", line.at.as_millisecond().to_string()),
        ("externalId", line.seq.to_string()),
        ("suid", line.actor.clone()),
        ("act", line.kind.clone()),
        ("cs1Label", "city".to_owned()),
        ("cs1", city.to_owned()),
    ];
    if !line.address.is_empty() {
        extension.push(("src", line.address.clone()));
    }
    let further = [
        ("cs2Label", "cs2", "ledger"),
        ("cs3Label", "cs3", "record"),
        ("cs4Label", "cs4", "clearance"),
        ("cn1Label", "cn1", "count"),
        ("cs5Label", "cs5", "account"),
        ("cs6Label", "cs6", "request"),
    ];
    for (label, key, name) in further {
        if let Some(value) = text(name) {
            extension.extend([(label, name.to_owned()), (key, value)]);
        }
    }
    let extension: Vec<String> =
        extension.into_iter().map(|(key, value)| format!("{key}={}", escaped(&value))).collect();
    let (version, source) = (env!("CARGO_PKG_VERSION"), line.source.key());
    format!("CEF:0|Kawasemi|Kawasemi|{version}|{source}:{}|{source} {}|3|{}", line.kind, line.kind, extension.join(" "))
}

/// A value of an extension (CEF escapes backslash, equals sign and line ends).
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('=', "\\=").replace('\n', "\\n").replace('\r', "\\r")
}

#[cfg(test)]
mod tests {
    use super::super::{Source, members};
    use super::*;

    fn line() -> Line {
        Line {
            source: Source::Access,
            seq: 12,
            at: jiff::Timestamp::from_microsecond(1_795_000_000_000_001).expect("an instant"),
            kind: "read".into(),
            actor: "system".into(),
            address: "10.0.0.7".into(),
            said: members(
                json!({ "ledger": "party", "count": 30, "records": (0..30).collect::<Vec<_>>(), "session": null }),
            ),
        }
    }

    #[test]
    fn a_message_has_the_header_that_rfc_5424_asks_for() {
        let text = syslog(&line(), "142182");
        let (head, message) = text.split_once("] ").expect("structured data");
        let words: Vec<&str> = head.split(' ').collect();
        assert_eq!(words[0], "<110>1");
        assert!(words[1].ends_with(".000001Z") && words[1].len() == 27, "{}", words[1]);
        assert_eq!(&words[2..7], ["kawasemi-142182", "kawasemi", "-", "access", "[kawasemi@32473"]);
        let message: Json = serde_json::from_str(message).expect("JSON");
        assert_eq!(message["records"].as_array().map(Vec::len), Some(NAMED));
        assert_eq!((message["count"].as_i64(), message.get("session")), (Some(30), None));
    }

    #[test]
    fn cef_escapes_what_would_end_a_value() {
        let odd = Line { actor: "a=b\\c".into(), ..line() };
        let text = cef(&odd, "142182");
        assert!(text.contains("suid=a\\=b\\\\c ") && text.starts_with("CEF:0|Kawasemi|Kawasemi|"), "{text}");
    }
}
