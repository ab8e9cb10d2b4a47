//! Narrowing a list by conditions (条件で絞り込む) without knowing CQL2: a property, a comparison, a value, one after the other.
//!
//! What is chosen becomes CQL2 in the list's address, where those who know the language can read and change it. Each
//! condition is said in words above the list, with the way to do without it. Without a script choosing the property takes a
//! round trip; with one the panel opens in the list and follows the choice.

mod target;
mod words;

use askama::Template;
use axum::extract::Path;
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::StatusCode;
use kawasemi_filter::ast::{Kind, Op};
use kawasemi_filter::{Ast, Limits, parse_text};
use kawasemi_kernel::Lang;
use kawasemi_ledger::Labels;
use kawasemi_schema::Action;
use kawasemi_ui::field::{Choice, FieldKind as Control, FieldView};
use kawasemi_ui::{Component, Icon, SafeHtml};

use self::target::{Target, VALUE};
use super::areas;
use super::asked::Asked;
use super::opened::{MAP, Opened, style};
use super::sent;
use crate::problem::Problem;
use crate::request::Cx;

/// The name under which the property is sent.
const FIELD: &str = "c_field";
/// The name under which the way to compare is sent.
const WAY: &str = "c_way";

/// A condition of a list, and the list without it.
pub struct Part {
    /// What it says.
    pub words: String,
    /// What is asked without it.
    pub without: Asked,
}

/// What narrows a list, one by one: the conditions of its box, then areas. None of a box that is no CQL2: the list says so itself.
pub async fn parts(cx: &Cx, opened: &Opened, asked: &Asked) -> Result<Vec<Part>, Problem> {
    let mut parts = of_box(cx, opened, asked).await?;
    for (index, words) in areas::names(cx, asked).await?.into_iter().enumerate() {
        parts.push(Part { words, without: asked.with(|asked| drop(asked.within.remove(index))) });
    }
    Ok(parts)
}

async fn of_box(cx: &Cx, opened: &Opened, asked: &Asked) -> Result<Vec<Part>, Problem> {
    if asked.filter.is_empty() {
        return Ok(Vec::new());
    }
    let Ok(whole) = parse_text(&asked.filter, Limits::OUTSIDE) else { return Ok(Vec::new()) };
    let all = whole.conjuncts();
    let mut labels = Labels::new();
    for (ledger, id) in all.iter().flat_map(|part| words::records(opened, part)) {
        labels.extend(cx.ledgers().labels_of(cx.context(), &ledger, &[id]).await?);
    }
    let style = style().with_labels(&labels);
    let part = |(index, part): (usize, &Ast)| {
        let others = all.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, part)| part);
        let others = joined(others.map(text_of));
        Part { words: words::of(opened, part, &style), without: asked.with(|asked| asked.filter = others) }
    };
    Ok(all.iter().enumerate().map(part).collect())
}

/// A whole condition in words, without looking up the names of records; the CQL2 of what has no words.
pub fn said(opened: &Opened, filter: &str) -> String {
    let Ok(whole) = parse_text(filter, Limits::OUTSIDE) else { return filter.to_owned() };
    whole.conjuncts().iter().map(|part| words::of(opened, part, &style())).collect::<Vec<_>>().join("、")
}

/// The same, narrowed to a stretch of the map (west, south, east, north in degrees) in place of one that was chosen before. Nothing
/// where the condition that is there is no CQL2.
pub fn within(asked: &Asked, geometry: &str, [west, south, east, north]: [f64; 4]) -> Option<Asked> {
    let is_stretch = |part: &&Ast| match part.root().kind() {
        Kind::Op(Op::SIntersects, args) => {
            matches!(args.as_slice(), [one, other]
                if matches!(one.kind(), Kind::Property(name) if name == geometry) && matches!(other.kind(), Kind::BBox(_)))
        }
        _ => false,
    };
    let before = match asked.filter.trim() {
        "" => Vec::new(),
        filter => parse_text(filter, Limits::OUTSIDE).ok()?.conjuncts(),
    };
    let others = before.iter().filter(|part| !is_stretch(part)).map(text_of);
    let stretch = format!("S_INTERSECTS({geometry}, BBOX({west}, {south}, {east}, {north}))");
    let filter = joined(others.chain([stretch]));
    Some(asked.with(|asked| asked.filter = filter))
}

/// Conditions that all must hold, as one text.
fn joined(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" AND ")
}

/// A condition as it can stand beside others.
fn text_of(part: &Ast) -> String {
    if matches!(part.root().kind(), Kind::Op(Op::Or, _)) { format!("({part})") } else { part.to_string() }
}

/// `GET /desk/ledgers/{ledger}/condition`
pub async fn show(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Read)?;
    let asked = Asked::of(cx.path()).with(|_| {});
    let mut entered = Entered::of(&cx, &opened);
    if let Some(target) = entered.target.as_ref().filter(|_| cx.query("add").is_some()) {
        match entered.resolved(&cx, target).await?.and_then(|value| target.cql(&entered.way, &value)) {
            Ok(cql) => {
                let before = parse_text(&asked.filter, Limits::OUTSIDE);
                let before = before.map_or_else(|_| String::new(), |whole| text_of(&whole));
                let narrowed = asked.with(|asked| asked.filter = joined([before, cql]));
                return Ok(Redirect::to(&narrowed.href(&opened.narrowed_at(&cx))).into_response());
            }
            Err(mistake) => entered.mistake = Some(mistake),
        }
    }
    let panel = panel_of(&cx, &opened, (&asked, &opened.narrowed_at(&cx)), &entered, "").await?;
    if cx.is_fragment() {
        return Ok(Html(panel.into_string()).into_response());
    }
    let mistaken = entered.mistake.is_some();
    let site = cx.desk_site("ledgers");
    let page = opened.page(&site, "条件で絞り込む").body(panel);
    if mistaken {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(page.with_mistakes().render())).into_response());
    }
    Ok(Html(page.render()).into_response())
}

