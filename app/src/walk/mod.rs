//! A walk along every route as everybody: who may not use one learns nothing, not even that there is something.
//!
//! The routes come from the router itself, so that none can be added without being walked; who may use each stands in
//! `routes.txt`. What somebody may not know of is asked for twice, once where it is and once where nothing is: the two
//! answers have to be the same, byte for byte, but for the names in the address and the number of the request. After a
//! form that was refused everything is as it was.

mod expected;
mod hall;
mod roles;

use kawasemi_desk::routes::Route;
use kawasemi_testkit::desk::{Answer, Setup, tables};
use kawasemi_testkit::on_both_stores;

use expected::{Who, knows, knows_ledger, may, table, who};
use hall::{Caller, Hall, Place, Via};

fn routes() -> Vec<Route> {
    let systems = crate::systems::all().expect("the systems are well defined");
    let pages = systems.into_iter().map(|system| system.pages);
    kawasemi_desk::listed(pages.fold(kawasemi_desk::Pages::new(), kawasemi_desk::Pages::merge))
}

#[test]
fn the_table_says_of_every_route_who_may_use_it() {
    let (routes, table) = (routes(), table());
    let unknown: Vec<&Route> = routes.iter().filter(|route| who(&table, route).is_none()).collect();
    assert!(unknown.is_empty(), "say in routes.txt who may use these: {unknown:#?}");
    let answered = |line: &&expected::Line| {
        routes.iter().any(|route| route.method.as_str() == line.method && route.path == line.path)
    };
    let gone: Vec<_> = table.iter().filter(|line| !answered(line)).map(|line| &line.path).collect();
    assert!(gone.is_empty(), "no route answers to these lines of routes.txt: {gone:#?}");
}

on_both_stores! {
    tables = tables();

    async fn who_may_not_use_a_route_learns_nothing_and_changes_nothing(fixture) {
        let hall = Hall::new(fixture).await;
        let (routes, table) = (routes(), table());
        let all = "{view} {batch} {run}";
        let (own, others) = (hall.place(hall.parks, all).await, hall.place(hall.roads, all).await);
        let before = hall.kept().await;
        let mut wrong = Vec::new();
        for caller in &hall.callers {
            for route in &routes {
                let who = who(&table, route).expect("the table is complete");
                for (place, department) in [(&own, hall.parks), (&others, hall.roads)] {
                    let is_own = caller.department == Some(department);
                    let of_record = matches!(who, Who::Act { of_record: true, .. });
                    let may = may(&who, route, caller) && (is_own || !of_record);
                    if may || (!of_record && department == hall.roads) {
                        continue;
                    }
                    wrong.extend(refused(caller, route, &who, place, knows(&who, caller, is_own)).await);
                }
            }
            let after = hall.kept().await;
            for (table, rows) in &before {
                if after.get(table) != Some(rows) {
                    wrong.push(format!("{} has changed {table}", caller.name));
                }
            }
            assert!(wrong.is_empty(), "{} answers are wrong:\n{}", wrong.len(), wrong.join("\n"));
        }
    }

    async fn who_may_use_a_route_gets_an_answer(fixture) {
        let hall = Hall::new(fixture).await;
        let (routes, table) = (routes(), table());
        let mut wrong = Vec::new();
        for caller in &hall.callers {
            for route in &routes {
                let who = who(&table, route).expect("the table is complete");
                if !may(&who, route, caller) || is_elsewhere(route) {
                    continue;
                }
                let place = hall.place(caller.department.unwrap_or(hall.parks), route.path).await;
                if route.path.ends_with("/restore") {
                    hall.delete(&place).await;
                }
                let answer = caller.ask(route, &address(route, &place)).await;
                if is_refusal(&answer) && !(caller.has_dead_token() && answer.status == 401) {
                    wrong.push(said(caller, route, &answer));
                }
                hall.come_back(caller).await;
            }
        }
        assert!(wrong.is_empty(), "{} answers are wrong:\n{}", wrong.len(), wrong.join("\n"));
        assert!(hall.records().await > 0);
    }
}

/// Adds systems to a city, as the program serves them. Of the registers, which come with the test's city, it is the pages.
fn show(setup: &mut Setup, systems: Vec<kawasemi_platform::System>) {
    let registers = kawasemi_registry::bundle().expect("the registers are well defined").system.key;
    for system in systems {
        let is_there = system.key() == registers;
        let (site, pages) = system.into_site();
        if !is_there {
            setup.systems.push(site);
        }
        setup.pages = std::mem::take(&mut setup.pages).merge(pages);
    }
}

