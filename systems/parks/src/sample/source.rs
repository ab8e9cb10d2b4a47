//! What the source of the sample says, in the words of the ledgers.

use serde::Deserialize;

/// A park of `sample/parks.csv`.
#[derive(Clone, Debug, Deserialize)]
pub struct SamplePark {
    pub id: String,
    pub name: String,
    pub address: String,
    pub lat: f64,
    pub lon: f64,
    pub kind: String,
    pub opened_year: i16,
    pub area_m2: String,
    pub facilities: String,
}

/// What a word of the source is here: playground equipment of a kind, or a facility of a category with its name.
pub enum Thing {
    Unit(&'static str, &'static str),
    Facility(&'static str, &'static str),
}

pub fn thing(word: &str) -> Option<Thing> {
    use Thing::{Facility, Unit};
    Some(match word {
        "swing" => Unit("swing", "steel"),
        "slide" => Unit("slide", "steel"),
        "rollerSlide" => Unit("slide", "stainless"),
        "sandbox" => Unit("sandbox", "concrete"),
        "springRider" => Unit("spring", "steel"),
        "combinedPlay" => Unit("combined", "steel"),
        "horizontalBar" => Unit("horizontal-bar", "steel"),
        "jungleGym" => Unit("jungle-gym", "steel"),
        "seesaw" => Unit("seesaw", "wood"),
        "tarzanRope" => Unit("rope", "rope"),
        "fitnessEquip" => Unit("fitness", "steel"),
        "waterPlay" => Unit("water", "concrete"),
        "toilet" => Facility("convenience", "便所"),
        "accessibleToilet" => Facility("convenience", "多機能便所"),
        "water" => Facility("convenience", "水飲み場"),
        "freeParking" | "paidParking" => Facility("convenience", "駐車場"),
        "bikeParking" => Facility("convenience", "駐輪場"),
        "shop" => Facility("convenience", "売店"),
        "vendingMachine" => Facility("convenience", "自動販売機"),
        "smokingArea" => Facility("other", "喫煙所"),
        "bbq" => Facility("other", "バーベキュー場"),
        "baseball" => Facility("sports", "野球場"),
        "soccer" => Facility("sports", "サッカー場"),
        "tennis" => Facility("sports", "テニスコート"),
        "lawn" => Facility("landscape", "芝生広場"),
        _ => return None,
    })
}

/// The parts of a kind of equipment, as they are commonly called.
pub fn parts(kind: &str) -> &'static [&'static str] {
    match kind {
        "swing" => &["支柱・はり", "吊り金具", "鎖", "座板", "基礎"],
        "slide" => &["踊り場・手すり", "はしご・階段", "滑降面", "支柱", "基礎"],
        "combined" => &["支柱", "床・手すり", "滑降面", "ネット・ロープ", "接合部", "基礎"],
        "sandbox" => &["枠", "砂"],
        "spring" => &["本体", "握り・足掛け", "スプリング", "基礎"],
        _ => &["本体", "接合部", "基礎"],
    }
}

pub fn park_kind(kind: &str) -> &'static str {
    match kind {
        "街区公園" => "block",
        "近隣公園" => "neighbourhood",
        "運動公園" => "sports",
        "都市緑地" => "urban-green",
        "緑道" => "greenway",
        kind if kind.starts_with("地区公園") => "district",
        kind if kind.starts_with("特殊公園") => "special",
        _ => "other",
    }
}
