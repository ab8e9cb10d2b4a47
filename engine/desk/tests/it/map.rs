//! The map of a ledger: what it draws follows the list's address and the grants, and it comes as a paper, too.

use kawasemi_kernel::{Geometry, RecordId};
use kawasemi_ledger::Draft;
use kawasemi_testkit::TestCity;
use kawasemi_testkit::desk::{Browser, tables};
use kawasemi_testkit::on_both_stores;
use serde_json::Value;

use crate::common::{PARKS, city, park, record};

async fn park_at(city: &TestCity, name: &str, state: &str, at: &str) -> RecordId {
    let (latitude, longitude) = at.split_once(", ").expect("latitude and longitude");
    let number = |text: &str| text.parse::<f64>().expect("a number");
    let place = Geometry::point(number(longitude), number(latitude)).expect("a place");
    let draft = Draft::new().with("name", name).with("kind", "block").with("state", state);
    let draft = draft.with("location", kawasemi_kernel::Value::Geometry(place));
    record(city, "park", draft).await
}

/// The features at an address: their names in order, and whether the answer was cut.
async fn features(browser: &Browser, query: &str) -> (Vec<String>, bool) {
    let answer = browser.get(&format!("{PARKS}/map/features{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.header("content-type").starts_with("application/geo+json"));
    let json: Value = serde_json::from_str(&answer.text).expect("is JSON");
    let label = |feature: &Value| feature["properties"]["label"].as_str().unwrap_or_default().to_owned();
    let names = json["features"].as_array().expect("features").iter().map(label).collect();
    (names, json["more"] == true)
}

on_both_stores! {
    tables = tables();

    async fn a_map_shows_what_the_list_with_the_same_address_has(fixture) {
        let city = city(fixture).await;
        park_at(&city, "城山公園", "open", "35.4378, 139.4269").await;
        park_at(&city, "東公園", "works", "35.45, 139.45").await;
        park(&city, "所在不明", "open").await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;

        let page = clerk.get(&format!("{PARKS}/map")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(page.says("data-map=") && page.says("城山公園") && !page.says("所在不明"), "{}", page.text);
        assert!(page.says("工事中"), "the legend has the choices of the colour field");
        assert_eq!(features(&clerk, "").await, (vec!["城山公園".into(), "東公園".into()], false));
        assert_eq!(features(&clerk, "?facet=state:works").await.0, ["東公園"]);
        assert_eq!(features(&clerk, "?bbox=139.42,35.43,139.43,35.44").await.0, ["城山公園"]);
        assert_eq!(features(&clerk, "?view=attention&bbox=139,35,140,36").await.0, ["東公園"]);
        let q = "?q=%E5%9F%8E%E5%B1%B1";
        assert_eq!(features(&clerk, q).await.0, ["城山公園"]);
        let list = clerk.get(&format!("{PARKS}?facet=state:works")).await;
        assert!(list.says(&format!("href=\"{PARKS}/map?facet=state%3Aworks\"")), "the way to the map keeps what narrows");
        assert!(clerk.get(&format!("{PARKS}/map?facet=state:works")).await.says(&format!("href=\"{PARKS}?facet=state%3Aworks\"")));
    }

    async fn what_is_in_view_becomes_a_condition(fixture) {
        let city = city(fixture).await;
        park_at(&city, "城山公園", "open", "35.4378, 139.4269").await;
        park_at(&city, "東公園", "works", "35.45, 139.45").await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let narrowed = clerk.get(&format!("{PARKS}/map?filter=state+%3D+%27open%27&bbox=139.42,35.43,139.43,35.44")).await;
        assert_eq!(narrowed.status, 303);
        let once = narrowed.location().to_owned();
        let page = clerk.get(&once).await;
        assert!(page.says("地図で選んだ範囲の中") && page.says("城山公園") && !page.says("東公園"), "{}", page.text);
        // A second stretch takes the place of the first.
        let again = clerk.get(&format!("{once}&bbox=139.44,35.44,139.46,35.46")).await;
        assert_eq!(again.location().matches("S_INTERSECTS").count(), 1, "{}", again.location());
        for wrong in ["1,2,3", "139,35,138,36", "a,b,c,d", "0,-91,1,1"] {
            assert_eq!(clerk.get(&format!("{PARKS}/map/features?bbox={wrong}")).await.status, 400, "{wrong}");
        }
        assert_eq!(clerk.get(&format!("{PARKS}/map?filter=nonsense+%3D")).await.status, 422);
    }

    async fn an_answer_is_bounded_and_says_so(fixture) {
        let city = city(fixture).await;
        let mut csv = String::from("公園名,種別,位置\n");
        for n in 0..2_010 {
            csv.push_str(&format!("公園{n:04},街区公園,\"35.{:04}, 139.43\"\n", 4000 + n % 600));
        }
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let sent = crate::common::send_file(&clerk, &format!("{PARKS}/import"), "file", "parks.csv", csv.as_bytes(), &[]).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        let file = clerk.get(sent.location()).await.input("file").expect("the file is carried along");
        let mut entries = vec![("file", file.as_str()), ("mode", "import"), ("merge", "")];
        entries.extend(["name", "kind", "location"].map(|column| ("column", column)));
        let started = clerk.post(&format!("{PARKS}/import/run"), &entries).await;
        let done = crate::common::outcome(&clerk, &started).await;
        assert!(done.says("2,010"), "{}", done.text);
        let (names, more) = features(&clerk, "").await;
        assert_eq!((names.len(), more), (2_000, true));
        let (names, more) = features(&clerk, "?bbox=139.42,35.3995,139.44,35.4055").await;
        assert!(!more && !names.is_empty() && names.len() < 2_000, "{}", names.len());
    }

    async fn who_may_not_see_a_record_sees_it_on_no_map(fixture) {
        let city = city(fixture).await;
        park_at(&city, "閉じた公園", "closed", "35.4378, 139.4269").await;
        park_at(&city, "開いた公園", "open", "35.4380, 139.4270").await;
        let colleague = city.sign_in("taro", &[]).await;
        assert_eq!(features(&colleague, "").await.0, ["開いた公園"]);
        assert!(!colleague.get(&format!("{PARKS}/map")).await.says("閉じた公園"));
        assert_eq!(city.visitor().get(&format!("{PARKS}/map/features")).await.status, 303);
    }

    async fn a_record_and_its_form_have_a_map(fixture) {
        let city = city(fixture).await;
        let id = park_at(&city, "城山公園", "open", "35.4378, 139.4269").await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let page = clerk.get(&format!("{PARKS}/{id}")).await;
        assert!(page.says("data-map=") && page.says("139.4269"), "{}", page.text);
        let form = clerk.get(&format!("{PARKS}/{id}/edit")).await;
        assert!(form.says("name=\"location\" value=\"35.4378,139.4269\"") && form.says("map-picker"), "{}", form.text);
        let plain = park(&city, "所在不明", "open").await;
        assert!(!clerk.get(&format!("{PARKS}/{plain}")).await.says("data-map="));
    }

    async fn the_base_map_is_ours_alone(fixture) {
        let city = city(fixture).await;
        let visitor = city.visitor();
        let style = visitor.get("/map/style.json").await;
        assert_eq!(style.status, 200, "{}", style.text);
        let json: Value = serde_json::from_str(&style.text).expect("is JSON");
        assert!(json["glyphs"].is_null() && json["sprite"].is_null() && !style.text.contains("https://"), "{}", style.text);
        assert_eq!(json["metadata"]["kawasemi"]["bounds"].as_array().map(Vec::len), Some(4));
        let outline = visitor.get("/map/outline.geojson").await;
        assert!(outline.text.contains("綾瀬市") && outline.text.contains("海老名市"));
        assert_eq!(visitor.get("/map/towns.geojson").await.status, 200);
        let policy = style.header("content-security-policy").to_owned();
        assert!(policy.contains("worker-src 'self'") && !policy.contains("https:"), "{policy}");
        assert!(visitor.get("/en/map/style.json").await.text.contains("Outline of the city"));
    }

    async fn a_map_is_printed_true_to_scale(fixture) {
        let city = city(fixture).await;
        park_at(&city, "城山公園", "open", "35.4378, 139.4269").await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let ask = clerk.get(&format!("{PARKS}/map/print?bbox=139.42,35.43,139.44,35.45")).await;
        assert!(ask.status == 200 && ask.says("1/2,500") && ask.says("139.42,35.43,139.44,35.45"), "{}", ask.text);
        let query = "bbox=139.42,35.43,139.44,35.45&paper=a3&orientation=portrait&scale=10000&title=%E5%85%AC%E5%9C%92%E5%9B%B3";
        let pdf = clerk.get(&format!("{PARKS}/map/print.pdf?{query}")).await;
        assert_eq!((pdf.status, pdf.header("content-type")), (200, "application/pdf"), "{}", pdf.text);
    }
}
