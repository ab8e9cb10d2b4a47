//! Who may use a route, as the table beside this file says.

use axum::http::Method;
use kawasemi_desk::routes::Route;

use super::hall::{Caller, Via};

/// A line of the table.
#[derive(Clone, Debug)]
pub struct Line {
    pub method: String,
    pub path: String,
    pub who: Who,
}

/// Who may use a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    Anyone,
    Staff,
    Person,
    Admin,
    Overseer,
    Officer,
    Own,
    /// Whom the register of outside organisations names.
    Host,
    /// Administrators of a training city, which the hall of the walk is not.
    Training,
    Designer,
    Role(Vec<String>),
    /// Who may do this with any record of the ledger, or with the one that is named.
    Act {
        action: String,
        of_record: bool,
    },
}

/// The table.
pub fn table() -> Vec<Line> {
    let lines = include_str!("routes.txt").lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(line).collect()
}

fn line(text: &str) -> Line {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [method, path, who, rest @ ..] = words.as_slice() else { panic!("a method, an address and who: {text}") };
    let who = match (*who, rest) {
        ("anyone", []) => Who::Anyone,
        ("staff", []) => Who::Staff,
        ("person", []) => Who::Person,
        ("admin", []) => Who::Admin,
        ("overseer", []) => Who::Overseer,
        ("officer", []) => Who::Officer,
        ("own", []) => Who::Own,
        ("host", []) => Who::Host,
        ("training", []) => Who::Training,
        ("designer", []) => Who::Designer,
        ("role", [_, ..]) => Who::Role(rest.iter().map(|role| (*role).to_owned()).collect()),
        (of @ ("ledger" | "record"), [action]) => Who::Act { action: (*action).to_owned(), of_record: of == "record" },
        _ => panic!("who may use it is not understood: {text}"),
    };
    Line { method: (*method).to_owned(), path: (*path).to_owned(), who }
}

/// The line of a route.
pub fn who(table: &[Line], route: &Route) -> Option<Who> {
    let found = table.iter().find(|line| line.method == route.method.as_str() && line.path == route.path);
    found.map(|line| line.who.clone())
}

/// Whether a caller may use a route with what is their department's.
pub fn may(who: &Who, route: &Route, caller: &Caller) -> bool {
    let is_form = !route.path.starts_with("/api") && route.method != Method::GET;
    let at_desk = match caller.via {
        Via::Session => true,
        Via::Token | Via::ReadToken => !is_form,
        Via::Visitor | Via::Ended => false,
    };
    let in_browser = caller.via == Via::Session;
    match who {
        Who::Anyone => !(is_form && matches!(caller.via, Via::Token | Via::ReadToken)),
        Who::Staff => at_desk,
        Who::Person => in_browser,
        Who::Host | Who::Training => false,
        Who::Admin => in_browser && caller.has("admin"),
        Who::Overseer => in_browser && ["admin", "auditor", "privacy-officer"].iter().any(|role| caller.has(role)),
        Who::Officer => in_browser && caller.has("privacy-officer"),
        Who::Designer => {
            at_desk
                && caller.via != Via::ReadToken
                && (caller.has("ledger-designer") || caller.has("admin") || grants(caller, "design"))
        }
        Who::Role(roles) => at_desk && caller.via != Via::ReadToken && roles.iter().any(|role| caller.has(role)),
        // What is asked for here is always another's.
        Who::Own => {
            in_browser && caller.has("admin") && ["/sessions/", "/tokens/"].iter().any(|of| route.path.contains(of))
        }
        Who::Act { action, .. } => {
            let through = at_desk || route.path.starts_with("/api");
            let writes = !matches!(action.as_str(), "read" | "export");
            through && grants(caller, action) && !(writes && caller.via == Via::ReadToken)
        }
    }
}

/// The grants of the ledger `walk-park`, said a second time: what the engine makes of them is compared with this.
fn grants(caller: &Caller, action: &str) -> bool {
    caller.is_somebody() && (caller.has("walk-keeper") || caller.has("walk-reader") && action == "read")
}

/// Whether a caller may know that there is a ledger `walk-park`.
pub fn knows_ledger(caller: &Caller) -> bool {
    caller.is_somebody() && (caller.has("walk-keeper") || caller.has("walk-reader"))
}

/// Whether a caller may know that there is something at all behind the addresses of a route.
pub fn knows(who: &Who, caller: &Caller, is_own_department: bool) -> bool {
    let in_ledger = knows_ledger(caller);
    match who {
        Who::Act { of_record: true, .. } => in_ledger && is_own_department,
        Who::Act { of_record: false, .. } => in_ledger,
        _ => false,
    }
}
