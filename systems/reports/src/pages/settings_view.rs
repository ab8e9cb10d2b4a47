//! The page of what is done seldom.

use axum::response::Html;

use super::board::BOARD;
use super::settings::LARGEST;
use super::{names, pieces};
use crate::definitions::API_KEY;
use crate::kernel::Lang;
use crate::ledger::ListRequest;
use crate::open311::keys;
use crate::platform::desk::{Cx, Problem, view};
use crate::platform::ui::button::{LinkButton, Look, Post, Submit};
use crate::platform::ui::field::{FieldKind, FieldView};
use crate::platform::ui::form::Form;
use crate::platform::ui::notice::Notice;
use crate::platform::ui::page::Page;
use crate::platform::ui::table::{Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml, said};
use crate::records::{Read, Settings};

/// The page, with what an act said.
///
/// # Errors
/// When the store fails.
pub async fn show(cx: &Cx, notice: Option<Notice>) -> Result<Html<String>, Problem> {
    let settings = Settings::load(cx.ledgers(), cx.context()).await?;
    let site = cx.desk_site(BOARD);
    let done = [
        ("begun", "災害モードを始めました。対応の期限を止めました。"),
        ("ended", "災害モードを終えました。対応の期限を数え直しました。"),
        ("given", "公開側へ渡し直しました。"),
    ];
    let mut page = Page::new(&site, "通報の取込み・災害モード・設定")
        .crumb("ホーム", "/desk")
        .crumb("通報の受付", BOARD)
        .head(pieces::style());
    for notice in notice.into_iter().chain(view::done(cx, &done)) {
        page = page.notice(notice);
    }
    let mut body = links(&settings);
    body.push(&view::section("災害モード", &disaster_part(cx, &settings).await?));
    body.push(&view::section("別に動かした通報の突き合わせ", &apart_part(&settings)));
    body.push(&view::section("以前のアプリの通報を取り込む", &import_part()));
    if keys::require(cx.ledgers(), cx.context()).is_ok() {
        body.push(&view::section("Open311 のキー", &keys_part(cx).await?));
    }
    if cx.city().courier.side().is_ok() {
        let button = Submit::new("すべて渡し直す").icon(Icon::Upload);
        let mut part = view::note("公開側を作り直したときに使います。ふだんは、変わったものだけが自動で渡ります。");
        part.push(&Post::new("/desk/reports/settings/outward", button).html());
        body.push(&view::section("公開側へ渡す", &part));
    }
    Ok(Html(page.body(body).render()))
}

fn links(settings: &Settings) -> SafeHtml {
    let own = match settings.id {
        Some(id) => format!("/desk/ledgers/report-setting/{id}"),
        None => "/desk/ledgers/report-setting/new".to_owned(),
    };
    let links = [
        ("種類・目標・重複の距離", "/desk/ledgers/report-category"),
        ("返信の文例", "/desk/ledgers/report-reply-template"),
        ("連絡先の機関", "/desk/ledgers/report-authority"),
        ("範囲・公開・Open311 の設定", &own),
    ];
    let buttons = links.map(|(label, href)| LinkButton::new(label, href).look(Look::Quiet).icon(Icon::Settings).html());
    crate::platform::ui::button::row(buttons)
}

async fn disaster_part(cx: &Cx, settings: &Settings) -> Result<SafeHtml, Problem> {
    if let Some(disaster) = settings.disaster() {
        let since = view::when(disaster.from);
        let mut html = view::paragraph(&format!("「{}」を{since}から続けています。", disaster.name));
        let button = Submit::new("災害モードを終える").look(Look::Primary);
        html.push(&Post::new("/desk/reports/settings/disaster", button).hidden("act", "end").html());
        return Ok(html);
    }
    let sections = names::of(cx.ledgers(), cx.context(), crate::platform::registry::DEPARTMENT).await?;
    let fields = vec![
        FieldView::new("name", "災害の名前", FieldKind::Text { max: Some(100) }).hint("例：令和8年台風15号").required(),
        FieldView::new("department", "災害対策本部", FieldKind::Choice { choices: names::choices(&sections) })
            .hint("新しい通報は、終えるまでここに割り当てます。"),
    ];
    let mut html = view::note("始めると、すべての通報の期限が止まります。終えると、その間を除いて数え直します。");
    let form = Form::new(Lang::Ja, "/desk/reports/settings/disaster").hidden("act", "begin").fields(fields);
    html.push(&form.submit("災害モードを始める").html());
    Ok(html)
}

