//! A sandbox and a daemon beside it, each on threads of its own, so that the daemon can be killed: its tasks are dropped wherever they are,
//! and the next life opens what the last one left on the disk.

use std::path::PathBuf;
use std::time::Duration;

use api::tenant::Role;
use api::{Client, Token};
use daemon::config::{self, Config};
use daemon::{Clock, Running, mint_token};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use url::Url;

use crate::op::User;
use crate::run::OLDEST;

/// How long anything may take before it counts as never: a loaded machine is slow.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
/// How much quicker the daemon's waits are than in production.
const HASTE: u32 = 50;
/// How long a send with an unknown outcome rests before another try: what "never twice" stands on, so it is not hasty.
const SETTLE_S: u32 = 2;
/// Longer than the daemon waits for an answer (30 s by [`HASTE`]), and shorter than a send rests.
pub(crate) const TOO_LATE_MS: u64 = 900;
const SECRET: &str = "model-webhook-secret";

/// One life of the daemon.
struct Life {
    runtime: Runtime,
    daemon: Running,
    base: String,
}

pub(crate) struct Stage {
    sandbox: Option<sandbox::Running>,
    base: String,
    tokens: std::collections::BTreeMap<String, String>,
    pub(crate) users: std::collections::BTreeMap<String, i64>,
    sandbox_runtime: Option<Runtime>,
    life: Option<Life>,
    clock: Clock,
    /// Seconds that have passed besides the machine's own.
    ahead_s: i64,
    config: Config,
    http: reqwest::Client,
    our_tokens: Vec<(User, Token)>,
    pub(crate) account: i64,
    /// Inbox ids, the API inbox first, and its public identifier.
    pub(crate) inboxes: Vec<i64>,
    pub(crate) identifier: String,
    pub(crate) teams: Vec<i64>,
    /// Whether Chatwoot lists every contact: since 4.11.
    pub(crate) all_contacts: bool,
    _folder: tempfile::TempDir,
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// A small shop: three inboxes and one that rests, two agents, a few people who wrote before.
fn world(seed: u64) -> sandbox::World {
    let thread = |contact: &str, inbox: &str, status: &str, ago: i64, count: i64| {
        let messages: Vec<Value> = (0..count)
            .map(|n| json!({"from": if n % 2 == 0 { "customer" } else { "jo" }, "text": format!("{contact} {n}"), "ago_min": ago - n, "private": n % 7 == 5}))
            .collect();
        json!({"inbox": inbox, "contact": contact, "status": status, "labels": if count > 20 { json!(["vip"]) } else { json!([]) }, "messages": messages})
    };
    let mut threads = vec![
        thread("ann", "api", "resolved", 90_000, 130),
        thread("bob", "web", "open", 5_000, 23),
        thread("cyd", "mail", "open", 900, 3),
        thread("dee", "api", "pending", 60, 2),
        thread("ann", "api", "open", 2, 1),
    ];
    if seed.is_multiple_of(3) {
        // More than two pages that nobody touches: rounds end on known ground.
        let quiet = (0..60).map(|n| {
            thread(["ann", "bob", "cyd", "dee"][n % 4], ["api", "web", "mail", "api"][n % 4], "resolved", 200_000 - n as i64 * 60, 1)
        });
        threads = quiet.chain(threads).collect();
    }
    let world = json!({
        "accounts": [{"key": "acme", "name": "Acme"}],
        "users": [
            {"key": "sync", "account": "acme", "role": "administrator", "name": "Sync", "email": "sync@acme.test"},
            {"key": "jo", "account": "acme", "role": "agent", "name": "Jo", "email": "jo@acme.test"},
            {"key": "admin", "account": "acme", "role": "administrator", "name": "Ada", "email": "ada@acme.test"},
            {"key": "kim", "account": "acme", "role": "agent", "name": "Kim", "email": "kim@acme.test"},
        ],
        "inboxes": [
            {"key": "api", "account": "acme", "type": "api", "name": "App", "members": ["jo", "kim"]},
            {"key": "web", "account": "acme", "type": "web_widget", "name": "Site", "website_url": "https://shop.example", "members": ["jo"]},
            {"key": "mail", "account": "acme", "type": "email", "name": "Mail", "email": "help@shop.example", "members": ["jo", "kim"]},
            // Nobody writes there: its window closes without a word. Its templates are compared.
            {"key": "whatsapp", "account": "acme", "type": "whatsapp", "name": "Phone", "phone_number": "+15550100900", "members": ["jo"],
             "message_templates": [
                {"name": "sent", "language": "en", "status": "APPROVED", "category": "UTILITY", "components": [
                    {"type": "HEADER", "format": "TEXT", "text": "Your parcel"}, {"type": "BODY", "text": "Hi {{1}}, {{2}} is on its way."},
                    {"type": "FOOTER", "text": "Acme"}, {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Tell me"}]}]},
                {"name": "sent", "language": "de", "status": "APPROVED", "category": "UTILITY", "components": [
                    {"type": "BODY", "text": "Hallo {{1}}"}]}]},
        ],
        "teams": [{"key": "t1", "name": "billing", "members": ["jo"]}, {"key": "t2", "name": "repairs", "members": ["kim"]}],
        "labels": [{"title": "vip", "color": "#ff0000"}, {"title": "refund", "color": "#00ff00"}, {"title": "late", "color": "#0000ff"}],
        "canned_responses": [{"short_code": "hi", "content": "Hello {{contact.name}}"}],
        "custom_attributes": [{"model": "conversation_attribute", "type": "text", "key": "order", "name": "Order"}],
        "contacts": [
            {"key": "ann", "name": "Ann", "email": "ann@example.com", "inbox": "api"},
            {"key": "bob", "name": "Bob", "phone_number": "+4915100000001", "inbox": "web"},
            {"key": "cyd", "name": "Cyd", "email": "cyd@firm.example", "inbox": "mail"},
            {"key": "dee", "name": "Dee", "inbox": "api"},
        ],
        "mail_server": true,
        "bot": {"name": "Bot", "outgoing_url": "http://127.0.0.1:9/bot"},
        "conversations": threads,
    });
    sandbox::World::from_slice(world.to_string().as_bytes()).unwrap()
}

impl Stage {
    pub(crate) async fn new(seed: u64, version: &str) -> Self {
        // Fails only when a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox_runtime = runtime();
        let mut options = sandbox::Options::new(world(seed));
        options.seed = seed;
        options.version = version.parse().unwrap();
        let sandbox = sandbox_runtime.spawn(sandbox::start(options)).await.unwrap().unwrap();
        let (base, tokens, users) = (sandbox.base_url(), sandbox.tokens(), sandbox.user_ids());
        let account = sandbox.account_ids()["acme"];
        let (ids, team_ids) = (sandbox.inbox_ids(), sandbox.team_ids());
        let shm = PathBuf::from("/dev/shm");
        let folder = if shm.is_dir() { tempfile::tempdir_in(shm) } else { tempfile::tempdir() }.unwrap();
        let config = config(folder.path(), &base, version, account, &tokens, &users);
        let mut stage = Self {
            sandbox: Some(sandbox),
            base,
            tokens,
            users,
            sandbox_runtime: Some(sandbox_runtime),
            life: None,
            clock: Clock::running_ahead(),
            ahead_s: 0,
            config,
            http: reqwest::Client::new(),
            our_tokens: Vec::new(),
            account,
            inboxes: ["api", "web", "mail"].map(|key| ids[key]).to_vec(),
            identifier: String::new(),
            teams: ["t1", "t2"].map(|key| team_ids[key]).to_vec(),
            all_contacts: version != OLDEST,
            _folder: folder,
        };
        let state = stage.steer(Method::GET, "/sandbox/state", json!(null)).await;
        stage.identifier =
            state["inboxes"].as_array().unwrap().iter().find(|i| i["key"] == "api").unwrap()["identifier"].as_str().unwrap().to_owned();
        for user in [User::Ada, User::Jo, User::Sam] {
            stage.our_tokens.push((user, mint_token(&stage.config, user.name(), &Clock::system()).await.unwrap()));
        }
        stage
    }

    pub(crate) fn user_id(&self, key: &str) -> i64 {
        self.users[key]
    }

    pub(crate) fn store_path(&self) -> PathBuf {
        self.config.data_dir.join("afenda.db")
    }

    pub(crate) fn is_up(&self) -> bool {
        self.life.is_some()
    }

    /// Starts the daemon, unless it runs; the webhook follows it to its new port.
    pub(crate) async fn start(&mut self) {
        if self.life.is_some() {
            return;
        }
        let runtime = runtime();
        let daemon = runtime.spawn(daemon::start(self.config.clone(), self.clock.clone())).await.unwrap().unwrap();
        let hook = Url::parse(&daemon.hook_url("shop").unwrap()).unwrap();
        self.sandbox.as_ref().unwrap().set_hooks_target(&hook, Some(SECRET.to_owned())).unwrap();
        let base = daemon.base_url();
        self.life = Some(Life { runtime, daemon, base });
    }

    /// Ends the daemon in the middle of whatever it does. What its store had begun to write is still written, as after a kill a moment later.
    pub(crate) async fn kill(&mut self) {
        let Some(life) = self.life.take() else { return };
        let store = life.daemon.store().clone();
        drop(life.daemon);
        tokio::task::spawn_blocking(move || life.runtime.shutdown_timeout(LIMIT)).await.unwrap();
        store.close().await;
    }

    /// Ends it in order.
    pub(crate) async fn stop(&mut self) {
        let Some(life) = self.life.take() else { return };
        life.runtime.spawn(life.daemon.stop()).await.unwrap();
        tokio::task::spawn_blocking(move || life.runtime.shutdown_timeout(LIMIT)).await.unwrap();
    }

    /// So many seconds pass for both.
    pub(crate) async fn pass(&mut self, seconds: i64) {
        self.ahead_s += seconds;
        // Chatwoot first: a read must never seem to be asked for later than it was.
        self.steer(Method::POST, "/sandbox/clock", json!({"offset_s": self.ahead_s})).await;
        self.clock.advance(seconds * 1_000_000);
    }

    /// A client of the running daemon.
    pub(crate) fn ours(&self, user: User) -> Option<Client> {
        let life = self.life.as_ref()?;
        let token = &self.our_tokens.iter().find(|(known, _)| *known == user)?.1;
        Some(Client::new(&life.base, token.clone()).unwrap())
    }

    /// A call of afenda's API that the typed client does not have.
    pub(crate) async fn ask_ours(&self, method: Method, path: &str, body: Value) -> Option<(u16, Value)> {
        let life = self.life.as_ref()?;
        let token = &self.our_tokens.first()?.1;
        let mut request = self.http.request(method.clone(), format!("{}/api/v1{path}", life.base)).bearer_auth(token.expose());
        if method != Method::GET {
            request = request.json(&body).header("idempotency-key", api::client::new_key());
        }
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.unwrap_or_default()))
    }

    /// Steers the sandbox.
    pub(crate) async fn steer(&self, method: Method, path: &str, body: Value) -> Value {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        if method != Method::GET {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap_or_default()
    }

    /// A call in Chatwoot's account, as a user of it.
    pub(crate) async fn call(&self, by: &str, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}/api/v1/accounts/{}{path}", self.base, self.account);
        let mut request = self.http.request(method, url).header("api_access_token", &self.tokens[by]);
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    /// A message with a file.
    pub(crate) async fn upload(&self, by: Option<&str>, path: &str, text: &str) -> (u16, Value) {
        let part = reqwest::multipart::Part::bytes(b"some bytes".to_vec()).file_name("räuber note.txt").mime_str("text/plain").unwrap();
        let form = reqwest::multipart::Form::new().text("content", text.to_owned()).part("attachments[]", part);
        let request = match by {
            Some(by) => {
                let url = format!("{}/api/v1/accounts/{}{path}", self.base, self.account);
                self.http.post(url).header("api_access_token", &self.tokens[by])
            }
            None => self.http.post(format!("{}{path}", self.base)),
        };
        answer(request.multipart(form)).await
    }

    /// A call of the customer's page.
    pub(crate) async fn public(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self.http.request(method, format!("{}{}", self.base, self.public_path(path)));
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    /// The customer's answer on the survey's page; the status.
    pub(crate) async fn survey(&self, uuid: &str, body: Value) -> u16 {
        answer(self.http.put(format!("{}/public/api/v1/csat_survey/{uuid}", self.base)).json(&body)).await.0
    }

    pub(crate) fn public_path(&self, path: &str) -> String {
        format!("/public/api/v1/inboxes/{}{path}", self.identifier)
    }

    /// Ends everything.
    pub(crate) async fn end(mut self) {
        self.kill().await;
        if let Some(sandbox) = self.sandbox.take() {
            let runtime = self.sandbox_runtime.take().unwrap();
            runtime.spawn(sandbox.shutdown()).await.unwrap();
            tokio::task::spawn_blocking(move || runtime.shutdown_timeout(LIMIT)).await.unwrap();
        }
    }
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

fn config(
    folder: &std::path::Path,
    url: &str,
    version: &str,
    account_id: i64,
    tokens: &std::collections::BTreeMap<String, String>,
    users: &std::collections::BTreeMap<String, i64>,
) -> Config {
    let file = folder.join("empty.toml");
    std::fs::write(&file, "").unwrap();
    let data_dir = folder.join("data");
    let env = move |key: &str| (key == "AFENDA_DATA_DIR").then(|| data_dir.display().to_string());
    let overrides = daemon::Overrides { config: Some(file), listen: "127.0.0.1:0".parse().ok(), ..Default::default() };
    let mut config = Config::load(&overrides, &env).unwrap();
    config.tenants = vec![config::Tenant {
        slug: "shop".to_owned(),
        name: "Shop".to_owned(),
        chatwoot: Some(config::Chatwoot {
            url: url.to_owned(),
            account_id,
            token: Token::new(&tokens["sync"]),
            webhook_secrets: vec![Token::new(SECRET)],
            // Its webhooks carry no signature yet (section 13).
            webhooks_unsigned: version == OLDEST,
            ca_file: None,
        }),
    }];
    let user = |name: &str, role, key: Option<&str>| config::User {
        name: name.to_owned(),
        display_name: name.to_owned(),
        role,
        tenants: vec!["shop".to_owned()],
        chatwoot_email: None,
        chatwoot_agent_id: key.map(|key| users[key]),
        chatwoot_token: key.map(|key| Token::new(&tokens[key])),
    };
    config.users = vec![user("ada", Role::Admin, Some("admin")), user("jo", Role::Member, Some("jo")), user("sam", Role::Member, None)];
    config.hold_seconds = 0;
    config.sync.haste = HASTE;
    config.sync.settle_s = SETTLE_S;
    config.sync.reconcile_interval_s = 1;
    config
}
