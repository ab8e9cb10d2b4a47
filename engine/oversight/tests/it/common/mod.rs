//! A city with a ledger of persons and a ledger of applications that refers to it.

use kawasemi_desk::Site;
use kawasemi_identity::{AccountChange, Context, PRIVACY_OFFICER};
use kawasemi_kernel::{PersonName, RecordId, Value};
use kawasemi_ledger::Draft;
use kawasemi_oversight::Oversight;
use kawasemi_schema::SystemBundle;
use kawasemi_testkit::desk::Setup;
use kawasemi_testkit::{Fixture, TestCity};
use uuid::Uuid;

const SYSTEM: &str = r#"
key = "people"
title = "人"
owner = "civic"
[[role]]
key = "counter"
title = "窓口"
"#;
const PERSON: &str = r#"
key = "person"
title = "人"
owner = "civic"
purpose = "届出の受付のため"
label = ["name"]
retention = { years = 5, basis = "文書管理規程" }
[personal_file]
persons = "届出をした者"
collected_from = "本人の届出"
[subject]
name = "name"
household = "household"
[[field]]
key = "name"
label = "氏名"
type = "person-name"
clearance = "personal"
required = true
[[field]]
key = "household"
label = "世帯番号"
type = "text"
clearance = "personal"
[[field]]
key = "illness"
label = "病名"
type = "text"
clearance = "sensitive"
[[field]]
key = "papers"
label = "添付"
type = "files"
clearance = "personal"
[[grant]]
role = "counter"
actions = ["read", "create", "update", "delete", "export"]
clearance = "sensitive"
reason = "受付のため"
"#;
const APPLICATION: &str = r#"
key = "application"
title = "申請"
owner = "civic"
purpose = "申請の処理のため"
label = ["subject"]
retention = { years = 1, from = "created", basis = "文書管理規程" }
number = { prefix = "申-", digits = 4 }
[[field]]
key = "subject"
label = "件名"
type = "text"
required = true
[[field]]
key = "person"
label = "本人"
type = "reference"
target = "person"
[[field]]
key = "witness"
label = "立会人"
type = "person-name"
clearance = "personal"
[[grant]]
role = "counter"
actions = ["read", "create", "update", "delete", "export"]
clearance = "personal"
reason = "受付のため"
"#;

pub struct Hall {
    pub city: TestCity,
}

impl Hall {
    pub async fn open(fixture: &Fixture) -> Self {
        let files =
            [("system.toml", SYSTEM), ("ledgers/person.toml", PERSON), ("ledgers/application.toml", APPLICATION)];
        let bundle = SystemBundle::read("people", &files).unwrap();
        let site = Site { bundle, calculations: &[], links: Vec::new() };
        Self { city: TestCity::with(fixture, Setup { systems: vec![site], ..Setup::default() }).await }
    }

    pub fn oversight(&self) -> &Oversight {
        &self.city.city.oversight
    }

    pub async fn person(&self, name: &str, household: &str) -> RecordId {
        let name = Value::Name(PersonName { name: name.into(), kana: String::new() });
        let draft = Draft::new().with("name", name).with("household", household).with("illness", "風邪");
        self.city.city.ledgers.create(&self.city.system(), "person", draft).await.unwrap().id
    }

    pub async fn application(&self, subject: &str, person: RecordId, witness: &str) -> RecordId {
        let witness = Value::Name(PersonName { name: witness.into(), kana: String::new() });
        let draft =
            Draft::new().with("subject", subject).with("person", Value::Record(person)).with("witness", witness);
        self.city.city.ledgers.create(&self.city.system(), "application", draft).await.unwrap().id
    }

    /// Somebody with these roles, as they call an engine after signing in.
    pub async fn somebody(&self, login: &str, roles: &[&str]) -> (Uuid, Context) {
        let account = self.city.account(login, roles).await;
        let caller = self.city.city.identity.caller_of(&self.city.system(), account).await.unwrap();
        let mut context = Context::new(caller, self.city.system().act.at);
        context.address = "10.0.0.7".into();
        context.request = Some(format!("r-{login}"));
        (account, context)
    }

    pub async fn officer(&self, login: &str) -> Context {
        self.somebody(login, &[PRIVACY_OFFICER]).await.1
    }

    /// The same caller, now.
    pub fn now(&self, context: &Context) -> Context {
        let mut now = context.clone();
        now.act.at = self.city.system().act.at;
        now
    }

    /// Says who somebody of the staff is.
    pub async fn is_person(&self, account: Uuid, person: RecordId) {
        let change = AccountChange { person: Some(Some(person)), ..AccountChange::default() };
        self.city.city.identity.update_account(&self.city.system(), account, change).await.unwrap();
    }
}
