//! "Why may she see this?" in sentences (なぜ見られるのか).
//!
//! Asked by an administrator about one person and one record, or by the person herself. Every grant that her roles bring is
//! named, also those that do not match the record, since "why not?" is asked as often.

use kawasemi_filter::RecordView;
use kawasemi_schema::{Action, Clearance};

use super::access::Access;
use super::roles::Roles;
use crate::caller::{HeldBecause, HeldRole};

/// One grant and what it means for one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The role that brings the grant; none where the program itself calls.
    pub role: Option<String>,
    /// Why the person holds the role.
    pub held: String,
    /// The condition on rows, as the ledger's definition has it.
    pub rows: Option<String>,
    /// Whether the record meets it.
    pub matches: bool,
    /// How deep the grant lets look.
    pub clearance: Clearance,
    /// Why the grant is there, in the words of the definition.
    pub purpose: String,
    /// All of it in one sentence.
    pub sentence: String,
}

impl Access {
    /// Explains what the caller may do with a record; empty if no role of theirs brings any grant for the action.
    pub fn explain(&self, action: Action, record: &dyn RecordView, roles: &Roles) -> Vec<Reason> {
        if self.is_system() {
            return vec![of_system(action)];
        }
        let caller = self.caller();
        self.granting(action)
            .map(|(grant, held)| {
                let role = &caller.roles[held.role];
                let matches = held.rows(grant).matches(record, &held.params);
                let because = because(role);
                let title = roles.title(&role.key).unwrap_or(&role.key);
                let rows = grant.def.rows.clone();
                let sentence = sentence(action, title, &because, rows.as_deref(), matches, &grant.def);
                Reason {
                    role: Some(role.key.clone()),
                    held: because,
                    rows,
                    matches,
                    clearance: grant.def.clearance,
                    purpose: grant.def.reason.clone(),
                    sentence,
                }
            })
            .collect()
    }
}

fn of_system(action: Action) -> Reason {
    let sentence = format!("プログラム自身の処理なので、すべての記録を{}できます。", action.label());
    Reason {
        role: None,
        held: String::new(),
        rows: None,
        matches: true,
        clearance: Clearance::Sensitive,
        purpose: String::new(),
        sentence,
    }
}

/// Why a role is held, as the beginning of a sentence.
fn because(role: &HeldRole) -> String {
    let held = match &role.because {
        HeldBecause::Everybody => "誰でも持つ役割".to_owned(),
        HeldBecause::SignedIn => "サインインした職員が持つ役割".to_owned(),
        HeldBecause::Assigned { from: None, until: None } => "割り当てられた役割".to_owned(),
        HeldBecause::Assigned { from: Some(from), until: None } => format!("{from}から割り当てられた役割"),
        HeldBecause::Assigned { from: None, until: Some(until) } => format!("{until}まで割り当てられた役割"),
        HeldBecause::Assigned { from: Some(from), until: Some(until) } => {
            format!("{from}から{until}まで割り当てられた役割")
        }
    };
    match role.departments.as_ref().map(Vec::len) {
        None => held,
        Some(count) => format!("{count}つの部署に限って{held}"),
    }
}

fn sentence(
    action: Action,
    title: &str,
    because: &str,
    rows: Option<&str>,
    matches: bool,
    def: &kawasemi_schema::GrantDef,
) -> String {
    let (action, level) = (action.label(), def.clearance.label());
    let purpose = if def.reason.is_empty() { String::new() } else { format!("目的：{}。", def.reason) };
    match (rows, matches) {
        (None, _) => format!(
            "{because}「{title}」により、この台帳のすべての記録を「{level}」の項目まで{action}できます。{purpose}"
        ),
        (Some(rows), true) => format!(
            "{because}「{title}」により、条件「{rows}」に当てはまるこの記録を「{level}」の項目まで{action}できます。{purpose}"
        ),
        (Some(rows), false) => format!(
            "{because}「{title}」の権限はありますが、この記録は条件「{rows}」に当てはまらないため、この権限では{action}できません。{purpose}"
        ),
    }
}
