//! Rows that were put aside: corrected by a person, and taken up again by a run of their own.

use std::collections::HashSet;

use kawasemi_identity::Context;
use kawasemi_store::unit::Unmet;
use kawasemi_store::{Sql, Statement, StoreError, Unit};
use uuid::Uuid;

use crate::error::{ExchangeError, Result};
use crate::exchange::Exchange;
use crate::inspect::Corrections;
use crate::intake::{Incoming, OnProgress};
use crate::runs::{Run, RunState};

impl Exchange {
    /// Puts other texts in the place of those of a row that was put aside.
    ///
    /// # Errors
    /// [`ExchangeError::NotFound`]; [`ExchangeError::Refused`] where what is hidden from the caller would come under another
    /// key.
    pub async fn correct(&self, context: &Context, run: Uuid, n: i64, values: &[String]) -> Result<()> {
        Self::require_operator(context)?;
        let whole = self.bad_rows_whole(run, n, 1).await?.pop().filter(|row| row.n == n);
        let whole = whole.ok_or(ExchangeError::NotFound)?;
        let values = self.given_back(run, &whole, values).await?;
        let text = serde_json::to_string(&values).unwrap_or_default();
        let sql = Sql::with(
            "UPDATE {exchange_row} SET corrected = $1 WHERE run = $2 AND n = $3 AND kind = 'bad'",
            [text.into(), run.into(), n.into()],
        );
        match self.city().write(Unit::of([Statement::one_row(sql, Unmet::NotFound)])).await {
            Err(StoreError::NotFound) => Err(ExchangeError::NotFound),
            other => Ok(other.map(drop)?),
        }
    }

    /// Takes up the rows of an applied run that were put aside and corrected since: a run of its own, compared anew.
    ///
    /// # Errors
    /// [`ExchangeError::Refused`] where the run is not applied or nothing was corrected.
    pub async fn retry(&self, context: &Context, id: Uuid, progress: OnProgress<'_>) -> Result<Run> {
        let origin = self.run(context, id).await?;
        if origin.state != RunState::Applied {
            let message = "先にほかの行を適用してから、直した行を取り込んでください。";
            return Err(ExchangeError::Refused(message.to_owned()));
        }
        let layout = self.version(&origin.layout, origin.version).await?;
        let corrections = self.corrections_of(origin.id).await?;
        if corrections.is_empty() {
            return Err(ExchangeError::Refused("直した行がありません。".to_owned()));
        }
        let content = self.content(&origin).await?;
        let found = self.inspected(&layout, content.path(), corrections.clone()).await?;
        let only: HashSet<u64> = corrections.keys().copied().collect();
        let file = Incoming {
            layout: &layout,
            path: content.path(),
            name: &origin.file,
            found: &found,
            corrections,
            only: Some(only),
            origin: Some(origin.id),
        };
        let taken = self.weigh(context, &file, progress).await?;
        self.keep_run(&taken.run, &taken.bad, &taken.samples).await?;
        Ok(taken.run)
    }

    /// The corrections with which a run is read, and its lines where it takes up only some.
    pub(crate) async fn corrected(&self, run: &Run) -> Result<(Corrections, Option<HashSet<u64>>)> {
        match run.origin {
            None => Ok((Corrections::new(), None)),
            Some(origin) => {
                let corrections = self.corrections_of(origin).await?;
                let only = corrections.keys().copied().collect();
                Ok((corrections, Some(only)))
            }
        }
    }

    async fn corrections_of(&self, run: Uuid) -> Result<Corrections> {
        let sql = Sql::with(
            "SELECT line, corrected FROM {exchange_row} WHERE run = $1 AND kind = 'bad' AND corrected IS NOT NULL",
            [run.into()],
        );
        let mut corrections = Corrections::new();
        for row in self.city().read(sql).await? {
            let (line, text): (i64, String) = (row.get(0)?, row.get(1)?);
            if let Ok(values) = serde_json::from_str(&text) {
                corrections.insert(line.unsigned_abs(), values);
            }
        }
        Ok(corrections)
    }
}
