//! Loads the sample into a city whose departments are in the register. Done once: a city that has initiatives of the
//! sample's year is left as it is.

use std::collections::HashMap;

use futures::future::BoxFuture;

use super::{FISCAL_YEAR, Sample, SampleIndicator, SampleInitiative, sample};
use crate::acts::live;
use crate::definitions::{INDICATOR, INDICATOR_ACTUAL, INITIATIVE, REVIEW, STATEMENT, THEME};
use crate::kernel::{ChildRow, Decimal, Fields, RecordId, Value};
use crate::ledger::{Draft, LedgerError, ListRequest};
use crate::paper::fold_title;
use crate::platform::registry::DEPARTMENT;
use crate::platform::{Report, Work, WorkError};
use crate::records;

/// When the sample's policies were published.
const PUBLISHED_ON: jiff::civil::Date = jiff::civil::date(2021, 5, 17);

/// Loads the sample.
pub fn load(work: Work) -> BoxFuture<'static, Result<Report, WorkError>> {
    Box::pin(async move {
        let of_year = ListRequest::filtered(format!("fiscal_year = {FISCAL_YEAR}"));
        if work.ledgers.count(&work.context, INITIATIVE, &of_year, 1).await?.count > 0 {
            let text = "部局運営方針の見本データは、すでに入っています。".to_owned();
            return Ok(Report { text, json: serde_json::json!({ "initiatives": 0 }) });
        }
        let sample = sample().map_err(|source| WorkError::Failed {
            message: "部局運営方針の見本データを読めません".to_owned(),
            source: Box::new(source),
        })?;
        let mut loading = Loading::new(work, sample).await?;
        loading.themes().await?;
        loading.statements().await?;
        loading.initiatives().await?;
        loading.indicators().await?;
        loading.reviews().await?;
        live::record_all(&loading.work.ledgers, &loading.work.context, None).await?;
        let count = loading.initiatives.len();
        Ok(Report {
            text: format!("部局運営方針の見本データ（取り組み{count}件）を入れました。"),
            json: serde_json::json!({ "initiatives": count }),
        })
    })
}

struct Loading {
    work: Work,
    sample: Sample,
    /// Departments and sections: by folded name, sections under their department's id.
    departments: HashMap<(Option<RecordId>, String), RecordId>,
    themes: HashMap<String, RecordId>,
    /// Initiatives with their department and section, by department and title.
    initiatives: HashMap<(String, String), Owner>,
    done: u64,
}

/// What belongs to an initiative repeats this of it.
#[derive(Clone, Copy)]
struct Owner {
    id: RecordId,
    department: RecordId,
    section: Option<RecordId>,
}

impl Loading {
    async fn new(mut work: Work, sample: Sample) -> Result<Self, LedgerError> {
        work.context = work.context.clone().because("見本データ");
        let rows = records::all(&work.ledgers, &work.context, DEPARTMENT, ListRequest::all()).await?;
        let departments = rows.iter().map(|row| {
            let name = fold_title(row.get("name").as_text().unwrap_or_default());
            ((row.get("parent").as_record(), name), row.id)
        });
        let departments = departments.collect();
        Ok(Self { work, sample, departments, themes: HashMap::new(), initiatives: HashMap::new(), done: 0 })
    }

    async fn create(&mut self, ledger: &str, draft: Draft) -> Result<RecordId, LedgerError> {
        let saved = self.work.ledgers.create(&self.work.context, ledger, draft).await?;
        self.done += 1;
        (self.work.progress)(self.done, None);
        Ok(saved.id)
    }

    /// A department of the register; one that the city lacks is added for the sample's year.
    async fn department(&mut self, name: &str) -> Result<RecordId, LedgerError> {
        let key = (None, fold_title(name));
        if let Some(id) = self.departments.get(&key) {
            return Ok(*id);
        }
        let draft = Draft::new()
            .with("code", format!("policy-{FISCAL_YEAR}-{:02}", self.departments.len() + 1))
            .with("name", name)
            .with("level", "department")
            .with("first_fiscal_year", i64::from(FISCAL_YEAR));
        let id = self.create(DEPARTMENT, draft).await?;
        self.departments.insert(key, id);
        Ok(id)
    }

