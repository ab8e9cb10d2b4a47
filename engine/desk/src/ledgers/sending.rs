//! What is registered by a form that is sent twice is there once.
//!
//! A button is pressed twice, a line breaks, a database is switched over before it answers: then the same form comes again. Each
//! form for a new record carries a number of its own. From that and from what was typed the record's id follows, under which the
//! ledger gives the same content the same answer. Who goes back and types something else registers something else.

use kawasemi_kernel::{FileRef, RecordId};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::request::Entries;

/// The hidden entry with the number of a form.
pub const FORM: &str = "_form";

/// The id of the record that a form registers, beginning with the time at which the form was opened like any id; none where
/// the form says no number, as a program's.
pub fn record_id(form: &str, texts: &Entries, stored: &[(String, FileRef)]) -> Option<RecordId> {
    let form: Uuid = form.parse().ok()?;
    let (seconds, nanos) = form.get_timestamp()?.to_unix();
    let mut hashed = Sha256::new().chain_update(form.as_bytes());
    // What begins so belongs to the page, such as the button that was pressed.
    for (name, value) in texts.0.iter().filter(|(name, _)| !name.starts_with('_')) {
        hashed = hashed.chain_update(name).chain_update([0]).chain_update(value).chain_update([0]);
    }
    for (field, file) in stored {
        hashed = hashed.chain_update(field).chain_update(file.id.as_bytes());
    }
    let mut random = [0; 10];
    random.copy_from_slice(&hashed.finalize()[..10]);
    let millis = seconds * 1_000 + u64::from(nanos) / 1_000_000;
    Some(RecordId(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_form_gets_the_same_id_and_other_words_another() {
        let form = "0190b6a1-8f3c-7a2b-9c4d-1234567890ab";
        let of = |form: &str, text: &str| {
            let entries = [("name", text), ("_another", "1")].map(|(name, value)| (name.to_owned(), value.to_owned()));
            record_id(form, &Entries(entries.into()), &[])
        };
        let first = of(form, "公園").expect("an id");
        assert_eq!(of(form, "公園"), Some(first));
        assert_eq!(first.0.as_bytes()[..6], form.parse::<Uuid>().expect("an id").as_bytes()[..6]);
        assert_eq!(first.0.get_version_num(), 7);
        assert_ne!(of(form, "広場"), Some(first));
        assert_ne!(of("0190b6a1-8f3c-7a2b-9c4d-1234567890ac", "公園"), Some(first));
        assert_eq!(of("", "公園"), None);
    }
}
