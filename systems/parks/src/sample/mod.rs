//! Parks for the demo city, as `sample/README.md` describes them: real parks with their attribution, and made-up equipment,
//! inspections, a plan and a workshop, marked as such. Done once: a city that has parks is left as it is.

mod source;

use self::source::{SamplePark, Thing, park_kind, parts, thing};
use crate::definitions::{
    CRITERION, FACILITY, IDEA, OPTION, PARK, PLAN, PLAN_ITEM, POPULATION, RESPONSE, UNIT, WORKSHOP,
};
use crate::kernel::{ChildRow, Decimal, Fields, Geometry, RecordId, Value};
use crate::ledger::{Draft, LedgerError, ListRequest};
use crate::platform::{Report, Work, WorkError};
use futures::future::BoxFuture;
use jiff::ToSpan as _;
use jiff::civil::Date;

/// What every made-up record says.
const MADE_UP: &str = "見本データ（実際の施設・記録ではありません）";
/// Where the parks come from.
const SOURCE: &str = "神奈川県「都市公園台帳」（2025年8月15日時点、CC BY 4.0）を加工";

/// Loads the sample.
pub fn load(work: Work) -> BoxFuture<'static, Result<Report, WorkError>> {
    Box::pin(async move {
        if work.ledgers.count(&work.context, PARK, &ListRequest::all(), 1).await?.count > 0 {
            let text = "公園の見本データは、すでに入っています。".to_owned();
            return Ok(Report { text, json: serde_json::json!({ "parks": 0 }) });
        }
        let rows = csv::Reader::from_reader(include_str!("../../sample/parks.csv").as_bytes())
            .into_deserialize()
            .collect::<Result<Vec<SamplePark>, _>>();
        let rows = rows.map_err(|source| WorkError::Failed {
            message: "公園の見本データを読めません".to_owned(),
            source: Box::new(source),
        })?;
        let mut loading = Loading { work, done: 0 };
        loading.work.context = loading.work.context.clone().because("見本データ");
        let parks = loading.parks(&rows).await?;
        let units = loading.equipment(&rows, &parks).await?;
        loading.population().await?;
        loading.plan(&rows, &parks).await?;
        loading.workshop(&parks).await?;
        Ok(Report {
            text: format!("公園の見本データ（公園{}か所、遊具{units}基）を入れました。", parks.len()),
            json: serde_json::json!({ "parks": parks.len(), "units": units }),
        })
    })
}

struct Loading {
    work: Work,
    done: u64,
}

impl Loading {
    async fn create(&mut self, ledger: &str, drafts: &[Draft]) -> Result<Vec<RecordId>, LedgerError> {
        let saved = self.work.ledgers.create_many(&self.work.context, ledger, drafts).await?;
        self.done += drafts.len() as u64;
        (self.work.progress)(self.done, None);
        saved.into_iter().map(|saved| saved.map(|saved| saved.id)).collect()
    }

    fn row(&self, fields: &[(&str, Value)]) -> ChildRow {
        let fields = fields.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect::<Fields>();
        ChildRow { id: self.work.ids.next(), fields }
    }

    async fn parks(&mut self, rows: &[SamplePark]) -> Result<Vec<RecordId>, LedgerError> {
        let draft = |park: &SamplePark| {
            let place = Geometry::point(park.lon, park.lat).map_or(Value::Null, Value::Geometry);
            let area = park.area_m2.parse::<Decimal>().map_or(Value::Null, Value::Decimal);
            Draft::new()
                .with("name", park.name.as_str())
                .with("kind", park_kind(&park.kind))
                .with("address", park.address.as_str())
                .with("established_note", format!("{}年（日は不明）", park.opened_year))
                .with("site_area_m2", area)
                .with("location", place)
                .with("evacuation_site", park.facilities.split(' ').any(|word| word == "evacuationSite"))
                .with("published", true)
                .with("source", SOURCE)
                .with("source_key", park.id.as_str())
        };
        let drafts: Vec<Draft> = rows.iter().map(draft).collect();
        self.create(PARK, &drafts).await
    }

