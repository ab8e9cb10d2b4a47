//! What the command line and the API offer by name (`kawasemi calc NAME`), each with its working.
//!
//! Where a calculation needs several lines of something (members, control points, months), they are one text with `;` between them.

use jiff::civil::Date;

use crate::kernel::calculation::{Calculation, Given, Kind, Slot, Worked};
use crate::kernel::decimal::Rounding;
use crate::kernel::{Decimal, Value};
use crate::rules::affine::{self, ControlPoint, Ground};
use crate::rules::grade::{self, Grade, Member};
use crate::rules::length::{self, Section};
use crate::rules::mci::{self, Measured};
use crate::rules::occupancy::{self, Occupancy, Per, Price};
use crate::rules::solar::{self, Month, Plant};
use crate::rules::unused::{self, Rating, Ratings};
use crate::rules::{self, Step, decimal};

/// The calculations of the road ledger.
pub const CALCULATIONS: [Calculation; 7] = [
    Calculation {
        key: "road-mci",
        title: "舗装の維持管理指数（MCI）",
        basis: "舗装の維持管理指数（旧建設省土木研究所）",
        inputs: &[
            Slot::required("crack_percent", "ひび割れ率（％）", Kind::Decimal),
            Slot::required("rut_mm", "わだち掘れ量（mm）", Kind::Decimal),
            Slot::optional("roughness_mm", "平たん性σ（mm）", Kind::Decimal),
        ],
        outputs: &[Slot::required("mci", "MCI", Kind::Decimal), Slot::required("judgement", "判定", Kind::Text)],
        compute: mci_of,
    },
    Calculation {
        key: "road-inspection",
        title: "構造物の健全性と次の点検の期限",
        basis: "道路法施行規則第4条の5の6、平成26年国土交通省告示第426号",
        inputs: &[
            Slot::required("inspected_on", "点検日", Kind::Date),
            Slot::required("members", "主要な部材の健全性（例 ii;iii）", Kind::Text),
            Slot::optional("engineer_grade", "技術者の診断", Kind::Text),
        ],
        outputs: &[
            Slot::required("grade", "健全性", Kind::Text),
            Slot::required("next_due_on", "次の点検の期限", Kind::Date),
            Slot::optional("measure_due_on", "措置の期限", Kind::Date),
            Slot::required("action", "とるべき措置", Kind::Text),
        ],
        compute: inspection,
    },
    Calculation {
        key: "road-occupancy-fee",
        title: "道路占用料",
        basis: "道路法第39条、市の道路占用料徴収条例",
        inputs: &[
            Slot::required("starts_on", "期間の始まり", Kind::Date),
            Slot::required("ends_on", "期間の終わり", Kind::Date),
            Slot::required("quantity", "数量", Kind::Decimal),
            Slot::required("unit_price_yen", "単価（円）", Kind::Decimal),
            Slot::optional("per", "単価の期間（year・month・day。省くと year）", Kind::Text),
            Slot::optional("rounding", "数量の端数（truncate・up・none。省くと truncate）", Kind::Text),
            Slot::optional("minimum_yen", "最低額（円）", Kind::Yen),
            Slot::optional("reduction_percent", "減免（％）", Kind::Integer),
        ],
        outputs: &[
            Slot::required("fee_yen", "占用料の合計（円）", Kind::Yen),
            Slot::required("by_year", "年度ごと", Kind::Text),
        ],
        compute: fee,
    },
    Calculation {
        key: "unused-land-score",
        title: "未利用の道路用地の優先の点数",
        basis: "市の未利用地の処分の基準",
        inputs: &[
            Slot::required("saleability", "売れやすさ（0〜5）", Kind::Integer),
            Slot::required("saving", "維持費の減（0〜5）", Kind::Integer),
            Slot::required("risk", "危険・苦情（0〜5）", Kind::Integer),
        ],
        outputs: &[Slot::required("score", "点数", Kind::Decimal)],
        compute: score,
    },
    Calculation {
        key: "road-drawing-fit",
        title: "スキャン図面の位置合わせ（アフィン変換）",
        basis: "最小二乗法",
        inputs: &[
            Slot::required("points", "基準点（横,縦,北,東 を ; で区切る）", Kind::Text),
            Slot::optional("coordinates", "座標（plane・degrees。省くと plane）", Kind::Text),
        ],
        outputs: &[
            Slot::required("world_file", "ワールドファイルの6係数", Kind::Text),
            Slot::required("residual_m", "残差（m）", Kind::Decimal),
        ],
        compute: drawing,
    },
    Calculation {
        key: "solar-forecast",
        title: "太陽光売電の収入の見通しと、おかしな月",
        basis: "再生可能エネルギー電気の利用の促進に関する特別措置法",
        inputs: &[
            Slot::required("capacity_kw", "パネルの出力（kW）", Kind::Decimal),
            Slot::required("started_on", "買取の始まり", Kind::Date),
            Slot::required("term_months", "買取の月数", Kind::Integer),
            Slot::required("unit_price_yen", "単価（円/kWh）", Kind::Decimal),
            Slot::required("months", "実績（2025-04=4100 を ; で区切る）", Kind::Text),
        ],
        outputs: &[
            Slot::required("yearly_kwh", "年間の平均（kWh）", Kind::Decimal),
            Slot::required("months_left", "残りの月数", Kind::Integer),
            Slot::required("yen", "残りの期間の収入（円）", Kind::Yen),
            Slot::optional("odd_months", "おかしな月", Kind::Text),
        ],
        compute: forecast,
    },
    Calculation {
        key: "road-length",
        title: "路線の延長の内訳",
        basis: "道路法施行規則第4条の2第3項第7号",
        inputs: &[Slot::required(
            "sections",
            "区間（延長m,状態 open・unopened・overlap,幅員m,改良 1・0,路面 を ; で区切る）",
            Kind::Text,
        )],
        outputs: &[
            Slot::required("total_m", "総延長（m）", Kind::Decimal),
            Slot::required("overlap_m", "重用延長（m）", Kind::Decimal),
            Slot::required("unopened_m", "未供用延長（m）", Kind::Decimal),
            Slot::required("actual_m", "実延長（m）", Kind::Decimal),
            Slot::required("improved_m", "改良済（m）", Kind::Decimal),
            Slot::required("unimproved_m", "未改良（m）", Kind::Decimal),
        ],
        compute: lengths,
    },
];

