//! Access databases (`.mdb`, `.accdb`), read by the programs of `mdbtools` where they are installed.
//!
//! They run as processes of their own with bounds on memory, time and output, since the format is old, undocumented and may
//! come from anywhere. A table comes out as CSV in UTF-8.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::NamedTempFile;

use crate::error::{Result, SheetError};

/// Longest run of a program, in steps of [`STEP`].
const STEPS: u32 = 30_000;
/// How often a program is looked after.
const STEP: Duration = Duration::from_millis(20);
/// Most memory of a program, in KiB.
const MEMORY: u64 = 2 * 1024 * 1024;
/// Largest output, in blocks of 512 bytes.
const OUTPUT: u64 = 2 * 1024 * 1024;
/// Longest list of tables, in bytes.
const NAMES: u64 = 1024 * 1024;

const MISSING: &str = "Access のファイルを読むには mdbtools が要ります。管理者に、サーバーで「apt-get install mdbtools」を実行してもらうか、\
     Access で表を Excel か CSV に書き出してから取り込んでください。";
const UNREADABLE: &str = "Access のファイルとして読めません。壊れているか、パスワードで保護されています。Access で開いて保存し直すか、表を Excel に書き出してください。";

/// Whether a file is an Access database, by its first bytes.
///
/// # Errors
/// [`SheetError::Io`].
pub fn is_access(path: &Path) -> Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(19).read_to_end(&mut head)?;
    Ok(head.starts_with(b"\0\x01\0\0Standard Jet DB") || head.starts_with(b"\0\x01\0\0Standard ACE DB"))
}

/// The names of the tables.
///
/// # Errors
/// [`SheetError::Refused`] where `mdbtools` is not installed or can't read the file.
pub fn tables(path: &Path) -> Result<Vec<String>> {
    tables_by("mdb-tables", path)
}

fn tables_by(program: &str, path: &Path) -> Result<Vec<String>> {
    let listed = run(program, &["-1", "-t", "table"], path, &[])?;
    let mut text = String::new();
    listed.reopen()?.take(NAMES).read_to_string(&mut text).map_err(|_| SheetError::Refused(UNREADABLE.to_owned()))?;
    let names: Vec<String> = text.lines().filter(|name| !name.trim().is_empty()).map(str::to_owned).collect();
    if names.is_empty() { Err(SheetError::Empty) } else { Ok(names) }
}

/// A table as CSV in UTF-8 with a row of headings, in a file that goes away with the answer.
///
/// # Errors
/// As [`tables`].
pub fn export(path: &Path, table: &str) -> Result<NamedTempFile> {
    // What is stored as bytes (pictures, attachments) has no place in a cell.
    let options = ["-b", "strip", "-B", "-D", "%Y-%m-%d", "-T", "%Y-%m-%d %H:%M:%S"];
    let mut exported = run("mdb-export", &options, path, &[table])?;
    exported.rewind()?;
    Ok(exported)
}

/// Runs a program and answers its output. The shell sets the bounds and becomes the program.
fn run(program: &str, options: &[&str], path: &Path, operands: &[&str]) -> Result<NamedTempFile> {
    let (output, told) = (NamedTempFile::new()?, NamedTempFile::new()?);
    let bounds = format!("ulimit -v {MEMORY} && ulimit -f {OUTPUT} && ulimit -t 600 && exec \"$@\"");
    let mut child = Command::new("/bin/sh")
        .args(["-c", &bounds, "sh", program])
        .args(options)
        .arg("--")
        .arg(path.canonicalize()?)
        .args(operands)
        .env("LC_ALL", "C.UTF-8")
        .env("MDBICONV", "UTF-8")
        // Tables of Access 97 are in the code page of the Windows on which they were made.
        .env("MDB_JET3_CHARSET", "CP932")
        .stdin(Stdio::null())
        .stdout(output.reopen()?)
        .stderr(told.reopen()?)
        .spawn()?;
    let mut status = None;
    for _ in 0..STEPS {
        status = child.try_wait()?;
        if status.is_some() {
            break;
        }
        std::thread::sleep(STEP);
    }
    let Some(status) = status else {
        child.kill()?;
        child.wait()?;
        let text = "Access のファイルを読むのに時間がかかりすぎるため、やめました。要る表だけを Excel か CSV に書き出してください。";
        return Err(SheetError::Refused(text.to_owned()));
    };
    match status.code() {
        Some(0) => Ok(output),
        Some(127) => Err(SheetError::Refused(MISSING.to_owned())),
        _ => Err(SheetError::Refused(UNREADABLE.to_owned())),
    }
}

/// Whether `mdbtools` is installed.
pub fn is_installed() -> bool {
    let found = Command::new("mdb-ver").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    found.is_ok()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn what_is_no_database_is_refused_with_what_to_do() {
        let mut file = NamedTempFile::new().expect("makes a file");
        file.write_all(b"\0\x01\0\0Standard Jet DB\0and then nothing").expect("writes");
        assert!(is_access(file.path()).expect("reads"));
        let error = tables(file.path()).expect_err("is refused").to_string();
        let expected = if is_installed() { "壊れているか" } else { "apt-get install mdbtools" };
        assert!(error.contains(expected), "{error}");
        let other = NamedTempFile::new().expect("makes a file");
        assert!(!is_access(other.path()).expect("reads"));
    }

    /// A stand-in, which shows how programs are called and what becomes of what they say.
    fn program(folder: &Path, script: &str) -> String {
        use std::os::unix::fs::PermissionsExt as _;
        let path = folder.join("program");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("writes");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).expect("may be run");
        path.to_string_lossy().into_owned()
    }

    #[test]
    fn tables_are_named_as_the_program_names_them() {
        let folder = tempfile::tempdir().expect("makes a folder");
        let file = NamedTempFile::new().expect("makes a file");
        let lists = program(
            folder.path(),
            r#"[ "$4" = -- ] && [ -f "$5" ] && [ "$MDBICONV" = UTF-8 ] && printf '公園\n職員 名簿\n'"#,
        );
        assert_eq!(tables_by(&lists, file.path()).expect("reads"), ["公園", "職員 名簿"]);
        let fails = program(folder.path(), "echo 公園; exit 1");
        assert!(tables_by(&fails, file.path()).expect_err("fails").to_string().contains("壊れているか"));
        let is_empty = program(folder.path(), "exit 0");
        assert!(matches!(tables_by(&is_empty, file.path()), Err(SheetError::Empty)));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let file = NamedTempFile::new().expect("makes a file");
        let error = run("no-such-program-of-mdbtools", &[], file.path(), &[]).expect_err("is refused");
        assert!(error.to_string().contains("mdbtools が要ります"), "{error}");
    }
}
