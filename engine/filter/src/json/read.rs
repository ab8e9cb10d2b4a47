//! From CQL2 JSON to the tree.

use serde_json::{Map, Number, Value};

use crate::ast::{Kind, Node, Op};
use crate::error::{At, ErrorCode, FilterError};
use crate::json::geojson;
use crate::limits::Limits;
use crate::number::exact;
use crate::temporal;

type Read = Result<Node, FilterError>;

/// Reads a tree and counts what it has read, as if it were text.
pub(super) struct Reader {
    limits: Limits,
    bytes: usize,
    depth: u8,
}

impl Reader {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, bytes: 0, depth: 0 }
    }

    pub(super) fn node(&mut self, json: &Value) -> Read {
        self.count(8)?;
        match json {
            Value::Bool(truth) => self.build(Kind::Bool(*truth)),
            Value::Number(written) => self.build(Kind::Number(number(written)?)),
            Value::String(text) => {
                self.count(text.len())?;
                self.build(Kind::Text(text.clone()))
            }
            Value::Array(items) => {
                let items = self.nodes(items)?;
                self.build(Kind::Array(items))
            }
            Value::Object(object) => self.object(object, json),
            Value::Null => Err(syntax("null は置けません", "空かどうかは isNull で調べます")),
        }
    }

    fn object(&mut self, object: &Map<String, Value>, json: &Value) -> Read {
        let kind = match object.iter().next() {
            Some(_) if object.contains_key("op") => return self.operator(object),
            Some(_) if object.contains_key("type") => {
                self.count(json.to_string().len())?;
                let wrong = || {
                    FilterError::new(
                        ErrorCode::Geometry,
                        At::NOWHERE,
                        "図形が正しくありません",
                        "GeoJSONで書いてください",
                    )
                };
                Kind::Geometry(geojson::read(json).ok_or_else(wrong)?)
            }
            Some((key, value)) if object.len() == 1 => self.single(key, value)?,
            _ => return Err(syntax("条件のJSONとして読めません", "op と args を書いてください")),
        };
        self.build(kind)
    }

    /// An object of one member, such as `{"property": "name"}`.
    fn single(&mut self, key: &str, value: &Value) -> Result<Kind, FilterError> {
        if let Some(text) = value.as_str() {
            self.count(text.len())?;
        }
        match (key, value) {
            ("property", Value::String(name)) => Ok(Kind::Property(name.clone())),
            ("date", Value::String(text)) => {
                temporal::date(text).map(Kind::Date).ok_or_else(|| temporal::no_date(At::NOWHERE, text))
            }
            ("timestamp", Value::String(text)) => {
                temporal::timestamp(text).map(Kind::Timestamp).ok_or_else(|| temporal::no_timestamp(At::NOWHERE, text))
            }
            ("interval", Value::Array(ends)) => match ends.as_slice() {
                [start, end] => Ok(Kind::Interval(Box::new([self.interval_end(start)?, self.interval_end(end)?]))),
                _ => Err(syntax("interval は初めと終わりの二つです", "")),
            },
            ("bbox", Value::Array(sides)) => {
                let sides: Option<Vec<f64>> = sides.iter().map(Value::as_f64).collect();
                match sides.as_deref() {
                    Some([west, south, east, north] | [west, south, _, east, north, _]) => {
                        Ok(Kind::BBox([*west, *south, *east, *north]))
                    }
                    _ => Err(syntax("bbox は4個か6個の数値です", "")),
                }
            }
            _ => Err(syntax(&format!("「{key}」は条件のJSONで使えません"), "")),
        }
    }

    fn interval_end(&mut self, json: &Value) -> Read {
        let Value::String(text) = json else { return self.nested(json) };
        self.count(text.len())?;
        let kind = temporal::interval_end(text).ok_or_else(|| temporal::no_date(At::NOWHERE, text))?;
        self.build(kind)
    }

    fn operator(&mut self, object: &Map<String, Value>) -> Read {
        if let Some(unknown) = object.keys().find(|key| !matches!(key.as_str(), "op" | "args")) {
            return Err(syntax(&format!("「{unknown}」は条件のJSONで使えません"), ""));
        }
        let (Some(Value::String(name)), Some(Value::Array(args))) = (object.get("op"), object.get("args")) else {
            return Err(syntax("op は文字、args は配列です", ""));
        };
        self.count(name.len())?;
        let args = self.nodes(args)?;
        match Op::from_name(name) {
            Some(op) => self.build(Kind::Op(op, args)),
            None => self.build(Kind::Function(name.clone(), args)),
        }
    }

    fn nodes(&mut self, items: &[Value]) -> Result<Vec<Node>, FilterError> {
        items.iter().map(|item| self.nested(item)).collect()
    }

    /// Reads what lies one level deeper, which is refused before it is read if it lies too deep.
    fn nested(&mut self, json: &Value) -> Read {
        self.depth = self.depth.saturating_add(1);
        self.limits.check_depth(self.depth, At::NOWHERE)?;
        let node = self.node(json)?;
        self.depth -= 1;
        Ok(node)
    }

    fn build(&self, kind: Kind) -> Read {
        Node::build(At::NOWHERE, kind, self.limits)
    }

    fn count(&mut self, bytes: usize) -> Result<(), FilterError> {
        self.bytes = self.bytes.saturating_add(bytes);
        self.limits.check_length(self.bytes)
    }
}

/// The number that was written, if that is still known.
fn number(written: &Number) -> Result<kawasemi_kernel::Decimal, FilterError> {
    let text = written.to_string();
    let digits = text.split(['e', 'E']).next().unwrap_or_default().bytes().filter(u8::is_ascii_digit);
    let significant = digits.skip_while(|digit| *digit == b'0').count();
    exact(&text).filter(|_| !written.is_f64() || significant <= 15).ok_or_else(|| {
        let message = format!("数値「{text}」は桁が多すぎます");
        FilterError::new(ErrorCode::Number, At::NOWHERE, message, "整数は19桁、小数のある数値は15桁までです")
    })
}

fn syntax(message: &str, hint: &str) -> FilterError {
    FilterError::new(ErrorCode::Syntax, At::NOWHERE, message, hint)
}
