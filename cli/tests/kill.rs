//! The daemon killed with SIGKILL, 50 times: nothing that was answered is lost, and no customer gets a message twice.
//!
//! A real daemon process talks to a sandbox through a proxy of this test. The proxy makes the seeded points exact: it kills the daemon when a
//! message arrives that has not been sent on yet, or when Chatwoot has answered and the daemon has not heard it. Other rounds kill right
//! after a commit, or at a random moment; and some only lose the answer.
#![expect(clippy::unwrap_used, reason = "clippy knows only functions marked `#[test]` as tests; their helpers fail the test too")]

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use api::client::new_key;
use api::id::ConversationId;
use api::inbox::NewMessage;
use api::{Client, Token};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

const ROUNDS: u64 = 50;
/// How long something may take before it counts as lost; a loaded machine is slow.
const LIMIT: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Point {
    AfterCommit,
    BeforeSend,
    AfterSend,
    Random,
    LostAnswer,
}

/// What the proxy does with the next message, and to whom.
#[derive(Default)]
struct Trap {
    point: Option<Point>,
    pid: u32,
    sprung: bool,
}

#[derive(Clone)]
struct Proxy {
    to: String,
    http: reqwest::Client,
    trap: Arc<Mutex<Trap>>,
}

fn kill(pid: u32) {
    let killed = Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap();
    assert!(killed.success());
}

async fn pass(State(proxy): State<Proxy>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 4 * 1024 * 1024).await.unwrap_or_default();
    let path = parts.uri.path_and_query().map_or("/", |p| p.as_str());
    let is_message = parts.method == "POST" && parts.uri.path().ends_with("/messages");
    let trap = || {
        let mut trap = proxy.trap.lock().unwrap();
        let point = trap.point.filter(|_| is_message && !trap.sprung);
        trap.sprung |= point.is_some();
        (point, trap.pid)
    };
    let (point, pid) = trap();
    if point == Some(Point::BeforeSend) {
        kill(pid);
        return StatusCode::BAD_GATEWAY.into_response();
    }
    let mut forward = proxy.http.request(parts.method, format!("{}{path}", proxy.to)).body(body);
    for name in ["api-access-token", "api_access_token", "content-type", "accept"] {
        if let Some(value) = parts.headers.get(name) {
            forward = forward.header(name, value);
        }
    }
    let Ok(answer) = forward.send().await else { return StatusCode::BAD_GATEWAY.into_response() };
    let (status, kind) = (answer.status(), answer.headers().get("content-type").cloned());
    let bytes = answer.bytes().await.unwrap_or_default();
    match point {
        Some(Point::AfterSend) => kill(pid),
        // The body breaks off: sent, carried out, never heard.
        Some(Point::LostAnswer) => {
            let broken = futures_util::stream::once(async { Err::<axum::body::Bytes, _>(std::io::Error::other("cut")) });
            return Response::builder().status(status).header("content-length", bytes.len()).body(Body::from_stream(broken)).unwrap();
        }
        _ => {}
    }
    let mut response = Response::builder().status(status);
    if let Some(kind) = kind {
        response = response.header("content-type", kind);
    }
    response.body(Body::from(bytes)).unwrap()
}

struct Daemon {
    child: Child,
    client: Client,
}

