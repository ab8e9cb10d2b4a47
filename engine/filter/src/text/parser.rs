//! From words to the tree.
//!
//! One look ahead decides everything, so the time is linear in the length of the text, and the depth is counted on the
//! way down, so the stack is bounded whatever is thrown at it. The rules follow the standard's grammar from
//! `booleanExpression` down to `arithmeticFactor`; what they tell apart by type is checked in `ast::shape`.

use crate::ast::{Group, Kind, Node, Op};
use crate::error::{At, ErrorCode, FilterError};
use crate::limits::Limits;
use crate::number::exact;
use crate::text::lexer::{Token, Word};

type Parsed = Result<Node, FilterError>;

pub(super) struct Parser<'a> {
    words: &'a [Word<'a>],
    next: usize,
    depth: u8,
    limits: Limits,
    end: At,
}

impl<'a> Parser<'a> {
    pub(super) fn new(words: &'a [Word<'a>], end: At, limits: Limits) -> Self {
        Self { words, next: 0, depth: 0, limits, end }
    }

    /// The whole text as one expression.
    pub(super) fn whole(mut self) -> Parsed {
        let root = self.expression()?;
        match self.words.get(self.next) {
            None => Ok(root),
            Some(_) => Err(self.unexpected("条件はここで終わるはずです。AND か OR でつないでください")),
        }
    }

    /// `booleanExpression`, and every other expression.
    pub(super) fn expression(&mut self) -> Parsed {
        self.chain("OR", Op::Or, Self::conjunction)
    }

    fn conjunction(&mut self) -> Parsed {
        self.chain("AND", Op::And, Self::negation)
    }

    fn chain(&mut self, keyword: &str, op: Op, part: fn(&mut Self) -> Parsed) -> Parsed {
        let first = part(self)?;
        if !self.is_keyword(keyword) {
            return Ok(first);
        }
        let at = first.at();
        let mut parts = vec![first];
        while self.skip_keyword(keyword) {
            parts.push(part(self)?);
        }
        self.build(at, Kind::Op(op, parts))
    }

    /// `NOT`, also several in a row, which are counted and not descended into.
    fn negation(&mut self) -> Parsed {
        let mut marks = Vec::new();
        loop {
            let at = self.at();
            if !self.skip_keyword("NOT") {
                break;
            }
            marks.push(at);
            self.limits.check_depth(u8::try_from(marks.len()).unwrap_or(u8::MAX), at)?;
        }
        let mut inner = self.predicate()?;
        while let Some(at) = marks.pop() {
            inner = self.build(at, Kind::Op(Op::Not, vec![inner]))?;
        }
        Ok(inner)
    }

    fn predicate(&mut self) -> Parsed {
        let left = self.sum()?;
        let at = left.at();
        if let Some(op) = self.comparison() {
            let right = self.sum()?;
            let compared = self.build(at, Kind::Op(op, vec![left, right]))?;
            if self.comparison().is_some() {
                self.next -= 1;
                return Err(self.unexpected("比較は一つずつ書き、AND でつないでください"));
            }
            return Ok(compared);
        }
        if self.skip_keyword("IS") {
            let negated = self.skip_keyword("NOT");
            if !self.skip_keyword("NULL") {
                return Err(self.unexpected("IS の後は NULL か NOT NULL です"));
            }
            return self.test(at, negated, Op::IsNull, vec![left]);
        }
        let negated = self.skip_keyword("NOT");
        if self.skip_keyword("LIKE") {
            let pattern = self.sum()?;
            return self.test(at, negated, Op::Like, vec![left, pattern]);
        }
        if self.skip_keyword("BETWEEN") {
            let low = self.sum()?;
            if !self.skip_keyword("AND") {
                return Err(self.unexpected("BETWEEN は 下限 AND 上限 の順に書いてください"));
            }
            let high = self.sum()?;
            return self.test(at, negated, Op::Between, vec![left, low, high]);
        }
        if self.skip_keyword("IN") {
            let list = self.array()?;
            return self.test(at, negated, Op::In, vec![left, list]);
        }
        if negated {
            return Err(self.unexpected("ここでの NOT の後は LIKE・BETWEEN・IN のどれかです"));
        }
        Ok(left)
    }

    fn test(&mut self, at: At, negated: bool, op: Op, args: Vec<Node>) -> Parsed {
        let test = self.build(at, Kind::Op(op, args))?;
        if negated { self.build(at, Kind::Op(Op::Not, vec![test])) } else { Ok(test) }
    }

    fn comparison(&mut self) -> Option<Op> {
        let Some(Token::Sign(sign @ ("=" | "<>" | "<" | ">" | "<=" | ">="))) = self.peek() else { return None };
        self.next += 1;
        Op::from_name(sign)
    }

    fn sum(&mut self) -> Parsed {
        let mut left = self.product()?;
        while let Some(Token::Sign(sign @ ("+" | "-"))) = self.peek() {
            self.next += 1;
            let op = if *sign == "+" { Op::Add } else { Op::Sub };
            let right = self.product()?;
            left = self.build(left.at(), Kind::Op(op, vec![left, right]))?;
        }
        Ok(left)
    }

    fn product(&mut self) -> Parsed {
        let mut left = self.power()?;
        loop {
            let op = match self.peek() {
                Some(Token::Sign("*")) => Op::Mul,
                Some(Token::Sign("/")) => Op::Div,
                Some(Token::Sign("%")) => Op::Rem,
                Some(Token::Name(name)) if name.eq_ignore_ascii_case("DIV") => Op::IntDiv,
                _ => return Ok(left),
            };
            self.next += 1;
            let right = self.power()?;
            left = self.build(left.at(), Kind::Op(op, vec![left, right]))?;
        }
    }

    fn power(&mut self) -> Parsed {
        let base = self.factor()?;
        if !self.skip_sign("^") {
            return Ok(base);
        }
        let exponent = self.factor()?;
        self.build(base.at(), Kind::Op(Op::Pow, vec![base, exponent]))
    }

    /// A signed number, or `-x`, which is -1 times x.
    fn factor(&mut self) -> Parsed {
        let at = self.at();
        let Some(Token::Sign(sign @ ("+" | "-"))) = self.peek() else { return self.primary() };
        self.next += 1;
        if let Some(Token::Number(digits)) = self.peek() {
            self.next += 1;
            return self.number(at, &format!("{sign}{digits}"));
        }
        if *sign == "+" || matches!(self.peek(), Some(Token::Sign("+" | "-"))) {
            return Err(self.unexpected("符号は数値の前に一つだけ書けます"));
        }
        let minus_one = self.number(at, "-1")?;
        let operand = self.primary()?;
        self.build(at, Kind::Op(Op::Mul, vec![minus_one, operand]))
    }

    fn primary(&mut self) -> Parsed {
        let at = self.at();
        match self.peek() {
            Some(Token::Sign("(")) => self.parenthesis(),
            Some(Token::Number(digits)) => {
                self.next += 1;
                self.number(at, digits)
            }
            Some(Token::Text(text)) => {
                self.next += 1;
                self.build(at, Kind::Text(text.clone()))
            }
            Some(Token::Quoted(name)) => {
                self.next += 1;
                self.build(at, Kind::Property((*name).to_owned()))
            }
            Some(Token::Name(name)) => self.named(at, name),
            _ => Err(self.unexpected("ここには項目の名前か値を書いてください")),
        }
    }

    /// An expression in parentheses. A list of several values stands only where the grammar wants an array.
    fn parenthesis(&mut self) -> Parsed {
        let at = self.at();
        self.next += 1;
        let inner = self.nested(at, Self::expression)?;
        self.expect(")", "かっこ ( が閉じていません")?;
        Ok(inner)
    }

    fn named(&mut self, at: At, name: &'a str) -> Parsed {
        match name.to_ascii_uppercase().as_str() {
            "TRUE" => {
                self.next += 1;
                return self.build(at, Kind::Bool(true));
            }
            "FALSE" => {
                self.next += 1;
                return self.build(at, Kind::Bool(false));
            }
            "NULL" => return Err(self.unexpected("空かどうかは「項目 IS NULL」で調べます")),
            "AND" | "OR" | "NOT" | "LIKE" | "BETWEEN" | "IN" | "IS" | "DIV" => {
                return Err(self.unexpected("ここには項目の名前か値を書いてください"));
            }
            _ => {}
        }
        if let Some(literal) = self.tagged(at, name) {
            return literal;
        }
        self.next += 1;
        if !matches!(self.peek(), Some(Token::Sign("("))) {
            return self.build(at, Kind::Property(name.to_owned()));
        }
        match Op::from_function(name) {
            Some(op) => {
                let read = if op.group() == Group::Array { Self::array_operand } else { Self::expression };
                let args = self.arguments(at, read)?;
                self.build(at, Kind::Op(op, args))
            }
            None => {
                let args = self.arguments(at, Self::expression)?;
                self.build(at, Kind::Function(name.to_owned(), args))
            }
        }
    }

    /// An argument of an A_ function: there, `('a')` is an array of one.
    fn array_operand(&mut self) -> Parsed {
        if matches!(self.peek(), Some(Token::Sign("("))) { self.array() } else { self.expression() }
    }

    fn array(&mut self) -> Parsed {
        let at = self.at();
        if !matches!(self.peek(), Some(Token::Sign("("))) {
            return Err(self.unexpected("値をかっこで囲んで並べてください（例：('a', 'b')）"));
        }
        let items = self.arguments(at, Self::expression)?;
        self.build(at, Kind::Array(items))
    }

    /// `(a, b, …)`, also without anything in it.
    pub(super) fn arguments(&mut self, at: At, read: fn(&mut Self) -> Parsed) -> Result<Vec<Node>, FilterError> {
        self.expect("(", "かっこ ( で始めてください")?;
        let mut args = Vec::new();
        if self.skip_sign(")") {
            return Ok(args);
        }
        loop {
            args.push(self.nested(at, read)?);
            if !self.skip_sign(",") {
                break;
            }
        }
        self.expect(")", "値はコンマで区切り、かっこ ) で閉じてください")?;
        Ok(args)
    }

    fn number(&self, at: At, text: &str) -> Parsed {
        let number = exact(text).ok_or_else(|| {
            let message = format!("数値「{text}」は桁が多すぎます");
            FilterError::new(ErrorCode::Number, at, message, "整数は19桁、小数点以下は12桁までです")
        })?;
        self.build(at, Kind::Number(number))
    }

    // Steps.

    pub(super) fn nested<T>(
        &mut self,
        at: At,
        inner: impl FnOnce(&mut Self) -> Result<T, FilterError>,
    ) -> Result<T, FilterError> {
        self.depth += 1;
        self.limits.check_depth(self.depth, at)?;
        let parsed = inner(self)?;
        self.depth -= 1;
        Ok(parsed)
    }

    pub(super) fn build(&self, at: At, kind: Kind) -> Parsed {
        Node::build(at, kind, self.limits)
    }

    pub(super) fn peek(&self) -> Option<&'a Token<'a>> {
        self.peek_after(0)
    }

    pub(super) fn peek_after(&self, count: usize) -> Option<&'a Token<'a>> {
        self.words.get(self.next + count).map(|word| &word.token)
    }

    pub(super) fn advance(&mut self) {
        self.next += 1;
    }

    pub(super) fn at(&self) -> At {
        self.words.get(self.next).map_or(self.end, |word| word.at)
    }

    pub(super) fn skip_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(found)) if *found == sign);
        self.next += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, sign: &str, wanted: &str) -> Result<(), FilterError> {
        if self.skip_sign(sign) { Ok(()) } else { Err(self.unexpected(wanted)) }
    }

    fn is_keyword(&self, keyword: &str) -> bool {
        matches!(self.peek(), Some(Token::Name(name)) if name.eq_ignore_ascii_case(keyword))
    }

    pub(super) fn skip_keyword(&mut self, keyword: &str) -> bool {
        let found = self.is_keyword(keyword);
        self.next += usize::from(found);
        found
    }

    /// The word at hand does not belong here.
    pub(super) fn unexpected(&self, hint: &str) -> FilterError {
        let message = match self.peek() {
            None => "条件が途中で終わっています".to_owned(),
            Some(Token::Name(name)) => format!("ここに「{name}」は置けません"),
            Some(Token::Quoted(name)) => format!("ここに「\"{name}\"」は置けません"),
            Some(Token::Text(text)) => {
                format!("ここに文字「{}」は置けません", text.chars().take(20).collect::<String>())
            }
            Some(Token::Number(digits)) => format!("ここに数値「{digits}」は置けません"),
            Some(Token::Sign(sign)) => format!("ここに「{sign}」は置けません"),
        };
        FilterError::new(ErrorCode::Syntax, self.at(), message, hint)
    }
}
