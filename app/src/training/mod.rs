//! Training cities (教育用の市): making one, with residents who do not exist and the people of a real city, and putting it back.

mod people;

use std::sync::Arc;

use anyhow::{Context as _, bail};
use kawasemi_identity::tables::SPARED_IN_TRAINING;
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_kernel::municipality::MunicipalityCode;
use kawasemi_ledger::design::is_own;
use kawasemi_registry::personnel;
use kawasemi_registry::reference::built_in;
use kawasemi_schema::LedgerDef;
use kawasemi_store::schema::Allow;
use kawasemi_store::training::{self, Reset};
use kawasemi_store::{Access, City, CityInfo, Store, audit};
use serde::Serialize;

pub use self::people::{Copied, copy};
use crate::daily;
use crate::demo::{self, Sample};
use crate::shell::{OpenCity, Shell};

/// The fiscal year since which the departments of a city without a model exist.
const SINCE: i32 = 2015;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Order {
    /// The code of the new city; none for a free one of the model's prefecture.
    pub code: Option<MunicipalityCode>,
    /// Its name; none for the model's with a word that says what it is.
    pub name: Option<String>,
    /// The host names under which it is served.
    pub hosts: Vec<String>,
    /// The city whose organisation, ledgers and accounts are taken as a model.
    pub from: Option<MunicipalityCode>,
    /// How many residents.
    pub residents: u64,
    /// The seed from which they are drawn.
    pub seed: u64,
    /// The first password of everybody; none where people sign in by the hall's directory.
    pub password: Option<String>,
}

/// What was made.
#[derive(Debug, Serialize)]
pub struct Made {
    /// The city's code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its host names.
    pub hosts: Vec<String>,
    /// Residents who do not exist.
    pub residents: u64,
    /// What came from the model.
    #[serde(flatten)]
    pub copied: Copied,
}

/// Makes a training city. What was begun and could not be ended is removed.
///
/// # Errors
/// When there is a city with the code, nobody could come in, or it could not be reached beside the others.
pub async fn create(shell: &Shell, order: &Order) -> anyhow::Result<Made> {
    let reader = match order.from {
        Some(from) => Some((shell.store(Access::Read).await?, from.to_string())),
        None => None,
    };
    let model = match &reader {
        Some((store, code)) => Some(model(shell, store, code).await?),
        None => None,
    };
    let store = shell.make_store(Access::Command).await?;
    let info = info(&store, order, model.as_ref()).await?;
    reachable(shell, &store, &info).await?;
    let code = info.code.clone();
    let city = store.create_training_city(info).await?;
    let made = fill(shell, &city, order, model.as_ref()).await;
    if let Err(error) = made {
        if let Err(left) = store.remove_training_city(&code).await {
            tracing::warn!(%left, "a training city that was not made whole was not removed");
        }
        store.close().await;
        return Err(error);
    }
    store.close().await;
    if let Some((reader, _)) = reader {
        reader.close().await;
    }
    made
}

/// The city that is the model, which must be a real one.
async fn model(shell: &Shell, store: &Store, code: &str) -> anyhow::Result<OpenCity> {
    let city = store.open_city(code).await.with_context(|| format!("団体コード {code} の市を開けません。"))?;
    anyhow::ensure!(!city.is_training(), "団体コード {code} は教育用の市です。手本には実際の市を指定してください。");
    shell.engines(city)
}

async fn info(store: &Store, order: &Order, model: Option<&OpenCity>) -> anyhow::Result<CityInfo> {
    let code = match (order.code, order.from) {
        (Some(code), _) => code,
        (None, Some(from)) => free(store, from).await?,
        (None, None) => bail!("教育用の市の団体コードを --code で指定してください（手本の市があれば --from で）。"),
    };
    let name = match (&order.name, model) {
        (Some(name), _) => name.clone(),
        (None, Some(model)) => format!("{}（教育用）", model.city.info().name),
        (None, None) => {
            let known = code.lookup().map(|known| known.full_name());
            format!("{}（教育用）", known.context("市の名前を --name で指定してください。")?)
        }
    };
    let time_zone = model.map_or_else(|| "Asia/Tokyo".to_owned(), |model| model.city.info().time_zone.clone());
    Ok(CityInfo { code: code.to_string(), name, time_zone, hosts: order.hosts.clone(), created_at: 0 })
}

/// A code in the model's prefecture that belongs to no municipality: their numbers end before 900.
async fn free(store: &Store, model: MunicipalityCode) -> anyhow::Result<MunicipalityCode> {
    let taken: Vec<String> = store.cities().await?.into_iter().map(|city| city.code).collect();
    let last_two = model.number() / 10 % 100;
    let numbers = (0..100).map(|step| 900 + (last_two + step) % 100);
    let codes = numbers.filter_map(|number| {
        MunicipalityCode::from_five_digits(&format!("{:02}{number}", model.prefecture_number())).ok()
    });
    let mut free = codes.filter(|code| code.lookup().is_none() && !taken.contains(&code.to_string()));
    free.next().context("使える団体コードがありません。--code で指定してください。")
}

