//! The audit trail (監査): how far it is sealed (検印), and verifying that nothing was changed by hand.
//!
//! A verification looks at every entry, which takes minutes in a large city. It runs beside the server, one at a time for
//! each city, and the page tells how far it is; what it found stays until the next one or the next start.

use std::sync::{Arc, Mutex, PoisonError};

use axum::response::Response;
use jiff::Timestamp;
use kawasemi_kernel::Lang;
use kawasemi_store::audit::{Broken, VerifyReport, checkpoint, verify};
use kawasemi_store::{City, StoreError};
use kawasemi_ui::button::{LinkButton, Look, Post, Submit, row};
use kawasemi_ui::chart::{Tone as Bar, progress};
use kawasemi_ui::facts::{Fact, facts};
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml, said};

use super::{page, site};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{answer, done_at, note, section, when};

const PATH: &str = "/desk/admin/audit";

/// The verification of one city: running, or what the last one found.
#[derive(Debug, Default)]
pub struct Verification(Mutex<State>);

#[derive(Clone, Debug, Default)]
enum State {
    #[default]
    Never,
    Running {
        since: Timestamp,
        done: u64,
        total: u64,
    },
    Finished {
        at: Timestamp,
        report: Result<VerifyReport, String>,
    },
}

impl Verification {
    fn state(&self) -> State {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, state: State) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Takes the turn; false if another one runs.
    fn begin(&self, since: Timestamp) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*state, State::Running { .. }) {
            return false;
        }
        *state = State::Running { since, done: 0, total: 0 };
        true
    }
}

/// `GET /desk/admin/audit`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    let state = cx.desk().verification(cx.city().city.code()).state();
    let mut body = sealed(&cx.city().city).await?;
    body.push(&section("検証", &verification(&cx, &state)));
    let site = site(&cx);
    let page = page(&site, "監査").lead(
        "すべての変更は、前の変更とつながった指紋（ハッシュ）とともに残り、定期的に署名した検印を押します。\
         検証すると、データベースが直接書き換えられていないかを確かめられます。",
    );
    Ok(answer(page.body(body), false))
}

/// `POST /desk/admin/audit/verify`
pub async fn start(cx: Cx) -> Result<Response, Problem> {
    let verification = cx.desk().verification(cx.city().city.code());
    let since = cx.context().act.at;
    if verification.begin(since) {
        let (city, keeper, desk) = (cx.city().city.clone(), cx.city().keeper.clone(), cx.desk().clone());
        let running = Arc::clone(&verification);
        tokio::spawn(async move {
            let progress = |done, total| running.set(State::Running { since, done, total });
            let outcome = verify(&city, &keeper, &progress).await;
            if let Err(error) = &outcome {
                tracing::error!(%error, detail = error.detail(), "the audit trail could not be verified");
            }
            let report = outcome.map_err(|error: StoreError| error.to_string());
            if report.as_ref().is_ok_and(|report| !report.ok) {
                tracing::error!(city = city.code(), "the audit trail is broken");
            }
            running.set(State::Finished { at: desk.clock().now(), report });
        });
    }
    Ok(done_at(PATH, "started"))
}

/// How far the trail is sealed.
async fn sealed(city: &City) -> Result<SafeHtml, Problem> {
    Ok(match checkpoint::last(city).await? {
        Some(last) => {
            let at = Timestamp::from_microsecond(last.at).map(when).unwrap_or_default();
            facts(&[
                Fact::text("最後に検印した日時", &at),
                Fact::text("検印した変更", &format!("{}件", said::whole(last.last))),
                Fact::text("検印の数", &format!("{}個", said::whole(last.number))),
            ])
        }
        None => note("まだ検印した変更はありません。サーバーの稼働中に、自動で検印します。"),
    })
}

fn verification(cx: &Cx, state: &State) -> SafeHtml {
    let button = Submit::new("検証を始める").look(Look::Primary);
    let start = Post::new(format!("{PATH}/verify"), button).html();
    match state {
        State::Never => {
            let mut html = note("このサーバーが起動してから、検証はまだ行われていません。件数が多いと数分かかります。");
            html.push(&start);
            html
        }
        State::Running { since, done, total } => {
            let label = format!("{}から検証しています", when(*since));
            let of = format!("{}／{}", said::whole(clamped(*done)), said::whole(clamped(*total)));
            #[expect(clippy::cast_precision_loss, reason = "a bar is not exact")]
            let mut html = progress(&label, *done as f64, (*total).max(1) as f64, &of, Bar::First);
            html.push(&row([LinkButton::new("最新の状態を見る", PATH).html()]));
            html
        }
        State::Finished { at, report } => {
            let mut html = match report {
                Ok(report) => outcome(cx, *at, report),
                Err(error) => Notice::new(Tone::Error, "検証を最後まで行えませんでした").text(error.as_str()).html(),
            };
            html.push(&start);
            html
        }
    }
}

fn outcome(cx: &Cx, at: Timestamp, report: &VerifyReport) -> SafeHtml {
    let mut html = if report.ok {
        Notice::new(Tone::Success, "書き換えは見つかりませんでした")
            .text(format!("{}に検証しました。", when(at)))
            .html()
    } else {
        let text = "データベースが直接書き換えられたか、壊れた可能性があります。サーバーとバックアップを保全し、調べてください。";
        Notice::new(Tone::Error, format!("{}か所に問題があります", said::whole(clamped(report.broken))))
            .text(text)
            .html()
    };
    let count = |number: u64| format!("{}件", said::whole(clamped(number)));
    html.push(&facts(&[
        Fact::text("調べた変更", &count(report.entries)),
        Fact::text("調べた記録", &count(report.records)),
        Fact::text("検印の数", &count(report.checkpoints)),
        Fact::text("まだ検印していない変更", &count(report.unsealed)),
        Fact::text("規則に従って消去された内容", &count(report.erased)),
    ]));
    if !report.findings.is_empty() {
        html.push(&findings(cx, &report.findings));
    }
    html
}

fn findings(cx: &Cx, findings: &[Broken]) -> SafeHtml {
    let columns = vec![
        Column::new("seq", "順番").align(Align::Number),
        Column::new("ledger", "台帳"),
        Column::new("record", "記録"),
        Column::new("revision", "版").align(Align::Number),
        Column::new("problem", "問題"),
    ];
    let catalogue = cx.catalogue();
    let rows = findings.iter().map(|broken| {
        let ledger = broken.ledger.as_deref().unwrap_or_default();
        let title = catalogue.definitions().get(ledger).map_or(ledger, |def| def.title.get(Lang::Ja));
        let record = broken.record.map(|record| record.to_string()).unwrap_or_default();
        let number = |number: Option<i64>| SafeHtml::or_dash(&number.map(said::whole).unwrap_or_default());
        Row::new(vec![
            number(broken.seq),
            SafeHtml::or_dash(title),
            SafeHtml::or_dash(&record),
            number(broken.revision),
            SafeHtml::escape(&broken.problem),
        ])
    });
    Table::new(Lang::Ja, "見つかった問題", columns, rows.collect()).show_caption().html()
}

fn clamped(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
