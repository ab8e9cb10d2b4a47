//! What happened with accounts (認証の記録): sign-ins, refusals, revocations, changes of roles.
//!
//! An event is written in the unit of what it tells of, so that neither is there without the other. It names who did it,
//! to which account and from where; never a password, a code or a secret, and not what somebody typed as a login name that
//! does not exist, since that is sometimes a password.

use jiff::Timestamp;
use kawasemi_kernel::Actor;
use kawasemi_store::{Row, Sql, Statement};
use uuid::Uuid;

use crate::caller::Context;
use crate::error::Result;
use crate::identity::{Identity, Visit, instant, stored};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $key:literal, $label:literal;)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EventKind { $($(#[$doc])* $name,)* }

        impl EventKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The key under which it is stored.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }

            /// What the staff call it.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }
        }
    };
}

kinds! {
    /// Somebody signed in.
    SignedIn = "signed-in", "サインイン";
    /// Somebody tried to sign in and was refused.
    SignInRefused = "sign-in-refused", "サインイン失敗";
    /// Somebody proved again who they are.
    ProvedAgain = "proved-again", "再確認";
    /// Somebody signed out.
    SignedOut = "signed-out", "サインアウト";
    /// Sessions were ended from elsewhere.
    SessionsRevoked = "sessions-revoked", "セッション失効";
    /// An account was added.
    AccountAdded = "account-added", "利用者の登録";
    /// An account's data were changed.
    AccountChanged = "account-changed", "利用者の変更";
    /// An account was disabled.
    AccountDisabled = "account-disabled", "利用停止";
    /// An account was enabled again.
    AccountEnabled = "account-enabled", "利用再開";
    /// A password was set.
    PasswordSet = "password-set", "パスワード設定";
    /// A role was given.
    RoleAssigned = "role-assigned", "役割の付与";
    /// A role was taken away.
    RoleRemoved = "role-removed", "役割の解除";
    /// One-time codes were set up.
    SecondFactorSet = "second-factor-set", "確認コードの設定";
    /// One-time codes were removed.
    SecondFactorRemoved = "second-factor-removed", "確認コードの解除";
    /// A recovery code was used.
    RecoveryCodeUsed = "recovery-code-used", "回復コードの使用";
    /// A passkey was added.
    PasskeyAdded = "passkey-added", "パスキーの登録";
    /// A passkey was removed.
    PasskeyRemoved = "passkey-removed", "パスキーの削除";
    /// A passkey's counter went back: it may have been copied.
    PasskeySuspect = "passkey-suspect", "パスキー複製の疑い";
    /// An API token was made.
    TokenCreated = "token-created", "APIトークン発行";
    /// An API token was revoked.
    TokenRevoked = "token-revoked", "APIトークン失効";
    /// An identity provider's subject was linked.
    ProviderLinked = "provider-linked", "認証基盤との紐付け";
    /// Somebody signed in by what is remembered of the directory, while no server answered.
    DirectoryRemembered = "directory-remembered", "LDAP停止中のサインイン";
    /// A printed sheet of codes was issued.
    CodeSheetIssued = "code-sheet-issued", "確認コード表の発行";
    /// A code of a printed sheet was used.
    CodeSheetUsed = "code-sheet-used", "確認コード表の使用";
    /// A machine was registered as shared.
    DeviceRegistered = "device-registered", "窓口端末の登録";
    /// A machine is no longer a shared one.
    DeviceRemoved = "device-removed", "窓口端末の登録解除";
    /// Somebody set a PIN for shared machines.
    PinSet = "pin-set", "窓口PINの設定";
    /// A PIN was removed.
    PinRemoved = "pin-removed", "窓口PINの削除";
    /// Somebody locked the screen.
    ScreenLocked = "screen-locked", "画面ロック";
    /// A member of an outside organisation was invited.
    MemberInvited = "member-invited", "外部利用者の登録";
    /// An outside member's last day was moved.
    MemberExtended = "member-extended", "外部利用者の期限変更";
    /// An outside member's access was ended.
    MemberEnded = "member-ended", "外部利用者の終了";
    /// Maintenance by a vendor was asked for.
    MaintenanceRequested = "maintenance-requested", "保守作業の申請";
    /// Maintenance by a vendor was approved.
    MaintenanceApproved = "maintenance-approved", "保守作業の承認";
    /// Maintenance by a vendor was refused or ended.
    MaintenanceEnded = "maintenance-ended", "保守作業の終了";
}

