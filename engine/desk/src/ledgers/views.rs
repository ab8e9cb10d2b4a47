//! Saved views (保存した表示): a list as somebody likes to see it, for oneself or shared with all who may read the ledger.

use std::collections::HashMap;

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use kawasemi_kernel::Lang;
use kawasemi_ledger::{LedgerError, View, ViewDraft};
use kawasemi_schema::{Action, SortKey};
use kawasemi_ui::button::{LinkButton, Look, Post, Submit};
use kawasemi_ui::chip::{State, chip};
use kawasemi_ui::facts::{Fact, facts};
use kawasemi_ui::field::{FieldKind as Control, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::Empty;
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml};
use uuid::Uuid;

use super::asked::Asked;
use super::opened::Opened;
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{done, done_at, note, section, when_or};

/// `GET /desk/ledgers/{ledger}/views`
pub async fn list(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Read)?;
    let views = cx.ledgers().views(cx.context(), &ledger).await?;
    let actor = cx.context().act.actor.to_string();
    let (own, others): (Vec<&View>, Vec<&View>) = views.iter().partition(|view| view.owner.as_ref() == Some(&actor));
    let mut body = section("自分が保存した表示", &own_views(&opened, &own));
    if !others.is_empty() {
        body.push(&section("みんなの表示", &shared_views(&opened, &others)));
    }
    let site = cx.desk_site("ledgers");
    let mut page =
        opened.page(&site, "保存した表示").lead("よく使う条件・並び順・列の組み合わせに名前を付けて残せます。");
    let told = [
        ("changed", "表示を変更しました。"),
        ("deleted", "表示を削除しました。"),
        ("view-saved", "表示を保存しました。"),
    ];
    if let Some(notice) = done(&cx, &told) {
        page = page.notice(notice);
    }
    Ok(Html(page.body(body).render()).into_response())
}

/// `GET /desk/ledgers/{ledger}/views/new`
pub async fn ask(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Read)?;
    Ok(page_of_new(&cx, &opened, &Typed::default()))
}

/// `POST /desk/ledgers/{ledger}/views/new`
pub async fn save(cx: Cx, Path(ledger): Path<String>, entries: Entries) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Read)?;
    let asked = Asked::of(cx.path());
    let (sort, columns) = of_base(&cx, &ledger, &asked).await?;
    let draft = ViewDraft {
        title: entries.text("title").to_owned(),
        filter: asked.condition(&opened.def),
        sort,
        columns,
        is_shared: entries.text("shared") == "true",
    };
    match cx.ledgers().save_view(cx.context(), &ledger, draft).await {
        Ok(id) => {
            let view = Asked { view: Some(id.to_string()), ..Asked::default() };
            Ok(done_at(&view.href(&opened.href()), "view-saved"))
        }
        Err(error) => Ok(page_of_new(&cx, &opened, &Typed::refused(&entries, error)?)),
    }
}

/// `POST /desk/ledgers/{ledger}/views/{view}`: renames it, shares it or takes it back.
pub async fn change(cx: Cx, Path(at): Path<HashMap<String, String>>, entries: Entries) -> Result<Response, Problem> {
    let (opened, id) = open(&cx, &at)?;
    let views = cx.ledgers().views(cx.context(), opened.key()).await?;
    let view = views.into_iter().find(|view| view.key == id.to_string()).ok_or_else(Problem::not_found)?;
    let draft = ViewDraft {
        title: entries.text("title").to_owned(),
        filter: view.filter,
        sort: view.sort,
        columns: view.columns,
        is_shared: entries.text("shared") == "true",
    };
    cx.ledgers().update_view(cx.context(), opened.key(), id, draft).await?;
    Ok(done_at(&opened.at("views"), "changed"))
}

/// `POST /desk/ledgers/{ledger}/views/{view}/delete`
pub async fn delete(cx: Cx, Path(at): Path<HashMap<String, String>>) -> Result<Response, Problem> {
    let (opened, id) = open(&cx, &at)?;
    cx.ledgers().delete_view(cx.context(), opened.key(), id).await?;
    Ok(done_at(&opened.at("views"), "deleted"))
}

