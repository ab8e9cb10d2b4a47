//! The query of features, read strictly (OGC API – Features Part 1, 7.15): an unknown or wrong parameter is refused by name.

use kawasemi_filter::{Limits, parse_json, parse_text};
use kawasemi_kernel::geometry::BoundingBox;
use kawasemi_kernel::geometry::plane::Zone;
use kawasemi_ledger::places::{LARGEST_PAGE, PlaceRequest};
use kawasemi_ledger::select::cql_text;
use kawasemi_schema::{FieldDef, FieldKind};

use super::collection::Collection;
use super::crs::Crs;
use crate::problem::Problem;

/// Features of a page where nothing is said.
const PAGE: u32 = 10;
const KNOWN: [&str; 11] = [
    "bbox",
    "bbox-crs",
    "crs",
    "cursor",
    "datetime",
    "f",
    "filter",
    "filter-crs",
    "filter-lang",
    "limit",
    "properties",
];

/// What is asked of a collection's features.
pub struct ItemsQuery {
    /// The question to the ledger, its limit included.
    pub request: PlaceRequest,
    /// In which system the answer is.
    pub crs: Crs,
    /// The fields to answer, beside the geometry; none for all.
    pub properties: Option<Vec<String>>,
}

/// The parameters of an address.
pub fn parameters(query: Option<&str>) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .map(|(n, v)| (n.into_owned(), v.into_owned()))
        .collect()
}

/// Refuses parameters that an address does not have.
pub fn only(query: Option<&str>, known: &[&str]) -> Result<(), Problem> {
    match parameters(query).iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => Err(unknown(name, known.iter().copied())),
        None => Ok(()),
    }
}

impl ItemsQuery {
    /// Reads the query of `items`.
    pub fn read(collection: &Collection, zone: Zone, query: Option<&str>) -> Result<Self, Problem> {
        let mut read = Self { request: PlaceRequest::default(), crs: Crs::Crs84, properties: None };
        read.request.field = Some(collection.geometry.key.clone());
        read.request.list.limit = PAGE;
        let (mut corners, mut bbox_crs) = (None, Crs::Crs84);
        let (mut filter, mut language, mut filter_crs) = (None, "cql2-text".to_owned(), Crs::Crs84);
        for (name, value) in parameters(query) {
            match name.as_str() {
                "f" => {}
                "limit" => read.request.list.limit = limit(&value)?,
                "cursor" => read.request.list.cursor = Some(value).filter(|mark| !mark.is_empty()),
                "bbox" => corners = Some(bbox(&value)?),
                "bbox-crs" => bbox_crs = Crs::read("bbox-crs", &value, zone)?,
                "crs" => read.crs = Crs::read("crs", &value, zone)?,
                "datetime" => read.request.list.also.extend(collection.at_time(&value)?),
                "filter" => filter = Some(value).filter(|text| !text.trim().is_empty()),
                "filter-lang" => language = value,
                "filter-crs" => filter_crs = Crs::read("filter-crs", &value, zone)?,
                "properties" => read.properties = Some(collection.properties(&value)?),
                name => read.request.list.also.push(collection.equals(name, &value, &KNOWN)?),
            }
        }
        if let Some(corners) = corners {
            read.request.bounds = Some(checked(bbox_crs.box_of(corners))?);
        }
        if let Some(text) = filter {
            let ast = match language.as_str() {
                "cql2-text" => parse_text(&text, Limits::OUTSIDE).map_err(kawasemi_ledger::LedgerError::from)?,
                "cql2-json" => {
                    let json = serde_json::from_str(&text)
                        .map_err(|error| Problem::bad_request(format!("filter はJSONとして読めません（{error}）。")))?;
                    parse_json(&json, Limits::OUTSIDE).map_err(kawasemi_ledger::LedgerError::from)?
                }
                other => {
                    return Err(Problem::bad_request(format!(
                        "filter-lang={other} は使えません。cql2-text か cql2-json を指定してください。"
                    )));
                }
            };
            let ast =
                if filter_crs == Crs::Crs84 { ast } else { ast.map_coordinates(|x, y| filter_crs.to_degrees(x, y)) };
            read.request.list.filter = Some(ast.to_string());
        }
        // Only what is answered is read.
        read.request.list.fields = Some(collection.answered(read.properties.as_deref()));
        Ok(read)
    }
}

