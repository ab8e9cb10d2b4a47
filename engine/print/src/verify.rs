//! The last look before a document becomes a file: at the glyphs that were laid out, whatever text they came from.
//!
//! The data was looked up before; this also covers the template's own words, and holds that no variation was dropped on the way
//! through the typesetter.

use kawasemi_kernel::text::cluster::{clusters, code_points, is_ideograph, is_variation_selector};
use typst::layout::{Frame, FrameItem};
use typst::text::TextItem;
use typst_layout::PagedDocument;

/// The characters that would not be on the paper as they stand in the text, by code point, at most `most`.
pub(crate) fn blanks(document: &PagedDocument, most: usize) -> Vec<String> {
    let mut found = Vec::new();
    document.pages().iter().for_each(|page| frame(&page.frame, &mut found));
    found.sort_unstable();
    found.dedup();
    found.truncate(most);
    found
}

fn frame(laid: &Frame, found: &mut Vec<String>) {
    for (_, item) in laid.items() {
        match item {
            FrameItem::Group(group) => frame(&group.frame, found),
            FrameItem::Text(item) => text(item, found),
            _ => {}
        }
    }
}

fn text(item: &TextItem, found: &mut Vec<String>) {
    for glyph in &item.glyphs {
        let Some(shown) = item.text.get(glyph.range()) else { continue };
        if glyph.id == 0 {
            found.push(code_points(shown));
        }
        for cluster in clusters(shown) {
            if let Some((base, selector)) = variation(cluster) {
                let expected = item.font.ttf().glyph_variation_index(base, selector);
                if expected.is_none_or(|expected| expected.0 != glyph.id) {
                    found.push(code_points(cluster));
                }
            }
        }
    }
}

/// The kanji and the selector of a variation sequence.
fn variation(cluster: &str) -> Option<(char, char)> {
    let mut characters = cluster.chars();
    let pair = (characters.next()?, characters.next()?);
    (is_ideograph(pair.0) && is_variation_selector(pair.1)).then_some(pair)
}
