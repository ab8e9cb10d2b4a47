//! What can only be said when the whole paper has been read: gaps, themes without initiatives, names used twice, the year.

use std::collections::{HashMap, HashSet};

use super::super::super::warning::{Warning, WarningKind, quoted};
use super::super::super::{Paper, fold_title};
use super::Draft;
use crate::kernel::fiscal::FiscalYear;

impl Draft {
    /// The paper, with the remarks that only the whole allows, in the order of the lines.
    pub(in super::super) fn finish(mut self) -> Paper {
        self.remark_on_gaps();
        self.remark_on_empty_themes();
        self.number_duplicates();
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

    /// Numbers names that a department uses twice under one theme, so that each has a name of its own.
    fn number_duplicates(&mut self) {
        for department in &mut self.paper.departments {
            let mut seen: HashMap<(String, String), usize> = HashMap::new();
            for initiative in &mut department.initiatives {
                let count = seen.entry((initiative.theme.clone(), fold_title(&initiative.title))).or_default();
                *count += 1;
                if *count == 1 {
                    continue;
                }
                let message = format!(
                    "部局{}の重点項目{}に同じ名前の取り組み{}が{count}回あります。番号を付けて取り込みます。",
                    quoted(&department.name),
                    quoted(&initiative.theme),
                    quoted(&initiative.title),
                );
                self.paper.warnings.push(Warning::new(initiative.line, WarningKind::Duplicate, message));
                initiative.title = format!("{}（{count}）", initiative.title);
            }
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
