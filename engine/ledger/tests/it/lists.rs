//! Lists, pages, facets, cross tables, calendar, views, related records and exports.

use crate::common::{City, tables};
use jiff::civil::date;
use kawasemi_kernel::{Decimal, Geometry, Value};
use kawasemi_ledger::{CrossRequest, Draft, ExportRequest, Format, GroupBy, LedgerError, ListRequest, Step, ViewDraft};
use kawasemi_schema::{Aggregate, SortKey};

async fn filled(city: &City<'_>) {
    for n in 0..25_i16 {
        let draft = city
            .park(&format!("公園{n:02}"))
            .with("kind", if n % 3 == 0 { "city" } else { "block" })
            .with(
                "uses",
                Value::Many(if n % 2 == 0 { vec!["play".into(), "sport".into()] } else { vec!["play".into()] }),
            )
            .with("area", Value::Decimal(Decimal::new(i64::from(n) * 10_000, 2)))
            .with("opened_on", date(2020 + n / 12, 1 + (n % 12) as i8, 15))
            .with(
                "location",
                Value::Geometry(Geometry::point(139.0 + f64::from(n) / 100.0, 35.0).expect("is a point")),
            );
        city.ledgers.create(&city.system(), "park", draft).await.expect("creates");
    }
}

async fn all_pages(city: &City<'_>, request: &ListRequest) -> Vec<String> {
    let (mut names, mut request) = (Vec::new(), request.clone());
    for _ in 0..30 {
        let page = city.ledgers.list(&city.staff(), "park", &request).await.expect("lists");
        names.extend(page.records.iter().map(|r| r.get("name").as_text().unwrap_or_default().to_owned()));
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return names,
        }
    }
    panic!("the list does not end")
}

