//! Dumps of a city's schema by PostgreSQL's own tools.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::city::schema_name;
use crate::error::{Result, StoreError};
use crate::postgres::address::Address;

/// Writes a dump of a city as a snapshot shows it.
pub(super) async fn dump(url: &str, code: &str, snapshot: &str, into: &Path) -> Result<()> {
    let mut command = tool("pg_dump", url)?;
    command.arg(format!("--snapshot={snapshot}"));
    command.args(["--format=custom", "--compress=0", "--no-owner", "--no-privileges"]);
    command.arg(format!("--schema={}", schema_name(code))).arg("--file").arg(into);
    run(command, "pg_dump").await
}

/// Whether a dump can be read to its end.
pub(super) async fn check(url: &str, dump: &Path) -> Result<()> {
    let mut command = tool("pg_restore", url)?;
    command.arg("--file=/dev/null").arg(dump);
    run(command, "pg_restore").await
}

/// Replaces a city's schema by a dump, in one transaction: wholly or not at all. The whole schema goes, since `pg_restore --clean`
/// drops what the dump has, and stops at whatever the city has got since.
pub(super) async fn load(url: &str, code: &str, dump: &Path) -> Result<()> {
    // A file, not a pipe: of a script that ends too early, the beginning would be committed.
    let script = dump.with_extension("sql");
    let mut command = tool("pg_restore", url)?;
    command.args(["--no-owner", "--no-privileges"]).arg("--file").arg(&script).arg(dump);
    run(command, "pg_restore").await?;
    let mut command = tool("psql", url)?;
    command.args(["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]);
    command.arg(format!("--command=DROP SCHEMA IF EXISTS {} CASCADE", schema_name(code))).arg("--file").arg(&script);
    let loaded = run(command, "psql").await;
    std::fs::remove_file(&script)?;
    loaded
}

/// A PostgreSQL tool with the connection in its environment, where other users of the machine don't see a password.
fn tool(name: &str, url: &str) -> Result<Command> {
    let Address { config, mode, roots } = Address::read(url)?;
    let mut command = Command::new(name);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let joined = |all: Vec<String>| all.join(",");
    let host = |host: &tokio_postgres::config::Host| match host {
        tokio_postgres::config::Host::Tcp(name) => name.clone(),
        tokio_postgres::config::Host::Unix(path) => path.display().to_string(),
    };
    for (variable, value) in [
        ("PGHOST", joined(config.get_hosts().iter().map(host).collect())),
        ("PGHOSTADDR", joined(config.get_hostaddrs().iter().map(ToString::to_string).collect())),
        ("PGPORT", joined(config.get_ports().iter().map(ToString::to_string).collect())),
    ] {
        if !value.is_empty() {
            command.env(variable, value);
        }
    }
    // Of several servers the tools mean the same one as the program.
    command.env("PGTARGETSESSIONATTRS", "read-write");
    if let Some(user) = config.get_user() {
        command.env("PGUSER", user);
    }
    if let Some(password) = config.get_password() {
        command.env("PGPASSWORD", String::from_utf8_lossy(password).into_owned());
    }
    if let Some(database) = config.get_dbname() {
        command.env("PGDATABASE", database);
    }
    command.env("PGSSLMODE", mode.key());
    if let Some(roots) = roots {
        command.env("PGSSLROOTCERT", roots);
    }
    Ok(command)
}

async fn run(mut command: Command, name: &str) -> Result<()> {
    let output = command.output().await.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => StoreError::refused(format!(
            "{name} が見つかりません。postgresql-client をサーバーと同じ版で入れてから、もう一度実行してください。"
        )),
        _ => error.into(),
    })?;
    if output.status.success() {
        return Ok(());
    }
    Err(StoreError::Io { detail: format!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim()) })
}
