//! The hall as it will be on a day (その日の姿).

use axum::response::{Html, IntoResponse, Response};
use kawasemi_kernel::Lang;
use kawasemi_registry::simulation::{DepartmentThen, MissingRole, PersonThen, Simulation, simulate};
use kawasemi_ui::card::{Tile, grid};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml};

use super::handover::left;
use super::orders::{day as said_day, lines};
use super::{asked_day, editors_only, in_the_name_of, inventory, is_admin, page, refusal, site};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{address, narrowing, note, section, sought};

const PATH: &str = "/desk/organisation/simulation";

/// `GET /desk/organisation/simulation`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    editors_only(&cx)?;
    let (day, mistake) = asked_day(&cx);
    let everybody = cx.query("all").is_some_and(|all| !all.is_empty());
    // Whose roles they are is not the personnel section's to read one by one; what is left without anybody is.
    let context = in_the_name_of(&cx, "その日の姿の確認");
    let city = cx.city();
    let simulated = match simulate(&city.ledgers, &city.identity, &inventory(&cx), &context, day).await {
        Ok(simulated) => simulated,
        Err(error) => return Err(Problem::bad_request(refusal(error)?)),
    };
    let mut body = narrowing(PATH, [sought("day", "日付", &day.to_string(), mistake.as_deref())], "表示する");
    body.push(&figures(&simulated));
    body.push(&section("だれもいなくなる役割", &missing(&simulated)));
    body.push(&section("担当のいないもの", &left(&simulated.orphans)));
    body.push(&section("部局", &departments(&simulated.departments)));
    let title = if everybody { "職員（全員）" } else { "職員（変わる人）" };
    body.push(&section(title, &people(&cx, &simulated, everybody)));
    let site = site(&cx);
    let lead = format!("{}の午前0時に、取り込んだ発令と確定した計画がすべて効力を持ったときの姿です。", said_day(day));
    Ok(Html(page(&site, "その日の姿").lead(lead).body(body).render()).into_response())
}

fn figures(simulated: &Simulation) -> SafeHtml {
    let figure = |label: &str, count: usize, unit: &str| Tile::new(label, count.to_string(), unit).html();
    let changing = simulated.people.iter().filter(|person| person.changes).count();
    grid(
        "",
        [
            figure("変わる職員", changing, "人"),
            figure("だれもいなくなる役割", simulated.missing.len(), "件"),
            figure("担当のいないもの", simulated.orphans.len(), "件"),
        ],
    )
}

fn missing(simulated: &Simulation) -> SafeHtml {
    let mut html = SafeHtml::EMPTY;
    if !simulated.roles_without_holder.is_empty() {
        html.push(&note(&format!("市全体でだれも持たなくなる役割：{}", simulated.roles_without_holder.join("、"))));
    }
    if simulated.missing.is_empty() {
        html.push(&note("部局でだれもいなくなる役割はありません。"));
        return html;
    }
    let columns =
        vec![Column::new("department", "部局"), Column::new("role", "役割"), Column::new("before", "前日まで持つ人")];
    let row = |one: &MissingRole| {
        let cells = [one.department.clone(), one.role.clone(), one.held_by.join("、")];
        Row::new(cells.iter().map(SafeHtml::escape).collect())
    };
    let rows = simulated.missing.iter().map(row).collect();
    html.push(&Table::new(Lang::Ja, "だれもいなくなる役割", columns, rows).html());
    html.push(&note(
        "新しい担当者に役割を割り当てるよう、システム管理者に依頼してください。日付を付けて前もって割り当てられます。",
    ));
    html
}

fn departments(departments: &[DepartmentThen]) -> SafeHtml {
    let columns = vec![
        Column::new("code", "部局コード"),
        Column::new("name", "名称"),
        Column::new("people", "配属").align(Align::Number),
        Column::new("state", "状態").align(Align::Tight),
        Column::new("successor", "引継ぎ先"),
    ];
    let rows = departments.iter().map(|one| {
        let state = match (one.is_new, one.is_closed, one.people) {
            (_, true, 0) => chip(State::Muted, "廃止"),
            (_, true, _) => chip(State::Warning, "廃止（職員が残る）"),
            (_, _, 0) => chip(State::Warning, "職員がいない"),
            (true, ..) => chip(State::Good, "新設"),
            _ => SafeHtml::or_dash(""),
        };
        Row::new(vec![
            SafeHtml::escape(&one.code),
            SafeHtml::escape(&one.name),
            SafeHtml::escape(format!("{}人", one.people)),
            state,
            SafeHtml::or_dash(one.successor.as_deref().unwrap_or_default()),
        ])
    });
    Table::new(Lang::Ja, "部局", columns, rows.collect()).html()
}

fn people(cx: &Cx, simulated: &Simulation, everybody: bool) -> SafeHtml {
    let day = simulated.day.to_string();
    let shown: Vec<&PersonThen> = simulated.people.iter().filter(|person| everybody || person.changes).collect();
    let other = if everybody { address(PATH, &[("day", &day)]) } else { address(PATH, &[("day", &day), ("all", "1")]) };
    let words = if everybody { "変わる人だけを表示する" } else { "変わらない人も表示する" };
    let mut html = SafeHtml::trusted(format!("<p>{}</p>", SafeHtml::link(&other, words)));
    if shown.is_empty() {
        html.push(&note("変わる人はいません。"));
        return html;
    }
    let columns = vec![
        Column::new("person", "職員"),
        Column::new("before", "前日まで"),
        Column::new("after", "その日から"),
        Column::new("roles", "その日の役割"),
    ];
    let admin = is_admin(cx);
    let rows = shown.iter().map(|person| {
        let name = format!("{}（{}）", person.name, person.number);
        let name = match person.account.filter(|_| admin) {
            Some(account) => SafeHtml::link(
                &address("/desk/organisation/rights", &[("account", &account.to_string()), ("day", &day)]),
                &name,
            ),
            None => SafeHtml::escape(name),
        };
        let roles = match person.account {
            Some(_) if person.roles.is_empty() => SafeHtml::or_dash(""),
            Some(_) => lines(&person.roles),
            None => SafeHtml::escape("利用者なし"),
        };
        Row::new(vec![name, lines(&person.before), lines(&person.after), roles])
    });
    html.push(&Table::new(Lang::Ja, "職員", columns, rows.collect()).html());
    html
}
