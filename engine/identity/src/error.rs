//! What can go wrong with accounts and sign-in.
//!
//! Two types: [`IdentityError`] for every operation on a city's accounts, and [`crate::password::WeakPassword`] for a
//! password that the rules refuse, which a form shows beside its field. `Display` is a sentence for the person; causes
//! are chained and logged once, at the edge. Wrong name, wrong password and disabled account are one answer.

use kawasemi_store::{SealError, StoreError};
use thiserror::Error;

use crate::ldap::Blocked;
use crate::password::WeakPassword;

/// The result of an operation on accounts.
pub type Result<T, E = IdentityError> = std::result::Result<T, E>;

/// Why an operation on accounts was refused or failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The login name or its proof is wrong. It is not said which, nor whether the account exists.
    #[error("利用者名またはパスワードが正しくありません。入力し直してください。")]
    WrongCredentials,
    /// The one-time or recovery code is wrong or was used before.
    #[error("確認コードが正しくないか、すでに使われています。新しいコードを入力してください。")]
    WrongCode,
    /// Too many attempts failed.
    #[error("試行が続いたため、一時的に受け付けていません。{seconds}秒後にもう一度お試しください。")]
    TooManyAttempts {
        /// After how many seconds to try again.
        seconds: i64,
    },
    /// The sign-in that was begun is too old, was finished, or never was.
    #[error("サインインの手続きの有効期限が切れました。最初からやり直してください。")]
    CeremonyOver,
    /// The passkey was refused.
    #[error("パスキーを確認できませんでした。別のパスキーを試すか、パスワードでサインインしてください。")]
    PasskeyRefused(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The identity provider was not reachable or its answer was not acceptable.
    #[error("庁内の認証基盤を確認できませんでした。もう一度お試しください。続くときは管理者に連絡してください。")]
    Provider(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The identity provider vouches for somebody who has no account here.
    #[error(
        "認証基盤での確認はできましたが、このシステムの利用者として登録されていません。管理者に登録を依頼してください。"
    )]
    NotLinked,
    /// The hall's directory knows them and does not let them in.
    #[error(transparent)]
    Blocked(Blocked),
    /// No server of the hall's directory answers.
    #[error(
        "庁内のアカウントを確かめるサーバー（LDAP）につながらないため、いまは新しくサインインできません。\
         すでに開いている画面は、そのまま使えます。数分後にもう一度お試しください。急ぐときは情報システム担当に連絡してください。"
    )]
    DirectoryDown,
    /// The PIN can't be used here or now.
    #[error("{0}")]
    PinRefused(&'static str),
    /// The act needs a fresh proof of who one is.
    #[error("安全のため、もう一度本人確認をしてください。")]
    StepUpNeeded,
    /// The caller may not do this.
    #[error("この操作をする権限がありません。")]
    Forbidden,
    /// There is no such account, session, token or passkey.
    #[error("対象が見つかりません。削除されたか、番号が違います。")]
    NotFound,
    /// The login name is taken.
    #[error("利用者名「{login}」はすでに使われています。別の名前にしてください。")]
    LoginTaken {
        /// The login name as it was entered.
        login: String,
    },
    /// Something that was entered is not acceptable.
    #[error("{0}")]
    Invalid(String),
    /// The password does not follow the rules.
    #[error(transparent)]
    WeakPassword(#[from] WeakPassword),
    /// Too many people sign in at this moment.
    #[error("サインインが混み合っています。少し待ってからもう一度お試しください。")]
    Busy,
    /// The key that opens the secret of one-time codes is not there, or is another one.
    #[error(
        "いまサーバーでは確認コードを確かめられません。回復コードを入力するか、管理者に確認コードの解除を依頼してください。"
    )]
    Sealed(#[from] SealError),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A defect of the program or a damaged row.
    #[error("サインインの処理に失敗しました。管理者に連絡してください。")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl IdentityError {
    pub(crate) fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }
}
