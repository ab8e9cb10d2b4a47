//! A city's overlay, from its file to the records: what an operator does and is told.

use crate::support::{Hall, on_both_stores};

const OVERLAY: &str = r#"ledger = "policy-theme"
reason = "総合計画の章と対応させるため"
list.columns = ["chapter"]

[[field]]
key = "chapter"
label = "総合計画の章"
type = "integer"

[[change]]
field = "name"
label = "重点の名前"

[[check]]
condition = "chapter IS NULL OR chapter > 0"
message = "章は1からの番号にしてください"
field = "chapter"
"#;

fn lay(hall: &Hall, name: &str, text: &str) {
    let folder = hall.data().join("cities/142182/overlay");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), text).unwrap();
}

fn clear(hall: &Hall) {
    std::fs::remove_dir_all(hall.data().join("cities/142182/overlay")).unwrap();
}

#[test]
fn an_overlay_is_planned_applied_used_and_kept() {
    on_both_stores(|hall| {
        hall.init();
        lay(hall, "policy-theme.toml", OVERLAY);
        let said = hall.ok(&["schema", "plan"]);
        assert!(said.contains("項目 chapter（総合計画の章）を加える") && said.contains("市の上書き"), "{said}");
        hall.ok(&["schema", "apply"]);
        assert!(hall.ok(&["schema", "plan"]).contains("変更はありません"));

        let good = hall.file("themes.csv", "重点の名前,総合計画の章\n子育て,3\n");
        assert_eq!(hall.json(&["import", "policy-theme", &good])["created"], 1);
        let bad = hall.file("bad.csv", "重点の名前,総合計画の章\n防災,0\n");
        let refused = hall.run(&["import", "policy-theme", &bad]);
        assert!(refused.status == 1 && refused.out.contains("章は1からの番号"), "{}{}", refused.out, refused.err);
        let exported = hall.ok(&["export", "policy-theme", "--format", "csv"]);
        assert!(exported.contains("総合計画の章") && exported.contains("重点の名前"), "{exported}");

        // The database keeps it: the file may go, and a backup brings it along.
        clear(hall);
        assert!(hall.ok(&["schema", "plan"]).contains("変更はありません"));
        let backup = hall.path("city.kwsm").display().to_string();
        hall.ok(&["backup", &backup]);
        hall.ok(&["restore", &backup, "--replace"]);
        assert!(hall.ok(&["schema", "plan"]).contains("変更はありません"));
        assert_eq!(hall.json(&["audit", "verify"])["ok"], true);

        // To take a field of the city away is not for a city that is served.
        lay(hall, "policy-theme.toml", "ledger = \"policy-theme\"\n");
        let refused = hall.fails(1, &["schema", "apply"]);
        assert!(refused.contains("schema apply --offline") && refused.contains("chapter"), "{refused}");
        let applied = hall.json(&["schema", "apply", "--offline"]);
        assert!(hall.path(applied["backup"].as_str().unwrap()).is_file());
    });
}

#[test]
fn a_mistake_is_told_with_its_place_and_stops_nothing_else() {
    on_both_stores(|hall| {
        hall.init();
        for (name, text, expected) in [
            (
                "policy-theme.toml",
                "ledger = \"policy-theme\"\n[[field]]\nkey = \"name\"\nlabel = \"x\"\ntype = \"text\"\n",
                "overlay/policy-theme.toml:3:",
            ),
            (
                "policy-theme.toml",
                "ledger = \"policy-theme\"\n[[check]]\ncondition = \"nothing = 1\"\nmessage = \"x\"\n",
                "overlay/policy-theme.toml:3:",
            ),
            ("policy-them.toml", "ledger = \"policy-them\"\n", "「policy-theme」のことですか"),
        ] {
            lay(hall, name, text);
            let said = hall.ok(&["schema", "plan"]);
            assert!(said.contains(expected) && said.contains("×"), "{said}");
            assert!(hall.ok(&["doctor"]).contains(expected));
            hall.ok(&["export", "policy-theme", "--format", "csv"]);
            clear(hall);
        }
        lay(hall, "policy-theme.toml", "ledger = \"policy-theme\"\nremove = [\"name\"]\n");
        let said = hall.ok(&["schema", "plan"]);
        assert!(said.contains("overlay/policy-theme.toml:2:1") && said.contains("「remove」というキーはありません"));
        assert!(hall.fails(1, &["schema", "apply"]).contains("合わない市の上書き"));
        clear(hall);
        lay(hall, "themes.toml", "ledger = \"policy-theme\"\n");
        assert!(hall.ok(&["schema", "plan"]).contains("policy-theme.toml にしてください"));
    });
}

#[test]
fn the_documented_overlay_fits_the_program() {
    let guide = include_str!("../../../docs/operators.md");
    let sample = guide.split("```toml\n").find(|block| block.contains("ledger = \"")).unwrap();
    let sample = sample.split("```").next().unwrap();
    let hall = Hall::on_sqlite();
    hall.init();
    lay(&hall, "policy-initiative.toml", sample);
    let said = hall.ok(&["schema", "plan"]);
    assert!(!said.contains('×') && said.contains("council_on") && said.contains("council"), "{said}");
}
