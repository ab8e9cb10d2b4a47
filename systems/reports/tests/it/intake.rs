//! Bad input, and how it is answered: with a sentence in the reporter's language, with nothing lost, and with the others left alone.

use axum::extract::ConnectInfo;
use kawasemi_testkit::on_both_stores;

use crate::support::*;

on_both_stores! {
    tables = tables();

    async fn what_is_wrong_is_said_in_four_languages(fixture) {
        let city = city(fixture).await;
        let visitor = city.visitor();
        for (prefix, title, sea) in [
            ("", "道路・公園などの破損を知らせる", "海の上"),
            ("/ja-easy", "こわれた ところを 知らせる", "市の 外"),
            ("/en", "Report a problem", "outside the city"),
            ("/vi", "Báo hư hỏng", "ngoài thành phố"),
        ] {
            let form = visitor.get(&format!("{prefix}/report")).await;
            assert!(form.status == 200 && form.says(&format!("<h1>{title}</h1>")), "{}", form.text);
            let answer = visitor.post(&format!("{prefix}/report"), &report("road.pothole", "35.10, 139.30", "穴")).await;
            assert!(answer.status == 422 && answer.says(sea) && answer.says("35.10, 139.30"), "{prefix}: {}", answer.text);
        }
        for (category, location, description, said) in [
            ("road.pothole", "", "穴", "場所が分かりません"),
            ("road.pothole", "139.4269, 35.4378", "穴", "緯度、経度の順"),
            ("road.pothole", "どこか", "穴", "位置が読めません"),
            ("", HALL, "穴", "何が壊れているかを選んで"),
            ("no.such", HALL, "穴", "何が壊れているかを選んで"),
            ("road.pothole", HALL, "", "写真か"),
        ] {
            let answer = visitor.post("/report", &report(category, location, description)).await;
            assert!(answer.status == 422 && answer.says(said), "{said}: {}", answer.text);
        }
        let long = "あ".repeat(4_001);
        assert_eq!(visitor.post("/report", &report("road.pothole", HALL, &long)).await.status, 422);
        assert!(all(&city, "road-report", "urgent OR NOT urgent").await.is_empty());
    }

    async fn photographs_that_are_none_are_refused_and_nothing_is_lost(fixture) {
        let city = city(fixture).await;
        let visitor = city.visitor();
        let entries = report("road.pothole", HALL, "大きな穴");
        let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec();
        for (bytes, said) in [
            (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec(), "写真として読めない"),
            (b"%PDF-1.7".to_vec(), "写真として読めない"),
            (heic, "HEIC"),
            (photograph()[..60].to_vec(), "壊れていて"),
            (vec![0xFF; 40 * 1024 * 1024 + 1], "40MB"),
        ] {
            let answer = upload(&visitor, "/report", &entries, &[("photo", "a.jpg", &bytes)]).await;
            assert!(answer.status == 422 && answer.says(said) && answer.says("大きな穴"), "{said}: {}", answer.status);
        }
        // One that is good waits while the mistake is mended.
        let mut wrong = report("", HALL, "大きな穴");
        let jpeg = photograph();
        let answer = upload(&visitor, "/report", &wrong, &[("photo", "a.jpg", &jpeg)]).await;
        let kept = answer.input("kept").expect("it waits");
        assert!(answer.status == 422 && answer.says("写真1枚を預かって"), "{}", answer.text);
        wrong = report("road.pothole", HALL, "大きな穴");
        wrong.push(("kept".to_owned(), kept));
        let number = number(&visitor.post("/report", &wrong).await);
        let record = found(&city, &number).await;
        assert!(matches!(record.get("photos"), kawasemi_platform::kernel::Value::Files(files) if files.len() == 1));
    }

    async fn the_same_sent_twice_is_there_once(fixture) {
        let city = city(fixture).await;
        let visitor = city.visitor();
        let mut entries = report("road.pothole", HALL, "穴");
        entries[0].1 = "0190b5c8-0000-7000-8000-000000000777".to_owned();
        entries.push(("confirmed".to_owned(), "1".to_owned()));
        let (first, second) = (visitor.post("/report", &entries).await, visitor.post("/report", &entries).await);
        assert_eq!(number(&first), number(&second));
        assert_eq!(all(&city, "road-report", "state = 'received'").await.len(), 1);
    }

    async fn a_flood_from_one_address_is_held_back_and_others_are_served(fixture) {
        let city = city(fixture).await;
        let visitor = city.visitor();
        let send = async |address: &str, n: usize| {
            let peer: std::net::SocketAddr = format!("{address}:1234").parse().unwrap();
            let body = format!("id=&location=35.{}%2C139.4269&category=road.pothole&description=x&confirmed=1", 43_780 + n);
            let request = visitor
                .request("POST", "/report")
                .header("accept", "text/html")
                .header("content-type", "application/x-www-form-urlencoded")
                .header("sec-fetch-site", "same-origin")
                .extension(ConnectInfo(peer));
            visitor.send(request.body(axum::body::Body::from(body))).await.status
        };
        let mut taken = 0;
        for n in 0..100 {
            match send("192.0.2.1", n).await {
                303 => taken += 1,
                status => assert_eq!(status, 429),
            }
        }
        assert_eq!(taken, 30);
        assert_eq!(send("192.0.2.2", 500).await, 303, "another address");
        city.clock.advance(jiff::SignedDuration::from_hours(1));
        assert_eq!(send("192.0.2.1", 600).await, 303, "an hour later");
    }

    async fn a_report_finds_its_town_its_asset_and_its_deadlines(fixture) {
        use kawasemi_platform::kernel::{Geometry, Value};
        use kawasemi_platform::ledger::Draft;
        let city = city(fixture).await;
        let point = |latitude: f64, longitude: f64| Value::Geometry(Geometry::point(longitude, latitude).unwrap());
        for (name, latitude) in [("早川", 35.4370), ("寺尾", 35.4500)] {
            let town = Draft::new().with("name", name).with("oaza", name).with("point", point(latitude, 139.4269));
            add(&city, "town", town).await;
        }
        // A ledger of assets that this city has.
        let category = one(&city, "report-category", "code = 'road.light'").await;
        let draft = Draft::new().with("asset_ledger", "town").with("asset_radius_m", 120_i64);
        city.city.ledgers.update(&city.system(), "report-category", category.id, category.revision, draft).await.unwrap();
        let number = sent(&city.visitor(), "road.light", HALL, "消えている").await;
        let record = found(&city, &number).await;
        let text = |key: &str| record.get(key).as_text().unwrap_or_default().to_owned();
        assert_eq!((text("area").as_str(), text("asset_ledger").as_str()), ("早川", "town"));
        assert!(text("asset_label").contains("早川"), "{}", text("asset_label"));
        // Friday 1 May 2026, 10:00; the holidays end on 6 May.
        assert_eq!(record.get("fix_due").as_date(), Some(jiff::civil::date(2026, 5, 26)));
        assert!(matches!(record.get("check_due"), Value::Instant(at) if at.to_string() == "2026-05-08T08:15:00Z"));
        let urgent = sent(&city.visitor(), "road.subsidence", AWAY, "沈んだ").await;
        let urgent = found(&city, &urgent).await;
        assert_eq!(urgent.get("urgent"), &Value::Bool(true));
        assert!(matches!(urgent.get("check_due"), Value::Instant(at) if at.to_string() == "2026-05-01T02:00:00Z"));
        // What everybody sees of the position is rounded until it is checked.
        assert_ne!(record.get("public_point"), record.get("location"));
    }
}
