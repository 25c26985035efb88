//! Chatwoot's payloads as rows of ours. Pure: no IO, no clock.
//!
//! Only what the store keeps is taken over, so secrets in a payload end here. Text stays as the customer wrote it, cut to a bound: making it
//! safe to show is the screen's part.

use api::inbox::{
    AttachmentView, ContactView, ConversationStatus, DeliveryState, InboxView, LabelView, MessageType, Named, Priority, Sender, SenderKind,
};
use api::mail::{ADDRESSES_MAX, MailView};
use chatwoot::model;
use uuid::Uuid;

use crate::clock::{Micros, SECOND};
use crate::store::{AgentRow, ContactRow, ConversationRow, Directory, MessageRow};

/// Longest text that is kept, in characters: Chatwoot's own limit of a message (section 5.3).
const CONTENT_CHARS_MAX: usize = 150_000;
/// Longest name, address, title or URL that is kept, in characters. Chatwoot's columns hold 255 of most of them.
const NAME_CHARS_MAX: usize = 1_000;
/// Longest URL that is kept: signed ids of attachments are some hundred characters.
const URL_CHARS_MAX: usize = 4_000;
/// Attributes of one conversation or contact, in bytes of JSON: Chatwoot allows 1,500 characters a value (section 2), and some dozen values.
const ATTRIBUTES_BYTES_MAX: usize = 256 * 1024;
/// Labels of one conversation, and files of one message, at most.
const LIST_MAX: usize = 200;

/// The content attribute that carries the outbox entry's id.
pub(super) const MARK: &str = "afenda_id";

/// A text cut to `max` characters.
fn cut(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    match text.char_indices().nth(max) {
        Some((at, _)) => text.get(..at).unwrap_or_default().to_owned(),
        None => text.to_owned(),
    }
}

fn name(text: Option<&str>) -> String {
    cut(text.unwrap_or_default(), NAME_CHARS_MAX)
}

/// A text that is there and not empty.
fn given(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(|text| cut(text, NAME_CHARS_MAX))
}

/// A conversation; `None` where the payload lacks what a row needs: its clock, its inbox, a status we know.
pub fn conversation(from: &model::Conversation) -> Option<ConversationRow> {
    let updated_at = from.updated_at.micros()?;
    let status: ConversationStatus = from.status.as_str().parse().ok()?;
    let mut labels: Vec<String> = from.labels.iter().take(LIST_MAX).map(|label| cut(label, NAME_CHARS_MAX)).collect();
    labels.sort();
    labels.dedup();
    let last_activity_at = from.last_activity_at.micros().unwrap_or(updated_at);
    let agent = from.meta.agent_id().zip(from.meta.assignee.as_ref());
    Some(ConversationRow {
        id: from.id,
        status,
        priority: from.priority.as_ref().and_then(|word| word.as_str().parse::<Priority>().ok()),
        inbox_id: (from.inbox_id > 0).then_some(from.inbox_id)?,
        // A conversation outlives its contact for the length of a background job.
        contact_id: from.contact_id().unwrap_or_default(),
        assignee: agent.map(|(id, who)| (id, name(Some(&who.name)))),
        team_id: from.meta.team.as_ref().map(|team| team.id),
        labels,
        unread_count: from.unread_count.max(0),
        can_reply: from.can_reply.unwrap_or(true),
        waiting_since: from.waiting_since.micros(),
        snoozed_until: from.snoozed_until.micros(),
        created_at: from.created_at.micros().unwrap_or(last_activity_at),
        last_activity_at,
        updated_at,
        additional_attributes: object(&from.additional_attributes),
        custom_attributes: object(&from.custom_attributes),
        agent_last_seen_at: from.agent_last_seen_at.micros(),
        first_reply_created_at: from.first_reply_created_at.micros(),
    })
}

/// The customer of a conversation, where the payload has one.
pub fn contact_of(from: &model::Conversation) -> Option<ContactRow> {
    from.meta.sender.as_ref().map(contact)
}

