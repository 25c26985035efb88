//! Notes about contacts, and conversations that are begun here: from the API to Chatwoot, once.

use api::Code;
use api::client::new_key;
use api::contact::{NewContactNote, NewConversation};
use api::id::ConversationId;
use api::inbox::{ContactView, DeleteMessage, OutboxState, OutboxView};
use api::page::Source;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::refused;
use crate::with_chatwoot::{Shop, shop, state, until};

/// Nothing waits any more, and nothing failed.
async fn all_sent(shop: &Shop) {
    let jo = shop.client("jo").await;
    until("an empty outbox", async || jo.outbox().await.ok().filter(Vec::is_empty)).await;
}

/// A contact who can be written to by mail.
async fn with_address(shop: &Shop) -> ContactView {
    let rows = shop.client("jo").await.contacts(&Default::default()).await.unwrap().data;
    rows.into_iter().map(|row| row.contact).find(|contact| contact.email.is_some()).unwrap()
}

async fn notes_there(shop: &Shop, contact: i64) -> Vec<Value> {
    let there = shop.chatwoot("agent", Method::GET, &format!("/contacts/{contact}/notes"), Value::Null).await;
    there.as_array().unwrap().clone()
}

async fn conversations_there(shop: &Shop, contact: i64) -> Vec<Value> {
    let there = shop.chatwoot("admin", Method::GET, &format!("/contacts/{contact}/conversations"), Value::Null).await;
    there["payload"].as_array().unwrap().clone()
}

