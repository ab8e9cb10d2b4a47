//! What a refused file really is, where that is plain to see: a workbook, or text in another encoding. The refusal then says
//! so, rather than what follows from it.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use kawasemi_ledger::import::{Encoding, detect};

use crate::layout::{Format, Layout};

/// What begins a ZIP archive, and so a workbook of today.
const ZIP: &[u8] = b"PK\x03\x04";
/// What begins a workbook or database of before 2007.
const COMPOUND: &[u8] = b"\xD0\xCF\x11\xE0";

/// In words what the file is, where it can't be what its layout says.
pub(super) fn what_it_is(layout: &Layout, path: &Path) -> Result<Option<String>, std::io::Error> {
    let mut head = Vec::new();
    File::open(path)?.take(8).read_to_end(&mut head)?;
    if head.starts_with(ZIP) || head.starts_with(COMPOUND) {
        let wanted = match layout.raw.format {
            Format::Fixed => "固定長のファイル",
            Format::Csv => "CSV",
            Format::Xml => "XML",
        };
        let said = format!(
            "Excelのブックか、圧縮したファイルです。展開するか、相手のシステムから{wanted}で出し直してもらってください。"
        );
        return Ok(Some(said));
    }
    let wanted = layout.encoding();
    let found = detect(&mut BufReader::with_capacity(1 << 16, File::open(path)?))?;
    let Some(found) = found.filter(|found| *found != wanted) else { return Ok(None) };
    if matches!(found, Encoding::Utf8 | Encoding::Cp932) && is_ascii(path)? {
        return Ok(None);
    }
    Ok(Some(format!(
        "文字コードが違います。ファイルは{}で、連携レイアウトは{}です。相手のシステムの出力の設定が変わっていないか確かめてください。",
        found.label(),
        wanted.label()
    )))
}

/// Whether a file reads alike in UTF-8 and in CP932.
fn is_ascii(path: &Path) -> Result<bool, std::io::Error> {
    let (mut file, mut block) = (File::open(path)?, vec![0; 1 << 16]);
    loop {
        let length = file.read(&mut block)?;
        if length == 0 || !block[..length].is_ascii() {
            return Ok(length == 0);
        }
    }
}
