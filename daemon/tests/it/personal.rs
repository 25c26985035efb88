//! What an agent alone may see: shown to that agent, to nobody else, and from the copy while Chatwoot does not answer.

use api::Code;
use api::lists::{CustomFilterView, MentionView, NotificationView};
use api::page::{Page, Source};
use api::tenant::Role;
use daemon::store::{Global, Personal, TenantKey};
use serde_json::json;

use crate::harness::refused;
use crate::with_chatwoot::{Shop, id_of, shop_with, state, until};

/// Ada and Jo with their own tokens; Eve, an admin, linked to nobody; Kim, linked without a token.
async fn people() -> Shop {
    shop_with(|config| {
        let mut eve = config.users[0].clone();
        (eve.name, eve.role, eve.chatwoot_agent_id, eve.chatwoot_token) = ("eve".to_owned(), Role::Admin, None, None);
        let mut kim = config.users[1].clone();
        (kim.name, kim.chatwoot_agent_id, kim.chatwoot_token) = ("kim".to_owned(), None, None);
        kim.chatwoot_email = Some("kim@acme.test".to_owned());
        config.users.extend([eve, kim]);
    })
    .await
}

/// Somebody names an agent in a private note.
async fn mention(shop: &Shop, by: &str, whom: &str, conversation: i64) {
    let id = id_of(&state(&shop.sandbox).await["users"], whom).unwrap();
    let note = json!({ "content": format!("[@you](mention://user/{id}/You) look"), "private": true });
    shop.at_chatwoot(by, &format!("/conversations/{conversation}/messages"), note).await;
}

async fn save_filter(shop: &Shop, by: &str, name: &str) {
    let filter = json!({ "name": name, "filter_type": "contact", "query": { "payload": [] } });
    shop.at_chatwoot(by, "/custom_filters", filter).await;
}

