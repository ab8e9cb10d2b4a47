//! Signing in through a real OpenID Connect provider. The provider's clock is the machine's, so the test's is, too.

use std::collections::BTreeMap;

use crate::common::provider::{Browser, REDIRECT, RunningProvider, client_key};
use crate::common::{Hall, roles};
use jiff::Timestamp;
use kawasemi_identity::oidc::{ClientProof, FirstLink, GroupRoles};
use kawasemi_identity::{
    AccountChange, Context, IdentityError, NewAccount, NewSession, Provider, ProviderAnswer, ProviderConfig,
    RoleAssignment, Secret, Strength, Visit, tables,
};
use kawasemi_kernel::Clock as _;
use kawasemi_kernel::context::SystemClock;
use kawasemi_testkit::on_both_stores;
use serde_json::json;
use url::Url;
use uuid::Uuid;

fn config(running: &RunningProvider, first_link: FirstLink) -> ProviderConfig {
    ProviderConfig {
        issuer: running.issuer.clone(),
        client_id: "kawasemi".into(),
        proof: ClientProof::ClientSecretBasic { secret: "a shared secret".into() },
        redirect: REDIRECT.parse().unwrap(),
        scopes: vec!["email".into(), "profile".into(), "groups".into()],
        first_link,
        groups: None,
        authority_pem: None,
    }
}

fn basic() -> serde_json::Value {
    json!({ "client_secret": "a shared secret" })
}

fn hall(fixture: &kawasemi_testkit::Fixture) -> Hall {
    Hall { now: SystemClock.now(), ..Hall::new(fixture) }
}

fn answer(back: &Url) -> ProviderAnswer {
    let query: BTreeMap<_, _> = back.query_pairs().into_owned().collect();
    ProviderAnswer { state: query["state"].clone(), code: query["code"].clone(), issuer: query.get("iss").cloned() }
}

/// Goes to the provider as somebody and comes back.
async fn travel(hall: &Hall, provider: &Provider, login: &str) -> Result<NewSession, IdentityError> {
    let visitor = hall.identity.visitor_secret();
    let visit = Visit::at(now());
    let request = hall.identity.begin_provider_sign_in(&visit, provider, &visitor, "/desk/x", false).await?;
    let back = Browser::default().sign_in(&request.url, login).await;
    let arrived = Visit::at(now());
    let (session, path) = hall.identity.sign_in_with_provider(&arrived, provider, &visitor, &answer(&back)).await?;
    assert_eq!(path, "/desk/x");
    Ok(session)
}

fn now() -> Timestamp {
    SystemClock.now()
}

async fn add(hall: &Hall, login: &str, mail: &str) -> Uuid {
    let new = NewAccount { mail: Some(mail.into()), ..NewAccount::staff(login) };
    hall.identity.add_account(&hall.system(), new).await.unwrap()
}

