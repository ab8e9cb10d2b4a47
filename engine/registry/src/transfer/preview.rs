//! What orders come to, person by person: before and after, and which rights go and come.

use std::collections::BTreeMap;

use jiff::civil::Date;
use kawasemi_identity::{AssignedRole, Context, Identity, Roles};
use kawasemi_kernel::RecordId;
use serde::Serialize;
use uuid::Uuid;

use super::career::{Career, Order};
use super::check::{Accepted, describe};
use crate::organisation::Organisation;
use crate::personnel_file::AssignmentKind;
use crate::registers::Registers;

/// What becomes of one person on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// The employee number.
    pub number: String,
    /// The name.
    pub name: String,
    /// What is ordered, in a few words each.
    pub orders: Vec<String>,
    /// The first day on which it is different.
    pub day: Date,
    /// Posts on the day before.
    pub before: Vec<String>,
    /// Posts on that day.
    pub after: Vec<String>,
    /// Departments whose records are no longer theirs.
    pub lost: Vec<String>,
    /// Departments whose records become theirs.
    pub gained: Vec<String>,
    /// Roles that rest or end by themselves.
    pub roles_lost: Vec<String>,
    /// Roles without a department, which stay and which an administrator should look at.
    pub roles_kept: Vec<String>,
    /// What a person should look at.
    pub warnings: Vec<String>,
}

/// Shows what orders come to that are not kept yet, together with what is planned.
///
/// # Errors
/// When the roles of the people can't be read.
pub async fn previews(
    registers: &Registers,
    identity: &Identity,
    roles: &Roles,
    context: &Context,
    accepted: &[Accepted],
) -> kawasemi_identity::Result<Vec<Preview>> {
    let mut by_person: BTreeMap<(RecordId, Date), Vec<&Accepted>> = BTreeMap::new();
    for one in accepted {
        by_person.entry((one.order.staff, one.order.first_day())).or_default().push(one);
    }
    let organisation = registers.organisation();
    let accounts: BTreeMap<RecordId, Uuid> = identity
        .accounts_of(by_person.keys().map(|(staff, _)| *staff))
        .await?
        .into_iter()
        .map(|(account, person)| (person, account))
        .collect();
    // Whose roles they are is the administrators' to know; that a transfer ends some is the personnel section's.
    let system = Context::system(context.act.at, "人事発令の確認");
    let mut previews = Vec::new();
    for ((staff, day), ones) in by_person {
        let held = match accounts.get(&staff) {
            Some(account) => identity.roles_of(&system, *account).await?,
            None => Vec::new(),
        };
        let all: Vec<Order> =
            accepted.iter().map(|one| &one.order).filter(|order| order.staff == staff).cloned().collect();
        let career = with(registers, staff, &all);
        let mut preview = between(registers, &organisation, &career, day);
        let words = |one: &&Accepted| describe(registers, &one.order);
        (preview.number, preview.name) = (ones[0].row.number.clone(), name(registers, staff, ones[0]));
        preview.orders = ones.iter().map(words).collect();
        preview.warnings = ones.iter().flat_map(|one| one.warnings.clone()).collect();
        preview.roles(registers, &organisation, roles, &career, day, &held);
        previews.push(preview);
    }
    previews.sort_by(|one, other| (one.day, &one.number).cmp(&(other.day, &other.number)));
    Ok(previews)
}

fn name(registers: &Registers, staff: RecordId, one: &Accepted) -> String {
    registers.people.get(&staff).map_or_else(|| one.row.name.clone(), |person| person.name.clone())
}

/// Somebody's career with what is planned and further orders.
fn with(registers: &Registers, staff: RecordId, further: &[Order]) -> Career {
    let mut career = registers.career(staff);
    let mut orders: Vec<&Order> = registers.planned(staff).map(|known| &known.order).chain(further).collect();
    orders.sort_by_key(|order| (order.first_day(), !order.kind.begins_service()));
    for order in orders {
        let before = career.clone();
        if career.take(order).is_err() {
            career = before;
        }
    }
    career
}

/// What somebody's standing is on a day, in words.
pub fn standing(registers: &Registers, career: &Career, day: Date) -> Vec<String> {
    if !career.is_in_service(day) {
        return vec!["在職していません".to_owned()];
    }
    let post = |post: &&super::career::HeldPost| {
        let kind = match post.kind {
            AssignmentKind::Main => "",
            AssignmentKind::Concurrent => "（兼務）",
            AssignmentKind::Acting => "（事務取扱）",
        };
        let place = registers.department_name(post.department);
        format!("{place} {}{kind}", post.title).replace(" （", "（").trim().to_owned()
    };
    let mut said: Vec<String> = career.posts_on(day).iter().map(post).collect();
    if let Some(away) = career.away_on(day) {
        said.push(format!("{}中", away.kind.label()));
    }
    if said.is_empty() {
        said.push("配属なし".to_owned());
    }
    said
}

/// The departments whose records are somebody's on a day; none while they are away or not in service.
pub fn departments(organisation: &Organisation, career: &Career, day: Date) -> Vec<RecordId> {
    if !career.is_in_service(day) || career.away_on(day).is_some() {
        return Vec::new();
    }
    let mut all = Vec::new();
    for post in career.posts_on(day) {
        for id in organisation.reach(post.department, day) {
            if !all.contains(&id) {
                all.push(id);
            }
        }
    }
    all
}

fn between(registers: &Registers, organisation: &Organisation, career: &Career, day: Date) -> Preview {
    let eve = day.yesterday().unwrap_or(day);
    let (had, has) = (departments(organisation, career, eve), departments(organisation, career, day));
    let names = |of: &[RecordId], but: &[RecordId]| -> Vec<String> {
        of.iter().filter(|id| !but.contains(id)).map(|id| registers.department_name(*id).to_owned()).collect()
    };
    Preview {
        number: String::new(),
        name: String::new(),
        orders: Vec::new(),
        day,
        before: standing(registers, career, eve),
        after: standing(registers, career, day),
        lost: names(&had, &has),
        gained: names(&has, &had),
        roles_lost: Vec::new(),
        roles_kept: Vec::new(),
        warnings: Vec::new(),
    }
}

impl Preview {
    fn roles(
        &mut self,
        registers: &Registers,
        organisation: &Organisation,
        roles: &Roles,
        career: &Career,
        day: Date,
        held: &[AssignedRole],
    ) {
        let has = departments(organisation, career, day);
        let rests = !career.is_in_service(day) || career.away_on(day).is_some();
        let valid = |role: &&AssignedRole| {
            role.assignment.until.is_none_or(|until| day <= until)
                && role.assignment.from.is_none_or(|from| from <= day)
        };
        for role in held.iter().filter(valid) {
            let title = roles.title(&role.assignment.role).unwrap_or(&role.assignment.role);
            let Some(department) = role.assignment.department else {
                if rests {
                    self.roles_lost.push(title.to_owned())
                } else {
                    self.roles_kept.push(title.to_owned())
                }
                continue;
            };
            let said = format!("{title}（{}）", registers.department_name(department));
            let gone = organisation
                .department(department)
                .filter(|known| known.is_closed_on(day) && !organisation.is_split(known.id));
            let follows = gone.and_then(|known| known.successor).is_some_and(|to| has.contains(&to));
            if rests || role.while_member && !has.contains(&department) && !follows {
                self.roles_lost.push(said);
            } else if !role.while_member {
                self.roles_kept.push(said);
            }
        }
    }
}
