//! Passkeys, answered by an authenticator in software, on both stores.

use crate::common::Hall;
use crate::common::authenticator::Device;
use kawasemi_identity::{
    Context, EventKind, EventQuery, IdentityError, NewSession, Secret, Site, Strength, Visit, tables,
};
use kawasemi_testkit::on_both_stores;
use url::Url;
use uuid::Uuid;

const ORIGIN: &str = "https://desk.city.ayase.example.jp";

fn site(origin: &str) -> Site {
    Site::new(&Url::parse(origin).unwrap(), "綾瀬市").unwrap()
}

async fn add(hall: &Hall, context: &Context, device: &mut Device, name: &str) -> Result<Uuid, IdentityError> {
    let asked = hall.identity.begin_passkey(context, &site(ORIGIN)).await?;
    let answer = device.create(&asked.options);
    hall.identity.finish_passkey(context, &site(ORIGIN), &asked.secret, name, &answer).await
}

/// An account `tanaka` with one passkey, and its session.
async fn with_passkey(hall: &Hall) -> (Device, Context) {
    hall.staff("tanaka").await;
    let session = hall.sign_in("tanaka").await;
    let context = hall.context(&session.secret).await;
    let mut device = Device::new(ORIGIN, 1);
    add(hall, &context, &mut device, "業務用スマートフォン").await.unwrap();
    (device, context)
}

async fn sign_in(hall: &Hall, device: &mut Device) -> Result<NewSession, IdentityError> {
    let visit = Visit::at(hall.now);
    let asked = hall.identity.begin_passkey_sign_in(&visit, &site(ORIGIN)).await?;
    let answer = device.get(&asked.options);
    hall.identity.sign_in_with_passkey(&visit, &site(ORIGIN), &asked.secret, &answer).await
}

fn is_refused<T>(result: &Result<T, IdentityError>) -> bool {
    matches!(result, Err(IdentityError::PasskeyRefused(_)))
}

