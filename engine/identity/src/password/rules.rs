//! Which passwords are accepted.
//!
//! Length and not being the first guess matter, composition rules do not (NIST SP 800-63B): twelve characters or more, so a
//! few words with spaces do well, and nothing that an attacker tries first.

use thiserror::Error;
use unicode_normalization::UnicodeNormalization as _;

use super::LONGEST;

/// The fewest characters.
pub const SHORTEST: usize = 12;

/// Words that attackers begin with, alone or with digits and signs around them.
const FIRST_GUESSES: [&str; 40] = [
    "password",
    "passw0rd",
    "p@ssw0rd",
    "passwd",
    "pass",
    "qwerty",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "abc",
    "abcdef",
    "abcdefghijkl",
    "iloveyou",
    "letmein",
    "welcome",
    "admin",
    "administrator",
    "root",
    "user",
    "guest",
    "test",
    "demo",
    "login",
    "master",
    "monkey",
    "dragon",
    "football",
    "baseball",
    "sakura",
    "doraemon",
    "pokemon",
    "nihon",
    "japan",
    "tokyo",
    "kanagawa",
    "ayase",
    "ayasecity",
    "shiyakusho",
    "kawasemi",
    "changeme",
];

/// Why a password is refused, in words for the one who chose it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WeakPassword {
    /// It has too few characters.
    #[error(
        "パスワードは{SHORTEST}文字以上にしてください。いくつかの言葉を空白で区切って並べると、覚えやすく安全です。"
    )]
    TooShort,
    /// It has too many.
    #[error("パスワードが長すぎます。{LONGEST}バイト以下にしてください。")]
    TooLong,
    /// It contains the login name.
    #[error("パスワードに利用者名を含めないでください。")]
    HoldsLogin,
    /// It is among the first guesses.
    #[error("よく使われる言葉や並びのパスワードは、すぐに破られます。別のものにしてください。")]
    Common,
}

/// Checks a password that somebody chose.
///
/// # Errors
/// The first rule that it breaks.
pub fn check(password: &str, login: &str) -> Result<(), WeakPassword> {
    if password.len() > LONGEST {
        return Err(WeakPassword::TooLong);
    }
    let folded: String = password.nfkc().collect::<String>().to_lowercase();
    if folded.trim().chars().count() < SHORTEST {
        return Err(WeakPassword::TooShort);
    }
    let login = login.nfkc().collect::<String>().to_lowercase();
    // A login name of one or two letters occurs in honest words.
    if login.chars().count() >= 3 && folded.contains(&login) {
        return Err(WeakPassword::HoldsLogin);
    }
    if is_first_guess(&folded) || is_monotonous(&folded) { Err(WeakPassword::Common) } else { Ok(()) }
}

/// Whether nothing but first guesses is left when digits and signs are taken away.
fn is_first_guess(folded: &str) -> bool {
    let trimmed = folded.trim_matches(|c: char| !c.is_alphabetic());
    let words = folded.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    let guessed = |word: &str| FIRST_GUESSES.contains(&word) || halves_alike(word);
    guessed(trimmed) || words.clone().all(guessed)
}

/// Whether a first guess is written several times: `passwordpassword`.
fn halves_alike(word: &str) -> bool {
    FIRST_GUESSES.iter().any(|guess| {
        let times = word.len() / guess.len();
        times >= 2 && word.len().is_multiple_of(guess.len()) && *word == guess.repeat(times)
    })
}

/// Whether it repeats a short pattern or counts up or down: `aaaaaaaaaaaa`, `121212121212`, `123456789012`.
fn is_monotonous(folded: &str) -> bool {
    let letters: Vec<char> = folded.chars().filter(|c| !c.is_whitespace()).collect();
    let repeats = (1..=4).any(|period| letters.iter().skip(period).zip(&letters).all(|(a, b)| a == b));
    let steps =
        letters.windows(2).filter(|pair| (i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0]))).abs() <= 1);
    // Honest words hold a few neighbouring letters; a sequence has little else.
    repeats || steps.count() * 4 >= letters.len() * 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_welcome() {
        for good in
            ["correct horse battery", "川べりの かわせみは 魚をとる", "Tq7#vLw2!mZp", "綾瀬の川にすむかわせみの子"]
        {
            assert_eq!(check(good, "tanaka"), Ok(()), "{good}");
        }
    }

    #[test]
    fn first_guesses_are_refused() {
        for bad in [
            "password1234",
            "Password!2026",
            "passwordpassword",
            "123456789012",
            "987654321098",
            "aaaaaaaaaaaa",
            "abababababab",
            "qwertyuiop12",
            "admin-admin-1",
            "ＰＡＳＳＷＯＲＤ１２３４",
            "kawasemi2026!",
            "2026-11-22-01",
            "ayase ayase ayase",
        ] {
            assert_eq!(check(bad, "tanaka"), Err(WeakPassword::Common), "{bad}");
        }
    }

    #[test]
    fn length_and_login_are_checked() {
        assert_eq!(check("short pass", "tanaka"), Err(WeakPassword::TooShort));
        assert_eq!(check("           a", "tanaka"), Err(WeakPassword::TooShort));
        assert_eq!(check(&"長い".repeat(300), "tanaka"), Err(WeakPassword::TooLong));
        assert_eq!(check("my name is Tanaka ok", "tanaka"), Err(WeakPassword::HoldsLogin));
        assert_eq!(check("river and bird and io", "io"), Ok(()));
    }
}
