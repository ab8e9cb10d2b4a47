//! Two cities that differ in nothing but what somebody may not see must look the same to them, whatever they ask.
//!
//! The cities have the same records but for hidden fields and hidden rows. Everything that can be asked about the ledger
//! (list, filter, sort, facets, search, count, cursors, chart, calendar, lookup, export, detail, history, definitions) is
//! asked in both by a visitor, a member of the staff, an editor of little clearance, and somebody who sees the hidden
//! fields of some records only; the answers are compared. And a hidden field is asked for beside one that does not exist.

use crate::telling;
use std::sync::Mutex;

use crate::telling::{Transcript, told};
use kawasemi_desk::Site;
use kawasemi_identity::RoleAssignment;
use kawasemi_kernel::{PersonName, RecordId, Value};
use kawasemi_ledger::Draft;
use kawasemi_schema::SystemBundle;
use kawasemi_testkit::desk::{Browser, Setup, tables};
use kawasemi_testkit::fixture::{run_on_postgres, run_on_sqlite};
use kawasemi_testkit::{Fixture, TestCity};

const SYSTEM: &str = include_str!("../hidden/system.toml");
const CASE: &str = include_str!("../hidden/ledgers/case.toml");
const PARTNER: &str = include_str!("../hidden/ledgers/partner.toml");

/// Which of the two cities. They share what their people may see.
#[derive(Clone, Copy, PartialEq)]
enum World {
    One,
    Other,
}

/// A text that nobody here may see, other in each city.
fn secret(world: World, n: usize) -> String {
    match world {
        World::One => format!("秘匿甲{n}"),
        World::Other => format!("秘匿乙{}", n * 7 % 5),
    }
}

async fn city(fixture: &Fixture, world: World) -> TestCity {
    let files = [("system.toml", SYSTEM), ("ledgers/case.toml", CASE), ("ledgers/partner.toml", PARTNER)];
    let bundle = SystemBundle::read("hidden", &files).expect("the system is well defined");
    let site = Site { bundle, calculations: &[], links: Vec::new() };
    let city = TestCity::with(fixture, Setup { systems: vec![site], ..Setup::default() }).await;
    let (own, other) = (department(&city, "福祉課").await, department(&city, "税務課").await);
    let partners = partners(&city, world).await;
    for n in 0..14 {
        let is_own = n % 3 == 0;
        // The rows whose hidden fields somebody sees are the same in both cities.
        let hidden = if is_own { World::One } else { world };
        let draft = case(n, hidden, &partners).with("department", Value::Record(if is_own { own } else { other }));
        add(&city, "case", draft.with("open", true)).await;
    }
    hide(&city, world, 14..17, other, &partners).await;
    city
}

/// Adds records that are hidden as a whole.
async fn hide(
    city: &TestCity,
    world: World,
    which: std::ops::Range<usize>,
    department: RecordId,
    partners: &[RecordId],
) {
    for n in which {
        let draft = case(n, world, partners).with("name", secret(world, n)).with("note", secret(world, n));
        add(city, "case", draft.with("department", Value::Record(department)).with("open", false)).await;
    }
}

fn case(n: usize, world: World, partners: &[RecordId]) -> Draft {
    let other = world == World::Other;
    Draft::new()
        .with("name", format!("相談{:02}", n))
        .with("kind", ["a", "b", "c"][n % 3])
        .with("amount", i64::try_from(n * 100).expect("is small"))
        .with("opened_on", jiff::civil::date(2026, 4, i8::try_from(1 + n).expect("is a day")))
        .with("note", format!("庁内のメモ {n} 公園"))
        .with("partner", Value::Record(partners[n % partners.len()]))
        .with("code", format!("{}-{n}", secret(world, n)))
        .with("manager", Value::Name(PersonName { name: secret(world, n), kana: "ヒミツ".into() }))
        .with("diagnosis", if other { ["y", "x"][n % 2] } else { ["x", "y"][n % 2] })
        .with(
            "risk",
            if other { 90 - i64::try_from(n).expect("is small") } else { i64::try_from(n).expect("is small") },
        )
}