kawasemi_testkit::on_both_stores! {
    tables = tables();

    async fn pages_follow_one_another(fixture) {
        let city = City::open(fixture).await;
        filled(&city).await;
        let expected: Vec<String> = (0..25).map(|n| format!("公園{n:02}")).collect();
        assert_eq!(all_pages(&city, &ListRequest { limit: 7, ..ListRequest::all() }).await, expected);
        let back = ListRequest { limit: 4, sort: vec![SortKey::parse("kind"), SortKey::parse("-name")], ..ListRequest::all() };
        let names = all_pages(&city, &back).await;
        assert_eq!(names.len(), 25);
        assert_eq!(names[0], "公園23");
        let wrong = ListRequest { cursor: Some("bm90".into()), ..ListRequest::all() };
        assert!(matches!(city.ledgers.list(&city.staff(), "park", &wrong).await, Err(LedgerError::Cursor)));
    }

    async fn what_sql_can_not_decide_is_decided_row_by_row(fixture) {
        let city = City::open(fixture).await;
        filled(&city).await;
        let triangle = "S_INTERSECTS(location, POLYGON((138.9 34.9, 139.25 34.9, 139.25 35.05, 138.9 34.9)))";
        let request = ListRequest { limit: 3, ..ListRequest::filtered(triangle) };
        let names = all_pages(&city, &request).await;
        let counted = city.ledgers.count(&city.staff(), "park", &request, 100).await.expect("counts");
        assert_eq!(names.len() as u64, counted.count);
        assert_eq!(names, (14..25).map(|n| format!("公園{n}")).collect::<Vec<_>>(), "not all of the box");
        let facets = city.ledgers.facets(&city.staff(), "park", Some(&["kind".into()]), &request).await.expect("counts");
        assert_eq!(facets[0].values.iter().map(|v| v.count).sum::<u64>(), counted.count);
        let cross = CrossRequest { list: request, ..CrossRequest::default() };
        let table = city.ledgers.cross_table(&city.staff(), "park", &cross).await.expect("counts");
        assert_eq!(table.total, Some(Decimal::new(counted.count as i64, 0)));
    }

    async fn what_fits_best_comes_first_when_asked(fixture) {
        let city = City::open(fixture).await;
        let park = |name: &str, remarks: &str| match remarks {
            "" => city.park(name),
            remarks => city.park(name).with("remarks", remarks),
        };
        for draft in [
            park("城山公園", "中央公園から遊具を移した"),
            park("中央公園東", ""),
            park("市の中央公園", ""),
            park("中央公園", ""),
            park("風車公園", "何もない"),
        ] {
            city.ledgers.create(&city.system(), "park", draft).await.expect("creates");
        }
        let names = |page: &kawasemi_ledger::Page| -> Vec<String> {
            page.records.iter().map(|r| r.get("name").as_text().unwrap_or_default().to_owned()).collect()
        };
        let asked = ListRequest { q: "ﾁｭｳｵｳ".into(), ..ListRequest::all() };
        assert!(city.ledgers.list(&city.staff(), "park", &asked).await.expect("lists").records.is_empty());
        let asked = ListRequest { q: "中央公園".into(), ..ListRequest::all() };
        let in_order = names(&city.ledgers.list(&city.staff(), "park", &asked).await.expect("lists"));
        assert_eq!(in_order, ["中央公園", "中央公園東", "城山公園", "市の中央公園"], "the ledger's own order");
        let ranked = ListRequest { ranked: true, limit: 3, fields: Some(vec!["name".into()]), ..asked };
        let page = city.ledgers.list(&city.staff(), "park", &ranked).await.expect("lists");
        assert_eq!(names(&page), ["中央公園", "中央公園東", "市の中央公園"]);
        assert!(page.records.iter().all(|record| record.fields().len() == 1), "only what was asked for");
        let second = ListRequest { cursor: page.next, ..ranked.clone() };
        let page = city.ledgers.list(&city.staff(), "park", &second).await.expect("lists");
        assert_eq!((names(&page), page.next), (vec!["城山公園".to_owned()], None));
        for mark in ["rank.1001", "rank.-1", "rank.", "bm90"] {
            let wrong = ListRequest { cursor: Some(mark.into()), ..ranked.clone() };
            assert!(matches!(city.ledgers.list(&city.staff(), "park", &wrong).await, Err(LedgerError::Cursor)), "{mark}");
        }
        let nothing = ListRequest { ranked: true, ..ListRequest::all() };
        assert_eq!(city.ledgers.list(&city.staff(), "park", &nothing).await.expect("lists").records.len(), 5);
        let hits = city.ledgers.search_all(&city.staff(), "中央公園", 2).await.expect("searches");
        let found: Vec<&str> = hits.iter().flat_map(|hits| &hits.records).map(|(_, name)| name.as_str()).collect();
        assert_eq!(found, ["中央公園", "中央公園東"]);
        assert!(city.ledgers.search_all(&city.staff(), "・", 2).await.expect("searches").is_empty());
    }

    async fn counts_stop_at_their_bound(fixture) {
        let city = City::open(fixture).await;
        filled(&city).await;
        let count = |bound| {
            let (ledgers, staff) = (city.ledgers.clone(), city.staff());
            async move { ledgers.count(&staff, "park", &ListRequest::all(), bound).await.expect("counts") }
        };
        assert_eq!((count(10).await.count, count(10).await.more), (10, true));
        assert_eq!((count(25).await.count, count(25).await.more), (25, false));
    }

    async fn facets_count_and_lead_on(fixture) {
        let city = City::open(fixture).await;
        filled(&city).await;
        let names = ["kind", "uses", "department"].map(str::to_owned);
        let facets = city.ledgers.facets(&city.staff(), "park", Some(&names), &ListRequest::all()).await.expect("counts");
        let shown: Vec<(&str, u64)> =
            facets.iter().flat_map(|f| &f.values).map(|v| (v.text.as_str(), v.count)).collect();
        assert_eq!(shown, [("街区公園", 16), ("総合公園", 9), ("遊び", 25), ("運動", 13), ("みどり公園課", 25)]);
        for value in facets.iter().flat_map(|f| &f.values) {
            let request = ListRequest { also: vec![value.filter.clone()], ..ListRequest::all() };
            assert_eq!(city.ledgers.count(&city.staff(), "park", &request, 100).await.expect("counts").count, value.count);
        }
    }

    async fn cross_tables_sum_by_choice_and_fiscal_year(fixture) {
        let city = City::open(fixture).await;
        filled(&city).await;
        let by = |field: &str, step| GroupBy { field: field.to_owned(), step };
        let request = CrossRequest {
            by: vec![by("kind", Step::Value), by("opened_on", Step::FiscalYear)],
            aggregate: Aggregate::Sum,
            of: Some("area".into()),
            list: ListRequest::all(),
        };
        let table = city.ledgers.cross_table(&city.staff(), "park", &request).await.expect("sums");
        let texts = |groups: &[kawasemi_ledger::cross::Group]| groups.iter().map(|g| g.text.clone()).collect::<Vec<_>>();
        assert_eq!(texts(&table.rows), ["街区公園", "総合公園"]);
        assert_eq!(texts(&table.columns), ["令和元年度", "令和2年度", "令和3年度"]);
        assert_eq!(table.total, Some(Decimal::new((0..25).sum::<i64>() * 10_000, 2)));
        let sum: Decimal = table.cells[1][0].expect("has parks");
        assert_eq!(sum, Decimal::new(0, 2));
        let by_month = CrossRequest { by: vec![by("opened_on", Step::Month)], ..CrossRequest::default() };
        let table = city.ledgers.cross_table(&city.staff(), "park", &by_month).await.expect("counts");
        assert_eq!((table.rows.len(), table.rows[0].text.as_str()), (25, "2020/01"));
        let mean = city.ledgers.figure(&city.staff(), "park", Some("kind = 'city'"), Aggregate::Average, Some("area")).await.expect("counts");
        assert_eq!(mean, Some(Decimal::new(1_200, 0)));
        let uses = CrossRequest { by: vec![by("uses", Step::Value)], ..CrossRequest::default() };
        let table = city.ledgers.cross_table(&city.staff(), "park", &uses).await.expect("counts");
        assert_eq!((table.cells[1][0], table.total), (Some(Decimal::new(13, 0)), Some(Decimal::new(25, 0))));
    }

    async fn the_calendar_and_related_records_are_lists(fixture) {
        let city = City::open(fixture).await;
        filled(&city).await;
        let calendar = city.ledgers.calendar(&city.staff(), "park", None, date(2020, 3, 1), date(2020, 4, 30), &ListRequest::all()).await.expect("reads");
        assert_eq!(calendar.days.keys().copied().collect::<Vec<_>>(), [date(2020, 3, 15), date(2020, 4, 15)]);
        let related = city.ledgers.related(&city.staff(), "department", city.parks, 3).await.expect("reads");
        assert_eq!((related[0].ledger.as_str(), related[0].records.len(), related[0].count.count), ("park", 3, 25));
        let unseen = city.ledgers.related(&city.visitor(), "department", city.parks, 3).await.expect("reads");
        assert!(unseen.is_empty(), "the reference is internal");
    }

    async fn views_are_saved_shared_and_kept(fixture) {
        let city = City::open(fixture).await;
        filled(&city).await;
        let keeper = city.keeper();
        let draft = ViewDraft { title: "総合だけ".into(), filter: Some("kind = 'city'".into()), ..ViewDraft::default() };
        let own = city.ledgers.save_view(&keeper, "park", draft.clone()).await.expect("saves");
        let shared = city.ledgers.save_view(&keeper, "park", ViewDraft { is_shared: true, ..draft.clone() }).await.expect("saves");
        let seen = |views: Vec<kawasemi_ledger::View>| views.into_iter().map(|v| v.key).collect::<Vec<_>>();
        assert_eq!(seen(city.ledgers.views(&keeper, "park").await.expect("reads")), ["large".to_owned(), shared.to_string(), own.to_string()]);
        assert_eq!(seen(city.ledgers.views(&city.staff(), "park").await.expect("reads")), ["large".to_owned(), shared.to_string()]);
        let request = ListRequest { view: Some(shared.to_string()), ..ListRequest::all() };
        assert_eq!(city.names(&city.staff(), &request).await.len(), 9);
        let request = ListRequest { view: Some(own.to_string()), ..ListRequest::all() };
        assert!(matches!(city.ledgers.list(&city.staff(), "park", &request).await, Err(LedgerError::NotFound)));
        assert!(city.ledgers.delete_view(&city.staff(), "park", own).await.is_err());
        assert!(city.ledgers.save_view(&city.visitor(), "park", draft.clone()).await.is_err());
        assert!(city.ledgers.save_view(&city.staff(), "park", ViewDraft { is_shared: true, ..draft }).await.is_err());
    }

    async fn exports_stream_what_may_be_taken_out(fixture) {
        let city = City::open(fixture).await;
        filled(&city).await;
        let bad = city.park("=HYPERLINK(\"x\")").with("remarks", "𠮷").with("opened_on", date(2021, 5, 1));
        city.ledgers.create(&city.system(), "park", bad).await.expect("creates");
        let text = export(&city, Format::Csv, "name = '公園03' OR name LIKE '=%'").await;
        assert!(text.starts_with('\u{FEFF}'));
        assert!(text.contains("\"'=HYPERLINK(\"\"x\"\")\""), "{text}");
        assert!(text.contains("総合公園") && text.contains("みどり公園課"), "{text}");
        let lines = export(&city, Format::JsonLines, "kind = 'city'").await;
        assert_eq!(lines.lines().count(), 9);
        let collection: serde_json::Value = serde_json::from_str(&export(&city, Format::GeoJson, "kind = 'city'").await).expect("is JSON");
        assert_eq!(collection["features"][1]["geometry"]["type"], "Point");
        assert!(export(&city, Format::Xlsx, "TRUE").await.starts_with("PK"));
        let secret = ExportRequest { list: ListRequest::filtered("remarks IS NOT NULL"), ..ExportRequest::default() };
        let refused = city.ledgers.check_export(&city.staff(), "park", &secret).await;
        assert!(matches!(refused, Err(LedgerError::UnknownField { .. })), "the staff may take out what is public");
        let open = city.ledgers.list(&city.visitor(), "park", &ListRequest::all()).await.expect("lists").fields;
        assert!(!open.contains(&"remarks".to_owned()));
    }
}

async fn export(city: &City<'_>, format: Format, filter: &str) -> String {
    let request = ExportRequest { list: ListRequest::filtered(filter), format, ..ExportRequest::default() };
    let (sender, mut receiver) = tokio::sync::mpsc::channel(4);
    let (ledgers, keeper) = (city.ledgers.clone(), city.keeper());
    let task = tokio::spawn(async move { ledgers.export(&keeper, "park", &request, sender).await });
    let mut bytes = Vec::new();
    while let Some(part) = receiver.recv().await {
        bytes.extend_from_slice(&part);
    }
    task.await.expect("does not panic").expect("exports");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn drafts_compare() {
    assert_eq!(Draft::new().with("a", 1), Draft::new().with("a", 1));
}
