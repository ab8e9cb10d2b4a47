//! The queries that a page is put together from, each of which one index range answers.
//!
//! "After (a, b, n)" as one condition is a chain of ORs, for which neither database uses an index well. It is therefore
//! asked in phases, from the nearest to the farthest: same first key and same second key and later row; same first key
//! and greater second key; same first key and no second key; greater first key; no first key. Most pages are full after
//! the first or second.

use super::cursor::Cursor;
use crate::ddl::null_rank;
use crate::error::Result;
use crate::ledger::{Order, SortColumn};
use crate::record::read::RECORDS;
use crate::sql::{Param, Sql};

/// One range of the order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Phase {
    /// What records of the range meet; empty for all.
    pub condition: Sql,
    pub order_by: Sql,
}

/// The ranges, in order.
pub(super) fn phases(order: &Order, after: Option<&Cursor>) -> Result<Vec<Phase>> {
    let Some(cursor) = after else { return Ok(from_the_beginning(order)) };
    let keys = cursor.keys(order)?;
    let mut phases = vec![same_keys(order, &keys, cursor.row_number())];
    for position in (0..order.columns.len()).rev() {
        phases.extend(later_key(order, &keys, position));
    }
    merge_row_comparison(order, &keys, cursor.row_number(), &mut phases);
    Ok(phases)
}

fn from_the_beginning(order: &Order) -> Vec<Phase> {
    match order.columns.first() {
        Some(first) if first.nullable => vec![
            Phase { condition: is_null(first, false), order_by: order_by(order, 0, First::HasValues) },
            Phase { condition: is_null(first, true), order_by: order_by(order, 1, First::HasNulls) },
        ],
        _ => vec![Phase { condition: Sql::new(), order_by: order_by(order, 0, First::HasValues) }],
    }
}

/// Records of the same keys that come later by their row number.
fn same_keys(order: &Order, keys: &[Param], n: i64) -> Phase {
    let mut condition = equal_prefix(order, keys, order.columns.len());
    and(&mut condition);
    condition.column(RECORDS, "n").push(after(order.ties_descend())).bind(n);
    Phase { condition, order_by: order_by(order, order.columns.len(), First::HasValues) }
}

/// Records whose keys are the same before a position and later at it: greater values, then NULLs.
fn later_key(order: &Order, keys: &[Param], position: usize) -> Vec<Phase> {
    let (column, key) = (&order.columns[position], &keys[position]);
    if *key == Param::Null {
        return Vec::new();
    }
    let prefix = equal_prefix(order, keys, position);
    let mut greater = prefix.clone();
    and(&mut greater);
    if position > 0 && column.nullable {
        greater.append(&null_rank_is(column, 0)).push(" AND ");
    }
    greater.column(RECORDS, &column.column).push(after(column.descending)).bind(key.clone());
    let mut phases = vec![Phase { condition: greater, order_by: order_by(order, position, First::HasValues) }];
    if column.nullable {
        let mut null = prefix;
        and(&mut null);
        if position > 0 {
            null.append(&null_rank_is(column, 1)).push(" AND ");
        }
        null.append(&is_null(column, true));
        phases.push(Phase { condition: null, order_by: order_by(order, position + 1, First::HasNulls) });
    }
    phases
}

/// "Same last key and later row" and "greater last key" are one range of the index when both run in one direction.
fn merge_row_comparison(order: &Order, keys: &[Param], n: i64, phases: &mut Vec<Phase>) {
    let Some((column, key)) = order.columns.last().zip(keys.last()) else { return };
    if *key == Param::Null || column.descending != order.ties_descend() {
        return;
    }
    let position = order.columns.len() - 1;
    let mut condition = equal_prefix(order, keys, position);
    and(&mut condition);
    if position > 0 && column.nullable {
        condition.append(&null_rank_is(column, 0)).push(" AND ");
    }
    condition.push("(").column(RECORDS, &column.column).push(", ").column(RECORDS, "n").push(")");
    condition.push(after(column.descending)).push("(").bind(key.clone()).push(", ").bind(n).push(")");
    let merged = Phase { condition, order_by: order_by(order, position, First::HasValues) };
    phases.splice(0..2, [merged]);
}

