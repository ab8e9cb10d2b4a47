//! Who is to have what: successors by rule, and who may decide.
//!
//! A thing of a person who changes goes to whoever holds the same post in the same department on the day, else to the head
//! there, else to the head of the department above; where the department closes, to those of its successor. A thing of a
//! department that closes goes to the successor.

use jiff::civil::Date;
use kawasemi_identity::{Context, Identity};
use kawasemi_kernel::{RecordId, Value};
use kawasemi_ledger::{Draft, Ledgers};
use serde::Serialize;

use super::{Accounts, Inventory, Item, Owner, Thing, items};
use crate::bundle::HANDOVER;
use crate::organisation::Organisation;
use crate::personnel_file::{AssignmentKind, Rank};
use crate::registers::Registers;
use crate::transfer::orders::TransferError;

/// What came of proposing.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Proposals {
    /// Lines that are new in the list.
    pub added: usize,
    /// Of these, how many have a successor by rule.
    pub with_successor: usize,
}

/// Puts everything that changes hands on a day into the list, with a successor where there is a rule. What is in it already
/// stays as it is.
///
/// # Errors
/// When the registers can't be read or written.
pub async fn propose(
    ledgers: &Ledgers,
    identity: &Identity,
    inventory: &Inventory,
    context: &Context,
    day: Date,
) -> Result<Proposals, TransferError> {
    let registers = Registers::load(ledgers, context).await?;
    let accounts = Accounts::load(identity, &registers).await?;
    let organisation = registers.organisation_ahead();
    let known = items(ledgers, context).await?;
    let mut proposals = Proposals::default();
    for thing in inventory.all(context).await {
        let open = |item: &&Item| item.kind == thing.kind && item.thing == thing.id && item.state != "done";
        if known.iter().any(|item| open(&item)) {
            continue;
        }
        let Some(draft) = proposal(&registers, &accounts, &organisation, &thing, day) else { continue };
        proposals.added += 1;
        let has = |key: &str| draft.get(key).is_some_and(|value| !value.is_null());
        proposals.with_successor += usize::from(has("to_person") || has("to_department"));
        ledgers.create(context, HANDOVER, draft).await?;
    }
    Ok(proposals)
}

fn proposal(
    registers: &Registers,
    accounts: &Accounts,
    organisation: &Organisation,
    thing: &Thing,
    day: Date,
) -> Option<Draft> {
    let title: String = thing.title.chars().take(200).collect();
    let mut draft = Draft::new()
        .with("kind", thing.kind)
        .with("thing", thing.id.as_str())
        .with("title", title)
        .with("due_on", Value::Date(day))
        .with("state", "proposed");
    let mut set = |key: &str, id: Option<RecordId>| {
        if let Some(id) = id {
            draft.set(key, Value::Record(id));
        }
    };
    match &thing.owner {
        Owner::Account(account) => {
            let staff = accounts.person_of(*account)?;
            let left = leaves(registers, staff, day)?;
            set("from_person", Some(staff));
            set("from_department", left.as_ref().map(|post| post.0));
            set("to_person", left.and_then(|post| successor(registers, accounts, organisation, staff, &post, day)));
        }
        Owner::Department(code) => {
            let known = registers.department_by_code(code)?;
            if !known.department.is_closed_on(day) {
                return None;
            }
            set("from_department", Some(known.department.id));
            set("to_department", open_successor(organisation, known.department.id, day));
        }
    }
    Some(draft)
}

/// The department and the title of the main post that somebody leaves on a day: none outside where they stay.
fn leaves(registers: &Registers, staff: RecordId, day: Date) -> Option<Option<(RecordId, String)>> {
    let career = registers.career_ahead(staff);
    let eve = day.yesterday().ok()?;
    let main = |on: Date| {
        let posts = career.posts_on(on);
        let main = posts.iter().find(|post| post.kind == AssignmentKind::Main);
        main.map(|post| (post.department, post.title.clone()))
    };
    let there = career.is_in_service(day) && career.away_on(day).is_none();
    let before = main(eve);
    if there && before.as_ref().map(|post| post.0) == main(day).as_ref().map(|post| post.0) {
        return None;
    }
    if !there && !career.is_in_service(eve) {
        // Gone before: a thing of theirs is an orphan of older days.
        let last = career.posts.iter().max_by_key(|post| post.ends_on);
        return Some(last.map(|post| (post.department, post.title.clone())));
    }
    Some(before)
}

