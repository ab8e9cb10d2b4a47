//! The definitions in force (台帳の定義), with their versions, retention and purpose of use.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use http::header;
use kawasemi_kernel::Lang;
use kawasemi_schema::{FieldDef, LedgerDef, Overlay, Retention, RetentionStart};
use kawasemi_store::StoreError;
use kawasemi_store::schema::{self, Effect, Held, Wanted};
use kawasemi_ui::button::{LinkButton, row};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::facts::{Fact, facts};
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::grants::clearance;
use super::{page, site};
use crate::problem::Problem;
use crate::request::Cx;
use crate::view::{code, section};

const PATH: &str = "/desk/admin/definitions";

/// `GET /desk/admin/definitions`
pub async fn list(cx: Cx) -> Result<Response, Problem> {
    let catalogue = cx.city().city.catalogue();
    let columns = vec![
        Column::new("ledger", "台帳"),
        Column::new("key", "キー"),
        Column::new("version", "版").align(Align::Number),
        Column::new("fields", "項目").align(Align::Number),
        Column::new("owner", "所管"),
        Column::new("retention", "保存期間"),
    ];
    let rows = catalogue.iter().map(|ledger| {
        let def = &ledger.def;
        Row::new(vec![
            SafeHtml::link(&format!("{PATH}/{}", def.key), def.title.get(Lang::Ja)),
            code(&def.key),
            SafeHtml::escape(ledger.version),
            SafeHtml::escape(def.fields.len()),
            SafeHtml::escape(&def.owner),
            SafeHtml::escape(retention(&def.retention)),
        ])
    });
    let mut body = pending(&cx).await?;
    body.push(&Table::new(Lang::Ja, "使われている台帳の定義", columns, rows.collect()).html());
    let site = site(&cx);
    let page = page(&site, "台帳の定義")
        .lead("いま使われている定義です。版は公開のたびに増え、記録の履歴は書かれたときの版を覚えています。");
    Ok(Html(page.body(body).render()).into_response())
}

/// `GET /desk/admin/definitions/{ledger}`
pub async fn show(cx: Cx, Path(key): Path<String>) -> Result<Response, Problem> {
    let catalogue = cx.city().city.catalogue();
    let ledger = catalogue.get(&key).ok_or_else(Problem::not_found)?;
    let def = &ledger.def;
    let mut body = facts(&[
        Fact::html("キー", code(&def.key)),
        Fact::text("版", &ledger.version.to_string()),
        Fact::text("所管", &def.owner),
        Fact::text("利用目的", def.purpose.get(Lang::Ja)),
        Fact::text("保存期間", &retention(&def.retention)),
        Fact::text("保存期間の根拠", &def.retention.basis),
    ]);
    body.push(&section("項目", &fields(def)));
    if let Some(overlay) = schema::overlays(&cx.city().city).await?.get(&key) {
        body.push(&section("市の上書き", &from_overlay(def, overlay)));
    }
    let site = site(&cx);
    let buttons = row([
        LinkButton::new("台帳を開く", format!("/desk/ledgers/{key}")).icon(Icon::Ledger).html(),
        LinkButton::new("TOMLを保存する", format!("{PATH}/{key}/source")).icon(Icon::Download).download().html(),
    ]);
    let mut page = page(&site, def.title.get(Lang::Ja)).crumb("台帳の定義", PATH).actions(buttons).body(body);
    let description = def.description.get(Lang::Ja);
    if !description.is_empty() {
        page = page.lead(description);
    }
    Ok(Html(page.render()).into_response())
}

/// `GET /desk/admin/definitions/{ledger}/source`: the file as it was published.
pub async fn source(cx: Cx, Path(key): Path<String>) -> Result<Response, Problem> {
    let catalogue = cx.city().city.catalogue();
    let ledger = catalogue.get(&key).ok_or_else(Problem::not_found)?;
    let kind = (header::CONTENT_TYPE, "application/toml; charset=utf-8".to_owned());
    let name = (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.toml\"", ledger.def.key));
    Ok(([kind, name], ledger.def.source.text.to_string()).into_response())
}

