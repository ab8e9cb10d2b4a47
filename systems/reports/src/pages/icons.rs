//! Pictures of the categories, drawn with a few strokes so that they are told apart at a glance. They stand beside the words, never
//! for them.

use crate::platform::ui::SafeHtml;

/// The picture of a key of the ledger.
pub fn icon(key: &str) -> SafeHtml {
    let strokes = match key {
        "hole" => "<path d=\"M2 15h6l2 4h4l2-4h6\"/><path d=\"M10 9l2 2 2-2\"/>",
        "sinkhole" => "<path d=\"M2 10h5c0 6 2 9 5 9s5-3 5-9h5\"/><path d=\"M12 3v9m-3-3l3 3 3-3\"/>",
        "gutter" => "<path d=\"M3 8h18v8H3z\"/><path d=\"M7 8v8M11 8v8M15 8v8\"/>",
        "sign" => "<path d=\"M12 21v-9\"/><path d=\"M12 2l7 10H5z\"/>",
        "lamp" => {
            "<path d=\"M6 21V5c0-2 3-3 6-2l5 2\"/><path d=\"M14 6h7l-1 3h-5z\"/><path d=\"M17 12v2m-3-2l-1 2m7-2l1 2\"/>"
        }
        "tree" => "<path d=\"M12 22v-8\"/><circle cx=\"12\" cy=\"8\" r=\"6\"/>",
        "object" => "<path d=\"M4 10l8-5 8 5v8l-8 4-8-4z\"/><path d=\"M4 10l8 4 8-4M12 14v8\"/>",
        "swing" => "<path d=\"M3 21L8 3h8l5 18\"/><path d=\"M10 4v11m4-11v11M9 15h6\"/>",
        "bench" => "<path d=\"M3 9h18M3 14h18M5 14v6m14-6v6M6 9v5m12-5v5\"/>",
        "manhole" => "<circle cx=\"12\" cy=\"12\" r=\"9\"/><path d=\"M8 8h8M6 12h12M8 16h8\"/>",
        "waste" => "<path d=\"M5 7h14l-1 14H6z\"/><path d=\"M3 7h18M9 7V4h6v3M10 11v6m4-6v6\"/>",
        _ => "<circle cx=\"12\" cy=\"12\" r=\"9\"/><path d=\"M12 8v5m0 3v.5\"/>",
    };
    SafeHtml::trusted(format!(
        "<svg class=\"report-icon\" viewBox=\"0 0 24 24\" width=\"40\" height=\"40\" fill=\"none\" stroke=\"currentColor\" \
         stroke-width=\"1.8\" stroke-linecap=\"round\" stroke-linejoin=\"round\" aria-hidden=\"true\" focusable=\"false\">{strokes}</svg>"
    ))
}
