//! `kawasemi organisation`: the plan of a reorganisation.

use std::fmt;

use kawasemi_registry::reorganisation::settle::{self, PlanReport};
use kawasemi_registry::reorganisation::{Finding, Severity};
use kawasemi_store::Access;
use serde::Serialize;

use super::personnel::turn;
use crate::cli::Organisation;
use crate::shell::{OpenCity, Shell};

/// Runs the verb.
///
/// # Errors
/// When the file can't be read, or the plan has mistakes.
pub async fn run(shell: &Shell, wanted: Organisation) -> anyhow::Result<()> {
    let (store, open) = shell.open(Access::Command).await?;
    let done = act(shell, &open, wanted).await;
    store.close().await;
    done
}

async fn act(shell: &Shell, open: &OpenCity, wanted: Organisation) -> anyhow::Result<()> {
    let context = shell.context("kawasemi organisation");
    match wanted {
        Organisation::Plan { file, fiscal_year, dry_run } => {
            let report = settle::import(&open.ledgers, &context, &file, fiscal_year, dry_run).await?;
            shell.output.answer(&Planned(report))
        }
        Organisation::Settle { fiscal_year } => {
            let findings = settle::settle(&open.ledgers, &context, &*shell.ids, fiscal_year).await?;
            turn(shell, open).await?;
            shell.output.answer(&Settled { fiscal_year: fiscal_year.year(), findings })
        }
        Organisation::Withdraw { fiscal_year } => {
            let withdrawn = settle::withdraw(&open.ledgers, &context, fiscal_year, context.today()).await?;
            turn(shell, open).await?;
            shell.output.answer(&Withdrawn { withdrawn })
        }
    }
}

#[derive(Serialize)]
#[serde(transparent)]
struct Planned(PlanReport);

fn told(f: &mut fmt::Formatter<'_>, findings: &[Finding]) -> fmt::Result {
    for found in findings {
        let weight = if found.severity == Severity::Error { "誤り" } else { "確認" };
        let line = if found.line > 0 { format!("{}行目 ", found.line) } else { String::new() };
        writeln!(f, "{weight} {line}{}: {}", found.code, found.message)?;
    }
    Ok(())
}

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.dry_run {
            writeln!(f, "取り込むと次のようになります（まだ何も変更していません）。")?;
        }
        writeln!(f, "取り込む行 {}、取込済み {}", self.0.taken.len(), self.0.unchanged)?;
        self.0.taken.iter().try_for_each(|step| writeln!(f, "  {step}"))?;
        self.0.refused.iter().try_for_each(|problem| writeln!(f, "取り込めません {problem}"))?;
        told(f, &self.0.findings)
    }
}

#[derive(Serialize)]
struct Settled {
    fiscal_year: i32,
    findings: Vec<Finding>,
}

impl fmt::Display for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}年度の計画を確定しました。4月1日の午前0時に効力が出ます。", self.fiscal_year)?;
        told(f, &self.findings)
    }
}

#[derive(Serialize)]
struct Withdrawn {
    withdrawn: usize,
}

impl fmt::Display for Withdrawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "計画を{}行取り消しました。", self.withdrawn)
    }
}
