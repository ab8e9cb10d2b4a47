//! The work of each day (日次の処理), as systems name it.
//!
//! It goes through the outbox, with a key for each day: whichever node writes the job first, it is there once, it is tried
//! again when it fails, and it lies among the dead letters when it fails for good. After a downtime the day's work is
//! written as soon as the city is looked after again; days that have passed are not made up for, since what is counted is
//! the present.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kawasemi_desk::operations::DailyRun;
use kawasemi_kernel::context::civil_date;
use kawasemi_platform::WorkError;
use kawasemi_store::jobs::{self, Handler, Job, JobError};
use kawasemi_store::{City, Unit};
use serde::{Deserialize, Serialize};

use crate::shell::{OpenCity, Shell};

/// The topic of such jobs.
pub const TOPIC: &str = "daily";

/// What a job says.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    system: String,
    name: String,
    day: Date,
}

/// The day that it is in a city.
pub fn today(city: &City, at: Timestamp) -> Date {
    match TimeZone::get(&city.info().time_zone) {
        Ok(zone) => zone.to_datetime(at).date(),
        Err(_) => civil_date(at),
    }
}

/// Writes the jobs of a day; those that are there already stay as they are.
pub async fn enqueue(shell: &Shell, city: &City, day: Date) -> anyhow::Result<()> {
    let now = shell.clock.now();
    let mut unit = Unit::new();
    for system in &shell.systems {
        for daily in &system.daily {
            let order = Order { system: system.key().to_owned(), name: daily.name.to_owned(), day };
            let key = format!("{}/{}/{day}", order.system, order.name);
            let payload = serde_json::to_string(&order)?;
            unit.add(jobs::enqueue(shell.ids.next(), TOPIC, Some(&key), &payload, now, now));
        }
    }
    if !unit.is_empty() {
        city.write(unit).await?;
    }
    Ok(())
}

/// The latest work of days, the newest first, for the operations page.
pub async fn latest(shell: &Shell, city: &City, limit: u32) -> anyhow::Result<Vec<DailyRun>> {
    let mut runs = Vec::new();
    for row in city.jobs_about(TOPIC, limit).await? {
        let Ok(order) = serde_json::from_str::<Order>(&row.job.payload) else { continue };
        let system = shell.systems.iter().find(|system| system.key() == order.system);
        let daily = system.and_then(|system| system.daily.iter().find(|daily| daily.name == order.name));
        let about = daily.map_or_else(|| format!("{}/{}", order.system, order.name), |daily| daily.about.to_owned());
        runs.push(DailyRun { about, day: order.day.to_string(), state: row.state, at: row.run_at, error: row.error });
    }
    Ok(runs)
}

/// Does the work of a day.
pub struct DailyWork {
    shell: Arc<Shell>,
    open: OpenCity,
}

impl DailyWork {
    /// For one city.
    pub fn new(shell: Arc<Shell>, open: OpenCity) -> Self {
        Self { shell, open }
    }
}

#[async_trait]
impl Handler for DailyWork {
    async fn run(&self, city: &City, job: &Job) -> Result<(), JobError> {
        let order: Order = serde_json::from_str(&job.payload).map_err(JobError::hopeless)?;
        let system = self.shell.systems.iter().find(|system| system.key() == order.system);
        let daily = system.and_then(|system| system.daily.iter().find(|daily| daily.name == order.name));
        let Some(daily) = daily else {
            return Err(JobError::hopeless("この版のプログラムには、この日次の処理がありません。"));
        };
        let work = self.shell.quiet_work(&self.open, daily.about, Vec::new());
        match (daily.run)(work).await {
            Ok(report) => {
                tracing::info!(
                    city = city.code(),
                    system = order.system,
                    work = order.name,
                    text = report.text,
                    "the day's work is done"
                );
                Ok(())
            }
            Err(error @ (WorkError::Usage(_) | WorkError::Refused(_))) => Err(JobError::hopeless(error)),
            Err(error) => Err(JobError::later(error)),
        }
    }
}
