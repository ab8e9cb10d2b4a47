//! The restore drill (復元訓練): a backup is restored in a place of its own, brought to the form of this program, verified and
//! used, and what came out is told with its times.
//!
//! It takes the way of a real restore (the store's own `restore`, the same upgrades, the same repeated erasures) with a shell whose
//! place, folder, files and keys are those of the trial, and which sends nothing anywhere. The living city is only read, and gets
//! one line in its audit trail at the end: that a drill was held, and how it ended.

mod counts;
mod live;
mod look;
mod paper;
mod place;
pub mod report;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use kawasemi_store::audit::{self, checkpoint};
use kawasemi_store::backup::trial::{self, Trial, Wanted};
use kawasemi_store::backup::{self, Beside, Holdings, Inspected, Restored};
use kawasemi_store::schema::Allow;
use kawasemi_store::{Access, City, Store, StoreError};

use self::counts::{city_report, differences};
use self::live::{LiveFound, live_cities, note};
pub use self::paper::print;
use self::place::{destination, lend_key, newest, room, url};
use self::report::{BackupFile, CityReport, LiveCity, Report, Step};
use crate::progress::Progress;
use crate::shell::Shell;
use crate::verbs::backup::set_checkpoints_back;
use crate::verbs::keys;

/// Room beside what the archive holds: indexes that an upgrade makes, the log of the database.
const SPARE: u64 = 64 * 1024 * 1024;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Order {
    /// The backup, or a folder of which the newest is meant.
    pub from: PathBuf,
    /// A folder, or the address of a database; none for a place that is made and removed.
    pub into: Option<String>,
    /// How many attached files are read and hashed.
    pub files: usize,
    /// Leave what was restored where it is.
    pub keep: bool,
}

/// A drill that goes on.
struct Drill<'a> {
    shell: &'a Shell,
    report: Report,
}

/// Holds a drill. What went wrong stands in the report; an error is only what keeps a drill from being one at all.
///
/// # Errors
/// When the order can't be understood, or the report can't be kept.
pub async fn hold(shell: &Shell, order: &Order) -> anyhow::Result<(Report, PathBuf)> {
    let into = destination(shell, order.into.as_deref())?;
    let swept = trial::sweep(&report::folder(&shell.config.folder), url(shell)).await?;
    if swept > 0 {
        shell.output.remark(format!("前に中断した復元訓練の残り {swept} 件を片付けました。"));
    }
    let mut drill = Drill { shell, report: Report::begin(shell.clock.now()) };
    if let Err(error) = drill.hold(order, into.as_deref()).await {
        drill.report.problems.push(said(&error));
    }
    let mut report = drill.report;
    report.end(shell.clock.now());
    let file = report::keep(&shell.config.folder, &report)?;
    if let Err(error) = note(shell, &report).await {
        tracing::warn!(error = %format!("{error:#}"), "the drill was not noted in the city's audit trail");
        shell.output.remark(format!("市の監査の記録には書けませんでした（{error}）。記録のファイルには残っています。"));
    }
    Ok((report, file))
}

/// An error as one line: what it says, and the cause where that says more.
fn said(error: &anyhow::Error) -> String {
    let mut parts: Vec<String> = error.chain().map(ToString::to_string).collect();
    let detail = error.chain().find_map(|cause| cause.downcast_ref::<StoreError>()).and_then(StoreError::detail);
    parts.extend(detail.map(str::to_owned));
    parts.dedup();
    parts.truncate(3);
    parts.join(" ")
}

