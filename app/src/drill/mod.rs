//! The restore drill (復元訓練): a backup is restored in a place of its own, brought to the form of this program, verified and
//! used, and what came out is told with its times.
//!
//! It takes the way of a real restore (the store's own `restore`, the same upgrades, the same repeated erasures) with a shell whose
//! place, folder, files and keys are those of the trial, and which sends nothing anywhere. The living city is only read, and gets
//! one line in its audit trail at the end: that a drill was held, and how it ended.

mod look;
mod paper;
pub mod report;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use kawasemi_store::audit::{self, Trail, checkpoint, id_of_name};
use kawasemi_store::backup::trial::{self, Trial, Wanted};
use kawasemi_store::backup::{self, Beside, Holdings, Inspected, Restored};
use kawasemi_store::schema::Allow;
use kawasemi_store::{Access, City, Location, Store, StoreError, Unit};

pub use self::paper::print;
use self::report::{BackupFile, CityReport, LedgerCount, LiveCity, Report, Step};
use crate::config::{Config, Place};
use crate::output::UsageError;
use crate::progress::Progress;
use crate::shell::Shell;
use crate::verbs::backup::set_checkpoints_back;
use crate::verbs::keys;

/// The name of a drill in the audit trail of a city.
const SUBJECT: &str = "restore-drill";
/// What a compressed archive begins with.
const ZSTD: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];
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

/// The address of the database, on PostgreSQL.
fn url(shell: &Shell) -> Option<&str> {
    match &shell.config.place {
        Place::Folder(_) => None,
        Place::Database(url) => Some(url),
    }
}

/// Where the operator wants it, if anywhere; refused where it is the living installation or of the wrong kind.
fn destination(shell: &Shell, into: Option<&str>) -> anyhow::Result<Option<String>> {
    let Some(into) = into else { return Ok(None) };
    let is_address = into.contains("://") || into.contains("dbname=");
    match &shell.config.place {
        Place::Database(_) if !is_address => {
            bail!(UsageError(
                "PostgreSQL の訓練の --into には、空のデータベースのアドレス（postgres://…）を指定してください。"
                    .to_owned()
            ));
        }
        Place::Database(live) if live == into => bail!(live_place()),
        Place::Folder(_) if is_address => {
            bail!(UsageError("--into には、空のフォルダーか、まだないフォルダーを指定してください。".to_owned()));
        }
        Place::Folder(live) => {
            let there = std::path::absolute(into)?;
            let resolve = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
            if resolve(&there) == resolve(&std::path::absolute(live)?) {
                bail!(live_place());
            }
        }
        Place::Database(_) => {}
    }
    Ok(Some(into.to_owned()))
}

fn live_place() -> UsageError {
    UsageError(
        "--into が、いまの市の場所です。訓練には別の場所を指定するか、--into を省いてください（自分で作って消します）。".to_owned(),
    )
}

/// The backup that is meant: the file, or the newest archive of the folder.
fn newest(from: &Path) -> anyhow::Result<PathBuf> {
    if !from.is_dir() {
        anyhow::ensure!(from.is_file(), "控えのファイル {} がありません。", from.display());
        return Ok(from.to_owned());
    }
    let entries = std::fs::read_dir(from).with_context(|| format!("{} を読めません。", from.display()))?;
    let mut newest: Option<(std::time::SystemTime, PathBuf)> = None;
    for entry in entries {
        let entry = entry?;
        let Ok(modified) = entry.metadata().and_then(|found| found.modified()) else { continue };
        let path = entry.path();
        // What is still being written has no name of its own yet.
        if path.extension().is_some_and(|ending| ending == "part") || !is_archive(&path) {
            continue;
        }
        newest = newest.max(Some((modified, path)));
    }
    newest.map(|(_, path)| path).with_context(|| {
        format!("フォルダー {} に控えがありません。kawasemi backup で取ってください。", from.display())
    })
}

