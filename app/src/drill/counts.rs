//! What a city holds, beside what its backup says that it holds.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kawasemi_store::City;
use kawasemi_store::backup::{Held, Holdings};

use super::report::{CityReport, LedgerCount};

/// What is told of a city before it is brought to the form of this program. `said` is what the backup says, if anything.
pub(super) fn city_report(city: &City, found: &Holdings, said: Option<&Holdings>, now: Timestamp) -> CityReport {
    let catalogue = city.catalogue();
    let title =
        |key: &str| catalogue.get(key).map_or_else(|| key.to_owned(), |ledger| ledger.def.title.ja().to_owned());
    let newest = found.trail.newest.and_then(|at| Timestamp::from_microsecond(at).ok());
    let ledgers = found.ledgers.iter().map(|(key, held)| LedgerCount {
        key: key.clone(),
        title: title(key),
        said: said.and_then(|said| said.ledgers.get(key)).map(|said| said.records),
        restored: held.records,
    });
    CityReport {
        code: city.code().to_owned(),
        name: city.info().name.clone(),
        records: found.ledgers.values().map(|held| held.records).sum(),
        entries: found.trail.entries,
        newest_entry: newest,
        recovery_point_seconds: newest.map(|newest| now.duration_since(newest).as_secs().max(0)),
        ledgers: ledgers.collect(),
        upgraded: 0,
        erased: 0,
        files: 0,
        files_checked: 0,
        broken: 0,
        live: None,
    }
}

/// In what two counts of one city differ, as sentences.
pub(super) fn differences(code: &str, said: &Holdings, found: &Holdings) -> Vec<String> {
    let mut problems = Vec::new();
    let keys: BTreeSet<&String> = said.ledgers.keys().chain(found.ledgers.keys()).collect();
    for key in keys {
        let (said, found) = (said.ledgers.get(key), found.ledgers.get(key));
        if said != found {
            let count = |held: Option<&Held>| held.map_or("なし".to_owned(), |held| format!("{} 件", held.records));
            problems.push(format!(
                "{code}: 台帳 {key} の件数が合いません（控えの記載 {}、戻したもの {}）。",
                count(said),
                count(found)
            ));
        }
    }
    if said.trail != found.trail {
        problems.push(format!(
            "{code}: 監査の記録の数が合いません（控えの記載 {} 個、戻したもの {} 個）。",
            said.trail.entries, found.trail.entries
        ));
    }
    problems
}
