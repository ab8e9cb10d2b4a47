//! The staff's board: department × theme at a glance, the initiatives behind it, and the acts on the whole year.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use super::pieces::{
    self, BOARD, attention, bar, day, deadline_chip, disposition_chip, initiative_href, progress_chip, year_asked,
};
use crate::acts::report::PHASES;
use crate::acts::{carry, live, publish};
use crate::board::overview::{Standing, Tally, Wanted};
use crate::board::{Board, Department};
use crate::definitions::INITIATIVE;
use crate::kernel::fiscal::FiscalYear;
use crate::kernel::{Lang, RecordId};
use crate::ledger::LedgerError;
use crate::platform::desk::{Cx, Entries, Problem, view};
use crate::platform::ui::button::{Confirm, LinkButton, Look, Post, Submit};
use crate::platform::ui::card::{self, Tile};
use crate::platform::ui::notice::{Empty, Notice, Tone};
use crate::platform::ui::page::Page;
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml, said};
use crate::records::Initiative;
use crate::schema::Action;

/// `GET /desk/policy`
pub async fn page(cx: Cx) -> Result<Response, Problem> {
    let years = Board::years(cx.ledgers(), cx.context()).await?;
    let year = year_asked(&cx, &years);
    let board = Board::load(cx.ledgers(), cx.context(), year).await?;
    let rights = Rights::of(&cx);
    let site = cx.desk_site(BOARD);
    let actions = actions(&rights, year, own_department(&cx, &board));
    let mut page = Page::new(&site, "部局運営方針").crumb("ホーム", "/desk").actions(actions);
    page = page.lead(format!(
        "{}に部局が何を作り、何を決めるか。進み具合は{}現在です。",
        year.label(),
        said::date(Lang::Ja, board.as_of)
    ));
    if let Some(notice) = done(&cx) {
        page = page.notice(notice);
    }
    let body = if board.initiatives.is_empty() { empty(&rights, year, &years) } else { overview(&cx, &board, &years) };
    let mut body = body;
    body.push(&year_acts(&rights, &board));
    Ok(Html(page.body(body).render()).into_response())
}

/// What the person may do with the board as a whole.
struct Rights {
    import: bool,
    /// Plans for all departments: publishes and carries over.
    plan: bool,
    create: bool,
    update: bool,
}

impl Rights {
    fn of(cx: &Cx) -> Self {
        let access = cx.ledgers().open(cx.context(), INITIATIVE).map(|(_, access)| access);
        let may = |action| access.as_ref().is_ok_and(|access| access.may(action));
        Self {
            import: may(Action::Import),
            plan: may(Action::Import) && may(Action::Update),
            create: may(Action::Create),
            update: may(Action::Update),
        }
    }

    /// Refuses an act that the person may do with no initiative.
    fn require(&self, has: impl Fn(&Self) -> bool) -> Result<(), LedgerError> {
        if has(self) { Ok(()) } else { Err(LedgerError::Forbidden { action: Action::Update }) }
    }
}

/// The person's own department on the board, for the shortest way to what she reports on.
fn own_department(cx: &Cx, board: &Board) -> Option<RecordId> {
    let own = &cx.context().caller.departments;
    own.iter().copied().find(|id| board.departments.iter().any(|one| one.id == *id))
}

fn actions(rights: &Rights, year: FiscalYear, own: Option<RecordId>) -> SafeHtml {
    let mut buttons = Vec::new();
    if let Some(department) = own {
        let href = format!("{BOARD}?fy={year}&department={department}#list");
        buttons.push(LinkButton::new("自分の部局", href).icon(Icon::Filter).html());
    }
    if rights.import {
        buttons.push(LinkButton::new("方針書の取り込み", format!("{BOARD}/import")).icon(Icon::Upload).html());
    }
    if rights.create {
        buttons.push(LinkButton::new("取り組みを加える", "/desk/ledgers/policy-initiative/new").icon(Icon::Add).html());
    }
    buttons.push(LinkButton::new("年度末報告書", format!("{BOARD}/report?fy={year}")).icon(Icon::Print).html());
    for (label, end) in [("CSV", "csv"), ("JSON", "json")] {
        let href = format!("{BOARD}/export.{end}?fy={year}");
        buttons.push(LinkButton::new(label, href).icon(Icon::Download).download().look(Look::Quiet).html());
    }
    buttons.into_iter().collect()
}

