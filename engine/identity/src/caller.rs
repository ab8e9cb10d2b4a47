//! Who calls an engine, and with what powers.
//!
//! A [`Caller`] is complete: roles and departments were read when the request came in, so that deciding what the caller
//! may do (see [`crate::grants`]) needs no database. A [`Context`] adds when, why and in which language, and is the first
//! parameter of every call of an engine.

use jiff::Timestamp;
use jiff::civil::Date;
use kawasemi_kernel::context::civil_date;
use kawasemi_kernel::{Act, Actor, Lang, RecordId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access_log::Manner;
use crate::error::{IdentityError, Result};
use crate::standing::DepartmentShare;

/// The role of those who run the installation: accounts, grants, operation. It shows no record by itself.
pub const ADMIN: &str = "admin";
/// The role of everybody who is signed in as a member of the staff.
pub const STAFF: &str = "staff";
/// The role of everybody, visitors included.
pub const PUBLIC: &str = "public";

/// The role of those who look at who looked (監査担当): the logs and their reports, no record of any ledger.
pub const AUDITOR: &str = "auditor";
/// The role of those who answer for the protection of personal data (個人情報保護担当): the register of files of personal
/// data, disclosure, stop of use, erasure and disposal. It shows no record by itself either.
pub const PRIVACY_OFFICER: &str = "privacy-officer";

/// Roles that every city has, with their Japanese names and what someone with them does.
pub const BUILT_IN_ROLES: [(&str, &str, &str); 5] = [
    (ADMIN, "システム管理者", "利用者、権限、運用を管理します。台帳の内容は、別に権限がなければ見られません。"),
    (
        AUDITOR,
        "監査担当",
        "だれが個人情報を見たかの記録と報告書を見ます。台帳の内容は、別に権限がなければ見られません。",
    ),
    (
        PRIVACY_OFFICER,
        "個人情報保護担当",
        "個人情報ファイル簿、開示・利用停止・消去、保存期間の満了した記録の廃棄を扱います。台帳の内容は、別に権限がなければ見られません。",
    ),
    (STAFF, "職員", "職員としてサインインした人全員です。"),
    (PUBLIC, "一般公開", "サインインしていない人を含む全員です。"),
];

/// The id of a session; not the secret that the cookie carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub Uuid);

/// How surely the caller is who they say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// Not signed in.
    #[default]
    None,
    /// An API token (APIトークン).
    Token,
    /// A short number at a shared machine, on a day on which its owner has signed in fully (窓口PIN).
    Pin,
    /// A password alone.
    Password,
    /// The city's own identity provider vouches for them (OpenID Connect).
    Provider,
    /// A password and a one-time code.
    SecondFactor,
    /// A passkey with user verification.
    Passkey,
}

impl Strength {
    const ALL: [Self; 7] =
        [Self::None, Self::Token, Self::Pin, Self::Password, Self::Provider, Self::SecondFactor, Self::Passkey];

    /// The key under which it is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Token => "token",
            Self::Pin => "pin",
            Self::Password => "password",
            Self::Provider => "provider",
            Self::SecondFactor => "second-factor",
            Self::Passkey => "passkey",
        }
    }

    /// What the staff call it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::None => "サインインなし",
            Self::Token => "APIトークン",
            Self::Pin => "窓口PIN",
            Self::Password => "パスワード",
            Self::Provider => "庁内の認証基盤",
            Self::SecondFactor => "パスワードと確認コード",
            Self::Passkey => "パスキー",
        }
    }

    /// The strength with a stored key; an unknown key is no strength at all.
    pub fn from_key(key: &str) -> Self {
        Self::ALL.into_iter().find(|strength| strength.key() == key).unwrap_or_default()
    }
}

/// What kind of account it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountKind {
    /// A member of the staff (職員).
    Staff,
    /// Another system that calls the API (連携用). It cannot sign in, only use tokens, and is not `staff`.
    Service,
    /// A member of an organisation outside the hall (委託先、指定管理者、自治会、検査員), until a day and within its contract. Never
    /// `staff`.
    Outside,
    /// A vendor's technician (保守業者), during approved maintenance only, with every request recorded. Never `staff`.
    Vendor,
}

