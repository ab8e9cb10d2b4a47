//! Charts and cross tables (グラフ・集計): records of a ledger put together by one field or two.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use kawasemi_kernel::{Decimal, Lang, Value};
use kawasemi_ledger::cross::Group;
use kawasemi_ledger::{CrossRequest, CrossTable, GroupBy, LedgerError, Step};
use kawasemi_schema::{Action, Aggregate, FieldDef, FieldKind};
use kawasemi_ui::chart::{Bar, BarChart, LineChart, Series, StackedChart, StackedRow, Tone};
use kawasemi_ui::field::{Choice, FieldKind as Control, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Empty, Notice, Tone as Mood};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml};

use super::asked::Asked;
use super::cells;
use super::opened::{Look, Opened};
use crate::problem::Problem;
use crate::request::Cx;

/// Most bars; what is beyond stands in the table only.
const BARS: usize = 40;
/// Most segments of a stacked bar.
const SEGMENTS: usize = 7;

/// `GET /desk/ledgers/{ledger}/chart`
pub async fn show(cx: Cx, Path(ledger): Path<String>) -> Result<Response, Problem> {
    let opened = Opened::for_action(&cx, &ledger, Action::Read)?;
    let asked = Asked::of(cx.path());
    let wanted = Wanted::of(&cx, &opened);
    let mut body = opened.looks(Look::Chart, &asked);
    let form = wanted.form(&opened, &asked).html();
    let site = cx.desk_site("ledgers");
    let page = opened.page(&site, format!("{}のグラフ・集計", opened.title()));
    if wanted.by.is_empty() {
        body.push(&form);
        return Ok(Html(page.body(body).render()).into_response());
    }
    let list = asked.request(&opened.def, None);
    let request = CrossRequest { list, by: wanted.by.clone(), aggregate: wanted.aggregate, of: wanted.of.clone() };
    match cx.ledgers().cross_table(cx.context(), &ledger, &request).await {
        Ok(table) => {
            body.push(&beside(&wanted.drawn(&opened, &asked, &table), &form));
            let page = if table.is_partial {
                page.notice(Notice::new(Mood::Warning, "記録や区分が多いため、一部だけを集計しています。"))
            } else {
                page
            };
            Ok(Html(page.body(body).render()).into_response())
        }
        Err(error @ (LedgerError::Filter(_) | LedgerError::UnknownField { .. } | LedgerError::Unsuitable { .. })) => {
            let notice = Notice::new(Mood::Error, "集計できませんでした").text(error.to_string());
            body.push(&form);
            let html = page.notice(notice).body(body).with_mistakes().render();
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(html)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// How records are to be put together.
struct Wanted {
    by: Vec<GroupBy>,
    aggregate: Aggregate,
    of: Option<String>,
    /// `bar`, `line` or `table`.
    look: String,
}

impl Wanted {
    fn of(cx: &Cx, opened: &Opened) -> Self {
        let text = |name: &str| cx.query(name).filter(|text| !text.is_empty());
        let step = match text("step").as_deref() {
            Some("day") => Step::Day,
            Some("month") => Step::Month,
            Some("fiscal-year") => Step::FiscalYear,
            _ => Step::Value,
        };
        let first = text("by").or_else(|| default_group(opened));
        let by = first.into_iter().chain(text("by2")).map(|field| GroupBy { field, step });
        let aggregate = match text("aggregate").as_deref() {
            Some("sum") => Aggregate::Sum,
            Some("average") => Aggregate::Average,
            Some("min") => Aggregate::Min,
            Some("max") => Aggregate::Max,
            _ => Aggregate::Count,
        };
        let of = text("of").filter(|_| aggregate != Aggregate::Count);
        Self { by: by.collect(), aggregate, of, look: text("look").unwrap_or_else(|| "bar".to_owned()) }
    }

    fn form(&self, opened: &Opened, asked: &Asked) -> Form {
        let groups: Vec<Choice> = opened.fields().filter(|f| can_group(f)).map(choice).collect();
        let figures: Vec<Choice> = opened.fields().filter(|f| is_figure(f)).map(choice).collect();
        let chosen = |index: usize| self.by.get(index).map(|by| by.field.clone()).unwrap_or_default();
        let pick = |pairs: &[(&str, &str)]| Control::Choice {
            choices: pairs.iter().map(|(key, label)| Choice::new(*key, *label)).collect(),
        };
        let step = match self.by.first().map(|by| by.step) {
            Some(Step::Day) => "day",
            Some(Step::FiscalYear) => "fiscal-year",
            _ => "month",
        };
        let aggregate = match self.aggregate {
            Aggregate::Count => "count",
            Aggregate::Sum => "sum",
            Aggregate::Average => "average",
            Aggregate::Min => "min",
            Aggregate::Max => "max",
        };
        let mut fields = vec![
            FieldView::new("by", "見出し（縦）", Control::FiscalYear { years: groups.clone() })
                .value(chosen(0))
                .required(),
            FieldView::new("by2", "見出し（横・任意）", Control::FiscalYear { years: groups }).value(chosen(1)),
            FieldView::new("step", "日付のまとめ方", pick(&[("day", "日"), ("month", "月"), ("fiscal-year", "年度")]))
                .value(step)
                .required(),
        ];
        if !figures.is_empty() {
            let kinds = [("count", "件数"), ("sum", "合計"), ("average", "平均"), ("min", "最小"), ("max", "最大")];
            fields.push(FieldView::new("aggregate", "集計", pick(&kinds)).value(aggregate).required());
            let of = self.of.clone().unwrap_or_default();
            fields.push(
                FieldView::new("of", "集計する項目", Control::FiscalYear { years: figures })
                    .hint("件数のときは不要です。")
                    .value(of),
            );
        }
        let looks = pick(&[("bar", "棒"), ("line", "折れ線"), ("table", "表だけ")]);
        fields.push(FieldView::new("look", "描き方", looks).value(self.look.clone()).required());
        let form = Form::new(Lang::Ja, opened.at("chart")).get().fields(fields).submit("集計する").plain();
        let kept = asked.with(|asked| asked.columns.clear()).query();
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(kept.as_bytes()).into_owned().collect();
        pairs.into_iter().fold(form, |form, (name, value)| form.hidden(name, value))
    }

    /// What the figures are.
    fn title(&self, opened: &Opened) -> String {
        let label = |key: &str| opened.field(key).map_or_else(|| key.to_owned(), |field| field.label.ja().to_owned());
        let figure = match (self.aggregate, &self.of) {
            (Aggregate::Sum, Some(of)) => format!("{}の合計", label(of)),
            (Aggregate::Average, Some(of)) => format!("{}の平均", label(of)),
            (Aggregate::Min, Some(of)) => format!("{}の最小", label(of)),
            (Aggregate::Max, Some(of)) => format!("{}の最大", label(of)),
            _ => "件数".to_owned(),
        };
        let by: Vec<String> = self.by.iter().map(|by| label(&by.field)).collect();
        format!("{}別の{figure}", by.join("・"))
    }

    fn drawn(&self, opened: &Opened, asked: &Asked, table: &CrossTable) -> SafeHtml {
        if table.rows.is_empty() {
            return Empty::new("集計する記録がありません").text("条件を外してお試しください。").html();
        }
        let mut html = SafeHtml::EMPTY;
        let is_single = self.by.len() == 1;
        match self.look.as_str() {
            "table" => {}
            "line" => html.push(&self.line(opened, table).html(Lang::Ja)),
            _ if is_single => html.push(&self.bars(opened, asked, table).html()),
            _ if matches!(self.aggregate, Aggregate::Count | Aggregate::Sum) => {
                html.push(&self.stacked(opened, table).html(Lang::Ja));
            }
            _ => {}
        }
        // Charts bring their figures along; the table is for what they can't hold.
        let is_drawn = self.look != "table" && !html.is_empty();
        if !is_drawn || table.rows.len() > BARS || table.columns.len() >= SEGMENTS {
            html.push(&self.cross(opened, table).html());
        }
        if let Some(total) = &table.total {
            html.push(&crate::view::note(&format!("全体：{}", figure(Some(*total), &table.unit))));
        }
        html
    }

    fn label_name(&self, opened: &Opened) -> String {
        let first = self.by.first().and_then(|by| opened.field(&by.field));
        first.map_or_else(|| "区分".to_owned(), |field| field.label.ja().to_owned())
    }

    fn bars(&self, opened: &Opened, asked: &Asked, table: &CrossTable) -> BarChart {
        let bar = |(group, cells): (&Group, &Vec<Option<Decimal>>)| Bar {
            href: self.list_of(opened, asked, group),
            ..Bar::new(name(group), number(cells.first().copied().flatten()).unwrap_or(f64::NAN))
        };
        BarChart {
            title: self.title(opened),
            label_name: self.label_name(opened),
            value_name: "値".to_owned(),
            unit: table.unit.clone(),
            bars: table.rows.iter().zip(&table.cells).take(BARS).map(bar).collect(),
        }
    }

    fn stacked(&self, opened: &Opened, table: &CrossTable) -> StackedChart {
        let shown = table.columns.len().min(SEGMENTS - 1);
        let mut series: Vec<(String, Tone)> =
            table.columns[..shown].iter().enumerate().map(|(n, group)| (name(group), Tone::of_series(n))).collect();
        if table.columns.len() > shown {
            series.push(("その他".to_owned(), Tone::Rest));
        }
        let row = |(group, cells): (&Group, &Vec<Option<Decimal>>)| {
            let values: Vec<f64> = cells.iter().map(|cell| number(*cell).unwrap_or(0.0)).collect();
            let mut own: Vec<f64> = values[..shown].to_vec();
            if values.len() > shown {
                own.push(values[shown..].iter().sum());
            }
            StackedRow { label: name(group), values: own, href: None }
        };
        StackedChart {
            title: self.title(opened),
            label_name: self.label_name(opened),
            unit: table.unit.clone(),
            series,
            rows: table.rows.iter().zip(&table.cells).take(BARS).map(row).collect(),
        }
    }

    fn line(&self, opened: &Opened, table: &CrossTable) -> LineChart {
        let one = |(column, group): (usize, &Group)| Series {
            name: if self.by.len() == 1 { self.title(opened) } else { name(group) },
            values: table.cells.iter().map(|cells| number(cells.get(column).copied().flatten())).collect(),
            target: false,
        };
        LineChart {
            title: self.title(opened),
            label_name: self.label_name(opened),
            unit: table.unit.clone(),
            labels: table.rows.iter().map(name).collect(),
            series: table.columns.iter().enumerate().take(6).map(one).collect(),
        }
    }

    fn cross(&self, opened: &Opened, table: &CrossTable) -> Table {
        let mut columns = vec![Column::new("group", self.label_name(opened))];
        let single = self.by.len() == 1;
        columns.extend(table.columns.iter().enumerate().map(|(n, group)| {
            let label = if single { "値".to_owned() } else { name(group) };
            Column::new(format!("c{n}"), label).align(Align::Number)
        }));
        let row = |(group, cells): (&Group, &Vec<Option<Decimal>>)| {
            let mut all = vec![SafeHtml::escape(name(group))];
            all.extend(cells.iter().map(|cell| SafeHtml::or_dash(&figure(*cell, &table.unit))));
            Row::new(all)
        };
        let rows = table.rows.iter().zip(&table.cells).map(row).collect();
        Table::new(Lang::Ja, self.title(opened), columns, rows).show_caption().wide()
    }

    /// The list of one group, where a facet can say it.
    fn list_of(&self, opened: &Opened, asked: &Asked, group: &Group) -> Option<String> {
        let by = self.by.first()?;
        let value = match &group.value {
            Value::Null => String::new(),
            Value::Text(text) => text.clone(),
            Value::Bool(answer) => answer.to_string(),
            Value::Record(id) => id.to_string(),
            Value::Int(number)
                if matches!(opened.field(&by.field)?.kind, FieldKind::Integer { .. } | FieldKind::FiscalYear) =>
            {
                number.to_string()
            }
            _ => return None,
        };
        let narrowed = asked.with(|asked| asked.facets.push((by.field.clone(), value)));
        Some(narrowed.href(&opened.href()))
    }
}

/// The chart with the form beside it.
fn beside(chart: &SafeHtml, form: &SafeHtml) -> SafeHtml {
    SafeHtml::trusted(format!(
        "<div class=\"with-aside\"><div class=\"stack\">{chart}</div><aside class=\"stack-small no-print\" aria-label=\"集計のしかた\">{form}</aside></div>"
    ))
}

fn choice(field: &FieldDef) -> Choice {
    Choice::new(&field.key, field.label.ja())
}

/// Fields with few enough values to be headings, and dates, which are put together.
fn can_group(field: &FieldDef) -> bool {
    matches!(
        cells::kind(field),
        FieldKind::Choice { .. }
            | FieldKind::Choices { .. }
            | FieldKind::YesNo
            | FieldKind::Reference { .. }
            | FieldKind::Date
            | FieldKind::DateTime
            | FieldKind::YearMonth
            | FieldKind::FiscalYear
            | FieldKind::Integer { .. }
            | FieldKind::Text { .. }
    )
}

fn is_figure(field: &FieldDef) -> bool {
    matches!(cells::kind(field), FieldKind::Integer { .. } | FieldKind::Decimal { .. } | FieldKind::Yen { .. })
}

/// By what a chart is drawn where nothing is said: the first facet, else the first field that can be a heading.
fn default_group(opened: &Opened) -> Option<String> {
    let facet = opened.def.list.facets.iter().find(|key| opened.field(key).is_some_and(can_group)).cloned();
    facet.or_else(|| opened.fields().find(|field| !field.kind.choices().is_empty()).map(|field| field.key.clone()))
}

fn name(group: &Group) -> String {
    if group.value.is_null() { "未入力".to_owned() } else { group.text.clone() }
}

fn number(value: Option<Decimal>) -> Option<f64> {
    value.map(Decimal::to_f64)
}

fn figure(value: Option<Decimal>, unit: &str) -> String {
    number(value).map(|number| format!("{}{unit}", kawasemi_ui::said::grouped(number))).unwrap_or_default()
}
