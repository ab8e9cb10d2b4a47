//! Sealing a parcel to the receiver's key (封緘), after RFC 9180 (HPKE): X25519, HKDF-SHA256, AES-256-GCM.
//!
//! Base mode: who sealed is not part of it, since the bundle that carries it is signed. What is sealed is bound to the city,
//! the direction, the parcel's id and its kind, and opens as nothing else. The form is
//! `format (1) · name of the key (8) · encapsulated key (32) · ciphertext`.

use std::convert::Infallible;

use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable as _, Kem, OpModeR, OpModeS, Serializable as _};
use jiff::Timestamp;
use kawasemi_identity::Entropy;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::parcel::Parcel;
use crate::side::Side;

/// The first byte, for the day when another cipher is needed.
const FORMAT: u8 = 1;
/// Bytes of a key's name.
const NAME: usize = 8;
/// Bytes of the encapsulated key.
const ENCAPSULATED: usize = 32;
const HEADER: usize = 1 + NAME + ENCAPSULATED;
/// The largest content of a parcel.
pub const LARGEST: usize = 16 * 1024 * 1024;
/// What the whole scheme is bound to.
const INFO: &[u8] = b"kawasemi-courier/1";

type PrivateKey = <X25519HkdfSha256 as Kem>::PrivateKey;
type PublicKey = <X25519HkdfSha256 as Kem>::PublicKey;

/// What an envelope is bound to beside its parcel: the city and the side that sends.
#[derive(Clone, Copy, Debug)]
pub struct Bound<'a> {
    /// The city's code.
    pub city: &'a str,
    /// The side that sends.
    pub from: Side,
}

/// Why an envelope does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unopened {
    /// It is no envelope, or was altered, or is another parcel's.
    Broken,
}

/// The public key for sealing that belongs to 32 secret random bytes.
#[must_use]
pub fn public_key(secret: &[u8; 32]) -> [u8; 32] {
    let (_, public) = pair(secret);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(&public.to_bytes());
    bytes
}

/// Seals a parcel to a receiver's public key; none where that is no key.
pub(crate) fn seal(
    bound: Bound<'_>,
    key: &str,
    public: &[u8],
    parcel: &Parcel,
    entropy: &dyn Entropy,
) -> Option<Vec<u8>> {
    let public = PublicKey::from_bytes(public).ok()?;
    let mut plain = parcel.at.as_microsecond().to_be_bytes().to_vec();
    plain.extend_from_slice(&parcel.body);
    let about = about(bound, parcel.id, &parcel.kind);
    let (encapsulated, sealed) = hpke::single_shot_seal_with_rng::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &public,
        INFO,
        &plain,
        &about,
        &mut Drawn(entropy),
    )
    .ok()?;
    let mut envelope = vec![FORMAT];
    envelope.extend(hex::decode(key).ok().filter(|name| name.len() == NAME)?);
    envelope.extend_from_slice(&encapsulated.to_bytes());
    envelope.extend(sealed);
    Some(envelope)
}

/// The name of the key to which an envelope is sealed.
pub(crate) fn key_of(envelope: &[u8]) -> Option<String> {
    (envelope.len() > HEADER && envelope[0] == FORMAT).then(|| hex::encode(&envelope[1..=NAME]))
}

/// Opens an envelope with the secret of the key that it names.
pub(crate) fn open(
    bound: Bound<'_>,
    secret: &[u8; 32],
    id: Uuid,
    kind: &str,
    envelope: &[u8],
) -> Result<Parcel, Unopened> {
    if envelope.len() <= HEADER || envelope[0] != FORMAT {
        return Err(Unopened::Broken);
    }
    let encapsulated = &envelope[1 + NAME..HEADER];
    let encapsulated =
        <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| Unopened::Broken)?;
    let plain = hpke::single_shot_open::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Base,
        &pair(secret).0,
        &encapsulated,
        INFO,
        &envelope[HEADER..],
        &about(bound, id, kind),
    )
    .map_err(|_| Unopened::Broken)?;
    let (at, body) = plain.split_first_chunk::<8>().ok_or(Unopened::Broken)?;
    let at = Timestamp::from_microsecond(i64::from_be_bytes(*at)).map_err(|_| Unopened::Broken)?;
    Ok(Parcel { id, kind: kind.to_owned(), at, body: body.to_vec() })
}

/// The hash of an envelope, in hexadecimal digits.
#[must_use]
pub fn hash(envelope: &[u8]) -> String {
    hex::encode(Sha256::digest(envelope))
}

fn pair(secret: &[u8; 32]) -> (PrivateKey, PublicKey) {
    X25519HkdfSha256::derive_keypair(secret)
}

/// What an envelope is bound to. The kind comes last, so that the parts can't run into one another.
fn about(bound: Bound<'_>, id: Uuid, kind: &str) -> Vec<u8> {
    format!("{}/{}/{id}/{kind}", bound.city, bound.from.key()).into_bytes()
}

/// The program's source of randomness, as the library asks for it.
struct Drawn<'a>(&'a dyn Entropy);

impl TryRng for Drawn<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Drawn<'_> {}

#[cfg(test)]
mod tests {
    use kawasemi_identity::SeededEntropy;

    use super::*;

    #[test]
    fn an_envelope_opens_for_its_key_city_direction_and_parcel_alone() {
        let (secret, other) = ([7; 32], [8; 32]);
        let at = Timestamp::from_second(1_800_000_000).expect("an instant");
        let parcel = Parcel { id: Uuid::from_u128(5), kind: "enquiry".into(), at, body: "道路の穴".into() };
        let bound = Bound { city: "142182", from: Side::Portal };
        let key = "0011223344556677";
        let sealed = seal(bound, key, &public_key(&secret), &parcel, &SeededEntropy::new(1)).expect("is sealed");
        assert_eq!(key_of(&sealed).as_deref(), Some(key));
        assert_eq!(open(bound, &secret, parcel.id, "enquiry", &sealed).as_ref(), Ok(&parcel));
        assert!(!sealed.windows(4).any(|window| window == &parcel.body[..4]));
        let broken = Err(Unopened::Broken);
        assert_eq!(open(bound, &other, parcel.id, "enquiry", &sealed), broken);
        assert_eq!(open(Bound { city: "142158", ..bound }, &secret, parcel.id, "enquiry", &sealed), broken);
        assert_eq!(open(Bound { from: Side::Desk, ..bound }, &secret, parcel.id, "enquiry", &sealed), broken);
        assert_eq!(open(bound, &secret, Uuid::from_u128(6), "enquiry", &sealed), broken);
        assert_eq!(open(bound, &secret, parcel.id, "other", &sealed), broken);
        for at in [9, HEADER, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(open(bound, &secret, parcel.id, "enquiry", &changed), broken, "byte {at}");
        }
        assert_eq!(open(bound, &secret, parcel.id, "enquiry", &sealed[..HEADER]), broken);
    }
}
