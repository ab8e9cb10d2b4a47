//! What a list is asked for, as its address says it: search, facets, condition, order, view, columns, place.
//!
//! Everything about a list stands in its address, so that it can be kept, sent and gone back to. Paging backwards follows
//! the marks of the pages before, which the address carries along.

use kawasemi_filter::{Limits, parse_text};
use kawasemi_ledger::Within;
use kawasemi_ledger::select::{ListRequest, cql_text};
use kawasemi_schema::{FieldDef, FieldKind, LedgerDef, SortKey};
use url::form_urlencoded::{Serializer, parse};

/// How many pages back the address remembers.
const TRAIL: usize = 30;
/// Records on a page, as a person may choose.
pub const SIZES: [u32; 4] = [50, 100, 200, 1_000];
/// Most facet values in one address.
const FACETS: usize = 50;
/// Most areas in one address.
const AREAS: usize = 5;
/// Most other ledgers on one map.
const LAYERS: usize = 12;

/// What a list is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Full-text search.
    pub q: String,
    /// The hits that fit best first, in place of the order.
    pub ranked: bool,
    /// A CQL2 condition of the person's own.
    pub filter: String,
    /// Field and value of each facet that was chosen; no value for "nothing entered".
    pub facets: Vec<(String, String)>,
    /// Areas of other ledgers in which the records lie.
    pub within: Vec<Within>,
    /// The order; empty for the view's or the ledger's own.
    pub sort: Vec<SortKey>,
    /// The key or id of a view.
    pub view: Option<String>,
    /// The columns; empty for the view's or the ledger's own.
    pub columns: Vec<String>,
    /// Records on a page; 0 for the usual number.
    pub size: u32,
    /// Deleted records instead of the others.
    pub deleted: bool,
    /// From which mark the page goes on.
    pub after: Option<String>,
    /// The marks of the pages before; an empty one is the first page.
    pub trail: Vec<String>,
    /// Whether to count the records now.
    pub count: bool,
    /// Other ledgers that the map shows besides.
    pub layers: Vec<String>,
}

impl Asked {
    /// Reads the query of an address. What is not understood is left out.
    pub fn of(path: &str) -> Self {
        let query = path.split_once('?').map_or("", |(_, query)| query);
        let mut asked = Self::default();
        for (name, value) in parse(query.as_bytes()) {
            let value = value.trim();
            let words = || value.split(',').map(str::trim).filter(|word| !word.is_empty());
            match &*name {
                "q" => asked.q = value.to_owned(),
                "rank" => asked.ranked = value == "1",
                "filter" => asked.filter = value.to_owned(),
                "facet" if asked.facets.len() < FACETS => {
                    asked.facets.extend(facet(value));
                }
                "within" if asked.within.len() < AREAS => asked.within.extend(within(value)),
                "sort" => asked.sort = words().map(SortKey::parse).collect(),
                "view" => asked.view = (!value.is_empty()).then(|| value.to_owned()),
                "columns" => asked.columns.extend(words().map(str::to_owned)),
                "size" => asked.size = value.parse().ok().filter(|size| SIZES.contains(size)).unwrap_or_default(),
                "deleted" => asked.deleted = value == "1",
                "count" => asked.count = value == "1",
                "layers" => asked.layers.extend(words().map(str::to_owned).take(LAYERS)),
                "after" => asked.after = (!value.is_empty()).then(|| value.to_owned()),
                "trail" => asked.trail = value.split('.').map(str::to_owned).take(TRAIL).collect(),
                _ => {}
            }
        }
        asked
    }

