//! The roles of the city, and who holds them.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use kawasemi_identity::AssignedRole;
use kawasemi_kernel::Lang;
use kawasemi_ui::notice::Empty;
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml, said};

use super::names::Names;
use super::{page, site};
use crate::problem::Problem;
use crate::registers::Departments;
use crate::request::Cx;
use crate::view::{code, note};

/// `GET /desk/admin/roles`
pub async fn list(cx: Cx) -> Result<Response, Problem> {
    let grants = cx.grants()?;
    let roles = grants.roles();
    let mut rows = Vec::new();
    for (key, title) in roles.iter() {
        let is_given = roles.assignable().any(|(assignable, _)| assignable == key);
        let holders = if is_given {
            let holders = cx.city().identity.holders_of(cx.context(), key).await?;
            let mut accounts: Vec<_> = holders.iter().map(|held| held.account).collect();
            accounts.dedup();
            SafeHtml::link(&format!("/desk/admin/roles/{key}"), &format!("{}人", accounts.len()))
        } else {
            SafeHtml::escape("自動")
        };
        rows.push(Row::new(vec![
            SafeHtml::escape(title),
            code(key),
            SafeHtml::or_dash(roles.description(key).unwrap_or_default()),
            holders,
        ]));
    }
    let columns = vec![
        Column::new("role", "役割"),
        Column::new("key", "キー"),
        Column::new("description", "できること"),
        Column::new("holders", "持っている人").align(Align::Tight),
    ];
    let mut body = Table::new(Lang::Ja, "役割", columns, rows).html();
    body.push(&note("役割は各システムの定義で決まります。役割ごとに何ができるかは「権限一覧」で確かめられます。"));
    let site = site(&cx);
    Ok(Html(page(&site, "役割").body(body).render()).into_response())
}

/// `GET /desk/admin/roles/{role}`
pub async fn holders(cx: Cx, Path(role): Path<String>) -> Result<Response, Problem> {
    let grants = cx.grants()?;
    let title = grants.roles().title(&role).ok_or_else(Problem::not_found)?;
    let holders = cx.city().identity.holders_of(cx.context(), &role).await?;
    let names = Names::load(&cx, holders.iter().map(|held| held.account)).await?;
    let departments = Departments::load(&cx).await?;
    let body = if holders.is_empty() {
        Empty::new("この役割を持つ人はいません").text("利用者の画面で役割を割り当てます。").html()
    } else {
        let columns = vec![
            Column::new("account", "利用者"),
            Column::new("department", "部署の限定"),
            Column::new("from", "開始日").align(Align::Tight),
            Column::new("until", "終了日").align(Align::Tight),
        ];
        let row = |held: &AssignedRole| {
            let mut cells = vec![names.account(held.account)];
            cells.extend(limits(held, &departments));
            Row::new(cells)
        };
        Table::new(Lang::Ja, format!("「{title}」を持つ人"), columns, holders.iter().map(row).collect()).html()
    };
    let site = site(&cx);
    let mut page = page(&site, title).crumb("役割", "/desk/admin/roles").body(body);
    if let Some(description) = grants.roles().description(&role).filter(|text| !text.is_empty()) {
        page = page.lead(description);
    }
    Ok(Html(page.render()).into_response())
}

/// The limits of an assignment as cells: department, first day, last day.
pub fn limits(held: &AssignedRole, departments: &Departments) -> [SafeHtml; 3] {
    let day = |day: Option<jiff::civil::Date>| day.map(|day| said::short_date(Lang::Ja, day)).unwrap_or_default();
    let department = held.assignment.department.map_or_else(|| "限定なし".to_owned(), |id| departments.name(id));
    [
        SafeHtml::escape(department),
        SafeHtml::or_dash(&day(held.assignment.from)),
        SafeHtml::or_dash(&day(held.assignment.until)),
    ]
}
