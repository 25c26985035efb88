//! Blocking, who takes part, held macros, and the own availability, against a Chatwoot.

use api::Code;
use api::client::new_key;
use api::id::ConversationId;
use api::inbox::{ConversationPatch, ConversationStatus, OutboxState, RunMacro};
use api::page::Source;
use api::people::{Availability, ParticipantChange};
use serde_json::json;

use crate::harness::refused;
use crate::with_chatwoot::{id_of, shop, state, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_waits_is_recalled_without_a_trace_and_done_resolves_too() {
    let shop = shop().await;
    let (id, jo) = (ConversationId(shop.plain_conversations().await[0]), shop.client("jo").await);
    let before = jo.conversation(id).await.unwrap();
    let block = |hold| ConversationPatch { muted: Some(true), hold_seconds: Some(hold), ..ConversationPatch::default() };
    let shown = jo.update_conversation(id, &block(60), &new_key()).await.unwrap();
    assert_eq!((shown.status, shown.contact.blocked), (ConversationStatus::Resolved, true), "shown at once");
    assert_eq!(shown.pending, ["mute"]);
    let entry = jo.outbox().await.unwrap().into_iter().find(|entry| entry.kind == "mute").unwrap();
    jo.outbox_act(entry.id, "cancel", &new_key()).await.unwrap();
    let back = jo.conversation(id).await.unwrap();
    assert_eq!((back.status, back.contact.blocked), (before.status, before.contact.blocked), "as if nothing had been");
    assert_eq!(shop.at_sandbox(id.0).await["status"], before.status.as_str());
    jo.update_conversation(id, &block(0), &new_key()).await.unwrap();
    until("the block in Chatwoot", async || (shop.at_sandbox(id.0).await["status"] == "resolved").then_some(())).await;
    until("nothing under way", async || jo.conversation(id).await.ok().filter(|view| view.pending.is_empty() && view.contact.blocked))
        .await;
    let unblock = ConversationPatch { muted: Some(false), ..ConversationPatch::default() };
    jo.update_conversation(id, &unblock, &new_key()).await.unwrap();
    let view =
        until("unblocked", async || jo.conversation(id).await.ok().filter(|view| view.pending.is_empty() && !view.contact.blocked)).await;
    assert_eq!(view.status, ConversationStatus::Resolved, "it stays as it is");
    let both = ConversationPatch { muted: Some(true), status: Some(ConversationStatus::Open), ..ConversationPatch::default() };
    assert_eq!(refused(jo.update_conversation(id, &both, &new_key()).await).0, 422);
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn participants_are_read_added_and_removed() {
    let shop = shop().await;
    let (id, jo) = (ConversationId(shop.plain_conversations().await[0]), shop.client("jo").await);
    let ada = id_of(&state(&shop.sandbox).await["users"], "admin").unwrap();
    let change = |add: &[i64], remove: &[i64]| ConversationPatch {
        participants: Some(ParticipantChange { add: add.to_vec(), remove: remove.to_vec() }),
        ..ConversationPatch::default()
    };
    let path = format!("/conversations/{}/participants", id.0);
    let at_chatwoot = async || {
        let there = shop.chatwoot("admin", reqwest::Method::GET, &path, serde_json::Value::Null).await;
        there.as_array().unwrap().iter().any(|agent| agent["id"] == ada)
    };
    let takes_part = async || {
        let page = jo.participants(id).await.unwrap();
        (page.data.iter().any(|agent| agent.id == ada), page.meta.source)
    };
    assert_eq!(takes_part().await, (false, Some(Source::Chatwoot)));
    jo.update_conversation(id, &change(&[ada], &[]), &new_key()).await.unwrap();
    assert!(takes_part().await.0, "shown at once");
    until("Ada takes part", async || at_chatwoot().await.then_some(())).await;
    // Without Chatwoot it is what was read last, with what waits in the outbox.
    shop.fault(json!({"match": {"path": "/api/v1/**"}, "fault": {"kind": "status", "status": 503}})).await;
    assert_eq!(takes_part().await, (true, Some(Source::Store)));
    jo.update_conversation(id, &change(&[], &[ada]), &new_key()).await.unwrap();
    assert_eq!(takes_part().await, (false, Some(Source::Store)));
    let other = ConversationId(shop.plain_conversations().await[1]);
    assert_eq!(refused(jo.participants(other).await).1, Code::ChatwootUnavailable, "never read");
    shop.no_faults().await;
    until("Ada no longer does", async || (!at_chatwoot().await).then_some(())).await;
    until("Chatwoot is asked again", async || (takes_part().await == (false, Some(Source::Chatwoot))).then_some(())).await;
    // Chatwoot breaks over an agent it does not know.
    for bad in [change(&[999_999], &[]), change(&[ada], &[ada]), change(&[], &[])] {
        assert_eq!(refused(jo.update_conversation(id, &bad, &new_key()).await).0, 422);
    }
    assert_eq!(refused(jo.participants(ConversationId(999_999)).await).1, Code::NotFound);
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn availability_is_ones_own() {
    let shop = shop().await;
    let jo = shop.client("jo").await;
    for to in [Availability::Busy, Availability::Online] {
        assert_eq!(jo.set_availability(to).await.unwrap().availability, to);
        assert_eq!(jo.availability().await.unwrap().availability, to);
    }
    let owner = shop.client("owner").await;
    assert_eq!(refused(owner.availability().await).1, Code::Forbidden);
    assert_eq!(refused(owner.set_availability(Availability::Offline).await).1, Code::Forbidden);
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_macro_is_recalled() {
    let shop = shop().await;
    let (id, jo) = (ConversationId(shop.plain_conversations().await[0]), shop.client("jo").await);
    let entry = jo.run_macro(id, RunMacro { id: 5, hold_seconds: Some(60) }, &new_key()).await.unwrap();
    assert!(entry.sends_at > entry.created_at);
    let gone = jo.outbox_act(entry.id, "cancel", &new_key()).await.unwrap();
    assert_eq!(gone.state, OutboxState::Cancelled);
    shop.daemon.stop().await;
}
