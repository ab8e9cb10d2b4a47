//! Administration: accounts, roles, grants and their reasons.

use kawasemi_identity::AccessLog;
use kawasemi_identity::access_log::{AccessEntry, Manner};
use kawasemi_kernel::RecordId;
use kawasemi_ledger::Draft;
use kawasemi_schema::Clearance;
use kawasemi_testkit::desk::tables;
use kawasemi_testkit::{Answer, Browser, TestCity, on_both_stores};

const NOTHING: [(&str, &str); 0] = [];

/// The entries of a new account.
fn entries<'a>(login: &'a str, name: &'a str) -> [(&'a str, &'a str); 6] {
    [
        ("login", login),
        ("display_name", name),
        ("mail", ""),
        ("employee_number", ""),
        ("kind", "staff"),
        ("proof", "one-time"),
    ]
}

/// Starts a verification and waits for its end.
async fn verified(admin: &Browser) -> Answer {
    assert_eq!(admin.post("/desk/admin/audit/verify", &NOTHING).await.status, 303);
    for _ in 0..200 {
        let page = admin.get("/desk/admin/audit").await;
        if !page.says("から検証しています") {
            return page;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("the verification does not end");
}

on_both_stores! {
    tables = tables();

    async fn every_page_can_be_opened(fixture) {
        let city = TestCity::new(fixture).await;
        let admin = city.sign_in("root-admin", &["admin"]).await;
        for page in [
            "", "/users", "/users?q=root", "/users/new", "/roles", "/roles/admin", "/grants", "/grants?role=staff", "/grants/why",
            "/events", "/events?login=root-admin", "/access", "/access?ledger=staff", "/definitions", "/definitions/department",
            "/jobs", "/jobs?state=waiting", "/audit", "/operations",
        ] {
            let answer = admin.get(&format!("/desk/admin{page}")).await;
            assert_eq!(answer.status, 200, "{page}: {}", answer.text);
        }
        assert!(admin.get("/desk/admin").await.says("はじめにすること"));
        let source = admin.get("/desk/admin/definitions/department/source").await;
        assert!(source.says("key = \"department\"") && source.header("content-disposition").contains("department.toml"));
    }

    async fn an_account_is_added_with_a_password_shown_once(fixture) {
        let city = TestCity::new(fixture).await;
        let admin = city.sign_in("root-admin", &["admin"]).await;
        let added = admin.post("/desk/admin/users/new", &entries("taro", "綾瀬 太郎")).await;
        let password = added.between("<code>", "</code>").expect("the password").to_owned();
        let taro = city.visitor();
        let entered = taro.post("/auth/sign-in", &[("login", "taro"), ("password", &password)]).await;
        assert_eq!(entered.location(), "/desk/account/password");
        assert!(admin.get("/desk/admin/users?q=太郎").await.says("綾瀬 太郎"));

        let taken = admin.post("/desk/admin/users/new", &entries("TARO", "別の太郎")).await;
        assert!(taken.status == 422 && taken.says("すでに使われています") && taken.says("別の太郎"));
        let wrong = admin.post("/desk/admin/users/new", &[("login", "jiro"), ("employee_number", "999")]).await;
        assert!(wrong.status == 422 && wrong.says("職員台帳にいません"));
    }

    async fn roles_are_assigned_and_taken_away(fixture) {
        let city = TestCity::new(fixture).await;
        let admin = city.sign_in("root-admin", &["admin"]).await;
        let hanako = city.account("hanako", &[]).await;
        let page = format!("/desk/admin/users/{hanako}");
        let bad = [("role", "organisation-editor"), ("from", "令和8年5月2日"), ("until", "令和8年5月1日")];
        let refused = admin.post(&format!("{page}/roles"), &bad).await;
        assert!(refused.status == 422 && refused.says("終わりの日が始まりの日より前"));
        let good = [("role", "organisation-editor"), ("from", ""), ("until", "令和8年12月31日")];
        assert_eq!(admin.post(&format!("{page}/roles"), &good).await.status, 303);
        let shown = admin.get(&page).await;
        assert!(shown.says("組織・人事担当") && shown.says("R8.12.31"));
        assert!(admin.get("/desk/admin/roles/organisation-editor").await.says("hanako"));
        let held = city.city.identity.roles_of(&city.system(), hanako).await.expect("roles");
        assert_eq!(admin.post(&format!("{page}/roles/{}/remove", held[0].id), &NOTHING).await.status, 303);
        assert!(admin.get(&page).await.says("割り当てられた役割はありません"));
    }

    async fn the_last_administrator_stays(fixture) {
        let city = TestCity::new(fixture).await;
        let id = city.account("only-admin", &["admin"]).await;
        let admin = city.visitor();
        admin.post("/auth/sign-in", &[("login", "only-admin"), ("password", kawasemi_testkit::desk::PASSWORD)]).await;
        let refused = admin.post(&format!("/desk/admin/users/{id}/disable"), &NOTHING).await;
        assert!(refused.status == 422 && refused.says("最後のシステム管理者です"));
    }

    async fn a_disabled_account_is_signed_out_at_once(fixture) {
        let city = TestCity::new(fixture).await;
        let admin = city.sign_in("root-admin", &["admin"]).await;
        let hanako = city.sign_in("hanako", &[]).await;
        let id = city.city.identity.lookup_account(&city.system(), "hanako").await.expect("a look").expect("hanako").summary.id;
        assert_eq!(admin.post(&format!("/desk/admin/users/{id}/disable"), &NOTHING).await.status, 303);
        assert_eq!(hanako.get("/desk/account").await.status, 303);
        assert!(admin.get(&format!("/desk/admin/users/{id}")).await.says("停止中"));
    }

    async fn it_is_explained_why_somebody_may_see_a_record(fixture) {
        let city = TestCity::new(fixture).await;
        let admin = city.sign_in("root-admin", &["admin"]).await;
        city.account("hanako", &[]).await;
        let draft = Draft::new().with("employee_number", "1024").with("name", kawasemi_kernel::Value::Name(
            kawasemi_kernel::PersonName { name: "綾瀬 秘密".to_owned(), kana: "あやせ ひみつ".to_owned() }));
        let saved = city.city.ledgers.create(&city.system(), "staff", draft).await.expect("a member of staff");
        let page = admin.get(&format!("/desk/admin/grants/why?login=hanako&ledger=staff&record={}", saved.id)).await;
        assert!(page.status == 200 && page.says("サインインした職員が持つ役割「職員」"), "{}", page.text);
        assert!(!page.says("綾瀬 秘密"), "the explanation shows nothing of the record");
        let missing = admin.get("/desk/admin/grants/why?login=hanako&ledger=staff&record=9999").await;
        assert!(missing.says("この台帳にこの番号またはIDの記録はありません"));
        let nobody = admin.get("/desk/admin/grants/why?login=nobody&ledger=staff&record=9999").await;
        assert!(nobody.says("この利用者名の利用者はいません"));
    }

    async fn the_audit_trail_is_verified_beside_the_server(fixture) {
        let city = TestCity::new(fixture).await;
        let admin = city.sign_in("root-admin", &["admin"]).await;
        let draft = Draft::new().with("code", "parks").with("name", "公園緑地課").with("level", "section")
            .with("first_fiscal_year", 2020_i64);
        let saved = city.city.ledgers.create(&city.system(), "department", draft).await.expect("a department");
        assert!(verified(&admin).await.says("書き換えは見つかりませんでした"));

        let forged = kawasemi_store::Sql::with("UPDATE {l_department} SET name = $1 WHERE id = $2", ["別の課".into(), saved.id.0.into()]);
        fixture.city.write(kawasemi_store::Unit::of([forged.into()])).await.expect("somebody writes by hand");
        let broken = verified(&admin).await;
        assert!(broken.says("か所に問題があります") && broken.says(&saved.id.to_string()), "{}", broken.text);
    }

    async fn the_access_log_says_who_read_what(fixture) {
        let city = TestCity::new(fixture).await;
        let admin = city.sign_in("root-admin", &["admin"]).await;
        let (record, context) = (RecordId(uuid::Uuid::from_u128(7)), city.system().because("照会の回答"));
        let (manner, clearance) = (Manner::Export, Clearance::Personal);
        let entry = AccessEntry { ledger: "staff".into(), manner, clearance, fields: vec!["emergency_phone".into()], records: vec![record] };
        AccessLog::record(&city.city.city, city.desk.ids(), &context, &entry).await.expect("an entry");
        let page = admin.get(&format!("/desk/admin/access?ledger=staff&record={record}")).await;
        assert!(page.says("緊急連絡先") && page.says("照会の回答") && page.says("システム"));
        let other = RecordId(uuid::Uuid::from_u128(8));
        assert!(admin.get(&format!("/desk/admin/access?record={other}")).await.says("当てはまる記録はありません"));
    }
}
