//! Construction works: how far each is, its papers with their approval, its checks, and its delivery.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use futures::TryStreamExt as _;
use http::{StatusCode, header};

use super::pieces::{self, HOME, day, id_of, record_href, shown};
use crate::acts::papers::{self, Decision};
use crate::definitions::{PAPER, PHOTO, WORK};
use crate::kernel::{Lang, RecordId};
use crate::ledger::{ListRequest, Visible};
use crate::papers::delivery::{self, Piece};
use crate::platform::desk::{Cx, Entries, Problem, view};
use crate::platform::ui::button::LinkButton;
use crate::platform::ui::chip::{State, chip};
use crate::platform::ui::facts::{Fact, facts};
use crate::platform::ui::notice::{Empty, Notice, Tone};
use crate::platform::ui::page::Page;
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml, said};
use crate::read::{self, Read};
use crate::rules::works::{Delivery, lacking};
use crate::schema::LedgerDef;

const WORKS: &str = "/desk/roads/works";
/// Bytes of files in one delivery; more is delivered in parts.
const DELIVERY_MAX: u64 = 512 * 1024 * 1024;

/// `GET /desk/roads/works`
pub async fn list(cx: Cx) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let all = read::all(cx.ledgers(), cx.context(), WORK, ListRequest::all()).await?;
    let (def, _) = cx.ledgers().open(cx.context(), WORK)?;
    let waiting =
        read::all(cx.ledgers(), cx.context(), PAPER, ListRequest::filtered("state IN ('submitted', 'checked')"))
            .await?;
    let body = if all.is_empty() {
        let add = LinkButton::new("工事を加える", "/desk/ledgers/construction-work/new").icon(Icon::Add).html();
        Empty::new("工事はまだありません。").actions(add).html()
    } else {
        let columns = vec![
            Column::new("number", "工事番号").align(Align::Tight),
            Column::new("title", "工事名"),
            Column::new("contractor", "受注者"),
            Column::new("ends", "工期の終わり").align(Align::Tight),
            Column::new("progress", "実施工程").align(Align::Number),
            Column::new("waiting", "承認待ち").align(Align::Number),
            Column::new("state", "状態").align(Align::Tight),
        ];
        let row = |record: &Visible| {
            let read = Read::of(record);
            let papers = waiting.iter().filter(|paper| Read::of(paper).record("work") == Some(record.id)).count();
            Row::new(vec![
                SafeHtml::escape(read.text("work_number")),
                SafeHtml::link(&format!("{WORKS}/{}", record.id), read.text("title")),
                SafeHtml::escape(read.text("contractor_name")),
                day(read.date("ends_on")),
                progress(&def, record),
                SafeHtml::or_dash(&if papers == 0 { String::new() } else { papers.to_string() }),
                SafeHtml::escape(shown(&def, record, "state", Lang::Ja)),
            ])
        };
        Table::new(Lang::Ja, "工事", columns, all.iter().map(row).collect()).html()
    };
    let site = cx.desk_site(HOME);
    let actions = LinkButton::new("工事の台帳", "/desk/ledgers/construction-work").icon(Icon::Ledger).html();
    let page = Page::new(&site, "工事の書類と進み具合").crumb("道路台帳", HOME).actions(actions).body(body);
    Ok(Html(page.render()).into_response())
}

fn progress(def: &LedgerDef, record: &Visible) -> SafeHtml {
    let mut html = SafeHtml::or_dash(&shown(def, record, "progress_percent", Lang::Ja));
    if Read::of(record).text("progress_note").contains("遅れ：") {
        html.push(&SafeHtml::trusted(" "));
        html.push(&chip(State::Warning, "遅れ"));
    }
    html
}

/// A work with all that belongs to it.
struct Held {
    work: Visible,
    papers: Vec<Visible>,
    photographs: Vec<Visible>,
}

impl Held {
    async fn load(cx: &Cx, id: RecordId) -> Result<Self, Problem> {
        let work = cx.ledgers().get(cx.context(), WORK, id).await?;
        let of = || ListRequest::filtered(format!("work = '{id}'"));
        let papers = read::all(cx.ledgers(), cx.context(), PAPER, of()).await?;
        let photographs = read::all(cx.ledgers(), cx.context(), PHOTO, of()).await?;
        Ok(Self { work, papers, photographs })
    }

