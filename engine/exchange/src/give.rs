//! Giving files out (書出し): by the same layouts, through the grants of the role that the layout names.
//!
//! The file is written beside its place and renamed into it, so that nobody finds half of one. What can't be written (a
//! character that the encoding lacks, a value that is too long) refuses the whole file with a list, rather than give out
//! something else than the ledger says. Its content is kept, so that it can be given out again as it was.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use encoding_rs::{SHIFT_JIS, UTF_8};
use kawasemi_identity::{Caller, Context, HeldRole};
use kawasemi_kernel::Value;
use kawasemi_ledger::import::FeedReport;
use kawasemi_ledger::{ListRequest, Style, Visible, field};
use kawasemi_schema::LedgerDef;
use kawasemi_store::Sql;
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use uuid::Uuid;

use crate::convert::{text_for, text_of};
use crate::error::{ExchangeError, Result};
use crate::exchange::Exchange;
use crate::inspect::units;
use crate::layout::raw::RawCsv;
use crate::layout::{
    Conversion, Counted, Direction, Format, Layout, LayoutEncoding, LineEnd, Place, Record, RecordKind, Use,
};
use crate::runs::{Run, RunState};

/// Mistakes that are named before a file is refused.
const NAMED: usize = 20;

impl Exchange {
    /// Gives a file out into a folder.
    ///
    /// # Errors
    /// [`ExchangeError::Refused`] with a list of what can't be written; then there is no file.
    pub async fn give(&self, context: &Context, layout: &str, folder: &Path) -> Result<Run> {
        self.stays_inside()?;
        let published = self.layout(context, layout).await?;
        let layout = &*published.layout;
        let Some(give) = layout.raw.give.as_ref().filter(|_| layout.raw.direction == Direction::Out) else {
            return Err(ExchangeError::Refused("このレイアウトは取込用です。書出しには使えません。".to_owned()));
        };
        let ledger = self.ledger(&layout.raw.ledger)?;
        layout.check_against(&ledger)?;
        std::fs::create_dir_all(folder).map_err(ExchangeError::io(folder))?;
        let before =
            self.select_runs(&Sql::with("layout = $1 AND state = 'given'", [layout.key().into()]), 1).await?.pop();
        let sequence = before.as_ref().and_then(|run| run.sequence).unwrap_or(0) + 1;
        let mut request = ListRequest::all();
        request.filter = Some(give.filter.clone()).filter(|filter| !filter.is_empty());
        if let Some(before) = before.filter(|_| give.changes) {
            request.also.push(format!("updated_at > TIMESTAMP('{}')", before.received_at));
        }
        // Not the program's own powers, but those of the role, and no more.
        let caller = Caller::visitor().with_role(HeldRole::from(give.role.as_str()));
        let mut reading =
            Context::new(caller, self.now()).because(format!("連携「{}」の書出し", layout.raw.title.ja()));
        reading.act.actor = context.act.actor;
        let started = self.now();
        let file = NamedTempFile::with_prefix_in(".kawasemi-", folder).map_err(ExchangeError::io(folder))?;
        let mut out = Out::new(layout, &ledger, file, self.city().code(), self.today(), sequence);
        out.begin()?;
        loop {
            let page = self.parts.ledgers.export_page(&reading, &layout.raw.ledger, &request).await?;
            for record in &page.records {
                out.record(record)?;
            }
            match page.next {
                Some(next) => request.cursor = Some(next),
                None => break,
            }
        }
        let (rows, sha256, size, file) = out.end()?;
        let today = self.today();
        let name = give.file.replace("{date}", &today.strftime("%Y%m%d").to_string());
        let name = name.replace("{sequence}", &format!("{sequence:06}"));
        let path = target(folder, &name)?;
        let run = Run {
            id: self.ids().next(),
            layout: layout.key().to_owned(),
            version: i64::from(layout.raw.version),
            direction: Direction::Out,
            state: RunState::Given,
            file: name,
            sha256,
            size,
            file_date: Some(today),
            sequence: Some(sequence),
            rows,
            superseded: 0,
            report: FeedReport::default(),
            alarms: Vec::new(),
            message: String::new(),
            received_at: started,
            received_by: context.act.actor,
            decided_at: None,
            decided_by: None,
            reason: context.act.reason.clone(),
            batch: None,
            origin: None,
        };
        self.keep_content(&run, file.path()).await?;
        file.as_file().sync_all().map_err(ExchangeError::io(&path))?;
        file.persist(&path).map_err(|error| ExchangeError::io(&path)(error.error))?;
        self.keep_run(&run, &[], &[]).await?;
        Ok(run)
    }

