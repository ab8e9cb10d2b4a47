//! Disclosure to the person concerned (保有個人情報の開示, 個人情報の保護に関する法律第76条以下): all that is held on one person,
//! as one package.
//!
//! What is held is found by following references one step: the record itself, and the records of every ledger that refer to
//! it. The officer decides for each item whether it is withheld (不開示, 第78条) and why; names and addresses of third persons
//! are offered for blackening. The package is a ZIP file with an index for reading, one table for each ledger and the attached
//! files; what is withheld is blackened (■) and listed with its reason. The decision is kept, what was disclosed is not.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};

use futures::StreamExt as _;
use kawasemi_identity::Context;
use kawasemi_identity::access_log::Manner;
use kawasemi_kernel::csv_safe::guard;
use kawasemi_kernel::{Fields, Lang, RecordId, Value};
use kawasemi_ledger::{LedgerError, Style, field};
use kawasemi_schema::{FieldDef, FieldKind, LedgerDef};
use kawasemi_store::{Sql, Unit};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::city::Oversight;
use crate::error::{OversightError, Result};

/// What stands for what is withheld.
pub const BLACKENED: &str = "■■■■";

/// One item of a record, as it would be disclosed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The field's key.
    pub field: String,
    /// The field's name.
    pub label: String,
    /// What stands in it.
    pub text: String,
    /// Whether it may tell of somebody else (第78条第1項第2号): the officer looks at it first.
    pub of_third_person: bool,
    /// The attached files, by hash and name.
    pub files: Vec<(String, String)>,
}

/// A record that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRecord {
    /// The ledger's key.
    pub ledger: String,
    /// The ledger's name.
    pub title: String,
    /// The record.
    pub record: RecordId,
    /// Its human number.
    pub number: Option<String>,
    /// Its items that are filled in.
    pub items: Vec<Item>,
}

/// What is withheld, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withheld {
    /// The ledger.
    pub ledger: String,
    /// The record.
    pub record: RecordId,
    /// The field; none for the whole record.
    pub field: Option<String>,
    /// Why, such as 第78条第1項第2号（第三者の個人情報）.
    pub reason: String,
}

/// A decision that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Its id.
    pub id: Uuid,
    /// The ledger of the person's record.
    pub ledger: String,
    /// The person's record.
    pub record: RecordId,
    /// What was withheld.
    pub withheld: Vec<Withheld>,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: jiff::Timestamp,
    /// SHA-256 of the package.
    pub digest: String,
}

impl Oversight {
    /// All that is held on the person of a record. The officer sees it whatever the grants say, and the look is noted.
    ///
    /// # Errors
    /// [`OversightError::Forbidden`], [`OversightError::NotFound`].
    pub async fn held_on(&self, context: &Context, ledger: &str, record: RecordId) -> Result<Vec<HeldRecord>> {
        self.gathered(context, ledger, record, Manner::Read).await
    }

    async fn gathered(
        &self,
        context: &Context,
        ledger: &str,
        record: RecordId,
        manner: Manner,
    ) -> Result<Vec<HeldRecord>> {
        context.require_privacy_officer()?;
        let system = self.system(context.act.at);
        let catalogue = self.city().catalogue();
        let mut held = Vec::new();
        for (key, id) in self.records_about(ledger, record).await? {
            let Some(known) = catalogue.get(&key) else { continue };
            let found = match self.ledgers().get(&system, &key, id).await {
                Ok(found) => found,
                // Work that is not published, or whose use is stopped.
                Err(LedgerError::NotFound) => continue,
                Err(error) => return Err(error.into()),
            };
            self.note_look(context, &known.def, id, found.fields(), manner).await?;
            let labels = self.ledgers().labels(&system, &key, std::slice::from_ref(&found)).await?;
            let style = Style::page(Lang::Ja).in_wareki(true).with_labels(&labels);
            held.push(HeldRecord {
                ledger: key.clone(),
                title: known.def.title.get(Lang::Ja).to_owned(),
                record: id,
                number: found.number.clone(),
                items: items(&known.def, found.fields(), &style, key == ledger),
            });
        }
        if held.is_empty() { Err(OversightError::NotFound) } else { Ok(held) }
    }

