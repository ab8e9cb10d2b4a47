//! What the rest of the program calls: files made anew in a child process, or by a city's own product.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

use crate::exec::{run, search_path};
use crate::{Clean, Limits, PdfWay, Refusal, Removed, Result, What, clean, detect};

/// The first word behind the program's name when it is started as a worker; see [`answer_as_worker`].
pub const WORKER_FLAG: &str = "sanitize-worker";

/// The media type of what none of our kinds is.
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// What runs out where a file asks for more memory than it may.
const MEMORY: &str = "無害化に使う記憶";

/// Who makes files anew.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Mode {
    /// This program.
    #[default]
    Builtin,
    /// A city's own product (ファイル無害化製品): a program and its arguments, in which `{in}`, `{out}` and `{name}` stand for
    /// the file that came, the one to write, and the name it was sent under. Exit status 0: written. 1: refused, with the
    /// reason as the first line of standard output. Anything else: it could not be done.
    Command(Vec<String>),
    /// Nobody: files pass as they are, and the report says so.
    Off,
}

/// How a [`Sanitizer`] works.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Who makes files anew.
    pub mode: Mode,
    /// The limits.
    pub limits: Limits,
    /// The program that answers as a worker ([`answer_as_worker`]); none does the work in this process, where a hostile
    /// file that finds a way to use memory or time without end harms more than itself.
    pub worker: Option<PathBuf>,
}

/// Makes files from outside anew. Cheap to clone; every call blocks, for as long as the limits allow.
#[derive(Debug, Clone, Default)]
pub struct Sanitizer {
    settings: Settings,
}

/// A file that was made anew on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleaned {
    /// Its name, whose ending is that of its content.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// What was left out or changed.
    pub removed: Vec<Removed>,
}

/// What a worker says on standard output.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    Clean { name: String, media_type: String, removed: Vec<Removed> },
    Refused { said: String },
    Unable { said: String },
}

impl Sanitizer {
    /// A sanitiser that works as the settings say.
    pub const fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Whether files are made anew at all.
    pub fn is_on(&self) -> bool {
        self.settings.mode != Mode::Off
    }

    /// The programs that the settings ask for and that are not installed. Without them files are refused, so it is for the
    /// operator to know before the first one comes.
    pub fn missing(&self) -> Vec<String> {
        let wanted: Vec<String> = match &self.settings.mode {
            Mode::Builtin if self.settings.limits.pdf == PdfWay::Pictures => vec!["pdftoppm".into(), "pdfinfo".into()],
            Mode::Command(words) => words.iter().take(1).cloned().collect(),
            Mode::Builtin | Mode::Off => Vec::new(),
        };
        let path = search_path();
        let is_there = |program: &String| std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
        wanted.into_iter().filter(|program| !is_there(program)).collect()
    }

    /// Makes the file at `input`, which was sent under a name, anew at `output`. Nothing is written where it is refused.
    ///
    /// # Errors
    /// A [`Refusal`]: a sentence for the sender or, where [`Refusal::is_ours`], for the operator.
    pub fn clean_file(&self, name: &str, input: &Path, output: &Path) -> Result<Cleaned> {
        let size = fs::metadata(input).map_err(unable)?.len();
        let limits = &self.settings.limits;
        if self.is_on() && size > limits.input {
            let limit = format!("{} MiB", limits.input >> 20);
            return Err(Refusal::TooMuch {
                what: "ファイルの大きさ", limit, todo: "分けるか、小さくしてください。"
            });
        }
        let cleaned = match (&self.settings.mode, &self.settings.worker) {
            (Mode::Off, _) => passed(name, input, output)?,
            (Mode::Command(words), _) => by_product(words, name, input, output, limits)?,
            (Mode::Builtin, Some(worker)) => by_worker(worker, name, input, output, limits)?,
            (Mode::Builtin, None) => here(name, input, output, limits)?,
        };
        Ok(Cleaned { size: fs::metadata(output).map_err(unable)?.len(), ..cleaned })
    }
}

/// Passes a file as it is.
fn passed(name: &str, input: &Path, output: &Path) -> Result<Cleaned> {
    fs::copy(input, output).map_err(unable)?;
    Ok(described(name, &fs::read(output).map_err(unable)?, What::Nothing))
}

/// Does the work in this process.
fn here(name: &str, input: &Path, output: &Path, limits: &Limits) -> Result<Cleaned> {
    let Clean { content, name, media_type, removed } = clean(name, &fs::read(input).map_err(unable)?, limits)?;
    fs::write(output, content).map_err(unable)?;
    Ok(Cleaned { name, media_type: media_type.to_owned(), size: 0, removed })
}

