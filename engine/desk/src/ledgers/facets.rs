//! The facets beside a list: the values by which it can be narrowed, and how often each occurs.
//!
//! Counting goes over thousands of records, and the page does not wait for it: it comes with the values that the definition
//! knows, and where there is a script the counts follow at once. Without one they come with the exact count, for which the list
//! has a link.

use axum::extract::Path;
use axum::response::Html;
use kawasemi_kernel::{Lang, Value};
use kawasemi_ledger::{Facet, FacetValue, LedgerError};
use kawasemi_schema::{Action, FieldDef, FieldKind};
use kawasemi_ui::list::{self, FacetValue as Link};
use kawasemi_ui::{Component, SafeHtml, said};

use super::asked::Asked;
use super::cells;
use super::opened::Opened;
use crate::problem::Problem;
use crate::request::Cx;

/// Facets that are open at once; the rest can be opened.
const OPEN: usize = 2;

/// `GET /desk/ledgers/{ledger}/facets`: the counted facets, for the list that is already shown.
pub async fn show(cx: Cx, Path(ledger): Path<String>) -> Result<Html<String>, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Read)?;
    let base = opened.narrowed_at(&cx);
    Ok(Html(counted(&cx, &opened, &Asked::of(cx.path()), &base).await?.into_string()))
}

/// The facets with their counts, which lead to `base`; nothing where the ledger declares none, or where the condition has a mistake.
pub async fn counted(cx: &Cx, opened: &Opened, asked: &Asked, base: &str) -> Result<SafeHtml, Problem> {
    if declared(opened).next().is_none() {
        return Ok(SafeHtml::EMPTY);
    }
    let request = asked.request(&opened.def, None);
    let facets = match cx.ledgers().facets(cx.context(), opened.key(), None, &request).await {
        Ok(facets) => facets,
        Err(LedgerError::Filter(_) | LedgerError::UnknownField { .. } | LedgerError::Unsuitable { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let filled = facets.iter().filter(|facet| !facet.values.is_empty());
    Ok(group("", filled.map(|facet| of_counts((asked, base), facet))))
}

/// The facets before anything was counted: every choice that the definition has, with a place that fetches the counts.
pub fn uncounted(opened: &Opened, asked: &Asked, base: &str) -> SafeHtml {
    if declared(opened).next().is_none() {
        return SafeHtml::EMPTY;
    }
    let plain = asked.with(|_| {});
    let fetch = format!(
        " hx-get=\"{}\" hx-trigger=\"load\" hx-swap=\"outerHTML\"",
        SafeHtml::escape(opened.leading_back(&plain.href(&opened.at("facets")), base))
    );
    group(&fetch, declared(opened).filter_map(|field| of_definition((asked, base), field)))
}

/// The fields that the definition offers as facets and the caller may see.
fn declared(opened: &Opened) -> impl Iterator<Item = &FieldDef> {
    opened.def.list.facets.iter().filter_map(|key| opened.field(key))
}

/// The facets in the element that the counted ones replace.
fn group(attributes: &str, facets: impl Iterator<Item = (String, Vec<Link>)>) -> SafeHtml {
    let facets: SafeHtml = facets
        .enumerate()
        .map(|(index, (label, values))| list::Facet::new(Lang::Ja, label, values, index < OPEN).html())
        .collect();
    SafeHtml::trusted(format!("<div class=\"stack-small\" id=\"list-facets\"{attributes}>{facets}</div>"))
}

fn of_counts(at: (&Asked, &str), facet: &Facet) -> (String, Vec<Link>) {
    let link_of = |value: &FacetValue| {
        let count = said::whole(i64::try_from(value.count).unwrap_or(i64::MAX));
        let label = if value.value.is_null() { "未入力" } else { &value.text };
        let count = if facet.is_partial { format!("{count}+") } else { count };
        link(at, (&facet.field, text_of(&value.value)), label, count)
    };
    (facet.label.clone(), facet.values.iter().map(link_of).collect())
}

/// A facet whose values the definition names; those of other fields are known only by counting.
fn of_definition(at: (&Asked, &str), field: &FieldDef) -> Option<(String, Vec<Link>)> {
    let values: Vec<(String, &str)> = match cells::kind(field) {
        FieldKind::YesNo => vec![("true".to_owned(), "はい"), ("false".to_owned(), "いいえ")],
        kind => kind.choices().iter().map(|choice| (choice.key.clone(), choice.label.ja())).collect(),
    };
    let link_of = |(value, label): (String, &str)| link(at, (&field.key, value), label, String::new());
    (!values.is_empty()).then(|| (field.label.ja().to_owned(), values.into_iter().map(link_of).collect()))
}

fn link((asked, base): (&Asked, &str), (field, value): (&str, String), label: &str, count: String) -> Link {
    let own = (field.to_owned(), value);
    let chosen = asked.facets.contains(&own);
    let next = asked.with(|asked| {
        if chosen {
            asked.facets.retain(|facet| *facet != own);
        } else {
            asked.facets.push(own.clone());
        }
    });
    Link { label: label.to_owned(), href: next.href(base), count, chosen }
}

/// A value as an address has it.
fn text_of(value: &Value) -> String {
    match value {
        Value::Bool(answer) => answer.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Date(day) => day.to_string(),
        Value::YearMonth(month) => month.to_string(),
        Value::Record(id) => id.to_string(),
        Value::Many(keys) => keys.first().cloned().unwrap_or_default(),
        value => value.as_text().unwrap_or_default().to_owned(),
    }
}
