//! Retention and disposal: what is due, proposing, deciding, and the certificate.

use axum::extract::Path;
use axum::response::Response;
use jiff::civil::Date;
use kawasemi_kernel::era::parse_date;
use kawasemi_kernel::{Actor, Lang, RecordId};
use kawasemi_oversight::disposal::{Disposal, DisposalKind, DisposalState};
use kawasemi_ui::button::{self, LinkButton, Look, Submit};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::facts::{Fact, facts};
use kawasemi_ui::field::{FieldKind, FieldView};
use kawasemi_ui::notice::{Empty, Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml};
use uuid::Uuid;

use super::{is_officer, refused, with_refusal};
use crate::audit::{People, page, site};
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{done, done_at, narrowing, note, section, when, when_or};

const PATH: &str = "/desk/privacy/disposals";
/// Records of a disposal on its page.
const SHOWN: u32 = 500;
/// Candidates on a page.
const CANDIDATES: usize = 500;

/// `GET /desk/privacy/disposals`
pub async fn list(cx: Cx) -> Result<Response, Problem> {
    let today = cx.context().today();
    let due = cx.city().oversight.due(cx.context(), today).await?;
    let columns = vec![
        Column::new("ledger", "台帳"),
        Column::new("retention", "保存期間"),
        Column::new("records", "満了した記録").align(Align::Number),
    ];
    let rows = due.iter().map(|due| {
        let name = if due.records > 0 && is_officer(&cx) {
            SafeHtml::link(&format!("/desk/privacy/due/{}", due.ledger), &due.title)
        } else {
            SafeHtml::escape(&due.title)
        };
        Row::new(vec![name, SafeHtml::escape(&due.retention), SafeHtml::escape(due.records)])
    });
    let mut body = section("保存期間の満了", &Table::new(Lang::Ja, "保存期間の満了", columns, rows.collect()).html());
    let disposals = cx.city().oversight.disposals(cx.context()).await?;
    body.push(&section("廃棄の起案と記録", &table(&cx, &disposals).await?));
    let site = site(&cx);
    let holds = LinkButton::new("廃棄の保留", "/desk/privacy/holds").html();
    let page = page(&site, "保存期間と廃棄")
        .lead("満了した記録は、一人が起案し、別の一人が決定すると、内容が消去されます。")
        .actions(button::row([holds, button::print("廃棄記録簿を印刷する")]))
        .body(body);
    Ok(with_refusal(page, None))
}

async fn table(cx: &Cx, disposals: &[Disposal]) -> Result<SafeHtml, Problem> {
    if disposals.is_empty() {
        return Ok(Empty::new("廃棄の起案はありません").html());
    }
    let actors = disposals.iter().flat_map(|one| std::iter::once(&one.proposed_by).chain(one.decided_by.as_ref()));
    let accounts: Vec<Uuid> = actors.filter_map(|actor| account(actor)).collect();
    let people = People::load(cx, accounts, []).await?;
    let columns = vec![
        Column::new("proposed", "起案").align(Align::Tight),
        Column::new("kind", "区分"),
        Column::new("ledger", "台帳"),
        Column::new("records", "件数").align(Align::Number),
        Column::new("by", "起案者"),
        Column::new("state", "状態").align(Align::Tight),
        Column::new("decided", "決定者"),
        Column::new("erased", "消去").align(Align::Number),
        Column::new("done", "完了").align(Align::Tight),
    ];
    let rows = disposals.iter().map(|one| {
        Row::new(vec![
            SafeHtml::link(&format!("{PATH}/{}", one.id), &when(one.proposed_at)),
            SafeHtml::escape(one.kind.label()),
            SafeHtml::escape(crate::audit::ledger(cx, &one.ledger)),
            SafeHtml::escape(one.records),
            SafeHtml::escape(people.actor(&one.proposed_by)),
            state(one.state),
            SafeHtml::or_dash(&one.decided_by.as_deref().map(|actor| people.actor(actor)).unwrap_or_default()),
            SafeHtml::escape(one.erased),
            SafeHtml::escape(when_or(one.done_at, "－")),
        ])
    });
    Ok(Table::new(Lang::Ja, "廃棄記録簿", columns, rows.collect()).html())
}

fn state(state: DisposalState) -> SafeHtml {
    let tone = match state {
        DisposalState::Proposed => State::Underway,
        DisposalState::Approved => State::Underway,
        DisposalState::Done => State::Done,
        DisposalState::Rejected | DisposalState::Drafted => State::Muted,
    };
    chip(tone, state.label())
}

fn account(actor: &str) -> Option<Uuid> {
    actor.parse::<Actor>().ok()?.account()
}

/// `GET /desk/privacy/due/{ledger}`
pub async fn candidates(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let as_of = cx.query("as_of").and_then(|day| parse_date(&day).ok()).unwrap_or_else(|| cx.context().today());
    proposal(&cx, &ledger, as_of, "", None).await
}

