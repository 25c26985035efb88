//! One daemon, two accounts of one server and one of another, with the same ids: what befalls one is not felt by the others.

use std::collections::BTreeSet;
use std::time::Duration;

use api::client::new_key;
use api::id::ConversationId;
use api::inbox::{ConversationQuery, MessageQuery, NewMessage};
use api::status::LinkState;
use api::tenant::Role;
use api::{Client, Token};
use chatwoot::{Secret, webhook};
use daemon::config;
use daemon::{Clock, Running, mint_token};
use sandbox::World;
use serde_json::{Value, json};

use crate::harness::config as base_config;

const LIMIT: Duration = Duration::from_secs(40);
const SECRET: &str = "whsec";

/// A tenant and the account behind it.
struct Place {
    slug: &'static str,
    base: String,
    account: i64,
    /// Key of its inbox.
    inbox: &'static str,
    token: String,
    client: Client,
}

struct Town {
    near: sandbox::Running,
    far: Option<sandbox::Running>,
    daemon: Running,
    places: Vec<Place>,
    _folder: tempfile::TempDir,
}

fn world() -> World {
    let text = json!({
        "accounts": [{"key": "one", "name": "One"}, {"key": "two", "name": "Two"}],
        "users": [
            {"key": "sync_one", "account": "one", "role": "administrator", "name": "Sync One", "email": "one@example.com"},
            {"key": "sync_two", "account": "two", "role": "administrator", "name": "Sync Two", "email": "two@example.com"}
        ],
        "inboxes": [
            {"key": "api_one", "account": "one", "type": "api", "name": "Shop"},
            {"key": "api_two", "account": "two", "type": "api", "name": "Shop"}
        ]
    });
    serde_json::from_value(text).unwrap()
}

async fn town() -> Town {
    let near = sandbox::start(sandbox::Options::new(world())).await.unwrap();
    let far = sandbox::start(sandbox::Options::new(world())).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut config = base_config(folder.path());
    let of = |slug: &'static str, server: &sandbox::Running, key: &str| {
        let token = server.tokens()[&format!("sync_{key}")].clone();
        let inbox = if key == "one" { "api_one" } else { "api_two" };
        (slug, server.base_url(), server.account_ids()[key], inbox, token)
    };
    let accounts = [of("one", &near, "one"), of("two", &near, "two"), of("far", &far, "one")];
    config.tenants = accounts
        .iter()
        .map(|(slug, url, account_id, _, token)| config::Tenant {
            slug: (*slug).to_owned(),
            name: (*slug).to_owned(),
            chatwoot: Some(config::Chatwoot {
                account_id: *account_id,
                token: Token::new(token),
                webhook_secrets: vec![Token::new(SECRET)],
                ..crate::harness::chatwoot(url)
            }),
        })
        .collect();
    config.users = vec![config::User {
        name: "op".to_owned(),
        display_name: "Op".to_owned(),
        role: Role::Admin,
        tenants: accounts.iter().map(|(slug, ..)| (*slug).to_owned()).collect(),
        chatwoot_email: None,
        chatwoot_agent_id: None,
        chatwoot_token: None,
    }];
    config.hold_seconds = 0;
    let daemon = daemon::start(config.clone(), Clock::system()).await.unwrap();
    let token = mint_token(&config, "op", &Clock::system()).await.unwrap();
    let client = Client::new(&daemon.base_url(), token).unwrap();
    let places = accounts.into_iter().map(|(slug, base, account, inbox, token)| {
        let client = client.clone().with_tenant(Some(slug.to_owned()));
        Place { slug, base, account, inbox, token, client }
    });
    let town = Town { places: places.collect(), near, far: Some(far), daemon, _folder: folder };
    for place in &town.places {
        until(&format!("{} to be live", place.slug), async || place.is(LinkState::Live).await).await;
        place.customer("hello").await;
        place.shows("hello").await;
    }
    town
}

/// Waits for a value, with a limit.
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

async fn post(url: String, body: Value) -> reqwest::Response {
    let answer = reqwest::Client::new().post(url).json(&body).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    answer
}

impl Place {
    async fn is(&self, state: LinkState) -> Option<()> {
        (self.client.status().await.ok()?.chatwoot.state == state).then_some(())
    }

