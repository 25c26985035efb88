//! The webhooks of an account as owners and admins see them, and the account webhook in Chatwoot itself.

use std::time::Duration;

use api::client::new_key;
use api::status::LinkState;
use api::tenant::Role;
use api::webhook::{InstallView, Installed, NewInstall, NewPurge, WebhookQuery, WebhookState};
use api::{Client, Code, Token};
use chatwoot::webhook;
use daemon::config::{self, Config};
use daemon::domain::webhook::Next;
use daemon::{Clock, Running, mint_token};
use serde_json::{Value, json};

use crate::harness::{Bench, config as base_config, refused};

const LIMIT: Duration = Duration::from_secs(30);

async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
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

#[tokio::test]
async fn dead_letters_are_shown_replayed_and_purged_by_those_who_run_the_daemon() {
    let bench = Bench::new().await;
    let id = bench.webhook().await;
    let wire = api::id::WebhookId(id);
    for user in ["ada", "jo", "vic"] {
        let client = bench.client(user).await;
        for code in [
            refused(client.webhooks(&WebhookQuery::default()).await),
            refused(client.webhook(wire).await),
            refused(client.replay_webhook(wire, &new_key()).await),
            refused(client.purge_webhooks(&NewPurge::default(), &new_key()).await),
            refused(client.install_webhook(&NewInstall::default(), &new_key()).await),
        ] {
            assert_eq!((code.0, code.1), (403, Code::Forbidden), "{user}");
        }
        assert_eq!(client.status().await.unwrap().webhooks, None);
    }
    let max = bench.client("max").await;
    let page = max.webhooks(&WebhookQuery::default()).await.unwrap();
    assert_eq!((page.meta.total, page.data[0].id, page.data[0].state), (1, wire, WebhookState::Received));
    assert_eq!(page.data[0].body, None, "a list holds no customers' words");
    assert_eq!(max.webhook(wire).await.unwrap().body.unwrap()["id"], 31);

    // Only a dead letter is purged.
    let named = NewPurge { ids: vec![wire], before: None };
    let waiting = refused(max.purge_webhooks(&named, &new_key()).await);
    assert_eq!((waiting.0, waiting.1, waiting.2["state"].as_str()), (409, Code::WebhookState, Some("received")));
    let give_up = async || {
        bench
            .write("ours", |scope| {
                scope.due_webhooks(1)?.iter().try_for_each(|row| scope.webhook_failed(row.position, "it does not fit", Next::Dead))
            })
            .await;
    };
    give_up().await;
    let dead = max.webhook(wire).await.unwrap();
    assert_eq!((dead.state, dead.error.as_deref(), dead.next_try_at), (WebhookState::Dead, Some("it does not fit"), None));
    assert!(dead.body.is_some() && dead.finished_at.is_some());
    let only = |state| WebhookQuery { state: Some(state), ..WebhookQuery::default() };
    assert_eq!(max.webhooks(&only(WebhookState::Dead)).await.unwrap().meta.total, 1);
    assert_eq!(max.webhooks(&only(WebhookState::Done)).await.unwrap().meta.total, 0);

    let key = new_key();
    for _ in 0..2 {
        assert_eq!(max.replay_webhook(wire, &key).await.unwrap().state, WebhookState::Received);
    }
    give_up().await;
    let key = new_key();
    for _ in 0..2 {
        assert_eq!(max.purge_webhooks(&named, &key).await.unwrap().purged, 1, "the same key is the same purge");
    }
    assert_eq!(refused(max.webhook(wire).await).0, 404);
    assert_eq!(max.purge_webhooks(&NewPurge::default(), &new_key()).await.unwrap().purged, 0);

    // Done: the body is gone, and with it the way back.
    let wire = api::id::WebhookId(bench.webhook().await);
    bench.write("ours", |scope| scope.due_webhooks(1)?.iter().try_for_each(|row| scope.webhook_done(row.position))).await;
    assert_eq!(max.webhook(wire).await.unwrap().body, None);
    assert_eq!(refused(max.replay_webhook(wire, &new_key()).await).1, Code::WebhookState);

    let audit = max.audit(&api::audit::AuditQuery::default()).await.unwrap().data;
    let actions: Vec<&str> = audit.iter().rev().map(|row| row.action.as_str()).collect();
    assert_eq!(actions, ["webhook.replay", "webhook.purge", "webhook.purge"]);
    // Without an account there is nothing to set up.
    assert_eq!(refused(max.install_webhook(&NewInstall::default(), &new_key()).await).0, 503);
}

