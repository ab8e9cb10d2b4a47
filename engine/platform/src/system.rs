//! What a system brings to the city hall.

use futures::future::BoxFuture;
use kawasemi_courier::HandlersOf;
use kawasemi_desk::{Pages, Site, SiteLink};
use kawasemi_kernel::calculation::Calculation;
use kawasemi_ledger::Calculators;
use kawasemi_schema::SystemBundle;

use crate::work::{Report, Work, WorkError};
use crate::year::YearStep;

/// A system (業務システム): definitions, and what is special about it.
pub struct System {
    /// What its folder declares.
    pub bundle: SystemBundle,
    /// The calculators that its computed fields name.
    pub calculators: Calculators,
    /// The calculations that the command line and the API offer.
    pub calculations: &'static [Calculation],
    /// Pages of its own, beside those that every ledger gets.
    pub pages: Pages,
    /// Links in the staff desk and on the portal.
    pub links: Vec<SiteLink>,
    /// What it adds to the command line: `kawasemi KEY NAME …`.
    pub commands: Vec<Command>,
    /// What it does in every city once a day, while the program is served.
    pub daily: Vec<Daily>,
    /// What happens with what is its at the turn of the fiscal year (年度更新).
    pub year_end: Vec<YearStep>,
    /// What its parcels do where they arrive, between the portal and the desk.
    pub parcels: Vec<HandlersOf>,
    /// Loads its part of the demo city.
    pub sample: Option<Job>,
}

/// Work that a system does: on the command line, once a day, or when the demo city is made.
pub type Job = fn(Work) -> BoxFuture<'static, Result<Report, WorkError>>;

/// A command of a system.
pub struct Command {
    /// Its name, such as `import`.
    pub name: &'static str,
    /// What it does, in Japanese.
    pub about: &'static str,
    /// Its arguments as the help shows them, such as `FILE`.
    pub arguments: &'static [&'static str],
    /// Does it; the arguments are in [`Work::arguments`].
    pub run: Job,
}

/// Work of each day (日次の処理): done in the first minutes after midnight in the city, by one node; after a downtime as
/// soon as the program is served again, for that day. It may be done twice where a node dies in the middle of it.
pub struct Daily {
    /// Its name, such as `record`.
    pub name: &'static str,
    /// What it does, in Japanese.
    pub about: &'static str,
    /// Does it.
    pub run: Job,
}

impl System {
    /// A system that needs no Rust.
    pub fn new(bundle: SystemBundle) -> Self {
        Self {
            bundle,
            calculators: Calculators::new(),
            calculations: &[],
            pages: Pages::new(),
            links: Vec::new(),
            commands: Vec::new(),
            daily: Vec::new(),
            year_end: Vec::new(),
            parcels: Vec::new(),
            sample: None,
        }
    }

    /// Its key, which is also the folder's name.
    pub fn key(&self) -> &str {
        &self.bundle.system.key
    }

    /// The command with a name.
    pub fn command(&self, name: &str) -> Option<&Command> {
        self.commands.iter().find(|command| command.name == name)
    }

    /// Splits off what the desk shows: definitions, pages and links.
    pub fn into_site(self) -> (Site, Pages) {
        (Site { bundle: self.bundle, calculations: self.calculations, links: self.links }, self.pages)
    }
}
