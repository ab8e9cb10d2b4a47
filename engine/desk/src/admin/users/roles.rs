//! The roles of an account: the table, the form that assigns one, and taking one away.

use axum::extract::Path;
use axum::response::Response;
use jiff::civil::Date;
use kawasemi_identity::caller::ADMIN;
use kawasemi_identity::{Account, IdentityError, RoleAssignment};
use kawasemi_kernel::{Lang, RecordId};
use kawasemi_ui::button::{Post, Submit};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::field::{Choice, FieldKind, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::Empty;
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml};
use uuid::Uuid;

use super::super::roles::limits;
use super::{acts, detail, href};
use crate::account::read_day;
use crate::auth::again;
use crate::problem::Problem;
use crate::registers::Departments;
use crate::request::{Cx, Entries};
use crate::view::{disclosure, done_at};

/// What stands in the form, with its mistakes by field; the empty key for the form as a whole.
#[derive(Default)]
pub struct Typed {
    role: String,
    department: String,
    from: String,
    until: String,
    mistakes: Vec<(&'static str, String)>,
}

impl Typed {
    fn of(entries: &Entries) -> Self {
        let text = |name: &str| entries.text(name).to_owned();
        let mistakes = Vec::new();
        Self { role: text("role"), department: text("department"), from: text("from"), until: text("until"), mistakes }
    }

    /// Whether something is wrong with it.
    pub fn is_mistaken(&self) -> bool {
        !self.mistakes.is_empty()
    }

    fn assignment(&mut self) -> Option<RoleAssignment> {
        if self.role.is_empty() {
            self.mistakes.push(("role", "役割を選んでください。".to_owned()));
        }
        let department = self.department.parse::<RecordId>().ok();
        let (from, until) = (self.day("from", &self.from.clone()), self.day("until", &self.until.clone()));
        let role = self.role.clone();
        self.mistakes.is_empty().then_some(RoleAssignment { role, department, from, until })
    }

    fn day(&mut self, field: &'static str, text: &str) -> Option<Date> {
        read_day(text).unwrap_or_else(|said| {
            self.mistakes.push((field, said));
            None
        })
    }
}

/// `POST /desk/admin/users/{id}/roles`
pub async fn assign(cx: Cx, Path(id): Path<Uuid>, entries: Entries) -> Result<Response, Problem> {
    if let Some(again) = again::first(&cx, &entries) {
        return Ok(again);
    }
    let mut typed = Typed::of(&entries);
    let Some(assignment) = typed.assignment() else { return detail::with_roles(&cx, id, typed).await };
    let grants = cx.grants()?;
    match cx.city().identity.assign_role(cx.context(), grants.roles(), id, assignment).await {
        Ok(_) => Ok(done_at(&href(id), "role")),
        Err(IdentityError::Invalid(message)) => {
            typed.mistakes.push(("", message));
            detail::with_roles(&cx, id, typed).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /desk/admin/users/{id}/roles/{assigned}/remove`
pub async fn remove(cx: Cx, Path((id, assigned)): Path<(Uuid, Uuid)>) -> Result<Response, Problem> {
    if let Some(again) = again::first(&cx, &Entries::default()) {
        return Ok(again);
    }
    acts::finished(&cx, id, cx.city().identity.remove_role(cx.context(), assigned).await, "role-removed").await
}

/// The roles of an account and the form that assigns another.
pub async fn part(cx: &Cx, account: &Account, typed: &Typed) -> Result<SafeHtml, Problem> {
    let departments = Departments::load(cx).await?;
    let mut html = table(cx, account, &departments).await?;
    let form = form(cx, account.summary.id, &departments, typed)?;
    html.push(&disclosure("役割を割り当てる", &form, typed.is_mistaken()));
    Ok(html)
}

async fn table(cx: &Cx, account: &Account, departments: &Departments) -> Result<SafeHtml, Problem> {
    let id = account.summary.id;
    let held = cx.city().identity.roles_of(cx.context(), id).await?;
    if held.is_empty() {
        let text = "職員としての基本の権限だけがあります。担当業務に応じて役割を割り当ててください。";
        return Ok(Empty::new("割り当てられた役割はありません").text(text).icon(Icon::Person).html());
    }
    let (grants, today) = (cx.grants()?, cx.context().today());
    let columns = vec![
        Column::new("role", "役割"),
        Column::new("department", "部署の限定"),
        Column::new("from", "開始日").align(Align::Tight),
        Column::new("until", "終了日").align(Align::Tight),
        Column::new("state", "状態").align(Align::Tight),
        Column::new("act", "操作").align(Align::Tight),
    ];
    let rows = held.iter().map(|held| {
        let key = &held.assignment.role;
        let title = grants.roles().title(key).unwrap_or(key);
        let state = match (held.assignment.from, held.assignment.until) {
            (Some(from), _) if from > today => chip(State::Muted, "開始前"),
            (_, Some(until)) if until < today => chip(State::Muted, "終了"),
            _ => chip(State::Good, "有効"),
        };
        let question = format!("「{}」から役割「{title}」を外しますか。", account.summary.display_name);
        let address = format!("{}/roles/{}/remove", href(id), held.id);
        let mut cells = vec![SafeHtml::link(&format!("/desk/admin/roles/{key}"), title)];
        cells.extend(limits(held, departments));
        cells.extend([state, Post::new(address, Submit::new("外す").question(question)).html()]);
        Row::new(cells)
    });
    Ok(Table::new(Lang::Ja, "割り当てられた役割", columns, rows.collect()).html())
}

fn form(cx: &Cx, id: Uuid, departments: &Departments, typed: &Typed) -> Result<SafeHtml, Problem> {
    let grants = cx.grants()?;
    let roles = grants.roles().assignable().map(|(key, title)| {
        let warning = if key == ADMIN { "（すべての利用者と権限を管理できます）" } else { "" };
        Choice::new(key, format!("{title}{warning}"))
    });
    let roles = roles.collect();
    let places = departments.iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect();
    let fields = [
        FieldView::new("role", "役割", FieldKind::Choice { choices: roles }).value(typed.role.as_str()).required(),
        FieldView::new("department", "部署の限定", FieldKind::Choice { choices: places })
            .hint(
                "選ぶと、その部署の記録だけがこの役割の対象になります。選ばなければ、所属するすべての部署が対象です。",
            )
            .value(typed.department.as_str()),
        FieldView::new("from", "開始日", FieldKind::Date)
            .hint("空のままにすると今すぐです。")
            .value(typed.from.as_str()),
        FieldView::new("until", "終了日", FieldKind::Date)
            .hint("空のままにすると期限なしです。")
            .value(typed.until.as_str()),
    ];
    let of = |key: &str| {
        typed.mistakes.iter().filter(move |(field, _)| *field == key).map(|(_, said)| said.clone()).collect()
    };
    let fields = fields.into_iter().map(|field| {
        let mistakes: Vec<String> = of(&field.key);
        mistakes.into_iter().fold(field, FieldView::error)
    });
    let form = Form::new(cx.lang(), format!("{}/roles", href(id))).fields(fields.collect()).submit("割り当てる");
    let general: Vec<String> = of("");
    Ok(general.into_iter().fold(form, Form::mistake).html())
}
