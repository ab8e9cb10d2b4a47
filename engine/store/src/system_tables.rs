//! The tables that every city has, whatever its ledgers.

use crate::engine::{Engine, Work};
use crate::table::{Column, IndexedRows, Table};

/// Batches whose records are invisible.
const UNPUBLISHED: IndexedRows = IndexedRows::Where { name: "unpublished", condition: "\"published_at\" IS NULL" };
/// Audit entries that have their place in the city's sequence.
const SEALED: IndexedRows = IndexedRows::Where { name: "sealed", condition: "\"seq\" IS NOT NULL" };
/// Audit entries that the sealing job has not seen yet.
const UNSEALED: IndexedRows = IndexedRows::Where { name: "unsealed", condition: "\"seq\" IS NULL" };

/// The store among the engines.
pub(crate) fn engine() -> Engine {
    // An older program would write geometries without their place in the quadtree of maps, which no map would then find.
    Engine::new("store", tables()).then(2, "図形に地図での位置の印を付ける", Work::Fill(|_| Vec::new()))
}

/// The store's own tables.
fn tables() -> Vec<Table> {
    vec![
        counter(),
        definition(),
        overlay(),
        schema_log(),
        batch(),
        audit(),
        audit_payload(),
        audit_tombstone(),
        checkpoint(),
        verification(),
        outbox(),
        crate::engine::format_table(),
    ]
}

/// Counters of human numbers.
fn counter() -> Table {
    Table::new("counter").column(Column::text("key")).column(Column::int("value")).key(["key"]).clustered()
}

/// Every published version of every ledger definition. Rows are never changed, but for the mark of retirement.
fn definition() -> Table {
    Table::new("definition")
        .column(Column::text("ledger"))
        .column(Column::int("version"))
        .column(Column::text("file"))
        .column(Column::text("source"))
        .column(Column::blob("hash"))
        .column(Column::int("published_at"))
        .column(Column::text("published_by"))
        .column(Column::text("reason"))
        .column(Column::int("retired_at").optional())
        .key(["ledger", "version"])
}

/// Every published version of what the city lays over a ledger of the program. Rows are never changed.
fn overlay() -> Table {
    Table::new("overlay")
        .column(Column::text("ledger"))
        .column(Column::int("version"))
        .column(Column::text("file"))
        .column(Column::text("source"))
        .column(Column::int("published_at"))
        .column(Column::text("published_by"))
        .column(Column::text("reason"))
        .key(["ledger", "version"])
}

/// What was done to the shape of the database, in order.
fn schema_log() -> Table {
    Table::new("schema_log")
        .numbered()
        .column(Column::int("at"))
        .column(Column::text("actor"))
        .column(Column::text("subject"))
        .column(Column::text("statement"))
}

/// Bulk work (取込など). Records of a batch that is not published are invisible.
fn batch() -> Table {
    Table::new("batch")
        .column(Column::int("id"))
        .column(Column::text("ledger"))
        .column(Column::text("state"))
        .column(Column::text("title"))
        .column(Column::text("meta"))
        .column(Column::int("progress"))
        .column(Column::int("created_at"))
        .column(Column::text("created_by"))
        .column(Column::int("updated_at"))
        .column(Column::int("published_at").optional())
        .column(Column::text("holder").optional())
        .column(Column::int("held_until").optional())
        .key(["id"])
        .index(["state"])
        .index_of(UNPUBLISHED, ["id"])
}

/// The audit trail. An entry hashes its metadata, the digest of its payload and the entry before it in the record.
fn audit() -> Table {
    Table::new("audit")
        .column(Column::id("id"))
        .column(Column::int("seq").optional())
        .column(Column::text("ledger"))
        .column(Column::id("record"))
        .column(Column::int("revision"))
        .column(Column::text("kind"))
        .column(Column::text("actor"))
        .column(Column::int("at"))
        .column(Column::int("batch").default_to(0))
        .column(Column::text("meta"))
        .column(Column::blob("digest"))
        .column(Column::blob("prev"))
        .column(Column::blob("hash"))
        .key(["id"])
        .clustered()
        .unique(["record", "revision"])
        .unique_of(SEALED, ["seq"])
        // What changed in a ledger, in the order of the sequence ([`crate::changes`]). It holds sealed entries only, so that
        // writing a record does not pay for it.
        .index_of(SEALED, ["ledger", "seq"])
        .index_of(UNSEALED, ["at"])
}

/// What an audit entry was about, apart from it, so that a lawful disposal can erase it without breaking the chain.
fn audit_payload() -> Table {
    Table::new("audit_payload")
        .column(Column::id("audit_id"))
        .column(Column::blob("salt"))
        .column(Column::text("payload"))
        .key(["audit_id"])
}

/// What lawful erasures left of payloads.
fn audit_tombstone() -> Table {
    Table::new("audit_tombstone")
        .column(Column::id("audit_id"))
        .column(Column::text("rule"))
        .column(Column::text("approver"))
        .column(Column::int("at"))
        .column(Column::blob("key"))
        .column(Column::blob("signature"))
        .key(["audit_id"])
}

/// Signed states of the audit trail's sequence.
fn checkpoint() -> Table {
    Table::new("checkpoint")
        .column(Column::int("number"))
        .column(Column::int("first"))
        .column(Column::int("last"))
        .column(Column::blob("root"))
        .column(Column::blob("prev"))
        .column(Column::int("at"))
        .column(Column::blob("key"))
        .column(Column::blob("signature"))
        .key(["number"])
}

/// The last verification of the audit trail (監査の検証), whichever node runs or ran it: one row.
fn verification() -> Table {
    Table::new("verification")
        .column(Column::int("id"))
        .column(Column::int("since"))
        .column(Column::int("done"))
        .column(Column::int("total"))
        .column(Column::int("ended_at").optional())
        .column(Column::text("report").optional())
        .column(Column::text("error").optional())
        .column(Column::text("holder").optional())
        .column(Column::int("held_until").optional())
        .key(["id"])
}

/// Effects and jobs: written with the act that causes them, done afterwards, at least once.
fn outbox() -> Table {
    Table::new("outbox")
        .column(Column::id("id"))
        .column(Column::text("topic"))
        .column(Column::text("state"))
        .column(Column::text("key").optional())
        .column(Column::text("payload"))
        .column(Column::int("attempts").default_to(0))
        .column(Column::int("created_at"))
        .column(Column::int("run_at"))
        .column(Column::int("locked_until").optional())
        .column(Column::text("error").optional())
        .column(Column::int("done_at").optional())
        .key(["id"])
        .unique(["topic", "key"])
        .index(["state", "run_at"])
}
