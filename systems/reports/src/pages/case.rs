//! One report for the staff: everything that is known of it, what lies near, and every act on it on one page.

use axum::extract::Path;
use axum::response::{Html, IntoResponse as _, Response};

use super::board::{BOARD, due};
use super::{case_forms, names, pieces};
use crate::acts::reply::Template;
use crate::definitions::{AUTHORITY, REPORT, SUPPORTER, WORK_ORDER};
use crate::intake::{self, Compared, Nearby};
use crate::kernel::{Lang, RecordId};
use crate::ledger::{LedgerError, ListRequest, Visible};
use crate::platform::desk::{Cx, Problem, view};
use crate::platform::ui::button::{LinkButton, Look};
use crate::platform::ui::chip::{State as Chip, chip};
use crate::platform::ui::facts::{Fact, facts};
use crate::platform::ui::notice::{Notice, Tone};
use crate::platform::ui::page::Page;
use crate::platform::ui::timeline::{Entry, Mark, timeline};
use crate::platform::ui::{Component, Icon, SafeHtml};
use crate::records::{Category, Report, Settings, Update, some};

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
    left.push(&photographs(report));
    left.push(&view::section("経過", &history(cx, report).await?));
    left.push(&orders(cx, report).await?);
    left.push(&supporters(cx, report).await?);
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
    let mut place = SafeHtml::or_dash(&[report.area.as_str(), report.address.as_str()].join(" ").trim());
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
        Fact::text("受付", &format!("{}（{}）", view::when(report.received_at), channel(&report.channel))),
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
        facts.push(&view::note(&format!("使った言語：{}", language(report.language))));
        html.push(&view::section("通報した人", &facts));
    }
    Ok(html)
}

fn photographs(report: &Report) -> SafeHtml {
    let mut html = pieces::staff_photos(report, &report.photos);
    if let Some(place) = report.photo_position {
        html.push(&pieces::map_link(place, "写真に記録された位置"));
        if let Some(location) = report.location {
            let metres = location.distance_m(place);
            html.push(&view::note(&format!(
                "通報の場所から{metres:.0}mの位置で撮られています。{}",
                report.photo_taken
            )));
        }
    }
    for url in report.media_urls.lines().filter(|line| !line.is_empty()) {
        html.push(&SafeHtml::trusted(format!("<p class=\"text-small\">{}</p>", SafeHtml::link(url, url))));
    }
    if html.is_empty() { html } else { view::section("写真（届いたもの）", &html) }
}

/// How a report came, in the words of the ledger.
fn channel(key: &str) -> &'static str {
    match key {
        "web" => "ポータル",
        "open311" => "Open311",
        "phone" => "電話",
        "counter" => "窓口",
        "patrol" => "職員の巡回",
        "import" => "以前のアプリ",
        _ => "不明",
    }
}

const fn language(lang: Lang) -> &'static str {
    match lang {
        Lang::Ja => "日本語",
        Lang::JaEasy => "やさしい日本語",
        Lang::En => "英語",
        Lang::Vi => "ベトナム語",
    }
}

async fn history(cx: &Cx, report: &Report) -> Result<SafeHtml, Problem> {
    let updates = Update::of_report(cx.ledgers(), cx.context(), report.id).await?;
    let entry = |update: &Update| {
        let what = match (update.state, update.kind.as_str()) {
            (Some(state), "state" | "work" | "pass-on") => state.label().to_owned(),
            (_, "reply") => "返信".to_owned(),
            (_, "merge") => "まとめ・分け".to_owned(),
            (_, "comment") => "外からの知らせ".to_owned(),
            (_, "work") => "作業".to_owned(),
            _ => "メモ".to_owned(),
        };
        let mut more = pieces::written(&update.text, Lang::Ja);
        if !update.note.is_empty() {
            more.push(&SafeHtml::trusted(format!(
                "<p class=\"text-lines text-soft\">庁内：{}</p>",
                SafeHtml::escape(&update.note)
            )));
        }
        if !update.published && update.kind == "comment" {
            more.push(&chip(Chip::Warning, "公開の確認待ち"));
            if report.may.update {
                let button = crate::platform::ui::button::Submit::new("公開する");
                let release = crate::platform::ui::button::Post::new(format!("{BOARD}/{}/release", report.id), button);
                more.push(&release.hidden("update", update.id.to_string()).html());
            }
        }
        let is_done = update.state.is_some_and(crate::rules::State::is_closed);
        Entry {
            what,
            when: view::when(update.at),
            who: if update.published { "公開".to_owned() } else { String::new() },
            more,
            mark: if is_done { Mark::Done } else { Mark::Plain },
        }
    };
    let received = Entry {
        what: "受付".to_owned(),
        when: view::when(report.received_at),
        who: String::new(),
        more: SafeHtml::EMPTY,
        mark: Mark::Plain,
    };
    let entries: Vec<Entry> = updates.iter().rev().map(entry).chain([received]).collect();
    Ok(timeline(&entries))
}

async fn orders(cx: &Cx, report: &Report) -> Result<SafeHtml, Problem> {
    let request = ListRequest::filtered(format!("report = '{}'", report.id));
    let orders = match some(cx.ledgers(), cx.context(), WORK_ORDER, request, 100).await {
        Err(LedgerError::NotFound | LedgerError::Forbidden { .. }) => return Ok(SafeHtml::EMPTY),
        other => other?,
    };
    let item = |order: &Visible| {
        let title = order.get("title").as_text().unwrap_or_default();
        let said = format!("{} {title}", order.number.as_deref().unwrap_or_default());
        let link = SafeHtml::link(&format!("/desk/ledgers/report-work-order/{}", order.id), &said);
        let state = match order.get("state").as_text() {
            Some("started") => chip(Chip::Underway, "作業中"),
            Some("done") => chip(Chip::Warning, "検査待ち"),
            Some("accepted") => chip(Chip::Done, "検査済み"),
            Some("cancelled") => chip(Chip::Muted, "取消し"),
            _ => chip(Chip::Warning, "指示済み"),
        };
        SafeHtml::trusted(format!("<li>{link} {state}</li>"))
    };
    if orders.is_empty() {
        return Ok(SafeHtml::EMPTY);
    }
    let items: SafeHtml = orders.iter().map(item).collect();
    Ok(view::section("作業指示", &SafeHtml::trusted(format!("<ul class=\"plain-list\">{items}</ul>"))))
}

async fn supporters(cx: &Cx, report: &Report) -> Result<SafeHtml, Problem> {
    if report.supporters == 0 {
        return Ok(SafeHtml::EMPTY);
    }
    let request = ListRequest::filtered(format!("report = '{}'", report.id));
    let found = match some(cx.ledgers(), cx.context(), SUPPORTER, request, 100).await {
        Err(LedgerError::NotFound | LedgerError::Forbidden { .. }) => Vec::new(),
        other => other?,
    };
    let item = |one: &Visible| {
        let text = |key: &str| one.get(key).as_text().unwrap_or_default().to_owned();
        let contact = [text("reporter_name"), text("mail"), text("phone")].join(" ");
        SafeHtml::trusted(format!(
            "<li>{} <span class=\"text-lines\">{}</span></li>",
            SafeHtml::escape(contact.trim()),
            SafeHtml::escape(text("note"))
        ))
    };
    let items: SafeHtml = found.iter().map(item).collect();
    let title = format!("同じ通報をした人（{}人）", report.supporters);
    Ok(view::section(&title, &SafeHtml::trusted(format!("<ul class=\"plain-list\">{items}</ul>"))))
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
