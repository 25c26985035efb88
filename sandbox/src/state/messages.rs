//! Messages: making them with all that follows, and the few ways in which they change later.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Attachment, Blob, Event, Id, Job, Message, MessageType, Object, Sender, State, Status, mail::MailFields, take};
use crate::{
    http::Refusal,
    liquid,
    params::{self, to_i},
    world::Channel,
};

/// Longest content (`app/models/message.rb`, 4.15.1).
const CONTENT_CHARS_MAX: usize = 150_000;
/// `CONVERSATION_MESSAGE_PER_MINUTE_LIMIT` as shipped.
const PER_MINUTE_MAX: usize = 200;
const CONTENT_TYPES: [&str; 13] = [
    "text",
    "input_text",
    "input_textarea",
    "input_email",
    "input_select",
    "cards",
    "form",
    "article",
    "incoming_email",
    "input_csat",
    "integrations",
    "sticker",
    "voice_call",
];

/// A file that came with a request.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) field: String,
    pub(crate) name: String,
    pub(crate) content_type: String,
    pub(crate) bytes: Bytes,
}

/// What a new message is to be.
#[derive(Debug, Clone)]
pub(crate) struct NewMessage {
    pub(crate) content: Option<String>,
    pub(crate) message_type: MessageType,
    pub(crate) private: bool,
    pub(crate) content_type: Option<String>,
    pub(crate) content_attributes: Object,
    pub(crate) additional_attributes: Object,
    pub(crate) source_id: Option<String>,
    pub(crate) sender: Option<Sender>,
    pub(crate) echo: Option<Value>,
    pub(crate) files: Vec<Upload>,
    /// Addresses and HTML that an e-mail inbox takes.
    pub(crate) mail: MailFields,
    /// Whether it comes with the creation of its conversation.
    pub(crate) first: bool,
}

impl NewMessage {
    /// A plain message of that sender.
    pub(crate) fn plain(content: Option<String>, message_type: MessageType, sender: Option<Sender>) -> Self {
        NewMessage {
            content,
            message_type,
            private: false,
            content_type: None,
            content_attributes: Object::new(),
            additional_attributes: Object::new(),
            source_id: None,
            sender,
            echo: None,
            files: Vec::new(),
            mail: MailFields::default(),
            first: false,
        }
    }
}

/// Choices, cards, forms and articles need items, with certain keys only (`ContentAttributeValidator`).
fn check_items(new: &NewMessage) -> Result<(), Refusal> {
    let allowed: &[&str] = match new.content_type.as_deref() {
        Some("input_select") => &["title", "value"],
        Some("cards") => &["title", "description", "media_url", "actions"],
        Some("form") => &["type", "placeholder", "label", "name", "options", "default", "required", "pattern", "title", "pattern_error"],
        Some("article") => &["title", "description", "link"],
        _ => return Ok(()),
    };
    let Some(items) = new.content_attributes.get("items").and_then(Value::as_array) else {
        return Err(Refusal::unprocessable("undefined method `reject' for nil"));
    };
    let failed = |text: String| Refusal::unprocessable(format!("Validation failed: Content attributes {text}"));
    for item in items {
        let Some(item) = item.as_object() else {
            return Err(Refusal::unprocessable("undefined method `keys' for an instance of String"));
        };
        let strange: Vec<String> = item.keys().filter(|k| !allowed.contains(&k.as_str())).map(|k| format!(":{k}")).collect();
        if !strange.is_empty() {
            return Err(failed(format!("contains invalid keys for items : [{}]", strange.join(", "))));
        }
        if new.content_type.as_deref() == Some("cards") && item.get("actions").is_none_or(Value::is_null) {
            return Err(failed("contains items missing actions".into()));
        }
    }
    Ok(())
}

fn file_type(content_type: &str) -> &'static str {
    match content_type {
        "image/jpeg" | "image/jpg" | "image/png" | "image/gif" | "image/bmp" | "image/webp" => "image",
        "video/ogg" | "video/mp4" | "video/webm" | "video/quicktime" => "video",
        other if other.contains("audio/") => "audio",
        _ => "file",
    }
}

