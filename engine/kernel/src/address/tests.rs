//! The rules as a whole, over a small gazetteer.

use proptest::prelude::*;

use super::*;

fn gazetteer() -> Gazetteer {
    let towns = [
        ("深谷", 0),
        ("深谷上", 8),
        ("早川", 0),
        ("早川城山", 5),
        ("寺尾中", 4),
        ("寺尾本町", 3),
        ("桜ケ丘", 3),
        ("一番町", 0),
        ("渋沢", 2),
        ("舟の戸", 0),
        ("六丁目", 0),
        ("蓼川", 0),
        ("蓼川", 3),
    ];
    let city = "142182".parse().expect("the code of Ayase");
    Gazetteer::new(Some(city), towns.map(|(name, chome)| (name.to_owned(), chome))).expect("is a gazetteer")
}

fn key(text: &str) -> String {
    gazetteer().read(text).key()
}

fn refused(text: &str) -> Unresolved {
    gazetteer().read(text).outcome.expect_err(text)
}

#[test]
fn every_spelling_has_one_key() {
    for (key_of_all, texts) in [
        (
            "早川550-1#",
            &[
                "早川550-1",
                "神奈川県綾瀬市大字早川五五〇番地の一",
                "綾瀬市早川５５０番地１",
                "早川 550 - 1",
                "早川五百五十番１",
                "早川550の1",
                "早川550ノ1",
                "早川550之1",
                "早川五五○番地壱",
                "〒252-1123　綾瀬市字早川０５５０－０１",
                "早川字新堀550番地1号",
                "神奈川県 綾瀬市 早 川 550番地 1号",
                "早川\u{E0100}５５０‐１",
            ][..],
        ),
        (
            "深谷上1丁目2-3#201",
            &[
                "深谷上1-2-3-201",
                "深谷上一丁目2番3号201号室",
                "深谷上１丁目２番３号 ２０１",
                "深谷上1丁目2-3-201",
                "深谷上1-2-3-201号室",
                "深谷上1丁目 2番 3号 コーポ深谷 0201",
                "深谷上1の2の3 第3ハイツ(2階)201号",
                "深谷上1-2-3メゾン三浦二〇一号室",
                "深谷上1-2-3 スカイタワー201",
                "深谷上1-2-3-201 コーポ深谷",
                "深谷上1-2-3千代田荘201",
                "深谷上1-2-3三浦ハイツ第105棟201号室",
                "深谷上1-2-3-コーポ201",
            ],
        ),
        (
            "深谷上1丁目2-3#",
            &["深谷上1-2-3", "深谷上1-2-3 第3ビル", "深谷上1-2-3-2F", "深谷上1-2-3 第100ビル", "深谷上壱丁目弐番参号"],
        ),
        ("桜ケ丘2丁目4-6#", &["桜が丘2-4-6", "桜ヶ丘二丁目4番6号", "桜ｹ丘２丁目４ー６"]),
        ("一番町5-2#", &["一番町五番二号", "１番町５－２", "一番丁5-2"]),
        ("六丁目3-1#", &["六丁目3番地1", "6丁目3-1"]),
        ("寺尾本町3丁目1#", &["寺尾本町3-1", "寺尾本3-1", "寺尾本町三丁目1番地"]),
        ("舟の戸12#", &["舟の戸12", "船ノ戸十二番地", "舟之戸１２番"]),
        ("渋沢1丁目8-2#", &["渋澤1丁目8-2 2階", "澁澤1-8-2"]),
        ("早川550-201#", &["早川550番地201", "早川550-201"]),
        ("早川550#201", &["早川550番地 201号室", "早川550-201号室", "早川550 コーポ201", "早川550番地 201"]),
        ("早川550-1#201", &["早川550-1-201", "早川550番地1-201"]),
        ("早川550-1-2#", &["早川550-1-2", "早川550番地1の2"]),
        ("早川550-1-2#3", &["早川550-1-2-3"]),
        ("早川550-1-2#", &["早川550-1-2 コーポ"]),
        ("深谷550#", &["大字深谷字上550", "深谷小字上五百五十番地"]),
        ("深谷上1丁目2-3-4#", &["深谷上1丁目2-3-4", "深谷上1丁目2番3号の4"]),
        ("深谷上1丁目2-3#4", &["深谷上1-2-3-4"]),
        ("深谷上1丁目2-3-4#101", &["深谷上1-2-3-4 コーポ101", "深谷上1-2-3-4-101"]),
        ("蓼川1234-5#", &["蓼川1234番地5", "蓼川1234-5"]),
        ("蓼川1丁目2-3#", &["蓼川1-2-3", "蓼川一丁目2番3号"]),
        ("深谷3900#", &["深谷三千九百番地", "深谷3千9百"]),
    ] {
        for text in texts {
            assert_eq!(key(text), key_of_all, "{text}");
        }
    }
}

