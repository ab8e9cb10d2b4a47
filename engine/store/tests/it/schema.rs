//! Publishing definitions: what only adds goes through while serving, what changes does not, what is refused says why.

use std::sync::Arc;

use crate::common::{PARK, fields, text};
use kawasemi_kernel::bigram::Query;
use kawasemi_kernel::{Decimal, Fields, RecordId, Value};
use kawasemi_schema::{Clearance, LedgerDef, SourceFile};
use kawasemi_store::record::read;
use kawasemi_store::schema::{self, Allow, Effect, Plan, StepKind, Wanted};
use kawasemi_store::{Access, Ledger, ListQuery, RecordUnit, Search, Sql, StoreError};
use kawasemi_testkit::{Fixture, on_both_stores};

fn definition(text: &str) -> Arc<LedgerDef> {
    Arc::new(LedgerDef::read(SourceFile::new("park.toml", text)).unwrap())
}

async fn plan(fixture: &Fixture, text: &str) -> Plan {
    let wanted = Wanted { definitions: vec![definition(text)], retired: vec![] };
    schema::plan(&fixture.city, wanted).await.unwrap()
}

async fn apply(fixture: &Fixture, plan: &Plan, allow: Allow) -> Result<(), StoreError> {
    schema::apply(&fixture.city, plan, allow, &fixture.act("改正"), &*fixture.ids).await
}

async fn change(fixture: &Fixture, text: &str) -> Arc<Ledger> {
    let plan = plan(fixture, text).await;
    apply(fixture, &plan, Allow::Changes).await.unwrap();
    Arc::clone(fixture.city.catalogue().ledger("park").unwrap())
}

async fn create(fixture: &Fixture, ledger: &Arc<Ledger>, values: &Fields) -> RecordId {
    let (act, id) = (fixture.act(""), fixture.record_id());
    let mut unit = RecordUnit::new(fixture.city.dialect(), &act, &*fixture.ids);
    unit.create(ledger, id, values).unwrap();
    fixture.city.write(unit.into_unit()).await.unwrap();
    id
}

async fn values(fixture: &Fixture, ledger: &Ledger, id: RecordId) -> Fields {
    read::record(&fixture.city, ledger, id).await.unwrap().unwrap().fields
}

fn castle() -> Fields {
    fields([("name", text("城山公園")), ("district", text("早川")), ("area", Value::Decimal(Decimal::new(12_050, 2)))])
}

const AREA: &str = r#"{ key = "area", label = "面積", type = "decimal", scale = 2 },"#;
const NOTE: &str = r#"{ key = "note", label = "備考", type = "long-text" },"#;

