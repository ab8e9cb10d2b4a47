//! Signing in through the hall's own identity provider (庁内の認証基盤, OpenID Connect) for staff.
//!
//! Authorization code with PKCE, state and nonce. [`client`] talks to the provider: discovery, exchange, the ID token's
//! signature, issuer, audience and time. [`sign_in`] says whose account that is: by the subject that was linked, and the first
//! time, if the configuration allows it, by verified mail address or by login name. Groups may bring roles.
//!
//! The provider is believed about who somebody is, never about what this city does not map: a group without a role in the
//! configuration brings none.

pub mod client;
mod http;
pub mod sign_in;

use std::collections::BTreeMap;

use serde::Deserialize;
use url::Url;

pub use client::Provider;
pub use sign_in::{ProviderAnswer, ProviderRequest};

/// How a city's identity provider is reached and believed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProviderConfig {
    /// The issuer, below which `/.well-known/openid-configuration` lies; https, but on this machine.
    pub issuer: Url,
    /// The name under which this installation is known to the provider.
    pub client_id: String,
    /// How this installation proves itself to the provider.
    pub proof: ClientProof,
    /// The address to which the browser comes back.
    pub redirect: Url,
    /// Scopes beside `openid`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// How a subject finds its account the first time.
    #[serde(default)]
    pub first_link: FirstLink,
    /// Roles that groups bring.
    #[serde(default)]
    pub groups: Option<GroupRoles>,
    /// Certificates (PEM) of the hall's own authority, beside the public ones.
    #[serde(default)]
    pub authority_pem: Option<String>,
}

/// How this installation proves itself to the provider.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "method")]
pub enum ClientProof {
    /// A shared secret in the `Authorization` header.
    ClientSecretBasic {
        /// The secret.
        secret: String,
    },
    /// A shared secret in the form.
    ClientSecretPost {
        /// The secret.
        secret: String,
    },
    /// A signed statement (RS256), so that no secret is shared.
    PrivateKeyJwt {
        /// The RSA key in PEM (`BEGIN RSA PRIVATE KEY`).
        key_pem: String,
        /// The key's id, as the provider knows it.
        key_id: String,
    },
    /// Nothing but PKCE.
    None,
}

impl std::fmt::Debug for ClientProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ClientSecretBasic { .. } => "ClientSecretBasic(…)",
            Self::ClientSecretPost { .. } => "ClientSecretPost(…)",
            Self::PrivateKeyJwt { .. } => "PrivateKeyJwt(…)",
            Self::None => "None",
        })
    }
}

/// How a subject finds its account the first time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FirstLink {
    /// Not at all: accounts are linked by hand or by an import.
    #[default]
    Never,
    /// By the mail address, if the provider says that it is verified and exactly one account has it.
    VerifiedMail,
    /// By `preferred_username`, if it is a login name.
    PreferredUsername,
}

/// Roles that groups bring.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct GroupRoles {
    /// The claim with the list of groups.
    pub claim: String,
    /// The role for each group that brings one.
    pub roles: BTreeMap<String, String>,
}
