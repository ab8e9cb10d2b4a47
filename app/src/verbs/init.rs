//! `kawasemi init`: a new city, with the ledgers of all systems.

use std::fmt;

use anyhow::Context as _;
use kawasemi_store::schema::Allow;
use kawasemi_store::{Access, CityInfo};
use serde::Serialize;

use crate::cli::Init;
use crate::shell::Shell;

/// The city that was made.
#[derive(Debug, Serialize)]
struct Made {
    code: String,
    name: String,
    time_zone: String,
    hosts: Vec<String>,
    ledgers: usize,
}

/// Runs the verb.
///
/// # Errors
/// When there is a city with this code, or the code has no name and none was given.
pub async fn run(shell: &Shell, init: Init) -> anyhow::Result<()> {
    let name =
        match init.name {
            Some(name) => name,
            None => init.code.lookup().map(|known| known.full_name()).with_context(|| {
                format!("団体コード {} の名前が分かりません。--name で指定してください。", init.code)
            })?,
        };
    jiff::tz::TimeZone::get(&init.time_zone)
        .with_context(|| format!("時間帯「{}」はありません。例: Asia/Tokyo", init.time_zone))?;
    let store = shell.make_store(Access::Command).await?;
    let info =
        CityInfo { code: init.code.to_string(), name, time_zone: init.time_zone, hosts: init.host, created_at: 0 };
    let city = store.create_city(info).await?;
    shell.publish(&city, Vec::new(), Allow::Additions).await?;
    shell.sealer(city.code())?;
    let info = city.info().clone();
    let ledgers = shell.offer.ledgers.len();
    store.close().await;
    shell.output.answer(&Made {
        code: info.code,
        name: info.name,
        time_zone: info.time_zone,
        hosts: info.hosts,
        ledgers,
    })?;
    shell.output.remark("次に管理者を作ります: kawasemi user add 名前 --role admin --password-stdin");
    Ok(())
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}（{}）を作りました。台帳 {} 種類。", self.name, self.code, self.ledgers)
    }
}
