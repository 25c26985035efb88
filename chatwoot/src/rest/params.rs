//! What calls are given: list filters, messages to write, webhooks to set up.

use std::path::PathBuf;

use bytes::Bytes;
use serde::Serialize;

use crate::model::Attributes;

/// Pairs for a query string.
pub(super) type Pairs = Vec<(&'static str, String)>;

/// Whose conversations to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AssigneeFilter {
    /// The token's own.
    Me,
    /// Nobody's.
    Unassigned,
    /// Somebody's.
    Assigned,
}

impl AssigneeFilter {
    fn as_str(self) -> &'static str {
        match self {
            Self::Me => "me",
            Self::Unassigned => "unassigned",
            Self::Assigned => "assigned",
        }
    }
}

/// Order of a list of conversations. Rows that tie come in any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ListSort {
    /// Latest activity first. Reshuffles while a list is walked.
    #[default]
    ActivityDesc,
    /// Oldest first: the order to walk all of them in (section 12.1).
    CreatedAsc,
    /// Newest first.
    CreatedDesc,
}

/// Filter of a list of conversations (section 4.1).
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    /// A status, or "all"; **open** when none.
    pub status: Option<String>,
    /// Whose; everybody's when none.
    pub assignee: Option<AssigneeFilter>,
    /// One inbox.
    pub inbox_id: Option<i64>,
    /// One team.
    pub team_id: Option<i64>,
    /// Any of these labels.
    pub labels: Vec<String>,
    /// Only those where the token's user was mentioned.
    pub mentioned: bool,
    /// Part of a message's text.
    pub q: Option<String>,
    /// Order.
    pub sort: ListSort,
    /// Page from 1, 25 rows each.
    pub page: Option<u32>,
    /// Only rows changed in the last so many seconds of the server's clock. **No paging then**: above about 1,000 rows the server
    /// answers 500 (section 12.7).
    pub updated_within_s: Option<u32>,
}

impl ListQuery {
    /// A page of everything, in the order to walk it.
    pub fn walk(page: u32) -> Self {
        Self { status: Some("all".to_owned()), sort: ListSort::CreatedAsc, page: Some(page), ..Self::default() }
    }

    /// A page of everything, latest activity first.
    pub fn latest(page: u32) -> Self {
        Self { status: Some("all".to_owned()), page: Some(page), ..Self::default() }
    }

    /// A page of those where the token's user was mentioned, latest activity first.
    pub fn mentions(page: u32) -> Self {
        Self { mentioned: true, ..Self::latest(page) }
    }

    /// What changed in the last `seconds`, unpaged. Keep it short, and add 15 s of overlap.
    pub fn updated_within(seconds: u32) -> Self {
        Self { status: Some("all".to_owned()), updated_within_s: Some(seconds), ..Self::default() }
    }

    pub(super) fn pairs(&self) -> Pairs {
        let mut pairs = Pairs::new();
        let mut put = |key, value: Option<String>| pairs.extend(value.map(|value| (key, value)));
        put("status", self.status.clone());
        put("assignee_type", self.assignee.map(|who| who.as_str().to_owned()));
        put("inbox_id", self.inbox_id.map(|id| id.to_string()));
        put("team_id", self.team_id.map(|id| id.to_string()));
        put("conversation_type", self.mentioned.then(|| "mention".to_owned()));
        put("q", self.q.clone());
        let sort = match self.sort {
            ListSort::ActivityDesc => None,
            ListSort::CreatedAsc => Some("created_at_asc"),
            ListSort::CreatedDesc => Some("created_at_desc"),
        };
        put("sort_by", sort.map(str::to_owned));
        put("page", self.page.map(|page| page.to_string()));
        put("updated_within", self.updated_within_s.map(|seconds| seconds.to_string()));
        pairs.extend(self.labels.iter().map(|label| ("labels[]", label.clone())));
        pairs
    }
}

/// Which messages of a conversation (section 5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessagesQuery {
    /// Ids below this: the 20 next older ones.
    pub before: Option<i64>,
    /// Ids above this: the 100 oldest of them. Together with `before` the bound **includes** the id, and 1,000 fit.
    pub after: Option<i64>,
}

impl MessagesQuery {
    /// The newest 20.
    pub const NEWEST: Self = Self { before: None, after: None };

    /// The 100 oldest above an id; 0 starts at the beginning.
    pub fn after(id: i64) -> Self {
        Self { before: None, after: Some(id) }
    }

    /// The 20 next older than an id.
    pub fn before(id: i64) -> Self {
        Self { before: Some(id), after: None }
    }

    /// All from `first` up to and including `last`, at most 1,000.
    pub fn between(first: i64, last: i64) -> Self {
        Self { before: Some(last.saturating_add(1)), after: Some(first) }
    }

    pub(super) fn pairs(self) -> Pairs {
        let pair = |key, id: Option<i64>| id.map(|id| (key, id.to_string()));
        [pair("after", self.after), pair("before", self.before)].into_iter().flatten().collect()
    }
}

/// A page of contacts (section 6.2): only those with an e-mail, phone or identifier.
#[derive(Clone, Debug, Default)]
pub struct ContactsQuery {
    /// Page from 1, 15 rows each.
    pub page: Option<u32>,
    /// Such as "created_at" or "-last_activity_at". There is no default order.
    pub sort: Option<String>,
}

impl ContactsQuery {
    /// A page in the order to walk them in: oldest first, so that new ones come at the end.
    pub fn walk(page: u32) -> Self {
        Self { page: Some(page), sort: Some("created_at".to_owned()) }
    }

