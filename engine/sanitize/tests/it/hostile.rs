//! Pictures, PDFs, archives and texts, harmless and hostile.

use crate::support::{active_pdf, archive, members, pdf, picture};
use image::{DynamicImage, GenericImageView as _, ImageFormat};
use kawasemi_sanitize::{Kind, Limits, Mode, PdfWay, Refusal, Sanitizer, Settings, What, clean, detect};
use proptest::prelude::*;

fn limits() -> Limits {
    Limits::default()
}

/// A JPEG with a position, an orientation (turn by a quarter) and a comment behind its end.
fn photograph() -> Vec<u8> {
    let plain = picture(ImageFormat::Jpeg, 40, 20);
    let exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0GPS 35.43 139.42";
    let length = u16::try_from(exif.len() + 2).expect("is short").to_be_bytes();
    [&plain[..2], b"\xff\xe1", &length, exif, &plain[2..], b"hidden tail"].concat()
}

#[test]
fn a_photograph_loses_its_position_and_is_turned_upright() {
    let clean = clean("写真.JPG", &photograph(), &limits()).expect("is cleaned");
    assert_eq!((clean.name.as_str(), clean.media_type), ("写真.JPG", "image/jpeg"));
    for gone in [b"GPS".as_slice(), b"Exif", b"hidden"] {
        assert!(!clean.content.windows(gone.len()).any(|window| window == gone));
    }
    let made = image::load_from_memory(&clean.content).expect("is a picture");
    assert_eq!(made.dimensions(), (20, 40));
    // The left half was red; a quarter to the right brings it to the top.
    assert!(made.get_pixel(10, 5)[0] > 200 && made.get_pixel(10, 35)[2] > 200);
    assert_eq!(clean.removed[0].what, What::Metadata);
}

#[test]
fn pictures_of_each_kind_keep_their_pixels() {
    for format in [ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP] {
        let content = picture(format, 6, 3);
        let made = clean("x", &content, &limits()).expect("is cleaned");
        let pixels = |content: &[u8]| {
            image::load_from_memory(content).map(|picture: DynamicImage| picture.to_rgb8()).expect("a picture")
        };
        assert_eq!(pixels(&made.content), pixels(&content), "{format:?}");
    }
}

#[test]
fn bombs_are_refused_before_they_are_unfolded() {
    // A PNG that says it has 65,000 × 65,000 pixels.
    let mut png = picture(ImageFormat::Png, 2, 2);
    png[16..24].copy_from_slice(&[0, 0, 0xfd, 0xe8, 0, 0, 0xfd, 0xe8]);
    assert!(clean("x.png", &png, &limits()).is_err());
    let mut gif = picture(ImageFormat::Gif, 2, 2);
    gif[6..10].copy_from_slice(&[0xff; 4]);
    assert!(matches!(clean("x.gif", &gif, &limits()), Err(Refusal::TooMuch { .. })));
    let zeros = vec![b'0'; 40 << 20];
    let bomb = archive(&[("a.txt", &zeros)]);
    assert!(bomb.len() < 100_000);
    assert!(matches!(clean("x.zip", &bomb, &limits()), Err(Refusal::TooMuch { .. })));
    let many: Vec<String> = (0..50).map(|number| format!("{number}.txt")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), b"a".as_slice())).collect();
    assert!(matches!(
        clean("x.zip", &archive(&many), &Limits { members: 49, ..limits() }),
        Err(Refusal::TooMuch { .. })
    ));
    let small = Limits { input: 10, ..limits() };
    assert!(matches!(clean("x.txt", b"more than ten", &small), Err(Refusal::TooMuch { .. })));
}