fn apart_part(settings: &Settings) -> SafeHtml {
    let mut html = view::note(
        "ネットワークなしのノートパソコンで動かした通報を、あとで庁内と合わせます。ノートパソコンで書き出し、庁内で読み込みます。\
         同じファイルを何度読み込んでも増えません。両方で変えた項目は、庁内の値を残して、相手の値をメモに書きます。",
    );
    let since = settings.disasters.last().map(|one| one.from);
    let since = since.map(|at| crate::kernel::context::civil_date_time(at).strftime("%Y-%m-%dT%H:%M").to_string());
    let field = FieldView::new("since", "この日時から後に書いたものを書き出す", FieldKind::DateTime)
        .value(since.unwrap_or_default())
        .hint("ノートパソコンに庁内の控えを入れた日時より前にしてください。")
        .required();
    let out = Form::new(Lang::Ja, "/desk/reports/settings/bundle").get().plain().fields(vec![field]).submit("書き出す");
    html.push(&out.html());
    let file = file_field("bundle", "書き出したファイル", ".json");
    html.push(
        &Form::new(Lang::Ja, "/desk/reports/settings/bundle").fields(vec![file]).submit("読み込んで合わせる").html(),
    );
    html
}

fn file_field(key: &str, label: &str, accept: &str) -> FieldView {
    FieldView::new(key, label, FieldKind::Files { existing: Vec::new(), accept: accept.to_owned(), max_bytes: LARGEST })
}

fn import_part() -> SafeHtml {
    let fields = vec![
        file_field("reports", "通報のファイル", ".csv,.json,.xml")
            .hint("CSV、または Open311 の JSON・XML（requests）。")
            .required(),
        file_field("updates", "経過のファイル", ".csv,.json,.xml")
            .hint("あれば。Open311 の servicerequestupdates など。"),
        FieldView::new("named", "種類の対応表", FieldKind::LongText { max: Some(4_000) })
            .hint("以前のアプリの種類と名前が違うとき、「以前の種類=コード」を1行ずつ。例：道路の穴=road.pothole"),
        FieldView::new("was_public", "以前のアプリで公開していた", FieldKind::YesNo).value("true"),
    ];
    let mut html = view::note(
        "番号・受付日時・状態・経過をそのまま取り込みます。もう一度取り込んでも増えません。表計算のファイルは、台帳「破損等の通報」の取込みも使えます。",
    );
    html.push(&Form::new(Lang::Ja, "/desk/reports/settings/import").fields(fields).submit("取り込む").html());
    html
}

async fn keys_part(cx: &Cx) -> Result<SafeHtml, Problem> {
    let records = crate::records::some(cx.ledgers(), cx.context(), API_KEY, ListRequest::all(), 500).await?;
    let row = |record: &crate::ledger::Visible| {
        let read = Read(record.fields());
        let day = |key: &str| read.date(key).map(|day| said::short_date(Lang::Ja, day)).unwrap_or_default();
        let state = if read.yes("active") { "使える" } else { "止めた" };
        Row::new(vec![
            SafeHtml::link(&format!("/desk/ledgers/report-api-key/{}", record.id), &read.text("name")),
            SafeHtml::escape(state),
            SafeHtml::or_dash(&day("issued_on")),
            SafeHtml::or_dash(&day("expires_on")),
        ])
    };
    let columns = [("name", "アプリ"), ("state", "状態"), ("issued", "発行日"), ("expires", "期限")];
    let columns = columns.map(|(key, label)| Column::new(key, label)).to_vec();
    let mut html = if records.is_empty() {
        view::note("まだ発行していません。読むだけならキーは要りません。")
    } else {
        Table::new(Lang::Ja, "発行したキー", columns, records.iter().map(row).collect()).html()
    };
    let fields = vec![
        FieldView::new("name", "アプリの名前", FieldKind::Text { max: Some(100) }).required(),
        FieldView::new("contact", "連絡先", FieldKind::Text { max: Some(200) }),
        FieldView::new("may_update", "経過も送れる", FieldKind::YesNo).value("false"),
    ];
    html.push(&Form::new(Lang::Ja, "/desk/reports/settings/key").fields(fields).submit("キーを発行する").html());
    Ok(html)
}

/// Sentences as a list, the first hundred of them.
pub fn listed(title: &str, sentences: &[String]) -> SafeHtml {
    if sentences.is_empty() {
        return SafeHtml::EMPTY;
    }
    let items: String = sentences.iter().take(100).map(|line| format!("<li>{}</li>", SafeHtml::escape(line))).collect();
    let title = SafeHtml::escape(format!("{title}（{}件）", sentences.len()));
    SafeHtml::trusted(format!("<p>{title}</p><ul>{items}</ul>"))
}
