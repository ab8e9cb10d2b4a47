//! Routes: looking for one, its sections summed up against the written record, and the written record as PDF.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};

use super::pieces::{self, HOME, id_of, record_href, shown};
use crate::definitions::{ROUTE, SECTION};
use crate::kernel::Lang;
use crate::ledger::{ListRequest, Visible};
use crate::papers::route::{self, Sheet};
use crate::platform::desk::{Cx, Problem, view};
use crate::platform::ui::button::LinkButton;
use crate::platform::ui::facts::{Fact, facts};
use crate::platform::ui::notice::{Empty, Notice, Tone};
use crate::platform::ui::page::Page;
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml, said};
use crate::read::{self, Read};
use crate::rules::length;

/// Routes shown at once.
const SHOWN: u32 = 100;

/// `GET /desk/roads/routes`
pub async fn list(cx: Cx) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let q = cx.query("q").unwrap_or_default();
    let request = ListRequest { q: q.clone(), limit: SHOWN, ..ListRequest::all() };
    let found = cx.ledgers().list(cx.context(), ROUTE, &request).await?;
    let (def, _) = cx.ledgers().open(cx.context(), ROUTE)?;
    let mut body = view::narrowing("/desk/roads/routes", [view::sought("q", "路線名・番号・地名", &q, None)], "探す");
    if found.records.is_empty() {
        body.push(
            &Empty::new("あてはまる路線はありません。").text("名前の一部や番号だけで探してみてください。").html(),
        );
    } else {
        let columns = vec![
            Column::new("number", "番号").align(Align::Tight),
            Column::new("name", "路線名"),
            Column::new("course", "起点・終点"),
            Column::new("length", "実延長").align(Align::Number),
            Column::new("settled", "調書").align(Align::Tight),
        ];
        let row = |record: &Visible| {
            let read = Read::of(record);
            Row::new(vec![
                SafeHtml::escape(read.text("route_number")),
                SafeHtml::link(&format!("{HOME}/routes/{}", record.id), read.text("name")),
                SafeHtml::escape(format!("{} 〜 {}", read.text("start_place"), read.text("end_place"))),
                SafeHtml::or_dash(&shown(&def, record, "actual_m", Lang::Ja)),
                SafeHtml::escape(if read.yes("settled") { "確定" } else { "未確定" }),
            ])
        };
        body.push(&Table::new(Lang::Ja, "路線", columns, found.records.iter().map(row).collect()).html());
        if found.next.is_some() {
            body.push(&view::note(&format!("先頭の{SHOWN}路線です。ほかは、名前や番号で探してください。")));
        }
    }
    let site = cx.desk_site(HOME);
    let page = Page::new(&site, "路線と調書").crumb("道路台帳", HOME).body(body);
    Ok(Html(page.render()).into_response())
}

/// `GET /desk/roads/routes/{id}`
pub async fn page(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let id = id_of(&id)?;
    let sheet = Sheet::load(cx.ledgers(), cx.context(), id).await?;
    let (def, _) = cx.ledgers().open(cx.context(), ROUTE)?;
    let read = Read::of(&sheet.route);
    let mut known: Vec<Fact> = ["road_class", "approved_on", "start_place", "end_place", "waypoints", "state"]
        .into_iter()
        .map(|key| Fact::text(pieces::label(&def, key, Lang::Ja), &shown(&def, &sheet.route, key, Lang::Ja)))
        .collect();
    known.push(Fact::text("区間の数", &sheet.sections.to_string()));
    let mut body = facts(&known);
    body.push(&view::section("延長の内訳", &lengths(&sheet, &def)));
    body.push(&view::section("区間", &sections(&cx, id).await?));
    let actions = [
        LinkButton::new("調書（PDF）", format!("{HOME}/routes/{id}/sheet.pdf")).icon(Icon::Print).html(),
        LinkButton::new("記録を開く", record_href(ROUTE, id)).icon(Icon::Ledger).html(),
    ];
    let site = cx.desk_site(HOME);
    let title = format!("{}　{}", read.text("route_number"), read.text("name"));
    let mut page = Page::new(&site, title).crumb("道路台帳", HOME).crumb("路線と調書", "/desk/roads/routes");
    page = page.actions(actions.into_iter().collect());
    if !sheet.differences.is_empty() {
        let items: SafeHtml = sheet
            .differences
            .iter()
            .map(|one| SafeHtml::trusted(format!("<li>{}</li>", SafeHtml::escape(one))))
            .collect();
        let notice = Notice::new(Tone::Warning, "調書と区間の台帳が合っていません")
            .more(SafeHtml::trusted(format!("<ul>{items}</ul>")));
        page = page.notice(notice);
    }
    Ok(Html(page.body(body).render()).into_response())
}

