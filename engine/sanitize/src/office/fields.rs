//! Fields of Word: which of them call other programs or files.
//!
//! A field is spread over runs, its instruction in pieces (`D`, `DEAUTO …`), and fields lie in one another, so that the inner
//! one may write the outer one's instruction. So a field is judged at its end, by a list of what is harmless, and its
//! instruction is written over with spaces, which leaves what it showed last.

use std::ops::Range;

/// Fields that show something of the document itself.
const HARMLESS: &[&str] = &[
    "=",
    "ADVANCE",
    "AUTHOR",
    "AUTONUM",
    "AUTONUMLGL",
    "AUTONUMOUT",
    "BIBLIOGRAPHY",
    "CITATION",
    "COMPARE",
    "CREATEDATE",
    "DATE",
    "DOCPROPERTY",
    "DOCVARIABLE",
    "EDITTIME",
    "EQ",
    "FILENAME",
    "FILESIZE",
    "FORMCHECKBOX",
    "FORMDROPDOWN",
    "FORMTEXT",
    "IF",
    "INDEX",
    "INFO",
    "KEYWORDS",
    "LASTSAVEDBY",
    "LISTNUM",
    "MERGEFIELD",
    "MERGEREC",
    "NOTEREF",
    "NUMCHARS",
    "NUMPAGES",
    "NUMWORDS",
    "PAGE",
    "PAGEREF",
    "PRINTDATE",
    "REF",
    "REVNUM",
    "SAVEDATE",
    "SECTION",
    "SECTIONPAGES",
    "SEQ",
    "STYLEREF",
    "SUBJECT",
    "SYMBOL",
    "TA",
    "TC",
    "TEMPLATE",
    "TIME",
    "TITLE",
    "TOA",
    "TOC",
    "USERADDRESS",
    "USERINITIALS",
    "USERNAME",
    "XE",
];

/// Whether an instruction is on the list. A link is, where it stays within the document.
pub(super) fn is_harmless(instruction: &str) -> bool {
    let word = instruction.split_whitespace().next().unwrap_or_default();
    let word = if word.starts_with('=') { "=" } else { word };
    if word.eq_ignore_ascii_case("HYPERLINK") {
        return instruction.split_whitespace().nth(1).is_some_and(|next| next.eq_ignore_ascii_case("\\l"));
    }
    HARMLESS.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// The fields that are open.
#[derive(Default)]
pub(super) struct Fields {
    open: Vec<Field>,
}

#[derive(Default)]
struct Field {
    instruction: String,
    /// Where its instruction, and those of the fields in it, stand in what is written.
    places: Vec<Range<usize>>,
    /// Whether what follows is what it shows.
    is_shown: bool,
}

impl Fields {
    /// A piece of the innermost field's instruction.
    pub(super) fn instruction(&mut self, text: &str, place: Range<usize>) {
        // Outside a field it means nothing to Word.
        if let Some(field) = self.open.last_mut() {
            field.instruction.push_str(text);
            field.places.push(place);
        }
    }

    /// The beginning, middle or end of a field. Answers whether one was written over.
    pub(super) fn mark(&mut self, kind: &str, out: &mut String) -> bool {
        match kind {
            "begin" => self.open.push(Field::default()),
            "separate" => {
                if let Some(field) = self.open.last_mut() {
                    field.is_shown = true;
                }
            }
            _ => {
                let Some(field) = self.open.pop() else { return false };
                let is_bad = !is_harmless(&field.instruction) && !field.places.is_empty();
                if is_bad {
                    field.places.iter().for_each(|place| overwrite(out, place.clone()));
                }
                // What the inner field shows may be the outer one's instruction.
                if let Some(outer) = self.open.last_mut().filter(|outer| !outer.is_shown) {
                    outer.places.extend(field.places);
                }
                return is_bad;
            }
        }
        false
    }

    /// Judges the fields that have no end. Answers whether one was written over.
    pub(super) fn close(&mut self, out: &mut String) -> bool {
        let mut is_bad = false;
        while !self.open.is_empty() {
            is_bad |= self.mark("end", out);
        }
        is_bad
    }
}

/// Writes spaces over a piece, which is as long afterwards.
fn overwrite(out: &mut String, place: Range<usize>) {
    // What was left out since may have taken the piece with it.
    if place.end <= out.len() && out.is_char_boundary(place.start) && out.is_char_boundary(place.end) {
        out.replace_range(place.clone(), &" ".repeat(place.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_shows_the_document_itself_is_harmless() {
        for text in ["PAGE", " toc \\o \"1-3\"", "=SUM(ABOVE)", "HYPERLINK \\l \"top\"", "MERGEFIELD 氏名"] {
            assert!(is_harmless(text), "{text}");
        }
        for text in [
            "DDEAUTO c:\\\\x",
            "dde a b",
            "INCLUDETEXT x",
            "INCLUDEPICTURE \"http://x\"",
            "LINK",
            "QUOTE 68",
            "HYPERLINK \"file:x\"",
            "",
            "DATABASE",
            "MACROBUTTON x",
            "GOTOBUTTON",
            "PRINT",
        ] {
            assert!(!is_harmless(text), "{text}");
        }
    }

    #[test]
    fn an_instruction_in_pieces_is_read_as_a_whole() {
        let mut out = String::from("D DEAUTO x");
        let mut fields = Fields::default();
        assert!(!fields.mark("begin", &mut out));
        fields.instruction("D", 0..1);
        fields.instruction("DEAUTO x", 2..10);
        assert!(!fields.mark("separate", &mut out));
        assert!(fields.mark("end", &mut out));
        assert_eq!(out, "          ");
    }

    #[test]
    fn an_instruction_that_another_field_writes_is_overwritten() {
        let mut out = String::from("REF x rest");
        let mut fields = Fields::default();
        fields.mark("begin", &mut out);
        fields.mark("begin", &mut out);
        fields.instruction("REF x", 0..5);
        assert!(!fields.mark("end", &mut out));
        fields.instruction(" rest", 5..10);
        assert!(fields.mark("end", &mut out));
        assert_eq!(out, "          ");
    }
}
