//! Random conditions over the ledger of [`crate::support::things`], typed rightly most of the time.

use proptest::prelude::*;

use crate::support::things::{DATES, INSTANTS, INTEGERS, TEXTS, area, line, point};

pub fn condition() -> BoxedStrategy<String> {
    predicate()
        .prop_recursive(3, 10, 3, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) AND ({b})")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) OR ({b})")),
                inner.clone().prop_map(|a| format!("NOT ({a})")),
                inner.prop_map(|a| format!("({a}) IS NULL")),
            ]
        })
        .boxed()
}

fn predicate() -> BoxedStrategy<String> {
    let texts = (text(), comparison(), text()).prop_map(infix);
    let numbers = (number(), comparison(), number()).prop_map(infix);
    let between = (number(), number(), number()).prop_map(|(a, b, c)| format!("{a} BETWEEN {b} AND {c}"));
    let dates = (day(), comparison(), day()).prop_map(infix);
    let instants = (instant(), comparison(), prop_oneof![instant(), literal_day()]).prop_map(infix);
    // Functions of dates beside the numbers that they give for the dates there are.
    let years = (pick(&["fiscal_year", "year"]), pick(&["built", "closed", "seen"]), comparison(), 2023..2026)
        .prop_map(|(f, d, op, n)| format!("{f}({d}) {op} {n}"));
    let months_of =
        (pick(&["built", "closed", "seen"]), comparison(), 1..13).prop_map(|(d, op, n)| format!("month({d}) {op} {n}"));
    let ages = (pick(&["built", "seen"]), literal_day(), comparison(), 0..30)
        .prop_map(|(d, on, op, n)| format!("age_on({d}, {on}) {op} {n}"));
    let spans = (day(), day(), comparison(), prop::sample::select(vec![-1, 0, 1, 31, 274, 305, 306, 397]))
        .prop_map(|(a, b, op, n)| format!("days({a}, {b}) {op} {n}"));
    let lengths = (text(), comparison(), 0..6).prop_map(|(a, op, n)| format!("length({a}) {op} {n}"));
    let months = (Just("due".to_owned()), comparison(), Just("'2025-06'".to_owned())).prop_map(infix);
    let like = (
        text(),
        prop::sample::select(vec!["公園%", "%公園", "%a%", "_", "__", "100\\%", "%\\_%", "𠮷_", "%", "", "公園_"]),
    )
        .prop_map(|(a, b)| format!("{a} LIKE '{b}'"));
    let folded = (text(), pick(&TEXTS))
        .prop_map(|(a, b)| format!("CASEI({a}) LIKE CASEI('%{}%')", b.replace('\'', "''").replace(['\\', '%'], "")));
    let accents = (text(), quoted()).prop_map(|(a, b)| format!("ACCENTI({a}) = ACCENTI({b})"));
    let within =
        (text(), prop::collection::vec(quoted(), 1..4)).prop_map(|(a, b)| format!("{a} IN ({})", b.join(", ")));
    let listed =
        (number(), prop::collection::vec(number(), 1..4)).prop_map(|(a, b)| format!("{a} IN ({})", b.join(", ")));
    let fixed = prop::sample::select(vec![
        "active",
        "NOT active",
        "active = TRUE",
        "active <> FALSE",
        "kind = 'a'",
        "kind <> 'b'",
        "kind IN ('a', 'c')",
        "kind IN (user.kinds)",
        "kind IN (nothing)",
        "kind IN (missing.list)",
        "kind NOT IN (missing.list)",
        "parent = 'T-0002'",
        "parent <> 'T-9999'",
        "parent IN (user.things, 'T-0003')",
        "parent = user.id",
        "created_by = user.id",
        "id = user.id OR id <> parent",
        "quantity > missing",
        "quantity > limit",
        "area = 1.255 OR area > 0.015",
        "area IN (0.01, 0.001)",
        "number LIKE 'T-00%'",
        "today > built",
        "seen > today",
        "TRUE",
        "FALSE OR quantity IS NULL",
        "1 = 2",
    ])
    .prop_map(str::to_owned);
    let nulls = prop::sample::select(vec![
        "title",
        "person.kana",
        "home.postcode",
        "parts",
        "zone",
        "place",
        "active",
        "missing",
        "quantity + price",
    ])
    .prop_map(|a| format!("{a} IS NULL"));
    let arrays = (
        prop::sample::select(vec!["A_EQUALS", "A_CONTAINS", "A_CONTAINEDBY", "A_OVERLAPS"]),
        prop::sample::select(vec![
            "('a')",
            "('aa', 'b')",
            "('a', 'aa', 'b', 'c')",
            "('c', 'c')",
            "user.kinds",
            "nothing",
            "missing.list",
        ]),
    )
        .prop_map(|(op, keys)| format!("{op}(parts, {keys})"));
    prop_oneof![
        texts,
        years,
        months_of,
        ages,
        spans,
        lengths,
        numbers,
        between,
        dates,
        instants,
        months,
        like,
        folded,
        accents,
        within,
        listed,
        fixed.clone(),
        fixed,
        nulls,
        arrays,
        temporal(),
        spatial(),
        spatial()
    ]
    .boxed()
}