/// `limit`: too much is no mistake, the most is given then (7.15.2).
fn limit(text: &str) -> Result<u32, Problem> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let read = is_number.then(|| text.parse().unwrap_or(u32::MAX)).filter(|limit| *limit > 0);
    let read = read.ok_or_else(|| {
        Problem::bad_request(format!(
            "limit は1以上の整数にしてください（{LARGEST_PAGE} を超えるときは {LARGEST_PAGE} 件までお返しします）。"
        ))
    })?;
    Ok(read.min(LARGEST_PAGE))
}

/// `bbox`: four numbers, or six with heights, which are left aside.
fn bbox(text: &str) -> Result<[f64; 4], Problem> {
    let numbers: Option<Vec<f64>> =
        text.split(',').map(|part| part.trim().parse().ok().filter(|number: &f64| number.is_finite())).collect();
    match numbers.as_deref() {
        Some([a, b, c, d]) | Some([a, b, _, c, d, _]) => Ok([*a, *b, *c, *d]),
        _ => Err(Problem::bad_request(
            "bbox は「最小の経度,最小の緯度,最大の経度,最大の緯度」の4つの数（高さを含めるなら6つ）にしてください。",
        )),
    }
}

fn checked(bounds: BoundingBox) -> Result<BoundingBox, Problem> {
    let BoundingBox { west, south, east, north } = bounds;
    let is_on_globe = [west, east].iter().all(|x| x.abs() <= 180.0) && [south, north].iter().all(|y| y.abs() <= 90.0);
    if !is_on_globe {
        return Err(Problem::bad_request(
            "bbox の経度は-180〜180、緯度は-90〜90にしてください。順は座標系（bbox-crs）の軸の順です。",
        ));
    }
    if south > north {
        return Err(Problem::bad_request("bbox の南の端が北の端より北にあります。最小の緯度を先に書いてください。"));
    }
    Ok(bounds)
}

/// An unknown parameter, with the one that was perhaps meant.
pub fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Problem {
    let shown: String = name.chars().take(40).collect();
    let hint = match kawasemi_schema::error::nearest(name, known.clone()) {
        Some(near) => format!("「{near}」のことですか。"),
        None => format!("使えるのは {} です。", known.collect::<Vec<_>>().join(", ")),
    };
    Problem::bad_request(format!("「{shown}」というパラメーターはありません。{hint}"))
}

/// A parameter that asks for one value of a property, as a condition.
pub fn equality(field: &FieldDef, value: &str) -> Result<String, Problem> {
    let key = &field.key;
    let wrong = |what: &str| Problem::bad_request(format!("{key} には{what}を指定してください。"));
    Ok(match &field.kind {
        FieldKind::Integer { .. } | FieldKind::Yen { .. } | FieldKind::FiscalYear | FieldKind::Decimal { .. } => {
            let is_number = value.parse::<f64>().is_ok_and(f64::is_finite);
            if !is_number {
                return Err(wrong("数"));
            }
            format!("{key} = {value}")
        }
        FieldKind::YesNo => match value {
            "true" | "1" => format!("{key} = TRUE"),
            "false" | "0" => format!("{key} = FALSE"),
            _ => return Err(wrong(" true か false ")),
        },
        FieldKind::Date => {
            let day: jiff::civil::Date = value.parse().map_err(|_| wrong("日付（YYYY-MM-DD）"))?;
            format!("{key} = DATE('{day}')")
        }
        FieldKind::DateTime => {
            let at: jiff::Timestamp = value.parse().map_err(|_| wrong("日時（RFC 3339）"))?;
            format!("{key} = TIMESTAMP('{at}')")
        }
        _ => format!("{key} = {}", cql_text(value)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_strictly() {
        assert_eq!((limit("10").ok(), limit("99999999999").ok()), (Some(10), Some(LARGEST_PAGE)));
        for text in ["0", "-1", "x", "", "1.5", "+1"] {
            assert!(limit(text).is_err(), "{text}");
        }
        assert_eq!(bbox("1,2,3,4").ok(), Some([1.0, 2.0, 3.0, 4.0]));
        assert_eq!(bbox("1,2,0,3,4,9").ok(), Some([1.0, 2.0, 3.0, 4.0]));
        for text in ["1,2,3", "1,2,3,4,5", "a,b,c,d", "1,2,3,NaN", ""] {
            assert!(bbox(text).is_err(), "{text}");
        }
        let upside_down = BoundingBox { west: 0.0, south: 2.0, east: 1.0, north: 1.0 };
        assert!(checked(upside_down).is_err());
        assert!(checked(BoundingBox { west: 170.0, south: 0.0, east: -170.0, north: 1.0 }).is_ok());
        assert!(checked(BoundingBox { west: 35.0, south: 139.0, east: 36.0, north: 140.0 }).is_err(), "swapped");
    }
}
