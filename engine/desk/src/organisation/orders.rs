//! Orders of the personnel section: what is planned, bringing in a file, taking back.

use axum::response::{Html, IntoResponse, Response};
use jiff::civil::Date;
use kawasemi_kernel::{Lang, RecordId};
use kawasemi_registry::PERSONNEL_ORDER;
use kawasemi_registry::registers::{KnownOrder, OrderState, Registers};
use kawasemi_registry::sheet::LineProblem;
use kawasemi_registry::transfer::check::describe;
use kawasemi_registry::transfer::orders::{self, OrderReport, Wanted};
use kawasemi_registry::transfer::preview::Preview;
use kawasemi_ui::button::{Look, Post, Submit, row};
use kawasemi_ui::field::{FieldKind, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::list::BulkForm;
use kawasemi_ui::notice::{Empty, Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml, said};

use super::{editors_only, files, follow, page, refusal, site};
use crate::account::read_day;
use crate::ledgers::kept_files::KEPT;
use crate::problem::Problem;
use crate::request::{Cx, Entries, Uploads};
use crate::view::{answer, disclosure, done, done_at, note, section};

const PATH: &str = "/desk/organisation/orders";
const DONE: [(&str, &str); 2] = [
    ("imported", "発令を取り込みました。発令日の午前0時に効力が出ます。"),
    ("withdrawn", "選んだ発令を取り消しました。"),
];

/// What was typed into the form.
#[derive(Default)]
struct Typed {
    title: String,
    effective: String,
    mistakes: Vec<(&'static str, String)>,
}

/// `GET /desk/organisation/orders`
pub async fn list(cx: Cx) -> Result<Response, Problem> {
    editors_only(&cx)?;
    let effective = super::asked_day(&cx).0.to_string();
    render(&cx, Typed { effective, ..Typed::default() }, None).await
}

/// `POST /desk/organisation/orders`: tries a file, or brings it in.
pub async fn import(cx: Cx, uploads: Uploads) -> Result<Response, Problem> {
    editors_only(&cx)?;
    let text = |name: &str| uploads.entries.text(name).to_owned();
    let mut typed = Typed { title: text("title"), effective: text("effective"), mistakes: Vec::new() };
    let effective = read_day(&typed.effective).unwrap_or_else(|said| {
        typed.mistakes.push(("effective", said));
        None
    });
    let chosen = match files::chosen(&cx, PERSONNEL_ORDER, &uploads).await? {
        Ok(chosen) => chosen,
        Err(said) => {
            typed.mistakes.push(("file", said));
            return render(&cx, typed, None).await;
        }
    };
    if !typed.mistakes.is_empty() {
        return render(&cx, typed, None).await;
    }
    let dry_run = !uploads.entries.has("import");
    let wanted = Wanted { file: chosen.file.path(), title: &typed.title, effective, dry_run };
    let context = cx.because("人事発令の取込");
    let imported = orders::import(cx.ledgers(), &cx.city().identity, &context, cx.desk().ids(), wanted).await;
    let report = match imported {
        Ok(report) => report,
        Err(error) => {
            typed.mistakes.push(("file", format!("{}：{}", chosen.name, refusal(error)?)));
            return render(&cx, typed, None).await;
        }
    };
    if dry_run {
        return tried(&cx, &typed, &chosen, &report);
    }
    follow(&cx).await?;
    if report.refused.is_empty() { Ok(done_at(PATH, "imported")) } else { brought_in(&cx, &report) }
}

/// `POST /desk/organisation/orders/withdraw`
pub async fn withdraw(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    editors_only(&cx)?;
    let ids: Vec<RecordId> = entries.all("order").filter_map(|id| id.parse().ok()).collect();
    let context = cx.because("人事発令の取消し");
    match orders::withdraw(cx.ledgers(), &context, &ids).await {
        Ok(_) => {
            follow(&cx).await?;
            Ok(done_at(PATH, "withdrawn"))
        }
        Err(error) => {
            let notice = Notice::new(Tone::Error, "取り消せません").text(refusal(error)?);
            render(&cx, Typed::default(), Some(notice)).await
        }
    }
}

async fn render(cx: &Cx, typed: Typed, notice: Option<Notice>) -> Result<Response, Problem> {
    let registers = Registers::load(cx.ledgers(), cx.context()).await?;
    let mistaken = !typed.mistakes.is_empty();
    let form = form(cx, &typed).html();
    let mut body = disclosure("発令のファイルを取り込む", &form, mistaken || registers.orders.is_empty());
    let state = |state| registers.orders.iter().filter(move |known| known.state == state).collect::<Vec<_>>();
    body.push(&section("発令待ち", &planned(&registers, &state(OrderState::Planned))));
    let mut past = state(OrderState::InForce);
    past.reverse();
    past.truncate(200);
    if !past.is_empty() {
        body.push(&section("発令済み（新しい順）", &table(&registers, &past, "発令済み").html()));
    }
    let site = site(cx);
    let lead = "前もって取り込んだ発令は、発令日の午前0時に権限へ、続いて配属の台帳へ反映されます。それまでは人事の担当だけが見られます。";
    let mut page = page(&site, "人事発令").lead(lead).body(body);
    for notice in done(cx, &DONE).into_iter().chain(notice) {
        page = page.notice(notice);
    }
    Ok(answer(page, mistaken))
}

fn form(cx: &Cx, typed: &Typed) -> Form {
    let hint = "列：職員番号、氏名、発令区分（転任・配置換・昇任・兼務・兼務解除・休職・育児休業・復職・採用・会計年度任用・再任用・退職・出向・派遣）、発令日、所属コード、職名、終了日";
    let file = files::field(cx, "発令のファイル（CSV・Excel）", hint).required();
    let title = FieldView::new("title", "発令の名前", FieldKind::Text { max: Some(100) })
        .hint("例 令和9年4月1日付け人事異動。空欄なら発令日になります。")
        .value(typed.title.as_str());
    let day = FieldView::new("effective", "発令日", FieldKind::Date)
        .hint("ファイルに発令日のない行に使います。")
        .value(typed.effective.as_str());
    let fields = typed.mistakes.iter().fold(vec![file, title, day], |fields, (key, said)| {
        let place = ["file", "title", "effective"].iter().position(|known| known == key);
        fields
            .into_iter()
            .enumerate()
            .map(|(n, field)| if Some(n) == place { field.error(said.as_str()) } else { field })
            .collect()
    });
    Form::new(Lang::Ja, PATH).fields(fields).submit("確かめる").plain()
}

fn planned(registers: &Registers, orders: &[&KnownOrder]) -> SafeHtml {
    if orders.is_empty() {
        return Empty::new("発令待ちはありません")
            .text("ファイルから取り込むと、ここに並びます。")
            .icon(Icon::People)
            .html();
    }
    let table = table(registers, orders, "発令待ち").selectable("order").html();
    let withdraw = Submit::new("選んだ発令を取り消す").look(Look::Secondary).html();
    BulkForm::new(Lang::Ja, format!("{PATH}/withdraw"), table, row([withdraw])).html()
}

fn table(registers: &Registers, orders: &[&KnownOrder], caption: &str) -> Table {
    let columns = vec![
        Column::new("day", "発令日").align(Align::Tight),
        Column::new("person", "職員"),
        Column::new("order", "発令"),
        Column::new("until", "終了日").align(Align::Tight),
        Column::new("title", "発令の名前"),
        Column::new("problem", "反映できない理由"),
    ];
    let rows = orders.iter().map(|known| {
        let order = &known.order;
        let person = registers.people.get(&order.staff);
        let name = person.map_or("（不明）", |person| person.name.as_str());
        let until = order.until.map(|day| said::short_date(Lang::Ja, day)).unwrap_or_default();
        let cells = vec![
            SafeHtml::escape(said::short_date(Lang::Ja, order.effective_on)),
            SafeHtml::link(&format!("/desk/ledgers/{PERSONNEL_ORDER}/{}", known.id), name),
            SafeHtml::escape(describe(registers, order)),
            SafeHtml::or_dash(&until),
            SafeHtml::or_dash(&known.title),
            SafeHtml::or_dash(&known.problem),
        ];
        Row::new(cells).select(known.id.to_string(), format!("{name}の発令を選ぶ"))
    });
    Table::new(Lang::Ja, caption, columns, rows.collect())
}

/// What a file would come to, and the way to bring it in.
fn tried(cx: &Cx, typed: &Typed, chosen: &files::Chosen, report: &OrderReport) -> Result<Response, Problem> {
    let mut body = SafeHtml::EMPTY;
    if report.accepted > 0 {
        let button = Submit::new(format!("{}件を取り込む", report.accepted)).sends("import", "1").look(Look::Primary);
        let post = Post::new(PATH, button)
            .hidden(KEPT, &chosen.sealed)
            .hidden("title", &typed.title)
            .hidden("effective", &typed.effective);
        body.push(&row([post.html(), kawasemi_ui::button::LinkButton::new("やめる", PATH).html()]));
    }
    body.push(&refused(&report.refused));
    body.push(&section("この発令で変わること", &people(&report.people)));
    let site = site(cx);
    let page = page(&site, "発令の確認").crumb("人事発令", PATH).lead(format!(
        "{}：取り込める {}件、取込済み {}件、取り込めない {}件。まだ何も取り込んでいません。",
        chosen.name,
        report.accepted,
        report.unchanged,
        report.refused.len()
    ));
    Ok(Html(page.body(body).render()).into_response())
}

fn brought_in(cx: &Cx, report: &OrderReport) -> Result<Response, Problem> {
    let site = site(cx);
    let notice = Notice::new(Tone::Warning, format!("{}件を取り込みました", report.accepted))
        .text(format!("取り込めなかった行が{}件あります。直して、もう一度取り込んでください。", report.refused.len()));
    let page = page(&site, "取込の結果").crumb("人事発令", PATH).notice(notice).body(refused(&report.refused));
    Ok(Html(page.render()).into_response())
}

/// Lines that were not taken, with the reason.
pub fn refused(problems: &[LineProblem]) -> SafeHtml {
    if problems.is_empty() {
        return SafeHtml::EMPTY;
    }
    let columns = vec![
        Column::new("line", "行").align(Align::Tight),
        Column::new("about", "対象"),
        Column::new("message", "理由と直し方"),
    ];
    let rows = problems.iter().map(|problem| {
        let line = if problem.line > 0 { problem.line.to_string() } else { String::new() };
        Row::new(vec![SafeHtml::or_dash(&line), SafeHtml::escape(&problem.about), SafeHtml::escape(&problem.message)])
    });
    section("取り込めない行", &Table::new(Lang::Ja, "取り込めない行", columns, rows.collect()).html())
}

/// What becomes of people, before and after.
fn people(people: &[Preview]) -> SafeHtml {
    if people.is_empty() {
        return note("変わる人はいません。");
    }
    let columns = vec![
        Column::new("day", "日").align(Align::Tight),
        Column::new("person", "職員"),
        Column::new("before", "前日まで"),
        Column::new("after", "その日から"),
        Column::new("rights", "権限の動き"),
    ];
    let rows = people.iter().map(|one| {
        Row::new(vec![
            SafeHtml::escape(said::short_date(Lang::Ja, one.day)),
            lines(&[format!("{}（{}）", one.name, one.number), one.orders.join("、")]),
            lines(&one.before),
            lines(&one.after),
            rights(one),
        ])
    });
    Table::new(Lang::Ja, "発令の前と後", columns, rows.collect()).html()
}

fn rights(one: &Preview) -> SafeHtml {
    let part = |word: &str, names: &[String]| (!names.is_empty()).then(|| format!("{word}：{}", names.join("、")));
    let parts = [
        part("見られなくなる部局", &one.lost),
        part("見られるようになる部局", &one.gained),
        part("なくなる役割", &one.roles_lost),
        part("残る役割（管理者が確認）", &one.roles_kept),
        part("注意", &one.warnings),
    ];
    let said: Vec<String> = parts.into_iter().flatten().collect();
    if said.is_empty() { SafeHtml::or_dash("") } else { lines(&said) }
}

/// Several lines in one cell.
pub fn lines(lines: &[String]) -> SafeHtml {
    let items: SafeHtml =
        lines.iter().map(|line| SafeHtml::trusted(format!("<li>{}</li>", SafeHtml::escape(line)))).collect();
    SafeHtml::trusted(format!("<ul class=\"plain-list\">{items}</ul>"))
}

/// A day for people.
pub fn day(day: Date) -> String {
    said::date(Lang::Ja, day)
}
