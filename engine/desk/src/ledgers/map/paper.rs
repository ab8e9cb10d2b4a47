//! The map on paper: what is asked of a person before it is printed, and the sheet.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use jiff::tz::TimeZone;
use kawasemi_kernel::geometry::BoundingBox;
use kawasemi_kernel::{Lang, Value};
use kawasemi_print::map_sheet::{self, Entry, Look, MapSheet, Name, Plane, SCALES};
use kawasemi_print::{Footer, Options, Orientation, PaperSize};
use kawasemi_schema::{Action, FieldKind, MapDef};
use kawasemi_ui::button::LinkButton;
use kawasemi_ui::field::{Choice, FieldKind as Control, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::map::{PALETTE, REST};
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::{Component, said};

use super::super::asked::Asked;
use super::super::condition;
use super::super::opened::{MAP, Opened};
use super::features::{self, MOST};
use super::layers::{self, Drawn};
use crate::map::{Outline, towns_of};
use crate::prints;
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::when;

/// Longest title in characters.
const TITLE: usize = 80;
/// Names of records are printed where there are no more than so many: more can't be read on one another.
const NAMED: usize = 150;

/// What was asked of the paper.
struct Wanted {
    title: String,
    paper: PaperSize,
    orientation: Orientation,
    /// The denominator; none for the largest at which everything fits.
    scale: Option<u32>,
    /// What was in view.
    bbox: Option<[f64; 4]>,
}

impl Wanted {
    fn of(cx: &Cx, opened: &Opened) -> Result<Self, Problem> {
        let text = |name: &str| cx.query(name).unwrap_or_default();
        let title: String = text("title").chars().take(TITLE).collect();
        let bbox = match text("bbox").as_str() {
            "" => None,
            text => Some(features::read_bbox(text).ok_or_else(features::bad_bbox)?),
        };
        Ok(Self {
            title: if title.trim().is_empty() { format!("{}の地図", opened.title()) } else { title },
            paper: if text("paper") == "a3" { PaperSize::A3 } else { PaperSize::A4 },
            orientation: if text("orientation") == "portrait" { Orientation::Portrait } else { Orientation::Landscape },
            scale: text("scale").parse().ok().filter(|scale| SCALES.contains(scale)),
            bbox,
        })
    }
}

/// `GET /desk/ledgers/{ledger}/map/print`: what the paper is to be like.
pub async fn ask(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Read)?;
    opened.map().ok_or_else(features::no_geometry)?;
    let asked = Asked::of(cx.path()).with(|_| {});
    let wanted = Wanted::of(&cx, &opened)?;
    let choice = |key: &str, label: &str| Choice::new(key, label);
    let scales =
        SCALES.map(|scale| Choice::new(scale.to_string(), format!("1/{}", said::whole(i64::from(scale))))).to_vec();
    let fields = vec![
        FieldView::new("title", "題名", Control::Text { max: Some(80) }).value(wanted.title.clone()),
        FieldView::new("paper", "用紙", Control::Choice { choices: vec![choice("a4", "A4"), choice("a3", "A3")] })
            .value("a4")
            .required(),
        FieldView::new(
            "orientation",
            "向き",
            Control::Choice { choices: vec![choice("landscape", "横"), choice("portrait", "縦")] },
        )
        .value("landscape")
        .required(),
        FieldView::new("scale", "縮尺", Control::FiscalYear { years: scales })
            .hint(
                "選ばないと、範囲が収まる縮尺になります。縮尺は用紙の上で正確です。印刷のときは「実際のサイズ（100%）」を選んでください。",
            ),
    ];
    let mut form = Form::new(Lang::Ja, opened.at("map/print.pdf")).get().fields(fields).submit("PDFを作る");
    for (name, value) in super::pairs(&asked) {
        form = form.hidden(name, value);
    }
    if let Some(bbox) = wanted.bbox {
        form = form.hidden("bbox", bbox.map(|side| side.to_string()).join(","));
    }
    let form = form.cancel(asked.href(&opened.at(MAP)));
    let site = cx.desk_site("ledgers");
    let page = opened.page(&site, "地図の印刷").crumb("地図", asked.href(&opened.at(MAP))).narrow();
    let lead = if wanted.bbox.is_some() {
        "いま地図に出している範囲を、PDFにします。"
    } else {
        "市の全体を、PDFにします。"
    };
    Ok(Html(page.lead(lead).body(form.html()).render()).into_response())
}

