//! A month under a contract: reports of a contractor, remarks, and the acceptance.

use kawasemi_parks::definitions::{ACCEPTANCE, CONTRACT, CONTRACT_ITEM, DAILY_REPORT, PARK};
use kawasemi_platform::identity::caller::AccountKind;
use kawasemi_platform::identity::{AccountSummary, Caller, Context};
use kawasemi_platform::kernel::{Geometry, PersonName, RecordId, Value};
use kawasemi_platform::ledger::{Draft, ListRequest};
use kawasemi_testkit::{TestCity, on_both_stores};

use crate::papers::{bytes, read};
use crate::support::{add, city, day, figure, found, get, park_with_swing, run, tables};

struct Terms {
    organisation: RecordId,
    contract: RecordId,
    item: RecordId,
}

async fn terms(city: &TestCity, name: &str) -> Terms {
    let department = Draft::new()
        .with("code", format!("k-{}", name.len()))
        .with("name", format!("{name}の所管"))
        .with("level", "department")
        .with("first_fiscal_year", 2020_i64);
    let department = add(city, "department", department).await;
    let staff = Draft::new()
        .with("employee_number", name)
        .with("name", Value::Name(PersonName { name: "担当 五郎".to_owned(), kana: String::new() }));
    let staff = add(city, "staff", staff).await;
    let organisation = Draft::new()
        .with("responsible", staff)
        .with("name", name)
        .with("kind", "contractor")
        .with("contract_name", "公園管理")
        .with("department", department)
        .with("contract_from", day("2026-04-01"))
        .with("contract_until", day("2027-03-31"));
    let organisation = add(city, "outside-organisation", organisation).await;
    let contract = Draft::new()
        .with("name", format!("{name}との契約"))
        .with("organisation", organisation)
        .with("from", day("2026-04-01"))
        .with("until", day("2027-03-31"));
    let contract = add(city, CONTRACT, contract).await;
    let item = Draft::new()
        .with("contract", contract)
        .with("organisation", organisation)
        .with("item_no", 1_i64)
        .with("work", "weeding")
        .with("name", "除草（人力）")
        .with("unit", "㎡")
        .with("design_quantity", figure("500"))
        .with("unit_price_yen", 45_i64);
    Terms { organisation, contract, item: add(city, CONTRACT_ITEM, item).await }
}

fn report(terms: &Terms, park: RecordId, on: &str, quantity: &str) -> Draft {
    Draft::new()
        .with("contract", terms.contract)
        .with("contract_item", terms.item)
        .with("park", park)
        .with("work", "weeding")
        .with("worked_on", day(on))
        .with("quantity", figure(quantity))
        .with("unit", "㎡")
        .with("contractor_sign", "現場 一郎")
}

/// A member of an outside organisation.
fn member(city: &TestCity, role: &str, organisation: RecordId) -> Context {
    let account = AccountSummary {
        id: uuid::Uuid::from_u128(77),
        login: "itaku".to_owned(),
        display_name: "委託先の人".to_owned(),
        person: None,
        kind: AccountKind::Outside,
    };
    let mut caller = Caller::of_account(account).with_role(role);
    caller.organisations = vec![organisation];
    Context::new(caller, city.system().act.at)
}

