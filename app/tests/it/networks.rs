//! Portal and desk as two processes in two networks (三層分離): network namespaces with address ranges of their own, a cable between
//! them, and power that fails. Needs the right to make namespaces; says so and does nothing without.

use std::fs;

use crate::support::networks::{DESK_INSIDE, DESK_OUTSIDE, Half, Networks, PORTAL, holds, opened_by, request, speak};

#[test]
fn what_residents_send_reaches_the_desk_once_whatever_fails() {
    let Some(networks) = Networks::new() else { return };
    let mut portal = Half::on_sqlite("portal", &networks.portal, PORTAL);
    let mut desk = Half::on_sqlite("desk", &networks.desk, DESK_INSIDE);
    portal.trust(&desk.line());
    desk.trust(&portal.line());
    portal.start();
    let mut sent = Vec::new();
    for round in 0..4 {
        desk.start();
        for n in 0..3 {
            let subject = format!("enquiry-{round}-{n}");
            let body = format!("subject={subject}&body=words-that-stay-secret");
            let said = portal.asks("POST /enquiry HTTP/1.1", &body).unwrap_or_default();
            assert!(said.contains(" 303 "), "{said}");
            sent.push(subject);
        }
        if round == 0 {
            // The first round is looked at in peace; in the others the power fails at once, on either side.
            let applied = || desk.status()["incoming"]["applied"].as_i64() == Some(3);
            desk.wait("the first are applied", applied);
        }
        if round % 2 == 1 {
            portal.kill();
            portal.start();
        }
        desk.kill();
    }
    // The portal alone: it holds what the desk has not acknowledged, and can't read it.
    portal.asks("POST /enquiry HTTP/1.1", "subject=the-last&body=words-that-stay-secret").unwrap();
    sent.push("the-last".to_owned());
    assert!(portal.status()["outgoing"]["new"].as_i64().unwrap() >= 1);
    desk.start();
    let is_erased = || {
        let waiting = portal.status()["outgoing"].clone();
        waiting["new"].as_i64() == Some(0) && waiting["sent"].as_i64() == Some(0)
    };
    portal.wait("everything is acknowledged", is_erased);
    // Nobody on the portal gets to the desk, neither where staff are nor where it came from.
    let greeting = request("GET /healthz HTTP/1.1", "");
    assert_eq!(speak(&networks.portal, DESK_INSIDE, &greeting), "");
    assert_eq!(speak(&networks.portal, DESK_OUTSIDE, &greeting), "");
    assert!(desk.asks("GET /healthz HTTP/1.1", "").is_some(), "it is there for those inside");
    let opened = opened_by(portal.process.as_ref().unwrap().id());
    assert!(opened.is_empty(), "the portal has opened connections: {opened:#?}");
    let staff = portal.asks("GET /desk HTTP/1.1", "").unwrap();
    assert!(staff.contains(" 404 "), "{staff}");

    let file = desk.hall.path("enquiries.csv");
    desk.hall.ok(&["export", "enquiry", "--format", "csv", "--output", file.to_str().unwrap()]);
    let table = fs::read_to_string(&file).unwrap();
    for subject in &sent {
        assert_eq!(table.matches(subject.as_str()).count(), 1, "{subject} in\n{table}");
    }
    assert_eq!(desk.status()["incoming"]["applied"].as_i64(), Some(sent.len() as i64));
    portal.kill();
    desk.kill();
    for (half, is_there) in [(&portal, false), (&desk, true)] {
        assert_eq!(holds(&half.hall.data(), "words-that-stay-secret"), is_there, "{}", half.role);
        half.hall.ok(&["audit", "verify"]);
    }
}
