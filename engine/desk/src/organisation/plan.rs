//! Reorganisations: the plan of a fiscal year, bringing in a file, settling it, taking it back.

use axum::response::Response;
use kawasemi_kernel::Lang;
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_registry::REORGANISATION_STEP;
use kawasemi_registry::registers::Registers;
use kawasemi_registry::reorganisation::{Finding, Severity, Step, StepState, check, settle as plans};
use kawasemi_ui::button::{Confirm, Look, Post, Submit, row};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::field::{FieldKind, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Empty, Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::orders::{lines, refused};
use super::{editors_only, files, follow, page, refusal, site};
use crate::ledgers::kept_files::KEPT;
use crate::problem::Problem;
use crate::request::{Cx, Entries, Uploads};
use crate::view::{answer, disclosure, done, done_at, section};

const PATH: &str = "/desk/organisation/plan";
const DONE: [(&str, &str); 3] = [
    ("imported", "計画を取り込みました。内容を確かめて確定してください。"),
    ("settled", "計画を確定しました。施行年度の4月1日午前0時に効力が出ます。"),
    ("withdrawn", "計画を取り消しました。"),
];

#[derive(Default)]
struct Shown {
    year: String,
    mistakes: Vec<(&'static str, String)>,
    notice: Option<Notice>,
    above: SafeHtml,
}

/// `GET /desk/organisation/plan`
pub async fn list(cx: Cx) -> Result<Response, Problem> {
    editors_only(&cx)?;
    let year = FiscalYear::of(cx.context().today()).year() + 1;
    render(&cx, Shown { year: year.to_string(), ..Shown::default() }).await
}

/// `POST /desk/organisation/plan`: tries a file, or brings it in.
pub async fn import(cx: Cx, uploads: Uploads) -> Result<Response, Problem> {
    editors_only(&cx)?;
    let mut shown = Shown { year: uploads.entries.text("year").to_owned(), ..Shown::default() };
    let year = match shown.year.as_str() {
        "" => None,
        text => text
            .parse()
            .map_err(|error: kawasemi_kernel::fiscal::FiscalYearError| {
                shown.mistakes.push(("year", error.to_string()));
            })
            .ok(),
    };
    let chosen = match files::chosen(&cx, REORGANISATION_STEP, &uploads).await? {
        Ok(chosen) if shown.mistakes.is_empty() => chosen,
        Ok(_) => return render(&cx, shown).await,
        Err(said) => {
            shown.mistakes.push(("file", said));
            return render(&cx, shown).await;
        }
    };
    let dry_run = !uploads.entries.has("import");
    let context = cx.because("機構改革の計画の取込");
    let report = match plans::import(cx.ledgers(), &context, chosen.file.path(), year, dry_run).await {
        Ok(report) => report,
        Err(error) => {
            shown.mistakes.push(("file", format!("{}：{}", chosen.name, refusal(error)?)));
            return render(&cx, shown).await;
        }
    };
    if !dry_run && report.findings.is_empty() && report.refused.is_empty() {
        return Ok(done_at(PATH, "imported"));
    }
    let said = if dry_run {
        "取り込むと次のようになります（まだ何も取り込んでいません）"
    } else {
        "取り込みました"
    };
    let text = format!(
        "{}：取り込む行 {}件、取込済み {}件、取り込めない行 {}件。",
        chosen.name,
        report.taken.len(),
        report.unchanged,
        report.refused.len() + report.findings.iter().filter(|found| found.severity == Severity::Error).count()
    );
    shown.notice = Some(Notice::new(Tone::Info, said).text(text));
    if dry_run && !report.taken.is_empty() {
        let button =
            Submit::new(format!("{}件を取り込む", report.taken.len())).sends("import", "1").look(Look::Primary);
        let post = Post::new(PATH, button).hidden(KEPT, &chosen.sealed).hidden("year", &shown.year);
        shown.above.push(&row([post.html()]));
        shown.above.push(&section("取り込む行", &lines(&report.taken)));
    }
    shown.above.push(&refused(&report.refused));
    shown.above.push(&findings(&report.findings));
    render(&cx, shown).await
}

/// `POST /desk/organisation/plan/settle`
pub async fn settle(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    editors_only(&cx)?;
    let year = year_of(&entries)?;
    let context = cx.because("機構改革の計画の確定");
    match plans::settle(cx.ledgers(), &context, cx.desk().ids(), year).await {
        Ok(_) => {
            follow(&cx).await?;
            Ok(done_at(PATH, "settled"))
        }
        Err(error) => refused_act(&cx, year, "確定できません", refusal(error)?).await,
    }
}

/// `POST /desk/organisation/plan/withdraw`
pub async fn withdraw(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    editors_only(&cx)?;
    let year = year_of(&entries)?;
    let context = cx.because("機構改革の計画の取消し");
    match plans::withdraw(cx.ledgers(), &context, year, cx.context().today()).await {
        Ok(_) => {
            follow(&cx).await?;
            Ok(done_at(PATH, "withdrawn"))
        }
        Err(error) => refused_act(&cx, year, "取り消せません", refusal(error)?).await,
    }
}

fn year_of(entries: &Entries) -> Result<FiscalYear, Problem> {
    entries.text("year").parse().map_err(|_| Problem::bad_request("年度を選んでください。"))
}

async fn refused_act(cx: &Cx, year: FiscalYear, title: &str, text: String) -> Result<Response, Problem> {
    let notice = Some(Notice::new(Tone::Error, title).text(text));
    render(cx, Shown { year: year.year().to_string(), notice, ..Shown::default() }).await
}

async fn render(cx: &Cx, shown: Shown) -> Result<Response, Problem> {
    let registers = Registers::load(cx.ledgers(), cx.context()).await?;
    let mistaken = !shown.mistakes.is_empty();
    let mut body = shown.above.clone();
    body.push(&disclosure(
        "計画のファイルを取り込む",
        &form(cx, &shown).html(),
        mistaken || registers.steps.is_empty(),
    ));
    let mut years: Vec<FiscalYear> =
        registers.steps.iter().filter(|step| step.state != StepState::Withdrawn).map(|step| step.fiscal_year).collect();
    years.sort_unstable();
    years.dedup();
    if years.is_empty() {
        let text = "新設、改称、移管、統合、分割、廃止を一行ずつ書いたファイルを取り込みます。";
        body.push(&Empty::new("機構改革の計画はありません").text(text).icon(Icon::Board).html());
    }
    for year in years.into_iter().rev() {
        body.push(&section(&format!("{}の機構改革", year.label()), &of_year(cx, &registers, year)));
    }
    let site = site(cx);
    let lead = "案を取り込み、確かめてから確定します。確定すると新しい部局が台帳に載り、4月1日の午前0時に仕事と記録が引継ぎ先へ移ります。";
    let mut page = page(&site, "機構改革").lead(lead).body(body);
    for notice in done(cx, &DONE).into_iter().chain(shown.notice) {
        page = page.notice(notice);
    }
    Ok(answer(page, mistaken))
}

fn form(cx: &Cx, shown: &Shown) -> Form {
    let said = |key: &str| shown.mistakes.iter().find(|(of, _)| *of == key).map(|(_, said)| said.clone());
    let hint = "列：区分（新設・改称・移管・統合・分割・廃止）、部局コード、名称、上位部局コード、引継ぎ先コード、台帳、条件、係コード";
    let file = files::field(cx, "計画のファイル（CSV・Excel）", hint).required();
    let year = FieldView::new("year", "施行年度", FieldKind::FiscalYear { years: Vec::new() })
        .hint("この年度の4月1日から。ファイルに年度のない行に使います。")
        .value(shown.year.as_str());
    let with = |field: FieldView, said: Option<String>| said.into_iter().fold(field, FieldView::error);
    let fields = vec![with(file, said("file")), with(year, said("year"))];
    Form::new(Lang::Ja, PATH).fields(fields).submit("確かめる").plain()
}

fn of_year(cx: &Cx, registers: &Registers, year: FiscalYear) -> SafeHtml {
    let shown: Vec<&Step> =
        registers.steps.iter().filter(|step| step.fiscal_year == year && step.state != StepState::Withdrawn).collect();
    let open = plans::steps_of(registers, year);
    let found = check(registers, year, &open, &plans::share_mistakes(cx.ledgers(), &open));
    let mut html = findings(&found);
    html.push(&table(registers, &shown));
    let has = |state| open.iter().any(|step| step.state == state);
    let is_wrong = found.iter().any(|finding| finding.severity == Severity::Error);
    let mut buttons = Vec::new();
    if has(StepState::Draft) && !is_wrong {
        let settle = Post::new(format!("{PATH}/settle"), Submit::new("計画を確定する").look(Look::Primary));
        buttons.push(settle.hidden("year", year.year().to_string()).html());
    }
    if !open.is_empty() && cx.context().today() < year.first_day() {
        let post = Post::new(format!("{PATH}/withdraw"), Submit::new("取り消す").look(Look::Danger));
        let post = post.hidden("year", year.year().to_string());
        let question = "この年度の計画をすべて取り消します。確定していた部局の新設と廃止も元に戻ります。";
        buttons.push(Confirm::new(Lang::Ja, "計画を取り消す", question, post).html());
    }
    html.push(&row(buttons));
    html
}

fn table(registers: &Registers, steps: &[&Step]) -> SafeHtml {
    let columns = vec![
        Column::new("kind", "区分").align(Align::Tight),
        Column::new("department", "部局"),
        Column::new("what", "内容"),
        Column::new("state", "状態").align(Align::Tight),
    ];
    let named = |code: &str| match registers.department_by_code(code) {
        Some(known) => format!("{}（{code}）", known.name),
        None => code.to_owned(),
    };
    let rows = steps.iter().map(|step| {
        let parts = [
            ("名称", step.name.clone()),
            ("上位", named(&step.parent)),
            ("引継ぎ先", named(&step.successor)),
            ("係", named(&step.section)),
            ("台帳", step.ledger.clone()),
            ("条件", step.condition.clone()),
        ];
        let said: Vec<String> = parts
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(word, value)| format!("{word}：{value}"))
            .collect();
        let state = match step.state {
            StepState::Draft => State::Plain,
            StepState::Settled => State::Underway,
            StepState::InForce => State::Good,
            StepState::Withdrawn => State::Muted,
        };
        Row::new(vec![
            SafeHtml::escape(step.kind.label()),
            SafeHtml::escape(named(&step.code)),
            lines(&said),
            chip(state, step.state.label()),
        ])
    });
    Table::new(Lang::Ja, "計画", columns, rows.collect()).html()
}

fn findings(findings: &[Finding]) -> SafeHtml {
    if findings.is_empty() {
        return SafeHtml::EMPTY;
    }
    let columns = vec![
        Column::new("line", "行").align(Align::Tight),
        Column::new("code", "部局コード").align(Align::Tight),
        Column::new("weight", "種類").align(Align::Tight),
        Column::new("message", "内容"),
    ];
    let rows = findings.iter().map(|found| {
        let line = if found.line > 0 { found.line.to_string() } else { String::new() };
        let weight = match found.severity {
            Severity::Error => chip(State::Bad, "誤り"),
            Severity::Warning => chip(State::Warning, "確認"),
        };
        Row::new(vec![
            SafeHtml::or_dash(&line),
            SafeHtml::escape(&found.code),
            weight,
            SafeHtml::escape(&found.message),
        ])
    });
    section("確かめること", &Table::new(Lang::Ja, "確かめること", columns, rows.collect()).html())
}
