//! The story of signing in: what is refused, what is kept, and how a session ends.

use jiff::SignedDuration;
use kawasemi_identity::totp;
use kawasemi_kernel::Clock as _;
use kawasemi_testkit::desk::{PASSWORD, tables};
use kawasemi_testkit::{Answer, Browser, TestCity, on_both_stores};

/// Signs in with a password.
async fn try_in(browser: &Browser, login: &str, password: &str) -> Answer {
    browser.post("/auth/sign-in", &[("login", login), ("password", password), ("next", "/desk/account")]).await
}

/// Sets up one-time codes and answers the secret and the recovery codes.
async fn with_codes(city: &TestCity, browser: &Browser) -> (Vec<u8>, Vec<String>) {
    let begun = browser.post("/desk/account/second-factor/begin", &[("", ""); 0]).await;
    assert_eq!(begun.status, 200);
    let mut form = begun.form("/desk/account/second-factor/confirm").expect("the form that confirms");
    let secret = base32(&begun.input("typed").expect("the secret for typing"));
    form.retain(|(name, _)| name != "code");
    form.push(("code".to_owned(), code(&secret, city)));
    let confirmed = browser.post("/desk/account/second-factor/confirm", &form).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.text);
    let codes: Vec<String> = confirmed
        .text
        .split("<code>")
        .skip(1)
        .filter_map(|rest| rest.split("</code>").next())
        .map(str::to_owned)
        .collect();
    assert_eq!(codes.len(), totp::RECOVERY_CODES);
    (secret, codes)
}

/// The code of this moment, found by trying: the test has no authenticator app.
fn code(secret: &[u8], city: &TestCity) -> String {
    let now = city.clock.now();
    (0..1_000_000)
        .map(|n| format!("{n:06}"))
        .find(|code| totp::verify(secret, code, now, None).is_some())
        .expect("a code")
}

fn base32(text: &str) -> Vec<u8> {
    let (mut bits, mut held, mut bytes) = (0_u32, 0_u32, Vec::new());
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            _ => letter - b'2' + 26,
        };
        (bits, held) = (bits + 5, (held << 5) | u32::from(value));
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).expect("eight bits"));
        }
    }
    bytes
}