    /// The query, without `?`; empty where nothing is asked.
    pub fn query(&self) -> String {
        let mut query = Serializer::new(String::new());
        let mut pair = |name: &str, value: &str| {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        };
        pair("q", &self.q);
        pair("rank", if self.is_ranked() { "1" } else { "" });
        pair("filter", &self.filter);
        self.facets.iter().for_each(|(key, value)| pair("facet", &format!("{key}:{value}")));
        self.within.iter().for_each(|within| pair("within", &within_text(within)));
        pair("sort", &sort_text(&self.sort));
        pair("view", self.view.as_deref().unwrap_or_default());
        pair("columns", &self.columns.join(","));
        pair("size", &if self.size == 0 { String::new() } else { self.size.to_string() });
        pair("deleted", if self.deleted { "1" } else { "" });
        pair("count", if self.count { "1" } else { "" });
        pair("layers", &self.layers.join(","));
        pair("after", self.after.as_deref().unwrap_or_default());
        if self.after.is_some() {
            pair("trail", &self.trail.join("."));
        }
        query.finish()
    }

    /// An address with this query.
    pub fn href(&self, path: &str) -> String {
        let query = self.query();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// The same with a change, from the first page on.
    pub fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut asked = Self { after: None, trail: Vec::new(), count: false, ..self.clone() };
        change(&mut asked);
        asked
    }

    /// The page after this one, which begins at a mark.
    pub fn next(&self, mark: &str) -> Self {
        let mut trail = self.trail.clone();
        trail.push(self.after.clone().unwrap_or_default());
        let surplus = trail.len().saturating_sub(TRAIL);
        trail.drain(..surplus);
        Self { after: Some(mark.to_owned()), trail, ..self.clone() }
    }

    /// The page before this one, as far as the address remembers.
    pub fn previous(&self) -> Option<Self> {
        self.after.as_ref()?;
        let mut trail = self.trail.clone();
        let mark = trail.pop()?;
        Some(Self { after: (!mark.is_empty()).then_some(mark), trail, ..self.clone() })
    }

    /// Whether the hits that fit best come first: only where something is searched for.
    pub fn is_ranked(&self) -> bool {
        self.ranked && !self.q.is_empty()
    }

    /// The areas as an address has them.
    pub fn areas(&self) -> impl Iterator<Item = String> {
        self.within.iter().map(within_text)
    }

    /// Whether the list is narrowed at all.
    pub fn is_narrowed(&self) -> bool {
        let is_placed = !self.within.is_empty();
        !self.q.is_empty() || !self.filter.is_empty() || !self.facets.is_empty() || is_placed || self.view.is_some()
    }

    /// The facets that were chosen as one CQL2 text: values of one field by OR, fields by AND.
    fn facet_condition(&self, ledger: &LedgerDef) -> Option<String> {
        let mut keys: Vec<&str> = self.facets.iter().map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        // A name that is no field is passed on, so that the engine refuses it in its own words.
        let of_key = |key: &str| {
            let values = self.facets.iter().filter(|(other, _)| other == key).map(|(_, value)| value.as_str());
            let tests: Vec<String> = values.map(|value| facet_test(ledger.field(key), key, value)).collect();
            format!("({})", tests.join(" OR "))
        };
        (!keys.is_empty()).then(|| keys.into_iter().map(of_key).collect::<Vec<_>>().join(" AND "))
    }

    /// The conditions of the box and of the facets as one CQL2 text, to be kept in a view.
    pub fn condition(&self, ledger: &LedgerDef) -> Option<String> {
        let own = Some(self.filter.as_str()).filter(|text| !text.is_empty());
        match (own, self.facet_condition(ledger)) {
            (Some(own), Some(facets)) => {
                // Written anew from the tree, since a condition with a stray parenthesis would change its meaning.
                let own = parse_text(own, Limits::OUTSIDE).map_or_else(|_| own.to_owned(), |ast| ast.to_string());
                Some(format!("({own}) AND {facets}"))
            }
            (own, facets) => own.map(str::to_owned).or(facets),
        }
    }

    /// What the engine is asked. `fields` are the fields to answer.
    pub fn request(&self, ledger: &LedgerDef, fields: Option<Vec<String>>) -> ListRequest {
        // The box is passed on as it was typed, so that the column of a mistake is that of the box.
        let facets = self.facet_condition(ledger);
        let tree = facets.and_then(|text| parse_text(&text, Limits::OUTSIDE).ok());
        ListRequest {
            filter: Some(self.filter.clone()).filter(|text| !text.is_empty()),
            filter_json: tree.and_then(|tree| tree.to_json().ok()),
            sort: self.sort.clone(),
            fields,
            q: self.q.clone(),
            ranked: self.ranked,
            limit: self.size,
            cursor: self.after.clone(),
            view: self.view.clone(),
            deleted: self.deleted,
            within: self.within.clone(),
            ..ListRequest::all()
        }
    }
}

