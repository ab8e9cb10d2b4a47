//! Everything about one initiative at one sight, for the staff.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};

use super::pieces::{
    self, BOARD, day, deadline_chip, disposition_chip, grade_chip, id_of, initiative_href, progress_chip, record_href,
    with_unit,
};
use crate::acts::report::PHASES;
use crate::acts::{figures, live};
use crate::board::Board;
use crate::board::figures::Measured;
use crate::definitions::{INDICATOR, INITIATIVE, REVIEW};
use crate::kernel::era::parse_date;
use crate::kernel::text::fold;
use crate::kernel::{Decimal, Lang, RecordId};
use crate::ledger::LedgerError;
use crate::platform::desk::{Cx, Entries, Problem, view};
use crate::platform::ui::button::{LinkButton, Look, Post, Submit, row};
use crate::platform::ui::chart::{self, LineChart, Series};
use crate::platform::ui::chip::{State, chip};
use crate::platform::ui::facts::{Fact, facts};
use crate::platform::ui::field::{FieldKind, FieldView};
use crate::platform::ui::form::Form;
use crate::platform::ui::notice::{Empty, Notice, Tone};
use crate::platform::ui::page::Page;
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::timeline::{Entry, Mark, timeline};
use crate::platform::ui::{Component, Icon, SafeHtml, said};
use crate::records::{Indicator, Initiative, Review};
use crate::rules::Progress;

/// `GET /desk/policy/{id}`
pub async fn page(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    show(&cx, id_of(&id)?, None).await
}

/// The page; with the mistakes of a figure that was refused.
async fn show(cx: &Cx, id: RecordId, refused: Option<&Refused>) -> Result<Response, Problem> {
    let (board, one) = Board::load_one(cx.ledgers(), cx.context(), id).await?;
    let others = Others::load(cx, &one).await?;
    let counted = counted(cx, &board, &one).await;
    let site = cx.desk_site(BOARD);
    let year = board.fiscal_year;
    let mut chips = progress_chip(one.status);
    chips.push(&deadline_chip(board.deadline(&one)));
    chips.push(&disposition_chip(one.disposition.as_deref()));
    chips.push(&if one.published {
        chip(State::Plain, "公表中")
    } else {
        chip(State::Muted, "公表していない")
    });
    let mut page = Page::new(&site, one.title.clone())
        .crumb("ホーム", "/desk")
        .crumb("部局運営方針", format!("{BOARD}?fy={year}"))
        .beside_title(chips)
        .actions(actions(&one));
    if !one.description.is_empty() {
        page = page.lead(one.description.clone());
    }
    if let Some(done) = view::done(
        cx,
        &[
            ("reported", "報告を保存しました。"),
            ("recorded", "実績を記録しました。"),
            ("same", "数えた値は前の記録から変わっていないため、新しい記録は作っていません。"),
        ],
    ) {
        page = page.notice(done);
    }
    if let Some(refused) = refused {
        page = page.notice(Notice::new(Tone::Error, "実績を記録できませんでした。").text(refused.sentence.clone()));
    }
    let mut main = view::section("何を、いつまでに", &goal(&board, &one));
    main.push(&milestones(&one));
    main.push(&indicators(&board, &one, &counted, refused));
    main.push(&reviews(&board, &one));
    let aside = aside(&board, &one, &others);
    let body = SafeHtml::trusted(format!(
        "<div class=\"with-aside\"><div class=\"stack\">{main}</div><aside class=\"stack policy-aside\" aria-label=\"担当・計画・予算\">{aside}</aside></div>"
    ));
    let html = page.body(body).render();
    let status = if refused.is_some() { http::StatusCode::UNPROCESSABLE_ENTITY } else { http::StatusCode::OK };
    Ok((status, Html(html)).into_response())
}

