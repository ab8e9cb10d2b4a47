//! A condition in the words of the office: 「状態が「開園中」」 for `state = 'open'`. What has no plain words stays CQL2.

use kawasemi_filter::Ast;
use kawasemi_filter::ast::{Kind, Node, Op};
use kawasemi_kernel::{Decimal, Lang, RecordId, Value};
use kawasemi_ledger::{Style, field};
use kawasemi_schema::{FieldDef, FieldKind};
use kawasemi_ui::said;

use super::super::cells;
use super::super::opened::Opened;

/// A condition in words, or its CQL2 where it has none.
pub fn of(opened: &Opened, part: &Ast, style: &Style<'_>) -> String {
    Words { opened, style }.node(part.root()).unwrap_or_else(|| part.to_string())
}

/// The records that a condition names, by ledger, so that their names can be looked up.
pub fn records(opened: &Opened, part: &Ast) -> Vec<(String, RecordId)> {
    let Kind::Op(_, args) = part.root().kind() else { return Vec::new() };
    let named = |args: &[Node]| -> Option<(String, RecordId)> {
        let [one, other] = args else { return None };
        let (Kind::Property(name), Kind::Text(text)) = (one.kind(), other.kind()) else { return None };
        let FieldKind::Reference { target } = cells::kind(opened.field(name)?) else { return None };
        Some((target.clone(), text.parse().ok()?))
    };
    let below = args.iter().filter_map(|arg| match arg.kind() {
        Kind::Op(_, inner) => named(inner),
        _ => None,
    });
    named(args).into_iter().chain(below).collect()
}

struct Words<'a> {
    opened: &'a Opened,
    style: &'a Style<'a>,
}

