//! Where the rows of a file are: the geometry of a geographic file, and coordinates in the columns of a table.
//!
//! Both become a column more, after the file's own: well-known text in longitude and latitude, which the geometry's type reads
//! like any text; or, where the place can't be taken, the sentence that says why, which that type hands on. What was mended or
//! looks doubtful is told in the report, with its rows.

use std::path::Path;
use std::sync::{Arc, Mutex};

use kawasemi_geo::columns::Columns;
use kawasemi_geo::crs::{Crs, Extent, Reading, Recognised, Surroundings, recognise};
use kawasemi_geo::{Attribute, Feature, GeoError, Options, Place, Placer, Survey};
use kawasemi_kernel::geometry::GeometryKind;
use kawasemi_schema::{FieldDef, FieldKind, LedgerDef};
use kawasemi_sheets::report::{Findings, Report, Sort};

use super::decode::Encoding;
use super::file::{FileError, FileOptions, LOOK, Look, SheetRow, Source};
use crate::field::Cell;

/// The heading of the column with the geometry of a geographic file.
const GEOMETRY: &str = "図形";
/// Bytes of geometries that a look shows at most.
const SHOWN: usize = 8 * 1024 * 1024;

impl From<GeoError> for FileError {
    fn from(error: GeoError) -> Self {
        match error {
            GeoError::Io(error) => Self::Io(error),
            error => Self::Refused(error.to_string()),
        }
    }
}

/// The reference systems in which files of a city with a municipality code are usually wanted: key and label.
pub fn around(code: &str) -> Vec<(String, String)> {
    let planes = Surroundings::of_municipality(code).zones.into_iter().map(Crs::Plane2011);
    let all = [Crs::Jgd2011].into_iter().chain(planes).chain([Crs::Wgs84]);
    all.map(|crs| (crs.to_string(), format!("{} {crs}", crs.label()))).collect()
}

/// The one place of a geographic file as a form takes it: in well-known text, with what was concluded or mended.
///
/// # Errors
/// A sentence for the person who chose the file: also where it has several.
pub fn one_place(code: &str, path: &Path) -> Result<(String, Vec<String>), FileError> {
    let options = Options { around: Surroundings::of_municipality(code), ..Options::default() };
    let (geometry, said) = kawasemi_geo::single(path, &options)?;
    Ok((geometry.to_string(), said))
}

/// What a ledger makes of places: where its city lies, and whether it has a field for them.
#[derive(Clone, Debug, Default)]
pub struct Ground {
    /// Where the city lies.
    pub around: Surroundings,
    /// Whether coordinates in tables are looked for.
    pub has_place: bool,
}

impl Ground {
    /// That of a ledger in a city with a municipality code.
    pub fn of(code: &str, ledger: &LedgerDef) -> Self {
        let has_place = ledger.fields.iter().any(|field| kind_of(field).is_some());
        Self { around: Surroundings::of_municipality(code), has_place }
    }
}

/// How the places of a file are read, for the person who may choose otherwise.
#[derive(Clone, Debug)]
pub struct PlaceLook {
    /// The heading of the column that they are in.
    pub heading: String,
    /// How they are read, and how they might be: the text by which it is chosen, and what people call it.
    pub chosen: (String, String),
    /// Other ways of reading them.
    pub choices: Vec<(String, String)>,
    /// By what it was recognised.
    pub by: String,
    /// Whether the whole file is a geographic one, of which a person chooses layers and not sheets.
    pub is_geographic: bool,
    /// The columns that the places were made of.
    pub(super) used: Vec<usize>,
    /// What kinds of geometry there are.
    pub(super) kinds: Vec<GeometryKind>,
}

impl PlaceLook {
    fn new(heading: String, reading: Reading, recognised: &Recognised) -> Self {
        let said = |reading: &Reading| (reading.to_string(), reading.label());
        let all = std::iter::once(&recognised.reading).chain(&recognised.others);
        Self {
            heading,
            chosen: said(&reading),
            choices: all.filter(|other| **other != reading).map(said).collect(),
            by: recognised.by.clone(),
            is_geographic: false,
            used: Vec::new(),
            kinds: vec![GeometryKind::Point],
        }
    }

    /// Whether the places fit a field.
    pub(super) fn fits(&self, field: &FieldDef) -> bool {
        kind_of(field).is_some_and(|kind| self.kinds.is_empty() || self.kinds.contains(&kind))
    }
}

