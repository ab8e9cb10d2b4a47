//! Keys of other programs: made here, shown once, kept as a hash, limited in how much they may send.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use super::refusal::Refusal;
use crate::definitions::API_KEY;
use crate::kernel::RecordId;
use crate::ledger::{Draft, LedgerError, Ledgers, ListRequest};
use crate::platform::desk::Cx;
use crate::platform::identity::{Context, Secret};
use crate::public;
use crate::records::Read;

/// A key that was shown to be valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its record.
    pub id: RecordId,
    /// The program's name.
    pub name: String,
    /// Whether it may send updates.
    pub may_update: bool,
    per_hour: usize,
}

/// When each key of each city was used in the last hour.
type Taken = HashMap<(String, RecordId), VecDeque<Timestamp>>;

/// The hash under which a key is kept. A key has 256 random bits, so that a plain hash is enough.
pub fn hash(key: &str) -> String {
    Sha256::digest(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes a key and answers it; it is never shown again.
///
/// # Errors
/// As [`Ledgers::create`].
pub async fn issue(cx: &Cx, context: &Context, draft: Draft) -> Result<String, LedgerError> {
    let secret = Secret::new(cx.city().identity.entropy()).reveal();
    let key = format!("o311_{secret}");
    cx.ledgers().create(context, API_KEY, draft.with("key_hash", hash(&key))).await?;
    Ok(key)
}

/// The key of a call that writes.
///
/// # Errors
/// 403 when it is missing, unknown, stopped or over.
pub async fn check(cx: &Cx, sent: &str) -> Result<Key, Refusal> {
    if sent.is_empty() {
        return Err(Refusal::forbidden("api_key was not provided."));
    }
    let invalid = || Refusal::forbidden("The api_key is not valid.");
    let at = cx.context().act.at;
    let context = public::context(at);
    let fields = ["name", "key_hash", "active", "expires_on", "may_update", "per_hour"];
    let request = ListRequest {
        limit: 1,
        fields: Some(fields.map(str::to_owned).to_vec()),
        ..ListRequest::filtered(format!("key_hash = '{}'", hash(sent)))
    };
    let page = match cx.ledgers().list(&context, API_KEY, &request).await {
        Err(LedgerError::NotFound) => return Err(invalid()),
        other => other?,
    };
    let record = page.records.first().ok_or_else(invalid)?;
    let read = Read(record.fields());
    let is_over = read.date("expires_on").is_some_and(|day| day < context.today());
    if !read.yes("active") || is_over {
        return Err(invalid());
    }
    let per_hour = read.int("per_hour").and_then(|most| usize::try_from(most).ok()).unwrap_or(1);
    Ok(Key { id: record.id, name: read.text("name"), may_update: read.yes("may_update"), per_hour })
}

/// Takes one of the calls that a key has in an hour.
///
/// # Errors
/// 429 when there is none left.
pub fn take(cx: &Cx, key: &Key) -> Result<(), Refusal> {
    static TAKEN: Mutex<Option<Taken>> = Mutex::new(None);
    let now = cx.context().act.at;
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let of = (cx.city().city.code().to_owned(), key.id);
    let times = taken.get_or_insert_default().entry(of).or_default();
    let hour = SignedDuration::from_hours(1);
    while times.front().is_some_and(|at| now.duration_since(*at) >= hour) {
        times.pop_front();
    }
    match times.front() {
        Some(first) if times.len() >= key.per_hour => {
            let minutes = (hour - now.duration_since(*first)).as_mins() + 1;
            Err(Refusal::too_many(format!(
                "This key may send {} requests an hour. Try again in {minutes} minutes.",
                key.per_hour
            )))
        }
        _ => {
            times.push_back(now);
            Ok(())
        }
    }
}

/// Who may make keys.
///
/// # Errors
/// [`LedgerError::Forbidden`].
pub fn require(ledgers: &Ledgers, context: &Context) -> Result<(), LedgerError> {
    let (_, access) = ledgers.open(context, API_KEY)?;
    let action = crate::schema::Action::Create;
    if access.may(action) { Ok(()) } else { Err(LedgerError::Forbidden { action }) }
}
