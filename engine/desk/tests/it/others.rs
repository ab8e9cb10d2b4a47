//! People who are not of the staff: members of outside organisations, and vendors.

use jiff::SignedDuration;
use kawasemi_identity::{AccountChange, AccountKind, NewAccount};
use kawasemi_kernel::{PersonName, RecordId, Value};
use kawasemi_ledger::Draft;
use kawasemi_testkit::desk::{Browser, PASSWORD, Setup, tables};
use kawasemi_testkit::{TestCity, on_both_stores};
use uuid::Uuid;

const SYSTEM: &str = "key = \"parks\"\ntitle = \"公園\"\nowner = \"parks\"\n";
const LEDGER: &str = r#"
key = "inspection"
title = "公園の点検"
owner = "parks"
purpose = "公園の点検のため"
label = ["name"]
retention = { basis = "規程" }
[[field]]
key = "name"
label = "公園名"
type = "text"
required = true
[[field]]
key = "contractor"
label = "委託先"
type = "reference"
target = "outside-organisation"
[[grant]]
role = "outside-member"
actions = ["read", "update"]
rows = "contractor IN (user.organisations)"
clearance = "internal"
[[grant]]
role = "staff"
actions = ["read", "create", "update"]
clearance = "internal"
"#;

async fn create(city: &TestCity, ledger: &str, draft: Draft) -> RecordId {
    city.city.ledgers.create(&city.system(), ledger, draft).await.expect("the record is added").id
}

/// A city with a ledger that is open to outsiders, a responsible member of staff in a browser, and two organisations, of which
/// the first is theirs.
async fn hall(fixture: &kawasemi_testkit::Fixture) -> (TestCity, Browser, [RecordId; 2]) {
    let files = [("system.toml", SYSTEM), ("ledgers/inspection.toml", LEDGER)];
    let bundle = kawasemi_schema::SystemBundle::read("parks", &files).expect("the system is well defined");
    let site = kawasemi_desk::Site { bundle, calculations: &[], links: Vec::new() };
    let city = TestCity::with(fixture, Setup { systems: vec![site], ..Setup::default() }).await;
    let draft = Draft::new().with("code", "parks").with("name", "公園課").with("level", "section");
    let department = create(&city, "department", draft.with("first_fiscal_year", Value::Int(2015))).await;
    let name = PersonName { name: "担当 花子".into(), kana: "タントウ ハナコ".into() };
    let person = |number: &str| Draft::new().with("employee_number", number).with("name", Value::Name(name.clone()));
    let mine = create(&city, "staff", person("1")).await;
    let other = create(&city, "staff", person("2")).await;
    let mut organisations = Vec::new();
    for (name, responsible) in [("みどり造園", mine), ("やまと緑化", other)] {
        let until = city.system().today().checked_add(SignedDuration::from_hours(24 * 90)).expect("a day");
        let draft = Draft::new().with("name", name).with("kind", "contractor").with("contract_name", "点検業務");
        let draft = draft.with("contract_until", Value::Date(until)).with("department", Value::Record(department));
        organisations
            .push(create(&city, "outside-organisation", draft.with("responsible", Value::Record(responsible))).await);
    }
    for (name, organisation) in [("城山公園", organisations[0]), ("光綾公園", organisations[1])] {
        create(&city, "inspection", Draft::new().with("name", name).with("contractor", Value::Record(organisation)))
            .await;
    }
    let account = city.account("tanto", &[]).await;
    let change = AccountChange { person: Some(Some(mine)), ..AccountChange::default() };
    city.city.identity.update_account(&city.system(), account, change).await.expect("is changed");
    let browser = city.visitor();
    browser.post("/auth/sign-in", &[("login", "tanto"), ("password", PASSWORD)]).await;
    (city, browser, [organisations[0], organisations[1]])
}

