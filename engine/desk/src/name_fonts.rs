//! Small fonts for the rare kanji of a page's names, cut out of IPAmj明朝 (see [`kawasemi_ui::rare`]).
//!
//! The address names the characters, so nothing is kept on the server, every node gives the same answer, and a browser keeps it.
//! External characters (外字) are drawn as the city's table says.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header;
use kawasemi_kernel::text::cluster::is_private_use;
use kawasemi_kernel::text::external::ExternalCharacters;
use kawasemi_print::web_font;
use kawasemi_ui::rare;

use crate::ledgers::external_characters;
use crate::problem::Problem;
use crate::request::Cx;
use crate::routes::{Routes, get};

/// How long a browser keeps a font: its characters never change their shape.
const LONG: &str = "public, max-age=2592000";
/// The same where the city's table decides the shape, and it may be mended.
const SHORT: &str = "private, max-age=300";

/// The routes.
pub fn routes() -> Routes {
    Routes::new().route("/names/{file}", get(show))
}

/// `GET /names/{characters}.css` and `GET /names/{characters}.ttf`
pub async fn show(cx: Cx, Path(file): Path<String>) -> Result<Response, Problem> {
    let (list, kind) = file.rsplit_once('.').ok_or_else(Problem::not_found)?;
    let characters = rare::read_list(list).ok_or_else(Problem::not_found)?;
    let has_external = characters.iter().any(|one| one.chars().any(is_private_use));
    let kept = if has_external { SHORT } else { LONG };
    let (media_type, body) = match kind {
        "css" => ("text/css; charset=utf-8", style(list, &characters).into_bytes()),
        "ttf" => {
            let external =
                if has_external { external_characters(&cx).await? } else { ExternalCharacters::default() };
            let printer = cx.desk().settings().printer.clone();
            // The first font of all is cut out of a file of 45 MB, which is read then.
            let cut = tokio::task::spawn_blocking(move || {
                web_font::cut(printer.fonts(), &external, characters.iter().map(String::as_str))
            });
            let font = cut.await.map_err(|error| Problem::internal(&error))?;
            ("font/ttf", font.ok_or_else(Problem::not_found)?)
        }
        _ => return Err(Problem::not_found()),
    };
    Ok(([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, kept)], body).into_response())
}

/// The font's rule. A machine without the font on the server may have it itself.
fn style(list: &str, characters: &[String]) -> String {
    let mut codes: Vec<u32> = characters.iter().flat_map(|one| one.chars().map(u32::from)).collect();
    codes.sort_unstable();
    codes.dedup();
    let range: Vec<String> = codes.iter().map(|code| format!("U+{code:X}")).collect();
    format!(
        "@font-face{{font-family:\"{}\";src:url(\"{}{list}.ttf\") format(\"truetype\"),local(\"IPAmjMincho\"),local(\"IPAmj明朝\");\
         font-display:swap;unicode-range:{}}}\n/* Derived from IPAmj Mincho under the IPA Font License Agreement v1.0. */\n",
        web_font::FAMILY,
        rare::PREFIX,
        range.join(",")
    )
}
