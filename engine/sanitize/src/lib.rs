//! 無害化: files from outside, made anew so that only what a person looks at is left.
//!
//! Scanners look for what is known to be bad. Here nothing of the file that came is trusted: a picture is decoded and its
//! pixels are written anew, a PDF becomes pictures of its pages, an Office file keeps only the parts that its own content types
//! and relationships reach and that this crate knows, a text keeps its characters. What a file is, is decided by its
//! content, never by its name; what is none of the known kinds is refused. (地方公共団体における情報セキュリティポリシーに
//! 関するガイドライン, the way of files from the internet side to the LGWAN side.)
//!
//! [`clean`] does the work on bytes in memory. [`Sanitizer`] is what the rest of the program calls: it runs the same work in
//! a child process under limits of memory and time, or a city's own product (ファイル無害化製品) as a command.

mod archive;
mod detect;
mod exec;
mod office;
mod pdf;
mod picture;
mod sanitizer;
mod text;
mod unpack;

use serde::{Deserialize, Serialize};

pub use self::detect::{Kind, detect};
pub use self::sanitizer::{Cleaned, Mode, Sanitizer, Settings, WORKER_FLAG, answer_as_worker};

/// How much a file may ask for. Every limit refuses; none is silently applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The largest file that is taken, in bytes.
    pub input: u64,
    /// The most bytes that a ZIP or Office file may unfold to, all its levels together.
    pub unfolded: u64,
    /// The most members of a ZIP or parts of an Office file.
    pub members: usize,
    /// How deep ZIP files may lie in one another; 1 takes a ZIP of documents, but no ZIP in it.
    pub depth: u32,
    /// The most pixels of a picture, and of one page of a PDF.
    pub pixels: u64,
    /// The most frames of an animation.
    pub frames: usize,
    /// The most pages of a PDF.
    pub pages: u32,
    /// The sharpness at which pages of a PDF become pictures, in dots per inch.
    pub dots_per_inch: u32,
    /// The memory of a child process, in MiB.
    pub memory_mib: u64,
    /// The time of a child process, in seconds.
    pub seconds: u64,
    /// What becomes of PDFs.
    pub pdf: PdfWay,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            input: 100 << 20,
            unfolded: 500 << 20,
            members: 5_000,
            depth: 2,
            pixels: 100_000_000,
            frames: 500,
            pages: 300,
            dots_per_inch: 150,
            memory_mib: 2_048,
            seconds: 120,
            pdf: PdfWay::Pictures,
        }
    }
}

/// What becomes of a PDF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PdfWay {
    /// Pages become pictures, put together into a new PDF. Needs `pdftoppm` and `pdfinfo` (poppler-utils); a PDF is refused
    /// where they are not installed.
    Pictures,
    /// The PDF stays, without scripts, actions, forms (but for what was filled in), links and embedded files. Text can still be searched, but fonts and
    /// pictures are the sender's own bytes: clearly weaker, and only for senders who are trusted.
    Structure,
}

/// A file that was made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clean {
    /// Its bytes.
    pub content: Vec<u8>,
    /// Its name, whose ending is that of its content.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// What was left out or changed, in the order in which it was found.
    pub removed: Vec<Removed>,
}

/// Something that was left out or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// What it was.
    pub what: What,
    /// Where it was: a part of the file, a member of the archive; empty for the file as a whole.
    pub place: String,
}

/// Kinds of things that are left out, or told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Properties: position, camera, author, colour profile.
    Metadata,
    /// Macros (VBA, Excel 4.0).
    Macro,
    /// ActiveX controls and form controls with code.
    Control,
    /// Embedded objects and files.
    Embedded,
    /// References to files and sites elsewhere.
    External,
    /// Fields that ask other programs or files (DDE and its like).
    Field,
    /// A formula that asks other files or programs; the value shown last is kept.
    Formula,
    /// A picture of a kind that is not taken, replaced by an empty one.
    Picture,
    /// Another part that is not known to be harmless.
    Part,
    /// Scripts, forms, links and actions of a PDF, which pictures of pages do not have.
    Active,
    /// Text of a PDF that can no longer be searched or copied, since pages became pictures.
    Searchable,
    /// Control characters, and those that turn the direction of writing.
    Characters,
    /// Cells of a CSV that a spreadsheet would take for a formula. They are told of, not changed.
    FormulaLike,
    /// The file's ending was changed to that of its content.
    Renamed,
    /// The city's own product was used; what it removed is its own to tell.
    Product,
    /// The operator has switched sanitising off: nothing was done.
    Nothing,
}

impl What {
    /// In Japanese, for the report.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Metadata => "撮影位置・作成者などの属性を除きました",
            Self::Macro => "マクロを除きました",
            Self::Control => "コントロール（ActiveX など）を除きました",
            Self::Embedded => "埋め込まれたファイルを除きました",
            Self::External => "外部へのリンクと参照を除きました",
            Self::Field => "ほかのプログラムやファイルを呼ぶフィールドを無効にしました",
            Self::Formula => "ほかのファイルやプログラムを呼ぶ数式を、値だけにしました",
            Self::Picture => "扱えない形式の画像を、空の画像に置き換えました",
            Self::Part => "無害と分からない部品を除きました",
            Self::Active => "スクリプト・フォーム・リンク・添付があれば、除きました",
            Self::Searchable => "ページを画像にしました（文字の検索と複写はできません）",
            Self::Characters => "制御文字を除きました",
            Self::FormulaLike => "表計算ソフトが数式とみなすセルがあります（変えていません）",
            Self::Renamed => "拡張子を中身に合わせました",
            Self::Product => "市の無害化製品で処理しました",
            Self::Nothing => "設定により無害化していません",
        }
    }
}

