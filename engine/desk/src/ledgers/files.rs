//! A file attached to a record: through the record's grants and the field's clearance, never by its hash.

use std::collections::HashMap;

use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header;
use kawasemi_identity::Manner;
use kawasemi_kernel::{FileRef, Value};
use uuid::Uuid;

use super::at::At;
use crate::problem::Problem;
use crate::request::Cx;

/// Media types that a browser may show in place: they hold no script.
const IN_PLACE: [&str; 5] = ["application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp"];

/// `GET /desk/ledgers/{ledger}/{id}/files/{file}`
pub async fn show(cx: Cx, at: At, Path(named): Path<HashMap<String, String>>) -> Result<Response, Problem> {
    let wanted = named.get("file").and_then(|id| Uuid::try_parse(id).ok()).ok_or_else(Problem::not_found)?;
    let cx = cx.at(&at.ledger, at.id).await?;
    let record = cx.ledgers().get(&cx.reading(Manner::File), &at.ledger, at.id).await?;
    let all = record.fields().values().filter_map(|value| match value {
        Value::Files(files) => Some(files),
        _ => None,
    });
    let file = all.flatten().find(|file| file.id == wanted).ok_or_else(Problem::not_found)?;
    let content = cx.city().files.get(&file.sha256).await.map_err(|error| Problem::internal(&error))?;
    Ok((headers(file), Body::from_stream(content)).into_response())
}

fn headers(file: &FileRef) -> [(header::HeaderName, String); 5] {
    let is_in_place = IN_PLACE.contains(&file.media_type.as_str());
    [
        (header::CONTENT_TYPE, file.media_type.clone()),
        (header::CONTENT_LENGTH, file.size.to_string()),
        (header::CONTENT_DISPOSITION, disposition(if is_in_place { "inline" } else { "attachment" }, &file.name)),
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'; style-src 'unsafe-inline'".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ]
}

/// Whether a browser shows a file as a picture.
pub fn is_picture(file: &FileRef) -> bool {
    file.media_type.starts_with("image/") && IN_PLACE.contains(&file.media_type.as_str())
}

/// A disposition with a name in any script (RFC 6266).
pub fn disposition(how: &str, name: &str) -> String {
    let encoded: String = name
        .bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect();
    format!("{how}; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_not_end_the_header() {
        assert_eq!(disposition("inline", "a\"\r\n;公.pdf"), "inline; filename*=UTF-8''a%22%0D%0A%3B%E5%85%AC.pdf");
    }
}
