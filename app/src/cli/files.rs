//! Rows in and out, and calculations.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use kawasemi_sheets::Area;

/// `import`
#[derive(Debug, Args)]
pub struct Import {
    /// 台帳のキー（例 department）
    #[arg(value_name = "台帳")]
    pub ledger: String,
    /// CSV、Excel、ODS、Access、地図（GeoJSON、Shapefile、GeoPackage、KML、GPX）のファイル（- は標準入力）。--form ではフォルダーか ZIP も
    #[arg(value_name = "ファイル")]
    pub file: PathBuf,
    /// What people call it in the list of imports, where that is not the file's name.
    #[arg(skip)]
    pub title: Option<String>,
    /// 取り込まずに、何が起きるかだけを示す
    #[arg(long)]
    pub dry_run: bool,
    /// 列の見出しと項目の対応（例 --map 公園名=name。くり返し指定できる）
    #[arg(long, value_name = "見出し=項目", value_parser = mapping)]
    pub map: Vec<(String, String)>,
    /// 既にある記録を見分ける項目。一致した記録は更新する（例 --key code）
    #[arg(long, value_name = "項目")]
    pub key: Vec<String>,
    /// XLSX のシート名（既定は最初のシート）
    #[arg(long, value_name = "名前")]
    pub sheet: Option<String>,
    /// Access の表の名前（既定は最初の表）
    #[arg(long, value_name = "名前", conflicts_with = "sheet")]
    pub table: Option<String>,
    /// 地図のファイルのレイヤ（既定は最初のレイヤ）
    #[arg(long, value_name = "名前", conflicts_with_all = ["sheet", "table"])]
    pub layer: Option<String>,
    /// 位置の座標系（例 EPSG:6677、縦と横が逆なら EPSG:6677+swapped。省くとファイルと数値から見分ける）
    #[arg(long, value_name = "座標系")]
    pub crs: Option<String>,
    /// CSV や Shapefile の属性の文字コード: utf-8、cp932（省くと中身から見分ける）
    #[arg(long, value_name = "文字コード", value_enum, hide_possible_values = true)]
    pub encoding: Option<Encoding>,
    /// 1件1枚の様式として読む。保存した様式の名前か、様式の定義（TOML）のファイル
    #[arg(long, value_name = "様式")]
    pub form: Option<String>,
    /// ファイルを様式の見本とみて、項目の位置を推測し、この名前で保存する（取り込まない）
    #[arg(long, value_name = "名前", conflicts_with = "form")]
    pub save_form: Option<String>,
    /// 記録に付ける写真のフォルダーか ZIP。ファイル名で記録を見分ける
    #[arg(long, value_name = "場所")]
    pub photos: Option<PathBuf>,
    /// 写真を入れる添付ファイルの項目（一つしかなければ省ける）。--photos なしなら、シートに貼られた写真だけを入れる
    #[arg(long, value_name = "項目")]
    pub photo_field: Option<String>,
    /// 写真のファイル名にある値の項目（既定は --key、なければ番号か重複を許さない項目）
    #[arg(long, value_name = "項目")]
    pub photo_key: Option<String>,
    /// 見出しの行（例 3、二段なら 3-4）
    #[arg(long, value_name = "行", value_parser = header_rows)]
    pub header: Option<(u64, u64)>,
    /// 表の範囲（例 B3:H120）
    #[arg(long, value_name = "範囲")]
    pub range: Option<Area>,
    /// 「〃」「同上」を上と同じ値にせず、書かれたとおりに読む
    #[arg(long)]
    pub keep_ditto: bool,
    /// 合計・小計や注釈とみた行も読む
    #[arg(long)]
    pub keep_totals: bool,
    /// 非表示の行と列も読む
    #[arg(long)]
    pub with_hidden: bool,
    /// 空の欄が上と同じ値を表す列の見出し（くり返し指定できる）
    #[arg(long, value_name = "見出し")]
    pub fill_down: Vec<String>,
    /// 年号のない年（「3.4.1」など）の年号（R、H、S）
    #[arg(long, value_name = "年号", value_parser = ["R", "H", "S", "T", "M"], hide_possible_values = true)]
    pub era: Option<String>,
    /// 誤りのある行を除いて取り込む
    #[arg(long)]
    pub skip_bad_rows: bool,
    /// 架空の人のファイルである（教育用の市に人の台帳を取り込むときに要る）
    #[arg(long)]
    pub invented: bool,
    /// 履歴に残す理由
    #[arg(long, value_name = "理由", default_value = "", hide_default_value = true)]
    pub reason: String,
}

