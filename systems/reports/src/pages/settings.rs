//! What is done seldom: keys for other programs, reports of the former app, disaster mode, and putting together what ran apart.

use std::collections::HashMap;

use axum::response::{Html, IntoResponse as _, Response};
use http::{StatusCode, header};
use jiff::Timestamp;

use super::board::BOARD;
use super::{names, pieces};
use crate::acts::{disaster as disasters, reconcile as apart};
use crate::definitions::{API_KEY, HEADQUARTERS, REPORT, TRIAGE};
use crate::history;
use crate::kernel::Lang;
use crate::ledger::{Draft, LedgerError, ListRequest};
use crate::open311::keys;
use crate::platform::desk::{Cx, Entries, Problem, Upload, Uploads, view};
use crate::platform::ui::button::{LinkButton, Look, Post, Submit};
use crate::platform::ui::field::{FieldKind, FieldView};
use crate::platform::ui::form::Form;
use crate::platform::ui::notice::{Notice, Tone};
use crate::platform::ui::page::Page;
use crate::platform::ui::table::{Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml, said};
use crate::records::{Read, Settings};

/// Where they lie.
const PATH: &str = "/desk/reports/settings";
/// The largest file that is read here, in bytes.
const LARGEST: u64 = 200 * 1024 * 1024;

/// Those who sort reports out, and the headquarters.
fn require(cx: &Cx) -> Result<(), Problem> {
    let caller = &cx.context().caller;
    if caller.has_role(TRIAGE) || caller.has_role(HEADQUARTERS) { Ok(()) } else { Err(Problem::forbidden()) }
}

/// `GET /desk/reports/settings`
pub async fn page(cx: Cx) -> Result<Response, Problem> {
    require(&cx)?;
    Ok(show(&cx, None).await?.into_response())
}

async fn show(cx: &Cx, notice: Option<Notice>) -> Result<Html<String>, Problem> {
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

/// `POST /desk/reports/settings/key`
pub async fn key(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    require(&cx)?;
    keys::require(cx.ledgers(), cx.context())?;
    if entries.text("name").is_empty() {
        return refused(&cx, "アプリの名前を書いてください。").await;
    }
    let draft = Draft::new()
        .with("name", entries.text("name"))
        .with("contact", crate::intake::text(entries.text("contact")))
        .with("may_update", entries.all("may_update").any(|value| value == "true"));
    let key = keys::issue(&cx, &cx.because("Open311 のキーの発行"), draft).await?;
    crate::mirror::give(&cx).await?;
    let shown = SafeHtml::trusted(format!("<p><code class=\"report-key\">{}</code></p>", SafeHtml::escape(key)));
    let notice = Notice::new(Tone::Success, "キーを発行しました")
        .text("いま書き写して、アプリの担当者に渡してください。この画面を閉じると、もう見られません。")
        .more(shown);
    Ok(show(&cx, Some(notice)).await?.into_response())
}

async fn refused(cx: &Cx, said: &str) -> Result<Response, Problem> {
    let notice = Notice::new(Tone::Error, "何も変えていません").text(said);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, show(cx, Some(notice)).await?).into_response())
}

fn bytes(upload: &Upload) -> Result<Vec<u8>, Problem> {
    if upload.size > LARGEST {
        return Err(Problem::too_large(usize::try_from(LARGEST >> 20).unwrap_or(usize::MAX)));
    }
    std::fs::read(upload.file.path()).map_err(|error| Problem::internal(&error))
}

/// `POST /desk/reports/settings/import`
pub async fn import(cx: Cx, uploads: Uploads) -> Result<Response, Problem> {
    require(&cx)?;
    let Some(file) = uploads.file("reports") else {
        return refused(&cx, "通報のファイルを選んでください。").await;
    };
    let reports = match history::read_reports(&bytes(file)?) {
        Ok(reports) => reports,
        Err(error) => return refused(&cx, &error.to_string()).await,
    };
    let updates = match uploads.file("updates") {
        None => Vec::new(),
        Some(file) => match history::read_updates(&bytes(file)?) {
            Ok(updates) => updates,
            Err(error) => return refused(&cx, &format!("経過のファイル：{error}")).await,
        },
    };
    let entries = &uploads.entries;
    let lines = entries.text("named").lines().filter_map(|line| line.split_once(['=', '＝']));
    let named: HashMap<String, String> =
        lines.map(|(from, to)| (from.trim().to_owned(), to.trim().to_owned())).collect();
    let was_public = entries.all("was_public").any(|value| value == "true");
    let context = cx.because("以前のアプリの通報の取込み");
    let outcome = history::apply(cx.ledgers(), &context, &reports, &updates, &named, was_public).await?;
    crate::mirror::give(&cx).await?;
    let said = format!(
        "通報{}件と経過{}件を取り込みました。すでにあった通報は{}件です。",
        outcome.added, outcome.updates, outcome.known
    );
    let tone = if outcome.refused.is_empty() { Tone::Success } else { Tone::Warning };
    let notice =
        Notice::new(tone, "取込みが終わりました").text(said).more(listed("取り込めなかったもの", &outcome.refused));
    Ok(show(&cx, Some(notice)).await?.into_response())
}