/// What kind of geometry a field holds; none for other fields.
pub(crate) fn kind_of(field: &FieldDef) -> Option<GeometryKind> {
    match field.kind {
        FieldKind::Point => Some(GeometryKind::Point),
        FieldKind::Line => Some(GeometryKind::Line),
        FieldKind::Polygon => Some(GeometryKind::Polygon),
        _ => None,
    }
}

fn chosen(options: &FileOptions) -> Result<Option<Reading>, FileError> {
    let crs = options.crs.as_deref().map(str::trim).filter(|crs| !crs.is_empty());
    Ok(crs.map(str::parse::<Reading>).transpose()?)
}

/// Notes while rows are read, told when the reading is over.
#[derive(Debug, Default)]
struct Notes(Mutex<Findings>);

impl Notes {
    fn begin(&self) {
        if let Ok(mut findings) = self.0.lock() {
            *findings = Findings::default();
        }
    }

    fn add(&self, note: &str, line: u64) {
        if let Ok(mut findings) = self.0.lock() {
            findings.add(Sort::Guessed, note, format!("{line}行目"));
        }
    }

    fn told(&self) -> Report {
        self.0.lock().map(|mut findings| std::mem::take(&mut *findings).into_report()).unwrap_or_default()
    }
}

/// The cell of a place.
fn cell(place: Place) -> Cell {
    match place {
        Place::None => Cell::Empty,
        Place::At(geometry) => Cell::Text(geometry.to_string()),
        Place::Refused(said) => Cell::Error(said),
    }
}

/// The rows of a geographic file.
#[derive(Debug)]
pub struct Features {
    survey: Survey,
    notes: Notes,
}

/// Looks at a geographic file; none where it is something else.
pub(super) fn look(path: &Path, options: &FileOptions, ground: &Ground) -> Result<Option<Look>, FileError> {
    if !path.is_file() || kawasemi_geo::format_of(path)?.is_none() {
        return Ok(None);
    }
    let survey = kawasemi_geo::survey(
        path,
        &Options {
            layer: options.sheet.clone(),
            encoding: options.encoding.map(Encoding::codec),
            reading: chosen(options)?,
            around: ground.around.clone(),
        },
    )?;
    let heading = unused(GEOMETRY, &survey.columns);
    let mut place = PlaceLook::new(heading.clone(), survey.reading, &survey.recognised);
    place.is_geographic = true;
    place.kinds.clone_from(&survey.kinds);
    let mut look = Look::of_headings(survey.columns.iter().cloned().chain([heading]).collect());
    let mut findings = Findings::default();
    survey.understood.iter().for_each(|said| findings.add(Sort::Understood, said.as_str(), ""));
    survey.doubts.iter().for_each(|said| findings.add(Sort::Guessed, said.as_str(), ""));
    look.understood = findings.into_report();
    look.encoding = survey.encoding.and_then(Encoding::of_codec);
    look.sheets.clone_from(&survey.layers);
    look.header = 0;
    let survey_width = survey.columns.len();
    let features = Features { survey, notes: Notes::default() };
    let mut weight = 0;
    features.rows(&mut |row| {
        weight += row.cell(survey_width).to_text().len();
        look.rows.push(row);
        look.rows.len() < LOOK && weight < SHOWN
    })?;
    look.place = Some(place);
    look.source = Source::Features(Arc::new(features));
    Ok(Some(look))
}

impl Features {
    /// Hands the features over as rows until `take` says false.
    pub(super) fn rows(&self, take: &mut dyn FnMut(SheetRow) -> bool) -> Result<(), FileError> {
        self.notes.begin();
        let each = &mut |feature: Feature| {
            feature.notes.iter().for_each(|note| self.notes.add(note, feature.row));
            let mut cells: Vec<Cell> = feature.values.into_iter().map(value).collect();
            // A table without attributes, or with fewer than were announced, still has its geometry in the last column.
            cells.resize(self.survey.columns.len(), Cell::Empty);
            cells.push(cell(feature.place));
            take(SheetRow { line: feature.row, cells })
        };
        Ok(self.survey.features(each)?)
    }

    /// What was mended or looked doubtful in the reading that is over.
    pub(super) fn told(&self) -> Report {
        self.notes.told()
    }
}

