//! A park at one sight: what its ledger sheet says, what does not add up, and its equipment.

use std::fmt::Write as _;

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};

use super::pieces::{
    self, Words, area, due, grade_chip, id_of, park_href, record_href, said_day, state_chip, unit_href,
};
use crate::definitions::{COVERAGE_LIMIT, FACILITY, LAND, OCCUPATION, PARK, PERMIT, UNIT};
use crate::kernel::{Decimal, Lang};
use crate::ledger::{LedgerError, Ledgers, ListRequest};
use crate::platform::desk::{Cx, Problem, view};
use crate::platform::identity::Context;
use crate::platform::ui::button::{LinkButton, Look, row};
use crate::platform::ui::chip::{State, chip};
use crate::platform::ui::facts::{Fact, facts};
use crate::platform::ui::notice::{Empty, Notice, Tone};
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml};
use crate::records::{self, Read, Whole};
use crate::rules::coverage::{Coverage, Limits, Share, coverage, land_difference};
use crate::rules::unit_state::State as UnitState;
use crate::rules::{Worked, tables};

/// The limits in force: the city's own before those that come with the system.
pub async fn limits(ledgers: &Ledgers, context: &Context) -> Result<Limits, LedgerError> {
    let filter = "effective_from <= today AND (effective_until IS NULL OR effective_until >= today)";
    let mut own = records::all(ledgers, context, COVERAGE_LIMIT, ListRequest::filtered(filter)).await?;
    // A later row of the same limit replaces an earlier one that was left open.
    own.sort_by_key(|row| Read(row.fields()).date("effective_from"));
    let own =
        own.iter().filter_map(|row| Some((Read(row.fields()).text("limit"), Read(row.fields()).figure("percent")?)));
    Ok(Limits::on(context.today(), tables::coverage_limits(), own))
}

/// The shares of a park.
pub fn shares(whole: &Whole, limits: &Limits) -> Worked<Coverage> {
    let built: Vec<_> = whole.facilities.iter().map(crate::records::Facility::built).collect();
    coverage(whole.park.site_area_m2, &built, limits)
}

/// What of a park does not add up, in sentences.
pub fn warnings(whole: &Whole, shares: &Coverage) -> Vec<String> {
    let mut warnings = shares.warnings();
    let land: Vec<Decimal> = whole.land.iter().map(|land| land.area_m2).collect();
    if let Some(difference) = land_difference(whole.park.site_area_m2, &land) {
        warnings.push(format!("敷地の内訳の合計と敷地面積が{}㎡違います。", difference));
    }
    warnings
}

/// `GET /desk/parks/{id}`
pub async fn page(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let whole = Whole::load(cx.ledgers(), cx.context(), id).await?;
    let limits = limits(cx.ledgers(), cx.context()).await?;
    let shares = shares(&whole, &limits);
    let words = Words::of(cx.ledgers(), cx.context(), PARK)?;
    let unit_words = Words::of(cx.ledgers(), cx.context(), UNIT)?;
    let park = &whole.park;
    let site = cx.desk_site(pieces::START);
    let mut page = pieces::page(&site, &park.name).actions(actions(&whole));
    if park.closed_on.is_some() {
        page = page.beside_title(chip(State::Muted, "廃止"));
    }
    let warnings = warnings(&whole, &shares.value);
    if !warnings.is_empty() {
        let text = format!("{}\n台帳の値を確かめてください。登録はこのまま続けられます。", warnings.join("\n"));
        page = page.notice(Notice::new(Tone::Warning, "確かめてほしいこと").text(text));
    }
    if let Some(notice) = view::done(&cx, &[("inspected", "点検を記録しました。")]) {
        page = page.notice(notice);
    }
    for unit in whole.units.iter().filter(|unit| unit.state == UnitState::Stopping) {
        let title = format!("{}は、すぐに使用を止めてください", pieces::unit_name(&unit_words, unit));
        let button = LinkButton::new("使用停止を記録する", format!("{}/stop", unit_href(unit.id))).look(Look::Danger);
        let notice =
            Notice::new(Tone::Error, title).text("使用停止と判定されました。掲示と囲いをして、写真を撮ってください。");
        page = page.notice(notice.more(row([button.html()])));
    }
    let mut body = facts(&[
        Fact::text("番号", &park.number),
        Fact::text("種別", &words.choice("kind", &park.kind)),
        Fact::text("所在地", &park.address),
        Fact::text("設置年月日", &established(park)),
        Fact::text("敷地面積", &area(park.site_area_m2)),
        Fact::text("避難場所", if park.evacuation_site { "はい" } else { "" }),
        Fact::text("データの出典", &park.source),
    ]);
    body.push(&view::section("遊具", &units(&cx, &whole)));
    body.push(&view::section("面積の割合", &coverage_table(&shares)));
    body.push(&belongings(&whole));
    Ok(Html(page.body(body).render()).into_response())
}

/// The day on which a park was established, with what is said of it.
pub fn established(park: &crate::records::Park) -> String {
    let day = said_day(park.established_on);
    match (day.is_empty(), park.established_note.is_empty()) {
        (true, _) => park.established_note.clone(),
        (false, true) => day,
        (false, false) => format!("{day}（{}）", park.established_note),
    }
}