/// Why a file is refused. Each says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing is in it.
    #[error("ファイルが空です。中身のあるファイルを送ってください。")]
    Empty,
    /// None of the kinds that are taken.
    #[error(
        "この形式のファイルは受け取れません。PDF、画像（PNG・JPEG・GIF・WebP）、Word・Excel・PowerPoint（docx・xlsx・pptx）、テキスト、CSV、それらの ZIP のいずれかにしてください。"
    )]
    Unknown,
    /// A kind that is known and not taken, with what to do.
    #[error("{0}")]
    NotTaken(&'static str),
    /// The content is of two kinds at once.
    #[error("一つのファイルに二つの形式が重ねられているため、受け取れません。元のアプリで保存し直してください。")]
    TwoKinds,
    /// A password or encryption.
    #[error(
        "パスワードや暗号化で保護されたファイルは、中を確かめられないため受け取れません。保護を外してから送ってください。"
    )]
    Protected,
    /// A limit.
    #[error("{what}が上限（{limit}）を超えるため、受け取れません。{todo}")]
    TooMuch {
        /// What is too large.
        what: &'static str,
        /// The limit, with its unit.
        limit: String,
        /// What to do.
        todo: &'static str,
    },
    /// It can't be read as what it is.
    #[error("ファイルが壊れているか、決まりに合っていません（{0}）。元のアプリで保存し直してから送ってください。")]
    Broken(String),
    /// A member of an archive was refused.
    #[error("ZIP の中の「{member}」を受け取れません。{reason}")]
    Member {
        /// The member's name.
        member: String,
        /// Why.
        reason: Box<Refusal>,
    },
    /// What came back from a child process or the city's product.
    #[error("{0}")]
    Told(String),
    /// The installation can't do it: a program is missing or can't be run. The operator's to mend.
    #[error("ファイルを無害化できませんでした（{0}）。システム担当に連絡してください。")]
    Unable(String),
}

impl Refusal {
    /// Whether the installation is at fault, and not the file.
    pub const fn is_ours(&self) -> bool {
        matches!(self, Self::Unable(_))
    }
}

/// The result of a step.
pub type Result<T> = std::result::Result<T, Refusal>;

/// Makes a file anew, in this process. The name gives the new one its stem, and tells text from CSV; nothing else.
///
/// # Errors
/// A [`Refusal`] with what the sender can do.
pub fn clean(name: &str, content: &[u8], limits: &Limits) -> Result<Clean> {
    clean_at(name, content, limits, &mut Budget::new(limits, content.len()), 0)
}

/// What is left of the limits that all levels of an archive share.
pub(crate) struct Budget {
    /// Bytes that may still be unfolded.
    pub unfolded: u64,
    /// Members that may still come.
    pub members: usize,
}

impl Budget {
    /// A file may unfold to what the limits say, or to 250 times its size where that is less: documents and tables stay far
    /// below it, bombs do not. Small files have 16 MiB.
    fn new(limits: &Limits, size: usize) -> Self {
        let by_size = (size as u64).saturating_mul(250).max(16 << 20);
        Self { unfolded: limits.unfolded.min(by_size), members: limits.members }
    }
}

fn clean_at(name: &str, content: &[u8], limits: &Limits, budget: &mut Budget, depth: u32) -> Result<Clean> {
    if content.len() as u64 > limits.input {
        let limit = format!("{} MiB", limits.input >> 20);
        return Err(Refusal::TooMuch {
            what: "ファイルの大きさ", limit, todo: "分けるか、小さくしてください。"
        });
    }
    let kind = detect(content)?;
    let (content, kind, mut removed) = match kind {
        Kind::Png | Kind::Jpeg | Kind::Gif | Kind::WebP => picture::clean(kind, content, limits)?,
        Kind::Pdf => pdf::clean(content, limits)?,
        Kind::Word | Kind::Excel | Kind::Slides => office::clean(kind, content, limits, budget)?,
        Kind::Text => text::clean(name, content)?,
        Kind::Csv => return Err(Refusal::Unknown),
        Kind::Zip => archive::clean(content, limits, budget, depth)?,
    };
    let renamed = kind.name_for(name);
    if renamed != name {
        removed.push(Removed { what: What::Renamed, place: String::new() });
    }
    Ok(Clean { content, name: renamed, media_type: kind.media_type(), removed })
}

/// Content, its kind and what was left out: what each kind's own module answers.
pub(crate) type Made = (Vec<u8>, Kind, Vec<Removed>);

/// Names what was left out once for each place.
pub(crate) fn note(removed: &mut Vec<Removed>, what: What, place: &str) {
    if !removed.iter().any(|known| known.what == what && known.place == place) {
        removed.push(Removed { what, place: place.to_owned() });
    }
}
