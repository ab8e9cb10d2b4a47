//! Answers on standard output, messages on standard error, and an exit status that scripts can trust.
//!
//! 0 is success, 1 a failure, 2 a mistake in the command line. A reader that goes away (`| head`) ends the program quietly
//! with the status that a shell gives to a closed pipe.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

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
        let causes: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
        let mut text = if self.json {
            serde_json::json!({ "error": { "message": error.to_string(), "causes": causes } }).to_string()
        } else {
            format!("kawasemi: {error}")
        };
        if !self.json {
            match (self.verbose, causes.as_slice()) {
                (true, causes) => causes.iter().for_each(|cause| text.push_str(&format!("\n  原因: {cause}"))),
                // One cause is told anyway, where it says more than the sentence before it.
                (false, [cause, ..]) => text.push_str(&format!("\n  原因: {cause}")),
                (false, []) => {}
            }
        }
        let _ = writeln!(io::stderr(), "{text}");
        let is_usage = error.chain().any(|cause| cause.is::<UsageError>());
        ExitCode::from(if is_usage { 2 } else { 1 })
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let json = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(io::ErrorKind::BrokenPipe)
    })
}