#[test]
fn what_is_not_an_address_of_the_city_says_why() {
    let unknown = |town: &str, chome| Unresolved::UnknownChome { town: town.to_owned(), chome };
    let no_chome = Unresolved::NoChome("深谷上".to_owned());
    for (text, expected) in [
        ("", Unresolved::Empty),
        ("　", Unresolved::Empty),
        ("綾瀬市中央1-2-3", Unresolved::UnknownTown("中央1-2-".to_owned())),
        ("神奈川県綾瀬市", Unresolved::NoTown),
        ("綾瀬市深谷", Unresolved::NoNumber("深谷".to_owned())),
        ("深谷東1-2-3", Unresolved::NoNumber("深谷".to_owned())),
        ("深谷上1丁目", Unresolved::NoNumber("深谷上1丁目".to_owned())),
        ("深谷上2番3号", no_chome.clone()),
        ("深谷上5", no_chome.clone()),
        ("深谷上2番地3", no_chome),
        ("深谷上9-2-3", unknown("深谷上", 9)),
        ("深谷上9丁目2-3", unknown("深谷上", 9)),
        ("早川1丁目5", unknown("早川", 1)),
        ("早川1-2-3-4-5", Unresolved::TooManyNumbers),
        ("大和市深谷3900", Unresolved::OtherCity("神奈川県大和市".to_owned())),
        ("東京都綾瀬市深谷3900", Unresolved::OtherCity("東京都".to_owned())),
    ] {
        assert_eq!(refused(text), expected, "{text}");
    }
}

#[test]
fn a_town_called_as_another_municipality_stays_this_citys() {
    let fuchu = "132063".parse().expect("the code of 府中市");
    let towns = [("府中町".to_owned(), 3), ("宮町".to_owned(), 3)];
    let gazetteer = Gazetteer::new(Some(fuchu), towns).expect("is a gazetteer");
    assert_eq!(gazetteer.read("府中町1-2").key(), "府中町1丁目2#");
    assert_eq!(gazetteer.read("東京都府中市府中町1-2").key(), "府中町1丁目2#");
    assert_eq!(gazetteer.read("府中市宮町1-2").key(), "宮町1丁目2#");
    assert!(gazetteer.read("広島県府中市宮町1-2").outcome.is_err());
    assert!(gazetteer.read("広島県安芸郡府中町1-2").outcome.is_err());
}

#[test]
fn the_decision_follows_the_keys() {
    use Decision::{Match, NoMatch, Review, Unresolved};
    for (one, other, decision) in [
        ("早川550", "早川550番地", Match),
        ("深谷上1-2-3", "深谷上1-2-3-101", Review),
        ("早川550", "早川550-1", Review),
        ("早川550 コーポ101", "早川550-1", Review),
        ("早川550 コーポ101", "早川550-1 コーポ102", NoMatch),
        ("深谷上1-2-3-101", "深谷上1-2-3-102", NoMatch),
        ("深谷上1-2-3", "深谷上2-2-3", NoMatch),
        ("深谷上1-2", "深谷1-2", NoMatch),
        ("早川55", "早川550", NoMatch),
        ("早川", "早川550", Unresolved),
    ] {
        assert_eq!(compare(&gazetteer(), one, other).decision, decision, "{one} {other}");
        assert_eq!(compare(&gazetteer(), other, one).decision, decision, "{other} {one}");
    }
}