#[test]
fn archives_are_made_anew_member_by_member_and_not_too_deep() {
    let inner = archive(&[("写真.jpg", &photograph()), ("desktop.ini", b"[x]")]);
    let middle = archive(&[("中/内.zip", &inner), ("案内.txt", "案内\u{7}".as_bytes())]);
    let made = clean("一式.zip", &middle, &limits()).expect("is cleaned");
    let names: Vec<String> = members(&made.content).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["中/内.zip", "案内.txt"]);
    assert!(
        made.removed.iter().any(|removed| removed.place == "中/内.zip › 写真.jpg" && removed.what == What::Metadata)
    );
    let outer = archive(&[("a.zip", &middle)]);
    let refused = clean("x.zip", &outer, &limits()).expect_err("is too deep").to_string();
    assert!(refused.contains("「a.zip › 中/内.zip」") && refused.contains("入れ子"), "{refused}");
}

#[test]
fn one_bad_member_refuses_the_archive_by_name() {
    for (name, content, said) in [
        ("tool.exe", b"MZ\x90\0\x03".as_slice(), "tool.exe"),
        ("../../up.txt", b"a", "外を指す"),
        ("C:\\a.txt", b"a", "外を指す"),
        ("page.txt", b"<html><script>", "page.txt"),
    ] {
        let refused = clean("x.zip", &archive(&[(name, content)]), &limits()).expect_err("is refused").to_string();
        assert!(refused.contains(said), "{name}: {refused}");
    }
    // A member whose flag says that it is encrypted.
    let mut locked = archive(&[("a.txt", b"secret")]);
    for mark in [b"PK\x03\x04", b"PK\x01\x02"] {
        let at = locked.windows(4).position(|window| window == mark).expect("is there");
        locked[at + if mark[2] == 3 { 6 } else { 8 }] |= 1;
    }
    assert_eq!(clean("x.zip", &locked, &limits()), Err(Refusal::Protected));
}

#[test]
fn files_of_two_kinds_are_refused() {
    let zip = archive(&[("a.txt", b"a")]);
    for front in [picture(ImageFormat::Png, 2, 2), picture(ImageFormat::Jpeg, 8, 8), active_pdf(), b"text\n".to_vec()] {
        let both = [front, zip.clone()].concat();
        assert!(matches!(clean("x", &both, &limits()), Err(Refusal::TwoKinds | Refusal::Unknown)));
    }
    let tail = [zip.clone(), b"tail".to_vec()].concat();
    assert!(clean("x.zip", &tail, &limits()).is_err());
    let mut twice = zip.clone();
    twice.extend(&zip);
    assert!(clean("x.zip", &twice, &limits()).is_err());
}

#[test]
fn pages_of_a_pdf_become_pictures() {
    let made = clean("図面.pdf", &active_pdf(), &limits()).expect("is cleaned (needs poppler-utils)");
    for gone in [b"JavaScript".as_slice(), b"OpenAction", b"evil.example", b"PAYLOD", b"AcroForm", b"/Annots"] {
        assert!(!made.content.windows(gone.len()).any(|window| window == gone));
    }
    // Looked at again, it has one page, 200 by 100 points wide, and its left half is red.
    let document = lopdf::Document::load_mem(&made.content).expect("is a PDF");
    assert_eq!(document.get_pages().len(), 1);
    let streams = document.objects.values().filter_map(|object| object.as_stream().ok());
    let picture =
        streams.filter_map(|stream| image::load_from_memory(&stream.content).ok()).next().expect("has a picture");
    let (width, height) = picture.dimensions();
    assert!(width.abs_diff(417) <= 1 && height.abs_diff(208) <= 1, "{width}×{height}");
    assert!(picture.get_pixel(50, 100)[1] < 60 && picture.get_pixel(350, 100)[1] > 200);
}

#[test]
fn the_weaker_way_takes_active_parts_out_of_a_pdf() {
    let weaker = Limits { pdf: PdfWay::Structure, ..limits() };
    let made = clean("図面.pdf", &active_pdf(), &weaker).expect("is cleaned");
    for gone in [b"JavaScript".as_slice(), b"OpenAction", b"evil.example", b"PAYLOD", b"AcroForm", b"/Link", b"xdp"] {
        assert!(!made.content.windows(gone.len()).any(|window| window == gone), "{}", String::from_utf8_lossy(gone));
    }
    for kept in [b"1 0 0 rg".as_slice(), b"/Widget", b"(filled in)"] {
        assert!(made.content.windows(kept.len()).any(|window| window == kept), "{}", String::from_utf8_lossy(kept));
    }
}

