//! The form with which the use of a unit is stopped: photographs of the notice and the fence, the public map, the work order.

use axum::extract::Path;
use axum::response::Response;

use super::photographs::{self, MAX_BYTES, instant_of, typed_instant};
use super::pieces::{self, Words, unit_href};
use super::unit::changeable;
use crate::acts::stop::{self, Stop};
use crate::definitions::UNIT;
use crate::kernel::era::parse_date;
use crate::kernel::{Lang, RecordId};
use crate::platform::desk::{Cx, Entries, Problem, Uploads, view};
use crate::platform::ui::Component;
use crate::platform::ui::button::Look;
use crate::platform::ui::field::{Choice, FieldKind, FieldView};
use crate::platform::ui::form::Form;
use crate::platform::ui::notice::{Notice, Tone};
use crate::records::{Inspection, Unit};
use crate::rules::unit_state::{Event, next};

/// `GET /desk/parks/units/{id}/stop`
pub async fn page(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    let unit = changeable(&cx, &id).await?;
    let found = match unit.last_inspection {
        Some(inspection) => Inspection::load(cx.ledgers(), cx.context(), inspection).await.ok(),
        None => None,
    };
    let now = cx.context().act.at;
    let found_at = found.as_ref().filter(|one| one.judgement == unit.judgement).map_or(now, Inspection::found);
    let entry = |key: &str, text: String| (key.to_owned(), text);
    let entries = Entries(vec![
        entry("notice_id", cx.desk().ids().next().to_string()),
        entry("order_id", cx.desk().ids().next().to_string()),
        entry("found_at", typed_instant(found_at)),
        entry("stopped_at", typed_instant(now)),
        entry("order_title", format!("{}の修繕", name(&cx, &unit))),
    ]);
    Ok(show(&cx, &unit, &entries, &[]))
}

/// `POST /desk/parks/units/{id}/stop`
pub async fn stop(cx: Cx, Path(id): Path<String>, uploads: Uploads) -> Result<Response, Problem> {
    let unit = changeable(&cx, &id).await?;
    let entries = &uploads.entries;
    let mut mistakes: Vec<(&str, String)> = Vec::new();
    let typed = read(entries, &mut mistakes);
    for (field, label) in [("notice_photos", "掲示の写真"), ("fence_photos", "囲い・固定の写真")] {
        if !uploads.files.iter().any(|file| file.field == field) {
            mistakes.push((field, format!("「{label}」を選んでください。")));
        }
    }
    if let Err(why) = next(unit.state, Event::Stopped) {
        mistakes.push(("", why.to_owned()));
    }
    let mut photos = Vec::new();
    if mistakes.is_empty() {
        for field in ["notice_photos", "fence_photos"] {
            match photographs::store(&cx, &uploads, field).await? {
                Ok(stored) => photos.push(stored),
                Err(sentence) => mistakes.push((field, sentence)),
            }
        }
    }
    if let (true, Some(mut stop), [notice, fence]) = (mistakes.is_empty(), typed, photos.as_slice()) {
        stop.notice_photos.clone_from(notice);
        stop.fence_photos.clone_from(fence);
        match stop::stop(cx.ledgers(), cx.context(), &unit, &stop).await {
            Ok(()) => return Ok(view::done_at(&unit_href(unit.id), "stopped")),
            Err(error) => mistakes.extend(pieces::told(error)?.into_iter().map(|sentence| ("", sentence))),
        }
    }
    Ok(show(&cx, &unit, entries, &mistakes))
}

/// How the unit is called.
fn name(cx: &Cx, unit: &Unit) -> String {
    let words = Words::of(cx.ledgers(), cx.context(), UNIT);
    words.map_or_else(|_| unit.called(), |words| pieces::unit_name(&words, unit))
}

