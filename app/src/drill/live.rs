//! The living cities: what is read of them to compare, and the one line that they get.

use std::collections::BTreeMap;

use anyhow::bail;
use kawasemi_store::audit::{self, Trail, checkpoint, id_of_name};
use kawasemi_store::backup::Holdings;
use kawasemi_store::{Access, City, StoreError, Unit};

use super::report::Report;
use crate::config::Place;
use crate::shell::Shell;

/// The name of a drill in the audit trail of a city.
const SUBJECT: &str = "restore-drill";

/// What was read of a living city.
pub(super) struct LiveFound {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub holdings: Holdings,
    checkpoints: BTreeMap<i64, [u8; 32]>,
    code: String,
}

impl LiveFound {
    async fn of(city: &City) -> Result<Self, StoreError> {
        let (name, code) = (city.info().name.clone(), city.code().to_owned());
        let mut found = Self { name, holdings: Holdings::of(city).await?, checkpoints: BTreeMap::new(), code };
        loop {
            let number = found.checkpoints.last_key_value().map_or(0, |(number, _)| *number);
            let page = checkpoint::after(city, number, 1_000).await?;
            if page.is_empty() {
                return Ok(found);
            }
            found.checkpoints.extend(page.iter().map(|made| (made.number, made.hash(&found.code))));
        }
    }

    /// Whether a checkpoint of the backup is one of the living city's. A backup without any proves nothing against it.
    pub fn knows(&self, last: Option<&audit::Checkpoint>) -> bool {
        last.is_none_or(|last| self.checkpoints.get(&last.number) == Some(&last.hash(&self.code)))
    }
}

/// The living cities, as far as they can be read. A drill on a machine without them is a drill as well.
pub(super) async fn live_cities(shell: &Shell, report: &mut Report) -> BTreeMap<String, LiveFound> {
    let mut found = BTreeMap::new();
    let read = async {
        let store = shell.store(Access::Read).await?;
        for info in store.cities().await? {
            match store.open_city(&info.code).await {
                Ok(city) => drop(found.insert(info.code.clone(), LiveFound::of(&city).await?)),
                Err(error) => {
                    report.remarks.push(format!("いまの {}（{}）を読めません: {error}", info.name, info.code))
                }
            }
        }
        store.close().await;
        anyhow::Ok(())
    };
    if let Err(error) = read.await {
        report.remarks.push(format!("いまの市を読めないので、失われる変更の数は比べていません（{error}）。"));
    }
    found
}

/// Writes into the audit trail of each living city of the backup that a drill was held.
pub(super) async fn note(shell: &Shell, report: &Report) -> anyhow::Result<()> {
    if let Place::Folder(folder) = &shell.config.place
        && !folder.join("installation.json").is_file()
    {
        return Ok(());
    }
    let store = shell.store(Access::Command).await?;
    let known = store.cities().await?;
    for said in report.cities.iter().filter(|said| known.iter().any(|info| info.code == said.code)) {
        // To open it for writing would bring it to this program's form, which is nothing that a drill should do.
        if !store.pending(&said.code).await?.is_empty() {
            bail!("いまの市は前の版の形です");
        }
        let city = store.open_city(&said.code).await?;
        let trail = Trail::of(&city, SUBJECT, id_of_name(SUBJECT, city.code())).await?;
        let payload = serde_json::json!({
            "report": report.name(),
            "passed": report.passed,
            "backup": report.backup.as_ref().map(|backup| &backup.digest),
            "taken_at": report.backup.as_ref().map(|backup| backup.taken_at),
            "recovery_seconds": report.recovery_seconds,
            "problems": report.problems.len(),
        });
        let act = shell.context("復元訓練").act;
        let kind = if report.passed { "passed" } else { "failed" };
        city.write(Unit::of(trail.statements(kind, &act, &*shell.ids, &payload.to_string()))).await?;
    }
    store.close().await;
    Ok(())
}
