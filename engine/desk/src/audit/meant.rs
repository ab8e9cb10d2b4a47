//! Which record is meant (だれの記録か). Who asks about a person knows a name or a number from a letter, seldom an id: what was
//! entered may be the record's id, the address of its page, its number, or words to look for.
//!
//! Ids and numbers are found whoever asks, since they show nothing. Words are looked for with the caller's own rights, so that
//! an auditor without a grant finds nobody by name and a protected address is found by nobody.

use kawasemi_kernel::RecordId;
use kawasemi_ui::SafeHtml;
use kawasemi_ui::notice::{Notice, Tone};

use crate::ledgers::opened::{Opened, item, style};
use crate::problem::Problem;
use crate::request::Cx;

/// The label of the entry that [`meant`] reads.
pub(crate) const LABEL: &str = "氏名・番号・記録のID";

/// How many hits of each ledger are offered.
const OFFERED: u32 = 10;

/// What an entry means.
pub(crate) enum Meant {
    /// Nothing was entered.
    Nothing,
    /// One record.
    Record(String, RecordId),
    /// Several could be meant: a list of links to choose from.
    Several(Notice),
    /// None is, with what to do.
    None(&'static str),
}

/// The record that is meant by an id or by the address of its page.
fn named(text: &str) -> Option<RecordId> {
    let path = path(text);
    path.rsplit('/').find_map(|part| part.parse().ok())
}

/// The ledger in the address of a record's page.
fn ledger_in(text: &str) -> Option<&str> {
    let mut parts = path(text).split('/').skip_while(|part| *part != "ledgers");
    parts.nth(1).filter(|_| parts.next().is_some())
}

fn path(text: &str) -> &str {
    text.split(['?', '#']).next().unwrap_or_default().trim().trim_end_matches('/')
}

/// Which record is meant by what was entered; `ledger` narrows it, and `link` is where a choice leads.
pub(crate) async fn meant(
    cx: &Cx,
    ledger: &str,
    text: &str,
    link: impl Fn(&str, RecordId) -> String,
) -> Result<Meant, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Meant::Nothing);
    }
    if let Some(id) = named(text) {
        return Ok(match ledger_in(text).unwrap_or(ledger) {
            "" => Meant::None("IDだけでは台帳が分かりません。台帳も選んでください。"),
            ledger => Meant::Record(ledger.to_owned(), id),
        });
    }
    let is_narrowed = |found: &str| ledger.is_empty() || ledger == found;
    let mut numbered = cx.city().oversight.numbered(cx.context(), text).await?;
    numbered.retain(|(found, _)| is_narrowed(found));
    if let [(ledger, id)] = numbered.as_slice() {
        return Ok(Meant::Record(ledger.clone(), *id));
    }
    let mut hits = cx.ledgers().search_all(cx.context(), text, OFFERED).await?;
    hits.retain(|hits| is_narrowed(&hits.ledger));
    let mut choices = SafeHtml::EMPTY;
    for hits in &hits {
        let opened = Opened::new(cx, &hits.ledger)?;
        let records: Vec<_> = hits.records.iter().map(|(record, _)| record.clone()).collect();
        let labels = cx.ledgers().labels(cx.context(), &hits.ledger, &records).await?;
        let style = style().with_labels(&labels);
        for record in &records {
            // People of one name are told apart by the number that they are known by.
            let unique = opened.def.fields.iter().filter(|field| field.unique);
            let known = unique.filter_map(|field| record.get(&field.key).as_text()).next();
            let note = format!("{}　{}", hits.title, record.number.as_deref().or(known).unwrap_or_default());
            choices.push(&item(&link(&hits.ledger, record.id), &opened.name_of(record, &style), note.trim()));
        }
    }
    for (found, id) in &numbered {
        choices.push(&item(&link(found, *id), text, &super::ledger(cx, found)));
    }
    if choices.is_empty() {
        return Ok(Meant::None(
            "当たる記録がありません。氏名で探せるのは、自分が閲覧できる台帳だけです。番号か、記録の画面のアドレスでお試しください。",
        ));
    }
    let more = match hits.iter().any(|hits| hits.count.more || hits.count.count > u64::from(OFFERED)) {
        true => "先頭だけを出しています。見つからないときは、言葉を足すか、台帳を選んでください。",
        false => "当てはまる記録を選んでください。",
    };
    let list = SafeHtml::trusted(format!("<ul class=\"link-list\">{choices}</ul>"));
    let title = format!("「{text}」に当たる記録");
    Ok(Meant::Several(Notice::new(Tone::Info, title).text(more).more(list)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_named_by_its_id_or_its_page() {
        let id = "0190a1b2-0000-7000-8000-000000000001";
        let record = id.parse().ok();
        assert_eq!(named(id), record);
        assert_eq!(named(&format!("https://desk.example.jp/desk/ledgers/park/{id}?x=1")), record);
        assert_eq!(named(&format!("/desk/ledgers/park/{id}/history#top")), record);
        assert_eq!(named("公園"), None);
    }

    #[test]
    fn the_address_of_a_page_tells_its_ledger() {
        let id = "0190a1b2-0000-7000-8000-000000000001";
        assert_eq!(ledger_in(&format!("https://desk.example.jp/desk/ledgers/park/{id}?x=1")), Some("park"));
        assert_eq!(ledger_in("/desk/ledgers/park"), None);
        assert_eq!(ledger_in(id), None);
    }
}
