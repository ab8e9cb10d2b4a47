//! Shared machines, on both stores: the PIN, the lock, and what is kept for whom.

use crate::common::{Hall, PASSWORD};
use jiff::Timestamp;
use kawasemi_identity::{Caller, Context, IdentityError, Secret, SignIn, Strength, Visit, tables};
use kawasemi_testkit::on_both_stores;

const PIN: &str = "204817";

/// A hall with a shared machine and people who have a PIN.
struct Counter {
    hall: Hall,
    device: Secret,
}

impl Counter {
    async fn new(hall: Hall, people: &[&str]) -> Self {
        let device = hall.identity.register_device(&hall.system(), "市民課 1番窓口").await.unwrap();
        let counter = Self { hall, device };
        for login in people {
            counter.hall.staff(login).await;
            let secret = counter.full(login, counter.hall.now).await;
            counter.hall.identity.set_pin(&counter.hall.context(&secret).await, PIN).await.unwrap();
        }
        counter
    }

    fn visit(&self, at: Timestamp) -> Visit {
        Visit { device: Some(self.device.clone()), ..Visit::at(at) }
    }

    /// Signs in with the password.
    async fn full(&self, login: &str, at: Timestamp) -> Secret {
        match self.hall.identity.sign_in_with_password(&self.visit(at), login, PASSWORD).await.unwrap() {
            SignIn::Done(session) => session.secret,
            SignIn::CodeNeeded(_) => panic!("no code was set up"),
        }
    }

    async fn pin(&self, login: &str, pin: &str, at: Timestamp) -> Result<Secret, IdentityError> {
        let session = self.hall.identity.sign_in_with_pin(&self.visit(at), login, pin).await?;
        Ok(session.secret)
    }

    async fn caller(&self, secret: &Secret, at: Timestamp) -> Option<Caller> {
        self.hall.identity.caller(secret, at).await.unwrap()
    }
}

