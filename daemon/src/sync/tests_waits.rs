//! What a person waits for: a write where something comes between it and the read that confirms it, and reads beside the copy.

use std::sync::Arc;

use api::inbox::ConversationStatus;
use serde_json::json;

use super::tests::{Bench, LIMIT, until};
use super::write::Tried;
use super::*;
use crate::store::{NewOutbox, OutboxKind};

#[tokio::test]
async fn an_answer_that_comes_before_the_read_that_confirms_a_status_is_shown_at_once() {
    let bench = Bench::new().await;
    // Without frames, so that nothing else makes it be read again.
    let handle = bench.start(|cx| cx.sync.websocket = false).await;
    until("a quiet moment", async || handle.progress().done && handle.rounds().0.count > 0 && !handle.rounds().0.running).await;
    let core = &handle.core;
    let id = bench.some_conversation().await;
    let row = core.write(move |scope| {
        let payload = json!({"status": "resolved", "snoozed_until_us": null});
        // Never due: this test sends it.
        let not_before = scope.now() + 3600 * crate::clock::SECOND;
        let new = NewOutbox { conversation_id: id, kind: OutboxKind::Status, payload, user: None, approval_id: None, not_before };
        let row = scope.enqueue(&new)?;
        scope.begin_sending(row.id)?;
        Ok(row)
    });
    let row = row.await.unwrap();
    let path = format!("/api/v1/accounts/1/conversations/{id}/toggle_status");
    bench.call("sync", "POST", &path, json!({"status": "resolved"})).await;
    let asked = core.asked();
    let read = core.client().unwrap().conversation(id).await.unwrap();
    bench.call("agent", "POST", &path, json!({"status": "open"})).await;
    reread::conversation(core, crate::domain::rate::Class::Copy, id).await.unwrap();
    let shown = async || bench.read(move |scope| scope.conversation(id, "")).await.unwrap().status;
    assert_eq!(shown().await, ConversationStatus::Resolved, "ours is laid over it while it is on its way");
    push::record(core, &row, asked, Arc::new(Tried::Set(Some((Box::new(read), asked))))).await;
    until("Chatwoot's status", async || shown().await == ConversationStatus::Open).await;
    bench.end(handle).await;
}

#[tokio::test]
async fn what_a_person_waits_for_does_not_stand_behind_the_copy() {
    let bench = Bench::new().await;
    let handle = bench.start(|cx| cx.sync.websocket = false).await;
    until("a quiet moment", async || handle.progress().done && handle.rounds().0.count > 0 && !handle.rounds().0.running).await;
    let id = bench.some_conversation().await;
    // The copy has everything that it may have, for good.
    let permits = u32::try_from(handle.core.permits.available_permits()).unwrap();
    let all = handle.core.permits.acquire_many(permits).await.unwrap();
    let made = bench.call("agent", "POST", &format!("/api/v1/accounts/1/conversations/{id}/messages"), json!({"content": "new"})).await;
    assert_eq!(made["content"], "new");
    handle.read_through_conversation(id).await.unwrap();
    assert!(bench.texts(id).await.contains(&Some("new".to_owned())));
    handle.read_through_conversation(999_999).await.unwrap();
    let canned = tokio::time::timeout(LIMIT, handle.canned_responses()).await.expect("an answer");
    assert!(!canned.unwrap().is_empty());
    let team = bench.read(|scope| scope.directory()).await.teams[0].id;
    assert!(handle.in_team(team, bench.shop.user_ids()["agent"]).await.is_some());
    drop(all);
    bench.end(handle).await;
}
