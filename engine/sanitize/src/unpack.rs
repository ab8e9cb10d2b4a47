//! ZIP archives, read strictly: each member that the directory names, none twice, none encrypted, within the limits.

use std::collections::HashSet;
use std::io::{Cursor, Read as _, Write as _};

use encoding_rs::SHIFT_JIS;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::{Budget, Limits, Refusal, Result};

/// The end record without its comment.
const END: usize = 22;
/// The longest comment behind it.
const COMMENT: usize = 0xffff;

/// A file in an archive.
pub(crate) struct Member {
    /// Its name with its folders, `/` between them.
    pub name: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// Where an archive's directory ends.
pub(crate) struct End {
    /// Whether the archive is all of the file, with nothing before or after it.
    pub is_whole: bool,
    /// How many members the directory says it names.
    pub members: usize,
}

/// The directory at the end of a file, if there is one that a reader would follow.
pub(crate) fn directory_at_end(content: &[u8]) -> Option<End> {
    let last = content.len().checked_sub(END)?;
    (last.saturating_sub(COMMENT)..=last).rev().find_map(|at| end_record(content, at))
}

fn end_record(content: &[u8], at: usize) -> Option<End> {
    let record = content.get(at..at + END)?;
    if !record.starts_with(b"PK\x05\x06") {
        return None;
    }
    let short = |place: usize| usize::from(u16::from_le_bytes([record[place], record[place + 1]]));
    let long = |place: usize| short(place) | short(place + 2) << 16;
    let (members, size, offset, comment) = (short(10), long(12), long(16), short(20));
    // Readers find the directory from its size, so that an archive works behind whatever stands before it.
    let directory = at.checked_sub(size)?;
    let is_directory = content[directory..].starts_with(b"PK\x01\x02") || members == 0 && size == 0;
    is_directory.then_some(End { is_whole: directory == offset && at + END + comment == content.len(), members })
}

/// The names of an archive's members, as they are stored.
pub(crate) fn member_names(content: &[u8]) -> Result<Vec<String>> {
    let archive = ZipArchive::new(Cursor::new(content)).map_err(broken)?;
    Ok(archive.file_names().map(str::to_owned).collect())
}

/// All files of an archive, unfolded.
pub(crate) fn read(content: &[u8], limits: &Limits, budget: &mut Budget) -> Result<Vec<Member>> {
    let mut archive = ZipArchive::new(Cursor::new(content)).map_err(broken)?;
    let end = directory_at_end(content).ok_or_else(|| Refusal::Broken("ZIP の目録がありません".to_owned()))?;
    if archive.len() != end.members {
        return Err(Refusal::Broken("ZIP の目録に同じ名前が二度あります".to_owned()));
    }
    budget.members = budget.members.checked_sub(archive.len()).ok_or_else(|| {
        let limit = format!("{} 個", limits.members);
        Refusal::TooMuch {
            what: "ZIP の中のファイルの数", limit, todo: "分けてから送ってください。"
        }
    })?;
    let mut seen = HashSet::new();
    let mut members = Vec::new();
    for index in 0..archive.len() {
        let (name, is_folder) = {
            let raw = archive.by_index_raw(index).map_err(broken)?;
            if raw.encrypted() {
                return Err(Refusal::Protected);
            }
            (name_of(raw.name_raw())?, raw.is_dir())
        };
        if !seen.insert(name.to_lowercase()) {
            return Err(Refusal::Broken(format!("ZIP に「{name}」が二度あります")));
        }
        if is_folder {
            continue;
        }
        let member = archive.by_index(index).map_err(broken)?;
        if member.is_symlink() {
            return Err(Refusal::Broken(format!("ZIP の「{name}」はファイルではありません")));
        }
        let mut content = Vec::new();
        member
            .take(budget.unfolded.saturating_add(1))
            .read_to_end(&mut content)
            .map_err(|error| broken(error.into()))?;
        budget.unfolded = budget.unfolded.checked_sub(content.len() as u64).ok_or(Refusal::TooMuch {
            what: "ZIP を展開した大きさ",
            limit: format!("{} MiB、または元の 250 倍", limits.unfolded >> 20),
            todo: "分けてから送ってください。",
        })?;
        members.push(Member { name, content });
    }
    Ok(members)
}

/// The name in UTF-8 or, as Windows in Japan writes it, in CP932; refused where it leads out of the archive.
fn name_of(raw: &[u8]) -> Result<String> {
    let decoded = match std::str::from_utf8(raw) {
        Ok(name) => Some(name.into()),
        Err(_) => SHIFT_JIS.decode_without_bom_handling_and_without_replacement(raw),
    };
    let name = decoded.ok_or_else(|| Refusal::Broken("ZIP の中の名前を読めません".to_owned()))?.replace('\\', "/");
    let leads_out = name.starts_with('/') || name.contains(':') || name.split('/').any(|part| part == "..");
    if leads_out || name.is_empty() || name.chars().any(char::is_control) {
        return Err(Refusal::Broken("ZIP の中に、外を指す名前があります".to_owned()));
    }
    Ok(name)
}

/// Writes an archive of members.
pub(crate) fn write(members: &[Member]) -> Result<Vec<u8>> {
    let unable = |error: zip::result::ZipError| Refusal::Unable(format!("ZIP を書けません: {error}"));
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for member in members {
        writer.start_file(member.name.as_str(), options).map_err(unable)?;
        writer.write_all(&member.content).map_err(|error| unable(error.into()))?;
    }
    Ok(writer.finish().map_err(unable)?.into_inner())
}

fn broken(error: zip::result::ZipError) -> Refusal {
    match error {
        zip::result::ZipError::UnsupportedArchive(what) if what == zip::result::ZipError::PASSWORD_REQUIRED => {
            Refusal::Protected
        }
        zip::result::ZipError::UnsupportedArchive(_) => Refusal::Broken("ZIP の圧縮の方法が古いか特殊です".to_owned()),
        _ => Refusal::Broken("ZIP として読めません".to_owned()),
    }
}
