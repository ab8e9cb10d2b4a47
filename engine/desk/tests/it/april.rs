//! From the afternoon of 31 March to the morning of 1 April, through the desk: orders and a plan brought in ahead, the hall
//! looked at before, sessions that stay open over midnight, and what is left behind.

use axum::body::Body;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use kawasemi_desk::Site;
use kawasemi_identity::{AccountChange, NewToken, RoleAssignment};
use kawasemi_kernel::{Clock as _, RecordId, Value};
use kawasemi_ledger::Draft;
use kawasemi_registry::handover::Inventory;
use kawasemi_registry::personnel_file::{read_departments, read_staff};
use kawasemi_registry::{midnight, personnel, register, sync_departments};
use kawasemi_schema::SystemBundle;
use kawasemi_testkit::desk::{PASSWORD, Setup, tables};
use kawasemi_testkit::{Answer, Browser, Fixture, TestCity, on_both_stores};
use kawasemi_webhook::OwnedWebhooks;
use uuid::Uuid;

const MARCH: Date = date(2027, 3, 31);
const APRIL: Date = date(2027, 4, 1);

const DEPARTMENTS: &str = "部局コード,名称,上位部局コード,設置年度\n\
    welfare-elderly,高齢介護課,welfare,R3\nwelfare-child,子ども課,welfare,R3\nwelfare,福祉部,,R3\n\
    planning,経営企画部,,R3\n";
const STAFF: &str = "職員番号,氏名,所属コード,職名,発令日,採用日\n\
    0001,佐藤 花子,welfare-elderly,課長,R3.4.1,H12.4.1\n0002,鈴木 一郎,welfare,部長,R3.4.1,H5.4.1\n\
    0003,高橋 次郎,welfare-child,主事,R3.4.1,R3.4.1\n0004,田中 三郎,planning,課長,R3.4.1,H15.4.1\n\
    0005,渡辺 四郎,welfare-child,課長,R3.4.1,H15.4.1\n";
const ORDERS: &str = "職員番号,氏名,発令区分,発令日,所属コード,職名,終了日\n\
    0003,高橋 次郎,転任,2027-04-01,planning,主事,\n\
    0002,鈴木 一郎,退職,2027-03-31,,,\n\
    0001,佐藤 花子,休職,2027-04-01,,,2027-06-30\n\
    0004,田中 三郎,転任,2027-04-01,welfare,部長,\n\
    0004,田中 三郎,配置換,2027-04-01,welfare-child,課長,\n";
const PLAN: &str = "区分,部局コード,名称,上位部局コード,引継ぎ先コード,台帳,条件\n\
    新設,health,健康部,,,,\n新設,health-child,こども家庭課,health,,,\n\
    分割,welfare-child,,,health-child,,\n分割,welfare-child,,,welfare-elderly,case,kind = 'b'\n\
    廃止,welfare-elderly,,,welfare-child,,\n";

/// A ledger of cases, of which everybody with the role sees their departments'.
fn works() -> Site {
    let files = [
        (
            "system.toml",
            "key = \"works\"\ntitle = \"相談\"\nowner = \"welfare\"\n[[role]]\nkey = \"case-worker\"\ntitle = \"相談担当\"\n",
        ),
        (
            "ledgers/case.toml",
            "key = \"case\"\ntitle = \"相談\"\nowner = \"welfare\"\nlabel = [\"name\"]\n\
             retention = { years = 5, basis = \"規程\" }\n\
             [list]\ncolumns = [\"name\", \"department\"]\nscope = \"department\"\n\
             [[field]]\nkey = \"name\"\nlabel = \"件名\"\ntype = \"text\"\nrequired = true\n\
             [[field]]\nkey = \"kind\"\nlabel = \"区分\"\ntype = \"text\"\n\
             [[field]]\nkey = \"department\"\nlabel = \"所管\"\ntype = \"reference\"\ntarget = \"department\"\n\
             [[grant]]\nrole = \"case-worker\"\nactions = [\"read\", \"update\", \"create\"]\n\
             rows = \"department IN (user.departments)\"\nclearance = \"internal\"\nreason = \"相談に応じるため\"\n",
        ),
    ];
    let bundle = SystemBundle::read("works", &files).unwrap_or_else(|errors| panic!("{errors}"));
    Site { bundle, calculations: &[], links: Vec::new() }
}

fn at(day: Date, hour: i8, minute: i8, second: i8) -> Timestamp {
    day.at(hour, minute, second, 0).in_tz("Asia/Tokyo").unwrap().timestamp()
}

