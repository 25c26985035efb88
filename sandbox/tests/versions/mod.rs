//! What older releases do otherwise, as far as a sync engine depends on it (contract, section 13).

use futures_util::stream::BoxStream;

use super::*;

async fn shop(version: &str) -> Shop {
    Shop::with(Options { version: version.parse().unwrap(), ..Options::new(World::demo_shop()) }).await
}

/// The next webhook of that event: head and body.
async fn hook(hooks: &mut mpsc::Receiver<(String, String)>, event: &str) -> (String, Value) {
    loop {
        let (head, body) = timeout(LIMIT, hooks.recv()).await.unwrap().unwrap();
        let body: Value = serde_json::from_str(&body).unwrap();
        if body["event"] == event {
            return (head, body);
        }
    }
}

/// The agent's live frames, subscription confirmed.
async fn frames(shop: &Shop) -> BoxStream<'static, Value> {
    let profile = shop.get("/api/v1/profile").await;
    let (mut cable, _) = connect_async(format!("ws://{}/cable", shop.running.addr())).await.unwrap();
    let identifier = json!({"channel": "RoomChannel", "pubsub_token": profile["pubsub_token"], "account_id": 1, "user_id": profile["id"]});
    let subscribe = json!({"command": "subscribe", "identifier": identifier.to_string()});
    cable.send(Message::text(subscribe.to_string())).await.unwrap();
    let mut frames = cable.filter_map(|m| async { serde_json::from_str::<Value>(&m.ok()?.into_text().ok()?).ok() }).boxed();
    while timeout(LIMIT, frames.next()).await.unwrap().unwrap()["type"] != "confirm_subscription" {}
    frames
}

/// The events up to the creation of the message with that text.
async fn until(frames: &mut BoxStream<'static, Value>, text: &str) -> Vec<String> {
    let mut events = Vec::new();
    loop {
        let frame = timeout(LIMIT, frames.next()).await.unwrap().unwrap();
        if frame["message"]["event"] == "message.created" && frame["message"]["data"]["content"] == text {
            return events;
        }
        events.extend(frame["message"]["event"].as_str().map(str::to_owned));
    }
}

#[tokio::test]
async fn the_release_is_told() {
    for version in ["4.6.0", "4.15.1"] {
        let (_, api) = shop(version).await.call("nobody", Method::GET, "/api", Value::Null).await;
        assert_eq!(api["version"], version);
    }
}

#[tokio::test]
async fn a_mark_of_ones_own_is_dropped_before_4_9_and_the_source_id_stays() {
    for (version, kept) in [("4.6.0", false), ("4.8.0", false), ("4.9.0", true), ("4.15.1", true)] {
        let shop = shop(version).await;
        let path = format!("/api/v1/accounts/1/conversations/{}/messages", shop.conversation().await);
        let first = shop.post(&path, json!({"content": "first"})).await;
        let marked =
            json!({"content": "second", "source_id": "s-1", "content_attributes": {"afenda_id": "m-1", "in_reply_to": first["id"]}});
        let answer = shop.post(&path, marked).await;
        let attributes = &answer["content_attributes"];
        assert_eq!(attributes.get("afenda_id"), kept.then(|| json!("m-1")).as_ref(), "{version}: {answer}");
        assert_eq!((&attributes["in_reply_to"], &answer["source_id"]), (&first["id"], &json!("s-1")), "{version}: {answer}");
    }
}

#[tokio::test]
async fn a_long_source_id_is_refused_before_4_10() {
    for (version, status) in [("4.9.0", 422), ("4.10.0", 200)] {
        let shop = shop(version).await;
        let path = format!("/api/v1/accounts/1/conversations/{}/messages", shop.conversation().await);
        let long = json!({"content": "x", "source_id": "s".repeat(256)});
        assert_eq!(shop.call("agent", Method::POST, &path, long).await.0, status, "{version}");
    }
}

#[tokio::test]
async fn a_changed_message_bumps_its_conversation_before_4_12() {
    for (version, bumped) in [("4.6.0", true), ("4.11.2", true), ("4.12.0", false), ("4.15.1", false)] {
        let shop = shop(version).await;
        let path = format!("/api/v1/accounts/1/conversations/{}", shop.conversation().await);
        let message = shop.post(&format!("{path}/messages"), json!({"content": "to be deleted"})).await;
        let before = shop.get(&path).await["updated_at"].as_f64().unwrap();
        shop.post("/sandbox/clock", json!({"offset_s": 60})).await;
        let (status, _) = shop.call("agent", Method::DELETE, &format!("{path}/messages/{}", message["id"]), Value::Null).await;
        assert_eq!(status, 200);
        let after = shop.get(&path).await["updated_at"].as_f64().unwrap();
        assert_eq!(after > before, bumped, "{version}: {before} {after}");
    }
}

#[tokio::test]
async fn webhooks_are_signed_since_4_12_and_say_the_account_since_4_14_2() {
    for (version, signed, account) in [("4.6.0", false, false), ("4.11.2", false, false), ("4.12.0", true, false), ("4.14.2", true, true)] {
        let (url, mut hooks) = receiver().await;
        let shop = shop(version).await;
        shop.post("/sandbox/hooks/target", json!({"url": url})).await;
        let path = format!("/api/v1/accounts/1/conversations/{}", shop.conversation().await);
        shop.post(&format!("{path}/labels"), json!({"labels": ["changed"]})).await;
        let (head, body) = hook(&mut hooks, "conversation_updated").await;
        for header in ["X-Chatwoot-Signature: sha256=", "X-Chatwoot-Timestamp: ", "X-Chatwoot-Delivery: "] {
            assert_eq!(head.contains(header), signed, "{version}: {head}");
        }
        assert_eq!(body.get("account").is_some(), account, "{version}: {body}");
        shop.post(&format!("{path}/messages"), json!({"content": "said"})).await;
        let (_, body) = hook(&mut hooks, "message_created").await;
        assert_eq!(body["account"]["id"], 1, "{version}: {body}");
        assert_eq!(body["conversation"].get("account").is_some(), account, "{version}: {body}");
    }
}

#[tokio::test]
async fn an_assignment_inside_the_save_hides_the_reopening_before_4_13() {
    for (version, told) in [("4.12.0", false), ("4.13.0", true)] {
        let shop = shop(version).await;
        let inbox = shop.running.inbox_ids()["api"];
        shop.call("admin", Method::PATCH, &format!("/api/v1/accounts/1/inboxes/{inbox}"), json!({"enable_auto_assignment": true})).await;
        let path = format!("/api/v1/accounts/1/conversations/{}", shop.conversation().await);
        shop.post(&format!("{path}/assignments"), json!({"assignee_id": null})).await;
        shop.post(&format!("{path}/toggle_status"), json!({"status": "resolved"})).await;
        let mut frames = frames(&shop).await;
        let messages = format!("{path}/messages");
        shop.post(&messages, json!({"content": "from here", "private": true})).await;
        until(&mut frames, "from here").await;
        shop.post(&messages, json!({"content": "still broken", "message_type": "incoming"})).await;
        shop.post(&messages, json!({"content": "to here", "private": true})).await;
        let events = until(&mut frames, "to here").await;
        assert!(events.iter().any(|e| e == "assignee.changed"), "{version}: {events:?}");
        assert_eq!(events.iter().any(|e| e == "conversation.status_changed"), told, "{version}: {events:?}");
        let c = shop.get(&path).await;
        assert_eq!((&c["status"], &c["meta"]["assignee"]["name"]), (&json!("open"), &json!("Jo Agent")), "{version}");
    }
}
