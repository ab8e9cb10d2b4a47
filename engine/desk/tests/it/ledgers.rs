//! The story of a clerk at the pages of a ledger: registering with a mistake, saving, meeting somebody else's save, looking
//! at the history, deleting and bringing back.

use crate::common::{PARKS, city, park};
use kawasemi_testkit::desk::tables;
use kawasemi_testkit::on_both_stores;

on_both_stores! {
    tables = tables();

    async fn a_mistake_keeps_what_was_typed(fixture) {
        let city = city(fixture).await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let form = clerk.get(&format!("{PARKS}/new")).await;
        assert!(form.status == 200 && form.says("name=\"name\"") && form.says("name=\"keeper.kana\""));

        let typed = [("name", "城山公園"), ("kind", "block"), ("area", "広い"), ("remarks", "桜が12本")];
        let again = clerk.post(&format!("{PARKS}/new"), &typed).await;
        assert_eq!(again.status, 422);
        assert!(again.says("面積：") && again.says("value=\"城山公園\"") && again.says("value=\"広い\"") && again.says("桜が12本"));
        assert!(again.says("<title>"), "{}", again.text);

        let typed = [("name", "城山公園"), ("kind", "block"), ("area", "41250.5"), ("units.0.id", ""), ("units.0.what", "ブランコ")];
        let saved = clerk.post(&format!("{PARKS}/new"), &typed).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
        let page = clerk.get(saved.location()).await;
        assert!(page.says("登録しました") && page.says("公-0001") && page.says("41,250.50㎡") && page.says("ブランコ"));
        assert!(clerk.get(PARKS).await.says("城山公園"));
    }

    async fn a_list_of_several_pages_does_not_wait_for_its_facets(fixture) {
        let city = city(fixture).await;
        for n in 0..51 {
            park(&city, &format!("公園{n:02}"), if n < 20 { "works" } else { "open" }).await;
        }
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let list = clerk.get(PARKS).await;
        // Every state can be chosen at once; how often each occurs follows, with a script or with the exact count.
        assert!(list.says("facet=state%3Aworks") && list.says(&format!("hx-get=\"{PARKS}/facets\"")));
        assert!(!list.says(">20</span>") && !list.says(">31</span>"));
        for counted in [clerk.get(&format!("{PARKS}/facets")).await, clerk.get(&format!("{PARKS}?count=1")).await] {
            assert!(counted.says(">20</span>") && counted.says(">31</span>"), "{}", counted.text);
        }
        let narrowed = clerk.get(&format!("{PARKS}?facet=state:works")).await;
        assert!(narrowed.says(">20</span>"), "what lies on one page is counted in passing");
        let stranger = city.sign_in("goro", &[]).await;
        assert_eq!(stranger.get("/desk/ledgers/nothing/facets").await.status, 404);
    }

    async fn child_rows_come_and_go_without_a_script(fixture) {
        let city = city(fixture).await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let typed = [("name", "城山公園"), ("units.0.id", ""), ("units.0.what", "ブランコ"), ("_add_row", "units")];
        let more = clerk.post(&format!("{PARKS}/new"), &typed).await;
        assert!(more.says("units.0.what") && more.says("units.1.what") && more.says("ブランコ"));
        let typed = [("name", "城山公園"), ("units.0.what", "ブランコ"), ("units.1.what", "すべり台"), ("_remove_row", "units.0")];
        let less = clerk.post(&format!("{PARKS}/new"), &typed).await;
        assert!(!less.says("ブランコ") && less.says("すべり台") && !less.says("units.1.what"));
    }

    async fn two_people_save_the_same_record(fixture) {
        let city = city(fixture).await;
        let id = park(&city, "城山公園", "open").await;
        let (hanako, taro) = (city.sign_in("hanako", &["park-keeper"]).await, city.sign_in("taro", &["park-keeper"]).await);
        let edit = format!("{PARKS}/{id}/edit");
        let revision = hanako.get(&edit).await.input("_revision").expect("a revision");

        let theirs = [("_revision", revision.as_str()), ("remarks", "太郎の備考"), ("closed_reason", ""), ("yearly_cost", "5000")];
        assert_eq!(taro.post(&edit, &theirs).await.status, 303);
        let mine = [("_revision", revision.as_str()), ("remarks", "花子の備考"), ("area", "100"), ("yearly_cost", "")];
        let both = hanako.post(&edit, &mine).await;
        assert_eq!(both.status, 409);
        assert!(both.says("太郎の備考") && both.says("花子の備考") && both.says("両方が変更"));
        assert!(both.between("id=\"take-yearly_cost-theirs\"", ">").is_some_and(|tag| tag.contains("checked")), "only taro changed it");
        assert!(both.between("id=\"take-area-mine\"", ">").is_some_and(|tag| tag.contains("checked")), "only hanako changed it");

        let mut chosen: Vec<(String, String)> =
            both.form(&edit).expect("a form").into_iter().filter(|(name, _)| !name.starts_with("_take.")).collect();
        for (field, choice) in [("remarks", "theirs"), ("area", "mine"), ("yearly_cost", "theirs")] {
            chosen.push((format!("_take.{field}"), choice.to_owned()));
        }
        let merged = hanako.post(&edit, &chosen).await;
        assert_eq!(merged.status, 303, "{}", merged.text);
        let page = hanako.get(merged.location()).await;
        assert!(page.says("太郎の備考") && page.says("100.00㎡") && page.says("5,000円"), "{}", page.text);
    }

    async fn history_shows_and_brings_back(fixture) {
        let city = city(fixture).await;
        let id = park(&city, "城山公園", "open").await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let changed = [("_revision", "1"), ("name", "城山"), ("__reason", "名称の誤り")];
        assert_eq!(clerk.post(&format!("{PARKS}/{id}/edit"), &changed).await.status, 303);

        let history = clerk.get(&format!("{PARKS}/{id}/history")).await;
        assert!(history.says("名称の誤り") && history.says("<del>公園</del>") && history.says("第2版"));
        let back = [("_revision", "2"), ("to", "1")];
        let reverted = clerk.post(&format!("{PARKS}/{id}/revert"), &back).await;
        assert_eq!(reverted.status, 303);
        assert!(clerk.get(reverted.location()).await.says("<h1>城山公園</h1>"));
        let late = clerk.post(&format!("{PARKS}/{id}/revert"), &[("_revision", "2"), ("to", "2")]).await;
        assert!(late.says("ほかの人が変更したため"));
    }

    async fn a_deleted_record_comes_back(fixture) {
        let city = city(fixture).await;
        let id = park(&city, "城山公園", "open").await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let address = format!("{PARKS}/{id}");
        let without_reason = clerk.post(&format!("{address}/delete"), &[("_revision", "1")]).await;
        assert!(without_reason.status == 422 && without_reason.says("削除の理由"));
        let deleted = clerk.post(&format!("{address}/delete"), &[("_revision", "1"), ("__reason", "重複")]).await;
        assert_eq!(deleted.location(), format!("{PARKS}?done=deleted"));
        assert!(!clerk.get(PARKS).await.says("城山公園"));
        assert!(clerk.get(&format!("{PARKS}?deleted=1")).await.says("城山公園"));
        assert!(clerk.get(&address).await.says("この記録は削除されています"));

        let restored = clerk.post(&format!("{address}/restore"), &[("_revision", "2")]).await;
        assert_eq!(restored.status, 303);
        assert!(clerk.get(PARKS).await.says("城山公園"));
    }
}
