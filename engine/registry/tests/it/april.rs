//! Orders and plans: what is taken in, what is refused, and what becomes of it on the day.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use kawasemi_identity::{Context, Identity, NewAccount, Parts, PasswordCost, Passwords, Rules, SeededEntropy};
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_kernel::id::CountingIds;
use kawasemi_ledger::{Calculators, Ledgers};
use kawasemi_registry::personnel::import;
use kawasemi_registry::personnel_file::{read_departments, read_staff};
use kawasemi_registry::registers::Registers;
use kawasemi_registry::transfer::orders::{self, OrderReport, Wanted};
use kawasemi_registry::transfer::{apply, preview};
use kawasemi_registry::{register, reorganisation, sync_departments};
use kawasemi_testkit::{Fixture, on_both_stores};

const DEPARTMENTS: &str = "部局コード,名称,上位部局コード,設置年度\n\
    welfare-elderly,高齢介護課,welfare,R3\nwelfare-child,子ども課,welfare,R3\nwelfare,福祉部,,R3\n\
    planning,経営企画部,,R3\n";
const STAFF: &str = "職員番号,氏名,フリガナ,所属コード,職名,主務兼務,発令日,採用日\n\
    0001,佐藤 花子,サトウ ハナコ,welfare-elderly,課長,,R3.4.1,H12.4.1\n\
    0002,鈴木 一郎,スズキ イチロウ,welfare,部長,,R3.4.1,H5.4.1\n\
    0003,高橋 次郎,タカハシ ジロウ,welfare-child,主事,,R3.4.1,R3.4.1\n";
const MARCH: Date = date(2027, 3, 31);
const APRIL: Date = date(2027, 4, 1);

struct Hall {
    ids: Arc<CountingIds>,
    ledgers: Ledgers,
    identity: Identity,
    context: Context,
    folder: PathBuf,
}

