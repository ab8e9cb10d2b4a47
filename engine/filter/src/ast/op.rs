//! The operators and predicates of OGC 21-065r2 with their names.

/// An operator or predicate of the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub enum Op {
    And,
    Or,
    Not,
    Eq,
    Ne,
    Lt,
    Gt,
    Le,
    Ge,
    Like,
    Between,
    In,
    IsNull,
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Pow,
    IntDiv,
    CaseI,
    AccentI,
    SIntersects,
    SEquals,
    SDisjoint,
    STouches,
    SWithin,
    SOverlaps,
    SCrosses,
    SContains,
    TAfter,
    TBefore,
    TContains,
    TDisjoint,
    TDuring,
    TEquals,
    TFinishedBy,
    TFinishes,
    TIntersects,
    TMeets,
    TMetBy,
    TOverlappedBy,
    TOverlaps,
    TStartedBy,
    TStarts,
    AEquals,
    AContains,
    AContainedBy,
    AOverlaps,
}

/// How an operator is written and what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// AND and OR.
    Logic,
    /// NOT.
    Not,
    /// `=` and its kind.
    Comparison,
    /// LIKE, BETWEEN, IN, IS NULL.
    Test,
    /// Arithmetic.
    Arithmetic,
    /// CASEI and ACCENTI.
    Folding,
    /// The S_ functions.
    Spatial,
    /// The T_ functions.
    Temporal,
    /// The A_ functions.
    Array,
}

impl Op {
    /// Every operator with its name in JSON. Those of functions are the same in text, in upper case.
    const NAMES: [(Self, &'static str); 49] = [
        (Self::And, "and"),
        (Self::Or, "or"),
        (Self::Not, "not"),
        (Self::Eq, "="),
        (Self::Ne, "<>"),
        (Self::Lt, "<"),
        (Self::Gt, ">"),
        (Self::Le, "<="),
        (Self::Ge, ">="),
        (Self::Like, "like"),
        (Self::Between, "between"),
        (Self::In, "in"),
        (Self::IsNull, "isNull"),
        (Self::Add, "+"),
        (Self::Sub, "-"),
        (Self::Mul, "*"),
        (Self::Div, "/"),
        (Self::Rem, "%"),
        (Self::Pow, "^"),
        (Self::IntDiv, "div"),
        (Self::CaseI, "casei"),
        (Self::AccentI, "accenti"),
        (Self::SIntersects, "s_intersects"),
        (Self::SEquals, "s_equals"),
        (Self::SDisjoint, "s_disjoint"),
        (Self::STouches, "s_touches"),
        (Self::SWithin, "s_within"),
        (Self::SOverlaps, "s_overlaps"),
        (Self::SCrosses, "s_crosses"),
        (Self::SContains, "s_contains"),
        (Self::TAfter, "t_after"),
        (Self::TBefore, "t_before"),
        (Self::TContains, "t_contains"),
        (Self::TDisjoint, "t_disjoint"),
        (Self::TDuring, "t_during"),
        (Self::TEquals, "t_equals"),
        (Self::TFinishedBy, "t_finishedBy"),
        (Self::TFinishes, "t_finishes"),
        (Self::TIntersects, "t_intersects"),
        (Self::TMeets, "t_meets"),
        (Self::TMetBy, "t_metBy"),
        (Self::TOverlappedBy, "t_overlappedBy"),
        (Self::TOverlaps, "t_overlaps"),
        (Self::TStartedBy, "t_startedBy"),
        (Self::TStarts, "t_starts"),
        (Self::AEquals, "a_equals"),
        (Self::AContains, "a_contains"),
        (Self::AContainedBy, "a_containedBy"),
        (Self::AOverlaps, "a_overlaps"),
    ];

    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(op, _)| *op == self).map_or("", |(_, name)| name)
    }

    /// The operator with a name, whatever its case.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(op, _)| *op)
    }

    /// The operator that is written as a function with this name in text.
    pub(crate) fn from_function(name: &str) -> Option<Self> {
        Self::from_name(name)
            .filter(|op| matches!(op.group(), Group::Folding | Group::Spatial | Group::Temporal | Group::Array))
    }

    /// How it is written and what it takes.
    pub fn group(self) -> Group {
        match self {
            Self::And | Self::Or => Group::Logic,
            Self::Not => Group::Not,
            Self::Eq | Self::Ne | Self::Lt | Self::Gt | Self::Le | Self::Ge => Group::Comparison,
            Self::Like | Self::Between | Self::In | Self::IsNull => Group::Test,
            Self::Add | Self::Sub | Self::Mul | Self::Div | Self::Rem | Self::Pow | Self::IntDiv => Group::Arithmetic,
            Self::CaseI | Self::AccentI => Group::Folding,
            Self::SIntersects
            | Self::SEquals
            | Self::SDisjoint
            | Self::STouches
            | Self::SWithin
            | Self::SOverlaps
            | Self::SCrosses
            | Self::SContains => Group::Spatial,
            Self::AEquals | Self::AContains | Self::AContainedBy | Self::AOverlaps => Group::Array,
            _ => Group::Temporal,
        }
    }

    /// How many arguments it takes; AND and OR take that many or more.
    pub(crate) fn arity(self) -> usize {
        match self {
            Self::Not | Self::IsNull | Self::CaseI | Self::AccentI => 1,
            Self::Between => 3,
            _ => 2,
        }
    }
}

/// Words that no property and no function may use without quotes: the standard's keywords, and INTERVAL.
const KEYWORDS: [&str; 22] = [
    "AND",
    "BBOX",
    "BETWEEN",
    "DATE",
    "DIV",
    "FALSE",
    "GEOMETRYCOLLECTION",
    "IN",
    "INTERVAL",
    "IS",
    "LIKE",
    "LINESTRING",
    "MULTILINESTRING",
    "MULTIPOINT",
    "MULTIPOLYGON",
    "NOT",
    "NULL",
    "OR",
    "POINT",
    "POLYGON",
    "TIMESTAMP",
    "TRUE",
];

/// Whether a word is one of the standard's keywords or names of functions.
pub(crate) fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word)) || Op::from_name(word).is_some()
}
