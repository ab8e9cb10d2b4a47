//! The systems of the city hall, one line for each.

use std::sync::Arc;

use futures::future::BoxFuture;
use kawasemi_courier::HandlersOf;
use kawasemi_kernel::calculation::Calculation;
use kawasemi_ledger::Calculators;
use kawasemi_platform::desk::{Place, SiteLink};
use kawasemi_platform::{Daily, Report, System, Work, WorkError};
use kawasemi_registry::midnight;
use kawasemi_schema::{LedgerDef, RoleDef, SchemaErrors, SourceFile, SystemBundle};

/// Every system that the program offers. Adding one is adding its line.
///
/// # Errors
/// When a built-in definition is wrong, which a test would have shown.
pub fn all() -> Result<Vec<System>, SchemaErrors> {
    Ok(vec![
        registers()?,
        enquiry()?,
        kawasemi_policy::system(),
        kawasemi_roads::system(),
        kawasemi_sewers::system(),
        kawasemi_reports::system(),
    ])
}

/// The shared registers, which are no system of the hall but have definitions and calculations like one.
fn registers() -> Result<System, SchemaErrors> {
    let mut registers = System::new(kawasemi_registry::bundle()?);
    registers.calculations = &kawasemi_registry::calculations::CALCULATIONS;
    registers.pages = kawasemi_platform::year_pages(|| all().unwrap_or_default());
    registers.daily = vec![Daily { name: "turn", about: "発令・機構改革・引継ぎの反映", run: turn }];
    Ok(registers)
}

/// What a new day brings to the registers.
fn turn(work: Work) -> BoxFuture<'static, Result<Report, WorkError>> {
    Box::pin(async move {
        let (ledgers, identity, today) = (&work.ledgers, &work.identity, work.context.today());
        let turned = midnight::turn(ledgers, identity, &work.inventory, &work.context, &*work.ids, today).await;
        let turned = turned.map_err(|error| WorkError::Failed {
            message: "発令と引継ぎを反映できません。".to_owned(),
            source: Box::new(error),
        })?;
        Ok(Report { text: turned.said(), json: serde_json::to_value(&turned).unwrap_or_default() })
    })
}

/// Residents' comments and questions (意見・問合せ): definitions alone. Its form is the portal's, and what is sent becomes a record
/// through the courier.
fn enquiry() -> Result<System, SchemaErrors> {
    let files = [
        ("system.toml", include_str!("../../systems/enquiry/system.toml")),
        ("ledgers/enquiry.toml", include_str!("../../systems/enquiry/ledgers/enquiry.toml")),
    ];
    let mut enquiry = System::new(SystemBundle::read("systems/enquiry", &files)?);
    let (title, lead) = (enquiry.bundle.system.title.clone(), enquiry.bundle.system.description.clone());
    enquiry.links = vec![SiteLink { title, lead, href: "/enquiry", place: Place::Portal }];
    Ok(enquiry)
}

/// What all systems bring together.
pub struct Offer {
    /// The ledgers that every city has.
    pub ledgers: Vec<Arc<LedgerDef>>,
    /// The roles that can be given to people, those of the demo city included: a city keeps what was once published.
    pub roles: Vec<RoleDef>,
    /// The layouts of other systems' files.
    pub layouts: Vec<SourceFile>,
    /// What computed fields call.
    pub calculators: Calculators,
    /// What the command line and the API offer by name.
    pub calculations: Vec<Calculation>,
    /// What parcels do where they arrive.
    pub parcels: Vec<HandlersOf>,
}

impl Offer {
    /// Puts together what systems bring.
    pub fn of(systems: &[System]) -> Self {
        let bundles = || systems.iter().map(|system| &system.bundle);
        Self {
            ledgers: bundles().flat_map(|bundle| bundle.ledgers.iter().cloned()).collect(),
            roles: bundles()
                .flat_map(|bundle| bundle.system.roles.iter().cloned())
                .chain([kawasemi_ledger::design::designer_role(), kawasemi_exchange::operator_role()])
                .collect(),
            layouts: bundles().flat_map(|bundle| bundle.layouts.iter().cloned()).collect(),
            calculators: systems.iter().fold(Calculators::new(), |all, system| all.with_all(&system.calculators)),
            calculations: systems.iter().flat_map(|system| system.calculations.iter().copied()).collect(),
            parcels: systems.iter().flat_map(|system| system.parcels.iter().copied()).collect(),
        }
    }
}
