//! Geographic files and coordinates in tables: into records, taken back, and out again for others.

use std::io::Write as _;
use std::path::Path;

use crate::common::{City, DEPARTMENT, PARK, publish, tables};
use kawasemi_kernel::geometry::GeometryKind;
use kawasemi_kernel::{Geometry, Value};
use kawasemi_ledger::import::{FileOptions, ImportPlan, ImportReport};
use kawasemi_ledger::{ExportReport, ExportRequest, Format, ListRequest};
use kawasemi_sheets::report::Sort;
use tempfile::NamedTempFile;

fn file(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("makes a file");
    file.write_all(bytes).expect("writes");
    file
}

async fn plan(city: &City<'_>, path: &Path, options: FileOptions) -> ImportPlan {
    let look = city.ledgers.look_at_file(&city.keeper(), "park", path, &options).await;
    let (_, mapping) = look.expect("looks");
    ImportPlan { path: path.to_owned(), options, mapping, title: "公園".into(), photos: None, is_invented: false }
}

async fn import(city: &City<'_>, plan: &ImportPlan) -> ImportReport {
    city.ledgers.import(&city.keeper(), "park", plan, &|_| {}).await.expect("imports")
}

fn tells(report: &ImportReport, sort: Sort, piece: &str) -> bool {
    report.understood.of(sort).any(|finding| finding.text.contains(piece) || finding.places().contains(piece))
}

async fn places(city: &City<'_>) -> Vec<(String, Option<Geometry>)> {
    let request = ListRequest::all();
    let page = city.ledgers.list(&city.keeper(), "park", &request).await.expect("lists");
    let place = |record: &kawasemi_ledger::Visible| match record.get("location") {
        Value::Geometry(geometry) => Some(geometry.clone()),
        _ => None,
    };
    page.records
        .iter()
        .map(|record| (record.get("name").as_text().unwrap_or_default().to_owned(), place(record)))
        .collect()
}

async fn export(city: &City<'_>, request: ExportRequest) -> (NamedTempFile, ExportReport) {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(4);
    let (ledgers, keeper) = (city.ledgers.clone(), city.keeper());
    let task = tokio::spawn(async move { ledgers.export(&keeper, "park", &request, sender).await });
    let mut file = file(&[]);
    while let Some(part) = receiver.recv().await {
        file.write_all(&part).expect("writes");
    }
    let report = task.await.expect("does not panic").expect("exports");
    (file, report)
}

/// The ledger with a field more, for lines or areas.
async fn with_field(fixture: &kawasemi_testkit::Fixture, kind: &str) {
    let field =
        format!("[[field]]\nkey = \"shape\"\nlabel = \"形\"\ntype = \"{kind}\"\nclearance = \"public\"\n\n[[check]]");
    publish(fixture, &[DEPARTMENT, &PARK.replace("[[check]]", &field)]).await;
}

/// All records with the fields that the tests look at, of which the area is the only place.
fn areas() -> ListRequest {
    let fields = ["name", "department", "area", "shape"].map(str::to_owned).to_vec();
    ListRequest { fields: Some(fields), ..ListRequest::all() }
}

fn feature(name: &str, geometry: &str) -> String {
    format!(
        r#"{{"type":"Feature","properties":{{"公園名":"{name}","所管":"みどり公園課","面積":100.5}},"geometry":{geometry}}}"#
    )
}

fn collection(features: &[String]) -> String {
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
}

const HALL: &str = r#"{"type":"Point","coordinates":[139.4267,35.4374]}"#;

