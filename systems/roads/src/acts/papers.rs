//! The way of a work's paper (工事打合せ簿): handed in, returned, approved by the supervisor (主任監督員) and then by the chief (総括監督員).
//!
//! Nobody's grants reach a paper once the supervisor has approved it. So the step itself is written with the additional role
//! `road-works-seal`, which no person has: after this module has asked whether the person may take it, and in that person's name.

use crate::definitions::PAPER;
use crate::kernel::{ChildRow, Fields, RecordId, Value};
use crate::ledger::{Draft, LedgerError, Ledgers, Visible};
use crate::platform::identity::Context;
use crate::read::Read;

/// The role with which a step is written.
const SEAL: &str = "road-works-seal";
/// The role of the supervisor.
pub const SUPERVISOR: &str = "road-works-supervisor";
/// The role of the chief supervisor.
pub const CHIEF: &str = "road-works-chief";

/// A step of a paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Back to whoever wrote it (差戻し).
    Return,
    /// Approved (承認).
    Approve,
}

impl Decision {
    /// The decision with a key.
    pub fn read(key: &str) -> Option<Self> {
        match key {
            "return" => Some(Self::Return),
            "approve" => Some(Self::Approve),
            _ => None,
        }
    }
}

/// What becomes of a paper in a state by somebody's decision: the next state and the post of the stamp; none where it is not theirs.
pub fn next(state: &str, decision: Decision, context: &Context) -> Option<(&'static str, &'static str)> {
    let has = |role| context.caller.has_role(role);
    match (state, decision) {
        ("submitted", Decision::Approve) if has(SUPERVISOR) => Some(("checked", "supervisor")),
        ("submitted", Decision::Return) if has(SUPERVISOR) => Some(("returned", "supervisor")),
        ("checked", Decision::Approve) if has(CHIEF) => Some(("approved", "chief")),
        ("checked", Decision::Return) if has(CHIEF) => Some(("returned", "chief")),
        _ => None,
    }
}

/// Takes a step on the paper that the person has seen at a revision.
///
/// # Errors
/// [`LedgerError::Refused`] where the step is not this person's or a return has no reason, [`LedgerError::Conflict`] where the paper was
/// changed since it was seen.
pub async fn decide(
    ledgers: &Ledgers,
    context: &Context,
    (id, revision): (RecordId, i64),
    decision: Decision,
    note: &str,
) -> Result<(), LedgerError> {
    let paper = ledgers.get(context, PAPER, id).await?;
    let state = Read::of(&paper).text("state").to_owned();
    let (state, post) = next(&state, decision, context).ok_or_else(|| {
        LedgerError::Refused(
            "この書類は、いまの状態ではあなたが承認・差戻しできません。状態を確かめてください。".to_owned(),
        )
    })?;
    if decision == Decision::Return && note.trim().is_empty() {
        return Err(LedgerError::Refused("差し戻すときは、理由を書いてください。".to_owned()));
    }
    let what = if decision == Decision::Approve { "approved" } else { "returned" };
    let mut stamps = Read::of(&paper).rows("stamps").to_vec();
    stamps.push(ChildRow { id: ledgers.new_id(), fields: stamp(context, post, what, note) });
    let draft = Draft::new().with("state", state).with("stamps", Value::Rows(stamps));
    ledgers.update(&sealing(context), PAPER, id, revision, draft).await.map(drop)
}

/// Hands a paper in that is a draft or was returned. Whoever may change it may.
///
/// # Errors
/// As [`Ledgers::update`].
pub async fn hand_in(ledgers: &Ledgers, context: &Context, paper: &Visible, revision: i64) -> Result<(), LedgerError> {
    let read = Read::of(paper);
    if !["draft", "returned"].contains(&read.text("state")) || !paper.may.update {
        return Err(LedgerError::Refused("この書類は、いまの状態では提出できません。".to_owned()));
    }
    let post = if context.caller.has_role(SUPERVISOR) { "supervisor" } else { "contractor" };
    let mut stamps = read.rows("stamps").to_vec();
    stamps.push(ChildRow { id: ledgers.new_id(), fields: stamp(context, post, "submitted", "") });
    let draft = Draft::new().with("state", "submitted").with("stamps", Value::Rows(stamps));
    ledgers.update(context, PAPER, paper.id, revision, draft).await.map(drop)
}

fn stamp(context: &Context, post: &str, what: &str, note: &str) -> Fields {
    let who = context.caller.account.as_ref().map_or("", |account| account.display_name.as_str());
    let mut fields = Fields::from([
        ("at".to_owned(), Value::Instant(context.act.at)),
        ("who".to_owned(), Value::from(if who.is_empty() { "システム" } else { who })),
        ("post".to_owned(), Value::from(post)),
        ("what".to_owned(), Value::from(what)),
    ]);
    if !note.trim().is_empty() {
        fields.insert("note".to_owned(), Value::from(note.trim()));
    }
    fields
}

/// The same person with the role that writes the step.
fn sealing(context: &Context) -> Context {
    let mut sealing = context.clone().because("打合せ簿の承認");
    sealing.caller = sealing.caller.with_role(SEAL);
    sealing
}
