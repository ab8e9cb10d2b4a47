//! The viewer for plumbers, surveyors and utilities (下水道台帳の閲覧, 下水道法第23条第3項): pipes and manholes by number, place or route.
//!
//! It is made with a visitor's powers even for somebody who is signed in, so that what is shown here is what everybody sees. The words
//! around are translated; what stands in the ledger is Japanese. A question goes to the portal's enquiry with the pipe in its subject.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};

use super::pieces::{self, id_of, shown};
use crate::definitions::{LATERAL, MANHOLE, MASS, PIPE};
use crate::kernel::Lang;
use crate::ledger::{ListRequest, Visible};
use crate::platform::desk::{Cx, Problem, view};
use crate::platform::identity::{Caller, Context};
use crate::platform::ui::button::LinkButton;
use crate::platform::ui::facts::{Fact, facts};
use crate::platform::ui::field::{FieldKind, FieldView};
use crate::platform::ui::form::Form;
use crate::platform::ui::notice::Empty;
use crate::platform::ui::page::Page;
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml, Text};
use crate::read::{self, Read};
use crate::words;

/// Records of each kind that are shown of a search.
const SHOWN: u32 = 50;
/// The ledger of enquiries, where the city has it.
const ENQUIRY: &str = "enquiry";

const PIPE_KEYS: [&str; 7] =
    ["facility_number", "exclusion", "material", "diameter_mm", "length_m", "place", "route_name"];
const MANHOLE_KEYS: [&str; 6] = ["facility_number", "exclusion", "kind", "ground_height_m", "depth_m", "place"];
const MASS_KEYS: [&str; 5] = ["facility_number", "kind", "inner_mm", "depth_m", "place"];
const LATERAL_KEYS: [&str; 5] = ["facility_number", "material", "diameter_mm", "length_m", "connection_m"];

/// A visitor's context for this request.
fn visitor(cx: &Cx) -> Context {
    let mut context = Context::new(Caller::visitor(), cx.context().act.at);
    context.lang = cx.lang();
    context
}

/// `GET /sewers`
pub async fn search(cx: Cx) -> Result<Response, Problem> {
    let (context, t) = (visitor(&cx), words(cx.lang()));
    let q = cx.query("q").unwrap_or_default();
    let field = FieldView::new("q", t.get("sewers-search"), FieldKind::Text { max: Some(100) });
    let field = field.value(q.as_str()).hint(t.get("sewers-search-hint"));
    let mut body = Form::new(cx.lang(), cx.href("/sewers")).get().fields(vec![field]).submit(t.get("sewers-go")).html();
    if q.is_empty() {
        body.push(&view::note(&t.get("sewers-hint")));
    } else {
        body.push(&found(&cx, &context, t, &q).await?);
    }
    let site = cx.portal_site();
    let page = Page::new(&site, t.get("sewers-title")).lead(t.get("sewers-lead")).body(body);
    Ok(Html(page.render()).into_response())
}

async fn found(cx: &Cx, context: &Context, t: Text, q: &str) -> Result<SafeHtml, Problem> {
    let asked = || ListRequest { q: q.to_owned(), limit: SHOWN, ..ListRequest::all() };
    let parts = [
        (PIPE, t.get("sewers-pipes"), &PIPE_KEYS[..], Some("pipes")),
        (MANHOLE, t.get("sewers-manholes"), &MANHOLE_KEYS[..], Some("manholes")),
        (MASS, t.get("sewers-masses"), &MASS_KEYS[..], None),
    ];
    let (mut html, mut count) = (SafeHtml::EMPTY, 0);
    for (ledger, title, keys, folder) in parts {
        let records = cx.ledgers().list(context, ledger, &asked()).await?.records;
        if records.is_empty() {
            continue;
        }
        count += records.len();
        html.push(&view::section(&title, &table(cx, context, ledger, &records, keys, folder)?));
    }
    if count == 0 {
        return Ok(Empty::new(t.get("sewers-none")).text(t.get("sewers-none-text")).icon(Icon::Search).html());
    }
    let mut body = view::note(&t.say("sewers-found").with("count", count).to_string());
    body.push(&html);
    Ok(body)
}