/// What was typed; nothing with the mistakes noted.
fn read(entries: &Entries, mistakes: &mut Vec<(&str, String)>) -> Option<Stop> {
    let id = |name: &str| entries.text(name).parse::<RecordId>().ok();
    let mut instant = |name: &'static str, label: &str| {
        let found = instant_of(entries.text(name));
        if found.is_none() {
            mistakes.push((name, format!("「{label}」を日付と時刻で入れてください。")));
        }
        found
    };
    let (found_at, stopped_at) = (instant("found_at", "異常を見つけた日時"), instant("stopped_at", "使用を止めた日時"));
    for (name, label) in [("reason", "止めた理由"), ("order_title", "修繕などの指示の件名")] {
        if entries.text(name).is_empty() {
            mistakes.push((name, format!("「{label}」を書いてください。")));
        }
    }
    if entries.text("shown_publicly") != "true" {
        mistakes.push(("shown_publicly", "使用停止を公園の地図で知らせることを確かめてください。".to_owned()));
    }
    let order_due = match entries.text("order_due") {
        "" => None,
        typed => match parse_date(typed) {
            Ok(day) => Some(day),
            Err(error) => {
                mistakes.push(("order_due", format!("「修繕の期限」を読めません。{error}")));
                None
            }
        },
    };
    Some(Stop {
        notice_id: id("notice_id")?,
        order_id: id("order_id")?,
        reason: entries.text("reason").to_owned(),
        found_at: found_at?,
        stopped_at: stopped_at?,
        notice_photos: Vec::new(),
        fence_photos: Vec::new(),
        shown_publicly: true,
        order_title: entries.text("order_title").to_owned(),
        order_due,
        order_organisation: None,
    })
}

fn show(cx: &Cx, unit: &Unit, entries: &Entries, mistakes: &[(&str, String)]) -> Response {
    let field = |key: &str, label: &str, kind: FieldKind| {
        let field = FieldView::new(key, label, kind).value(entries.text(key));
        mistakes.iter().filter(|(name, _)| *name == key).fold(field, |field, (_, said)| field.error(said.clone()))
    };
    let photos = |key: &str, label: &str| {
        let kind = FieldKind::Files { existing: Vec::new(), accept: "image/*".to_owned(), max_bytes: MAX_BYTES };
        field(key, label, kind).required()
    };
    let href = unit_href(unit.id);
    let shown = FieldKind::Choice {
        choices: vec![Choice::new("true", "公園の地図で「使えません」と知らせる")]
    };
    let mut form = Form::new(Lang::Ja, format!("{href}/stop"))
        .hidden("notice_id", entries.text("notice_id"))
        .hidden("order_id", entries.text("order_id"))
        .section(
            "止めたこと",
            vec![
                field("reason", "止めた理由", FieldKind::Text { max: Some(400) }).required(),
                field("found_at", "異常を見つけた日時", FieldKind::DateTime).required(),
                field("stopped_at", "使用を止めた日時", FieldKind::DateTime).required(),
                photos("notice_photos", "掲示の写真"),
                photos("fence_photos", "囲い・固定の写真"),
                field("shown_publicly", "市民への知らせ", shown).required(),
            ],
        )
        .section(
            "修繕などの指示",
            vec![
                field("order_title", "件名", FieldKind::Text { max: Some(200) }).required(),
                field("order_due", "修繕の期限", FieldKind::Date),
            ],
        )
        .submit("使用停止を記録する")
        .look(Look::Danger)
        .cancel(href.clone());
    form = mistakes.iter().filter(|(name, _)| name.is_empty()).fold(form, |form, (_, said)| form.mistake(said.clone()));
    let site = cx.desk_site(pieces::START);
    let mut page = pieces::page(&site, "使用を止める").crumb(name(cx, unit), href);
    page = page.lead("掲示・囲い・地図・修繕の指示の4つがそろって、使用停止になります。");
    if !mistakes.is_empty() {
        page = page.notice(Notice::new(Tone::Warning, "写真は、もう一度選んでください"));
    }
    view::answer(page.body(form.html()), !mistakes.is_empty())
}
