//! Making, serving, keeping and looking after an installation.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use kawasemi_kernel::municipality::MunicipalityCode;

/// `init`
#[derive(Debug, Args)]
pub struct Init {
    /// 団体コード6桁（例 142182）
    #[arg(long, value_name = "コード")]
    pub code: MunicipalityCode,
    /// 市の名前（例 綾瀬市）。省くと団体コードから引く
    #[arg(long, value_name = "名前")]
    pub name: Option<String>,
    /// 時間帯（既定は Asia/Tokyo）
    #[arg(long, value_name = "名前", default_value = "Asia/Tokyo", hide_default_value = true)]
    pub time_zone: String,
    /// この市を提供するホスト名（複数の市を置くとき。くり返し指定できる）
    #[arg(long, value_name = "ホスト")]
    pub host: Vec<String>,
}

/// `demo`
#[derive(Debug, Args)]
pub struct Demo {
    /// 住民の人数（既定は 84000）
    #[arg(long, value_name = "人数", default_value_t = 84_000, hide_default_value = true, value_parser = clap::value_parser!(u64).range(0..=4_000_000))]
    pub residents: u64,
    /// 乱数の種。同じ種からは同じ市ができる（既定は 1）
    #[arg(long, value_name = "数", default_value_t = 1, hide_default_value = true)]
    pub seed: u64,
    /// デモの市がもうあれば何もしない
    #[arg(long)]
    pub if_absent: bool,
}

/// `serve`
#[derive(Debug, Args)]
pub struct Serve {
    /// 待ち受けるアドレスとポート（既定は 127.0.0.1:8080）
    #[arg(long, value_name = "アドレス:ポート")]
    pub listen: Option<std::net::SocketAddr>,
    /// 役割: all（既定）、portal（公開側）、desk（庁内側）
    #[arg(long, value_name = "役割", value_enum, hide_possible_values = true)]
    pub role: Option<Half>,
}

/// Which half of a separated installation is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Half {
    /// Both.
    All,
    /// The half on the internet.
    Portal,
    /// The half in the hall.
    Desk,
}

impl Half {
    /// The name in settings.
    pub const fn key(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Portal => "portal",
            Self::Desk => "desk",
        }
    }
}

/// `schema`
#[derive(Debug, Subcommand)]
pub enum Schema {
    /// 何が変わるかを示す
    Plan {
        /// 市が作った台帳の新しい定義（TOML）。省くと製品と市の上書きだけを調べる
        #[arg(value_name = "ファイル")]
        files: Vec<PathBuf>,
    },
    /// 足すだけの変更を反映する
    Apply {
        /// 市が作った台帳の新しい定義（TOML）。省くと製品と市の上書きだけを反映する
        #[arg(value_name = "ファイル")]
        files: Vec<PathBuf>,
        /// 型の変更など、提供中にできない変更も反映する（サーバーを止めてから。先に控えを取る）
        #[arg(long)]
        offline: bool,
        #[command(flatten)]
        before: Before,
    },
    /// 使わなくなった列を、名前を挙げて消す（戻せない）
    Purge {
        /// 台帳のキーと項目のキー（例 park.old_name）
        #[arg(value_name = "台帳.項目", required = true)]
        columns: Vec<String>,
        /// 確かめの問いに「はい」と答える
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        before: Before,
    },
}

/// The backup before a change that can't be taken back.
#[derive(Debug, Args)]
pub struct Before {
    /// 変える前の控えを書くファイル（既定はデータフォルダーの backups/）
    #[arg(long, value_name = "ファイル", conflicts_with = "no_backup")]
    pub backup: Option<PathBuf>,
    /// 変える前の控えを取らない（自分で取ってあるとき）
    #[arg(long)]
    pub no_backup: bool,
}

/// `audit`
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// 改ざん・欠落がないか、すべての記録を確かめる
    Verify {
        /// 別に保管した検印（audit checkpoint の出力）と突き合わせる
        #[arg(long, value_name = "ファイル")]
        checkpoint: Option<PathBuf>,
    },
    /// まだ検印のない記録に検印を付ける（提供中は自動で付く）
    Seal,
    /// 最後の検印を出す。データベースとは別の場所に保管する
    Checkpoint,
    /// 閲覧・認証・変更の記録を、監視の仕組み（SIEM）のために書き出す。個人情報は含まない
    Export {
        /// 最初の日（例 2026-11-01）
        #[arg(long, value_name = "日付")]
        from: Option<jiff::civil::Date>,
        /// 最後の日
        #[arg(long, value_name = "日付")]
        to: Option<jiff::civil::Date>,
        /// jsonl（既定）、syslog、cef のどれか
        #[arg(
            long,
            value_name = "形式",
            default_value = "jsonl",
            hide_default_value = true,
            value_parser = ["jsonl", "syslog", "cef"],
            hide_possible_values = true
        )]
        format: String,
        /// access（閲覧）、events（認証）、audit（変更）のどれか。省くとすべて
        #[arg(long, value_name = "記録", value_parser = ["access", "events", "audit"], hide_possible_values = true)]
        log: Option<String>,
    },
}

