//! Permits with their prices, unused land, photovoltaic plants and plan sheets.

use jiff::ToSpan as _;

use super::streets::point;
use super::{Loading, MARK, Route, hundredths};
use crate::definitions::{DRAWING, PERMIT, RATE, SOLAR, UNUSED};
use crate::kernel::fiscal::FiscalYear;
use crate::kernel::{Decimal, Value, YearMonth};
use crate::ledger::{Draft, LedgerError};

impl Loading {
    pub(super) async fn permits(&mut self, routes: &[Route]) -> Result<(), LedgerError> {
        let since = FiscalYear::of(self.day((-8).years())).first_day();
        let prices = [
            ("1-1", "第一種電柱", "piece", 90_000),
            ("2-1", "水管・ガス管（外径0.1m未満）", "metre", 3_500),
            ("7-1", "看板（一時的に設けるもの以外）", "square-metre", 250_000),
            ("7-2", "工事用板囲・足場", "square-metre", 25_000),
        ];
        for (code, object, unit, units) in prices {
            let draft = Draft::new()
                .with("code", code)
                .with("object", object)
                .with("unit", unit)
                .with("per", if code == "7-2" { "month" } else { "year" })
                .with("unit_price_yen", hundredths(units))
                .with("rounding", "truncate")
                .with("minimum_yen", 100)
                .with("effective_from", since)
                .with("basis", "見本の単価（条例ではありません）");
            self.create(RATE, draft).await?;
        }
        let kinds = [
            ("pole", "電柱", "電力の供給", "1-1", "見本電力株式会社"),
            ("pipe", "ガス管", "ガスの供給", "2-1", "見本ガス株式会社"),
            ("other", "突出看板", "店舗の広告", "7-1", "見本商店"),
            ("other", "足場", "建物の修繕", "7-2", "見本建設株式会社"),
        ];
        for n in 0..40_i64 {
            let (kind, object, purpose, code, holder) = kinds[usize::try_from(n).unwrap_or(0) % kinds.len()];
            let route = &routes[usize::try_from(n).unwrap_or(0) * 3 % routes.len()];
            let ends = self.in_days(n * 37 % 900 - 20);
            let starts = ends.checked_sub(if code == "7-2" { 2.months() } else { 3.years() }).unwrap_or(ends);
            let starts = starts.tomorrow().unwrap_or(starts);
            let at = route.points[usize::try_from(n).unwrap_or(0) % route.points.len()];
            let draft = Draft::new()
                .with("permit_number", format!("{MARK}占{:03}", n + 1))
                .with("state", "permitted")
                .with("holder_name", holder)
                .with("holder_address", format!("{}（見本の住所）", self.ground.town(at)))
                .with("kind", kind)
                .with("object", object)
                .with("purpose", purpose)
                .with("route", route.id)
                .with("section", route.sections[0])
                .with("place", format!("{}地内（{}）", self.ground.town(at), route.name))
                .with("position", point(at))
                .with("permitted_on", starts)
                .with("starts_on", starts)
                .with("ends_on", ends)
                .with("fee_code", code)
                .with("quantity", hundredths(self.draw.between(1, 40) * 100));
            self.create(PERMIT, draft).await?;
        }
        Ok(())
    }

    pub(super) async fn land(&mut self, routes: &[Route]) -> Result<(), LedgerError> {
        let stages = ["survey", "boundary", "neighbours", "abolition", "appraisal", "disposal", "kept", "done"];
        let year = i64::from(FiscalYear::of(self.work.context.today()).year());
        let mut land = None;
        for n in 0..16_usize {
            let route = &routes[n * 2 % routes.len()];
            let at = route.points[n % route.points.len()];
            let stage = stages[n % stages.len()];
            let cost = self.draw.between(1, 9) * 10_000;
            let upkeep =
                self.rows([[("fiscal_year", Value::Int(year)), ("what", "mowing".into()), ("yen", Value::Int(cost))]]);
            let income =
                self.rows((n % 5 == 0).then(|| {
                    [("fiscal_year", Value::Int(year)), ("what", "lease".into()), ("yen", Value::Int(36_000))]
                }));
            let mut draft = Draft::new()
                .with("parcel", format!("{}{}番（{MARK}）", self.ground.town(at), 1_000 + n * 7))
                .with("area_m2", hundredths(self.draw.between(800, 32_000)))
                .with("origin", *self.draw.one(&["leftover", "old-road", "substitute"]))
                .with("route", route.id)
                .with("width_m", hundredths(self.draw.between(150, 900)))
                .with("frontage_m", hundredths(self.draw.between(200, 2_500)))
                .with("stage", stage)
                .with("boundary_fixed", n % 3 != 0)
                .with("proposed_use", *self.draw.one(&["sale", "lease", "exchange", "pocket-park"]))
                .with("upkeep", upkeep)
                .with("income", income)
                .with("offered", stage == "disposal")
                .with("note", MARK);
            if n % 6 != 5 {
                draft = draft
                    .with("saleability", self.draw.between(0, 5))
                    .with("saleability_reason", "隣の土地の所有者が買いたいと言っている（見本）")
                    .with("saving", self.draw.between(0, 5))
                    .with("saving_reason", "年に3回の除草がなくなる（見本）")
                    .with("risk", self.draw.between(0, 5))
                    .with("risk_reason", "不法投棄の苦情がある（見本）");
            }
            if stage == "done" {
                draft = draft.with("disposed_on", self.in_days(-100));
            }
            let id = self.create(UNUSED, draft).await?;
            if stage == "kept" {
                land = Some(id);
            }
        }
        self.solar(land).await
    }

