//! Finding probable duplicates (名寄せの候補): all of them once, and then those of each party that is entered or changed.
//!
//! Two parties are compared only when they have a key in common ([`likeness::keys`]), so that 200,000 parties are some hundred
//! thousand comparisons and not twenty thousand million. Changes come from the city's feed of changes, whichever way they were
//! entered: a form, a program, a file.

use std::collections::{BTreeSet, HashMap};

use kawasemi_identity::Context;
use kawasemi_kernel::RecordId;
use kawasemi_ledger::{ChangesRequest, LedgerError, Ledgers, Mark, Visible};
use kawasemi_registry::PARTY;
use kawasemi_registry::places::Places;
use kawasemi_schema::Action;
use kawasemi_store::ledger::Order;
use kawasemi_store::record::{Projection, RecordRow, read};
use kawasemi_store::{ListQuery, Param, Sql, Statement, Unit};

use crate::facts::Facts;
use crate::likeness::{self, Likeness, Reason};

/// The fields that are compared.
const COMPARED: [&str; 12] = [
    "kind",
    "name",
    "alias",
    "former_name",
    "birth_date",
    "sex",
    "address",
    "building",
    "phone",
    "mobile",
    "mail",
    "resident_number",
];
/// So many with one key are no duplicates but a crowd: a company's telephone number, a home for the elderly.
const CROWD: i64 = 40;
/// Parties read or written at once.
const AT_ONCE: usize = 1_000;
/// Keys looked at at once.
const GROUPS: i64 = 2_000;
/// Rows of one statement.
const ROWS: usize = 400;
/// Parties whose facts are kept at hand while all are compared: a city of 200,000 is read once, a larger one looks up the rest.
const AT_HAND: usize = 300_000;
/// Under which name the mark is kept.
const MARK: &str = "changes";

type Result<T> = std::result::Result<T, LedgerError>;

/// What was decided about a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PairState {
    /// Nobody has decided.
    #[default]
    Open,
    /// They are two.
    Different,
}

impl PairState {
    /// The key under which it is stored.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Different => "different",
        }
    }
}

/// Two parties that look alike, as somebody may see them.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The two, the older first.
    pub parties: [Visible; 2],
    /// Why they look alike, as far as it may be told.
    pub likeness: Likeness,
}

/// What a search through all parties found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Parties that were looked at.
    pub parties: u64,
    /// Pairs that are proposed.
    pub pairs: u64,
}

/// The duplicates of a city's parties.
#[derive(Clone)]
pub struct Duplicates {
    ledgers: Ledgers,
}

impl Duplicates {
    /// Those of these ledgers.
    #[must_use]
    pub fn new(ledgers: Ledgers) -> Self {
        Self { ledgers }
    }

    /// Looks through all parties anew. What was decided about a pair stays.
    ///
    /// # Errors
    /// When the store fails; running it again begins anew.
    pub async fn find_all(&self, context: &Context, progress: impl Fn(u64)) -> Result<Found> {
        let places = Places::load(&self.ledgers, context).await?;
        let head = self.ledgers.changes_head(context, PARTY).await?;
        let clear = ["DELETE FROM {party_key}", "DELETE FROM {party_pair} WHERE state = 'open'"];
        let clear = clear.map(|sql| Statement::any(Sql::with(sql, [])));
        self.ledgers.city().write(Unit::of(clear)).await?;
        let (parties, at_hand) = self.enter_all(&places, &progress).await?;
        let mut found = Found { parties, pairs: 0 };
        let mut after = i64::MIN;
        loop {
            let groups = self.groups(after).await?;
            let Some((last, _)) = groups.last() else { break };
            after = *last;
            let mut candidates = BTreeSet::new();
            for (_, group) in &groups {
                for (n, one) in group.iter().enumerate() {
                    candidates.extend(group[n + 1..].iter().map(|other| ordered(*one, *other)));
                }
            }
            found.pairs += self.compare(&places, &candidates.into_iter().collect::<Vec<_>>(), &at_hand).await?;
            if after == i64::MAX {
                break;
            }
            after += 1;
        }
        self.keep_mark(head).await?;
        // A pair with several keys in common was counted for each; the table has it once.
        let count =
            self.ledgers.city().read_one(Sql::with("SELECT count(*) FROM {party_pair} WHERE state = 'open'", []));
        if let Some(row) = count.await? {
            found.pairs = row.get::<i64>(0)?.unsigned_abs();
        }
        Ok(found)
    }

