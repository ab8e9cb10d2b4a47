//! `kawasemi personnel`: orders of the personnel section, brought in ahead, taken back, and written into the registers.

use std::fmt;

use anyhow::bail;
use kawasemi_kernel::RecordId;
use kawasemi_registry::midnight::{self, Turned};
use kawasemi_registry::registers::{OrderState, Registers};
use kawasemi_registry::transfer::orders::{self, OrderReport, Wanted};
use kawasemi_store::Access;
use serde::Serialize;

use crate::cli::Personnel;
use crate::shell::{OpenCity, Shell};

/// Runs the verb.
///
/// # Errors
/// When the file can't be read, or what is asked can't be done.
pub async fn run(shell: &Shell, wanted: Personnel) -> anyhow::Result<()> {
    let (store, open) = shell.open(Access::Command).await?;
    let done = act(shell, &open, wanted).await;
    store.close().await;
    done
}

async fn act(shell: &Shell, open: &OpenCity, wanted: Personnel) -> anyhow::Result<()> {
    let context = shell.context("kawasemi personnel");
    match wanted {
        Personnel::Import { file, effective, title, dry_run } => {
            let wanted = Wanted { file: &file, title: &title, effective, dry_run };
            let report = orders::import(&open.ledgers, &open.identity, &context, &*shell.ids, wanted).await?;
            if !dry_run {
                turn(shell, open).await?;
            }
            shell.output.answer(&Imported(report))
        }
        Personnel::Withdraw { effective, employee } => {
            let registers = Registers::load(&open.ledgers, &context).await?;
            let of = |staff: RecordId| registers.people.get(&staff).map(|person| person.number.clone());
            let chosen: Vec<RecordId> = registers
                .orders
                .iter()
                .filter(|known| known.order.effective_on == effective && known.state != OrderState::Withdrawn)
                .filter(|known| employee.is_none() || of(known.order.staff) == employee)
                .map(|known| known.id)
                .collect();
            if chosen.is_empty() {
                bail!("{effective}の発令待ちはありません。");
            }
            let withdrawn = orders::withdraw(&open.ledgers, &context, &chosen).await?;
            turn(shell, open).await?;
            shell.output.answer(&Withdrawn { withdrawn })
        }
        Personnel::Apply => shell.output.answer(&Applied(turn(shell, open).await?)),
    }
}

/// Writes what is due, and lets accounts follow what was written.
pub async fn turn(shell: &Shell, open: &OpenCity) -> anyhow::Result<Turned> {
    let context = shell.context("発令・機構改革・引継ぎの反映");
    let (ledgers, identity, today) = (&open.ledgers, &open.identity, context.today());
    Ok(midnight::turn(ledgers, identity, &open.inventory(), &context, &*shell.ids, today).await?)
}

#[derive(Serialize)]
#[serde(transparent)]
struct Imported(OrderReport);

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OrderReport { dry_run, accepted, unchanged, people, refused } = &self.0;
        if *dry_run {
            writeln!(f, "取り込むと次のようになります（まだ何も変更していません）。")?;
        }
        writeln!(f, "取り込む発令 {accepted}、取込済み {unchanged}、取り込めない行 {}", refused.len())?;
        for person in people {
            let (before, after) = (person.before.join("・"), person.after.join("・"));
            writeln!(f, "{} {}（{}）: {before} → {after}", person.day, person.name, person.number)?;
            for (word, names) in
                [("なくなる役割", &person.roles_lost), ("残る役割", &person.roles_kept), ("注意", &person.warnings)]
            {
                if !names.is_empty() {
                    writeln!(f, "  {word}: {}", names.join("、"))?;
                }
            }
        }
        refused.iter().try_for_each(|problem| writeln!(f, "取り込めません {problem}"))
    }
}

#[derive(Serialize)]
struct Withdrawn {
    withdrawn: usize,
}

impl fmt::Display for Withdrawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "発令を{}件取り消しました。", self.withdrawn)
    }
}

#[derive(Serialize)]
#[serde(transparent)]
struct Applied(Turned);

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.0.said())?;
        self.0.orders.problems.iter().try_for_each(|problem| writeln!(f, "反映できません {problem}"))?;
        self.0.handed_over.problems.iter().try_for_each(|problem| writeln!(f, "引き継げません {problem}"))
    }
}
