//! What goes from Chatwoot's lists goes from the conversations too, whenever it is noticed.

use api::status::LinkState;
use serde_json::{Value, json};

use super::pull::SWEEP_DUE;
use super::tests::{Bench, assert_same_as, until};
use super::tests_first::Counter;
use super::*;
use crate::clock::SECOND;

/// How often all conversations were walked from the first page on.
fn walks(counter: &Counter) -> u32 {
    counter.pages().iter().filter(|(path, _)| path.contains("/conversations?") && path.ends_with("page=1")).map(|(_, n)| n).sum()
}

#[tokio::test]
async fn a_label_that_goes_while_nobody_looks_goes_from_every_conversation_at_once_and_is_looked_for_once_more() {
    let bench = Bench::new().await;
    let stop = CancellationToken::new();
    let counter = Counter::before(&bench.shop.base_url()).await;
    let clock = Clock::running_ahead();
    let begin = async |stop: &CancellationToken| {
        bench
            .start(|cx| {
                cx.clock = clock.clone();
                cx.chatwoot.url = counter.url.clone();
                cx.stop = stop.clone();
            })
            .await
    };
    let handle = begin(&stop).await;
    until("the first copy", async || handle.progress().done && handle.rounds().0.count > 0).await;
    stop.cancel();
    handle.finished().await;
    let old = bench.conversations().await;
    let old = old.iter().filter(|c| c["labels"].as_array().is_some_and(|labels| !labels.is_empty())).count();
    assert!(old > 1, "{old} conversations have a label");

    let labels = bench.call("admin", "GET", "/api/v1/accounts/1/labels", Value::Null).await;
    for label in labels["payload"].as_array().unwrap() {
        bench.call("admin", "DELETE", &format!("/api/v1/accounts/1/labels/{}", label["id"]), Value::Null).await;
    }
    // The link is lost again before anything was walked: it is not forgotten.
    let broken = json!({"match": {"path": "/api/v1/accounts/1/cache_keys"}, "times": 1, "fault": {"kind": "status", "status": 401}});
    bench.call("", "POST", "/sandbox/faults", broken).await;
    let before = walks(&counter);
    let handle = begin(&bench.stop).await;
    until("the loss", async || handle.link().state == LinkState::Refused).await;
    handle.refresh();
    until("the walk", async || handle.rounds().0.count > 0 && handle.link().state == LinkState::Live).await;
    assert_same_as(&bench, 30).await;
    let first = walks(&counter);
    assert_eq!(first, before + 1);
    let due = async || bench.read(|scope| scope.cursor::<Micros>(SWEEP_DUE)).await;
    assert!(due().await.is_some(), "Chatwoot may not be done with it yet");
    // Rounds before that walk nothing.
    let done = handle.rounds().0.count;
    handle.refresh();
    until("a round", async || handle.rounds().0.count > done).await;
    assert_eq!(walks(&counter), first);
    clock.advance(60 * SECOND);
    handle.refresh();
    until("the second walk", async || due().await.is_none()).await;
    assert_eq!(walks(&counter), first + 1);
    bench.end(handle).await;
}