fn actions(one: &Initiative) -> SafeHtml {
    let record = record_href(INITIATIVE, one.id);
    let mut buttons = Vec::new();
    if one.may.update {
        let report = LinkButton::new("進み具合を報告", format!("{}/report", initiative_href(one.id)));
        buttons.push(report.look(Look::Primary).icon(Icon::Edit).html());
        buttons.push(LinkButton::new("内容を直す", format!("{record}/edit")).html());
    }
    buttons.push(LinkButton::new("台帳の記録と履歴", record).icon(Icon::History).html());
    if one.published {
        buttons.push(LinkButton::new("市民向けの画面", format!("/board/{}", one.id)).icon(Icon::External).html());
    }
    buttons.into_iter().collect()
}

fn goal(board: &Board, one: &Initiative) -> SafeHtml {
    let mut due = day(one.due);
    due.push(&SafeHtml::trusted(" "));
    due.push(&deadline_chip(board.deadline(one)));
    let mut proof = SafeHtml::or_dash(&one.proof);
    if !one.proof_files.is_empty() {
        let href = record_href(INITIATIVE, one.id);
        let link = SafeHtml::link(&href, &format!("添付 {}件", one.proof_files.len()));
        proof.push(&SafeHtml::trusted(format!("（{link}）")));
    }
    let mut all = vec![
        Fact::text("作るもの・決めること", &one.deliverable),
        Fact::html("期限", due),
        Fact::html("証拠となる文書", proof),
        Fact::text("次の一手", &one.next_step),
        Fact::html("来年度の扱い", disposition_chip(one.disposition.as_deref())),
    ];
    if let Some(done) = one.done_on {
        all.push(Fact::html("完了日", day(Some(done))));
    }
    if !one.status_note.is_empty() {
        all.push(Fact::text("進み具合の説明（庁内）", &one.status_note));
    }
    if one.version > 1 {
        all.push(Fact::text("版", &format!("第{}版（{}）", one.version, one.change_reason)));
    }
    if !one.summary.is_empty() {
        all.push(Fact::text("方針書の概要", &one.summary));
    }
    if !one.paper_note.is_empty() {
        all.push(Fact::text("方針書のその他の列", &one.paper_note));
    }
    facts(&all)
}

fn milestones(one: &Initiative) -> SafeHtml {
    if one.milestones.is_empty() {
        return SafeHtml::EMPTY;
    }
    let done = one.milestones.iter().filter(|milestone| milestone.done_on.is_some()).count();
    let all = one.milestones.len();
    let said = format!("{done}/{all}");
    let mut body = chart::progress("済んだ節目", done as f64, all as f64, &said, chart::Tone::First);
    let columns = vec![
        Column::new("what", "節目"),
        Column::new("due", "予定").align(Align::Tight),
        Column::new("done", "済んだ日").align(Align::Tight),
    ];
    let rows = one.milestones.iter().map(|milestone| {
        let done = match (milestone.done_on, milestone.due) {
            (Some(on), Some(due)) if on > due => {
                let mut html = day(Some(on));
                html.push(&SafeHtml::trusted(" "));
                html.push(&chip(State::Warning, "遅れて完了"));
                html
            }
            (on, _) => day(on),
        };
        Row::new(vec![SafeHtml::escape(&milestone.what), day(milestone.due), done])
    });
    body.push(&Table::new(Lang::Ja, "節目", columns, rows.collect()).html());
    view::section("節目", &body)
}

/// What the live indicators count now, or why they can't.
async fn counted(cx: &Cx, board: &Board, one: &Initiative) -> Vec<(RecordId, Result<Option<Decimal>, String>)> {
    let mut counted = Vec::new();
    for indicator in board.indicators(one.id).iter().filter(|indicator| indicator.is_live()) {
        let now = live::count(cx.ledgers(), cx.context().act.at, indicator).await;
        counted.push((indicator.id, now.map_err(|error| error.to_string())));
    }
    counted
}