/// A hall in March.
struct Hall {
    city: TestCity,
}

impl Hall {
    async fn new(fixture: &Fixture) -> Self {
        let city = TestCity::with(fixture, Setup { systems: vec![works()], ..Setup::default() }).await;
        let hall = Self { city };
        hall.go(at(date(2027, 3, 15), 9, 0, 0));
        let rows = (read_departments(DEPARTMENTS).unwrap(), read_staff(STAFF).unwrap());
        personnel::import(hall.ledgers(), &hall.city.system(), hall.city.desk.ids(), rows, false).await.unwrap();
        hall
    }

    fn ledgers(&self) -> &kawasemi_ledger::Ledgers {
        &self.city.city.ledgers
    }

    fn go(&self, to: Timestamp) {
        self.city.clock.advance(to.duration_since(self.city.clock.now()));
    }

    /// An account of a member of staff.
    async fn employ(&self, login: &str, number: &str, roles: &[&str]) -> Uuid {
        let account = self.city.account(login, roles).await;
        let (person, _) = register::staff(self.ledgers(), &self.city.system(), number).await.unwrap().unwrap();
        let change = AccountChange { person: Some(Some(person)), ..AccountChange::default() };
        self.city.city.identity.update_account(&self.city.system(), account, change).await.unwrap();
        sync_departments(self.ledgers(), &self.city.city.identity, &self.city.system()).await.unwrap();
        account
    }

    async fn enter(&self, login: &str) -> Browser {
        let browser = self.city.visitor();
        let answer = browser.post("/auth/sign-in", &[("login", login), ("password", PASSWORD)]).await;
        assert_eq!(answer.status, 303, "{login} signs in: {}", answer.text);
        browser
    }

    async fn department(&self, code: &str) -> RecordId {
        register::department(self.ledgers(), &self.city.system(), code).await.unwrap().unwrap()
    }

    async fn case(&self, name: &str, kind: &str, department: &str) {
        let department = self.department(department).await;
        let draft = Draft::new().with("name", name).with("kind", kind).with("department", Value::Record(department));
        self.ledgers().create(&self.city.system(), "case", draft).await.unwrap();
    }

    /// What a running server does soon after midnight.
    async fn midnight(&self) -> midnight::Turned {
        let city = &self.city.city;
        let inventory = Inventory::new(&city.ledgers, &city.identity).and(OwnedWebhooks(city.webhooks.clone()));
        let context = self.city.system();
        let today = context.today();
        midnight::turn(&city.ledgers, &city.identity, &inventory, &context, self.city.desk.ids(), today).await.unwrap()
    }
}

/// Sends a file as a form of the page does.
async fn send(browser: &Browser, path: &str, content: &str, texts: &[(&str, &str)]) -> Answer {
    let mut body = String::new();
    for (key, value) in texts {
        body.push_str(&format!("--x\r\nContent-Disposition: form-data; name=\"{key}\"\r\n\r\n{value}\r\n"));
    }
    body.push_str(&format!(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n{content}\r\n--x--\r\n"
    ));
    let request = browser
        .request("POST", path)
        .header("accept", "text/html")
        .header("content-type", "multipart/form-data; boundary=x")
        .header("sec-fetch-site", "same-origin");
    browser.send(request.body(Body::from(body))).await
}

const ORDER_PAGE: &str = "/desk/organisation/orders";
const PLAN_PAGE: &str = "/desk/organisation/plan";
const HANDOVER: &str = "/desk/organisation/handover";