/// An answer with the steps of a rule.
fn told(steps: Vec<Step>) -> Worked {
    steps.into_iter().fold(Worked::new(), Worked::noted)
}

fn figure(value: f64, scale: u8) -> Value {
    decimal(value, scale).map_or(Value::Null, Value::Decimal)
}

fn number(given: &Given, key: &str) -> f64 {
    given.decimal(key).map(Decimal::to_f64).unwrap_or_default()
}

/// The parts of a text that stand between semicolons, numbered from 1.
fn parts(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.split([';', '；', '\n']).map(str::trim).filter(|part| !part.is_empty()))
}

fn mci_of(given: &Given) -> Result<Worked, String> {
    let measured = Measured {
        crack_percent: number(given, "crack_percent"),
        rut_mm: number(given, "rut_mm"),
        roughness_mm: given.decimal("roughness_mm").map(Decimal::to_f64),
    };
    let rules::Worked { value, steps } = mci::mci(measured, given.as_of())?;
    Ok(told(steps).output("mci", figure(value.index, 2)).output("judgement", value.judgement.label()))
}

fn inspection(given: &Given) -> Result<Worked, String> {
    let read = |text: &str| {
        Grade::read(text).ok_or_else(|| format!("健全性「{text}」は i・ii・iii・iv のどれでもありません。"))
    };
    let members = parts(given.text("members").unwrap_or_default())
        .map(|(_, text)| Ok(Member { grade: read(text)?, main: true }))
        .collect::<Result<Vec<_>, String>>()?;
    let worst = grade::structure_grade(&members).ok_or("部材の健全性がありません。")?;
    let mut steps = worst.steps;
    let grade = match given.text("engineer_grade") {
        None => worst.value,
        Some(text) => {
            let grade = read(text)?;
            steps.push(rules::step("技術者の診断", grade.label()));
            grade
        }
    };
    let on = given.date("inspected_on").unwrap_or(given.as_of());
    let follow = grade::follow(on, grade).ok_or("点検の間隔の表に、この健全性の行がありません。")?;
    steps.extend(follow.steps);
    Ok(told(steps)
        .output("grade", grade.label())
        .output("next_due_on", follow.value.next_due_on)
        .output("measure_due_on", follow.value.measure_due_on.map_or(Value::Null, Value::Date))
        .output("action", grade.action()))
}