/// What is wrong with the answers to somebody who may not use a route.
async fn refused(caller: &Caller, route: &Route, who: &Who, place: &Place, knows: bool) -> Vec<String> {
    let there = caller.ask(route, &address(route, place)).await;
    // Of what is somebody's own, a list that has forgotten it may say so to everybody.
    if !is_refusal(&there) && *who != Who::Own {
        return vec![said(caller, route, &there)];
    }
    let mut nowhere = nowhere();
    if knows_ledger(caller) {
        // Who knows the ledger is to learn nothing of what is in it.
        nowhere.insert("ledger", place["ledger"].clone());
    }
    let missing = caller.ask(route, &address(route, &nowhere)).await;
    let (one, other) = (masked(&there, route, place), masked(&missing, route, &nowhere));
    if knows || one == other {
        return Vec::new();
    }
    let line = one.lines().zip(other.lines()).find(|(one, other)| one != other);
    vec![format!("{} {:?} {} {} tells: {line:?}", caller.name, caller.roles, route.method, route.path)]
}

fn said(caller: &Caller, route: &Route, answer: &Answer) -> String {
    let head = answer.between("<title>", "</title>").unwrap_or_else(|| answer.text.get(..120).unwrap_or_default());
    format!(
        "{} {:?} {} {}: {} {} {head}",
        caller.name,
        caller.roles,
        route.method,
        route.path,
        answer.status,
        answer.location()
    )
}

on_both_stores! {
    tables = tables();

    async fn an_administrator_alone_is_shown_no_content(fixture) {
        let hall = Hall::new(fixture).await;
        let admin = hall.callers.iter().find(|caller| caller.roles == ["admin"] && caller.via == Via::Session);
        let admin = admin.expect("there is an administrator");
        let mut shown = Vec::new();
        for route in routes() {
            let place = hall.place(hall.parks, route.path).await;
            let answer = admin.ask(&route, &address(&route, &place)).await;
            hall.come_back(admin).await;
            // The record's name and what is in its file; both would also stand in a message, an export or a history.
            if hall::CONTENT.iter().any(|content| answer.text.contains(content)) {
                shown.push(said(admin, &route, &answer));
            }
        }
        assert!(shown.is_empty(), "content is shown to who only runs the installation:\n{}", shown.join("\n"));
    }
}

/// Whether an answer is nothing but a refusal.
fn is_refusal(answer: &Answer) -> bool {
    matches!(answer.status, 401 | 403 | 404) || answer.status == 303 && answer.location().starts_with("/auth/sign-in")
}

/// Routes whose own answer to somebody who may use them is that there is nothing: no such file, no provider, no one-time
/// code, no failed job, no overlay, nobody under protection; and the board, on which nothing is published here.
fn is_elsewhere(route: &Route) -> bool {
    // No layout is published here, and no file came.
    if route.path.starts_with("/desk/exchange/") && route.path != "/desk/exchange/sample" {
        return true;
    }
    // No route, pipe, permit, sheet or work is registered here.
    const LEDGERS: [&str; 4] = ["/roads/", "/sewers/", "/desk/roads/", "/desk/sewers/"];
    if LEDGERS.iter().any(|of| route.path.starts_with(of)) && route.path.contains("{id}") {
        return true;
    }
    // The ledger of the walk has no place on the map.
    if route.path.starts_with("/ogc/collections/{ledger}") {
        return true;
    }
    // Nobody has reported anything here.
    if ["/report/{id}", "/reports/{id}", "/desk/reports/{id}", "/open311/"].iter().any(|of| route.path.starts_with(of))
    {
        return true;
    }
    const NOTHING_THERE: &[&str] = &[
        "/courier/v1/exchange",
        "/desk/admin/courier/{seq}/retry",
        "/desk/ledgers/{ledger}/{id}/open",
        "/desk/organisation/handover/decide",
        "/desk/parties/duplicates/{one}/{other}/again",
        "/desk/parties/merges/{id}/undo",
        "/desk/privacy/files/{ledger}",
        "/desk/admin/definitions/{ledger}/overlay",
        "/assets/{*file}",
        "/auth/oidc/start",
        "/auth/oidc/callback",
        "/auth/sign-in",
        "/auth/code",
        "/auth/again",
        "/auth/passkey/login/finish",
        "/auth/passkey/register/finish",
        "/desk/account/second-factor/recovery-codes",
        "/desk/admin/jobs/{id}/retry",
        "/desk/policy/{id}",
        "/desk/policy/{id}/report",
        "/desk/policy/{id}/figures",
        "/desk/policy/publish",
        "/board/{id}",
    ];
    NOTHING_THERE.contains(&route.path)
}

