//! Who somebody is, and what they may do.
//!
//! Two halves that meet in the [`Caller`]. The one finds out who calls: accounts, passwords with one-time codes, passkeys,
//! OpenID Connect, sessions and API tokens ([`Identity`], one for each city). The other decides what that caller may do
//! with the records of a ledger: [`Grants`], compiled from the ledgers' definitions, pure and without a database.
//!
//! It speaks of secrets and cookies' values, but not HTTP: `desk` carries them. It holds no records of a ledger: `ledger` asks
//! [`grants::Access`] before it shows or changes one.
//!
//! Start reading at [`caller`], then [`sign_in`] and [`grants`].

pub mod access_log;
pub mod accounts;
pub mod caller;
mod caller_cache;
mod callers;
mod ceremony;
mod code_sheet;
pub mod cookie;
pub mod counter;
pub mod error;
pub mod events;
pub mod grants;
pub mod identity;
pub mod ldap;
pub mod maintenance;
pub mod oidc;
pub mod outside;
pub mod passkeys;
pub mod password;
mod rate_limit;
pub mod roles;
mod second_factor;
pub mod secret;
pub mod sessions;
pub mod sign_in;
pub mod standing;
pub mod tables;
pub mod tokens;
pub mod totp;
mod validity;

pub use access_log::{AccessEntry, AccessLog, AccessQuery, AccessRow, Manner};
pub use accounts::{Account, AccountChange, AccountQuery, NewAccount};
pub use caller::{
    ADMIN, AUDITOR, AccountKind, AccountSummary, Caller, Context, HeldRole, PRIVACY_OFFICER, PUBLIC, STAFF, SessionId,
    Strength,
};
pub use cookie::Cookie;
pub use counter::SharedDevice;
pub use error::{IdentityError, Result};
pub use events::{Event, EventKind, EventQuery};
pub use grants::{Access, Grants, Roles};
pub use identity::{Identity, Parts, Rules, Visit};
pub use ldap::{Blocked, Directory, DirectoryConfig, Registers};
pub use oidc::{Provider, ProviderAnswer, ProviderConfig, ProviderRequest};
pub use passkeys::{PasskeyInfo, PasskeyRequest, Site};
pub use password::{PasswordCost, Passwords};
pub use rate_limit::BrakeRules;
pub use roles::{AssignedRole, Membership, RoleAssignment};
pub use secret::{Entropy, Secret, SeededEntropy, SystemEntropy};
pub use sessions::{NewSession, Session};
pub use sign_in::SignIn;
pub use standing::{Absence, AbsenceKind, DepartmentShare, Standing, Succession};
pub use tokens::{ApiToken, NewToken};
