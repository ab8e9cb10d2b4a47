//! Does what a plan says, record by record.

use std::collections::HashMap;

use serde::Serialize;

use super::plan::{Act, Planned, Written};
use super::remark::{ImportKind, Remark};
use crate::definitions::{INITIATIVE, STATEMENT, THEME};
use crate::kernel::RecordId;
use crate::ledger::{Draft, LedgerError, Ledgers, Saved};
use crate::platform::identity::Context;
use crate::platform::registry::DEPARTMENT;

/// What an import did: the answer of `policy import --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The departments of the paper.
    pub departments: usize,
    /// Its priority themes.
    pub themes: usize,
    /// Its initiatives.
    pub initiatives: usize,
    /// How many of them were added to the ledger.
    pub added: usize,
    /// How many of them corrected a record of the ledger.
    pub updated: usize,
    /// What could not be placed, or needs a look.
    pub warnings: Vec<Remark>,
    /// How many departments were added to the register. Told to people only; programs ask the register.
    #[serde(skip)]
    pub added_departments: usize,
}

/// Applies a plan. `progress` is told how many records are done, and of how many.
///
/// A record that is refused (because somebody else wrote it meanwhile, say) becomes a warning, and the rest goes on: doing the
/// import again settles it. A failure of the store ends it; what was written before is whole.
pub async fn apply(
    ledgers: &Ledgers,
    context: &Context,
    planned: &Planned,
    progress: &(dyn Fn(u64, Option<u64>) + Send + Sync),
) -> Result<Outcome, LedgerError> {
    let context = context.clone().because(format!("部局運営方針の取り込み（{}）", planned.file));
    let total = planned.statements.len() + planned.initiatives.len();
    let mut applier = Applier {
        ledgers,
        context,
        planned,
        departments: Vec::new(),
        themes: HashMap::new(),
        outcome: Outcome {
            departments: planned.departments.len(),
            themes: planned.themes.len(),
            initiatives: planned.initiatives.len(),
            added: 0,
            updated: 0,
            warnings: planned.remarks.clone(),
            added_departments: 0,
        },
    };
    let total = u64::try_from(total).ok();
    applier.departments().await?;
    applier.themes().await?;
    let mut done = 0;
    for index in 0..planned.statements.len() {
        applier.statement(index).await?;
        done += 1;
        progress(done, total);
    }
    for index in 0..planned.initiatives.len() {
        applier.initiative(index).await?;
        done += 1;
        progress(done, total);
    }
    Ok(applier.outcome)
}

struct Applier<'a> {
    ledgers: &'a Ledgers,
    context: Context,
    planned: &'a Planned,
    departments: Vec<Option<RecordId>>,
    themes: HashMap<&'a str, RecordId>,
    outcome: Outcome,
}

impl Applier<'_> {
    async fn departments(&mut self) -> Result<(), LedgerError> {
        for (index, department) in self.planned.departments.iter().enumerate() {
            let id = match &department.record {
                Written::Found(id) => Some(*id),
                Written::Refused => None,
                Written::Renamed(id) => {
                    let known = self.ledgers.get(&self.context, DEPARTMENT, *id).await?;
                    let draft = Draft::new().with("name", department.name.as_str());
                    let what = format!("部局「{}」の名前", department.name);
                    let renamed = self.ledgers.update(&self.context, DEPARTMENT, *id, known.revision, draft).await;
                    self.written(&what, None, renamed)?;
                    Some(*id)
                }
                Written::New(code) => {
                    let order = i64::try_from(index + 1).unwrap_or_default() * 10;
                    let draft = Draft::new()
                        .with("code", code.as_str())
                        .with("name", department.name.as_str())
                        .with("level", "department")
                        .with("sort_order", order)
                        .with("first_fiscal_year", i64::from(self.planned.fiscal_year));
                    let what = format!("部局「{}」", department.name);
                    let created = self.ledgers.create(&self.context, DEPARTMENT, draft).await;
                    let created = self.written(&what, None, created)?.map(|saved| saved.id);
                    self.outcome.added_departments += usize::from(created.is_some());
                    created
                }
            };
            self.departments.push(id);
        }
        Ok(())
    }

    async fn themes(&mut self) -> Result<(), LedgerError> {
        for (index, theme) in self.planned.themes.iter().enumerate() {
            let id = match theme.record {
                Some(id) => Some(id),
                None => {
                    let draft = Draft::new()
                        .with("name", theme.name.as_str())
                        .with("sort_order", i64::try_from(index + 1).unwrap_or_default() * 10)
                        .with("first_fiscal_year", i64::from(self.planned.fiscal_year));
                    let what = format!("重点項目「{}」", theme.name);
                    let created = self.ledgers.create(&self.context, THEME, draft).await;
                    self.written(&what, None, created)?.map(|saved| saved.id)
                }
            };
            if let Some(id) = id {
                self.themes.insert(&theme.name, id);
            }
        }
        Ok(())
    }

    async fn statement(&mut self, index: usize) -> Result<(), LedgerError> {
        let planned = &self.planned.statements[index];
        let Some(department) = self.departments[planned.department] else { return Ok(()) };
        let mut draft = planned.draft.clone();
        let written = match (&planned.act, planned.record) {
            (Act::Add, _) => {
                draft.set("department", department);
                self.ledgers.create(&self.context, STATEMENT, draft).await
            }
            (Act::Update | Act::Note, Some((id, revision))) => {
                if planned.moves {
                    draft.set("department", department);
                }
                self.ledgers.update(&self.context, STATEMENT, id, revision, draft).await
            }
            _ => return Ok(()),
        };
        let what = format!("「{}」の基本的考え方", self.planned.departments[planned.department].name);
        self.written(&what, None, written).map(drop)
    }

    async fn initiative(&mut self, index: usize) -> Result<(), LedgerError> {
        let planned = &self.planned.initiatives[index];
        let Some(department) = self.departments[planned.position.department] else { return Ok(()) };
        let mut draft = planned.draft.clone();
        if planned.sets_department {
            draft.set("department", department);
        }
        if let Some(theme) = self.themes.get(planned.theme.as_str()).filter(|_| planned.sets_theme) {
            draft.set("theme", *theme);
        }
        let written = match (&planned.act, planned.record) {
            (Act::Add, _) => self.ledgers.create(&self.context, INITIATIVE, draft).await,
            (Act::Update | Act::Note, Some((id, revision))) => {
                self.ledgers.update(&self.context, INITIATIVE, id, revision, draft).await
            }
            _ => return Ok(()),
        };
        let what = format!("「{}」の取り組み「{}」", planned.department, planned.title);
        if self.written(&what, Some(planned.line), written)?.is_some() {
            match planned.act {
                Act::Add => self.outcome.added += 1,
                Act::Update => self.outcome.updated += 1,
                _ => {}
            }
        }
        Ok(())
    }

    /// What was saved; nothing, with a warning, where the ledger refused it. Only a failure of the store ends the import.
    fn written(
        &mut self,
        what: &str,
        line: Option<usize>,
        result: Result<Saved, LedgerError>,
    ) -> Result<Option<Saved>, LedgerError> {
        match result {
            Ok(saved) => Ok(Some(saved)),
            Err(error @ LedgerError::Store(_)) => Err(error),
            Err(refused) => {
                let message = format!("{what}は書き込めませんでした。{refused}");
                self.outcome.warnings.push(Remark::new(line, ImportKind::NotWritten, message));
                Ok(None)
            }
        }
    }
}
