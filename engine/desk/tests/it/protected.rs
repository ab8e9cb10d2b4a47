//! Where somebody under protection (支援措置) is to be found can't be obtained by any route.
//!
//! As in `hidden.rs`, two cities differ in nothing but what must not be told: the address, the contacts, the household, the
//! school and the way to it of protected people. Staff with every right over these ledgers, the officer whom the protection
//! names (who has not opened anything), an administrator, a visitor and a program with a token ask everything that can be
//! asked; the answers must be the same. Then the officer opens a record, and sees it alone.

use crate::telling;
use std::sync::Mutex;

use crate::telling::{Transcript, told};
use jiff::SignedDuration;
use kawasemi_desk::Site;
use kawasemi_identity::access_log::{AccessLog, AccessQuery};
use kawasemi_kernel::{ChildRow, Fields, PersonName, PostalAddress, RecordId, Value};
use kawasemi_ledger::{Draft, ListRequest};
use kawasemi_schema::SystemBundle;
use kawasemi_testkit::desk::{Browser, PASSWORD, Setup, tables};
use kawasemi_testkit::fixture::{run_on_postgres, run_on_sqlite};
use kawasemi_testkit::{Fixture, TestCity, on_both_stores};
use uuid::Uuid;

/// Which of the two cities.
#[derive(Clone, Copy, PartialEq)]
enum World {
    One,
    Other,
}

/// What must not be told; each of these texts occurs nowhere else.
struct Secret {
    address: &'static str,
    phone: &'static str,
    mail: &'static str,
    note: &'static str,
    household: &'static str,
    metres: i64,
    school: usize,
}

fn secret(world: World) -> Secret {
    match world {
        World::One => Secret {
            address: "神奈川県綾瀬市秘密町一丁目２番３号",
            phone: "0467-11-1111",
            mail: "kakusu@example.jp",
            note: "秘匿のメモ",
            household: "9990001",
            metres: 1_500,
            school: 0,
        },
        World::Other => Secret {
            address: "北海道札幌市内緒区九条４５",
            phone: "011-999-8888",
            mail: "naisho@example.com",
            note: "内緒のメモ",
            household: "8880002",
            metres: 200,
            school: 1,
        },
    }
}

struct Hall {
    city: TestCity,
    mother: RecordId,
    child: RecordId,
    household: RecordId,
    enrolment: RecordId,
    measure: RecordId,
    schools: Vec<RecordId>,
}

async fn hall(fixture: &Fixture, world: World) -> Hall {
    let files = [
        ("system.toml", include_str!("../protected/system.toml")),
        ("ledgers/school.toml", include_str!("../protected/ledgers/school.toml")),
        ("ledgers/enrolment.toml", include_str!("../protected/ledgers/enrolment.toml")),
    ];
    let bundle = SystemBundle::read("protected", &files).expect("the system is well defined");
    let site = Site { bundle, calculations: &[], links: Vec::new() };
    let city = TestCity::with(fixture, Setup { systems: vec![site], ..Setup::default() }).await;
    let hidden = secret(world);
    let mut schools = Vec::new();
    for name in ["東小学校", "西小学校"] {
        schools.push(add(&city, "school", Draft::new().with("name", name)).await);
    }
    for n in 0..8 {
        let other = person(n).with("address", address(&format!("綾瀬市深谷中{n}丁目"))).with("phone", "0467-70-1111");
        let child = add(&city, "party", other).await;
        add(&city, "enrolment", enrolment(child, schools[n % 2], 300 * i64::try_from(n).expect("is small"))).await;
    }
    let mother = add(&city, "party", found_at(person(20), &hidden)).await;
    let child = add(&city, "party", found_at(person(21), &hidden)).await;
    // The measure comes before the last records: what is entered later is hidden as well.
    let officer = add(&city, "staff", Draft::new().with("employee_number", "1").with("name", name("支援 担当"))).await;
    let measure = Draft::new()
        .with("person", Value::Record(mother))
        .with("kind", "domestic-violence")
        .with("received_on", jiff::civil::date(2026, 4, 1))
        .with("started_on", jiff::civil::date(2026, 4, 1))
        .with("notify_on", jiff::civil::date(2026, 4, 20))
        .with("review_on", jiff::civil::date(2026, 4, 30))
        .with("together", rows("person", child))
        .with("officers", rows("staff", officer));
    let measure = add(&city, "protection-measure", measure).await;
    let of_household =
        Draft::new().with("kind", "household").with("name", name("世帯 二十")).with("members", rows("person", mother));
    let household = add(&city, "party", found_at(of_household, &hidden)).await;
    let mut guardian = Fields::new();
    guardian.insert("person".to_owned(), Value::Record(mother));
    guardian.insert("phone".to_owned(), Value::from(hidden.phone));
    let guardians = Value::Rows(vec![ChildRow { id: Uuid::from_u128(77), fields: guardian }]);
    let enrolment = enrolment(child, schools[hidden.school], hidden.metres).with("guardians", guardians);
    let enrolment = add(&city, "enrolment", enrolment).await;
    let account = city.account("officer", &["party-editor", "protection-officer", "school-clerk"]).await;
    let link =
        kawasemi_store::Sql::with("UPDATE {account} SET person = $1 WHERE id = $2", [officer.0.into(), account.into()]);
    let linked = city.city.city.write(kawasemi_store::Unit::of([kawasemi_store::Statement::any(link)])).await;
    linked.expect("the account is linked");
    Hall { city, mother, child, household, enrolment, measure, schools }
}

