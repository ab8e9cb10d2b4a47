//! Accounts and tokens.

use clap::{Args, Subcommand};

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
