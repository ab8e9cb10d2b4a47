//! The pages of webhooks: an administrator makes one, tries it, stops it and removes it.

use crate::common::{city, park};
use kawasemi_testkit::desk::tables;
use kawasemi_testkit::on_both_stores;

const PAGE: &str = "/desk/admin/webhooks";
const NOTHING: [(&str, &str); 0] = [];

fn filled(url: &str) -> Vec<(&str, &str)> {
    vec![
        ("title", "GISへの反映"),
        ("url", url),
        ("ledger", "park"),
        ("kinds", "create"),
        ("kinds", "update"),
        ("filter", ""),
        ("login", "link"),
        ("content", "ids"),
    ]
}

on_both_stores! {
    tables = tables();

    async fn an_administrator_makes_one_and_looks_after_it(fixture) {
        let city = city(fixture).await;
        let admin = city.sign_in("root-admin", &["admin"]).await;
        city.account("link", &["park-keeper"]).await;
        assert!(admin.get(PAGE).await.says("Webhookはまだありません"));
        let made = admin.post(&format!("{PAGE}/new"), &filled("http://127.0.0.1:9/hooks")).await;
        assert_eq!(made.status, 200, "{}", made.text);
        assert!(made.between("whsec_", "<").is_some_and(|rest| rest.len() == 44), "{}", made.text);
        let page = made.between(&format!("href=\"{PAGE}/"), "\"").map(|id| format!("{PAGE}/{id}")).expect("the way to its page");
        assert!(admin.get(PAGE).await.says("GISへの反映"));
        let shown = admin.get(&page).await;
        assert!(shown.says("動作中") && shown.says("登録・変更") && !shown.says("whsec_"), "{}", shown.text);

        let tried = admin.post(&format!("{page}/test"), &NOTHING).await;
        assert!(tried.says("試しの通知は届きませんでした") && tried.says("接続できませんでした"), "{}", tried.text);
        let rotated = admin.post(&format!("{page}/rotate"), &NOTHING).await;
        assert!(rotated.says("whsec_") && admin.get(&page).await.says("前の秘密でも署名しています"));

        let kept = admin.get(&format!("{page}/edit")).await;
        assert_eq!(kept.input("login").as_deref(), Some("link"));
        let mut other = filled("http://127.0.0.1:9/hooks");
        other[0] = ("title", "別の名前");
        assert_eq!(admin.post(&format!("{page}/edit"), &other).await.status, 303);
        assert_eq!(admin.post(&format!("{page}/stop"), &NOTHING).await.status, 303);
        let stopped = admin.get(&page).await;
        assert!(stopped.says("別の名前") && stopped.says("停止中") && stopped.says("止めたところから動かす"));
        assert_eq!(admin.post(&format!("{page}/start"), &[("from", "now")]).await.status, 303);
        assert!(admin.get(&page).await.says("動作中"));
        assert_eq!(admin.post(&format!("{page}/delete"), &NOTHING).await.location(), format!("{PAGE}?done=deleted"));
        assert_eq!(admin.get(&page).await.status, 404);
    }

    async fn mistakes_come_back_with_what_was_typed(fixture) {
        let city = city(fixture).await;
        let admin = city.sign_in("root-admin", &["admin"]).await;
        city.account("link", &["park-counter"]).await;
        let mut typed = filled("http://10.0.0.1/");
        typed[0] = ("title", "<script>alert(1)</script>");
        let refused = admin.post(&format!("{PAGE}/new"), &typed).await;
        assert!(refused.status == 422 && refused.says("https:// から始まるアドレスだけに送れます"), "{}", refused.text);
        assert!(!refused.says("<script>alert") && refused.input("login").as_deref() == Some("link"));
        // The account registers parks and may not read them.
        city.account("reader", &["no-such-role"; 0]).await;
        let mut unable = filled("https://receiver.example.lg.jp/");
        unable[5] = ("filter", "keeper IS NOT NULL");
        unable[6] = ("login", "reader");
        let refused = admin.post(&format!("{PAGE}/new"), &unable).await;
        assert!(refused.status == 422 && refused.says("「keeper」"), "{}", refused.text);
    }

    async fn to_everybody_else_none_of_it_exists(fixture) {
        let city = city(fixture).await;
        let clerk = city.sign_in("hanako", &["park-keeper"]).await;
        let id = "0190b5c8-0000-7000-8000-000000000000";
        for path in [PAGE.to_owned(), format!("{PAGE}/new"), format!("{PAGE}/{id}"), format!("{PAGE}/{id}/edit")] {
            assert_eq!(clerk.get(&path).await.status, 404, "{path}");
        }
        for act in ["test", "rotate", "stop", "start", "delete", "edit"] {
            assert_eq!(clerk.post(&format!("{PAGE}/{id}/{act}"), &NOTHING).await.status, 404, "{act}");
        }
    }

    async fn a_dead_letter_leads_to_its_webhook(fixture) {
        let city = city(fixture).await;
        let admin = city.sign_in("root-admin", &["admin"]).await;
        city.account("link", &["park-keeper"]).await;
        admin.post(&format!("{PAGE}/new"), &filled("http://127.0.0.1:9/hooks")).await;
        park(&city, "城山公園", "open").await;
        city.seal().await;
        city.city.webhooks.pump().await.expect("a message is made");
        let waiting = admin.get("/desk/admin/jobs?state=waiting").await;
        assert!(waiting.says(&format!("href=\"{PAGE}/")) && waiting.says(">Webhook</a>"), "{}", waiting.text);
    }
}