fn indicators(
    board: &Board,
    one: &Initiative,
    counted: &[(RecordId, Result<Option<Decimal>, String>)],
    refused: Option<&Refused>,
) -> SafeHtml {
    let all = board.indicators(one.id);
    let add = format!("/desk/ledgers/{INDICATOR}/new?initiative={}", one.id);
    let button = LinkButton::new("指標を加える", add).icon(Icon::Add).html();
    let button = if one.may.update { button } else { SafeHtml::EMPTY };
    if all.is_empty() {
        let said = view::note("この取り組みには指標がありません。数値にできる取り組みだけに置きます。");
        return view::section_with("指標", &button, &said);
    }
    let cards: SafeHtml = all
        .iter()
        .map(|indicator| {
            let now = counted.iter().find(|(id, _)| *id == indicator.id).map(|(_, now)| now);
            indicator_card(board, one, indicator, now, refused.filter(|refused| refused.indicator == indicator.id))
        })
        .collect();
    view::section_with("指標", &button, &SafeHtml::trusted(format!("<div class=\"stack\">{cards}</div>")))
}

fn indicator_card(
    board: &Board,
    one: &Initiative,
    indicator: &Indicator,
    now: Option<&Result<Option<Decimal>, String>>,
    refused: Option<&Refused>,
) -> SafeHtml {
    let measured = board.measured(indicator);
    let mut head = chip(State::Plain, if indicator.kind == "activity" { "活動指標" } else { "成果指標" });
    head.push(&grade_chip(measured.grade.value));
    let mut body = facts(&indicator_facts(indicator, &measured, now));
    body.push(&curve(board, indicator));
    body.push(&working(&measured));
    if indicator.may.update {
        body.push(&if indicator.is_live() {
            record_live(one, indicator)
        } else {
            figure_form(one, indicator, refused)
        });
    }
    let name = SafeHtml::link(&record_href(INDICATOR, indicator.id), &indicator.name);
    SafeHtml::trusted(format!(
        "<article class=\"card\"><div class=\"row-spread\"><h3 class=\"card-title\">{name}</h3><div class=\"row\">{head}</div></div>{body}</article>"
    ))
}

fn indicator_facts(
    indicator: &Indicator,
    measured: &Measured,
    now: Option<&Result<Option<Decimal>, String>>,
) -> Vec<Fact> {
    let unit = &indicator.unit;
    let value = |value: Option<Decimal>| value.map(|value| with_unit(value, unit)).unwrap_or_default();
    let latest = measured
        .latest
        .map(|(on, value)| format!("{}（{}時点）", with_unit(value, unit), said::short_date(Lang::Ja, on)));
    let rate = match measured.achievement.value.rate() {
        Some(rate) => format!("{rate}％"),
        None => measured.achievement.steps.last().map_or("算定不能".to_owned(), |step| step.detail.clone()),
    };
    let target = match (indicator.fields.get("range_low"), indicator.fields.get("range_high")) {
        (Some(crate::kernel::Value::Decimal(low)), Some(crate::kernel::Value::Decimal(high))) => {
            format!("{}～{}", pieces::figure(*low), with_unit(*high, unit))
        }
        _ => value(indicator.target_value),
    };
    let mut all = vec![
        Fact::text("最新の実績", &latest.unwrap_or_default()),
        Fact::text("目標", &target),
        Fact::text("達成率", &rate),
    ];
    if indicator.base_value.is_some() {
        all.push(Fact::text("基準値", &value(indicator.base_value)));
    }
    if let Some(now) = now {
        let text = match now {
            Ok(now) => value(*now),
            Err(why) => format!("数えられませんでした。{why}"),
        };
        all.push(Fact::text("いま数えた値", &text));
        let condition = indicator.kpi_filter.as_deref().unwrap_or("すべての記録");
        let ledger = indicator.kpi_ledger.as_deref().unwrap_or_default();
        let mut how = SafeHtml::link(&format!("/desk/ledgers/{ledger}"), ledger);
        how.push(&SafeHtml::trusted(" "));
        how.push(&view::code(condition));
        all.push(Fact::html("数え方", how));
    }
    all.push(Fact::text("出典", &indicator.source));
    all
}

