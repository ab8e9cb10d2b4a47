//! From what a caller asks for to a condition on rows: filter, view, search and grants together.
//!
//! Here the rules of clearance for questions are kept in one place. A field of clearance C in a filter, an order or a
//! count narrows the rows to those of grants that reach C, so that no question tells of a field what a look at the row
//! would not show; a field that no grant of the caller reaches does not exist. Full-text search looks in each row only at
//! the levels that the row shows to the caller.

use std::collections::BTreeSet;

use kawasemi_filter::{Ast, Expr, Limits, Params, RecordView, lower, parse_json, parse_text};
use kawasemi_identity::Context;
use kawasemi_identity::grants::{Exact, Reach};
use kawasemi_kernel::bigram::Query;
use kawasemi_kernel::{RecordId, Value};
use kawasemi_schema::{Action, Clearance, SortKey};
use kawasemi_store::list::{Search, SearchScope};
use kawasemi_store::record::read::RECORDS;
use kawasemi_store::{Param, Sql};
use serde_json::Value as Json;

use crate::error::{LedgerError, Result};
use crate::ledgers::{Gate, Ledgers};
use crate::record::RowView;
use crate::views::View;

/// What a caller asks of a ledger.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListRequest {
    /// CQL2 text.
    pub filter: Option<String>,
    /// CQL2 JSON; joined with the text by AND.
    pub filter_json: Option<Json>,
    /// Further CQL2 conditions, each for itself: facets that were chosen, a range of a calendar.
    pub also: Vec<String>,
    /// The order; empty for the view's or the ledger's own.
    pub sort: Vec<SortKey>,
    /// The fields to answer; none for all that may be seen.
    pub fields: Option<Vec<String>>,
    /// Full-text search.
    pub q: String,
    /// The hits that fit best first, in place of the list's order: of the first thousand, since all would have to be read to
    /// know. Without a search it means nothing.
    pub ranked: bool,
    /// Records on a page; 0 for the usual number.
    pub limit: u32,
    /// The mark from which an earlier page goes on.
    pub cursor: Option<String>,
    /// The key of one of the definition's views, or the id of a saved one.
    pub view: Option<String>,
    /// The deleted records instead of those that are not.
    pub deleted: bool,
    /// Search no fields above this clearance; none for all that each row shows.
    pub search_clearance: Option<Clearance>,
    /// Records that lie in the areas of other ledgers, such as facilities in a flood zone; each must hold.
    pub within: Vec<Within>,
}

/// The records that meet what another ledger has drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Within {
    /// The other ledger.
    pub ledger: String,
    /// One record of it; none for all that the caller may see.
    pub record: Option<RecordId>,
}

impl ListRequest {
    /// All records of a ledger, in its own order.
    pub fn all() -> Self {
        Self::default()
    }

    /// The records that meet a CQL2 condition.
    pub fn filtered(filter: impl Into<String>) -> Self {
        Self { filter: Some(filter.into()), ..Self::default() }
    }

    /// What is searched for, if the hits are to come in the order in which they fit.
    pub(crate) fn ranked_query(&self) -> Result<Option<Query>> {
        if !self.ranked {
            return Ok(None);
        }
        Ok(Some(self.query()?).filter(|query| !query.is_empty()))
    }

    /// What is searched for.
    fn query(&self) -> Result<Query> {
        Query::parse(&self.q).map_err(|error| LedgerError::Refused(error.to_string()))
    }
}

/// Which rows a question is about.
pub(crate) struct Selection {
    /// A condition in SQL that lets every row through that belongs, and perhaps more; grants included.
    pub condition: Sql,
    /// What a row must still meet.
    pub exact: ExactTest,
    /// What must be found, and in which levels of which rows; none for no search.
    pub search: Option<Search>,
    /// The deleted records instead of the others.
    pub deleted: bool,
    /// The view that was asked for.
    pub view: Option<View>,
}

/// What SQL could not decide.
#[derive(Default)]
pub(crate) struct ExactTest {
    grants: Option<Exact>,
    filters: Vec<(Expr, Params)>,
}

impl ExactTest {
    /// Whether SQL decided everything.
    pub fn is_none(&self) -> bool {
        self.grants.is_none() && self.filters.is_empty()
    }

    /// Whether a row belongs.
    pub fn matches(&self, row: &dyn RecordView) -> bool {
        self.grants.as_ref().is_none_or(|grants| grants.matches(row))
            && self.filters.iter().all(|(expr, params)| expr.matches(row, params))
    }

    /// The fields that the test looks at.
    pub fn properties(&self) -> BTreeSet<&str> {
        let mut properties: BTreeSet<&str> = self.filters.iter().flat_map(|(expr, _)| expr.properties()).collect();
        properties.extend(self.grants.iter().flat_map(Exact::properties));
        properties
    }
}

