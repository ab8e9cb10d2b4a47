//! Other programs, within limits of memory, time and size, and without our environment.
//!
//! Limits are set by the shell's `ulimit` and by `timeout` of coreutils, which ends the whole group of processes: both are on
//! every system that this program is installed on, and neither needs unsafe code.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Limits, Refusal, Result};

/// How much of what a program says is read.
const SAID: u64 = 1 << 20;

/// The status with which `timeout` reports that it killed, beside being killed itself.
const KILLED: [i32; 2] = [124, 137];

/// Sets the limits, then becomes the program: memory in KiB, seconds of processor, the size of a file in blocks of 512 bytes.
const LIMITED: &str =
    r#"ulimit -c 0 && ulimit -v "$1" && ulimit -t "$2" && ulimit -f "$3" || exit 125; shift 3; exec "$@""#;

/// The status of [`LIMITED`] where a limit can't be set.
const UNLIMITED: i32 = 125;

/// What a program did.
pub(crate) struct Ran {
    /// Its exit status; none where a signal ended it.
    pub status: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Ran {
    /// Whether it said that all went well.
    pub fn is_fine(&self) -> bool {
        self.status == Some(0)
    }
}

/// Runs a program in a folder that is its own.
///
/// # Errors
/// [`Refusal::TooMuch`] where it needs more time than is allowed; [`Refusal::Unable`] where it can't be started.
pub(crate) fn run(program: &OsStr, arguments: &[&OsStr], folder: &Path, limits: &Limits) -> Result<Ran> {
    let name = program.to_string_lossy();
    let unable = |error: std::io::Error| Refusal::Unable(format!("{name} を動かせません: {error}"));
    let (out, err) = (folder.join(".stdout"), folder.join(".stderr"));
    // 0 is as much as there is.
    let memory = if limits.memory_mib == 0 { "unlimited".to_owned() } else { (limits.memory_mib << 10).to_string() };
    let status = Command::new("timeout")
        .arg("--signal=KILL")
        .arg(format!("{}s", limits.seconds))
        .args(["sh", "-c", LIMITED, "sh"])
        .arg(memory)
        .arg(limits.seconds.to_string())
        .arg((limits.unfolded >> 9).max(1).to_string())
        .arg(program)
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", search_path())
        .env("LC_ALL", "C.UTF-8")
        .env("HOME", folder)
        .env("TMPDIR", folder)
        .stdin(Stdio::null())
        .stdout(File::create(&out).map_err(unable)?)
        .stderr(File::create(&err).map_err(unable)?)
        .status()
        .map_err(unable)?;
    // SIGKILL comes from `timeout`, SIGXCPU from the limit of processor time.
    let out_of_time =
        status.signal() == Some(9) || status.code().is_some_and(|code| KILLED.contains(&code) || code == 152);
    if out_of_time {
        let limit = format!("{} 秒", limits.seconds);
        return Err(Refusal::TooMuch {
            what: "無害化の時間", limit, todo: "分けるか、小さくしてから送ってください。"
        });
    }
    match status.code() {
        Some(126 | 127) => return Err(Refusal::Unable(format!("プログラム {name} が見つかりません"))),
        Some(UNLIMITED) => return Err(Refusal::Unable("資源の上限を設定できません".to_owned())),
        _ => {}
    }
    Ok(Ran { status: status.code(), stdout: said(&out).map_err(unable)?, stderr: said(&err).map_err(unable)? })
}

/// Where programs are looked for: as this process was told, or where every system has them.
pub(crate) fn search_path() -> OsString {
    std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into())
}

fn said(file: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    File::open(file)?.take(SAID).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limits: &Limits) -> Result<Ran> {
        let folder = tempfile::tempdir().expect("a folder");
        run(OsStr::new("sh"), &[OsStr::new("-c"), OsStr::new(script)], folder.path(), limits)
    }

    #[test]
    fn limits_hold() {
        let limits = Limits { seconds: 1, ..Limits::default() };
        assert!(matches!(shell("sleep 60", &limits), Err(Refusal::TooMuch { .. })));
        let limits = Limits { unfolded: 1 << 20, ..Limits::default() };
        let ran = shell("head -c 5000000 /dev/zero > big", &limits).expect("runs");
        assert!(!ran.is_fine());
        let ran = shell("env; echo said >&2", &Limits::default()).expect("runs");
        assert!(!ran.stdout.contains("CARGO") && ran.stderr == "said\n", "{}", ran.stdout);
    }

    #[test]
    fn a_missing_program_is_the_operators_to_mend() {
        let folder = tempfile::tempdir().expect("a folder");
        let ran = run(OsStr::new("no-such-program"), &[], folder.path(), &Limits::default());
        assert!(ran.err().is_some_and(|refusal| refusal.is_ours()));
    }
}