/// What of the program's definitions is not published yet: changes that go beyond adding wait for the command line.
async fn pending(cx: &Cx) -> Result<SafeHtml, Problem> {
    let definitions: Vec<_> = cx.desk().systems().iter().flat_map(|site| site.bundle.ledgers.iter().cloned()).collect();
    let calculators = cx.ledgers().calculators();
    let check = |def: &std::sync::Arc<LedgerDef>| kawasemi_ledger::check_rules(def, calculators);
    let laid = schema::overlaid(&cx.city().city, &definitions, Vec::new(), &check).await?;
    let mut html = held(&laid.held);
    let plan = match schema::plan(&cx.city().city, Wanted { definitions: laid.definitions, retired: Vec::new() }).await
    {
        Ok(plan) if plan.steps.is_empty() => return Ok(html),
        Ok(plan) => plan,
        Err(StoreError::Refused { message }) => {
            return Ok(Notice::new(Tone::Error, "プログラムの定義を反映できません").text(message).html());
        }
        Err(error) => return Err(error.into()),
    };
    let columns = vec![
        Column::new("ledger", "台帳"),
        Column::new("effect", "影響").align(Align::Tight),
        Column::new("message", "変わること"),
    ];
    let rows = plan.steps.iter().map(|step| {
        let effect = match step.effect {
            Effect::Adds => chip(State::Plain, "追加"),
            Effect::Changes => chip(State::Warning, "変更"),
            Effect::Refused => chip(State::Bad, "できません"),
        };
        Row::new(vec![code(&step.ledger), effect, SafeHtml::escape(&step.message)])
    });
    let table = Table::new(Lang::Ja, "まだ反映されていない定義", columns, rows.collect()).html();
    let text =
        "サーバーを止め、kawasemi schema plan で確かめてから、kawasemi schema apply --offline で反映してください。";
    let mut waiting = Notice::new(Tone::Warning, "まだ反映されていない定義があります").text(text).html();
    waiting.push(&table);
    html.push(&section("反映待ち", &waiting));
    Ok(html)
}

/// Ledgers that stay as they are, since what the city lays over them does not fit what the program brings.
fn held(held: &[Held]) -> SafeHtml {
    let mut html = SafeHtml::EMPTY;
    for Held { ledger, message } in held {
        let title = format!("台帳 {ledger} は、市の上書きが合わないため今の定義のまま使っています");
        let text = format!("{message}\n上書きのファイルを直し、kawasemi schema plan で確かめてから反映してください。");
        html.push(&Notice::new(Tone::Warning, title).text(text).html());
    }
    html
}

/// What comes from the city's overlay (市の上書き), if it has one over this ledger.
fn from_overlay(def: &LedgerDef, overlay: &Overlay) -> SafeHtml {
    let columns = vec![Column::new("what", "上書き"), Column::new("key", "項目"), Column::new("label", "内容")];
    let mut rows = Vec::new();
    let mut add = |what: &str, key: &str, text: &str| {
        let key = if key.is_empty() { SafeHtml::or_dash("") } else { code(key) };
        rows.push(Row::new(vec![SafeHtml::escape(what), key, SafeHtml::or_dash(text)]));
    };
    for field in &overlay.raw.field {
        add("足した項目", &field.key, field.label.ja());
    }
    for change in &overlay.raw.change {
        if !change.label.is_empty() {
            add("項目の名前", &change.field, change.label.ja());
        }
        if !change.hint.is_empty() {
            add("入力の助け", &change.field, change.hint.ja());
        }
        for choice in &change.choices {
            add("選択肢", &change.field, choice.label.ja());
        }
        for row in &change.rows {
            add("足した明細の項目", &format!("{}.{}", change.field, row.key), row.label.ja());
        }
        if let Some(condition) = &change.required_when {
            add("必須の条件", &change.field, condition);
        }
    }
    for check in &overlay.raw.check {
        add("足した条件", check.field.as_deref().unwrap_or_default(), check.message.ja());
    }
    for (what, text) in [("台帳の名前", &overlay.raw.title), ("台帳の説明", &overlay.raw.description)] {
        if !text.is_empty() {
            add(what, "", text.ja());
        }
    }
    let source = LinkButton::new("上書きのTOMLを保存する", format!("{PATH}/{}/overlay", def.key)).icon(Icon::Download);
    let mut html = crate::view::note(&overlay.raw.reason);
    html.push(&Table::new(Lang::Ja, "市の上書き", columns, rows).html());
    html.push(&row([source.download().html()]));
    html
}

/// `GET /desk/admin/definitions/{ledger}/overlay`: what the city lays over the ledger.
pub async fn overlay(cx: Cx, Path(key): Path<String>) -> Result<Response, Problem> {
    let overlay = schema::overlays(&cx.city().city).await?.remove(&key).ok_or_else(Problem::not_found)?;
    let kind = (header::CONTENT_TYPE, "application/toml; charset=utf-8".to_owned());
    let name = (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{key}.toml\""));
    Ok(([kind, name], overlay.source.text).into_response())
}

fn fields(def: &LedgerDef) -> SafeHtml {
    let columns = vec![
        Column::new("label", "項目"),
        Column::new("key", "キー"),
        Column::new("clearance", "深さ").align(Align::Tight),
        Column::new("required", "必須").align(Align::Tight),
    ];
    let row = |field: &FieldDef| {
        Row::new(vec![
            SafeHtml::escape(field.label.get(Lang::Ja)),
            code(&field.key),
            clearance(field.clearance),
            SafeHtml::or_dash(if field.required { "必須" } else { "" }),
        ])
    };
    Table::new(Lang::Ja, "項目", columns, def.fields.iter().map(row).collect()).html()
}

fn retention(retention: &Retention) -> String {
    let Some(years) = retention.years else { return "常用（期限なし）".to_owned() };
    let from = match retention.from {
        RetentionStart::FiscalYearEnd => "最後の変更の翌年度4月1日から",
        RetentionStart::Created => "登録の日から",
        RetentionStart::Updated => "最後の変更の日から",
    };
    format!("{from}{years}年")
}
