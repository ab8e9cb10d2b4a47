//! `kawasemi demo`: making the demo city.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use kawasemi_kernel::context::{FixedClock, start_of};
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_kernel::id::CountingIds;
use kawasemi_registry::personnel;
use kawasemi_registry::reference::built_in;
use kawasemi_store::schema::Allow;
use kawasemi_store::{Access, CityInfo, Store, audit};
use serde::Serialize;
use serde_json::json;

use super::accounts::{self, ACCOUNTS, PASSWORD};
use super::{bundle, organisation, parties, residents};
use crate::cli::Demo;
use crate::config::Place;
use crate::shell::{OpenCity, Shell};

/// The municipality whose departments and towns the demo borrows.
const CODE: &str = "142182";
const NAME: &str = "綾瀬市（デモ）";
/// The day on which the demo city was "made": the year of the paper is over and reviewed.
const TODAY: Date = date(2022, 4, 28);
/// The fiscal year since which the departments exist.
const SINCE: i32 = 2015;

/// Runs the verb.
///
/// # Errors
/// When there is a city already, or something can't be written; nothing half-made is left in the data folder.
pub async fn run(shell: Shell, demo: Demo) -> anyhow::Result<()> {
    if demo.if_absent && is_present(&shell).await? {
        shell.output.remark(format!("デモの市はもうあります（{}）。", place(&shell.config.place)));
        // A program gets an answer as well; for a person the remark is enough.
        return if shell.output.json { shell.output.answer(&json!({ "code": CODE, "made": false })) } else { Ok(()) };
    }
    let output = shell.output;
    let (shell, making) = Making::begin(shell, demo.seed)?;
    let made = make(&shell, &demo).await?;
    making.finish()?;
    output.answer(&made)
}

/// Whether the demo city is there and whole: it has its administrator, who is made last.
async fn is_present(shell: &Shell) -> anyhow::Result<bool> {
    if let Place::Folder(folder) = &shell.config.place
        && !folder.join("installation.json").is_file()
    {
        return Ok(false);
    }
    let store = shell.make_store(Access::Read).await?;
    let is_there = store.cities().await?.iter().any(|city| city.code == CODE);
    let is_whole = is_there && has_admin(shell, &store).await?;
    store.close().await;
    if is_there && !is_whole {
        bail!("団体コード {CODE} の市はありますが、デモの市として出来上がっていません。消してから作り直してください。");
    }
    Ok(is_whole)
}

async fn has_admin(shell: &Shell, store: &Store) -> anyhow::Result<bool> {
    let open = shell.engines(store.open_city(CODE).await?)?;
    let [admin, ..] = &ACCOUNTS;
    Ok(open.identity.lookup_account(&shell.context("デモの市"), admin.login).await?.is_some())
}

/// A data folder that gets its name only when it is whole.
struct Making {
    /// The folder in the making and the name that it shall have; none where the city is made in its place.
    folder: Option<(PathBuf, PathBuf)>,
}

impl Making {
    /// The same shell with the demo's clock and ids, working in a folder in the making where there is none yet.
    fn begin(mut shell: Shell, seed: u64) -> anyhow::Result<(Shell, Self)> {
        let mut folder = None;
        if let Place::Folder(wanted) = &shell.config.place
            && !wanted.exists()
        {
            let making = beside(wanted);
            if making.exists() {
                // What an earlier demo left that was broken off: nobody else uses this name.
                std::fs::remove_dir_all(&making).with_context(|| format!("{} を消せません。", making.display()))?;
            }
            folder = Some((making.clone(), wanted.clone()));
            shell.config.folder.clone_from(&making);
            shell.config.place = Place::Folder(making);
        }
        let instant =
            start_of(TODAY).checked_add(jiff::SignedDuration::from_hours(10)).unwrap_or(Timestamp::UNIX_EPOCH);
        let shell = shell.with(Arc::new(FixedClock(instant)), Arc::new(CountingIds::new(seed)));
        Ok((shell, Self { folder }))
    }

