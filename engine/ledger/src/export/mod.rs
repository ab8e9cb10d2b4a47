//! Taking records out as files: CSV, XLSX, JSON lines, GeoJSON, GeoPackage, Shapefile.
//!
//! An export reads the list page by page and hands each part over as soon as it is written, so that a hundred thousand
//! records need no more memory than a thousand. It goes through the same grants as the list, by the action `export`, and
//! what it reads of personal data is in the access log before it leaves.

mod columns;
mod csv_out;
mod geo_out;
mod json_out;
mod xlsx_out;

use std::io::Read as _;
use std::sync::Arc;

use bytes::Bytes;
use kawasemi_geo::crs::Crs;
use kawasemi_identity::{Context, Manner};
use kawasemi_kernel::text::external::ExternalCharacters;
use kawasemi_schema::{Action, FieldDef};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

pub use self::columns::Headings;
pub use self::csv_out::Replacement;
pub use self::json_out::record_json;
use crate::error::{LedgerError, Result};
use crate::field::Style;
use crate::import::{Encoding, kind_of};
use crate::labels::Wanted;
use crate::ledgers::{Gate, Ledgers};
use crate::read::{self, personal};
use crate::record::Visible;
use crate::select::ListRequest;

/// Records read at once.
const PAGE: usize = 1_000;
/// Bytes of a finished file that are handed over at once.
const PART: usize = 256 * 1024;

/// The format of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// CSV in UTF-8 with a byte order mark.
    #[default]
    Csv,
    /// CSV in CP932.
    CsvCp932,
    /// An Excel workbook.
    Xlsx,
    /// One JSON object on each line.
    JsonLines,
    /// GeoJSON.
    GeoJson,
    /// GeoPackage.
    GeoPackage,
    /// A Shapefile in an archive, its attributes in CP932.
    Shapefile,
}

impl Format {
    /// Every format, as a form offers them.
    pub const ALL: [Self; 7] =
        [Self::Csv, Self::CsvCp932, Self::Xlsx, Self::JsonLines, Self::GeoJson, Self::GeoPackage, Self::Shapefile];

    /// Whether it is of places, so that a ledger needs a geometry for it.
    pub const fn is_geographic(self) -> bool {
        matches!(self, Self::GeoJson | Self::GeoPackage | Self::Shapefile)
    }

    /// Whether its texts are in CP932, which lacks characters.
    pub const fn is_cp932(self) -> bool {
        matches!(self, Self::CsvCp932 | Self::Shapefile)
    }

    /// The key in addresses and on the command line.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::CsvCp932 => "csv-cp932",
            Self::Xlsx => "xlsx",
            Self::JsonLines => "jsonl",
            Self::GeoJson => "geojson",
            Self::GeoPackage => "gpkg",
            Self::Shapefile => "shp",
        }
    }

    /// The format with a key.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.key() == key)
    }

    /// What people call it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Csv => "CSV（UTF-8）",
            Self::CsvCp932 => "CSV（Shift_JIS）",
            Self::Xlsx => "Excel（xlsx）",
            Self::JsonLines => "JSON Lines",
            Self::GeoJson => "GeoJSON",
            Self::GeoPackage => "GeoPackage",
            Self::Shapefile => "Shapefile（zip、Shift_JIS）",
        }
    }

    /// The end of a file's name.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv | Self::CsvCp932 => "csv",
            Self::Xlsx => "xlsx",
            Self::JsonLines => "jsonl",
            Self::GeoJson => "geojson",
            Self::GeoPackage => "gpkg",
            Self::Shapefile => "zip",
        }
    }

    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::CsvCp932 => "text/csv; charset=Shift_JIS",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::JsonLines => "application/x-ndjson",
            Self::GeoJson => "application/geo+json",
            Self::GeoPackage => "application/geopackage+sqlite3",
            Self::Shapefile => "application/zip",
        }
    }
}

