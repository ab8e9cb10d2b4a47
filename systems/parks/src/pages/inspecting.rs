//! The inspection of all units of a park on one page, made for a phone.
//!
//! What the form sends is simple, so that a page that works without signal can keep and send the same: common to all units
//! `kind`, `inspected_on`, `inspector`, `qualification_no`; of each unit U `record.U` (the id of the inspection, made beforehand),
//! `clear.U` (nothing wrong: every part a), `part.U.N` (a–d or x for part N of the unit's list), `hazard.U` with `clause.U`,
//! `comment.U`, `measure.U`, `due.U`, `set.U` with `why.U` (another grade than the rule's) and the photographs `photos.U`. A unit
//! of which nothing is said was not inspected.

use axum::extract::Path;
use axum::response::Response;

use super::photographs::{self, MAX_BYTES};
use super::pieces::{self, Words, id_of, park_href};
use crate::acts::inspect;
use crate::definitions::{INSPECTION, UNIT};
use crate::kernel::era::parse_date;
use crate::kernel::{ChildRow, Fields, FileRef, Lang, RecordId, Value};
use crate::ledger::{Draft, LedgerError};
use crate::platform::desk::{Cx, Entries, Problem, Uploads, view};
use crate::platform::ui::Component;
use crate::platform::ui::field::{Choice, FieldKind, FieldView};
use crate::platform::ui::form::{Draft as Kept, Form};
use crate::platform::ui::notice::Empty;
use crate::platform::ui::steps::{Tab, tabs};
use crate::records::{self, Park, Unit};
use crate::rules::unit_state::State;
use crate::schema::Action;

/// What stands in the form, and what is wrong with it.
#[derive(Default)]
struct Filled {
    entries: Entries,
    mistakes: Vec<(String, String)>,
    general: Vec<String>,
}

/// `GET /desk/parks/{id}/inspect`; `unit=` for one unit alone.
pub async fn page(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    let (park, units) = inspected(&cx, &id).await?;
    let inspector = cx.context().caller.account.as_ref().map(|account| account.display_name.clone());
    let mut entries = vec![
        ("kind".to_owned(), cx.query("kind").unwrap_or_else(|| "daily".to_owned())),
        ("inspected_on".to_owned(), cx.context().today().to_string()),
        ("inspector".to_owned(), inspector.unwrap_or_default()),
    ];
    entries.extend(units.iter().map(|unit| (format!("record.{}", unit.id), cx.desk().ids().next().to_string())));
    show(&cx, &park, &units, &Filled { entries: Entries(entries), ..Filled::default() })
}

/// `POST /desk/parks/{id}/inspect`
pub async fn save(cx: Cx, Path(id): Path<String>, uploads: Uploads) -> Result<Response, Problem> {
    let (park, units) = inspected(&cx, &id).await?;
    let mut filled = Filled { entries: uploads.entries.clone(), ..Filled::default() };
    let mut drafts = Vec::new();
    for unit in &units {
        let Some(draft) = filled.draft(&cx, &park, unit) else { continue };
        // Every unit is looked at before the first is written, so that a mistake in one leaves nothing half done.
        match cx.ledgers().preview(cx.context(), INSPECTION, None, &draft).await {
            Ok(_) => drafts.push((unit, draft)),
            Err(error) => filled.refuse(unit, error)?,
        }
    }
    if drafts.is_empty() && !filled.has_mistakes() {
        filled.general.push("点検した遊具がありません。少なくとも1基の結果を選んでください。".to_owned());
    }
    let mut photographed = Vec::new();
    if !filled.has_mistakes() {
        for (unit, draft) in drafts {
            match photographs::store(&cx, &uploads, &format!("photos.{}", unit.id)).await? {
                Ok(photos) => photographed.push((unit, draft, photos)),
                Err(sentence) => filled.mistakes.push((format!("photos.{}", unit.id), sentence)),
            }
        }
    }
    if !filled.has_mistakes() {
        for (unit, draft, photos) in photographed {
            let draft = photos.into_iter().fold(draft, with_photo);
            if let Err(error) = inspect::record(cx.ledgers(), cx.context(), draft).await {
                filled.refuse(unit, error)?;
            }
        }
    }
    if filled.has_mistakes() {
        return show(&cx, &park, &units, &filled);
    }
    Ok(view::done_at(&park_href(park.id), "inspected"))
}