    /// Equipment and facilities; how many units there are.
    async fn equipment(&mut self, rows: &[SamplePark], parks: &[RecordId]) -> Result<usize, LedgerError> {
        let today = self.work.context.today();
        let (mut units, mut facilities) = (Vec::new(), Vec::new());
        for (park, id) in rows.iter().zip(parks) {
            let mut number = 0;
            for word in park.facilities.split(' ') {
                match thing(word) {
                    Some(Thing::Unit(kind, material)) => {
                        number += 1;
                        units.push(self.unit((*id, number), (kind, material), park.opened_year, units.len(), today));
                    }
                    Some(Thing::Facility(category, name)) => {
                        let draft = Draft::new()
                            .with("park", *id)
                            .with("category", category)
                            .with("name", name)
                            .with("accessible", word == "accessibleToilet");
                        facilities.push(draft);
                    }
                    None => {}
                }
            }
        }
        self.create(FACILITY, &facilities).await?;
        self.create(UNIT, &units).await.map(|units| units.len())
    }

    /// A unit. When it was installed and inspected follows from its place in the list, so that every load is alike.
    fn unit(
        &self,
        (park, number): (RecordId, usize),
        (kind, material): (&str, &str),
        opened: i16,
        index: usize,
        today: Date,
    ) -> Draft {
        let step = i32::try_from(index).unwrap_or(0);
        let installed = Date::new(opened.clamp(1970, 2024), 4, 1).unwrap_or(today);
        let installed = if step % 3 == 0 { installed.saturating_add(15.years()).min(today) } else { installed };
        let periodic = today.saturating_sub((step % 14).months()).saturating_sub((step % 27).days()).max(installed);
        let daily = today.saturating_sub((step % 40).days()).max(periodic);
        let rows = parts(kind)
            .iter()
            .map(|part| self.row(&[("part", Value::from(*part)), ("is_required", Value::Bool(true))]));
        let (overall, judgement) = if step % 5 == 0 { ("b", "ok") } else { ("a", "ok") };
        Draft::new()
            .with("park", park)
            .with("unit_no", format!("{number:02}"))
            .with("kind", kind)
            .with("material", material)
            .with("installed_on", installed)
            .with("part_list", Value::Rows(rows.collect()))
            .with("state", "in-use")
            .with("last_periodic_on", periodic)
            .with("last_daily_on", daily)
            .with("last_inspected_on", daily)
            .with("overall", overall)
            .with("judgement", judgement)
            .with("note", MADE_UP)
    }

    async fn population(&mut self) -> Result<(), LedgerError> {
        let draft = Draft::new()
            .with("as_of", jiff::civil::date(2021, 10, 1))
            .with("residents", RESIDENTS)
            .with("source", "神奈川県の人口と世帯（2021年10月1日現在の推計人口）");
        self.create(POPULATION, &[draft]).await.map(drop)
    }

    /// A plan over the toilets and the oldest equipment.
    async fn plan(&mut self, rows: &[SamplePark], parks: &[RecordId]) -> Result<(), LedgerError> {
        let year = crate::kernel::fiscal::FiscalYear::of(self.work.context.today()).next().year();
        let plan = Draft::new()
            .with("name", "公園施設長寿命化計画（見本）")
            .with("first_fiscal_year", i64::from(year))
            .with("years", 10_i64)
            .with("ceiling_yen", 60_000_000_i64)
            .with("note", MADE_UP);
        let plan = self.create(PLAN, &[plan]).await?.first().copied();
        let mut items = Vec::new();
        for (index, (park, id)) in (0_i64..).zip(rows.iter().zip(parks)) {
            let has = |word: &str| park.facilities.split(' ').any(|known| known == word);
            let soundness = ["a", "b", "c", "b", "c", "d", "b"][usize::try_from(index % 7).unwrap_or(0)];
            let common = Draft::new()
                .with("plan", plan.map_or(Value::Null, Value::Record))
                .with("park", *id)
                .with("installed_year", i64::from(park.opened_year.clamp(1970, 2024)))
                .with("soundness", soundness)
                .with("evacuation_site", has("evacuationSite"))
                .with("disposal_years", 15_i64)
                .with("note", MADE_UP);
            if has("toilet") {
                items.push(
                    common
                        .clone()
                        .with("category", "convenience")
                        .with("name", "便所")
                        .with("facility_no", format!("{index:03}-T"))
                        .with("importance", "high")
                        .with("unit", "棟")
                        .with("cost_yen", 12_000_000 + index % 5 * 1_500_000)
                        .with("renewal_cost_yen", 15_000_000_i64)
                        .with("life_repairs_yen", 2_400_000_i64),
                );
            }
            if has("combinedPlay") {
                items.push(
                    common
                        .with("category", "play")
                        .with("name", "複合遊具")
                        .with("facility_no", format!("{index:03}-P"))
                        .with("importance", "high")
                        .with("cost_yen", 4_000_000 + index % 4 * 800_000)
                        .with("renewal_cost_yen", 6_000_000_i64)
                        .with("life_repairs_yen", 1_500_000_i64),
                );
            }
        }
        self.create(PLAN_ITEM, &items).await?;
        if let Some(plan) = plan {
            let plan = crate::acts::spread::Plan::load(&self.work.ledgers, &self.work.context, plan).await?;
            crate::acts::spread::write(&self.work.ledgers, &self.work.context, &plan).await?;
        }
        Ok(())
    }

