//! The papers of a work: handed in, returned, approved by two, and then left alone by everybody.

use kawasemi_platform::kernel::{RecordId, Value};
use kawasemi_platform::ledger::Draft;
use kawasemi_testkit::desk::Answer;
use kawasemi_testkit::{Browser, TestCity, on_both_stores};

use crate::support::{add, city};

async fn work(city: &TestCity) -> RecordId {
    let draft = Draft::new()
        .with("work_number", "R8-1")
        .with("title", "深谷中央線舗装補修工事")
        .with("state", "under-way")
        .with("contractor_name", "川田建設");
    add(city, "construction-work", draft).await
}

async fn paper(city: &TestCity, work: RecordId, state: &str) -> RecordId {
    let draft = Draft::new()
        .with("work", work)
        .with("paper_number", 1)
        .with("category", "meeting")
        .with("issuer", "contractor")
        .with("kind", "consultation")
        .with("title", "側溝の高さについて")
        .with("state", state);
    add(city, "work-paper", draft).await
}

/// Takes a step as a person who has just looked.
async fn decide(city: &TestCity, browser: &Browser, paper: RecordId, decision: &str, note: &str) -> Answer {
    let revision = city.city.ledgers.get(&city.system(), "work-paper", paper).await.unwrap().revision.to_string();
    browser
        .post(
            &format!("/desk/roads/papers/{paper}/decide"),
            &[("revision", revision.as_str()), ("decision", decision), ("note", note)],
        )
        .await
}

async fn state(city: &TestCity, paper: RecordId) -> String {
    let record = city.city.ledgers.get(&city.system(), "work-paper", paper).await.unwrap();
    record.get("state").as_text().unwrap().to_owned()
}

on_both_stores! {
    tables = crate::support::tables();

    async fn a_paper_goes_through_two_hands_and_stays_as_it_is(fixture) {
        let city = city(fixture).await;
        let supervisor = city.sign_in("kanri", &["road-works-supervisor"]).await;
        let chief = city.sign_in("sokatsu", &["road-works-chief"]).await;
        let work = work(&city).await;
        let paper = paper(&city, work, "draft").await;
        assert_eq!(decide(&city, &supervisor, paper, "approve", "").await.status, 422, "a draft is not approved");
        assert_eq!(decide(&city, &supervisor, paper, "submit", "").await.status, 303);
        assert_eq!(decide(&city, &chief, paper, "approve", "").await.status, 422, "the supervisor comes first");
        assert_eq!(decide(&city, &supervisor, paper, "return", "").await.status, 422, "a return needs a reason");
        assert_eq!(decide(&city, &supervisor, paper, "return", "図が足りません").await.status, 303);
        assert_eq!(state(&city, paper).await, "returned");
        decide(&city, &supervisor, paper, "submit", "").await;
        assert_eq!(decide(&city, &supervisor, paper, "approve", "").await.status, 303);
        assert_eq!(decide(&city, &chief, paper, "approve", "よい").await.status, 303);
        assert_eq!(state(&city, paper).await, "approved");
        let page = chief.get(&format!("/desk/roads/works/{work}")).await;
        assert!(page.says("図が足りません") && page.says("sokatsu") && page.says("承認"), "{}", page.text);
        // Nobody's form and nobody's program reaches it now.
        let record = city.city.ledgers.get(&city.system(), "work-paper", paper).await.unwrap();
        for (login, roles) in [("a", vec!["road-works-supervisor"]), ("b", vec!["road-works-chief"]), ("c", vec!["road-editor"]), ("d", vec!["admin"])] {
            let browser = city.sign_in(login, &roles).await;
            let edit = browser.get(&format!("/desk/ledgers/work-paper/{paper}/edit")).await;
            assert!(matches!(edit.status, 403 | 404), "{login}: {}", edit.status);
            let sent = browser.post(&format!("/desk/ledgers/work-paper/{paper}/edit"), &[("title", "書き換え"), ("revision", &record.revision.to_string())]).await;
            assert!(matches!(sent.status, 403 | 404), "{login}: {} {}", sent.status, sent.location());
        }
        assert_eq!(decide(&city, &supervisor, paper, "return", "やはり").await.status, 422);
        let after = city.city.ledgers.get(&city.system(), "work-paper", paper).await.unwrap();
        assert_eq!(after, record);
    }

    async fn what_was_changed_meanwhile_is_not_approved_unseen(fixture) {
        let city = city(fixture).await;
        let supervisor = city.sign_in("kanri", &["road-works-supervisor"]).await;
        let work = work(&city).await;
        let paper = paper(&city, work, "submitted").await;
        let seen = city.city.ledgers.get(&city.system(), "work-paper", paper).await.unwrap().revision.to_string();
        crate::support::change(&city, "work-paper", paper, Draft::new().with("content", "差し替えた内容")).await;
        let answer = supervisor.post(&format!("/desk/roads/papers/{paper}/decide"), &[("revision", seen.as_str()), ("decision", "approve")]).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert!(answer.says("先に保存"), "{}", answer.text);
        assert_eq!(state(&city, paper).await, "submitted");
    }

    async fn a_work_that_is_behind_says_so(fixture) {
        let city = city(fixture).await;
        let hanako = city.sign_in("hanako", &["road-editor"]).await;
        let id = work(&city).await;
        let month = |planned: &str, actual: &str| {
            crate::support::rows(&city, &[&[("month", Value::YearMonth("2026-05".parse().unwrap())), ("planned_percent", crate::support::decimal(planned)), ("actual_percent", crate::support::decimal(actual))]])
        };
        crate::support::change(&city, "construction-work", id, Draft::new().with("monthly", month("55", "40.5"))).await;
        let list = hanako.get("/desk/roads/works").await;
        assert!(list.says("40.5") && list.says("遅れ"), "{}", list.text);
    }
}
