//! The residents' pages of parks: where they are, what is in them, and which playground equipment may not be used.
//!
//! They are made with a visitor's powers even for somebody who is signed in, so that what is shown here is what everybody sees.

use std::collections::{BTreeMap, HashMap};

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};

use super::pieces::{Words, id_of};
use crate::definitions::{FACILITY, PARK, UNIT, WORKSHOP};
use crate::kernel::{Lang, RecordId, Value};
use crate::ledger::ListRequest;
use crate::platform::desk::{Cx, Problem, view};
use crate::platform::identity::{Caller, Context};
use crate::platform::ui::chip::{State as Look, chip};
use crate::platform::ui::facts::{Fact, facts};
use crate::platform::ui::notice::{Empty, Notice, Tone};
use crate::platform::ui::page::Page;
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml, said};
use crate::records::{self, Facility, Park, Read, Unit};
use crate::rules::unit_state::State;
use crate::words;

/// A visitor's context for this request.
pub fn visitor(cx: &Cx) -> Context {
    let mut context = Context::new(Caller::visitor(), cx.context().act.at);
    context.lang = cx.lang();
    context
}

/// Marks Japanese content on a page of another language, for screen readers and translators.
pub fn content_lang(lang: Lang) -> SafeHtml {
    match lang {
        Lang::Ja | Lang::JaEasy => SafeHtml::EMPTY,
        Lang::En | Lang::Vi => SafeHtml::trusted(" lang=\"ja\""),
    }
}

fn japanese(lang: Lang, text: &str) -> SafeHtml {
    if text.is_empty() {
        return SafeHtml::or_dash("");
    }
    SafeHtml::trusted(format!("<span{}>{}</span>", content_lang(lang), SafeHtml::escape(text)))
}

/// Whether a unit may not be used.
const fn is_closed(state: State) -> bool {
    matches!(state, State::Stopping | State::Stopped | State::Repaired | State::Reinspected)
}

/// `GET /parks`; `q=` finds parks by name or address.
pub async fn list(cx: Cx) -> Result<Response, Problem> {
    let context = visitor(&cx);
    let t = words(cx.lang());
    let asked = cx.query("q").unwrap_or_default();
    let request = ListRequest { q: asked.clone(), ..ListRequest::all() };
    let mut parks: Vec<Park> =
        records::all(cx.ledgers(), &context, PARK, request).await?.iter().map(Park::of).collect();
    parks.sort_by(|one, other| (&one.name_kana, &one.name).cmp(&(&other.name_kana, &other.name)));
    let closed = ListRequest::filtered("state IN ('stopping', 'stopped', 'repaired', 'reinspected')");
    let mut closed_in: HashMap<RecordId, i64> = HashMap::new();
    for unit in records::all(cx.ledgers(), &context, UNIT, closed).await? {
        if let Some(park) = unit.get("park").as_record() {
            *closed_in.entry(park).or_default() += 1;
        }
    }
    let definition = Words::of(cx.ledgers(), &context, PARK)?;
    let search = view::sought("q", &t.get("parks-search"), &asked, None);
    let mut body = view::narrowing(&cx.href("/parks"), [search], &t.get("parks-search-button"));
    if parks.is_empty() {
        body.push(&Empty::new(t.get("parks-none")).icon(Icon::Place).html());
    } else {
        body.push(&table(&cx, &parks, &closed_in, &definition));
    }
    body.push(&workshops(&cx, &context).await?);
    let site = cx.portal_site();
    let page = Page::new(&site, t.get("parks-title")).lead(t.get("parks-lead")).body(body);
    Ok(Html(page.render()).into_response())
}

fn table(cx: &Cx, parks: &[Park], closed_in: &HashMap<RecordId, i64>, definition: &Words) -> SafeHtml {
    let (lang, t) = (cx.lang(), words(cx.lang()));
    let row = |park: &Park| {
        let link = SafeHtml::link(&cx.href(&format!("/parks/{}", park.id)), &park.name);
        let name = SafeHtml::trusted(format!("<span{}>{link}</span>", content_lang(lang)));
        let state = match closed_in.get(&park.id) {
            Some(count) => chip(Look::Warning, &t.say("parks-closed").with("count", *count).to_string()),
            None => SafeHtml::or_dash(""),
        };
        let area = park.site_area_m2.map(|area| format!("{}㎡", said::grouped(area.to_f64()))).unwrap_or_default();
        Row::new(vec![
            name,
            SafeHtml::escape(definition.choice_in(lang, "kind", &park.kind)),
            japanese(lang, &park.address),
            SafeHtml::or_dash(&area),
            state,
        ])
    };
    let columns = vec![
        Column::new("name", definition.label_in(lang, "name")),
        Column::new("kind", definition.label_in(lang, "kind")),
        Column::new("address", definition.label_in(lang, "address")),
        Column::new("area", definition.label_in(lang, "site_area_m2")).align(Align::Number),
        Column::new("state", t.get("parks-state")).align(Align::Tight),
    ];
    let caption = t.say("parks-count").with("count", i64::try_from(parks.len()).unwrap_or(i64::MAX)).to_string();
    Table::new(lang, caption, columns, parks.iter().map(row).collect()).show_caption().html()
}

