//! A form that came when its sender had first to prove who they are: its entries are carried along and sent afterwards.
//!
//! They travel as hidden entries of the sign-in form, so the server remembers nothing of people who never come back.

use axum::response::Html;
use kawasemi_ui::button::{Look, Post, Submit};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::page::Page;
use kawasemi_ui::{Component, SafeHtml};

use super::own_path;
use crate::request::{Cx, Entries};

/// Names of entries that carry a kept form through signing in; a form's own entries never begin so.
const KEPT_PATH: &str = "_kept_path";
const KEPT_ENTRY: &str = "_kept.";

/// A form that could not be taken yet.
pub struct Kept {
    path: String,
    entries: Entries,
}

impl Kept {
    /// Keeps a form. Passwords and codes are not carried; its page asks for them again.
    pub fn new(path: &str, mut entries: Entries) -> Self {
        entries.0.retain(|(name, _)| !name.contains("password") && name != "code" && name != "pin");
        Self { path: path.to_owned(), entries }
    }

    /// The form as text, for keeping it on the server.
    pub fn to_text(&self) -> String {
        serde_json::json!([self.path, self.entries.0]).to_string()
    }

    /// Reads it again.
    pub fn from_text(text: &str) -> Option<Self> {
        let (path, entries): (String, Vec<(String, String)>) = serde_json::from_str(text).ok()?;
        Some(Self { path, entries: Entries(entries) })
    }

    /// The form that the entries of a sign-in form carry.
    pub fn of(entries: &Entries) -> Option<Self> {
        let path = entries.get(KEPT_PATH)?.to_owned();
        let carried = entries
            .0
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(KEPT_ENTRY)?.to_owned(), value.clone())));
        Some(Self::new(&path, Entries(carried.collect())))
    }

    /// Carries a form along with another one.
    pub fn carry(kept: Option<&Self>, form: Form) -> Form {
        let Some(kept) = kept else { return form };
        let form = form.hidden(KEPT_PATH, &kept.path);
        kept.entries.0.iter().fold(form, |form, (name, value)| form.hidden(format!("{KEPT_ENTRY}{name}"), value))
    }

    /// Shows what was kept, ready to be sent with one button.
    pub fn resume(&self, cx: &Cx) -> Html<String> {
        let send = Submit::new("入力した内容を送る").look(Look::Primary);
        let mut post = Post::new(own_path(&self.path), send);
        for (name, value) in &self.entries.0 {
            post = post.hidden(name, value);
        }
        let mut body = self.typed();
        body.push(&post.html());
        let site = cx.door_site();
        let notice = Notice::new(Tone::Info, "本人確認ができました").text("先ほどの操作は、まだ行われていません。");
        Html(Page::new(&site, "操作の続き").narrow().notice(notice).body(body).render())
    }

    /// What was typed, so that people recognise it.
    fn typed(&self) -> SafeHtml {
        let texts = self.entries.0.iter().filter(|(name, value)| !name.starts_with('_') && !value.trim().is_empty());
        let items: SafeHtml =
            texts.map(|(_, value)| SafeHtml::trusted(format!("<li>{}</li>", SafeHtml::escape(value)))).collect();
        if items.is_empty() {
            return items;
        }
        SafeHtml::trusted(format!(
            "<details class=\"disclosure\"><summary>入力した内容を見る</summary><ul class=\"text-lines\">{items}</ul></details>"
        ))
    }
}
