//! The query of a list, read strictly: a parameter that does not exist is refused by name, so that a misspelt `filter` never
//! answers with everything.

use kawasemi_ledger::read::{LARGEST_PAGE, PAGE};
use kawasemi_ledger::select::ListRequest;
use kawasemi_ledger::{ChangesRequest, Mark};
use kawasemi_schema::SortKey;
use kawasemi_store::record::write::Kind;

use crate::problem::Problem;

const KNOWN: [&str; 9] = ["filter", "filter-lang", "sort", "fields", "q", "rank", "limit", "cursor", "view"];
const OF_CHANGES: [&str; 5] = ["since", "limit", "fields", "filter", "kinds"];

/// From where changes are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Since {
    /// From the beginning.
    #[default]
    Beginning,
    /// From now on.
    Now,
    /// After a mark.
    Mark(Mark),
}

/// Reads the query of changes.
pub fn changes_request(query: Option<&str>) -> Result<(Since, ChangesRequest), Problem> {
    let (mut since, mut request) = (Since::default(), ChangesRequest { limit: PAGE, ..ChangesRequest::default() });
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            "since" => since = mark(&value)?,
            "limit" => request.limit = limit(&value)?,
            "fields" => request.fields = Some(words(&value).map(str::to_owned).collect()),
            "filter" => request.filter = Some(value.into_owned()).filter(|text| !text.trim().is_empty()),
            "kinds" => request.kinds = words(&value).map(kind).collect::<Result<_, _>>()?,
            other => return Err(unknown(other, &OF_CHANGES)),
        }
    }
    Ok((since, request))
}

/// Reads a mark of changes; an empty one is the beginning.
pub fn mark(text: &str) -> Result<Since, Problem> {
    match text {
        "" => Ok(Since::Beginning),
        "now" => Ok(Since::Now),
        text => Ok(Since::Mark(text.parse()?)),
    }
}

fn kind(text: &str) -> Result<Kind, Problem> {
    Kind::from_key(text).ok_or_else(|| {
        let known = Kind::ALL.map(Kind::key).join(", ");
        Problem::bad_request(format!("kinds に使えるのは {known} です。コンマで区切って並べられます。"))
    })
}

/// Reads the query of a list.
pub fn list_request(query: Option<&str>) -> Result<ListRequest, Problem> {
    let mut request = ListRequest { limit: PAGE, ..ListRequest::default() };
    let mut filter = None;
    let mut language = "cql2-text".to_owned();
    for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match &*name {
            "filter" => filter = Some(value.into_owned()).filter(|text| !text.trim().is_empty()),
            "filter-lang" => language = value.into_owned(),
            "sort" => request.sort = words(&value).map(SortKey::parse).collect(),
            "fields" => request.fields = Some(words(&value).map(str::to_owned).collect()),
            "q" => request.q = value.into_owned(),
            "rank" => request.ranked = yes_or_no("rank", &value)?,
            "limit" => request.limit = limit(&value)?,
            "cursor" => request.cursor = Some(value.into_owned()).filter(|mark| !mark.is_empty()),
            "view" => request.view = Some(value.into_owned()),
            other => return Err(unknown(other, &KNOWN)),
        }
    }
    match (filter, language.as_str()) {
        (None, _) => {}
        (Some(text), "cql2-text") => request.filter = Some(text),
        (Some(text), "cql2-json") => {
            let json = serde_json::from_str(&text)
                .map_err(|error| Problem::bad_request(format!("filter はJSONとして読めません（{error}）。")))?;
            request.filter_json = Some(json);
        }
        (_, other) => {
            return Err(Problem::bad_request(format!(
                "filter-lang={other} は使えません。cql2-text か cql2-json を指定してください。"
            )));
        }
    }
    Ok(request)
}

fn words(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|word| !word.is_empty())
}

fn yes_or_no(name: &str, text: &str) -> Result<bool, Problem> {
    text.parse().map_err(|_| Problem::bad_request(format!("{name} は true か false にしてください。")))
}

fn limit(text: &str) -> Result<u32, Problem> {
    let read = text.parse().ok().filter(|n| (1..=LARGEST_PAGE).contains(n));
    read.ok_or_else(|| Problem::bad_request(format!("limit は1から{LARGEST_PAGE}までの整数にしてください。")))
}

fn unknown(name: &str, known: &[&str]) -> Problem {
    let shown: String = name.chars().take(40).collect();
    let near = kawasemi_schema::error::nearest(name, known.iter().copied());
    let hint = near
        .map_or_else(|| format!("使えるのは {} です。", known.join(", ")), |near| format!("「{near}」のことですか。"));
    Problem::bad_request(format!("「{shown}」というパラメーターはありません。{hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_list_needs() {
        let request =
            list_request(Some("filter=a%3D1&sort=-updated_at,name&fields=id,name&limit=10&q=%E5%85%AC%E5%9C%92"));
        let request = request.expect("is read");
        assert_eq!(request.filter.as_deref(), Some("a=1"));
        assert!(request.sort[0].descending && request.sort[1].field == "name");
        assert_eq!((request.limit, request.q.as_str()), (10, "公園"));
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for (query, piece) in [
            ("filtre=a", "「filter」のことですか"),
            ("limit=0", "limit は1から"),
            ("limit=x", "limit は1から"),
            ("rank=best", "rank は true か false"),
            ("filter=a&filter-lang=cql-text", "filter-lang=cql-text"),
            ("filter=%7B&filter-lang=cql2-json", "JSONとして読めません"),
        ] {
            let problem = list_request(Some(query)).expect_err("is refused");
            assert!(problem.detail.contains(piece), "{query}: {}", problem.detail);
        }
    }
}