fn is_archive(path: &Path) -> bool {
    let mut head = [0; ZSTD.len()];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    path.is_file() && read.is_ok() && head == ZSTD
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
            let folder = trial.leave();
            self.report.remarks.push(format!(
                "戻したものを {} に残しました。個人情報が入っているので、見終わったら消してください。",
                folder.display()
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
        let needed = inspected.unpacked + inspected.unpacked / 10 + SPARE;
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
        self.right_cities(inspected, &live);
        let counting = self.begin("count", "台帳ごとの件数を数え、控えの記載と比べる", false);
        let counted = self.count(&there, &restored).await;
        let counted = self.finish(counting, counted)?;
        let upgrading = self.begin("upgrade", "この版の形にする", true);
        let upgraded = self.upgrade(&there, &restored).await;
        let store = self.finish(upgrading, upgraded)?;
        for info in &inspected.cities {
            let city = store.open_city(&info.code).await?;
            self.check(order, &there, &city).await?;
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

    /// Says which cities the backup should hold and does not, and the other way round.
    fn right_cities(&mut self, inspected: &Inspected, live: &BTreeMap<String, LiveFound>) {
        if live.is_empty() {
            return;
        }
        for info in &inspected.cities {
            if !live.contains_key(&info.code) {
                self.report.problems.push(format!(
                    "控えにある {}（{}）は、ここにない市です。別の市の控えではないか、確かめてください。",
                    info.name, info.code
                ));
            }
        }
        for (code, found) in live {
            if inspected.cities.iter().all(|info| info.code != *code) {
                self.report.problems.push(format!("{}（{code}）が、この控えに入っていません。", found.name));
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

    /// Verifies a city and uses it.
    async fn check(&mut self, order: &Order, there: &Shell, city: &City) -> anyhow::Result<()> {
        let code = city.code().to_owned();
        let open = there.engines(city.clone())?;
        let verifying = self.begin("verify", "監査の記録を確かめる（audit verify）", false);
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
        let reading = self.begin("files", "添付ファイルを開いて中身を照合する", false);
        let files = look::files(&there.files(&code)?, city, order.files, there.new_key()).await;
        let files = self.finish(reading, files)?;
        self.report.problems.extend(files.problems.into_iter().map(|problem| format!("{code}: {problem}")));
        if let Some(said) = self.city(&code) {
            (said.files, said.files_checked) = (files.found, files.checked);
            said.broken = trail.broken + logs.broken;
        }
        let looking = self.begin("read", "台帳を開き、検索し、1 件を印刷する", false);
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

/// Lets the trial look at the keys that seal secrets: a backup has none, and whether they open it is a part of the drill. They
/// stay in their one place.
fn lend_key(from: &Shell, there: &Shell, code: &str) -> anyhow::Result<()> {
    let (key, wanted) = (from.sealer_as_it_is(code), there.sealer_as_it_is(code));
    if key.path() == wanted.path() || !key.path().is_file() {
        return Ok(());
    }
    if let Some(folder) = wanted.path().parent() {
        std::fs::create_dir_all(folder)?;
    }
    Ok(std::os::unix::fs::symlink(std::path::absolute(key.path())?, wanted.path())?)
}

/// How many bytes may still be written in a folder; none where the system does not say.
fn room(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

fn city_report(city: &City, found: &Holdings, said: Option<&Holdings>, now: Timestamp) -> CityReport {
    let catalogue = city.catalogue();
    let title =
        |key: &str| catalogue.get(key).map_or_else(|| key.to_owned(), |ledger| ledger.def.title.ja().to_owned());
    let newest = found.trail.newest.and_then(|at| Timestamp::from_microsecond(at).ok());
    let ledgers = found.ledgers.iter().map(|(key, held)| LedgerCount {
        key: key.clone(),
        title: title(key),
        said: said.and_then(|said| said.ledgers.get(key)).map(|said| said.records),
        restored: held.records,
    });
    CityReport {
        code: city.code().to_owned(),
        name: city.info().name.clone(),
        records: found.ledgers.values().map(|held| held.records).sum(),
        entries: found.trail.entries,
        newest_entry: newest,
        recovery_point_seconds: newest.map(|newest| now.duration_since(newest).as_secs().max(0)),
        ledgers: ledgers.collect(),
        upgraded: 0,
        erased: 0,
        files: 0,
        files_checked: 0,
        broken: 0,
        live: None,
    }
}

/// In what two counts of one city differ, as sentences.
fn differences(code: &str, said: &Holdings, found: &Holdings) -> Vec<String> {
    let mut problems = Vec::new();
    let keys: std::collections::BTreeSet<&String> = said.ledgers.keys().chain(found.ledgers.keys()).collect();
    for key in keys {
        let (said, found) = (said.ledgers.get(key), found.ledgers.get(key));
        if said != found {
            let count =
                |held: Option<&backup::Held>| held.map_or("なし".to_owned(), |held| format!("{} 件", held.records));
            problems.push(format!(
                "{code}: 台帳 {key} の件数が合いません（控えの記載 {}、戻したもの {}）。",
                count(said),
                count(found)
            ));
        }
    }
    if said.trail != found.trail {
        problems.push(format!(
            "{code}: 監査の記録の数が合いません（控えの記載 {} 個、戻したもの {} 個）。",
            said.trail.entries, found.trail.entries
        ));
    }
    problems
}

/// What was read of a living city.
struct LiveFound {
    name: String,
    holdings: Holdings,
    checkpoints: BTreeMap<i64, [u8; 32]>,
    code: String,
}

impl LiveFound {
    async fn of(city: &City) -> Result<Self, StoreError> {
        let (name, code) = (city.info().name.clone(), city.code().to_owned());
        let mut found = Self { name, holdings: Holdings::of(city).await?, checkpoints: BTreeMap::new(), code };
        loop {
            let number = found.checkpoints.last_key_value().map_or(0, |(number, _)| *number);
            let page = checkpoint::after(city, number, 1_000).await?;
            if page.is_empty() {
                return Ok(found);
            }
            found.checkpoints.extend(page.iter().map(|made| (made.number, made.hash(&found.code))));
        }
    }

    /// Whether a checkpoint of the backup is one of the living city's. A backup without any proves nothing against it.
    fn knows(&self, last: Option<&audit::Checkpoint>) -> bool {
        last.is_none_or(|last| self.checkpoints.get(&last.number) == Some(&last.hash(&self.code)))
    }
}

/// The living cities, as far as they can be read. A drill on a machine without them is a drill as well.
async fn live_cities(shell: &Shell, report: &mut Report) -> BTreeMap<String, LiveFound> {
    let mut found = BTreeMap::new();
    let read = async {
        let store = shell.store(Access::Read).await?;
        for info in store.cities().await? {
            match store.open_city(&info.code).await {
                Ok(city) => drop(found.insert(info.code.clone(), LiveFound::of(&city).await?)),
                Err(error) => {
                    report.remarks.push(format!("いまの {}（{}）を読めません: {error}", info.name, info.code))
                }
            }
        }
        store.close().await;
        anyhow::Ok(())
    };
    if let Err(error) = read.await {
        report.remarks.push(format!("いまの市を読めないので、失われる変更の数は比べていません（{error}）。"));
    }
    found
}

/// Writes into the audit trail of each living city of the backup that a drill was held.
async fn note(shell: &Shell, report: &Report) -> anyhow::Result<()> {
    if let Place::Folder(folder) = &shell.config.place
        && !folder.join("installation.json").is_file()
    {
        return Ok(());
    }
    let store = shell.store(Access::Command).await?;
    let known = store.cities().await?;
    for said in report.cities.iter().filter(|said| known.iter().any(|info| info.code == said.code)) {
        // To open it for writing would bring it to this program's form, which is nothing that a drill should do.
        if !store.pending(&said.code).await?.is_empty() {
            bail!("いまの市は前の版の形です");
        }
        let city = store.open_city(&said.code).await?;
        let trail = Trail::of(&city, SUBJECT, id_of_name(SUBJECT, city.code())).await?;
        let payload = serde_json::json!({
            "report": report.name(),
            "passed": report.passed,
            "backup": report.backup.as_ref().map(|backup| &backup.digest),
            "taken_at": report.backup.as_ref().map(|backup| backup.taken_at),
            "recovery_seconds": report.recovery_seconds,
            "problems": report.problems.len(),
        });
        let act = shell.context("復元訓練").act;
        let kind = if report.passed { "passed" } else { "failed" };
        city.write(Unit::of(trail.statements(kind, &act, &*shell.ids, &payload.to_string()))).await?;
    }
    store.close().await;
    Ok(())
}

impl Shell {
    /// The same shell in the place of a trial: its data, files and keys lie there, and it knows no way out.
    fn at(&self, location: &Location, folder: PathBuf) -> anyhow::Result<Self> {
        let config = Config {
            folder,
            place: match location {
                Location::Directory(root) => Place::Folder(root.clone()),
                Location::Postgres(url) => Place::Database(url.clone()),
            },
            bucket: None,
            exchange_folder: None,
            webhook_allow: Vec::new(),
            siem: Vec::new(),
            portal: None,
            directories: BTreeMap::new(),
            providers: BTreeMap::new(),
            ..self.config.clone()
        };
        Self::new(config, self.output)
    }
}
