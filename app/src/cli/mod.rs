//! The command line: what can be asked of the program, in the words of its help.
//!
//! Names and addresses here are relied on by scripts; add to them, but change none. What a verb does is in
//! [`crate::verbs`], one file for each.

mod exchange;
mod files;
mod papers;
mod people;
mod registers;
mod running;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args, Command, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use kawasemi_kernel::municipality::MunicipalityCode;

pub use exchange::{Courier, CourierAct, CourierKey, Exchange, Sanitize};
pub use files::{Calc, Encoding, Export, Format, Import};
pub use papers::{Notes, Print, PrintRecord, PrintTemplate};
pub use people::{RoleOf, Token, User, UserAdd};
pub use registers::{Names, Organisation, Personnel, Reference, ReferenceUpdate, Register, Simulate, Staff, Year};
pub use running::{
    Audit, Backup, Before, Demo, Doctor, Drill, DrillRestore, Half, Init, Keys, OnOff, Restore, Schema, Serve,
    Training, TrainingCreate,
};

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
