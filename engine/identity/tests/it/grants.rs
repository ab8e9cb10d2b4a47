//! Grants: denied by default, the same answer in SQL and in memory, explained in sentences.

use std::sync::Arc;

use crate::common::role;
use jiff::Timestamp;
use kawasemi_identity::caller::HeldBecause;
use kawasemi_identity::{Access, AccountKind, AccountSummary, Caller, Context, Grants, HeldRole};
use kawasemi_kernel::{Fields, Lang, RecordId, Value};
use kawasemi_schema::{Action, Catalogue, Clearance, LedgerDef, RoleDef, SourceFile};
use kawasemi_store::table::{Column, Table};
use kawasemi_store::{Param, Sql, Unit};
use kawasemi_testkit::on_both_stores;
use uuid::Uuid;

const DEPARTMENT: &str = r#"
key = "department"
title = "部署"
owner = "general"
label = ["name"]
retention = { basis = "文書管理規程" }
[list]
columns = ["name"]
[[field]]
key = "name"
label = "名称"
type = "text"
"#;

const PARK: &str = r#"
key = "park"
title = "公園"
owner = "parks"
purpose = "公園の管理"
label = ["name"]
retention = { basis = "都市公園法第17条" }
[list]
columns = ["name"]

[[field]]
key = "name"
label = "公園名"
type = "text"
clearance = "public"

[[field]]
key = "department"
label = "所管"
type = "reference"
target = "department"

[[field]]
key = "open"
label = "公開"
type = "yes-no"
clearance = "public"

[[field]]
key = "caretaker"
label = "管理人"
type = "text"
clearance = "personal"

[[grant]]
role = "public"
actions = ["read"]
rows = "open = TRUE"
clearance = "public"
reason = "市民が公園を探すため"

[[grant]]
role = "staff"
actions = ["read"]
rows = "department IN (user.departments)"
clearance = "internal"
reason = "自分の部署の公園を知るため"

[[grant]]
role = "park-manager"
actions = ["read", "update"]
rows = "department IN (user.departments) AND NOT (caretaker = 'x')"
clearance = "personal"
reason = "公園を管理するため"
"#;

fn roles() -> Vec<RoleDef> {
    vec![role("park-manager", "公園管理者")]
}

fn catalogue(park: &str) -> Catalogue {
    let read = |name: &str, text: &str| Arc::new(LedgerDef::read(SourceFile::new(name, text)).unwrap());
    Catalogue::new([read("department.toml", DEPARTMENT), read("park.toml", park)]).unwrap()
}

fn grants() -> Grants {
    Grants::compile(&catalogue(PARK), &roles()).unwrap()
}

fn refusal(from: &str, to: &str) -> String {
    assert!(PARK.contains(from));
    Grants::compile(&catalogue(&PARK.replacen(from, to, 1)), &roles()).unwrap_err().to_string()
}

fn department(n: u128) -> RecordId {
    RecordId(Uuid::from_u128(n))
}

fn staff() -> Caller {
    Caller::of_account(AccountSummary {
        id: Uuid::from_u128(1),
        login: "tanaka".into(),
        display_name: "田中".into(),
        person: None,
        kind: AccountKind::Staff,
    })
}

fn access(caller: Caller) -> Access {
    let at: Timestamp = "2026-05-01T01:00:00Z".parse().unwrap();
    grants().access(&Context::new(caller, at), "park")
}

fn park(of: Option<u128>, open: Option<bool>, caretaker: Option<&str>) -> Fields {
    Fields::from([
        ("name".into(), Value::from("中央公園")),
        ("department".into(), of.map_or(Value::Null, |n| department(n).into())),
        ("open".into(), open.map_or(Value::Null, Value::from)),
        ("caretaker".into(), caretaker.map_or(Value::Null, Value::from)),
    ])
}

#[test]
fn mistakes_are_shown_in_their_place() {
    let unknown = refusal("rows = \"open = TRUE\"", "rows = \"opne = TRUE\"");
    assert!(unknown.starts_with("park.toml:") && unknown.contains("open"), "{unknown}");
    assert!(refusal("role = \"park-manager\"", "role = \"park-manger\"").contains("「park-manager」のことですか"));
    let type_error = refusal("department IN (user.departments)\"", "department > 3\"");
    assert!(type_error.starts_with("park.toml:"), "{type_error}");
    refusal("rows = \"open = TRUE\"", "rows = \"open = TRUE) OR (TRUE\"");
}

