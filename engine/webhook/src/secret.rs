//! Secrets and signatures after the Standard Webhooks convention (<https://www.standardwebhooks.com/>).
//!
//! A message carries its id, the second of its sending and signatures of `id.second.body`. While a secret is being replaced
//! there is one signature for each of the two, so that the receiver can change over at leisure.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use jiff::{SignedDuration, Timestamp};
use kawasemi_identity::Entropy;
use sha2::Sha256;

/// What secrets begin with.
const PREFIX: &str = "whsec_";
/// How long the secret before is still signed with after a new one was made.
pub const OVERLAP: SignedDuration = SignedDuration::from_hours(24);

/// A secret as it is kept, since signing needs it. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Kept(pub String);

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept(…)")
    }
}

/// A new secret of 256 bits, as it is shown once.
#[must_use]
pub fn new(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    format!("{PREFIX}{}", STANDARD.encode(bytes))
}

/// The value of `webhook-signature`: one signature for each secret.
pub(crate) fn signatures<'a>(
    secrets: impl IntoIterator<Item = &'a str>,
    id: &str,
    at: Timestamp,
    body: &str,
) -> String {
    let sign = |secret: &str| {
        let key = STANDARD.decode(secret.strip_prefix(PREFIX)?).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
        mac.update(format!("{id}.{}.{body}", at.as_second()).as_bytes());
        Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    };
    secrets.into_iter().filter_map(sign).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use kawasemi_identity::SeededEntropy;

    use super::*;

    #[test]
    fn the_signature_is_that_of_the_convention() {
        // The example of the convention's own libraries.
        let (secret, id) = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek");
        let at = Timestamp::from_second(1_614_265_330).expect("an instant");
        let signed = signatures([secret], id, at, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let both = signatures([new(&SeededEntropy::new(1)).as_str(), secret], id, at, r#"{"test": 2432232314}"#);
        assert!(both.starts_with("v1,") && both.ends_with(&format!(" {signed}")));
    }
}