on_both_stores! {
    async fn a_published_ledger_is_there_after_a_restart(fixture) {
        let ledger = fixture.publish(&[PARK]).await;
        let id = create(fixture, &ledger, &castle()).await;
        let (store, city) = fixture.open_again(Access::Command).await;
        let again = Arc::clone(city.catalogue().ledger("park").unwrap());
        assert_eq!(again.version, 1);
        assert_eq!(read::record(&city, &again, id).await.unwrap().unwrap().fields, castle());
        store.close().await;
    }

    async fn the_same_definition_changes_nothing(fixture) {
        fixture.publish(&[PARK]).await;
        assert!(plan(fixture, PARK).await.is_empty());
    }

    async fn a_new_field_and_choice_are_added_while_serving(fixture) {
        let ledger = fixture.publish(&[PARK]).await;
        let id = create(fixture, &ledger, &castle()).await;
        let more = PARK.replace(AREA, &format!(
            r#"{AREA} {{ key = "kind", label = "種別", type = "choice", choices = [{{ key = "block", label = "街区" }}] }},"#
        ));
        let steps = plan(fixture, &more).await;
        assert_eq!(steps.effect(), Effect::Adds);
        assert_eq!(steps.steps[0].kind, StepKind::AddField { field: "kind".into() });
        apply(fixture, &steps, Allow::Additions).await.unwrap();
        let ledger = Arc::clone(fixture.city.catalogue().ledger("park").unwrap());
        assert_eq!(ledger.version, 2);
        assert_eq!(values(fixture, &ledger, id).await, castle());
        let with_kind = fields([("name", text("光綾公園")), ("kind", text("block"))]);
        let second = create(fixture, &ledger, &with_kind).await;
        assert_eq!(values(fixture, &ledger, second).await, with_kind);
    }

    async fn a_request_under_way_keeps_its_catalogue(fixture) {
        let before = fixture.publish(&[PARK]).await;
        change(fixture, &PARK.replace(AREA, &format!("{AREA} {{ key = \"owner\", label = \"所有者\", type = \"text\" }},"))).await;
        let id = create(fixture, &before, &castle()).await;
        let record = read::record(&fixture.city, &before, id).await.unwrap().unwrap();
        assert_eq!(record.definition, 1);
    }

    async fn a_rename_keeps_the_values(fixture) {
        let ledger = fixture.publish(&[PARK]).await;
        let id = create(fixture, &ledger, &castle()).await;
        let renamed = PARK
            .replace(AREA, r#"{ key = "size", was = "area", label = "面積", type = "decimal", scale = 2 },"#);
        let steps = plan(fixture, &renamed).await;
        assert_eq!(steps.steps[0].kind, StepKind::RenameField { from: "area".into(), to: "size".into() });
        let refused = apply(fixture, &steps, Allow::Additions).await;
        assert!(matches!(refused, Err(StoreError::Refused { .. })));
        let ledger = change(fixture, &renamed).await;
        assert_eq!(values(fixture, &ledger, id).await["size"], castle()["area"]);
        assert!(plan(fixture, &renamed).await.is_empty());
    }

    async fn a_removed_field_stays_until_it_is_purged_by_name(fixture) {
        let ledger = fixture.publish(&[PARK]).await;
        let id = create(fixture, &ledger, &castle()).await;
        let ledger = change(fixture, &PARK.replace(AREA, "")).await;
        assert!(!values(fixture, &ledger, id).await.contains_key("area"));
        let ledger = change(fixture, PARK).await;
        assert_eq!(values(fixture, &ledger, id).await["area"], castle()["area"]);

        change(fixture, &PARK.replace(AREA, "")).await;
        let retired = schema::retired(&fixture.city).await.unwrap();
        assert_eq!(retired.iter().map(|gone| gone.column.as_deref()).collect::<Vec<_>>(), [Some("area")]);
        let act = fixture.act("不要");
        let used = schema::purge(&fixture.city, "park", "name", &act, &*fixture.ids).await;
        assert!(matches!(used, Err(StoreError::Refused { .. })));
        schema::purge(&fixture.city, "park", "area", &act, &*fixture.ids).await.unwrap();
        assert!(schema::retired(&fixture.city).await.unwrap().is_empty());
        assert!(schema::purge(&fixture.city, "park", "area", &act, &*fixture.ids).await.is_err());
        let ledger = change(fixture, PARK).await;
        assert!(!values(fixture, &ledger, id).await.contains_key("area"));
    }

    async fn a_retired_key_can_not_come_back_as_another_type(fixture) {
        fixture.publish(&[PARK]).await;
        change(fixture, &PARK.replace(AREA, "")).await;
        let other = PARK.replace(AREA, r#"{ key = "area", label = "面積", type = "text" },"#);
        assert_eq!(plan(fixture, &other).await.effect(), Effect::Refused);
    }

    async fn a_type_changes_where_no_value_is_lost(fixture) {
        let ledger = fixture.publish(&[PARK]).await;
        let id = create(fixture, &ledger, &castle()).await;
        let finer = PARK.replace(AREA, r#"{ key = "area", label = "面積", type = "decimal", scale = 4 },"#);
        let ledger = change(fixture, &finer).await;
        assert_eq!(values(fixture, &ledger, id).await["area"], Value::Decimal(Decimal::new(1_205_000, 4)));
        let lossy = PARK.replace(AREA, r#"{ key = "area", label = "面積", type = "date" },"#);
        let steps = plan(fixture, &lossy).await;
        assert_eq!(steps.effect(), Effect::Refused);
        assert!(apply(fixture, &steps, Allow::Changes).await.is_err());
    }

    async fn search_follows_a_field_that_is_closed(fixture) {
        let ledger = fixture.publish(&[PARK]).await;
        let with_note = fields([("name", text("城山公園")), ("note", text("苦情あり"))]);
        create(fixture, &ledger, &with_note).await;
        let find = async |ledger: &Ledger, levels: &[Clearance]| {
            let search = Search::everywhere(Query::parse("苦情").unwrap(), levels.to_vec());
            let query = ListQuery { search: Some(search), ..ListQuery::new(ledger) };
            query.page(&fixture.city).await.unwrap().records.len()
        };
        assert_eq!(find(&ledger, &[Clearance::Internal]).await, 1);
        let closed = NOTE.replace("}", r#", clearance = "personal" }"#);
        let ledger = change(fixture, &PARK.replace(NOTE, &closed)).await;
        assert_eq!(find(&ledger, &[Clearance::Internal]).await, 0);
        assert_eq!(find(&ledger, &[Clearance::Personal]).await, 1);
    }

    async fn a_unique_key_is_refused_where_records_contradict_it(fixture) {
        let ledger = fixture.publish(&[PARK]).await;
        create(fixture, &ledger, &fields([("name", text("城山公園")), ("district", text("早川"))])).await;
        create(fixture, &ledger, &fields([("name", text("光綾公園")), ("district", text("早川"))])).await;
        let strict = PARK.replace(r#"label = "地区", type = "text""#, r#"label = "地区", type = "text", unique = true"#);
        let steps = plan(fixture, &strict).await;
        let error = apply(fixture, &steps, Allow::Additions).await.unwrap_err();
        assert!(matches!(error, StoreError::Unique { .. }), "{error:?}");
        assert_eq!(fixture.city.catalogue().ledger("park").unwrap().version, 1);
    }

    async fn of_two_publications_at_once_one_is_refused(fixture) {
        fixture.publish(&[PARK]).await;
        let first = plan(fixture, &PARK.replace("公園の管理のため", "公園を管理するため")).await;
        let second = plan(fixture, &PARK.replace("公園の管理のため", "公園のため")).await;
        let (a, b) = tokio::join!(
            apply(fixture, &first, Allow::Additions),
            apply(fixture, &second, Allow::Additions),
        );
        assert!(a.is_ok() || b.is_ok());
        let rows = fixture.city.read(Sql::with("SELECT version FROM {definition} ORDER BY version", [])).await.unwrap();
        assert_eq!(rows.len(), 1 + usize::from(a.is_ok()) + usize::from(b.is_ok()));
    }

    async fn a_ledger_that_is_referred_to_can_not_be_retired(fixture) {
        let unit = r#"
            key = "unit"
            title = "遊具"
            owner = "parks"
            label = ["park"]
            retention = { basis = "文書管理規程" }
            field = [{ key = "park", label = "公園", type = "reference", target = "park" }]
        "#;
        fixture.publish(&[PARK, unit]).await;
        let retire = |keys: &[&str]| Wanted {
            definitions: vec![],
            retired: keys.iter().map(|key| (*key).to_owned()).collect(),
        };
        assert!(schema::plan(&fixture.city, retire(&["park"])).await.is_err());
        let steps = schema::plan(&fixture.city, retire(&["unit", "park"])).await.unwrap();
        apply(fixture, &steps, Allow::Changes).await.unwrap();
        assert!(fixture.city.catalogue().get("park").is_none());
        fixture.publish(&[PARK]).await;
    }

    async fn another_process_sees_what_was_published(fixture) {
        let (store, city) = fixture.open_again(Access::Command).await;
        fixture.publish(&[PARK]).await;
        assert!(city.catalogue().get("park").is_none());
        city.refresh_catalogue().await.unwrap();
        assert_eq!(city.catalogue().ledger("park").unwrap().version, 1);
        store.close().await;
    }
}
