use serde_json::json;

use super::*;
use crate::Secret;

fn read(value: Value) -> WebhookEvent {
    WebhookEvent::from_value(value).unwrap()
}

#[test]
fn a_recorded_webhook_is_believed_and_read() {
    let kept: Value = serde_json::from_str(include_str!("../../fixtures/webhook_message.json")).unwrap();
    let text = |key: &str| kept[key].as_str().unwrap();
    let (raw, timestamp) = (text("raw"), text("timestamp"));
    let now_s = timestamp.parse().unwrap();
    let secrets = [Secret::new(text("secret"))];
    assert_eq!(verify(&secrets, Some(timestamp), Some(text("signature")), raw.as_bytes(), now_s, 0), Ok(()));
    let event = WebhookEvent::parse(raw.as_bytes()).unwrap();
    assert!(matches!(event, WebhookEvent::MessageCreated(_)));
    assert_eq!((event.account_id(), event.conversation_id()), (Some(153), Some(20)));
}

#[test]
fn an_update_says_what_changed() {
    let raw = serde_json::from_str(include_str!("../../fixtures/webhook_conversation.json")).unwrap();
    let WebhookEvent::ConversationUpdated { conversation, changed } = read(raw) else { panic!("another event") };
    assert_eq!(conversation.id, 20);
    assert!(changed.iter().any(|change| change.attribute == "priority"));
}

#[test]
fn typing_says_who_and_whether_it_began() {
    let typing = |event: &str| read(json!({"event": event, "conversation": {"id": 3}, "user": {"id": 5, "name": "Jo", "type": "user"}}));
    for (event, began) in [("conversation_typing_on", true), ("conversation_typing_off", false)] {
        let WebhookEvent::Typing(typing) = typing(event) else { panic!("another event") };
        assert_eq!((typing.on, typing.conversation.id, typing.user.map(|user| user.id)), (began, 3, Some(5)));
    }
}

#[test]
fn an_unknown_event_keeps_its_name_and_account() {
    let event = read(json!({"event": "inbox_updated", "account": {"id": 9}, "channel": {"imap_password": "hush"}}));
    assert!(matches!(&event, WebhookEvent::Other { event, account_id: Some(9) } if event == "inbox_updated"));
    assert!(!format!("{event:?}").contains("hush"));
}

#[test]
fn what_cannot_be_read_is_refused_without_its_values() {
    for body in ["", "hello", "[]", "{}", r#"{"event":5}"#] {
        assert!(matches!(WebhookEvent::parse(body.as_bytes()), Err(ParseError::NoEvent)), "{body}");
    }
    let err = WebhookEvent::from_value(json!({"event": "message_created", "id": "hush"})).unwrap_err();
    assert!(matches!(&err, ParseError::Unreadable { event, .. } if event == "message_created"));
    assert!(!err.to_string().contains("hush"));
}

#[test]
fn a_body_cut_short_is_refused() {
    let kept: Value = serde_json::from_str(include_str!("../../fixtures/webhook_message.json")).unwrap();
    let raw = kept["raw"].as_str().unwrap().as_bytes();
    for end in 0..raw.len() {
        assert!(matches!(WebhookEvent::parse(&raw[..end]), Err(ParseError::NoEvent)), "{end} bytes");
    }
}

#[test]
fn a_value_of_another_type_is_refused_or_read_but_never_a_panic() {
    for fixture in [include_str!("../../fixtures/webhook_conversation.json"), include_str!("../../fixtures/webhook_message_incoming.json")]
    {
        let whole: Value = serde_json::from_str(fixture).unwrap();
        let keys: Vec<String> = whole.as_object().unwrap().keys().filter(|key| *key != "event").cloned().collect();
        let mut read_anyway = 0;
        for key in &keys {
            for other in [Value::Null, json!(true), json!(-1), json!(1.5e300), json!("x"), json!([[]]), json!({"id": {}})] {
                let mut changed = whole.clone();
                changed[key] = other;
                read_anyway += u32::from(WebhookEvent::from_value(changed).is_ok());
            }
        }
        assert!(read_anyway as usize > keys.len(), "null at least is tolerated nearly everywhere");
    }
}
