//! The list with which an official print stops: what can't be shown, where it stands, why, and what to do.

use std::collections::BTreeSet;
use std::fmt;

use kawasemi_kernel::text::cluster::{clusters, code_points};
use serde::Serialize;
use serde_json::Value;

use crate::coverage::{Coverage, Shown};
use crate::job::Naming;

/// Why a character can't be shown as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// None of the fonts has it.
    NoGlyph,
    /// The fonts have the character, but not this variant of it (異体字).
    NoVariant,
    /// The font of names isn't installed.
    NoNamesFont,
    /// A private-use code point that isn't in the city's table (外字).
    UnknownExternal,
    /// The table has it, but no standard character for it.
    ExternalWithoutStandard,
    /// The table has a standard character that no font shows.
    ExternalWithoutGlyph,
    /// U+FFFD: the character was lost when a file was read.
    Lost,
    /// 〓: somebody or some system wrote this in place of a character.
    Geta,
}

impl Reason {
    /// What is wrong, and what to do about it.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::NoGlyph => {
                "どの書体にもない文字です。文字を確かめ、正しければ電算担当に書体の追加を相談してください。"
            }
            Self::NoVariant => {
                "この異体字の字形を持つ書体がありません。字形の指定を確かめ、正しければ電算担当に書体の追加を相談してください。"
            }
            Self::NoNamesFont => {
                "氏名の漢字の書体（IPAmj明朝）がこのサーバーにありません。電算担当に fonts-ipamj-mincho の追加を依頼してください。"
            }
            Self::UnknownExternal => {
                "外字の台帳にない外字です。台帳「外字」に、この符号と標準の文字を登録してください。"
            }
            Self::ExternalWithoutStandard => {
                "外字の台帳に標準の文字（MJ番号と符号）がありません。台帳「外字」で登録するか、代替文字での印刷でよいか確かめてください。"
            }
            Self::ExternalWithoutGlyph => {
                "外字の台帳にある標準の文字を持つ書体がありません。台帳「外字」の標準の文字を確かめてください。"
            }
            Self::Lost => "文字が失われています（文字化け）。元の資料を見て、記録を直してください。",
            Self::Geta => "〓 は文字が失われた跡です。元の資料を見て、記録を直してください。",
        }
    }
}

/// A character that can't be shown as it is, in its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The record or person, in words.
    pub subject: String,
    /// The field, in words.
    pub field: String,
    /// The text around it, up to twelve characters on each side.
    pub text: String,
    /// The character with its selector.
    pub character: String,
    /// Its code points, such as `U+845B U+E0100`.
    pub code_points: String,
    /// Why.
    pub reason: Reason,
    /// What was printed in its place, on an ordinary print.
    pub substitute: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, field, text, code_points, reason, .. } = self;
        for place in [subject, field].into_iter().filter(|place| !place.is_empty()) {
            write!(f, "{place} / ")?;
        }
        write!(f, "「{text}」の {code_points}: {}", reason.advice())
    }
}

/// Everything that keeps a job from being printed officially.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StopList {
    /// The characters, in the order of the data, each once for each text in which it stands.
    pub findings: Vec<Finding>,
}

impl fmt::Display for StopList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "このまま印刷できない文字が{}か所あります。", self.findings.len())?;
        self.findings.iter().try_for_each(|finding| write!(f, "\n  {finding}"))
    }
}

/// What a look at the data of a job found.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    pub findings: Vec<Finding>,
    /// Characters that are set in the font of names.
    pub names: BTreeSet<String>,
    /// External characters with the standard character that is shown for each.
    pub standards: BTreeSet<(String, String)>,
}

/// Looks at every text of the data; keys are the template's and not printed.
pub(crate) fn look(data: &Value, naming: &Naming, coverage: Coverage<'_>) -> Looked {
    let mut looked = Looked::default();
    let mut derived = Vec::new();
    walk(data, &mut Vec::new(), &mut |path, text, label| {
        if text.is_ascii() {
            return;
        }
        let mut seen = BTreeSet::new();
        for (at, cluster) in positions(text) {
            match coverage.of(cluster) {
                Shown::Text => {}
                Shown::Names => _ = looked.names.insert(cluster.to_owned()),
                Shown::Standard(standard) => _ = looked.standards.insert((cluster.to_owned(), standard)),
                Shown::Missing(reason) if seen.insert(cluster) => {
                    let finding = Finding {
                        subject: naming.subject(path),
                        field: naming.field(path, label),
                        text: around(text, at, cluster),
                        character: cluster.to_owned(),
                        code_points: code_points(cluster),
                        reason,
                        substitute: None,
                    };
                    let list = if naming.is_derived(path) { &mut derived } else { &mut looked.findings };
                    list.push(finding);
                }
                Shown::Missing(_) => {}
            }
        }
    });
    let is_new = |one: &Finding| !looked.findings.iter().any(|known| known.character == one.character);
    let derived: Vec<Finding> = derived.into_iter().filter(is_new).collect();
    looked.findings.extend(derived);
    // What stands for an external character may itself need the font of names.
    for (_, standard) in &looked.standards {
        if coverage.of(standard) == Shown::Names {
            looked.names.insert(standard.clone());
        }
    }
    looked
}

/// What is told of every text: the way to it, itself, and the label beside it.
type Visit<'v, 'a> = dyn FnMut(&[String], &'a str, Option<&'a str>) + 'v;

/// Visits every text with the way to it and the label beside it, as in `{"label": "氏名", "value": "…"}`.
fn walk<'a>(value: &'a Value, path: &mut Vec<String>, visit: &mut Visit<'_, 'a>) {
    walk_labelled(value, path, None, visit);
}

fn walk_labelled<'a>(value: &'a Value, path: &mut Vec<String>, label: Option<&'a str>, visit: &mut Visit<'_, 'a>) {
    match value {
        Value::String(text) => visit(path, text, label),
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                path.push(index.to_string());
                walk_labelled(value, path, label, visit);
                path.pop();
            }
        }
        Value::Object(object) => {
            let own = object.get("label").and_then(Value::as_str);
            for (key, value) in object {
                path.push(key.clone());
                walk_labelled(value, path, if key == "label" { label } else { own.or(label) }, visit);
                path.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn positions(text: &str) -> impl Iterator<Item = (usize, &str)> {
    clusters(text).scan(0, |at, cluster| {
        let start = *at;
        *at += cluster.len();
        Some((start, cluster))
    })
}

/// The character with what stands around it.
fn around(text: &str, at: usize, cluster: &str) -> String {
    const SIDE: usize = 12;
    let (before, after) = (&text[..at], &text[at + cluster.len()..]);
    let from = before.char_indices().rev().nth(SIDE - 1).map_or(0, |(index, _)| index);
    let until = after.char_indices().nth(SIDE).map_or(after.len(), |(index, _)| index);
    let cut = |is_cut: bool| if is_cut { "…" } else { "" };
    let shown = format!("{}{}{cluster}{}{}", cut(from > 0), &before[from..], &after[..until], cut(until < after.len()));
    shown.replace(['\n', '\r', '\t'], " ")
}
