//! Oversight on the desk: the auditor's reports and the officer's acts.

use kawasemi_kernel::{PersonName, RecordId, Value};
use kawasemi_ledger::Draft;
use kawasemi_testkit::desk::tables;
use kawasemi_testkit::{Fixture, TestCity, on_both_stores};

const REPORTS: [&str; 8] = ["", "/monthly", "/seen", "/mass", "/exports", "/close", "/after-hours", "/logs"];
const PROTECTION: [&str; 3] = ["/files", "/disposals", "/holds"];
const OFFICER: [&str; 2] = ["/stops", "/disclosure"];
const NOTHING: [(&str, &str); 0] = [];

/// A city with a member of the staff whose emergency number is personal.
async fn city(fixture: &Fixture) -> (TestCity, RecordId) {
    let city = TestCity::new(fixture).await;
    let name = Value::Name(PersonName { name: "川瀬 渚".into(), kana: String::new() });
    let draft = Draft::new().with("employee_number", "7").with("name", name).with("emergency_phone", "0467-00-0001");
    let id = city.city.ledgers.create(&city.system(), "staff", draft).await.expect("a member of the staff").id;
    (city, id)
}

/// The last part of an address.
fn last(location: &str) -> String {
    location.split('?').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default().to_owned()
}

on_both_stores! {
    tables = tables();

    async fn the_pages_are_for_those_who_oversee(fixture) {
        let (city, _) = city(fixture).await;
        let (auditor, officer) = (city.sign_in("kansa", &["auditor"]).await, city.sign_in("hogo", &["privacy-officer"]).await);
        let (clerk, admin) = (city.sign_in("clerk", &["organisation-editor"]).await, city.sign_in("root-admin", &["admin"]).await);
        let audit = REPORTS.map(|page| format!("/desk/audit{page}"));
        for page in audit.into_iter().chain(PROTECTION.map(|page| format!("/desk/privacy{page}"))) {
            for (browser, status) in [(&auditor, 200), (&officer, 200), (&admin, 200), (&clerk, 404)] {
                let answer = browser.get(&page).await;
                assert_eq!(answer.status, status, "{page}: {}", answer.text);
            }
        }
        for page in OFFICER.map(|page| format!("/desk/privacy{page}")) {
            for (browser, status) in [(&auditor, 404), (&officer, 200), (&admin, 404), (&clerk, 404)] {
                assert_eq!(browser.get(&page).await.status, status, "{page}");
            }
        }
        assert!(auditor.get("/desk").await.says("/desk/audit") && !clerk.get("/desk").await.says("/desk/audit"));
    }

    async fn the_auditor_finds_who_saw_somebody_and_takes_it_along(fixture) {
        let (city, record) = city(fixture).await;
        let clerk = city.sign_in("clerk", &["organisation-editor"]).await;
        assert_eq!(clerk.get(&format!("/desk/ledgers/staff/{record}")).await.status, 200);
        assert_eq!(clerk.get(&format!("/desk/ledgers/staff/{record}/sheet")).await.status, 200);
        let auditor = city.sign_in("kansa", &["auditor"]).await;
        let seen = format!("/desk/audit/seen?ledger=staff&record=/desk/ledgers/staff/{record}");
        let page = auditor.get(&seen).await;
        assert!(page.says("clerk") && page.says("印刷") && page.says("閲覧"), "{}", page.text);
        assert!(!page.says("川瀬") && !page.says("0467-00-0001"), "what stands in a record is not shown");
        let file = auditor.get(&format!("{seen}&format=csv")).await;
        assert!(file.text.starts_with("\u{feff}\"日\",\"見た人\"") && file.says("\"clerk\""), "{}", file.text);
        let month = auditor.get("/desk/audit/monthly?format=csv").await;
        assert!(month.says("\"所属なし\",\"職員\""), "{}", month.text);
        assert!(auditor.post("/desk/audit/logs/verify", &NOTHING).await.says("書き換えは見つかりませんでした"));
        assert_eq!(auditor.get(&format!("/desk/ledgers/staff/{record}")).await.status, 200, "like any other of the staff");
        assert!(auditor.get("/desk/audit/monthly?from=x").await.says("日付を選んでください"));
    }

    async fn a_person_is_found_by_number_and_by_name_as_far_as_the_caller_may_read(fixture) {
        let (city, staff) = city(fixture).await;
        let name = Value::Name(PersonName { name: "綾瀬 花子".into(), kana: "アヤセ ハナコ".into() });
        let draft = Draft::new().with("kind", "person").with("name", name).with("resident_number", "12345");
        let party = city.city.ledgers.create(&city.system(), "party", draft).await.expect("a party");
        let number = party.number.expect("parties are numbered");
        let auditor = city.sign_in("kansa", &["auditor"]).await;
        for entered in ["7", &number, "12345"] {
            let page = auditor.get(&format!("/desk/audit/seen?record={entered}")).await;
            assert!(page.says("この期間に見た人はいません"), "{entered}: {}", page.text);
        }
        let page = auditor.get("/desk/audit/seen?record=%E5%B7%9D%E7%80%AC&ledger=staff").await;
        assert!(page.says("川瀬 渚") && page.says(&format!("record={staff}")), "whoever may read it chooses: {}", page.text);
        let page = auditor.get("/desk/audit/seen?record=%E7%B6%BE%E7%80%AC").await;
        assert!(page.says("当たる記録がありません") && !page.says("花子"), "nobody else is told a name: {}", page.text);
        let page = auditor.get(&format!("/desk/audit/seen?record={}", party.id)).await;
        assert!(page.says("台帳も選んでください"), "{}", page.text);
        let officer = city.sign_in("hogo", &["privacy-officer"]).await;
        let answer = officer.get(&format!("/desk/privacy/disclosure?record={number}")).await;
        assert_eq!(answer.location(), format!("/desk/privacy/disclosure/party/{}", party.id));
        let held = officer.post("/desk/privacy/holds/new", &[("record", "12345"), ("reason", "監査中")]).await;
        assert_eq!(held.status, 303, "{}", held.text);
        assert!(officer.get("/desk/privacy/holds").await.says(&party.id.to_string()));
        let both = city.sign_in("hogo3", &["privacy-officer", "organisation-editor"]).await;
        let asked = [("kind", "erase"), ("record", "川瀬"), ("basis", "法第98条"), ("reason", "本人の請求")];
        let page = both.post("/desk/privacy/stops", &asked).await;
        let again = format!("record={staff}");
        assert!(page.status == 422 && page.says(&again) && page.says("kind=erase"), "{}", page.text);
    }

    async fn the_officer_stops_the_use_and_another_erases(fixture) {
        let (city, record) = city(fixture).await;
        let (one, other) = (city.sign_in("hogo", &["privacy-officer"]).await, city.sign_in("hogo2", &["privacy-officer"]).await);
        let clerk = city.sign_in("clerk", &["organisation-editor"]).await;
        let record_text = record.to_string();
        let entries = |kind: &'static str| [("kind", kind), ("ledger", "staff"), ("record", record_text.as_str()), ("basis", "法第98条"), ("reason", "請求")];
        let stopped = one.post("/desk/privacy/stops", &entries("stop")).await;
        assert_eq!(stopped.status, 303, "{}", stopped.text);
        assert_eq!(clerk.get(&format!("/desk/ledgers/staff/{record}")).await.status, 404);
        assert!(!clerk.get("/desk/ledgers/staff").await.says("川瀬"));
        let page = one.get(stopped.location()).await;
        assert!(page.says("川瀬 渚") && page.says("0467-00-0001"), "{}", page.text);
        let refused = one.post("/desk/privacy/stops", &[("kind", "stop"), ("ledger", "staff"), ("record", "x")]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.says("当たる記録がありません") && refused.says("この措置をとる"), "{}", refused.text);

        let proposed = one.post("/desk/privacy/stops", &entries("erase")).await;
        let disposal = format!("/desk/privacy/disposals/{}", last(proposed.location()));
        let approve = [("decision", "approve"), ("words", "よし")];
        assert!(one.post(&format!("{disposal}/decide"), &approve).await.says("起案した人は決定できません"));
        assert_eq!(other.post(&format!("{disposal}/decide"), &approve).await.status, 303);
        let id = last(&disposal).parse().expect("an id");
        city.city.oversight.dispose(id).await.expect("the job is done");
        assert!(other.get(&disposal).await.says("消去証明書"));
        assert!(!one.get(stopped.location()).await.says("川瀬 渚"));
    }

    async fn the_officer_discloses_and_the_sheet_of_a_file_is_printed(fixture) {
        let (city, record) = city(fixture).await;
        let officer = city.sign_in("hogo", &["privacy-officer"]).await;
        let path = format!("/desk/privacy/disclosure/staff/{record}");
        let page = officer.get(&path).await;
        assert!(page.says("川瀬 渚") && page.says("不開示の理由"), "{}", page.text);
        let name = format!("staff/{record}/emergency_phone");
        let answer = officer.post(&path, &[(name.as_str(), "1")]).await;
        assert_eq!(answer.headers["content-type"], "application/zip");
        assert!(officer.get("/desk/privacy/disclosure").await.says(&record.to_string()));
        let sheet = officer.get("/desk/privacy/files/staff").await;
        assert!(sheet.says("個人情報ファイルの名称") && sheet.says("緊急連絡先") && sheet.says("人事異動の発令"), "{}", sheet.text);
        assert!(officer.get("/desk/privacy/files?format=csv").await.says("\"記録範囲\""));
        let held = officer.post("/desk/privacy/holds/new", &[("ledger", "staff"), ("reason", "訴訟の係属")]).await;
        assert_eq!(held.status, 303, "{}", held.text);
        assert!(officer.get("/desk/privacy/holds").await.says("訴訟の係属"));
    }
}
