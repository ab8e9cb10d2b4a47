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

/// The tables that a reset of a training city (教育用の市) leaves as they are: who may come in, how, and as what. Logs, locked
/// entries and maintenance are practice like everything else. What follows from the register of posts is set anew afterwards.
pub const SPARED_IN_TRAINING: [&str; 18] = [
    "account",
    "account_role",
    "account_department",
    "account_absence",
    "department_succession",
    "account_second_factor",
    "account_recovery_code",
    "account_passkey",
    "account_link",
    "account_directory",
    "account_pin",
    "account_code_sheet",
    "shared_device",
    "device_user",
    "session",
    "api_token",
    "ceremony",
    "attempt",
];

/// All of them.
pub fn tables() -> Vec<Table> {
    vec![
        account(),
        account_role(),
        account_department(),
        account_absence(),
        department_succession(),
        account_second_factor(),
        account_recovery_code(),
        account_passkey(),
        account_link(),
        account_directory(),
        account_organisation(),
        account_pin(),
        account_code_sheet(),
        shared_device(),
        device_user(),
        locked_draft(),
        maintenance(),
        maintenance_request(),
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
        // Accounts of others than the staff hold from one instant to another, and within hours of the day (`08:30-17:00`).
        .column(Column::int("valid_from").optional())
        .column(Column::int("valid_until").optional())
        .column(Column::text("valid_hours").optional())
        .key(["id"])
        .unique(["login_key"])
        .index(["person"])
}

/// Roles that were assigned, with the department and the dates (`YYYY-MM-DD`, both inclusive) that limit them. `while_member`
/// says that the role goes with the post: it rests while the account does not belong to the department.
fn account_role() -> Table {
    Table::new("account_role")
        .column(Column::id("id"))
        .column(of_account())
        .column(Column::text("role"))
        .column(Column::id("department").optional())
        .column(Column::text("from_date").optional())
        .column(Column::text("until_date").optional())
        .column(Column::bool("while_member").optional())
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

/// When people are on leave (`leave`) or not in service (`out`), as the staff register has it; filled by `registry`.
fn account_absence() -> Table {
    Table::new("account_absence")
        .column(of_account())
        .column(Column::int("rank"))
        .column(Column::text("kind"))
        .column(Column::text("from_date").optional())
        .column(Column::text("until_date").optional())
        .key(["account", "rank"])
        .clustered()
}

/// Which department took over which, from which day, and which part of the records; filled by `registry`, chains closed.
fn department_succession() -> Table {
    Table::new("department_succession")
        .column(Column::int("number"))
        .column(Column::id("predecessor"))
        .column(Column::id("successor"))
        .column(Column::text("from_date"))
        .column(Column::text("ledger").optional())
        .column(Column::text("rows").optional())
        .key(["number"])
        .index(["successor"])
        .index(["predecessor"])
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

/// What is kept of accounts that are the directory's: a hash of the password that it last found right, while that may be used, and
/// whether the account was disabled here since the directory said so.
fn account_directory() -> Table {
    Table::new("account_directory")
        .column(of_account())
        .column(Column::text("verifier").optional())
        .column(Column::int("verified_at"))
        .column(Column::bool("disabled"))
        .key(["account"])
}

/// The outside organisations (外部団体) whose members accounts are, with who invited them and why. `until_date` is the last day.
fn account_organisation() -> Table {
    Table::new("account_organisation")
        .column(of_account())
        .column(Column::id("organisation"))
        .column(Column::text("from_date").optional())
        .column(Column::text("until_date"))
        .column(Column::text("reason"))
        .column(Column::text("invited_by"))
        .column(Column::int("invited_at"))
        .column(Column::int("ended_at").optional())
        .key(["account", "organisation"])
        .index(["organisation"])
        .index(["until_date"])
}

/// PINs for shared machines (窓口PIN), as slow hashes; `failed` counts what was wrong since the last that was right, `full_at` is
/// the last sign-in with a full proof.
fn account_pin() -> Table {
    Table::new("account_pin")
        .column(of_account())
        .column(Column::text("hash"))
        .column(Column::int("failed"))
        .column(Column::int("full_at").optional())
        .column(Column::int("set_at"))
        .key(["account"])
}

/// Hashes of the codes on printed sheets (確認コード表) that were not used yet, by their place on the sheet.
fn account_code_sheet() -> Table {
    Table::new("account_code_sheet")
        .column(of_account())
        .column(Column::int("place"))
        .column(Column::blob("hash"))
        .column(Column::int("issued_at"))
        .column(Column::text("issued_by"))
        .key(["account", "place"])
        .clustered()
}

/// Shared machines (窓口端末). The cookie's secret is kept as its hash; one that was removed stays for the record.
fn shared_device() -> Table {
    Table::new("shared_device")
        .column(Column::id("id"))
        .column(Column::blob("secret_hash"))
        .column(Column::text("name"))
        .column(Column::int("registered_at"))
        .column(Column::text("registered_by"))
        .column(Column::int("removed_at").optional())
        .key(["id"])
        .unique(["secret_hash"])
}

/// Who signed in at a shared machine, and when last: whom its lock screen offers.
fn device_user() -> Table {
    Table::new("device_user")
        .column(Column::id("device"))
        .column(of_account())
        .column(Column::int("seen_at"))
        .key(["device", "account"])
        .clustered()
}

/// Entries that a lock found unsent, sealed, for their owner alone.
fn locked_draft() -> Table {
    Table::new("locked_draft")
        .column(Column::id("id"))
        .column(of_account())
        .column(Column::blob("sealed"))
        .column(Column::int("created_at"))
        .key(["id"])
        .index(["account"])
        .index(["created_at"])
}

/// Maintenance by vendors (保守作業): asked for by one, approved by another, over at an instant or at once.
fn maintenance() -> Table {
    Table::new("maintenance")
        .column(Column::id("id"))
        .column(of_account())
        .column(Column::text("ticket"))
        .column(Column::text("reason"))
        .column(Column::text("roles"))
        .column(Column::int("from_at"))
        .column(Column::int("until_at"))
        .column(Column::text("hours").optional())
        .column(Column::text("requested_by"))
        .column(Column::int("requested_at"))
        .column(Column::text("approved_by").optional())
        .column(Column::int("approved_at").optional())
        .column(Column::text("ended_by").optional())
        .column(Column::int("ended_at").optional())
        .key(["id"])
        .index(["account"])
        .index(["until_at"])
}

/// Every request of a vendor's technician. Written before the request is looked at; nothing changes a row but its own answer.
fn maintenance_request() -> Table {
    Table::new("maintenance_request")
        .column(Column::id("id"))
        .column(Column::id("maintenance"))
        .column(Column::int("at"))
        .column(Column::text("method"))
        .column(Column::text("path"))
        .column(Column::text("address"))
        .column(Column::text("request"))
        .column(Column::int("status").optional())
        .key(["id"])
        .clustered()
        .index(["maintenance"])
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
        .column(Column::id("device").optional())
        .column(Column::int("locked_at").optional())
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
