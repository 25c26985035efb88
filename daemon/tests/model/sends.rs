//! Messages sent through afenda while everything goes wrong: what was taken reaches the customer once.

use std::collections::BTreeMap;
use std::time::Duration;

use api::ClientError;
use api::client::new_key;
use api::id::ConversationId;
use api::inbox::{NewMessage, OutboxState};
use reqwest::Method;
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::op::User;
use crate::run::{settled, until};
use crate::stage::{Stage, TOO_LATE_MS};

/// Sends in one conversation: Chatwoot refuses more than 200 messages a minute (section 3).
const EACH: u64 = 20;
/// Texts that are written again and again; all others are unique.
const OFTEN: [&str; 3] = ["Thanks!", "We are looking into it.", "Hello {{contact.name}}"];

/// By conversation and text: how many were taken.
type Taken = BTreeMap<(i64, String), u64>;

/// One run of so many sends. With `may_hold`, a message may end held for an agent, listed in the outbox.
pub(crate) async fn play(stage: &mut Stage, dice: &mut Dice, sends: u64, may_hold: bool, protocol: &mut Vec<String>) -> Result<(), String> {
    let conversations = conversations(stage, sends.div_ceil(EACH).max(4)).await;
    stage.start().await;
    until("the first copy", || async {
        let (_, page) = stage.ask_ours(Method::GET, "/status", json!(null)).await?;
        (page["data"]["first_copy"]["done"] == true).then_some(())
    })
    .await?;
    let mut taken = Taken::new();
    for n in 0..sends {
        if dice.chance(20) {
            let what = wrong(stage, dice).await;
            protocol.push(format!("{n:>5} {what}"));
        }
        let conversation = conversations[usize::try_from(n % conversations.len() as u64).unwrap_or_default()];
        let text = if dice.chance(15) { dice.one(&OFTEN).to_owned() } else { format!("send {n}") };
        let user = dice.one(&[User::Ada, User::Jo, User::Sam]);
        let key = new_key();
        let answer = send(stage, user, conversation, &text, &key, dice).await?;
        protocol.push(format!("{n:>5} #{conversation} {user:?} {text:?}: {answer}"));
        *taken.entry((conversation, text)).or_default() += 1;
    }
    stage.steer(Method::DELETE, "/sandbox/faults", json!({})).await;
    stage.start().await;
    settled(stage).await?;
    judge(stage, &taken, may_hold).await
}

/// Conversations in every inbox, some quiet, some just opened.
async fn conversations(stage: &Stage, count: u64) -> Vec<i64> {
    let mut ids = Vec::new();
    for n in 0..count {
        let inbox = stage.inboxes[usize::try_from(n % 3).unwrap_or_default()];
        let body = json!({"name": format!("Customer {n}"), "email": format!("s{n}@example.com")});
        let (_, made) = stage.call("admin", Method::POST, "/contacts", Some(body)).await;
        let body = json!({"inbox_id": inbox, "contact_id": made["payload"]["contact"]["id"]});
        let (_, made) = stage.call("admin", Method::POST, "/conversations", Some(body)).await;
        ids.push(made["id"].as_i64().unwrap());
    }
    ids
}

