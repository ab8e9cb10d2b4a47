//! Permits to occupy the road: prices, fees, the end of a term, letters, and who sees the holder.

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use kawasemi_platform::kernel::{RecordId, Value};
use kawasemi_platform::ledger::Draft;
use kawasemi_testkit::{TestCity, on_both_stores};

use crate::support::{add, change, city, decimal, is_pdf, one, rows};

async fn price(city: &TestCity, from: Date, to: Option<Date>, yen: &str) -> RecordId {
    let draft = Draft::new()
        .with("code", "2-1")
        .with("object", "ガス管")
        .with("unit", "metre")
        .with("per", "year")
        .with("unit_price_yen", decimal(yen))
        .with("rounding", "truncate")
        .with("minimum_yen", 100)
        .with("effective_from", from)
        .with("effective_to", to.map_or(Value::Null, Value::Date));
    add(city, "occupancy-rate", draft).await
}

async fn permit(city: &TestCity, number: &str, starts: Date, ends: Date) -> RecordId {
    let draft = Draft::new()
        .with("permit_number", number)
        .with("state", "permitted")
        .with("holder_name", "川田商店")
        .with("holder_address", "深谷中一丁目2番3号")
        .with("kind", "pipe")
        .with("object", "ガス管")
        .with("purpose", "ガスの供給")
        .with("place", "深谷中一丁目地内")
        .with("permitted_on", starts)
        .with("starts_on", starts)
        .with("ends_on", ends)
        .with("fee_code", "2-1")
        .with("quantity", decimal("12.9"));
    add(city, "occupancy-permit", draft).await
}