fn successor(
    registers: &Registers,
    accounts: &Accounts,
    organisation: &Organisation,
    leaving: RecordId,
    (department, title): &(RecordId, String),
    day: Date,
) -> Option<RecordId> {
    let at = open_successor(organisation, *department, day).unwrap_or(*department);
    let is_there = |staff: &&RecordId| {
        let career = registers.career_ahead(**staff);
        **staff != leaving
            && accounts.of_person(**staff).is_some()
            && career.is_in_service(day)
            && career.away_on(day).is_none()
    };
    let holds = |staff: &RecordId, wanted: &dyn Fn(RecordId, &str, Option<Rank>) -> bool| {
        let career = registers.career_ahead(*staff);
        // Whoever stayed behind works where the work went.
        let place = |department| open_successor(organisation, department, day).unwrap_or(department);
        career.posts_on(day).iter().any(|post| wanted(place(post.department), &post.title, post.rank))
    };
    let find = |wanted: &dyn Fn(RecordId, &str, Option<Rank>) -> bool| {
        registers.people.keys().filter(is_there).find(|staff| holds(staff, wanted)).copied()
    };
    let is_head = |rank: Option<Rank>| rank.is_some_and(|rank| rank <= Rank::Head);
    let above = organisation.department(at).and_then(|known| known.parent_on(day));
    find(&|place, name, _| place == at && name == title)
        .or_else(|| find(&|place, _, rank| place == at && is_head(rank)))
        .or_else(|| find(&|place, _, rank| Some(place) == above && is_head(rank)))
}

/// Where the work of a department is on a day; none where it closes without a successor.
fn open_successor(organisation: &Organisation, department: RecordId, day: Date) -> Option<RecordId> {
    let (mut at, mut steps) = (department, 0);
    while let Some(known) = organisation.department(at).filter(|known| known.is_closed_on(day)) {
        steps += 1;
        at = known.successor.filter(|_| steps < 50)?;
    }
    Some(at)
}

/// Whether somebody may decide a line: the one who leaves, and the heads of the departments on either side, outgoing and
/// incoming. Who edits the organisation may in any case, which is for the caller to know.
pub fn may_decide(registers: &Registers, person: RecordId, item: &Item, today: Date) -> bool {
    if item.from_person == Some(person) {
        return true;
    }
    let organisation = registers.organisation_ahead();
    let career = registers.career_ahead(person);
    let heads = |day: Date| {
        let posts = career.posts_on(day);
        let head = |rank: Option<Rank>| rank.is_some_and(|rank| rank <= Rank::Head);
        let place = |department| open_successor(&organisation, department, day).unwrap_or(department);
        posts.iter().filter(|post| head(post.rank)).map(|post| place(post.department)).collect::<Vec<_>>()
    };
    let to = item.to_department.or_else(|| {
        let career = registers.career_ahead(item.to_person?);
        let post = career.posts_on(item.due_on).first().map(|post| post.department)?;
        Some(open_successor(&organisation, post, item.due_on).unwrap_or(post))
    });
    let concerned = [item.from_department, to];
    [today, item.due_on].into_iter().any(|day| {
        heads(day).into_iter().any(|own| {
            let reach = organisation.reach(own, day);
            concerned
                .iter()
                .flatten()
                .any(|department| own == *department || is_below(&organisation, own, *department, day, &reach))
        })
    })
}

/// Whether a department stands below the one that somebody heads.
fn is_below(organisation: &Organisation, own: RecordId, department: RecordId, day: Date, reach: &[RecordId]) -> bool {
    let above = organisation.department(department).and_then(|known| known.parent_on(day));
    above == Some(own) && reach.contains(&department)
}
