//! The shared registers: departments, staff, places, names, and what changes on the first of April.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use kawasemi_kernel::fiscal::FiscalYear;

/// `staff`
#[derive(Debug, Subcommand)]
pub enum Staff {
    /// 部局の一覧と職員の一覧（CSV）を取り込む
    Import {
        /// 部局の一覧（部局コード、名称、上位部局コード、設置年度 …）
        #[arg(long, value_name = "ファイル", required_unless_present = "staff")]
        departments: Option<PathBuf>,
        /// 職員の一覧（職員番号、氏名、所属コード、職名、発令日 …）
        #[arg(long, value_name = "ファイル")]
        staff: Option<PathBuf>,
        /// 取り込まずに、何が起きるかだけを示す
        #[arg(long)]
        dry_run: bool,
    },
}

/// `reference`
#[derive(Debug, Subcommand)]
pub enum Reference {
    /// 公表元のファイルと比べ、足し、変え、なくなったものを閉じる（消さない）
    Update(ReferenceUpdate),
}

/// `reference update`
#[derive(Debug, Args)]
pub struct ReferenceUpdate {
    /// 何を更新するか: towns（町丁目）、postcodes（郵便番号）、banks（金融機関と支店）
    #[arg(value_name = "種類", value_enum, hide_possible_values = true)]
    pub register: Register,
    /// 公表元のファイル。banks では banks.json と branches/ のあるフォルダー
    #[arg(value_name = "ファイル")]
    pub file: PathBuf,
    /// 更新せずに、何が変わるかだけを示す
    #[arg(long)]
    pub dry_run: bool,
    /// 現に有効なものの一割を超えて閉じることを許す
    #[arg(long)]
    pub allow_shrink: bool,
    /// この日から有効とする（既定は今日）。なくなったものは前の日で閉じる
    #[arg(long, value_name = "日付")]
    pub on: Option<String>,
}

/// The registers that publishers' files keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Register {
    /// Town blocks.
    Towns,
    /// Postcodes.
    Postcodes,
    /// Banks and their branches.
    Banks,
}

/// `names`
#[derive(Debug, Subcommand)]
pub enum Names {
    /// 外字の対応表（CSV）を取り込む。列は、外字コード（または SJIS）、MJ番号、標準文字、代替文字、備考など
    Import {
        /// CSV のファイル（UTF-8 か Shift_JIS）
        #[arg(value_name = "ファイル")]
        file: PathBuf,
        /// 取り込まずに、何が起きるかだけを示す
        #[arg(long)]
        dry_run: bool,
    },
}

/// `personnel`
#[derive(Debug, Subcommand)]
pub enum Personnel {
    /// 発令のファイル（CSV・Excel）を取り込む。誤りのある行を除いて、発令待ちになる
    Import {
        /// 発令のファイル（職員番号、氏名、発令区分、発令日、所属コード、職名、終了日 …）
        #[arg(value_name = "ファイル")]
        file: PathBuf,
        /// 発令日（ファイルに発令日のない行に使う）
        #[arg(long, value_name = "日付", value_parser = day)]
        effective: Option<jiff::civil::Date>,
        /// 発令の名前（例 令和9年4月1日付け人事異動）
        #[arg(long, value_name = "名前", default_value = "", hide_default_value = true)]
        title: String,
        /// 取り込まずに、何が起きるかだけを示す
        #[arg(long)]
        dry_run: bool,
    },
    /// 発令待ちをまとめて取り消す
    Withdraw {
        /// 発令日
        #[arg(long, value_name = "日付", value_parser = day)]
        effective: jiff::civil::Date,
        /// この職員番号の発令だけ
        #[arg(long, value_name = "番号")]
        employee: Option<String>,
    },
    /// 効力の出た発令・機構改革・引継ぎを今すぐ台帳に反映する（提供中は0時に自動で行う）
    Apply,
}

/// `organisation`
#[derive(Debug, Subcommand)]
pub enum Organisation {
    /// 計画のファイル（CSV・Excel）を案として取り込む
    Plan {
        /// 計画のファイル（区分、部局コード、名称、上位部局コード、引継ぎ先コード …）
        #[arg(value_name = "ファイル")]
        file: PathBuf,
        /// 施行年度（例 R9。ファイルに年度のない行に使う）
        #[arg(long, value_name = "年度")]
        fiscal_year: Option<FiscalYear>,
        /// 取り込まずに、何が起きるかだけを示す
        #[arg(long)]
        dry_run: bool,
    },
    /// 計画を確定する（新しい部局が台帳に載り、4月1日午前0時に効力が出る）
    Settle {
        /// 施行年度（例 R9）
        #[arg(value_name = "年度")]
        fiscal_year: FiscalYear,
    },
    /// 施行前の計画を取り消す
    Withdraw {
        /// 施行年度（例 R9）
        #[arg(value_name = "年度")]
        fiscal_year: FiscalYear,
    },
}

/// `simulate`
#[derive(Debug, Args)]
pub struct Simulate {
    /// どの日の姿か（例 2027-04-01、R9.4.1）
    #[arg(value_name = "日付", value_parser = day)]
    pub day: jiff::civil::Date,
}

/// `year`
#[derive(Debug, Subcommand)]
pub enum Year {
    /// 新しい年度を始める。くり返してもよい
    Rollover {
        /// 始まる年度（例 R9）
        #[arg(long, value_name = "年度")]
        to: FiscalYear,
        /// 何も変えずに、何をするかだけを示す
        #[arg(long)]
        dry_run: bool,
    },
}

/// Reads a day as people write it.
fn day(text: &str) -> Result<jiff::civil::Date, String> {
    kawasemi_kernel::era::parse_date(text).map_err(|error| error.to_string())
}
