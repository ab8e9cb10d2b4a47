//! Turns HTML fragments in a cell into plain paragraphs.
//!
//! The paper's cells come out of a web form: some hold `<ul …>` or `<p>`, often without an end. Block tags part paragraphs,
//! other tags vanish, scripts and styles vanish with what is in them (and that is reported), entities become their
//! characters. What only looks like a tag (`A<B`) stays as text: pages escape it.

use super::clean::{is_bullet, tidy};

/// The farthest that the end of a tag or comment is looked for, in bytes.
const TAG_BYTES_MAX: usize = 4_000;

/// The longest entity, from `&` to `;`.
const ENTITY_BYTES_MAX: usize = 12;

/// A cell as plain text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PlainText {
    /// Its paragraphs, tidy and not empty.
    pub(super) paragraphs: Vec<String>,
    /// Whether list tags were among the markup.
    pub(super) is_list: bool,
    /// Scripts and styles that were taken out.
    pub(super) removed: String,
}

impl PlainText {
    /// The paragraphs, one a line.
    pub(super) fn text(&self) -> String {
        self.paragraphs.join("\n")
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.paragraphs.is_empty()
    }

    /// The items of a list: paragraphs, and within them bullets and, where list tags lost their items, sentences.
    pub(super) fn items(&self) -> Vec<String> {
        let sentences = self.paragraphs.iter().flat_map(|paragraph| {
            let parts = if self.is_list { split_keeping(paragraph, "。 ", '。') } else { vec![paragraph.as_str()] };
            parts.into_iter().flat_map(split_at_bullets)
        });
        let items = sentences.map(|item| item.trim().trim_start_matches(is_bullet).trim().to_owned());
        items.filter(|item| !item.is_empty()).collect()
    }
}

/// Splits after `mark`, which begins `pattern`.
fn split_keeping<'t>(text: &'t str, pattern: &str, mark: char) -> Vec<&'t str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(pattern) {
        let end = at + mark.len_utf8();
        parts.push(&rest[..end]);
        rest = &rest[end..];
    }
    parts.push(rest);
    parts
}

/// Splits before each bullet that follows a space or a full stop; a `・` between words is none.
fn split_at_bullets(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        if is_bullet(c) && matches!(before, ' ' | '。') && at > start {
            parts.push(&text[start..at]);
            start = at;
        }
        before = c;
    }
    parts.push(&text[start..]);
    parts
}

/// Reads a cell.
pub(super) fn plain(cell: &str) -> PlainText {
    let mut plain = PlainText::default();
    let mut paragraph = String::new();
    let lower = cell.to_ascii_lowercase();
    let mut at = 0;
    while let Some(offset) = cell[at..].find(['<', '\n', '\r']) {
        let found = at + offset;
        unescape_into(&cell[at..found], &mut paragraph);
        at = found;
        match tag_at(cell, at) {
            Some(tag) => {
                at = tag.end;
                if tag.is_block() {
                    plain.is_list |= matches!(tag.name.as_str(), "ul" | "ol" | "li");
                    plain.push(&mut paragraph);
                }
                if tag.hides_content() {
                    let end = lower[at..].find(&format!("</{}", tag.name)).map_or(cell.len(), |content| at + content);
                    plain.removed.push_str(cell[at..end].trim());
                    at = end;
                }
            }
            None if cell[at..].starts_with('<') => {
                paragraph.push('<');
                at += 1;
            }
            None => {
                plain.push(&mut paragraph);
                at += 1;
            }
        }
    }
    unescape_into(&cell[at..], &mut paragraph);
    plain.push(&mut paragraph);
    plain
}

impl PlainText {
    fn push(&mut self, paragraph: &mut String) {
        let tidied = tidy(paragraph);
        if !tidied.is_empty() {
            self.paragraphs.push(tidied);
        }
        paragraph.clear();
    }
}

/// A tag or comment: its lower-case name (empty for a comment), and where it ends.
struct Tag {
    name: String,
    end: usize,
    is_end_tag: bool,
}

impl Tag {
    fn is_block(&self) -> bool {
        const BLOCKS: [&str; 26] = [
            "p",
            "ul",
            "ol",
            "li",
            "dl",
            "dt",
            "dd",
            "br",
            "div",
            "table",
            "thead",
            "tbody",
            "tr",
            "td",
            "th",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "hr",
            "section",
            "article",
            "blockquote",
            "pre",
        ];
        BLOCKS.contains(&self.name.as_str())
    }

    fn hides_content(&self) -> bool {
        !self.is_end_tag && matches!(self.name.as_str(), "script" | "style" | "template" | "noscript" | "iframe")
    }
}

