//! The first page of the road ledger: what is due, what ends, what is open.

use axum::response::{Html, IntoResponse, Response};
use jiff::ToSpan as _;

use super::pieces::{self, HOME, day, due, grade_chip, record_href};
use crate::acts::structures::{self, Structure};
use crate::acts::{permits, structures::bring_over as bring};
use crate::definitions::{INSPECTION, PAPER, PAVEMENT, ROUTE, STRUCTURE, UNUSED, WORK};
use crate::kernel::Lang;
use crate::ledger::{ListRequest, Visible};
use crate::papers::lists;
use crate::platform::desk::{Cx, Problem, view};
use crate::platform::ui::button::{LinkButton, Post, Submit, row};
use crate::platform::ui::card::{self, Tile};
use crate::platform::ui::notice::{Empty, Notice, Tone};
use crate::platform::ui::page::Page;
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml, said};
use crate::schema::Aggregate;

/// Rows of a table on this page; the rest is behind its link.
const ROWS: usize = 10;

/// `GET /desk/roads`
pub async fn page(cx: Cx) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let today = cx.context().today();
    let all = structures::load(cx.ledgers(), cx.context()).await?;
    let ending = permits::ending(cx.ledgers(), cx.context()).await?;
    let in_a_year = today.checked_add(1.year()).unwrap_or(today);
    let soon: Vec<&Structure> = all.iter().filter(|one| one.is_due(in_a_year)).collect();
    let open: Vec<&Structure> = all.iter().filter(|one| one.is_open()).collect();
    let mut body = tiles(&cx, &all, &ending).await?;
    body.push(&view::section_with(
        "1年以内に点検する構造物",
        &more("/desk/ledgers/road-structure?view=due", soon.len()),
        &inspections(&soon, today),
    ));
    body.push(&view::section("健全性Ⅲ・Ⅳで措置が終わっていない構造物", &measures(&open, today)));
    body.push(&view::section_with(
        "期間が終わる道路の占用",
        &more("/desk/roads/permits", ending.len()),
        &super::permits::table(&ending, today),
    ));
    body.push(&view::section("台帳と図面", &ledgers(&cx)));
    body.push(&view::section("最新の点検の反映", &bringing()));
    let site = cx.desk_site(HOME);
    let mut page = Page::new(&site, "道路台帳").crumb("ホーム", "/desk").actions(actions());
    page = page.lead(format!(
        "{}現在。市道の台帳、橋の点検、占用、未利用地、工事のいまの状況です。",
        said::date(Lang::Ja, today)
    ));
    if let Some(count) =
        cx.query("done").and_then(|text| text.strip_prefix("brought-").and_then(|n| n.parse::<usize>().ok()))
    {
        let said = if count == 0 {
            "構造物の台帳は、最新の点検のとおりです。".to_owned()
        } else {
            format!("構造物{count}件に、最新の点検の結果を反映しました。")
        };
        page = page.notice(Notice::new(Tone::Success, said));
    }
    Ok(Html(page.body(body).render()).into_response())
}

fn actions() -> SafeHtml {
    [
        LinkButton::new("路線と調書", "/desk/roads/routes").icon(Icon::Search).html(),
        LinkButton::new("図面の位置合わせ", "/desk/roads/drawings").icon(Icon::Place).html(),
        LinkButton::new("占用の期限", "/desk/roads/permits").icon(Icon::Calendar).html(),
        LinkButton::new("未利用の道路用地", "/desk/roads/unused").icon(Icon::Place).html(),
        LinkButton::new("工事の書類", "/desk/roads/works").icon(Icon::Tasks).html(),
        LinkButton::new("点検の一覧（PDF）", "/desk/roads/structures.pdf").icon(Icon::Print).html(),
    ]
    .into_iter()
    .collect()
}

fn more(href: &str, count: usize) -> SafeHtml {
    if count <= ROWS {
        SafeHtml::EMPTY
    } else {
        LinkButton::new(format!("すべて見る（{count}件）"), href).html()
    }
}

async fn tiles(cx: &Cx, all: &[Structure], ending: &[Visible]) -> Result<SafeHtml, Problem> {
    let (ledgers, context, today) = (cx.ledgers(), cx.context(), cx.context().today());
    let count = async |ledger: &str, filter: &str| {
        let found = ledgers.count(context, ledger, &ListRequest::filtered(filter), 100_000).await?;
        Ok::<_, Problem>(said::whole(i64::try_from(found.count).unwrap_or(i64::MAX)))
    };
    let sum = async |ledger: &str, filter: &str, field: &str| {
        let figure = ledgers.figure(context, ledger, Some(filter), Aggregate::Sum, Some(field)).await?;
        Ok::<_, Problem>(figure.map_or(0.0, |figure| figure.to_f64()))
    };
    let length = sum(ROUTE, "state = 'in-force'", "actual_m").await?;
    let unused = "stage NOT IN ('done', 'kept')";
    let area = sum(UNUSED, unused, "area_m2").await?;
    let number = |count: usize| said::whole(i64::try_from(count).unwrap_or(i64::MAX));
    let overdue = all.iter().filter(|one| one.is_due(today)).count();
    let open = all.iter().filter(|one| one.is_open()).count();
    let note = |text: String| view::note(&text);
    Ok(card::grid(
        "grid-tiles",
        [
            Tile::new("市道の路線", count(ROUTE, "state = 'in-force'").await?, "路線")
                .below(note(format!("実延長 {}km", super::routes::kilometres(length))))
                .href("/desk/ledgers/road-route")
                .html(),
            Tile::new("点検の期限を過ぎた構造物", number(overdue), "件")
                .below(note(format!("全{}件", all.len())))
                .href("/desk/ledgers/road-structure?view=due")
                .html(),
            Tile::new("Ⅲ・Ⅳで措置が残る構造物", number(open), "件")
                .href("/desk/ledgers/structure-inspection?view=no-measure")
                .html(),
            Tile::new("期間が終わる占用", number(ending.len()), "件").href("/desk/roads/permits").html(),
            Tile::new("補修が必要な舗装", count(PAVEMENT, "mci < 4 AND measure_done_on IS NULL").await?, "区間")
                .href("/desk/ledgers/pavement-survey?view=repair")
                .html(),
            Tile::new("未利用の道路用地", count(UNUSED, unused).await?, "件")
                .below(note(format!("{}㎡", said::grouped(area.round()))))
                .href("/desk/roads/unused")
                .html(),
            Tile::new("施工中の工事", count(WORK, "state = 'under-way'").await?, "件").href("/desk/roads/works").html(),
            Tile::new("承認を待つ書類", count(PAPER, "state IN ('submitted', 'checked')").await?, "件")
                .href("/desk/ledgers/work-paper?view=waiting")
                .html(),
        ],
    ))
}

