//! Signing in through a real identity provider, from the button to the desk. The provider's clock is the machine's.

#[allow(dead_code, clippy::unwrap_used, reason = "a helper of identity's own tests, which use the rest of it")]
#[path = "../../../identity/tests/it/common/provider.rs"]
mod openid;

use kawasemi_identity::oidc::{ClientProof, FirstLink};
use kawasemi_identity::{Provider, ProviderConfig};
use kawasemi_kernel::Clock as _;
use kawasemi_kernel::context::SystemClock;
use kawasemi_testkit::desk::{Setup, tables};
use kawasemi_testkit::{Browser, TestCity, on_both_stores};
use openid::{REDIRECT, RunningProvider};

/// A city that believes a provider about login names.
async fn city_with(fixture: &kawasemi_testkit::Fixture, running: &RunningProvider) -> TestCity {
    let config = ProviderConfig {
        issuer: running.issuer.clone(),
        client_id: "kawasemi".into(),
        proof: ClientProof::ClientSecretBasic { secret: "a shared secret".into() },
        redirect: REDIRECT.parse().expect("an address"),
        scopes: vec!["profile".into()],
        first_link: FirstLink::PreferredUsername,
        groups: None,
        authority_pem: None,
    };
    let provider = Provider::new(config).expect("a provider");
    let city = TestCity::with(fixture, Setup { provider: Some(provider), ..Setup::default() }).await;
    city.clock.advance(city.clock.now().duration_until(SystemClock.now()));
    city
}

/// Presses the button, signs in at the provider, and answers where the browser is sent back to.
async fn travel(browser: &Browser, login: &str) -> String {
    let page = browser.get("/auth/sign-in?next=%2Fdesk%2Faccount").await;
    let button = page.between("href=\"/auth/oidc/start", "\"").expect("the button").replace("&#38;", "&");
    let away = browser.get(&format!("/auth/oidc/start{button}")).await;
    assert_eq!(away.status, 303, "{}", away.text);
    let back = openid::Browser::default().sign_in(&away.location().parse().expect("an address"), login).await;
    format!("/auth/oidc/callback?{}", back.query().expect("the answer"))
}

on_both_stores! {
    tables = tables();

    async fn staff_sign_in_through_the_hall_and_come_back(fixture) {
        let running = RunningProvider::start(serde_json::json!({ "client_secret": "a shared secret" }));
        let city = city_with(fixture, &running).await;
        city.account("tanaka", &[]).await;
        let browser = city.visitor();
        let callback = travel(&browser, "tanaka").await;

        let stranger = city.visitor().get(&callback).await;
        assert!(stranger.status == 422 && stranger.says("有効期限が切れました"), "the answer is the browser's own");
        let callback = travel(&browser, "tanaka").await;
        let entered = browser.get(&callback).await;
        assert_eq!((entered.status, entered.location()), (303, "/desk/account"), "{}", entered.text);
        assert!(browser.get("/desk/account").await.says("庁内の認証基盤"));
    }

    async fn who_has_no_account_is_told_whom_to_ask(fixture) {
        let running = RunningProvider::start(serde_json::json!({ "client_secret": "a shared secret" }));
        let city = city_with(fixture, &running).await;
        let browser = city.visitor();
        let refused = browser.get(&travel(&browser, "sato").await).await;
        assert!(refused.status == 403 && refused.says("利用者として登録されていません"), "{}", refused.text);
    }

    async fn a_city_without_a_provider_has_no_such_pages(fixture) {
        let browser = TestCity::new(fixture).await.visitor();
        assert!(!browser.get("/auth/sign-in").await.says("/auth/oidc/start"));
        assert_eq!(browser.get("/auth/oidc/start").await.status, 404);
        assert_eq!(browser.get("/auth/oidc/callback?state=x&code=y").await.status, 404);
    }
}