/// A contact.
pub fn contact(from: &model::Contact) -> ContactRow {
    ContactRow {
        view: ContactView {
            id: from.id,
            name: name(from.name.as_deref()),
            email: given(from.email.as_deref()),
            phone_number: given(from.phone_number.as_deref()),
            identifier: given(from.identifier.as_deref()),
            blocked: from.blocked.unwrap_or_default(),
        },
        additional_attributes: object(&from.additional_attributes),
        custom_attributes: object(&from.custom_attributes),
        last_activity_at: from.last_activity_at.micros(),
        created_at: from.created_at.micros(),
    }
}

/// Attributes as they are kept; too much of them is left out whole, so that what is kept is never half of something.
fn object(from: &model::Attributes) -> String {
    let text = serde_json::to_string(from).unwrap_or_default();
    if text.is_empty() || text.len() > ATTRIBUTES_BYTES_MAX { "{}".to_owned() } else { text }
}

/// A message; `None` where the payload does not say whose it is or where it stands. `at` stands in for a creation time that is missing.
pub fn message(from: &model::Message, at: Micros) -> Option<MessageRow> {
    let message_type = match from.message_type {
        model::MessageType::Incoming => MessageType::Incoming,
        model::MessageType::Outgoing => MessageType::Outgoing,
        model::MessageType::Activity => MessageType::Activity,
        model::MessageType::Template => MessageType::Template,
        model::MessageType::Other(_) => return None,
    };
    Some(MessageRow {
        id: from.id,
        conversation_id: from.conversation_id?,
        message_type,
        private: from.private,
        content: from.content.as_deref().map(|text| cut(text, CONTENT_CHARS_MAX)),
        content_type: from.content_type.as_deref().map_or_else(|| "text".to_owned(), |word| cut(word, NAME_CHARS_MAX)),
        state: from.status.as_ref().map(state),
        error: from.external_error().map(|text| cut(text, NAME_CHARS_MAX)),
        sender: from.sender.as_ref().and_then(sender),
        attachments: from.attachments.iter().take(LIST_MAX).map(attachment).collect(),
        deleted: from.is_deleted(),
        in_reply_to: from.in_reply_to(),
        mail: mail(from),
        afenda_id: mark(from),
        created_at: whole_seconds(from.created_at.micros().unwrap_or(at)),
        updated_at: from.updated_at.micros(),
    })
}

/// What stands over a mail, cut to a bound; `None` where it is none.
fn mail(from: &model::Message) -> Option<MailView> {
    let list = |field: &str| from.addresses(field).into_iter().take(ADDRESSES_MAX).map(|text| name(Some(text))).collect();
    let subject = given(from.subject());
    let mail = MailView { from: list("from"), to: list("to"), cc: list("cc"), bcc: list("bcc"), subject };
    (!mail.is_empty()).then_some(mail)
}

/// Webhooks say fractions of a creation time, frames and REST do not: whichever path was first, the row is the same.
fn whole_seconds(at: Micros) -> Micros {
    at - at.rem_euclid(SECOND)
}

/// The outbox entry a message came from: our content attribute, or on API inboxes before 4.9 its `source_id` (section 5.3). Customers
/// cannot set the former; the latter counts on outgoing messages only.
pub(super) fn mark(from: &model::Message) -> Option<String> {
    let attribute = from.mark(MARK);
    let source = from.source_id.as_deref().filter(|_| from.message_type == model::MessageType::Outgoing);
    [attribute, source].into_iter().flatten().find_map(|text| text.parse::<Uuid>().ok()).map(|id| id.to_string())
}

fn state(from: &model::MessageStatus) -> DeliveryState {
    match from {
        model::MessageStatus::Delivered => DeliveryState::Delivered,
        model::MessageStatus::Read => DeliveryState::Read,
        model::MessageStatus::Failed => DeliveryState::Failed,
        model::MessageStatus::Sent | model::MessageStatus::Other(_) => DeliveryState::Sent,
    }
}

fn sender(from: &model::Sender) -> Option<Sender> {
    let kind = match from.kind {
        model::SenderKind::User => SenderKind::User,
        model::SenderKind::Contact => SenderKind::Contact,
        model::SenderKind::AgentBot | model::SenderKind::Captain => SenderKind::Bot,
        model::SenderKind::Other(_) => return None,
    };
    Some(Sender { id: Some(from.id), kind, name: name(from.name.as_deref()) })
}

