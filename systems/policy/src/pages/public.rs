//! The residents' board (市民向け): what the city set out to do, in plain words and four languages.
//!
//! It is made with a visitor's powers even for somebody who is signed in, so that what is shown here is what everybody sees.
//! The words around the content are translated; what the departments wrote is Japanese and marked as such.

use askama::Template;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};

use super::pieces::{bar, figure, id_of, progress_state, year_asked};
use crate::board::Board;
use crate::definitions::INITIATIVE;
use crate::kernel::fiscal::FiscalYear;
use crate::kernel::{Lang, RecordId};
use crate::platform::desk::{Cx, Problem};
use crate::platform::identity::{Caller, Context};
use crate::platform::ui::button::LinkButton;
use crate::platform::ui::chart::{LineChart, Series, sparkline};
use crate::platform::ui::chip::{State, chip};
use crate::platform::ui::facts::{Fact, facts};
use crate::platform::ui::notice::Empty;
use crate::platform::ui::page::Page;
use crate::platform::ui::steps::{Tab, tabs};
use crate::platform::ui::timeline::{Entry, Mark, timeline};
use crate::platform::ui::{Component, Icon, SafeHtml, Text, said};
use crate::records::{Indicator, Initiative, Review};
use crate::rules::{Deadline, Progress};
use crate::schema::LedgerDef;
use crate::words;

/// A visitor's context for this request.
pub(super) fn visitor(cx: &Cx) -> Context {
    let mut context = Context::new(Caller::visitor(), cx.context().act.at);
    context.lang = cx.lang();
    context
}

struct Group {
    id: String,
    name: String,
    about: Vec<String>,
    said: String,
    bar: SafeHtml,
    items: Vec<Item>,
}

struct Item {
    href: String,
    title: String,
    description: String,
    other: String,
    chips: SafeHtml,
    trend: SafeHtml,
}