    pub(super) fn pairs(&self) -> Pairs {
        let mut pairs = Pairs::new();
        pairs.extend(self.sort.clone().map(|sort| ("sort", sort)));
        pairs.extend(self.page.map(|page| ("page", page.to_string())));
        pairs
    }
}

/// A message to write (section 5.3). Chatwoot renders Liquid in it (`{{contact.name}}`) and takes the same one twice without a word.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewMessage {
    /// Text, at most 150,000 characters.
    pub content: String,
    /// A note for colleagues.
    pub private: bool,
    /// "incoming" on API inboxes only; an answer when none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_type: Option<String>,
    /// "text" when none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// `in_reply_to`, and keys of one's own (kept since 4.9.0): the place for a mark to find the message by.
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    pub content_attributes: Attributes,
    /// Comes back in the answer and the live frames, never stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub echo_id: Option<String>,
    /// Mark before 4.9, **API inboxes only**: elsewhere the message would not be sent to the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_id: Option<String>,
    /// Comma separated (e-mail inboxes); the contact when none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_emails: Option<String>,
    /// Comma separated (e-mail inboxes).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cc_emails: Option<String>,
    /// Comma separated (e-mail inboxes).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bcc_emails: Option<String>,
    /// The WhatsApp template whose text this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_params: Option<TemplateParams>,
}

/// A WhatsApp template with its values (section 5.3). Chatwoot finds it by name and language and builds what WhatsApp gets from it and the
/// values; the message's text is only what Chatwoot shows. It renders Liquid in the values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TemplateParams {
    /// Its name.
    pub name: String,
    /// Such as "UTILITY".
    pub category: String,
    /// Such as "en".
    pub language: String,
    /// Where the template has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its values.
    pub processed_params: ProcessedParams,
}

/// Values of a template, by part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProcessedParams {
    /// Of the body, by name or number. WhatsApp gets numbered ones in this order.
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    pub body: Attributes,
}

impl NewMessage {
    /// An answer to the customer.
    pub fn reply(content: impl Into<String>) -> Self {
        Self { content: content.into(), ..Self::default() }
    }

    /// A private note.
    pub fn note(content: impl Into<String>) -> Self {
        Self { content: content.into(), private: true, ..Self::default() }
    }

    /// Adds a content attribute of the sender's own.
    #[must_use]
    pub fn marked(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.content_attributes.insert(key.into(), serde_json::Value::String(value.into()));
        self
    }

    /// The same as text fields of a form: attributes go as JSON text (section 5.3).
    pub(super) fn form_fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![("content", self.content.clone()), ("private", self.private.to_string())];
        let mut put = |key, value: &Option<String>| fields.extend(value.clone().map(|value| (key, value)));
        put("message_type", &self.message_type);
        put("content_type", &self.content_type);
        put("echo_id", &self.echo_id);
        put("source_id", &self.source_id);
        put("to_emails", &self.to_emails);
        put("cc_emails", &self.cc_emails);
        put("bcc_emails", &self.bcc_emails);
        if !self.content_attributes.is_empty() {
            fields.push(("content_attributes", serde_json::Value::Object(self.content_attributes.clone()).to_string()));
        }
        if let Some(template) = &self.template_params {
            fields.extend(serde_json::to_string(template).ok().map(|text| ("template_params", text)));
        }
        fields
    }
}

/// A file to attach.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Name shown to the customer.
    pub file_name: String,
    /// MIME type; decides whether it is shown as image, video, audio or file.
    pub content_type: String,
    /// The file. Web widgets take 40 MB by default.
    pub bytes: Source,
}

/// Where the bytes of a file are.
#[derive(Clone, Debug)]
pub enum Source {
    /// In memory.
    Bytes(Bytes),
    /// On the disk; sent as it is read, so that its size in memory does not matter.
    File(PathBuf),
}

impl From<&'static str> for Source {
    fn from(text: &'static str) -> Self {
        Self::Bytes(Bytes::from_static(text.as_bytes()))
    }
}

/// A label to make (administrators).
#[derive(Clone, Debug, Serialize)]
pub struct NewLabel {
    /// Lower case; letters, digits, `_`, `-`; at least 2.
    pub title: String,
    /// What it means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Such as "#1f93ff".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// Whether the dashboard lists it.
    pub show_on_sidebar: bool,
}

/// A webhook to set up (administrators).
#[derive(Clone, Debug, Serialize)]
pub struct NewWebhook {
    /// Where it goes; unique per account. Private addresses are refused when sending, since 4.14, unless the server allows them.
    pub url: String,
    /// Name (4.8+).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Events, at least one.
    pub subscriptions: Vec<String>,
}

/// A conversation to begin. The first message is one of its own: a refused one would take the conversation with it (`conv-create-refused`).
#[derive(Clone, Debug, Default, Serialize)]
pub struct NewConversation {
    /// Where.
    pub inbox_id: i64,
    /// With whom.
    pub contact_id: i64,
    /// The contact's address in the inbox, as [`Client::contactable_inboxes`](super::Client::contactable_inboxes) says it.
    pub source_id: String,
    /// Status; Chatwoot's choice for a blocked contact and an inbox with a bot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Agent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee_id: Option<i64>,
    /// Team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_id: Option<i64>,
    /// Keys that come back with the conversation: `mail_subject`, and a mark.
    pub additional_attributes: crate::model::Attributes,
}