/// Invites a member and answers their browser, in which they have chosen a password.
async fn member(city: &TestCity, host: &Browser, organisation: RecordId) -> (Browser, String) {
    let until = city.system().today().checked_add(SignedDuration::from_hours(24 * 20)).expect("a day").to_string();
    let form = [
        ("login", "gaibu"),
        ("display_name", "外部 次郎"),
        ("role", "outside-member"),
        ("until", until.as_str()),
        ("reason", "現場責任者"),
    ];
    let invited = host.post(&format!("/desk/outside/{organisation}/new"), &form).await;
    let password = invited.between("<code>", "</code>").expect("a password is shown").to_owned();
    let browser = city.visitor();
    browser.post("/auth/sign-in", &[("login", "gaibu"), ("password", &password)]).await;
    let new = "冬の 鳥は 丸くて 白い";
    let form = [("password", password.as_str()), ("new_password", new), ("again_password", new)];
    assert_eq!(browser.post("/desk/account/password", &form).await.status, 303);
    let account = city.city.identity.lookup_account(&city.system(), "gaibu").await.expect("reads").expect("is there");
    (browser, account.summary.id.to_string())
}

on_both_stores! {
    tables = tables();

    async fn a_member_sees_the_contracts_records_and_little_else(fixture) {
        let (city, host, [mine, _]) = hall(fixture).await;
        let (member, _) = member(&city, &host, mine).await;
        let list = member.get("/desk/ledgers/inspection").await;
        assert!(list.says("城山公園") && !list.says("光綾公園"), "{}", list.text);
        let home = member.get("/desk").await;
        assert!(home.status == 200 && home.says("公園の点検") && !home.says("/desk/search"));
        for hidden in ["/desk/search?q=公園", "/desk/ledgers/staff", "/desk/ledgers/outside-organisation", "/desk/outside", "/desk/account/tokens", "/desk/changes", "/desk/admin", "/api/v1/ledgers"] {
            let answer = member.get(hidden).await;
            assert_eq!(answer.status, 404, "{hidden}");
        }
        let own = member.get("/desk/account").await;
        assert!(own.status == 200 && !own.says("/desk/account/tokens") && own.says("外部団体"));
    }

    async fn whoever_answers_for_a_contract_moves_and_ends_its_members(fixture) {
        let (city, host, [mine, other]) = hall(fixture).await;
        assert!(host.get("/desk").await.says("外部団体を担当"));
        let (member, account) = member(&city, &host, mine).await;
        let list = host.get("/desk/outside").await;
        assert!(list.says("みどり造園") && list.says("外部 次郎") && list.says("まもなく期限") && !list.says("やまと緑化"));
        assert_eq!(host.get(&format!("/desk/outside/{other}/new")).await.status, 404, "another's contract");
        let page = format!("/desk/outside/{mine}/{account}");
        assert!(host.get(&page).await.says("現場責任者"));
        let late = host.post(&format!("{page}/extend"), &[("until", "2099-01-01"), ("reason", "延長")]).await;
        assert!(late.status == 422 && late.says("契約の終わり"));
        let silent = host.post(&format!("{page}/end"), &[("reason", "")]).await;
        assert!(silent.status == 422 && silent.says("理由"));
        assert_eq!(host.post(&format!("{page}/end"), &[("reason", "交代")]).await.status, 303);
        assert_eq!(member.get("/desk").await.status, 303, "signed out at once");
        let elsewhere = format!("/desk/outside/{other}/{account}/extend");
        assert_eq!(host.post(&elsewhere, &[("until", "2026-01-01"), ("reason", "x")]).await.status, 404);
        let stranger = city.sign_in("taro", &["admin"]).await;
        assert_eq!(stranger.get("/desk/outside").await.status, 404, "not even for an administrator");
    }

    async fn a_wrong_corporate_number_is_refused(fixture) {
        let (city, _, [mine, _]) = hall(fixture).await;
        let save = async |number: &str| {
            let revision = city.city.ledgers.get(&city.system(), "outside-organisation", mine).await.expect("reads").revision;
            let (definition, _) = city.city.ledgers.open(&city.system(), "outside-organisation").expect("it is there");
            let entered = serde_json::json!({ "corporate_number": number });
            let draft = Draft::from_json(&definition, entered.as_object().expect("is an object"));
            city.city.ledgers.update(&city.system(), "outside-organisation", mine, revision, draft).await
        };
        let wrong = format!("{:?}", save("7000012050003").await.expect_err("is refused"));
        assert!(wrong.contains("法人番号の数字のどれかが違っています"), "{wrong}");
        assert!(save("7000-0120-50002").await.is_ok());
    }

    async fn maintenance_is_approved_by_another_and_every_request_is_on_the_report(fixture) {
        let city = TestCity::new(fixture).await;
        let vendor = NewAccount { kind: AccountKind::Vendor, ..NewAccount::staff("hoshu").with_password(PASSWORD) };
        let vendor: Uuid = city.city.identity.add_account(&city.system(), vendor).await.expect("is added");
        let (first, second) = (city.sign_in("kanri1", &["admin"]).await, city.sign_in("kanri2", &["admin"]).await);
        let today = city.system().today().to_string();
        let tomorrow = city.system().today().tomorrow().expect("a day").to_string();
        let vendor = vendor.to_string();
        let form = [
            ("account", vendor.as_str()),
            ("ticket", "INC-77"),
            ("reason", "索引の作り直し"),
            ("role", "organisation-editor"),
            ("from", today.as_str()),
            ("from_time", "00:00"),
            ("until", tomorrow.as_str()),
            ("until_time", "17:00"),
        ];
        let asked = first.post("/desk/admin/maintenance/new", &form).await;
        assert_eq!(asked.status, 303, "{}", asked.text);
        let page = asked.location().split('?').next().expect("a path").to_owned();
        let own = first.post(&format!("{page}/approve"), &[("", "")]).await;
        assert!(own.status == 422 && own.says("申請した本人は承認できません"));
        assert_eq!(second.post(&format!("{page}/approve"), &[("", "")]).await.status, 303);
        let browser = city.visitor();
        assert_eq!(browser.post("/auth/sign-in", &[("login", "hoshu"), ("password", PASSWORD)]).await.status, 303);
        assert_eq!(browser.get("/desk/ledgers/department?q=abc").await.status, 200);
        assert_eq!(browser.get("/desk/admin/maintenance").await.status, 404, "the record is not theirs to see");
        let report = second.get(&page).await;
        for said in ["/desk/ledgers/department?q=abc", "/desk/admin/maintenance", "INC-77", "索引の作り直し", "kanri1", "kanri2", "作業中"] {
            assert!(report.says(said), "{said}: {}", report.text);
        }
        assert_eq!(second.post(&format!("{page}/end"), &[("", "")]).await.status, 303);
        assert_eq!(browser.get("/desk").await.status, 303, "signed out at once");
    }

    async fn a_code_sheet_is_printed_once_and_lets_in(fixture) {
        let city = TestCity::new(fixture).await;
        let account = city.account("tanaka", &[]).await;
        let admin = city.sign_in("kanri", &["admin"]).await;
        let sheet = admin.post(&format!("/desk/admin/users/{account}/code-sheet"), &[("", "")]).await;
        let code = sheet.between("<li><code>", "</code>").expect("a code").to_owned();
        assert!(admin.get(&format!("/desk/admin/users/{account}")).await.says("残り40個"));
        let browser = city.visitor();
        let asked = browser.post("/auth/sign-in", &[("login", "tanaka"), ("password", PASSWORD)]).await;
        let mut form = asked.form("/auth/code").expect("the code is asked for");
        form.retain(|(name, _)| name != "code");
        form.push(("code".to_owned(), code));
        assert_eq!(browser.post("/auth/code", &form).await.status, 303);
        assert!(browser.get("/desk/account").await.says("パスワードと確認コード"));
        assert!(browser.get("/desk/account/second-factor").await.says("残り39個"));
    }
}
