//! Publishers' files come in, come again, change, shrink, and are taken back.

use jiff::civil::{Date, date};
use kawasemi_identity::Context;
use kawasemi_ledger::{Calculators, Ledgers, ListRequest};
use kawasemi_registry::places::{Places, address_of_postcode, normalise};
use kawasemi_registry::reference::banks::BankSource;
use kawasemi_registry::reference::{
    Options, ReferenceError, RegisterReport, Wanted, built_in, postcodes, towns, update, update_banks,
};
use kawasemi_registry::{BANK, BANK_BRANCH, POSTCODE, TOWN, register};
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

    async fn update(&self, wanted: &Wanted, options: &Options) -> Result<RegisterReport, ReferenceError> {
        update(&self.ledgers, &self.context, wanted, options).await
    }

    /// The values of a field of a register, by the key.
    async fn values(&self, ledger: &str, key: &str, field: &str) -> Vec<(String, String)> {
        let records = register::all(&self.ledgers, &self.context, ledger).await.unwrap();
        let text = |value: &kawasemi_kernel::Value| {
            value
                .as_date()
                .map(|day| day.to_string())
                .or_else(|| value.as_text().map(str::to_owned))
                .unwrap_or_default()
        };
        let mut values: Vec<_> =
            records.iter().map(|record| (text(record.get(key)), text(record.get(field)))).collect();
        values.sort();
        values
    }
}

fn options(on: Date) -> Options {
    Options { on, dry_run: false, allow_shrink: false, title: "試験".to_owned() }
}

fn counts(report: &RegisterReport) -> [usize; 5] {
    [report.added, report.changed, report.closed, report.reopened, report.unchanged]
}

fn table(names: &[&str]) -> Wanted {
    let rows: String = names.iter().map(|name| format!("{name}\n")).collect();
    towns::read(&format!("町丁目\n{rows}")).unwrap()
}

const OLD: [&str; 12] = [
    "大上一丁目",
    "大上二丁目",
    "大上三丁目",
    "早川",
    "深谷",
    "小園",
    "吉岡",
    "蓼川",
    "本蓼川",
    "綾西一丁目",
    "綾西二丁目",
    "綾西三丁目",
];

const POSTCODES: &str = "14218,252,2521123,ｶﾅｶﾞﾜｹﾝ,ｱﾔｾｼ,ﾊﾔｶﾜ,神奈川県,綾瀬市,早川,0,0,0,0,0,0\n\
    14218,252,2521107,ｶﾅｶﾞﾜｹﾝ,ｱﾔｾｼ,ﾃﾗｵﾅｶ,神奈川県,綾瀬市,寺尾中,0,0,1,0,0,0\n";
const TOKYO: &str = "13101,100,1000001,ﾄｳｷｮｳﾄ,ﾁﾖﾀﾞｸ,ﾁﾖﾀﾞ,東京都,千代田区,千代田,0,0,0,0,0,0\n";
const BANKS: &str = r#"{"0138":{"code":"0138","name":"横浜","kana":"ヨコハマ"},"0530":{"code":"0530","name":"神奈川","kana":"カナガワ"}}"#;
const BRANCHES: &str =
    r#"{"200":{"code":"200","name":"本店","kana":"ホンテン"},"331":{"code":"331","name":"綾瀬","kana":"アヤセ"}}"#;

