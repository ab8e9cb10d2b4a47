//! The rules as computed fields call them: thin views of [`crate::rules`] over the fields of a record.
//!
//! Each takes the fields of a record and the day on which it is saved. What the command line and the API offer is in
//! [`crate::calculations`].

use jiff::civil::Date;

use crate::kernel::{Decimal, Fields, Value};
use crate::ledger::Calculators;
use crate::read::Read;
use crate::rules::affine::{self, ControlPoint, Ground};
use crate::rules::grade::{self, Grade, Member};
use crate::rules::mci::{self, Mci, Measured};
use crate::rules::unused::{self, Rating, Ratings};
use crate::rules::works::{self, Item, Monthly};
use crate::rules::{Worked, decimal, table};

/// A calculation of a computed field: a value, or a sentence that says what is wrong with the fields.
pub type Calculate = fn(&Fields, Date) -> Result<Value, String>;

/// The calculations by the names that the ledgers use.
pub const CALCULATORS: [(&str, Calculate); 15] = [
    ("road-structure-grade", rule_grade),
    ("road-inspection-grade", final_grade),
    ("road-inspection-due", next_due),
    ("road-inspection-action", action),
    ("road-mci", |fields, day| {
        Ok(mci_of(fields, day)?.and_then(|one| decimal(one.value.index, 2)).map_or(Value::Null, Value::Decimal))
    }),
    ("road-mci-judgement", |fields, day| {
        Ok(mci_of(fields, day)?.map_or(Value::Null, |one| Value::from(one.value.judgement.key())))
    }),
    ("road-mci-note", |fields, day| Ok(mci_of(fields, day)?.map_or(Value::Null, |one| Value::Text(one.told())))),
    ("unused-land-score", |fields, day| {
        Ok(unused::score(&ratings(fields), day)?.value.map_or(Value::Null, Value::Decimal))
    }),
    ("unused-land-score-note", |fields, day| Ok(Value::Text(unused::score(&ratings(fields), day)?.told()))),
    ("road-drawing-world-file", |fields, _| {
        Ok(fitted(fields).map_or(Value::Null, |fit| Value::Text(fit.value.world_file())))
    }),
    ("road-drawing-residual", |fields, _| {
        Ok(fitted(fields).and_then(|fit| decimal(fit.value.rms_m, 3)).map_or(Value::Null, Value::Decimal))
    }),
    ("road-drawing-worst", worst),
    ("road-drawing-judgement", drawing_judgement),
    ("work-progress", |fields, day| Ok(progress(fields, day).value.map_or(Value::Null, Value::Decimal))),
    ("work-progress-note", |fields, day| Ok(Value::Text(progress(fields, day).told()))),
];

/// The calculators for the ledger engine.
pub fn calculators() -> Calculators {
    CALCULATORS.iter().fold(Calculators::new(), |all, (name, calculate)| all.with(*name, *calculate))
}

/// The members of an inspection.
pub fn members(fields: &Fields) -> Vec<Member> {
    let rows = Read(fields).rows("members").iter();
    rows.filter_map(|row| {
        let row = Read(&row.fields);
        // A member of which nothing is said is a main one, as the form offers it.
        let main = row.0.get("main").is_none_or(|_| row.yes("main"));
        Some(Member { grade: Grade::read(row.text("grade"))?, main })
    })
    .collect()
}

/// The grade that counts: the engineer's where one is recorded, else the rule's.
pub fn grade_of(fields: &Fields) -> Option<Grade> {
    let engineer = Grade::read(Read(fields).text("engineer_grade"));
    engineer.or_else(|| grade::structure_grade(&members(fields)).map(|worked| worked.value))
}

fn rule_grade(fields: &Fields, _: Date) -> Result<Value, String> {
    Ok(grade::structure_grade(&members(fields)).map_or(Value::Null, |worked| Value::from(worked.value.key())))
}

fn final_grade(fields: &Fields, _: Date) -> Result<Value, String> {
    Ok(grade_of(fields).map_or(Value::Null, |grade| Value::from(grade.key())))
}