fn infix((a, op, b): (String, &str, String)) -> String {
    format!("{a} {op} {b}")
}

fn pick(from: &[&'static str]) -> BoxedStrategy<&'static str> {
    prop::sample::select(from.to_vec()).boxed()
}

fn comparison() -> BoxedStrategy<&'static str> {
    pick(&["=", "<>", "<", ">", "<=", ">="])
}

fn quoted() -> BoxedStrategy<String> {
    pick(&TEXTS).prop_map(|text| format!("'{}'", text.replace('\'', "''"))).boxed()
}

fn text() -> BoxedStrategy<String> {
    prop_oneof![pick(&["title", "person", "person.kana", "home", "home.postcode"]).prop_map(str::to_owned), quoted()]
        .boxed()
}

fn number() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        4 => pick(&["quantity", "price", "area", "ratio", "budget_year", "revision", "limit"]).prop_map(str::to_owned),
        2 => (-20..20_i64).prop_map(|n| n.to_string()),
        1 => prop::sample::select(INTEGERS.to_vec()).prop_map(|n| n.to_string()),
        1 => (-20..20_i64, 0..1000_i64).prop_map(|(a, b)| format!("{a}.{b:03}")),
        1 => (pick(&["fiscal_year", "year", "month"]), pick(&["built", "closed", "seen"])).prop_map(|(f, d)| format!("{f}({d})")),
        1 => (pick(&["age_on", "days"]), day(), day()).prop_map(|(f, a, b)| format!("{f}({a}, {b})")),
        1 => text().prop_map(|a| format!("length({a})")),
    ];
    leaf.prop_recursive(2, 5, 2, |inner| {
        prop_oneof![
            (inner.clone(), pick(&["+", "-", "*", "/", "%", "div"]), inner.clone())
                .prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
            (inner, 1..4).prop_map(|(a, n)| format!("({a}) ^ {n}")),
        ]
    })
    .boxed()
}

fn literal_day() -> BoxedStrategy<String> {
    pick(&DATES).prop_map(|date| format!("DATE('{date}')")).boxed()
}

fn day() -> BoxedStrategy<String> {
    prop_oneof![2 => pick(&["built", "closed"]).prop_map(str::to_owned), 2 => literal_day(), 1 => Just("today".to_owned())]
        .boxed()
}

fn instant() -> BoxedStrategy<String> {
    prop_oneof![
        pick(&["seen", "created_at"]).prop_map(str::to_owned),
        pick(&INSTANTS).prop_map(|at| format!("TIMESTAMP('{at}')"))
    ]
    .boxed()
}

fn temporal() -> BoxedStrategy<String> {
    let open = Just("'..'".to_owned());
    let span = (prop_oneof![3 => day(), 1 => open.clone()], prop_oneof![3 => day(), 1 => open])
        .prop_map(|(a, b)| format!("INTERVAL({a}, {b})"));
    let any_op = pick(&["T_AFTER", "T_BEFORE", "T_DISJOINT", "T_EQUALS", "T_INTERSECTS"]);
    let interval_op = pick(&[
        "T_CONTAINS",
        "T_DURING",
        "T_FINISHEDBY",
        "T_FINISHES",
        "T_MEETS",
        "T_METBY",
        "T_OVERLAPPEDBY",
        "T_OVERLAPS",
        "T_STARTEDBY",
        "T_STARTS",
    ]);
    prop_oneof![
        (any_op.clone(), day(), span.clone()).prop_map(|(op, a, b)| format!("{op}({a}, {b})")),
        (any_op, instant(), literal_day()).prop_map(|(op, a, b)| format!("{op}({a}, {b})")),
        (interval_op, span.clone(), span).prop_map(|(op, a, b)| format!("{op}({a}, {b})")),
    ]
    .boxed()
}

fn spatial() -> BoxedStrategy<String> {
    let op = pick(&[
        "S_INTERSECTS",
        "S_DISJOINT",
        "S_EQUALS",
        "S_TOUCHES",
        "S_WITHIN",
        "S_OVERLAPS",
        "S_CROSSES",
        "S_CONTAINS",
    ]);
    let bbox = (0..5, 0..5, 0..3, 0..3).prop_map(|(x, y, w, h)| format!("BBOX({x}, {y}, {}, {})", x + w, y + h));
    let property = pick(&["place", "route", "zone"]).prop_map(str::to_owned);
    let side = prop_oneof![2 => property.clone(), 1 => point(), 1 => line(), 2 => area(), 2 => bbox];
    (op, property, side, any::<bool>())
        .prop_map(|(op, a, b, swapped)| if swapped { format!("{op}({b}, {a})") } else { format!("{op}({a}, {b})") })
        .boxed()
}
