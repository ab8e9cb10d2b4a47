//! The provider as this program knows it: found out once an hour, asked for tokens, and its statements checked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreResponseType,
    CoreRevocableToken, CoreRevocationErrorResponse, CoreRsaPrivateSigningKey, CoreTokenIntrospectionResponse,
    CoreTokenType,
};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthType, AuthenticationFlow, AuthorizationCode, ClaimsVerificationError,
    Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    IdTokenFields, IssuerUrl, JsonWebKeyId, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier,
    PrivateSigningKey as _, RedirectUrl, Scope, SignatureVerificationError, StandardErrorResponse,
    StandardTokenResponse, TokenResponse as _, UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::Url;

use super::http::Http;
use super::{ClientProof, FirstLink, ProviderConfig};
use crate::error::{IdentityError, Result};
use crate::identity::after;

/// How long what was found out is believed.
const BELIEVED: SignedDuration = SignedDuration::from_hours(1);
/// How long our signed proof is good.
const PROOF_LASTS: i64 = 60;
/// A difference between the provider's clock and ours that is forgiven, in seconds.
const CLOCKS_DIFFER: i64 = 60;

/// Claims that the standard does not name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Extra(BTreeMap<String, Value>);

impl AdditionalClaims for Extra {}

type Fields = IdTokenFields<
    Extra,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
type OidcClient = Client<
    Extra,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// A city's identity provider. One for each city that has one; cheap to clone.
#[derive(Clone)]
pub struct Provider {
    inner: Arc<Inner>,
}

struct Inner {
    config: ProviderConfig,
    http: Http,
    found: Mutex<Option<Found>>,
}

#[derive(Clone)]
struct Found {
    metadata: CoreProviderMetadata,
    at: Timestamp,
}

/// What the server remembers while the browser is at the provider.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Journey {
    pub nonce: String,
    pub verifier: String,
    /// The instant at which it began, in seconds, where a new proof was asked for.
    pub proof_since: Option<i64>,
}

/// Who somebody is, as the provider vouches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Vouched {
    pub subject: String,
    /// The mail address, if it is verified.
    pub verified_mail: Option<String>,
    pub preferred_username: Option<String>,
    pub groups: BTreeSet<String>,
    /// When the person proved themselves to the provider.
    pub proved_at: Option<Timestamp>,
}

