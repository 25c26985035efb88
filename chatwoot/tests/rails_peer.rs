//! The websocket client on a real Action Cable server, `.ci/peers/rails.ru`: what tests with a peer of our own cannot show, because such
//! a peer does what we believe Rails to do. `.ci/peers/rails` starts the server and runs this; AFENDA_RAILS_PEER is its host:port.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use chatwoot::Secret;
use chatwoot::cable::{Backoff, Cable, CableConfig, CableEvent, CableItem, Closed, Subscription, connect};
use chatwoot::rest::BaseUrl;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Limit of one wait. Rails starts in about a second; a loaded machine takes longer.
const LIMIT: Duration = Duration::from_secs(60);

fn peer() -> String {
    std::env::var("AFENDA_RAILS_PEER").unwrap_or_else(|_| panic!("AFENDA_RAILS_PEER must be the host:port of a real Action Cable server"))
}

fn config(token: &str) -> CableConfig {
    let base = BaseUrl::parse(&format!("http://{}", peer())).unwrap();
    CableConfig::new(base, Subscription { pubsub_token: Secret::new(token), account_id: 1, user_id: 7 })
}

/// Asks the server's control, not its Action Cable.
async fn control(method: &str, path: &str, body: &Value) -> std::io::Result<Value> {
    let mut stream = TcpStream::connect(peer()).await?;
    let body = body.to_string();
    let head = format!("{method} /_ctl/{path} HTTP/1.1\r\nhost: peer\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    let mut answer = String::new();
    if stream.read_to_string(&mut answer).await? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    assert!(answer.starts_with("HTTP/1.1 200"), "{method} {path}: {answer}");
    Ok(serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap())
}

async fn pid() -> Value {
    control("GET", "state", &json!({})).await.unwrap()["pid"].clone()
}

/// Has the server say that a message was created.
async fn broadcast(stream: &str, account_id: i64, id: i64) {
    let data = json!({"id": id, "account_id": account_id, "conversation_id": 20, "content": "olá"});
    control("POST", "broadcast", &json!({"stream": stream, "event": "message.created", "data": data})).await.unwrap();
}

async fn next(cable: &mut Cable) -> CableItem {
    tokio::time::timeout(LIMIT, cable.next()).await.unwrap().unwrap()
}

/// The next message, whatever else is said before.
async fn message(cable: &mut Cable) -> i64 {
    loop {
        match next(cable).await {
            CableItem::Event(event) => match *event {
                CableEvent::MessageCreated(message) => return message.id,
                CableEvent::Presence(_) => {}
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }
}

async fn confirmed(cable: &mut Cable) {
    // What is said while subscribing may overtake the confirmation.
    loop {
        match next(cable).await {
            CableItem::Confirmed => return,
            CableItem::Event(event) => assert!(matches!(*event, CableEvent::Presence(_)), "{event:?}"),
            CableItem::Closed(why) => panic!("{why}"),
        }
    }
}

async fn closed(cable: &mut Cable) -> Closed {
    loop {
        match next(cable).await {
            CableItem::Closed(why) => return why,
            CableItem::Event(event) => assert!(matches!(*event, CableEvent::Presence(_)), "{event:?}"),
            CableItem::Confirmed => panic!("a second confirmation"),
        }
    }
}

/// Connects until it is confirmed, as the daemon does: whatever goes wrong, wait and try again.
async fn again(config: &CableConfig) -> Cable {
    let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30), 1);
    let begun = Instant::now();
    while begun.elapsed() < LIMIT {
        let Ok(mut cable) = connect(config.clone()).await else {
            tokio::time::sleep(backoff.next_wait()).await;
            continue;
        };
        loop {
            match next(&mut cable).await {
                CableItem::Confirmed => return cable,
                CableItem::Event(_) => {}
                CableItem::Closed(_) => break,
            }
        }
        tokio::time::sleep(backoff.next_wait()).await;
    }
    panic!("the server did not come back")
}

/// Rails raises, logs and stays silent; our own limit ends it.
async fn met_with_silence(token: &str) {
    let config = config(token);
    let begun = Instant::now();
    let mut cable = connect(config.clone()).await.unwrap();
    // The first thing that comes is the end.
    let CableItem::Closed(why) = next(&mut cable).await else { panic!("an answer to a bad token") };
    assert_eq!(why, Closed::NotConfirmed);
    // Pings kept the connection alive all the time, else it would have ended as silent.
    assert!(begun.elapsed() >= config.limits.confirm);
}

async fn events_flow() {
    let mut cable = connect(config("agent-token-7")).await.unwrap();
    confirmed(&mut cable).await;
    // Another user's stream, another account's event on ours, ours, and the account's stream.
    for (stream, account, id) in [("agent-token-8", 1, 1), ("agent-token-7", 2, 2), ("agent-token-7", 1, 3)] {
        broadcast(stream, account, id).await;
    }
    assert_eq!(message(&mut cable).await, 3);
    broadcast("account_1", 1, 4).await;
    assert_eq!(message(&mut cable).await, 4);
}

async fn a_goodbye_is_understood() {
    let config = config("agent-token-7");
    let mut cable = again(&config).await;
    for reconnect in [true, false] {
        control("POST", "disconnect", &json!({"reason": "remote", "reconnect": reconnect})).await.unwrap();
        assert_eq!(closed(&mut cable).await, Closed::Disconnected { reason: "remote".to_owned(), reconnect });
        // Nobody keeps this for us.
        broadcast("agent-token-7", 1, 5).await;
        cable = again(&config).await;
        broadcast("agent-token-7", 1, 6).await;
        assert_eq!(message(&mut cable).await, 6);
    }
}

async fn the_heartbeat_is_understood() {
    let mut config = config("agent-token-7");
    config.limits.presence = Some(Duration::from_millis(200));
    let mut cable = connect(config).await.unwrap();
    // One may come for subscribing; the others only for our commands.
    for _ in 0..3 {
        loop {
            match next(&mut cable).await {
                CableItem::Confirmed => {}
                CableItem::Event(event) => match *event {
                    CableEvent::Presence(presence) => {
                        assert_eq!(presence.users.get("7").map(String::as_str), Some("online"));
                        break;
                    }
                    other => panic!("{other:?}"),
                },
                CableItem::Closed(why) => panic!("{why}"),
            }
        }
    }
}

async fn a_restart_is_survived() {
    let config = config("agent-token-7");
    let mut cable = again(&config).await;
    let before = pid().await;
    // The answer may be lost with the server.
    let _ = control("POST", "term", &json!({})).await;
    let why = closed(&mut cable).await;
    assert!(matches!(why, Closed::Ended | Closed::Broken(_)), "a server that is stopped says no goodbye, but there came: {why}");
    assert!(cable.next().await.is_none());
    let mut cable = again(&config).await;
    assert_ne!(pid().await, before);
    broadcast("agent-token-7", 1, 7).await;
    assert_eq!(message(&mut cable).await, 7);
}

/// One after the other where one disturbs the others: all have the same server.
#[tokio::test]
async fn lives_on_rails() {
    // A wrong token, and another user's.
    tokio::join!(met_with_silence("wrong"), met_with_silence("agent-token-8"), events_flow());
    a_goodbye_is_understood().await;
    the_heartbeat_is_understood().await;
    a_restart_is_survived().await;
}
