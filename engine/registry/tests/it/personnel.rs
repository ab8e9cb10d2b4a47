//! The yearly personnel file comes in, twice, and people move.

use std::sync::Arc;

use jiff::civil::date;
use kawasemi_identity::{Context, Identity, NewAccount, Parts, PasswordCost, Passwords, Rules, SeededEntropy};
use kawasemi_kernel::id::CountingIds;
use kawasemi_ledger::Ledgers;
use kawasemi_registry::personnel::{Counts, PersonnelError, PersonnelReport, import};
use kawasemi_registry::personnel_file::{read_departments, read_staff};
use kawasemi_registry::{DEPARTMENT, register, sync_departments};
use kawasemi_testkit::{Fixture, on_both_stores};

const DEPARTMENTS: &str = "部局コード,名称,上位部局コード,設置年度\n\
    welfare-elderly,高齢介護課,welfare,R3\nwelfare,福祉部,,R3\nplanning,経営企画部,,R3\n";
const STAFF: &str = "職員番号,氏名,フリガナ,所属コード,職名,主務兼務,発令日\n\
    0001,佐藤 花子,サトウ ハナコ,welfare-elderly,課長,,R3.4.1\n\
    0001,佐藤 花子,サトウ ハナコ,planning,主査,兼務,R3.4.1\n\
    0002,鈴木 一郎,スズキ イチロウ,welfare,部長,,R3.4.1\n";
/// 佐藤 moves to the planning department.
const MOVED: &str = "職員番号,氏名,フリガナ,所属コード,職名,主務兼務,発令日\n\
    0001,佐藤 花子,サトウ ハナコ,planning,課長,,R4.4.1\n";

struct Hall {
    ids: Arc<CountingIds>,
    ledgers: Ledgers,
    identity: Identity,
    context: Context,
}

impl Hall {
    async fn new(fixture: &Fixture) -> Self {
        let bundle = kawasemi_registry::bundle().unwrap();
        let texts: Vec<&str> = bundle.ledgers.iter().map(|ledger| ledger.source.text.as_str()).collect();
        fixture.publish(&texts).await;
        let (city, ids) = (fixture.city.clone(), fixture.ids.clone());
        let ledgers =
            Ledgers::new(city.clone(), bundle.system.roles, kawasemi_ledger::Calculators::new(), ids.clone()).unwrap();
        let entropy = Arc::new(SeededEntropy::new(7));
        let passwords = Passwords::new(PasswordCost::for_tests(), entropy.clone()).unwrap();
        let parts = Parts { ids: ids.clone(), entropy, passwords, rules: Rules::default() };
        let identity = Identity::new(city, fixture.sealer.clone(), parts);
        Self { ids, ledgers, identity, context: Context::system(fixture.now(), "試験") }
    }

    async fn import(&self, departments: &str, staff: &str, dry_run: bool) -> Result<PersonnelReport, PersonnelError> {
        let departments = if departments.is_empty() { Vec::new() } else { read_departments(departments).unwrap() };
        let rows = (departments, read_staff(staff).unwrap());
        import(&self.ledgers, &self.context, &*self.ids, rows, dry_run).await
    }

    /// The names of the departments of a member of staff on a day.
    async fn departments_of(&self, number: &str, day: jiff::civil::Date) -> Vec<String> {
        let (person, _) = register::staff(&self.ledgers, &self.context, number).await.unwrap().unwrap();
        let organisation = register::organisation(&self.ledgers, &self.context).await.unwrap();
        let mut names = Vec::new();
        for id in organisation.departments_of(person, day) {
            let department = self.ledgers.get(&self.context, DEPARTMENT, id).await.unwrap();
            names.push(department.get("name").as_text().unwrap().to_owned());
        }
        names
    }
}

fn added(added: usize) -> Counts {
    Counts { added, ..Counts::default() }
}

fn unchanged(unchanged: usize) -> Counts {
    Counts { unchanged, ..Counts::default() }
}

fn tables() -> Vec<kawasemi_store::table::Table> {
    let mut tables = kawasemi_identity::tables::tables();
    tables.extend(kawasemi_ledger::tables());
    tables
}

on_both_stores! {
    tables = tables();

    async fn the_file_comes_in_and_a_second_time_changes_nothing(fixture) {
        let hall = Hall::new(fixture).await;
        let planned = hall.import(DEPARTMENTS, STAFF, true).await.unwrap();
        assert!(register::all(&hall.ledgers, &hall.context, DEPARTMENT).await.unwrap().is_empty());
        let first = hall.import(DEPARTMENTS, STAFF, false).await.unwrap();
        assert_eq!((first.departments, first.posts), (added(3), added(3)));
        assert_eq!((first.staff, first.assignments), (added(2), added(3)));
        assert_eq!(planned, first, "a dry run says what would happen");
        let second = hall.import(DEPARTMENTS, STAFF, false).await.unwrap();
        assert_eq!((second.departments, second.posts), (unchanged(3), unchanged(3)));
        assert_eq!((second.staff, second.assignments), (unchanged(2), unchanged(3)));
    }

    async fn people_move_and_keep_their_past(fixture) {
        let hall = Hall::new(fixture).await;
        hall.import(DEPARTMENTS, STAFF, false).await.unwrap();
        assert_eq!(hall.departments_of("0001", date(2021, 10, 1)).await, ["高齢介護課", "福祉部", "経営企画部"]);
        assert_eq!(hall.departments_of("0002", date(2021, 10, 1)).await, ["福祉部", "高齢介護課"]);
        let report = hall.import("", MOVED, false).await.unwrap();
        assert_eq!(report.assignments, Counts { added: 1, updated: 1, unchanged: 0 });
        assert_eq!(hall.departments_of("0001", date(2022, 3, 31)).await, ["高齢介護課", "福祉部", "経営企画部"]);
        assert_eq!(hall.departments_of("0001", date(2022, 4, 1)).await, ["経営企画部"]);
    }

    async fn an_unknown_department_changes_nothing(fixture) {
        let hall = Hall::new(fixture).await;
        let error = hall.import("", STAFF, false).await.unwrap_err();
        assert!(error.to_string().starts_with("部局コード planning、welfare、welfare-elderly の部局が"), "{error}");
        let circle = DEPARTMENTS.replace("welfare,福祉部,,", "welfare,福祉部,welfare-elderly,");
        let error = hall.import(&circle, STAFF, false).await.unwrap_err();
        assert!(error.to_string().contains("元に戻ってしまいます"), "{error}");
        assert!(register::all(&hall.ledgers, &hall.context, DEPARTMENT).await.unwrap().is_empty());
    }

    async fn accounts_get_the_departments_of_their_people(fixture) {
        let hall = Hall::new(fixture).await;
        hall.import(DEPARTMENTS, STAFF, false).await.unwrap();
        let (person, name) = register::staff(&hall.ledgers, &hall.context, "0002").await.unwrap().unwrap();
        assert_eq!(name, "鈴木 一郎");
        let account = NewAccount { person: Some(person), ..NewAccount::staff("suzuki") };
        let account = hall.identity.add_account(&hall.context, account).await.unwrap();
        assert_eq!(sync_departments(&hall.ledgers, &hall.identity, &hall.context).await.unwrap(), 1);
        let caller = hall.identity.caller_of(&hall.context, account).await.unwrap();
        let code = |code| register::department(&hall.ledgers, &hall.context, code);
        let expected = [code("welfare").await.unwrap().unwrap(), code("welfare-elderly").await.unwrap().unwrap()];
        assert_eq!(caller.departments, expected);
    }
}
