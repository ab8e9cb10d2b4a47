//! The first page of oversight.

use axum::response::{Html, IntoResponse, Response};
use kawasemi_identity::PRIVACY_OFFICER;
use kawasemi_ui::card::{Card, grid};
use kawasemi_ui::page::Page;
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::site;
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::section;

type Part = (&'static str, &'static str, Icon, &'static str);

const REPORTS: [Part; 7] = [
    ("この人を見た職員", "/desk/audit/seen", Icon::Person, "ある人の記録を、だれが、いつ、どう見たか"),
    ("部署別の件数", "/desk/audit/monthly", Icon::Ledger, "月ごとの件数、延べ人数、方法。印刷して報告に使えます"),
    ("大量閲覧", "/desk/audit/mass", Icon::People, "いつもよりずっと多くの人を見た日"),
    ("まとめての書出し・印刷", "/desk/audit/exports", Icon::Download, "画面の外に出た個人情報"),
    ("本人・同じ世帯・同僚の閲覧", "/desk/audit/close", Icon::Show, "身近な人の記録を見た閲覧"),
    ("執務時間外の閲覧", "/desk/audit/after-hours", Icon::History, "夜間、早朝、閉庁日の閲覧"),
    ("ログの確認", "/desk/audit/logs", Icon::Check, "アクセスログが書き換えられていないかを確かめる"),
];

const PROTECTION: [Part; 2] = [
    ("個人情報ファイル簿", "/desk/privacy/files", Icon::Ledger, "台帳の定義から作る、法第75条のファイル簿"),
    ("保存期間と廃棄", "/desk/privacy/disposals", Icon::Delete, "満了した記録、廃棄の起案と決定、廃棄証明"),
];

const OFFICER: [Part; 2] = [
    ("利用停止・消去", "/desk/privacy/stops", Icon::Show, "請求による利用停止と消去（法第98条から）"),
    ("本人開示", "/desk/privacy/disclosure", Icon::Download, "ある人について持っている情報を、一つにまとめる"),
];

/// `GET /desk/audit`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    let cards = |parts: &[Part]| {
        let card = |(title, href, icon, note): &Part| Card::new(*title).href(*href).icon(*icon).note(*note).html();
        grid("", parts.iter().map(card).collect::<Vec<_>>())
    };
    let mut body = section("だれがだれを見たか", &cards(&REPORTS));
    let mut protection = PROTECTION.to_vec();
    if cx.context().caller.has_role(PRIVACY_OFFICER) {
        protection.extend(OFFICER);
    }
    let protected: SafeHtml = section("個人情報の保護", &cards(&protection));
    body.push(&protected);
    let site = site(&cx);
    let page = Page::new(&site, "監査・個人情報保護")
        .lead("だれが見たかの記録だけが見えます。台帳の内容は、別に権限がなければ見られません。");
    Ok(Html(page.body(body).render()).into_response())
}
