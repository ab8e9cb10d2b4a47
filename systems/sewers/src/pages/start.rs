//! The first page of the sewer ledger: what is urgent, due, open, and the written record as PDF.

use axum::response::{Html, IntoResponse, Response};
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::pieces::{self, HOME, day, due, number, record_href, urgency_chip};
use crate::acts;
use crate::definitions::{MANHOLE, PERMIT, PIPE, SURVEY};
use crate::kernel::Lang;
use crate::ledger::ListRequest;
use crate::papers::sheet::{self, Printed};
use crate::platform::desk::{Cx, Problem, prints, view};
use crate::platform::print::PrintError;
use crate::platform::ui::button::{LinkButton, Post, Submit, row};
use crate::platform::ui::card::{self, Tile};
use crate::platform::ui::notice::{Empty, Notice, Tone};
use crate::platform::ui::page::Page;
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml, said};
use crate::read::{self, Read};
use crate::rules::table;
use crate::rules::urgency::measure_due;
use crate::stock::{self, Span};

/// Rows of a table on this page; the rest is behind its link.
const ROWS: usize = 15;

/// `GET /desk/sewers`
pub async fn page(cx: Cx) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let today = cx.context().today();
    let spans = stock::load(cx.ledgers(), cx.context()).await?;
    let mut open: Vec<&Span> =
        spans.iter().filter(|span| span.survey.as_ref().is_some_and(|survey| survey.is_open)).collect();
    open.sort_by_key(|span| span.survey.as_ref().map(|survey| (survey.urgency, survey.on)));
    let in_a_year = today.checked_add(1.year()).unwrap_or(today);
    let mut soon: Vec<&Span> = spans.iter().filter(|span| span.noted.2.is_some_and(|on| on <= in_a_year)).collect();
    soon.sort_by_key(|span| span.noted.2);
    let mut body = tiles(&cx, &spans, open.len(), &soon, today).await?;
    body.push(&view::section_with(
        "緊急度Ⅰ・Ⅱで措置が終わっていない管きょ",
        &more("/desk/ledgers/sewer-survey?view=no-measure", open.len()),
        &urgent(&open, today),
    ));
    body.push(&view::section_with(
        "1年以内に点検する、腐食のおそれが大きい管きょ",
        &more("/desk/ledgers/sewer-pipe?view=due", soon.len()),
        &inspections(&soon, today),
    ));
    body.push(&view::section("期間が終わる許可・協議", &permits(&cx, today).await?));
    body.push(&view::section("台帳", &ledgers(&cx)));
    body.push(&view::section("最新の調査の反映", &bringing()));
    let actions: SafeHtml = [
        LinkButton::new("調査の優先順位", "/desk/sewers/priorities").icon(Icon::Tasks).html(),
        LinkButton::new("劣化の見通し", "/desk/sewers/forecast").icon(Icon::Board).html(),
        LinkButton::new("下水道台帳調書（PDF）", "/desk/sewers/sheet.pdf").icon(Icon::Print).html(),
    ]
    .into_iter()
    .collect();
    let site = cx.desk_site(HOME);
    let mut page = Page::new(&site, "下水道台帳").crumb("ホーム", "/desk").actions(actions);
    page = page
        .lead(format!("{}現在。管きょの緊急度、点検の期限、許可の期限のいまの状況です。", said::date(Lang::Ja, today)));
    if let Some(count) =
        cx.query("done").and_then(|text| text.strip_prefix("brought-").and_then(|n| n.parse::<usize>().ok()))
    {
        let said = if count == 0 {
            "管きょの台帳は、最新の調査のとおりです。".to_owned()
        } else {
            format!("管きょ{count}スパンに、最新の調査の結果を反映しました。")
        };
        page = page.notice(Notice::new(Tone::Success, said));
    }
    Ok(Html(page.body(body).render()).into_response())
}

fn more(href: &str, count: usize) -> SafeHtml {
    if count <= ROWS {
        SafeHtml::EMPTY
    } else {
        LinkButton::new(format!("すべて見る（{count}件）"), href).html()
    }
}

async fn tiles(cx: &Cx, spans: &[Span], open: usize, soon: &[&Span], today: Date) -> Result<SafeHtml, Problem> {
    let manholes = cx.ledgers().count(cx.context(), MANHOLE, &ListRequest::all(), 1_000_000).await?;
    let length: f64 = spans.iter().map(|span| span.pipe.length_m).sum();
    let surveyed: f64 = spans.iter().filter(|span| span.survey.is_some()).map(|span| span.pipe.length_m).sum();
    let unknown = spans.iter().filter(|span| span.pipe.built.is_none() || span.pipe.is_imputed).count();
    let overdue = soon.iter().filter(|span| span.noted.2.is_some_and(|on| on < today)).count();
    let share = if length > 0.0 {
        format!("調査済み {:.1}％", 100.0 * surveyed / length)
    } else {
        "調査済み —".to_owned()
    };
    Ok(card::grid(
        "grid-tiles",
        [
            Tile::new("管きょの延長", said::grouped((length / 10.0).round() / 100.0), "km")
                .below(view::note(&share))
                .href("/desk/ledgers/sewer-pipe")
                .html(),
            Tile::new("管きょ", number(spans.len()), "スパン")
                .below(view::note(&format!(
                    "マンホール {}か所",
                    said::whole(i64::try_from(manholes.count).unwrap_or(i64::MAX))
                )))
                .html(),
            Tile::new("Ⅰ・Ⅱで措置が残る", number(open), "スパン")
                .href("/desk/ledgers/sewer-survey?view=no-measure")
                .html(),
            Tile::new("点検の期限を過ぎた", number(overdue), "スパン")
                .below(view::note(&format!("1年以内 {}", number(soon.len()))))
                .href("/desk/ledgers/sewer-pipe?view=due")
                .html(),
            Tile::new("竣工年度が推定・不明", number(unknown), "スパン")
                .href("/desk/ledgers/sewer-pipe?view=imputed")
                .html(),
        ],
    ))
}

