//! Papers and notes that need no city: a template printed with its data and pictures, what the versions ask of the operator.

use crate::support::Hall;

/// A picture of one dot.
const DOT: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4"/></svg>"#;

#[test]
fn a_template_is_printed_with_its_data_and_pictures() {
    let hall = Hall::on_sqlite();
    let template =
        hall.file("notice.typ", "#import \"/paper.typ\": *\n#title[#data.title]\n#image(\"/assets/dot.svg\")\n");
    let data = hall.file("data.json", r#"{"title": "渡邉様へのお知らせ"}"#);
    std::fs::create_dir_all(hall.path("pictures")).unwrap();
    std::fs::write(hall.path("pictures/dot.svg"), DOT).unwrap();
    let pictures = hall.path("pictures").display().to_string();
    let print = |out: &str| {
        let out = hall.path(out).display().to_string();
        let words = ["print", "template", &template, "--data", &data, "--assets", &pictures, "--title", "お知らせ"];
        hall.json(&[&words[..], &["--at", "1790000000", "--out", &out]].concat())
    };
    assert_eq!(print("one.pdf")["pages"], 1);
    print("two.pdf");
    let (one, two) = (std::fs::read(hall.path("one.pdf")).unwrap(), std::fs::read(hall.path("two.pdf")).unwrap());
    assert!(one.starts_with(b"%PDF-") && one == two, "the same instant gives the same bytes");

    let broken = hall.file("broken.typ", "#import \"/paper.typ\": *\n\n#data.tilte\n");
    let out = hall.path("none.pdf").display().to_string();
    let said = hall.fails(1, &["print", "template", &broken, "--data", &data, "--title", "x", "--out", &out]);
    assert!(said.contains("3行目"), "{said}");
    assert!(!hall.path("none.pdf").exists());
}

#[test]
fn the_operator_is_told_what_newer_versions_ask() {
    let hall = Hall::on_sqlite();
    let all = hall.json(&["notes"]);
    assert_eq!(all["version"], env!("CARGO_PKG_VERSION"));
    let releases = all["releases"].as_array().unwrap();
    assert!(releases.iter().all(|release| !release["points"].as_array().unwrap().is_empty()), "{all}");
    assert_eq!(hall.json(&["notes", "--from", "999.0.0"])["releases"].as_array().unwrap().len(), 0);
    assert!(hall.fails(1, &["notes", "--from", "前"]).contains("1.2.3 の形"));
}