fn empty(rights: &Rights, year: FiscalYear, years: &[FiscalYear]) -> SafeHtml {
    let mut empty = Empty::new(format!("{}の取り組みは、まだありません。", year.label())).icon(Icon::Board);
    let mut buttons: Vec<SafeHtml> = Vec::new();
    if rights.import {
        empty = empty.text("まず、部局から集めた方針書を取り込みます。取り込む前に内容を確かめられます。");
        let button = LinkButton::new("方針書を取り込む", format!("{BOARD}/import")).look(Look::Primary);
        buttons.push(button.icon(Icon::Upload).html());
    }
    for other in years {
        buttons.push(LinkButton::new(format!("{}を見る", other.label()), format!("{BOARD}?fy={other}")).html());
    }
    empty.actions(buttons.into_iter().collect()).html()
}

/// A field of the filter.
struct Select {
    name: &'static str,
    label: &'static str,
    value: String,
    options: Vec<(String, String)>,
}

struct MatrixRow {
    name: String,
    href: String,
    cells: Vec<SafeHtml>,
}

#[derive(Template)]
#[template(path = "desk_board.html")]
struct Overview {
    year: FiscalYear,
    filter: Vec<Select>,
    narrowed: bool,
    tiles: SafeHtml,
    themes: Vec<(String,)>,
    rows: Vec<MatrixRow>,
    totals: Vec<SafeHtml>,
    count: usize,
    list: SafeHtml,
}

/// What the address asks for, and how to ask for something else.
struct Asked {
    year: FiscalYear,
    wanted: Wanted,
}

impl Asked {
    fn of(cx: &Cx, year: FiscalYear) -> Self {
        let id = |name: &str| cx.query(name).and_then(|text| text.parse::<RecordId>().ok());
        let wanted = Wanted {
            department: id("department"),
            theme: id("theme"),
            standing: cx.query("status").and_then(|key| Standing::from_key(&key)),
            disposition: cx.query("disposition").filter(|key| !key.is_empty()),
        };
        Self { year, wanted }
    }

    fn href(&self, change: impl FnOnce(&mut Wanted)) -> String {
        let mut wanted = self.wanted.clone();
        change(&mut wanted);
        let id = |id: Option<RecordId>| id.map(|id| id.to_string()).unwrap_or_default();
        let address = view::address(
            BOARD,
            &[
                ("fy", &self.year.to_string()),
                ("department", &id(wanted.department)),
                ("theme", &id(wanted.theme)),
                ("status", wanted.standing.map_or("", Standing::key)),
                ("disposition", wanted.disposition.as_deref().unwrap_or_default()),
            ],
        );
        format!("{address}#list")
    }
}

fn overview(cx: &Cx, board: &Board, years: &[FiscalYear]) -> SafeHtml {
    let asked = Asked::of(cx, board.fiscal_year);
    let found: Vec<&Initiative> = board.wanted(&asked.wanted).collect();
    let without_theme = board.initiatives.iter().any(|one| one.theme.is_none());
    let mut themes: Vec<(Option<RecordId>, String)> =
        board.themes_in_use().map(|theme| (Some(theme.id), theme.name.clone())).collect();
    if without_theme {
        themes.push((None, "重点項目なし".to_owned()));
    }
    Overview {
        year: board.fiscal_year,
        filter: filter(board, &asked, years),
        narrowed: asked.wanted != Wanted::default(),
        tiles: tiles(board, &asked),
        rows: board.departments.iter().map(|department| matrix_row(board, &asked, department, &themes)).collect(),
        totals: totals(board, &asked, &themes),
        themes: themes.into_iter().map(|(_, name)| (name,)).collect(),
        count: found.len(),
        list: list(board, &found),
    }
    .html()
}

