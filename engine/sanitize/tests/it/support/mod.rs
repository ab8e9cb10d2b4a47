//! Files made for tests.

use std::io::{Cursor, Read as _, Write as _};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// A picture, its left half red.
pub fn picture(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
    let pixels =
        RgbImage::from_fn(width, height, |x, _| if x < width / 2 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) });
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(pixels).write_to(&mut out, format).expect("is written");
    out.into_inner()
}

/// An archive.
pub fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        writer.start_file(*name, SimpleFileOptions::default()).expect("begins");
        writer.write_all(content).expect("is written");
    }
    writer.finish().expect("is finished").into_inner()
}

/// The members of an archive.
pub fn members(content: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = ZipArchive::new(Cursor::new(content)).expect("is an archive");
    (0..archive.len())
        .map(|index| {
            let mut member = archive.by_index(index).expect("is there");
            let mut content = Vec::new();
            member.read_to_end(&mut content).expect("is read");
            (member.name().to_owned(), content)
        })
        .collect()
}

/// The text of a member.
pub fn member(content: &[u8], name: &str) -> String {
    let found = members(content).into_iter().find(|(known, _)| known == name);
    String::from_utf8(found.unwrap_or_else(|| panic!("{name} is there")).1).expect("is text")
}

const TYPES_SPACE: &str = "http://schemas.openxmlformats.org/package/2006/content-types";
const RELATIONS_SPACE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// `[Content_Types].xml`, from parts and their types.
pub fn types(parts: &[(&str, &str)]) -> String {
    let parts: String =
        parts.iter().map(|(part, kind)| format!("<Override PartName=\"/{part}\" ContentType=\"{kind}\"/>")).collect();
    format!(
        "<Types xmlns=\"{TYPES_SPACE}\"><Default Extension=\"png\" ContentType=\"image/png\"/>\
         <Default Extension=\"emf\" ContentType=\"image/x-emf\"/>\
         <Default Extension=\"bin\" ContentType=\"application/vnd.ms-office.vbaProject\"/>{parts}</Types>"
    )
}

/// Relationships: id, the end of the type, target; external where the target is an address.
pub fn relations(relations: &[(&str, &str, &str)]) -> String {
    let items: String = relations
        .iter()
        .map(|(id, kind, target)| {
            let kind = if kind.contains("://") { (*kind).to_owned() } else { format!("{OFFICE}/{kind}") };
            let mode = if target.contains("://") { " TargetMode=\"External\"" } else { "" };
            format!("<Relationship Id=\"{id}\" Type=\"{kind}\" Target=\"{target}\"{mode}/>")
        })
        .collect();
    format!("<Relationships xmlns=\"{RELATIONS_SPACE}\">{items}</Relationships>")
}

/// A PDF of objects, numbered from 1; the first is the catalogue.
pub fn pdf(objects: &[&str]) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        places.push(out.len());
        out.extend(format!("{} 0 obj\n{object}\nendobj\n", index + 1).bytes());
    }
    let table = out.len();
    out.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    places.iter().for_each(|place| out.extend(format!("{place:010} 00000 n \n").bytes()));
    let trailer = format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1);
    out.extend(trailer.bytes());
    out
}

/// A page with a red square, and with a script, an action at opening, a link, a form and an embedded file.
pub fn active_pdf() -> Vec<u8> {
    pdf(&[
        "<< /Type /Catalog /Pages 2 0 R /OpenAction 6 0 R /AA << /WC 6 0 R >> /AcroForm << /Fields [] /XFA 7 0 R >> \
         /Names << /JavaScript << /Names [(a) 6 0 R] >> /EmbeddedFiles << /Names [(x.exe) 8 0 R] >> >> >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents 4 0 R /Annots [5 0 R 10 0 R] /AA << /O 6 0 R >> >>",
        "<< /Length 29 >>\nstream\n1 0 0 rg 0 0 100 100 re f    \nendstream",
        "<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (http://evil.example/) >> >>",
        "<< /S /JavaScript /JS (app.alert\\(1\\)) >>",
        "<< /Length 5 >>\nstream\n<xdp>\nendstream",
        "<< /Type /Filespec /F (x.exe) /EF << /F 9 0 R >> >>",
        "<< /Type /EmbeddedFile /Length 8 >>\nstream\nMZPAYLOD\nendstream",
        "<< /Type /Annot /Subtype /Widget /FT /Tx /V (filled in) /Rect [9 9 99 20] /AA << /K 6 0 R >> >>",
    ])
}
