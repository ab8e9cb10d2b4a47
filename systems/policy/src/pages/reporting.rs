//! The form of the quarterly report (四半期の自己点検).

use std::collections::HashMap;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};

use super::pieces::{BOARD, id_of, initiative_href};
use crate::acts::report::{self, PHASES, Reported};
use crate::board::Board;
use crate::kernel::era::parse_date;
use crate::kernel::money::parse_yen;
use crate::kernel::{Lang, RecordId};
use crate::ledger::LedgerError;
use crate::platform::desk::{Cx, Entries, Problem, view};
use crate::platform::ui::Component;
use crate::platform::ui::SafeHtml;
use crate::platform::ui::field::{Choice, FieldKind, FieldView};
use crate::platform::ui::form::{Draft, Form};
use crate::platform::ui::page::Page;
use crate::platform::ui::steps::{Tab, tabs};
use crate::records::{Initiative, Review};
use crate::rules::Progress;

/// What stands in the form, and what is wrong with it.
#[derive(Default)]
struct Filled {
    texts: HashMap<&'static str, String>,
    mistakes: Vec<(String, String)>,
    general: Vec<String>,
    revision: i64,
    review_revision: Option<i64>,
}

/// The fields of the form that are read as text.
const TEXTS: [&str; 12] = [
    "progress",
    "done_on",
    "done",
    "result",
    "issue",
    "next_action",
    "next_step",
    "status_note",
    "grade",
    "disposition",
    "actual_yen",
    "phase",
];

/// `GET /desk/policy/{id}/report?phase=`
pub async fn page(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    let one = editable(&cx, id_of(&id)?).await?;
    let asked = cx.query("phase").filter(|phase| PHASES.iter().any(|(key, _)| key == phase));
    let phase = asked.unwrap_or_else(|| report::phase_on(one.fiscal_year, cx.context().today()).to_owned());
    let review = report::review_of(cx.ledgers(), cx.context(), &one, &phase).await?;
    let filled = Filled::of(&one, review.as_ref(), &phase);
    show(&cx, &one, &filled).await
}

/// `POST /desk/policy/{id}/report`
pub async fn save(cx: Cx, Path(id): Path<String>, entries: Entries) -> Result<Response, Problem> {
    let one = editable(&cx, id_of(&id)?).await?;
    let mut filled = Filled::from_entries(&entries);
    let reported = filled.reported();
    if filled.mistakes.is_empty() {
        match report::save(cx.ledgers(), cx.context(), &one, &reported).await {
            Ok(()) => return Ok(view::done_at(&initiative_href(one.id), "reported")),
            Err(error) => filled.refuse(error)?,
        }
    }
    show(&cx, &one, &filled).await
}

/// The initiative, if the caller may report on it.
async fn editable(cx: &Cx, id: RecordId) -> Result<Initiative, Problem> {
    let record = cx.ledgers().get(cx.context(), crate::definitions::INITIATIVE, id).await?;
    if record.may.update {
        Ok(Initiative::of(&record))
    } else {
        Err(LedgerError::Forbidden { action: crate::schema::Action::Update }.into())
    }
}

impl Filled {
    fn of(one: &Initiative, review: Option<&Review>, phase: &str) -> Self {
        let of_review = |text: fn(&Review) -> String| review.map(text).unwrap_or_default();
        let progress = review.and_then(|review| review.progress).or(one.status);
        let texts = HashMap::from([
            ("phase", phase.to_owned()),
            ("progress", progress.map(|progress| progress.key().to_owned()).unwrap_or_default()),
            ("done_on", one.done_on.map(|day| day.to_string()).unwrap_or_default()),
            ("done", of_review(|review| review.done.clone())),
            ("result", of_review(|review| review.result.clone())),
            ("issue", of_review(|review| review.issue.clone())),
            ("next_action", of_review(|review| review.next_action.clone())),
            ("next_step", one.next_step.clone()),
            ("status_note", one.status_note.clone()),
            ("grade", of_review(|review| review.grade.clone().unwrap_or_default())),
            ("disposition", one.disposition.clone().unwrap_or_default()),
            ("actual_yen", one.actual_yen.map(|yen| yen.to_string()).unwrap_or_default()),
        ]);
        let review_revision = review.map(|review| review.revision);
        Self { texts, revision: one.revision, review_revision, ..Self::default() }
    }