/// How a quantity is rounded, by the key of the ledger.
///
/// # Errors
/// A sentence where the key is none.
pub fn rounding(key: &str) -> Result<Option<Rounding>, String> {
    match key {
        "truncate" => Ok(Some(Rounding::Truncate)),
        "up" => Ok(Some(Rounding::Up)),
        "none" => Ok(None),
        other => Err(format!("数量の端数「{other}」は truncate・up・none のどれでもありません。")),
    }
}

fn fee(given: &Given) -> Result<Worked, String> {
    let (Some(from), Some(to)) = (given.date("starts_on"), given.date("ends_on")) else {
        return Err("期間がありません。".to_owned());
    };
    let per = given.text("per").unwrap_or("year");
    let price = Price {
        from: Date::MIN,
        to: None,
        per: Per::read(per).ok_or_else(|| format!("単価の期間「{per}」は year・month・day のどれでもありません。"))?,
        unit_price: given.decimal("unit_price_yen").ok_or("単価がありません。")?,
        rounding: rounding(given.text("rounding").unwrap_or("truncate"))?,
        minimum_yen: given.integer("minimum_yen").unwrap_or(0),
    };
    let quantity = given.decimal("quantity").ok_or("数量がありません。")?;
    let occupancy =
        Occupancy { from, to, quantity, reduction_percent: given.integer("reduction_percent").unwrap_or(0) };
    if quantity.units() < 0 || price.unit_price.units() < 0 {
        return Err("数量と単価は0以上で入れてください。".to_owned());
    }
    let rules::Worked { value, steps } = occupancy::fees(&occupancy, &[price])?;
    let by_year: Vec<String> = value.iter().map(|fee| format!("{} {}円", fee.year.label(), fee.yen)).collect();
    let sum: i64 = value.iter().map(|fee| fee.yen).sum();
    Ok(told(steps).output("fee_yen", sum).output("by_year", by_year.join("; ")))
}

fn score(given: &Given) -> Result<Worked, String> {
    let of = |key: &str| Rating { value: given.integer(key), reason: String::new() };
    let ratings = Ratings { saleability: of("saleability"), saving: of("saving"), risk: of("risk") };
    let rules::Worked { value, steps } = unused::score(&ratings, given.as_of())?;
    Ok(told(steps).output("score", value.map_or(Value::Null, Value::Decimal)))
}

fn drawing(given: &Given) -> Result<Worked, String> {
    let point = |(n, text): (usize, &str)| {
        let cells = text.split(',').map(|cell| cell.trim().parse::<f64>()).collect::<Result<Vec<_>, _>>();
        match cells.as_deref() {
            Ok([column, row, north, east]) => {
                Ok(ControlPoint { name: format!("{n}番"), column: *column, row: *row, north: *north, east: *east })
            }
            _ => Err(format!("{n}番の基準点「{text}」は「横,縦,北,東」の4つの数ではありません。")),
        }
    };
    let points = parts(given.text("points").unwrap_or_default()).map(point).collect::<Result<Vec<_>, String>>()?;
    let ground = match given.text("coordinates").unwrap_or("plane") {
        "plane" => Ground::Plane,
        "degrees" => Ground::Degrees,
        other => return Err(format!("座標「{other}」は plane か degrees ではありません。")),
    };
    let rules::Worked { value, steps } = affine::fit(&points, ground)?;
    Ok(told(steps)
        .output("world_file", value.world_file().replace('\n', " "))
        .output("residual_m", figure(value.rms_m, 3)))
}

