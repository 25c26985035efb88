//! What is written to a conversation or a contact.

use std::collections::BTreeMap;
use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::ConversationStatus;
use crate::inbox::words;
use crate::people::{MacroStep, ParticipantChange};
use crate::template::UseTemplate;

/// A reply to the customer, or a private note. With files it goes as a form: this as the part `message`, each file as a part `attachments`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    /// The text, up to 150,000 characters as in Chatwoot; not empty, unless there are files or `canned`. It arrives as it is: what looks like
    /// Liquid in it is no Liquid.
    #[serde(default)]
    pub content: String,
    /// A note that only the team sees.
    #[serde(default)]
    pub private: bool,
    /// Seconds to wait before it leaves, during which it can be recalled; absent = the configured hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_seconds: Option<u32>,
    /// Whom to notify, in a note: where the text has `@Name`, there, else at its beginning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Mention>,
    /// Code of a canned response to send instead of `content`. Chatwoot fills in what it knows (`{{contact.name}}`), `vars` the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canned: Option<String>,
    /// Values for what a canned response leaves open, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vars: BTreeMap<String, String>,
    /// The message of the same conversation that it answers, by Chatwoot's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<i64>,
    /// Addresses that a reply in an e-mail inbox goes to, up to 50; none = the contact's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// Addresses that get a copy, as `to`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<String>,
    /// Addresses that get a copy without the others knowing, as `to`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bcc: Vec<String>,
    /// A template of the conversation's WhatsApp inbox to send instead of `content`; the only text that arrives once the reply window is
    /// closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<UseTemplate>,
}

impl NewMessage {
    /// A message of text alone.
    pub fn text(content: impl Into<String>, private: bool) -> Self {
        Self { content: content.into(), private, ..Self::default() }
    }
}

/// How a message is deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteMessage {
    /// Seconds to wait before it is deleted, during which it can be recalled; absent = at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_seconds: Option<u32>,
}

/// Whom a note notifies, by Chatwoot's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mention {
    /// An agent.
    Agent(i64),
    /// Everybody in a team.
    Team(i64),
}

/// What to change on a conversation; absent fields stay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationPatch {
    /// New status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ConversationStatus>,
    /// With status snoozed: until when; absent = until the customer writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub snoozed_until: Option<Timestamp>,
    /// `me`, an agent's id, or `none`.
    #[serde(default, deserialize_with = "text_or_number", skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// A team's id, or 0 for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<i64>,
    /// Labels to add and remove, or the whole list as it is to be; either is merged with what Chatwoot has when the write is carried out, so
    /// that a colleague's change is not undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Labels>,
    /// New priority, or `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// Custom attributes to set and to remove; merged with what Chatwoot has when the write is carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_attributes: Option<AttributeChange>,
    /// `true`: the contact is blocked and the conversation resolved, as Chatwoot's mute does. `false`: the contact is blocked no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<bool>,
    /// Agents who are to take part, and who no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participants: Option<ParticipantChange>,
    /// `true`: read up to now. `false`: unread from the customer's last message on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<bool>,
    /// So many seconds it waits in the outbox, where it can be cancelled; absent = 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_seconds: Option<u32>,
}

/// An id may be written as a number too.
pub(crate) fn text_or_number<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "text or a number")]
    enum Either {
        Text(String),
        Number(i64),
    }
    Ok(Option::<Either>::deserialize(d)?.map(|either| match either {
        Either::Text(text) => text,
        Either::Number(number) => number.to_string(),
    }))
}

/// What becomes of a conversation's labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged, expecting = "a list of labels, or an object with `add` and `remove`")]
pub enum Labels {
    /// The whole list; what is there and not in it is removed.
    Whole(Vec<String>),
    /// Only what changes.
    Change(LabelChange),
}

/// Labels to add and to remove.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelChange {
    /// To add.
    #[serde(default)]
    pub add: Vec<String>,
    /// To remove.
    #[serde(default)]
    pub remove: Vec<String>,
}

