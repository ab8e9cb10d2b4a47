//! Routes with their sections, pavement, lamps and mirrors, bridges and their inspections.

use jiff::ToSpan as _;

use super::grid::centimetres;
use super::{Loading, MARK, Route, hundredths, tenths};
use crate::definitions::{ASSET, INSPECTION, PAVEMENT, ROUTE, SECTION, STRUCTURE};
use crate::kernel::{Geometry, Value};
use crate::ledger::{Draft, LedgerError};

/// A line through points.
fn line(points: &[(f64, f64)]) -> Value {
    let positions: Vec<[f64; 2]> = points.iter().map(|(x, y)| [*x, *y]).collect();
    let json = serde_json::json!({ "type": "LineString", "coordinates": positions });
    Geometry::from_geojson(&json).map_or(Value::Null, Value::Geometry)
}

/// A point.
pub(super) fn point((longitude, latitude): (f64, f64)) -> Value {
    Geometry::point(longitude, latitude).map_or(Value::Null, Value::Geometry)
}

/// A point between two others.
fn between(from: (f64, f64), to: (f64, f64), share: f64) -> (f64, f64) {
    (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share)
}

impl Loading {
    pub(super) async fn streets(&mut self) -> Result<Vec<Route>, LedgerError> {
        let mut routes = Vec::new();
        for (n, street) in (1..).zip(self.ground.streets()) {
            let (start, end) = (street.points[0], street.points[street.points.len() - 1]);
            let (from, to) = (self.ground.town(start).to_owned(), self.ground.town(end).to_owned());
            let way = if street.is_across { "東西" } else { "南北" };
            let name = format!("{MARK}{way}{n}号線");
            let class = if n % 7 == 0 {
                "first"
            } else if n % 3 == 0 {
                "second"
            } else {
                "other"
            };
            let width = match class {
                "first" => 1_200,
                "second" => 800,
                _ => self.draw.between(3, 6) * 100,
            };
            let total: i64 = street.points.windows(2).map(|pair| centimetres(pair[0], pair[1])).sum();
            let unopened = if n % 9 == 0 { centimetres(street.points[0], street.points[1]) } else { 0 };
            let approved = self.day((-(n as i64 % 40) - 5).years());
            let openings = self.rows([[
                ("section_name", Value::Text(format!("{from}から{to}まで"))),
                ("opened_on", Value::Date(approved)),
                ("length_m", hundredths(total - unopened)),
            ]]);
            let sites = self.rows([
                [("owner_kind", "city".into()), ("area_m2", hundredths((total - unopened) * width / 100))],
                [("owner_kind", "private".into()), ("area_m2", hundredths(unopened * width / 100))],
            ]);
            let draft = Draft::new()
                .with("route_number", format!("{n}"))
                .with("road_kind", "municipal")
                .with("road_class", class)
                .with("name", name.as_str())
                .with("approved_on", approved)
                .with("start_place", format!("{from}地内"))
                .with("end_place", format!("{to}地内"))
                .with("waypoints", self.ground.town(street.points[street.points.len() / 2]))
                .with("openings", openings)
                .with("total_m", hundredths(total))
                .with("overlap_m", hundredths(0))
                .with("unopened_m", hundredths(unopened))
                .with("site_area_m2", hundredths(total * width / 100))
                .with("sites", sites)
                .with("width_min_m", hundredths(width - 100))
                .with("course", line(&street.points))
                .with("prepared_on", self.in_days(-200))
                .with("source_document", MARK)
                .with("settled", n % 4 != 0);
            let id = self.create(ROUTE, draft).await?;
            let sections = self.sections(id, &street.points, width, unopened > 0).await?;
            routes.push(Route { id, name, points: street.points, sections });
        }
        self.assets(&routes).await?;
        Ok(routes)
    }

    async fn sections(
        &mut self,
        route: crate::kernel::RecordId,
        points: &[(f64, f64)],
        width: i64,
        first_is_unopened: bool,
    ) -> Result<Vec<crate::kernel::RecordId>, LedgerError> {
        let mut sections = Vec::new();
        for (n, pair) in (1_i64..).zip(points.windows(2)) {
            let state = if first_is_unopened && n == 1 { "unopened" } else { "open" };
            let surface = if width >= 800 {
                "asphalt-high"
            } else {
                *self.draw.one(&["asphalt-simple", "asphalt-simple", "asphalt-high", "gravel"])
            };
            let length = centimetres(pair[0], pair[1]);
            let draft = Draft::new()
                .with("route", route)
                .with("section_number", n)
                .with("place", format!("{}地内", self.ground.town(between(pair[0], pair[1], 0.5))))
                .with("length_m", hundredths(length))
                .with("use_state", state)
                .with("structure_kind", "road")
                .with("width_m", hundredths(width))
                .with("roadway_width_m", hundredths(width - 100))
                .with("improved", width >= 400)
                .with("surface", surface)
                .with("sidewalk_m", hundredths(if width >= 800 { length } else { 0 }))
                .with("impassable", width <= 300)
                .with("emergency_road", width >= 1_200)
                .with("boundary_fixed", *self.draw.one(&["fixed", "fixed", "partly", "open"]))
                .with("course", line(pair))
                .with("prepared_on", self.in_days(-200));
            let id = self.create(SECTION, draft).await?;
            if n % 3 == 1 && state == "open" {
                self.pavement(id).await?;
            }
            sections.push(id);
        }
        Ok(sections)
    }