/// The tag that begins at a `<`, if it is one: a name, then nothing but attributes with `=`.
fn tag_at(cell: &str, at: usize) -> Option<Tag> {
    let rest = cell[at..].strip_prefix('<')?;
    let window = &rest[..rest.floor_char_boundary(TAG_BYTES_MAX)];
    if let Some(comment) = window.strip_prefix("!--") {
        let end = at + 1 + 3 + comment.find("-->")? + 3;
        return Some(Tag { name: String::new(), end, is_end_tag: false });
    }
    let is_end_tag = window.starts_with('/');
    let named = window.strip_prefix('/').unwrap_or(window);
    let name_end = named.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, ':' | '-')))?;
    let (name, attributes) = named.split_at(name_end);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let length = attributes_length(attributes)?;
    let end = at + 1 + usize::from(is_end_tag) + name_end + length + 1;
    Some(Tag { name: name.to_ascii_lowercase(), end, is_end_tag })
}

/// The bytes of the attributes up to the `>`, if they can be attributes.
fn attributes_length(attributes: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in attributes.char_indices() {
        match (quote, c) {
            // No attribute holds a bracket; stopping here keeps the search as short as the text.
            (_, '<') => return None,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '>') => {
                let inside = attributes[..at].trim().trim_end_matches('/');
                return (inside.is_empty() || inside.contains('=')).then_some(at);
            }
            (None, c) if !c.is_ascii() => return None,
            (None, _) => {}
        }
    }
    None
}

/// Appends a text with its entities as characters; what is no entity stays as it is.
fn unescape_into(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let window = &rest[1..rest.floor_char_boundary(ENTITY_BYTES_MAX)];
        let entity = window.find(';').map(|end| (&window[..end], end + 2));
        match entity.and_then(|(name, length)| character(name).map(|c| (c, length))) {
            Some((c, length)) => {
                out.push(c);
                rest = &rest[length..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
}

fn character(entity: &str) -> Option<char> {
    if let Some(number) = entity.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
            None => number.parse(),
        };
        return code.ok().and_then(char::from_u32).filter(|c| *c != '\0');
    }
    Some(match entity {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" | "ensp" | "emsp" | "thinsp" => ' ',
        "middot" => '·',
        "bull" => '•',
        "hellip" => '…',
        "ndash" => '–',
        "mdash" => '—',
        "yen" => '¥',
        "times" => '×',
        "deg" => '°',
        "plusmn" => '±',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "larr" => '←',
        "rarr" => '→',
        "uarr" => '↑',
        "darr" => '↓',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_become_paragraphs() {
        for (cell, paragraphs) in [
            ("<p>広報に努める。</p>", vec!["広報に努める。"]),
            ("<ul class=\"a>b\"><li>一</li><LI>二</li></ul>", vec!["一", "二"]),
            ("一<br/>二<BR>三", vec!["一", "二", "三"]),
            ("<b>強</b>く<span style='x:y'>なる</span><!-- 注 -->", vec!["強くなる"]),
            ("R&amp;D &lt;b&gt; &#x30AB;&#12527; &nbsp;&unknown; A&B;", vec!["R&D <b> カワ &unknown; A&B;"]),
            ("A<B かつ C>D、3 < 5、<重点>", vec!["A<B かつ C>D、3 < 5、<重点>"]),
            ("一\r\n\n二", vec!["一", "二"]),
            ("<o:p>語</o:p><input disabled=disabled>", vec!["語"]),
            ("途中で切れた<ul sty", vec!["途中で切れた<ul sty"]),
        ] {
            assert_eq!(plain(cell).paragraphs, paragraphs, "{cell}");
        }
    }

    #[test]
    fn scripts_and_styles_are_taken_out_and_reported() {
        let cell = plain("前<script>alert('<p>')</script>後<STYLE>p{}</STYLE><script>末尾");
        assert_eq!(cell.text(), "前後");
        assert_eq!(cell.removed, "alert('<p>')p{}末尾");
    }

    #[test]
    fn lists_that_lost_their_items_are_split_at_sentences_and_bullets() {
        let items = |cell| plain(cell).items();
        assert_eq!(items("<ul style=\"x: y\"> 一つ。 二つ。"), ["一つ。", "二つ。"]);
        assert_eq!(items("<ul>・商業・観光を図る。 ・工業を育てる。"), ["商業・観光を図る。", "工業を育てる。"]);
        assert_eq!(items("一文。 二文。"), ["一文。 二文。"]);
        assert_eq!(items("・一。・二。"), ["一。", "二。"]);
    }

    #[test]
    fn hostile_brackets_take_no_longer_than_the_text() {
        assert_eq!(plain(&"<a ".repeat(300_000)).paragraphs.len(), 1);
        assert_eq!(plain(&"&amp".repeat(300_000)).text().len(), 1_200_000);
    }
}
