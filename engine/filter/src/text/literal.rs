//! Literals that begin with a word: dates, intervals, boxes and geometries in well-known text.

use geo::{Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};

use crate::ast::{Kind, Node};
use crate::error::{At, ErrorCode, FilterError};
use crate::temporal;
use crate::text::lexer::Token;
use crate::text::parser::Parser;

type Read<T> = Result<T, FilterError>;

impl<'a> Parser<'a> {
    /// Reads the literal that a word begins, if it begins one. `DATE` without a parenthesis is the name of a property.
    pub(super) fn tagged(&mut self, at: At, word: &str) -> Option<Read<Node>> {
        let has_z = matches!(self.peek_after(1), Some(Token::Name(name)) if name.eq_ignore_ascii_case("Z"));
        if !matches!(self.peek_after(1 + usize::from(has_z)), Some(Token::Sign("("))) {
            return None;
        }
        let read = match word.to_ascii_uppercase().as_str() {
            "DATE" if !has_z => Self::date,
            "TIMESTAMP" if !has_z => Self::timestamp,
            "INTERVAL" if !has_z => Self::interval,
            "BBOX" if !has_z => Self::bbox,
            "POINT" | "LINESTRING" | "POLYGON" | "MULTIPOINT" | "MULTILINESTRING" | "MULTIPOLYGON"
            | "GEOMETRYCOLLECTION" => Self::geometry,
            _ => return None,
        };
        Some(read(self).and_then(|kind| self.build(at, kind)))
    }

    fn date(&mut self) -> Read<Kind> {
        self.advance();
        let (at, text) = self.only_text("DATE には DATE('2025-04-01') のように書いてください")?;
        temporal::date(text).map(Kind::Date).ok_or_else(|| temporal::no_date(at, text))
    }

    fn timestamp(&mut self) -> Read<Kind> {
        self.advance();
        let (at, text) = self.only_text("TIMESTAMP には TIMESTAMP('2025-04-01T00:00:00Z') のように書いてください")?;
        temporal::timestamp(text).map(Kind::Timestamp).ok_or_else(|| temporal::no_timestamp(at, text))
    }

    fn only_text(&mut self, wanted: &str) -> Read<(At, &'a str)> {
        self.expect("(", wanted)?;
        let at = self.at();
        let Some(Token::Text(text)) = self.peek() else { return Err(self.unexpected(wanted)) };
        self.advance();
        self.expect(")", wanted)?;
        Ok((at, text))
    }

    fn interval(&mut self) -> Read<Kind> {
        self.advance();
        let wanted = "INTERVAL('2025-04-01', '..') のように、初めと終わりを書いてください";
        self.expect("(", wanted)?;
        let start = self.interval_end()?;
        self.expect(",", wanted)?;
        let end = self.interval_end()?;
        self.expect(")", wanted)?;
        Ok(Kind::Interval(Box::new([start, end])))
    }

    fn interval_end(&mut self) -> Read<Node> {
        let at = self.at();
        let Some(Token::Text(text)) = self.peek() else { return self.nested(at, Self::expression) };
        self.advance();
        let kind = temporal::interval_end(text).ok_or_else(|| temporal::no_date(at, text))?;
        self.build(at, kind)
    }

    fn bbox(&mut self) -> Read<Kind> {
        let at = self.at();
        self.advance();
        let wanted = "BBOX(西の経度, 南の緯度, 東の経度, 北の緯度) のように書いてください";
        self.expect("(", wanted)?;
        let mut numbers = vec![self.coordinate()?];
        while self.skip_sign(",") {
            numbers.push(self.coordinate()?);
        }
        self.expect(")", wanted)?;
        match numbers[..] {
            [west, south, east, north] | [west, south, _, east, north, _] => Ok(Kind::BBox([west, south, east, north])),
            _ => Err(FilterError::new(ErrorCode::Geometry, at, "BBOX の数値は4個か6個です", wanted)),
        }
    }

    fn geometry(&mut self) -> Read<Kind> {
        self.tagged_geometry(true).map(Kind::Geometry)
    }

