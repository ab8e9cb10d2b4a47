//! Whether a definition is consistent in itself: keys well formed and single, names that mean something.

use std::collections::HashSet;

use crate::clearance::Clearance;
use crate::error::{SchemaError, SchemaErrors, nearest};
use crate::field::{FieldDef, FieldKind};
use crate::ledger::{KEY_MAX, LedgerDef, SYSTEM_PROPERTIES, is_reserved};
use crate::raw::RawFreeze;

pub(crate) fn ledger(ledger: &LedgerDef) -> Result<(), SchemaErrors> {
    let mut check = Check { ledger, errors: Vec::new() };
    check.keys();
    check.names();
    check.map();
    check.freeze();
    check.protection();
    check.protects();
    check.master();
    check.keeps();
    check.duties();
    check.persons();
    if check.errors.is_empty() { Ok(()) } else { Err(SchemaErrors(check.errors)) }
}

/// Whether a text is a kebab-case key.
pub(crate) fn is_kebab(key: &str) -> bool {
    is_key(key, b'-')
}

/// Whether a text is a snake_case key.
pub(crate) fn is_snake(key: &str) -> bool {
    is_key(key, b'_')
}

fn is_key(key: &str, joiner: u8) -> bool {
    let bytes = key.as_bytes();
    key.len() <= KEY_MAX
        && bytes.first().is_some_and(u8::is_ascii_lowercase)
        && bytes.last() != Some(&joiner)
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == joiner)
        && !bytes.windows(2).any(|pair| pair == [joiner, joiner])
}

/// The closest zoom of a map.
const ZOOM_MAX: u8 = 22;

/// Whether a text is a colour, `#rrggbb`.
fn is_colour(text: &str) -> bool {
    text.len() == 7 && text.starts_with('#') && text.bytes().skip(1).all(|byte| byte.is_ascii_hexdigit())
}

struct Check<'a> {
    ledger: &'a LedgerDef,
    errors: Vec<SchemaError>,
}