async fn key(shop: &Shop) -> TenantKey {
    shop.daemon.store().read_global(|global: &Global<'_>| global.tenants()).await.unwrap()[0].key
}

fn conversations(page: &Page<MentionView>) -> Vec<i64> {
    page.data.iter().map(|row| row.conversation_id.0).collect()
}

fn names(page: &Page<CustomFilterView>) -> Vec<&str> {
    page.data.iter().map(|row| row.name.as_str()).collect()
}

fn told_of_mention(page: &Page<NotificationView>, conversation: i64) -> bool {
    let of = |row: &NotificationView| {
        row.notification_type == "conversation_mention" && row.conversation_id.is_some_and(|id| id.0 == conversation)
    };
    page.data.iter().any(of)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_agent_sees_their_own_and_nobody_else_sees_any() {
    let shop = people().await;
    let plain = shop.plain_conversations().await;
    let (for_jo, for_ada) = (plain[0], plain[1]);
    mention(&shop, "agent2", "agent", for_jo).await;
    mention(&shop, "agent2", "admin", for_ada).await;
    save_filter(&shop, "agent", "of Jo").await;
    save_filter(&shop, "admin", "of Ada").await;
    save_filter(&shop, "agent2", "of Kim").await;
    let (jo, ada) = (shop.client("jo").await, shop.client("ada").await);
    until("both notifications", async || {
        let (mine, hers) = (jo.notifications().await.ok()?, ada.notifications().await.ok()?);
        assert!(!told_of_mention(&mine, for_ada) && !told_of_mention(&hers, for_jo));
        (told_of_mention(&mine, for_jo) && told_of_mention(&hers, for_ada)).then_some(())
    })
    .await;
    let (mine, hers) = (jo.mentions().await.unwrap(), ada.mentions().await.unwrap());
    assert!(conversations(&mine).contains(&for_jo) && !conversations(&mine).contains(&for_ada));
    assert!(conversations(&hers).contains(&for_ada) && !conversations(&hers).contains(&for_jo));
    let (mine, hers) = (jo.custom_filters().await.unwrap(), ada.custom_filters().await.unwrap());
    assert_eq!((names(&mine), names(&hers)), (vec!["of Jo"], vec!["of Ada"]));
    assert_eq!((mine.meta.source, mine.meta.total), (Some(Source::Chatwoot), 1));
    // Everything is in the store now, and still nobody else gets any of it: neither who may do everything, nor who has no token.
    for user in ["owner", "eve", "kim"] {
        let other = shop.client(user).await;
        assert_eq!(other.notifications().await.unwrap().data, [], "{user}");
        assert_eq!(other.mentions().await.unwrap().data, [], "{user}");
        assert_eq!(other.custom_filters().await.unwrap().data, [], "{user}");
        assert_eq!(other.macros().await.unwrap(), [], "{user}");
    }
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_copy_is_shown_while_chatwoot_does_not_answer_and_a_dead_token_shows_nothing() {
    let shop = people().await;
    save_filter(&shop, "agent", "of Jo").await;
    let jo = shop.client("jo").await;
    let live = jo.custom_filters().await.unwrap();
    assert_eq!((names(&live), live.meta.source), (vec!["of Jo"], Some(Source::Chatwoot)));
    let down = json!({"match": {"path": "/api/v1/accounts/*/custom_filters"}, "fault": {"kind": "status", "status": 503}});
    shop.fault(down).await;
    let copy = jo.custom_filters().await.unwrap();
    assert_eq!((names(&copy), copy.meta.source, copy.meta.as_of), (vec!["of Jo"], Some(Source::Store), live.meta.as_of));
    // Ada's was never read: an empty list would say that she has none.
    let unknown = refused(shop.client("ada").await.custom_filters().await);
    assert_eq!((unknown.0, unknown.1), (503, Code::ChatwootUnavailable));
    let unauthorised = json!({"match": {"path": "/api/v1/profile"},
        "fault": {"kind": "status", "status": 401, "body": {"error": "Invalid Access Token"}}});
    shop.fault(unauthorised).await;
    let dead = refused(jo.custom_filters().await);
    assert_eq!((dead.0, dead.1), (403, Code::Forbidden));
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_elses_token_in_the_config_shows_nothing() {
    let shop = shop_with(|config| config.users[1].chatwoot_token = config.users[0].chatwoot_token.clone()).await;
    save_filter(&shop, "admin", "of Ada").await;
    let wrong = refused(shop.client("jo").await.custom_filters().await);
    assert_eq!((wrong.0, wrong.1), (403, Code::Forbidden));
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_inbox_keeps_the_copy_fresh_and_the_feed_says_nothing_of_it() {
    let shop = people().await;
    let (jo_id, conversation) = (id_of(&state(&shop.sandbox).await["users"], "agent").unwrap(), shop.plain_conversations().await[0]);
    let jo = shop.client("jo").await;
    let mut inbox = jo.inbox_events(None).unwrap();
    inbox.next().await.unwrap();
    let key = key(&shop).await;
    let kept = async |kind| shop.daemon.store().read(key, move |scope| scope.personal(jo_id, kind)).await.unwrap();
    // Nobody asks for it: the websocket's beginning and its frames do.
    for kind in Personal::ALL {
        until("the first reading", async || kept(kind).await).await;
    }
    mention(&shop, "agent2", "agent", conversation).await;
    until("the mention in the store", async || {
        let (_, rows) = kept(Personal::Mention).await?;
        rows.iter().any(|row| row["conversation_id"] == conversation).then_some(())
    })
    .await;
    let told = until("the notification in the store", async || {
        let (_, rows) = kept(Personal::Notification).await?;
        rows.into_iter().find(|row| row["notification_type"] == "conversation_mention" && row["conversation_id"] == conversation)
    })
    .await;
    assert!(!told.to_string().contains("token"), "{told}");
    let feed = shop.client("ada").await.activity(&api::event::ActivityQuery::default()).await.unwrap();
    let said = serde_json::to_string(&feed.data).unwrap();
    assert!(!said.contains("notification") && !said.contains("mention"), "{said}");
    shop.daemon.stop().await;
}
