//! What somebody may do on a day, ledger by ledger (その日の権限): for administrators, before the day comes.

use axum::response::{Html, IntoResponse, Response};
use kawasemi_identity::IdentityError;
use kawasemi_kernel::Lang;
use kawasemi_registry::simulation::caller_on;
use kawasemi_schema::Action;
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml};
use uuid::Uuid;

use super::orders::day as said_day;
use super::{asked_day, is_admin, page, site};
use crate::admin::clearance;
use crate::problem::Problem;
use crate::registers::Departments;
use crate::request::Cx;
use crate::view::{narrowing, section, sought};

const PATH: &str = "/desk/organisation/rights";

/// `GET /desk/organisation/rights`
pub async fn show(cx: Cx) -> Result<Response, Problem> {
    if !is_admin(&cx) {
        return Err(Problem::not_found());
    }
    let (day, mistake) = asked_day(&cx);
    let login = login(&cx).await?;
    let fields =
        [sought("login", "利用者名", &login, None), sought("day", "日付", &day.to_string(), mistake.as_deref())];
    let mut body = narrowing(PATH, fields, "調べる");
    let site = site(&cx);
    let page = page(&site, "その日の権限").crumb("その日の姿", "/desk/organisation/simulation");
    if !login.is_empty() {
        body.push(&answered(&cx, &login, day).await?);
    }
    let lead = "ある利用者が、ある日にどの台帳で何をできるかを、取り込んだ発令と計画から前もって確かめます。";
    Ok(Html(page.lead(lead).body(body).render()).into_response())
}

/// The login that is asked for, or that of the account to which a link leads.
async fn login(cx: &Cx) -> Result<String, Problem> {
    if let Some(login) = cx.query("login").filter(|login| !login.is_empty()) {
        return Ok(login);
    }
    let Some(account) = cx.query("account").and_then(|id| id.parse::<Uuid>().ok()) else { return Ok(String::new()) };
    match cx.city().identity.account(cx.context(), account).await {
        Ok(account) => Ok(account.summary.login),
        Err(IdentityError::NotFound) => Ok(String::new()),
        Err(error) => Err(error.into()),
    }
}

async fn answered(cx: &Cx, login: &str, day: jiff::civil::Date) -> Result<SafeHtml, Problem> {
    let identity = &cx.city().identity;
    let Some(account) = identity.lookup_account(cx.context(), login).await? else {
        return Ok(Notice::new(Tone::Error, "この利用者名の利用者はいません").html());
    };
    let name = &account.summary.display_name;
    let (caller, theirs) = match caller_on(identity, cx.context(), account.summary.id, day).await {
        Ok(known) => known,
        Err(IdentityError::NotFound) => {
            let said = format!("{name}さんは、{}には何もできません", said_day(day));
            let text = "在職していないか、利用を停止されています。サインインもAPIトークンも使えません。";
            return Ok(Notice::new(Tone::Warning, said).text(text).html());
        }
        Err(error) => return Err(error.into()),
    };
    let mut html = SafeHtml::EMPTY;
    if caller.on_leave {
        let text = "サインインはできますが、役割も所属の権限もありません。";
        html.push(&Notice::new(Tone::Warning, format!("{name}さんは休職・休業・派遣中です")).text(text).html());
    }
    let departments = Departments::load(cx).await?;
    let grants = cx.grants()?;
    let roles = caller.roles.iter().map(|held| {
        let title = grants.roles().title(&held.key).unwrap_or(&held.key).to_owned();
        match &held.departments {
            None => title,
            Some(some) => format!("{title}（{}）", departments.names(some)),
        }
    });
    let facts = [
        ("役割", roles.collect::<Vec<_>>().join("、")),
        ("記録を扱う部局", departments.names(&caller.departments)),
        ("分割で引き継いだ範囲", {
            let share = |share: &kawasemi_identity::DepartmentShare| {
                let condition = share.condition.as_deref().map(|text| format!("、{text}")).unwrap_or_default();
                format!("{}の台帳{}{condition}", departments.name(share.department), share.ledger)
            };
            caller.shares.iter().map(share).collect::<Vec<_>>().join("／")
        }),
    ];
    let facts: Vec<_> = facts
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(label, value)| kawasemi_ui::facts::Fact::text(*label, value))
        .collect();
    html.push(&section(&format!("{name}さんの{}の権限", said_day(day)), &kawasemi_ui::facts::facts(&facts)));
    let columns = vec![
        Column::new("ledger", "台帳"),
        Column::new("actions", "できること"),
        Column::new("clearance", "項目の深さ").align(Align::Tight),
    ];
    let catalogue = cx.catalogue();
    let rows = catalogue.definitions().iter().filter_map(|def| {
        let access = grants.access(&theirs, &def.key);
        let actions: Vec<&str> =
            Action::ALL.into_iter().filter(|action| access.may(*action)).map(Action::label).collect();
        let level = access.clearance(Action::Read).map_or_else(|| SafeHtml::or_dash(""), clearance);
        (!actions.is_empty()).then(|| {
            Row::new(vec![SafeHtml::escape(def.title.get(Lang::Ja)), SafeHtml::escape(actions.join("・")), level])
        })
    });
    html.push(&Table::new(Lang::Ja, "台帳ごとにできること", columns, rows.collect()).html());
    Ok(html)
}
