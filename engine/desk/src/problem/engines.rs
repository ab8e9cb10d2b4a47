//! What the errors of the engines are at the web edge.
//!
//! Their sentences are for people already; here they get a status and a stable key. Whether something exists is not told to
//! those who may not know.

use http::StatusCode as S;
use kawasemi_courier::CourierError;
use kawasemi_exchange::ExchangeError;
use kawasemi_identity::IdentityError;
use kawasemi_oversight::OversightError;
use kawasemi_store::{Away, StoreError};
use kawasemi_webhook::WebhookError;

use super::Problem;

impl From<IdentityError> for Problem {
    fn from(error: IdentityError) -> Self {
        let said = error.to_string();
        match &error {
            IdentityError::NotFound => Self::not_found(),
            IdentityError::Forbidden => Self::forbidden(),
            IdentityError::TooManyAttempts { .. } | IdentityError::Busy => Self::too_many(said),
            IdentityError::StepUpNeeded => {
                Self::new(S::FORBIDDEN, "step-up-needed", "もう一度本人確認が必要です", said)
            }
            IdentityError::Blocked(_) | IdentityError::PinRefused(_) => {
                Self::new(S::FORBIDDEN, "sign-in-refused", "サインインできませんでした", said)
            }
            IdentityError::DirectoryDown => {
                Self::new(S::SERVICE_UNAVAILABLE, "directory-down", "サインインできませんでした", said)
            }
            IdentityError::WrongCredentials | IdentityError::WrongCode | IdentityError::CeremonyOver => {
                Self::new(S::UNPROCESSABLE_ENTITY, "sign-in-refused", "サインインできませんでした", said)
            }
            IdentityError::PasskeyRefused(cause) => {
                let log = Some(cause.to_string());
                Self {
                    log,
                    ..Self::new(S::UNPROCESSABLE_ENTITY, "passkey-refused", "サインインできませんでした", said)
                }
            }
            IdentityError::Provider(cause) => {
                let log = Some(cause.to_string());
                Self {
                    log, ..Self::new(S::BAD_GATEWAY, "provider-failed", "サインインできませんでした", said)
                }
            }
            IdentityError::Sealed(cause) => {
                let log = Some(cause.to_string());
                Self { log, ..Self::new(S::SERVICE_UNAVAILABLE, "sealed", "確認コードを扱えません", said) }
            }
            IdentityError::NotLinked => Self::new(S::FORBIDDEN, "not-linked", "サインインできませんでした", said),
            IdentityError::LoginTaken { .. } | IdentityError::Invalid(_) | IdentityError::WeakPassword(_) => {
                Self::new(S::UNPROCESSABLE_ENTITY, "invalid", "入力を確かめてください", said)
            }
            _ => match error {
                IdentityError::Store(error) => error.into(),
                other => Self::internal(&other),
            },
        }
    }
}

impl From<CourierError> for Problem {
    fn from(error: CourierError) -> Self {
        match error {
            CourierError::Identity(error) => error.into(),
            CourierError::Ledger(error) => error.into(),
            CourierError::Store(error) => error.into(),
            CourierError::Refused(reason) => {
                Self::new(S::UNPROCESSABLE_ENTITY, "parcel-refused", "受け取れませんでした", reason)
            }
            CourierError::NotSeparated => Self::not_found(),
            other => Self::internal(&other),
        }
    }
}

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::NotFound => Self::not_found(),
            WebhookError::Invalid { message, .. } => {
                Self::new(S::UNPROCESSABLE_ENTITY, "invalid", "入力を確かめてください", message)
            }
            WebhookError::Identity(error) => error.into(),
            WebhookError::Ledger(error) => error.into(),
            WebhookError::Store(error) => error.into(),
            other => Self::internal(&other),
        }
    }
}

impl From<ExchangeError> for Problem {
    fn from(error: ExchangeError) -> Self {
        let said = error.to_string();
        match error {
            ExchangeError::NotFound => Self::not_found(),
            ExchangeError::Forbidden => Self::forbidden(),
            ExchangeError::Refused(_) | ExchangeError::Layout(_) => {
                Self::new(S::UNPROCESSABLE_ENTITY, "refused", "この操作はできません", said)
            }
            ExchangeError::Ledger(error) => error.into(),
            ExchangeError::Store(error) => error.into(),
            other => Self::internal(&other),
        }
    }
}

impl From<OversightError> for Problem {
    fn from(error: OversightError) -> Self {
        match error {
            OversightError::NotFound => Self::not_found(),
            OversightError::Forbidden => Self::forbidden(),
            OversightError::Refused(message) => {
                Self::new(S::UNPROCESSABLE_ENTITY, "refused", "この操作はできません", message)
            }
            OversightError::Store(error) => error.into(),
            OversightError::Ledger(error) => error.into(),
            other => Self::internal(&other),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let said = error.to_string();
        let (status, kind, title) = match &error {
            StoreError::NotFound => return Self::not_found(),
            StoreError::Conflict => (S::CONFLICT, "conflict", "ほかの人が先に保存しました"),
            StoreError::Refused { .. } => (S::UNPROCESSABLE_ENTITY, "refused", "この操作はできません"),
            StoreError::DiskFull => (S::INSUFFICIENT_STORAGE, "disk-full", "保存できませんでした"),
            StoreError::Busy { .. } => (S::SERVICE_UNAVAILABLE, "busy", "混み合っています"),
            StoreError::Timeout => (S::SERVICE_UNAVAILABLE, "timeout", "時間内に終わりませんでした"),
            StoreError::Away { why, .. } => {
                let (kind, title) = match why {
                    Away::NoPrimary => ("database-away", "データベースを切り替えています"),
                    Away::Unreachable | Away::OldPrimary => ("database-away", "ただいまデータベースを使えません"),
                    Away::NoStandby => ("saving-away", "いまは保存できません"),
                };
                (S::SERVICE_UNAVAILABLE, kind, title)
            }
            StoreError::Unknown { .. } => {
                (S::SERVICE_UNAVAILABLE, "outcome-unknown", "保存できたか確かめられていません")
            }
            StoreError::Closed => (S::SERVICE_UNAVAILABLE, "closed", "停止処理中です"),
            _ => return Self::internal(&error),
        };
        let said_more = |detail: &str| format!("{said}: {detail}");
        let log = status.is_server_error().then(|| error.detail().map_or_else(|| said.clone(), said_more));
        Self { log, ..Self::new(status, kind, title, said) }
    }
}
