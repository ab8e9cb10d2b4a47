//! What this system hands to the city hall: the one line in `app` calls [`system`].

use crate::definitions;
use crate::intake;
use crate::pages;
use crate::platform::desk::{Place, SiteLink};
use crate::platform::{Command, System};
use crate::sample;

/// The system of damage reports.
///
/// # Panics
/// When a definition that is built into the program is wrong, which the tests would have shown.
pub fn system() -> System {
    let bundle = definitions::bundle().expect("the definitions are read by the tests of this crate");
    let (title, lead) = (bundle.system.title.clone(), bundle.system.description.clone());
    let mut system = System::new(bundle);
    // Open311 lies beside the residents' pages: one merge, so that all addresses are walked.
    system.pages = pages::routes().merge(crate::open311::routes());
    system.links = vec![
        SiteLink { title: "通報の受付".into(), lead: lead.clone(), href: pages::board::BOARD, place: Place::Desk },
        SiteLink { title, lead, href: "/report", place: Place::Portal },
    ];
    system.parcels = vec![intake::handlers];
    system.commands = vec![Command {
        name: "defaults",
        about: "通報の種類・返信の文例・連絡先・設定の、はじめの値を入れます。すでにあるものは変えません。",
        arguments: &[],
        run: sample::defaults,
    }];
    system.sample = Some(sample::load);
    system
}
