//! The pages: a paper from the upload to the board, a report, the year-end report, and what a visitor gets to see.

use crate::support::city as town;

use crate::support::paper_text;
use axum::body::Body;
use kawasemi_platform::kernel::Value;
use kawasemi_platform::ledger::Draft;
use kawasemi_policy::definitions::{INDICATOR, INDICATOR_ACTUAL, INITIATIVE, REVIEW};
use kawasemi_testkit::{Answer, Browser, on_both_stores};
use town::{add, change, city, city_with_sample, department, editor, found, imported, one, tables};

const IMPORT: &str = "/desk/policy/import";
const APPLY: &str = "/desk/policy/import/apply";

/// Sends a file as the upload page does.
async fn upload(browser: &Browser, name: &str, bytes: &[u8]) -> Answer {
    let head = format!(
        "--x\r\nContent-Disposition: form-data; name=\"year\"\r\n\r\n\r\n--x\r\nContent-Disposition: form-data; name=\"paper\"; filename=\"{name}\"\r\n\
         Content-Type: text/plain\r\n\r\n"
    );
    let body = [head.as_bytes(), bytes, b"\r\n--x--\r\n"].concat();
    let request = browser
        .request("POST", IMPORT)
        .header("accept", "text/html")
        .header("content-type", "multipart/form-data; boundary=x")
        .header("sec-fetch-site", "same-origin");
    browser.send(request.body(Body::from(body))).await
}

/// The tags of a page are balanced enough that nothing typed became a tag.
fn is_clean(answer: &Answer) -> bool {
    !answer.says("<script>alert") && !answer.says("<b>太字")
}

