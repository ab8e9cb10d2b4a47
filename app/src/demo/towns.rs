//! Addresses in the city's real towns, with house numbers that chance chose.

use std::sync::LazyLock;

use kawasemi_kernel::PostalAddress;
use serde::Deserialize;

use super::draw::Draw;

/// A town block (町丁目).
#[derive(Debug, Deserialize)]
pub struct Town {
    /// Its name, such as `深谷中一丁目`.
    pub town: String,
    postcode: String,
}

static TOWNS: LazyLock<Vec<Town>> = LazyLock::new(|| super::rows(include_str!("../../data/towns.csv")));

/// Draws a town block.
pub fn town(draw: &mut Draw) -> &'static Town {
    draw.weighted(&TOWNS, |_| 1)
}

impl Town {
    /// Draws an address in it; one in four is a flat.
    pub fn address(&self, draw: &mut Draw) -> PostalAddress {
        let number = if self.town.ends_with("丁目") {
            format!("{}番{}号", draw.between(1, 40), draw.between(1, 30))
        } else {
            format!("{}番地{}", draw.between(1, 3200), draw.between(1, 20))
        };
        let flat = if draw.chance(250) {
            let building = draw.weighted(&BUILDINGS, |_| 1);
            format!(" {building}{}{:02}", draw.between(1, 5), draw.between(1, 12))
        } else {
            String::new()
        };
        PostalAddress {
            postcode: self.postcode.clone(), text: format!("神奈川県綾瀬市{}{number}{flat}", self.town)
        }
    }
}

const BUILDINGS: [&str; 6] =
    ["サンプルハイツ", "見本コーポ", "例示マンション", "サンプルコート", "見本荘", "サンプルレジデンス"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_town_and_postcode() {
        let mut draw = Draw::of(1, "address", 5);
        let town = town(&mut draw);
        let address = town.address(&mut draw);
        assert!(address.text.starts_with(&format!("神奈川県綾瀬市{}", town.town)), "{}", address.text);
        assert!(address.postcode.len() == 7 && address.postcode.starts_with("252"), "{}", address.postcode);
    }
}
