//! Mail to operators: what a relay takes, and what is found out without sending anything.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use kawasemi_checkup::State;
use kawasemi_checkup::mail::{Encryption, MailError, Relay, none};
use kawasemi_testkit::certificates::Certificates;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

/// What a relay was given: whom a letter was for, and its lines.
type Letters = Arc<Mutex<Vec<(String, String)>>>;

/// How a relay behaves beside its usual answers.
#[derive(Clone, Default)]
struct Manner {
    /// What its encryption shows, where it offers any.
    certificates: Option<Arc<Certificates>>,
    /// Whether it asks for account `u` and password `p`.
    asks: bool,
}

trait Line: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Line for T {}

/// A relay that refuses `nobody@` for good and `later@` for now.
async fn relay(manner: Manner) -> (u16, Letters) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let letters = Letters::default();
    let kept = Arc::clone(&letters);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, manner.clone(), Arc::clone(&kept)));
        }
    });
    (port, letters)
}

async fn serve(mut stream: TcpStream, manner: Manner, letters: Letters) {
    stream.write_all(b"220-welcome\r\n220 relay ready\r\n").await.unwrap();
    if converse(&mut stream, &manner, false, &letters).await {
        let made = manner.certificates.clone().unwrap();
        // The other side breaks off once it has seen enough, or does not trust what it sees.
        if let Ok(mut secured) = made.acceptor().accept(stream).await {
            converse(&mut secured, &manner, true, &letters).await;
        }
    }
}

/// Talks until the end; answers whether encryption is to begin.
async fn converse(stream: &mut dyn Line, manner: &Manner, is_secured: bool, letters: &Letters) -> bool {
    let (mut said, mut is_known, mut to) = (BufReader::new(stream), !manner.asks, String::new());
    let mut line = String::new();
    loop {
        line.clear();
        if said.read_line(&mut line).await.unwrap_or(0) == 0 {
            return false;
        }
        let offers = manner.certificates.is_some() && !is_secured;
        let answer = match line.trim_end() {
            hello if hello.starts_with("EHLO ") => {
                let auth = if manner.asks { "250-AUTH PLAIN LOGIN\r\n" } else { "" };
                let tls = if offers { "250-STARTTLS\r\n" } else { "" };
                format!("250-relay\r\n{auth}{tls}250 8BITMIME\r\n")
            }
            "STARTTLS" if offers => {
                said.write_all(b"220 go on\r\n").await.unwrap();
                return true;
            }
            "STARTTLS" => "502 not here\r\n".to_owned(),
            "AUTH PLAIN AHUAcA==" => {
                is_known = true;
                "235 welcome\r\n".to_owned()
            }
            auth if auth.starts_with("AUTH") => "535 who are you\r\n".to_owned(),
            mail if mail.starts_with("MAIL FROM:") && !is_known => "530 say who you are\r\n".to_owned(),
            refused if refused.contains("<nobody@") => "550 no such user\r\n".to_owned(),
            refused if refused.contains("<later@") => "450 try again\r\n".to_owned(),
            receiver if receiver.starts_with("RCPT TO:") => {
                to = receiver.to_owned();
                "250 ok\r\n".to_owned()
            }
            "DATA" => {
                said.write_all(b"354 go on\r\n").await.unwrap();
                let mut letter = String::new();
                while !letter.ends_with("\r\n.\r\n") && said.read_line(&mut letter).await.unwrap_or(0) > 0 {}
                letters.lock().unwrap().push((to.clone(), letter));
                "250 taken\r\n".to_owned()
            }
            "QUIT" => {
                let _ = said.write_all(b"221 bye\r\n").await;
                return false;
            }
            _ => "250 ok\r\n".to_owned(),
        };
        said.write_all(answer.as_bytes()).await.unwrap();
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
    let (port, letters) = relay(Manner::default()).await;
    for (operators, state, said) in [
        (&["joho@example.lg.jp"][..], State::Good, "1人のあて先を受け付けます"),
        (&["joho@example.lg.jp", "nobody@example.lg.jp"], State::Bad, "nobody@example.lg.jp を受け付けません"),
        (&["later@example.lg.jp"], State::Warning, "try again"),
    ] {
        let finding = at(port, operators).look().await;
        assert!(finding.state == state && finding.message.contains(said), "{finding:?}");
    }
    assert!(letters.lock().unwrap().is_empty());
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    assert_eq!(at(closed, &["joho@example.lg.jp"]).look().await.state, State::Warning, "it may be back soon");
    assert_eq!(none().state, State::Good);
}

#[tokio::test]
async fn encryption_and_the_account_are_part_of_the_look() {
    let made = Arc::new(Certificates::new());
    let (port, _) = relay(Manner { certificates: Some(Arc::clone(&made)), asks: true }).await;
    let account = |password: &str| Some(("u".to_owned(), password.to_owned()));
    let usual = Relay {
        encryption: Encryption::StartTls,
        account: account("p"),
        authority: Some(made.file("ca.pem")),
        ..at(port, &["joho@example.lg.jp"])
    };
    let good = usual.look().await;
    assert_eq!(good.state, State::Good, "{good:?}");
    for (wrong, said) in [
        (Relay { account: account("q"), ..usual.clone() }, "who are you"),
        (Relay { authority: None, ..usual.clone() }, "安全な接続か認証ができません"),
        (Relay { authority: Some("/nowhere".into()), ..usual.clone() }, "mail.authority を読めません"),
        (Relay { account: None, ..usual.clone() }, "say who you are"),
    ] {
        let finding = wrong.look().await;
        assert!(finding.state == State::Bad && finding.message.contains(said), "{finding:?}");
    }
    // What it shows is looked at by itself, as it is with every server.
    let shown = usual.counterpart().unwrap().look().await.certificates.unwrap();
    assert_eq!(shown[0].subject, "CN=localhost");
    let (plain, _) = relay(Manner::default()).await;
    let unencrypted = Relay { encryption: Encryption::StartTls, account: None, ..at(plain, &["joho@example.lg.jp"]) };
    assert_eq!(unencrypted.look().await.state, State::Bad, "it is never done without");
    assert!(unencrypted.counterpart().unwrap().look().await.certificates.unwrap_err().contains("STARTTLS"));
    assert_eq!(at(plain, &[]).counterpart(), None);
}

#[tokio::test]
async fn an_address_that_is_refused_silences_no_other() {
    let (port, letters) = relay(Manner::default()).await;
    let send = async |operators: &[&str]| {
        at(port, operators)
            .send("【カワセミ】直す必要があります", "ディスクの空き\n", Timestamp::UNIX_EPOCH, Uuid::nil())
            .await
    };
    send(&["nobody@example.lg.jp", "joho@example.lg.jp"]).await.unwrap();
    let taken = letters.lock().unwrap().clone();
    assert_eq!(taken.len(), 1);
    let (to, letter) = &taken[0];
    assert!(to.contains("joho@") && letter.contains("Message-ID: <00000000-"), "{letter}");
    // Japanese travels encoded: no relay has to understand it.
    assert!(letter.is_ascii() && letter.contains("Subject: =?utf-8?"), "{letter}");
    assert!(letter.contains("Date: Thu, 01 Jan 1970 00:00:00 +0000"), "{letter}");
    let error = send(&["nobody@example.lg.jp"]).await.unwrap_err();
    assert!(matches!(error, MailError::Refused(..)), "{error}");
}