/// `keys`
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// 鍵の置き場所と、封じてあるものが開くかを示す
    Show,
    /// 新しい鍵を足し、封じてあるものをその鍵で封じ直す（提供中でもよい）
    Rotate,
}

/// `backup`
#[derive(Debug, Args)]
pub struct Backup {
    /// 書き出すファイル
    #[arg(value_name = "ファイル")]
    pub file: PathBuf,
}

/// `restore`
#[derive(Debug, Args)]
pub struct Restore {
    /// 控えのファイル
    #[arg(value_name = "ファイル")]
    pub file: PathBuf,
    /// いまの市を置き換える（ないときは新しい市として戻す）
    #[arg(long)]
    pub replace: bool,
    /// 教育用の市と実際の市が入れ替わってもよい
    #[arg(long, requires = "replace")]
    pub training_mismatch: bool,
}

/// `training`
#[derive(Debug, Subcommand)]
pub enum Training {
    /// 教育用の市を新しく作る（住民はすべて架空）
    Create(TrainingCreate),
    /// データを戻る状態に戻す。利用者とパスワードは残る（提供中でもよい）
    Reset,
    /// いまの状態を、戻る状態にする（練習の題材を用意したあとなど）
    Keep,
    /// 毎晩、日付が変わったら戻すかどうか
    Nightly {
        /// on か off
        #[arg(value_name = "on|off", value_enum, hide_possible_values = true)]
        wanted: OnOff,
    },
    /// 実際の市の組織と利用者（役割つき、パスワードなし）で新しくなったものを写す。データは戻る
    Accounts {
        /// 手本の市の団体コード
        #[arg(long, value_name = "コード")]
        from: MunicipalityCode,
        /// 新しい利用者の最初のパスワードを標準入力から読む
        #[arg(long)]
        password_stdin: bool,
    },
    /// 教育用の市の様子を示す
    Status,
    /// 教育用の市を消す（提供を止めてから）
    Remove {
        /// 確かめずに消す
        #[arg(long)]
        yes: bool,
    },
}

/// `on` or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnOff {
    /// Yes.
    On,
    /// No.
    Off,
}

/// `training create`
#[derive(Debug, Args)]
pub struct TrainingCreate {
    /// 手本の市の団体コード。部局・職員・役割と、市が作った台帳の形を写す（記録は写さない）
    #[arg(long, value_name = "コード")]
    pub from: Option<MunicipalityCode>,
    /// 教育用の市の団体コード（省くと、手本と同じ都道府県の使われていない番号）
    #[arg(long, value_name = "コード")]
    pub code: Option<MunicipalityCode>,
    /// 名前（省くと、手本の名前に「（教育用）」を付ける）
    #[arg(long, value_name = "名前")]
    pub name: Option<String>,
    /// 教育用の市を開くホスト名（ほかの市があるときは必ず）
    #[arg(long, value_name = "ホスト")]
    pub host: Vec<String>,
    /// 架空の住民の人数（既定は 2000）
    #[arg(long, value_name = "人数", default_value_t = 2_000, hide_default_value = true, value_parser = clap::value_parser!(u64).range(0..=200_000))]
    pub residents: u64,
    /// 乱数の種（既定は 1）
    #[arg(long, value_name = "数", default_value_t = 1, hide_default_value = true)]
    pub seed: u64,
    /// 利用者みんなの最初のパスワードを標準入力から読む
    #[arg(long)]
    pub password_stdin: bool,
}

/// `drill`
#[derive(Debug, Subcommand)]
pub enum Drill {
    /// 控えを別の場所に戻し、確かめ、かかった時間を告げる。いまの市は変わらない
    Restore(DrillRestore),
    /// これまでの訓練を、新しい順に並べる
    List,
    /// 訓練の記録を PDF に印刷する
    Report {
        /// 訓練の名前（drill list の左の欄。省くと最後の訓練）
        #[arg(value_name = "訓練")]
        name: Option<String>,
        /// 書き出す PDF のファイル
        #[arg(short, long, value_name = "ファイル")]
        out: PathBuf,
    },
}

/// `drill restore`
#[derive(Debug, Args)]
pub struct DrillRestore {
    /// 控えのファイル。フォルダーなら、その中のいちばん新しい控え
    #[arg(long, value_name = "控え")]
    pub from: PathBuf,
    /// 戻す場所: 空のフォルダー、または空のデータベースのアドレス（省くと、自分で作って消す）
    #[arg(long, value_name = "場所")]
    pub into: Option<String>,
    /// 中身を照合する添付ファイルの数（既定は 50。0 ならすべて）
    #[arg(long, value_name = "件数", default_value_t = 50, hide_default_value = true)]
    pub files: usize,
    /// 戻したものを消さずに残す
    #[arg(long)]
    pub keep: bool,
    /// 訓練の記録を PDF にも書く
    #[arg(short, long, value_name = "ファイル")]
    pub out: Option<PathBuf>,
}

/// `doctor`
#[derive(Debug, Args)]
pub struct Doctor {}
