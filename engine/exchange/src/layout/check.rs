//! Whether a layout is consistent in itself.

use kawasemi_schema::ledger::KEY_MAX;
use kawasemi_schema::{SchemaError, SchemaErrors, SourceFile};

use super::raw::{Direction, Format, LayoutEncoding, Mode, RawLayout, RawRecord, RecordKind, Use};
use super::{Layout, Place, Record};
use crate::schedule::Due;

/// Most bytes of a fixed-width record.
const LONGEST: usize = 64 * 1024;

pub(super) fn layout(raw: RawLayout, source: SourceFile) -> Result<Layout, SchemaErrors> {
    let mut check = Check { raw: &raw, source: &source, errors: Vec::new() };
    check.head();
    check.format();
    let records: Vec<Record> = raw.record.iter().enumerate().map(|(n, record)| check.record(n, record)).collect();
    check.kinds(&records);
    check.directions(&records);
    let due = check.due();
    let errors = check.errors;
    match records.iter().position(|record| record.kind == RecordKind::Data) {
        Some(data) if errors.is_empty() => Ok(Layout { raw, source, records, data, due }),
        _ => Err(SchemaErrors(errors)),
    }
}

struct Check<'a> {
    raw: &'a RawLayout,
    source: &'a SourceFile,
    errors: Vec<SchemaError>,
}