fn filter(board: &Board, asked: &Asked, years: &[FiscalYear]) -> Vec<Select> {
    let all = |label: &str| vec![(String::new(), label.to_owned())];
    let id = |id: Option<RecordId>| id.map(|id| id.to_string()).unwrap_or_default();
    let mut offered: Vec<FiscalYear> = years.to_vec();
    if !offered.contains(&board.fiscal_year) {
        offered.insert(0, board.fiscal_year);
    }
    let mut departments = all("すべての部局");
    departments.extend(board.departments.iter().map(|one| (one.id.to_string(), one.name.clone())));
    let mut themes = all("すべての重点項目");
    themes.extend(board.themes_in_use().map(|one| (one.id.to_string(), one.name.clone())));
    let mut standings = all("すべて");
    standings.extend(Standing::ALL.map(|one| (one.key().to_owned(), one.label().to_owned())));
    let mut dispositions = all("すべて");
    let known = [("continue", "継続"), ("merge", "統合"), ("abolish", "廃止"), ("none", "未定")];
    dispositions.extend(known.map(|(key, label)| (key.to_owned(), label.to_owned())));
    let select = |name, label, value: String, options| Select { name, label, value, options };
    let wanted = &asked.wanted;
    vec![
        select(
            "fy",
            "年度",
            board.fiscal_year.to_string(),
            offered.iter().map(|y| (y.to_string(), y.label())).collect(),
        ),
        select("department", "部局", id(wanted.department), departments),
        select("theme", "重点項目", id(wanted.theme), themes),
        select("status", "進み具合", wanted.standing.map_or("", Standing::key).to_owned(), standings),
        select("disposition", "来年度の扱い", wanted.disposition.clone().unwrap_or_default(), dispositions),
    ]
}

fn tiles(board: &Board, asked: &Asked) -> SafeHtml {
    let tally = board.tally(board.initiatives.iter());
    let of = |standing| asked.href(|wanted| *wanted = Wanted { standing: Some(standing), ..Wanted::default() });
    let tile =
        |label: &str, count: usize| Tile::new(label, said::whole(i64::try_from(count).unwrap_or(i64::MAX)), "件");
    let done = Standing::Progress(crate::rules::Progress::Done);
    let sum = |amount: fn(&Initiative) -> Option<i64>| board.initiatives.iter().filter_map(amount).sum::<i64>();
    let (budget, spent) = (sum(|one| one.budget_yen), sum(|one| one.actual_yen));
    let rate = format!("{}のうち", pieces::amount(budget));
    let percent = if budget > 0 { format!("{:.1}", 100.0 * spent as f64 / budget as f64) } else { "—".to_owned() };
    let note = |text: &str| view::note(text);
    let phase = board.phase.and_then(|key| PHASES.iter().find(|(known, _)| *known == key));
    let phase =
        phase.map_or("第1四半期が終わると数えます".to_owned(), |(_, label)| format!("{label}の報告"));
    card::grid(
        "grid-tiles policy-tiles",
        [
            tile("取り組み", tally.all)
                .below(bar(&tally))
                .href(asked.href(|wanted| *wanted = Wanted::default()))
                .html(),
            tile("完了", tally.done).href(of(done)).html(),
            tile("遅れている", tally.late).href(of(Standing::Late)).html(),
            tile("期限を過ぎた", tally.overdue).href(of(Standing::Overdue)).html(),
            tile("今期の報告がまだ", tally.report_due).below(note(&phase)).href(of(Standing::ReportDue)).html(),
            Tile::new("予算の執行", percent, "％").below(note(&rate)).html(),
        ],
    )
}

fn matrix_row(
    board: &Board,
    asked: &Asked,
    department: &Department,
    themes: &[(Option<RecordId>, String)],
) -> MatrixRow {
    let of = |theme: Option<Option<RecordId>>| {
        asked.href(|wanted| {
            *wanted = Wanted { department: Some(department.id), theme: theme.flatten(), ..Wanted::default() };
        })
    };
    let cell = |(theme, name): &(Option<RecordId>, String)| {
        let tally = board.tally(board.cell(department.id, *theme));
        matrix_cell(&tally, &of(Some(*theme)), &format!("{}・{name}", department.name))
    };
    let mut cells: Vec<SafeHtml> = themes.iter().map(cell).collect();
    let all = board.initiatives.iter().filter(|one| one.department == Some(department.id));
    cells.push(matrix_cell(&board.tally(all), &of(None), &department.name));
    MatrixRow { name: department.name.clone(), href: of(None), cells }
}