    fn from_entries(entries: &Entries) -> Self {
        let number = |name: &str| entries.text(name).parse().ok();
        let mut filled = Self {
            texts: TEXTS.iter().map(|name| (*name, entries.text(name).to_owned())).collect(),
            revision: number("revision").unwrap_or_default(),
            review_revision: number("review_revision"),
            ..Self::default()
        };
        if !PHASES.iter().any(|(key, _)| *key == filled.text("phase")) {
            filled.texts.insert("phase", "q1".to_owned());
        }
        filled
    }

    fn text(&self, name: &str) -> &str {
        self.texts.get(name).map(String::as_str).unwrap_or_default()
    }

    fn mistake(&mut self, field: &str, sentence: impl Into<String>) {
        self.mistakes.push((field.to_owned(), sentence.into()));
    }

    /// What was entered, with the mistakes noted.
    fn reported(&mut self) -> Reported {
        let owned = |filled: &Self, name: &str| filled.text(name).to_owned();
        if self.text("progress").parse::<Progress>().is_err() {
            self.mistake("progress", "「進み具合」を選んでください。");
        }
        let done_on = match self.text("done_on") {
            "" => None,
            typed => match parse_date(typed) {
                Ok(day) => Some(day),
                Err(error) => {
                    let sentence = format!("「完了日」を読めません。{error}");
                    self.mistake("done_on", sentence);
                    None
                }
            },
        };
        if self.text("progress") == Progress::Done.key() && self.text("done_on").is_empty() {
            self.mistake("done_on", "「完了」のときは、完了日を入力してください。");
        }
        let actual_yen = match self.text("actual_yen") {
            "" => None,
            typed => match parse_yen(typed) {
                Ok(yen) => Some(yen),
                Err(error) => {
                    let sentence = format!("「執行額・決算額」を読めません。{error}");
                    self.mistake("actual_yen", sentence);
                    None
                }
            },
        };
        Reported {
            revision: self.revision,
            review_revision: self.review_revision,
            phase: owned(self, "phase"),
            progress: owned(self, "progress"),
            done_on,
            done: owned(self, "done"),
            result: owned(self, "result"),
            issue: owned(self, "issue"),
            next_action: owned(self, "next_action"),
            next_step: owned(self, "next_step"),
            status_note: owned(self, "status_note"),
            grade: owned(self, "grade"),
            disposition: owned(self, "disposition"),
            actual_yen,
        }
    }

    /// Notes why the ledger refused; what belongs to no form goes on as a problem.
    fn refuse(&mut self, error: LedgerError) -> Result<(), Problem> {
        match error {
            LedgerError::Invalid(mistakes) => {
                for mistake in mistakes {
                    let field = if mistake.field == "status" { "progress".to_owned() } else { mistake.field.clone() };
                    if TEXTS.contains(&field.as_str()) {
                        self.mistake(&field, mistake.to_string());
                    } else {
                        self.general.push(mistake.to_string());
                    }
                }
                Ok(())
            }
            LedgerError::Conflict(conflict) => {
                // The person sees what was saved meanwhile and may send the same again, over it.
                self.general.push(format!(
                    "ほかの人が{}に先に保存しました。下の内容はあなたが入力したものです。別の画面で最新の内容を確かめ、よければもう一度保存してください。",
                    view::when(conflict.theirs.updated_at)
                ));
                let theirs = &conflict.theirs;
                if theirs.get("phase").is_null() {
                    self.revision = theirs.revision;
                } else {
                    self.review_revision = Some(theirs.revision);
                }
                Ok(())
            }
            LedgerError::OutOfScope | LedgerError::Duplicate { .. } => {
                self.general.push(error.to_string());
                Ok(())
            }
            other => Err(other.into()),
        }
    }

