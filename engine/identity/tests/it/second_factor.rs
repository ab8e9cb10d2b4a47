//! One-time codes and recovery codes, on both stores.

use crate::common::{Hall, PASSWORD};
use jiff::Timestamp;
use kawasemi_identity::totp::Enrolment;
use kawasemi_identity::{Context, IdentityError, Secret, SignIn, Strength, Visit, tables};
use kawasemi_store::seal::Seals;
use kawasemi_store::{Sql, Unit};
use kawasemi_testkit::{Fixture, on_both_stores};

/// What the person's app shows.
fn code(made: &Enrolment, at: Timestamp) -> String {
    totp_rs::TOTP::from_url(&made.url).unwrap().generate(at.as_second().unsigned_abs())
}

/// Sets codes up for `tanaka` and answers the app and the recovery codes.
async fn set_up(hall: &Hall) -> (Enrolment, Vec<String>) {
    hall.staff("tanaka").await;
    let session = hall.sign_in("tanaka").await;
    let context = hall.context(&session.secret).await;
    let made = hall.identity.begin_second_factor(&context).await.unwrap();
    let codes = hall.identity.confirm_second_factor(&context, &code(&made, hall.now)).await.unwrap();
    (made, codes)
}

async fn stored_secret(fixture: &Fixture) -> Vec<u8> {
    let sql = Sql::with("SELECT secret FROM {account_second_factor}", []);
    fixture.city.read_one(sql).await.unwrap().unwrap().get(0).unwrap()
}

async fn password_right(hall: &Hall, at: Timestamp) -> Secret {
    match hall.identity.sign_in_with_password(&Visit::at(at), "tanaka", PASSWORD).await.unwrap() {
        SignIn::CodeNeeded(pending) => pending,
        SignIn::Done(_) => panic!("a code is set up"),
    }
}

