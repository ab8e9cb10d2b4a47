//! PDF: pages become pictures, which are put together into a new PDF; or, where the operator says so, its active parts are
//! taken out and the rest stays.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::ImageReader;
use lopdf::{Dictionary, Document, Object, ObjectId};
use pdf_writer::{Content, Filter, Finish as _, Name, Pdf, Rect, Ref};

use crate::exec::run;
use crate::{Kind, Limits, Made, PdfWay, Refusal, Removed, Result, What};

/// The least sharpness at which a page is still read. A page too large even for it is refused.
const LEAST_DOTS: u32 = 50;

/// Points for each inch.
const POINTS: f64 = 72.0;

/// What carries or starts something that is not to be seen on the page: scripts, actions, forms, embedded files.
const ACTIVE_KEYS: &[&[u8]] = &[
    b"A",
    b"AA",
    b"AcroForm",
    b"AF",
    b"Collection",
    b"EmbeddedFiles",
    b"JavaScript",
    b"JS",
    b"Launch",
    b"Metadata",
    b"Names",
    b"OpenAction",
    b"PieceInfo",
    b"RichMedia",
    b"Threads",
    b"URI",
    b"XFA",
];

/// Annotations that do more than show something. The others stay, without their actions: among them is what was filled into a
/// form.
const ACTIVE_ANNOTATIONS: &[&[u8]] =
    &[b"Link", b"FileAttachment", b"RichMedia", b"Screen", b"Movie", b"Sound", b"3D", b"Projection"];

/// A PDF made anew, in the way that the limits say.
pub(crate) fn clean(content: &[u8], limits: &Limits) -> Result<Made> {
    let (made, what) = match limits.pdf {
        PdfWay::Pictures => (redrawn(content, limits)?, vec![What::Active, What::Searchable]),
        PdfWay::Structure => (stripped(content)?, vec![What::Active]),
    };
    let removed = what.into_iter().map(|what| Removed { what, place: String::new() }).collect();
    Ok((made, Kind::Pdf, removed))
}

/// Draws each page and puts the pictures together.
fn redrawn(content: &[u8], limits: &Limits) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir().map_err(unable)?;
    let source = folder.path().join("source.pdf");
    std::fs::write(&source, content).map_err(unable)?;
    let (pages, longest) = measure(&source, folder.path(), limits)?;
    let dots = sharpness(longest, limits)?.to_string();
    let arguments = ["-jpeg", "-jpegopt", "quality=85", "-cropbox", "-r", &dots, "source.pdf", "page"].map(OsStr::new);
    let ran = run(OsStr::new("pdftoppm"), &arguments, folder.path(), limits)?;
    let pictures = pictures(folder.path())?;
    if !ran.is_fine() || pictures.len() != pages as usize {
        return Err(Refusal::Broken("PDF のページを描けません".to_owned()));
    }
    put_together(&pictures, dots.parse().unwrap_or(limits.dots_per_inch), limits)
}

/// The number of pages and the longest side of any, in points.
fn measure(source: &Path, folder: &Path, limits: &Limits) -> Result<(u32, f64)> {
    let last = limits.pages.to_string();
    let arguments = [OsStr::new("-f"), OsStr::new("1"), OsStr::new("-l"), OsStr::new(&last), source.as_os_str()];
    let ran = run(OsStr::new("pdfinfo"), &arguments, folder, limits)?;
    if ran.stderr.contains("Incorrect password") {
        return Err(Refusal::Protected);
    }
    let value = |key: &str| ran.stdout.lines().find_map(|line| line.strip_prefix(key)).map(str::trim);
    if value("Encrypted:").is_some_and(|said| said.starts_with("yes")) {
        return Err(Refusal::Protected);
    }
    let pages = value("Pages:").and_then(|said| said.parse::<u32>().ok()).filter(|&pages| ran.is_fine() && pages > 0);
    let pages = pages.ok_or_else(|| Refusal::Broken("PDF として読めません".to_owned()))?;
    if pages > limits.pages {
        let limit = format!("{} ページ", limits.pages);
        return Err(Refusal::TooMuch {
            what: "PDF のページ数", limit, todo: "分けてから送ってください。"
        });
    }
    // `Page    3 size: 595.276 x 841.89 pts (A4)`, and without a number where there is one page.
    let sides = ran.stdout.lines().filter(|line| line.starts_with("Page") && line.contains(" size:"));
    let sides = sides.flat_map(|line| {
        line.split_whitespace().filter_map(|word| word.parse::<f64>().ok()).skip(1).collect::<Vec<_>>()
    });
    let longest = sides.fold(0.0, f64::max);
    Ok((pages, longest))
}

