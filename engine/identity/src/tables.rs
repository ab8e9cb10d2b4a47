//! The tables of accounts and sign-in, one set in each city.
//!
//! Accounts are not ledgers: what stands here (hashes, secrets, sessions) must not appear in a list, an export or a
//! history. People and posts are ledgers, in the staff register. Secrets are kept as hashes, but for the one-time code's,
//! which has to be known to be checked and is kept sealed.

use kawasemi_store::Engine;
use kawasemi_store::table::{Column, IndexedRows, Table};

/// Accounts and sign-in among the engines: their tables and, once a release needs one, the moves that led to them.
#[must_use]
pub fn engine() -> Engine {
    Engine::new("identity", tables())
}

/// All of them.
pub fn tables() -> Vec<Table> {
    vec![
        account(),
        account_role(),
        account_department(),
        account_second_factor(),
        account_recovery_code(),
        account_passkey(),
        account_link(),
        session(),
        api_token(),
        ceremony(),
        attempt(),
        identity_event(),
        access_log(),
    ]
}

/// A column that refers to an account.
fn of_account() -> Column {
    Column::id("account").references("account", "id")
}

/// Accounts (利用者). None is ever removed: history names them. `login_key` is the login name folded for comparison.
fn account() -> Table {
    Table::new("account")
        .column(Column::id("id"))
        .column(Column::text("login"))
        .column(Column::text("login_key"))
        .column(Column::text("display_name"))
        .column(Column::text("kind"))
        .column(Column::text("mail").optional())
        .column(Column::id("person").optional())
        .column(Column::bool("disabled"))
        .column(Column::text("password_hash").optional())
        .column(Column::int("password_at").optional())
        .column(Column::bool("password_must_change"))
        .column(Column::int("signed_in_at").optional())
        .column(Column::int("created_at"))
        .column(Column::int("updated_at"))
        .key(["id"])
        .unique(["login_key"])
        .index(["person"])
}

/// Roles that were assigned, with the department and the dates (`YYYY-MM-DD`, both inclusive) that limit them.
fn account_role() -> Table {
    Table::new("account_role")
        .column(Column::id("id"))
        .column(of_account())
        .column(Column::text("role"))
        .column(Column::id("department").optional())
        .column(Column::text("from_date").optional())
        .column(Column::text("until_date").optional())
        .column(Column::int("created_at"))
        .column(Column::text("created_by"))
        .key(["id"])
        .index(["account"])
        .index(["role"])
}

/// The departments in which the staff register has a post for the person; filled by `registry`.
fn account_department() -> Table {
    Table::new("account_department")
        .column(of_account())
        .column(Column::id("department"))
        .column(Column::int("rank"))
        .column(Column::text("from_date").optional())
        .column(Column::text("until_date").optional())
        .key(["account", "rank"])
        .clustered()
}

/// The sealed secret of one-time codes. `last_step` is the last step that was used; none while the enrolment is unconfirmed.
fn account_second_factor() -> Table {
    Table::new("account_second_factor")
        .column(of_account())
        .column(Column::blob("secret"))
        .column(Column::int("confirmed_at").optional())
        .column(Column::int("last_step"))
        .column(Column::int("created_at"))
        .key(["account"])
}

/// Hashes of recovery codes that were not used yet.
fn account_recovery_code() -> Table {
    Table::new("account_recovery_code")
        .column(of_account())
        .column(Column::blob("hash"))
        .key(["account", "hash"])
        .clustered()
}

/// Passkeys. `state` is the authenticator's public key and counter, as the WebAuthn library keeps them.
fn account_passkey() -> Table {
    Table::new("account_passkey")
        .column(Column::id("id"))
        .column(of_account())
        .column(Column::text("name"))
        .column(Column::blob("credential"))
        .column(Column::text("state"))
        .column(Column::int("version"))
        .column(Column::int("created_at"))
        .column(Column::int("used_at").optional())
        .key(["id"])
        .unique(["credential"])
        .index(["account"])
}

