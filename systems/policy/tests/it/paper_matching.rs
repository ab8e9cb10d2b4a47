//! A corrected paper against what the ledgers hold.

use crate::support::{paper, paper_text, read};
use ChangedField::{Department, Summary, Theme, Title};
use kawasemi_policy::paper::Paper;
use kawasemi_policy::paper::matching::{ChangedField, Known, Plan, match_initiatives};

/// What the ledgers hold after a paper was imported: ids from 0 in its order.
fn imported(paper: &Paper) -> Vec<Known<usize>> {
    let mut known = Vec::new();
    for department in &paper.departments {
        for initiative in &department.initiatives {
            known.push(Known {
                id: known.len(),
                department: department.name.clone(),
                theme: initiative.theme.clone(),
                title: initiative.title.clone(),
                summary: initiative.summary.clone(),
            });
        }
    }
    known
}

/// The plan for the real paper, corrected by replacements that each occur.
fn plan_after(corrections: &[(&str, &str)]) -> Plan<usize> {
    let mut text = paper_text().to_owned();
    for (from, to) in corrections {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    match_initiatives(&imported(&paper()), &read(&text).expect("the corrected paper can be read"))
}

/// The counts of a plan: added, updated, unchanged, missing.
fn counts(plan: &Plan<usize>) -> [usize; 4] {
    [plan.added.len(), plan.updated.len(), plan.unchanged.len(), plan.missing.len()]
}

/// The updates as id and changed fields.
fn updates(plan: &Plan<usize>) -> Vec<(usize, Vec<ChangedField>)> {
    plan.updated.iter().map(|update| (update.id, update.changes.iter().map(|change| change.field).collect())).collect()
}

#[test]
fn the_same_paper_changes_nothing_and_a_first_one_adds_all() {
    assert_eq!(counts(&plan_after(&[])), [0, 0, 72, 0]);
    assert_eq!(counts(&match_initiatives::<usize>(&[], &paper())), [72, 0, 0, 0]);
    assert_eq!(counts(&match_initiatives(&imported(&paper()), &Paper::default())), [0, 0, 0, 72]);
}

#[test]
fn corrected_wording_updates() {
    for (corrections, expected) in [
        (vec![("適性な防災体制の整備", "適正な防災体制の整備")], vec![(0, vec![Title])]),
        (vec![("防衛補助の確保", "防衛補助の 確保")], vec![(1, vec![Title])]),
        (vec![("北分署及び南分署", "北分署及び南分署の予防保全と適正配置")], vec![(63, vec![Title])]),
        (vec![("長寿化", "長寿命化"), ("大規模改修を実施する", "大規模改修を行う")], vec![(38, vec![Title, Summary])]),
        (vec![("マンナンバーカード", "マイナンバーカード")], vec![(31, vec![Summary])]),
    ] {
        let plan = plan_after(&corrections);
        assert_eq!((updates(&plan), counts(&plan)), (expected, [0, 1, 71, 0]), "{corrections:?}");
    }
}

#[test]
fn order_does_not_matter() {
    let text = paper_text();
    let one = text.lines().find(|line| line.contains("公園台帳の構築")).unwrap();
    let other = text.lines().find(|line| line.contains("効率的な公園管理")).unwrap();
    let swapped = text.replace(one, "@").replace(other, one).replace('@', other);
    assert_eq!(counts(&match_initiatives(&imported(&paper()), &read(&swapped).unwrap())), [0, 0, 72, 0]);
}

#[test]
fn two_initiatives_that_exchange_their_outlines_keep_their_titles() {
    let (one, other) = ("スケジュール管理を行うなど", "平準化債などを効率よく充当し");
    let plan = plan_after(&[(one, "@"), (other, one), ("@", other)]);
    assert_eq!(updates(&plan), [(53, vec![Summary]), (54, vec![Summary])]);
}

#[test]
fn moving_between_themes_moves() {
    let plan = plan_after(&[
        ("\n\t防衛補助の確保", "\n公共施設の適正管理\t防衛補助の確保"),
        ("公共施設の適正管理\t防災拠点の整備", "財務体質の強化\t防災拠点の整備"),
        ("\n\t地域施設の防災機能の検討", "\n公共施設の適正管理\t地域施設の防災機能の検討"),
    ]);
    assert_eq!(updates(&plan), [(1, vec![Theme]), (4, vec![Theme])]);
    let corrected = plan_after(&[
        ("公共施設の適正管理\t防災拠点の整備", "財務体質の強化\t防災拠点の整備充実"),
        ("\n\t地域施設の防災機能の検討", "\n公共施設の適正管理\t地域施設の防災機能の検討"),
    ]);
    assert_eq!(updates(&corrected), [(4, vec![Theme, Title])]);
}

#[test]
fn a_renamed_department_takes_its_initiatives_along() {
    let plan = plan_after(&[("土木部", "道路河川部")]);
    assert_eq!((counts(&plan), updates(&plan)[0].clone()), ([0, 6, 66, 0], (53, vec![Department])));
}

#[test]
fn new_and_dropped_initiatives_are_told_apart_from_corrected_ones() {
    let text = paper_text();
    let dropped = text.lines().find(|line| line.contains("効率的な公園管理")).unwrap();
    let text = text.replace(dropped, "\tドローンによる橋の点検\t橋の裏側を空から撮影し、ひび割れを早く見つける。\t");
    let plan = match_initiatives(&imported(&paper()), &read(&text).unwrap());
    assert_eq!((counts(&plan), plan.missing), ([1, 0, 71, 1], vec![50]));
}

#[test]
fn titles_that_differ_by_a_number_are_the_same_only_if_their_outlines_are() {
    let known = |title: &str, summary: &str| {
        let texts = ["土木部", "財務体質の強化", title, summary].map(str::to_owned);
        let [department, theme, title, summary] = texts;
        vec![Known { id: 0, department, theme, title, summary }]
    };
    let stated = |title: &str, summary: &str| {
        let text = format!(
            "令和3年度部局運営方針\n部局名\t土木部\t基本的考え方\t守る。\n重点項目\t取り組み名\t取り組みの概要\n財務体質の強化\t{title}\t{summary}\n"
        );
        read(&text).unwrap()
    };
    let (roof, road) =
        ("屋根と外壁を直し、雨漏りをなくす工事を進める。", "車道の舗装を打ち替え、段差のない歩道に改める。");
    for (before, after, expected) in [
        (("第1期整備工事の実施", roof), ("第2期整備工事の実施", road), [1, 0, 0, 1]),
        (("第1期整備工事の実施", roof), ("第2期整備工事の実施", roof), [0, 1, 0, 0]),
        (("整備工事の実施", roof), ("整備工事等の実施", road), [0, 1, 0, 0]),
        (("舗装", roof), ("橋", road), [1, 0, 0, 1]),
    ] {
        let plan = match_initiatives(&known(before.0, before.1), &stated(after.0, after.1));
        assert_eq!(counts(&plan), expected, "{before:?} {after:?}");
    }
}

#[test]
fn each_known_initiative_is_taken_once() {
    let doubled = paper_text().replace(
        "\n\t防衛補助の確保",
        "\n\t防衛補助の確保について\t別の話を新しく始めることにする。\t\n\t防衛補助の確保",
    );
    let plan = match_initiatives(&imported(&paper()), &read(&doubled).unwrap());
    assert_eq!(counts(&plan), [1, 0, 72, 0]);
}
