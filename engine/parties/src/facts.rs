//! What is known of a party, in the forms in which two are compared.

use jiff::civil::Date;
use kawasemi_kernel::{Fields, RecordId, Value, text};

/// A party's facts. Texts are folded: width, kana, old forms of characters and spaces make no difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The record.
    pub id: RecordId,
    /// Person, household or organisation.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Reading.
    pub kana: String,
    /// The reading's last word: the given name.
    pub given_kana: String,
    /// Other names: alias, former name, each folded.
    pub others: Vec<String>,
    /// Date of birth.
    pub birth_date: Option<Date>,
    /// Sex.
    pub sex: String,
    /// Address with building.
    pub address: String,
    /// Telephone numbers, digits only.
    pub phones: Vec<String>,
    /// Mail address.
    pub mail: String,
    /// Number in the resident register; two of them are two people.
    pub resident_number: String,
}

impl Facts {
    /// Reads the fields of the ledger `party`. `key_of` brings an address to the one form in which the city writes it
    /// ([`kawasemi_registry::places`]); none for one that it does not know, which is compared as it was written.
    #[must_use]
    pub fn of(id: RecordId, fields: &Fields, key_of: &dyn Fn(&str) -> Option<String>) -> Self {
        let text_of = |key: &str| fields.get(key).and_then(Value::as_text).unwrap_or_default();
        let name_of = |key: &str| match fields.get(key) {
            Some(Value::Name(name)) => (name.name.clone(), name.kana.clone()),
            _ => (String::new(), String::new()),
        };
        let (name, kana) = name_of("name");
        let kind = text_of("kind").to_owned();
        let plain = |name: &str| if kind == "organisation" { organisation(name) } else { joined(name) };
        let others = [name_of("alias").0, former(&name, text_of("former_name"))];
        let address = format!("{} {}", text_of("address"), text_of("building"));
        let address = address.trim();
        Self {
            id,
            name: plain(&name),
            given_kana: given(&kana),
            kana: joined(&kana),
            others: others.iter().map(|name| plain(name)).filter(|name| !name.is_empty()).collect(),
            birth_date: fields.get("birth_date").and_then(Value::as_date),
            sex: text_of("sex").to_owned(),
            address: if address.is_empty() {
                String::new()
            } else {
                key_of(address).unwrap_or_else(|| joined(address))
            },
            phones: ["phone", "mobile"].map(|key| digits(text_of(key))).into_iter().filter(|n| n.len() >= 9).collect(),
            mail: text_of("mail").to_lowercase(),
            resident_number: text_of("resident_number").to_owned(),
            kind,
        }
    }
}

/// A folded text without spaces and marks between words.
fn joined(text: &str) -> String {
    text::fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// A name of an organisation without its legal form, which people write in many ways, or not at all.
fn organisation(name: &str) -> String {
    const FORMS: [&str; 19] = [
        "株式会社",
        "有限会社",
        "合同会社",
        "合資会社",
        "合名会社",
        "一般社団法人",
        "一般財団法人",
        "公益社団法人",
        "公益財団法人",
        "社会福祉法人",
        "医療法人社団",
        "医療法人財団",
        "医療法人",
        "学校法人",
        "宗教法人",
        "特定非営利活動法人",
        "npo法人",
        "(株)",
        "(有)",
    ];
    let mut folded: String = text::fold(name).chars().filter(|c| !c.is_whitespace()).collect();
    for form in FORMS.map(text::fold) {
        folded = folded.replace(&form, "");
    }
    folded.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The last word of a reading.
fn given(kana: &str) -> String {
    let mut words = kana.split_whitespace();
    match (words.next(), words.next_back()) {
        (Some(_), Some(given)) => joined(given),
        _ => String::new(),
    }
}

/// A name with the former family name in place of the present one.
fn former(name: &str, family: &str) -> String {
    match name.split_once(char::is_whitespace) {
        Some((_, given)) if !family.trim().is_empty() => format!("{} {given}", family.trim()),
        _ => String::new(),
    }
}

fn digits(text: &str) -> String {
    text::fold(text).chars().filter(char::is_ascii_digit).collect()
}
