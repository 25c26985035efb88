//! `GET /doctor` over a sandbox: what is well is told, and so is what is not.

use api::doctor::{Check, CheckState};
use api::status::LinkState;
use api::{Client, Code, Token};
use daemon::config;
use daemon::{Clock, Running, mint_token};
use sandbox::World;
use serde_json::json;

use crate::harness::{Bench, config as base_config, refused};

struct Shop {
    sandbox: sandbox::Running,
    daemon: Running,
    admin: Client,
    _folder: tempfile::TempDir,
}

fn world() -> World {
    let text = json!({
        "accounts": [{"key": "shop", "name": "Shop"}, {"key": "other", "name": "Other"}],
        "users": [
            {"key": "service", "account": "shop", "role": "administrator", "name": "Service", "email": "service@example.com"},
            {"key": "boss", "account": "shop", "role": "administrator", "name": "Boss", "email": "boss@example.com"},
            {"key": "jo", "account": "shop", "role": "agent", "name": "Jo", "email": "jo@example.com"},
            {"key": "stranger", "account": "other", "role": "agent", "name": "Stranger", "email": "stranger@example.com"}
        ],
        "inboxes": [
            {"key": "api", "account": "shop", "type": "api", "name": "Counter", "members": ["boss", "jo"]},
            {"key": "web", "account": "shop", "type": "api", "name": "Site", "members": ["jo"], "auto_assignment": false}
        ]
    });
    serde_json::from_value(text).unwrap()
}

/// A shop whose sync user is `sync`, and whose Jo has the token of `jo`.
async fn shop(sync: &str, jo: &str) -> Shop {
    let sandbox = sandbox::start(sandbox::Options::new(world())).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut config = base_config(folder.path());
    let tokens = sandbox.tokens();
    let account_id = sandbox.account_ids()["shop"];
    config.tenants.truncate(1);
    let token = Token::new(tokens.get(sync).map_or(sync, String::as_str));
    config.tenants[0].chatwoot = Some(config::Chatwoot { account_id, token, ..crate::harness::chatwoot(&sandbox.base_url()) });
    config.users.retain(|user| ["max", "jo"].contains(&user.name.as_str()));
    for user in &mut config.users {
        let is_jo = user.name == "jo";
        user.chatwoot_agent_id = is_jo.then(|| sandbox.user_ids()["jo"]);
        user.chatwoot_token = is_jo.then(|| Token::new(tokens.get(jo).map_or(jo, String::as_str)));
    }
    let daemon = daemon::start(config.clone(), Clock::system()).await.unwrap();
    let token = mint_token(&config, "max", &Clock::system()).await.unwrap();
    let admin = Client::new(&daemon.base_url(), token).unwrap();
    Shop { sandbox, daemon, admin, _folder: folder }
}

impl Shop {
    async fn until(&self, state: LinkState) {
        let reached = async {
            while self.admin.status().await.unwrap().chatwoot.state != state {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), reached).await.unwrap();
    }

    async fn checks(&self) -> Vec<Check> {
        self.admin.doctor().await.unwrap()
    }

    async fn at_chatwoot(&self, method: reqwest::Method, path: &str, body: serde_json::Value) {
        let url = format!("{}/api/v1/accounts/{}{path}", self.sandbox.base_url(), self.sandbox.account_ids()["shop"]);
        let request = reqwest::Client::new().request(method, url).header("api_access_token", &self.sandbox.tokens()["boss"]);
        let answer = request.json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    }

    async fn close(self) {
        self.daemon.stop().await;
    }
}

