//! A city hall with somebody of every kind in it, and something of every kind to be found.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures::stream;
use jiff::SignedDuration;
use kawasemi_desk::routes::Route;
use kawasemi_identity::maintenance::NewMaintenance;
use kawasemi_identity::outside::ROLE_PREFIX;
use kawasemi_identity::{AccountKind, Context, NewAccount, NewToken, RoleAssignment};
use kawasemi_kernel::{FileRef, PersonName, RecordId, Value};
use kawasemi_ledger::bulk::{BulkAct, Targets};
use kawasemi_ledger::views::ViewDraft;
use kawasemi_ledger::{Draft, ListRequest};
use kawasemi_schema::SystemBundle;
use kawasemi_store::Sql;
use kawasemi_testkit::desk::{Answer, Browser, PASSWORD, Setup};
use kawasemi_testkit::{Fixture, TestCity};
use kawasemi_webhook::Subscription;
use uuid::Uuid;

/// A system with a ledger of which nobody knows but its keepers and readers, each of their own department's records.
const SYSTEM: &str = r#"
key = "walk"
title = "歩き"
owner = "parks"
[[role]]
key = "walk-keeper"
title = "公園の担当"
[[role]]
key = "walk-reader"
title = "公園を見る人"
"#;
const LEDGER: &str = r#"
key = "walk-park"
title = "歩きの公園"
owner = "parks"
purpose = "公園の管理のため"
label = ["name"]
retention = { basis = "規程" }
number = { prefix = "公-", digits = 4 }
[list]
columns = ["name"]
sort = ["name"]
calendar = "opened_on"
[[field]]
key = "name"
label = "公園名"
type = "text"
required = true
[[field]]
key = "opened_on"
label = "開園日"
type = "date"
[[field]]
key = "department"
label = "所管"
type = "reference"
target = "department"
required = true
[[field]]
key = "papers"
label = "図面"
type = "files"
[[grant]]
role = "walk-keeper"
actions = ["read", "create", "update", "delete", "import", "export", "design"]
rows = "department IN (user.departments)"
clearance = "internal"
[[grant]]
role = "walk-reader"
actions = ["read"]
rows = "department IN (user.departments)"
clearance = "internal"
"#;

/// How somebody comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    Visitor,
    Session,
    Token,
    ReadToken,
    /// With a cookie or token that worked once.
    Ended,
}

/// Somebody who asks.
pub struct Caller {
    pub name: String,
    pub via: Via,
    pub roles: Vec<String>,
    pub department: Option<RecordId>,
    browser: Browser,
    bearer: Option<String>,
}

impl Caller {
    pub fn has(&self, role: &str) -> bool {
        self.roles.iter().any(|held| held == role)
    }

    pub fn is_somebody(&self) -> bool {
        !matches!(self.via, Via::Visitor | Via::Ended)
    }

    /// Whether the caller has nothing but a token that no longer works, which is told before anything else.
    pub fn has_dead_token(&self) -> bool {
        self.via == Via::Ended && self.bearer.is_some()
    }

