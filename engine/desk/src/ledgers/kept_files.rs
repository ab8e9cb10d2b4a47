//! Files of a form that came back with mistakes: they are stored already, and the form carries along which they are, so that
//! nobody has to choose them again.
//!
//! What a form carries along is sealed for its sender, since a file's hash is what opens it. The key lives as long as the
//! process; after a restart, or on another node, the person is asked to choose the file again.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use kawasemi_kernel::FileRef;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

use crate::request::Cx;

/// The hidden entry of a file that is carried along.
pub const KEPT: &str = "_kept_file";

#[derive(Serialize, Deserialize)]
struct Kept {
    /// Whose form it was.
    account: Uuid,
    ledger: String,
    field: String,
    file: FileRef,
}

/// Seals a stored file for its sender.
pub fn seal(cx: &Cx, ledger: &str, field: &str, file: &FileRef) -> Option<String> {
    let account = cx.context().caller.account.as_ref()?.id;
    let kept = Kept { account, ledger: ledger.to_owned(), field: field.to_owned(), file: file.clone() };
    let content = serde_json::to_vec(&kept).ok()?;
    let code = mac(cx, &content).finalize().into_bytes();
    Some(format!("{}.{}", URL_SAFE_NO_PAD.encode(content), URL_SAFE_NO_PAD.encode(code)))
}

/// The field and the file of a seal, if it was made here for this person and this ledger.
pub fn open(cx: &Cx, ledger: &str, sealed: &str) -> Option<(String, FileRef)> {
    let (content, code) = sealed.split_once('.')?;
    let (content, code) = (URL_SAFE_NO_PAD.decode(content).ok()?, URL_SAFE_NO_PAD.decode(code).ok()?);
    mac(cx, &content).verify_slice(&code).ok()?;
    let kept: Kept = serde_json::from_slice(&content).ok()?;
    let is_own = cx.context().caller.account.as_ref().is_some_and(|account| account.id == kept.account);
    (is_own && kept.ledger == ledger).then_some((kept.field, kept.file))
}

fn mac(cx: &Cx, content: &[u8]) -> Hmac<Sha256> {
    static KEY: OnceLock<[u8; 32]> = OnceLock::new();
    let key = KEY.get_or_init(|| {
        let mut key = [0; 32];
        cx.city().identity.entropy().fill(&mut key);
        key
    });
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length").chain_update(content)
}
