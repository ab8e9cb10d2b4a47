//! Disclosure to the person concerned (本人開示): choosing the record, deciding item by item, and the package.

use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use http::header;
use kawasemi_kernel::{Actor, Lang, RecordId};
use kawasemi_oversight::disclosure::{HeldRecord, Item, Withheld};
use kawasemi_ui::button::Submit;
use kawasemi_ui::notice::{Empty, Notice, Tone};
use kawasemi_ui::table::{Align, Column, Row, Table};
use kawasemi_ui::{Component, Icon, SafeHtml};
use tokio_util::io::ReaderStream;

use super::{refused, with_refusal};
use crate::audit::{MEANT, Meant, People, meant, page, site};
use crate::ledgers::disposition;
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{chosen, narrowing, note, section, sought, when};

const PATH: &str = "/desk/privacy/disclosure";

/// The grounds on which an item is withheld (法第78条第1項), and what blackens a third person.
const GROUNDS: [&str; 8] = [
    "第1号　本人の生命、健康、生活又は財産を害するおそれ",
    "第2号　開示請求者以外の個人に関する情報",
    "第3号　法人等に関する情報",
    "第4号　国の安全等に関する情報",
    "第5号　犯罪の予防、捜査等に関する情報",
    "第6号　審議、検討又は協議に関する情報",
    "第7号　事務又は事業の遂行に支障を及ぼすおそれ",
    "保有個人情報に当たらない",
];

/// `GET /desk/privacy/disclosure`
pub async fn choose(cx: Cx) -> Result<Response, Problem> {
    let entered = |name: &str| cx.query(name).unwrap_or_default();
    let (ledger, record) = (entered("ledger"), entered("record"));
    let (mut mistake, mut choices) = (None, None);
    let of = |ledger: &str, id: RecordId| format!("{PATH}/{ledger}/{id}");
    match meant(&cx, &ledger, &record, of).await? {
        Meant::Nothing => {}
        Meant::Record(ledger, id) => return Ok(Redirect::to(&of(&ledger, id)).into_response()),
        Meant::Several(list) => choices = Some(list),
        Meant::None(sentence) => mistake = Some(sentence),
    }
    let catalogue = cx.catalogue();
    let ledgers = catalogue.iter().map(|ledger| (ledger.key(), ledger.def.title.get(Lang::Ja)));
    let form = narrowing(
        PATH,
        [chosen("ledger", "台帳", "すべての台帳から探す", ledgers, &ledger), sought("record", MEANT, &record, mistake)],
        "この人の情報を集める",
    );
    let mut body = section("本人の記録", &form);
    if let Some(choices) = choices {
        body.push(&choices.html());
    }
    let decisions = cx.city().oversight.disclosures(cx.context()).await?;
    let account = |actor: &str| actor.parse::<Actor>().ok().and_then(Actor::account);
    let people = People::load(&cx, decisions.iter().filter_map(|one| account(&one.made_by)), []).await?;
    let columns = vec![
        Column::new("at", "日時").align(Align::Tight),
        Column::new("ledger", "台帳"),
        Column::new("record", "本人の記録"),
        Column::new("by", "作った人"),
        Column::new("withheld", "不開示の項目").align(Align::Number),
        Column::new("digest", "ファイルのSHA-256"),
    ];
    let rows = decisions.iter().map(|one| {
        let record = one.record.to_string();
        Row::new(vec![
            SafeHtml::escape(when(one.made_at)),
            SafeHtml::escape(crate::audit::ledger(&cx, &one.ledger)),
            SafeHtml::link(&format!("{PATH}/{}/{record}", one.ledger), &record),
            SafeHtml::escape(people.actor(&one.made_by)),
            SafeHtml::escape(one.withheld.len()),
            crate::view::code(one.digest.get(..16).unwrap_or(&one.digest)),
        ])
    });
    let table = match decisions.is_empty() {
        true => Empty::new("本人開示の記録はありません").html(),
        false => Table::new(Lang::Ja, "本人開示の記録", columns, rows.collect()).html(),
    };
    body.push(&section("これまでの開示", &table));
    let site = site(&cx);
    let lead = "ある人について持っている情報を、本人の記録と、それを参照するほかの台帳の記録から集め、一つのファイルにまとめます。";
    Ok(with_refusal(page(&site, "本人開示").lead(lead).body(body), None))
}

/// `GET /desk/privacy/disclosure/{ledger}/{record}`
pub async fn show(cx: Cx, Path((ledger, record)): Path<(String, RecordId)>) -> Result<Response, Problem> {
    render(&cx, &ledger, record, &Entries::default(), None).await
}

