//! A stand-in Chatwoot (4.15.1, or an older one: [`Version`]) in one process: REST, public client API, `/cable` and signed webhooks, in memory.
//!
//! Tests, the demo and `afenda sandbox` start it with [`start`]; it holds a [`World`] and nothing else, and never
//! calls an address that is not this machine. It behaves as `conformance/recordings` show the real server to.
//!
//! # Steering
//! JSON over the same port; nothing here is Chatwoot's.
//!
//! | call | body and answer |
//! | --- | --- |
//! | `POST /sandbox/reset` | back to the fresh world: same ids and tokens; faults, clock, log, rate limit and customers cleared, sockets cut. The webhook target stays. → `{"reset":true}` |
//! | `POST /sandbox/faults` | a rule `{"match":{"method","path_prefix","path","user_agent"},"times","fault"}`, a list of rules, or `{"rules":[…],"events":{…}}` → all that is set. `path` may hold `*`. `fault` is `{"kind":"status","status","body","content_type","headers","handled"}`, `{"kind":"latency","ms","handled"}` (with `"handled":true` the request is handled before it is spoiled), `{"kind":"drop"}`, `{"kind":"lose_answer"}` (handled, then cut), `{"kind":"html","body"}`. `events` is `{"duplicate","out_of_order_ms","seed","delay_hooks_ms","drop_frames","drop_hooks","drop_times"}` and replaces what was set. Rules are tried in order; one that is used up is passed over |
//! | `GET /sandbox/faults`, `DELETE /sandbox/faults` | what is set; nothing any more |
//! | `POST /sandbox/cable/drop` | `{}` cuts all sockets, `{"reason":"server_restart"}` says `disconnect` first → `{"dropped":n}` |
//! | `POST /sandbox/rate_limit` | `{"limit","period_s"}`, 0 is off; 429 `Retry later\n` beyond it |
//! | `POST /sandbox/customers` | a [`world::CustomerSeed`] or a list: `{"contact":{"name",…},"inbox":"api","texts":[…],"every_ms","count","after_ms","new_conversation_each","mail":{"from","to","cc","subject"}}` → `{"started":n}` |
//! | `DELETE /sandbox/customers` | they fall silent |
//! | `POST /sandbox/clock` | `{"offset_s"}` → `{"now"}` |
//! | `GET /sandbox/log`, `GET /sandbox/requests` | write requests in order: `[{"method","path","body","at","status","handled"}]`; `status` is null when no answer went out |
//! | `GET /sandbox/state` | accounts, users, inboxes, teams, webhooks, contacts, sockets, and conversations with their messages |
//! | `POST /sandbox/hooks/target` | `{"url","secret"?}` points the first account's webhook there, loopback only → `{"url","secret"}` |

mod app;
mod cable;
mod clock;
mod conn;
mod control;
mod demo;
mod events;
pub mod faults;
mod hooks;
mod http;
mod limits;
mod liquid;
mod many;
mod params;
mod public;
mod rest;
mod script;
mod server;
mod state;
mod token;
mod version;
mod wire;
pub mod world;

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{self, Write},
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    app::App,
    conn::{Door, Scissors},
};
pub use crate::{
    version::{Version, VersionError},
    world::World,
};

/// How a sandbox is to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// What it starts from.
    pub world: World,
    /// Which release it behaves as.
    pub version: Version,
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What `{{hooks}}` in the world stands for; without it those addresses are left out.
    pub hooks: Option<Url>,
    /// File that gets `{"base","hooks","tokens"}` once the port is bound, mode 0600, whole or not at all.
    pub env_out: Option<PathBuf>,
    /// Of tokens, secrets and ids: the same seed makes the same ones.
    pub seed: u64,
    /// Whether the customers of [`World::script`] start to write at once.
    pub run_script: bool,
}

impl Options {
    /// The newest release on a free port of this machine, no webhooks, no file, no script.
    #[must_use]
    pub fn new(world: World) -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        Options { world, version: Version::NEWEST, listen, hooks: None, env_out: None, seed: 1, run_script: false }
    }
}

