//! What publishing some definitions would do.

use std::fmt;
use std::sync::Arc;

use kawasemi_schema::{LedgerDef, Overlay};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::diff;
use crate::city::City;
use crate::ddl::Shape;
use crate::error::{Result, StoreError};
use crate::sql::Sql;

/// The definitions that shall hold.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// New and changed definitions, and unchanged ones if that is simpler. Ledgers that are not named stay as they are.
    pub definitions: Vec<Arc<LedgerDef>>,
    /// Keys of ledgers that shall no longer be there. Their tables stay.
    pub retired: Vec<String>,
}

/// What a publication would do, in order.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// The steps; none when everything is as wanted.
    pub steps: Vec<Step>,
    #[serde(skip)]
    pub(super) definitions: Vec<Arc<LedgerDef>>,
    #[serde(skip)]
    pub(super) retired: Vec<String>,
    #[serde(skip)]
    pub(super) overlays: Vec<Overlay>,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The ledger's key.
    pub ledger: String,
    /// What is done.
    #[serde(flatten)]
    pub kind: StepKind,
    /// What it means for what is there.
    pub effect: Effect,
    /// The step as a sentence.
    pub message: String,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum StepKind {
    /// A ledger is new.
    AddLedger,
    /// A ledger is no longer offered.
    RetireLedger,
    /// A field is new.
    AddField {
        /// Its key.
        field: String,
    },
    /// A field has another key.
    RenameField {
        /// The key before.
        from: String,
        /// The key from now on.
        to: String,
    },
    /// A field is no longer there; its column stays.
    RetireField {
        /// Its key.
        field: String,
    },
    /// A retired field comes back with its values.
    ReturnField {
        /// Its key.
        field: String,
    },
    /// A field holds another kind of value.
    RetypeField {
        /// Its key.
        field: String,
    },
    /// A choice is new.
    AddChoice {
        /// The field.
        field: String,
        /// The choice.
        choice: String,
    },
    /// A choice is no longer defined.
    RemoveChoice {
        /// The field.
        field: String,
        /// The choice.
        choice: String,
    },
    /// Search finds other fields, or for other people, than before: the texts of all records are made anew.
    ChangeSearch,
    /// A unique key is new. It is refused where records contradict it.
    AddUnique {
        /// Its fields.
        fields: Vec<String>,
    },
    /// Labels, lists, conditions, grants: nothing that concerns the tables.
    Revise,
    /// What the city lays over the ledger is kept with it.
    KeepOverlay,
    /// A definition that was replaced since would hold again: an older program meets a newer city.
    GoBack {
        /// The version that said the same.
        version: i64,
    },
}

/// What a step means for what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It only adds, and can be applied while serving.
    Adds,
    /// It changes what is there, and is applied from the command line.
    Changes,
    /// It can't be done this way.
    Refused,
}

impl Effect {
    /// The mark before a step in a plan.
    #[must_use]
    pub fn mark(self) -> &'static str {
        match self {
            Self::Adds => "+",
            Self::Changes => "!",
            Self::Refused => "×",
        }
    }
}

/// Up to which effect steps may be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allow {
    /// Only what adds: while serving.
    Additions,
    /// Also what changes: `kawasemi schema apply`.
    Changes,
}

impl Plan {
    /// Whether everything is as wanted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.overlays.is_empty()
    }

    /// The same plan, which also keeps the overlays that its definitions were made with.
    #[must_use]
    pub fn keeping(mut self, overlays: Vec<Overlay>) -> Self {
        self.steps.extend(overlays.iter().map(|overlay| Step {
            ledger: overlay.raw.ledger.clone(),
            kind: StepKind::KeepOverlay,
            effect: Effect::Adds,
            message: format!("台帳 {} の市の上書き（{}）を控える", overlay.raw.ledger, overlay.source.name),
        }));
        self.overlays = overlays;
        self
    }

    /// The gravest effect of the steps.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.steps.iter().map(|step| step.effect).max().unwrap_or(Effect::Adds)
    }

    /// Refuses a plan with steps beyond what is allowed, naming them.
    pub(super) fn check(&self, allow: Allow) -> Result<()> {
        let most = match allow {
            Allow::Additions => Effect::Adds,
            Allow::Changes => Effect::Changes,
        };
        let beyond: Vec<&str> =
            self.steps.iter().filter(|step| step.effect > most).map(|step| step.message.as_str()).collect();
        if beyond.is_empty() {
            return Ok(());
        }
        let goes_back = self.steps.iter().any(|step| matches!(step.kind, StepKind::GoBack { .. }));
        let advice = match self.effect() {
            Effect::Changes if goes_back => {
                "この市には、より新しい定義が公開されています。何も変更していません。新しい kawasemi を使ってください。\
                 わざと前の定義に戻すときだけ、サーバーを止めて kawasemi schema apply --offline を実行してください。"
            }
            Effect::Refused => "この変更はできません。",
            _ => {
                "運用中にはできない変更です。サーバーを止め、kawasemi schema plan で確かめてから kawasemi schema apply --offline を実行してください。"
            }
        };
        Err(StoreError::refused(format!("{advice}\n{}", beyond.join("\n"))))
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps.is_empty() {
            return f.write_str("変更はありません。");
        }
        for (position, step) in self.steps.iter().enumerate() {
            let end = if position + 1 < self.steps.len() { "\n" } else { "" };
            write!(f, "{} {}{end}", step.effect.mark(), step.message)?;
        }
        Ok(())
    }
}