#[test]
fn nothing_is_allowed_that_no_grant_allows() {
    let visitor = access(Caller::visitor());
    assert!(visitor.may(Action::Read) && !visitor.may(Action::Update) && !visitor.may(Action::Export));
    assert_eq!(visitor.clearance(Action::Read), Some(Clearance::Public));
    let nobody = access(Caller { roles: Vec::new(), ..Caller::visitor() });
    assert!(Action::ALL.iter().all(|action| !nobody.may(*action)));
    assert_eq!(nobody.row_clearance(Action::Read, &park(None, Some(true), None)), None);
    let admin = access(Caller { roles: vec!["admin".into()], ..Caller::visitor() });
    assert!(!admin.may(Action::Read), "an administrator sees no content by being one");
    let context = Context::new(Caller::visitor(), Timestamp::UNIX_EPOCH);
    assert!(!grants().access(&context, "no-such-ledger").may(Action::Read));
    assert!(!grants().access(&context, "department").may(Action::Read));
}

#[test]
fn the_program_itself_may_everything_with_ledgers_that_exist() {
    let system = access(Caller::system());
    assert!(Action::ALL.iter().all(|action| system.may(*action)));
    assert_eq!(system.row_clearance(Action::Read, &Fields::new()), Some(Clearance::Sensitive));
    let context = Context::new(Caller::system(), Timestamp::UNIX_EPOCH);
    assert!(!grants().access(&context, "no-such-ledger").may(Action::Read));
}

#[test]
fn clearance_follows_the_row() {
    let caller = staff().with_departments(vec![department(10)]).with_role("park-manager");
    let access = access(caller);
    let clearance = |fields: Fields| access.row_clearance(Action::Read, &fields);
    assert_eq!(clearance(park(Some(10), None, Some("山田"))), Some(Clearance::Personal));
    assert_eq!(clearance(park(Some(10), None, Some("x"))), Some(Clearance::Internal));
    assert_eq!(clearance(park(Some(11), Some(true), None)), Some(Clearance::Public));
    assert_eq!(clearance(park(Some(11), Some(false), None)), None);
    assert_eq!(clearance(park(None, None, None)), None, "unknown denies");
}

#[test]
fn what_is_unknown_does_not_widen_a_negation() {
    let access = access(staff().with_departments(vec![department(10)]).with_role("park-manager"));
    let unknown_caretaker = park(Some(10), None, None);
    assert_eq!(access.row_clearance(Action::Read, &unknown_caretaker), Some(Clearance::Internal));
}

#[test]
fn a_role_held_for_one_department_opens_no_other() {
    let limited = HeldRole {
        key: "park-manager".into(),
        departments: Some(vec![department(10)]),
        because: HeldBecause::Assigned { from: None, until: None },
    };
    let access = access(staff().with_departments(vec![department(10), department(20)]).with_role(limited));
    assert!(access.row_clearance(Action::Update, &park(Some(10), None, Some("山田"))).is_some());
    assert_eq!(access.row_clearance(Action::Update, &park(Some(20), None, Some("山田"))), None);
    assert_eq!(access.row_clearance(Action::Read, &park(Some(20), None, Some("山田"))), Some(Clearance::Internal));
}

#[test]
fn a_reading_token_changes_nothing() {
    let caller = Caller { read_only: true, ..staff().with_role("park-manager") };
    let access = access(caller);
    assert!(access.may(Action::Read) && !access.may(Action::Update));
}

#[test]
fn a_field_out_of_reach_does_not_exist() {
    let clerk = access(staff());
    let needed = clerk.needed(Action::Read, ["name", "department"]);
    assert_eq!(needed.map(|reach| reach.clearance), Ok(Clearance::Internal));
    let hidden = clerk.needed(Action::Read, ["caretaker"]).unwrap_err();
    let missing = clerk.needed(Action::Read, ["caretakr"]).unwrap_err();
    assert_eq!((hidden.name.as_str(), missing.name.as_str()), ("caretaker", "caretakr"));
    let visitor = access(Caller::visitor());
    assert!(visitor.needed(Action::Read, ["created_by"]).is_err());
    let scope = visitor.scope();
    let ask = |text: &str| {
        let ast = kawasemi_filter::parse_text(text, kawasemi_filter::Limits::OUTSIDE).unwrap();
        kawasemi_filter::lower(&ast, &scope).map(|_| ()).map_err(|error| error.code)
    };
    assert_eq!(ask("name = 'a'"), Ok(()));
    assert_eq!(ask("caretaker = 'a'"), ask("caretakr = 'a'"));
    assert_eq!(visitor.visible_fields(Action::Read).map(|f| f.key.as_str()).collect::<Vec<_>>(), ["name", "open"]);
}

