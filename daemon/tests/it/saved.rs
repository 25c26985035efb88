//! Filters saved in Chatwoot, evaluated over the copy: the same conversations as Chatwoot's own answer, also while it is away.

use std::collections::BTreeSet;

use api::Code;
use api::inbox::ConversationQuery;
use api::lists::NewCustomFilter;
use api::page::Source;
use serde_json::{Value, json};

use crate::harness::refused;
use crate::with_chatwoot::{Shop, id_of, shop, state, until};

fn row(key: &str, operator: &str, values: Value, joint: Value) -> Value {
    json!({ "attribute_key": key, "filter_operator": operator, "values": values, "query_operator": joint, "attribute_model": "standard" })
}

/// The conversations that Chatwoot's own filter finds for its administrator.
async fn theirs(shop: &Shop, payload: &Value) -> BTreeSet<i64> {
    let mut found = BTreeSet::new();
    for page in 1.. {
        let answer = shop.at_chatwoot("admin", &format!("/conversations/filter?page={page}"), json!({ "payload": payload })).await;
        let rows = answer["payload"].as_array().unwrap().clone();
        found.extend(rows.iter().map(|row| row["id"].as_i64().unwrap()));
        if rows.len() < 25 {
            break;
        }
    }
    found
}

fn query(view: i64) -> ConversationQuery {
    ConversationQuery { status: Some("all".to_owned()), view: Some(view), limit: Some(200), ..ConversationQuery::default() }
}