fn forecast(given: &Given) -> Result<Worked, String> {
    let month = |(n, text): (usize, &str)| {
        let wrong = || format!("{n}番の実績「{text}」は「2025-04=4100」の形ではありません。");
        let (month, kwh) = text.split_once('=').ok_or_else(wrong)?;
        let month = month.trim().parse().map_err(|_| wrong())?;
        let sold_kwh = kwh.trim().parse::<i64>().ok().filter(|kwh| *kwh >= 0).ok_or_else(wrong)?;
        Ok(Month { month, sold_kwh, yen: None })
    };
    let months = parts(given.text("months").unwrap_or_default()).map(month).collect::<Result<Vec<_>, String>>()?;
    let plant = Plant {
        capacity_kw: number(given, "capacity_kw"),
        started_on: given.date("started_on").unwrap_or(given.as_of()),
        term_months: given.integer("term_months").unwrap_or(0),
        unit_price: number(given, "unit_price_yen"),
    };
    if plant.capacity_kw <= 0.0 {
        return Err("パネルの出力は0より大きく入れてください。".to_owned());
    }
    let odd: Vec<String> = solar::oddities(plant, &months, given.as_of())
        .iter()
        .map(|one| format!("{}（いつもの{:.0}％）", one.month, one.percent))
        .collect();
    let rules::Worked { value, steps } = solar::forecast(plant, &months, given.as_of())?;
    Ok(told(steps)
        .output("yearly_kwh", figure(value.yearly_kwh, 1))
        .output("months_left", value.months_left)
        .output("yen", value.yen)
        .output("odd_months", if odd.is_empty() { Value::Null } else { Value::Text(odd.join("; ")) }))
}

