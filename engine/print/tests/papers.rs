//! Papers as they come out: what stands on them, and where an official print stops.

use std::process::Command;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kawasemi_kernel::text::external::{ExternalCharacter, ExternalCharacters};
use kawasemi_print::{Asset, Job, Kind, Naming, Options, PrintError, Printer, Reason, Template};
use serde_json::{Value, json};

const LETTER: &str = r#"
#import "/paper.typ": *
#number-and-date(number: data.number, date: data.date)
#addressee(data.name)
#sender("試験市長", name: "市長", seal: none)
#title(data.title)
#lines(data.body)
#register(("番号", "氏名"), data.people.map(person => (person.number, person.name)))
"#;

fn printer() -> Printer {
    let printer = Printer::new(Vec::new());
    let missing: Vec<_> = printer.fonts().states().into_iter().filter(|state| !state.is_best).collect();
    assert!(missing.is_empty(), "run dev/setup-packages.sh test; missing: {missing:?}");
    printer
}

fn job(data: Value) -> Job {
    let at: Timestamp = "2026-11-27T01:00:00Z".parse().expect("is an instant");
    let zone = TimeZone::get("Asia/Tokyo").expect("is known");
    Job {
        template: Template::new("letter.typ", LETTER),
        data,
        naming: Naming::default()
            .with_subject("", "通知")
            .with_subject("/people/1", "名簿の第2号")
            .with_field("name", "氏名"),
        assets: Vec::new(),
        options: Options::official("試験の通知", at, zone),
    }
}

fn letter(name: &str, second: &str) -> Value {
    json!({
        "number": "綾企第12号",
        "date": "令和8年11月27日",
        "name": name,
        "title": "行事の開催について（通知）",
        "body": "日ごろから市政に御協力いただき、ありがとうございます。\n下記のとおり開催します。",
        "people": [{"number": "1", "name": "石川"}, {"number": "2", "name": second}],
    })
}

fn table() -> ExternalCharacters {
    let entry = |code, standard: Option<&str>, substitute: Option<&str>| ExternalCharacter {
        code,
        mj: None,
        standard: standard.map(str::to_owned),
        substitute: substitute.map(str::to_owned),
    };
    [entry('\u{E000}', Some("邉\u{E0111}"), Some("邉")), entry('\u{E001}', None, Some("高"))].into_iter().collect()
}

/// The text of a PDF, as another program reads it.
fn read(pdf: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("paper.pdf");
    std::fs::write(&path, pdf).expect("is written");
    if let Some(kept) = std::env::var_os("KAWASEMI_TEST_KEEP_PDF") {
        std::fs::copy(&path, kept).expect("is kept");
    }
    let output =
        Command::new("pdftotext").arg("-layout").arg(&path).arg("-").output().expect("poppler-utils is installed");
    String::from_utf8(output.stdout).expect("is UTF-8")
}