/// Records as a table of what may be public; with a folder, the number leads to the record's own page.
fn table(
    cx: &Cx,
    context: &Context,
    ledger: &str,
    records: &[Visible],
    keys: &[&str],
    folder: Option<&str>,
) -> Result<SafeHtml, Problem> {
    let lang = cx.lang();
    let (def, _) = cx.ledgers().open(context, ledger)?;
    let columns = keys
        .iter()
        .map(|key| {
            let align = if key.ends_with("_m") || key.ends_with("_mm") { Align::Number } else { Align::Text };
            Column::new(*key, pieces::label(&def, key, lang)).align(align)
        })
        .collect();
    let row = |record: &Visible| {
        let cell = |key: &&str| {
            let text = shown(&def, record, key, lang);
            let inner = match folder {
                Some(folder) if *key == "facility_number" => {
                    SafeHtml::link(&cx.href(&format!("/sewers/{folder}/{}", record.id)), &text)
                }
                _ => SafeHtml::or_dash(&text),
            };
            japanese(lang, &inner)
        };
        Row::new(keys.iter().map(cell).collect())
    };
    Ok(Table::new(lang, def.title.get(lang), columns, records.iter().map(row).collect()).html())
}

/// Marks what stands in the ledger as Japanese on a page of another language.
fn japanese(lang: Lang, inner: &SafeHtml) -> SafeHtml {
    match lang {
        Lang::Ja | Lang::JaEasy => inner.clone(),
        Lang::En | Lang::Vi => SafeHtml::trusted(format!("<span lang=\"ja\">{inner}</span>")),
    }
}

/// The public fields of a record under the ledger's own labels.
fn sheet(cx: &Cx, context: &Context, ledger: &str, record: &Visible, keys: &[&str]) -> Result<SafeHtml, Problem> {
    let lang = cx.lang();
    let (def, _) = cx.ledgers().open(context, ledger)?;
    let known: Vec<Fact> = keys
        .iter()
        .map(|key| {
            let value = SafeHtml::or_dash(&shown(&def, record, key, lang));
            Fact::html(pieces::label(&def, key, lang), japanese(lang, &value))
        })
        .collect();
    Ok(facts(&known))
}

/// The records of a ledger whose field is one of these texts.
async fn those(cx: &Cx, context: &Context, ledger: &str, field: &str, texts: &[&str]) -> Result<Vec<Visible>, Problem> {
    let texts: Vec<String> =
        texts.iter().filter(|text| !text.is_empty()).map(|text| format!("'{}'", text.replace('\'', "''"))).collect();
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    let request = ListRequest::filtered(format!("{field} IN ({})", texts.join(", ")));
    Ok(read::all(cx.ledgers(), context, ledger, request).await?)
}

/// `GET /sewers/pipes/{id}`
pub async fn pipe(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    let (context, t) = (visitor(&cx), words(cx.lang()));
    let record = cx.ledgers().get(&context, PIPE, id_of(&id)?).await?;
    let keys = [
        "exclusion",
        "material",
        "shape",
        "diameter_mm",
        "inner_width_mm",
        "inner_height_mm",
        "length_m",
        "slope_permille",
        "built_fiscal_year",
        "invert_up_m",
        "invert_down_m",
        "invert_depth_up_mm",
        "invert_depth_down_mm",
        "cover_up_mm",
        "cover_down_mm",
        "drainage_area",
        "treatment_area",
        "route_name",
        "road_kind",
        "position_in_road",
        "drawing_number",
        "place",
        "prepared_on",
    ];
    let mut body = sheet(&cx, &context, PIPE, &record, &keys)?;
    body.push(&view::note(&t.get("sewers-heights")));
    let read = Read::of(&record);
    let (up, down) = (read.text("manhole_up"), read.text("manhole_down"));
    let ends = those(&cx, &context, MANHOLE, "facility_number", &[up, down]).await?;
    body.push(&part(&cx, &context, t, ("sewers-ends", MANHOLE), &ends, &MANHOLE_KEYS, Some("manholes"))?);
    let mut neighbours = those(&cx, &context, PIPE, "manhole_down", &[up]).await?;
    neighbours.extend(those(&cx, &context, PIPE, "manhole_up", &[down]).await?);
    body.push(&part(&cx, &context, t, ("sewers-neighbours", PIPE), &neighbours, &PIPE_KEYS, Some("pipes"))?);
    let laterals = those(&cx, &context, LATERAL, "pipe_number", &[read.text("facility_number")]).await?;
    body.push(&part(&cx, &context, t, ("sewers-laterals", LATERAL), &laterals, &LATERAL_KEYS, None)?);
    Ok(page(&cx, t, &record, body))
}

