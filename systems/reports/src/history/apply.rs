//! Writing former reports into the ledgers.

use std::collections::HashMap;

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{Old, OldUpdate};
use crate::definitions::{REPORT, UPDATE};
use crate::intake::text;
use crate::kernel::{RecordId, Value};
use crate::ledger::{Draft, LedgerError, Ledgers};
use crate::platform::identity::Context;
use crate::records::{Category, Settings};
use crate::rules::{State, tracking};

/// Records that are written together.
const TOGETHER: usize = 250;

/// What became of former reports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Reports that are new here.
    pub added: usize,
    /// Reports that were here already.
    pub known: usize,
    /// Entries of their history that are new here.
    pub updates: usize,
    /// What was not taken, with the reason.
    pub refused: Vec<String>,
}

/// Writes former reports and what happened to them. `named` says which of our categories a code or a name of the former app means;
/// `was_public` whether everybody could read them there.
///
/// # Errors
/// When the caller may not create reports; what is wrong with single ones is in the answer.
pub async fn apply(
    ledgers: &Ledgers,
    context: &Context,
    reports: &[Old],
    updates: &[OldUpdate],
    named: &HashMap<String, String>,
    was_public: bool,
) -> Result<Outcome, LedgerError> {
    let settings = Settings::load(ledgers, context).await?;
    let categories = Category::all(ledgers, context).await?;
    let mut outcome = Outcome::default();
    let mut drafts: Vec<(Uuid, String, Draft)> = Vec::new();
    for old in reports {
        let id = id_of("report", &old.id);
        match draft(old, id, &settings, &categories, named, was_public) {
            Ok(draft) => drafts.push((id, old.id.clone(), draft)),
            Err(reason) => outcome.refused.push(format!("{}：{reason}", old.id)),
        }
    }
    for part in drafts.chunks(TOGETHER) {
        let ids: Vec<RecordId> = part.iter().map(|(id, _, _)| RecordId(*id)).collect();
        let known: Vec<RecordId> = ledgers.get_many(context, REPORT, &ids).await?.iter().map(|one| one.id).collect();
        outcome.known += known.len();
        let new: Vec<&(Uuid, String, Draft)> =
            part.iter().filter(|(id, _, _)| !known.contains(&RecordId(*id))).collect();
        let written: Vec<Draft> = new.iter().map(|(_, _, draft)| draft.clone()).collect();
        for ((_, number, _), answer) in new.iter().zip(ledgers.create_many(context, REPORT, &written).await?) {
            match answer {
                Ok(_) => outcome.added += 1,
                Err(error) => outcome.refused.push(format!("{number}：{error}")),
            }
        }
    }
    history(ledgers, context, updates, &mut outcome).await?;
    Ok(outcome)
}

fn draft(
    old: &Old,
    id: Uuid,
    settings: &Settings,
    categories: &[Category],
    named: &HashMap<String, String>,
    was_public: bool,
) -> Result<Draft, String> {
    let wanted = [&old.service_code, &old.service_name];
    let code = wanted.iter().find_map(|name| named.get(name.as_str())).cloned();
    let is_it = |category: &&Category| match &code {
        Some(code) => category.code == *code,
        None => wanted.iter().any(|name| {
            !name.is_empty() && (category.code == **name || category.name(crate::kernel::Lang::Ja) == name.as_str())
        }),
    };
    let category = categories.iter().find(is_it).ok_or_else(|| {
        format!("種類「{} {}」に当たる種類がありません。対応表に書いてください。", old.service_code, old.service_name)
    })?;
    let requested = old.requested.ok_or("受付日時がないか、読めません。")?;
    let state = match old.status.unwrap_or(State::Received) {
        // What it was a duplicate of can't be told; nor to whom it was passed on.
        State::Duplicate => State::NoAction,
        State::OtherAuthority => State::NoAction,
        state => state,
    };
    let rounds = category.rounds_position || !was_public;
    let mut draft = Draft::new()
        .with_id(RecordId(id))
        .with("reference", tracking::number(id))
        .with("category", category.id)
        .with("state", state.key())
        .with("status_note", text(&limited(&old.status_notes, 500)))
        .with("received_at", Value::Instant(requested))
        .with("channel", "import")
        .with("address", text(&limited(&old.address, 300)))
        .with("description", text(&limited(&old.description, 4_000)))
        .with("media_urls", text(&limited(&old.media_urls.join("\n"), 4_000)))
        .with("source_id", text(&limited(&old.id, 100)))
        .with("public_state", if was_public { "shown" } else { "held" });
    draft.set("department", category.department.map_or(Value::Null, Value::Record));
    if let Some(place) = old.place {
        let shown = if rounds { place.rounded(settings.position_grid_m) } else { place };
        draft.set("location", Value::Geometry(place.to_geometry()));
        draft.set("public_point", Value::Geometry(shown.to_geometry()));
    }
    if was_public {
        draft.set("public_description", text(&limited(&old.description, 4_000)));
        draft.set("public_address", text(&limited(&old.address, 300)));
    }
    if state.is_closed() {
        draft.set("closed_at", Value::Instant(old.updated.unwrap_or(requested)));
    }
    Ok(draft)
}

async fn history(
    ledgers: &Ledgers,
    context: &Context,
    updates: &[OldUpdate],
    outcome: &mut Outcome,
) -> Result<(), LedgerError> {
    for part in updates.chunks(TOGETHER) {
        let drafts = part.iter().map(|update| {
            let key = if update.id.is_empty() { format!("{:?}{}", update.at, update.text) } else { update.id.clone() };
            let state = update.status.map_or("", State::key);
            Draft::new()
                .with_id(RecordId(id_of(&format!("update/{}", update.report), &key)))
                .with("report", RecordId(id_of("report", &update.report)))
                .with("at", update.at.map_or(Value::Null, Value::Instant))
                .with("kind", if state.is_empty() { "comment" } else { "state" })
                .with("state", text(state))
                .with("text", text(&limited(&update.text, 4_000)))
                .with("external_id", text(&limited(&update.id, 100)))
                .with("published", true)
        });
        let drafts: Vec<Draft> = drafts.collect();
        let ids: Vec<RecordId> = drafts.iter().filter_map(|draft| draft.id).collect();
        let known: Vec<RecordId> = ledgers.get_many(context, UPDATE, &ids).await?.iter().map(|one| one.id).collect();
        let new: Vec<Draft> =
            drafts.into_iter().filter(|draft| draft.id.is_some_and(|id| !known.contains(&id))).collect();
        for (draft, answer) in new.iter().zip(ledgers.create_many(context, UPDATE, &new).await?) {
            match answer {
                Ok(_) => outcome.updates += 1,
                Err(error) => {
                    let number = draft.get("external_id").and_then(Value::as_text).unwrap_or("？");
                    outcome.refused.push(format!("経過 {number}：{error}"));
                }
            }
        }
    }
    Ok(())
}

/// The id of something of the former app: the same each time its file is read.
fn id_of(kind: &str, number: &str) -> Uuid {
    let hashed = Sha256::new()
        .chain_update("kawasemi/former-report/")
        .chain_update(kind)
        .chain_update([0])
        .chain_update(number)
        .finalize();
    tracking::id_from(&hashed)
}

fn limited(words: &str, most: usize) -> String {
    words.trim().chars().take(most).collect()
}
