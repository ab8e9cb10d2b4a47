//! The ledger engine's own tables.

use kawasemi_store::Engine;
use kawasemi_store::table::{Column, Table};

/// Ledgers among the engines: their tables and, once a release needs one, the moves that led to them.
#[must_use]
pub fn engine() -> Engine {
    Engine::new("ledger", tables())
}

/// All of them.
#[must_use]
pub fn tables() -> Vec<Table> {
    vec![views(), uses(), changes(), import_runs(), openings(), form_mappings()]
}

/// Saved views (保存した表示): a person's own, or shared with all who may read the ledger.
fn views() -> Table {
    Table::new("ledger_view")
        .column(Column::id("id"))
        .column(Column::text("ledger"))
        .column(Column::text("owner"))
        .column(Column::text("title"))
        .column(Column::text("filter").optional())
        .column(Column::text("sort"))
        .column(Column::text("columns"))
        .column(Column::bool("shared"))
        .column(Column::int("created_at"))
        .column(Column::int("updated_at"))
        .column(Column::int("used_at"))
        .key(["id"])
        .index(["ledger"])
}

/// When a ledger was last read and changed by people, to the day, so that an unused one can ask its owner.
fn uses() -> Table {
    Table::new("ledger_use")
        .column(Column::text("ledger"))
        .column(Column::text("read_on").optional())
        .column(Column::text("changed_on").optional())
        .column(Column::text("asked_on").optional())
        .key(["ledger"])
        .clustered()
}

/// What a batch (an import, a bulk change) changed in records that were there before, so that it can be undone.
fn changes() -> Table {
    Table::new("batch_change")
        .column(Column::int("batch"))
        .column(Column::id("record"))
        .column(Column::int("before_revision"))
        .column(Column::int("after_revision"))
        .key(["batch", "record"])
        .clustered()
}

/// Records of protected people that were opened with a reason (支援措置対象者の閲覧), each for one session and some minutes. None
/// is ever removed: they are what the person under protection, or an auditor, may ask for.
fn openings() -> Table {
    Table::new("opening")
        .column(Column::id("id"))
        .column(Column::int("at"))
        .column(Column::int("until"))
        .column(Column::text("actor"))
        .column(Column::id("session"))
        .column(Column::text("ledger"))
        .column(Column::id("record"))
        .column(Column::text("reason"))
        .column(Column::text("request").optional())
        .key(["id"])
        .index(["session", "record"])
        .index(["record"])
}

/// Where the values of a form (様式) are, kept under a name for a ledger's imports.
fn form_mappings() -> Table {
    Table::new("form_mapping")
        .column(Column::text("ledger"))
        .column(Column::text("name"))
        .column(Column::text("body"))
        .column(Column::text("changed_by"))
        .column(Column::int("changed_at"))
        .key(["ledger", "name"])
        .clustered()
}

/// Files that were sent for an import, and the imports and dry runs of them (取込の経過): whichever node runs one, every node
/// can tell how far it is, and what came out outlives a restart.
fn import_runs() -> Table {
    Table::new("import_run")
        .column(Column::id("id"))
        .column(Column::text("ledger"))
        .column(Column::text("owner"))
        .column(Column::text("state"))
        .column(Column::bool("is_dry"))
        .column(Column::text("file"))
        .column(Column::text("entries"))
        .column(Column::int("rows"))
        .column(Column::int("bad"))
        .column(Column::bool("is_updating"))
        .column(Column::text("report").optional())
        .column(Column::text("error").optional())
        .column(Column::int("created_at"))
        .column(Column::int("ended_at").optional())
        .column(Column::text("holder").optional())
        .column(Column::int("held_until").optional())
        .key(["id"])
        .index(["ledger", "owner"])
        .index(["created_at"])
}
