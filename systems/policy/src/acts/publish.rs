//! Publishes the policy of a department: its statement, its initiatives and what belongs to them, as far as it is finished.

use crate::definitions::{INDICATOR, INDICATOR_ACTUAL, INITIATIVE, REVIEW, STATEMENT};
use crate::kernel::RecordId;
use crate::ledger::{Draft, LedgerError, Ledgers, ListRequest};
use crate::platform::identity::Context;
use crate::records::{self, Indicator, Statement};

/// Publishes everything of a department for a fiscal year; answers how many records became public, and the sentences on
/// those that could not be.
pub async fn publish(
    ledgers: &Ledgers,
    context: &Context,
    fiscal_year: i32,
    department: RecordId,
) -> Result<(usize, Vec<String>), LedgerError> {
    let context = context.clone().because("部局運営方針の公表");
    let mut publication = Publication { ledgers, context: &context, published: 0, refused: Vec::new() };
    let of_department = format!("fiscal_year = {fiscal_year} AND department = '{department}'");
    for statement in records::all(ledgers, &context, STATEMENT, ListRequest::filtered(&of_department)).await? {
        let is_before = ["draft", "head-approved", "coordination", "mayor-approved"];
        let now = Statement::of(&statement);
        if is_before.contains(&now.state.as_str()) {
            let mut draft = Draft::new().with("state", "published");
            if now.published_on.is_none() {
                draft.set("published_on", context.today());
            }
            publication.write(STATEMENT, &statement, draft).await?;
        }
    }
    let open = format!("{of_department} AND (published IS NULL OR NOT published)");
    for ledger in [INITIATIVE, INDICATOR, REVIEW] {
        for record in records::all(ledgers, &context, ledger, ListRequest::filtered(&open)).await? {
            publication.write(ledger, &record, Draft::new().with("published", true)).await?;
        }
    }
    publication.figures(&of_department).await?;
    Ok((publication.published, publication.refused))
}

struct Publication<'a> {
    ledgers: &'a Ledgers,
    context: &'a Context,
    published: usize,
    refused: Vec<String>,
}

impl Publication<'_> {
    /// Figures go with their indicator, which knows the year.
    async fn figures(&mut self, of_department: &str) -> Result<(), LedgerError> {
        let indicators = ListRequest::filtered(format!("{of_department} AND published"));
        for indicator in records::all(self.ledgers, self.context, INDICATOR, indicators).await? {
            let indicator = Indicator::of(&indicator);
            let open = format!("indicator = '{}' AND (published IS NULL OR NOT published)", indicator.id);
            for record in
                records::all(self.ledgers, self.context, INDICATOR_ACTUAL, ListRequest::filtered(open)).await?
            {
                self.write(INDICATOR_ACTUAL, &record, Draft::new().with("published", true)).await?;
            }
        }
        Ok(())
    }

    async fn write(&mut self, ledger: &str, record: &crate::ledger::Visible, draft: Draft) -> Result<(), LedgerError> {
        match self.ledgers.update(self.context, ledger, record.id, record.revision, draft).await {
            Ok(_) => self.published += 1,
            Err(error @ LedgerError::Store(_)) => return Err(error),
            Err(error) => {
                let name =
                    ["title", "name", "phase"].iter().find_map(|key| record.get(key).as_text()).unwrap_or_default();
                self.refused.push(format!("「{name}」は公表できませんでした。{error}"));
            }
        }
        Ok(())
    }
}
