//! What came of a workshop: the scores of the options, votes by age and distance with small cells hidden, ideas, and the opinions with
//! the city's answers. Residents see the same once the city has published it.

use std::collections::BTreeMap;

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};

use super::pieces::{self, START, Words, id_of, record_href};
use super::public::{content_lang, visitor};
use crate::definitions::{ANSWER, CRITERION, IDEA, OPTION, RESPONSE, WORKSHOP};
use crate::kernel::{Decimal, Lang, RecordId};
use crate::ledger::{LedgerError, ListRequest, Visible};
use crate::platform::desk::{Cx, Problem, view};
use crate::platform::identity::Context;
use crate::platform::ui::button::{LinkButton, Look};
use crate::platform::ui::facts::{Fact, facts};
use crate::platform::ui::notice::Empty;
use crate::platform::ui::page::Page;
use crate::platform::ui::table::{Align, Column, Row, Table};
use crate::platform::ui::{Component, SafeHtml, said};
use crate::records::{self, Read};
use crate::rules::workshop::{Cell, CrossTable, Rating, Score, cross, scores};
use crate::words;

/// A workshop with all that belongs to it.
struct Workshop {
    record: Visible,
    options: Vec<Visible>,
    criteria: Vec<Visible>,
    responses: Vec<Visible>,
    ideas: Vec<Visible>,
    answers: Vec<Visible>,
}

impl Workshop {
    /// Reads a workshop. `counting` is who reads the responses, which nobody outside may read one by one.
    async fn load(cx: &Cx, context: &Context, counting: &Context, id: RecordId) -> Result<Self, LedgerError> {
        let ledgers = cx.ledgers();
        let record = ledgers.get(context, WORKSHOP, id).await?;
        let of = async |context: &Context, ledger: &str| {
            records::all(ledgers, context, ledger, ListRequest::filtered(format!("workshop = '{id}'"))).await
        };
        Ok(Self {
            record,
            options: of(context, OPTION).await?,
            criteria: of(context, CRITERION).await?,
            responses: of(counting, RESPONSE).await?,
            ideas: of(context, IDEA).await?,
            answers: of(context, ANSWER).await?,
        })
    }

    fn scores(&self) -> Vec<Score<RecordId, RecordId>> {
        let options: Vec<RecordId> = self.options.iter().map(|option| option.id).collect();
        let weight = |one: &Visible| Read(one.fields()).figure("weight").unwrap_or(Decimal::new(1, 0));
        let criteria: Vec<(RecordId, Decimal)> = self.criteria.iter().map(|one| (one.id, weight(one))).collect();
        let rating = |row: &crate::kernel::ChildRow| {
            let read = Read(&row.fields);
            Some(Rating {
                option: read.record("option")?,
                criterion: read.record("criterion")?,
                rating: read.int("rating")?,
            })
        };
        let ratings: Vec<_> = self
            .responses
            .iter()
            .flat_map(|response| Read(response.fields()).rows("ratings").iter().filter_map(rating).collect::<Vec<_>>())
            .collect();
        scores(&options, &criteria, &ratings)
    }

    /// The votes crossed with a field of the responses; the columns are the options, by their order.
    fn votes(&self, field: &str, bands: &[String]) -> CrossTable<usize, usize> {
        let place = |response: &Visible| {
            let read = Read(response.fields());
            let band = bands.iter().position(|band| *band == read.text(field))?;
            let preferred = read.record("preferred_option")?;
            Some((band, self.options.iter().position(|option| option.id == preferred)?))
        };
        let answers: Vec<(usize, usize)> = self.responses.iter().filter_map(place).collect();
        let (rows, columns) = ((0..bands.len()).collect::<Vec<_>>(), (0..self.options.len()).collect::<Vec<_>>());
        cross(&rows, &columns, &answers, self.hidden_below())
    }

    fn hidden_below(&self) -> u64 {
        let below = Read(self.record.fields()).int("hidden_below");
        below.and_then(|below| u64::try_from(below).ok()).unwrap_or(5).max(2)
    }

    fn option_name(&self, id: RecordId) -> String {
        let option = self.options.iter().find(|option| option.id == id);
        option
            .map(|option| {
                format!("{} {}", Read(option.fields()).text("option_no"), Read(option.fields()).text("title"))
            })
            .unwrap_or_default()
    }
}