/// The history as a chart, with the target as a line of its own.
fn curve(board: &Board, indicator: &Indicator) -> SafeHtml {
    let actuals = board.actuals(indicator.id);
    if actuals.len() < 2 {
        return SafeHtml::EMPTY;
    }
    let mut series = vec![Series {
        name: "実績".to_owned(),
        values: actuals.iter().map(|actual| Some(actual.value.to_f64())).collect(),
        target: false,
    }];
    if let Some(target) = indicator.target_value {
        series.push(Series {
            name: "目標".to_owned(),
            values: vec![Some(target.to_f64()); actuals.len()],
            target: true,
        });
    }
    LineChart {
        title: format!("{}の推移", indicator.name),
        label_name: "時点".to_owned(),
        unit: indicator.unit.clone(),
        labels: actuals.iter().map(|actual| said::short_date(Lang::Ja, actual.as_of)).collect(),
        series,
    }
    .html(Lang::Ja)
}

fn working(measured: &Measured) -> SafeHtml {
    let steps = measured.achievement.steps.iter().chain(&measured.grade.steps);
    let items: SafeHtml = steps
        .map(|step| {
            let (rule, detail) = (SafeHtml::escape(step.rule), SafeHtml::escape(&step.detail));
            SafeHtml::trusted(format!("<li><span class=\"text-strong\">{rule}</span><br>{detail}</li>"))
        })
        .collect();
    SafeHtml::trusted(format!(
        "<details class=\"disclosure\"><summary>達成率と評価の計算</summary><ol class=\"disclosure-body\">{items}</ol></details>"
    ))
}

fn record_live(one: &Initiative, indicator: &Indicator) -> SafeHtml {
    let form =
        Post::new(format!("{}/figures", initiative_href(one.id)), Submit::new("今日の値を記録").icon(Icon::Check));
    row([form.hidden("indicator", indicator.id.to_string()).html()])
}

/// A figure that was refused, to be shown again.
struct Refused {
    indicator: RecordId,
    sentence: String,
    as_of: String,
    value: String,
    note: String,
}

fn figure_form(one: &Initiative, indicator: &Indicator, refused: Option<&Refused>) -> SafeHtml {
    // Several indicators have a form each on the page, so that each needs names of its own.
    let key = |name: &str| format!("{name}-{}", indicator.id);
    let kept = |of: fn(&Refused) -> &str| refused.map(of).unwrap_or_default().to_owned();
    let unit = indicator.unit.clone();
    let fields = vec![
        FieldView::new(key("as_of"), "時点", FieldKind::Date).required().value(kept(|refused| &refused.as_of)),
        FieldView::new(key("value"), "実績値", FieldKind::Decimal { scale: 2, unit })
            .required()
            .value(kept(|refused| &refused.value)),
        FieldView::new(key("note"), "注記", FieldKind::Text { max: Some(400) }).value(kept(|refused| &refused.note)),
    ];
    let form = Form::new(Lang::Ja, format!("{}/figures", initiative_href(one.id)))
        .hidden("indicator", indicator.id.to_string())
        .fields(fields)
        .submit("実績を記録");
    let open = if refused.is_some() { " open" } else { "" };
    SafeHtml::trusted(format!(
        "<details class=\"disclosure no-print\"{open}><summary>実績を入れる</summary><div class=\"disclosure-body\">{}</div></details>",
        form.html()
    ))
}