/// `export`
#[derive(Debug, Args)]
pub struct Export {
    /// 台帳のキー
    #[arg(value_name = "台帳")]
    pub ledger: String,
    /// 形式: csv、xlsx、geojson、gpkg（GeoPackage）、shp（Shapefile の zip）
    #[arg(long, value_name = "形式", value_enum, hide_possible_values = true)]
    pub format: Format,
    /// 書き出すファイル（省くと標準出力）
    #[arg(short, long, value_name = "ファイル")]
    pub output: Option<PathBuf>,
    /// CSV の文字コード: utf-8（既定）、cp932
    #[arg(long, value_name = "文字コード", value_enum, default_value_t = Encoding::Utf8, hide_default_value = true, hide_possible_values = true)]
    pub encoding: Encoding,
    /// GeoPackage と Shapefile の座標系（例 EPSG:6677。既定は緯度経度の EPSG:6668）
    #[arg(long, value_name = "座標系")]
    pub crs: Option<String>,
    /// 条件（CQL2）
    #[arg(long, value_name = "条件")]
    pub filter: Option<String>,
    /// 書き出す項目を、コンマで区切って（省くとすべて）
    #[arg(long, value_name = "項目", value_delimiter = ',')]
    pub fields: Vec<String>,
}

/// The format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Comma-separated values.
    Csv,
    /// An Excel workbook.
    Xlsx,
    /// A GeoJSON feature collection.
    Geojson,
    /// A GeoPackage.
    Gpkg,
    /// A Shapefile in an archive.
    Shp,
}

/// The character encoding of a CSV file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Encoding {
    /// UTF-8 with a byte order mark, which Excel needs.
    #[value(name = "utf-8", alias = "utf8")]
    Utf8,
    /// CP932 (Windows-31J, Shift_JIS).
    #[value(name = "cp932", alias = "sjis")]
    Cp932,
}

/// `calc`
#[derive(Debug, Args)]
pub struct Calc {
    /// 計算の名前（kawasemi calc --list で一覧）
    #[arg(value_name = "名前", required_unless_present = "list")]
    pub name: Option<String>,
    /// 途中の計算と根拠の列（JSON）を足す
    #[arg(long)]
    pub explain: bool,
    /// 町名の一覧（列 town、max_chome の CSV）。address-match だけ。省くと組み込みの綾瀬市の一覧
    #[arg(long, value_name = "ファイル")]
    pub gazetteer: Option<PathBuf>,
    /// 使える計算の一覧を出す
    #[arg(long)]
    pub list: bool,
}

/// Reads `見出し=項目`.
fn mapping(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((heading, field)) if !heading.is_empty() && !field.is_empty() => {
            Ok((heading.to_owned(), field.to_owned()))
        }
        _ => Err("「見出し=項目」の形で指定してください。".to_owned()),
    }
}

/// Reads `3` and `3-4`.
fn header_rows(text: &str) -> Result<(u64, u64), String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.trim().parse(), last.trim().parse()) {
        (Ok(first), Ok(last)) if 1 <= first && first <= last => Ok((first, last)),
        _ => Err("見出しの行は「3」か「3-4」の形で指定してください。".to_owned()),
    }
}
