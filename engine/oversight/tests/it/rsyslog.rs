//! The logs reach Debian's rsyslog over TLS, also when it was away for a while.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::common::Hall;
use kawasemi_oversight::siem::Target;
use kawasemi_testkit::certificates::Certificates;
use kawasemi_testkit::desk::tables;
use kawasemi_testkit::on_both_stores;
use tempfile::TempDir;

/// A collector in a folder of its own.
struct Rsyslog {
    folder: TempDir,
    port: u16,
    running: Option<Child>,
}

impl Rsyslog {
    fn new(certificates: &Certificates) -> Self {
        let folder = TempDir::new().unwrap();
        for name in ["ca.pem", "signed.pem", "signed.key"] {
            std::fs::write(folder.path().join(name), certificates.pem(name)).unwrap();
        }
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let config = format!(
            "global(workDirectory=\"{}\" maxMessageSize=\"64k\" defaultNetstreamDriver=\"gtls\" \
             defaultNetstreamDriverCAFile=\"{}\" defaultNetstreamDriverCertFile=\"{}\" defaultNetstreamDriverKeyFile=\"{}\")\n\
             module(load=\"imtcp\" StreamDriver.Name=\"gtls\" StreamDriver.Mode=\"1\" StreamDriver.AuthMode=\"anon\")\n\
             input(type=\"imtcp\" address=\"127.0.0.1\" port=\"{port}\")\n\
             template(name=\"parts\" type=\"string\" string=\"%hostname%|%app-name%|%msgid%|%structured-data%|%msg%\\n\")\n\
             action(type=\"omfile\" file=\"{}\" template=\"parts\")\n",
            folder.path().display(),
            at("ca.pem"),
            at("signed.pem"),
            at("signed.key"),
            at("taken.log"),
        );
        std::fs::write(folder.path().join("rsyslog.conf"), config).unwrap();
        Self { folder, port, running: None }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn start(&mut self) {
        let child = Command::new("/usr/sbin/rsyslogd")
            .args(["-n", "-f"])
            .arg(self.path("rsyslog.conf"))
            .arg("-i")
            .arg(self.path("pid"))
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(self.path("said")).unwrap())
            .spawn()
            .expect("rsyslog is installed: dev/setup-packages.sh test");
        self.running = Some(child);
        for _ in 0..200 {
            if std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("rsyslog does not listen: {}", std::fs::read_to_string(self.path("said")).unwrap_or_default());
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.running.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// The places of a log that were taken, once they are so many.
    async fn places(&self, log: &str, wanted: usize) -> BTreeSet<i64> {
        let mut found = BTreeSet::new();
        for _ in 0..200 {
            let text = std::fs::read_to_string(self.path("taken.log")).unwrap_or_default();
            found = text.lines().filter(|line| line.contains(&format!("|{log}|"))).filter_map(place).collect();
            if found.len() >= wanted {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        found
    }
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        self.stop();
    }
}

fn place(line: &str) -> Option<i64> {
    line.split("seq=\"").nth(1)?.split('"').next()?.parse().ok()
}

fn target(port: u16, authority: &Path) -> Target {
    Target::Collector {
        address: format!("tls://localhost:{port}").parse().unwrap(),
        authority: Some(authority.to_owned()),
    }
}

on_both_stores! {
    tables = tables();

    async fn rsyslog_takes_everything_also_after_it_was_away(fixture) {
        let certificates = Certificates::new();
        let mut rsyslog = Rsyslog::new(&certificates);
        let hall = Hall::open(fixture).await;
        let person = hall.person("川瀬 秘", "1").await;
        let (_, clerk) = hall.somebody("clerk", &["counter"]).await;
        let look = async || {
            hall.city.city.ledgers.get(&clerk, "person", person).await.unwrap();
            hall.oversight().seal(clerk.act.at).await.unwrap();
        };
        let there = target(rsyslog.port, &rsyslog.path("ca.pem"));
        look().await;
        assert!(hall.oversight().send(&there, clerk.act.at).await.is_err(), "nobody listens yet");
        rsyslog.start().await;
        std::fs::write(rsyslog.path("other-ca.pem"), certificates.pem("other-ca.pem")).unwrap();
        let other = target(rsyslog.port, &rsyslog.path("other-ca.pem"));
        assert!(hall.oversight().send(&other, clerk.act.at).await.is_err(), "another authority vouches for nobody");
        hall.oversight().send(&there, clerk.act.at).await.unwrap();
        assert_eq!(rsyslog.places("access", 1).await, BTreeSet::from([1]));
        rsyslog.stop();
        look().await;
        look().await;
        assert!(hall.oversight().send(&there, clerk.act.at).await.is_err());
        rsyslog.start().await;
        assert_eq!(hall.oversight().send(&there, clerk.act.at).await.unwrap(), 2);
        assert_eq!(rsyslog.places("access", 3).await, BTreeSet::from([1, 2, 3]));
        let text = std::fs::read_to_string(rsyslog.path("taken.log")).unwrap();
        let parts: Vec<&str> = text.lines().next().unwrap().split('|').collect();
        assert_eq!(&parts[..2], [&format!("kawasemi-{}", fixture.city.code()), "kawasemi"]);
        assert!(parts[3].starts_with("[kawasemi@32473 log=\"") && !text.contains("川瀬"), "{}", parts[3]);
    }
}
