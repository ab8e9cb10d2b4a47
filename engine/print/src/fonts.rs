//! The fonts of the machine: which ones are used for what, where they are looked for, and which package brings one.
//!
//! They are read from disk once, when the first paper is printed, and not embedded: IPAmj明朝 alone has 45 MB, and a city
//! that prints nothing should not carry it. Licences: BIZ UD is under the SIL Open Font License 1.1, IPAmj明朝 under the IPA Font
//! License 1.0; both allow to embed a font's characters in documents.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use typst::foundations::Bytes;
use typst::layout::Abs;
use typst::text::{Font, FontBook, FontInstance, FontVariant, FontVariations};
use typst::utils::LazyHash;

/// What a font is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The text of papers (明朝).
    Mincho,
    /// Headings and tables (ゴシック).
    Gothic,
    /// The kanji of names that the others don't have (文字情報基盤).
    Names,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Mincho, Self::Gothic, Self::Names];

    /// The families that can play it, the best first.
    const fn families(self) -> &'static [&'static str] {
        match self {
            Self::Mincho => &["BIZ UDMincho", "BIZ UDPMincho", "IPAexMincho", "Noto Serif CJK JP"],
            Self::Gothic => &["BIZ UDGothic", "BIZ UDPGothic", "IPAexGothic", "Noto Sans CJK JP"],
            Self::Names => &["IPAmjMincho"],
        }
    }

    /// What it is called.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Mincho => "本文の書体（BIZ UD明朝）",
            Self::Gothic => "見出しと表の書体（BIZ UDゴシック）",
            Self::Names => "氏名の漢字の書体（IPAmj明朝）",
        }
    }

    /// The Debian package that brings the best one.
    pub const fn package(self) -> &'static str {
        match self {
            Self::Mincho => "fonts-morisawa-bizud-mincho",
            Self::Gothic => "fonts-morisawa-bizud-gothic",
            Self::Names => "fonts-ipamj-mincho",
        }
    }
}

/// Where the system keeps fonts.
const SYSTEM: [&str; 2] = ["/usr/share/fonts", "/usr/local/share/fonts"];
/// The beginnings of the names of files, in lower case and without signs, that are read in the system's folders; the others
/// are hundreds of megabytes that are of no use here.
const FILES: [&str; 8] = [
    "bizudmincho",
    "bizudpmincho",
    "bizudgothic",
    "bizudpgothic",
    "ipaexm",
    "ipaexg",
    "ipamjm",
    // Both collections, 明朝 and ゴシック, end in -Regular and -Bold.
    "notos",
];
/// The deepest folder in a folder of fonts.
const DEPTH: usize = 6;
/// The largest font file that is read.
const LARGEST: u64 = 200 * 1024 * 1024;

/// The fonts that were found.
#[derive(Clone)]
pub struct Fonts {
    inner: Arc<Inner>,
}

struct Inner {
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    chosen: [Option<Chosen>; 3],
}

/// The family that plays a role.
struct Chosen {
    family: String,
    faces: Vec<FontInstance>,
    file: PathBuf,
}

/// What was found for a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FontState {
    /// The role.
    pub role: Role,
    /// The family that plays it; none where the machine has none.
    pub family: Option<String>,
    /// Its file.
    pub file: Option<PathBuf>,
    /// The package that brings the best one.
    pub package: &'static str,
    /// Whether it is the best one.
    pub is_best: bool,
}

impl Fonts {
    /// Looks into the folders that the operator names, all files of which are read, and then into those of the system.
    /// Folders that aren't there are passed over.
    pub fn find(own: &[PathBuf]) -> Self {
        let mut files = Vec::new();
        for folder in own {
            collect(folder, DEPTH, &|_| true, &mut files);
        }
        for folder in SYSTEM {
            collect(Path::new(folder), DEPTH, &is_usual, &mut files);
        }
        let read = files.into_iter().flat_map(|path| {
            let bytes = fs::read(&path).unwrap_or_default();
            Font::iter(Bytes::new(bytes)).map(move |font| (font, path.clone())).collect::<Vec<_>>()
        });
        Self::of(read)
    }

