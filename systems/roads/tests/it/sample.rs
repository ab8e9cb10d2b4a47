//! The sample: it loads once, says that it is one, and every page shows it.

use kawasemi_testkit::on_both_stores;

use crate::support::{city_with_sample, found, is_pdf, run};

on_both_stores! {
    tables = crate::support::tables();

    async fn the_sample_loads_once_and_the_pages_show_it(fixture) {
        let city = city_with_sample(fixture).await;
        let again = run(&city, fixture, kawasemi_roads::system().sample.unwrap()).await.unwrap();
        assert_eq!(again.json["records"], 0);
        let routes = found(&city, "road-route", "state = 'in-force'").await;
        assert!(routes.len() > 20, "{}", routes.len());
        assert!(routes.iter().all(|route| route.get("name").as_text().unwrap().contains("見本")));
        let hanako = city.sign_in("hanako", &["road-editor", "road-works-supervisor"]).await;
        for path in ["/desk/roads", "/desk/roads/routes", "/desk/roads/permits", "/desk/roads/unused", "/desk/roads/drawings", "/desk/roads/works"] {
            let page = hanako.get(path).await;
            assert!(page.status == 200 && page.says("見本"), "{path}: {} {}", page.status, page.text);
        }
        let unused = hanako.get("/desk/roads/unused").await;
        assert!(unused.says("境界未確定") && unused.says("いつもの"), "{}", unused.text);
        let route = &routes[0];
        let page = hanako.get(&format!("/desk/roads/routes/{}", route.id)).await;
        assert!(!page.says("合っていません"), "the sections of the sample add up");
        assert!(is_pdf(&hanako.get(&format!("/desk/roads/routes/{}/sheet.pdf", route.id)).await));
        assert!(city.visitor().get(&format!("/roads/{}", route.id)).await.status == 200);
    }
}
