//! The ledger sheet of a park (都市公園台帳の調書): every item of 都市公園法施行規則第10条第2項, numbered as the order numbers them. An item of which
//! there is nothing says so, since a missing heading would look like a forgotten one.

use std::collections::BTreeMap;

use super::{Section, day, or_dash};
use crate::kernel::Decimal;
use crate::platform::ui::said;
use crate::records::{Facility, Land, Occupation, Permit, Whole};
use crate::rules::coverage::{Coverage, Share, land_difference};

/// The words of choices, by field and key.
pub struct Names<'a> {
    /// Of the park.
    pub park: &'a dyn Fn(&str, &str) -> String,
    /// Of its land.
    pub land: &'a dyn Fn(&str, &str) -> String,
    /// Of its facilities.
    pub facility: &'a dyn Fn(&str, &str) -> String,
    /// Of permits.
    pub permit: &'a dyn Fn(&str, &str) -> String,
    /// Of occupations.
    pub occupation: &'a dyn Fn(&str, &str) -> String,
    /// Of playground equipment.
    pub unit: &'a dyn Fn(&str, &str) -> String,
}

/// The sections of the sheet.
pub fn sections(whole: &Whole, shares: &Coverage, names: &Names<'_>) -> Vec<Section> {
    let park = &whole.park;
    let established = match (park.established_on, park.established_note.as_str()) {
        (None, note) => or_dash(note.to_owned()),
        (on, "") => day(on),
        (on, note) => format!("{}（{note}）", day(on)),
    };
    let history = park.history.iter().map(|(on, text)| vec![day(*on), text.clone()]).collect();
    vec![
        Section::default().titled("一　名称").with_facts([
            ("名称".to_owned(), park.name.clone()),
            ("よみ".to_owned(), park.name_kana.clone()),
            ("種別".to_owned(), (names.park)("kind", &park.kind)),
        ]),
        Section::text("二　所在地", &park.address),
        Section::text("三　設置年月日", &established),
        Section::table("四　沿革の概要", &[("年月日", 2), ("内容", 6)], history),
        land(whole, names),
        facilities(whole, names),
        buildings(shares),
        Section::default()
            .titled("八　運動施設の敷地面積の総計と敷地面積に対する割合")
            .with_facts(share_facts(&shares.sports)),
        occupations(whole, names),
        Section::text(
            "十　公園一体建物の概要",
            if park.integrated_building.is_empty() { "該当なし" } else { &park.integrated_building },
        ),
    ]
}

impl Section {
    fn titled(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }
}

fn square_metres(area: Option<Decimal>) -> String {
    area.map_or_else(|| "－".to_owned(), |area| format!("{}㎡", said::grouped(area.to_f64())))
}

fn land(whole: &Whole, names: &Names<'_>) -> Section {
    let row = |land: &Land| {
        let owner = (names.land)("owner_kind", &land.owner_kind);
        let owner = if land.owner_name.is_empty() { owner } else { format!("{owner}（{}）", land.owner_name) };
        let term = match (land.lease_from, land.lease_until) {
            (None, None) => "－".to_owned(),
            (from, until) => format!("{} から {} まで", day(from), day(until)),
        };
        vec![
            land.parcel_no.clone(),
            owner,
            square_metres(Some(land.area_m2)),
            (names.land)("title_kind", &land.title_kind),
            term,
        ]
    };
    let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
    for land in &whole.land {
        *sums.entry(&land.owner_kind).or_default() += land.area_m2.units();
    }
    let sums = sums.into_iter().map(|(kind, units)| {
        (format!("うち {}", (names.land)("owner_kind", kind)), square_metres(Some(Decimal::new(units, 2))))
    });
    let mut facts = vec![("敷地面積".to_owned(), square_metres(whole.park.site_area_m2))];
    facts.extend(sums);
    let columns = [("地番", 3), ("所有者", 4), ("面積", 2), ("公園管理者の権原", 2), ("契約の期間", 4)];
    let section = Section::table(
        "五　敷地面積、土地所有者別の内訳及び公園管理者の権原",
        &columns,
        whole.land.iter().map(row).collect(),
    );
    let areas: Vec<Decimal> = whole.land.iter().map(|land| land.area_m2).collect();
    let section = match land_difference(whole.park.site_area_m2, &areas) {
        Some(difference) => section.note(format!("内訳の合計は敷地面積と{difference}㎡違います（調査中）。")),
        None => section,
    };
    let section = if whole.land.is_empty() {
        section.note("土地所有者別の内訳は登録されていません。")
    } else {
        section
    };
    section.with_facts(facts)
}

