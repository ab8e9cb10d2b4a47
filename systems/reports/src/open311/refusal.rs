//! What goes wrong in a call of Open311. Several things may be wrong at once; all are said.

use axum::response::Response;
use http::StatusCode;

use super::answer::{Answer, Format, Value};
use crate::ledger::LedgerError;
use crate::platform::desk::Problem;

/// A call that is not answered.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    said: Vec<String>,
    /// What the log is told.
    log: Option<String>,
}

impl Refusal {
    fn new(status: StatusCode, said: impl Into<String>) -> Self {
        Self { status, said: vec![said.into()], log: None }
    }

    /// A parameter is missing or wrong.
    pub fn bad(said: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, said)
    }

    /// Several are.
    pub fn all_bad(said: Vec<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, said, log: None }
    }

    /// The key is missing or not valid.
    pub fn forbidden(said: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, said)
    }

    /// There is no such service, request, token or jurisdiction.
    pub fn not_found(said: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, said)
    }

    /// Too many calls with one key.
    pub fn too_many(said: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, said)
    }

    /// Writes it in the form that was asked for.
    pub fn response(&self, format: Format) -> Response {
        if let Some(log) = &self.log {
            tracing::error!(log, "a call of Open311 was not answered");
        }
        let code = i64::from(self.status.as_u16());
        let errors =
            self.said.iter().map(|said| vec![("code", Value::Count(code)), ("description", Value::text(said))]);
        Answer::List("errors", "error", errors.collect()).response(format, self.status)
    }
}

impl From<LedgerError> for Refusal {
    fn from(error: LedgerError) -> Self {
        Problem::from(error).into()
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let status = if problem.status.is_server_error() { problem.status } else { StatusCode::BAD_REQUEST };
        Self { status, said: vec![problem.detail], log: problem.log }
    }
}
