//! How a server is told to stop, and how long it may take.
//!
//! SIGTERM (systemd, containers), SIGINT (Ctrl+C) and SIGPWR (a UPS whose battery runs low) mean the same: no new requests are
//! accepted, those that run come to their end, jobs are finished or given back, the last entries are sealed, the databases are
//! closed. All of it has one limit ([`Limits`]), since a battery lasts only so long. A second signal, of whichever kind, ends the
//! process at once: nothing that was acknowledged is lost by it, as by a failure of the power itself.

use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::output::Output;

/// The number of SIGPWR on every architecture of Linux for which the program is built (x86-64, ARM, RISC-V).
const POWER: i32 = 30;

/// How long each part of stopping may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests that run.
    pub requests: Duration,
    /// Jobs and rounds that were begun.
    pub work: Duration,
    /// Giving back jobs that did not end.
    pub giving_back: Duration,
    /// Sealing the last entries.
    pub sealing: Duration,
    /// Closing the databases.
    pub closing: Duration,
}

impl Limits {
    /// The parts of a limit for everything: half of it for people.
    pub fn within(all: Duration) -> Self {
        let part = all / 16;
        Self { requests: part * 8, work: part * 3, giving_back: part, sealing: part * 2, closing: part * 2 }
    }
}

/// Tells when the server has to stop. Cheap to clone.
#[derive(Clone)]
pub struct Stopping(watch::Receiver<Option<Instant>>);

impl Stopping {
    /// Listens for signals from now on, so that one that comes while the server is still starting is not the end of it in the
    /// middle of something.
    ///
    /// # Errors
    /// When the system does not let the program listen.
    pub fn listen(output: Output) -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("停止の合図を受け取れません。");
        let mut signals = Signals {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            power: listen(SignalKind::from_raw(POWER))?,
        };
        let (tell, told) = watch::channel(None);
        tokio::spawn(async move {
            let (name, _) = signals.next().await;
            tracing::info!(signal = name, "stopping: what was accepted is finished");
            output.remark("止めています。受け付けたものを終えるまでお待ちください。");
            tell.send_replace(Some(Instant::now()));
            let (name, number) = signals.next().await;
            tracing::warn!(signal = name, "stopping at once: a second signal came");
            // Destructors would wait for what is not to be waited for.
            std::process::exit(128 + number);
        });
        Ok(Self(told))
    }

    /// Waits until the server has to stop.
    pub async fn told(mut self) {
        if self.0.wait_for(Option::is_some).await.is_err() {
            // The listener goes only with the process.
            std::future::pending::<()>().await;
        }
    }

    /// Waits until the server has had to stop for so long.
    pub async fn told_for(self, limit: Duration) {
        self.clone().told().await;
        tokio::time::sleep(limit).await;
    }

    /// How long ago the server was told to stop; zero while it was not.
    pub fn since(&self) -> Duration {
        self.0.borrow().map(|told| told.elapsed()).unwrap_or_default()
    }
}

/// The signals that mean stop.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    power: Signal,
}

impl Signals {
    /// Waits for the next one: its name and number.
    async fn next(&mut self) -> (&'static str, i32) {
        tokio::select! {
            _ = self.terminate.recv() => ("SIGTERM", SignalKind::terminate().as_raw_value()),
            _ = self.interrupt.recv() => ("SIGINT", SignalKind::interrupt().as_raw_value()),
            _ = self.power.recv() => ("SIGPWR", POWER),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_fit_into_the_whole() {
        for seconds in [10, 60, 600] {
            let all = Duration::from_secs(seconds);
            let Limits { requests, work, giving_back, sealing, closing } = Limits::within(all);
            assert!(requests + work + giving_back + sealing + closing <= all);
        }
    }
}