fn totals(board: &Board, asked: &Asked, themes: &[(Option<RecordId>, String)]) -> Vec<SafeHtml> {
    let total = |theme: Option<Option<RecordId>>| {
        let found = board.initiatives.iter().filter(move |one| theme.is_none_or(|theme| one.theme == theme));
        let href = asked.href(|wanted| *wanted = Wanted { theme: theme.flatten(), ..Wanted::default() });
        let mut cell = matrix_cell(&board.tally(found.clone()), &href, "全部局");
        cell.push(&pieces::roll_up(&board.roll_up(found).value));
        cell
    };
    themes.iter().map(|(id, _)| total(Some(*id))).chain(std::iter::once(total(None))).collect()
}

fn matrix_cell(tally: &Tally, href: &str, of: &str) -> SafeHtml {
    if tally.all == 0 {
        return SafeHtml::or_dash("");
    }
    let said = format!("{of} {}件、完了{}件", tally.all, tally.done);
    SafeHtml::trusted(format!(
        "<div class=\"policy-cell\"><a href=\"{}\" aria-label=\"{}\">{}件<span class=\"text-small text-soft\"> 完了{}</span></a>{}<span class=\"row\">{}</span></div>",
        SafeHtml::escape(href),
        SafeHtml::escape(said),
        tally.all,
        tally.done,
        bar(tally),
        attention(tally)
    ))
}

/// The initiatives as a table.
fn list(board: &Board, found: &[&Initiative]) -> SafeHtml {
    if found.is_empty() {
        return Empty::new("条件に合う取り組みはありません。")
            .text("条件を外すか、別の部局・重点項目を選んでください。")
            .html();
    }
    let columns = vec![
        Column::new("title", "取り組み"),
        Column::new("department", "部局・担当課"),
        Column::new("due", "期限").align(Align::Tight),
        Column::new("status", "進み具合").align(Align::Tight),
        Column::new("trend", "推移").align(Align::Tight),
        Column::new("next", "次の一手"),
        Column::new("disposition", "扱い").align(Align::Tight),
    ];
    let rows = found.iter().map(|one| {
        let place = [board.name(one.department), board.name(one.section)];
        let place: Vec<&str> = place.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
        let mut title = SafeHtml::link(&initiative_href(one.id), &one.title);
        title.push(&view::note(board.theme_name(one.theme)));
        if one.may.update && board.stands(one, Standing::ReportDue) {
            let href = format!("{}/report", initiative_href(one.id));
            title.push(&LinkButton::new("報告する", href).icon(Icon::Edit).html());
        }
        let mut due = day(one.due);
        due.push(&SafeHtml::trusted("<br>"));
        due.push(&deadline_chip(board.deadline(one)));
        Row::new(vec![
            title,
            SafeHtml::escape(place.join(" ")),
            due,
            progress_chip(one.status),
            pieces::trend(board, one),
            SafeHtml::escape(&one.next_step),
            disposition_chip(one.disposition.as_deref()),
        ])
    });
    Table::new(Lang::Ja, "取り組みの一覧", columns, rows.collect()).html()
}

/// What can be done with a whole year: record figures, publish a department, carry over.
fn year_acts(rights: &Rights, board: &Board) -> SafeHtml {
    if board.initiatives.is_empty() || !rights.update {
        return SafeHtml::EMPTY;
    }
    let year = board.fiscal_year;
    let record = Post::new(format!("{BOARD}/record"), Submit::new("今日の値を記録").icon(Icon::Check));
    let mut body =
        view::paragraph("台帳を数える指標の今日の値を、実績の記録に残します。変わっていない値は記録しません。");
    body.push(&record.hidden("fy", year.to_string()).html());
    if rights.plan {
        let question = format!(
            "「継続」とした取り組みを、{}の下書きとして引き継ぎます。前年度の取り組みへのつながりが残ります。すでに引き継いだものは飛ばします。",
            year.next().label()
        );
        let form = Post::new(format!("{BOARD}/carry"), Submit::new("引き継ぐ").look(Look::Primary));
        let form = form.hidden("fy", year.to_string());
        body.push(&Confirm::new(Lang::Ja, format!("{}へ引き継ぐ", year.next().label()), question, form).html());
        body.push(&publish_form(board));
    }
    view::section("年度の操作", &body)
}

