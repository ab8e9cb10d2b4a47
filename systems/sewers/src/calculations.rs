//! What the command line and the API offer by name (`kawasemi calc NAME`), each with its working.
//!
//! Where a calculation needs several lines of something (defects, bands of age), they are one text with `;` between them.

use crate::kernel::calculation::{Calculation, Given, Kind, Slot, Worked};
use crate::kernel::{Decimal, Value};
use crate::rules::priority::{self, Pipe, Weights};
use crate::rules::urgency::{self, Defect, Item, Material, Rank, Span};
use crate::rules::weibull::{self, Surveyed};
use crate::rules::{self, Step, decimal, table};

/// The calculations of the sewer ledger.
pub const CALCULATIONS: [Calculation; 4] = [
    Calculation {
        key: "sewer-urgency",
        title: "管きょの緊急度",
        basis: "下水道長寿命化支援制度に関する手引き（案）平成21年度版 表2.3〜2.9",
        inputs: &[
            Slot::required("material", "管種（rc・ceramic・pvc）", Kind::Text),
            Slot::required("diameter_mm", "内径（mm）", Kind::Integer),
            Slot::required("pipes", "管の本数", Kind::Integer),
            Slot::optional("corrosion", "腐食（A・B・C）", Kind::Text),
            Slot::optional("sag_mm", "たるみ（mm）", Kind::Integer),
            Slot::optional("sag_rank", "たるみのランク（A・B・C）", Kind::Text),
            Slot::optional(
                "defects",
                "管番号:項目=ランクか測った値 を ; で区切る（例 7:break=a;9:joint=72）",
                Kind::Text,
            ),
        ],
        outputs: &[
            Slot::optional("sag", "たるみのランク", Kind::Text),
            Slot::optional("rate", "不良発生率のランク", Kind::Text),
            Slot::required("urgency", "緊急度", Kind::Text),
        ],
        compute: judge,
    },
    Calculation {
        key: "sewer-weibull",
        title: "健全率の曲線（2点から）",
        basis: "ワイブル分布",
        inputs: &[
            Slot::required("age_1", "1点目の年数", Kind::Decimal),
            Slot::required("percent_1", "1点目の割合（％）", Kind::Decimal),
            Slot::required("age_2", "2点目の年数", Kind::Decimal),
            Slot::required("percent_2", "2点目の割合（％）", Kind::Decimal),
            Slot::optional("age", "知りたい年数", Kind::Decimal),
        ],
        outputs: &[
            Slot::required("shape", "形の母数 m", Kind::Decimal),
            Slot::required("scale", "尺度の母数 η（年）", Kind::Decimal),
            Slot::optional("percent", "その年数での割合（％）", Kind::Decimal),
            Slot::required("half_age", "50％になる年数", Kind::Decimal),
        ],
        compute: two_points,
    },
    Calculation {
        key: "sewer-weibull-fit",
        title: "健全率の曲線（調査の結果から、最尤法）",
        basis: "ワイブル分布、補対数対数リンクの一般化線形モデル",
        inputs: &[
            Slot::required("surveyed", "年数:スパン数:不良の数 を ; で区切る（例 25:40:4;47:30:15）", Kind::Text),
            Slot::optional("age", "知りたい年数", Kind::Decimal),
        ],
        outputs: &[
            Slot::required("spans", "スパン数", Kind::Integer),
            Slot::required("shape", "形の母数 m", Kind::Decimal),
            Slot::required("scale", "尺度の母数 η（年）", Kind::Decimal),
            Slot::required("half_age", "50％になる年数", Kind::Decimal),
            Slot::optional("percent", "その年数での割合（％）", Kind::Decimal),
            Slot::optional("percent_low", "95％の幅の下", Kind::Decimal),
            Slot::optional("percent_high", "95％の幅の上", Kind::Decimal),
        ],
        compute: fitted,
    },
    Calculation {
        key: "sewer-risk",
        title: "管きょのリスク（発生確率 × 被害規模）",
        basis: "下水道事業のストックマネジメント実施に関するガイドライン",
        inputs: &[
            Slot::required("age", "経過年数", Kind::Decimal),
            Slot::optional("material", "管材質（ceramic・hume・pvc-thin など）", Kind::Text),
            Slot::required("diameter_mm", "内径（mm）", Kind::Integer),
            Slot::optional("cover_mm", "土被り（mm）", Kind::Integer),
            Slot::optional("upstream_m", "上流の延長（m）", Kind::Decimal),
            Slot::optional("longest_m", "最も長い上流の延長（m）", Kind::Decimal),
            Slot::optional("emergency", "緊急輸送道路の下", Kind::YesNo),
            Slot::optional("crossing", "鉄道・河川の横断", Kind::YesNo),
            Slot::optional("vital", "防災拠点などの下流", Kind::YesNo),
        ],
        outputs: &[
            Slot::required("likelihood", "発生確率", Kind::Decimal),
            Slot::required("impact", "被害規模", Kind::Decimal),
            Slot::required("risk", "リスク", Kind::Decimal),
        ],
        compute: risk,
    },
];