    /// Asks for an address. A form is sent with every entry that any form of the site reads, so that what is refused is
    /// refused for who asks and not for what is missing.
    pub async fn ask(&self, route: &Route, path: &str) -> Answer {
        let is_program = path.starts_with("/api") || path.starts_with("/auth/passkey");
        let mut request = self.browser.request(route.method.as_str(), path);
        request = request.header("accept", if is_program { "application/json" } else { "text/html" });
        match &self.bearer {
            Some(token) => request = request.header("authorization", format!("Bearer {token}")),
            None => request = request.header("sec-fetch-site", "same-origin"),
        }
        let body = match (route.method.as_str(), is_program) {
            ("GET", _) => Body::empty(),
            (_, true) => {
                request = request.header("content-type", "application/json").header("if-match", "\"1\"");
                Body::from(r#"{"name":"書き換え","opened_on":"2020-01-01"}"#)
            }
            (_, false) => {
                request = request.header("content-type", "application/x-www-form-urlencoded");
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(ENTRIES);
                Body::from(form.finish())
            }
        };
        self.browser.send(request.body(body)).await
    }
}

/// What the records of the walk hold: a name, and the text of a file.
pub const CONTENT: [&str; 2] = ["城山公園", "plan of the north gate"];

const ENTRIES: [(&str, &str); 23] = [
    ("login", "intruder"),
    ("display_name", "書き換え"),
    ("kind", "staff"),
    ("role", "admin"),
    ("name", "書き換え"),
    ("title", "書き換え"),
    ("owner", "parks"),
    ("purpose", "試験"),
    ("lines", "名称"),
    ("toml", "key = \"x\""),
    ("revision", "1"),
    ("_revision", "1"),
    ("to", "1"),
    ("reason", "試験"),
    ("fy", "2026"),
    ("year", "2026"),
    ("mode", "import"),
    ("column", "name"),
    ("merge", ""),
    ("_all", "1"),
    ("_step", "do"),
    ("until", "2030-01-01"),
    ("ledger", "staff"),
];

/// Where there is something, by the names that routes give it.
pub type Place = BTreeMap<&'static str, String>;

/// The hall.
pub struct Hall {
    pub city: TestCity,
    pub callers: Vec<Caller>,
    pub parks: RecordId,
    pub roads: RecordId,
    owner: Context,
    owners_browser: Browser,
}

/// A city with all systems and the one above. Roles are answered with it.
async fn city(fixture: &Fixture) -> (TestCity, Vec<String>) {
    let bundle = SystemBundle::read("walk", &[("system.toml", SYSTEM), ("ledgers/walk-park.toml", LEDGER)]);
    let mut own = kawasemi_platform::System::new(bundle.expect("the system is well defined"));
    own.calculations = &kawasemi_registry::calculations::CALCULATIONS;
    let mut systems = crate::systems::all().expect("the systems are well defined");
    systems.push(own);
    let offer = crate::systems::Offer::of(&systems);
    // Roles for outsiders are given to no member of the staff.
    let declared = offer.roles.iter().filter(|role| !role.key.starts_with(ROLE_PREFIX));
    let built_in = ["admin", "auditor", "privacy-officer"].map(str::to_owned);
    let roles = declared.map(|role| role.key.clone()).chain(built_in).collect();
    let mut setup = Setup { calculators: offer.calculators, ..Setup::default() };
    super::show(&mut setup, systems);
    (TestCity::with(fixture, setup).await, roles)
}

impl Hall {
    pub async fn new(fixture: &Fixture) -> Self {
        let (city, roles) = city(fixture).await;
        let parks = department(&city, "みどり公園課").await;
        let roads = department(&city, "道路管理課").await;
        let mut callers = vec![visitor(&city), ended(&city, parks).await];
        callers.push(disabled(&city, parks, false).await);
        callers.push(disabled(&city, parks, true).await);
        callers.extend(staff(&city, "nobody", &[], None).await);
        for (n, role) in roles.iter().enumerate() {
            // Not called after the role: what stands in an address is masked in the answers.
            let name = format!("clerk{n}");
            callers.extend(staff(&city, &name, &[role], Some(parks)).await);
        }
        callers.extend(staff(&city, "other", &["walk-keeper"], Some(roads)).await);
        let (owner, owners_browser) = session(&city, "owner", &["walk-keeper"], Some(parks)).await;
        let owner = city.city.identity.caller_of(&city.system(), owner).await.expect("the owner is there");
        let owner = Context::new(owner, city.system().act.at);
        Self { city, callers, parks, roads, owner, owners_browser }
    }

