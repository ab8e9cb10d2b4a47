//! What every verb works with: the configuration, the clock, the systems, and the way to an open city.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use kawasemi_courier::records::ENQUIRY;
use kawasemi_courier::{Courier, HandlerParts, Handlers, RecordMaker};
use kawasemi_desk::Role;
use kawasemi_exchange::{Exchange, Folders};
use kawasemi_identity::outside::ROLE_PREFIX;
use kawasemi_identity::tables::SPARED_IN_TRAINING;
use kawasemi_identity::{Context, Directory, Identity, Parts, PasswordCost, Passwords, SystemEntropy};
use kawasemi_identity::{DirectoryConfig, Roles};
use kawasemi_kernel::context::SystemClock;
use kawasemi_kernel::id::RandomIds;
use kawasemi_kernel::{Act, Clock, IdSource};
use kawasemi_ledger::Ledgers;
use kawasemi_oversight::Oversight;
use kawasemi_platform::{System, Work};
use kawasemi_print::Printer;
use kawasemi_registry::directory::RegistersOf;
use kawasemi_registry::handover::Inventory;
use kawasemi_schema::error::nearest;
use kawasemi_schema::{LedgerDef, Overlay, SourceFile};
use kawasemi_store::audit::{self, Keeper};
use kawasemi_store::files::{Bucket, BucketConfig, Files};
use kawasemi_store::schema::{self, Allow, Held, Plan, Wanted};
use kawasemi_store::training;
use kawasemi_store::{Access, City, Engine, Location, Sealer, Store, StoreError, StoreOptions, seal};
use kawasemi_webhook::{Destinations, OwnedWebhooks, Sender, Webhooks};

use crate::config::{Config, Place};
use crate::demo;
use crate::output::Output;
use crate::progress::Progress;
use crate::systems::{self, Offer};

/// How often definitions are published anew when another node publishes at the same time.
const PUBLISHING: u32 = 5;

/// What every verb is given.
pub struct Shell {
    /// The configuration in force.
    pub config: Config,
    /// How to speak.
    pub output: Output,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of ids.
    pub ids: Arc<dyn IdSource>,
    /// The systems, with their commands.
    pub systems: Vec<System>,
    /// What the systems bring together.
    pub offer: Offer,
    parts: Parts,
    /// The way out of webhooks.
    sender: Sender,
    /// Where attached files lie, unless in the folder.
    bucket: Option<Bucket>,
}

/// A city with its engines.
#[derive(Clone)]
pub struct OpenCity {
    /// The records.
    pub city: City,
    /// The accounts.
    pub identity: Identity,
    /// The ledgers.
    pub ledgers: Ledgers,
    /// The webhooks.
    pub webhooks: Webhooks,
    /// Other systems' files.
    pub exchange: Exchange,
    /// Who looked at whom, and what becomes of personal data.
    pub oversight: Oversight,
    /// What goes between the portal and the desk.
    pub courier: Courier,
}

impl OpenCity {
    /// What people own in the city, for a handover.
    pub fn inventory(&self) -> Inventory {
        Inventory::new(&self.ledgers, &self.identity).and(OwnedWebhooks(self.webhooks.clone()))
    }
}

/// What publishing would do, and what can't be published.
pub struct Outlook {
    /// The steps.
    pub plan: Plan,
    /// Ledgers over which the city's overlay does not fit.
    pub held: Vec<Held>,
}

impl Shell {
    /// Puts together what verbs need; opens nothing yet.
    ///
    /// # Errors
    /// When the built-in definitions are wrong.
    pub fn new(config: Config, output: Output) -> anyhow::Result<Self> {
        let systems = systems::all()?;
        let mut offer = Offer::of(&systems);
        offer.roles.extend(demo::bundle()?.system.roles);
        let entropy = Arc::new(SystemEntropy);
        let ids: Arc<dyn IdSource> = Arc::new(RandomIds(SystemClock));
        let passwords = Passwords::new(PasswordCost::default(), entropy.clone())?;
        let parts = Parts { ids: ids.clone(), entropy, passwords, rules: config.sign_in.clone() };
        let sender = sender(&config, false)?;
        let bucket = bucket(&config)?;
        Ok(Self { config, output, clock: Arc::new(SystemClock), ids, systems, offer, parts, sender, bucket })
    }