fn open(cx: &Cx, at: &HashMap<String, String>) -> Result<(Opened, Uuid), Problem> {
    let ledger = at.get("ledger").map(String::as_str).unwrap_or_default();
    let opened = Opened::for_action(cx, ledger, Action::Read)?;
    let id = at.get("view").and_then(|id| Uuid::try_parse(id).ok()).ok_or_else(Problem::not_found)?;
    Ok((opened, id))
}

/// Order and columns of what is to be saved: a view on the base of another takes over what was not changed.
async fn of_base(
    cx: &Cx,
    ledger: &str,
    asked: &Asked,
) -> Result<(Vec<kawasemi_schema::SortKey>, Vec<String>), Problem> {
    let views = cx.ledgers().views(cx.context(), ledger).await?;
    let base = asked.view.as_ref().and_then(|key| views.into_iter().find(|view| view.key == *key));
    let (sort, columns) = base.map(|view| (view.sort, view.columns)).unwrap_or_default();
    let sort = if asked.sort.is_empty() { sort } else { asked.sort.clone() };
    Ok((sort, if asked.columns.is_empty() { columns } else { asked.columns.clone() }))
}

/// The form as it was entered.
#[derive(Default)]
struct Typed {
    title: String,
    shared: bool,
    mistake: Option<String>,
}

impl Typed {
    fn refused(entries: &Entries, error: LedgerError) -> Result<Self, Problem> {
        let is_of_the_asker = matches!(
            error,
            LedgerError::Refused(_)
                | LedgerError::Forbidden { .. }
                | LedgerError::Filter(_)
                | LedgerError::UnknownField { .. }
        );
        if !is_of_the_asker {
            return Err(error.into());
        }
        let (title, shared) = (entries.text("title").to_owned(), entries.text("shared") == "true");
        Ok(Self { title, shared, mistake: Some(error.to_string()) })
    }
}

fn page_of_new(cx: &Cx, opened: &Opened, typed: &Typed) -> Response {
    let asked = Asked::of(cx.path());
    let label = |key: &str| opened.field(key).map_or_else(|| key.to_owned(), |field| field.label.ja().to_owned());
    let condition = asked.condition(&opened.def).unwrap_or_default();
    let columns: Vec<String> = asked.columns.iter().map(|key| label(key)).collect();
    let mut shown = vec![
        Fact::text("条件", &super::condition::said(opened, &condition)),
        Fact::text("並び順", &order(opened, &asked.sort)),
        Fact::text("列", &columns.join("、")),
    ];
    if !asked.q.is_empty() {
        shown.push(Fact::text("検索の言葉", &format!("{}（表示には保存されません）", asked.q)));
    }
    let title = FieldView::new("title", "表示の名前", Control::Text { max: Some(60) })
        .hint("例：今年度の要補修")
        .value(typed.title.clone())
        .required();
    let title = typed.mistake.iter().fold(title, |field, mistake| field.error(mistake));
    let mut fields = vec![title];
    if may_share(opened) {
        fields.push(shared_field(typed.shared));
    }
    let form = Form::new(Lang::Ja, asked.href(&opened.at("views/new")), None)
        .fields(fields)
        .submit("表示を保存する")
        .cancel(asked.href(&opened.href()))
        .plain();
    let mistaken = form.has_mistakes();
    let mut body = facts(&shown);
    body.push(&form.html());
    let site = cx.desk_site("ledgers");
    let page = opened.page(&site, "今の表示を保存する").narrow().body(body);
    if mistaken {
        return (StatusCode::UNPROCESSABLE_ENTITY, Html(page.with_mistakes().render())).into_response();
    }
    Html(page.render()).into_response()
}

fn shared_field(shared: bool) -> FieldView {
    FieldView::new("shared", "共有する", Control::YesNo)
        .hint("「はい」にすると、この台帳を閲覧できる全員の「表示」に出ます。見える記録や項目は、人ごとの権限のままです。")
        .value(shared.to_string())
        .required()
}

