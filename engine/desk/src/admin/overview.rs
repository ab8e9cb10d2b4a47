//! The administration's first page: what waits, what to set up first, and the way to everything.

use axum::response::{Html, IntoResponse, Response};
use kawasemi_identity::AccountQuery;
use kawasemi_registry::{ASSIGNMENT, DEPARTMENT, STAFF};
use kawasemi_ui::card::{Card, grid};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::page::Page;
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::site;
use crate::problem::Problem;
use crate::registers;
use crate::request::Cx;
use crate::view::section;

/// Cards: title, address, icon, what it is for.
const PARTS: &[(&str, &str, Icon, &str)] = &[
    ("利用者", "/desk/admin/users", Icon::People, "登録、停止、仮パスワード、役割の割り当て"),
    ("役割", "/desk/admin/roles", Icon::Person, "どの役割を誰が持っているか"),
    ("権限一覧", "/desk/admin/grants", Icon::Ledger, "役割ごとに、どの台帳で何ができるか"),
    ("なぜ見られるのか", "/desk/admin/grants/why", Icon::Show, "ある人がある記録を見られる理由を調べる"),
    ("その日の権限", "/desk/organisation/rights", Icon::Calendar, "異動や機構改革のあと、ある人が何をできるか"),
    ("サインインの記録", "/desk/admin/events", Icon::Key, "サインイン、失敗、利用者と役割の変更"),
    ("個人情報アクセスログ", "/desk/admin/access", Icon::History, "誰がいつ誰の個人情報を見たか"),
    ("監査", "/desk/admin/audit", Icon::Check, "変更履歴が書き換えられていないかを確かめる"),
    ("窓口端末", "/desk/admin/devices", Icon::Board, "共用の端末の登録。画面のロックとPINでの交代"),
    ("保守作業", "/desk/admin/maintenance", Icon::Tasks, "保守業者の申請、承認、操作の記録"),
    ("台帳の定義", "/desk/admin/definitions", Icon::Settings, "使われている定義と版"),
    ("Webhook", "/desk/admin/webhooks", Icon::External, "台帳の変更を、ほかのシステムへ知らせる"),
    ("受渡し", "/desk/admin/courier", Icon::Forward, "公開側と庁内側のあいだで、届いたもの、待っているもの、鍵"),
    ("運用の状況", "/desk/admin/operations", Icon::Check, "控え、ディスク、証明書、待ち行列などの点検と、すること"),
    ("処理の待ち行列", "/desk/admin/jobs", Icon::Tasks, "待っている処理、失敗した処理のやり直し"),
    ("更新の案内", "/desk/admin/notes", Icon::Info, "いまの版と、版ごとの「更新するとき」"),
];

/// `GET /desk/admin`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    let mut body = SafeHtml::EMPTY;
    let first = first_steps(&cx).await?;
    if !first.is_empty() {
        body.push(&section("はじめにすること", &first));
    }
    let cards =
        PARTS.iter().map(|(title, href, icon, note)| Card::new(*title).href(*href).icon(*icon).note(*note).html());
    let training = cx.city().city.is_training().then(|| {
        let card = Card::new("教育用の市").href("/desk/admin/training").icon(Icon::History);
        card.note("練習のデータをはじめの状態に戻す").html()
    });
    body.push(&section("管理の項目", &grid("", training.into_iter().chain(cards))));
    let site = site(&cx);
    let mut page = Page::new(&site, "管理").body(body);
    if !cx.city().city.jobs("dead", 1).await?.is_empty() {
        let notice = Notice::new(Tone::Warning, "失敗したままの処理があります")
            .more(SafeHtml::link("/desk/admin/jobs?state=dead", "失敗した処理を見る"));
        page = page.notice(notice);
    }
    Ok(Html(page.render()).into_response())
}

/// What a new city has to do, in order; nothing once all of it is done.
async fn first_steps(cx: &Cx) -> Result<SafeHtml, Problem> {
    let accounts =
        cx.city().identity.accounts(cx.context(), &AccountQuery { limit: 2, ..AccountQuery::default() }).await?;
    let import = |ledger: &str| format!("/desk/ledgers/{ledger}/import");
    let steps = [
        ("部局・課を取り込む", import(DEPARTMENT), registers::has_records(cx, DEPARTMENT).await?),
        ("職員を取り込む", import(STAFF), registers::has_records(cx, STAFF).await?),
        ("配属を取り込む", import(ASSIGNMENT), registers::has_records(cx, ASSIGNMENT).await?),
        ("利用者を登録して役割を割り当てる", "/desk/admin/users/new".to_owned(), accounts.len() > 1),
    ];
    if steps.iter().all(|(.., is_done)| *is_done) {
        return Ok(SafeHtml::EMPTY);
    }
    let items: SafeHtml = steps
        .iter()
        .map(|(title, href, is_done)| {
            let state = if *is_done { chip(State::Done, "済み") } else { chip(State::Muted, "まだ") };
            SafeHtml::trusted(format!(
                "<li><a href=\"{}\"><span>{title}</span>{state}</a></li>",
                SafeHtml::escape(href)
            ))
        })
        .collect();
    Ok(SafeHtml::trusted(format!("<ol class=\"link-list\">{items}</ol>")))
}