    /// A new place with something of everything in it that an address names: a record of a department, an account, a
    /// view, an import. What the address does not name is nowhere.
    pub async fn place(&self, department: RecordId, path: &str) -> Place {
        let names = |name: &str| path.contains(&format!("{{{name}}}"));
        let (identity, system) = (&self.city.city.identity, self.city.system());
        let stranger = self.city.account(&format!("stranger-{}", self.city.desk.ids().next()), &[]).await;
        let role = RoleAssignment::of("organisation-editor");
        let grants = self.city.city.ledgers.grants().expect("the grants are compiled");
        let assigned = identity.assign_role(&system, grants.roles(), stranger, role).await.expect("it is assigned");
        let new = NewToken { name: "連携".into(), expires_at: None, read_only: true };
        identity.create_token(&system, stranger, new).await.expect("a token is made");
        let tokens = identity.tokens_of(&system, stranger).await.expect("tokens are listed");
        if identity.sessions_of(&system, self.owner_id()).await.expect("sessions are listed").is_empty() {
            // An administrator has ended it.
            self.owners_browser.post("/auth/sign-in", &[("login", "owner"), ("password", PASSWORD)]).await;
        }
        let sessions = identity.sessions_of(&system, self.owner_id()).await.expect("sessions are listed");
        let (id, file) = self.record(department).await;
        let mut place = super::nowhere();
        if names("view") {
            place.insert("view", self.view(id).await);
        }
        if path.starts_with("/desk/admin/webhooks") {
            place.insert("webhook", self.webhook().await);
        }
        if path.starts_with("/desk/admin/maintenance") {
            place.insert("maintenance", self.maintenance().await);
        }
        if path.starts_with("/desk/admin/devices") {
            identity.register_device(&system, "市民課 1番窓口").await.expect("it is registered");
            let devices = identity.devices(&system).await.expect("they are listed");
            place.insert("device", devices[0].id.to_string());
        }
        if names("other") {
            for key in ["one", "other"] {
                let name = Value::Name(PersonName { name: "歩く 試験".to_owned(), kana: String::new() });
                let draft = Draft::new().with("kind", "person").with("name", name);
                let party = self.city.city.ledgers.create(&system, "party", draft).await.expect("a party is added");
                place.insert(key, party.id.to_string());
            }
        }
        let oversight = &self.city.city.oversight;
        if names("disposal") {
            let proposed = oversight.propose_erasure(&system, "walk-park", id, "試験", "試験").await;
            place.insert("disposal", proposed.expect("an erasure is proposed").to_string());
        }
        if names("hold") {
            let hold = oversight.hold(&system, "walk-park", Some(id), None, "試験").await;
            place.insert("hold", hold.expect("a record is held").to_string());
        }
        if names("stop") {
            let stop = oversight.stop_use(&system, "walk-park", id, "試験", "試験").await;
            place.insert("stop", stop.expect("the use is stopped").to_string());
        }
        if names("batch") {
            place.insert("batch", self.batch().await);
        }
        if names("run") {
            place.insert("run", self.run().await);
        }
        place.extend([
            ("ledger", "walk-park".to_owned()),
            ("id", id.to_string()),
            ("file", file.to_string()),
            ("account", stranger.to_string()),
            ("assigned", assigned.to_string()),
            ("token", tokens[0].id.to_string()),
            ("session", sessions[0].id.0.to_string()),
            ("role", "walk-keeper".to_owned()),
            ("name", kawasemi_registry::calculations::CALCULATIONS[0].key.to_owned()),
        ]);
        place
    }

    /// A way to look at the ledger that the owner has saved for themselves.
    async fn view(&self, id: RecordId) -> String {
        let title = format!("自分の見方{id}");
        let draft = ViewDraft { title, filter: Some("name = 'x'".into()), ..ViewDraft::default() };
        let view = self.city.city.ledgers.save_view(&self.owner, "walk-park", draft).await;
        view.expect("a view is saved").to_string()
    }

    fn owner_id(&self) -> Uuid {
        self.owner.caller.account.as_ref().expect("the owner has an account").id
    }

