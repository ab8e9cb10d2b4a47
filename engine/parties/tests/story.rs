//! Duplicates are found as they are entered, merged by those who may, and taken apart again, on both stores.

use kawasemi_identity::{AccountSummary, Caller, Context};
use kawasemi_kernel::{ChildRow, Fields, PersonName, RecordId, Value};
use kawasemi_ledger::{Draft, LedgerError, ListRequest};
use kawasemi_parties::{Duplicates, Merge, PairState, Reason, merge};
use kawasemi_schema::SystemBundle;
use kawasemi_store::table::Table;
use kawasemi_testkit::desk::Setup;
use kawasemi_testkit::{Fixture, TestCity, on_both_stores};
use uuid::Uuid;

const SYSTEM: &str = "key = \"tax\"\ntitle = \"税\"\nowner = \"tax\"\ninitiatives = []\n";
const CLAIM: &str = r#"
    key = "claim"
    title = "債権"
    owner = "tax"
    purpose = "債権の管理のため"
    label = ["title"]
    retention = { basis = "規程" }
    field = [
        { key = "title", label = "件名", type = "text" },
        { key = "debtor", label = "債務者", type = "reference", target = "party", clearance = "personal" },
        { key = "others", label = "連帯", type = "rows", clearance = "personal", field = [
            { key = "person", label = "人", type = "reference", target = "party" },
        ] },
    ]
"#;

fn tables() -> Vec<Table> {
    kawasemi_testkit::desk::tables()
}

async fn city(fixture: &Fixture) -> TestCity {
    let files = [("system.toml", SYSTEM), ("ledgers/claim.toml", CLAIM)];
    let bundle = SystemBundle::read("tax", &files).unwrap_or_else(|errors| panic!("{errors}"));
    let site = kawasemi_desk::Site { bundle, calculations: &[], links: Vec::new() };
    TestCity::with(fixture, Setup { systems: vec![site], ..Setup::default() }).await
}

fn person(name: &str, kana: &str, birth: jiff::civil::Date) -> Draft {
    let name = Value::Name(PersonName { name: name.to_owned(), kana: kana.to_owned() });
    Draft::new().with("kind", "person").with("name", name).with("birth_date", birth)
}

async fn add(city: &TestCity, ledger: &str, draft: Draft) -> RecordId {
    city.city.ledgers.create(&city.system(), ledger, draft).await.unwrap_or_else(|error| panic!("{error}")).id
}

async fn get(city: &TestCity, ledger: &str, id: RecordId) -> kawasemi_ledger::Visible {
    city.city.ledgers.get(&city.system(), ledger, id).await.expect("it is read")
}

fn clerk(city: &TestCity, reason: &str) -> Context {
    let account = AccountSummary {
        id: Uuid::from_u128(5),
        login: "clerk".into(),
        display_name: "窓口".into(),
        person: None,
        kind: kawasemi_identity::AccountKind::Staff,
    };
    Context::new(Caller::of_account(account).with_role("party-editor"), city.system().act.at).because(reason)
}

async fn protect(city: &TestCity, person: RecordId) -> RecordId {
    let day = jiff::civil::date(2026, 4, 1);
    let draft = Draft::new().with("person", Value::Record(person)).with("kind", "stalking").with("received_on", day);
    let draft = draft.with("started_on", day).with("notify_on", jiff::civil::date(2027, 3, 1));
    add(city, "protection-measure", draft.with("review_on", jiff::civil::date(2027, 4, 1))).await
}

const BORN: jiff::civil::Date = jiff::civil::date(1980, 3, 12);