    /// The same shell, whose webhooks may also send to this very machine: for trying them out.
    ///
    /// # Errors
    /// As [`Shell::new`].
    pub fn with_loopback(self) -> anyhow::Result<Self> {
        Ok(Self { sender: sender(&self.config, true)?, ..self })
    }

    /// The same shell with another clock and source of ids, for a demo city that comes out the same twice.
    #[must_use]
    pub fn with(mut self, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        self.parts.ids = ids.clone();
        Self { clock, ids, ..self }
    }

    /// Where the cities lie.
    pub fn location(&self) -> Location {
        match &self.config.place {
            Place::Folder(folder) => Location::Directory(folder.clone()),
            Place::Database(url) => Location::Postgres(url.clone()),
        }
    }

    /// Opens the installation, making it if it is not there.
    ///
    /// # Errors
    /// When it can't be reached or another process serves it.
    pub async fn make_store(&self, access: Access) -> anyhow::Result<Store> {
        self.make_store_allowing(access, Allow::Additions).await
    }

    /// The engines that keep something of their own in the store.
    pub fn engines_of_store(&self) -> Vec<Engine> {
        vec![
            kawasemi_identity::tables::engine(),
            kawasemi_ledger::engine(),
            kawasemi_parties::engine(),
            kawasemi_oversight::engine(),
            kawasemi_webhook::engine(),
            kawasemi_courier::engine(),
            kawasemi_exchange::engine(),
        ]
    }

    /// The same, with permission to change the engines' own tables.
    async fn make_store_allowing(&self, access: Access, allow: Allow) -> anyhow::Result<Store> {
        let mut options = StoreOptions::new(self.clock.clone()).access(access).allow(allow);
        options.engines = self.engines_of_store();
        options.connections = self.config.connections;
        options.note = Some(self.config.folder.join("database.json"));
        let opened = Store::open(&self.location(), options).await;
        opened.map_err(|error| match (&error, &self.config.place) {
            (StoreError::Io { .. }, Place::Folder(folder)) => anyhow::Error::new(error).context(format!(
                "データフォルダー {} を開けません。書き込める場所か、名前が合っているかを確かめてください。",
                folder.display()
            )),
            (StoreError::Io { .. } | StoreError::Away { .. }, Place::Database(_)) => anyhow::Error::new(error).context(
                "PostgreSQL につながりません。--database-url と、データベースが動いているかを確かめてください。",
            ),
            _ => error.into(),
        })
    }

    /// Opens the installation, which has to be there.
    ///
    /// # Errors
    /// As [`Shell::make_store`], and when there is none.
    pub async fn store(&self, access: Access) -> anyhow::Result<Store> {
        self.store_allowing(access, Allow::Additions).await
    }

    /// The same, with permission to change the engines' own tables: for `schema apply`.
    ///
    /// # Errors
    /// As [`Shell::store`].
    pub async fn store_allowing(&self, access: Access, allow: Allow) -> anyhow::Result<Store> {
        if let Place::Folder(folder) = &self.config.place
            && !folder.join("installation.json").is_file()
        {
            bail!(
                "データフォルダー {} に市がありません。kawasemi init か kawasemi demo で作るか、--data を確かめてください。",
                folder.display()
            );
        }
        self.make_store_allowing(access, allow).await
    }

    /// The code of the city that the command means.
    ///
    /// # Errors
    /// When there is none, or there are several and none was named.
    pub async fn code(&self, store: &Store) -> anyhow::Result<String> {
        let cities = store.cities().await?;
        if let Some(code) = self.config.city {
            let code = code.to_string();
            if cities.iter().any(|city| city.code == code) {
                return Ok(code);
            }
            bail!("団体コード {code} の市はありません。あるのは {} です。", listed(&cities));
        }
        // Who does not say so does not mean the city for training.
        if let (true, [only]) = (cities.len() > 1, real(store, &cities).await?.as_slice()) {
            return Ok(only.clone());
        }
        match cities.as_slice() {
            [] => bail!("市がまだありません。kawasemi init か kawasemi demo で作ってください。"),
            [only] => Ok(only.code.clone()),
            several => bail!("市が複数あります。--city で選んでください: {}。", listed(several)),
        }
    }

