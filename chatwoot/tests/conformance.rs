//! Every recorded answer, webhook and frame of two real servers (Chatwoot 4.15.1 and 4.6.0) is read by this crate's types.
//!
//! Needs the folder of the recordings in `AFENDA_CONFORMANCE` and fails without it. Prints what was covered.

#![expect(clippy::expect_used, clippy::panic, reason = "clippy knows only functions marked `#[test]` as tests; the helpers here are too")]

#[path = "conformance/calls.rs"]
mod calls;
#[path = "conformance/meaning.rs"]
mod meaning;
#[path = "conformance/peer.rs"]
mod peer;
#[path = "conformance/recording.rs"]
mod recording;

use std::collections::BTreeMap;
use std::time::Duration;

use chatwoot::cable::{Action, CableEvent, Limits, Machine, Subscription};
use chatwoot::error::{Answer, Call, Error, ErrorBody, ErrorKind, Shape};
use chatwoot::webhook::{self, SignatureError, WebhookEvent};
use chatwoot::{Secret, TokenDoubt, redact};
use recording::{Step, load};
use serde_json::{Value, json};

/// Each recorded answer of a call this crate has is served to the real client by a local peer; the client must send the recorded method
/// and path, and must read the answer.
#[tokio::test]
async fn every_recorded_answer_is_read_by_its_call() {
    let peer = peer::Peer::start().await;
    let mut covered: BTreeMap<(String, String), (u32, u32)> = BTreeMap::new();
    let mut uncovered: BTreeMap<(String, String), u32> = BTreeMap::new();
    let mut problems = Vec::new();
    for recording in load() {
        for step in recording.steps() {
            let Some(answer) = step.answer() else { continue };
            let (method, path) = step.line();
            let template = recording::template(&path);
            let Some(call) = calls::of(&peer.client(), &step, &method, &template) else {
                *uncovered.entry((method, template)).or_default() += 1;
                continue;
            };
            peer.serve(&answer);
            let outcome = call.await;
            let good = (200..300).contains(&answer.status);
            let seen = covered.entry((method.clone(), template.clone())).or_default();
            *(if good { &mut seen.0 } else { &mut seen.1 }) += 1;
            let at = format!("{} step {}: {method} {path} {}", recording.name, step.number(), answer.status);
            let (asked_method, asked_path) = peer.asked();
            if (asked_method.as_str(), recording::template(&asked_path)) != (method.as_str(), template.clone()) {
                problems.push(format!("{at}: the client asked {asked_method} {asked_path}"));
            }
            match (good, outcome) {
                (true, Err(err)) => problems.push(format!("{at}: {err} <- {:?}", err.cause)),
                (false, Ok(())) => problems.push(format!("{at}: was read as a success")),
                (false, Err(err)) if err.kind != step.refusal(&answer).kind => problems.push(format!("{at}: {err}")),
                _ => {}
            }
        }
    }
    println!("covered (read as answer / as refusal):");
    covered.iter().for_each(|((method, path), (good, bad))| println!("  {method} {path}  {good} / {bad}"));
    println!("uncovered:");
    uncovered.iter().for_each(|((method, path), times)| println!("  {method} {path}  {times}"));
    let good: u32 = covered.values().map(|seen| seen.0).sum();
    let bad: u32 = covered.values().map(|seen| seen.1).sum();
    println!("{} endpoints, {good} answers and {bad} refusals through the client", covered.len());
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    assert!(covered.len() >= 30 && good > 500 && bad > 100, "the recordings are not all there");
    let unread: Vec<_> = covered.iter().filter(|(_, seen)| seen.0 == 0).map(|(key, _)| key).collect();
    assert!(unread.is_empty(), "never read as an answer: {unread:?}");
}

