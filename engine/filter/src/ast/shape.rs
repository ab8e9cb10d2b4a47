//! What the grammar allows as parts of what.
//!
//! The parser reads every operand with one rule, which keeps it linear: the standard's own rules (`booleanExpression`,
//! `arithmeticExpression`, `array` …) all begin with a parenthesis and would need backtracking. What the rules tell
//! apart is checked here afterwards, for text and JSON alike.

use crate::ast::op::is_keyword;
use crate::ast::{Group, Kind, Node, Op};
use crate::error::{At, ErrorCode, FilterError};
use crate::text::names::is_identifier;

/// What a node can stand for, as far as the grammar knows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Truth,
    Number,
    Text,
    Instant,
    Interval,
    Open,
    Geometry,
    Array,
    /// A property or function: only the ledger knows.
    Any,
}

/// Refuses a node whose parts do not go together.
pub(super) fn check(at: At, kind: &Kind) -> Result<(), FilterError> {
    match kind {
        Kind::Op(op, args) => operator(at, *op, args),
        Kind::Interval(ends) => ends.iter().try_for_each(|end| {
            let fits = matches!(class(end), Class::Instant | Class::Open | Class::Any);
            need(fits, end, "INTERVAL の両端には日付・日時・'..' のどれかを書いてください")
        }),
        Kind::Array(items) => items.iter().try_for_each(|item| {
            let fits = matches!(class(item), Class::Truth | Class::Number | Class::Text | Class::Instant | Class::Any);
            need(fits, item, "かっこの中には値をコンマで区切って並べてください")
        }),
        Kind::Function(name, args) => function(at, name, args),
        Kind::Text(text) => literal(at, text),
        Kind::Property(name) => property(at, name),
        Kind::Geometry(geometry) => {
            use geo::CoordsIter as _;
            finite(at, geometry.coords_iter().flat_map(|c| [c.x, c.y]))
        }
        Kind::BBox(sides) => finite(at, sides.iter().copied()),
        _ => Ok(()),
    }
}

fn operator(at: At, op: Op, args: &[Node]) -> Result<(), FilterError> {
    let is_list = op.group() == Group::Logic && args.len() >= op.arity();
    if !is_list && args.len() != op.arity() {
        let message = format!("{} に渡す値の数が違います（{}個です）", op.name().to_uppercase(), op.arity());
        return Err(FilterError::new(ErrorCode::Syntax, at, message, ""));
    }
    let scalar =
        |node: &Node| matches!(class(node), Class::Truth | Class::Number | Class::Text | Class::Instant | Class::Any);
    let each =
        |fits: fn(Class) -> bool, wanted: &str| args.iter().try_for_each(|arg| need(fits(class(arg)), arg, wanted));
    match op.group() {
        Group::Logic | Group::Not => {
            each(|c| matches!(c, Class::Truth | Class::Any), "AND・OR・NOT には条件（例：面積 > 100）を書いてください")
        }
        Group::Comparison => args.iter().try_for_each(|arg| need(scalar(arg), arg, "比べられるのは一つの値どうしです")),
        Group::Arithmetic => each(|c| matches!(c, Class::Number | Class::Any), "計算できるのは数値だけです"),
        Group::Folding => {
            each(|c| matches!(c, Class::Text | Class::Any), "CASEI・ACCENTI には文字か文字の項目を書いてください")
        }
        Group::Spatial => {
            each(|c| matches!(c, Class::Geometry | Class::Any), "S_ で始まる関数には図形か図形の項目を書いてください")
        }
        Group::Temporal => each(
            |c| matches!(c, Class::Instant | Class::Interval | Class::Any),
            "T_ で始まる関数には日付・日時・期間を書いてください（例：DATE('2025-04-01')）",
        ),
        Group::Array => each(
            |c| matches!(c, Class::Array | Class::Any),
            "A_ で始まる関数には複数選択の項目と、かっこで囲んだ値を書いてください（例：('a', 'b')）",
        ),
        Group::Test => test(op, args),
    }
}