/// `POST /desk/privacy/due/{ledger}`
pub async fn propose(cx: Cx, Path(ledger): Path<String>, entries: Entries) -> Result<Response, Problem> {
    let as_of: Date = parse_date(entries.text("as_of")).unwrap_or_else(|_| cx.context().today());
    let without: Vec<RecordId> = entries.all("without").filter_map(|id| id.parse().ok()).collect();
    let reason = entries.text("reason");
    let outcome = cx.city().oversight.propose_disposal(cx.context(), &ledger, as_of, &without, reason).await;
    match refused(outcome)? {
        Ok(id) => Ok(done_at(&format!("{PATH}/{id}"), "proposed")),
        Err(sentence) => proposal(&cx, &ledger, as_of, reason, Some(sentence)).await,
    }
}

async fn proposal(
    cx: &Cx,
    ledger: &str,
    as_of: Date,
    reason: &str,
    refusal: Option<String>,
) -> Result<Response, Problem> {
    let (found, more) = cx.city().oversight.candidates(cx.context(), ledger, as_of).await?;
    let title = crate::audit::ledger(cx, ledger);
    let path = format!("/desk/privacy/due/{ledger}");
    let date = FieldView::new("as_of", "基準日", FieldKind::Date).value(as_of.to_string()).html(Lang::Ja);
    let mut body = narrowing(&path, [date], "この日で調べ直す");
    let site = site(cx);
    let page = page(&site, "廃棄を起案する").crumb("保存期間と廃棄", PATH).lead(format!("{title}　{}件", found.len()));
    if found.is_empty() {
        body.push(&Empty::new("この日に保存期間が満了している記録はありません").html());
        return Ok(with_refusal(page.body(body), refusal));
    }
    let columns = vec![
        Column::new("without", "外す").align(Align::Tight),
        Column::new("record", "記録"),
        Column::new("expired", "満了日").align(Align::Tight),
        Column::new("held", "保留・状態"),
    ];
    let rows = found.iter().take(CANDIDATES).map(|candidate| {
        let id = candidate.record.to_string();
        let named = candidate.number.clone().unwrap_or_else(|| id.clone());
        let box_ = format!(
            "<input type=\"checkbox\" name=\"without\" value=\"{id}\" form=\"f-propose\" aria-label=\"{}を外す\">",
            SafeHtml::escape(&named)
        );
        let said = match (&candidate.held, candidate.is_deleted) {
            (Some(reason), _) => format!("保留（{reason}）。廃棄されません"),
            (None, true) => "削除済み".to_owned(),
            (None, false) => String::new(),
        };
        Row::new(vec![
            SafeHtml::trusted(box_),
            SafeHtml::link(&format!("/desk/ledgers/{ledger}/{id}"), &named),
            SafeHtml::escape(kawasemi_kernel::era::short(candidate.expired_on)),
            SafeHtml::or_dash(&said),
        ])
    });
    body.push(&Table::new(Lang::Ja, "保存期間が満了した記録", columns, rows.collect()).html());
    if found.len() > CANDIDATES || more {
        let said = format!(
            "画面には満了の古い順に{CANDIDATES}件を出しています。起案は満了したすべて（一度に1万件まで）が対象です。"
        );
        body.push(&note(&said));
    }
    let reason = FieldView::new("reason", "起案の理由", FieldKind::LongText { max: Some(1_000) })
        .hint("例　令和8年度の文書廃棄")
        .required()
        .value(reason);
    let button = Submit::new("廃棄を起案する").html();
    body.push(&SafeHtml::trusted(format!(
        "<form class=\"form\" id=\"f-propose\" method=\"post\" action=\"{}\">\
         <input type=\"hidden\" name=\"as_of\" value=\"{as_of}\">{}<div class=\"button-row\">{button}</div></form>",
        SafeHtml::escape(&path),
        reason.html(Lang::Ja)
    )));
    Ok(with_refusal(page.body(body), refusal))
}

/// `GET /desk/privacy/disposals/{disposal}`: the proposal, and once it is done its certificate.
pub async fn show(cx: Cx, Path(disposal): Path<Uuid>) -> Result<Response, Problem> {
    render(&cx, disposal, "", None).await
}

/// `POST /desk/privacy/disposals/{disposal}/decide`
pub async fn decide(cx: Cx, Path(disposal): Path<Uuid>, entries: Entries) -> Result<Response, Problem> {
    let (approve, words) = (entries.text("decision") == "approve", entries.text("words"));
    let outcome = cx.city().oversight.decide_disposal(cx.context(), disposal, approve, words).await;
    match refused(outcome)? {
        Ok(()) => Ok(done_at(&format!("{PATH}/{disposal}"), if approve { "approved" } else { "rejected" })),
        Err(sentence) => render(&cx, disposal, words, Some(sentence)).await,
    }
}