    /// Opens the city that the command means. What is new in the program's definitions is published first, as long as it
    /// only adds.
    ///
    /// # Errors
    /// As [`Shell::store`] and [`Shell::code`]; when the definitions have changes that need `kawasemi schema apply`.
    pub async fn open(&self, access: Access) -> anyhow::Result<(Store, OpenCity)> {
        let store = self.store(access).await?;
        let code = self.code(&store).await?;
        let city = store.open_city(&code).await?;
        if access != Access::Read {
            self.publish(&city, Vec::new(), Allow::Additions).await?;
            self.sealer(&code)?;
        }
        let open = self.engines(city)?;
        Ok((store, open))
    }

    /// Puts a city's engines together.
    ///
    /// # Errors
    /// When a published definition names what the program does not have.
    pub fn engines(&self, city: City) -> anyhow::Result<OpenCity> {
        let identity = Identity::new(city.clone(), self.sealer_as_it_is(city.code()), self.parts.clone());
        let (roles, calculators) = (self.offer.roles.clone(), self.offer.calculators.clone());
        let ledgers = Ledgers::new(city.clone(), roles, calculators, self.ids.clone())?;
        if let Some(config) = city.code().parse().ok().and_then(|code| self.config.directories.get(&code)) {
            self.know_roles(config)?;
            let registers = Arc::new(RegistersOf(ledgers.clone()));
            let directory = Directory::new(config.clone(), registers);
            identity.set_directory(directory.with_context(|| format!("[ldap.{}] を使えません。", city.code()))?);
        }
        let webhooks = Webhooks::new(kawasemi_webhook::Parts {
            ledgers: ledgers.clone(),
            identity: identity.clone(),
            sealer: self.sealer_as_it_is(city.code()),
            ids: self.ids.clone(),
            clock: self.clock.clone(),
            sender: self.sender.clone(),
        });
        let exchange = Exchange::new(kawasemi_exchange::Parts {
            ledgers: ledgers.clone(),
            files: self.files(city.code())?,
            ids: self.ids.clone(),
            clock: self.clock.clone(),
            shipped: self.offer.layouts.clone(),
        })?;
        let code = city.code();
        let oversight = Oversight::new(kawasemi_oversight::Parts {
            ledgers: ledgers.clone(),
            identity: identity.clone(),
            keeper: self.keeper_as_it_is(code),
            files: self.files(code).ok(),
            ids: self.ids.clone(),
            clock: self.clock.clone(),
            hours: self.config.hours,
        });
        // What residents send becomes a record inside the hall, never on the portal.
        let handlers = match self.config.role {
            Role::Portal => Handlers::default(),
            Role::All | Role::Desk => {
                Handlers::default().with(ENQUIRY, RecordMaker::new(ledgers.clone(), ENQUIRY, self.clock.clone()))
            }
        };
        let parts = HandlerParts {
            ledgers: ledgers.clone(),
            files: self.files(code)?,
            ids: self.ids.clone(),
            clock: self.clock.clone(),
            side: self.config.role.side(),
        };
        let handlers = self.offer.parcels.iter().fold(handlers, |all, of| all.and(of(&parts)));
        let courier = Courier::new(kawasemi_courier::Parts {
            city: city.clone(),
            identity: identity.clone(),
            sealer: self.sealer_as_it_is(city.code()),
            ids: self.ids.clone(),
            clock: self.clock.clone(),
            side: self.config.role.side(),
            handlers,
        });
        Ok(OpenCity { city, identity, ledgers, webhooks, exchange, oversight, courier })
    }