fn urgent(open: &[&Span], today: Date) -> SafeHtml {
    if open.is_empty() {
        return Empty::new("措置の残っている管きょはありません。").html();
    }
    let columns = vec![
        Column::new("number", "施設番号").align(Align::Tight),
        Column::new("place", "所在"),
        Column::new("urgency", "緊急度").align(Align::Tight),
        Column::new("survey", "調査").align(Align::Tight),
        Column::new("due", "措置の目安").align(Align::Tight),
        Column::new("measure", "措置の予定"),
    ];
    let rows = open.iter().take(ROWS).filter_map(|span| {
        let survey = span.survey.as_ref()?;
        Some(Row::new(vec![
            SafeHtml::link(&record_href(PIPE, span.id), &span.number),
            SafeHtml::or_dash(&span.place),
            urgency_chip(survey.urgency),
            SafeHtml::link(&record_href(SURVEY, survey.id), &said::short_date(Lang::Ja, survey.on)),
            due(survey.urgency.and_then(|urgency| measure_due(survey.on, urgency)), today),
            SafeHtml::or_dash(&survey.measure),
        ]))
    });
    Table::new(Lang::Ja, "緊急度Ⅰ・Ⅱの管きょ", columns, rows.collect()).html()
}

fn inspections(soon: &[&Span], today: Date) -> SafeHtml {
    if soon.is_empty() {
        return Empty::new("1年以内に期限の来る管きょはありません。").html();
    }
    let columns = vec![
        Column::new("number", "施設番号").align(Align::Tight),
        Column::new("place", "所在"),
        Column::new("last", "前の調査").align(Align::Tight),
        Column::new("due", "次の期限").align(Align::Tight),
    ];
    let rows = soon.iter().take(ROWS).map(|span| {
        Row::new(vec![
            SafeHtml::link(&record_href(PIPE, span.id), &span.number),
            SafeHtml::or_dash(&span.place),
            day(span.survey.as_ref().map(|survey| survey.on)),
            due(span.noted.2, today),
        ])
    });
    Table::new(Lang::Ja, "点検する管きょ", columns, rows.collect()).html()
}

async fn permits(cx: &Cx, today: Date) -> Result<SafeHtml, Problem> {
    let days = table::setting("permit_notice_days", today) as i64;
    let until = today.checked_add(days.days()).unwrap_or(today);
    let request =
        ListRequest::filtered(format!("state = 'in-force' AND ends_on IS NOT NULL AND ends_on <= DATE('{until}')"));
    let all = read::all(cx.ledgers(), cx.context(), PERMIT, request).await?;
    if all.is_empty() {
        return Ok(Empty::new("期間が終わる許可・協議はありません。").html());
    }
    let columns = vec![
        Column::new("number", "番号").align(Align::Tight),
        Column::new("name", "物件"),
        Column::new("place", "位置"),
        Column::new("ends", "期間の終わり").align(Align::Tight),
    ];
    let rows = all.iter().map(|record| {
        let read = Read::of(record);
        Row::new(vec![
            SafeHtml::link(&record_href(PERMIT, record.id), read.optional("permit_number").unwrap_or("番号なし")),
            SafeHtml::escape(read.text("name")),
            SafeHtml::escape(read.text("place")),
            due(read.date("ends_on"), today),
        ])
    });
    Ok(Table::new(Lang::Ja, "期間が終わる許可・協議", columns, rows.collect()).html())
}

fn ledgers(cx: &Cx) -> SafeHtml {
    let links = crate::definitions::bundle().map(|bundle| bundle.ledgers).unwrap_or_default();
    let links = links.iter().filter(|ledger| cx.ledgers().open(cx.context(), &ledger.key).is_ok());
    let mut buttons: Vec<SafeHtml> = links
        .map(|ledger| {
            LinkButton::new(ledger.title.ja(), format!("/desk/ledgers/{}", ledger.key)).icon(Icon::Ledger).html()
        })
        .collect();
    buttons.push(LinkButton::new("公開の閲覧画面", "/sewers").icon(Icon::External).html());
    row(buttons)
}

fn bringing() -> SafeHtml {
    let mut body =
        view::paragraph("管きょの台帳の緊急度と次の期限は、毎日、最新の調査から写します。いま反映することもできます。");
    body.push(&Post::new(format!("{HOME}/bring-over"), Submit::new("いま反映する").icon(Icon::Check)).html());
    body
}

/// `POST /desk/sewers/bring-over`
pub async fn bring_over(cx: Cx) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let count = acts::bring_over(cx.ledgers(), cx.context()).await?;
    Ok(view::done_at(HOME, &format!("brought-{count}")))
}

/// `GET /desk/sewers/sheet.pdf`
pub async fn sheet(cx: Cx) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let by = cx.context().caller.account.as_ref().map_or("", |account| account.display_name.as_str());
    let printed = Printed { city: cx.city_name(), by, at: cx.context().act.at };
    let job = sheet::job(cx.ledgers(), cx.context(), printed).await?;
    match prints::print(&cx, job).await? {
        Ok(pdf) => Ok(prints::answer("下水道台帳調書.pdf", pdf)),
        Err(PrintError::Stopped(list)) => {
            let site = cx.desk_site(HOME);
            let page = Page::new(&site, "調書を印刷できません").crumb("下水道台帳", HOME);
            Ok(prints::stopped(&cx, page, "下水道台帳調書", &SafeHtml::EMPTY, &list.findings))
        }
        Err(error) => Err(error.into()),
    }
}