/// Refuses what could not be reached beside the cities that are there, or would hide one of them.
async fn reachable(shell: &Shell, store: &Store, info: &CityInfo) -> anyhow::Result<()> {
    let others = store.cities().await?;
    if others.is_empty() || !info.hosts.is_empty() {
        let nameless = others.iter().filter(|city| city.hosts.is_empty()).count();
        anyhow::ensure!(
            nameless <= 1 || shell.config.city.is_some(),
            "ホスト名のない市が {nameless} つあります。先に設定 city で、名前のない呼び方に答える市を決めてください。"
        );
        return Ok(());
    }
    bail!(
        "この設置にはほかの市があります。教育用の市を開くためのホスト名を --host で指定してください（例 --host kunren.example.lg.jp）。"
    )
}

async fn fill(shell: &Shell, city: &City, order: &Order, model: Option<&OpenCity>) -> anyhow::Result<Made> {
    let mut definitions = demo::bundle()?.ledgers;
    if let Some(model) = model {
        definitions.extend(own_ledgers(&model.city));
    }
    shell.publish(city, definitions, Allow::Additions).await?;
    shell.sealer(city.code())?;
    let open = shell.engines(city.clone())?;
    let context = shell.context("教育用の市を作る");
    let today = daily::today(city, shell.clock.now());
    let copied = match model {
        Some(model) => copy(shell, model, &open, order.password.as_deref()).await?,
        None => {
            let password =
                order.password.as_deref().context("利用者の最初のパスワードを --password-stdin で渡してください。")?;
            let staff = demo::staff(order.seed, today);
            let rows = (demo::departments(FiscalYear::new(SINCE)?), staff.clone());
            personnel::import(&open.ledgers, &context, &*shell.ids, rows, false).await?;
            for system in &shell.systems {
                let Some(sample) = system.sample else { continue };
                sample(shell.quiet_work(&open, "教育用の市の見本", Vec::new())).await?;
            }
            demo::accounts(shell, &open, &staff, password).await?;
            Copied::of_demo()
        }
    };
    built_in::load(&open.ledgers, &context, &built_in::sources()?).await?;
    let sample = Sample { seed: order.seed, residents: order.residents, today };
    let residents = demo::residents(shell, &open, &sample).await?;
    kawasemi_registry::sync_departments(&open.ledgers, &open.identity, &context).await?;
    keep(shell, &open).await?;
    let info = city.info().clone();
    Ok(Made { code: info.code, name: info.name, hosts: info.hosts, residents, copied })
}

/// The ledgers that a city made itself: who practises should find them.
fn own_ledgers(city: &City) -> Vec<Arc<LedgerDef>> {
    let own = city.catalogue();
    own.iter().filter(|ledger| is_own(&ledger.def)).map(|ledger| Arc::clone(&ledger.def)).collect()
}

/// Seals what was done so far and keeps it as the state to which a reset returns.
///
/// # Errors
/// When the city is a real one, or can't be written.
pub async fn keep(shell: &Shell, open: &OpenCity) -> anyhow::Result<()> {
    let now = shell.clock.now();
    if !open.city.is_training() {
        // Told before anything is written, in the store's words.
        training::state(&open.city).await?;
    }
    audit::seal(&open.city, &shell.keeper(open.city.code())?, now).await?;
    training::keep(&open.city, &SPARED_IN_TRAINING, now).await?;
    Ok(())
}

/// Puts a training city back.
///
/// # Errors
/// When the city is a real one, or can't be written; nothing is changed then.
pub async fn put_back(shell: &Shell, open: &OpenCity) -> anyhow::Result<Reset> {
    let code = open.city.code();
    let done = put_back_data(shell, &open.city).await?;
    let context = shell.context("教育用の市を戻す");
    kawasemi_registry::sync_departments(&open.ledgers, &open.identity, &context).await?;
    tracing::info!(city = code, tables = done.tables, "a training city was put back");
    Ok(done)
}

/// The same before the city's engines are put together.
///
/// # Errors
/// As [`put_back`].
pub async fn put_back_data(shell: &Shell, city: &City) -> anyhow::Result<Reset> {
    let (keeper, files) = (shell.keeper_as_it_is(city.code()), shell.files(city.code())?);
    Ok(training::reset(city, &keeper, &files, &SPARED_IN_TRAINING, shell.clock.now()).await?)
}

/// Puts a training city back when a new day has begun, where it is told to be.
///
/// # Errors
/// As [`put_back`].
pub async fn each_night(shell: &Shell, open: &OpenCity) -> anyhow::Result<()> {
    if !open.city.is_training() {
        return Ok(());
    }
    let state = training::state(&open.city).await?;
    let (Some(kept), true) = (state.kept_at, state.nightly) else { return Ok(()) };
    let day = |at| daily::today(&open.city, at);
    if day(state.reset_at.unwrap_or(kept)) < day(shell.clock.now()) {
        put_back(shell, open).await?;
    }
    Ok(())
}
