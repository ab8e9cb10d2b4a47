//! Secrets that the program makes: session cookies, API tokens, states of a sign-in, recovery codes.
//!
//! A secret has 256 bits from the operating system, is shown or sent once, and is kept only as its SHA-256. No slow hash
//! is needed: nobody guesses 256 random bits. Randomness is a parameter ([`Entropy`]), so that a test can fix it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngCore as _;
use sha2::{Digest as _, Sha256};

/// A source of bytes that nobody can predict.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's randomness. Only `app` makes one.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        rand::rngs::OsRng.fill_bytes(bytes);
    }
}

/// Bytes that follow from a seed, for tests and for a demo city that must come out the same twice. Never for a real city.
#[derive(Debug, Default)]
pub struct SeededEntropy {
    seed: u64,
    blocks: AtomicU64,
}

impl SeededEntropy {
    /// Starts a sequence.
    pub fn new(seed: u64) -> Self {
        Self { seed, blocks: AtomicU64::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let block = self.blocks.fetch_add(1, Ordering::Relaxed);
            let digest =
                Sha256::new().chain_update(self.seed.to_be_bytes()).chain_update(block.to_be_bytes()).finalize();
            chunk.copy_from_slice(&digest[..chunk.len()]);
        }
    }
}

/// A secret of 256 bits. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    /// A new secret.
    pub fn new(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    /// Reads what [`Secret::reveal`] wrote; none for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        // 43 characters is the one length that 32 bytes have; longer input is not even decoded.
        if text.len() != 43 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// The text that is sent or shown: 43 characters that are safe in URLs, cookies and headers.
    pub fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What is stored of it.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_survives_its_text_and_nothing_else_is_one() {
        let secret = Secret::new(&SeededEntropy::new(1));
        let text = secret.reveal();
        assert_eq!(Secret::parse(&text), Some(secret));
        for bad in ["", "x", &text[1..], &format!("{text}="), &format!(" {text}"), &"公".repeat(43)] {
            assert_eq!(Secret::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn secrets_differ_and_are_not_shown_in_logs() {
        let entropy = SeededEntropy::new(1);
        let (one, two) = (Secret::new(&entropy), Secret::new(&entropy));
        assert_ne!(one, two);
        assert_ne!(one.hash(), two.hash());
        assert_eq!(format!("{one:?}"), "Secret(…)");
        assert_ne!(Secret::new(&SystemEntropy), Secret::new(&SystemEntropy));
    }
}
