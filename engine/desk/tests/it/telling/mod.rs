//! What two cities answer to the same questions, for tests that nothing hidden can be told.

use std::collections::BTreeMap;

use kawasemi_testkit::desk::{Answer, Browser};

/// Everything that is asked and answered in a city: who asked what.
pub type Transcript = BTreeMap<(String, String), String>;

/// Writes an answer down, and those of the pages to which the marks of a list lead.
pub async fn follow(browser: &Browser, who: &str, question: &str, answer: &Answer, transcript: &mut Transcript) {
    transcript.insert((who.to_owned(), question.to_owned()), told(answer));
    let mut next = answer.header("link").split(['<', '>']).nth(1).unwrap_or_default().to_owned();
    for page in 0..8 {
        if next.is_empty() {
            return;
        }
        let further = browser.get(&next).await;
        next = further.header("link").split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        transcript.insert((who.to_owned(), format!("{question} page {page}")), told(&further));
    }
}

/// Conditions put together at random, the same in both cities.
pub fn compound(ledger: &str, fields: &[&str], count: usize) -> Vec<String> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or_default() % below
    };
    let mut condition = || {
        let atoms = ["= 'a'", "IS NULL", "> 300", "LIKE '%1%'", "IN ('x','b')", "BETWEEN 1 AND 50"];
        let mut text = format!("{} {}", fields[draw(fields.len())], atoms[draw(atoms.len())]);
        for _ in 0..draw(3) {
            let joiner = ["AND", "OR", "AND NOT", "OR NOT"][draw(4)];
            text = format!("({text}) {joiner} ({} {})", fields[draw(fields.len())], atoms[draw(atoms.len())]);
        }
        let sort = fields[draw(fields.len())];
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("filter", &text)
            .append_pair("sort", sort)
            .finish();
        format!("/api/v1/ledgers/{ledger}/records?{query}")
    };
    (0..count).map(|_| condition()).collect()
}

/// An answer without the number of the request and that of the form.
pub fn told(answer: &Answer) -> String {
    let mut headers: Vec<String> = answer.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    headers.sort();
    headers.retain(|header| !header.starts_with("set-cookie"));
    let body: Vec<&str> = answer.text.lines().filter(|line| !line.contains("problem-facts")).collect();
    let body = without_form_number(&body.join("\n"));
    // In a problem for programs the number stands in `instance`.
    let body = match serde_json::from_str::<serde_json::Value>(&body) {
        Ok(mut json) if answer.header("content-type").contains("problem") => {
            json.as_object_mut().map(|object| (object.remove("instance"), object.remove("reference")));
            json.to_string()
        }
        _ => body,
    };
    format!("{}\n{}\n{body}", answer.status, headers.join("\n"))
}

/// A form without its number, which is the next that the city has for anything.
fn without_form_number(body: &str) -> String {
    let mut parts = body.split("name=\"_form\" value=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('"').map_or(part, |(_, rest)| rest))
}

/// Says where two cities answer differently.
pub fn compare(one: &Transcript, other: &Transcript, least: usize) {
    assert!(one.len() > least, "{} questions", one.len());
    let mut wrong = Vec::new();
    for ((who, question), answer) in one {
        let Some(in_other) = other.get(&(who.clone(), question.clone())) else {
            wrong.push(format!("{who} {question} is asked in one city alone"));
            continue;
        };
        if answer != in_other {
            let line = answer.lines().zip(in_other.lines()).find(|(one, other)| one != other);
            wrong.push(format!("{who} {question}: {line:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} answers tell the cities apart:\n{}", wrong.len(), wrong.join("\n"));
}
