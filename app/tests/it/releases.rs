//! Every released version's city, brought to the present one on both stores: read, written, verified, and taken back.
//!
//! `releases/README.md` says how a release adds its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::support::{Hall, on_both_stores};
use kawasemi_kernel::context::SystemClock;
use kawasemi_kernel::id::RandomIds;
use kawasemi_kernel::{Act, Actor, Clock as _, FileRef, IdSource as _, RecordId, Value};
use kawasemi_store::files::Files;
use kawasemi_store::record::read;
use kawasemi_store::{Access, Engine, Location, RecordUnit, Sql, Store, StoreOptions};
use serde_json::Value as Json;

const PARKS: [&str; 4] = ["export", "park", "--format", "csv"];
const CODE: &str = "142182";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/releases")
}

fn versions() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.path().is_dir());
    folders.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

fn archive(version: &str, hall: &Hall) -> String {
    let store = if hall.url().is_some() { "postgres" } else { "sqlite" };
    folder().join(version).join(format!("{store}.kwsm")).display().to_string()
}

fn steps(plan: &Json) -> Vec<String> {
    let one = |step: &Json| format!("{} {}", step["step"].as_str().unwrap(), step["ledger"].as_str().unwrap());
    plan["steps"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn every_released_city_becomes_the_present_one_and_can_go_back() {
    assert!(!versions().is_empty());
    on_both_stores(|hall| {
        for version in versions() {
            becomes_the_present_one(hall, &version);
        }
    });
}

fn becomes_the_present_one(hall: &Hall, version: &str) {
    let present = folder().join("park.toml").display().to_string();
    hall.ok(&["restore", &archive(version, hall), "--replace"]);
    assert_eq!(hall.json(&["audit", "verify"])["ok"], true, "{version} as it was");

    // The dry run says it all and changes nothing.
    let plan = hall.json(&["schema", "plan", &present]);
    assert_eq!(hall.json(&["schema", "plan", &present]), plan);
    for step in ["rename-field park", "add-field park", "add-field policy-theme"] {
        assert!(steps(&plan).iter().any(|known| known == step), "{version}: {step} is not in {plan}");
    }
    // What only adds is done while serving; what changes is not.
    let before = hall.ok(&PARKS);
    assert!(before.contains("\"面積\"") || before.contains(",面積,"), "{before}");
    let refused = hall.fails(1, &["schema", "apply", &present]);
    assert!(refused.contains("schema apply --offline"), "{refused}");
    hall.ok(&["schema", "apply"]);
    assert!(steps(&hall.json(&["schema", "plan", &present])).iter().all(|step| step.ends_with(" park")));

    let applied = hall.json(&["schema", "apply", "--offline", &present]);
    let backup = applied["backup"].as_str().expect("a backup was taken").to_owned();
    assert!(hall.json(&["schema", "plan", &present])["steps"].as_array().unwrap().is_empty());
    assert_eq!(hall.json(&["audit", "verify"])["ok"], true, "{version} as it is now");
    let after = hall.ok(&PARKS);
    for word in ["敷地面積", "愛護会", "城山公園", "1234.50", "渡邉 花子", "公-0001"] {
        assert!(after.contains(word), "{version}: {word} is not in {after}");
    }
    assert!(!after.contains("取り消した公園"));

    // It is written like any other city.
    let more = hall.file("more.csv", "管理コード,公園名,愛護会\nA-1,城山公園,城山の会\nA-9,光綾公園,\n");
    let report = hall.json(&["import", "park", &more, "--key", "code"]);
    assert_eq!((report["created"].as_u64(), report["updated"].as_u64()), (Some(1), Some(1)), "{report}");
    assert!(hall.ok(&PARKS).contains("城山の会"));
    let themes = hall.file("themes.csv", "名称,ねらい\n新しい重点,みんなのため\n");
    assert_eq!(hall.json(&["import", "policy-theme", &themes])["created"], 1);
    assert!(hall.ok(&["user", "list"]).contains("hanako"));
    let password = hall.run_with(&["user", "password", "hanako", "--password-stdin"], "川べりの かわせみは 魚をとる\n");
    assert_eq!(password.status, 0, "{}", password.err);
    assert_eq!(hall.json(&["audit", "verify"])["ok"], true, "{version} after writing");

    // And back: what was there before the change, as the version before would read it.
    hall.ok(&["restore", &backup, "--replace"]);
    assert_eq!(hall.ok(&PARKS), before);
    assert_eq!(hall.json(&["audit", "verify"])["ok"], true, "{version} once more");
}

#[test]
fn a_city_of_a_newer_program_is_left_alone() {
    on_both_stores(|hall| {
        hall.init();
        set_number(hall, 99);
        for words in [
            &["serve", "--listen", "127.0.0.1:0"][..],
            &["schema", "plan"],
            &["export", "post", "--format", "csv"],
            &["schema", "apply", "--offline"],
        ] {
            let said = hall.fails(1, words);
            assert!(said.contains("より新しい kawasemi") && said.contains("何も変更していません"), "{said}");
        }
        set_number(hall, 1);
        hall.ok(&["export", "post", "--format", "csv"]);
    });
}

/// Says that a program that does not exist yet has moved the accounts on.
fn set_number(hall: &Hall, number: i64) {
    run(async {
        let options = StoreOptions::new(Arc::new(SystemClock))
            .engine(Engine { moves: moves(99), ..kawasemi_identity::tables::engine() })
            .engine(kawasemi_ledger::engine())
            .engine(kawasemi_parties::engine())
            .engine(kawasemi_oversight::engine())
            .engine(kawasemi_webhook::engine())
            .engine(kawasemi_courier::engine())
            .engine(kawasemi_exchange::engine());
        let store = Store::open(&location(hall), options).await.unwrap();
        let city = store.open_city(CODE).await.unwrap();
        let sql = Sql::with("UPDATE {format} SET number = $1 WHERE engine = 'identity'", [number.into()]);
        city.write(kawasemi_store::Unit::of([sql.into()])).await.unwrap();
        store.close().await;
    });
}

fn moves(to: i64) -> Vec<kawasemi_store::engine::Move> {
    let work = kawasemi_store::engine::Work::Fill(|_| Vec::new());
    (2..=to).map(|number| kawasemi_store::engine::Move { number, title: "", work: work.clone() }).collect()
}

fn run(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(work);
}

fn location(hall: &Hall) -> Location {
    hall.url().map_or_else(|| Location::Directory(hall.data()), |url| Location::Postgres(url.to_owned()))
}

/// Makes the city of a release; see `releases/README.md`.
#[test]
#[ignore = "once for each release"]
fn freeze() {
    let version = std::env::var("KAWASEMI_TEST_FREEZE").expect("KAWASEMI_TEST_FREEZE names the version");
    on_both_stores(|hall| {
        hall.use_binary(std::env::var_os("KAWASEMI_TEST_FREEZE_BIN").map(PathBuf::from));
        hall.init();
        for (name, role) in [("admin", "admin"), ("hanako", "policy-planner"), ("jiro", "ledger-designer")] {
            let done = hall
                .run_with(&["user", "add", name, "--role", role, "--password-stdin"], "さくらの咲く 川べりを歩く\n");
            assert_eq!(done.status, 0, "{}", done.err);
        }
        hall.ok(&["token", "create", "--user", "hanako", "--read-only"]);
        let departments =
            hall.file("departments.csv", "部局コード,名称,設置年度\n10,都市部,2021\n11,みどり公園課,2021\n");
        let staff = hall.file(
            "staff.csv",
            "職員番号,氏名,フリガナ,所属コード,職名,発令日\n0012,綾瀬 太郎,アヤセ タロウ,11,課長,2021-04-01\n",
        );
        hall.ok(&["staff", "import", "--departments", &departments, "--staff", &staff]);
        let themes = hall.file("themes.csv", "名称,掲載順\n子育て,1\n防災,2\n");
        hall.ok(&["import", "policy-theme", &themes]);
        hall.ok(&["schema", "apply", &folder().join(&version).join("park.toml").display().to_string()]);
        let parks = "管理コード,公園名,種別,面積,開園日,管理人,管理人（フリガナ）\n\
            A-1,城山公園,街区公園,1200,令和3年5月17日,渡邉 花子,ワタナベ ハナコ\nA-2,風車公園,緑地,30.5,,,\n";
        hall.ok(&["import", "park", &hall.file("parks.csv", parks)]);
        let newer = hall.file("newer.csv", "管理コード,公園名,面積\nA-1,城山公園,1234.5\n");
        hall.ok(&["import", "park", &newer, "--key", "code"]);
        let doubtful = hall.file("doubtful.csv", "管理コード,公園名\nA-3,取り消した公園\n");
        let batch = hall.json(&["import", "park", &doubtful])["batch"].as_i64().unwrap();
        run(by_hand(hall, batch));
        hall.ok(&["audit", "seal"]);
        assert_eq!(hall.json(&["audit", "verify"])["ok"], true);
        hall.use_binary(None);
        let target = archive(&version, hall);
        drop(std::fs::remove_file(&target));
        hall.ok(&["backup", &target]);
    });
}

/// What the command line can't do: takes a batch back, attaches a file, deletes and restores.
async fn by_hand(hall: &Hall, batch: i64) {
    let store = hall.store(Access::Command).await;
    let city = store.open_city(CODE).await.unwrap();
    let ledger = Arc::clone(city.catalogue().ledger("park").unwrap());
    let ids = RandomIds(SystemClock);
    let act = Act { actor: Actor::System, at: SystemClock.now(), reason: "試験の市".to_owned() };
    kawasemi_store::batch::undo(&city, &ledger, batch, &act, &ids).await.unwrap();
    let files = Files::in_folder(&hall.data().join("cities").join(CODE).join("files")).unwrap();
    let content =
        futures::stream::iter([Ok::<_, std::convert::Infallible>(bytes::Bytes::from_static(b"%PDF-1.7 plan"))]);
    let stored = files.put(ids.next(), "図面.pdf", 1 << 20, content).await.unwrap();
    let file = FileRef {
        id: ids.next(),
        name: "図面.pdf".into(),
        media_type: stored.kind.media_type.into(),
        size: stored.size,
        sha256: stored.sha256,
    };
    let id: uuid::Uuid = city
        .read_one(Sql::with("SELECT id FROM {l_park} WHERE code = 'A-1'", []))
        .await
        .unwrap()
        .unwrap()
        .get(0)
        .unwrap();
    for turn in 0..3 {
        let before = read::record(&city, &ledger, RecordId(id)).await.unwrap().unwrap();
        let mut unit = RecordUnit::new(city.dialect(), &act, &ids);
        let mut fields = before.fields.clone();
        fields.insert("papers".into(), Value::Files(vec![file.clone()]));
        match turn {
            0 => unit.update(&ledger, &before, &fields).unwrap(),
            1 => unit.delete(&ledger, &before),
            _ => unit.restore(&ledger, &before),
        }
        city.write(unit.into_unit()).await.unwrap();
    }
    store.close().await;
}
