//! What can go wrong in a store, in the words of the person who asked.
//!
//! One type for the whole crate, since every operation ends in the same two databases. `Display` is a sentence for a
//! person (what happened and what to do); what the database itself said is in `detail` and belongs in the log. The
//! errors are `Clone`, since one failed commit is the answer to every unit that waited for it.

use thiserror::Error;

/// The result of a store operation.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Why the store refused or failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The record was changed by somebody else since it was read.
    #[error("ほかの人が先に保存しました。最新の内容を確かめてから、もう一度保存してください。")]
    Conflict,
    /// There is no such record, definition or city.
    #[error("対象が見つかりません。削除されたか、番号が違います。")]
    NotFound,
    /// A unique key is already taken.
    #[error("同じ値の記録がすでにあります（一意キー {index}）。")]
    Unique {
        /// The unique index, by which the ledger engine finds the fields to name.
        index: String,
    },
    /// A reference points to a record that does not exist, or a record still referred to was to be removed.
    #[error("参照先の記録がないか、ほかの記録から参照されています。")]
    ForeignKey {
        /// What the database said.
        detail: String,
    },
    /// A value that the table refuses (NOT NULL, CHECK, wrong type).
    #[error("値が台帳の決まりに合いません。")]
    Check {
        /// What the database said.
        detail: String,
    },
    /// The disk is full: nothing of the write was kept.
    #[error(
        "ディスクの空きがないため保存できません。何も変更されていません。管理者に空き容量の確保を依頼してください。"
    )]
    DiskFull,
    /// Another process holds the database, or the server is overloaded.
    #[error("データベースが混み合っています。少し待ってからもう一度お試しください。")]
    Busy {
        /// What the database said.
        detail: String,
    },
    /// The time allowed for the operation is over.
    #[error("時間内に終わらなかったため中止しました。条件を絞ってお試しください。")]
    Timeout,
    /// The database file is damaged.
    #[error("データベースが壊れている可能性があります。サーバーを止め、バックアップから復元してください。")]
    Corrupt {
        /// What the database said.
        detail: String,
    },
    /// The disk or the connection failed.
    #[error("データベースの読み書きに失敗しました。もう一度試し、続くときは管理者に連絡してください。")]
    Io {
        /// What the operating system or the database said.
        detail: String,
    },
    /// No server may be written: it is stopped, or another one is taking its place. Nothing of the operation was kept.
    #[error("{}", .why.sentence())]
    Away {
        /// What was found instead.
        why: Away,
        /// What the servers said.
        detail: String,
    },
    /// The answer to a write was lost and could not be found out again: it may be there or not. Whoever sends the same again
    /// (a record with the id of its form, a change with the revision that it was based on) gets it once.
    #[error(
        "保存の途中でデータベースの応答が途切れ、保存できたかどうかを確かめられていません。\
         データベースが戻ったら、保存した画面か一覧を開いて確かめてください。"
    )]
    Unknown {
        /// What the database said.
        detail: String,
    },
    /// The store was closed while the operation waited.
    #[error("サーバーが停止処理中のため受け付けられません。")]
    Closed,
    /// The data directory is already served by another process.
    #[error("データフォルダー {path} は別の kawasemi が使用中です。先にそちらを停止してください。")]
    Locked {
        /// The data directory.
        path: String,
    },
    /// A value in the database is not of the type that the program expects.
    #[error("データベースの値を読み取れません（{column}）。")]
    Decode {
        /// The column or its position.
        column: String,
        /// What was expected and what was found.
        detail: String,
    },
    /// The database refused a statement: a defect of the program.
    #[error("データベースへの問い合わせに誤りがありました。管理者に連絡してください。")]
    Statement {
        /// What the database said, with the statement's text but not its values.
        detail: String,
    },
    /// What was asked contradicts the declarations or the state of the installation.
    #[error("{message}")]
    Refused {
        /// The reason and what to do, in Japanese.
        message: String,
    },
}

/// Why no database server may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Away {
    /// None answers, or the one that did broke off.
    Unreachable,
    /// Those that answer are standbys (待機系).
    NoPrimary,
    /// The one that answers was the primary before another one took over: what is written to it would be lost.
    OldPrimary,
    /// The primary is there, but commits wait for a synchronous standby that does not answer: it can be read, not written.
    NoStandby,
}

impl Away {
    /// A stable key for programs.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::NoPrimary => "no-primary",
            Self::OldPrimary => "old-primary",
            Self::NoStandby => "no-standby",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Unreachable => {
                "データベースに接続できません。止まっているか、予備のサーバーへ切り替えているところです。\
                 この操作では何も変わっていません。少し待ってからもう一度お試しください。"
            }
            Self::NoPrimary => {
                "データベースを予備のサーバーへ切り替えているところです。\
                 この操作では何も変わっていません。少し待ってからもう一度お試しください。"
            }
            Self::OldPrimary => {
                "切替え前の古いデータベースだけが動いています。記録が食い違うため、つないでいません。\
                 この操作では何も変わっていません。管理者に、新しいデータベースを動かすよう依頼してください。"
            }
            Self::NoStandby => {
                "予備のデータベースの応答がないため、いまは保存と、閲覧の記録が要る画面の表示ができません。\
                 この操作では何も変わっていません。少し待ってからもう一度お試しください。"
            }
        }
    }
}

impl StoreError {
    /// Whether no server may be written at the moment: trying again later is all that can be done.
    #[must_use]
    pub const fn is_away(&self) -> bool {
        matches!(self, Self::Away { .. })
    }

    /// Creates a refusal with its reason in Japanese.
    #[must_use]
    pub fn refused(message: impl Into<String>) -> Self {
        Self::Refused { message: message.into() }
    }

    /// What the database or the operating system said, for the log.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::ForeignKey { detail }
            | Self::Check { detail }
            | Self::Busy { detail }
            | Self::Corrupt { detail }
            | Self::Io { detail }
            | Self::Away { detail, .. }
            | Self::Unknown { detail }
            | Self::Decode { detail, .. }
            | Self::Statement { detail } => Some(detail),
            _ => None,
        }
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Io { detail: error.to_string() },
        }
    }
}
