//! `kawasemi exchange`: other systems' files, taken in and given out.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use kawasemi_exchange::inspect::Quarantined;
use kawasemi_exchange::intake::{Taken, Wish};
use kawasemi_exchange::{Layout, Run, RunState, Status};
use kawasemi_ledger::import::FeedSample;
use kawasemi_schema::SourceFile;
use kawasemi_store::Access;
use serde::Serialize;

use crate::cli::Exchange;
use crate::progress::Progress;
use crate::shell::{OpenCity, Shell};

/// Rows that are told one by one; `--json` has more.
const TOLD: usize = 20;

/// Runs the verb.
///
/// # Errors
/// When a file is refused or held, can't be read, or there is no such layout.
pub async fn run(shell: &Shell, wanted: Exchange) -> anyhow::Result<()> {
    let access = if matches!(wanted, Exchange::List | Exchange::Check { .. }) { Access::Read } else { Access::Command };
    let (store, open) = shell.open(access).await?;
    let outcome = act(shell, &open, wanted).await;
    store.close().await;
    outcome
}

async fn act(shell: &Shell, open: &OpenCity, wanted: Exchange) -> anyhow::Result<()> {
    match wanted {
        Exchange::List => list(shell, open).await,
        Exchange::Check { layout, file } => check(shell, open, &layout, &file).await,
        Exchange::Run { layout, file, dry_run, apply, reason } => {
            let wish = match (dry_run, apply) {
                (true, _) => Wish::DryRun,
                (_, true) => Wish::Apply,
                _ => Wish::AsTheLayoutSays,
            };
            take(shell, open, &layout, &file, wish, reason.as_deref()).await
        }
        Exchange::Give { layout, folder, again } => {
            let usual = || shell.exchange_folders().map(|folders| folders.of(open.city.code(), &layout, "out"));
            let Some(folder) = folder.or_else(usual) else {
                bail!("書き出すフォルダーがありません。--folder か、設定の exchange.folder で指定してください。");
            };
            let context = shell.context("連携の書出し");
            if let Some(run) = again {
                let path = open.exchange.give_again(&context, run, &folder).await?;
                return shell.output.answer(&Again { file: path.display().to_string() });
            }
            let run = open.exchange.give(&context, &layout, &folder).await?;
            shell.output.answer(&Given { folder: folder.display().to_string(), run })
        }
        Exchange::Publish { file } => {
            let toml = std::fs::read_to_string(&file).with_context(|| format!("{} を読めません。", file.display()))?;
            let layout = open.exchange.publish_layout(&shell.context("連携レイアウトの公開"), &toml).await?;
            shell.output.answer(&Published { layout: layout.key().to_owned(), version: layout.raw.version })
        }
    }
}

async fn list(shell: &Shell, open: &OpenCity) -> anyhow::Result<()> {
    let all = open.exchange.overview(&shell.context("")).await?;
    shell.output.answer(&Listed { layouts: all.into_iter().map(Line::from).collect() })
}

async fn check(shell: &Shell, open: &OpenCity, layout: &str, file: &Path) -> anyhow::Result<()> {
    let context = shell.context("");
    let layout = match std::fs::read_to_string(layout) {
        Ok(text) if layout.ends_with(".toml") => Arc::new(Layout::read(SourceFile::new(layout, text))?),
        _ => open.exchange.layout(&context, layout).await.with_context(|| format!("レイアウト「{layout}」"))?.layout,
    };
    let (city, today, none) = (open.city.code().to_owned(), context.today(), Default::default());
    let (looked, path) = (Arc::clone(&layout), file.to_owned());
    let found =
        tokio::task::spawn_blocking(move || kawasemi_exchange::inspect::inspect(&looked, &path, &city, today, &none));
    let found = found.await?.with_context(|| format!("{} を読めません。", file.display()))?;
    let refusal = found.refusal.clone();
    shell.output.answer(&Checked {
        rows: found.rows,
        bad: found.bad,
        file_date: found.file_date.map(|day| day.to_string()),
        sequence: found.sequence,
        refusal: found.refusal,
        quarantined: found.quarantined,
    })?;
    match refusal {
        Some(reason) => bail!("このファイルは受け付けられません: {reason}"),
        None => Ok(()),
    }
}

