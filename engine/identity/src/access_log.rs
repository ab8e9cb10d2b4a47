//! The access log (個人情報アクセスログ): who read personal or sensitive fields of which records, and for what.
//!
//! One entry for each request and ledger, written durably before the answer is sent; the city's writer commits the entries
//! of waiting requests together, so this costs a shared commit. If it cannot be written, the answer must not be sent.
//! Entries are only ever added; the engine `oversight` gives them a gapless place and signs how far they go, so that an
//! entry that is changed or taken out later is found.
//!
//! An entry holds no value of any field: ids, keys and what the person stated as a reason, nothing that was read.

use std::sync::LazyLock;

use jiff::Timestamp;
use kawasemi_kernel::{IdSource, RecordId};
use kawasemi_schema::Clearance;
use kawasemi_store::{City, Dialect, Row, Sql, Statement, Unit};
use uuid::Uuid;

use crate::caller::Context;
use crate::error::{IdentityError, Result};
use crate::identity::{instant, stored};

macro_rules! manners {
    ($($(#[$doc:meta])* $name:ident = $key:literal, $label:literal;)*) => {
        /// How records were read (閲覧の方法).
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Manner { $($(#[$doc])* $name,)* }

        impl Manner {
            /// Every manner, in the order of their bits.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The key under which it is stored.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }

            /// What the staff call it.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }
        }
    };
}

manners! {
    /// One record, opened.
    #[default]
    Read = "read", "閲覧";
    /// In a list, or by name beside another record.
    List = "list", "一覧";
    /// Found by full-text search.
    Search = "search", "検索";
    /// On a page made to be printed.
    Print = "print", "印刷";
    /// In a file that was taken out.
    Export = "export", "書出し";
    /// An attached file of the record.
    File = "file", "添付";
    /// In the record's earlier versions.
    History = "history", "履歴";
    /// As a change that another system was told of.
    Follow = "follow", "連携";
}

impl Manner {
    /// The manner with a stored key; entries of before manners were kept are looks.
    pub fn from_key(key: &str) -> Self {
        Self::ALL.iter().copied().find(|manner| manner.key() == key).unwrap_or_default()
    }

    /// A bit for sets of manners.
    pub const fn bit(self) -> i64 {
        1 << self as u32
    }
}

/// What one request read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessEntry {
    /// The ledger's key.
    pub ledger: String,
    /// How.
    pub manner: Manner,
    /// The most closed level among the fields.
    pub clearance: Clearance,
    /// The keys of the personal and sensitive fields that were read.
    pub fields: Vec<String>,
    /// The records of which they were read.
    pub records: Vec<RecordId>,
}

/// One entry as an auditor sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRow {
    /// The entry's id.
    pub id: Uuid,
    /// When, UTC.
    pub at: Timestamp,
    /// Its place in the log; none until it is sealed.
    pub seq: Option<i64>,
    /// Who: an account's id, `system` or `visitor`.
    pub actor: String,
    /// The main department of whoever looked, at that time.
    pub department: Option<RecordId>,
    /// What was read.
    pub entry: AccessEntry,
    /// The reason that was stated.
    pub purpose: String,
    /// The request's reference number.
    pub request: Option<String>,
    /// From which address; empty where the program itself asked.
    pub address: String,
    /// The session's id; none for tokens.
    pub session: Option<Uuid>,
    /// How surely they were who they said, as [`crate::Strength`] writes itself.
    pub via: String,
}

/// Which entries to list.
#[derive(Clone, Debug, Default)]
pub struct AccessQuery {
    /// Of one ledger.
    pub ledger: Option<String>,
    /// Of one account.
    pub account: Option<Uuid>,
    /// About one record. Without an account or a ledger this looks through all entries: ask `oversight` who saw a record.
    pub record: Option<RecordId>,
    /// In one manner.
    pub manner: Option<Manner>,
    /// From this instant on.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
    /// Before this entry of an earlier page.
    pub before: Option<Uuid>,
    /// How many at most.
    pub limit: u32,
}

/// The access log of a city.
#[derive(Clone, Copy, Debug)]
pub struct AccessLog;

impl AccessLog {
    /// Writes an entry and answers when it is durable. An entry without fields or records is none.
    ///
    /// # Errors
    /// When the store fails; the answer must not be sent then.
    pub async fn record(city: &City, ids: &dyn IdSource, context: &Context, entry: &AccessEntry) -> Result<()> {
        if entry.fields.is_empty() || entry.records.is_empty() {
            return Ok(());
        }
        let records: Vec<u8> = entry.records.iter().flat_map(|record| *record.0.as_bytes()).collect();
        let count = i64::try_from(entry.records.len()).map_err(IdentityError::internal)?;
        let caller = &context.caller;
        let mut row = Sql::text("(");
        row.bind_list([
            ids.next().into(),
            stored(context.act.at),
            context.act.actor.to_string().into(),
            entry.ledger.as_str().into(),
            entry.fields.join(",").into(),
            records.into(),
            count.into(),
            context.act.reason.as_str().into(),
            context.request.as_deref().into(),
            context.manner.unwrap_or(entry.manner).key().into(),
            entry.clearance.key().into(),
            caller.departments.first().map(|department| department.0).into(),
            context.address.as_str().into(),
            caller.session.map(|session| session.0).into(),
            caller.strength.key().into(),
        ]);
        row.push(")");
        // As rows of one kind, so that PostgreSQL writes those of waiting requests as one statement.
        city.write(Unit::of([Statement::row(INSERTION.clone(), &row)])).await?;
        Ok(())
    }

    /// Lists entries, the newest first.
    ///
    /// # Errors
    /// [`IdentityError::Forbidden`] for others than administrators and those who oversee access.
    pub async fn list(city: &City, context: &Context, query: &AccessQuery) -> Result<Vec<AccessRow>> {
        context.require_overseer()?;
        let mut sql = Sql::text("SELECT ");
        sql.push(COLUMNS).push(" FROM ").table("access_log").push(" WHERE 1 = 1");
        if let Some(ledger) = &query.ledger {
            sql.push(" AND ledger = ").bind(ledger.as_str());
        }
        if let Some(account) = query.account {
            sql.push(" AND actor = ").bind(account.to_string());
        }
        if let Some(manner) = query.manner {
            sql.push(" AND manner = ").bind(manner.key());
        }
        if let Some(from) = query.from {
            sql.push(" AND at >= ").bind(from.as_microsecond());
        }
        if let Some(until) = query.until {
            sql.push(" AND at < ").bind(until.as_microsecond());
        }
        if let Some(record) = query.record {
            let position = city.dialect().position();
            match city.dialect() {
                Dialect::Sqlite => {
                    sql.push(" AND ").push(position).push("(records, ").bind(*record.0.as_bytes()).push(") > 0");
                }
                // strpos is for text; position(… in …) looks through bytes.
                Dialect::Postgres => {
                    sql.push(" AND position(").bind(*record.0.as_bytes()).push(" in records) > 0");
                }
            }
        }
        if let Some(before) = query.before {
            sql.push(" AND id < ").bind(before);
        }
        sql.push(" ORDER BY id DESC LIMIT ").bind(i64::from(query.limit.clamp(1, 1000)));
        let rows: Vec<AccessRow> = city.read(sql).await?.iter().map(AccessRow::read).collect::<Result<_>>()?;
        // Sixteen bytes may also match across two ids.
        let about = |row: &AccessRow| query.record.is_none_or(|record| row.entry.records.contains(&record));
        Ok(rows.into_iter().filter(about).collect())
    }
}

/// The beginning of an entry's insertion, which every request needs.
static INSERTION: LazyLock<Sql> = LazyLock::new(|| {
    let columns = "id, at, actor, ledger, fields, records, record_count, purpose, request, manner, clearance, department, \
                   address, session, via";
    Sql::with(&format!("INSERT INTO {{access_log}} ({columns}) VALUES "), [])
});

/// The columns of an entry, for [`AccessRow::read`].
pub const COLUMNS: &str = "id, at, actor, ledger, fields, records, purpose, request, manner, clearance, department, \
                           address, session, via, seq";

impl AccessRow {
    /// Reads an entry from a row of [`COLUMNS`].
    ///
    /// # Errors
    /// When a cell is not what was written.
    pub fn read(row: &Row) -> Result<Self> {
        let records: Vec<u8> = row.get(5)?;
        let record = |bytes: &[u8]| Uuid::from_slice(bytes).map(RecordId).map_err(IdentityError::internal);
        let fields: String = row.get(4)?;
        // Entries of before these were kept have none.
        let text = |column: usize| Ok::<_, IdentityError>(row.get::<Option<String>>(column)?.unwrap_or_default());
        let clearance = text(9)?;
        let clearance = Clearance::ALL.into_iter().find(|level| level.key() == clearance);
        Ok(Self {
            id: row.get(0)?,
            at: instant(row.get(1)?)?,
            actor: row.get(2)?,
            entry: AccessEntry {
                ledger: row.get(3)?,
                manner: Manner::from_key(&text(8)?),
                clearance: clearance.unwrap_or(Clearance::Personal),
                fields: fields.split(',').map(str::to_owned).collect(),
                records: records.chunks_exact(16).map(record).collect::<Result<_>>()?,
            },
            purpose: row.get(6)?,
            request: row.get(7)?,
            department: row.get::<Option<Uuid>>(10)?.map(RecordId),
            address: text(11)?,
            session: row.get(12)?,
            via: text(13)?,
            seq: row.get(14)?,
        })
    }
}
