//! The papers of the parks as answers: PDF with the hall's printer, and workbooks.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header;
use jiff::tz::TimeZone;
use serde_json::json;

use super::acceptance::asked;
use super::pieces::{self, Words, id_of, park_href, park_names, unit_href};
use crate::acts::{accept, spread};
use crate::definitions::{DAILY_REPORT, FACILITY, LAND, OCCUPATION, PARK, PERMIT, PLAN_ITEM, UNIT};
use crate::kernel::{Lang, RecordId};
use crate::paper::{self, INSPECTION_SHEET, SECTIONS, Section, inspection_sheet, ledger_sheet, plan_tables};
use crate::platform::desk::{Cx, Problem, prints, view};
use crate::platform::identity::{Caller, Context};
use crate::platform::print::{Asset, Footer, Job, Naming, Options, Orientation, PrintError, Template};
use crate::platform::ui::button::LinkButton;
use crate::platform::ui::qr::qr_svg_image;
use crate::platform::ui::{Component, Icon};
use crate::records::{Park, Read, Unit, Whole};
use crate::rules::coverage::Coverage;

/// `GET /desk/parks/{id}/ledger.pdf`: the ledger sheet (調書), an official print; `kind=ordinary` for use in the hall, `names=no` for
/// whoever reads it without being shown who holds permits (the city's rule decides that at the counter).
pub async fn ledger(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let context = match cx.query("names").as_deref() {
        Some("no") => Context::new(Caller::visitor(), cx.context().act.at),
        _ => cx.context().clone(),
    };
    let whole = Whole::load(cx.ledgers(), &context, id).await?;
    let limits = super::park::limits(cx.ledgers(), &context).await?;
    let shares = super::park::shares(&whole, &limits).value;
    let sections = ledger_sections(&cx, &whole, &shares)?;
    let prepared = paper::day(whole.park.prepared_on);
    let changed = format!(
        "調製年月日 {prepared}　第{}版　{}　図面は別葉（施行規則第10条第3項）",
        whole.park.revision,
        view::when(whole.park.updated_at)
    );
    let sheet = Sheet {
        kind: "都市公園台帳　調書（都市公園法第17条、同法施行規則第10条第2項）",
        name: whole.park.name.clone(),
        number: whole.park.number.clone(),
        href: Some(park_href(id)),
        sections,
        signs: &[],
        changed,
        orientation: Orientation::Portrait,
    };
    let is_official = cx.query("kind").as_deref() != Some("ordinary");
    sheet.answer(&cx, "都市公園台帳調書", is_official).await
}

/// The sections of the ledger sheet, in the words of the ledgers.
fn ledger_sections(cx: &Cx, whole: &Whole, shares: &Coverage) -> Result<Vec<Section>, Problem> {
    let words = |ledger: &str| Words::of(cx.ledgers(), cx.context(), ledger);
    let (park, land, facility) = (words(PARK)?, words(LAND)?, words(FACILITY)?);
    let (permit, occupation, unit) = (words(PERMIT)?, words(OCCUPATION)?, words(UNIT)?);
    let names = ledger_sheet::Names {
        park: &|field, key| park.choice(field, key),
        land: &|field, key| land.choice(field, key),
        facility: &|field, key| facility.choice(field, key),
        permit: &|field, key| permit.choice(field, key),
        occupation: &|field, key| occupation.choice(field, key),
        unit: &|field, key| unit.choice(field, key),
    };
    Ok(ledger_sheet::sections(whole, shares, &names))
}

/// A paper of sections.
struct Sheet<'a> {
    kind: &'a str,
    name: String,
    number: String,
    href: Option<String>,
    sections: Vec<Section>,
    /// Whose seals it gets.
    signs: &'a [&'a str],
    changed: String,
    orientation: Orientation,
}

