//! The tables of webhooks.

use kawasemi_store::Engine;
use kawasemi_store::table::{Column, Table};

/// Webhooks as an engine of the store. They refer to accounts, whose engine comes before.
#[must_use]
pub fn engine() -> Engine {
    Engine::new("webhook", vec![webhook(), attempt()])
}

/// Webhooks. `position` is the place in the city's sequence up to which changes are told or on their way; `pending` is the
/// job of the message on its way, and `pending_from` the place after which it begins. Secrets have to be known for signing
/// and are kept sealed.
fn webhook() -> Table {
    Table::new("webhook")
        .column(Column::id("id"))
        .column(Column::text("ledger"))
        .column(Column::text("title"))
        .column(Column::text("url"))
        .column(Column::text("kinds"))
        .column(Column::text("filter").optional())
        .column(Column::id("account").references("account", "id"))
        .column(Column::bool("with_fields"))
        .column(Column::text("state"))
        .column(Column::text("reason"))
        .column(Column::int("failures"))
        .column(Column::int("failing_since").optional())
        .column(Column::int("delivered_at").optional())
        .column(Column::int("position"))
        .column(Column::id("pending").optional())
        .column(Column::int("pending_from").optional())
        .column(Column::blob("secret"))
        .column(Column::blob("old_secret").optional())
        .column(Column::int("old_secret_until").optional())
        .column(Column::int("created_at"))
        .column(Column::text("created_by"))
        .key(["id"])
        .index(["state"])
}

/// The latest attempts of each webhook.
fn attempt() -> Table {
    Table::new("webhook_attempt")
        .column(Column::id("id"))
        .column(Column::id("webhook").references("webhook", "id"))
        .column(Column::id("message"))
        .column(Column::int("attempt"))
        .column(Column::int("at"))
        .column(Column::int("changes"))
        .column(Column::int("status").optional())
        .column(Column::int("duration_ms"))
        .column(Column::text("error").optional())
        .key(["id"])
        .index(["webhook", "id"])
}
