//! Every kind of write from the API to Chatwoot, and what a colleague did meanwhile.

use api::client::{FileToSend, new_key};
use api::id::{ConversationId, MessageId};
use api::inbox::{
    AttributeChange, ContactPatch, ConversationPatch, ConversationStatus, DeleteMessage, EffectKind, EffectQuery, Mention, MessageType,
    NewMessage, OutboxState, RunMacro, Typing,
};
use api::template::UseTemplate;
use api::{Code, Token};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::refused;
use crate::with_chatwoot::{Shop, id_of, shop, shop_with, state, until};

fn set(key: &str, value: Value) -> AttributeChange {
    AttributeChange { set: [(key.to_owned(), value)].into_iter().collect(), unset: vec![] }
}

/// Nothing waits any more, and nothing failed.
async fn all_sent(shop: &Shop) {
    let jo = shop.client("jo").await;
    until("an empty outbox", async || jo.outbox().await.ok().filter(Vec::is_empty)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attributes_are_shown_at_once_and_a_colleagues_stay() {
    let shop = shop().await;
    let (id, jo) = (shop.plain_conversations().await[0], shop.client("jo").await);
    let path = format!("/conversations/{id}/custom_attributes");
    shop.at_chatwoot("agent2", &path, json!({"custom_attributes": {"order": "A-1", "old": "x"}})).await;
    let change = AttributeChange { unset: vec!["old".to_owned()], ..set("tier", json!(2)) };
    let patch = ConversationPatch { custom_attributes: Some(change), ..Default::default() };
    let shown = jo.update_conversation(ConversationId(id), &patch, &new_key()).await.unwrap();
    assert_eq!((shown.custom_attributes["tier"].clone(), shown.pending.clone()), (json!(2), vec!["attributes".to_owned()]));
    all_sent(&shop).await;
    assert_eq!(shop.at_sandbox(id).await["custom_attributes"], json!({"order": "A-1", "tier": 2}));
    let wrong = ConversationPatch { custom_attributes: Some(set("a", json!({"b": 1}))), ..Default::default() };
    assert_eq!(refused(jo.update_conversation(ConversationId(id), &wrong, &new_key()).await).1, Code::ValidationFailed);
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_and_unread_reach_chatwoot() {
    let shop = shop().await;
    let jo = shop.client("jo").await;
    let rows = jo.conversations(&api::inbox::ConversationQuery { limit: Some(200), ..Default::default() }).await.unwrap().data;
    let id = rows.iter().find(|c| c.unread_count > 0).unwrap().id;
    for (read, want) in [(true, false), (false, true)] {
        let patch = ConversationPatch { read: Some(read), ..Default::default() };
        let shown = jo.update_conversation(id, &patch, &new_key()).await.unwrap();
        assert_eq!(shown.unread_count > 0, want, "at once");
        all_sent(&shop).await;
        assert_eq!(shop.at_sandbox(id.0).await["unread_count"].as_i64().unwrap() > 0, want, "in Chatwoot");
        until("the same here", async || jo.conversation(id).await.ok().filter(|c| (c.unread_count > 0) == want)).await;
    }
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_change_is_recalled_and_chatwoot_never_hears_of_it() {
    let shop = shop().await;
    let (id, jo) = (shop.plain_conversations().await[0], shop.client("jo").await);
    let before = shop.at_sandbox(id).await["status"].clone();
    let held = |hold| ConversationPatch { status: Some(ConversationStatus::Resolved), hold_seconds: Some(hold), ..Default::default() };
    assert_eq!(refused(jo.update_conversation(ConversationId(id), &held(100_000), &new_key()).await).1, Code::ValidationFailed);
    let shown = jo.update_conversation(ConversationId(id), &held(60), &new_key()).await.unwrap();
    assert_eq!((shown.status, shown.pending.clone()), (ConversationStatus::Resolved, vec!["status".to_owned()]), "at once");
    let entry = jo.outbox().await.unwrap().into_iter().find(|e| e.conversation_id == Some(ConversationId(id))).unwrap();
    assert!(entry.sends_at > entry.created_at);
    jo.outbox_act(entry.id, "cancel", &new_key()).await.unwrap();
    let shown = jo.conversation(ConversationId(id)).await.unwrap();
    assert_eq!((serde_json::to_value(shown.status).unwrap(), shown.pending), (before.clone(), vec![]), "as it was");
    all_sent(&shop).await;
    assert_eq!(shop.at_sandbox(id).await["status"], before);
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_names_its_message_in_chatwoot() {
    let shop = shop().await;
    let (ids, jo) = (shop.plain_conversations().await, shop.client("jo").await);
    let (id, other) = (ConversationId(ids[0]), ConversationId(ids[1]));
    let newest = async |id| jo.messages(id, &Default::default()).await.unwrap().data.into_iter().rev().find_map(|m| m.id).unwrap();
    let answered = newest(id).await;
    let message = NewMessage { in_reply_to: Some(answered.0), hold_seconds: Some(0), ..NewMessage::text("this one", false) };
    let shown = jo.send_message(id, &message, &new_key()).await.unwrap();
    assert_eq!(shown.in_reply_to, Some(answered), "at once");
    all_sent(&shop).await;
    let path = format!("/conversations/{id}/messages");
    let there = shop.chatwoot("agent", Method::GET, &path, Value::Null).await["payload"].clone();
    let sent = there.as_array().unwrap().iter().find(|m| m["content"] == "this one").unwrap().clone();
    assert_eq!(sent["content_attributes"]["in_reply_to"], answered.0);
    let wrong = NewMessage { in_reply_to: Some(newest(other).await.0), ..message };
    assert_eq!(refused(jo.send_message(id, &wrong, &new_key()).await).1, Code::ValidationFailed);
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_is_edited_and_what_chatwoot_refuses_is_kept_with_its_reason() {
    let shop = shop().await;
    let jo = shop.client("jo").await;
    let rows = jo.conversations(&api::inbox::ConversationQuery { limit: Some(200), ..Default::default() }).await.unwrap().data;
    let contact = rows[0].contact.clone();
    let other = rows.iter().map(|c| &c.contact).find(|c| c.id != contact.id && c.email.is_some()).unwrap().clone();
    let path = format!("/contacts/{}", contact.id);
    shop.chatwoot("agent2", Method::PATCH, &path, json!({"custom_attributes": {"kept": "yes", "gone": 1}})).await;

    let change = AttributeChange { unset: vec!["gone".to_owned()], ..set("tier", json!("gold")) };
    let additional = [("city".to_owned(), json!("Bern"))].into_iter().collect();
    let patch = ContactPatch {
        name: Some("Ann Other".to_owned()),
        phone_number: Some(Some("+41315550100".to_owned())),
        additional_attributes: additional,
        custom_attributes: Some(change),
        ..Default::default()
    };
    let shown = jo.update_contact(contact.id, &patch, &new_key()).await.unwrap();
    assert_eq!((shown.name.as_str(), shown.phone_number.as_deref()), ("Ann Other", Some("+41315550100")));
    all_sent(&shop).await;
    let there = shop.chatwoot("agent", Method::GET, &path, Value::Null).await["payload"].clone();
    assert_eq!((there["name"].clone(), there["phone_number"].clone()), (json!("Ann Other"), json!("+41315550100")));
    assert_eq!(there["additional_attributes"]["city"], "Bern");
    let attributes = &there["custom_attributes"];
    assert_eq!((&attributes["kept"], &attributes["tier"], attributes.get("gone")), (&json!("yes"), &json!("gold"), None));

    // Taken by another contact: refused for good, said, and not shown any longer.
    let patch = ContactPatch { email: Some(other.email.clone()), ..Default::default() };
    jo.update_contact(contact.id, &patch, &new_key()).await.unwrap();
    let failed = until("the refusal", async || jo.outbox().await.ok()?.into_iter().find(|e| e.state == OutboxState::Failed)).await;
    assert_eq!((failed.contact_id, failed.conversation_id, failed.kind.as_str()), (Some(contact.id), None, "contact"));
    assert!(failed.error.unwrap().to_lowercase().contains("email"));
    until("the address that Chatwoot has", async || jo.contact(contact.id).await.ok().filter(|c| c.email == contact.email)).await;
    jo.outbox_act(failed.id, "cancel", &new_key()).await.unwrap();
    all_sent(&shop).await;
    shop.daemon.stop().await;
}

/// The answer to the first try is lost, and Chatwoot answers no look for a moment: time for a colleague.
async fn unsure_status(shop: &Shop, lose: &str, colleague: Option<&str>) -> (String, Option<String>) {
    let (id, jo) = (shop.plain_conversations().await[0], shop.client("jo").await);
    let status = format!("/api/v1/accounts/*/conversations/{id}/toggle_status");
    let look = format!("/api/v1/accounts/*/conversations/{id}");
    shop.fault(json!({"match": {"method": "GET", "path": look}, "fault": {"kind": "status", "status": 503}})).await;
    shop.fault(json!({"match": {"path": status}, "times": 1, "fault": {"kind": lose}})).await;
    let patch = ConversationPatch { status: Some(ConversationStatus::Resolved), ..Default::default() };
    jo.update_conversation(ConversationId(id), &patch, &new_key()).await.unwrap();
    until("the first try", async || jo.outbox().await.ok()?.into_iter().find(|e| e.attempts == 1 && e.error.is_some())).await;
    if let Some(word) = colleague {
        shop.at_chatwoot("agent2", &format!("/conversations/{id}/toggle_status"), json!({"status": word})).await;
    }
    shop.no_faults().await;
    let over = until("the end", async || {
        let outbox = jo.outbox().await.ok()?;
        match outbox.first() {
            None => Some(None),
            Some(entry) if entry.state == OutboxState::Failed => Some(entry.error.clone()),
            Some(_) => None,
        }
    })
    .await;
    (shop.at_sandbox(id).await["status"].as_str().unwrap().to_owned(), over)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unsure_status_is_repeated_only_over_what_it_was() {
    // Not carried out, nobody else was there: again. Carried out: done. A colleague snoozed it since: left to them.
    for (lose, colleague, want) in [
        ("drop", None, "resolved"),
        ("lose_answer", None, "resolved"),
        ("drop", Some("pending"), "pending"),
        ("lose_answer", Some("snoozed"), "snoozed"),
    ] {
        let shop = shop_with(|config| config.sync.reconcile_interval_s = 3600).await;
        let (status, error) = unsure_status(&shop, lose, colleague).await;
        assert_eq!(status, want, "{lose} {colleague:?} {error:?}");
        assert_eq!(error.is_some(), colleague.is_some(), "{lose} {colleague:?} {error:?}");
        assert!(error.is_none_or(|why| why.contains("left to whoever changed it")), "{lose}");
        shop.daemon.stop().await;
    }
}

/// Labels after a first try whose outcome is not known, and what became of the entry; meanwhile a colleague may take one off.
async fn unsure_labels(shop: &Shop, lose: &str, colleague: Option<&[&str]>) -> (Vec<String>, Option<String>) {
    let (id, jo) = (shop.plain_conversations().await[0], shop.client("jo").await);
    let path = format!("/conversations/{id}/labels");
    shop.at_chatwoot("agent2", &path, json!({"labels": ["vip"]})).await;
    until("the label here", async || jo.conversation(ConversationId(id)).await.ok().filter(|view| view.labels == ["vip"])).await;
    let labels = format!("/api/v1/accounts/*/conversations/{id}/labels");
    shop.fault(json!({"match": {"method": "POST", "path": labels}, "times": 1, "fault": {"kind": lose}})).await;
    let change = api::inbox::LabelChange { add: vec!["refund".into()], remove: Vec::new() };
    let patch = ConversationPatch { labels: Some(api::inbox::Labels::Change(change)), ..Default::default() };
    // Until the colleague is done Chatwoot answers no second look.
    let look = format!("/api/v1/accounts/*/conversations/{id}/messages");
    shop.fault(json!({"match": {"method": "GET", "path": look}, "fault": {"kind": "status", "status": 503}})).await;
    jo.update_conversation(ConversationId(id), &patch, &new_key()).await.unwrap();
    until("the first try", async || jo.outbox().await.ok()?.into_iter().find(|e| e.attempts >= 1 && e.error.is_some())).await;
    if let Some(labels) = colleague {
        shop.at_chatwoot("agent2", &path, json!({ "labels": labels })).await;
        // The activity of a change is written by a job.
        until("the colleague's activity", async || {
            let there = shop.at_sandbox(id).await;
            let said = |m: &Value| m["content"].as_str().is_some_and(|text| text.contains(" removed "));
            there["messages"].as_array()?.iter().any(said).then_some(())
        })
        .await;
    }
    shop.no_faults().await;
    let over = until("the end", async || {
        let outbox = jo.outbox().await.ok()?;
        match outbox.first() {
            None => Some(None),
            Some(entry) if entry.state == OutboxState::Failed => Some(entry.error.clone()),
            Some(_) => None,
        }
    })
    .await;
    let mut labels: Vec<String> = serde_json::from_value(shop.at_sandbox(id).await["labels"].clone()).unwrap();
    labels.sort();
    (labels, over)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unsure_label_is_set_again_only_where_nobody_took_it_off_since() {
    for (lose, colleague, want, left) in [
        ("drop", None, &["refund", "vip"][..], false),
        ("lose_answer", None, &["refund", "vip"], false),
        // Carried out, and taken off by a colleague since: left to them.
        ("lose_answer", Some(&["vip"][..]), &["vip"], true),
        // Not carried out; the colleague changed another label.
        ("drop", Some(&[]), &["refund"], false),
    ] {
        let shop = shop_with(|config| config.sync.reconcile_interval_s = 3600).await;
        let (labels, error) = unsure_labels(&shop, lose, colleague).await;
        assert_eq!(labels, want, "{lose} {colleague:?} {error:?}");
        assert_eq!(error.is_some(), left, "{lose} {colleague:?} {error:?}");
        assert!(error.is_none_or(|why| why.contains("left to whoever did")), "{lose}");
        shop.daemon.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_types_arrives_as_typed_and_a_canned_response_filled() {
    let shop = shop().await;
    let (id, jo) = (shop.plain_conversations().await[0], shop.client("jo").await);
    let contact = jo.conversation(ConversationId(id)).await.unwrap().contact.name;
    for (code, content) in [("order-hi", "{{ order }}{{contact.name}} `{{code}}`"), ("broken", "`{% endraw %}`")] {
        shop.at_chatwoot("admin", "/canned_responses", json!({"short_code": code, "content": content})).await;
    }
    let typed = "{{contact.name}} and {% if %} and `{{code}}`";
    jo.send_message(ConversationId(id), &NewMessage::text(typed, false), &new_key()).await.unwrap();
    let canned = NewMessage { canned: Some("order-hi".to_owned()), ..NewMessage::default() };
    let open = refused(jo.send_message(ConversationId(id), &canned, &new_key()).await);
    assert_eq!((open.1, open.2["fields"][0]["field"].clone()), (Code::ValidationFailed, json!("vars")));
    let vars = [("order".to_owned(), "d`{{A-1}}{".to_owned())].into_iter().collect();
    jo.send_message(ConversationId(id), &NewMessage { vars, ..canned }, &new_key()).await.unwrap();
    for code in ["Order-HI", "broken"] {
        let wrong = NewMessage { canned: Some(code.to_owned()), ..NewMessage::default() };
        assert_eq!(refused(jo.send_message(ConversationId(id), &wrong, &new_key()).await).1, Code::ValidationFailed, "{code}");
    }
    let note =
        NewMessage { mentions: vec![Mention::Agent(jo.me().await.unwrap().agent.unwrap().id)], ..NewMessage::text("please look", true) };
    jo.send_message(ConversationId(id), &note, &new_key()).await.unwrap();
    let public = NewMessage { private: false, ..note };
    assert_eq!(refused(jo.send_message(ConversationId(id), &public, &new_key()).await).1, Code::ValidationFailed);
    all_sent(&shop).await;
    let there = shop.at_sandbox(id).await["messages"].clone();
    let texts: Vec<&str> = there.as_array().unwrap().iter().filter_map(|m| m["content"].as_str()).collect();
    assert!(texts.contains(&typed), "{texts:?}");
    assert!(texts.contains(&format!("d`{{{{A-1}}}}{{{contact} `{{{{code}}}}`").as_str()), "{texts:?}");
    assert!(texts.iter().any(|text| text.contains("](mention://user/") && text.ends_with("please look")), "{texts:?}");
    shop.daemon.stop().await;
}

fn waiting_files(shop: &Shop) -> usize {
    let tenants =
        std::fs::read_dir(shop.config.data_dir.join("outbox")).map(|dir| dir.flatten().map(|entry| entry.path()).collect::<Vec<_>>());
    tenants.unwrap_or_default().into_iter().map(|tenant| std::fs::read_dir(tenant).unwrap().count()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_wait_on_the_disk_arrive_whole_and_are_gone_when_it_is_over() {
    let shop = shop().await;
    let (id, jo) = (shop.plain_conversations().await[0], shop.client("jo").await);
    let path = shop.config.data_dir.join("a.png");
    std::fs::write(&path, vec![7; 300_000]).unwrap();
    let file = FileToSend { path: path.clone(), name: "../bill.png".to_owned(), content_type: "image/png".to_owned() };
    let held = NewMessage { hold_seconds: Some(600), ..NewMessage::text("see the bill", false) };
    let key = new_key();
    let shown = jo.send_files(ConversationId(id), &held, std::slice::from_ref(&file), &key).await.unwrap();
    let shown_file = &shown.attachments[0];
    assert_eq!((shown_file.name.as_str(), shown_file.file_size, shown_file.file_type.as_str()), ("bill.png", Some(300_000), "image"));
    // The same call again is the same message, although its boundary is another; another file is another call.
    assert_eq!(jo.send_files(ConversationId(id), &held, std::slice::from_ref(&file), &key).await.unwrap().outbox_id, shown.outbox_id);
    assert_eq!(refused(jo.send_files(ConversationId(id), &held, &[file.clone(), file.clone()], &key).await).1, Code::IdempotencyKeyReused);
    assert_eq!(waiting_files(&shop), 1);
    jo.outbox_act(shown.outbox_id.unwrap(), "cancel", &new_key()).await.unwrap();
    until("the recalled file gone", async || (waiting_files(&shop) == 0).then_some(())).await;

    // A file alone is a message; its answer is lost once, and it arrives once.
    let messages = format!("/api/v1/accounts/*/conversations/{id}/messages");
    shop.fault(json!({"match": {"method": "POST", "path": messages}, "times": 1, "fault": {"kind": "lose_answer"}})).await;
    jo.send_files(ConversationId(id), &NewMessage::default(), &[file], &new_key()).await.unwrap();
    all_sent(&shop).await;
    let page = shop.chatwoot("agent", Method::GET, &format!("/conversations/{id}/attachments"), Value::Null).await;
    let rows = page["payload"].as_array().unwrap();
    let ours: Vec<&Value> = rows.iter().filter(|row| row["file_size"] == 300_000).collect();
    assert_eq!((ours.len(), ours[0]["file_type"].as_str()), (1, Some("image")), "{page}");
    until("the sent file gone", async || (waiting_files(&shop) == 0).then_some(())).await;
    // Nothing stays of what is refused.
    let text = FileToSend { path, name: "a".to_owned(), content_type: "text/plain".to_owned() };
    let nowhere = jo.send_files(ConversationId(999_999), &NewMessage::default(), &[text], &new_key()).await;
    assert_eq!(refused(nowhere).0, 404);
    until("the refused file gone", async || (waiting_files(&shop) == 0).then_some(())).await;
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_linked_token_writes_as_the_agent_at_once_and_is_nowhere_but_in_its_file() {
    let shop = shop_with(|config| config.users[1].chatwoot_token = None).await;
    let (id, jo) = (shop.plain_conversations().await[0], shop.client("jo").await);
    let sender_of = async |text: &str| {
        until("the message in Chatwoot", async || {
            let there = shop.chatwoot("admin", Method::GET, &format!("/conversations/{id}/messages"), Value::Null).await;
            let found = there["payload"].as_array()?.iter().find(|m| m["content"].as_str().is_some_and(|t| t.ends_with(text)))?;
            Some((found["sender"]["id"].as_i64()?, found["content"].as_str()?.to_owned()))
        })
        .await
    };
    let agent = jo.me().await.unwrap().agent.unwrap();
    assert!(!agent.own_token);
    jo.send_message(ConversationId(id), &NewMessage::text("before", true), &new_key()).await.unwrap();
    let (by, text) = sender_of("before").await;
    assert!(by != agent.id && text.starts_with("jo (via afenda):"), "{by} {text}");
    let ahead = EffectQuery { message: Some("reply".to_owned()), ..EffectQuery::default() };
    assert_eq!(jo.effects(ConversationId(id), &ahead).await.unwrap()[0].kind, EffectKind::Author);

    let tokens = shop.sandbox.tokens();
    for wrong in [&tokens["agent2"], "nonsense"] {
        assert_eq!(refused(jo.link_chatwoot(&Token::new(wrong)).await).1, Code::ValidationFailed);
    }
    let own = tokens["agent"].clone();
    assert!(jo.link_chatwoot(&Token::new(&own)).await.unwrap().agent.unwrap().own_token);
    jo.send_message(ConversationId(id), &NewMessage::text("after", true), &new_key()).await.unwrap();
    assert_eq!(sender_of("after").await, (agent.id, "after".to_owned()));
    assert!(jo.effects(ConversationId(id), &ahead).await.unwrap().is_empty());
    // Chatwoot's page sees it typed, not oftener than it is worth.
    let typing = |on| Typing { on, private: false };
    let sent =
        [jo.typing(ConversationId(id), typing(true)).await.unwrap().sent, jo.typing(ConversationId(id), typing(true)).await.unwrap().sent];
    assert_eq!(sent, [true, false]);
    assert!(jo.typing(ConversationId(id), typing(false)).await.unwrap().sent);

    // Over a restart; and in no database file.
    let file = shop.config.data_dir.join("chatwoot-tokens/ours/jo.token");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), own);
    shop.daemon.stop().await;
    for entry in std::fs::read_dir(&shop.config.data_dir).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        let bytes = std::fs::read(entry.path()).unwrap();
        assert!(!bytes.windows(own.len()).any(|window| window == own.as_bytes()), "{:?}", entry.path());
    }
    let daemon = daemon::start(shop.config.clone(), daemon::Clock::system()).await.unwrap();
    let token = daemon::mint_token(&shop.config, "jo", &daemon::Clock::system()).await.unwrap();
    let jo = api::Client::new(&daemon.base_url(), token).unwrap();
    assert!(jo.me().await.unwrap().agent.unwrap().own_token);
    assert!(!jo.unlink_chatwoot().await.unwrap().agent.unwrap().own_token);
    assert!(!file.exists());
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_opening_takes_is_said_before_and_true_after() {
    let shop = shop().await;
    let (id, jo, ada) = (shop.plain_conversations().await[0], shop.client("jo").await, shop.client("ada").await);
    shop.at_chatwoot("admin", &format!("/conversations/{id}/toggle_status"), json!({"status": "resolved"})).await;
    let agent2 = id_of(&state(&shop.sandbox).await["users"], "agent2").unwrap();
    shop.at_chatwoot("admin", &format!("/conversations/{id}/assignments"), json!({"assignee_id": agent2})).await;
    until("the colleague here", async || jo.conversation(ConversationId(id)).await.ok()?.assignee.filter(|a| a.id == agent2)).await;
    let open = EffectQuery { status: Some(ConversationStatus::Open), ..EffectQuery::default() };
    assert!(ada.effects(ConversationId(id), &open).await.unwrap().is_empty(), "an administrator takes nothing");
    let said = jo.effects(ConversationId(id), &open).await.unwrap();
    assert_eq!(said.iter().map(|effect| effect.kind).collect::<Vec<_>>(), [EffectKind::Takes]);
    assert!(said[0].text.contains("takes it from") && !said[0].text.contains("unless"), "{said:?}");
    let patch = ConversationPatch { status: Some(ConversationStatus::Open), ..Default::default() };
    jo.update_conversation(ConversationId(id), &patch, &new_key()).await.unwrap();
    let me = jo.me().await.unwrap().agent.unwrap().id;
    until("taken", async || (shop.at_sandbox(id).await["assignee_id"] == me).then_some(())).await;
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_macro_runs_once_or_waits_for_a_person() {
    let shop = shop().await;
    let (id, jo) = (shop.plain_conversations().await[0], shop.client("jo").await);
    // Chatwoot answers 200 for a macro that it does not know: it must not count as done.
    let run = RunMacro { id: 999_999, hold_seconds: None };
    jo.run_macro(ConversationId(id), run, &new_key()).await.unwrap();
    let failed = until("the refusal", async || jo.outbox().await.ok()?.into_iter().find(|e| e.state == OutboxState::Failed)).await;
    assert!(failed.error.unwrap().contains("no macro 999999"));
    jo.outbox_act(failed.id, "cancel", &new_key()).await.unwrap();
    // Known, and the answer to its run is lost: nobody knows, so it is not run again by itself.
    let list = json!({"payload": [{"id": 5, "name": "m", "visibility": "global", "actions": [{"action_name": "add_label"}]}]});
    shop.fault(
        json!({"match": {"method": "GET", "path": "/api/v1/accounts/*/macros"}, "fault": {"kind": "status", "status": 200, "body": list}}),
    )
    .await;
    assert_eq!(jo.macros().await.unwrap()[0].actions, ["add_label"]);
    let execute = "/api/v1/accounts/*/macros/5/execute";
    shop.fault(json!({"match": {"path": execute}, "times": 1, "fault": {"kind": "drop"}})).await;
    shop.fault(json!({"match": {"path": execute}, "fault": {"kind": "status", "status": 200, "body": ""}})).await;
    jo.run_macro(ConversationId(id), RunMacro { id: 5, hold_seconds: None }, &new_key()).await.unwrap();
    let held = until("held", async || jo.outbox().await.ok()?.into_iter().find(|e| e.state == OutboxState::Held)).await;
    assert!(held.error.unwrap().contains("look in Chatwoot"));
    // A person looked: once more, and only now.
    jo.outbox_act(held.id, "retry", &new_key()).await.unwrap();
    all_sent(&shop).await;
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_tries_at_once_what_waits_for_its_next_try_and_leaves_what_is_within_its_hold() {
    // Chatwoot's pause after a refusal is kept; here it is short.
    let shop = shop_with(|config| config.sync.haste = 300).await;
    let (ids, jo) = (shop.plain_conversations().await, shop.client("jo").await);
    let write = async |at: usize, hold| {
        let message = NewMessage { hold_seconds: Some(hold), ..NewMessage::text("hello", false) };
        jo.send_message(ConversationId(ids[at]), &message, &new_key()).await.unwrap();
    };
    write(1, 600).await;
    let messages = "/api/v1/accounts/*/conversations/*/messages";
    let refused = json!({"kind": "status", "status": 429, "body": {}, "headers": {"retry-after": "3600"}});
    shop.fault(json!({"match": {"method": "POST", "path": messages}, "times": 1, "fault": refused})).await;
    write(0, 0).await;
    let put_off = |entry: &api::inbox::OutboxView| entry.attempts == 1 && entry.state == OutboxState::Queued;
    until("the refusal", async || jo.outbox().await.ok()?.iter().any(put_off).then_some(())).await;
    assert_eq!(jo.flush_outbox(&new_key()).await.unwrap().flushed, 1);
    let left = until("the second try", async || jo.outbox().await.ok().filter(|left| left.len() == 1)).await;
    assert_eq!((left[0].conversation_id.unwrap().0, left[0].attempts, left[0].state), (ids[1], 0, OutboxState::Queued));
    let key = new_key();
    assert_eq!(jo.flush_outbox(&key).await.unwrap().flushed, 0);
    assert_eq!(jo.flush_outbox(&key).await.unwrap().flushed, 0, "a repeat is answered");
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_ones_own_is_deleted_after_the_hold_and_nobody_elses() {
    let shop = shop().await;
    let (id, jo, ada) = (ConversationId(shop.plain_conversations().await[0]), shop.client("jo").await, shop.client("ada").await);
    let find = async |text: &str| {
        let all = jo.messages(id, &Default::default()).await.unwrap().data;
        all.into_iter().find(|m| m.content.as_deref() == Some(text))
    };
    let now = |hold| DeleteMessage { hold_seconds: Some(hold) };
    for private in [false, true] {
        let text = if private { "a wrong note" } else { "a wrong reply" };
        let message = NewMessage { hold_seconds: Some(0), ..NewMessage::text(text, private) };
        jo.send_message(id, &message, &new_key()).await.unwrap();
        all_sent(&shop).await;
        let shown = if private { find("jo shown (via afenda):\n\na wrong note").await.or(find(text).await) } else { find(text).await };
        let sent = shown.and_then(|m| m.id).unwrap();
        assert_eq!(refused(ada.delete_message(id, sent, &now(0), &new_key()).await).1, Code::Forbidden, "{text}");
        assert_eq!(refused(jo.delete_message(id, sent, &now(100_000), &new_key()).await).1, Code::ValidationFailed);
        // Held, then kept.
        let entry = jo.delete_message(id, sent, &now(60), &new_key()).await.unwrap();
        assert_eq!((entry.kind.as_str(), entry.state, entry.conversation_id), ("delete", OutboxState::Queued, Some(id)));
        jo.outbox_act(entry.id, "cancel", &new_key()).await.unwrap();
        let of = async || jo.messages(id, &Default::default()).await.unwrap().data.into_iter().find(|m| m.id == Some(sent)).unwrap();
        assert!(!of().await.deleted);
        // Deleted, here and there; once.
        let key = new_key();
        let entry = jo.delete_message(id, sent, &now(0), &key).await.unwrap();
        assert_eq!(jo.delete_message(id, sent, &now(0), &key).await.unwrap().id, entry.id, "the same key is the same entry");
        until("the mark", async || Some(of().await).filter(|m| m.deleted)).await;
        all_sent(&shop).await;
        let there = shop.chatwoot("agent", Method::GET, &format!("/conversations/{id}/messages"), Value::Null).await["payload"].clone();
        let row = there.as_array().unwrap().iter().find(|m| m["id"] == sent.0).unwrap().clone();
        assert_eq!(row["content_attributes"], json!({ "deleted": true }));
        assert_eq!(refused(jo.delete_message(id, sent, &now(0), &new_key()).await).1, Code::ValidationFailed);
    }
    let all = jo.messages(id, &Default::default()).await.unwrap().data;
    let theirs = all.into_iter().find(|m| m.message_type == MessageType::Incoming).and_then(|m| m.id).unwrap();
    assert_eq!(refused(jo.delete_message(id, theirs, &now(0), &new_key()).await).1, Code::Forbidden, "a customer's");
    assert_eq!(refused(jo.delete_message(id, MessageId(9_999_999), &now(0), &new_key()).await).1, Code::NotFound);
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_reaches_chatwoot_with_its_values_and_what_would_not_arrive_is_refused() {
    let shop = shop().await;
    let (other, jo) = (shop.plain_conversations().await[0], shop.client("jo").await);
    let inbox = jo.inboxes().await.unwrap().into_iter().find(|inbox| inbox.channel == "Whatsapp").unwrap();
    let query = api::inbox::ConversationQuery { inbox: Some(inbox.id), ..Default::default() };
    let closed = jo.conversations(&query).await.unwrap().data.remove(0);
    assert!(!closed.can_reply, "the customer wrote three days ago");

    let listed = jo.templates(inbox.id).await.unwrap();
    let sent: Vec<_> = listed.iter().filter(|t| t.unusable.is_none()).map(|t| (t.name.as_str(), t.variables.len())).collect();
    assert_eq!(sent, [("parcel_sent", 2), ("parcel_sent", 2), ("reply_wanted", 0)]);
    assert_eq!(refused(jo.templates(999_999).await).0, 404);

    let template = |name: &str, language: Option<&str>, vars: &[(&str, &str)]| UseTemplate {
        name: name.to_owned(),
        language: language.map(str::to_owned),
        vars: vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    };
    let message = |template| NewMessage { template: Some(template), ..NewMessage::default() };
    let both = [("1", "Tom"), ("2", "A-1096")];
    for (id, wrong, field, why) in [
        (other, message(template("parcel_sent", None, &[])), "template", "only WhatsApp"),
        (closed.id.0, message(template("nothing", None, &[])), "template.name", "parcel_sent, reply_wanted"),
        (closed.id.0, message(template("invoice", None, &[("1", "x")])), "template.name", "header is no text"),
        (closed.id.0, message(template("parcel_sent", None, &both)), "template.language", "de, en"),
        (closed.id.0, message(template("parcel_sent", Some("fr"), &both)), "template.language", "de, en"),
        (closed.id.0, message(template("parcel_sent", Some("en"), &both[..1])), "template.vars", "leaves 2 open"),
        (closed.id.0, message(template("parcel_sent", Some("en"), &[("1", "{{contact.name}}"), ("2", "x")])), "template.vars", "Liquid"),
        (closed.id.0, NewMessage { content: "Hi".to_owned(), ..message(template("reply_wanted", None, &[])) }, "template", "whole reply"),
        (closed.id.0, NewMessage { private: true, ..message(template("reply_wanted", None, &[])) }, "template", "whole reply"),
    ] {
        let (_, code, details) = refused(jo.send_message(ConversationId(id), &wrong, &new_key()).await);
        assert_eq!((code, &details["fields"][0]["field"]), (Code::ValidationFailed, &json!(field)), "{wrong:?}");
        assert!(details["fields"][0]["message"].as_str().unwrap().contains(why), "{wrong:?}: {details}");
    }
    let held = NewMessage { hold_seconds: Some(600), ..message(template("parcel_sent", Some("en"), &both)) };
    let shown = jo.send_message(closed.id, &held, &new_key()).await.unwrap();
    assert_eq!(shown.content.as_deref(), Some("Hi Tom, your order A-1096 is on its way."), "at once");
    let kept = jo.outbox_act(shown.outbox_id.unwrap(), "cancel", &new_key()).await.unwrap();
    let vars = both.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    assert_eq!(
        kept.template,
        Some(UseTemplate { name: "parcel_sent".to_owned(), language: Some("en".to_owned()), vars }),
        "to take it up again"
    );
    jo.send_message(closed.id, &message(template("parcel_sent", Some("en"), &both)), &new_key()).await.unwrap();
    all_sent(&shop).await;
    let log: Value = reqwest::get(format!("{}/sandbox/log", shop.sandbox.base_url())).await.unwrap().json().await.unwrap();
    let sent: Vec<&Value> = log.as_array().unwrap().iter().filter(|call| !call["body"]["template_params"].is_null()).collect();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(
        (&sent[0]["body"]["content"], &sent[0]["body"]["template_params"]),
        (
            &json!("Hi Tom, your order A-1096 is on its way."),
            &json!({"name": "parcel_sent", "category": "UTILITY", "language": "en", "processed_params": {"body": {"1": "Tom", "2": "A-1096"}}})
        )
    );
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_whose_answer_was_lost_is_found_and_not_sent_twice() {
    let shop = shop().await;
    let jo = shop.client("jo").await;
    let inbox = jo.inboxes().await.unwrap().into_iter().find(|inbox| inbox.channel == "Whatsapp").unwrap();
    let query = api::inbox::ConversationQuery { inbox: Some(inbox.id), ..Default::default() };
    let id = jo.conversations(&query).await.unwrap().data.remove(0).id;
    let messages = json!({"method": "POST", "path": "/api/v1/accounts/*/conversations/*/messages"});
    shop.fault(json!({"match": messages, "times": 1, "fault": {"kind": "lose_answer"}})).await;
    let message =
        NewMessage { template: Some(UseTemplate { name: "reply_wanted".to_owned(), ..UseTemplate::default() }), ..NewMessage::default() };
    jo.send_message(id, &message, &new_key()).await.unwrap();
    all_sent(&shop).await;
    let there = shop.at_sandbox(id.0).await["messages"].clone();
    let text = "We have an answer to your question. Reply to this message to read it.";
    assert_eq!(there.as_array().unwrap().iter().filter(|m| m["content"] == text).count(), 1, "{there}");
    shop.daemon.stop().await;
}