/// Sentences as a list, the first hundred of them.
fn listed(title: &str, sentences: &[String]) -> SafeHtml {
    if sentences.is_empty() {
        return SafeHtml::EMPTY;
    }
    let items: String = sentences.iter().take(100).map(|line| format!("<li>{}</li>", SafeHtml::escape(line))).collect();
    let title = SafeHtml::escape(format!("{title}（{}件）", sentences.len()));
    SafeHtml::trusted(format!("<p>{title}</p><ul>{items}</ul>"))
}

/// `POST /desk/reports/settings/disaster`
pub async fn disaster(cx: Cx, entries: Entries) -> Result<Response, Problem> {
    require(&cx)?;
    let context = cx.because("災害モードの切替え");
    let (result, done) = match entries.text("act") {
        "end" => (disasters::end(cx.ledgers(), &context).await, "ended"),
        _ => {
            let department = entries.text("department").parse().ok();
            (disasters::begin(cx.ledgers(), &context, entries.text("name"), department).await, "begun")
        }
    };
    match result {
        Ok(_) => {
            crate::mirror::give(&cx).await?;
            Ok(view::done_at(PATH, done))
        }
        Err(LedgerError::Refused(reason)) => refused(&cx, &reason).await,
        Err(error) => Err(error.into()),
    }
}

/// `GET /desk/reports/settings/bundle?since=`
pub async fn bundle(cx: Cx) -> Result<Response, Problem> {
    require(&cx)?;
    let asked = cx.query("since").unwrap_or_default();
    let Some(since) = instant(&asked) else {
        return refused(&cx, "書き出しの始まりの日時を入れてください。").await;
    };
    let bundle = apart::bundle(&cx, since).await?;
    let body = serde_json::to_vec(&bundle).map_err(|error| Problem::internal(&error))?;
    let name = format!("reports-{}-{}.json", bundle.city, cx.context().today());
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, body).into_response())
}

fn instant(text: &str) -> Option<Timestamp> {
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    jiff::tz::offset(9).to_timestamp(civil).ok()
}

/// `POST /desk/reports/settings/bundle`
pub async fn reconcile(cx: Cx, uploads: Uploads) -> Result<Response, Problem> {
    require(&cx)?;
    let (_, access) = cx.ledgers().open(cx.context(), REPORT)?;
    if !access.may(crate::schema::Action::Import) {
        return Err(Problem::forbidden());
    }
    let Some(file) = uploads.file("bundle") else {
        return refused(&cx, "書き出したファイルを選んでください。").await;
    };
    let bundle = match apart::read(&bytes(file)?, cx.city().city.code()) {
        Ok(bundle) => bundle,
        Err(reason) => return refused(&cx, &reason).await,
    };
    let outcome = apart::take(&cx, &bundle).await?;
    crate::mirror::give(&cx).await?;
    let said = format!(
        "新しい記録{}件、変わった記録{}件、同じだった記録{}件。",
        outcome.created, outcome.changed, outcome.same
    );
    let mut more = listed("両方で変えていた項目", &outcome.conflicts);
    more.push(&listed("読み込めなかった記録", &outcome.refused));
    let is_clean = outcome.conflicts.is_empty() && outcome.refused.is_empty();
    let notice = Notice::new(if is_clean { Tone::Success } else { Tone::Warning }, "突き合わせが終わりました")
        .text(said)
        .more(more);
    Ok(show(&cx, Some(notice)).await?.into_response())
}

/// `POST /desk/reports/settings/outward`
pub async fn outward(cx: Cx) -> Result<Response, Problem> {
    require(&cx)?;
    crate::mirror::give_since(&cx, Timestamp::UNIX_EPOCH).await?;
    Ok(view::done_at(PATH, "given"))
}