/// LIKE, BETWEEN, IN and IS NULL, whose arguments differ from one another.
fn test(op: Op, args: &[Node]) -> Result<(), FilterError> {
    let first = &args[0];
    let kind = class(first);
    match op {
        Op::Like => {
            need(matches!(kind, Class::Text | Class::Any), first, "LIKE の左には文字の項目を書いてください")?;
            need(is_pattern(&args[1]), &args[1], "LIKE の右には引用符で囲んだ型を書いてください（例：'綾瀬%'）")
        }
        Op::Between => args.iter().try_for_each(|arg| {
            let fits = matches!(class(arg), Class::Number | Class::Text | Class::Instant | Class::Any);
            need(fits, arg, "BETWEEN には数値か日付を書いてください（例：面積 BETWEEN 100 AND 200）")
        }),
        Op::In => {
            let fits = matches!(kind, Class::Truth | Class::Number | Class::Text | Class::Instant | Class::Any);
            need(fits, first, "IN の左には一つの値を書いてください")?;
            let is_list = matches!(&args[1].kind, Kind::Array(items) if !items.is_empty());
            need(is_list, &args[1], "IN の右には値をかっこで囲んで並べてください（例：('a', 'b')）")
        }
        _ => need(!matches!(kind, Class::Array | Class::Open), first, "IS NULL の左には項目を書いてください"),
    }
}

fn is_pattern(node: &Node) -> bool {
    match &node.kind {
        Kind::Text(_) => true,
        Kind::Op(Op::CaseI | Op::AccentI, args) => args.iter().all(is_pattern),
        _ => false,
    }
}

fn function(at: At, name: &str, args: &[Node]) -> Result<(), FilterError> {
    if !is_identifier(name) || is_keyword(name) {
        let message = format!("「{name}」は関数の名前になりません");
        return Err(FilterError::new(ErrorCode::Syntax, at, message, ""));
    }
    args.iter().try_for_each(|arg| {
        let fits = !matches!(class(arg), Class::Array | Class::Open | Class::Interval);
        need(fits, arg, "関数に渡せるのは一つずつの値です")
    })
}

/// The standard allows no control characters in a string but white space. A backslash at the end could not be written
/// as text, where `\'` stands for a quotation mark.
fn literal(at: At, text: &str) -> Result<(), FilterError> {
    let is_control = |c: char| matches!(c, '\0'..='\u{6}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}');
    if text.contains(is_control) {
        let message = "文字の中に制御文字があります";
        return Err(FilterError::new(ErrorCode::Syntax, at, message, "見えない文字を消してください"));
    }
    if text.ends_with('\\') {
        let message = "文字の終わりに \\ は置けません";
        return Err(FilterError::new(ErrorCode::Syntax, at, message, ""));
    }
    Ok(())
}

fn property(at: At, name: &str) -> Result<(), FilterError> {
    if !name.is_empty() && !name.contains(|c: char| c == '"' || c.is_control()) {
        return Ok(());
    }
    Err(FilterError::new(ErrorCode::Syntax, at, "項目の名前が正しくありません", ""))
}

fn finite(at: At, mut numbers: impl Iterator<Item = f64>) -> Result<(), FilterError> {
    if numbers.all(f64::is_finite) {
        return Ok(());
    }
    Err(FilterError::new(ErrorCode::Geometry, at, "座標の数値が大きすぎます", "経度・緯度の順に度で書いてください"))
}

fn need(holds: bool, node: &Node, wanted: &str) -> Result<(), FilterError> {
    if holds {
        Ok(())
    } else {
        Err(FilterError::new(ErrorCode::Type, node.at, "値の種類が合いません", wanted))
    }
}

fn class(node: &Node) -> Class {
    match &node.kind {
        Kind::Bool(_) => Class::Truth,
        Kind::Number(_) => Class::Number,
        Kind::Text(_) => Class::Text,
        Kind::Date(_) | Kind::Timestamp(_) => Class::Instant,
        Kind::Open => Class::Open,
        Kind::Interval(_) => Class::Interval,
        Kind::Geometry(_) | Kind::BBox(_) => Class::Geometry,
        Kind::Array(_) => Class::Array,
        Kind::Property(_) | Kind::Function(..) => Class::Any,
        Kind::Op(op, _) => match op.group() {
            Group::Arithmetic => Class::Number,
            Group::Folding => Class::Text,
            _ => Class::Truth,
        },
    }
}