/// As sharp as wished, or as sharp as the largest page allows.
fn sharpness(longest: f64, limits: &Limits) -> Result<u32> {
    #[expect(clippy::cast_precision_loss, reason = "a limit, not an amount")]
    let side = (limits.pixels as f64).sqrt();
    let most = side / (longest.max(1.0) / POINTS);
    let dots = (1..=limits.dots_per_inch).rev().find(|&dots| f64::from(dots) <= most).unwrap_or(0);
    if dots < LEAST_DOTS.min(limits.dots_per_inch) {
        let limit = format!("{} 万画素", limits.pixels / 10_000);
        return Err(Refusal::TooMuch {
            what: "PDF のページの大きさ", limit, todo: "縮めてから送ってください。"
        });
    }
    Ok(dots)
}

fn pictures(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unable)? {
        let path = entry.map_err(unable)?.path();
        if path.extension().is_some_and(|ending| ending == "jpg") {
            found.push(path);
        }
    }
    // The numbers are padded with zeros.
    found.sort();
    Ok(found)
}

fn put_together(pictures: &[PathBuf], dots: u32, limits: &Limits) -> Result<Vec<u8>> {
    let odd = |_| Refusal::Broken("PDF のページを描けません".to_owned());
    let (catalog, tree) = (Ref::new(1), Ref::new(2));
    let mut next = 3;
    let mut fresh = || {
        next += 1;
        Ref::new(next - 1)
    };
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    let mut kids = Vec::new();
    let mut written = 0;
    for path in pictures {
        let bytes = std::fs::read(path).map_err(unable)?;
        written += bytes.len() as u64;
        if written > limits.unfolded {
            let limit = format!("{} MiB", limits.unfolded >> 20);
            return Err(Refusal::TooMuch {
                what: "無害化した PDF の大きさ",
                limit,
                todo: "分けてから送ってください。",
            });
        }
        let reader = ImageReader::new(Cursor::new(&bytes)).with_guessed_format().map_err(unable)?;
        let (width, height) = reader.into_dimensions().map_err(odd)?;
        let (page, picture, drawing) = (fresh(), fresh(), fresh());
        kids.push(page);
        #[expect(clippy::cast_precision_loss, reason = "a page has far fewer dots than a float has places")]
        let points = |pixels: u32| pixels as f32 * 72.0 / dots as f32;
        let (wide, high) = (points(width), points(height));
        let mut object = pdf.page(page);
        object.media_box(Rect::new(0.0, 0.0, wide, high)).parent(tree).contents(drawing);
        object.resources().x_objects().pair(Name(b"P"), picture);
        object.finish();
        let mut object = pdf.image_xobject(picture, &bytes);
        object.filter(Filter::DctDecode);
        object.width(width.cast_signed()).height(height.cast_signed()).bits_per_component(8);
        object.color_space().device_rgb();
        object.finish();
        let mut content = Content::new();
        content.save_state().transform([wide, 0.0, 0.0, high, 0.0, 0.0]).x_object(Name(b"P")).restore_state();
        pdf.stream(drawing, &content.finish());
    }
    let count = i32::try_from(kids.len()).map_err(|_| Refusal::Broken("ページが多すぎます".to_owned()))?;
    pdf.pages(tree).kids(kids).count(count);
    Ok(pdf.finish())
}

/// Takes out what is active; what nothing refers to any more goes as well.
fn stripped(content: &[u8]) -> Result<Vec<u8>> {
    let odd = |_| Refusal::Broken("PDF として読めません".to_owned());
    let mut document = Document::load_mem(content).map_err(odd)?;
    if document.is_encrypted() {
        return Err(Refusal::Protected);
    }
    document.trailer.remove(b"Info");
    let active = document.objects.iter().filter(|(_, object)| is_active(object)).map(|(id, _)| *id).collect();
    document.objects.values_mut().for_each(|object| strip(object, &active));
    document.prune_objects();
    let mut made = Vec::new();
    document.save_to(&mut made).map_err(unable)?;
    Ok(made)
}

fn strip(object: &mut Object, active: &HashSet<ObjectId>) {
    match object {
        Object::Dictionary(dictionary) => strip_dictionary(dictionary, active),
        Object::Stream(stream) => strip_dictionary(&mut stream.dict, active),
        Object::Array(items) => {
            items.retain(|item| match item {
                Object::Reference(id) => !active.contains(id),
                item => !is_active(item),
            });
            items.iter_mut().for_each(|item| strip(item, active));
        }
        _ => {}
    }
}

fn strip_dictionary(dictionary: &mut Dictionary, active: &HashSet<ObjectId>) {
    for key in ACTIVE_KEYS {
        dictionary.remove(key);
    }
    dictionary.iter_mut().for_each(|(_, value)| strip(value, active));
}

/// Whether an object is an annotation that does more than show something. Only annotations have a place on the page.
fn is_active(object: &Object) -> bool {
    let Ok(dictionary) = object.as_dict() else { return false };
    let subtype = dictionary.get(b"Subtype").and_then(Object::as_name).unwrap_or_default();
    dictionary.has(b"Rect") && ACTIVE_ANNOTATIONS.contains(&subtype)
}

fn unable(error: std::io::Error) -> Refusal {
    Refusal::Unable(format!("一時ファイルを扱えません: {error}"))
}