    async fn themes(&mut self) -> Result<(), LedgerError> {
        for (order, theme) in (1..).zip(self.sample.themes.clone()) {
            let known = ListRequest::filtered(format!("name = '{}'", theme.name.replace('\'', "''")));
            let found = self.work.ledgers.list(&self.work.context, THEME, &known).await?;
            let id = match found.records.first() {
                Some(record) => record.id,
                None => {
                    let draft = Draft::new()
                        .with("name", theme.name.as_str())
                        .with("aim", theme.aim.as_str())
                        .with("sort_order", order * 10)
                        .with("first_fiscal_year", i64::from(FISCAL_YEAR));
                    self.create(THEME, draft).await?
                }
            };
            self.themes.insert(theme.name, id);
        }
        Ok(())
    }

    async fn statements(&mut self) -> Result<(), LedgerError> {
        for (order, idea) in (1..).zip(self.sample.basic_ideas.clone()) {
            let department = self.department(&idea.department).await?;
            let of_department = |one: &&SampleInitiative| one.department == idea.department;
            let budget = |amount: fn(&SampleInitiative) -> Option<i64>| -> i64 {
                self.sample.initiatives.iter().filter(of_department).filter_map(amount).sum()
            };
            let draft = Draft::new()
                .with("fiscal_year", i64::from(FISCAL_YEAR))
                .with("department", department)
                .with("sort_order", order * 100)
                .with("basic_idea", idea.basic_idea.as_str())
                .with("state", "end-review")
                .with("published_on", PUBLISHED_ON)
                .with("budget_initial_yen", budget(|one| one.budget_yen))
                .with("settled_yen", budget(|one| one.actual_yen));
            self.create(STATEMENT, draft).await?;
        }
        Ok(())
    }

    async fn initiatives(&mut self) -> Result<(), LedgerError> {
        for (order, one) in (1..).zip(self.sample.initiatives.clone()) {
            let department = self.department(&one.department).await?;
            let section = self.departments.get(&(Some(department), fold_title(&one.section))).copied();
            let draft = self.initiative_draft(&one, department, section, order * 100);
            let id = self.create(INITIATIVE, draft).await?;
            self.initiatives.insert((one.department, one.title), Owner { id, department, section });
        }
        Ok(())
    }

    fn initiative_draft(
        &self,
        one: &SampleInitiative,
        department: RecordId,
        section: Option<RecordId>,
        order: i64,
    ) -> Draft {
        let optional = |text: &Option<String>| text.as_deref().map_or(Value::Null, Value::from);
        let yen = |amount: Option<i64>| amount.map_or(Value::Null, Value::Int);
        let milestones =
            self.sample.milestones.iter().filter(|m| m.department == one.department && m.title == one.title);
        let milestones = milestones.map(|milestone| {
            let mut fields = Fields::from([
                ("what".to_owned(), Value::from(milestone.what.as_str())),
                ("due".to_owned(), Value::Date(milestone.due)),
            ]);
            fields.extend(milestone.done_on.map(|day| ("done_on".to_owned(), Value::Date(day))));
            ChildRow { id: self.work.ids.next(), fields }
        });
        Draft::new()
            .with("fiscal_year", i64::from(FISCAL_YEAR))
            .with("department", department)
            .with("section", section.map_or(Value::Null, Value::Record))
            .with("theme", self.themes.get(&one.theme).map_or(Value::Null, |id| Value::Record(*id)))
            .with("sort_order", order)
            .with("title", one.title.as_str())
            .with("description", one.description.as_str())
            .with("deliverable", one.deliverable.as_str())
            .with("due", one.due)
            .with("proof", one.proof.as_str())
            .with("milestones", Value::Rows(milestones.collect()))
            .with("status", one.status.as_str())
            .with("done_on", one.done_on.map_or(Value::Null, Value::Date))
            .with("next_step", one.next_step.as_str())
            .with("disposition", one.disposition.as_str())
            .with("plan_direction", Value::Many(vec![one.plan_direction.clone()]))
            .with("plan_measure", one.plan_measure.as_str())
            .with("budget_project", optional(&one.budget_project))
            .with("budget_yen", yen(one.budget_yen))
            .with("actual_yen", yen(one.actual_yen))
            .with("related", Value::Rows(self.related(one)))
            .with("published", true)
    }

