//! Handover (引継ぎ): what people and departments leave behind when they change, and who has it then.
//!
//! Each engine tells what it keeps that somebody owns ([`Owned`]); this module knows who changes and proposes successors by
//! rule, keeps what the heads decide ([`crate::HANDOVER`]), and does it on the day. What nobody owns is found from the things
//! themselves and not from a list, so that it is shown until somebody has it ([`orphans`]).

mod propose;
mod things;

use std::collections::BTreeSet;

use futures::future::BoxFuture;
use jiff::civil::Date;
use kawasemi_identity::{Context, Identity};
use kawasemi_kernel::{RecordId, Value};
use kawasemi_ledger::{Draft, Ledgers, Visible};
use serde::Serialize;
use uuid::Uuid;

pub use propose::{Proposals, may_decide, propose};
pub use things::{Imports, OwnLedgers, Tokens, Views};

use crate::bundle::HANDOVER;
use crate::register::{all, text};
use crate::registers::Registers;

/// Why something was not handed over, for a person.
pub type Failure = String;

/// Who has something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// An account.
    Account(Uuid),
    /// A department, by its code.
    Department(String),
}

/// Something that somebody owns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Thing {
    /// The key of its kind, such as `view`.
    pub kind: &'static str,
    /// By what its engine knows it.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Who has it.
    pub owner: Owner,
    /// Where it is looked at; empty where there is no page.
    pub href: String,
}

/// Things of one kind, as the engine tells that keeps them.
pub trait Owned: Send + Sync {
    /// The key of the kind.
    fn kind(&self) -> &'static str;
    /// What people call things of the kind.
    fn label(&self) -> &'static str;
    /// Whether such a thing can be given to somebody else, rather than only made anew.
    fn can_pass(&self) -> bool {
        true
    }
    /// All of them.
    fn list<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Vec<Thing>, Failure>>;
    /// Gives one to somebody else.
    fn pass<'a>(&'a self, context: &'a Context, id: &'a str, to: &'a Owner) -> BoxFuture<'a, Result<(), Failure>>;
}

/// All kinds of things in a city.
pub struct Inventory {
    kinds: Vec<Box<dyn Owned>>,
}

impl Inventory {
    /// What the engines below this one keep. Others add theirs with [`Inventory::and`].
    pub fn new(ledgers: &Ledgers, identity: &Identity) -> Self {
        let own = OwnLedgers(ledgers.clone());
        let (views, imports) = (Views(ledgers.clone()), Imports(ledgers.clone()));
        Self { kinds: vec![Box::new(own), Box::new(views), Box::new(imports), Box::new(Tokens(identity.clone()))] }
    }

    /// The same with another kind.
    #[must_use]
    pub fn and(mut self, kind: impl Owned + 'static) -> Self {
        self.kinds.push(Box::new(kind));
        self
    }

    /// A kind by its key.
    pub fn kind(&self, key: &str) -> Option<&dyn Owned> {
        self.kinds.iter().find(|kind| kind.kind() == key).map(|kind| &**kind)
    }

    /// All things of all kinds. A kind that can't be told is logged and left out, so that the others are seen.
    pub async fn all(&self, context: &Context) -> Vec<Thing> {
        let mut things = Vec::new();
        for kind in &self.kinds {
            match kind.list(context).await {
                Ok(some) => things.extend(some),
                Err(error) => tracing::error!(kind = kind.kind(), error, "what somebody owns can't be listed"),
            }
        }
        things
    }
}

/// A thing that nobody has on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Orphan {
    /// What it is.
    #[serde(flatten)]
    pub thing: Thing,
    /// Why nobody has it.
    pub why: String,
}

/// The things that nobody has on a day: their account's person is not in service or has no department, or their department
/// is closed or has nobody.
pub fn orphans(registers: &Registers, accounts: &Accounts, things: &[Thing], day: Date) -> Vec<Orphan> {
    let staffed = staffed(registers, day);
    let why = |thing: &Thing| match &thing.owner {
        Owner::Account(account) => match accounts.person_of(*account) {
            Some(staff) => no_longer(registers, staff, day),
            None => None,
        },
        Owner::Department(code) => match registers.department_by_code(code) {
            None => Some(format!("部局コード「{code}」の部局がありません。")),
            Some(known) if known.department.is_closed_on(day) => Some(format!("「{}」は廃止されます。", known.name)),
            Some(known) if !staffed.contains(&known.department.id) => {
                Some(format!("「{}」に配属された職員がいません。", known.name))
            }
            Some(_) => None,
        },
    };
    things.iter().filter_map(|thing| Some(Orphan { thing: thing.clone(), why: why(thing)? })).collect()
}

fn no_longer(registers: &Registers, staff: RecordId, day: Date) -> Option<String> {
    let person = registers.people.get(&staff)?;
    let career = registers.career_ahead(staff);
    if !career.is_in_service(day) {
        return Some(format!("{}さんは在職していません。", person.name));
    }
    let away = career.away_on(day)?;
    Some(format!("{}さんは{}中です。", person.name, away.kind.label()))
}

/// The departments for which somebody works on a day.
fn staffed(registers: &Registers, day: Date) -> BTreeSet<RecordId> {
    let organisation = registers.organisation_ahead();
    let mut staffed = BTreeSet::new();
    for staff in registers.people.keys() {
        let career = registers.career_ahead(*staff);
        if career.is_in_service(day) && career.away_on(day).is_none() {
            career.posts_on(day).iter().for_each(|post| staffed.extend(organisation.reach(post.department, day)));
        }
    }
    staffed
}

/// The accounts of people.
#[derive(Clone, Debug, Default)]
pub struct Accounts(Vec<(Uuid, RecordId)>);

