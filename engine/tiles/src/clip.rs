//! Cutting lines and rings at the edge of a tile's surroundings, on the grid.
//!
//! Rings by Sutherland and Hodgman, lines by Liang and Barsky. A ring that leaves and comes back runs along the edge in between,
//! which is not seen: the edge lies outside the tile.

/// A place on the grid.
pub(crate) type Place = (i32, i32);

/// The same from low to high on both axes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub low: i32,
    pub high: i32,
}

impl Window {
    /// Whether a place lies in it.
    pub fn has(self, (x, y): Place) -> bool {
        (self.low..=self.high).contains(&x) && (self.low..=self.high).contains(&y)
    }

    /// What is left of a ring given without its closing place; empty where nothing is.
    pub fn ring(self, ring: Vec<Place>) -> Vec<Place> {
        if ring.iter().all(|place| self.has(*place)) {
            return ring;
        }
        let Self { low, high } = self;
        let mut left = ring;
        for (is_x, edge, is_low) in [(true, low, true), (true, high, false), (false, low, true), (false, high, false)] {
            let along = |place: Place| if is_x { place.0 } else { place.1 };
            let is_in = |place: Place| if is_low { along(place) >= edge } else { along(place) <= edge };
            let mut cut = Vec::with_capacity(left.len() + 4);
            for (index, &to) in left.iter().enumerate() {
                let from = left[(index + left.len() - 1) % left.len()];
                if is_in(from) != is_in(to) {
                    cut.push(crossing(from, to, along(from), along(to), edge));
                }
                if is_in(to) {
                    cut.push(to);
                }
            }
            cut.dedup();
            left = cut;
        }
        if left.len() > 1 && left.first() == left.last() {
            left.pop();
        }
        left
    }

    /// The parts of a line that lie in it, each of two places or more.
    pub fn line(self, line: &[Place]) -> Vec<Vec<Place>> {
        let mut parts: Vec<Vec<Place>> = Vec::new();
        for pair in line.windows(2) {
            let Some((from, to)) = self.segment(pair[0], pair[1]) else { continue };
            match parts.last_mut() {
                Some(part) if part.last() == Some(&from) && pair[0] == from => part.push(to),
                _ => parts.push(vec![from, to]),
            }
        }
        parts.iter_mut().for_each(Vec::dedup);
        parts.retain(|part| part.len() > 1);
        parts
    }

    fn segment(self, from: Place, to: Place) -> Option<(Place, Place)> {
        let (dx, dy) = (f64::from(to.0) - f64::from(from.0), f64::from(to.1) - f64::from(from.1));
        let (low, high) = (f64::from(self.low), f64::from(self.high));
        let (mut begin, mut end) = (0.0_f64, 1.0_f64);
        for (step, start) in [(dx, f64::from(from.0)), (dy, f64::from(from.1))] {
            if step == 0.0 {
                if start < low || start > high {
                    return None;
                }
                continue;
            }
            let (enter, leave) = ((low - start) / step, (high - start) / step);
            begin = begin.max(enter.min(leave));
            end = end.min(enter.max(leave));
        }
        if begin > end {
            return None;
        }
        let at =
            |part: f64| (rounded(part.mul_add(dx, f64::from(from.0))), rounded(part.mul_add(dy, f64::from(from.1))));
        Some((if begin > 0.0 { at(begin) } else { from }, if end < 1.0 { at(end) } else { to }))
    }
}

/// Where a segment crosses an edge.
fn crossing(from: Place, to: Place, from_along: i32, to_along: i32, edge: i32) -> Place {
    let part = (f64::from(edge) - f64::from(from_along)) / (f64::from(to_along) - f64::from(from_along));
    let between = |a: i32, b: i32| rounded(part.mul_add(f64::from(b) - f64::from(a), f64::from(a)));
    (between(from.0, to.0), between(from.1, to.1))
}

#[expect(clippy::cast_possible_truncation, reason = "a place between two places of the grid is on the grid")]
fn rounded(value: f64) -> i32 {
    value.round() as i32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WINDOW: Window = Window { low: 0, high: 100 };

    #[test]
    fn a_line_that_leaves_and_comes_back_is_two() {
        let parts = WINDOW.line(&[(10, 10), (150, 10), (150, 50), (10, 50)]);
        assert_eq!(parts, [vec![(10, 10), (100, 10)], vec![(100, 50), (10, 50)]]);
        assert_eq!(WINDOW.line(&[(-10, 50), (110, 50)]), [vec![(0, 50), (100, 50)]]);
        assert!(WINDOW.line(&[(-10, 50), (-1, 60)]).is_empty() && WINDOW.line(&[(150, 150), (100, 100)]).is_empty());
        assert_eq!(WINDOW.line(&[(1, 1), (2, 2), (3, 1)]), [vec![(1, 1), (2, 2), (3, 1)]]);
    }

    #[test]
    fn a_ring_around_the_window_becomes_the_window() {
        let mut ring = WINDOW.ring(vec![(-50, -50), (150, -50), (150, 150), (-50, 150)]);
        ring.sort_unstable();
        assert_eq!(ring, [(0, 0), (0, 100), (100, 0), (100, 100)]);
        assert!(WINDOW.ring(vec![(200, 0), (300, 0), (300, 50)]).is_empty());
    }

    proptest! {
        #[test]
        fn what_is_left_lies_within(places in prop::collection::vec((-200..300_i32, -200..300_i32), 3..12)) {
            prop_assert!(WINDOW.ring(places.clone()).into_iter().all(|place| WINDOW.has(place)));
            prop_assert!(WINDOW.line(&places).into_iter().flatten().all(|place| WINDOW.has(place)));
        }
    }
}