impl Provider {
    /// Prepares a provider. It is asked for nothing yet.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`] for an issuer that is not https (but on this machine), or a key or certificate that
    /// can't be read.
    pub fn new(config: ProviderConfig) -> Result<Self> {
        let own = matches!(config.issuer.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if config.issuer.scheme() != "https" && !own {
            return Err(IdentityError::invalid("認証基盤の issuer は https で始まるアドレスにしてください。"));
        }
        if let ClientProof::PrivateKeyJwt { key_pem, key_id } = &config.proof {
            signing_key(key_pem, key_id)
                .map_err(|_| IdentityError::invalid("認証基盤の key-pem を RSA 鍵（PKCS#1 PEM）として読めません。"))?;
        }
        let http = Http::new(config.authority_pem.as_deref())
            .map_err(|_| IdentityError::invalid("認証基盤の authority-pem を証明書として読めません。"))?;
        Ok(Self { inner: Arc::new(Inner { config, http, found: Mutex::new(None) }) })
    }

    /// How it is reached and believed.
    pub fn config(&self) -> &ProviderConfig {
        &self.inner.config
    }

    /// The issuer as the provider writes it.
    pub(super) fn issuer(&self) -> &str {
        // Url ends a bare host with a slash, which most providers do not write.
        self.inner.config.issuer.as_str().trim_end_matches('/')
    }

    /// Where the browser is sent, and what to remember. With `again`, the provider has to ask for a new proof.
    pub(super) async fn departure(&self, at: Timestamp, state: &str, again: bool) -> Result<(Url, Journey)> {
        let client = self.client(at, false).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let state = state.to_owned();
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let mut request =
            client.authorize_url(flow, move || CsrfToken::new(state), Nonce::new_random).set_pkce_challenge(challenge);
        for scope in &self.inner.config.scopes {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        if again {
            request = request.add_prompt(CoreAuthPrompt::Login).set_max_age(std::time::Duration::ZERO);
        }
        let (url, _, nonce) = request.url();
        let proof_since = again.then(|| at.as_second());
        let journey = Journey { nonce: nonce.secret().clone(), verifier: verifier.into_secret(), proof_since };
        Ok((url, journey))
    }

    /// Exchanges the code and checks everything that the provider states.
    pub(super) async fn arrival(&self, at: Timestamp, journey: Journey, code: &str, jti: &str) -> Result<Vouched> {
        let client = self.client(at, false).await?;
        let mut request = client.exchange_code(AuthorizationCode::new(code.to_owned())).map_err(provider)?;
        request = request.set_pkce_verifier(PkceCodeVerifier::new(journey.verifier));
        if let ClientProof::PrivateKeyJwt { key_pem, key_id } = &self.inner.config.proof {
            let audience = client.token_uri().map_or_else(|| self.issuer(), |uri| uri.as_str());
            let assertion = self.assertion(key_pem, key_id, audience, at, jti)?;
            request = request
                .add_extra_param("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
                .add_extra_param("client_assertion", assertion);
        }
        let tokens = request.request_async(&self.inner.http).await.map_err(provider)?;
        let nonce = Nonce::new(journey.nonce);
        let vouched = match check(&client, &tokens, &nonce, at) {
            // The provider has changed its keys since we looked.
            Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) => {
                check(&self.client(at, true).await?, &tokens, &nonce, at)
            }
            other => other,
        };
        let (mut vouched, extra) = vouched.map_err(provider)?;
        vouched.groups.extend(self.groups(&extra));
        if let Some(since) = journey.proof_since {
            let proved = vouched.proved_at.map(Timestamp::as_second);
            if proved.is_none_or(|proved| proved < since - CLOCKS_DIFFER) {
                return Err(IdentityError::StepUpNeeded);
            }
        }
        self.complete(&client, &tokens, &mut vouched).await?;
        Ok(vouched)
    }

    /// Asks for the claims that the ID token did not bring; many providers give them only here.
    async fn complete(&self, client: &OidcClient, tokens: &Tokens, vouched: &mut Vouched) -> Result<()> {
        let config = &self.inner.config;
        let lacks_name = match config.first_link {
            FirstLink::Never => false,
            FirstLink::VerifiedMail => vouched.verified_mail.is_none(),
            FirstLink::PreferredUsername => vouched.preferred_username.is_none(),
        };
        let lacks_groups = config.groups.is_some() && vouched.groups.is_empty();
        let subject = openidconnect::SubjectIdentifier::new(vouched.subject.clone());
        if !lacks_name && !lacks_groups {
            return Ok(());
        }
        let Ok(request) = client.user_info(tokens.access_token().clone(), Some(subject)) else { return Ok(()) };
        let info: UserInfoClaims<Extra, CoreGenderClaim> =
            request.request_async(&self.inner.http).await.map_err(provider)?;
        if info.email_verified() == Some(true) {
            vouched.verified_mail = info.email().map(|mail| mail.as_str().to_lowercase());
        }
        if let Some(name) = info.preferred_username() {
            vouched.preferred_username = Some(name.as_str().to_owned());
        }
        vouched.groups.extend(self.groups(info.additional_claims()));
        Ok(())
    }

    fn groups(&self, extra: &Extra) -> Vec<String> {
        let claim = self.inner.config.groups.as_ref().and_then(|groups| extra.0.get(&groups.claim));
        match claim {
            Some(Value::Array(groups)) => groups.iter().filter_map(|group| group.as_str().map(str::to_owned)).collect(),
            Some(Value::String(group)) => vec![group.clone()],
            _ => Vec::new(),
        }
    }

    async fn client(&self, at: Timestamp, anew: bool) -> Result<OidcClient> {
        let metadata = self.metadata(at, anew).await?;
        let config = &self.inner.config;
        let (secret, auth_type) = match &config.proof {
            ClientProof::ClientSecretBasic { secret } => (Some(ClientSecret::new(secret.clone())), AuthType::BasicAuth),
            ClientProof::ClientSecretPost { secret } => {
                (Some(ClientSecret::new(secret.clone())), AuthType::RequestBody)
            }
            ClientProof::PrivateKeyJwt { .. } | ClientProof::None => (None, AuthType::RequestBody),
        };
        let redirect = RedirectUrl::from_url(config.redirect.clone());
        Ok(OidcClient::from_provider_metadata(metadata, ClientId::new(config.client_id.clone()), secret)
            .set_redirect_uri(redirect)
            .set_auth_type(auth_type))
    }

    /// What the provider publishes. One request at a time asks; the others wait for its answer.
    async fn metadata(&self, at: Timestamp, anew: bool) -> Result<CoreProviderMetadata> {
        let mut found = self.inner.found.lock().await;
        if let Some(known) = found.as_ref().filter(|known| !anew && at < after(known.at, BELIEVED)) {
            return Ok(known.metadata.clone());
        }
        let issuer = IssuerUrl::new(self.issuer().to_owned()).map_err(provider)?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &self.inner.http).await.map_err(provider)?;
        *found = Some(Found { metadata: metadata.clone(), at });
        Ok(metadata)
    }

    /// The signed statement by which we prove ourselves (RFC 7523).
    fn assertion(&self, key_pem: &str, key_id: &str, audience: &str, at: Timestamp, jti: &str) -> Result<String> {
        let key = signing_key(key_pem, key_id).map_err(IdentityError::internal)?;
        let now = at.as_second();
        let client_id = &self.inner.config.client_id;
        let claims = json!({
            "iss": client_id, "sub": client_id, "aud": audience, "jti": jti, "iat": now, "exp": now + PROOF_LASTS,
        });
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": key_id });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = key
            .sign(&CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, signed.as_bytes())
            .map_err(IdentityError::internal)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// Checks signature, issuer, audience, time, nonce and the access token's hash.
fn check(
    client: &OidcClient,
    tokens: &Tokens,
    nonce: &Nonce,
    at: Timestamp,
) -> Result<(Vouched, Extra), ClaimsVerificationError> {
    let missing = || ClaimsVerificationError::Other("the answer has no ID token".into());
    let id_token = tokens.id_token().ok_or_else(missing)?;
    let now = chrono::DateTime::from_timestamp(at.as_second(), 0)
        .ok_or_else(|| ClaimsVerificationError::Other("the present instant can't be told".into()))?;
    let verifier = client.id_token_verifier().set_allowed_algs(asymmetric()).set_time_fn(move || now);
    let claims = id_token.claims(&verifier, nonce)?;
    if claims.issue_time().timestamp() > at.as_second() + CLOCKS_DIFFER {
        return Err(ClaimsVerificationError::Other("the ID token is from the future".into()));
    }
    if let Some(expected) = claims.access_token_hash() {
        let other = |error: &dyn std::fmt::Display| ClaimsVerificationError::Other(error.to_string());
        let alg = id_token.signing_alg().map_err(|error| other(&error))?;
        let key = id_token.signing_key(&verifier).map_err(|error| other(&error))?;
        let actual = AccessTokenHash::from_token(tokens.access_token(), alg, key).map_err(|error| other(&error))?;
        if actual != *expected {
            return Err(ClaimsVerificationError::Other("the access token belongs to another ID token".into()));
        }
    }
    let verified = claims.email_verified() == Some(true);
    let vouched = Vouched {
        subject: claims.subject().as_str().to_owned(),
        verified_mail: claims.email().filter(|_| verified).map(|mail| mail.as_str().to_lowercase()),
        preferred_username: claims.preferred_username().map(|name| name.as_str().to_owned()),
        groups: BTreeSet::new(),
        proved_at: claims.auth_time().and_then(|time| Timestamp::from_second(time.timestamp()).ok()),
    };
    Ok((vouched, claims.additional_claims().clone()))
}

/// Algorithms by which only the provider can have signed.
fn asymmetric() -> [CoreJwsSigningAlgorithm; 9] {
    use CoreJwsSigningAlgorithm as Alg;
    [
        Alg::RsaSsaPkcs1V15Sha256,
        Alg::RsaSsaPkcs1V15Sha384,
        Alg::RsaSsaPkcs1V15Sha512,
        Alg::RsaSsaPssSha256,
        Alg::RsaSsaPssSha384,
        Alg::RsaSsaPssSha512,
        Alg::EcdsaP256Sha256,
        Alg::EcdsaP384Sha384,
        Alg::EdDsa,
    ]
}

fn signing_key(key_pem: &str, key_id: &str) -> Result<CoreRsaPrivateSigningKey, String> {
    CoreRsaPrivateSigningKey::from_pem(key_pem, Some(JsonWebKeyId::new(key_id.to_owned())))
}

fn provider(error: impl std::error::Error + Send + Sync + 'static) -> IdentityError {
    IdentityError::Provider(Box::new(error))
}
