//! The parts of the operations page that tell how things go, beside what is amiss.

use kawasemi_checkup::finding::{size, span};
use kawasemi_checkup::queue;
use kawasemi_courier::CourierError;
use kawasemi_kernel::Lang;
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::facts::{Fact, facts};
use kawasemi_ui::notice::Empty;
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml};
use kawasemi_webhook::State as WebhookState;

use crate::operations::{DailyRun, Report};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{code, when};

/// The names of topics that the program has itself.
const TOPICS: [(&str, &str); 3] = [("daily", "毎日の処理"), ("webhook", "Webhook の通知"), ("disposal", "廃棄")];

/// What runs, since when, and who is signed in.
pub async fn server(cx: &Cx, report: &Report) -> Result<SafeHtml, Problem> {
    let now = cx.context().act.at;
    let (sessions, people) = cx.city().identity.sessions_open(now).await?;
    let up = span(now.duration_since(report.started_at).as_secs());
    Ok(facts(&[
        Fact::text("版", report.version),
        Fact::text("動き始めた時", &format!("{}（{up}前）", when(report.started_at))),
        Fact::text("サインイン中", &format!("{people}人（{sessions}か所）")),
    ]))
}

/// Backups and disks.
pub fn places(cx: &Cx, report: &Report) -> SafeHtml {
    let last = match &report.backups.last {
        Some(last) => {
            let ago = span(cx.context().act.at.duration_since(last.at).as_secs());
            format!("{}（{ago}前、{}、{}）", when(last.at), last.file.display(), size(last.bytes))
        }
        None => "まだありません".to_owned(),
    };
    let mut all = vec![Fact::text("最後の控え", &last)];
    for disk in &report.disks {
        let roles: Vec<&str> = disk.folders.iter().map(|folder| folder.role).collect();
        let label = format!("空き（{}）", roles.join("、"));
        all.push(Fact::text(label, &format!("{}／{}", size(disk.free), size(disk.all))));
    }
    facts(&all)
}

/// Jobs that are not done, by topic.
pub async fn queue(cx: &Cx) -> Result<SafeHtml, Problem> {
    let now = cx.context().act.at;
    let topics = queue::topics(&cx.city().city, now).await?;
    if topics.is_empty() {
        return Ok(Empty::new("待っている処理も、失敗した処理もありません").html());
    }
    let columns = vec![
        Column::new("topic", "処理"),
        Column::new("waiting", "待機中").align(Align::Number),
        Column::new("running", "実行中").align(Align::Number),
        Column::new("dead", "失敗").align(Align::Number),
        Column::new("late", "遅れ").align(Align::Tight),
    ];
    let count = |state: &str, n: i64| match n {
        0 => SafeHtml::escape(0),
        n => SafeHtml::link(&format!("/desk/admin/jobs?state={state}"), &n.to_string()),
    };
    let rows = topics.iter().map(|topic| {
        let known = TOPICS.iter().find(|(key, _)| *key == topic.topic);
        let late = topic.due_since.map_or(0, |due| now.duration_since(due).as_secs());
        Row::new(vec![
            known.map_or_else(|| code(&topic.topic), |(_, name)| SafeHtml::escape(name)),
            count("waiting", topic.waiting),
            count("running", topic.running),
            count("dead", topic.dead),
            SafeHtml::or_dash(&if late > 0 { span(late) } else { String::new() }),
        ])
    });
    Ok(Table::new(Lang::Ja, "終わっていない処理", columns, rows.collect()).html())
}

/// The latest work of each day.
pub fn daily(runs: &[DailyRun]) -> SafeHtml {
    if runs.is_empty() {
        return Empty::new("毎日の処理はまだ行われていません").html();
    }
    let columns = vec![
        Column::new("day", "日").align(Align::Tight),
        Column::new("about", "処理"),
        Column::new("state", "状態").align(Align::Tight),
        Column::new("at", "日時").align(Align::Tight),
        Column::new("error", "最後のエラー"),
    ];
    let rows = runs.iter().map(|run| {
        let state = match run.state.as_str() {
            "done" => chip(State::Done, "済み"),
            "dead" => chip(State::Bad, "失敗"),
            "running" => chip(State::Underway, "実行中"),
            _ => chip(State::Muted, "待機中"),
        };
        Row::new(vec![
            SafeHtml::escape(run.day.parse().map_or_else(|_| run.day.clone(), kawasemi_kernel::era::short)),
            SafeHtml::escape(&run.about),
            state,
            SafeHtml::escape(when(run.at)),
            SafeHtml::or_dash(run.error.as_deref().unwrap_or_default()),
        ])
    });
    Table::new(Lang::Ja, "毎日の処理", columns, rows.collect()).html()
}

/// What goes to other systems and to the other half, each with the page on which more is said.
pub async fn exchanges(cx: &Cx) -> Result<SafeHtml, Problem> {
    let city = cx.city();
    let layouts = city.exchange.overview(cx.context()).await?;
    let open: usize = layouts.iter().map(|layout| layout.waiting.len()).sum();
    let alarms: usize = layouts.iter().map(|layout| layout.alarms.len()).sum();
    let webhooks = city.webhooks.list(cx.context()).await?;
    let of = |state| webhooks.iter().filter(|webhook| webhook.state == state).count();
    let courier = match city.courier.status().await {
        Ok(status) => {
            let (out, into) = (&status.outgoing, &status.incoming);
            let refused = into.refused.len();
            format!("未送 {}件、受取待ち {}件、保留 {}件、受け取れず {refused}件", out.new, out.sent, into.kept)
        }
        Err(CourierError::NotSeparated) => "公開側と庁内側に分かれていません".to_owned(),
        Err(error) => return Err(error.into()),
    };
    let linked = |path: &str, said: String| SafeHtml::link(path, &said);
    let exchange = format!("レイアウト {}、承認待ち {open}件、警報 {alarms}件", layouts.len());
    let told = format!(
        "送信中 {}、停止 {}、失敗で停止 {}",
        of(WebhookState::Active),
        of(WebhookState::Stopped),
        of(WebhookState::Failed)
    );
    Ok(facts(&[
        Fact::html("連携", linked("/desk/exchange", exchange)),
        Fact::html("受渡し", linked("/desk/admin/courier", courier)),
        Fact::html("Webhook", linked("/desk/admin/webhooks", told)),
    ]))
}

/// The latest failures, by the number that people saw.
pub fn failures(cx: &Cx) -> SafeHtml {
    let failures = cx.desk().failures().of(cx.city().city.code());
    if failures.is_empty() {
        return Empty::new("動き始めてから、エラーはありません").html();
    }
    let columns = vec![
        Column::new("at", "日時").align(Align::Tight),
        Column::new("reference", "受付番号").align(Align::Tight),
        Column::new("place", "場所"),
    ];
    let rows = failures.iter().map(|failure| {
        Row::new(vec![SafeHtml::escape(when(failure.at)), code(&failure.reference), code(&failure.place)])
    });
    let mut html = crate::view::note(
        "わけは、サーバーの記録（ログ）を受付番号で探すと分かります（journalctl -u kawasemi | grep 受付番号）。",
    );
    html.push(&Table::new(Lang::Ja, "最近のエラー", columns, rows.collect()).html());
    html
}
