//! From the tree to CQL2 JSON.

use kawasemi_kernel::Decimal;
use serde_json::{Value, json};

use crate::ast::{Kind, Node};
use crate::error::{ErrorCode, FilterError};
use crate::json::geojson;
use crate::number::{exact, shortest};

/// Writes a node.
pub(super) fn node(node: &Node) -> Result<Value, FilterError> {
    Ok(match node.kind() {
        Kind::Bool(truth) => json!(truth),
        Kind::Number(decimal) => number(node, *decimal)?,
        Kind::Text(text) => json!(text),
        Kind::Date(date) => json!({"date": date.to_string()}),
        Kind::Timestamp(instant) => json!({"timestamp": instant.to_string()}),
        Kind::Open => json!(".."),
        Kind::Interval(ends) => json!({"interval": [interval_end(&ends[0])?, interval_end(&ends[1])?]}),
        Kind::Geometry(geometry) => geojson::write(geometry),
        Kind::BBox(sides) => json!({"bbox": sides}),
        Kind::Array(items) => nodes(items)?,
        Kind::Property(name) => json!({"property": name}),
        Kind::Op(op, args) => json!({"op": op.name(), "args": nodes(args)?}),
        Kind::Function(name, args) => json!({"op": name, "args": nodes(args)?}),
    })
}

fn nodes(items: &[Node]) -> Result<Value, FilterError> {
    items.iter().map(node).collect::<Result<Vec<_>, _>>().map(Value::Array)
}

fn interval_end(end: &Node) -> Result<Value, FilterError> {
    Ok(match end.kind() {
        Kind::Date(date) => json!(date.to_string()),
        Kind::Timestamp(instant) => json!(instant.to_string()),
        _ => node(end)?,
    })
}

/// A whole number exactly; a fraction only if JSON's binary fraction still shows the same digits.
fn number(at: &Node, decimal: Decimal) -> Result<Value, FilterError> {
    let decimal = shortest(decimal);
    if decimal.scale() == 0 {
        return Ok(json!(decimal.units()));
    }
    let digits = decimal.units().unsigned_abs().to_string().len();
    let binary: Option<f64> = decimal.to_string().parse().ok();
    let written = binary.map(|binary| json!(binary)).filter(|json| exact(&json.to_string()) == Some(decimal));
    written.filter(|_| digits <= 15).ok_or_else(|| {
        let message = format!("数値「{decimal}」はJSONの数値では正確に書けません");
        FilterError::new(ErrorCode::Number, at.at(), message, "小数のある数値は15桁までにしてください")
    })
}
