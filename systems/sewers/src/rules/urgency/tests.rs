//! The checks of the domain paper, and the edges of the tables.

use jiff::civil::date;

use super::*;

const DAY: Date = date(2026, 4, 1);

fn span() -> Span {
    Span {
        material: Material::Rc,
        diameter_mm: 450,
        pipes: 30,
        corrosion: None,
        sag_mm: None,
        sag_rank: None,
        defects: Vec::new(),
    }
}

fn found(pipe: i64, item: Item, rank: Rank) -> Defect {
    Defect { pipe, item, rank: Some(rank), measure: None }
}

fn measured(pipe: i64, item: Item, measure: f64) -> Defect {
    Defect { pipe, item, rank: None, measure: Some(measure) }
}

fn judged(span: &Span) -> Judged {
    judge(span, DAY).unwrap().value
}

#[test]
fn the_checks_of_the_domain_paper_hold() {
    // One broken pipe of thirty: B by the rate, A by the special rule, so Ⅱ.
    let one = judged(&Span { defects: vec![found(7, Item::Break, Rank::A)], ..span() });
    assert_eq!((one.rate, one.urgency), (Some(Rank::A), Urgency::Two));
    let both = Span { corrosion: Some(Rank::A), defects: vec![found(1, Item::Joint, Rank::A)], ..span() };
    assert_eq!(judged(&both).urgency, Urgency::One);
    let two = Span { corrosion: Some(Rank::B), sag_rank: Some(Rank::B), ..span() };
    assert_eq!(judged(&two).urgency, Urgency::Two);
    assert_eq!(judged(&Span { corrosion: Some(Rank::B), ..span() }).urgency, Urgency::Three);
    assert_eq!(judged(&span()).urgency, Urgency::None);
}

#[test]
fn the_rate_counts_pipes_not_defects() {
    // Two defects in one pipe, even at one place, count once and at the worse rank.
    let twice =
        Span { pipes: 10, defects: vec![found(3, Item::Crack, Rank::C), found(3, Item::Roots, Rank::B)], ..span() };
    let worked = judge(&twice, DAY).unwrap();
    assert_eq!(worked.value.rate, Some(Rank::B));
    assert!(worked.told().contains("a 0本、b 1本、c 0本"), "{}", worked.told());
    for (a, b, c, expected) in [
        (2, 0, 0, Rank::A),
        (1, 3, 0, Rank::A),
        (1, 2, 0, Rank::B),
        (0, 4, 0, Rank::A),
        (0, 0, 6, Rank::B),
        (0, 0, 5, Rank::C),
    ] {
        let ranks = std::iter::repeat_n(Rank::A, a)
            .chain(std::iter::repeat_n(Rank::B, b))
            .chain(std::iter::repeat_n(Rank::C, c));
        let defects = (1..).zip(ranks).map(|(pipe, rank)| found(pipe, Item::Crack, rank)).collect();
        assert_eq!(judged(&Span { pipes: 10, defects, ..span() }).rate, Some(expected), "{a} {b} {c}");
    }
}

#[test]
fn the_sag_is_held_against_the_diameter() {
    for (diameter, sag, expected) in [
        (300, 300, Rank::A),
        (300, 150, Rank::B),
        (300, 149, Rank::C),
        (700, 350, Rank::B),
        (701, 351, Rank::A),
        (1_650, 413, Rank::B),
        (3_000, 750, Rank::A),
        (3_000, 374, Rank::C),
    ] {
        let judged = judged(&Span { diameter_mm: diameter, sag_mm: Some(sag), ..span() });
        assert_eq!(judged.sag, Some(expected), "{diameter} {sag}");
    }
    let large = Span { diameter_mm: 3_500, sag_mm: Some(10), ..span() };
    assert!(judge(&large, DAY).unwrap_err().contains("直接"));
    assert_eq!(judged(&Span { sag_mm: Some(0), ..span() }).sag, None);
}

#[test]
fn measures_become_ranks() {
    let of = |item, measure| {
        let worked = judge(&Span { pipes: 100, defects: vec![measured(1, item, measure)], ..span() }, DAY).unwrap();
        worked.steps.iter().find(|step| step.rule == "不良発生率").map(|step| step.detail.clone())
    };
    assert!(of(Item::Crack, 5.0).unwrap().contains("a 1本"));
    assert!(of(Item::Crack, 2.0).unwrap().contains("b 1本"));
    assert!(of(Item::Crack, 1.9).unwrap().contains("c 1本"));
    assert!(of(Item::Joint, 70.0).unwrap().contains("b 1本"));
    assert!(of(Item::Joint, 69.0).unwrap().contains("c 1本"));
    assert!(of(Item::Grease, 10.0).unwrap().contains("b 1本"));
    assert!(of(Item::Mortar, 30.0).unwrap().contains("a 1本"));
    assert_eq!(of(Item::Mortar, 0.0), None);
    let ceramic = Span { material: Material::Ceramic, defects: vec![measured(1, Item::Joint, 55.0)], ..span() };
    assert!(judge(&ceramic, DAY).unwrap().told().contains("b 1本"));
}

#[test]
fn what_can_t_be_judged_is_refused() {
    let bad = [
        Span { pipes: 0, ..span() },
        Span { defects: vec![found(31, Item::Crack, Rank::A)], ..span() },
        Span { defects: vec![Defect { pipe: 1, item: Item::Crack, rank: None, measure: None }], ..span() },
        Span { defects: vec![measured(1, Item::Infiltration, 3.0)], ..span() },
    ];
    for span in bad {
        assert!(judge(&span, DAY).is_err(), "{span:?}");
    }
}

#[test]
fn the_urgent_are_acted_on_within_a_year() {
    let on = date(2026, 4, 10);
    assert_eq!(measure_due(on, Urgency::One), Some(date(2027, 4, 10)));
    assert_eq!(measure_due(on, Urgency::Two), Some(date(2031, 4, 10)));
    assert_eq!(measure_due(on, Urgency::Three), None);
}
