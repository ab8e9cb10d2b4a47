//! Outside organisations (外部団体) and who in the hall answers for them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use kawasemi_identity::Context;
use kawasemi_identity::outside::Responsibility;
use kawasemi_kernel::RecordId;
use kawasemi_ledger::{LedgerError, Ledgers, Visible};

use crate::bundle::OUTSIDE_ORGANISATION;
use crate::register;

/// An organisation for which somebody answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// What lets its members be invited.
    pub answers_for: Responsibility,
    /// The organisation's name.
    pub name: String,
    /// The contract's name.
    pub contract: String,
}

/// The organisations for which the caller answers, as 担当職員 or deputy, the contracts of the past included.
///
/// Whether they do is read as the program: it is what the register says of them, and needs no grant.
///
/// # Errors
/// As [`Ledgers::list`].
pub async fn hosted_by(ledgers: &Ledgers, context: &Context) -> Result<Vec<Host>, LedgerError> {
    let Some(person) = context.caller.account.as_ref().and_then(|account| account.person) else {
        return Ok(Vec::new());
    };
    if !context.caller.is_staff() {
        return Ok(Vec::new());
    }
    let organisations = every(ledgers, context).await?;
    let names = |record: &Visible, key: &str| record.get(key).as_record() == Some(person);
    let mine = organisations.iter().filter(|record| names(record, "responsible") || names(record, "deputy"));
    Ok(mine.filter_map(host).collect())
}

/// The last day of every contract, for cutting the accounts of members to it.
///
/// # Errors
/// As [`Ledgers::list`].
pub async fn contract_ends(ledgers: &Ledgers, context: &Context) -> Result<BTreeMap<RecordId, Date>, LedgerError> {
    let organisations = every(ledgers, context).await?;
    Ok(organisations.iter().filter_map(|record| Some((record.id, record.get("contract_until").as_date()?))).collect())
}

async fn every(ledgers: &Ledgers, context: &Context) -> Result<Vec<Visible>, LedgerError> {
    let system = Context::system(context.act.at, "外部団体の担当の確認");
    match register::all(ledgers, &system, OUTSIDE_ORGANISATION).await {
        // A city whose definitions are older has no such register.
        Err(LedgerError::NotFound) => Ok(Vec::new()),
        other => other,
    }
}

fn host(record: &Visible) -> Option<Host> {
    let text = |key: &str| record.get(key).as_text().unwrap_or_default().to_owned();
    let answers_for = Responsibility {
        organisation: record.id,
        from: record.get("contract_from").as_date(),
        until: record.get("contract_until").as_date()?,
    };
    Some(Host { answers_for, name: text("name"), contract: text("contract_name") })
}
