//! All grants as a matrix (権限一覧), to be read and printed for an audit.

use axum::response::{Html, IntoResponse, Response};
use kawasemi_identity::grants::{Matrix, MatrixCell};
use kawasemi_kernel::Lang;
use kawasemi_schema::{Action, Clearance};
use kawasemi_ui::button::{LinkButton, row};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::notice::Empty;
use kawasemi_ui::table::{Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::{page, site};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{chosen, code, narrowing};

const PATH: &str = "/desk/admin/grants";

/// `GET /desk/admin/grants`
pub async fn matrix(cx: Cx) -> Result<Response, Problem> {
    let all = cx.grants()?.matrix(Lang::Ja);
    let role = cx.query("role").unwrap_or_default();
    let roles = all.roles.iter().map(|(key, title)| (key.as_str(), title.as_str()));
    let mut body = narrowing(PATH, [chosen("role", "役割", "すべての役割", roles, &role)], "絞り込む");
    let shown = narrowed(&all, &role);
    body.push(&if shown.rows.is_empty() {
        Empty::new("権限はありません").text("台帳の定義の [[grant]] に書かれた権限が、ここに表示されます。").html()
    } else {
        table(&shown)
    });
    let site = site(&cx);
    let page = page(&site, "権限一覧")
        .lead("書かれていないことは誰にもできません。「行」は対象となる記録の条件、印は見られる項目の深さです。")
        .actions(row([LinkButton::new("なぜ見られるのかを調べる", "/desk/admin/grants/why").icon(Icon::Show).html()]));
    Ok(Html(page.body(body).render()).into_response())
}

/// Only the roles and ledgers between which there is a grant, and of them only the role asked for.
fn narrowed(all: &Matrix, role: &str) -> Matrix {
    let wanted = |n: usize| {
        let (key, _) = &all.roles[n];
        (role.is_empty() || key == role) && all.rows.iter().any(|row| !row.cells[n].is_empty())
    };
    let kept: Vec<usize> = (0..all.roles.len()).filter(|n| wanted(*n)).collect();
    let rows = all.rows.iter().filter_map(|row| {
        let cells: Vec<_> = kept.iter().map(|n| row.cells[*n].clone()).collect();
        let any = cells.iter().any(|cell| !cell.is_empty());
        any.then(|| kawasemi_identity::grants::MatrixRow { cells, ..row.clone() })
    });
    Matrix { roles: kept.iter().map(|n| all.roles[*n].clone()).collect(), rows: rows.collect() }
}

fn table(matrix: &Matrix) -> SafeHtml {
    let mut columns = vec![Column::new("ledger", "台帳")];
    columns.extend(matrix.roles.iter().map(|(key, title)| Column::new(key, title)));
    let rows = matrix.rows.iter().map(|row| {
        let mut cells = vec![SafeHtml::link(&format!("/desk/admin/definitions/{}", row.ledger), &row.title)];
        cells.extend(row.cells.iter().map(|grants| cell(grants)));
        Row::new(cells)
    });
    Table::new(Lang::Ja, "役割と台帳ごとの権限", columns, rows.collect()).wide().html()
}

fn cell(grants: &[MatrixCell]) -> SafeHtml {
    if grants.is_empty() {
        return SafeHtml::or_dash("");
    }
    let items: SafeHtml = grants.iter().map(grant).collect();
    SafeHtml::trusted(format!("<ul class=\"plain-list stack-small\">{items}</ul>"))
}

fn grant(grant: &MatrixCell) -> SafeHtml {
    let actions = grant.actions.iter().map(|action| action.label()).collect::<Vec<_>>().join("・");
    let actions = if grant.actions.len() == Action::ALL.len() { "すべて".to_owned() } else { actions };
    let rows = grant.rows.as_deref().map(|rows| format!("<br><span class=\"text-small\">行：{}</span>", code(rows)));
    let reason = match grant.reason.as_str() {
        "" => String::new(),
        reason => format!("<br><span class=\"text-small text-soft\">{}</span>", SafeHtml::escape(reason)),
    };
    let rows = rows.unwrap_or_default();
    SafeHtml::trusted(format!("<li>{} {}{rows}{reason}</li>", SafeHtml::escape(actions), clearance(grant.clearance)))
}

/// A clearance as a chip.
pub fn clearance(clearance: Clearance) -> SafeHtml {
    let state = match clearance {
        Clearance::Public | Clearance::Internal => State::Plain,
        Clearance::Personal => State::Warning,
        Clearance::Sensitive => State::Bad,
    };
    chip(state, clearance.label())
}
