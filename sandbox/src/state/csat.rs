//! Surveys: asked once when a conversation is resolved, answered by the customer (contract 9).

use serde_json::{Value, json};

use super::{Csat, Id, Job, MessageType, NewMessage, State, Status, take};
use crate::params::to_i;

/// What is asked when the inbox does not say.
const QUESTION: &str = "Please rate the conversation";
/// Ratings that count.
pub(crate) const RATINGS: std::ops::RangeInclusive<i64> = 1..=5;

impl State {
    /// Asks how it was, in an inbox that does so, where its labels allow it, and never twice.
    pub(super) fn send_survey(&mut self, conversation: Id) {
        let Some(c) = self.conversations.get(&conversation).filter(|c| c.status == Status::Resolved) else { return };
        let Some(inbox) = self.inboxes.get(&c.inbox_id).filter(|i| i.flag("csat_survey_enabled")) else { return };
        if self.survey(conversation).is_some() {
            return;
        }
        let config = inbox.settings.get("csat_config").cloned().unwrap_or_default();
        let said = |key: &str| config.get(key).and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_owned);
        let rules = config.get("survey_rules").cloned().unwrap_or_default();
        let labels: Vec<&str> = rules.get("values").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let tagged = c.labels.iter().any(|l| labels.contains(&l.as_str()));
        let unwanted = rules.get("operator").and_then(Value::as_str) == Some("does_not_contain");
        if !labels.is_empty() && tagged == unwanted {
            return;
        }
        let mut new = NewMessage::plain(said("message").or_else(|| Some(QUESTION.to_owned())), MessageType::Template, None);
        new.content_type = Some("input_csat".into());
        new.content_attributes.insert("display_type".into(), json!(said("display_type").unwrap_or_else(|| "emoji".into())));
        if let Err(refusal) = self.create_message(conversation, new) {
            tracing::warn!(?refusal, "a survey was refused");
        }
    }

    /// The survey message of a conversation.
    pub(crate) fn survey(&self, conversation: Id) -> Option<&super::Message> {
        self.thread(conversation).find(|m| m.content_type == "input_csat")
    }

    /// The answer to a survey message.
    pub(crate) fn rating_of(&self, message: Id) -> Option<&Csat> {
        self.csats.values().find(|r| r.message_id == message)
    }

    /// Writes what the customer chose into the message; a survey's answer is noted a moment later.
    pub(crate) fn submit(&mut self, message: Id, values: Value) {
        let mut survey = false;
        self.update_message(message, None, |m| {
            survey = m.content_type == "input_csat";
            m.content_attributes.insert("submitted_values".into(), values);
        });
        if survey {
            self.later(Job::Rated(message));
        }
    }

    /// Notes the rating of a survey message, over an earlier one; what is no rating is left out.
    pub(super) fn note_rating(&mut self, message: Id) {
        let Some(m) = self.messages.get(&message) else { return };
        let Some(c) = self.conversations.get(&m.conversation_id) else { return };
        let answer = m.content_attributes.get("submitted_values").and_then(|v| v.get("csat_survey_response")).cloned().unwrap_or_default();
        let rating = answer.get("rating").map(to_i).filter(|r| RATINGS.contains(r));
        let Some(rating) = rating else { return };
        let now = self.now();
        let known = self.rating_of(message).cloned();
        let row = Csat {
            id: known.as_ref().map_or_else(|| take(&mut self.ids.small), |r| r.id),
            account_id: c.account_id,
            conversation_id: c.id,
            message_id: message,
            contact_id: c.contact_id,
            assigned_agent_id: c.assignee_id,
            rating,
            feedback: answer.get("feedback_message").and_then(Value::as_str).map(str::to_owned),
            created_at: known.map_or(now, |r| r.created_at),
            updated_at: now,
        };
        self.csats.insert(row.id, row);
    }
}
