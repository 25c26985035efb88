//! What agents are to each other and to a conversation: who takes part, who is there, and what a macro does.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::inbox::{Named, words};

words!(
    /// Whether an agent takes work, in Chatwoot's words.
    Availability {
        /// Takes new conversations.
        Online = "online",
        /// There, and takes none.
        Busy = "busy",
        /// Away.
        Offline = "offline",
    }
);

/// The caller's availability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AvailabilityView {
    /// As chosen; Chatwoot shows it while the agent is there.
    pub availability: Availability,
}

/// The caller's signature for e-mails, as they wrote it in Chatwoot. Chatwoot adds it to nothing that comes through its API: its own page
/// puts it into the text, and so does whoever writes through this one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignatureView {
    /// Markdown, up to 10,000 characters; `null`: none.
    pub signature: Option<String>,
}

/// Who is to take part in a conversation, and who no longer. Whoever is named in neither stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ParticipantChange {
    /// Agents to add, by Chatwoot's id.
    #[serde(default)]
    pub add: Vec<i64>,
    /// Agents to remove.
    #[serde(default)]
    pub remove: Vec<i64>,
}

/// One step of a macro.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MacroStep {
    /// Chatwoot's word, such as `add_label`.
    pub action: String,
    /// What it is done with, as Chatwoot keeps it; untrusted.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    pub params: Vec<Value>,
}

/// Characters of a text that are said of a message in a macro.
const TEXT_MAX: usize = 200;

impl MacroStep {
    /// What it does, for people: `adds the label “vip”`. Numbers become names where those are known.
    pub fn words(&self, agents: &[Named], teams: &[Named]) -> String {
        let texts: Vec<String> = self.params.iter().filter_map(text).collect();
        let quoted = || texts.iter().map(|text| format!("“{}”", cut(text))).collect::<Vec<_>>().join(", ");
        let of = |list: &[Named], what: &str| {
            let name = |text: &String| match text.parse::<i64>() {
                Ok(id) => list.iter().find(|known| known.id == id).map_or_else(|| format!("{what} {id}"), |known| known.name.clone()),
                Err(_) => text.clone(),
            };
            texts.iter().map(name).collect::<Vec<_>>().join(", ")
        };
        match self.action.as_str() {
            "assign_team" => format!("gives it to team {}", of(teams, "number")),
            "remove_assigned_team" => "takes it from its team".into(),
            "assign_agent" => match texts.first().map(String::as_str) {
                Some("self") => "assigns it to you".into(),
                Some("nil") | None => "assigns it to nobody".into(),
                Some(_) => format!("assigns it to {}", of(agents, "agent")),
            },
            "add_label" => format!("adds the label {}", quoted()),
            "remove_label" => format!("removes the label {}", quoted()),
            "change_priority" => match texts.first().map(String::as_str) {
                None | Some("nil") => "takes its priority away".into(),
                Some(priority) => format!("sets the priority to {}", cut(priority)),
            },
            "change_status" => format!("sets the status to {}", quoted()),
            "resolve_conversation" => "resolves it".into(),
            "snooze_conversation" => "snoozes it until the customer writes".into(),
            "mute_conversation" => "blocks the customer, and resolves it".into(),
            "send_message" => format!("sends the CUSTOMER {}", quoted()),
            "add_private_note" => format!("writes a note for the team: {}", quoted()),
            "send_email_transcript" => format!("e-mails the whole conversation to {}", quoted()),
            "send_attachment" => "sends the CUSTOMER a file".into(),
            "send_webhook_event" => format!("tells {}", quoted()),
            other if texts.is_empty() => cut(&other.replace('_', " ")),
            other => format!("{} {}", cut(&other.replace('_', " ")), quoted()),
        }
    }

    /// Whether the customer gets something to read.
    pub fn writes(&self) -> bool {
        matches!(self.action.as_str(), "send_message" | "send_attachment")
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() > TEXT_MAX { text.chars().take(TEXT_MAX).chain(['…']).collect() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_step_says_what_it_does() {
        let named = |id, name: &str| Named { id, name: name.into() };
        let (agents, teams) = (vec![named(7, "Ada")], vec![named(3, "billing")]);
        for (action, params, want) in [
            ("assign_team", json!([3]), "gives it to team billing"),
            ("assign_team", json!([9]), "gives it to team number 9"),
            ("assign_agent", json!(["self"]), "assigns it to you"),
            ("assign_agent", json!([7]), "assigns it to Ada"),
            ("assign_agent", json!(["nil"]), "assigns it to nobody"),
            ("add_label", json!(["vip", "refund"]), "adds the label “vip”, “refund”"),
            ("change_priority", json!(["urgent"]), "sets the priority to urgent"),
            ("change_priority", json!([null]), "takes its priority away"),
            ("resolve_conversation", json!([]), "resolves it"),
            ("mute_conversation", json!([]), "blocks the customer, and resolves it"),
            ("send_message", json!(["Bye"]), "sends the CUSTOMER “Bye”"),
            ("add_private_note", json!(["x"]), "writes a note for the team: “x”"),
            ("new_thing", json!([{"a": 1}]), "new thing “{\"a\":1}”"),
        ] {
            let step = MacroStep { action: action.into(), params: params.as_array().unwrap().clone() };
            assert_eq!(step.words(&agents, &teams), want);
            assert_eq!(step.writes(), action == "send_message");
        }
    }
}