/// What is taken out, and how.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExportRequest {
    /// Which records and fields, in which order.
    pub list: ListRequest,
    /// The format.
    pub format: Format,
    /// What columns are called.
    pub headings: Headings,
    /// Keys of choices and ids of references instead of their names.
    pub keys: bool,
    /// Dates in the Japanese calendar.
    pub wareki: bool,
    /// The reference system of a GeoPackage or Shapefile, as `EPSG:6677`; longitude and latitude on JGD2011 where none is said.
    pub crs: Option<String>,
    /// The city's external characters (外字), for what CP932 can't write.
    pub external: Arc<ExternalCharacters>,
}

/// What was taken out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ExportReport {
    /// How many records.
    pub records: u64,
    /// How many characters CP932 could not write as they are.
    pub replaced: u64,
    /// The first of them.
    pub replacements: Vec<Replacement>,
    /// What the format had no room for.
    #[serde(skip_serializing_if = "Cut::is_none")]
    pub cut: Cut,
}

/// What a format had no room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cut {
    /// Texts of which the end was left out.
    pub texts: u64,
    /// Geometries that were left out, since they can't be written in this format or reference system.
    pub shapes: u64,
}

impl Cut {
    /// Whether everything had room.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// Writes records in one format.
trait Writer: Send {
    /// What stands before the first record.
    fn begin(&mut self, out: &mut Vec<u8>) -> Result<()>;
    /// A record.
    fn record(&mut self, record: &Visible, style: &Style<'_>, out: &mut Vec<u8>) -> Result<()>;
    /// What stands after the last; a format that is only whole at the end gives its file.
    fn end(&mut self, out: &mut Vec<u8>) -> Result<Option<std::fs::File>>;
    /// What could not be written as it is.
    fn replacements(&mut self) -> (u64, Vec<Replacement>) {
        (0, Vec::new())
    }
    /// What had no room.
    fn cut(&self) -> Cut {
        Cut::default()
    }
}

impl Ledgers {
    /// Refuses an export that would fail before its first byte: call it before answering 200.
    ///
    /// # Errors
    /// As [`Ledgers::list`]; [`LedgerError::Forbidden`].
    pub async fn check_export(&self, context: &Context, ledger: &str, request: &ExportRequest) -> Result<()> {
        let gate = self.gate_for(context, ledger, Action::Export)?;
        let listing = self.listing(context, &gate, Action::Export, &request.list).await?;
        writer(context, &gate, &listing.fields, request).map(drop)
    }

    /// A page of what the caller may take out, for a file that is built as another system wants it.
    ///
    /// # Errors
    /// As [`Ledgers::list`]; [`LedgerError::Forbidden`].
    pub async fn export_page(&self, context: &Context, ledger: &str, request: &ListRequest) -> Result<read::Page> {
        let gate = self.gate_for(context, ledger, Action::Export)?;
        let mut listing = self.listing(context, &gate, Action::Export, request).await?;
        listing.limit = PAGE;
        let page = self.page(&gate, &listing, read::cursor(request)?).await?;
        self.note_access(context, ledger, Manner::Export, personal(&gate, &page.records)).await?;
        Ok(page)
    }