on_both_stores! {
    tables = tables::tables();

    async fn a_passkey_signs_in_without_a_name(fixture) {
        let hall = Hall::new(fixture);
        let (mut device, context) = with_passkey(&hall).await;
        for _ in 0..2 {
            let session = sign_in(&hall, &mut device).await.unwrap();
            let caller = hall.caller(&session.secret).await.unwrap();
            assert_eq!((caller.actor, caller.strength), (context.caller.actor, Strength::Passkey));
        }
        let account = context.caller.actor.account().unwrap();
        let keys = hall.identity.passkeys_of(&context, account).await.unwrap();
        assert_eq!((keys.len(), keys[0].name.as_str(), keys[0].used_at), (1, "業務用スマートフォン", Some(hall.now)));
    }

    async fn an_answer_is_good_once_and_for_its_challenge(fixture) {
        let hall = Hall::new(fixture);
        let (mut device, _) = with_passkey(&hall).await;
        let visit = Visit::at(hall.now);
        let site = site(ORIGIN);
        let asked = hall.identity.begin_passkey_sign_in(&visit, &site).await.unwrap();
        let answer = device.get(&asked.options);
        hall.identity.sign_in_with_passkey(&visit, &site, &asked.secret, &answer).await.unwrap();
        let again = hall.identity.sign_in_with_passkey(&visit, &site, &asked.secret, &answer).await;
        assert!(matches!(again, Err(IdentityError::CeremonyOver)));
        let other = hall.identity.begin_passkey_sign_in(&visit, &site).await.unwrap();
        assert!(is_refused(&hall.identity.sign_in_with_passkey(&visit, &site, &other.secret, &answer).await));
        let late = Visit::at(hall.after(301));
        let asked = hall.identity.begin_passkey_sign_in(&visit, &site).await.unwrap();
        let answer = device.get(&asked.options);
        let late = hall.identity.sign_in_with_passkey(&late, &site, &asked.secret, &answer).await;
        assert!(matches!(late, Err(IdentityError::CeremonyOver)));
    }

    async fn a_counter_that_goes_back_is_refused_and_told(fixture) {
        let hall = Hall::new(fixture);
        let (mut device, _) = with_passkey(&hall).await;
        device.counter = 10;
        sign_in(&hall, &mut device).await.unwrap();
        device.counter = 5;
        assert!(is_refused(&sign_in(&hall, &mut device).await));
        let query = EventQuery { limit: 2, ..EventQuery::default() };
        let events = hall.identity.events(&hall.system(), query).await.unwrap();
        let kinds: Vec<_> = events.iter().filter_map(|event| event.kind).collect();
        assert_eq!(kinds, [EventKind::SignInRefused, EventKind::PasskeySuspect]);
    }

    async fn what_is_not_verified_or_of_another_place_is_refused(fixture) {
        let hall = Hall::new(fixture);
        let (mut device, _) = with_passkey(&hall).await;
        device.verifies = false;
        assert!(is_refused(&sign_in(&hall, &mut device).await), "no finger, no PIN");
        device.verifies = true;
        device.origin = "https://desk.city.ayase.example.jp.evil.example".into();
        assert!(is_refused(&sign_in(&hall, &mut device).await), "a page that looks alike");
        assert!(is_refused(&sign_in(&hall, &mut Device::new(ORIGIN, 2)).await), "a key that nobody added");
        assert!(Site::new(&Url::parse("http://192.0.2.1:8080").unwrap(), "綾瀬市").is_err());
    }

    async fn a_disabled_account_has_no_passkeys(fixture) {
        let hall = Hall::new(fixture);
        let (mut device, context) = with_passkey(&hall).await;
        let account = context.caller.actor.account().unwrap();
        hall.identity.disable_account(&hall.system(), account).await.unwrap();
        assert!(is_refused(&sign_in(&hall, &mut device).await));
    }

    async fn keys_are_added_and_removed_by_their_owner(fixture) {
        let hall = Hall::new(fixture);
        let (mut device, context) = with_passkey(&hall).await;
        let account = context.caller.actor.account().unwrap();
        assert!(add(&hall, &context, &mut device, "同じもの").await.is_err(), "a key is added once");
        let second = add(&hall, &context, &mut Device::new(ORIGIN, 3), "予備").await.unwrap();
        assert!(add(&hall, &context, &mut Device::new(ORIGIN, 4), " ").await.is_err(), "a key has a name");
        hall.staff("sato").await;
        let other = hall.context(&hall.sign_in("sato").await.secret).await;
        assert!(matches!(hall.identity.remove_passkey(&other, second).await, Err(IdentityError::NotFound)));
        assert!(matches!(hall.identity.passkeys_of(&other, account).await, Err(IdentityError::Forbidden)));
        let renamed = hall.identity.rename_passkey(&other, second, "私のもの").await;
        assert!(matches!(renamed, Err(IdentityError::NotFound)));
        hall.identity.rename_passkey(&context, second, "金庫の鍵").await.unwrap();
        assert_eq!(hall.identity.passkeys_of(&context, account).await.unwrap()[1].name, "金庫の鍵");
        hall.identity.remove_passkey(&context, second).await.unwrap();
        assert_eq!(hall.identity.passkeys_of(&context, account).await.unwrap().len(), 1);
    }

    async fn nobody_finishes_what_a_colleague_began(fixture) {
        let hall = Hall::new(fixture);
        let (_, context) = with_passkey(&hall).await;
        hall.staff("sato").await;
        let other = hall.context(&hall.sign_in("sato").await.secret).await;
        let asked = hall.identity.begin_passkey(&context, &site(ORIGIN)).await.unwrap();
        let answer = Device::new(ORIGIN, 5).create(&asked.options);
        let taken = hall.identity.finish_passkey(&other, &site(ORIGIN), &asked.secret, "x", &answer).await;
        assert!(matches!(taken, Err(IdentityError::CeremonyOver)));
    }

    async fn a_passkey_proves_again(fixture) {
        let hall = Hall::new(fixture);
        let (mut device, _) = with_passkey(&hall).await;
        let session = hall.sign_in("tanaka").await;
        let context = hall.context(&session.secret).await;
        let renewed = prove_again(&hall, &context, &mut device).await.unwrap();
        assert_eq!(hall.caller(&renewed).await.unwrap().strength, Strength::Passkey);
        hall.staff("sato").await;
        let other = hall.context(&hall.sign_in("sato").await.secret).await;
        assert!(is_refused(&prove_again(&hall, &other, &mut device).await), "a colleague's key proves nothing");
    }
}

async fn prove_again(hall: &Hall, context: &Context, device: &mut Device) -> Result<Secret, IdentityError> {
    let visit = Visit::at(hall.now);
    let asked = hall.identity.begin_passkey_sign_in(&visit, &site(ORIGIN)).await?;
    let answer = device.get(&asked.options);
    hall.identity.prove_again_with_passkey(context, &visit, &site(ORIGIN), &asked.secret, &answer).await
}