impl State {
    /// Makes a message and does what follows from it.
    ///
    /// # Errors
    /// Refuses, as 422, what Chatwoot's validations refuse.
    pub(crate) fn create_message(&mut self, conversation: Id, mut new: NewMessage) -> Result<Id, Refusal> {
        let c = self.conversations.get(&conversation).ok_or(Refusal::Missing)?.clone();
        self.check_message(&c, &new)?;
        let now = self.now();
        let raw = new.content.clone();
        if matches!(new.message_type, MessageType::Outgoing | MessageType::Template) {
            let drops = self.drops(&c);
            new.content = new.content.map(|text| liquid::render(&text, &drops));
            if let Some(template) = new.additional_attributes.get_mut("template_params").and_then(|t| t.get_mut("processed_params")) {
                liquid::render_all(template, &drops);
            }
        }
        let mail = self.inboxes.get(&c.inbox_id).is_some_and(|i| i.channel == Channel::Email);
        if mail && new.message_type == MessageType::Outgoing {
            super::mail::address(&mut new, self.version)?;
        }
        self.find_reply(&c, &mut new.content_attributes);
        let id = take(&mut self.ids.message);
        let mut attachments = Vec::new();
        for file in new.files {
            let attachment = take(&mut self.ids.attachment);
            let file_type = file_type(&file.content_type);
            let blob = self.store_blob(Blob { name: file.name, content_type: file.content_type, bytes: file.bytes });
            attachments.push(Attachment { id: attachment, file_type, blob, size: None });
        }
        let row = Message {
            id,
            account_id: c.account_id,
            inbox_id: c.inbox_id,
            conversation_id: c.id,
            message_type: new.message_type,
            content: new.content,
            processed: raw,
            private: new.private,
            status: "sent",
            source_id: new.source_id,
            content_type: new.content_type.unwrap_or_else(|| "text".into()),
            content_attributes: new.content_attributes,
            additional_attributes: new.additional_attributes,
            sender: new.sender,
            attachments,
            created_at: now,
            updated_at: now,
        };
        let mut born = Vec::new();
        if new.first {
            born.push(("display_id", Value::Null, json!(c.display_id)));
        }
        // A bot's webhook is built within the request and reads the labels, which the next save then stores (auth-bot).
        if c.cached_label_list.is_none() && (new.first || self.has_bot(&c)) {
            born.push(("cached_label_list", Value::Null, json!("")));
        }
        let human = row.message_type == MessageType::Outgoing
            && !row.private
            && matches!(row.sender, Some(Sender::User(_)))
            && !row.content_attributes.contains_key("automation_rule_id")
            && !row.additional_attributes.contains_key("campaign_id");
        let bot = self.version.counts_bot_replies()
            && row.message_type == MessageType::Outgoing
            && !row.private
            && matches!(row.sender, Some(Sender::Bot(_)));
        let from_contact = matches!(row.sender, Some(Sender::Contact(_)));
        let (kind, private, content) = (row.message_type, row.private, row.content.clone().unwrap_or_default());
        let with_files = !row.attachments.is_empty();
        let rendered = row.content != row.processed;
        let unsendable = mail && !self.mail_server && kind == MessageType::Outgoing && !private && row.source_id.is_none();
        let message = Box::new(row.clone());
        self.insert_message(row);
        if kind == MessageType::Incoming {
            self.reopen(conversation);
        }
        self.emit(Event::MessageCreated { message: message.clone(), echo: new.echo.clone() });
        if with_files {
            if rendered {
                self.update_message(id, new.echo.clone(), |m| m.processed.clone_from(&m.content));
            }
            self.later(Job::MeasurePictures(id));
        }
        if unsendable {
            self.later(Job::FailMail(id));
        }
        match kind {
            MessageType::Incoming => {
                self.update_conversation(conversation, |c| c.waiting_since = c.waiting_since.or(Some(now)));
                self.contact_active(c.contact_id, now);
            }
            MessageType::Outgoing if human && c.first_reply_created_at.is_none() => {
                self.emit(Event::FirstReply { message, echo: new.echo });
                self.save_conversation(conversation, born, |c| {
                    c.first_reply_created_at = Some(now);
                    c.waiting_since = None;
                });
            }
            MessageType::Outgoing if (human || bot) && c.waiting_since.is_some() => {
                self.save_conversation(conversation, born, |c| c.waiting_since = None);
            }
            MessageType::Activity | MessageType::Template if from_contact => self.contact_active(c.contact_id, now),
            MessageType::Outgoing | MessageType::Activity | MessageType::Template => {}
        }
        if private {
            self.mention(conversation, id, &content);
        }
        if matches!(kind, MessageType::Incoming | MessageType::Outgoing) && !(private && self.version.keeps_notes_quiet()) {
            self.later(Job::NotifyMessage(id));
        }
        Ok(id)
    }