async fn workshops(cx: &Cx, context: &Context) -> Result<SafeHtml, Problem> {
    let t = words(cx.lang());
    let found = records::all(cx.ledgers(), context, WORKSHOP, ListRequest::all()).await?;
    if found.is_empty() {
        return Ok(SafeHtml::EMPTY);
    }
    let item = |one: &crate::ledger::Visible| {
        let href = cx.href(&format!("/parks/workshops/{}", one.id));
        let link = SafeHtml::link(&href, &Read(one.fields()).text("title"));
        SafeHtml::trusted(format!("<li{}>{link}</li>", content_lang(cx.lang())))
    };
    let items: SafeHtml = found.iter().map(item).collect();
    let list = SafeHtml::trusted(format!("<ul class=\"plain-list\">{items}</ul>"));
    Ok(view::section(&t.get("workshops-title"), &list))
}

/// `GET /parks/{id}`
pub async fn park(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    let context = visitor(&cx);
    let (lang, t) = (cx.lang(), words(cx.lang()));
    let record = cx.ledgers().get(&context, PARK, id_of(&id)?).await?;
    let park = Park::of(&record);
    let units = records::of_park(cx.ledgers(), &context, UNIT, park.id).await?;
    let units: Vec<Unit> = units.iter().map(Unit::of).collect();
    let facilities = records::of_park(cx.ledgers(), &context, FACILITY, park.id).await?;
    let facilities: Vec<Facility> = facilities.iter().map(Facility::of).collect();
    let definition = Words::of(cx.ledgers(), &context, PARK)?;
    let unit_words = Words::of(cx.ledgers(), &context, UNIT)?;
    let site = cx.portal_site();
    let mut page = Page::new(&site, park.name.clone()).crumb(t.get("parks-title"), cx.href("/parks"));
    let closed: Vec<&Unit> = units.iter().filter(|unit| is_closed(unit.state)).collect();
    if !closed.is_empty() {
        let names: Vec<String> = closed.iter().map(|unit| unit_words.choice_in(lang, "kind", &unit.kind)).collect();
        let title = t.say("park-closed").with("names", names.join(t.get("list-comma").as_str())).to_string();
        page = page.notice(Notice::new(Tone::Warning, title).text(t.get("park-closed-text")));
    }
    let area = park.site_area_m2.map(|area| format!("{}㎡", said::grouped(area.to_f64()))).unwrap_or_default();
    let yes = |yes: bool| if yes { t.get("yes") } else { String::new() };
    let place = match record.get("location") {
        Value::Geometry(place) => {
            let place = place.bounding_box();
            format!("{:.5}, {:.5}", place.south, place.west)
        }
        _ => String::new(),
    };
    let mut body = facts(&[
        Fact::text(definition.label_in(lang, "kind"), &definition.choice_in(lang, "kind", &park.kind)),
        Fact::html(definition.label_in(lang, "address"), japanese(lang, &park.address)),
        Fact::text(definition.label_in(lang, "location"), &place),
        Fact::text(definition.label_in(lang, "site_area_m2"), &area),
        Fact::text(definition.label_in(lang, "evacuation_site"), &yes(park.evacuation_site)),
    ]);
    body.push(&view::section(&t.get("park-equipment"), &equipment(&units, &unit_words, lang)));
    body.push(&others(&cx, &context, &facilities, lang)?);
    if !park.source.is_empty() {
        let source = SafeHtml::trusted(format!(
            "<p class=\"text-small text-soft\"{}>{}</p>",
            content_lang(lang),
            SafeHtml::escape(t.say("park-source").with("source", park.source.as_str()))
        ));
        body.push(&source);
    }
    Ok(Html(page.body(body).render()).into_response())
}

fn equipment(units: &[Unit], definition: &Words, lang: Lang) -> SafeHtml {
    let t = words(lang);
    if units.is_empty() {
        return Empty::new(t.get("park-equipment-none")).html();
    }
    let mut units: Vec<&Unit> = units.iter().collect();
    units.sort_by_key(|unit| (!is_closed(unit.state), unit.unit_no.clone()));
    let row = |unit: &Unit| {
        let look = match unit.state {
            State::InUse => Look::Good,
            State::Restricted => Look::Warning,
            _ => Look::Bad,
        };
        let day = unit.last_inspected_on.map(|day| said::date(lang, day)).unwrap_or_default();
        Row::new(vec![
            SafeHtml::escape(definition.choice_in(lang, "kind", &unit.kind)),
            japanese(lang, &unit.unit_no),
            chip(look, &definition.choice_in(lang, "state", unit.state.key())),
            SafeHtml::or_dash(&day),
        ])
    };
    let label = |field: &str| definition.label_in(lang, field);
    let columns = vec![
        Column::new("kind", label("kind")),
        Column::new("number", label("unit_no")),
        Column::new("state", label("state")).align(Align::Tight),
        Column::new("inspected", label("last_inspected_on")),
    ];
    Table::new(lang, t.get("park-equipment"), columns, units.into_iter().map(row).collect()).html()
}

/// The other facilities, by category.
fn others(cx: &Cx, context: &Context, facilities: &[Facility], lang: Lang) -> Result<SafeHtml, Problem> {
    let t = words(lang);
    if facilities.is_empty() {
        return Ok(SafeHtml::EMPTY);
    }
    let definition = Words::of(cx.ledgers(), context, FACILITY)?;
    let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for facility in facilities {
        groups.entry(facility.category.clone()).or_default().push(&facility.name);
    }
    let known: Vec<Fact> = groups
        .iter()
        .map(|(category, names)| {
            Fact::html(definition.choice_in(lang, "category", category), japanese(lang, &names.join("、")))
        })
        .collect();
    Ok(view::section(&t.get("park-facilities"), &facts(&known)))
}