on_both_stores! {
    tables = tables();

    async fn a_month_is_looked_at_checked_and_accepted_once(fixture) {
        let city = city(fixture).await;
        let (park, _) = park_with_swing(&city, fixture).await;
        let record = get(&city, PARK, park).await;
        let outline: Geometry = "POLYGON((139.43 35.43, 139.431 35.43, 139.431 35.431, 139.43 35.431, 139.43 35.43))".parse().unwrap();
        city.city.ledgers.update(&city.system(), PARK, park, record.revision, Draft::new().with("outline", Value::Geometry(outline))).await.unwrap();
        let terms = terms(&city, "試験造園").await;
        let beside = |lon| Value::Geometry(Geometry::point(lon, 35.4305).unwrap());
        add(&city, DAILY_REPORT, report(&terms, park, "2026-04-10", "500").with("photo_place", beside(139.4305))).await;
        add(&city, DAILY_REPORT, report(&terms, park, "2026-04-20", "551").with("photo_place", beside(139.432))).await;
        add(&city, DAILY_REPORT, report(&terms, park, "2026-05-01", "100")).await;
        let clerk = city.sign_in("midori", &["park-staff"]).await;
        let month = format!("/desk/parks/acceptance?contract={}&month=2026-04", terms.contract);
        let page = clerk.get(&month).await;
        assert_eq!(page.status, 200, "{}", page.text);
        for said in ["確認していない日報が2件", "551", "10.0％より多く超えています", "91m離れて", "作業後の写真がありません"] {
            assert!(page.says(said), "{said}: {}", page.text);
        }
        let entries = [("contract", terms.contract.to_string()), ("month", "2026-04".to_owned()), ("result", "passed".to_owned()), ("inspector", "検査 三郎".to_owned()), ("note", String::new())];
        let refused = clerk.post("/desk/parks/acceptance", &entries).await;
        assert!(refused.status == 422 && refused.says("日報が2件"), "{}", refused.text);
        for report in found(&city, DAILY_REPORT, "worked_on < DATE('2026-05-01')").await {
            let checked = Draft::new().with("state", "checked").with("checked_by", "確認 四郎").with("checked_on", day("2026-05-01"));
            city.city.ledgers.update(&city.system(), DAILY_REPORT, report.id, report.revision, checked).await.unwrap();
        }
        let accepted = clerk.post("/desk/parks/acceptance", &entries).await;
        assert_eq!(accepted.status, 303, "{}", accepted.text);
        let record = &found(&city, ACCEPTANCE, "contract IS NOT NULL").await[0];
        assert_eq!(record.get("total_yen").as_int(), Some(1_051 * 45));
        assert_eq!(found(&city, DAILY_REPORT, "state = 'accepted'").await.len(), 2);
        assert_eq!(clerk.post("/desk/parks/acceptance", &entries).await.status, 422, "a month is accepted once");
        let (text, _) = read(&bytes(&city, &clerk, &format!("/desk/parks/acceptance.pdf?contract={}&month=2026-04", terms.contract)).await);
        for word in ["出来高検査表", "令和8年4月", "除草（人力）", "1,051㎡", "47,295円", "合格", "検査三郎"] {
            assert!(text.contains(word), "{word} is not in {text}");
        }
    }

    async fn outsiders_see_and_write_their_own_contract_alone(fixture) {
        let city = city(fixture).await;
        let (park, _) = park_with_swing(&city, fixture).await;
        let (own, other) = (terms(&city, "試験造園").await, terms(&city, "別の造園会社").await);
        add(&city, DAILY_REPORT, report(&other, park, "2026-04-10", "10")).await;
        for role in ["outside-park-contractor", "outside-park-group"] {
            let member = member(&city, role, own.organisation);
            let ledgers = &city.city.ledgers;
            let count = async |ledger: &str| ledgers.count(&member, ledger, &ListRequest::all(), 100).await.unwrap().count;
            assert_eq!((count(CONTRACT).await, count(CONTRACT_ITEM).await, count(DAILY_REPORT).await), (1, 1, 0));
            let saved = ledgers.create(&member, DAILY_REPORT, report(&own, park, "2026-04-11", "20")).await.unwrap();
            for refused in [report(&other, park, "2026-04-11", "20"), report(&own, park, "2026-04-11", "20").with("state", "checked").with("checked_by", "わたし").with("checked_on", day("2026-04-11"))] {
                let refused = ledgers.create(&member, DAILY_REPORT, refused).await;
                assert!(refused.is_err(), "another's contract is not theirs to report on, nor is theirs to check: {refused:?}");
            }
            assert!(ledgers.get(&member, DAILY_REPORT, saved.id).await.unwrap().may.update);
            let report = run(&city, fixture, kawasemi_parks::system().daily[0].run).await.unwrap();
            assert!(report.json["named"].as_u64() >= Some(1), "{}", report.text);
            let record = get(&city, DAILY_REPORT, saved.id).await;
            assert_eq!(record.get("organisation").as_record(), Some(own.organisation));
            assert_eq!(count(DAILY_REPORT).await, 1, "a colleague sees it as well");
            ledgers.delete(&city.system(), DAILY_REPORT, saved.id, record.revision).await.unwrap();
            assert!(ledgers.count(&member, ACCEPTANCE, &ListRequest::all(), 1).await.unwrap().count == 0);
            assert!(ledgers.list(&member, "park-permit", &ListRequest::all()).await.is_ok_and(|page| page.records.is_empty()));
        }
    }
}