#[derive(Template)]
#[template(path = "public_board.html")]
struct PublicBoard {
    t: Text,
    /// The language of what the departments wrote, where it is not the page's.
    content_lang: SafeHtml,
    tabs: SafeHtml,
    summary: Vec<(String, String, &'static str)>,
    bar: SafeHtml,
    groups: Vec<Group>,
    downloads: SafeHtml,
}

/// `GET /board`
pub async fn board(cx: Cx) -> Result<Response, Problem> {
    let context = visitor(&cx);
    let (lang, t) = (cx.lang(), words(cx.lang()));
    let years = Board::years(cx.ledgers(), &context).await?;
    let year = year_asked(&cx, &years);
    let board = Board::load(cx.ledgers(), &context, year).await?;
    let site = cx.portal_site();
    let title = t.get("board-title");
    let lead = t.say("board-lead").with("year", said::fiscal_year(lang, year)).to_string();
    let page = Page::new(&site, title).lead(lead);
    if board.initiatives.is_empty() {
        let body = Empty::new(t.get("board-empty")).text(t.get("board-empty-text")).icon(Icon::Board).html();
        return Ok(Html(page.body(body).render()).into_response());
    }
    let by_theme = cx.query("by").as_deref() == Some("theme");
    let groups = if by_theme { themes(&cx, &board) } else { departments(&cx, &board) };
    let tally = board.tally(board.initiatives.iter());
    let count = |count: usize| t.say("board-count").with("count", count).to_string();
    let summary = vec![
        (t.get("board-all"), count(tally.all), ""),
        (t.get("board-done"), count(tally.done), "tone-success"),
        (t.get("board-well"), count(tally.well), "tone-1"),
        (t.get("board-late"), count(tally.late), "tone-warning"),
    ];
    let body = PublicBoard {
        t,
        content_lang: content_lang(lang),
        tabs: looks(&cx, year, &years, by_theme),
        summary,
        bar: bar(&tally),
        groups,
        downloads: downloads(year),
    };
    Ok(Html(page.body(body.html()).render()).into_response())
}

/// Marks Japanese content on a page of another language, for screen readers and translators.
fn content_lang(lang: Lang) -> SafeHtml {
    match lang {
        Lang::Ja | Lang::JaEasy => SafeHtml::EMPTY,
        Lang::En | Lang::Vi => SafeHtml::trusted(" lang=\"ja\""),
    }
}

/// By department or by theme, and other years.
fn looks(cx: &Cx, year: FiscalYear, years: &[FiscalYear], by_theme: bool) -> SafeHtml {
    let t = words(cx.lang());
    let href = |year: FiscalYear, by: &str| cx.href(&format!("/board?fy={year}{by}"));
    let mut html = tabs(
        &t.get("board-look"),
        &[
            Tab::new(t.get("board-by-department"), href(year, ""), !by_theme),
            Tab::new(t.get("board-by-theme"), href(year, "&by=theme"), by_theme),
        ],
    );
    if years.len() > 1 {
        let by = if by_theme { "&by=theme" } else { "" };
        let all: Vec<Tab> = years
            .iter()
            .map(|one| Tab::new(said::fiscal_year(cx.lang(), *one), href(*one, by), *one == year))
            .collect();
        html.push(&tabs(&t.get("board-year"), &all));
    }
    html
}

fn downloads(year: FiscalYear) -> SafeHtml {
    let button = |label: &str, end: &str| {
        LinkButton::new(label, format!("/board.{end}?fy={year}")).icon(Icon::Download).download().html()
    };
    [button("CSV", "csv"), button("JSON", "json")].into_iter().collect()
}

fn departments(cx: &Cx, board: &Board) -> Vec<Group> {
    let group = |department: &crate::board::Department| {
        let of: Vec<&Initiative> =
            board.initiatives.iter().filter(|one| one.department == Some(department.id)).collect();
        let idea = department.statement.as_ref().map(|one| one.basic_idea.clone()).unwrap_or_default();
        let about = idea.lines().map(str::to_owned).collect();
        group(cx, board, department.id, &department.name, about, &of, |one| board.theme_name(one.theme).to_owned())
    };
    board.departments.iter().map(group).filter(|group| !group.items.is_empty() || !group.about.is_empty()).collect()
}

fn themes(cx: &Cx, board: &Board) -> Vec<Group> {
    let group = |theme: &crate::records::Theme| {
        let of: Vec<&Initiative> = board.initiatives.iter().filter(|one| one.theme == Some(theme.id)).collect();
        let about = theme.aim.lines().map(str::to_owned).collect();
        group(cx, board, theme.id, &theme.name, about, &of, |one| board.name(one.department))
    };
    board.themes_in_use().map(group).collect()
}

fn group(
    cx: &Cx,
    board: &Board,
    id: RecordId,
    name: &str,
    about: Vec<String>,
    of: &[&Initiative],
    other: impl Fn(&Initiative) -> String,
) -> Group {
    let t = words(cx.lang());
    let tally = board.tally(of.iter().copied());
    let said = t.say("board-group").with("all", tally.all).with("done", tally.done).to_string();
    let items = of.iter().map(|one| Item {
        href: cx.href(&format!("/board/{}", one.id)),
        title: one.title.clone(),
        description: plain_words(one).to_owned(),
        other: other(one),
        chips: chips(board, one, t),
        trend: trend(board, one, t),
    });
    Group { id: id.to_string(), name: name.to_owned(), about, said, bar: bar(&tally), items: items.collect() }
}

/// What is said of an initiative: the plain words; where there are none, what is delivered; else the paper's outline.
fn plain_words(one: &Initiative) -> &str {
    [&one.description, &one.deliverable, &one.summary]
        .into_iter()
        .map(String::as_str)
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

fn chips(board: &Board, one: &Initiative, t: Text) -> SafeHtml {
    let mut html = chip(progress_state(one.status), &t.get(progress_word(one.status)));
    if let Deadline::Overdue { .. } = board.deadline(one) {
        html.push(&chip(State::Bad, &t.get("deadline-over")));
    }
    html
}

const fn progress_word(progress: Option<Progress>) -> &'static str {
    match progress {
        None => "progress-none",
        Some(Progress::Ahead) => "progress-ahead",
        Some(Progress::OnTrack) => "progress-on-track",
        Some(Progress::Behind) => "progress-behind",
        Some(Progress::Stalled) => "progress-stalled",
        Some(Progress::Done) => "progress-done",
        Some(Progress::Cancelled) => "progress-cancelled",
    }
}

/// The curve of the first indicator that has one.
fn trend(board: &Board, one: &Initiative, t: Text) -> SafeHtml {
    let drawn = board.indicators(one.id).iter().find(|indicator| board.actuals(indicator.id).len() > 1);
    let Some(indicator) = drawn else { return SafeHtml::EMPTY };
    sparkline(&board.curve(indicator.id), &sentence(board, indicator, t))
}

/// What a curve shows: from which figure to which.
fn sentence(board: &Board, indicator: &Indicator, t: Text) -> String {
    let actuals = board.actuals(indicator.id);
    let said = |actual: Option<&crate::records::Actual>| actual.map(|one| figure(one.value)).unwrap_or_default();
    t.say("trend-sentence")
        .with("name", indicator.name.as_str())
        .with("first", said(actuals.first()))
        .with("last", said(actuals.last()))
        .with("unit", indicator.unit.as_str())
        .to_string()
}

#[derive(Template)]
#[template(path = "public_initiative.html")]
struct PublicInitiative {
    t: Text,
    content_lang: SafeHtml,
    description: String,
    facts: SafeHtml,
    milestones: Vec<(String, String, bool)>,
    indicators: Vec<(String, SafeHtml, SafeHtml)>,
    reviews: SafeHtml,
    back: SafeHtml,
}

/// `GET /board/{id}`
pub async fn initiative(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    let context = visitor(&cx);
    let (lang, t) = (cx.lang(), words(cx.lang()));
    let (board, one) = Board::load_one(cx.ledgers(), &context, id_of(&id)?).await?;
    let (def, _) = cx.ledgers().open(&context, INITIATIVE)?;
    let back = LinkButton::new(t.get("back-to-board"), cx.href(&format!("/board?fy={}", board.fiscal_year)));
    let milestones = one.milestones.iter().map(|milestone| {
        let day = milestone.done_on.or(milestone.due);
        (milestone.what.clone(), day.map(|day| said::date(lang, day)).unwrap_or_default(), milestone.done_on.is_some())
    });
    let indicators = board.indicators(one.id).iter().map(|indicator| {
        (indicator.name.clone(), indicator_facts(&board, indicator, lang, t), curve(&board, indicator, lang, t))
    });
    let body = PublicInitiative {
        t,
        content_lang: content_lang(lang),
        description: plain_words(&one).to_owned(),
        facts: initiative_facts(&board, &one, &def, lang, t),
        milestones: milestones.collect(),
        indicators: indicators.collect(),
        reviews: reviews(&board, &one, lang, t),
        back: back.icon(Icon::Back).html(),
    };
    let site = cx.portal_site();
    let page = Page::new(&site, one.title.clone())
        .crumb(t.get("board-title"), cx.href(&format!("/board?fy={}", board.fiscal_year)))
        .beside_title(chips(&board, &one, t))
        .body(body.html());
    Ok(Html(page.render()).into_response())
}

/// The facts that residents ask for, under the ledger's own labels.
fn initiative_facts(board: &Board, one: &Initiative, def: &LedgerDef, lang: Lang, t: Text) -> SafeHtml {
    let label = |key: &str| def.field(key).map(|field| field.label.get(lang).to_owned()).unwrap_or_default();
    let choice = |key: &str, chosen: &str| {
        let choice = def.field(key).and_then(|field| field.choice(chosen));
        choice.map(|choice| choice.label.get(lang).to_owned()).unwrap_or_default()
    };
    let yen = |amount: Option<i64>| amount.map(|amount| said::yen(lang, amount)).unwrap_or_default();
    let owner = [board.name(one.department), board.name(one.section)];
    let owner: Vec<&str> = owner.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    let directions: Vec<String> = one.plan_direction.iter().map(|key| choice("plan_direction", key)).collect();
    let japanese = |text: &str| {
        if text.is_empty() {
            return SafeHtml::or_dash("");
        }
        SafeHtml::trusted(format!("<span{}>{}</span>", content_lang(lang), SafeHtml::escape(text)))
    };
    let mut known = vec![
        (t.get("fact-owner"), japanese(&owner.join(" "))),
        (label("theme"), japanese(board.theme_name(one.theme))),
        (label("deliverable"), japanese(&one.deliverable)),
        (label("due"), SafeHtml::or_dash(&one.due.map(|day| said::date(lang, day)).unwrap_or_default())),
        (label("proof"), japanese(&one.proof)),
        (label("next_step"), japanese(&one.next_step)),
        (
            label("disposition"),
            SafeHtml::or_dash(&one.disposition.as_deref().map(|key| choice("disposition", key)).unwrap_or_default()),
        ),
        (label("plan_direction"), SafeHtml::or_dash(&directions.join("・"))),
        (label("budget_yen"), SafeHtml::or_dash(&yen(one.budget_yen))),
        (label("actual_yen"), SafeHtml::or_dash(&yen(one.actual_yen))),
    ];
    if one.version > 1 {
        known.push((label("version"), SafeHtml::escape(one.version.to_string())));
        known.push((label("change_reason"), japanese(&one.change_reason)));
    }
    let known: Vec<Fact> = known.into_iter().map(|(label, value)| Fact::html(label, value)).collect();
    facts(&known)
}

fn indicator_facts(board: &Board, indicator: &Indicator, lang: Lang, t: Text) -> SafeHtml {
    let measured = board.measured(indicator);
    let unit = &indicator.unit;
    let latest =
        measured.latest.map(|(on, value)| format!("{}{unit}（{}）", figure(value), said::short_date(lang, on)));
    let target = indicator.target_value.map(|target| format!("{}{unit}", figure(target)));
    let rate = measured.achievement.value.rate().map(|rate| format!("{rate}％"));
    facts(&[
        Fact::text(t.get("fact-latest"), &latest.unwrap_or_default()),
        Fact::text(t.get("fact-target"), &target.unwrap_or_default()),
        Fact::text(t.get("fact-rate"), &rate.unwrap_or_default()),
        Fact::text(t.get("fact-source"), &indicator.source),
    ])
}

fn curve(board: &Board, indicator: &Indicator, lang: Lang, t: Text) -> SafeHtml {
    let actuals = board.actuals(indicator.id);
    if actuals.len() < 2 {
        return SafeHtml::EMPTY;
    }
    let values = actuals.iter().map(|actual| Some(actual.value.to_f64())).collect();
    let mut series = vec![Series { name: t.get("fact-latest"), values, target: false }];
    if let Some(target) = indicator.target_value {
        let values = vec![Some(target.to_f64()); actuals.len()];
        series.push(Series { name: t.get("fact-target"), values, target: true });
    }
    LineChart {
        title: indicator.name.clone(),
        label_name: t.get("fact-day"),
        unit: indicator.unit.clone(),
        labels: actuals.iter().map(|actual| said::short_date(lang, actual.as_of)).collect(),
        series,
    }
    .html(lang)
}

fn reviews(board: &Board, one: &Initiative, lang: Lang, t: Text) -> SafeHtml {
    let entry = |review: &Review| {
        let parts = [
            ("review-done", &review.done),
            ("review-result", &review.result),
            ("review-issue", &review.issue),
            ("review-next", &review.next_action),
        ];
        let told = parts.into_iter().filter(|(_, text)| !text.is_empty());
        let told = told.map(|(key, text)| {
            let text = SafeHtml::trusted(format!("<span{}>{}</span>", content_lang(lang), SafeHtml::escape(text)));
            Fact::html(t.get(key), text)
        });
        let phase = match review.phase.as_str() {
            "q1" => "phase-q1",
            "q2" => "phase-q2",
            "q3" => "phase-q3",
            _ => "phase-year-end",
        };
        let state = chip(progress_state(review.progress), &t.get(progress_word(review.progress)));
        Entry {
            what: t.get(phase),
            when: review.reviewed_on.map(|day| said::date(lang, day)).unwrap_or_default(),
            who: String::new(),
            more: SafeHtml::trusted(format!(
                "<div class=\"stack-small\"><div>{state}</div>{}</div>",
                facts(&told.collect::<Vec<_>>())
            )),
            mark: if review.progress == Some(Progress::Done) { Mark::Done } else { Mark::Plain },
        }
    };
    let entries: Vec<Entry> = board.reviews(one.id).iter().map(entry).collect();
    if entries.is_empty() { SafeHtml::EMPTY } else { timeline(&entries) }
}