fn actions(whole: &Whole) -> SafeHtml {
    let href = park_href(whole.park.id);
    let mut buttons = Vec::new();
    if !whole.units.is_empty() {
        buttons.push(
            LinkButton::new("遊具を点検する", format!("{href}/inspect")).look(Look::Primary).icon(Icon::Check).html(),
        );
        buttons.push(LinkButton::new("点検表（紙）", format!("{href}/inspection.pdf")).icon(Icon::Print).html());
    }
    buttons.push(LinkButton::new("調書（PDF）", format!("{href}/ledger.pdf")).icon(Icon::Print).html());
    buttons.push(
        LinkButton::new("台帳の記録", record_href(PARK, whole.park.id)).icon(Icon::Ledger).look(Look::Quiet).html(),
    );
    buttons.into_iter().collect()
}

fn units(cx: &Cx, whole: &Whole) -> SafeHtml {
    let add = LinkButton::new("遊具を加える", add_href(UNIT)).icon(Icon::Add).html();
    if whole.units.is_empty() {
        return Empty::new("点検する遊具は登録されていません。").actions(add).html();
    }
    let kinds = Words::of(cx.ledgers(), cx.context(), UNIT).ok();
    let today = cx.context().today();
    let rows = whole.units.iter().map(|unit| {
        let kind = kinds.as_ref().map(|words| words.choice("kind", &unit.kind)).unwrap_or_default();
        Row::new(vec![
            SafeHtml::link(&unit_href(unit.id), &unit.called()),
            SafeHtml::escape(kind),
            state_chip(unit.state),
            grade_chip(unit.overall),
            pieces::day(unit.last_inspected_on),
            due(unit.next_periodic_due, today),
        ])
    });
    let columns = vec![
        Column::new("unit", "遊具"),
        Column::new("kind", "種類"),
        Column::new("state", "状態").align(Align::Tight),
        Column::new("grade", "判定").align(Align::Tight),
        Column::new("last", "最後の点検").align(Align::Tight),
        Column::new("due", "定期点検の期限"),
    ];
    let mut html = Table::new(Lang::Ja, "遊具", columns, rows.collect()).html();
    html.push(&SafeHtml::trusted(format!("<div class=\"button-row\">{add}</div>")));
    html
}

fn add_href(ledger: &str) -> String {
    format!("/desk/ledgers/{ledger}/new")
}

fn coverage_table(shares: &Worked<Coverage>) -> SafeHtml {
    let percent = |percent: Option<Decimal>| percent.map(|percent| format!("{percent}％")).unwrap_or_default();
    let row = |share: &Share| {
        let state = match (share.is_over, share.limit.is_some() && share.percent.is_some()) {
            (true, _) => chip(State::Warning, "上限を超えています"),
            (false, true) => chip(State::Good, "上限の中"),
            (false, false) => SafeHtml::or_dash(""),
        };
        Row::new(vec![
            SafeHtml::escape(&share.name),
            SafeHtml::escape(area(Some(share.area_m2))),
            SafeHtml::or_dash(&percent(share.percent)),
            SafeHtml::or_dash(&percent(share.limit)),
            state,
        ])
    };
    let value = &shares.value;
    let all = std::iter::once(&value.buildings).chain(&value.classes).chain(std::iter::once(&value.sports));
    let columns = vec![
        Column::new("name", "区分"),
        Column::new("area", "面積").align(Align::Number),
        Column::new("share", "敷地に対する割合").align(Align::Number),
        Column::new("limit", "上限").align(Align::Number),
        Column::new("state", "判定").align(Align::Tight),
    ];
    let mut html = Table::new(Lang::Ja, "面積の割合", columns, all.map(row).collect()).html();
    let mut steps = String::from("<ol>");
    for step in &shares.steps {
        let _ = write!(steps, "<li>{}：{}</li>", SafeHtml::escape(step.rule), SafeHtml::escape(&step.detail));
    }
    steps.push_str("</ol>");
    html.push(&view::disclosure("計算のしかた（都市公園法施行令第6条）", &SafeHtml::trusted(steps), false));
    html
}

/// Links to what belongs to the park in the other ledgers, with how much there is.
fn belongings(whole: &Whole) -> SafeHtml {
    let of = |ledger: &str, label: &str, count: usize| {
        let filter = format!("park = '{}'", whole.park.id);
        let list = view::address(&format!("/desk/ledgers/{ledger}"), &[("filter", &filter)]);
        Row::new(vec![
            SafeHtml::link(&list, label),
            SafeHtml::escape(format!("{count}件")),
            LinkButton::new("加える", add_href(ledger)).look(Look::Quiet).html(),
        ])
    };
    let rows = vec![
        of(LAND, "敷地（所有者別）", whole.land.len()),
        of(FACILITY, "公園施設", whole.facilities.len()),
        of(PERMIT, "設置管理許可", whole.permits.len()),
        of(OCCUPATION, "占用", whole.occupations.len()),
    ];
    let columns = vec![
        Column::new("ledger", "台帳"),
        Column::new("count", "登録").align(Align::Number),
        Column::new("act", "すること").align(Align::Tight),
    ];
    view::section("調書に載るもの", &Table::new(Lang::Ja, "調書に載るもの", columns, rows).html())
}
