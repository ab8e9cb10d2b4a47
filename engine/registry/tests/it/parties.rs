//! The register of parties (宛名), by its definition: a move leaves the former address.

use jiff::civil::{Date, date};
use kawasemi_identity::Context;
use kawasemi_kernel::{PersonName, PostalAddress, RecordId, Value};
use kawasemi_ledger::{Calculators, Draft, Ledgers};
use kawasemi_testkit::{Fixture, on_both_stores};

struct Hall {
    ledgers: Ledgers,
    context: Context,
}

impl Hall {
    async fn new(fixture: &Fixture) -> Self {
        let bundle = kawasemi_registry::bundle().unwrap();
        let texts: Vec<&str> = bundle.ledgers.iter().map(|ledger| ledger.source.text.as_str()).collect();
        fixture.publish(&texts).await;
        let ids = fixture.ids.clone();
        let ledgers = Ledgers::new(fixture.city.clone(), bundle.system.roles, Calculators::new(), ids).unwrap();
        Self { ledgers, context: Context::system(fixture.now(), "試験") }
    }

    async fn add(&self, draft: Draft) -> RecordId {
        let name = Value::Name(PersonName { name: "試験 一".to_owned(), kana: "シケン イチ".to_owned() });
        let draft = draft.with("kind", "person").with("name", name);
        self.ledgers.create(&self.context, "party", draft).await.unwrap().id
    }

    async fn change(&self, id: RecordId, draft: Draft) {
        let revision = self.ledgers.get(&self.context, "party", id).await.unwrap().revision;
        self.ledgers.update(&self.context, "party", id, revision, draft).await.unwrap();
    }

    /// The former addresses: from, until, address and building.
    async fn former(&self, id: RecordId) -> Vec<(Option<Date>, Option<Date>, String, String)> {
        let party = self.ledgers.get(&self.context, "party", id).await.unwrap();
        let Value::Rows(rows) = party.get("addresses") else { return Vec::new() };
        let day = |value: Option<&Value>| value.and_then(Value::as_date);
        let text = |value: Option<&Value>| value.and_then(Value::as_text).unwrap_or_default().to_owned();
        let row = |fields: &kawasemi_kernel::Fields| {
            let of = |key: &str| fields.get(key);
            (day(of("from")), day(of("until")), text(of("address")), text(of("building")))
        };
        rows.iter().map(|one| row(&one.fields)).collect()
    }
}

fn at(text: &str) -> Value {
    Value::Address(PostalAddress { postcode: String::new(), text: text.to_owned() })
}

const OLD: &str = "綾瀬市早川1丁目2番3号";
const NEW: &str = "綾瀬市深谷中4丁目5番6号";
const SINCE: Date = date(2020, 4, 1);

on_both_stores! {
    tables = kawasemi_testkit::desk::tables();

    async fn a_move_leaves_the_address_before_it(fixture) {
        let hall = Hall::new(fixture).await;
        let here = Draft::new().with("address", at(OLD)).with("building", "みどり荘101").with("address_since", SINCE);
        let id = hall.add(here).await;
        assert!(hall.former(id).await.is_empty());

        let moved = Draft::new().with("address", at(NEW)).with("building", Value::Null);
        hall.change(id, moved.with("address_since", date(2026, 4, 20))).await;
        let first = (Some(SINCE), Some(date(2026, 4, 20)), OLD.to_owned(), "みどり荘101".to_owned());
        assert_eq!(hall.former(id).await, std::slice::from_ref(&first));

        // Nobody said since when: it was until the day on which it was entered.
        hall.change(id, Draft::new().with("address", at(OLD))).await;
        let today = hall.context.today();
        let second = (Some(date(2026, 4, 20)), Some(today), NEW.to_owned(), String::new());
        assert_eq!(hall.former(id).await, [first, second]);
    }

    async fn what_is_no_move_leaves_nothing(fixture) {
        let hall = Hall::new(fixture).await;
        let id = hall.add(Draft::new().with("address", at(OLD))).await;
        hall.change(id, Draft::new().with("mobile", "090-0000-0000")).await;
        hall.change(id, Draft::new().with("address", at("綾瀬市 早川１丁目２番３号"))).await;
        let with_postcode = PostalAddress { postcode: "2521124".to_owned(), text: OLD.to_owned() };
        hall.change(id, Draft::new().with("address", Value::Address(with_postcode))).await;
        assert!(hall.former(id).await.is_empty());

        // Without an address before there is nothing to keep.
        let homeless = hall.add(Draft::new()).await;
        hall.change(homeless, Draft::new().with("address", at(NEW))).await;
        assert!(hall.former(homeless).await.is_empty());

        // Going back to what the record was is no move back.
        hall.change(id, Draft::new().with("address", at(NEW))).await;
        assert_eq!(hall.former(id).await.len(), 1);
        let revision = hall.ledgers.get(&hall.context, "party", id).await.unwrap().revision;
        hall.ledgers.revert_to(&hall.context, "party", id, revision, revision - 1).await.unwrap();
        assert!(hall.former(id).await.is_empty());
    }

    async fn whoever_edits_the_rows_says_what_stands_there(fixture) {
        let hall = Hall::new(fixture).await;
        let id = hall.add(Draft::new().with("address", at(OLD))).await;
        hall.change(id, Draft::new().with("address", at(NEW))).await;
        let party = hall.ledgers.get(&hall.context, "party", id).await.unwrap();
        let Value::Rows(mut rows) = party.get("addresses").clone() else { panic!("a row was kept") };
        rows[0].fields.insert("until".to_owned(), Value::Date(date(2025, 12, 31)));
        hall.change(id, Draft::new().with("address", at("綾瀬市小園7番")).with("addresses", Value::Rows(rows))).await;
        assert_eq!(hall.former(id).await, [(None, Some(date(2025, 12, 31)), OLD.to_owned(), String::new())]);
    }
}
