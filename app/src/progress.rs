//! How far long work is: a bar with rate and time left, on a terminal only.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The progress of one piece of work. Clears itself from the screen when it is dropped.
pub struct Progress(ProgressBar);

impl Progress {
    /// Begins to show work on a known number of things. Nothing is shown where nobody looks on: in a pipe, under a
    /// scheduler, with `--json` or `--quiet`.
    pub fn begin(what: &str, total: u64, shown: bool) -> Self {
        let shown = shown && std::io::stderr().is_terminal();
        let target = if shown { ProgressDrawTarget::stderr_with_hz(8) } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template(
            "{msg} {wide_bar:.cyan/dim} {human_pos}/{human_len} 件  {per_sec}  残り {eta}",
        );
        let bar = ProgressBar::with_draw_target(Some(total), target)
            .with_style(style.expect("the template is well formed"))
            .with_message(what.to_owned());
        if shown {
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        Self(bar)
    }

    /// Counts things that are done.
    pub fn advance(&self, count: u64) {
        self.0.inc(count);
    }

    /// Sets how many are done.
    pub fn reach(&self, position: u64) {
        self.0.set_position(position);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