/// An answer with the steps of a rule.
fn told(steps: Vec<Step>) -> Worked {
    steps.into_iter().fold(Worked::new(), Worked::noted)
}

fn figure(value: f64, scale: u8) -> Value {
    decimal(value, scale).map_or(Value::Null, Value::Decimal)
}

fn number(given: &Given, key: &str) -> Option<f64> {
    given.decimal(key).map(Decimal::to_f64)
}

/// The parts of a text that stand between semicolons.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split([';', '；', '\n']).map(str::trim).filter(|part| !part.is_empty())
}

fn rank(given: &Given, key: &str) -> Result<Option<Rank>, String> {
    given
        .text(key)
        .map(|text| Rank::read(text).ok_or_else(|| format!("ランク「{text}」は A・B・C のどれでもありません。")))
        .transpose()
}

fn judge(given: &Given) -> Result<Worked, String> {
    let material = given.text("material").unwrap_or_default();
    let defect = |text: &str| {
        let wrong = || format!("異常「{text}」は「管番号:項目=ランクか測った値」の形ではありません。");
        let (pipe, rest) = text.split_once(':').ok_or_else(wrong)?;
        let (item, found) = rest.split_once('=').ok_or_else(wrong)?;
        let (rank, measure) = (Rank::read(found), found.trim().parse::<f64>().ok());
        if rank.is_none() && measure.is_none() {
            return Err(wrong());
        }
        Ok(Defect {
            pipe: pipe.trim().parse().map_err(|_| wrong())?,
            item: Item::read(item).ok_or_else(wrong)?,
            rank,
            measure,
        })
    };
    let span = Span {
        material: Material::read(material)
            .ok_or_else(|| format!("管種「{material}」は rc・ceramic・pvc のどれでもありません。"))?,
        diameter_mm: given.integer("diameter_mm").unwrap_or(0),
        pipes: given.integer("pipes").unwrap_or(0),
        corrosion: rank(given, "corrosion")?,
        sag_mm: given.integer("sag_mm"),
        sag_rank: rank(given, "sag_rank")?,
        defects: parts(given.text("defects").unwrap_or_default()).map(defect).collect::<Result<_, String>>()?,
    };
    let rules::Worked { value, steps } = urgency::judge(&span, given.as_of())?;
    let letter = |rank: Option<Rank>| rank.map_or(Value::Null, |rank| Value::Text(format!("{rank:?}")));
    Ok(told(steps)
        .output("sag", letter(value.sag))
        .output("rate", letter(value.rate))
        .output("urgency", value.urgency.label()))
}

fn two_points(given: &Given) -> Result<Worked, String> {
    let of = |key| number(given, key).unwrap_or_default();
    let curve = weibull::through((of("age_1"), of("percent_1") / 100.0), (of("age_2"), of("percent_2") / 100.0))?;
    let percent = number(given, "age").map_or(Value::Null, |age| figure(100.0 * curve.share(age), 1));
    Ok(Worked::new()
        .step("m", "ln(ln(1/(1−p2)) ÷ ln(1/(1−p1))) ÷ ln(t2 ÷ t1)")
        .step("η", "t1 ÷ (ln(1/(1−p1)))^(1/m)")
        .output("shape", figure(curve.shape, 3))
        .output("scale", figure(curve.scale, 1))
        .output("percent", percent)
        .output("half_age", figure(curve.age(0.5), 1)))
}

fn fitted(given: &Given) -> Result<Worked, String> {
    let one = |text: &str| {
        let wrong = || format!("調査「{text}」は「年数:スパン数:不良の数」の形ではありません。");
        let cells: Vec<&str> = text.split(':').map(str::trim).collect();
        let [age, spans, bad] = cells[..] else { return Err(wrong()) };
        Ok(Surveyed {
            age: age.parse().map_err(|_| wrong())?,
            spans: spans.parse().map_err(|_| wrong())?,
            bad: bad.parse().map_err(|_| wrong())?,
        })
    };
    let surveyed = parts(given.text("surveyed").unwrap_or_default()).map(one).collect::<Result<Vec<_>, String>>()?;
    let least = table::setting("fit_min_spans", given.as_of()) as u32;
    let rules::Worked { value, steps } = weibull::fit(&surveyed, least)?;
    let band = number(given, "age").filter(|age| *age > 0.0).map(|age| value.band(age));
    let share = |of: fn((f64, f64, f64)) -> f64| band.map_or(Value::Null, |band| figure(100.0 * of(band), 1));
    Ok(told(steps)
        .output("spans", i64::from(value.spans))
        .output("shape", figure(value.curve.shape, 3))
        .output("scale", figure(value.curve.scale, 1))
        .output("half_age", figure(value.curve.age(0.5), 1))
        .output("percent", share(|band| band.1))
        .output("percent_low", share(|band| band.0))
        .output("percent_high", share(|band| band.2)))
}

