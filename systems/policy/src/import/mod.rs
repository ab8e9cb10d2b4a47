//! Takes a paper of department policies into the ledgers.
//!
//! Three steps, each of which can be looked at before the next: a paper is read ([`crate::paper`]), [`plan`] compares it with
//! what the ledgers hold for its fiscal year and says what would happen, [`apply`] does just that. Nothing is written before
//! `apply`, and everything is written through the ledger engine with the caller's own powers, so that every record has its
//! revision, its audit entry and the reason.
//!
//! A record is written whole or not at all. An import that was stopped in the middle, even by a killed process, is simply
//! done again: what it had written is then found, and not added twice. What a clerk changed after the last import stays
//! ([`settle`]); what the paper no longer names is reported, never deleted.

mod apply;
mod plan;
mod register;
mod remark;
pub mod settle;

pub use apply::{Outcome, apply};
pub(crate) use plan::field_label;
pub use plan::{
    Act, Left, Planned, PlannedDepartment, PlannedInitiative, PlannedStatement, PlannedTheme, Written, plan,
};
pub use remark::{Remark, RemarkKind};

use crate::kernel::fiscal::FiscalYear;
use crate::ledger::{LedgerError, Ledgers, ListRequest};
use crate::paper::{Paper, PaperError, USUAL_THEMES, parse_paper_knowing};
use crate::platform::identity::Context;
use crate::records::{self, Theme};

/// Why a paper can't be taken in. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file is no such paper.
    #[error(transparent)]
    Paper(#[from] PaperError),
    /// The paper names no fiscal year, and none was given.
    #[error(
        "方針書の年度が読み取れません。1行目に「令和3年度部局運営方針」のように年度を書くか、取り込むときに年度を指定してください。"
    )]
    NoFiscalYear,
    /// The ledgers refused or failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Reads a paper, knowing the themes of the ledger. A `fiscal_year` that a person named counts more than the paper's.
pub async fn read(
    ledgers: &Ledgers,
    context: &Context,
    bytes: &[u8],
    fiscal_year: Option<FiscalYear>,
) -> Result<Paper, ImportError> {
    let themes = records::all(ledgers, context, crate::definitions::THEME, ListRequest::all()).await?;
    let known: Vec<String> = themes.iter().map(|theme| Theme::of(theme).name).collect();
    let known = known.iter().map(String::as_str).chain(USUAL_THEMES).collect::<Vec<&str>>();
    let mut paper = parse_paper_knowing(bytes, &known)?;
    // Without a department nothing can be placed, and what looks like its themes had better not become some.
    if paper.departments.is_empty() {
        return Err(PaperError::NotAPaper.into());
    }
    paper.fiscal_year = fiscal_year.or(paper.fiscal_year);
    if paper.fiscal_year.is_none() { Err(ImportError::NoFiscalYear) } else { Ok(paper) }
}
