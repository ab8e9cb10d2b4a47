//! The shapes of definition files, exactly as they are written. Unknown keys are refused everywhere.
//!
//! These types mirror the TOML; [`crate::LedgerDef`] and its parts are what they mean. The JSON Schema for editors is
//! derived from here, so a doc comment on a key is what an editor shows beside it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clearance::Clearance;
use crate::field::Tone;
use crate::ledger::{Action, RetentionStart};
use crate::system::Aggregate;
use crate::text::Text;

/// A ledger (台帳): `ledgers/KEY.toml` of a system, or a clerk's own.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawLedger {
    /// Kebab-case English key, such as `playground-unit`. Part of addresses; never changed.
    pub key: String,
    /// The ledger's name for people.
    pub title: Text,
    /// What it is for, in a sentence or two.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub description: Text,
    /// The key of the department that answers for it.
    pub owner: String,
    /// Purpose of use (利用目的), required as soon as a field is personal or sensitive.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub purpose: Text,
    /// The field, or fields, by which a record is called when something refers to it.
    pub label: Vec<String>,
    /// How long records are kept.
    pub retention: RawRetention,
    /// What 個人情報ファイル簿 says beyond what the definition tells by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal_file: Option<RawPersonalFile>,
    /// The person whom each record is about (本人), where each record is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<RawSubject>,
    /// Human numbers, such as `公-0012`. Without it records have no number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<RawNumber>,
    /// The list page.
    #[serde(default)]
    pub list: RawList,
    /// The map page. A ledger with a geometry has one in any case; this says how it is drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<RawMap>,
    /// The fields, in the order of the form.
    #[serde(default)]
    pub field: Vec<RawField>,
    /// Indexes beside those that lists and keys bring.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub index: Vec<RawIndex>,
    /// Keys that may occur only once among records that are not deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unique: Vec<RawIndex>,
    /// Conditions that every record must meet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub check: Vec<RawCheck>,
    /// What of a record stays as it is once it is published or decided, unless a new version with its reason is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freeze: Option<RawFreeze>,
    /// Whose protection (支援措置) hides the fields of a record that are marked `protected`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protection: Option<RawProtection>,
    /// Records of this ledger put people under protection (支援措置).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protects: Option<RawProtects>,
    /// Records of which another system is the master: read-only here, and stamped with the day as of which they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master: Option<RawMaster>,
    /// What of a record is kept in its own child rows when it changes, such as the address before a move.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<RawKeep>,
    /// Views offered to everybody who may read the ledger.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub view: Vec<RawView>,
    /// Who may do what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grant: Vec<RawGrant>,
}

/// What 個人情報ファイル簿 (個人情報の保護に関する法律第75条第1項, 第74条第1項各号) says of the ledger. Name, department,
/// purpose, items and retention come from the definition itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawPersonalFile {
    /// Whose data are recorded (記録範囲), such as 市内に住所を有する者.
    pub persons: String,
    /// How the data are collected (収集方法), such as 本人からの届出.
    pub collected_from: String,
    /// To whom they are given as a matter of course (経常的提供先); empty for nobody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provided_to: Vec<String>,
    /// Where disclosure is asked for (開示請求等を受理する組織); the owner's department where nothing is said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub requests_to: String,
    /// A procedure of correction or stop of use under another law (訂正・利用停止の他法令の規定).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub other_law: String,
    /// Whether the data may be offered for anonymously processed information (行政機関等匿名加工情報の提案の募集).
    #[serde(default)]
    pub anonymised: bool,
    /// Remarks (備考).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remarks: String,
}

/// The person whom each record is about: which of its fields tell who they are. Reports on who looked at whom compare them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawSubject {
    /// The field of the name.
    pub name: String,
    /// The field of the date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    /// The field of the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The field of the household's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub household: Option<String>,
}

/// Retention of records (保存期間).
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawRetention {
    /// Years; absent means for ever (永年・常用).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub years: Option<u16>,
    /// From when the years count.
    #[serde(default)]
    pub from: RetentionStart,
    /// The rule that says so, such as an article of the document regulation.
    pub basis: String,
}

/// Human numbers given in order.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawNumber {
    /// Text before the digits; `{fy}` stands for the fiscal year in 和暦 such as `R3`.
    #[serde(default)]
    pub prefix: String,
    /// Zero-padded width of the digits.
    #[serde(default)]
    pub digits: u8,
    /// Starts again at 1 each fiscal year.
    #[serde(default)]
    pub per_fiscal_year: bool,
}

