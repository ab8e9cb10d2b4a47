//! The initiatives of a paper: which is added, which corrected, where a clerk's word stays, and which the paper names no more.

use super::super::register::text;
use super::super::remark::{ImportKind, Remark};
use super::super::settle::{Settled, settle};
use super::{Act, Left, PlannedInitiative, Planner, Written, field_label, order, reason_for};
use crate::kernel::RecordId;
use crate::ledger::Draft;
use crate::paper::matching::{Change, ChangedField, Known, Plan, Position};
use crate::paper::{PaperDepartment, PaperInitiative, fold_title};
use crate::records::Initiative;

impl Planner<'_> {
    pub(super) fn initiatives(&mut self, known: &[Initiative], matched: Plan<usize>) {
        let mut found: Vec<(Position, Option<usize>)> = matched.added.iter().map(|at| (*at, None)).collect();
        found.extend(matched.updated.iter().map(|update| (update.position, Some(update.id))));
        found.extend(matched.unchanged.iter().map(|(id, at)| (*at, Some(*id))));
        found.sort_unstable();
        let orders = self.orders(&found, known);
        for ((position, partner), order) in found.into_iter().zip(orders) {
            let Some((department, stated)) = self.paper.at(position) else { continue };
            let planned = match partner {
                _ if self.planned.departments[position.department].record == Written::Refused => {
                    PlannedInitiative { act: Act::LeaveOut, ..self.blank(position, department, stated) }
                }
                None => self.addition(position, department, stated, order),
                Some(index) => self.correction(position, department, stated, &known[index]),
            };
            self.planned.initiatives.push(planned);
        }
        for index in matched.missing {
            let one = &known[index];
            let department = self.register.name(one.department);
            let message = format!(
                "「{department}」の取り組み「{}」は台帳にありますが、この方針書にはありません。削除はしていません。やめた取り組みなら「中止」か「廃止」にしてください。",
                one.title
            );
            self.remark(Remark::new(None, ImportKind::Missing, message));
            self.planned.left.push(Left { id: one.id, department, title: one.title.clone() });
        }
    }

    /// A known initiative as the last paper named it, else as it is.
    pub(super) fn side(&self, id: usize, one: &Initiative) -> Known<usize> {
        let said = |paper: &Option<String>, now: String| paper.clone().unwrap_or(now);
        Known {
            id,
            department: said(&one.paper_department, self.register.name(one.department)),
            theme: said(&one.paper_theme, self.register.theme_name(one.theme)),
            title: said(&one.paper_title, one.title.clone()),
            summary: said(&one.paper_summary, one.summary.clone()),
        }
    }

    /// The place of each initiative in the order: a known one keeps its own, a new one goes behind its neighbour.
    fn orders(&self, found: &[(Position, Option<usize>)], known: &[Initiative]) -> Vec<i64> {
        if found.iter().all(|(_, partner)| partner.is_none()) {
            return (0..found.len()).map(order).collect();
        }
        let mut last = 0;
        let place = |(_, partner): &(Position, Option<usize>)| {
            last = partner.map_or(last + 1, |index| known[index].sort_order);
            last
        };
        found.iter().map(place).collect()
    }

    fn blank(&self, position: Position, department: &PaperDepartment, stated: &PaperInitiative) -> PlannedInitiative {
        PlannedInitiative {
            position,
            line: stated.line,
            department: department.name.clone(),
            theme: stated.theme.clone(),
            title: stated.title.clone(),
            act: Act::None,
            changes: Vec::new(),
            kept: Vec::new(),
            record: None,
            draft: Draft::new(),
            sets_department: false,
            sets_theme: false,
        }
    }

    fn addition(
        &mut self,
        position: Position,
        department: &PaperDepartment,
        stated: &PaperInitiative,
        order: i64,
    ) -> PlannedInitiative {
        let mut planned = PlannedInitiative {
            act: Act::Add,
            sets_department: true,
            sets_theme: !stated.theme.is_empty(),
            ..self.blank(position, department, stated)
        };
        planned.draft.set("fiscal_year", i64::from(self.planned.fiscal_year));
        planned.draft.set("sort_order", order);
        planned.draft.set("title", text(&stated.title));
        planned.draft.set("summary", text(&stated.summary));
        if let Some(section) = self.section(position, stated) {
            planned.draft.set("section", section);
        }
        said_by_paper(&mut planned.draft, department, stated);
        planned
    }

    fn correction(
        &mut self,
        position: Position,
        department: &PaperDepartment,
        stated: &PaperInitiative,
        known: &Initiative,
    ) -> PlannedInitiative {
        let mut planned =
            PlannedInitiative { record: Some((known.id, known.revision)), ..self.blank(position, department, stated) };
        self.correct_places(&mut planned, department, stated, known);
        let (title, summary) = (Some(known.title.clone()), Some(known.summary.clone()).filter(|text| !text.is_empty()));
        for (field, key, last, now, stated) in [
            (ChangedField::Title, "title", &known.paper_title, title, &stated.title),
            (ChangedField::Summary, "summary", &known.paper_summary, summary, &stated.summary),
        ] {
            if stated.is_empty() {
                continue;
            }
            match settle(last.as_ref(), now.as_ref(), stated) {
                Settled::Stays => {}
                Settled::Kept | Settled::Differs => planned.kept.push(field),
                Settled::Taken => {
                    planned.draft.set(key, text(stated));
                    let change = Change { field, before: now.unwrap_or_default(), after: stated.clone() };
                    planned.changes.push(change);
                }
            }
        }
        if !planned.kept.is_empty() {
            self.remark_on_kept(&planned, department, stated);
        }
        let noted = [
            (&known.paper_department, &department.name),
            (&known.paper_theme, &stated.theme),
            (&known.paper_title, &stated.title),
            (&known.paper_summary, &stated.summary),
        ];
        let is_noted = noted.iter().all(|(last, stated)| last.as_deref().unwrap_or_default() == stated.as_str());
        planned.act = match (planned.changes.is_empty(), is_noted) {
            (false, _) => Act::Update,
            (true, false) => Act::Note,
            (true, true) => Act::None,
        };
        if known.published && planned.act == Act::Update {
            planned.draft.set("change_reason", reason_for(known.version, &self.planned.file));
        }
        said_by_paper(&mut planned.draft, department, stated);
        planned
    }

    /// Moves an initiative to the department and theme of the paper, unless a clerk had moved it.
    fn correct_places(
        &mut self,
        planned: &mut PlannedInitiative,
        department: &PaperDepartment,
        stated: &PaperInitiative,
        known: &Initiative,
    ) {
        let folded = |name: &str| Some(fold_title(name)).filter(|name| !name.is_empty());
        let now = self.register.name(known.department);
        let last = known.paper_department.as_deref().and_then(folded);
        let is_there = self.planned.departments[planned.position.department].record
            == known.department.map_or(Written::Refused, Written::Found);
        match settle(last.as_ref(), folded(&now).as_ref(), &fold_title(&department.name)) {
            Settled::Stays => {}
            _ if is_there => {}
            Settled::Kept | Settled::Differs => planned.kept.push(ChangedField::Department),
            Settled::Taken => {
                planned.sets_department = true;
                let after = department.name.clone();
                planned.changes.push(Change { field: ChangedField::Department, before: now, after });
            }
        }
        if stated.theme.is_empty() {
            return;
        }
        let now = self.register.theme_name(known.theme);
        let last = known.paper_theme.as_deref().and_then(folded);
        match settle(last.as_ref(), folded(&now).as_ref(), &fold_title(&stated.theme)) {
            Settled::Stays => {}
            Settled::Kept | Settled::Differs => planned.kept.push(ChangedField::Theme),
            Settled::Taken => {
                planned.sets_theme = true;
                let after = stated.theme.clone();
                planned.changes.push(Change { field: ChangedField::Theme, before: now, after });
            }
        }
    }

    fn remark_on_kept(&mut self, planned: &PlannedInitiative, department: &PaperDepartment, stated: &PaperInitiative) {
        let fields: Vec<&str> = planned.kept.iter().map(|field| field_label(*field)).collect();
        let message = format!(
            "「{}」の取り組み「{}」の{}は、職員が書いた内容があるため、そのまま残しました。方針書に合わせるときは、取り組みの画面で直してください。",
            department.name,
            stated.title,
            fields.join("・")
        );
        let said = planned.kept.iter().map(|field| match field {
            ChangedField::Department => department.name.as_str(),
            ChangedField::Theme => &stated.theme,
            ChangedField::Title => &stated.title,
            ChangedField::Summary => &stated.summary,
        });
        let said = said.collect::<Vec<_>>().join("\n");
        self.remark(Remark::new(Some(stated.line), ImportKind::Kept, message).about(said));
    }

    /// The section in charge, where the paper has a column for it.
    fn section(&mut self, position: Position, stated: &PaperInitiative) -> Option<RecordId> {
        let (Written::Found(department) | Written::Renamed(department)) =
            self.planned.departments[position.department].record
        else {
            return None;
        };
        let named = stated.extras.iter().find(|extra| {
            let label = extra.label.as_str();
            label.ends_with("課") || label.ends_with("課名") || label.ends_with("担当")
        })?;
        let name = named.text.trim();
        let found = self.register.section(department, name);
        if found.is_none() && !name.is_empty() {
            let message = format!(
                "担当課「{name}」が部局台帳のこの部局にないため、担当課は空欄にしました。文は「方針書のその他の列」に残しています。"
            );
            self.remark(Remark::new(Some(stated.line), ImportKind::UnknownSection, message));
        }
        found
    }
}

/// Notes what the paper says.
fn said_by_paper(draft: &mut Draft, department: &PaperDepartment, stated: &PaperInitiative) {
    draft.set("paper_department", text(&department.name));
    draft.set("paper_theme", text(&stated.theme));
    draft.set("paper_title", text(&stated.title));
    draft.set("paper_summary", text(&stated.summary));
    let note = stated.extras.iter().map(|extra| format!("{}：{}", extra.label, extra.text));
    draft.set("paper_note", text(&note.collect::<Vec<_>>().join("\n")));
}
