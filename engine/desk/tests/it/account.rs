//! One's own account: what it shows, and what it lets one end.

use jiff::SignedDuration;
use kawasemi_testkit::desk::{PASSWORD, tables};
use kawasemi_testkit::{TestCity, on_both_stores};

const NOTHING: [(&str, &str); 0] = [];

on_both_stores! {
    tables = tables();

    async fn every_part_can_be_opened(fixture) {
        let city = TestCity::new(fixture).await;
        let browser = city.sign_in("hanako", &["organisation-editor"]).await;
        for part in ["", "/password", "/second-factor", "/passkeys", "/sessions", "/tokens"] {
            let page = browser.get(&format!("/desk/account{part}")).await;
            assert!(page.status == 200 && page.says("aria-current=\"page\""), "{part}: {}", page.text);
        }
        let overview = browser.get("/desk/account").await;
        assert!(overview.says("組織・人事担当") && overview.says("サインインした職員が持ちます"));
    }

    async fn sessions_elsewhere_can_be_ended(fixture) {
        let city = TestCity::new(fixture).await;
        let here = city.sign_in("hanako", &[]).await;
        let there = city.visitor();
        there.post("/auth/sign-in", &[("login", "hanako"), ("password", PASSWORD)]).await;
        assert!(here.get("/desk/account/sessions").await.says("終わらせる"));
        assert_eq!(here.post("/desk/account/sessions/revoke-others", &NOTHING).await.status, 303);
        assert_eq!(there.get("/desk/account").await.status, 303, "signed out");
        assert!(!here.get("/desk/account/sessions?done=revoked").await.says("/revoke\""));
    }

    async fn nobody_ends_the_sessions_of_others(fixture) {
        let city = TestCity::new(fixture).await;
        let hanako = city.account("hanako", &[]).await;
        city.visitor().post("/auth/sign-in", &[("login", "hanako"), ("password", PASSWORD)]).await;
        let sessions = city.city.identity.sessions_of(&city.system(), hanako).await.expect("sessions");
        let taro = city.sign_in("taro", &[]).await;
        let address = format!("/desk/account/sessions/{}/revoke", sessions[0].id.0);
        assert_eq!(taro.post(&address, &NOTHING).await.status, 404);
    }

    async fn a_dangerous_act_asks_again_and_goes_on(fixture) {
        let city = TestCity::new(fixture).await;
        let browser = city.sign_in("hanako", &[]).await;
        city.clock.advance(SignedDuration::from_mins(20));
        let asked = browser.post("/desk/account/tokens", &[("name", "試験"), ("access", "read")]).await;
        assert!(asked.status == 403 && asked.says("もう一度本人確認をします"));
        let mut form = asked.form("/auth/again").expect("the form that proves");
        form.retain(|(name, _)| name != "password");
        let wrong: Vec<_> = form.iter().cloned().chain([("password".to_owned(), "wrong".to_owned())]).collect();
        assert_eq!(browser.post("/auth/again", &wrong).await.status, 422);
        form.push(("password".to_owned(), PASSWORD.to_owned()));
        let proven = browser.post("/auth/again", &form).await;
        let kept = proven.form("/desk/account/tokens").expect("the act goes on");
        assert!(browser.post("/desk/account/tokens", &kept).await.says("kwsm_"));
    }

    async fn a_mistaken_token_keeps_its_entries(fixture) {
        let city = TestCity::new(fixture).await;
        let browser = city.sign_in("hanako", &[]).await;
        let entered = [("name", "<b>連携</b>"), ("access", "write"), ("until", "令和7年13月1日")];
        let again = browser.post("/desk/account/tokens", &entered).await;
        assert!(again.status == 422 && again.says("&#60;b&#62;連携&#60;/b&#62;") && !again.says("<b>連携"));
        assert!(again.says("令和7年13月1日") && again.says("<title>"));
    }
}
