//! From a resident's report to its end: sent, joined, checked, given to a section, repaired, told of.

use kawasemi_platform::ledger::Draft;
use kawasemi_testkit::on_both_stores;

use crate::support::*;

on_both_stores! {
    tables = tables();

    async fn a_report_is_sent_joined_checked_repaired_and_told_of(fixture) {
        let city = city(fixture).await;
        let roads = section(&city, "道路管理課").await;
        let visitor = city.visitor();
        let form = visitor.get("/report").await;
        assert!(form.status == 200 && form.says("穴ぼこ・段差"), "{}", form.text);
        let jpeg = photograph();
        let mut entries = report("road.pothole", HALL, "車道の穴。田中の家の前です。");
        entries.push(("phone".to_owned(), "0467-00-0000".to_owned()));
        let answer = upload(&visitor, "/report", &entries, &[("photo", "a.jpg", &jpeg)]).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        let first = number(&answer);
        let receipt = visitor.get(answer.location()).await;
        assert!(receipt.says(&first) && receipt.says("通報を受け付けました"));

        // Before it is checked, its number tells how far it is and nothing of what was written.
        let page = visitor.get(&format!("/report/{first}")).await;
        assert!(page.status == 200 && page.says("穴ぼこ・段差") && page.says("市が確かめているところ"), "{}", page.text);
        assert!(!page.says("田中") && !page.says("0467"));
        assert!(!visitor.get("/reports").await.says(&first), "the list has what was checked");

        // Somebody else is shown it and joins.
        let asked = visitor.post("/report", &report("road.pothole", BESIDE, "穴があります")).await;
        assert!(asked.status == 200 && asked.says("同じ通報ですか") && asked.says(&first), "{}", asked.text);
        assert!(!asked.says("田中"));
        let mut same = report("road.pothole", BESIDE, "穴があります");
        same[0].1 = "0190b5c8-0000-7000-8000-000000000888".to_owned();
        same.push(("join".to_owned(), first.clone()));
        let joined = visitor.post("/report", &same).await;
        assert!(joined.status == 303 && joined.location().contains("joined=1"), "{}", joined.text);
        assert_eq!(visitor.post("/report", &same).await.status, 303, "sent twice");
        assert_eq!(found(&city, &first).await.get("supporters").as_int(), Some(1), "it counts once");
        let other = visitor.post("/report", &report("road.pothole", AWAY, "こちらにも穴")).await;
        assert_eq!(other.status, 303, "nothing is near: {}", other.text);

        // The staff check it, paint over what names somebody, and give it to a section.
        let triage = city.sign_in("uketsuke", &["report-triage"]).await;
        let board = triage.get("/desk/reports").await;
        assert!(board.status == 200 && board.says(&first) && board.says("ほか1人"), "{}", board.text);
        let record = found(&city, &first).await;
        let path = format!("/desk/reports/{}", record.id);
        let case = triage.get(&path).await;
        assert!(case.says("田中の家の前") && case.says("0467-00-0000") && case.says("公開を決める"), "{}", case.text);
        let photo = match record.get("photos") {
            kawasemi_platform::kernel::Value::Files(files) => files[0].id.to_string(),
            other => panic!("{other:?}"),
        };
        let revision = case.input("revision").unwrap();
        let paint = format!("paint-{photo}");
        let decided = triage.post(&format!("{path}/publish"), &[
            ("revision", revision.as_str()), ("public_state", "shown"), ("description", "車道の穴。"), ("address", "市役所の北"),
            ("photo", photo.as_str()), (paint.as_str(), "0,0,500,1000"),
        ]).await;
        assert_eq!(decided.status, 303, "{}", decided.text);
        let page = visitor.get(&format!("/report/{first}")).await;
        assert!(page.says("車道の穴。") && !page.says("田中") && page.says("/photos/"), "{}", page.text);
        let shown = page.between("<img src=\"", "\"").unwrap().to_owned();
        assert_eq!(visitor.get(&shown).await.header("content-type"), "image/jpeg");
        assert_eq!(visitor.get(&format!("/reports/{first}/photos/{photo}")).await.status, 404, "not the one that came");
        assert!(visitor.get("/reports").await.says(&first));
        assert!(visitor.get("/reports/feed.atom").await.says(&first));
        let map = visitor.get("/reports/map.geojson").await.json();
        assert_eq!(map["features"][0]["properties"]["number"], first.as_str());
        let stale = triage.post(&format!("{path}/assign"), &[("revision", "1"), ("department", &roads.to_string())]).await;
        assert!(stale.status == 422 && stale.says("ほかの人が"), "{}", stale.status);
        let revision = found(&city, &first).await.revision.to_string();
        let assigned = triage.post(&format!("{path}/assign"), &[("revision", revision.as_str()), ("department", &roads.to_string())]).await;
        assert_eq!(assigned.status, 303, "{}", assigned.text);

        // The section orders work, answers and ends it.
        let handler = member(&city, "doro", "report-handler", roads).await;
        assert!(handler.get("/desk/reports?view=mine").await.says(&first));
        let revision = found(&city, &first).await.revision.to_string();
        let ordered = handler.post(&format!("{path}/order"), &[
            ("revision", revision.as_str()), ("title", "舗装補修"), ("instruction", "常温合材で補修"), ("due", "令和8年5月8日"),
        ]).await;
        assert_eq!(ordered.status, 303, "{}", ordered.text);
        assert_eq!(found(&city, &first).await.get("state").as_text(), Some("scheduled"));
        assert!(one(&city, "report-work-order", "title = '舗装補修'").await.number.is_some());
        let template = handler.get(&format!("{path}?template=%E7%9B%B4%E3%81%97%E3%81%BE%E3%81%97%E3%81%9F")).await;
        assert!(template.says("直しました。お知らせをありがとうございました。"), "{}", template.text);
        let replied = handler.post(&format!("{path}/reply"), &[("text", "補修を手配しました。")]).await;
        assert_eq!(replied.status, 303, "{}", replied.text);
        let revision = found(&city, &first).await.revision.to_string();
        let ended = handler.post(&format!("{path}/state"), &[("revision", revision.as_str()), ("state", "done"), ("note", "補修しました。")]).await;
        assert_eq!(ended.status, 303, "{}", ended.text);
        let page = visitor.get(&format!("/report/{first}")).await;
        for said in ["完了", "補修しました。", "補修を手配しました。", "市からの返信", "対応予定"] {
            assert!(page.says(said), "{said}: {}", page.text);
        }
        let request = visitor.get(&format!("/open311/v2/requests/{first}.json?extensions=true")).await.json();
        assert_eq!((request[0]["status"].as_str(), request[0]["extended_status"].as_str()), (Some("closed"), Some("FIXED")));
        assert!(request[0]["media_url"].as_str().is_some_and(|url| url.starts_with("http")));
        let statistics = triage.get("/desk/reports/statistics?fy=2026").await;
        assert!(statistics.status == 200 && statistics.says("穴ぼこ・段差") && statistics.says("100％"), "{}", statistics.text);
    }

    async fn reports_are_joined_and_taken_apart_as_they_were(fixture) {
        let city = city(fixture).await;
        let visitor = city.visitor();
        let one_number = sent(&visitor, "road.light", HALL, "街灯が消えています").await;
        let two = sent(&visitor, "road.light", BESIDE, "あかりがつかない").await;
        let mut third = report("road.light", BESIDE, "暗い");
        third.push(("join".to_owned(), two.clone()));
        visitor.post("/report", &third).await;
        let triage = city.sign_in("uketsuke", &["report-triage"]).await;
        let path = format!("/desk/reports/{}", found(&city, &two).await.id);
        let case = triage.get(&path).await;
        assert!(case.says("同じかもしれません") && case.says(&one_number), "{}", case.text);
        let revision = case.input("revision").unwrap();
        let merged = triage.post(&format!("{path}/merge"), &[("revision", revision.as_str()), ("into", &one_number)]).await;
        assert_eq!(merged.status, 303, "{}", merged.text);
        assert_eq!(found(&city, &one_number).await.get("supporters").as_int(), Some(2), "the reporter and who had joined");
        let page = visitor.get(&format!("/report/{two}")).await;
        assert!(page.says("重複") && page.says(&one_number), "{}", page.text);
        let again = triage.post(&format!("{path}/merge"), &[("into", &one_number)]).await;
        assert!(again.status == 422 && again.says("すでにまとめられています"));
        let back = format!("/desk/reports/{}", found(&city, &one_number).await.id);
        let circle = triage.post(&format!("{back}/merge"), &[("into", &two)]).await;
        assert_eq!(circle.status, 422, "no circles");

        let split = triage.post(&format!("{path}/split"), &[("revision", "")]).await;
        assert_eq!(split.status, 303, "{}", split.text);
        let (one_now, two_now) = (found(&city, &one_number).await, found(&city, &two).await);
        assert_eq!((one_now.get("supporters").as_int(), two_now.get("supporters").as_int()), (Some(0), Some(1)));
        assert_eq!(two_now.get("state").as_text(), Some("received"));
        assert!(two_now.get("duplicate_of").is_null());
    }

    async fn a_report_on_a_prefectural_road_is_passed_on_with_a_record(fixture) {
        let city = city(fixture).await;
        let number = sent(&city.visitor(), "road.sign", HALL, "県道の標識").await;
        let triage = city.sign_in("uketsuke", &["report-triage"]).await;
        let path = format!("/desk/reports/{}", found(&city, &number).await.id);
        let authority = one(&city, "report-authority", "kind = 'prefecture'").await.id.to_string();
        assert_eq!(triage.post(&format!("{path}/pass-on"), &[("authority", "")]).await.status, 422);
        let passed = triage.post(&format!("{path}/pass-on"), &[("authority", authority.as_str()), ("note", "電話、担当 道路維持課")]).await;
        assert_eq!(passed.status, 303, "{}", passed.text);
        let record = found(&city, &number).await;
        assert_eq!(record.get("state").as_text(), Some("other-authority"));
        assert!(record.get("fix_due").is_null(), "the clock stands");
        let page = city.visitor().get(&format!("/report/{number}")).await;
        assert!(page.says("神奈川県厚木土木事務所に連絡しました") && !page.says("道路維持課"), "{}", page.text);
        city.clock.advance(jiff::SignedDuration::from_hours(24 * 7));
        let triage = city.sign_in("uketsuke-2", &["report-triage"]).await;
        let back = triage.post(&format!("{path}/state"), &[("state", "investigating"), ("note", "")]).await;
        assert_eq!(back.status, 303, "{}", back.text);
        let due = found(&city, &number).await.get("fix_due").as_date().unwrap();
        assert!(due > jiff::civil::date(2026, 6, 1), "21 open days, and the week that it stood: {due}");
    }

    async fn those_who_may_not_change_nothing(fixture) {
        let city = city(fixture).await;
        let roads = section(&city, "道路管理課").await;
        let number = sent(&city.visitor(), "road.pothole", HALL, "ひみつの内容").await;
        let path = format!("/desk/reports/{}", found(&city, &number).await.id);
        assert_eq!(city.visitor().get(&path).await.status, 303, "behind the gate");
        let clerk = city.sign_in("clerk", &[]).await;
        let page = clerk.get(&path).await;
        assert!(page.status == 200 && !page.says("ひみつの内容") && !page.says("公開を決める"), "{}", page.text);
        for act in ["state", "publish", "assign", "order", "pass-on", "merge", "split", "reply", "repaired", "release"] {
            assert_eq!(clerk.post(&format!("{path}/{act}"), &[("state", "done")]).await.status, 403, "{act}");
        }
        let handler = member(&city, "doro", "report-handler", roads).await;
        assert_eq!(handler.post(&format!("{path}/state"), &[("state", "done")]).await.status, 403, "another section's");
        assert_eq!(handler.get("/desk/reports/settings").await.status, 403);
        assert_eq!(found(&city, &number).await.revision, 1);
    }

    async fn a_contractor_sees_the_own_orders_and_nothing_else(fixture) {
        use kawasemi_platform::identity::{AccountSummary, Caller, Context};
        let city = city(fixture).await;
        let number = sent(&city.visitor(), "road.pothole", HALL, "ひみつの内容").await;
        let report = found(&city, &number).await.id;
        let order = |title: &str| Draft::new().with("title", title).with("report", report).with("instruction", "補修");
        let own = add(&city, "report-work-order", order("わが社")).await;
        add(&city, "report-work-order", order("よその社")).await;
        let account = AccountSummary {
            id: uuid::Uuid::from_u128(9),
            login: "kensetsu".to_owned(),
            display_name: "建設".to_owned(),
            person: None,
            kind: kawasemi_platform::identity::caller::AccountKind::Outside,
        };
        let mut caller = Caller::of_account(account).with_role("report-contractor");
        let organisation = kawasemi_platform::kernel::RecordId(uuid::Uuid::from_u128(10));
        caller.organisations = vec![organisation];
        let context = Context::new(caller, city.system().act.at);
        let seen = kawasemi_reports::records::all(&city.city.ledgers, &context, "report-work-order", Default::default()).await.unwrap();
        assert!(seen.is_empty(), "neither names the company");
        assert!(city.city.ledgers.get(&context, "report-work-order", own).await.is_err());
        assert!(city.city.ledgers.get(&context, "road-report", report).await.is_err(), "of the report it sees nothing");
    }
}