#[track_caller]
fn expect(checks: &[Check], name: &str, state: CheckState, word: &str) {
    let found: Vec<&Check> = checks.iter().filter(|check| check.name == name).collect();
    let well = found.iter().any(|check| check.state == state && check.message.contains(word));
    assert!(well, "{name} should be {state} and say {word:?}: {found:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_in_order_has_nothing_that_fails() {
    let shop = shop("service", "jo").await;
    shop.until(LinkState::Live).await;
    let checks = shop.checks().await;
    for (name, word) in [
        ("chatwoot", "runs Chatwoot 4.15.1"),
        ("token", "Service, an administrator"),
        ("assignment", "Service is a member of no inbox"),
        ("webhook", "none is set up"),
        ("clock", "agree"),
        ("agents", "1 users are linked to agents of Chatwoot, 1 with a token"),
        ("lacks", "everything"),
        ("sync", "s ago"),
        ("websocket", "confirmed"),
        ("outbox", "0 entries"),
        ("store", "and whole"),
    ] {
        if name == "sync" && checks.iter().any(|check| check.name == name && check.message.contains("under way")) {
            continue; // Live comes a moment before the first round is done.
        }
        expect(&checks, name, CheckState::Ok, word);
    }
    assert!(checks.iter().any(|check| check.name == "disk"));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_user_who_works_in_inboxes_is_told_to_be_another() {
    let shop = shop("boss", "stranger").await;
    shop.until(LinkState::Live).await;
    let checks = shop.checks().await;
    expect(&checks, "assignment", CheckState::Warn, "Boss, the user afenda syncs with, is assigned conversations in: Counter");
    expect(&checks, "agents", CheckState::Fail, "not in this account");
    // A customer writes, and the boss gets it: nobody else is online.
    let customer = json!({"contact": {"name": "Ann", "identifier": "ann"}, "inbox": "api", "texts": ["hello"]});
    reqwest::Client::new().post(format!("{}/sandbox/customers", shop.sandbox.base_url())).json(&customer).send().await.unwrap();
    let told = async {
        while !shop.checks().await.iter().any(|check| check.name == "assignment" && check.message.contains("1 open conversations")) {}
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), told).await.unwrap();
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_account_webhook_is_looked_at() {
    let shop = shop("service", "boss").await;
    shop.until(LinkState::Live).await;
    let hook = shop.daemon.hook_url("ours").unwrap();
    let set_up = json!({"webhook": {"url": hook, "subscriptions": ["message_created"]}});
    shop.at_chatwoot(reqwest::Method::POST, "/webhooks", set_up).await;
    let checks = shop.checks().await;
    // Chatwoot made a secret of its own, which the daemon was not given.
    expect(&checks, "webhook", CheckState::Fail, "a secret that the daemon does not know");
    assert!(!serde_json::to_string(&checks).unwrap().contains("secret\":"));
    expect(&checks, "agents", CheckState::Fail, "is of Boss");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_token_and_a_silent_or_absent_chatwoot_are_told_and_the_rest_is_checked() {
    let rejected = shop("wrong-token", "wrong-token").await;
    rejected.until(LinkState::Refused).await;
    let checks = rejected.checks().await;
    expect(&checks, "chatwoot", CheckState::Ok, "4.15.1");
    expect(&checks, "token", CheckState::Fail, "rejects the access token");
    expect(&checks, "assignment", CheckState::Warn, "not checked");
    expect(&checks, "agents", CheckState::Fail, "user `jo`");
    expect(&checks, "sync", CheckState::Fail, "rejects");
    expect(&checks, "websocket", CheckState::Warn, "not checked");
    expect(&checks, "store", CheckState::Ok, "whole");
    rejected.close().await;

    let silent = shop("service", "jo").await;
    silent.until(LinkState::Live).await;
    let fault = json!({"match": {"path_prefix": "/api"}, "fault": {"kind": "latency", "ms": 3_600_000}});
    reqwest::Client::new().post(format!("{}/sandbox/faults", silent.sandbox.base_url())).json(&fault).send().await.unwrap();
    // Within the client's own limit, which a handler that waits for each in turn would exceed.
    let checks = silent.checks().await;
    expect(&checks, "chatwoot", CheckState::Fail, "did not answer within");
    expect(&checks, "token", CheckState::Warn, "not checked");
    expect(&checks, "webhook", CheckState::Warn, "not checked");
    expect(&checks, "agents", CheckState::Warn, "did not answer within");
    expect(&checks, "lacks", CheckState::Warn, "not checked");
    expect(&checks, "store", CheckState::Ok, "whole");

    let Shop { sandbox, daemon, admin, _folder } = silent;
    sandbox.shutdown().await;
    let checks = admin.doctor().await.unwrap();
    expect(&checks, "chatwoot", CheckState::Fail, "cannot be reached");
    expect(&checks, "clock", CheckState::Warn, "not checked");
    daemon.stop().await;
}

#[tokio::test]
async fn only_owners_and_admins_may_and_a_tenant_without_an_account_is_told() {
    let bench = Bench::new().await;
    for user in ["jo", "ada", "vic"] {
        let (status, code, _) = refused(bench.client(user).await.doctor().await);
        assert_eq!((status, code), (403, Code::Forbidden), "{user}");
    }
    for user in ["max", "owner"] {
        let client = bench.client(user).await.with_tenant(Some("ours".to_owned()));
        let checks = client.doctor().await.unwrap();
        expect(&checks, "sync", CheckState::Fail, "no Chatwoot account is configured");
        expect(&checks, "store", CheckState::Ok, "whole");
        assert!(!checks.iter().any(|check| check.name == "chatwoot"));
    }
}
