//! What this system hands to the city hall: the one line in `app` calls [`system`].

use futures::future::BoxFuture;

use crate::acts::structures;
use crate::platform::desk::{Place, SiteLink};
use crate::platform::{Daily, Report, System, Work, WorkError};
use crate::schema::Text;
use crate::schema::text::Translated;
use crate::{calculations, calculators, definitions, pages, sample};

/// The road ledger.
///
/// # Panics
/// When a definition that is built into the program is wrong, which the tests would have shown.
pub fn system() -> System {
    let bundle = definitions::bundle().expect("the definitions are read by the tests of this crate");
    let (title, lead) = (bundle.system.title.clone(), bundle.system.description.clone());
    let mut system = System::new(bundle);
    system.calculators = calculators::calculators();
    system.calculations = &calculations::CALCULATIONS;
    system.pages = pages::routes();
    system.links = vec![
        SiteLink { title, lead, href: "/desk/roads", place: Place::Desk },
        SiteLink { title: portal_title(), lead: portal_lead(), href: "/roads", place: Place::Portal },
    ];
    system.daily = vec![Daily {
        name: "bring-over",
        about: "構造物の台帳に、最新の点検の結果と次の期限を反映する",
        run: bring_over,
    }];
    system.sample = Some(sample::load);
    system
}

fn portal_title() -> Text {
    Text::Many(Translated {
        ja: "道路台帳の閲覧".to_owned(),
        ja_easy: Some("道の 台帳を 見る".to_owned()),
        en: Some("Road ledger".to_owned()),
        vi: Some("Sổ đường".to_owned()),
    })
}

fn portal_lead() -> Text {
    Text::Many(Translated {
        ja: "市道の路線名、幅員、区域、占用物件を調べられます。窓口に来なくても確かめられます。".to_owned(),
        ja_easy: Some("市の 道の 名前、広さを しらべる ことが できます。".to_owned()),
        en: Some("Look up city roads: route, width, area and what occupies them.".to_owned()),
        vi: Some("Tra cứu đường của thành phố: tên, chiều rộng, khu vực.".to_owned()),
    })
}

/// Once a day: what inspections say stands in the ledger of structures.
fn bring_over(work: Work) -> BoxFuture<'static, Result<Report, WorkError>> {
    Box::pin(async move {
        let changed = structures::bring_over(&work.ledgers, &work.context).await?;
        let text = format!("構造物{changed}件に、最新の点検の結果を反映しました。");
        Ok(Report { text, json: serde_json::json!({ "changed": changed }) })
    })
}