kawasemi_testkit::on_both_stores! {
    tables = tables();

    async fn features_become_records_and_are_taken_back(fixture) {
        let city = City::open(fixture).await;
        let away = r#"{"type":"Point","coordinates":[141.35,43.06]}"#;
        let nowhere = r#"{"type":"Point","coordinates":[0,0]}"#;
        let line = r#"{"type":"LineString","coordinates":[[139.4,35.4],[139.5,35.5]]}"#;
        let all = [feature("a", HALL), feature("b", away), feature("c", nowhere), feature("d", line), feature("e", "null")];
        let file = file(collection(&all).as_bytes());
        let mut plan = plan(&city, file.path(), FileOptions::default()).await;
        assert_eq!(plan.mapping.columns, ["name", "department", "area", "location"]);
        let report = import(&city, &plan).await;
        assert_eq!((report.rows, report.bad, report.is_applied), (5, 2, false), "{:?}", report.problems);
        let problem = &report.problems[0];
        assert_eq!((problem.line, problem.column.as_str(), problem.value.as_str()), (3, "図形", ""));
        assert!(problem.reason.contains("0, 0") && report.problems[1].reason.contains("点（Point）"), "{:?}", report.problems);
        assert!(tells(&report, Sort::Guessed, "市の外") && tells(&report, Sort::Guessed, "2行目"), "{}", report.understood);
        assert!(tells(&report, Sort::Understood, "WGS 84"), "{}", report.understood);

        plan.mapping.skip_bad = true;
        let report = import(&city, &plan).await;
        assert_eq!((report.created, report.is_applied), (3, true));
        let here = Geometry::point(139.4267, 35.4374).ok();
        let found = places(&city).await;
        assert_eq!((found[0].clone(), found[2].clone()), (("a".into(), here), ("e".into(), None)));
        let undone = city.ledgers.undo_batch(&city.keeper(), "park", report.batch.expect("a batch")).await.expect("undoes");
        assert_eq!((undone.deleted, places(&city).await.len()), (3, 0));
    }

    async fn coordinates_in_a_table_become_places(fixture) {
        let city = City::open(fixture).await;
        let csv = "公園名,所管,緯度,経度,備考\n\
            a,みどり公園課,35.4374,139.4267,\n\
            b,みどり公園課,35度26分14.64秒,139度25分36.12秒,\n\
            c,みどり公園課,35.4374,,\n\
            d,みどり公園課,,,\n";
        let file = file(csv.as_bytes());
        let mut plan = plan(&city, file.path(), FileOptions::default()).await;
        assert_eq!(plan.mapping.columns, ["name", "department", "", "", "remarks", "location"]);
        plan.mapping.skip_bad = true;
        let report = import(&city, &plan).await;
        assert_eq!((report.created, report.bad), (3, 1), "{:?}", report.problems);
        assert!(report.problems[0].reason.contains("片方だけ"), "{:?}", report.problems);
        assert!(tells(&report, Sort::Guessed, "「緯度」と「経度」の列を位置として"), "{}", report.understood);
        assert!(!tells(&report, Sort::Left, "「緯度」"), "{}", report.understood);
        let found = places(&city).await;
        let (one, other) = (found[0].1.clone().expect("a place"), found[1].1.clone().expect("a place"));
        let (one, other) = (one.bounding_box(), other.bounding_box());
        assert!((one.south - other.south).abs() < 1e-7 && (one.west - other.west).abs() < 1e-7, "{one:?} {other:?}");
        assert_eq!(found[2].1, None);
    }

    async fn a_person_may_say_the_reference_system(fixture) {
        let city = City::open(fixture).await;
        let csv = "公園名,所管,X座標,Y座標\na,みどり公園課,-62340.404,-36918.607\n";
        let file = file(csv.as_bytes());
        let options = FileOptions::default();
        let (look, _) = city.ledgers.look_at_file(&city.keeper(), "park", file.path(), &options).await.expect("looks");
        let place = look.place.expect("has places");
        assert_eq!(place.chosen.0, "EPSG:6677", "{}", place.by);
        let old = place.choices.iter().find(|(key, _)| key == "EPSG:30169").expect("the old datum is offered").0.clone();
        let report = import(&city, &plan(&city, file.path(), options).await).await;
        assert_eq!(report.created, 1, "{:?}", report.problems);
        let by_old = FileOptions { crs: Some(old), ..FileOptions::default() };
        import(&city, &plan(&city, file.path(), by_old).await).await;
        let found = places(&city).await;
        let (new, old) = (found[0].1.clone().expect("a place"), found[1].1.clone().expect("a place"));
        assert!((new.bounding_box().south - 35.4374).abs() < 1e-6, "{new}");
        assert!((old.bounding_box().south - new.bounding_box().south - 0.0032).abs() < 2e-4, "{old}");
        let wrong = FileOptions { crs: Some("EPSG:1".into()), ..FileOptions::default() };
        let said = city.ledgers.look_at_file(&city.keeper(), "park", file.path(), &wrong).await.expect_err("is none").to_string();
        assert!(said.contains("EPSG:1"), "{said}");
    }

    async fn what_is_taken_out_is_read_again(fixture) {
        let city = City::open(fixture).await;
        with_field(fixture, "polygon").await;
        let area: Geometry = "MULTIPOLYGON(((139.4 35.4,139.41 35.4,139.41 35.41,139.4 35.4)),((139.42 35.4,139.43 35.4,139.43 35.41,139.42 35.4)))"
            .parse().expect("is an area");
        for (name, place) in [("髙﨑公園", Value::Geometry(area.clone())), ("𠮷野公園", Value::Null)] {
            let draft = city.park(name).with("shape", place).with("area", Value::Decimal(kawasemi_kernel::Decimal::new(12_345, 2)));
            city.ledgers.create(&city.system(), "park", draft).await.expect("creates");
        }
        for (format, crs, replaced) in [
            (Format::GeoJson, None, 0),
            (Format::GeoPackage, Some("EPSG:6677"), 0),
            (Format::GeoPackage, None, 0),
            (Format::Shapefile, Some("EPSG:6677"), 1),
        ] {
            let request = ExportRequest { list: areas(), format, crs: crs.map(str::to_owned), ..ExportRequest::default() };
            let (file, report) = export(&city, request).await;
            assert_eq!((report.records, report.replaced, report.cut.is_none()), (2, replaced, true), "{format:?}");
            let options = FileOptions::default();
            let (look, mapping) = city.ledgers.look_at_file(&city.keeper(), "park", file.path(), &options).await.expect("looks");
            assert!(mapping.columns.contains(&"shape".to_owned()), "{format:?} {:?}", look.headings);
            // Merged by their ids nothing changes, but for what CP932 can't hold.
            assert_eq!(mapping.merge, ["id"], "{format:?} {:?}", look.headings);
            let plan = ImportPlan { path: file.path().to_owned(), options, mapping, title: "公園".into(), photos: None, is_invented: false };
            let tried = city.ledgers.import_dry_run(&city.keeper(), "park", &plan, &|_| {}).await.expect("reads");
            assert_eq!((tried.rows, tried.bad), (2, 0), "{format:?} {:?}", tried.problems);
            let at = look.headings.iter().position(|heading| *heading == "図形").expect("has a geometry");
            let read: Geometry = look.rows[0].cell(at).to_text().parse().expect("is well-known text");
            assert_eq!(read.kind(), GeometryKind::Polygon);
            let (one, other) = (read.bounding_box(), area.bounding_box());
            assert!((one.west - other.west).abs() < 1e-8 && (one.north - other.north).abs() < 1e-8, "{format:?} {read}");
        }
        let request = ExportRequest { list: areas(), format: Format::Shapefile, crs: Some("EPSG:0".into()), ..ExportRequest::default() };
        assert!(city.ledgers.check_export(&city.keeper(), "park", &request).await.is_err());
    }

    async fn a_csv_has_latitude_and_longitude(fixture) {
        let city = City::open(fixture).await;
        let place = Value::Geometry(Geometry::point(139.4267, 35.4374).expect("is a point"));
        city.ledgers.create(&city.system(), "park", city.park("中央公園").with("location", place)).await.expect("creates");
        let request = ExportRequest { list: ListRequest::all(), ..ExportRequest::default() };
        let (file, _) = export(&city, request).await;
        let text = std::fs::read_to_string(file.path()).expect("reads");
        assert!(text.contains("位置,緯度,経度") && text.contains(",35.4374,139.4267"), "{text}");
        let plan = plan(&city, file.path(), FileOptions::default()).await;
        let report = city.ledgers.import_dry_run(&city.keeper(), "park", &plan, &|_| {}).await.expect("reads");
        assert_eq!((report.bad, report.unchanged), (0, 1), "{:?}\n{}", report.problems, report.understood);
    }

    async fn one_large_drawing_after_another_goes_in(fixture) {
        let city = City::open(fixture).await;
        with_field(fixture, "line").await;
        let corner = |index: u32| format!("[{:.7},{:.7}]", 139.4 + f64::from(index % 200) * 1e-5, 35.4 + f64::from(index / 200) * 1e-5);
        let long: Vec<String> = (0..10_000).map(corner).collect();
        let line = format!(r#"{{"type":"LineString","coordinates":[{}]}}"#, long.join(","));
        let all: Vec<String> = (0..24).map(|number| feature(&format!("道{number}"), &line)).collect();
        let file = file(collection(&all).as_bytes());
        let report = import(&city, &plan(&city, file.path(), FileOptions::default()).await).await;
        assert_eq!((report.created, report.bad), (24, 0), "{:?}", report.problems);
    }
}
