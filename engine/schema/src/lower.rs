//! From the shapes of the file to what they mean: kinds get their details, and a detail that does not belong is refused.

use kawasemi_kernel::decimal::{Decimal, MAX_SCALE};

use crate::clearance::Clearance;
use crate::error::{SchemaError, SchemaErrors};
use crate::field::{Choice, ComputedFrom, FieldDef, FieldKind};
use crate::ledger::{GrantDef, LedgerDef, ListDef, MapDef, Retention, SortKey};
use crate::raw::{FieldType, Limit, RawField, RawLedger, RawMap};
use crate::source::SourceFile;

/// Longest line of text where the definition says nothing.
const TEXT_LENGTH: u32 = 200;
/// Longest long text where the definition says nothing.
const LONG_TEXT_LENGTH: u32 = 20_000;
/// Most child rows where the definition says nothing.
const ROWS: u32 = 500;
/// Most files where the definition says nothing.
const FILES: u32 = 20;
/// Largest file in MiB where the definition says nothing.
const FILE_MIB: u32 = 50;
/// Columns of a list where the definition says nothing.
const LIST_COLUMNS: usize = 6;

pub(crate) fn ledger(raw: RawLedger, source: SourceFile) -> Result<LedgerDef, SchemaErrors> {
    let mut lowering = Lowering { source: &source, errors: Vec::new() };
    let fields = lowering.fields(raw.field, "");
    let errors = lowering.errors;
    if !errors.is_empty() {
        return Err(SchemaErrors(errors));
    }
    let mut unique: Vec<Vec<String>> = raw.unique.into_iter().map(|key| key.fields).collect();
    unique.extend(fields.iter().filter(|f| f.unique).map(|f| vec![f.key.clone()]));
    let columns = if raw.list.columns.is_empty() { columns_of(&fields) } else { raw.list.columns };
    let grants = raw
        .grant
        .into_iter()
        .enumerate()
        .map(|(n, grant)| GrantDef {
            role: grant.role,
            actions: grant.actions,
            rows: grant.rows,
            clearance: grant.clearance,
            reason: grant.reason,
            path: format!("grant.{n}"),
        })
        .collect();
    Ok(LedgerDef {
        key: raw.key,
        title: raw.title,
        description: raw.description,
        owner: raw.owner,
        purpose: raw.purpose,
        personal_file: raw.personal_file,
        subject: raw.subject,
        label: raw.label,
        retention: Retention { years: raw.retention.years, from: raw.retention.from, basis: raw.retention.basis },
        number: raw.number,
        list: ListDef {
            columns,
            sort: raw.list.sort.iter().map(|s| SortKey::parse(s)).collect(),
            facets: raw.list.facets,
            scope: raw.list.scope,
            calendar: raw.list.calendar,
        },
        map: map(raw.map, &fields),
        fields,
        indexes: raw.index.into_iter().map(|index| index.fields).collect(),
        unique,
        checks: raw.check,
        freeze: raw.freeze,
        protection: raw.protection,
        protects: raw.protects,
        master: raw.master,
        keeps: raw.keep,
        views: raw.view,
        grants,
        source,
    })
}

/// How records are drawn: as the definition says, or by the first geometry where it says nothing.
fn map(raw: Option<RawMap>, fields: &[FieldDef]) -> Option<MapDef> {
    let is_said = raw.is_some();
    let raw = raw.unwrap_or_default();
    let first = || fields.iter().find(|field| field.kind.is_geometry()).map(|field| field.key.clone());
    // What is said of a ledger without a geometry is refused by the check, which finds no field of an empty name.
    let geometry = raw.geometry.or_else(first).or_else(|| is_said.then(String::new))?;
    Some(MapDef { geometry, colour: raw.colour, label: raw.label, min_zoom: raw.min_zoom.unwrap_or_default() })
}

/// The columns of a list where the definition says nothing.
pub(crate) fn usual_columns(fields: &[RawField]) -> Vec<String> {
    let source = SourceFile::default();
    let mut lowering = Lowering { source: &source, errors: Vec::new() };
    columns_of(&lowering.fields(fields.to_vec(), ""))
}

fn columns_of(fields: &[FieldDef]) -> Vec<String> {
    fields.iter().filter(|f| f.kind.scalar().is_some()).take(LIST_COLUMNS).map(|f| f.key.clone()).collect()
}

struct Lowering<'a> {
    source: &'a SourceFile,
    errors: Vec<SchemaError>,
}

