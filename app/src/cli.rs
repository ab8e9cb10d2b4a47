//! The command line: what can be asked of the program, in the words of its help.
//!
//! Names and addresses here are relied on by scripts; add to them, but change none. What a verb does is in
//! [`crate::verbs`], one file for each.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args, Command, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use kawasemi_kernel::fiscal::FiscalYear;
use kawasemi_kernel::municipality::MunicipalityCode;
use kawasemi_sheets::Area;

/// How every help page is laid out.
const HELP: &str = "\
{about-with-newline}
使い方: {usage}

{all-args}{after-help}
";

/// What the program is, on the first page of help.
pub const ABOUT: &str = "カワセミ: 市役所の台帳・申請・方針を動かす一つのプログラム";

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "kawasemi",
    about = ABOUT,
    long_about = None,
    version,
    disable_version_flag = true,
    subcommand_required = true,
    max_term_width = 100,
    override_usage = "kawasemi [オプション] コマンド",
    after_help = "設定は kawasemi.toml、環境変数 KAWASEMI_…、オプションの順に強くなります。詳しくは docs/operators.md。"
)]
pub struct Cli {
    /// What applies to every verb.
    #[command(flatten)]
    pub global: Global,
    #[command(flatten)]
    flags: Flags,
    /// The verb.
    #[command(subcommand)]
    pub verb: Verb,
}

impl Cli {
    /// Reads a command line.
    ///
    /// # Errors
    /// Whatever `clap` finds, help and version included; [`crate::usage`] says it in Japanese.
    pub fn read(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        Self::from_arg_matches(&Self::japanese().try_get_matches_from(options_first(words))?)
    }

    /// The names of the verbs, for suggesting the one that was meant.
    pub fn verbs() -> Vec<String> {
        Self::command().get_subcommands().map(|verb| verb.get_name().to_owned()).collect()
    }

    /// The command line with Japanese headings on every page of its help.
    pub fn japanese() -> Command {
        japanese(Self::command())
    }
}

/// Brings the options of every verb to the front. `clap` takes all that follows a system's command for its arguments, but
/// `kawasemi policy import FILE --json` should mean what it means with any other verb.
fn options_first(words: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut words = words.into_iter();
    let mut front: Vec<OsString> = words.next().into_iter().collect();
    let mut rest = Vec::new();
    let is_verb = |word: &str| Cli::verbs().iter().any(|verb| verb == word);
    while let Some(word) = words.next() {
        match word.to_str() {
            // What our own verbs take is theirs to read.
            Some(verb) if rest.is_empty() && is_verb(verb) => {
                rest.push(word);
                rest.extend(words);
                break;
            }
            Some("--") => {
                rest.push(word);
                rest.extend(words);
                break;
            }
            Some("--json" | "--quiet" | "-q" | "--verbose" | "-v") => front.push(word),
            Some("--data" | "--database-url" | "--city" | "--config") => {
                front.push(word);
                front.extend(words.next());
            }
            Some(text)
                if ["--data=", "--database-url=", "--city=", "--config="].iter().any(|o| text.starts_with(o)) =>
            {
                front.push(word);
            }
            _ => rest.push(word),
        }
    }
    front.extend(rest);
    front
}

fn japanese(command: Command) -> Command {
    let command = command.help_template(HELP).disable_help_flag(true).disable_help_subcommand(true);
    let command = command.subcommand_help_heading("コマンド").subcommand_value_name("コマンド");
    let command = command.mut_args(|argument| match (argument.get_help_heading(), argument.is_positional()) {
        (Some(_), _) => argument,
        (None, true) => argument.help_heading("引数"),
        (None, false) => argument.help_heading("オプション"),
    });
    let names: Vec<String> = command.get_subcommands().map(|child| child.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, japanese))
}

