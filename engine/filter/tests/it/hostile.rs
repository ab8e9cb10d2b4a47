//! Texts made to do harm are refused at once, without panic and without exhausting the stack of a small thread.

use std::time::{Duration, Instant};

use kawasemi_filter::{ErrorCode, Limits, parse_json, parse_text};
use serde_json::{Value, json};

/// Without a limit on length, so that the parser itself has to stand it.
const LONG: Limits = Limits { max_bytes: usize::MAX, max_depth: 32 };

/// Runs on a stack of 1 MB, half of what threads have.
fn on_small_stack<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(1024 * 1024).spawn(run).expect("thread").join().expect("no panic")
}

/// The best of three times counts: the machine may be busy with something else.
fn check_refused(text: String, limits: Limits, code: ErrorCode) {
    let begin: String = text.chars().take(20).collect();
    let times = (0..3).map(|_| {
        let text = text.clone();
        let started = Instant::now();
        let error = on_small_stack(move || parse_text(&text, limits)).expect_err(&begin);
        assert_eq!(error.code, code, "{begin}: {error}");
        started.elapsed()
    });
    let best = times.min().unwrap_or_default();
    assert!(best < Duration::from_millis(50), "{begin}: {best:?}");
}

#[test]
fn long_texts_are_refused_by_their_length() {
    let ors = vec!["a = 1"; 3_500].join(" OR ");
    assert!(ors.len() > 31_000);
    for text in [ors, "NOT ".repeat(50_000) + "a = 1", "(".repeat(50_000), "'".repeat(50_000)] {
        for limits in [Limits::OUTSIDE, Limits::DEFINITION] {
            check_refused(text.clone(), limits, ErrorCode::TooLong);
        }
    }
}

#[test]
fn deep_texts_are_refused_by_their_depth() {
    for begin in ["NOT ", "(", "NOT (", "f(", "CASEI(", "-(", "1 + (", "a IN (", "S_WITHIN(", "INTERVAL(", "A_EQUALS("]
    {
        check_refused(begin.repeat(2_000), LONG, ErrorCode::TooDeep);
        check_refused(begin.repeat(600), Limits { max_bytes: 8 * 1024, ..LONG }, ErrorCode::TooDeep);
    }
    for chain in ["a + ", "a * ", "a / "] {
        check_refused(chain.repeat(2_000) + "a = 1", LONG, ErrorCode::TooDeep);
    }
}

#[test]
fn thirty_two_levels_are_read() {
    let nested = |levels: usize| "(".repeat(levels) + "a = 1" + &")".repeat(levels);
    assert!(parse_text(&nested(32), Limits::OUTSIDE).is_ok());
    assert_eq!(parse_text(&nested(33), Limits::OUTSIDE).map_err(|error| error.code), Err(ErrorCode::TooDeep));
}

#[test]
fn signs_and_rubbish_are_refused() {
    for text in ["-".repeat(8_000), "a=".repeat(4_000), ",".repeat(8_000), "\u{FFFD}".repeat(2_000) + "\u{1}"] {
        check_refused(text, LONG, ErrorCode::Syntax);
    }
}

#[test]
fn time_grows_with_the_length() {
    let measure = |count: usize| {
        let text = vec!["name = 'あ' AND x + 1 > 2"; count].join(" OR ");
        let started = Instant::now();
        parse_text(&text, LONG).expect("a long chain is flat");
        started.elapsed()
    };
    measure(100);
    let (short, long) = (measure(500), measure(5_000));
    assert!(long < short * 40 + Duration::from_millis(50), "10 times the text took {long:?} after {short:?}");
}

#[test]
fn deep_json_is_refused() {
    let mut deep = json!({"property": "a"});
    for _ in 0..60 {
        deep = json!({"op": "not", "args": [deep]});
    }
    assert_eq!(parse_json(&deep, Limits::OUTSIDE).map_err(|error| error.code), Err(ErrorCode::TooDeep));
    let wide = json!({"op": "or", "args": vec![json!({"op": "=", "args": [{"property": "a"}, 1]}); 1_000]});
    assert_eq!(parse_json(&wide, Limits::OUTSIDE).map_err(|error| error.code), Err(ErrorCode::TooLong));
    let long = Value::String("x".repeat(3_000));
    assert_eq!(parse_json(&long, Limits::OUTSIDE).map_err(|error| error.code), Err(ErrorCode::TooLong));
}
