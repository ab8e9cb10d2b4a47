//! Accounts, roles, departments, tokens and the access log, on both stores.

use std::collections::BTreeMap;

use crate::common::{Hall, PASSWORD, roles};
use kawasemi_identity::access_log::Manner;
use kawasemi_identity::{
    ADMIN, AccessEntry, AccessLog, AccessQuery, AccountChange, AccountKind, AccountQuery, Caller, Context,
    IdentityError, Membership, NewAccount, NewToken, RoleAssignment, STAFF, Strength, tables,
};
use kawasemi_kernel::RecordId;
use kawasemi_schema::Clearance;
use kawasemi_testkit::on_both_stores;
use uuid::Uuid;

fn department(n: u128) -> RecordId {
    RecordId(Uuid::from_u128(n))
}

fn token(name: &str, read_only: bool) -> NewToken {
    NewToken { name: name.into(), expires_at: None, read_only }
}

on_both_stores! {
    tables = tables::tables();

    async fn login_names_are_unique_however_typed(fixture) {
        let hall = Hall::new(fixture);
        hall.staff("Tanaka").await;
        let again = hall.identity.add_account(&hall.system(), NewAccount::staff("ＴＡＮＡＫＡ")).await;
        assert!(matches!(again, Err(IdentityError::LoginTaken { .. })));
        let found = hall.identity.lookup_account(&hall.system(), "tanaka").await.unwrap().unwrap();
        assert_eq!(found.summary.login, "Tanaka");
    }

    async fn only_administrators_manage_accounts(fixture) {
        let hall = Hall::new(fixture);
        let account = hall.staff("tanaka").await;
        let session = hall.sign_in("tanaka").await;
        let context = hall.context(&session.secret).await;
        let refused = |result: Result<(), IdentityError>| assert!(matches!(result, Err(IdentityError::Forbidden)));
        let identity = &hall.identity;
        refused(identity.add_account(&context, NewAccount::staff("x")).await.map(drop));
        refused(identity.update_account(&context, account, AccountChange::default()).await);
        refused(identity.disable_account(&context, account).await);
        refused(identity.enable_account(&context, account).await);
        refused(identity.set_password(&context, account, PASSWORD).await);
        refused(identity.accounts(&context, &AccountQuery::default()).await.map(drop));
        refused(identity.assign_role(&context, &roles(), account, RoleAssignment::of(ADMIN)).await.map(drop));
        refused(identity.holders_of(&context, ADMIN).await.map(drop));
        refused(identity.set_departments(&context, &BTreeMap::new()).await.map(drop));
        assert!(identity.account(&context, account).await.is_ok(), "one's own account may be seen");
    }

    async fn accounts_are_listed_by_page_and_part(fixture) {
        let hall = Hall::new(fixture);
        for login in ["abe", "baba", "chiba"] {
            hall.identity.add_account(&hall.system(), NewAccount::staff(login)).await.unwrap();
        }
        let logins = async |query: AccountQuery| {
            let found = hall.identity.accounts(&hall.system(), &query).await.unwrap();
            found.into_iter().map(|account| account.summary.login).collect::<Vec<_>>()
        };
        assert_eq!(logins(AccountQuery { limit: 2, ..AccountQuery::default() }).await, ["abe", "baba"]);
        assert_eq!(logins(AccountQuery { limit: 2, after: Some("baba".into()), ..AccountQuery::default() }).await, ["chiba"]);
        assert_eq!(logins(AccountQuery { limit: 9, text: "BA".into(), ..AccountQuery::default() }).await, ["baba", "chiba"]);
    }

    async fn a_role_counts_at_once_and_between_its_dates(fixture) {
        let hall = Hall::new(fixture);
        let account = hall.staff("tanaka").await;
        let session = hall.sign_in("tanaka").await;
        let holds = async |seconds| {
            let caller = hall.identity.caller(&session.secret, hall.after(seconds)).await.unwrap().unwrap();
            caller.has_role("park-manager")
        };
        assert!(!holds(0).await);
        // It is 10:00 on 1 May 2026.
        let assignment = RoleAssignment { until: Some(jiff::civil::date(2026, 5, 1)), ..RoleAssignment::of("park-manager") };
        let id = hall.identity.assign_role(&hall.system(), &roles(), account, assignment).await.unwrap();
        assert!(holds(0).await);
        hall.identity.remove_role(&hall.system(), id).await.unwrap();
        assert!(!holds(0).await);
        let tomorrow = RoleAssignment { from: Some(jiff::civil::date(2026, 5, 2)), ..RoleAssignment::of("park-manager") };
        hall.identity.assign_role(&hall.system(), &roles(), account, tomorrow).await.unwrap();
        assert!(!holds(0).await);
    }

    async fn roles_that_nobody_declares_are_refused(fixture) {
        let hall = Hall::new(fixture);
        let account = hall.staff("tanaka").await;
        for role in ["park-manger", STAFF, "public"] {
            let refused = hall.identity.assign_role(&hall.system(), &roles(), account, RoleAssignment::of(role)).await;
            assert!(matches!(refused, Err(IdentityError::Invalid(_))), "{role}");
        }
        let nobody = Uuid::from_u128(404);
        let refused = hall.identity.assign_role(&hall.system(), &roles(), nobody, RoleAssignment::of(ADMIN)).await;
        assert!(matches!(refused, Err(IdentityError::NotFound)));
    }

    async fn the_last_administrator_stays(fixture) {
        let hall = Hall::new(fixture);
        let (one, two) = (hall.staff("tanaka").await, hall.staff("sato").await);
        hall.give(one, ADMIN).await;
        let refused = hall.identity.disable_account(&hall.system(), one).await;
        assert!(matches!(refused, Err(IdentityError::Invalid(_))));
        let assigned = hall.identity.roles_of(&hall.system(), one).await.unwrap();
        assert!(hall.identity.remove_role(&hall.system(), assigned[0].id).await.is_err());
        hall.give(two, ADMIN).await;
        hall.identity.disable_account(&hall.system(), one).await.unwrap();
        assert!(hall.identity.disable_account(&hall.system(), two).await.is_err());
    }

    async fn departments_come_from_posts_and_roles(fixture) {
        let hall = Hall::new(fixture);
        let person = RecordId(Uuid::from_u128(77));
        let account = hall.staff("tanaka").await;
        let change = AccountChange { person: Some(Some(person)), ..AccountChange::default() };
        hall.identity.update_account(&hall.system(), account, change).await.unwrap();
        let session = hall.sign_in("tanaka").await;
        let post = |n| Membership { department: department(n), from: None, until: None };
        let past = Membership { until: Some(jiff::civil::date(2026, 3, 31)), ..post(9) };
        let posts = BTreeMap::from([(person, vec![past, post(3), post(1)]), (RecordId(Uuid::from_u128(78)), vec![post(8)])]);
        assert_eq!(hall.identity.set_departments(&hall.system(), &posts).await.unwrap(), 1);
        let limited = RoleAssignment { department: Some(department(2)), ..RoleAssignment::of("park-manager") };
        hall.identity.assign_role(&hall.system(), &roles(), account, limited).await.unwrap();
        let caller = hall.caller(&session.secret).await.unwrap();
        assert_eq!(caller.departments, [department(3), department(1), department(2)], "the main post first");
        let role = caller.roles.iter().find(|role| role.key == "park-manager").unwrap();
        assert_eq!(role.departments, Some(vec![department(2)]));
        assert_eq!(caller.account.unwrap().person, Some(person));
    }

    async fn a_disabled_account_is_out_at_once(fixture) {
        let hall = Hall::new(fixture);
        let account = hall.staff("tanaka").await;
        let session = hall.sign_in("tanaka").await;
        let bearer = hall.identity.create_token(&hall.system(), account, token("x", false)).await.unwrap();
        assert!(hall.caller(&session.secret).await.is_some());
        assert!(hall.identity.bearer(&bearer, hall.now).await.unwrap().is_some());
        hall.identity.disable_account(&hall.system(), account).await.unwrap();
        assert!(hall.caller(&session.secret).await.is_none());
        assert!(hall.identity.bearer(&bearer, hall.now).await.unwrap().is_none());
        hall.identity.enable_account(&hall.system(), account).await.unwrap();
        assert!(hall.caller(&session.secret).await.is_none(), "sessions do not come back");
        assert!(hall.identity.bearer(&bearer, hall.now).await.unwrap().is_some());
    }

    async fn a_token_calls_in_its_accounts_name(fixture) {
        let hall = Hall::new(fixture);
        let new = NewAccount { kind: AccountKind::Service, ..NewAccount::staff("juki-link") };
        let account = hall.identity.add_account(&hall.system(), new).await.unwrap();
        hall.give(account, ADMIN).await;
        let bearer = hall.identity.create_token(&hall.system(), account, token("住基連携", true)).await.unwrap();
        let caller = hall.identity.bearer(&bearer, hall.now).await.unwrap().unwrap();
        assert_eq!((caller.strength, caller.read_only), (Strength::Token, true));
        assert!(!caller.has_role(STAFF));
        let context = Context::new(caller, hall.now);
        let more = hall.identity.create_token(&context, account, token("もう一つ", false)).await;
        assert!(matches!(more, Err(IdentityError::Forbidden)), "a token makes no tokens");
        for wrong in ["", "kwsm_", &bearer[5..], &bearer.to_uppercase(), "kwsm_公園"] {
            assert!(hall.identity.bearer(wrong, hall.now).await.unwrap().is_none());
        }
    }

    async fn tokens_expire_and_are_revoked(fixture) {
        let hall = Hall::new(fixture);
        let account = hall.staff("tanaka").await;
        let new = NewToken { expires_at: Some(hall.after(60)), ..token("一分", false) };
        let bearer = hall.identity.create_token(&hall.system(), account, new).await.unwrap();
        assert!(hall.identity.bearer(&bearer, hall.after(59)).await.unwrap().is_some());
        assert!(hall.identity.bearer(&bearer, hall.after(60)).await.unwrap().is_none());
        let lasting = hall.identity.create_token(&hall.system(), account, token("ずっと", false)).await.unwrap();
        assert!(hall.identity.bearer(&lasting, hall.now).await.unwrap().is_some());
        let tokens = hall.identity.tokens_of(&hall.system(), account).await.unwrap();
        assert_eq!(tokens[0].used_at, Some(hall.now));
        hall.identity.revoke_token(&hall.system(), tokens[0].id).await.unwrap();
        assert!(hall.identity.bearer(&lasting, hall.now).await.unwrap().is_none());
    }

    async fn nobody_revokes_a_colleagues_token(fixture) {
        let hall = Hall::new(fixture);
        let tanaka = hall.staff("tanaka").await;
        hall.staff("sato").await;
        hall.identity.create_token(&hall.system(), tanaka, token("x", false)).await.unwrap();
        let id = hall.identity.tokens_of(&hall.system(), tanaka).await.unwrap()[0].id;
        let session = hall.sign_in("sato").await;
        let context = hall.context(&session.secret).await;
        assert!(matches!(hall.identity.revoke_token(&context, id).await, Err(IdentityError::NotFound)));
        assert!(matches!(hall.identity.tokens_of(&context, tanaka).await, Err(IdentityError::Forbidden)));
    }

    async fn what_was_read_is_written_down(fixture) {
        let hall = Hall::new(fixture);
        let context = Context { request: Some("r-1".into()), ..hall.system() };
        let entry = AccessEntry {
            ledger: "party".into(),
            manner: Manner::List,
            clearance: Clearance::Sensitive,
            fields: vec!["name".into(), "birthday".into()],
            records: vec![RecordId(Uuid::from_u128(5)), RecordId(Uuid::from_u128(6))],
        };
        AccessLog::record(&fixture.city, &*fixture.ids, &context, &entry).await.unwrap();
        let nothing = AccessEntry { fields: Vec::new(), ..entry.clone() };
        AccessLog::record(&fixture.city, &*fixture.ids, &context, &nothing).await.unwrap();
        let about = |n| AccessQuery { record: Some(RecordId(Uuid::from_u128(n))), limit: 9, ..AccessQuery::default() };
        let found = AccessLog::list(&fixture.city, &context, &about(6)).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((&found[0].entry, found[0].request.as_deref(), found[0].purpose.as_str()), (&entry, Some("r-1"), "試験"));
        assert!(AccessLog::list(&fixture.city, &context, &about(7)).await.unwrap().is_empty());
        let visitor = Context::new(Caller::visitor(), hall.now);
        assert!(AccessLog::list(&fixture.city, &visitor, &about(6)).await.is_err());
    }

    async fn histories_get_their_names(fixture) {
        let hall = Hall::new(fixture);
        assert!(hall.identity.is_empty().await.unwrap());
        let account = hall.staff("tanaka").await;
        let names = hall.identity.display_names(&[account, Uuid::from_u128(404)]).await.unwrap();
        assert_eq!(names.len(), 1);
        assert_eq!(names[&account], "tanaka");
    }

    async fn an_account_can_be_looked_at_as_a_caller(fixture) {
        let hall = Hall::new(fixture);
        let account = hall.staff("tanaka").await;
        hall.give(account, "park-manager").await;
        let caller = hall.identity.caller_of(&hall.system(), account).await.unwrap();
        assert!(caller.has_role("park-manager"));
        assert_eq!((caller.strength, caller.session), (Strength::None, None));
        let other = hall.staff("sato").await;
        let session = hall.sign_in("sato").await;
        let context = hall.context(&session.secret).await;
        assert!(hall.identity.caller_of(&context, other).await.is_ok());
        assert!(matches!(hall.identity.caller_of(&context, account).await, Err(IdentityError::Forbidden)));
    }
}
