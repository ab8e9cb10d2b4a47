//! The hall as it will be on a day (4月1日の姿): who is where, who holds which role, and what would be left without anybody.
//!
//! Nothing is simulated by a second set of rules: identity is asked for the callers of that day, which it knows since all that
//! is planned is handed to it with its dates, and the registers are read with the same orders taken that will be applied.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use kawasemi_identity::{Caller, Context, Identity, IdentityError, Roles};
use kawasemi_kernel::RecordId;
use kawasemi_ledger::Ledgers;
use serde::Serialize;
use uuid::Uuid;

use crate::handover::{Accounts, Inventory, Orphan, orphans};
use crate::registers::Registers;
use crate::transfer::orders::TransferError;
use crate::transfer::preview::standing;

/// The hall on a day.
#[derive(Clone, Debug, Serialize)]
pub struct Simulation {
    /// The day.
    pub day: Date,
    /// Everybody who is in service on the day or was on the eve.
    pub people: Vec<PersonThen>,
    /// The departments that exist on the day, and those that close with the eve.
    pub departments: Vec<DepartmentThen>,
    /// Roles that somebody held in a department on the eve and nobody holds there, or where its work went, on the day.
    pub missing: Vec<MissingRole>,
    /// Roles that nobody at all holds any more.
    pub roles_without_holder: Vec<String>,
    /// What nobody has on the day.
    pub orphans: Vec<Orphan>,
}

/// Somebody on the day.
#[derive(Clone, Debug, Serialize)]
pub struct PersonThen {
    /// The record in the register of staff.
    #[serde(skip)]
    pub staff: RecordId,
    /// The account.
    pub account: Option<Uuid>,
    /// The employee number.
    pub number: String,
    /// The name.
    pub name: String,
    /// Posts on the eve.
    pub before: Vec<String>,
    /// Posts on the day.
    pub after: Vec<String>,
    /// The roles on the day, with the departments that limit them.
    pub roles: Vec<String>,
    /// Whether the posts or the roles are different on the day.
    pub changes: bool,
}

/// A department on the day.
#[derive(Clone, Debug, Serialize)]
pub struct DepartmentThen {
    /// The code.
    pub code: String,
    /// The name.
    pub name: String,
    /// How many people have their posts here on the day.
    pub people: usize,
    /// Whether it begins with the day.
    pub is_new: bool,
    /// Whether it ended with the eve.
    pub is_closed: bool,
    /// Where its work went.
    pub successor: Option<String>,
}

/// A role that a department is left without.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct MissingRole {
    /// The department, or the one to which its work went.
    pub department: String,
    /// The role's name.
    pub role: String,
    /// Who held it on the eve.
    pub held_by: Vec<String>,
}

/// What one account holds on a day.
struct Holding {
    roles: BTreeMap<String, BTreeSet<RecordId>>,
    said: Vec<String>,
}

/// Looks at the hall on a day.
///
/// # Errors
/// When the registers or the accounts can't be read.
pub async fn simulate(
    ledgers: &Ledgers,
    identity: &Identity,
    inventory: &Inventory,
    context: &Context,
    day: Date,
) -> Result<Simulation, TransferError> {
    let registers = Registers::load(ledgers, context).await?;
    let accounts = Accounts::load(identity, &registers).await?;
    let grants = ledgers.grants()?;
    let eve = day.yesterday().unwrap_or(day);
    let (mut people, mut before, mut after) = (Vec::new(), Vec::new(), Vec::new());
    for person in registers.people.values() {
        let career = registers.career_ahead(person.id);
        if !career.is_in_service(eve) && !career.is_in_service(day) {
            continue;
        }
        let account = accounts.of_person(person.id);
        let held = |on: Date| holding(identity, &registers, grants.roles(), context, account, on);
        let (then, now) = (held(eve).await?, held(day).await?);
        let posts = (standing(&registers, &career, eve), standing(&registers, &career, day));
        let changes = posts.0 != posts.1 || then.said != now.said;
        people.push(PersonThen {
            staff: person.id,
            account,
            number: person.number.clone(),
            name: person.name.clone(),
            before: posts.0,
            after: posts.1,
            roles: now.said.clone(),
            changes,
        });
        before.push((person.name.clone(), then));
        after.push(now);
    }
    people.sort_by(|one, other| one.number.cmp(&other.number));
    let things = inventory.all(context).await;
    let everybody: BTreeSet<&String> = after.iter().flat_map(|held| held.roles.keys()).collect();
    let gone: BTreeSet<&String> = before.iter().flat_map(|(_, held)| held.roles.keys()).collect();
    let title = |key: &String| grants.roles().title(key).unwrap_or(key).to_owned();
    Ok(Simulation {
        day,
        people,
        departments: departments(&registers, day, eve),
        missing: missing(&registers, grants.roles(), &before, &after, day),
        roles_without_holder: gone.difference(&everybody).map(|key| title(key)).collect(),
        orphans: orphans(&registers, &accounts, &things, day),
    })
}

