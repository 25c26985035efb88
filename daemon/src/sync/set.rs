//! How an outbox entry that is no message is written to Chatwoot: values, sets that are merged, macros.
//!
//! Two rules keep colleagues' changes: what replaces a whole set (labels, custom attributes) is merged with a fresh read, and a value whose
//! earlier try has an unknown outcome is written again only over what stood there before (`domain::outbox::found`), a label only where nobody
//! changed it since (`labels`).

use api::inbox::{ConversationStatus, OutboxState};
use chatwoot::Client;
use chatwoot::error::Error;
use chatwoot::model::{AssignmentAnswer, Attributes, Priority, Status};
use serde_json::{Value, json};

use super::labels::{self, Left};
use super::write::Tried;
use super::{Core, normalise};
use crate::clock::SECOND;
use crate::domain::outbox::{Found, backoff, found};
use crate::store::{OutboxKind, OutboxRow, merge_attributes, merge_labels, words};

/// What to do with an entry.
enum Step {
    /// Done.
    Done,
    /// Chatwoot did not do it, although it answered; or it is not to be done again.
    Over(OutboxState, String),
    /// Only this is left to do, in the shape of the payload.
    Rest(Value),
}

/// One try. `row` is as it was before this try began.
pub(super) async fn change(core: &Core, row: &OutboxRow) -> Tried {
    let acting = match core.acting(row) {
        Ok(acting) => acting,
        Err(err) => return Tried::Failed(err),
    };
    let known = match row.unsure {
        true => after_unsure(core, row).await,
        false => Ok(None),
    };
    if let (OutboxKind::Delete, Ok(None)) = (row.kind, &known) {
        let message = row.payload.get("message_id").and_then(Value::as_i64).unwrap_or_default();
        return match acting.client.delete_message(row.conversation_id, message).await {
            Ok(deleted) => Tried::Deleted(Box::new(deleted)),
            Err(err) => Tried::Failed(err),
        };
    }
    let step = match known {
        Ok(Some(Step::Rest(payload))) => set(&acting.client, &OutboxRow { payload, ..row.clone() }).await,
        Ok(Some(step)) => Ok(step),
        Ok(None) => set(&acting.client, row).await,
        Err(err) if err.is_gone() => Err(err),
        Err(err) => {
            let not_before = core.now() + core.paced_us(backoff(row.attempts + 1, rand::random()));
            return Tried::Later { why: format!("not known yet whether it was done: {err}"), unsure: true, not_before };
        }
    };
    match step {
        Ok(Step::Done | Step::Rest(_)) => {}
        Ok(Step::Over(state, why)) => return Tried::Over(state, why),
        Err(err) => return Tried::Failed(err),
    }
    if row.kind == OutboxKind::Contact {
        return Tried::Set(None);
    }
    let id = row.conversation_id;
    let asked = core.asked();
    let read = core.call_for_person(|client| async move { client.conversation(id).await }).await;
    Tried::Set(read.ok().map(|read| (Box::new(read), asked)))
}

