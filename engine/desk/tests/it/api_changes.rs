//! The changes of a ledger over the API: a page at a time, and as they happen.

use crate::common::{city, park};
use kawasemi_ledger::Draft;
use kawasemi_testkit::desk::tables;
use kawasemi_testkit::{TestCity, on_both_stores};
use serde_json::Value as Json;

const CHANGES: &str = "/api/v1/ledgers/park/changes";

fn told(page: &Json) -> Vec<(String, Option<String>)> {
    let text = |value: &Json| value.as_str().map(str::to_owned);
    let changes = page["changes"].as_array().expect("changes");
    changes.iter().map(|change| (text(&change["kind"]).expect("a kind"), text(&change["record"]["name"]))).collect()
}

async fn close(city: &TestCity, id: kawasemi_kernel::RecordId, revision: i64) {
    let draft = Draft::new().with("state", "closed").with("closed_reason", "工事");
    city.city.ledgers.update(&city.system(), "park", id, revision, draft).await.expect("is changed");
}

on_both_stores! {
    tables = tables();

    async fn a_program_reads_what_changed_and_goes_on(fixture) {
        let city = city(fixture).await;
        let staff = city.sign_in("jiro", &[]).await;
        park(&city, "閉鎖した公園", "closed").await;
        let open = park(&city, "城山公園", "open").await;
        city.seal().await;
        let first = staff.get_json(CHANGES).await;
        assert_eq!(first.status, 200, "{}", first.text);
        let first = first.json();
        assert_eq!(told(&first), [("create".to_owned(), Some("城山公園".to_owned()))]);
        assert_eq!((&first["changes"][0]["id"], &first["more"]), (&Json::from(open.to_string()), &Json::from(false)));
        let next = format!("{CHANGES}?since={}", first["next"].as_str().expect("a mark"));
        assert_eq!(told(&staff.get_json(&next).await.json()), []);
        close(&city, open, 1).await;
        city.seal().await;
        assert_eq!(told(&staff.get_json(&next).await.json()), [("gone".to_owned(), None)]);
        let now = staff.get_json(&format!("{CHANGES}?since=now")).await.json();
        assert!(told(&now).is_empty() && now["next"].is_string());
    }

    async fn what_can_not_be_answered_is_refused(fixture) {
        let city = city(fixture).await;
        let staff = city.sign_in("jiro", &[]).await;
        for (query, status) in [
            ("since=xyz", 400), ("since=%00", 400), ("sinse=x", 400), ("limit=0", 400), ("kinds=erase", 400),
            ("filter=keeper%20IS%20NULL", 400), ("fields=keeper", 400), ("filter=name%20%3D", 400),
        ] {
            let answer = staff.get_json(&format!("{CHANGES}?{query}")).await;
            assert_eq!(answer.status, status, "{query}: {}", answer.text);
            assert_eq!(staff.get_json(&format!("{CHANGES}/stream?{query}")).await.status, status, "{query}");
        }
        for browser in [&city.visitor(), &staff] {
            let ledger = if std::ptr::eq(browser, &staff) { "no-ledger" } else { "park" };
            for part in ["changes", "changes/stream"] {
                assert_eq!(browser.get_json(&format!("/api/v1/ledgers/{ledger}/{part}")).await.status, 404, "{part}");
            }
        }
    }

    async fn a_stream_tells_what_happens_and_can_be_resumed(fixture) {
        let city = city(fixture).await;
        let staff = city.sign_in("jiro", &[]).await;
        let (first, second) = (park(&city, "城山公園", "open").await, park(&city, "閉鎖した公園", "closed").await);
        city.seal().await;
        let from_the_beginning = staff.read_to_end(staff.request("GET", &format!("{CHANGES}/stream?since=")));
        let happening = async {
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            close(&city, first, 1).await;
            city.seal().await;
            tokio::time::sleep(std::time::Duration::from_millis(4_500)).await;
            city.desk.close();
        };
        let (stream, ()) = tokio::join!(from_the_beginning, happening);
        assert_eq!((stream.status, stream.header("content-type")), (200, "text/event-stream"));
        let kinds = |text: &str| text.matches("event: change").count();
        assert_eq!(kinds(&stream.text), 2, "{}", stream.text);
        assert!(stream.says("\"kind\":\"create\"") && stream.says("\"kind\":\"gone\"") && !stream.says(&second.to_string()));
        // Who comes back with the id of the first event gets the second, and only that. The server is stopping: the stream ends.
        let id = stream.between("id: ", "\n").expect("an id").to_owned();
        let request = staff.request("GET", &format!("{CHANGES}/stream")).header("last-event-id", id);
        let resumed = staff.read_to_end(request).await;
        assert_eq!(kinds(&resumed.text), 1, "{}", resumed.text);
        assert!(resumed.says("\"kind\":\"gone\""));
    }

    async fn the_document_describes_it(fixture) {
        let city = city(fixture).await;
        let staff = city.sign_in("jiro", &[]).await;
        let document = staff.get_json("/api/openapi.json").await.json();
        assert!(document["paths"][CHANGES]["get"].is_object() && document["paths"][format!("{CHANGES}/stream")]["get"].is_object());
        let message = &document["webhooks"]["ledgerChanged"]["post"];
        assert!(message["requestBody"].is_object(), "{message}");
    }
}
