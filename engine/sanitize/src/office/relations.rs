//! Relationships between the parts of an Office file.

use super::xml;
use crate::{Refusal, Result};

/// A relationship.
#[derive(Clone)]
pub(super) struct Relation {
    /// What the part calls it.
    pub id: String,
    /// Its type, an address.
    pub kind: String,
    /// The part that it leads to, from the root and without a leading slash; an address where it is external.
    pub target: String,
    /// Whether it leads out of the file.
    pub is_external: bool,
}

/// The folder of a part, without a slash at its end.
pub(super) fn folder_of(part: &str) -> &str {
    part.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The part with the relationships of a part.
pub(super) fn relations_of(part: &str) -> String {
    let base = part.rsplit('/').next().unwrap_or_default();
    match folder_of(part) {
        "" => format!("_rels/{base}.rels"),
        folder => format!("{folder}/_rels/{base}.rels"),
    }
}

/// Reads relationships of a part in a folder.
pub(super) fn read_relations(content: &[u8], folder: &str) -> Result<Vec<Relation>> {
    let mut relations = Vec::new();
    for (element, attributes) in xml::flat(content)? {
        if element != "Relationship" {
            continue;
        }
        let get = |key: &str| attributes.get(key).cloned().unwrap_or_default();
        let target = get("Target");
        let is_external = attributes.get("TargetMode").is_some_and(|mode| mode.eq_ignore_ascii_case("external"))
            || target.contains("://")
            || target.starts_with("\\\\")
            || target.starts_with("//");
        let target = if is_external { target } else { resolved(folder, &target) };
        relations.push(Relation { id: get("Id"), kind: get("Type"), target, is_external });
    }
    let mut ids: Vec<&str> = relations.iter().map(|relation| relation.id.as_str()).collect();
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Refusal::Broken("部品の関係に同じ番号が二度あります".to_owned()));
    }
    Ok(relations)
}

/// A target from the root. One that leads above the root ends at the root, where no such part is.
fn resolved(folder: &str, target: &str) -> String {
    let target = target.split('#').next().unwrap_or_default();
    let mut path: Vec<&str> = match target.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => folder.split('/').filter(|step| !step.is_empty()).collect(),
    };
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                path.pop();
            }
            step => path.push(step),
        }
    }
    path.join("/")
}

/// Writes relationships, with targets from the root.
pub(super) fn write(relations: &[Relation]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n");
    text.push_str("<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">");
    for Relation { id, kind, target, .. } in relations {
        let (id, kind, target) = (xml::escaped(id), xml::escaped(kind), xml::escaped(target));
        text.push_str(&format!("<Relationship Id=\"{id}\" Type=\"{kind}\" Target=\"/{target}\"/>"));
    }
    text.push_str("</Relationships>");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_resolved_from_the_root() {
        for (folder, target, expected) in [
            ("word", "media/a.png", "word/media/a.png"),
            ("xl/worksheets", "../drawings/d.xml", "xl/drawings/d.xml"),
            ("word", "/word/styles.xml", "word/styles.xml"),
            ("", "../../etc/passwd", "etc/passwd"),
        ] {
            assert_eq!(resolved(folder, target), expected);
        }
        assert_eq!(relations_of("word/document.xml"), "word/_rels/document.xml.rels");
        assert_eq!(relations_of(""), "_rels/.rels");
    }
}
