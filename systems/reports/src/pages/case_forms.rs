//! The forms of a report's page. Each is closed but for the ones that are next, so that the page stays short.

use super::board::BOARD;
use super::case::Case;
use super::{names, pieces};
use crate::intake::Nearby;
use crate::kernel::{FileRef, Lang};
use crate::platform::desk::{Cx, view};
use crate::platform::ui::button::{Post, Submit};
use crate::platform::ui::field::{Choice, FieldKind, FieldView};
use crate::platform::ui::form::Form;
use crate::platform::ui::{Component, SafeHtml};
use crate::records::Report;
use crate::rules::State;

/// All forms, in the order of the work.
pub fn all(cx: &Cx, case: &Case, near: &[Nearby]) -> SafeHtml {
    let report = &case.report;
    let is_held = report.public_state == "held";
    let asked = cx.query("template");
    let open = |summary: &str, body: SafeHtml, open: bool| view::disclosure(summary, &body, open);
    let mut html = near_list(case, near, report.duplicate_of.is_none());
    html.push(&open("公開を決める", publish(case), is_held));
    html.push(&open("対応を変える", state(case), !is_held && !report.state.is_closed()));
    html.push(&open("担当課・種類", assign(case), report.department.is_none()));
    html.push(&open("通報した人に返信する", reply(case, asked.as_deref()), asked.is_some()));
    html.push(&open("作業を指示する", order(case), false));
    html.push(&open("他機関へ連絡する", pass_on(case), false));
    html.push(&open("直した後の写真", repaired(case), false));
    if report.duplicate_of.is_some() {
        html.push(&open("まとめた通報を分ける", split(report), true));
    } else {
        html.push(&open("番号を指定してまとめる", merge(report), false));
    }
    html
}

fn form(report: &Report, act: &str) -> Form {
    Form::new(Lang::Ja, format!("{BOARD}/{}/{act}", report.id)).hidden("revision", report.revision.to_string())
}

/// Reports nearby that may tell of the same, each with a button that joins this one to it.
pub fn near_list(case: &Case, near: &[Nearby], may_join: bool) -> SafeHtml {
    if near.is_empty() {
        return SafeHtml::EMPTY;
    }
    let item = |one: &Nearby| {
        let report = &one.report;
        let link = SafeHtml::link(&format!("{BOARD}/{}", report.id), &report.reference);
        let button = if may_join {
            let submit = Submit::new("これにまとめる");
            Post::new(format!("{BOARD}/{}/merge", case.report.id), submit)
                .hidden("revision", case.report.revision.to_string())
                .hidden("into", report.reference.as_str())
                .html()
        } else {
            SafeHtml::EMPTY
        };
        let said = format!("{:.0}m、似ている度合い {:.0}％", one.distance_m, one.score * 100.0);
        SafeHtml::trusted(format!(
            "<li class=\"card\"><div class=\"row-spread\"><p>{link} {}<br><span class=\"text-small text-soft\">{}</span></p>{button}</div>\
             <p class=\"text-lines\">{}</p></li>",
            pieces::staff_chip(report.state),
            SafeHtml::escape(said),
            SafeHtml::escape(&report.description),
        ))
    };
    let items: SafeHtml = near.iter().map(item).collect();
    view::section(
        "近くの通報（同じかもしれません）",
        &SafeHtml::trusted(format!("<ul class=\"plain-list stack-small\">{items}</ul>")),
    )
}

