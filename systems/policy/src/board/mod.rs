//! A fiscal year of the policy board, as far as the caller may see it.
//!
//! Both boards, the report and the exports are made of this, so that none of them decides on access: what the grants hide
//! is not in it. A record under an initiative that may not be seen is left out, whatever its own grants say.

pub mod figures;
pub mod overview;

use std::collections::{BTreeSet, HashMap};

use jiff::civil::{Date, date};

use crate::acts::report::due_phase;
use crate::definitions::{INDICATOR, INDICATOR_ACTUAL, INITIATIVE, REVIEW, STATEMENT, THEME};
use crate::kernel::fiscal::FiscalYear;
use crate::kernel::{RecordId, Value};
use crate::ledger::{CrossRequest, GroupBy, LedgerError, Ledgers, ListRequest, Visible};
use crate::platform::identity::Context;
use crate::platform::registry::DEPARTMENT;
use crate::records::{self, Actual, Indicator, Initiative, Review, Statement, Theme};
use crate::rules::{Deadline, deadline};

/// A fiscal year of the board.
#[derive(Clone, Debug)]
pub struct Board {
    /// The fiscal year.
    pub fiscal_year: FiscalYear,
    /// The day as of which deadlines are judged.
    pub as_of: Date,
    /// The phase whose reports are to be there: the quarter that ended last. None before the first one ends.
    pub phase: Option<&'static str>,
    /// The departments that have a statement or an initiative, in the order of the paper.
    pub departments: Vec<Department>,
    /// The themes in their order.
    pub themes: Vec<Theme>,
    /// The initiatives in their order.
    pub initiatives: Vec<Initiative>,
    indicators: HashMap<RecordId, Vec<Indicator>>,
    actuals: HashMap<RecordId, Vec<Actual>>,
    reviews: HashMap<RecordId, Vec<Review>>,
    names: HashMap<RecordId, String>,
}

/// A department of a year.
#[derive(Clone, Debug)]
pub struct Department {
    /// The record.
    pub id: RecordId,
    /// Its name.
    pub name: String,
    /// Its statement, if there is one to be seen.
    pub statement: Option<Statement>,
}

impl Board {
    /// Reads a fiscal year.
    pub async fn load(ledgers: &Ledgers, context: &Context, year: FiscalYear) -> Result<Self, LedgerError> {
        let of_year = || ListRequest::filtered(format!("fiscal_year = {year}"));
        let read = async |ledger: &str, request| records::all(ledgers, context, ledger, request).await;
        let initiatives = read(INITIATIVE, of_year()).await?;
        let themes = read(THEME, ListRequest::all()).await?;
        let statements = read(STATEMENT, of_year()).await?;
        let indicators = read(INDICATOR, of_year()).await?;
        let reviews = read(REVIEW, of_year()).await?;
        let mut board = Self::of(year, context.today(), &initiatives);
        board.themes = themes.iter().map(Theme::of).collect();
        board.add_indicators(&indicators);
        let reviews = reviews.iter().map(Review::of).filter_map(|review| Some((review.initiative?, review)));
        board.reviews = grouped(reviews);
        board.reviews.values_mut().for_each(|reviews| reviews.sort_by_key(|one| phase_order(&one.phase)));
        board.add_actuals(&read(INDICATOR_ACTUAL, figures_of(year)).await?);
        board.name_departments(ledgers, context, statements.iter().map(Statement::of).collect()).await?;
        Ok(board)
    }

    /// Reads one initiative with everything that belongs to it.
    pub async fn load_one(
        ledgers: &Ledgers,
        context: &Context,
        id: RecordId,
    ) -> Result<(Self, Initiative), LedgerError> {
        let record = ledgers.get(context, INITIATIVE, id).await?;
        let initiative = Initiative::of(&record);
        let year = FiscalYear::new(initiative.fiscal_year).map_err(|_| LedgerError::NotFound)?;
        let under = |field: &str| ListRequest::filtered(format!("{field} = '{id}'"));
        let mut board = Self::of(year, context.today(), std::slice::from_ref(&record));
        let themes = records::all(ledgers, context, THEME, ListRequest::all()).await?;
        board.themes = themes.iter().map(Theme::of).collect();
        let indicators = records::all(ledgers, context, INDICATOR, under("initiative")).await?;
        board.add_indicators(&indicators);
        let reviews = records::all(ledgers, context, REVIEW, under("initiative")).await?;
        let mut reviews: Vec<Review> = reviews.iter().map(Review::of).collect();
        reviews.sort_by_key(|one| phase_order(&one.phase));
        board.reviews.insert(id, reviews);
        for indicator in &indicators {
            let request = ListRequest::filtered(format!("indicator = '{}'", indicator.id));
            let actuals = records::all(ledgers, context, INDICATOR_ACTUAL, request).await?;
            board.add_actuals(&actuals);
        }
        board.name_departments(ledgers, context, Vec::new()).await?;
        Ok((board, initiative))
    }

    /// The fiscal years that have initiatives to be seen, the latest first.
    pub async fn years(ledgers: &Ledgers, context: &Context) -> Result<Vec<FiscalYear>, LedgerError> {
        let by = vec![GroupBy { field: "fiscal_year".to_owned(), step: Default::default() }];
        let table = ledgers.cross_table(context, INITIATIVE, &CrossRequest { by, ..CrossRequest::default() }).await?;
        let year = |value: &Value| FiscalYear::new(i32::try_from(value.as_int()?).ok()?).ok();
        let years: BTreeSet<i32> = table.rows.iter().filter_map(|row| year(&row.value)).map(FiscalYear::year).collect();
        Ok(years.into_iter().rev().filter_map(|year| FiscalYear::new(year).ok()).collect())
    }

