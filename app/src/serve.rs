//! `kawasemi serve`: the pages and the API, until somebody says stop ([`Stopping`]).

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::Context as _;
use kawasemi_desk::operations::Watched;
use kawasemi_desk::{CityDesk, Desk, Opener, Pages, Problem, Role, Settings, Site, router};
use kawasemi_identity::Provider;
use kawasemi_store::schema::Allow;
use kawasemi_store::{Access, Store, StoreError};
use tokio::net::TcpListener;

use crate::demo;
use crate::operations::{Asked, Knowledge};
use crate::shell::{OpenCity, Shell};
use crate::stopping::{Limits, Stopping};
use crate::upkeep::Upkeep;
use crate::verbs::keys;

/// Runs the verb: opens the installation, listens, and serves until a signal says stop.
///
/// # Errors
/// When the installation is served already, a city's definitions need `schema apply`, or the port is taken.
pub async fn run(shell: Shell) -> anyhow::Result<()> {
    let listen = shell.config.listen;
    let stopping = Stopping::listen(shell.output)?;
    let limits = Limits::within(shell.config.stop_within);
    let store = shell.store(Access::Serve).await?;
    let listener = TcpListener::bind(listen).await.with_context(|| {
        format!("{listen} で待ち受けられません。ほかのプログラムが使っていないか、--listen を確かめてください。")
    })?;
    tell_concerns(&store).await;
    let is_demo = open_first(&shell, &store).await?;
    // Who tries the program out has a receiver on the same machine; nobody else may make it speak to that machine.
    let shell = Arc::new(if is_demo && listen.ip().is_loopback() { shell.with_loopback()? } else { shell });
    announce(&shell, listener.local_addr()?, is_demo)?;
    let upkeep = Upkeep::new(Arc::clone(&shell));
    let knowledge = Knowledge::new(Arc::clone(&shell), store.clone());
    let (sites, pages) = sites()?;
    let sanitizing = &shell.config.sanitizing;
    let settings = Settings {
        https: shell.config.https,
        demo: is_demo,
        upload_limit: shell.config.upload_limit,
        behind_proxy: shell.config.behind_proxy,
        sanitizer: sanitizing.at_desk.then(|| sanitizing.sanitizer.clone()),
        default_city: shell.config.city.map(|code| code.to_string()),
        printer: shell.printer(),
        role: shell.config.role,
        map: shell.config.map.clone(),
        operations: Some(Watched(Arc::new(Asked(Arc::clone(&knowledge))))),
    };
    let opener = Box::new(CityOpener {
        shell: Arc::clone(&shell),
        upkeep: Arc::clone(&upkeep),
        knowledge: Arc::clone(&knowledge),
    });
    let desk = Desk::new(store.clone(), shell.clock.clone(), shell.ids.clone(), sites, settings, opener);
    upkeep.open_all(desk.clone());
    upkeep.also(|ending| knowledge.keep(ending));
    let app = router(desk.clone(), pages).into_make_service_with_connect_info::<SocketAddr>();
    let (told, overdue) = (stopping.clone(), stopping.clone());
    let finishing = async move {
        told.told().await;
        // Streams would go on for as long as their readers like.
        desk.close();
    };
    let serving = axum::serve(listener, app).with_graceful_shutdown(finishing);
    tokio::select! {
        served = serving.into_future() => served?,
        () = overdue.told_for(limits.requests) => {
            tracing::warn!(seconds = limits.requests.as_secs_f64(), "requests that did not end in time are cut off");
        }
    }
    upkeep.end(&limits).await;
    if tokio::time::timeout(limits.closing, store.close()).await.is_err() {
        tracing::warn!("the databases were not closed in time; nothing that was accepted is lost");
    }
    tracing::info!(seconds = stopping.since().as_secs_f64(), "stopped: what was accepted is written");
    Ok(())
}

/// Tells what of the database's servers an operator should look at, such as a standby for which no commit waits.
async fn tell_concerns(store: &Store) {
    match store.replication().await {
        Ok(Some(found)) => {
            let servers: Vec<String> =
                found.servers.iter().map(|server| format!("{} {:?}", server.name, server.role)).collect();
            tracing::info!(
                servers = servers.join(", "),
                timeline = found.timeline,
                synchronous = found.is_synchronous(),
                "the database's servers"
            );
            found.concerns().iter().for_each(|concern| tracing::warn!(%concern, "the database's servers need a look"));
        }
        Ok(None) => {}
        // A server of another make may not know what it is asked.
        Err(error) => tracing::warn!(%error, detail = error.detail(), "nothing is known of the database's standbys"),
    }
}

