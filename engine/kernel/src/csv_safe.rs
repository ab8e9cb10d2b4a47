//! Cells that a spreadsheet would run as a formula.
//!
//! A resident may type `=HYPERLINK(…)` into a form, and a clerk opens the export in a spreadsheet program. [`guard`] puts an
//! apostrophe before such a cell, which the program takes as "this is text"; [`unguard`] takes it away again on import.
//! Both together change nothing: `unguard(&guard(cell)) == cell` for every cell.
//!
//! Only cells of text are guarded by the caller's choice; a number such as -1,234.5 is left alone here too.

use std::borrow::Cow;

/// What makes a spreadsheet read a cell as a formula, the full-width signs of Japanese input included.
const TRIGGERS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The cell as it is safe to write into a file for spreadsheets.
pub fn guard(cell: &str) -> Cow<'_, str> {
    let rest = cell.trim_start_matches('\'');
    if rest.starts_with(TRIGGERS) && !is_plain_number(cell) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// The cell without the apostrophe that [`guard`] put before it. Other apostrophes stay.
pub fn unguard(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.trim_start_matches('\'').starts_with(TRIGGERS) => rest,
        _ => cell,
    }
}

/// A sign, digits with or without commas, and a fraction: nothing that could name a cell or a function.
fn is_plain_number(cell: &str) -> bool {
    let digits = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    whole.split(',').all(is_digits) && is_digits(fraction)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn guards_what_would_run() {
        for cell in [
            "=1+1",
            "@SUM(A1)",
            "+A1",
            "-A1",
            "-1+cmd|' /C calc'!A0",
            "\t=1",
            "\r=1",
            "＝１",
            "-",
            "'=1",
            "-1-1",
            "+1.2.3",
        ] {
            assert_eq!(guard(cell), format!("'{cell}"));
        }
    }

    #[test]
    fn leaves_the_rest() {
        for cell in ["", "綾瀬市", "-1234.5", "+81", "-1,234", "'90s", "''", "a=b", "1-2"] {
            assert_eq!(guard(cell), cell);
            assert_eq!(unguard(cell), cell);
        }
    }

    proptest! {
        #[test]
        fn export_and_import_give_the_cell_back(cell in "['=+@\t\r\n＝0-9.,a-]{0,6}|\\PC{0,6}") {
            let guarded = guard(&cell);
            prop_assert_eq!(unguard(&guarded), cell.as_str());
            prop_assert!(!guarded.starts_with(TRIGGERS) || is_plain_number(&guarded));
        }
    }
}
