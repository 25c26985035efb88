//! What the store must hold: read from the sandbox's REST answers, without any code of the daemon's, beside what the file holds, without the
//! store's code either. Every column of every table that copies Chatwoot is compared, or named in [`OURS`] with the reason.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use reqwest::Method;
use rusqlite::{Connection, OpenFlags, types::ValueRef};
use serde_json::{Map, Value, json};

use crate::act::Silent;
use crate::stage::Stage;

pub(crate) type Row = Map<String, Value>;
/// Rows by table and key.
pub(crate) type Tables = BTreeMap<&'static str, BTreeMap<String, Row>>;

/// Tables that copy Chatwoot, and what makes a row's key. Of `participants` only what somebody looked at is kept, as it was then.
const TABLES: [(&str, &[&str]); 12] = [
    ("conversations", &["id"]),
    ("conversation_labels", &["conversation_id", "title"]),
    ("messages", &["id"]),
    ("contacts", &["id"]),
    ("agents", &["id"]),
    ("inboxes", &["id"]),
    ("teams", &["id"]),
    ("labels", &["title"]),
    ("canned_responses", &["id"]),
    ("custom_attribute_definitions", &["id"]),
    ("csat_responses", &["id"]),
    ("message_templates", &["inbox_id", "name", "language"]),
];

/// Columns that say something of our own.
const OURS: [(&str, &str); 8] = [
    ("conversations", "heard_at_us"), // our clock
    ("contacts", "heard_at_us"),
    ("contacts", "notes_read_at_us"),
    ("conversations", "messages_read_at_us"),
    ("messages", "read_at_us"),
    ("messages", "row"),               // what the full-text index points at
    ("message_templates", "unusable"), // our words; a table in `sync/templates.rs` has each
    ("messages", "updated_at_us"),     // REST does not say it (5.2); newer wins by it, so a wrong one shows in the other columns
];

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Difference {
    pub(crate) table: &'static str,
    pub(crate) key: String,
    pub(crate) field: String,
    pub(crate) chatwoot: String,
    pub(crate) here: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}: Chatwoot {}, here {}", self.table, self.key, self.field, self.chatwoot, self.here)
    }
}

/// What the file holds.
pub(crate) fn kept(path: &Path) -> rusqlite::Result<Tables> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    conn.busy_timeout(std::time::Duration::from_secs(5))?;
    let snapshot = conn.unchecked_transaction()?;
    TABLES.iter().map(|(table, key)| Ok((*table, rows(&snapshot, table, key)?))).collect()
}

fn rows(conn: &Connection, table: &str, key: &[&str]) -> rusqlite::Result<BTreeMap<String, Row>> {
    let mut statement = conn.prepare(&format!("select * from {table}"))?;
    let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let read = statement.query_map([], |row| {
        let mut out = Row::new();
        for (at, name) in names.iter().enumerate().filter(|(_, name)| *name != "tenant_id") {
            if OURS.contains(&(table, name.as_str())) {
                continue;
            }
            let value = match row.get_ref(at)? {
                ValueRef::Integer(n) => json!(n),
                ValueRef::Text(text) => json!(String::from_utf8_lossy(text)),
                _ => Value::Null,
            };
            let is_json =
                matches!(name.as_str(), "attachments" | "additional_attributes" | "custom_attributes" | "choices" | "mail" | "buttons");
            let value = match value {
                Value::String(text) if is_json => serde_json::from_str(&text).unwrap_or(Value::String(text)),
                value => value,
            };
            out.insert(name.clone(), value);
        }
        Ok(out)
    })?;
    read.map(|row| row.map(|row| (key_of(&row, key), row))).collect()
}

fn key_of(row: &Row, key: &[&str]) -> String {
    let parts: Vec<String> = key.iter().map(|name| row.get(*name).map(Value::to_string).unwrap_or_default()).collect();
    parts.join(" ")
}

/// Whole seconds in microseconds; 0 is never.
fn unix(value: &Value) -> Value {
    value.as_i64().filter(|s| *s != 0).map_or(Value::Null, |s| json!(s * 1_000_000))
}

fn micros(value: &Value) -> Value {
    let iso = || Some(value.as_str()?.parse::<jiff::Timestamp>().ok()?.as_microsecond());
    let float = || Some((value.as_f64()? * 1e6).round() as i64);
    iso().or_else(float).map_or(Value::Null, |us| json!(us))
}

fn filled(value: &Value) -> Value {
    if value == "" { Value::Null } else { value.clone() }
}

