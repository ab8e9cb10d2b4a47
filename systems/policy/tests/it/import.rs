//! A paper on its way into the ledgers: first, again, corrected, beside what clerks changed, and without the right to.

use crate::support::city as town;

use crate::support::paper_text;
use kawasemi_platform::kernel::Value;
use kawasemi_platform::ledger::{Draft, LedgerError};
use kawasemi_policy::definitions::{INITIATIVE, STATEMENT, THEME};
use kawasemi_policy::import::{Act, ImportError, RemarkKind};
use kawasemi_testkit::on_both_stores;
use town::{add, change, city, found, imported, member, one, planned, planned_by, run, tables};

/// The paper with corrections, each of which occurs.
fn corrected(corrections: &[(&str, &str)]) -> String {
    let mut text = paper_text().to_owned();
    for (from, to) in corrections {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    text
}

/// The kinds of what was remarked, as programs read them.
fn kinds(remarks: &[kawasemi_policy::import::Remark]) -> Vec<String> {
    remarks.iter().map(|remark| serde_json::to_value(remark.kind).unwrap().as_str().unwrap().to_owned()).collect()
}

on_both_stores! {
    tables = tables();

    async fn the_real_paper_goes_in_whole_and_a_second_time_changes_nothing(fixture) {
        let city = city(fixture).await;
        let first = imported(&city, paper_text()).await;
        assert_eq!((first.departments, first.themes, first.initiatives, first.added, first.updated), (13, 3, 72, 72, 0));
        assert!(first.warnings.iter().all(|remark| remark.message.contains("部局台帳")), "{:?}", first.warnings);
        assert_eq!(found(&city, "department", "first_fiscal_year = 2021").await.len(), 13);
        assert_eq!(found(&city, THEME, "first_fiscal_year = 2021").await.len(), 3);
        assert_eq!(found(&city, STATEMENT, "fiscal_year = 2021 AND basic_idea IS NOT NULL").await.len(), 13);
        let initiatives = found(&city, INITIATIVE, "fiscal_year = 2021 AND theme IS NOT NULL AND summary IS NOT NULL").await;
        assert_eq!(initiatives.len(), 72);
        let history = city.city.ledgers.history(&city.system(), INITIATIVE, initiatives[0].id, None).await.unwrap();
        assert!(history.revisions[0].reason.contains("方針書.txt"), "{:?}", history.revisions[0]);

        let again = imported(&city, paper_text()).await;
        assert_eq!((again.added, again.updated, again.warnings), (0, 0, Vec::new()));
        let untouched = found(&city, INITIATIVE, "fiscal_year = 2021").await;
        assert!(untouched.iter().all(|record| record.revision == 1));
        assert!(!planned(&city, paper_text()).await.unwrap().changes_anything());
    }

    async fn a_corrected_paper_corrects_instead_of_duplicating(fixture) {
        let city = city(fixture).await;
        imported(&city, paper_text()).await;
        let text = corrected(&[
            ("適性な防災体制の整備", "適正な防災体制の整備"),
            ("大規模改修を実施する", "大規模改修を行う"),
            ("公共施設の適正管理\t防災拠点の整備", "財務体質の強化\t防災拠点の整備"),
            ("\n\t地域施設の防災機能の検討", "\n公共施設の適正管理\t地域施設の防災機能の検討"),
            ("\n\t防衛補助の確保", "\n\tドローンによる橋の点検\t橋の裏側を空から撮影し、ひび割れを早く見つける。\t\n\t防衛補助の確保"),
        ]);
        let outcome = imported(&city, &text).await;
        assert_eq!((outcome.added, outcome.updated, outcome.initiatives, outcome.warnings.len()), (1, 3, 73, 0), "{outcome:?}");
        assert_eq!(found(&city, INITIATIVE, "fiscal_year = 2021").await.len(), 73);
        assert_eq!(one(&city, INITIATIVE, "title = '適正な防災体制の整備'").await.revision, 2);
        let theme = one(&city, THEME, "name = '財務体質の強化'").await;
        let moved = one(&city, INITIATIVE, "title = '防災拠点の整備'").await;
        assert_eq!(moved.get("theme"), &Value::Record(theme.id));
        let new = one(&city, INITIATIVE, "title = 'ドローンによる橋の点検'").await;
        let before = one(&city, INITIATIVE, "title = '適正な防災体制の整備'").await;
        let after = one(&city, INITIATIVE, "title = '防衛補助の確保'").await;
        let order = |record: &kawasemi_platform::ledger::Visible| record.get("sort_order").as_int().unwrap();
        assert!(order(&before) < order(&new) && order(&new) < order(&after));
    }

    async fn what_a_clerk_changed_stays_and_the_paper_is_kept_beside_it(fixture) {
        let city = city(fixture).await;
        imported(&city, paper_text()).await;
        let record = one(&city, INITIATIVE, "title = '適性な防災体制の整備'").await;
        change(&city, INITIATIVE, &record, Draft::new().with("title", "防災備蓄の見直し").with("status", "on-track")).await;
        assert_eq!(imported(&city, paper_text()).await.updated, 0, "the same paper says nothing new");

        let outcome = imported(&city, &corrected(&[("適性な防災体制の整備", "適正な防災体制の整備")])).await;
        assert_eq!((outcome.added, outcome.updated), (0, 0));
        assert_eq!(kinds(&outcome.warnings), ["kept"]);
        let record = one(&city, INITIATIVE, "title = '防災備蓄の見直し'").await;
        assert_eq!(record.get("paper_title"), &Value::from("適正な防災体制の整備"));
        assert_eq!(record.get("status"), &Value::from("on-track"));
    }

    async fn what_a_clerk_changed_is_told_even_where_the_paper_says_nothing_new(fixture) {
        let city = city(fixture).await;
        imported(&city, paper_text()).await;
        let record = one(&city, INITIATIVE, "title = '防衛補助の確保'").await;
        change(&city, INITIATIVE, &record, Draft::new().with("title", "防衛補助の拡充")).await;
        let outcome = imported(&city, &corrected(&[("適性な防災体制の整備", "適正な防災体制の整備")])).await;
        assert_eq!((outcome.added, outcome.updated, kinds(&outcome.warnings)), (0, 1, vec!["kept".to_owned()]));
        assert!(outcome.warnings[0].line == Some(10) && outcome.warnings[0].message.contains("防衛補助の確保"), "{:?}", outcome.warnings);
        one(&city, INITIATIVE, "title = '防衛補助の拡充'").await;
    }

    async fn a_renamed_department_takes_its_policy_along(fixture) {
        let city = city(fixture).await;
        imported(&city, paper_text()).await;
        let before = town::department(&city, "土木部").await;
        let renamed = corrected(&[("部局名\t土木部", "部局名\t道路河川部"), ("施設の適切な管理及び整備", "施設の適正な管理及び整備")]);
        let outcome = imported(&city, &renamed).await;
        assert_eq!((outcome.departments, outcome.added, outcome.updated, outcome.warnings.len()), (13, 0, 6, 0), "{outcome:?}");
        assert_eq!(town::department(&city, "道路河川部").await, before, "an earlier paper had added it, so it is renamed");
        assert_eq!(found(&city, STATEMENT, "fiscal_year = 2021").await.len(), 13);
        assert_eq!(found(&city, INITIATIVE, "fiscal_year = 2021").await.len(), 72);
        assert_eq!(imported(&city, &renamed).await.updated, 0);
    }

    async fn a_department_of_the_register_keeps_its_name_and_the_new_one_is_added(fixture) {
        let city = city(fixture).await;
        let kept = add(&city, "department", Draft::new()
            .with("code", "civil").with("name", "土木部").with("level", "department").with("first_fiscal_year", 2015_i64)).await;
        imported(&city, paper_text()).await;
        let outcome = imported(&city, &corrected(&[("部局名\t土木部", "部局名\t道路河川部")])).await;
        assert_eq!((outcome.added, outcome.updated, kinds(&outcome.warnings)), (0, 6, vec!["new_department".to_owned()]));
        assert_eq!(town::department(&city, "土木部").await, kept);
        let new = town::department(&city, "道路河川部").await;
        assert_eq!(found(&city, INITIATIVE, &format!("department = '{new}'")).await.len(), 6);
        assert_eq!(found(&city, STATEMENT, "fiscal_year = 2021").await.len(), 13, "its statement went along");
    }

    async fn what_was_published_changes_only_as_a_new_version_with_its_reason(fixture) {
        let city = city(fixture).await;
        imported(&city, paper_text()).await;
        let mayor = town::department(&city, "市長室").await;
        kawasemi_policy::acts::publish::publish(&city.city.ledgers, &city.system(), 2021, mayor).await.unwrap();
        let update = async |filter: &str, draft: Draft| {
            let record = one(&city, INITIATIVE, filter).await;
            city.city.ledgers.update(&city.system(), INITIATIVE, record.id, record.revision, draft).await
        };
        let defence = "title = '防衛補助の確保'";
        let due = || Draft::new().with("due", jiff::civil::date(2022, 3, 31));
        update(defence, Draft::new().with("due", jiff::civil::date(2022, 2, 28))).await.unwrap();
        assert_eq!(one(&city, INITIATIVE, defence).await.get("version"), &Value::Int(1), "what was left empty is filled in");
        let refused = update(defence, due()).await.unwrap_err();
        assert!(refused.to_string().contains("新しい版"), "{refused}");
        assert!(update(defence, Draft::new().with("published", false)).await.is_err(), "nor is it thawed without a reason");
        update(defence, due().with("change_reason", "国の内示が遅れたため")).await.unwrap();
        update(defence, Draft::new().with("status", "behind").with("next_step", "国に聞く")).await.unwrap();
        let again = Draft::new().with("due", jiff::civil::date(2022, 3, 1)).with("change_reason", "国の内示が遅れたため");
        assert!(update(defence, again).await.is_err(), "an old reason is none for a new change");
        assert_eq!(one(&city, INITIATIVE, defence).await.get("version"), &Value::Int(2));

        let outcome = imported(&city, &corrected(&[("適性な防災体制の整備", "適正な防災体制の整備")])).await;
        assert_eq!((outcome.updated, outcome.warnings.len()), (1, 0), "{outcome:?}");
        let corrected = one(&city, INITIATIVE, "title = '適正な防災体制の整備'").await;
        assert_eq!(corrected.get("version"), &Value::Int(2));
        assert!(corrected.get("change_reason").as_text().unwrap().contains("方針書.txt"));
    }

    async fn what_the_paper_no_longer_names_is_told_and_stays(fixture) {
        let city = city(fixture).await;
        imported(&city, paper_text()).await;
        let dropped = paper_text().lines().find(|line| line.contains("効率的な公園管理")).unwrap();
        let outcome = imported(&city, &paper_text().replace(&format!("{dropped}\n"), "")).await;
        assert_eq!((outcome.added, outcome.updated, kinds(&outcome.warnings)), (0, 0, vec!["missing".to_owned()]));
        assert!(outcome.warnings[0].line.is_none() && outcome.warnings[0].message.contains("効率的な公園管理"));
        assert_eq!(found(&city, INITIATIVE, "fiscal_year = 2021").await.len(), 72);
    }

    async fn an_import_that_was_stopped_in_the_middle_is_simply_done_again(fixture) {
        let city = city(fixture).await;
        // The first part of the paper is all that was written before the process was killed.
        let (part, _) = paper_text().split_once("部局名\t福祉部").unwrap();
        assert_eq!(imported(&city, part).await.added, 22);
        let rest = imported(&city, paper_text()).await;
        assert_eq!((rest.added, rest.updated), (50, 0));
        assert_eq!(found(&city, INITIATIVE, "fiscal_year = 2021").await.len(), 72);
        assert_eq!(found(&city, "department", "first_fiscal_year = 2021").await.len(), 13);
    }

    async fn departments_are_those_that_are_valid_in_the_year(fixture) {
        let city = city(fixture).await;
        let department = |code: &str, name: &str, first: i64| {
            Draft::new().with("code", code).with("name", name).with("level", "department").with("first_fiscal_year", first)
        };
        let closed = department("old-mayor", "市長室", 2010).with("last_fiscal_year", 2020_i64);
        add(&city, "department", closed).await;
        let valid = add(&city, "department", department("mayor", "市長室", 2021)).await;
        add(&city, "department", department("civil", "土木部", 2022)).await;
        let outcome = imported(&city, paper_text()).await;
        assert_eq!(outcome.warnings.len(), 12, "all but 市長室 are new for 2021");
        let record = one(&city, INITIATIVE, "title = '防衛補助の確保'").await;
        assert_eq!(record.get("department"), &Value::Record(valid));
    }

    async fn a_planner_imports_what_belongs_to_known_departments(fixture) {
        let city = city(fixture).await;
        let mayor = add(&city, "department", Draft::new()
            .with("code", "mayor").with("name", "市長室").with("level", "department").with("first_fiscal_year", 2020_i64)).await;
        let planner = member(&city, "policy-planner", Vec::new());
        let plan = planned_by(&city, &planner, paper_text().as_bytes()).await.unwrap();
        assert_eq!((plan.count(&Act::Add), plan.count(&Act::LeaveOut)), (6, 66));
        assert_eq!(kinds(&plan.remarks).iter().filter(|kind| *kind == "unknown_department").count(), 12);

        let editor = member(&city, "policy-editor", vec![mayor]);
        let refused = planned_by(&city, &editor, paper_text().as_bytes()).await.unwrap_err();
        assert!(matches!(refused, ImportError::Ledger(LedgerError::Forbidden { .. })), "{refused}");
        assert_eq!(found(&city, INITIATIVE, "fiscal_year = 2021").await.len(), 0, "a plan writes nothing");
    }

    async fn a_column_for_the_section_in_charge_is_taken_over(fixture) {
        let city = city(fixture).await;
        let department = |code: &str, name: &str, level: &str| {
            Draft::new().with("code", code).with("name", name).with("level", level).with("first_fiscal_year", 2020_i64)
        };
        let civil = add(&city, "department", department("civil", "土木部", "department")).await;
        let roads = add(&city, "department", department("roads", "道路管理課", "section").with("parent", civil)).await;
        let text = "令和3年度部局運営方針\n部局名\t土木部\t基本的考え方\t守る。\n重点項目\t取り組み名\t取り組みの概要\t担当課\n\
                    財務体質の強化\t舗装の計画\t舗装を打ち替える順番を決める。\t道路管理課\n\t橋の計画\t橋を直す順番を決める。\t橋りょう課\n";
        let outcome = imported(&city, text).await;
        assert_eq!(outcome.added, 2);
        assert_eq!(one(&city, INITIATIVE, "title = '舗装の計画'").await.get("section"), &Value::Record(roads));
        let bridge = one(&city, INITIATIVE, "title = '橋の計画'").await;
        assert!(bridge.get("section").is_null() && bridge.get("paper_note") == &Value::from("担当課：橋りょう課"));
        assert!(kinds(&outcome.warnings).contains(&"unknown_section".to_owned()), "{:?}", outcome.warnings);
    }

    async fn the_command_answers_as_programs_expect(fixture) {
        let city = city(fixture).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("paper.txt");
        std::fs::write(&file, paper_text()).unwrap();
        let system = kawasemi_policy::system();
        let import = system.command("import").unwrap().run;
        let path = file.to_str().unwrap();
        let report = run(&city, fixture, import, &[path]).await.unwrap();
        let keys = report.json.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys, ["departments", "themes", "initiatives", "added", "updated", "warnings"]);
        assert_eq!((report.json["initiatives"].as_i64(), report.json["added"].as_i64()), (Some(72), Some(72)));
        assert!(report.json["warnings"].is_array() && report.text.contains("加えた取り組み72"), "{}", report.text);
        let again = run(&city, fixture, import, &[path]).await.unwrap();
        assert_eq!((again.json["added"].as_i64(), again.json["warnings"].as_array().map(Vec::len)), (Some(0), Some(0)));

        let (yearless, binary) = (folder.path().join("no-year.txt"), folder.path().join("paper.pdf"));
        std::fs::write(&yearless, paper_text().replace("令和3年度", "").replace("作成日: 令和3年5月17日", "")).unwrap();
        std::fs::write(&binary, b"%PDF-1.7 \x00\x01").unwrap();
        for (arguments, expected) in [
            (vec![], "指定してください"),
            (vec![binary.to_str().unwrap()], "PDF"),
            (vec![yearless.to_str().unwrap()], "年度"),
            (vec!["/nowhere/paper.txt"], "読めません"),
            (vec![path, "昨年"], "年度「昨年」"),
        ] {
            let refused = run(&city, fixture, import, &arguments).await.unwrap_err();
            assert!(refused.to_string().contains(expected), "{refused}");
        }
        let named = run(&city, fixture, import, &[yearless.to_str().unwrap(), "令和4年度"]).await.unwrap();
        assert_eq!(named.json["added"].as_i64(), Some(72));
    }
}

#[test]
fn kinds_of_both_sides_are_told_alike() {
    let kind = RemarkKind::Paper(kawasemi_policy::paper::WarningKind::CutShort);
    assert_eq!(serde_json::to_value(kind).unwrap(), "cut_short");
}