impl Sheet<'_> {
    async fn answer(self, cx: &Cx, title: &str, is_official: bool) -> Result<Response, Problem> {
        let qr = self.href.as_deref().and_then(|href| qr(cx, href));
        let data = json!({
            "kind": self.kind,
            "name": self.name,
            "number": self.number,
            "qr": qr.is_some(),
            "sections": self.sections,
            "signs": self.signs,
            "changed": self.changed,
        });
        let naming = Naming::default()
            .with_subject("", format!("{title} {}", self.name))
            .with_field("name", "名称")
            .with_field("rows", "表")
            .with_field("notes", "注記")
            .with_field("none", "内容");
        let options = Options { orientation: self.orientation, ..options(cx, title, &self.number, is_official) };
        let assets = qr.map(|bytes| Asset { name: "qr.svg".to_owned(), bytes }).into_iter().collect();
        let template = Template::new("systems/parks/prints/sections.typ", SECTIONS);
        let job = Job { template, data, naming, assets, options };
        let file = format!("{title}_{}.pdf", self.name);
        printed(cx, job, &file, title, self.href.as_deref().unwrap_or(pieces::START)).await
    }
}

async fn printed(cx: &Cx, job: Job, file: &str, title: &str, back: &str) -> Result<Response, Problem> {
    match prints::print(cx, job).await? {
        Ok(pdf) => Ok(prints::answer(file, pdf)),
        Err(PrintError::Stopped(list)) => {
            let site = cx.desk_site(pieces::START);
            let page = pieces::page(&site, &format!("{title}を印刷できません"));
            let path = cx.path().split('?').next().unwrap_or_default();
            let mut ways = LinkButton::new("戻って記録を直す", back).icon(Icon::Edit).html();
            let ordinary = LinkButton::new("庁内用に代わりの文字で印刷", format!("{path}?kind=ordinary"));
            ways.push(&ordinary.icon(Icon::Print).html());
            Ok(prints::stopped(cx, page, &format!("「{title}」"), &ways, &list.findings))
        }
        Err(error) => Err(error.into()),
    }
}

fn options(cx: &Cx, title: &str, reference: &str, is_official: bool) -> Options {
    let at = cx.context().act.at;
    let zone = TimeZone::fixed(jiff::tz::offset(9));
    let options = if is_official { Options::official(title, at, zone) } else { Options::ordinary(title, at, zone) };
    let by = cx.context().caller.account.as_ref().map(|account| account.display_name.as_str()).unwrap_or_default();
    let footer = Footer { reference: reference.to_owned(), printed: format!("出力 {}　{by}", view::when(at)) };
    Options { author: cx.city_name().to_owned(), footer, ..options }
}

/// The QR code of a page of this site.
fn qr(cx: &Cx, href: &str) -> Option<Vec<u8>> {
    let address = cx.origin().and_then(|origin| origin.join(href).ok())?;
    qr_svg_image(address.as_str()).ok().map(String::into_bytes)
}

/// `GET /desk/parks/{id}/inspection.pdf`: a sheet for each unit of a park.
pub async fn park_inspection(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    let whole = Whole::load(cx.ledgers(), cx.context(), id_of(&id)?).await?;
    if whole.units.is_empty() {
        return Err(Problem::not_found());
    }
    sheets(&cx, &whole.park, &whole.units).await
}

/// `GET /desk/parks/units/{id}/inspection.pdf`
pub async fn unit_inspection(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    let unit = Unit::load(cx.ledgers(), cx.context(), id_of(&id)?).await?;
    let park = Park::load(cx.ledgers(), cx.context(), unit.park.ok_or_else(Problem::not_found)?).await?;
    sheets(&cx, &park, &[unit]).await
}