    /// Puts the package together and keeps the decision. Answers the ZIP file, at its beginning.
    ///
    /// # Errors
    /// As [`Oversight::held_on`]; [`OversightError::Refused`] where something is withheld without a reason;
    /// [`OversightError::Package`] where the file can't be written.
    pub async fn disclose(
        &self,
        context: &Context,
        ledger: &str,
        record: RecordId,
        withheld: Vec<Withheld>,
    ) -> Result<(Uuid, File)> {
        if let Some(nameless) = withheld.iter().find(|each| each.reason.trim().is_empty()) {
            let field = nameless.field.as_deref().unwrap_or("記録の全体");
            return Err(OversightError::refused(format!("不開示にする「{field}」の理由を選んでください。")));
        }
        let held = self.gathered(context, ledger, record, Manner::Export).await?;
        let mut package = Package::begin(withheld.clone())?;
        for (title, records) in by_ledger(&held) {
            package.table(&title, &records)?;
        }
        for each in &held {
            for (item, hash, name) in package.open_files(each) {
                let bytes = self.content(&hash).await?;
                package.file(each, &item, &name, &bytes)?;
            }
        }
        let mut file = package.end(&held, context.today(), self.city().info().name.as_str())?;
        let digest = digest(&mut file)?;
        let id = self.ids().next();
        let decision = serde_json::to_string(&withheld).map_err(|error| OversightError::Package(error.to_string()))?;
        let insert = Sql::with(
            "INSERT INTO {disclosure} (id, ledger, record, decision, made_by, made_at, digest) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [
                id.into(),
                ledger.into(),
                record.0.into(),
                decision.into(),
                context.act.actor.to_string().into(),
                context.act.at.as_microsecond().into(),
                digest.into(),
            ],
        );
        self.city().write(Unit::of([insert.into()])).await?;
        Ok((id, file))
    }

    /// The decisions, the latest first.
    ///
    /// # Errors
    /// [`OversightError::Forbidden`]; as [`kawasemi_store::City::read`].
    pub async fn disclosures(&self, context: &Context) -> Result<Vec<Decision>> {
        context.require_overseer()?;
        let sql = Sql::with(
            "SELECT id, ledger, record, decision, made_by, made_at, digest FROM {disclosure} \
             ORDER BY made_at DESC, id LIMIT 500",
            [],
        );
        let rows = self.city().read(sql).await?;
        rows.iter()
            .map(|row| {
                Ok(Decision {
                    id: row.get(0)?,
                    ledger: row.get(1)?,
                    record: RecordId(row.get(2)?),
                    withheld: serde_json::from_str(&row.get::<String>(3)?).unwrap_or_default(),
                    made_by: row.get(4)?,
                    made_at: jiff::Timestamp::from_microsecond(row.get(5)?).unwrap_or(jiff::Timestamp::MIN),
                    digest: row.get(6)?,
                })
            })
            .collect()
    }

    async fn content(&self, hash: &str) -> Result<Vec<u8>> {
        let mut content = std::pin::pin!(self.files()?.get(hash).await?);
        let mut bytes = Vec::new();
        while let Some(part) = content.next().await {
            bytes.extend_from_slice(&part.map_err(|error| OversightError::Package(error.to_string()))?);
        }
        Ok(bytes)
    }
}

fn items(def: &LedgerDef, fields: &Fields, style: &Style<'_>, is_own: bool) -> Vec<Item> {
    let filled = def.fields.iter().filter_map(|field| Some((field, fields.get(&field.key)?)));
    filled
        .map(|(def, value)| Item {
            field: def.key.clone(),
            label: def.label.get(Lang::Ja).to_owned(),
            text: field::show(def, value, style),
            of_third_person: !is_own && names_somebody(def),
            files: match value {
                Value::Files(files) => files.iter().map(|file| (file.sha256.clone(), file.name.clone())).collect(),
                _ => Vec::new(),
            },
        })
        .collect()
}

/// Whether a field holds what tells of a person: outside the person's own record it may be another's.
fn names_somebody(field: &FieldDef) -> bool {
    matches!(field.kind, FieldKind::PersonName | FieldKind::Phone | FieldKind::Mail | FieldKind::Address)
}

fn by_ledger(held: &[HeldRecord]) -> BTreeMap<String, Vec<&HeldRecord>> {
    let mut all: BTreeMap<String, Vec<&HeldRecord>> = BTreeMap::new();
    for each in held {
        all.entry(each.title.clone()).or_default().push(each);
    }
    all
}

/// The ZIP file while it is written.
struct Package {
    zip: ZipWriter<File>,
    withheld: Vec<Withheld>,
    files: Vec<String>,
}

impl Package {
    fn begin(withheld: Vec<Withheld>) -> Result<Self> {
        Ok(Self { zip: ZipWriter::new(tempfile::tempfile()?), withheld, files: Vec::new() })
    }

    fn reason(&self, record: &HeldRecord, field: &str) -> Option<&str> {
        let is_it = |each: &&Withheld| {
            each.record == record.record
                && each.ledger == record.ledger
                && each.field.as_deref().is_none_or(|known| known == field)
        };
        self.withheld.iter().find(is_it).map(|each| each.reason.as_str())
    }

    fn shown<'a>(&'a self, record: &HeldRecord, item: &'a Item) -> &'a str {
        if self.reason(record, &item.field).is_some() { BLACKENED } else { &item.text }
    }

    fn put(&mut self, name: &str, content: &[u8]) -> Result<()> {
        self.zip.start_file(name, SimpleFileOptions::default())?;
        self.zip.write_all(content)?;
        Ok(())
    }

