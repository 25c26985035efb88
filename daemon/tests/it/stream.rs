//! The activity stream: from now, from a place, over the limit, and over a restart.

use api::ClientError;
use api::client::new_key;
use api::event::{StreamEvent, TypingHeard};
use api::id::ConversationId;
use api::inbox::ConversationPatch;

use crate::harness::{Bench, refused};
use crate::with_chatwoot::shop;

async fn change(bench: &Bench, id: i64, priority: &str) {
    let patch = ConversationPatch { priority: Some(priority.to_owned()), ..ConversationPatch::default() };
    bench.client("jo").await.update_conversation(ConversationId(id), &patch, &new_key()).await.unwrap();
}

#[tokio::test]
async fn a_stream_begins_now_and_resumes_without_loss_and_without_repeat() {
    let bench = Bench::new().await;
    let ada = bench.client("ada").await;
    let mut stream = ada.events(None).unwrap();
    let StreamEvent::Ready { seq } = stream.next().await.unwrap() else { panic!("not ready first") };
    change(&bench, 12, "high").await;
    let StreamEvent::Activity(first) = stream.next().await.unwrap() else { panic!("no activity") };
    assert_eq!(first.seq, seq + 1);
    drop(stream);
    for id in 13..33 {
        change(&bench, id, "low").await;
    }
    let mut resumed = ada.events(Some(first.seq)).unwrap();
    let mut seqs = Vec::new();
    while seqs.len() < 20 {
        if let StreamEvent::Activity(activity) = resumed.next().await.unwrap() {
            seqs.push(activity.seq);
        }
    }
    change(&bench, 33, "urgent").await;
    if let StreamEvent::Activity(activity) = resumed.next().await.unwrap() {
        seqs.push(activity.seq);
    }
    assert_eq!(seqs, (first.seq + 1..=first.seq + 21).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_place_from_another_store_is_told_to_read_again() {
    let bench = Bench::new().await;
    let mut stream = bench.client("ada").await.events(Some(999_999)).unwrap();
    let event = loop {
        match stream.next().await.unwrap() {
            StreamEvent::Ready { .. } => {}
            other => break other,
        }
    };
    assert!(matches!(event, StreamEvent::Reset { .. }), "{event:?}");
}

#[tokio::test]
async fn over_the_limit_is_429_and_a_closed_stream_makes_room() {
    let bench = Bench::with(|config| config.sse.max_connections = 1).await;
    let ada = bench.client("ada").await;
    let mut first = ada.events(None).unwrap();
    first.next().await.unwrap();
    let token = bench.token("ada").await;
    let url = format!("{}/api/v1/activity", bench.daemon.base_url());
    let second = reqwest::Client::new().get(url).bearer_auth(token.expose()).header("accept", "text/event-stream").send().await.unwrap();
    assert_eq!((second.status().as_u16(), second.headers()["retry-after"].to_str().unwrap()), (429, "5"));
    assert_eq!(refused(ada.events(None).unwrap().next().await).1, api::Code::TooManyStreams);
    drop(first);
    let again = async {
        loop {
            match ada.events(None).unwrap().next().await {
                Ok(event) => return event,
                Err(ClientError::Api { .. }) => tokio::task::yield_now().await,
                Err(other) => panic!("{other}"),
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), again).await.unwrap();
}

#[tokio::test]
async fn a_stopping_daemon_says_goodbye() {
    let bench = Bench::new().await;
    let mut stream = bench.client("ada").await.events(None).unwrap();
    stream.next().await.unwrap();
    let (last, ()) = tokio::join!(
        async {
            loop {
                if let StreamEvent::Bye { reason } = stream.next().await.unwrap() {
                    return reason;
                }
            }
        },
        bench.daemon.stop()
    );
    assert_eq!(last, "the daemon stops");
}

/// Who writes where is told to inboxes as it happens, is no activity, and is not told to other readers of the stream.
#[tokio::test]
async fn an_inbox_hears_who_writes() {
    let shop = shop().await;
    let (ada, jo) = (shop.client("ada").await, shop.client("jo").await);
    let (mut inbox, mut reader) = (ada.inbox_events(None).unwrap(), ada.events(None).unwrap());
    for stream in [&mut inbox, &mut reader] {
        assert!(matches!(stream.next().await.unwrap(), StreamEvent::Ready { .. }));
    }
    let agent = jo.me().await.unwrap().agent.unwrap();
    let id = ConversationId(shop.plain_conversations().await[0]);
    let mut heard = Vec::new();
    for on in [true, false] {
        assert!(jo.typing(id, api::inbox::Typing { on, private: true }).await.unwrap().sent);
        let typing = tokio::time::timeout(std::time::Duration::from_secs(30), async {
            loop {
                if let StreamEvent::Typing(typing) = inbox.next().await.unwrap() {
                    return typing;
                }
            }
        });
        heard.push(typing.await.expect("nobody was said to write"));
    }
    let expected =
        [true, false].map(|on| TypingHeard { conversation_id: id, name: agent.name.clone(), agent_id: Some(agent.id), on, private: true });
    assert_eq!(heard, expected);
    // The other reader's next word is what is committed after it.
    let patch = ConversationPatch { priority: Some("urgent".to_owned()), ..ConversationPatch::default() };
    jo.update_conversation(id, &patch, &new_key()).await.unwrap();
    loop {
        match reader.next().await.unwrap() {
            StreamEvent::Typing(typing) => panic!("{typing:?}"),
            StreamEvent::Activity(activity) if activity.conversation_id == Some(id.0) => break,
            _ => {}
        }
    }
}
