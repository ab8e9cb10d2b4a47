//! Transfer by a connection from inside (庁内からの接続): only the desk opens it.
//!
//! A round is one request: the desk sends a bundle with its parcels and receipts, the portal takes it and answers with its own.
//! Both are signed with the keys that were exchanged by hand, and sealed parcel by parcel; TLS lies around it. A request is
//! taken once, and only while its clock agrees; an answer names the request that it answers. Rounds follow one another until
//! nothing is left. The receipts for what came with an answer go with the next request, after it is durable: whatever dies in
//! between, the portal still has the content, and the desk knows what it has applied.
//!
//! A [`Client`] is made for the desk alone ([`Courier::client`]): the portal has no way to open a connection.

use std::io::Cursor;
use std::time::Duration;

use kawasemi_store::{Sql, Statement, StoreError, Unit};
use reqwest::{Certificate, ClientBuilder, StatusCode, header, redirect};
use serde::Serialize;
use sha2::Sha256;
use url::Url;

use crate::bundle::Manifest;
use crate::courier::{Courier, remember};
use crate::error::{CourierError, Result};
use crate::media::{Room, Unpacked};
use crate::outgoing::INSIDE;
use crate::side::Side;

/// Where the portal takes bundles.
pub const PATH: &str = "/courier/v1/exchange";
/// Parcels and bytes of one round at most; one parcel always fits.
const ROUND: Room = Room { parcels: 200, bytes: 8 * 1024 * 1024 };
/// The largest bundle of a round: the largest parcel, sealed, with a manifest and receipts.
pub const LARGEST: usize = 48 * 1024 * 1024;
/// Rounds after which the next turn goes on.
const ROUNDS: usize = 1000;
/// How long the portal may take to accept the connection, and to answer.
const CONNECTING: Duration = Duration::from_secs(10);
const ANSWERING: Duration = Duration::from_secs(120);
/// For how long answered requests are remembered: longer than their clock is believed.
const REMEMBERED_S: i64 = 15 * 60;
/// Under which names the last success and the last failure are remembered.
pub(crate) const LAST_ROUND: &str = "line";
pub(crate) const LAST_FAILURE: &str = "line-failure";

/// The desk's way to the portal.
#[derive(Clone, Debug)]
pub struct Client {
    client: reqwest::Client,
    url: Url,
}

/// What the rounds of one turn have done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Round {
    /// Requests that were answered.
    pub rounds: usize,
    /// The portal's parcels that were applied.
    pub applied: u64,
    /// The portal's parcels that were refused and are in the list.
    pub refused: u64,
    /// The desk's parcels that the portal has acknowledged.
    pub acknowledged: u64,
}

