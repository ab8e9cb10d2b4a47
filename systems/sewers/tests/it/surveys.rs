//! A survey of a span: from the form to the urgency, to the pipe, to the first page and the written record.

use jiff::civil::date;
use kawasemi_platform::kernel::Value;
use kawasemi_platform::ledger::Draft;
use kawasemi_testkit::on_both_stores;

use crate::support::{add, change, city, is_pdf, one, pipe, rows, run};

on_both_stores! {
    tables = crate::support::tables();

    async fn what_the_camera_saw_becomes_an_urgency(fixture) {
        let city = city(fixture).await;
        let hanako = city.sign_in("hanako", &["sewer-editor"]).await;
        let id = add(&city, "sewer-pipe", pipe("P-1", "sanitary", "60", ["M-1", "M-2"]).with("corrosion_prone", true)).await;
        let form = [
            ("pipe", id.to_string()), ("surveyed_on", "2026-04-10".to_owned()), ("method", "camera".to_owned()), ("material_class", "rc".to_owned()),
            ("diameter_mm", "300".to_owned()), ("pipe_count", "30".to_owned()), ("corrosion", "b".to_owned()), ("sag_mm", "160".to_owned()),
        ];
        let sent = hanako.post("/desk/ledgers/sewer-survey/new", &form).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        // Corrosion B and a sag of more than half the diameter (B): Ⅱ.
        let survey = one(&city, "sewer-survey", "urgency = 'two'").await;
        assert!(survey.get("urgency_note").as_text().unwrap().contains("160mm ÷ 内径300mm"), "{:?}", survey.get("urgency_note"));
        assert_eq!(survey.get("rate_rank"), &"none".into());
        let sent = hanako.post("/desk/sewers/bring-over", &[("x", "1")]).await;
        assert_eq!(sent.location(), "/desk/sewers?done=brought-1");
        let record = one(&city, "sewer-pipe", "urgency = 'two'").await;
        assert_eq!((record.id, record.get("next_due_on")), (id, &Value::Date(date(2031, 4, 10))));
        let page = hanako.get("/desk/sewers").await;
        assert!(page.says("P-1") && page.says("緊急度Ⅱ"), "{}", page.text);
        let report = run(&city, fixture, kawasemi_sewers::system().daily[0].run).await.unwrap();
        assert_eq!(report.json["changed"], 0);
        // A broken pipe found later makes it Ⅰ together with the corrosion, whatever the rate.
        let defects = rows(&city, &[&[("pipe_number", Value::Int(7)), ("item", "break".into()), ("rank", "a".into())]]);
        change(&city, "sewer-survey", survey.id, Draft::new().with("corrosion", "a").with("defects", defects)).await;
        assert_eq!(one(&city, "sewer-survey", "urgency = 'one'").await.get("rate_rank"), &"a".into());
        change(&city, "sewer-survey", survey.id, Draft::new().with("measure_state", "done").with("measure_done_on", date(2026, 5, 1))).await;
        assert!(hanako.get("/desk/sewers").await.says("措置の残っている管きょはありません"));
    }

    async fn a_survey_that_can_t_be_judged_says_where(fixture) {
        let city = city(fixture).await;
        let id = add(&city, "sewer-pipe", pipe("P-1", "sanitary", "60", ["M-1", "M-2"])).await;
        let defects = rows(&city, &[&[("pipe_number", Value::Int(31)), ("item", "break".into()), ("rank", "a".into())]]);
        let draft = Draft::new().with("pipe", id).with("surveyed_on", date(2026, 4, 10)).with("method", "camera").with("material_class", "rc").with("diameter_mm", 300).with("pipe_count", 30).with("defects", defects);
        let refused = city.city.ledgers.create(&city.system(), "sewer-survey", draft).await.unwrap_err();
        assert!(refused.to_string().contains("31番の管"), "{refused}");
    }

    async fn the_written_record_is_printed(fixture) {
        let city = city(fixture).await;
        let hanako = city.sign_in("hanako", &["sewer-editor"]).await;
        add(&city, "sewer-pipe", pipe("P-1", "sanitary", "60", ["M-1", "M-2"])).await;
        let sheet = hanako.get("/desk/sewers/sheet.pdf").await;
        assert!(is_pdf(&sheet), "{} {}", sheet.status, sheet.text);
        assert_eq!(city.visitor().get("/desk/sewers/sheet.pdf").await.status, 303);
    }
}
