//! How the pixels of a scanned plan sheet lie on the ground (幾何補正): an affine transformation by least squares, with residuals.
//!
//! east = a·column + b·row + c and north = d·column + e·row + f, from three control points or more that do not lie on a line. With
//! exactly three there is nothing left to check it by. Columns count to the right and rows downward from the upper left corner
//! of the scan, as image programs do.

use super::{Worked, step};

/// A control point (基準点): a place of the scan and where it is on the ground.
#[derive(Clone, Debug, PartialEq)]
pub struct ControlPoint {
    /// Its name.
    pub name: String,
    /// Pixels from the left.
    pub column: f64,
    /// Pixels from the top.
    pub row: f64,
    /// East: Y of the plane rectangular coordinates in metres, or longitude in degrees.
    pub east: f64,
    /// North: X in metres, or latitude in degrees.
    pub north: f64,
}

/// The unit of the ground's coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Metres of a plane rectangular zone (平面直角座標系).
    Plane,
    /// Degrees of longitude and latitude.
    Degrees,
}

/// The six coefficients, and how well they fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// East per column.
    pub a: f64,
    /// East per row.
    pub b: f64,
    /// East of the scan's corner.
    pub c: f64,
    /// North per column.
    pub d: f64,
    /// North per row; negative, as rows go down.
    pub e: f64,
    /// North of the scan's corner.
    pub f: f64,
    /// How far each point lies from where it should, in metres, in the order of the points.
    pub residuals_m: Vec<f64>,
    /// The root of their mean square, metres.
    pub rms_m: f64,
}

impl Fit {
    /// East and north of a pixel.
    pub fn ground(&self, column: f64, row: f64) -> (f64, f64) {
        (self.a * column + self.b * row + self.c, self.d * column + self.e * row + self.f)
    }

    /// The point that fits least.
    pub fn worst(&self) -> Option<usize> {
        (0..self.residuals_m.len()).max_by(|one, other| self.residuals_m[*one].total_cmp(&self.residuals_m[*other]))
    }

    /// The six lines of a world file (ワールドファイル): of the middle of the upper left pixel, as the form wants it.
    pub fn world_file(&self) -> String {
        let (east, north) = self.ground(0.5, 0.5);
        [self.a, self.d, self.b, self.e, east, north].map(|value| format!("{value:.10}")).join("\n")
    }
}

/// Fits the transformation.
///
/// # Errors
/// A sentence where there are fewer than three points, they lie on a line, or one is no number.
pub fn fit(points: &[ControlPoint], ground: Ground) -> Result<Worked<Fit>, String> {
    if points.len() < 3 {
        return Err(format!(
            "基準点が{}点しかありません。一直線に並ばない3点以上（できれば4点以上）を入れてください。",
            points.len()
        ));
    }
    let is_number =
        |point: &ControlPoint| [point.column, point.row, point.east, point.north].iter().all(|v| v.is_finite());
    if !points.iter().all(is_number) {
        return Err("基準点に数でない値があります。".to_owned());
    }
    // Around their middle the sums stay small, whatever the size of the coordinates.
    let mean = |of: fn(&ControlPoint) -> f64| points.iter().map(of).sum::<f64>() / points.len() as f64;
    let (column, row) = (mean(|p| p.column), mean(|p| p.row));
    let (east, north) = (mean(|p| p.east), mean(|p| p.north));
    let sum = |of: &dyn Fn(f64, f64, f64, f64) -> f64| {
        let one = |p: &ControlPoint| of(p.column - column, p.row - row, p.east - east, p.north - north);
        points.iter().map(one).sum::<f64>()
    };
    let (xx, xy, yy) = (sum(&|x, _, _, _| x * x), sum(&|x, y, _, _| x * y), sum(&|_, y, _, _| y * y));
    let determinant = xx * yy - xy * xy;
    if determinant <= 1e-9 * xx * yy || xx <= 0.0 || yy <= 0.0 {
        return Err("基準点がほぼ一直線に並んでいます。図面の四隅に近い点を選んでください。".to_owned());
    }
    let solve = |xe: f64, ye: f64| ((xe * yy - ye * xy) / determinant, (ye * xx - xe * xy) / determinant);
    let (a, b) = solve(sum(&|x, _, e, _| x * e), sum(&|_, y, e, _| y * e));
    let (d, e) = solve(sum(&|x, _, _, n| x * n), sum(&|_, y, _, n| y * n));
    let (c, f) = (east - a * column - b * row, north - d * column - e * row);
    let mut fit = Fit { a, b, c, d, e, f, residuals_m: Vec::new(), rms_m: 0.0 };
    let metres = |de: f64, dn: f64| match ground {
        Ground::Plane => de.hypot(dn),
        Ground::Degrees => (de * METRES_PER_DEGREE * north.to_radians().cos()).hypot(dn * METRES_PER_DEGREE),
    };
    fit.residuals_m = points
        .iter()
        .map(|point| {
            let (east, north) = fit.ground(point.column, point.row);
            metres(point.east - east, point.north - north)
        })
        .collect();
    fit.rms_m = (fit.residuals_m.iter().map(|one| one * one).sum::<f64>() / points.len() as f64).sqrt();
    let mut steps = vec![step("最小二乗法", format!("基準点{}点", points.len()))];
    if points.len() == 3 {
        steps.push(step("検算", "3点ちょうどでは残差が必ず0になり、検算できません"));
    } else if let Some(worst) = fit.worst() {
        let said = format!("二乗平均 {:.3}m、最大は{} {:.3}m", fit.rms_m, points[worst].name, fit.residuals_m[worst]);
        steps.push(step("残差", said));
    }
    Ok(Worked::new(fit, steps))
}