on_both_stores! {
    tables = tables();

    async fn a_paper_is_looked_at_and_then_taken_in_with_one_button(fixture) {
        let city = city(fixture).await;
        for name in ["市長室", "経営企画部"] {
            let draft = Draft::new().with("code", format!("d-{}", name.len())).with("name", name).with("level", "department");
            add(&city, "department", draft.with("first_fiscal_year", 2020_i64)).await;
        }
        let planner = city.sign_in("kikaku", &["policy-planner"]).await;
        assert!(planner.get("/desk/policy").await.says("方針書を取り込む"), "an empty board says what to do first");
        assert!(planner.get(IMPORT).await.says("type=\"file\""));

        let preview = upload(&planner, "方針書.txt", paper_text().as_bytes()).await;
        assert_eq!(preview.status, 200, "{}", preview.text);
        assert!(preview.says("まだ何も書き込まれていません") && preview.says("この内容で取り込む") && preview.says("行目"));
        assert_eq!(found(&city, INITIATIVE, "fiscal_year = 2021").await.len(), 0, "nothing is written before the button");

        let shown = preview.form(APPLY).expect("a form");
        let mut tampered = shown.clone();
        tampered.iter_mut().filter(|(name, _)| name == "shown").for_each(|(_, value)| value.push('x'));
        let again = planner.post(APPLY, &tampered).await;
        assert!(again.status == 200 && again.says("台帳が変わったため"), "{}", again.status);
        assert_eq!(found(&city, INITIATIVE, "fiscal_year = 2021").await.len(), 0);

        let applied = planner.post(APPLY, &shown).await;
        assert_eq!((applied.status, applied.location()), (303, "/desk/policy?fy=2021&done=imported:12"));
        let board = planner.get(applied.location()).await;
        assert!(board.says("書き込んだ取り組みは12件") && board.says("防衛補助の確保") && board.says("財務体質の強化"));
        let second = upload(&planner, "方針書.txt", paper_text().as_bytes()).await;
        assert!(second.says("取り込むものはありません") && !second.says("この内容で取り込む</button>"), "{}", second.text);
    }

    async fn files_that_are_no_paper_get_a_clear_sentence(fixture) {
        let city = city(fixture).await;
        let planner = city.sign_in("kikaku", &["policy-planner"]).await;
        let large = vec![b'a'; 10 * 1024 * 1024 + 1];
        for (bytes, expected) in [
            (&b"%PDF-1.7 \x00"[..], "PDF"),
            (b"PK\x03\x04....", "Excel"),
            (b"", "文字がありません"),
            ("こんにちは\n".as_bytes(), "表が見つかりません"),
            (&large, "大きすぎます"),
        ] {
            let refused = upload(&planner, "a.txt", bytes).await;
            assert!(refused.status == 422 && refused.says(expected), "{expected}: {} {}", refused.status, refused.text);
        }
        let none = planner.post(IMPORT, &[("year", "")]).await;
        assert!(none.status == 422 && none.says("ファイルを選んでください"));
        let forged = planner.post(APPLY, &[("paper", "%%%"), ("name", "a"), ("year", ""), ("shown", "x")]).await;
        assert_eq!(forged.status, 400);
        let truncated = upload(&planner, "a.txt", &paper_text().as_bytes()[..20_000]).await;
        assert!(truncated.status == 200 && truncated.says("途中"), "{}", truncated.text);
        let clerk = city.sign_in("clerk", &[]).await;
        assert_eq!(clerk.get(IMPORT).await.status, 403);
        assert_eq!(upload(&clerk, "a.txt", paper_text().as_bytes()).await.status, 403);
    }

    async fn an_editor_reports_on_the_own_department_and_on_no_other(fixture) {
        let city = city(fixture).await;
        imported(&city, paper_text()).await;
        let own = department(&city, "市長室").await;
        let hanako = editor(&city, "hanako", own).await;
        let mine = one(&city, INITIATIVE, "title = '防衛補助の確保'").await;
        let page = hanako.get(&format!("/desk/policy/{}", mine.id)).await;
        assert!(page.status == 200 && page.says("進み具合を報告") && page.says("防衛補助を求める"), "{}", page.text);

        let form = format!("/desk/policy/{}/report", mine.id);
        assert!(hanako.get(&format!("{form}?phase=q2")).await.says("次の改善"));
        let report = |progress: &'static str, issue: &'static str| vec![
            ("phase", "q2"), ("revision", "1"), ("progress", progress), ("done", "<script>alert(1)</script>"),
            ("issue", issue), ("next_step", "<b>太字</b>"), ("actual_yen", "1,200,000"), ("done_on", ""),
        ];
        let again = hanako.post(&form, &report("behind", "")).await;
        assert!(again.status == 422 && again.says("課題と理由") && is_clean(&again), "{}", again.text);
        let saved = hanako.post(&form, &report("behind", "国の回答が遅れている。")).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
        let page = hanako.get(saved.location()).await;
        assert!(page.says("報告を保存しました") && page.says("国の回答が遅れている。") && is_clean(&page));
        assert!(is_clean(&hanako.get("/desk/policy?fy=2021").await));
        let review = one(&city, REVIEW, "phase = 'q2'").await;
        assert_eq!((review.get("department"), review.get("fiscal_year")), (&Value::Record(own), &Value::Int(2021)));
        let stale = hanako.post(&form, &report("done", "")).await;
        assert!(stale.status == 422, "the form was of an older revision: {}", stale.status);

        let other = one(&city, INITIATIVE, "title = '紙文書の削減'").await;
        let page = hanako.get(&format!("/desk/policy/{}", other.id)).await;
        assert!(page.status == 200 && !page.says("進み具合を報告"));
        let other_form = format!("/desk/policy/{}/report", other.id);
        assert_eq!(hanako.get(&other_form).await.status, 403);
        assert_eq!(hanako.post(&other_form, &report("done", "x")).await.status, 403);
        assert_eq!(one(&city, INITIATIVE, "title = '紙文書の削減'").await.revision, 1);
    }

    async fn the_sample_fills_every_page(fixture) {
        let city = city_with_sample(fixture).await;
        let clerk = city.sign_in("clerk", &[]).await;
        let board = clerk.get("/desk/policy?fy=2021").await;
        assert!(board.status == 200 && board.says("sparkline") && board.says("policy-bar") && board.says("72件"), "{}", board.text);
        assert!(board.says("令和4年5月31日"), "a past year is judged as of the close of its accounts");
        let overdue = clerk.get("/desk/policy?fy=2021&status=overdue").await;
        assert!(overdue.says("日超過") && !overdue.says("72件</span></h2>"));
        let paper = one(&city, INITIATIVE, "title = '紙文書の削減'").await;
        let page = clerk.get(&format!("/desk/policy/{}", paper.id)).await;
        for expected in ["達成率と評価の計算", "総合計画2030", "執行率", "節目", "計画（Plan）", "の推移", "目標"] {
            assert!(page.says(expected), "{expected}");
        }
        let report = clerk.get("/desk/policy/report?fy=2021").await;
        assert!(report.says("policy-report-department") && report.says("出典") && report.says("会議室予約の記録"));
        assert_eq!(clerk.get("/desk/policy/00000000-0000-7000-8000-0000000fffff").await.status, 404);
        assert_eq!(clerk.get("/desk/policy/nonsense").await.status, 404);
        assert_eq!(city.visitor().get("/desk/policy").await.status, 303, "the staff's board is behind the gate");
    }

    async fn residents_read_the_board_in_four_languages(fixture) {
        let city = city_with_sample(fixture).await;
        let visitor = city.visitor();
        for (prefix, title, language) in [
            ("", "市役所の目標と進み具合", "ja"),
            ("/ja-easy", "市役所の しごとの 計画", "ja"),
            ("/en", "City goals and progress", "en"),
            ("/vi", "Mục tiêu và tiến độ của thành phố", "vi"),
        ] {
            let board = visitor.get(&format!("{prefix}/board?fy=2021")).await;
            assert_eq!(board.status, 200, "{}", board.text);
            assert!(board.says(&format!("<h1>{title}</h1>")) && board.says(&format!("<html lang=\"{language}")), "{prefix}");
            assert!(board.says("紙文書の削減") && !board.says("board-"), "no word is missing: {prefix}");
            assert!(visitor.get(&format!("{prefix}/board?fy=2021&by=theme")).await.says("財務体質の強化"));
        }
        let english = visitor.get("/en/board?fy=2021").await;
        assert!(english.says("lang=\"ja\"") && english.says("href=\"/en/board/"));
        let paper = one(&city, INITIATIVE, "title = '紙文書の削減'").await;
        let page = visitor.get(&format!("/en/board/{}", paper.id)).await;
        assert!(page.says("What is delivered or decided") && page.says("On track") && page.says("In figures"), "{}", page.text);
    }

    async fn whose_report_is_still_to_come_is_seen_and_one_click_away(fixture) {
        let city = city(fixture).await;
        imported(&city, paper_text()).await;
        let mayor = department(&city, "市長室").await;
        let clerk = editor(&city, "clerk", mayor).await;
        let board = clerk.get("/desk/policy?fy=2021").await;
        assert!(board.says("自分の部局") && board.says("今期の報告がまだ"), "{}", board.text);
        assert_eq!(board.text.matches("報告する").count(), 6, "those that she may report on, and no others");

        let one = one(&city, INITIATIVE, "title = '防衛補助の確保'").await;
        for phase in ["q1", "q2", "q3", "year-end"] {
            let review = Draft::new().with("initiative", one.id).with("fiscal_year", 2021_i64).with("department", mayor)
                .with("phase", phase).with("progress", "on-track").with("grade", "a");
            add(&city, REVIEW, review).await;
        }
        assert_eq!(clerk.get("/desk/policy?fy=2021").await.text.matches("報告する").count(), 5);
        let due = clerk.get("/desk/policy?fy=2021&status=report-due").await;
        assert!(due.says("71件") && !due.says(">防衛補助の確保<"), "{}", due.text);
    }

    async fn visitors_see_what_is_published_and_nothing_else(fixture) {
        let city = city_with_sample(fixture).await;
        let visitor = city.visitor();
        let hidden = one(&city, INITIATIVE, "title = '防衛補助の確保'").await;
        change(&city, INITIATIVE, &hidden, Draft::new().with("published", false).with("change_reason", "公表をやめる")).await;
        let shown = one(&city, INITIATIVE, "title = '紙文書の削減'").await;
        let secret = Draft::new().with("status_note", "庁内の事情ひみつ").with("paper_note", "方針書ひみつ").with("deliverable", "=HYPERLINK(1)").with("change_reason", "書き方をそろえる");
        change(&city, INITIATIVE, &shown, secret).await;
        let review = one(&city, REVIEW, &format!("initiative = '{}' AND phase = 'year-end'", shown.id)).await;
        change(&city, REVIEW, &review, Draft::new().with("planner_comment", "企画ひみつ").with("published", false)).await;
        let unpublished = review.get("done").as_text().unwrap().to_owned();
        for indicator in found(&city, INDICATOR, "name = '電子会議の開催回数（累計）'").await {
            change(&city, INDICATOR, &indicator, Draft::new().with("published", false).with("change_reason", "公表をやめる")).await;
        }

        let staff = city.sign_in("clerk", &[]).await;
        let pages = ["/board?fy=2021".to_owned(), "/board.csv?fy=2021".to_owned(), "/board.json?fy=2021".to_owned(), format!("/board/{}", shown.id)];
        for path in &pages {
            let alike = (visitor.get(path).await, staff.get(path).await);
            for answer in [&alike.0, &alike.1] {
                assert_eq!(answer.status, 200, "{path}");
                let kept = ["ひみつ", "防衛補助の確保", "電子会議の開催回数", unpublished.as_str(), "paper_", "方針書の"];
                for text in kept {
                    assert!(!answer.says(text), "{path} says {text}");
                }
            }
        }
        assert_eq!(visitor.get(&format!("/board/{}", hidden.id)).await.status, 404);
        assert_eq!(visitor.get("/board/00000000-0000-7000-8000-0000000fffff").await.status, 404);
        let csv = visitor.get("/board.csv?fy=2021").await;
        assert!(csv.text.starts_with('\u{feff}') && csv.says("'=HYPERLINK(1)") && csv.header("content-type").starts_with("text/csv"));
        let json = visitor.get("/board.json?fy=2021").await.json();
        assert_eq!(json["initiatives"].as_array().map(Vec::len), Some(71));
        assert!(json["initiatives"][0].get("status_note").is_none() && json["initiatives"][0]["department"]["name"].is_string());

        let inside = staff.get("/desk/policy/export.json?fy=2021").await.json();
        assert_eq!(inside["initiatives"].as_array().map(Vec::len), Some(72));
        assert!(inside.to_string().contains("庁内の事情ひみつ") && inside.to_string().contains("電子会議の開催回数"));
        assert_eq!(visitor.get("/desk/policy/export.json").await.status, 303);
    }

    async fn figures_are_typed_counted_and_kept_by_day(fixture) {
        let city = city_with_sample(fixture).await;
        let planner = city.sign_in("kikaku", &["policy-planner"]).await;
        let typed = one(&city, INDICATOR, "name = '電子会議の開催回数（累計）'").await;
        let owner = typed.get("initiative").as_record().unwrap();
        let to = format!("/desk/policy/{owner}/figures");
        let id = typed.id.to_string();
        let figure = |day: &str, value: &str| vec![
            ("indicator".to_owned(), id.clone()), (format!("as_of-{id}"), day.to_owned()), (format!("value-{id}"), value.to_owned()), (format!("note-{id}"), String::new()),
        ];
        let refused = planner.post(&to, &figure("昨日ごろ", "140")).await;
        assert!(refused.status == 422 && refused.says("昨日ごろ"), "{}", refused.status);
        assert_eq!(planner.post(&to, &figure("令和4年4月20日", "１４０")).await.status, 303);
        let latest = one(&city, INDICATOR, &format!("id = '{id}'")).await;
        assert_eq!(latest.get("actual_on").as_date().unwrap().to_string(), "2022-04-20");
        assert!(matches!(latest.get("achievement"), Value::Decimal(rate) if rate.to_string() == "116.7"));

        // The sample recorded what it counted; only a change makes a new record.
        let live = one(&city, INDICATOR, "name = '完了した取り組みの数'").await;
        let recorded = async || found(&city, INDICATOR_ACTUAL, &format!("indicator = '{}'", live.id)).await;
        assert_eq!(recorded().await.len(), 1);
        let same = planner.post("/desk/policy/record", &[("fy", "2021")]).await;
        assert_eq!(same.location(), "/desk/policy?fy=2021&done=recorded:0");
        let late = found(&city, INITIATIVE, "fiscal_year = 2021 AND status = 'behind'").await;
        change(&city, INITIATIVE, &late[0], Draft::new().with("status", "done").with("done_on", jiff::civil::date(2022, 4, 1))).await;
        city.clock.advance(jiff::SignedDuration::from_hours(24));
        let planner = city.sign_in("kikaku-2", &["policy-planner"]).await;
        let changed = planner.post("/desk/policy/record", &[("fy", "2021")]).await;
        assert_eq!(changed.location(), "/desk/policy?fy=2021&done=recorded:1");
        let figures = recorded().await;
        assert_eq!(figures.len(), 2);
        assert!(figures.iter().all(|figure| figure.get("origin") == &Value::from("live")));
    }

    async fn what_goes_on_is_carried_over_once_and_published_when_it_is_ready(fixture) {
        let city = city_with_sample(fixture).await;
        let planner = city.sign_in("kikaku", &["policy-planner"]).await;
        let goes_on = found(&city, INITIATIVE, "fiscal_year = 2021 AND disposition = 'continue' AND status <> 'cancelled'").await.len();
        let carried = planner.post("/desk/policy/carry", &[("fy", "2021")]).await;
        assert_eq!(carried.location(), format!("/desk/policy?fy=2022&done=carried:{goes_on}"));
        let next = found(&city, INITIATIVE, "fiscal_year = 2022").await;
        assert_eq!(next.len(), goes_on);
        assert!(next.iter().all(|record| !record.get("previous").is_null() && record.get("status").is_null()));
        let again = planner.post("/desk/policy/carry", &[("fy", "2021")]).await;
        assert_eq!(again.location(), "/desk/policy?fy=2022&done=carried:0");

        let visitor = city.visitor();
        assert!(visitor.get("/board.json?fy=2022").await.json()["initiatives"].as_array().unwrap().is_empty());
        let own = department(&city, "市長室").await;
        let published = planner.post("/desk/policy/publish", &[("fy", "2022"), ("department", &own.to_string())]).await;
        assert_eq!(published.status, 303, "{}", published.text);
        let public = visitor.get("/board.json?fy=2022").await.json();
        let count = found(&city, INITIATIVE, &format!("fiscal_year = 2022 AND department = '{own}'")).await.len();
        assert_eq!(public["initiatives"].as_array().map(Vec::len), Some(count));

        let clerk = city.sign_in("clerk", &[]).await;
        let refused = clerk.post("/desk/policy/publish", &[("fy", "2022"), ("department", &own.to_string())]).await;
        assert_eq!(found(&city, INITIATIVE, "fiscal_year = 2022 AND published").await.len(), count, "{}", refused.status);
    }
}
