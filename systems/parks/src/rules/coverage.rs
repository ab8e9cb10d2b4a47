//! How much of a park is built upon (建蔽率), how much is sports ground, and whether its land adds up.
//!
//! 都市公園法第4条 and 施行令第6条: the buildings of a park stay within a base share of its site, which the city's ordinance sets, and
//! those of some classes within an extra share for their class; what a class has above its extra counts against the base. This
//! is our reading of how the extras work together, said here since the order itself does not spell it out. A limit that is passed
//! warns and blocks nothing: the ordinance may know exceptions.

use jiff::civil::Date;

use super::tables::{CoverageLimit, in_force};
use super::{Step, Worked, step};
use crate::kernel::Decimal;
use crate::kernel::decimal::Rounding;

/// The classes with an extra share of their own (施行令第6条第1項各号 and the two of the law), by key and name.
pub const CLASSES: [(&str, &str); 5] = [
    ("class-1", "第1号"),
    ("class-2", "第2号"),
    ("class-3", "第3号"),
    ("temporary", "仮設公園施設"),
    ("recruited", "公募対象公園施設"),
];

/// A building or a sports facility of a park.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The building area; zero for what is no building.
    pub building_m2: Decimal,
    /// The area of a sports facility; zero for what is none.
    pub sports_m2: Decimal,
    /// The key of the coverage class.
    pub class: String,
}

/// The limits that hold, percent of the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits(Vec<(String, Decimal)>);

impl Limits {
    /// The limits that come with the system, as of a day, each replaced by the city's own where it has one.
    pub fn on(day: Date, built_in: &[CoverageLimit], own: impl IntoIterator<Item = (String, Decimal)>) -> Self {
        let mut limits: Vec<(String, Decimal)> =
            in_force(built_in, day).map(|row| (row.limit.clone(), row.percent)).collect();
        for (key, percent) in own {
            limits.retain(|(known, _)| *known != key);
            limits.push((key, percent));
        }
        Self(limits)
    }

    /// A limit; none where there is none.
    pub fn get(&self, key: &str) -> Option<Decimal> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, percent)| *percent)
    }
}

/// A share of the site with its limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// What it is the share of, for people.
    pub name: String,
    /// The area.
    pub area_m2: Decimal,
    /// Percent of the site, two places; none where the site area is not known.
    pub percent: Option<Decimal>,
    /// The limit, percent; none where there is none.
    pub limit: Option<Decimal>,
    /// Whether the limit is passed.
    pub is_over: bool,
}

/// The shares of a park.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// All buildings. Its limit is the base, and it is over when what counts against the base is.
    pub buildings: Share,
    /// The buildings of each class that has any.
    pub classes: Vec<Share>,
    /// Sports facilities.
    pub sports: Share,
}

impl Coverage {
    /// What passes its limit, in sentences.
    pub fn warnings(&self) -> Vec<String> {
        let all = std::iter::once(&self.buildings).chain(&self.classes).chain(std::iter::once(&self.sports));
        all.filter(|share| share.is_over)
            .map(|share| {
                let said = |percent: Option<Decimal>| percent.map(|percent| percent.to_string()).unwrap_or_default();
                format!("{}の割合{}％が上限{}％を超えています。", share.name, said(share.percent), said(share.limit))
            })
            .collect()
    }
}