fn equal_prefix(order: &Order, keys: &[Param], length: usize) -> Sql {
    let mut sql = Sql::new();
    for (position, (column, key)) in order.columns.iter().zip(keys).take(length).enumerate() {
        and(&mut sql);
        if position > 0 && column.nullable {
            sql.append(&null_rank_is(column, i64::from(*key == Param::Null))).push(" AND ");
        }
        match key {
            Param::Null => sql.append(&is_null(column, true)),
            key => sql.column(RECORDS, &column.column).push(" = ").bind(key.clone()),
        };
    }
    sql
}

/// Whether a phase's first sort column may hold NULLs, so that its null rank has to be sorted by as well. Where the phase
/// has fixed the rank, sorting by it would keep the index from serving the order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    HasNulls,
    HasValues,
}

/// The order from a position on: what comes before is fixed by the phase.
fn order_by(order: &Order, from: usize, first: First) -> Sql {
    let mut sql = Sql::new();
    for (position, column) in order.columns.iter().enumerate().skip(from) {
        let has_nulls = column.nullable && (position > from || first == First::HasNulls);
        if has_nulls {
            sql.append(&null_rank(&column.column)).push(", ");
        }
        sql.column(RECORDS, &column.column).push(if column.descending { " DESC, " } else { ", " });
    }
    sql.column(RECORDS, "n").push(if order.ties_descend() { " DESC" } else { "" });
    sql
}

fn null_rank_is(column: &SortColumn, rank: i64) -> Sql {
    let mut sql = null_rank(&column.column);
    sql.push(if rank == 0 { " = 0" } else { " = 1" });
    sql
}

fn is_null(column: &SortColumn, null: bool) -> Sql {
    let mut sql = Sql::new();
    sql.column(RECORDS, &column.column).push(if null { " IS NULL" } else { " IS NOT NULL" });
    sql
}

fn after(descending: bool) -> &'static str {
    if descending { " < " } else { " > " }
}

fn and(sql: &mut Sql) {
    if !sql.is_empty() {
        sql.push(" AND ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Cell;

    fn by(columns: &[(&str, bool, bool)]) -> Order {
        let column = |(name, descending, nullable): &(&str, bool, bool)| SortColumn {
            column: (*name).to_owned(),
            descending: *descending,
            nullable: *nullable,
        };
        Order::by(columns.iter().map(column).collect())
    }

    fn conditions(order: &Order, keys: Option<Vec<Cell>>) -> Vec<String> {
        let cursor = keys.map(|keys| Cursor::new(order, keys, 9));
        phases(order, cursor.as_ref()).unwrap().iter().map(|phase| phase.condition.to_string()).collect()
    }

    #[test]
    fn a_list_without_order_goes_from_new_to_old() {
        let phases = phases(&by(&[]), Some(&Cursor::new(&by(&[]), vec![], 9))).unwrap();
        assert_eq!(phases[0].condition.to_string(), r#""r"."n" < $1"#);
        assert_eq!(phases[0].order_by.to_string(), r#""r"."n" DESC"#);
    }

    #[test]
    fn one_column_is_one_range_and_then_its_nulls() {
        let order = by(&[("name", false, true)]);
        assert_eq!(conditions(&order, None), [r#""r"."name" IS NOT NULL"#, r#""r"."name" IS NULL"#]);
        let next = conditions(&order, Some(vec![Cell::Text("a".into())]));
        assert_eq!(next, [r#"("r"."name", "r"."n") > ($1, $2)"#, r#""r"."name" IS NULL"#]);
        let in_nulls = conditions(&order, Some(vec![Cell::Null]));
        assert_eq!(in_nulls, [r#""r"."name" IS NULL AND "r"."n" > $1"#]);
    }

    #[test]
    fn mixed_directions_take_a_phase_for_each_step() {
        let order = by(&[("year", true, false), ("name", false, true)]);
        let next = conditions(&order, Some(vec![Cell::Int(1), Cell::Text("a".into())]));
        assert_eq!(next.len(), 4);
        assert!(next[0].ends_with(r#"AND "r"."n" < $3"#), "{}", next[0]);
        assert!(next[3].starts_with(r#""r"."year" < $1"#), "{}", next[3]);
    }
}