fn publish_form(board: &Board) -> SafeHtml {
    let options: SafeHtml = board
        .departments
        .iter()
        .map(|one| {
            let name = SafeHtml::escape(&one.name);
            SafeHtml::trusted(format!("<option value=\"{}\">{name}</option>", one.id))
        })
        .collect();
    let button = Submit::new("この部局の方針を公表する").icon(Icon::External).html();
    SafeHtml::trusted(format!(
        "<form class=\"policy-filter no-print\" method=\"post\" action=\"{BOARD}/publish\"><input type=\"hidden\" name=\"fy\" value=\"{}\">\
         <div class=\"field\"><label class=\"field-label\" for=\"publish-department\">公表する部局</label>\
         <select class=\"input\" id=\"publish-department\" name=\"department\">{options}</select></div>\
         <div class=\"button-row\">{button}</div></form>",
        board.fiscal_year
    ))
}

/// What the act before this page has done.
fn done(cx: &Cx) -> Option<Notice> {
    let (act, rest) =
        cx.query("done").and_then(|text| text.split_once(':').map(|(a, b)| (a.to_owned(), b.to_owned())))?;
    let count: usize = rest.parse().ok()?;
    let sentence = match act.as_str() {
        "imported" => format!("方針書を取り込みました。書き込んだ取り組みは{count}件です。"),
        "recorded" => format!("今日の値を記録しました。変わっていた値は{count}件です。"),
        "carried" => format!("{count}件の取り組みを翌年度の下書きにしました。"),
        "published" => format!("{count}件の記録を公表しました。"),
        _ => return None,
    };
    Some(Notice::new(Tone::Success, sentence))
}

/// The fiscal year that a form names.
fn year_of(entries: &Entries) -> Result<FiscalYear, Problem> {
    entries.text("fy").parse().map_err(|_| Problem::bad_request("年度が読み取れません。画面を開き直してください。"))
}

/// Back to the board with what was done; with sentences on what could not be done as a page of its own.
pub(super) fn told(cx: &Cx, year: FiscalYear, done: &str, refused: &[String]) -> Response {
    if refused.is_empty() {
        return view::done_at(&format!("{BOARD}?fy={year}"), done);
    }
    let site = cx.desk_site(BOARD);
    let items: SafeHtml =
        refused.iter().map(|one| SafeHtml::trusted(format!("<li>{}</li>", SafeHtml::escape(one)))).collect();
    let notice =
        Notice::new(Tone::Warning, format!("できなかったものが{}件あります。ほかは済みました。", refused.len()))
            .more(SafeHtml::trusted(format!("<ul>{items}</ul>")));
    let back = LinkButton::new("部局運営方針に戻る", format!("{BOARD}?fy={year}")).html();
    let page = Page::new(&site, "結果").crumb("部局運営方針", BOARD).notice(notice).body(back);
    Html(page.render()).into_response()
}

/// `POST /desk/policy/record`
pub async fn record(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    Rights::of(&cx).require(|rights| rights.update)?;
    let year = year_of(&entries)?;
    let recorded = live::record_all(cx.ledgers(), cx.context(), None).await?;
    let failed = recorded.failed.iter().map(|(name, why)| format!("指標「{name}」は数えられませんでした。{why}"));
    Ok(told(&cx, year, &format!("recorded:{}", recorded.written), &failed.collect::<Vec<_>>()))
}

/// `POST /desk/policy/carry`
pub async fn carry(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    Rights::of(&cx).require(|rights| rights.plan)?;
    let year = year_of(&entries)?;
    let carried = carry::carry(cx.ledgers(), cx.context(), year, None).await?;
    Ok(told(&cx, year.next(), &format!("carried:{}", carried.initiatives), &carried.refused))
}

/// `POST /desk/policy/publish`
pub async fn publish(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    Rights::of(&cx).require(|rights| rights.plan)?;
    let year = year_of(&entries)?;
    let department = pieces::id_of(entries.text("department"))?;
    let (count, refused) = publish::publish(cx.ledgers(), cx.context(), year.year(), department).await?;
    Ok(told(&cx, year, &format!("published:{count}"), &refused))
}
