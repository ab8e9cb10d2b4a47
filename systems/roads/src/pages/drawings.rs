//! Plan sheets: which are tied to the ground and how well, each point's residual, and the world file.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use http::header;

use super::pieces::{self, HOME, id_of, record_href, shown};
use crate::calculators::{control_points, ground};
use crate::definitions::DRAWING;
use crate::kernel::Lang;
use crate::ledger::{ListRequest, Visible};
use crate::platform::desk::{Cx, Problem, view};
use crate::platform::ui::button::LinkButton;
use crate::platform::ui::facts::{Fact, facts};
use crate::platform::ui::notice::{Empty, Notice, Tone};
use crate::platform::ui::page::Page;
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, Icon, SafeHtml};
use crate::read::{self, Read};
use crate::rules::affine::{self, Ground};

const DRAWINGS: &str = "/desk/roads/drawings";

/// `GET /desk/roads/drawings`
pub async fn list(cx: Cx) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let all = read::all(cx.ledgers(), cx.context(), DRAWING, ListRequest::all()).await?;
    let (def, _) = cx.ledgers().open(cx.context(), DRAWING)?;
    let body = if all.is_empty() {
        let add = LinkButton::new("図面を加える", "/desk/ledgers/road-drawing/new").icon(Icon::Add).html();
        Empty::new("図面はまだありません。")
            .text("紙の図面のスキャン（TIFF・PDF・PNG）を登録します。")
            .actions(add)
            .html()
    } else {
        let keys = ["sheet_number", "title", "scale", "prepared_on", "residual_m", "judgement"];
        let columns = keys.iter().map(|key| Column::new(*key, pieces::label(&def, key, Lang::Ja))).collect();
        let row = |record: &Visible| {
            let cell = |key: &&str| {
                let text = shown(&def, record, key, Lang::Ja);
                let href = format!("{DRAWINGS}/{}", record.id);
                if *key == "sheet_number" { SafeHtml::link(&href, &text) } else { SafeHtml::or_dash(&text) }
            };
            Row::new(keys.iter().map(cell).collect())
        };
        Table::new(Lang::Ja, "図面", columns, all.iter().map(row).collect()).html()
    };
    let site = cx.desk_site(HOME);
    let page = Page::new(&site, "道路台帳図の位置合わせ").crumb("道路台帳", HOME).body(body);
    Ok(Html(page.render()).into_response())
}

/// `GET /desk/roads/drawings/{id}`
pub async fn page(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let record = cx.ledgers().get(cx.context(), DRAWING, id_of(&id)?).await?;
    let (def, _) = cx.ledgers().open(cx.context(), DRAWING)?;
    let points = control_points(record.fields());
    let fitted = affine::fit(&points, ground(record.fields()));
    let keys = ["scale", "prepared_on", "coordinates", "zone", "judgement", "residual_m", "worst_point"];
    let known: Vec<Fact> = keys
        .iter()
        .map(|key| Fact::text(pieces::label(&def, key, Lang::Ja), &shown(&def, &record, key, Lang::Ja)))
        .collect();
    let mut body = facts(&known);
    let columns = vec![
        Column::new("name", "基準点"),
        Column::new("pixel", "画像の位置（横, 縦）").align(Align::Number),
        Column::new("ground", "座標（北, 東）").align(Align::Number),
        Column::new("residual", "ずれ（m）").align(Align::Number),
    ];
    let rows = points.iter().enumerate().map(|(n, point)| {
        let residual = fitted.as_ref().ok().map(|fit| format!("{:.3}", fit.value.residuals_m[n]));
        Row::new(vec![
            SafeHtml::escape(&point.name),
            SafeHtml::escape(format!("{}, {}", point.column, point.row)),
            SafeHtml::escape(format!("{}, {}", point.north, point.east)),
            SafeHtml::or_dash(&residual.unwrap_or_default()),
        ])
    });
    if !points.is_empty() {
        body.push(&view::section(
            "基準点とずれ",
            &Table::new(Lang::Ja, "基準点とずれ", columns, rows.collect()).html(),
        ));
    }
    let mut actions = LinkButton::new("記録を開く", record_href(DRAWING, record.id)).icon(Icon::Ledger).html();
    if let Ok(fit) = &fitted {
        let lines = SafeHtml::escape(fit.value.world_file());
        body.push(&view::section("変換の係数", &SafeHtml::trusted(format!("<pre>{lines}</pre>"))));
        let world = LinkButton::new("ワールドファイル", format!("{DRAWINGS}/{}/world", record.id))
            .icon(Icon::Download)
            .download();
        actions.push(&world.html());
    }
    let site = cx.desk_site(HOME);
    let title = format!("{}　{}", Read::of(&record).text("sheet_number"), Read::of(&record).text("title"));
    let mut page = Page::new(&site, title).crumb("道路台帳", HOME).crumb("図面の位置合わせ", DRAWINGS).actions(actions);
    if let Err(why) = &fitted {
        page = page.notice(Notice::new(Tone::Info, "まだ位置を合わせられません").text(why.as_str()));
    }
    Ok(Html(page.body(body).render()).into_response())
}

/// `GET /desk/roads/drawings/{id}/world`: the world file beside the scan, under its name.
pub async fn world(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    pieces::require_staff(&cx)?;
    let record = cx.ledgers().get(cx.context(), DRAWING, id_of(&id)?).await?;
    let fit = affine::fit(&control_points(record.fields()), ground(record.fields())).map_err(Problem::bad_request)?;
    // Programs find it by the name of the scan and an ending that its own tells.
    let scan = Read::of(&record).files("scan").first().map_or("", |file| file.media_type.as_str());
    let ending = match scan {
        "image/png" => "pgw",
        "image/jpeg" => "jgw",
        "image/tiff" => "tfw",
        _ => "wld",
    };
    let unit = if ground(record.fields()) == Ground::Degrees { "-degrees" } else { "" };
    let name: String = Read::of(&record).text("sheet_number").chars().filter(char::is_ascii_alphanumeric).collect();
    let disposition = format!("attachment; filename=\"sheet-{name}{unit}.{ending}\"");
    let headers =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, fit.value.world_file()).into_response())
}
