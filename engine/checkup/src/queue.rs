//! The queue: jobs that failed for good, and jobs that wait longer than they should.

use jiff::{SignedDuration, Timestamp};
use kawasemi_store::{City, Param, Result, Row, Sql};

use crate::figure::{Figure, Kind};
use crate::finding::{Findings, State, Subject, span};

/// Work that is due is begun within seconds; after so long nobody seems to do it.
const LATE: SignedDuration = SignedDuration::from_mins(15);
/// Failed jobs that are counted at most: how many exactly beyond that helps nobody.
const COUNTED: u32 = 1_000;

/// The jobs of one topic that are not done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topic {
    /// The topic.
    pub topic: String,
    /// Those that wait, also for another attempt.
    pub waiting: i64,
    /// Those that are being done.
    pub running: i64,
    /// Those that failed for good.
    pub dead: i64,
    /// Since when the oldest of them should have been begun, or begun anew after its worker went.
    pub due_since: Option<Timestamp>,
}

/// The jobs of a city that are not done, by topic.
///
/// # Errors
/// When the store fails.
pub async fn topics(city: &City, now: Timestamp) -> Result<Vec<Topic>> {
    let sql = Sql::with(
        "SELECT topic, state, count(*), \
         min(CASE WHEN state = 'waiting' AND run_at <= $1 THEN run_at WHEN state = 'running' AND locked_until <= $1 THEN locked_until END) \
         FROM {outbox} WHERE state IN ('waiting', 'running', 'dead') GROUP BY topic, state ORDER BY topic, state",
        [Param::Int(now.as_microsecond())],
    );
    let mut found: Vec<Topic> = Vec::new();
    for row in city.read(sql).await? {
        add(&mut found, &row)?;
    }
    Ok(found)
}

fn add(found: &mut Vec<Topic>, row: &Row) -> Result<()> {
    let (topic, state, count, due): (String, String, i64, Option<i64>) =
        (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
    if found.last().is_none_or(|last| last.topic != topic) {
        found.push(Topic { topic, ..Topic::default() });
    }
    let Some(last) = found.last_mut() else { return Ok(()) };
    match state.as_str() {
        "waiting" => last.waiting += count,
        "running" => last.running += count,
        _ => last.dead += count,
    }
    let due = due.and_then(|micros| Timestamp::from_microsecond(micros).ok());
    last.due_since = [last.due_since, due].into_iter().flatten().min();
    Ok(())
}

/// How it stands with a city's queue.
///
/// # Errors
/// When the store fails.
pub async fn of_city(city: &City, now: Timestamp, found: &mut Findings) -> Result<()> {
    let check = format!("{} 送信と後続の仕事", city.code());
    let before = found.0.len();
    let dead = city.jobs("dead", COUNTED).await?;
    if let Some(job) = dead.first() {
        let why = job.error.as_deref().unwrap_or("理由の記録なし");
        let more = if dead.len() == COUNTED as usize { "以上" } else { "" };
        let message = format!(
            "届かなかった仕事が{}件{more}あります（例 {}: {why}）。理由を直し、「管理 › 処理の待ち行列」でやり直してください。",
            dead.len(),
            job.job.topic
        );
        found.add(Subject::Queue, &check, State::Warning, message);
    }
    for topic in topics(city, now).await? {
        let Some(due) = topic.due_since else { continue };
        let late = now.duration_since(due);
        if late > LATE {
            let message = format!(
                "処理「{}」が{}遅れています（待機中 {}件）。提供（kawasemi serve）が動いているか、記録（ログ）に誤りが出ていないかを確かめてください。",
                topic.topic,
                span(late.as_secs()),
                topic.waiting
            );
            found.add(Subject::Queue, &check, State::Warning, message);
        }
    }
    if found.0.len() == before {
        found.add(Subject::Queue, check, State::Good, "滞りはありません。");
    }
    Ok(())
}

/// For a monitor: how many jobs there are, and how late the latest is.
///
/// # Errors
/// When the store fails.
pub async fn figures(city: &City, now: Timestamp) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for topic in topics(city, now).await? {
        let of = |figure: Figure| figure.with("city", city.code()).with("topic", &topic.topic);
        for (state, count) in [("waiting", topic.waiting), ("running", topic.running), ("dead", topic.dead)] {
            let figure = Figure::new("kawasemi_jobs", "Jobs that are not done.", Kind::Gauge, count as f64);
            figures.push(of(figure).with("state", state));
        }
        let late = topic.due_since.map_or(0.0, |due| now.duration_since(due).as_secs_f64().max(0.0));
        let help = "How long the oldest job that should have been begun waits.";
        figures.push(of(Figure::new("kawasemi_jobs_late_seconds", help, Kind::Gauge, late)));
    }
    Ok(figures)
}
