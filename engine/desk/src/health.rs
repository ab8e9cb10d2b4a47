//! For whoever watches the server: is it alive, how much does it do, and how does the installation stand.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use kawasemi_checkup::{Figure, Kind, exposition};
use kawasemi_store::StoreError;
use kawasemi_store::replication::Turnover;

use crate::routes::{Routes, get};
use crate::state::Desk;

static ANSWERS: [AtomicU64; 6] = [const { AtomicU64::new(0) }; 6];

/// Counts an answer by the hundred of its status.
pub fn count(status: StatusCode) {
    let class = usize::from(status.as_u16() / 100).min(ANSWERS.len() - 1);
    ANSWERS[class].fetch_add(1, Ordering::Relaxed);
}

/// `/healthz` and `/metrics`.
pub fn routes() -> Routes {
    Routes::new().route("/healthz", get(healthz)).route("/metrics", get(metrics))
}

/// Answers 200 when the installation can be read and written.
async fn healthz(State(desk): State<Desk>) -> Response {
    let answer = match desk.store().reach().await {
        // Who balances the load wants to know soon, and a fail-over is waited for by those who asked for something.
        Err(error) => Err(error),
        Ok(()) => desk.store().cities().await,
    };
    match answer {
        Ok(cities) => axum::Json(serde_json::json!({ "status": "ok", "cities": cities.len() })).into_response(),
        Err(error) => {
            tracing::error!(%error, detail = error.detail(), "the installation can't be read");
            let reason = match &error {
                StoreError::Away { why, .. } => why.key(),
                _ => "failed",
            };
            let said = serde_json::json!({ "status": "unavailable", "reason": reason, "message": error.to_string() });
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "10")], axum::Json(said)).into_response()
        }
    }
}

/// Figures in the Prometheus text format. Folders, servers and standbys are named only to a monitor that comes directly: what
/// comes through a proxy may come from anywhere.
async fn metrics(State(desk): State<Desk>, headers: HeaderMap) -> Response {
    let mut figures = of_process();
    figures.extend(desk.store().turnover().map(of_database).unwrap_or_default());
    let is_direct = !headers.contains_key("x-forwarded-for") && !headers.contains_key(header::FORWARDED);
    if let Some(watched) = desk.settings().operations.as_ref().filter(|_| is_direct) {
        figures.extend(watched.0.figures());
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], exposition(&figures)).into_response()
}

/// What the process knows of itself.
fn of_process() -> Vec<Figure> {
    let mut figures: Vec<Figure> = Vec::new();
    for (class, counter) in ANSWERS.iter().enumerate().skip(1) {
        let n = counter.load(Ordering::Relaxed) as f64;
        let figure = Figure::new("kawasemi_answers_total", "Answers by class of status.", Kind::Counter, n);
        figures.push(figure.with("class", format!("{class}xx")));
    }
    let resident = resident_bytes();
    figures.extend(
        resident
            .map(|bytes| Figure::new("process_resident_memory_bytes", "Resident memory.", Kind::Gauge, bytes as f64)),
    );
    figures
}

/// What happened to the connection with the database's servers.
fn of_database(turnover: Turnover) -> Vec<Figure> {
    let counted = |name, help, count: u64| Figure::new(name, help, Kind::Counter, count as f64);
    vec![
        counted(
            "kawasemi_database_switches_total",
            "Times that another server was the primary from then on.",
            turnover.switches,
        ),
        counted(
            "kawasemi_database_old_primary_refused_total",
            "Times that an old primary was refused.",
            turnover.refused,
        ),
        counted(
            "kawasemi_database_commits_settled_total",
            "Writes whose answer was lost, and whose outcome was found out.",
            turnover.settled,
        ),
        counted(
            "kawasemi_database_commits_unknown_total",
            "Writes of which somebody was told that the outcome is not known.",
            turnover.unknown,
        ),
        Figure::new(
            "kawasemi_database_commits_waiting",
            "Commits that are not answered for long, now.",
            Kind::Gauge,
            turnover.waiting as f64,
        ),
    ]
}

/// Resident memory, where the system says it (Linux).
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
