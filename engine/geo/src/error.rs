//! Why a geographic file can't be read or written.

use thiserror::Error;

/// The result of reading or writing.
pub type Result<T, E = GeoError> = std::result::Result<T, E>;

/// Why a geographic file can't be read or written. Each is a sentence for the person who chose the file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GeoError {
    /// It is no geographic file that we know.
    #[error(
        "地図のファイルとして読めません。GeoJSON、Shapefile（zip）、GeoPackage、KML、GPXのいずれかを選んでください。"
    )]
    NotGeographic,
    /// It ends too early or contradicts itself.
    #[error("{what}が壊れているか、途中で切れています。元のファイルを作り直すか、送り直してもらってください。")]
    Damaged {
        /// What of it.
        what: &'static str,
    },
    /// There is no feature in it.
    #[error("ファイルに図形が一つもありません。")]
    Empty,
    /// The layer that was asked for is not there.
    #[error("指定のレイヤがありません。あるのは {layers} です。")]
    NoLayer {
        /// The names of the layers.
        layers: String,
    },
    /// A part of an archive, or a feature, is larger than what is read.
    #[error("{what}が大きすぎます（{megabytes}MBまで）。分けてから、もう一度選んでください。")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit.
        megabytes: u64,
    },
    /// The reference system that was asked for is not known.
    #[error("座標系「{0}」は分かりません。「EPSG:6677」のような番号で指定してください。")]
    UnknownCrs(String),
    /// What can't be done with the file, in a sentence that says what to do.
    #[error("{0}")]
    Refused(String),
    /// The disk failed.
    #[error("ファイルを読み書きできませんでした。もう一度お試しください。")]
    Io(#[from] std::io::Error),
}

impl GeoError {
    /// Damage, or the disk: a file that ends too early is damaged.
    pub(crate) fn reading(what: &'static str) -> impl Fn(std::io::Error) -> Self {
        move |error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::InvalidData => Self::Damaged { what },
            _ => Self::Io(error),
        }
    }
}

impl From<zip::result::ZipError> for GeoError {
    fn from(error: zip::result::ZipError) -> Self {
        match error {
            zip::result::ZipError::Io(error) => Self::reading("zipファイル")(error),
            _ => Self::Damaged { what: "zipファイル" },
        }
    }
}
