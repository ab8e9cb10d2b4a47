//! Folders in which files arrive, layouts that are published, and files that are given out.

use crate::common;
use crate::common::{Hall, difference, person, tables};
use kawasemi_exchange::intake::Wish;
use kawasemi_exchange::{AlarmKind, Exchange, Folders, Parts, RunState};
use kawasemi_identity::{Caller, Context};
use kawasemi_kernel::context::FixedClock;
use kawasemi_store::files::Files;
use kawasemi_testkit::on_both_stores;

/// A layout that gives residents out, through the grants of a role that sees no personal data.
const OUT: &str = r#"
key = "residents-out"
version = 1
title = "住民の書出し"
ledger = "party"
direction = "out"
encoding = "cp932"
format = "fixed"
[fixed]
record_length = 40
[kind]
offset = 1
length = 1
[give]
role = "clerk"
file = "OUT_{date}_{sequence}.txt"
[[record]]
kind = "header"
is = "1"
field = [{ name = "区分", length = 1, use = "kind" }, { name = "団体", length = 6, use = "city-code" }, { name = "作成日", length = 8, type = "date", use = "file-date" }]
[[record]]
kind = "data"
is = "2"
field = [{ name = "区分", length = 1, use = "kind" }, { name = "番号", length = 6, type = "number", to = "resident_number" }, { name = "氏名", length = 20, to = "name" }, { name = "生年月日", length = 7, type = "era-date", to = "birth_date" }, { name = "性別", length = 1, to = "sex", map = { 1 = "male", 2 = "female" } }]
[[record]]
kind = "trailer"
is = "9"
field = [{ name = "区分", length = 1, use = "kind" }, { name = "件数", length = 6, type = "number", use = "count" }, { name = "計", length = 10, type = "number", use = "total", of = "番号" }]
"#;

impl Hall<'_> {
    /// The same exchange some seconds later.
    fn later(&self, seconds: i64) -> Exchange {
        let clock = FixedClock(self.fixture.now() + jiff::SignedDuration::from_secs(seconds));
        Exchange::new(Parts {
            ledgers: self.ledgers.clone(),
            files: Files::in_folder(&self.folder.path().join("files")).expect("files"),
            ids: self.fixture.ids.clone(),
            clock: std::sync::Arc::new(clock),
            shipped: vec![kawasemi_schema::SourceFile::new("difference.toml", common::DIFFERENCE)],
        })
        .expect("good layouts")
    }
}

