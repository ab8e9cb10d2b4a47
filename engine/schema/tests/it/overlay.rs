//! A city's overlay: what it may add, and how it is told what it may not.

use kawasemi_schema::{LedgerDef, Overlay, SourceFile};

const PARK: &str = r#"
key = "park"
title = "公園"
owner = "parks"
label = ["name"]
retention = { basis = "文書管理規程" }
field = [
    { key = "name", label = "名称", type = "text" },
    { key = "kind", label = "種別", type = "choice", choices = [{ key = "block", label = "街区公園" }] },
    { key = "units", label = "遊具", type = "rows", field = [{ key = "what", label = "品名", type = "text" }] },
]
"#;

fn park() -> LedgerDef {
    LedgerDef::read(SourceFile::new("ledgers/park.toml", PARK)).unwrap()
}

fn overlay(text: &str) -> Overlay {
    Overlay::read(SourceFile::new("overlay/park.toml", format!("ledger = \"park\"\n{text}"))).unwrap()
}

fn refused(text: &str, before: Option<&Overlay>) -> String {
    overlay(text).lay_over(&park(), before).unwrap_err().to_string()
}

#[test]
fn an_overlay_adds_fields_choices_labels_and_conditions() {
    let over = overlay(
        r#"
        title = "都市公園"
        list.columns = ["adopter"]
        field = [{ key = "adopter", label = "愛護会", type = "text" }]
        check = [{ condition = "name <> adopter", message = "名称と同じです" }]
        change = [
            { field = "kind", label = "公園の種別", choices = [{ key = "block", label = "街区" }, { key = "green", label = "緑地" }] },
            { field = "units", rows = [{ key = "maker", label = "製造者", type = "text" }] },
        ]
        "#,
    );
    let whole = over.lay_over(&park(), None).unwrap();
    assert_eq!(whole.title.ja(), "都市公園");
    assert_eq!(whole.list.columns, ["name", "kind", "adopter"]);
    let labels = |key: &str| whole.field(key).unwrap().label.ja().to_owned();
    assert_eq!((labels("adopter"), labels("kind")), ("愛護会".into(), "公園の種別".into()));
    let choices: Vec<&str> = whole.field("kind").unwrap().kind.choices().iter().map(|c| c.label.ja()).collect();
    assert_eq!(choices, ["街区", "緑地"]);
    assert_eq!(whole.checks.len(), 1);
    // What is stored reads the same.
    let again = LedgerDef::read(whole.source.clone()).unwrap();
    assert_eq!(format!("{:?}", again.fields), format!("{:?}", whole.fields));
    assert_eq!(again.source.name, "ledgers/park.toml");
}

#[test]
fn mistakes_are_told_at_their_place_in_the_overlay() {
    for (text, line, expected) in [
        ("[[field]]\nkey = \"Name\"\nlabel = \"x\"\ntype = \"text\"", 3, "項目のキー「Name」の形が正しくありません"),
        (
            "[[field]]\nkey = \"name\"\nlabel = \"x\"\ntype = \"text\"",
            3,
            "項目「name」は、製品の台帳 park にもあります",
        ),
        ("[[field]]\nkey = \"x\"\nlabel = \"x\"\ntype = \"choice\"", 2, "選択肢がありません"),
        ("[[change]]\nfield = \"knd\"\nlabel = \"x\"", 3, "「knd」という項目はありません（「kind」のことですか）"),
        ("[[change]]\nfield = \"name\"\nchoices = [{ key = \"a\", label = \"b\" }]", 4, "選択の項目ではありません"),
        (
            "[[change]]\nfield = \"units\"\nrows = [{ key = \"what\", label = \"品\", type = \"text\" }]",
            4,
            "明細の項目「what」",
        ),
        ("list.columns = [\"nothing\"]", 2, "「nothing」という項目はありません"),
    ] {
        let said = refused(text, None);
        assert!(said.starts_with(&format!("overlay/park.toml:{line}:")) && said.contains(expected), "{text}\n{said}");
    }
}

#[test]
fn what_is_not_the_citys_to_change_is_refused_by_the_reader() {
    for text in
        ["[[grant]]\nrole = \"staff\"", "[[change]]\nfield = \"name\"\ntype = \"integer\"", "remove = [\"name\"]"]
    {
        let read = Overlay::read(SourceFile::new("overlay/park.toml", format!("ledger = \"park\"\n{text}")));
        let said = read.unwrap_err().to_string();
        assert!(said.contains("というキーはありません") && said.starts_with("overlay/park.toml:"), "{said}");
    }
}

#[test]
fn a_field_of_the_city_makes_way_for_one_of_the_program() {
    let before = overlay(r#"field = [{ key = "name", label = "市の名", type = "text" }]"#);
    let moved = r#"field = [{ key = "city_name", was = "name", label = "市の名", type = "text" }]"#;
    assert!(refused(moved, None).contains("製品の項目なので、名前を変えられません"));
    let whole = overlay(moved).lay_over(&park(), Some(&before)).unwrap();
    assert_eq!(whole.field("city_name").unwrap().was.as_deref(), Some("name"));
    // The same file is good for ever after.
    overlay(moved).lay_over(&park(), Some(&overlay(moved))).unwrap();
}

#[test]
fn a_field_that_would_stop_the_program_is_refused() {
    let said = refused("[[field]]\nkey = \"x\"\nlabel = \"x\"\ntype = \"text\"\nrequired = true", None);
    assert!(said.contains("必須にはできません"), "{said}");
}

#[test]
fn what_a_clerk_adds_to_a_ledger_of_the_program_is_an_overlay() {
    let edited = |from: &str, to: &str| {
        assert!(PARK.contains(from));
        SourceFile::new("park.toml", PARK.replace(from, to))
    };
    let more = edited(
        "label = \"名称\", type = \"text\" },",
        "label = \"公園名\", type = \"text\" }, { key = \"adopter\", label = \"愛護会\", type = \"text\" },",
    );
    let extension = Overlay::extending(&park(), &more, None).unwrap();
    let whole = extension.added.lay_over(&park(), None).unwrap();
    assert_eq!(whole.field("adopter").unwrap().label.ja(), "愛護会");
    assert_eq!(whole.field("name").unwrap().label.ja(), "公園名");
    assert_eq!(extension.whole.raw.change[0].field, "name");

    // A second extension is laid over the first, and the sum over the program's definition says the same.
    let text = whole.source.text.replace("label = \"愛護会\"", "label = \"愛護団体\"");
    let second = Overlay::extending(&whole, &SourceFile::new("park.toml", text), Some(&extension.whole)).unwrap();
    let together = second.whole.lay_over(&park(), Some(&extension.whole)).unwrap();
    let step_by_step = second.added.lay_over(&whole, Some(&extension.whole)).unwrap();
    assert_eq!(together.source.text, step_by_step.source.text);
    assert_eq!(together.field("adopter").unwrap().label.ja(), "愛護団体");

    for (from, to, expected) in [
        (
            "{ key = \"name\", label = \"名称\", type = \"text\" },",
            "{ key = \"nama\", label = \"名称\", type = \"text\" },",
            "なくせません",
        ),
        (
            "type = \"choice\", choices = [{ key = \"block\", label = \"街区公園\" }]",
            "type = \"text\"",
            "変えられません",
        ),
        ("owner = \"parks\"", "owner = \"roads\"", "項目のほかの定義は変えられません"),
    ] {
        let said = Overlay::extending(&park(), &edited(from, to), None);
        assert!(said.is_err_and(|errors| errors.to_string().contains(expected)), "{to}");
    }
}
