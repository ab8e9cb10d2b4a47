//! The reference registers of the city that the program has with it, for the demo city and for comparing addresses without a
//! city at hand. A real city brings in its own with `kawasemi reference update`. Sources and licences: `data/README.md`.

use kawasemi_identity::Context;
use kawasemi_ledger::Ledgers;

use super::banks::BankSource;
use super::update::{Options, ReferenceError, RegisterReport, update, update_banks};
use super::{SourceMistake, Wanted, postcodes, towns};

/// The municipality code of the city whose towns are built in (綾瀬市).
pub const AYASE: &str = "142182";
/// Its town blocks: name, small area, latitude, longitude.
pub const AYASE_TOWNS: &str = include_str!("../../data/ayase/towns.csv");

const AYASE_POSTCODES: &str = include_str!("../../data/ayase/postcodes.csv");
const BANKS: &str = include_str!("../../data/bank/banks.json");
/// The branches of the banks that are used in Kanagawa.
const BRANCHES: [(&str, &str); 17] = [
    ("0001", include_str!("../../data/bank/branches/0001.json")),
    ("0005", include_str!("../../data/bank/branches/0005.json")),
    ("0009", include_str!("../../data/bank/branches/0009.json")),
    ("0010", include_str!("../../data/bank/branches/0010.json")),
    ("0017", include_str!("../../data/bank/branches/0017.json")),
    ("0033", include_str!("../../data/bank/branches/0033.json")),
    ("0138", include_str!("../../data/bank/branches/0138.json")),
    ("0530", include_str!("../../data/bank/branches/0530.json")),
    ("1281", include_str!("../../data/bank/branches/1281.json")),
    ("1282", include_str!("../../data/bank/branches/1282.json")),
    ("1286", include_str!("../../data/bank/branches/1286.json")),
    ("1288", include_str!("../../data/bank/branches/1288.json")),
    ("2307", include_str!("../../data/bank/branches/2307.json")),
    ("3014", include_str!("../../data/bank/branches/3014.json")),
    ("5131", include_str!("../../data/bank/branches/5131.json")),
    ("5137", include_str!("../../data/bank/branches/5137.json")),
    ("9900", include_str!("../../data/bank/branches/9900.json")),
];

/// The built-in towns, postcodes and banks.
///
/// # Errors
/// When they are not well formed, which a test would have shown.
pub fn sources() -> Result<(Wanted, Wanted, BankSource), SourceMistake> {
    Ok((towns::read(AYASE_TOWNS)?, postcodes::read(AYASE_POSTCODES)?, BankSource::read(BANKS, BRANCHES)?))
}

/// Fills the reference registers of a city with what is built in.
///
/// # Errors
/// As [`update`].
pub async fn load(
    ledgers: &Ledgers,
    context: &Context,
    sources: &(Wanted, Wanted, BankSource),
) -> Result<Vec<RegisterReport>, ReferenceError> {
    let options =
        Options {
            on: context.today(), dry_run: false, allow_shrink: false, title: "組み込みの参照台帳".to_owned()
        };
    let (towns, postcodes, banks) = sources;
    let mut reports =
        vec![update(ledgers, context, towns, &options).await?, update(ledgers, context, postcodes, &options).await?];
    reports.extend(update_banks(ledgers, context, banks, &options).await?);
    Ok(reports)
}