impl Words<'_> {
    fn node(&self, node: &Node) -> Option<String> {
        let Kind::Op(op, args) = node.kind() else { return None };
        match (op, args.as_slice()) {
            (Op::IsNull, [one]) => Some(format!("{}が空", self.property(one)?)),
            (Op::Not, [inner]) => self.not(inner),
            (Op::Or, all) => {
                let special = if let [one, other] = all { self.or_empty(one, other) } else { None };
                let each = || all.iter().map(|part| self.node(part)).collect::<Option<Vec<_>>>();
                special.or_else(|| Some(each()?.join("、または")))
            }
            (Op::Like, [one, pattern]) => {
                let (how, text) = shape(pattern)?;
                let text = quoted(&text);
                Some(match how {
                    Like::Has => format!("{}に{text}を含む", self.property(folded(one))?),
                    Like::Starts => format!("{}が{text}で始まる", self.property(folded(one))?),
                })
            }
            (Op::In, [one, list]) => Some(format!("{}が{}のどれか", self.property(one)?, self.values(one, list)?)),
            (Op::AContains, [one, list]) => Some(format!("{}に{}がある", self.property(one)?, self.values(one, list)?)),
            (Op::SIntersects, [one, other]) if matches!(other.kind(), Kind::BBox(_)) => {
                Some(format!("{}が地図で選んだ範囲の中", self.property(one)?))
            }
            (op, [one, other]) => self.compared(*op, one, other),
            _ => None,
        }
    }

    fn compared(&self, op: Op, one: &Node, other: &Node) -> Option<String> {
        let name = self.property(one)?;
        let is_time = matches!(self.field(one).map(cells::kind), Some(FieldKind::Date | FieldKind::DateTime))
            || matches!(one.kind(), Kind::Property(name) if name.ends_with("_at"));
        if let Kind::Property(parameter) = other.kind() {
            return match (op, parameter.as_str()) {
                (Op::Lt, "today") => Some(format!("{name}が今日より前")),
                (Op::Ge, "today") => Some(format!("{name}が今日以降")),
                (Op::Eq, _) => Some(format!("{name}が{}", parameter_name(parameter)?)),
                _ => None,
            };
        }
        if let (Op::Eq, Kind::Bool(answer)) = (op, other.kind()) {
            return Some(format!("{name}が{}", if *answer { "はい" } else { "いいえ" }));
        }
        let value = self.value(one, other)?;
        Some(match op {
            Op::Eq => format!("{name}が{value}"),
            Op::Ne => format!("{name}が{value}でない"),
            Op::Ge if is_time => format!("{name}が{value}以降"),
            Op::Le if is_time => format!("{name}が{value}以前"),
            Op::Ge => format!("{name}が{value}以上"),
            Op::Le => format!("{name}が{value}以下"),
            Op::Gt if is_time => format!("{name}が{value}より後"),
            Op::Lt if is_time => format!("{name}が{value}より前"),
            Op::Gt => format!("{name}が{value}より大きい"),
            Op::Lt => format!("{name}が{value}より小さい"),
            _ => return None,
        })
    }

    fn not(&self, inner: &Node) -> Option<String> {
        let Kind::Op(op, args) = inner.kind() else { return None };
        match (op, args.as_slice()) {
            (Op::IsNull, [one]) => Some(format!("{}が空でない", self.property(one)?)),
            (Op::In, [one, list]) => {
                Some(format!("{}が{}のどれでもない", self.property(one)?, self.values(one, list)?))
            }
            (Op::Like, [one, pattern]) => match shape(pattern)? {
                (Like::Has, text) => Some(format!("{}に{}を含まない", self.property(folded(one))?, quoted(&text))),
                (Like::Starts, _) => None,
            },
            _ => None,
        }
    }

    /// `x <> 'a' OR x IS NULL`, as the helper writes it: what is empty is not 'a' either.
    fn or_empty(&self, one: &Node, other: &Node) -> Option<String> {
        let (Kind::Op(Op::IsNull, empty), Kind::Op(op, args)) = (other.kind(), one.kind()) else { return None };
        let compared = match (op, args.as_slice()) {
            (Op::Ne, [property, _]) => property,
            (Op::Not, [inner]) => match inner.kind() {
                Kind::Op(Op::Like, args) => folded(args.first()?),
                _ => return None,
            },
            _ => return None,
        };
        (compared.kind() == empty.first()?.kind()).then(|| self.node(one)).flatten()
    }

    fn field(&self, node: &Node) -> Option<&FieldDef> {
        match node.kind() {
            Kind::Property(name) => self.opened.field(name.split('.').next().unwrap_or_default()),
            _ => None,
        }
    }

    fn property(&self, node: &Node) -> Option<String> {
        let Kind::Property(name) = node.kind() else { return None };
        let target = super::target::Target::find(self.opened, name)?;
        Some(target.label)
    }

    /// The values of a list.
    fn values(&self, property: &Node, list: &Node) -> Option<String> {
        let Kind::Array(items) = list.kind() else { return self.value(property, list) };
        let items: Option<Vec<String>> = items.iter().map(|item| self.value(property, item)).collect();
        Some(items?.join("・"))
    }

    /// A literal or a parameter as the property's values are shown.
    fn value(&self, property: &Node, literal: &Node) -> Option<String> {
        let def = self.field(property);
        Some(match literal.kind() {
            Kind::Number(number) => self.number(def, *number),
            Kind::Date(day) => said::short_date(Lang::Ja, *day),
            Kind::Property(name) => parameter_name(name)?.to_owned(),
            Kind::Timestamp(at) => crate::view::when(*at),
            Kind::Text(text) => match def.map(cells::kind) {
                Some(kind @ (FieldKind::Choice { .. } | FieldKind::Choices { .. })) => {
                    let choice = kind.choices().iter().find(|choice| choice.key == *text);
                    quoted(choice.map_or(text, |choice| choice.label.ja()))
                }
                Some(FieldKind::Reference { .. }) => {
                    quoted(&text.parse().map_or_else(|_| text.clone(), |id| self.style.label(id)))
                }
                Some(FieldKind::YearMonth | FieldKind::Date) => text.clone(),
                _ => quoted(text),
            },
            _ => return None,
        })
    }

    fn number(&self, def: Option<&FieldDef>, number: Decimal) -> String {
        let shown = def.and_then(|def| match cells::kind(def) {
            FieldKind::Decimal { scale, .. } => number.exactly(*scale).map(|number| (def, Value::Decimal(number))),
            _ => number.exactly(0).map(|whole| (def, Value::Int(whole.units()))),
        });
        match shown {
            Some((def, value)) => field::show(def, &value, self.style),
            None => number.to_string(),
        }
    }
}

/// What a declared parameter is called.
fn parameter_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "today" => "今日",
        "this_fiscal_year" => "今年度",
        "user.departments" => "自分の部局・課",
        "user.department" => "自分の課",
        "user.person" | "user.id" => "自分",
        _ => return None,
    })
}

/// What a pattern looks for.
enum Like {
    Has,
    Starts,
}

/// The literal text of a pattern `%text%` or `text%`.
fn shape(pattern: &Node) -> Option<(Like, String)> {
    let Kind::Text(pattern) = folded(pattern).kind() else { return None };
    let (how, rest) = match pattern.strip_prefix('%') {
        Some(rest) => (Like::Has, rest),
        None => (Like::Starts, pattern.as_str()),
    };
    let rest = rest.strip_suffix('%')?;
    let mut text = String::new();
    let mut chars = rest.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' | '_' => return None,
            '\\' => text.push(chars.next()?),
            c => text.push(c),
        }
    }
    Some((how, text))
}

/// What is compared without regard to case and width.
fn folded(node: &Node) -> &Node {
    match node.kind() {
        Kind::Op(Op::CaseI, args) => args.first().unwrap_or(node),
        _ => node,
    }
}

fn quoted(text: &str) -> String {
    format!("「{text}」")
}