    async fn solar(&mut self, land: Option<crate::kernel::RecordId>) -> Result<(), LedgerError> {
        // The sun of a year, as kWh for each kW of panels.
        let sun = [78, 88, 105, 112, 118, 98, 108, 115, 92, 84, 74, 72];
        let first = self.day((-3).years()).first_of_month();
        let months = (0..36_i64).filter_map(|n| {
            let month = YearMonth::of(first.checked_add(n.months()).ok()?);
            let kwh = i64::from(sun[usize::try_from(month.month() - 1).ok()?]) * 49;
            // Something was wrong with the plant in the last month but two.
            let sold = if n == 33 { kwh / 3 } else { kwh + n % 5 * 20 };
            Some([
                ("month", Value::YearMonth(month)),
                ("generated_kwh", Value::Int(sold)),
                ("sold_kwh", Value::Int(sold)),
                ("yen", Value::Int(sold * 24)),
            ])
        });
        let months: Vec<_> = months.collect();
        let months = self.rows(months);
        let draft = Draft::new()
            .with("name", format!("{MARK}旧道太陽光発電所"))
            .with("land", land.map_or(Value::Null, Value::Record))
            .with("capacity_dc_kw", hundredths(4_950))
            .with("certified_fiscal_year", 2016)
            .with("started_on", self.day((-6).years()).first_of_month())
            .with("term_months", 240)
            .with("unit_price_yen", hundredths(2_400))
            .with("months", months)
            .with("note", MARK);
        self.create(SOLAR, draft).await.map(drop)
    }

    pub(super) async fn drawings(&mut self, routes: &[Route]) -> Result<(), LedgerError> {
        for n in 0..4_i64 {
            let route = &routes[usize::try_from(n).unwrap_or(0)];
            // A sheet of 0.1 m a pixel; the second has a point that was measured wrongly, the last has too few.
            let (north, east) = (-60_000 - n * 500, -37_000 + n * 400);
            let corners = [(0, 0), (5_000, 0), (5_000, 3_500), (0, 3_500)];
            let count = if n == 3 { 2 } else { corners.len() };
            let wrong = if n == 1 { 4 } else { 0 };
            let points = corners.into_iter().take(count).enumerate().map(|(k, (column, row))| {
                let shift = if k == 2 { wrong } else { 0 };
                let metres = |value: i64| Value::Decimal(Decimal::new(value * 10_000_000, 8));
                [
                    ("name", Value::Text(format!("{MARK}{}", k + 1))),
                    ("column_px", hundredths(column * 100)),
                    ("row_px", hundredths(row * 100)),
                    ("north", metres(north * 10 - row)),
                    ("east", metres(east * 10 + column + shift * 10)),
                ]
            });
            let points: Vec<_> = points.collect();
            let points = self.rows(points);
            let draft = Draft::new()
                .with("sheet_number", format!("{MARK}-{:02}", n + 1))
                .with("title", format!("道路台帳図　{}", route.name))
                .with("route", route.id)
                .with("scale", 500)
                .with("prepared_on", self.day((-20).years()))
                .with("width_px", 5_000)
                .with("height_px", 3_500)
                .with("coordinates", "plane")
                .with("zone", 9)
                .with("control_points", points)
                .with("note", MARK);
            self.create(DRAWING, draft).await?;
        }
        Ok(())
    }
}
