//! What a city lays over the program's definitions: published with them, kept, audited, and in nobody's way.

use std::sync::Arc;

use crate::common::{PARK, fields, text};
use kawasemi_kernel::{Fields, RecordId, Value};
use kawasemi_schema::{LedgerDef, Overlay, SchemaErrors, SourceFile};
use kawasemi_store::audit::{self, Keeper, Problem, VerifyReport};
use kawasemi_store::record::read;
use kawasemi_store::schema::{self, Allow, Effect, Overlaid, Plan, Wanted};
use kawasemi_store::{Access, City, Ledger, RecordUnit, Sql, Unit};
use kawasemi_testkit::{Fixture, on_both_stores};

const ADOPTER: &str = r#"
ledger = "park"
field = [{ key = "adopter", label = "愛護会", type = "text" }]
change = [{ field = "name", label = "公園名" }]
"#;

/// The field that a later release of the program brings under the city's key.
const PROGRAMS: &str = r#"{ key = "adopter", label = "協定の相手", type = "text" }, { key = "note","#;

fn program(text: &str) -> Vec<Arc<LedgerDef>> {
    vec![Arc::new(LedgerDef::read(SourceFile::new("systems/parks/ledgers/park.toml", text)).unwrap())]
}

fn overlay(text: &str) -> Vec<Overlay> {
    vec![Overlay::read(SourceFile::new("overlay/park.toml", text)).unwrap()]
}

async fn overlaid(city: &City, definitions: &str, files: Vec<Overlay>) -> Overlaid {
    let check = |_: &Arc<LedgerDef>| Ok::<(), SchemaErrors>(());
    schema::overlaid(city, &program(definitions), files, &check).await.unwrap()
}

async fn plan(city: &City, laid: Overlaid) -> Plan {
    let wanted = Wanted { definitions: laid.definitions, retired: vec![] };
    schema::plan(city, wanted).await.unwrap().keeping(laid.overlays)
}

