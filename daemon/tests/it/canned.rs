//! Canned responses made, changed and deleted in Chatwoot as the caller.

use api::Code;
use api::client::new_key;
use api::lists::{CannedResponsePatch, CannedResponseView, NewCannedResponse};
use serde_json::{Value, json};

use crate::harness::refused;
use crate::with_chatwoot::{Shop, shop, shop_with};

fn new(code: &str, content: &str) -> NewCannedResponse {
    NewCannedResponse { short_code: code.to_owned(), content: content.to_owned() }
}

/// What Chatwoot has under a code.
async fn at_chatwoot(shop: &Shop, code: &str) -> Vec<Value> {
    let all = shop.chatwoot("admin", reqwest::Method::GET, "/canned_responses", json!({})).await;
    all.as_array().unwrap().iter().filter(|row| row["short_code"] == code).cloned().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_there_at_once_once_and_audited() {
    let shop = shop().await;
    let jo = shop.client("jo").await;
    let here = async |code: &str| -> Option<CannedResponseView> {
        jo.canned_responses().await.unwrap().into_iter().find(|row| row.short_code == code)
    };
    let key = new_key();
    let made = jo.create_canned_response(&new(" late ", "It is late."), &key).await.unwrap();
    assert_eq!((made.short_code.as_str(), here("late").await), ("late", Some(made.clone())));
    // Under its key and without one: still one.
    assert_eq!(jo.create_canned_response(&new(" late ", "It is late."), &key).await.unwrap(), made);
    assert_eq!(jo.create_canned_response(&new("late", "It is late."), &new_key()).await.unwrap(), made);
    assert_eq!(at_chatwoot(&shop, "late").await.len(), 1);
    for (code, content) in [("late", "Another"), ("", "x"), ("a\nb", "x"), ("empty", "  ")] {
        let answer = jo.create_canned_response(&new(code, content), &new_key()).await;
        assert_eq!(refused(answer).1, Code::ValidationFailed, "{code:?}");
    }
    let patch = CannedResponsePatch { content: "Very late.".to_owned() };
    let changed = jo.update_canned_response(made.id, &patch, &new_key()).await.unwrap();
    assert_eq!((changed.content.as_str(), here("late").await), ("Very late.", Some(changed.clone())));
    assert_eq!(at_chatwoot(&shop, "late").await[0]["content"], "Very late.");
    let key = new_key();
    assert_eq!(jo.delete_canned_response(made.id, &key).await.unwrap(), changed);
    assert_eq!(jo.delete_canned_response(made.id, &key).await.unwrap(), changed, "a repeat is answered");
    assert_eq!((here("late").await, at_chatwoot(&shop, "late").await.len()), (None, 0));
    assert_eq!(refused(jo.update_canned_response(made.id, &patch, &new_key()).await).1, Code::NotFound);
    assert_eq!(refused(jo.delete_canned_response(made.id, &new_key()).await).1, Code::NotFound);
    let audit = shop.client("ada").await.audit(&Default::default()).await.unwrap().data;
    let actions: Vec<&str> = audit.iter().map(|row| row.action.as_str()).filter(|action| action.starts_with("canned_response.")).collect();
    assert_eq!(actions.iter().filter(|action| **action == "canned_response.delete").count(), 1, "{actions:?}");
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_went_in_chatwoot_meanwhile_is_said_and_gone_counts_as_deleted() {
    let shop = shop().await;
    let jo = shop.client("jo").await;
    let made = jo.create_canned_response(&new("late", "It is late."), &new_key()).await.unwrap();
    shop.chatwoot("admin", reqwest::Method::DELETE, &format!("/canned_responses/{}", made.id), json!({})).await;
    let patch = CannedResponsePatch { content: "x".to_owned() };
    assert_eq!(refused(jo.update_canned_response(made.id, &patch, &new_key()).await).1, Code::NotFound);
    assert_eq!(jo.delete_canned_response(made.id, &new_key()).await.unwrap(), made);
    // The answer is lost after it was carried out.
    let lost = json!({"kind": "status", "status": 502, "body": "", "handled": true});
    shop.fault(json!({"match": {"method": "POST", "path": "/api/v1/accounts/*/canned_responses"}, "times": 1, "fault": lost})).await;
    jo.create_canned_response(&new("lost", "Found again"), &new_key()).await.unwrap();
    assert_eq!(at_chatwoot(&shop, "lost").await.len(), 1);
    // Away: nothing is done, here neither.
    shop.fault(json!({"match": {"path_prefix": "/api/"}, "fault": {"kind": "status", "status": 503}})).await;
    assert_eq!(refused(jo.create_canned_response(&new("away", "x"), &new_key()).await).1, Code::ChatwootUnavailable);
    assert!(jo.canned_responses().await.unwrap().iter().all(|row| row.short_code != "away"));
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_own_token_there_is_nobody_to_write_as() {
    let shop = shop_with(|config| config.users[1].chatwoot_token = None).await;
    let refusal = shop.client("jo").await.create_canned_response(&new("late", "x"), &new_key()).await;
    assert_eq!(refused(refusal).1, Code::Forbidden);
    assert!(at_chatwoot(&shop, "late").await.is_empty());
    shop.daemon.stop().await;
}
