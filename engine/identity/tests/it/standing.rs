//! Rights at the turn of a day: posts, leave, retirement, and departments that took over others.

use crate::common;
use std::collections::BTreeMap;

use crate::common::{Hall, roles};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use kawasemi_identity::{
    Absence, AbsenceKind, AccountChange, Caller, Context, DepartmentShare, Membership, NewToken, RoleAssignment,
    Secret, SignIn, Standing, Succession, Visit,
};
use kawasemi_kernel::RecordId;
use kawasemi_testkit::on_both_stores;
use uuid::Uuid;

fn id(n: u128) -> RecordId {
    RecordId(Uuid::from_u128(n))
}

/// An instant in the city: a day, an hour, a minute, a second.
fn at(day: Date, hour: i8, minute: i8, second: i8) -> Timestamp {
    day.at(hour, minute, second, 0).in_tz("Asia/Tokyo").unwrap().timestamp()
}

const MARCH: Date = date(2027, 3, 31);
const APRIL: Date = date(2027, 4, 1);

/// Somebody with a session of the evening of 31 March.
struct Evening {
    hall: Hall,
    account: Uuid,
    session: Secret,
}

impl Evening {
    async fn new(fixture: &kawasemi_testkit::Fixture) -> Self {
        let hall = Hall { now: at(MARCH, 23, 0, 0), ..Hall::new(fixture) };
        let account = hall.staff("sato").await;
        let change = AccountChange { person: Some(Some(id(100))), ..<_>::default() };
        hall.identity.update_account(&hall.system(), account, change).await.unwrap();
        let session = hall.sign_in("sato").await.secret;
        Self { hall, account, session }
    }

    async fn set(&self, memberships: Vec<Membership>, absences: Vec<Absence>) {
        let people = BTreeMap::from([(id(100), Standing { memberships, absences })]);
        assert_eq!(self.hall.identity.set_standings(&self.hall.system(), &people).await.unwrap(), 1);
    }

    async fn caller(&self, at: Timestamp) -> Option<Caller> {
        self.hall.identity.caller(&self.session, at).await.unwrap()
    }

    async fn give(&self, role: RoleAssignment) {
        self.hall.identity.assign_role(&self.hall.system(), &roles(), self.account, role).await.unwrap();
    }
}

fn until(n: u128, until: Date) -> Membership {
    Membership { department: id(n), from: None, until: Some(until) }
}

fn from(n: u128, from: Date) -> Membership {
    Membership { department: id(n), from: Some(from), until: None }
}

fn within(n: u128) -> RoleAssignment {
    RoleAssignment { department: Some(id(n)), ..RoleAssignment::of("park-manager") }
}