    /// Words that only this tenant ever says.
    fn words(&self, text: &str) -> String {
        format!("{}: {text}", self.slug)
    }

    /// A customer writes.
    async fn customer(&self, text: &str) {
        let contact = json!({"name": "Ann", "identifier": "ann"});
        let body = json!({"contact": contact, "inbox": self.inbox, "texts": [self.words(text)]});
        post(format!("{}/sandbox/customers", self.base), body).await;
    }

    /// All that afenda shows of it: conversation and text.
    async fn shown(&self) -> Option<Vec<(i64, String)>> {
        let query = ConversationQuery { limit: Some(200), status: Some("all".to_owned()), ..Default::default() };
        let mut all = Vec::new();
        for row in self.client.conversations(&query).await.ok()?.data {
            let page = self.client.messages(row.id, &MessageQuery { limit: Some(200), ..Default::default() }).await.ok()?;
            all.extend(page.data.into_iter().filter_map(|message| Some((row.id.0, message.content?))));
        }
        Some(all)
    }

    async fn shows(&self, text: &str) {
        let words = self.words(text);
        until(&format!("{words:?} in afenda"), async || self.shown().await?.iter().any(|(_, shown)| *shown == words).then_some(())).await;
    }

    /// Conversations as the sandbox has them.
    async fn there(&self) -> Vec<Value> {
        let state: Value = reqwest::get(format!("{}/sandbox/state", self.base)).await.unwrap().json().await.unwrap();
        let all = state["conversations"].as_array().unwrap();
        all.iter().filter(|conversation| conversation["account_id"] == self.account).cloned().collect()
    }

    /// The id of a message in Chatwoot, once it is there, with its conversation.
    async fn message_there(&self, text: &str) -> (i64, i64) {
        let words = self.words(text);
        until(&format!("{words:?} in Chatwoot"), async || {
            self.there().await.iter().find_map(|conversation| {
                let found = conversation["messages"].as_array()?.iter().find(|message| message["content"] == words.as_str())?;
                Some((conversation["id"].as_i64()?, found["id"].as_i64()?))
            })
        })
        .await
    }

    /// Puts a reply into the outbox.
    async fn reply(&self, text: &str) {
        let conversation = self.shown().await.unwrap()[0].0;
        let message: NewMessage = serde_json::from_value(json!({"content": self.words(text)})).unwrap();
        self.client.send_message(ConversationId(conversation), &message, &new_key()).await.unwrap();
    }

    /// A signed webhook that says that there is a message.
    async fn hook(&self, town: &Town, id: i64, conversation: i64) {
        let body = json!({
            "event": "message_created", "id": id, "content": self.words("not read yet"), "message_type": "incoming", "private": false, "content_type": "text",
            "created_at": "2026-01-01T00:00:00.000Z", "conversation": {"id": conversation},
            "account": {"id": self.account, "name": self.slug},
        });
        let (text, now) = (body.to_string(), Clock::system().now() / 1_000_000);
        let signature = webhook::sign(&Secret::new(SECRET), &now.to_string(), text.as_bytes());
        let request = reqwest::Client::new().post(town.daemon.hook_url(self.slug).unwrap());
        let request = request.header(webhook::TIMESTAMP_HEADER, now).header(webhook::SIGNATURE_HEADER, signature);
        let answer = request.header(webhook::DELIVERY_HEADER, format!("{}-{id}", self.slug)).body(text).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }

    async fn faults(&self, faults: Value) {
        post(format!("{}/sandbox/faults", self.base), faults).await;
    }

    async fn heal(&self) {
        reqwest::Client::new().delete(format!("{}/sandbox/faults", self.base)).send().await.unwrap();
    }

    /// Everything that only this account is asked answers like that.
    async fn trouble(&self, fault: Value) {
        let prefix = format!("/api/v1/accounts/{}", self.account);
        self.faults(json!({"match": {"path_prefix": prefix}, "fault": fault})).await;
    }
}

impl Town {
    fn place(&self, slug: &str) -> &Place {
        self.places.iter().find(|place| place.slug == slug).unwrap()
    }