impl Hall {
    async fn new(fixture: &Fixture) -> Self {
        let bundle = kawasemi_registry::bundle().unwrap();
        let texts: Vec<&str> = bundle.ledgers.iter().map(|ledger| ledger.source.text.as_str()).collect();
        fixture.publish(&texts).await;
        let (city, ids) = (fixture.city.clone(), fixture.ids.clone());
        let ledgers = Ledgers::new(city.clone(), bundle.system.roles, Calculators::new(), ids.clone()).unwrap();
        let entropy = Arc::new(SeededEntropy::new(7));
        let passwords = Passwords::new(PasswordCost::for_tests(), entropy.clone()).unwrap();
        let parts = Parts { ids: ids.clone(), entropy, passwords, rules: Rules::default() };
        let identity = Identity::new(city, fixture.sealer.clone(), parts);
        let folder = std::env::temp_dir().join(format!("kawasemi-april-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let context = Context::system(at(date(2027, 3, 15), 9), "試験");
        let hall = Self { ids, ledgers, identity, context, folder };
        let rows = (read_departments(DEPARTMENTS).unwrap(), read_staff(STAFF).unwrap());
        import(&hall.ledgers, &hall.context, &*hall.ids, rows, false).await.unwrap();
        hall
    }

    fn file(&self, text: &str) -> PathBuf {
        let path = self.folder.join("orders.csv");
        std::fs::write(&path, text).unwrap();
        path
    }

    async fn orders(&self, lines: &str, dry_run: bool) -> OrderReport {
        let file = self.file(&format!("職員番号,氏名,発令区分,発令日,所属コード,職名,終了日\n{lines}"));
        let wanted = Wanted { file: &file, title: "春の異動", effective: Some(APRIL), dry_run };
        orders::import(&self.ledgers, &self.identity, &self.context, &*self.ids, wanted).await.unwrap()
    }

    async fn plan(&self, lines: &str) -> reorganisation::settle::PlanReport {
        let header = "区分,部局コード,名称,上位部局コード,引継ぎ先コード,台帳,条件,係コード\n";
        let file = self.file(&format!("{header}{lines}"));
        let year = Some(FiscalYear::new(2027).unwrap());
        reorganisation::settle::import(&self.ledgers, &self.context, &file, year, false).await.unwrap()
    }

    async fn registers(&self) -> Registers {
        Registers::load(&self.ledgers, &self.context).await.unwrap()
    }

    /// What somebody is on a day, with all that is planned.
    async fn standing(&self, number: &str, day: Date) -> Vec<String> {
        let registers = self.registers().await;
        let staff = registers.person_by_number(number).unwrap().id;
        preview::standing(&registers, &registers.career_ahead(staff), day)
    }
}

impl Drop for Hall {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn at(day: Date, hour: i8) -> Timestamp {
    day.at(hour, 0, 0, 0).in_tz("Asia/Tokyo").unwrap().timestamp()
}

fn tables() -> Vec<kawasemi_store::table::Table> {
    let mut tables = kawasemi_identity::tables::tables();
    tables.extend(kawasemi_ledger::tables());
    tables
}

fn said(report: &OrderReport) -> Vec<String> {
    report.refused.iter().map(ToString::to_string).collect()
}

on_both_stores! {
    tables = tables();

    async fn what_is_wrong_is_listed_and_the_rest_is_taken(fixture) {
        let hall = Hall::new(fixture).await;
        let report = hall.orders(
            "0001,佐藤 花子,転任,,planning,課長,\n\
             0002,鈴木 一郎,退職,2027-03-31,,,\n\
             0003,高橋 次郎,転任,,planning,主事,\n\
             0003,高橋 次郎,配置換,,welfare-elderly,主事,\n\
             0009,伊藤 三郎,転任,,planning,主事,\n\
             0002,鈴木 一郎,転任,,planning,部長,\n\
             0001,別の 名前,兼務,,welfare,参事,\n\
             0001,佐藤 花子,栄転,,planning,,\n\
             0001,佐藤 花子,兼務,,nowhere,課長,\n\
             0001,佐藤 花子,兼務,,welfare,大魔王,\n\
             0003,高橋 次郎,転任,2027-07-01,planning,主事,\n\
             0003,高橋 次郎,配置換,2027-07-01,nowhere,主事,\n",
            false,
        ).await;
        assert_eq!(report.accepted, 2, "{:?}", said(&report));
        let refused = said(&report);
        for (line, words) in [
            ("4行目", "食い違っています（5行目の「配置換 高齢介護課 主事」）"),
            ("5行目", "食い違っています（4行目の「転任 経営企画部 主事」）"),
            ("6行目", "台帳にいません"),
            ("7行目", "退職・任期満了（2027-03-31）より後"),
            ("8行目", "台帳では「佐藤 花子」さん"),
            ("9行目", "「栄転」という発令区分はありません"),
            ("10行目", "「nowhere」という部局は台帳にありません"),
            ("11行目", "「大魔王」という職はどの部局にもありません"),
            ("12行目", "13行目にもあり、そちらに誤りがあります"),
        ] {
            assert!(refused.iter().any(|one| one.starts_with(line) && one.contains(words)), "{line} {words}: {refused:?}");
        }
        assert_eq!(hall.standing("0001", APRIL).await, ["経営企画部 課長"]);
        assert_eq!(hall.standing("0003", APRIL).await, ["子ども課 主事"], "neither of the two was taken");
        assert_eq!(hall.standing("0002", APRIL).await, ["在職していません"]);
        // Against what is planned, and the same file again.
        let again = hall.orders("0001,佐藤 花子,転任,,planning,課長,\n0001,佐藤 花子,転任,,welfare,部長,\n", false).await;
        assert_eq!((again.accepted, again.unchanged), (0, 1));
        assert!(said(&again)[0].contains("取込済みの発令待ち「転任 経営企画部 課長」"), "{:?}", said(&again));
    }

    async fn a_preview_changes_nothing_and_an_order_is_withdrawn(fixture) {
        let hall = Hall::new(fixture).await;
        let lines = "0001,佐藤 花子,転任,,planning,課長,\n0100,山田 新,採用,,planning,主事,\n";
        let report = hall.orders(lines, true).await;
        let sato = report.people.iter().find(|one| one.number == "0001").unwrap();
        assert_eq!((sato.before.clone(), sato.after.clone()), (vec!["高齢介護課 課長".to_owned()], vec!["経営企画部 課長".to_owned()]));
        assert_eq!((sato.lost.clone(), sato.gained.clone()), (vec!["高齢介護課".to_owned(), "福祉部".to_owned()], vec!["経営企画部".to_owned()]));
        assert!(hall.registers().await.orders.is_empty());
        hall.orders(lines, false).await;
        let registers = hall.registers().await;
        assert_eq!((registers.orders.len(), registers.people.len()), (2, 4));
        let all: Vec<_> = registers.orders.iter().map(|known| known.id).collect();
        assert_eq!(orders::withdraw(&hall.ledgers, &hall.context, &all).await.unwrap(), 2);
        assert_eq!(hall.registers().await.people.len(), 3, "whoever was only to be hired is there no longer");
        assert_eq!(hall.standing("0001", APRIL).await, ["高齢介護課 課長"]);
    }

    async fn orders_take_effect_on_their_day_once(fixture) {
        let hall = Hall::new(fixture).await;
        hall.orders(
            "0001,佐藤 花子,転任,,planning,課長,\n0002,鈴木 一郎,退職,2027-03-31,,,\n0003,高橋 次郎,育休,,,,2028-03-31\n\
             0100,山田 新,会計年度任用,,welfare,事務補助員,\n",
            false,
        ).await;
        let nothing = apply::apply(&hall.ledgers, &hall.context, &*hall.ids, MARCH).await.unwrap();
        assert_eq!(nothing.applied, 0);
        let done = apply::apply(&hall.ledgers, &hall.context, &*hall.ids, APRIL).await.unwrap();
        assert_eq!((done.applied, done.problems.len()), (4, 0), "{:?}", done.problems);
        let again = apply::apply(&hall.ledgers, &hall.context, &*hall.ids, APRIL).await.unwrap();
        assert_eq!(again.applied, 0);
        let registers = hall.registers().await;
        let career = |number: &str| registers.career(registers.person_by_number(number).unwrap().id);
        assert_eq!(preview::standing(&registers, &career("0001"), MARCH), ["高齢介護課 課長"]);
        assert_eq!(preview::standing(&registers, &career("0001"), APRIL), ["経営企画部 課長"]);
        assert_eq!(registers.person_by_number("0002").unwrap().left_on, Some(MARCH));
        assert!(career("0003").away_on(APRIL).is_some(), "an order in force still tells of the leave");
        assert_eq!(registers.person_by_number("0100").unwrap().left_on, Some(date(2028, 3, 31)));
        let known: Vec<_> = registers.orders.iter().map(|known| known.id).collect();
        let late = orders::withdraw(&hall.ledgers, &hall.context, &known[..1]).await.unwrap_err();
        assert!(late.to_string().contains("もう効力があるため取り消せません"), "{late}");
        // A correcting order of the same day.
        let corrected = hall.orders("0001,佐藤 花子,配置換,,welfare-child,課長,\n", false).await;
        assert_eq!(corrected.accepted, 1, "{:?}", said(&corrected));
        apply::apply(&hall.ledgers, &hall.context, &*hall.ids, APRIL).await.unwrap();
        assert_eq!(hall.standing("0001", MARCH).await, ["高齢介護課 課長"]);
        assert_eq!(hall.standing("0001", APRIL).await, ["子ども課 課長"]);
    }

    async fn accounts_follow_with_what_is_planned(fixture) {
        let hall = Hall::new(fixture).await;
        let (person, _) = register::staff(&hall.ledgers, &hall.context, "0001").await.unwrap().unwrap();
        let account = NewAccount { person: Some(person), ..NewAccount::staff("sato") };
        let account = hall.identity.add_account(&hall.context, account).await.unwrap();
        hall.orders("0001,佐藤 花子,転任,,planning,課長,\n", false).await;
        sync_departments(&hall.ledgers, &hall.identity, &hall.context).await.unwrap();
        let code = |code| register::department(&hall.ledgers, &hall.context, code);
        let on = |day| {
            let (identity, context) = (&hall.identity, Context::system(at(day, 9), "試験"));
            async move { identity.caller_of(&context, account).await.unwrap().departments }
        };
        let elderly = [code("welfare-elderly").await.unwrap().unwrap(), code("welfare").await.unwrap().unwrap()];
        assert_eq!(on(MARCH).await, elderly);
        assert_eq!(on(APRIL).await, [code("planning").await.unwrap().unwrap()]);
    }

    async fn a_plan_is_checked_as_a_whole(fixture) {
        let hall = Hall::new(fixture).await;
        let report = hall.plan(
            "新設,health,健康部,,,,,\n\
             新設,planning,別の企画部,,,,,\n\
             統合,welfare-child,,,welfare-elderly,,,\n\
             廃止,welfare-elderly,,,health,,,\n\
             廃止,planning,,,,,,\n\
             統合,welfare,,,nowhere,,,\n\
             分割,unknown,,,health,,,\n",
        ).await;
        let found = |code: &str, words: &str| {
            assert!(report.findings.iter().any(|one| one.code == code && one.message.contains(words)), "{code} {words}: {:#?}", report.findings);
        };
        found("planning", "「経営企画部」が使っています");
        found("welfare-child", "同じ日に廃止されます。その先の「health」へつなぐ");
        found("planning", "引継ぎ先の部局コードが要ります");
        found("welfare", "「nowhere」の部局がありません");
        found("unknown", "台帳にありません");
        assert_eq!(report.taken, ["新設 health、名称 健康部", "廃止 welfare-elderly、引継ぎ先 health"]);
        let stays = report.findings.iter().find(|one| one.message.contains("配属されたままの職員が1人")).unwrap();
        assert_eq!(stays.code, "welfare-elderly");
    }

    async fn a_settled_plan_moves_work_on_its_day_and_can_be_taken_back_before(fixture) {
        let hall = Hall::new(fixture).await;
        let year = FiscalYear::new(2027).unwrap();
        let lines = "新設,health,健康部,,,,,\n新設,health-elderly,長寿課,health,,,,\n\
                     分割,welfare-child,,,health-elderly,staff-task,,\n分割,welfare-child,,,welfare-elderly,,,\n\
                     改称,planning,未来企画部,,,,,\n移管,welfare-elderly,,health,,,,\n";
        let report = hall.plan(lines).await;
        assert!(report.findings.iter().any(|one| one.message.contains("台帳「staff-task」がありません")), "{:#?}", report.findings);
        let report = hall.plan(&lines.replace("staff-task", "assignment")).await;
        assert_eq!(report.taken.len(), 2, "{:#?}", report.findings);
        reorganisation::settle::settle(&hall.ledgers, &hall.context, &*hall.ids, year).await.unwrap();
        let registers = hall.registers().await;
        let organisation = registers.organisation_ahead();
        let id = |code: &str| registers.department_by_code(code).unwrap().department.id;
        assert_eq!(organisation.reach(id("welfare-elderly"), MARCH), [id("welfare-elderly"), id("welfare")]);
        assert_eq!(organisation.reach(id("welfare-elderly"), APRIL), [id("welfare-elderly"), id("health")]);
        assert!(registers.department_by_code("welfare-child").unwrap().department.is_closed_on(APRIL));
        assert_eq!(registers.shares.len(), 1);
        // Taken back and settled again.
        reorganisation::settle::withdraw(&hall.ledgers, &hall.context, year, MARCH).await.unwrap();
        let registers = hall.registers().await;
        assert!(registers.department_by_code("health").is_none() && registers.shares.is_empty());
        assert!(!registers.department_by_code("welfare-child").unwrap().department.is_closed_on(APRIL));
        hall.plan(&lines.replace("staff-task", "assignment")).await;
        reorganisation::settle::settle(&hall.ledgers, &hall.context, &*hall.ids, year).await.unwrap();
        assert_eq!(reorganisation::apply::apply(&hall.ledgers, &hall.context, MARCH).await.unwrap(), 0);
        assert_eq!(reorganisation::apply::apply(&hall.ledgers, &hall.context, APRIL).await.unwrap(), 6);
        assert_eq!(reorganisation::apply::apply(&hall.ledgers, &hall.context, APRIL).await.unwrap(), 0);
        let registers = hall.registers().await;
        assert_eq!(registers.department_by_code("planning").unwrap().name, "未来企画部");
        let late = reorganisation::settle::withdraw(&hall.ledgers, &hall.context, year, APRIL).await.unwrap_err();
        assert!(late.to_string().contains("もう施行されている"), "{late}");
    }
}