    /// Refuses a directory whose groups bring roles that nobody declares: a slip there would be found only when somebody lacks one.
    fn know_roles(&self, config: &DirectoryConfig) -> anyhow::Result<()> {
        let roles = Roles::new(&self.offer.roles);
        for group in &config.groups {
            let fits = roles.assignable().any(|(key, _)| key == group.role) && !group.role.starts_with(ROLE_PREFIX);
            if !fits {
                let hint = nearest(&group.role, roles.assignable().map(|(key, _)| key));
                let hint = hint.map(|near| format!("「{near}」のことですか。")).unwrap_or_default();
                bail!("[[ldap….group]] の役割「{}」はありません（グループ {}）。{hint}", group.role, group.dn);
            }
        }
        Ok(())
    }

    /// Refuses the key of a ledger that the city does not have, with the one that was probably meant.
    ///
    /// # Errors
    /// When there is no such ledger.
    pub fn know_ledger(&self, city: &City, key: &str) -> anyhow::Result<()> {
        let catalogue = city.catalogue();
        if catalogue.get(key).is_some() {
            return Ok(());
        }
        let mut known: Vec<&str> = catalogue.iter().map(|ledger| ledger.key()).collect();
        known.sort_unstable();
        let hint = nearest(key, known.iter().copied()).map(|near| format!("「{near}」のことですか。"));
        bail!("台帳「{key}」が見つかりません。{}あるのは {} です。", hint.unwrap_or_default(), known.join("、"));
    }

    /// What publishing the program's definitions, with the city's overlay over them, would do.
    ///
    /// # Errors
    /// When the definitions contradict those that the city made itself, or an overlay can't be read.
    pub async fn plan(&self, city: &City, further: Vec<Arc<LedgerDef>>) -> anyhow::Result<Outlook> {
        let mut definitions = self.offer.ledgers.clone();
        if demo::has_samples(city) {
            definitions.extend(demo::bundle()?.ledgers);
        }
        definitions.extend(further);
        let check = |def: &Arc<LedgerDef>| kawasemi_ledger::check_rules(def, &self.offer.calculators);
        let (files, unread) = self.overlay(city.code())?;
        let mut laid = schema::overlaid(city, &definitions, files, &check).await?;
        laid.held.extend(unread);
        let back = schema::going_back(city, &laid.definitions).await?;
        let mut plan = schema::plan(city, Wanted { definitions: laid.definitions, retired: Vec::new() }).await?;
        plan.steps.extend(back);
        Ok(Outlook { plan: plan.keeping(laid.overlays), held: laid.held })
    }

