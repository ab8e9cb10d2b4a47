//! Where the columns of a file go.

use askama::Template;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use kawasemi_kernel::Lang;
use kawasemi_kernel::text::fold;
use kawasemi_ledger::import::{Encoding, FileOptions, Look, Mapping, PlaceLook};
use kawasemi_schema::{Action, FieldKind};
use kawasemi_sheets::NoPlace;
use kawasemi_sheets::table::TableOptions;
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::steps::steps;
use kawasemi_ui::{Component, SafeHtml};

use uuid::Uuid;

use super::super::cells::shortened;
use super::super::opened::Opened;
use super::{STEPS, fetch, kept, photos, saved_form};
use crate::problem::Problem;
use crate::request::{Cx, Entries};

/// Values that are shown of each column.
const SAMPLES: usize = 3;

/// The address of this step for a file, as it was last chosen.
pub fn address(opened: &Opened, kept: Uuid) -> String {
    format!("{}?file={kept}", opened.at("import/map"))
}

/// The address of this step with everything as it was chosen.
pub fn address_with(opened: &Opened, entries: &Entries) -> String {
    let chosen = entries.0.iter().filter(|(name, _)| name != "mode");
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(chosen).finish();
    format!("{}?{query}", opened.at("import/map"))
}

/// `GET /desk/ledgers/{ledger}/import/map`
pub async fn show(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Import)?;
    let query = cx.path().split_once('?').map_or("", |(_, query)| query);
    let entries = Entries::from_urlencoded(query.as_bytes());
    render(&cx, &opened, &entries, None).await
}

/// The page, with a mistake where the run was refused.
pub async fn render(cx: &Cx, opened: &Opened, entries: &Entries, mistake: Option<String>) -> Result<Response, Problem> {
    let kept = kept(cx, opened.key(), entries.text("file")).await?;
    let (file, temporary) = (&kept.file, fetch(cx, &kept.file).await?);
    let (mut options, mistake) = match options(entries) {
        Ok(options) => (options, mistake),
        Err(wrong) => (FileOptions::default(), mistake.or(Some(wrong))),
    };
    options.form = saved_form(cx, opened.key(), entries.text("form")).await?;
    let site = cx.desk_site("ledgers");
    let page = opened.page(&site, "列を合わせる").crumb("ファイルから取り込む", opened.at("import"));
    let looked = cx.ledgers().look_at_file(cx.context(), opened.key(), temporary.path(), &options).await;
    let (look, guessed) = match looked {
        Ok(found) => found,
        Err(error) => {
            let notice = Notice::new(Tone::Error, "この読み方では読めません").text(error.to_string());
            let mut body = steps(Lang::Ja, &STEPS, 1);
            body.push(&super::super::opened::back(&opened.at("import"), "ファイルを選び直す"));
            return Ok(
                (StatusCode::UNPROCESSABLE_ENTITY, Html(page.notice(notice).body(body).render())).into_response()
            );
        }
    };
    // A mapping that was sent back is kept; a new way of reading the file is guessed anew.
    let mapping = if entries.has("column") { mapping(entries) } else { guessed };
    let mistaken = mistake.is_some();
    let mapper = Mapper {
        action: opened.at("import/run"),
        again: opened.at("import/map"),
        cancel: opened.at("import"),
        file: kept.id.to_string(),
        name: &file.name,
        columns: columns(&look, &mapping),
        targets: targets(opened),
        keys: keys(opened, &mapping),
        mapping: &mapping,
        options: &options,
        encoding: look.encoding,
        encodings: Encoding::ALL.iter().map(|each| (each.key(), each.label())).collect(),
        sheets: &look.sheets,
        header: look.header,
        header_rows: look.header_rows,
        headings: &look.headings,
        is_workbook: look.is_workbook(),
        place: look.place.as_ref(),
        eras: ERAS,
        form: entries.text("form").to_owned(),
        photos: entries.text("photos").to_owned(),
        photo_fields: photo_fields(opened),
        photo_field: entries.text("photo_field").to_owned(),
        photo_key: entries.get("photo_key").map_or_else(|| usual_key(opened), str::to_owned),
        asks_invented: asks_invented(cx, opened),
        is_invented: entries.has("invented"),
        mistake: mistake.unwrap_or_default(),
    };
    let mut body = steps(Lang::Ja, &STEPS, 1);
    let csv = format!("{}?{}", opened.at("import/map/report.csv"), mapper.reading_query());
    body.push(&mapper.reading());
    body.push(&super::understood::section(&look.understood, &csv));
    body.push(&mapper.html());
    let page = page.body(body);
    if mistaken {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.with_mistakes().render())).into_response());
    }
    Ok(Html(page.render()).into_response())
}

