//! What comes of a residents' workshop: scores of options, and cross tables in which nobody is recognised.
//!
//! The score of an option is the sum over the criteria of weight × mean rating (1–5); how many rated it and how far they differ
//! stand beside it. In a cross table a cell of fewer than some people is hidden, and so is a second one of its row and of its
//! column, since the only hidden cell of a row follows from the row's total.

use std::collections::BTreeMap;

use crate::kernel::Decimal;
use crate::kernel::decimal::Rounding;

/// A rating of an option by a criterion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rating<O, C> {
    /// The option.
    pub option: O,
    /// The criterion.
    pub criterion: C,
    /// From 1 to 5.
    pub rating: i64,
}

/// How an option was rated by one criterion.
#[derive(Clone, Debug, PartialEq)]
pub struct Mean {
    /// How many rated it.
    pub count: usize,
    /// Their mean, two places; none where nobody did.
    pub mean: Option<Decimal>,
    /// How far they differ: the standard deviation of all ratings, two places.
    pub spread: Option<Decimal>,
}

/// The score of an option.
#[derive(Clone, Debug, PartialEq)]
pub struct Score<O, C> {
    /// The option.
    pub option: O,
    /// By criterion, in the order in which they were given.
    pub by_criterion: Vec<(C, Mean)>,
    /// Σ weight × mean, two places; none where a criterion with a weight has no rating.
    pub score: Option<Decimal>,
}

/// The scores of options by criteria with their weights (two places).
pub fn scores<O: Copy + PartialEq, C: Copy + PartialEq>(
    options: &[O],
    criteria: &[(C, Decimal)],
    ratings: &[Rating<O, C>],
) -> Vec<Score<O, C>> {
    let of = |option: &O| {
        let by_criterion: Vec<(C, Mean)> = criteria
            .iter()
            .map(|(criterion, _)| {
                let own = ratings.iter().filter(|one| one.option == *option && one.criterion == *criterion);
                (*criterion, mean(&own.map(|one| one.rating).collect::<Vec<i64>>()))
            })
            .collect();
        Score { option: *option, score: score(criteria, ratings, *option), by_criterion }
    };
    options.iter().map(of).collect()
}

/// Summed exactly and rounded once: Σ weight × sum ÷ count.
fn score<O: Copy + PartialEq, C: Copy + PartialEq>(
    criteria: &[(C, Decimal)],
    ratings: &[Rating<O, C>],
    option: O,
) -> Option<Decimal> {
    let (mut above, mut below) = (0_i128, 1_i128);
    for (criterion, weight) in criteria.iter().filter(|(_, weight)| weight.units() != 0) {
        let own = ratings.iter().filter(|one| one.option == option && one.criterion == *criterion);
        let (sum, count) = own.fold((0_i128, 0_i128), |(sum, count), one| (sum + i128::from(one.rating), count + 1));
        if count == 0 {
            return None;
        }
        let weight = i128::from(weight.rounded(2, Rounding::HalfUp)?.units());
        above = above.checked_mul(count)?.checked_add(weight.checked_mul(sum)?.checked_mul(below)?)?;
        below = below.checked_mul(count)?;
        let common = gcd(above.unsigned_abs(), below.unsigned_abs());
        (above, below) = (above / common, below / common);
    }
    Decimal::from_ratio(above, below.checked_mul(100)?, 2, Rounding::HalfUp)
}

fn gcd(a: u128, b: u128) -> i128 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    i128::try_from(a.max(1)).unwrap_or(1)
}

fn mean(ratings: &[i64]) -> Mean {
    let count = ratings.len();
    let wide = count as i128;
    let sum: i128 = ratings.iter().map(|rating| i128::from(*rating)).sum();
    let mean = Decimal::from_ratio(sum, wide, 2, Rounding::HalfUp);
    let spread = (count > 0).then(|| {
        let squares: i128 = ratings.iter().map(|rating| i128::from(*rating).pow(2)).sum();
        // The variance times count²; ratings are small, so a binary fraction shows two places exactly enough.
        let variance = (squares * wide - sum * sum) as f64 / (wide * wide) as f64;
        Decimal::new((variance.sqrt() * 100.0).round() as i64, 2)
    });
    Mean { count, mean, spread }
}

/// A cell of a cross table, as it may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// So many.
    Count(u64),
    /// Too few to be shown, or hidden with one that is.
    Hidden,
}

/// A cross table with its totals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrossTable<R, C> {
    /// The heads of the rows.
    pub rows: Vec<R>,
    /// The heads of the columns.
    pub columns: Vec<C>,
    /// The cells, by row.
    pub cells: Vec<Vec<Cell>>,
    /// The totals of the rows; hidden where they are too few themselves.
    pub row_totals: Vec<Cell>,
    /// The totals of the columns.
    pub column_totals: Vec<Cell>,
    /// All.
    pub total: u64,
}

/// Crosses answers, hiding cells of fewer than `below` people.
pub fn cross<R: Copy + Ord, C: Copy + Ord>(
    rows: &[R],
    columns: &[C],
    answers: &[(R, C)],
    below: u64,
) -> CrossTable<R, C> {
    let mut counted: BTreeMap<(R, C), u64> = BTreeMap::new();
    for answer in answers {
        *counted.entry(*answer).or_default() += 1;
    }
    let count = |row: &R, column: &C| counted.get(&(*row, *column)).copied().unwrap_or(0);
    // The totals are cells of the same table: its last row and its last column.
    let mut counts: Vec<Vec<u64>> =
        rows.iter().map(|row| columns.iter().map(|column| count(row, column)).collect()).collect();
    for row in &mut counts {
        row.push(row.iter().sum());
    }
    let last: Vec<u64> = (0..=columns.len()).map(|column| counts.iter().map(|row| row[column]).sum()).collect();
    counts.push(last);
    let hidden = hide(&counts, below);
    let shown = |row: usize, column: usize| {
        if hidden[row][column] { Cell::Hidden } else { Cell::Count(counts[row][column]) }
    };
    CrossTable {
        rows: rows.to_vec(),
        columns: columns.to_vec(),
        cells: (0..rows.len()).map(|row| (0..columns.len()).map(|column| shown(row, column)).collect()).collect(),
        row_totals: (0..rows.len()).map(|row| shown(row, columns.len())).collect(),
        column_totals: (0..columns.len()).map(|column| shown(rows.len(), column)).collect(),
        total: counts[rows.len()][columns.len()],
    }
}

