//! The tables of the exchange with other systems.

use kawasemi_store::Engine;
use kawasemi_store::table::{Column, Table};

/// The exchange as an engine of the store.
#[must_use]
pub fn engine() -> Engine {
    Engine::new("exchange", tables())
}

/// All of them.
#[must_use]
pub fn tables() -> Vec<Table> {
    vec![layouts(), runs(), rows(), looks()]
}

/// Published versions of layouts (連携レイアウト). A version is never changed; `retired_at` ends a layout.
fn layouts() -> Table {
    Table::new("exchange_layout")
        .column(Column::text("layout"))
        .column(Column::int("version"))
        .column(Column::text("ledger"))
        .column(Column::text("source"))
        .column(Column::text("toml"))
        .column(Column::int("published_at"))
        .column(Column::text("published_by"))
        .column(Column::int("retired_at").optional())
        .column(Column::text("retired_by").optional())
        .key(["layout", "version"])
}

/// Files that came or were given out (連携の記録), kept for good: which, when, by whom, with what outcome.
fn runs() -> Table {
    Table::new("exchange_run")
        .column(Column::id("id"))
        .column(Column::text("layout"))
        .column(Column::int("version"))
        .column(Column::text("direction"))
        .column(Column::text("state"))
        .column(Column::text("file"))
        .column(Column::text("sha256"))
        .column(Column::int("size"))
        .column(Column::text("file_date").optional())
        .column(Column::int("sequence").optional())
        .column(Column::int("rows"))
        .column(Column::int("superseded"))
        .column(Column::text("report"))
        .column(Column::text("alarms"))
        .column(Column::text("message"))
        .column(Column::int("received_at"))
        .column(Column::text("received_by"))
        .column(Column::int("decided_at").optional())
        .column(Column::text("decided_by").optional())
        .column(Column::text("reason"))
        .column(Column::int("batch").optional())
        .column(Column::id("origin").optional())
        .column(Column::text("holder").optional())
        .column(Column::int("held_until").optional())
        .key(["id"])
        .index(["layout", "received_at"])
        .index(["state"])
}

/// Rows of a run that somebody looks at: those put aside (`bad`), with the texts that were put in their place, and samples of
/// the difference.
fn rows() -> Table {
    Table::new("exchange_row")
        .column(Column::id("run").references("exchange_run", "id"))
        .column(Column::int("n"))
        .column(Column::text("kind"))
        .column(Column::int("line").optional())
        .column(Column::text("content"))
        .column(Column::text("corrected").optional())
        .key(["run", "n"])
}

/// Files in the folders that were seen and not yet taken: a file is complete when two looks find it alike.
fn looks() -> Table {
    Table::new("exchange_look")
        .column(Column::text("layout"))
        .column(Column::text("file"))
        .column(Column::int("size"))
        .column(Column::int("modified"))
        .column(Column::int("seen_at"))
        .key(["layout", "file"])
        .clustered()
}
