//! The operations page: what is amiss comes first, and nobody but administrators sees it.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use kawasemi_checkup::backups::{Backup, Backups};
use kawasemi_checkup::disk::{Disk, Folder};
use kawasemi_checkup::{Figure, Findings, Kind, State, Subject};
use kawasemi_desk::operations::{DailyRun, Operations, Report, Watched};
use kawasemi_desk::{Problem, Settings};
use kawasemi_kernel::IdSource as _;
use kawasemi_store::{Unit, jobs};
use kawasemi_testkit::desk::{Setup, tables};
use kawasemi_testkit::{TestCity, on_both_stores};

const PATH: &str = "/desk/admin/operations";
const NOTHING: [(&str, &str); 0] = [];

/// Answers what a test puts there.
struct Told {
    report: Mutex<Report>,
    looks: AtomicUsize,
}

impl Operations for Told {
    fn report<'a>(&'a self, _: &'a str) -> Pin<Box<dyn Future<Output = Result<Report, Problem>> + Send + 'a>> {
        Box::pin(async { Ok(self.report.lock().unwrap().clone()) })
    }

    fn look(&self, code: &str) {
        assert_eq!(code, "142182");
        self.looks.fetch_add(1, Ordering::SeqCst);
    }

    fn figures(&self) -> Vec<Figure> {
        vec![Figure::new("kawasemi_told", "Told.", Kind::Gauge, 1.0).with("folder", "/data")]
    }
}

fn told(now: Timestamp) -> Arc<Told> {
    let mut at_once = Findings::default();
    at_once.add(Subject::Queue, "142182 送信と後続の仕事", State::Good, "滞りはありません。");
    let report = Report {
        version: "9.8.7",
        started_at: now - SignedDuration::from_hours(3),
        at_once,
        slowly: None,
        thoroughly: None,
        looking_since: None,
        backups: Backups::default(),
        disks: Vec::new(),
        daily: Vec::new(),
    };
    Arc::new(Told { report: Mutex::new(report), looks: AtomicUsize::new(0) })
}

fn setup(told: &Arc<Told>) -> Setup {
    let operations = Some(Watched(told.clone()));
    Setup { settings: Settings { operations, ..Settings::default() }, ..Setup::default() }
}

on_both_stores! {
    tables = tables();

    async fn what_is_amiss_comes_first_with_what_to_do(fixture) {
        let told = told(fixture.now());
        let city = TestCity::with(fixture, setup(&told)).await;
        let admin = city.sign_in("root-admin", &["admin"]).await;
        let page = admin.get(PATH).await;
        assert!(page.says("点検で問題は見つかっていません") && page.says("9.8.7") && page.says("3時間前"));
        assert!(!page.says("すること</h2>") && page.says("1人（1か所）") && page.says("待っている処理も、失敗した処理もありません"));
        {
            let mut report = told.report.lock().unwrap();
            let mut slowly = Findings::default();
            slowly.add(Subject::Certificates, "証明書: 公開側", State::Bad, "切れています。替えてください。");
            report.slowly = Some((fixture.now() - SignedDuration::from_mins(20), slowly));
            report.at_once.add(Subject::Disk, "ディスクの空き（データ）", State::Warning, "広げてください。");
            let folder = Folder { role: "データ", path: "/data".into() };
            report.disks.push(Disk { folders: vec![folder], free: 3 << 30, all: 8 << 30, files: None });
            report.backups.last = Some(Backup { at: fixture.now(), file: "/b/<1>.kwsm".into(), bytes: 2048 });
            let about = "発令・機構改革・引継ぎの反映".to_owned();
            let (day, state, at) = ("2026-05-01".to_owned(), "dead".to_owned(), fixture.now());
            report.daily.push(DailyRun { about, day, state, at, error: Some("台帳がありません".to_owned()) });
        }
        let job = jobs::enqueue(fixture.ids.next(), "webhook", None, "{}", fixture.now(), fixture.now());
        fixture.city.write(Unit::of([job])).await.unwrap();
        let page = admin.get(PATH).await;
        for said in [
            "直す必要のあることが1件あります", "ほかに、見ておくことが1件あります", "20分前", "3.0 GiB／8.0 GiB", "/b/&#60;1&#62;.kwsm",
            "Webhook の通知", "台帳がありません", "証明書（要対応、1件）", "送信と後続の仕事",
        ] {
            assert!(page.says(said), "{said}: {}", page.text);
        }
        let first = |word: &str| page.text.find(word).unwrap_or_else(|| panic!("{word}"));
        assert!(first("切れています") < first("広げてください"), "the worst comes first");
        assert!(!page.says("142182 送信"), "the city's code goes without saying");
    }

    async fn another_look_is_begun_by_a_button(fixture) {
        let told = told(fixture.now());
        let city = TestCity::with(fixture, setup(&told)).await;
        let admin = city.sign_in("root-admin", &["admin"]).await;
        assert!(admin.get(PATH).await.says("すべて点検する"));
        assert_eq!(admin.post(&format!("{PATH}/look"), &NOTHING).await.status, 303);
        assert_eq!(told.looks.load(Ordering::SeqCst), 1);
        told.report.lock().unwrap().looking_since = Some(fixture.now());
        let page = admin.get(PATH).await;
        assert!(page.says("から点検しています") && !page.says("すべて点検する"));
        let editor = city.sign_in("editor", &["organisation-editor"]).await;
        assert_eq!(editor.get(PATH).await.status, 404);
        assert_eq!(editor.post(&format!("{PATH}/look"), &NOTHING).await.status, 404);
        assert_eq!(told.looks.load(Ordering::SeqCst), 1);
    }

    async fn failures_are_listed_by_their_number(fixture) {
        let told = told(fixture.now());
        let city = TestCity::with(fixture, setup(&told)).await;
        let admin = city.sign_in("root-admin", &["admin"]).await;
        assert!(admin.get(PATH).await.says("動き始めてから、エラーはありません"));
        // A table that is gone is a failure of ours.
        let broken = kawasemi_store::Sql::with("DROP TABLE {api_token}", []);
        fixture.city.write(Unit::of([broken.into()])).await.unwrap();
        let failed = admin.get("/desk/account/tokens").await;
        assert_eq!(failed.status, 500, "{}", failed.text);
        let page = admin.get(PATH).await;
        let number = page.text.split("<code>").skip(1).map(|rest| &rest[..9]).find(|text| failed.says(text));
        assert!(number.is_some(), "the number that the person saw: {}", page.text);
        assert!(page.says("/desk/account/tokens"));
    }

    async fn figures_go_to_who_comes_directly(fixture) {
        let told = told(fixture.now());
        let browser = TestCity::with(fixture, setup(&told)).await.visitor();
        assert!(browser.get("/metrics").await.says("kawasemi_told{folder=\"/data\"} 1"));
        let proxied = browser.request("GET", "/metrics").header("x-forwarded-for", "192.0.2.1");
        let answer = browser.send(proxied.body(axum::body::Body::empty())).await;
        assert!(answer.says("kawasemi_answers_total") && !answer.says("kawasemi_told"));
    }
}
