//! The audit trail (監査): how far it is sealed (検印), and verifying that nothing was changed by hand.
//!
//! A verification looks at every entry, which takes minutes in a large city. It runs beside the server, one at a time for
//! each city, and the page of every node tells how far it is; what it found stays until the next one.

use axum::response::Response;
use jiff::Timestamp;
use kawasemi_kernel::Lang;
use kawasemi_store::City;
use kawasemi_store::audit::{
    Broken, LastVerification, VerificationState, VerifyReport, begin_verification, checkpoint, last_verification,
};
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

/// `GET /desk/admin/audit`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    let last = last_verification(&cx.city().city).await?;
    let mut body = sealed(&cx.city().city).await?;
    body.push(&section("検証", &verification(&cx, last.as_ref())));
    let site = site(&cx);
    let page = page(&site, "監査").lead(
        "すべての変更は、前の変更とつながった指紋（ハッシュ）とともに残り、定期的に署名した検印を押します。\
         検証すると、データベースが直接書き換えられていないかを確かめられます。",
    );
    Ok(answer(page.body(body), false))
}

/// `POST /desk/admin/audit/verify`
pub async fn start(cx: Cx) -> Result<Response, Problem> {
    if let Some(turn) = begin_verification(&cx.city().city, cx.context().act.at).await? {
        let (city, keeper, desk) = (cx.city().city.clone(), cx.city().keeper.clone(), cx.desk().clone());
        tokio::spawn(async move {
            match turn.run(&keeper, || desk.clock().now()).await {
                Ok(Some(report)) if !report.ok => tracing::error!(city = city.code(), "the audit trail is broken"),
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "the outcome of a verification was not kept"),
            }
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

fn verification(cx: &Cx, last: Option<&LastVerification>) -> SafeHtml {
    let button = Submit::new("検証を始める").look(Look::Primary);
    let start = Post::new(format!("{PATH}/verify"), button).html();
    let Some(LastVerification { since, state }) = last else {
        let mut html = note("検証はまだ行われていません。件数が多いと数分かかります。");
        html.push(&start);
        return html;
    };
    if let VerificationState::Running(done, total) = state {
        let label = format!("{}から検証しています", when(*since));
        let of = format!("{}／{}", said::whole(clamped(*done)), said::whole(clamped(*total)));
        #[expect(clippy::cast_precision_loss, reason = "a bar is not exact")]
        let mut html = progress(&label, *done as f64, (*total).max(1) as f64, &of, Bar::First);
        html.push(&row([LinkButton::new("最新の状態を見る", PATH).html()]));
        return html;
    }
    let mut html = match state {
        VerificationState::Ended(at, report) => outcome(cx, *at, report),
        VerificationState::Failed(error) => {
            Notice::new(Tone::Error, "検証を最後まで行えませんでした").text(error.as_str()).html()
        }
        _ => Notice::new(Tone::Warning, "前の検証は途中で止まりました")
            .text(format!(
                "{}に始めた検証は、サーバーが止まったため終わっていません。もう一度始めてください。",
                when(*since)
            ))
            .html(),
    };
    html.push(&start);
    html
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