/// A facet as an address has it, `state:open`; nothing if the first part can't be a field.
fn facet(text: &str) -> Option<(String, String)> {
    let (key, value) = text.split_once(':')?;
    let is_key = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !key.is_empty();
    is_key.then(|| (key.to_owned(), value.to_owned()))
}

/// An area as an address has it: a ledger, or a record of it, `flood-zone/ID`.
fn within(text: &str) -> Option<Within> {
    let (ledger, record) = match text.split_once('/') {
        Some((ledger, record)) => (ledger, Some(record.parse().ok()?)),
        None => (text, None),
    };
    let is_key = ledger.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') && !ledger.is_empty();
    is_key.then(|| Within { ledger: ledger.to_owned(), record })
}

fn within_text(within: &Within) -> String {
    match within.record {
        Some(record) => format!("{}/{record}", within.ledger),
        None => within.ledger.clone(),
    }
}

/// The order as an address has it.
pub fn sort_text(sort: &[SortKey]) -> String {
    let key = |key: &SortKey| format!("{}{}", if key.descending { "-" } else { "" }, key.field);
    sort.iter().map(key).collect::<Vec<_>>().join(",")
}

/// The CQL2 condition of one value of a facet.
fn facet_test(field: Option<&FieldDef>, key: &str, value: &str) -> String {
    if value.is_empty() {
        return format!("{key} IS NULL");
    }
    let kind = field.map(|field| match &field.kind {
        FieldKind::Computed { result, .. } => &**result,
        kind => kind,
    });
    match kind {
        Some(FieldKind::Choices { .. }) => format!("A_CONTAINS({key}, ({}))", cql_text(value)),
        Some(FieldKind::YesNo) => format!("{key} = {}", if value == "true" { "TRUE" } else { "FALSE" }),
        Some(FieldKind::Integer { .. } | FieldKind::FiscalYear | FieldKind::Yen { .. } | FieldKind::Decimal { .. }) => {
            let is_number = value.chars().all(|c| c.is_ascii_digit() || c == '-' || c == '.');
            format!("{key} = {}", if is_number { value.to_owned() } else { cql_text(value) })
        }
        Some(FieldKind::Date) => format!("{key} = DATE({})", cql_text(value)),
        _ => format!("{key} = {}", cql_text(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_back() {
        let query = "q=%E5%85%AC%E5%9C%92&rank=1&filter=area+%3E+1&facet=state%3Aopen&facet=state%3Ashut&within=flood-zone&sort=name%2C-area&view=mine\
                     &columns=name%2Carea&size=200&deleted=1&layers=road%2Clamp&after=abc&trail=.x";
        let asked = Asked::of(&format!("/desk/ledgers/park?{query}"));
        assert_eq!(asked.facets.len(), 2);
        assert_eq!(asked.query(), query);
        assert_eq!(Asked::of("/desk/ledgers/park?size=7&nonsense=1"), Asked::default());
    }

    #[test]
    fn pages_lead_back_to_the_first() {
        let first = Asked::of("/x?q=a");
        let second = first.next("m1");
        let third = second.next("m2");
        assert_eq!(third.previous().as_ref(), Some(&second));
        assert_eq!(second.previous().as_ref(), Some(&first));
        assert_eq!(first.previous(), None);
        assert_eq!(third.with(|asked| asked.q.clear()), Asked::default());
    }

    #[test]
    fn a_facet_value_can_not_widen_the_condition() {
        assert_eq!(facet_test(None, "state", "' OR TRUE OR '"), "state = ''' OR TRUE OR '''");
        assert_eq!(facet_test(None, "state", ""), "state IS NULL");
    }
}