impl Drill<'_> {
    async fn hold(&mut self, order: &Order, into: Option<&str>) -> anyhow::Result<()> {
        let shell = self.shell;
        let file = newest(&order.from)?;
        let bytes = file.metadata()?.len();
        let inspecting = self.begin("inspect", "控えを最後まで読んで確かめる", false);
        let bar = Progress::of_bytes("控えを確かめる", shell.output.shows_progress());
        let inspected = backup::inspect(&file, &|_: &str, done: u64| bar.reach(done, None)).await;
        drop(bar);
        let inspected = self.finish(inspecting, inspected)?;
        let taken_at = Timestamp::from_microsecond(inspected.taken_at).unwrap_or_default();
        let (unpacked, digest) = (inspected.unpacked, inspected.digest.clone());
        self.report.backup = Some(BackupFile { file: file.clone(), bytes, unpacked, taken_at, digest });
        self.right_store(&inspected)?;
        let trial = self.place(into, &inspected).await?;
        let outcome = self.in_place(order, &trial, &file, &inspected).await;
        if order.keep && outcome.is_ok() {
            let left = trial.leave().await?;
            let database = left.database.map_or_else(String::new, |name| format!("とデータベース {name} "));
            self.report.remarks.push(format!(
                "戻したものを {} {database}に残しました。個人情報が入っているので、見終わったら消してください。",
                left.folder.display()
            ));
            return outcome;
        }
        let removed = trial.remove().await;
        if let Err(error) = &removed {
            let detail = error.detail().unwrap_or_default();
            self.report
                .remarks
                .push(format!("訓練の場所を片付けられませんでした（{error}{detail}）。次の訓練がもう一度片付けます。"));
        }
        outcome
    }

    /// A backup of another kind of store is told apart before anything is made for it.
    fn right_store(&self, inspected: &Inspected) -> anyhow::Result<()> {
        let wanted = if url(self.shell).is_some() { "postgres" } else { "sqlite" };
        anyhow::ensure!(
            inspected.store == wanted,
            "この控えは {} のものです。同じ種類の保存先（--data または --database-url）を指定して訓練してください。",
            inspected.store
        );
        Ok(())
    }

    /// Takes a place with enough room.
    async fn place(&mut self, into: Option<&str>, inspected: &Inspected) -> anyhow::Result<Trial> {
        let work = report::folder(&self.shell.config.folder);
        let stamp = self.report.name();
        let (wanted, words) = match (url(self.shell), into) {
            (None, None) => (Wanted::Below(&work), "訓練のためのフォルダー（終われば消す）".to_owned()),
            (None, Some(folder)) => (Wanted::Folder(Path::new(folder)), folder.to_owned()),
            (Some(live), None) => {
                (Wanted::OwnDatabase(live, &work), "訓練のためのデータベース（終われば消す）".to_owned())
            }
            // The address may hold a password.
            (Some(_), Some(address)) => {
                (Wanted::Database(address, &work), "指定された空のデータベース（終われば空にする）".to_owned())
            }
        };
        self.report.place = words;
        let trial = Trial::take(wanted, &stamp).await?;
        // The dump of a database is laid out once more as a script.
        let spread = if url(self.shell).is_some() { inspected.unpacked } else { inspected.unpacked / 10 };
        let needed = inspected.unpacked + spread + SPARE;
        match room(trial.folder()) {
            Some(free) if free < needed => {
                let error = anyhow::anyhow!(
                    "空きが足りません（あと {}。要るのは約 {}）。--into で、空きのあるディスクのフォルダーを指定してください。何も戻していません。",
                    report::size(free),
                    report::size(needed)
                );
                trial.remove().await?;
                Err(error)
            }
            _ => Ok(trial),
        }
    }

    /// Restores and looks at everything.
    async fn in_place(
        &mut self,
        order: &Order,
        trial: &Trial,
        file: &Path,
        inspected: &Inspected,
    ) -> anyhow::Result<()> {
        let restored = self.restore(trial, file).await?;
        let there = self.shell.at(trial.location(), trial.data())?;
        let live = live_cities(self.shell, &mut self.report).await;
        self.right_cities(inspected, &restored.held, &live);
        let counting = self.begin("count", "台帳ごとの件数を数え、控えの記載と比べる", false);
        let counted = self.count(&there, &restored).await;
        let counted = self.finish(counting, counted)?;
        let upgrading = self.begin("upgrade", "この版の形にする", true);
        let upgraded = self.upgrade(&there, &restored).await;
        let store = self.finish(upgrading, upgraded)?;
        for info in &inspected.cities {
            let city = store.open_city(&info.code).await?;
            let of = if inspected.cities.len() > 1 { format!("{}: ", info.name) } else { String::new() };
            self.check(order, &there, &city, &of).await?;
            let before = counted.get(&info.code);
            self.compare(live.get(&info.code), before, &city).await?;
        }
        store.close().await;
        Ok(())
    }

    async fn restore(&mut self, trial: &Trial, file: &Path) -> anyhow::Result<Restored> {
        let shell = self.shell;
        let restoring = self.begin("restore", "控えから戻す", true);
        let there = shell.at(trial.location(), trial.data())?;
        let bar = Progress::of_bytes("復元", shell.output.shows_progress());
        let progress = |_: &str, done: u64| bar.reach(done, None);
        let (files, keeper) = (|code: &str| there.files(code), |code: &str| there.keeper_as_it_is(code));
        let beside =
            Beside { files: &files, apart: false, keeper: &keeper, staging: Some(trial.folder()), across: false };
        let (location, engines) = (trial.location(), there.engines_of_store());
        let restored = backup::restore(location, &engines, beside, file, shell.clock.now(), &progress).await;
        drop(bar);
        let restored = self.finish(restoring, restored)?;
        set_checkpoints_back(&there, &restored).await?;
        restored.cities.iter().try_for_each(|code| lend_key(shell, &there, code))?;
        Ok(restored)
    }

    /// Says which cities the backup should hold and does not, and the other way round. Cities for training come and go.
    fn right_cities(
        &mut self,
        inspected: &Inspected,
        held: &BTreeMap<String, Holdings>,
        live: &BTreeMap<String, LiveFound>,
    ) {
        if live.is_empty() {
            return;
        }
        let report = &mut self.report;
        for info in inspected.cities.iter().filter(|info| !live.contains_key(&info.code)) {
            let is_training = held.get(&info.code).is_some_and(|held| held.training);
            let list = if is_training { &mut report.remarks } else { &mut report.problems };
            list.push(format!(
                "控えにある {}（{}）は、ここにない市です。別の市の控えではないか、確かめてください。",
                info.name, info.code
            ));
        }
        for (code, found) in live {
            if inspected.cities.iter().all(|info| info.code != *code) {
                let list = if found.holdings.training { &mut report.remarks } else { &mut report.problems };
                list.push(format!("{}（{code}）が、この控えに入っていません。", found.name));
            }
        }
    }

    /// Counts what was restored, as it was restored, and holds it against what the backup says.
    async fn count(&mut self, there: &Shell, restored: &Restored) -> anyhow::Result<BTreeMap<String, Holdings>> {
        let store = there.make_store(Access::Read).await?;
        let mut counted = BTreeMap::new();
        for code in &restored.cities {
            let city = store.open_city(code).await?;
            let found = Holdings::of(&city).await?;
            self.report.cities.push(city_report(&city, &found, restored.held.get(code), self.report.began_at));
            match restored.held.get(code) {
                None => self.report.remarks.push(format!(
                    "{code}: この控えには件数の記載がないので、比べていません（前の版の kawasemi の控え）。"
                )),
                Some(said) => self.report.problems.extend(differences(code, said, &found)),
            }
            counted.insert(code.clone(), found);
        }
        store.close().await;
        Ok(counted)
    }

    /// Opens what was restored as a server of this program would: brought to its form, with what was erased since erased again.
    async fn upgrade(&mut self, there: &Shell, restored: &Restored) -> anyhow::Result<Store> {
        let reader = there.make_store(Access::Read).await?;
        let mut steps = BTreeMap::new();
        for code in &restored.cities {
            steps.insert(code.clone(), reader.pending(code).await?.steps.len());
        }
        reader.close().await;
        let store = there.store_allowing(Access::Serve, Allow::Changes).await?;
        for code in &restored.cities {
            let city = store.open_city(code).await?;
            let outlook = there.plan(&city, Vec::new()).await?;
            for held in &outlook.held {
                self.report.remarks.push(format!("{code}: {}", held.message));
            }
            let published = outlook.plan.steps.len();
            there.publish(&city, Vec::new(), Allow::Changes).await?;
            there.keeper_as_it_is(code).learn_from(&self.shell.keeper_as_it_is(code))?;
            let erased = there.engines(city)?.oversight.repeat_erasures().await?;
            if let Some(said) = self.city(code) {
                said.upgraded = steps.get(code).copied().unwrap_or_default() + published;
                said.erased = erased;
            }
        }
        Ok(store)
    }

    /// Verifies a city and uses it. `of` says which of several it is, before what is done.
    async fn check(&mut self, order: &Order, there: &Shell, city: &City, of: &str) -> anyhow::Result<()> {
        let code = city.code().to_owned();
        let open = there.engines(city.clone())?;
        let verifying = self.begin("verify", &format!("{of}監査の記録を確かめる（audit verify）"), false);
        let bar = Progress::begin("監査の確認", self.shell.output.shows_progress());
        let keeper = there.keeper_as_it_is(&code);
        let trail = audit::verify_with(city, &keeper, None, &|done, total| bar.reach(done, Some(total))).await;
        drop(bar);
        let logs = open.oversight.verify_logs().await;
        let trail = self.finish(verifying, trail)?;
        let logs = logs?;
        let found = trail.findings.iter().map(ToString::to_string).chain(logs.findings);
        self.report.problems.extend(found.map(|finding| format!("{code}: 監査の記録の食い違い: {finding}")));
        let seals = keys::State::of(there, &open).await?;
        self.report.remarks.extend(seals.problem.map(|problem| format!("{code}: {problem}")));
        let reading = self.begin("files", &format!("{of}添付ファイルを開いて中身を照合する"), false);
        let files = look::files(&there.files(&code)?, city, order.files, there.new_key()).await;
        let files = self.finish(reading, files)?;
        self.report.problems.extend(files.problems.into_iter().map(|problem| format!("{code}: {problem}")));
        if let Some(said) = self.city(&code) {
            (said.files, said.files_checked) = (files.found, files.checked);
            said.broken = trail.broken + logs.broken;
        }
        let looking = self.begin("read", &format!("{of}台帳を開き、検索し、1 件を印刷する"), false);
        let looked = look::read(there, &open).await;
        let looked = self.finish(looking, looked)?;
        self.report.problems.extend(looked.problems.into_iter().map(|problem| format!("{code}: {problem}")));
        self.report.remarks.extend(looked.remarks.into_iter().map(|remark| format!("{code}: {remark}")));
        Ok(())
    }

    /// Holds the restored city against the living one.
    async fn compare(
        &mut self,
        live: Option<&LiveFound>,
        counted: Option<&Holdings>,
        restored: &City,
    ) -> anyhow::Result<()> {
        let (Some(live), Some(counted)) = (live, counted) else { return Ok(()) };
        let code = restored.code();
        if restored.is_training() {
            // A reset has taken its trail back to what it was, so that the two have nothing to be compared by.
            self.report.remarks.push(format!("{code}: 教育用の市なので、いまの市とは比べていません。"));
            return Ok(());
        }
        if !live.knows(checkpoint::last(restored).await?.as_ref()) {
            self.report.problems.push(format!(
                "{code}: この控えの検印は、いまの市のものではありません。同じ団体コードの別の市の控えか、控えのあとで古い控えから戻した市です。"
            ));
            return Ok(());
        }
        let entries = live.holdings.trail.entries;
        let lost = (entries - counted.trail.entries).max(0);
        if let Some(said) = self.city(code) {
            said.live = Some(LiveCity { entries, lost });
        }
        Ok(())
    }

    fn city(&mut self, code: &str) -> Option<&mut CityReport> {
        self.report.cities.iter_mut().find(|city| city.code == code)
    }

    /// Begins to measure a step.
    fn begin(&mut self, key: &str, label: &str, recovery: bool) -> (usize, Instant) {
        let (key, label) = (key.to_owned(), label.to_owned());
        self.report.steps.push(Step { key, label, seconds: 0.0, recovery, done: false });
        (self.report.steps.len() - 1, Instant::now())
    }

    /// Ends a step with what came of it.
    fn finish<T, E: Into<anyhow::Error>>(
        &mut self,
        (index, began): (usize, Instant),
        outcome: Result<T, E>,
    ) -> anyhow::Result<T> {
        let seconds = Duration::as_secs_f64(&began.elapsed());
        if let Some(step) = self.report.steps.get_mut(index) {
            step.seconds = (seconds * 1000.0).round() / 1000.0;
            step.done = outcome.is_ok();
        }
        outcome.map_err(Into::into)
    }
}