/// `GET /desk/ledgers/{ledger}/map/print.pdf`
pub async fn show(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Read)?;
    opened.map().ok_or_else(features::no_geometry)?;
    let asked = Asked::of(cx.path());
    let wanted = Wanted::of(&cx, &opened)?;
    let options = options(&cx, &wanted);
    let sheet = match sheet(&cx, &opened, &asked, &wanted).await {
        Ok(sheet) => sheet,
        Err(Failed::Asked(said)) => {
            let site = cx.desk_site("ledgers");
            let page =
                opened.page(&site, "地図の印刷").notice(Notice::new(Tone::Error, "条件を読み取れません").text(said));
            let back = LinkButton::new("地図に戻る", opened.at(MAP)).html();
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.body(back).render())).into_response());
        }
        Err(Failed::Problem(problem)) => return Err(problem),
    };
    let pdf = prints::print(&cx, sheet.job(options)).await??;
    Ok(prints::answer(&format!("{}.pdf", wanted.title), pdf))
}

/// Why there is no sheet.
enum Failed {
    /// What was asked for can't be understood.
    Asked(String),
    Problem(Problem),
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

fn options(cx: &Cx, wanted: &Wanted) -> Options {
    let at = cx.context().act.at;
    let by = cx.context().caller.account.as_ref().map(|account| account.display_name.as_str()).unwrap_or_default();
    Options {
        author: cx.city_name().to_owned(),
        paper: wanted.paper,
        orientation: wanted.orientation,
        footer: Footer { reference: String::new(), printed: format!("出力 {}　{by}", when(at)) },
        ..Options::ordinary(wanted.title.clone(), at, TimeZone::fixed(jiff::tz::offset(9)))
    }
}

async fn sheet(cx: &Cx, opened: &Opened, asked: &Asked, wanted: &Wanted) -> Result<MapSheet, Failed> {
    let outline = cx.desk().settings().map.outline_of(cx.city().city.code());
    let towns = towns_of(cx).await?;
    let whole = outline.and_then(Outline::bounds);
    let bounds = match wanted.bbox {
        Some([west, south, east, north]) => BoundingBox { west, south, east, north },
        None => whole.ok_or_else(|| Problem::bad_request("印刷する範囲を、地図の画面で選んでください。"))?,
    };
    let frame = map_sheet::frame(wanted.paper, wanted.orientation);
    let scale = wanted.scale.unwrap_or_else(|| map_sheet::fitting(bounds, frame));
    let middle = ((bounds.west + bounds.east) / 2.0, (bounds.south + bounds.north) / 2.0);
    let on_paper = Plane::new(middle, scale, frame).bounds();
    let bbox = [on_paper.west, on_paper.south, on_paper.east, on_paper.north];
    let mut sheet = MapSheet {
        title: wanted.title.clone(),
        note: narrowed_by(opened, asked),
        middle,
        scale,
        drawn: outline.map(base).unwrap_or_default(),
        names: Vec::new(),
        legend: Vec::new(),
        attribution: outline.map(|outline| outline.attribution().to_owned()).into_iter().collect(),
        date: said::date(Lang::Ja, cx.context().today()),
    };
    let others = layers::readable(cx, opened);
    let shown = others.iter().filter(|other| asked.layers.iter().any(|key| key == other.opened.key()));
    let own = layers::own(opened);
    let count = shown.clone().count();
    for (index, layer) in shown.chain([&own]).enumerate() {
        let asked = if index == count { asked.clone() } else { Asked::default() };
        add(cx, &mut sheet, layer, &asked, (bbox, index)).await?;
    }
    let base = towns.into_iter().map(|town| Name { text: town.name, at: town.at, is_base: true });
    sheet.names.extend(base);
    if let Some(outline) = outline {
        let around = outline.pieces().iter().filter(|piece| !piece.is_city);
        sheet.names.extend(around.map(|piece| Name {
            text: piece.name.clone(),
            at: middle_of(piece.area.bounding_box()),
            is_base: true,
        }));
    }
    Ok(sheet)
}

/// What the records are narrowed by, in words.
fn narrowed_by(opened: &Opened, asked: &Asked) -> String {
    let mut parts = Vec::new();
    if !asked.q.is_empty() {
        parts.push(format!("「{}」を検索", asked.q));
    }
    if let Some(condition) = asked.condition(&opened.def) {
        parts.push(condition::said(opened, &condition));
    }
    if parts.is_empty() { String::new() } else { format!("条件：{}", parts.join("、")) }
}

/// The city and its neighbours.
fn base(outline: &Outline) -> Vec<map_sheet::Drawn> {
    let mut pieces: Vec<_> = outline.pieces().iter().collect();
    pieces.sort_by_key(|piece| piece.is_city);
    let drawn = |piece: &&crate::map::Piece| {
        let (colour, fill, width) =
            if piece.is_city { ("#4d5b66", "#ffffff", 0.6) } else { ("#b3ada0", "#f4f2ec", 0.25) };
        let look = Look { colour: colour.to_owned(), fill: Some((fill.to_owned(), 1.0)), width };
        map_sheet::Drawn { geometry: piece.area.clone(), look }
    };
    pieces.iter().map(drawn).collect()
}

fn middle_of(bounds: BoundingBox) -> (f64, f64) {
    ((bounds.west + bounds.east) / 2.0, (bounds.south + bounds.north) / 2.0)
}

/// Adds a ledger's records, with its part of the legend.
async fn add(
    cx: &Cx,
    sheet: &mut MapSheet,
    layer: &Drawn,
    asked: &Asked,
    (bbox, index): ([f64; 4], usize),
) -> Result<(), Failed> {
    let (opened, map) = (&layer.opened, layer.map());
    let colours = layers::colour_field(opened, map).map(layers::colours);
    let one = PALETTE[index % PALETTE.len()].to_owned();
    let colour_of = |record: &kawasemi_ledger::Visible| match &colours {
        None => one.clone(),
        Some(colours) => {
            let value = match record.get(colours.property()) {
                Value::Bool(answer) => answer.to_string(),
                value => value.as_text().unwrap_or_default().to_owned(),
            };
            let entry = colours.entries().iter().find(|entry| entry.value == value);
            entry.map_or(REST, |entry| &entry.colour).to_owned()
        }
    };
    let (mut drawn, mut names) = (Vec::new(), Vec::new());
    let more = features::each(cx, opened, asked, Some(bbox), |record, map, style| {
        if let Value::Geometry(geometry) = record.get(&map.geometry) {
            let colour = colour_of(record);
            let look = Look { fill: Some((colour.clone(), 0.35)), width: 0.5, colour };
            names.push(Name {
                text: layers::name(opened, record, style),
                at: middle_of(geometry.bounding_box()),
                is_base: false,
            });
            drawn.push(map_sheet::Drawn { geometry: geometry.clone(), look });
        }
        drawn.len() < MOST
    })
    .await;
    let more = match more {
        Ok(more) => more,
        Err(error) if features::is_of_the_asker(&error) => return Err(Failed::Asked(error.to_string())),
        Err(error) => return Err(Failed::Problem(error.into())),
    };
    if more {
        let said =
            format!("「{}」は記録が多いため、{}件だけを描いています。", opened.title(), said::whole(MOST as i64));
        sheet.note =
            [sheet.note.as_str(), &said].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join("　");
    }
    if drawn.len() <= NAMED {
        sheet.names.extend(names);
    }
    sheet.drawn.extend(drawn);
    sheet.legend.extend(legend(opened, map, colours.as_ref(), &one));
    Ok(())
}

fn legend(opened: &Opened, map: &MapDef, colours: Option<&kawasemi_ui::map::Colours>, one: &str) -> Vec<Entry> {
    let shape = match opened.field(&map.geometry).map(|field| &field.kind) {
        Some(FieldKind::Point) => "point",
        Some(FieldKind::Line) => "line",
        _ => "polygon",
    };
    let line = |label: &str, colour: &str| Entry { label: label.to_owned(), colour: Some(colour.to_owned()), shape };
    let Some(colours) = colours else { return vec![line(opened.title(), one)] };
    let mut all = vec![Entry { label: opened.title().to_owned(), colour: None, shape }];
    all.extend(colours.entries().iter().map(|entry| line(&entry.label, &entry.colour)));
    all.push(line("その他・未入力", REST));
    all
}