fn saved(name: &str, payload: &Value) -> NewCustomFilter {
    NewCustomFilter { name: name.to_owned(), query: json!({ "payload": payload }).as_object().unwrap().clone() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_filter_shows_what_chatwoot_would() {
    let shop = shop().await;
    let ada = shop.client("ada").await;
    let world = state(&shop.sandbox).await;
    let (jo, inbox) = (id_of(&world["users"], "agent").unwrap(), world["inboxes"][0]["id"].clone());
    let some = shop.plain_conversations().await;
    shop.at_chatwoot("admin", &format!("/conversations/{}/labels", some[0]), json!({ "labels": ["vip", "late"] })).await;
    shop.at_chatwoot("admin", &format!("/conversations/{}/toggle_priority", some[1]), json!({ "priority": "urgent" })).await;
    shop.at_chatwoot("admin", &format!("/conversations/{}/toggle_status", some[1]), json!({ "status": "pending" })).await;
    shop.at_chatwoot("admin", &format!("/conversations/{}/assignments", some[0]), json!({ "assignee_id": jo })).await;
    let attributes = json!({ "custom_attributes": { "order_id": "A-7" } });
    shop.at_chatwoot("admin", &format!("/conversations/{}/custom_attributes", some[0]), attributes).await;
    until("the changes in the copy", async || {
        let one = ada.conversation(api::id::ConversationId(some[0])).await.ok()?;
        let two = ada.conversation(api::id::ConversationId(some[1])).await.ok()?;
        let there = one.labels == ["late", "vip"] && one.custom_attributes.contains_key("order_id") && one.assignee.is_some();
        (there && two.status.as_str() == "pending" && two.priority.is_some()).then_some(())
    })
    .await;
    let none = Value::Null;
    let filters = [
        json!([]),
        json!([row("status", "equal_to", json!(["open"]), none.clone())]),
        json!([row("status", "not_equal_to", json!(["open"]), none.clone())]),
        json!([row("status", "equal_to", json!(["all"]), json!("AND")), row("labels", "equal_to", json!(["vip"]), none.clone())]),
        json!([row("labels", "not_equal_to", json!(["vip"]), none.clone())]),
        json!([row("labels", "is_not_present", json!([]), none.clone())]),
        json!([row("priority", "equal_to", json!(["urgent", "low"]), none.clone())]),
        json!([row("priority", "not_equal_to", json!(["urgent"]), none.clone())]),
        json!([row("assignee_id", "equal_to", json!([jo]), json!("and")), row("inbox_id", "equal_to", json!([inbox]), none.clone())]),
        json!([row("assignee_id", "is_not_present", json!([]), none.clone())]),
        json!([
            row("status", "equal_to", json!(["pending"]), json!("OR")),
            row("labels", "equal_to", json!(["late"]), json!("AND")),
            row("display_id", "equal_to", json!([some[0]]), none.clone())
        ]),
        json!([row("created_at", "is_greater_than", json!(["2000-01-01"]), none.clone())]),
        json!([row("last_activity_at", "is_less_than", json!(["2000-01-01"]), none.clone())]),
        json!([row("team_id", "is_present", json!([]), none.clone())]),
        json!([row("referer", "contains", json!(["shop"]), none.clone())]),
        json!([row("browser_language", "not_equal_to", json!(["en"]), none.clone())]),
        json!([row("order_id", "equal_to", json!(["a-7"]), none.clone())]),
        json!([row("order_id", "not_equal_to", json!(["a-7"]), none.clone())]),
        json!([row("order_id", "is_present", json!([]), none.clone())]),
    ];
    let mut seen = BTreeSet::new();
    let (mut last, mut count) = (0, 0);
    until("the account's attributes", async || {
        let found = ada.save_custom_filter(&saved("by order", &filters[16])).await.ok()?;
        ada.delete_custom_filter(found.id).await.ok().map(drop)
    })
    .await;
    for (n, payload) in filters.iter().enumerate() {
        last = ada.save_custom_filter(&saved(&format!("filter {n}"), payload)).await.unwrap().id;
        let page = ada.conversations(&query(last)).await.unwrap();
        let ours: BTreeSet<i64> = page.data.iter().map(|row| row.id.0).collect();
        assert_eq!(ours, theirs(&shop, payload).await, "{payload}");
        assert_eq!(page.meta.total, ours.len() as u64, "{payload}");
        count = ours.len();
        seen.insert(ours);
    }
    assert!(seen.len() > 9, "the filters tell different things apart: {}", seen.len());
    // It cuts together with the list's own filter, and its order and pages stay.
    let narrowed = ConversationQuery { status: Some("pending".to_owned()), view: Some(last - 16), limit: Some(1), ..query(last) };
    assert!(ada.conversations(&narrowed).await.is_ok());
    // Without Chatwoot it is evaluated all the same.
    shop.fault(json!({"match": {"path": "/api/v1/**"}, "fault": {"kind": "status", "status": 503}})).await;
    let away = ada.conversations(&query(last)).await.unwrap();
    assert_eq!((away.data.len(), away.meta.source), (count, Some(Source::Store)));
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn saved_filters_are_named_once_and_are_the_callers_alone() {
    let shop = shop().await;
    let (ada, jo) = (shop.client("ada").await, shop.client("jo").await);
    let payload = json!([row("status", "equal_to", json!(["open"]), Value::Null)]);
    let mine = jo.save_custom_filter(&saved(" Open ones ", &payload)).await.unwrap();
    assert_eq!(mine.name, "Open ones");
    let again = refused(jo.save_custom_filter(&saved("Open ones", &payload)).await);
    assert_eq!((again.0, again.1), (422, Code::ValidationFailed));
    let renamed = jo.rename_custom_filter(mine.id, "Still open").await.unwrap();
    assert_eq!((renamed.name.as_str(), &renamed.query), ("Still open", &mine.query));
    // Ada neither sees, uses, renames nor deletes it.
    assert_eq!(ada.custom_filters().await.unwrap().data, []);
    assert_eq!(refused(ada.conversations(&query(mine.id)).await).1, Code::ValidationFailed);
    assert_eq!(refused(ada.rename_custom_filter(mine.id, "hers").await).1, Code::NotFound);
    assert_eq!(refused(ada.delete_custom_filter(mine.id).await).1, Code::NotFound);
    assert_eq!(jo.delete_custom_filter(mine.id).await.unwrap().name, "Still open");
    assert_eq!(jo.custom_filters().await.unwrap().data, []);
    // The answer is lost after it was carried out: Chatwoot would take a second one of that name.
    let lost = json!({"kind": "status", "status": 502, "body": "", "handled": true});
    shop.fault(json!({"match": {"method": "POST", "path": "/api/v1/accounts/*/custom_filters"}, "times": 1, "fault": lost})).await;
    let once = jo.save_custom_filter(&saved("Once", &payload)).await.unwrap();
    assert_eq!(jo.custom_filters().await.unwrap().data.iter().map(|one| one.id).collect::<Vec<_>>(), [once.id]);
    jo.delete_custom_filter(once.id).await.unwrap();
    // What the copy cannot tell is named, and not saved from here.
    let campaign = json!([row("campaign_id", "equal_to", json!([1]), Value::Null)]);
    assert_eq!(refused(jo.save_custom_filter(&saved("c", &campaign)).await).1, Code::ValidationFailed);
    let body = json!({ "name": "By campaign", "filter_type": "conversation", "query": { "payload": campaign } });
    let id = shop.at_chatwoot("agent", "/custom_filters", body).await["id"].as_i64().unwrap();
    let (_, code, details) = refused(jo.conversations(&query(id)).await);
    let said = details["fields"][0]["message"].as_str().unwrap().to_owned();
    assert_eq!(code, Code::ValidationFailed);
    assert!(said.contains("By campaign") && said.contains("campaigns are not copied"), "{said}");
    shop.daemon.stop().await;
}
