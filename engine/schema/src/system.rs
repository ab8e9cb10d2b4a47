//! A system of the city hall: its title, roles, ledgers and figures, read from a folder.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::is_kebab;
use crate::error::SchemaErrors;
use crate::ledger::{LedgerDef, parse};
use crate::raw::{RawKpis, RawSystem};
use crate::source::SourceFile;
use crate::text::Text;

/// What a system says about itself.
#[derive(Clone, Debug)]
pub struct SystemDef {
    /// The folder's name.
    pub key: String,
    /// Its name for people.
    pub title: Text,
    /// What it does.
    pub description: Text,
    /// The key of the department that answers for it.
    pub owner: String,
    /// Names of the policy initiatives that it serves.
    pub initiatives: Vec<String>,
    /// Roles that it brings.
    pub roles: Vec<RoleDef>,
}

/// A role that can be given to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleDef {
    /// Stable key.
    pub key: String,
    /// Its name for people.
    pub title: Text,
    /// What someone with it does.
    pub description: Text,
}

/// A figure counted from records (指標).
#[derive(Clone, Debug)]
pub struct KpiDef {
    /// Stable key.
    pub key: String,
    /// Its name for people.
    pub title: Text,
    /// The ledger whose records are counted.
    pub ledger: String,
    /// CQL2 condition.
    pub filter: Option<String>,
    /// How they are put together.
    pub aggregate: Aggregate,
    /// The field that is summed or averaged.
    pub field: Option<String>,
    /// The unit.
    pub unit: String,
    /// Where in its file it stands.
    pub path: String,
}

/// How a figure is put together from records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Aggregate {
    /// How many (件数).
    #[default]
    Count,
    /// The sum (合計).
    Sum,
    /// The mean (平均).
    Average,
    /// The smallest (最小).
    Min,
    /// The largest (最大).
    Max,
}

/// Everything that a system's folder declares.
#[derive(Clone, Debug)]
pub struct SystemBundle {
    /// The system.
    pub system: SystemDef,
    /// Its ledgers.
    pub ledgers: Vec<Arc<LedgerDef>>,
    /// Its figures.
    pub kpis: Vec<KpiDef>,
    /// Its layouts of other systems' files (連携レイアウト), which the exchange reads.
    pub layouts: Vec<SourceFile>,
}

impl SystemBundle {
    /// Reads the files of a folder: `system.toml`, `ledgers/*.toml`, `layouts/*.toml` and, where there is one, `kpis.toml`.
    /// Names are relative to the folder; `folder` stands before them in messages.
    pub fn read(folder: &str, files: &[(&str, &str)]) -> Result<Self, SchemaErrors> {
        let mut errors = Vec::new();
        let (mut system, mut ledgers, mut kpis, mut layouts) = (None, Vec::new(), Vec::new(), Vec::new());
        for (name, text) in files {
            let source = SourceFile::new(format!("{folder}/{name}"), *text);
            let outcome = match *name {
                "system.toml" => read_system(&source).map(|read| system = Some(read)),
                "kpis.toml" => read_kpis(&source).map(|read| kpis = read),
                name if name.starts_with("ledgers/") && name.ends_with(".toml") => {
                    LedgerDef::read(source).map(|ledger| ledgers.push(Arc::new(ledger)))
                }
                name if name.starts_with("layouts/") && name.ends_with(".toml") => {
                    layouts.push(source);
                    Ok(())
                }
                _ => Err(source.error("", "この場所のファイルは読みません", "ledgers/ に置いてください").into()),
            };
            if let Err(SchemaErrors(found)) = outcome {
                errors.extend(found);
            }
        }
        let missing = SourceFile::new(format!("{folder}/system.toml"), "");
        match system {
            Some(system) if errors.is_empty() => Ok(Self { system, ledgers, kpis, layouts }),
            None if errors.is_empty() => Err(missing.error("", "system.toml がありません", "").into()),
            _ => Err(SchemaErrors(errors)),
        }
    }
}

fn read_system(source: &SourceFile) -> Result<SystemDef, SchemaErrors> {
    let raw: RawSystem = parse(source)?;
    for (path, key) in [("key".to_owned(), &raw.key)]
        .into_iter()
        .chain(raw.role.iter().enumerate().map(|(n, role)| (format!("role.{n}.key"), &role.key)))
    {
        if !is_kebab(key) {
            let hint = "英小文字で始め、英小文字・数字・ハイフンで書いてください";
            return Err(source.error(&path, format!("キー「{key}」の形が正しくありません"), hint).into());
        }
    }
    let roles = raw
        .role
        .into_iter()
        .map(|role| RoleDef { key: role.key, title: role.title, description: role.description })
        .collect();
    Ok(SystemDef {
        key: raw.key,
        title: raw.title,
        description: raw.description,
        owner: raw.owner,
        initiatives: raw.initiatives,
        roles,
    })
}

fn read_kpis(source: &SourceFile) -> Result<Vec<KpiDef>, SchemaErrors> {
    let raw: RawKpis = parse(source)?;
    let mut kpis = Vec::with_capacity(raw.kpi.len());
    for (n, kpi) in raw.kpi.into_iter().enumerate() {
        let path = format!("kpi.{n}");
        if (kpi.aggregate == Aggregate::Count) == kpi.field.is_some() {
            let message = "件数に field は要らず、合計や平均には field が要ります";
            return Err(source.error(&path, message, "").into());
        }
        kpis.push(KpiDef {
            key: kpi.key,
            title: kpi.title,
            ledger: kpi.ledger,
            filter: kpi.filter,
            aggregate: kpi.aggregate,
            field: kpi.field,
            unit: kpi.unit,
            path,
        });
    }
    Ok(kpis)
}
