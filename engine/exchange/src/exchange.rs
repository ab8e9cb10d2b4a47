//! The exchange of one city: the handle that pages, commands and the watcher hold.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use kawasemi_identity::Context;
use kawasemi_kernel::context::civil_date_time;
use kawasemi_kernel::{Clock, IdSource};
use kawasemi_ledger::Ledgers;
use kawasemi_schema::{LedgerDef, RoleDef, SourceFile};
use kawasemi_store::City;
use kawasemi_store::files::Files;

use crate::error::{ExchangeError, Result};
use crate::layout::Layout;

/// The role of those who look after the exchange (連携担当).
pub const OPERATOR: &str = "exchange-operator";

/// The role that this engine brings, for the installation's list of roles.
#[must_use]
pub fn operator_role() -> RoleDef {
    RoleDef {
        key: OPERATOR.to_owned(),
        title: "連携担当".into(),
        description: "ほかのシステムとのファイルの受け渡しを見て、差分を承認します。".into(),
    }
}

/// What the exchange works with.
#[derive(Clone)]
pub struct Parts {
    /// The city's ledgers.
    pub ledgers: Ledgers,
    /// Where the content of files is kept.
    pub files: Files,
    /// The source of ids.
    pub ids: Arc<dyn IdSource>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The layouts that systems ship.
    pub shipped: Vec<SourceFile>,
}

/// The exchange of one city. Cheap to clone.
#[derive(Clone)]
pub struct Exchange {
    pub(crate) parts: Arc<Parts>,
    pub(crate) shipped: Arc<[Arc<Layout>]>,
}

impl Exchange {
    /// The exchange of a city whose store was opened with [`crate::engine`].
    ///
    /// # Errors
    /// When a layout that a system ships has mistakes.
    pub fn new(parts: Parts) -> Result<Self> {
        let shipped = parts.shipped.iter().map(|source| Layout::read(source.clone()).map(Arc::new));
        let shipped: Vec<Arc<Layout>> = shipped.collect::<Result<_, _>>()?;
        Ok(Self { parts: Arc::new(parts), shipped: shipped.into() })
    }

    /// Whether the caller looks after the exchange.
    #[must_use]
    pub fn may_operate(context: &Context) -> bool {
        !context.caller.read_only && (context.caller.is_admin() || context.caller.has_role(OPERATOR))
    }

    pub(crate) fn require_operator(context: &Context) -> Result<()> {
        if Self::may_operate(context) { Ok(()) } else { Err(ExchangeError::Forbidden) }
    }

    pub(crate) fn city(&self) -> &City {
        self.parts.ledgers.city()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    pub(crate) fn ids(&self) -> &dyn IdSource {
        &*self.parts.ids
    }

    /// The day and time in the city.
    pub(crate) fn local(&self, at: Timestamp) -> DateTime {
        match TimeZone::get(&self.city().info().time_zone) {
            Ok(zone) => zone.to_datetime(at),
            Err(_) => civil_date_time(at),
        }
    }

    pub(crate) fn today(&self) -> Date {
        self.local(self.now()).date()
    }

    pub(crate) fn ledger(&self, key: &str) -> Result<Arc<LedgerDef>> {
        let found = self.city().catalogue().get(key).map(|ledger| Arc::clone(&ledger.def));
        found.ok_or_else(|| ExchangeError::Refused(format!("台帳「{key}」がこの市にありません。")))
    }

    /// The context in which the program writes for a person who decided, or for itself: the person's name stands in the
    /// history, the powers are those of the layout, which was published by somebody who may import.
    pub(crate) fn acting(&self, context: &Context, reason: String) -> Context {
        let mut acting = Context::system(self.now(), reason);
        acting.act.actor = context.act.actor;
        acting
    }
}
