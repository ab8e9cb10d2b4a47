//! People who are not of the staff, and printed codes, on both stores.

use std::collections::BTreeMap;

use crate::common::{Hall, PASSWORD, role};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use kawasemi_identity::maintenance::NewMaintenance;
use kawasemi_identity::outside::{NewMember, Responsibility};
use kawasemi_identity::{
    AccountKind, Context, IdentityError, NewAccount, NewToken, RoleAssignment, Roles, Secret, SignIn, Strength, Visit,
    tables,
};
use kawasemi_kernel::RecordId;
use kawasemi_testkit::on_both_stores;
use uuid::Uuid;

const ORGANISATION: RecordId = RecordId(Uuid::from_u128(900));

fn with_outside() -> Roles {
    Roles::new(&[role("outside-member", "外部"), role("park-manager", "公園管理者")])
}

fn contract(hall: &Hall) -> Responsibility {
    Responsibility { organisation: ORGANISATION, from: None, until: days(hall, 60) }
}

fn days(hall: &Hall, n: i64) -> Date {
    hall.system().today().checked_add(SignedDuration::from_hours(24 * n)).unwrap()
}

fn member(until: Date) -> NewMember {
    NewMember {
        login: "gaibu".into(),
        display_name: "外部 花子".into(),
        mail: None,
        role: "outside-member".into(),
        until,
        password: PASSWORD.into(),
    }
}

async fn try_to(hall: &Hall, login: &str, at: Timestamp) -> Result<Secret, IdentityError> {
    match hall.identity.sign_in_with_password(&Visit::at(at), login, PASSWORD).await? {
        SignIn::Done(session) => Ok(session.secret),
        SignIn::CodeNeeded(pending) => Ok(pending),
    }
}

/// A member of the staff who has just proved who they are, as a context.
async fn host(hall: &Hall, login: &str) -> Context {
    hall.staff(login).await;
    let secret = hall.sign_in(login).await.secret;
    hall.context(&secret).await
}