/// A demo shop whose only way in is the webhook.
struct Shop {
    sandbox: sandbox::Running,
    daemon: Running,
    config: Config,
    max: Client,
    _folder: tempfile::TempDir,
}

async fn shop(change: impl FnOnce(&mut config::Chatwoot)) -> Shop {
    let sandbox = sandbox::start(sandbox::Options::new(sandbox::World::demo_shop())).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut config = base_config(folder.path());
    let mut chatwoot = crate::harness::chatwoot(&sandbox.base_url());
    chatwoot.account_id = sandbox.account_ids()["acme"];
    chatwoot.token = Token::new(&sandbox.tokens()["sync"]);
    chatwoot.webhook_secrets = vec![];
    change(&mut chatwoot);
    config.tenants[0].chatwoot = Some(chatwoot);
    // What arrives, arrives by webhook.
    config.sync.websocket = false;
    config.sync.reconcile_interval_s = 3_600;
    let daemon = daemon::start(config.clone(), Clock::system()).await.unwrap();
    let token = mint_token(&config, "max", &Clock::system()).await.unwrap();
    let max = Client::new(&daemon.base_url(), token).unwrap();
    let shop = Shop { sandbox, daemon, config, max, _folder: folder };
    assert_eq!(shop.config.users.iter().find(|user| user.name == "max").unwrap().role, Role::Admin);
    until("the first copy", async || {
        let status = shop.max.status().await.ok()?;
        (status.first_copy.done && status.chatwoot.state == LinkState::Polling).then_some(())
    })
    .await;
    shop
}

impl Shop {
    async fn webhooks(&self) -> Vec<Value> {
        let state: Value = reqwest::get(format!("{}/sandbox/state", self.sandbox.base_url())).await.unwrap().json().await.unwrap();
        state["webhooks"].as_array().unwrap().clone()
    }

