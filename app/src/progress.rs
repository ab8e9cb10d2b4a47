//! How far long work is: a bar with rate and time left, on a terminal only.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The progress of one piece of work. Clears itself from the screen when it is dropped.
pub struct Progress(ProgressBar);

impl Progress {
    /// Begins to show work. Nothing is shown where nobody looks on: in a pipe, under a scheduler, with `--json` or
    /// `--quiet`. Until a total is known, only the count moves.
    pub fn begin(what: &str, shown: bool) -> Self {
        let shown = shown && std::io::stderr().is_terminal();
        let target = if shown { ProgressDrawTarget::stderr_with_hz(8) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target).with_message(what.to_owned());
        bar.set_style(style("{spinner} {msg} {human_pos} 件  {per_sec}"));
        if shown {
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        Self(bar)
    }

    /// Says how much is done, and of how much where that is known.
    pub fn reach(&self, done: u64, total: Option<u64>) {
        if let Some(total) = total
            && self.0.length() != Some(total)
        {
            self.0.set_length(total);
            self.0.set_style(style("{msg} {wide_bar:.cyan/dim} {human_pos}/{human_len} 件  {per_sec}  残り {eta}"));
        }
        self.0.set_position(done);
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is well formed")
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