on_both_stores! {
    tables = kawasemi_identity::tables::tables();

    async fn rights_switch_with_the_first_request_after_midnight(fixture) {
        let evening = Evening::new(fixture).await;
        evening.set(vec![until(1, MARCH), from(2, APRIL)], Vec::new()).await;
        evening.give(within(1)).await;
        // Seconds apart: what was believed before midnight is not believed after it.
        let before = evening.caller(at(MARCH, 23, 59, 59)).await.unwrap();
        assert_eq!(before.departments, [id(1)]);
        assert!(before.has_role("park-manager"));
        let after = evening.caller(at(APRIL, 0, 0, 0)).await.unwrap();
        assert_eq!(after.departments, [id(2)]);
        assert!(!after.has_role("park-manager"), "it went with the post in department 1");
    }

    async fn a_role_given_to_somebody_of_another_department_needs_no_post(fixture) {
        let evening = Evening::new(fixture).await;
        evening.set(vec![until(1, MARCH), from(2, APRIL)], Vec::new()).await;
        evening.give(within(7)).await;
        assert!(evening.caller(at(APRIL, 0, 0, 0)).await.unwrap().has_role("park-manager"));
    }

    async fn leave_suspends_and_the_return_restores(fixture) {
        let evening = Evening::new(fixture).await;
        let leave = Absence { kind: AbsenceKind::Leave, from: Some(APRIL), until: Some(APRIL) };
        evening.set(vec![Membership { department: id(1), from: None, until: None }], vec![leave]).await;
        evening.give(RoleAssignment::of("park-manager")).await;
        assert!(!evening.caller(at(MARCH, 23, 59, 0)).await.unwrap().on_leave);
        let away = evening.caller(at(APRIL, 0, 0, 0)).await.unwrap();
        assert!(away.on_leave && away.departments.is_empty());
        assert_eq!(away.roles.iter().map(|role| role.key.as_str()).collect::<Vec<_>>(), ["public"]);
        let later = Context::system(at(date(2027, 4, 2), 0, 0, 0), "試験");
        let back = evening.hall.identity.caller_of(&later, evening.account).await.unwrap();
        assert!(back.has_role("park-manager") && back.has_role("staff"));
        assert_eq!(back.departments, [id(1)]);
    }

    async fn who_left_has_neither_session_nor_token_nor_sign_in(fixture) {
        let evening = Evening::new(fixture).await;
        let (hall, account) = (&evening.hall, evening.account);
        let new = NewToken { name: "集計".into(), expires_at: None, read_only: true };
        let token = hall.identity.create_token(&hall.system(), account, new).await.unwrap();
        let left = Absence { kind: AbsenceKind::OutOfService, from: Some(APRIL), until: None };
        evening.set(vec![until(1, MARCH)], vec![left]).await;
        assert!(evening.caller(at(MARCH, 23, 59, 59)).await.is_some());
        assert!(hall.identity.bearer(&token, at(MARCH, 23, 59, 59)).await.unwrap().is_some());
        assert!(evening.caller(at(APRIL, 0, 0, 0)).await.is_none());
        assert!(hall.identity.bearer(&token, at(APRIL, 0, 0, 0)).await.unwrap().is_none());
        let sign_in = |at| async move { hall.identity.sign_in_with_password(&Visit::at(at), "sato", common::PASSWORD).await };
        assert!(sign_in(at(APRIL, 8, 30, 0)).await.is_err());
        assert_eq!(hall.identity.end_sessions_of_those_who_left(APRIL).await.unwrap(), 1);
        // Hired again from the next day on.
        let gap = Absence { until: Some(APRIL), ..left };
        evening.set(vec![from(1, date(2027, 4, 2))], vec![gap]).await;
        assert!(matches!(sign_in(at(date(2027, 4, 2), 8, 30, 0)).await, Ok(SignIn::Done(_))));
    }

    async fn the_work_of_a_department_follows_its_successors(fixture) {
        let evening = Evening::new(fixture).await;
        evening.set(vec![until(1, MARCH), from(2, APRIL)], Vec::new()).await;
        evening.give(within(1)).await;
        let whole = Succession { predecessor: id(1), successor: id(2), from: APRIL, ledger: None, condition: None };
        let part = Succession {
            predecessor: id(3),
            ledger: Some("park".into()),
            condition: Some("area = 1".into()),
            ..whole.clone()
        };
        evening.hall.identity.set_successions(&evening.hall.system(), &[whole, part]).await.unwrap();
        let before = evening.caller(at(MARCH, 23, 59, 59)).await.unwrap();
        assert_eq!((before.departments, before.shares), (vec![id(1)], Vec::new()));
        let after = evening.caller(at(APRIL, 0, 0, 0)).await.unwrap();
        assert_eq!(after.departments, [id(2), id(1)]);
        let role = after.roles.iter().find(|role| role.key == "park-manager").expect("it went along with the work");
        assert_eq!(role.departments, Some(vec![id(1), id(2)]));
        let share = DepartmentShare {
            department: id(3),
            ledger: "park".into(),
            condition: Some("area = 1".into()),
            role: None,
        };
        assert_eq!(after.shares, [share]);
    }
}