/// Subjects of identity providers that stand for accounts.
fn account_link() -> Table {
    Table::new("account_link")
        .column(Column::text("issuer"))
        .column(Column::text("subject"))
        .column(of_account())
        .column(Column::int("created_at"))
        .key(["issuer", "subject"])
        .index(["account"])
}

/// Sessions. The cookie's secret is kept as its hash.
fn session() -> Table {
    Table::new("session")
        .column(Column::id("id"))
        .column(Column::blob("secret_hash"))
        .column(of_account())
        .column(Column::text("strength"))
        .column(Column::int("created_at"))
        .column(Column::int("seen_at"))
        .column(Column::int("authenticated_at"))
        .column(Column::int("expires_at"))
        .column(Column::text("address"))
        .column(Column::text("agent"))
        .key(["id"])
        .unique(["secret_hash"])
        .index(["account"])
        .index(["expires_at"])
}

/// API tokens, kept as hashes.
fn api_token() -> Table {
    Table::new("api_token")
        .column(Column::id("id"))
        .column(Column::blob("secret_hash"))
        .column(of_account())
        .column(Column::text("name"))
        .column(Column::bool("read_only"))
        .column(Column::int("created_at"))
        .column(Column::int("expires_at").optional())
        .column(Column::int("used_at").optional())
        .key(["id"])
        .unique(["secret_hash"])
        .index(["account"])
}

/// Sign-ins that were begun: what the server must remember between two requests. Each is taken once.
fn ceremony() -> Table {
    Table::new("ceremony")
        .column(Column::blob("secret_hash"))
        .column(Column::text("kind"))
        .column(Column::id("account").optional())
        .column(Column::text("state"))
        .column(Column::int("expires_at"))
        .key(["secret_hash"])
        .index(["expires_at"])
}

/// Attempts to sign in since the last success, per account and per address.
fn attempt() -> Table {
    Table::new("attempt")
        .column(Column::text("subject"))
        .column(Column::int("count"))
        .column(Column::int("last_at"))
        .key(["subject"])
        .clustered()
        .index(["last_at"])
}

/// What happened with accounts: sign-ins, refusals, revocations, roles. Never a password, never a secret.
fn identity_event() -> Table {
    Table::new("identity_event")
        .column(Column::id("id"))
        .column(Column::int("at"))
        .column(Column::text("kind"))
        .column(Column::text("actor"))
        .column(Column::id("account").optional())
        .column(Column::text("address"))
        .column(Column::text("detail"))
        .column(Column::text("request").optional())
        .column(Column::int("seq").optional())
        .key(["id"])
        .clustered()
        .index(["account", "at"])
        .index(["at"])
        .index_of(UNSEALED, ["at"])
        .unique_of(SEALED, ["seq"])
}

/// Entries that have no place in their log yet.
const UNSEALED: IndexedRows = IndexedRows::Where { name: "unsealed", condition: "\"seq\" IS NULL" };
/// Entries that have one.
const SEALED: IndexedRows = IndexedRows::Where { name: "sealed", condition: "\"seq\" IS NOT NULL" };

/// Who read personal or sensitive fields of which records (個人情報アクセスログ): one row for each request. `seq` is the
/// place that sealing gives it.
fn access_log() -> Table {
    Table::new("access_log")
        .column(Column::id("id"))
        .column(Column::int("at"))
        .column(Column::text("actor"))
        .column(Column::text("ledger"))
        .column(Column::text("fields"))
        .column(Column::blob("records"))
        .column(Column::int("record_count"))
        .column(Column::text("purpose"))
        .column(Column::text("request").optional())
        .column(Column::text("manner").optional())
        .column(Column::text("clearance").optional())
        .column(Column::id("department").optional())
        .column(Column::text("address").optional())
        .column(Column::id("session").optional())
        .column(Column::text("via").optional())
        .column(Column::int("seq").optional())
        .key(["id"])
        .clustered()
        .index(["ledger", "at"])
        .index(["actor", "at"])
        .index_of(UNSEALED, ["at"])
        .unique_of(SEALED, ["seq"])
}
