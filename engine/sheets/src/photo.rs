//! Whose photograph a file is, by its name: `123.jpg`, `１２３-1.jpg`, `123_外観.jpg`, `123/外観.jpg`.
//!
//! A file goes to one record or to none. Where two could be meant it goes to neither, and the report names both.

use std::collections::HashMap;

use kawasemi_kernel::text::fold;

/// Whose the files are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// The numbers of the files of each key, in the order of their names.
    pub of: HashMap<String, Vec<usize>>,
    /// Files that could be of several records, with the keys in question.
    pub ambiguous: Vec<(usize, Vec<String>)>,
    /// Files of nobody.
    pub unmatched: Vec<usize>,
}

/// The form in which keys and names are compared: folded, without white space.
pub fn normal(text: &str) -> String {
    fold(text).chars().filter(|c| !c.is_whitespace()).collect()
}

/// Finds whose each file is. `keys` are those of the records as they stand; one that two records have is nobody's.
pub fn match_names<'a>(names: &[String], keys: impl IntoIterator<Item = &'a str>) -> Matched {
    let mut known: HashMap<String, usize> = HashMap::new();
    for key in keys.into_iter().map(normal).filter(|key| !key.is_empty()) {
        *known.entry(key).or_default() += 1;
    }
    let mut without_zeros: HashMap<&str, Vec<&str>> = HashMap::new();
    for key in known.keys() {
        without_zeros.entry(key.trim_start_matches('0')).or_default().push(key);
    }
    let mut matched = Matched::default();
    for (index, name) in names.iter().enumerate() {
        let found = candidates(name, &known, &without_zeros);
        match found.as_slice() {
            [] => matched.unmatched.push(index),
            [key] if known.get(key) == Some(&1) => matched.of.entry(key.clone()).or_default().push(index),
            _ => matched.ambiguous.push((index, found)),
        }
    }
    matched
}

/// The keys that a name may mean, by the surest rule that finds any: the whole name, its beginning up to a separator, its
/// folder; at last the same with leading zeros left out.
fn candidates(name: &str, known: &HashMap<String, usize>, without_zeros: &HashMap<&str, Vec<&str>>) -> Vec<String> {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let stem = normal(stem);
    if known.contains_key(&stem) {
        return vec![stem];
    }
    let beginnings: Vec<&str> = beginnings(&stem).collect();
    let found: Vec<String> =
        beginnings.iter().filter(|part| known.contains_key(**part)).map(|part| (*part).to_owned()).collect();
    if !found.is_empty() {
        return found;
    }
    let folder = normal(folder.rsplit('/').next().unwrap_or_default());
    if known.contains_key(&folder) {
        return vec![folder];
    }
    for part in std::iter::once(stem.as_str()).chain(beginnings) {
        let bare = part.trim_start_matches('0');
        if let Some(keys) =
            without_zeros.get(bare).filter(|_| !bare.is_empty() && part.starts_with(|c: char| c.is_ascii_digit()))
        {
            return keys.iter().map(|key| (*key).to_owned()).collect();
        }
    }
    Vec::new()
}

/// What stands before a separator: of `12-3_a` they are `12` and `12-3`.
fn beginnings(stem: &str) -> impl Iterator<Item = &str> {
    let separators =
        stem.char_indices().filter(|(_, c)| matches!(c, '-' | '_' | '(' | '.' | '[' | '~' | '・' | '、' | 'ー'));
    separators.map(|(at, _)| &stem[..at]).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matched(names: &[&str], keys: &[&str]) -> Matched {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        match_names(&names, keys.iter().copied())
    }

    #[test]
    fn names_find_their_record() {
        let names =
            ["123.jpg", "１２４-1.JPG", "124_外観.jpg", "写真/125 (2).jpg", "A-7/全景.jpg", "0126.png", "公-0009.jpg"];
        let found = matched(&names, &["123", "124", "１２５", "a-7", "126", "公-0009"]);
        let of = |key: &str| found.of.get(key).cloned().unwrap_or_default();
        assert_eq!((of("123"), of("124"), of("125"), of("a-7")), (vec![0], vec![1, 2], vec![3], vec![4]));
        assert_eq!((of("126"), of("公-0009")), (vec![5], vec![6]));
        assert!(found.unmatched.is_empty() && found.ambiguous.is_empty());
    }

    #[test]
    fn what_may_be_two_is_neither() {
        let found = matched(
            &["12-1.jpg", "12-1-2.jpg", "7.jpg", "1234.jpg", "9.jpg"],
            &["12", "12-1", "7", "7", "123", "09", "009"],
        );
        assert_eq!(found.of.get("12-1"), Some(&vec![0]), "the whole name is surer than its beginning");
        let doubtful: Vec<usize> = found.ambiguous.iter().map(|(index, _)| *index).collect();
        assert_eq!(doubtful, [1, 2, 4]);
        assert_eq!(found.unmatched, [3], "a longer number is another number");
    }

    proptest! {
        #[test]
        fn every_file_is_somewhere_once(names in prop::collection::vec("[0-9a-c_/.-]{0,8}", 0..12), keys in prop::collection::vec("[0-9a-c-]{0,4}", 0..8)) {
            let found = match_names(&names, keys.iter().map(String::as_str));
            let mut all: Vec<usize> = found.of.values().flatten().copied().collect();
            all.extend(found.ambiguous.iter().map(|(index, _)| *index));
            all.extend(&found.unmatched);
            all.sort_unstable();
            prop_assert_eq!(all, (0..names.len()).collect::<Vec<_>>());
        }
    }
}
