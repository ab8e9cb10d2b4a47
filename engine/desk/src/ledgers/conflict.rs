//! Two people saved the same record (保存の競合): both versions, field by field, to choose from. Nothing that was typed is
//! lost: the page carries all of it, and what is chosen from the other version is left as that person saved it.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use kawasemi_kernel::{RecordId, Value};
use kawasemi_ledger::{Conflict, Labels, field};
use kawasemi_schema::{FieldDef, FieldKind};
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::{Component, SafeHtml};

use super::form::REVISION;
use super::kept_files;
use super::names::Names;
use super::opened::{Opened, record_href, style};
use super::sent::Sent;
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::when;

/// The page with both versions.
pub async fn page(
    cx: &Cx,
    opened: &Opened,
    sent: &Sent,
    both: &Conflict,
    texts: &Entries,
) -> Result<Response, Problem> {
    let theirs = &both.theirs;
    let mut labels = cx.ledgers().labels(cx.context(), opened.key(), std::slice::from_ref(theirs)).await?;
    labels.extend(sent.around.labels.clone());
    name_own_references(cx, opened, both, &mut labels).await?;
    let before = before_their_change(cx, opened, theirs.id, sent.revision).await?;
    let choices = choices(opened, both, &before, &labels);
    let name = opened.name_of(theirs, &style().with_labels(&labels));
    let names = Names::of(cx, [theirs]).await?;
    let who = names.get(theirs.updated_by);
    let text = format!(
        "{}に{}が保存しました。あなたの入力は、まだ保存されていません。違いのある項目ごとに、どちらの内容にするかを選んで保存してください。",
        when(theirs.updated_at),
        if who.is_empty() { "ほかの人" } else { who },
    );
    let href = record_href(opened.key(), theirs.id);
    let body = Both {
        action: format!("{href}/edit"),
        href: &href,
        hidden: carried(cx, opened, sent, texts, theirs.revision),
        choices,
    };
    let site = cx.desk_site("ledgers");
    let page = opened
        .page(&site, format!("「{name}」の2つの版"))
        .notice(Notice::new(Tone::Warning, "ほかの人が先に保存しました").text(text))
        .body(body.html());
    Ok((StatusCode::CONFLICT, Html(page.with_mistakes().render())).into_response())
}

/// A field in which the versions differ.
struct Choice {
    key: String,
    label: String,
    mine: SafeHtml,
    theirs: SafeHtml,
    /// Whether the own entry is proposed.
    take_mine: bool,
    /// Whether both changed it, so that one has to give way.
    is_contested: bool,
}

fn choices(opened: &Opened, both: &Conflict, before: &BTreeMap<String, Value>, labels: &Labels) -> Vec<Choice> {
    let style = style().with_labels(labels);
    let show = |field: &FieldDef, value: &Value| SafeHtml::or_dash(&field::show(field, value, &style));
    let differing = opened.fields().filter_map(|field| {
        let mine = both.yours.get(&field.key)?;
        let theirs = both.theirs.get(&field.key);
        (!same(mine, theirs)).then_some((field, mine, theirs))
    });
    let choice = |(field, mine, theirs): (&FieldDef, &Value, &Value)| {
        // Where they changed nothing, only the own entry is new; where the own entry is what was there, only theirs is.
        let they_changed = before.get(&field.key);
        let i_changed = they_changed.is_none_or(|old| !same(old, mine));
        Choice {
            key: field.key.clone(),
            label: field.label.ja().to_owned(),
            mine: show(field, mine),
            theirs: show(field, theirs),
            take_mine: i_changed,
            is_contested: i_changed && they_changed.is_some(),
        }
    };
    differing.map(choice).collect()
}

/// Whether two values say the same. Child rows and files that were typed have no ids or sizes of their own yet.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Files(one), Value::Files(other)) => one.iter().map(|file| file.id).eq(other.iter().map(|file| file.id)),
        (Value::Rows(one), Value::Rows(other)) => {
            one.iter().map(|row| &row.fields).eq(other.iter().map(|row| &row.fields))
        }
        (one, other) => one == other || (one.is_null() && other.is_null()),
    }
}

/// What the fields held that the others changed since a revision.
async fn before_their_change(
    cx: &Cx,
    opened: &Opened,
    id: RecordId,
    since: i64,
) -> Result<BTreeMap<String, Value>, Problem> {
    let mut before = BTreeMap::new();
    let history = cx.ledgers().history(cx.context(), opened.key(), id, None).await?;
    // Newest first, so that the oldest change has the last word.
    for change in
        history.revisions.into_iter().filter(|revision| revision.no > since).flat_map(|revision| revision.changes)
    {
        before.insert(change.field, change.before);
    }
    Ok(before)
}

async fn name_own_references(cx: &Cx, opened: &Opened, both: &Conflict, labels: &mut Labels) -> Result<(), Problem> {
    for field in opened.fields() {
        let FieldKind::Reference { target } = &field.kind else { continue };
        if let Some(Value::Record(id)) = both.yours.get(&field.key)
            && !labels.contains_key(id)
        {
            labels.extend(cx.ledgers().labels_of(cx.context(), target, &[*id]).await?);
        }
    }
    Ok(())
}

/// Everything that was typed, for the revision that is there now.
fn carried(cx: &Cx, opened: &Opened, sent: &Sent, texts: &Entries, revision: i64) -> Vec<(String, String)> {
    let own =
        texts.0.iter().filter(|(name, _)| name != REVISION && !name.starts_with("_take.") && name != kept_files::KEPT);
    let mut all: Vec<(String, String)> = own.cloned().collect();
    all.push((REVISION.to_owned(), revision.to_string()));
    let sealed = sent.stored.iter().filter_map(|(field, file)| kept_files::seal(cx, opened.key(), field, file));
    all.extend(sealed.map(|sealed| (kept_files::KEPT.to_owned(), sealed)));
    all
}

#[derive(Template)]
#[template(path = "ledgers/conflict.html")]
struct Both<'a> {
    action: String,
    href: &'a str,
    hidden: Vec<(String, String)>,
    choices: Vec<Choice>,
}
