//! English keys for Japanese headings.
//!
//! A field's key is for programs and addresses; people only see its label. A heading made of words from the table gets
//! their English (`公園名` is `park_name`), another one `field_1`, which the clerk may change before publishing.

use std::collections::HashSet;

use kawasemi_schema::ledger::{KEY_MAX, is_reserved};

/// Words of headings, the longer before the shorter where one begins another.
const WORDS: [(&str, &str); 118] = [
    ("郵便番号", "postcode"),
    ("電話番号", "phone"),
    ("メールアドレス", "mail"),
    ("生年月日", "birth_date"),
    ("フリガナ", "kana"),
    ("ふりがな", "kana"),
    ("担当者", "person_in_charge"),
    ("担当課", "department"),
    ("所管課", "department"),
    ("所在地", "location"),
    ("開始日", "start_date"),
    ("終了日", "end_date"),
    ("受付日", "received_on"),
    ("受付番号", "receipt_number"),
    ("申請日", "applied_on"),
    ("申請者", "applicant"),
    ("登録日", "registered_on"),
    ("更新日", "renewed_on"),
    ("設置日", "installed_on"),
    ("設置年", "installed_year"),
    ("点検日", "inspected_on"),
    ("完了日", "completed_on"),
    ("提出日", "submitted_on"),
    ("期限", "due_date"),
    ("年月日", "date"),
    ("年度", "fiscal_year"),
    ("年月", "month"),
    ("日時", "held_at"),
    ("日付", "date"),
    ("氏名", "person_name"),
    ("名前", "name"),
    ("名称", "name"),
    ("住所", "address"),
    ("性別", "sex"),
    ("年齢", "age"),
    ("電話", "phone"),
    ("携帯", "mobile"),
    ("部署", "department"),
    ("会社", "company"),
    ("団体", "organisation"),
    ("業者", "contractor"),
    ("代表者", "representative"),
    ("施設", "facility"),
    ("公園", "park"),
    ("道路", "road"),
    ("学校", "school"),
    ("建物", "building"),
    ("部屋", "room"),
    ("備品", "equipment"),
    ("物品", "article"),
    ("品名", "item"),
    ("品目", "item"),
    ("型番", "model"),
    ("規格", "specification"),
    ("数量", "quantity"),
    ("個数", "quantity"),
    ("件数", "count"),
    ("人数", "people"),
    ("面積", "area"),
    ("延長", "length"),
    ("高さ", "height"),
    ("幅", "width"),
    ("単価", "unit_price"),
    ("金額", "amount"),
    ("予算", "budget"),
    ("決算", "settlement"),
    ("価格", "price"),
    ("料金", "fee"),
    ("費用", "cost"),
    ("合計", "total"),
    ("小計", "subtotal"),
    ("単位", "unit"),
    ("割合", "ratio"),
    ("区分", "category"),
    ("分類", "category"),
    ("種別", "kind"),
    ("種類", "kind"),
    ("状態", "status"),
    ("状況", "status"),
    ("結果", "result"),
    ("評価", "evaluation"),
    ("内容", "content"),
    ("概要", "summary"),
    ("説明", "description"),
    ("理由", "reason"),
    ("目的", "purpose"),
    ("件名", "subject"),
    ("題名", "title"),
    ("表題", "title"),
    ("場所", "place"),
    ("地区", "district"),
    ("地域", "area_name"),
    ("緯度", "latitude"),
    ("経度", "longitude"),
    ("備考", "remarks"),
    ("摘要", "remarks"),
    ("メモ", "memo"),
    ("写真", "photo"),
    ("添付", "attachment"),
    ("管理", "management"),
    ("番号", "no"),
    ("コード", "code"),
    ("対応", "response"),
    ("相談", "consultation"),
    ("苦情", "complaint"),
    ("点検", "inspection"),
    ("修繕", "repair"),
    ("工事", "construction"),
    ("契約", "contract"),
    ("委託", "commission"),
    ("指標", "indicator"),
    ("目標", "target"),
    ("実績", "actual"),
    ("担当", "in_charge"),
    ("課", "section"),
    ("者", "person"),
    ("名", "name"),
    ("日", "date"),
];

/// A key in snake_case for a heading, other than those already taken, which it joins.
pub(super) fn key_for(heading: &str, position: usize, taken: &mut HashSet<String>) -> String {
    let mut key =
        ascii_key(heading, '_').or_else(|| translated(heading)).unwrap_or_else(|| format!("field_{position}"));
    if is_reserved(&key) {
        key.insert_str(0, "the_");
    }
    key.truncate(KEY_MAX - 3);
    let key = key.trim_end_matches('_').to_owned();
    let free = std::iter::once(key.clone()).chain((2..).map(|n| format!("{key}_{n}"))).find(|key| !taken.contains(key));
    let key = free.unwrap_or(key);
    taken.insert(key.clone());
    key
}

/// A key in kebab-case for a choice.
pub(super) fn choice_key(label: &str, position: usize, taken: &mut HashSet<String>) -> String {
    let mut key = ascii_key(label, '-')
        .or_else(|| translated(label).map(|key| key.replace('_', "-")))
        .unwrap_or_else(|| format!("choice-{position}"));
    key.truncate(KEY_MAX - 3);
    let key = key.trim_end_matches('-').to_owned();
    let free = std::iter::once(key.clone()).chain((2..).map(|n| format!("{key}-{n}"))).find(|key| !taken.contains(key));
    let key = free.unwrap_or(key);
    taken.insert(key.clone());
    key
}

/// A heading that is written in ASCII already.
fn ascii_key(heading: &str, joiner: char) -> Option<String> {
    let folded = kawasemi_kernel::text::fold(heading);
    if !folded.is_ascii() {
        return None;
    }
    let words: Vec<&str> = folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let key = words.join(&joiner.to_string());
    key.starts_with(|c: char| c.is_ascii_lowercase()).then_some(key)
}

/// The English of a heading that is made of known words; what stands in brackets (a unit) is left out.
fn translated(heading: &str) -> Option<String> {
    let bare = heading.split(['（', '(', '【', '［']).next().unwrap_or_default();
    let mut rest: String = bare.chars().filter(|c| !c.is_whitespace() && !"・／/の".contains(*c)).collect();
    let mut words: Vec<&str> = Vec::new();
    while !rest.is_empty() {
        let longest = WORDS.iter().filter(|(word, _)| rest.starts_with(word)).max_by_key(|(word, _)| word.len());
        let (word, english) = longest?;
        rest.drain(..word.len());
        if words.last() != Some(english) {
            words.push(english);
        }
    }
    (!words.is_empty()).then(|| words.join("_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn translates_headings() {
        let mut taken = HashSet::new();
        for (heading, key) in [
            ("公園名", "park_name"),
            ("面積（㎡）", "area"),
            ("面積", "area_2"),
            ("番号", "no"),
            ("ID", "the_id"),
            ("Ｎａｍｅ of park", "name_of_park"),
            ("謎", "field_7"),
            ("123", "field_8"),
        ] {
            let position = if heading == "謎" { 7 } else { 8 };
            assert_eq!(key_for(heading, position, &mut taken), key, "{heading}");
        }
    }
}
