//! The language of a page: a path prefix, `/ja-easy`, `/en` or `/vi`; none is Japanese.
//!
//! The prefix is taken off before routing, so that one route serves every language, and put back by
//! [`localised`] when a page links to another.

use axum::extract::Request;
use http::Uri;
use http::uri::PathAndQuery;
use kawasemi_kernel::Lang;

/// The language of this request, kept among its extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLang(pub Lang);

/// The path that the browser asked for, prefix included.
#[derive(Clone, Debug)]
pub struct AskedPath(pub String);

/// Takes the language prefix off the path. Runs around the router, since routing looks at the path.
pub fn strip_prefix(mut request: Request) -> Request {
    let path = request.uri().path().to_owned();
    let (lang, rest) = split(&path);
    if lang != Lang::Ja {
        let query = request.uri().query().map(|q| format!("?{q}")).unwrap_or_default();
        if let Ok(path_and_query) = PathAndQuery::try_from(format!("{rest}{query}")) {
            let mut parts = request.uri().clone().into_parts();
            parts.path_and_query = Some(path_and_query);
            if let Ok(uri) = Uri::from_parts(parts) {
                *request.uri_mut() = uri;
            }
        }
    }
    request.extensions_mut().insert(PageLang(lang));
    request.extensions_mut().insert(AskedPath(path));
    request
}

/// A path with the prefix of a language.
pub fn localised(lang: Lang, path: &str) -> String {
    match lang {
        Lang::Ja => path.to_owned(),
        lang if path == "/" => format!("/{lang}"),
        lang => format!("/{lang}{path}"),
    }
}

fn split(path: &str) -> (Lang, &str) {
    let tail = &path[path.len().min(1)..];
    let (first, rest) = tail.find('/').map_or((tail, ""), |slash| tail.split_at(slash));
    match Lang::from_key(first) {
        Some(lang) if lang != Lang::Ja => (lang, if rest.is_empty() { "/" } else { rest }),
        _ => (Lang::Ja, path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_names_the_language() {
        for (path, lang, rest) in [
            ("/", Lang::Ja, "/"),
            ("/en", Lang::En, "/"),
            ("/en/", Lang::En, "/"),
            ("/ja-easy/board", Lang::JaEasy, "/board"),
            ("/vi/board/x", Lang::Vi, "/board/x"),
            ("/envelope", Lang::Ja, "/envelope"),
            ("/ja/board", Lang::Ja, "/ja/board"),
            ("", Lang::Ja, ""),
        ] {
            assert_eq!(split(path), (lang, rest), "{path}");
        }
    }

    #[test]
    fn links_keep_the_language() {
        assert_eq!(localised(Lang::En, "/"), "/en");
        assert_eq!(localised(Lang::Ja, "/board"), "/board");
        assert_eq!(localised(Lang::Vi, "/board"), "/vi/board");
    }
}
