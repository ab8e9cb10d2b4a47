//! One report for the staff: everything that is known of it, what lies near, and every act on it on one page.

use axum::extract::Path;
use axum::response::{Html, IntoResponse as _, Response};

use super::board::{BOARD, due};
use super::{case_forms, case_parts, names, pieces};
use crate::acts::reply::Template;
use crate::definitions::{AUTHORITY, REPORT};
use crate::intake::{self, Compared, Nearby};
use crate::kernel::{Lang, RecordId};
use crate::platform::desk::{Cx, Problem, view};
use crate::platform::ui::button::{LinkButton, Look};
use crate::platform::ui::chip::{State as Chip, chip};
use crate::platform::ui::facts::{Fact, facts};
use crate::platform::ui::notice::{Notice, Tone};
use crate::platform::ui::page::Page;
use crate::platform::ui::{Component, Icon, SafeHtml};
use crate::records::{Category, Report, Settings};

/// The ledger of outside organisations, which is a shared register.
pub const ORGANISATION: &str = "outside-organisation";

/// Everything about one report.
pub struct Case {
    /// The report.
    pub report: Report,
    /// All categories.
    pub categories: Vec<Category>,
    /// Sections by name.
    pub sections: Vec<(RecordId, String)>,
    /// Contractors by name.
    pub contractors: Vec<(RecordId, String)>,
    /// Other authorities by name.
    pub authorities: Vec<(RecordId, String)>,
    /// Sentences to answer with.
    pub templates: Vec<Template>,
    /// The city's settings.
    pub settings: Settings,
}

impl Case {
    /// Reads a report and what its page needs, as the caller may see it.
    ///
    /// # Errors
    /// 404 for a report that is not there or may not be seen.
    pub async fn load(cx: &Cx, id: &str) -> Result<Self, Problem> {
        let (ledgers, context) = (cx.ledgers(), cx.context());
        let id: RecordId = id.parse().map_err(|_| Problem::not_found())?;
        let report = Report::of(&ledgers.get(context, REPORT, id).await?);
        Ok(Self {
            report,
            categories: Category::all(ledgers, context).await?,
            sections: names::of(ledgers, context, crate::platform::registry::DEPARTMENT).await?,
            contractors: names::of(ledgers, context, ORGANISATION).await?,
            authorities: names::of(ledgers, context, AUTHORITY).await?,
            templates: Template::all(ledgers, context).await?,
            settings: Settings::load(ledgers, context).await?,
        })
    }

    /// The report's category.
    pub fn category(&self) -> Option<&Category> {
        self.categories.iter().find(|category| Some(category.id) == self.report.category)
    }
}

/// `GET /desk/reports/{id}`
pub async fn page(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    let case = Case::load(&cx, &id).await?;
    Ok(show(&cx, &case, None).await?.into_response())
}

/// The page, with what an act that was refused said.
///
/// # Errors
/// When the store fails.
pub async fn show(cx: &Cx, case: &Case, refused: Option<&str>) -> Result<Html<String>, Problem> {
    let report = &case.report;
    let site = cx.desk_site(BOARD);
    let name = case.category().map_or("通報", |category| category.name(Lang::Ja));
    let mut chips = pieces::staff_chip(report.state);
    if report.urgent {
        chips.push(&chip(Chip::Bad, "緊急"));
    }
    chips.push(&match report.public_state.as_str() {
        "shown" => chip(Chip::Good, "公開"),
        "hidden" => chip(Chip::Muted, "非公開"),
        _ => chip(Chip::Warning, "公開の確認待ち"),
    });
    let mut page = Page::new(&site, format!("{name} {}", report.reference))
        .crumb("ホーム", "/desk")
        .crumb("通報の受付", BOARD)
        .head(pieces::style())
        .beside_title(chips)
        .actions(actions(report));
    if let Some(notice) = view::done(cx, &super::case_acts::DONE) {
        page = page.notice(notice);
    }
    if let Some(refused) = refused {
        page = page.notice(Notice::new(Tone::Error, "保存していません").text(refused));
    }
    let near = near(cx, case).await?;
    let mut left = known(cx, case).await?;
    left.push(&case_parts::photographs(report));
    left.push(&view::section("経過", &case_parts::history(cx, report).await?));
    left.push(&case_parts::orders(cx, report).await?);
    left.push(&case_parts::supporters(cx, report).await?);
    let mut right = SafeHtml::EMPTY;
    if report.may.update {
        right.push(&case_forms::all(cx, case, &near));
    } else {
        right.push(&view::note("この通報は見るだけです。担当課か受付の役割があると、対応を記録できます。"));
        right.push(&case_forms::near_list(case, &near, false));
    }
    let body = SafeHtml::trusted(format!(
        "<div class=\"report-case\"><div class=\"stack\">{left}</div><div class=\"stack\">{right}</div></div>\
         <script src=\"/desk/reports/paint.js\" type=\"module\"></script>"
    ));
    Ok(Html(page.body(body).render()))
}

