//! Papers and notes.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `print`
#[derive(Debug, Subcommand)]
pub enum Print {
    /// 記録の調書を印刷する。登録のとおりに印刷できない文字があれば、一覧を出して止まる
    Record(PrintRecord),
    /// ひな形（Typst）とデータ（JSON）から印刷する。市は要らない
    Template(PrintTemplate),
}

/// `print template`
#[derive(Debug, Args)]
pub struct PrintTemplate {
    /// ひな形のファイル（.typ）
    #[arg(value_name = "ひな形")]
    pub template: PathBuf,
    /// データのファイル（JSON）。ひな形では data になる
    #[arg(long, value_name = "ファイル")]
    pub data: PathBuf,
    /// 画像のフォルダー。ひな形では /assets/名前 になる
    #[arg(long, value_name = "フォルダー")]
    pub assets: Option<PathBuf>,
    /// 書類の題名
    #[arg(long, value_name = "文")]
    pub title: String,
    /// 書類の作成者
    #[arg(long, value_name = "文", default_value = "", hide_default_value = true)]
    pub author: String,
    /// 書類の日時（1970年からの秒）。同じ日時なら同じ PDF になる。書かなければ、今
    #[arg(long, value_name = "秒")]
    pub at: Option<i64>,
    /// 書き出す PDF のファイル
    #[arg(short, long, value_name = "ファイル")]
    pub out: PathBuf,
    /// 庁内用。止まらずに、代わりの文字に印を付けて印刷する
    #[arg(long)]
    pub ordinary: bool,
}

/// `notes`
#[derive(Debug, Args)]
pub struct Notes {
    /// この版より新しい版だけを示す（いま使っている版を書く）
    #[arg(long, value_name = "版")]
    pub from: Option<String>,
}

/// `print record`
#[derive(Debug, Args)]
pub struct PrintRecord {
    /// 台帳のキー
    #[arg(value_name = "台帳")]
    pub ledger: String,
    /// 記録の番号（記録のページのアドレスの最後の部分）
    #[arg(value_name = "記録")]
    pub record: String,
    /// 書き出す PDF のファイル
    #[arg(short, long, value_name = "ファイル")]
    pub out: PathBuf,
    /// 庁内用。止まらずに、代わりの文字に印を付けて印刷する
    #[arg(long)]
    pub ordinary: bool,
}