impl EventKind {
    /// The kind with a stored key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.key() == key)
    }
}

/// One event, as the administrator's page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: Uuid,
    /// When, UTC.
    pub at: Timestamp,
    /// What; none if a later version of the program wrote it.
    pub kind: Option<EventKind>,
    /// Who did it.
    pub actor: String,
    /// To which account.
    pub account: Option<Uuid>,
    /// From which address; empty where it is not known.
    pub address: String,
    /// What else is to be said, such as the role's key.
    pub detail: String,
}

/// Which events to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventQuery {
    /// Of one account only.
    pub account: Option<Uuid>,
    /// Before this event of an earlier page.
    pub before: Option<Uuid>,
    /// How many at most.
    pub limit: u32,
}

impl Identity {
    /// Lists events, the newest first. Administrators see all, others those of their own account.
    ///
    /// # Errors
    /// [`crate::IdentityError::Forbidden`].
    pub async fn events(&self, context: &Context, query: EventQuery) -> Result<Vec<Event>> {
        let own = context.caller.account.as_ref().map(|account| account.id);
        if query.account.is_none() || query.account != own {
            context.require_admin()?;
        }
        // Ids are made in the order of time, so the key is also the order.
        let mut sql = Sql::text("SELECT id, at, kind, actor, account, address, detail FROM ");
        sql.table("identity_event").push(" WHERE 1 = 1");
        if let Some(account) = query.account {
            sql.push(" AND account = ").bind(account);
        }
        if let Some(before) = query.before {
            sql.push(" AND id < ").bind(before);
        }
        sql.push(" ORDER BY id DESC LIMIT ").bind(i64::from(query.limit.clamp(1, 1000)));
        self.inner.city.read(sql).await?.iter().map(read).collect()
    }

    /// The event of an act of a known caller.
    pub(crate) fn event(&self, context: &Context, kind: EventKind, account: Uuid, detail: &str) -> Statement {
        let request = context.request.as_deref();
        self.event_row(context.act.at, kind, context.act.actor, Some(account), "", detail, request)
    }

    /// The event of a visit at the door.
    pub(crate) fn door_event(&self, visit: &Visit, kind: EventKind, account: Option<Uuid>, detail: &str) -> Statement {
        let actor = match (kind, account) {
            (EventKind::SignInRefused, _) | (_, None) => Actor::Visitor,
            (_, Some(account)) => Actor::Account(account),
        };
        self.event_row(visit.at, kind, actor, account, &visit.address_text(), detail, visit.request.as_deref())
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of one row")]
    pub(crate) fn event_row(
        &self,
        at: Timestamp,
        kind: EventKind,
        actor: Actor,
        account: Option<Uuid>,
        address: &str,
        detail: &str,
        request: Option<&str>,
    ) -> Statement {
        Statement::any(Sql::with(
            "INSERT INTO {identity_event} (id, at, kind, actor, account, address, detail, request) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            [
                self.new_id().into(),
                stored(at),
                kind.key().into(),
                actor.to_string().into(),
                account.into(),
                address.into(),
                detail.into(),
                request.into(),
            ],
        ))
    }
}

fn read(row: &Row) -> Result<Event> {
    Ok(Event {
        id: row.get(0)?,
        at: instant(row.get(1)?)?,
        kind: EventKind::from_key(&row.get::<String>(2)?),
        actor: row.get(3)?,
        account: row.get(4)?,
        address: row.get(5)?,
        detail: row.get(6)?,
    })
}
