//! What can only be said when the whole paper has been read: gaps, themes without initiatives, names used twice, the year.

use std::collections::{HashMap, HashSet};

use super::super::super::clean::strip_numbering;
use super::super::super::warning::{Warning, WarningKind, quoted};
use super::super::super::{Paper, fold_title};
use super::Draft;
use crate::kernel::fiscal::FiscalYear;

impl Draft {
    /// The paper, with the remarks that only the whole allows, in the order of the lines.
    pub(in super::super) fn finish(mut self) -> Paper {
        self.remark_on_gaps();
        self.remark_on_empty_themes();
        self.strip_numbers();
        self.settle_duplicates();
        self.settle_fiscal_year();
        self.paper.warnings.sort_by_key(|warning| warning.line);
        self.paper
    }

    fn remark_on_gaps(&mut self) {
        for department in &self.paper.departments {
            let name = quoted(&department.name);
            let mut warn = |kind, message| self.paper.warnings.push(Warning::new(department.line, kind, message));
            if department.basic_ideas.is_empty() {
                warn(WarningKind::NoBasicIdea, format!("部局{name}に基本的考え方がありません。"));
            }
            if department.initiatives.is_empty() {
                warn(WarningKind::NoInitiative, format!("部局{name}に取り組みがありません。"));
            }
        }
    }

    fn remark_on_empty_themes(&mut self) {
        let departments = self.paper.departments.iter().enumerate();
        let served = departments.flat_map(|(index, department)| {
            department.initiatives.iter().map(move |initiative| (index, initiative.theme.clone()))
        });
        let served = served.collect::<HashSet<(usize, String)>>();
        for (index, theme, line) in &self.theme_rows {
            if served.contains(&(*index, theme.clone())) {
                continue;
            }
            let department = &self.paper.departments[*index];
            let message =
                format!("部局{}の重点項目{}に取り組みがありません。", quoted(&department.name), quoted(theme));
            self.paper.warnings.push(Warning::new(*line, WarningKind::EmptyTheme, message));
        }
    }

    /// Takes the numbers off names where nearly every name of the paper has one: they are its layout, and a paper numbered
    /// anew, or not at all, states the same.
    fn strip_numbers(&mut self) {
        let titles = || self.paper.departments.iter().flat_map(|department| &department.initiatives);
        let numbered = titles().filter(|one| strip_numbering(&one.title) != one.title).count();
        if numbered < 3 || numbered * 5 < titles().count() * 4 {
            return;
        }
        for one in self.paper.departments.iter_mut().flat_map(|department| &mut department.initiatives) {
            one.title = strip_numbering(&one.title).to_owned();
        }
    }

    /// Takes what is stated twice once, and numbers names that a department uses twice under one theme for different things, so
    /// that each has a name of its own.
    fn settle_duplicates(&mut self) {
        for department in &mut self.paper.departments {
            let mut seen: HashMap<(String, String), Vec<String>> = HashMap::new();
            let warnings = &mut self.paper.warnings;
            let mut warn = |line, message| warnings.push(Warning::new(line, WarningKind::Duplicate, message));
            let name = quoted(&department.name);
            department.initiatives.retain_mut(|one| {
                let outlines = seen.entry((one.theme.clone(), fold_title(&one.title))).or_default();
                let outline = fold_title(&one.summary);
                if outlines.contains(&outline) {
                    let message = format!("部局{name}に、名前も概要も同じ取り組み{}がもう一度あります。1回だけ取り込みます。", quoted(&one.title));
                    warn(one.line, message);
                    return false;
                }
                outlines.push(outline);
                if outlines.len() > 1 {
                    let (count, theme, title) = (outlines.len(), quoted(&one.theme), quoted(&one.title));
                    warn(
                        one.line,
                        format!("部局{name}の重点項目{theme}に同じ名前の取り組み{title}が{count}回あります。番号を付けて取り込みます。"),
                    );
                    one.title = format!("{}（{count}）", one.title);
                }
                true
            });
        }
    }

    fn settle_fiscal_year(&mut self) {
        if self.paper.fiscal_year.is_some() {
            return;
        }
        let from_date = self.paper.dated.map(FiscalYear::of);
        let message = match from_date {
            Some(year) => format!("見出しに年度がないので、作成日から{}として読みました。", year.label()),
            None => "見出しに年度がありません。取り込むときに年度を指定してください。".to_owned(),
        };
        self.paper.fiscal_year = from_date;
        self.paper.warnings.push(Warning::new(1, WarningKind::FiscalYear, message));
    }
}