async fn render(cx: &Cx, id: Uuid, words: &str, refusal: Option<String>) -> Result<Response, Problem> {
    let one = cx.city().oversight.disposal(cx.context(), id).await?;
    let records = cx.city().oversight.disposal_records(cx.context(), id, None, SHOWN).await?;
    let actors = std::iter::once(&one.proposed_by).chain(one.decided_by.as_ref());
    let accounts: Vec<Uuid> = actors.filter_map(|actor| account(actor)).collect();
    let people = People::load(cx, accounts, []).await?;
    let by = |actor: &Option<String>| actor.as_deref().map(|actor| people.actor(actor)).unwrap_or_default();
    let is_done = one.state == DisposalState::Done;
    let mut lines = vec![
        Fact::text("区分", one.kind.label()),
        Fact::text("台帳", &crate::audit::ledger(cx, &one.ledger)),
        Fact::text("根拠", &one.rule),
        Fact::text("基準日", &kawasemi_kernel::era::long(one.as_of)),
        Fact::text("件数", &format!("{}件", one.records)),
        Fact::text("起案", &format!("{}　{}", when(one.proposed_at), people.actor(&one.proposed_by))),
        Fact::text("起案の理由", &one.reason),
        Fact::text("状態", one.state.label()),
        Fact::text("決定", &format!("{}　{}", when_or(one.decided_at, ""), by(&one.decided_by))),
        Fact::text("決定の言葉", &one.decision),
    ];
    if is_done {
        lines.extend([
            Fact::text("完了", &when_or(one.done_at, "")),
            Fact::text("消去した記録", &format!("{}件", one.erased)),
            Fact::text("残した記録", &format!("{}件", one.skipped)),
            Fact::text("消去した添付ファイル", &format!("{}件", one.files)),
            Fact::text("証明番号", &one.id.to_string()),
        ]);
    }
    let mut body = facts(&lines);
    if is_done {
        body.push(&note(
            "上の記録の内容（すべての版、検索の索引、ほかの記録が指していない添付ファイル）を消去したことを証明します。監査の記録には、\
             だれがいつ何をしたかと、署名した廃棄の証が残ります。",
        ));
    }
    if one.state == DisposalState::Proposed && is_officer(cx) {
        body.push(&section("決定する", &decision(cx, &one, words)));
    }
    let columns = vec![
        Column::new("record", "記録のID"),
        Column::new("expired", "満了日").align(Align::Tight),
        Column::new("state", "結果").align(Align::Tight),
        Column::new("note", "残した理由"),
    ];
    let rows = records.iter().map(|record| {
        let state = match record.state.as_str() {
            "erased" => "消去",
            "skipped" => "残した",
            _ => "これから",
        };
        Row::new(vec![
            SafeHtml::escape(record.record),
            SafeHtml::or_dash(&record.expired_on),
            SafeHtml::escape(state),
            SafeHtml::or_dash(&record.note),
        ])
    });
    body.push(&section("記録", &Table::new(Lang::Ja, "廃棄する記録", columns, rows.collect()).html()));
    if one.records > i64::from(SHOWN) {
        body.push(&note(&format!("先頭の{SHOWN}件を出しています。")));
    }
    let site = site(cx);
    let title = match (is_done, one.kind) {
        (true, DisposalKind::Expiry) => "廃棄証明書",
        (true, DisposalKind::Request) => "消去証明書",
        (false, _) => "廃棄の起案",
    };
    let mut page = page(&site, title).crumb("保存期間と廃棄", PATH).actions(button::print("印刷する")).body(body);
    let sentences = [
        ("proposed", "廃棄を起案しました。別の個人情報保護担当が決定すると、消去が始まります。"),
        ("approved", "承認しました。消去はまもなく始まります。"),
        ("rejected", "不承認としました。"),
    ];
    if let Some(notice) = done(cx, &sentences) {
        page = page.notice(notice);
    } else if one.state == DisposalState::Approved {
        page = page.notice(Notice::new(Tone::Info, "消去しています。この画面を開き直すと進み具合が分かります。"));
    }
    Ok(with_refusal(page, refusal))
}

fn decision(cx: &Cx, one: &Disposal, words: &str) -> SafeHtml {
    if one.proposed_by == cx.context().act.actor.to_string() {
        return note("起案した人は決定できません。別の個人情報保護担当が決定します。");
    }
    let words = FieldView::new("words", "決定の言葉", FieldKind::LongText { max: Some(1_000) })
        .hint("不承認のときは必ず入力します。")
        .value(words);
    let approve = Submit::new("廃棄を承認する").sends("decision", "approve").html();
    let reject = Submit::new("不承認にする").sends("decision", "reject").look(Look::Secondary).html();
    SafeHtml::trusted(format!(
        "<form class=\"form\" method=\"post\" action=\"{PATH}/{}/decide\">{}<div class=\"button-row\">{approve}{reject}</div></form>",
        one.id,
        words.html(Lang::Ja)
    ))
}
