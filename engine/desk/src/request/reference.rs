//! The number of a request, which an error page shows and the log has.

use kawasemi_kernel::IdSource;

/// Letters and digits that can be told apart on the telephone: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A new number such as `7K3Q-9FMA`: forty random bits, enough to find one request among a day's.
pub fn new(ids: &dyn IdSource) -> String {
    let id = ids.next().as_u128();
    let mut text = String::with_capacity(9);
    for n in 0..8 {
        if n == 4 {
            text.push('-');
        }
        text.push(char::from(ALPHABET[((id >> (5 * n)) & 31) as usize]));
    }
    text
}