    /// Takes records out, part by part. When the receiver is gone, the export ends.
    ///
    /// # Errors
    /// As [`Ledgers::list`]; [`LedgerError::Forbidden`].
    pub async fn export(
        &self,
        context: &Context,
        ledger: &str,
        request: &ExportRequest,
        parts: mpsc::Sender<Bytes>,
    ) -> Result<ExportReport> {
        let context = &context.clone().reading(context.manner.unwrap_or(Manner::Export));
        let gate = self.gate_for(context, ledger, Action::Export)?;
        let mut listing = self.listing(context, &gate, Action::Export, &request.list).await?;
        listing.limit = PAGE;
        let mut writer = writer(context, &gate, &listing.fields, request)?;
        let mut report = ExportReport::default();
        let mut out = Vec::new();
        writer.begin(&mut out)?;
        let mut after = read::cursor(&request.list)?;
        loop {
            let page = self.page(&gate, &listing, after).await?;
            self.note_access(context, ledger, Manner::Export, personal(&gate, &page.records)).await?;
            let mut wanted = Wanted::default();
            if !request.keys && !matches!(request.format, Format::JsonLines | Format::GeoJson) {
                page.records.iter().for_each(|record| wanted.add(&gate.def().fields, record.fields()));
            }
            let labels = self.labels_for(context, wanted).await?;
            let style = Style { lang: context.lang, ..Style::file() };
            let style = style.with_labels(&labels).in_wareki(request.wareki).with_keys(request.keys);
            for record in &page.records {
                writer.record(record, &style, &mut out)?;
            }
            report.records += page.records.len() as u64;
            if !out.is_empty() && parts.send(std::mem::take(&mut out).into()).await.is_err() {
                return Err(stopped());
            }
            match page.next {
                Some(next) => after = Some(next.parse().map_err(|_| LedgerError::Cursor)?),
                None => break,
            }
        }
        let file = writer.end(&mut out)?;
        if !out.is_empty() && parts.send(out.into()).await.is_err() {
            return Err(stopped());
        }
        if let Some(file) = file {
            send_file(file, &parts).await?;
        }
        (report.replaced, report.replacements) = writer.replacements();
        report.cut = writer.cut();
        Ok(report)
    }
}

fn stopped() -> LedgerError {
    LedgerError::Refused("書き出しを中止しました。".to_owned())
}

async fn send_file(mut file: std::fs::File, parts: &mpsc::Sender<Bytes>) -> Result<()> {
    loop {
        let mut part = vec![0; PART];
        let length =
            file.read(&mut part).map_err(|error| LedgerError::File(crate::import::FileError::Io(error).to_string()))?;
        if length == 0 {
            return Ok(());
        }
        part.truncate(length);
        parts.send(part.into()).await.map_err(|_| stopped())?;
    }
}

fn writer(context: &Context, gate: &Gate, keys: &[String], request: &ExportRequest) -> Result<Box<dyn Writer>> {
    let fields: Vec<FieldDef> = keys.iter().filter_map(|key| gate.def().field(key)).cloned().collect();
    let columns = || columns::of_fields(&fields, gate.def().number.is_some(), request.headings, context.lang);
    Ok(match request.format {
        Format::Csv => Box::new(csv_out::CsvWriter::new(columns(), Encoding::Utf8, <_>::default())),
        Format::CsvCp932 => {
            Box::new(csv_out::CsvWriter::new(columns(), Encoding::Cp932, Arc::clone(&request.external)))
        }
        Format::Xlsx => {
            Box::new(xlsx_out::XlsxWriter::new(columns(), gate.def().title.get(context.lang), request.wareki)?)
        }
        Format::JsonLines => Box::new(json_out::JsonLines { fields }),
        Format::GeoJson => {
            place_of(gate, &fields, request.format)?;
            Box::new(json_out::GeoJson { fields, count: 0 })
        }
        Format::GeoPackage | Format::Shapefile => {
            let field = place_of(gate, &fields, request.format)?;
            let mut columns = columns();
            columns.retain(|column| !column.is_of(&field.key));
            let crs = request.crs.as_deref().filter(|crs| !crs.is_empty());
            let crs = crs.map_or(Some(Crs::Jgd2011), Crs::from_name);
            let target = geo_out::Target {
                name: gate.ledger.key().to_owned(),
                title: gate.def().title.get(context.lang).to_owned(),
                crs: crs.ok_or_else(|| LedgerError::Refused(unknown_crs(request)))?,
                field,
                is_wareki: request.wareki,
                at: context.act.at,
            };
            if request.format == Format::GeoPackage {
                Box::new(geo_out::GeoWriter::geopackage(target, columns)?)
            } else {
                let cp932 = csv_out::Cp932::new(Arc::clone(&request.external));
                Box::new(geo_out::GeoWriter::shapefile(target, columns, cp932)?)
            }
        }
    })
}

/// The field whose geometry is the record's.
fn place_of(gate: &Gate, fields: &[FieldDef], format: Format) -> Result<FieldDef> {
    let found = fields.iter().find(|field| kind_of(field).is_some()).cloned();
    found.ok_or_else(|| LedgerError::Unsuitable { name: gate.def().title.ja().to_owned(), purpose: format.label() })
}

fn unknown_crs(request: &ExportRequest) -> String {
    let crs: String = request.crs.as_deref().unwrap_or_default().chars().take(40).collect();
    kawasemi_geo::GeoError::UnknownCrs(crs).to_string()
}
