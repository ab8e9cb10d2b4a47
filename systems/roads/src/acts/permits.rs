//! Permits to occupy the road: which end soon, what they cost, and that their holders were told.

use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::calculations::rounding;
use crate::definitions::{PERMIT, RATE};
use crate::kernel::fiscal::FiscalYear;
use crate::kernel::{ChildRow, Fields, RecordId, Value};
use crate::ledger::{Draft, LedgerError, Ledgers, ListRequest, Visible};
use crate::platform::identity::Context;
use crate::read::{self, Read};
use crate::rules::occupancy::{self, Occupancy, Per, Price, YearFee};
use crate::rules::{Worked, table};

/// The last day of those terms that count as ending soon on a day (更新の案内, 60 days before).
pub fn notice_until(today: Date) -> Date {
    let days = table::setting("renewal_notice_days", today) as i64;
    today.checked_add(days.days()).unwrap_or(today)
}

/// The permits in force that end soon or have ended, the first to end first.
///
/// # Errors
/// When the ledger can't be read.
pub async fn ending(ledgers: &Ledgers, context: &Context) -> Result<Vec<Visible>, LedgerError> {
    let until = notice_until(context.today());
    let request = ListRequest::filtered(format!("state = 'permitted' AND ends_on <= DATE('{until}')"));
    read::all(ledgers, context, PERMIT, request).await
}

/// The prices of a code, of all times.
async fn prices(ledgers: &Ledgers, context: &Context, code: &str) -> Result<Vec<Price>, LedgerError> {
    let request = ListRequest::filtered(format!("code = '{}'", code.replace('\'', "''")));
    let records = read::all(ledgers, context, RATE, request).await?;
    let price = |record: &Visible| {
        let read = Read::of(record);
        Some(Price {
            from: read.date("effective_from")?,
            to: read.date("effective_to"),
            per: Per::read(read.text("per"))?,
            unit_price: read.decimal("unit_price_yen")?,
            rounding: rounding(read.text("rounding")).ok()?,
            minimum_yen: read.int("minimum_yen").unwrap_or(0),
        })
    };
    Ok(records.iter().filter_map(price).collect())
}

/// The fees of a permit by fiscal year, with their working.
///
/// # Errors
/// [`LedgerError::Refused`] with a sentence where something for it is missing, and when the ledger can't be read.
pub async fn fees(ledgers: &Ledgers, context: &Context, permit: &Visible) -> Result<Worked<Vec<YearFee>>, LedgerError> {
    let read = Read::of(permit);
    let missing = |what: &str| LedgerError::Refused(format!("{what}が入っていないので、占用料を計算できません。"));
    let code = read.optional("fee_code").ok_or_else(|| missing("占用料の区分の番号"))?;
    let occupancy = Occupancy {
        from: read.date("starts_on").ok_or_else(|| missing("期間の始まり"))?,
        to: read.date("ends_on").ok_or_else(|| missing("期間の終わり"))?,
        quantity: read.decimal("quantity").ok_or_else(|| missing("数量"))?,
        reduction_percent: read.int("reduction_percent").unwrap_or(0),
    };
    let prices = prices(ledgers, context, code).await?;
    if prices.is_empty() {
        let said = format!("区分「{code}」の単価がありません。「占用料の単価」の台帳に加えてください。");
        return Err(LedgerError::Refused(said));
    }
    occupancy::fees(&occupancy, &prices).map_err(LedgerError::Refused)
}