    /// The initiative that this very board serves refers to it.
    fn related(&self, one: &SampleInitiative) -> Vec<ChildRow> {
        let links: &[(&str, &str, &str)] = match one.title.as_str() {
            "自治体DX推進への計画的な取り組み" => &[
                ("system", "部局運営方針の一覧", "/desk/policy"),
                ("record", "取り組みの台帳", "/desk/ledgers/policy-initiative"),
            ],
            "紙文書の削減" => &[("system", "台帳", "/desk/ledgers")],
            _ => &[],
        };
        let row = |(kind, name, link): &(&str, &str, &str)| ChildRow {
            id: self.work.ids.next(),
            fields: [("kind", kind), ("name", name), ("link", link)]
                .into_iter()
                .map(|(key, text)| (key.to_owned(), Value::from(*text)))
                .collect(),
        };
        links.iter().map(row).collect()
    }

    fn owner(&self, department: &str, title: &str) -> Result<Owner, LedgerError> {
        let owner = self.initiatives.get(&(department.to_owned(), title.to_owned()));
        owner.copied().ok_or_else(|| LedgerError::Refused(format!("見本データに取り組み「{title}」がありません。")))
    }

    async fn indicators(&mut self) -> Result<(), LedgerError> {
        for one in self.sample.indicators.clone() {
            let owner = self.owner(&one.department, &one.title)?;
            let actuals: Vec<_> = one.actuals().collect();
            let latest = actuals.iter().max_by_key(|(day, _)| *day).copied();
            let mut draft = indicator_draft(&one, owner);
            if let Some((day, figure)) = latest {
                draft = draft.with("actual", Value::Decimal(figure)).with("actual_on", day);
            }
            let indicator = self.create(INDICATOR, draft).await?;
            for (day, figure) in actuals {
                let draft = Draft::new()
                    .with("indicator", indicator)
                    .with("department", owner.department)
                    .with("section", owner.section.map_or(Value::Null, Value::Record))
                    .with("as_of", day)
                    .with("value", Value::Decimal(figure))
                    .with("published", true);
                self.create(INDICATOR_ACTUAL, draft).await?;
            }
        }
        Ok(())
    }

    async fn reviews(&mut self) -> Result<(), LedgerError> {
        for one in self.sample.reviews.clone() {
            let owner = self.owner(&one.department, &one.title)?;
            let text = |text: &str| if text.is_empty() { Value::Null } else { Value::from(text) };
            let mut draft = Draft::new()
                .with("initiative", owner.id)
                .with("fiscal_year", i64::from(FISCAL_YEAR))
                .with("department", owner.department)
                .with("section", owner.section.map_or(Value::Null, Value::Record))
                .with("phase", one.phase.as_str())
                .with("reviewed_on", one.reviewed_on)
                .with("progress", one.progress.as_str())
                .with("done", text(&one.done))
                .with("result", text(&one.result))
                .with("issue", text(&one.issue))
                .with("next_action", text(&one.next_action))
                .with("published", true);
            if let Some(grade) = &one.grade {
                draft.set("grade", grade.as_str());
            }
            self.create(REVIEW, draft).await?;
        }
        Ok(())
    }
}

fn indicator_draft(one: &SampleIndicator, owner: Owner) -> Draft {
    let figure = |figure: Option<Decimal>| figure.map_or(Value::Null, Value::Decimal);
    let text = |text: &Option<String>| text.as_deref().map_or(Value::Null, Value::from);
    Draft::new()
        .with("initiative", owner.id)
        .with("fiscal_year", i64::from(FISCAL_YEAR))
        .with("department", owner.department)
        .with("section", owner.section.map_or(Value::Null, Value::Record))
        .with("name", one.name.as_str())
        .with("kind", one.kind.as_str())
        .with("unit", one.unit.as_str())
        .with("direction", one.direction.as_str())
        .with("base_value", figure(one.base_value))
        .with("target_value", figure(one.target_value))
        .with("tolerance", figure(one.tolerance))
        .with("range_low", figure(one.range_low))
        .with("range_high", figure(one.range_high))
        .with("source", one.source.as_str())
        .with("kpi_ledger", text(&one.kpi_ledger))
        .with("kpi_filter", text(&one.kpi_filter))
        .with("kpi_aggregate", text(&one.kpi_aggregate))
        .with("published", true)
}