fn actions(report: &Report) -> SafeHtml {
    let record = format!("/desk/ledgers/road-report/{}", report.id);
    [
        LinkButton::new("市民の画面", format!("/report/{}", report.reference))
            .icon(Icon::External)
            .look(Look::Quiet)
            .html(),
        LinkButton::new("台帳の記録・履歴", record).icon(Icon::History).look(Look::Quiet).html(),
    ]
    .into_iter()
    .collect()
}

async fn known(cx: &Cx, case: &Case) -> Result<SafeHtml, Problem> {
    let report = &case.report;
    let named = |id: Option<RecordId>, names: &[(RecordId, String)]| {
        names.iter().find(|(known, _)| Some(*known) == id).map(|(_, name)| name.clone()).unwrap_or_default()
    };
    let mut place = SafeHtml::or_dash([report.area.as_str(), report.address.as_str()].join(" ").trim());
    if let Some(point) = report.location {
        place.push(&SafeHtml::trusted(" "));
        place.push(&pieces::map_link(
            point,
            &format!("{:.5}, {:.5}（地理院地図で見る）", point.latitude, point.longitude),
        ));
    }
    let asset = if report.asset_id.is_empty() {
        SafeHtml::or_dash("")
    } else {
        let href = format!("/desk/ledgers/{}/{}", report.asset_ledger, report.asset_id);
        SafeHtml::link(&href, if report.asset_label.is_empty() { "施設の記録" } else { &report.asset_label })
    };
    let mut known = vec![
        Fact::html("場所", place),
        Fact::html("施設", asset),
        Fact::text("受付", &format!("{}（{}）", view::when(report.received_at), case_parts::channel(&report.channel))),
        Fact::text("担当課", &named(report.department, &case.sections)),
        Fact::html("目標日", due(report, cx.context().act.at)),
        Fact::text("現場確認の期限", &view::when_or(report.check_due, "")),
        Fact::text("現場確認", &view::when_or(report.checked_at, "")),
    ];
    if report.contractor.is_some() {
        known.push(Fact::text("委託先", &named(report.contractor, &case.contractors)));
    }
    if report.authority.is_some() {
        let said = format!("{} {}", named(report.authority, &case.authorities), view::when_or(report.passed_on_at, ""));
        known.push(Fact::text("連絡した機関", &said));
        known.push(Fact::text("連絡の記録", &report.passed_on_note));
    }
    if let Some(into) = report.duplicate_of {
        known.push(Fact::html("まとめ先", SafeHtml::link(&format!("{BOARD}/{into}"), "まとめ先の通報")));
    }
    for (code, answer) in &report.answers {
        let question = case.category().and_then(|of| of.questions.iter().find(|question| question.code == *code));
        known.push(Fact::text(question.map_or(code.as_str(), |question| &question.question), answer));
    }
    let mut html = facts(&known);
    html.push(&view::section("通報の内容", &pieces::written(&report.description, Lang::Ja)));
    let contact = [("氏名", &report.reporter_name), ("メール", &report.mail), ("電話", &report.phone)];
    let contact: Vec<Fact> = contact
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(label, value)| match *label {
            "メール" => Fact::html(*label, SafeHtml::link(&format!("mailto:{value}"), value)),
            "電話" => Fact::html(*label, SafeHtml::link(&format!("tel:{value}"), value)),
            _ => Fact::text(*label, value),
        })
        .collect();
    if !contact.is_empty() {
        let mut facts = facts(&contact);
        facts.push(&view::note(&format!("使った言語：{}", case_parts::language(report.language))));
        html.push(&view::section("通報した人", &facts));
    }
    Ok(html)
}

/// Other open reports that may tell of the same.
async fn near(cx: &Cx, case: &Case) -> Result<Vec<Nearby>, Problem> {
    let (Some(place), Some(category)) = (case.report.location, case.category()) else { return Ok(Vec::new()) };
    if case.report.state.is_closed() {
        return Ok(Vec::new());
    }
    let at = cx.context().act.at;
    let found = intake::nearby(
        cx.ledgers(),
        cx.context(),
        &case.settings,
        &case.categories,
        category,
        place,
        &case.report.description,
        at,
        Compared::Whole,
    );
    Ok(found.await?.into_iter().filter(|near| near.report.id != case.report.id).collect())
}
