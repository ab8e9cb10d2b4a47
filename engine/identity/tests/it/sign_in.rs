//! Signing in, and how it ends, on both stores.

use crate::common::{Hall, PASSWORD};
use kawasemi_identity::{
    Caller, Context, EventKind, EventQuery, IdentityError, PasswordCost, SignIn, Strength, Visit, tables,
};
use kawasemi_testkit::on_both_stores;

async fn attempt(hall: &Hall, visit: &Visit, login: &str, password: &str) -> String {
    match hall.identity.sign_in_with_password(visit, login, password).await {
        Ok(_) => "signed in".into(),
        Err(error) => error.to_string(),
    }
}

on_both_stores! {
    tables = tables::tables();

    async fn a_password_opens_a_session(fixture) {
        let hall = Hall::new(fixture);
        let account = hall.staff("Tanaka").await;
        let session = hall.sign_in("ｔａｎａｋａ").await;
        let caller = hall.caller(&session.secret).await.unwrap();
        assert_eq!(caller.actor.account(), Some(account));
        assert_eq!(caller.strength, Strength::Password);
        assert!(caller.has_role("staff") && caller.has_role("public") && !caller.has_role("admin"));
    }

    async fn what_is_wrong_is_not_said(fixture) {
        let hall = Hall::new(fixture);
        hall.staff("tanaka").await;
        let disabled = hall.staff("sato").await;
        hall.identity.disable_account(&hall.system(), disabled).await.unwrap();
        let visit = Visit::at(hall.now);
        let wrong = attempt(&hall, &visit, "tanaka", "some other password").await;
        assert_eq!(wrong, IdentityError::WrongCredentials.to_string());
        assert_eq!(attempt(&hall, &visit, "nobody", PASSWORD).await, wrong);
        assert_eq!(attempt(&hall, &visit, "sato", PASSWORD).await, wrong);
    }

    async fn a_session_ends_when_unused_and_after_a_day(fixture) {
        let hall = Hall::new(fixture);
        hall.staff("tanaka").await;
        let session = hall.sign_in("tanaka").await;
        let caller = async |seconds| hall.identity.caller(&session.secret, hall.after(seconds)).await.unwrap();
        let hour = 3600;
        assert!(caller(hour).await.is_some());
        assert!(caller(2 * hour).await.is_some(), "the use after one hour counts");
        assert!(caller(2 * hour + 91 * 60).await.is_none(), "unused for more than 90 minutes");
        for hours in 3..12 {
            assert!(caller(hours * hour).await.is_some());
        }
        assert!(caller(12 * hour).await.is_none(), "a working day is over");
    }

    async fn signing_out_and_revoking_work_at_once(fixture) {
        let hall = Hall::new(fixture);
        let account = hall.staff("tanaka").await;
        let (first, second, third) = (hall.sign_in("tanaka").await, hall.sign_in("tanaka").await, hall.sign_in("tanaka").await);
        let context = hall.context(&first.secret).await;
        assert_eq!(hall.identity.sessions_of(&context, account).await.unwrap().len(), 3);
        hall.identity.revoke_session(&context, second.id).await.unwrap();
        assert!(hall.caller(&second.secret).await.is_none());
        hall.identity.revoke_sessions(&context, account).await.unwrap();
        assert!(hall.caller(&third.secret).await.is_none());
        assert!(hall.caller(&first.secret).await.is_some(), "one's own stays");
        hall.identity.sign_out(&context).await.unwrap();
        assert!(hall.caller(&first.secret).await.is_none());
    }

    async fn nobody_ends_a_colleagues_session(fixture) {
        let hall = Hall::new(fixture);
        let tanaka = hall.staff("tanaka").await;
        hall.staff("sato").await;
        let (victim, other) = (hall.sign_in("tanaka").await, hall.sign_in("sato").await);
        let context = hall.context(&other.secret).await;
        assert!(matches!(hall.identity.revoke_session(&context, victim.id).await, Err(IdentityError::NotFound)));
        assert!(matches!(hall.identity.revoke_sessions(&context, tanaka).await, Err(IdentityError::Forbidden)));
        assert!(matches!(hall.identity.sessions_of(&context, tanaka).await, Err(IdentityError::Forbidden)));
        assert!(hall.caller(&victim.secret).await.is_some());
    }

    async fn signing_in_again_ends_the_session_before(fixture) {
        let hall = Hall::new(fixture);
        hall.staff("tanaka").await;
        let before = hall.sign_in("tanaka").await;
        assert!(hall.caller(&before.secret).await.is_some());
        let visit = Visit { previous: Some(before.secret.clone()), ..Visit::at(hall.now) };
        assert_eq!(attempt(&hall, &visit, "tanaka", PASSWORD).await, "signed in");
        assert!(hall.caller(&before.secret).await.is_none());
    }

    async fn guessing_is_slowed_down_and_a_success_forgives(fixture) {
        let hall = Hall::new(fixture);
        hall.staff("tanaka").await;
        let visit = Visit { address: Some([192, 0, 2, 1].into()), ..Visit::at(hall.now) };
        for _ in 0..4 {
            attempt(&hall, &visit, "tanaka", "guess guess guess").await;
        }
        assert_eq!(attempt(&hall, &visit, "tanaka", PASSWORD).await, "signed in");
        for _ in 0..5 {
            attempt(&hall, &visit, "tanaka", "guess guess guess").await;
        }
        let right_but_late = attempt(&hall, &visit, "tanaka", PASSWORD).await;
        assert_eq!(right_but_late, IdentityError::TooManyAttempts { seconds: 2 }.to_string());
        assert_eq!(attempt(&hall, &Visit::at(hall.after(2)), "tanaka", PASSWORD).await, "signed in");
    }

    async fn a_stranger_keeps_nobody_out_of_their_own_place(fixture) {
        let hall = Hall::new(fixture);
        hall.staff("tanaka").await;
        let from = |host: u8| Visit { address: Some([192, 0, 2, host].into()), ..Visit::at(hall.now) };
        assert_eq!(attempt(&hall, &from(1), "tanaka", PASSWORD).await, "signed in");
        // One on the internet takes every turn of the account, and the office's address is used up on other names.
        for _ in 0..20 {
            attempt(&hall, &from(99), "tanaka", "ちがう").await;
        }
        for n in 0..60 {
            attempt(&hall, &from(1), &format!("nobody{n}"), "ちがう").await;
        }
        let waits = |said: String| said.contains("秒後にもう一度");
        assert!(waits(attempt(&hall, &from(99), "tanaka", PASSWORD).await));
        assert!(waits(attempt(&hall, &from(2), "tanaka", PASSWORD).await), "a new place waits with the stranger");
        assert_eq!(attempt(&hall, &from(1), "tanaka", PASSWORD).await, "signed in");
        // Even there nobody guesses for free.
        for _ in 0..5 {
            assert!(!waits(attempt(&hall, &from(1), "tanaka", "ちがう").await));
        }
        assert!(waits(attempt(&hall, &from(1), "tanaka", PASSWORD).await));
    }

    async fn parallel_guesses_are_all_counted(fixture) {
        let hall = Hall::new(fixture);
        hall.staff("tanaka").await;
        let guess = |_| {
            let identity = hall.identity.clone();
            let visit = Visit::at(hall.now);
            tokio::spawn(async move { identity.sign_in_with_password(&visit, "tanaka", "guess guess guess").await })
        };
        let guesses: Vec<_> = (0..20).map(guess).collect();
        let mut compared = 0;
        for guess in guesses {
            compared += usize::from(matches!(guess.await.unwrap(), Err(IdentityError::WrongCredentials)));
        }
        assert!(compared <= 5, "{compared} passwords were compared");
    }

    async fn an_old_hash_is_renewed(fixture) {
        let hall = Hall::new(fixture);
        hall.staff("tanaka").await;
        let dear = Hall::with_cost(fixture, PasswordCost { memory_kib: 32, ..PasswordCost::for_tests() });
        dear.sign_in("tanaka").await;
        let sql = kawasemi_store::Sql::with("SELECT password_hash FROM {account}", []);
        let hash: String = fixture.city.read_one(sql).await.unwrap().unwrap().get(0).unwrap();
        assert!(hash.contains("m=32,"), "{hash}");
        dear.sign_in("tanaka").await;
    }

    async fn a_changed_password_ends_other_sessions(fixture) {
        let hall = Hall::new(fixture);
        hall.staff("tanaka").await;
        let (here, there) = (hall.sign_in("tanaka").await, hall.sign_in("tanaka").await);
        let (context, visit) = (hall.context(&here.secret).await, Visit::at(hall.now));
        let change = async |present, new| hall.identity.change_password(&context, &visit, present, new).await;
        assert!(matches!(change("wrong wrong wrong", "冬の 鳥は 丸くて 白い").await, Err(IdentityError::WrongCredentials)));
        assert!(matches!(change(PASSWORD, "short").await, Err(IdentityError::WeakPassword(_))));
        let renewed = change(PASSWORD, "冬の 鳥は 丸くて 白い").await.unwrap();
        assert!(hall.caller(&renewed).await.is_some());
        assert!(hall.caller(&here.secret).await.is_none(), "the secret was renewed");
        assert!(hall.caller(&there.secret).await.is_none());
        assert_eq!(attempt(&hall, &visit, "tanaka", "冬の 鳥は 丸くて 白い").await, "signed in");
    }

    async fn dangerous_acts_ask_for_a_fresh_proof(fixture) {
        let hall = Hall::new(fixture);
        hall.staff("tanaka").await;
        let session = hall.sign_in("tanaka").await;
        let later = hall.after(16 * 60);
        let stale = Context::new(hall.identity.caller(&session.secret, later).await.unwrap().unwrap(), later);
        assert!(matches!(hall.identity.require_fresh(&stale), Err(IdentityError::StepUpNeeded)));
        let renewed = hall.identity.prove_again(&stale, &Visit::at(later), PASSWORD).await.unwrap();
        let fresh = Context::new(hall.identity.caller(&renewed, later).await.unwrap().unwrap(), later);
        assert!(hall.identity.require_fresh(&fresh).is_ok());
        assert!(hall.identity.caller(&session.secret, later).await.unwrap().is_none());
    }

    async fn events_tell_without_telling_secrets(fixture) {
        let hall = Hall::new(fixture);
        let account = hall.staff("tanaka").await;
        let visit = Visit { address: Some([192, 0, 2, 7].into()), ..Visit::at(hall.now) };
        attempt(&hall, &visit, "hunter2-typed-in-the-wrong-field", "hunter2").await;
        attempt(&hall, &visit, "tanaka", PASSWORD).await;
        let query = EventQuery { limit: 10, ..EventQuery::default() };
        let events = hall.identity.events(&hall.system(), query).await.unwrap();
        let kinds: Vec<_> = events.iter().filter_map(|event| event.kind).collect();
        assert_eq!(kinds, [EventKind::SignedIn, EventKind::SignInRefused, EventKind::AccountAdded]);
        assert_eq!((events[0].account, events[0].address.as_str()), (Some(account), "192.0.2.7"));
        assert!(!format!("{events:?}").contains("hunter2"));
        let visitor = Context::new(Caller::visitor(), hall.now);
        assert!(matches!(hall.identity.events(&visitor, query).await, Err(IdentityError::Forbidden)));
    }

    async fn what_has_ended_is_swept(fixture) {
        let hall = Hall::new(fixture);
        hall.staff("tanaka").await;
        let session = hall.sign_in("tanaka").await;
        attempt(&hall, &Visit::at(hall.now), "tanaka", "guess guess guess").await;
        let rows = async |table: &str| {
            let mut sql = kawasemi_store::Sql::text("SELECT 1 FROM ");
            sql.table(table);
            fixture.city.read(sql).await.unwrap().len()
        };
        hall.identity.sweep(hall.after(60)).await.unwrap();
        assert_eq!((rows("session").await, rows("attempt").await), (1, 1));
        hall.identity.sweep(hall.after(2 * 3600)).await.unwrap();
        assert_eq!((rows("session").await, rows("attempt").await), (0, 0));
        assert!(hall.caller(&session.secret).await.is_none());
    }

    async fn a_first_password_must_be_changed(fixture) {
        let hall = Hall::new(fixture);
        let account = hall.staff("tanaka").await;
        let session = hall.sign_in("tanaka").await;
        assert!(!session.password_must_change);
        hall.identity.set_password(&hall.system(), account, "秋の 空を 渡る 雁の列").await.unwrap();
        assert!(hall.caller(&session.secret).await.is_none());
        let visit = Visit::at(hall.now);
        let again = hall.identity.sign_in_with_password(&visit, "tanaka", "秋の 空を 渡る 雁の列").await.unwrap();
        assert!(matches!(again, SignIn::Done(session) if session.password_must_change));
    }
}
