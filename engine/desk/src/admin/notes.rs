//! What the versions of the program ask of whoever runs it (更新の手引き).

use axum::response::{Html, IntoResponse, Response};
use kawasemi_ui::SafeHtml;

use super::{page, site};
use crate::notes::{Release, releases};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{code, section};

/// `GET /desk/admin/notes`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    let body: SafeHtml = releases().iter().map(release).collect();
    let site = site(&cx);
    let lead = format!(
        "いま動いているのは {} です。版ごとに、更新するときに確かめることを並べています。手順は、製品に付いている「更新の手引き」にあります。",
        env!("CARGO_PKG_VERSION")
    );
    Ok(Html(page(&site, "更新の案内").lead(&lead).body(body).render()).into_response())
}

fn release(release: &Release) -> SafeHtml {
    let title = if release.date.is_empty() {
        release.version.clone()
    } else {
        format!("{}（{}）", release.version, release.date)
    };
    let points: SafeHtml =
        release.points.iter().map(|point| SafeHtml::trusted(format!("<li>{}</li>", marked(point)))).collect();
    section(&title, &SafeHtml::trusted(format!("<ul>{points}</ul>")))
}

/// The one mark of Markdown that these sentences use: `code`.
fn marked(point: &str) -> SafeHtml {
    let parts = point.split('`').enumerate();
    parts.map(|(at, part)| if at % 2 == 1 { code(part) } else { SafeHtml::escape(part) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_escaped_and_its_commands_are_marked() {
        let html = marked("`a <b>` を打つ & 待つ").to_string();
        assert!(html.contains("a &#60;b&#62;</code>") && html.contains("&#38; 待つ"), "{html}");
    }
}
