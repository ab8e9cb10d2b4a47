//! For whoever watches the server: is it alive, and how much does it do.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
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

/// Counts in the Prometheus text format.
async fn metrics(State(desk): State<Desk>) -> Response {
    let mut text = String::from(
        "# HELP kawasemi_answers_total Answers by class of status.\n# TYPE kawasemi_answers_total counter\n",
    );
    for (class, counter) in ANSWERS.iter().enumerate().skip(1) {
        let n = counter.load(Ordering::Relaxed);
        text.push_str(&format!("kawasemi_answers_total{{class=\"{class}xx\"}} {n}\n"));
    }
    if let Some(turnover) = desk.store().turnover() {
        text.push_str(&database_counts(turnover));
    }
    if let Some(bytes) = resident_bytes() {
        text.push_str(
            "# HELP process_resident_memory_bytes Resident memory.\n# TYPE process_resident_memory_bytes gauge\n",
        );
        text.push_str(&format!("process_resident_memory_bytes {bytes}\n"));
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

/// What happened to the connection with the database's servers.
fn database_counts(turnover: Turnover) -> String {
    let counts = [
        ("switches", "Times that another server was the primary from then on.", turnover.switches),
        ("old_primary_refused", "Times that an old primary was refused.", turnover.refused),
        ("commits_settled", "Writes whose answer was lost, and whose outcome was found out.", turnover.settled),
        ("commits_unknown", "Writes of which somebody was told that the outcome is not known.", turnover.unknown),
    ];
    let said = counts.map(|(name, help, count)| {
        let name = format!("kawasemi_database_{name}_total");
        format!("# HELP {name} {help}\n# TYPE {name} counter\n{name} {count}\n")
    });
    let waiting = format!(
        "# HELP kawasemi_database_commits_waiting Commits that are not answered for long, now.\n\
         # TYPE kawasemi_database_commits_waiting gauge\nkawasemi_database_commits_waiting {}\n",
        turnover.waiting
    );
    said.concat() + &waiting
}

/// Resident memory, where the system says it (Linux).
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
