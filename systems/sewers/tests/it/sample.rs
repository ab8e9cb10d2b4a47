//! The sample: it loads once, says that it is one, and every page shows it.

use kawasemi_testkit::on_both_stores;

use crate::support::{city_with_sample, found, is_pdf, run};

on_both_stores! {
    tables = crate::support::tables();

    async fn the_sample_loads_once_and_the_pages_show_it(fixture) {
        let city = city_with_sample(fixture).await;
        let again = run(&city, fixture, kawasemi_sewers::system().sample.unwrap()).await.unwrap();
        assert_eq!(again.json["records"], 0);
        let pipes = found(&city, "sewer-pipe", "exclusion = 'sanitary'").await;
        assert!(pipes.len() > 100, "{}", pipes.len());
        assert!(pipes.iter().all(|pipe| pipe.get("note").as_text() == Some("見本")));
        let hanako = city.sign_in("hanako", &["sewer-editor"]).await;
        for (path, said) in [("/desk/sewers", "緊急度"), ("/desk/sewers/priorities", "雨水の管きょ"), ("/desk/sewers/forecast", "50％になる年数")] {
            let page = hanako.get(path).await;
            assert!(page.status == 200 && page.says(said), "{path}: {} {}", page.status, page.text);
        }
        let forecast = hanako.get("/desk/sewers/forecast").await;
        assert!(forecast.says("目標耐用年数の目安"), "the sample has enough surveys for a curve: {}", forecast.text);
        assert!(is_pdf(&hanako.get("/desk/sewers/sheet.pdf").await));
    }
}
