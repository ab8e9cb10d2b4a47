//! Answers on standard output, messages on standard error, and an exit status that scripts can trust.
//!
//! 0 is success, 1 a failure, 2 a mistake in the command line. A reader that goes away (`| head`) ends the program quietly
//! with the status that a shell gives to a closed pipe; so does Ctrl+C or SIGTERM, with a sentence.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use kawasemi_store::StoreError;
use serde::Serialize;

/// Status for a closed pipe, as a shell reports it: 128 and the number of SIGPIPE.
const CLOSED_PIPE: u8 = 141;

/// How a command speaks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Output {
    /// Answers and errors are JSON.
    pub json: bool,
    /// Only answers and errors, no remarks.
    pub quiet: bool,
    /// Errors with their causes.
    pub verbose: bool,
}

/// A mistake in what was asked, not in doing it: exit status 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// A command that was told to stop by a signal: exit status 128 and its number, as a shell reports it.
#[derive(Debug, thiserror::Error)]
#[error(
    "中断しました。途中まで書いたものは、どの画面にも出ません。同じコマンドをもう一度実行すれば、はじめからやり直します。"
)]
pub struct Interrupted(pub u8);

impl Output {
    /// Prints the answer of a command, as text or as one JSON object.
    ///
    /// # Errors
    /// When standard output can't be written.
    pub fn answer<T: Serialize + Display>(self, answer: &T) -> anyhow::Result<()> {
        let mut out = io::stdout().lock();
        if self.json {
            serde_json::to_writer(&mut out, answer)?;
            writeln!(out)?;
        } else {
            write!(out, "{answer}")?;
        }
        Ok(out.flush()?)
    }

    /// Makes a remark to the person, on standard error.
    pub fn remark(self, text: impl Display) {
        if !self.quiet && !self.json {
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    /// Whether progress may be shown.
    pub const fn shows_progress(self) -> bool {
        !self.quiet && !self.json
    }

    /// Says why a command failed and answers the exit status.
    pub fn failure(self, error: &anyhow::Error) -> ExitCode {
        if is_closed_pipe(error) {
            return ExitCode::from(CLOSED_PIPE);
        }
        let causes: Vec<String> = error.chain().skip(1).map(told).collect();
        let said = error.chain().next().map(told).unwrap_or_default();
        let mut text = if self.json { json_error(&said, &causes) } else { format!("kawasemi: {said}") };
        if !self.json {
            match (self.verbose, causes.as_slice()) {
                (true, causes) => causes.iter().for_each(|cause| text.push_str(&format!("\n  原因: {cause}"))),
                // One cause is told anyway, where it says more than the sentence before it.
                (false, [cause, ..]) => text.push_str(&format!("\n  原因: {cause}")),
                (false, []) => {}
            }
        }
        let _ = writeln!(io::stderr(), "{text}");
        if let Some(Interrupted(signal)) = error.downcast_ref::<Interrupted>() {
            return ExitCode::from(128 + signal);
        }
        let is_usage = error.chain().any(|cause| cause.is::<UsageError>());
        ExitCode::from(if is_usage { 2 } else { 1 })
    }
}

/// An error as one line of JSON.
pub fn json_error(message: &str, causes: &[String]) -> String {
    serde_json::json!({ "error": { "message": message, "causes": causes } }).to_string()
}

/// What an error says; what the operating system says in English, in Japanese.
fn told(error: &(dyn std::error::Error + 'static)) -> String {
    if let Some(io) = error.downcast_ref::<io::Error>() {
        return in_japanese(io).map_or_else(|| io.to_string(), str::to_owned);
    }
    // A store says what to do; an operator also wants to know what the disk or the database said.
    match error.downcast_ref::<StoreError>() {
        Some(StoreError::Io { detail } | StoreError::Away { detail, .. }) if !detail.is_empty() => {
            format!("{error}（{}）", io_detail(detail))
        }
        _ => error.to_string(),
    }
}

/// What the operating system said, in Japanese where its number stands at the end: `… (os error 13)`.
fn io_detail(detail: &str) -> String {
    let number = detail.rsplit_once("(os error ").and_then(|(_, rest)| rest.trim_end_matches(')').parse::<i32>().ok());
    let known = number.map(io::Error::from_raw_os_error).as_ref().and_then(in_japanese);
    known.map_or_else(|| detail.to_owned(), |known| known.trim_end_matches('。').to_owned())
}

fn in_japanese(error: &io::Error) -> Option<&'static str> {
    Some(match error.kind() {
        io::ErrorKind::NotFound => "ファイルまたはフォルダーがありません。",
        io::ErrorKind::PermissionDenied => "読み書きする権限がありません。",
        io::ErrorKind::AlreadyExists => "同じ名前のものがもうあります。",
        io::ErrorKind::IsADirectory => "ファイルではなくフォルダーです。",
        io::ErrorKind::NotADirectory => "途中にあるのはフォルダーではなくファイルです。",
        io::ErrorKind::ReadOnlyFilesystem => "書き込みのできない場所です。",
        io::ErrorKind::StorageFull => "ディスクの空きがありません。",
        io::ErrorKind::QuotaExceeded => "使ってよい容量を超えました。",
        io::ErrorKind::InvalidData => "中身の形が正しくありません。文字なら UTF-8 で保存し直してください。",
        io::ErrorKind::FileTooLarge => "ファイルが大きすぎます。",
        io::ErrorKind::AddrInUse => "そのアドレスとポートは、ほかのプログラムが使っています。",
        io::ErrorKind::AddrNotAvailable => "そのアドレスは、この機械にはありません。",
        io::ErrorKind::ConnectionRefused => "接続を断られました。",
        io::ErrorKind::TimedOut => "時間内に応答がありませんでした。",
        _ => return None,
    })
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let json = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(io::ErrorKind::BrokenPipe)
    })
}