on_both_stores! {
    tables = tables();

    async fn from_31_march_to_1_april(fixture) {
        let hall = Hall::new(fixture).await;
        let suzuki = hall.employ("suzuki", "0002", &["case-worker"]).await;
        hall.employ("takahashi", "0003", &["case-worker"]).await;
        hall.employ("watanabe", "0005", &["case-worker"]).await;
        hall.employ("sato", "0001", &["case-worker"]).await;
        hall.employ("tanaka", "0004", &[]).await;
        let within = RoleAssignment { department: Some(hall.department("planning").await), ..RoleAssignment::of("case-worker") };
        let tanaka = hall.city.city.identity.lookup_account(&hall.city.system(), "tanaka").await.unwrap().unwrap();
        let grants = hall.ledgers().grants().unwrap();
        hall.city.city.identity.assign_role(&hall.city.system(), grants.roles(), tanaka.summary.id, within).await.unwrap();
        let new = NewToken { name: "月次集計".into(), expires_at: None, read_only: true };
        let token = hall.city.city.identity.create_token(&hall.city.system(), suzuki, new).await.unwrap();
        for (name, kind, department) in [("保育の相談", "a", "welfare-child"), ("手当の相談", "b", "welfare-child"), ("計画の相談", "a", "planning")] {
            hall.case(name, kind, department).await;
        }

        // Middle of March: orders are tried, and brought in but for those that contradict one another.
        let clerk = hall.city.sign_in("jinji", &["organisation-editor"]).await;
        let tried = send(&clerk, ORDER_PAGE, ORDERS, &[("effective", "2027-04-01"), ("title", "春の異動")]).await;
        assert_eq!(tried.status, 200, "{}", tried.text);
        for said in ["取り込める 3件", "同じ人の同じ日の発令が食い違っています", "子ども課 主事", "経営企画部 主事", "在職していません", "休職中", "見られなくなる部局"] {
            assert!(tried.says(said), "{said}: {}", tried.text);
        }
        assert!(clerk.get(ORDER_PAGE).await.says("発令待ちはありません"));
        let form = tried.form(ORDER_PAGE).expect("the way to bring it in");
        let form: Vec<(String, String)> = form.into_iter().chain([("import".to_owned(), "1".to_owned())]).collect();
        let brought = clerk.post(ORDER_PAGE, &form).await;
        assert!(brought.says("3件を取り込みました") && brought.says("食い違っています"), "{}", brought.text);
        assert!(clerk.get(ORDER_PAGE).await.says("高橋 次郎"));

        // The plan: a department merged into one that closes the same day is refused, the split is taken and settled.
        let tried = send(&clerk, PLAN_PAGE, PLAN, &[("year", "2027")]).await;
        assert!(tried.says("同じ日に廃止されます") && tried.says("取り込む行 4件"), "{}", tried.text);
        let form = tried.form(PLAN_PAGE).expect("the way to bring it in");
        let form: Vec<(String, String)> = form.into_iter().chain([("import".to_owned(), "1".to_owned())]).collect();
        clerk.post(PLAN_PAGE, &form).await;
        let settled = clerk.post("/desk/organisation/plan/settle", &[("year", "2027")]).await;
        assert_eq!(settled.location(), "/desk/organisation/plan?done=settled", "{}", settled.text);

        // The first of April, looked at before: who is where, which role is left without anybody, what nobody has.
        let then = clerk.get("/desk/organisation/simulation?day=2027-04-01").await;
        for said in ["相談担当", "月次集計", "鈴木 一郎さんは在職していません", "こども家庭課", "高橋 次郎"] {
            assert!(then.says(said), "{said}: {}", then.text);
        }
        assert_eq!(clerk.get("/desk/organisation/rights").await.status, 404, "not for the personnel section");
        let admin = hall.city.sign_in("kanri", &["admin"]).await;
        assert_eq!(admin.get("/desk/organisation/simulation").await.status, 404);
        let rights = |day: &str| format!("/desk/organisation/rights?login=takahashi&day={day}");
        assert!(admin.get(&rights("2027-03-31")).await.says("子ども課"));
        let april = admin.get(&rights("2027-04-01")).await;
        assert!(april.says("経営企画部") && !april.says("子ども課"), "{}", april.text);
        assert!(admin.get("/desk/organisation/rights?login=suzuki&day=2027-04-01").await.says("何もできません"));

        // 31 March: everybody is at work, and what they leave behind is decided.
        hall.go(at(MARCH, 17, 0, 0));
        let (takahashi, watanabe) = (hall.enter("takahashi").await, hall.enter("watanabe").await);
        let (sato, suzuki) = (hall.enter("sato").await, hall.enter("suzuki").await);
        let cases = "/desk/ledgers/case";
        let saved = takahashi.post("/desk/ledgers/case/views/new", &[("title", "引き継ぐ表示")]).await;
        assert!(saved.status == 303, "{}", saved.text);
        let clerk = hall.enter("jinji").await;
        let proposed = clerk.post(&format!("{HANDOVER}/propose"), &[("day", "2027-04-01")]).await;
        assert_eq!(proposed.status, 303, "{}", proposed.text);
        let list = watanabe.get(HANDOVER).await;
        assert!(list.says("引き継ぐ表示") && list.says("渡辺 四郎"), "the head of where the work goes: {}", list.text);
        assert!(!sato.get(HANDOVER).await.says("引き継ぐ表示"), "another department's line is not hers");
        let form = list.form(&format!("{HANDOVER}/decide")).expect("the head decides");
        let decided = watanabe.post(&format!("{HANDOVER}/decide"), &form).await;
        assert_eq!(decided.status, 303, "{}", decided.text);

        // Over midnight without a pause.
        for hour in 18..=23 {
            hall.go(at(MARCH, hour, 0, 0));
            for browser in [&takahashi, &watanabe, &sato, &suzuki] {
                assert_eq!(browser.get("/desk").await.status, 200);
            }
        }
        hall.go(at(MARCH, 23, 59, 59));
        let seen = takahashi.get(cases).await;
        assert!(seen.says("保育の相談") && seen.says("手当の相談") && !seen.says("計画の相談"), "{}", seen.text);
        assert!(suzuki.get(cases).await.says("保育の相談"));
        let bearer = |token: &str| {
            let request = hall.city.visitor().request("GET", "/api/v1/ledgers/case/records").header("authorization", format!("Bearer {token}"));
            request.body(Body::empty())
        };
        assert_eq!(hall.city.visitor().send(bearer(&token)).await.status, 200);

        hall.go(at(APRIL, 0, 0, 0));
        let seen = takahashi.get(cases).await;
        assert!(seen.says("計画の相談") && !seen.says("保育の相談"), "the first request of the day: {}", seen.text);
        assert_eq!(suzuki.get("/desk").await.status, 303, "retired");
        assert_eq!(hall.city.visitor().send(bearer(&token)).await.status, 401);
        assert_eq!(sato.get(cases).await.status, 404, "on leave");
        let seen = watanabe.get(cases).await;
        assert!(seen.says("保育の相談") && !seen.says("手当の相談"), "the rest of what was split: {}", seen.text);

        // Soon after midnight the registers follow and what was decided is handed over; again changes nothing.
        let turned = hall.midnight().await;
        assert_eq!((turned.steps, turned.orders.applied, turned.handed_over.done), (4, 3, 1), "{turned:?}");
        assert_eq!(turned.ended, 1);
        let again = hall.midnight().await;
        assert_eq!((again.steps, again.orders.applied, again.handed_over.done), (0, 0, 0));
        assert_eq!(hall.city.visitor().post("/auth/sign-in", &[("login", "suzuki"), ("password", PASSWORD)]).await.status, 422);

        // 09:00: the new hall at work.
        hall.go(at(APRIL, 9, 0, 0));
        let watanabe = hall.enter("watanabe").await;
        assert!(watanabe.get(cases).await.says("引き継ぐ表示"), "the view is hers now");
        let clerk = hall.enter("jinji").await;
        let list = clerk.get(HANDOVER).await;
        assert!(list.says("月次集計") && list.says("鈴木 一郎さんは在職していません"), "what nobody has is shown: {}", list.text);
        let page = clerk.get(ORDER_PAGE).await;
        assert!(page.says("発令待ちはありません") && page.says("発令済み"));
        let sato = hall.enter("sato").await;
        assert_eq!(sato.get(cases).await.status, 404);
        hall.go(at(date(2027, 7, 1), 9, 0, 0));
        assert_eq!(hall.enter("sato").await.get(cases).await.status, 200, "back from leave");
    }

    async fn withdrawn_before_its_day_an_order_changes_nothing(fixture) {
        let hall = Hall::new(fixture).await;
        hall.employ("takahashi", "0003", &["case-worker"]).await;
        hall.case("保育の相談", "a", "welfare-child").await;
        let clerk = hall.city.sign_in("jinji", &["organisation-editor"]).await;
        let one = "職員番号,発令区分,所属コード,職名\n0003,転任,planning,主事\n";
        let brought = send(&clerk, ORDER_PAGE, one, &[("effective", "2027-04-01"), ("import", "1")]).await;
        assert_eq!(brought.location(), "/desk/organisation/orders?done=imported", "{}", brought.text);
        let page = clerk.get(ORDER_PAGE).await;
        let id = page.between("name=\"order\" value=\"", "\"").expect("can be chosen").to_owned();
        let withdrawn = clerk.post("/desk/organisation/orders/withdraw", &[("order", id.as_str())]).await;
        assert_eq!(withdrawn.location(), "/desk/organisation/orders?done=withdrawn", "{}", withdrawn.text);
        hall.go(at(APRIL, 9, 0, 0));
        hall.midnight().await;
        let takahashi = hall.enter("takahashi").await;
        assert!(takahashi.get("/desk/ledgers/case").await.says("保育の相談"));
    }
}