async fn take(
    shell: &Shell,
    open: &OpenCity,
    layout: &str,
    file: &Path,
    wish: Wish,
    reason: Option<&str>,
) -> anyhow::Result<()> {
    let context = shell.context("連携の取込");
    let bar = Progress::begin("連携", shell.output.shows_progress());
    let shown = |progress: kawasemi_ledger::import::Progress| bar.reach(progress.rows, None);
    let name = file.file_name().map_or_else(|| "ファイル".to_owned(), |name| name.to_string_lossy().into_owned());
    if !file.is_file() {
        bail!("ファイル {} がありません。", file.display());
    }
    open.exchange.recover().await?;
    let taken = open.exchange.receive(&context, layout, file, &name, wish, &shown).await;
    let mut taken = taken.with_context(|| format!("{} を取り込めません。", file.display()))?;
    if let (RunState::Held, Some(reason)) = (taken.run.state, reason) {
        taken.run = open.exchange.apply(&context, taken.run.id, reason, &shown).await?;
    }
    let state = taken.run.state;
    let message = taken.run.message.clone();
    shell.output.answer(&Answer { dry_run: wish == Wish::DryRun, taken: &taken })?;
    match state {
        RunState::Refused => bail!("受け付けません: {message}"),
        RunState::Held if wish != Wish::DryRun => {
            bail!("警報が出ているため、適用していません。画面で確かめるか、--apply --reason で理由を付けてください。")
        }
        _ => Ok(()),
    }
}

struct Answer<'a> {
    dry_run: bool,
    taken: &'a Taken,
}

impl Serialize for Answer<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Whole<'a> {
            dry_run: bool,
            #[serde(flatten)]
            run: &'a Run,
            quarantined: &'a [Quarantined],
            samples: &'a [FeedSample],
        }
        let Taken { run, bad, samples } = self.taken;
        Whole { dry_run: self.dry_run, run, quarantined: bad, samples }.serialize(serializer)
    }
}

impl fmt::Display for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Taken { run, bad, .. } = self.taken;
        let report = &run.report;
        if self.dry_run {
            writeln!(f, "取り込むと次のようになります（まだ何も変更していません）。")?;
        }
        writeln!(
            f,
            "{}: {}行、追加 {}、変更 {}、消除 {}、変わらない {}、誤り {}",
            run.state.label(),
            run.rows,
            report.created,
            report.updated,
            report.closed,
            report.unchanged,
            bad.len()
        )?;
        if !run.message.is_empty() {
            writeln!(f, "{}", run.message)?;
        }
        for alarm in &run.alarms {
            writeln!(f, "警報: {}", alarm.message)?;
        }
        for row in bad.iter().take(TOLD) {
            for problem in &row.problems {
                writeln!(f, "  {}行目「{}」{}: {}", row.line, problem.field, problem.value, problem.reason)?;
            }
        }
        if bad.len() > TOLD {
            writeln!(f, "  ほかに{}行（--json ですべて出ます）", bad.len() - TOLD)?;
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Checked {
    rows: u64,
    bad: u64,
    file_date: Option<String>,
    sequence: Option<i64>,
    refusal: Option<String>,
    quarantined: Vec<Quarantined>,
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}行、誤り {}", self.rows, self.bad)?;
        for row in self.quarantined.iter().take(TOLD) {
            for problem in &row.problems {
                writeln!(f, "  {}行目「{}」{}: {}", row.line, problem.field, problem.value, problem.reason)?;
            }
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Listed {
    layouts: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    key: String,
    version: u32,
    title: String,
    ledger: String,
    last: Option<Run>,
    open: usize,
    next: Option<String>,
    alarms: Vec<String>,
}

impl From<Status> for Line {
    fn from(status: Status) -> Self {
        let raw = &status.layout.layout.raw;
        Self {
            key: raw.key.clone(),
            version: raw.version,
            title: raw.title.ja().to_owned(),
            ledger: raw.ledger.clone(),
            last: status.last,
            open: status.waiting.len(),
            next: status.next.map(|at| at.strftime("%Y-%m-%d %H:%M").to_string()),
            alarms: status.alarms.into_iter().map(|alarm| alarm.message).collect(),
        }
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.layouts.is_empty() {
            return writeln!(f, "連携レイアウトはまだありません。");
        }
        for Line { key, version, title, ledger, last, open, next, alarms } in &self.layouts {
            let last = last.as_ref().map_or("なし", |run| run.state.label());
            let next = next.as_deref().unwrap_or("決めていない");
            writeln!(f, "{key}（{title}、第{version}版、台帳 {ledger}）最後: {last}、次: {next}、承認待ち: {open}件")?;
            for alarm in alarms {
                writeln!(f, "  警報: {alarm}")?;
            }
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Given {
    folder: String,
    #[serde(flatten)]
    run: Run,
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}件を {}/{} に書き出しました（記録 {}）。",
            self.run.rows, self.folder, self.run.file, self.run.id
        )
    }
}

#[derive(Serialize)]
struct Again {
    file: String,
}

impl fmt::Display for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} にもう一度書き出しました。", self.file)
    }
}

#[derive(Serialize)]
struct Published {
    layout: String,
    version: u32,
}

impl fmt::Display for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} の第{}版を公開しました。", self.layout, self.version)
    }
}