impl Lowering<'_> {
    fn fields(&mut self, raw: Vec<RawField>, parent: &str) -> Vec<FieldDef> {
        let is_unsaid: Vec<bool> = raw.iter().map(|field| field.clearance.is_none()).collect();
        let fields = raw.into_iter().enumerate().map(|(n, field)| self.field(field, format!("{parent}field.{n}")));
        let mut fields: Vec<FieldDef> = fields.collect();
        close_computed(&mut fields, &is_unsaid);
        protect_computed(&mut fields);
        fields
    }

    fn refuse(&mut self, path: &str, message: impl Into<String>, hint: impl Into<String>) {
        self.errors.push(self.source.error(path, message, hint));
    }

    fn field(&mut self, mut raw: RawField, path: String) -> FieldDef {
        let clearance = raw.clearance.unwrap_or(Clearance::Internal);
        let ty = raw.r#type;
        let kind = self.kind(&mut raw, ty, &path);
        self.refuse_leftovers(&raw, &path);
        let searchable = matches!(
            kind,
            FieldKind::Text { .. } | FieldKind::LongText { .. } | FieldKind::PersonName | FieldKind::Address
        );
        FieldDef {
            search: raw.search.unwrap_or(searchable),
            key: raw.key,
            label: raw.label,
            hint: raw.hint,
            section: raw.section,
            kind,
            required: raw.required,
            required_when: raw.required_when,
            shown_when: raw.shown_when,
            clearance,
            protected: raw.protected,
            unique: raw.unique,
            default: raw.default,
            was: raw.was,
            path,
        }
    }

    /// Takes from the raw field what its type uses; what is left over belongs to another type.
    fn kind(&mut self, raw: &mut RawField, ty: FieldType, path: &str) -> FieldKind {
        match ty {
            FieldType::Text => FieldKind::Text { max_length: raw.max_length.take().unwrap_or(TEXT_LENGTH) },
            FieldType::LongText => {
                FieldKind::LongText { max_length: raw.max_length.take().unwrap_or(LONG_TEXT_LENGTH) }
            }
            FieldType::Integer => {
                let (min, max) = self.limits(raw, 0, path);
                FieldKind::Integer { min, max, unit: raw.unit.take().unwrap_or_default() }
            }
            FieldType::Decimal => {
                let scale = raw.scale.take().unwrap_or(2);
                if scale > MAX_SCALE {
                    self.refuse(&format!("{path}.scale"), format!("小数点以下は{MAX_SCALE}桁までです"), "");
                }
                let (min, max) = self.limits(raw, scale.min(MAX_SCALE), path);
                FieldKind::Decimal { scale: scale.min(MAX_SCALE), min, max, unit: raw.unit.take().unwrap_or_default() }
            }
            FieldType::Yen => {
                let (min, max) = self.limits(raw, 0, path);
                FieldKind::Yen { min, max }
            }
            FieldType::Date => FieldKind::Date,
            FieldType::DateTime => FieldKind::DateTime,
            FieldType::YearMonth => FieldKind::YearMonth,
            FieldType::FiscalYear => FieldKind::FiscalYear,
            FieldType::YesNo => FieldKind::YesNo,
            FieldType::Choice => FieldKind::Choice { choices: self.choices(raw, path) },
            FieldType::Choices => FieldKind::Choices { choices: self.choices(raw, path) },
            FieldType::PersonName => FieldKind::PersonName,
            FieldType::Address => FieldKind::Address,
            FieldType::Phone => FieldKind::Phone,
            FieldType::CorporateNumber => FieldKind::CorporateNumber,
            FieldType::Mail => FieldKind::Mail,
            FieldType::Url => FieldKind::Url,
            FieldType::Reference => FieldKind::Reference {
                target: raw.target.take().unwrap_or_else(|| {
                    self.refuse(path, "参照先の台帳がありません", "target = \"台帳のキー\" を足してください");
                    String::new()
                }),
            },
            FieldType::Rows => self.rows(raw, path),
            FieldType::Files => FieldKind::Files {
                accept: std::mem::take(&mut raw.accept),
                max_count: raw.max_count.take().unwrap_or(FILES),
                max_bytes: u64::from(raw.max_mib.take().unwrap_or(FILE_MIB)) * 1024 * 1024,
            },
            FieldType::Point => FieldKind::Point,
            FieldType::Line => FieldKind::Line,
            FieldType::Polygon => FieldKind::Polygon,
            FieldType::Computed => self.computed(raw, path),
        }
    }

    fn rows(&mut self, raw: &mut RawField, path: &str) -> FieldKind {
        let fields = std::mem::take(&mut raw.field);
        if fields.is_empty() {
            self.refuse(path, "明細の項目がありません", "[[field.field]] で項目を足してください");
        }
        for (n, field) in fields.iter().enumerate() {
            if matches!(field.r#type, FieldType::Rows | FieldType::Files | FieldType::Computed) {
                self.refuse(&format!("{path}.field.{n}"), "明細の中に明細・添付・計算の項目は置けません", "");
            }
        }
        let fields = self.fields(fields, &format!("{path}."));
        FieldKind::Rows { fields, max_count: raw.max_count.take().unwrap_or(ROWS) }
    }

    fn computed(&mut self, raw: &mut RawField, path: &str) -> FieldKind {
        let result = match raw.result.take() {
            Some(ty) => self.kind(raw, ty, path),
            None => {
                self.refuse(path, "計算結果の型がありません", "result = \"decimal\" のように足してください");
                FieldKind::YesNo
            }
        };
        if result.scalar().is_none() || matches!(result, FieldKind::Computed { .. } | FieldKind::Choices { .. }) {
            self.refuse(&format!("{path}.result"), "計算結果には一つの値になる型だけが使えます", "");
        }
        let from = match (raw.expression.take(), raw.calculator.take()) {
            (Some(expression), None) => ComputedFrom::Expression(expression),
            (None, Some(calculator)) => ComputedFrom::Calculator(calculator),
            _ => {
                self.refuse(path, "計算の元は expression か calculator のどちらか一つです", "");
                ComputedFrom::Expression(String::new())
            }
        };
        FieldKind::Computed { result: Box::new(result), from }
    }

    fn choices(&mut self, raw: &mut RawField, path: &str) -> Vec<Choice> {
        let choices: Vec<Choice> = std::mem::take(&mut raw.choices)
            .into_iter()
            .map(|c| Choice { key: c.key, label: c.label, tone: c.tone, colour: c.colour, retired: c.retired })
            .collect();
        if choices.is_empty() {
            self.refuse(path, "選択肢がありません", "choices = [{ key = \"…\", label = \"…\" }] を足してください");
        }
        choices
    }

    fn limits(&mut self, raw: &mut RawField, scale: u8, path: &str) -> (Option<i64>, Option<i64>) {
        let min = raw.min.take().and_then(|limit| self.limit(limit, scale, &format!("{path}.min")));
        let max = raw.max.take().and_then(|limit| self.limit(limit, scale, &format!("{path}.max")));
        if matches!((min, max), (Some(min), Some(max)) if min > max) {
            self.refuse(&format!("{path}.min"), "min が max より大きくなっています", "");
        }
        (min, max)
    }

    fn limit(&mut self, limit: Limit, scale: u8, path: &str) -> Option<i64> {
        let decimal = match limit {
            Limit::Number(number) => Decimal::new(number, 0).exactly(scale),
            Limit::Text(text) => Decimal::parse_at(&text, scale).ok(),
        };
        if decimal.is_none() {
            self.refuse(path, "限度の数値が読めません", format!("小数点以下{scale}桁までの数値にしてください"));
        }
        decimal.map(Decimal::units)
    }

    fn refuse_leftovers(&mut self, raw: &RawField, path: &str) {
        let leftovers = [
            ("max_length", raw.max_length.is_some()),
            ("scale", raw.scale.is_some()),
            ("unit", raw.unit.is_some()),
            ("min", raw.min.is_some()),
            ("max", raw.max.is_some()),
            ("choices", !raw.choices.is_empty()),
            ("target", raw.target.is_some()),
            ("field", !raw.field.is_empty()),
            ("max_count", raw.max_count.is_some()),
            ("accept", !raw.accept.is_empty()),
            ("max_mib", raw.max_mib.is_some()),
            ("result", raw.result.is_some()),
            ("expression", raw.expression.is_some()),
            ("calculator", raw.calculator.is_some()),
        ];
        for (name, _) in leftovers.into_iter().filter(|(_, left)| *left) {
            self.refuse(
                &format!("{path}.{name}"),
                format!("この型の項目に {name} は使えません"),
                "この行を消してください",
            );
        }
    }
}

