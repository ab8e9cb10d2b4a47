//! The demo city's sewer ledger, as `sample/README.md` describes it: two networks under a street grid in the city's outline. Everything is
//! made up and marked as sample. A city that has pipes is left as it is.

mod grid;

use futures::future::BoxFuture;
use jiff::{Span, ToSpan as _};

use crate::acts;
use crate::definitions::{AREA, FACILITY, LATERAL, MANHOLE, MASS, PERMIT, PIPE, SURVEY};
use crate::kernel::fiscal::FiscalYear;
use crate::kernel::{ChildRow, Decimal, Fields, Geometry, RecordId, Value};
use crate::ledger::{Draft, LedgerError, ListRequest};
use crate::platform::{Report, Work, WorkError};

use self::grid::{Draw, Ground, centimetres};

/// What is written wherever somebody might take a record for a real one.
const MARK: &str = "見本";

/// Loads the sample.
pub fn load(work: Work) -> BoxFuture<'static, Result<Report, WorkError>> {
    Box::pin(async move {
        if work.ledgers.count(&work.context, PIPE, &ListRequest::all(), 1).await?.count > 0 {
            let text = "下水道台帳には、すでに管きょがあります。".to_owned();
            return Ok(Report { text, json: serde_json::json!({ "records": 0 }) });
        }
        let mut loading = Loading::new(work);
        loading.areas().await?;
        loading.network("sanitary", "S").await?;
        loading.network("storm", "R").await?;
        loading.permits().await?;
        acts::bring_over(&loading.work.ledgers, &loading.work.context).await?;
        let count = loading.done;
        let text = format!("下水道台帳の見本データ（記録{count}件）を入れました。");
        Ok(Report { text, json: serde_json::json!({ "records": count }) })
    })
}

struct Loading {
    work: Work,
    ground: Ground,
    draw: Draw,
    done: u64,
}

/// A span of the sample.
struct Pipe {
    id: RecordId,
    number: String,
    material: &'static str,
    diameter_mm: i64,
    built: i64,
    length: i64,
}

impl Loading {
    fn new(mut work: Work) -> Self {
        work.context = work.context.clone().because("見本データ");
        Self { work, ground: Ground::read(), draw: Draw::new(20_260_402), done: 0 }
    }

    async fn create(&mut self, ledger: &str, draft: Draft) -> Result<RecordId, LedgerError> {
        let saved = self.work.ledgers.create(&self.work.context, ledger, draft).await?;
        self.done += 1;
        (self.work.progress)(self.done, None);
        Ok(saved.id)
    }

    /// A day so long after today; before it where the span is negative.
    fn day(&self, span: Span) -> jiff::civil::Date {
        let today = self.work.context.today();
        today.checked_add(span).unwrap_or(today)
    }

    async fn areas(&mut self) -> Result<(), LedgerError> {
        let areas = [("見本第一排水区", "drainage", 41_250, 38_200), ("見本処理区", "treatment", 38_000, 36_900)];
        for (name, kind, hectares, people) in areas {
            let draft = Draft::new()
                .with("name", name)
                .with("kind", kind)
                .with("system", "separate")
                .with("area_ha", places(hectares, 2))
                .with("population", people)
                .with("towns", "見本町一丁目から見本町五丁目まで")
                .with("opened_on", self.day((-38).years()))
                .with(
                    "treatment_started_on",
                    if kind == "treatment" { self.day((-38).years()).into() } else { Value::Null },
                )
                .with("note", MARK);
            self.create(AREA, draft).await?;
        }
        let facilities = [
            ("見本第一吐口", "outfall", Some("見本川"), ""),
            ("見本処理場", "plant", None, "日最大 24,000立方メートル"),
            ("見本中継ポンプ場", "pump", None, "毎分 18立方メートル"),
        ];
        for (name, kind, water, capacity) in facilities {
            let text = |text: &str| if text.is_empty() { Value::Null } else { Value::from(text) };
            let draft = Draft::new()
                .with("name", name)
                .with("kind", kind)
                .with("place", "見本町地内")
                .with("receiving_water", water.map_or(Value::Null, Value::from))
                .with("site_area_m2", if kind == "outfall" { Value::Null } else { places(1_250_000, 2) })
                .with("structure", text(if kind == "outfall" { "" } else { "鉄筋コンクリート造" }))
                .with("capacity", text(capacity))
                .with("built_year", 1988)
                .with("note", MARK);
            self.create(FACILITY, draft).await?;
        }
        Ok(())
    }

