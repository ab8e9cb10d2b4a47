//! CASEI and ACCENTI: texts brought to one form before they are compared.
//!
//! Neither store can do this as Japanese needs it, so a comparison of folded text is always decided in Rust.

use unicode_normalization::UnicodeNormalization as _;

/// Which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Folding {
    /// CASEI: the kernel's folded form, under which the whole product searches: case, width, kana, old kanji.
    Case,
    /// ACCENTI: Latin, Greek and Cyrillic letters without their marks. Dakuten and handakuten stay, as the standard
    /// recommends.
    Accent,
}

impl Folding {
    pub(crate) fn fold(self, text: &str) -> String {
        match self {
            Self::Case => kawasemi_kernel::text::fold(text),
            Self::Accent => text.nfd().filter(|c| !matches!(c, '\u{300}'..='\u{36F}')).nfc().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_go_and_voice_marks_stay() {
        assert_eq!(Folding::Accent.fold("débárquér がぱ ヴ"), "debarquer がぱ ヴ");
        assert_eq!(Folding::Case.fold("ＡＢＣ ﾜﾀﾅﾍﾞ"), Folding::Case.fold("abc わたなべ"));
    }
}
