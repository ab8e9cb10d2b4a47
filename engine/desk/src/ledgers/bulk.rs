//! Changing or deleting many records at once (一括変更): those that were ticked in a list, or all that it finds.
//!
//! Three steps, each an ordinary form: which fields, what they become, and the report of what was done, from which the whole
//! can be taken back. The engine checks every record as if it were changed alone.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use kawasemi_kernel::{Lang, RecordId};
use kawasemi_ledger::bulk::{BulkAct, BulkReport, Targets};
use kawasemi_ledger::field::FieldError;
use kawasemi_ledger::select::cql_text;
use kawasemi_ledger::{Draft, LedgerError};
use kawasemi_schema::{Action, FieldDef, FieldKind};
use kawasemi_ui::button::{LinkButton, Look, Post, Submit};
use kawasemi_ui::facts::{Fact, facts};
use kawasemi_ui::field::{Choice, FieldKind as Control, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Empty, Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml, said};

use super::asked::Asked;
use super::form::{Around, Fill, REASON, RecordForm, writable_at_best};
use super::list::{COUNTED, said as counted_words};
use super::opened::{Opened, record_href};
use super::sent::Sent;
use crate::problem::Problem;
use crate::request::Cx;
use crate::request::uploads::Uploads;
use crate::view::section;

/// Most records that are ticked at once: more than a list shows.
const TICKED: usize = 1_000;
/// The hidden entry with the fields that are to be changed.
const FIELDS: &str = "_fields";

/// `GET /desk/ledgers/{ledger}/bulk`: all records of a list.
pub async fn ask(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Update)?;
    let job = Job::of(&cx, &opened, Vec::new()).await?;
    Ok(job.choose_fields(&cx, None))
}

/// `POST /desk/ledgers/{ledger}/bulk`: the records that were ticked, and each further step.
pub async fn step(cx: Cx, Path(ledger): Path<String>, uploads: Uploads) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Update)?;
    let entries = uploads.entries.clone();
    let ticked: Vec<(RecordId, i64)> = entries.all("id").filter_map(ticked).take(TICKED).collect();
    let is_all = entries.text("_all") == "1";
    if ticked.is_empty() && !is_all {
        return Err(Problem::bad_request("変更する記録が選ばれていません。一覧に戻り、記録の左の欄で選んでください。"));
    }
    let job = Job::of(&cx, &opened, ticked).await?;
    let fields: Vec<String> = entries.all(FIELDS).filter(|key| !key.is_empty()).map(str::to_owned).collect();
    match entries.text("_step") {
        "delete" => job.delete(&cx, entries.text(REASON)).await,
        "apply" => {
            let sent = Sent::read(&cx, &opened, None, uploads).await?;
            job.apply(&cx, &fields, sent).await
        }
        "fill" if fields.is_empty() => Ok(job.choose_fields(&cx, Some("変更する項目を1つ以上選んでください。"))),
        "fill" => {
            let around = Around::of(&cx, &opened).await?;
            Ok(job.fill(&cx, &fields, Fill::New, &around))
        }
        _ => Ok(job.choose_fields(&cx, None)),
    }
}

/// Ids that were ticked, without their revisions.
pub fn chosen(entries: &crate::request::Entries, most: usize) -> Vec<RecordId> {
    entries.all("id").filter_map(ticked).map(|(id, _)| id).take(most).collect()
}

/// The CQL2 condition for some records.
pub fn condition(ids: &[RecordId]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| cql_text(&id.to_string())).collect();
    format!("id IN ({})", ids.join(", "))
}

/// A ticked row as a list sends it: the record and the revision that was on the screen.
fn ticked(text: &str) -> Option<(RecordId, i64)> {
    let (id, revision) = text.split_once(':')?;
    Some((id.parse().ok()?, revision.parse().ok()?))
}

/// Records that are to be changed.
struct Job<'a> {
    opened: &'a Opened,
    asked: Asked,
    /// Empty for all records of the list.
    ticked: Vec<(RecordId, i64)>,
    /// How many there are, in words.
    count: String,
}

impl<'a> Job<'a> {
    async fn of(cx: &Cx, opened: &'a Opened, ticked: Vec<(RecordId, i64)>) -> Result<Self, Problem> {
        let asked = Asked::of(cx.path()).with(|_| {});
        let count = if ticked.is_empty() {
            let request = asked.request(&opened.def, None);
            let counted = cx.ledgers().count(cx.context(), opened.key(), &request, COUNTED).await?;
            kawasemi_ui::list::count(Lang::Ja, counted_words(counted))
        } else {
            format!("{}件", ticked.len())
        };
        Ok(Self { opened, asked, ticked, count })
    }

