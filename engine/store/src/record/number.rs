//! Human numbers (番号), such as `公-0012`: from which counter, and how they are written.

use jiff::Timestamp;
use jiff::civil::date;
use kawasemi_kernel::context::civil_date;
use kawasemi_kernel::era;
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_schema::LedgerDef;

/// How the numbers of records made at an instant are counted and written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Numbering {
    /// The counter's key.
    pub counter: String,
    prefix: String,
    digits: usize,
}

impl Numbering {
    /// The numbering of a ledger at an instant; none where its records have no numbers.
    pub fn of(def: &LedgerDef, at: Timestamp) -> Option<Self> {
        let number = def.number.as_ref()?;
        let year = FiscalYear::of(civil_date(at));
        let counter = match number.per_fiscal_year {
            true => format!("number/{}/{year}", def.key),
            false => format!("number/{}", def.key),
        };
        // R8 for 令和8年度: the short era year of its last calendar day in the year it is named after, as the kernel's
        // long name has it.
        let named = era::short(date(i16::try_from(year.year()).unwrap_or(i16::MAX), 12, 31));
        let short = named.split('.').next().unwrap_or_default();
        Some(Self { counter, prefix: number.prefix.replace("{fy}", short), digits: number.digits.into() })
    }

    /// Writes one number.
    pub fn write(&self, number: i64) -> String {
        format!("{}{number:0digits$}", self.prefix, digits = self.digits)
    }
}
