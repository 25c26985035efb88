//! The first copy against the stand-in server: order, kills, deletions, what cannot be read.

use std::collections::HashMap;
use std::time::Duration;

use api::event::ActivityType;
use api::status::CopyPhase;
use sandbox::World;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::tests::{Bench, assert_same_as, until};
use super::*;

/// Counts the requests that pass through it, by path and query.
pub(super) struct Counter {
    pub(super) url: String,
    seen: Arc<Mutex<HashMap<String, u32>>>,
}

impl Counter {
    pub(super) async fn before(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let target = target.trim_start_matches("http://").to_owned();
        let seen: Arc<Mutex<HashMap<String, u32>>> = Arc::default();
        let counts = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((inner, _)) = listener.accept().await {
                let outer = TcpStream::connect(&target).await.unwrap();
                let (mut from, mut to) = inner.into_split();
                let (mut back, mut forth) = outer.into_split();
                tokio::spawn(async move { tokio::io::copy(&mut back, &mut to).await });
                let counts = Arc::clone(&counts);
                tokio::spawn(async move {
                    let mut bytes = vec![0; 64 * 1024];
                    while let Ok(n @ 1..) = from.read(&mut bytes).await {
                        let head = String::from_utf8_lossy(&bytes[..n]);
                        if let Some(path) = head.strip_prefix("GET ").and_then(|rest| rest.split(' ').next()) {
                            *lock(&counts).entry(path.to_owned()).or_default() += 1;
                        }
                        if forth.write_all(&bytes[..n]).await.is_err() {
                            break;
                        }
                    }
                });
            }
        });
        Self { url, seen }
    }

    /// How often each page of the walks was read.
    pub(super) fn pages(&self) -> HashMap<String, u32> {
        let walked = |path: &str| path.contains("created_at") || path.contains("/messages?after=");
        lock(&self.seen).iter().filter(|(path, _)| walked(path)).map(|(path, n)| (path.clone(), *n)).collect()
    }
}

async fn heard(bench: &Bench, kind: ActivityType) -> usize {
    bench.read(move |scope| Ok(scope.activities_after(0, 100_000)?.into_iter().filter(|a| a.kind == kind).count())).await
}

#[tokio::test]
async fn only_the_newest_pages_and_the_progress_are_told() {
    let bench = Bench::of(World::many(200, 5)).await;
    let handle = bench.start(|cx| cx.sync.websocket = false).await;
    until("the first copy", async || handle.progress().done).await;
    let told = handle.progress();
    assert_eq!((told.conversations, told.conversations_total, told.messages, told.phase), (200, Some(200), 1000, CopyPhase::Done));
    assert_eq!((told.contacts_total, told.incomplete, told.seconds_left), (Some(90), 0, None));
    // 50 are open, 25 on a page; five of them are nobody's.
    let shown = heard(&bench, ActivityType::ConversationCreated).await;
    assert!((25..=30).contains(&shown), "{shown}");
    let lines = heard(&bench, ActivityType::MessageCreated).await;
    assert!((shown..=3 * shown).contains(&lines), "{lines} for {shown}");
    assert!(heard(&bench, ActivityType::ContactUpdated).await <= shown);
    assert!((1..=10).contains(&heard(&bench, ActivityType::SyncProgress).await));
    let contacts = bench.read(|scope| Ok((0..5000).filter(|id| scope.has_contact(*id).unwrap()).count())).await;
    assert_eq!(contacts, 100);
    assert_same_as(&bench, 200).await;
    let lists = bench.read(|scope| Ok((scope.canned_responses()?, scope.custom_attribute_definitions()?))).await;
    assert!(!lists.0.is_empty() && !lists.1.is_empty());
    bench.end(handle).await;
}

#[tokio::test]
async fn killed_at_any_point_it_ends_the_same_and_reads_little_twice() {
    let bench = Bench::of(World::many(150, 4)).await;
    let counter = Counter::before(&bench.shop.base_url()).await;
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let (mut state, mut kills) = (seed, 0);
    let handle = loop {
        let stop = CancellationToken::new();
        let url = counter.url.clone();
        let handle = bench
            .start(|cx| {
                cx.sync.websocket = false;
                cx.stop = stop.clone();
                cx.chatwoot.url = url;
            })
            .await;
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (life, began) = (Duration::from_millis((state >> 33) % 60), tokio::time::Instant::now());
        while !handle.progress().done && (kills >= 25 || began.elapsed() < life) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        if handle.progress().done {
            break handle;
        }
        stop.cancel();
        handle.finished().await;
        kills += 1;
    };
    assert_same_as(&bench, 150).await;
    let told = handle.progress();
    assert_eq!((told.conversations, told.messages, told.contacts_total), (150, 600, Some(67)));
    let pages = counter.pages();
    assert!(pages.len() > 150, "{}", pages.len());
    // A kill costs what was on its way or not yet written: never a page that the cursor is past.
    let most = pages.values().max().copied().unwrap_or_default();
    let twice: u32 = pages.values().map(|n| n - 1).sum();
    println!("{kills} kills, {twice} pages read again, one of them {most} times");
    let bound = kills * (16 + 2 + 6);
    assert!(twice <= bound, "{twice} pages read again after {kills} kills");
    handle.core.cx.stop.cancel();
    handle.finished().await;
    bench.store.close().await;
}