    /// A geometry with its tag. A collection holds no collection.
    fn tagged_geometry(&mut self, may_collect: bool) -> Read<Geometry<f64>> {
        let Some(Token::Name(tag)) = self.peek() else {
            return Err(self.unexpected("ここには図形を書いてください"));
        };
        let tag = tag.to_ascii_uppercase();
        let unexpected = self.unexpected("ここには POINT などの図形を書いてください");
        self.advance();
        self.skip_keyword("Z");
        match tag.as_str() {
            "POINT" => self.point_text().map(Geometry::Point),
            "LINESTRING" => self.line_text().map(Geometry::LineString),
            "POLYGON" => self.polygon_text().map(Geometry::Polygon),
            "MULTIPOINT" => self.list(Self::multi_point_member).map(|all| Geometry::MultiPoint(MultiPoint(all))),
            "MULTILINESTRING" => self.list(Self::line_text).map(|all| Geometry::MultiLineString(MultiLineString(all))),
            "MULTIPOLYGON" => self.list(Self::polygon_text).map(|all| Geometry::MultiPolygon(MultiPolygon(all))),
            "GEOMETRYCOLLECTION" if may_collect => {
                let members = self.list(|parser| parser.tagged_geometry(false))?;
                Ok(Geometry::GeometryCollection(GeometryCollection(members)))
            }
            _ => Err(unexpected),
        }
    }

    fn point_text(&mut self) -> Read<Point<f64>> {
        self.expect("(", "座標はかっこで囲んでください")?;
        let position = self.position()?;
        self.expect(")", "点の座標は 経度 緯度 の順に空白で区切って書いてください")?;
        Ok(position.into())
    }

    /// `(1 2)`, and `1 2` as older software writes it.
    fn multi_point_member(&mut self) -> Read<Point<f64>> {
        if matches!(self.peek(), Some(Token::Sign("("))) { self.point_text() } else { self.position().map(Point) }
    }

    fn line_text(&mut self) -> Read<LineString<f64>> {
        let at = self.at();
        let positions = self.list(Self::position)?;
        if positions.len() < 2 {
            return Err(FilterError::new(ErrorCode::Geometry, at, "線には点が2個以上いります", ""));
        }
        Ok(LineString(positions))
    }

    fn polygon_text(&mut self) -> Read<Polygon<f64>> {
        let at = self.at();
        let mut rings = self.list(Self::line_text)?;
        if rings.iter().any(|ring| ring.0.len() < 4 || ring.0.first() != ring.0.last()) {
            let hint = "面の点は4個以上で、最後の点を最初の点と同じにしてください";
            return Err(FilterError::new(ErrorCode::Geometry, at, "面が閉じていません", hint));
        }
        let exterior = rings.remove(0);
        Ok(Polygon::new(exterior, rings))
    }

    fn list<T>(&mut self, read: impl Fn(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        self.expect("(", "座標はかっこで囲んでください")?;
        let mut all = vec![read(self)?];
        while self.skip_sign(",") {
            all.push(read(self)?);
        }
        self.expect(")", "座標はコンマで区切り、かっこ ) で閉じてください")?;
        Ok(all)
    }

    /// Longitude, latitude and perhaps a height, which is not kept.
    fn position(&mut self) -> Read<Coord<f64>> {
        let (x, y) = (self.coordinate()?, self.coordinate()?);
        if matches!(self.peek(), Some(Token::Number(_) | Token::Sign("-" | "+"))) {
            self.coordinate()?;
        }
        Ok(Coord { x, y })
    }

    fn coordinate(&mut self) -> Read<f64> {
        let sign = if self.skip_sign("-") { -1.0 } else { 1.0 };
        if sign > 0.0 {
            self.skip_sign("+");
        }
        let wanted = "座標は数値で書いてください";
        let Some(Token::Number(digits)) = self.peek() else { return Err(self.unexpected(wanted)) };
        let number: f64 = digits.parse().map_err(|_| self.unexpected(wanted))?;
        self.advance();
        Ok(sign * number)
    }
}
