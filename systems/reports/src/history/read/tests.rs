use super::*;

#[test]
fn requests_of_san_francisco_are_read() {
    let reports = read_reports(include_bytes!("../../../tests/data/service-requests.xml")).expect("they are read");
    assert_eq!(reports.len(), 2);
    assert_eq!(reports[0].id, "638344");
    assert_eq!(reports[0].status, Some(State::Done));
    assert_eq!(reports[0].service_name, "Sidewalk and Curb Issues");
    assert_eq!(reports[0].requested.map(|at| at.to_string()).as_deref(), Some("2010-04-14T14:37:38Z"));
    assert!(reports[0].place.is_some_and(|place| (place.latitude - 37.762_221_815).abs() < 1e-9));
}

#[test]
fn json_is_read_bare_and_wrapped() {
    let one = r#"{"service_request_id": 7, "status": "investigating", "lat": 35.4, "long": "139.4", "title": "穴", "detail": "大きい", "media_url": ["https://a/1.jpg", "https://a/2.jpg"]}"#;
    for text in [
        format!("[{one}]"),
        format!(r#"{{"requests": [{one}]}}"#),
        format!(r#"{{"service_requests": {{"request": [{one}]}}}}"#),
    ] {
        let reports = read_reports(text.as_bytes()).expect("they are read");
        assert_eq!((reports[0].id.as_str(), reports[0].status), ("7", Some(State::Investigating)));
        assert_eq!((reports[0].description.as_str(), reports[0].media_urls.len()), ("穴\n大きい", 2));
    }
}

#[test]
fn csv_is_read_in_both_encodings() {
    let text =
        "番号,種類,状態,受付日時,緯度,経度,内容\n12,穴ぼこ・段差,完了,2024/05/01 09:30,35.4378,139.4269,直して\n";
    let (cp932, _, _) = encoding_rs::SHIFT_JIS.encode(text);
    for bytes in [text.as_bytes(), &cp932] {
        let reports = read_reports(bytes).expect("they are read");
        assert_eq!(reports[0].requested.map(|at| at.to_string()).as_deref(), Some("2024-05-01T00:30:00Z"));
        assert_eq!((reports[0].status, reports[0].service_name.as_str()), (Some(State::Done), "穴ぼこ・段差"));
    }
}

#[test]
fn updates_are_read() {
    let xml = "<service_request_updates><request_update><update_id>1</update_id><service_request_id>638344</service_request_id>\
               <status>fixed</status><updated_datetime>2024-05-02T10:00:00+09:00</updated_datetime>\
               <description>直しました &amp; 確認済み</description></request_update></service_request_updates>";
    let updates = read_updates(xml.as_bytes()).expect("they are read");
    assert_eq!((updates[0].report.as_str(), updates[0].status), ("638344", Some(State::Done)));
    assert_eq!(updates[0].text, "直しました & 確認済み");
}

#[test]
fn what_is_broken_gets_a_sentence() {
    for (bytes, said) in [
        (&b""[..], "空"),
        (b"{\"a\": ", "JSON"),
        (b"<service_requests><request>", "XML"),
        (b"<!DOCTYPE a [<!ENTITY b \"c\">]><a/>", "DOCTYPE"),
        (b"a,b\n1,2\n", "番号"),
        (b"[]", "番号"),
    ] {
        let error = read_reports(bytes).expect_err("it is refused");
        assert!(error.0.contains(said), "{said}: {error}");
    }
}