/// What is left to do after a try that may have been carried out; `None`: the same again.
async fn after_unsure(core: &Core, row: &OutboxRow) -> Result<Option<Step>, Error> {
    let gives_way = |what: &str, now: &Value| {
        let why = format!("it is not known whether the {what} was set, and it is {} now: left to whoever changed it", shown(now));
        Some(Step::Over(OutboxState::Failed, why))
    };
    let was = row.payload.get("was").cloned().unwrap_or_default();
    match row.kind {
        OutboxKind::Status | OutboxKind::Assignee | OutboxKind::Team | OutboxKind::Priority => {
            let id = row.conversation_id;
            let read = core.call_for_person(|client| async move { client.conversation(id).await }).await?;
            let Some(fresh) = normalise::conversation(&read) else { return Ok(None) };
            let now = match row.kind {
                OutboxKind::Status => status_value(fresh.status, fresh.snoozed_until),
                OutboxKind::Priority => json!({ "priority": fresh.priority }),
                OutboxKind::Assignee => json!({ "id": fresh.assignee.as_ref().map(|agent| agent.0) }),
                _ => json!({ "id": fresh.team_id }),
            };
            let (ours, was) = match row.kind {
                OutboxKind::Status => (evened(&row.payload, Some(&now)), evened(&was, None)),
                OutboxKind::Priority => (json!({ "priority": row.payload.get("priority") }), was),
                _ => (json!({ "id": row.payload.get("id") }), was),
            };
            Ok(match found(&now, &ours, &was) {
                Found::Ours => Some(Step::Done),
                Found::Untouched => None,
                Found::Changed => gives_way(row.kind.as_str(), &now),
            })
        }
        OutboxKind::Contact => {
            let id = row.contact_id.unwrap_or_default();
            let fresh = normalise::contact(&core.call_for_person(|client| async move { client.contact(id).await }).await?).view;
            let fresh = json!({ "name": fresh.name, "email": fresh.email, "phone_number": fresh.phone_number,
                "identifier": fresh.identifier, "blocked": fresh.blocked });
            for (key, ours) in row.payload.get("fields").and_then(Value::as_object).into_iter().flatten() {
                let (now, was) = (fresh.get(key).unwrap_or(&Value::Null), was.get(key).unwrap_or(&Value::Null));
                if found(now, ours, was) == Found::Changed {
                    return Ok(gives_way(key, now));
                }
            }
            Ok(None) // What is ours already is set once more, to the same.
        }
        // It may write to the customer, and it leaves no mark to look for.
        OutboxKind::Macro => Ok(Some(Step::Over(
            OutboxState::Held,
            "it is not known whether the macro ran; look in Chatwoot, then retry or discard it".to_owned(),
        ))),
        // Not done twice: each time an activity line says so.
        OutboxKind::Mute => {
            let id = row.conversation_id;
            let read = core.call_for_person(|client| async move { client.conversation(id).await }).await?;
            let muted = row.payload.get("muted").and_then(Value::as_bool).unwrap_or_default();
            let so = read.muted == Some(muted) && (!muted || read.status == Status::Resolved);
            Ok(so.then_some(Step::Done))
        }
        OutboxKind::Labels => Ok(match labels::left(core, row).await? {
            Left::Todo(payload) => Some(Step::Rest(payload)),
            Left::Nothing => Some(Step::Done),
            Left::Others(named) => {
                let why =
                    format!("it is not known whether the labels were set, and {} was changed since: left to whoever did", named.join(", "));
                Some(Step::Over(OutboxState::Failed, why))
            }
        }),
        // Merged with what is there; a mark in time, which moves on by itself; or a second deletion, which is 200 without an event (5.4).
        OutboxKind::Attributes | OutboxKind::Read | OutboxKind::Unread | OutboxKind::Participants | OutboxKind::Delete => Ok(None),
        // `write` and `contact` look for those.
        OutboxKind::Reply | OutboxKind::Note | OutboxKind::ContactNote | OutboxKind::Conversation => Ok(None),
    }
}

/// A status with its time, in the shape of a payload. Chatwoot keeps whole seconds.
fn status_value(status: ConversationStatus, until_us: Option<i64>) -> Value {
    let until = until_us.filter(|_| status == ConversationStatus::Snoozed).map(|at| at / SECOND);
    json!({ "status": status, "until_s": until })
}

/// The status of a payload in that shape. A snooze that names no time keeps the one that `now` has.
fn evened(payload: &Value, now: Option<&Value>) -> Value {
    let status = payload.get("status").and_then(Value::as_str).and_then(|word| word.parse().ok());
    let Some(status) = status else { return Value::Null };
    match payload.get("snoozed_until_us").and_then(Value::as_i64) {
        None if status == ConversationStatus::Snoozed => {
            json!({ "status": status, "until_s": now.and_then(|now| now.get("until_s")) })
        }
        until => status_value(status, until),
    }
}

/// A value for people.
fn shown(now: &Value) -> String {
    let value = match now {
        Value::Object(fields) => fields.values().next().cloned().unwrap_or_default(),
        other => other.clone(),
    };
    match value {
        Value::Null => "empty".to_owned(),
        Value::String(text) => format!("`{text}`"),
        other => other.to_string(),
    }
}