    fn action(&self) -> String {
        self.asked.href(&self.opened.at("bulk"))
    }

    fn targets(&self) -> Targets {
        if self.ticked.is_empty() {
            Targets::All(Box::new(self.asked.request(&self.opened.def, None)))
        } else {
            Targets::Ticked(self.ticked.clone())
        }
    }

    /// A form of this job, sent to its next step.
    fn form(&self, step: &str) -> Form {
        let form = Form::new(Lang::Ja, self.action()).hidden("_step", step);
        let form = if self.ticked.is_empty() { form.hidden("_all", "1") } else { form };
        let ticked = self.ticked.iter();
        ticked.fold(form, |form, (id, revision)| form.hidden("id", format!("{id}:{revision}")))
    }

    fn choose_fields(&self, cx: &Cx, mistake: Option<&str>) -> Response {
        let choices = changeable(self.opened).map(|field| Choice::new(&field.key, field.label.ja())).collect();
        let fields = FieldView::new(FIELDS, "変更する項目", Control::ManyChoices { choices })
            .hint("選んだ項目だけが変わります。")
            .required();
        let fields = mistake.into_iter().fold(fields, FieldView::error);
        let form =
            self.form("fill").fields(vec![fields]).submit("次へ").cancel(self.asked.href(&self.opened.href())).plain();
        let mistaken = form.has_mistakes();
        let mut body = form.html();
        if self.opened.may(Action::Delete) {
            body.push(&section("まとめて削除する", &self.delete_form()));
        }
        self.page(cx, mistaken, &body)
    }

    fn delete_form(&self) -> SafeHtml {
        let reason = FieldView::new(REASON, "削除の理由", Control::Text { max: Some(200) })
            .hint("履歴に残ります。削除した記録は、あとで復元できます。")
            .required();
        let form =
            self.form("delete").fields(vec![reason]).submit(format!("{}を削除する", self.count)).look(Look::Danger);
        let form = form.plain().html();
        SafeHtml::trusted(format!(
            "<details class=\"disclosure\"><summary>{}を削除する</summary>{form}</details>",
            SafeHtml::escape(&self.count)
        ))
    }

    fn fill(&self, cx: &Cx, fields: &[String], fill: Fill<'_>, around: &Around) -> Response {
        let record = RecordForm { opened: self.opened, fill, around, clearance: writable_at_best(self.opened) };
        let wanted = changeable(self.opened).filter(|field| fields.contains(&field.key));
        let views: Vec<FieldView> = wanted.filter_map(|field| record.blank(field)).collect();
        let form = fields.iter().fold(self.form("apply"), |form, key| form.hidden(FIELDS, key));
        let form = around
            .mistakes
            .iter()
            .filter(|mistake| mistake.field.is_empty())
            .fold(form, |form, mistake| form.mistake(mistake.to_string()));
        let form = form
            .section("新しい内容", views)
            .section("変更の理由", vec![super::edit::reason_field("")])
            .submit(format!("{}を変更する", self.count))
            .cancel(self.asked.href(&self.opened.href()));
        let mistaken = form.has_mistakes();
        self.page(cx, mistaken, &form.html())
    }

    fn page(&self, cx: &Cx, mistaken: bool, body: &SafeHtml) -> Response {
        let what = if self.ticked.is_empty() && self.asked.is_narrowed() {
            "絞り込んだ記録"
        } else if self.ticked.is_empty() {
            "この台帳のすべての記録"
        } else {
            "選んだ記録"
        };
        let notice = Notice::new(Tone::Info, format!("{what} {}が対象です", self.count))
            .text("権限のない記録や、決まりに合わなくなる記録は変更されず、理由とともに一覧になります。終わったあとに、まとめて取り消せます。");
        let site = cx.desk_site("ledgers");
        let page = self.opened.page(&site, "まとめて変更する").notice(notice).body(body.clone());
        if mistaken {
            return (StatusCode::UNPROCESSABLE_ENTITY, Html(page.with_mistakes().render())).into_response();
        }
        Html(page.render()).into_response()
    }

