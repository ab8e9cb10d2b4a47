//! A city with departments and parks, its keepers and its visitors.

use std::sync::Arc;

use kawasemi_identity::{AccountKind, AccountSummary, Caller, Context};
use kawasemi_kernel::{Act, RecordId, Value};
use kawasemi_ledger::{Calculators, Draft, Ledgers, ListRequest};
use kawasemi_schema::{LedgerDef, RoleDef, SourceFile};
use kawasemi_store::schema::{self, Allow, Wanted};
use kawasemi_store::table::Table;
use kawasemi_testkit::Fixture;
use uuid::Uuid;

pub const DEPARTMENT: &str = r#"
key = "department"
title = "部署"
owner = "general"
label = ["name"]
retention = { basis = "規程" }
[[field]]
key = "name"
label = "名称"
type = "text"
required = true
clearance = "public"
[[grant]]
role = "staff"
actions = ["read"]
clearance = "internal"
[[grant]]
role = "public"
actions = ["read"]
clearance = "public"
"#;

pub const PARK: &str = r#"
key = "park"
title = "公園"
owner = "parks"
purpose = "公園の管理のため"
label = ["name"]
retention = { basis = "都市公園法" }
number = { prefix = "公-", digits = 4 }
[list]
columns = ["name", "kind", "area"]
sort = ["name"]
facets = ["kind", "department"]
scope = "department"
calendar = "opened_on"

[[field]]
key = "name"
label = "公園名"
type = "text"
max_length = 40
required = true
clearance = "public"

[[field]]
key = "kind"
label = "種別"
type = "choice"
clearance = "public"
choices = [
  { key = "block", label = "街区公園" },
  { key = "city", label = "総合公園" },
  { key = "old", label = "児童遊園", retired = true },
]

[[field]]
key = "uses"
label = "用途"
type = "choices"
clearance = "public"
choices = [{ key = "play", label = "遊び" }, { key = "sport", label = "運動" }]

[[field]]
key = "area"
label = "面積"
type = "decimal"
scale = 2
unit = "㎡"
min = 0
clearance = "public"

[[field]]
key = "opened_on"
label = "開園日"
type = "date"
clearance = "public"

[[field]]
key = "code"
label = "管理コード"
type = "text"
unique = true
clearance = "personal"

[[field]]
key = "department"
label = "所管"
type = "reference"
target = "department"
required = true

[[field]]
key = "manager"
label = "管理人"
type = "person-name"
clearance = "personal"

[[field]]
key = "remarks"
label = "備考"
type = "long-text"

[[field]]
key = "quantity"
label = "本数"
type = "integer"

[[field]]
key = "unit_price"
label = "単価"
type = "yen"
required_when = "quantity > 0"

[[field]]
key = "cost"
label = "費用"
type = "computed"
result = "yen"
expression = "quantity * unit_price"

[[field]]
key = "closed"
label = "閉園"
type = "yes-no"

[[field]]
key = "closed_reason"
label = "閉園の理由"
type = "text"
shown_when = "closed = TRUE"

[[field]]
key = "location"
label = "位置"
type = "point"
clearance = "public"

[[field]]
key = "items"
label = "遊具"
type = "rows"
[[field.field]]
key = "what"
label = "種類"
type = "text"
required = true
[[field.field]]
key = "count"
label = "数"
type = "integer"

[[check]]
condition = "area < 1000000"
message = "面積が大きすぎます。"
field = "area"

[[view]]
key = "large"
title = "広い公園"
filter = "area >= 1000"

[[grant]]
role = "public"
actions = ["read", "export"]
rows = "closed IS NULL OR closed = FALSE"
clearance = "public"

[[grant]]
role = "staff"
actions = ["read"]
clearance = "internal"

[[grant]]
role = "park-keeper"
actions = ["read", "create", "update", "delete", "import", "export", "design"]
rows = "department IN (user.departments)"
clearance = "personal"
reason = "公園の管理"
"#;

/// A city with its ledgers open.
pub struct City<'a> {
    pub fixture: &'a Fixture,
    pub ledgers: Ledgers,
    pub parks: RecordId,
    pub roads: RecordId,
}

pub fn tables() -> Vec<Table> {
    let mut tables = kawasemi_identity::tables::tables();
    tables.extend(kawasemi_ledger::tables());
    tables
}

pub async fn publish(fixture: &Fixture, definitions: &[&str]) {
    let read =
        |text: &&str| LedgerDef::read(SourceFile::new("test.toml", *text)).map(Arc::new).expect("the definition reads");
    let wanted = Wanted { definitions: definitions.iter().map(read).collect(), ..Wanted::default() };
    let plan = schema::plan(&fixture.city, wanted).await.expect("plans");
    let act = Act::system(fixture.now(), "公開");
    schema::apply(&fixture.city, &plan, Allow::Additions, &act, &*fixture.ids).await.expect("publishes");
}

impl<'a> City<'a> {
    pub async fn open(fixture: &'a Fixture) -> Self {
        publish(fixture, &[DEPARTMENT, PARK]).await;
        let role = RoleDef { key: "park-keeper".into(), title: "公園管理".into(), description: "".into() };
        let ledgers =
            Ledgers::new(fixture.city.clone(), vec![role], Calculators::new(), fixture.ids.clone()).expect("opens");
        let system = Context::system(fixture.now(), "");
        let mut departments = Vec::new();
        for name in ["みどり公園課", "道路管理課"] {
            let saved = ledgers.create(&system, "department", Draft::new().with("name", name)).await.expect("creates");
            departments.push(saved.id);
        }
        Self { fixture, ledgers, parks: departments[0], roads: departments[1] }
    }

    pub fn system(&self) -> Context {
        Context::system(self.fixture.now(), "")
    }

    pub fn visitor(&self) -> Context {
        Context::new(Caller::visitor(), self.fixture.now())
    }

    pub fn staff(&self) -> Context {
        Context::new(Caller::of_account(account(1)), self.fixture.now())
    }

    /// A keeper of the parks department's parks.
    pub fn keeper(&self) -> Context {
        let caller = Caller::of_account(account(2)).with_role("park-keeper").with_departments(vec![self.parks]);
        Context::new(caller, self.fixture.now())
    }

    /// A keeper of the roads department's parks.
    pub fn other_keeper(&self) -> Context {
        let caller = Caller::of_account(account(3)).with_role("park-keeper").with_departments(vec![self.roads]);
        Context::new(caller, self.fixture.now())
    }

    pub fn park(&self, name: &str) -> Draft {
        Draft::new().with("name", name).with("department", Value::Record(self.parks))
    }

    pub async fn names(&self, context: &Context, request: &ListRequest) -> Vec<String> {
        let page = self.ledgers.list(context, "park", request).await.expect("lists");
        page.records.iter().map(|record| record.get("name").as_text().unwrap_or_default().to_owned()).collect()
    }
}

pub fn account(n: u128) -> AccountSummary {
    AccountSummary {
        id: Uuid::from_u128(n),
        login: format!("user{n}"),
        display_name: format!("職員{n}"),
        person: None,
        kind: AccountKind::Staff,
    }
}
