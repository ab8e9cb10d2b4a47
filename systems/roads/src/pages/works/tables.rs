//! The papers of a work with the step that the person may take, and its checks.

use crate::acts::papers::{Decision, next as next_step};
use crate::definitions::PAPER;
use crate::kernel::Lang;
use crate::ledger::Visible;
use crate::pages::pieces::{HOME, record_href, shown};
use crate::platform::desk::{Cx, view};
use crate::platform::ui::chip::{State, chip};
use crate::platform::ui::notice::Empty;
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, SafeHtml};
use crate::read::Read;
use crate::schema::LedgerDef;

/// The papers.
pub(super) fn papers(cx: &Cx, def: &LedgerDef, all: &[Visible]) -> SafeHtml {
    if all.is_empty() {
        return Empty::new("書類はまだありません。").html();
    }
    let columns = vec![
        Column::new("number", "番号").align(Align::Number),
        Column::new("title", "件名"),
        Column::new("kind", "発議").align(Align::Tight),
        Column::new("state", "状態").align(Align::Tight),
        Column::new("stamps", "承認の経過"),
        Column::new("act", "処理"),
    ];
    let row = |record: &Visible| {
        let read = Read::of(record);
        let state = match read.text("state") {
            "approved" => State::Done,
            "returned" => State::Warning,
            "submitted" | "checked" => State::Underway,
            _ => State::Plain,
        };
        Row::new(vec![
            SafeHtml::escape(read.int("paper_number").unwrap_or(0)),
            SafeHtml::link(&record_href(PAPER, record.id), read.text("title")),
            SafeHtml::escape(format!(
                "{}　{}",
                shown(def, record, "issuer", Lang::Ja),
                shown(def, record, "kind", Lang::Ja)
            )),
            chip(state, &shown(def, record, "state", Lang::Ja)),
            stamps(def, record),
            act(cx, record),
        ])
    };
    Table::new(Lang::Ja, "打合せ簿・提出書類", columns, all.iter().map(row).collect()).html()
}

/// Who did what and when, one line each.
fn stamps(def: &LedgerDef, record: &Visible) -> SafeHtml {
    let Some(crate::schema::FieldKind::Rows { fields, .. }) = def.field("stamps").map(|field| &field.kind) else {
        return SafeHtml::EMPTY;
    };
    let choice = |key: &str, chosen: &str| {
        let field = fields.iter().find(|field| field.key == key).and_then(|field| field.choice(chosen));
        field.map(|choice| choice.label.ja().to_owned()).unwrap_or_default()
    };
    let line = |row: &crate::kernel::ChildRow| {
        let read = Read(&row.fields);
        let at = match row.fields.get("at") {
            Some(crate::kernel::Value::Instant(at)) => view::when(*at),
            _ => String::new(),
        };
        let note = read.optional("note").map(|note| format!("「{note}」")).unwrap_or_default();
        format!(
            "{at} {} {} {}{note}",
            choice("post", read.text("post")),
            read.text("who"),
            choice("what", read.text("what"))
        )
    };
    let lines: Vec<String> = Read::of(record).rows("stamps").iter().map(line).collect();
    let lines = SafeHtml::escape(lines.join("\n"));
    SafeHtml::trusted(format!("<span class=\"text-lines text-small\">{lines}</span>"))
}

/// The step that the person may take, as a form.
fn act(cx: &Cx, record: &Visible) -> SafeHtml {
    let state = Read::of(record).text("state");
    let (id, revision) = (record.id, record.revision);
    let form = |inner: &str| {
        SafeHtml::trusted(format!(
            "<form class=\"stack-small\" method=\"post\" action=\"{HOME}/papers/{id}/decide\"><input type=\"hidden\" name=\"revision\" value=\"{revision}\">{inner}</form>"
        ))
    };
    if ["draft", "returned"].contains(&state) && record.may.update {
        return form("<button class=\"button\" type=\"submit\" name=\"decision\" value=\"submit\">提出する</button>");
    }
    if next_step(state, Decision::Approve, cx.context()).is_none() {
        return SafeHtml::EMPTY;
    }
    form(&format!(
        "<label class=\"field-label\" for=\"n-{id}\">意見（差し戻すときは必須）</label><input class=\"input\" id=\"n-{id}\" name=\"note\" maxlength=\"400\">\
         <span class=\"button-row\"><button class=\"button button-primary\" type=\"submit\" name=\"decision\" value=\"approve\">承認する</button>\
         <button class=\"button\" type=\"submit\" name=\"decision\" value=\"return\">差し戻す</button></span>"
    ))
}

/// The checks of a work.
pub(super) fn checks(def: &LedgerDef, work: &Visible) -> SafeHtml {
    let rows = Read::of(work).rows("checks");
    if rows.is_empty() {
        return Empty::new("確認の予定はまだありません。").text("工事の記録に加えます。").html();
    }
    let Some(crate::schema::FieldKind::Rows { fields, .. }) = def.field("checks").map(|field| &field.kind) else {
        return SafeHtml::EMPTY;
    };
    let style = crate::ledger::Style { wareki: true, ..crate::ledger::Style::page(Lang::Ja) };
    let keys = ["kind", "item", "planned_on", "done_on", "remote", "result", "checked_by"];
    let shown_fields: Vec<_> = keys.iter().filter_map(|key| fields.iter().find(|field| field.key == *key)).collect();
    let columns = shown_fields.iter().map(|field| Column::new(field.key.clone(), field.label.ja())).collect();
    let row = |row: &crate::kernel::ChildRow| {
        let cell = |field: &&crate::schema::FieldDef| {
            let text = row.fields.get(&field.key).map(|value| crate::ledger::field::show(field, value, &style));
            SafeHtml::or_dash(&text.unwrap_or_default())
        };
        Row::new(shown_fields.iter().map(cell).collect())
    };
    Table::new(Lang::Ja, "段階確認・材料確認・立会", columns, rows.iter().map(row).collect()).html()
}