#[test]
fn cities_are_compared_where_the_gazetteer_does_not_say_whose_towns_it_has() {
    let gazetteer = gazetteer().of_city(None);
    assert_eq!(compare(&gazetteer, "綾瀬市早川550", "海老名市早川550").decision, Decision::NoMatch);
    assert_eq!(compare(&gazetteer, "早川550", "海老名市早川550").decision, Decision::Match);
    assert_eq!(compare(&gazetteer, "府中市早川550", "広島県府中市早川550").decision, Decision::Match);
}

#[test]
fn the_working_names_every_step() {
    let reading = gazetteer().read("〒252-1108 綾瀬市大字深谷上1-2-3 コーポ201");
    let rules: Vec<&str> = reading.steps.iter().map(|step| step.rule.as_str()).collect();
    let expected = [
        "文字をそろえる",
        "郵便番号・都道府県・市を除く",
        "大字・字を除く",
        "町名（最も長く一致するもの）",
        "丁目",
        "番地・番・号",
        "建物・部屋",
        "キー",
    ];
    assert_eq!(rules, expected);
}

#[test]
fn addresses_anywhere_are_taken_apart() {
    for (text, expected) in [
        ("神奈川県高座郡寒川町宮山165番地", ["神奈川県", "高座郡", "寒川町", "宮山", "165", ""]),
        ("京都市東山区本町22丁目742", ["京都府", "", "京都市東山区", "本町二十二丁目", "742", ""]),
        ("横浜市瀬谷区三ツ境7-1 ハイツ101", ["神奈川県", "", "横浜市瀬谷区", "三ツ境", "7-1", "ハイツ101"]),
        ("府中市宮町1-1", ["", "", "府中市", "宮町", "1-1", ""]),
        ("どこでもない", ["", "", "", "どこでもない", "", ""]),
    ] {
        let split = split(text, |_| None);
        let block = split.block();
        let found = [&split.prefecture, &split.county, &split.city, &block, &split.numbers, &split.rest];
        assert_eq!(found, expected.each_ref(), "{text}");
    }
}

fn full_width(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_graphic() { char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c) } else { c })
        .collect()
}

proptest! {
    #[test]
    fn a_key_is_stable_under_width_hyphens_and_numerals(
        chome in 1_u32..=8, block in 1_u32..200, number in 1_u32..200, room in 1_u32..2000,
        hyphen in prop::sample::select(vec!["-", "－", "−", "‐", "–", "—", "―", "ー", "ｰ", "─", "の", "ノ"]),
    ) {
        let expected = format!("深谷上{chome}丁目{block}-{number}#{room}");
        let plain = format!("深谷上{chome}-{block}-{number}-{room}");
        prop_assert_eq!(key(&plain), expected.clone());
        prop_assert_eq!(key(&plain.replace('-', hyphen)), expected.clone());
        prop_assert_eq!(key(&full_width(&plain)), expected.clone());
        let kanji = format!(
            "神奈川県綾瀬市深谷上{}丁目{}番{}号 コーポ{}号室",
            numeral::kanji(chome), numeral::kanji(block), numeral::kanji(number), numeral::kanji(room),
        );
        prop_assert_eq!(key(&kanji), expected);
    }

    #[test]
    fn a_key_read_again_is_the_same(town in prop::sample::select(vec!["深谷上", "早川", "一番町", "六丁目"]), tail in "[0-9一二三十丁目番地号のノーF階室棟 第ハ-]{0,14}") {
        if let Ok(address) = gazetteer().read(&format!("{town}{tail}")).outcome {
            let room = if address.room.is_empty() { String::new() } else { format!(" {}号室", address.room) };
            prop_assert_eq!(key(&format!("{}{room}", address.place())), address.key());
        }
    }

    #[test]
    fn nothing_that_is_typed_breaks_it(text in "\\PC{0,20}|[早川深谷上一二三十百千万0-9〒神奈県綾瀬市大字丁目番地号室のー 第階F\u{E0100}-]{0,20}", other in "\\PC{0,8}") {
        let gazetteer = gazetteer();
        let forth = compare(&gazetteer, &text, &other);
        prop_assert_eq!(forth.decision, compare(&gazetteer, &other, &text).decision);
        let same = compare(&gazetteer, &text, &text).decision;
        prop_assert!(same == Decision::Match || same == Decision::Unresolved);
        split(&text, |_| None);
    }
}
