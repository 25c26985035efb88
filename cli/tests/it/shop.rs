//! A shop of its own for a test: a sandbox and a daemon in this process, and profiles of its people.

use std::sync::{Arc, OnceLock};

use daemon::{Clock, Config, Overrides};
use sandbox::{Options, World};
use serde_json::Value;

use crate::harness::{Home, Ran, until};

/// A shop, a daemon and three people, with one approval that waits.
pub(crate) struct Shop {
    pub(crate) home: Arc<Home>,
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) sandbox: sandbox::Running,
    pub(crate) daemon: daemon::Running,
}

impl Shop {
    pub(crate) fn open() -> Self {
        Self::with("")
    }

    /// A shop whose daemon has these settings besides.
    pub(crate) fn with(settings: &str) -> Self {
        // Written once, whatever runs in parallel.
        static RING: OnceLock<()> = OnceLock::new();
        RING.get_or_init(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let home = Arc::new(Home::new());
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (sandbox, daemon, tokens) = runtime.block_on(async {
            let world = World::demo_shop();
            let user = |name: &str| world.users.iter().find(|user| user.name.starts_with(name)).unwrap().clone();
            let (ada, jo) = (user("Ada"), user("Jo"));
            let service = world.users.iter().find(|user| user.key == "service").unwrap_or(&ada).key.clone();
            let sandbox = sandbox::start(Options::new(world)).await.unwrap();
            let account = sandbox.account_ids()[&jo.account];
            let path = home.path().join("config.toml");
            let text = format!(
                "listen = \"127.0.0.1:0\"\ndata_dir = \"{}\"\nhold_seconds = 0\n[chatwoot]\nurl = \"{}\"\naccount_id = {account}\n\
                 token_env = \"SERVICE\"\n[[users]]\nname = \"ada\"\nrole = \"approver\"\nchatwoot_email = \"{}\"\n[[users]]\n\
                 name = \"jo\"\nrole = \"member\"\nchatwoot_email = \"{}\"\nchatwoot_token_env = \"JO\"\n[[users]]\nname = \"vi\"\nrole = \"viewer\"\n\
                 [[users]]\nname = \"max\"\nrole = \"admin\"\n{settings}",
                home.path().join("daemon").display(),
                sandbox.base_url(),
                ada.email,
                jo.email,
            );
            std::fs::write(&path, text).unwrap();
            let keys = sandbox.tokens();
            let config = Config::load(&Overrides { config: Some(path), ..Overrides::default() }, &|key| match key {
                "SERVICE" => Some(keys[&service].clone()),
                "JO" => Some(keys[&jo.key].clone()),
                _ => None,
            })
            .unwrap();
            let mut tokens = Vec::new();
            for user in ["ada", "jo", "vi", "max"] {
                tokens.push((user, daemon::mint_token(&config, user, &Clock::system()).await.unwrap()));
            }
            let daemon = daemon::start(config, Clock::system()).await.unwrap();
            (sandbox, daemon, tokens)
        });
        for (user, token) in tokens {
            home.profile(user, &daemon.base_url(), token.expose());
        }
        let shop = Self { home, runtime, sandbox, daemon };
        until("the first copy", || shop.run("jo", &["status"]).json()["first_copy"]["done"].as_bool().filter(|done| *done));
        shop
    }

    /// The client of one of them.
    pub(crate) fn client(&self, user: &str) -> api::Client {
        let profile: Value = serde_json::from_slice(&std::fs::read(self.home.profiles().join(format!("{user}.json"))).unwrap()).unwrap();
        api::Client::new(&self.daemon.base_url(), api::Token::new(profile["token"].as_str().unwrap())).unwrap()
    }

    pub(crate) fn run(&self, user: &str, args: &[&str]) -> Ran {
        let args: Vec<&str> = ["-P", user, "--json"].into_iter().chain(args.iter().copied()).collect();
        self.home.run(&args)
    }

    pub(crate) fn plain(&self, user: &str, args: &[&str]) -> Ran {
        let args: Vec<&str> = ["-P", user].into_iter().chain(args.iter().copied()).collect();
        self.home.run(&args)
    }

    /// The first conversation, as the API numbers it.
    pub(crate) fn conversation(&self) -> String {
        let rows = self.run("jo", &["conv", "list", "-s", "all"]).ends(0).json();
        rows[0]["id"].to_string()
    }

    pub(crate) fn escalate(&self, id: &str) -> Value {
        self.run("jo", &["conv", "escalate", id, "-m", "May I?"]).ends(0).json()
    }

    /// A webhook that was signed and that nobody can read; its id.
    pub(crate) fn dead_letter(&self) -> String {
        let daemon = &self.daemon;
        self.runtime.block_on(async {
            let tenants =
                daemon.store().read_global(|global| global.tenants()).await.map_err(|err: daemon::store::StoreError| err).unwrap();
            let key = tenants[0].key;
            let new = daemon::store::NewWebhook {
                event: "message_created".to_owned(),
                delivery_id: None,
                digest: "d".to_owned(),
                body: r#"{"event":"message_created","content":"\u001b[2J"}"#.to_owned(),
            };
            daemon
                .store()
                .write(key, move |scope| {
                    scope.keep_webhook(&new)?;
                    let row = scope.due_webhooks(1)?.remove(0);
                    scope.webhook_failed(row.position, "no", daemon::domain::webhook::Next::Dead)?;
                    Ok::<_, daemon::store::StoreError>(scope.webhook_page(None, 1, 0)?.0[0].id.to_string())
                })
                .await
                .unwrap()
        })
    }

    /// From now on Chatwoot answers nothing that a person could use.
    pub(crate) fn is_down(&self) {
        self.fault(&serde_json::json!({"match": {"path_prefix": "/api/"}, "fault": {"kind": "status", "status": 503}}));
    }

    /// Chatwoot answers as this rule says.
    pub(crate) fn fault(&self, rule: &Value) {
        let url = format!("{}/sandbox/faults", self.sandbox.base_url());
        let sent = self.runtime.block_on(reqwest::Client::new().post(url).json(rule).send()).unwrap();
        assert!(sent.status().is_success());
    }

    pub(crate) fn close(self) {
        let Self { runtime, sandbox, daemon, .. } = self;
        runtime.block_on(async {
            daemon.stop().await;
            sandbox.shutdown().await;
        });
    }
}