/// The panel in a list whose condition has a mistake.
pub async fn panel(cx: &Cx, opened: &Opened, asked: &Asked, mistake: &str) -> Result<SafeHtml, Problem> {
    panel_of(cx, opened, (asked, &opened.href()), &Entered::default(), mistake).await
}

/// What opens the panel: in its place where there is a script, as a page where there is none.
/// The condition leads to `base`, the list or the map.
pub fn opener(opened: &Opened, asked: &Asked, base: &str) -> SafeHtml {
    let href = asked.with(|_| {}).href(&opened.at("condition"));
    let href = SafeHtml::escape(opened.leading_back(&href, base));
    let label = if asked.filter.is_empty() { "条件で絞り込む" } else { "条件を加える・直す" };
    SafeHtml::trusted(format!(
        "<a class=\"button button-quiet\" href=\"{href}\" hx-get=\"{href}\" hx-target=\"#narrow\" hx-swap=\"outerHTML\" data-shortcut=\"x\" data-shortcut-label=\"{label}\">{}{label}</a>",
        Icon::Filter
    ))
}

/// A condition in the making.
#[derive(Default)]
struct Entered {
    target: Option<Target>,
    way: String,
    value: String,
    /// The records to choose from, where the property refers to few or a name means several.
    options: Option<Vec<Choice>>,
    mistake: Option<String>,
}

impl Entered {
    fn of(cx: &Cx, opened: &Opened) -> Self {
        let text = |name: &str| cx.query(name).unwrap_or_default();
        let target = Target::find(opened, &text(FIELD));
        // Where only the property was chosen, what stood beside it belongs to the one before.
        let is_whole = cx.query("add").is_some();
        let of_whole = |name: &str| if is_whole { text(name) } else { String::new() };
        Self { target, way: of_whole(WAY), value: of_whole(VALUE), ..Self::default() }
    }

    /// The value, of a reference the id: without a script a name or number is typed.
    async fn resolved(&self, cx: &Cx, target: &Target) -> Result<Result<String, String>, Problem> {
        let Some(ledger) = target.refers_to() else { return Ok(Ok(self.value.clone())) };
        let is_id = self.value.parse::<kawasemi_kernel::RecordId>().is_ok();
        if is_id || self.value.is_empty() {
            return Ok(Ok(self.value.clone()));
        }
        let mut found = sent::candidates(cx, ledger, &self.value).await?;
        Ok(match found.len() {
            1 => Ok(found.remove(0).key),
            0 => Err(format!("「{}」に当たる記録が見つかりません。番号か名称の一部を入力してください。", self.value)),
            _ => Err(format!("「{}」に当たる記録がいくつもあります。もっと詳しく入力してください。", self.value)),
        })
    }
}

async fn panel_of(
    cx: &Cx,
    opened: &Opened,
    (asked, base): (&Asked, &str),
    entered: &Entered,
    mistake: &str,
) -> Result<SafeHtml, Problem> {
    let fields = Target::all(opened).into_iter().map(|target| Choice::new(target.name, target.label)).collect();
    let field = FieldView::new(FIELD, "項目", Control::FiscalYear { years: fields });
    let field = field.value(entered.target.as_ref().map(|target| target.name.clone()).unwrap_or_default());
    let mut compare = SafeHtml::EMPTY;
    if let Some(target) = &entered.target {
        let ways = target.ways().into_iter().map(|(key, label)| Choice::new(key, label)).collect();
        let way = if entered.way.is_empty() { target.ways()[0].0 } else { &entered.way };
        let way = FieldView::new(WAY, "比べ方", Control::FiscalYear { years: ways }).value(way).required();
        compare.push(&way.html(Lang::Ja));
        let options = match target.refers_to() {
            Some(ledger) if entered.options.is_none() => sent::few(cx, ledger).await?,
            _ => entered.options.clone(),
        };
        let value = target.control(options).map(|value| value.value(entered.value.clone()));
        if let Some(value) = value {
            let value = entered.mistake.iter().fold(value, FieldView::error);
            compare.push(&value.html(Lang::Ja));
        }
    }
    let mut kept = pairs(asked);
    if base != opened.href() {
        kept.push(("to".to_owned(), MAP.to_owned()));
    }
    let all = if mistake.is_empty() { parts(cx, opened, asked).await? } else { Vec::new() };
    Ok(Panel {
        href: base,
        back: asked.href(base),
        action: opened.at("condition"),
        kept,
        kept_without_filter: pairs(&asked.with(|asked| asked.filter.clear())),
        parts: all.into_iter().map(|part| (part.words, part.without.href(base))).collect(),
        field: field.html(Lang::Ja),
        compare,
        filter: &asked.filter,
        mistake,
        names: super::list_bar::names(opened),
    }
    .html())
}

fn pairs(asked: &Asked) -> Vec<(String, String)> {
    url::form_urlencoded::parse(asked.query().as_bytes()).into_owned().collect()
}

#[derive(Template)]
#[template(path = "ledgers/condition.html")]
struct Panel<'a> {
    href: &'a str,
    back: String,
    action: String,
    kept: Vec<(String, String)>,
    kept_without_filter: Vec<(String, String)>,
    /// Words of each condition, and the list without it.
    parts: Vec<(String, String)>,
    field: SafeHtml,
    compare: SafeHtml,
    filter: &'a str,
    mistake: &'a str,
    names: Vec<(String, String, &'static str)>,
}