fn flag(value: bool) -> Value {
    json!(i64::from(value))
}

fn table(rows: Vec<Row>, key: &[&str]) -> BTreeMap<String, Row> {
    rows.into_iter().map(|row| (key_of(&row, key), row)).collect()
}

fn row(value: Value) -> Row {
    match value {
        Value::Object(map) => map,
        _ => Row::new(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// What Chatwoot has, as an administrator reads it.
/// `here` names contacts that no list has: anonymous ones, on releases whose search leaves them out.
pub(crate) async fn truth(stage: &Stage, here: &Tables) -> Tables {
    let get = async |path: String| stage.call("admin", Method::GET, &path, None).await.1;
    let (mut conversations, mut labels, mut messages, mut people) = (Vec::new(), Vec::new(), Vec::new(), BTreeSet::new());
    for page in 1.. {
        let answer = get(format!("/conversations?status=all&sort_by=created_at_asc&page={page}")).await;
        if list(&answer["data"]["payload"]).is_empty() {
            break;
        }
        for c in list(&answer["data"]["payload"]) {
            conversations.push(conversation(c));
            labels.extend(list(&c["labels"]).iter().map(|title| row(json!({"conversation_id": c["id"], "title": title}))));
            people.extend(c["meta"]["sender"]["id"].as_i64());
            let mut after = 0;
            loop {
                let page = get(format!("/conversations/{}/messages?after={after}", c["id"])).await;
                let Some(last) = list(&page["payload"]).iter().filter_map(|m| m["id"].as_i64()).max() else { break };
                messages.extend(list(&page["payload"]).iter().map(message));
                after = last;
            }
        }
    }
    for page in 1.. {
        let answer = get(format!("/contacts/search?q=%25&page={page}")).await;
        people.extend(list(&answer["payload"]).iter().filter_map(|c| c["id"].as_i64()));
        if answer["meta"]["has_more"] != true {
            break;
        }
    }
    people.extend(here["contacts"].values().filter_map(|contact| contact.get("id")?.as_i64()));
    let mut contacts = Vec::new();
    for id in people {
        let card = get(format!("/contacts/{id}")).await;
        if card["payload"]["id"].is_i64() {
            contacts.push(contact(&card["payload"]));
        }
    }
    let small = |answer: &Value, read: fn(&Value) -> Value| -> Vec<Row> { list(answer).iter().map(|one| row(read(one))).collect() };
    let agents = small(
        &get("/agents".into()).await,
        |a| json!({"id": a["id"], "name": a["name"], "email": a["email"].as_str().map(str::to_lowercase)}),
    );
    let channels = get("/inboxes".into()).await["payload"].clone();
    let templates = list(&channels).iter().flat_map(|i| list(&i["message_templates"]).iter().map(|t| template(&i["id"], t))).collect();
    let inboxes = small(&channels, |i| {
        let channel = i["channel_type"].as_str().unwrap_or_default().trim_start_matches("Channel::");
        json!({"id": i["id"], "name": i["name"], "channel": channel, "email": filled(&i["email"])})
    });
    let teams = small(&get("/teams".into()).await, |t| json!({"id": t["id"], "name": t["name"]}));
    let titles = small(
        &get("/labels".into()).await["payload"],
        |l| json!({"title": l["title"], "color": l["color"], "description": filled(&l["description"])}),
    );
    let canned =
        small(&get("/canned_responses".into()).await, |c| json!({"id": c["id"], "short_code": c["short_code"], "content": c["content"]}));
    let attributes = small(&get("/custom_attribute_definitions".into()).await, |a| {
        json!({"id": a["id"], "model": a["attribute_model"], "key": a["attribute_key"], "display_name": a["attribute_display_name"],
               "display_type": a["attribute_display_type"], "choices": a["attribute_values"], "regex_pattern": a["regex_pattern"], "regex_cue": a["regex_cue"]})
    });
    let mut ratings = Vec::new();
    for page in 1.. {
        let answer = get(format!("/csat_survey_responses?page={page}")).await;
        if list(&answer).is_empty() {
            break;
        }
        // What Chatwoot keeps of a conversation that is gone is nobody's to show.
        let told: Value = list(&answer).iter().filter(|r| r["conversation_id"].is_i64()).cloned().collect();
        ratings.extend(small(&told, |r| {
            json!({"id": r["id"], "conversation_id": r["conversation_id"], "message_id": r["message_id"], "contact_id": r["contact"]["id"],
                   "agent_id": r["assigned_agent"]["id"], "rating": r["rating"], "feedback": filled(&r["feedback_message"]),
                   "created_at_us": unix(&r["created_at"])})
        }));
    }
    let all = [conversations, labels, messages, contacts, agents, inboxes, teams, titles, canned, attributes, ratings, templates];
    TABLES.iter().zip(all).map(|((name, key), rows)| (*name, table(rows, key))).collect()
}

fn template(inbox: &Value, t: &Value) -> Row {
    let part =
        |kind: &str| list(&t["components"]).iter().find(|part| part["type"] == kind).map_or(Value::Null, |part| part["text"].clone());
    let buttons: Vec<&Value> =
        list(&t["components"]).iter().flat_map(|part| list(&part["buttons"])).map(|button| &button["text"]).collect();
    row(json!({"inbox_id": inbox, "name": t["name"], "language": t["language"], "category": t["category"], "namespace": t["namespace"],
               "header": part("HEADER"), "body": part("BODY").as_str().unwrap_or_default(), "footer": part("FOOTER"), "buttons": buttons}))
}

fn conversation(c: &Value) -> Row {
    let meta = &c["meta"];
    let agent = if meta["assignee_type"] == "AgentBot" { &Value::Null } else { &meta["assignee"] };
    row(json!({
        "id": c["id"], "status": c["status"], "priority": c["priority"], "inbox_id": c["inbox_id"],
        "contact_id": meta["sender"]["id"].as_i64().unwrap_or(0), "assignee_id": agent["id"], "assignee_name": agent["name"],
        "team_id": meta["team"]["id"], "unread_count": c["unread_count"], "can_reply": flag(c["can_reply"] == true),
        "waiting_since_us": unix(&c["waiting_since"]), "snoozed_until_us": micros(&c["snoozed_until"]), "created_at_us": unix(&c["created_at"]),
        "last_activity_at_us": unix(&c["last_activity_at"]), "updated_at_us": micros(&c["updated_at"]),
        "additional_attributes": c["additional_attributes"], "custom_attributes": c["custom_attributes"],
        "agent_last_seen_at_us": unix(&c["agent_last_seen_at"]), "first_reply_created_at_us": unix(&c["first_reply_created_at"]),
    }))
}

fn message(m: &Value) -> Row {
    const TYPES: [&str; 4] = ["incoming", "outgoing", "activity", "template"];
    let kind = m["message_type"].as_u64().and_then(|n| TYPES.get(usize::try_from(n).ok()?)).copied();
    let said = &m["content_attributes"];
    let mark = said["afenda_id"].as_str().or_else(|| m["source_id"].as_str().filter(|_| kind == Some("outgoing")));
    let sender = &m["sender"];
    let sender_kind = match sender["type"].as_str() {
        Some("agent_bot" | "captain_assistant") => Some("bot"),
        other => other,
    };
    row(json!({
        "id": m["id"], "conversation_id": m["conversation_id"], "message_type": kind, "private": flag(m["private"] == true),
        "content": m["content"], "content_type": m["content_type"], "state": m["status"], "error": said["external_error"],
        "sender_kind": sender_kind, "sender_id": sender["id"], "sender_name": sender["name"],
        "attachments": list(&m["attachments"]).iter().map(attachment).collect::<Vec<_>>(), "deleted": flag(said["deleted"] == true),
        "in_reply_to": said["in_reply_to"], "mail": mail(said), "afenda_id": mark.filter(|m| m.len() == 36), "created_at_us": unix(&m["created_at"]),
    }))
}

/// What stands over a mail: where it was sent from, in lists of its own; where it was received, in `email`.
fn mail(said: &Value) -> Value {
    let mut out = Row::new();
    for field in ["from", "to", "cc", "bcc"] {
        let sent = &said[format!("{field}_emails")];
        let all = if list(sent).is_empty() { &said["email"][field] } else { sent };
        if !list(all).is_empty() {
            out.insert(field.to_owned(), all.clone());
        }
    }
    if said["email"]["subject"].is_string() {
        out.insert("subject".to_owned(), said["email"]["subject"].clone());
    }
    if out.is_empty() { Value::Null } else { Value::Object(out) }
}

fn attachment(a: &Value) -> Value {
    let name = a["data_url"].as_str().and_then(|url| url.rsplit('/').next()).unwrap_or_default();
    json!({"id": a["id"], "file_type": a["file_type"], "name": name, "file_size": a["file_size"], "url": a["data_url"]})
}

fn contact(c: &Value) -> Row {
    row(json!({
        "id": c["id"], "name": c["name"].as_str().unwrap_or_default(), "email": filled(&c["email"]), "phone_number": filled(&c["phone_number"]),
        "identifier": filled(&c["identifier"]), "blocked": flag(c["blocked"] == true), "additional_attributes": c["additional_attributes"],
        "custom_attributes": c["custom_attributes"], "last_activity_at_us": unix(&c["last_activity_at"]), "created_at_us": unix(&c["created_at"]),
    }))
}

/// Everything that differs. With `silent`, what Chatwoot left no trace of is passed over; without `all_contacts`, which no Chatwoot before 4.11
/// lists, anonymous contacts without a conversation.
pub(crate) fn differences(there: &Tables, here: &Tables, silent: Option<&Silent>, all_contacts: bool) -> Vec<Difference> {
    let mut found = Vec::new();
    let with_conversation: BTreeSet<String> =
        there["conversations"].values().filter_map(|c| Some(c.get("contact_id")?.to_string())).collect();
    let untold = silent.map(|silent| (silent, silent.messages(), silent.contacts()));
    for (table, _) in &TABLES {
        let (there, here) = (&there[table], &here[table]);
        let keys: BTreeSet<&String> = there.keys().chain(here.keys()).collect();
        for key in keys {
            let row = |field: &str, chatwoot: String, here: String| Difference {
                table,
                key: key.clone(),
                field: field.to_owned(),
                chatwoot,
                here,
            };
            let (a, b) = (there.get(key), here.get(key));
            if *table == "contacts" && (silent.is_some() || !all_contacts) && b.is_none() && !with_conversation.contains(key) {
                continue;
            }
            if let Some((silent, messages, contacts)) = &untold
                && passed_over(table, a.or(b), (a.is_some(), b.is_some()), silent, (messages, contacts))
            {
                continue;
            }
            match (a, b) {
                (Some(a), Some(b)) => {
                    for (field, value) in b {
                        let wanted = a.get(field).cloned().unwrap_or_else(|| json!("a column that this test does not know"));
                        let ignored = silent.is_some() && untraced(table, field);
                        if !ignored && !same(table, field, &wanted, value) {
                            found.push(row(field, wanted.to_string(), value.to_string()));
                        }
                    }
                }
                (Some(a), None) => found.push(row("", json!(a).to_string(), "nothing".to_owned())),
                (None, b) => found.push(row("", "nothing".to_owned(), json!(b).to_string())),
            }
        }
    }
    found
}

fn same(table: &str, field: &str, there: &Value, here: &Value) -> bool {
    match (table, field) {
        // Retrying and deleting a message takes our mark away there; here it stays known.
        ("messages", "afenda_id") => there.is_null() || there == here,
        // What had a sender keeps it here when its account is gone there.
        ("messages", "sender_kind" | "sender_id" | "sender_name") => there.is_null() || there == here,
        // Frames say fractions, REST whole seconds.
        ("conversations", "first_reply_created_at_us") => match (there.as_i64(), here.as_i64()) {
            (Some(a), Some(b)) => a / 1_000_000 == b / 1_000_000,
            _ => there == here,
        },
        // Chatwoot before 4.9 keeps no in_reply_to that was not found; absent and null are one.
        _ => there == here,
    }
}

/// Columns that change without event or clock (12.3).
fn untraced(table: &str, field: &str) -> bool {
    matches!(
        (table, field),
        ("conversations", "unread_count" | "agent_last_seen_at_us" | "additional_attributes")
            | ("messages", "sender_name")
            | ("contacts", "additional_attributes")
    )
}

fn passed_over(
    table: &str,
    row: Option<&Row>,
    (there, here): (bool, bool),
    silent: &Silent,
    (messages, contacts): (&BTreeSet<i64>, &BTreeSet<i64>),
) -> bool {
    let number = |field: &str| row.and_then(|row| row.get(field)?.as_i64()).unwrap_or_default();
    match table {
        "conversations" => !there && silent.gone_conversations.contains(&number("id")),
        "conversation_labels" => silent.relabelled || silent.gone_conversations.contains(&number("conversation_id")),
        "messages" => messages.contains(&number("id")) || (!there && silent.gone_conversations.contains(&number("conversation_id"))),
        "contacts" => contacts.contains(&number("id")) || (here && !there && silent.gone_contacts.contains(&number("id"))),
        "agents" | "canned_responses" | "custom_attribute_definitions" | "csat_responses" => true,
        "labels" | "inboxes" | "teams" | "message_templates" => silent.lists(),
        _ => false,
    }
}