on_both_stores! {
    tables = crate::support::tables();

    async fn a_fee_is_computed_shown_and_recorded(fixture) {
        let city = city(fixture).await;
        let hanako = city.sign_in("hanako", &["road-editor"]).await;
        price(&city, date(2020, 4, 1), Some(date(2027, 3, 31)), "1000").await;
        price(&city, date(2027, 4, 1), None, "1100").await;
        let id = permit(&city, "道占8-1", date(2026, 10, 1), date(2028, 3, 31)).await;
        let page = hanako.get(&format!("/desk/roads/permits/{id}")).await;
        // 12 m for six months at 1,000 yen, then for a year at 1,100.
        assert!(page.says("6,000") && page.says("13,200") && page.says("川田商店"), "{}", page.text);
        let revision = page.input("revision").expect("there is a form");
        let sent = hanako.post(&format!("/desk/roads/permits/{id}/charge"), &[("revision", revision.as_str())]).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        let fees = |record: &kawasemi_platform::ledger::Visible| {
            let Value::Rows(rows) = record.get("fees").clone() else { return Vec::new() };
            rows.iter().map(|row| (row.fields["fiscal_year"].as_int().unwrap(), row.fields["fee_yen"].as_int().unwrap())).collect::<Vec<_>>()
        };
        let record = one(&city, "occupancy-permit", "permit_number = '道占8-1'").await;
        assert_eq!(fees(&record), [(2026, 6_000), (2027, 13_200)]);
        assert_eq!(record.get("fee_year_yen"), &Value::Int(6_000), "the test's clock stands in fiscal 2026");
        // What was billed stays, even where the quantity is corrected later.
        let billed = rows(&city, &[&[("fiscal_year", Value::Int(2026)), ("fee_yen", Value::Int(6_000)), ("billed_on", Value::Date(date(2026, 10, 5)))]]);
        change(&city, "occupancy-permit", id, Draft::new().with("fees", billed).with("quantity", decimal("20"))).await;
        let revision = one(&city, "occupancy-permit", "permit_number = '道占8-1'").await.revision.to_string();
        hanako.post(&format!("/desk/roads/permits/{id}/charge"), &[("revision", revision.as_str())]).await;
        let record = one(&city, "occupancy-permit", "permit_number = '道占8-1'").await;
        assert_eq!(fees(&record), [(2026, 6_000), (2027, 22_000)]);
        // A page that is out of date is told so.
        let stale = hanako.post(&format!("/desk/roads/permits/{id}/charge"), &[("revision", "1")]).await;
        assert!(stale.status == 422 || stale.status == 303, "{}", stale.text);
    }

    async fn a_renewal_follows_without_a_gap_and_is_charged_for_its_own_part(fixture) {
        let city = city(fixture).await;
        let hanako = city.sign_in("hanako", &["road-editor"]).await;
        price(&city, date(2020, 4, 1), None, "1200").await;
        let id = permit(&city, "道占3-1", date(2023, 10, 1), date(2026, 9, 30)).await;
        let page = format!("/desk/roads/permits/{id}");
        let revision = async || one(&city, "occupancy-permit", "purpose = 'ガスの供給'").await.revision.to_string();
        hanako.post(&format!("{page}/charge"), &[("revision", revision().await.as_str())]).await;
        let renew = async |ends: &str, number: &str| {
            let revision = revision().await;
            let entries = [("revision", revision.as_str()), ("permitted_on", "2026-09-15"), ("permit_number", number), ("ends_on", ends)];
            hanako.post(&format!("{page}/renew"), &entries).await
        };
        for (ends, said) in [("2026-09-30", "2026-10-01"), ("2037-01-01", "2036-09-30"), ("いつか", "日付")] {
            let refused = renew(ends, "").await;
            assert!(refused.status == 422 && refused.says(said), "{ends}: {} {}", refused.status, refused.text);
        }
        let sent = renew("R11.9.30", "道占8-9").await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        let record = one(&city, "occupancy-permit", "permit_number = '道占8-9'").await;
        assert_eq!((record.get("starts_on"), record.get("ends_on")), (&Value::Date(date(2026, 10, 1)), &Value::Date(date(2029, 9, 30))));
        let Value::Rows(renewals) = record.get("renewals") else { panic!("there is a course") };
        assert_eq!((&renewals[0].fields["permit_number"], &renewals[0].fields["ends_on"]), (&"道占3-1".into(), &Value::Date(date(2026, 9, 30))));
        hanako.post(&format!("{page}/charge"), &[("revision", revision().await.as_str())]).await;
        let record = one(&city, "occupancy-permit", "permit_number = '道占8-9'").await;
        let Value::Rows(fees) = record.get("fees") else { panic!("there are fees") };
        // Half of fiscal 2023, two years, half of 2026 twice, two years, half of 2029: 12 m at 1,200 yen.
        let yen: Vec<(i64, i64)> = fees.iter().map(|row| (row.fields["fiscal_year"].as_int().unwrap(), row.fields["fee_yen"].as_int().unwrap())).collect();
        assert_eq!(yen, [(2023, 7_200), (2024, 14_400), (2025, 14_400), (2026, 7_200), (2026, 7_200), (2027, 14_400), (2028, 14_400), (2029, 7_200)]);
        assert_eq!(record.get("fee_year_yen"), &Value::Int(14_400));
    }

    async fn without_a_price_the_page_says_what_to_do(fixture) {
        let city = city(fixture).await;
        let hanako = city.sign_in("hanako", &["road-editor"]).await;
        let id = permit(&city, "道占8-2", date(2026, 10, 1), date(2027, 3, 31)).await;
        let page = hanako.get(&format!("/desk/roads/permits/{id}")).await;
        assert!(page.says("区分「2-1」の単価がありません"), "{}", page.text);
        let sent = hanako.post(&format!("/desk/roads/permits/{id}/charge"), &[("revision", "1")]).await;
        assert_eq!(sent.status, 422);
    }

    async fn holders_are_told_before_the_end(fixture) {
        let city = city(fixture).await;
        let hanako = city.sign_in("hanako", &["road-editor"]).await;
        let today = city.system().today();
        let start = today.checked_sub(3.years()).unwrap();
        permit(&city, "道占5-1", start, today.checked_add(60.days()).unwrap()).await;
        permit(&city, "道占5-2", start, today.checked_add(61.days()).unwrap()).await;
        permit(&city, "道占5-3", start, today.checked_sub(1.days()).unwrap()).await;
        let page = hanako.get("/desk/roads/permits").await;
        assert!(page.says("道占5-1") && !page.says("道占5-2") && page.says("道占5-3") && page.says("超過"), "{}", page.text);
        let letters = hanako.get("/desk/roads/permits/letters.pdf").await;
        assert!(is_pdf(&letters), "{} {}", letters.status, letters.text);
        let told = hanako.post("/desk/roads/permits/told", &[("x", "1")]).await;
        assert_eq!(told.location(), "/desk/roads/permits?done=told-1");
        assert_eq!(one(&city, "occupancy-permit", "permit_number = '道占5-1'").await.get("notice_sent_on"), &Value::Date(today));
        // Nobody is told twice.
        assert_eq!(hanako.get("/desk/roads/permits/letters.pdf").await.status, 400);
        assert!(is_pdf(&hanako.get("/desk/roads/permits.pdf").await));
    }

    async fn staff_without_the_duty_see_the_permit_and_not_its_holder(fixture) {
        let city = city(fixture).await;
        let taro = city.sign_in("taro", &[]).await;
        let id = permit(&city, "道占8-3", date(2026, 1, 1), date(2026, 6, 1)).await;
        let page = taro.get(&format!("/desk/roads/permits/{id}")).await;
        assert!(page.status == 200 && page.says("深谷中一丁目地内") && !page.says("川田商店"), "{}", page.text);
        assert_eq!(taro.get("/desk/roads/permits/letters.pdf").await.status, 404);
        assert_eq!(taro.post("/desk/roads/permits/told", &[("x", "1")]).await.status, 404);
        assert_eq!(taro.post(&format!("/desk/roads/permits/{id}/charge"), &[("revision", "1")]).await.status / 100, 4);
        assert_eq!(city.visitor().get("/desk/roads").await.location().split('?').next(), Some("/auth/sign-in"));
    }
}