    /// A table of a ledger's records, for spreadsheets.
    fn table(&mut self, title: &str, records: &[&HeldRecord]) -> Result<()> {
        let mut columns: Vec<(&str, &str)> = Vec::new();
        for item in records.iter().flat_map(|record| &record.items) {
            if !columns.iter().any(|(key, _)| *key == item.field) {
                columns.push((&item.field, &item.label));
            }
        }
        let mut text = String::from("\u{feff}");
        let heads = std::iter::once("番号").chain(columns.iter().map(|(_, label)| *label));
        text.push_str(&line(heads));
        for record in records {
            let cells = columns.iter().map(|(key, _)| {
                let item = record.items.iter().find(|item| item.field == *key);
                item.map_or("", |item| self.shown(record, item))
            });
            text.push_str(&line(std::iter::once(record.number.as_deref().unwrap_or_default()).chain(cells)));
        }
        self.put(&format!("{}.csv", safe(title)), text.as_bytes())
    }

    /// The files of a record that are not withheld: item, hash, name.
    fn open_files(&self, record: &HeldRecord) -> Vec<(String, String, String)> {
        let open = record.items.iter().filter(|item| self.reason(record, &item.field).is_none());
        open.flat_map(|item| item.files.iter().map(|(hash, name)| (item.label.clone(), hash.clone(), name.clone())))
            .collect()
    }

    fn file(&mut self, record: &HeldRecord, item: &str, name: &str, bytes: &[u8]) -> Result<()> {
        let number = self.files.len() + 1;
        let path = format!("添付/{number:03}_{}_{}_{}", safe(&record.title), safe(item), safe(name));
        self.put(&path, bytes)?;
        self.files.push(path);
        Ok(())
    }

    /// The index, which a browser opens and prints.
    fn end(mut self, held: &[HeldRecord], day: jiff::civil::Date, city: &str) -> Result<File> {
        let index = self.index(held, day, city);
        self.put("目次.html", index.as_bytes())?;
        let mut file = self.zip.finish()?;
        file.rewind()?;
        Ok(file)
    }

    fn index(&self, held: &[HeldRecord], day: jiff::civil::Date, city: &str) -> String {
        let day = kawasemi_kernel::era::long(day);
        let mut html = format!(
            "<!doctype html><html lang=\"ja\"><head><meta charset=\"utf-8\"><title>保有個人情報の開示</title><style>\
             body{{font-family:sans-serif;margin:2em;line-height:1.6}}table{{border-collapse:collapse;width:100%;margin-bottom:2em}}\
             th,td{{border:1px solid #555;padding:.3em .6em;text-align:left;vertical-align:top}}th{{width:12em;background:#eee}}\
             @page{{size:A4;margin:20mm}}h2{{break-after:avoid}}</style></head><body><h1>保有個人情報の開示</h1>\
             <p>{}　{}</p>",
            escape(city),
            escape(&day)
        );
        for record in held {
            let number = record.number.as_deref().map(|number| format!("（{number}）")).unwrap_or_default();
            html.push_str(&format!("<h2>{}{}</h2><table>", escape(&record.title), escape(&number)));
            for item in &record.items {
                let text = escape(self.shown(record, item)).replace('\n', "<br>");
                html.push_str(&format!("<tr><th>{}</th><td>{text}</td></tr>", escape(&item.label)));
            }
            html.push_str("</table>");
        }
        html.push_str("<h2>不開示とした部分とその理由</h2>");
        if self.withheld.is_empty() {
            html.push_str("<p>ありません。すべてを開示しています。</p>");
        } else {
            html.push_str("<table>");
            for each in &self.withheld {
                let record = held.iter().find(|record| record.record == each.record && record.ledger == each.ledger);
                let title = record.map_or("", |record| record.title.as_str());
                let label = record.and_then(|record| {
                    let item = record.items.iter().find(|item| Some(&item.field) == each.field.as_ref())?;
                    Some(item.label.as_str())
                });
                let what = format!("{title}　{}", label.unwrap_or("記録の全体"));
                html.push_str(&format!("<tr><th>{}</th><td>{}</td></tr>", escape(&what), escape(&each.reason)));
            }
            html.push_str("</table>");
        }
        if !self.files.is_empty() {
            html.push_str("<h2>添付ファイル</h2><ul>");
            for path in &self.files {
                html.push_str(&format!("<li>{}</li>", escape(path)));
            }
            html.push_str("</ul>");
        }
        html.push_str("</body></html>");
        html
    }
}

/// A line of CSV (RFC 4180), safe for spreadsheets.
fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.map(|cell| format!("\"{}\"", guard(cell).replace('"', "\"\""))).collect();
    format!("{}\r\n", cells.join(","))
}

/// A name that every system takes as a file's.
fn safe(name: &str) -> String {
    let kept: String =
        name.chars().map(|c| if c.is_control() || "\\/:*?\"<>|".contains(c) { '_' } else { c }).collect();
    let kept = kept.trim_matches(['.', ' ']).to_owned();
    if kept.is_empty() { "_".to_owned() } else { kept.chars().take(80).collect() }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn digest(file: &mut File) -> Result<String> {
    let mut hasher = Sha256::new();
    let mut part = vec![0; 65_536];
    loop {
        let read = file.read(&mut part)?;
        if read == 0 {
            break;
        }
        hasher.update(&part[..read]);
    }
    file.rewind()?;
    Ok(hex::encode(hasher.finalize()))
}
