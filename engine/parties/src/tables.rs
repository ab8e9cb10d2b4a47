//! The engine's own tables.

use kawasemi_store::Engine;
use kawasemi_store::table::{Column, Table};

/// Parties among the engines.
#[must_use]
pub fn engine() -> Engine {
    Engine::new("parties", vec![keys(), pairs(), merges(), moves(), mark()])
}

/// Under which keys each party is looked for: those of a pair have one in common. A key is the beginning of a hash.
fn keys() -> Table {
    Table::new("party_key")
        .column(Column::int("key"))
        .column(Column::id("party"))
        .key(["key", "party"])
        .clustered()
        .index(["party"])
}

/// Pairs that look alike (名寄せの候補), the smaller id first, and what was decided about them.
fn pairs() -> Table {
    Table::new("party_pair")
        .column(Column::id("one"))
        .column(Column::id("other"))
        .column(Column::int("points"))
        .column(Column::text("reasons"))
        .column(Column::text("state"))
        .column(Column::text("decided_by").optional())
        .column(Column::int("decided_at").optional())
        .column(Column::text("decided_because").optional())
        .key(["one", "other"])
        .index(["other"])
        .index(["state", "points"])
}

/// Merges that were done (名寄せの記録), undone or not.
fn merges() -> Table {
    Table::new("party_merge")
        .column(Column::id("id"))
        .column(Column::id("survivor"))
        .column(Column::id("duplicate"))
        .column(Column::int("at"))
        .column(Column::text("actor"))
        .column(Column::text("reason"))
        .column(Column::text("filled"))
        .column(Column::int("survivor_before"))
        .column(Column::int("undone_at").optional())
        .column(Column::text("undone_by").optional())
        .column(Column::text("undone_because").optional())
        .key(["id"])
        .index(["survivor"])
        .index(["duplicate"])
}

/// The references that a merge moved.
fn moves() -> Table {
    Table::new("party_merge_move")
        .column(Column::id("merge"))
        .column(Column::int("position"))
        .column(Column::text("ledger"))
        .column(Column::id("record"))
        .column(Column::text("field"))
        .column(Column::id("row").optional())
        .column(Column::text("row_field").optional())
        .key(["merge", "position"])
        .clustered()
}

/// How far the changes of parties have been looked at.
fn mark() -> Table {
    Table::new("party_mark").column(Column::text("name")).column(Column::text("mark")).key(["name"])
}
