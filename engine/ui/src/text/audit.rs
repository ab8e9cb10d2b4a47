//! Holds a catalogue's files against one another and against the sources that use them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, io};

use kawasemi_kernel::Lang;

/// The arguments of each message of a file.
type Messages<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// Compares the Fluent files in `folder` with one another and with the `.rs` and `.html` files under `sources`, and says
/// every fault as a sentence: a key missing in a language, a key that no source mentions, a key that a source says but no file
/// has, and arguments that differ between languages. No fault, no sentences.
///
/// A key counts as used where it stands between double quotes anywhere in the sources, so a key may lie in a table.
pub fn audit(folder: &Path, sources: &[&Path]) -> io::Result<Vec<String>> {
    let mut texts = Vec::new();
    for lang in Lang::ALL {
        texts.push((lang, fs::read_to_string(folder.join(format!("{lang}.ftl")))?));
    }
    let mut code = String::new();
    for source in sources {
        gather(source, &mut code)?;
    }
    let files: Vec<(Lang, Messages)> = texts.iter().map(|(lang, text)| (*lang, read(text))).collect();
    let mut faults = between_languages(&files);
    let known: BTreeSet<&str> = files.iter().flat_map(|(_, messages)| messages.keys().copied()).collect();
    for key in &known {
        if !code.contains(&format!("\"{key}\"")) {
            faults.push(format!("no source uses `{key}`"));
        }
    }
    let said: BTreeSet<&str> = code.split(".say(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    faults.extend(said.difference(&known).map(|key| format!("`{key}` is said but stands in no file")));
    Ok(faults)
}

fn between_languages(files: &[(Lang, Messages)]) -> Vec<String> {
    let mut wanted = Messages::new();
    for (_, messages) in files {
        for (key, arguments) in messages {
            wanted.entry(key).or_default().extend(arguments);
        }
    }
    let mut faults = Vec::new();
    for (lang, messages) in files {
        for (key, arguments) in &wanted {
            match messages.get(key) {
                None => faults.push(format!("{lang}.ftl lacks `{key}`")),
                Some(found) if found != arguments => {
                    faults.push(format!(
                        "{lang}.ftl: `{key}` has arguments {found:?}, another language has {arguments:?}"
                    ));
                }
                Some(_) => {}
            }
        }
    }
    faults
}

/// The message keys of a Fluent source, in order.
pub(super) fn keys(source: &str) -> impl Iterator<Item = &str> {
    source.lines().filter_map(key_of)
}

fn key_of(line: &str) -> Option<&str> {
    let key = line.split_once('=')?.0.trim_end();
    let starts = key.starts_with(|character: char| character.is_ascii_lowercase());
    let rest = key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    (starts && rest).then_some(key)
}

fn read(source: &str) -> Messages<'_> {
    let mut messages = Messages::new();
    let mut current = None;
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        current = key_of(line).or(current);
        let Some(key) = current else { continue };
        let arguments = messages.entry(key).or_default();
        for rest in line.split('$').skip(1) {
            let end = rest.find(|character: char| !character.is_ascii_alphanumeric() && character != '-');
            arguments.insert(&rest[..end.unwrap_or(rest.len())]);
        }
    }
    messages
}

fn gather(path: &Path, code: &mut String) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            gather(&entry?.path(), code)?;
        }
    } else if path.extension().is_some_and(|end| end == "rs" || end == "html") {
        let text = fs::read_to_string(path)?;
        // Comments and unit tests say words of their own.
        let program = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in program.lines().filter(|line| !line.trim_start().starts_with("//")) {
            code.push_str(line);
            code.push('\n');
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_keys_and_arguments() {
        let messages =
            read("# a = comment\nfound = { $count ->\n  [one] one\n *[other] { $count } of { $all }\n}\nhello = Hi\n");
        assert_eq!(messages.keys().copied().collect::<Vec<_>>(), ["found", "hello"]);
        assert_eq!(messages["found"], BTreeSet::from(["all", "count"]));
    }

    #[test]
    fn names_every_fault() {
        let ja = read("a = x { $n }\nb = x");
        let en = read("a = x");
        let faults = between_languages(&[(Lang::Ja, ja), (Lang::En, en)]);
        assert_eq!(faults, ["en.ftl: `a` has arguments {}, another language has {\"n\"}", "en.ftl lacks `b`"]);
    }
}