async fn publish(fixture: &Fixture, definitions: &str, files: Vec<Overlay>, allow: Allow) -> Arc<Ledger> {
    let laid = overlaid(&fixture.city, definitions, files).await;
    assert!(laid.held.is_empty(), "{:?}", laid.held);
    let plan = plan(&fixture.city, laid).await;
    schema::apply(&fixture.city, &plan, allow, &fixture.act("上書き"), &*fixture.ids).await.unwrap();
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

async fn verify(fixture: &Fixture) -> VerifyReport {
    let folder = tempfile::tempdir().unwrap();
    let keeper = Keeper::new(folder.path().join("audit"));
    keeper.ensure_key([7; 32]).unwrap();
    audit::verify(&fixture.city, &keeper, &|_, _| {}).await.unwrap()
}

on_both_stores! {
    async fn an_overlay_outlives_the_programs_next_release_and_the_file(fixture) {
        let ledger = publish(fixture, PARK, overlay(ADOPTER), Allow::Additions).await;
        let id = create(fixture, &ledger, &fields([("name", text("城山公園")), ("adopter", text("城山の会"))])).await;
        assert!(plan(&fixture.city, overlaid(&fixture.city, PARK, overlay(ADOPTER)).await).await.is_empty());

        // Another node, which has no file, and a newer program.
        let newer = PARK.replace(r#"{ key = "note","#, r#"{ key = "benches", label = "ベンチ", type = "integer" }, { key = "note","#);
        let (store, city) = fixture.open_again(Access::Command).await;
        let steps = plan(&city, overlaid(&city, &newer, vec![]).await).await;
        assert_eq!(steps.effect(), Effect::Adds, "{steps}");
        store.close().await;
        let ledger = publish(fixture, &newer, vec![], Allow::Additions).await;
        assert_eq!(ledger.def.field("name").unwrap().label.ja(), "公園名");
        assert!(ledger.def.field("benches").is_some());
        assert_eq!(values(fixture, &ledger, id).await["adopter"], text("城山の会"));
        let report = verify(fixture).await;
        assert!(report.ok, "{report:?}");
    }

    async fn a_field_of_the_program_with_the_citys_key_holds_that_ledger_back(fixture) {
        let ledger = publish(fixture, PARK, overlay(ADOPTER), Allow::Additions).await;
        let id = create(fixture, &ledger, &fields([("name", text("城山公園")), ("adopter", text("城山の会"))])).await;
        let newer = PARK.replace(r#"{ key = "note","#, PROGRAMS);
        let laid = overlaid(&fixture.city, &newer, vec![]).await;
        assert_eq!(laid.held[0].ledger, "park");
        assert!(laid.held[0].message.contains("overlay/park.toml:3:") && laid.held[0].message.contains("was = \"adopter\""), "{:?}", laid.held);
        // The city goes on with what it has.
        assert!(plan(&fixture.city, laid).await.is_empty());
        create(fixture, &ledger, &fields([("name", text("光綾公園"))])).await;

        // The city's field makes way and keeps its values; the program's comes empty.
        let moved = ADOPTER.replace(r#"key = "adopter""#, r#"key = "city_adopter", was = "adopter""#);
        let ledger = publish(fixture, &newer, overlay(&moved), Allow::Changes).await;
        let after = values(fixture, &ledger, id).await;
        assert_eq!((after.get("city_adopter"), after.get("adopter").unwrap_or(&Value::Null)), (Some(&text("城山の会")), &Value::Null));
        let both = fields([("name", text("風車公園")), ("adopter", text("協定")), ("city_adopter", text("会"))]);
        let third = create(fixture, &ledger, &both).await;
        assert_eq!(values(fixture, &ledger, third).await, both);
        assert!(plan(&fixture.city, overlaid(&fixture.city, &newer, overlay(&moved)).await).await.is_empty());
        let report = verify(fixture).await;
        assert!(report.ok, "{report:?}");
    }

    async fn a_mistake_in_an_overlay_changes_nothing(fixture) {
        let ledger = publish(fixture, PARK, overlay(ADOPTER), Allow::Additions).await;
        for (text, expected) in [
            ("ledger = \"park\"\nchange = [{ field = \"nothing\", label = \"x\" }]", "overlay/park.toml:2:"),
            ("ledger = \"prak\"", "「park」のことですか"),
        ] {
            let laid = overlaid(&fixture.city, PARK, overlay(text)).await;
            assert!(laid.held[0].message.contains(expected), "{:?}", laid.held);
            assert!(plan(&fixture.city, laid).await.is_empty());
        }
        assert_eq!(fixture.city.catalogue().ledger("park").unwrap().version, ledger.version);
    }

    async fn an_edited_overlay_is_found(fixture) {
        publish(fixture, PARK, overlay(ADOPTER), Allow::Additions).await;
        assert!(verify(fixture).await.ok);
        let edit = Sql::with("UPDATE {overlay} SET source = replace(source, '愛護会', '偽の会')", []);
        fixture.city.write(Unit::of([edit.into()])).await.unwrap();
        let broken = verify(fixture).await.first_broken.unwrap();
        assert_eq!((broken.ledger.as_deref(), broken.problem), (Some("overlay"), Problem::DefinitionAltered { version: 1 }));
    }

    async fn an_older_program_does_not_take_a_definition_back(fixture) {
        publish(fixture, PARK, vec![], Allow::Additions).await;
        let newer = PARK.replace("公園の管理のため", "公園を管理するため");
        publish(fixture, &newer, vec![], Allow::Additions).await;
        assert!(schema::going_back(&fixture.city, &program(&newer)).await.unwrap().is_empty());
        let back = schema::going_back(&fixture.city, &program(PARK)).await.unwrap();
        assert_eq!(back.len(), 1);
        let mut steps = plan(&fixture.city, overlaid(&fixture.city, PARK, vec![]).await).await;
        steps.steps.extend(back);
        let refused = schema::apply(&fixture.city, &steps, Allow::Additions, &fixture.act(""), &*fixture.ids).await;
        let said = refused.unwrap_err().to_string();
        assert!(said.contains("より新しい定義が公開されています") && said.contains("第1版"), "{said}");
    }
}
