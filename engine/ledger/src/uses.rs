//! When a ledger was last used, to the day, so that one that nobody uses can ask its owner.
//!
//! The first use of a day is written, the others are remembered in memory: a list costs nothing for this.

use std::collections::HashMap;

use jiff::civil::Date;
use kawasemi_identity::Context;
use kawasemi_store::{Sql, Unit};

use crate::design::is_own;
use crate::error::Result;
use crate::ledgers::Ledgers;

/// How a ledger is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Use {
    Read,
    Change,
}

/// The last use of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastUse {
    /// The ledger's key.
    pub ledger: String,
    /// Its name for people.
    pub title: String,
    /// The key of the department that answers for it.
    pub owner: String,
    /// Whether it was made on the desk.
    pub is_own: bool,
    /// When somebody last read it.
    pub read_on: Option<Date>,
    /// When somebody last changed it.
    pub changed_on: Option<Date>,
    /// When its owner was last asked whether it is still needed.
    pub asked_on: Option<Date>,
}

impl Ledgers {
    /// Notes a use by a person. It is of no consequence if that fails: a full disk must not stop anybody from reading.
    pub(crate) async fn note_use(&self, context: &Context, ledger: &str, how: Use) {
        if context.caller.account.is_none() || !self.is_first_use(ledger, how, context.today()) {
            return;
        }
        let column = match how {
            Use::Read => "read_on",
            Use::Change => "changed_on",
        };
        let mut sql = Sql::text("INSERT INTO ");
        sql.table("ledger_use").push(" (ledger, ").ident(column).push(") VALUES (").bind(ledger).push(", ");
        sql.bind(context.today().to_string()).push(") ON CONFLICT (ledger) DO UPDATE SET ").ident(column);
        sql.push(" = excluded.").ident(column);
        if let Err(error) = self.city().write(Unit::of([sql.into()])).await {
            tracing::warn!(ledger, %error, "the use of a ledger could not be noted");
        }
    }

    /// The ledgers that nobody used since a day, and whose owner was not asked since then either.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unused_since(&self, day: Date) -> Result<Vec<LastUse>> {
        let rows =
            self.city().read(Sql::with("SELECT ledger, read_on, changed_on, asked_on FROM {ledger_use}", [])).await?;
        let date = |text: Option<String>| text.and_then(|text| text.parse::<Date>().ok());
        let mut known: HashMap<String, [Option<Date>; 3]> = HashMap::new();
        for row in rows {
            known.insert(row.get(0)?, [date(row.get(1)?), date(row.get(2)?), date(row.get(3)?)]);
        }
        let compiled = self.compiled()?;
        let last = compiled.catalogue.iter().map(|ledger| {
            let [read_on, changed_on, asked_on] = known.get(ledger.key()).copied().unwrap_or_default();
            LastUse {
                ledger: ledger.key().to_owned(),
                title: ledger.def.title.ja().to_owned(),
                owner: ledger.def.owner.clone(),
                is_own: is_own(&ledger.def),
                read_on,
                changed_on,
                asked_on,
            }
        });
        let is_unused = |last: &LastUse| {
            [last.read_on, last.changed_on, last.asked_on].iter().all(|on| on.is_none_or(|on| on < day))
        };
        Ok(last.filter(is_unused).collect())
    }

    /// Notes that the owner of a ledger was asked whether it is still needed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn note_asked(&self, context: &Context, ledger: &str) -> Result<()> {
        let sql = Sql::with(
            "INSERT INTO {ledger_use} (ledger, asked_on) VALUES ($1, $2) \
             ON CONFLICT (ledger) DO UPDATE SET asked_on = excluded.asked_on",
            [ledger.into(), context.today().to_string().into()],
        );
        self.city().write(Unit::of([sql.into()])).await?;
        Ok(())
    }
}