/// Options of every verb.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "どのコマンドにも使えるオプション")]
pub struct Global {
    /// SQLite のデータを置くフォルダー（既定は ./data）
    #[arg(long, global = true, value_name = "フォルダー", conflicts_with = "database_url")]
    pub data: Option<PathBuf>,
    /// PostgreSQL の接続先（postgres://…）。--data の代わりに使う
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// どの市か、団体コード6桁で（市が一つだけなら不要）
    #[arg(long, global = true, value_name = "コード")]
    pub city: Option<MunicipalityCode>,
    /// 設定ファイル（既定は ./kawasemi.toml、なければ使わない）
    #[arg(long, global = true, value_name = "ファイル")]
    pub config: Option<PathBuf>,
    /// 結果を JSON で出す
    #[arg(long, global = true)]
    pub json: bool,
    /// 途中経過と案内を出さない
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// 失敗のとき、原因を詳しく出す
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// The flags that print something and end the program, with their help in Japanese.
#[derive(Clone, Debug, Args)]
struct Flags {
    /// この説明を表示する
    #[arg(short, long, global = true, action = ArgAction::Help)]
    help: Option<bool>,
    /// 版を表示する
    #[arg(short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// 市を作る
    Init(Init),
    /// 架空の住民と職員でデモの市を作る
    Demo(Demo),
    /// 画面と API を提供する
    Serve(Serve),
    /// 台帳にファイルを取り込む
    Import(Box<Import>),
    /// 台帳をファイルに書き出す
    Export(Export),
    /// ほかのシステムとファイルを受け渡す（連携）
    #[command(subcommand)]
    Exchange(Exchange),
    /// 計算だけをする（CSV を標準入力から読み、標準出力に書く）
    Calc(Calc),
    /// 部局・職員の一覧を取り込む
    #[command(subcommand)]
    Staff(Staff),
    /// 参照台帳（町丁目・郵便番号・金融機関）を、公表元のファイルで更新する
    #[command(subcommand)]
    Reference(Reference),
    /// 外字（氏名などの特別な文字）の対応表を取り込む
    #[command(subcommand)]
    Names(Names),
    /// 版ごとの「更新するとき」（しなければならないことと、変わること）を示す
    Notes(Notes),
    /// 書類を PDF に印刷する
    #[command(subcommand)]
    Print(Print),
    /// 人事発令（転任・兼務・休職・退職など）を前もって取り込む
    #[command(subcommand)]
    Personnel(Personnel),
    /// 機構改革（新設・統合・分割・廃止など）の計画を扱う
    #[command(subcommand)]
    Organisation(Organisation),
    /// ある日の配属と権限、担当のいなくなるものを先に示す
    Simulate(Simulate),
    /// 年度更新
    #[command(subcommand)]
    Year(Year),
    /// 利用者を管理する
    #[command(subcommand)]
    User(User),
    /// API トークンを管理する
    #[command(subcommand)]
    Token(Token),
    /// 台帳の定義とデータベースの違いを調べ、反映する
    #[command(subcommand)]
    Schema(Schema),
    /// 監査の記録を確かめる
    #[command(subcommand)]
    Audit(Audit),
    /// 市を丸ごと一つのファイルに控える（提供中でもよい）
    Backup(Backup),
    /// 控えから市を戻す（確かめてから置き換える）
    Restore(Restore),
    /// 控えから戻せるかを、別の場所で試す（復元訓練）
    #[command(subcommand)]
    Drill(Drill),
    /// 職員が練習するための市（教育用の市）を作り、戻す
    #[command(subcommand)]
    Training(Training),
    /// 秘密を封じる鍵（封緘の鍵）を扱う
    #[command(subcommand)]
    Keys(Keys),
    /// 一つのファイルを無害化する
    Sanitize(Sanitize),
    /// 公開側と庁内側のあいだで受け渡す（三層分離）
    Courier(Courier),
    /// 設置の状態を点検する
    Doctor(Doctor),
    /// 業務システムのコマンド（policy import など）
    #[command(external_subcommand)]
    System(Vec<String>),
}

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

/// `import`
#[derive(Debug, Args)]
pub struct Import {
    /// 台帳のキー（例 department）
    #[arg(value_name = "台帳")]
    pub ledger: String,
    /// CSV、Excel、ODS、Access のファイル（- は標準入力）。--form ではフォルダーか ZIP も
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
    /// 形式: csv、xlsx、geojson
    #[arg(long, value_name = "形式", value_enum, hide_possible_values = true)]
    pub format: Format,
    /// 書き出すファイル（省くと標準出力）
    #[arg(short, long, value_name = "ファイル")]
    pub output: Option<PathBuf>,
    /// CSV の文字コード: utf-8（既定）、cp932
    #[arg(long, value_name = "文字コード", value_enum, default_value_t = Encoding::Utf8, hide_default_value = true, hide_possible_values = true)]
    pub encoding: Encoding,
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
    #[arg(long, value_name = "文", default_value = "")]
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

/// `user`
#[derive(Debug, Subcommand)]
pub enum User {
    /// 利用者を足す
    Add(UserAdd),
    /// 利用者の一覧を出す
    List,
    /// パスワードを変える（すべてのサインインが切れる）
    Password {
        /// サインインの名前
        #[arg(value_name = "名前")]
        name: String,
        /// 新しいパスワードを標準入力の一行目から読む
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// 確認コード（二つ目の認証）を解除する。本人が設定し直す
    ResetCode {
        /// サインインの名前
        #[arg(value_name = "名前")]
        name: String,
    },
    /// LDAP（Active Directory）の設定を、すべてのサーバーで確かめる。パスワードは要らない
    LdapCheck {
        /// 試しに探す利用者の名前
        #[arg(value_name = "名前")]
        name: String,
    },
    /// 役割を与える
    Grant(RoleOf),
    /// 役割を取り上げる
    Revoke(RoleOf),
    /// 利用を止める（すべてのサインインとトークンが切れる）
    Disable {
        /// サインインの名前
        #[arg(value_name = "名前")]
        name: String,
    },
    /// 利用を再開する
    Enable {
        /// サインインの名前
        #[arg(value_name = "名前")]
        name: String,
    },
}

/// `user add`
#[derive(Debug, Args)]
pub struct UserAdd {
    /// サインインの名前
    #[arg(value_name = "名前")]
    pub name: String,
    /// 役割（例 admin、policy-editor。くり返し指定できる）
    #[arg(long, value_name = "役割")]
    pub role: Vec<String>,
    /// パスワードを標準入力の一行目から読む
    #[arg(long)]
    pub password_stdin: bool,
    /// 画面に出る名前（省くと職員台帳の氏名、なければサインインの名前）
    #[arg(long, value_name = "名前")]
    pub display_name: Option<String>,
    /// 職員番号（職員台帳の人と結び付ける。所属は配属の台帳から決まる）
    #[arg(long, value_name = "番号")]
    pub employee: Option<String>,
    /// 他のシステムが API を呼ぶための利用者（サインインはできない）
    #[arg(long, conflicts_with_all = ["password_stdin", "employee"])]
    pub service: bool,
}

/// `user grant`, `user revoke`
#[derive(Debug, Args)]
pub struct RoleOf {
    /// サインインの名前
    #[arg(value_name = "名前")]
    pub name: String,
    /// 役割
    #[arg(long, value_name = "役割")]
    pub role: String,
    /// この部局だけに限る（部局コード）
    #[arg(long, value_name = "部局コード")]
    pub department: Option<String>,
}

/// `token`
#[derive(Debug, Subcommand)]
pub enum Token {
    /// トークンを作り、一度だけ表示する
    Create {
        /// だれの権限で呼ぶか（サインインの名前）
        #[arg(long, value_name = "名前")]
        user: String,
        /// 何に使うか
        #[arg(long, value_name = "用途", default_value = "コマンドで作成", hide_default_value = true)]
        purpose: String,
        /// 何日で切れるか（既定は 365）
        #[arg(long, value_name = "日数", default_value_t = 365, hide_default_value = true, value_parser = clap::value_parser!(u16).range(1..=3650))]
        days: u16,
        /// 読むことだけを許す
        #[arg(long)]
        read_only: bool,
    },
    /// トークンの一覧を出す（中身は出ない）
    List {
        /// だれの（サインインの名前）
        #[arg(long, value_name = "名前")]
        user: String,
    },
    /// トークンを止める
    Revoke {
        /// だれの（サインインの名前）
        #[arg(long, value_name = "名前")]
        user: String,
        /// 一覧に出る番号
        #[arg(value_name = "番号")]
        id: String,
    },
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

/// Reads a day as people write it.
fn day(text: &str) -> Result<jiff::civil::Date, String> {
    kawasemi_kernel::era::parse_date(text).map_err(|error| error.to_string())
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

#[cfg(test)]
mod order_tests {
    use super::*;

    #[test]
    fn options_of_every_verb_may_follow_a_systems_command() {
        let words = ["kawasemi", "policy", "import", "paper.txt", "--json", "--data", "d"].map(OsString::from);
        let cli = Cli::read(words).expect("is read");
        assert!(cli.global.json && cli.global.data.as_deref() == Some(std::path::Path::new("d")));
        assert!(matches!(cli.verb, Verb::System(words) if words == ["policy", "import", "paper.txt"]));
    }
}
