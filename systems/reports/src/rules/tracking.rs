//! Tracking numbers (受付番号): what a resident keeps. It follows from the report's id, so that the portal can tell it before the desk
//! has the report, and it can't be guessed, since whoever has it sees how far the report is.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Letters and digits that can be told apart on the telephone: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The number of a report: fifty bits, written `7K3Q9-FMA2X`. A million reports share one with a chance of one in two thousand; the
/// ledger refuses the second, and the form is sent again under another id.
pub fn number(id: Uuid) -> String {
    // Not the id's own bits: its first half is the time, which can be guessed.
    let hash = Sha256::new().chain_update(b"kawasemi/report").chain_update(id.as_bytes()).finalize();
    let mut bits = hash[..8].iter().fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
    let mut text = String::with_capacity(11);
    for n in 0..10 {
        if n == 5 {
            text.push('-');
        }
        text.push(char::from(ALPHABET[(bits & 31) as usize]));
        bits >>= 5;
    }
    text
}

/// The id that follows from a hash: the same content is the same thing, however often it is sent.
pub fn id_from(hash: &[u8]) -> Uuid {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash).for_each(|(byte, of)| *byte = *of);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// A number as somebody typed it, in the form in which it is kept: small letters, full width, spaces and the letters that look like
/// digits are understood. None if it can't be one.
pub fn read(text: &str) -> Option<String> {
    let folded = crate::kernel::text::fold(text).to_uppercase();
    let letters: Vec<char> = folded
        .chars()
        .filter(|letter| !letter.is_whitespace() && !matches!(letter, '-' | 'ー' | '‐' | '−'))
        .map(|letter| match letter {
            'O' => '0',
            'I' | 'L' => '1',
            letter => letter,
        })
        .collect();
    let is_one = letters.len() == 10 && letters.iter().all(|l| l.is_ascii() && ALPHABET.contains(&(*l as u8)));
    is_one.then(|| {
        let (first, last): (String, String) = (letters[..5].iter().collect(), letters[5..].iter().collect());
        format!("{first}-{last}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_follows_from_the_id_and_can_be_typed() {
        let id = Uuid::from_u128(1);
        let number = number(id);
        assert_eq!(number, super::number(id));
        assert_ne!(number, super::number(Uuid::from_u128(2)));
        assert_eq!(read(&number).as_deref(), Some(number.as_str()));
        let typed = format!("  {} ", number.to_lowercase().replace('-', " "));
        assert_eq!(read(&typed).as_deref(), Some(number.as_str()));
        assert_eq!(read("7K3Q9-FMA2"), None);
        assert_eq!(read("7K3Q9-FMA2U"), None);
        assert_eq!(read("OIL00-00000").as_deref(), Some("01100-00000"));
    }

    #[test]
    fn many_numbers_are_different() {
        let numbers: std::collections::HashSet<String> = (0..20_000).map(|n| number(Uuid::from_u128(n))).collect();
        assert_eq!(numbers.len(), 20_000);
    }
}