    /// Refuses what would leave a training city (教育用の市).
    fn stays_inside(&self) -> Result<()> {
        match self.city().is_training() {
            true => Err(ExchangeError::Refused(
                "教育用の市からは、ほかのシステムへファイルを出せません。練習では、画面での確認までにしてください。"
                    .to_owned(),
            )),
            false => Ok(()),
        }
    }

    /// Gives a file out again, as it was.
    ///
    /// # Errors
    /// [`ExchangeError::NotFound`], [`ExchangeError::Io`].
    pub async fn give_again(&self, context: &Context, run: Uuid, folder: &Path) -> Result<PathBuf> {
        self.stays_inside()?;
        let run = self.run(context, run).await?;
        if run.state != RunState::Given {
            return Err(ExchangeError::Refused("書き出したファイルだけを、もう一度出せます。".to_owned()));
        }
        std::fs::create_dir_all(folder).map_err(ExchangeError::io(folder))?;
        let content = self.content(&run).await?;
        let path = target(folder, &run.file)?;
        let mut file = NamedTempFile::with_prefix_in(".kawasemi-", folder).map_err(ExchangeError::io(folder))?;
        let mut source = std::fs::File::open(content.path()).map_err(ExchangeError::io(content.path()))?;
        std::io::copy(&mut source, &mut file).map_err(ExchangeError::io(&path))?;
        file.persist(&path).map_err(|error| ExchangeError::io(&path)(error.error))?;
        Ok(path)
    }
}

/// A name in a folder, and never outside of it.
fn target(folder: &Path, name: &str) -> Result<PathBuf> {
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\']) {
        return Err(ExchangeError::Refused(format!("ファイル名「{name}」は使えません。")));
    }
    Ok(folder.join(name))
}

/// A file that is being written.
struct Out<'a> {
    layout: &'a Layout,
    ledger: &'a LedgerDef,
    file: NamedTempFile,
    hash: Sha256,
    size: u64,
    city: &'a str,
    today: jiff::civil::Date,
    sequence: i64,
    rows: u64,
    sums: HashMap<String, i128>,
    mistakes: Vec<String>,
}

impl<'a> Out<'a> {
    fn new(
        layout: &'a Layout,
        ledger: &'a LedgerDef,
        file: NamedTempFile,
        city: &'a str,
        today: jiff::civil::Date,
        sequence: i64,
    ) -> Self {
        let (hash, size, rows, sums, mistakes) = (Sha256::new(), 0, 0, HashMap::new(), Vec::new());
        Self { layout, ledger, file, hash, size, city, today, sequence, rows, sums, mistakes }
    }

    fn begin(&mut self) -> Result<()> {
        if self.layout.raw.encoding == LayoutEncoding::Utf8Bom {
            self.write(b"\xEF\xBB\xBF")?;
        }
        match self.layout.raw.format {
            Format::Csv if self.layout.raw.csv.as_ref().is_some_and(|csv| csv.heading) => {
                let names: Vec<String> = self.layout.data().places.iter().map(|place| place.raw.name.clone()).collect();
                self.csv(self.layout.data(), &names)?;
            }
            Format::Xml => {
                let encoding = if self.layout.raw.encoding == LayoutEncoding::Cp932 { "Shift_JIS" } else { "UTF-8" };
                let mut text = format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>\n");
                self.around().iter().for_each(|step| text.push_str(&format!("<{step}>\n")));
                self.text(&text, "")?;
            }
            _ => {}
        }
        self.framing(RecordKind::Header)
    }

