//! Proof that a form was made for the one who sends it (CSRF対策).
//!
//! A token is `nonce ‖ HMAC-SHA256(secret, "csrf" ‖ nonce)`, where the secret is the one in the visitor's cookie. It is bound to
//! the session, needs no row, dies with the session, and differs on every page, so that compression leaks nothing about
//! it (BREACH). Visitors who have not signed in get a cookie with a secret of their own, which protects the sign-in form.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::secret::{Entropy, Secret};

const NONCE: usize = 16;

/// Makes a token for the holder of a secret.
pub fn issue(secret: &Secret, entropy: &dyn Entropy) -> String {
    let mut token = vec![0; NONCE];
    entropy.fill(&mut token);
    let code = mac(secret, &token).finalize().into_bytes();
    token.extend_from_slice(&code);
    URL_SAFE_NO_PAD.encode(token)
}

/// Whether a token was made for the holder of a secret. Takes the same time for every wrong token of the right length.
pub fn verify(secret: &Secret, token: &str) -> bool {
    if token.len() != 64 {
        return false;
    }
    let Ok(token) = URL_SAFE_NO_PAD.decode(token) else { return false };
    let (nonce, code) = token.split_at(NONCE);
    mac(secret, nonce).verify_slice(code).is_ok()
}

fn mac(secret: &Secret, nonce: &[u8]) -> Hmac<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.bytes()).expect("HMAC takes keys of any length");
    mac.chain_update(b"kawasemi/csrf/1").chain_update(nonce)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SeededEntropy;

    #[test]
    fn a_token_belongs_to_one_session_and_differs_each_time() {
        let entropy = SeededEntropy::new(3);
        let (mine, yours) = (Secret::new(&entropy), Secret::new(&entropy));
        let (one, two) = (issue(&mine, &entropy), issue(&mine, &entropy));
        assert_ne!(one, two);
        assert!(verify(&mine, &one) && verify(&mine, &two));
        assert!(!verify(&yours, &one));
    }

    #[test]
    fn a_changed_or_foreign_token_is_refused() {
        let secret = Secret::new(&SeededEntropy::new(3));
        let good = issue(&secret, &SeededEntropy::new(4));
        for n in 0..good.len() {
            let mut bad = good.clone().into_bytes();
            bad[n] = if bad[n] == b'A' { b'B' } else { b'A' };
            assert!(!verify(&secret, &String::from_utf8(bad).unwrap()), "character {n}");
        }
        for bad in ["", "A", &good[..63], &format!("{good}A"), &"公".repeat(22)] {
            assert!(!verify(&secret, bad));
        }
    }
}
