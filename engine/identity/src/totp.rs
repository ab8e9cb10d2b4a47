//! One-time codes (確認コード, TOTP, RFC 6238) and recovery codes: the second factor beside a password.
//!
//! Pure: the secret, the code, the instant and the last step used come in. Six digits, thirty seconds, SHA-1, since that is what
//! every authenticator app understands. A code of the step before or after is accepted, and no step twice.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use totp_rs::{Algorithm, TOTP};
use uuid::Uuid;

use crate::error::{IdentityError, Result};
use crate::secret::Entropy;

/// Seconds of a step.
const STEP: u64 = 30;
/// Bytes of a secret: 160 bits, as RFC 4226 recommends.
pub(crate) const SECRET: usize = 20;
/// How many recovery codes are given.
pub const RECOVERY_CODES: usize = 10;
/// Letters of recovery codes: none that is taken for another.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// What an authenticator app is given.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The secret, for storing.
    pub secret: Vec<u8>,
    /// The secret in base 32, for typing.
    pub typed: String,
    /// The `otpauth://` address, for a QR code.
    pub url: String,
}

/// Makes a secret for an account. `issuer` is the city's name.
///
/// # Errors
/// [`IdentityError::Internal`] never happens with a checked login name; it says that the library refused.
pub fn enrol(issuer: &str, login: &str, entropy: &dyn Entropy) -> Result<Enrolment> {
    let mut secret = vec![0; SECRET];
    entropy.fill(&mut secret);
    // A colon separates issuer and account in the address.
    let name = |text: &str| text.replace(':', "_");
    let totp = TOTP::new(Algorithm::SHA1, 6, 1, STEP, secret.clone(), Some(name(issuer)), name(login))
        .map_err(|error| IdentityError::internal(error.to_string()))?;
    Ok(Enrolment { secret, typed: totp.get_secret_base32(), url: totp.get_url() })
}

/// Checks a code. Answers the step that it belongs to, which is to be stored as the last used; none if the code is wrong
/// or its step is not later than `last_step`.
pub fn verify(secret: &[u8], code: &str, at: Timestamp, last_step: Option<i64>) -> Option<i64> {
    let code = digits(code)?;
    let totp = TOTP::new(Algorithm::SHA1, 6, 1, STEP, secret.to_vec(), None, String::new()).ok()?;
    let now = u64::try_from(at.as_second()).ok()? / STEP;
    (now.saturating_sub(1)..=now + 1)
        .filter(|step| bool::from(totp.generate(step * STEP).as_bytes().ct_eq(code.as_bytes())))
        .filter_map(|step| i64::try_from(step).ok())
        .find(|step| last_step.is_none_or(|last| *step > last))
}

/// The code as ASCII digits: people type it with a space, or with the input method on.
fn digits(code: &str) -> Option<String> {
    if code.len() > 64 {
        return None;
    }
    let plain = |c: char| match c {
        '0'..='9' => Some(c),
        '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10),
        _ => None,
    };
    let code: Option<String> = code.chars().filter(|c| !c.is_whitespace() && *c != '-').map(plain).collect();
    code.filter(|code| code.len() == 6)
}

/// Makes recovery codes: sixteen letters (80 bits) in groups of four, to be printed and kept.
pub fn recovery_codes(entropy: &dyn Entropy) -> Vec<String> {
    let code = |_| {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        let letters: Vec<u8> = bytes.iter().map(|byte| LETTERS[usize::from(byte % 32)]).collect();
        let groups: Vec<String> = letters.chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
        groups.join("-")
    };
    (0..RECOVERY_CODES).map(code).collect()
}

/// What is stored of a recovery code; none if it is not the shape of one. 80 random bits need no slow hash.
pub fn recovery_hash(account: Uuid, code: &str) -> Option<[u8; 32]> {
    if code.len() > 64 {
        return None;
    }
    let letters: String =
        code.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_lowercase()).collect();
    let shaped = letters.len() == 16 && letters.bytes().all(|letter| LETTERS.contains(&letter));
    shaped.then(|| Sha256::new().chain_update(account.as_bytes()).chain_update(letters).finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SeededEntropy;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// The secret and one code of RFC 6238's appendix B, cut to six digits.
    const RFC_SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn the_standards_own_values_are_accepted() {
        assert_eq!(verify(RFC_SECRET, "287082", at(59), None), Some(1));
        assert_eq!(verify(RFC_SECRET, "081804", at(1_111_111_109), None), Some(37_037_036));
        assert_eq!(verify(RFC_SECRET, "０８１ ８０４", at(1_111_111_109), None), Some(37_037_036));
    }

    #[test]
    fn one_step_of_difference_is_forgiven_and_two_are_not() {
        for (second, accepted) in [(29, true), (59, true), (89, true), (90, false), (119, false)] {
            assert_eq!(verify(RFC_SECRET, "287082", at(second), None).is_some(), accepted, "second {second}");
        }
    }

    #[test]
    fn no_code_works_twice() {
        let step = verify(RFC_SECRET, "287082", at(59), None);
        assert_eq!(verify(RFC_SECRET, "287082", at(60), step), None);
    }

    #[test]
    fn other_text_is_no_code() {
        for bad in ["", "28708", "2870821", "28708x", "287083", &"2".repeat(100_000)] {
            assert_eq!(verify(RFC_SECRET, bad, at(59), None), None);
        }
    }

    #[test]
    fn an_app_understands_the_address() {
        let made = enrol("綾瀬市", "tanaka:1", &SeededEntropy::new(2)).unwrap();
        let read = TOTP::from_url(&made.url).unwrap();
        assert_eq!(read.secret, made.secret);
        assert_eq!(read.issuer.as_deref(), Some("綾瀬市"));
        assert_eq!(verify(&made.secret, &read.generate(90), at(90), None), Some(3));
    }

    #[test]
    fn recovery_codes_are_known_again_however_typed() {
        let account = Uuid::from_u128(1);
        let codes = recovery_codes(&SeededEntropy::new(2));
        assert_eq!(codes.len(), RECOVERY_CODES);
        let hash = recovery_hash(account, &codes[0]);
        assert!(hash.is_some());
        assert_eq!(recovery_hash(account, &codes[0].to_uppercase().replace('-', " ")), hash);
        assert_ne!(recovery_hash(account, &codes[1]), hash);
        assert_ne!(recovery_hash(Uuid::from_u128(2), &codes[0]), hash, "a code belongs to one account");
        assert_eq!(recovery_hash(account, "1234"), None);
    }
}
