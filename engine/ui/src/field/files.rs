//! Attachments: the files that are there, with a box to remove each, and an input for more.

use askama::Template;

use super::FieldView;
use crate::{Component, Icon, SafeHtml, Text};

/// A file that is attached.
#[derive(Clone, Debug)]
pub struct FileItem {
    /// Its id.
    pub id: String,
    /// The name under which it was uploaded.
    pub name: String,
    /// The address of its content; empty while the record it belongs to is not saved.
    pub href: String,
    /// Its size in bytes.
    pub size: u64,
}

impl FileItem {
    fn said_size(&self) -> String {
        crate::said::bytes(self.size)
    }
}

pub(super) fn control(field: &FieldView, t: Text, existing: &[FileItem], accept: &str) -> SafeHtml {
    Files { t, field, existing, accept, attributes: field.attributes(t) }.html()
}

#[derive(Template)]
#[template(
    source = r#"<div class="files">{% if !existing.is_empty() %}<ul class="plain-list">{% for file in existing %}<li class="file-item">{{ Icon::Attachment }}{% if file.href.is_empty() %}<span>{{ file.name }}</span>{% else %}<a href="{{ file.href }}">{{ file.name }}</a>{% endif %}<span class="file-size">{{ file.said_size() }}</span><span class="option"><input type="checkbox" id="{{ field.id() }}-remove-{{ loop.index0 }}" name="{{ field.key }}.remove" value="{{ file.id }}"><label for="{{ field.id() }}-remove-{{ loop.index0 }}">{{ t.say("file-remove") }}<span class="visually-hidden"> {{ file.name }}</span></label></span></li>{% endfor %}</ul>{% endif %}<input class="input input-file" type="file" multiple id="{{ field.id() }}" name="{{ field.key }}"{% if !accept.is_empty() %} accept="{{ accept }}"{% endif %}{{ attributes }}></div>"#,
    ext = "html"
)]
struct Files<'a> {
    t: Text,
    field: &'a FieldView,
    existing: &'a [FileItem],
    accept: &'a str,
    attributes: SafeHtml,
}