    /// The elements around the records.
    fn around(&self) -> &'a [String] {
        let element = &self.layout.data().element;
        &element[..element.len().saturating_sub(1)]
    }

    fn end(mut self) -> Result<(u64, String, u64, NamedTempFile)> {
        self.framing(RecordKind::Trailer)?;
        if self.layout.raw.format == Format::Xml {
            let closing: String = self.around().iter().rev().map(|step| format!("</{step}>\n")).collect();
            self.text(&closing, "")?;
        }
        if !self.mistakes.is_empty() {
            let more = if self.mistakes.len() >= NAMED { "\n…" } else { "" };
            let message =
                format!("書き出せない内容があるので、ファイルを作りませんでした。\n{}{more}", self.mistakes.join("\n"));
            return Err(ExchangeError::Refused(message));
        }
        self.file.flush().map_err(ExchangeError::io(Path::new("")))?;
        Ok((self.rows, hex::encode(self.hash.finalize()), self.size, self.file))
    }

    fn framing(&mut self, kind: RecordKind) -> Result<()> {
        let layout = self.layout;
        let Some(record) = layout.record(kind) else { return Ok(()) };
        let mut texts = Vec::with_capacity(record.places.len());
        for place in &record.places {
            let framed = 1 + u64::from(layout.record(RecordKind::Header).is_some());
            let value = match place.raw.used {
                Use::Kind => record.is.clone(),
                Use::FileDate => self.today.to_string(),
                Use::Sequence => self.sequence.to_string(),
                Use::CityCode if place.length == 5 => self.city.chars().take(5).collect(),
                Use::CityCode => self.city.to_owned(),
                Use::Count if layout.raw.checks.count == Counted::All => (self.rows + framed).to_string(),
                Use::Count => self.rows.to_string(),
                Use::Total => self.total(place),
                Use::None | Use::Change => String::new(),
            };
            texts.push(text_for(place, &value).map_err(ExchangeError::Refused)?);
        }
        self.put(record, &texts, "ヘッダー・トレーラー")
    }

    fn total(&self, place: &Place) -> String {
        let decimals = self.layout.data().named(&place.raw.of).map_or(0, |n| self.layout.data().places[n].raw.decimals);
        let sum = self.sums.get(&place.raw.of).copied().unwrap_or(0);
        if decimals == 0 {
            return sum.to_string();
        }
        let digits = format!("{:0>width$}", sum.abs(), width = usize::from(decimals) + 1);
        let (whole, fraction) = digits.split_at(digits.len() - usize::from(decimals));
        format!("{}{whole}.{fraction}", if sum < 0 { "-" } else { "" })
    }

    fn record(&mut self, record: &Visible) -> Result<()> {
        self.rows += 1;
        let layout = self.layout;
        let called = record.number.clone().unwrap_or_else(|| record.id.to_string());
        let mut texts = Vec::with_capacity(layout.data().places.len());
        for place in &layout.data().places {
            let value = match place.raw.used {
                Use::Kind => layout.data().is.clone(),
                _ => self.value(record, &place.raw.to),
            };
            let text = match text_for(place, &value) {
                Ok(text) => text,
                Err(reason) => {
                    self.mistake(format!("{called}「{}」: {reason}", place.raw.name));
                    String::new()
                }
            };
            if place.raw.r#type == Conversion::Number {
                let read = text_of(place, &text).unwrap_or_default();
                *self.sums.entry(place.raw.name.clone()).or_default() += units(&read, place.raw.decimals).unwrap_or(0);
            }
            texts.push(text);
        }
        self.put(layout.data(), &texts, &called)
    }

    /// A value as files of rows have it, with keys of choices. A field that the role may not take out is empty.
    fn value(&self, record: &Visible, to: &str) -> String {
        let (key, part) = to.split_once('.').unwrap_or((to, ""));
        let Some(field) = self.ledger.field(key) else { return String::new() };
        match (record.get(key), part) {
            (Value::Name(name), "kana") => name.kana.clone(),
            (Value::Name(name), _) => name.name.clone(),
            (value, _) => field::show(field, value, &Style::file().with_keys(true)),
        }
    }

    fn mistake(&mut self, said: String) {
        if self.mistakes.len() < NAMED {
            self.mistakes.push(said);
        }
    }

    fn put(&mut self, record: &Record, texts: &[String], called: &str) -> Result<()> {
        match self.layout.raw.format {
            Format::Fixed => self.fixed(record, texts, called),
            Format::Csv => self.csv(record, texts),
            Format::Xml => {
                let text = xml(record, texts);
                self.text(&text, called)
            }
        }
    }

    fn fixed(&mut self, record: &Record, texts: &[String], called: &str) -> Result<()> {
        let Some(fixed) = &self.layout.raw.fixed else { return Ok(()) };
        let mut line = vec![b' '; fixed.record_length];
        for (place, text) in record.places.iter().zip(texts) {
            let bytes = self.encoded(text, called);
            let is_number = place.raw.r#type != Conversion::Text;
            if bytes.len() > place.length {
                let (name, length) = (&place.raw.name, place.length);
                self.mistake(format!("{called}「{name}」: {length}バイトに収まりません（{}バイト）。", bytes.len()));
                continue;
            }
            let room = &mut line[place.start..place.start + place.length];
            if is_number {
                room.fill(b'0');
                let from = room.len() - bytes.len();
                room[from..].copy_from_slice(&bytes);
            } else {
                room[..bytes.len()].copy_from_slice(&bytes);
            }
        }
        line.extend_from_slice(match fixed.line_end {
            LineEnd::Crlf => b"\r\n",
            LineEnd::Lf => b"\n",
            LineEnd::None => b"",
        });
        self.write(&line)
    }

    fn csv(&mut self, record: &Record, texts: &[String]) -> Result<()> {
        let usual = RawCsv::default();
        let csv = self.layout.raw.csv.as_ref().unwrap_or(&usual);
        let columns =
            record.places.iter().map(|place| place.column + 1).max().unwrap_or(0).max(csv.columns.unwrap_or(0));
        let mut cells = vec![String::new(); columns];
        for (place, text) in record.places.iter().zip(texts) {
            let needs = text.contains(['"', '\r', '\n']) || text.contains(csv.delimiter);
            cells[place.column] = if needs { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.clone() };
        }
        let line = format!("{}\r\n", cells.join(&csv.delimiter.to_string()));
        self.text(&line, &cells.first().cloned().unwrap_or_default())
    }

    fn text(&mut self, text: &str, called: &str) -> Result<()> {
        let bytes = self.encoded(text, called);
        self.write(&bytes)
    }

    fn encoded(&mut self, text: &str, called: &str) -> Vec<u8> {
        match self.layout.raw.encoding {
            LayoutEncoding::Utf16le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            LayoutEncoding::Utf8 | LayoutEncoding::Utf8Bom => UTF_8.encode(text).0.into_owned(),
            LayoutEncoding::Cp932 => {
                let (bytes, _, had_errors) = SHIFT_JIS.encode(text);
                if had_errors {
                    let lacking: String = text.chars().filter(|c| SHIFT_JIS.encode(&c.to_string()).2).collect();
                    self.mistake(format!("{called}: Shift_JIS（CP932）にない文字「{lacking}」があります。"));
                }
                bytes.into_owned()
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
        self.file.write_all(bytes).map_err(ExchangeError::io(Path::new("")))
    }
}

/// A record as an element. Paths that begin alike share their elements.
fn xml(record: &Record, texts: &[String]) -> String {
    let name = record.element.last().map_or("record", String::as_str);
    let mut text = format!("<{name}");
    for (place, value) in record.places.iter().zip(texts) {
        if let Some(attribute) = place.raw.path.strip_prefix('@') {
            text.push_str(&format!(" {attribute}=\"{}\"", quick_xml::escape::escape(value.as_str())));
        }
    }
    text.push('>');
    let mut open: Vec<&str> = Vec::new();
    for (place, value) in record.places.iter().zip(texts).filter(|(place, _)| !place.raw.path.starts_with('@')) {
        let steps: Vec<&str> = place.raw.path.split('/').filter(|step| *step != ".").collect();
        let (last, outer) = steps.split_last().map_or(("", &[][..]), |(last, outer)| (*last, outer));
        let shared = open.iter().zip(outer).take_while(|(a, b)| a == b).count();
        open.drain(shared..).rev().for_each(|step| text.push_str(&format!("</{step}>")));
        for step in &outer[shared..] {
            text.push_str(&format!("<{step}>"));
            open.push(step);
        }
        let value = quick_xml::escape::escape(value.as_str());
        text.push_str(&if last.is_empty() { value.into_owned() } else { format!("<{last}>{value}</{last}>") });
    }
    open.drain(..).rev().for_each(|step| text.push_str(&format!("</{step}>")));
    text.push_str(&format!("</{name}>\n"));
    text
}
