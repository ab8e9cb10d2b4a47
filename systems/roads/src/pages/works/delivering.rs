//! The electronic delivery of a work: what it lacks, and the archive.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use futures::TryStreamExt as _;
use http::header;

use super::WORKS;
use super::held::Held;
use crate::definitions::{PAPER, PHOTO};
use crate::kernel::RecordId;
use crate::pages::pieces::{self, id_of};
use crate::papers::delivery::{self, Piece};
use crate::platform::desk::{Cx, Problem, view};
use crate::platform::ui::button::LinkButton;
use crate::platform::ui::chip::{State, chip};
use crate::platform::ui::notice::{Notice, Tone};
use crate::platform::ui::{Component, Icon, SafeHtml, said};
use crate::read::Read;

/// Bytes of files in one delivery; more is delivered in parts.
const DELIVERY_MAX: u64 = 512 * 1024 * 1024;

/// What the delivery would hold and lacks.
pub(super) fn section(id: RecordId, held: &Held, pieces: &[Piece]) -> SafeHtml {
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