on_both_stores! {
    tables = tables();

    async fn a_wrong_password_keeps_what_was_entered(fixture) {
        let city = TestCity::new(fixture).await;
        city.account("hanako", &[]).await;
        let browser = city.visitor();
        let wrong = try_in(&browser, "hanako", "not the password").await;
        assert_eq!(wrong.status, 422);
        assert_eq!(wrong.input("login").as_deref(), Some("hanako"));
        assert_eq!(wrong.input("password").as_deref(), Some(""));
        assert_eq!(wrong.input("next").as_deref(), Some("/desk/account"));
        let unknown = try_in(&browser, "nobody", "not the password").await;
        assert_eq!(wrong.text.replace("hanako", "nobody"), unknown.text, "nobody learns who has an account");

        let right = try_in(&browser, "ＨＡＮＡＫＯ", PASSWORD).await;
        assert_eq!((right.status, right.location()), (303, "/desk/account"));
        assert!(right.header("set-cookie").contains("HttpOnly") && right.header("set-cookie").contains("SameSite=Lax"));
        assert!(browser.get("/desk/account").await.says("hanako"));
    }

    async fn many_wrong_passwords_are_slowed_down(fixture) {
        let city = TestCity::new(fixture).await;
        city.account("hanako", &[]).await;
        let browser = city.visitor();
        let mut last = try_in(&browser, "hanako", "wrong").await;
        for _ in 0..20 {
            last = try_in(&browser, "hanako", "wrong").await;
            if last.status == 429 {
                break;
            }
        }
        assert!(last.status == 429 && last.says("一時的に受け付けていません"), "{}", last.status);
        assert!(last.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
        assert_eq!(try_in(&browser, "hanako", PASSWORD).await.status, 429, "not even with the right one");
        city.clock.advance(SignedDuration::from_hours(2));
        assert_eq!(try_in(&browser, "hanako", PASSWORD).await.status, 303);
    }

    async fn a_code_is_asked_for_once_it_is_set_up(fixture) {
        let city = TestCity::new(fixture).await;
        let (secret, recovery) = with_codes(&city, &city.sign_in("hanako", &[]).await).await;
        city.clock.advance(SignedDuration::from_mins(2));

        let browser = city.visitor();
        let asked = try_in(&browser, "hanako", PASSWORD).await;
        assert!(asked.status == 200 && asked.header("set-cookie").is_empty(), "a password alone signs nobody in");
        let with = |code: String| {
            let mut form = asked.form("/auth/code").expect("the form for the code");
            form.retain(|(name, _)| name != "code");
            form.push(("code".to_owned(), code));
            form
        };
        let wrong = browser.post("/auth/code", &with("000000".to_owned())).await;
        assert!(wrong.status == 422 && wrong.says("確認コードが正しくない"));
        let right = browser.post("/auth/code", &with(code(&secret, &city))).await;
        assert_eq!((right.status, right.location()), (303, "/desk/account"));

        let again = try_in(&city.visitor(), "hanako", PASSWORD).await;
        let pending = again.input("pending").expect("the ceremony's secret");
        let form = [("pending", pending.as_str()), ("code", recovery[0].as_str())];
        assert_eq!(city.visitor().post("/auth/code", &form).await.status, 303, "a recovery code does as well");
    }

    async fn a_form_whose_session_ended_is_kept_and_resumed(fixture) {
        let city = TestCity::new(fixture).await;
        let browser = city.sign_in("hanako", &[]).await;
        city.clock.advance(SignedDuration::from_hours(13));
        let entered = [("name", "公園システム <連携>"), ("access", "read")];
        let stale = browser.post("/desk/account/tokens", &entered).await;
        assert!(stale.status == 401 && stale.says("入力した内容は保管しています"));

        let mut form = stale.form("/auth/sign-in").expect("the sign-in form");
        form.retain(|(name, _)| !matches!(name.as_str(), "login" | "password"));
        form.extend([("login".to_owned(), "hanako".to_owned()), ("password".to_owned(), PASSWORD.to_owned())]);
        let resumed = browser.post("/auth/sign-in", &form).await;
        assert!(resumed.status == 200 && resumed.says("公園システム &#60;連携&#62;"));
        let kept = resumed.form("/desk/account/tokens").expect("the kept form");
        assert!(kept.contains(&("name".to_owned(), "公園システム <連携>".to_owned())));
        let sent = browser.post("/desk/account/tokens", &kept).await;
        assert!(sent.status == 200 && sent.says("kwsm_"));
    }

    async fn a_one_time_password_must_be_changed_first(fixture) {
        let city = TestCity::new(fixture).await;
        let hanako = city.account("hanako", &[]).await;
        let context = city.system();
        city.city.identity.set_password(&context, hanako, "仮の かぎは 一度だけ 使う").await.expect("a password");
        let browser = city.visitor();
        let entered = try_in(&browser, "hanako", "仮の かぎは 一度だけ 使う").await;
        assert_eq!(entered.location(), "/desk/account/password");
        assert_eq!(browser.get("/desk").await.location(), "/desk/account/password", "there is no way around");
        let change = |new| [("password", "仮の かぎは 一度だけ 使う"), ("new_password", new), ("again_password", new)];
        let weak = browser.post("/desk/account/password", &change("short")).await;
        assert!(weak.status == 422 && weak.says("12文字以上"));
        assert_eq!(browser.post("/desk/account/password", &change("あたらしい かぎは 自分だけ")).await.status, 303);
        assert_eq!(browser.get("/desk/account").await.status, 200);
    }

    async fn signing_out_ends_the_session(fixture) {
        let city = TestCity::new(fixture).await;
        let browser = city.sign_in("hanako", &[]).await;
        let stolen = browser.request("GET", "/desk/account").body(axum::body::Body::empty());
        let out = browser.post("/auth/sign-out", &[("", ""); 0]).await;
        assert_eq!((out.status, out.location()), (303, "/"));
        assert_eq!(city.visitor().send(stolen).await.status, 303, "the old cookie is worth nothing");
    }

    async fn a_passkey_ceremony_needs_a_host_name_and_a_beginning(fixture) {
        let city = TestCity::new(fixture).await;
        let browser = city.visitor();
        let begun = browser.send_json("POST", "/auth/passkey/login/start", &serde_json::json!({ "next": "/desk" })).await;
        assert_eq!(begun.status, 200, "{}", begun.text);
        assert_eq!(begun.json()["publicKey"]["userVerification"], "required");
        let garbage = serde_json::json!({ "credential": { "id": "x" } });
        let refused = browser.send_json("POST", "/auth/passkey/login/finish", &garbage).await;
        assert_eq!((refused.status, refused.header("content-type")), (422, "application/problem+json"));
        let nothing = city.visitor().send_json("POST", "/auth/passkey/login/finish", &garbage).await;
        assert_eq!(nothing.status, 422);
        let bare = city.visitor().at("192.0.2.1").send_json("POST", "/auth/passkey/login/start", &garbage).await;
        assert!(bare.status == 422 && bare.says("ホスト名"));
    }

    async fn a_token_calls_the_api_and_is_no_administrator(fixture) {
        let city = TestCity::new(fixture).await;
        let browser = city.sign_in("root-admin", &["admin"]).await;
        let form = [("name", "試験"), ("access", "write"), ("until", "")];
        let made = browser.post("/desk/account/tokens", &form).await;
        let token = made.between("<code>", "</code>").expect("the token").to_owned();
        let with = |path: &str, token: &str| {
            let request = city.visitor().request("GET", path).header("authorization", format!("Bearer {token}"));
            request.body(axum::body::Body::empty())
        };
        let visitor = city.visitor();
        assert_eq!(visitor.send(with("/desk/ledgers", &token)).await.status, 200);
        assert_eq!(visitor.send(with("/desk/account", &token)).await.status, 403, "its owner's settings are not for it");
        assert_eq!(visitor.send(with("/desk/admin", &token)).await.status, 404);
        let wrong = visitor.send(with("/api/openapi.json", "kwsm_wrong")).await;
        assert_eq!((wrong.status, wrong.header("www-authenticate")), (401, "Bearer"));
    }
}