/// Compares what is wanted with what is published.
///
/// # Errors
/// [`StoreError::Refused`] when the ledgers would contradict one another (a reference to a ledger that is not there);
/// as [`City::read`].
pub async fn plan(city: &City, wanted: Wanted) -> Result<Plan> {
    let catalogue = city.catalogue();
    let shape = Shape::read(city).await?;
    let mut plan = Plan { steps: Vec::new(), definitions: Vec::new(), retired: Vec::new(), overlays: Vec::new() };
    for def in &wanted.definitions {
        let present = catalogue.get(&def.key);
        if present.is_some_and(|present| hash(&present.def) == hash(def)) {
            continue;
        }
        let earlier = earlier_fields(city, def, present.map(|present| &*present.def), &shape).await?;
        plan.steps.extend(diff::steps(present.map(|present| &*present.def), def, &earlier));
        plan.definitions.push(Arc::clone(def));
    }
    for key in wanted.retired.into_iter().filter(|key| catalogue.get(key).is_some()) {
        plan.steps.push(Step {
            message: format!("台帳 {key} を廃止する（記録は残る）"),
            ledger: key.clone(),
            kind: StepKind::RetireLedger,
            effect: Effect::Changes,
        });
        plan.retired.push(key);
    }
    let stays = |key: &str| !plan.retired.iter().any(|retired| retired == key);
    let unchanged = catalogue.iter().map(|ledger| &ledger.def);
    let unchanged = unchanged.filter(|def| !wanted.definitions.iter().any(|new| new.key == def.key));
    let together = wanted.definitions.iter().chain(unchanged).filter(|def| stays(&def.key)).cloned();
    kawasemi_schema::Catalogue::new(together).map_err(|errors| StoreError::refused(errors.to_string()))?;
    Ok(plan)
}

/// Of wanted definitions, those that were published before and replaced since, as steps: what an older program would take
/// back without knowing.
///
/// # Errors
/// As [`City::read`].
pub async fn going_back(city: &City, definitions: &[Arc<LedgerDef>]) -> Result<Vec<Step>> {
    let catalogue = city.catalogue();
    let mut steps = Vec::new();
    for def in definitions {
        let Some(present) = catalogue.get(&def.key).filter(|present| hash(&present.def) != hash(def)) else { continue };
        let sql = Sql::with(
            "SELECT max(version) FROM {definition} WHERE ledger = $1 AND hash = $2",
            [def.key.as_str().into(), hash(def).into()],
        );
        let version: Option<i64> = city.read_one(sql).await?.map_or(Ok(None), |row| row.get(0))?;
        let Some(version) = version else { continue };
        steps.push(Step {
            ledger: def.key.clone(),
            kind: StepKind::GoBack { version },
            effect: Effect::Changes,
            message: format!("台帳 {} を、第{}版から以前の第{version}版の定義に戻す", def.key, present.version),
        });
    }
    Ok(steps)
}

/// What a definition says, whoever wrote it.
pub(super) fn hash(def: &LedgerDef) -> [u8; 32] {
    Sha256::digest(def.source.text.as_bytes()).into()
}

/// Of fields that are wanted and not published, those whose columns are there from earlier: the last definition that had
/// them.
async fn earlier_fields(
    city: &City,
    def: &LedgerDef,
    present: Option<&LedgerDef>,
    shape: &Shape,
) -> Result<Vec<(String, Arc<LedgerDef>)>> {
    let table = def.table();
    let new = def.fields.iter().filter(|field| present.is_none_or(|present| present.field(&field.key).is_none()));
    let mut found = Vec::new();
    for field in new {
        let has_column = field.columns().first().is_some_and(|column| shape.has_column(&table, &column.name));
        let has_table = shape.tables.contains_key(&crate::ledger::child_table(def, &field.key));
        if !has_column && !has_table {
            continue;
        }
        for version in versions(city, &def.key).await? {
            let earlier = city.definition(&def.key, version).await?;
            if earlier.field(&field.key).is_some() {
                found.push((field.key.clone(), earlier));
                break;
            }
        }
    }
    Ok(found)
}

/// The published versions of a ledger, newest first.
pub(super) async fn versions(city: &City, ledger: &str) -> Result<Vec<i64>> {
    let sql = Sql::with("SELECT version FROM {definition} WHERE ledger = $1 ORDER BY version DESC", [ledger.into()]);
    city.read(sql).await?.iter().map(|row| row.get(0)).collect()
}
