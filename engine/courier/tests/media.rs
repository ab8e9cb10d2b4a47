//! Parcels by file: everything that may happen to a file on its way.
#![allow(clippy::unwrap_used, reason = "a fixture that fails fails the test")]

mod common;

use std::fs;

use common::{Both, tables};
use jiff::SignedDuration;
use kawasemi_courier::{CourierError, Side};

fn reason(outcome: Result<kawasemi_courier::Unpacked, CourierError>) -> String {
    match outcome {
        Err(CourierError::Refused(reason)) => reason,
        other => panic!("is not refused: {other:?}"),
    }
}

kawasemi_testkit::on_both_stores! {
    tables = tables();

    async fn a_parcel_arrives_once_and_is_erased_when_its_receipt_has_come_back(fixture) {
        let both = Both::new(fixture).await;
        for subject in ["一", "二", "三"] {
            both.send(subject).await;
        }
        let done = both.carry(&both.portal, &both.desk, "out.kwc").await;
        assert_eq!((done.applied, done.range, done.known, done.remarks.len()), (3, Some((1, 3)), 0, 0));
        assert_eq!(both.desk.subjects().await, ["一", "三", "二"]);
        assert_eq!(both.portal.contents().await, 3, "nothing is erased before its receipt");
        let back = both.carry(&both.desk, &both.portal, "back.kwc").await;
        assert_eq!((back.acknowledged, back.applied), (3, 0));
        assert_eq!(both.portal.contents().await, 0);
        assert!(both.portal.subjects().await.is_empty(), "the portal never has a record");
        both.send("四").await;
        let done = both.carry(&both.portal, &both.desk, "next.kwc").await;
        assert_eq!((done.applied, done.range), (1, Some((4, 4))));
        let status = both.portal.courier.status().await.unwrap();
        assert_eq!((status.outgoing.acknowledged, status.outgoing.sent), (3, 1));
        both.close().await;
    }

    async fn a_file_that_was_lost_needs_no_care_and_one_read_twice_does_nothing(fixture) {
        let both = Both::new(fixture).await;
        both.send("一").await;
        both.portal.courier.pack(&both.context(), &both.path("lost.kwc")).await.unwrap();
        both.send("二").await;
        assert_eq!(both.carry(&both.portal, &both.desk, "second.kwc").await.applied, 2);
        let again = reason(both.desk.courier.unpack(&both.context(), &both.path("second.kwc")).await);
        assert!(again.contains("前に取り込んでいます"), "{again}");
        let found = both.desk.courier.unpack(&both.context(), &both.path("lost.kwc")).await.unwrap();
        assert_eq!((found.applied, found.known), (0, 1));
        assert_eq!(both.desk.subjects().await.len(), 2);
        let files = both.desk.courier.status().await.unwrap().files;
        assert!(files.iter().any(|file| file.outcome == "refused" && file.name == "second.kwc"));
        both.close().await;
    }

    async fn not_one_byte_may_be_changed_and_nothing_cut_off_or_added(fixture) {
        let both = Both::new(fixture).await;
        both.send("一").await;
        let (whole, bad) = (both.path("whole.kwc"), both.path("bad.kwc"));
        both.portal.courier.pack(&both.context(), &whole).await.unwrap();
        let bytes = fs::read(&whole).unwrap();
        for at in (0..bytes.len()).step_by(7).chain([bytes.len() - 1]) {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            fs::write(&bad, changed).unwrap();
            reason(both.desk.courier.unpack(&both.context(), &bad).await);
        }
        for length in [0, 10, 19, 20, 100, bytes.len() / 2, bytes.len() - 65, bytes.len() - 1] {
            fs::write(&bad, &bytes[..length]).unwrap();
            let said = reason(both.desk.courier.unpack(&both.context(), &bad).await);
            assert!(said.contains("途中で切れています"), "{length}: {said}");
        }
        fs::write(&bad, [bytes.as_slice(), b"x"].concat()).unwrap();
        reason(both.desk.courier.unpack(&both.context(), &bad).await);
        assert!(both.desk.subjects().await.is_empty());
        assert_eq!(both.desk.courier.unpack(&both.context(), &whole).await.unwrap().applied, 1);
        both.close().await;
    }

    async fn what_is_not_for_this_half_or_not_from_the_other_is_refused(fixture) {
        let both = Both::new(fixture).await;
        let context = both.context();
        both.send("一").await;
        let file = both.path("out.kwc");
        both.portal.courier.pack(&context, &file).await.unwrap();
        let said = reason(both.portal.courier.unpack(&context, &file).await);
        assert!(said.contains("向きが逆"), "{said}");
        let elsewhere = both.stranger("142158", Side::Desk).await;
        elsewhere.courier.rotate_key(&context).await.unwrap();
        let said = reason(elsewhere.courier.unpack(&context, &file).await);
        assert!(said.contains("別の市"), "{said}");
        let said = both.desk.courier.trust_key(&context, &elsewhere.line().await).await.unwrap_err().to_string();
        assert!(said.contains("142158"), "{said}");
        // Another installation of the same city, whose key nobody here has trusted.
        let other = both.stranger("142182", Side::Portal).await;
        other.courier.rotate_key(&context).await.unwrap();
        other.courier.trust_key(&context, &both.desk.line().await).await.unwrap();
        other.courier.submit("enquiry", common::enquiry("偽")).await.unwrap();
        other.courier.pack(&context, &both.path("false.kwc")).await.unwrap();
        let said = reason(both.desk.courier.unpack(&context, &both.path("false.kwc")).await);
        assert!(said.contains("知らない鍵"), "{said}");
        // A desk that is not the one it was sealed for.
        let twin = both.stranger("142182", Side::Desk).await;
        twin.courier.rotate_key(&context).await.unwrap();
        twin.courier.trust_key(&context, &both.portal.line().await).await.unwrap();
        let said = reason(twin.courier.unpack(&context, &file).await);
        assert!(said.contains("別の受け手"), "{said}");
        assert!(both.desk.subjects().await.is_empty());
        both.close().await;
    }

    async fn a_replaced_key_is_taken_for_a_while_and_a_retired_one_never(fixture) {
        let both = Both::new(fixture).await;
        let context = both.context();
        both.send("一").await;
        let (under_way, late) = (both.path("under-way.kwc"), both.path("late.kwc"));
        both.portal.courier.pack(&context, &under_way).await.unwrap();
        both.send("二").await;
        both.portal.courier.pack(&context, &late).await.unwrap();
        let old = both.portal.courier.own_key().await.unwrap().id;
        both.portal.courier.rotate_key(&context).await.unwrap();
        both.portal.courier.pack(&context, &both.path("new.kwc")).await.unwrap();
        let said = reason(both.desk.courier.unpack(&context, &both.path("new.kwc")).await);
        assert!(said.contains("知らない鍵"), "{said}");
        both.desk.courier.trust_key(&context, &both.portal.line().await).await.unwrap();
        assert_eq!(both.desk.courier.unpack(&context, &under_way).await.unwrap().applied, 1, "within the overlap");
        both.clock.advance(SignedDuration::from_hours(24 * 31));
        let said = reason(both.desk.courier.unpack(&context, &late).await);
        assert!(said.contains("もう使わない鍵"), "{said}");
        assert_eq!(both.desk.courier.unpack(&context, &both.path("new.kwc")).await.unwrap().applied, 1);
        both.desk.courier.retire_key(&context, &old).await.unwrap();
        assert!(reason(both.desk.courier.unpack(&context, &late).await).contains("もう使わない鍵"));
        // What was sealed to a desk's key before it was replaced and retired still opens.
        both.send("三").await;
        let sealed_to = both.desk.courier.own_key().await.unwrap().id;
        both.desk.courier.rotate_key(&context).await.unwrap();
        both.desk.courier.retire_key(&context, &sealed_to).await.unwrap();
        both.portal.courier.trust_key(&context, &both.desk.line().await).await.unwrap();
        assert_eq!(both.carry(&both.portal, &both.desk, "third.kwc").await.applied, 1);
        assert_eq!(both.desk.subjects().await.len(), 3);
        both.close().await;
    }

    async fn what_comes_before_its_turn_waits(fixture) {
        let both = Both::new(fixture).await;
        both.send("一").await;
        let first = both.path("first.kwc");
        both.portal.courier.pack(&both.context(), &first).await.unwrap();
        // A portal that believes the first to have arrived.
        let erased = "UPDATE {courier_out} SET state = 'acknowledged'";
        both.portal.city.write(kawasemi_store::Unit::of([kawasemi_store::Sql::with(erased, []).into()])).await.unwrap();
        both.send("二").await;
        both.send("三").await;
        let done = both.carry(&both.portal, &both.desk, "second.kwc").await;
        assert_eq!((done.applied, done.kept), (0, 2));
        assert!(done.remarks[0].contains("番号 1 "), "{:?}", done.remarks);
        let waiting = both.desk.courier.status().await.unwrap().incoming;
        assert_eq!((waiting.kept, waiting.missing), (2, Some(1)));
        assert!(both.desk.subjects().await.is_empty());
        let done = both.desk.courier.unpack(&both.context(), &first).await.unwrap();
        assert_eq!((done.applied, done.kept), (3, 0));
        assert_eq!(both.desk.subjects().await.len(), 3);
        both.close().await;
    }

    async fn a_refused_parcel_is_listed_and_the_next_goes_on(fixture) {
        let both = Both::new(fixture).await;
        both.portal.courier.submit("enquiry", b"no json".to_vec()).await.unwrap();
        both.portal.courier.submit("unheard-of", common::enquiry("?")).await.unwrap();
        both.portal.courier.submit("enquiry", br#"{"subject": "\u5185\u5bb9\u306a\u3057"}"#.to_vec()).await.unwrap();
        both.send("四").await;
        let done = both.carry(&both.portal, &both.desk, "out.kwc").await;
        assert_eq!((done.applied, done.refused), (1, 3));
        let refused = both.desk.courier.status().await.unwrap().incoming.refused;
        assert_eq!(refused.iter().map(|parcel| parcel.seq).collect::<Vec<_>>(), [3, 2, 1]);
        assert!(refused.iter().all(|parcel| !parcel.reason.contains("内容なし")), "reasons hold no content");
        assert_eq!(both.carry(&both.desk, &both.portal, "back.kwc").await.acknowledged, 4);
        assert_eq!(both.portal.courier.status().await.unwrap().outgoing.refused, 3);
        assert!(both.desk.courier.retry(2).await.is_err());
        both.close().await;
    }

    async fn a_request_over_the_line_is_answered_once_and_fresh_ones_only(fixture) {
        let both = Both::new(fixture).await;
        both.send("一").await;
        let file = both.path("request.kwc");
        both.desk.courier.pack(&both.context(), &file).await.unwrap();
        let request = fs::read(&file).unwrap();
        let answer = both.portal.courier.answer(request.clone()).await.unwrap();
        assert!(answer.len() > 100);
        let again = both.portal.courier.answer(request).await.unwrap_err().to_string();
        assert!(again.contains("もう一度届きました"), "{again}");
        both.desk.courier.pack(&both.context(), &file).await.unwrap();
        both.clock.advance(SignedDuration::from_mins(6));
        let old = both.portal.courier.answer(fs::read(&file).unwrap()).await.unwrap_err().to_string();
        assert!(old.contains("時計"), "{old}");
        assert!(both.portal.courier.client(&"http://10.0.0.1/".parse().unwrap(), None).is_err(), "the portal has no client");
        both.close().await;
    }
}