/// Computes the fees of a permit and enters them; how many fiscal years it has. Fees for which a notice went out stay as they are.
///
/// # Errors
/// As [`fees`] and [`Ledgers::update`].
pub async fn charge(ledgers: &Ledgers, context: &Context, id: RecordId, revision: i64) -> Result<usize, LedgerError> {
    let permit = ledgers.get(context, PERMIT, id).await?;
    let worked = fees(ledgers, context, &permit).await?;
    let before = Read::of(&permit).rows("fees");
    // A row without its first day is one that was entered by hand for the whole year.
    let is_of = |row: &ChildRow, fee: &YearFee| {
        let read = Read(&row.fields);
        let is_same_part = read.date("starts_on").is_none_or(|from| from == fee.from);
        read.int("fiscal_year") == Some(i64::from(fee.year.year())) && is_same_part
    };
    let is_kept = |row: &&ChildRow| {
        Read(&row.fields).date("billed_on").is_some() || !worked.value.iter().any(|fee| is_of(row, fee))
    };
    let mut rows: Vec<ChildRow> = before.iter().filter(is_kept).cloned().collect();
    for (fee, step) in worked.value.iter().zip(&worked.steps) {
        if rows.iter().any(|row| is_of(row, fee)) {
            continue;
        }
        // A row that was there keeps its id, so that history shows a changed figure and not a new row.
        let known = before.iter().find(|row| is_of(row, fee)).map(|row| row.id);
        let fields = Fields::from([
            ("fiscal_year".to_owned(), Value::Int(i64::from(fee.year.year()))),
            ("starts_on".to_owned(), Value::Date(fee.from)),
            ("ends_on".to_owned(), Value::Date(fee.to)),
            ("months".to_owned(), Value::Int(fee.months)),
            ("fee_yen".to_owned(), Value::Int(fee.yen)),
            ("working".to_owned(), Value::Text(step.detail.clone())),
        ]);
        rows.push(ChildRow { id: known.unwrap_or_else(|| ledgers.new_id()), fields });
    }
    rows.sort_by_key(|row| (Read(&row.fields).int("fiscal_year"), Read(&row.fields).date("starts_on")));
    let this = i64::from(FiscalYear::of(context.today()).year());
    let of_this = rows.iter().map(|row| Read(&row.fields)).filter(|row| row.int("fiscal_year") == Some(this));
    let now: Vec<i64> = of_this.filter_map(|row| row.int("fee_yen")).collect();
    let now = if now.is_empty() { Value::Null } else { Value::Int(now.iter().sum()) };
    let draft = Draft::new().with("fees", Value::Rows(rows)).with("fee_year_yen", now);
    let context = context.clone().because("占用料の計算");
    ledgers.update(&context, PERMIT, id, revision, draft).await?;
    Ok(worked.value.len())
}

/// What a renewal says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// The revision of the permit that the person has seen.
    pub revision: i64,
    /// The day of the new permit.
    pub permitted_on: Date,
    /// Its number; the one before where it is empty.
    pub permit_number: String,
    /// The last day of the new term, which begins the day after the term before.
    pub ends_on: Date,
}

/// Renews a permit: the term that ends goes into the course of renewals, and the new one follows on it without a gap.
///
/// # Errors
/// [`LedgerError::Refused`] where the permit is not in force or the new term is none or too long, and as [`Ledgers::update`].
pub async fn renew(ledgers: &Ledgers, context: &Context, id: RecordId, renewal: &Renewal) -> Result<(), LedgerError> {
    let permit = ledgers.get(context, PERMIT, id).await?;
    let read = Read::of(&permit);
    let refused = |said: String| Err(LedgerError::Refused(said));
    let (Some(from), Some(to), "permitted") = (read.date("starts_on"), read.date("ends_on"), read.text("state")) else {
        return refused("許可中の占用だけを更新できます。状態と期間を確かめてください。".to_owned());
    };
    let starts = to.tomorrow().unwrap_or(to);
    let is_utility = ["pole", "pipe", "railway"].contains(&read.text("kind"));
    let latest = occupancy::longest_term(starts, is_utility);
    if renewal.ends_on < starts {
        return refused(format!("新しい期間の終わりは、{starts} かそれよりあとにしてください。"));
    }
    if renewal.ends_on > latest {
        return refused(format!("新しい期間は {latest} までです（道路法施行令第9条）。"));
    }
    let mut fields =
        Fields::from([("starts_on".to_owned(), Value::Date(from)), ("ends_on".to_owned(), Value::Date(to))]);
    for key in ["permitted_on", "permit_number"] {
        if !permit.get(key).is_null() {
            fields.insert(key.to_owned(), permit.get(key).clone());
        }
    }
    let mut renewals = read.rows("renewals").to_vec();
    renewals.push(ChildRow { id: ledgers.new_id(), fields });
    let mut draft = Draft::new()
        .with("renewals", Value::Rows(renewals))
        .with("permitted_on", renewal.permitted_on)
        .with("starts_on", starts)
        .with("ends_on", renewal.ends_on)
        .with("notice_sent_on", Value::Null);
    if !renewal.permit_number.trim().is_empty() {
        draft.set("permit_number", renewal.permit_number.trim());
    }
    let context = context.clone().because("占用の更新");
    ledgers.update(&context, PERMIT, id, renewal.revision, draft).await.map(drop)
}

/// Notes today as the day on which the holders of these permits were told of the end; how many were noted.
///
/// # Errors
/// When a permit can't be written.
pub async fn note_told(ledgers: &Ledgers, context: &Context, permits: &[Visible]) -> Result<usize, LedgerError> {
    let context = context.clone().because("占用の更新の案内");
    let mut noted = 0;
    for permit in permits.iter().filter(|permit| permit.may.update && permit.get("notice_sent_on").is_null()) {
        let draft = Draft::new().with("notice_sent_on", context.today());
        ledgers.update(&context, PERMIT, permit.id, permit.revision, draft).await?;
        noted += 1;
    }
    Ok(noted)
}