/// Three that everybody sees and one that nobody does.
async fn partners(city: &TestCity, world: World) -> Vec<RecordId> {
    let mut ids = Vec::new();
    for name in ["甲社", "乙社", "丙社"] {
        ids.push(add(city, "partner", Draft::new().with("name", name).with("shown", true)).await);
    }
    ids.push(add(city, "partner", Draft::new().with("name", secret(world, 0)).with("shown", false)).await);
    ids
}

async fn add(city: &TestCity, ledger: &str, draft: Draft) -> RecordId {
    city.city.ledgers.create(&city.system(), ledger, draft).await.unwrap_or_else(|error| panic!("{error}")).id
}

async fn department(city: &TestCity, name: &str) -> RecordId {
    let draft = Draft::new().with("code", name).with("name", name).with("level", "section");
    add(city, "department", draft.with("first_fiscal_year", Value::Int(2015))).await
}

/// Those who ask, with how much they may see.
async fn callers(city: &TestCity) -> Vec<(&'static str, Browser)> {
    let mut callers = vec![("visitor", city.visitor())];
    let of = async |login: &'static str, roles: &[&str]| {
        let browser = city.sign_in(login, &[]).await;
        let (identity, context) = (&city.city.identity, city.system());
        let account = identity.lookup_account(&context, login).await.expect("it is read").expect("it is there");
        let wanted = kawasemi_ledger::ListRequest::filtered("name = '福祉課'");
        let own = city.city.ledgers.list(&context, "department", &wanted).await.expect("it is read").records[0].id;
        let grants = city.city.ledgers.grants().expect("the grants are compiled");
        for role in roles {
            let assignment = RoleAssignment { department: Some(own), ..RoleAssignment::of(*role) };
            identity.assign_role(&context, grants.roles(), account.summary.id, assignment).await.expect("is assigned");
        }
        (login, browser)
    };
    callers.push(of("staff", &[]).await);
    callers.push(of("editor", &["case-editor"]).await);
    callers.push(of("worker", &["case-worker"]).await);
    // Somebody who sees everything has shared a look at it.
    let (_, all) = of("all", &["case-all"]).await;
    let view = [("title", "重い相談"), ("shared", "1")];
    let saved = all.post("/desk/ledgers/case/views/new?filter=diagnosis%20%3D%20'x'", &view).await;
    assert_eq!(saved.status, 303, "{}", saved.text);
    callers
}

/// What is asked. `KEY` stands for a field.
const ABOUT_A_FIELD: [&str; 22] = [
    "/api/v1/ledgers/case/records?filter=KEY%20IS%20NULL",
    "/api/v1/ledgers/case/records?filter=NOT%20(KEY%20IS%20NULL)",
    "/api/v1/ledgers/case/records?filter=KEY%20%3D%20'x'",
    "/api/v1/ledgers/case/records?filter=KEY%20%3E%205",
    "/api/v1/ledgers/case/records?filter=KEY%20LIKE%20'%25%E7%94%B2%25'",
    "/api/v1/ledgers/case/records?filter=kind%20%3D%20'a'%20OR%20KEY%20%3D%20'x'",
    "/api/v1/ledgers/case/records?sort=KEY&limit=3",
    "/api/v1/ledgers/case/records?sort=-KEY",
    "/api/v1/ledgers/case/records?fields=name,KEY",
    "/api/v1/ledgers/case/count?filter=KEY%20%3D%20'x'",
    "/desk/ledgers/case?filter=KEY%20%3D%20'x'",
    "/desk/ledgers/case?sort=KEY",
    "/desk/ledgers/case?facet=KEY:x",
    "/desk/ledgers/case?columns=name,KEY",
    "/desk/ledgers/case/count?filter=KEY%20%3D%20'x'",
    "/desk/ledgers/case/chart?by=KEY",
    "/desk/ledgers/case/chart?by=kind&aggregate=max&of=KEY",
    "/desk/ledgers/case/calendar?date=KEY&month=2026-04",
    "/desk/ledgers/case/export?filter=KEY%20%3D%20'x'",
    "/desk/ledgers/case/export/file?format=csv&columns=name,KEY",
    "/desk/ledgers/case/export/file?format=csv&sort=KEY",
    "/desk/ledgers/case/bulk?filter=KEY%20%3D%20'x'",
];
const FIELDS: [&str; 11] =
    ["name", "kind", "amount", "opened_on", "note", "partner", "code", "manager", "diagnosis", "risk", "burden"];
