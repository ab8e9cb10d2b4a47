//! What changed between two revisions: a table of fields with the parts of each text that went and came.

use askama::Template;
use kawasemi_kernel::Lang;

use crate::{SafeHtml, Text, words};

/// Above this product of lengths (in characters) texts are shown whole, since comparing takes its time.
const MOST_COMPARISONS: usize = 250_000;

/// A field before and after. `None` is "nothing entered".
#[derive(Clone, Debug)]
pub struct Change {
    /// The field's label.
    pub label: String,
    /// The value before.
    pub before: Option<String>,
    /// The value after.
    pub after: Option<String>,
}

/// The changes of a revision.
#[derive(Clone, Debug, Template)]
#[template(
    source = r#"<div class="table-frame"><table class="table table-cards diff"><caption class="visually-hidden">{{ t.say("diff-caption") }}</caption><thead><tr><th scope="col">{{ t.say("diff-field") }}</th><th scope="col">{{ t.say("diff-before") }}</th><th scope="col">{{ t.say("diff-after") }}</th></tr></thead><tbody>{% for (label, before, after) in rows %}<tr><th scope="row">{{ label }}</th><td class="diff-cell" data-label="{{ t.say("diff-before") }}"><span>{{ before }}</span></td><td class="diff-cell" data-label="{{ t.say("diff-after") }}"><span>{{ after }}</span></td></tr>{% endfor %}</tbody></table></div>"#,
    ext = "html"
)]
pub struct Diff {
    t: Text,
    rows: Vec<(String, SafeHtml, SafeHtml)>,
}

impl Diff {
    /// Compares each field.
    pub fn new(lang: Lang, changes: &[Change]) -> Self {
        let t = words(lang);
        let rows = changes.iter().map(|change| {
            let (before, after) = compare(t, change.before.as_deref(), change.after.as_deref());
            (change.label.clone(), before, after)
        });
        Self { t, rows: rows.collect() }
    }
}

fn compare(t: Text, before: Option<&str>, after: Option<&str>) -> (SafeHtml, SafeHtml) {
    let nothing =
        || SafeHtml::trusted(format!("<span class=\"fact-none\">{}</span>", SafeHtml::escape(t.say("diff-none"))));
    match (before, after) {
        (Some(before), Some(after)) => {
            let parts = parts(before, after);
            (side(&parts, Side::Removed), side(&parts, Side::Added))
        }
        (Some(before), None) => (marked(Side::Removed, before), nothing()),
        (None, Some(after)) => (nothing(), marked(Side::Added, after)),
        (None, None) => (nothing(), nothing()),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Both,
    Removed,
    Added,
}

fn side(parts: &[(Side, String)], wanted: Side) -> SafeHtml {
    let shown = parts.iter().filter(|(side, _)| *side == Side::Both || *side == wanted);
    shown.map(|(side, text)| marked(*side, text)).collect()
}

fn marked(side: Side, text: &str) -> SafeHtml {
    let text = SafeHtml::escape(text);
    match side {
        Side::Both => text,
        Side::Removed => SafeHtml::trusted(format!("<del>{text}</del>")),
        Side::Added => SafeHtml::trusted(format!("<ins>{text}</ins>")),
    }
}

/// The parts of two texts: common, removed, added, in reading order. Character by character, since Japanese has no spaces.
fn parts(before: &str, after: &str) -> Vec<(Side, String)> {
    let (before, after): (Vec<char>, Vec<char>) = (before.chars().collect(), after.chars().collect());
    let start = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    let left = before.len().min(after.len()) - start;
    let end = before.iter().rev().zip(after.iter().rev()).take(left).take_while(|(one, other)| one == other).count();
    let (old, new) = (&before[start..before.len() - end], &after[start..after.len() - end]);

    let mut steps: Vec<(Side, char)> = before[..start].iter().map(|each| (Side::Both, *each)).collect();
    if old.len().saturating_mul(new.len()) > MOST_COMPARISONS {
        steps.extend(old.iter().map(|each| (Side::Removed, *each)));
        steps.extend(new.iter().map(|each| (Side::Added, *each)));
    } else {
        steps.extend(smoothed(middle(old, new)));
    }
    steps.extend(before[before.len() - end..].iter().map(|each| (Side::Both, *each)));
    joined(&steps)
}

/// The longest common subsequence of two short texts, as steps.
fn middle(old: &[char], new: &[char]) -> Vec<(Side, char)> {
    let width = new.len() + 1;
    let mut longest = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i * width + j] = if old[i] == new[j] {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut steps = Vec::with_capacity(old.len() + new.len());
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            steps.push((Side::Both, old[i]));
            (i, j) = (i + 1, j + 1);
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            steps.push((Side::Removed, old[i]));
            i += 1;
        } else {
            steps.push((Side::Added, new[j]));
            j += 1;
        }
    }
    steps.extend(old[i..].iter().map(|each| (Side::Removed, *each)));
    steps.extend(new[j..].iter().map(|each| (Side::Added, *each)));
    steps
}

/// Gives up a single common character between two changes: a diff of scattered letters can't be read.
fn smoothed(steps: Vec<(Side, char)>) -> Vec<(Side, char)> {
    let mut smooth = Vec::with_capacity(steps.len());
    for (index, (side, character)) in steps.iter().enumerate() {
        let changed = |at: Option<usize>| at.and_then(|at| steps.get(at)).is_some_and(|(side, _)| *side != Side::Both);
        if *side == Side::Both && changed(index.checked_sub(1)) && changed(index.checked_add(1)) {
            smooth.push((Side::Removed, *character));
            smooth.push((Side::Added, *character));
        } else {
            smooth.push((*side, *character));
        }
    }
    smooth
}

/// Neighbouring steps of the same side as one part; within a run of changes, what went stands before what came.
fn joined(steps: &[(Side, char)]) -> Vec<(Side, String)> {
    let mut parts: Vec<(Side, String)> = Vec::new();
    let mut rest = steps;
    while let Some((first, _)) = rest.first() {
        let common = *first == Side::Both;
        let length = rest.iter().take_while(|(side, _)| (*side == Side::Both) == common).count();
        for side in if common { &[Side::Both][..] } else { &[Side::Removed, Side::Added] } {
            let text: String = rest[..length].iter().filter(|(each, _)| each == side).map(|(_, text)| *text).collect();
            if !text.is_empty() {
                parts.push((*side, text));
            }
        }
        rest = &rest[length..];
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &str, after: &str, shown_before: &str, shown_after: &str) {
        let parts = parts(before, after);
        assert_eq!(
            (side(&parts, Side::Removed).as_str(), side(&parts, Side::Added).as_str()),
            (shown_before, shown_after)
        );
    }

    #[test]
    fn shows_what_went_and_came() {
        check("公園の点検", "公園の清掃", "公園の<del>点検</del>", "公園の<ins>清掃</ins>");
        check("公園", "公園", "公園", "公園");
        check("3基", "13基", "3基", "<ins>1</ins>3基");
        check("aa", "a", "a<del>a</del>", "a");
        check("", "新", "", "<ins>新</ins>");
        check("<b>", "<i>", "&#60;<del>b</del>&#62;", "&#60;<ins>i</ins>&#62;");
    }

    #[test]
    fn a_lone_common_character_is_given_up() {
        check("点検中止", "清検完了", "<del>点検中止</del>", "<ins>清検完了</ins>");
    }

    #[test]
    fn long_texts_are_shown_whole() {
        let (before, after) = ("あ".repeat(1000), "い".repeat(1000));
        assert_eq!(parts(&before, &after), [(Side::Removed, before), (Side::Added, after)]);
    }
}
