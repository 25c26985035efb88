//! Real payloads (`fixtures/INDEX.md`), read by the types.

use serde_json::{Value, json};

use super::*;
use crate::Stamp;

fn read<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap()
}

/// The body of the recorded webhook.
fn webhook_message() -> Message {
    let kept: Value = read(include_str!("../../fixtures/webhook_message.json"));
    read(kept["raw"].as_str().unwrap())
}

#[test]
fn one_message_from_three_sources_is_the_same_message() {
    let rest: Message = read(include_str!("../../fixtures/rest_message.json"));
    let push: Message = read(include_str!("../../fixtures/push_message.json"));
    let webhook = webhook_message();
    for message in [&rest, &push, &webhook] {
        assert_eq!((message.id, message.conversation_id, message.inbox_id), (961, Some(20), Some(868)));
        assert_eq!((message.message_type, message.private), (MessageType::Outgoing, false));
        assert_eq!(message.content.as_deref(), Some("Sorry Dee Shopper, looking into it."));
        assert_eq!(message.mark("afenda_id"), Some("0190f000-0000-7000-8000-000000000001"));
        assert_eq!(message.created_at.seconds(), Some(1_795_228_692));
        assert_eq!(message.sender_id, Some(1207));
        assert_eq!(message.sender.as_ref().map(|sender| &sender.kind), Some(&SenderKind::User));
    }
    assert_eq!((rest.account_id, push.account_id, webhook.account_id), (None, Some(153), Some(153)));
    assert_eq!((rest.echo_id.as_deref(), push.echo_id.as_deref(), webhook.echo_id), (Some("e-2"), Some("e-2"), None));
}

#[test]
fn what_only_one_source_sends_is_none_elsewhere() {
    let rest: Message = read(include_str!("../../fixtures/rest_message.json"));
    let push: Message = read(include_str!("../../fixtures/push_message.json"));
    let webhook = webhook_message();
    assert_eq!((&rest.status, &webhook.status), (&Some(MessageStatus::Sent), &None));
    assert!(rest.updated_at.is_never() && webhook.updated_at.is_never() && !push.updated_at.is_never());
    assert!(rest.conversation.is_none());
    assert!(matches!(push.conversation, Some(Nested::Slim(SlimConversation { assignee_id: Some(1207), .. }))));
    assert_eq!(webhook.whole_conversation().map(|at| at.id), Some(20));
}

#[test]
fn a_webhook_contact_without_type_is_a_contact() {
    let message: Message = read(include_str!("../../fixtures/webhook_message_incoming.json"));
    assert_eq!(message.message_type, MessageType::Incoming);
    let contact = message.sender.as_ref().and_then(Sender::contact).unwrap();
    assert_eq!((contact.id, contact.email.as_deref()), (663, Some("dee@example.com")));
}

#[test]
fn one_conversation_from_three_sources_is_the_same_conversation() {
    let rest: Conversation = read(include_str!("../../fixtures/rest_conversation.json"));
    let push: Conversation = read(include_str!("../../fixtures/push_conversation.json"));
    let webhook: Conversation = read(include_str!("../../fixtures/webhook_conversation.json"));
    for conversation in [&rest, &push, &webhook] {
        assert_eq!((conversation.id, conversation.account_id, conversation.inbox_id), (20, Some(153), 868));
        assert_eq!((&conversation.status, conversation.contact_id()), (&Status::Open, Some(663)));
        assert_eq!(conversation.channel.as_deref(), Some("Channel::Api"));
        assert_eq!(conversation.meta.agent_id(), Some(1207));
        assert_eq!(conversation.created_at.seconds(), Some(1_795_228_685));
        assert!(conversation.contact_last_seen_at.is_never());
        assert_eq!(conversation.messages.len(), 1);
    }
    assert_eq!(rest.updated_at.micros(), Some(1_795_228_686_864_682));
    assert_eq!(push.updated_at, webhook.updated_at);
    // REST says 0 where push says null, and seconds where push says milliseconds.
    assert!(rest.first_reply_created_at.is_never());
    assert_eq!(push.first_reply_created_at.millis(), Some(1_795_228_692_875));
    assert_eq!((rest.priority, push.priority), (None, Some(Priority::Urgent)));
    assert_eq!((rest.muted, push.muted), (Some(false), None));
}

#[test]
fn an_old_webhook_names_no_account() {
    let old: Conversation = read(include_str!("../../fixtures/webhook_conversation_4_6.json"));
    assert_eq!((old.account_id, old.any_account_id()), (None, None));
}

#[test]
fn the_customers_token_is_dropped() {
    let raw: Value = read(include_str!("../../fixtures/push_conversation.json"));
    let token = raw["contact_inbox"]["pubsub_token"].as_str().unwrap();
    let push: Conversation = read(include_str!("../../fixtures/push_conversation.json"));
    assert!(!format!("{push:?}").contains(token));
    let mut kept = raw.clone();
    crate::redact(&mut kept);
    assert!(!kept.to_string().contains(token));
}