    /// Publishes the program's definitions in a city, with the city's overlay over them. A ledger over which the overlay
    /// does not fit stays as it is; the rest goes on.
    ///
    /// # Errors
    /// When steps go beyond what is allowed, naming them.
    pub async fn publish(&self, city: &City, further: Vec<Arc<LedgerDef>>, allow: Allow) -> anyhow::Result<Outlook> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let outlook = self.plan(city, further.clone()).await?;
            if outlook.plan.is_empty() {
                return Ok(outlook);
            }
            if city.is_training() && attempt == 1 && training::state(city).await?.kept_at.is_some() {
                return self.publish_in_training(city, further, allow).await;
            }
            let reason = format!("kawasemi {} の定義", env!("CARGO_PKG_VERSION"));
            let act = Act::system(self.clock.now(), reason);
            match schema::apply(city, &outlook.plan, allow, &act, &*self.ids).await {
                Ok(()) => return Ok(outlook),
                // Another node has published meanwhile, most likely the same.
                Err(StoreError::Conflict) if attempt < PUBLISHING => city.refresh_catalogue().await?,
                Err(error) => return Err(error).context("台帳の定義を反映できません。"),
            }
        }
    }

    /// The same in a training city: what a reset returns to has to know the new definitions as well. So the city is put back
    /// first, and kept anew afterwards.
    async fn publish_in_training(
        &self,
        city: &City,
        further: Vec<Arc<LedgerDef>>,
        allow: Allow,
    ) -> anyhow::Result<Outlook> {
        crate::training::put_back_data(self, city).await?;
        let outlook = self.plan(city, further).await?;
        let act = Act::system(self.clock.now(), format!("kawasemi {} の定義", env!("CARGO_PKG_VERSION")));
        let applied = schema::apply(city, &outlook.plan, allow, &act, &*self.ids).await;
        applied.context("台帳の定義を反映できません。")?;
        audit::seal(city, &self.keeper(city.code())?, self.clock.now()).await?;
        training::keep(city, &SPARED_IN_TRAINING, self.clock.now()).await?;
        Ok(outlook)
    }

    /// Tells the person about ledgers that stay as they are, since the city's overlay does not fit them.
    pub fn tell_held(&self, held: &[Held]) {
        for Held { ledger, message } in held {
            tracing::warn!(ledger, reason = message, "the city's overlay does not fit the program's definition");
            self.output.remark(format!(
                "台帳 {ledger} は、市の上書きが合わないため今の定義のまま使います。kawasemi schema plan で確かめてください。\n{message}"
            ));
        }
    }

    /// The files of the city's overlay (`cities/CODE/overlay/*.toml`), by name, and those that can't be read: a slip in a file
    /// must not keep a server from starting that has run without it.
    fn overlay(&self, code: &str) -> anyhow::Result<(Vec<Overlay>, Vec<Held>)> {
        let folder = self.folder(code).join("overlay");
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries.collect::<Result<Vec<_>, _>>(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        };
        let entries = entries.with_context(|| format!("{} を読めません。", folder.display()))?;
        let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
        paths.sort();
        let (mut overlays, mut held) = (Vec::new(), Vec::new());
        for path in paths {
            let ledger = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let name = format!("overlay/{ledger}.toml");
            let text = std::fs::read_to_string(&path).with_context(|| format!("{} を読めません。", path.display()))?;
            match Overlay::read(SourceFile::new(&name, text)) {
                Ok(overlay) if overlay.raw.ledger == ledger => overlays.push(overlay),
                // One file for each ledger, under the ledger's name: so none is overlooked.
                Ok(overlay) => {
                    let hint = format!("ファイルの名前を {}.toml にしてください（台帳ごとに一つ）", overlay.raw.ledger);
                    let message =
                        overlay.source.error("ledger", "ファイルの名前と台帳のキーが違います", hint).to_string();
                    held.push(Held { ledger, message });
                }
                Err(errors) => held.push(Held { ledger, message: errors.to_string() }),
            }
        }
        Ok((overlays, held))
    }

    /// Prints, with the fonts that the configuration names and those of the system.
    pub fn printer(&self) -> Printer {
        Printer::new(self.config.font_folders.clone())
    }

    /// The way to the portal (受渡しの接続), where this is the desk and the operator has named one.
    ///
    /// # Errors
    /// When the authority's certificate can't be read.
    pub fn portal(&self, open: &OpenCity) -> anyhow::Result<Option<kawasemi_courier::Client>> {
        let Some(portal) = &self.config.portal else { return Ok(None) };
        let authority = authority("courier.authority", self.config.portal_authority.as_deref())?;
        Ok(Some(open.courier.client(portal, authority.as_deref())?))
    }

    /// The context of a command: the program itself, now.
    pub fn context(&self, reason: &str) -> Context {
        Context::system(self.clock.now(), reason)
    }

    /// What a system is given to do a piece of work.
    pub fn work(&self, open: &OpenCity, reason: &str, arguments: Vec<String>) -> (Work, Arc<Progress>) {
        let progress = Arc::new(Progress::begin(reason, self.output.shows_progress()));
        let shown = Arc::clone(&progress);
        let work = self.quiet_work(open, reason, arguments);
        (Work { progress: Arc::new(move |done, total| shown.reach(done, total)), ..work }, progress)
    }

    /// The same where nobody watches.
    pub fn quiet_work(&self, open: &OpenCity, reason: &str, arguments: Vec<String>) -> Work {
        Work {
            city: open.city.clone(),
            ledgers: open.ledgers.clone(),
            identity: open.identity.clone(),
            context: self.context(reason),
            inventory: Arc::new(open.inventory()),
            ids: self.ids.clone(),
            arguments,
            progress: Arc::new(|_, _| {}),
        }
    }

    /// The file store of a city.
    ///
    /// # Errors
    /// When the folder can't be made.
    pub fn files(&self, code: &str) -> kawasemi_store::Result<Files> {
        match &self.bucket {
            Some(bucket) => Ok(bucket.city(code)),
            None => Files::in_folder(&self.folder(code).join("files")),
        }
    }

    /// What of a city's audit trail is kept outside its database; the key is made when it is first needed.
    ///
    /// # Errors
    /// When the folder can't be written.
    pub fn keeper(&self, code: &str) -> kawasemi_store::Result<Keeper> {
        let keeper = Keeper::new(self.folder(code).join("audit"));
        keeper.ensure_key(self.new_key())?;
        Ok(keeper)
    }

    /// The same for reading: nothing is made.
    pub fn keeper_as_it_is(&self, code: &str) -> Keeper {
        Keeper::new(self.folder(code).join("audit"))
    }

    /// The keys that seal a city's secrets (封緘の鍵); the first is made when it is first needed.
    ///
    /// # Errors
    /// When the file can't be written or understood.
    pub fn sealer(&self, code: &str) -> kawasemi_store::Result<Sealer> {
        let sealer = self.sealer_as_it_is(code);
        sealer.ensure_key(self.new_key())?;
        Ok(sealer)
    }

    /// The same for reading: nothing is made.
    pub fn sealer_as_it_is(&self, code: &str) -> Sealer {
        let usual = || self.folder(code).join(seal::KEY_FILE);
        Sealer::new(code, self.config.seal_keys.clone().unwrap_or_else(usual))
    }

    /// Random bytes for a key.
    pub fn new_key(&self) -> [u8; seal::KEY] {
        let mut key = [0; seal::KEY];
        self.parts.entropy.fill(&mut key);
        key
    }

    /// The folders in which other systems' files arrive; none where the operator set none.
    pub fn exchange_folders(&self) -> Option<Folders> {
        self.config.exchange_folder.clone().map(Folders)
    }

    /// The folder of a city for what lies outside its database.
    fn folder(&self, code: &str) -> PathBuf {
        self.config.folder.join("cities").join(code)
    }
}

