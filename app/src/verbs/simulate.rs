//! `kawasemi simulate`: the hall as it will be on a day.

use std::fmt;

use kawasemi_registry::simulation::{Simulation, simulate};
use kawasemi_store::Access;
use serde::Serialize;

use crate::cli::Simulate;
use crate::shell::Shell;

/// Runs the verb.
///
/// # Errors
/// When the registers can't be read.
pub async fn run(shell: &Shell, wanted: Simulate) -> anyhow::Result<()> {
    let (store, open) = shell.open(Access::Command).await?;
    let context = shell.context("kawasemi simulate");
    let inventory = open.inventory();
    let simulated = simulate(&open.ledgers, &open.identity, &inventory, &context, wanted.day).await;
    store.close().await;
    shell.output.answer(&Shown(simulated?))
}

#[derive(Serialize)]
#[serde(transparent)]
struct Shown(Simulation);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Simulation { day, people, departments, missing, roles_without_holder, orphans } = &self.0;
        let changing = people.iter().filter(|person| person.changes);
        writeln!(f, "{day}の姿: 変わる職員 {}人", changing.clone().count())?;
        for person in changing {
            let (before, after) = (person.before.join("・"), person.after.join("・"));
            writeln!(f, "  {}（{}）: {before} → {after}", person.name, person.number)?;
        }
        for department in departments.iter().filter(|one| one.is_new || one.is_closed || one.people == 0) {
            let said = match (department.is_new, department.is_closed) {
                (_, true) => "廃止",
                (true, _) => "新設",
                _ => "職員がいない",
            };
            writeln!(f, "部局 {}（{}）: {said}、配属 {}人", department.name, department.code, department.people)?;
        }
        for role in roles_without_holder {
            writeln!(f, "だれも持たなくなる役割: {role}")?;
        }
        for one in missing {
            writeln!(
                f,
                "だれもいなくなる役割: {} の {}（前日まで {}）",
                one.department,
                one.role,
                one.held_by.join("、")
            )?;
        }
        for orphan in orphans {
            writeln!(f, "担当のいないもの: {}（{}）{}", orphan.thing.title, orphan.thing.kind, orphan.why)?;
        }
        Ok(())
    }
}
