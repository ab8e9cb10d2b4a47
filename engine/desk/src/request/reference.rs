//! The number of a request, which an error page shows and the log has.

use kawasemi_kernel::IdSource;
use uuid::Uuid;

/// Letters and digits that can be told apart on the telephone: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A new number such as `7K3Q-9FMA`: forty random bits, enough to find one request among a day's.
pub fn new(ids: &dyn IdSource) -> String {
    of(ids.next())
}

/// Whether a text has the form of such a number.
pub fn is_one(text: &str) -> bool {
    text.len() == 9
        && text.bytes().enumerate().all(|(n, byte)| if n == 4 { byte == b'-' } else { ALPHABET.contains(&byte) })
}

/// The number of an id: the same each time.
pub fn of(id: Uuid) -> String {
    let id = id.as_u128();
    let mut text = String::with_capacity(9);
    for n in 0..8 {
        if n == 4 {
            text.push('-');
        }
        text.push(char::from(ALPHABET[((id >> (5 * n)) & 31) as usize]));
    }
    text
}
