//! Mail to operators: what a relay takes, and what is found out without sending anything.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use jiff::Timestamp;
use kawasemi_checkup::State;
use kawasemi_checkup::mail::{Encryption, MailError, Relay, none};
use kawasemi_testkit::certificates::Certificates;
use tempfile::TempDir;
use tokio::net::TcpListener;
use uuid::Uuid;

/// A relay of its own process (aiosmtpd), which refuses `nobody@` for good and `later@` for now. It ends with its input.
struct Counterpart {
    process: Child,
    letters: TempDir,
    port: u16,
}

impl Counterpart {
    fn start(manner: &[&str]) -> Self {
        let letters = TempDir::new().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/relay.py");
        // Debian's own Python, which has Debian's aiosmtpd.
        let mut process = Command::new("/usr/bin/python3")
            .arg(script)
            .arg(letters.path())
            .args(manner)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().expect("the relay says its port; is python3-aiosmtpd installed?");
        Self { process, letters, port }
    }

    /// Whom each letter was for, and its text.
    fn letters(&self) -> Vec<(String, String)> {
        let mut files: Vec<PathBuf> =
            self.letters.path().read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let parts = files.iter().map(|file| std::fs::read_to_string(file).unwrap());
        parts
            .map(|text| text.split_once("\n\n").map(|(to, letter)| (to.to_owned(), letter.to_owned())).unwrap())
            .collect()
    }
}

impl Drop for Counterpart {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn at(port: u16, operators: &[&str]) -> Relay {
    Relay {
        host: "localhost".to_owned(),
        port,
        encryption: Encryption::None,
        account: None,
        authority: None,
        from: "kawasemi@city.example.lg.jp".parse().unwrap(),
        operators: operators.iter().map(|address| address.parse().unwrap()).collect(),
    }
}

#[tokio::test]
async fn a_look_goes_as_far_as_the_addresses_and_sends_nothing() {
    let relay = Counterpart::start(&[]);
    for (operators, state, said) in [
        (&["joho@example.lg.jp"][..], State::Good, "1人のあて先を受け付けます"),
        (&["joho@example.lg.jp", "nobody@example.lg.jp"], State::Bad, "nobody@example.lg.jp を受け付けません"),
        (&["later@example.lg.jp"], State::Warning, "try again"),
    ] {
        let finding = at(relay.port, operators).look().await;
        assert!(finding.state == state && finding.message.contains(said), "{finding:?}");
    }
    assert!(relay.letters().is_empty());
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    assert_eq!(at(closed, &["joho@example.lg.jp"]).look().await.state, State::Warning, "it may be back soon");
    assert_eq!(none().state, State::Good);
}

#[tokio::test]
async fn encryption_and_the_account_are_part_of_the_look() {
    let made = Certificates::new();
    let (certificate, key) = (made.file("signed.pem"), made.file("signed.key"));
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let relay = Counterpart::start(&["--asks", "--certificate", certificate, "--key", key]);
    let account = |password: &str| Some(("u".to_owned(), password.to_owned()));
    let usual = Relay {
        encryption: Encryption::StartTls,
        account: account("p"),
        authority: Some(made.file("ca.pem")),
        ..at(relay.port, &["joho@example.lg.jp"])
    };
    let good = usual.look().await;
    assert_eq!(good.state, State::Good, "{good:?}");
    for (wrong, said) in [
        (Relay { account: account("q"), ..usual.clone() }, "credentials invalid"),
        (Relay { authority: None, ..usual.clone() }, "安全な接続か認証ができません"),
        (Relay { authority: Some("/nowhere".into()), ..usual.clone() }, "mail.authority を読めません"),
        (Relay { account: None, ..usual.clone() }, "Authentication required"),
    ] {
        let finding = wrong.look().await;
        assert!(finding.state == State::Bad && finding.message.contains(said), "{finding:?}");
    }
    // What it shows is looked at by itself, as it is with every server.
    let shown = usual.counterpart().unwrap().look().await.certificates.unwrap();
    assert_eq!(shown[0].subject, "CN=localhost");
    let plain = Counterpart::start(&[]);
    let unencrypted =
        Relay { encryption: Encryption::StartTls, account: None, ..at(plain.port, &["joho@example.lg.jp"]) };
    assert_eq!(unencrypted.look().await.state, State::Bad, "it is never done without");
    assert!(unencrypted.counterpart().unwrap().look().await.certificates.unwrap_err().contains("STARTTLS"));
    assert_eq!(at(plain.port, &[]).counterpart(), None);
}

#[tokio::test]
async fn an_address_that_is_refused_silences_no_other() {
    let relay = Counterpart::start(&[]);
    let send = async |operators: &[&str]| {
        at(relay.port, operators)
            .send("【カワセミ】直す必要があります", "ディスクの空き\n", Timestamp::UNIX_EPOCH, Uuid::nil())
            .await
    };
    send(&["nobody@example.lg.jp", "joho@example.lg.jp"]).await.unwrap();
    let taken = relay.letters();
    assert_eq!(taken.len(), 1);
    let (to, letter) = &taken[0];
    assert!(to.contains("joho@") && letter.contains("Message-ID: <00000000-"), "{letter}");
    // Japanese travels encoded: no relay has to understand it.
    assert!(letter.is_ascii() && letter.contains("Subject: =?utf-8?"), "{letter}");
    assert!(letter.contains("Date: Thu, 01 Jan 1970 00:00:00 +0000"), "{letter}");
    let error = send(&["nobody@example.lg.jp"]).await.unwrap_err();
    assert!(matches!(error, MailError::Refused(..)), "{error}");
}