    /// Looks at the parties that were entered or changed since the last time. Answers how many.
    ///
    /// # Errors
    /// When the store fails; the next call takes up where this one stopped.
    pub async fn catch_up(&self, context: &Context) -> Result<u64> {
        let mut since = match self.mark().await? {
            Some(mark) => mark,
            None => {
                let found = self.find_all(context, |_| {}).await?;
                return Ok(found.parties);
            }
        };
        let mut looked_at = 0;
        loop {
            let limit = u32::try_from(AT_ONCE).unwrap_or(u32::MAX);
            let request = ChangesRequest { since: Some(since), limit, ..ChangesRequest::default() };
            let page = match self.ledgers.changes(context, PARTY, &request).await {
                // The history was restored from a backup: what is known belongs to another.
                Err(LedgerError::Cursor) => return Ok(self.find_all(context, |_| {}).await?.parties),
                page => page?,
            };
            if !page.changes.is_empty() {
                // The records as they are now: of one that changed twice there is one state.
                let places = Places::load(&self.ledgers, context).await?;
                let ids: BTreeSet<RecordId> = page.changes.iter().map(|event| event.id).collect();
                let ids: Vec<RecordId> = ids.into_iter().collect();
                let mut facts = self.facts(&places, &ids).await?;
                looked_at += ids.len() as u64;
                self.look_at(&places, ids.into_iter().map(|id| (id, facts.remove(&id))).collect()).await?;
            }
            since = page.next;
            self.keep_mark(since).await?;
            if !page.more {
                return Ok(looked_at);
            }
        }
    }