fn lengths(sheet: &Sheet, def: &crate::schema::LedgerDef) -> SafeHtml {
    if sheet.sections == 0 {
        return Empty::new("区間がまだ登録されていません。")
            .text("区間を登録すると、延長の内訳が積み上がります。")
            .html();
    }
    let sum = &sheet.summed;
    let written = |key: &str| SafeHtml::or_dash(&shown(def, &sheet.route, key, Lang::Ja));
    let columns = vec![
        Column::new("what", "内訳"),
        Column::new("summed", "区間の合計（m）").align(Align::Number),
        Column::new("written", "調書").align(Align::Number),
    ];
    let line = |label: &str, length: i64, written: SafeHtml| {
        Row::new(vec![SafeHtml::escape(label), SafeHtml::escape(length::metres(length)), written])
    };
    let none = || SafeHtml::or_dash("");
    let mut rows = vec![
        line("総延長", sum.total, written("total_m")),
        line("重用延長", sum.overlap, written("overlap_m")),
        line("未供用延長", sum.unopened, written("unopened_m")),
        line("実延長", sum.actual, written("actual_m")),
        line("　改良済", sum.improved, none()),
        line("　未改良", sum.unimproved, none()),
    ];
    let name = |key: &str| length::SURFACES.iter().find(|(known, _)| *known == key).map_or("", |(_, name)| name);
    let widths = sum.widths.iter().map(|(label, length)| (format!("　幅員　{label}"), *length));
    let surfaces = sum.surfaces.iter().map(|(key, length)| (format!("　路面　{}", name(key)), *length));
    let parts = widths.chain(surfaces).chain([
        (format!("　橋 {}か所", sum.bridges.0), sum.bridges.1),
        (format!("　トンネル {}か所", sum.tunnels.0), sum.tunnels.1),
        ("　自動車交通不能".to_owned(), sum.impassable),
        ("歩道".to_owned(), sum.sidewalk),
    ]);
    rows.extend(parts.filter(|(_, length)| *length > 0).map(|(label, length)| line(&label, length, none())));
    Table::new(Lang::Ja, "延長の内訳", columns, rows).html()
}

async fn sections(cx: &Cx, id: crate::kernel::RecordId) -> Result<SafeHtml, Problem> {
    let request = ListRequest::filtered(format!("route = '{id}'"));
    let all = read::all(cx.ledgers(), cx.context(), SECTION, request).await?;
    let (def, _) = cx.ledgers().open(cx.context(), SECTION)?;
    if all.is_empty() {
        let add = LinkButton::new("区間を加える", "/desk/ledgers/road-section/new").icon(Icon::Add).html();
        return Ok(Empty::new("区間はまだありません。").actions(add).html());
    }
    let keys = ["section_number", "place", "length_m", "width_m", "surface", "use_state"];
    let columns = keys
        .iter()
        .map(|key| {
            let align = if matches!(*key, "length_m" | "width_m") { Align::Number } else { Align::Text };
            Column::new(*key, pieces::label(&def, key, Lang::Ja)).align(align)
        })
        .collect();
    let row = |record: &Visible| {
        let cell = |key: &&str| {
            let text = shown(&def, record, key, Lang::Ja);
            if *key == "section_number" {
                SafeHtml::link(&record_href(SECTION, record.id), &text)
            } else {
                SafeHtml::or_dash(&text)
            }
        };
        Row::new(keys.iter().map(cell).collect())
    };
    Ok(Table::new(Lang::Ja, "区間", columns, all.iter().map(row).collect()).html())
}

/// `GET /desk/roads/routes/{id}/sheet.pdf`
pub async fn sheet(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let id = id_of(&id)?;
    let sheet = Sheet::load(cx.ledgers(), cx.context(), id).await?;
    let (def, _) = cx.ledgers().open(cx.context(), ROUTE)?;
    let name = format!("道路台帳調書 {}", said_name(&sheet.route));
    let job = route::print(&sheet, &def, &pieces::printed(&cx, pieces::own_name(&cx)));
    pieces::pdf(&cx, &name, job, ("路線と調書", "/desk/roads/routes")).await
}

fn said_name(route: &Visible) -> String {
    let read = Read::of(route);
    format!("{} {}", read.text("route_number"), read.text("name"))
}

/// Metres as kilometres, for sentences.
pub(super) fn kilometres(metres: f64) -> String {
    said::grouped((metres / 10.0).round() / 100.0)
}
