//! Files of other systems, parcels between portal and desk, and files made anew.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Half;

/// `exchange`
#[derive(Debug, Subcommand)]
pub enum Exchange {
    /// 連携レイアウトと、最後の受け渡し・次の予定・警報を並べる
    List,
    /// ファイルを取り込む（差分を示し、--apply のときだけ台帳を変える）
    Run {
        /// 連携レイアウトのキー（例 resident-difference）
        #[arg(value_name = "レイアウト")]
        layout: String,
        /// 相手のシステムのファイル
        #[arg(value_name = "ファイル")]
        file: PathBuf,
        /// 記録を残さず、何が起きるかだけを示す
        #[arg(long, conflicts_with = "apply")]
        dry_run: bool,
        /// 警報がなければ、そのまま適用する
        #[arg(long)]
        apply: bool,
        /// 警報が出ていても適用する理由
        #[arg(long, value_name = "文", requires = "apply")]
        reason: Option<String>,
    },
    /// ファイルがレイアウトに合うかだけを調べる（台帳とは比べない）
    Check {
        /// 連携レイアウトのキー、または TOML のファイル
        #[arg(value_name = "レイアウト")]
        layout: String,
        /// 相手のシステムのファイル
        #[arg(value_name = "ファイル")]
        file: PathBuf,
    },
    /// ファイルを書き出す
    Give {
        /// 連携レイアウトのキー
        #[arg(value_name = "レイアウト")]
        layout: String,
        /// 書き出すフォルダー（既定は設定の exchange.folder の out）
        #[arg(long, value_name = "フォルダー")]
        folder: Option<PathBuf>,
        /// 前に書き出したファイルを、そのままもう一度出す
        #[arg(long, value_name = "記録の番号")]
        again: Option<uuid::Uuid>,
    },
    /// 連携レイアウトを公開する
    Publish {
        /// TOML のファイル
        #[arg(value_name = "ファイル")]
        file: PathBuf,
    },
}

/// `sanitize`
#[derive(Debug, Args)]
pub struct Sanitize {
    /// 無害化するファイル
    #[arg(value_name = "元のファイル")]
    pub input: PathBuf,
    /// 無害化したファイルの書き先
    #[arg(value_name = "書き先")]
    pub output: PathBuf,
}

/// `courier`
#[derive(Debug, Args)]
pub struct Courier {
    /// この設置の役割: portal（公開側）、desk（庁内側）。書かなければ設定 serve.role
    #[arg(long, global = true, value_name = "役割", value_enum, hide_possible_values = true)]
    pub role: Option<Half>,
    /// What is to be done.
    #[command(subcommand)]
    pub act: CourierAct,
}

/// What is done with parcels.
#[derive(Debug, Subcommand)]
pub enum CourierAct {
    /// いまの状態（待っているもの、届いていない番号、断ったファイルと理由、鍵）を示す
    Status,
    /// 相手へ渡すファイルを作る（署名し、相手の鍵で封じる）
    Pack {
        /// 書き出すファイル
        #[arg(long, value_name = "ファイル")]
        out: PathBuf,
    },
    /// 相手のファイルを確かめて取り込む
    Unpack {
        /// 相手で作ったファイル
        #[arg(value_name = "ファイル")]
        file: PathBuf,
    },
    /// 公開側に一度つなぎ、受け渡す（庁内側だけ。提供中は自動で行う）
    Poll,
    /// 受け取れなかった受渡しを、直したあとでやり直す
    Retry {
        /// 一覧に出る番号
        #[arg(value_name = "番号")]
        seq: i64,
    },
    /// 受渡しの鍵を扱う
    #[command(subcommand)]
    Key(CourierKey),
}

/// What is done with the keys of parcels.
#[derive(Debug, Subcommand)]
pub enum CourierKey {
    /// 鍵の一覧と、相手に登録してもらう行を示す
    Show,
    /// 新しい鍵を作る（前の鍵は30日のあいだ通る）
    Rotate,
    /// 鍵をすぐに使えなくする
    Retire {
        /// 鍵の名前（16桁）
        #[arg(value_name = "鍵")]
        id: String,
    },
    /// 相手の鍵を登録する（相手の courier key show の行を引用符で囲んで渡す）
    Trust {
        /// 「kawasemi-courier …」の行
        #[arg(value_name = "行", required = true)]
        line: Vec<String>,
    },
}