/// `GET /sewers/manholes/{id}`
pub async fn manhole(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    let (context, t) = (visitor(&cx), words(cx.lang()));
    let record = cx.ledgers().get(&context, MANHOLE, id_of(&id)?).await?;
    let keys = [
        "exclusion",
        "kind",
        "material",
        "inner_mm",
        "ground_height_m",
        "invert_height_m",
        "depth_m",
        "drop",
        "built_fiscal_year",
        "route_name",
        "road_kind",
        "drawing_number",
        "place",
        "prepared_on",
    ];
    let mut body = sheet(&cx, &context, MANHOLE, &record, &keys)?;
    body.push(&view::note(&t.get("sewers-heights")));
    let number = Read::of(&record).text("facility_number");
    let mut pipes = those(&cx, &context, PIPE, "manhole_down", &[number]).await?;
    pipes.extend(those(&cx, &context, PIPE, "manhole_up", &[number]).await?);
    body.push(&part(&cx, &context, t, ("sewers-neighbours", PIPE), &pipes, &PIPE_KEYS, Some("pipes"))?);
    Ok(page(&cx, t, &record, body))
}

/// A part of the page with other records.
fn part(
    cx: &Cx,
    context: &Context,
    t: Text,
    (title, ledger): (&str, &str),
    records: &[Visible],
    keys: &[&str],
    folder: Option<&str>,
) -> Result<SafeHtml, Problem> {
    let inner = if records.is_empty() {
        view::paragraph(&t.get("sewers-nothing"))
    } else {
        table(cx, context, ledger, records, keys, folder)?
    };
    Ok(view::section(&t.get(title), &inner))
}

fn page(cx: &Cx, t: Text, record: &Visible, mut body: SafeHtml) -> Response {
    let number = Read::of(record).text("facility_number");
    body.push(&enquiry(cx, t, &format!("下水道台帳　{number}")));
    let back = LinkButton::new(t.get("sewers-back"), cx.href("/sewers")).icon(Icon::Back).html();
    body.push(&SafeHtml::trusted(format!("<div class=\"button-row no-print\">{back}</div>")));
    let site = cx.portal_site();
    let page = Page::new(&site, number).crumb(t.get("sewers-title"), cx.href("/sewers")).body(body);
    Html(page.render()).into_response()
}

/// The form that leads into the portal's enquiry; nothing where the city takes none here.
fn enquiry(cx: &Cx, t: Text, subject: &str) -> SafeHtml {
    if cx.catalogue().get(ENQUIRY).is_none() {
        return SafeHtml::EMPTY;
    }
    let form = Form::new(cx.lang(), cx.href("/enquiry"))
        .hidden("id", cx.desk().ids().next().to_string())
        .fields(vec![
            FieldView::new("subject", t.get("sewers-ask-subject"), FieldKind::Text { max: Some(100) })
                .value(subject)
                .required(),
            FieldView::new("body", t.get("sewers-ask-body"), FieldKind::LongText { max: Some(4000) }).required(),
            FieldView::new("reply_wanted", t.get("sewers-ask-reply"), FieldKind::YesNo).value(""),
            FieldView::new("name", t.get("sewers-ask-name"), FieldKind::Text { max: Some(80) }).autocomplete("name"),
            FieldView::new("mail", t.get("sewers-ask-mail"), FieldKind::Mail).autocomplete("email"),
            FieldView::new("phone", t.get("sewers-ask-phone"), FieldKind::Phone).autocomplete("tel"),
        ])
        .submit(t.get("sewers-ask-send"));
    view::section(&t.get("sewers-ask"), &form.html())
}