fn value(value: Attribute) -> Cell {
    match value {
        Attribute::Null => Cell::Empty,
        Attribute::Text(text) => Cell::Text(text),
        // Whole numbers keep their digits, which a binary fraction would not.
        Attribute::Integer(number) => Cell::Text(number.to_string()),
        Attribute::Real(number) => Cell::Number(number),
        Attribute::Bool(answer) => Cell::Bool(answer),
    }
}

fn unused(name: &str, taken: &[String]) -> String {
    let is_new = |name: &String| !taken.contains(name);
    let variants = std::iter::once(name.to_owned()).chain((2..).map(|n| format!("{name}（{n}）")));
    { variants }.find(is_new).unwrap_or_default()
}

/// The column of places that is made of a table's columns.
#[derive(Debug)]
pub struct PlaceColumn {
    columns: Columns,
    placer_of: (Reading, Surroundings),
    width: usize,
    notes: Notes,
}

/// Finds coordinates among the columns of a table and adds the column of places to the look.
pub(super) fn add_column(look: &mut Look, options: &FileOptions, ground: &Ground) -> Result<(), FileError> {
    if !ground.has_place || look.place.is_some() || matches!(look.source, Source::Rows(..)) {
        return Ok(());
    }
    let text = |row: &SheetRow, column: usize| row.cell(column).to_text().into_owned();
    let sample = |column: usize| look.rows.iter().map(|row| text(row, column)).collect();
    let Some(columns) = Columns::find(&look.headings, &sample) else { return Ok(()) };
    let mut extent = Extent::new();
    for row in &look.rows {
        if let Ok(Some(geometry)) = columns.geometry(&|column| text(row, column)) {
            kawasemi_geo::positions(&geometry, &mut |position| extent.add(position));
        }
    }
    let recognised = recognise(None, &extent, &ground.around);
    let reading = chosen(options)?.unwrap_or(recognised.reading);
    let said = columns.said(&look.headings);
    let mut place = PlaceLook::new(unused(&format!("位置（{said}から）"), &look.headings), reading, &recognised);
    place.used = columns.used();
    if matches!(columns, Columns::Wkt(_)) {
        place.kinds = Vec::new();
    }
    let mut findings = Findings::default();
    findings.add(Sort::Guessed, format!("{said}を位置として読みます。"), "");
    let by = if options.crs.is_some() {
        format!("指定により、{} とみます。", reading.label())
    } else {
        place.by.clone()
    };
    findings.add(Sort::Guessed, by, "");
    if let Some(said) = kawasemi_geo::of_datum(reading.crs) {
        findings.add(Sort::Guessed, said, "");
    }
    look.understood.extend(findings.into_report());
    let column = PlaceColumn {
        columns,
        placer_of: (reading, ground.around.clone()),
        width: look.headings.len(),
        notes: Notes::default(),
    };
    look.headings.push(place.heading.clone());
    let placing = column.begin();
    look.rows = std::mem::take(&mut look.rows).into_iter().map(|row| placing.place(row)).collect();
    drop(placing);
    look.place = Some(place);
    look.place_column = Some(Arc::new(column));
    Ok(())
}

/// A reading of rows, each of which gets its place.
pub(super) struct Placing<'a> {
    column: &'a PlaceColumn,
    placer: Placer,
}

impl PlaceColumn {
    /// Begins a reading.
    pub(super) fn begin(&self) -> Placing<'_> {
        self.notes.begin();
        Placing { column: self, placer: Placer::new(self.placer_of.0, self.placer_of.1.clone()) }
    }

    /// What was mended or looked doubtful in the reading that is over.
    pub(super) fn told(&self) -> Report {
        self.notes.told()
    }
}

impl Placing<'_> {
    /// The row with its place.
    pub(super) fn place(&self, mut row: SheetRow) -> SheetRow {
        let found = self.column.columns.geometry(&|column| row.cell(column).to_text().into_owned());
        let place = match found {
            Ok(None) => Place::None,
            Ok(Some(geometry)) => {
                let (place, notes) = self.placer.place(&geometry);
                notes.iter().for_each(|note| self.column.notes.add(note, row.line));
                place
            }
            Err(said) => Place::Refused(said),
        };
        row.cells.resize(self.column.width, Cell::Empty);
        row.cells.push(cell(place));
        row
    }
}
