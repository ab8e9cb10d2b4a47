//! Names with their reading, and postal addresses.

use kawasemi_kernel::contact::Postcode;
use kawasemi_kernel::kana::{is_reading, to_katakana};
use kawasemi_kernel::text::tidy_line;
use kawasemi_kernel::{PersonName, PostalAddress, Value};
use serde_json::Value as Json;

use super::{Entry, FieldType, Parsed, Refusal, Refusals, Style, input, text};

/// Longest name and reading in characters.
const NAME_LENGTH: u32 = 100;
/// Longest address in characters.
const ADDRESS_LENGTH: u32 = 200;

/// A name with its reading (氏名・フリガナ).
pub(super) struct Name;
/// A postal address (住所).
pub(super) struct Address;

fn line(typed: &str, max_length: u32) -> Result<String, Refusals> {
    Ok(text::bounded(typed, max_length, tidy_line)?.as_text().unwrap_or_default().to_owned())
}

fn refuse_part(part: &str, label: &str, message: impl Into<String>) -> Refusals {
    Refusals(vec![Refusal { part: part.to_owned(), label: label.to_owned(), message: message.into() }])
}

/// A member of a JSON object, as text.
fn member<'a>(json: &'a Json, key: &str) -> Result<std::borrow::Cow<'a, str>, &'static str> {
    input::json_text(json.get(key).unwrap_or(&Json::Null))
}

/// Refuses members that the type does not have, so that a misspelt one is not lost.
fn only_members(json: &Json, known: &[&str]) -> Result<(), Refusals> {
    let object = json.as_object().into_iter().flatten();
    match object.map(|(key, _)| key.as_str()).find(|key| !known.contains(key)) {
        Some(key) => Err(format!("「{key}」は使えません。使えるのは {} です。", known.join("・")).into()),
        None => Ok(()),
    }
}

impl Name {
    fn of(name: &str, kana: &str) -> Parsed {
        let (name, kana) = (
            line(name, NAME_LENGTH)?,
            line(kana, NAME_LENGTH).map_err(|r| refuse_part("kana", "フリガナ", r.message()))?,
        );
        match (name.is_empty(), kana.is_empty()) {
            (true, true) => return Ok(Value::Null),
            (true, false) => return Err("フリガナだけが入力されています。名前も入力してください。".into()),
            (false, false) if !is_reading(&kana) => {
                return Err(refuse_part("kana", "フリガナ", "フリガナはカタカナかひらがなで入力してください。"));
            }
            _ => {}
        }
        Ok(Value::Name(PersonName { name, kana: to_katakana(&kana) }))
    }
}

impl FieldType for Name {
    /// `綾瀬 太郎` or, as it is shown in files, `綾瀬 太郎（アヤセ タロウ）`.
    fn read_text(&self, text: &str) -> Parsed {
        if text.len() > input::LONGEST_SCALAR {
            return Self::of(text, "");
        }
        let text = text.trim();
        let split = text.strip_suffix(['）', ')']).and_then(|rest| rest.rsplit_once(['（', '(']));
        match split {
            Some((name, kana)) if is_reading(kana) => Self::of(name, kana),
            _ => Self::of(text, ""),
        }
    }

    fn read_entry(&self, entry: &Entry, key: &str) -> Parsed {
        Self::of(entry.one(key), entry.one(&format!("{key}.kana")))
    }

    fn read_json(&self, json: &Json) -> Parsed {
        if !json.is_object() {
            return self.read_text(&input::json_text(json)?);
        }
        only_members(json, &["name", "kana"])?;
        Self::of(&member(json, "name")?, &member(json, "kana")?)
    }

    fn show(&self, value: &Value, style: &Style<'_>) -> String {
        match value {
            Value::Name(name) if style.plain && !name.kana.is_empty() => format!("{}（{}）", name.name, name.kana),
            Value::Name(name) => name.name.clone(),
            _ => String::new(),
        }
    }

    fn to_json(&self, value: &Value) -> Json {
        match value {
            Value::Name(name) => serde_json::json!({ "name": name.name, "kana": name.kana }),
            _ => Json::Null,
        }
    }
}

