//! Signing in through the hall's directory (Active Directory in practice, or any LDAP server) with the password of the PC.
//!
//! [`config`] says how the directory is reached: over TLS only, several servers in order. [`client`] speaks to it: finds the
//! person, binds as them, and asks which of the mapped groups they belong to. [`sign_in`] says whose account that is, makes one
//! for somebody new who holds a mapped group, and gives the roles that groups bring. [`recheck`] looks again now and then, so
//! that who was disabled in the directory is out here as well.
//!
//! The directory is believed about who somebody is and which groups they hold, never about what this city does not map. Roles
//! that people gave by hand stay. An account with a password of its own is local: it works while no server answers, which is how
//! a city keeps a way in (非常用の利用者).

mod account;
pub mod client;
pub mod config;
mod health;
pub mod recheck;
mod roles;
pub mod sign_in;
mod state;

pub use client::{Directory, Registers};
pub use config::{DirectoryConfig, DirectoryKind, GroupRole};
pub use state::Blocked;

/// Under which issuer the subjects of the directory are linked with accounts.
pub(crate) const ISSUER: &str = "ldap";
/// Who assigns the roles that the directory's groups bring, as the assignments name it.
pub const ASSIGNED_BY: &str = "directory";
