//! Why the ledger engine refuses or fails, in the words of the person who asked.
//!
//! One type for the engine, since every operation goes through the same gates: may I (`NotFound`, `Forbidden`), did I ask
//! properly (`UnknownField`, `Filter`, `Cursor`), is what I entered right (`Invalid`, `Duplicate`, `OutOfScope`), was I in
//! time (`Conflict`), and did the machine do it (`Store`). What may not be seen does not exist: a hidden record is
//! `NotFound`, a hidden field `UnknownField`, with the same words as for what was never there.

use kawasemi_filter::FilterError;
use kawasemi_schema::{Action, SchemaErrors};
use kawasemi_store::StoreError;
use thiserror::Error;

use crate::draft::Draft;
use crate::field::FieldError;
use crate::record::Visible;

/// The result of an operation on ledgers.
pub type Result<T, E = LedgerError> = std::result::Result<T, E>;

/// Why an operation on a ledger was refused or failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// There is no such ledger or record, or it may not be seen.
    #[error("対象が見つかりません。削除されたか、番号が違うか、閲覧できない記録です。")]
    NotFound,
    /// The caller may see the ledger but not do this.
    #[error("この台帳の「{}」は許可されていません。必要なときは台帳の担当課に相談してください。", action.label())]
    Forbidden {
        /// What is not allowed.
        action: Action,
    },
    /// A name is no field of the ledger, or one that may not be seen.
    #[error("「{name}」という項目はありません。{hint}")]
    UnknownField {
        /// The name as it was given.
        name: String,
        /// The name that was perhaps meant, as a sentence; may be empty.
        hint: String,
    },
    /// A field has no order, can't be counted, or the like.
    #[error("項目「{name}」は{purpose}に使えません。")]
    Unsuitable {
        /// The field.
        name: String,
        /// For what.
        purpose: &'static str,
    },
    /// The filter can't be read or does not fit the ledger.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// The mark from which a list was to go on belongs to another list.
    #[error("一覧の続きの位置が読み取れません。一覧の先頭から表示し直してください。")]
    Cursor,
    /// What was entered has mistakes; it is kept and shown again.
    #[error("入力に誤りがあります（{}件）。{}", .0.len(), first(.0))]
    Invalid(Vec<FieldError>),
    /// Somebody else saved first.
    #[error("ほかの人が先に保存しました。最新の内容と見比べて、もう一度保存してください。")]
    Conflict(Box<Conflict>),
    /// A unique key is taken. Nothing is said of the record that has it.
    #[error("{}が同じ記録がすでにあります。値を変えるか、登録済みの記録を探してください。", names(.fields))]
    Duplicate {
        /// The fields of the key that the caller may see, by label; empty when it may not see all.
        fields: Vec<String>,
    },
    /// An id that the client made was used before, for something else or by somebody else.
    #[error("この番号（id）はすでに使われています。新しい番号で登録してください。")]
    IdTaken,
    /// The record would leave, or lies outside, what the caller may change.
    #[error(
        "この内容では、あなたが扱える範囲（所管など）の外の記録になるため保存できません。所管の項目を確かめてください。"
    )]
    OutOfScope,
    /// Other records refer to this one.
    #[error("ほかの記録（{by}）から参照されているため削除できません。先に参照を外してください。")]
    Referred {
        /// The ledgers whose records refer to it, as far as the caller may see them.
        by: String,
    },
    /// A file can't be read as what it should be.
    #[error("{0}")]
    File(String),
    /// What was asked can't be done in this state.
    #[error("{0}")]
    Refused(String),
    /// A definition has mistakes.
    #[error(transparent)]
    Schema(#[from] SchemaErrors),
    /// The store refused or failed.
    #[error(transparent)]
    Store(StoreError),
}

/// Two versions of one record.
#[derive(Debug)]
pub struct Conflict {
    /// What was to be saved.
    pub yours: Draft,
    /// What is saved now, as far as the caller may see it.
    pub theirs: Visible,
}

impl LedgerError {
    /// An unknown field, with the nearest of the names that may be known.
    pub fn unknown_field<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let near = kawasemi_schema::error::nearest(name, known);
        let hint = near.map(|near| format!("「{near}」のことですか。")).unwrap_or_default();
        Self::UnknownField { name: name.chars().take(60).collect(), hint }
    }

    /// A mistake in one field.
    pub fn invalid(error: FieldError) -> Self {
        Self::Invalid(vec![error])
    }
}

impl From<StoreError> for LedgerError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            other => Self::Store(other),
        }
    }
}

fn first(errors: &[FieldError]) -> String {
    errors.first().map(ToString::to_string).unwrap_or_default()
}

fn names(fields: &[String]) -> String {
    if fields.is_empty() { "一意の値".to_owned() } else { format!("「{}」", fields.join("・")) }
}
