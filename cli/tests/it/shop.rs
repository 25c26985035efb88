//! A shop of its own for a test: a sandbox and a daemon in this process, and profiles of its people.

use std::sync::OnceLock;

use daemon::{Clock, Config, Overrides};
use sandbox::{Options, World};
use serde_json::Value;

use crate::harness::{Home, Ran, until};

/// A shop, a daemon and three people, with one approval that waits.
pub(crate) struct Shop {
    pub(crate) home: Home,
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) sandbox: sandbox::Running,
    pub(crate) daemon: daemon::Running,
}

impl Shop {
    pub(crate) fn open() -> Self {
        // Written once, whatever runs in parallel.
        static RING: OnceLock<()> = OnceLock::new();
        RING.get_or_init(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let home = Home::new();
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
                 [[users]]\nname = \"max\"\nrole = \"admin\"\n",
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

    pub(crate) fn close(self) {
        let Self { runtime, sandbox, daemon, .. } = self;
        runtime.block_on(async {
            daemon.stop().await;
            sandbox.shutdown().await;
        });
    }
}