/// Why a sandbox could not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The world file could not be read.
    #[error("could not read the world file {path}")]
    WorldFile {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The world file is no world.
    #[error("the world is not written as it should be")]
    WorldJson(#[source] serde_json::Error),
    /// The world contradicts itself.
    #[error("the world does not fit together: {0}")]
    World(String),
    /// The port could not be bound.
    #[error("could not listen on {listen}")]
    Listen {
        /// Which address.
        listen: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The environment file could not be written.
    #[error("could not write {path}")]
    EnvFile {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A sandbox that runs. Dropping it stops the server and cuts every connection.
#[derive(Debug)]
pub struct Running {
    addr: SocketAddr,
    app: Arc<App>,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://host:port`, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Access tokens by user key, `bot` and `platform` among them.
    #[must_use]
    pub fn tokens(&self) -> BTreeMap<String, String> {
        tokens(&self.app)
    }

    /// Account ids by account key.
    #[must_use]
    pub fn account_ids(&self) -> BTreeMap<String, i64> {
        self.app.read(|s| s.accounts.values().map(|a| (a.key.clone(), a.id)).collect())
    }

    /// User ids by user key.
    #[must_use]
    pub fn user_ids(&self) -> BTreeMap<String, i64> {
        self.app.read(|s| s.users.values().map(|u| (u.key.clone(), u.id)).collect())
    }

    /// Inbox ids by inbox key.
    #[must_use]
    pub fn inbox_ids(&self) -> BTreeMap<String, i64> {
        self.app.read(|s| s.inboxes.values().map(|i| (i.key.clone(), i.id)).collect())
    }

    /// Team ids by team key.
    #[must_use]
    pub fn team_ids(&self) -> BTreeMap<String, i64> {
        self.app.read(|s| s.teams.values().map(|t| (t.key.clone(), t.id)).collect())
    }

    /// Back to the fresh world, as `POST /sandbox/reset`.
    pub fn reset(&self) {
        self.app.reset();
    }

    /// Points the first account's webhook at a URL of this machine and answers the secret it signs with.
    ///
    /// # Errors
    /// Refuses any other URL.
    pub fn set_hooks_target(&self, url: &Url, secret: Option<String>) -> Result<String, SandboxError> {
        if hooks::loopback(url.as_str()).is_none() {
            return Err(SandboxError::World(format!("{url} is no http URL of this machine")));
        }
        Ok(self.app.set_target(url.to_string(), secret))
    }

    /// Starts the customers of the world's script.
    pub fn run_script(&self) {
        for seed in self.app.world.script.clone() {
            script::start(&self.app, seed, self.app.customers());
        }
    }

    /// Stops the server, cuts every connection and waits until its tasks are gone.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        for task in std::mem::take(&mut self.tasks) {
            let _ = task.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn tokens(app: &App) -> BTreeMap<String, String> {
    app.read(|s| {
        let people = s.users.values().map(|u| (u.key.clone(), u.access_token.clone()));
        let bots = s.bots.values().take(1).map(|b| ("bot".to_owned(), b.access_token.clone()));
        people.chain(bots).chain([("platform".to_owned(), s.platform_token.clone())]).collect()
    })
}

/// Binds the port, writes the environment file and serves until the handle is dropped or shut down.
///
/// # Errors
/// When the world does not fit together, the port is taken, or the file cannot be written.
pub async fn start(options: Options) -> Result<Running, SandboxError> {
    options.world.check()?;
    let listen = options.listen;
    let failed = |source| SandboxError::Listen { listen, source };
    let listener = TcpListener::bind(listen).await.map_err(failed)?;
    let addr = listener.local_addr().map_err(failed)?;
    let stop = CancellationToken::new();
    let (app, outgoing) =
        App::new(options.world, options.version, options.seed, options.hooks.clone(), format!("http://{addr}"), stop.clone());
    if let Some(path) = &options.env_out {
        let hooks = options.hooks.as_ref().map(|h| h.as_str().trim_end_matches('/').to_owned());
        let env = json!({"base": format!("http://{addr}"), "hooks": hooks, "tokens": tokens(&app)});
        write_whole(path, &env.to_string()).map_err(|source| SandboxError::EnvFile { path: path.clone(), source })?;
    }
    let service = server::router(Arc::clone(&app)).into_make_service_with_connect_info::<Scissors>();
    let door = Door { listener, stop: stop.clone() };
    let ended = stop.clone();
    let serving = tokio::spawn(async move {
        tokio::select! {
            () = ended.cancelled() => {}
            served = axum::serve(door, service) => {
                if let Err(error) = served {
                    tracing::error!(%error, "the sandbox stopped serving");
                }
            }
        }
    });
    let ended = stop.clone();
    let events = app::run_events(Arc::clone(&app), outgoing);
    let telling = tokio::spawn(async move {
        tokio::select! {
            () = ended.cancelled() => {}
            () = events => {}
        }
    });
    let running = Running { addr, app, stop, tasks: vec![serving, telling] };
    if options.run_script {
        running.run_script();
    }
    Ok(running)
}

/// Writes beside the file and renames, readable by its owner alone.
fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = path.with_file_name(name);
    let written = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&beside, path)).inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}