on_both_stores! {
    tables = tables::tables();

    async fn a_code_finishes_the_sign_in_once(fixture) {
        let hall = Hall::new(fixture);
        let (made, _) = set_up(&hall).await;
        let at = hall.after(60);
        let pending = password_right(&hall, at).await;
        let enter = async |pending: &Secret, code: &str| hall.identity.sign_in_with_code(&Visit::at(at), pending, code).await;
        assert!(matches!(enter(&pending, "000000").await, Err(IdentityError::WrongCode)));
        let session = enter(&pending, &code(&made, at)).await.unwrap();
        assert_eq!(hall.caller(&session.secret).await.unwrap().strength, Strength::SecondFactor);
        assert!(matches!(enter(&pending, &code(&made, at)).await, Err(IdentityError::CeremonyOver)));
        let pending = password_right(&hall, at).await;
        assert!(matches!(enter(&pending, &code(&made, at)).await, Err(IdentityError::WrongCode)), "no code twice");
    }

    async fn an_unconfirmed_enrolment_asks_for_nothing(fixture) {
        let hall = Hall::new(fixture);
        hall.staff("tanaka").await;
        let session = hall.sign_in("tanaka").await;
        let context = hall.context(&session.secret).await;
        let made = hall.identity.begin_second_factor(&context).await.unwrap();
        let refused = hall.identity.confirm_second_factor(&context, "000000").await;
        assert!(matches!(refused, Err(IdentityError::WrongCode)));
        hall.sign_in("tanaka").await;
        let again = hall.identity.begin_second_factor(&context).await.unwrap();
        assert_ne!(made.secret, again.secret);
        let old = hall.identity.confirm_second_factor(&context, &code(&made, hall.now)).await;
        assert!(matches!(old, Err(IdentityError::WrongCode)), "the app of before was replaced");
    }

    async fn a_recovery_code_works_once(fixture) {
        let hall = Hall::new(fixture);
        let (_, codes) = set_up(&hall).await;
        let visit = Visit::at(hall.now);
        let pending = password_right(&hall, hall.now).await;
        let session = hall.identity.sign_in_with_code(&visit, &pending, &codes[3].to_uppercase()).await.unwrap();
        let left = hall.identity.second_factor_of(&hall.system(), session.account.id).await.unwrap();
        assert_eq!(left, Some(codes.len() - 1));
        let pending = password_right(&hall, hall.now).await;
        let again = hall.identity.sign_in_with_code(&visit, &pending, &codes[3]).await;
        assert!(matches!(again, Err(IdentityError::WrongCode)));
    }

    async fn a_begun_sign_in_grows_old(fixture) {
        let hall = Hall::new(fixture);
        let (made, _) = set_up(&hall).await;
        let pending = password_right(&hall, hall.now).await;
        let late = hall.after(301);
        let session = hall.identity.sign_in_with_code(&Visit::at(late), &pending, &code(&made, late)).await;
        assert!(matches!(session, Err(IdentityError::CeremonyOver)));
    }

    async fn codes_cannot_be_guessed_either(fixture) {
        let hall = Hall::new(fixture);
        let (made, _) = set_up(&hall).await;
        let at = hall.after(3600);
        let pending = password_right(&hall, at).await;
        let enter = async |code: &str| hall.identity.sign_in_with_code(&Visit::at(at), &pending, code).await;
        for n in 0..4 {
            assert!(matches!(enter(&format!("00000{n}")).await, Err(IdentityError::WrongCode)));
        }
        assert!(matches!(enter(&code(&made, at)).await, Err(IdentityError::TooManyAttempts { .. })));
    }

    async fn the_secret_is_not_readable_in_the_database(fixture) {
        let hall = Hall::new(fixture);
        let (made, _) = set_up(&hall).await;
        let stored: Vec<u8> = stored_secret(fixture).await;
        assert!(!stored.windows(made.secret.len()).any(|window| window == made.secret));
        assert_eq!(hall.identity.sealed_secrets().await.unwrap(), (1, 0));
    }

    async fn a_new_key_and_secrets_of_before_sealing_are_taken_up(fixture) {
        let hall = Hall::new(fixture);
        let (made, _) = set_up(&hall).await;
        fixture.sealer.add_key([9; 32]).unwrap();
        assert_eq!(hall.identity.renew_seals().await.unwrap(), Seals { renewed: 1, lost: 0 });
        assert_eq!(hall.identity.renew_seals().await.unwrap(), Seals::default());
        let plain = Sql::with("UPDATE {account_second_factor} SET secret = $1", [made.secret.clone().into()]);
        fixture.city.write(Unit::of([plain.into()])).await.unwrap();
        assert_eq!(hall.identity.renew_seals().await.unwrap(), Seals { renewed: 1, lost: 0 });
        let at = hall.after(60);
        let pending = password_right(&hall, at).await;
        hall.identity.sign_in_with_code(&Visit::at(at), &pending, &code(&made, at)).await.unwrap();
    }

    async fn without_the_key_recovery_codes_and_the_administrator_still_let_people_in(fixture) {
        let hall = Hall::new(fixture);
        let (made, codes) = set_up(&hall).await;
        std::fs::remove_file(fixture.sealer.path()).unwrap();
        fixture.sealer.ensure_key([9; 32]).unwrap();
        assert_eq!(hall.identity.sealed_secrets().await.unwrap(), (1, 1));
        assert_eq!(hall.identity.renew_seals().await.unwrap(), Seals { renewed: 0, lost: 1 });
        let at = hall.after(60);
        let pending = password_right(&hall, at).await;
        let refused = hall.identity.sign_in_with_code(&Visit::at(at), &pending, &code(&made, at)).await;
        assert!(matches!(refused, Err(IdentityError::Sealed(_))));
        let session = hall.identity.sign_in_with_code(&Visit::at(at), &pending, &codes[0]).await.unwrap();
        hall.identity.remove_second_factor(&hall.system(), session.account.id).await.unwrap();
        hall.sign_in("tanaka").await;
    }

    async fn removing_asks_for_a_fresh_proof(fixture) {
        let hall = Hall::new(fixture);
        let (made, _) = set_up(&hall).await;
        let at = hall.after(60);
        let pending = password_right(&hall, at).await;
        let session = hall.identity.sign_in_with_code(&Visit::at(at), &pending, &code(&made, at)).await.unwrap();
        let later = hall.after(20 * 60);
        let caller = hall.identity.caller(&session.secret, later).await.unwrap().unwrap();
        let account = session.account.id;
        let stale = Context::new(caller.clone(), later);
        let refused = hall.identity.remove_second_factor(&stale, account).await;
        assert!(matches!(refused, Err(IdentityError::StepUpNeeded)));
        hall.identity.remove_second_factor(&Context::new(caller, at), account).await.unwrap();
        hall.sign_in("tanaka").await;
    }
}
