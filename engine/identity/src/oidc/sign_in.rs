//! From what the provider vouches for to a session of the right account.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kawasemi_store::{Sql, Statement, StoreError};
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use super::client::{Journey, Provider, Vouched};
use super::{FirstLink, GroupRoles};
use crate::accounts::login_key;
use crate::caller::Strength;
use crate::ceremony::CeremonyKind;
use crate::error::{IdentityError, Result};
use crate::events::EventKind;
use crate::identity::{Identity, Visit, stored};
use crate::secret::Secret;
use crate::sessions::{NewSession, Proven};
use crate::sign_in::{By, Candidate};

/// Who assigns the roles that groups bring.
const ASSIGNED_BY: &str = "provider";

/// Where the browser is sent.
#[derive(Clone, Debug)]
pub struct ProviderRequest {
    /// The provider's page.
    pub url: Url,
}

/// What the browser brings back in the address.
#[derive(Clone, Debug)]
pub struct ProviderAnswer {
    /// `state`.
    pub state: String,
    /// `code`.
    pub code: String,
    /// `iss`, where the provider sends it (RFC 9207).
    pub issuer: Option<String>,
}

/// What is remembered while the browser is away.
#[derive(Serialize, Deserialize)]
struct Away {
    journey: Journey,
    /// The hash of the visitor's cookie: only the browser that left may come back.
    visitor: [u8; 32],
    /// The page to which the person wanted to go.
    back_to: String,
}

impl Identity {
    /// Sends a visitor to the identity provider. `visitor` is the secret of the visitor's cookie, `back_to` a path of our
    /// own. With `again`, the provider has to ask for a new proof, as before a dangerous act.
    ///
    /// # Errors
    /// [`IdentityError::Provider`] when it is not reachable, [`IdentityError::TooManyAttempts`].
    pub async fn begin_provider_sign_in(
        &self,
        visit: &Visit,
        provider: &Provider,
        visitor: &Secret,
        back_to: &str,
        again: bool,
    ) -> Result<ProviderRequest> {
        self.admit_address(visit).await?;
        // The state is the ceremony's own secret, which must be known before the journey can be stored.
        let secret = self.new_secret();
        let (url, journey) = provider.departure(visit.at, &secret.reveal(), again).await?;
        let away = Away { journey, visitor: visitor.hash(), back_to: own_path(back_to) };
        let state = serde_json::to_string(&away).map_err(IdentityError::internal)?;
        self.begin_with(&secret, visit.at, CeremonyKind::Provider, None, state, []).await?;
        Ok(ProviderRequest { url })
    }

    /// Signs in whoever the provider vouches for, and answers the path to which they wanted to go.
    ///
    /// # Errors
    /// [`IdentityError::CeremonyOver`] for an answer that nobody waits for or that came to another browser,
    /// [`IdentityError::Provider`] for one that is not acceptable, [`IdentityError::NotLinked`] for somebody without an
    /// account.
    pub async fn sign_in_with_provider(
        &self,
        visit: &Visit,
        provider: &Provider,
        visitor: &Secret,
        answer: &ProviderAnswer,
    ) -> Result<(NewSession, String)> {
        let secret = Secret::parse(&answer.state).ok_or(IdentityError::CeremonyOver)?;
        let begun = self.take(visit.at, CeremonyKind::Provider, &secret).await?;
        let away: Away = serde_json::from_str(&begun.state).map_err(IdentityError::internal)?;
        let other_issuer =
            answer.issuer.as_deref().is_some_and(|issuer| issuer.trim_end_matches('/') != provider.issuer());
        if away.visitor != visitor.hash() || other_issuer || answer.code.len() > 4096 {
            return self.refuse(visit, None, IdentityError::CeremonyOver).await;
        }
        let jti = self.new_id().hyphenated().to_string();
        let vouched = match provider.arrival(visit.at, away.journey, &answer.code, &jti).await {
            Ok(vouched) => vouched,
            Err(error) => return self.refuse(visit, None, error).await,
        };
        let Some((known, mut also)) = self.account_of(visit, provider, &vouched).await? else {
            return self.refuse(visit, None, IdentityError::NotLinked).await;
        };
        let account = known.account.id;
        if let Some(groups) = &provider.config().groups {
            also.extend(self.roles_of_groups(visit, account, groups, &vouched.groups).await?);
        }
        also.extend(self.address_taken_back(visit));
        // Who signed in at the provider this morning has not proved themselves now.
        let proved_at = vouched.proved_at.unwrap_or(Timestamp::UNIX_EPOCH).min(visit.at);
        let proven =
            Proven { account: known.account, strength: Strength::Provider, proved_at, password_must_change: false };
        let session = self.open_session(visit, proven, also).await.map_err(|error| match error {
            // The same person came twice at once, and the other request has linked the subject.
            IdentityError::Store(StoreError::Unique { .. }) => IdentityError::CeremonyOver,
            other => other,
        })?;
        Ok((session, away.back_to))
    }

