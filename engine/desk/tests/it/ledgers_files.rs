//! Files in and out of a ledger: a CP932 file with bad rows, its undoing, an export that is read again, attachments, and a
//! ledger that a clerk makes.

use crate::common::{PARKS, city, outcome, park, parks, send_file};
use kawasemi_desk::Settings;
use kawasemi_sanitize::Sanitizer;
use kawasemi_testkit::desk::{Setup, tables};
use kawasemi_testkit::{TestCity, on_both_stores};

const CSV: &str = "公園名,種別,面積,備考\r\n新しい公園,街区公園,\"1,200\",ﾒﾓ\r\nもう一つの公園,街区公園,広い,\r\n";

on_both_stores! {
    tables = tables();

    async fn a_cp932_file_is_tried_imported_and_taken_back(fixture) {
        let city = city(fixture).await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let (cp932, _, _) = encoding_rs::SHIFT_JIS.encode(CSV);
        let sent = send_file(&clerk, &format!("{PARKS}/import"), "file", "公園.csv", &cp932, &[]).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        let map = clerk.get(sent.location()).await;
        assert!(map.says("Shift_JIS") && map.says("新しい公園") && map.says("取り込まない"), "{}", map.text);

        let file = map.input("file").expect("the file is carried along");
        let mut entries = vec![("file", file.as_str()), ("mode", "dry"), ("merge", "")];
        entries.extend(["name", "kind", "area", "remarks"].map(|column| ("column", column)));
        let tried = outcome(&clerk, &clerk.post(&format!("{PARKS}/import/run"), &entries).await).await;
        assert!(tried.says("間違いのある行があります") && tried.says("広い") && tried.says("行目"), "{}", tried.text);
        assert!(!clerk.get(PARKS).await.says("新しい公園"));

        entries.push(("skip_bad", "1"));
        entries[1].1 = "import";
        let done = outcome(&clerk, &clerk.post(&format!("{PARKS}/import/run"), &entries).await).await;
        assert!(done.says("間違いのある行を飛ばして取り込みました"), "{}", done.text);
        assert!(clerk.get(PARKS).await.says("新しい公園") && clerk.get(PARKS).await.says("1,200.00㎡"));

        let undo = done.between("action=\"/desk/ledgers/park/batches/", "\"").expect("a way back").to_owned();
        let undone = clerk.post(&format!("{PARKS}/batches/{undo}"), &[("", "")]).await;
        assert!(undone.says("取り消しました"), "{}", undone.text);
        assert!(!clerk.get(PARKS).await.says("新しい公園"));
    }

    async fn an_import_that_was_broken_off_says_so_and_is_begun_anew(fixture) {
        let city = city(fixture).await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let csv = "公園名,種別,面積,備考\n新しい公園,街区公園,5,\n";
        let sent = send_file(&clerk, &format!("{PARKS}/import"), "file", "公園.csv", csv.as_bytes(), &[]).await;
        let file = clerk.get(sent.location()).await.input("file").expect("the file is carried along");
        let mut entries = vec![("file", file.as_str()), ("mode", "import"), ("merge", "")];
        entries.extend(["name", "kind", "area", "remarks"].map(|column| ("column", column)));
        let started = clerk.post(&format!("{PARKS}/import/run"), &entries).await;
        let done = outcome(&clerk, &started).await;
        assert!(done.says("取り込みました"), "{}", done.text);

        // As if the process had been killed before it published anything.
        let staged = kawasemi_store::Unit::of([
            "UPDATE {import_run} SET state = 'running', report = NULL, holder = 'gone', held_until = 0 WHERE state = 'ended'",
            "UPDATE {batch} SET state = 'open', published_at = NULL, holder = 'gone', held_until = 0",
        ].map(|sql| kawasemi_store::Sql::with(sql, []).into()));
        fixture.city.write(staged).await.expect("the database is written");
        assert!(!clerk.get(PARKS).await.says("新しい公園"), "what is not published is invisible");
        let told = clerk.get(&format!("{PARKS}/import")).await;
        assert!(told.says("「公園.csv」の取込みは途中で止まりました") && told.says("片付け済み"), "{}", told.text);
        let stranger = city.sign_in("saburo", &["park-keeper"]).await;
        assert!(!stranger.get(&format!("{PARKS}/import")).await.says("途中で止まりました"));
        let page = clerk.get(started.location()).await;
        assert!(page.says("もう一度取り込む"), "{}", page.text);
        let again = page.form(&format!("{PARKS}/import/run")).expect("a way on");
        let done = outcome(&clerk, &clerk.post(&format!("{PARKS}/import/run"), &again).await).await;
        assert!(done.says("取り込みました"), "{}", done.text);
        assert!(clerk.get(&format!("{PARKS}/count")).await.says("1件"), "nothing is doubled");
        assert!(!clerk.get(&format!("{PARKS}/import")).await.says("途中で止まりました"));
    }

    async fn what_is_no_table_is_refused_in_words(fixture) {
        let city = city(fixture).await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        for (name, content) in [("公園.csv", &b""[..]), ("公園.xlsx", &b"PK\x03\x04broken"[..]), ("公園.csv", &b"\x00\x01\x02\xff"[..])] {
            let refused = send_file(&clerk, &format!("{PARKS}/import"), "file", name, content, &[]).await;
            assert_eq!(refused.status, 422, "{name} {content:?}: {}", refused.text);
            assert!(refused.says("field-error"));
        }
        let none = clerk.post(&format!("{PARKS}/import"), &[("x", "")]).await;
        assert!(none.status == 422 && none.says("ファイルを選んでください"));
    }

    async fn an_export_has_what_the_list_has(fixture) {
        let city = city(fixture).await;
        park(&city, "=HYPERLINK(\"http://a\")", "open").await;
        park(&city, "閉鎖した公園", "closed").await;
        let staff = city.sign_in("jiro", &[]).await;
        let page = staff.get(&format!("{PARKS}/export")).await;
        assert!(page.status == 200 && page.says("1件"));
        let file = staff.get(&format!("{PARKS}/export/file?format=csv&columns=name,state")).await;
        assert!(file.header("content-disposition").contains("filename*=UTF-8''"), "{:?}", file.headers);
        assert!(file.says("公園名") && file.says("'=HYPERLINK") && !file.says("閉鎖した公園"), "{}", file.text);
        assert!(!staff.get(&format!("{PARKS}/export/file?format=csv")).await.says("協力者"));
        assert_eq!(staff.get(&format!("{PARKS}/export/file?columns=keeper")).await.status, 400);
    }

    async fn an_attachment_survives_a_mistake_and_is_served_to_those_who_may_see_it(fixture) {
        let city = city(fixture).await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let pdf = b"%PDF-1.7 plan";
        let new = format!("{PARKS}/new");
        let mistaken = send_file(&clerk, &new, "papers", "図面.pdf", pdf, &[("name", "城山公園"), ("kind", "block"), ("area", "広い")]).await;
        assert!(mistaken.status == 422 && mistaken.says("図面.pdf"), "{}", mistaken.text);
        let kept = mistaken.input("_kept_file").expect("the file is carried along");
        let saved = clerk.post(&new, &[("name", "城山公園"), ("kind", "block"), ("area", "5"), ("papers", ""), ("_kept_file", &kept)]).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
        let page = clerk.get(saved.location()).await;
        let file = page.between("/files/", "\"").expect("a link").to_owned();
        let address = saved.location().split('?').next().unwrap_or_default();
        let served = clerk.get(&format!("{address}/files/{file}")).await;
        assert!(served.says("%PDF-1.7 plan") && served.header("content-type") == "application/pdf");
        assert_eq!(city.visitor().get(&format!("{address}/files/{file}")).await.status, 303);
        let program = send_file(&clerk, &new, "papers", "図面.pdf", b"MZ program", &[("name", "別の公園"), ("kind", "block")]).await;
        assert!(program.status == 422 && program.says("合っていません"), "{}", program.text);
        let forged = kept.replacen('.', "A.", 1);
        let refused = clerk.post(&new, &[("name", "別の公園"), ("kind", "block"), ("papers", ""), ("_kept_file", &forged)]).await;
        assert!(!clerk.get(refused.location()).await.says("図面.pdf"));
    }

    async fn where_the_operator_says_so_an_attachment_is_made_anew(fixture) {
        let settings = Settings { sanitizer: Some(Sanitizer::default()), ..Settings::default() };
        let city = TestCity::with(fixture, Setup { systems: vec![parks()], settings, ..Setup::default() }).await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let new = format!("{PARKS}/new");
        let texts = [("name", "城山公園"), ("kind", "block"), ("area", "5")];
        let refused = send_file(&clerk, &new, "papers", "案内.txt", b"<html><script>run()</script>", &texts).await;
        assert!(refused.status == 422 && refused.says("案内.txt：HTML やスクリプト"), "{}", refused.text);
        assert!(refused.says("城山公園"), "what was typed is kept");
        let saved = send_file(&clerk, &new, "papers", "案内.exe", "案内\u{202e}です\u{7}".as_bytes(), &texts).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
        let page = clerk.get(saved.location()).await;
        assert!(page.says("案内.txt") && !page.says("案内.exe"), "{}", page.text);
        let address = saved.location().split('?').next().unwrap_or_default();
        let file = page.between("/files/", "\"").expect("a link").to_owned();
        assert_eq!(clerk.get(&format!("{address}/files/{file}")).await.text, "案内です");
    }

    async fn many_records_are_changed_and_put_back(fixture) {
        let city = city(fixture).await;
        for name in ["城山公園", "光綾公園"] {
            park(&city, name, "open").await;
        }
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let bulk = format!("{PARKS}/bulk?facet=state:open");
        assert!(clerk.get(&bulk).await.says("2件が対象です"));
        let fill = clerk.post(&bulk, &[("_all", "1"), ("_step", "fill"), ("_fields", "state")]).await;
        assert!(fill.status == 200 && fill.says("2件を変更する"), "{}", fill.text);
        let entries = [("_all", "1"), ("_step", "apply"), ("_fields", "state"), ("state", "works"), ("name", "同じ名前")];
        let report = clerk.post(&bulk, &entries).await;
        assert!(report.says("2件を変更しました"), "{}", report.text);
        let list = clerk.get(&format!("{PARKS}?facet=state:works")).await;
        assert!(list.says("城山公園") && list.says("光綾公園") && !list.says("同じ名前"));
        let undo = report.between("/batches/", "\"").expect("a way back").to_owned();
        clerk.post(&format!("{PARKS}/batches/{undo}"), &[("", "")]).await;
        assert!(!clerk.get(&format!("{PARKS}?facet=state:works")).await.says("城山公園"));
    }

    async fn a_clerk_makes_a_ledger(fixture) {
        let city = city(fixture).await;
        let clerk = city.sign_in("hanako", &["ledger-designer"]).await;
        let staff = city.sign_in("jiro", &[]).await;
        assert_eq!(staff.get("/desk/ledgers/design").await.status, 404);
        let about = [("title", "備品"), ("owner", "parks"), ("purpose", "備品の管理"), ("key", "equipment"), ("lines", "品名\n購入日\n状態")];
        let fields = clerk.post("/desk/ledgers/design", &about).await;
        assert!(fields.status == 200 && fields.says("購入日"), "{}", fields.text);
        let mut entries = fields.form("/desk/ledgers/design/fields").expect("a form");
        entries.retain(|(name, _)| name == "toml" || name.ends_with(".id") || name.ends_with(".label"));
        for (n, kind) in ["text", "date", "choice"].into_iter().enumerate() {
            entries.push((format!("fields.{n}.type"), kind.to_owned()));
            entries.push((format!("fields.{n}.clearance"), "internal".to_owned()));
        }
        entries.push(("fields.2.choices".to_owned(), "使用中、修理中".to_owned()));
        let plan = clerk.post("/desk/ledgers/design/fields", &entries).await;
        assert!(plan.status == 200 && plan.says("公開する前の確認"), "{}", plan.text);
        let publish = plan.form("/desk/ledgers/design/publish").expect("can be published");
        let done = clerk.post("/desk/ledgers/design/publish", &publish).await;
        assert_eq!((done.status, done.location()), (303, "/desk/ledgers/equipment?done=published"), "{}", done.text);
        assert!(clerk.get("/desk/ledgers/equipment/new").await.says("修理中"));
        assert!(clerk.get("/desk/ledgers/equipment/design/definition.toml").await.says("key = \"equipment\""));
        assert!(clerk.get("/desk/ledgers").await.says("職員が作った台帳"));
        let stranger = staff.post("/desk/ledgers/design/publish", &publish).await;
        assert_ne!(stranger.status, 200);
    }

    async fn a_view_is_kept_and_shared(fixture) {
        let city = city(fixture).await;
        park(&city, "城山公園", "open").await;
        park(&city, "工事の公園", "works").await;
        let (clerk, staff) = (city.sign_in("hanako", &["park-keeper"]).await, city.sign_in("jiro", &[]).await);
        let saved = clerk.post(&format!("{PARKS}/views/new?facet=state:works"), &[("title", "工事中だけ"), ("shared", "true")]).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
        let shown = staff.get(saved.location()).await;
        assert!(shown.says("工事の公園") && !shown.says("城山公園") && shown.says("工事中だけ"), "{}", shown.text);
        let nameless = clerk.post(&format!("{PARKS}/views/new?facet=state:works"), &[("title", "")]).await;
        assert_eq!(nameless.status, 422);
    }

    async fn home_search_calendar_and_chart_answer(fixture) {
        let city = city(fixture).await;
        park(&city, "城山公園", "open").await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        assert!(clerk.get("/desk").await.says("都市公園"));
        assert!(clerk.get("/desk/search?q=%E5%9F%8E%E5%B1%B1").await.says("城山公園"));
        assert!(clerk.get("/desk/search?q=%3Cscript%3E").await.says("に当たる記録はありません"));
        let found = clerk.get(&format!("{PARKS}?q=%E5%9F%8E%E5%B1%B1&rank=1")).await;
        assert!(found.says("城山公園</a>") && found.says("並び：関連度の高い順") && found.says("先頭の1,000件"));
        assert!(!clerk.get(&format!("{PARKS}?rank=1")).await.says("並び："), "without a search there is nothing to fit");
        assert_eq!(clerk.get(&format!("{PARKS}/calendar?month=2026-02")).await.status, 200);
        assert!(clerk.get(&format!("{PARKS}/chart?by=state&by2=kind")).await.says("開園中"));
        assert!(clerk.get(&format!("{PARKS}/count?q=%E5%9F%8E%E5%B1%B1")).await.says("1件"));
    }
}