    fn check_message(&self, c: &super::Conversation, new: &NewMessage) -> Result<(), Refusal> {
        if new.additional_attributes.get("template_params").is_some_and(|t| t.get("name").is_none()) {
            return Err(Refusal::unprocessable("Validation failed: Name is required"));
        }
        check_items(new)?;
        if new.message_type == MessageType::Incoming
            && !matches!(self.actor, super::Actor::Contact(_) | super::Actor::Nobody)
            && self.inboxes.get(&c.inbox_id).is_some_and(|i| i.channel != Channel::Api)
        {
            return Err(Refusal::unprocessable("Incoming messages are only allowed in Api inboxes"));
        }
        if new.content.as_ref().is_some_and(|t| t.contains('\0')) {
            return Err(Refusal::unprocessable("string contains null byte"));
        }
        if new.content.as_ref().is_some_and(|t| t.chars().count() > CONTENT_CHARS_MAX) {
            return Err(Refusal::unprocessable(format!(
                "Validation failed: Content is too long (maximum is {CONTENT_CHARS_MAX} characters)"
            )));
        }
        let longest = self.version.source_id_chars_max();
        if new.source_id.as_ref().is_some_and(|t| t.chars().count() > longest) {
            return Err(Refusal::unprocessable(format!("Validation failed: Source is too long (maximum is {longest} characters)")));
        }
        if let Some(kind) = &new.content_type
            && !CONTENT_TYPES.contains(&kind.as_str())
        {
            return Err(Refusal::unprocessable(format!("'{kind}' is not a valid content_type")));
        }
        let minute_ago = self.now().plus_seconds(-60);
        if self.thread(c.id).rev().take_while(|m| m.created_at > minute_ago).count() >= PER_MINUTE_MAX {
            return Err(Refusal::unprocessable("Validation failed: Too many messages"));
        }
        Ok(())
    }

    /// Whether a bot hears of this conversation.
    fn has_bot(&self, c: &super::Conversation) -> bool {
        c.assignee_bot_id.is_some() || self.inboxes.get(&c.inbox_id).is_some_and(|i| i.bot.is_some())
    }

    /// What Liquid may name.
    fn drops(&self, c: &super::Conversation) -> Value {
        let contact = self.contacts.get(&c.contact_id);
        let name = contact.map(|k| k.name.clone()).unwrap_or_default();
        let mut words = name.split_whitespace();
        let (first, last) = (words.next().unwrap_or_default(), words.next_back().unwrap_or_default());
        let agent = match self.actor {
            super::Actor::User(id) => self.users.get(&id),
            _ => None,
        };
        let agent_name = agent.map(|u| u.available_name().to_owned()).unwrap_or_default();
        let agent_first = agent_name.split_whitespace().next().unwrap_or_default();
        json!({
            "contact": {
                "id": c.contact_id, "name": name, "first_name": first, "last_name": last,
                "email": contact.and_then(|k| k.email.clone()), "phone_number": contact.and_then(|k| k.phone_number.clone()),
                "custom_attribute": contact.map(|k| k.custom_attributes.clone()),
            },
            "agent": {"name": agent_name, "first_name": agent_first, "email": agent.map(|u| u.email.clone())},
            "conversation": {"id": c.id, "display_id": c.display_id, "custom_attribute": c.custom_attributes},
            "inbox": {"name": self.inboxes.get(&c.inbox_id).map(|i| i.name.clone())},
            "account": {"name": self.accounts.get(&c.account_id).map(|a| a.name.clone())},
        })
    }

    /// Fills in both names of the message that is replied to, or null for one that is not in this conversation.
    fn find_reply(&self, c: &super::Conversation, attributes: &mut Object) {
        if let Some(wanted) = attributes.get("in_reply_to").filter(|v| !v.is_null() && params::text(v).as_deref() != Some("")) {
            let found = self.messages.get(&to_i(wanted)).filter(|m| m.conversation_id == c.id);
            attributes.insert("in_reply_to".into(), json!(found.map(|m| m.id)));
            attributes.insert("in_reply_to_external_id".into(), json!(found.and_then(|m| m.source_id.clone())));
        } else if let Some(wanted) = attributes.get("in_reply_to_external_id").and_then(params::text) {
            let found = self.thread(c.id).find(|m| m.source_id.as_deref() == Some(&wanted)).map(|m| m.id);
            attributes.insert("in_reply_to".into(), json!(found));
        }
    }

