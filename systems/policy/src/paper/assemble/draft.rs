//! The paper as far as it has been read: where the reader stands in it, and what it has remarked.

mod closing;

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;

use super::super::clean::{ends_sentence, is_bullet, name, strip_numbering};
use super::super::markup::PlainText;
use super::super::warning::{Warning, WarningKind, quoted};
use super::super::{Paper, PaperDepartment, PaperInitiative, fold_title};
use crate::kernel::fiscal::FiscalYear;

/// Where the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before any department.
    Before,
    /// In the department of this index.
    Department(usize),
    /// Under a label without a name.
    Nameless,
    /// Before any department, in a table whose rows name it.
    InRows,
}

/// What a lone text could continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LastText {
    /// Nothing.
    None,
    /// A text that stops within a sentence.
    Open,
    /// A text that ends with a sentence.
    Sentence,
}

/// The text read last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Nothing,
    BasicIdea,
    Initiative(usize),
}

pub(super) struct Draft {
    pub(super) paper: Paper,
    place: Place,
    theme: String,
    last: Last,
    /// Folded names of departments to their index.
    departments: HashMap<String, usize>,
    /// Folded names of known themes to their spelling.
    themes: HashMap<String, String>,
    /// The themes of the paper so far.
    stated_themes: HashSet<String>,
    /// Those that were not known before, in order.
    new_themes: Vec<String>,
    /// Themes that stood in a row: department, theme, line.
    theme_rows: Vec<(usize, String, usize)>,
    /// Basic ideas so far, since a flat table repeats them in each row.
    basic_ideas: HashSet<(usize, String)>,
    /// The kinds of remark made so far.
    kinds: HashSet<WarningKind>,
}

impl Draft {
    pub(super) fn new(known_themes: &[&str]) -> Self {
        let themes = known_themes.iter().map(|theme| (fold_title(theme), (*theme).to_owned())).collect();
        Self {
            paper: Paper::default(),
            place: Place::Before,
            theme: String::new(),
            last: Last::Nothing,
            departments: HashMap::new(),
            themes,
            stated_themes: HashSet::new(),
            new_themes: Vec::new(),
            theme_rows: Vec::new(),
            basic_ideas: HashSet::new(),
            kinds: HashSet::new(),
        }
    }

    pub(super) fn warn(&mut self, warning: Warning) {
        self.kinds.insert(warning.kind);
        self.paper.warnings.push(warning);
    }

    /// Warns unless a remark of this kind has been made.
    pub(super) fn warn_once(&mut self, warning: Warning) {
        if !self.kinds.contains(&warning.kind) {
            self.warn(warning);
        }
    }

    pub(super) fn titled(&mut self, title: &str, fiscal_year: Option<FiscalYear>, line: usize) {
        let known = &mut self.paper.title;
        if known.is_empty() {
            *known = title.to_owned();
        } else if !known.contains("方針") && title.contains("方針") {
            // The year stood on a line of its own.
            *known = format!("{known} {title}");
        }
        match (self.paper.fiscal_year, fiscal_year) {
            (None, found) => self.paper.fiscal_year = found,
            (Some(first), Some(other)) if first != other => {
                let message = format!(
                    "ページの見出しの年度（{}）が、はじめの見出し（{}）と違います。はじめの年度として読みました。",
                    other.label(),
                    first.label()
                );
                self.warn(Warning::about(line, WarningKind::FiscalYear, message, title));
            }
            _ => {}
        }
    }

    pub(super) fn dated(&mut self, date: Option<Date>, line: usize) {
        match (self.paper.dated, date) {
            (None, Some(date)) => self.paper.dated = Some(date),
            (None, None) => self.warn_once(Warning::new(line, WarningKind::Date, "作成日を日付として読み取れません。")),
            (Some(first), Some(other)) if first != other => {
                let message = format!(
                    "ページの作成日（{other}）が、はじめのページ（{first}）と違います。はじめの日付として読みました。"
                );
                self.warn_once(Warning::new(line, WarningKind::Date, message));
            }
            _ => {}
        }
    }

    pub(super) fn has_department(&self) -> bool {
        matches!(self.place, Place::Department(_))
    }

    /// Whether any initiative has been read where the reader stands.
    pub(super) fn has_table(&self) -> bool {
        self.current().is_some_and(|department| !department.initiatives.is_empty())
    }

    pub(super) fn departments_are_in_rows(&mut self) {
        self.place = Place::InRows;
    }

    /// Leaves the department: what follows must not be taken for its own.
    pub(super) fn close_department(&mut self) {
        self.place = Place::Nameless;
        self.theme.clear();
        self.last = Last::Nothing;
    }