/// The list page of a ledger.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawList {
    /// Columns shown, by field key. Without it the first six scalar fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Order, by field key, with `-` before it for descending. Each such order gets an index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sort: Vec<String>,
    /// Fields offered as facets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facets: Vec<String>,
    /// The field on which row grants usually decide, such as `department`; indexes of lists start with it as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The date field by which the calendar shows records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
}

/// The map page of a ledger (地図).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawMap {
    /// The field that is drawn: a point, line or polygon. Without it the first such field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geometry: Option<String>,
    /// The field by which records are coloured: a choice or a yes-no field. Its choices make the legend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
    /// The field that names a record on the map. Without it the ledger's `label`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// From which zoom on records are drawn, 0 to 22; 0 where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_zoom: Option<u8>,
}

/// The type of a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FieldType {
    /// A line of text.
    #[default]
    Text,
    /// Text of many lines.
    LongText,
    /// A whole number.
    Integer,
    /// A decimal of `scale` places.
    Decimal,
    /// Whole yen (円).
    Yen,
    /// A date (年月日).
    Date,
    /// A date and time (日時).
    DateTime,
    /// A month of a year (年月).
    YearMonth,
    /// A fiscal year (年度).
    FiscalYear,
    /// Yes or no.
    YesNo,
    /// One of `choices`.
    Choice,
    /// Any of `choices`.
    Choices,
    /// A name with its reading (氏名・フリガナ).
    PersonName,
    /// A postal address (住所).
    Address,
    /// A corporate number (法人番号).
    CorporateNumber,
    /// A telephone number.
    Phone,
    /// A mail address.
    Mail,
    /// A web address.
    Url,
    /// A record of the ledger `target`.
    Reference,
    /// Child rows (明細) with fields of their own.
    Rows,
    /// Attached files.
    Files,
    /// A point on the map.
    Point,
    /// A line on the map.
    Line,
    /// An area on the map.
    Polygon,
    /// Computed from the other fields, by `expression` or `calculator`.
    Computed,
}

/// A field of a ledger.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawField {
    /// Stable key in snake_case, such as `opened_on`.
    pub key: String,
    /// The field's name for people.
    pub label: Text,
    /// What kind of value it holds.
    pub r#type: FieldType,
    /// A sentence under the label that helps to fill it in.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub hint: Text,
    /// The heading under which the form shows it and the fields that follow.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub section: Text,
    /// Must be filled in.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// Must be filled in when this CQL2 condition holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_when: Option<String>,
    /// Is asked only when this CQL2 condition holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_when: Option<String>,
    /// Who may see it; `internal` where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clearance: Option<Clearance>,
    /// Says where somebody is to be found (address, school, contact): hidden while the person is under protection (支援措置).
    #[serde(default, skip_serializing_if = "is_false")]
    pub protected: bool,
    /// Whether full-text search finds it; yes for text where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<bool>,
    /// No two records that are not deleted may hold the same value.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unique: bool,
    /// The value of a new record, written as it would be entered; `today` and `this-fiscal-year` are understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The key that this field had before it was renamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// Longest text in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
    /// Decimal places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<u8>,
    /// The unit shown after a number, such as `㎡`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Smallest number, or earliest date, written as it would be entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Limit>,
    /// Largest number, or latest date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Limit>,
    /// The choices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<RawChoice>,
    /// The ledger that a reference points to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The fields of a child row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub field: Vec<RawField>,
    /// Most child rows or files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_count: Option<u32>,
    /// Media types of files that are accepted, such as `image/*` or `application/pdf`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<String>,
    /// Largest file in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_mib: Option<u32>,
    /// The type of a computed value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<FieldType>,
    /// CQL2 arithmetic from which a value is computed, such as `quantity * unit_price`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<String>,
    /// The calculator from which a value is computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calculator: Option<String>,
}

fn is_false(value: &bool) -> bool {
    !*value
}

/// A limit: a number, or text such as a date.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Limit {
    /// A whole number.
    Number(i64),
    /// A decimal or a date, as it would be entered.
    Text(String),
}

/// One choice.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawChoice {
    /// Stable key in kebab-case.
    pub key: String,
    /// Its name for people.
    pub label: Text,
    /// How it looks in lists.
    #[serde(default, skip_serializing_if = "Tone::is_neutral")]
    pub tone: Tone,
    /// Its colour on the map, `#rrggbb`. Without it one of a set that colour-blind people can tell apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
    /// No longer offered, still understood.
    #[serde(default, skip_serializing_if = "is_false")]
    pub retired: bool,
}

