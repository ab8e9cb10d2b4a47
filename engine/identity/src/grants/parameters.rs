//! What a condition may know of the caller and the day: the declared parameters, bound and never interpolated.
//!
//! The same parameters are declared for the conditions of grants, for list filters and for saved views.

use jiff::civil::Date;
use kawasemi_filter::scope::Type;
use kawasemi_filter::{Params, Scope};
use kawasemi_kernel::{RecordId, Value};

use crate::caller::Caller;

/// Declares the parameters: `user.id` (the account, as in `created_by`), `user.person` (the record in the staff register),
/// `user.departments` (a list), `user.department` (the main one),
/// `user.organisations` (the outside organisations, 外部団体, whose member the caller is), `today` and `this_fiscal_year`.
#[must_use]
pub fn declare(scope: Scope) -> Scope {
    scope
        .with_parameter("user.id", Type::Text)
        .with_parameter("user.person", Type::Record(None))
        .with_parameter("user.department", Type::Record(None))
        .with_list_parameter("user.departments", Type::Record(None))
        .with_list_parameter("user.organisations", Type::Record(None))
        .with_parameter("today", Type::Date)
        .with_parameter("this_fiscal_year", Type::INTEGER)
}

/// The values for a caller on a day. What the caller does not have stays unknown, and unknown denies.
#[must_use]
pub fn values(caller: &Caller, today: Date) -> Params {
    within(caller, &caller.departments, today)
}

/// The values for a role that is held within some departments only.
pub(crate) fn within(caller: &Caller, departments: &[RecordId], today: Date) -> Params {
    let mut params = Params::new()
        .with("today", today)
        .with("this_fiscal_year", fiscal_year(today))
        .with_list("user.departments", departments.iter().copied())
        .with_list("user.organisations", caller.organisations.iter().copied());
    if let Some(account) = caller.actor.account() {
        params = params.with("user.id", account.hyphenated().to_string());
    }
    if let Some(person) = caller.account.as_ref().and_then(|account| account.person) {
        params = params.with("user.person", person);
    }
    match departments.first() {
        Some(main) => params.with("user.department", *main),
        None => params.with("user.department", Value::Null),
    }
}

/// The fiscal year (年度) of a day: from 1 April (地方自治法第208条).
fn fiscal_year(today: Date) -> i64 {
    let year = i64::from(today.year());
    if today.month() >= 4 { year } else { year - 1 }
}