    fn field(&self, key: &'static str, label: &str, kind: FieldKind) -> FieldView {
        let field = FieldView::new(key, label, kind).value(self.text(key));
        let mistakes = self.mistakes.iter().filter(|(name, _)| name == key);
        mistakes.fold(field, |field, (_, sentence)| field.error(sentence.clone()))
    }
}

async fn show(cx: &Cx, one: &Initiative, filled: &Filled) -> Result<Response, Problem> {
    let (board, _) = Board::load_one(cx.ledgers(), cx.context(), one.id).await?;
    let href = initiative_href(one.id);
    let phase = filled.text("phase").to_owned();
    let is_year_end = phase == "year-end";
    let progress = Progress::ALL.map(|progress| Choice::new(progress.key(), progress.label())).to_vec();
    let long = || FieldKind::LongText { max: Some(2_000) };
    let mut state = vec![filled.field("progress", "進み具合", FieldKind::Choice { choices: progress }).required()];
    state.push(filled.field("done_on", "完了日", FieldKind::Date).hint("「完了」のときだけ入れます。"));
    state
        .push(filled.field("next_step", "次の一手", FieldKind::Text { max: Some(400) }).hint("市民にも公開されます。"));
    state.push(filled.field("actual_yen", "執行額・決算額", FieldKind::Yen).hint("ここまでに使った額です。"));
    state.push(
        filled
            .field("status_note", "進み具合の説明", long())
            .hint("遅れている理由や困っていること。庁内だけで見られます。"),
    );
    let review = vec![
        filled.field("done", "やったこと", long()),
        filled.field("result", "結果", long()),
        filled.field("issue", "課題と理由", long()).hint("「やや遅れ」「遅れ」「中止」のときは必ず書きます。"),
        filled.field("next_action", "次の改善", long()),
    ];
    let mut form = Form::new(Lang::Ja, format!("{href}/report"))
        .hidden("phase", phase.clone())
        .hidden("revision", filled.revision.to_string());
    if let Some(revision) = filled.review_revision {
        form = form.hidden("review_revision", revision.to_string());
    }
    form = form.section("いまの状態", state).section("振り返り", review);
    if is_year_end {
        let grades = [
            ("s", "S（大きく上回った）"),
            ("a", "A（達成した）"),
            ("b", "B（おおむね達成した）"),
            ("c", "C（下回った）"),
            ("d", "D（大きく下回った）"),
        ];
        let grades = grades.map(|(key, label)| Choice::new(key, label)).to_vec();
        let dispositions = [("continue", "継続"), ("merge", "統合"), ("abolish", "廃止")];
        let dispositions = dispositions.map(|(key, label)| Choice::new(key, label)).to_vec();
        form = form.section(
            "年度末の評価",
            vec![
                filled.field("grade", "評価", FieldKind::Choice { choices: grades }).required(),
                filled.field("disposition", "来年度の扱い", FieldKind::Choice { choices: dispositions }),
            ],
        );
    }
    form = filled.general.iter().fold(form, |form, sentence| form.mistake(sentence.clone()));
    form = form
        .submit("報告を保存")
        .cancel(href.clone())
        .draft(Draft::Machine(format!("policy-report-{}-{phase}", one.id)));
    let steps: Vec<Tab> = PHASES
        .iter()
        .map(|(key, label)| Tab::new(*label, format!("{href}/report?phase={key}"), *key == phase))
        .collect();
    let mut body: SafeHtml = tabs("報告する時期", &steps);
    body.push(&form.html());
    let site = cx.desk_site(BOARD);
    let page = Page::new(&site, "進み具合の報告")
        .crumb("ホーム", "/desk")
        .crumb("部局運営方針", format!("{BOARD}?fy={}", one.fiscal_year))
        .crumb(one.title.clone(), href)
        .lead(format!("{}「{}」", board.name(one.section.or(one.department)), one.title))
        .body(body);
    Ok(view::answer(page, form.has_mistakes()).into_response())
}