/// An index or a unique key.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawIndex {
    /// The fields, in order.
    pub fields: Vec<String>,
}

/// A condition on every record.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawCheck {
    /// CQL2 that must not be false.
    pub condition: String,
    /// What the person is told when it is.
    pub message: Text,
    /// The field at which the message is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// Fields that are frozen (確定), as those of a published policy are. They change only together with a new reason, and a
/// change makes a new version; the versions before are in the record's history.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawFreeze {
    /// CQL2 over the record as it is stored: while it is true, the fields are frozen.
    pub when: String,
    /// The frozen fields. Name the field of the condition too, lest the record be thawed without a reason.
    pub fields: Vec<String>,
    /// The text field that has to say anew why.
    pub reason: String,
    /// The integer field that counts the versions.
    pub version: String,
}

/// Whose protection hides the protected fields of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawProtection {
    /// Where the record names them: `id` for itself, a reference, or a reference in child rows (`members.person`). One of
    /// them under protection hides the fields.
    pub persons: Vec<String>,
}

/// How records of a ledger put people under protection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawProtects {
    /// Where the record names the people: a reference, or a reference in child rows (`together.person`).
    pub persons: Vec<String>,
    /// The date on which it was decided that the protection ends. While it is empty, the protection holds: it never ends
    /// by the passing of time.
    pub until: String,
    /// Where the record names the staff who may open what is hidden: a reference, or one in child rows.
    pub openers: Vec<String>,
}

/// Another system that is the master (正本) of some of the records, as 住民記録 is of residents. Its records are brought by files;
/// here nobody deletes them or changes the fields that are its own, and every screen says as of which day they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawMaster {
    /// The choice field that says where a record comes from.
    pub field: String,
    /// The choice of it that means the other system. Its label is what people read.
    pub is: String,
    /// The date field that holds the day as of which the record is known.
    pub stamp: String,
    /// The fields that are the other system's own. Whatever is not named is ours.
    pub fields: Vec<String>,
}

/// Fields whose values before a change become a child row, so that what held earlier can be read in the record itself. A difference
/// in width, case or spaces is no change; nor is a row added where the one who changes them edits the rows as well.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawKeep {
    /// The fields that belong together; the first of them is what must have been there. The rows have fields of the same keys.
    pub fields: Vec<String>,
    /// The child rows.
    #[serde(rename = "in")]
    pub rows: String,
    /// The date field of the record since when its present values hold. A row's own `from` takes it, and `until` takes the next one,
    /// or the day of the change where it was left as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
}

/// A view offered with the ledger.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawView {
    /// Stable key in kebab-case.
    pub key: String,
    /// Its name for people.
    pub title: Text,
    /// CQL2 condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Order, as in the list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sort: Vec<String>,
    /// Columns, as in the list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Its records are work that waits: the desk's first page counts them for those who may change records here.
    #[serde(default, skip_serializing_if = "is_false")]
    pub task: bool,
}

/// What a role may do with this ledger.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawGrant {
    /// The role, such as `policy-editor`; `staff` is everybody who is signed in, `public` everybody.
    pub role: String,
    /// What it may do.
    pub actions: Vec<Action>,
    /// CQL2 condition on the rows; without it all rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
    /// The most closed field it may see.
    pub clearance: Clearance,
    /// Why, for the administrator who asks.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// A system of the city hall: `system.toml`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawSystem {
    /// The folder's name.
    pub key: String,
    /// The system's name for people.
    pub title: Text,
    /// What it does, in a sentence or two.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub description: Text,
    /// The key of the department that answers for it.
    pub owner: String,
    /// Names of the policy initiatives that it serves.
    #[serde(default)]
    pub initiatives: Vec<String>,
    /// Roles that it brings.
    #[serde(default)]
    pub role: Vec<RawRole>,
}

/// A role that can be given to people.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawRole {
    /// Stable key in kebab-case.
    pub key: String,
    /// Its name for people.
    pub title: Text,
    /// What someone with it does.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub description: Text,
}

/// Figures counted from records: `kpis.toml`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawKpis {
    /// The figures.
    #[serde(default)]
    pub kpi: Vec<RawKpi>,
}

/// One figure.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawKpi {
    /// Stable key in kebab-case.
    pub key: String,
    /// Its name for people.
    pub title: Text,
    /// The ledger whose records are counted.
    pub ledger: String,
    /// CQL2 condition; without it all records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// How they are put together.
    #[serde(default)]
    pub aggregate: Aggregate,
    /// The field that is summed or averaged; none for a count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The unit, such as `件`.
    #[serde(default)]
    pub unit: String,
}
