//! Finding records for many rows at once: those that cells name, those that rows change, those that hold a key already.

use std::collections::{HashMap, HashSet};

use kawasemi_identity::Context;
use kawasemi_kernel::text::tidy_line;
use kawasemi_kernel::{Fields, RecordId, Value};
use kawasemi_schema::{Action, FieldDef, FieldKind, LedgerDef};
use kawasemi_store::list::ListQuery;
use kawasemi_store::record::read::RECORDS;
use kawasemi_store::record::{Projection, RecordRow, columns, read};
use kawasemi_store::{Param, Sql};

use super::file::SheetRow;
use super::mapping::Mapping;
use crate::error::Result;
use crate::field::{self, Style};
use crate::ledgers::{Gate, Ledgers};
use crate::record::RowView;

/// Most names that are remembered over chunks.
const REMEMBERED: usize = 100_000;
/// Keys of several columns that are asked for at once.
const KEYS_AT_ONCE: usize = 100;

const UNKNOWN: &str = "この番号または名称の記録が見つかりません。参照先の台帳を確かめてください。";
const AMBIGUOUS: &str = "同じ名称の記録が二つ以上あります。番号で指定してください。";

/// A record that a cell names, or why there is none.
pub(super) type Named = Result<RecordId, &'static str>;

/// The records that cells of reference fields name, remembered from chunk to chunk.
#[derive(Default)]
pub(super) struct References {
    known: HashMap<(String, String), Named>,
}

impl References {
    /// Looks up everything that a chunk's cells name.
    pub async fn learn(
        &mut self,
        ledgers: &Ledgers,
        context: &Context,
        def: &LedgerDef,
        mapping: &Mapping,
        rows: &[SheetRow],
    ) -> Result<()> {
        if self.known.len() > REMEMBERED {
            self.known.clear();
        }
        for field in mapping.fields(def) {
            let FieldKind::Reference { target } = &field.kind else { continue };
            let texts = rows.iter().map(|row| text_of(mapping, row, field)).filter(|text| !text.is_empty());
            let new: HashSet<String> =
                texts.filter(|text| !self.known.contains_key(&(target.clone(), text.clone()))).collect();
            if !new.is_empty() {
                let found = named(ledgers, context, target, &new).await?;
                for text in new {
                    let named = found.get(&text).copied().unwrap_or(Err(UNKNOWN));
                    self.known.insert((target.clone(), text), named);
                }
            }
        }
        Ok(())
    }

    /// What a cell names; none where it is empty.
    pub fn of(&self, mapping: &Mapping, row: &SheetRow, field: &FieldDef) -> Option<Named> {
        let FieldKind::Reference { target } = &field.kind else { return None };
        let text = text_of(mapping, row, field);
        (!text.is_empty()).then(|| self.known.get(&(target.clone(), text)).copied().unwrap_or(Err(UNKNOWN)))
    }
}

fn text_of(mapping: &Mapping, row: &SheetRow, field: &FieldDef) -> String {
    let text: String = mapping.cell(row, &field.key).to_text().chars().take(300).collect();
    tidy_line(&text)
}

/// The records of a ledger by id, number or name, as far as the caller may see them.
async fn named(
    ledgers: &Ledgers,
    context: &Context,
    target: &str,
    texts: &HashSet<String>,
) -> Result<HashMap<String, Named>> {
    let mut found: HashMap<String, Named> = HashMap::new();
    let Ok(gate) = ledgers.gate_for(context, target, Action::Read) else { return Ok(found) };
    let ids: Vec<RecordId> = texts.iter().filter_map(|text| text.parse().ok()).collect();
    for id in ledgers.visible_ids(context, target, &ids).await? {
        found.insert(id.to_string(), Ok(id));
    }
    let label = only_label(&gate);
    let names: Vec<&String> = texts.iter().filter(|text| text.parse::<RecordId>().is_err()).collect();
    for names in names.chunks(500) {
        let Some(condition) = name_condition(ledgers, &gate, label, names) else { break };
        let mut query = ListQuery::new(&gate.ledger);
        query.projection = gate.projection(label.map(|field| field.key.as_str()));
        query.condition = Some(condition);
        query.limit = 2 * names.len() + 100;
        for row in query.page(ledgers.city()).await?.records {
            if gate.access.row_clearance(Action::Read, &RowView(&row)).is_none() {
                continue;
            }
            let name = label.map(|field| field::show(field, value(&row.fields, &field.key), &Style::file()));
            for text in row.number.clone().into_iter().chain(name) {
                let named = found.entry(text).or_insert(Ok(row.id));
                if *named != Ok(row.id) {
                    *named = Err(AMBIGUOUS);
                }
            }
        }
    }
    Ok(found)
}

