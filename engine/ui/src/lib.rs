//! What people see: the shell of every page, components, form fields, charts, and the words of four languages.
//!
//! The crate turns plain data into HTML. It knows no HTTP and no SQL, asks no clock, and decides no access: what it is
//! given it shows. Every page works without JavaScript and under a content security policy that allows no inline script and
//! no inline style (`default-src 'self'`; charts are inline SVG with classes, never with `style`).
//!
//! A page of another crate renders its own inner template, puts components into it by their `html()` (a [`SafeHtml`],
//! which askama does not escape again), and wraps the result with [`page::Page`]:
//!
//! ```
//! use kawasemi_kernel::Lang;
//! use kawasemi_ui::{SafeHtml, page::{Page, Site}};
//!
//! let site = Site::desk(Lang::Ja, "綾瀬市");
//! let html = Page::new(&site, "台帳の一覧").body(SafeHtml::escape("まだ台帳がありません。")).render();
//! assert!(html.starts_with("<!doctype html>"));
//! ```
//!
//! Start reading at [`page`] for the shell, at [`field`] for forms, and at [`text`] for how words are kept. The gallery
//! (`cargo run -p kawasemi-ui --example gallery`) writes all components in all languages to `target/gallery`.

pub mod assets;
pub mod button;
pub mod calendar;
pub mod card;
pub mod chart;
pub mod chip;
pub mod diff;
pub mod facts;
pub mod field;
pub mod form;
pub mod html;
pub mod icon;
pub mod list;
pub mod map;
pub mod notice;
pub mod page;
pub mod problem;
pub mod qr;
pub mod rare;
pub mod said;
pub mod steps;
pub mod table;
pub mod text;
pub mod timeline;

pub use html::{Component, SafeHtml};
pub use icon::Icon;
pub use text::{Catalogue, Said, Text};

/// The words of this crate's own components. Other crates keep a catalogue of their own, see [`text`].
pub fn words(lang: kawasemi_kernel::Lang) -> Text {
    static WORDS: std::sync::LazyLock<Catalogue> = catalogue!("../text");
    WORDS.lang(lang)
}
