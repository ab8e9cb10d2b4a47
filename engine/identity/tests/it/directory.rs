//! Signing in through a real directory (Debian's slapd, over TLS), on both stores.

use crate::common;
use std::sync::Arc;

use crate::common::Hall;
use async_trait::async_trait;
use jiff::Timestamp;
use kawasemi_identity::ldap::DirectoryConfig;
use kawasemi_identity::{
    AccountQuery, Blocked, Directory, IdentityError, NewAccount, Registers, RoleAssignment, Secret, SignIn, Visit,
    tables,
};
use kawasemi_kernel::RecordId;
use kawasemi_testkit::directory::{self, BASE, PASSWORD, SERVICE, SERVICE_PASSWORD};
use kawasemi_testkit::on_both_stores;
use uuid::Uuid;

const PARKS: Uuid = Uuid::from_u128(77);

/// A register with one department.
struct Known;

#[async_trait]
impl Registers for Known {
    async fn department(&self, code: &str, _: Timestamp) -> Option<RecordId> {
        (code == "parks").then_some(RecordId(PARKS))
    }

    async fn staff(&self, _: &str, _: Timestamp) -> Option<RecordId> {
        None
    }
}

fn config(server: &directory::Directory, more: &str) -> DirectoryConfig {
    with_servers(&[&server.ldaps()], server, "ca.pem", more)
}

fn with_servers(addresses: &[&str], server: &directory::Directory, authority: &str, more: &str) -> DirectoryConfig {
    let authority = server.certificates().file(authority);
    let text = format!(
        "servers = {addresses:?}\nkind = \"open-ldap\"\nauthority = {authority:?}\nbind_dn = \"{SERVICE}\"\n\
         password = \"{SERVICE_PASSWORD}\"\nuser_base = \"ou=people,{BASE}\"\ngroup_base = \"ou=groups,{BASE}\"\n{more}\n\
         [[group]]\ndn = \"cn=Park-Managers, ou=groups,{BASE}\"\nrole = \"park-manager\"\ndepartment = \"parks\"\n\
         [[group]]\ndn = \"cn=lost,ou=groups,{BASE}\"\nrole = \"park-manager\"\ndepartment = \"gone\"\n"
    );
    toml::from_str(&text).unwrap()
}

fn use_directory(hall: &Hall, config: DirectoryConfig) {
    hall.identity.set_directory(Directory::new(config, Arc::new(Known)).unwrap());
}

async fn sign_in(hall: &Hall, at: i64, login: &str, password: &str) -> Result<Secret, IdentityError> {
    let visit = Visit { address: Some([192, 0, 2, 1].into()), ..Visit::at(hall.after(at)) };
    match hall.identity.sign_in_with_password(&visit, login, password).await? {
        SignIn::Done(session) => Ok(session.secret),
        SignIn::CodeNeeded(_) => panic!("no code was set up"),
    }
}

/// The roles of whoever holds a session, with their departments.
async fn roles(hall: &Hall, secret: &Secret) -> Vec<(String, Option<Vec<RecordId>>)> {
    let caller = hall.caller(secret).await.unwrap();
    let own = caller.roles.into_iter().filter(|role| !["public", "staff"].contains(&role.key.as_str()));
    own.map(|role| (role.key, role.departments)).collect()
}