    async fn workshop(&mut self, parks: &[RecordId]) -> Result<(), LedgerError> {
        let Some(park) = parks.first().copied() else { return Ok(()) };
        let today = self.work.context.today();
        let meeting = self.row(&[
            ("held_on", Value::Date(today.saturating_sub(20.days()))),
            ("theme", Value::from("どんな公園にしたいか")),
            ("people", Value::Int(24)),
        ]);
        let draft = Draft::new()
            .with("park", park)
            .with("title", "公園の再整備を考えるワークショップ（見本）")
            .with("purpose", "遊具の更新に合わせて、公園の使い方を市民と考えます。これは見本データです。")
            .with("from", today.saturating_sub(30.days()))
            .with("until", today.saturating_add(60.days()))
            .with("meetings", Value::Rows(vec![meeting]))
            .with("published", true)
            .with("results_published", true);
        let Some(workshop) = self.create(WORKSHOP, &[draft]).await?.first().copied() else { return Ok(()) };
        let of = || Draft::new().with("workshop", workshop);
        let option = |no: &str, title: &str, cost: i64| {
            of().with("option_no", no).with("title", title).with("cost_yen", cost).with("published", true)
        };
        let options = [
            option("A案", "遊具を広げる", 18_000_000),
            option("B案", "芝生と休む場所を広げる", 15_000_000),
            option("C案", "菜園をつくる", 9_000_000),
        ];
        let options = self.create(OPTION, &options).await?;
        let criterion = |name: &str, weight: i64, order: i64| {
            of().with("name", name).with("weight", Value::Decimal(Decimal::new(weight, 1))).with("sort_order", order)
        };
        let criteria = [
            criterion("子どもの遊び", 20, 1),
            criterion("高齢者の使いやすさ", 15, 2),
            criterion("手入れのしやすさ", 10, 3),
        ];
        let criteria = self.create(CRITERION, &criteria).await?;
        let ideas = [
            ("木陰にベンチがほしい", "rest", 12),
            ("水遊びができるとよい", "play", 9),
            ("夜も明るくしてほしい", "safety", 7),
        ];
        let ideas: Vec<Draft> = ideas
            .iter()
            .map(|(text, category, votes)| {
                of().with("text", *text)
                    .with("category", *category)
                    .with("votes", i64::from(*votes))
                    .with("published", true)
            })
            .collect();
        self.create(IDEA, &ideas).await?;
        let ages = [
            "age-10s",
            "age-20s",
            "age-30s",
            "age-30s",
            "age-40s",
            "age-40s",
            "age-50s",
            "age-60s",
            "age-60s",
            "age-70s-over",
        ];
        let distances = ["near", "near", "walk", "near", "city"];
        let mut responses = Vec::new();
        for index in 0..60_usize {
            let mut rows = Vec::new();
            for (o, option) in options.iter().enumerate() {
                for (c, criterion) in criteria.iter().enumerate() {
                    let liked = i64::from(index % (o + 2) == 0) * 2;
                    let rating = i64::try_from((index * 7 + o * 3 + c * 5) % 3).unwrap_or(0) + 1 + liked;
                    rows.push(self.row(&[
                        ("option", Value::Record(*option)),
                        ("criterion", Value::Record(*criterion)),
                        ("rating", Value::Int(rating)),
                    ]));
                }
            }
            responses.push(
                of().with("source", "meeting")
                    .with("age_band", ages[index % ages.len()])
                    .with("distance_band", distances[index % distances.len()])
                    .with(
                        "preferred_option",
                        options.get((index * 5 + index / 7) % 3).copied().map_or(Value::Null, Value::Record),
                    )
                    .with("ratings", Value::Rows(rows)),
            );
        }
        self.create(RESPONSE, &responses).await.map(drop)
    }
}

/// The estimated population of Ayase on 1 October 2021.
const RESIDENTS: i64 = 83_368;