fn lengths(given: &Given) -> Result<Worked, String> {
    let section = |(n, text): (usize, &str)| {
        let wrong = || format!("{n}番の区間「{text}」は「延長,状態,幅員,改良,路面」の形ではありません。");
        let cells: Vec<&str> = text.split(',').map(str::trim).collect();
        let [length, use_state, width, improved, surface] = cells[..] else { return Err(wrong()) };
        let metres = |text: &str| Decimal::parse_at(text, 2).map(Decimal::units).map_err(|_| wrong());
        if !["open", "unopened", "overlap"].contains(&use_state) {
            return Err(wrong());
        }
        Ok(Section {
            length: metres(length)?,
            use_state: use_state.to_owned(),
            width: if width.is_empty() { None } else { Some(metres(width)?) },
            improved: improved == "1",
            surface: Some(surface.to_owned()).filter(|key| !key.is_empty()),
            ..Section::default()
        })
    };
    let sections =
        parts(given.text("sections").unwrap_or_default()).map(section).collect::<Result<Vec<_>, String>>()?;
    let sum = length::breakdown(&sections, given.as_of());
    let mut worked = Worked::new().step("実延長", "総延長 − 重用延長 − 未供用延長");
    let filled = |all: &[(String, i64)]| all.iter().filter(|(_, length)| *length > 0).cloned().collect::<Vec<_>>();
    for (label, length) in filled(&sum.widths).into_iter().chain(filled(&sum.surfaces)) {
        let label = length::SURFACES
            .iter()
            .find(|(key, _)| *key == label)
            .map_or(label.clone(), |(_, name)| (*name).to_owned());
        worked = worked.step(label, format!("{}m", length::metres(length)));
    }
    let metres = |centimetres| Value::Decimal(Decimal::new(centimetres, 2));
    Ok(worked
        .output("total_m", metres(sum.total))
        .output("overlap_m", metres(sum.overlap))
        .output("unopened_m", metres(sum.unopened))
        .output("actual_m", metres(sum.actual))
        .output("improved_m", metres(sum.improved))
        .output("unimproved_m", metres(sum.unimproved)))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::kernel::calculation::cell;

    fn run(key: &str, inputs: &[(&str, &'static str)]) -> Result<Vec<String>, String> {
        let calculation = CALCULATIONS.iter().find(|one| one.key == key).unwrap();
        let of = |key: &str| inputs.iter().find(|(name, _)| *name == key).map(|(_, text)| *text);
        let worked = calculation.run(&calculation.read(date(2026, 4, 1), of).map_err(|all| all[0].to_string())?)?;
        assert!(!worked.steps().is_empty(), "{key} tells its working");
        Ok(calculation.outputs.iter().map(|slot| cell(worked.get(slot.key))).collect())
    }

    #[test]
    fn every_calculation_answers() {
        let outputs = |key, inputs: &[(&str, &'static str)]| run(key, inputs).unwrap();
        assert_eq!(outputs("road-mci", &[("crack_percent", "0"), ("rut_mm", "0")]), ["10.00", "補修不要"]);
        assert_eq!(
            outputs("road-inspection", &[("inspected_on", "R6.10.3"), ("members", "i;Ⅲ;ii")]),
            ["Ⅲ 早期措置段階", "2029-10-03", "2029-10-03", "次の点検までに措置する。着手日を記録する"]
        );
        assert_eq!(
            outputs(
                "road-occupancy-fee",
                &[
                    ("starts_on", "2026-10-01"),
                    ("ends_on", "2028-03-31"),
                    ("quantity", "2.9"),
                    ("unit_price_yen", "1000")
                ]
            ),
            ["3000", "令和8年度 1000円; 令和9年度 2000円"]
        );
        assert_eq!(outputs("unused-land-score", &[("saleability", "5"), ("saving", "2"), ("risk", "3")]), ["3.50"]);
        let fitted = outputs("road-drawing-fit", &[("points", "0,0,0,0;100,0,0,10;0,100,-10,0;100,100,-10,10")]);
        assert_eq!(fitted[1], "0.000");
        assert!(fitted[0].starts_with("0.1000000000 "), "{fitted:?}");
        assert_eq!(
            outputs("road-length", &[("sections", "100.5,open,6,1,asphalt-high; 20,unopened,,0,; 5,overlap,6,1,")]),
            ["125.50", "5.00", "20.00", "100.50", "100.50", "0.00"]
        );
        let months = "2025-01=10;2025-02=10;2025-03=10;2025-04=10;2025-05=10;2025-06=10;2025-07=10;2025-08=10;2025-09=10;2025-10=10;2025-11=10;2025-12=10;2026-01=3";
        let solar = outputs(
            "solar-forecast",
            &[
                ("capacity_kw", "10"),
                ("started_on", "2016-02-01"),
                ("term_months", "120"),
                ("unit_price_yen", "24"),
                ("months", months),
            ],
        );
        assert_eq!(solar, ["113.0", "0", "0", "2026-01（いつもの30％）"]);
    }

    #[test]
    fn nonsense_is_answered_with_a_sentence() {
        for (key, inputs) in [
            ("road-inspection", vec![("inspected_on", "2026-01-01"), ("members", "5")]),
            ("road-inspection", vec![("inspected_on", "2026-01-01"), ("members", ";")]),
            (
                "road-occupancy-fee",
                vec![
                    ("starts_on", "2026-10-01"),
                    ("ends_on", "2026-01-01"),
                    ("quantity", "1"),
                    ("unit_price_yen", "1"),
                ],
            ),
            (
                "road-occupancy-fee",
                vec![
                    ("starts_on", "2026-10-01"),
                    ("ends_on", "2027-01-01"),
                    ("quantity", "1"),
                    ("unit_price_yen", "1"),
                    ("per", "week"),
                ],
            ),
            ("unused-land-score", vec![("saleability", "9"), ("saving", "2"), ("risk", "3")]),
            ("road-drawing-fit", vec![("points", "1,2,3")]),
            ("road-length", vec![("sections", "ten,open,6,1,")]),
            (
                "solar-forecast",
                vec![
                    ("capacity_kw", "0"),
                    ("started_on", "2016-02-01"),
                    ("term_months", "1"),
                    ("unit_price_yen", "1"),
                    ("months", "2025-01=1"),
                ],
            ),
        ] {
            let said = run(key, &inputs).unwrap_err();
            assert!(said.ends_with('。'), "{key}: {said}");
        }
    }
}
