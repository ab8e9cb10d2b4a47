//! The parts of a report's page that only show: photographs, history, orders, and who reported the same.

use super::board::BOARD;
use super::pieces;
use crate::definitions::{SUPPORTER, WORK_ORDER};
use crate::kernel::Lang;
use crate::ledger::{LedgerError, ListRequest, Visible};
use crate::platform::desk::{Cx, Problem, view};
use crate::platform::ui::chip::{State as Chip, chip};
use crate::platform::ui::timeline::{Entry, Mark, timeline};
use crate::platform::ui::{Component, SafeHtml};
use crate::records::{Report, Update, some};

/// The photographs as they came, and how far from the place they were taken.
pub fn photographs(report: &Report) -> SafeHtml {
    let mut html = pieces::staff_photos(report, &report.photos);
    if let Some(place) = report.photo_position {
        html.push(&pieces::map_link(place, "写真に記録された位置"));
        if let Some(location) = report.location {
            let metres = location.distance_m(place);
            html.push(&view::note(&format!(
                "通報の場所から{metres:.0}mの位置で撮られています。{}",
                report.photo_taken
            )));
        }
    }
    for url in report.media_urls.lines().filter(|line| !line.is_empty()) {
        html.push(&SafeHtml::trusted(format!("<p class=\"text-small\">{}</p>", SafeHtml::link(url, url))));
    }
    if html.is_empty() { html } else { view::section("写真（届いたもの）", &html) }
}

/// How a report came, in the words of the ledger.
pub fn channel(key: &str) -> &'static str {
    match key {
        "web" => "ポータル",
        "open311" => "Open311",
        "phone" => "電話",
        "counter" => "窓口",
        "patrol" => "職員の巡回",
        "import" => "以前のアプリ",
        _ => "不明",
    }
}

/// A language in the words of the staff.
pub const fn language(lang: Lang) -> &'static str {
    match lang {
        Lang::Ja => "日本語",
        Lang::JaEasy => "やさしい日本語",
        Lang::En => "英語",
        Lang::Vi => "ベトナム語",
    }
}

/// What happened, the latest first.
///
/// # Errors
/// When the store fails.
pub async fn history(cx: &Cx, report: &Report) -> Result<SafeHtml, Problem> {
    let updates = Update::of_report(cx.ledgers(), cx.context(), report.id).await?;
    let entry = |update: &Update| {
        let what = match (update.state, update.kind.as_str()) {
            (Some(state), "state" | "work" | "pass-on") => state.label().to_owned(),
            (_, "reply") => "返信".to_owned(),
            (_, "merge") => "まとめ・分け".to_owned(),
            (_, "comment") => "外からの知らせ".to_owned(),
            (_, "work") => "作業".to_owned(),
            _ => "メモ".to_owned(),
        };
        let mut more = pieces::written(&update.text, Lang::Ja);
        if !update.note.is_empty() {
            more.push(&SafeHtml::trusted(format!(
                "<p class=\"text-lines text-soft\">庁内：{}</p>",
                SafeHtml::escape(&update.note)
            )));
        }
        if !update.published && update.kind == "comment" {
            more.push(&chip(Chip::Warning, "公開の確認待ち"));
            if report.may.update {
                let button = crate::platform::ui::button::Submit::new("公開する");
                let release = crate::platform::ui::button::Post::new(format!("{BOARD}/{}/release", report.id), button);
                more.push(&release.hidden("update", update.id.to_string()).html());
            }
        }
        let is_done = update.state.is_some_and(crate::rules::State::is_closed);
        Entry {
            what,
            when: view::when(update.at),
            who: if update.published { "公開".to_owned() } else { String::new() },
            more,
            mark: if is_done { Mark::Done } else { Mark::Plain },
        }
    };
    let received = Entry {
        what: "受付".to_owned(),
        when: view::when(report.received_at),
        who: String::new(),
        more: SafeHtml::EMPTY,
        mark: Mark::Plain,
    };
    let entries: Vec<Entry> = updates.iter().rev().map(entry).chain([received]).collect();
    Ok(timeline(&entries))
}

/// The work orders that the report has started.
///
/// # Errors
/// When the store fails.
pub async fn orders(cx: &Cx, report: &Report) -> Result<SafeHtml, Problem> {
    let request = ListRequest::filtered(format!("report = '{}'", report.id));
    let orders = match some(cx.ledgers(), cx.context(), WORK_ORDER, request, 100).await {
        Err(LedgerError::NotFound | LedgerError::Forbidden { .. }) => return Ok(SafeHtml::EMPTY),
        other => other?,
    };
    let item = |order: &Visible| {
        let title = order.get("title").as_text().unwrap_or_default();
        let said = format!("{} {title}", order.number.as_deref().unwrap_or_default());
        let link = SafeHtml::link(&format!("/desk/ledgers/report-work-order/{}", order.id), &said);
        let state = match order.get("state").as_text() {
            Some("started") => chip(Chip::Underway, "作業中"),
            Some("done") => chip(Chip::Warning, "検査待ち"),
            Some("accepted") => chip(Chip::Done, "検査済み"),
            Some("cancelled") => chip(Chip::Muted, "取消し"),
            _ => chip(Chip::Warning, "指示済み"),
        };
        SafeHtml::trusted(format!("<li>{link} {state}</li>"))
    };
    if orders.is_empty() {
        return Ok(SafeHtml::EMPTY);
    }
    let items: SafeHtml = orders.iter().map(item).collect();
    Ok(view::section("作業指示", &SafeHtml::trusted(format!("<ul class=\"plain-list\">{items}</ul>"))))
}

/// Who reported the same.
///
/// # Errors
/// When the store fails.
pub async fn supporters(cx: &Cx, report: &Report) -> Result<SafeHtml, Problem> {
    if report.supporters == 0 {
        return Ok(SafeHtml::EMPTY);
    }
    let request = ListRequest::filtered(format!("report = '{}'", report.id));
    let found = match some(cx.ledgers(), cx.context(), SUPPORTER, request, 100).await {
        Err(LedgerError::NotFound | LedgerError::Forbidden { .. }) => Vec::new(),
        other => other?,
    };
    let item = |one: &Visible| {
        let text = |key: &str| one.get(key).as_text().unwrap_or_default().to_owned();
        let contact = [text("reporter_name"), text("mail"), text("phone")].join(" ");
        SafeHtml::trusted(format!(
            "<li>{} <span class=\"text-lines\">{}</span></li>",
            SafeHtml::escape(contact.trim()),
            SafeHtml::escape(text("note"))
        ))
    };
    let items: SafeHtml = found.iter().map(item).collect();
    let title = format!("同じ通報をした人（{}人）", report.supporters);
    Ok(view::section(&title, &SafeHtml::trusted(format!("<ul class=\"plain-list\">{items}</ul>"))))
}