on_both_stores! {
    tables = tables();

    async fn a_file_is_taken_once_it_is_complete_and_moved_away(fixture) {
        let hall = Hall::open(fixture).await;
        let folders = Folders(hall.folder.path().join("exchange"));
        let inbox = folders.of("142182", "resident-difference", "in");
        std::fs::create_dir_all(&inbox).expect("a folder");
        let good = difference("20260428", 1, &[person(1, "1", "川蝉　花子", "綾瀬市早川")]);
        std::fs::write(inbox.join("JUKI_1.txt"), &good[..600]).expect("half of it");
        std::fs::write(inbox.join("JUKI_2.txt.tmp"), b"half").expect("a file");
        std::fs::write(inbox.join("OTHER.txt"), b"another's").expect("a file");
        let looked = hall.exchange.look(&folders).await.expect("looks");
        assert!(looked.is_empty(), "a first look takes nothing");
        std::fs::write(inbox.join("JUKI_1.txt"), &good).expect("all of it");
        assert!(hall.later(10).look(&folders).await.expect("looks").is_empty(), "it has changed since");
        let taken = hall.later(20).look(&folders).await.expect("looks");
        assert_eq!(taken.iter().map(|run| (run.file.as_str(), run.state)).collect::<Vec<_>>(), [("JUKI_1.txt", RunState::Waiting)]);
        let names = |which: &str| -> Vec<String> {
            let entries = std::fs::read_dir(folders.of("142182", "resident-difference", which)).expect("a folder");
            let mut names: Vec<String> = entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
            names.sort();
            names
        };
        assert_eq!((names("in"), names("done")), (vec!["JUKI_2.txt.tmp".to_owned(), "OTHER.txt".to_owned()], vec!["20260501-100020_JUKI_1.txt".to_owned()]));
        std::fs::write(inbox.join("JUKI_3.txt"), &good[..430]).expect("a file that is cut");
        hall.later(30).look(&folders).await.expect("looks");
        let refused = hall.later(40).look(&folders).await.expect("looks");
        assert_eq!(refused[0].state, RunState::Refused);
        let names = names("refused");
        assert_eq!(names.len(), 2);
        let why = std::fs::read_to_string(folders.of("142182", "resident-difference", "refused").join(&names[1])).expect("the reason");
        assert!(why.contains("途中で切れています"), "{why}");
    }

    async fn a_file_that_does_not_come_raises_an_alarm(fixture) {
        let hall = Hall::open(fixture).await;
        let alarms = |exchange: Exchange| {
            let context = hall.system();
            async move {
                let all = exchange.overview(&context).await.expect("an overview");
                let own = all.into_iter().find(|status| status.layout.layout.key() == "resident-difference").expect("is there");
                own.alarms.into_iter().map(|alarm| alarm.kind).collect::<Vec<_>>()
            }
        };
        assert!(alarms(hall.later(0)).await.is_empty(), "what was never used is not waited for");
        let good = difference("20260428", 1, &[person(1, "1", "川蝉　花子", "綾瀬市早川")]);
        hall.take("resident-difference", "JUKI_1", &good, Wish::Apply).await;
        assert!(alarms(hall.later(3_600)).await.is_empty());
        // The next business day after 1 May 2026 is the seventh.
        assert!(alarms(hall.later(86_400 * 3)).await.is_empty());
        assert_eq!(alarms(hall.later(86_400 * 6)).await, [AlarmKind::Late]);
    }

    async fn a_layout_is_published_in_versions_by_operators_only(fixture) {
        let hall = Hall::open(fixture).await;
        let operator = Context::new(Caller::visitor().with_role("exchange-operator"), fixture.now());
        let toml = common::DIFFERENCE.replace("version = 1", "version = 2");
        assert!(hall.exchange.publish_layout(&hall.clerk(), &toml).await.is_err(), "no operator");
        assert!(hall.exchange.publish_layout(&operator, &toml).await.is_err(), "may not import");
        let both = Context::new(Caller::visitor().with_role("exchange-operator").with_role("clerk"), fixture.now());
        assert!(hall.exchange.publish_layout(&both, common::DIFFERENCE).await.is_err(), "version 1 is the shipped one");
        hall.exchange.publish_layout(&both, &toml).await.expect("is published");
        let used = hall.exchange.layout(&operator, "resident-difference").await.expect("is in use");
        assert_eq!((used.layout.raw.version, used.published_at), (2, Some(fixture.now())));
        hall.exchange.retire_layout(&both, "resident-difference").await.expect("is retired");
        assert!(hall.exchange.layout(&operator, "resident-difference").await.is_err());
    }

    async fn a_file_is_given_out_whole_or_not_at_all_and_again_as_it_was(fixture) {
        let hall = Hall::open(fixture).await;
        let mut people = vec![person(1, "1", "川蝉　花子", "綾瀬市早川"), person(2, "1", "川蝉　太郎", "綾瀬市早川")];
        hall.take("resident-difference", "JUKI_1", &difference("20260428", 1, &people), Wish::Apply).await;
        hall.exchange.publish_layout(&hall.system(), OUT).await.expect("is published");
        let folder = hall.folder.path().join("out");
        let run = hall.exchange.give(&hall.system(), "residents-out", &folder).await.expect("is given out");
        assert_eq!((run.file.as_str(), run.rows), ("OUT_20260501_000001.txt", 2));
        let bytes = std::fs::read(folder.join(&run.file)).expect("the file");
        let (text, ..) = encoding_rs::SHIFT_JIS.decode(&bytes);
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert!(lines.iter().any(|line| line.starts_with("2000001川蝉　花子          35504012")), "{lines:?}");
        assert_eq!((lines[0].trim_end(), lines[3].trim_end()), ("114218220260501", "90000020000000003"));
        assert_eq!(std::fs::read_dir(&folder).expect("the folder").count(), 1, "nothing half-written lies beside it");
        let other = hall.folder.path().join("again");
        let again = hall.exchange.give_again(&hall.system(), run.id, &other).await.expect("is given again");
        assert_eq!(std::fs::read(again).expect("the file"), bytes);
        people[1] = person(2, "2", "川蝉　太郎右衛門之助", "綾瀬市早川");
        people[0] = person(3, "1", "川蝉　三郎四郎五郎六郎", "綾瀬市早川");
        hall.take("resident-difference", "JUKI_2", &difference("20260429", 2, &people), Wish::Apply).await;
        let refused = hall.exchange.give(&hall.system(), "residents-out", &folder).await.expect_err("is too long").to_string();
        assert!(refused.contains("20バイトに収まりません"), "{refused}");
        assert_eq!(std::fs::read_dir(&folder).expect("the folder").count(), 1);
    }
}