impl AccountKind {
    /// The key under which it is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Service => "service",
            Self::Outside => "outside",
            Self::Vendor => "vendor",
        }
    }

    /// What the staff call it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Staff => "職員",
            Self::Service => "システム連携用",
            Self::Outside => "外部団体",
            Self::Vendor => "保守業者",
        }
    }

    /// The kind with a stored key; what is unknown gets the kind with fewer powers.
    pub fn from_key(key: &str) -> Self {
        match key {
            "staff" => Self::Staff,
            "outside" => Self::Outside,
            "vendor" => Self::Vendor,
            _ => Self::Service,
        }
    }

    /// Whether it is a member of the hall's own staff.
    pub const fn is_staff(self) -> bool {
        matches!(self, Self::Staff)
    }
}

/// The account behind a caller, as pages and history name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSummary {
    /// The account's id, which is also the actor's.
    pub id: Uuid,
    /// The name typed to sign in.
    pub login: String,
    /// The name shown to others.
    pub display_name: String,
    /// The person in the staff register (職員台帳), where there is one.
    pub person: Option<RecordId>,
    /// What kind of account it is.
    pub kind: AccountKind,
}

/// A role that a caller holds, with the reason for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRole {
    /// The role's key.
    pub key: String,
    /// The departments within which it holds; none for all that the caller belongs to. A grant of this role sees these
    /// as `user.departments`, so that a role held for one department opens no other.
    pub departments: Option<Vec<RecordId>>,
    /// Why the caller has it.
    pub because: HeldBecause,
}

/// Why a caller has a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldBecause {
    /// Everybody has it.
    Everybody,
    /// Every member of the staff who is signed in has it.
    SignedIn,
    /// It was assigned, with the dates that the assignment names.
    Assigned {
        /// The first day, if one is set.
        from: Option<Date>,
        /// The last day, if one is set.
        until: Option<Date>,
    },
}

impl From<&str> for HeldRole {
    /// A role held without limits.
    fn from(key: &str) -> Self {
        let because = match key {
            PUBLIC => HeldBecause::Everybody,
            STAFF => HeldBecause::SignedIn,
            _ => HeldBecause::Assigned { from: None, until: None },
        };
        Self { key: key.to_owned(), departments: None, because }
    }
}

/// Who calls, with everything that grants decide on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The actor that history names.
    pub actor: Actor,
    /// The account, if a person or another system calls.
    pub account: Option<AccountSummary>,
    /// The roles, each once.
    pub roles: Vec<HeldRole>,
    /// The departments to which the account belongs, the main one first.
    pub departments: Vec<RecordId>,
    /// The outside organisations (外部団体) whose member the account is, today.
    pub organisations: Vec<RecordId>,
    /// Parts of closed departments' records that came to this caller's departments when the work was split.
    pub shares: Vec<DepartmentShare>,
    /// Whether the register says that the person is on leave: signed in, but without any power of the staff.
    pub on_leave: bool,
    /// The session, if there is one.
    pub session: Option<SessionId>,
    /// How surely the caller is who they say.
    pub strength: Strength,
    /// When the caller last proved who they are, UTC.
    pub authenticated_at: Option<Timestamp>,
    /// Whether the caller may only read, whatever the grants say (a token limited to reading).
    pub read_only: bool,
    /// Whether a new password must be chosen before anything else.
    pub password_must_change: bool,
    /// The shared machine (窓口端末) at which the session began, if at one.
    pub device: Option<Uuid>,
    /// Whether the screen is locked: until its owner proves themselves again, the session opens nothing.
    pub locked: bool,
}