on_both_stores! {
    tables = tables();

    async fn pairs_follow_what_is_entered_and_changed(fixture) {
        let city = city(fixture).await;
        let duplicates = Duplicates::new(city.city.ledgers.clone());
        let one = add(&city, "party", person("渡邉 花子", "ワタナベ ハナコ", BORN)).await;
        add(&city, "party", person("佐藤 一", "サトウ ハジメ", BORN)).await;
        city.seal().await;
        duplicates.catch_up(&city.system()).await.expect("it looks at all");
        let look = async || duplicates.list(&clerk(&city, ""), PairState::Open, 0, 50).await.expect("they are listed");
        assert!(look().await.is_empty());
        let other = add(&city, "party", person("渡辺 花子", "ﾜﾀﾅﾍﾞ ﾊﾅｺ", BORN)).await;
        city.seal().await;
        assert_eq!(duplicates.catch_up(&city.system()).await.expect("it looks at one"), 1);
        let pairs = look().await;
        assert_eq!(pairs.len(), 1);
        assert_eq!(pairs[0].parties.each_ref().map(|party| party.id), [one, other]);
        assert_eq!(pairs[0].likeness.reasons, [Reason::SameName, Reason::SameReading, Reason::SameBirthDate]);
        // Looking through all finds the same.
        let found = duplicates.find_all(&city.system(), |_| {}).await.expect("it looks at all");
        assert_eq!((found.parties, found.pairs), (3, 1));
        // What was decided stays, and a change by which they differ ends it.
        duplicates.keep_apart(&clerk(&city, "双子の姉妹ではないと確認"), other, one).await.expect("it is noted");
        duplicates.find_all(&city.system(), |_| {}).await.expect("it looks at all");
        assert!(look().await.is_empty());
        assert_eq!(duplicates.list(&clerk(&city, ""), PairState::Different, 0, 50).await.expect("it is listed").len(), 1);
        duplicates.propose_again(&clerk(&city, ""), one, other).await.expect("it is noted");
        let changed = Draft::new().with("birth_date", jiff::civil::date(1951, 11, 29));
        city.city.ledgers.update(&city.system(), "party", other, 1, changed).await.expect("it is changed");
        city.seal().await;
        duplicates.catch_up(&city.system()).await.expect("it looks at one");
        assert!(look().await.is_empty());
    }

    async fn a_merge_moves_references_and_its_undoing_leads_them_home(fixture) {
        let city = city(fixture).await;
        let one = add(&city, "party", person("高橋 花子", "タカハシ ハナコ", BORN)).await;
        let other = add(&city, "party", person("髙橋 花子", "タカハシ ハナコ", BORN).with("phone", "0467-70-1111").with("resident_number", "77")).await;
        let claim = add(&city, "claim", Draft::new().with("title", "市税").with("debtor", Value::Record(other))).await;
        let mut row = Fields::new();
        row.insert("person".to_owned(), Value::Record(other));
        let joint = Value::Rows(vec![ChildRow { id: Uuid::from_u128(1), fields: row }]);
        let joint = add(&city, "claim", Draft::new().with("title", "使用料").with("debtor", Value::Record(one)).with("others", joint)).await;
        let ledgers = &city.city.ledgers;
        let wanted = Merge { survivor: (one, 1), duplicate: (other, 1), taken: vec!["phone".into(), "resident_number".into()] };
        let without_reason = merge::merge(ledgers, &clerk(&city, " "), &wanted).await;
        assert!(matches!(without_reason, Err(LedgerError::Refused(_))));
        let id = merge::merge(ledgers, &clerk(&city, "窓口で本人に確認"), &wanted).await.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(get(&city, "claim", claim).await.get("debtor").as_record(), Some(one));
        let Value::Rows(rows) = get(&city, "claim", joint).await.get("others").clone() else { panic!("there are rows") };
        assert_eq!(rows[0].fields["person"], Value::Record(one));
        let stays = get(&city, "party", one).await;
        assert_eq!((stays.get("phone").as_text(), stays.get("resident_number").as_text()), (Some("0467-70-1111"), Some("77")));
        assert!(get(&city, "party", other).await.deleted_at.is_some());
        let history = ledgers.history(&city.system(), "claim", claim, None).await.expect("it is read");
        assert_eq!(history.revisions[0].reason, "窓口で本人に確認");
        // Somebody changes one of the references since.
        let third = add(&city, "party", person("鈴木 次郎", "スズキ ジロウ", BORN)).await;
        ledgers.update(&city.system(), "claim", claim, 2, Draft::new().with("debtor", Value::Record(third))).await.expect("it is changed");
        let undone = merge::undo(ledgers, &clerk(&city, "別人と分かった"), id).await.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((undone.moved, undone.kept), (1, 1));
        let Value::Rows(rows) = get(&city, "claim", joint).await.get("others").clone() else { panic!("there are rows") };
        assert_eq!(rows[0].fields["person"], Value::Record(other));
        assert_eq!(get(&city, "claim", claim).await.get("debtor").as_record(), Some(third));
        let (stays, back) = (get(&city, "party", one).await, get(&city, "party", other).await);
        assert!(back.deleted_at.is_none() && stays.get("phone").is_null() && stays.get("resident_number").is_null());
        assert_eq!(back.get("resident_number").as_text(), Some("77"));
        let again = merge::undo(ledgers, &clerk(&city, "もう一度"), id).await;
        assert!(matches!(again, Err(LedgerError::Refused(_))));
        assert!(merge::list(ledgers, Some(one), 10).await.expect("it is listed")[0].undone_at.is_some());
    }

    async fn protected_people_are_not_merged_by_the_way(fixture) {
        let city = city(fixture).await;
        let phone = |draft: Draft| draft.with("phone", "0467-70-2222").with("mail", "a@example.jp");
        let one = add(&city, "party", phone(person("高橋 花子", "タカハシ ハナコ", BORN))).await;
        let other = add(&city, "party", phone(person("高橋 花子", "タカハシ ハナコ", BORN))).await;
        let third = add(&city, "party", phone(person("高橋 ハナ子", "タカハシ ハナコ", jiff::civil::date(1980, 3, 13)))).await;
        let ledgers = &city.city.ledgers;
        let duplicates = Duplicates::new(ledgers.clone());
        duplicates.find_all(&city.system(), |_| {}).await.expect("it looks at all");
        let first = protect(&city, one).await;
        let pairs = duplicates.of(&clerk(&city, ""), one).await.expect("they are listed");
        for pair in &pairs {
            assert!(pair.likeness.reasons.iter().all(|reason| reason.is_open()), "{:?}", pair.likeness);
            assert!(pair.parties.iter().filter(|party| party.id == one).all(|party| party.get("phone").is_null()));
        }
        let wanted = Merge { survivor: (third, 1), duplicate: (one, 1), taken: vec!["phone".into()] };
        let refused = merge::merge(ledgers, &clerk(&city, "同じ人と思われる"), &wanted).await;
        assert!(matches!(refused, Err(LedgerError::Refused(ref text)) if text.contains("支援措置")), "{refused:?}");
        protect(&city, other).await;
        let both = Merge { survivor: (one, 1), duplicate: (other, 1), taken: Vec::new() };
        let refused = merge::merge(ledgers, &city.system().because("同じ人"), &both).await;
        assert!(matches!(refused, Err(LedgerError::Refused(ref text)) if text.contains("どちらも支援措置")), "{refused:?}");
        assert_eq!(get(&city, "protection-measure", first).await.get("person").as_record(), Some(one));
        let all = ledgers.list(&city.system(), "party", &ListRequest::all()).await.expect("they are listed");
        assert_eq!(all.records.len(), 3);
    }

    async fn what_was_changed_meanwhile_is_not_merged(fixture) {
        let city = city(fixture).await;
        let one = add(&city, "party", person("高橋 花子", "タカハシ ハナコ", BORN)).await;
        let other = add(&city, "party", person("高橋 花子", "タカハシ ハナコ", BORN)).await;
        let ledgers = &city.city.ledgers;
        ledgers.update(&city.system(), "party", other, 1, Draft::new().with("note", "x")).await.expect("it is changed");
        let stale = Merge { survivor: (one, 1), duplicate: (other, 1), taken: Vec::new() };
        let refused = merge::merge(ledgers, &clerk(&city, "同じ人"), &stale).await;
        assert!(matches!(refused, Err(LedgerError::Refused(ref text)) if text.contains("ほかの人が")), "{refused:?}");
        assert!(get(&city, "party", other).await.deleted_at.is_none());
    }
}

