//! Where a city lies: which zones its files are in, and what is far off for it.
//!
//! The zones and boxes of prefectures are data (`data/prefectures.csv`); the boxes are rounded outwards to a tenth of a
//! degree and hold the prefecture's islands. So are the boxes of the municipalities of Kanagawa (`data/municipalities.csv`, made
//! from 国土数値情報（行政区域データ）, 国土交通省), rounded outwards to a thousandth; others are known by their prefecture alone.

use std::sync::LazyLock;

use kawasemi_kernel::geometry::BoundingBox;

use super::Zone;

/// Where a city lies.
#[derive(Clone, Debug, PartialEq)]
pub struct Surroundings {
    /// What the place is called, such as 神奈川県.
    pub name: String,
    /// The zones of the plane rectangular system that its files may be in, the likeliest first.
    pub zones: Vec<Zone>,
    /// What lies outside is warned of.
    pub bounds: BoundingBox,
    /// The outline's box of the city itself, where it is known: the old datum is then found by its offset.
    pub city: Option<BoundingBox>,
}

static PREFECTURES: LazyLock<Vec<(u32, Surroundings)>> = LazyLock::new(|| {
    let rows = include_str!("../../data/prefectures.csv").lines().skip(1);
    rows.map(|row| prefecture(row).expect("the built-in list of prefectures is well formed")).collect()
});

fn prefecture(row: &str) -> Option<(u32, Surroundings)> {
    let cells: Vec<&str> = row.split(',').collect();
    let number = |at: usize| cells.get(at)?.parse::<f64>().ok();
    let bounds = BoundingBox { west: number(3)?, south: number(4)?, east: number(5)?, north: number(6)? };
    let zones = cells.get(2)?.split(' ').filter_map(|zone| zone.parse().ok().and_then(Zone::new)).collect();
    let name = (*cells.get(1)?).to_owned();
    Some((cells.first()?.parse().ok()?, Surroundings { name, zones, bounds, city: None }))
}

/// The boxes of municipalities by the five digits of their code.
static CITIES: LazyLock<Vec<(&'static str, BoundingBox)>> = LazyLock::new(|| {
    let rows = include_str!("../../data/municipalities.csv").lines().skip(1);
    rows.map(|row| city(row).expect("the built-in list of municipalities is well formed")).collect()
});

fn city(row: &'static str) -> Option<(&'static str, BoundingBox)> {
    let mut cells = row.split(',');
    let code = cells.next()?;
    let mut number = || cells.next()?.parse::<f64>().ok();
    Some((code, BoundingBox { west: number()?, south: number()?, east: number()?, north: number()? }))
}

impl Surroundings {
    /// The surroundings of a municipality by its code (全国地方公共団体コード): its prefecture, and its own box where that is
    /// known. All of Japan for others.
    pub fn of_municipality(code: &str) -> Self {
        let prefecture = code.get(..2).and_then(|digits| digits.parse::<u32>().ok());
        let known = PREFECTURES.iter().find(|(number, _)| Some(*number) == prefecture);
        let around = known.map_or_else(Self::japan, |(_, surroundings)| surroundings.clone());
        let city = CITIES.iter().find(|(five, _)| code.get(..5) == Some(*five)).map(|(_, bounds)| *bounds);
        Self { city, ..around }
    }

    /// All of Japan.
    pub fn japan() -> Self {
        let bounds = BoundingBox { west: 122.0, south: 20.0, east: 154.5, north: 46.0 };
        Self { name: "日本".to_owned(), zones: Zone::all().collect(), bounds, city: None }
    }

    /// The same with the box of the city's outline.
    #[must_use]
    pub fn with_city(self, city: BoundingBox) -> Self {
        Self { city: Some(city), ..self }
    }

    /// What people are told that something lies in or out of.
    pub(crate) fn place(&self) -> &str {
        if self.city.is_some() { "市" } else { &self.name }
    }

    /// What is held to be near: the city's outline with two kilometres around it, or else the prefecture.
    pub(crate) fn near(&self) -> BoundingBox {
        const MARGIN: f64 = 0.02;
        self.city.map_or(self.bounds, |city| BoundingBox {
            west: city.west - MARGIN,
            south: city.south - MARGIN,
            east: city.east + MARGIN,
            north: city.north + MARGIN,
        })
    }
}

impl Default for Surroundings {
    fn default() -> Self {
        Self::japan()
    }
}
