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
use kawasemi_store::seal::{self, SealError, Seals};
use kawasemi_store::{Sql, Unit};
use sha2::Sha256;
use uuid::Uuid;

use crate::error::Result;
use crate::subscription::Webhook;
use crate::webhooks::Webhooks;

/// What secrets begin with.
const PREFIX: &str = "whsec_";
/// How long the secret before is still signed with after a new one was made.
pub const OVERLAP: SignedDuration = SignedDuration::from_hours(24);

/// A secret as it is kept: sealed, since signing needs it again. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Sealed(pub Vec<u8>);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

impl Webhooks {
    pub(crate) fn seal(&self, webhook: Uuid, secret: &str) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; seal::NONCE];
        self.parts.identity.entropy().fill(&mut nonce);
        self.parts.sealer.seal(&purpose(webhook), secret.as_bytes(), nonce)
    }

    /// The secrets with which a webhook's messages are signed at an instant. The one before is left out where it does not open
    /// any more: the present one may have been made for that very reason.
    pub(crate) fn opened(&self, webhook: &Webhook, at: Timestamp) -> Result<Vec<String>, SealError> {
        let old = webhook.old_secret.as_ref().filter(|_| webhook.old_secret_until.is_some_and(|until| at < until));
        let old = old.and_then(|old| self.open(webhook.id, &old.0).ok());
        Ok(std::iter::once(self.open(webhook.id, &webhook.secret.0)?).chain(old).collect())
    }

    fn open(&self, webhook: Uuid, sealed: &[u8]) -> Result<String, SealError> {
        let opened = self.parts.sealer.open(&purpose(webhook), sealed)?;
        String::from_utf8(opened).map_err(|_| SealError::Broken)
    }

    /// Seals anew what was sealed with an older key.
    ///
    /// # Errors
    /// When the keys or the database can't be read, or the database not written.
    pub async fn renew_seals(&self) -> Result<Seals> {
        let mut seals = Seals::default();
        for webhook in self.select(&Sql::text("1 = 1")).await? {
            for (column, sealed) in webhook.sealed() {
                if self.parts.sealer.is_current(&sealed.0)? {
                    continue;
                }
                let Ok(secret) = self.open(webhook.id, &sealed.0) else {
                    seals.lost += 1;
                    continue;
                };
                let update = Sql::with(
                    &format!("UPDATE {{webhook}} SET {column} = $3 WHERE id = $1 AND {column} = $2"),
                    [webhook.id.into(), sealed.0.clone().into(), self.seal(webhook.id, &secret)?.into()],
                );
                self.city().write(Unit::of([update.into()])).await?;
                seals.renewed += 1;
            }
        }
        Ok(seals)
    }

    /// How many secrets are kept sealed, and how many of them do not open with the keys that are there. Changes nothing.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn sealed_secrets(&self) -> Result<(usize, usize)> {
        let webhooks = self.select(&Sql::text("1 = 1")).await?;
        let all = || webhooks.iter().flat_map(|webhook| webhook.sealed().map(|(_, sealed)| (webhook.id, sealed)));
        let lost = all().filter(|(id, sealed)| self.open(*id, &sealed.0).is_err()).count();
        Ok((all().count(), lost))
    }
}

/// What a sealed secret is for: it opens for this webhook only.
fn purpose(webhook: Uuid) -> String {
    format!("webhook/{webhook}")
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
