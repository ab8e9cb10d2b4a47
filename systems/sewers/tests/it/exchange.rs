//! The national exchange form (国総研 下水道台帳データ標準): its columns and codes become records.

use kawasemi_platform::ledger::Draft;
use kawasemi_testkit::on_both_stores;

use crate::support::{add, city, decimal, one};

/// A file of the layer 管きょ as it is exported, lengths in millimetres.
const FILE: &str = include_str!("../data/nilim-pipes.csv");

on_both_stores! {
    tables = crate::support::tables();

    async fn a_file_of_the_standard_becomes_pipes(fixture) {
        let city = city(fixture).await;
        let operator = city.sign_in("renkei", &["exchange-operator", "sewer-editor"]).await;
        add(&city, "sewer-pipe", Draft::new().with("facility_number", "A-0002").with("exclusion", "unknown").with("length_m", decimal("1"))).await;
        let boundary = "kawasemi";
        let mut body = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"pipes.csv\"\r\nContent-Type: text/csv\r\n\r\n").into_bytes();
        body.extend(FILE.as_bytes());
        body.extend(format!("\r\n--{boundary}--\r\n").into_bytes());
        let request = operator
            .request("POST", "/desk/exchange/layouts/nilim-sewer-pipe/files")
            .header("accept", "text/html")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", format!("multipart/form-data; boundary={boundary}"))
            .body(body.into());
        let sent = operator.send(request).await;
        assert_eq!(sent.status, 303, "{}", sent.text);
        let run = sent.location().split('?').next().unwrap().to_owned();
        let page = operator.get(&run).await;
        assert!(page.says("承認待ち") && page.says("A-0001"), "{}", page.text);
        let applied = operator.post(&format!("{run}/apply"), &[("x", "1")]).await;
        assert_eq!(applied.status, 303, "{}", applied.text);
        let record = one(&city, "sewer-pipe", "facility_number = 'A-0001'").await;
        assert_eq!((record.get("exclusion"), record.get("material"), record.get("shape")), (&"sanitary".into(), &"hume".into(), &"circle".into()));
        assert_eq!(record.get("length_m"), &decimal("45.2"));
        assert_eq!(record.get("manhole_up"), &"M-0001".into());
        // What was there under the same number is the same record.
        assert_eq!(one(&city, "sewer-pipe", "facility_number = 'A-0002'").await.get("exclusion"), &"storm".into());
    }
}