impl Check<'_> {
    fn refuse(&mut self, path: &str, message: impl Into<String>, hint: impl Into<String>) {
        self.errors.push(self.source.error(path, message, hint));
    }

    fn head(&mut self) {
        let key = &self.raw.key;
        let is_good = key.len() <= KEY_MAX
            && key.starts_with(|c: char| c.is_ascii_lowercase())
            && !key.ends_with('-')
            && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if !is_good {
            let hint = "英小文字で始め、英小文字・数字・ハイフンで40文字まで（例 resident-difference）";
            self.refuse("key", format!("レイアウトのキー「{key}」の形が正しくありません"), hint);
        }
        if self.raw.version == 0 {
            self.refuse("version", "版は1から始めてください", "");
        }
        let checks = &self.raw.checks;
        for (name, percent) in [
            ("bad_percent", checks.bad_percent),
            ("shift_percent", checks.shift_percent),
            ("shrunken_percent", checks.shrunken_percent),
            ("closed_percent", checks.closed_percent),
        ] {
            if percent > 100 {
                self.refuse(&format!("checks.{name}"), "割合は0から100までにしてください", "");
            }
        }
    }

    fn format(&mut self) {
        match (self.raw.format, &self.raw.fixed) {
            (Format::Fixed, None) => {
                self.refuse("format", "固定長の [fixed] がありません", "record_length を書いてください")
            }
            (Format::Fixed, Some(fixed)) if fixed.record_length == 0 || fixed.record_length > LONGEST => {
                let message = format!("レコード長は1から{LONGEST}までのバイト数にしてください");
                self.refuse("fixed.record_length", message, "");
            }
            (Format::Csv | Format::Xml, Some(_)) => self.refuse("fixed", "固定長でないのに [fixed] があります", ""),
            _ => {}
        }
        if self.raw.format == Format::Fixed && self.raw.encoding == LayoutEncoding::Utf16le {
            self.refuse("encoding", "固定長は cp932 か utf-8 にしてください", "");
        }
        if let Some(csv) = &self.raw.csv {
            if self.raw.format != Format::Csv {
                self.refuse("csv", "CSV でないのに [csv] があります", "");
            }
            if !csv.delimiter.is_ascii() || matches!(csv.delimiter, '"' | '\n' | '\r') {
                self.refuse("csv.delimiter", "区切り文字は半角の1文字（, ; タブなど）にしてください", "");
            }
        }
    }

    fn record(&mut self, n: usize, raw: &RawRecord) -> Record {
        let length = self.raw.fixed.as_ref().map_or(0, |fixed| fixed.record_length);
        let (mut next, mut column) = (0, 0);
        let mut places: Vec<Place> = Vec::with_capacity(raw.field.len());
        for (m, field) in raw.field.iter().enumerate() {
            let path = format!("record.{n}.field.{m}");
            if field.name.is_empty() {
                self.refuse(&path, "項目の名前（name）がありません", "");
            } else if places.iter().any(|place| place.raw.name == field.name) {
                self.refuse(&format!("{path}.name"), format!("「{}」という項目が二つあります", field.name), "");
            }
            let start = field.offset.map_or(next, |offset| offset.saturating_sub(1));
            let bytes = field.length.unwrap_or(0);
            next = start + bytes;
            column = field.column.map_or(column, |column| column.saturating_sub(1));
            if field.offset == Some(0) || field.column == Some(0) {
                self.refuse(&path, "位置は1から数えてください", "");
            }
            match self.raw.format {
                Format::Fixed if bytes == 0 => self.refuse(&path, "バイト数（length）がありません", ""),
                Format::Fixed if next > length => {
                    let message = format!("「{}」がレコード長（{length}バイト）からはみ出しています", field.name);
                    self.refuse(&path, message, "offset と length を確かめてください");
                }
                Format::Xml if field.path.is_empty() => self.refuse(&path, "要素の場所（path）がありません", ""),
                _ => {}
            }
            if field.used == Use::Total && field.of.is_empty() {
                self.refuse(&path, "合計する項目（of）がありません", "");
            }
            places.push(Place { raw: field.clone(), start, length: bytes, column });
            column += 1;
        }
        let element: Vec<String> = raw.element.split('/').filter(|step| !step.is_empty()).map(str::to_owned).collect();
        if self.raw.format == Format::Xml && element.is_empty() {
            self.refuse(
                &format!("record.{n}"),
                "要素の場所（element）がありません",
                "例 element = \"/residents/resident\"",
            );
        }
        if places.is_empty() && raw.kind == RecordKind::Data {
            self.refuse(&format!("record.{n}"), "項目（[[record.field]]）が一つもありません", "");
        }
        Record { kind: raw.kind, is: raw.is.clone(), element, places }
    }

    fn kinds(&mut self, records: &[Record]) {
        let count = |kind| records.iter().filter(|record| record.kind == kind).count();
        if count(RecordKind::Data) != 1 {
            self.refuse("record", "データのレコード（kind = \"data\"）を一つ書いてください", "");
        }
        if count(RecordKind::Header) > 1 || count(RecordKind::Trailer) > 1 {
            self.refuse("record", "ヘッダーとトレーラーは一つずつまでです", "");
        }
        match (self.raw.format, &self.raw.kind) {
            (Format::Xml, Some(_)) => {
                self.refuse("kind", "XML ではレコードの種類を要素で見分けます", "[kind] を消してください")
            }
            (Format::Fixed, Some(kind)) if kind.offset == 0 || kind.length == 0 => {
                self.refuse("kind", "種類を見分ける場所（offset と length）がありません", "");
            }
            (Format::Csv, Some(kind)) if kind.column == 0 => {
                self.refuse("kind", "種類を見分ける列（column）がありません", "")
            }
            (Format::Fixed | Format::Csv, Some(_)) => {
                for (n, _) in records.iter().enumerate().filter(|(_, record)| record.is.is_empty()) {
                    self.refuse(&format!("record.{n}"), "種類を表す文字（is）がありません", "例 is = \"1\"");
                }
            }
            (Format::Fixed | Format::Csv, None) if count(RecordKind::Trailer) > 0 => {
                self.refuse("kind", "トレーラーを見分ける場所（[kind]）がありません", "");
            }
            _ => {}
        }
        let data = records.iter().find(|record| record.kind == RecordKind::Data);
        for (n, record) in records.iter().enumerate() {
            for (m, place) in record.places.iter().enumerate().filter(|(_, place)| place.raw.used == Use::Total) {
                if data.is_some_and(|data| data.named(&place.raw.of).is_none()) {
                    let message = format!("合計する項目「{}」がデータのレコードにありません", place.raw.of);
                    self.refuse(&format!("record.{n}.field.{m}.of"), message, "");
                }
            }
        }
    }

    fn directions(&mut self, records: &[Record]) {
        let data = records.iter().find(|record| record.kind == RecordKind::Data);
        let has_change = data.is_some_and(|data| data.used(Use::Change).is_some());
        if self.raw.direction == Direction::Out {
            match &self.raw.give {
                Some(give) if !give.role.is_empty() && !give.file.is_empty() => {}
                _ => self.refuse(
                    "give",
                    "書出しの [give] に role（どの役割の権限で出すか）と file（ファイル名）を書いてください",
                    "",
                ),
            }
            return;
        }
        if self.raw.find.is_empty() {
            self.refuse("find", "記録を見つけるキー（find）がありません", "台帳で重複を許さない項目を書いてください");
        }
        let targets: Vec<&str> = data.iter().flat_map(|data| &data.places).map(|place| place.raw.to.as_str()).collect();
        for key in self.raw.find.iter().filter(|key| !targets.contains(&key.as_str())) {
            self.refuse("find", format!("キー「{key}」に入る項目（to）がデータのレコードにありません"), "");
        }
        if has_change && self.raw.change.is_none() {
            self.refuse(
                "change",
                "異動区分の意味（[change]）がありません",
                "add・change・close にコードを書いてください",
            );
        }
        if self.raw.change.is_some() && !has_change {
            self.refuse("change", "異動区分の項目（use = \"change\"）がデータのレコードにありません", "");
        }
        if self.raw.mode == Mode::Full && has_change {
            self.refuse(
                "mode",
                "全件のファイルに異動区分は使えません",
                "mode = \"difference\" にするか、use を消してください",
            );
        }
        if self.raw.mode == Mode::Full && self.raw.close.is_empty() {
            let hint = "ファイルにない記録に入れる値を書いてください（記録は消しません）";
            self.refuse("close", "全件のファイルには [close] が要ります", hint);
        }
    }

    fn due(&mut self) -> Option<Due> {
        let schedule = self.raw.schedule.as_ref()?;
        if self.raw.direction == Direction::In && schedule.files.is_empty() {
            self.refuse("schedule", "ファイル名の型（files）がありません", "例 files = \"JUKI_*.txt\"");
        }
        if schedule.due.is_empty() {
            return None;
        }
        match Due::parse(&schedule.due) {
            Some(due) => Some(due),
            None => {
                let hint = "daily 06:00、business-days 06:00、weekly mon 06:00、monthly 5 06:00 のいずれかの形です";
                self.refuse("schedule.due", format!("予定「{}」を読めません", schedule.due), hint);
                None
            }
        }
    }
}