/// Somebody as a caller on a day, for asking what they may do then. Nobody is signed in by this.
///
/// # Errors
/// As [`Identity::caller_of`].
pub async fn caller_on(
    identity: &Identity,
    context: &Context,
    account: Uuid,
    day: Date,
) -> kawasemi_identity::Result<(Caller, Context)> {
    let noon = day.at(12, 0, 0, 0);
    let zone = TimeZone::get("Asia/Tokyo").map_err(|_| IdentityError::NotFound)?;
    let at = zone.to_zoned(noon).map_err(|_| IdentityError::NotFound)?.timestamp();
    let mut then = context.clone();
    then.act.at = at;
    let caller = identity.caller_of(&then, account).await?;
    let theirs = Context::new(caller.clone(), at);
    Ok((caller, theirs))
}

async fn holding(
    identity: &Identity,
    registers: &Registers,
    roles: &Roles,
    context: &Context,
    account: Option<Uuid>,
    day: Date,
) -> kawasemi_identity::Result<Holding> {
    let mut held = Holding { roles: BTreeMap::new(), said: Vec::new() };
    let Some(account) = account else { return Ok(held) };
    let caller = match caller_on(identity, context, account, day).await {
        Ok((caller, _)) => caller,
        // Not in service on the day, or disabled.
        Err(IdentityError::NotFound) => return Ok(held),
        Err(error) => return Err(error),
    };
    for role in &caller.roles {
        if roles.assignable().all(|(key, _)| key != role.key) {
            continue;
        }
        let title = roles.title(&role.key).unwrap_or(&role.key);
        held.said.push(match &role.departments {
            None => title.to_owned(),
            Some(some) => {
                let names: Vec<&str> = some.iter().map(|id| registers.department_name(*id)).collect();
                format!("{title}（{}）", names.join("、"))
            }
        });
        // A role without limits serves the department in which its holder works.
        let works_in =
            |id: &&RecordId| registers.departments.get(*id).is_some_and(|known| known.department.is_in_force_on(day));
        let served = held.roles.entry(role.key.clone()).or_default();
        match &role.departments {
            Some(departments) => served.extend(departments.iter().copied()),
            None => served.extend(caller.departments.iter().find(works_in).copied()),
        }
    }
    Ok(held)
}

fn departments(registers: &Registers, day: Date, eve: Date) -> Vec<DepartmentThen> {
    let mut posted: BTreeMap<RecordId, usize> = BTreeMap::new();
    for staff in registers.people.keys() {
        let career = registers.career_ahead(*staff);
        if !career.is_in_service(day) || career.away_on(day).is_some() {
            continue;
        }
        for post in career.posts_on(day) {
            *posted.entry(post.department).or_default() += 1;
        }
    }
    let mut known: Vec<_> = registers
        .departments
        .values()
        .filter(|known| known.department.is_in_force_on(day) || known.department.is_in_force_on(eve))
        .collect();
    known.sort_by_key(|known| (known.sort_order, known.code.clone()));
    known
        .into_iter()
        .map(|known| DepartmentThen {
            code: known.code.clone(),
            name: known.name.clone(),
            people: posted.get(&known.department.id).copied().unwrap_or(0),
            is_new: !known.department.is_in_force_on(eve),
            is_closed: known.department.is_closed_on(day),
            successor: known.department.successor.map(|id| registers.department_name(id).to_owned()),
        })
        .collect()
}

fn missing(
    registers: &Registers,
    roles: &Roles,
    before: &[(String, Holding)],
    after: &[Holding],
    day: Date,
) -> Vec<MissingRole> {
    let organisation = registers.organisation_ahead();
    let mut wanted: BTreeMap<(String, RecordId), Vec<String>> = BTreeMap::new();
    for (name, held) in before {
        for (role, departments) in &held.roles {
            for department in departments {
                let mut at = *department;
                for _ in 0..50 {
                    let closed = organisation.department(at).filter(|known| known.is_closed_on(day));
                    let Some(next) = closed.and_then(|known| known.successor) else { break };
                    at = next;
                }
                wanted.entry((role.clone(), at)).or_default().push(name.clone());
            }
        }
    }
    let has = |role: &String, department: &RecordId| {
        after.iter().any(|held| held.roles.get(role).is_some_and(|departments| departments.contains(department)))
    };
    let mut missing: Vec<MissingRole> = wanted
        .into_iter()
        .filter(|((role, department), _)| !has(role, department))
        .map(|((role, department), held_by)| MissingRole {
            department: registers.department_name(department).to_owned(),
            role: roles.title(&role).unwrap_or(&role).to_owned(),
            held_by,
        })
        .collect();
    missing.sort();
    missing
}
