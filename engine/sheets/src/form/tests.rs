use super::*;

fn grid(cells: &[(&str, &str)]) -> Grid {
    let cells = cells.iter().map(|(at, text)| (at.parse().expect("is a place"), Cell::Text((*text).to_owned())));
    Grid { cells: cells.collect(), frame: Frame::default() }
}

fn field(target: &str, label: &str, label_at: &str, value_at: &str) -> FormField {
    let place = |text: &str| text.parse().expect("is a place");
    FormField {
        target: target.into(),
        label: label.into(),
        label_at: place(label_at),
        value_at: place(value_at),
        repeated: false,
        choice: false,
        beside: None,
    }
}

fn mapping() -> FormMapping {
    let fields = vec![field("name", "公園名", "A2", "B2"), field("phone", "電話", "A3", "B3")];
    FormMapping { fields, ..FormMapping::default() }
}

fn fill(cells: &[(&str, &str)]) -> (Filled, String) {
    let mut findings = Findings::default();
    let filled = mapping().fill(&grid(cells), "a.xlsx", &mut findings);
    (filled, findings.into_report().to_string())
}

#[test]
fn values_stand_beside_their_labels() {
    let (filled, report) = fill(&[("A2", "公　園　名："), ("B2", "中央公園"), ("A3", "電 話"), ("B3", "1111")]);
    assert_eq!(filled, Ok(vec![Cell::Text("中央公園".into()), Cell::Text("1111".into())]));
    assert_eq!(report, "");
}

#[test]
fn a_moved_label_is_followed_or_the_file_is_refused() {
    let (filled, report) =
        fill(&[("A2", "公園名"), ("B2", "中央公園"), ("A3", "住所"), ("B3", "早川"), ("A4", "電話"), ("B4", "1111")]);
    assert_eq!(filled.expect("is taken")[1], Cell::Text("1111".into()));
    assert!(report.contains("a.xlsx：「電話」A3→A4、値はB4"), "{report}");
    let (filled, report) = fill(&[("A2", "公園名"), ("B2", "中央公園"), ("A3", "住所"), ("B3", "早川")]);
    let reason = filled.expect_err("is refused");
    assert!(reason.contains("A3には見出し「電話」があるはずですが、「住所」があります"), "{reason}");
    assert_eq!(report, "", "of a refused file nothing is told as read");
    let (filled, _) = fill(&[("A2", "公園名"), ("A4", "電話"), ("A9", "電話")]);
    assert!(filled.expect_err("is refused").contains("A4、A9"));
    let (filled, _) = fill(&[("A2", "公園名"), ("B2", "電話"), ("A3", "電話"), ("B3", "1111")]);
    assert!(filled.expect_err("is refused").contains("B2には「公園名」の値があるはず"));
}

#[test]
fn a_repeated_label_is_never_guessed() {
    let mut mapping = mapping();
    mapping.fields[1].repeated = true;
    let filled = mapping.fill(&grid(&[("A2", "公園名"), ("A9", "電話")]), "a", &mut Findings::default());
    assert!(filled.is_err());
}

#[test]
fn boxes_are_read_and_rings_are_not() {
    assert_eq!(checked("☑有　□無"), Some(vec!["有".to_owned()]));
    assert_eq!(checked("□街区　■近隣・■地区"), Some(vec!["近隣".to_owned(), "地区".to_owned()]));
    assert_eq!((checked("□有　□無"), checked("有・無"), checked("☑")), (Some(vec![]), None, None));
    let choice = FormField { choice: true, ..field("a", "a", "A1", "B1") };
    let value = |text: &str| choice.value(&Cell::Text(text.into()));
    assert!(matches!(value("有・無"), (Cell::Empty, Some((Sort::Left, _)))));
    assert!(matches!(value("有"), (Cell::Text(_), None)));
}

#[test]
fn a_value_that_moved_without_its_label_is_no_empty_one() {
    let sample = grid(&[("A2", "公園名"), ("A3", "電話"), ("C3", "（内線）"), ("A4", "面積"), ("C4", "㎡")]);
    let fields = mapping().fields.into_iter().chain([field("area", "面積", "A4", "B4")]).collect();
    let mapping = FormMapping { fields, ..FormMapping::default() }.beside(&sample);
    let beside: Vec<Option<&str>> = mapping.fields.iter().map(|field| field.beside.as_deref()).collect();
    assert_eq!(beside, [Some(""), Some("（内線）"), Some("㎡")]);
    let fill = |cells: &[(&str, &str)]| mapping.fill(&grid(cells), "a.xlsx", &mut Findings::default());
    let labels = [("A2", "公園名"), ("A3", "電話"), ("A4", "面積")];
    let with = |more: &[(&'static str, &'static str)]| [&labels, more].concat();
    assert_eq!(fill(&with(&[("C3", "（内線）"), ("C4", "㎡")])), Ok(vec![Cell::Empty; 3]), "an empty form is one");
    let reason = fill(&with(&[("C2", "中央公園"), ("B3", "1111")])).expect_err("is refused");
    assert!(reason.contains("「公園名」の値の欄B2が空で、C2に「中央公園」があります"), "{reason}");
    assert!(fill(&with(&[("C4", "1200"), ("D4", "㎡")])).expect_err("is refused").contains("C4に「1200」"));
    assert!(fill(&with(&[("D2", "電話"), ("B3", "1")])).is_ok(), "behind it a label may stand");
    assert!(fill(&with(&[("F2", "検印")])).is_ok(), "far away anything may stand");
}

#[test]
fn a_label_that_grew_over_its_value_is_no_value() {
    let mut grid = grid(&[("A2", "公園名"), ("C2", "中央公園"), ("A3", "電話"), ("B3", "1111")]);
    let place = |text: &str| text.parse().expect("is a place");
    grid.frame.merges = vec![crate::place::Area { first: place("A2"), last: place("B2") }];
    let filled = mapping().fill(&grid, "a.xlsx", &mut Findings::default());
    assert!(filled.expect_err("is refused").contains("B2には「公園名」の値があるはずですが、見出し「公園名」"));
}
