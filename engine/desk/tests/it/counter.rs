//! A shared machine at a counter: the lock, the next person, and what was typed.

use jiff::SignedDuration;
use kawasemi_testkit::desk::{Browser, PASSWORD, tables};
use kawasemi_testkit::{TestCity, on_both_stores};

const NOTHING: [(&str, &str); 0] = [];
const PIN: &str = "204817";

/// A browser at a machine that an administrator has registered; two people have signed in at it and have PINs.
async fn counter(city: &TestCity) -> Browser {
    let browser = city.sign_in("kanri", &["admin"]).await;
    let registered = browser.post("/desk/admin/devices", &[("name", "市民課 1番窓口")]).await;
    assert_eq!(registered.status, 303, "{}", registered.text);
    browser.post("/auth/sign-out", &NOTHING).await;
    for login in ["tanaka", "sato"] {
        city.account(login, &["organisation-editor"]).await;
        browser.post("/auth/sign-in", &[("login", login), ("password", PASSWORD)]).await;
        let set = browser.post("/desk/account/pin", &[("pin", PIN), ("again_pin", PIN)]).await;
        assert_eq!(set.status, 303, "{}", set.text);
        browser.post("/auth/sign-out", &NOTHING).await;
    }
    browser
}

async fn pin(browser: &Browser, login: &str) -> kawasemi_testkit::Answer {
    browser.post("/auth/pin", &[("login", login), ("pin", PIN), ("next", "/desk/ledgers")]).await
}

on_both_stores! {
    tables = tables();

    async fn people_switch_and_nobody_sees_anothers_page(fixture) {
        let city = TestCity::new(fixture).await;
        let browser = counter(&city).await;
        assert_eq!(pin(&browser, "tanaka").await.status, 303);
        let page = browser.get("/desk/ledgers/department/new").await;
        assert!(page.says("data-lock-after=\"300\"") && page.says("action=\"/auth/lock\""), "the page locks itself");
        let form = [
            ("_kept_path", "/desk/ledgers/department/new"),
            ("_kept.code", "soudan"),
            ("_kept.name", "山田さんの相談"),
            ("_kept.password", "hunter2"),
        ];
        assert_eq!(browser.post("/auth/lock", &form).await.location(), "/auth/locked");
        let locked = browser.get("/auth/locked?next=/desk/ledgers/department/new").await;
        assert!(locked.says("tanaka さん") && locked.says("user=sato") && locked.says("市民課 1番窓口"), "{}", locked.text);
        assert!(!locked.says("山田"), "nothing of the entries");
        for path in ["/desk", "/desk/ledgers/department", "/desk/account"] {
            let answer = browser.get(path).await;
            assert!(answer.status == 303 && answer.location().starts_with("/auth/locked"), "{path}");
        }
        assert_eq!(browser.get("/api/v1/ledgers/staff/records").await.status, 404, "as for a visitor");
        let sato = browser.post("/auth/pin", &[("login", "sato"), ("pin", PIN), ("next", "/desk/ledgers/department/new")]).await;
        assert_eq!(sato.location(), "/desk", "never where somebody else was");
        assert!(!browser.get("/auth/resume").await.says("続きを開く"), "and nothing of what they typed");
        browser.post("/auth/lock", &NOTHING).await;
        let back = pin(&browser, "tanaka").await;
        assert!(back.location().starts_with("/auth/resume"), "{}", back.location());
        let resumed = browser.post("/auth/resume", &[("act", "open"), ("next", "/desk")]).await;
        let kept = resumed.form("/desk/ledgers/department/new").expect("the form that was kept");
        assert!(kept.iter().any(|(_, value)| value == "山田さんの相談") && !resumed.says("hunter2"));
    }

    async fn a_form_sent_under_the_lock_is_kept_without_a_script(fixture) {
        let city = TestCity::new(fixture).await;
        let browser = counter(&city).await;
        pin(&browser, "tanaka").await;
        browser.get("/desk").await;
        city.clock.advance(SignedDuration::from_mins(8));
        let form = [("code", "soudan"), ("name", "山田さんの相談")];
        let sent = browser.post("/desk/ledgers/department/new", &form).await;
        assert!(sent.status == 303 && sent.location() == "/auth/locked?kept=1", "{} {}", sent.status, sent.location());
        let page = browser.get(sent.location()).await;
        assert!(page.says("保管しました") && !page.says("山田"));
        city.clock.advance(SignedDuration::from_mins(40));
        let late = browser.post("/desk/ledgers/department/new", &[("code", "b"), ("name", "川口さんの相談")]).await;
        assert_eq!(late.location(), "/auth/locked?kept=1", "the session is over; its owner is still known");
        pin(&browser, "tanaka").await;
        let newest = browser.post("/auth/resume", &[("act", "open")]).await;
        assert!(newest.says("川口さんの相談"));
        assert!(browser.post("/auth/resume", &[("act", "open")]).await.says("山田さんの相談"));
    }

    async fn a_script_unlocks_and_is_told_whose_page_it_has(fixture) {
        let city = TestCity::new(fixture).await;
        let browser = counter(&city).await;
        pin(&browser, "tanaka").await;
        browser.post("/auth/lock", &[("_kept_path", "/desk"), ("_kept.name", "書きかけ")]).await;
        let ask = async |login: &str, pin: &str| {
            let form = format!("login={login}&pin={pin}&in_page=1");
            let request = browser.request("POST", "/auth/pin").header("accept", "application/json");
            let request = request.header("content-type", "application/x-www-form-urlencoded").header("sec-fetch-site", "same-origin");
            browser.send(request.body(form.into())).await
        };
        let wrong = ask("tanaka", "111222").await;
        assert!(wrong.status == 422 && wrong.says("PINが違います") && !wrong.says("<html"));
        let right = ask("tanaka", PIN).await;
        assert!(right.status == 200 && right.says("\"same\":true"), "{}", right.text);
        assert_eq!(browser.get("/auth/resume").await.status, 303, "the page has the entries itself; no copy stays");
        browser.post("/auth/lock", &NOTHING).await;
        assert!(ask("sato", PIN).await.says("\"same\":false"));
    }

    async fn elsewhere_there_is_neither_lock_nor_pin(fixture) {
        let city = TestCity::new(fixture).await;
        counter(&city).await;
        let other = city.visitor();
        other.post("/auth/sign-in", &[("login", "tanaka"), ("password", PASSWORD)]).await;
        assert!(!other.get("/desk").await.says("data-lock-after"));
        let page = city.visitor().get("/auth/locked").await;
        assert!(page.status == 200 && !page.says("tanaka") && !page.says("name=\"pin\""), "{}", page.text);
        let refused = pin(&city.visitor(), "tanaka").await;
        assert!(refused.status == 422 && refused.says("登録された窓口端末だけ"));
    }
}