    /// The files that the delivery holds: those of approved papers, and the photographs.
    fn pieces(&self, paper: &LedgerDef, photo: &LedgerDef) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for (records, def, is_photo) in [(&self.papers, paper, false), (&self.photographs, photo, true)] {
            for (n, record) in (1..).zip(records) {
                let read = Read::of(record);
                if !is_photo && read.text("state") != "approved" {
                    continue;
                }
                let number = read.int("paper_number").and_then(|number| usize::try_from(number).ok()).unwrap_or(n);
                let kind = shown(def, record, if is_photo { "category" } else { "kind" }, Lang::Ja);
                for file in read.files(if is_photo { "photo" } else { "files" }) {
                    pieces.push(Piece {
                        category: if is_photo { "photo".to_owned() } else { read.text("category").to_owned() },
                        number,
                        title: read.text("title").to_owned(),
                        kind: kind.clone(),
                        on: read.date(if is_photo { "taken_on" } else { "issued_on" }),
                        representative: read.yes("representative"),
                        extension: file.name.rsplit_once('.').map_or("", |(_, extension)| extension).to_owned(),
                        original: file.name.clone(),
                        sha256: file.sha256.clone(),
                        size: file.size,
                    });
                }
            }
        }
        pieces
    }

    /// What the delivery lacks.
    fn lacking(&self, pieces: &[Piece]) -> Vec<String> {
        let read = Read::of(&self.work);
        let is_open = |row: &&crate::kernel::ChildRow| Read(&row.fields).text("result") != "passed";
        let approved = |paper: &Visible| {
            let paper = Read::of(paper);
            (paper.text("category").to_owned(), paper.text("state") == "approved")
        };
        let representative = self.photographs.iter().filter(|photo| Read::of(photo).yes("representative")).count();
        lacking(&Delivery {
            papers: self.papers.iter().map(approved).collect(),
            photographs: (self.photographs.len(), representative),
            open_checks: read.rows("checks").iter().filter(is_open).count(),
            is_complete: ["completed", "accepted"].contains(&read.text("state")),
            names: delivery::places(pieces).iter().map(|place| delivery::name(place).to_owned()).collect(),
        })
    }
}

/// `GET /desk/roads/works/{id}`
pub async fn page(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    shown_work(&cx, id_of(&id)?, None).await
}

async fn shown_work(cx: &Cx, id: RecordId, refused: Option<String>) -> Result<Response, Problem> {
    let held = Held::load(cx, id).await?;
    let (def, _) = cx.ledgers().open(cx.context(), WORK)?;
    let (paper, _) = cx.ledgers().open(cx.context(), PAPER)?;
    let (photo, _) = cx.ledgers().open(cx.context(), PHOTO)?;
    let keys = [
        "state",
        "contractor_name",
        "site_agent",
        "supervisor",
        "chief_supervisor",
        "place",
        "starts_on",
        "ends_on",
        "amount_yen",
        "progress_percent",
        "progress_note",
    ];
    let known: Vec<Fact> = keys
        .iter()
        .map(|key| Fact::text(pieces::label(&def, key, Lang::Ja), &shown(&def, &held.work, key, Lang::Ja)))
        .collect();
    let mut body = facts(&known);
    let add = LinkButton::new("書類を加える", "/desk/ledgers/work-paper/new").icon(Icon::Add).html();
    body.push(&view::section_with("打合せ簿・提出書類", &add, &papers_table(cx, &paper, &held.papers)));
    body.push(&view::section("段階確認・材料確認・立会", &checks(&def, &held.work)));
    let pieces = held.pieces(&paper, &photo);
    body.push(&view::section("電子納品", &delivering(id, &held, &pieces)));
    let site = cx.desk_site(HOME);
    let read = Read::of(&held.work);
    let title = format!("{}　{}", read.text("work_number"), read.text("title"));
    let actions = [
        LinkButton::new("記録を開く", record_href(WORK, id)).icon(Icon::Ledger).html(),
        LinkButton::new(format!("写真（{}枚）", held.photographs.len()), "/desk/ledgers/work-photo")
            .icon(Icon::Attachment)
            .html(),
    ];
    let mut page = Page::new(&site, title)
        .crumb("道路台帳", HOME)
        .crumb("工事の書類", WORKS)
        .actions(actions.into_iter().collect());
    if let Some(said) = refused {
        let page = page.notice(Notice::new(Tone::Error, "書類を処理できませんでした").text(said)).body(body);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.render())).into_response());
    }
    let sentences = [
        ("submitted", "書類を提出しました。"),
        ("approve", "書類を承認しました。"),
        ("return", "書類を差し戻しました。"),
    ];
    if let Some(notice) = view::done(cx, &sentences) {
        page = page.notice(notice);
    }
    Ok(Html(page.body(body).render()).into_response())
}

