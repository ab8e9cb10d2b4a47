//! Search across all ledgers that a caller may read.

use kawasemi_identity::Context;

use crate::error::Result;
use crate::labels;
use crate::ledgers::Ledgers;
use crate::read::Bounded;
use crate::record::Visible;
use crate::select::ListRequest;

/// Among how many hits of a ledger the best are looked for: many ledgers are asked for one page.
const AMONG: usize = 200;
/// How far hits are counted.
const COUNTED: u64 = 100;

/// What one ledger has for a search.
#[derive(Clone, Debug, PartialEq)]
pub struct Hits {
    /// The ledger's key.
    pub ledger: String,
    /// Its name for people.
    pub title: String,
    /// The first records with their names.
    pub records: Vec<(Visible, String)>,
    /// How many there are.
    pub count: Bounded,
}

impl Ledgers {
    /// Looks for a text in every ledger that the caller may read, and answers the `first` hits of each that fit best; ledgers
    /// without a hit are left out.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn search_all(&self, context: &Context, text: &str, first: u32) -> Result<Vec<Hits>> {
        let mut all = Vec::new();
        let searched = ListRequest { q: text.to_owned(), ranked: true, limit: first, ..ListRequest::default() };
        let Some(query) = searched.ranked_query()? else { return Ok(all) };
        let keys: Vec<String> = {
            let compiled = self.compiled()?;
            let read = compiled.grants.ledgers_for(context, kawasemi_schema::Action::Read);
            read.map(str::to_owned).collect()
        };
        for key in keys {
            let gate = self.gate(context, &key)?;
            if gate.ledger.levels.is_empty() {
                continue;
            }
            let request = ListRequest { fields: Some(label_fields(&gate)), ..searched.clone() };
            let page = self.ranked(context, &gate, &request, &query, AMONG).await?;
            if page.records.is_empty() {
                continue;
            }
            let count = match page.next {
                None => Bounded { count: page.records.len() as u64, more: false },
                Some(_) => self.count(context, &key, &request, COUNTED).await?,
            };
            let named = page.records.into_iter().map(|record| {
                let name = labels::label(gate.def(), &record, context);
                (record, name)
            });
            let title = gate.def().title.get(context.lang).to_owned();
            all.push(Hits { records: named.collect(), count, title, ledger: key });
        }
        Ok(all)
    }
}

/// The fields by which records are called, and those that say whose they are and as of which day, as far as the caller may see
/// them.
fn label_fields(gate: &crate::ledgers::Gate) -> Vec<String> {
    let visible: Vec<&str> =
        gate.access.visible_fields(kawasemi_schema::Action::Read).map(|field| field.key.as_str()).collect();
    let master = gate.def().master.iter().flat_map(|master| [&master.field, &master.stamp]);
    let wanted = gate.def().label.iter().chain(master);
    wanted.filter(|key| visible.contains(&key.as_str())).cloned().collect()
}