    async fn at_chatwoot(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}/api/v1/accounts/{}{path}", self.sandbox.base_url(), self.sandbox.account_ids()["acme"]);
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = reqwest::Client::new().request(method, url).header("api_access_token", &self.sandbox.tokens()["admin"]);
        let answer = request.json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap_or_default()
    }

    async fn install(&self, url: Option<&str>, rotate: bool) -> InstallView {
        let new = NewInstall { url: url.map(str::to_owned), rotate };
        self.max.install_webhook(&new, &new_key()).await.unwrap()
    }

    /// Writes a message in Chatwoot and waits for it here.
    async fn hears(&self, text: &str) {
        let open = self.max.conversations(&api::inbox::ConversationQuery::default()).await.unwrap().data;
        let id = open[0].id;
        self.at_chatwoot("POST", &format!("/conversations/{id}/messages"), json!({ "content": text })).await;
        until("the message", async || {
            let page = self.max.messages(id, &api::inbox::MessageQuery { limit: Some(200), ..Default::default() }).await.ok()?;
            page.data.iter().any(|message| message.content.as_deref() == Some(text)).then_some(())
        })
        .await;
    }

    fn secret_file(&self) -> std::path::PathBuf {
        self.config.data_dir.join("webhooks").join("ours.json")
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn install_makes_repairs_and_rotates_and_what_it_set_up_delivers() {
    let shop = shop(|_| ()).await;
    let asked = refused(shop.max.install_webhook(&NewInstall::default(), &new_key()).await);
    assert_eq!((asked.0, asked.1), (422, Code::ValidationFailed), "there is none yet: somebody must say where");
    let url = shop.daemon.base_url();
    let made = shop.install(Some(&url), false).await;
    assert_eq!((made.outcome, made.signed), (Installed::Created, true));
    assert_eq!(Some(made.url.as_str()), shop.daemon.hook_url("ours").as_deref());
    assert!(made.warnings[0].contains("SAFE_FETCH_ALLOW_PRIVATE_NETWORK"), "{:?}", made.warnings);
    let there = shop.webhooks().await;
    assert_eq!((there.len(), there[0]["id"].as_i64()), (1, Some(made.webhook_id)));
    assert_eq!(there[0]["subscriptions"], json!(made.subscriptions));
    shop.hears("by webhook").await;

    // Again: nothing changes, with the address or without.
    for url in [Some(url.as_str()), None] {
        assert_eq!(shop.install(url, false).await, InstallView { outcome: Installed::Unchanged, ..made.clone() });
    }
    let status = shop.max.status().await.unwrap().webhooks.unwrap();
    assert!(status.secret && status.dead == 0 && status.refused.is_none(), "{status:?}");
    assert!(["message_created", "message_updated", "conversation_updated"].contains(&status.last.unwrap().event.as_str()));

    // Somebody changes it by hand.
    let path = format!("/webhooks/{}", made.webhook_id);
    let moved = json!({ "url": made.url.replace("127.0.0.1", "localhost"), "subscriptions": ["conversation_typing_on"] });
    shop.at_chatwoot("PATCH", &path, moved).await;
    let repaired = shop.install(Some(&url), false).await;
    assert_eq!(repaired, InstallView { outcome: Installed::Repaired, ..made.clone() });
    shop.hears("after a repair").await;

    // Somebody makes it anew by hand: another secret, which is learned.
    shop.at_chatwoot("DELETE", &path, Value::Null).await;
    shop.at_chatwoot("POST", "/webhooks", json!({ "url": made.url, "subscriptions": ["message_created"] })).await;
    let again = shop.install(None, false).await;
    assert_eq!(again.outcome, Installed::Repaired);
    assert_ne!(again.webhook_id, made.webhook_id);
    shop.hears("after it was made anew").await;

    // A new secret: the old one is believed while it is replaced, and nothing of either shows anywhere.
    let old = shop.webhooks().await[0]["secret"].as_str().unwrap().to_owned();
    let key = new_key();
    let new = NewInstall { url: None, rotate: true };
    let rotated = shop.max.install_webhook(&new, &key).await.unwrap();
    assert_eq!((rotated.outcome, rotated.url.as_str()), (Installed::Rotated, made.url.as_str()));
    assert_eq!(shop.max.install_webhook(&new, &key).await.unwrap(), rotated, "the same key rotates once");
    let there = shop.webhooks().await;
    assert_eq!((there.len(), there[0]["url"].as_str()), (1, Some(made.url.as_str())));
    let live = there[0]["secret"].as_str().unwrap().to_owned();
    assert_ne!(live, old);
    shop.hears("after the rotation").await;
    let account = shop.sandbox.account_ids()["acme"];
    let body = json!({"event": "contact_updated", "id": 1, "account": {"id": account}}).to_string();
    let now_s = jiff::Timestamp::now().as_second();
    for (secret, expected) in [(&live, 200), (&old, 200), (&"other".to_owned(), 401)] {
        let signature = webhook::sign(&chatwoot::Secret::new(secret), &now_s.to_string(), body.as_bytes());
        let request = reqwest::Client::new().post(&made.url).header(webhook::TIMESTAMP_HEADER, now_s);
        let answer = request.header(webhook::SIGNATURE_HEADER, signature).body(body.clone()).send().await.unwrap();
        assert_eq!(answer.status(), expected);
    }
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(shop.secret_file()).unwrap().permissions().mode() & 0o777, 0o600);
    let shown = format!("{:?} {:?}", shop.max.webhooks(&WebhookQuery::default()).await, shop.max.status().await);
    let audit = format!("{:?}", shop.max.audit(&api::audit::AuditQuery::default()).await);
    assert!(audit.contains("webhook.install"));
    let Shop { sandbox, daemon, config, _folder, .. } = shop;
    daemon.stop().await;
    let store: Vec<u8> = std::fs::read(config.data_dir.join("afenda.db")).unwrap();
    for secret in [&live, &old] {
        assert!(!shown.contains(secret.as_str()) && !audit.contains(secret.as_str()));
        assert!(!store.windows(secret.len()).any(|part| part == secret.as_bytes()), "never in the database");
    }
    // After a restart the kept secret is all that is needed.
    let again = daemon::start(config.clone(), Clock::system()).await.unwrap();
    let now = jiff::Timestamp::now().as_second();
    let signature = webhook::sign(&chatwoot::Secret::new(live), &now.to_string(), body.as_bytes());
    let request = reqwest::Client::new().post(again.hook_url("ours").unwrap()).header(webhook::TIMESTAMP_HEADER, now);
    let answer = request.header(webhook::SIGNATURE_HEADER, signature).body(body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    again.stop().await;
    sandbox.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_rotation_is_finished_and_strangers_are_left_alone() {
    let shop = shop(|_| ()).await;
    let url = shop.daemon.base_url();
    let made = shop.install(Some(&url), false).await;
    let new = |url: String| json!({ "url": url, "subscriptions": ["message_created"] });
    // What a rotation leaves that ends between its steps; a webhook of somebody else's; and one of ours by way of an old address.
    shop.at_chatwoot("POST", "/webhooks", new(format!("{}?rotation=00", made.url))).await;
    shop.at_chatwoot("POST", "/webhooks", new("https://example.com/theirs".to_owned())).await;
    shop.at_chatwoot("POST", "/webhooks", new(made.url.replace(&url, "https://old.example.com"))).await;
    let again = shop.install(Some(&url), false).await;
    assert_eq!((again.outcome, again.webhook_id), (Installed::Repaired, made.webhook_id));
    assert!(again.warnings.iter().any(|warning| warning.contains("old.example.com")), "{:?}", again.warnings);
    let mut left: Vec<String> = shop.webhooks().await.iter().map(|w| w["url"].as_str().unwrap().to_owned()).collect();
    left.sort();
    assert!(left.len() == 3 && left.contains(&"https://example.com/theirs".to_owned()) && left.contains(&made.url), "{left:?}");
    for (url, hint) in [("desk.example.com", "such as https://"), ("ftp://x", "https://"), ("https://u:p@x", "user or password")] {
        let new = NewInstall { url: Some(url.to_owned()), rotate: false };
        let said = shop.max.install_webhook(&new, &new_key()).await.unwrap_err();
        assert!(said.to_string().contains(hint), "{url}: {said}");
    }
    // While Chatwoot is away it is said so.
    let Shop { sandbox, daemon, max, .. } = shop;
    sandbox.shutdown().await;
    let said = refused(max.install_webhook(&NewInstall::default(), &new_key()).await);
    assert_eq!((said.0, said.1), (503, Code::ChatwootUnavailable));
    daemon.stop().await;
}

/// A server that says its version and nothing else.
async fn chatwoot_of(version: &'static str) -> (String, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = move || async move { axum::Json(json!({ "version": version, "timestamp": "2026-11-26 00:00:00" })) };
    let router = axum::Router::new().route("/api", axum::routing::get(answer));
    (url, tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }))
}