#[test]
fn every_character_of_a_name_is_on_the_paper() {
    let name = "葛\u{E0100}城 葛\u{E0104} 辻\u{E0102} \u{FA19}田 𠮷 \u{2CF00} 渡\u{E000}";
    let pdf = printer().print(&job(letter(name, "山﨑")), &table()).expect("is printed");
    let text = read(&pdf.bytes);
    assert_eq!(pdf.pages, 1);
    assert!(pdf.substituted.is_empty());
    for part in [
        "綾企第12号",
        "葛",
        "城",
        "辻",
        "𠮷",
        "\u{2CF00}",
        "渡邉",
        "山﨑",
        "様",
        "1 / 1",
        "御協力いただき、ありがとうございます。",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(!text.contains('〓') && !text.contains('\u{E000}'), "{text}");
}

#[test]
fn an_official_print_stops_with_a_list() {
    let data = letter("外\u{E001}\u{E009}字", "辻\u{E01EF}〓\u{3106C}");
    let stopped = match printer().print(&job(data), &table()) {
        Err(PrintError::Stopped(list)) => list,
        other => panic!("{other:?}"),
    };
    let found: Vec<_> = stopped
        .findings
        .iter()
        .map(|one| (one.subject.as_str(), one.field.as_str(), one.code_points.as_str(), one.reason))
        .collect();
    assert_eq!(
        found,
        [
            ("通知", "氏名", "U+E001", Reason::ExternalWithoutStandard),
            ("通知", "氏名", "U+E009", Reason::UnknownExternal),
            ("名簿の第2号", "氏名", "U+8FBB U+E01EF", Reason::NoVariant),
            ("名簿の第2号", "氏名", "U+3013", Reason::Geta),
            ("名簿の第2号", "氏名", "U+3106C", Reason::NoGlyph),
        ]
    );
    assert!(stopped.to_string().contains("外字の台帳"), "{stopped}");
}

#[test]
fn an_ordinary_print_marks_substitutes() {
    let mut job = job(letter("外\u{E001}\u{E009}字", "辻\u{E01EF}"));
    job.options.kind = Kind::Ordinary;
    let pdf = printer().print(&job, &table()).expect("is printed");
    let text = read(&pdf.bytes);
    assert!(text.contains('高') && text.contains("U+E009") && text.contains("点線の文字"), "{text}");
    let substitutes: Vec<_> = pdf.substituted.iter().map(|one| one.substitute.as_deref()).collect();
    assert_eq!(substitutes, [Some("高"), None, Some("辻")]);
}

#[test]
fn the_same_job_gives_the_same_bytes() {
    let data = || job(letter("葛\u{E0100}城", "石川"));
    let [one, other] = [0, 1].map(|_| printer().print(&data(), &table()).expect("is printed").bytes);
    assert_eq!(one, other);
    let head = String::from_utf8_lossy(&one);
    assert!(head.contains("<pdfaid:part>2</pdfaid:part>"), "says that it is PDF/A-2");
    assert!(head.contains("20261127") || head.contains("2026-11-27T10:00:00+09:00"), "carries the instant of the job");
}

#[test]
fn headings_are_repeated_and_pages_numbered() {
    let mut data = letter("石川", "石川");
    let people = (1..=120).map(|n| json!({"number": n.to_string(), "name": "石川"}));
    data["people"] = people.collect();
    let mut job = job(data);
    job.options.footer.reference = "照会番号 12".to_owned();
    let pdf = printer().print(&job, &table()).expect("is printed");
    let text = read(&pdf.bytes);
    assert!(pdf.pages > 2);
    assert_eq!(text.matches("氏名").count(), pdf.pages);
    assert!(text.contains(&format!("2 / {}", pdf.pages)) && text.matches("照会番号 12").count() == pdf.pages);
}

#[test]
fn a_template_reaches_nothing_outside_its_job() {
    for (source, expected) in [
        ("#read(\"/etc/passwd\")", "not found"),
        ("#image(\"/assets/seal.png\")", "not found"),
        ("#import \"@preview/example:0.1.0\": *", "not found"),
        ("#let x = 1\n#missing", "template.typ 2行目"),
        ("#{ let x = 0; while x < 1 { x = x - 1 } }", "infinite"),
    ] {
        let mut job = job(json!({}));
        job.template = Template::new("bad.typ", source);
        match printer().print(&job, &table()) {
            Err(PrintError::Template { message, .. }) => assert!(message.contains(expected), "{source}: {message}"),
            other => panic!("{source}: {other:?}"),
        }
    }
    let mut job = job(json!({}));
    job.template = Template::new("blank.typ", "#import \"/paper.typ\": *\nひな形の\u{3106C}");
    assert!(
        matches!(printer().print(&job, &table()), Err(PrintError::Blank { code_points, .. }) if code_points == ["U+3106C"])
    );
}

#[test]
fn pictures_come_with_the_job() {
    let mut job = job(json!({}));
    job.template =
        Template::new("seal.typ", "#import \"/paper.typ\": *\n#sender(\"市長\", seal: \"/assets/seal.svg\")");
    let svg =
        b"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 10 10\"><circle cx=\"5\" cy=\"5\" r=\"4\"/></svg>";
    job.assets.push(Asset { name: "seal.svg".to_owned(), bytes: svg.to_vec() });
    assert!(read(&printer().print(&job, &table()).expect("is printed").bytes).contains("市長"));
}
