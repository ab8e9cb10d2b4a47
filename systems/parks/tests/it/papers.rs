//! The papers, read again from their PDF and their workbook by other programs.

use std::process::Command;

use axum::body::Body;
use http_body_util::BodyExt as _;
use kawasemi_parks::definitions::{FACILITY, LAND, OCCUPATION, PARK, PERMIT};
use kawasemi_platform::kernel::{PersonName, PostalAddress, Value};
use kawasemi_platform::ledger::Draft;
use kawasemi_testkit::{Browser, TestCity, on_both_stores};
use tower::ServiceExt as _;

use crate::support::{add, city, day, figure, get, park_with_swing, rows, tables};

/// What a browser gets, byte for byte.
pub async fn bytes(city: &TestCity, browser: &Browser, path: &str) -> Vec<u8> {
    let (_, pages) = kawasemi_parks::system().into_site();
    let router = kawasemi_platform::desk::router(city.desk.clone(), pages);
    let request = browser.request("GET", path).body(Body::empty()).expect("a well-formed request");
    let response = router.oneshot(request).await.expect("a router always answers");
    response.into_body().collect().await.expect("a body in memory arrives").to_bytes().to_vec()
}

/// The words of a PDF, without the spaces of its layout, and how many pages it has.
pub fn read(pdf: &[u8]) -> (String, usize) {
    assert!(pdf.starts_with(b"%PDF"), "{}", String::from_utf8_lossy(pdf));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("paper.pdf");
    std::fs::write(&file, pdf).unwrap();
    if let Some(kept) = std::env::var_os("KAWASEMI_TEST_KEEP_PDF") {
        std::fs::copy(&file, kept).unwrap();
    }
    let text = Command::new("pdftotext").arg("-raw").arg(&file).arg("-").output().expect("poppler-utils is installed");
    let text = String::from_utf8(text.stdout).unwrap();
    let pages = text.matches('\u{c}').count();
    (text.chars().filter(|c| !c.is_whitespace()).collect(), pages)
}

fn name(name: &str) -> Value {
    Value::Name(PersonName { name: name.to_owned(), kana: String::new() })
}

fn address(text: &str) -> Value {
    Value::Address(PostalAddress { postcode: String::new(), text: text.to_owned() })
}