/// Has another process of this program do the work.
fn by_worker(worker: &Path, name: &str, input: &Path, output: &Path, limits: &Limits) -> Result<Cleaned> {
    let folder = tempfile::tempdir().map_err(unable)?;
    let input = input.canonicalize().map_err(unable)?;
    let asked = serde_json::to_string(limits).map_err(|error| Refusal::Unable(error.to_string()))?;
    let arguments = [WORKER_FLAG.as_ref(), asked.as_ref(), OsStr::new(name), input.as_os_str(), "made".as_ref()];
    let ran = run(worker.as_os_str(), &arguments, folder.path(), limits)?;
    match serde_json::from_str(&ran.stdout) {
        Ok(Answer::Clean { name, media_type, removed }) if ran.is_fine() => {
            fs::copy(folder.path().join("made"), output).map_err(unable)?;
            Ok(Cleaned { name, media_type, size: 0, removed })
        }
        Ok(Answer::Refused { said }) => Err(Refusal::Told(said)),
        Ok(Answer::Unable { said }) => Err(Refusal::Unable(said)),
        // Out of memory or out of stack: the file asked for more than it may.
        _ => {
            let limit = format!("{} MiB", limits.memory_mib);
            Err(Refusal::TooMuch {
                what: MEMORY, limit, todo: "分けるか、小さくしてから送ってください。"
            })
        }
    }
}

/// Has a city's own product do the work.
fn by_product(words: &[String], name: &str, input: &Path, output: &Path, limits: &Limits) -> Result<Cleaned> {
    let folder = tempfile::tempdir().map_err(unable)?;
    // Products go by the ending; nothing else of the name becomes part of a path.
    let ending: String =
        name.rsplit_once('.').map_or("", |(_, ending)| ending).chars().filter(char::is_ascii_alphanumeric).collect();
    let (from, to) = (folder.path().join(format!("in.{ending}")), folder.path().join(format!("out.{ending}")));
    fs::copy(input, &from).map_err(unable)?;
    let filled = |word: &String| -> OsString {
        match word.as_str() {
            "{in}" => from.clone().into(),
            "{out}" => to.clone().into(),
            "{name}" => name.into(),
            word => word.into(),
        }
    };
    let words: Vec<OsString> = words.iter().map(filled).collect();
    let (program, arguments) =
        words.split_first().ok_or_else(|| Refusal::Unable("sanitize.command が空です".to_owned()))?;
    let arguments: Vec<&OsStr> = arguments.iter().map(OsString::as_os_str).collect();
    // How much memory the product needs is its own affair; it is waited for no longer than for ours.
    let ran = run(program, &arguments, folder.path(), &Limits { memory_mib: 0, ..limits.clone() })?;
    match ran.status {
        Some(0) if to.is_file() => {
            fs::copy(&to, output).map_err(unable)?;
            Ok(described(name, &fs::read(output).map_err(unable)?, What::Product))
        }
        Some(1) => {
            let said: String =
                ran.stdout.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).take(300).collect();
            let said = if said.trim().is_empty() {
                "無害化製品が、このファイルを受け取れないと答えました。".to_owned()
            } else {
                said
            };
            Err(Refusal::Told(said))
        }
        Some(0) => Err(Refusal::Unable("無害化製品が結果を書きませんでした".to_owned())),
        status => Err(Refusal::Unable(format!("無害化製品が失敗しました（終了の値 {status:?}）"))),
    }
}

/// What a file is that another has made, or nobody.
fn described(name: &str, content: &[u8], what: What) -> Cleaned {
    let removed = vec![Removed { what, place: String::new() }];
    let kind = detect(content).ok();
    let media_type = kind.map_or(UNKNOWN_TYPE, crate::Kind::media_type).to_owned();
    let name = match what {
        What::Nothing => name.to_owned(),
        _ => kind.map_or_else(|| name.to_owned(), |kind| kind.name_for(name)),
    };
    Cleaned { name, media_type, size: 0, removed }
}

/// Does the work of a worker where the program was started as one: `PROGRAM sanitize-worker LIMITS NAME IN OUT`. To be called
/// before anything else in `main`, as it needs neither configuration nor runtime; none where this is no worker.
pub fn answer_as_worker(words: &[OsString]) -> Option<ExitCode> {
    let [_, flag, limits, name, input, output] = words else { return None };
    if flag != WORKER_FLAG {
        return None;
    }
    let limits = serde_json::from_str::<Limits>(&limits.to_string_lossy()).unwrap_or_default();
    let answer = match here(&name.to_string_lossy(), Path::new(input), Path::new(output), &limits) {
        Ok(Cleaned { name, media_type, removed, .. }) => Answer::Clean { name, media_type, removed },
        Err(Refusal::Unable(said)) => Answer::Unable { said },
        Err(refusal) => Answer::Refused { said: refusal.to_string() },
    };
    match serde_json::to_writer(io::stdout().lock(), &answer) {
        Ok(()) => Some(ExitCode::SUCCESS),
        Err(_) => Some(ExitCode::FAILURE),
    }
}

/// A file that can't be read or written; where there was no memory for it, the file asked for too much.
fn unable(error: io::Error) -> Refusal {
    if error.kind() == io::ErrorKind::OutOfMemory {
        let limit = "設定した大きさ".to_owned();
        return Refusal::TooMuch {
            what: MEMORY, limit, todo: "分けるか、小さくしてから送ってください。"
        };
    }
    Refusal::Unable(format!("一時ファイルを扱えません: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_product_is_named() {
        let with = |mode: Mode| Sanitizer::new(Settings { mode, ..Settings::default() }).missing();
        assert_eq!(with(Mode::Command(vec!["no-such-product".into(), "{in}".into()])), ["no-such-product"]);
        assert!(with(Mode::Command(vec!["/bin/sh".into()])).is_empty() && with(Mode::Off).is_empty());
    }
}