fn publish(case: &Case) -> SafeHtml {
    let report = &case.report;
    let suggested = if report.public_state == "held" && report.public_description.is_empty() {
        &report.description
    } else {
        &report.public_description
    };
    let shown = [Choice::new("shown", "公開する"), Choice::new("hidden", "公開しない")];
    let state = if report.public_state == "hidden" { "hidden" } else { "shown" };
    let fields = vec![
        FieldView::new("public_state", "公開", FieldKind::Choice { choices: shown.to_vec() }).value(state).required(),
        FieldView::new("description", "公開する内容", FieldKind::LongText { max: Some(4_000) })
            .value(suggested.as_str())
            .hint("名前・電話・住所など、個人が分かることを除いてください。"),
        FieldView::new("address", "公開する場所の説明", FieldKind::Text { max: Some(300) })
            .value(report.public_address.as_str()),
        FieldView::new("private_premises", "個人の敷地（位置を丸めて公開）", FieldKind::YesNo)
            .value(if report.private_premises { "true" } else { "false" }),
    ];
    let photos: SafeHtml = report.photos.iter().enumerate().map(|(index, file)| photo(report, index, file)).collect();
    let kept: SafeHtml =
        report.public_photos.iter().enumerate().map(|(index, file)| public_photo(report, index, file)).collect();
    // The photographs stand inside the form, beside its button.
    let mut pieces = kept;
    pieces.push(&photos);
    let more = SafeHtml::trusted(format!("<div class=\"report-publish\">{pieces}</div>"));
    form(report, "publish").fields(fields).more_buttons(more).submit("公開を決める").html()
}

/// A photograph as it came: whether to show it, and what to paint over. The script lets one draw the parts; without it they are typed.
fn photo(report: &Report, index: usize, file: &FileRef) -> SafeHtml {
    let href = SafeHtml::escape(pieces::staff_photo(report, file));
    let id = file.id;
    let number = index + 1;
    SafeHtml::trusted(format!(
        "<fieldset class=\"report-paint\" data-paint><legend>届いた写真 {number}</legend>\
         <div class=\"report-canvas\"><img src=\"{href}\" alt=\"届いた写真 {number}\" loading=\"lazy\"></div>\
         <p class=\"option\"><input type=\"checkbox\" id=\"show-{id}\" name=\"photo\" value=\"{id}\"><label for=\"show-{id}\">公開する</label></p>\
         <label class=\"field-label\" for=\"paint-{id}\">塗りつぶすところ</label>\
         <p class=\"field-hint\">左,上,幅,高さを写真の千分の一で。いくつもあるときはセミコロン（;）で区切ります。写真の上をなぞっても入ります。</p>\
         <input class=\"input width-text\" type=\"text\" id=\"paint-{id}\" name=\"paint-{id}\" placeholder=\"100,200,150,150\"></fieldset>"
    ))
}

fn public_photo(report: &Report, index: usize, file: &FileRef) -> SafeHtml {
    let href = SafeHtml::escape(pieces::staff_photo(report, file));
    let (id, number) = (file.id, index + 1);
    SafeHtml::trusted(format!(
        "<fieldset class=\"report-paint\"><legend>公開している写真 {number}</legend><div class=\"report-canvas\"><img src=\"{href}\" alt=\"公開している写真 {number}\" loading=\"lazy\"></div>\
         <p class=\"option\"><input type=\"checkbox\" id=\"keep-{id}\" name=\"keep\" value=\"{id}\" checked><label for=\"keep-{id}\">公開を続ける</label></p></fieldset>"
    ))
}

fn state(case: &Case) -> SafeHtml {
    let report = &case.report;
    let own = [State::Duplicate, State::OtherAuthority];
    let states = State::ALL.into_iter().filter(|state| !own.contains(state) || *state == report.state);
    let choices = states.map(|state| Choice::new(state.key(), state.label())).collect();
    let fields = vec![
        FieldView::new("state", "対応", FieldKind::Choice { choices }).value(report.state.key()).required(),
        FieldView::new("note", "ひとこと（公開）", FieldKind::Text { max: Some(500) })
            .value(report.status_note.as_str())
            .hint("市民の画面に出ます。例：9月10日に補修します。"),
    ];
    form(report, "state").fields(fields).submit("対応を記録する").html()
}

fn assign(case: &Case) -> SafeHtml {
    let report = &case.report;
    let id = |id: Option<crate::kernel::RecordId>| id.map(|id| id.to_string()).unwrap_or_default();
    let categories = case.categories.iter().map(|one| Choice::new(one.id.to_string(), one.name(Lang::Ja))).collect();
    let fields = vec![
        FieldView::new("department", "担当課", FieldKind::Choice { choices: names::choices(&case.sections) })
            .value(id(report.department)),
        FieldView::new("category", "種類", FieldKind::Choice { choices: categories }).value(id(report.category)),
        FieldView::new("urgent", "緊急", FieldKind::YesNo).value(if report.urgent { "true" } else { "false" }),
    ];
    form(report, "assign").fields(fields).submit("担当を決める").html()
}