impl Caller {
    /// Somebody who has not signed in.
    pub fn visitor() -> Self {
        Self {
            actor: Actor::Visitor,
            account: None,
            roles: vec![PUBLIC.into()],
            departments: Vec::new(),
            organisations: Vec::new(),
            shares: Vec::new(),
            on_leave: false,
            session: None,
            strength: Strength::None,
            authenticated_at: None,
            read_only: false,
            password_must_change: false,
            device: None,
            locked: false,
        }
    }

    /// The program itself: the command line and jobs. It may do everything.
    pub fn system() -> Self {
        Self { actor: Actor::System, roles: Vec::new(), ..Self::visitor() }
    }

    /// An account with the roles that its kind brings.
    pub fn of_account(account: AccountSummary) -> Self {
        let mut roles = vec![PUBLIC.into()];
        if account.kind == AccountKind::Staff {
            roles.push(STAFF.into());
        }
        Self { actor: Actor::Account(account.id), account: Some(account), roles, ..Self::visitor() }
    }

    /// The same caller with one more role. A role held twice reaches as far as both together.
    #[must_use]
    pub fn with_role(mut self, role: impl Into<HeldRole>) -> Self {
        let role = role.into();
        match self.roles.iter_mut().find(|held| held.key == role.key) {
            Some(held) => held.widen(role),
            None => self.roles.push(role),
        }
        self
    }

    /// The same caller, belonging to these departments, the main one first.
    #[must_use]
    pub fn with_departments(mut self, departments: Vec<RecordId>) -> Self {
        self.departments = departments;
        self
    }

    /// Whether a member of the hall's own staff calls.
    pub fn is_staff(&self) -> bool {
        self.account.as_ref().is_some_and(|account| account.kind.is_staff())
    }

    /// Whether the program itself calls.
    pub fn is_system(&self) -> bool {
        self.actor == Actor::System
    }

    /// Whether the caller holds a role, in whatever department.
    pub fn has_role(&self, key: &str) -> bool {
        self.roles.iter().any(|held| held.key == key)
    }

    /// Whether the caller runs the installation.
    pub fn is_admin(&self) -> bool {
        self.is_system() || (self.has_role(ADMIN) && !self.read_only)
    }

    /// Whether the caller proved who they are at most so many seconds ago. Dangerous acts ask for this.
    pub fn is_fresh(&self, at: Timestamp, seconds: i64) -> bool {
        self.authenticated_at.is_some_and(|proved| at.as_second() - proved.as_second() <= seconds)
    }
}

impl HeldRole {
    fn widen(&mut self, other: Self) {
        let departments = match (self.departments.take(), other.departments) {
            (Some(mut mine), Some(others)) => {
                mine.extend(others);
                mine.sort_unstable();
                mine.dedup();
                Some(mine)
            }
            _ => None,
        };
        self.departments = departments;
    }
}

/// What every call of an engine is told first: who, when, why, and in which language to answer.
#[derive(Clone, Debug)]
pub struct Context {
    /// Who calls, with what powers.
    pub caller: Caller,
    /// Who, when and why, as history keeps it.
    pub act: Act,
    /// The language of answers.
    pub lang: Lang,
    /// The request's reference number, which error pages show and the log has.
    pub request: Option<String>,
    /// The client's address, for the logs; empty where the program itself acts.
    pub address: String,
    /// How records are read, where the page knows better than the ledger engine: to be printed, for one.
    pub manner: Option<Manner>,
    /// The record of a protected person that was opened with a reason, for this request alone.
    pub opened: Option<Opened>,
}

/// A record whose protected fields the caller opened (支援措置対象者の住所等の閲覧): who may, and why, was settled before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The ledger's key.
    pub ledger: String,
    /// The record.
    pub record: RecordId,
}

impl Context {
    /// A context of a caller at an instant, in Japanese and without a stated reason.
    pub fn new(caller: Caller, at: Timestamp) -> Self {
        let act = Act { actor: caller.actor, at, reason: String::new() };
        Self { caller, act, lang: Lang::Ja, request: None, address: String::new(), manner: None, opened: None }
    }

