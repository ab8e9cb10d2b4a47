//! Telephone numbers, mail addresses and web addresses.

use kawasemi_kernel::Value;
use kawasemi_kernel::contact;
use serde_json::Value as Json;

use super::{FieldType, Parsed, Style, input};

/// A telephone number (電話番号).
pub(super) struct Phone;
/// A corporate number (法人番号).
pub(super) struct CorporateNumber;
/// A mail address (メールアドレス).
pub(super) struct Mail;
/// A web address (URL).
pub(super) struct Url;

/// Reads a text in its normal form; a sentence for what is none.
fn read<T>(text: &str, as_text: fn(&T) -> &str) -> Parsed
where
    T: std::str::FromStr,
    T::Err: ToString,
{
    let text = input::short(text)?;
    if text.is_empty() {
        return Ok(Value::Null);
    }
    text.parse::<T>().map(|read| Value::from(as_text(&read))).map_err(|error| error.to_string().into())
}

fn shown(value: &Value) -> String {
    value.as_text().unwrap_or_default().to_owned()
}

impl FieldType for Phone {
    fn read_text(&self, text: &str) -> Parsed {
        read(text, contact::Phone::as_str)
    }

    fn show(&self, value: &Value, _: &Style<'_>) -> String {
        shown(value)
    }

    fn to_json(&self, value: &Value) -> Json {
        value.as_text().into()
    }
}

impl FieldType for CorporateNumber {
    fn read_text(&self, text: &str) -> Parsed {
        read(text, contact::CorporateNumber::as_str)
    }

    fn show(&self, value: &Value, _: &Style<'_>) -> String {
        shown(value)
    }

    fn to_json(&self, value: &Value) -> Json {
        value.as_text().into()
    }
}

impl FieldType for Mail {
    fn read_text(&self, text: &str) -> Parsed {
        read(text, contact::MailAddress::as_str)
    }

    fn show(&self, value: &Value, _: &Style<'_>) -> String {
        shown(value)
    }

    fn to_json(&self, value: &Value) -> Json {
        value.as_text().into()
    }
}

impl FieldType for Url {
    fn read_text(&self, text: &str) -> Parsed {
        read(text, contact::WebAddress::as_str)
    }

    fn show(&self, value: &Value, _: &Style<'_>) -> String {
        shown(value)
    }

    fn to_json(&self, value: &Value) -> Json {
        value.as_text().into()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::*;

    #[test]
    fn reads_ways_to_reach_people() {
        check(&Phone, "０４６７（７７）１１１１", Ok(Value::from("0467-77-1111")));
        check(&Phone, "<b>", Err(""));
        check(&Mail, "ｔａｒｏ＠Example.jp", Ok(Value::from("taro@example.jp")));
        check(&Mail, "a\r\nBcc:b@example.jp", Err("メールアドレスの形"));
        check(&Url, "https://www.example.jp", Ok(Value::from("https://www.example.jp/")));
        check(&Url, "javascript:alert(1)", Err("「https://」または"));
        check(&Url, &format!("https://a.jp/{}", "a".repeat(5_000_000)), Err("入力が長すぎます"));
        check(&Url, "", Ok(Value::Null));
    }
}
