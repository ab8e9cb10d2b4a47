//! One of several choices, and any number of them.

use kawasemi_kernel::text::fold;
use kawasemi_kernel::{Lang, Value};
use kawasemi_schema::Choice;
use serde_json::Value as Json;

use super::{Entry, FieldType, Parsed, Style, input};

/// How many choices a message lists.
const NAMED: usize = 8;

/// One choice (選択).
pub(super) struct One<'a> {
    pub(super) choices: &'a [Choice],
}

/// Any number of choices (複数選択).
pub(super) struct Several<'a> {
    pub(super) choices: &'a [Choice],
}

/// The choice that a text means: its key, or its label in any language, compared folded.
pub fn find_choice<'a>(choices: &'a [Choice], text: &str) -> Option<&'a Choice> {
    choices.iter().find(|choice| choice.key == text).or_else(|| {
        let folded = fold(text);
        let is_meant = |choice: &&Choice| Lang::ALL.iter().any(|lang| fold(choice.label.get(*lang)) == folded);
        // A label may have been given to a new choice when an old one was retired.
        choices.iter().filter(|choice| !choice.retired).find(is_meant).or_else(|| choices.iter().find(is_meant))
    })
}

fn unknown(choices: &[Choice], text: &str) -> String {
    let offered: Vec<&str> = choices.iter().filter(|c| !c.retired).map(|c| c.label.ja()).collect();
    let shortened: String = text.chars().take(30).collect();
    let more = if offered.len() > NAMED { "など" } else { "" };
    let names = offered[..offered.len().min(NAMED)].join("・");
    format!("「{shortened}」は選択肢にありません。{names}{more}から選んでください。")
}

fn shown(choices: &[Choice], key: &str, style: &Style<'_>) -> String {
    if style.keys {
        return key.to_owned();
    }
    choices.iter().find(|c| c.key == key).map_or(key, |choice| choice.label.get(style.lang)).to_owned()
}

impl FieldType for One<'_> {
    fn read_text(&self, text: &str) -> Parsed {
        let text = input::short(text)?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        let choice = find_choice(self.choices, text).ok_or_else(|| unknown(self.choices, text))?;
        Ok(Value::Text(choice.key.clone()))
    }

    fn show(&self, value: &Value, style: &Style<'_>) -> String {
        value.as_text().map(|key| shown(self.choices, key, style)).unwrap_or_default()
    }

    fn to_json(&self, value: &Value) -> Json {
        value.as_text().into()
    }
}

impl Several<'_> {
    /// The keys of what was named, in the order of the definition, without repetition.
    fn keys<T: AsRef<str>>(&self, named: impl IntoIterator<Item = T>) -> Parsed {
        let mut chosen = vec![false; self.choices.len()];
        for text in named {
            let text = input::short(text.as_ref())?;
            if text.is_empty() {
                continue;
            }
            let choice = find_choice(self.choices, text).ok_or_else(|| unknown(self.choices, text))?;
            for (flag, offered) in chosen.iter_mut().zip(self.choices) {
                *flag |= offered.key == choice.key;
            }
        }
        let keys: Vec<String> =
            self.choices.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(c, _)| c.key.clone()).collect();
        Ok(if keys.is_empty() { Value::Null } else { Value::Many(keys) })
    }
}

impl FieldType for Several<'_> {
    fn read_text(&self, text: &str) -> Parsed {
        let text = text.trim();
        if text.len() > input::LONGEST_SCALAR * 4 {
            return Err("入力が長すぎます。選択肢を「、」で区切って入力してください。".into());
        }
        // A label may contain the separator.
        if find_choice(self.choices, text).is_some() {
            return self.keys([text]);
        }
        self.keys(text.split(['、', ',', '，', ';', '；', '|', '\n', '/', '／', '・']))
    }

    fn read_entry(&self, entry: &Entry, key: &str) -> Parsed {
        match entry.all(key) {
            [one] => self.read_text(one),
            several => self.keys(several),
        }
    }

    fn read_json(&self, json: &Json) -> Parsed {
        match json {
            Json::Array(items) if items.len() > self.choices.len().max(1) * 4 => Err("選択肢の数が多すぎます。".into()),
            Json::Array(items) => self.keys(items.iter().map(input::json_text).collect::<Result<Vec<_>, _>>()?),
            json => self.read_text(&input::json_text(json)?),
        }
    }

    fn show(&self, value: &Value, style: &Style<'_>) -> String {
        let Value::Many(keys) = value else { return String::new() };
        let labels: Vec<String> = keys.iter().map(|key| shown(self.choices, key, style)).collect();
        labels.join(if style.keys { "|" } else { "、" })
    }

    fn to_json(&self, value: &Value) -> Json {
        match value {
            Value::Many(keys) => keys.clone().into(),
            _ => Json::Null,
        }
    }
}

#[cfg(test)]
mod tests {
    use kawasemi_schema::Tone;
    use serde_json::json;

    use super::super::tests::{check, check_json};
    use super::*;

    fn choices() -> Vec<Choice> {
        let choice = |key: &str, label: &str, retired| Choice {
            key: key.into(),
            label: label.into(),
            tone: Tone::default(),
            colour: None,
            retired,
        };
        vec![choice("block", "街区公園", false), choice("city", "総合公園", false), choice("old", "総合公園", true)]
    }

    #[test]
    fn reads_keys_and_labels() {
        let choices = choices();
        let one = One { choices: &choices };
        check(&one, "block", Ok(Value::from("block")));
        check(&one, " 総合公園", Ok(Value::from("city")));
        check(&one, "old", Ok(Value::from("old")));
        check(&one, "", Ok(Value::Null));
        check(&one, "<b>", Err("「<b>」は選択肢にありません。街区公園・総合公園から"));
        assert_eq!(one.show(&Value::from("city"), &Style::page(Lang::Ja)), "総合公園");
    }

    #[test]
    fn reads_several_in_the_order_of_the_definition() {
        let choices = choices();
        let several = Several { choices: &choices };
        let both = Value::Many(vec!["block".into(), "city".into()]);
        check(&several, "総合公園、街区公園,block", Ok(both.clone()));
        check_json(&several, json!(["city", "block"]), Ok(both.clone()));
        check_json(&several, json!([["city"]]), Err("一つの値"));
        check(&several, "、", Ok(Value::Null));
        let entry = Entry::from_pairs([("kind", ""), ("kind", "city"), ("kind", "block")]);
        assert_eq!(several.read_entry(&entry, "kind"), Ok(both.clone()));
        assert_eq!(several.show(&both, &Style::page(Lang::Ja)), "街区公園、総合公園");
    }
}