const AT_ALL: [&str; 35] = [
    "/api/openapi.json",
    "/api/v1/ledgers",
    "/api/v1/ledgers/case",
    "/api/v1/ledgers/case/count",
    "/api/v1/ledgers/case/records",
    "/api/v1/ledgers/case/records?view=heavy",
    "/api/v1/ledgers/case/records?q=%E7%A7%98%E5%8C%BF",
    "/api/v1/ledgers/case/records?q=%E7%94%B21",
    "/api/v1/ledgers/case/records?q=%E5%85%AC%E5%9C%92",
    "/api/v1/ledgers/case/records?q=%E5%85%AC%E5%9C%92&rank=true",
    "/api/v1/ledgers/case/records?q=%E7%9B%B8%E8%AB%87&rank=true&limit=4",
    "/api/v1/ledgers/case/records?q=%E7%9B%B8%E8%AB%87&sort=-amount&limit=4",
    "/api/v1/ledgers/case/records?limit=3",
    "/api/v1/ledgers/partner/records",
    "/desk",
    "/desk/changes",
    "/desk/ledgers",
    "/desk/ledgers/case",
    "/desk/ledgers/case?deleted=1",
    "/desk/ledgers/case?q=%E7%A7%98%E5%8C%BF",
    "/desk/ledgers/case?q=%E7%9B%B8%E8%AB%87&rank=1",
    "/desk/ledgers/case?view=heavy",
    "/desk/ledgers/case/views",
    "/desk/ledgers/case/chart",
    "/desk/ledgers/case/chart?by=kind&aggregate=sum&of=amount",
    "/desk/ledgers/case/chart?by=partner",
    "/desk/ledgers/case/calendar",
    "/desk/ledgers/case/lookup?q=%E7%A7%98%E5%8C%BF",
    "/desk/ledgers/partner/lookup?q=%E7%A7%98%E5%8C%BF",
    "/desk/ledgers/case/export/file?format=csv",
    "/desk/ledgers/case/export/file?format=json",
    "/desk/ledgers/case/new",
    "/desk/ledgers/case/import",
    "/desk/search?q=%E7%A7%98%E5%8C%BF",
    "/desk/search?q=%E5%85%AC%E5%9C%92",
];
const OF_A_RECORD: [&str; 7] = [
    "/api/v1/ledgers/case/records/ID",
    "/api/v1/ledgers/case/records/ID/history",
    "/desk/ledgers/case/ID",
    "/desk/ledgers/case/ID/edit",
    "/desk/ledgers/case/ID/history",
    "/desk/ledgers/case/explain/ID",
    "/desk/ledgers/case/ID/qr.svg",
];

