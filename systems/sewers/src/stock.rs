//! The pipes of the ledger as the rules take them, each with its newest survey and what lies upstream of it.

use std::collections::HashMap;

use jiff::civil::Date;

use crate::definitions::{PIPE, SURVEY};
use crate::kernel::RecordId;
use crate::kernel::fiscal::FiscalYear;
use crate::ledger::{LedgerError, Ledgers, ListRequest};
use crate::platform::identity::Context;
use crate::read::{self, Read};
use crate::rules::network::{self, Link};
use crate::rules::priority::Pipe;
use crate::rules::urgency::Urgency;
use crate::rules::weibull::Surveyed;

/// A pipe of the ledger.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// The record.
    pub id: RecordId,
    /// Its revision.
    pub revision: i64,
    /// Whether the caller may change it.
    pub may_update: bool,
    /// Its number (施設番号).
    pub number: String,
    /// Its place.
    pub place: String,
    /// The key of what it carries (排除区分).
    pub exclusion: String,
    /// Whether it is prone to corrosion (腐食のおそれが大きい箇所).
    pub corrosion_prone: bool,
    /// What its priority needs.
    pub pipe: Pipe,
    /// The newest survey.
    pub survey: Option<Survey>,
    /// What the ledger of pipes repeats of it: urgency, day, next due day.
    pub noted: (Option<Urgency>, Option<Date>, Option<Date>),
}

/// The newest survey of a pipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// The record.
    pub id: RecordId,
    /// The day.
    pub on: Date,
    /// The urgency.
    pub urgency: Option<Urgency>,
    /// Whether it is Ⅰ or Ⅱ and no measure is done.
    pub is_open: bool,
    /// The measure, in words.
    pub measure: String,
}

/// The urgency with a key.
pub fn urgency(key: &str) -> Option<Urgency> {
    [Urgency::One, Urgency::Two, Urgency::Three, Urgency::None].into_iter().find(|one| one.key() == key)
}

/// All pipes, in the order of their numbers.
///
/// # Errors
/// When a ledger can't be read.
pub async fn load(ledgers: &Ledgers, context: &Context) -> Result<Vec<Span>, LedgerError> {
    let mut newest: HashMap<RecordId, Survey> = HashMap::new();
    for record in read::all(ledgers, context, SURVEY, ListRequest::all()).await? {
        let read = Read::of(&record);
        let (Some(of), Some(on)) = (read.record("pipe"), read.date("surveyed_on")) else { continue };
        if newest.get(&of).is_some_and(|known| known.on >= on) {
            continue;
        }
        let urgency = urgency(read.text("urgency"));
        let is_bad = matches!(urgency, Some(Urgency::One | Urgency::Two));
        let is_open = is_bad && read.text("measure_state") != "done";
        let measure = read.text("measure").to_owned();
        newest.insert(of, Survey { id: record.id, on, urgency, is_open, measure });
    }
    let records = read::all(ledgers, context, PIPE, ListRequest::all()).await?;
    let links: Vec<Link> = records
        .iter()
        .map(|record| {
            let read = Read::of(record);
            Link {
                up: read.text("manhole_up").to_owned(),
                down: read.text("manhole_down").to_owned(),
                length_m: read.number("length_m").unwrap_or(0.0),
            }
        })
        .collect();
    let upstream = network::upstream(&links);
    let span = |(record, upstream_m): (&crate::ledger::Visible, f64)| {
        let read = Read::of(record);
        let exclusion = read.text("exclusion").to_owned();
        // A box or channel has no diameter: its width says how large it is.
        let diameter_mm = read.int("diameter_mm").or_else(|| read.int("inner_width_mm")).unwrap_or(0);
        let covers = [read.int("cover_up_mm"), read.int("cover_down_mm")];
        Span {
            id: record.id,
            revision: record.revision,
            may_update: record.may.update,
            number: read.text("facility_number").to_owned(),
            place: read.text("place").to_owned(),
            corrosion_prone: read.yes("corrosion_prone"),
            pipe: Pipe {
                is_storm: exclusion == "storm",
                material: read.text("material").to_owned(),
                built: read.int("built_fiscal_year"),
                is_imputed: read.yes("built_imputed"),
                diameter_mm,
                cover_mm: covers.into_iter().flatten().min(),
                length_m: read.number("length_m").unwrap_or(0.0),
                upstream_m,
                emergency: read.yes("emergency_road"),
                crossing: read.yes("crossing"),
                vital: read.yes("serves_vital"),
            },
            exclusion,
            survey: newest.remove(&record.id),
            noted: (urgency(read.text("urgency")), read.date("surveyed_on"), read.date("next_due_on")),
        }
    };
    Ok(records.iter().zip(upstream).map(span).collect())
}

/// Whether a pipe carries sewage or rain; other things that lie in sewers have no place in their order.
pub fn is_sewer(span: &Span) -> bool {
    ["combined", "sanitary", "storm"].contains(&span.exclusion.as_str())
}

/// A group of materials for which a curve is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// All of them.
    All,
    /// Concrete pipes of every kind.
    Concrete,
    /// Vitrified clay (陶管).
    Ceramic,
    /// PVC (塩ビ管).
    Pvc,
}

impl Group {
    /// Every group with its key and name.
    pub const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::All, "all", "すべて"),
        (Self::Concrete, "concrete", "コンクリート系の管"),
        (Self::Ceramic, "ceramic", "陶管"),
        (Self::Pvc, "pvc", "塩ビ管"),
    ];

    /// The group with a key; all for any other.
    pub fn read(key: &str) -> Self {
        Self::ALL.iter().find(|(_, known, _)| *known == key).map_or(Self::All, |(group, ..)| *group)
    }

    fn has(self, material: &str) -> bool {
        match self {
            Self::All => true,
            Self::Concrete => ["rc", "hume", "grc", "precast", "cast-in-place", "segment-concrete"].contains(&material),
            Self::Ceramic => material == "ceramic",
            Self::Pvc => material.starts_with("pvc"),
        }
    }
}

/// The surveys of a group by age, with how many were at least as bad as an urgency. Pipes whose year is not known or a guess do not
/// count: a guess would be taken for knowledge.
pub fn surveyed(spans: &[Span], group: Group, at_least: Urgency) -> Vec<Surveyed> {
    let mut by_age: std::collections::BTreeMap<i64, (u32, u32)> = std::collections::BTreeMap::new();
    for span in spans.iter().filter(|span| group.has(&span.pipe.material) && !span.pipe.is_imputed) {
        let (Some(built), Some(survey)) = (span.pipe.built, &span.survey) else { continue };
        let Some(urgency) = survey.urgency else { continue };
        let age = i64::from(FiscalYear::of(survey.on).year()) - built;
        if age < 1 {
            continue;
        }
        let counted = by_age.entry(age).or_default();
        counted.0 += 1;
        // The order of urgencies is from bad to good.
        counted.1 += u32::from(urgency <= at_least);
    }
    by_age.into_iter().map(|(age, (spans, bad))| Surveyed { age: age as f64, spans, bad }).collect()
}