    /// Begins a department, or goes on with one that a page break interrupted.
    pub(super) fn enter_department(&mut self, line: usize, written: &str) {
        let name = without_continuation_mark(written);
        if name.is_empty() {
            let message = "部局名が空欄です。次の部局名までの取り組みは取り込めません。";
            self.warn(Warning::new(line, WarningKind::NoDepartment, message));
            return self.close_department();
        }
        let key = fold_title(name);
        match self.departments.get(&key).copied() {
            Some(index) if self.place == Place::Department(index) => return,
            Some(index) => {
                let message = format!("部局{}が離れた所にもう一度出てきます。1つの部局にまとめました。", quoted(name));
                self.warn(Warning::new(line, WarningKind::RepeatedDepartment, message));
                self.place = Place::Department(index);
            }
            None => {
                self.paper.departments.push(PaperDepartment { name: name.to_owned(), line, ..Default::default() });
                let index = self.paper.departments.len() - 1;
                self.departments.insert(key, index);
                self.place = Place::Department(index);
            }
        }
        self.theme.clear();
        self.last = Last::Nothing;
    }

    /// Whether basic ideas may come: a department has begun and its table has not.
    pub(super) fn awaits_basic_ideas(&self) -> bool {
        self.current().is_some_and(|department| department.initiatives.is_empty()) && self.theme.is_empty()
    }

    pub(super) fn basic_idea(&mut self, line: usize, cell: &PlainText) {
        if cell.is_empty() {
            return;
        }
        let Place::Department(index) = self.place else {
            let text = cell.text();
            let message = format!("どの部局のものか分からない基本的考え方です。取り込んでいません。{}", quoted(&text));
            return self.warn(Warning::about(line, WarningKind::NoDepartment, message, text));
        };
        for item in cell.items() {
            if self.basic_ideas.insert((index, item.clone())) {
                self.paper.departments[index].basic_ideas.push(item);
            }
        }
        self.last = Last::BasicIdea;
    }

    /// A further line of basic ideas: the rest of the last one, or one more.
    pub(super) fn basic_idea_continued(&mut self, line: usize, cell: &PlainText) {
        let text = cell.text();
        let is_rest = self.last_text() == LastText::Open && !text.starts_with(is_bullet);
        if !(is_rest && self.continue_text(line, &text, "")) {
            self.basic_idea(line, cell);
        }
    }

    pub(super) fn knows_theme(&self, text: &str) -> bool {
        self.themes.contains_key(&fold_title(strip_numbering(text)))
    }

    pub(super) fn enter_theme(&mut self, line: usize, written: &str) {
        if matches!(written.trim(), "〃" | "″" | "\"" | "同上" | "々") {
            return;
        }
        let written = name(strip_numbering(&written.replace('\n', "")));
        let key = fold_title(&written);
        let theme = match (self.themes.get(&key), self.broken_theme(&written)) {
            (Some(theme), _) => theme.clone(),
            (None, Some(theme)) => {
                self.mend_theme(&theme);
                theme
            }
            (None, None) => {
                self.remark_on_new_theme(line, &written);
                self.themes.insert(key, written.clone());
                self.new_themes.push(written.clone());
                written
            }
        };
        if self.stated_themes.insert(theme.clone()) {
            self.paper.themes.push(theme.clone());
        }
        if let Place::Department(index) = self.place {
            self.theme_rows.push((index, theme.clone(), line));
        }
        self.theme = theme;
        self.last = Last::Nothing;
    }

    fn remark_on_new_theme(&mut self, line: usize, written: &str) {
        const ALIKE: f64 = 0.7;
        // A paper has a handful of themes; the bound stops a hostile one from comparing each with all.
        const COMPARED: usize = 50;
        let likeness = |known: &String| strsim::normalized_levenshtein(known, written);
        let known = self.themes.values().take(COMPARED).filter(|known| likeness(known) >= ALIKE);
        let near = known.max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
        let hint =
            near.map(|near| format!("{}の書き誤りなら、方針書を直してもう一度取り込んでください。", quoted(near)));
        let message = format!(
            "{}は、これまでにない重点項目です。新しい重点項目として取り込みます。{}",
            quoted(written),
            hint.unwrap_or_default()
        );
        self.warn(Warning::new(line, WarningKind::NewTheme, message));
    }

    /// The known theme of which the last theme was the beginning and this is the rest: a name that was broken over the rows
    /// of its cell.
    fn broken_theme(&self, rest: &str) -> Option<String> {
        self.new_themes.last().filter(|last| **last == self.theme)?;
        self.themes.get(&fold_title(&format!("{}{rest}", self.theme))).cloned()
    }