fn attachment(from: &model::Attachment) -> AttachmentView {
    AttachmentView {
        id: from.id.unwrap_or_default(),
        file_type: cut(&from.file_type, NAME_CHARS_MAX),
        name: attachment_name(from),
        file_size: from.file_size.filter(|bytes| *bytes >= 0),
        url: from.data_url.as_deref().filter(|url| is_web(url) && url.chars().count() <= URL_CHARS_MAX).map(str::to_owned),
    }
}

fn is_web(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// The last part of the file's address as people wrote it, else the title, else what kind of thing it is.
fn attachment_name(from: &model::Attachment) -> String {
    let url = from.data_url.as_deref().and_then(|text| url::Url::parse(text).ok());
    let last = url.as_ref().and_then(|url| url.path_segments()?.next_back().filter(|part| !part.is_empty()).map(decode));
    let found = last.or_else(|| given(from.fallback_title.as_deref())).filter(|text| !text.trim().is_empty());
    found.map_or_else(|| cut(&from.file_type, NAME_CHARS_MAX), |text| cut(&text, NAME_CHARS_MAX))
}

/// Undoes percent-encoding; what is no UTF-8 afterwards stays as it was.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = (*byte == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match hex.filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit())).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(decoded) => {
                out.push(decoded);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// The account's lists.
pub fn directory(agents: &[model::Agent], inboxes: &[model::Inbox], teams: &[model::Team], labels: &[model::Label]) -> Directory {
    let address = |text: &str| given(Some(&text.to_lowercase()));
    Directory {
        agents: agents.iter().map(|a| AgentRow { id: a.id, name: name(Some(&a.name)), email: address(&a.email) }).collect(),
        inboxes: inboxes.iter().map(inbox).collect(),
        teams: teams.iter().map(|t| Named { id: t.id, name: name(Some(&t.name)) }).collect(),
        labels: labels.iter().map(label).collect(),
        templates: super::templates::of(inboxes),
    }
}

fn inbox(from: &model::Inbox) -> InboxView {
    let channel = from.channel_type.strip_prefix("Channel::").unwrap_or(&from.channel_type);
    InboxView { id: from.id, name: name(Some(&from.name)), channel: name(Some(channel)), email: given(from.email.as_deref()) }
}

fn label(from: &model::Label) -> LabelView {
    let color = given(from.color.as_deref()).unwrap_or_else(|| "#1f93ff".to_owned());
    LabelView { title: name(Some(&from.title)), color, description: given(from.description.as_deref()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    fn rest_conversation() -> Value {
        json!({
            "id": 12, "inbox_id": 4, "status": "open", "labels": ["vip", "b", "vip"], "unread_count": 1, "can_reply": true,
            "created_at": 1_749_999_000, "updated_at": 1_750_000_000.123_456, "last_activity_at": 1_750_000_000, "waiting_since": 0,
            "priority": null, "snoozed_until": null, "account_id": 1,
            "meta": {"sender": {"id": 31, "name": "Ann", "email": "ann@example.com", "phone_number": "", "blocked": false},
                     "assignee": {"id": 7, "name": "Jo"}, "assignee_type": "User", "channel": "Channel::Api"},
        })
    }

    #[test]
    fn a_conversation_keeps_its_clock_and_its_people() {
        let row = conversation(&read(rest_conversation())).unwrap();
        assert_eq!((row.id, row.inbox_id, row.contact_id), (12, 4, 31));
        assert_eq!((row.updated_at, row.last_activity_at), (1_750_000_000_123_456, 1_750_000_000_000_000));
        assert_eq!((row.assignee, row.waiting_since), (Some((7, "Jo".to_owned())), None));
        assert_eq!(row.labels, ["b", "vip"]);
        let contact = contact_of(&read(rest_conversation())).unwrap();
        assert_eq!((contact.view.name.as_str(), contact.view.phone_number), ("Ann", None));
    }

    #[test]
    fn a_bot_is_nobody_and_what_has_no_clock_is_no_row() {
        let mut body = rest_conversation();
        body["meta"]["assignee_type"] = "AgentBot".into();
        assert_eq!(conversation(&read(body.clone())).unwrap().assignee, None);
        for key in ["updated_at", "status", "inbox_id"] {
            let mut less = body.clone();
            less.as_object_mut().unwrap().remove(key);
            assert_eq!(conversation(&read(less)), None, "{key}");
        }
    }

    #[test]
    fn a_message_says_whose_it_is_and_carries_our_mark() {
        let id = "0190a5f0-0000-7000-8000-000000000001";
        let body = json!({
            "id": 501, "content": "hello", "conversation_id": 12, "message_type": 1, "status": "read", "private": true,
            "created_at": 1_750_000_000, "updated_at": "2025-06-15T15:06:40.500Z", "content_attributes": {"afenda_id": id, "in_reply_to": 3},
            "sender": {"id": 7, "name": "Jo", "type": "user"},
            "attachments": [null,
                {"id": 1, "file_type": "file", "data_url": "https://x.example/rails/a%C3%A4%20b.pdf?x=1", "file_size": 12},
                {"id": 2, "file_type": "image", "data_url": "javascript:alert(1)"},
                {"id": 3, "file_type": "location", "fallback_title": "Berlin"}],
        });
        let row = message(&read(body), 0).unwrap();
        assert_eq!((row.message_type, row.state, row.private), (MessageType::Outgoing, Some(DeliveryState::Read), true));
        assert_eq!((row.afenda_id.as_deref(), row.in_reply_to), (Some(id), Some(3)));
        assert_eq!((row.created_at, row.updated_at), (1_750_000_000_000_000, Some(1_750_000_000_500_000)));
        let files: Vec<_> = row.attachments.iter().map(|a| (a.name.as_str(), a.url.is_some())).collect();
        assert_eq!(files, [("aä b.pdf", true), ("image", false), ("Berlin", false)]);
    }

    #[test]
    fn a_webhook_message_has_no_clock_and_no_state() {
        let body = json!({
            "id": 501, "content": "hi", "message_type": "incoming", "created_at": "2025-06-15T15:06:40.789Z", "conversation": {"id": 12},
            "sender": {"id": 31, "name": "Ann", "account": {"id": 1}}, "source_id": "0190a5f0-0000-7000-8000-000000000001",
        });
        let row = message(&read(body), 0).unwrap();
        assert_eq!((row.conversation_id, row.updated_at, row.state, row.afenda_id), (12, None, None, None));
        assert_eq!(row.created_at, 1_750_000_000_000_000, "as REST says it");
        assert_eq!(row.sender.unwrap().kind, SenderKind::Contact);
        assert_eq!(message(&read(json!({"id": 1, "conversation_id": 2, "message_type": 9})), 0), None);
        assert_eq!(message(&read(json!({"id": 1, "message_type": 0})), 0), None);
    }

    #[test]
    fn what_stands_over_a_mail_is_kept_within_bounds() {
        let of = |said: serde_json::Value| {
            message(&read(json!({"id": 1, "conversation_id": 2, "message_type": 1, "content_attributes": said})), 0).unwrap().mail
        };
        // As 4.15.1 keeps what was sent (recording msg-mail), and what a mailbox takes in.
        let texts = json!({"html_content": {"full": "x"}, "text_content": {"full": "x"}});
        let sent = of(json!({"cc_emails": ["a@b.c"], "bcc_emails": [], "to_emails": ["d@e.f"], "email": texts.clone()})).unwrap();
        assert_eq!((sent.to, sent.cc, sent.bcc, sent.from), (vec!["d@e.f".to_owned()], vec!["a@b.c".to_owned()], vec![], vec![]));
        assert_eq!(of(json!({"cc_emails": [], "bcc_emails": [], "to_emails": [], "email": texts})), None);
        let received = of(json!({"email": {"from": ["a@b.c"], "to": "d@e.f, g@h.i", "cc": null, "bcc": 7, "subject": "Hi"}})).unwrap();
        assert_eq!((received.to.len(), received.cc.len(), received.subject.as_deref()), (2, 0, Some("Hi")));
        let many: Vec<String> = (0..200).map(|n| format!("{}@b.c", "a".repeat(n * 20))).collect();
        let kept = of(json!({"email": {"to": many}})).unwrap();
        assert_eq!((kept.to.len(), kept.to.iter().map(String::len).max()), (50, Some(984)));
        assert_eq!(of(json!({"email": "no object", "cc_emails": {"a": 1}})), None);
    }

    #[test]
    fn long_texts_are_cut_on_a_character() {
        assert_eq!(cut("äöü", 2), "äö");
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%ff%zz"), "%ff%zz");
    }
}
