//! A city with parks, and a receiver that a test can make well, slow, broken or gone.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use kawasemi_desk::Site;
use kawasemi_kernel::Clock as _;
use kawasemi_kernel::context::SystemClock;
use kawasemi_kernel::{RecordId, Value};
use kawasemi_ledger::Draft;
use kawasemi_schema::SystemBundle;
use kawasemi_store::City;
use kawasemi_store::jobs::Handlers;
use kawasemi_store::record::write::Kind;
use kawasemi_testkit::certificates::Certificates;
use kawasemi_testkit::desk::Setup;
use kawasemi_testkit::{Fixture, TestCity};
use kawasemi_webhook::{Delivery, Destinations, Parts, Sender, Subscription, TOPIC, Webhook, Webhooks};
use serde_json::Value as Json;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use uuid::Uuid;

const SYSTEM: &str = r#"
key = "parks"
title = "公園"
owner = "parks"
[[role]]
key = "park-link"
title = "公園の連携"
"#;

const PARK: &str = r#"
key = "park"
title = "公園"
owner = "parks"
purpose = "公園の管理のため"
label = ["name"]
retention = { basis = "都市公園法" }
field = [
  { key = "name", label = "名称", type = "text", required = true, clearance = "public" },
  { key = "closed", label = "閉園", type = "yes-no" },
  { key = "note", label = "備考", type = "text" },
  { key = "keeper", label = "協力者", type = "text", clearance = "personal" },
]
[[grant]]
role = "park-link"
actions = ["read"]
rows = "closed IS NULL OR closed = FALSE"
clearance = "internal"
"#;

/// What a receiver got.
#[derive(Clone, Debug)]
pub struct Received {
    pub headers: HeaderMap,
    pub body: String,
}

impl Received {
    pub fn id(&self) -> &str {
        self.headers["webhook-id"].to_str().expect("is ASCII")
    }

    pub fn json(&self) -> Json {
        serde_json::from_str(&self.body).expect("the body is JSON")
    }

    /// Kind and present name of each change, or only the kind.
    pub fn changes(&self) -> Vec<(String, Option<String>)> {
        let json = self.json();
        let changes = json["data"]["changes"].as_array().expect("changes").clone();
        let text = |value: &Json| value.as_str().map(str::to_owned);
        changes.iter().map(|change| (text(&change["kind"]).expect("a kind"), text(&change["record"]["name"]))).collect()
    }

    /// Whether the signature is right, by the convention's own library.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let verifier = standardwebhooks::Webhook::new(secret).expect("a secret");
        verifier.verify(self.body.as_bytes(), &self.headers).is_ok()
    }
}

/// How a receiver answers.
#[derive(Clone, Debug)]
pub enum Answer {
    Status(u16),
    Redirect(String),
    Slowly(Duration),
}

#[derive(Clone, Default)]
struct Desk {
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
}

/// Another system, on this machine.
pub struct Receiver {
    pub address: SocketAddr,
    desk: Desk,
}

impl Receiver {
    pub async fn start() -> Self {
        let desk = Desk::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let app = Router::new().fallback(receive).with_state(desk.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, desk }
    }

    /// One that accepts encrypted connections only.
    pub async fn start_secured(certificates: &Certificates) -> Self {
        let desk = Desk::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let app = Router::new().fallback(receive).with_state(desk.clone());
        let secured = Secured { listener, acceptor: certificates.acceptor() };
        tokio::spawn(async move { axum::serve(secured, app).await });
        Self { address, desk }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    /// The address of one that was started secured.
    pub fn secured_url(&self) -> String {
        format!("https://localhost:{}/hooks", self.address.port())
    }

    /// The next requests are answered so; those after them well.
    pub fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        self.desk.answers.lock().expect("no panic").extend(answers);
    }

    pub fn received(&self) -> Vec<Received> {
        self.desk.received.lock().expect("no panic").clone()
    }
}