    /// A customer's word wakes what sleeps, unless the contact is blocked.
    fn reopen(&mut self, id: Id) {
        let Some(c) = self.conversations.get(&id) else { return };
        let blocked = self.contacts.get(&c.contact_id).is_some_and(|k| k.blocked);
        let bot = self.inboxes.get(&c.inbox_id).is_some_and(|i| i.bot.is_some());
        let before = c.status;
        let next = match before {
            Status::Snoozed => Status::Open,
            Status::Resolved if blocked => return,
            Status::Resolved if bot => Status::Pending,
            Status::Resolved => Status::Open,
            Status::Open | Status::Pending => return,
        };
        let had = c.assignee_id;
        let actor = std::mem::take(&mut self.actor);
        self.update_conversation(id, |c| c.status = next);
        self.actor = actor;
        if before == Status::Resolved && next == Status::Open {
            let taken = self.conversations.get(&id).and_then(|c| c.assignee_id).filter(|a| Some(*a) != had);
            let text = match taken.and_then(|a| self.users.get(&a)) {
                Some(user) => format!("Assigned to {} by Automation System", user.name), // Before 4.13, see `assign_in_save`.
                None => "System reopened the conversation due to a new incoming message.".into(),
            };
            self.later(Job::Activity { conversation: id, text });
        }
    }

    /// Saves a change of one message and tells it with the columns before and after.
    pub(crate) fn update_message(&mut self, id: Id, echo: Option<Value>, change: impl FnOnce(&mut Message)) {
        if let Some(told) = self.change_message(id, echo, change) {
            self.emit(told);
        }
    }

    /// Saves a change of one message; gives back what there is to tell, if anything changed.
    pub(super) fn change_message(&mut self, id: Id, echo: Option<Value>, change: impl FnOnce(&mut Message)) -> Option<Event> {
        let now = self.now();
        let row = self.messages.get_mut(&id)?;
        let before = row.clone();
        change(row);
        let text = |m: &Message| {
            [
                json!(m.content),
                json!(m.status),
                json!(m.content_type),
                json!(m.content_attributes),
                json!(m.sender_pair()),
                json!(m.processed),
            ]
        };
        if text(&before) == text(row) {
            return None;
        }
        row.updated_at = now;
        row.processed.clone_from(&row.content);
        let columns = [
            ("content", json!(before.content), json!(row.content)),
            ("updated_at", json!(before.updated_at.iso()), json!(now.iso())),
            ("status", json!(before.status), json!(row.status)),
            ("content_type", json!(before.content_type), json!(row.content_type)),
            ("content_attributes", json!(before.content_attributes), json!(row.content_attributes)),
            ("sender_id", json!(before.sender_pair().1), json!(row.sender_pair().1)),
            ("processed_message_content", json!(before.processed), json!(row.processed)),
        ];
        let previous =
            columns.into_iter().filter(|(k, a, b)| *k == "updated_at" || a != b).map(|(k, a, b)| (k.to_owned(), json!([a, b]))).collect();
        let conversation = row.conversation_id;
        let message = Box::new(row.clone());
        if !self.version.keeps_updated_at()
            && let Some(c) = self.conversations.get_mut(&conversation)
        {
            c.updated_at = now;
        }
        Some(Event::MessageUpdated { message, previous, echo })
    }

    /// Notes width and height of pictures, silently.
    pub(super) fn measure_pictures(&mut self, id: Id) {
        let Some(m) = self.messages.get_mut(&id) else { return };
        for a in m.attachments.iter_mut().filter(|a| a.file_type == "image") {
            a.size = self.blobs.get(&a.blob).and_then(|b| picture_size(&b.bytes));
        }
    }

    /// Without a mail server a mail fails a moment later.
    pub(super) fn fail_mail(&mut self, id: Id) {
        self.update_message(id, None, |m| {
            m.status = "failed";
            m.content_attributes.insert("external_error".into(), json!("undefined method `message_id' for nil"));
        });
    }

    /// Soft deletion: the row stays, its words and files go.
    pub(crate) fn delete_message(&mut self, id: Id) {
        self.update_message(id, None, |m| {
            m.content = Some("This message was deleted".into());
            m.content_type = "text".into();
            m.content_attributes = Object::from_iter([("deleted".to_owned(), json!(true))]);
            m.attachments.clear();
        });
    }
}

/// Width and height of a PNG or GIF, from its head.
fn picture_size(bytes: &[u8]) -> Option<(u32, u32)> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        return Some((number(16)?, number(20)?));
    }
    if bytes.starts_with(b"GIF8") {
        let number = |at: usize| Some(u32::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
        return Some((number(6)?, number(8)?));
    }
    None
}

impl Message {
    /// `sender_type` and `sender_id`.
    pub(crate) fn sender_pair(&self) -> (Option<&'static str>, Option<Id>) {
        match self.sender {
            Some(Sender::User(id)) => (Some("User"), Some(id)),
            Some(Sender::Contact(id)) => (Some("Contact"), Some(id)),
            Some(Sender::Bot(id)) => (Some("AgentBot"), Some(id)),
            None => (None, None),
        }
    }
}