/// What is said where [`asks_invented`] and nobody answered.
pub const UNSAID: &str = "教育用の市に、本物の住民や職員のファイルは取り込めません。架空の人のファイルであることを確かめ、下の「教育用の市」で選んでください。";

/// Whether the person has to say that the people of the file are invented: in a training city (教育用の市), of ledgers with people.
pub fn asks_invented(cx: &Cx, opened: &Opened) -> bool {
    cx.city().city.is_training() && opened.def.holds_personal_data()
}

/// How the file is to be read.
///
/// # Errors
/// A sentence where the cells of the table are not written as such.
pub fn options(entries: &Entries) -> Result<FileOptions, String> {
    let text = |name: &str| Some(entries.text(name)).filter(|text| !text.is_empty());
    let number = |name: &str| text(name).and_then(|text| fold(text).parse().ok());
    let sheet = text("sheet").map(str::to_owned);
    let mut options = FileOptions {
        encoding: text("encoding").and_then(Encoding::from_key),
        sheet,
        crs: text("crs").map(str::to_owned),
        table: TableOptions {
            keep_ditto: entries.has("keep_ditto"),
            keep_totals: entries.has("keep_totals"),
            with_hidden: entries.has("with_hidden"),
            era: text("era").and_then(|era| era.chars().next()),
            ..TableOptions::default()
        },
        ..FileOptions::default()
    };
    // Where the headings are is a matter of the sheet for which it was said.
    let same_sheet = text("read_sheet").is_none_or(|read| Some(read) == options.sheet.as_deref());
    if same_sheet {
        options.header = number("header");
        options.table.header_rows = number("header_rows");
        options.table.area = text("area").map(str::parse).transpose().map_err(|error: NoPlace| error.to_string())?;
        options.table.fill_down = entries.all("fill_down").map(str::to_owned).collect();
        // A new area has its own headings, unless they were said for it.
        let read_area = entries.text("read_area");
        if options.table.area.is_some_and(|area| entries.has("read_area") && area.to_string() != read_area) {
            (options.header, options.table.header_rows) = (None, None);
        }
    }
    Ok(options)
}

/// Where columns go, as it was chosen.
pub fn mapping(entries: &Entries) -> Mapping {
    Mapping {
        columns: entries.all("column").map(str::to_owned).collect(),
        merge: entries.text("merge").split(',').filter(|key| !key.is_empty()).map(str::to_owned).collect(),
        clear: entries.has("clear"),
        skip_bad: entries.has("skip_bad"),
    }
}

struct Heading<'a> {
    heading: &'a str,
    samples: Vec<String>,
    target: String,
}

fn columns<'a>(look: &'a Look, mapping: &Mapping) -> Vec<Heading<'a>> {
    let one = |(index, heading): (usize, &'a String)| {
        let cells = look.rows.iter().map(|row| row.cell(index).to_text().into_owned());
        let samples = cells
            .filter(|text| !text.trim().is_empty())
            .take(SAMPLES)
            .map(|text| shortened(&text).into_owned())
            .collect();
        Heading { heading, samples, target: mapping.columns.get(index).cloned().unwrap_or_default() }
    };
    look.headings.iter().enumerate().map(one).collect()
}

/// The fields that photographs can go to: key and label.
fn photo_fields(opened: &Opened) -> Vec<(String, String)> {
    photos::fields(opened).map(|field| (field.key.clone(), field.label.ja().to_owned())).collect()
}

/// What usually stands in the names of photographs: the key by which people know records.
fn usual_key(opened: &Opened) -> String {
    let unique = opened.def.unique.iter().find(|key| key.len() == 1).and_then(|key| key.first());
    unique.cloned().unwrap_or_else(|| "number".to_owned())
}

/// What a column can go to: key and label.
pub fn targets(opened: &Opened) -> Vec<(String, String)> {
    let mut all = vec![("id".to_owned(), "ID（書き出したファイルの id）".to_owned())];
    if opened.def.number.is_some() {
        all.push(("number".to_owned(), "番号".to_owned()));
    }
    for field in opened.access.visible_fields(Action::Import) {
        let label = field.label.ja();
        match field.kind {
            FieldKind::Computed { .. } | FieldKind::Files { .. } => continue,
            FieldKind::PersonName => all.push((format!("{}.kana", field.key), format!("{label}（フリガナ）"))),
            FieldKind::Address => all.push((format!("{}.postcode", field.key), format!("{label}（郵便番号）"))),
            _ => {}
        }
        let mark = if field.required { "＊" } else { "" };
        all.push((field.key.clone(), format!("{label}{mark}")));
    }
    all
}