    /// No more than the families that are used are kept, so that a template reaches no other font and the same job gives
    /// the same paper on a machine with more of them.
    fn of(read: impl Iterator<Item = (Font, PathBuf)>) -> Self {
        let wanted: Vec<&str> = Role::ALL.iter().flat_map(|role| role.families()).copied().collect();
        let all: Vec<(Font, PathBuf)> =
            read.filter(|(font, _)| wanted.contains(&font.info().family.as_str())).collect();
        let mut fonts: Vec<Font> = Vec::new();
        let chosen = Role::ALL.map(|role| {
            let family =
                role.families().iter().find(|name| all.iter().any(|(font, _)| font.info().family == **name))?;
            let mut chosen = Chosen { family: (*family).to_owned(), faces: Vec::new(), file: PathBuf::new() };
            for (font, file) in all.iter().filter(|(font, _)| font.info().family == *family) {
                // The same font in two folders is one.
                if fonts.iter().any(|known| known.info() == font.info()) {
                    continue;
                }
                chosen.faces.push(face(font));
                chosen.file.clone_from(file);
                fonts.push(font.clone());
            }
            Some(chosen)
        });
        let book = LazyHash::new(FontBook::from_fonts(&fonts));
        Self { inner: Arc::new(Inner { book, fonts, chosen }) }
    }

    /// What was found for each role.
    pub fn states(&self) -> Vec<FontState> {
        let state = |role: Role| {
            let chosen = self.chosen(role);
            FontState {
                role,
                family: chosen.map(|chosen| chosen.family.clone()),
                file: chosen.map(|chosen| chosen.file.clone()),
                package: role.package(),
                is_best: chosen.is_some_and(|chosen| role.families().first() == Some(&chosen.family.as_str())),
            }
        };
        Role::ALL.map(state).into()
    }

    /// The families for text, and whether there is one at all: without it nothing can be printed.
    pub fn can_print(&self) -> bool {
        [Role::Mincho, Role::Gothic].iter().any(|role| self.chosen(*role).is_some())
    }

    /// The family of a role, or the one that stands in for it.
    pub(crate) fn family(&self, role: Role) -> Option<&str> {
        let other = match role {
            Role::Mincho => Role::Gothic,
            Role::Gothic | Role::Names => Role::Mincho,
        };
        self.chosen(role).or_else(|| self.chosen(other)).map(|chosen| chosen.family.as_str())
    }

    /// The faces (regular, bold) of a role's family; empty where the machine has none.
    pub(crate) fn faces(&self, role: Role) -> &[FontInstance] {
        self.chosen(role).map_or(&[], |chosen| &chosen.faces)
    }

    pub(crate) fn book(&self) -> &LazyHash<FontBook> {
        &self.inner.book
    }

    pub(crate) fn font(&self, index: usize) -> Option<Font> {
        self.inner.fonts.get(index).cloned()
    }

    fn chosen(&self, role: Role) -> Option<&Chosen> {
        let index = Role::ALL.iter().position(|one| *one == role)?;
        self.inner.chosen.get(index)?.as_ref()
    }
}

impl std::fmt::Debug for Fonts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.states().iter().map(|state| &state.family)).finish()
    }
}

fn face(font: &Font) -> FontInstance {
    font.clone().instantiate(FontVariant::default(), Abs::pt(10.5), &FontVariations::default())
}

fn is_usual(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase().replace(['-', '_', ' '], "");
    FILES.iter().any(|beginning| name.starts_with(beginning)) && (!name.starts_with("notos") || name.contains("cjk"))
}

/// The font files of a folder and its folders, in the order of their names.
fn collect(folder: &Path, depth: usize, wanted: &dyn Fn(&Path) -> bool, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            if depth > 0 {
                collect(&path, depth - 1, wanted, files);
            }
            continue;
        }
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        let is_font = ["ttf", "otf", "ttc", "otc"].iter().any(|known| extension == *known);
        let is_sane = fs::metadata(&path).is_ok_and(|found| found.len() <= LARGEST);
        if is_font && is_sane && wanted(&path) {
            files.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fonts_that_are_used_are_read() {
        for (name, expected) in [
            ("BIZUDMincho-Regular.ttf", true),
            ("BIZ-UDPGothic_Bold.ttf", true),
            ("ipamjm.ttf", true),
            ("NotoSansCJK-Regular.ttc", true),
            ("NotoSans-Regular.ttf", false),
            ("DejaVuSans.ttf", false),
        ] {
            assert_eq!(is_usual(Path::new(name)), expected, "{name}");
        }
    }

    #[test]
    fn a_machine_without_fonts_says_which_packages_bring_them() {
        let fonts = Fonts::of(std::iter::empty());
        assert!(!fonts.can_print());
        let packages: Vec<&str> = fonts.states().iter().map(|state| state.package).collect();
        assert_eq!(packages, ["fonts-morisawa-bizud-mincho", "fonts-morisawa-bizud-gothic", "fonts-ipamj-mincho"]);
        assert!(fonts.states().iter().all(|state| state.family.is_none() && !state.is_best));
    }
}