fn inspections(soon: &[&Structure], today: jiff::civil::Date) -> SafeHtml {
    if soon.is_empty() {
        return Empty::new("1年以内に期限の来る構造物はありません。").html();
    }
    let columns = vec![
        Column::new("name", "構造物"),
        Column::new("place", "所在地"),
        Column::new("last", "前の点検").align(Align::Tight),
        Column::new("grade", "健全性").align(Align::Tight),
        Column::new("due", "次の期限").align(Align::Tight),
    ];
    let rows = soon.iter().take(ROWS).map(|one| {
        Row::new(vec![
            SafeHtml::link(&record_href(STRUCTURE, one.id), &one.name),
            SafeHtml::or_dash(&one.place),
            day(one.inspection.as_ref().map(|inspection| inspection.on)),
            grade_chip(one.grade()),
            due(one.next_due_on(), today),
        ])
    });
    Table::new(Lang::Ja, "1年以内に点検する構造物", columns, rows.collect()).html()
}

fn measures(open: &[&Structure], today: jiff::civil::Date) -> SafeHtml {
    if open.is_empty() {
        return Empty::new("措置の残っている構造物はありません。").html();
    }
    let columns = vec![
        Column::new("name", "構造物"),
        Column::new("grade", "健全性").align(Align::Tight),
        Column::new("measure", "措置の予定"),
        Column::new("due", "措置の期限").align(Align::Tight),
        Column::new("inspection", "点検").align(Align::Tight),
    ];
    let rows = open.iter().filter_map(|one| {
        let inspection = one.inspection.as_ref()?;
        let mut measure = SafeHtml::or_dash(&inspection.measure);
        if inspection.grade == Some(crate::rules::grade::Grade::Iv) && !inspection.is_restricted {
            let state = crate::platform::ui::chip::State::Bad;
            measure.push(&crate::platform::ui::chip::chip(state, "通行止め・制限の記録がありません"));
        }
        let by = inspection.measure_due_on.map_or_else(|| SafeHtml::or_dash(""), |on| due(Some(on), today));
        Some(Row::new(vec![
            SafeHtml::link(&record_href(STRUCTURE, one.id), &one.name),
            grade_chip(inspection.grade),
            measure,
            by,
            SafeHtml::link(&record_href(INSPECTION, inspection.id), &said::short_date(Lang::Ja, inspection.on)),
        ]))
    });
    Table::new(Lang::Ja, "健全性Ⅲ・Ⅳの構造物", columns, rows.collect()).html()
}

fn ledgers(cx: &Cx) -> SafeHtml {
    let links = crate::definitions::bundle().map(|bundle| bundle.ledgers).unwrap_or_default();
    let links = links.iter().filter(|ledger| cx.ledgers().open(cx.context(), &ledger.key).is_ok());
    let mut buttons: Vec<SafeHtml> = links
        .map(|ledger| {
            LinkButton::new(ledger.title.ja(), format!("/desk/ledgers/{}", ledger.key)).icon(Icon::Ledger).html()
        })
        .collect();
    buttons.push(LinkButton::new("公開の閲覧画面", "/roads").icon(Icon::External).html());
    row(buttons)
}

fn bringing() -> SafeHtml {
    let mut body =
        view::paragraph("構造物の台帳の健全性と次の期限は、毎日、最新の点検から写します。いま反映することもできます。");
    body.push(&Post::new(format!("{HOME}/bring-over"), Submit::new("いま反映する").icon(Icon::Check)).html());
    body
}

/// `POST /desk/roads/bring-over`
pub async fn bring_over(cx: Cx) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let count = bring(cx.ledgers(), cx.context()).await?;
    Ok(view::done_at(HOME, &format!("brought-{count}")))
}

/// `GET /desk/roads/structures.pdf`
pub async fn structures_pdf(cx: Cx) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let all = structures::load(cx.ledgers(), cx.context()).await?;
    let (def, _) = cx.ledgers().open(cx.context(), STRUCTURE)?;
    let job = lists::structures(&all, &def, cx.context().today(), &pieces::printed(&cx, pieces::own_name(&cx)));
    pieces::pdf(&cx, "構造物の点検の一覧", job, ("道路台帳", HOME)).await
}