/// Carries it out.
async fn set(client: &Client, row: &OutboxRow) -> Result<Step, Error> {
    let (id, payload) = (row.conversation_id, &row.payload);
    let number = |key: &str| payload.get(key).and_then(Value::as_i64);
    let text = |key: &str| payload.get(key).and_then(Value::as_str);
    let refused = |why: String| Ok(Step::Over(OutboxState::Failed, why));
    match row.kind {
        OutboxKind::Reply | OutboxKind::Note | OutboxKind::Delete | OutboxKind::ContactNote | OutboxKind::Conversation => {}
        OutboxKind::Labels => {
            // Chatwoot replaces the whole set: what others added meanwhile must be in it.
            let mut now = client.conversation_labels(id).await?;
            let merged = merge_labels(now.clone(), payload);
            now.sort();
            if now != merged {
                client.set_conversation_labels(id, &merged).await?;
            }
        }
        OutboxKind::Attributes => {
            // The whole object is replaced here too.
            let now = client.conversation(id).await?.custom_attributes;
            let merged = merge_attributes(now.clone(), payload);
            if now != merged {
                client.set_conversation_attributes(id, &merged).await?;
            }
        }
        OutboxKind::Assignee => {
            let agent = number("id").filter(|agent| *agent > 0);
            let answer = client.assign_agent(id, agent).await?;
            // Chatwoot unassigns for an agent it does not know, and calls that a success.
            if let (Some(agent), AssignmentAnswer::Nobody) = (agent, answer) {
                return refused(format!("Chatwoot has no agent {} ({agent}) in this account", text("name").unwrap_or_default()));
            }
        }
        OutboxKind::Team => {
            let team = number("id").filter(|team| *team > 0);
            let answer = client.assign_team(id, team).await?;
            if let (Some(team), AssignmentAnswer::Nobody) = (team, answer) {
                return refused(format!("Chatwoot has no team {team} in this account"));
            }
        }
        OutboxKind::Status => {
            let status = Status::from(text("status").unwrap_or_default());
            if let Status::Other(word) = &status {
                return refused(format!("`{word}` is no status"));
            }
            client.toggle_status(id, &status, number("snoozed_until_us").map(|at| at / SECOND)).await?;
        }
        OutboxKind::Priority => {
            let priority = text("priority").map(Priority::from);
            if let Some(Priority::Other(word)) = &priority {
                return refused(format!("`{word}` is no priority"));
            }
            client.toggle_priority(id, priority.as_ref()).await?;
        }
        OutboxKind::Read => {
            client.update_last_seen(id).await?;
        }
        OutboxKind::Unread => {
            client.mark_unread(id).await?;
        }
        OutboxKind::Mute => client.mute(id, payload.get("muted").and_then(Value::as_bool).unwrap_or_default()).await?,
        OutboxKind::Participants => {
            let ids = |key: &str| -> Vec<i64> {
                payload.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_i64).collect()
            };
            let (add, remove) = (ids("add"), ids("remove"));
            if !add.is_empty() {
                client.add_participants(id, &add).await?;
            }
            if !remove.is_empty() {
                client.remove_participants(id, &remove).await?;
            }
        }
        OutboxKind::Contact => set_contact(client, row).await?,
        OutboxKind::Macro => return run_macro(client, row).await,
    }
    Ok(Step::Done)
}

/// Only what was changed is sent; Chatwoot merges attributes by key, so that a colleague's change of another key stays.
async fn set_contact(client: &Client, row: &OutboxRow) -> Result<(), Error> {
    let id = row.contact_id.unwrap_or_default();
    let object = |key: &str| row.payload.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
    let mut fields: Attributes = object("fields");
    for (key, part) in [("additional_attributes", object("additional")), ("custom_attributes", object("set"))] {
        if !part.is_empty() {
            fields.insert(key.to_owned(), Value::Object(part));
        }
    }
    if !fields.is_empty() {
        client.update_contact(id, &fields).await?;
    }
    let unset = words(&row.payload, "unset");
    if !unset.is_empty() {
        client.destroy_contact_attributes(id, &unset).await?;
    }
    Ok(())
}

/// Chatwoot answers the same for a macro that it does not know, and does nothing: it must be in the list.
async fn run_macro(client: &Client, row: &OutboxRow) -> Result<Step, Error> {
    let id = row.payload.get("id").and_then(Value::as_i64).unwrap_or_default();
    if !client.macros().await?.iter().any(|known| known.id == id) {
        return Ok(Step::Over(OutboxState::Failed, format!("Chatwoot has no macro {id} for this agent")));
    }
    client.execute_macro(id, &[row.conversation_id]).await?;
    Ok(Step::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snooze_is_the_same_up_to_the_second_and_without_a_time_whatever_the_time() {
        let at = |us: i64| json!({"status": "snoozed", "snoozed_until_us": us});
        let now = status_value(ConversationStatus::Snoozed, Some(7_000_000));
        assert_eq!(evened(&at(7_900_000), Some(&now)), now);
        assert_ne!(evened(&at(9_000_000), Some(&now)), now);
        assert_eq!(evened(&json!({"status": "snoozed", "snoozed_until_us": null}), Some(&now)), now);
        assert_eq!(evened(&json!({"status": "open"}), Some(&now)), status_value(ConversationStatus::Open, Some(1)));
    }

    #[test]
    fn what_gave_way_is_said_in_words() {
        assert_eq!(shown(&json!({"id": null})), "empty");
        assert_eq!(shown(&json!({"status": "open", "until_s": null})), "`open`");
        assert_eq!(shown(&json!(true)), "true");
    }
}