on_both_stores! {
    tables = kawasemi_ledger::tables();
    async fn a_register_follows_its_file(fixture) {
        let hall = Hall::new(fixture).await;
        let dry = Options { dry_run: true, ..options(date(2021, 4, 1)) };
        let report = hall.update(&table(&OLD), &dry).await.unwrap();
        assert_eq!((counts(&report), report.batch), ([12, 0, 0, 0, 0], None));
        assert!(hall.values(TOWN, "name", "oaza").await.is_empty());

        let report = hall.update(&table(&OLD), &options(date(2021, 4, 1))).await.unwrap();
        assert_eq!(counts(&report), [12, 0, 0, 0, 0]);
        let batch = report.batch.unwrap();
        let again = hall.update(&table(&OLD), &options(date(2021, 4, 2))).await.unwrap();
        assert_eq!((counts(&again), again.batch), ([0, 0, 0, 0, 12], None));

        // 小園 is no more, 小園南一丁目 is new.
        let mut new = OLD;
        new[5] = "小園南一丁目";
        let report = hall.update(&table(&new), &options(date(2022, 4, 1))).await.unwrap();
        assert_eq!(counts(&report), [1, 0, 1, 0, 11]);
        let closed = report.changes.last().unwrap();
        assert_eq!((closed.key.as_str(), closed.fields[0].after.as_str()), ("小園", "2022-03-31"));
        let until = hall.values(TOWN, "name", "valid_until").await;
        assert_eq!(
            until.iter().filter(|(_, day)| !day.is_empty()).collect::<Vec<_>>(),
            [&("小園".to_owned(), "2022-03-31".to_owned())]
        );
        let from = hall.values(TOWN, "name", "valid_from").await;
        assert_eq!(
            from.iter().filter(|(_, day)| !day.is_empty()).collect::<Vec<_>>(),
            [&("小園南一丁目".to_owned(), "2022-04-01".to_owned())]
        );
        let again = hall.update(&table(&new), &options(date(2022, 5, 1))).await.unwrap();
        assert_eq!(counts(&again), [0, 0, 0, 0, 12]);

        // It is there again, and the other is not.
        let report = hall.update(&table(&OLD), &options(date(2022, 6, 1))).await.unwrap();
        assert_eq!(counts(&report), [0, 0, 1, 1, 11]);
        let undone = hall.ledgers.undo_batch(&hall.context, TOWN, report.batch.unwrap()).await.unwrap();
        assert_eq!(undone.reverted, 2);
        assert!(hall.values(TOWN, "name", "valid_until").await.contains(&("小園".to_owned(), "2022-03-31".to_owned())));
        assert!(batch > 0);
    }

    async fn a_file_that_is_cut_closes_nothing(fixture) {
        let hall = Hall::new(fixture).await;
        hall.update(&table(&OLD), &options(date(2021, 4, 1))).await.unwrap();
        let cut = table(&OLD[..10]);
        let error = hall.update(&cut, &options(date(2022, 4, 1))).await.unwrap_err();
        assert!(matches!(error, ReferenceError::Shrinks { closed: 2, in_force: 12, .. }), "{error}");
        assert!(error.to_string().contains("--allow-shrink"));
        assert!(hall.values(TOWN, "name", "valid_until").await.iter().all(|(_, day)| day.is_empty()));
        let allowed = Options { allow_shrink: true, ..options(date(2022, 4, 1)) };
        assert_eq!(counts(&hall.update(&cut, &allowed).await.unwrap()), [0, 0, 2, 0, 10]);

        let empty = hall.update(&table(&[]), &allowed).await.unwrap_err();
        assert!(matches!(empty, ReferenceError::Empty));
        let twice = hall.update(&table(&["早川", "早川"]), &allowed).await.unwrap_err();
        assert!(matches!(twice, ReferenceError::Repeated(_)));
        let long = "早".repeat(90);
        let refused = hall.update(&table(&[&long]), &allowed).await.unwrap_err();
        assert!(matches!(refused, ReferenceError::Refused { count: 1, .. }), "{refused}");
    }

    async fn a_prefectures_postcodes_leave_the_others_alone(fixture) {
        let hall = Hall::new(fixture).await;
        let both = postcodes::read(&format!("{POSTCODES}{TOKYO}")).unwrap();
        assert_eq!(counts(&hall.update(&both, &options(date(2021, 4, 1))).await.unwrap()), [3, 0, 0, 0, 0]);
        let changed = postcodes::read(&POSTCODES.replace("ﾊﾔｶﾜ", "ﾊﾔｶﾞﾜ")).unwrap();
        let report = hall.update(&changed, &options(date(2021, 5, 1))).await.unwrap();
        assert_eq!(counts(&report), [0, 1, 0, 0, 1]);
        let field = &report.changes[0].fields[0];
        assert_eq!((field.field, field.before.as_str(), field.after.as_str()), ("town_kana", "ハヤカワ", "ハヤガワ"));

        let ask = async |code: &str| address_of_postcode(&hall.ledgers, &hall.context, code).await.unwrap();
        assert_eq!(ask("２５２－１１０７").await[0].text(), "神奈川県綾瀬市寺尾中");
        assert_eq!(ask("1000001").await[0].municipality_code, "131016");
        assert!(ask("9999999").await.is_empty() && ask("' OR 1=1").await.is_empty());
    }

    async fn branches_follow_their_bank(fixture) {
        let hall = Hall::new(fixture).await;
        let run = async |source: BankSource, options: Options| {
            update_banks(&hall.ledgers, &hall.context, &source, &options).await.unwrap()
        };
        let source = || BankSource::read(BANKS, [("0138", BRANCHES), ("0530", BRANCHES)]).unwrap();
        let dry = run(source(), Options { dry_run: true, ..options(date(2021, 4, 1)) }).await;
        assert_eq!(dry.iter().map(counts).collect::<Vec<_>>(), [[2, 0, 0, 0, 0], [4, 0, 0, 0, 0]]);
        let reports = run(source(), options(date(2021, 4, 1))).await;
        assert_eq!(reports.iter().map(counts).collect::<Vec<_>>(), [[2, 0, 0, 0, 0], [4, 0, 0, 0, 0]]);
        let again = run(source(), options(date(2021, 4, 2))).await;
        assert_eq!(again.iter().map(counts).collect::<Vec<_>>(), [[0, 0, 0, 0, 2], [0, 0, 0, 0, 4]]);

        // Nothing is said of the branches of 横浜; 神奈川 is gone with its own.
        let one = r#"{"0138":{"code":"0138","name":"横浜","kana":"ヨコハマ"}}"#;
        let allowed = Options { allow_shrink: true, ..options(date(2022, 4, 1)) };
        let reports = run(BankSource::read(one, []).unwrap(), allowed).await;
        assert_eq!(reports.iter().map(counts).collect::<Vec<_>>(), [[0, 0, 1, 0, 1], [0, 0, 2, 0, 0]]);
        assert_eq!(
            hall.values(BANK, "code", "valid_until").await,
            [("0138".to_owned(), String::new()), ("0530".to_owned(), "2022-03-31".to_owned())]
        );
        let open: Vec<String> = hall
            .values(BANK_BRANCH, "code", "valid_until")
            .await
            .into_iter()
            .filter(|(_, day)| day.is_empty())
            .map(|(code, _)| code)
            .collect();
        assert_eq!(open, ["0138-200", "0138-331"]);
    }

    async fn the_built_in_registers_fill_a_city_and_places_are_found(fixture) {
        let hall = Hall::new(fixture).await;
        let before = normalise(&hall.ledgers, &hall.context, "早川550").await.unwrap();
        assert_eq!(before.unwrap().town, None);
        let sources = built_in::sources().unwrap();
        let reports = built_in::load(&hall.ledgers, &hall.context, &sources).await.unwrap();
        let added: Vec<(&str, usize)> = reports.iter().map(|report| (report.ledger, report.added)).collect();
        assert_eq!(added[..3], [(TOWN, 118), (POSTCODE, 29), (BANK, 1146)]);
        assert_eq!(added[3].0, BANK_BRANCH);
        assert!(added[3].1 > 2_000, "{added:?}");
        let again = built_in::load(&hall.ledgers, &hall.context, &sources).await.unwrap();
        assert!(again.iter().all(|report| report.batch.is_none()));

        let places = Places::load(&hall.ledgers, &hall.context).await.unwrap();
        let place = places.place("綾瀬市深谷上一丁目２番３号 コーポ深谷２０１").unwrap();
        assert_eq!(place.key, "深谷上1丁目2-3#201");
        let town = hall.ledgers.get(&hall.context, TOWN, place.town.unwrap()).await.unwrap();
        assert_eq!(town.get("name").as_text(), Some("深谷上一丁目"));
        assert!(places.place("大和市深見1-2").is_err());
        // Everybody may look up what is published.
        let request = ListRequest::filtered("oaza = '蓼川'".to_owned());
        let public = Context { caller: kawasemi_identity::Caller::visitor(), ..hall.context.clone() };
        assert_eq!(hall.ledgers.list(&public, TOWN, &request).await.unwrap().records.len(), 4);
    }
}