    /// Looks at one party now, as after it was entered in a form.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn look_at_one(&self, context: &Context, id: RecordId) -> Result<()> {
        let places = Places::load(&self.ledgers, context).await?;
        let facts = self.facts(&places, &[id]).await?.remove(&id);
        self.look_at(&places, vec![(id, facts)]).await
    }

    /// The pairs that are proposed, the most probable first. A pair of which one is under protection is told by what says
    /// nothing of where they are to be found; where that is too little, it does not exist.
    ///
    /// # Errors
    /// [`LedgerError::NotFound`] or [`LedgerError::Forbidden`] for who may not change parties.
    pub async fn list(&self, context: &Context, state: PairState, skip: u32, limit: u32) -> Result<Vec<Pair>> {
        let sql = Sql::with(
            "SELECT one, other, reasons FROM {party_pair} WHERE state = $1 ORDER BY points DESC, one, other LIMIT $2 OFFSET $3",
            [state.key().into(), i64::from(limit).into(), i64::from(skip).into()],
        );
        self.pairs(context, sql).await
    }

    /// The pairs of one party.
    ///
    /// # Errors
    /// As [`Duplicates::list`].
    pub async fn of(&self, context: &Context, party: RecordId) -> Result<Vec<Pair>> {
        let sql = Sql::with(
            "SELECT one, other, reasons FROM {party_pair} WHERE state = 'open' AND (one = $1 OR other = $1) \
             ORDER BY points DESC LIMIT 20",
            [party.0.into()],
        );
        self.pairs(context, sql).await
    }

    /// Notes that two parties are two (別人), with the context's reason. They are proposed no more.
    ///
    /// # Errors
    /// As [`Duplicates::list`]; [`LedgerError::NotFound`] when they are no pair.
    pub async fn keep_apart(&self, context: &Context, one: RecordId, other: RecordId) -> Result<()> {
        self.require_editor(context)?;
        let (one, other) = ordered(one, other);
        let sql = Sql::with(
            "UPDATE {party_pair} SET state = 'different', decided_by = $1, decided_at = $2, decided_because = $3 \
             WHERE one = $4 AND other = $5",
            [
                context.act.actor.to_string().into(),
                context.act.at.as_microsecond().into(),
                context.act.reason.as_str().into(),
                one.0.into(),
                other.0.into(),
            ],
        );
        let statement = Statement::one_row(sql, kawasemi_store::Unmet::NotFound);
        self.ledgers.city().write(Unit::of([statement])).await?;
        Ok(())
    }

    /// Proposes a pair again that was kept apart.
    ///
    /// # Errors
    /// As [`Duplicates::keep_apart`].
    pub async fn propose_again(&self, context: &Context, one: RecordId, other: RecordId) -> Result<()> {
        self.require_editor(context)?;
        let (one, other) = ordered(one, other);
        let sql = Sql::with(
            "UPDATE {party_pair} SET state = 'open' WHERE one = $1 AND other = $2 AND state = 'different'",
            [one.0.into(), other.0.into()],
        );
        let statement = Statement::one_row(sql, kawasemi_store::Unmet::NotFound);
        self.ledgers.city().write(Unit::of([statement])).await?;
        Ok(())
    }

    fn require_editor(&self, context: &Context) -> Result<()> {
        let (_, access) = self.ledgers.open(context, PARTY)?;
        let update = Action::Update;
        if access.may(update) { Ok(()) } else { Err(LedgerError::Forbidden { action: update }) }
    }

    async fn pairs(&self, context: &Context, sql: Sql) -> Result<Vec<Pair>> {
        self.require_editor(context)?;
        let rows = self.ledgers.city().read(sql).await?;
        let mut ids = BTreeSet::new();
        for row in &rows {
            ids.extend([RecordId(row.get(0)?), RecordId(row.get(1)?)]);
        }
        let ids: Vec<RecordId> = ids.into_iter().collect();
        let seen = self.ledgers.get_many(context, PARTY, &ids).await?;
        let seen: HashMap<RecordId, Visible> = seen.into_iter().map(|record| (record.id, record)).collect();
        let mut pairs = Vec::with_capacity(rows.len());
        for row in &rows {
            let both = (seen.get(&RecordId(row.get(0)?)), seen.get(&RecordId(row.get(1)?)));
            let (Some(one), Some(other)) = both else { continue };
            let reasons: String = row.get(2)?;
            let mut likeness = Likeness::of(reasons.split(',').filter_map(Reason::from_key).collect());
            if one.protected || other.protected {
                likeness = likeness.open();
            }
            if likeness.is_proposed() {
                pairs.push(Pair { parties: [one.clone(), other.clone()], likeness });
            }
        }
        Ok(pairs)
    }

    /// Enters the keys of all parties. Answers how many there are, and the facts of as many as are kept at hand: a party shares keys
    /// with several others, and bringing its address to one form takes longer than comparing it.
    async fn enter_all(&self, places: &Places, progress: &impl Fn(u64)) -> Result<(u64, HashMap<RecordId, Facts>)> {
        let city = self.ledgers.city();
        let catalogue = city.catalogue();
        let ledger = catalogue.ledger(PARTY)?;
        let mut query = ListQuery::new(ledger);
        query.projection = Projection::fields(ledger, COMPARED);
        query.order = Order::default();
        query.limit = AT_ONCE;
        let (mut count, mut at_hand) = (0, HashMap::new());
        loop {
            let page = query.page(city).await?;
            count += page.records.len() as u64;
            let mut keys: Vec<(i64, RecordId)> = Vec::new();
            for row in &page.records {
                let facts = facts_of(row, places);
                keys.extend(likeness::keys(&facts).into_iter().map(|key| (key, facts.id)));
                if at_hand.len() < AT_HAND {
                    at_hand.insert(facts.id, facts);
                }
            }
            city.write(Unit::of(insert_keys(&keys))).await?;
            progress(count);
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok((count, at_hand)),
            }
        }
    }

    /// The next keys that several parties have in common, with these.
    async fn groups(&self, from: i64) -> Result<Vec<(i64, Vec<RecordId>)>> {
        let sql = Sql::with(
            "SELECT key, party FROM {party_key} WHERE key IN (SELECT key FROM {party_key} WHERE key >= $1 GROUP BY key \
             HAVING count(*) BETWEEN 2 AND $2 ORDER BY key LIMIT $3) ORDER BY key",
            [from.into(), CROWD.into(), GROUPS.into()],
        );
        let mut groups: Vec<(i64, Vec<RecordId>)> = Vec::new();
        for row in self.ledgers.city().read(sql).await? {
            let (key, party) = (row.get(0)?, RecordId(row.get(1)?));
            match groups.last_mut() {
                Some((known, parties)) if *known == key => parties.push(party),
                _ => groups.push((key, vec![party])),
            }
        }
        Ok(groups)
    }

    /// Enters changed parties anew and looks for what is like them.
    async fn look_at(&self, places: &Places, changed: Vec<(RecordId, Option<Facts>)>) -> Result<()> {
        if changed.is_empty() {
            return Ok(());
        }
        let mut unit = Unit::new();
        let mut keys = Vec::new();
        for (id, facts) in &changed {
            unit.add(Statement::any(Sql::with("DELETE FROM {party_key} WHERE party = $1", [id.0.into()])));
            for side in ["one", "other"] {
                let sql = format!("DELETE FROM {{party_pair}} WHERE {side} = $1 AND state = 'open'");
                unit.add(Statement::any(Sql::with(&sql, [id.0.into()])));
            }
            keys.extend(facts.iter().flat_map(|facts| likeness::keys(facts).into_iter().map(|key| (key, *id))));
        }
        unit.extend(insert_keys(&keys));
        self.ledgers.city().write(unit).await?;
        let mut candidates = BTreeSet::new();
        for keys in keys.chunks(ROWS) {
            let mut sql = Sql::with("SELECT key, party FROM {party_key} WHERE key IN (", []);
            sql.bind_list(keys.iter().map(|(key, _)| Param::from(*key))).push(")");
            let mut by_key: HashMap<i64, Vec<RecordId>> = HashMap::new();
            for row in self.ledgers.city().read(sql).await? {
                by_key.entry(row.get(0)?).or_default().push(RecordId(row.get(1)?));
            }
            for (key, id) in keys {
                let others = by_key.get(key).filter(|parties| parties.len() as i64 <= CROWD);
                candidates.extend(
                    others.into_iter().flatten().filter(|other| *other != id).map(|other| ordered(*id, *other)),
                );
            }
        }
        self.compare(places, &candidates.into_iter().collect::<Vec<_>>(), &HashMap::new()).await?;
        Ok(())
    }

    /// Compares pairs and keeps those that are proposed.
    async fn compare(
        &self,
        places: &Places,
        pairs: &[(RecordId, RecordId)],
        at_hand: &HashMap<RecordId, Facts>,
    ) -> Result<u64> {
        let mut proposed = 0;
        for pairs in pairs.chunks(AT_ONCE) {
            let ids: BTreeSet<RecordId> = pairs.iter().flat_map(|(one, other)| [*one, *other]).collect();
            let missing: Vec<RecordId> = ids.into_iter().filter(|id| !at_hand.contains_key(id)).collect();
            let looked_up = self.facts(places, &missing).await?;
            let facts = |id: &RecordId| at_hand.get(id).or_else(|| looked_up.get(id));
            let mut alike = Vec::new();
            for (one, other) in pairs {
                let (Some(a), Some(b)) = (facts(one), facts(other)) else { continue };
                alike.extend(
                    likeness::compare(a, b).filter(Likeness::is_proposed).map(|likeness| (*one, *other, likeness)),
                );
            }
            proposed += alike.len() as u64;
            if !alike.is_empty() {
                self.ledgers.city().write(Unit::of(alike.chunks(ROWS).map(insert_pairs))).await?;
            }
        }
        Ok(proposed)
    }

    async fn facts(&self, places: &Places, ids: &[RecordId]) -> Result<HashMap<RecordId, Facts>> {
        let catalogue = self.ledgers.city().catalogue();
        let ledger = catalogue.ledger(PARTY)?;
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let projection = Projection::fields(ledger, COMPARED);
        let rows = read::records(self.ledgers.city(), ledger, &projection, ids).await?;
        let live = rows.into_iter().filter(|row| row.deleted_at.is_none());
        Ok(live.map(|row| (row.id, facts_of(&row, places))).collect())
    }

    async fn mark(&self) -> Result<Option<Mark>> {
        let sql = Sql::with("SELECT mark FROM {party_mark} WHERE name = $1", [MARK.into()]);
        let Some(row) = self.ledgers.city().read_one(sql).await? else { return Ok(None) };
        Ok(row.get::<String>(0)?.parse().ok())
    }

    async fn keep_mark(&self, mark: Mark) -> Result<()> {
        let sql = Sql::with(
            "INSERT INTO {party_mark} (name, mark) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET mark = excluded.mark",
            [MARK.into(), mark.to_string().into()],
        );
        self.ledgers.city().write(Unit::of([Statement::any(sql)])).await?;
        Ok(())
    }
}

