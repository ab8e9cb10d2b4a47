//! Random CQL2 texts, from the grammar.

use proptest::prelude::*;

/// Any condition over properties that need not exist.
pub fn condition() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        (scalar(), comparison(), scalar()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        (name(), string()).prop_map(|(a, b)| format!("{a} LIKE {b}")),
        (sum(), sum(), sum()).prop_map(|(a, b, c)| format!("{a} BETWEEN {b} AND {c}")),
        (name(), prop::collection::vec(scalar(), 1..4)).prop_map(|(a, b)| format!("{a} IN ({})", b.join(", "))),
        name().prop_map(|a| format!("{a} IS NULL")),
        (spatial(), name(), geometry()).prop_map(|(op, a, b)| format!("{op}({a}, {b})")),
        (temporal(), interval(), interval()).prop_map(|(op, a, b)| format!("{op}({a}, {b})")),
        (array(), name(), prop::collection::vec(string(), 0..3))
            .prop_map(|(op, a, b)| format!("{op}({a}, ({}))", b.join(", "))),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) AND ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) OR {b}")),
            inner.clone().prop_map(|a| format!("NOT ({a})")),
            inner.prop_map(|a| format!("({a}) = TRUE")),
        ]
    })
    .boxed()
}

fn scalar() -> BoxedStrategy<String> {
    prop_oneof![
        name(),
        string(),
        sum(),
        Just("DATE('2025-04-01')".to_owned()),
        Just("TIMESTAMP('2025-04-01T01:02:03.000004Z')".to_owned()),
        string().prop_map(|a| format!("CASEI({a})")),
        (name(), string()).prop_map(|(a, b)| format!("f({a}, {b})")),
    ]
    .boxed()
}

fn sum() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        name(),
        any::<i32>().prop_map(|n| n.to_string()),
        (any::<i16>(), 0_u16..1000).prop_map(|(a, b)| format!("{a}.{b}")),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        (inner.clone(), prop::sample::select(vec!["+", "-", "*", "/", "%", "div", "^"]), inner)
            .prop_map(|(a, op, b)| format!("({a}) {op} ({b})"))
    })
    .boxed()
}

pub fn name() -> BoxedStrategy<String> {
    prop_oneof![
        Just("a".to_owned()),
        Just("name.kana".to_owned()),
        Just("面積".to_owned()),
        Just("\"or\"".to_owned()),
        Just("eo:cloud_cover".to_owned()),
        "[a-z_]{1,8}[0-9]{1,2}".prop_map(|name| name),
    ]
    .boxed()
}

/// Quoted text with quotes, backslashes (not at the end), wildcards, kana, kanji beyond the base plane.
pub fn string() -> BoxedStrategy<String> {
    r"[a-cA-C'\\%_あ園𠮷 ]{0,6}[a-z園𠮷葛]?"
        .prop_map(|text| text.trim_end_matches('\\').to_owned())
        .prop_map(|text| {
            let mut quoted = String::from("'");
            let mut before = ' ';
            for c in text.chars() {
                if c == '\'' {
                    quoted.push(if before == '\\' { '\\' } else { '\'' });
                }
                quoted.push(c);
                before = c;
            }
            quoted + "'"
        })
        .boxed()
}

fn geometry() -> BoxedStrategy<String> {
    // No more digits than the crate's reader of coordinates keeps.
    let x = (-18_000_000..18_000_000_i32).prop_map(|units| f64::from(units) / 1e5);
    let y = (-9_000_000..9_000_000_i32).prop_map(|units| f64::from(units) / 1e5);
    prop_oneof![
        (x.clone(), y.clone()).prop_map(|(x, y)| format!("POINT({x} {y})")),
        (x.clone(), y.clone(), x.clone(), y.clone()).prop_map(|(a, b, c, d)| format!("BBOX({a}, {b}, {c}, {d})")),
        (x, y).prop_map(|(x, y)| format!("POLYGON(({x} {y}, 1 0, 1 1, {x} {y}))")),
    ]
    .boxed()
}

fn interval() -> BoxedStrategy<String> {
    let end = prop_oneof![Just("'..'".to_owned()), Just("'2025-04-01'".to_owned()), name()];
    (end.clone(), end).prop_map(|(a, b)| format!("INTERVAL({a}, {b})")).boxed()
}

fn comparison() -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(vec!["=", "<>", "<", ">", "<=", ">="])
}

fn spatial() -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(vec!["S_INTERSECTS", "S_EQUALS", "S_DISJOINT", "S_TOUCHES", "S_WITHIN", "S_CROSSES"])
}

fn temporal() -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(vec!["T_AFTER", "T_BEFORE", "T_DURING", "T_FINISHEDBY", "T_METBY", "T_INTERSECTS"])
}

fn array() -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(vec!["A_EQUALS", "A_CONTAINS", "A_CONTAINEDBY", "A_OVERLAPS"])
}