on_both_stores! {
    tables = tables::tables();

    async fn a_member_is_no_staff_and_ends_with_the_contract(fixture) {
        let hall = Hall::new(fixture);
        let (contract, until) = (contract(&hall), days(&hall, 30));
        let host = host(&hall, "tanto").await.because("公園の点検");
        let account = hall.identity.invite_member(&host, &with_outside(), &contract, member(until)).await.unwrap();
        let secret = try_to(&hall, "gaibu", hall.now).await.unwrap();
        let caller = hall.caller(&secret).await.unwrap();
        assert!(!caller.has_role("staff") && caller.has_role("public") && caller.has_role("outside-member"));
        assert_eq!(caller.organisations, [ORGANISATION]);
        assert!(caller.departments.is_empty(), "an organisation is no department");
        let last_day = hall.after(30 * 24 * 3600);
        assert!(try_to(&hall, "gaibu", last_day).await.is_ok());
        let after = hall.after(31 * 24 * 3600);
        assert!(matches!(try_to(&hall, "gaibu", after).await, Err(IdentityError::WrongCredentials)));
        // The contract is cut short in the register.
        let ends = BTreeMap::from([(ORGANISATION, days(&hall, 10))]);
        assert_eq!(hall.identity.follow_contracts(hall.now, &ends).await.unwrap(), 1);
        assert_eq!(hall.identity.follow_contracts(hall.now, &ends).await.unwrap(), 0);
        assert!(matches!(try_to(&hall, "gaibu", last_day).await, Err(IdentityError::WrongCredentials)));
        assert!(hall.caller(&secret).await.is_some());
        hall.identity.follow_contracts(hall.now, &BTreeMap::new()).await.unwrap();
        assert!(hall.caller(&secret).await.is_none(), "no record of the contract, no access");
        let members = hall.identity.members_of(&[contract]).await.unwrap();
        assert!(members[0].account.id == account && members[0].ended_at.is_some());
    }

    async fn only_what_fits_is_given_to_a_member(fixture) {
        let hall = Hall::new(fixture);
        let contract = contract(&hall);
        let host = host(&hall, "tanto").await;
        let invite = async |context: &Context, new: NewMember| {
            let said = hall.identity.invite_member(context, &with_outside(), &contract, new).await;
            said.map_err(|error| error.to_string())
        };
        assert!(invite(&host, member(days(&hall, 1))).await.unwrap_err().contains("理由"));
        let host = host.because("公園の点検");
        assert!(invite(&host, member(days(&hall, 61))).await.unwrap_err().contains("契約の終わり"));
        assert!(invite(&host, member(days(&hall, -1))).await.unwrap_err().contains("過ぎた日"));
        for role in ["admin", "park-manager", "staff", "outside-unknown"] {
            let refused = invite(&host, NewMember { role: role.into(), ..member(days(&hall, 1)) }).await;
            assert!(refused.unwrap_err().contains("役割"), "{role}");
        }
        let account = invite(&host, member(days(&hall, 1))).await.unwrap();
        let assign = hall.identity.assign_role(&hall.system(), &with_outside(), account, RoleAssignment::of("admin")).await;
        assert!(matches!(assign, Err(IdentityError::Invalid(_))), "not even by an administrator");
        let token = NewToken { name: "x".into(), expires_at: None, read_only: true };
        assert!(matches!(hall.identity.create_token(&hall.system(), account, token).await, Err(IdentityError::Invalid(_))));
        let outsider = hall.context(&try_to(&hall, "gaibu", hall.now).await.unwrap()).await.because("友人");
        let friend = NewMember { login: "yujin".into(), ..member(days(&hall, 1)) };
        let refused = hall.identity.invite_member(&outsider, &with_outside(), &contract, friend).await;
        assert!(matches!(refused, Err(IdentityError::Forbidden)), "an outsider invites nobody");
    }

    async fn a_member_is_ended_and_comes_back(fixture) {
        let hall = Hall::new(fixture);
        let contract = contract(&hall);
        let host = host(&hall, "tanto").await.because("交代");
        let account = hall.identity.invite_member(&host, &with_outside(), &contract, member(days(&hall, 5))).await.unwrap();
        let secret = try_to(&hall, "gaibu", hall.now).await.unwrap();
        hall.identity.end_member(&host, &contract, account).await.unwrap();
        assert!(hall.caller(&secret).await.is_none());
        assert!(try_to(&hall, "gaibu", hall.now).await.is_err());
        hall.identity.extend_member(&host, &contract, account, days(&hall, 20)).await.unwrap();
        assert!(try_to(&hall, "gaibu", hall.now).await.is_ok());
        let ending = async |n| hall.identity.members_ending(&hall.system(), days(&hall, n)).await.unwrap().len();
        assert_eq!((ending(19).await, ending(20).await), (0, 1));
        let other = Responsibility { organisation: RecordId(Uuid::from_u128(1)), ..contract };
        assert!(matches!(hall.identity.end_member(&host, &other, account).await, Err(IdentityError::NotFound)));
    }

    async fn a_vendor_gets_in_for_an_approved_time_and_is_recorded(fixture) {
        let hall = Hall::new(fixture);
        let identity = &hall.identity;
        let vendor = NewAccount { kind: AccountKind::Vendor, ..NewAccount::staff("hoshu").with_password(PASSWORD) };
        let vendor = identity.add_account(&hall.system(), vendor).await.unwrap();
        let admin = async |login: &str| {
            let account = hall.staff(login).await;
            hall.give(account, "admin").await;
            let secret = hall.sign_in(login).await.secret;
            hall.context(&secret).await.because("索引の作り直し")
        };
        let (first, second) = (admin("kanri1").await, admin("kanri2").await);
        assert!(try_to(&hall, "hoshu", hall.now).await.is_err(), "an account alone opens nothing");
        let new = |until: i64| NewMaintenance {
            account: vendor,
            ticket: "INC-1".into(),
            roles: vec!["admin".into()],
            from: hall.now,
            until: hall.after(until),
            hours: None,
        };
        let id = identity.request_maintenance(&first, &with_outside(), new(3600)).await.unwrap();
        assert!(try_to(&hall, "hoshu", hall.now).await.is_err(), "not before it is approved");
        assert!(matches!(identity.approve_maintenance(&first, id).await, Err(IdentityError::Invalid(_))), "nobody approves their own");
        identity.approve_maintenance(&second, id).await.unwrap();
        let secret = try_to(&hall, "hoshu", hall.now).await.unwrap();
        let caller = hall.caller(&secret).await.unwrap();
        assert!(caller.has_role("admin") && !caller.has_role("staff"));
        let vendors = Context::new(caller, hall.now);
        let visit = Visit { request: Some("R-1".into()), ..Visit::at(hall.now) };
        let recorded = identity.record_request(&visit, vendor, "GET", "/desk/admin/jobs").await.unwrap();
        identity.record_answer(recorded, 200).await.unwrap();
        identity.record_answer(recorded, 404).await.unwrap();
        let requests = identity.requests_of(&first, id, 10).await.unwrap();
        assert_eq!((requests.len(), requests[0].path.as_str(), requests[0].status), (1, "/desk/admin/jobs", Some(200)), "an answer stands");
        let more = identity.request_maintenance(&vendors.clone().because("もっと"), &with_outside(), new(7200)).await.unwrap();
        assert!(identity.approve_maintenance(&vendors, more).await.is_err(), "a vendor approves nothing of their own");
        assert!(hall.identity.caller(&secret, hall.after(3601)).await.unwrap().is_none(), "it ends by itself");
        identity.close_maintenance(hall.after(3601)).await.unwrap();
        assert!(identity.roles_of(&first, vendor).await.unwrap().is_empty());
        assert!(matches!(identity.record_request(&visit, vendor, "GET", "/").await, Err(IdentityError::Forbidden)));
    }

    async fn maintenance_is_ended_at_once(fixture) {
        let hall = Hall::new(fixture);
        let vendor = NewAccount { kind: AccountKind::Vendor, ..NewAccount::staff("hoshu").with_password(PASSWORD) };
        let vendor = hall.identity.add_account(&hall.system(), vendor).await.unwrap();
        let kanri = hall.staff("kanri").await;
        hall.give(kanri, "admin").await;
        let secret = hall.sign_in("kanri").await.secret;
        let admin = hall.context(&secret).await.because("作業");
        let new = NewMaintenance {
            account: vendor,
            ticket: "INC-2".into(),
            roles: Vec::new(),
            from: hall.now,
            until: hall.after(3600),
            hours: None,
        };
        let id = hall.identity.request_maintenance(&hall.system().because("作業"), &with_outside(), new.clone()).await.unwrap();
        hall.identity.approve_maintenance(&admin, id).await.unwrap();
        let session = try_to(&hall, "hoshu", hall.now).await.unwrap();
        hall.identity.end_maintenance(&admin, id).await.unwrap();
        assert!(hall.caller(&session).await.is_none());
        assert!(try_to(&hall, "hoshu", hall.now).await.is_err());
        for (wrong, expected) in [
            (NewMaintenance { ticket: " ".into(), ..new.clone() }, "受付番号"),
            (NewMaintenance { account: kanri, ..new.clone() }, "保守業者"),
            (NewMaintenance { until: hall.after(-1), ..new.clone() }, "終わり"),
            (NewMaintenance { until: hall.after(40 * 24 * 3600), ..new.clone() }, "31日"),
            (NewMaintenance { hours: Some("9-17".into()), ..new.clone() }, "時間帯"),
            (NewMaintenance { roles: vec!["staff".into()], ..new.clone() }, "役割"),
        ] {
            let said = hall.identity.request_maintenance(&admin, &with_outside(), wrong).await.unwrap_err().to_string();
            assert!(said.contains(expected), "{said}");
        }
    }

    async fn a_code_of_a_printed_sheet_works_once(fixture) {
        let hall = Hall::new(fixture);
        let account = hall.staff("tanaka").await;
        let codes = hall.identity.issue_code_sheet(&hall.system(), account).await.unwrap();
        assert_eq!((codes.len(), codes.iter().collect::<std::collections::BTreeSet<_>>().len()), (40, 40));
        let code = async |code: &str, at: i64| {
            let pending = try_to(&hall, "tanaka", hall.after(at)).await?;
            hall.identity.sign_in_with_code(&Visit::at(hall.after(at)), &pending, code).await
        };
        let session = code(&codes[3].to_uppercase().replace('-', " "), 0).await.unwrap();
        assert_eq!(hall.caller(&session.secret).await.unwrap().strength, Strength::SecondFactor);
        assert!(matches!(code(&codes[3], 200).await, Err(IdentityError::WrongCode)), "used");
        assert!(code(&codes[4], 400).await.is_ok());
        assert_eq!(hall.identity.codes_left(&hall.system(), account).await.unwrap(), Some(38));
        let renewed = hall.identity.issue_code_sheet(&hall.system(), account).await.unwrap();
        assert!(matches!(code(&codes[5], 600).await, Err(IdentityError::WrongCode)), "the old sheet ended");
        for (n, one) in renewed.iter().enumerate() {
            assert!(code(one, 10_000 * (n as i64 + 1)).await.is_ok(), "{n}");
        }
        let last = hall.identity.sign_in_with_password(&Visit::at(hall.after(9_000_000)), "tanaka", PASSWORD).await.unwrap();
        assert!(matches!(last, SignIn::CodeNeeded(_)), "the second factor does not vanish with the last code");
        let own = hall.context(&session.secret).await;
        assert!(matches!(hall.identity.issue_code_sheet(&own, account).await, Err(IdentityError::Forbidden)));
    }
}