    /// A network: along each street across the city pipes flow west, into the next street's manholes where the street ends.
    async fn network(&mut self, exclusion: &'static str, letter: &str) -> Result<(), LedgerError> {
        let streets: Vec<_> = self.ground.streets().into_iter().filter(|street| street.is_across).collect();
        let mut number = 0;
        // Storm pipes lie under every second street, and a little to the north.
        let (step, aside) = if exclusion == "storm" { (2, 0.000_05) } else { (1, 0.0) };
        for (row, street) in streets.iter().enumerate().step_by(step) {
            let points: Vec<(f64, f64)> = street.points.iter().rev().map(|(x, y)| (*x, y + aside)).collect();
            let manhole = |n: usize| format!("{letter}M-{:02}{n:02}", row + 1);
            for (n, point) in points.iter().enumerate() {
                self.manhole(&manhole(n), exclusion, *point, row).await?;
            }
            for (n, pair) in points.windows(2).enumerate() {
                number += 1;
                let pipe = self.pipe((number, letter, exclusion), (row, n), pair, [manhole(n), manhole(n + 1)]).await?;
                if exclusion == "sanitary" {
                    self.connections(&pipe, pair, number).await?;
                }
                if number % 2 == 0 {
                    self.survey(&pipe, number).await?;
                }
            }
        }
        Ok(())
    }

    async fn manhole(&mut self, number: &str, exclusion: &str, at: (f64, f64), row: usize) -> Result<(), LedgerError> {
        let ground = 20_000 + self.draw.between(0, 9_000) + i64::try_from(row).unwrap_or(0) * 500;
        let depth = self.draw.between(150, 420);
        let draft = Draft::new()
            .with("facility_number", number)
            .with("exclusion", exclusion)
            .with("built_fiscal_year", 1975 + self.draw.between(0, 40))
            .with("treatment_area", "見本処理区")
            .with("kind", "1号")
            .with("inner_mm", 900)
            .with("ground_height_m", places(ground, 3))
            .with("invert_height_m", places(ground - depth * 10, 3))
            .with("depth_m", places(depth, 2))
            .with("lid_state", *self.draw.one(&["good", "good", "good", "worn", "rattling"]))
            .with("place", format!("{}地内", self.ground.town(at)))
            .with("position", Geometry::point(at.0, at.1).map_or(Value::Null, Value::Geometry))
            .with("note", MARK);
        self.create(MANHOLE, draft).await.map(drop)
    }

    async fn pipe(
        &mut self,
        (number, letter, exclusion): (i64, &str, &str),
        (row, n): (usize, usize),
        pair: &[(f64, f64)],
        [up, down]: [String; 2],
    ) -> Result<Pipe, LedgerError> {
        let material = if exclusion == "storm" {
            "hume"
        } else {
            *self.draw.one(&["ceramic", "hume", "hume", "pvc-thick", "pvc-thick"])
        };
        let built = match material {
            "ceramic" => self.draw.between(1968, 1982),
            "pvc-thick" => self.draw.between(1985, 2015),
            _ => self.draw.between(1970, 1998),
        };
        let sizes: &[i64] = if exclusion == "storm" { &[600, 900, 1_200, 1_800] } else { &[200, 250, 300, 400] };
        let size = sizes[(n / 3).min(sizes.len() - 1)];
        let length = centimetres(pair[0], pair[1]);
        let name = format!("{letter}-{number:04}");
        let cover = self.draw.between(700, 3_200);
        let json = serde_json::json!({ "type": "LineString", "coordinates": [[pair[0].0, pair[0].1], [pair[1].0, pair[1].1]] });
        let mut draft = Draft::new()
            .with("facility_number", name.as_str())
            .with("exclusion", exclusion)
            .with("treatment_area", "見本処理区")
            .with("material", material)
            .with("shape", "circle")
            .with("diameter_mm", size)
            .with("length_m", places(length * 10, 3))
            .with("slope_permille", places(self.draw.between(200, 800), 2))
            .with("manhole_up", up)
            .with("manhole_down", down)
            .with("cover_up_mm", cover)
            .with("cover_down_mm", cover + 150)
            .with("route_name", format!("見本東西{}号線", row + 1))
            .with("road_kind", "市道")
            .with("place", format!("{}地内", self.ground.town(pair[0])))
            .with("corrosion_prone", number % 29 == 0)
            .with("emergency_road", row % 6 == 0)
            .with("crossing", number % 31 == 0)
            .with("serves_vital", number % 17 == 0)
            .with("course", Geometry::from_geojson(&json).map_or(Value::Null, Value::Geometry))
            .with("note", MARK);
        // Of some pipes the year is a guess, and of some it is not known.
        if number % 19 != 0 {
            draft = draft.with("built_fiscal_year", built).with("built_imputed", number % 13 == 0);
        }
        let id = self.create(PIPE, draft).await?;
        Ok(Pipe { id, number: name, material, diameter_mm: size, built, length })
    }

