//! Answering a reporter (返信) in the language in which they reported, from a template whose blanks are filled in.

use super::{Entry, enter};
use crate::definitions::TEMPLATE;
use crate::kernel::Lang;
use crate::ledger::{LedgerError, Ledgers, ListRequest};
use crate::platform::identity::Context;
use crate::records::{Category, Read, Report, all};
use crate::rules::State;

/// A template (文例).
#[derive(Clone, Debug)]
pub struct Template {
    /// What staff call it.
    pub name: String,
    /// The state that it goes with.
    pub state: Option<State>,
    texts: [String; 4],
}

impl Template {
    /// The templates in use.
    ///
    /// # Errors
    /// As [`Ledgers::list`].
    pub async fn all(ledgers: &Ledgers, context: &Context) -> Result<Vec<Self>, LedgerError> {
        let records = all(ledgers, context, TEMPLATE, ListRequest::filtered("active")).await?;
        let of = |read: Read<'_>| Self {
            name: read.text("name"),
            state: State::from_key(&read.text("state")),
            texts: ["text", "text_easy", "text_en", "text_vi"].map(|key| read.text(key)),
        };
        Ok(records.iter().map(|record| of(Read(record.fields()))).collect())
    }

    /// The template in a language, in Japanese where it has none, with its blanks filled in.
    pub fn filled(&self, lang: Lang, report: &Report, category: Option<&Category>) -> String {
        let place = Lang::ALL.iter().position(|one| *one == lang).unwrap_or(0);
        let own = &self.texts[place];
        let text = if own.is_empty() { &self.texts[0] } else { own };
        let due = report.fix_due.map(|day| crate::platform::ui::said::date(lang, day)).unwrap_or_default();
        let whereabouts = if report.public_address.is_empty() { &report.area } else { &report.public_address };
        text.replace("{番号}", &report.reference)
            .replace("{種類}", category.map_or("", |category| category.name(lang)))
            .replace("{場所}", whereabouts)
            .replace("{目標日}", &due)
    }
}

/// Writes an answer into the report's history, where the reporter reads it under the tracking number. Everybody who looks at the
/// report reads it as well, so it names nobody.
///
/// # Errors
/// [`LedgerError::Refused`] for an empty answer, and as [`Ledgers::create`].
pub async fn reply(ledgers: &Ledgers, context: &Context, report: &Report, text: &str) -> Result<(), LedgerError> {
    if text.trim().is_empty() {
        return Err(LedgerError::Refused("返信の文を書いてください。".to_owned()));
    }
    enter(ledgers, context, report.id, &Entry { kind: "reply", text, published: true, ..Entry::default() }).await
}