async fn sheets(cx: &Cx, park: &Park, units: &[Unit]) -> Result<Response, Problem> {
    let words = Words::of(cx.ledgers(), cx.context(), UNIT)?;
    let mut assets = Vec::with_capacity(units.len());
    let mut pages = Vec::with_capacity(units.len());
    for (index, unit) in units.iter().enumerate() {
        let name = format!("qr-{index}.svg");
        let bytes = qr(cx, &unit_href(unit.id)).ok_or_else(Problem::not_found)?;
        let material = |key: &str| words.choice("material", key);
        pages.push(inspection_sheet::unit(unit, &park.name, &name, &words.choice("kind", &unit.kind), material));
        assets.push(Asset { name, bytes });
    }
    let naming = Naming::default().with_subject("", format!("点検表 {}", park.name)).with_field("about", "遊具");
    let template = Template::new("systems/parks/prints/inspection-sheet.typ", INSPECTION_SHEET);
    let is_official = cx.query("kind").as_deref() != Some("ordinary");
    let options = options(cx, "遊具点検表", &park.number, is_official);
    let job = Job { template, data: json!({ "units": pages }), naming, assets, options };
    printed(cx, job, &format!("遊具点検表_{}.pdf", park.name), "遊具点検表", &park_href(park.id)).await
}

/// A plan with its tables.
async fn plan(cx: &Cx, id: RecordId) -> Result<(spread::Plan, Vec<plan_tables::Table>), Problem> {
    let plan = spread::Plan::load(cx.ledgers(), cx.context(), id).await?;
    let parks = park_names(cx.ledgers(), cx.context()).await?;
    let words = Words::of(cx.ledgers(), cx.context(), PLAN_ITEM)?;
    let tables = plan_tables::tables(&plan, &parks, &|field, key| words.choice(field, key));
    Ok((plan, tables))
}

/// `GET /desk/parks/plans/{id}/plan.pdf`
pub async fn plan_pdf(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let (plan, tables) = plan(&cx, id).await?;
    let read = Read(plan.record.fields());
    let sheet = Sheet {
        kind: "公園施設長寿命化計画",
        name: read.text("name"),
        number: String::new(),
        href: Some(super::plan::href(id)),
        sections: tables.iter().map(plan_tables::Table::section).collect(),
        signs: &[],
        changed: format!("金額は千円。{}現在", crate::platform::ui::said::date(Lang::Ja, cx.context().today())),
        orientation: Orientation::Landscape,
    };
    let is_official = cx.query("kind").as_deref() != Some("ordinary");
    sheet.answer(&cx, "公園施設長寿命化計画", is_official).await
}

/// `GET /desk/parks/plans/{id}/plan.xlsx`
pub async fn plan_xlsx(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    let (plan, tables) = plan(&cx, id_of(&id)?).await?;
    let bytes = plan_tables::workbook(&tables).map_err(|error| Problem::internal(&error))?;
    let name = format!("{}.xlsx", Read(plan.record.fields()).text("name"));
    let headers = [
        (header::CONTENT_TYPE, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet".to_owned()),
        (header::CONTENT_DISPOSITION, disposition(&name)),
    ];
    Ok((headers, bytes).into_response())
}

/// A disposition with a name in any script (RFC 6266).
fn disposition(name: &str) -> String {
    let encoded: String = name
        .bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect();
    format!("attachment; filename*=UTF-8''{encoded}")
}

/// `GET /desk/parks/acceptance.pdf?contract=&month=`
pub async fn acceptance(cx: Cx) -> Result<Response, Problem> {
    let (contract, month) = asked(&cx).ok_or_else(Problem::not_found)?;
    let found = accept::month(cx.ledgers(), cx.context(), contract, month).await?;
    let words = Words::of(cx.ledgers(), cx.context(), DAILY_REPORT)?;
    let sheet = Sheet {
        kind: "公園管理業務　出来高検査表",
        name: paper::acceptance_list::contract_name(&found),
        number: super::acceptance::said_month(month),
        href: None,
        sections: paper::acceptance_list::sections(&found, &|field, key| words.choice(field, key)),
        signs: &["検査員", "担当", "係長", "課長"],
        changed: String::new(),
        orientation: Orientation::Portrait,
    };
    let is_official = cx.query("kind").as_deref() != Some("ordinary");
    sheet.answer(&cx, "出来高検査表", is_official).await
}
