//! The breakdown of a route's length (延長の内訳), summed up from its sections and held against the written record.
//!
//! 実延長 = 総延長 − 重用延長 − 未供用延長; of the actual length what is improved, by width, by surface, bridges and tunnels. The bands of
//! width are `tables/width-bands.csv`. Lengths are exact, in metres with two places.

use jiff::civil::Date;
use serde::Deserialize;

use super::table::{self, Dated};
use crate::kernel::Decimal;

/// A section, as far as lengths need it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// Its length, centimetres.
    pub length: i64,
    /// `open`, `unopened` or `overlap`.
    pub use_state: String,
    /// `road`, `bridge`, `tunnel` or `ferry`.
    pub structure_kind: String,
    /// Its width in centimetres; none where it is not known.
    pub width: Option<i64>,
    /// Whether it is improved (改良済).
    pub improved: bool,
    /// The key of its surface; none where it is not known.
    pub surface: Option<String>,
    /// The length of sidewalks, centimetres.
    pub sidewalk: i64,
    /// Whether no lorry of 4 t passes (自動車交通不能).
    pub impassable: bool,
}

/// The breakdown. Lengths are centimetres.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breakdown {
    /// 総延長.
    pub total: i64,
    /// 重用延長.
    pub overlap: i64,
    /// 未供用延長.
    pub unopened: i64,
    /// 実延長.
    pub actual: i64,
    /// 改良済.
    pub improved: i64,
    /// 未改良.
    pub unimproved: i64,
    /// By width, in the order of the table; what has no width stands last.
    pub widths: Vec<(String, i64)>,
    /// By surface, by key; what has none is empty.
    pub surfaces: Vec<(String, i64)>,
    /// Bridges: how many sections, and their length.
    pub bridges: (usize, i64),
    /// Tunnels: how many sections, and their length.
    pub tunnels: (usize, i64),
    /// 歩道.
    pub sidewalk: i64,
    /// 自動車交通不能.
    pub impassable: i64,
}

#[derive(Deserialize)]
struct Band {
    effective_from: Date,
    improved: bool,
    label: String,
    at_least_m: f64,
}

impl Dated for Band {
    fn effective_from(&self) -> Date {
        self.effective_from
    }
}

/// The surfaces in the order of the written record.
pub const SURFACES: [(&str, &str); 6] = [
    ("gravel", "砂利"),
    ("concrete", "コンクリート"),
    ("asphalt-high", "アスファルト（高級）"),
    ("asphalt-simple", "アスファルト（簡易）"),
    ("block", "ブロック"),
    ("", "不明"),
];

/// Sums up sections.
pub fn breakdown<'a>(sections: impl IntoIterator<Item = &'a Section>, day: Date) -> Breakdown {
    let bands: Vec<Band> = table::built_in(include_str!("../../tables/width-bands.csv"));
    let bands = table::on(&bands, day);
    let mut widths: Vec<(String, i64)> = bands.iter().map(|band| (band.label.clone(), 0)).collect();
    widths.push(("幅員不明".to_owned(), 0));
    let mut surfaces: Vec<(String, i64)> = SURFACES.iter().map(|(key, _)| ((*key).to_owned(), 0)).collect();
    let mut sum = Breakdown::default();
    for section in sections {
        sum.total += section.length;
        match section.use_state.as_str() {
            "overlap" => sum.overlap += section.length,
            "unopened" => sum.unopened += section.length,
            _ => {
                sum.actual += section.length;
                if section.improved {
                    sum.improved += section.length
                } else {
                    sum.unimproved += section.length
                }
                let wide = |width: i64| {
                    let fits =
                        |band: &&Band| band.improved == section.improved && width as f64 >= band.at_least_m * 100.0;
                    bands.iter().position(fits)
                };
                let band = section.width.and_then(wide).unwrap_or(bands.len());
                widths[band].1 += section.length;
                let surface = section.surface.as_deref().unwrap_or_default();
                let known = surfaces.iter().position(|(key, _)| key == surface).unwrap_or(surfaces.len() - 1);
                surfaces[known].1 += section.length;
                sum.sidewalk += section.sidewalk;
                sum.impassable += if section.impassable { section.length } else { 0 };
                let of_kind = match section.structure_kind.as_str() {
                    "bridge" => Some(&mut sum.bridges),
                    "tunnel" => Some(&mut sum.tunnels),
                    _ => None,
                };
                if let Some((count, length)) = of_kind {
                    *count += 1;
                    *length += section.length;
                }
            }
        }
    }
    Breakdown { widths, surfaces, ..sum }
}

