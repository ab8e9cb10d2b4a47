use super::*;

fn jpeg(width: u32, height: u32) -> Vec<u8> {
    written(&RgbImage::from_pixel(width, height, Rgb([200, 100, 50]))).expect("it is written")
}

/// The same with an EXIF part that says 35°26′16.08″N 139°25′36.84″E.
fn with_position(jpeg: &[u8]) -> Vec<u8> {
    let rational = |parts: [(u32, u32); 3]| -> Vec<u8> {
        parts.iter().flat_map(|(n, d)| [n.to_be_bytes(), d.to_be_bytes()].concat()).collect()
    };
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
    };
    let mut tiff = b"MM\0\x2a\0\0\0\x08\0\x01".to_vec();
    tiff.extend(entry(0x8825, 4, 1, 26_u32.to_be_bytes()));
    tiff.extend([0; 4]);
    tiff.extend(4_u16.to_be_bytes());
    let data = 26 + 2 + 4 * 12 + 4;
    tiff.extend(entry(1, 2, 2, *b"N\0\0\0"));
    tiff.extend(entry(2, 5, 3, (data as u32).to_be_bytes()));
    tiff.extend(entry(3, 2, 2, *b"E\0\0\0"));
    tiff.extend(entry(4, 5, 3, (data as u32 + 24).to_be_bytes()));
    tiff.extend([0; 4]);
    tiff.extend(rational([(35, 1), (26, 1), (1_608, 100)]));
    tiff.extend(rational([(139, 1), (25, 1), (3_684, 100)]));
    let body = [b"Exif\0\0".as_slice(), &tiff].concat();
    let length = u16::try_from(body.len() + 2).expect("short");
    [&jpeg[..2], &[0xFF, 0xE1], &length.to_be_bytes(), &body, &jpeg[2..]].concat()
}

#[test]
fn the_position_is_told_and_gone_from_the_picture() {
    let taken = from_bytes(&with_position(&jpeg(80, 60))).expect("a photograph");
    let place = taken.place().expect("a position");
    assert!((place.latitude - 35.437_8).abs() < 1e-6 && (place.longitude - 139.426_9).abs() < 1e-6, "{place:?}");
    assert!(!taken.jpeg.windows(4).any(|part| part == b"Exif"));
    assert_eq!(properties(&mut Cursor::new(&taken.jpeg)), (None, None));
}

#[test]
fn large_ones_become_small_and_others_stay() {
    let side = |bytes: &[u8]| decoded(bytes).map(|picture| (picture.width(), picture.height())).expect("a picture");
    assert_eq!(side(&from_bytes(&jpeg(4_000, 1_000)).expect("one").jpeg), (2_048, 512));
    assert_eq!(side(&from_bytes(&jpeg(300, 400)).expect("one").jpeg), (300, 400));
}

#[test]
fn what_is_no_photograph_is_refused_with_a_word_for_it() {
    let word = |bytes: &[u8]| from_bytes(bytes).expect_err("it is refused").word();
    assert_eq!(word(b"<svg onload=alert(1)>"), "photo-not-a-picture");
    assert_eq!(word(b"%PDF-1.7"), "photo-not-a-picture");
    assert_eq!(word(b""), "photo-not-a-picture");
    assert_eq!(word(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), "photo-heic");
    assert_eq!(word(&jpeg(50, 50)[..40]), "photo-broken");
    assert_eq!(word(&vec![0xFF; 40 * 1024 * 1024 + 1]), "photo-too-large");
}

#[test]
fn a_script_behind_the_picture_is_lost() {
    let both = [jpeg(60, 60), b"<script>alert(1)</script>".to_vec()].concat();
    let made = from_bytes(&both).expect("a photograph");
    assert!(!made.jpeg.windows(7).any(|part| part == b"<script"));
}

#[test]
fn what_is_painted_over_can_not_be_seen() {
    let parts = Part::parse_all("0,0,500,1000; nonsense; 900,900,5000,5000");
    assert_eq!(parts.len(), 2);
    let painted = decoded(&painted_over(&jpeg(100, 100), &parts).expect("painted")).expect("a picture").to_rgb8();
    let dark = |x, y| painted.get_pixel(x, y).0[0] < 80;
    assert!(dark(10, 50) && dark(95, 95) && !dark(75, 50));
}
