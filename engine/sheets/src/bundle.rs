//! Many files in one place: a folder, a ZIP archive, or one file alone.

use std::fs::File;
use std::io::{BufReader, Read, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use zip::ZipArchive;

use crate::error::{Result, SheetError};

/// Most files that are looked at.
const MOST: usize = 20_000;
/// Largest file, in bytes.
const FILE: u64 = 100 * 1024 * 1024;
/// How deep folders are followed.
const DEPTH: usize = 8;

/// Files in one place, in the order of their names.
pub struct Bundle {
    source: Source,
    names: Vec<String>,
}

enum Source {
    /// Paths on the disk.
    Files(Vec<PathBuf>),
    /// An archive, with the number of each file in it.
    Zip(Box<ZipArchive<BufReader<File>>>, Vec<usize>),
}

impl Bundle {
    /// Opens a folder, a ZIP archive or a file. Files that programs leave beside others (`~$…`, `Thumbs.db`) are passed over.
    ///
    /// # Errors
    /// [`SheetError::TooMany`], [`SheetError::Damaged`] for an archive that can't be read, [`SheetError::Io`].
    pub fn open(path: &Path) -> Result<Self> {
        if path.is_dir() {
            let mut found = Vec::new();
            walk(path, path, 0, &mut found)?;
            found.sort();
            let (names, files) = found.into_iter().unzip();
            return Ok(Self { source: Source::Files(files), names });
        }
        if is_zip_of_files(path)? {
            return Self::of_zip(path);
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { source: Source::Files(vec![path.to_owned()]), names: vec![name] })
    }

    fn of_zip(path: &Path) -> Result<Self> {
        let mut archive = ZipArchive::new(BufReader::new(File::open(path)?))?;
        if archive.len() > MOST {
            return Err(SheetError::TooMany { most: MOST });
        }
        let mut found = Vec::new();
        for index in 0..archive.len() {
            let part = archive.by_index_raw(index)?;
            let name = decode(part.name_raw());
            if !part.is_dir() && is_content(&name) {
                found.push((name, index));
            }
        }
        found.sort();
        let (names, indexes) = found.into_iter().unzip();
        Ok(Self { source: Source::Zip(Box::new(archive), indexes), names })
    }

    /// The names, with their folders.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// A file of the bundle as one on the disk, which goes away with the answer if it was unpacked.
    ///
    /// # Errors
    /// [`SheetError::TooLarge`], [`SheetError::Damaged`].
    pub fn fetch(&mut self, index: usize) -> Result<Fetched> {
        match &mut self.source {
            Source::Files(paths) => {
                let path = paths.get(index).ok_or(SheetError::Damaged)?.clone();
                if std::fs::metadata(&path)?.len() > FILE {
                    return Err(SheetError::TooLarge { megabytes: FILE / (1024 * 1024) });
                }
                Ok(Fetched { path, _unpacked: None })
            }
            Source::Zip(archive, indexes) => {
                let part = archive.by_index(*indexes.get(index).ok_or(SheetError::Damaged)?)?;
                let mut unpacked = NamedTempFile::new()?;
                let copied = std::io::copy(&mut part.take(FILE + 1), &mut unpacked).map_err(|_| SheetError::Damaged)?;
                if copied > FILE {
                    return Err(SheetError::TooLarge { megabytes: FILE / (1024 * 1024) });
                }
                unpacked.flush()?;
                Ok(Fetched { path: unpacked.path().to_owned(), _unpacked: Some(unpacked) })
            }
        }
    }
}

/// A file of a bundle.
#[derive(Debug)]
pub struct Fetched {
    path: PathBuf,
    _unpacked: Option<NamedTempFile>,
}

impl Fetched {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Whether a file is an archive of other files, and no workbook or document, which are archives too.
fn is_zip_of_files(path: &Path) -> Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(4).read_to_end(&mut head)?;
    if head != b"PK\x03\x04" && head != b"PK\x05\x06" {
        return Ok(false);
    }
    let archive = ZipArchive::new(BufReader::new(File::open(path)?))?;
    let has = |name: &str| archive.index_for_name(name).is_some();
    Ok(!(has("[Content_Types].xml") || has("content.xml") && has("mimetype")))
}

fn walk(top: &Path, folder: &Path, depth: usize, found: &mut Vec<(String, PathBuf)>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() && depth < DEPTH {
            walk(top, &path, depth + 1, found)?;
        } else if kind.is_file() {
            let name = path.strip_prefix(top).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            if is_content(&name) {
                found.push((name, path));
            }
        }
        if found.len() > MOST {
            return Err(SheetError::TooMany { most: MOST });
        }
    }
    Ok(())
}

/// Names in archives that Windows makes in Japan are in CP932.
fn decode(name: &[u8]) -> String {
    let name = match std::str::from_utf8(name) {
        Ok(name) => name.to_owned(),
        Err(_) => encoding_rs::SHIFT_JIS.decode_without_bom_handling(name).0.into_owned(),
    };
    name.replace('\\', "/")
}

fn is_content(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or_default();
    let is_left_over = file.starts_with("~$") || file.starts_with('.') || name.starts_with("__MACOSX/");
    !file.is_empty() && !is_left_over && !matches!(file, "Thumbs.db" | "desktop.ini")
}

#[cfg(test)]
mod tests {
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    #[test]
    fn a_folder_and_an_archive_are_alike() {
        let folder = tempfile::tempdir().expect("makes a folder");
        std::fs::create_dir(folder.path().join("早川")).expect("makes a folder");
        for name in ["b.txt", "早川/a.txt", "~$b.txt", "Thumbs.db"] {
            std::fs::write(folder.path().join(name), name).expect("writes");
        }
        let mut of_folder = Bundle::open(folder.path()).expect("opens");
        assert_eq!(of_folder.names(), ["b.txt", "早川/a.txt"]);
        let archive = tempfile::NamedTempFile::new().expect("makes a file");
        let mut zip = ZipWriter::new(archive.reopen().expect("opens"));
        for name in ["早川/a.txt", "b.txt", "__MACOSX/b.txt"] {
            zip.start_file(name, SimpleFileOptions::default()).expect("begins");
            zip.write_all(name.as_bytes()).expect("writes");
        }
        zip.finish().expect("ends");
        let mut of_zip = Bundle::open(archive.path()).expect("opens");
        assert_eq!(of_zip.names(), of_folder.names());
        for bundle in [&mut of_folder, &mut of_zip] {
            let file = bundle.fetch(1).expect("is there");
            assert_eq!(std::fs::read_to_string(file.path()).expect("reads"), "早川/a.txt");
        }
        assert_eq!(Bundle::open(&folder.path().join("b.txt")).expect("opens").names(), ["b.txt"]);
    }

    #[test]
    fn names_of_old_archives_are_in_cp932() {
        let (bytes, ..) = encoding_rs::SHIFT_JIS.encode("写真\u{30FB}外観.jpg");
        assert_eq!(decode(&bytes), "写真・外観.jpg");
        assert_eq!(decode(&encoding_rs::SHIFT_JIS.encode("表.jpg").0), "表.jpg");
    }
}
