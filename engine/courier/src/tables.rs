//! The tables of parcels.

use kawasemi_store::Engine;
use kawasemi_store::table::{Column, IndexedRows, Table};

/// Keys of which there is one at a time.
const CURRENT: IndexedRows = IndexedRows::Where { name: "current", condition: "\"state\" = 'current'" };
/// Parcels that the other side has not acknowledged.
const OPEN: IndexedRows = IndexedRows::Where { name: "open", condition: "\"state\" <> 'acknowledged'" };
/// Parcels that wait or were refused.
const NOT_APPLIED: IndexedRows = IndexedRows::Where { name: "not_applied", condition: "\"state\" <> 'applied'" };

/// Parcels as an engine of the store.
#[must_use]
pub fn engine() -> Engine {
    Engine::new("courier", vec![key(), outgoing(), incoming(), file(), nonce(), state()])
}

/// The keys of both sides. `public` is the signing key and the sealing key, 32 bytes each; `secret` is one's own, sealed.
/// A key that was replaced is taken until `until`.
fn key() -> Table {
    Table::new("courier_key")
        .column(Column::text("id"))
        .column(Column::text("owner"))
        .column(Column::text("side"))
        .column(Column::blob("public"))
        .column(Column::blob("secret").optional())
        .column(Column::text("state"))
        .column(Column::int("until").optional())
        .column(Column::int("created_at"))
        .key(["id"])
        .unique_of(CURRENT, ["owner", "side"])
}

/// Parcels for the other side. `hash` and `size` are those of the sealed content, which is erased once it is acknowledged.
fn outgoing() -> Table {
    Table::new("courier_out")
        .column(Column::int("seq"))
        .column(Column::id("id"))
        .column(Column::text("kind"))
        .column(Column::blob("sealed").optional())
        .column(Column::text("hash"))
        .column(Column::int("size"))
        .column(Column::text("state"))
        .column(Column::text("outcome").optional())
        .column(Column::int("created_at"))
        .column(Column::int("sent_at").optional())
        .column(Column::int("acknowledged_at").optional())
        .key(["seq"])
        .unique(["id"])
        .index_of(OPEN, ["seq"])
}

/// Parcels of the other side. The sealed content stays only where a parcel waits for one before it, or was refused.
fn incoming() -> Table {
    Table::new("courier_in")
        .column(Column::int("seq"))
        .column(Column::id("id"))
        .column(Column::text("kind"))
        .column(Column::blob("sealed").optional())
        .column(Column::text("hash"))
        .column(Column::int("size"))
        .column(Column::text("state"))
        .column(Column::text("reason"))
        .column(Column::int("received_at"))
        .column(Column::int("applied_at").optional())
        .key(["seq"])
        .unique(["id"])
        .index_of(NOT_APPLIED, ["seq"])
}

/// The log of files, written and read, refused ones included.
fn file() -> Table {
    Table::new("courier_file")
        .column(Column::id("id"))
        .column(Column::id("bundle").optional())
        .column(Column::text("name"))
        .column(Column::text("way"))
        .column(Column::text("outcome"))
        .column(Column::text("reason"))
        .column(Column::int("first_seq").optional())
        .column(Column::int("last_seq").optional())
        .column(Column::int("parcels"))
        .column(Column::int("applied"))
        .column(Column::int("at"))
        .column(Column::text("actor"))
        .key(["id"])
        .index(["bundle"])
        .index(["at"])
}

/// Requests that were answered lately: none is answered twice.
fn nonce() -> Table {
    Table::new("courier_nonce").column(Column::id("id")).column(Column::int("at")).key(["id"]).index(["at"])
}

/// Single things to be remembered.
fn state() -> Table {
    Table::new("courier_state")
        .column(Column::text("name"))
        .column(Column::int("number"))
        .column(Column::text("text"))
        .key(["name"])
}