impl Courier {
    /// The way to a portal, trusting the public authorities and, if given, the hall's own (PEM).
    ///
    /// # Errors
    /// [`CourierError::Refused`] on the portal, which opens no connection, and where the certificate can't be read.
    pub fn client(&self, portal: &Url, authority_pem: Option<&[u8]>) -> Result<Client> {
        if self.side()? != Side::Desk {
            return Err(CourierError::refused("公開側からは接続を開きません。"));
        }
        let url = portal.join(PATH).map_err(|error| CourierError::refused(error.to_string()))?;
        let bad = |error: reqwest::Error| {
            CourierError::refused(format!("courier.authority の証明書を読めません（{error}）。"))
        };
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .user_agent(concat!("kawasemi/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECTING)
            .timeout(ANSWERING);
        if let Some(pem) = authority_pem {
            let certificates = Certificate::from_pem_bundle(pem).map_err(bad)?;
            builder = certificates.into_iter().fold(builder, ClientBuilder::add_root_certificate);
        }
        Ok(Client { client: builder.build().map_err(bad)?, url })
    }

    /// Goes to the portal until nothing is left to fetch, to bring or to acknowledge.
    ///
    /// # Errors
    /// [`CourierError::Line`] where the portal can't be reached; what was done before stays done.
    pub async fn poll(&self, client: &Client) -> Result<Round> {
        if self.city().is_training() {
            return Err(CourierError::refused(INSIDE));
        }
        let mut turn = Round::default();
        let outcome = self.rounds(client, &mut turn).await;
        let note = match &outcome {
            Ok(()) => remember(LAST_ROUND, self.now(), ""),
            Err(error) => remember(LAST_FAILURE, self.now(), &error.to_string()),
        };
        self.city().write(Unit::of([note])).await?;
        outcome.map(|()| turn)
    }

    async fn rounds(&self, client: &Client, turn: &mut Round) -> Result<()> {
        for _ in 0..ROUNDS {
            let request = self.manifest(ROUND).await?;
            let answer = client.send(self.bundle(&request).await?).await?;
            self.mark_sent(&request.parcels).await?;
            let checked = self.checked(Cursor::new(answer)).await?;
            checked.manifest.is_fresh(self.now())?;
            if checked.manifest.reply_to != Some(request.id) {
                return Err(CourierError::refused("公開側の返事が、こちらの問いへのものではありません。"));
            }
            let done = self.take_all(checked).await?;
            turn.rounds += 1;
            turn.applied += done.applied;
            turn.refused += done.refused;
            turn.acknowledged += done.acknowledged;
            if let Some(remark) = done.remarks.first() {
                return Err(CourierError::Line(remark.clone()));
            }
            if is_finished(&request, &done) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Answers a request of the desk. Only a portal does.
    ///
    /// # Errors
    /// [`CourierError::Refused`] with the reason; nothing of the request was taken then.
    pub async fn answer(&self, request: Vec<u8>) -> Result<Vec<u8>> {
        if self.city().is_training() {
            return Err(CourierError::refused(INSIDE));
        }
        if self.side()? != Side::Portal {
            return Err(CourierError::refused("接続で受け渡すのは公開側だけです。"));
        }
        let checked = self.checked(Cursor::new(request)).await?;
        let (asked, at) = (checked.manifest.id, self.now());
        checked.manifest.is_fresh(at)?;
        let once =
            Sql::with("INSERT INTO {courier_nonce} (id, at) VALUES ($1, $2)", [asked.into(), at.as_second().into()]);
        let forgotten =
            Sql::with("DELETE FROM {courier_nonce} WHERE at < $1", [(at.as_second() - REMEMBERED_S).into()]);
        match self.city().write(Unit::of([Statement::any(forgotten), Statement::any(once)])).await {
            Ok(_) => {}
            Err(StoreError::Unique { .. }) => return Err(CourierError::refused("同じ通信がもう一度届きました。")),
            Err(error) => return Err(error.into()),
        }
        let taken = self.take_all(checked).await?;
        self.city().write(Unit::of([remember(LAST_ROUND, at, &taken.remarks.join(" "))])).await?;
        let mut manifest = self.manifest(ROUND).await?;
        manifest.reply_to = Some(asked);
        let bytes = self.bundle(&manifest).await?;
        self.mark_sent(&manifest.parcels).await?;
        Ok(bytes)
    }

    async fn bundle(&self, manifest: &Manifest) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut write = |some: &[u8]| {
            bytes.extend_from_slice(some);
            Ok(())
        };
        self.write_bundle(manifest, &mut <Sha256 as sha2::Digest>::new(), &mut write).await?;
        Ok(bytes)
    }
}

/// Whether another round would bring nothing: the portal sent nothing, and knows everything that it was told.
fn is_finished(request: &Manifest, done: &Unpacked) -> bool {
    done.parcels == 0 && !done.more && !request.more && request.parcels.len() as u64 <= done.acknowledged
}

impl Client {
    /// Sends a bundle and answers what came back.
    async fn send(&self, bundle: Vec<u8>) -> Result<Vec<u8>> {
        let request = self.client.post(self.url.clone()).header(header::CONTENT_TYPE, "application/octet-stream");
        let unreachable = |error: reqwest::Error| {
            CourierError::Line(format!("公開側 {} に届きません（{}）。", self.url, cause(&error)))
        };
        let mut response = request.body(bundle).send().await.map_err(unreachable)?;
        let status = response.status();
        let mut bytes = Vec::new();
        while let Some(some) = response.chunk().await.map_err(unreachable)? {
            if bytes.len() + some.len() > LARGEST {
                return Err(CourierError::Line("公開側の返事が大きすぎます。".to_owned()));
            }
            bytes.extend_from_slice(&some);
        }
        if status == StatusCode::OK {
            return Ok(bytes);
        }
        let said = serde_json::from_slice::<serde_json::Value>(&bytes).ok();
        let said = said.and_then(|said| Some(said.get("detail")?.as_str()?.to_owned())).unwrap_or_default();
        Err(CourierError::Line(format!("公開側が受け取りませんでした（{status}）。{said}")))
    }
}

/// What is at the bottom of an error: the sentence that says why.
fn cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
