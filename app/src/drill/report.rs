//! What a restore drill found, as it is kept, told and printed.
//!
//! It is kept as one file of JSON for each drill, `drills/YYYYMMDD-HHMMSS.json` in the data folder (with PostgreSQL in `folder`),
//! so that what looks after an installation can tell when the last drill was. The form stands in `docs/operators.md`; fields are
//! added to it and never change their meaning.

use std::fmt;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::Timestamp;
use kawasemi_kernel::context::civil_date_time;
use kawasemi_kernel::era;
use kawasemi_kernel::money::thousands;
use serde::{Deserialize, Serialize};

/// The version of the form.
const FORMAT: u32 = 1;

/// A drill from its beginning to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The version of this form.
    pub format: u32,
    /// The version of the program that did it.
    pub program: String,
    /// When it was begun.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Whether the backup could be restored and nothing was wrong with it.
    pub passed: bool,
    /// The backup; none where it could not even be opened.
    pub backup: Option<BackupFile>,
    /// Where it was restored, in words.
    pub place: String,
    /// What was done, in order, and how long each took.
    pub steps: Vec<Step>,
    /// Seconds until the city could have been served again (復旧時間): the steps that a real restore has as well.
    pub recovery_seconds: f64,
    /// What was found in each city.
    pub cities: Vec<CityReport>,
    /// What was wrong, as sentences. A drill with any of them did not pass.
    pub problems: Vec<String>,
    /// What should be known and is no failure of the backup.
    pub remarks: Vec<String>,
}

/// The archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupFile {
    /// Its path.
    pub file: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// Size of what it holds.
    pub unpacked: u64,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// The hash of the list of its contents.
    pub digest: String,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its key, such as `restore`.
    pub key: String,
    /// What it is called.
    pub label: String,
    /// How long it took.
    pub seconds: f64,
    /// Whether a real restore has it as well, so that it counts towards the time of recovery.
    pub recovery: bool,
    /// Whether it came to its end.
    pub done: bool,
}

/// What was found in a city.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CityReport {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Records in all ledgers.
    pub records: i64,
    /// Entries of the audit trail.
    pub entries: i64,
    /// When the newest entry was written.
    pub newest_entry: Option<Timestamp>,
    /// Seconds from the newest entry to the drill (復旧時点): so much would have had to be done again.
    pub recovery_point_seconds: Option<i64>,
    /// Each ledger.
    pub ledgers: Vec<LedgerCount>,
    /// Steps that brought it to the form of this program.
    pub upgraded: usize,
    /// Entries whose content was erased again, since they were erased after the backup.
    pub erased: u64,
    /// Attached files, and how many of them were read and hashed.
    pub files: u64,
    /// Those that were read.
    pub files_checked: u64,
    /// What the trail's verification found.
    pub broken: u64,
    /// What the living city has, where it could be read and is not one for training.
    pub live: Option<LiveCity>,
}

/// A ledger's records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerCount {
    /// Its key.
    pub key: String,
    /// Its name.
    pub title: String,
    /// What the backup says; none where it says nothing.
    pub said: Option<i64>,
    /// What was restored.
    pub restored: i64,
}

/// The living city beside the restored one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveCity {
    /// Entries of its audit trail.
    pub entries: i64,
    /// Those that the backup lacks: what would be lost.
    pub lost: i64,
}

impl Report {
    /// A drill that begins now.
    pub fn begin(at: Timestamp) -> Self {
        Self {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            began_at: at,
            ended_at: at,
            passed: false,
            backup: None,
            place: String::new(),
            steps: Vec::new(),
            recovery_seconds: 0.0,
            cities: Vec::new(),
            problems: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Closes it.
    pub fn end(&mut self, at: Timestamp) {
        self.ended_at = at;
        self.passed = self.problems.is_empty();
        self.recovery_seconds = self.steps.iter().filter(|step| step.recovery).map(|step| step.seconds).sum();
    }

    /// The name under which it is kept.
    pub fn name(&self) -> String {
        civil_date_time(self.began_at).strftime("%Y%m%d-%H%M%S").to_string()
    }
}

/// The folder of the reports.
pub fn folder(data: &Path) -> PathBuf {
    data.join("drills")
}

/// Keeps a report, and answers its file.
///
/// # Errors
/// When the folder can't be written.
pub fn keep(data: &Path, report: &Report) -> anyhow::Result<PathBuf> {
    let folder = folder(data);
    let failed = || format!("復元訓練の記録を {} に書けません。", folder.display());
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).with_context(failed)?;
    let mut file = tempfile::NamedTempFile::new_in(&folder).with_context(failed)?;
    serde_json::to_writer_pretty(&mut file, report)?;
    file.write_all(b"\n").with_context(failed)?;
    file.as_file().sync_all().with_context(failed)?;
    // Two drills in one second would be one too few.
    for number in 1..100 {
        let ending = if number == 1 { String::new() } else { format!("-{number}") };
        let path = folder.join(format!("{}{ending}.json", report.name()));
        match file.persist_noclobber(&path) {
            Ok(_) => return Ok(path),
            Err(taken) if taken.error.kind() == std::io::ErrorKind::AlreadyExists => file = taken.file,
            Err(error) => return Err(error.error).with_context(failed),
        }
    }
    anyhow::bail!("復元訓練の記録を {} に書けません。同じ名前の記録が多すぎます。", folder.display())
}

/// The reports that are kept, the oldest first. A file that can't be read is passed over with a line in the log.
///
/// # Errors
/// When the folder can't be read.
pub fn all(data: &Path) -> anyhow::Result<Vec<(String, Report)>> {
    let folder = folder(data);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("{} を読めません。", folder.display())),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        match std::fs::read(&path).map(|text| serde_json::from_slice::<Report>(&text)) {
            Ok(Ok(report)) => found.push((name, report)),
            unread => tracing::warn!(path = %path.display(), ?unread, "the report of a drill can't be read"),
        }
    }
    found.sort_by(|(one, first), (other, second)| (first.began_at, one).cmp(&(second.began_at, other)));
    Ok(found)
}