/// By what a row can find its record.
fn keys(opened: &Opened, mapping: &Mapping) -> Vec<(String, String)> {
    let label = |key: &String| opened.field(key).map(|field| field.label.ja().to_owned());
    let mut all = vec![(String::new(), "すべて新しい記録として登録する".to_owned())];
    let mut add = |key: &str, label: &str| {
        all.push((key.to_owned(), format!("{label}が同じ記録があれば更新し、なければ登録する")))
    };
    if mapping.columns.iter().any(|column| column == "id") {
        add("id", "ID");
    }
    if opened.def.number.is_some() {
        add("number", "番号");
    }
    for unique in &opened.def.unique {
        let labels: Option<Vec<String>> = unique.iter().map(label).collect();
        if let Some(labels) = labels {
            add(&unique.join(","), &labels.join("・"));
        }
    }
    all
}

#[derive(Template)]
#[template(path = "ledgers/import_map.html")]
struct Mapper<'a> {
    action: String,
    again: String,
    cancel: String,
    file: String,
    name: &'a str,
    columns: Vec<Heading<'a>>,
    targets: Vec<(String, String)>,
    keys: Vec<(String, String)>,
    mapping: &'a Mapping,
    options: &'a FileOptions,
    encoding: Option<Encoding>,
    encodings: Vec<(&'static str, &'static str)>,
    sheets: &'a [String],
    header: u64,
    header_rows: u64,
    headings: &'a [String],
    is_workbook: bool,
    /// How places are read; none where the file has none.
    place: Option<&'a PlaceLook>,
    eras: &'static [(&'static str, &'static str)],
    form: String,
    /// The archive of photographs; empty without one.
    photos: String,
    photo_fields: Vec<(String, String)>,
    photo_field: String,
    photo_key: String,
    asks_invented: bool,
    is_invented: bool,
    mistake: String,
}

/// The form above: how the file is read.
#[derive(Template)]
#[template(path = "ledgers/import_reading.html")]
struct Reading<'a> {
    map: &'a Mapper<'a>,
}

/// The eras that years without one may be of.
const ERAS: &[(&str, &str)] = &[("R", "令和"), ("H", "平成"), ("S", "昭和")];

impl Mapper<'_> {
    fn reading(&self) -> SafeHtml {
        Reading { map: self }.html()
    }

    /// Whether the file is a geographic one: it has layers and no headings.
    fn is_geographic(&self) -> bool {
        self.place.is_some_and(|place| place.is_geographic)
    }

    /// What was recognised, where a person has said otherwise.
    fn is_crs_said(&self) -> bool {
        self.options.crs.is_some()
    }

    fn area(&self) -> String {
        self.options.table.area.map_or_else(String::new, |area| area.to_string())
    }

    fn is_era(&self, letter: &str) -> bool {
        self.options.table.era.is_some_and(|era| letter.starts_with(era))
    }

    fn is_filled_down(&self, heading: &str) -> bool {
        self.options.table.fill_down.iter().any(|known| known == heading)
    }

    /// Whether anything was said about the table, so that the choices are shown open.
    fn is_special(&self) -> bool {
        self.options.table != TableOptions { header_rows: self.options.table.header_rows, ..TableOptions::default() }
    }

    /// How the file is read, as the names and values of the form.
    fn read_as(&self) -> Vec<(&'static str, String)> {
        let mut all = vec![
            ("file", self.file.clone()),
            ("encoding", self.encoding_key().to_owned()),
            ("sheet", self.sheet().to_owned()),
            ("header", self.header.to_string()),
            ("form", self.form.clone()),
            ("photos", self.photos.clone()),
        ];
        all.retain(|(name, value)| !value.is_empty() || !matches!(*name, "form" | "photos"));
        // Only what a person has said: another layer or encoding is recognised anew.
        all.extend(self.options.crs.iter().map(|crs| ("crs", crs.clone())));
        if self.is_workbook {
            let table = &self.options.table;
            all.push(("header_rows", self.header_rows.to_string()));
            all.push(("area", self.area()));
            all.extend(table.era.map(|era| ("era", era.to_string())));
            let marks = [
                ("keep_ditto", table.keep_ditto),
                ("keep_totals", table.keep_totals),
                ("with_hidden", table.with_hidden),
            ];
            all.extend(marks.into_iter().filter(|(_, is_on)| *is_on).map(|(name, _)| (name, "1".to_owned())));
            all.extend(table.fill_down.iter().map(|heading| ("fill_down", heading.clone())));
        }
        all
    }

    fn reading_query(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(self.read_as()).finish()
    }

    fn encoding_key(&self) -> &str {
        self.encoding.map_or("", Encoding::key)
    }

    fn merge(&self) -> String {
        self.mapping.merge.join(",")
    }

    fn sheet(&self) -> &str {
        self.options.sheet.as_deref().or(self.sheets.first().map(String::as_str)).unwrap_or_default()
    }
}