/// The way out of webhooks, as the operator allows it.
fn sender(config: &Config, loopback: bool) -> anyhow::Result<Sender> {
    let destinations = Destinations::new(config.webhook_allow.clone());
    let destinations = if loopback { destinations.with_loopback() } else { destinations };
    let authority = authority("webhooks.authority", config.webhook_authority.as_deref())?;
    let said = "webhooks.authority は証明書（PEM）のファイルではありません。";
    Sender::new(destinations, authority.as_deref()).context(said)
}

/// The bucket of attached files, where there is one.
fn bucket(config: &Config) -> anyhow::Result<Option<Bucket>> {
    let Some(known) = &config.bucket else { return Ok(None) };
    let authority = authority("files.authority", config.bucket_authority.as_deref())?;
    Ok(Some(Bucket::new(&BucketConfig { authority, ..known.clone() })?))
}

/// A file of the hall's own authorities.
fn authority(setting: &str, path: Option<&Path>) -> anyhow::Result<Option<Vec<u8>>> {
    let read =
        |path: &Path| std::fs::read(path).with_context(|| format!("{setting} の {} を読めません。", path.display()));
    path.map(read).transpose()
}

/// The codes of the cities that are not for training.
async fn real(store: &Store, cities: &[kawasemi_store::CityInfo]) -> anyhow::Result<Vec<String>> {
    let mut real = Vec::new();
    for city in cities {
        if !store.is_training(&city.code).await? {
            real.push(city.code.clone());
        }
    }
    Ok(real)
}

fn listed(cities: &[kawasemi_store::CityInfo]) -> String {
    let named = cities.iter().map(|city| format!("{}（{}）", city.code, city.name));
    named.collect::<Vec<_>>().join("、")
}