fn with_photo(mut draft: Draft, photo: FileRef) -> Draft {
    draft.attach("photos", photo);
    draft
}

/// The park and the units that are inspected.
async fn inspected(cx: &Cx, id: &str) -> Result<(Park, Vec<Unit>), Problem> {
    let (_, access) = cx.ledgers().open(cx.context(), INSPECTION)?;
    if !access.may(Action::Create) {
        return Err(LedgerError::Forbidden { action: Action::Create }.into());
    }
    let park = Park::load(cx.ledgers(), cx.context(), id_of(id)?).await?;
    let only = cx.query("unit").and_then(|unit| unit.parse::<RecordId>().ok());
    let found = records::of_park(cx.ledgers(), cx.context(), UNIT, park.id).await?;
    let mut units: Vec<Unit> = found.iter().map(Unit::of).collect();
    units.retain(|unit| unit.state != State::Removed && only.is_none_or(|only| unit.id == only));
    units.sort_by(|one, other| one.unit_no.cmp(&other.unit_no));
    Ok((park, units))
}

impl Filled {
    fn has_mistakes(&self) -> bool {
        !self.mistakes.is_empty() || !self.general.is_empty()
    }

    fn text(&self, key: &str) -> &str {
        self.entries.text(key)
    }

    fn of(&self, what: &str, unit: &Unit) -> &str {
        self.entries.text(&format!("{what}.{}", unit.id))
    }

    fn mistake(&mut self, key: String, sentence: String) {
        if !self.mistakes.contains(&(key.clone(), sentence.clone())) {
            self.mistakes.push((key, sentence));
        }
    }

    /// A date as it was typed; nothing where it is empty, and a mistake where it can't be read.
    fn date(&mut self, key: String, label: &str) -> Value {
        let typed = self.text(&key).to_owned();
        if typed.is_empty() {
            return Value::Null;
        }
        match parse_date(&typed) {
            Ok(day) => Value::Date(day),
            Err(error) => {
                self.mistake(key, format!("「{label}」を読めません。{error}"));
                Value::Null
            }
        }
    }

    /// The inspection of a unit; none where nothing was said of it.
    fn draft(&mut self, cx: &Cx, park: &Park, unit: &Unit) -> Option<Draft> {
        let all_clear = !self.of("clear", unit).is_empty();
        let parts = unit.inspected_parts();
        let letters: Vec<String> = (0..parts.len())
            .map(|n| {
                let said = self.text(&format!("part.{}.{n}", unit.id)).to_owned();
                if said.is_empty() && all_clear { "a".to_owned() } else { said }
            })
            .collect();
        let (hazard, clause) = (self.of("hazard", unit).to_owned(), self.of("clause", unit).to_owned());
        if letters.iter().all(String::is_empty) && hazard.is_empty() {
            return None;
        }
        let row = |fields: Vec<(&str, Value)>| ChildRow {
            id: cx.desk().ids().next(),
            fields: fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Fields>(),
        };
        let optional = |text: &str| if text.is_empty() { Value::Null } else { Value::from(text) };
        let rows = parts.iter().zip(&letters).map(|(part, letter)| {
            row(vec![
                ("part", Value::from(part.name.as_str())),
                ("material", optional(&part.material)),
                // A part of which nothing is said while others were looked at was not inspected.
                ("grade", Value::from(if letter.is_empty() { "x" } else { letter })),
                ("is_required", Value::Bool(part.is_required)),
            ])
        });
        let mut draft = Draft::new()
            .with("playground_unit", unit.id)
            .with("park", park.id)
            .with("kind", optional(self.text("kind")))
            .with("inspector", optional(self.text("inspector")))
            .with("qualification_no", optional(self.text("qualification_no")))
            .with("found_at", Value::Instant(cx.context().act.at))
            .with("parts", Value::Rows(rows.collect()))
            .with("comment", optional(self.of("comment", unit)))
            .with("measure", optional(self.of("measure", unit)))
            .with("override_grade", optional(self.of("set", unit)))
            .with("override_reason", optional(self.of("why", unit)));
        if let Ok(level @ 0..=3) = hazard.parse::<i64>() {
            let clause = if clause.is_empty() { "規準診断" } else { &clause };
            let row = row(vec![("clause", Value::from(clause)), ("level", Value::Int(level))]);
            draft.set("hazards", Value::Rows(vec![row]));
        }
        draft.set("inspected_on", self.date("inspected_on".to_owned(), "点検日"));
        draft.set("measure_due", self.date(format!("due.{}", unit.id), "措置・修繕の期限"));
        draft.id = self.of("record", unit).parse().ok();
        Some(draft)
    }

