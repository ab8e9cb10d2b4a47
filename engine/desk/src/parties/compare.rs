//! Two parties beside one another: the same, or two.

use axum::extract::Path;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use kawasemi_kernel::{Lang, RecordId};
use kawasemi_ledger::{LedgerError, Visible};
use kawasemi_parties::{Merge, Pair, merge};
use kawasemi_registry::PARTY;
use kawasemi_schema::{FieldDef, FieldKind};
use kawasemi_ui::button::{Look, Submit};
use kawasemi_ui::field::{FieldKind as Control, FieldView};
use kawasemi_ui::form::Form;
use kawasemi_ui::notice::{Notice, Tone};
use kawasemi_ui::table::{Column, Row, Table};
use kawasemi_ui::{Component, SafeHtml};

use super::list::{reasons, sure};
use super::{DUPLICATES, gate, page};
use crate::ledgers::opened::{Opened, record_href, style};
use crate::problem::Problem;
use crate::request::{Cx, Entries};
use crate::view::{done_at, section};

/// The two of an address.
type Two = Path<(String, String)>;

fn ids(Path((one, other)): Two) -> Result<(RecordId, RecordId), Problem> {
    let id = |text: &str| text.parse().map_err(|_| Problem::not_found());
    Ok((id(&one)?, id(&other)?))
}

/// `GET /desk/parties/duplicates/{one}/{other}`
pub async fn show(cx: Cx, two: Two) -> Result<Response, Problem> {
    render(&cx, ids(two)?, None).await
}