    async fn record(&self, department: RecordId) -> (RecordId, Uuid) {
        let content = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"%PDF-1.7 plan of the north gate"))]);
        let id = self.city.desk.ids().next();
        let stored = self.city.city.files.put(id, "図面.pdf", u64::MAX, content).await.expect("the file is kept");
        let (media_type, size, sha256) = (stored.kind.media_type.to_owned(), stored.size, stored.sha256);
        let file = FileRef { id, name: "図面.pdf".into(), media_type, size, sha256 };
        let mut draft = Draft::new().with("name", "城山公園").with("department", Value::Record(department));
        draft.attach("papers", file);
        let saved = self.city.city.ledgers.create(&self.city.system(), "walk-park", draft).await;
        (saved.expect("the record is added").id, id)
    }

    /// A webhook to where nobody listens, which tells what the owner may see.
    async fn webhook(&self) -> String {
        let wanted = Subscription {
            title: "連携".into(),
            ledger: "walk-park".into(),
            url: "http://127.0.0.1:9/".into(),
            kinds: Vec::new(),
            filter: None,
            account: self.owner_id(),
            with_fields: false,
        };
        self.city.city.webhooks.add(&self.city.system(), wanted).await.expect("a webhook is made").0.to_string()
    }

    /// Maintenance that the program asked for.
    async fn maintenance(&self) -> String {
        let (identity, context) = (&self.city.city.identity, self.city.system().because("試験"));
        let new = NewAccount::staff(format!("vendor-{}", self.city.desk.ids().next()));
        let vendor = identity.add_account(&context, NewAccount { kind: AccountKind::Vendor, ..new }).await;
        let from = context.act.at;
        let new = NewMaintenance {
            account: vendor.expect("the account is added"),
            ticket: "INC-1".into(),
            roles: Vec::new(),
            from,
            until: from + SignedDuration::from_hours(1),
            hours: None,
        };
        let grants = self.city.city.ledgers.grants().expect("the grants are compiled");
        identity.request_maintenance(&context, grants.roles(), new).await.expect("it is asked for").to_string()
    }

    /// A bulk change of the owner's, which could be undone.
    async fn batch(&self) -> String {
        let fresh = self.record(self.parks).await.0;
        let act = BulkAct::Update(Draft::new().with("name", "まとめて"));
        let ticked = Targets::Ticked(vec![(fresh, 1)]);
        let report = self.city.city.ledgers.bulk(&self.owner, "walk-park", &ticked, &act, &|_| {}).await;
        report.expect("the change is done").batch.expect("there is a batch").to_string()
    }

    /// An import of the owner's, which was tried.
    async fn run(&self) -> String {
        let head = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n";
        let body = format!("{head}公園名\r\n新しい公園\r\n\r\n--x--\r\n");
        let browser = &self.owners_browser;
        let request = browser.request("POST", "/desk/ledgers/walk-park/import").header("accept", "text/html");
        let request =
            request.header("content-type", "multipart/form-data; boundary=x").header("sec-fetch-site", "same-origin");
        let sent = browser.send(request.body(Body::from(body))).await;
        let file = browser.get(sent.location()).await.input("file").expect("the file is carried along");
        let entries = [("file", file.as_str()), ("mode", "dry"), ("merge", ""), ("column", "name")];
        let run = browser.post("/desk/ledgers/walk-park/import/run", &entries).await;
        // What goes on by itself would change tables while somebody else is watched.
        let running = || Sql::with("SELECT id FROM {import_run} WHERE state = 'running'", []);
        while self.city.city.city.read_one(running()).await.expect("reads").is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        run.location().rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// Deletes a record, so that there is something to bring back.
    pub async fn delete(&self, place: &Place) {
        let id = place["id"].parse().expect("an id");
        let deleted = self.city.city.ledgers.delete(&self.city.system(), "walk-park", id, 1).await;
        deleted.expect("the record is deleted");
    }

    /// Lets a caller whose session has ended by what they did sign in again.
    pub async fn come_back(&self, caller: &Caller) {
        if caller.via == Via::Session && caller.browser.get("/desk/account").await.status != 200 {
            let login = [("login", caller.name.as_str()), ("password", PASSWORD)];
            let answer = caller.browser.post("/auth/sign-in", &login).await;
            assert_eq!(answer.status, 303, "{} comes back: {}", caller.name, answer.text);
        }
    }

    /// What is kept in the city, but for what changes by merely asking: when somebody was last seen, attempts, the logs of
    /// sign-in and of reading.
    pub async fn kept(&self) -> BTreeMap<String, String> {
        const PASSING: [&str; 10] = [
            "session",
            "attempt",
            "ceremony",
            "identity_event",
            "access_log",
            "ledger_use",
            "log_seal",
            "access_day",
            "access_reader",
            "access_subject",
        ];
        let catalogue = self.city.city.city.catalogue();
        let own = catalogue.iter().flat_map(|ledger| ledger.tables.iter().map(|table| table.name.clone()));
        let engines = kawasemi_identity::tables::tables().into_iter().chain(kawasemi_ledger::tables());
        let engines = engines.chain(kawasemi_oversight::engine().tables);
        let names = own.chain(engines.map(|table| table.name)).chain(["audit", "batch", "outbox"].map(str::to_owned));
        let mut kept = BTreeMap::new();
        for name in names.filter(|name| !PASSING.contains(&name.as_str())) {
            let columns = if name == "api_token" { "id" } else { "*" };
            let rows = self.city.city.city.read(Sql::with(&format!("SELECT {columns} FROM {{{name}}}"), [])).await;
            let mut rows: Vec<String> = rows.expect("a table is read").iter().map(|row| format!("{row:?}")).collect();
            rows.sort();
            kept.insert(name, rows.join("\n"));
        }
        kept
    }

    /// The records that a list shows to the program itself.
    pub async fn records(&self) -> usize {
        let page = self.city.city.ledgers.list(&self.city.system(), "walk-park", &ListRequest::all()).await;
        page.expect("the ledger is read").records.len()
    }
}

