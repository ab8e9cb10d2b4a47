//! What goes wrong at the web edge, as one type.
//!
//! Engines have their own errors; here each becomes a [`Problem`]: what a person is told, what the log is told, and a status.
//! Handlers know neither HTML nor JSON for errors: a layer ([`render`]) turns the problem into a page for people or into
//! `application/problem+json` (RFC 9457) for programs, and gives it a reference number that stands in the log as well.
//!
//! A form with mistakes is no problem: it is shown again with status 422 and everything that was typed.

mod engines;

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use kawasemi_kernel::Lang;
use serde::Serialize;

use crate::words;

/// A request could not be answered as asked.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The status of the answer.
    pub status: StatusCode,
    /// Stable key, the last part of the problem's type, such as `not-found`.
    pub kind: &'static str,
    /// What happened, in a few words.
    pub title: String,
    /// What happened, what was kept and what to do.
    pub detail: String,
    /// Mistakes by field, for programs that sent a record.
    pub fields: Vec<FieldProblem>,
    /// What the log is told, never shown. Names no personal data.
    pub log: Option<String>,
}

/// A mistake in one field of what a program sent.
#[derive(Clone, Debug, Serialize)]
pub struct FieldProblem {
    /// The field.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl Problem {
    /// A problem with a status, key, title and explanation.
    pub fn new(status: StatusCode, kind: &'static str, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { status, kind, title: title.into(), detail: detail.into(), fields: Vec::new(), log: None }
    }

    /// There is nothing here, or nothing that this caller may know of; both get this same answer.
    pub fn not_found() -> Self {
        let detail = "アドレスが正しいか、削除されていないか、閲覧の権限があるかをお確かめください。";
        Self::new(StatusCode::NOT_FOUND, "not-found", "お探しのページは見つかりません", detail)
    }

    /// The caller is known and may not do this, and knowing so tells nothing about any record.
    pub fn forbidden() -> Self {
        let detail = "この操作の権限がありません。必要な場合は、所属のシステム管理者に依頼してください。";
        Self::new(StatusCode::FORBIDDEN, "forbidden", "この操作はできません", detail)
    }

    /// A program came without a valid token.
    pub fn unauthorized() -> Self {
        let detail = "サインインするか、有効なトークンを Authorization: Bearer で送ってください。";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "サインインが必要です", detail)
    }

    /// What was sent can't be understood.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "送られた内容を読み取れません", detail)
    }

    /// The request seems to come from another site's page.
    pub fn cross_site() -> Self {
        let detail = "別のサイトから送られた操作のため、取りやめました。何も変わっていません。画面を開き直して、もう一度操作してください。";
        Self::new(StatusCode::FORBIDDEN, "cross-site", "この操作は受け付けられません", detail)
    }

    /// More than the installation accepts in one piece.
    pub fn too_large(limit_mib: usize) -> Self {
        let detail =
            format!("一度に送れる大きさは{limit_mib}MBまでです。ファイルを分けるか、小さくしてから送ってください。");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "ファイルが大きすぎます", detail)
    }

    /// Too many attempts or requests in a short time.
    pub fn too_many(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "しばらくお待ちください", detail)
    }

    /// Something failed on our side. The cause goes to the log under the reference number that the person sees.
    pub fn internal(cause: &dyn std::error::Error) -> Self {
        let detail = "処理の途中で問題が起きました。完了の表示が出ていない操作は保存されていません。\
                      少し待ってからもう一度お試しください。続くときは、下の受付番号をシステム担当に伝えてください。";
        let mut log = cause.to_string();
        let mut source = cause.source();
        while let Some(cause) = source {
            log.push_str(": ");
            log.push_str(&cause.to_string());
            source = cause.source();
        }
        Self {
            log: Some(log),
            ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "処理できませんでした", detail)
        }
    }

    /// The same problem with mistakes by field.
    #[must_use]
    pub fn with_fields(mut self, fields: Vec<FieldProblem>) -> Self {
        self.fields = fields;
        self
    }

    /// Whether the same request may well be answered in a while: the answer says so, and what was typed is kept.
    pub fn may_pass(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE
    }

    /// Title and explanation in a language. What every visitor may meet is translated; the rest is for staff, in Japanese.
    pub fn said(&self, lang: Lang) -> (String, String) {
        let t = words(lang);
        match self.kind {
            _ if lang == Lang::Ja => (self.title.clone(), self.detail.clone()),
            "not-found" => (t.get("not-found-title"), t.get("not-found-detail")),
            "forbidden" => (t.get("forbidden-title"), t.get("forbidden-detail")),
            "internal" => (t.get("internal-title"), t.get("internal-detail")),
            "too-many-requests" => (t.get("too-many-title"), t.get("too-many-detail")),
            "database-away" => (t.get("away-title"), t.get("away-detail")),
            "saving-away" => (t.get("saving-away-title"), t.get("saving-away-detail")),
            "outcome-unknown" => (t.get("unknown-title"), t.get("unknown-detail")),
            _ => (self.title.clone(), self.detail.clone()),
        }
    }

    /// The body of `application/problem+json`.
    pub fn to_json(&self, reference: &str, path: &str) -> serde_json::Value {
        let mut body = serde_json::json!({
            "type": format!("/problems/{}", self.kind),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "instance": path,
            "reference": reference,
        });
        if !self.fields.is_empty() {
            body["errors"] = serde_json::json!(self.fields);
        }
        body
    }
}

impl IntoResponse for Problem {
    /// An empty answer that carries the problem to [`render`], which knows whether a person or a program asked.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}
