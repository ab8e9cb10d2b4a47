//! What administrators do with webhooks: checked, secret, and in the audit trail.

use crate::common::{Hall, Receiver};
use jiff::SignedDuration;
use kawasemi_identity::Context;
use kawasemi_store::seal::Seals;
use kawasemi_store::{Sql, audit};
use kawasemi_testkit::desk::tables;
use kawasemi_testkit::on_both_stores;
use kawasemi_webhook::{Restart, State, Subscription, WebhookError};
use uuid::Uuid;

on_both_stores! {
    tables = tables();

    async fn they_are_for_administrators(fixture) {
        let hall = Hall::open(fixture).await;
        let caller = hall.city.city.identity.caller_of(&hall.city.system(), hall.link).await.expect("a caller");
        let clerk = Context::new(caller, hall.city.system().act.at);
        let wanted = hall.subscription("https://receiver.example.lg.jp/");
        assert!(matches!(hall.webhooks.add(&clerk, wanted).await, Err(WebhookError::Identity(_))));
        assert!(matches!(hall.webhooks.list(&clerk).await, Err(WebhookError::Identity(_))));
    }

    async fn mistakes_are_told_by_field(fixture) {
        let hall = Hall::open(fixture).await;
        let good = hall.subscription("https://receiver.example.lg.jp/");
        let nobody = hall.city.account("nobody", &[]).await;
        let with = |change: &dyn Fn(&mut Subscription)| {
            let mut wanted = good.clone();
            change(&mut wanted);
            wanted
        };
        for (wanted, expected) in [
            (with(&|wanted| wanted.title = " ".into()), "title"),
            (with(&|wanted| wanted.url = "http://receiver.example.lg.jp/".into()), "url"),
            (with(&|wanted| wanted.account = nobody), "account"),
            (with(&|wanted| wanted.account = Uuid::from_u128(9)), "account"),
            (with(&|wanted| wanted.filter = Some("name = ".into())), "filter"),
            // What the account may not see can't be asked for in its name.
            (with(&|wanted| wanted.filter = Some("keeper IS NOT NULL".into())), "filter"),
        ] {
            match hall.webhooks.add(&hall.city.system(), wanted).await {
                Err(WebhookError::Invalid { field, .. }) => assert_eq!(field, expected),
                other => panic!("{expected}: {other:?}"),
            }
        }
        assert!(hall.webhooks.add(&hall.city.system(), good).await.is_ok());
    }

    async fn a_new_secret_overlaps_with_the_one_before(fixture) {
        let (hall, receiver) = (Hall::open(fixture).await, Receiver::start().await);
        let (id, old) = hall.add(hall.subscription(&receiver.url())).await;
        let new = hall.webhooks.rotate(&hall.city.system(), id).await.expect("a new secret");
        assert_ne!(old, new);
        hall.webhooks.test(&hall.city.system(), id).await.expect("is tried");
        let both = receiver.received().remove(0);
        assert!(both.is_signed_with(&new) && both.is_signed_with(&old));
        assert_eq!(both.json()["type"], "ledger.test");
        hall.city.clock.advance(SignedDuration::from_hours(25));
        hall.webhooks.test(&hall.city.system(), id).await.expect("is tried");
        let signatures = |n: usize| receiver.received()[n].headers["webhook-signature"].to_str().expect("text").split(' ').count();
        assert_eq!((signatures(0), signatures(1)), (2, 1));
    }

    async fn the_secret_is_sealed_and_follows_a_new_key(fixture) {
        let (hall, receiver) = (Hall::open(fixture).await, Receiver::start().await);
        let (id, secret) = hall.add(hall.subscription(&receiver.url())).await;
        let row = hall.store().read_one(Sql::with("SELECT secret FROM {webhook}", [])).await.expect("reads").expect("a row");
        let stored: Vec<u8> = row.get(0).expect("bytes");
        assert!(!String::from_utf8_lossy(&stored).contains(&secret));
        fixture.sealer.add_key([9; 32]).expect("a second key");
        assert_eq!(hall.webhooks.renew_seals().await.expect("renews"), Seals { renewed: 1, lost: 0 });
        assert_eq!(hall.webhooks.renew_seals().await.expect("renews"), Seals::default());
        hall.webhooks.test(&hall.city.system(), id).await.expect("is tried");
        assert!(receiver.received().remove(0).is_signed_with(&secret));
    }

    async fn without_the_key_a_new_secret_is_made(fixture) {
        let (hall, receiver) = (Hall::open(fixture).await, Receiver::start().await);
        let (id, _) = hall.add(hall.subscription(&receiver.url())).await;
        std::fs::remove_file(fixture.sealer.path()).expect("removes");
        fixture.sealer.ensure_key([9; 32]).expect("another key");
        assert_eq!(hall.webhooks.sealed_secrets().await.expect("looks"), (1, 1));
        let attempt = hall.webhooks.test(&hall.city.system(), id).await.expect("is tried");
        assert!(attempt.error.is_some_and(|error| error.contains("秘密が開きません")));
        let new = hall.webhooks.rotate(&hall.city.system(), id).await.expect("a new secret");
        hall.webhooks.test(&hall.city.system(), id).await.expect("is tried");
        assert!(receiver.received().remove(0).is_signed_with(&new));
    }

    async fn a_stopped_one_goes_on_from_where_it_stopped_or_from_now(fixture) {
        let (hall, receiver) = (Hall::open(fixture).await, Receiver::start().await);
        let (id, _) = hall.add(hall.subscription(&receiver.url())).await;
        let names = || receiver.received().iter().flat_map(|m| m.changes()).filter_map(|(_, name)| name).collect::<Vec<_>>();
        hall.park("一").await;
        hall.city.seal().await;
        hall.webhooks.pump().await.expect("a message waits");
        hall.webhooks.stop(&hall.city.system(), id).await.expect("stops");
        hall.park("二").await;
        hall.round().await;
        assert_eq!((names().len(), hall.jobs("waiting").await, hall.get(id).await.state), (0, 0, State::Stopped));
        hall.webhooks.start(&hall.city.system(), id, Restart::WhereItStopped).await.expect("goes on");
        hall.round().await;
        assert_eq!(names(), ["一", "二"]);
        hall.webhooks.stop(&hall.city.system(), id).await.expect("stops");
        hall.park("三").await;
        hall.round().await;
        hall.webhooks.start(&hall.city.system(), id, Restart::Now).await.expect("goes on");
        hall.park("四").await;
        hall.round().await;
        assert_eq!(names(), ["一", "二", "四"]);
    }

    async fn every_act_is_in_the_audit_trail_without_the_secret(fixture) {
        let hall = Hall::open(fixture).await;
        let (id, secret) = hall.add(hall.subscription("https://receiver.example.lg.jp/")).await;
        let other = Subscription { title: "別の名前".into(), ..hall.subscription("https://receiver.example.lg.jp/") };
        hall.webhooks.change(&hall.city.system(), id, other).await.expect("is changed");
        hall.webhooks.rotate(&hall.city.system(), id).await.expect("a new secret");
        hall.webhooks.remove(&hall.city.system(), id).await.expect("is removed");
        let acts = hall.webhooks.acts(&hall.city.system(), id).await.expect("acts");
        let kinds: Vec<&str> = acts.iter().map(|act| act.kind.as_str()).collect();
        assert_eq!(kinds, ["delete", "rotate", "update", "create"]);
        hall.city.seal().await;
        let report = audit::verify(hall.store(), &hall.city.city.keeper, &|_, _| {}).await.expect("is verified");
        assert!(report.ok, "{:?}", report.findings);
        let sql = kawasemi_store::Sql::with("SELECT payload FROM {audit_payload}", []);
        for row in hall.store().read(sql).await.expect("payloads") {
            assert!(!row.get::<String>(0).expect("text").contains(&secret));
        }
        assert!(matches!(hall.webhooks.get(&hall.city.system(), id).await, Err(WebhookError::NotFound)));
    }
}