    /// All ways in and the way out, for everybody but the troubled one.
    async fn flows_but_for(&self, troubled: &[&str], round: &str) {
        for place in self.places.iter().filter(|place| !troubled.contains(&place.slug)) {
            place.customer(&format!("{round} by websocket")).await;
            place.shows(&format!("{round} by websocket")).await;
            place.reply(&format!("{round} reply")).await;
            place.message_there(&format!("{round} reply")).await;
            // Without a frame the webhook alone tells; the next round would come a minute later.
            place.faults(json!({"rules": [], "events": {"drop_frames": true}})).await;
            let text = format!("{round} by webhook");
            place.customer(&text).await;
            let (conversation, id) = place.message_there(&text).await;
            place.hook(self, id, conversation).await;
            place.shows(&text).await;
            place.faults(json!({"rules": [], "events": {}})).await;
        }
    }

    /// The troubled one has its hands full: replies to send, and webhooks that make it read.
    async fn keep_busy(&self, place: &Place, round: &str) {
        let conversation = place.shown().await.unwrap()[0].0;
        for n in 0..10 {
            place.reply(&format!("{round} while in trouble {n}")).await;
            place.hook(self, 900_000 + n, conversation).await;
        }
    }

    /// Nobody shows or received a word of another; and the ids are the same.
    async fn nothing_crossed(&self) {
        let mut ids: Vec<BTreeSet<i64>> = Vec::new();
        for place in &self.places {
            let shown = place.shown().await.unwrap();
            let own = place.words("");
            assert!(shown.len() > 3 && shown.iter().all(|(_, text)| text.starts_with(&own)), "{}: {shown:?}", place.slug);
            ids.push(shown.into_iter().map(|(id, _)| id).collect());
        }
        assert!(ids.iter().all(|of| !of.is_disjoint(&ids[0])), "the same ids in all of them: {ids:?}");
        for place in self.places.iter().filter(|place| place.slug != "far" || self.far.is_some()) {
            for conversation in place.there().await {
                for message in conversation["messages"].as_array().unwrap() {
                    let text = message["content"].as_str().unwrap_or_default();
                    assert!(text.starts_with(&place.words("")) || message["type"] == "activity", "{}: {text}", place.slug);
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_accounts_outage_refusals_and_silence_are_its_own() {
    let town = town().await;
    let one = town.place("one");
    for (round, fault) in [
        ("failing", json!({"kind": "status", "status": 500, "body": {"error": "boom"}})),
        ("silent", json!({"kind": "latency", "ms": 3_600_000})),
        ("throttled", json!({"kind": "status", "status": 429, "body": "Retry later\n"})),
    ] {
        one.trouble(fault).await;
        town.keep_busy(one, round).await;
        town.flows_but_for(&["one"], round).await;
        one.heal().await;
    }
    town.nothing_crossed().await;
    town.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rejected_token_and_a_server_that_is_gone_stop_nobody_else() {
    let mut town = town().await;
    // The token is reset in Chatwoot: the old one is dead at once.
    let one = town.place("one");
    let reset = reqwest::Client::new().post(format!("{}/api/v1/profile/reset_access_token", one.base));
    assert!(reset.header("api_access_token", &one.token).send().await.unwrap().status().is_success());
    town.keep_busy(one, "rejected").await;
    town.flows_but_for(&["one"], "rejected").await;
    until("the refusal to be told", async || one.is(LinkState::Refused).await).await;

    // The other server answers nothing at all, and then it is gone: nothing listens there any more.
    let far = town.place("far");
    far.faults(json!({"match": {"path_prefix": "/"}, "fault": {"kind": "latency", "ms": 3_600_000}})).await;
    town.keep_busy(far, "silent").await;
    town.flows_but_for(&["one", "far"], "silent").await;
    town.far.take().unwrap().shutdown().await;
    let far = town.place("far");
    until("the outage to be told", async || far.is(LinkState::Offline).await).await;
    town.keep_busy(far, "gone").await;
    town.flows_but_for(&["one", "far"], "gone").await;
    for place in &town.places {
        assert_eq!(place.is(LinkState::Live).await.is_some(), place.slug == "two", "{}", place.slug);
    }
    town.nothing_crossed().await;
    drop(town.near);
    town.daemon.stop().await;
}
