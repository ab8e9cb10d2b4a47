//! The logs reach a collector: nothing is skipped when it dies, and nothing personal is told.

use std::collections::BTreeSet;

use crate::common::Hall;
use kawasemi_oversight::siem::{Source, Target};
use kawasemi_testkit::desk::tables;
use kawasemi_testkit::on_both_stores;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

/// Reads one connection to its end and answers the messages, whose octets are counted.
async fn taken(listener: &TcpListener) -> Vec<String> {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let mut rest = bytes.as_slice();
    let mut messages = Vec::new();
    while !rest.is_empty() {
        let space = rest.iter().position(|byte| *byte == b' ').unwrap();
        let length: usize = std::str::from_utf8(&rest[..space]).unwrap().parse().unwrap();
        messages.push(String::from_utf8(rest[space + 1..space + 1 + length].to_vec()).unwrap());
        rest = &rest[space + 1 + length..];
    }
    messages
}

fn places(messages: &[String], log: &str) -> BTreeSet<i64> {
    let of_log = messages.iter().filter(|message| message.contains(&format!("log=\"{log}\"")));
    of_log.map(|message| message.split("seq=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap()).collect()
}

on_both_stores! {
    tables = tables();

    async fn nothing_is_skipped_when_the_collector_dies(fixture) {
        let hall = Hall::open(fixture).await;
        let person = hall.person("川瀬 秘", "1").await;
        let (_, clerk) = hall.somebody("clerk", &["counter"]).await;
        let look = async || drop(hall.city.city.ledgers.get(&clerk.clone().because("川瀬さんの件"), "person", person).await.unwrap());
        look().await;
        look().await;
        hall.oversight().tend(clerk.act.at).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let target = Target::Collector { address: format!("tcp://{address}").parse().unwrap(), authority: None };
        let send = async || hall.oversight().send(&target, clerk.act.at).await;
        // It dies in the middle: what it has taken is not known.
        let (sent, ()) = tokio::join!(send(), async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut some = [0; 16];
            stream.read_exact(&mut some).await.unwrap();
            stream.set_zero_linger().unwrap();
            drop(stream);
        });
        assert!(sent.is_err());
        let (sent, mut messages) = tokio::join!(send(), async {
            let mut all = taken(&listener).await;
            all.extend(taken(&listener).await);
            all
        });
        sent.unwrap();
        assert_eq!(places(&messages, "access"), BTreeSet::from([1, 2]));
        assert!(!places(&messages, "events").is_empty());
        assert_eq!(send().await.unwrap(), 0);
        look().await;
        hall.oversight().seal(clerk.act.at).await.unwrap();
        let (sent, more) = tokio::join!(send(), taken(&listener));
        assert_eq!((sent.unwrap(), places(&more, "access")), (1, BTreeSet::from([3])));
        messages.extend(more);
        for message in &messages {
            assert!(message.starts_with("<110>1 ") && message.is_ascii(), "{message}");
            assert!(!message.contains("川瀬"), "{message}");
        }
        assert!(messages.iter().any(|message| message.contains(&person.to_string())));
    }

    async fn files_of_lines_hold_every_line_once(fixture) {
        let hall = Hall::open(fixture).await;
        let person = hall.person("川瀬 秘", "1").await;
        hall.city.seal().await;
        let (_, clerk) = hall.somebody("clerk", &["counter"]).await;
        hall.city.city.ledgers.get(&clerk, "person", person).await.unwrap();
        hall.oversight().seal(clerk.act.at).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let target = Target::Files { folder: folder.path().to_owned(), size: 1_000_000, keep: 3 };
        let sent = hall.oversight().send(&target, clerk.act.at).await.unwrap();
        assert_eq!(hall.oversight().send(&target, clerk.act.at).await.unwrap(), 0);
        let text = std::fs::read_to_string(folder.path().join(format!("{}.jsonl", fixture.city.code()))).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len() as u64, sent);
        for source in Source::ALL {
            let places: Vec<i64> = lines.iter().filter(|line| line["log"] == source.key()).map(|line| line["seq"].as_i64().unwrap()).collect();
            assert_eq!(places, (1..=places.len() as i64).collect::<Vec<_>>(), "{}", source.key());
            assert!(!places.is_empty());
        }
    }
}