fn facts_of(row: &RecordRow, places: &Places) -> Facts {
    Facts::of(row.id, &row.fields, &|address| places.place(address).ok().map(|place| place.key))
}

fn ordered(one: RecordId, other: RecordId) -> (RecordId, RecordId) {
    if one <= other { (one, other) } else { (other, one) }
}

fn insert_keys(keys: &[(i64, RecordId)]) -> Vec<Statement> {
    let statement = |keys: &[(i64, RecordId)]| {
        let mut sql = Sql::with("INSERT INTO {party_key} (key, party) VALUES ", []);
        for (position, (key, party)) in keys.iter().enumerate() {
            sql.push(if position > 0 { ", (" } else { "(" }).bind(*key).push(", ").bind(party.0).push(")");
        }
        sql.push(" ON CONFLICT DO NOTHING");
        Statement::any(sql)
    };
    keys.chunks(ROWS).map(statement).collect()
}

/// What was decided stays, with the reasons of now.
fn insert_pairs(pairs: &[(RecordId, RecordId, Likeness)]) -> Statement {
    let mut sql = Sql::with("INSERT INTO {party_pair} (one, other, points, reasons, state) VALUES ", []);
    for (position, (one, other, likeness)) in pairs.iter().enumerate() {
        let reasons: Vec<&str> = likeness.reasons.iter().map(|reason| reason.key()).collect();
        sql.push(if position > 0 { ", (" } else { "(" }).bind(one.0).push(", ").bind(other.0).push(", ");
        sql.bind(likeness.points).push(", ").bind(reasons.join(",")).push(", 'open')");
    }
    sql.push(" ON CONFLICT (one, other) DO UPDATE SET points = excluded.points, reasons = excluded.reasons");
    Statement::any(sql)
}
