//! Narrowing a list without knowing CQL2, printing what was found, and the work that a ledger brings to the first page.

use crate::common::{PARKS, city, park};
use kawasemi_testkit::desk::tables;
use kawasemi_testkit::on_both_stores;

on_both_stores! {
    tables = tables();

    async fn a_condition_is_put_together_step_by_step(fixture) {
        let city = city(fixture).await;
        for (name, state) in [("城山公園", "open"), ("蓼川公園", "works"), ("早川緑地", "closed")] {
            park(&city, name, state).await;
        }
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let choose = clerk.get(&format!("{PARKS}/condition")).await;
        assert!(choose.says("<option value=\"state\"") && !choose.says("name=\"c_value\""));
        let compare = clerk.get(&format!("{PARKS}/condition?c_field=state")).await;
        assert!(compare.says("name=\"c_way\"") && compare.says("工事中"));

        let narrowed = clerk.get(&format!("{PARKS}/condition?c_field=state&c_way=not&c_value=works&add=1")).await;
        assert_eq!(narrowed.status, 303, "{}", narrowed.text);
        let list = clerk.get(narrowed.location()).await;
        assert!(list.says("城山公園") && !list.says("蓼川公園") && list.says("状態が「工事中」でない"), "{}", list.text);

        let filter = narrowed.location().split_once('?').map_or("", |(_, query)| query);
        let further = format!("{PARKS}/condition?{filter}&c_field=name&c_way=has&c_value=%E3%83%8F%E3%83%A4&add=1");
        let none = clerk.get(clerk.get(&further).await.location()).await;
        assert!(none.says("条件に合う記録はありません") && none.says("公園名に「ハヤ」を含む"));

        let wrong = clerk.get(&format!("{PARKS}/condition?c_field=area&c_way=from&c_value=%E5%BA%83%E3%81%84&add=1")).await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.says("value=\"広い\"") && wrong.says("aria-invalid"));
    }

    async fn a_condition_offers_no_field_that_may_not_be_seen(fixture) {
        let city = city(fixture).await;
        park(&city, "城山公園", "open").await;
        let staff = city.sign_in("taro", &[]).await;
        let choose = staff.get(&format!("{PARKS}/condition")).await;
        assert!(choose.says("<option value=\"state\"") && !choose.says("keeper"));
        // The name of a hidden field is as good as any other name that is none.
        let hidden = staff.get(&format!("{PARKS}/condition?c_field=keeper_phone&c_way=filled&add=1")).await;
        let unknown = staff.get(&format!("{PARKS}/condition?c_field=nonsense&c_way=filled&add=1")).await;
        assert_eq!((hidden.status, hidden.text.replace("keeper_phone", "")), (200, unknown.text.replace("nonsense", "")));
    }

    async fn sheets_show_what_the_person_may_see(fixture) {
        let city = city(fixture).await;
        let id = park(&city, "城山公園<b>", "open").await;
        park(&city, "蓼川公園", "open").await;
        let keeper = city.sign_in("hanako", &["park-keeper"]).await;
        let sheet = keeper.get(&format!("{PARKS}/{id}/sheet")).await;
        assert!(sheet.says("都市公園調書") && sheet.says("城山公園&#60;b&#62;") && sheet.says("協力者の電話") && sheet.says("公-0001"));
        let both = keeper.get(&format!("{PARKS}/sheet")).await;
        assert_eq!(both.text.matches("<article class=\"sheet\"").count(), 2);
        let table = keeper.get(&format!("{PARKS}/sheet?form=table&facet=state%3Aopen")).await;
        assert!(table.says("都市公園（2件）") && !table.says("<article"));

        let staff = city.sign_in("taro", &[]).await;
        assert!(!staff.get(&format!("{PARKS}/{id}/sheet")).await.says("協力者"));
    }

    async fn work_that_waits_stands_on_the_first_page(fixture) {
        let city = city(fixture).await;
        park(&city, "蓼川公園", "works").await;
        park(&city, "城山公園", "open").await;
        let keeper = city.sign_in("hanako", &["park-keeper"]).await;
        let home = keeper.get("/desk").await;
        assert!(home.says("要対応") && home.says("1件") && home.says("view=attention"), "{}", home.text);
        // Who may only read has nothing to do here.
        assert!(!city.sign_in("taro", &[]).await.get("/desk").await.says("要対応"));
    }
}
