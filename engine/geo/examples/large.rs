//! Writes a GeoPackage of some hundred megabytes, reads it as an import would, and says how much memory that took.
//!
//! `cargo run --release -p kawasemi-geo --example large -- [MEGABYTES]`

use std::fs::{self, File};
use std::time::Instant;

use geo::{Geometry, LineString, Polygon};
use kawasemi_geo::crs::{Crs, Surroundings, Zone};
use kawasemi_geo::write::{Column, ColumnKind, GeoPackageWriter, Layer};
use kawasemi_geo::{Attribute, Options, Place, survey};
use kawasemi_kernel::geometry::GeometryKind;

/// The most memory that the process has had, in megabytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// A parcel with some corners, the way cadastral maps have them.
#[expect(clippy::cast_precision_loss, reason = "a place on a grid")]
fn parcel(number: u64) -> Geometry<f64> {
    let (x, y) = (139.35 + (number % 1_000) as f64 * 1e-4, 35.38 + (number / 1_000 % 1_000) as f64 * 1e-4);
    let corner = |index: u32| {
        let angle = f64::from(index) / 24.0 * std::f64::consts::TAU;
        (x + 4e-5 * angle.cos(), y + 4e-5 * angle.sin())
    };
    Polygon::new(LineString::from((0..24).map(corner).collect::<Vec<_>>()), Vec::new()).into()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let wanted: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(500);
    let column = |name: &str, kind| Column { name: name.to_owned(), kind };
    let layer = Layer {
        name: "parcel".into(),
        title: "筆".into(),
        columns: vec![column("地番", ColumnKind::Text), column("地積", ColumnKind::Real)],
        kind: GeometryKind::Polygon,
        crs: Zone::new(9).map_or(Crs::Jgd2011, Crs::Plane2011),
    };
    let begun = Instant::now();
    let mut writer = GeoPackageWriter::begin(layer, "2026-04-01T00:00:00.000Z")?;
    let features = wanted * 1_850;
    for number in 0..features {
        let values = [Attribute::Text(format!("早川{number}番地")), Attribute::Real(120.5)];
        writer.feature(Some(&parcel(number)), &values)?;
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("large.gpkg");
    std::io::copy(&mut writer.finish()?, &mut File::create(&path)?)?;
    let size = fs::metadata(&path)?.len() >> 20;
    println!("wrote {features} features, {size} MB, in {:.1} s; peak {} MB", begun.elapsed().as_secs_f64(), peak());

    let begun = Instant::now();
    let around = Surroundings::of_municipality("142182");
    let survey = survey(&path, &Options { around, ..Options::default() })?;
    println!("looked in {:.1} s: {}", begun.elapsed().as_secs_f64(), survey.recognised.by);
    let (mut good, mut bad) = (0_u64, 0_u64);
    survey.features(&mut |feature| {
        match feature.place {
            Place::At(_) => good += 1,
            _ => bad += 1,
        }
        true
    })?;
    println!("read {good} good and {bad} bad in {:.1} s; peak {} MB", begun.elapsed().as_secs_f64(), peak());
    Ok(())
}