#[tokio::test]
async fn deletions_during_the_walk_hide_nothing() {
    let bench = Bench::of(World::many(120, 2)).await;
    // Slow enough for deletions in between.
    let slow =
        json!({"match": {"method": "GET", "path": "/api/v1/accounts/*/messages"}, "times": 1000, "fault": {"kind": "latency", "ms": 5}});
    bench.call("", "POST", "/sandbox/faults", slow).await;
    let handle = bench.start(|cx| cx.sync.websocket = false).await;
    // The walk goes from the newest to the oldest: those at the beginning of the order shift everything.
    let mut ids: Vec<i64> = bench.conversations().await.iter().map(|c| c["id"].as_i64().unwrap()).collect();
    ids.sort_unstable();
    let mut gone = Vec::new();
    for id in [0, 1, 2, 60, 61, 5, 6].map(|at| ids[at]) {
        until("some progress", async || handle.progress().conversations > gone.len() as u64 * 12).await;
        bench.call("admin", "DELETE", &format!("/api/v1/accounts/1/conversations/{id}"), Value::Null).await;
        gone.push(id);
    }
    until("the first copy", async || handle.progress().done).await;
    for conversation in bench.conversations().await {
        let id = conversation["id"].as_i64().unwrap();
        assert!(!gone.contains(&id), "the sandbox still has {id}");
        assert!(bench.read(move |scope| scope.has_conversation(id)).await, "{id} was hidden by a deletion");
        assert_eq!(bench.texts(id).await.len(), 2, "{id}");
    }
    bench.end(handle).await;
}

#[tokio::test]
async fn what_cannot_be_read_is_tried_again_and_then_shown_as_incomplete() {
    let bench = Bench::of(World::many(30, 2)).await;
    let mut ids: Vec<i64> = bench.conversations().await.iter().map(|c| c["id"].as_i64().unwrap()).collect();
    ids.sort_unstable();
    let (later, never) = (ids[7], ids[8]);
    let broken = |id: i64, times: u32| {
        json!({"match": {"method": "GET", "path": format!("/api/v1/accounts/1/conversations/{id}/messages")}, "times": times,
            "fault": {"kind": "html", "body": "<html>oops</html>"}})
    };
    // One comes right after a while, one never.
    bench.call("", "POST", "/sandbox/faults", json!([broken(later, 2), broken(never, 100_000)])).await;
    let handle = bench
        .start(|cx| {
            cx.sync.websocket = false;
            cx.clock = Clock::manual(jiff::Timestamp::now().as_microsecond());
        })
        .await;
    until("both noted", async || handle.progress().phase == CopyPhase::Unread).await;
    assert!(!handle.progress().done && handle.progress().incomplete >= 1);
    until("the end", async || {
        handle.core.cx.clock.advance(60_000_000);
        handle.progress().done
    })
    .await;
    let told = handle.progress();
    assert_eq!((told.conversations, told.incomplete), (29, 1));
    // Of the other one there is what its row in the list says at most.
    assert!(bench.texts(later).await.len() == 2 && bench.texts(never).await.len() < 2);
    bench.end(handle).await;
}

#[tokio::test]
async fn what_could_not_be_read_and_is_deleted_meanwhile_keeps_nothing_waiting() {
    let bench = Bench::of(World::many(30, 2)).await;
    let id = bench.conversations().await[7]["id"].as_i64().unwrap();
    let broken = json!({"match": {"method": "GET", "path": format!("/api/v1/accounts/1/conversations/{id}/messages")}, "times": 100_000,
        "fault": {"kind": "html", "body": "<html>oops</html>"}});
    bench.call("", "POST", "/sandbox/faults", json!([broken])).await;
    let handle = bench
        .start(|cx| {
            cx.sync.websocket = false;
            cx.clock = Clock::manual(jiff::Timestamp::now().as_microsecond());
        })
        .await;
    until("it to be noted", async || handle.progress().phase == CopyPhase::Unread && handle.progress().incomplete == 1).await;
    bench.store.write(bench.tenant, move |scope| scope.delete_conversation(id)).await.map_err(|err: StoreError| err).unwrap();
    until("the end", async || {
        handle.core.cx.clock.advance(1_000_000);
        handle.progress().done
    })
    .await;
    assert_eq!(handle.progress().incomplete, 0);
    bench.end(handle).await;
}
