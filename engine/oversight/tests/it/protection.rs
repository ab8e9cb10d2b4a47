//! Disposal with approval, stop of use, erasure and disclosure.

use std::io::Read as _;

use crate::common::Hall;
use futures::stream;
use jiff::SignedDuration;
use kawasemi_kernel::{FileRef, RecordId};
use kawasemi_ledger::{Draft, LedgerError, ListRequest};
use kawasemi_oversight::OversightError;
use kawasemi_oversight::disclosure::{BLACKENED, Withheld};
use kawasemi_oversight::disposal::DisposalState;
use kawasemi_store::{Sql, audit};
use kawasemi_testkit::desk::tables;
use kawasemi_testkit::on_both_stores;

/// A year and some days.
const LONG: SignedDuration = SignedDuration::from_hours(24 * 400);

async fn verified(hall: &Hall) -> u64 {
    hall.city.seal().await;
    audit::verify(&hall.city.city.city, &hall.city.city.keeper, &|_, _| {}).await.unwrap().broken
}

on_both_stores! {
    tables = tables();

    async fn what_is_past_its_retention_goes_with_the_approval_of_a_second(fixture) {
        let hall = Hall::open(fixture).await;
        let person = hall.person("川瀬 一", "1").await;
        let old = [hall.application("古い申請", person, "立会 一").await, hall.application("保留の申請", person, "立会 二").await];
        hall.city.clock.advance(LONG);
        let fresh = hall.application("新しい申請", person, "立会 三").await;
        let (one, other) = (hall.officer("one").await, hall.officer("other").await);
        let (one, other) = (hall.now(&one), hall.now(&other));
        let (oversight, today) = (hall.oversight(), one.today());
        let (found, more) = oversight.candidates(&one, "application", today).await.unwrap();
        assert_eq!((found.len(), more), (2, false));
        let hold = oversight.hold(&one, "application", Some(old[1]), None, "訴訟の係属").await.unwrap();
        let id = oversight.propose_disposal(&one, "application", today, &[], "令和の廃棄").await.unwrap();
        let own = oversight.decide_disposal(&one, id, true, "").await;
        assert!(matches!(own, Err(OversightError::Refused(said)) if said.contains("起案した人")));
        oversight.dispose(id).await.unwrap();
        assert!(hall.city.city.ledgers.get(&hall.city.system(), "application", old[0]).await.is_ok(), "not approved yet");
        oversight.decide_disposal(&other, id, true, "よし").await.unwrap();
        assert!(oversight.decide_disposal(&other, id, false, "x").await.is_err());
        oversight.dispose(id).await.unwrap();
        let done = oversight.disposal(&one, id).await.unwrap();
        assert_eq!((done.state, done.records, done.erased, done.skipped), (DisposalState::Done, 1, 1, 0));
        let get = async |id: RecordId| hall.city.city.ledgers.get(&hall.city.system(), "application", id).await;
        assert!(matches!(get(old[0]).await, Err(LedgerError::NotFound)));
        assert!(get(old[1]).await.is_ok() && get(fresh).await.is_ok());
        assert_eq!(verified(&hall).await, 0);
        let payloads: i64 = fixture.city.read_one(Sql::with("SELECT count(*) FROM {audit_payload} WHERE payload LIKE '%古い申請%'", [])).await.unwrap().unwrap().get(0).unwrap();
        assert_eq!(payloads, 0);
        oversight.end_hold(&one, hold).await.unwrap();
        assert_eq!(oversight.candidates(&one, "application", today).await.unwrap().0.len(), 1);
    }

    async fn what_changed_after_the_proposal_or_is_referred_to_stays(fixture) {
        let hall = Hall::open(fixture).await;
        let (lonely, referred) = (hall.person("川瀬 一", "1").await, hall.person("川瀬 二", "2").await);
        hall.application("続く申請", referred, "立会").await;
        hall.city.clock.advance(SignedDuration::from_hours(24 * 366 * 7));
        let (one, other) = (hall.officer("one").await, hall.officer("other").await);
        let (oversight, today) = (hall.oversight(), one.today());
        let id = oversight.propose_disposal(&one, "person", today, &[], "廃棄").await.unwrap();
        oversight.decide_disposal(&other, id, true, "").await.unwrap();
        let draft = Draft::new().with("household", "3");
        hall.city.city.ledgers.update(&hall.city.system(), "person", lonely, 1, draft).await.unwrap();
        oversight.dispose(id).await.unwrap();
        let mut notes: Vec<String> = oversight.disposal_records(&one, id, None, 10).await.unwrap().into_iter().map(|record| record.note).collect();
        notes.sort();
        assert_eq!(notes, ["ほかの記録から参照されています", "起案のあとに変更されました"]);
        assert_eq!(oversight.disposal(&one, id).await.unwrap().skipped, 2);
        assert_eq!(verified(&hall).await, 0);
    }

    async fn a_stopped_record_is_found_by_nobody_but_the_officer(fixture) {
        let hall = Hall::open(fixture).await;
        let person = hall.person("川瀬 秘", "1").await;
        let application = hall.application("申請", person, "立会").await;
        let (_, clerk) = hall.somebody("clerk", &["counter"]).await;
        let officer = hall.officer("officer").await;
        let ledgers = &hall.city.city.ledgers;
        assert!(hall.oversight().stop_use(&officer, "person", person, "", "x").await.is_err());
        let stop = hall.oversight().stop_use(&officer, "person", person, "法第98条第1項第1号", "請求").await.unwrap();
        assert!(matches!(ledgers.get(&clerk, "person", person).await, Err(LedgerError::NotFound)));
        assert!(matches!(ledgers.history(&clerk, "person", person, None).await, Err(LedgerError::NotFound)));
        assert!(matches!(ledgers.update(&clerk, "person", person, 2, Draft::new()).await, Err(LedgerError::NotFound)));
        let list = |q: &str| ListRequest { q: q.into(), ..ListRequest::all() };
        for q in ["", "川瀬"] {
            assert!(ledgers.list(&clerk, "person", &list(q)).await.unwrap().records.is_empty());
        }
        assert_eq!(ledgers.count(&clerk, "person", &ListRequest::all(), 10).await.unwrap().count, 0);
        let shown = ledgers.get(&clerk, "application", application).await.unwrap();
        let labels = ledgers.labels(&clerk, "application", &[shown]).await.unwrap();
        assert!(!labels[&person].contains("川瀬"), "{labels:?}");
        let (_, fields) = hall.oversight().stopped_record(&officer, stop).await.unwrap();
        assert_eq!(fields["name"].as_text(), Some("川瀬 秘"));
        assert_eq!(verified(&hall).await, 0);
        hall.oversight().resume_use(&officer, stop, "請求の取下げ").await.unwrap();
        assert!(ledgers.get(&clerk, "person", person).await.is_ok());
        assert_eq!(verified(&hall).await, 0);
    }

    async fn an_erasure_on_request_takes_the_files_along(fixture) {
        let hall = Hall::open(fixture).await;
        let person = hall.person("川瀬 消", "1").await;
        let content = stream::iter([Ok::<_, std::io::Error>(bytes::Bytes::from_static(b"%PDF-1.7 secret"))]);
        let id = hall.city.desk.ids().next();
        let stored = hall.city.city.files.put(id, "書類.pdf", u64::MAX, content).await.unwrap();
        let file = FileRef { id, name: "書類.pdf".into(), media_type: "application/pdf".into(), size: stored.size, sha256: stored.sha256.clone() };
        let mut draft = Draft::new();
        draft.attach("papers", file);
        hall.city.city.ledgers.update(&hall.city.system(), "person", person, 1, draft).await.unwrap();
        let (one, other) = (hall.officer("one").await, hall.officer("other").await);
        let stop = hall.oversight().stop_use(&one, "person", person, "法第98条", "請求").await.unwrap();
        let disposal = hall.oversight().propose_erasure(&one, "person", person, "法第100条", "請求").await.unwrap();
        hall.oversight().decide_disposal(&other, disposal, true, "").await.unwrap();
        hall.oversight().dispose(disposal).await.unwrap();
        let done = hall.oversight().disposal(&one, disposal).await.unwrap();
        assert_eq!((done.state, done.erased, done.files), (DisposalState::Done, 1, 1));
        assert!(hall.city.city.files.get(&stored.sha256).await.is_err());
        assert!(matches!(hall.oversight().stopped_record(&one, stop).await, Err(OversightError::NotFound)));
        assert_eq!(verified(&hall).await, 0);
    }

    async fn a_package_holds_everything_but_what_is_withheld(fixture) {
        let hall = Hall::open(fixture).await;
        let person = hall.person("川瀬 開", "1").await;
        let application = hall.application("給付の申請", person, "立会 秘子").await;
        let stranger = hall.person("他人 太郎", "9").await;
        hall.application("他人の申請", stranger, "立会").await;
        let officer = hall.officer("officer").await;
        let held = hall.oversight().held_on(&officer, "person", person).await.unwrap();
        assert_eq!(held.len(), 2);
        let third: Vec<&str> = held[1].items.iter().filter(|item| item.of_third_person).map(|item| item.field.as_str()).collect();
        assert_eq!(third, ["witness"]);
        let withhold = |reason: &str| Withheld { ledger: "application".into(), record: application, field: Some("witness".into()), reason: reason.into() };
        assert!(hall.oversight().disclose(&officer, "person", person, vec![withhold(" ")]).await.is_err());
        let (_, file) = hall.oversight().disclose(&officer, "person", person, vec![withhold("第2号")]).await.unwrap();
        let mut zip = zip::ZipArchive::new(file).unwrap();
        let mut whole = String::new();
        for n in 0..zip.len() {
            zip.by_index(n).unwrap().read_to_string(&mut whole).unwrap();
        }
        for there in ["川瀬 開", "風邪", "給付の申請", BLACKENED, "第2号"] {
            assert!(whole.contains(there), "{there} is missing");
        }
        for hidden in ["立会 秘子", "他人"] {
            assert!(!whole.contains(hidden), "{hidden} is there");
        }
        let kept = hall.oversight().disclosures(&officer).await.unwrap();
        assert_eq!((kept.len(), kept[0].withheld.len(), kept[0].record), (1, 1, person));
        // The officer's looks are in the log as well.
        let auditor = hall.somebody("auditor", &["auditor"]).await.1;
        let period = kawasemi_oversight::reports::Period::month_of(auditor.today());
        assert!(!hall.oversight().who_saw(&auditor, "person", person, period).await.unwrap().is_empty());
    }

    async fn the_register_of_files_says_what_the_definitions_say(fixture) {
        let hall = Hall::open(fixture).await;
        hall.person("川瀬 一", "1").await;
        let auditor = hall.somebody("auditor", &["auditor"]).await.1;
        let files = hall.oversight().file_register(&auditor).await.unwrap();
        let person = files.iter().find(|file| file.ledger == "person").unwrap();
        assert_eq!((person.persons.as_str(), person.records, person.missing.len()), ("届出をした者", 1, 0));
        assert_eq!(person.items, ["氏名", "世帯番号", "病名", "添付"]);
        assert_eq!(person.sensitive, ["病名"]);
        let application = files.iter().find(|file| file.ledger == "application").unwrap();
        assert_eq!(application.missing.len(), 2);
    }
}
