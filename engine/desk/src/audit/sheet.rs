//! A report as rows: the same on the screen, on paper and as CSV.

use axum::response::{Html, IntoResponse, Response};
use http::header;
use kawasemi_kernel::Lang;
use kawasemi_kernel::context::civil_date;
use kawasemi_kernel::csv_safe::guard;
use kawasemi_ui::button::{self, LinkButton};
use kawasemi_ui::notice::{Empty, Notice};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml};

use super::{page, site};
use crate::ledgers::disposition;
use crate::request::Cx;
use crate::view::note;

/// A cell: its text, and where it leads on the screen.
pub struct Cell {
    text: String,
    href: Option<String>,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), href: None }
    }
}

impl Cell {
    /// A cell that leads somewhere.
    pub fn link(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self { text: text.into(), href: Some(href.into()) }
    }
}

/// A report.
pub struct Sheet {
    /// Its name.
    pub title: &'static str,
    /// What it shows, in a sentence.
    pub lead: String,
    /// Its columns: key, name, how cells stand.
    pub columns: Vec<(&'static str, &'static str, Align)>,
    /// Its rows.
    pub rows: Vec<Vec<Cell>>,
    /// What is said when there are none.
    pub none: &'static str,
    /// What must be known to read it.
    pub remark: &'static str,
    /// Something to say above it.
    pub notice: Option<Notice>,
}

impl Sheet {
    /// Answers it: as a file where the address asks for one, else as a page with a form above.
    pub fn answer(self, cx: &Cx, form: SafeHtml, csv: &str) -> Response {
        if cx.query("format").as_deref() == Some("csv") {
            return self.file(cx);
        }
        let mut body = form;
        if self.rows.is_empty() {
            body.push(&Empty::new(self.none).html());
        } else {
            body.push(&self.table());
        }
        body.push(&note(self.remark));
        let site = site(cx);
        let buttons = button::row([
            LinkButton::new("CSVで保存", csv).icon(Icon::Download).download().html(),
            button::print("印刷する"),
        ]);
        let mut page = page(&site, self.title).lead(self.lead).actions(buttons).body(body);
        if let Some(notice) = self.notice {
            page = page.notice(notice);
        }
        Html(page.render()).into_response()
    }

    fn table(&self) -> SafeHtml {
        let columns = self.columns.iter().map(|(key, label, align)| Column::new(*key, *label).align(*align)).collect();
        let cell = |cell: &Cell| match &cell.href {
            Some(href) => SafeHtml::link(href, &cell.text),
            None => SafeHtml::or_dash(&cell.text),
        };
        let rows = self.rows.iter().map(|row| Row::new(row.iter().map(cell).collect())).collect();
        Table::new(Lang::Ja, self.title, columns, rows).html()
    }

    fn file(&self, cx: &Cx) -> Response {
        let mut text = String::from("\u{feff}");
        line(&mut text, self.columns.iter().map(|(_, label, _)| *label));
        for row in &self.rows {
            line(&mut text, row.iter().map(|cell| cell.text.as_str()));
        }
        let day = civil_date(cx.context().act.at).strftime("%Y%m%d").to_string();
        let headers = [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, disposition("attachment", &format!("{}_{day}.csv", self.title))),
        ];
        (headers, text).into_response()
    }
}

fn line<'a>(text: &mut String, cells: impl Iterator<Item = &'a str>) {
    for (n, cell) in cells.enumerate() {
        if n > 0 {
            text.push(',');
        }
        text.push('"');
        text.push_str(&guard(cell).replace('"', "\"\""));
        text.push('"');
    }
    text.push_str("\r\n");
}