    async fn apply(&self, cx: &Cx, fields: &[String], mut sent: Sent) -> Result<Response, Problem> {
        let entered = Draft::from_entry(&self.opened.def, &sent.entry);
        let mut draft = Draft::new();
        for field in changeable(self.opened).filter(|field| fields.contains(&field.key)) {
            draft.set(&field.key, entered.get(&field.key).cloned().unwrap_or_default());
        }
        sent.around.mistakes.extend(entered.mistakes().iter().filter(|m| is_of(m, fields)).cloned());
        if sent.around.mistakes.is_empty() {
            let act = BulkAct::Update(draft);
            match cx.ledgers().bulk(&cx.because(&sent.reason), self.opened.key(), &self.targets(), &act, &|_| {}).await
            {
                Ok(report) => return Ok(self.report(cx, "変更", &report)),
                Err(LedgerError::Invalid(mistakes)) => sent.around.mistakes = mistakes,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.fill(cx, fields, Fill::Typed(&sent.entry, None), &sent.around))
    }

    async fn delete(&self, cx: &Cx, reason: &str) -> Result<Response, Problem> {
        if reason.is_empty() {
            return Ok(self.choose_fields(cx, Some("まとめて削除するときは、「削除の理由」を入力してください。")));
        }
        let (context, targets) = (cx.because(reason), self.targets());
        let report = cx.ledgers().bulk(&context, self.opened.key(), &targets, &BulkAct::Delete, &|_| {}).await?;
        Ok(self.report(cx, "削除", &report))
    }

    fn report(&self, cx: &Cx, what: &str, report: &BulkReport) -> Response {
        let number = |count: u64| format!("{}件", said::whole(i64::try_from(count).unwrap_or(i64::MAX)));
        let mut body = facts(&[
            Fact::text(format!("{what}した記録"), &number(report.changed)),
            Fact::text("すでにその内容だった記録", &number(report.unchanged)),
            Fact::text(format!("{what}できなかった記録"), &number(report.failed)),
        ]);
        if !report.failures.is_empty() {
            body.push(&section(&format!("{what}できなかった記録"), &self.failures(report)));
        }
        if report.changed + report.unchanged + report.failed == 0 {
            body = Empty::new("対象の記録がありませんでした").html();
        }
        let mut buttons =
            LinkButton::new("一覧に戻る", self.asked.href(&self.opened.href())).look(Look::Primary).html();
        if let Some(batch) = report.batch {
            let question = format!(
                "{}の{what}を取り消します。そのあとに変更された記録は、そのまま残ります。",
                number(report.changed)
            );
            let undo = Submit::new("取り消して元に戻す").question(question);
            buttons.push(&Post::new(self.opened.at(&format!("batches/{batch}/undo")), undo).html());
        }
        body.push(&SafeHtml::trusted(format!("<div class=\"button-row\">{buttons}</div>")));
        let tone = if report.failed > 0 { Tone::Warning } else { Tone::Success };
        let notice = Notice::new(tone, format!("{}を{what}しました", number(report.changed)));
        let site = cx.desk_site("ledgers");
        Html(self.opened.page(&site, format!("まとめて{what}した結果")).notice(notice).body(body).render())
            .into_response()
    }

    fn failures(&self, report: &BulkReport) -> SafeHtml {
        let columns = vec![Column::new("record", "記録").align(Align::Tight), Column::new("reason", "理由")];
        let row = |failure: &kawasemi_ledger::bulk::Failure| {
            let name = failure.number.clone().unwrap_or_else(|| "開く".to_owned());
            let link = SafeHtml::link(&record_href(self.opened.key(), failure.id), &name);
            Row::new(vec![link, SafeHtml::escape(&failure.reason)])
        };
        Table::new(Lang::Ja, "できなかった記録", columns, report.failures.iter().map(row).collect()).html()
    }
}

/// The fields that many records can share.
fn changeable(opened: &Opened) -> impl Iterator<Item = &FieldDef> {
    opened.access.visible_fields(Action::Update).filter(|field| {
        let is_own = field.unique
            || matches!(field.kind, FieldKind::Computed { .. } | FieldKind::Files { .. } | FieldKind::Rows { .. });
        !is_own
    })
}

fn is_of(mistake: &FieldError, fields: &[String]) -> bool {
    let key = mistake.field.split('.').next().unwrap_or_default();
    fields.iter().any(|field| field == key)
}
