//! Inspection sheets (点検表): one page for each unit, with its parts in the order of the page on which they are keyed in.

use serde_json::{Value, json};

use super::day;
use crate::records::Unit;

/// The clauses that a sheet lists by name; empty lines follow for others.
const CLAUSES: [&str; 6] =
    ["頭部・体の挟み込み", "指の挟み込み", "突起・引っ掛かり", "落下高さと設置面", "安全領域", ""];
/// Empty lines for parts that the unit's list does not have.
const SPARE: usize = 2;

/// A sheet's data. `qr` is the name of its picture.
pub fn unit(unit: &Unit, park: &str, qr: &str, kind: &str, material: impl Fn(&str) -> String) -> Value {
    let mut parts: Vec<Value> = unit
        .inspected_parts()
        .iter()
        .map(|part| {
            let name = if part.is_required { part.name.clone() } else { format!("{}（任意）", part.name) };
            let material = if part.material.is_empty() { String::new() } else { material(&part.material) };
            json!({ "name": name, "material": material })
        })
        .collect();
    parts.extend(std::iter::repeat_n(json!({ "name": "", "material": "" }), SPARE));
    let last = unit.overall.map_or("－", |grade| grade.label());
    let about = format!(
        "種類 {kind}　製造者 {}　設置 {}\n最後の点検 {}（判定 {last}）　定期点検の期限 {}　状態 {}",
        if unit.maker.is_empty() { "－" } else { &unit.maker },
        day(unit.installed_on),
        day(unit.last_inspected_on),
        day(unit.next_periodic_due),
        unit.state.label()
    );
    json!({ "park": park, "name": unit.called(), "about": about, "qr": qr, "parts": parts, "clauses": CLAUSES })
}