#[test]
fn why_may_she_see_this() {
    let grants = grants();
    let access = access(staff().with_departments(vec![department(10)]).with_role("park-manager"));
    let reasons = access.explain(Action::Read, &park(Some(10), Some(false), Some("山田")), grants.roles());
    let told: Vec<_> = reasons.iter().map(|reason| (reason.role.as_deref().unwrap(), reason.matches)).collect();
    assert_eq!(told, [("public", false), ("staff", true), ("park-manager", true)]);
    assert_eq!(
        reasons[2].sentence,
        "割り当てられた役割「公園管理者」により、条件「department IN (user.departments) AND NOT (caretaker = 'x')」に\
         当てはまるこの記録を「個人情報」の項目まで閲覧できます。目的：公園を管理するため。"
    );
    assert!(reasons[0].sentence.contains("当てはまらない"));
}

#[test]
fn the_matrix_shows_every_grant_once() {
    let matrix = grants().matrix(Lang::Ja);
    let park = matrix.rows.iter().find(|row| row.ledger == "park").unwrap();
    let cells: usize = park.cells.iter().map(Vec::len).sum();
    assert_eq!((cells, matrix.roles.len(), park.cells.len()), (3, 6, 6));
    let manager = matrix.roles.iter().position(|(key, _)| key == "park-manager").unwrap();
    assert_eq!(park.cells[manager][0].actions, [Action::Read, Action::Update]);
}

/// A table with the columns at which the grants look.
fn park_table() -> Vec<Table> {
    let table = Table::new("l_park")
        .column(Column::int("n"))
        .column(Column::text("name").optional())
        .column(Column::id("department").optional())
        .column(Column::bool("open").optional())
        .column(Column::text("caretaker").optional())
        .key(["n"]);
    vec![table]
}

/// Every combination of what the grants look at.
fn every_park() -> Vec<Fields> {
    let departments = [None, Some(10), Some(20), Some(30)];
    let caretakers = [None, Some("x"), Some("山田"), Some("")];
    let mut parks = Vec::new();
    for of in departments {
        for open in [None, Some(true), Some(false)] {
            parks.extend(caretakers.iter().map(|caretaker| park(of, open, *caretaker)));
        }
    }
    parks
}

fn insert(n: usize, fields: &Fields) -> Sql {
    let param = |key: &str| match &fields[key] {
        Value::Text(text) => Param::from(text),
        Value::Bool(answer) => Param::from(*answer),
        Value::Record(id) => Param::from(id.0),
        _ => Param::Null,
    };
    Sql::with(
        "INSERT INTO {l_park} (n, name, department, open, caretaker) VALUES ($1, $2, $3, $4, $5)",
        [Param::Int(n as i64), param("name"), param("department"), param("open"), param("caretaker")],
    )
}

on_both_stores! {
    tables = park_table();

    async fn the_list_and_the_record_agree(fixture) {
        let parks = every_park();
        let mut unit = Unit::new();
        unit.extend(parks.iter().enumerate().map(|(n, park)| insert(n, park).into()));
        fixture.city.write(unit).await.unwrap();
        let limited = HeldRole { departments: Some(vec![department(20)]), .."park-manager".into() };
        let callers = [
            Caller::visitor(),
            Caller::system(),
            staff(),
            staff().with_departments(vec![department(10)]),
            staff().with_departments(vec![department(10), department(20)]).with_role("park-manager"),
            staff().with_departments(vec![department(10), department(20)]).with_role(limited),
        ];
        for caller in callers {
            let access = access(caller.clone());
            for action in [Action::Read, Action::Update] {
                for needed in Clearance::ALL {
                    let listed = listed(fixture, &access, action, needed, &parks).await;
                    let granted = |fields: &&Fields| access.row_clearance(action, *fields) >= Some(needed);
                    let alone: Vec<&Fields> = parks.iter().filter(granted).collect();
                    assert_eq!(listed, alone, "{caller:?} {action:?} {needed:?}");
                }
            }
        }
    }
}

async fn listed<'a>(
    fixture: &kawasemi_testkit::Fixture,
    access: &Access,
    action: Action,
    needed: Clearance,
    parks: &'a [Fields],
) -> Vec<&'a Fields> {
    let dialect = fixture.city.dialect();
    let Some(rows) = access.condition(action, needed, dialect, "p") else { return Vec::new() };
    let mut sql = Sql::with("SELECT p.n FROM {l_park} p WHERE ", []);
    sql.append(&rows.condition).push(" ORDER BY p.n");
    let found = fixture.city.read(sql).await.unwrap();
    let records = found.iter().map(|row| &parks[row.get::<i64>(0).unwrap() as usize]);
    records.filter(|record| rows.exact.as_ref().is_none_or(|exact| exact.matches(*record))).collect()
}