    fn finish(self) -> anyhow::Result<()> {
        let Some((making, wanted)) = self.folder else { return Ok(()) };
        std::fs::rename(&making, &wanted)
            .with_context(|| format!("{} を {} に移せません。", making.display(), wanted.display()))
    }
}

/// `data` is made as `data.making`.
fn beside(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(".making");
    folder.with_file_name(name)
}

async fn make(shell: &Shell, demo: &Demo) -> anyhow::Result<Made> {
    let store = shell.make_store(Access::Command).await?;
    let info = CityInfo {
        code: CODE.to_owned(),
        name: NAME.to_owned(),
        time_zone: "Asia/Tokyo".to_owned(),
        hosts: Vec::new(),
        created_at: 0,
    };
    let city = store.create_city(info).await?;
    shell.publish(&city, bundle()?.ledgers, Allow::Additions).await?;
    shell.sealer(CODE)?;
    let open = shell.engines(city)?;
    let made = fill(shell, &open, demo).await?;
    store.close().await;
    Ok(made)
}

async fn fill(shell: &Shell, open: &OpenCity, demo: &Demo) -> anyhow::Result<Made> {
    let context = shell.context("デモの市");
    let since = FiscalYear::new(SINCE)?;
    let staff = organisation::staff(demo.seed, TODAY);
    let rows = (organisation::departments(since), staff.clone());
    let organised = personnel::import(&open.ledgers, &context, &*shell.ids, rows, false).await?;
    let references = built_in::load(&open.ledgers, &context, &built_in::sources()?).await?;
    for system in &shell.systems {
        if let Some(sample) = system.sample {
            let (work, _progress) =
                shell.work(open, &format!("{} の見本", system.bundle.system.title.ja()), Vec::new());
            sample(work).await?;
        }
    }
    let residents = residents::load(shell, open, demo.seed, demo.residents, TODAY).await?;
    parties::load(shell, open, demo.seed, demo.residents, TODAY).await?;
    if let Some(officer) = accounts::employee_number("fukushi", &staff) {
        parties::protect(shell, open, officer).await?;
    }
    accounts::load(shell, open, &staff, PASSWORD).await?;
    audit::seal(&open.city, &shell.keeper(CODE)?, shell.clock.now()).await?;
    Ok(Made {
        code: CODE,
        name: NAME,
        departments: organised.departments.added,
        staff: organised.staff.added,
        references: references.iter().map(|report| report.added).sum(),
        residents,
        seed: demo.seed,
        sign_ins: ACCOUNTS
            .iter()
            .map(|account| SignIn { name: account.login, who: account.who, password: PASSWORD })
            .collect(),
    })
}

fn place(place: &Place) -> String {
    match place {
        Place::Folder(folder) => folder.display().to_string(),
        Place::Database(_) => "PostgreSQL".to_owned(),
    }
}

/// The city that was made.
#[derive(Debug, Serialize)]
struct Made {
    code: &'static str,
    name: &'static str,
    departments: usize,
    staff: usize,
    /// Towns, postcodes, banks and branches.
    references: usize,
    residents: u64,
    seed: u64,
    sign_ins: Vec<SignIn>,
}

/// Who one can be in the demo city.
#[derive(Debug, Serialize)]
struct SignIn {
    name: &'static str,
    who: &'static str,
    password: &'static str,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}（{}）を作りました。部局・課 {}、職員 {} 人、架空の住民 {} 人。",
            self.name, self.code, self.departments, self.staff, self.residents
        )?;
        sign_ins().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// The demo sign-ins, line by line, as they are shown after making the city and when it is served.
pub fn sign_ins() -> impl Iterator<Item = String> {
    let heading =
        format!("デモのサインイン（パスワードはどれも「{PASSWORD}」。公開されているので、外に出さないこと）:");
    let lines = ACCOUNTS.iter().map(|account| format!("  {:<10} {}", account.login, account.who));
    std::iter::once(heading).chain(lines)
}
