//! The features of a ledger's map, as GeoJSON: what a list with the same address has, within a stretch of the map.
//!
//! They are read through the ledger's own list and so through its grants; a number of records and of bytes bounds the answer, and
//! `more` says that it was cut.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use kawasemi_kernel::Value;
use kawasemi_ledger::select::ListRequest;
use kawasemi_ledger::{LedgerError, Style, Visible};
use kawasemi_schema::{Action, MapDef};
use serde_json::{Value as Json, json};

use super::super::asked::Asked;
use super::super::opened::{Opened, style};
use super::layers;
use crate::problem::Problem;
use crate::request::Cx;

/// Most records of one answer: what a map can still be read with.
pub const MOST: usize = 2_000;
/// Bytes after which an answer is cut, since one record may have a whole coastline.
const BYTES: usize = 8 * 1024 * 1024;
/// Records that are read at once.
const PAGE: u32 = 1_000;

/// `GET /desk/ledgers/{ledger}/map/features`
pub async fn show(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Read)?;
    if opened.map().is_none() {
        return Err(no_geometry());
    }
    let bbox = match cx.query("bbox") {
        Some(text) => Some(read_bbox(&text).ok_or_else(bad_bbox)?),
        None => None,
    };
    let found = read(&cx, &opened, &Asked::of(cx.path()), bbox).await?;
    Ok(([(header::CONTENT_TYPE, "application/geo+json")], found.text()).into_response())
}

/// Features that were found.
pub struct Found {
    /// The features, written.
    features: Vec<String>,
    /// Whether there are more than these.
    pub more: bool,
}

impl Found {
    /// As a feature collection.
    fn text(&self) -> String {
        let (features, more) = (self.features.join(","), self.more);
        format!("{{\"type\":\"FeatureCollection\",\"features\":[{features}],\"more\":{more}}}")
    }
}

/// Reads the features of what was asked for, within a stretch of the map.
async fn read(cx: &Cx, opened: &Opened, asked: &Asked, bbox: Option<[f64; 4]>) -> Result<Found, Problem> {
    let mut found = Found { features: Vec::new(), more: false };
    let mut bytes = 0;
    let mut more = each(cx, opened, asked, bbox, |record, map, style| {
        if let Some(feature) = of_record(opened, record, map, style) {
            let text = feature.to_string();
            bytes += text.len();
            found.features.push(text);
        }
        bytes < BYTES && found.features.len() < MOST
    })
    .await?;
    more |= bytes >= BYTES;
    found.more = more;
    Ok(found)
}

/// Hands each record of what was asked for to `take`, until that says that it has enough. Answers whether records were left.
///
/// # Errors
/// As [`kawasemi_ledger::Ledgers::list`].
pub async fn each(
    cx: &Cx,
    opened: &Opened,
    asked: &Asked,
    bbox: Option<[f64; 4]>,
    mut take: impl FnMut(&Visible, &MapDef, &Style<'_>) -> bool,
) -> Result<bool, LedgerError> {
    let Some(map) = opened.map() else { return Ok(false) };
    let mut request = ListRequest { limit: PAGE, ..request(opened, asked, bbox) };
    loop {
        let page = cx.ledgers().list(cx.context(), opened.key(), &request).await?;
        let labels = cx.ledgers().labels(cx.context(), opened.key(), &page.records).await?;
        let style = style().with_labels(&labels);
        let count = page.records.len();
        for (index, record) in page.records.iter().enumerate() {
            if !take(record, map, &style) {
                return Ok(index + 1 < count || page.next.is_some());
            }
        }
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(false),
        }
    }
}

/// The feature of a record; none where its place is hidden from this person.
pub fn of_record(opened: &Opened, record: &Visible, map: &MapDef, style: &Style<'_>) -> Option<Json> {
    let Value::Geometry(geometry) = record.get(&map.geometry) else { return None };
    let mut properties = json!({ "id": record.id, "label": layers::name(opened, record, style) });
    if let Some(field) = layers::colour_field(opened, map) {
        properties[&field.key] = match record.get(&field.key) {
            Value::Bool(answer) => Json::Bool(*answer),
            value => value.as_text().map_or(Json::Null, |text| Json::String(text.to_owned())),
        };
    }
    Some(layers::feature(geometry, &properties))
}

/// What the ledger is asked for: the list's own conditions, a geometry, and the stretch of the map.
pub fn request(opened: &Opened, asked: &Asked, bbox: Option<[f64; 4]>) -> ListRequest {
    let Some(map) = opened.map() else { return ListRequest::all() };
    let first_page = asked.with(|_| {});
    let mut request = first_page.request(&opened.def, Some(layers::fields(opened, map)));
    request.also.push(format!("{} IS NOT NULL", map.geometry));
    if let Some([west, south, east, north]) = bbox {
        request.also.push(format!("S_INTERSECTS({}, BBOX({west}, {south}, {east}, {north}))", map.geometry));
    }
    request
}

/// A stretch of the map: west, south, east, north in degrees, on the globe and with an extent.
pub fn read_bbox(text: &str) -> Option<[f64; 4]> {
    let numbers: Vec<f64> = text.split(',').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    let [west, south, east, north] = numbers.try_into().ok()?;
    let is_on_globe =
        [west, east].iter().all(|x: &f64| x.abs() <= 180.0) && [south, north].iter().all(|y: &f64| y.abs() <= 90.0);
    (is_on_globe && west < east && south < north).then_some([west, south, east, north])
}

/// What is said of a ledger that nothing can be drawn of.
pub fn no_geometry() -> Problem {
    let detail = "この台帳には、地図に描ける位置の項目がないか、閲覧できません。";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no-geometry", "地図に描けません", detail)
}

/// What is said where that can't be read.
pub fn bad_bbox() -> Problem {
    let detail = "地図の範囲（bbox）は「西の経度,南の緯度,東の経度,北の緯度」の4つの数で指定してください。";
    Problem::new(StatusCode::BAD_REQUEST, "bad-bbox", "地図の範囲を読み取れません", detail)
}

/// Whether a mistake is of what was asked for, and can be shown to whoever asked.
pub fn is_of_the_asker(error: &LedgerError) -> bool {
    matches!(error, LedgerError::Filter(_) | LedgerError::UnknownField { .. } | LedgerError::Unsuitable { .. })
}

#[cfg(test)]
mod tests {
    use super::read_bbox;

    #[test]
    fn reads_a_stretch_and_nothing_else() {
        assert_eq!(read_bbox("139.4, 35.4,139.5,35.5"), Some([139.4, 35.4, 139.5, 35.5]));
        for wrong in
            ["", "1,2,3", "1,2,3,4,5", "a,2,3,4", "139.5,35,139.4,36", "139,35,140,95", "NaN,0,1,1", "0,0,inf,1"]
        {
            assert_eq!(read_bbox(wrong), None, "{wrong}");
        }
    }
}
