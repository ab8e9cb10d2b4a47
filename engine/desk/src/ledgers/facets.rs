//! The facets beside a list: how often each value occurs, to narrow the list by.

use kawasemi_kernel::{Lang, Value};
use kawasemi_ledger::{Facet, FacetValue, LedgerError};
use kawasemi_ui::list::{self, FacetValue as Link};
use kawasemi_ui::{Component, SafeHtml, said};

use super::asked::Asked;
use super::opened::Opened;
use crate::problem::Problem;
use crate::request::Cx;

/// Facets that are open at once; the rest can be opened.
const OPEN: usize = 2;

/// The facets of a list; nothing where the ledger declares none, or where the condition has a mistake.
pub async fn aside(cx: &Cx, opened: &Opened, asked: &Asked) -> Result<SafeHtml, Problem> {
    if opened.def.list.facets.iter().all(|key| opened.field(key).is_none()) {
        return Ok(SafeHtml::EMPTY);
    }
    let request = asked.request(&opened.def, None);
    let facets = match cx.ledgers().facets(cx.context(), opened.key(), None, &request).await {
        Ok(facets) => facets,
        Err(LedgerError::Filter(_) | LedgerError::UnknownField { .. } | LedgerError::Unsuitable { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let filled = facets.iter().filter(|facet| !facet.values.is_empty());
    Ok(filled.enumerate().map(|(index, facet)| one(opened, asked, facet, index < OPEN)).collect())
}

fn one(opened: &Opened, asked: &Asked, facet: &Facet, open: bool) -> SafeHtml {
    let values = facet.values.iter().map(|value| link(opened, asked, facet, value)).collect();
    list::Facet::new(Lang::Ja, &facet.label, values, open).html()
}

fn link(opened: &Opened, asked: &Asked, facet: &Facet, value: &FacetValue) -> Link {
    let own = (facet.field.clone(), text_of(&value.value));
    let chosen = asked.facets.contains(&own);
    let next = asked.with(|asked| {
        if chosen {
            asked.facets.retain(|facet| *facet != own);
        } else {
            asked.facets.push(own.clone());
        }
    });
    let count = said::whole(i64::try_from(value.count).unwrap_or(i64::MAX));
    Link {
        label: if value.value.is_null() { "未入力".to_owned() } else { value.text.clone() },
        href: next.href(&opened.href()),
        count: if facet.is_partial { format!("{count}+") } else { count },
        chosen,
    }
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
