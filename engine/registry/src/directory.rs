//! What the hall's directory (LDAP) needs of the registers: departments by code, members of the staff by number.

use async_trait::async_trait;
use jiff::Timestamp;
use kawasemi_identity::{Context, Registers};
use kawasemi_kernel::RecordId;
use kawasemi_ledger::Ledgers;

use crate::register;

/// The registers of a city, as the directory asks for them.
pub struct RegistersOf(pub Ledgers);

#[async_trait]
impl Registers for RegistersOf {
    async fn department(&self, code: &str, at: Timestamp) -> Option<RecordId> {
        register::department(&self.0, &Context::system(at, "LDAPのグループの対応付け"), code).await.ok().flatten()
    }

    async fn staff(&self, number: &str, at: Timestamp) -> Option<RecordId> {
        let found = register::staff(&self.0, &Context::system(at, "LDAPの職員番号の対応付け"), number).await;
        found.ok().flatten().map(|(id, _)| id)
    }
}