impl Address {
    fn of(postcode: &str, text: &str) -> Parsed {
        let text = line(text, ADDRESS_LENGTH)?;
        let code = postcode_digits(postcode)?;
        match (text.is_empty(), code.is_empty()) {
            (true, true) => Ok(Value::Null),
            (true, false) => Err("郵便番号だけが入力されています。住所も入力してください。".into()),
            _ => Ok(Value::Address(PostalAddress { postcode: code, text })),
        }
    }
}

/// The seven digits of a postcode as people write it (〒252-1192); empty for none.
fn postcode_digits(text: &str) -> Result<String, Refusals> {
    let text = input::short(text)?;
    if text.is_empty() {
        return Ok(String::new());
    }
    let code = text.parse::<Postcode>().map_err(|error| refuse_part("postcode", "郵便番号", error.to_string()))?;
    Ok(code.digits())
}

impl FieldType for Address {
    /// `〒252-1192 綾瀬市早川550`, or without a postcode.
    fn read_text(&self, text: &str) -> Parsed {
        let text = text.trim();
        let Some(rest) = text.strip_prefix('〒') else { return Self::of("", text) };
        let cut =
            rest.find(|c: char| !(c.is_numeric() || c.is_whitespace() || matches!(c, '-' | '－' | '−' | 'ー' | '‐')));
        let (postcode, text) = rest.split_at(cut.unwrap_or(rest.len()));
        Self::of(postcode, text)
    }

    fn read_entry(&self, entry: &Entry, key: &str) -> Parsed {
        Self::of(entry.one(&format!("{key}.postcode")), entry.one(key))
    }

    fn read_json(&self, json: &Json) -> Parsed {
        if !json.is_object() {
            return self.read_text(&input::json_text(json)?);
        }
        only_members(json, &["postcode", "text"])?;
        Self::of(&member(json, "postcode")?, &member(json, "text")?)
    }

    fn show(&self, value: &Value, _: &Style<'_>) -> String {
        let Value::Address(address) = value else { return String::new() };
        match (address.postcode.get(..3), address.postcode.get(3..)) {
            (Some(area), Some(rest)) if !rest.is_empty() => format!("〒{area}-{rest} {}", address.text),
            _ => address.text.clone(),
        }
    }

    fn to_json(&self, value: &Value) -> Json {
        match value {
            Value::Address(address) => serde_json::json!({ "postcode": address.postcode, "text": address.text }),
            _ => Json::Null,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{check, check_json};
    use super::*;

    fn name(name: &str, kana: &str) -> Value {
        Value::Name(PersonName { name: name.into(), kana: kana.into() })
    }

    fn address(postcode: &str, text: &str) -> Value {
        Value::Address(PostalAddress { postcode: postcode.into(), text: text.into() })
    }

    #[test]
    fn reads_names() {
        check(&Name, "綾瀬 太郎（ｱﾔｾ ﾀﾛｳ）", Ok(name("綾瀬 太郎", "アヤセ タロウ")));
        check(&Name, "株式会社カワセミ（本店）", Ok(name("株式会社カワセミ（本店）", "")));
        check_json(&Name, json!({ "name": "渡邉", "kana": "わたなべ" }), Ok(name("渡邉", "ワタナベ")));
        check_json(&Name, json!({ "name": "渡邉", "kana": "渡邉" }), Err("カタカナかひらがな"));
        check_json(&Name, json!({ "kana": "わたなべ" }), Err("名前も"));
        check_json(&Name, json!({ "name": "渡邉", "yomi": "x" }), Err("「yomi」は使えません"));
        check(&Name, &"山".repeat(3_000_000), Err("100文字以内"));
    }

    #[test]
    fn reads_addresses() {
        let hall = address("2521192", "綾瀬市早川550");
        check(&Address, "〒２５２－１１９２　綾瀬市早川550", Ok(hall.clone()));
        check(&Address, "綾瀬市早川550", Ok(address("", "綾瀬市早川550")));
        check_json(&Address, json!({ "postcode": "252-1192", "text": "綾瀬市早川550" }), Ok(hall.clone()));
        check_json(&Address, json!({ "postcode": "252-119", "text": "綾瀬市" }), Err("7桁"));
        check_json(&Address, json!({ "postcode": "252-1192" }), Err("住所も"));
        assert_eq!(Address.show(&hall, &Style::file()), "〒252-1192 綾瀬市早川550");
    }
}