on_both_stores! {
    tables = tables::tables();

    async fn a_verified_mail_links_once_and_the_subject_ever_after(fixture) {
        let (hall, running) = (hall(fixture), RunningProvider::start(basic()));
        let account = add(&hall, "t.tanaka", "tanaka@city.example.jp").await;
        let provider = Provider::new(config(&running, FirstLink::VerifiedMail)).unwrap();
        let session = travel(&hall, &provider, "tanaka").await.unwrap();
        assert_eq!(session.account.id, account);
        let caller = hall.identity.caller(&session.secret, now()).await.unwrap().unwrap();
        assert_eq!(caller.strength, Strength::Provider);
        let change = AccountChange { mail: Some(None), ..AccountChange::default() };
        hall.identity.update_account(&hall.system(), account, change).await.unwrap();
        assert_eq!(travel(&hall, &provider, "tanaka").await.unwrap().account.id, account);
    }

    async fn nobody_is_let_in_by_a_name_alone(fixture) {
        let (hall, running) = (hall(fixture), RunningProvider::start(basic()));
        add(&hall, "t.tanaka", "tanaka@city.example.jp").await;
        add(&hall, "k.tanaka", "tanaka@city.example.jp").await;
        add(&hall, "sato", "sato@city.example.jp").await;
        let by_mail = Provider::new(config(&running, FirstLink::VerifiedMail)).unwrap();
        let not_linked = |result| assert!(matches!(result, Err(IdentityError::NotLinked)));
        not_linked(travel(&hall, &by_mail, "sato").await);
        not_linked(travel(&hall, &by_mail, "tanaka").await);
        let never = Provider::new(config(&running, FirstLink::Never)).unwrap();
        not_linked(travel(&hall, &never, "sato").await);
        let by_name = Provider::new(config(&running, FirstLink::PreferredUsername)).unwrap();
        let session = travel(&hall, &by_name, "sato").await.unwrap();
        hall.identity.disable_account(&hall.system(), session.account.id).await.unwrap();
        not_linked(travel(&hall, &by_name, "sato").await);
    }

    async fn an_answer_is_good_once_and_for_the_browser_that_left(fixture) {
        let (hall, running) = (hall(fixture), RunningProvider::start(basic()));
        add(&hall, "sato", "sato@city.example.jp").await;
        let provider = Provider::new(config(&running, FirstLink::PreferredUsername)).unwrap();
        let (visitor, other) = (hall.identity.visitor_secret(), hall.identity.visitor_secret());
        let over = |result: Result<_, IdentityError>| assert!(matches!(result, Err(IdentityError::CeremonyOver)));
        let arrive = async |visitor: &Secret, answer: &ProviderAnswer| {
            hall.identity.sign_in_with_provider(&Visit::at(now()), &provider, visitor, answer).await.map(drop)
        };
        let leave = async || {
            let visit = Visit::at(now());
            let request = hall.identity.begin_provider_sign_in(&visit, &provider, &visitor, "/desk", false).await.unwrap();
            answer(&Browser::default().sign_in(&request.url, "sato").await)
        };
        over(arrive(&other, &leave().await).await);
        let first = leave().await;
        over(arrive(&visitor, &ProviderAnswer { issuer: Some("https://evil.example".into()), ..first }).await);
        let good = leave().await;
        arrive(&visitor, &good).await.unwrap();
        over(arrive(&visitor, &good).await);
        let (one, two) = (leave().await, leave().await);
        let mixed = ProviderAnswer { code: two.code, ..one };
        assert!(matches!(arrive(&visitor, &mixed).await, Err(IdentityError::Provider(_))), "another journey's code");
    }

    async fn a_clock_that_is_wrong_and_a_provider_that_is_down_are_told(fixture) {
        let (hall, running) = (hall(fixture), RunningProvider::start(basic()));
        add(&hall, "sato", "sato@city.example.jp").await;
        let provider = Provider::new(config(&running, FirstLink::PreferredUsername)).unwrap();
        let visitor = hall.identity.visitor_secret();
        let leave = async |at| hall.identity.begin_provider_sign_in(&Visit::at(at), &provider, &visitor, "/desk", false).await;
        let arrive = async |at, answer| hall.identity.sign_in_with_provider(&Visit::at(at), &provider, &visitor, &answer).await;
        let refused = |result: Result<_, IdentityError>| assert!(matches!(result, Err(IdentityError::Provider(_))));
        // Our clock is ten minutes slow: the statement comes from the future. A little is forgiven.
        for (slow, is_good) in [(600, false), (30, true)] {
            let at = now().checked_sub(jiff::SignedDuration::from_secs(slow)).unwrap();
            let back = Browser::default().sign_in(&leave(at).await.unwrap().url, "sato").await;
            let arrived = arrive(at, answer(&back)).await.map(drop);
            if is_good { arrived.unwrap() } else { refused(arrived) }
        }
        let back = Browser::default().sign_in(&leave(now()).await.unwrap().url, "sato").await;
        let config = config(&running, FirstLink::PreferredUsername);
        drop(running);
        refused(arrive(now(), answer(&back)).await.map(drop));
        let fresh = Provider::new(config).unwrap();
        let begun = hall.identity.begin_provider_sign_in(&Visit::at(now()), &fresh, &visitor, "/desk", false).await;
        refused(begun.map(drop));
    }

    async fn groups_bring_roles_and_take_them_away(fixture) {
        let (hall, running) = (hall(fixture), RunningProvider::start(basic()));
        let account = add(&hall, "tanaka", "tanaka@city.example.jp").await;
        let mapped = |pairs: &[(&str, &str)]| {
            let roles = pairs.iter().map(|(group, role)| ((*group).to_owned(), (*role).to_owned())).collect();
            let groups = Some(GroupRoles { claim: "groups".into(), roles });
            Provider::new(ProviderConfig { groups, ..config(&running, FirstLink::PreferredUsername) }).unwrap()
        };
        hall.identity.assign_role(&hall.system(), &roles(), account, RoleAssignment::of("admin")).await.unwrap();
        let holds = async |provider: &Provider| {
            let session = travel(&hall, provider, "tanaka").await.unwrap();
            let caller = hall.identity.caller(&session.secret, now()).await.unwrap().unwrap();
            (caller.has_role("park-manager"), caller.has_role("admin"))
        };
        let with_parks = mapped(&[("parks", "park-manager"), ("roads", "road-manager")]);
        assert_eq!(holds(&with_parks).await, (true, true));
        assert_eq!(holds(&with_parks).await, (true, true));
        assert_eq!(holds(&mapped(&[("roads", "road-manager")])).await, (false, true), "what people assigned stays");
    }

    async fn a_new_proof_is_asked_for_before_dangerous_acts(fixture) {
        let (hall, running) = (hall(fixture), RunningProvider::start(basic()));
        add(&hall, "sato", "sato@city.example.jp").await;
        let provider = Provider::new(config(&running, FirstLink::PreferredUsername)).unwrap();
        let visitor = hall.identity.visitor_secret();
        let visit = Visit::at(now());
        let request = hall.identity.begin_provider_sign_in(&visit, &provider, &visitor, "/desk", true).await.unwrap();
        let back = answer(&Browser::default().sign_in(&request.url, "sato").await);
        let arrived = Visit::at(now());
        let (session, _) = hall.identity.sign_in_with_provider(&arrived, &provider, &visitor, &back).await.unwrap();
        let caller = hall.identity.caller(&session.secret, now()).await.unwrap().unwrap();
        assert!(hall.identity.require_fresh(&Context::new(caller, now())).is_ok());
    }

    async fn a_wrong_secret_and_a_wrong_issuer_are_the_providers_refusal(fixture) {
        let (hall, running) = (hall(fixture), RunningProvider::start(basic()));
        add(&hall, "sato", "sato@city.example.jp").await;
        let proof = ClientProof::ClientSecretBasic { secret: "another secret".into() };
        let wrong = Provider::new(ProviderConfig { proof, ..config(&running, FirstLink::PreferredUsername) }).unwrap();
        assert!(matches!(travel(&hall, &wrong, "sato").await, Err(IdentityError::Provider(_))));
        let issuer = Url::parse(&running.issuer.as_str().replace("localhost", "127.0.0.1")).unwrap();
        let other = Provider::new(ProviderConfig { issuer, ..config(&running, FirstLink::Never) }).unwrap();
        assert!(matches!(travel(&hall, &other, "sato").await, Err(IdentityError::Provider(_))));
        let plain = "http://idp.city.example.jp".parse().unwrap();
        assert!(Provider::new(ProviderConfig { issuer: plain, ..config(&running, FirstLink::Never) }).is_err());
        let authority_pem = Some("no certificate".to_owned());
        assert!(Provider::new(ProviderConfig { authority_pem, ..config(&running, FirstLink::Never) }).is_err());
    }

    async fn the_client_proves_itself_in_every_way(fixture) {
        let hall = hall(fixture);
        add(&hall, "sato", "sato@city.example.jp").await;
        let post = json!({ "client_secret": "a shared secret", "token_endpoint_auth_method": "client_secret_post" });
        let (key_pem, keys) = client_key();
        let signed = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": keys });
        let ways = [
            (post, ClientProof::ClientSecretPost { secret: "a shared secret".into() }),
            (signed, ClientProof::PrivateKeyJwt { key_pem, key_id: "test-key".into() }),
            (json!({ "token_endpoint_auth_method": "none" }), ClientProof::None),
        ];
        for (client, proof) in ways {
            let running = RunningProvider::start(client);
            // Each start is another provider, which has to be linked anew.
            let config = ProviderConfig { proof: proof.clone(), ..config(&running, FirstLink::PreferredUsername) };
            let provider = Provider::new(config).unwrap();
            assert!(travel(&hall, &provider, "sato").await.is_ok(), "{proof:?}");
        }
    }
}
