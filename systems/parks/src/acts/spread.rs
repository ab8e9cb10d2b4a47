//! Spreads the items of a life-extension plan over its years, and writes where each was put.

use std::collections::BTreeMap;

use crate::definitions::{PLAN, PLAN_ITEM};
use crate::kernel::{RecordId, Value};
use crate::ledger::{Draft, LedgerError, Ledgers, ListRequest, Visible};
use crate::platform::identity::Context;
use crate::records::{self, Read};
use crate::rules::plan::{Item, Placed, Year, spread};

/// A plan with its items.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The plan's record.
    pub record: Visible,
    /// Its years with their ceilings.
    pub years: Vec<Year>,
    /// Its items.
    pub items: Vec<Visible>,
}

impl Plan {
    /// Reads a plan.
    ///
    /// # Errors
    /// As [`Ledgers::get`].
    pub async fn load(ledgers: &Ledgers, context: &Context, id: RecordId) -> Result<Self, LedgerError> {
        let record = ledgers.get(context, PLAN, id).await?;
        let items = ListRequest::filtered(format!("plan = '{id}'"));
        let items = records::all(ledgers, context, PLAN_ITEM, items).await?;
        Ok(Self { years: years(&record), record, items })
    }

    /// Where the rules would put each item.
    pub fn spread(&self) -> Vec<Placed<RecordId>> {
        let item = |record: &Visible| {
            let read = Read(record.fields());
            let year = |key: &str| read.int(key).and_then(|year| i32::try_from(year).ok());
            Item {
                key: record.id,
                priority: read.int("priority").unwrap_or(i64::MAX),
                is_soundness_d: read.text("soundness") == "d",
                installed_year: read.int("installed_year"),
                cost_yen: read.int("cost_yen").unwrap_or(0),
                fixed: year("fixed_fiscal_year"),
            }
        };
        // What is only watched takes no money and no year.
        let wanted = self.items.iter().filter(|record| record.get("measure").as_text() != Some("monitor"));
        spread(&wanted.map(item).collect::<Vec<_>>(), &self.years)
    }
}

fn years(plan: &Visible) -> Vec<Year> {
    let read = Read(plan.fields());
    let first = read.int("first_fiscal_year").and_then(|year| i32::try_from(year).ok()).unwrap_or_default();
    let count = read.int("years").and_then(|years| i32::try_from(years).ok()).unwrap_or(0).clamp(0, 30);
    let usual = read.int("ceiling_yen").unwrap_or(0);
    let own: BTreeMap<i64, i64> = read
        .rows("ceilings")
        .iter()
        .filter_map(|row| Some((Read(&row.fields).int("fiscal_year")?, Read(&row.fields).int("ceiling_yen")?)))
        .collect();
    let ceiling = |year: i32| own.get(&i64::from(year)).copied().unwrap_or(usual);
    (first..first + count).map(|year| Year { fiscal_year: year, ceiling_yen: ceiling(year) }).collect()
}

/// What became of a spreading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// Items that are in another year now.
    pub moved: usize,
    /// Items that fit into no year.
    pub unplaced: usize,
    /// Items with which a year passes its ceiling.
    pub over: usize,
}

/// Spreads a plan and writes it.
///
/// # Errors
/// [`LedgerError::Refused`] for a plan that is decided, and as [`Ledgers::update`].
pub async fn write(ledgers: &Ledgers, context: &Context, plan: &Plan) -> Result<Spread, LedgerError> {
    if plan.record.get("state").as_text() == Some("decided") {
        return Err(LedgerError::Refused(
            "決定した計画は配分し直せません。計画の状態を「検討中」に戻してください。".to_owned(),
        ));
    }
    let context = context.clone().because("長寿命化計画の配分");
    let placed: BTreeMap<RecordId, Placed<RecordId>> =
        plan.spread().into_iter().map(|placed| (placed.key, placed)).collect();
    let mut told = Spread::default();
    for item in &plan.items {
        let placed = placed.get(&item.id);
        let year = placed.and_then(|placed| placed.fiscal_year);
        let is_over = placed.is_some_and(|placed| placed.is_over);
        told.unplaced += usize::from(placed.is_some_and(|placed| placed.fiscal_year.is_none()));
        told.over += usize::from(is_over);
        let year = year.map_or(Value::Null, |year| Value::Int(year.into()));
        if item.get("placed_fiscal_year") == &year && Read(item.fields()).yes("over_ceiling") == is_over {
            continue;
        }
        let draft = Draft::new().with("placed_fiscal_year", year).with("over_ceiling", is_over);
        ledgers.update(&context, PLAN_ITEM, item.id, item.revision, draft).await?;
        told.moved += 1;
    }
    Ok(told)
}