/// What the written record of a route says of its length, centimetres.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// 総延長.
    pub total: Option<i64>,
    /// 重用延長.
    pub overlap: Option<i64>,
    /// 未供用延長.
    pub unopened: Option<i64>,
}

/// Where the written record and the sections differ, a sentence for each.
pub fn differences(written: Written, summed: &Breakdown) -> Vec<String> {
    [
        ("総延長", written.total, summed.total),
        ("重用延長", written.overlap, summed.overlap),
        ("未供用延長", written.unopened, summed.unopened),
    ]
    .into_iter()
    .filter_map(|(name, written, summed)| {
        let written = written?;
        (written != summed)
            .then(|| format!("{name}は調書で{}m、区間の合計で{}mです。", metres(written), metres(summed)))
    })
    .collect()
}

/// Centimetres as metres with two places.
pub fn metres(centimetres: i64) -> String {
    let sign = if centimetres < 0 { "-" } else { "" };
    let whole = crate::platform::ui::said::whole(centimetres.abs() / 100);
    format!("{sign}{whole}.{:02}", centimetres.abs() % 100)
}

/// A length of the ledger as centimetres.
pub fn centimetres(value: Decimal) -> Option<i64> {
    value.exactly(2).map(Decimal::units)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn section(length: i64, use_state: &str, width: Option<i64>, improved: bool, surface: &str) -> Section {
        Section {
            length,
            use_state: use_state.to_owned(),
            structure_kind: "road".to_owned(),
            width,
            improved,
            surface: Some(surface.to_owned()).filter(|key| !key.is_empty()),
            ..Section::default()
        }
    }

    #[test]
    fn the_parts_of_the_actual_length_add_up_to_it() {
        let mut sections = vec![
            section(100_050, "open", Some(600), true, "asphalt-high"),
            section(20_000, "open", Some(350), false, "gravel"),
            section(5_000, "open", None, false, ""),
            section(3_000, "overlap", Some(600), true, "asphalt-high"),
            section(7_000, "unopened", Some(600), true, ""),
        ];
        sections[0].structure_kind = "bridge".to_owned();
        sections[1].impassable = true;
        let sum = breakdown(&sections, date(2026, 4, 1));
        assert_eq!((sum.total, sum.overlap, sum.unopened, sum.actual), (135_050, 3_000, 7_000, 125_050));
        assert_eq!(sum.improved + sum.unimproved, sum.actual);
        assert_eq!(sum.widths.iter().map(|(_, length)| length).sum::<i64>(), sum.actual);
        assert_eq!(sum.surfaces.iter().map(|(_, length)| length).sum::<i64>(), sum.actual);
        let of = |label: &str| sum.widths.iter().find(|(known, _)| known == label).unwrap().1;
        assert_eq!((of("改良済 5.5m以上"), of("未改良 3.5m以上"), of("幅員不明")), (100_050, 20_000, 5_000));
        assert_eq!((sum.bridges, sum.impassable), ((1, 100_050), 20_000));
    }

    #[test]
    fn the_written_record_is_held_against_the_sum() {
        let sum = breakdown(&[section(10_000, "open", None, false, "")], date(2026, 4, 1));
        let written = Written { total: Some(10_000), overlap: Some(0), unopened: None };
        assert!(differences(written, &sum).is_empty());
        let told = differences(Written { total: Some(1_234_567), ..written }, &sum);
        assert_eq!(told, ["総延長は調書で12,345.67m、区間の合計で100.00mです。"]);
    }
}
