//! What each version asks of whoever runs the program (更新するとき), taken from the project's record of changes.
//!
//! `CHANGELOG.md` is the one place where it is written; page and command line read it from here. A test holds the rule that every
//! version has such a section, so that nobody has to guess whether nothing is to be done or it was forgotten.

/// The record of changes as it was when the program was built.
const CHANGELOG: &str = include_str!("../../../CHANGELOG.md");
/// The heading of what the operator has to know and do.
const SECTION: &str = "### 更新するとき";

/// What one version asks of the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The version, such as `1.2.0`.
    pub version: String,
    /// When it came out, as the record of changes says it: a date, or 未公開.
    pub date: String,
    /// The points, in order, as Markdown without their list marks. Empty where the version lacks the section.
    pub points: Vec<String>,
}

/// Every version of the record of changes, the newest first.
pub fn releases() -> Vec<Release> {
    read(CHANGELOG)
}

/// The versions after `from`; all where it is no version that can be compared.
pub fn since(from: &str) -> Vec<Release> {
    let Some(from) = number(from) else { return releases() };
    releases().into_iter().filter(|release| number(&release.version).is_none_or(|version| version > from)).collect()
}

/// Whether a text is a version that [`since`] can compare.
pub fn is_version(text: &str) -> bool {
    number(text).is_some()
}

/// A version's three numbers; what follows a hyphen or a plus does not count.
fn number(version: &str) -> Option<[u64; 3]> {
    let plain = version.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<u64> = plain.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    parts.try_into().ok()
}

fn read(changelog: &str) -> Vec<Release> {
    let mut releases: Vec<Release> = Vec::new();
    let mut is_inside = false;
    for line in changelog.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            let (version, date) = title.split_once('（').unwrap_or((title, ""));
            let date = date.trim_end().trim_end_matches('）').to_owned();
            releases.push(Release { version: version.trim().to_owned(), date, points: Vec::new() });
            is_inside = false;
        } else if line.starts_with('#') {
            is_inside = line.trim_end() == SECTION;
        } else if let Some(release) = releases.last_mut().filter(|_| is_inside) {
            match (line.strip_prefix("- "), line.trim()) {
                (Some(point), _) => release.points.push(point.trim().to_owned()),
                (None, "") => {}
                // A line that goes on: Japanese needs no space between.
                (None, more) => match release.points.last_mut() {
                    Some(point) => point.push_str(more),
                    None => release.points.push(more.to_owned()),
                },
            }
        }
    }
    releases
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "# 変更の記録\n\n## 1.10.0（2027-04-01）\n\n### 更新するとき\n\n- 控えを取る。\n- 設定に\n  `a` を足す。\n\n\
                          ### 新しいこと\n\n- 何か。\n\n## 1.9.2\n\n### 直したこと\n\n- 何か。\n";

    #[test]
    fn points_are_read_with_the_lines_that_go_on_and_nothing_else() {
        let releases = read(SAMPLE);
        let first = Release {
            version: "1.10.0".to_owned(),
            date: "2027-04-01".to_owned(),
            points: vec!["控えを取る。".to_owned(), "設定に`a` を足す。".to_owned()],
        };
        assert_eq!(releases[0], first);
        assert_eq!((releases[1].version.as_str(), releases[1].points.len()), ("1.9.2", 0));
    }

    #[test]
    fn versions_are_compared_by_number() {
        assert!(number("1.10.0") > number("1.9.2"));
        assert_eq!(number("1.2.3-rc.1"), Some([1, 2, 3]));
        assert!(!is_version("最新") && !is_version("1.2") && is_version("0.1.0"));
        assert_eq!(since("99.0.0"), Vec::new());
        assert_eq!(since("なし"), releases());
    }

    /// The rule: whoever adds a version says what it asks of the operator, if only that it asks nothing.
    #[test]
    fn every_version_says_what_it_asks_of_the_operator() {
        let releases = releases();
        let current = env!("CARGO_PKG_VERSION");
        assert!(releases.iter().any(|release| release.version == current), "CHANGELOG.md does not know {current}");
        for release in releases {
            assert!(!release.points.is_empty(), "{} has no 「更新するとき」 in CHANGELOG.md", release.version);
            assert!(is_version(&release.version), "{} is no version", release.version);
            assert!(!release.date.is_empty(), "{} has no date, nor 未公開", release.version);
        }
    }
}