/// Connections that are encrypted; what is not is dropped.
struct Secured {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for Secured {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((socket, address)) = self.listener.accept().await else { continue };
            if let Ok(socket) = self.acceptor.accept(socket).await {
                return (socket, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

async fn receive(State(desk): State<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    let body = String::from_utf8(body.to_vec()).expect("text");
    desk.received.lock().expect("no panic").push(Received { headers, body });
    let answer = desk.answers.lock().expect("no panic").pop_front();
    match answer {
        None => StatusCode::NO_CONTENT.into_response(),
        Some(Answer::Status(status)) => StatusCode::from_u16(status).expect("a status").into_response(),
        Some(Answer::Redirect(to)) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Some(Answer::Slowly(wait)) => {
            tokio::time::sleep(wait).await;
            StatusCode::OK.into_response()
        }
    }
}

/// A city whose changes are told.
pub struct Hall {
    pub city: TestCity,
    pub webhooks: Webhooks,
    pub handlers: Handlers,
    pub link: Uuid,
}

impl Hall {
    pub async fn open(fixture: &Fixture) -> Self {
        Self::with(fixture, sender(Destinations::default().with_loopback())).await
    }

    pub async fn with(fixture: &Fixture, sender: Sender) -> Self {
        let files = [("system.toml", SYSTEM), ("ledgers/park.toml", PARK)];
        let bundle = SystemBundle::read("parks", &files).expect("the parks are well defined");
        let site = Site { bundle, calculations: &[], links: Vec::new() };
        let city = TestCity::with(fixture, Setup { systems: vec![site], ..Setup::default() }).await;
        // The receiver's library looks at the machine's clock.
        city.clock.advance(city.clock.now().duration_until(SystemClock.now()));
        let link = city.account("link", &["park-link"]).await;
        let webhooks = webhooks(&city, fixture, sender);
        city.seal().await;
        let handlers = Handlers::default().with(TOPIC, Delivery(webhooks.clone()));
        Self { city, webhooks, handlers, link }
    }

    pub fn subscription(&self, url: &str) -> Subscription {
        Subscription {
            title: "GIS".into(),
            ledger: "park".into(),
            url: url.into(),
            kinds: Vec::new(),
            filter: None,
            account: self.link,
            with_fields: true,
        }
    }

    pub async fn add(&self, wanted: Subscription) -> (Uuid, String) {
        self.webhooks.add(&self.city.system(), wanted).await.expect("the webhook is made")
    }

    pub async fn get(&self, id: Uuid) -> Webhook {
        self.webhooks.get(&self.city.system(), id).await.expect("the webhook is there")
    }

    pub async fn park(&self, name: &str) -> RecordId {
        self.city
            .city
            .ledgers
            .create(&self.city.system(), "park", Draft::new().with("name", name))
            .await
            .expect("is made")
            .id
    }

    pub async fn set(&self, id: RecordId, revision: i64, key: &str, value: impl Into<Value>) {
        let draft = Draft::new().with(key, value);
        self.city.city.ledgers.update(&self.city.system(), "park", id, revision, draft).await.expect("is changed");
    }

    /// What the upkeep and the worker do by themselves: seal, make messages, send what is due.
    pub async fn round(&self) {
        self.city.seal().await;
        self.webhooks.pump().await.expect("messages are made");
        self.work().await;
    }

    pub async fn work(&self) {
        while self.handlers.work_once(self.store(), &*self.city.clock, 20).await.expect("jobs are done") > 0 {}
    }

    pub fn store(&self) -> &City {
        &self.city.city.city
    }

    pub async fn jobs(&self, state: &str) -> usize {
        self.store().jobs(state, 100).await.expect("jobs").len()
    }
}

pub fn sender(destinations: Destinations) -> Sender {
    Sender::within(destinations, None, Duration::from_millis(700)).expect("a sender")
}

pub fn webhooks(city: &TestCity, fixture: &Fixture, sender: Sender) -> Webhooks {
    let (ledgers, identity) = (city.city.ledgers.clone(), city.city.identity.clone());
    let (sealer, ids, clock) = (fixture.sealer.clone(), fixture.ids.clone(), city.clock.clone());
    Webhooks::new(Parts { ledgers, identity, sealer, ids, clock, sender })
}

pub fn only(kind: Kind) -> Vec<Kind> {
    vec![kind]
}