    /// Puts the whole name of a theme in the place of its beginning, and takes back what was said of it.
    fn mend_theme(&mut self, whole: &str) {
        let Some(beginning) = self.new_themes.pop() else { return };
        self.themes.remove(&fold_title(&beginning));
        self.stated_themes.remove(&beginning);
        self.paper.themes.retain(|theme| *theme != beginning);
        self.theme_rows.iter_mut().filter(|row| row.1 == beginning).for_each(|row| whole.clone_into(&mut row.1));
        let initiatives = self.paper.departments.iter_mut().flat_map(|department| &mut department.initiatives);
        initiatives.filter(|one| one.theme == beginning).for_each(|one| whole.clone_into(&mut one.theme));
        let said = format!("{}は、これまでにない重点項目です。", quoted(&beginning));
        self.paper.warnings.retain(|warning| !warning.message.starts_with(&said));
    }

    /// Adds an initiative under the current theme.
    pub(super) fn initiative(&mut self, initiative: PaperInitiative) {
        let PaperInitiative { title, summary, line, .. } = &initiative;
        let line = *line;
        if !self.has_department() {
            let message = format!(
                "部局名より前にある取り組みです。どの部局のものか分からないので取り込んでいません。{}",
                quoted(title)
            );
            let text = format!("{title}\t{summary}");
            return self.warn(Warning::about(line, WarningKind::NoDepartment, message, text));
        }
        if summary.is_empty() {
            let message = format!("取り組み{}に概要がありません。", quoted(title));
            self.warn(Warning::new(line, WarningKind::NoSummary, message));
        }
        if self.theme.is_empty() {
            let message = format!("取り組み{}に重点項目がありません。重点項目なしで取り込みます。", quoted(title));
            self.warn(Warning::new(line, WarningKind::NoTheme, message));
        }
        let theme = self.theme.clone();
        if let Some(department) = self.current_mut() {
            department.initiatives.push(PaperInitiative { theme, ..initiative });
            self.last = Last::Initiative(department.initiatives.len() - 1);
        }
    }

    /// Whether the last text is an outline that stops within a sentence.
    pub(super) fn is_within_outline(&self) -> bool {
        matches!(self.last, Last::Initiative(_)) && self.last_text() == LastText::Open
    }

    pub(super) fn forget_last_text(&mut self) {
        self.last = Last::Nothing;
    }

    pub(super) fn last_text(&self) -> LastText {
        match self.last_text_ref() {
            None => LastText::None,
            Some(text) if text.is_empty() || ends_sentence(text) => LastText::Sentence,
            Some(_) => LastText::Open,
        }
    }

    /// Joins a text to the one before it, if there is one: at once where that stops within a sentence, else as a paragraph.
    pub(super) fn continue_text(&mut self, line: usize, text: &str, glue: &str) -> bool {
        let is_open = self.last_text() == LastText::Open;
        let subject = match (self.last, self.current()) {
            (Last::Initiative(index), Some(department)) => quoted(&department.initiatives[index].title),
            (Last::BasicIdea, Some(department)) => format!("{}の基本的考え方", quoted(&department.name)),
            _ => return false,
        };
        let Some(last) = self.last_text_mut() else { return false };
        if !last.is_empty() {
            last.push_str(if is_open { glue } else { "\n" });
        }
        last.push_str(text);
        let message = format!("前の{subject}の続きとして取り込みました。{}", quoted(text));
        self.warn(Warning::about(line, WarningKind::Joined, message, text));
        true
    }

    fn last_text_ref(&self) -> Option<&String> {
        let department = self.current()?;
        match self.last {
            Last::Nothing => None,
            Last::BasicIdea => department.basic_ideas.last(),
            Last::Initiative(index) => department.initiatives.get(index).map(|initiative| &initiative.summary),
        }
    }

    fn last_text_mut(&mut self) -> Option<&mut String> {
        let last = self.last;
        let department = self.current_mut()?;
        match last {
            Last::Nothing => None,
            Last::BasicIdea => department.basic_ideas.last_mut(),
            Last::Initiative(index) => department.initiatives.get_mut(index).map(|initiative| &mut initiative.summary),
        }
    }

    fn current(&self) -> Option<&PaperDepartment> {
        match self.place {
            Place::Department(index) => self.paper.departments.get(index),
            _ => None,
        }
    }

    fn current_mut(&mut self) -> Option<&mut PaperDepartment> {
        match self.place {
            Place::Department(index) => self.paper.departments.get_mut(index),
            _ => None,
        }
    }
}

/// A department's name without the mark that says that it goes on from the page before.
fn without_continuation_mark(name: &str) -> &str {
    const MARKS: [&str; 6] = ["（続き）", "(続き)", "（つづき）", "(つづき)", "（続）", "(続)"];
    MARKS.iter().find_map(|mark| name.strip_suffix(mark)).unwrap_or(name).trim_end()
}