    /// The account of a subject, with what has to be written if it is linked only now.
    async fn account_of(
        &self,
        visit: &Visit,
        provider: &Provider,
        vouched: &Vouched,
    ) -> Result<Option<(Candidate, Vec<Statement>)>> {
        let sql = Sql::with(
            "SELECT account FROM {account_link} WHERE issuer = $1 AND subject = $2",
            [provider.issuer().into(), vouched.subject.as_str().into()],
        );
        if let Some(row) = self.inner.city.read_one(sql).await? {
            let known = self.candidate(By::Id(row.get(0)?), visit.at).await?;
            return Ok(known.filter(|known| known.may_sign_in(visit.at)).map(|known| (known, Vec::new())));
        }
        let known = match (provider.config().first_link, &vouched.verified_mail, &vouched.preferred_username) {
            (FirstLink::VerifiedMail, Some(mail), _) => self.only_account_with_mail(mail, visit.at).await?,
            (FirstLink::PreferredUsername, _, Some(name)) => {
                self.candidate(By::Login(&login_key(name)), visit.at).await?
            }
            _ => None,
        };
        let Some(known) = known.filter(|known| known.may_sign_in(visit.at)) else { return Ok(None) };
        // An account belongs to one subject of a provider; a second one is somebody else with the same name.
        let linked = Sql::with(
            "SELECT 1 FROM {account_link} WHERE issuer = $1 AND account = $2",
            [provider.issuer().into(), known.account.id.into()],
        );
        if self.inner.city.read_one(linked).await?.is_some() {
            return Ok(None);
        }
        let link = self.link(visit, provider.issuer(), &vouched.subject, known.account.id);
        Ok(Some((known, link)))
    }

    async fn only_account_with_mail(&self, mail: &str, at: Timestamp) -> Result<Option<Candidate>> {
        let sql = Sql::with("SELECT id FROM {account} WHERE mail = $1 LIMIT 2", [mail.into()]);
        match self.inner.city.read(sql).await?.as_slice() {
            [only] => self.candidate(By::Id(only.get(0)?), at).await,
            _ => Ok(None),
        }
    }

    fn link(&self, visit: &Visit, issuer: &str, subject: &str, account: Uuid) -> Vec<Statement> {
        let insert = Sql::with(
            "INSERT INTO {account_link} (issuer, subject, account, created_at) VALUES ($1, $2, $3, $4)",
            [issuer.into(), subject.into(), account.into(), stored(visit.at)],
        );
        vec![insert.into(), self.door_event(visit, EventKind::ProviderLinked, Some(account), issuer)]
    }

    /// What has to be written so that the account has exactly the roles that its groups bring, beside those that people
    /// assigned.
    async fn roles_of_groups(
        &self,
        visit: &Visit,
        account: Uuid,
        mapped: &GroupRoles,
        groups: &BTreeSet<String>,
    ) -> Result<Vec<Statement>> {
        let wanted: BTreeSet<&String> = groups.iter().filter_map(|group| mapped.roles.get(group)).collect();
        let sql = Sql::with(
            "SELECT id, role FROM {account_role} WHERE account = $1 AND created_by = $2",
            [account.into(), ASSIGNED_BY.into()],
        );
        let mut statements = Vec::new();
        let mut present = BTreeSet::new();
        for row in self.inner.city.read(sql).await? {
            let (id, role): (Uuid, String) = (row.get(0)?, row.get(1)?);
            if wanted.contains(&role) {
                present.insert(role);
                continue;
            }
            statements.push(Sql::with("DELETE FROM {account_role} WHERE id = $1", [id.into()]).into());
            statements.push(self.door_event(visit, EventKind::RoleRemoved, Some(account), &role));
        }
        for role in wanted.into_iter().filter(|role| !present.contains(*role)) {
            let insert = Sql::with(
                "INSERT INTO {account_role} (id, account, role, created_at, created_by) VALUES ($1, $2, $3, $4, $5)",
                [self.new_id().into(), account.into(), role.into(), stored(visit.at), ASSIGNED_BY.into()],
            );
            statements.push(insert.into());
            statements.push(self.door_event(visit, EventKind::RoleAssigned, Some(account), role));
        }
        Ok(statements)
    }
}

/// A path of our own; anything that could lead elsewhere becomes the desk.
fn own_path(path: &str) -> String {
    let ours = path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n', '\t']);
    if ours && path.len() <= 2000 { path.to_owned() } else { "/desk".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn nobody_is_sent_elsewhere() {
        assert_eq!(own_path("/desk/ledgers/park?filter=a"), "/desk/ledgers/park?filter=a");
        for bad in ["", "desk", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nSet-Cookie: x"] {
            assert_eq!(own_path(bad), "/desk", "{bad}");
        }
    }
}