    async fn connections(&mut self, pipe: &Pipe, pair: &[(f64, f64)], number: i64) -> Result<(), LedgerError> {
        let at = ((pair[0].0 + pair[1].0) / 2.0, (pair[0].1 + pair[1].1) / 2.0 + 0.000_03);
        let mass = format!("K-{number:04}");
        let draft = Draft::new()
            .with("facility_number", mass.as_str())
            .with("kind", "sanitary")
            .with("exclusion", "sanitary")
            .with("inner_mm", 200)
            .with("depth_m", places(95, 2))
            .with("place", format!("{}地内", self.ground.town(at)))
            .with("position", Geometry::point(at.0, at.1).map_or(Value::Null, Value::Geometry))
            .with("note", MARK);
        self.create(MASS, draft).await?;
        let draft = Draft::new()
            .with("facility_number", format!("T-{number:04}"))
            .with("exclusion", "sanitary")
            .with("material", "pvc-thin")
            .with("shape", "circle")
            .with("diameter_mm", 150)
            .with("length_m", places(4_200, 3))
            .with("mass_number", mass)
            .with("pipe_number", pipe.number.as_str())
            .with("connection_m", places(1_250, 2))
            .with("note", MARK);
        self.create(LATERAL, draft).await.map(drop)
    }

    /// A survey whose findings grow with the pipe's age.
    async fn survey(&mut self, pipe: &Pipe, number: i64) -> Result<(), LedgerError> {
        let on = self.day((-(number % 70) - 1).months());
        let age = i64::from(FiscalYear::of(on).year()) - pipe.built;
        let count = (pipe.length / 200).max(1);
        let is_bad = |draw: &mut Draw, at: i64| draw.between(0, 60) < (age - at).max(0);
        let corrosion = if pipe.material == "hume" && is_bad(&mut self.draw, 30) { Some("b") } else { None };
        let mut found: Vec<[(&'static str, Value); 3]> = Vec::new();
        for (item, rank, at) in [("joint", "c", 5), ("crack", "b", 18), ("infiltration", "b", 25), ("break", "a", 34)] {
            if is_bad(&mut self.draw, at) {
                found.push([
                    ("pipe_number", Value::Int(self.draw.between(1, count))),
                    ("item", item.into()),
                    ("rank", rank.into()),
                ]);
            }
        }
        let row = |cells: [(&'static str, Value); 3]| ChildRow {
            id: self.work.ids.next(),
            fields: cells.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Fields>(),
        };
        let defects = Value::Rows(found.into_iter().map(row).collect());
        let draft = Draft::new()
            .with("pipe", pipe.id)
            .with("surveyed_on", on)
            .with("method", "camera")
            .with("surveyor", format!("{MARK}調査"))
            .with(
                "material_class",
                if pipe.material == "ceramic" {
                    "ceramic"
                } else if pipe.material == "hume" {
                    "rc"
                } else {
                    "pvc"
                },
            )
            .with("diameter_mm", pipe.diameter_mm)
            .with("pipe_count", count)
            .with("corrosion", corrosion.map_or(Value::Null, Value::from))
            .with(
                "sag_mm",
                if is_bad(&mut self.draw, 30) { Value::Int(pipe.diameter_mm * 6 / 10) } else { Value::Null },
            )
            .with("defects", defects)
            .with("note", MARK);
        self.create(SURVEY, draft).await.map(drop)
    }

    async fn permits(&mut self) -> Result<(), LedgerError> {
        for n in 0..6_i64 {
            let draft = Draft::new()
                .with("permit_number", format!("{MARK}下{:02}", n + 1))
                .with("kind", if n % 3 == 2 { "agreement" } else { "permit" })
                .with("name", if n % 2 == 0 { "橋台の基礎" } else { "光ファイバー" })
                .with("place", "見本町地内")
                .with("structure", "鉄筋コンクリート")
                .with("holder_name", "見本通信株式会社")
                .with("starts_on", self.day((-3).years()))
                .with("ends_on", self.day((n * 40 + 20).days()))
                .with("note", MARK);
            self.create(PERMIT, draft).await?;
        }
        Ok(())
    }
}

/// A decimal of so many places from its smallest units.
fn places(units: i64, scale: u8) -> Value {
    Value::Decimal(Decimal::new(units, scale))
}