fn name(text: &str) -> Value {
    Value::Name(PersonName { name: text.to_owned(), kana: "カナ".to_owned() })
}

fn person(n: usize) -> Draft {
    Draft::new()
        .with("kind", "person")
        .with("name", name(&format!("住民 {n:02}")))
        .with("birth_date", jiff::civil::date(1990, 1, 1))
}

fn address(text: &str) -> Value {
    Value::Address(PostalAddress { text: text.to_owned(), postcode: String::new() })
}

fn found_at(draft: Draft, hidden: &Secret) -> Draft {
    let mut before = Fields::new();
    before.insert("address".to_owned(), address(hidden.address));
    draft
        .with("address", address(hidden.address))
        .with("building", hidden.note)
        .with("phone", hidden.phone)
        .with("mail", hidden.mail)
        .with("note", hidden.note)
        .with("mailing_address", address(hidden.address))
        .with("household_number", hidden.household)
        .with("addresses", Value::Rows(vec![ChildRow { id: Uuid::from_u128(78), fields: before }]))
}

fn enrolment(child: RecordId, school: RecordId, metres: i64) -> Draft {
    Draft::new()
        .with("child", Value::Record(child))
        .with("school", Value::Record(school))
        .with("grade", 3)
        .with("metres", metres)
        .with("place", Value::Geometry(place(metres)))
}

/// Where a child sets out: the farther from school, the farther east and north.
fn place(metres: i64) -> kawasemi_kernel::Geometry {
    let off = f64::from(u16::try_from(metres).expect("is small")) / 100_000.0;
    kawasemi_kernel::Geometry::point(139.40 + off, 35.43 + off).expect("is on the globe")
}

fn rows(key: &str, record: RecordId) -> Value {
    let mut fields = Fields::new();
    fields.insert(key.to_owned(), Value::Record(record));
    Value::Rows(vec![ChildRow { id: Uuid::from_u128(79), fields }])
}

async fn add(city: &TestCity, ledger: &str, draft: Draft) -> RecordId {
    city.city.ledgers.create(&city.system(), ledger, draft).await.unwrap_or_else(|error| panic!("{ledger} {error}")).id
}

