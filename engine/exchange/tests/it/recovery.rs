//! Processes that die while a file is applied: nothing lost, nothing doubled, and the run says what became of it.

use crate::common;
use crate::common::{Hall, difference, person, tables};
use kawasemi_exchange::intake::Wish;
use kawasemi_exchange::{AlarmKind, Folders, RunState};
use kawasemi_store::{Sql, Statement, Unit};
use kawasemi_testkit::on_both_stores;
use uuid::Uuid;

/// Leaves a run as a process leaves it that is killed while it writes.
async fn kill(hall: &Hall<'_>, run: Uuid) {
    let sql = Sql::with(
        "UPDATE {exchange_run} SET state = 'applying', batch = NULL, holder = 'elsewhere/1@1', held_until = 1 WHERE id = $1",
        [run.into()],
    );
    hall.fixture.city.write(Unit::of([Statement::any(sql)])).await.expect("is written");
}

on_both_stores! {
    tables = tables();

    async fn a_run_that_was_written_whole_is_known_to_be_applied_and_can_be_taken_back(fixture) {
        let hall = Hall::open(fixture).await;
        let first = difference("20260428", 1, &[person(1, "1", "川蝉　花子", "綾瀬市早川")]);
        hall.take("resident-difference", "JUKI_1", &first, Wish::Apply).await;
        let second = difference("20260429", 2, &[person(1, "2", "川蝉　花子", "綾瀬市小園"), person(2, "1", "川蝉　太郎", "綾瀬市小園")]);
        let run = hall.take("resident-difference", "JUKI_2", &second, Wish::Apply).await.run;
        assert_eq!(run.state, RunState::Applied);
        kill(&hall, run.id).await;
        hall.exchange.recover().await.expect("recovers");
        let known = hall.exchange.run(&hall.system(), run.id).await.expect("is there");
        assert_eq!((known.state, known.batch, known.report.updated), (RunState::Applied, run.batch, 1));
        assert!(known.message.contains("反映は終わっています"), "{}", known.message);
        assert_eq!(hall.parties().await.len(), 2, "nobody is doubled");
        let undone = hall.exchange.undo(&hall.system(), run.id, "誤り").await.expect("is taken back");
        assert_eq!(undone.state, RunState::Undone);
        let all = hall.parties().await;
        assert_eq!((all.len(), all[0].2.as_str()), (1, "綾瀬市早川"));
    }

    async fn a_run_of_which_nothing_was_written_waits_again(fixture) {
        let hall = Hall::open(fixture).await;
        let content = difference("20260428", 1, &[person(1, "1", "川蝉　花子", "綾瀬市早川")]);
        let run = hall.take("resident-difference", "JUKI_1", &content, Wish::AsTheLayoutSays).await.run;
        kill(&hall, run.id).await;
        assert!(hall.exchange.apply(&hall.system(), run.id, "", &|_| {}).await.is_err(), "it is being written");
        hall.exchange.recover().await.expect("recovers");
        let again = hall.exchange.run(&hall.system(), run.id).await.expect("is there");
        assert_eq!((again.state, again.decided_at), (RunState::Waiting, None));
        assert!(again.message.contains("台帳は元のままです"), "{}", again.message);
        let applied = hall.exchange.apply(&hall.system(), run.id, "", &|_| {}).await.expect("is applied");
        assert_eq!((applied.state, hall.parties().await.len()), (RunState::Applied, 1));
    }

    async fn what_applies_by_itself_goes_on_by_itself(fixture) {
        let hall = Hall::open(fixture).await;
        let auto = common::DIFFERENCE.replace("version = 1\n", "version = 2\napply = \"auto\"\n");
        hall.exchange.publish_layout(&hall.system(), &auto).await.expect("is published");
        let content = difference("20260428", 1, &[person(1, "1", "川蝉　花子", "綾瀬市早川")]);
        let run = hall.take("resident-difference", "JUKI_1", &content, Wish::AsTheLayoutSays).await.run;
        assert_eq!(run.state, RunState::Applied);
        hall.exchange.undo(&hall.system(), run.id, "試験").await.expect("is taken back");
        kill(&hall, run.id).await;
        let folders = Folders(hall.folder.path().join("exchange"));
        hall.exchange.look(&folders).await.expect("looks");
        let applied = hall.exchange.run(&hall.system(), run.id).await.expect("is there");
        assert_eq!((applied.state, hall.parties().await.len()), (RunState::Applied, 1));
    }

    async fn an_old_register_that_comes_again_is_not_taken_unseen(fixture) {
        let hall = Hall::open(fixture).await;
        let headings = "宛名番号,世帯番号,氏名,氏名カナ,通称,生年月日,性別,続柄,郵便番号,住所コード,住所,方書,異動事由,異動日,届出日,住民となった日,消除日";
        let full = |place: &str| format!("\u{FEFF}{headings}\r\n1,9,川蝉　花子,ｶﾜｾﾐ,,1980-04-01,2,01,,,綾瀬市{place},,,,,,\r\n").into_bytes();
        for (n, place) in ["早川", "小園"].iter().enumerate() {
            let taken = hall.at(60 * i64::try_from(n).expect("is small")).take("resident-full", place, &full(place), Wish::Apply).await;
            assert_eq!(taken.run.state, RunState::Applied, "{:?}", taken.run);
        }
        let same = hall.at(180).take("resident-full", "小園", &full("小園"), Wish::Apply).await;
        assert_eq!(same.run.state, RunState::Duplicate);
        let old = hall.at(240).take("resident-full", "早川", &full("早川"), Wish::Apply).await;
        let kinds: Vec<AlarmKind> = old.run.alarms.iter().map(|alarm| alarm.kind).collect();
        assert_eq!((old.run.state, kinds), (RunState::Held, vec![AlarmKind::Again]));
        let back = hall.at(300).exchange.apply(&hall.system(), old.run.id, "転居の取消", &|_| {}).await.expect("is applied");
        assert_eq!((back.state, hall.parties().await[0].2.as_str()), (RunState::Applied, "綾瀬市早川"));
    }
}