    async fn pavement(&mut self, section: crate::kernel::RecordId) -> Result<(), LedgerError> {
        let (crack, rut, rough) = (self.draw.between(0, 450), self.draw.between(20, 350), self.draw.between(120, 480));
        let draft = Draft::new()
            .with("section", section)
            .with("surveyed_on", self.in_days(-self.draw_days()))
            .with("surveyor", format!("{MARK}調査"))
            .with("crack_percent", tenths(crack))
            .with("rut_mm", tenths(rut))
            .with("roughness_mm", hundredths(rough));
        self.create(PAVEMENT, draft).await.map(drop)
    }

    /// Days since some survey of the last years, always the same for the same count of records.
    fn draw_days(&self) -> i64 {
        i64::try_from(self.done % 900).unwrap_or(0) + 30
    }

    async fn assets(&mut self, routes: &[Route]) -> Result<(), LedgerError> {
        let kinds =
            [("lamp", "LED 40W相当"), ("mirror", "φ800 一面鏡"), ("guard", "ガードパイプ"), ("sign", "案内標識")];
        let mut number = 0;
        for route in routes {
            for (n, pair) in route.points.windows(2).enumerate() {
                number += 1;
                let (kind, specification) = kinds[number % kinds.len()];
                let at = between(pair[0], pair[1], 0.4);
                let state = if number % 23 == 0 { "broken" } else { "in-use" };
                let draft = Draft::new()
                    .with("asset_number", format!("{}-{number:04}", kind[..1].to_uppercase()))
                    .with("kind", kind)
                    .with("section", route.sections[n])
                    .with("place", format!("{}地内（{}）", self.ground.town(at), route.name))
                    .with("position", point(at))
                    .with("specification", specification)
                    .with("installed_on", self.day((-(number as i64 % 20) - 1).years()))
                    .with("state", state)
                    .with("note", MARK);
                self.create(ASSET, draft).await?;
            }
        }
        Ok(())
    }

    pub(super) async fn structures(&mut self, routes: &[Route]) -> Result<(), LedgerError> {
        let kinds = [
            ("bridge", "橋"),
            ("bridge", "橋"),
            ("bridge", "橋"),
            ("culvert", "ボックスカルバート"),
            ("footbridge", "歩道橋"),
            ("gantry", "門型標識"),
        ];
        for (n, route) in routes.iter().enumerate().filter(|(n, _)| n % 2 == 0) {
            let (kind, word) = kinds[n / 2 % kinds.len()];
            let at = between(route.points[1], route.points[2], 0.3);
            let town = self.ground.town(at).to_owned();
            let draft = Draft::new()
                .with("name", format!("{MARK}{town}{word}"))
                .with("facility_number", format!("S-{:03}", n / 2 + 1))
                .with("kind", kind)
                .with("route", route.id)
                .with("place", format!("{town}地内"))
                .with("crosses", if kind == "gantry" { Value::Null } else { "見本川".into() })
                .with("length_m", hundredths(self.draw.between(300, 4_500)))
                .with("width_m", hundredths(self.draw.between(400, 1_200)))
                .with("spans", 1 + i64::try_from(n % 3).unwrap_or(0))
                .with("material", *self.draw.one(&["steel", "rc", "pc"]))
                .with("built_year", i64::from(self.work.context.today().year()) - self.draw.between(10, 65))
                .with("position", point(at));
            let id = self.create(STRUCTURE, draft).await?;
            // One in eleven has never been inspected.
            if n % 11 != 10 {
                self.inspection(id, n).await?;
            }
        }
        Ok(())
    }

    async fn inspection(&mut self, structure: crate::kernel::RecordId, n: usize) -> Result<(), LedgerError> {
        let grade = ["i", "ii", "ii", "i", "iii", "ii", "i", "iv"][n / 2 % 8];
        let months = i64::try_from(n * 5 % 66).unwrap_or(0) + 1;
        let on = self.day((-months).months());
        let lesser = if grade == "i" { "i" } else { "ii" };
        let members = self.rows([
            [
                ("member", "main-girder".into()),
                ("damage_kind", "corrosion".into()),
                ("grade", grade.into()),
                ("main", true.into()),
                ("finding", "見本の所見".into()),
            ],
            [
                ("member", "deck".into()),
                ("damage_kind", "crack-concrete".into()),
                ("grade", lesser.into()),
                ("main", true.into()),
                ("finding", "見本の所見".into()),
            ],
        ]);
        let mut draft = Draft::new()
            .with("structure", structure)
            .with("inspected_on", on)
            .with("method", "close")
            .with("inspector", format!("{MARK}設計"))
            .with("members", members);
        if matches!(grade, "iii" | "iv") {
            let due = on.checked_add(if grade == "iii" { 4.years() } else { 0.years() }).unwrap_or(on);
            draft =
                draft.with("measure", "主桁の当て板補修").with("measure_state", "planned").with("measure_due_on", due);
        }
        if grade == "iv" {
            let at = crate::kernel::context::start_of(on);
            draft = draft.with("restricted_at", Value::Instant(at)).with("reported_on", on);
        }
        self.create(INSPECTION, draft).await.map(drop)
    }
}
