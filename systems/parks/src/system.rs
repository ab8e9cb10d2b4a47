//! What this system hands to the city hall: the one line in `app` calls [`system`].

use futures::future::BoxFuture;

use crate::acts::{inspect, owners};
use crate::platform::desk::{Place, SiteLink};
use crate::platform::{Command, Daily, Report, System, Work, WorkError};
use crate::{calculators, definitions, pages, sample};

/// The parks.
///
/// # Panics
/// When a definition that is built into the program is wrong, which the tests would have shown.
pub fn system() -> System {
    let bundle = definitions::bundle().expect("the definitions are read by the tests of this crate");
    let title = bundle.system.title.clone();
    let lead = bundle.system.description.clone();
    let mut system = System::new(bundle);
    system.calculators = calculators::calculators();
    system.calculations = &calculators::CALCULATIONS;
    system.pages = pages::routes();
    system.links = vec![
        SiteLink { title: title.clone(), lead: lead.clone(), href: "/desk/parks", place: Place::Desk },
        SiteLink { title, lead, href: "/parks", place: Place::Portal },
    ];
    system.commands = vec![Command {
        name: "follow",
        about: "遊具の点検の結果を、遊具の状態に反映します。提供中は毎日1回、自動で行われます。",
        arguments: &[],
        run: follow,
    }];
    system.daily = vec![Daily {
        name: "follow", about: "遊具の点検の結果を、遊具の状態に反映する", run: follow
    }];
    system.sample = Some(sample::load);
    system
}

/// `kawasemi parks follow`, and the same once a day: inspections that came in by a file or the API reach their units.
fn follow(work: Work) -> BoxFuture<'static, Result<Report, WorkError>> {
    Box::pin(async move {
        let named = owners::name_all(&work.ledgers, &work.context).await?;
        let count = inspect::follow_all(&work.ledgers, &work.context).await?;
        let text = format!("{count}件の点検を遊具の状態に反映し、{named}件の日報・点検に団体を記入しました。");
        Ok(Report { text, json: serde_json::json!({ "followed": count, "named": named }) })
    })
}
