//! The last row of a file that ends without a line break: is it whole, doubtful, or cut off?
//!
//! A row with fewer cells than the others, or one that ends within a character, was cut off. Half an outline taken in would
//! replace a whole one at the next import, so such a row is reported and left out.

use super::super::warning::{Warning, WarningKind, quoted};
use super::{Assembler, Cells};

/// What is said about a last row, and whether it is taken in all the same.
pub(super) struct CutRemark {
    pub(super) warning: Warning,
    pub(super) is_taken_in: bool,
}

impl Assembler {
    /// Looks at the last row of a file that does not end in a line break.
    pub(super) fn remark_on_cut(&self, row: &Cells, within_character: bool) -> Option<CutRemark> {
        let text = row.text();
        // A closing bracket ends many an outline, but also many a clause: only a full stop is sure.
        let ends_well = text.ends_with(['。', '．', '！', '？']) && !within_character;
        let is_short = row.width < self.expected_width(row);
        // A department that begins on the last line has no table, so that something is missing however the line ends; if it
        // ends within a sentence, leaving it out loses nothing but half a text.
        let is_label_row = self.is_label_row(row);
        if !(within_character || is_short || is_label_row) && (ends_well || has_cell_after_text(row)) {
            return None;
        }
        let is_taken_in = ends_well || !(within_character || is_short || is_label_row);
        let message = if is_taken_in {
            format!(
                "ファイルの最後の行が途中で終わっているかもしれません。取り込みましたが、元の文書と見比べてください。{}",
                quoted(&text)
            )
        } else {
            format!("ファイルが最後の行の途中で切れています。この行は取り込んでいません。{}", quoted(&text))
        };
        let warning = Warning::about(row.line, WarningKind::CutShort, message, text);
        Some(CutRemark { warning, is_taken_in })
    }

    /// The cells that a whole row of this kind has had so far.
    fn expected_width(&self, row: &Cells) -> usize {
        if self.is_label_row(row) {
            return self.label_width_min.unwrap_or(2);
        }
        let heading = self.columns.as_ref().map_or(3, super::Columns::width);
        self.row_width_min.unwrap_or(heading)
    }
}

/// Whether a separator follows the last text, so that the text itself is whole.
fn has_cell_after_text(row: &Cells) -> bool {
    row.filled().last().is_some_and(|(index, _)| index + 1 < row.width)
}