fn follow_of(fields: &Fields) -> Option<(Grade, grade::Follow)> {
    let grade = grade_of(fields)?;
    let follow = grade::follow(Read(fields).date("inspected_on")?, grade)?;
    Some((grade, follow.value))
}

fn next_due(fields: &Fields, _: Date) -> Result<Value, String> {
    Ok(follow_of(fields).map_or(Value::Null, |(_, follow)| Value::Date(follow.next_due_on)))
}

fn action(fields: &Fields, _: Date) -> Result<Value, String> {
    let told = follow_of(fields).map(|(grade, follow)| match follow.measure_due_on {
        Some(due) => format!("{}（{due} まで）", grade.action()),
        None => grade.action().to_owned(),
    });
    Ok(told.map_or(Value::Null, Value::Text))
}

fn mci_of(fields: &Fields, today: Date) -> Result<Option<Worked<Mci>>, String> {
    let read = Read(fields);
    let (Some(crack_percent), Some(rut_mm)) = (read.number("crack_percent"), read.number("rut_mm")) else {
        return Ok(None);
    };
    let measured = Measured { crack_percent, rut_mm, roughness_mm: read.number("roughness_mm") };
    mci::mci(measured, read.date("surveyed_on").unwrap_or(today)).map(Some)
}

fn ratings(fields: &Fields) -> Ratings {
    let read = Read(fields);
    let of = |value: &str, reason: &str| Rating { value: read.int(value), reason: read.text(reason).to_owned() };
    Ratings {
        saleability: of("saleability", "saleability_reason"),
        saving: of("saving", "saving_reason"),
        risk: of("risk", "risk_reason"),
    }
}

/// The control points of a plan sheet.
pub fn control_points(fields: &Fields) -> Vec<ControlPoint> {
    let rows = (1..).zip(Read(fields).rows("control_points"));
    rows.filter_map(|(n, row)| {
        let row = Read(&row.fields);
        Some(ControlPoint {
            name: row.optional("name").map_or_else(|| format!("{n}番"), str::to_owned),
            column: row.number("column_px")?,
            row: row.number("row_px")?,
            east: row.number("east")?,
            north: row.number("north")?,
        })
    })
    .collect()
}

/// The unit of a sheet's coordinates.
pub fn ground(fields: &Fields) -> Ground {
    if Read(fields).text("coordinates") == "degrees" { Ground::Degrees } else { Ground::Plane }
}

/// The transformation of a sheet; none while its points do not allow one, which the page of the sheet explains.
fn fitted(fields: &Fields) -> Option<Worked<affine::Fit>> {
    affine::fit(&control_points(fields), ground(fields)).ok()
}

fn worst(fields: &Fields, _: Date) -> Result<Value, String> {
    let points = control_points(fields);
    let told = match affine::fit(&points, ground(fields)) {
        // Three points always fit.
        Ok(fit) if points.len() > 3 => {
            fit.value.worst().map(|worst| format!("{} {:.3}m", points[worst].name, fit.value.residuals_m[worst]))
        }
        Ok(_) => None,
        Err(_) if points.is_empty() => None,
        Err(why) => Some(why),
    };
    Ok(told.map_or(Value::Null, Value::Text))
}

fn drawing_judgement(fields: &Fields, today: Date) -> Result<Value, String> {
    let points = control_points(fields);
    Ok(Value::from(match fitted(fields) {
        None if points.is_empty() => "none",
        None => "check",
        Some(_) if points.len() == 3 => "no-check",
        Some(fit) if fit.value.rms_m > table::setting("residual_limit_m", today) => "check",
        Some(_) => "good",
    }))
}