    /// The program's own context.
    pub fn system(at: Timestamp, reason: impl Into<String>) -> Self {
        let mut context = Self::new(Caller::system(), at);
        context.act.reason = reason.into();
        context
    }

    /// The same context with the reason that was stated.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.act.reason = reason.into();
        self
    }

    /// The same context for reading in this manner.
    #[must_use]
    pub fn reading(mut self, manner: Manner) -> Self {
        self.manner = Some(manner);
        self
    }

    /// The civil date in the city.
    pub fn today(&self) -> Date {
        civil_date(self.act.at)
    }

    /// Refuses everybody who does not run the installation. A token does not do: who gets hold of one must not be able
    /// to make themselves more.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`].
    pub fn require_admin(&self) -> Result<()> {
        let allowed = self.caller.is_admin() && self.caller.strength != Strength::Token;
        if allowed { Ok(()) } else { Err(IdentityError::Forbidden) }
    }

    /// Refuses everybody who neither runs the installation nor oversees access (監査担当・個人情報保護担当). A token does not
    /// do: the log of looks is read by people.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`].
    pub fn require_overseer(&self) -> Result<()> {
        let caller = &self.caller;
        let is_overseer = caller.is_admin() || caller.has_role(AUDITOR) || caller.has_role(PRIVACY_OFFICER);
        if is_overseer && caller.strength != Strength::Token { Ok(()) } else { Err(IdentityError::Forbidden) }
    }

    /// Refuses everybody but those who answer for the protection of personal data (個人情報保護担当) and the program itself.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`].
    pub fn require_privacy_officer(&self) -> Result<()> {
        let caller = &self.caller;
        let is_officer = caller.is_system() || (caller.has_role(PRIVACY_OFFICER) && !caller.read_only);
        if is_officer && caller.strength != Strength::Token { Ok(()) } else { Err(IdentityError::Forbidden) }
    }

    /// The account that calls; refuses visitors and tokens.
    pub(crate) fn require_own_account(&self) -> Result<Uuid> {
        match &self.caller.account {
            Some(account) if self.caller.strength != Strength::Token => Ok(account.id),
            _ => Err(IdentityError::Forbidden),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn department(n: u128) -> RecordId {
        RecordId(Uuid::from_u128(n))
    }

    fn held(departments: Option<Vec<RecordId>>) -> HeldRole {
        HeldRole { departments, ..HeldRole::from("clerk") }
    }

    #[test]
    fn a_role_held_twice_reaches_as_far_as_both() {
        let (one, two) = (department(1), department(2));
        let both = Caller::visitor().with_role(held(Some(vec![one]))).with_role(held(Some(vec![two, one])));
        assert_eq!(both.roles[1].departments, Some(vec![one, two]));
        let unlimited = both.with_role(held(None));
        assert_eq!(unlimited.roles[1].departments, None);
        assert_eq!(unlimited.roles.len(), 2);
    }

    #[test]
    fn a_service_is_no_member_of_the_staff() {
        let account = AccountSummary {
            id: Uuid::from_u128(9),
            login: "link".into(),
            display_name: "連携".into(),
            person: None,
            kind: AccountKind::Service,
        };
        assert!(!Caller::of_account(account.clone()).has_role(STAFF));
        assert!(Caller::of_account(AccountSummary { kind: AccountKind::Staff, ..account }).has_role(STAFF));
    }

    #[test]
    fn the_system_role_needs_no_role_and_a_reading_token_is_no_admin() {
        assert!(Caller::system().is_admin());
        let mut caller = Caller::visitor().with_role(ADMIN);
        assert!(caller.is_admin());
        caller.read_only = true;
        assert!(!caller.is_admin());
    }

    #[test]
    fn unknown_stored_keys_give_no_power() {
        assert_eq!(Strength::from_key("root"), Strength::None);
        assert_eq!(AccountKind::from_key("root"), AccountKind::Service);
        for strength in Strength::ALL {
            assert_eq!(Strength::from_key(strength.key()), strength);
        }
    }
}
