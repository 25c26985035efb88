//! With a Chatwoot beside it: escalations from its own page, decisions back in it.

use std::time::Duration;

use api::approval::{ApprovalQuery, ApprovalView, Decision};
use api::client::new_key;
use api::tenant::Role;
use api::{Client, Code, Token};
use daemon::config::{self, Config};
use daemon::{Clock, Running, mint_token};
use serde_json::{Value, json};

use crate::harness::{config as base_config, refused};

const LIMIT: Duration = Duration::from_secs(30);

pub(crate) struct Shop {
    pub(crate) sandbox: sandbox::Running,
    pub(crate) daemon: Running,
    pub(crate) config: Config,
    _folder: tempfile::TempDir,
}

/// A demo shop with Ada, who is an administrator there and an approver here, and Jo, an agent.
pub(crate) async fn shop() -> Shop {
    shop_with(|_| ()).await
}

/// The same with settings of one's own.
pub(crate) async fn shop_with(change: impl FnOnce(&mut Config)) -> Shop {
    // Whichever test comes first, also one that runs alone.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sandbox = sandbox::start(sandbox::Options::new(sandbox::World::demo_shop())).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut config = base_config(folder.path());
    let tokens = sandbox.tokens();
    let state = state(&sandbox).await;
    config.tenants = vec![config::Tenant {
        slug: "ours".to_owned(),
        name: "Ours".to_owned(),
        chatwoot: Some(config::Chatwoot {
            url: sandbox.base_url(),
            account_id: state["accounts"][0]["id"].as_i64().unwrap(),
            token: Token::new(tokens.get("sync").unwrap_or(&tokens["admin"])),
            webhook_secrets: vec![],
            webhooks_unsigned: false,
            ca_file: None,
        }),
    }];
    let user = |name: &str, role, key: &str| config::User {
        name: name.to_owned(),
        display_name: name.to_owned(),
        role,
        tenants: vec!["ours".to_owned()],
        chatwoot_email: None,
        chatwoot_agent_id: id_of(&state["users"], key),
        chatwoot_token: Some(Token::new(&tokens[key])),
    };
    // Both may decide, so that only whose request it is stands between them and a decision.
    config.users = vec![user("ada", Role::Approver, "admin"), user("jo", Role::Approver, "agent")];
    config.hold_seconds = 0;
    change(&mut config);
    let daemon = daemon::start(config.clone(), Clock::system()).await.unwrap();
    let shop = Shop { sandbox, daemon, config, _folder: folder };
    let jo = shop.client("jo").await;
    until("the first copy", async || {
        jo.status().await.ok().filter(|s| s.first_copy.done && s.chatwoot.state == api::status::LinkState::Live)
    })
    .await;
    shop
}

pub(crate) async fn state(sandbox: &sandbox::Running) -> Value {
    reqwest::get(format!("{}/sandbox/state", sandbox.base_url())).await.unwrap().json().await.unwrap()
}

pub(crate) fn id_of(rows: &Value, key: &str) -> Option<i64> {
    rows.as_array()?.iter().find(|row| row["key"] == key)?["id"].as_i64()
}

/// Waits for a value, with a limit.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LIMIT, found).await.unwrap_or_else(|_| panic!("waited for {what}"))
}

impl Shop {
    pub(crate) async fn client(&self, user: &str) -> Client {
        let token = mint_token(&self.config, user, &Clock::system()).await.unwrap();
        Client::new(&self.daemon.base_url(), token).unwrap()
    }

    /// A call on Chatwoot's own API, as somebody.
    pub(crate) async fn at_chatwoot(&self, who: &str, path: &str, body: Value) -> Value {
        self.chatwoot(who, reqwest::Method::POST, path, body).await
    }

    /// A call by any method.
    pub(crate) async fn chatwoot(&self, who: &str, method: reqwest::Method, path: &str, body: Value) -> Value {
        let account = state(&self.sandbox).await["accounts"][0]["id"].clone();
        let url = format!("{}/api/v1/accounts/{account}{path}", self.sandbox.base_url());
        let token = self.sandbox.tokens()[who].clone();
        let answer = reqwest::Client::new().request(method, url).header("api_access_token", token).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap_or_default()
    }

