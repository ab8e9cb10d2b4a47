//! Alarms (警報): what operators are told without having asked, and when again.
//!
//! What has to be mended is told when it is first seen and every day until it is mended; what somebody should look at is told once.
//! What was told stands in a file beside the data, so that a server that is started anew does not begin from the start. A letter
//! leaves the machine, so it names what was looked at, and quotes nothing that others have said.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::finding::{Finding, State, Subject};
use crate::notes;

/// The file in the folder of the installation.
const FILE: &str = "alarms.json";
/// After so long what has to be mended is told again. A little less than a day, since looks are an hour apart.
const AGAIN: SignedDuration = SignedDuration::from_mins(24 * 60 - 30);

/// What operators were told, by what was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told(BTreeMap<String, Once>);

/// How it stood, and when that was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Once {
    state: State,
    at: Timestamp,
}

/// What is written to operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
}

impl Told {
    /// What was told by the installation of a folder. A file that is not there, or can't be understood, says nothing.
    #[must_use]
    pub fn read(folder: &Path) -> Self {
        let text = fs::read_to_string(folder.join(FILE)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Remembers it.
    ///
    /// # Errors
    /// When the folder can't be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        notes::write(folder, FILE, self)
    }

    /// What is to be told of findings, and what has been told once it is; no letter where nothing is new. `host` is the machine;
    /// `unseen` are the codes of cities that could not be looked at, of which nothing is taken to be mended.
    #[must_use]
    pub fn news(&self, findings: &[Finding], unseen: &[String], host: &str, now: Timestamp) -> (Option<Letter>, Self) {
        let mut amiss: BTreeMap<&str, &Finding> = BTreeMap::new();
        for finding in findings.iter().filter(|finding| finding.state != State::Good) {
            let worst = amiss.entry(&finding.check).or_insert(finding);
            if worst.state < finding.state {
                *worst = finding;
            }
        }
        let is_new = |finding: &Finding| match self.0.get(&finding.check) {
            None => true,
            Some(once) if once.state < finding.state => true,
            Some(once) => finding.state == State::Bad && now.duration_since(once.at) >= AGAIN,
        };
        let is_unseen = |check: &str| unseen.iter().any(|code| check.starts_with(code.as_str()));
        let past = self.0.iter().filter(|(check, _)| !amiss.contains_key(check.as_str()));
        let (kept, gone): (Vec<_>, Vec<_>) = past.partition(|(check, _)| is_unseen(check));
        let is_mended = gone.iter().any(|(_, once)| once.state == State::Bad);
        let is_told = is_mended || amiss.values().any(|finding| is_new(finding));
        // A letter names everything that is amiss, so all of it was told with it.
        let at = |check: &str| self.0.get(check).filter(|_| !is_told).map_or(now, |once| once.at);
        let seen =
            amiss.iter().map(|(check, finding)| ((*check).to_owned(), Once { state: finding.state, at: at(check) }));
        let told = Self(seen.chain(kept.into_iter().map(|(check, once)| (check.clone(), *once))).collect());
        let gone: Vec<&str> = gone.iter().map(|(check, _)| check.as_str()).collect();
        (is_told.then(|| letter(&amiss.into_values().collect::<Vec<_>>(), &gone, host)), told)
    }
}

fn letter(amiss: &[&Finding], gone: &[&str], host: &str) -> Letter {
    let of = |state: State| amiss.iter().filter(move |finding| finding.state == state);
    let (bad, warnings) = (of(State::Bad).count(), of(State::Warning).count());
    let subject = match (bad, warnings) {
        (0, 0) => format!("【カワセミ】直りました（{host}）"),
        (0, warnings) => format!("【カワセミ】見ておくことが{warnings}件あります（{host}）"),
        (bad, _) => format!("【カワセミ】直す必要のあることが{bad}件あります（{host}）"),
    };
    let mut text = format!("カワセミの点検の結果です（{host}）。\n");
    for state in [State::Bad, State::Warning] {
        for finding in of(state) {
            let (mark, label) = (state.mark(), state.label());
            text.push_str(&format!("\n{mark} {label}: {}\n", finding.check));
            if !quotes(finding.subject) {
                text.push_str(&format!("  {}\n", finding.message));
            }
        }
    }
    if !gone.is_empty() {
        text.push_str("\n○ 前に知らせて、今は見つからないもの:\n");
        gone.iter().for_each(|check| text.push_str(&format!("  {check}\n")));
    }
    text.push_str(
        "\nくわしくは、画面の「管理 › 運用の状況」か、サーバーで kawasemi doctor を実行して確かめてください。\n",
    );
    text.push_str("このメールは、様子が変わったときと、直す必要のあることが続くあいだ毎日送られます。\n");
    Letter { subject, text }
}

/// Whether findings of a subject quote what a job, another system or its files have said.
const fn quotes(subject: Subject) -> bool {
    matches!(subject, Subject::Queue | Subject::Transfer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(check: &str, state: State) -> Finding {
        Finding { subject: Subject::Disk, check: check.to_owned(), state, message: format!("{check}の様子。") }
    }

    fn hour(n: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(n)
    }

    #[test]
    fn what_has_to_be_mended_is_told_each_day_and_the_rest_once() {
        let bad = [finding("ディスク", State::Bad), finding("時計", State::Warning)];
        let (mut told, mut letters) = (Told::default(), Vec::new());
        for n in 0..50 {
            let (letter, then) = told.news(&bad, &[], "h", hour(n));
            letters.extend(letter.map(|_| n));
            told = then;
        }
        assert_eq!(letters, [0, 24, 48]);
        let warned = [finding("時計", State::Warning)];
        let (letter, told) = Told::default().news(&warned, &[], "h", hour(0));
        assert!(letter.unwrap().subject.contains("見ておくことが1件"));
        assert_eq!(told.news(&warned, &[], "h", hour(500)).0, None, "once is enough");
        let (letter, _) = told.news(&[finding("時計", State::Bad)], &[], "h", hour(1));
        assert!(letter.unwrap().subject.contains("直す必要のあることが1件"), "it has become worse");
    }

    #[test]
    fn what_is_mended_is_told_and_forgotten() {
        let (_, told) = Told::default().news(&[finding("ディスク", State::Bad)], &[], "h", hour(0));
        let (letter, told) = told.news(&[finding("ディスク", State::Good)], &[], "h", hour(1));
        let letter = letter.unwrap();
        assert!(letter.subject.contains("直りました") && letter.text.contains("ディスク"), "{letter:?}");
        assert_eq!(told, Told::default());
        let (_, told) = Told::default().news(&[finding("142182 鍵", State::Bad)], &[], "h", hour(0));
        let unseen = ["142182".to_owned()];
        assert_eq!(told.news(&[], &unseen, "h", hour(1)), (None, told.clone()), "nobody knows whether it is mended");
        let (_, told) = Told::default().news(&[finding("時計", State::Warning)], &[], "h", hour(0));
        assert_eq!(told.news(&[], &[], "h", hour(1)), (None, Told::default()), "a warning that is over is no news");
    }

    #[test]
    fn what_others_have_said_does_not_leave_the_machine() {
        let mut job = finding("送信", State::Warning);
        job.subject = Subject::Queue;
        job.message = "渡邉さんの届出を拒みました".to_owned();
        let (letter, _) = Told::default().news(&[job, finding("ディスク", State::Bad)], &[], "h", hour(0));
        let text = letter.unwrap().text;
        assert!(text.contains("送信") && !text.contains("渡邉") && text.contains("ディスクの様子。"), "{text}");
    }

    #[test]
    fn what_was_told_is_remembered_beside_the_data() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Told::read(folder.path()), Told::default());
        let (_, told) = Told::default().news(&[finding("ディスク", State::Bad)], &[], "h", hour(0));
        told.write(folder.path()).unwrap();
        assert_eq!(Told::read(folder.path()), told);
    }
}