    fn of(fiscal_year: FiscalYear, today: Date, initiatives: &[Visible]) -> Self {
        let mut initiatives: Vec<Initiative> = initiatives.iter().map(Initiative::of).collect();
        initiatives.sort_by_key(|one| (one.sort_order, one.id));
        Self {
            fiscal_year,
            as_of: today.min(closing_day(fiscal_year)),
            phase: due_phase(fiscal_year.year(), today),
            departments: Vec::new(),
            themes: Vec::new(),
            initiatives,
            indicators: HashMap::new(),
            actuals: HashMap::new(),
            reviews: HashMap::new(),
            names: HashMap::new(),
        }
    }

    fn add_indicators(&mut self, records: &[Visible]) {
        let indicators = records.iter().map(Indicator::of);
        self.indicators = grouped(indicators.filter_map(|one| Some((one.initiative?, one))));
    }

    fn add_actuals(&mut self, records: &[Visible]) {
        let actuals = records.iter().filter_map(Actual::of);
        self.actuals.extend(grouped(actuals.filter_map(|one| Some((one.indicator?, one)))));
        self.actuals.values_mut().for_each(|actuals| actuals.sort_by_key(|one| one.as_of));
    }

    /// Names departments and sections, and puts the departments in order: that of the statements, then of the initiatives.
    async fn name_departments(
        &mut self,
        ledgers: &Ledgers,
        context: &Context,
        statements: Vec<Statement>,
    ) -> Result<(), LedgerError> {
        let owners = self.initiatives.iter().flat_map(|one| [one.department, one.section]).flatten();
        let ids: BTreeSet<RecordId> = owners.chain(statements.iter().filter_map(|one| one.department)).collect();
        let ids: Vec<RecordId> = ids.into_iter().collect();
        self.names = ledgers.labels_of(context, DEPARTMENT, &ids).await?;
        let mut order: Vec<RecordId> = statements.iter().filter_map(|one| one.department).collect();
        order.extend(self.initiatives.iter().filter_map(|one| one.department));
        let mut seen = BTreeSet::new();
        order.retain(|id| seen.insert(*id));
        let mut statements: HashMap<RecordId, Statement> =
            statements.into_iter().filter_map(|one| Some((one.department?, one))).collect();
        self.departments = order
            .into_iter()
            .map(|id| Department { id, name: self.name(Some(id)), statement: statements.remove(&id) })
            .collect();
        Ok(())
    }

    /// The name of a department or section; empty for none.
    pub fn name(&self, id: Option<RecordId>) -> String {
        id.and_then(|id| self.names.get(&id)).cloned().unwrap_or_default()
    }

    /// The name of a theme; empty for none.
    pub fn theme_name(&self, id: Option<RecordId>) -> &str {
        let theme = id.and_then(|id| self.themes.iter().find(|theme| theme.id == id));
        theme.map_or("", |theme| &theme.name)
    }

    /// The themes under which there is an initiative, in their order.
    pub fn themes_in_use(&self) -> impl Iterator<Item = &Theme> {
        self.themes.iter().filter(|theme| self.initiatives.iter().any(|one| one.theme == Some(theme.id)))
    }

    /// The indicators of an initiative.
    pub fn indicators(&self, initiative: RecordId) -> &[Indicator] {
        self.indicators.get(&initiative).map_or(&[], Vec::as_slice)
    }

    /// The figures of an indicator, the oldest first.
    pub fn actuals(&self, indicator: RecordId) -> &[Actual] {
        self.actuals.get(&indicator).map_or(&[], Vec::as_slice)
    }

    /// The reviews of an initiative, in the order of the year.
    pub fn reviews(&self, initiative: RecordId) -> &[Review] {
        self.reviews.get(&initiative).map_or(&[], Vec::as_slice)
    }

    /// How the deadline of an initiative stands.
    pub fn deadline(&self, one: &Initiative) -> Deadline {
        deadline(one.due, one.done_on, one.status, self.as_of).value
    }
}

/// The last day on which a year is judged: the close of its accounts (出納の閉鎖, 地方自治法第235条の5), since a year-end
/// review is written by then, and counting days of delay for ever tells nobody anything.
fn closing_day(year: FiscalYear) -> Date {
    date(year.next().first_day().year(), 5, 31)
}

/// The figures that the curves of a year show: from its first day to the close of its accounts, and live ones after it.
fn figures_of(year: FiscalYear) -> ListRequest {
    ListRequest::filtered(format!("as_of >= DATE('{}')", year.first_day()))
}

fn grouped<T>(pairs: impl Iterator<Item = (RecordId, T)>) -> HashMap<RecordId, Vec<T>> {
    let mut groups: HashMap<RecordId, Vec<T>> = HashMap::new();
    for (key, value) in pairs {
        groups.entry(key).or_default().push(value);
    }
    groups
}

fn phase_order(phase: &str) -> usize {
    let phases = crate::acts::report::PHASES;
    phases.iter().position(|(key, _)| *key == phase).unwrap_or(phases.len())
}