/// `POST /desk/policy/{id}/figures`: a figure that was typed, or today's of a live indicator.
pub async fn record(cx: Cx, Path(id): Path<String>, entries: Entries) -> Result<Response, Problem> {
    let id = id_of(&id)?;
    let indicator = id_of(entries.text("indicator"))?;
    let both = figures::indicator(cx.ledgers(), cx.context(), indicator).await?;
    if both.1.id != id {
        return Err(Problem::not_found());
    }
    if both.0.is_live() {
        let context = cx.because("台帳を数えた値の記録");
        let changed = live::record(cx.ledgers(), &context, &both.0).await?;
        return Ok(view::done_at(&initiative_href(id), if changed { "recorded" } else { "same" }));
    }
    let typed = |name: &str| entries.text(&format!("{name}-{indicator}")).to_owned();
    let (as_of, value, note) = (typed("as_of"), typed("value"), typed("note"));
    let saved = match read_figure(&as_of, &value, &note) {
        Err(sentence) => Err(sentence),
        Ok(figure) => match figures::record(cx.ledgers(), &cx.because("実績の記録"), &both, &figure).await {
            Ok(()) => Ok(()),
            Err(error @ (LedgerError::NotFound | LedgerError::Store(_) | LedgerError::Forbidden { .. })) => {
                return Err(error.into());
            }
            Err(error) => Err(error.to_string()),
        },
    };
    match saved {
        Ok(()) => Ok(view::done_at(&initiative_href(id), "recorded")),
        Err(sentence) => show(&cx, id, Some(&Refused { indicator, sentence, as_of, value, note })).await,
    }
}

fn read_figure(as_of: &str, value: &str, note: &str) -> Result<figures::Figure, String> {
    let as_of = parse_date(as_of).map_err(|error| format!("時点「{as_of}」を読めません。{error}"))?;
    let digits = fold(value).replace(',', "");
    let value = Decimal::parse_at(&digits, 2)
        .map_err(|_| format!("実績値「{value}」を読めません。小数第2位までの数字を入れてください。"))?;
    Ok(figures::Figure { as_of, value, origin: "manual", note: note.to_owned() })
}

/// The reviews of the year as a line of time: what was planned, done, checked, and what changes (PDCA).
fn reviews(board: &Board, one: &Initiative) -> SafeHtml {
    let button = if one.may.update {
        let href = format!("{}/report", initiative_href(one.id));
        LinkButton::new("報告を書く", href).icon(Icon::Edit).html()
    } else {
        SafeHtml::EMPTY
    };
    let all = board.reviews(one.id);
    if all.is_empty() {
        let empty = Empty::new("振り返りはまだありません。")
            .text("四半期ごとに、やったこと・結果・課題・次の改善を短く書きます。");
        return view::section_with("振り返り（PDCA）", &button, &empty.html());
    }
    let mut entries = vec![Entry {
        what: "計画（Plan）".to_owned(),
        when: board.fiscal_year.label(),
        who: board.name(one.section.or(one.department)),
        more: SafeHtml::trusted(format!("<p>{}</p>", SafeHtml::escape(&one.deliverable))),
        mark: Mark::Plain,
    }];
    entries.extend(all.iter().map(review_entry));
    view::section_with("振り返り（PDCA）", &button, &timeline(&entries))
}

fn review_entry(review: &Review) -> Entry {
    let phase = PHASES.iter().find(|(key, _)| *key == review.phase).map_or(review.phase.as_str(), |(_, label)| label);
    let mut head = progress_chip(review.progress);
    head.push(&grade_chip(review.grade.as_deref().and_then(pieces::grade_of)));
    head.push(&disposition_chip(review.disposition.as_deref()));
    if !review.published {
        head.push(&chip(State::Muted, "公表していない"));
    }
    head.push(&SafeHtml::link(&record_href(REVIEW, review.id), "記録"));
    let parts = [
        ("やったこと（Do）", &review.done),
        ("結果（Check）", &review.result),
        ("課題（Check）", &review.issue),
        ("次の改善（Act）", &review.next_action),
        ("企画の意見（庁内）", &review.planner_comment),
    ];
    let all: Vec<Fact> =
        parts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(label, text)| Fact::text(label, text)).collect();
    let mark = match review.progress {
        Some(Progress::Done) => Mark::Done,
        Some(Progress::Behind) => Mark::Warning,
        Some(Progress::Stalled | Progress::Cancelled) => Mark::Bad,
        _ => Mark::Plain,
    };
    Entry {
        what: phase.to_owned(),
        when: review.reviewed_on.map(|day| said::short_date(Lang::Ja, day)).unwrap_or_default(),
        who: String::new(),
        more: SafeHtml::trusted(format!(
            "<div class=\"stack-small\"><div class=\"row\">{head}</div>{}</div>",
            facts(&all)
        )),
        mark,
    }
}