/// Starts the daemon and waits until it serves and has its conversations.
#[expect(clippy::zombie_processes, reason = "the caller kills it and waits for its end")]
async fn start(data_dir: &std::path::Path, proxy: &str, token: &str) -> Daemon {
    let child = Command::new(env!("CARGO_BIN_EXE_afenda"))
        .args(["daemon", "--listen", "127.0.0.1:0", "--config"])
        .arg(data_dir.join("config.toml"))
        .env_clear()
        .envs([("AFENDA_DATA_DIR", data_dir.to_str().unwrap()), ("HOME", data_dir.to_str().unwrap()), ("AFENDA_HOLD_SECONDS", "0")])
        .envs([("CHATWOOT_API_URL", proxy), ("CHATWOOT_API_TOKEN", token), ("CHATWOOT_ACCOUNT_ID", "1")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    let http = reqwest::Client::new();
    loop {
        assert!(began.elapsed() < LIMIT, "the daemon did not come up");
        let text = std::fs::read_to_string(data_dir.join("profiles/default.json")).unwrap_or_default();
        let profile: Value = serde_json::from_str(&text).unwrap_or_default();
        if let Some(url) = profile["url"].as_str()
            && http.get(format!("{url}/readyz")).send().await.is_ok()
        {
            let client = Client::new(url, Token::new(profile["token"].as_str().unwrap())).unwrap();
            if client.status().await.is_ok_and(|status| status.first_copy.done) {
                return Daemon { child, client };
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A number that follows from the seed alone.
fn dice(seed: u64, below: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x1234_5678);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (z ^ (z >> 31)) % below
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_fifty_times_it_loses_nothing_and_sends_nothing_twice() {
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sandbox = sandbox::start(sandbox::Options::new(sandbox::World::demo_shop())).await.unwrap();
    let trap = Arc::new(Mutex::new(Trap::default()));
    let proxy = Proxy { to: sandbox.base_url(), http: reqwest::Client::new(), trap: trap.clone() };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(pass).with_state(proxy)).await });

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.toml"), "[sync]\nwebsocket = false\nsettle_s = 2\n").unwrap();
    let tokens = sandbox.tokens();
    let token = tokens.get("sync").or_else(|| tokens.get("admin")).unwrap().clone();
    let state = || async { reqwest::get(format!("{}/sandbox/state", sandbox.base_url())).await.unwrap().json::<Value>().await.unwrap() };
    let ids: Vec<i64> = state().await["conversations"].as_array().unwrap().iter().filter_map(|c| c["id"].as_i64()).collect();

    // Text to whether a call with it was answered 2xx before the end of its round.
    let mut sent: BTreeMap<String, bool> = BTreeMap::new();
    let mut points: BTreeMap<String, u32> = BTreeMap::new();
    let mut kills = 0;
    let mut round = 0;
    while round < ROUNDS {
        let mut daemon = start(folder.path(), &address, &token).await;
        let point = [Point::AfterCommit, Point::BeforeSend, Point::AfterSend, Point::Random, Point::LostAnswer][(round % 5) as usize];
        *points.entry(format!("{point:?}")).or_default() += 1;
        *trap.lock().unwrap() = Trap { point: Some(point), pid: daemon.child.id(), sprung: false };
        let mut unanswered = Vec::new();
        for n in 0..3 {
            let id = ConversationId(ids[dice(round * 10 + n, ids.len() as u64) as usize]);
            let text = format!("round {round} message {n}");
            let message = NewMessage { content: text.clone(), private: n == 2, hold_seconds: None, ..NewMessage::default() };
            let key = new_key();
            let answered = daemon.client.send_message(id, &message, &key).await.is_ok();
            sent.insert(text, answered);
            if !answered {
                unanswered.push((id, message, key));
            } else if n == 1 && point == Point::AfterCommit {
                kill(daemon.child.id());
            }
        }
        if point == Point::Random {
            // The moment is what is random here, not something that is waited for.
            tokio::time::sleep(Duration::from_micros(dice(round, 40_000))).await;
            kill(daemon.child.id());
        }
        if point == Point::LostAnswer {
            let began = Instant::now();
            while !trap.lock().unwrap().sprung {
                assert!(began.elapsed() < LIMIT, "round {round}: no message was sent");
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            kill(daemon.child.id());
        }
        let mut child = daemon.child;
        let ended = tokio::time::timeout(LIMIT, tokio::task::spawn_blocking(move || child.wait())).await;
        ended.unwrap_or_else(|_| panic!("round {round}: the daemon was not killed at {point:?}")).unwrap().unwrap();
        kills += 1;
        *trap.lock().unwrap() = Trap::default();
        daemon = start(folder.path(), &address, &token).await;
        for (id, message, key) in unanswered {
            for _ in 0..2 {
                daemon.client.send_message(id, &message, &key).await.unwrap();
            }
            sent.insert(message.content, true);
        }
        kill(daemon.child.id());
        let mut child = daemon.child;
        tokio::task::spawn_blocking(move || child.wait()).await.unwrap().unwrap();
        kills += 1;
        round += 1;
    }

    let daemon = start(folder.path(), &address, &token).await;
    let began = Instant::now();
    loop {
        let outbox = daemon.client.outbox().await.unwrap();
        if outbox.is_empty() {
            break;
        }
        assert!(began.elapsed() < 2 * LIMIT, "left in the outbox: {outbox:#?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let mut arrived: BTreeMap<String, u32> = BTreeMap::new();
    for conversation in state().await["conversations"].as_array().unwrap() {
        for message in conversation["messages"].as_array().unwrap() {
            let text = message["content"].as_str().unwrap_or_default();
            // A note that is written for somebody by the service user names them first.
            if let Some(text) = text.find("round ").map(|at| &text[at..]) {
                *arrived.entry(text.to_owned()).or_default() += 1;
            }
        }
    }
    let missing: Vec<&String> = sent.keys().filter(|text| !arrived.contains_key(*text)).collect();
    let twice: Vec<_> = arrived.iter().filter(|(_, count)| **count != 1).collect();
    assert!(missing.is_empty() && twice.is_empty(), "missing {missing:?}, more than once {twice:?}");
    assert_eq!(sent.len(), arrived.len());
    println!("{kills} kills, {} messages, each exactly once; points {points:?}", sent.len());
    kill(daemon.child.id());
    let mut child = daemon.child;
    child.wait().unwrap();
}
