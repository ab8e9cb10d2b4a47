//! Places of the city: from an address as it was typed to the town block and the key, and from a postcode to an address.
//!
//! [`Places`] holds the city's towns once read; an import of many addresses asks it for each. [`normalise`] is the same for a
//! single address. The party register (宛名) and whatever else keeps addresses call these.

use std::collections::HashMap;

use kawasemi_identity::Context;
use kawasemi_kernel::RecordId;
use kawasemi_kernel::address::{Address, Gazetteer, Reading, Unresolved};
use kawasemi_ledger::{LedgerError, Ledgers, ListRequest};

use crate::address_match::built_in;
use crate::bundle::{POSTCODE, TOWN};
use crate::reference::change::{is_in_force, text};
use crate::register;

/// The town blocks of the city, for understanding addresses.
#[derive(Clone, Debug)]
pub struct Places {
    gazetteer: Gazetteer,
    blocks: HashMap<String, RecordId>,
}

/// An address of the city, understood, with its place in the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The town block (町丁目); none where the register has the town but not this block.
    pub town: Option<RecordId>,
    /// The canonical key, room included: the same for all spellings of one address.
    pub key: String,
    /// The address in parts.
    pub address: Address,
}

/// A town to which a postcode belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostalPlace {
    /// The prefecture.
    pub prefecture: String,
    /// The municipality, with county and ward as Japan Post has them.
    pub city: String,
    /// The town; empty where the code stands for the rest of the municipality.
    pub town: String,
    /// Six digits.
    pub municipality_code: String,
    /// The part of the town to which the code belongs; empty for all of it.
    pub scope: String,
}

impl PostalPlace {
    /// Prefecture, municipality and town as one text, to go on from in a form.
    pub fn text(&self) -> String {
        format!("{}{}{}", self.prefecture, self.city, self.town)
    }
}

impl Places {
    /// Reads the city's towns; those that are closed are left out. A city that has none yet gets the built-in ones if they
    /// are its own.
    ///
    /// # Errors
    /// As [`Ledgers::list`].
    pub async fn load(ledgers: &Ledgers, context: &Context) -> Result<Self, LedgerError> {
        let city = ledgers.city().code().parse().ok();
        let towns = match register::all(ledgers, context, TOWN).await {
            // A city whose definitions are older than this register has none.
            Err(LedgerError::NotFound) => Vec::new(),
            towns => towns?,
        };
        let today = context.today();
        let blocks: HashMap<String, RecordId> = towns
            .iter()
            .filter(|town| is_in_force(town, today))
            .map(|town| (text(town.get("name")), town.id))
            .collect();
        let gazetteer = Gazetteer::of_blocks(city, blocks.keys().map(String::as_str));
        let gazetteer = gazetteer.unwrap_or_else(|_| {
            if city == built_in().city() { built_in().clone() } else { Gazetteer::default().of_city(city) }
        });
        Ok(Self { gazetteer, blocks })
    }

    /// The towns.
    pub const fn gazetteer(&self) -> &Gazetteer {
        &self.gazetteer
    }

    /// What an address of this city means.
    ///
    /// # Errors
    /// [`Unresolved`] with a sentence: another city's address, a town that is unknown, no number.
    pub fn place(&self, address: &str) -> Result<Place, Unresolved> {
        let Reading { outcome, .. } = self.gazetteer.read(address);
        let address = outcome?;
        Ok(Place { town: self.blocks.get(&address.block()).copied(), key: address.key(), address })
    }
}

/// What an address of the city means: its town block and its key. For many addresses keep a [`Places`].
///
/// # Errors
/// As [`Ledgers::list`]; an address that is not understood is no error but in the answer.
pub async fn normalise(
    ledgers: &Ledgers,
    context: &Context,
    address: &str,
) -> Result<Result<Place, Unresolved>, LedgerError> {
    Ok(Places::load(ledgers, context).await?.place(address))
}

/// The towns to which a postcode belongs (`252-1107`, full width and without hyphen as well), those in force: none for a code
/// that is unknown, several where it is shared.
///
/// # Errors
/// As [`Ledgers::list`].
pub async fn address_of_postcode(
    ledgers: &Ledgers,
    context: &Context,
    postcode: &str,
) -> Result<Vec<PostalPlace>, LedgerError> {
    let digits: String = kawasemi_kernel::text::fold(postcode).chars().filter(char::is_ascii_digit).collect();
    if digits.len() != 7 {
        return Ok(Vec::new());
    }
    let request = ListRequest { limit: MOST_TOWNS, ..ListRequest::filtered(format!("postcode = '{digits}'")) };
    let page = ledgers.list(context, POSTCODE, &request).await?;
    let today = context.today();
    let places = page.records.iter().filter(|record| is_in_force(record, today)).map(|record| {
        let of = |field: &str| text(record.get(field));
        PostalPlace {
            prefecture: of("prefecture"),
            city: of("city"),
            town: of("town"),
            municipality_code: of("municipality_code"),
            scope: of("scope"),
        }
    });
    Ok(places.collect())
}

/// Most towns that are answered for one postcode; the most that one has is a few dozen.
const MOST_TOWNS: u32 = 200;