#[test]
fn pdfs_that_ask_too_much_or_are_none_are_refused() {
    let huge = pdf(&[
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 900000 900000] >>",
    ]);
    assert!(matches!(clean("x.pdf", &huge, &limits()), Err(Refusal::TooMuch { .. })));
    let pages = Limits { pages: 0, ..limits() };
    assert!(clean("x.pdf", &active_pdf(), &pages).is_err());
    assert!(matches!(clean("x.pdf", b"%PDF-1.7\nnothing", &limits()), Err(Refusal::Broken(_))));
}

#[test]
fn a_product_is_called_instead_and_its_answer_is_believed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    std::fs::write(&from, "本文").expect("is written");
    let product = |script: &str| {
        let words = ["sh", "-c", script, "sh", "{in}", "{out}", "{name}"].map(str::to_owned).to_vec();
        let settings = Settings { mode: Mode::Command(words), ..Settings::default() };
        Sanitizer::new(settings).clean_file("申請; rm -rf.txt", &from, &to)
    };
    let cleaned = product("sed s/本/改/ \"$1\" > \"$2\"; echo \" $3\" >> \"$2\"").expect("is cleaned");
    assert_eq!(std::fs::read_to_string(&to).expect("is there"), "改文 申請; rm -rf.txt\n");
    assert_eq!((cleaned.name.as_str(), cleaned.removed[0].what), ("申請; rm -rf.txt", What::Product));
    assert_eq!(
        product("echo ウイルスが見つかりました; exit 1"),
        Err(Refusal::Told("ウイルスが見つかりました".to_owned()))
    );
    assert!(product("exit 3").is_err_and(|refusal| refusal.is_ours()));
    assert!(product("exit 0").is_err_and(|refusal| refusal.is_ours()));
}

#[test]
fn switched_off_a_file_passes_and_the_report_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    std::fs::write(&from, "MZ").expect("is written");
    let off = Sanitizer::new(Settings { mode: Mode::Off, ..Settings::default() });
    let cleaned = off.clean_file("a.exe", &from, &to).expect("passes");
    assert_eq!((cleaned.name.as_str(), cleaned.size, cleaned.removed[0].what), ("a.exe", 2, What::Nothing));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Whatever comes is cleaned or refused, and never ends the program.
    #[test]
    fn anything_is_cleaned_or_refused(front in 0usize..9, rest in proptest::collection::vec(any::<u8>(), 0..400)) {
        let marks: [&[u8]; 9] = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 ", b"PK\x03\x04", b"%PDF-1.4\n", b"\xef\xbb\xbf", b"PK\x05\x06"];
        let content = [marks[front], &rest].concat();
        let structure = Limits { pdf: PdfWay::Structure, ..limits() };
        let _ = clean("x", &content, &structure);
    }

    /// A valid file with a few bytes changed is cleaned or refused; what is cleaned is of the same kind and clean.
    #[test]
    fn damage_is_survived(which in 0usize..5, places in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut content = match which {
            0 => picture(ImageFormat::Png, 9, 9),
            1 => photograph(),
            2 => picture(ImageFormat::Gif, 9, 9),
            3 => picture(ImageFormat::WebP, 9, 9),
            _ => archive(&[("a.txt", b"text"), ("b.png", &picture(ImageFormat::Png, 3, 3))]),
        };
        for (place, byte) in places {
            let at = place.index(content.len());
            content[at] = byte;
        }
        if let Ok(made) = clean("x", &content, &limits()) {
            let kind: Kind = detect(&made.content).expect("what was made is of a kind");
            prop_assert_eq!(kind.media_type(), made.media_type);
        }
    }
}