/// The address of a route at a place.
fn address(route: &Route, place: &Place) -> String {
    let of_account = route.path.starts_with("/desk/admin/users");
    route
        .path
        .split('/')
        .map(|part| {
            let name = part.trim_matches(['{', '}', '*']);
            match name {
                _ if name == part => part.to_owned(),
                "id" if of_account => place["account"].clone(),
                "id" if route.path.contains("/sessions/") => place["session"].clone(),
                "id" if route.path.contains("/tokens/") => place["token"].clone(),
                "id" if route.path.starts_with("/desk/admin/webhooks") => place["webhook"].clone(),
                "id" if route.path.starts_with("/desk/admin/maintenance") => place["maintenance"].clone(),
                "id" if route.path.starts_with("/desk/admin/devices") => place["device"].clone(),
                "matrix" | "row" | "column" if route.path.starts_with("/ogc") => "0".to_owned(),
                "record" => place["id"].clone(),
                "file" if route.path.starts_with("/assets") => "nothing.js".to_owned(),
                "file" if route.path.starts_with("/names") => "20BB7.css".to_owned(),
                name => place[name].clone(),
            }
        })
        .collect::<Vec<_>>()
        .join("/")
}

/// A place where there is nothing; every name is as long as one of something.
fn nowhere() -> Place {
    let missing = |n: u128| uuid::Uuid::from_u128(0x0190_b5c8_0000_7000_8000_0000_0000_0000 + n).to_string();
    Place::from([
        ("ledger", "walk-pork".to_owned()),
        ("id", missing(1)),
        ("file", missing(2)),
        ("view", missing(3)),
        ("batch", "999999".to_owned()),
        ("seq", "999998".to_owned()),
        ("run", missing(4)),
        ("account", missing(5)),
        ("assigned", missing(6)),
        ("token", missing(7)),
        ("session", missing(8)),
        ("webhook", missing(9)),
        ("layout", "walk-layout".to_owned()),
        ("row", "888888".to_owned()),
        ("maintenance", missing(10)),
        ("device", missing(11)),
        ("organisation", missing(12)),
        ("disposal", missing(13)),
        ("hold", missing(14)),
        ("stop", missing(15)),
        ("one", missing(16)),
        ("other", missing(17)),
        ("role", "walk-keepex".to_owned()),
        ("name", "nothing".to_owned()),
    ])
}

/// An answer as it tells something: without the names in its address and the number of its request.
fn masked(answer: &Answer, route: &Route, place: &Place) -> String {
    let mut headers: Vec<String> = answer
        .headers
        .iter()
        // Names in the address differ in length for batches alone.
        .filter(|(name, _)| name.as_str() != "content-length")
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or("?")))
        .collect();
    headers.sort();
    let mut text = format!("{}\n{}\n{}", answer.status, headers.join("\n"), answer.text);
    for (name, value) in place {
        if route.path.contains('{') && value.len() > 3 {
            text = text.replace(value.as_str(), &format!("<{name}>"));
        }
    }
    text = text.replace(&format!("/batches/{}/", place["batch"]), "/batches/<batch>/");
    without_references(&text)
}

/// A text without the numbers of requests, such as `7K3Q-9FMA`.
fn without_references(text: &str) -> String {
    let is_letter = |c: char| c.is_ascii_digit() || c.is_ascii_uppercase();
    let words = text.split_inclusive(|c: char| !is_letter(c) && c != '-');
    words
        .map(|word| {
            let bare = word.trim_end_matches(|c: char| !is_letter(c));
            let is_reference = bare.len() == 9 && bare.as_bytes()[4] == b'-';
            if is_reference { word.replace(bare, "<reference>") } else { word.to_owned() }
        })
        .collect()
}

#[test]
fn a_mask_hides_the_number_of_a_request_and_nothing_else() {
    assert_eq!(
        without_references("整理番号：7K3Q-9FMA です <p>7K3Q-9FM</p>"),
        "整理番号：<reference> です <p>7K3Q-9FM</p>"
    );
}

#[test]
fn the_table_is_read_as_it_is_meant() {
    let table = table();
    let of = |method: &str, path: &str| {
        table.iter().find(|line| line.method == method && line.path == path).map(|line| line.who.clone())
    };
    assert_eq!(of("GET", "/desk/admin"), Some(Who::Admin));
    let act = Who::Act { action: "update".into(), of_record: true };
    assert_eq!(of("PATCH", "/api/v1/ledgers/{ledger}/records/{id}"), Some(act));
    assert!(matches!(of("GET", "/desk/policy/import"), Some(Who::Role(_))));
    assert_ne!(Via::Session, Via::Ended);
}