#[tokio::test]
async fn an_old_server_is_believed_without_a_signature_only_when_the_configuration_says_so() {
    let body = r#"{"event":"contact_updated","id":31,"account":{"id":1}}"#;
    for (version, unsigned, expected, told) in [
        ("4.6.0", true, 200, "believed without a signature"),
        ("4.6.0", false, 401, ""),
        ("4.12.0", true, 401, "has no effect"),
        ("4.15.1", false, 401, ""),
    ] {
        let (url, server) = chatwoot_of(version).await;
        let bench = Bench::with(|config| {
            let chatwoot = crate::harness::chatwoot(&url);
            config.tenants[0].chatwoot = Some(config::Chatwoot { webhook_secrets: vec![], webhooks_unsigned: unsigned, ..chatwoot });
        })
        .await;
        let max = bench.client("max").await;
        until("the version", async || max.status().await.ok()?.chatwoot.version).await;
        let hook = bench.daemon.hook_url("ours").unwrap();
        for _ in 0..2 {
            let answer = reqwest::Client::new().post(&hook).body(body).send().await.unwrap();
            assert_eq!(answer.status(), expected, "{version} {unsigned}");
        }
        let status = max.status().await.unwrap();
        let warnings = status.warnings.join("\n");
        assert!(warnings.contains(told) && (!told.is_empty() || !warnings.contains("sign")), "{version} {unsigned}: {warnings}");
        let webhooks = status.webhooks.unwrap();
        assert_eq!((webhooks.waiting, webhooks.refused.is_some()), (u64::from(expected == 200), expected != 200), "{version} {unsigned}");
        bench.daemon.stop().await;
        server.abort();
        // A restart forgets nothing: webhooks come before the server has answered. Another server's version is not known by it.
        for (url, expected) in [(url, expected), ("http://127.0.0.1:9".to_owned(), 401)] {
            let mut config = bench.config.clone();
            config.tenants[0].chatwoot.as_mut().unwrap().url = url;
            let daemon = daemon::start(config, bench.clock.clone()).await.unwrap();
            let answer = reqwest::Client::new().post(daemon.hook_url("ours").unwrap()).body(body).send().await.unwrap();
            assert_eq!(answer.status(), expected, "{version} {unsigned} after a restart");
            daemon.stop().await;
        }
    }
}