/// Protects what is computed from protected fields: a sum tells of its parts. A calculator is given the whole record, so that
/// its result is protected as soon as any field is.
fn protect_computed(fields: &mut [FieldDef]) {
    for _ in 0..fields.len() {
        let tells = |field: &FieldDef, fields: &[FieldDef]| match &field.kind {
            FieldKind::Computed { from: ComputedFrom::Expression(expression), .. } => {
                let words = || expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                fields.iter().any(|used| used.protected && words().any(|word| word == used.key))
            }
            FieldKind::Computed { from: ComputedFrom::Calculator(_), .. } => fields.iter().any(holds_protected),
            _ => false,
        };
        let found = (0..fields.len()).find(|n| !fields[*n].protected && tells(&fields[*n], fields));
        match found {
            Some(n) => fields[n].protected = true,
            None => return,
        }
    }
}

/// Whether a field, or a field of its rows, is protected.
pub(crate) fn holds_protected(field: &FieldDef) -> bool {
    field.protected || matches!(&field.kind, FieldKind::Rows { fields, .. } if fields.iter().any(holds_protected))
}

/// Closes computed fields as far as what they are computed from, unless the definition says how open they are: a sum tells
/// of its parts.
fn close_computed(fields: &mut [FieldDef], is_unsaid: &[bool]) {
    // A computed field may use another one, so the levels may have to be handed on as often as there are fields.
    for _ in 0..fields.len() {
        let mut is_settled = true;
        for n in (0..fields.len()).filter(|n| is_unsaid[*n]) {
            let FieldKind::Computed { from: ComputedFrom::Expression(expression), .. } = &fields[n].kind else {
                continue;
            };
            let words = || expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let used = fields.iter().filter(|field| words().any(|word| word == field.key));
            let needed = used.map(|field| field.clearance).max().unwrap_or_default();
            if needed > fields[n].clearance {
                fields[n].clearance = needed;
                is_settled = false;
            }
        }
        if is_settled {
            return;
        }
    }
}
