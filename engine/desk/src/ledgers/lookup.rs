//! Suggestions for a reference, while a name is typed.

use axum::extract::Path;
use axum::response::Html;
use kawasemi_kernel::Lang;
use kawasemi_schema::Action;
use kawasemi_ui::field::{Suggestion, suggestions};

use super::opened::Opened;
use super::sent::candidates;
use crate::problem::Problem;
use crate::request::Cx;

/// `GET /desk/ledgers/{ledger}/lookup?q=`
pub async fn show(cx: Cx, Path(ledger): Path<String>) -> Result<Html<String>, Problem> {
    Opened::for_action(&cx, &ledger, Action::Read)?;
    let text = cx.query("q").unwrap_or_default();
    let found = if text.is_empty() { Vec::new() } else { candidates(&cx, &ledger, &text).await? };
    let found: Vec<Suggestion> = found
        .into_iter()
        .map(|choice| Suggestion { value: choice.key, label: choice.label, note: String::new() })
        .collect();
    Ok(Html(suggestions(Lang::Ja, &found).into_string()))
}