fn progress(fields: &Fields, today: Date) -> Worked<Option<Decimal>> {
    let read = Read(fields);
    let monthly: Vec<Monthly> = read
        .rows("monthly")
        .iter()
        .filter_map(|row| {
            let row = Read(&row.fields);
            Some(Monthly {
                month: row.month("month")?.to_string(),
                planned: row.decimal("planned_percent")?,
                actual: row.decimal("actual_percent")?,
            })
        })
        .collect();
    let items: Vec<Item> = read
        .rows("schedule")
        .iter()
        .filter_map(|row| {
            let row = Read(&row.fields);
            let done = row.decimal("done_percent").unwrap_or(Decimal::new(0, 1));
            Some(Item { weight: row.decimal("weight_percent")?, done })
        })
        .collect();
    works::progress(&monthly, &items, today)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::kernel::ChildRow;

    const DAY: Date = date(2026, 11, 28);

    fn run(name: &str, fields: &Fields) -> Value {
        let calculate = CALCULATORS.iter().find(|(known, _)| *known == name).unwrap().1;
        calculate(fields, DAY).unwrap()
    }

    fn rows(rows: &[&[(&str, Value)]]) -> Value {
        let row = |cells: &&[(&str, Value)]| ChildRow {
            id: uuid::Uuid::nil(),
            fields: cells.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
        };
        Value::Rows(rows.iter().map(row).collect())
    }

    fn number(text: &str) -> Value {
        Value::Decimal(text.parse().unwrap())
    }

    #[test]
    fn an_inspection_tells_its_grade_due_day_and_action() {
        let mut fields = Fields::from([
            ("inspected_on".to_owned(), Value::Date(date(2025, 10, 1))),
            (
                "members".to_owned(),
                rows(&[&[("grade", "ii".into())], &[("grade", "iii".into()), ("main", Value::Bool(false))]]),
            ),
        ]);
        assert_eq!(run("road-structure-grade", &fields), "ii".into());
        assert_eq!(run("road-inspection-due", &fields), Value::Date(date(2030, 10, 1)));
        fields.insert("engineer_grade".to_owned(), "iii".into());
        assert_eq!(
            (run("road-structure-grade", &fields), run("road-inspection-grade", &fields)),
            ("ii".into(), "iii".into())
        );
        assert_eq!(
            run("road-inspection-action", &fields),
            "次の点検までに措置する。着手日を記録する（2030-10-01 まで）".into()
        );
        assert_eq!(run("road-inspection-due", &Fields::new()), Value::Null);
    }

    #[test]
    fn a_sheet_tells_how_well_it_fits() {
        let point = |c: &str, r: &str, n: &str, e: &str| {
            [("column_px", number(c)), ("row_px", number(r)), ("north", number(n)), ("east", number(e))]
        };
        let points = [
            point("0", "0", "-62000", "-36000"),
            point("1000", "0", "-62000", "-35900"),
            point("0", "1000", "-62100", "-36000"),
            point("1000", "1000", "-62100", "-35900"),
        ];
        let of = |points: &[[(&str, Value); 4]]| {
            Fields::from([(
                "control_points".to_owned(),
                rows(&points.iter().map(|point| &point[..]).collect::<Vec<_>>()),
            )])
        };
        let fields = of(&points);
        assert_eq!(run("road-drawing-judgement", &fields), "good".into());
        let Value::Text(lines) = run("road-drawing-world-file", &fields) else { panic!() };
        assert!(lines.starts_with("0.1000000000\n"), "{lines}");
        assert_eq!(run("road-drawing-judgement", &of(&points[..3])), "no-check".into());
        assert_eq!(run("road-drawing-judgement", &of(&points[..2])), "check".into());
        assert_eq!(run("road-drawing-judgement", &Fields::new()), "none".into());
        let mut wrong = points.clone();
        wrong[3][2].1 = number("-62090");
        assert_eq!(run("road-drawing-judgement", &of(&wrong)), "check".into());
        assert!(matches!(run("road-drawing-worst", &of(&wrong)), Value::Text(text) if text.ends_with("2.500m")));
    }

    #[test]
    fn what_is_not_filled_in_is_not_computed() {
        for (name, calculate) in CALCULATORS {
            assert!(calculate(&Fields::new(), DAY).is_ok(), "{name}");
        }
        assert_eq!(run("road-mci", &Fields::new()), Value::Null);
    }
}