on_both_stores! {
    tables = tables::tables();

    async fn somebody_new_gets_an_account_by_a_mapped_group(fixture) {
        let (hall, server) = (Hall::new(fixture), directory::Directory::start());
        let tanaka = server.person("tanaka", "田中");
        server.person("sato", "佐藤");
        let inner = server.group("east", &[&tanaka]);
        server.group("park-managers", &[&inner]);
        use_directory(&hall, config(&server, ""));
        let secret = sign_in(&hall, 0, "ＴＡＮＡＫＡ", PASSWORD).await.unwrap();
        let caller = hall.caller(&secret).await.unwrap();
        assert_eq!(caller.account.unwrap().display_name, "田中");
        let parks = Some(vec![RecordId(PARKS)]);
        assert_eq!(roles(&hall, &secret).await, [("park-manager".to_owned(), parks)], "the group lies in another");
        assert!(matches!(sign_in(&hall, 0, "sato", PASSWORD).await, Err(IdentityError::NotLinked)), "no mapped group");
        assert!(matches!(sign_in(&hall, 0, "tanaka", "wrong").await, Err(IdentityError::WrongCredentials)));
        assert!(matches!(sign_in(&hall, 0, "nobody", PASSWORD).await, Err(IdentityError::WrongCredentials)));
        assert!(matches!(sign_in(&hall, 0, "tanaka", "").await, Err(IdentityError::WrongCredentials)), "never anonymous");
        let known = hall.identity.accounts(&hall.system(), &AccountQuery { limit: 10, ..AccountQuery::default() }).await;
        assert_eq!(known.unwrap().len(), 1, "nobody else got an account");
    }

    async fn what_is_typed_is_never_a_filter(fixture) {
        let (hall, server) = (Hall::new(fixture), directory::Directory::start());
        let tanaka = server.person("tanaka", "田中");
        server.group("park-managers", &[&tanaka]);
        use_directory(&hall, config(&server, ""));
        for typed in ["*", "tan*", "tanaka)(uid=*", "*)(objectClass=*", "tanaka\0", "\\2a", "uid=tanaka"] {
            let refused = sign_in(&hall, 3600, typed, PASSWORD).await;
            assert!(matches!(refused, Err(IdentityError::WrongCredentials)), "{typed}: {refused:?}");
        }
        assert!(sign_in(&hall, 3600, "tanaka", PASSWORD).await.is_ok());
    }

    async fn roles_follow_the_groups_and_those_by_hand_stay(fixture) {
        let (hall, server) = (Hall::new(fixture), directory::Directory::start());
        let (tanaka, sato) = (server.person("tanaka", "田中"), server.person("sato", "佐藤"));
        let group = server.group("park-managers", &[&tanaka, &sato]);
        use_directory(&hall, config(&server, ""));
        let first = sign_in(&hall, 0, "tanaka", PASSWORD).await.unwrap();
        let account = hall.caller(&first).await.unwrap().actor.account().unwrap();
        hall.identity.assign_role(&hall.system(), &common::roles(), account, RoleAssignment::of("admin")).await.unwrap();
        server.change(&format!("dn: {group}\nchangetype: modify\ndelete: member\nmember: {tanaka}\n"));
        let second = sign_in(&hall, 1, "tanaka", PASSWORD).await.unwrap();
        assert_eq!(roles(&hall, &second).await, [("admin".to_owned(), None)]);
        server.change(&format!("dn: {group}\nchangetype: modify\nadd: member\nmember: {tanaka}\n"));
        let looked = hall.identity.recheck_directory(hall.after(2)).await.unwrap().unwrap();
        assert_eq!((looked.looked_up, looked.disabled), (1, 0));
        assert_eq!(roles(&hall, &second).await.len(), 2, "the look again gives it back without a new sign-in");
    }

    async fn a_department_that_is_not_there_brings_no_role(fixture) {
        let (hall, server) = (Hall::new(fixture), directory::Directory::start());
        let tanaka = server.person("tanaka", "田中");
        server.group("lost", &[&tanaka]);
        use_directory(&hall, config(&server, ""));
        let secret = sign_in(&hall, 0, "tanaka", PASSWORD).await.unwrap();
        assert!(roles(&hall, &secret).await.is_empty());
    }

    async fn who_is_disabled_there_is_out_here_and_comes_back(fixture) {
        let (hall, server) = (Hall::new(fixture), directory::Directory::start());
        let (tanaka, sato) = (server.person("tanaka", "田中"), server.person("sato", "佐藤"));
        server.group("park-managers", &[&tanaka, &sato]);
        use_directory(&hall, config(&server, "grace_hours = 12"));
        let (mine, other) =
            (sign_in(&hall, 0, "tanaka", PASSWORD).await.unwrap(), sign_in(&hall, 0, "sato", PASSWORD).await.unwrap());
        let control = |flags: u32| {
            server.change(&format!("dn: {tanaka}\nchangetype: modify\nreplace: userAccountControl\nuserAccountControl: {flags}\n"));
        };
        control(514);
        assert!(matches!(sign_in(&hall, 1, "tanaka", PASSWORD).await, Err(IdentityError::Blocked(Blocked::Disabled))));
        assert!(matches!(sign_in(&hall, 1, "tanaka", "wrong").await, Err(IdentityError::WrongCredentials)), "told to the owner only");
        assert!(hall.caller(&mine).await.is_some(), "until the next look");
        let looked = hall.identity.recheck_directory(hall.after(2)).await.unwrap().unwrap();
        assert_eq!((looked.looked_up, looked.disabled, looked.enabled), (2, 1, 0));
        assert!(hall.caller(&mine).await.is_none() && hall.caller(&other).await.is_some());
        control(512);
        assert!(sign_in(&hall, 60, "tanaka", PASSWORD).await.is_ok(), "the directory lets them in again");
        server.change(&format!("dn: {sato}\nchangetype: delete\n"));
        hall.identity.recheck_directory(hall.after(61)).await.unwrap();
        assert!(hall.caller(&other).await.is_none(), "gone is out, too");
    }

    async fn a_wrong_base_puts_nobody_out(fixture) {
        let (hall, server) = (Hall::new(fixture), directory::Directory::start());
        let people = ["a1", "a2", "a3"].map(|login| server.person(login, login));
        server.group("park-managers", &people.each_ref().map(String::as_str));
        use_directory(&hall, config(&server, ""));
        let mut sessions = Vec::new();
        for login in ["a1", "a2", "a3"] {
            sessions.push(sign_in(&hall, 0, login, PASSWORD).await.unwrap());
        }
        for dn in &people {
            server.change(&format!("dn: {dn}\nchangetype: modrdn\nnewrdn: {}\ndeleteoldrdn: 0\nnewsuperior: ou=groups,{BASE}\n", dn.split(',').next().unwrap()));
        }
        let looked = hall.identity.recheck_directory(hall.after(1)).await.unwrap().unwrap();
        assert_eq!(looked.disabled, 0);
        for session in &sessions {
            assert!(hall.caller(session).await.is_some());
        }
    }

    async fn when_the_server_dies_the_next_one_answers(fixture) {
        let hall = Hall::new(fixture);
        let (mut first, second) = (directory::Directory::start(), directory::Directory::start());
        let tanaka = second.person("tanaka", "田中");
        second.group("park-managers", &[&tanaka]);
        first.kill();
        // Both names are localhost's, but each has an authority of its own: the dead one is only ever refused.
        use_directory(&hall, with_servers(&[&first.ldaps(), &second.ldaps()], &second, "ca.pem", ""));
        assert!(sign_in(&hall, 0, "tanaka", PASSWORD).await.is_ok());
    }

    async fn when_all_are_dead_work_goes_on(fixture) {
        let (hall, mut server) = (Hall::new(fixture), directory::Directory::start());
        let (tanaka, sato) = (server.person("tanaka", "田中"), server.person("sato", "佐藤"));
        server.group("park-managers", &[&tanaka, &sato]);
        hall.staff("breakglass").await;
        use_directory(&hall, config(&server, "grace_hours = 12"));
        let before = sign_in(&hall, 0, "tanaka", PASSWORD).await.unwrap();
        server.kill();
        assert!(hall.caller(&before).await.is_some(), "who is signed in goes on");
        assert!(sign_in(&hall, 60, "tanaka", PASSWORD).await.is_ok(), "who signed in lately may come back");
        assert!(hall.identity.directory().unwrap().is_down(hall.after(60)), "which the page can say");
        assert!(matches!(sign_in(&hall, 60, "tanaka", "wrong").await, Err(IdentityError::WrongCredentials)));
        assert!(matches!(sign_in(&hall, 60, "sato", PASSWORD).await, Err(IdentityError::DirectoryDown)));
        assert!(sign_in(&hall, 60, "breakglass", common::PASSWORD).await.is_ok(), "a local account is the way in");
        for n in 0..30 {
            let said = sign_in(&hall, 61, "sato", PASSWORD).await;
            assert!(matches!(said, Err(IdentityError::DirectoryDown)), "{n}: nobody is slowed down for it: {said:?}");
        }
        let late = 12 * 3600 + 61;
        assert!(matches!(sign_in(&hall, late, "tanaka", PASSWORD).await, Err(IdentityError::DirectoryDown)), "not for ever");
        assert_eq!(hall.identity.recheck_directory(hall.after(late)).await.unwrap(), None, "nobody is put out meanwhile");
        server.revive();
        assert!(sign_in(&hall, late + 60, "sato", PASSWORD).await.is_ok());
    }

    async fn only_the_halls_own_authority_is_believed(fixture) {
        let (hall, server) = (Hall::new(fixture), directory::Directory::start());
        let tanaka = server.person("tanaka", "田中");
        server.group("park-managers", &[&tanaka]);
        use_directory(&hall, with_servers(&[&server.ldaps()], &server, "other-ca.pem", ""));
        assert!(matches!(sign_in(&hall, 0, "tanaka", PASSWORD).await, Err(IdentityError::DirectoryDown)));
        let hall = Hall::new(fixture);
        use_directory(&hall, with_servers(&[&server.ldap()], &server, "other-ca.pem", ""));
        assert!(matches!(sign_in(&hall, 0, "tanaka", PASSWORD).await, Err(IdentityError::DirectoryDown)));
        let hall = Hall::new(fixture);
        use_directory(&hall, with_servers(&[&server.ldap()], &server, "ca.pem", ""));
        assert!(sign_in(&hall, 60, "tanaka", PASSWORD).await.is_ok(), "TLS is begun before anything is said");
    }

    async fn accounts_from_before_are_taken_over_where_that_is_wanted(fixture) {
        let (hall, server) = (Hall::new(fixture), directory::Directory::start());
        for login in ["tanaka", "sato", "kanri"] {
            server.person(login, login);
        }
        let plain = hall.identity.add_account(&hall.system(), NewAccount::staff("tanaka")).await.unwrap();
        hall.staff("sato").await;
        let admin = hall.staff("kanri").await;
        hall.give(admin, "admin").await;
        use_directory(&hall, config(&server, "take_over = true"));
        let secret = sign_in(&hall, 0, "tanaka", PASSWORD).await.unwrap();
        assert_eq!(hall.caller(&secret).await.unwrap().actor.account(), Some(plain), "no group is needed for an account that is there");
        assert!(sign_in(&hall, 0, "sato", common::PASSWORD).await.is_ok(), "its own password still does");
        assert!(sign_in(&hall, 0, "sato", PASSWORD).await.is_ok(), "and so does the directory's, from now on alone");
        assert!(matches!(sign_in(&hall, 0, "sato", common::PASSWORD).await, Err(IdentityError::WrongCredentials)));
        assert!(matches!(sign_in(&hall, 0, "kanri", PASSWORD).await, Err(IdentityError::WrongCredentials)), "the way in stays local");
    }

    async fn a_dangerous_act_asks_the_directory_again(fixture) {
        let (hall, server) = (Hall::new(fixture), directory::Directory::start());
        let tanaka = server.person("tanaka", "田中");
        server.group("park-managers", &[&tanaka]);
        use_directory(&hall, config(&server, ""));
        let secret = sign_in(&hall, 0, "tanaka", PASSWORD).await.unwrap();
        let (context, visit) = (hall.context(&secret).await, Visit::at(hall.now));
        assert!(matches!(hall.identity.prove_again(&context, &visit, "wrong").await, Err(IdentityError::WrongCredentials)));
        let renewed = hall.identity.prove_again(&context, &visit, PASSWORD).await.unwrap();
        assert!(hall.caller(&renewed).await.is_some());
        let changed = hall.identity.change_password(&hall.context(&renewed).await, &visit, PASSWORD, "冬の 鳥は 丸くて 白い").await;
        assert!(matches!(changed, Err(IdentityError::Invalid(_))), "the password is the directory's: {changed:?}");
    }
}