/// `GET /desk/parks/workshops/{id}`
pub async fn page(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    let found = Workshop::load(&cx, cx.context(), cx.context(), id_of(&id)?).await?;
    let read = Read(found.record.fields());
    let site = cx.desk_site(START);
    let mut buttons =
        LinkButton::new("回答を入力する", format!("/desk/ledgers/{RESPONSE}/new")).look(Look::Primary).html();
    buttons.push(&LinkButton::new("アイデアを入力する", format!("/desk/ledgers/{IDEA}/new")).html());
    buttons.push(
        &LinkButton::new("ワークショップの記録", record_href(WORKSHOP, found.record.id)).look(Look::Quiet).html(),
    );
    let mut body = facts(&[
        Fact::text("目的", &read.text("purpose")),
        Fact::text(
            "期間",
            &format!("{} から {}", pieces::said_day(read.date("from")), pieces::said_day(read.date("until"))),
        ),
        Fact::text("回答", &format!("{}件", found.responses.len())),
        Fact::text("結果の公表", if read.yes("results_published") { "公表している" } else { "まだ公表していない" }),
    ]);
    body.push(&results(&cx, &found, Lang::Ja)?);
    let page = pieces::page(&site, &read.text("title")).actions(buttons);
    let page =
        page.lead(format!("集計表で{}人より少ないます目は、人が分からないように伏せています。", found.hidden_below()));
    Ok(Html(page.body(body).render()).into_response())
}

/// `GET /parks/workshops/{id}`: with a visitor's powers. The responses are counted by the program, and shown only as sums once the
/// city has published the results.
pub async fn public(cx: Cx, Path(id): Path<String>) -> Result<Response, Problem> {
    let context = visitor(&cx);
    let counting = Context::system(cx.context().act.at, "ワークショップの結果の集計");
    let mut found = Workshop::load(&cx, &context, &counting, id_of(&id)?).await?;
    let (lang, t) = (cx.lang(), words(cx.lang()));
    // Whether they are published is the hall's own field, which a visitor can't see.
    let own = cx.ledgers().get(&counting, WORKSHOP, found.record.id).await?;
    let is_published = Read(own.fields()).yes("results_published");
    if !is_published {
        found.responses.clear();
    }
    let read = Read(found.record.fields());
    let workshop = Words::of(cx.ledgers(), &context, WORKSHOP)?;
    let day = |key: &str| read.date(key).map(|day| said::date(lang, day)).unwrap_or_default();
    let japanese = |text: &str| {
        SafeHtml::trusted(format!("<p class=\"prose\"{}>{}</p>", content_lang(lang), SafeHtml::escape(text)))
    };
    let mut body = japanese(&read.text("purpose"));
    body.push(&facts(&[
        Fact::text(workshop.label_in(lang, "from"), &day("from")),
        Fact::text(workshop.label_in(lang, "until"), &day("until")),
    ]));
    if is_published {
        body.push(&results(&cx, &found, lang)?);
    } else {
        body.push(&view::note(&t.get("workshop-later")));
        body.push(&ideas(&found, lang));
    }
    let site = cx.portal_site();
    let page = Page::new(&site, read.text("title")).crumb(t.get("parks-title"), cx.href("/parks"));
    Ok(Html(page.body(body).render()).into_response())
}

/// Scores, votes, ideas, opinions and answers.
fn results(cx: &Cx, found: &Workshop, lang: Lang) -> Result<SafeHtml, Problem> {
    let t = words(lang);
    // The names of age bands and distances are the ledger's, which a visitor may not open.
    let own = Context::system(cx.context().act.at, "ワークショップの結果の集計");
    let response = Words::of(cx.ledgers(), &own, RESPONSE)?;
    let mut html = view::section(&t.get("workshop-scores"), &score_table(found, lang));
    for (field, title) in [("age_band", "workshop-by-age"), ("distance_band", "workshop-by-distance")] {
        html.push(&view::section(&t.get(title), &vote_table(found, &response, field, lang)));
    }
    html.push(&ideas(found, lang));
    html.push(&answers(found, lang));
    Ok(html)
}

fn score_table(found: &Workshop, lang: Lang) -> SafeHtml {
    let t = words(lang);
    if found.options.is_empty() || found.responses.is_empty() {
        return Empty::new(t.get("workshop-none")).html();
    }
    let below = found.hidden_below();
    let mut columns = vec![Column::new("option", t.get("workshop-option"))];
    for criterion in &found.criteria {
        let read = Read(criterion.fields());
        let weight = read.figure("weight").map(|weight| said::grouped(weight.to_f64())).unwrap_or_default();
        let label = format!("{}（×{weight}）", read.text("name"));
        columns.push(Column::new(criterion.id.to_string(), label).align(Align::Number));
    }
    columns.push(Column::new("score", t.get("workshop-score")).align(Align::Number));
    let rows = found.scores().into_iter().map(|score| {
        // A mean of a few tells what each of them said.
        let is_few = |count: usize| u64::try_from(count).is_ok_and(|count| (1..below).contains(&count));
        let any_few = score.by_criterion.iter().any(|(_, mean)| is_few(mean.count));
        let cell = |(_, mean): &(RecordId, crate::rules::workshop::Mean)| match (mean.mean, mean.spread) {
            _ if is_few(mean.count) => SafeHtml::escape("＊"),
            (Some(value), Some(spread)) => SafeHtml::trusted(format!(
                "{value}<br><span class=\"text-small text-soft nowrap\">±{spread}　n={}</span>",
                mean.count
            )),
            _ => SafeHtml::or_dash(""),
        };
        let mut cells = vec![SafeHtml::escape(found.option_name(score.option))];
        cells.extend(score.by_criterion.iter().map(cell));
        let total = score.score.filter(|_| !any_few).map(|score| score.to_string());
        cells.push(if any_few { SafeHtml::escape("＊") } else { SafeHtml::or_dash(&total.unwrap_or_default()) });
        Row::new(cells)
    });
    let mut html = Table::new(lang, t.get("workshop-scores"), columns, rows.collect()).wide().html();
    html.push(&view::note(&t.get("workshop-scores-note")));
    html
}

