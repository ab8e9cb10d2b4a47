//! What the strict reader accepts and how it refuses the rest.

use std::sync::Arc;

use kawasemi_schema::{Catalogue, Clearance, FieldKind, LedgerDef, SourceFile, SystemBundle};

const PARK: &str = r#"
key = "park"
title = { ja = "公園", en = "Park" }
owner = "parks"
label = ["name"]
retention = { basis = "都市公園法第17条" }
[list]
columns = ["name", "area"]
sort = ["name", "-updated_at"]

[[field]]
key = "name"
label = "公園名"
type = "text"
required = true
clearance = "public"

[[field]]
key = "area"
label = "面積"
type = "decimal"
scale = 2
unit = "㎡"
min = 0

[[field]]
key = "kind"
label = "種別"
type = "choice"
choices = [{ key = "block", label = "街区公園" }, { key = "city", label = "総合公園" }]
"#;

fn read(text: &str) -> Result<LedgerDef, String> {
    LedgerDef::read(SourceFile::new("park.toml", text)).map_err(|errors| errors.to_string())
}

/// Reads the park with one piece replaced and returns what the reader says.
fn refusal(from: &str, to: &str) -> String {
    assert!(PARK.contains(from), "{from}");
    read(&PARK.replacen(from, to, 1)).expect_err("is refused")
}

#[test]
fn reads_a_ledger() {
    let park = read(PARK).expect("is accepted");
    assert_eq!(park.table(), "l_park");
    assert_eq!(park.field("name").map(|f| f.clearance), Some(Clearance::Public));
    assert!(matches!(park.field("area").map(|f| &f.kind), Some(FieldKind::Decimal { scale: 2, min: Some(0), .. })));
}

#[test]
fn refuses_with_line_and_hint() {
    for (from, to, expected) in [
        ("unit = ", "units = ", "park.toml:23:1: 「units」というキーはありません（「unit」のことですか）"),
        ("\"decimal\"", "\"decimals\"", "「decimals」という値は使えません（「decimal」のことですか）"),
        (
            "label = [\"name\"]",
            "label = [\"nama\"]",
            "park.toml:5:9: 「nama」という項目はありません（「name」のことですか）",
        ),
        ("required = true", "required = 1", "park.toml:15:12: 値の型が違います"),
        ("min = 0", "min = 0\nmax = -1", "min が max より大きくなっています"),
        ("required = true", "scale = 1", "park.toml:15:9: この型の項目に scale は使えません"),
        ("key = \"kind\"", "key = \"name\"", "項目「name」が二つあります"),
        ("key = \"kind\"", "key = \"batch\"", "「batch」はどの台帳にもある名前なので使えません"),
        ("key = \"kind\"", "key = \"Kind\"", "項目のキー「Kind」の形が正しくありません"),
        ("owner = \"parks\"\n", "", "「owner」がありません"),
        ("clearance = \"public\"", "clearance = \"personal\"", "個人情報を含む台帳には利用目的が必要です"),
        ("[list]", "[list", "TOMLとして読めません"),
    ] {
        let said = refusal(from, to);
        assert!(said.contains(expected), "{to}: {said}");
    }
}

