//! Messages on their way: signed, in order, again when they did not arrive, and never to where they must not go.

use std::time::Duration;

use crate::common::{Answer, Hall, Receiver, only, sender, webhooks};
use jiff::SignedDuration;
use kawasemi_ledger::Ledgers;
use kawasemi_store::Access;
use kawasemi_store::jobs::{Handlers, MAX_ATTEMPTS};
use kawasemi_store::record::write::Kind;
use kawasemi_testkit::certificates::Certificates;
use kawasemi_testkit::desk::tables;
use kawasemi_testkit::on_both_stores;
use kawasemi_webhook::{Delivery, Destinations, Parts, Restart, Sender, State, TOPIC, Webhooks};

fn pair(kind: &str, name: &str) -> (String, Option<String>) {
    (kind.to_owned(), Some(name.to_owned()))
}

on_both_stores! {
    tables = tables();

    async fn changes_arrive_signed_and_in_order(fixture) {
        let (hall, receiver) = (Hall::open(fixture).await, Receiver::start().await);
        hall.park("先にあった公園").await;
        hall.city.seal().await;
        let (id, secret) = hall.add(hall.subscription(&receiver.url())).await;
        let park = hall.park("中央公園").await;
        hall.park("北公園").await;
        hall.set(park, 1, "name", "城山公園").await;
        hall.round().await;
        let received = receiver.received();
        assert_eq!(received.len(), 1);
        let message = &received[0];
        assert!(message.is_signed_with(&secret) && !message.is_signed_with("whsec_AAAA"), "{message:?}");
        let expected = [pair("create", "城山公園"), pair("create", "北公園"), pair("update", "城山公園")];
        assert_eq!(message.changes(), expected);
        let json = message.json();
        assert_eq!((json["type"].as_str(), json["data"]["ledger"].as_str()), (Some("ledger.changed"), Some("park")));
        assert_eq!(json["data"]["changes"][0]["id"], park.to_string());
        hall.round().await;
        assert_eq!(receiver.received().len(), 1, "nothing is told twice");
        assert!(hall.get(id).await.delivered_at.is_some());
        let attempts = hall.webhooks.attempts(&hall.city.system(), id).await.expect("attempts");
        assert_eq!((attempts.len(), attempts[0].status, attempts[0].changes), (1, Some(204), 3));
    }

    async fn a_receiver_is_believed_by_the_halls_own_authority(fixture) {
        let certificates = Certificates::new();
        let (mut hall, receiver) = (Hall::open(fixture).await, Receiver::start_secured(&certificates).await);
        for (authority, arrives) in [(None, false), (Some("other-ca.pem"), false), (Some("ca.pem"), true)] {
            let pem = authority.map(|name| certificates.pem(name));
            let loopback = Destinations::default().with_loopback();
            let sender = Sender::within(loopback, pem.as_deref(), Duration::from_secs(5)).expect("a sender");
            hall.webhooks = webhooks(&hall.city, fixture, sender);
            hall.handlers = Handlers::default().with(TOPIC, Delivery(hall.webhooks.clone()));
            let (id, _) = hall.add(hall.subscription(&receiver.secured_url())).await;
            hall.park("中央公園").await;
            hall.round().await;
            assert_eq!(receiver.received().len(), usize::from(arrives), "{authority:?}");
            let attempts = hall.webhooks.attempts(&hall.city.system(), id).await.expect("attempts");
            assert_eq!((attempts.len(), attempts[0].status), (1, arrives.then_some(204)));
            hall.webhooks.remove(&hall.city.system(), id).await.expect("is removed");
        }
        assert!(Sender::within(Destinations::default(), Some(b"no certificate"), Duration::from_secs(5)).is_err());
    }

    async fn many_changes_become_several_messages_in_order(fixture) {
        let (hall, receiver) = (Hall::open(fixture).await, Receiver::start().await);
        hall.add(hall.subscription(&receiver.url())).await;
        for n in 0..120 {
            hall.park(&format!("公園{n:03}")).await;
        }
        hall.round().await;
        let names: Vec<String> = receiver.received().iter().flat_map(|m| m.changes()).filter_map(|(_, name)| name).collect();
        assert_eq!((receiver.received().len(), names.len(), names.is_sorted()), (3, 120, true));
    }

    async fn what_the_account_may_not_see_is_not_told(fixture) {
        let (hall, receiver) = (Hall::open(fixture).await, Receiver::start().await);
        let (id, _) = hall.add(hall.subscription(&receiver.url())).await;
        let park = hall.park("中央公園").await;
        hall.set(park, 1, "keeper", "緑川 花子").await;
        hall.round().await;
        assert!(!receiver.received()[0].body.contains("緑川") && !receiver.received()[0].body.contains("keeper"));
        // Closed, it leaves what the account may see; what happens to it then is not told.
        hall.set(park, 2, "closed", true).await;
        hall.set(park, 3, "note", "秘密の工事").await;
        hall.round().await;
        assert_eq!(receiver.received()[1].changes(), [("gone".to_owned(), None)]);
        hall.set(park, 4, "note", "もっと秘密").await;
        hall.round().await;
        assert_eq!(receiver.received().len(), 2, "a message of nothing is none");
        // The grants of the moment decide: without its role the account sees no parks at all.
        let held = hall.city.city.identity.roles_of(&hall.city.system(), hall.link).await.expect("roles");
        hall.city.city.identity.remove_role(&hall.city.system(), held[0].id).await.expect("is removed");
        hall.park("南公園").await;
        hall.round().await;
        let webhook = hall.get(id).await;
        assert!(webhook.state == State::Failed && webhook.reason.contains("見られなくなりました"), "{webhook:?}");
        assert_eq!(receiver.received().len(), 2);
    }

    async fn only_ids_are_told_unless_fields_are_wanted(fixture) {
        let (hall, receiver) = (Hall::open(fixture).await, Receiver::start().await);
        let wanted = hall.subscription(&receiver.url());
        hall.add(kawasemi_webhook::Subscription { with_fields: false, ..wanted }).await;
        let park = hall.park("中央公園").await;
        hall.round().await;
        let message = &receiver.received()[0];
        assert!(message.body.contains(&park.to_string()) && !message.body.contains("中央公園"), "{}", message.body);
    }

    async fn kinds_and_a_condition_narrow_what_is_told(fixture) {
        let (hall, receiver) = (Hall::open(fixture).await, Receiver::start().await);
        let wanted = hall.subscription(&receiver.url());
        let filter = Some("name LIKE '城%'".to_owned());
        hall.add(kawasemi_webhook::Subscription { kinds: only(Kind::Update), filter, ..wanted }).await;
        let (one, two) = (hall.park("城山公園").await, hall.park("北公園").await);
        hall.round().await;
        assert!(receiver.received().is_empty());
        hall.set(one, 1, "note", "一").await;
        hall.set(two, 1, "note", "二").await;
        hall.round().await;
        assert_eq!(receiver.received()[0].changes(), [pair("update", "城山公園")]);
    }

    async fn a_receiver_that_was_down_misses_nothing(fixture) {
        let (hall, receiver) = (Hall::open(fixture).await, Receiver::start().await);
        let (id, secret) = hall.add(hall.subscription(&receiver.url())).await;
        receiver.answers([Answer::Status(503), Answer::Status(500)]);
        hall.park("一").await;
        hall.round().await;
        hall.park("二").await;
        hall.round().await;
        assert_eq!((receiver.received().len(), hall.get(id).await.failures), (1, 1), "it waits its time");
        for _ in 0..2 {
            hall.city.clock.advance(SignedDuration::from_secs(30));
            hall.round().await;
        }
        let received = receiver.received();
        let ids: Vec<&str> = received.iter().map(|message| message.id()).collect();
        assert_eq!(received.len(), 4);
        assert!(ids[0] == ids[1] && ids[1] == ids[2] && ids[2] != ids[3], "the same message keeps its id: {ids:?}");
        assert_eq!((received[2].changes(), received[3].changes()), (vec![pair("create", "一")], vec![pair("create", "二")]));
        assert!(received.iter().all(|message| message.is_signed_with(&secret)));
        assert_eq!(hall.get(id).await.failures, 0);
    }

    async fn a_receiver_that_is_not_there_or_slow_is_tried_again(fixture) {
        let (hall, receiver) = (Hall::open(fixture).await, Receiver::start().await);
        let (slow, _) = hall.add(hall.subscription(&receiver.url())).await;
        let (absent, _) = hall.add(hall.subscription("http://127.0.0.1:9/hooks")).await;
        receiver.answers([Answer::Slowly(Duration::from_secs(3))]);
        hall.park("一").await;
        hall.round().await;
        let error = async |id| hall.webhooks.attempts(&hall.city.system(), id).await.expect("attempts")[0].error.clone();
        assert_eq!(error(slow).await.as_deref(), Some("時間内に応答がありませんでした。"));
        assert!(error(absent).await.is_some_and(|said| said.contains("接続できませんでした")));
        hall.city.clock.advance(SignedDuration::from_secs(30));
        hall.work().await;
        assert_eq!((error(slow).await, receiver.received().len()), (None, 2));
    }

    async fn a_receiver_that_is_gone_stops_it_at_once_and_nothing_is_lost(fixture) {
        let (hall, receiver) = (Hall::open(fixture).await, Receiver::start().await);
        let (id, _) = hall.add(hall.subscription(&receiver.url())).await;
        receiver.answers([Answer::Status(410)]);
        hall.park("一").await;
        hall.round().await;
        let webhook = hall.get(id).await;
        assert!(webhook.state == State::Failed && webhook.reason.contains("410"), "{webhook:?}");
        assert_eq!(hall.jobs("dead").await, 1);
        hall.park("二").await;
        hall.round().await;
        assert_eq!(receiver.received().len(), 1);
        hall.webhooks.start(&hall.city.system(), id, Restart::WhereItStopped).await.expect("goes on");
        hall.round().await;
        let received = receiver.received();
        assert_eq!((received[1].changes(), received[2].changes()), (vec![pair("create", "一")], vec![pair("create", "二")]));
        assert_eq!((hall.jobs("dead").await, hall.get(id).await.state), (0, State::Active));
    }

    async fn a_long_failure_stops_it_and_its_dead_letter_can_be_sent_again(fixture) {
        let (hall, receiver) = (Hall::open(fixture).await, Receiver::start().await);
        let (id, _) = hall.add(hall.subscription(&receiver.url())).await;
        receiver.answers((0..MAX_ATTEMPTS).map(|_| Answer::Status(500)));
        hall.park("一").await;
        hall.round().await;
        for _ in 1..MAX_ATTEMPTS {
            assert_eq!(hall.get(id).await.state, State::Active);
            hall.city.clock.advance(SignedDuration::from_hours(5));
            hall.round().await;
        }
        let webhook = hall.get(id).await;
        assert!(webhook.state == State::Failed && webhook.reason.contains("16回続けて"), "{webhook:?}");
        let dead = hall.store().jobs("dead", 10).await.expect("jobs");
        assert!(dead.len() == 1 && dead[0].error.as_deref().is_some_and(|said| said.contains("500")));
        hall.store().revive_job(dead[0].job.id, hall.city.system().act.at).await.expect("goes round again");
        hall.work().await;
        let last = receiver.received().pop().expect("a message");
        assert_eq!((last.changes(), last.id()), (vec![pair("create", "一")], dead[0].job.id.to_string().as_str()));
        assert_eq!(hall.get(id).await.state, State::Failed, "to go on is for an administrator to decide");
    }

    async fn redirections_are_not_followed(fixture) {
        let (hall, receiver) = (Hall::open(fixture).await, Receiver::start().await);
        let inside = Receiver::start().await;
        let (id, _) = hall.add(hall.subscription(&receiver.url())).await;
        receiver.answers([Answer::Redirect(inside.url())]);
        hall.park("一").await;
        hall.round().await;
        assert!(inside.received().is_empty());
        let attempt = hall.webhooks.attempts(&hall.city.system(), id).await.expect("attempts").remove(0);
        assert!(attempt.status == Some(302) && attempt.error.is_some_and(|said| said.contains("転送")));
    }

    async fn nothing_is_sent_to_an_inside_address_under_whatever_name(fixture) {
        let receiver = Receiver::start().await;
        let hall = Hall::with(fixture, sender(Destinations::default())).await;
        let literal = hall.webhooks.add(&hall.city.system(), hall.subscription("https://127.0.0.1/hooks")).await;
        assert!(literal.is_err_and(|error| error.to_string().contains("webhooks.allow")));
        // A name tells nothing of where it leads until it is looked up.
        let named = format!("https://localhost:{}/hooks", receiver.address.port());
        let (id, _) = hall.add(hall.subscription(&named)).await;
        let attempt = hall.webhooks.test(&hall.city.system(), id).await.expect("is tried");
        assert!(attempt.error.is_some_and(|said| said.contains("webhooks.allow")), "{:?}", attempt.status);
        assert!(receiver.received().is_empty());
        // Where the operator has named the host it is connected to; that it speaks no TLS is found out there.
        let allowed = Destinations::new(vec!["localhost".parse().expect("a host")]);
        let allowed = webhooks(&hall.city, fixture, sender(allowed));
        let attempt = allowed.test(&hall.city.system(), id).await.expect("is tried");
        assert!(attempt.error.is_some_and(|said| !said.contains("webhooks.allow")));
    }

    async fn two_nodes_tell_everything_once(fixture) {
        let (hall, receiver) = (Hall::open(fixture).await, Receiver::start().await);
        hall.add(hall.subscription(&receiver.url())).await;
        let (store, other) = fixture.open_again(Access::Command).await;
        let roles = hall.city.city.ledgers.roles().to_vec();
        let ledgers = Ledgers::new(other.clone(), roles, Default::default(), fixture.ids.clone()).expect("opens");
        let second = Webhooks::new(Parts {
            ledgers,
            identity: hall.city.city.identity.clone(),
            sealer: fixture.sealer.clone(),
            ids: fixture.ids.clone(),
            clock: hall.city.clock.clone(),
            sender: sender(Destinations::default().with_loopback()),
        });
        let handlers = Handlers::default().with(TOPIC, Delivery(second.clone()));
        for n in 0..230 {
            hall.park(&format!("公園{n:03}")).await;
        }
        hall.city.seal().await;
        let one = async {
            for _ in 0..40 {
                hall.webhooks.pump().await.expect("messages are made");
                hall.work().await;
            }
        };
        let two = async {
            for _ in 0..40 {
                second.pump().await.expect("messages are made");
                while handlers.work_once(&other, &*hall.city.clock, 20).await.expect("jobs are done") > 0 {}
            }
        };
        tokio::join!(one, two);
        let names: Vec<String> = receiver.received().iter().flat_map(|m| m.changes()).filter_map(|(_, name)| name).collect();
        assert_eq!((names.len(), names.is_sorted()), (230, true), "each once, in order");
        store.close().await;
    }
}
