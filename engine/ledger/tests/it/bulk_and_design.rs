//! Changing many records at once, and ledgers that clerks make.

use std::io::Write as _;

use crate::common::{City, tables};
use kawasemi_kernel::{RecordId, Value};
use kawasemi_ledger::design::{DESIGNER, LedgerBuilder, designer_role};
use kawasemi_ledger::import::{FileOptions, look};
use kawasemi_ledger::{BulkAct, Calculators, Draft, LedgerError, Ledgers, ListRequest, Targets};
use uuid::Uuid;

async fn filled(city: &City<'_>) -> Vec<RecordId> {
    let mut ids = Vec::new();
    for n in 0..5 {
        let saved = city.ledgers.create(&city.keeper(), "park", city.park(&format!("公園{n}"))).await.expect("creates");
        ids.push(saved.id);
    }
    let road = Draft::new().with("name", "緑地").with("department", Value::Record(city.roads));
    ids.push(city.ledgers.create(&city.system(), "park", road).await.expect("creates").id);
    ids
}

kawasemi_testkit::on_both_stores! {
    tables = tables();

    async fn a_bulk_change_reports_record_by_record_and_can_be_undone(fixture) {
        let city = City::open(fixture).await;
        let ids = filled(&city).await;
        city.ledgers.update(&city.keeper(), "park", ids[1], 1, Draft::new().with("name", "改名")).await.expect("changes");
        let mut ticked: Vec<(RecordId, i64)> = ids.iter().map(|id| (*id, 1)).collect();
        ticked.push((RecordId(Uuid::from_u128(9)), 1));
        let act = BulkAct::Update(Draft::new().with("kind", "city"));
        let report = city.ledgers.bulk(&city.keeper(), "park", &Targets::Ticked(ticked), &act, &|_| {}).await.expect("runs");
        assert_eq!((report.changed, report.unchanged, report.failed), (4, 0, 3), "{:?}", report.failures);
        let city_kind = ListRequest::filtered("kind = 'city'");
        assert_eq!(city.names(&city.keeper(), &city_kind).await.len(), 4);
        let undone = city.ledgers.undo_batch(&city.keeper(), "park", report.batch.expect("has one")).await.expect("undoes");
        assert_eq!((undone.reverted, undone.kept), (4, 0));
        assert!(city.names(&city.keeper(), &city_kind).await.is_empty());
    }

    async fn a_whole_list_changes_though_the_change_takes_records_out_of_it(fixture) {
        let city = City::open(fixture).await;
        filled(&city).await;
        let targets = Targets::All(Box::new(ListRequest::filtered("kind IS NULL AND name LIKE '公園%'")));
        let act = BulkAct::Update(Draft::new().with("kind", "block"));
        let report = city.ledgers.bulk(&city.keeper(), "park", &targets, &act, &|_| {}).await.expect("runs");
        assert_eq!((report.changed, report.failed), (5, 0));
        let report = city.ledgers.bulk(&city.keeper(), "park", &Targets::All(Box::default()), &BulkAct::Delete, &|_| {}).await.expect("runs");
        assert_eq!((report.changed, report.failed), (5, 1), "another department's stays");
        assert_eq!(city.names(&city.system(), &ListRequest::all()).await, ["緑地"]);
    }

    async fn what_is_added_to_a_ledger_of_the_program_outlives_its_next_release(fixture) {
        let city = City::open(fixture).await;
        let admin = city.system();
        let toml = city.ledgers.definition_toml(&admin, "park").expect("reads");
        let more = format!("{toml}\n[[field]]\nkey = \"adopter\"\nlabel = \"愛護会\"\ntype = \"text\"\n");
        let published = city.ledgers.publish_definition(&admin, &more).await.expect("is published");
        assert!(published.field("adopter").is_some());
        let less = toml.replace("max_length = 40", "max_length = 41");
        let refused = city.ledgers.publish_definition(&admin, &less).await.expect_err("is refused").to_string();
        assert!(refused.contains("変えられません"), "{refused}");
        // The program starts again with its own definition.
        let own = std::sync::Arc::new(kawasemi_schema::LedgerDef::read(kawasemi_schema::SourceFile::new("test.toml", toml)).expect("reads"));
        let check = |def: &std::sync::Arc<kawasemi_schema::LedgerDef>| kawasemi_ledger::check_rules(def, city.ledgers.calculators());
        let laid = kawasemi_store::schema::overlaid(&fixture.city, &[own], vec![], &check).await.expect("lays over");
        let wanted = kawasemi_store::schema::Wanted { definitions: laid.definitions, retired: vec![] };
        let plan = kawasemi_store::schema::plan(&fixture.city, wanted).await.expect("plans");
        assert!(plan.is_empty() && laid.held.is_empty(), "{plan}");
    }

    async fn a_sheet_becomes_a_ledger_and_its_use_is_known(fixture) {
        let city = City::open(fixture).await;
        let ledgers = Ledgers::new(fixture.city.clone(), vec![designer_role(), kawasemi_schema::RoleDef {
            key: "park-keeper".into(), title: "公園管理".into(), description: "".into(),
        }], Calculators::new(), fixture.ids.clone()).expect("opens");
        let mut file = tempfile::NamedTempFile::new().expect("makes a file");
        file.write_all("備品名,購入日,金額\n机,令和3年5月1日,\"12,000円\"\n椅子,R4.1.1,\"5,000円\"\n".as_bytes()).expect("writes");
        let look = look(file.path(), &FileOptions::default()).expect("looks");
        let toml = LedgerBuilder::new("equipment", "備品", "general", "備品の管理のため").with_columns_of(&look).with_grants("staff").to_toml();
        let refused = ledgers.publish_definition(&city.staff(), &toml).await;
        assert!(matches!(refused, Err(LedgerError::Forbidden { .. })));
        let mut designer = city.staff();
        designer.caller = designer.caller.with_role(DESIGNER);
        let (_, plan) = ledgers.plan_definition(&designer, &toml).await.expect("plans");
        assert!(!plan.is_empty());
        ledgers.publish_definition(&designer, &toml).await.expect("publishes");
        let draft = Draft::new().with("equipment_name", "机").with("amount", 12_000);
        ledgers.create(&city.staff(), "equipment", draft).await.expect("creates");
        assert_eq!(ledgers.definition_toml(&city.staff(), "equipment").expect("reads"), toml);
        let day = city.staff().today();
        assert!(!unused(&city, day).await.contains(&"equipment".to_owned()));
        assert!(unused(&city, day.tomorrow().expect("is a day")).await.contains(&"equipment".to_owned()));
        let taken = ledgers.publish_definition(&designer, &toml.replace("\"equipment\"", "\"park\"")).await;
        assert!(matches!(taken, Err(LedgerError::Forbidden { .. })));
        let wrong = ledgers.publish_definition(&designer, &toml.replace("staff", "stuff")).await;
        assert!(matches!(wrong, Err(LedgerError::Schema(_))));
    }
}

async fn unused(city: &City<'_>, day: jiff::civil::Date) -> Vec<String> {
    city.ledgers.unused_since(day).await.expect("reads").into_iter().map(|last| last.ledger).collect()
}