    /// Notes why the ledger refused; what belongs to no form goes on as a problem.
    fn refuse(&mut self, unit: &Unit, error: LedgerError) -> Result<(), Problem> {
        let LedgerError::Invalid(mistakes) = error else {
            for sentence in pieces::told(error)? {
                self.general.push(format!("{}：{sentence}", unit.called()));
            }
            return Ok(());
        };
        for mistake in mistakes {
            let sentence = mistake.to_string();
            match mistake.field.as_str() {
                common @ ("kind" | "inspected_on" | "inspector" | "qualification_no") => {
                    self.mistake(common.to_owned(), sentence);
                }
                "measure" => self.mistake(format!("measure.{}", unit.id), sentence),
                "measure_due" => self.mistake(format!("due.{}", unit.id), sentence),
                "override_reason" => self.mistake(format!("why.{}", unit.id), sentence),
                "overall" | "override_grade" => self.mistake(format!("set.{}", unit.id), sentence),
                _ => self.general.push(format!("{}：{sentence}", unit.called())),
            }
        }
        Ok(())
    }

    fn field(&self, key: String, label: &str, kind: FieldKind) -> FieldView {
        let value = self.text(&key).to_owned();
        let field = FieldView::new(key.clone(), label, kind).value(value);
        let own = self.mistakes.iter().filter(|(name, _)| *name == key);
        own.fold(field, |field, (_, sentence)| field.error(sentence.clone()))
    }
}

fn show(cx: &Cx, park: &Park, units: &[Unit], filled: &Filled) -> Result<Response, Problem> {
    let site = cx.desk_site(pieces::START);
    let href = park_href(park.id);
    let page = pieces::page(&site, "遊具の点検").crumb(park.name.clone(), href.clone());
    if units.is_empty() {
        let empty = Empty::new("点検する遊具は登録されていません。").html();
        return Ok(view::answer(page.body(empty), false));
    }
    let words = Words::of(cx.ledgers(), cx.context(), UNIT)?;
    let inspection = Words::of(cx.ledgers(), cx.context(), INSPECTION)?;
    let only = cx.query("unit").map(|unit| format!("?unit={unit}")).unwrap_or_default();
    let mut form =
        Form::new(Lang::Ja, format!("{href}/inspect{only}")).section("この点検について", common(filled, &inspection));
    let is_short = filled.text("kind") == "daily";
    for unit in units {
        form = form.hidden(format!("record.{}", unit.id), filled.of("record", unit));
        let kind = words.choice("kind", &unit.kind);
        form = form
            .section(format!("{}　{kind}（{}）", unit.called(), unit.state.label()), of_unit(filled, unit, is_short));
    }
    form = filled.general.iter().fold(form, |form, sentence| form.mistake(sentence.clone()));
    form = form.submit("点検を記録する").cancel(href).draft(Kept::Machine(format!("park-inspection-{}", park.id)));
    let lead = format!("{}の遊具{}基。点検しなかった遊具は、何も選ばずに残してください。", park.name, units.len());
    let tab = |label: &str, kind: &str| {
        let unit = cx.query("unit").unwrap_or_default();
        let href = view::address(&format!("{}/inspect", park_href(park.id)), &[("kind", kind), ("unit", &unit)]);
        Tab::new(label, href, (kind == "daily") == is_short)
    };
    let mut body = tabs("点検の種類", &[tab("日常点検", "daily"), tab("定期・精密・初期点検", "periodic")]);
    body.push(&form.html());
    Ok(view::answer(page.lead(lead).body(body), form.has_mistakes()))
}

