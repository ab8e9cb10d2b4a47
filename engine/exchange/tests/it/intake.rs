//! Files of the resident register: compared, applied, refused, put aside, taken back.

use crate::common::{Hall, Person, difference, header, lines, person, tables, trailer};
use kawasemi_exchange::intake::Wish;
use kawasemi_exchange::{AlarmKind, RunState};
use kawasemi_ledger::import::FeedAct;
use kawasemi_ledger::{Draft, LedgerError, ListRequest};
use kawasemi_testkit::on_both_stores;

fn three() -> Vec<Person> {
    vec![
        person(1, "1", "川蝉　花子", "綾瀬市早川五五〇"),
        person(2, "1", "川蝉　太郎", "綾瀬市早川五五〇"),
        person(3, "1", "髙﨑　次郎", "綾瀬市深谷一"),
    ]
}

on_both_stores! {
    tables = tables();

    async fn a_difference_is_shown_before_it_is_applied_and_can_be_taken_back(fixture) {
        let hall = Hall::open(fixture).await;
        let first = hall.take("resident-difference", "JUKI_1.txt", &difference("20260428", 1, &three()), Wish::AsTheLayoutSays).await;
        assert_eq!((first.run.state, first.run.report.created, first.run.alarms.len()), (RunState::Waiting, 3, 0));
        assert!(hall.parties().await.is_empty(), "nothing is written before it is approved");
        let applied = hall.exchange.apply(&hall.system(), first.run.id, "", &|_| {}).await.expect("is applied");
        assert_eq!((applied.state, applied.report.created), (RunState::Applied, 3));
        assert_eq!(hall.parties().await.len(), 3);

        let moved = [
            person(1, "2", "川蝉　花子", "綾瀬市寺尾台二"),
            person(2, "3", "川蝉　太郎", "綾瀬市早川五五〇"),
            person(3, "2", "髙﨑　次郎", "綾瀬市深谷一"),
            person(4, "1", "渡邉　四郎", "綾瀬市小園三"),
        ];
        let second = hall.take("resident-difference", "JUKI_2.txt", &difference("20260430", 2, &moved), Wish::AsTheLayoutSays).await;
        let report = &second.run.report;
        // The third one is as it was: a new day alone is no change.
        assert_eq!((report.created, report.updated, report.closed, report.unchanged, report.bad), (1, 1, 1, 1, 0));
        let change = second.samples.iter().find(|s| s.act == FeedAct::Updated).expect("a change is shown");
        let address = change.changes.iter().find(|c| c.field == "address").expect("its address");
        assert_eq!((address.before.as_str(), address.after.as_str()), ("〒252-1192 綾瀬市早川五五〇", "〒252-1192 綾瀬市寺尾台二"));
        let applied = hall.exchange.apply(&hall.system(), second.run.id, "", &|_| {}).await.expect("is applied");
        assert_eq!((applied.report.updated, applied.report.closed), (1, 1));
        let all = hall.parties().await;
        assert_eq!((all[0].2.as_str(), all[1].3.as_str(), all[3].1.as_str()), ("綾瀬市寺尾台二", "2026-04-30", "渡邉　四郎（カワセミ ハナコ）"));

        let again = hall.take("resident-difference", "COPY.txt", &difference("20260430", 2, &moved), Wish::Apply).await;
        assert_eq!(again.run.state, RunState::Duplicate);
        assert!(again.run.message.contains("何も変えませんでした"), "{}", again.run.message);

        assert!(hall.exchange.undo(&hall.system(), first.run.id, "誤り").await.is_err(), "the newest first");
        let undone = hall.exchange.undo(&hall.system(), second.run.id, "誤り").await.expect("is taken back");
        assert_eq!(undone.state, RunState::Undone);
        let all = hall.parties().await;
        assert_eq!((all.len(), all[0].2.as_str(), all[1].3.as_str()), (3, "綾瀬市早川五五〇", ""));
        let back = hall.take("resident-difference", "JUKI_2.txt", &difference("20260430", 2, &moved), Wish::Apply).await;
        assert_eq!((back.run.state, hall.parties().await.len()), (RunState::Applied, 4));
    }

    async fn a_file_that_is_not_whole_or_not_ours_is_refused(fixture) {
        let hall = Hall::open(fixture).await;
        let good: Vec<Vec<u8>> = three().iter().map(Person::record).collect();
        let of = |parts: &[&[Vec<u8>]]| lines(&parts.concat());
        let head = [header("142182", "20260428", 1)];
        let foreign = [header("142034", "20260428", 1)];
        let end = [trailer(3)];
        let shifted: Vec<Vec<u8>> = good
            .iter()
            .map(|record| {
                let mut record = record.clone();
                record.insert(20, b' ');
                record.truncate(420);
                record
            })
            .collect();
        let longer: Vec<Vec<u8>> = good.iter().map(|record| [record.as_slice(), b"X"].concat()).collect();
        for (name, content, said) in [
            ("cut", of(&[&head, &good]), "途中で切れています"),
            ("counted", of(&[&head, &good[..2], &end]), "件数が合いません"),
            ("foreign", of(&[&foreign, &good, &end]), "別の団体"),
            ("headless", of(&[&good, &end]), "ヘッダーがありません"),
            ("joined", of(&[&head, &good, &end, &head]), "二つのファイル"),
            ("shifted", of(&[&head, &shifted, &end]), "ずれている"),
            ("longer", of(&[&head, &longer, &end]), "長さが421バイト"),
            ("empty", Vec::new(), "一つもありません"),
            ("binary", vec![0x89; 4000], "改行のないまま"),
        ] {
            let taken = hall.take("resident-difference", name, &content, Wish::Apply).await;
            assert_eq!(taken.run.state, RunState::Refused, "{name}: {:?}", taken.run);
            assert!(taken.run.message.contains(said), "{name}: {}", taken.run.message);
        }
        assert!(hall.parties().await.is_empty());
    }

    async fn order_gaps_and_shrinking_are_noticed(fixture) {
        let hall = Hall::open(fixture).await;
        let day = |sequence: u64, people: &[Person]| difference(&format!("202604{:02}", 10 + sequence), sequence, people);
        for sequence in 1..=3 {
            let people: Vec<Person> =
                (1..=10).map(|n| person(sequence * 100 + n, "1", "川蝉　花子", "綾瀬市早川")).collect();
            let taken = hall.take("resident-difference", &format!("JUKI_{sequence}"), &day(sequence, &people), Wish::Apply).await;
            assert_eq!(taken.run.state, RunState::Applied, "{:?}", taken.run);
        }
        let old = hall.take("resident-difference", "old", &day(2, &three()), Wish::Apply).await;
        assert_eq!(old.run.state, RunState::Refused);
        assert!(old.run.message.contains("通番3まで"), "{}", old.run.message);
        let late = hall.take("resident-difference", "gap", &day(5, &three()), Wish::Apply).await;
        let kinds: Vec<AlarmKind> = late.run.alarms.iter().map(|alarm| alarm.kind).collect();
        assert_eq!((late.run.state, kinds), (RunState::Held, vec![AlarmKind::Gap, AlarmKind::Shrunken]));
        assert!(hall.exchange.apply(&hall.system(), late.run.id, " ", &|_| {}).await.is_err(), "a reason is asked");
        let applied = hall.exchange.apply(&hall.system(), late.run.id, "4番は相手が欠番と連絡", &|_| {}).await.expect("is applied");
        assert_eq!((applied.state, applied.reason.as_str()), (RunState::Applied, "4番は相手が欠番と連絡"));
        let surprising = [person(9, "2", "川蝉　花子", "綾瀬市"), person(1, "1", "川蝉　花子", "綾瀬市")];
        let taken = hall.take("resident-difference", "surprise", &day(6, &surprising), Wish::Apply).await;
        assert!(taken.run.alarms.iter().any(|alarm| alarm.kind == AlarmKind::Surprises), "{:?}", taken.run.alarms);
        let rejected = hall.exchange.reject(&hall.system(), taken.run.id, "作り直してもらう").await.expect("is rejected");
        assert_eq!(rejected.state, RunState::Rejected);
        assert!(hall.exchange.apply(&hall.system(), taken.run.id, "やはり", &|_| {}).await.is_err());
    }

    async fn bad_rows_are_put_aside_corrected_and_taken_up(fixture) {
        let hall = Hall::open(fixture).await;
        let mut people: Vec<Person> = (1..=40).map(|n| person(n, "1", "川蝉　花子", "綾瀬市早川")).collect();
        people[4].born = "3650230";
        people[7].name = String::new();
        let taken = hall.take("resident-difference", "JUKI_1", &difference("20260428", 1, &people), Wish::AsTheLayoutSays).await;
        assert_eq!((taken.run.state, taken.run.report.bad, taken.run.report.created), (RunState::Waiting, 2, 38));
        let bad = hall.exchange.bad_rows(&hall.system(), taken.run.id, 0, 10).await.expect("rows");
        assert_eq!(bad.iter().map(|row| row.row.line).collect::<Vec<_>>(), [6, 9]);
        assert_eq!((bad[0].row.problems[0].field.as_str(), bad[0].row.problems[0].value.as_str()), ("生年月日", "3650230"));
        hall.exchange.apply(&hall.system(), taken.run.id, "", &|_| {}).await.expect("the others go on");
        assert_eq!(hall.parties().await.len(), 38);
        let mut values = bad[0].row.values.clone();
        values[7] = "3600228".to_owned();
        hall.exchange.correct(&hall.system(), taken.run.id, bad[0].n, &values).await.expect("is corrected");
        let retry = hall.exchange.retry(&hall.system(), taken.run.id, &|_| {}).await.expect("is taken up");
        assert_eq!((retry.state, retry.report.created, retry.report.rows), (RunState::Waiting, 1, 1));
        hall.exchange.apply(&hall.system(), retry.id, "", &|_| {}).await.expect("is applied");
        assert_eq!(hall.parties().await.len(), 39);
        // Three of forty are more than five percent.
        people[9].born = "9999999";
        let over = hall.take("resident-difference", "JUKI_2", &difference("20260429", 2, &people), Wish::Apply).await;
        assert_eq!((over.run.state, over.run.alarms[0].kind), (RunState::Held, AlarmKind::BadRows));
    }

    async fn of_two_events_of_one_day_the_last_counts(fixture) {
        let hall = Hall::open(fixture).await;
        let people = [
            person(1, "1", "川蝉　花子", "綾瀬市早川"),
            person(1, "2", "川蝉　花子", "綾瀬市小園"),
            person(2, "1", "川蝉　太郎", "綾瀬市早川"),
            person(2, "3", "川蝉　太郎", "綾瀬市早川"),
        ];
        let taken = hall.take("resident-difference", "JUKI_1", &difference("20260428", 1, &people), Wish::AsTheLayoutSays).await;
        assert_eq!((taken.run.superseded, taken.run.report.created, taken.run.report.bad), (2, 1, 0));
        assert!(taken.run.alarms.is_empty(), "that the one who moved was not here before is no surprise");
        hall.exchange.apply(&hall.system(), taken.run.id, "", &|_| {}).await.expect("is applied");
        let all = hall.parties().await;
        assert_eq!((all.len(), all[0].2.as_str()), (1, "綾瀬市小園"));
    }

    async fn a_full_file_closes_whom_it_lacks_and_touches_nobody_else(fixture) {
        let hall = Hall::open(fixture).await;
        let own = Draft::new().with("kind", "organisation").with("source", "own").with("resident_number", "X1");
        let named = LedgerDraft::name(own, "商店");
        hall.ledgers.create(&hall.clerk(), "party", named).await.expect("an own record");
        let everybody: Vec<u64> = (1..=60).collect();
        let first = hall.take("resident-full", "ALL_1.csv", full(&everybody, &[]).as_bytes(), Wish::Apply).await;
        assert_eq!((first.run.state, first.run.report.created), (RunState::Applied, 60), "{:?}", first.run);
        let same = hall.take("resident-full", "ALL_2.csv", full(&everybody[..59], &[]).as_bytes(), Wish::AsTheLayoutSays).await;
        assert_eq!((same.run.report.closed, same.run.report.unchanged), (1, 59));
        hall.exchange.apply(&hall.system(), same.run.id, "", &|_| {}).await.expect("is applied");
        let all = hall.parties().await;
        assert_eq!(all.iter().filter(|p| !p.3.is_empty()).map(|p| p.0.as_str()).collect::<Vec<_>>(), ["60"]);
        // A row that can't be read is still a row: its record is not closed. One that does not say whom it means closes nobody.
        let broken = full(&everybody[..58], &[(3, "2026-02-30")]);
        let taken = hall.take("resident-full", "ALL_3.csv", broken.as_bytes(), Wish::AsTheLayoutSays).await;
        assert_eq!((taken.run.report.bad, taken.run.report.closed, taken.bad[0].line), (1, 1, 4));
        let nameless = broken.replace("\r\n5,", "\r\n,");
        let taken = hall.take("resident-full", "ALL_4.csv", nameless.as_bytes(), Wish::AsTheLayoutSays).await;
        assert_eq!((taken.run.report.keyless, taken.run.report.closed), (1, 0));
        assert!(taken.run.alarms.iter().any(|alarm| alarm.kind == AlarmKind::Keyless));
        let few = hall.take("resident-full", "ALL_5.csv", full(&everybody[..30], &[]).as_bytes(), Wish::Apply).await;
        assert_eq!((few.run.state, few.run.alarms[0].kind), (RunState::Held, AlarmKind::Closing));
        let turned = full(&everybody, &[]).replace("宛名番号,世帯番号", "世帯番号,宛名番号");
        let turned = hall.take("resident-full", "ALL_6.csv", turned.as_bytes(), Wish::Apply).await;
        assert!(turned.run.message.contains("1列目は「宛名番号」のはず"), "{}", turned.run.message);
    }

    async fn what_the_master_owns_is_read_only_here(fixture) {
        let hall = Hall::open(fixture).await;
        hall.take("resident-difference", "JUKI_1", &difference("20260428", 1, &three()), Wish::Apply).await;
        let clerk = hall.clerk();
        let page = hall.ledgers.list(&clerk, "party", &ListRequest::default()).await.expect("a list");
        let one = &page.records[0];
        let mastered = kawasemi_ledger::master::of(&hall.ledgers.open(&clerk, "party").expect("opens").0, one.fields());
        assert_eq!(mastered.map(|m| (m.name, m.as_of.map(|d| d.to_string()))), Some(("住民記録".to_owned(), Some("2026-04-28".to_owned()))));
        let change = |draft| hall.ledgers.update(&clerk, "party", one.id, one.revision, draft);
        for draft in [
            Draft::new().with("building", "別棟"),
            Draft::new().with("source", "own"),
            Draft::new().with("source_as_of", kawasemi_kernel::Value::Null),
        ] {
            match change(draft).await {
                Err(LedgerError::Invalid(mistakes)) => assert!(mistakes[0].message.contains("住民記録で直すと"), "{mistakes:?}"),
                other => panic!("{other:?}"),
            }
        }
        assert!(matches!(hall.ledgers.delete(&clerk, "party", one.id, one.revision).await, Err(LedgerError::Refused(_))));
        change(Draft::new().with("mobile", "090-0000-0000")).await.expect("what is ours changes");
        let pretended = Draft::new().with("source", "resident-register");
        let pretended = hall.ledgers.create(&clerk, "party", LedgerDraft::name(pretended, "別人")).await;
        assert!(matches!(pretended, Err(LedgerError::Invalid(_))), "{pretended:?}");
    }
}

/// Names are of several parts, so they are read as a form sends them.
struct LedgerDraft;

impl LedgerDraft {
    fn name(mut draft: Draft, name: &str) -> Draft {
        let name =
            kawasemi_kernel::Value::Name(kawasemi_kernel::PersonName { name: name.to_owned(), kana: String::new() });
        draft.set("name", name);
        draft
    }
}

fn full(numbers: &[u64], born: &[(u64, &str)]) -> String {
    let headings = "宛名番号,世帯番号,氏名,氏名カナ,通称,生年月日,性別,続柄,郵便番号,住所コード,住所,方書,異動事由,異動日,届出日,住民となった日,消除日";
    let mut text = format!("\u{FEFF}{headings}\r\n");
    for number in numbers {
        let born = born.iter().find(|(of, _)| of == number).map_or("1980-04-01", |(_, born)| born);
        text.push_str(&format!("{number},9,川蝉　花子,ｶﾜｾﾐ ﾊﾅｺ,,{born},2,01,252-1192,,綾瀬市早川,,,,,,\r\n"));
    }
    text
}