/// Which cells are hidden: the small ones, and beside the only hidden one of a line the smallest other that is not zero, until
/// no line has one alone. The total of all is always shown.
fn hide(counts: &[Vec<u64>], below: u64) -> Vec<Vec<bool>> {
    let (height, width) = (counts.len(), counts.first().map_or(0, Vec::len));
    let is_grand = |row: usize, column: usize| row + 1 == height && column + 1 == width;
    let mut hidden: Vec<Vec<bool>> = (0..height)
        .map(|row| {
            (0..width).map(|column| !is_grand(row, column) && (1..below).contains(&counts[row][column])).collect()
        })
        .collect();
    let lines = || {
        let across = (0..height).map(move |row| (0..width).map(|column| (row, column)).collect::<Vec<_>>());
        let down = (0..width).map(move |column| (0..height).map(|row| (row, column)).collect::<Vec<_>>());
        across.chain(down)
    };
    loop {
        let mut changed = false;
        for line in lines() {
            if line.iter().filter(|(row, column)| hidden[*row][*column]).count() != 1 {
                continue;
            }
            // A zero says nothing of anybody, but is hidden where there is nothing else to hide. A cell that crosses a line with a
            // hidden one leaves less to be hidden afterwards.
            let is_across = line.first().zip(line.last()).is_some_and(|(first, last)| first.0 == last.0);
            let crosses_hidden = |(row, column): (usize, usize)| {
                if is_across {
                    hidden.iter().any(|line| line[column])
                } else {
                    hidden[row].iter().any(|hidden| *hidden)
                }
            };
            let others =
                line.iter().copied().filter(|(row, column)| !hidden[*row][*column] && !is_grand(*row, *column));
            let other =
                others.min_by_key(|cell| (counts[cell.0][cell.1] == 0, !crosses_hidden(*cell), counts[cell.0][cell.1]));
            if let Some((row, column)) = other {
                hidden[row][column] = true;
                changed = true;
            }
        }
        if !changed {
            return hidden;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_score_is_the_weighted_sum_of_the_means() {
        let rate = |option, criterion, rating| Rating { option, criterion, rating };
        let ratings = [rate('A', 1, 5), rate('A', 1, 4), rate('A', 2, 3), rate('B', 1, 2), rate('A', 1, 4)];
        let weights = [(1, Decimal::new(2, 0)), (2, Decimal::new(50, 2)), (3, Decimal::new(0, 0))];
        let found = scores(&['A', 'B'], &weights, &ratings);
        // 2 × 13/3 + 0.5 × 3
        assert_eq!(found[0].score, Some(Decimal::new(1_017, 2)));
        assert_eq!(
            found[0].by_criterion[0].1,
            Mean { count: 3, mean: Some(Decimal::new(433, 2)), spread: Some(Decimal::new(47, 2)) }
        );
        assert_eq!(found[1].score, None, "nobody rated B by the second criterion");
    }

    #[test]
    fn the_only_hidden_cell_of_a_line_does_not_follow_from_its_total() {
        let mut answers = Vec::new();
        for (row, column, count) in [(0, 0, 12), (0, 1, 7), (1, 0, 2), (1, 1, 9), (2, 0, 6), (2, 1, 8)] {
            answers.extend(std::iter::repeat_n((row, column), count));
        }
        let table = cross(&[0, 1, 2], &[0, 1], &answers, 5);
        assert_eq!(table.cells[1], [Cell::Hidden, Cell::Hidden]);
        assert_eq!(table.cells[2], [Cell::Hidden, Cell::Hidden]);
        assert_eq!(table.cells[0], [Cell::Count(12), Cell::Count(7)]);
        assert_eq!((table.total, table.row_totals[1]), (44, Cell::Count(11)));
        let few = cross(&[0, 1], &[0], &[(0, 0), (0, 0)], 5);
        assert_eq!((few.cells[0][0], few.row_totals[0]), (Cell::Hidden, Cell::Hidden));
    }

    proptest! {
        #[test]
        fn no_line_hides_one_cell_alone(counts in prop::collection::vec(0_usize..12, 12)) {
            let answers: Vec<(usize, usize)> = counts.iter().enumerate().flat_map(|(index, count)| std::iter::repeat_n((index / 4, index % 4), *count)).collect();
            let table = cross(&[0, 1, 2], &[0, 1, 2, 3], &answers, 5);
            for row in 0..3 {
                let line = table.cells[row].iter().chain(std::iter::once(&table.row_totals[row]));
                prop_assert_ne!(line.filter(|cell| **cell == Cell::Hidden).count(), 1);
            }
            for column in 0..4 {
                let line = table.cells.iter().map(|row| &row[column]).chain(std::iter::once(&table.column_totals[column]));
                prop_assert_ne!(line.filter(|cell| **cell == Cell::Hidden).count(), 1);
            }
            for (index, count) in counts.iter().enumerate() {
                let cell = table.cells[index / 4][index % 4];
                prop_assert!(!(1..5).contains(count) || cell == Cell::Hidden);
            }
        }
    }
}