async fn enter(hall: &Hall, login: &str) -> Browser {
    let browser = hall.city.visitor();
    let answer = browser.post("/auth/sign-in", &[("login", login), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    browser
}

const PARTY_FIELDS: [&str; 13] = [
    "name",
    "kind",
    "birth_date",
    "address",
    "address.postcode",
    "building",
    "phone",
    "mail",
    "household_number",
    "note",
    "mailing_address",
    "members",
    "addresses",
];
const ENROLMENT_FIELDS: [&str; 8] =
    ["child", "school", "grade", "moved_on", "metres", "route_metres", "place", "guardians"];

/// What is asked about a field. `LEDGER` and `KEY` stand for them.
const ABOUT_A_FIELD: [&str; 18] = [
    "/api/v1/ledgers/LEDGER/records?filter=KEY%20IS%20NULL",
    "/api/v1/ledgers/LEDGER/records?filter=NOT%20(KEY%20IS%20NULL)",
    "/api/v1/ledgers/LEDGER/records?filter=KEY%20LIKE%20'%25%E7%A7%98%25'",
    "/api/v1/ledgers/LEDGER/records?filter=KEY%20%3E%20500",
    "/api/v1/ledgers/LEDGER/records?filter=KEY%20%3D%20'0467-11-1111'",
    "/api/v1/ledgers/LEDGER/records?filter=NOT%20(KEY%20%3D%20'0467-11-1111')",
    "/api/v1/ledgers/LEDGER/records?sort=KEY&limit=3",
    "/api/v1/ledgers/LEDGER/records?sort=-KEY",
    "/api/v1/ledgers/LEDGER/records?fields=KEY",
    "/api/v1/ledgers/LEDGER/count?filter=KEY%20IS%20NULL",
    "/desk/ledgers/LEDGER?facet=KEY:x",
    "/desk/ledgers/LEDGER?columns=KEY&sort=KEY",
    "/desk/ledgers/LEDGER/chart?by=KEY",
    "/desk/ledgers/LEDGER/chart?aggregate=max&of=KEY",
    "/desk/ledgers/LEDGER/calendar?date=KEY&month=2026-04",
    "/desk/ledgers/LEDGER/export/file?format=csv&columns=KEY&sort=KEY",
    "/desk/ledgers/LEDGER/export/file?format=json&filter=KEY%20IS%20NOT%20NULL",
    "/desk/ledgers/LEDGER/bulk?filter=KEY%20IS%20NOT%20NULL",
];
const AT_ALL: [&str; 17] = [
    "/api/v1/ledgers/LEDGER",
    "/api/v1/ledgers/LEDGER/records",
    "/api/v1/ledgers/LEDGER/changes",
    "/desk/ledgers/LEDGER",
    "/desk/ledgers/LEDGER/facets",
    "/desk/ledgers/LEDGER/chart",
    "/desk/ledgers/LEDGER/calendar",
    "/desk/ledgers/LEDGER/sheet",
    "/desk/ledgers/LEDGER/sheet?form=table",
    "/desk/ledgers/LEDGER/export",
    "/desk/ledgers/LEDGER/export/file?format=csv",
    "/desk/ledgers/LEDGER/export/file?format=json",
    "/desk/ledgers/LEDGER/export/file?format=geojson",
    "/desk/ledgers/LEDGER/new",
    "/desk/ledgers/LEDGER/import",
    "/desk/ledgers/LEDGER?view=far",
    "/desk/changes",
];
const OF_A_RECORD: [&str; 9] = [
    "/api/v1/ledgers/LEDGER/records/ID",
    "/api/v1/ledgers/LEDGER/records/ID/history",
    "/desk/ledgers/LEDGER/ID",
    "/desk/ledgers/LEDGER/ID/edit",
    "/desk/ledgers/LEDGER/ID/history",
    "/desk/ledgers/LEDGER/ID/sheet",
    "/desk/ledgers/LEDGER/ID/open",
    "/desk/ledgers/LEDGER/ID/delete",
    "/desk/ledgers/LEDGER/explain/ID",
];

/// Words by which somebody may be looked for: parts of what is hidden in one city or the other, and names.
const SEARCHED: [&str; 9] =
    ["秘密町", "内緒区", "0467-11", "kakusu", "秘匿のメモ", "9990001", "住民 20 秘密町", "住民 20", "東小学校"];

fn questions(hall: &Hall) -> Vec<String> {
    let mut asked = Vec::new();
    for (ledger, fields) in [("party", PARTY_FIELDS.as_slice()), ("enrolment", ENROLMENT_FIELDS.as_slice())] {
        asked.extend(AT_ALL.map(|question| question.replace("LEDGER", ledger)));
        let about = fields.iter().flat_map(|field| ABOUT_A_FIELD.map(|question| question.replace("KEY", field)));
        asked.extend(about.map(|question| question.replace("LEDGER", ledger)));
        asked.extend(telling::compound(ledger, fields, 60));
        for words in SEARCHED {
            let q = url::form_urlencoded::byte_serialize(words.as_bytes()).collect::<String>();
            for path in [
                "/api/v1/ledgers/LEDGER/records?q=",
                "/api/v1/ledgers/LEDGER/records?rank=true&q=",
                "/desk/ledgers/LEDGER?q=",
                "/desk/ledgers/LEDGER/lookup?q=",
                "/api/v1/ledgers/LEDGER/count?q=",
            ] {
                asked.push(format!("{}{q}", path.replace("LEDGER", ledger)));
            }
            asked.push(format!("/desk/search?q={q}"));
        }
    }
    let records =
        [("party", hall.mother), ("party", hall.child), ("party", hall.household), ("enrolment", hall.enrolment)];
    for (ledger, id) in records {
        asked.extend(OF_A_RECORD.map(|question| question.replace("LEDGER", ledger).replace("ID", &id.to_string())));
    }
    // Maps: boxes around the places of either city, tiles at every level, and the whole.
    let collection = "/ogc/collections/enrolment";
    for part in [
        "",
        "/items",
        "/items?limit=3",
        "/items?f=html",
        "/items?f=geojson",
        "/queryables",
        "/tiles/WebMercatorQuad?f=tilejson",
    ] {
        asked.push(format!("{collection}{part}"));
    }
    asked.push(format!("{collection}/items/{}", hall.enrolment));
    for world in [World::One, World::Other] {
        let at = place(secret(world).metres).bounding_box();
        let around = format!("{},{},{},{}", at.west - 0.0005, at.south - 0.0005, at.east + 0.0005, at.north + 0.0005);
        asked.push(format!("{collection}/items?bbox={around}"));
        asked.push(format!("{collection}/items?filter=S_INTERSECTS(place,BBOX({around}))"));
        asked.push(format!("{collection}/items?filter=NOT%20S_INTERSECTS(place,BBOX({around}))"));
        asked.push(format!(
            "{collection}/items?filter=S_INTERSECTS(place,BBOX({around}))%20OR%20grade%20%3D%203&limit=2"
        ));
        let (x, y) = kawasemi_kernel::geometry::quad::on_square(at.west, at.south);
        for zoom in [0, 8, 12, 14, 16, 18] {
            let tiles = f64::from(1 << zoom);
            asked.push(format!(
                "{collection}/tiles/WebMercatorQuad/{zoom}/{:.0}/{:.0}",
                (y * tiles).floor(),
                (x * tiles).floor()
            ));
        }
    }
    asked.push(format!("{collection}/items?bbox=139,35,140,36"));
    // What refers to the schools tells which children go there.
    for school in &hall.schools {
        asked.push(format!("/desk/ledgers/school/{school}"));
        asked.push(format!("/api/v1/ledgers/enrolment/records?filter=school%20%3D%20'{school}'"));
        asked.push(format!("/api/v1/ledgers/enrolment/records?filter=NOT%20(school%20%3D%20'{school}')"));
        asked.push(format!("/desk/ledgers/enrolment?facet=school:{school}"));
    }
    asked
}

async fn transcript(fixture: &Fixture, world: World) -> Transcript {
    let hall = hall(fixture, world).await;
    hall.city.seal().await;
    let rights = ["party-editor", "school-clerk", "protection-officer"];
    let callers = [
        ("visitor", hall.city.visitor()),
        ("staff", hall.city.sign_in("staff", &[]).await),
        ("reader", hall.city.sign_in("reader", &["party-reader"]).await),
        ("clerk", hall.city.sign_in("clerk", &rights).await),
        ("admin", hall.city.sign_in("admin", &["admin", "party-editor", "school-clerk"]).await),
        ("officer", enter(&hall, "officer").await),
    ];
    let mut transcript = Transcript::new();
    for (who, browser) in callers {
        for question in questions(&hall) {
            let answer = browser.get(&question).await;
            assert!(answer.status < 500, "{who} {question}: {}", answer.text);
            if question.ends_with("/changes") {
                // A mark is signed with the hash of a salted entry, which is another in each city.
                transcript.insert((who.to_owned(), question), without_marks(&answer.text));
                continue;
            }
            telling::follow(&browser, who, &question, &answer, &mut transcript).await;
        }
        for question in ["/desk/admin/access", "/desk/admin/audit", "/desk/admin/events", "/desk/admin/jobs"] {
            let answer = browser.get(question).await;
            for text in ["秘密町", "内緒区", "kakusu", "naisho", "0467-11", "9990001"] {
                assert!(!answer.says(text), "{who} {question} tells {text}");
            }
        }
        // What is written blindly tells nothing and changes nothing, whatever it is.
        for (ledger, id, field) in [
            ("party", hall.mother, "phone"),
            ("party", hall.mother, "address"),
            ("enrolment", hall.enrolment, "school"),
        ] {
            let path = format!("/api/v1/ledgers/{ledger}/records/{id}");
            for value in
                [serde_json::json!(null), serde_json::json!("0467-11-1111"), serde_json::json!({ "text": "x" })]
            {
                for revision in [1, 99] {
                    let body = serde_json::json!({ "revision": revision, field: value });
                    let answer = browser.send_json("PATCH", &path, &body).await;
                    assert!(answer.status >= 400, "{who} {path} {body}: {}", answer.text);
                    transcript.insert((who.to_owned(), format!("PATCH {path} {body}")), told(&answer));
                }
            }
        }
    }
    transcript
}

fn without_marks(text: &str) -> String {
    let Ok(mut json) = serde_json::from_str::<serde_json::Value>(text) else { return String::new() };
    let Some(changes) = json["changes"].as_array_mut() else { return String::new() };
    changes.iter_mut().filter_map(serde_json::Value::as_object_mut).for_each(|change| drop(change.remove("cursor")));
    serde_json::to_string(changes).unwrap_or_default()
}

fn differing(run: impl Fn(&Mutex<Vec<Transcript>>, World)) {
    let both = Mutex::default();
    run(&both, World::One);
    run(&both, World::Other);
    let both = both.into_inner().expect("no story panicked");
    let [one, other] = both.as_slice() else { panic!("two cities were asked") };
    telling::compare(one, other, 2_500);
}

#[test]
fn where_a_protected_person_is_can_not_be_told_on_sqlite() {
    differing(|both, world| {
        run_on_sqlite(tables(), async |fixture| {
            let asked = transcript(fixture, world).await;
            both.lock().expect("no story panicked").push(asked);
        });
    });
}

#[test]
fn where_a_protected_person_is_can_not_be_told_on_postgresql() {
    differing(|both, world| {
        run_on_postgres(tables(), async |fixture| {
            let asked = transcript(fixture, world).await;
            both.lock().expect("no story panicked").push(asked);
        });
    });
}

on_both_stores! {
    tables = tables();

    async fn only_named_staff_open_a_record_with_a_reason_each_time(fixture) {
        let hall = hall(fixture, World::One).await;
        let page = format!("/desk/ledgers/party/{}", hall.mother);
        let officer = enter(&hall, "officer").await;
        let closed = officer.get(&page).await;
        assert!(closed.says("支援措置の対象です") && closed.says("理由を入れて開く") && !closed.says("秘密町"));
        let without = officer.post(&format!("{page}/open"), &[("__reason", " ")]).await;
        assert_eq!(without.status, 422);
        assert!(!officer.get(&page).await.says("秘密町"));
        let opened = officer.post(&format!("{page}/open"), &[("__reason", "本人の来庁により転居届を受付")]).await;
        assert_eq!(opened.status, 303, "{}", opened.text);
        for part in ["", "/edit", "/history", "/sheet"] {
            assert!(officer.get(&format!("{page}{part}")).await.says("秘密町"), "{part}");
        }
        // It is this record and this session alone.
        assert!(!officer.get(&format!("/desk/ledgers/party/{}", hall.child)).await.says("秘密町"));
        assert!(!officer.get("/desk/ledgers/party").await.says("秘密町"));
        assert!(!enter(&hall, "officer").await.get(&page).await.says("秘密町"));
        // The reason stands in the access log.
        let context = hall.city.system();
        let query = AccessQuery { record: Some(hall.mother), limit: 50, ..AccessQuery::default() };
        let log = AccessLog::list(&hall.city.city.city, &context, &query).await.expect("the log is read");
        let with_reason = log.iter().find(|row| row.purpose == "本人の来庁により転居届を受付").expect("it is noted");
        assert!(with_reason.entry.fields.iter().any(|field| field == "address"), "{with_reason:?}");
        // After ten minutes it is closed again.
        hall.city.clock.advance(SignedDuration::from_mins(11));
        assert!(!officer.get(&page).await.says("秘密町"));
        // Somebody with the same rights who is not named can't open it.
        let clerk = hall.city.sign_in("clerk", &["party-editor", "protection-officer"]).await;
        assert!(!clerk.get(&page).await.says("理由を入れて開く"));
        let refused = clerk.post(&format!("{page}/open"), &[("__reason", "窓口での確認のため")]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.says("担当として載っている職員だけ") && !clerk.get(&page).await.says("秘密町"));
    }

    async fn an_opened_record_is_closed_by_hand_and_changed_only_while_open(fixture) {
        let hall = hall(fixture, World::One).await;
        let page = format!("/desk/ledgers/party/{}", hall.mother);
        let officer = enter(&hall, "officer").await;
        let change = [("_revision", "1"), ("name", "住民 20"), ("kind", "person"), ("source", "own"), ("phone", "0467-22-2222"), ("__reason", "本人の申出")];
        officer.post(&format!("{page}/edit"), &change).await;
        let stored = hall.city.city.ledgers.get(&hall.city.system(), "party", hall.mother).await.expect("it is read");
        assert_eq!(stored.get("phone").as_text(), Some("0467-11-1111"), "a closed record keeps what is hidden");
        officer.post(&format!("{page}/open"), &[("__reason", "電話番号の変更の申出")]).await;
        let saved = officer.post(&format!("{page}/edit"), &change).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
        let stored = hall.city.city.ledgers.get(&hall.city.system(), "party", hall.mother).await.expect("it is read");
        assert_eq!(stored.get("phone").as_text(), Some("0467-22-2222"));
        assert!(!stored.get("address").is_null(), "the rest stays");
        officer.post(&format!("{page}/close"), &[("", "")]).await;
        assert!(!officer.get(&page).await.says("秘密町"));
    }

    async fn a_protection_does_not_end_by_itself_but_by_a_decision(fixture) {
        let hall = hall(fixture, World::One).await;
        let page = format!("/desk/ledgers/party/{}", hall.mother);
        let clerk = hall.city.sign_in("clerk", &["party-editor", "school-clerk"]).await;
        // Its period has run out: it waits for a decision, and hides as before.
        assert!(!clerk.get(&page).await.says("秘密町"));
        let officer = enter(&hall, "officer").await;
        assert!(officer.get("/desk").await.says("延長か終了の判断が要るもの"));
        let ledgers = &hall.city.city.ledgers;
        let system = hall.city.system();
        let measure = ledgers.get(&system, "protection-measure", hall.measure).await.expect("it is read");
        // An end can't be laid into the future.
        let later = Draft::new().with("ended_on", jiff::civil::date(2026, 6, 1)).with("ended_because", "本人の意向");
        assert!(ledgers.update(&system, "protection-measure", hall.measure, measure.revision, later).await.is_err());
        let end = Draft::new().with("ended_on", jiff::civil::date(2026, 5, 1)).with("ended_because", "本人の意向");
        ledgers.update(&system, "protection-measure", hall.measure, measure.revision, end).await.expect("it is ended");
        assert!(clerk.get(&page).await.says("秘密町"));
        let found = ledgers.list(&system, "party", &ListRequest { q: "秘密町".into(), ..ListRequest::all() }).await;
        assert_eq!(found.expect("it is found").records.len(), 3);
        assert!(clerk.get("/desk/ledgers/party?q=%E7%A7%98%E5%AF%86%E7%94%BA").await.says("住民 20"));
    }
}