fn risk(given: &Given) -> Result<Worked, String> {
    let weights = Weights::on(given.as_of());
    let age = number(given, "age").unwrap_or_default();
    let diameter_mm = given.integer("diameter_mm").unwrap_or(0);
    if age < 0.0 || diameter_mm <= 0 {
        return Err("経過年数は0以上、内径は1以上で入れてください。".to_owned());
    }
    let yes = |key| given.yes_no(key) == Some(true);
    let upstream_m = number(given, "upstream_m").unwrap_or_default();
    let pipe = Pipe {
        diameter_mm,
        cover_mm: given.integer("cover_mm"),
        upstream_m,
        emergency: yes("emergency"),
        crossing: yes("crossing"),
        vital: yes("vital"),
        ..Pipe::default()
    };
    let likelihood = priority::likelihood(age, given.text("material").unwrap_or_default(), &weights);
    let longest = number(given, "longest_m").unwrap_or(upstream_m).max(upstream_m);
    let impact = priority::impact(&pipe, longest, &weights);
    let product = likelihood.value * impact.value;
    Ok(told(likelihood.steps.into_iter().chain(impact.steps).collect())
        .output("likelihood", figure(likelihood.value, 4))
        .output("impact", figure(impact.value, 4))
        .output("risk", figure(product, 4)))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::kernel::calculation::cell;

    fn run(key: &str, inputs: &[(&str, &'static str)]) -> Result<Vec<String>, String> {
        let calculation = CALCULATIONS.iter().find(|one| one.key == key).unwrap();
        let of = |key: &str| inputs.iter().find(|(name, _)| *name == key).map(|(_, text)| *text);
        let worked = calculation.run(&calculation.read(date(2026, 4, 1), of).map_err(|all| all[0].to_string())?)?;
        assert!(!worked.steps().is_empty(), "{key} tells its working");
        Ok(calculation.outputs.iter().map(|slot| cell(worked.get(slot.key))).collect())
    }

    #[test]
    fn every_calculation_answers() {
        let outputs = |key, inputs: &[(&str, &'static str)]| run(key, inputs).unwrap();
        assert_eq!(
            outputs(
                "sewer-urgency",
                &[("material", "rc"), ("diameter_mm", "450"), ("pipes", "30"), ("defects", "7:break=a; 9:joint=72")]
            ),
            ["", "A", "緊急度Ⅱ（5年未満に措置）"]
        );
        assert_eq!(
            outputs(
                "sewer-weibull",
                &[("age_1", "25"), ("percent_1", "10"), ("age_2", "47"), ("percent_2", "50"), ("age", "60")]
            ),
            ["2.984", "53.1", "76.2", "47.0"]
        );
        let fit = outputs("sewer-weibull-fit", &[("surveyed", "12:40:1;28:60:9;44:50:22"), ("age", "44")]);
        let of = |n: usize| fit[n].parse::<f64>().unwrap();
        assert_eq!(fit[0], "150");
        assert!(of(5) < of(4) && of(4) < of(6), "{fit:?}");
        assert_eq!(
            outputs("sewer-risk", &[("age", "50"), ("diameter_mm", "250"), ("cover_mm", "900")]),
            ["0.5000", "0.4500", "0.2250"]
        );
    }

    #[test]
    fn nonsense_is_answered_with_a_sentence() {
        for (key, inputs) in [
            ("sewer-urgency", vec![("material", "鉄"), ("diameter_mm", "450"), ("pipes", "30")]),
            (
                "sewer-urgency",
                vec![("material", "rc"), ("diameter_mm", "450"), ("pipes", "30"), ("defects", "7:break")],
            ),
            (
                "sewer-urgency",
                vec![("material", "rc"), ("diameter_mm", "450"), ("pipes", "30"), ("defects", "7:break=x")],
            ),
            ("sewer-weibull", vec![("age_1", "25"), ("percent_1", "10"), ("age_2", "20"), ("percent_2", "50")]),
            ("sewer-weibull-fit", vec![("surveyed", "12:10:1;28:10:3")]),
            ("sewer-risk", vec![("age", "-1"), ("diameter_mm", "250")]),
        ] {
            let said = run(key, &inputs).unwrap_err();
            assert!(said.ends_with('。'), "{key}: {said}");
        }
    }
}