#[test]
fn a_map_is_drawn_by_what_can_be_drawn() {
    let place = "[[field]]\nkey = \"place\"\nlabel = \"位置\"\ntype = \"point\"\n";
    let usual = read(&format!("{PARK}{place}")).expect("is accepted").map.expect("a geometry has a map");
    assert_eq!((usual.geometry.as_str(), usual.colour, usual.min_zoom), ("place", None, 0));
    let with = |map: &str, choice: &str| {
        let park = PARK.replacen("label = \"総合公園\"", &format!("label = \"総合公園\"{choice}"), 1);
        read(&format!("{park}{place}[map]\n{map}"))
    };
    let own =
        with("colour = \"kind\"\nlabel = \"name\"\nmin_zoom = 12\n", ", colour = \"#0072b2\"").expect("is accepted");
    assert_eq!(own.map.and_then(|map| map.colour).as_deref(), Some("kind"));
    for (map, choice, expected) in [
        ("geometry = \"name\"\n", "", "「name」は位置（point・line・polygon）の項目ではありません"),
        ("colour = \"area\"\n", "", "「area」は選択肢（choice）・はい／いいえ（yes-no）の項目ではない"),
        ("colour = \"kinds\"\n", "", "「kind」のことですか"),
        ("min_zoom = 23\n", "", "0から22まで"),
        ("zoom = 3\n", "", "「zoom」というキーはありません"),
        ("", ", colour = \"red\"", "選択肢「city」の色が読めません"),
    ] {
        let said = with(map, choice).expect_err("is refused");
        assert!(said.contains(expected), "{map}{choice}: {said}");
    }
    let said = read(&format!("{PARK}[map]\n")).expect_err("is refused");
    assert!(said.contains("位置の項目がない"), "{said}");
}

#[test]
fn says_everything_that_is_wrong_at_once() {
    let said = refusal("\"name\", \"area\"", "\"nome\", \"aria\"");
    assert_eq!(said.lines().count(), 2, "{said}");
}

#[test]
fn refuses_a_dangling_reference() {
    let text = format!(
        "{PARK}\n[[field]]\nkey = \"owner_party\"\nlabel = \"所有者\"\ntype = \"reference\"\ntarget = \"perk\"\n"
    );
    let ledger = Arc::new(read(&text).expect("is accepted alone"));
    let said = Catalogue::new([ledger]).expect_err("is refused").to_string();
    assert!(said.starts_with("park.toml:36:10: 「perk」という台帳はありません（「park」のことですか）"), "{said}");
}

#[test]
fn reads_a_system_folder() {
    let system = "key = \"parks\"\ntitle = \"公園台帳\"\nowner = \"parks\"\n[[role]]\nkey = \"park-keeper\"\ntitle = \"公園管理\"\n";
    let bundle = SystemBundle::read("systems/parks", &[("system.toml", system), ("ledgers/park.toml", PARK)]);
    assert_eq!(bundle.map(|b| b.ledgers.len()), Ok(1));
    let said = SystemBundle::read("systems/parks", &[("ledgers/park.toml", "key = 1")]).expect_err("is refused");
    assert!(said.to_string().starts_with("systems/parks/ledgers/park.toml:1:7"), "{said}");
}

#[test]
fn what_a_definition_says_can_be_written_again() {
    let raw: kawasemi_schema::raw::RawLedger = toml::from_str(PARK).expect("reads");
    let written = toml::to_string(&raw).expect("writes");
    let again = read(&written).expect("reads what was written");
    assert_eq!(again.fields.len(), 3);
}

#[test]
fn a_computed_field_is_as_closed_as_what_it_is_computed_from() {
    let with = |clearance: &str| {
        let wage = "[[field]]\nkey = \"wage\"\nlabel = \"賃金\"\ntype = \"yen\"\nclearance = \"sensitive\"\n";
        let computed = |key: &str, from: &str, more: &str| {
            format!(
                "[[field]]\nkey = \"{key}\"\nlabel = \"{key}\"\ntype = \"computed\"\nresult = \"yen\"\nexpression = \"{from}\"\n{more}"
            )
        };
        let park = PARK.replacen("owner =", "purpose = \"委託料を管理するため\"\nowner =", 1);
        let text =
            format!("{park}{wage}{}{}", computed("twice", "wage * 2", ""), computed("more", "twice + 1", clearance));
        let park = read(&text).expect("is accepted");
        ["twice", "more"].map(|key| park.field(key).map(|field| field.clearance))
    };
    assert_eq!(with(""), [Some(Clearance::Sensitive); 2]);
    assert_eq!(
        with("clearance = \"public\"\n"),
        [Some(Clearance::Sensitive), Some(Clearance::Public)],
        "as it was said"
    );
}
