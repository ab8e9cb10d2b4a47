//! What this system hands to the city hall: the one line in `app` calls [`system`].

use futures::future::BoxFuture;

use crate::platform::desk::{Place, SiteLink};
use crate::platform::{Daily, Report, System, Work, WorkError};
use crate::schema::Text;
use crate::schema::text::Translated;
use crate::{acts, calculations, calculators, definitions, pages, sample};

/// The sewer ledger.
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
        SiteLink { title, lead, href: "/desk/sewers", place: Place::Desk },
        SiteLink { title: portal_title(), lead: portal_lead(), href: "/sewers", place: Place::Portal },
    ];
    system.daily = vec![Daily {
        name: "bring-over",
        about: "管きょの台帳に、最新の調査の緊急度と次の期限を反映する",
        run: bring_over,
    }];
    system.sample = Some(sample::load);
    system
}

fn portal_title() -> Text {
    Text::Many(Translated {
        ja: "下水道台帳の閲覧".to_owned(),
        ja_easy: Some("下水道の 台帳を 見る".to_owned()),
        en: Some("Sewer ledger".to_owned()),
        vi: Some("Sổ thoát nước".to_owned()),
    })
}

fn portal_lead() -> Text {
    Text::Many(Translated {
        ja: "下水道の管きょ、マンホール、ますの位置、口径、深さを調べられます。窓口に来なくても確かめられます。"
            .to_owned(),
        ja_easy: Some("下水道の 管や マンホールを しらべる ことが できます。".to_owned()),
        en: Some("Look up sewers: pipes, manholes and chambers, their size and depth.".to_owned()),
        vi: Some("Tra cứu ống, hố ga, kích thước và độ sâu.".to_owned()),
    })
}

/// Once a day: what surveys say stands in the ledger of pipes.
fn bring_over(work: Work) -> BoxFuture<'static, Result<Report, WorkError>> {
    Box::pin(async move {
        let changed = acts::bring_over(&work.ledgers, &work.context).await?;
        let text = format!("管きょ{changed}スパンに、最新の調査の結果を反映しました。");
        Ok(Report { text, json: serde_json::json!({ "changed": changed }) })
    })
}
