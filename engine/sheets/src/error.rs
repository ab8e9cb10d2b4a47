//! Why a file can't be read.

use thiserror::Error;

/// Why a workbook, a form or an Access file can't be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SheetError {
    /// It is no workbook.
    #[error("表のファイルとして読めません。Excel（xlsx・xls）かODSのファイルを選んでください。")]
    NotWorkbook,
    /// A workbook that can't be unpacked.
    #[error(
        "ファイルが壊れているか、途中で切れているか、パスワードで保護されています。元のファイルを開いて保存し直してから、もう一度選んでください。"
    )]
    Damaged,
    /// There is nothing in it.
    #[error("ファイルに行がありません。見出しの行と、その下にデータの行が必要です。")]
    Empty,
    /// The sheet that was asked for is not there.
    #[error("指定のシートがありません。あるのは {sheets} です。")]
    NoSheet {
        /// The names of the sheets.
        sheets: String,
    },
    /// A row with more columns than any ledger has.
    #[error("{line}行目の列が多すぎます（{most}列まで）。")]
    TooManyColumns {
        /// The row, from 1.
        line: u64,
        /// How many are read.
        most: usize,
    },
    /// Larger than what is read into memory.
    #[error("ファイルが大きすぎます（中身が{megabytes}MBまで）。CSVで保存し直すと、大きなファイルも取り込めます。")]
    TooLarge {
        /// The limit.
        megabytes: u64,
    },
    /// More files in a folder or an archive than are read at once.
    #[error("ファイルが多すぎます（{most}個まで）。いくつかに分けてください。")]
    TooMany {
        /// The limit.
        most: usize,
    },
    /// What can't be done with the file, in a sentence that says what to do.
    #[error("{0}")]
    Refused(String),
    /// The disk failed.
    #[error("ファイルを読み込めませんでした。もう一度お試しください。")]
    Io(#[from] std::io::Error),
}

/// The result of reading.
pub type Result<T, E = SheetError> = std::result::Result<T, E>;

impl From<quick_xml::Error> for SheetError {
    fn from(_: quick_xml::Error) -> Self {
        Self::Damaged
    }
}

impl From<quick_xml::events::attributes::AttrError> for SheetError {
    fn from(_: quick_xml::events::attributes::AttrError) -> Self {
        Self::Damaged
    }
}

impl From<zip::result::ZipError> for SheetError {
    fn from(_: zip::result::ZipError) -> Self {
        Self::Damaged
    }
}