/// The field by which records of a ledger are called, where that is one line of text.
fn only_label(gate: &Gate) -> Option<&FieldDef> {
    match gate.def().label.as_slice() {
        [key] => gate.def().field(key).filter(|field| matches!(field.kind, FieldKind::Text { .. })),
        _ => None,
    }
}

fn name_condition(ledgers: &Ledgers, gate: &Gate, label: Option<&FieldDef>, names: &[&String]) -> Option<Sql> {
    let needed = gate.access.needed(Action::Read, label.map(|field| field.key.as_str())).ok()?;
    let granted = gate.condition(Action::Read, needed, ledgers.dialect())?;
    let mut sql = granted.condition;
    let list = || names.iter().map(|name| Param::from(name.as_str()));
    sql.push(" AND (").column(RECORDS, "number").push(" IN (").bind_list(list()).push(")");
    if let Some(field) = label {
        sql.push(" OR ").column(RECORDS, &field.key).push(" IN (").bind_list(list()).push(")");
    }
    sql.push(")");
    Some(sql)
}

fn value<'a>(fields: &'a Fields, key: &str) -> &'a Value {
    fields.get(key).unwrap_or(&Value::Null)
}

/// A key of one or several fields, in a form that is equal for equal values; none where a part is empty.
pub(super) fn key_of(def: &LedgerDef, key: &[String], fields: &Fields) -> Option<String> {
    let params = key_params(def, key, fields)?;
    Some(format!("{params:?}"))
}

fn key_params(def: &LedgerDef, key: &[String], fields: &Fields) -> Option<Vec<Param>> {
    let param = |key: &String| {
        let field = def.field(key)?;
        let first = columns::encode(field, value(fields, key)).ok()?.into_iter().next()?;
        (first != Param::Null).then_some(first)
    };
    key.iter().map(param).collect()
}

/// The records that hold one of these keys, by key. Who may see them is not asked: a key is taken for everybody.
pub(super) async fn holders(
    ledgers: &Ledgers,
    gate: &Gate,
    key: &[String],
    wanted: &[&Fields],
    projection: Projection,
) -> Result<HashMap<String, RecordRow>> {
    let params: Vec<Vec<Param>> = wanted.iter().filter_map(|fields| key_params(gate.def(), key, fields)).collect();
    let mut found = HashMap::new();
    for params in params.chunks(if key.len() == 1 { 500 } else { KEYS_AT_ONCE }) {
        let mut sql = Sql::new();
        if let [column] = key {
            sql.column(RECORDS, column).push(" IN (").bind_list(params.iter().flatten().cloned()).push(")");
        } else {
            for (index, params) in params.iter().enumerate() {
                sql.push(if index > 0 { " OR (" } else { "(" });
                for (position, (column, param)) in key.iter().zip(params).enumerate() {
                    sql.push(if position > 0 { " AND " } else { "" })
                        .column(RECORDS, column)
                        .push(" = ")
                        .bind(param.clone());
                }
                sql.push(")");
            }
        }
        let mut query = ListQuery::new(&gate.ledger);
        query.projection = projection.clone();
        query.condition = Some(sql);
        query.limit = params.len() + 1;
        for row in query.page(ledgers.city()).await?.records {
            if let Some(key) = key_of(gate.def(), key, &row.fields) {
                found.insert(key, row);
            }
        }
    }
    Ok(found)
}

/// The records with these ids or numbers, by the text under which the file has them.
pub(super) async fn by_name(
    ledgers: &Ledgers,
    gate: &Gate,
    by: &str,
    texts: &[String],
) -> Result<HashMap<String, RecordRow>> {
    let mut found = HashMap::new();
    if by == "id" {
        let ids: Vec<RecordId> = texts.iter().filter_map(|text| text.parse().ok()).collect();
        for row in read::records(ledgers.city(), &gate.ledger, &Projection::all(&gate.ledger), &ids).await? {
            if row.deleted_at.is_none() {
                found.insert(row.id.to_string(), row);
            }
        }
        return Ok(found);
    }
    for texts in texts.chunks(500) {
        let mut sql = Sql::new();
        sql.column(RECORDS, "number").push(" IN (").bind_list(texts.iter().map(Param::from)).push(")");
        let mut query = ListQuery::new(&gate.ledger);
        query.condition = Some(sql);
        query.limit = texts.len() + 1;
        for row in query.page(ledgers.city()).await?.records {
            if let Some(number) = row.number.clone() {
                found.insert(number, row);
            }
        }
    }
    Ok(found)
}