/// Metres of a degree of latitude, for telling residuals of points that are given in degrees.
const METRES_PER_DEGREE: f64 = 111_195.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn point(name: &str, column: f64, row: f64, east: f64, north: f64) -> ControlPoint {
        ControlPoint { name: name.to_owned(), column, row, east, north }
    }

    /// A sheet scanned at 0.1 m a pixel, turned by 30 degrees.
    fn turned(column: f64, row: f64) -> (f64, f64) {
        let (sin, cos) = 30_f64.to_radians().sin_cos();
        (-36_000.0 + 0.1 * (cos * column - sin * row), -62_000.0 - 0.1 * (sin * column + cos * row))
    }

    fn sheet() -> Vec<ControlPoint> {
        [("北西", 100.0, 120.0), ("北東", 4_900.0, 80.0), ("南東", 4_950.0, 3_400.0), ("南西", 60.0, 3_300.0)]
            .into_iter()
            .map(|(name, column, row)| {
                let (east, north) = turned(column, row);
                point(name, column, row, east, north)
            })
            .collect()
    }

    #[test]
    fn a_turned_sheet_is_found_exactly() {
        let fit = fit(&sheet(), Ground::Plane).unwrap().value;
        assert!(fit.rms_m < 1e-6, "{fit:?}");
        let (east, north) = fit.ground(2_000.0, 1_000.0);
        let (e, n) = turned(2_000.0, 1_000.0);
        assert!((east - e).abs() < 1e-6 && (north - n).abs() < 1e-6);
        let lines: Vec<f64> = fit.world_file().lines().map(|line| line.parse().unwrap()).collect();
        let (east, north) = turned(0.5, 0.5);
        assert_eq!(lines.len(), 6);
        assert!((lines[4] - east).abs() < 1e-6 && (lines[5] - north).abs() < 1e-6, "{lines:?}");
    }

    #[test]
    fn a_wrong_point_is_named() {
        let mut points = sheet();
        points[2].east += 8.0;
        let worked = fit(&points, Ground::Plane).unwrap();
        assert!(worked.value.rms_m > 1.0);
        // Four points share one mistake alike, so a fifth tells which it is.
        let (east, north) = turned(2_500.0, 1_700.0);
        points.push(point("中央", 2_500.0, 1_700.0, east, north));
        let (east, north) = turned(4_000.0, 2_900.0);
        points.push(point("南東寄り", 4_000.0, 2_900.0, east, north));
        let worked = fit(&points, Ground::Plane).unwrap();
        assert_eq!(worked.value.worst(), Some(2), "{:?}", worked.value.residuals_m);
        assert!(worked.told().contains("最大は南東"), "{}", worked.told());
    }

    #[test]
    fn degrees_are_told_in_metres() {
        let mut points = vec![
            point("1", 0.0, 0.0, 139.42, 35.45),
            point("2", 1_000.0, 0.0, 139.43, 35.45),
            point("3", 0.0, 1_000.0, 139.42, 35.44),
            point("4", 1_000.0, 1_000.0, 139.43, 35.44),
        ];
        // One ten-thousandth of a degree of latitude is 11.1 m, of which four points see a quarter each.
        points[3].north += 0.0001;
        let fit = fit(&points, Ground::Degrees).unwrap().value;
        assert!((fit.rms_m - 11.12 / 4.0).abs() < 0.01, "{fit:?}");
    }

    #[test]
    fn too_few_points_and_points_on_a_line_are_refused() {
        assert!(fit(&sheet()[..2], Ground::Plane).unwrap_err().contains("3点以上"));
        let line: Vec<_> = (0..5).map(f64::from).map(|n| point("p", n * 100.0, n * 50.0, n, n)).collect();
        assert!(fit(&line, Ground::Plane).unwrap_err().contains("一直線"));
        let worked = fit(&sheet()[..3], Ground::Plane).unwrap();
        assert!(worked.told().contains("検算できません"));
    }
}