/// The initiatives of other years, and the one into which this was merged.
struct Others {
    previous: Option<(RecordId, String)>,
    next: Vec<(RecordId, String)>,
    merged_into: Option<(RecordId, String)>,
}

impl Others {
    async fn load(cx: &Cx, one: &Initiative) -> Result<Self, Problem> {
        let ids: Vec<RecordId> = [one.previous, one.merged_into].into_iter().flatten().collect();
        let names = cx.ledgers().labels_of(cx.context(), INITIATIVE, &ids).await?;
        let named = |id: Option<RecordId>| id.and_then(|id| Some((id, names.get(&id)?.clone())));
        let following = crate::ledger::ListRequest::filtered(format!("previous = '{}'", one.id));
        let page = cx.ledgers().list(cx.context(), INITIATIVE, &following).await?;
        let next = page.records.iter().map(Initiative::of).map(|next| (next.id, next.title)).collect();
        Ok(Self { previous: named(one.previous), next, merged_into: named(one.merged_into) })
    }
}

fn aside(board: &Board, one: &Initiative, others: &Others) -> SafeHtml {
    let mut html = view::section(
        "担当",
        &facts(&[
            Fact::text("部局", &board.name(one.department)),
            Fact::text("担当課", &board.name(one.section)),
            Fact::text("重点項目", board.theme_name(one.theme)),
        ]),
    );
    html.push(&budget(one));
    let directions: Vec<&str> = one.plan_direction.iter().map(|key| direction_label(key)).collect();
    html.push(&view::section(
        "総合計画2030",
        &facts(&[Fact::text("方向", &directions.join("・")), Fact::text("施策", &one.plan_measure)]),
    ));
    html.push(&links(one, others));
    html
}

/// What the directions of the comprehensive plan are called.
pub(super) fn direction_label(key: &str) -> &str {
    match key {
        "raise" => "育てる",
        "earn" => "稼ぐ",
        "support" => "支える",
        other => other,
    }
}

fn budget(one: &Initiative) -> SafeHtml {
    let yen = |amount: Option<i64>| amount.map(|yen| said::yen(Lang::Ja, yen)).unwrap_or_default();
    let mut body = SafeHtml::EMPTY;
    if let (Some(budget), Some(spent)) = (one.budget_yen.filter(|budget| *budget > 0), one.actual_yen) {
        let percent = format!("{:.1}％", 100.0 * spent as f64 / budget as f64);
        let tone = if spent > budget { chart::Tone::Bad } else { chart::Tone::First };
        body.push(&chart::progress("執行率", spent as f64, budget as f64, &percent, tone));
    }
    body.push(&facts(&[
        Fact::text("予算事業", &one.budget_project),
        Fact::text("予算額", &yen(one.budget_yen)),
        Fact::text("執行額・決算額", &yen(one.actual_yen)),
    ]));
    view::section("予算と実績", &body)
}

fn links(one: &Initiative, others: &Others) -> SafeHtml {
    let mut all: Vec<Fact> = one
        .related
        .iter()
        .map(|link| {
            let kind = match link.kind.as_str() {
                "system" => "システム",
                "document" => "文書",
                _ => "台帳・記録",
            };
            let name = if link.link.is_empty() {
                SafeHtml::escape(&link.name)
            } else {
                SafeHtml::link(&link.link, &link.name)
            };
            Fact::html(kind, name)
        })
        .collect();
    let to = |(id, title): &(RecordId, String)| SafeHtml::link(&initiative_href(*id), title);
    all.extend(others.merged_into.iter().map(|other| Fact::html("統合先", to(other))));
    all.extend(others.previous.iter().map(|other| Fact::html("前年度の取り組み", to(other))));
    all.extend(others.next.iter().map(|other| Fact::html("翌年度の取り組み", to(other))));
    if all.is_empty() { SafeHtml::EMPTY } else { view::section("つながり", &facts(&all)) }
}