fn visitor(city: &TestCity) -> Caller {
    let browser = city.visitor();
    Caller { name: "visitor".into(), via: Via::Visitor, roles: Vec::new(), department: None, browser, bearer: None }
}

/// Somebody who signed in yesterday.
async fn ended(city: &TestCity, department: RecordId) -> Caller {
    let (_, browser) = session(city, "yesterday", &["walk-keeper", "admin"], Some(department)).await;
    city.clock.advance(SignedDuration::from_hours(13));
    Caller { name: "yesterday".into(), via: Via::Ended, roles: Vec::new(), department: None, browser, bearer: None }
}

/// Somebody whose account was disabled while they were signed in, or had given a program a token.
async fn disabled(city: &TestCity, department: RecordId, by_token: bool) -> Caller {
    let name = format!("disabled-{by_token}");
    let (account, browser) = session(city, &name, &["walk-keeper", "admin"], Some(department)).await;
    let bearer = if by_token { Some(token(city, account, false).await) } else { None };
    city.city.identity.disable_account(&city.system(), account).await.expect("the account is disabled");
    let browser = if by_token { city.visitor() } else { browser };
    Caller { name, via: Via::Ended, roles: Vec::new(), department: None, browser, bearer }
}

/// A member of the staff in a browser, and as the programs to which they gave a token.
async fn staff(city: &TestCity, name: &str, roles: &[&str], department: Option<RecordId>) -> Vec<Caller> {
    let (account, browser) = session(city, name, roles, department).await;
    let caller = |via, browser, bearer| Caller {
        name: if via == Via::Session { name.to_owned() } else { format!("{name} {via:?}") },
        via,
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        department,
        browser,
        bearer,
    };
    vec![
        caller(Via::Session, browser, None),
        caller(Via::Token, city.visitor(), Some(token(city, account, false).await)),
        caller(Via::ReadToken, city.visitor(), Some(token(city, account, true).await)),
    ]
}

async fn session(city: &TestCity, name: &str, roles: &[&str], department: Option<RecordId>) -> (Uuid, Browser) {
    let browser = city.sign_in(name, &[]).await;
    let (identity, context) = (&city.city.identity, city.system());
    let account = identity.lookup_account(&context, name).await.expect("it is read").expect("it is there").summary.id;
    let grants = city.city.ledgers.grants().expect("the grants are compiled");
    for role in roles {
        let assignment = RoleAssignment { department, ..RoleAssignment::of(*role) };
        let assigned = identity.assign_role(&context, grants.roles(), account, assignment).await;
        assigned.expect("the role is assigned");
    }
    (account, browser)
}

async fn token(city: &TestCity, account: Uuid, read_only: bool) -> String {
    let new = NewToken { name: format!("連携 {read_only}"), expires_at: None, read_only };
    city.city.identity.create_token(&city.system(), account, new).await.expect("a token is made")
}

async fn department(city: &TestCity, name: &str) -> RecordId {
    let draft = Draft::new().with("code", name).with("name", name).with("level", "section");
    let draft = draft.with("first_fiscal_year", Value::Int(2015));
    city.city.ledgers.create(&city.system(), "department", draft).await.expect("the department is added").id
}
