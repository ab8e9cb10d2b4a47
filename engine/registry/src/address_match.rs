//! Comparing two addresses by name (`address-match`): the command line and the API offer it.
//!
//! The rules are the kernel's ([`kawasemi_kernel::address`]). Which towns there are comes from a file, from the city's own
//! register of towns, or, where neither is at hand, from the list that is built in.

use std::sync::LazyLock;

use kawasemi_kernel::address::{Gazetteer, Reading, compare};
use kawasemi_kernel::calculation::{Calculation, Given, Kind, Slot, Step, Worked};
use kawasemi_kernel::municipality::MunicipalityCode;

use crate::reference::{AYASE, AYASE_TOWNS};

/// The towns of the city that the program has with it (綾瀬市).
static BUILT_IN: LazyLock<Gazetteer> = LazyLock::new(|| {
    let blocks = AYASE_TOWNS.lines().skip(1).filter_map(|line| line.split(',').next());
    Gazetteer::of_blocks(AYASE.parse().ok(), blocks).expect("the built-in towns are tested")
});

/// Whether two addresses are the same place (住所の照合).
pub(crate) const ADDRESS_MATCH: Calculation = Calculation {
    key: "address-match",
    title: "二つの住所が同じ場所か",
    basis: "住居表示に関する法律第2条、住所の正規化の規則",
    inputs: &[
        Slot::required("address_a", "一つ目の住所", Kind::FreeText),
        Slot::required("address_b", "二つ目の住所", Kind::FreeText),
    ],
    outputs: &[
        Slot::optional("expected_key_a", "一つ目の住所のキー", Kind::Text),
        Slot::optional("expected_key_b", "二つ目の住所のキー", Kind::Text),
        Slot::required("expected_result", "判定（match・review・no_match・unresolved）", Kind::Text),
    ],
    compute: |given| Ok(address_match(&BUILT_IN, given)),
};

/// The towns that are built in.
pub fn built_in() -> &'static Gazetteer {
    &BUILT_IN
}

/// Compares the two addresses of an [`ADDRESS_MATCH`] over these towns.
pub fn address_match(gazetteer: &Gazetteer, given: &Given) -> Worked {
    let [one, other] = ["address_a", "address_b"].map(|key| given.text(key).unwrap_or_default());
    let compared = compare(gazetteer, one, other);
    let sides = [("一つ目", &compared.one), ("二つ目", &compared.other)];
    let worked = sides.into_iter().flat_map(|(side, reading)| steps(side, reading)).fold(Worked::new(), Worked::noted);
    worked
        .noted(compared.reason)
        .output("expected_key_a", compared.one.key())
        .output("expected_key_b", compared.other.key())
        .output("expected_result", compared.decision.key())
}

fn steps(side: &str, reading: &Reading) -> impl Iterator<Item = Step> {
    reading.steps.iter().map(move |step| Step { rule: format!("{side}: {}", step.rule), detail: step.detail.clone() })
}

/// Reads a gazetteer: CSV with the columns `town` and `max_chome` (0 where a town has no 丁目), and `city`, a municipality
/// code, where the file says whose towns they are. A file that does not, and of whose towns most are those of the built-in
/// city, is taken to be that city's.
///
/// # Errors
/// A sentence with the line that is wrong.
pub fn read_gazetteer(text: &str) -> Result<Gazetteer, String> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).from_reader(text.trim_start_matches('\u{FEFF}').as_bytes());
    let headings = reader.headers().map_err(|error| error.to_string())?.clone();
    let column = |name: &str| headings.iter().position(|heading| heading.trim() == name);
    let (Some(town), Some(max_chome)) = (column("town"), column("max_chome")) else {
        return Err("見出しの行に town と max_chome の列が必要です。".to_owned());
    };
    let mut towns = Vec::new();
    let mut city = None;
    for row in reader.records() {
        let row = row.map_err(|error| format!("CSV として読めません（{error}）。"))?;
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |column: usize| row.get(column).unwrap_or_default().trim();
        let number = match cell(max_chome) {
            "" => 0,
            text => {
                text.parse().map_err(|_| format!("{line}行目: max_chome の「{text}」は0以上の整数ではありません。"))?
            }
        };
        if let Some(code) = column("city").map(cell).filter(|code| !code.is_empty()) {
            let code = code.parse::<MunicipalityCode>().map_err(|error| format!("{line}行目: {error}"))?;
            if *city.get_or_insert(code) != code {
                return Err(format!("{line}行目: 団体コードがほかの行と違います。一つの市の町名だけにしてください。"));
            }
        }
        towns.push((cell(town).to_owned(), number));
    }
    let gazetteer = Gazetteer::new(city, towns).map_err(|error| error.to_string())?;
    Ok(match city {
        Some(_) => gazetteer,
        None => of_likely_city(gazetteer),
    })
}

fn of_likely_city(gazetteer: Gazetteer) -> Gazetteer {
    let known = gazetteer.towns().iter().filter(|town| BUILT_IN.town(&town.name).is_some()).count();
    let is_likely = 2 * known > gazetteer.towns().len();
    if is_likely { gazetteer.of_city(BUILT_IN.city()) } else { gazetteer }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gazetteer_says_or_shows_whose_towns_it_has() {
        let city = |text: &str| read_gazetteer(text).expect("is a gazetteer").city().map(|city| city.to_string());
        assert_eq!(city("town,max_chome\n深谷上,8\n早川,0\n一番町,0\n").as_deref(), Some("142182"));
        assert_eq!(city("\u{FEFF}max_chome,town\n3,宮町\n,早川\n"), None);
        assert_eq!(city("town,max_chome,city\n宮町,3,132063\n早川,0,\n").as_deref(), Some("132063"));
    }

    #[test]
    fn what_is_no_gazetteer_is_told() {
        for (text, expected) in [
            ("", "town と max_chome"),
            ("町,丁目\n早川,0\n", "town と max_chome"),
            ("town,max_chome\n", "町がありません"),
            ("town,max_chome\n早川,三\n", "2行目: max_chome の「三」"),
            ("town,max_chome\n早川,0\n,1\n", "2番目に、町名がありません"),
            ("town,max_chome,city\n早川,0,142183\n", "2行目: 団体コードの検査数字"),
            ("town,max_chome,city\n早川,0,142182\n宮町,3,132063\n", "3行目: 団体コードがほかの行と違います"),
        ] {
            let error = read_gazetteer(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn the_built_in_towns_are_of_the_city() {
        let chome = |name: &str| built_in().town(name).map(|town| (town.max_chome, town.has_lots));
        assert_eq!(chome("大上"), Some((9, false)));
        assert_eq!(chome("蓼川"), Some((3, true)));
        assert_eq!(chome("早川"), Some((0, true)));
        assert_eq!(built_in().city().map(|city| city.to_string()).as_deref(), Some("142182"));
    }
}