/// Hands a message to afenda as the command line does: the same key until there is an answer. What was not answered may be taken all the same.
async fn send(stage: &mut Stage, user: User, conversation: i64, text: &str, key: &str, dice: &mut Dice) -> Result<String, String> {
    let message = NewMessage { content: text.to_owned(), ..NewMessage::default() };
    // Now and then the daemon is killed while it takes the message, and the caller does not hear whether it did.
    if dice.chance(2)
        && let Some(client) = stage.ours(user)
    {
        let asked = client.send_message(ConversationId(conversation), &message, key);
        let _ = tokio::time::timeout(Duration::from_micros(dice.below(6000)), asked).await;
        stage.kill().await;
    }
    for _ in 0..1000 {
        stage.start().await;
        let Some(client) = stage.ours(user) else { continue };
        match client.send_message(ConversationId(conversation), &message, key).await {
            Ok(view) => return Ok(format!("{:?}", view.outbox_id)),
            Err(err) if err.is_daemon_lost() => {}
            Err(ClientError::Api { code: api::Code::NotFound, .. }) => {
                // Not copied yet.
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Err(err) => return Err(format!("#{conversation} {text:?} was refused: {err}")),
        }
    }
    Err(format!("#{conversation} {text:?} was never taken"))
}

/// Something goes wrong, or what did ends.
async fn wrong(stage: &mut Stage, dice: &mut Dice) -> String {
    let times = 1 + dice.below(3);
    let fault = dice.weighted(&[
        (3, json!({"kind": "lose_answer"})),
        (2, json!({"kind": "drop"})),
        (1, json!({"kind": "latency", "ms": TOO_LATE_MS})),
        (1, json!({"kind": "status", "status": 500})),
        (1, json!({"kind": "status", "status": 502})),
        (1, json!({"kind": "status", "status": 429})),
        (1, json!({"kind": "html"})),
    ]);
    let writes = json!({"method": "POST", "user_agent": "afenda"});
    let all = json!({"user_agent": "afenda"});
    match dice.below(20) {
        0..10 => {
            let rule = json!({"match": writes, "times": times, "fault": fault});
            stage.steer(Method::POST, "/sandbox/faults", rule.clone()).await;
            format!("wrong: {rule}")
        }
        10..13 => {
            let rule = json!({"match": all, "times": times, "fault": fault});
            stage.steer(Method::POST, "/sandbox/faults", rule.clone()).await;
            format!("wrong: {rule}")
        }
        13 | 14 => {
            let events = dice.one(&[
                json!({"duplicate": true}),
                json!({"out_of_order_ms": 40, "seed": 3}),
                json!({"drop_frames": true, "drop_times": 20}),
                json!({"drop_hooks": true, "drop_times": 20}),
            ]);
            stage.steer(Method::POST, "/sandbox/faults", json!({"rules": [], "events": events.clone()})).await;
            format!("wrong: {events}")
        }
        15 => {
            stage.steer(Method::POST, "/sandbox/cable/drop", json!({})).await;
            "socket cut".to_owned()
        }
        16 | 17 => {
            stage.kill().await;
            "killed".to_owned()
        }
        18 => {
            stage.stop().await;
            "stopped".to_owned()
        }
        _ => {
            stage.steer(Method::DELETE, "/sandbox/faults", json!({})).await;
            "right again".to_owned()
        }
    }
}

/// Counts what the customers got against what was taken.
async fn judge(stage: &Stage, taken: &Taken, may_hold: bool) -> Result<(), String> {
    let client = stage.ours(User::Ada).ok_or("the daemon is gone")?;
    let open = client.outbox().await.map_err(|err| err.to_string())?;
    let mut held: BTreeMap<(i64, String), u64> = BTreeMap::new();
    let mut wrong = Vec::new();
    for entry in &open {
        let key = (entry.conversation_id.map_or(0, |id| id.0), entry.content.clone().unwrap_or_default());
        if entry.state == OutboxState::Held && may_hold {
            *held.entry(key).or_default() += 1;
        } else {
            wrong.push(format!("#{} {:?} ended {:?}: {}", key.0, key.1, entry.state, entry.error.as_deref().unwrap_or_default()));
        }
    }
    let mut conversations: Vec<i64> = taken.keys().map(|(id, _)| *id).collect();
    conversations.dedup();
    for conversation in conversations {
        let got = got(stage, conversation).await;
        for ((_, text), count) in taken.range((conversation, String::new())..(conversation + 1, String::new())) {
            let there = got.get(text).copied().unwrap_or_default();
            let held = held.get(&(conversation, text.clone())).copied().unwrap_or_default();
            if there > *count {
                wrong.push(format!("#{conversation} {text:?} was sent {count} times and came {there} times"));
            }
            if there + held < *count {
                wrong.push(format!("#{conversation} {text:?} was sent {count} times, came {there} times, and {held} are held"));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("{} wrong\n{}", wrong.len(), wrong.join("\n"))) }
}

/// How often each public text of ours is in the conversation.
async fn got(stage: &Stage, conversation: i64) -> BTreeMap<String, u64> {
    let (mut after, mut got) = (0, BTreeMap::new());
    loop {
        let (_, page) = stage.call("admin", Method::GET, &format!("/conversations/{conversation}/messages?after={after}"), None).await;
        let rows: &[Value] = page["payload"].as_array().map_or(&[], Vec::as_slice);
        let Some(last) = rows.iter().filter_map(|m| m["id"].as_i64()).max() else { break };
        after = last;
        for m in rows.iter().filter(|m| m["message_type"] == 1 && m["private"] == false) {
            *got.entry(m["content"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    got
}
