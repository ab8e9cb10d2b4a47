//! HTML that may be put into a page as it is, as a type of its own, so that nothing unescaped gets there by accident.

use std::fmt::{self, Write as _};

use askama::Template;
use askama::filters::HtmlSafe;

/// A piece of HTML whose outside data has been escaped. askama does not escape it again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SafeHtml(String);

impl SafeHtml {
    /// Nothing.
    pub const EMPTY: Self = Self(String::new());

    /// Text as HTML: `<`, `>`, `&`, `"` and `'` are escaped.
    pub fn escape(text: impl fmt::Display) -> Self {
        let escaped = askama::filters::escape(text, askama::filters::Html).expect("escaping cannot fail");
        // Most pieces are a name or an address: one allocation for each.
        let mut html = String::with_capacity(96);
        write!(html, "{escaped}").expect("writing to a String cannot fail");
        Self(html)
    }

    /// Takes HTML that the caller vouches for: a template's output or markup written in this program, never data.
    pub fn trusted(html: impl Into<String>) -> Self {
        Self(html.into())
    }

    /// The HTML.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The HTML as the body of an answer.
    pub fn into_string(self) -> String {
        self.0
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends another piece.
    pub fn push(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }

    /// A text, or the mark for nothing: an empty text becomes a dash that a screen reader skips.
    pub fn or_dash(text: &str) -> Self {
        if text.is_empty() {
            Self::trusted("<span class=\"fact-none\" aria-hidden=\"true\">—</span>")
        } else {
            Self::escape(text)
        }
    }

    /// A link. The address and the text are escaped; an address that is not on the web becomes mere text.
    pub fn link(href: &str, text: &str) -> Self {
        let text = Self::escape(text);
        if is_web_address(href) { Self(format!("<a href=\"{}\">{text}</a>", Self::escape(href))) } else { text }
    }
}

/// Whether an address may stand in a link: on this site, on the web, a mail or a telephone; never `javascript:`.
pub fn is_web_address(href: &str) -> bool {
    if href.starts_with('/') {
        return true;
    }
    let lower = href.trim_start().to_ascii_lowercase();
    let scheme = lower.split(['/', '?', '#']).next().unwrap_or_default();
    !scheme.contains(':') || ["http:", "https:", "mailto:", "tel:"].iter().any(|allowed| lower.starts_with(allowed))
}

impl fmt::Display for SafeHtml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for SafeHtml {}

impl askama::FastWritable for SafeHtml {
    fn write_into(&self, dest: &mut dyn fmt::Write, _: &dyn askama::Values) -> askama::Result<()> {
        Ok(dest.write_str(&self.0)?)
    }
}

impl FromIterator<Self> for SafeHtml {
    fn from_iter<I: IntoIterator<Item = Self>>(pieces: I) -> Self {
        let mut all = Self::EMPTY;
        for piece in pieces {
            all.push(&piece);
        }
        all
    }
}

/// Something with a template: every component of this crate, and the inner pages of others.
pub trait Component: Template {
    /// Its HTML.
    fn html(&self) -> SafeHtml {
        SafeHtml(self.render().expect("a template writes to a String, and its values' Display does not fail"))
    }
}

impl<T: Template> Component for T {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_data() {
        assert_eq!(SafeHtml::escape("<b title=\"x\">&'").as_str(), "&#60;b title=&#34;x&#34;&#62;&#38;&#39;");
    }

    #[test]
    fn a_link_never_runs_a_script() {
        for href in ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "vbscript:x"] {
            assert_eq!(SafeHtml::link(href, "公園").as_str(), "公園", "{href}");
        }
        for href in ["/desk", "?page=2", "#top", "https://example.jp/?a=b:c", "desk/a:b", "mailto:a@example.jp"] {
            assert!(SafeHtml::link(href, "公園").as_str().starts_with("<a "), "{href}");
        }
    }
}