fn vote_table(found: &Workshop, response: &Words, field: &str, lang: Lang) -> SafeHtml {
    let t = words(lang);
    let bands: Vec<String> = response.choices(field).into_iter().map(|(key, _)| key).collect();
    if found.options.is_empty() || found.responses.is_empty() {
        return Empty::new(t.get("workshop-none")).html();
    }
    let table = found.votes(field, &bands);
    let cell = |cell: &Cell| match cell {
        Cell::Count(count) => SafeHtml::escape(count),
        Cell::Hidden => SafeHtml::escape("＊"),
    };
    let mut columns = vec![Column::new("band", response.label_in(lang, field))];
    columns.extend(found.options.iter().map(|option| {
        Column::new(option.id.to_string(), Read(option.fields()).text("option_no")).align(Align::Number)
    }));
    columns.push(Column::new("total", t.get("workshop-total")).align(Align::Number));
    let rows = bands.iter().enumerate().map(|(index, band)| {
        let mut cells = vec![SafeHtml::escape(response.choice_in(lang, field, band))];
        cells.extend(table.cells[index].iter().map(cell));
        cells.push(cell(&table.row_totals[index]));
        Row::new(cells)
    });
    let mut foot = vec![SafeHtml::escape(t.get("workshop-total"))];
    foot.extend(table.column_totals.iter().map(cell));
    foot.push(SafeHtml::escape(table.total));
    let title = response.label_in(lang, field);
    let mut html = Table::new(lang, title, columns, rows.collect()).foot(foot).wide().html();
    html.push(&view::note(
        &t.say("workshop-hidden").with("count", i64::try_from(found.hidden_below()).unwrap_or(5)).to_string(),
    ));
    html
}

fn ideas(found: &Workshop, lang: Lang) -> SafeHtml {
    let t = words(lang);
    if found.ideas.is_empty() {
        return SafeHtml::EMPTY;
    }
    let mut ideas: BTreeMap<(std::cmp::Reverse<i64>, RecordId), String> = BTreeMap::new();
    for idea in &found.ideas {
        let read = Read(idea.fields());
        ideas.insert((std::cmp::Reverse(read.int("votes").unwrap_or(0)), idea.id), read.text("text"));
    }
    let row = |((votes, _), text): (&(std::cmp::Reverse<i64>, RecordId), &String)| {
        let text = SafeHtml::trusted(format!("<span{}>{}</span>", content_lang(lang), SafeHtml::escape(text)));
        Row::new(vec![text, SafeHtml::escape(votes.0)])
    };
    let columns = vec![
        Column::new("idea", t.get("workshop-idea")),
        Column::new("votes", t.get("workshop-votes")).align(Align::Number),
    ];
    let table = Table::new(lang, t.get("workshop-ideas"), columns, ideas.iter().map(row).collect()).html();
    view::section(&t.get("workshop-ideas"), &table)
}

fn answers(found: &Workshop, lang: Lang) -> SafeHtml {
    let t = words(lang);
    if found.answers.is_empty() {
        return SafeHtml::EMPTY;
    }
    let row = |answer: &Visible| {
        let read = Read(answer.fields());
        let japanese =
            |text: String| SafeHtml::trusted(format!("<span{}>{}</span>", content_lang(lang), SafeHtml::escape(text)));
        let count = read.int("opinion_count").unwrap_or(1);
        Row::new(vec![japanese(read.text("opinion")), SafeHtml::escape(count), japanese(read.text("answer"))])
    };
    let columns = vec![
        Column::new("opinion", t.get("workshop-opinion")),
        Column::new("count", t.get("workshop-count")).align(Align::Number),
        Column::new("answer", t.get("workshop-answer")),
    ];
    let table = Table::new(lang, t.get("workshop-answers"), columns, found.answers.iter().map(row).collect()).html();
    view::section(&t.get("workshop-answers"), &table)
}