    /// Something that is to go wrong in the stand-in.
    pub(crate) async fn fault(&self, rule: Value) {
        let url = format!("{}/sandbox/faults", self.sandbox.base_url());
        let answer = reqwest::Client::new().post(url).json(&rule).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// Nothing goes wrong there any more.
    pub(crate) async fn no_faults(&self) {
        let url = format!("{}/sandbox/faults", self.sandbox.base_url());
        let answer = reqwest::Client::new().delete(url).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// Open conversations of the shop in an inbox where Jo works, without labels of ours.
    pub(crate) async fn plain_conversations(&self) -> Vec<i64> {
        let jo = self.client("jo").await;
        let rows = jo.conversations(&api::inbox::ConversationQuery { limit: Some(200), ..Default::default() }).await.unwrap().data;
        rows.iter().filter(|c| c.approvals.is_empty() && !c.labels.iter().any(|l| l == "escalate")).map(|c| c.id.0).collect()
    }

    pub(crate) async fn approval_of(&self, conversation: i64) -> ApprovalView {
        let ada = self.client("ada").await;
        until("the approval", async || {
            let list = ada.approvals(&ApprovalQuery::default()).await.ok()?;
            list.data.into_iter().find(|a| a.conversation_id.is_some_and(|id| id.0 == conversation))
        })
        .await
    }

    pub(crate) async fn at_sandbox(&self, conversation: i64) -> Value {
        let state = state(&self.sandbox).await;
        state["conversations"].as_array().unwrap().iter().find(|c| c["id"] == conversation).unwrap().clone()
    }
}

fn revision(a: &ApprovalView) -> Decision {
    Decision { revision: Some(a.revision), comment: Some("because".to_owned()) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_requester_cannot_decide_their_own_from_any_of_the_three_ways_to_ask() {
    let shop = shop().await;
    let plain = shop.plain_conversations().await;
    let (jo, ada) = (shop.client("jo").await, shop.client("ada").await);
    jo.escalate(api::id::ConversationId(plain[0]), "refund 240 EUR", &new_key()).await.unwrap();
    shop.at_chatwoot("agent", &format!("/conversations/{}/labels", plain[1]), json!({ "labels": ["escalate"] })).await;
    let note = json!({ "content": "/escalate refund 99 EUR", "private": true });
    shop.at_chatwoot("agent", &format!("/conversations/{}/messages", plain[2]), note).await;
    for conversation in plain.into_iter().take(3) {
        let asked = shop.approval_of(conversation).await;
        assert_eq!(asked.requester.user.as_deref(), Some("jo"), "#{conversation}");
        let own = refused(jo.decide(&asked.id.to_string(), "approve", &revision(&asked), &new_key()).await);
        assert_eq!((own.0, own.1), (403, Code::OwnRequest), "#{conversation}");
        ada.decide(&asked.id.to_string(), "reject", &revision(&asked), &new_key()).await.unwrap();
        until("the decision back in Chatwoot", async || {
            let there = shop.at_sandbox(conversation).await;
            let labels = there["labels"].as_array()?;
            let noted = there["messages"].as_array()?.iter().any(|m| {
                m["private"] == true && m["content"].as_str().is_some_and(|t| t.contains("rejected by ada") && t.contains("because"))
            });
            (noted && labels.contains(&"rejected".into()) && !labels.contains(&"escalate".into())).then_some(())
        })
        .await;
        until("the write-back known here", async || {
            let row = ada.approval(&asked.id.to_string()).await.ok()?;
            (row.write_back == api::approval::WriteBack::Done).then_some(())
        })
        .await;
    }
    // What afenda itself wrote made no approval.
    assert_eq!(ada.approvals(&ApprovalQuery::default()).await.unwrap().meta.total, 3);
    shop.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_colleagues_label_survives_the_decision() {
    let shop = shop().await;
    let conversation = shop.plain_conversations().await[0];
    let (jo, ada) = (shop.client("jo").await, shop.client("ada").await);
    let asked = jo.escalate(api::id::ConversationId(conversation), "refund", &new_key()).await.unwrap();
    until("the label in Chatwoot", async || {
        shop.at_sandbox(conversation).await["labels"].as_array()?.contains(&"escalate".into()).then_some(())
    })
    .await;
    shop.at_chatwoot("agent2", &format!("/conversations/{conversation}/labels"), json!({ "labels": ["escalate", "vip"] })).await;
    ada.decide(&asked.id.to_string(), "approve", &revision(&asked), &new_key()).await.unwrap();
    until("both labels", async || {
        let labels: Vec<String> = serde_json::from_value(shop.at_sandbox(conversation).await["labels"].clone()).ok()?;
        (labels.iter().any(|l| l == "approved") && labels.iter().any(|l| l == "vip") && !labels.iter().any(|l| l == "escalate"))
            .then_some(())
    })
    .await;
    shop.daemon.stop().await;
}

/// Who wrote the decision's note, in Chatwoot.
async fn author_of_decision(shop: &Shop, conversation: i64) -> Value {
    until("the decision's note", async || {
        let messages = shop.chatwoot("admin", reqwest::Method::GET, &format!("/conversations/{conversation}/messages"), Value::Null).await;
        let note = messages["payload"].as_array()?.iter().find(|m| m["content"].as_str().is_some_and(|t| t.contains("approved by ada")))?;
        Some(note["sender"]["id"].clone())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decisions_note_is_the_approvers_or_the_service_users_where_their_token_is_refused() {
    for (token, by) in [(Some("admin"), "admin"), (Some("revoked"), "sync"), (None, "sync")] {
        let shop = shop_with(|config| {
            let own = config.users[0].chatwoot_token.take();
            config.users[0].chatwoot_token = token.and_then(|key| if key == "admin" { own } else { Some(Token::new(key)) });
        })
        .await;
        let conversation = shop.plain_conversations().await[0];
        let (jo, ada) = (shop.client("jo").await, shop.client("ada").await);
        let asked = jo.escalate(api::id::ConversationId(conversation), "refund", &new_key()).await.unwrap();
        ada.decide(&asked.id.to_string(), "approve", &revision(&asked), &new_key()).await.unwrap();
        let users = state(&shop.sandbox).await["users"].clone();
        assert_eq!(author_of_decision(&shop, conversation).await.as_i64(), id_of(&users, by), "{token:?}");
        until("the write-back known here", async || {
            let row = ada.approval(&asked.id.to_string()).await.ok()?;
            (row.write_back == api::approval::WriteBack::Done).then_some(())
        })
        .await;
        // The note stays: it is nobody's to delete from here.
        let rows = ada.messages(api::id::ConversationId(conversation), &api::inbox::MessageQuery::default()).await.unwrap().data;
        assert!(rows.iter().all(|row| !row.own || row.content.as_deref().is_none_or(|text| !text.contains("approved by ada"))));
        shop.daemon.stop().await;
    }
}