fn may_share(opened: &Opened) -> bool {
    [Action::Create, Action::Update, Action::Design].into_iter().any(|action| opened.may(action))
}

fn own_views(opened: &Opened, views: &[&View]) -> SafeHtml {
    if views.is_empty() {
        return Empty::new("保存した表示はありません")
            .text("一覧を絞り込むか並べ替えたあと、「表示」から「今の表示を保存」を選びます。")
            .actions(LinkButton::new("一覧へ", opened.href()).icon(Icon::Ledger).html())
            .html();
    }
    let one = |view: &&View| {
        let href = opened.at(&format!("views/{}", view.key));
        let title =
            FieldView::new("title", "名前", Control::Text { max: Some(60) }).value(view.title.clone()).required();
        let mut fields = vec![title];
        if may_share(opened) {
            fields.push(shared_field(view.is_shared));
        }
        let form = Form::new(Lang::Ja, &href, None).fields(fields).submit("変更する").plain().html();
        let question = format!("表示「{}」を削除しますか。記録は消えません。", view.title);
        let delete = Submit::new("削除する").look(Look::Danger).question(question);
        let delete = Post::new(format!("{href}/delete"), None, delete).html();
        let summary = SafeHtml::escape(&view.title);
        let mark = if view.is_shared { chip(State::Plain, "共有") } else { SafeHtml::EMPTY };
        let open = LinkButton::new("この表示で開く", address(opened, view)).html();
        SafeHtml::trusted(format!(
            "<details class=\"disclosure\"><summary>{summary} {mark}</summary><div class=\"stack-small\">{}<div class=\"button-row\">{open}{delete}</div>{form}</div></details>",
            describe(opened, view),
        ))
    };
    views.iter().map(one).collect()
}

fn shared_views(opened: &Opened, views: &[&View]) -> SafeHtml {
    let columns = vec![
        Column::new("title", "名前"),
        Column::new("filter", "条件"),
        Column::new("used", "最後の利用").align(Align::Tight),
        Column::new("act", "操作").align(Align::Tight),
    ];
    let row = |view: &&View| {
        let is_saved = view.owner.is_some();
        let act = if is_saved && opened.may(Action::Design) {
            let delete =
                Submit::new("削除する").look(Look::Quiet).question(format!("表示「{}」を削除しますか。", view.title));
            Post::new(opened.at(&format!("views/{}/delete", view.key)), None, delete).html()
        } else {
            SafeHtml::EMPTY
        };
        let filter = SafeHtml::or_dash(&said(opened, view));
        let used = if is_saved { when_or(view.used_at, "—") } else { "台帳に付属".to_owned() };
        Row::new(vec![SafeHtml::link(&address(opened, view), &view.title), filter, SafeHtml::escape(used), act])
    };
    Table::new(Lang::Ja, "みんなの表示", columns, views.iter().map(row).collect()).html()
}

/// An order in words.
fn order(opened: &Opened, sort: &[SortKey]) -> String {
    let label = |key: &str| opened.field(key).map_or_else(|| key.to_owned(), |field| field.label.ja().to_owned());
    let one = |key: &SortKey| format!("{}（{}）", label(&key.field), if key.descending { "降順" } else { "昇順" });
    sort.iter().map(one).collect::<Vec<_>>().join("、")
}

/// The condition of a view in words.
fn said(opened: &Opened, view: &View) -> String {
    view.filter.as_deref().map(|filter| super::condition::said(opened, filter)).unwrap_or_default()
}

fn describe(opened: &Opened, view: &View) -> SafeHtml {
    let filter = said(opened, view);
    let filter = if filter.is_empty() { "条件なし" } else { &filter };
    let sort = order(opened, &view.sort);
    note(&format!("条件：{filter}　並び順：{}", if sort.is_empty() { "台帳の順" } else { &sort }))
}

fn address(opened: &Opened, view: &View) -> String {
    Asked { view: Some(view.key.clone()), ..Asked::default() }.href(&opened.href())
}
