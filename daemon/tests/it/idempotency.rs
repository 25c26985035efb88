//! The same call twice is one call.

use std::sync::Arc;

use api::Code;
use api::client::{Changes, new_key};
use api::id::ConversationId;
use api::inbox::{NewMessage, OutboxQuery};
use daemon::store::{NewOutbox, OutboxKind};

use crate::harness::{Bench, refused};

#[tokio::test]
async fn the_same_key_is_answered_with_the_first_result_and_acts_once() {
    let bench = Bench::new().await;
    let jo = bench.client("jo").await;
    let (key, id) = (new_key(), ConversationId(12));
    let reply = NewMessage { content: "On its way.".to_owned(), private: false, hold_seconds: Some(60), ..NewMessage::default() };
    let first = jo.send_message(id, &reply, &key).await.unwrap();
    let again = jo.send_message(id, &reply, &key).await.unwrap();
    assert_eq!(first, again);
    let other = NewMessage { content: "Something else.".to_owned(), ..reply.clone() };
    assert_eq!(refused(jo.send_message(id, &other, &key).await).1, Code::IdempotencyKeyReused);
    // Another person's key is another key, and so is the same one on another path.
    bench.client("ada").await.send_message(id, &reply, &key).await.unwrap();
    jo.send_message(ConversationId(13), &reply, &key).await.unwrap();
    assert_eq!(jo.outbox().await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_refused_call_is_not_remembered() {
    let bench = Bench::new().await;
    let jo = bench.client("jo").await;
    let key = new_key();
    bench.escalated("jo", 12).await;
    assert_eq!(refused(jo.escalate(ConversationId(12), "x", &key).await).1, Code::ApprovalOpen);
    jo.decide("AP-1", "withdraw", &api::approval::Decision::default(), &new_key()).await.unwrap();
    assert!(jo.escalate(ConversationId(12), "x", &key).await.is_ok());
}

#[tokio::test]
async fn a_held_reply_is_recalled_and_a_sent_one_is_not() {
    let bench = Bench::new().await;
    let jo = bench.client("jo").await;
    let reply = NewMessage { content: "Wrong window".to_owned(), private: false, hold_seconds: None, ..NewMessage::default() };
    let queued = jo.send_message(ConversationId(12), &reply, &new_key()).await.unwrap();
    assert_eq!(queued.sends_at.map(|at| at.as_microsecond()), Some(bench.clock.now() + 5_000_000));
    let page = jo.messages(ConversationId(12), &api::inbox::MessageQuery::default()).await.unwrap();
    assert_eq!(page.data.last().and_then(|m| m.content.clone()).as_deref(), Some("Wrong window"));
    let id = queued.outbox_id.unwrap();
    let recalled = jo.outbox_act(id, "cancel", &new_key()).await.unwrap();
    let changes = Arc::new(Changes::default());
    let counted = jo.clone().with_changes(changes.clone());
    assert_eq!(counted.outbox_act(id, "cancel", &new_key()).await.unwrap(), recalled, "it was taken back already");
    assert!(changes.is_nothing());
    let page = jo.messages(ConversationId(12), &api::inbox::MessageQuery::default()).await.unwrap();
    assert_eq!(page.data.len(), 1);

    let left = jo.send_message(ConversationId(12), &reply, &new_key()).await.unwrap().outbox_id.unwrap();
    bench.write("ours", move |scope| scope.outbox_done(left.0, None)).await;
    let (status, code, details) = refused(jo.outbox_act(left, "cancel", &new_key()).await);
    assert_eq!((status, code, &details["state"]), (409, Code::OutboxState, &"done".into()));
}

#[tokio::test]
async fn a_long_outbox_is_read_page_by_page() {
    let bench = Bench::new().await;
    let jo = bench.client("jo").await;
    bench
        .write("ours", |scope| {
            (0..205).try_for_each(|n| {
                let payload = serde_json::json!({"content": format!("{n}")});
                let new = NewOutbox { conversation_id: 12, kind: OutboxKind::Note, payload, user: None, approval_id: None, not_before: 0 };
                scope.enqueue(&new).map(|_| ())
            })
        })
        .await;
    let all: Vec<_> = jo.outbox().await.unwrap().into_iter().map(|entry| entry.content.unwrap()).collect();
    assert_eq!(all, (0..205).map(|n| n.to_string()).collect::<Vec<_>>());
    let first = jo.outbox_page(&OutboxQuery::default()).await.unwrap();
    assert_eq!((first.data.len(), first.meta.total, first.meta.limit), (200, 205, 200));
    // What leaves in between moves nothing.
    let gone = first.data[0].id;
    jo.outbox_act(gone, "cancel", &new_key()).await.unwrap();
    let rest = jo.outbox_page(&OutboxQuery { limit: Some(5), cursor: first.meta.next_cursor }).await.unwrap();
    assert_eq!((rest.data[0].content.as_deref(), rest.data.len(), rest.meta.total, rest.meta.next_cursor), (Some("200"), 5, 204, None));
    for wrong in [OutboxQuery { limit: Some(201), cursor: None }, OutboxQuery { limit: None, cursor: Some("x".to_owned()) }] {
        assert_eq!(refused(jo.outbox_page(&wrong).await).1, Code::ValidationFailed);
    }
}