/// Opens the city that will be asked for first, so that a mistake in its definitions is told now and not to the first
/// visitor. Cities of an installation with several open when they are asked for. Answers whether it is a demo.
async fn open_first(shell: &Shell, store: &Store) -> anyhow::Result<bool> {
    let cities = store.cities().await?;
    anyhow::ensure!(!cities.is_empty(), "市がまだありません。kawasemi init か kawasemi demo で作ってください。");
    let mut is_demo = false;
    for info in cities.iter().take(1) {
        let city = store.open_city(&info.code).await?;
        let outlook = shell.publish(&city, Vec::new(), Allow::Additions).await?;
        shell.tell_held(&outlook.held);
        is_demo = demo::is_demo(&city);
    }
    Ok(is_demo)
}

/// Says where the city is, to the person on standard error, or to a program that waits for it on standard output.
fn announce(shell: &Shell, address: SocketAddr, is_demo: bool) -> anyhow::Result<()> {
    if shell.output.json {
        let said = serde_json::json!({ "listen": address.to_string(), "version": env!("CARGO_PKG_VERSION") });
        shell.output.answer(&said)?;
    }
    let host = if address.ip().is_loopback() || address.ip().is_unspecified() {
        "localhost".to_owned()
    } else {
        address.ip().to_string()
    };
    let base = format!("http://{host}:{}", address.port());
    let places = [
        (shell.config.role != Role::Desk, format!("\n  市民の入口  {base}/")),
        (shell.config.role != Role::Portal, format!("\n  職員の机    {base}/desk")),
        (shell.config.role != Role::Desk, format!("\n  方針の盤    {base}/board")),
    ];
    let places: String = places.into_iter().filter(|(serves, _)| *serves).map(|(_, place)| place).collect();
    shell.output.remark(format!("カワセミを提供しています（止めるには Ctrl+C）。{places}"));
    if is_demo && shell.config.role != Role::Portal {
        demo::sign_ins().for_each(|line| shell.output.remark(line));
        if !address.ip().is_loopback() {
            tracing::warn!(%address, "a demo city with published passwords is served beyond this machine");
        }
    }
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "serving");
    Ok(())
}

/// What the systems show, and their pages.
fn sites() -> anyhow::Result<(Vec<Site>, Pages)> {
    let mut sites = Vec::new();
    let mut pages = Pages::new();
    for system in crate::systems::all()? {
        let (site, own) = system.into_site();
        sites.push(site);
        pages = pages.merge(own);
    }
    Ok((sites, pages))
}

/// Opens cities for the desk.
struct CityOpener {
    shell: Arc<Shell>,
    upkeep: Arc<Upkeep>,
    knowledge: Arc<Knowledge>,
}

impl Opener for CityOpener {
    fn open<'a>(
        &'a self,
        store: &'a Store,
        code: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<CityDesk, Problem>> + Send + 'a>> {
        Box::pin(async move {
            self.city_desk(store, code).await.map_err(|error| {
                // What may pass is told as such, and the city is opened by the next visitor.
                if let Some(error) = error.downcast_ref::<StoreError>().filter(|error| error.is_away()) {
                    return error.clone().into();
                }
                let error: Box<dyn std::error::Error + Send + Sync> = error.into();
                Problem::internal(&*error)
            })
        })
    }
}

impl CityOpener {
    async fn city_desk(&self, store: &Store, code: &str) -> anyhow::Result<CityDesk> {
        let shell = &self.shell;
        let city = store.open_city(code).await?;
        shell.publish(&city, Vec::new(), Allow::Additions).await?;
        let sealer = shell.sealer(code)?;
        let open = shell.engines(city)?;
        keys::renew(&open).await?;
        let (files, keeper) = (shell.files(code)?, shell.keeper(code)?);
        // What a restored backup has brought back is erased again before anybody can look at it.
        open.oversight.repeat_erasures().await?;
        self.upkeep.watch(open.clone());
        self.knowledge.watch(open.clone());
        let config = code.parse().ok().and_then(|code| shell.config.providers.get(&code));
        let provider = config.cloned().map(Provider::new).transpose()?;
        let OpenCity { city, identity, ledgers, webhooks, exchange, oversight, courier } = open;
        Ok(CityDesk {
            city,
            identity,
            provider,
            ledgers,
            webhooks,
            exchange,
            oversight,
            courier,
            files,
            keeper,
            sealer,
        })
    }
}
