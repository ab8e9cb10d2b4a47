//! What the ledger engine refuses, as the web edge says it.
//!
//! A refusal that belongs to a form (mistakes, a conflict, a duplicate) is caught by that form's page and shown in it; what
//! reaches here has no form to stand in, or came from a program.

use http::StatusCode as S;
use kawasemi_ledger::LedgerError;

use crate::api::shape::error_key;
use crate::problem::{FieldProblem, Problem};

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        let (said, kind) = (error.to_string(), error_key(&error));
        let refused = |status, title: &str| Self::new(status, kind, title, said.clone());
        match error {
            LedgerError::NotFound => Self::not_found(),
            LedgerError::Forbidden { .. } => refused(S::FORBIDDEN, "この操作はできません"),
            LedgerError::UnknownField { .. } => refused(S::BAD_REQUEST, "その項目はありません"),
            LedgerError::Unsuitable { .. } | LedgerError::Filter(_) | LedgerError::Cursor => {
                refused(S::BAD_REQUEST, "条件を読み取れません")
            }
            LedgerError::Invalid(mistakes) => {
                let fields = mistakes.into_iter().map(|m| FieldProblem { field: m.field, message: m.message });
                refused(S::UNPROCESSABLE_ENTITY, "入力に誤りがあります").with_fields(fields.collect())
            }
            LedgerError::OutOfScope => refused(S::UNPROCESSABLE_ENTITY, "この内容では保存できません"),
            LedgerError::File(_) => refused(S::UNPROCESSABLE_ENTITY, "ファイルを読み取れません"),
            LedgerError::Schema(_) => refused(S::UNPROCESSABLE_ENTITY, "台帳の定義に誤りがあります"),
            LedgerError::Conflict(_) => refused(S::CONFLICT, "ほかの人が先に保存しました"),
            LedgerError::Duplicate { .. } => refused(S::CONFLICT, "同じ値の記録があります"),
            LedgerError::IdTaken => refused(S::CONFLICT, "この番号は使われています"),
            LedgerError::Referred { .. } => refused(S::CONFLICT, "ほかの記録から参照されています"),
            LedgerError::Refused(_) => refused(S::CONFLICT, "この操作はできません"),
            LedgerError::Store(error) => error.into(),
            other => Self::internal(&other),
        }
    }
}