/// An instant as the hall's clock shows it.
pub fn moment(at: Timestamp) -> String {
    let local = civil_date_time(at);
    format!("{} {:02}:{:02}", era::long(local.date()), local.hour(), local.minute())
}

/// A span in words, in the two largest units.
pub fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}秒"),
        (0, 0, _) => format!("{minutes}分{}秒", seconds % 60),
        (0, _, _) => format!("{hours}時間{minutes}分"),
        _ => format!("{days}日{hours}時間"),
    }
}

/// How long a step took: tenths matter only below a minute.
pub fn took(seconds: f64) -> String {
    if seconds < 60.0 { format!("{seconds:.1}秒") } else { span(seconds.round() as i64) }
}

/// A size as people read it.
pub fn size(bytes: u64) -> String {
    let mib = bytes as f64 / (1024.0 * 1024.0);
    if mib < 1024.0 { format!("{mib:.1}MB") } else { format!("{:.1}GB", mib / 1024.0) }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "復元訓練: {}", if self.passed { "合格" } else { "不合格" })?;
        if let Some(backup) = &self.backup {
            writeln!(
                f,
                "控え: {}（{} に取得、{}）",
                backup.file.display(),
                moment(backup.taken_at),
                size(backup.bytes)
            )?;
        }
        if !self.place.is_empty() {
            writeln!(f, "戻した場所: {}", self.place)?;
        }
        for step in &self.steps {
            let mark = if step.done { "○" } else { "×" };
            writeln!(f, "{mark} {}: {}", step.label, took(step.seconds))?;
        }
        writeln!(f, "復旧時間（訓練で戻すのにかかった時間）: {}", took(self.recovery_seconds))?;
        self.cities.iter().try_for_each(|city| write!(f, "{city}"))?;
        self.remarks.iter().try_for_each(|remark| writeln!(f, "△ {remark}"))?;
        self.problems.iter().try_for_each(|problem| writeln!(f, "× {problem}"))
    }
}

impl CityReport {
    /// How old the newest entry was, in words.
    pub fn recovery_point(&self) -> String {
        match (self.newest_entry, self.recovery_point_seconds) {
            (Some(at), Some(seconds)) => format!("{}（{}前）", moment(at), span(seconds)),
            _ => "監査の記録がありません".to_owned(),
        }
    }

    /// What would be lost, in words.
    pub fn loss(&self) -> String {
        match &self.live {
            None => "いまの市とは比べていません".to_owned(),
            Some(LiveCity { lost: 0, .. }) => "なし（いまの市と同じところまであります）".to_owned(),
            Some(LiveCity { lost, .. }) => format!("控えのあとの変更 {} 件", thousands(*lost)),
        }
    }
}

impl fmt::Display for CityReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}（{}）: 台帳 {}、記録 {} 件、監査の記録 {} 個、添付 {} 件（うち {} 件の中身を照合）",
            self.name,
            self.code,
            self.ledgers.len(),
            thousands(self.records),
            thousands(self.entries),
            self.files,
            self.files_checked
        )?;
        writeln!(f, "  復旧時点（控えの最後の変更）: {}", self.recovery_point())?;
        writeln!(f, "  失われるもの: {}", self.loss())?;
        if self.upgraded > 0 {
            writeln!(f, "  この版の形に直したこと: {} 件", self.upgraded)?;
        }
        if self.erased > 0 {
            writeln!(f, "  控えのあとで廃棄したため、消し直したもの: {} 個", self.erased)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_told_in_their_two_largest_units() {
        for (seconds, words) in [
            (-5, "0秒"),
            (59, "59秒"),
            (61, "1分1秒"),
            (3_660, "1時間1分"),
            (90_000, "1日1時間"),
            (172_800, "2日0時間"),
        ] {
            assert_eq!(span(seconds), words);
        }
        assert_eq!((took(0.04), took(59.94), took(61.2)), ("0.0秒".into(), "59.9秒".into(), "1分1秒".into()));
        assert_eq!((size(1_572_864), size(3 << 30)), ("1.5MB".into(), "3.0GB".into()));
    }

    #[test]
    fn reports_are_kept_in_their_order_and_two_of_one_second_are_two() {
        let data = tempfile::tempdir().unwrap();
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        for second in [5, 0, 0] {
            let mut report = Report::begin(at(second));
            report.end(at(second + 1));
            keep(data.path(), &report).unwrap();
        }
        std::fs::write(folder(data.path()).join("broken.json"), "{").unwrap();
        let kept = all(data.path()).unwrap();
        assert_eq!(kept.iter().map(|(_, report)| report.began_at).collect::<Vec<_>>(), [at(0), at(0), at(5)]);
        assert!(kept[1].0.ends_with("-2"), "{}", kept[1].0);
    }

    #[test]
    fn a_drill_with_a_problem_did_not_pass_and_only_real_steps_count_as_recovery() {
        let mut report = Report::begin(Timestamp::UNIX_EPOCH);
        let step = |recovery, seconds| Step { key: "k".into(), label: "l".into(), seconds, recovery, done: true };
        report.steps = vec![step(true, 1.5), step(false, 9.0), step(true, 2.0)];
        report.end(Timestamp::UNIX_EPOCH);
        assert!(report.passed && report.recovery_seconds == 3.5);
        report.problems.push("×".into());
        report.end(Timestamp::UNIX_EPOCH);
        assert!(!report.passed);
    }
}