fn reply(case: &Case, asked: Option<&str>) -> SafeHtml {
    let report = &case.report;
    let template = asked.and_then(|name| case.templates.iter().find(|template| template.name == name));
    let text = template.map(|template| template.filled(report.language, report, case.category())).unwrap_or_default();
    let links = case.templates.iter().map(|template| {
        let href = view::address(&format!("{BOARD}/{}", report.id), &[("template", &template.name)]);
        SafeHtml::trusted(format!("<li>{}</li>", SafeHtml::link(&format!("{href}#reply"), &template.name)))
    });
    let links: SafeHtml = links.collect();
    let mut html = SafeHtml::trusted(format!("<ul class=\"link-list\" id=\"reply\">{links}</ul>"));
    if let Some(state) = template.and_then(|template| template.state).filter(|state| *state != report.state) {
        html.push(&view::note(&format!(
            "この文例は「{}」のときに使います。返信のあと、対応も変えてください。",
            state.label()
        )));
    }
    html.push(&view::note("返信は、受付番号の画面で通報した人とだれもが読みます。名前は書かないでください。"));
    let fields = vec![FieldView::new("text", "返信", FieldKind::LongText { max: Some(4_000) }).value(text).required()];
    html.push(&form(report, "reply").fields(fields).submit("返信する").html());
    html
}

fn order(case: &Case) -> SafeHtml {
    let report = &case.report;
    let name = case.category().map_or("", |category| category.name(Lang::Ja));
    let fields = vec![
        FieldView::new("title", "件名", FieldKind::Text { max: Some(100) })
            .value(format!("{} {name}", report.area))
            .required(),
        FieldView::new("instruction", "指示", FieldKind::LongText { max: Some(4_000) })
            .hint("作業する人が読みます。通報した人のことは書かないでください。")
            .required(),
        FieldView::new("contractor", "委託先", FieldKind::Choice { choices: names::choices(&case.contractors) })
            .hint("選ばなければ直営です。"),
        FieldView::new("due", "期限", FieldKind::Date)
            .value(report.fix_due.map(|day| day.to_string()).unwrap_or_default()),
    ];
    form(report, "order").fields(fields).submit("作業を指示する").html()
}

fn pass_on(case: &Case) -> SafeHtml {
    let report = &case.report;
    let choices = names::choices(&case.authorities);
    let fields = vec![
        FieldView::new("authority", "連絡先", FieldKind::Choice { choices }).required(),
        FieldView::new("note", "連絡の記録（庁内）", FieldKind::LongText { max: Some(2_000) })
            .hint("相手の担当、伝え方、相手の返事。"),
    ];
    form(report, "pass-on").fields(fields).submit("連絡したことを記録する").html()
}

fn repaired(case: &Case) -> SafeHtml {
    let report = &case.report;
    let files = FieldKind::Files {
        existing: Vec::new(),
        accept: "image/jpeg,image/png,image/webp".to_owned(),
        max_bytes: crate::photo::LARGEST,
    };
    let mut html = pieces::staff_photos(report, &report.repair_photos);
    let fields = vec![
        FieldView::new("photo", "直した後の写真（公開）", files)
            .hint("位置などの属性は除きます。人の顔や車の番号が写らないように撮ってください。")
            .required(),
    ];
    html.push(&form(report, "repaired").fields(fields).submit("写真を加える").html());
    html
}

fn merge(report: &Report) -> SafeHtml {
    let fields = vec![FieldView::new("into", "まとめ先の受付番号", FieldKind::Text { max: Some(20) }).required()];
    form(report, "merge").fields(fields).submit("まとめる").html()
}

fn split(report: &Report) -> SafeHtml {
    let mut html = view::note("まとめる前の対応に戻ります。加わった人も、それぞれの通報に戻ります。");
    html.push(&form(report, "split").submit("分ける").html());
    html
}