/// `POST /desk/privacy/disclosure/{ledger}/{record}`: the package.
pub async fn package(
    cx: Cx,
    Path((ledger, record)): Path<(String, RecordId)>,
    entries: Entries,
) -> Result<Response, Problem> {
    let chosen = entries.0.iter().filter(|(_, ground)| !ground.is_empty());
    let withheld: Vec<Withheld> = chosen.filter_map(|(name, ground)| withheld(name, ground)).collect();
    match refused(cx.city().oversight.disclose(cx.context(), &ledger, record, withheld).await)? {
        Ok((id, file)) => {
            let content = ReaderStream::new(tokio::fs::File::from_std(file));
            let headers = [
                (header::CONTENT_TYPE, "application/zip".to_owned()),
                (header::CONTENT_DISPOSITION, disposition("attachment", &format!("本人開示_{id}.zip"))),
            ];
            Ok((headers, Body::from_stream(content)).into_response())
        }
        Err(sentence) => render(&cx, &ledger, record, &entries, Some(sentence)).await,
    }
}

/// The name of an item's entry: what is withheld is known by ledger, record and field.
fn entry_of(record: &HeldRecord, item: Option<&Item>) -> String {
    format!("{}/{}/{}", record.ledger, record.record, item.map_or("*", |item| item.field.as_str()))
}

fn withheld(name: &str, ground: &str) -> Option<Withheld> {
    let mut parts = name.splitn(3, '/');
    let (ledger, record, field) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
    let reason = ground.parse::<usize>().ok().and_then(|n| GROUNDS.get(n))?;
    let reason = if reason.starts_with('第') { format!("法第78条第1項{reason}") } else { (*reason).to_owned() };
    let field = (field != "*").then(|| field.to_owned());
    Some(Withheld { ledger: ledger.to_owned(), record, field, reason })
}

async fn render(
    cx: &Cx,
    ledger: &str,
    record: RecordId,
    entries: &Entries,
    refusal: Option<String>,
) -> Result<Response, Problem> {
    let held = cx.city().oversight.held_on(cx.context(), ledger, record).await?;
    let mut inner = SafeHtml::EMPTY;
    for each in &held {
        inner.push(&section(&heading(each), &items(each, entries)));
    }
    let button = Submit::new("開示するファイルを作る").icon(Icon::Download).html();
    let mut body = note(
        "不開示にする項目だけ、理由を選んでください。選ばない項目は開示されます。ほかの人の情報かもしれない項目には、印を付けてあります。",
    );
    body.push(&SafeHtml::trusted(format!(
        "<form class=\"stack\" method=\"post\" action=\"{PATH}/{}/{record}\">{inner}<div class=\"button-row\">{button}</div></form>",
        SafeHtml::escape(ledger)
    )));
    let site = site(cx);
    let notice = Notice::new(Tone::Info, "この画面を開いたことは、閲覧の記録に残ります。");
    let lead = format!("{}件の記録が見つかりました。", held.len());
    let page = page(&site, "開示と不開示を決める").crumb("本人開示", PATH).lead(lead).notice(notice).body(body);
    Ok(with_refusal(page, refusal))
}

fn heading(record: &HeldRecord) -> String {
    let number = record.number.as_deref().map(|number| format!("　{number}")).unwrap_or_default();
    format!("{}{number}", record.title)
}

fn items(record: &HeldRecord, entries: &Entries) -> SafeHtml {
    let columns = vec![Column::new("item", "項目"), Column::new("text", "内容"), Column::new("ground", "不開示の理由")];
    let whole = vec![
        SafeHtml::trusted("<strong>この記録の全体</strong>".to_owned()),
        SafeHtml::escape(""),
        grounds(&entry_of(record, None), "この記録の全体", entries),
    ];
    let rows = record.items.iter().map(|item| {
        let mut label = SafeHtml::escape(&item.label);
        if item.of_third_person {
            label.push(&SafeHtml::trusted(
                " <span class=\"text-soft text-small\">（ほかの人かもしれません）</span>".to_owned(),
            ));
        }
        vec![label, SafeHtml::escape(&item.text), grounds(&entry_of(record, Some(item)), &item.label, entries)]
    });
    let rows = std::iter::once(whole).chain(rows).map(Row::new).collect();
    Table::new(Lang::Ja, heading(record), columns, rows).html()
}

fn grounds(name: &str, label: &str, entries: &Entries) -> SafeHtml {
    let value = entries.text(name);
    let options: String = GROUNDS
        .iter()
        .enumerate()
        .map(|(n, ground)| {
            let selected = if value == n.to_string() { " selected" } else { "" };
            format!("<option value=\"{n}\"{selected}>{ground}</option>")
        })
        .collect();
    SafeHtml::trusted(format!(
        "<select class=\"input width-short\" name=\"{}\" aria-label=\"{}の不開示の理由\"><option value=\"\">開示する</option>{options}</select>",
        SafeHtml::escape(name),
        SafeHtml::escape(label)
    ))
}