impl Accounts {
    /// Reads the accounts of everybody in the register.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load(identity: &Identity, registers: &Registers) -> kawasemi_identity::Result<Self> {
        Ok(Self(identity.accounts_of(registers.people.keys().copied()).await?))
    }

    /// Whose account it is.
    pub fn person_of(&self, account: Uuid) -> Option<RecordId> {
        self.0.iter().find(|(id, _)| *id == account).map(|(_, person)| *person)
    }

    /// The account of a person.
    pub fn of_person(&self, person: RecordId) -> Option<Uuid> {
        self.0.iter().find(|(_, of)| *of == person).map(|(account, _)| *account)
    }

    /// All of them, with the person of each.
    pub fn iter(&self) -> impl Iterator<Item = (Uuid, RecordId)> {
        self.0.iter().copied()
    }
}

/// A line of the handover list.
#[derive(Clone, Debug)]
pub struct Item {
    /// The record.
    pub id: RecordId,
    /// Its revision.
    pub revision: i64,
    /// The kind of the thing.
    pub kind: String,
    /// By what its engine knows it.
    pub thing: String,
    /// What people call it.
    pub title: String,
    /// Who has it.
    pub from_person: Option<RecordId>,
    /// In which department.
    pub from_department: Option<RecordId>,
    /// Who is to have it.
    pub to_person: Option<RecordId>,
    /// Which department is to have it.
    pub to_department: Option<RecordId>,
    /// When.
    pub due_on: Date,
    /// `proposed`, `decided`, `done` or `dropped`.
    pub state: String,
    /// Why it could not be done.
    pub problem: String,
}

impl Item {
    fn of_record(record: &Visible) -> Option<Self> {
        let reference = |key: &str| record.get(key).as_record();
        Some(Self {
            id: record.id,
            revision: record.revision,
            kind: text(record, "kind").to_owned(),
            thing: text(record, "thing").to_owned(),
            title: text(record, "title").to_owned(),
            from_person: reference("from_person"),
            from_department: reference("from_department"),
            to_person: reference("to_person"),
            to_department: reference("to_department"),
            due_on: record.get("due_on").as_date()?,
            state: record.get("state").as_text()?.to_owned(),
            problem: text(record, "problem").to_owned(),
        })
    }

    fn receiver(&self, registers: &Registers, accounts: &Accounts) -> Option<Owner> {
        match (self.to_person, self.to_department) {
            (Some(person), _) => accounts.of_person(person).map(Owner::Account),
            (None, Some(department)) => {
                registers.departments.get(&department).map(|known| Owner::Department(known.code.clone()))
            }
            (None, None) => None,
        }
    }
}

/// The lines of the handover list that a caller may see.
///
/// # Errors
/// When the ledger can't be read.
pub async fn items(ledgers: &Ledgers, context: &Context) -> Result<Vec<Item>, kawasemi_ledger::LedgerError> {
    Ok(all(ledgers, context, HANDOVER).await?.iter().filter_map(Item::of_record).collect())
}

/// Decides a line: who is to have the thing; none for not handing it over. The caller was asked before whether they may
/// ([`may_decide`]); it is written by the program in their name.
///
/// # Errors
/// When the ledger refuses it.
pub async fn decide(
    ledgers: &Ledgers,
    context: &Context,
    item: &Item,
    to: Option<RecordId>,
    due_on: Date,
) -> Result<(), kawasemi_ledger::LedgerError> {
    let state = if to.is_some() || item.to_department.is_some() { "decided" } else { "dropped" };
    let mut draft = Draft::new().with("state", state).with("due_on", Value::Date(due_on)).with("problem", Value::Null);
    if let Some(person) = to {
        draft.set("to_person", Value::Record(person));
    }
    ledgers.update(context, HANDOVER, item.id, item.revision, draft).await?;
    Ok(())
}

/// What came of handing over.
#[derive(Clone, Debug, Default, Serialize)]
pub struct HandedOver {
    /// How many things passed.
    pub done: usize,
    /// What did not, with the reason.
    pub problems: Vec<String>,
}

/// Hands over what was decided and is due. Safe to repeat; what fails says why and is tried again.
///
/// # Errors
/// When the registers can't be read or written.
pub async fn carry_out(
    ledgers: &Ledgers,
    identity: &Identity,
    inventory: &Inventory,
    context: &Context,
    today: Date,
) -> Result<HandedOver, crate::transfer::orders::TransferError> {
    let registers = Registers::load(ledgers, context).await?;
    let accounts = Accounts::load(identity, &registers).await?;
    let mut outcome = HandedOver::default();
    let due = |item: &Item| item.state == "decided" && item.due_on <= today;
    for item in items(ledgers, context).await?.into_iter().filter(due) {
        let passed = match (inventory.kind(&item.kind), item.receiver(&registers, &accounts)) {
            (Some(kind), Some(to)) => kind.pass(context, &item.thing, &to).await,
            (None, _) => Err("この種類のものは、この版のプログラムでは引き継げません。".to_owned()),
            (_, None) => Err("受ける人の利用者がありません。利用者を登録するか、別の人を選んでください。".to_owned()),
        };
        let draft = match passed {
            Ok(()) => {
                outcome.done += 1;
                Draft::new().with("state", "done").with("problem", Value::Null)
            }
            Err(problem) => {
                outcome.problems.push(format!("{}: {problem}", item.title));
                if item.problem == problem {
                    continue;
                }
                Draft::new().with("problem", problem.chars().take(500).collect::<String>())
            }
        };
        ledgers.update(context, HANDOVER, item.id, item.revision, draft).await?;
    }
    Ok(outcome)
}