/// The shares of a park with a site area, by what is built on it.
pub fn coverage(site_m2: Option<Decimal>, built: &[Built], limits: &Limits) -> Worked<Coverage> {
    let sum =
        |wanted: &dyn Fn(&Built) -> Option<Decimal>| -> i64 { built.iter().filter_map(wanted).map(hundredths).sum() };
    let site = site_m2.map(hundredths).filter(|site| *site > 0);
    let percent = |area: i64| {
        let site = site?;
        Decimal::from_ratio(i128::from(area) * 100, i128::from(site), 2, Rounding::HalfUp)
    };
    // Compared exactly: a rounded share that looks like the limit may be above it.
    let is_over = |area: i64, limit: Option<Decimal>| match (site, limit) {
        (Some(site), Some(limit)) => i128::from(area) * 10_000 > i128::from(site) * i128::from(hundredths(limit)),
        _ => false,
    };
    let share = |name: &str, area: i64, limit: Option<Decimal>, over: bool| Share {
        name: name.to_owned(),
        area_m2: Decimal::new(area, 2),
        percent: percent(area),
        limit,
        is_over: over,
    };
    let all = sum(&|one| Some(one.building_m2));
    let mut against_base = sum(&|one| (!CLASSES.iter().any(|(key, _)| *key == one.class)).then_some(one.building_m2));
    let mut steps: Vec<Step> = vec![step("一般の建築面積", format!("{}㎡", Decimal::new(against_base, 2)))];
    let mut classes = Vec::new();
    for (key, name) in CLASSES {
        let area = sum(&|one| (one.class == key).then_some(one.building_m2));
        if area == 0 {
            continue;
        }
        let extra = limits.get(key);
        let allowed = site.zip(extra).map_or(0, |(site, percent)| site * hundredths(percent) / 10_000);
        let rest = (area - allowed).max(0);
        against_base += rest;
        steps.push(step(
            "区分ごとの上乗せ（令第6条第1項）",
            format!(
                "{name} {}㎡、上乗せで認める面積{}㎡、基準に数える分{}㎡",
                Decimal::new(area, 2),
                Decimal::new(allowed, 2),
                Decimal::new(rest, 2)
            ),
        ));
        classes.push(share(&format!("建築物（{name}）"), area, extra, false));
    }
    let base = limits.get("base");
    let over = is_over(against_base, base);
    steps.push(step(
        "基準に数える建築面積",
        format!(
            "{}㎡（敷地の{}％）",
            Decimal::new(against_base, 2),
            percent(against_base).map(|p| p.to_string()).unwrap_or_else(|| "－".to_owned())
        ),
    ));
    let sports = sum(&|one| Some(one.sports_m2));
    let limit = limits.get("sports");
    let value = Coverage {
        buildings: share("建築物", all, base, over),
        classes,
        sports: share("運動施設", sports, limit, is_over(sports, limit)),
    };
    Worked::new(value, steps)
}

/// By how much the land of a park differs from its site area, square metres; none where it adds up or either is unknown.
pub fn land_difference(site_m2: Option<Decimal>, land: &[Decimal]) -> Option<Decimal> {
    let site = site_m2.filter(|_| !land.is_empty())?;
    let difference = land.iter().copied().map(hundredths).sum::<i64>() - hundredths(site);
    (difference != 0).then(|| Decimal::new(difference, 2))
}

/// Hundredths of a square metre, or of a percent.
fn hundredths(figure: Decimal) -> i64 {
    figure.rounded(2, Rounding::HalfUp).map_or(i64::MAX / 1_000_000, Decimal::units)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::rules::tables::coverage_limits;

    fn built(class: &str, building: i64, sports: i64) -> Built {
        Built { building_m2: Decimal::new(building, 0), sports_m2: Decimal::new(sports, 0), class: class.to_owned() }
    }

    fn limits() -> Limits {
        Limits::on(date(2026, 4, 1), coverage_limits(), [])
    }

    fn of(site: i64, all: &[Built]) -> Coverage {
        coverage(Some(Decimal::new(site, 0)), all, &limits()).value
    }

    #[test]
    fn what_a_class_has_above_its_extra_counts_against_the_base() {
        assert!(of(10_000, &[built("base", 200, 0)]).warnings().is_empty(), "2 % is not above 2 %");
        assert!(of(10_000, &[built("base", 200, 0), built("class-1", 1_000, 0)]).warnings().is_empty());
        let over = of(10_000, &[built("base", 150, 0), built("class-1", 1_051, 0)]);
        assert_eq!(over.warnings(), ["建築物の割合12.01％が上限2％を超えています。"]);
        assert_eq!(over.classes[0].percent, Some(Decimal::new(1_051, 2)));
    }

    #[test]
    fn the_citys_own_limit_goes_first_and_sports_have_theirs() {
        let own = Limits::on(date(2026, 4, 1), coverage_limits(), [("base".to_owned(), Decimal::new(5, 0))]);
        let found = coverage(Some(Decimal::new(1_000, 0)), &[built("base", 50, 501)], &own).value;
        assert_eq!((found.buildings.is_over, found.sports.is_over), (false, true));
        let unknown = coverage(None, &[built("base", 50, 0)], &own).value;
        assert_eq!((unknown.buildings.percent, unknown.buildings.is_over), (None, false));
    }

    #[test]
    fn land_adds_up_to_the_hundredth() {
        let land = [Decimal::new(10_050, 2), Decimal::new(899, 1)];
        assert_eq!(land_difference(Some(Decimal::new(1_904, 1)), &land), None);
        assert_eq!(land_difference(Some(Decimal::new(190, 0)), &land), Some(Decimal::new(40, 2)));
        assert_eq!((land_difference(None, &land), land_difference(Some(Decimal::new(1, 0)), &[])), (None, None));
    }
}