impl Check<'_> {
    fn refuse(&mut self, path: &str, message: impl Into<String>, hint: impl Into<String>) {
        self.errors.push(self.ledger.source.error(path, message, hint));
    }

    fn keys(&mut self) {
        if !is_kebab(&self.ledger.key) {
            self.refuse(
                "key",
                format!("台帳のキー「{}」の形が正しくありません", self.ledger.key),
                "英小文字で始め、英小文字・数字・ハイフンで40文字まで（例 playground-unit）",
            );
        }
        if self.ledger.fields.is_empty() {
            self.refuse("", "項目が一つもありません", "[[field]] で項目を足してください");
        }
        let ledger = self.ledger;
        self.field_keys(&ledger.fields);
    }

    fn field_keys(&mut self, fields: &[FieldDef]) {
        let mut seen = HashSet::new();
        for field in fields {
            let path = format!("{}.key", field.path);
            if !is_snake(&field.key) {
                self.refuse(
                    &path,
                    format!("項目のキー「{}」の形が正しくありません", field.key),
                    "英小文字で始め、英小文字・数字・下線（続けて二つは不可）で40文字まで（例 opened_on）",
                );
            }
            if is_reserved(&field.key) {
                self.refuse(&path, format!("「{}」はどの台帳にもある名前なので使えません", field.key), "");
            }
            if !seen.insert(field.key.as_str()) {
                self.refuse(&path, format!("項目「{}」が二つあります", field.key), "どちらかのキーを変えてください");
            }
            let mut choice_keys = HashSet::new();
            for choice in field.kind.choices() {
                if !is_kebab(&choice.key) {
                    self.refuse(
                        &format!("{}.choices", field.path),
                        format!("選択肢のキー「{}」の形が正しくありません", choice.key),
                        "英小文字で始め、英小文字・数字・ハイフンで書いてください",
                    );
                }
                if choice.colour.as_deref().is_some_and(|colour| !is_colour(colour)) {
                    self.refuse(
                        &format!("{}.choices", field.path),
                        format!("選択肢「{}」の色が読めません", choice.key),
                        "colour = \"#0072b2\" のように、# と16進数6桁で書いてください",
                    );
                }
                if !choice_keys.insert(choice.key.as_str()) {
                    self.refuse(
                        &format!("{}.choices", field.path),
                        format!("選択肢「{}」が二つあります", choice.key),
                        "",
                    );
                }
            }
            if let FieldKind::Rows { fields, .. } = &field.kind {
                self.field_keys(fields);
            }
        }
    }

    /// What is said of persons means fields that are there, and says something.
    fn persons(&mut self) {
        let ledger = self.ledger;
        if let Some(file) = &ledger.personal_file {
            for (key, text) in [("persons", &file.persons), ("collected_from", &file.collected_from)] {
                if text.trim().is_empty() {
                    let hint = "個人情報ファイル簿に載せる文を書いてください";
                    self.refuse(&format!("personal_file.{key}"), format!("{key} が空です"), hint);
                }
            }
        }
        let Some(subject) = &ledger.subject else { return };
        type Fits = fn(&FieldKind) -> bool;
        let name: Fits = |kind| matches!(kind, FieldKind::PersonName | FieldKind::Text { .. });
        let address: Fits = |kind| matches!(kind, FieldKind::Address | FieldKind::Text { .. });
        let household: Fits = |kind| matches!(kind, FieldKind::Reference { .. } | FieldKind::Text { .. });
        let date: Fits = |kind| matches!(kind, FieldKind::Date);
        let named = [
            ("name", Some(&subject.name), name, "氏名か文字列"),
            ("birth_date", subject.birth_date.as_ref(), date, "日付"),
            ("address", subject.address.as_ref(), address, "住所か文字列"),
            ("household", subject.household.as_ref(), household, "文字列か参照"),
        ];
        for (part, key, fits, wanted) in named {
            let Some(key) = key else { continue };
            let path = format!("subject.{part}");
            if self.known(&path, key) && ledger.field(key).is_none_or(|field| !fits(&field.kind)) {
                let hint = format!("{wanted}の項目を指定してください");
                self.refuse(&path, format!("項目「{key}」は {part} に使えません"), hint);
            }
        }
    }

    fn names(&mut self) {
        let ledger = self.ledger;
        if ledger.label.is_empty() {
            self.refuse("label", "記録の呼び名になる項目がありません", "label = [\"name\"] のように指定してください");
        }
        for key in &ledger.label {
            self.scalar_or_name("label", key);
        }
        for key in &ledger.list.columns {
            self.known("list.columns", key);
        }
        for sort in &ledger.list.sort {
            self.sortable("list.sort", &sort.field);
        }
        for key in ledger.list.facets.iter().chain(&ledger.list.scope) {
            self.scalar_or_name("list.facets", key);
        }
        if let Some(key) = &ledger.list.calendar {
            match ledger.field(key).map(|f| &f.kind) {
                Some(FieldKind::Date | FieldKind::DateTime) => {}
                _ => self.refuse("list.calendar", format!("「{key}」は日付の項目ではありません"), ""),
            }
        }
        for (name, keys) in [("index", &ledger.indexes), ("unique", &ledger.unique)] {
            for (n, fields) in keys.iter().enumerate() {
                if fields.is_empty() {
                    self.refuse(&format!("{name}.{n}"), "項目がありません", "");
                }
                for key in fields {
                    self.sortable(&format!("{name}.{n}.fields"), key);
                }
            }
        }
        for (n, view) in ledger.views.iter().enumerate() {
            for key in &view.columns {
                self.known(&format!("view.{n}.columns"), key);
            }
            for sort in &view.sort {
                self.sortable(&format!("view.{n}.sort"), sort.trim_start_matches('-'));
            }
        }
    }

    /// What is drawn is a geometry, what colours it has few values, and zooms are those of maps.
    fn map(&mut self) {
        let ledger = self.ledger;
        let Some(map) = &ledger.map else { return };
        if map.geometry.is_empty() {
            let hint = "type = \"point\"（または line・polygon）の項目を足してください";
            self.refuse("map", "この台帳には位置の項目がないので、地図を描けません", hint);
        } else if self.known("map.geometry", &map.geometry)
            && ledger.field(&map.geometry).is_none_or(|field| !field.kind.is_geometry())
        {
            let message = format!("「{}」は位置（point・line・polygon）の項目ではありません", map.geometry);
            self.refuse("map.geometry", message, "");
        }
        if let Some(key) = &map.colour
            && self.known("map.colour", key)
            && !matches!(ledger.field(key).map(|field| &field.kind), Some(FieldKind::Choice { .. } | FieldKind::YesNo))
        {
            let message =
                format!("「{key}」は選択肢（choice）・はい／いいえ（yes-no）の項目ではないので、色分けに使えません");
            self.refuse("map.colour", message, "");
        }
        if let Some(key) = &map.label {
            self.scalar_or_name("map.label", key);
        }
        if map.min_zoom > ZOOM_MAX {
            self.refuse("map.min_zoom", format!("縮尺の段階は0から{ZOOM_MAX}までです"), "");
        }
    }

    /// A frozen field is one that people write, the reason a text and the version a number that are not frozen themselves.
    fn freeze(&mut self) {
        let ledger = self.ledger;
        let Some(freeze) = &ledger.freeze else { return };
        for key in &freeze.fields {
            if self.known("freeze.fields", key)
                && ledger.field(key).is_none_or(|field| matches!(field.kind, FieldKind::Computed { .. }))
            {
                self.refuse("freeze.fields", format!("「{key}」は人が書く項目ではないので、確定できません"), "");
            }
        }
        let is_text = |kind: &FieldKind| matches!(kind, FieldKind::Text { .. } | FieldKind::LongText { .. });
        let is_number = |kind: &FieldKind| matches!(kind, FieldKind::Integer { .. });
        self.beside_frozen(freeze, "freeze.reason", &freeze.reason, is_text, "文（text か long-text）");
        self.beside_frozen(freeze, "freeze.version", &freeze.version, is_number, "整数（integer）");
    }

    /// Protected fields need somebody whose protection hides them, and can't be keys: a key that is taken tells its value.
    fn protection(&mut self) {
        let ledger = self.ledger;
        let persons = ledger.protection.as_ref().map(|protection| protection.persons.as_slice());
        if ledger.holds_protected() && persons.is_none_or(<[String]>::is_empty) {
            self.refuse(
                "protection",
                "保護する項目（protected）のある台帳には、だれの支援措置で隠すかが必要です",
                "[protection] と persons = [\"id\"] か参照の項目を足してください",
            );
        }
        for path in persons.unwrap_or_default() {
            if path != "id" && ledger.reference(path).is_none() {
                self.refuse(
                    "protection.persons",
                    format!("「{path}」は id でも参照の項目でもありません"),
                    "参照の項目、または 明細.項目 の形で書いてください",
                );
            }
        }
        for key in ledger.unique.iter().flatten() {
            if ledger.field(key).is_some_and(|field| field.protected) {
                self.refuse("unique", format!("保護する項目「{key}」は、重複を調べるキーにできません"), "");
            }
        }
        for (key, name) in ledger.list.scope.iter().map(|key| (key, "list.scope")) {
            if ledger.field(key).is_some_and(|field| field.protected) {
                self.refuse(name, format!("保護する項目「{key}」では、行の範囲を分けられません"), "");
            }
        }
    }

    fn protects(&mut self) {
        let ledger = self.ledger;
        let Some(protects) = &ledger.protects else { return };
        if protects.persons.is_empty() {
            self.refuse("protects.persons", "だれを保護するかがありません", "参照の項目を書いてください");
        }
        for path in protects.persons.iter().chain(&protects.openers) {
            if ledger.reference(path).is_none() {
                self.refuse("protects", format!("「{path}」は参照の項目ではありません"), "");
            }
        }
        if !ledger.field(&protects.until).is_some_and(|field| field.kind == FieldKind::Date) {
            self.refuse("protects.until", format!("「{}」は日付の項目ではありません", protects.until), "");
        }
    }

    fn beside_frozen(&mut self, freeze: &RawFreeze, path: &str, key: &str, fits: fn(&FieldKind) -> bool, what: &str) {
        if !self.known(path, key) {
            return;
        }
        let is_fit = self.ledger.field(key).is_some_and(|field| fits(&field.kind));
        if !is_fit || freeze.fields.iter().any(|frozen| frozen == key) {
            self.refuse(path, format!("「{key}」は、確定しない{what}の項目にしてください"), "");
        }
    }

    /// The master is a choice, its stamp a date, and what it owns is written rather than computed.
    fn master(&mut self) {
        let ledger = self.ledger;
        let Some(master) = &ledger.master else { return };
        if self.known("master.field", &master.field) {
            match ledger.field(&master.field).map(|field| (&field.kind, field.choice(&master.is))) {
                Some((FieldKind::Choice { .. }, Some(_))) => {}
                Some((FieldKind::Choice { .. }, None)) => {
                    self.refuse("master.is", format!("「{}」という選択肢がありません", master.is), "");
                }
                _ => {
                    let message = format!("「{}」は選択肢（choice）の項目ではありません", master.field);
                    self.refuse("master.field", message, "");
                }
            }
        }
        if self.known("master.stamp", &master.stamp)
            && !matches!(ledger.field(&master.stamp).map(|field| &field.kind), Some(FieldKind::Date))
        {
            self.refuse("master.stamp", format!("「{}」は日付（date）の項目ではありません", master.stamp), "");
        }
        for key in &master.fields {
            if self.known("master.fields", key)
                && ledger.field(key).is_none_or(|field| matches!(field.kind, FieldKind::Computed { .. }))
            {
                self.refuse("master.fields", format!("「{key}」は人が書く項目ではありません"), "");
            }
        }
    }

    /// What is kept goes into child rows with fields of the same keys and kinds, and with two dates.
    fn keeps(&mut self) {
        let ledger = self.ledger;
        for (n, keep) in ledger.keeps.iter().enumerate() {
            let path = format!("keep.{n}");
            if keep.fields.is_empty() {
                self.refuse(
                    &format!("{path}.fields"),
                    "残す項目がありません",
                    "fields = [\"address\"] のように書いてください",
                );
            }
            let Some(FieldKind::Rows { fields: row, .. }) = ledger.field(&keep.rows).map(|field| &field.kind) else {
                self.refuse(&format!("{path}.in"), format!("「{}」は明細（rows）の項目ではありません", keep.rows), "");
                continue;
            };
            let of_row = |key: &str| row.iter().find(|field| field.key == key).map(|field| &field.kind);
            for key in &keep.fields {
                if self.known(&format!("{path}.fields"), key)
                    && of_row(key).is_none_or(|kind| ledger.field(key).is_none_or(|field| field.kind != *kind))
                {
                    let message = format!("明細「{}」に、「{key}」と同じキーと型の項目がありません", keep.rows);
                    self.refuse(&format!("{path}.fields"), message, "残す項目と同じ形の項目を明細に足してください");
                }
            }
            let is_date = |kind: Option<&FieldKind>| kind == Some(&FieldKind::Date);
            for key in ["from", "until"].into_iter().filter(|key| !is_date(of_row(key))) {
                let message = format!("明細「{}」に日付（date）の項目「{key}」がありません", keep.rows);
                self.refuse(&format!("{path}.in"), message, "");
            }
            if let Some(since) = &keep.since
                && !is_date(ledger.field(since).map(|field| &field.kind))
            {
                self.refuse(&format!("{path}.since"), format!("「{since}」は日付（date）の項目ではありません"), "");
            }
        }
    }

    fn known(&mut self, path: &str, key: &str) -> bool {
        let ledger = self.ledger;
        if ledger.field(key).is_some() || SYSTEM_PROPERTIES.iter().any(|(name, _)| *name == key) {
            return true;
        }
        let hint = nearest(key, ledger.fields.iter().map(|f| f.key.as_str()))
            .map(|near| format!("「{near}」のことですか"))
            .unwrap_or_default();
        self.refuse(path, format!("「{key}」という項目はありません"), hint);
        false
    }

    fn sortable(&mut self, path: &str, key: &str) {
        if self.known(path, key) && self.ledger.field(key).is_some_and(|f| f.sort_column().is_none()) {
            self.refuse(path, format!("「{key}」は並べ替えや索引に使えない型です"), "");
        }
    }

    fn scalar_or_name(&mut self, path: &str, key: &str) {
        if self.known(path, key)
            && self.ledger.field(key).is_some_and(|f| f.columns().first().is_none_or(|c| c.property.is_none()))
        {
            self.refuse(path, format!("「{key}」はここでは使えない型です"), "");
        }
    }

    fn duties(&mut self) {
        let ledger = self.ledger;
        if ledger.holds_personal_data() && ledger.purpose.is_empty() {
            self.refuse(
                "purpose",
                "個人情報を含む台帳には利用目的が必要です",
                "purpose = \"…のため\" を足してください（個人情報ファイル簿に載ります）",
            );
        }
        for grant in &ledger.grants {
            if grant.actions.is_empty() {
                self.refuse(&grant.path, "許可する操作がありません", "actions = [\"read\"] のように指定してください");
            }
            if grant.role == "public" && grant.clearance != Clearance::Public {
                self.refuse(
                    &grant.path,
                    "公開の許可で公開以外の項目は見せられません",
                    "clearance = \"public\" にしてください",
                );
            }
        }
    }
}
