//! E-mail inboxes: whom a reply goes to, what stands over a mail, and the caller's signature.

use api::client::new_key;
use api::id::ConversationId;
use api::inbox::{ConversationQuery, ConversationView, MessageQuery, MessageType, MessageView, NewMessage};
use api::mail::{MailView, reply_to};
use api::{Client, Code};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::refused;
use crate::with_chatwoot::{Shop, shop, shop_with, until};

fn list(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// A customer's mail, sent to the inbox with copies.
async fn arrived(shop: &Shop, jo: &Client) -> (ConversationView, MessageView) {
    let seed = json!({"contact": {"name": "Mia Mail", "email": "mia@example.com"}, "inbox": "mail", "texts": ["Where is it?"],
        "mail": {"cc": ["boss@example.com"], "subject": "Order A-7", "to": ["help@shop.example", "x@y.z"]}});
    reqwest::Client::new().post(format!("{}/sandbox/customers", shop.sandbox.base_url())).json(&seed).send().await.unwrap();
    let all = ConversationQuery { limit: Some(200), ..Default::default() };
    let view = until("the mail", async || {
        let rows = jo.conversations(&all).await.ok()?.data;
        rows.into_iter().find(|c| c.contact.email.as_deref() == Some("mia@example.com") && c.inbox.channel == "Email")
    })
    .await;
    let message = until("its text", async || newest(jo, view.id).await).await;
    (view, message)
}

async fn newest(jo: &Client, id: ConversationId) -> Option<MessageView> {
    let rows = jo.messages(id, &MessageQuery::default()).await.ok()?.data;
    rows.into_iter().rfind(|m| !m.private && m.message_type != MessageType::Activity)
}

/// Bodies of the messages that Chatwoot was asked to make.
async fn posted(shop: &Shop) -> Vec<Value> {
    let log: Value = reqwest::get(format!("{}/sandbox/log", shop.sandbox.base_url())).await.unwrap().json().await.unwrap();
    let rows = log.as_array().or_else(|| log["requests"].as_array()).cloned().unwrap_or_default();
    let sends = |r: &Value| r["method"] == "POST" && r["path"].as_str().is_some_and(|path| path.ends_with("/messages"));
    rows.into_iter().filter(sends).map(|r| r["body"].clone()).collect()
}

async fn all_sent(jo: &Client) {
    // Without a mail server the mail itself fails a moment later; that is Chatwoot's matter, not the outbox's.
    until("an empty outbox", async || jo.outbox().await.ok().filter(Vec::is_empty)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_says_who_has_it_and_a_reply_goes_to_whom_it_names() {
    let shop = shop().await;
    let jo = shop.client("jo").await;
    let (view, mail) = arrived(&shop, &jo).await;
    assert_eq!(view.inbox.email.as_deref(), Some("help@shop.example"));
    assert_eq!(view.additional_attributes["mail_subject"], "Order A-7");
    let over = MailView {
        from: list("mia@example.com"),
        to: list("help@shop.example x@y.z"),
        cc: list("boss@example.com"),
        bcc: vec![],
        subject: Some("Order A-7".to_owned()),
    };
    assert_eq!((mail.content_type.as_str(), mail.mail.as_ref()), ("incoming_email", Some(&over)));

    let whom = reply_to(Some((MessageType::Incoming, &over)), view.contact.email.as_deref(), view.inbox.email.as_deref());
    let bcc = list("log@shop.example");
    let reply = NewMessage { to: whom.to, cc: whom.cc, bcc: bcc.clone(), ..NewMessage::text("It is on its way", false) };
    let queued = jo.send_message(view.id, &NewMessage { hold_seconds: Some(600), ..reply.clone() }, &new_key()).await.unwrap();
    let sent = MailView { to: list("mia@example.com"), cc: list("boss@example.com x@y.z"), bcc, ..MailView::default() };
    assert_eq!(queued.mail.as_ref(), Some(&sent), "while it waits");
    jo.outbox_act(queued.outbox_id.unwrap(), "cancel", &new_key()).await.unwrap();
    jo.send_message(view.id, &reply, &new_key()).await.unwrap();
    all_sent(&jo).await;
    let body = posted(&shop).await.pop().unwrap();
    assert_eq!(
        (&body["to_emails"], &body["cc_emails"], &body["bcc_emails"]),
        (&json!("mia@example.com"), &json!("boss@example.com,x@y.z"), &json!("log@shop.example"))
    );
    let there = until("it in Chatwoot's copy", async || newest(&jo, view.id).await.filter(|m| m.id.is_some() && m.id != mail.id)).await;
    assert_eq!(there.mail, Some(sent));

    // Nobody named: Chatwoot writes to the contact, and nothing is said of it.
    jo.send_message(view.id, &NewMessage::text("And a second one", false), &new_key()).await.unwrap();
    all_sent(&jo).await;
    let body = posted(&shop).await.pop().unwrap();
    assert_eq!((body.get("to_emails"), body.get("cc_emails"), body.get("bcc_emails")), (None, None, None));
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recipients_wait_on_the_disk_with_the_reply() {
    let shop = shop_with(|config| config.hold_seconds = 0).await;
    let jo = shop.client("jo").await;
    let (view, _) = arrived(&shop, &jo).await;
    let reply = NewMessage { cc: list("boss@example.com"), hold_seconds: Some(600), ..NewMessage::text("later", false) };
    jo.send_message(view.id, &reply, &new_key()).await.unwrap();
    shop.daemon.stop().await;
    let daemon = daemon::start(shop.config.clone(), daemon::Clock::system()).await.unwrap();
    let token = daemon::mint_token(&shop.config, "jo", &daemon::Clock::system()).await.unwrap();
    let jo = Client::new(&daemon.base_url(), token).unwrap();
    let waiting = newest(&jo, view.id).await.unwrap();
    assert_eq!((waiting.id, waiting.mail.unwrap().cc), (None, list("boss@example.com")));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_are_refused_by_name_where_they_cannot_be() {
    let shop = shop().await;
    let jo = shop.client("jo").await;
    let (view, _) = arrived(&shop, &jo).await;
    let field = async |id: ConversationId, message: &NewMessage| {
        let (status, code, details) = refused(jo.send_message(id, message, &new_key()).await);
        assert_eq!((status, code), (422, Code::ValidationFailed), "{details}");
        (details["fields"][0]["field"].as_str().unwrap().to_owned(), details["fields"][0].to_string())
    };
    let cc = NewMessage { cc: list("boss@example.com nobody"), ..NewMessage::text("x", false) };
    let (name, said) = field(view.id, &cc).await;
    assert!(name == "cc" && said.contains("`nobody` is no e-mail address"), "{said}");
    // A comma would be a second address for Chatwoot.
    let two = NewMessage { bcc: vec!["a@b.c,d@e.f".to_owned()], ..NewMessage::text("x", false) };
    assert_eq!(field(view.id, &two).await.0, "bcc");
    let many = NewMessage { to: (0..51).map(|n| format!("a{n}@b.c")).collect(), ..NewMessage::text("x", false) };
    assert_eq!(field(view.id, &many).await.0, "to");
    let note = NewMessage { cc: list("boss@example.com"), ..NewMessage::text("x", true) };
    assert_eq!(field(view.id, &note).await.0, "cc");
    let api = ConversationId(shop.plain_conversations().await[0]);
    let rows = jo.conversations(&ConversationQuery { limit: Some(200), ..Default::default() }).await.unwrap().data;
    let api = rows.iter().find(|c| c.inbox.channel == "Api").map_or(api, |c| c.id);
    let elsewhere = NewMessage { to: list("boss@example.com"), ..NewMessage::text("x", false) };
    let (name, said) = field(api, &elsewhere).await;
    assert!(name == "to" && said.contains("e-mail inbox"), "{said}");
    assert!(jo.outbox().await.unwrap().is_empty());
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signature_is_read_with_the_callers_own_token() {
    let shop = shop_with(|config| config.users[0].chatwoot_token = None).await;
    let (ada, jo) = (shop.client("ada").await, shop.client("jo").await);
    assert_eq!(jo.signature().await.unwrap().signature, None);
    let url = format!("{}/api/v1/profile", shop.sandbox.base_url());
    let change = json!({"profile": {"message_signature": "Jo Agent\n**Shop**"}});
    let token = shop.sandbox.tokens()["agent"].clone();
    let put = reqwest::Client::new().request(Method::PUT, url).header("api_access_token", token).json(&change).send().await.unwrap();
    assert_eq!(put.status(), 200);
    assert_eq!(jo.signature().await.unwrap().signature.as_deref(), Some("Jo Agent\n**Shop**"));
    assert_eq!(refused(ada.signature().await).1, Code::Forbidden);
    shop.daemon.stop().await;
}