fn note(content: &str) -> NewContactNote {
    NewContactNote { content: content.to_owned(), hold_seconds: None }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notes_are_read_written_once_kept_for_when_chatwoot_is_away_and_deleted_by_their_author() {
    let shop = shop().await;
    let (jo, ada) = (shop.client("jo").await, shop.client("ada").await);
    let id = with_address(&shop).await.id;
    shop.at_chatwoot("agent2", &format!("/contacts/{id}/notes"), json!({ "content": "Calls back at noon" })).await;
    let read = jo.contact_notes(id).await.unwrap();
    assert_eq!((read.meta.source, read.data.len(), read.data[0].own), (Some(Source::Chatwoot), 1, false));
    assert_eq!(read.data[0].content, "Calls back at noon");
    // Held, shown as on its way, and taken back.
    let held = NewContactNote { hold_seconds: Some(60), ..note("wrong") };
    let entry = jo.add_contact_note(id, &held, &new_key()).await.unwrap();
    assert_eq!((entry.kind.as_str(), entry.contact_id, entry.content.as_deref()), ("contact_note", Some(id), Some("wrong")));
    let shown = jo.contact_notes(id).await.unwrap().data;
    assert_eq!((shown[0].content.as_str(), shown[0].state, shown[0].own), ("wrong", Some(OutboxState::Queued), true));
    jo.outbox_act(entry.id, "cancel", &new_key()).await.unwrap();
    assert_eq!(jo.contact_notes(id).await.unwrap().data.len(), 1);
    // Written as its author, once for one key, even where the answer is lost.
    let path = format!("/api/v1/accounts/*/contacts/{id}/notes");
    shop.fault(json!({"match": {"method": "POST", "path": path}, "times": 1, "fault": {"kind": "lose_answer"}})).await;
    let key = new_key();
    let entry = jo.add_contact_note(id, &note("Prefers **mail**"), &key).await.unwrap();
    assert_eq!(jo.add_contact_note(id, &note("Prefers **mail**"), &key).await.unwrap().id, entry.id);
    all_sent(&shop).await;
    let there = notes_there(&shop, id).await;
    assert_eq!(there.iter().filter(|row| row["content"] == "Prefers **mail**").count(), 1, "{there:?}");
    assert_eq!(there[0]["user"]["id"].as_i64(), jo.me().await.unwrap().agent.map(|agent| agent.id));
    let shown = jo.contact_notes(id).await.unwrap().data;
    assert_eq!((shown.len(), shown[0].own, shown[0].state), (2, true, None));
    // Only the author deletes it.
    let (mine, now) = (shown[0].id.unwrap(), DeleteMessage { hold_seconds: Some(0) });
    assert_eq!(refused(ada.delete_contact_note(id, mine, &now, &new_key()).await).1, Code::Forbidden);
    assert_eq!(refused(jo.delete_contact_note(id, 9_999_999, &now, &new_key()).await).1, Code::NotFound);
    jo.delete_contact_note(id, mine, &now, &new_key()).await.unwrap();
    all_sent(&shop).await;
    assert_eq!(notes_there(&shop, id).await.len(), 1);
    // Away: the copy, with the hour when it was read.
    shop.fault(json!({"match": {"method": "GET", "path": path}, "fault": {"kind": "status", "status": 503}})).await;
    let kept = jo.contact_notes(id).await.unwrap();
    assert_eq!((kept.meta.source, kept.data.len()), (Some(Source::Store), 1));
    assert!(kept.meta.as_of.is_some());
    for content in ["", "   ", &"x".repeat(20_001)] {
        assert_eq!(refused(jo.add_contact_note(id, &note(content), &new_key()).await).1, Code::ValidationFailed);
    }
    shop.daemon.stop().await;
}

/// The inbox of a kind in which the contact can be written to.
async fn inbox(shop: &Shop, contact: i64, channel: &str) -> i64 {
    let offered = shop.client("jo").await.contact_inboxes(contact).await.unwrap();
    offered.into_iter().find(|inbox| inbox.refusal.is_none() && inbox.channel == channel).unwrap().id
}

/// The entry's conversation, once it is there.
async fn begun(shop: &Shop, contact: i64, text: &str) -> i64 {
    until("the conversation", async || {
        let rows = conversations_there(shop, contact).await;
        for row in rows {
            let id = row["id"].as_i64()?;
            if shop.at_sandbox(id).await["messages"].as_array()?.iter().any(|m| m["content"] == text) {
                return Some(id);
            }
        }
        None
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_is_begun_exactly_once_even_where_the_answer_is_lost_or_chatwoot_fails_first() {
    let shop = shop().await;
    let jo = shop.client("jo").await;
    let contact = with_address(&shop).await.id;
    let inbox_id = inbox(&shop, contact, "Email").await;
    let post = json!({"method": "POST", "path": "/api/v1/accounts/*/conversations"});
    for (fault, text) in [("lose_answer", "The answer was lost"), ("drop", "It never arrived")] {
        let before = conversations_there(&shop, contact).await.len();
        shop.fault(json!({"match": post, "times": 1, "fault": {"kind": fault}})).await;
        let new = NewConversation {
            contact_id: contact,
            inbox_id,
            message: Some(text.to_owned()),
            subject: Some("Your order".to_owned()),
            assignee: Some("me".to_owned()),
            hold_seconds: Some(0),
            ..NewConversation::default()
        };
        let key = new_key();
        let entry: OutboxView = jo.begin_conversation(&new, &key).await.unwrap();
        assert_eq!((entry.kind.as_str(), entry.conversation_id, entry.inbox_id), ("conversation", None, Some(inbox_id)));
        assert_eq!(jo.begin_conversation(&new, &key).await.unwrap().id, entry.id, "the same key is the same entry");
        let id = begun(&shop, contact, text).await;
        all_sent(&shop).await;
        assert_eq!(conversations_there(&shop, contact).await.len(), before + 1, "{fault}");
        let there = shop.at_sandbox(id).await;
        let sent = there["messages"].as_array().unwrap().iter().filter(|m| m["content"] == text).count();
        assert_eq!((sent, there["assignee_id"].as_i64()), (1, jo.me().await.unwrap().agent.map(|agent| agent.id)), "{fault}");
        let here = until("the conversation here", async || jo.conversation(ConversationId(id)).await.ok()).await;
        assert_eq!((here.contact.id, here.inbox.id), (contact, inbox_id));
        assert_eq!(here.additional_attributes["mail_subject"], "Your order");
        // The stream told which conversation it became.
        let told = jo.activity(&api::event::ActivityQuery { limit: Some(200), ..Default::default() }).await.unwrap().data;
        let told = told.into_iter().find(|row| row.subject_id == entry.id.to_string() && row.data["state"] == "done").unwrap();
        assert_eq!(told.conversation_id, Some(id));
    }
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_begun_says_why_and_what_is_taken_back_is_not_begun() {
    let shop = shop().await;
    let jo = shop.client("jo").await;
    let contact = with_address(&shop).await;
    let inbox_id = inbox(&shop, contact.id, "Email").await;
    let new = NewConversation { contact_id: contact.id, inbox_id, message: Some("Hello".to_owned()), ..NewConversation::default() };
    let fields = |new: NewConversation| {
        let jo = jo.clone();
        async move {
            let (_, code, details) = refused(jo.begin_conversation(&new, &new_key()).await);
            assert_eq!(code, Code::ValidationFailed);
            details["fields"][0]["field"].as_str().unwrap().to_owned()
        }
    };
    assert_eq!(fields(NewConversation { contact_id: 9_999_999, ..new.clone() }).await, "contact_id");
    assert_eq!(fields(NewConversation { inbox_id: 9_999_999, ..new.clone() }).await, "inbox_id");
    assert_eq!(fields(NewConversation { message: Some(" ".to_owned()), ..new.clone() }).await, "message");
    assert_eq!(fields(NewConversation { team: Some(9_999_999), ..new.clone() }).await, "team");
    assert_eq!(fields(NewConversation { assignee: Some("9999999".to_owned()), ..new.clone() }).await, "assignee");
    // Recalled within its hold: nothing was begun.
    let before = state(&shop.sandbox).await["conversations"].as_array().unwrap().len();
    let held = jo.begin_conversation(&NewConversation { hold_seconds: Some(60), ..new.clone() }, &new_key()).await.unwrap();
    let listed = jo.outbox().await.unwrap();
    assert_eq!((listed[0].id, listed[0].content.as_deref()), (held.id, Some("Hello")));
    jo.outbox_act(held.id, "cancel", &new_key()).await.unwrap();
    // Without an address there is no mail: offered with its reason, and refused by name.
    let rows = jo.contacts(&api::contact::ContactQuery { limit: Some(200), ..Default::default() }).await.unwrap().data;
    if let Some(silent) = rows.into_iter().map(|row| row.contact).find(|contact| contact.email.is_none()) {
        let offered = jo.contact_inboxes(silent.id).await.unwrap();
        let mail = offered.iter().find(|inbox| inbox.id == inbox_id).unwrap();
        assert_eq!(mail.refusal.as_deref(), Some("the contact has no e-mail address"));
        assert_eq!(fields(NewConversation { contact_id: silent.id, ..new.clone() }).await, "inbox_id");
    }
    // Taken in good faith, refused by Chatwoot for good: it stays with its reason and its text.
    let contactable = "/api/v1/accounts/*/contacts/*/contactable_inboxes";
    let none = json!({"kind": "status", "status": 200, "body": {"payload": []}});
    shop.fault(json!({"match": {"method": "GET", "path": contactable}, "fault": none})).await;
    jo.begin_conversation(&NewConversation { hold_seconds: Some(0), ..new }, &new_key()).await.unwrap();
    let failed = until("the refusal", async || jo.outbox().await.ok()?.into_iter().find(|e| e.state == OutboxState::Failed)).await;
    assert!(failed.error.unwrap().contains("no member of it"));
    assert_eq!(failed.content.as_deref(), Some("Hello"));
    assert_eq!(state(&shop.sandbox).await["conversations"].as_array().unwrap().len(), before);
    shop.daemon.stop().await;
}
