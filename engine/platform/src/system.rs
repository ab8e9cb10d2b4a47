//! What a system brings to the city hall.

use futures::future::BoxFuture;
use kawasemi_desk::{Pages, Site, SiteLink};
use kawasemi_kernel::calculation::Calculation;
use kawasemi_ledger::Calculators;
use kawasemi_schema::SystemBundle;

use crate::work::{Report, Work, WorkError};

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
    /// Loads its part of the demo city.
    pub sample: Option<Job>,
}

/// Work that a system does: on the command line, or when the demo city is made.
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
