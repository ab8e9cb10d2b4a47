//! The tables of oversight.

use kawasemi_store::Engine;
use kawasemi_store::table::{Column, Table};

/// Oversight as an engine of the store. Its logs are identity's, whose engine comes before.
#[must_use]
pub fn engine() -> Engine {
    Engine::new(
        "oversight",
        vec![
            log_seal(),
            access_day(),
            access_reader(),
            access_subject(),
            disposal(),
            disposal_record(),
            disposal_hold(),
            use_stop(),
            disclosure(),
            siem_cursor(),
        ],
    )
}

/// Signed states of a log (閲覧・認証の記録の検印). Where entries were removed at the end of their own retention, `purged_at`,
/// the rule and a second signature say so.
fn log_seal() -> Table {
    Table::new("log_seal")
        .column(Column::text("log"))
        .column(Column::int("number"))
        .column(Column::int("first"))
        .column(Column::int("last"))
        .column(Column::blob("digest"))
        .column(Column::blob("prev"))
        .column(Column::int("at"))
        .column(Column::blob("key"))
        .column(Column::blob("signature"))
        .column(Column::int("purged_at").optional())
        .column(Column::text("purge_rule").optional())
        .column(Column::blob("purge_key").optional())
        .column(Column::blob("purge_signature").optional())
        .key(["log", "number"])
}

/// Counters of sealed entries: per day (20261127), department (zeros for none), account, ledger and manner. `entries` are
/// requests, `records` the records in their answers, `after_hours` the requests outside opening hours.
fn access_day() -> Table {
    Table::new("access_day")
        .column(Column::int("day"))
        .column(Column::id("department"))
        .column(Column::id("account"))
        .column(Column::text("ledger"))
        .column(Column::text("manner"))
        .column(Column::int("entries"))
        .column(Column::int("records"))
        .column(Column::int("after_hours"))
        .key(["day", "department", "account", "ledger", "manner"])
        .clustered()
}

/// How many different records somebody saw in a ledger on a day.
fn access_reader() -> Table {
    Table::new("access_reader")
        .column(Column::int("day"))
        .column(Column::id("account"))
        .column(Column::text("ledger"))
        .column(Column::id("department"))
        .column(Column::int("persons"))
        .key(["day", "account", "ledger", "department"])
        .clustered()
}

/// Who saw a record on a day: what answers "who saw this person" without looking through the log. `manners` has a bit for each
/// manner.
fn access_subject() -> Table {
    Table::new("access_subject")
        .column(Column::id("record"))
        .column(Column::int("day"))
        .column(Column::id("account"))
        .column(Column::text("ledger"))
        .column(Column::int("looks"))
        .column(Column::int("first_at"))
        .column(Column::int("last_at"))
        .column(Column::int("manners"))
        .key(["record", "day", "account"])
        .clustered()
}

/// Disposals (廃棄): what was proposed, decided and done. `kind` is `expiry` or `request`.
fn disposal() -> Table {
    Table::new("disposal")
        .column(Column::id("id"))
        .column(Column::text("kind"))
        .column(Column::text("ledger"))
        .column(Column::text("rule"))
        .column(Column::text("as_of"))
        .column(Column::text("state"))
        .column(Column::text("reason"))
        .column(Column::text("proposed_by"))
        .column(Column::int("proposed_at"))
        .column(Column::text("decided_by").optional())
        .column(Column::int("decided_at").optional())
        .column(Column::text("decision").optional())
        .column(Column::int("done_at").optional())
        .column(Column::int("records"))
        .column(Column::int("erased"))
        .column(Column::int("skipped"))
        .column(Column::int("files"))
        .key(["id"])
        .index(["state", "proposed_at"])
        .index(["ledger", "proposed_at"])
}

/// The records of a disposal; nothing of them but the id and, until it is erased, nothing at all.
fn disposal_record() -> Table {
    Table::new("disposal_record")
        .column(Column::id("disposal").references("disposal", "id"))
        .column(Column::id("record"))
        .column(Column::text("expired_on"))
        .column(Column::text("state"))
        .column(Column::text("note"))
        .column(Column::text("files"))
        .key(["disposal", "record"])
        .clustered()
        .index(["record"])
}

/// What must not be disposed of for a while (廃棄の保留): litigation, a request for disclosure.
fn disposal_hold() -> Table {
    Table::new("disposal_hold")
        .column(Column::id("id"))
        .column(Column::text("ledger"))
        .column(Column::id("record").optional())
        .column(Column::text("reason"))
        .column(Column::text("until_date").optional())
        .column(Column::text("made_by"))
        .column(Column::int("made_at"))
        .column(Column::text("ended_by").optional())
        .column(Column::int("ended_at").optional())
        .key(["id"])
        .index(["ledger"])
}

/// Stops of use (利用停止).
fn use_stop() -> Table {
    Table::new("use_stop")
        .column(Column::id("id"))
        .column(Column::text("ledger"))
        .column(Column::id("record"))
        .column(Column::text("basis"))
        .column(Column::text("reason"))
        .column(Column::text("stopped_by"))
        .column(Column::int("stopped_at"))
        .column(Column::text("ended_by").optional())
        .column(Column::int("ended_at").optional())
        .column(Column::text("end_reason").optional())
        .key(["id"])
        .index(["record"])
}

/// Disclosures to the person concerned (保有個人情報の開示): the decision, without what was disclosed.
fn disclosure() -> Table {
    Table::new("disclosure")
        .column(Column::id("id"))
        .column(Column::text("ledger"))
        .column(Column::id("record"))
        .column(Column::text("decision"))
        .column(Column::text("made_by"))
        .column(Column::int("made_at"))
        .column(Column::text("digest"))
        .key(["id"])
        .index(["record"])
}

/// How far each log was handed to the hall's watch over its systems (SIEM).
fn siem_cursor() -> Table {
    Table::new("siem_cursor")
        .column(Column::text("target"))
        .column(Column::text("log"))
        .column(Column::int("seq"))
        .column(Column::int("at"))
        .key(["target", "log"])
}
