//! A PostgreSQL server of a test's own that speaks TLS, with certificates made for it.
//!
//! It listens on a port of this machine, accepts encrypted connections only, and is stopped when it is dropped.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::program_path;
use crate::certificates;

/// A server whose certificate is for `localhost`.
pub struct SecuredServer {
    folder: TempDir,
    port: u16,
    as_postgres: bool,
}

/// Which certificate the server shows.
#[derive(Clone, Copy, Debug)]
pub enum Shown {
    /// One that the authority `ca.pem` has signed.
    Signed,
    /// One that has signed itself.
    Itself,
    /// One that the authority signed, and whose time is over.
    Expired,
}

impl Shown {
    const fn name(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Itself => "itself",
            Self::Expired => "expired",
        }
    }
}

impl SecuredServer {
    /// Makes certificates and starts a server.
    ///
    /// # Panics
    /// When PostgreSQL or openssl is not on this machine.
    #[must_use]
    pub fn start() -> Self {
        let user = fs::metadata("/proc/self").map_or(0, |metadata| metadata.uid());
        let folder = TempDir::new().expect("the temporary folder is writable");
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).expect("the folder is ours");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port is free").port();
        let server = Self { folder, port, as_postgres: user == 0 };
        certificates::make(server.folder.path(), &|arguments| server.run("openssl", arguments));
        let data = server.text("data");
        server.run("initdb", &["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        let rule = "hostssl all all 127.0.0.1/32 trust\nhostssl all all ::1/128 trust\n";
        server.write("data/pg_hba.conf", rule);
        let settings = format!(
            "\nlisten_addresses = 'localhost'\nport = {port}\nunix_socket_directories = ''\nssl = on\n\
             ssl_cert_file = '{0}'\nssl_key_file = '{1}'\nfsync = off\n",
            server.text("server.pem"),
            server.text("server.key"),
        );
        server.write("data/postgresql.auto.conf", &settings);
        server.show(Shown::Signed);
        let log = server.text("log");
        server.run("pg_ctl", &["start", "-w", "-t", "60", "-D", &data, "-l", &log]);
        server
    }

    /// Its address by a host name, with parameters such as `sslmode=verify-full`.
    #[must_use]
    pub fn url(&self, host: &str, parameters: &str) -> String {
        format!("postgres://postgres@{host}:{}/postgres?{parameters}", self.port)
    }

    /// A file of certificates: `ca.pem`, `other-ca.pem` (which signed nothing here), `itself.pem`.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Shows another certificate from now on.
    pub fn show(&self, shown: Shown) {
        for (ending, name) in [("pem", "server.pem"), ("key", "server.key")] {
            let from = self.text(&format!("{}.{ending}", shown.name()));
            self.run("cp", &["-p", &from, &self.text(name)]);
        }
        if self.file("data/postmaster.pid").exists() {
            self.run("pg_ctl", &["reload", "-D", &self.text("data")]);
            // The server reads its files when it comes to it.
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
    }

    /// Writes a file as the user who runs the server.
    fn write(&self, name: &str, text: &str) {
        let target = self.file(name);
        let _ = fs::remove_file(&target);
        fs::write(&target, text).expect("the folder is writable");
        fs::set_permissions(&target, Permissions::from_mode(0o666)).expect("the file is ours");
    }

    fn text(&self, name: &str) -> String {
        self.file(name).display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let output = self.command(program).args(arguments).output().expect("the program starts");
        assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn command(&self, program: &str) -> Command {
        let path = program_path(program);
        let mut command = if self.as_postgres {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir("/").stdin(Stdio::null());
        command
    }
}

impl Drop for SecuredServer {
    fn drop(&mut self) {
        let data = self.text("data");
        let stop = self.command("pg_ctl").args(["stop", "-m", "immediate", "-w", "-D", &data]).output();
        if let Err(error) = stop {
            eprintln!("a test's PostgreSQL was not stopped: {error}");
        }
    }
}