async fn transcript(fixture: &Fixture, world: World) -> Transcript {
    let city = city(fixture, world).await;
    let cases = city.city.ledgers.list(&city.system(), "case", &kawasemi_ledger::ListRequest::all()).await;
    let cases = cases.expect("it is read").records;
    let shown = cases.iter().filter(|case| *case.get("open") == Value::Bool(true));
    let mut ids: Vec<String> = shown.map(|case| case.id.to_string()).collect();
    ids.sort();
    assert_eq!(ids.len(), 14);
    let mut transcript = Transcript::new();
    let callers = callers(&city).await;
    if world == World::Other {
        // More of what is hidden, after everything that is seen, so that numbers and ids stay the same.
        let (department, partner) = (cases[0].get("department"), cases[0].get("partner"));
        let (Value::Record(department), Value::Record(partner)) = (department, partner) else {
            panic!("they are filled in")
        };
        hide(&city, world, 17..26, *department, &[*partner]).await;
    }
    for (name, browser) in callers {
        let mut asked: Vec<String> = AT_ALL.map(str::to_owned).to_vec();
        asked.extend(FIELDS.iter().flat_map(|field| ABOUT_A_FIELD.map(|question| question.replace("KEY", field))));
        asked.extend(ids.iter().flat_map(|id| OF_A_RECORD.map(|question| question.replace("ID", id))));
        asked.extend(telling::compound("case", &FIELDS, 60));
        for question in asked {
            let answer = browser.get(&question).await;
            assert!(answer.status < 500, "{name} {question}: {}", answer.text);
            if !question.contains("%E7%A7%98") {
                let tells = ["秘匿", "ヒミツ", "重い相談"].into_iter().find(|text| answer.says(text));
                let is_own = name == "worker";
                assert!(tells.is_none() || is_own, "{name} {question} tells {tells:?}: {}", answer.text);
            }
            telling::follow(&browser, name, &question, &answer, &mut transcript).await;
        }
        for id in ids.iter().take(4) {
            for field in FIELDS {
                let body = serde_json::json!({ "revision": 1, field: "x" });
                let path = format!("/api/v1/ledgers/case/records/{id}");
                let stale = serde_json::json!({ "revision": 99, "name": "古い", field: null });
                for body in [body, stale] {
                    // Only what is refused: the two cities stay as they are.
                    if name != "editor" || matches!(field, "code" | "manager" | "diagnosis" | "risk" | "burden") {
                        let answer = browser.send_json("PATCH", &path, &body).await;
                        transcript.insert((name.to_owned(), format!("PATCH {path} {body}")), told(&answer));
                    }
                }
            }
        }
        let taken = serde_json::json!({ "name": "新しい相談", "kind": "a", "open": true, "code": "秘匿甲1-1" });
        let answer = browser.send_json("POST", "/api/v1/ledgers/case/records", &taken).await;
        assert!(answer.status >= 400, "{name}: {}", answer.text);
        transcript.insert((name.to_owned(), "POST taken".to_owned()), told(&answer));
        hidden_is_missing(name, &browser).await;
    }
    transcript
}

/// A field that somebody may not see answers like one that is not there.
async fn hidden_is_missing(name: &str, browser: &Browser) {
    if name == "worker" {
        return;
    }
    for (hidden, missing) in [("diagnosis", "diagnosiz"), ("manager", "managex"), ("burden", "burdem")] {
        for question in ABOUT_A_FIELD {
            let (one, other) = (
                browser.get(&question.replace("KEY", hidden)).await,
                browser.get(&question.replace("KEY", missing)).await,
            );
            let (one, other) = (told(&one).replace(hidden, "KEY"), told(&other).replace(missing, "KEY"));
            assert_eq!(one, other, "{name} {question} {hidden}");
        }
    }
}

fn differing(run: impl Fn(&Mutex<Vec<Transcript>>, World)) {
    let both = Mutex::default();
    run(&both, World::One);
    run(&both, World::Other);
    let both = both.into_inner().expect("no story panicked");
    let [one, other] = both.as_slice() else { panic!("two cities were asked") };
    telling::compare(one, other, 1_500);
}

#[test]
fn nothing_hidden_can_be_told_on_sqlite() {
    differing(|both, world| {
        run_on_sqlite(tables(), async |fixture| {
            let asked = transcript(fixture, world).await;
            both.lock().expect("no story panicked").push(asked);
        });
    });
}

#[test]
fn nothing_hidden_can_be_told_on_postgresql() {
    differing(|both, world| {
        run_on_postgres(tables(), async |fixture| {
            let asked = transcript(fixture, world).await;
            both.lock().expect("no story panicked").push(asked);
        });
    });
}
