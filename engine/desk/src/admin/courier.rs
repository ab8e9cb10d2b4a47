//! How it stands between the portal and the desk (受渡し): what has arrived, what waits, what was refused and why, the keys.

use axum::extract::Path;
use axum::response::Response;
use kawasemi_courier::status::{LoggedFile, Status};
use kawasemi_courier::{CourierError, Key};
use kawasemi_kernel::Lang;
use kawasemi_ui::button::{Post, Submit};
use kawasemi_ui::facts::{Fact, facts};
use kawasemi_ui::notice::{Empty, Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml};

use super::{page, site};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{answer, code, done, done_at, section, when, when_or};

const PATH: &str = "/desk/admin/courier";
const LEAD: &str = "公開側（インターネット）と庁内側のあいだの受渡しです。鍵の登録と媒体の読み書きは、サーバーで kawasemi courier を実行します。";

/// `GET /desk/admin/courier`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    let site = site(&cx);
    let status = match cx.city().courier.status().await {
        Ok(status) => status,
        Err(CourierError::NotSeparated) => {
            let empty = Empty::new("この設置は公開側と庁内側に分かれていません").text(
                "市民の画面と職員の画面を一つのサーバーで提供しています。届いた意見・問合せは、すぐに台帳に入ります。",
            );
            return Ok(answer(page(&site, "受渡し").lead(LEAD).body(empty.html()), false));
        }
        Err(error) => return Err(error.into()),
    };
    let mut body = section("いまの状態", &state(&status));
    if !status.incoming.refused.is_empty() {
        body.push(&section("受け取れなかった受渡し", &refused(&status)));
    }
    body.push(&section("媒体のファイル", &files(&status.files)));
    body.push(&section("鍵", &keys(&status.keys)));
    let mut page = page(&site, "受渡し").lead(LEAD).body(body);
    if let Some(missing) = status.incoming.missing {
        let said = format!(
            "番号 {missing} の受渡しが届いていません。あとの{}件は、届くまで保留しています。",
            status.incoming.kept
        );
        page = page.notice(Notice::new(Tone::Warning, said));
    }
    if let Some((at, failure)) = &status.line_failure {
        page = page.notice(
            Notice::new(Tone::Warning, format!("公開側との接続が止まっています（{}）", when(*at)))
                .text(failure.as_str()),
        );
    }
    if let Some(notice) = done(&cx, &[("retry", "受渡しを反映しました。")]) {
        page = page.notice(notice);
    }
    Ok(answer(page, false))
}

/// `POST /desk/admin/courier/{seq}/retry`
pub async fn retry(cx: Cx, Path(seq): Path<i64>) -> Result<Response, Problem> {
    cx.city().courier.retry(seq).await?;
    Ok(done_at(PATH, "retry"))
}

fn state(status: &Status) -> SafeHtml {
    let text = |label: &str, value: String| Fact::text(label, &value);
    let (out, into) = (&status.outgoing, &status.incoming);
    facts(&[
        text("この設置", status.side.label().to_owned()),
        text("こちらから", format!("未送 {}件、受取待ち {}件、受取済み {}件", out.new, out.sent, out.acknowledged)),
        text("受取待ちの最も古いもの", when_or(out.oldest, "ありません")),
        text(
            "相手から",
            format!("反映済み {}件、保留 {}件、受け取れず {}件", into.applied, into.kept, into.refused.len()),
        ),
        text("最後につながった時", when_or(status.line_at, "まだありません")),
    ])
}

fn refused(status: &Status) -> SafeHtml {
    let columns = vec![
        Column::new("seq", "番号").align(Align::Number),
        Column::new("kind", "種類"),
        Column::new("at", "届いた時").align(Align::Tight),
        Column::new("reason", "理由"),
        Column::new("act", "操作").align(Align::Tight),
    ];
    let rows = status.incoming.refused.iter().map(|parcel| {
        Row::new(vec![
            SafeHtml::escape(parcel.seq),
            code(&parcel.kind),
            SafeHtml::escape(when(parcel.at)),
            SafeHtml::escape(&parcel.reason),
            Post::new(format!("{PATH}/{}/retry", parcel.seq), Submit::new("やり直す")).html(),
        ])
    });
    Table::new(Lang::Ja, "受け取れなかった受渡し", columns, rows.collect()).html()
}

fn files(files: &[LoggedFile]) -> SafeHtml {
    if files.is_empty() {
        return Empty::new("媒体で受け渡したことはまだありません").html();
    }
    let columns = vec![
        Column::new("at", "日時").align(Align::Tight),
        Column::new("name", "ファイル"),
        Column::new("way", "向き").align(Align::Tight),
        Column::new("outcome", "結果").align(Align::Tight),
        Column::new("range", "番号").align(Align::Tight),
        Column::new("reason", "理由"),
    ];
    let rows = files.iter().map(|file| {
        let outcome = match file.outcome.as_str() {
            "written" => "書き出した",
            "taken" => "取り込んだ",
            "waiting" => "保留あり",
            _ => "取り込まなかった",
        };
        let range = file.range.map_or_else(String::new, |(first, last)| format!("{first}～{last}"));
        Row::new(vec![
            SafeHtml::escape(when(file.at)),
            SafeHtml::escape(&file.name),
            SafeHtml::escape(if file.way == "in" { "相手から" } else { "相手へ" }),
            SafeHtml::escape(outcome),
            SafeHtml::or_dash(&range),
            SafeHtml::or_dash(&file.reason),
        ])
    });
    Table::new(Lang::Ja, "媒体のファイル", columns, rows.collect()).html()
}

fn keys(keys: &[Key]) -> SafeHtml {
    if keys.is_empty() {
        return Empty::new("鍵はまだありません").text("kawasemi courier key rotate で作ります。").html();
    }
    let columns = vec![
        Column::new("id", "鍵"),
        Column::new("whose", "だれの").align(Align::Tight),
        Column::new("state", "状態").align(Align::Tight),
        Column::new("until", "有効な期限").align(Align::Tight),
        Column::new("created", "登録").align(Align::Tight),
    ];
    let rows = keys.iter().map(|key| {
        Row::new(vec![
            code(&key.id),
            SafeHtml::escape(if key.own { "この設置" } else { "相手" }),
            SafeHtml::escape(key.state.label()),
            SafeHtml::escape(when_or(key.until, "—")),
            SafeHtml::escape(when(key.created_at)),
        ])
    });
    Table::new(Lang::Ja, "鍵", columns, rows.collect()).html()
}