/// Every refusal, of any endpoint, has a known shape and a meaning that fits its status.
#[test]
fn every_recorded_refusal_means_something() {
    let mut shapes: BTreeMap<String, u32> = BTreeMap::new();
    let mut kinds: BTreeMap<String, u32> = BTreeMap::new();
    let mut unclear = Vec::new();
    for recording in load() {
        for step in recording.steps() {
            let Some(answer) = step.answer().filter(|answer| answer.status >= 300) else { continue };
            let at = format!("{} step {}: {:?} {}", recording.name, step.number(), step.line(), answer.status);
            let shape = ErrorBody::parse(answer.content_type.as_deref(), &answer.body).shape;
            assert_ne!(shape, Shape::Unknown, "{at}");
            *shapes.entry(format!("{shape:?}")).or_default() += 1;
            let error = step.refusal(&answer);
            let fits = match (&error.kind, answer.status) {
                (ErrorKind::Unauthorized { doubt, .. }, 401) => {
                    if *doubt == TokenDoubt::Unclear {
                        unclear.push(at.clone());
                    }
                    true
                }
                (ErrorKind::Forbidden { .. }, 401..=403)
                | (ErrorKind::NotFound { .. }, 404)
                | (ErrorKind::RateLimited { .. }, 429)
                | (ErrorKind::Server { .. }, 500..)
                | (ErrorKind::NotChatwoot { .. }, 300..=399) => true,
                (ErrorKind::NotChatwoot { .. }, _) => shape == Shape::Html,
                (ErrorKind::Invalid { status, .. }, 400..=499) => *status == answer.status,
                _ => false,
            };
            assert!(fits, "{at}: {error:?}");
            let kind = format!("{:?}", error.kind);
            *kinds.entry(kind.split([' ', '{']).next().unwrap().to_owned()).or_default() += 1;
        }
    }
    println!("shapes {shapes:?}\nkinds {kinds:?}");
    for shape in ["Error", "Errors", "Validation", "Fields", "Page", "Message", "Success", "Empty", "Text", "Html"] {
        assert!(shapes.contains_key(shape), "no {shape} among the recordings");
    }
    // Logins and the profile's own password check, none of which a token client calls.
    let token_calls: Vec<_> = unclear.iter().filter(|at| !at.contains("/auth/") && !at.contains("/api/v1/profile")).collect();
    assert!(token_calls.is_empty(), "{token_calls:#?}");
}

/// Every webhook body is read by its event; every signed one is believed, and with one byte changed it is not.
#[test]
fn every_recorded_webhook_is_read_and_verified() {
    let mut events: BTreeMap<String, u32> = BTreeMap::new();
    let mut other: BTreeMap<String, u32> = BTreeMap::new();
    let (mut signed, mut unsigned, mut without_account, mut tokens) = (0_u32, 0_u32, 0_u32, 0_usize);
    for recording in load() {
        for step in recording.steps() {
            for hook in step.hooks() {
                let at = format!("{} step {} {}", recording.name, step.number(), hook.event);
                let read = WebhookEvent::parse(hook.raw.as_bytes()).unwrap_or_else(|err| panic!("{at}: {err}"));
                let mut kept: Value = serde_json::from_str(&hook.raw).expect("a webhook is JSON");
                let secrets = customer_tokens(&kept);
                tokens += secrets.len();
                redact(&mut kept);
                let shown = format!("{read:?} {kept}");
                assert!(secrets.iter().all(|token| !shown.contains(token)), "{at} shows a customer's token");
                let nameless = read.account_id().is_none();
                without_account += u32::from(nameless);
                assert!(!nameless || recording.name.starts_with("recordings-4.6.0/"), "{at} names no account");
                let count =
                    if let WebhookEvent::Other { event, .. } = &read { other.entry(event.clone()) } else { events.entry(hook.event) };
                *count.or_default() += 1;
                let Some(signature) = &hook.signature else {
                    unsigned += 1;
                    continue;
                };
                let timestamp = hook.timestamp.as_deref().expect("a signed webhook has a timestamp");
                let secrets = [recording.secret_of(&hook.receiver)];
                let now_s: i64 = timestamp.parse().expect("a timestamp is a number");
                let check = |body: &[u8]| webhook::verify(&secrets, Some(timestamp), Some(signature), body, now_s, 0);
                assert_eq!(check(hook.raw.as_bytes()), Ok(()), "{at}");
                assert_eq!(webhook::sign(&secrets[0], timestamp, hook.raw.as_bytes()), *signature, "{at}");
                let mut tampered = hook.raw.clone().into_bytes();
                let middle = tampered.len() / 2;
                tampered[middle] ^= 1;
                assert_eq!(check(&tampered), Err(SignatureError::Wrong), "{at}");
                signed += 1;
            }
        }
    }
    println!(
        "events {events:?}\nother {other:?}\n{signed} signed, {unsigned} unsigned, {without_account} name no account, {tokens} tokens hidden"
    );
    assert!(tokens > 0, "customers' tokens are expected in conversations");
    assert!(signed > 0 && unsigned > 0 && events.len() >= 9, "the recordings are not all there");
    let strange: Vec<_> = other.keys().filter(|event| !event.starts_with("automation_event.") && *event != "macro.executed").collect();
    assert!(strange.is_empty(), "read as Other: {strange:?}");
}