#[test]
fn a_profile_keeps_one_token_and_shows_none() {
    let profile: Profile = read(include_str!("../../fixtures/profile.json"));
    assert_eq!(profile.pubsub_token.expose(), "hush-pubsub");
    assert!(!format!("{profile:?}").contains("hush"));
    assert_eq!(profile.membership(153).map(|at| &at.role), Some(&Role::Agent));
    assert!(profile.membership(154).is_none());
}

#[test]
fn an_assignment_is_told_by_its_shape() {
    let answers: Value = read(include_str!("../../fixtures/assignments.json"));
    let of = |key: &str| serde_json::from_value::<AssignmentAnswer>(answers[key].clone()).unwrap();
    assert!(matches!(of("agent"), AssignmentAnswer::Agent(agent) if agent.id == 1208));
    assert!(matches!(of("bot"), AssignmentAnswer::Bot(bot) if bot.id == 231));
    assert!(matches!(of("team"), AssignmentAnswer::Team(team) if team.name == "billing"));
    assert_eq!(of("nobody"), AssignmentAnswer::Nobody);
    assert!(serde_json::from_value::<AssignmentAnswer>(json!({"id": 1})).is_err());
}

#[test]
fn a_status_answer_and_a_page_of_contacts_are_read() {
    let answer: Payload<StatusChanged> = read(include_str!("../../fixtures/status_changed.json"));
    assert_eq!(answer.payload.current_status, Status::Snoozed);
    assert_eq!(answer.payload.snoozed_until.seconds(), Some(1_999_999_999));
    let page: ContactPage = read(include_str!("../../fixtures/contacts_page.json"));
    assert_eq!((page.meta.current_page, page.payload.len()), (Some(2), 2));
    assert!(page.payload[0].last_activity_at.is_never());
}

#[test]
fn a_page_of_messages_is_read() {
    let page: MessagesPage = read(include_str!("../../fixtures/messages_page.json"));
    let kinds: std::collections::HashSet<MessageType> = page.payload.iter().map(|message| message.message_type).collect();
    assert!(kinds.is_superset(&[MessageType::Incoming, MessageType::Outgoing, MessageType::Activity].into()));
    assert!(page.payload.is_sorted_by_key(|message| message.id));
    assert!(page.meta.contact.is_some());
}

#[test]
fn a_deleted_message_says_so() {
    let message: Message = read(include_str!("../../fixtures/push_message_deleted.json"));
    assert!(message.is_deleted());
    assert!(!message.previous_changes.is_empty());
    let whole: Message = read(include_str!("../../fixtures/push_message.json"));
    assert!(!whole.is_deleted());
}

#[test]
fn an_attachment_of_unknown_type_is_left_out() {
    let mut raw: Value = read(include_str!("../../fixtures/rest_message_attachment.json"));
    let whole: Message = serde_json::from_value(raw.clone()).unwrap();
    assert!(whole.attachments[0].file_size.is_some_and(|bytes| bytes > 0));
    raw["attachments"].as_array_mut().unwrap().insert(0, Value::Null);
    let message: Message = serde_json::from_value(raw).unwrap();
    assert_eq!(message.attachments, whole.attachments);
}

#[test]
fn missing_unknown_and_null_keys_are_tolerated_but_an_id_is_needed() {
    let message: Message =
        serde_json::from_value(json!({"id": 1, "brand_new": {}, "content_attributes": null, "attachments": null})).unwrap();
    // A message of no type is never taken for the customer's.
    assert_eq!(message.message_type, MessageType::Other(-1));
    let conversation: Conversation = serde_json::from_value(json!({"id": 1, "status": "dozing", "labels": null, "meta": null})).unwrap();
    assert_eq!(conversation.status.as_str(), "dozing");
    assert_eq!(conversation.snoozed_until, Stamp::NEVER);
    for shapeless in [json!({}), json!({"error": "text"}), json!([])] {
        assert!(serde_json::from_value::<Conversation>(shapeless.clone()).is_err());
        assert!(serde_json::from_value::<Message>(shapeless.clone()).is_err());
        assert!(serde_json::from_value::<Contact>(shapeless).is_err());
    }
}

#[test]
fn both_spellings_of_the_account_at_once_are_no_clash() {
    let conversation: Conversation = serde_json::from_value(json!({"id": 1, "account_id": 7, "account": {"id": 7}})).unwrap();
    assert_eq!(conversation.account_id, Some(7));
}

#[test]
fn changes_are_one_key_objects() {
    let raw: Value = read(include_str!("../../fixtures/webhook_conversation.json"));
    let changed = changes(raw.get("changed_attributes").cloned());
    assert_eq!(changed[1], Change { attribute: "priority".to_owned(), previous: Value::Null, current: "urgent".into() });
    assert!(changes(Some(Value::Null)).is_empty() && changes(None).is_empty());
}

#[test]
fn every_fixture_is_used_and_says_where_it_comes_from() {
    let index = include_str!("../../fixtures/INDEX.md");
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures")).unwrap();
    let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.ends_with(".json"));
    assert!(!names.is_empty());
    let tests = concat!(include_str!("tests.rs"), include_str!("../webhook/tests.rs"));
    for name in names {
        assert!(index.contains(&format!("`{name}`")), "{name} is not in INDEX.md");
        assert!(tests.contains(&format!("fixtures/{name}")), "{name} is used by no test");
    }
}
