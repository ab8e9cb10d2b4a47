//! Residents' comments and questions: the form of the portal, and what becomes of it.

use kawasemi_courier::records::ENQUIRY;
use kawasemi_desk::{Role, Settings, Site};
use kawasemi_ledger::ListRequest;
use kawasemi_schema::SystemBundle;
use kawasemi_testkit::desk::{Setup, TestCity, tables};
use kawasemi_testkit::{Fixture, on_both_stores};

async fn city(fixture: &Fixture, role: Role) -> TestCity {
    let files = [
        ("system.toml", include_str!("../../../../systems/enquiry/system.toml")),
        ("ledgers/enquiry.toml", include_str!("../../../../systems/enquiry/ledgers/enquiry.toml")),
    ];
    let bundle = SystemBundle::read("systems/enquiry", &files).expect("the system is well defined");
    let site = Site { bundle, calculations: &[], links: Vec::new() };
    let settings = Settings { role, ..Settings::default() };
    TestCity::with(fixture, Setup { systems: vec![site], settings, ..Setup::default() }).await
}

on_both_stores! {
    tables = tables();

    async fn what_is_sent_is_there_once_and_what_was_changed_is_another(fixture) {
        let city = city(fixture, Role::All).await;
        let visitor = city.visitor();
        assert_eq!(visitor.get("/vi/enquiry").await.status, 200);
        let id = "0190b5c8-0000-7000-8000-000000000001";
        let empty = visitor.post("/enquiry", &[("id", id), ("subject", " ")]).await;
        assert!(empty.status == 422 && empty.says("件名を入力してください。"), "{}", empty.text);
        let asks = [("id", id), ("subject", "柵"), ("body", "折れています"), ("reply_wanted", "true")];
        assert!(visitor.post("/enquiry", &asks).await.says("メールアドレスか電話番号"), "there is nowhere to reply to");
        let mut whole = asks.to_vec();
        whole.push(("mail", "resident@example.jp"));
        let sent = visitor.post("/enquiry", &whole).await;
        assert!(sent.status == 303 && sent.location().contains("reference="), "{}", sent.text);
        assert_eq!(visitor.post("/enquiry", &whole).await.location(), sent.location(), "the same again");
        let shown = visitor.get(sent.location()).await;
        let reference = sent.location().rsplit('=').next().unwrap_or_default().to_owned();
        assert!(shown.says(&reference));
        assert!(!visitor.get("/enquiry/sent?reference=%3Cb%3Ex%3C/b%3E").await.says("<b>x"));
        whole[2] = ("body", "二本折れています");
        assert_ne!(visitor.post("/enquiry", &whole).await.location(), sent.location());
        let page = city.city.ledgers.list(&city.system(), ENQUIRY, &ListRequest::all()).await.expect("is listed");
        assert_eq!(page.records.len(), 2);
        let clerk = city.sign_in("kouchou", &["enquiry-handler"]).await;
        assert!(clerk.get("/desk/ledgers/enquiry").await.says(&reference));
    }

    async fn whoever_sends_too_often_waits_and_loses_nothing(fixture) {
        let city = city(fixture, Role::All).await;
        let visitor = city.visitor();
        let send = async |n: usize| {
            let body = format!("{n}本目の柵が折れています");
            visitor.post("/enquiry", &[("subject", "柵"), ("body", body.as_str())]).await
        };
        for n in 0..30 {
            assert_eq!(send(n).await.status, 303);
        }
        let refused = send(30).await;
        assert_eq!(refused.status, 429);
        assert!(refused.says("まだ送っていません") && refused.says("30本目の柵が折れています"), "{}", refused.text);
        city.clock.advance(jiff::SignedDuration::from_mins(61));
        assert_eq!(send(30).await.status, 303);
        let page = city.city.ledgers.list(&city.system(), ENQUIRY, &ListRequest::all()).await.expect("is listed");
        assert_eq!(page.records.len(), 31);
    }

    async fn a_portal_that_knows_no_desk_takes_nothing(fixture) {
        let city = city(fixture, Role::Portal).await;
        let visitor = city.visitor();
        assert_eq!(visitor.get("/enquiry").await.status, 503);
        let sent = visitor.post("/enquiry", &[("subject", "柵"), ("body", "折れています")]).await;
        assert!(sent.status == 503 && sent.says("保存されていません"), "{}", sent.text);
        assert_eq!(visitor.post("/courier/v1/exchange", &[("x", "1")]).await.status, 422);
    }
}