/// The `pubsub_token`s in a payload, at any depth.
fn customer_tokens(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) => {
            let own = map.get("pubsub_token").and_then(Value::as_str).map(str::to_owned);
            map.values().flat_map(customer_tokens).chain(own).collect()
        }
        Value::Array(items) => items.iter().flat_map(customer_tokens).collect(),
        _ => Vec::new(),
    }
}

/// Every frame comes out of the state machine as the event it is, and not at all for another account.
#[test]
fn every_recorded_frame_is_read_by_its_event() {
    let mut events: BTreeMap<String, u32> = BTreeMap::new();
    for recording in load() {
        for step in recording.steps() {
            for (event, data) in step.frames() {
                let at = format!("{} step {} {event}", recording.name, step.number());
                let account_id = data["account_id"].as_i64().unwrap_or_else(|| panic!("{at} names no account"));
                let actions = framed(account_id, &event, &data);
                let [Action::Event(read)] = actions.as_slice() else { panic!("{at}: {actions:?}") };
                assert!(!matches!(**read, CableEvent::Other { .. } | CableEvent::Unreadable { .. }), "{at}: {read:?}");
                assert!(framed(account_id + 1, &event, &data).is_empty(), "{at} reached another account");
                *events.entry(event).or_default() += 1;
            }
        }
    }
    println!("frames {events:?}");
    assert!(events.len() >= 20, "the recordings are not all there");
}

/// What a machine subscribed to `account_id` makes of a frame.
fn framed(account_id: i64, event: &str, data: &Value) -> Vec<Action> {
    let subscription = Subscription { pubsub_token: Secret::new("T"), account_id, user_id: 1 };
    let mut machine = Machine::new(subscription, Limits::default(), Duration::ZERO);
    let subscribe = machine.text(r#"{"type":"welcome"}"#, Duration::ZERO);
    let [Action::Send(command)] = subscribe.as_slice() else { panic!("{subscribe:?}") };
    let command: Value = serde_json::from_str(command.expose()).expect("a command is JSON");
    let identifier = &command["identifier"];
    let confirm = json!({"type": "confirm_subscription", "identifier": identifier});
    assert!(matches!(machine.text(&confirm.to_string(), Duration::ZERO).as_slice(), [Action::Confirmed]));
    let frame = json!({"identifier": identifier, "message": {"event": event, "data": data}});
    machine.text(&frame.to_string(), Duration::ZERO)
}

impl Step<'_> {
    /// The recorded refusal as this crate's error.
    fn refusal(&self, answer: &recording::Recorded) -> Error {
        let (method, path) = self.line();
        let method = match method.as_str() {
            "GET" => "GET",
            "POST" => "POST",
            _ => "OTHER",
        };
        let call = Call { method, path, writes: method != "GET" };
        Error::from_answer(
            call,
            &Answer {
                status: answer.status,
                content_type: answer.content_type.as_deref(),
                retry_after: None,
                location: answer.location.as_deref(),
                body: &answer.body,
            },
        )
    }
}