fn facilities(whole: &Whole, names: &Names<'_>) -> Section {
    let permit = |facility: &Facility| {
        let permit = facility.permit.and_then(|id| whole.permits.iter().find(|permit| permit.id == id));
        permit.map_or_else(|| "－".to_owned(), |permit| permit.permit_no.clone())
    };
    let row = |facility: &Facility| {
        let quantity = facility.quantity.map(|quantity| said::grouped(quantity.to_f64())).unwrap_or_default();
        vec![
            (names.facility)("category", &facility.category),
            facility.name.clone(),
            or_dash(format!("{quantity}{}", if quantity.is_empty() { "" } else { &facility.unit })),
            or_dash(facility.structure.clone()),
            square_metres(facility.building_area_m2),
            square_metres(facility.sports_area_m2),
            permit(facility),
        ]
    };
    let mut rows: Vec<Vec<String>> = whole.facilities.iter().filter(|facility| facility.is_main).map(row).collect();
    let mut units: BTreeMap<&str, usize> = BTreeMap::new();
    for unit in &whole.units {
        *units.entry(&unit.kind).or_default() += 1;
    }
    let dash = || "－".to_owned();
    rows.extend(units.into_iter().map(|(kind, count)| {
        let play = (names.facility)("category", "play");
        vec![play, (names.unit)("kind", kind), format!("{count}基"), dash(), dash(), dash(), dash()]
    }));
    let columns =
        [("種類", 3), ("名称", 4), ("数量", 2), ("構造", 4), ("建築面積", 2), ("運動施設の敷地面積", 2), ("許可", 2)];
    let mut section = Section::table("六　建物その他主な公園施設", &columns, rows);
    for permit in &whole.permits {
        section = section.note(permit_note(permit, names));
    }
    section
}

/// The holder and the term of a permit, in a line below the facilities.
fn permit_note(permit: &Permit, names: &Names<'_>) -> String {
    let holder = if permit.holder.is_empty() {
        "許可を受けた者の氏名・住所は窓口で閲覧".to_owned()
    } else {
        let representative = if permit.representative.is_empty() {
            String::new()
        } else {
            format!("　代表者 {}", permit.representative)
        };
        format!("許可を受けた者 {}　{}{representative}", permit.holder, permit.holder_address)
    };
    format!(
        "許可 {}（法第5条第1項、{}）{}　{holder}　期間 {} から {} まで",
        permit.permit_no,
        (names.permit)("kind", &permit.kind),
        permit.subject,
        day(permit.from),
        day(permit.until)
    )
}

fn buildings(shares: &Coverage) -> Section {
    let row = |share: &Share| {
        let percent =
            |percent: Option<Decimal>| percent.map_or_else(|| "－".to_owned(), |percent| format!("{percent}％"));
        let mut name = share.name.clone();
        if share.is_over {
            name.push_str("（上限を超過）");
        }
        vec![name, square_metres(Some(share.area_m2)), percent(share.percent), percent(share.limit)]
    };
    let rows = std::iter::once(&shares.buildings).chain(&shares.classes).map(row).collect();
    let columns = [("区分", 4), ("建築面積の総計", 3), ("敷地面積に対する割合", 3), ("基準・上乗せ", 2)];
    let mut section = Section::table(
        "七　建築物の建築面積の総計と敷地面積に対する割合（令第6条第1項各号の別を含む）",
        &columns,
        rows,
    );
    if shares.classes.is_empty() {
        section = section.note("令第6条第1項各号の建築物は、該当なし。");
    }
    section
}

fn share_facts(share: &Share) -> [(String, String); 3] {
    let percent = |percent: Option<Decimal>| percent.map(|percent| format!("{percent}％")).unwrap_or_default();
    [
        ("敷地面積の総計".to_owned(), square_metres(Some(share.area_m2))),
        ("敷地面積に対する割合".to_owned(), percent(share.percent)),
        ("上限".to_owned(), percent(share.limit)),
    ]
}

fn occupations(whole: &Whole, names: &Names<'_>) -> Section {
    let row = |one: &Occupation| {
        let holder = match (one.holder.is_empty(), one.representative.is_empty()) {
            (true, _) => "（窓口で閲覧）".to_owned(),
            (false, true) => format!("{}\n{}", one.holder, one.holder_address),
            (false, false) => format!("{}　代表者 {}\n{}", one.holder, one.representative, one.holder_address),
        };
        vec![
            format!("{}\n{}", (names.occupation)("kind", &one.kind), one.name),
            or_dash(one.structure.clone()),
            square_metres(one.building_area_m2),
            one.underground_percent.map_or_else(|| "－".to_owned(), |percent| format!("{percent}％")),
            holder,
            format!("{}\n{}", day(one.from), day(one.until)),
        ]
    };
    let rows = whole.occupations.iter().filter(|one| one.is_main).map(row).collect();
    let columns =
        [("種類と名称", 4), ("構造", 3), ("建築面積", 2), ("地下の割合", 2), ("占用者", 4), ("始期と終期", 3)];
    Section::table("九　主な占用物件", &columns, rows)
}
