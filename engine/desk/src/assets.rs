//! Serves the embedded script, styles, fonts and icons. Their names change with their content, so they are kept for ever.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{self, HeaderValue};
use kawasemi_ui::assets;

use crate::problem::Problem;

/// `GET /assets/{*file}`
pub async fn asset(Path(file): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let asset = assets::find(&file).ok_or_else(Problem::not_found)?;
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let (bytes, encoding) = match (asset.brotli, asset.gzip) {
        (Some(bytes), _) if accepts(accepted, "br") => (bytes, Some("br")),
        (_, Some(bytes)) if accepts(accepted, "gzip") => (bytes, Some("gzip")),
        _ => (asset.bytes, None),
    };
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Ok(response)
}

fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|part| {
        let mut words = part.split(';').map(str::trim);
        words.next() == Some(encoding) && !words.any(|word| matches!(word, "q=0" | "q=0.0"))
    })
}

#[cfg(test)]
mod tests {
    use super::accepts;

    #[test]
    fn reads_what_the_browser_accepts() {
        assert!(accepts("gzip, deflate, br;q=0.9", "br"));
        assert!(!accepts("gzip, br;q=0", "br"));
        assert!(!accepts("", "gzip"));
    }
}
