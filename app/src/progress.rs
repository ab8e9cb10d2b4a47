//! How far long work is: a bar with rate and time left, on a terminal only.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The progress of one piece of work. Clears itself from the screen when it is dropped.
pub struct Progress {
    bar: ProgressBar,
    unit: Unit,
    is_shown: bool,
}

/// What is counted.
#[derive(Clone, Copy)]
enum Unit {
    /// Records, rows, entries.
    Items,
    /// Bytes.
    Bytes,
}

impl Progress {
    /// Begins to show work. Nothing is shown where nobody looks on: in a pipe, under a scheduler, with `--json` or
    /// `--quiet`. Until a total is known, only the count moves.
    pub fn begin(what: &str, shown: bool) -> Self {
        Self::of(what, shown, Unit::Items)
    }

    /// The same for work that is measured in bytes.
    pub fn of_bytes(what: &str, shown: bool) -> Self {
        Self::of(what, shown, Unit::Bytes)
    }

    fn of(what: &str, shown: bool, unit: Unit) -> Self {
        let is_shown = shown && std::io::stderr().is_terminal();
        let target = if is_shown { ProgressDrawTarget::stderr_with_hz(8) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target).with_message(what.to_owned());
        bar.set_style(style(match unit {
            Unit::Items => "{spinner} {msg} {human_pos} 件  {per_sec}",
            Unit::Bytes => "{spinner} {msg} {bytes}  {bytes_per_sec}",
        }));
        if is_shown {
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        Self { bar, unit, is_shown }
    }

    /// Whether anybody sees it.
    pub const fn is_shown(&self) -> bool {
        self.is_shown
    }

    /// Says how much is done, and of how much where that is known.
    pub fn reach(&self, done: u64, total: Option<u64>) {
        if let Some(total) = total
            && self.bar.length() != Some(total)
        {
            self.bar.set_length(total);
            self.bar.set_style(style(match self.unit {
                Unit::Items => "{msg} {wide_bar:.cyan/dim} {human_pos}/{human_len} 件  {per_sec}  残り {eta}",
                Unit::Bytes => "{msg} {wide_bar:.cyan/dim} {bytes}/{total_bytes}  {bytes_per_sec}  残り {eta}",
            }));
        }
        self.bar.set_position(done);
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is well formed")
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
