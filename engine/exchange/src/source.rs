//! A file as rows for the ledger.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use kawasemi_ledger::import::{FedAct, FedRow, FeedPlan, FileError, Mapping, RowSource, SheetRow};
use kawasemi_schema::LedgerDef;

use crate::convert::{self, Days};
use crate::inspect::Corrections;
use crate::layout::{Layout, Mode, RecordKind, Repeats};
use crate::read::{self, RawRow, ReadError};

/// A file that was looked at, read row by row.
pub struct LayoutRows {
    /// How it is built.
    pub layout: Arc<Layout>,
    /// Where it lies.
    pub path: PathBuf,
    /// The days that the layout may name.
    pub days: Days,
    /// For each key the line of its last row.
    pub last: HashMap<u64, u64>,
    /// The keys of several rows.
    pub repeated: HashSet<u64>,
    /// Texts in the place of those of bad rows.
    pub corrections: Corrections,
    /// Only these lines, where rows that were put aside are taken up again.
    pub only: Option<HashSet<u64>>,
}

impl LayoutRows {
    fn fed(&self, raw: RawRow) -> Option<FedRow> {
        if raw.record.is_some_and(|record| self.layout.records[record].kind != RecordKind::Data) && raw.fault.is_none()
        {
            return None;
        }
        if self.only.as_ref().is_some_and(|only| !only.contains(&raw.line)) {
            return None;
        }
        let line = raw.line;
        let raw = match self.corrections.get(&line) {
            Some(values) => RawRow { line, record: Some(self.layout.data), values: values.clone(), fault: None },
            None => raw,
        };
        let converted = convert::row(&self.layout, &raw, self.days);
        let is_later = |key| self.last.get(&key).is_some_and(|last| *last > line);
        // Of several rows for one record the last one counts, also where it is a bad one: then the record waits for it.
        if self.layout.repeats() == Repeats::Last && converted.key.is_some_and(is_later) {
            return None;
        }
        let act = match converted.act {
            FedAct::Add | FedAct::Change if converted.key.is_some_and(|key| self.repeated.contains(&key)) => {
                FedAct::Put
            }
            act => act,
        };
        let cells = match (act, converted.key) {
            // What is wrong about a bad row may be its key.
            (FedAct::Bad, None) => Vec::new(),
            _ => converted.cells,
        };
        Some(FedRow { row: SheetRow { line, cells }, act })
    }
}

impl RowSource for LayoutRows {
    fn read(&self, each: &mut dyn FnMut(FedRow) -> bool) -> Result<(), FileError> {
        let outcome = read::read(&self.layout, &self.path, &mut |raw| match self.fed(raw) {
            Some(row) => each(row),
            None => true,
        });
        outcome.map_err(|error| match error {
            ReadError::Io(error) => FileError::Io(error),
            ReadError::Shape(message) => FileError::Source(message),
        })
    }
}

/// How the rows of a layout become records of its ledger. Where only rows are taken up again that were put aside, nothing is
/// closed for being absent.
pub(crate) fn plan(layout: &Layout, ledger: &LedgerDef, title: String, days: Days, is_whole: bool) -> FeedPlan {
    let fill = |texts: &std::collections::BTreeMap<String, String>| -> Vec<(String, String)> {
        texts.iter().map(|(key, text)| (key.clone(), days.fill(text))).collect()
    };
    let columns = layout.targets().into_iter().map(str::to_owned).collect();
    let is_master = ledger.master.as_ref().is_some_and(|master| layout.raw.set.get(&master.field) == Some(&master.is));
    FeedPlan {
        title,
        mapping: Mapping { columns, merge: layout.raw.find.clone(), clear: true, skip_bad: true },
        close: fill(&layout.raw.close),
        full: (layout.raw.mode == Mode::Full && is_whole).then(|| fill(&layout.raw.scope)),
        is_master,
        origin: String::new(),
    }
}