on_both_stores! {
    tables = tables();

    async fn a_clerk_merges_and_takes_apart_at_the_desk(fixture) {
        let city = city(fixture).await;
        let one = add(&city, "party", person("高橋 花子", "タカハシ ハナコ", BORN)).await;
        let other = add(&city, "party", person("髙橋 花子", "タカハシ ハナコ", BORN).with("phone", "0467-70-1111")).await;
        add(&city, "claim", Draft::new().with("title", "市税").with("debtor", Value::Record(other))).await;
        Duplicates::new(city.city.ledgers.clone()).find_all(&city.system(), |_| {}).await.expect("it looks at all");
        let clerk = city.sign_in("clerk", &["party-editor"]).await;
        let list = clerk.get("/desk/parties/duplicates").await;
        let pair = format!("/desk/parties/duplicates/{one}/{other}");
        assert!(list.says(&pair) && list.says("生年月日が同じ"), "{}", list.text);
        let page = clerk.get(&pair).await;
        assert!(page.says("0467-70-1111") && page.says("髙橋 花子"));
        let (first, second) = (format!("revision-{one}"), format!("revision-{other}"));
        let (one_id, one_revision, other_revision) = (one.to_string(), "1".to_owned(), "1".to_owned());
        let mut form = vec![("stays", one_id.as_str()), (&first, &one_revision), (&second, &other_revision), ("take", "phone")];
        let refused = clerk.post(&pair, &form).await;
        assert!(refused.status == 422 && refused.says("理由"), "{}", refused.text);
        form.push(("why", "窓口で本人に確認"));
        assert_eq!(clerk.post(&pair, &form).await.location(), "/desk/parties/duplicates?done=merged");
        assert!(clerk.get(&format!("/desk/ledgers/party/{one}")).await.says("0467-70-1111"));
        let merges = clerk.get("/desk/parties/merges").await;
        assert!(merges.says("窓口で本人に確認"), "{}", merges.text);
        let undo = merges.between("action=\"/desk/parties/merges/", "\"").map(|id| format!("/desk/parties/merges/{id}"));
        let undo = undo.expect("there is a way back");
        assert_eq!(clerk.post(&undo, &[("why", "別人と分かった")]).await.location(), "/desk/parties/merges?done=undone");
        let apart = clerk.post(&format!("{pair}/apart"), &[("why", "双子")]).await;
        assert_eq!(apart.status, 404, "a pair that was merged is proposed anew by a search: {}", apart.text);
        // Who may not change parties finds no such page.
        let reader = city.sign_in("reader", &["party-reader"]).await;
        for path in ["/desk/parties/duplicates", "/desk/parties/merges", pair.as_str()] {
            assert_eq!(reader.get(path).await.status, 404, "{path}");
        }
    }
}
