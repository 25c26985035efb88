//! Files of messages, from Chatwoot through the daemon: whole, harmless to a browser, to whoever may read the conversation.

use api::client::AttachmentBody;
use api::id::{ConversationId, MessageId};
use api::inbox::{AttachmentView, MessageQuery};
use api::{Client, ClientError, Code};
use serde_json::json;

use crate::harness::refused;
use crate::with_chatwoot::{Shop, shop, until};

const LIMIT: u64 = 1024 * 1024;

/// A customer's message with a file, once the daemon has it.
async fn arrived(shop: &Shop, jo: &Client, bytes: &[u8], name: &str) -> (ConversationId, MessageId, AttachmentView) {
    let id = ConversationId(shop.plain_conversations().await[0]);
    let part = reqwest::multipart::Part::bytes(bytes.to_vec()).file_name(name.to_owned()).mime_str("image/png").unwrap();
    let form = reqwest::multipart::Form::new().text("content", "see").text("message_type", "outgoing").part("attachments[]", part);
    let account = crate::with_chatwoot::state(&shop.sandbox).await["accounts"][0]["id"].clone();
    let url = format!("{}/api/v1/accounts/{account}/conversations/{id}/messages", shop.sandbox.base_url());
    let token = shop.sandbox.tokens()["agent"].clone();
    let sent = reqwest::Client::new().post(url).header("api_access_token", token).multipart(form).send().await.unwrap();
    let sent: serde_json::Value = sent.json().await.unwrap();
    let message = MessageId(sent["id"].as_i64().unwrap());
    let file = until("the message here", async || {
        let page = jo.messages(id, &MessageQuery::default()).await.ok()?;
        page.data.into_iter().find(|m| m.id == Some(message))?.attachments.pop()
    })
    .await;
    (id, message, file)
}

async fn whole(mut body: AttachmentBody) -> Result<Vec<u8>, ClientError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = body.chunk().await? {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_comes_whole_and_once_seen_also_without_chatwoot() {
    let shop = shop().await;
    let jo = shop.client("jo").await;
    let bytes: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let (id, message, file) = arrived(&shop, &jo, &bytes, "a b \u{fc}.png").await;
    let body = jo.attachment(id, message, file.id, LIMIT).await.unwrap();
    assert_eq!((body.content_type.as_str(), body.length), ("image/png", Some(300_000)));
    assert_eq!(whole(body).await.unwrap(), bytes);
    // Nothing is left to be had of Chatwoot: the second time it comes from the disk.
    let fault = json!({"match": {"path": "/rails/active_storage/*"}, "times": 100, "fault": {"kind": "status", "status": 503}});
    shop.fault(fault).await;
    let again = jo.attachment(id, message, file.id, LIMIT).await.unwrap();
    assert_eq!((again.content_type.as_str(), again.length), ("image/png", Some(300_000)));
    assert_eq!(whole(again).await.unwrap(), bytes);
    let too_large = jo.attachment(id, message, file.id, 1_000).await.unwrap_err();
    assert!(matches!(too_large, ClientError::TooLarge { bytes_max: 1_000 }), "{too_large:?}");
    let (_, other, unseen) = arrived(&shop, &jo, b"unseen", "b.png").await;
    let (status, code, _) = refused(jo.attachment(id, other, unseen.id, LIMIT).await);
    assert_eq!((status, code), (503, Code::ChatwootUnavailable));
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_can_only_save_it_and_what_is_gone_is_gone() {
    let shop = shop().await;
    let jo = shop.client("jo").await;
    let (id, message, file) = arrived(&shop, &jo, b"<script>", "x\".png").await;
    let token = daemon::mint_token(&shop.config, "jo", &daemon::Clock::system()).await.unwrap();
    let path = format!("/api/v1/conversations/{id}/messages/{message}/attachments/{}", file.id);
    let get = async |path: &str| {
        let url = format!("{}{path}", shop.daemon.base_url());
        reqwest::Client::new().get(url).bearer_auth(token.expose()).send().await.unwrap()
    };
    let answer = get(&path).await;
    let header = |name: &str| answer.headers().get(name).unwrap().to_str().unwrap().to_owned();
    assert!(header("content-disposition").starts_with("attachment; filename=\"x"), "{}", header("content-disposition"));
    assert_eq!((header("x-content-type-options"), header("cache-control")), ("nosniff".into(), "private, no-store".into()));
    for wrong in [
        format!("/api/v1/conversations/{id}/messages/{message}/attachments/999"),
        format!("/api/v1/conversations/{id}/messages/999999/attachments/{}", file.id),
        format!("/api/v1/conversations/999999/messages/{message}/attachments/{}", file.id),
        format!("/api/v1/conversations/{id}/messages/{message}/attachments/..%2f..%2fowner"),
    ] {
        assert_eq!(get(&wrong).await.status(), 404, "{wrong}");
    }
    shop.chatwoot("agent", reqwest::Method::DELETE, &format!("/conversations/{id}/messages/{message}"), json!({})).await;
    until("the file gone with its message", async || (get(&path).await.status() == 404).then_some(())).await;
    let left = std::fs::read_dir(shop.config.data_dir.join("attachments")).unwrap().flatten();
    assert_eq!(left.map(|tenant| std::fs::read_dir(tenant.path()).unwrap().count()).sum::<usize>(), 0);
    shop.daemon.stop().await;
}
