//! The sandbox over loopback, as the daemon, the tests and the demo use it.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod versions;

use std::{os::unix::fs::PermissionsExt, time::Duration};

use futures_util::{SinkExt, StreamExt};
use reqwest::{Client, Method, StatusCode};
use sandbox::{Options, Running, World};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
    time::timeout,
};
use tokio_tungstenite::{connect_async, tungstenite::Message};

/// How long anything may take before a test fails.
const LIMIT: Duration = Duration::from_secs(10);

struct Shop {
    running: Running,
    http: Client,
}

impl Shop {
    async fn open() -> Shop {
        Shop::with(Options::new(World::demo_shop())).await
    }

    async fn with(options: Options) -> Shop {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Shop { running: sandbox::start(options).await.unwrap(), http: Client::builder().timeout(LIMIT).build().unwrap() }
    }

    async fn call(&self, who: &str, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        self.try_call(who, method, path, body).await.unwrap()
    }

    async fn try_call(&self, who: &str, method: Method, path: &str, body: Value) -> reqwest::Result<(StatusCode, Value)> {
        let mut request = self.http.request(method, format!("{}{path}", self.running.base_url()));
        if let Some(token) = self.running.tokens().get(who) {
            request = request.header("api-access-token", token);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let status = response.status();
        Ok((status, serde_json::from_str(&response.text().await?).unwrap_or(Value::Null)))
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("agent", Method::GET, path, Value::Null).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, body) = self.call("agent", Method::POST, path, body).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// The newest open conversation of the app inbox, as the agent lists it.
    async fn conversation(&self) -> i64 {
        let inbox = self.running.inbox_ids()["api"];
        let list = self.get(&format!("/api/v1/accounts/1/conversations?inbox_id={inbox}")).await;
        list["data"]["payload"][0]["id"].as_i64().unwrap()
    }
}

/// Receives webhooks: head and body of each request.
async fn receiver() -> (String, mpsc::Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (tx, rx) = mpsc::channel(100);
    tokio::spawn(async move {
        while let Ok((mut io, _)) = listener.accept().await {
            let tx = tx.clone();
            tokio::spawn(async move {
                let mut got = Vec::new();
                let mut part = [0; 4096];
                loop {
                    let n = io.read(&mut part).await.unwrap_or(0);
                    got.extend_from_slice(&part[..n]);
                    let text = String::from_utf8_lossy(&got).into_owned();
                    let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                    let length = head.lines().find_map(|l| l.strip_prefix("Content-Length: ")).and_then(|l| l.parse().ok()).unwrap_or(0);
                    if n == 0 || body.len() >= length {
                        let _ = io.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
                        let _ = tx.send((head.to_owned(), body.to_owned())).await;
                        return;
                    }
                }
            });
        }
    });
    (url, rx)
}

#[tokio::test]
async fn the_demo_shop_lists_its_conversations_and_hides_from_strangers() {
    let shop = Shop::open().await;
    let meta = shop.get("/api/v1/accounts/1/conversations/meta?status=all").await;
    assert!(meta["meta"]["all_count"].as_i64().unwrap() >= 30, "{meta}");
    let first = shop.get("/api/v1/accounts/1/conversations?status=all&sort_by=created_at_asc").await;
    assert_eq!(first["data"]["payload"].as_array().unwrap().len(), 25);
    let (status, body) = shop.call("nobody", Method::GET, "/api/v1/accounts/1/labels", Value::Null).await;
    assert_eq!((status.as_u16(), body), (401, json!({"errors": ["You need to sign in or sign up before continuing."]})));
    // The service administrator sees everything and is a member of nothing.
    let (_, inboxes) = shop.call("sync", Method::GET, "/api/v1/accounts/1/inboxes", Value::Null).await;
    assert_eq!(inboxes["payload"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn whatsapp_closes_after_a_day_and_its_inbox_lists_templates() {
    let shop = Shop::open().await;
    let inbox = shop.running.inbox_ids()["whatsapp"];
    let list = "/api/v1/accounts/1/conversations?status=all&sort_by=created_at_asc";
    let open = shop.get(list).await["data"]["payload"].as_array().unwrap().clone();
    assert!(open.iter().all(|c| (c["can_reply"] == true) == (c["inbox_id"] != inbox)), "the other channels have no window");
    let closed = shop.get(&format!("{list}&inbox_id={inbox}")).await["data"]["payload"][0].clone();
    assert_eq!((&closed["can_reply"], &closed["meta"]["channel"]), (&json!(false), &json!("Channel::Whatsapp")));
    let customer =
        json!({"contact": {"key": "tom", "name": "Tom Becker"}, "inbox": "whatsapp", "texts": ["Back again"], "every_ms": 0, "count": 1});
    shop.call("", Method::POST, "/sandbox/customers", customer).await;
    let path = format!("/api/v1/accounts/1/conversations/{}", closed["id"]);
    let again = async {
        while shop.get(&path).await["can_reply"] != true {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LIMIT, again).await.unwrap();
    let inbox = shop.get(&format!("/api/v1/accounts/1/inboxes/{inbox}")).await;
    assert_eq!((&inbox["provider"], &inbox["message_templates"][1]["name"]), (&json!("whatsapp_cloud"), &json!("parcel_sent")));
}

#[tokio::test]
async fn a_reply_reaches_socket_and_webhook() {
    let (url, mut hooks) = receiver().await;
    let shop = Shop::open().await;
    let target = shop.post("/sandbox/hooks/target", json!({"url": url, "secret": "s3cret"})).await;
    assert_eq!(target["secret"], "s3cret");
    let profile = shop.get("/api/v1/profile").await;
    let (mut cable, _) = connect_async(format!("ws://{}/cable", shop.running.addr())).await.unwrap();
    let identifier = json!({"channel": "RoomChannel", "pubsub_token": profile["pubsub_token"], "account_id": 1, "user_id": profile["id"]});
    let subscribe = json!({"command": "subscribe", "identifier": identifier.to_string()});
    cable.send(Message::text(subscribe.to_string())).await.unwrap();
    let id = shop.conversation().await;
    let mut frames = cable.filter_map(|m| async { serde_json::from_str::<Value>(&m.ok()?.into_text().ok()?).ok() }).boxed();
    let until = async |wanted: &str, frames: &mut futures_util::stream::BoxStream<'_, Value>| loop {
        let frame = timeout(LIMIT, frames.next()).await.unwrap().unwrap();
        if frame["type"] == wanted || frame["message"]["event"] == wanted {
            return frame;
        }
    };
    until("confirm_subscription", &mut frames).await;
    let answer = shop
        .post(
            &format!("/api/v1/accounts/1/conversations/{id}/messages"),
            json!({"content": "On <it> & soon", "content_attributes": {"mark": "m-1"}}),
        )
        .await;
    let frame = until("message.created", &mut frames).await;
    assert_eq!(frame["message"]["data"]["id"], answer["id"]);
    assert_eq!(frame["message"]["data"]["content_attributes"], json!({"mark": "m-1"}));
    // A request knows who is there, the job that pushes does not.
    assert_eq!(answer["sender"]["availability_status"], "online");
    assert_eq!(frame["message"]["data"]["sender"]["availability_status"], Value::Null);
    let read = shop.get(&format!("/api/v1/accounts/1/conversations/{id}")).await;
    assert_eq!(read["last_non_activity_message"]["sender"]["availability_status"], "online");
    let (head, body) = loop {
        let (head, body) = timeout(LIMIT, hooks.recv()).await.unwrap().unwrap();
        if body.contains("\"event\":\"message_created\"") {
            break (head, body);
        }
    };
    assert!(body.contains("On \\u003cit\\u003e \\u0026 soon"), "{body}");
    for header in ["X-Chatwoot-Signature: sha256=", "X-Chatwoot-Timestamp: ", "X-Chatwoot-Delivery: ", "User-Agent: Ruby"] {
        assert!(head.contains(header), "{head}");
    }
}

#[tokio::test]
async fn events_can_come_twice_or_not_at_all() {
    let (url, mut hooks) = receiver().await;
    let shop = Shop::open().await;
    shop.post("/sandbox/hooks/target", json!({"url": url})).await;
    let id = shop.conversation().await;
    let labels = format!("/api/v1/accounts/1/conversations/{id}/labels");
    shop.post("/sandbox/faults", json!({"events": {"drop_hooks": true, "drop_times": 1}})).await;
    shop.post(&labels, json!({"labels": ["lost"]})).await;
    shop.post("/sandbox/faults", json!({"events": {"duplicate": true, "out_of_order_ms": 1, "seed": 7}})).await;
    shop.post(&labels, json!({"labels": ["twice"]})).await;
    let mut deliveries = Vec::new();
    while deliveries.len() < 2 {
        let (head, body) = timeout(LIMIT, hooks.recv()).await.unwrap().unwrap();
        assert!(body.contains("\"current_value\":[\"twice\"]"), "{body}");
        deliveries.push(head.lines().find(|l| l.starts_with("X-Chatwoot-Delivery")).unwrap().to_owned());
    }
    assert_ne!(deliveries[0], deliveries[1], "a repeated webhook has a delivery id of its own");
}

#[tokio::test]
async fn webhooks_never_leave_this_machine() {
    let shop = Shop::open().await;
    let (status, _) = shop.call("admin", Method::POST, "/sandbox/hooks/target", json!({"url": "http://example.com/x"})).await;
    assert_eq!(status, 422);
}

#[tokio::test]
async fn a_lost_answer_was_handled_and_a_dropped_request_was_not() {
    let shop = Shop::open().await;
    let id = shop.conversation().await;
    let path = format!("/api/v1/accounts/1/conversations/{id}/messages");
    for (kind, text) in [("lose_answer", "handled"), ("drop", "never seen")] {
        let rule = json!({"match": {"method": "POST", "path": "*/messages"}, "times": 1, "fault": {"kind": kind}});
        shop.post("/sandbox/faults", rule).await;
        assert!(shop.try_call("agent", Method::POST, &path, json!({"content": text})).await.is_err(), "{kind} answered");
    }
    shop.post(&path, json!({"content": "third"})).await;
    let thread = shop.get(&path).await;
    let said: Vec<&str> = thread["payload"].as_array().unwrap().iter().filter_map(|m| m["content"].as_str()).collect();
    assert!(said.contains(&"handled") && said.contains(&"third") && !said.contains(&"never seen"), "{said:?}");
    let log = shop.get("/sandbox/log").await;
    assert_eq!(shop.get("/sandbox/requests").await, log, "by its other name");
    let entries: Vec<Value> = log.as_array().unwrap().iter().map(|e| json!([e["body"]["content"], e["status"], e["handled"]])).collect();
    assert_eq!(entries, [json!(["handled", null, true]), json!([null, null, false]), json!(["third", 200, true])]);
}

#[tokio::test]
async fn what_was_read_is_carried_out_although_the_caller_gave_up() {
    let shop = Shop::open().await;
    let path = format!("/api/v1/accounts/1/conversations/{}/messages", shop.conversation().await);
    let rule = json!({"match": {"method": "POST", "path": "*/messages"}, "times": 1, "fault": {"kind": "latency", "ms": 150}});
    shop.post("/sandbox/faults", rule).await;
    let late = shop.try_call("agent", Method::POST, &path, json!({"content": "late"}));
    assert!(tokio::time::timeout(Duration::from_millis(50), late).await.is_err());
    let arrived = async {
        while !shop.get(&path).await["payload"].as_array().unwrap().iter().any(|m| m["content"] == "late") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LIMIT, arrived).await.unwrap();
}

#[tokio::test]
async fn answers_can_be_spoiled_and_limited() {
    let shop = Shop::open().await;
    shop.post(
        "/sandbox/faults",
        json!([
            {"match": {"path_prefix": "/api/v1/profile"}, "times": 1, "fault": {"kind": "status", "status": 503, "headers": {"retry-after": "1"}}},
            {"match": {"path_prefix": "/api/v1/profile"}, "times": 1, "fault": {"kind": "html"}},
        ]),
    )
    .await;
    let status = async || shop.call("agent", Method::GET, "/api/v1/profile", Value::Null).await;
    assert_eq!(status().await.0, 503);
    assert_eq!(status().await, (StatusCode::OK, Value::Null));
    assert_eq!(status().await.1["name"], "Jo Agent");
    shop.post("/sandbox/rate_limit", json!({"limit": 1, "period_s": 86_400})).await;
    assert_eq!([status().await.0, status().await.0], [200, 429]);
    shop.post("/sandbox/reset", json!({})).await;
    assert_eq!(status().await.0, 200);
}

#[tokio::test]
async fn a_reset_keeps_ids_and_tokens_and_forgets_the_rest() {
    let shop = Shop::open().await;
    let before = (shop.running.tokens(), shop.running.inbox_ids(), shop.conversation().await);
    shop.post(&format!("/api/v1/accounts/1/conversations/{}/labels", before.2), json!({"labels": ["vip", "escalate"]})).await;
    shop.post("/sandbox/clock", json!({"offset_s": 86_400})).await;
    shop.running.reset();
    assert_eq!(before, (shop.running.tokens(), shop.running.inbox_ids(), shop.conversation().await));
    assert_eq!(shop.get("/sandbox/log").await, json!([]));
    let labels = shop.get(&format!("/api/v1/accounts/1/conversations/{}/labels", before.2)).await;
    assert!(!labels["payload"].as_array().unwrap().contains(&json!("escalate")), "{labels}");
}

#[tokio::test]
async fn scripted_customers_write_in_bursts() {
    let shop = Shop::open().await;
    let customer = json!({"contact": {"name": "Burst Buyer"}, "inbox": "web", "texts": ["one", "two"], "count": 6});
    assert_eq!(shop.post("/sandbox/customers", customer).await, json!({"started": 1}));
    let said = timeout(LIMIT, async {
        loop {
            let state = shop.get("/sandbox/state").await;
            let conversations = state["conversations"].as_array().unwrap().clone();
            let newest = conversations.last().unwrap()["messages"].as_array().unwrap().clone();
            if newest.len() == 6 {
                return newest.iter().map(|m| m["content"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
            }
        }
    });
    assert_eq!(said.await.unwrap(), ["one", "two", "one", "two", "one", "two"]);
}

#[tokio::test]
async fn sockets_can_be_cut_and_nothing_is_left_after_the_end() {
    let shop = Shop::open().await;
    let (mut cable, _) = connect_async(format!("ws://{}/cable", shop.running.addr())).await.unwrap();
    assert_eq!(cable.next().await.unwrap().unwrap().into_text().unwrap().as_str(), r#"{"type":"welcome"}"#);
    assert_eq!(shop.post("/sandbox/cable/drop", json!({})).await, json!({"dropped": 1}));
    let end = timeout(LIMIT, async { while let Some(Ok(_)) = cable.next().await {} });
    end.await.unwrap();
    let addr = shop.running.addr();
    shop.running.shutdown().await;
    assert!(tokio::net::TcpStream::connect(addr).await.is_err(), "the port is still open");
}

#[tokio::test]
async fn the_environment_file_is_for_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("env.json");
    let shop = Shop::with(Options { env_out: Some(path.clone()), ..Options::new(World::demo_shop()) }).await;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let env: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(env["base"], json!(shop.running.base_url()));
    assert_eq!(env["tokens"], json!(shop.running.tokens()));
    assert!(["admin", "agent", "agent2", "sync", "bot", "platform"].iter().all(|k| env["tokens"][k].is_string()), "{env}");
}

/// A socket of the agent that is subscribed, and what comes over it.
async fn subscribed(shop: &Shop) -> futures_util::stream::BoxStream<'static, Value> {
    let profile = shop.get("/api/v1/profile").await;
    let (mut cable, _) = connect_async(format!("ws://{}/cable", shop.running.addr())).await.unwrap();
    let identifier = json!({"channel": "RoomChannel", "pubsub_token": profile["pubsub_token"], "account_id": 1, "user_id": profile["id"]});
    cable.send(Message::text(json!({"command": "subscribe", "identifier": identifier.to_string()}).to_string())).await.unwrap();
    let mut frames = cable.filter_map(|m| async { serde_json::from_str::<Value>(&m.ok()?.into_text().ok()?).ok() }).boxed();
    loop {
        if timeout(LIMIT, frames.next()).await.unwrap().unwrap()["type"] == "confirm_subscription" {
            return frames;
        }
    }
}

/// The contents of the next messages that are told of.
async fn told(frames: &mut futures_util::stream::BoxStream<'static, Value>, count: usize) -> Vec<String> {
    let mut said = Vec::new();
    while said.len() < count {
        let frame = timeout(LIMIT, frames.next()).await.unwrap().unwrap();
        if frame["message"]["event"] == "message.created" {
            said.push(frame["message"]["data"]["content"].as_str().unwrap_or_default().to_owned());
        }
    }
    said
}

#[tokio::test]
async fn frames_can_be_lost_doubled_and_shuffled() {
    let shop = Shop::open().await;
    let path = format!("/api/v1/accounts/1/conversations/{}/messages", shop.conversation().await);
    let note = |text: String| json!({"content": text, "private": true});
    let mut frames = subscribed(&shop).await;
    shop.post("/sandbox/faults", json!({"events": {"drop_frames": true, "drop_times": 1}})).await;
    for text in ["lost", "heard"] {
        shop.post(&path, note(text.into())).await;
    }
    assert_eq!(told(&mut frames, 1).await, ["heard"]);
    shop.post("/sandbox/faults", json!({"events": {"duplicate": true}})).await;
    shop.post(&path, note("twice".into())).await;
    assert_eq!(told(&mut frames, 2).await, ["twice", "twice"]);
    shop.post("/sandbox/faults", json!({"events": {"out_of_order_ms": 500, "seed": 3}})).await;
    let sent: Vec<String> = (0..8).map(|n| format!("n{n}")).collect();
    for text in &sent {
        shop.post(&path, note(text.clone())).await;
    }
    let mut came = told(&mut frames, 8).await;
    assert_ne!(came, sent, "in the order they were sent");
    came.sort();
    assert_eq!(came, sent);
}

#[tokio::test]
async fn webhooks_can_be_held_back_while_frames_are_not() {
    let (url, mut hooks) = receiver().await;
    let shop = Shop::open().await;
    shop.post("/sandbox/hooks/target", json!({"url": url})).await;
    let path = format!("/api/v1/accounts/1/conversations/{}/messages", shop.conversation().await);
    let mut frames = subscribed(&shop).await;
    let began = std::time::Instant::now();
    shop.post("/sandbox/faults", json!({"events": {"delay_hooks_ms": 700}})).await;
    shop.post(&path, json!({"content": "late", "private": true})).await;
    assert_eq!(told(&mut frames, 1).await, ["late"]);
    assert!(hooks.try_recv().is_err(), "the webhook was not held back");
    shop.post("/sandbox/faults", json!({"events": {}})).await;
    let (_, body) = timeout(LIMIT, hooks.recv()).await.unwrap().unwrap();
    assert!(body.contains("\"content\":\"late\""), "{body}");
    assert!(began.elapsed() >= Duration::from_millis(700), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_request_can_be_refused_or_left_hanging_before_and_after_it_is_handled() {
    let shop = Shop::open().await;
    let path = format!("/api/v1/accounts/1/conversations/{}/messages", shop.conversation().await);
    let faults = [
        ("429 before", json!({"kind": "status", "status": 429}), Some(429), false),
        ("500 before", json!({"kind": "status", "status": 500}), Some(500), false),
        ("429 after", json!({"kind": "status", "status": 429, "handled": true}), Some(429), true),
        ("500 after", json!({"kind": "status", "status": 500, "handled": true}), Some(500), true),
        ("no answer before", json!({"kind": "latency", "ms": 60_000}), None, false),
        ("no answer after", json!({"kind": "latency", "ms": 60_000, "handled": true}), None, true),
    ];
    let impatient = Client::builder().timeout(Duration::from_millis(500)).build().unwrap();
    for (text, fault, status, _) in &faults {
        shop.post("/sandbox/faults", json!({"match": {"method": "POST", "path": "*/messages"}, "times": 1, "fault": fault})).await;
        let request = impatient.post(format!("{}{path}", shop.running.base_url())).json(&json!({"content": text, "private": true}));
        let answer = request.header("api-access-token", &shop.running.tokens()["agent"]).send().await;
        assert_eq!(answer.ok().map(|r| r.status().as_u16()), *status, "{text}");
    }
    let thread = shop.get(&path).await;
    let said: Vec<&str> = thread["payload"].as_array().unwrap().iter().filter_map(|m| m["content"].as_str()).collect();
    for (text, _, _, handled) in &faults {
        assert_eq!(said.contains(text), *handled, "{text}: {said:?}");
    }
}
