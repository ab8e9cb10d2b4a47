//! Open311 as other programs call it: read and write, XML and JSON, and every error as it is specified.

use kawasemi_testkit::{Answer, Browser, TestCity, on_both_stores};
use serde_json::Value as Json;

use crate::support::*;

/// A key that was issued on the staff's page.
async fn key(city: &TestCity, may_update: &str) -> String {
    let triage = city.sign_in(&format!("kagi{may_update}"), &["report-triage"]).await;
    let page = triage.post("/desk/reports/settings/key", &[("name", "よそのアプリ"), ("may_update", may_update)]).await;
    page.between("<code class=\"report-key\">", "</code>").unwrap_or_else(|| panic!("{}", page.text)).to_owned()
}

async fn post(browser: &Browser, path: &str, entries: &[(&str, &str)]) -> Answer {
    let body = entries
        .iter()
        .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
        .collect::<Vec<_>>()
        .join("&");
    let request = browser.request("POST", path).header("content-type", "application/x-www-form-urlencoded");
    browser.send(request.body(axum::body::Body::from(body))).await
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// The errors of an answer.
fn errors(answer: &Answer) -> Vec<(i64, String)> {
    let errors = answer.json();
    let one = |error: &Json| (error["code"].as_i64().unwrap(), error["description"].as_str().unwrap().to_owned());
    errors.as_array().unwrap_or_else(|| panic!("{}", answer.text)).iter().map(one).collect()
}

/// Whether XML is well formed, as another program reads it.
fn is_well_formed(xml: &str) -> bool {
    let mut reader = quick_xml::Reader::from_str(xml);
    reader.config_mut().check_end_names = true;
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

on_both_stores! {
    tables = tables();

    async fn what_can_be_reported_is_told(fixture) {
        let city = city(fixture).await;
        let client = city.visitor();
        for path in ["/open311/discovery", "/open311/v2/discovery"] {
            let discovery = client.get(&format!("{path}.json")).await.json();
            assert_eq!(discovery["endpoints"][0]["specification"], "http://wiki.open311.org/GeoReport_v2");
            assert_eq!(discovery["endpoints"][0]["url"], "http://localhost/open311/v2");
            assert_eq!(discovery["endpoints"][0]["formats"][1], "application/json");
            assert!(discovery["changeset"].is_string() && discovery["contact"].is_string());
            let xml = client.get(&format!("{path}.xml")).await;
            assert!(xml.text.contains("<discovery><changeset>") && is_well_formed(&xml.text), "{}", xml.text);
        }
        let services = client.get("/open311/v2/services.json").await;
        assert_eq!(services.header("content-type"), "application/json; charset=utf-8");
        let list = services.json();
        let pothole = list.as_array().unwrap().iter().find(|one| one["service_code"] == "road.pothole").unwrap().clone();
        assert_eq!((pothole["metadata"].as_bool(), pothole["type"].as_str()), (Some(true), Some("realtime")));
        assert_eq!((pothole["service_name"].as_str(), pothole["group"].as_str()), (Some("穴ぼこ・段差"), Some("道路")));
        let english = client.get("/en/open311/v2/services.json").await.json();
        assert!(english.to_string().contains("Pothole or bump"));
        let xml = client.get("/open311/v2/services.xml").await;
        assert_eq!(xml.header("content-type"), "text/xml; charset=utf-8");
        assert!(xml.text.contains("<services><service><service_code>road.pothole</service_code>") && is_well_formed(&xml.text));
        assert!(client.get("/open311/v2/services.json?lat=35.1&long=139.3").await.json().as_array().unwrap().is_empty(), "the sea");

        let definition = client.get("/open311/v2/services/road.pothole.json").await.json();
        assert_eq!(definition["service_code"], "road.pothole");
        let size = &definition["attributes"][0];
        assert_eq!((size["code"].as_str(), size["variable"].as_bool(), size["required"].as_bool()), (Some("size"), Some(true), Some(false)));
        assert_eq!(size["values"][1]["key"], "m");
        let xml = client.get("/open311/v2/services/road.pothole.xml").await.text;
        assert!(xml.contains("<service_definition><service_code>road.pothole</service_code><attributes><attribute>"), "{xml}");
        let unknown = client.get("/open311/v2/services/no.such.json").await;
        assert_eq!((unknown.status, errors(&unknown)[0].0), (404, 404));
        let unknown = client.get("/open311/v2/services/no.such.xml").await;
        assert!(unknown.status == 404 && unknown.text.contains("<errors><error><code>404</code><description>"), "{}", unknown.text);
        assert_eq!(client.get("/open311/v2/nothing.json").await.status, 404);
    }

    async fn a_request_is_created_and_read(fixture) {
        let city = city(fixture).await;
        let client = city.visitor();
        let key = key(&city, "").await;
        let entries = [
            ("api_key", key.as_str()), ("service_code", "road.pothole"), ("lat", "35.4378"), ("long", "139.4269"),
            ("description", "大きな穴 & <b>"), ("attribute[size]", "l"), ("email", "a@example.jp"), ("first_name", "太郎"),
            ("last_name", "例"), ("media_url", "https://example.jp/1.jpg"),
        ];
        let created = post(&client, "/open311/v2/requests.json", &entries).await;
        assert_eq!(created.status, 200, "{}", created.text);
        let number = created.json()[0]["service_request_id"].as_str().unwrap().to_owned();
        assert!(created.json()[0]["service_notice"].is_string());
        let again = post(&client, "/open311/v2/requests.json", &entries).await;
        assert_eq!(again.json()[0]["service_request_id"], number.as_str(), "sent again after a lost answer");
        let record = found(&city, &number).await;
        assert_eq!(record.get("reporter_name").as_text(), Some("例 太郎"));
        assert_eq!(record.get("channel").as_text(), Some("open311"));
        assert!(record.get("media_urls").as_text().is_some_and(|urls| urls.contains("1.jpg")));

        let one = client.get(&format!("/open311/v2/requests/{number}.json")).await.json();
        let request = &one[0];
        assert_eq!((request["status"].as_str(), request["service_code"].as_str()), (Some("open"), Some("road.pothole")));
        assert!(request["lat"].is_f64() && request["long"].is_f64());
        assert_eq!(request["requested_datetime"], "2026-05-01T10:00:00+09:00");
        assert_eq!(request["expected_datetime"], "2026-05-11T17:15:00+09:00");
        for kept in ["大きな穴", "太郎", "a@example.jp", "1.jpg"] {
            assert!(!one.to_string().contains(kept), "{kept} was not checked");
        }
        let xml = client.get(&format!("/open311/v2/requests/{number}.xml")).await.text;
        assert!(xml.contains("<service_requests><request><service_request_id>") && xml.contains("<address_id/>") && is_well_formed(&xml), "{xml}");
        let list = |query: &str| { let path = format!("/open311/v2/requests.json?{query}"); let client = &client; async move { client.get(&path).await } };
        assert_eq!(list("").await.json().as_array().map(Vec::len), Some(1));
        assert_eq!(list(&format!("service_request_id={number}&status=closed")).await.json().as_array().map(Vec::len), Some(1), "ids override all else");
        assert_eq!(list("status=closed").await.json().as_array().map(Vec::len), Some(0));
        assert_eq!(list("status=open,closed&service_code=road.pothole,road.light").await.json().as_array().map(Vec::len), Some(1));
        assert_eq!(list("start_date=2026-04-01T00:00:00%2B09:00&end_date=2026-05-31T00:00:00%2B09:00").await.json().as_array().map(Vec::len), Some(1));
        assert_eq!(list("end_date=2026-04-30T00:00:00Z").await.json().as_array().map(Vec::len), Some(0));
        assert_eq!(list("has_photo=true").await.json().as_array().map(Vec::len), Some(0));
        let token = record.id.0.simple().to_string();
        let told = client.get(&format!("/open311/v2/tokens/{token}.json")).await.json();
        assert_eq!((told[0]["service_request_id"].as_str(), told[0]["token"].as_str()), (Some(number.as_str()), Some(token.as_str())));

        let address = [("api_key", key.as_str()), ("service_code", "road.light"), ("address_string", "深谷中七丁目")];
        let created = post(&client, "/open311/v2/requests.xml", &address).await;
        assert!(created.status == 200 && created.text.contains("<service_requests><request><service_request_id>"), "{}", created.text);
    }

    async fn every_error_is_said_in_the_form_that_was_asked_for(fixture) {
        let city = city(fixture).await;
        let client = city.visitor();
        let key = key(&city, "").await;
        let good = [("api_key", key.as_str()), ("service_code", "road.pothole"), ("lat", "35.4378"), ("long", "139.4269"), ("description", "x")];
        let without = |name: &str| good.iter().filter(|(known, _)| *known != name).copied().collect::<Vec<_>>();
        let with = |name: &'static str, value: &'static str| without(name).into_iter().chain([(name, value)]).collect::<Vec<_>>();
        for (entries, status, said) in [
            (without("api_key"), 403, "api_key"),
            (with("api_key", "o311_wrong"), 403, "api_key"),
            (without("service_code"), 400, "service_code"),
            (with("service_code", "no.such"), 404, "service_code"),
            ([without("lat").as_slice()].concat().into_iter().filter(|(name, _)| *name != "long").collect(), 400, "location"),
            (without("long"), 400, "together"),
            (with("lat", "139.4"), 400, "degrees"),
            (with("lat", "35.1"), 400, "outside the city"),
            (with("email", "nonsense"), 400, "mail"),
            (with("attribute[size]", "huge"), 400, "size"),
            (with("attribute[other]", "1"), 400, "other"),
            (with("strange", "1"), 400, "strange"),
        ] {
            let answer = post(&client, "/open311/v2/requests.json", &entries).await;
            let told = errors(&answer);
            assert_eq!((answer.status, told[0].0), (status, i64::from(status)), "{said}: {}", answer.text);
            assert!(told.iter().any(|(_, description)| description.contains(said)), "{said}: {}", answer.text);
        }
        let two = post(&client, "/open311/v2/requests.json", &with("email", "nonsense").into_iter().chain([("phone", "x")]).collect::<Vec<_>>()).await;
        assert_eq!(errors(&two).len(), 2, "all that is wrong is said");
        let xml = post(&client, "/open311/v2/requests.xml", &without("api_key")).await;
        assert!(xml.status == 403 && xml.text.contains("<errors><error><code>403</code>") && is_well_formed(&xml.text), "{}", xml.text);
        for (path, status) in [
            ("requests.json?max_requests=-1", 400),
            ("requests.json?status=whatever", 400),
            ("requests.json?start_date=yesterday", 400),
            ("requests.json?start_date=2026-01-01&end_date=2026-12-31", 400),
            ("requests.json?start_date=2026-05-01&end_date=2026-04-01", 400),
            ("requests.json?service_code=no.such", 404),
            ("requests.json?service_request_id=0", 404),
            ("requests.json?limit=-1", 400),
            ("requests/00000-00000.json", 404),
            ("tokens/nonsense.json", 404),
            ("servicerequestupdates.json?start_date=x", 400),
            ("services.json?lat=x&long=y", 400),
        ] {
            let answer = client.get(&format!("/open311/v2/{path}")).await;
            assert_eq!((answer.status, errors(&answer)[0].0), (status, i64::from(status)), "{path}: {}", answer.text);
        }
        assert_eq!(all(&city, "road-report", "state = 'received'").await.len(), 0);

        let setting = one(&city, "report-setting", "name = '設定'").await;
        let draft = kawasemi_platform::ledger::Draft::new().with("jurisdiction_id", "city.ayase.kanagawa.jp").with("jurisdiction_required", true);
        city.city.ledgers.update(&city.system(), "report-setting", setting.id, setting.revision, draft).await.unwrap();
        assert_eq!(client.get("/open311/v2/services.json").await.status, 400);
        assert_eq!(client.get("/open311/v2/services.json?jurisdiction_id=elsewhere").await.status, 404);
        assert_eq!(client.get("/open311/v2/services.json?jurisdiction_id=city.ayase.kanagawa.jp").await.status, 200);
    }

    async fn a_key_has_its_limit_and_its_end(fixture) {
        let city = city(fixture).await;
        let client = city.visitor();
        let key = key(&city, "").await;
        let record = one(&city, "report-api-key", "name = 'よそのアプリ'").await;
        assert!(!format!("{:?}", record.fields()).contains(&key), "the key itself is not kept");
        let set = async |draft: kawasemi_platform::ledger::Draft| {
            let now = one(&city, "report-api-key", "name = 'よそのアプリ'").await;
            city.city.ledgers.update(&city.system(), "report-api-key", now.id, now.revision, draft).await.unwrap();
        };
        set(kawasemi_platform::ledger::Draft::new().with("per_hour", 2_i64)).await;
        let send = async |n: &str| {
            let entries = [("api_key", key.as_str()), ("service_code", "road.pothole"), ("address_string", n)];
            post(&client, "/open311/v2/requests.json", &entries).await
        };
        assert_eq!((send("一").await.status, send("二").await.status), (200, 200));
        let refused = send("三").await;
        assert_eq!((refused.status, errors(&refused)[0].0), (429, 429));
        city.clock.advance(jiff::SignedDuration::from_hours(1));
        assert_eq!(send("三").await.status, 200);
        set(kawasemi_platform::ledger::Draft::new().with("active", false)).await;
        city.clock.advance(jiff::SignedDuration::from_hours(1));
        assert_eq!(send("四").await.status, 403);
    }

    async fn updates_go_both_ways(fixture) {
        let city = city(fixture).await;
        let client = city.visitor();
        let number = sent(&client, "road.pothole", HALL, "穴").await;
        let triage = city.sign_in("uketsuke", &["report-triage"]).await;
        let path = format!("/desk/reports/{}", found(&city, &number).await.id);
        triage.post(&format!("{path}/state"), &[("state", "investigating"), ("note", "見に行きます。")]).await;
        let updates = client.get("/open311/v2/servicerequestupdates.json").await.json();
        assert_eq!((updates[0]["status"].as_str(), updates[0]["service_request_id"].as_str()), (Some("INVESTIGATING"), Some(number.as_str())));
        assert_eq!(updates[0]["description"], "見に行きます。");
        let xml = client.get("/open311/v2/servicerequestupdates.xml").await.text;
        assert!(xml.contains("<service_request_updates><request_update><update_id>") && is_well_formed(&xml), "{xml}");

        let (reader, writer) = (key(&city, "").await, key(&city, "true").await);
        let entries = |key: &'static str| [
            ("api_key", key), ("service_request_id", "N"), ("update_id", "u-1"), ("updated_datetime", "2026-05-01T11:00:00+09:00"),
            ("status", "fixed"), ("description", "直っていました"), ("email", "b@example.jp"),
        ];
        let with = |key: &str| entries("K").map(|(name, value)| match value {
            "K" => (name, key.to_owned()),
            "N" => (name, number.clone()),
            value => (name, value.to_owned()),
        });
        let send = async |entries: &[(&str, String)]| {
            let entries: Vec<(&str, &str)> = entries.iter().map(|(name, value)| (*name, value.as_str())).collect();
            post(&client, "/open311/v2/servicerequestupdates.json", &entries).await
        };
        assert_eq!(send(&with(&reader)).await.status, 403, "this key may not");
        let missing = send(&with(&writer)[..3]).await;
        assert_eq!((missing.status, errors(&missing).len()), (400, 3));
        let taken = send(&with(&writer)).await;
        assert_eq!((taken.status, taken.json()[0]["update_id"].as_str()), (200, Some("u-1")));
        assert_eq!(send(&with(&writer)).await.status, 400, "the same update_id again");
        let case = triage.get(&path).await;
        assert!(case.says("直っていました") && case.says("公開の確認待ち") && case.says("b@example.jp"), "{}", case.text);
        assert!(!client.get(&format!("/report/{number}")).await.says("直っていました"), "not before it is checked");
        let update = one(&city, "report-update", "external_id = 'u-1'").await.id.to_string();
        assert_eq!(triage.post(&format!("{path}/release"), &[("update", update.as_str())]).await.status, 303);
        let page = client.get(&format!("/report/{number}")).await;
        assert!(page.says("直っていました") && !page.says("b@example.jp"));
    }
}