fn common(filled: &Filled, words: &Words) -> Vec<FieldView> {
    let kinds = words.choices("kind").into_iter().map(|(key, label)| Choice::new(key, label)).collect();
    let text = |max| FieldKind::Text { max: Some(max) };
    vec![
        filled.field("kind".into(), "点検の種類", FieldKind::Choice { choices: kinds }).required(),
        filled.field("inspected_on".into(), "点検日", FieldKind::Date).required(),
        filled.field("inspector".into(), "点検した人", text(120)).required(),
        filled
            .field("qualification_no".into(), "点検資格の番号", text(60))
            .hint("定期点検と精密点検では必ず書きます。"),
    ]
}

/// The fields of a unit. A daily inspection is made in passing and asks for less; what was entered is always shown.
fn of_unit(filled: &Filled, unit: &Unit, is_short: bool) -> Vec<FieldView> {
    let key = |what: &str| format!("{what}.{}", unit.id);
    let letters = || {
        let choices = [("a", "a 健全"), ("b", "b 軽微"), ("c", "c 要修繕"), ("d", "d 危険"), ("x", "× 見ていない")];
        FieldKind::Choice { choices: choices.map(|(key, label)| Choice::new(key, label)).to_vec() }
    };
    let clear = FieldKind::ManyChoices { choices: vec![Choice::new("a", "すべての部材に異常なし（a）")] };
    let mut fields =
        vec![filled.field(key("clear"), "まとめて記録", clear).hint("下で選んだ部材は、そちらが優先されます。")];
    for (n, part) in unit.inspected_parts().iter().enumerate() {
        fields.push(filled.field(format!("part.{}.{n}", unit.id), &part.name, letters()));
    }
    let levels = [("0", "0 なし"), ("1", "1 軽いけが"), ("2", "2 重いけが"), ("3", "3 命の危険")];
    let levels = levels.map(|(key, label)| Choice::new(key, label)).to_vec();
    let grades = [("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")].map(|(key, label)| Choice::new(key, label)).to_vec();
    let long = |what: &str| {
        let key = key(what);
        !is_short || !filled.text(&key).is_empty() || filled.mistakes.iter().any(|(known, _)| *known == key)
    };
    if long("hazard") || long("clause") {
        fields.push(filled.field(key("hazard"), "ハザード（最も高いレベル）", FieldKind::Choice { choices: levels }));
        let clause = filled.field(key("clause"), "ハザードの項目", FieldKind::Text { max: Some(100) });
        fields.push(clause.hint("例 頭部の挟み込み、設置面"));
    }
    fields.extend([
        filled.field(key("comment"), "所見", FieldKind::LongText { max: Some(2_000) }),
        filled
            .field(key("measure"), "暫定の措置", FieldKind::Text { max: Some(400) })
            .hint("Cの遊具を使わせるときは、措置と期限が必要です。"),
        filled.field(key("due"), "措置・修繕の期限", FieldKind::Date),
    ]);
    if long("set") || long("why") {
        let set = filled.field(key("set"), "点検者の判定（規則と違うとき）", FieldKind::Choice { choices: grades });
        fields.push(set.hint("部材とハザードから総合判定は自動で決まります。違う判定にするときだけ選びます。"));
        fields.push(filled.field(key("why"), "判定を変えた理由", FieldKind::Text { max: Some(400) }));
    }
    fields.push(filled.field(
        key("photos"),
        "写真",
        FieldKind::Files { existing: Vec::new(), accept: "image/*".to_owned(), max_bytes: MAX_BYTES },
    ));
    fields
}