/// Custom attributes to set and to remove. What is named in neither stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttributeChange {
    /// Keys with their new values: text of at most 1,500 characters, numbers, true, false, lists; as Chatwoot takes them.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub set: Map<String, Value>,
    /// Keys to remove.
    #[serde(default)]
    pub unset: Vec<String>,
}

/// What to change on a contact; absent fields stay, `null` clears one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContactPatch {
    /// New name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// New e-mail address.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub email: Option<Option<String>>,
    /// New phone number in E.164 form, such as `+4930123456`.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub phone_number: Option<Option<String>>,
    /// New id in the shop's own systems.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub identifier: Option<Option<String>>,
    /// Whether Chatwoot blocks the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<bool>,
    /// Keys that Chatwoot knows, such as `city`, `country` and `company_name`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub additional_attributes: Map<String, Value>,
    /// The account's own attributes to set and to remove.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_attributes: Option<AttributeChange>,
}

/// Tells `null` from absent.
fn given<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(d).map(Some)
}

/// Why a conversation needs a decision, and who has it meanwhile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Escalate {
    /// What the approver is asked, 1 to 4,000 characters; its first line becomes the title.
    pub reason: String,
    /// Whose it is from then on: me, none or an agent's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    /// A team's id; 0 takes it from its team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<i64>,
    /// urgent, high, medium, low or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
}

impl From<&str> for Escalate {
    fn from(reason: &str) -> Self {
        Self { reason: reason.to_owned(), ..Self::default() }
    }
}

words!(
    /// What a write does in Chatwoot besides what it says.
    EffectKind {
        /// An agent who opens a conversation gets it.
        Takes = "takes",
        /// The assignee is not in the team and loses it.
        ClearsAssignee = "clears_assignee",
        /// Somebody of the team may get it.
        MayAssign = "may_assign",
        /// A snooze without a time keeps the one it has.
        KeepsTime = "keeps_time",
        /// The channel takes no reply now.
        CannotReply = "cannot_reply",
        /// Chatwoot shows another author.
        Author = "author",
    }
);

/// One thing that a write does besides what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Effect {
    /// For programs.
    pub kind: EffectKind,
    /// For people, a sentence without its full stop.
    pub text: String,
}

/// What somebody is about to write.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EffectQuery {
    /// A status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub status: Option<ConversationStatus>,
    /// With status snoozed: whether a time is named.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub timed: bool,
    /// A team's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<i64>,
    /// reply, template or note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// That the caller types, or no longer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Typing {
    /// Types.
    pub on: bool,
    /// A note: only the team sees it.
    #[serde(default)]
    pub private: bool,
}

/// Whether it was passed on: not while Chatwoot is away, and not more often than it is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TypingView {
    /// Passed on.
    pub sent: bool,
}

/// A macro of Chatwoot's that the caller may run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MacroView {
    /// Chatwoot's id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What it does, in Chatwoot's words, in order.
    pub actions: Vec<String>,
    /// The same with what each is done with.
    #[serde(default)]
    pub steps: Vec<MacroStep>,
}

/// Which macro to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunMacro {
    /// Chatwoot's id.
    pub id: i64,
    /// So many seconds it waits in the outbox, where it can be cancelled; absent = 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_seconds: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_takes_what_people_write() {
        let read = |text: &str| serde_json::from_str::<ConversationPatch>(text);
        assert_eq!(read(r#"{"assignee":7}"#).unwrap().assignee.as_deref(), Some("7"));
        assert_eq!(read(r#"{"assignee":"me"}"#).unwrap().assignee.as_deref(), Some("me"));
        assert_eq!(read(r#"{"labels":["a"]}"#).unwrap().labels, Some(Labels::Whole(vec!["a".to_owned()])));
        let change = LabelChange { add: vec!["a".to_owned()], remove: vec![] };
        assert_eq!(read(r#"{"labels":{"add":["a"]}}"#).unwrap().labels, Some(Labels::Change(change)));
        let said = read(r#"{"labels":{"addd":["a"]}}"#).unwrap_err().to_string();
        assert!(said.contains("`add` and `remove`"), "{said}");
        assert!(read(r#"{"statsu":"open"}"#).is_err());
    }
}
