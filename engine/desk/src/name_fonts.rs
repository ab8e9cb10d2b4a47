//! Small fonts for the rare kanji of a page's names, cut out of IPAmj明朝 (see [`kawasemi_ui::rare`]).
//!
//! The address names the characters, so nothing is kept on the server, every node gives the same answer, and a browser keeps it.
//! External characters (外字) are drawn as the city's table says.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header;
use kawasemi_kernel::text::cluster::is_private_use;
use kawasemi_kernel::text::external::ExternalCharacters;
use kawasemi_print::fonts::Role;
use kawasemi_print::{Fonts, web_font};
use kawasemi_ui::rare;

use crate::prints::external_characters;
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

/// `GET /names/{characters}.css`, and `GET /names/{characters}.{gothic,names}.ttf`, which it names.
pub async fn show(cx: Cx, Path(file): Path<String>) -> Result<Response, Problem> {
    let (list, kind) = file.split_once('.').ok_or_else(Problem::not_found)?;
    let characters = rare::read_list(list).ok_or_else(Problem::not_found)?;
    let has_external = characters.iter().any(|one| one.chars().any(is_private_use));
    let external = if has_external { external_characters(&cx).await? } else { ExternalCharacters::default() };
    let printer = cx.desk().settings().printer.clone();
    // The fonts are read from disk for the first of all, 45 MB in one case.
    let made = move |kind: &str| match kind {
        "css" => Some(("text/css; charset=utf-8", style(printer.fonts(), &external, &characters).into_bytes())),
        kind => {
            let source = web_font::SOURCES.into_iter().find(|role| kind.strip_suffix(".ttf") == Some(word(*role)))?;
            let characters = characters.iter().map(String::as_str);
            Some(("font/ttf", web_font::cut(printer.fonts(), source, &external, characters)?))
        }
    };
    let kind = kind.to_owned();
    let made = tokio::task::spawn_blocking(move || made(&kind)).await.map_err(|error| Problem::internal(&error))?;
    let (media_type, body) = made.ok_or_else(Problem::not_found)?;
    let kept = if has_external { SHORT } else { LONG };
    Ok(([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, kept)], body).into_response())
}

/// The fonts' rules. What no font of the server shows is left to the fonts of the person's own machine.
fn style(fonts: &Fonts, external: &ExternalCharacters, characters: &[String]) -> String {
    let mut css = String::new();
    for role in web_font::SOURCES {
        let own = |one: &&str| web_font::source(fonts, external, one) == Some(role);
        let shown: Vec<&str> = characters.iter().map(String::as_str).filter(own).collect();
        if !shown.is_empty() {
            css.push_str(&rule(&shown, &format!("url(\"{}{}.{}.ttf\")", rare::PREFIX, rare::list(&shown), word(role))));
        }
    }
    let is_left = |one: &&str| web_font::source(fonts, external, one).is_none() && !one.chars().any(is_private_use);
    let left: Vec<&str> = characters.iter().map(String::as_str).filter(is_left).collect();
    if !left.is_empty() {
        css.push_str(&rule(&left, "local(\"IPAmjMincho\"),local(\"IPAmj明朝\")"));
    }
    css
}

fn rule(characters: &[&str], source: &str) -> String {
    let mut codes: Vec<u32> = characters.iter().flat_map(|one| one.chars().map(u32::from)).collect();
    codes.sort_unstable();
    codes.dedup();
    let range: Vec<String> = codes.iter().map(|code| format!("U+{code:X}")).collect();
    let (family, range) = (web_font::FAMILY, range.join(","));
    format!("@font-face{{font-family:\"{family}\";src:{source};font-display:swap;unicode-range:{range}}}\n")
}

/// The source in an address.
const fn word(source: Role) -> &'static str {
    match source {
        Role::Gothic => "gothic",
        Role::Mincho => "mincho",
        Role::Names => "names",
    }
}