on_both_stores! {
    tables = tables::tables();

    async fn a_pin_does_at_a_shared_machine_on_a_day_with_a_full_proof(fixture) {
        let counter = Counter::new(Hall::new(fixture), &["tanaka"]).await;
        let (now, tomorrow) = (counter.hall.now, counter.hall.after(24 * 3600));
        let secret = counter.pin("ＴＡＮＡＫＡ", "２０４８１７", now).await.unwrap();
        let caller = counter.caller(&secret, now).await.unwrap();
        assert_eq!(caller.strength, Strength::Pin);
        assert!(!caller.is_fresh(now, 900), "it is no proof for a dangerous act");
        let elsewhere = counter.hall.identity.sign_in_with_pin(&Visit::at(now), "tanaka", PIN).await;
        assert!(matches!(elsewhere, Err(IdentityError::PinRefused(_))), "not at another machine");
        let planted = Visit { device: Some(counter.hall.identity.visitor_secret()), ..Visit::at(now) };
        assert!(matches!(counter.hall.identity.sign_in_with_pin(&planted, "tanaka", PIN).await, Err(IdentityError::PinRefused(_))));
        assert!(matches!(counter.pin("tanaka", PIN, tomorrow).await, Err(IdentityError::PinRefused(_))), "not the next day");
        counter.full("tanaka", tomorrow).await;
        assert!(counter.pin("tanaka", PIN, tomorrow).await.is_ok());
    }

    async fn a_pin_is_guessed_five_times_and_no_more(fixture) {
        let counter = Counter::new(Hall::new(fixture), &["tanaka"]).await;
        for n in 0..5 {
            let at = counter.hall.after(n * 200);
            assert!(matches!(counter.pin("tanaka", "204818", at).await, Err(IdentityError::WrongCode)), "{n}");
        }
        let late = counter.hall.after(3000);
        assert!(matches!(counter.pin("tanaka", PIN, late).await, Err(IdentityError::PinRefused(_))), "the right one, too late");
        counter.full("tanaka", late).await;
        let soon = counter.hall.after(3130);
        assert!(counter.pin("tanaka", PIN, soon).await.is_ok(), "a full proof forgives, once the wait is over");
        assert!(matches!(counter.pin("nobody", PIN, late).await, Err(IdentityError::PinRefused(_))), "who is there is not told");
    }

    async fn a_locked_session_opens_nothing_and_the_next_person_ends_it(fixture) {
        let counter = Counter::new(Hall::new(fixture), &["tanaka", "sato"]).await;
        let identity = &counter.hall.identity;
        let now = counter.hall.now;
        let tanaka = counter.pin("tanaka", PIN, now).await.unwrap();
        identity.lock(&Context::new(counter.caller(&tanaka, now).await.unwrap(), now)).await.unwrap();
        assert!(counter.caller(&tanaka, now).await.unwrap().locked);
        let next = Visit { previous: Some(tanaka.clone()), ..counter.visit(now) };
        let sato = identity.sign_in_with_pin(&next, "sato", PIN).await.unwrap();
        let caller = counter.caller(&sato.secret, now).await.unwrap();
        assert!(!caller.locked && caller.account.unwrap().login == "sato");
        assert!(counter.caller(&tanaka, now).await.is_none(), "no two people share a machine");
        let names: Vec<_> = identity.people_at(caller.device.unwrap(), now).await.unwrap().into_iter().map(|one| one.login).collect();
        assert_eq!(names, ["sato", "tanaka"]);
    }

    async fn a_session_left_alone_locks_and_then_ends_at_a_shared_machine_only(fixture) {
        let counter = Counter::new(Hall::new(fixture), &["tanaka"]).await;
        let here = counter.pin("tanaka", PIN, counter.hall.now).await.unwrap();
        let elsewhere = counter.hall.sign_in("tanaka").await.secret;
        assert!(!counter.caller(&here, counter.hall.after(299)).await.unwrap().locked);
        let left = counter.hall.after(299 + 361);
        assert!(counter.caller(&here, left).await.unwrap().locked);
        assert!(!counter.caller(&elsewhere, left).await.unwrap().locked);
        assert!(counter.caller(&here, counter.hall.after(299 + 1801)).await.is_none(), "and then it is over");
    }

    async fn what_was_typed_is_kept_for_its_owner_alone(fixture) {
        let counter = Counter::new(Hall::new(fixture), &["tanaka", "sato"]).await;
        let identity = &counter.hall.identity;
        let id = async |login: &str| identity.lookup_account(&counter.hall.system(), login).await.unwrap().unwrap().summary.id;
        let (tanaka, sato) = (id("tanaka").await, id("sato").await);
        assert!(identity.keep_draft(tanaka, "山田 花子の相談", counter.hall.now).await.unwrap());
        assert_eq!(identity.take_draft(sato).await.unwrap(), None);
        let sql = kawasemi_store::Sql::with("SELECT sealed FROM {locked_draft}", []);
        let sealed: Vec<u8> = fixture.city.read_one(sql).await.unwrap().unwrap().get(0).unwrap();
        assert!(!String::from_utf8_lossy(&sealed).contains("山田"), "nobody reads it in the database");
        assert_eq!(identity.take_draft(tanaka).await.unwrap().as_deref(), Some("山田 花子の相談"));
        assert_eq!(identity.take_draft(tanaka).await.unwrap(), None, "it is there once");
        for n in 0..7 {
            identity.keep_draft(tanaka, &n.to_string(), counter.hall.after(n)).await.unwrap();
        }
        assert_eq!(identity.drafts(tanaka).await.unwrap(), 5);
        assert!(!identity.keep_draft(tanaka, &"x".repeat(2 << 20), counter.hall.now).await.unwrap(), "too long is said");
        identity.sweep(counter.hall.after(80 * 3600)).await.unwrap();
        assert_eq!(identity.drafts(tanaka).await.unwrap(), 0);
    }

    async fn a_machine_taken_off_the_list_is_like_any_other(fixture) {
        let counter = Counter::new(Hall::new(fixture), &["tanaka"]).await;
        let (identity, now) = (&counter.hall.identity, counter.hall.now);
        let secret = counter.pin("tanaka", PIN, now).await.unwrap();
        let listed = identity.devices(&counter.hall.system()).await.unwrap();
        let own = counter.hall.context(&secret).await;
        assert!(matches!(identity.devices(&own).await, Err(IdentityError::Forbidden)));
        assert!(matches!(identity.remove_device(&own, listed[0].id).await, Err(IdentityError::Forbidden)));
        identity.remove_device(&counter.hall.system(), listed[0].id).await.unwrap();
        assert!(counter.caller(&secret, now).await.is_none());
        assert!(matches!(counter.pin("tanaka", PIN, now).await, Err(IdentityError::PinRefused(_))));
    }
}
