//! The same call twice is one call.

use api::Code;
use api::client::new_key;
use api::id::ConversationId;
use api::inbox::NewMessage;

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
    jo.outbox_act(id, "cancel", &new_key()).await.unwrap();
    let (status, code, details) = refused(jo.outbox_act(id, "cancel", &new_key()).await);
    assert_eq!((status, code, &details["state"]), (409, Code::OutboxState, &"cancelled".into()));
    let page = jo.messages(ConversationId(12), &api::inbox::MessageQuery::default()).await.unwrap();
    assert_eq!(page.data.len(), 1);
}