on_both_stores! {
    tables = tables();

    async fn the_ledger_sheet_holds_every_item_of_the_law(fixture) {
        let city = city(fixture).await;
        let (park, _) = park_with_swing(&city, fixture).await;
        let record = get(&city, PARK, park).await;
        let history = rows(fixture, &[&[("happened_on", Value::Date(day("1998-06-01"))), ("text", Value::from("区域を変更し便所を設置"))]]);
        let more = Draft::new().with("history", history).with("integrated_building", "集会所と一体の建物").with("prepared_on", day("2026-04-01"));
        city.city.ledgers.update(&city.system(), PARK, park, record.revision, more).await.unwrap();
        let land = |parcel: &str, kind: &str, area: &str, title: &str| Draft::new()
            .with("park", park).with("parcel_no", parcel).with("owner_kind", kind).with("area_m2", figure(area)).with("title_kind", title);
        add(&city, LAND, land("深谷100番1", "city", "700", "ownership")).await;
        let leased = land("深谷100番2", "private", "299.5", "lease").with("owner_name", name("地主 花子"))
            .with("lease_from", day("2020-04-01")).with("lease_until", day("2030-03-31"));
        add(&city, LAND, leased).await;
        let permit = Draft::new().with("park", park).with("permit_no", "公第7号").with("kind", "establish").with("subject", "売店")
            .with("holder", name("試験売店株式会社")).with("holder_address", address("試験市寺尾3-4")).with("representative", "代表 次郎")
            .with("from", day("2025-04-01")).with("until", day("2028-03-31"));
        let permit = add(&city, PERMIT, permit).await;
        let facility = |category: &str, name: &str| Draft::new().with("park", park).with("category", category).with("name", name);
        add(&city, FACILITY, facility("convenience", "売店").with("is_building", true).with("building_area_m2", figure("18"))
            .with("structure", "木造平家建").with("permit", permit)).await;
        add(&city, FACILITY, facility("rest", "四阿").with("is_building", true).with("building_area_m2", figure("12.5")).with("coverage_class", "class-1")).await;
        add(&city, FACILITY, facility("sports", "少年野球場").with("sports_area_m2", figure("520"))).await;
        let pole = Draft::new().with("park", park).with("permit_no", "占第3号").with("kind", "pole").with("name", "電柱 深谷12号").with("structure", "鉄筋コンクリート")
            .with("underground_percent", figure("30")).with("holder", name("試験電力株式会社")).with("holder_address", address("横浜市中区1"))
            .with("from", day("2024-04-01")).with("until", day("2027-03-31"));
        add(&city, OCCUPATION, pole).await;

        let clerk = city.sign_in("midori", &["park-staff"]).await;
        let page = clerk.get(&format!("/desk/parks/{park}")).await;
        for warning in ["運動施設の割合52.00％が上限50％を超えています", "敷地の内訳の合計と敷地面積が-0.50㎡違います"] {
            assert!(page.says(warning), "{warning}: {}", page.text);
        }
        let (text, _) = read(&bytes(&city, &clerk, &format!("/desk/parks/{park}/ledger.pdf")).await);
        for item in [
            "一名称", "蓼川の試験公園", "街区公園", "二所在地", "試験市深谷1-2", "三設置年月日", "昭和62年4月1日", "四沿革の概要", "平成10年6月1日", "便所を設置",
            "五敷地面積", "1,000㎡", "深谷100番1", "民有（地主花子）", "299.5㎡", "所有権", "借地（賃貸借）", "令和2年4月1日", "令和12年3月31日",
            "六建物その他主な公園施設", "売店", "木造平家建", "18㎡", "公第7号", "試験売店株式会社", "試験市寺尾3-4", "代表次郎", "令和7年4月1日", "令和10年3月31日", "ぶらんこ", "1基",
            "七建築物の建築面積の総計", "30.5㎡", "3.05％", "第1号", "1.25％", "八運動施設", "520㎡", "52.00％",
            "九主な占用物件", "電柱深谷12号", "30.0％", "試験電力株式会社", "令和9年3月31日", "十公園一体建物", "集会所と一体の建物", "調製年月日令和8年4月1日",
        ] {
            assert!(text.contains(item), "{item} is not in {text}");
        }
        // Without names for whoever is not to see them; everything else stays.
        let (open, _) = read(&bytes(&city, &clerk, &format!("/desk/parks/{park}/ledger.pdf?names=no")).await);
        for hidden in ["地主花子", "試験売店株式会社", "試験市寺尾3-4", "代表次郎", "試験電力株式会社"] {
            assert!(!open.contains(hidden), "{hidden}");
        }
        assert!(open.contains("公第7号") && open.contains("電柱深谷12号") && open.contains("窓口で閲覧"));
        let reader = city.sign_in("yomu", &[]).await;
        let (seen, _) = read(&bytes(&city, &reader, &format!("/desk/parks/{park}/ledger.pdf")).await);
        assert!(!seen.contains("地主花子") && !seen.contains("試験電力株式会社"), "personal data is for those who keep the ledger");
    }

    async fn an_inspection_sheet_is_one_page_for_each_unit(fixture) {
        let city = city(fixture).await;
        let (park, swing) = park_with_swing(&city, fixture).await;
        let clerk = city.sign_in("midori", &["park-staff"]).await;
        for path in [format!("/desk/parks/units/{swing}/inspection.pdf"), format!("/desk/parks/{park}/inspection.pdf")] {
            let (text, pages) = read(&bytes(&city, &clerk, &path).await);
            assert_eq!(pages, 1, "{path}");
            for word in ["遊具点検表", "ぶらんこ（2人用）", "鎖", "支柱の基部", "頭部・体の挟み込み", "資格の番号", "D使用停止"] {
                assert!(text.contains(word), "{word} is not in {text}");
            }
        }
    }
}