impl Ledgers {
    /// Makes a selection of a request. `names` are further fields that the question uses (an order, a group).
    pub(crate) async fn select<'a>(
        &self,
        context: &Context,
        gate: &Gate,
        action: Action,
        request: &ListRequest,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<Selection> {
        gate.require(action)?;
        let view = match &request.view {
            Some(key) => Some(self.view(context, gate, key).await?),
            None => None,
        };
        let texts =
            request.filter.iter().chain(&request.also).chain(view.iter().filter_map(|view| view.filter.as_ref()));
        let mut asts: Vec<Ast> = texts
            .filter(|text| !text.trim().is_empty())
            .map(|text| parse_text(text, Limits::OUTSIDE))
            .collect::<Result<_, _>>()?;
        if let Some(json) = &request.filter_json {
            asts.push(parse_json(json, Limits::OUTSIDE)?);
        }
        let mut exprs = Vec::with_capacity(asts.len());
        for ast in &asts {
            exprs.push(self.lowered(context, gate, ast).await?);
        }
        for within in &request.within {
            exprs.push(self.meeting(context, gate, within).await?);
        }
        let properties = exprs.iter().flat_map(Expr::properties);
        let hidden = |hidden: kawasemi_identity::grants::Hidden| gate.unknown_field(&hidden.name);
        let mut needed = gate.access.needed(action, properties).map_err(hidden)?;
        needed = needed.and(gate.access.needed(action, names).map_err(hidden)?);
        let (condition, exact) = self.combine(gate, action, request.deleted, exprs, needed)?;
        let search = self.search(gate, action, request)?;
        Ok(Selection { condition, exact, search, deleted: request.deleted, view })
    }

    fn combine(
        &self,
        gate: &Gate,
        action: Action,
        deleted: bool,
        exprs: Vec<Expr>,
        needed: Reach,
    ) -> Result<(Sql, ExactTest)> {
        let dialect = self.dialect();
        let granted = gate.condition(action, needed, dialect).ok_or(LedgerError::NotFound)?;
        let mut condition = granted.condition;
        let mut exact = ExactTest { grants: granted.exact, filters: Vec::new() };
        if deleted {
            // Deleted records are for those who may bring them back.
            let trash = gate.condition(Action::Delete, Reach::NOTHING, dialect);
            let trash = trash.ok_or(LedgerError::Forbidden { action: Action::Delete })?;
            condition.push(" AND ").append(&trash.condition);
        }
        let params = gate.access.params();
        for expr in exprs {
            let lowered = expr.to_sql_of(RECORDS, dialect, params);
            condition.push(" AND (").append(&lowered.condition).push(")");
            exact.filters.extend(lowered.exact.map(|exact| (exact, params.clone())));
        }
        Ok((condition, exact))
    }

    /// Where a search may look: in every row at what the caller sees in all rows, and deeper in the rows of grants that
    /// reach deeper. A grant whose condition SQL can't decide exactly opens nothing more to the search.
    fn search(&self, gate: &Gate, action: Action, request: &ListRequest) -> Result<Option<Search>> {
        let query = request.query()?;
        if query.is_empty() {
            return Ok(None);
        }
        let most = request.search_clearance.unwrap_or(Clearance::Sensitive);
        let lowest = gate.access.lowest_clearance(action).unwrap_or_default();
        let up_to = |level: Clearance| -> Vec<Clearance> {
            gate.ledger.levels.iter().copied().filter(|known| *known <= level && *known <= most).collect()
        };
        let mut scopes = vec![SearchScope { levels: up_to(lowest), rows: None }];
        for level in Clearance::ALL.into_iter().filter(|level| *level > lowest && *level <= most) {
            let reach = Reach { clearance: level, protected: false };
            let rows = gate.condition(action, reach, self.dialect()).filter(|rows| rows.exact.is_none());
            if let Some(rows) = rows.filter(|_| gate.ledger.levels.contains(&level)) {
                scopes.push(SearchScope { levels: up_to(level), rows: Some(rows.condition) });
            }
        }
        Ok(Some(Search { query, scopes, sees_protected: gate.access.sees_protected(), way: None }))
    }

    /// Types an expression against what the caller may see, with the human numbers in it looked up.
    pub(crate) async fn lowered(&self, context: &Context, gate: &Gate, ast: &Ast) -> Result<Expr> {
        let mut scope = gate.access.scope();
        for numbered in scope.numbers_in(ast) {
            if let Some(id) = self.by_number(context, &numbered.ledger, &numbered.number).await? {
                scope = scope.with_number(numbered, id);
            }
        }
        Ok(lower(ast, &scope)?)
    }

    /// The record with a human number, if the caller may see it.
    pub(crate) async fn by_number(&self, context: &Context, ledger: &str, number: &str) -> Result<Option<RecordId>> {
        let Ok(gate) = self.gate_for(context, ledger, Action::Read) else { return Ok(None) };
        if gate.def().number.is_none() {
            return Ok(None);
        }
        let mut sql = Sql::text("SELECT id FROM ");
        sql.table(gate.ledger.table()).push(" WHERE \"number\" = ").bind(Param::from(number));
        let Some(row) = self.city().read_one(sql).await? else { return Ok(None) };
        let id = RecordId(row.get(0)?);
        let projection = gate.projection([]);
        let rows = kawasemi_store::record::read::records(self.city(), &gate.ledger, &projection, &[id]).await?;
        let is_visible = |row: &_| gate.access.row_clearance(Action::Read, &RowView(row)).is_some();
        Ok(rows.iter().any(is_visible).then_some(id))
    }
}

/// A value as CQL2 text, for filters that the program writes (a facet, a related record).
pub fn cql_literal(value: &Value) -> Option<String> {
    Some(match value {
        Value::Bool(answer) => if *answer { "TRUE" } else { "FALSE" }.to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Text(text) => cql_text(text),
        Value::Date(date) => format!("DATE('{date}')"),
        Value::Instant(at) => format!("TIMESTAMP('{at}')"),
        Value::YearMonth(month) => cql_text(&month.to_string()),
        Value::Record(id) => cql_text(&id.to_string()),
        _ => return None,
    })
}

/// A text in CQL2.
pub fn cql_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
