//! Papers of the road ledger: what is printed, as jobs for the printer, and the delivery of a work.
//!
//! - [`route`]: the written record of a route (道路台帳調書)
//! - [`lists`]: structures with their inspections, permits to occupy the road
//! - [`renewal`]: letters to the holders of permits that end soon
//! - [`delivery`]: the folders of a work's electronic delivery (電子納品)

pub mod delivery;
pub mod lists;
pub mod renewal;
pub mod route;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

use crate::platform::print::{Footer, Job, Naming, Options, Orientation, Template};

/// Who prints, and when.
#[derive(Clone, Debug)]
pub struct Printed<'a> {
    /// The city.
    pub city: &'a str,
    /// The person.
    pub by: &'a str,
    /// The instant.
    pub at: Timestamp,
}

impl Printed<'_> {
    /// The options of a paper.
    fn options(&self, title: &str, is_official: bool, orientation: Orientation) -> Options {
        let zone = TimeZone::fixed(jiff::tz::offset(9));
        let options =
            if is_official { Options::official(title, self.at, zone) } else { Options::ordinary(title, self.at, zone) };
        let printed = format!("出力 {}　{}", crate::platform::desk::view::when(self.at), self.by);
        Options {
            author: self.city.to_owned(),
            orientation,
            footer: Footer { reference: String::new(), printed },
            ..options
        }
    }
}

/// A job from a template of this system.
fn job((name, source): (&str, &str), data: Json, naming: Naming, options: Options) -> Job {
    let template = Template::new(format!("systems/roads/prints/{name}"), source);
    Job { template, data, naming, assets: Vec::new(), options }
}

/// A pair of a label and what is to be said; a dash for nothing.
fn fact(label: &str, value: &str) -> Json {
    json!({ "label": label, "value": if value.is_empty() { "—" } else { value } })
}
