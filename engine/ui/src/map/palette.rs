//! Colours of a map's values that people with any kind of colour vision can tell apart.

/// The colours of values that have none of their own, in order (Okabe and Ito's set, with the yellow darkened so that it is
/// seen on a light ground). A ninth value begins anew, so the legend always has words as well.
pub const PALETTE: [&str; 8] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8a000", "#56b4e9", "#e69f00", "#5a3d99"];

/// The colour of what has no value, or one that the legend does not know.
pub const REST: &str = "#6b6b6b";

/// Whether a text is a colour as definitions write it: `#rrggbb`.
pub fn is_colour(text: &str) -> bool {
    text.len() == 7 && text.starts_with('#') && text[1..].bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_written_in_one_way() {
        assert!(PALETTE.iter().chain([&REST]).all(|colour| is_colour(colour)));
        for wrong in ["", "red", "#12345", "#1234567", "#12345g", "＃123456", "#\" x=\""] {
            assert!(!is_colour(wrong), "{wrong}");
        }
    }
}