fn papers_table(cx: &Cx, def: &LedgerDef, all: &[Visible]) -> SafeHtml {
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
    if papers::next(state, Decision::Approve, cx.context()).is_none() {
        return SafeHtml::EMPTY;
    }
    form(&format!(
        "<label class=\"field-label\" for=\"n-{id}\">意見（差し戻すときは必須）</label><input class=\"input\" id=\"n-{id}\" name=\"note\" maxlength=\"400\">\
         <span class=\"button-row\"><button class=\"button button-primary\" type=\"submit\" name=\"decision\" value=\"approve\">承認する</button>\
         <button class=\"button\" type=\"submit\" name=\"decision\" value=\"return\">差し戻す</button></span>"
    ))
}

fn checks(def: &LedgerDef, work: &Visible) -> SafeHtml {
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

fn delivering(id: RecordId, held: &Held, pieces: &[Piece]) -> SafeHtml {
    let lacking = held.lacking(pieces);
    let size: u64 = pieces.iter().map(|piece| piece.size).sum();
    let mut body = view::paragraph(&format!(
        "承認された書類と工事写真を、電子納品のフォルダ（INDEX_C.XML、MEET、PHOTO など）にまとめます。いま{}ファイル、{}です。",
        pieces.len(),
        said::bytes(size)
    ));
    if lacking.is_empty() {
        body.push(&chip(State::Good, "足りないものはありません"));
    } else {
        let items: SafeHtml =
            lacking.iter().map(|one| SafeHtml::trusted(format!("<li>{}</li>", SafeHtml::escape(one)))).collect();
        body.push(
            &Notice::new(Tone::Warning, format!("納品の前に確かめること（{}件）", lacking.len()))
                .more(SafeHtml::trusted(format!("<ul>{items}</ul>")))
                .html(),
        );
    }
    if !pieces.is_empty() {
        body.push(
            &LinkButton::new("納品フォルダ（ZIP）", format!("{WORKS}/{id}/delivery.zip"))
                .icon(Icon::Download)
                .download()
                .html(),
        );
    }
    body
}

/// `GET /desk/roads/works/{id}/delivery.zip`
pub async fn delivery(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let held = Held::load(&cx, id_of(&id)?).await?;
    let (paper, _) = cx.ledgers().open(cx.context(), PAPER)?;
    let (photo, _) = cx.ledgers().open(cx.context(), PHOTO)?;
    let pieces = held.pieces(&paper, &photo);
    if pieces.iter().map(|piece| piece.size).sum::<u64>() > DELIVERY_MAX {
        let said = format!(
            "納品するファイルが{}を超えています。書類の添付を分けて、工事を分けるか、写真を減らしてください。",
            said::bytes(DELIVERY_MAX)
        );
        return Err(Problem::bad_request(said));
    }
    let mut content = Vec::new();
    for piece in &pieces {
        let stream = cx.city().files.get(&piece.sha256).await.map_err(|error| Problem::internal(&error))?;
        let parts: Vec<_> = stream.try_collect().await.map_err(|error| Problem::internal(&error))?;
        content.push(parts.concat());
    }
    let read = Read::of(&held.work);
    let work = delivery::Work {
        number: read.text("work_number").to_owned(),
        title: read.text("title").to_owned(),
        place: read.text("place").to_owned(),
        contractor: read.text("contractor_name").to_owned(),
        client: cx.city_name().to_owned(),
        term: (read.date("starts_on"), read.date("ends_on")),
    };
    let bytes = delivery::write(&work, &pieces, &content).map_err(|error| Problem::internal(&error))?;
    let name: String = read.text("work_number").chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let disposition = format!("attachment; filename=\"delivery-{name}.zip\"");
    let headers = [(header::CONTENT_TYPE, "application/zip".to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, bytes).into_response())
}

/// `POST /desk/roads/papers/{id}/decide`
pub async fn decide(cx: Cx, Path(id): Path<String>, entries: Entries) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let id = id_of(&id)?;
    let paper = cx.ledgers().get(cx.context(), PAPER, id).await?;
    let work = Read::of(&paper).record("work").ok_or_else(Problem::not_found)?;
    let revision = entries.text("revision").parse().map_err(|_| Problem::bad_request("画面を開き直してください。"))?;
    let (done, result) = match entries.text("decision") {
        "submit" => ("submitted", papers::hand_in(cx.ledgers(), cx.context(), &paper, revision).await),
        key => {
            let decision = Decision::read(key).ok_or_else(|| Problem::bad_request("承認か差戻しを選んでください。"))?;
            let done = if decision == Decision::Approve { "approve" } else { "return" };
            let note = entries.text("note");
            (done, papers::decide(cx.ledgers(), cx.context(), (id, revision), decision, note).await)
        }
    };
    match pieces::refusal(result)? {
        Ok(()) => Ok(view::done_at(&format!("{WORKS}/{work}"), done)),
        Err(said) => shown_work(&cx, work, Some(said)).await,
    }
}
