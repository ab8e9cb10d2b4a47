//! The web edge: what every answer carries, who gets in, and how problems are told.

use kawasemi_testkit::desk::tables;
use kawasemi_testkit::{TestCity, on_both_stores};

on_both_stores! {
    tables = tables();

    async fn every_answer_has_the_security_headers(fixture) {
        let browser = TestCity::new(fixture).await.visitor();
        for path in ["/", "/auth/sign-in", "/healthz", "/metrics", "/nothing", "/assets/nothing.css", "/api/nothing"] {
            let answer = browser.get(path).await;
            assert!(answer.header("content-security-policy").contains("default-src 'self'"), "{path}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
            assert!(!answer.header("referrer-policy").is_empty(), "{path}");
        }
        assert_eq!(browser.get("/").await.header("cache-control"), "no-store");
    }

    async fn people_get_a_page_and_programs_a_problem(fixture) {
        let browser = TestCity::new(fixture).await.visitor();
        let page = browser.get("/nothing").await;
        assert_eq!(page.status, 404);
        assert!(page.says("<!doctype html>") && page.says("お探しのページは見つかりません"));

        let problem = browser.get("/api/nothing").await;
        assert_eq!((problem.status, problem.header("content-type")), (404, "application/problem+json"));
        let json = problem.json();
        assert_eq!((&json["status"], &json["type"]), (&404.into(), &"/problems/not-found".into()));
        assert_eq!(json["reference"].as_str().map(str::len), Some(9));
        assert!(page.says(page.between("class=\"text-strong\">", "<").unwrap_or_default()));
    }

    async fn the_page_speaks_the_language_of_its_address(fixture) {
        let browser = TestCity::new(fixture).await.visitor();
        assert!(browser.get("/en").await.says("<html lang=\"en\">"));
        assert!(browser.get("/vi").await.says("Chưa có nội dung"));
        let missing = browser.get("/en/nothing").await;
        assert!(missing.status == 404 && missing.says("This page was not found"));
    }

    async fn staff_pages_have_one_language(fixture) {
        let city = TestCity::new(fixture).await;
        assert_eq!(city.visitor().get("/en/auth/sign-in?next=%2Fdesk").await.location(), "/auth/sign-in?next=%2Fdesk");
        assert_eq!(city.sign_in("hanako", &[]).await.get("/vi/desk/account").await.location(), "/desk/account");
    }

    async fn pictures_in_folders_are_served(fixture) {
        let browser = TestCity::new(fixture).await.visitor();
        let front = browser.get("/").await;
        let icon = front.between("rel=\"icon\" href=\"", "\"").expect("an icon").to_owned();
        let answer = browser.get(&icon).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "image/svg+xml"));
        assert!(answer.header("cache-control").contains("immutable"));
    }

    async fn visitors_are_led_to_the_sign_in_page_and_back(fixture) {
        let browser = TestCity::new(fixture).await.visitor();
        let answer = browser.get("/desk/account?x=1").await;
        assert_eq!((answer.status, answer.location()), (303, "/auth/sign-in?next=%2Fdesk%2Faccount%3Fx%3D1"));
        assert_eq!(browser.get(answer.location()).await.input("next").as_deref(), Some("/desk/account?x=1"));
    }

    async fn the_administration_does_not_exist_for_others(fixture) {
        let city = TestCity::new(fixture).await;
        let clerk = city.sign_in("hanako", &["organisation-editor"]).await;
        let nothing = clerk.get("/desk/nothing").await;
        for path in ["/desk/admin", "/desk/admin/users", "/desk/admin/grants", "/desk/admin/events", "/desk/admin/jobs"] {
            let answer = clerk.get(path).await;
            assert_eq!(answer.status, 404, "{path}");
            let same = |text: &str| text.lines().filter(|line| !line.contains("dd")).map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(same(&answer.text), same(&nothing.text), "{path} tells nothing");
        }
        assert!(!clerk.get("/desk/account").await.says("/desk/admin"));
        let admin = city.sign_in("root-admin", &["admin"]).await;
        assert_eq!(admin.get("/desk/admin").await.status, 200);
    }

    async fn a_form_of_another_site_changes_nothing(fixture) {
        let city = TestCity::new(fixture).await;
        let browser = city.sign_in("hanako", &[]).await;
        for site in ["cross-site", "same-site"] {
            let answer = browser.post_from(site, "/auth/sign-out", &[("", ""); 0]).await;
            assert!(answer.status == 403 && answer.says("この操作は受け付けられません"), "{site}");
        }
        let unsaid = browser.request("POST", "/auth/sign-out").body(axum::body::Body::empty());
        assert_eq!(browser.send(unsaid).await.status, 403);
        assert_eq!(browser.get("/desk/account").await.status, 200);

        let stranger = city.visitor().post_from("cross-site", "/auth/sign-in", &[("login", "a"), ("password", "b")]).await;
        assert_eq!(stranger.status, 403, "nobody is signed in to another's account");
    }

    async fn an_unknown_host_is_no_city(fixture) {
        let mut info = fixture.city.info().clone();
        info.hosts = vec!["ayase.example.jp".to_owned()];
        fixture.store.update_city(info).await.expect("the host is set");
        let city = TestCity::new(fixture).await;
        assert_eq!(city.visitor().at("AYASE.example.jp:8080").get("/").await.status, 200);
        let stranger = city.visitor().at("other.example.jp").get("/").await;
        assert!(stranger.status == 404 && !stranger.says("綾瀬市"));
    }

    async fn a_form_that_is_too_long_is_refused(fixture) {
        let browser = TestCity::new(fixture).await.visitor();
        let long = "あ".repeat(1_500_000);
        let answer = browser.post("/auth/sign-in", &[("login", long.as_str())]).await;
        assert!(answer.status == 413 && answer.says("大きすぎます"), "{}", answer.status);
    }
}