/// `POST /desk/parties/duplicates/{one}/{other}`
pub async fn merge(cx: Cx, two: Two, entries: Entries) -> Result<Response, Problem> {
    gate(&cx)?;
    let (one, other) = ids(two)?;
    let stays = if entries.text("stays") == other.to_string() { other } else { one };
    let goes = if stays == one { other } else { one };
    let revision = |id: RecordId| entries.text(&format!("revision-{id}")).parse().unwrap_or_default();
    let taken = entries.all("take").map(str::to_owned).collect();
    let wanted = Merge { survivor: (stays, revision(stays)), duplicate: (goes, revision(goes)), taken };
    match merge::merge(cx.ledgers(), &cx.because(entries.text("why")), &wanted).await {
        Ok(_) => Ok(done_at(DUPLICATES, "merged")),
        Err(error @ (LedgerError::Refused(_) | LedgerError::Invalid(_) | LedgerError::Duplicate { .. })) => {
            render(&cx, (one, other), Some((error.to_string(), entries))).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /desk/parties/duplicates/{one}/{other}/apart`
pub async fn apart(cx: Cx, two: Two, entries: Entries) -> Result<Response, Problem> {
    let duplicates = gate(&cx)?;
    let (one, other) = ids(two)?;
    if entries.text("why").is_empty() {
        let mistake = "「別人・別の団体と判断した理由」を入力してください。".to_owned();
        return render(&cx, (one, other), Some((mistake, entries))).await;
    }
    duplicates.keep_apart(&cx.because(entries.text("why")), one, other).await?;
    Ok(done_at(DUPLICATES, "apart"))
}

/// `POST /desk/parties/duplicates/{one}/{other}/again`
pub async fn again(cx: Cx, two: Two) -> Result<Response, Problem> {
    let duplicates = gate(&cx)?;
    let (one, other) = ids(two)?;
    duplicates.propose_again(cx.context(), one, other).await?;
    Ok(done_at(DUPLICATES, "again"))
}

async fn render(
    cx: &Cx,
    (one, other): (RecordId, RecordId),
    refused: Option<(String, Entries)>,
) -> Result<Response, Problem> {
    let duplicates = gate(cx)?;
    let opened = Opened::new(cx, PARTY)?;
    let parties =
        [cx.ledgers().get(cx.context(), PARTY, one).await?, cx.ledgers().get(cx.context(), PARTY, other).await?];
    if parties.iter().any(|party| party.deleted_at.is_some()) {
        return Err(LedgerError::Refused("どちらかの記録は、すでにまとめられたか削除されています。".to_owned()).into());
    }
    let labels = cx.ledgers().labels(cx.context(), PARTY, &parties).await?;
    let pair = duplicates
        .of(cx.context(), one)
        .await?
        .into_iter()
        .find(|pair| pair.parties.iter().any(|party| party.id == other));
    let side =
        Beside { opened: &opened, parties: &parties, labels: &labels, sent: refused.as_ref().map(|(_, sent)| sent) };
    let mut body = SafeHtml::EMPTY;
    if let Some((mistake, _)) = &refused {
        body.push(&Notice::new(Tone::Error, "まとめられませんでした").text(mistake.as_str()).html());
    }
    body.push(&side.html(pair.as_ref()));
    let site = cx.desk_site("ledgers");
    let title = "同じ人・団体かを確かめる";
    let page = page(&site, title).crumb("名寄せの候補", DUPLICATES).body(body);
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, Html(page.render())).into_response())
}

struct Beside<'a> {
    opened: &'a Opened,
    parties: &'a [Visible; 2],
    labels: &'a kawasemi_ledger::Labels,
    sent: Option<&'a Entries>,
}

impl Beside<'_> {
    fn html(&self, pair: Option<&Pair>) -> SafeHtml {
        let [one, other] = self.parties;
        let here = format!("{DUPLICATES}/{}/{}", one.id, other.id);
        let mut html = SafeHtml::EMPTY;
        if let Some(pair) = pair {
            html.push(&SafeHtml::trusted(format!("<p>{} {}</p>", sure(&pair.likeness), reasons(&pair.likeness))));
        }
        let mut form = SafeHtml::trusted(format!(
            "<form class=\"form stack\" method=\"post\" action=\"{here}\" novalidate>\
             <input type=\"hidden\" name=\"revision-{}\" value=\"{}\"><input type=\"hidden\" name=\"revision-{}\" value=\"{}\">",
            one.id, one.revision, other.id, other.revision
        ));
        form.push(&self.table());
        let why = FieldView::new("why", "同じ人・団体と判断した理由", Control::Text { max: Some(200) })
            .hint("例：窓口で本人に確認した。生年月日と前住所が戸籍の附票と一致した。")
            .required()
            .value(self.sent.map_or("", |sent| sent.text("why")));
        form.push(&why.html(Lang::Ja));
        let submit = Submit::new("一つにまとめる").look(Look::Danger).html();
        form.push(&SafeHtml::trusted(format!("<div class=\"form-actions\">{submit}</div></form>")));
        html.push(&section("同じ人・団体のとき", &form));
        let why = FieldView::new("why", "別人・別の団体と判断した理由", Control::Text { max: Some(200) })
            .hint("例：双子。同じ建物に住む同姓同名の人。")
            .required();
        let apart = Form::new(Lang::Ja, format!("{here}/apart")).fields(vec![why]).submit("別人として残す").plain();
        html.push(&section("別人・別の団体のとき", &apart.html()));
        html
    }

    /// The fields beside one another. Where they differ, the value of the record that goes can be taken.
    fn table(&self) -> SafeHtml {
        let [one, other] = self.parties;
        let head = |party: &Visible| {
            let checked = match self.sent {
                Some(sent) => sent.text("stays") == party.id.to_string(),
                None => self.suggested() == party.id,
            };
            let checked = if checked { " checked" } else { "" };
            let number = SafeHtml::escape(party.number.as_deref().unwrap_or_default());
            let link = SafeHtml::link(&record_href(PARTY, party.id), "記録を開く");
            SafeHtml::trusted(format!(
                "<label class=\"option\"><input type=\"radio\" name=\"stays\" value=\"{}\"{checked}> <span>{number} を残す</span></label> {link}",
                party.id
            ))
        };
        let columns = vec![
            Column::new("field", "項目"),
            Column::new("one", "一つめ"),
            Column::new("other", "二つめ"),
            Column::new("take", "まとめるとき"),
        ];
        let mut rows = vec![Row::new(vec![SafeHtml::escape("残す記録"), head(one), head(other), SafeHtml::EMPTY])];
        rows.extend(self.opened.fields().filter_map(|field| self.row(field)));
        Table::new(Lang::Ja, "二つの記録の内容", columns, rows).head(0).html()
    }

    /// The record that had better stay: that of the resident register, then the older one.
    fn suggested(&self) -> RecordId {
        let [one, other] = self.parties;
        let is_registered = |party: &Visible| party.get("source").as_text() == Some("resident-register");
        if is_registered(other) && !is_registered(one) { other.id } else { one.id }
    }

    fn row(&self, field: &FieldDef) -> Option<Row> {
        let [one, other] = self.parties;
        let is_hidden = one.is_masked(field) || other.is_masked(field);
        let style = style().with_labels(self.labels);
        let shown = |party: &Visible| match party.is_masked(field) {
            true => SafeHtml::trusted("<span class=\"fact-none\">非表示</span>".to_owned()),
            false => SafeHtml::or_dash(&kawasemi_ledger::field::show(field, party.get(&field.key), &style)),
        };
        let (a, b) = (one.get(&field.key), other.get(&field.key));
        if a.is_null() && b.is_null() && !is_hidden {
            return None;
        }
        let take = match a == b || is_hidden || matches!(field.kind, FieldKind::Computed { .. }) || field.key == "kind"
        {
            true => SafeHtml::EMPTY,
            false => {
                let is_taken = |sent: &Entries| sent.all("take").any(|key| key == field.key);
                // What the record that stays lacks is taken unless somebody says otherwise.
                let lacks =
                    self.parties.iter().any(|party| party.id == self.suggested() && party.get(&field.key).is_null());
                let checked = if self.sent.map_or(lacks, is_taken) { " checked" } else { "" };
                SafeHtml::trusted(format!(
                    "<label class=\"option\"><input type=\"checkbox\" name=\"take\" value=\"{}\"{checked}> <span>消える方の値を使う</span></label>",
                    field.key
                ))
            }
        };
        Some(Row::new(vec![SafeHtml::escape(field.label.ja()), shown(one), shown(other), take]))
    }
}
