//! The logs are counted and sealed, what is changed by hand is found, and the reports say who looked at whom.

use crate::common::Hall;
use jiff::SignedDuration;
use kawasemi_identity::access_log::Manner;
use kawasemi_kernel::{PersonName, Value};
use kawasemi_ledger::{Draft, ListRequest};
use kawasemi_oversight::OversightError;
use kawasemi_oversight::reports::mass::Many;
use kawasemi_oversight::reports::{Narrowing, Period};
use kawasemi_oversight::subjects::Kin;
use kawasemi_store::{Sql, Unit};
use kawasemi_testkit::desk::tables;
use kawasemi_testkit::on_both_stores;

fn month(hall: &Hall) -> Period {
    Period::month_of(hall.city.system().today())
}

on_both_stores! {
    tables = tables();

    async fn what_was_looked_at_is_counted_and_sealed(fixture) {
        let hall = Hall::open(fixture).await;
        let people = [hall.person("川瀬 一", "1").await, hall.person("川瀬 二", "1").await];
        let (account, clerk) = hall.somebody("clerk", &["counter"]).await;
        let ledgers = &hall.city.city.ledgers;
        ledgers.list(&clerk, "person", &ListRequest::all()).await.unwrap();
        ledgers.get(&clerk, "person", people[0]).await.unwrap();
        ledgers.get(&clerk.clone().reading(Manner::Print), "person", people[0]).await.unwrap();
        ledgers.list(&clerk, "person", &ListRequest { q: "川瀬".into(), ..ListRequest::all() }).await.unwrap();

        let auditor = hall.somebody("auditor", &["auditor"]).await.1;
        let lines = hall.oversight().by_department(&auditor, month(&hall), &Narrowing::default()).await.unwrap();
        assert_eq!(lines.len(), 1);
        let line = &lines[0];
        assert_eq!((line.entries, line.records, line.persons, line.accounts), (4, 6, 2, 1));
        let count = |manner| line.manners.get(&manner).copied().unwrap_or_default();
        assert_eq!([Manner::List, Manner::Read, Manner::Print, Manner::Search].map(count), [1; 4]);

        let seen = hall.oversight().who_saw(&auditor, "person", people[0], month(&hall)).await.unwrap();
        assert_eq!((seen.len(), seen[0].account, seen[0].looks), (1, account, 4));
        assert_eq!(seen[0].manners, [Manner::Read, Manner::List, Manner::Search, Manner::Print]);
        let report = hall.oversight().verify_logs().await.unwrap();
        assert_eq!((report.broken, report.unsealed), (0, 0), "{report:?}");
        // Sealed twice, nothing is counted twice.
        assert_eq!(hall.oversight().tend(auditor.act.at).await.unwrap(), 0);
        ledgers.get(&clerk, "person", people[1]).await.unwrap();
        let seen = hall.oversight().who_saw(&auditor, "person", people[1], month(&hall)).await.unwrap();
        assert_eq!((seen.len(), seen[0].looks), (1, 3));
        assert_eq!(hall.oversight().verify_logs().await.unwrap().broken, 0);
    }

    async fn what_was_changed_by_hand_is_found(fixture) {
        let hall = Hall::open(fixture).await;
        let person = hall.person("川瀬 一", "1").await;
        let (_, clerk) = hall.somebody("clerk", &["counter"]).await;
        for _ in 0..3 {
            hall.city.city.ledgers.get(&clerk, "person", person).await.unwrap();
        }
        hall.oversight().tend(clerk.act.at).await.unwrap();
        let broken = async || hall.oversight().verify_logs().await.unwrap().broken;
        let hand = async |sql: &str| {
            fixture.city.write(Unit::of([Sql::with(sql, []).into()])).await.unwrap();
        };
        assert_eq!(broken().await, 0);
        hand("UPDATE {access_log} SET purpose = 'x' WHERE seq = 2").await;
        assert_eq!(broken().await, 1);
        hand("UPDATE {access_log} SET purpose = '' WHERE seq = 2").await;
        assert_eq!(broken().await, 0);
        hand("UPDATE {access_day} SET entries = entries - 1").await;
        assert_eq!(broken().await, 1);
        hand("UPDATE {access_day} SET entries = entries + 1").await;
        // Taken out with its seal: the note in the audit trail tells.
        hand("DELETE FROM {log_seal} WHERE log = 'access'").await;
        hand("UPDATE {access_log} SET seq = NULL").await;
        hand("DELETE FROM {access_log}").await;
        hand("DELETE FROM {access_day}").await;
        hand("DELETE FROM {access_reader}").await;
        hand("DELETE FROM {access_subject}").await;
        assert_eq!(broken().await, 1);
    }

    async fn entries_go_at_the_end_of_their_retention_and_the_seals_stay(fixture) {
        let hall = Hall::open(fixture).await;
        let person = hall.person("川瀬 一", "1").await;
        let (_, clerk) = hall.somebody("clerk", &["counter"]).await;
        hall.city.city.ledgers.get(&clerk, "person", person).await.unwrap();
        hall.oversight().tend(clerk.act.at).await.unwrap();
        hall.city.clock.advance(SignedDuration::from_hours(24 * 40));
        let clerk = hall.now(&clerk);
        hall.city.city.ledgers.get(&clerk, "person", person).await.unwrap();
        hall.oversight().tend(clerk.act.at).await.unwrap();
        let before = clerk.act.at - SignedDuration::from_hours(24 * 5);
        let purged = hall.oversight().purge_logs(before, "保存期間の満了", clerk.act.at).await.unwrap();
        assert!(purged >= 1);
        let report = hall.oversight().verify_logs().await.unwrap();
        assert_eq!((report.broken, report.purged), (0, purged), "{report:?}");
        let left: i64 = fixture.city.read_one(Sql::with("SELECT count(*) FROM {access_log}", [])).await.unwrap().unwrap().get(0).unwrap();
        assert_eq!(left, 1);
        fixture.city.write(Unit::of([Sql::with("UPDATE {log_seal} SET purge_rule = 'x' WHERE purged_at IS NOT NULL", []).into()])).await.unwrap();
        assert!(hall.oversight().verify_logs().await.unwrap().broken > 0);
    }

    async fn many_at_once_and_what_left_the_screen_are_told(fixture) {
        let hall = Hall::open(fixture).await;
        for n in 0..12 {
            hall.person(&format!("川瀬 {n}"), "1").await;
        }
        let (account, clerk) = hall.somebody("clerk", &["counter"]).await;
        let (sender, mut receiver) = tokio::sync::mpsc::channel(8);
        let ledgers = hall.city.city.ledgers.clone();
        let request = kawasemi_ledger::ExportRequest::default();
        let drain = async { while receiver.recv().await.is_some() {} };
        let (report, ()) = tokio::join!(ledgers.export(&clerk, "person", &request, sender), drain);
        assert_eq!(report.unwrap().records, 12);
        let auditor = hall.somebody("auditor", &["auditor"]).await.1;
        let (period, all) = (month(&hall), Narrowing::default());
        let many = Many { per_day: 10, times_usual: 3, per_hour: 100 };
        let found = hall.oversight().mass_reads(&auditor, period, &all, many).await.unwrap();
        assert_eq!((found.len(), found[0].account, found[0].persons, found[0].busiest.1), (1, account, 12, 12));
        let none = Many { per_day: 13, times_usual: 3, per_hour: 13 };
        assert!(hall.oversight().mass_reads(&auditor, period, &all, none).await.unwrap().is_empty());
        let (taken, more) = hall.oversight().taken_out(&auditor, period, &all, 10).await.unwrap();
        assert_eq!((taken.len(), taken[0].records, taken[0].manner, more), (1, 12, Manner::Export, false));
        assert_eq!((taken[0].address.as_str(), taken[0].request.as_str()), ("10.0.0.7", "r-clerk"));
        assert!(taken[0].fields.contains("illness"));
        let other = Narrowing { ledger: Some("application".into()), ..Narrowing::default() };
        assert!(hall.oversight().taken_out(&auditor, period, &other, 1).await.unwrap().0.is_empty());
    }

    async fn looks_at_those_who_are_close_are_told_with_their_reason(fixture) {
        let hall = Hall::open(fixture).await;
        let ledgers = &hall.city.city.ledgers;
        let staff = async |number: &str, name: &str| {
            let name = Value::Name(PersonName { name: name.into(), kana: String::new() });
            let draft = Draft::new().with("employee_number", number).with("name", name);
            ledgers.create(&hall.city.system(), "staff", draft).await.unwrap().id
        };
        let (own, colleague) = (staff("1", "川瀬　渚").await, staff("2", "早瀬 岬").await);
        let draft = Draft::new().with("code", "civic").with("name", "市民課").with("level", "section");
        let draft = draft.with("first_fiscal_year", Value::Int(2015));
        let department = ledgers.create(&hall.city.system(), "department", draft).await.unwrap().id;
        for member in [own, colleague] {
            let draft = Draft::new().with("staff", Value::Record(member)).with("department", Value::Record(department));
            let draft = draft.with("kind", "main").with("starts_on", Value::Date(jiff::civil::date(2015, 4, 1)));
            ledgers.create(&hall.city.system(), "assignment", draft).await.unwrap();
        }
        let me = hall.person("川瀬 渚", "7").await;
        let child = hall.person("川瀬 湊", "7").await;
        let peer = hall.person("早瀬岬", "8").await;
        let stranger = hall.person("瀬戸 汀", "9").await;
        let (account, _) = hall.somebody("clerk", &["counter"]).await;
        hall.is_person(account, own).await;
        let caller = hall.city.city.identity.caller_of(&hall.city.system(), account).await.unwrap();
        let clerk = kawasemi_identity::Context::new(caller, hall.city.system().act.at);
        for person in [me, child, peer, stranger] {
            ledgers.get(&clerk, "person", person).await.unwrap();
        }
        let auditor = hall.somebody("auditor", &["auditor"]).await.1;
        let looks = hall.oversight().close_looks(&auditor, month(&hall), &Narrowing::default()).await.unwrap();
        let mut found: Vec<_> = looks.iter().map(|look| (look.seen.record, look.close.kin)).collect();
        found.sort();
        let mut wanted = vec![(me, Kin::Own), (child, Kin::Household), (peer, Kin::Colleague)];
        wanted.sort();
        assert_eq!(found, wanted);
    }

    async fn looks_outside_opening_hours_are_told(fixture) {
        let hall = Hall::open(fixture).await;
        let person = hall.person("川瀬 一", "1").await;
        let (_, clerk) = hall.somebody("clerk", &["counter"]).await;
        let day = clerk.act.date();
        // Monday to Friday of this week, at noon and at night.
        let monday = kawasemi_kernel::calendar::Calendar::default().next_business_day(day).unwrap();
        let at = |hour: i64| kawasemi_kernel::context::start_of(monday) + SignedDuration::from_hours(hour);
        for hour in [12, 22] {
            let mut context = clerk.clone();
            context.act.at = at(hour);
            hall.city.city.ledgers.get(&context, "person", person).await.unwrap();
        }
        let auditor = hall.somebody("auditor", &["auditor"]).await.1;
        let period = Period { from: monday, until: monday };
        let (found, _) = hall.oversight().after_hours(&auditor, period, &Narrowing::default()).await.unwrap();
        assert_eq!((found.len(), found[0].at), (1, at(22)));
        let lines = hall.oversight().by_department(&auditor, period, &Narrowing::default()).await.unwrap();
        assert_eq!((lines[0].entries, lines[0].after_hours), (2, 1));
    }

    async fn reports_are_for_those_who_oversee(fixture) {
        let hall = Hall::open(fixture).await;
        let (_, clerk) = hall.somebody("clerk", &["counter"]).await;
        let refused = hall.oversight().by_department(&clerk, month(&hall), &Narrowing::default()).await;
        assert!(matches!(refused, Err(OversightError::Forbidden)));
        let auditor = hall.somebody("auditor", &["auditor"]).await.1;
        assert!(hall.city.city.ledgers.list(&auditor, "person", &ListRequest::all()).await.is_err());
        assert!(matches!(hall.oversight().propose_erasure(&auditor, "person", kawasemi_kernel::RecordId(uuid::Uuid::nil()), "x", "x").await, Err(OversightError::Forbidden)));
    }
}
