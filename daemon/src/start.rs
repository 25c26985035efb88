//! Start and orderly stop.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::app::{App, Inner, Tenant};
use crate::approvals::{self, Rules};
use crate::clock::{Clock, SECOND};
use crate::config::{self, Config, ConfigError, OWNER};
use crate::files::Files;
use crate::http;
use crate::keep::Keep;
use crate::secret::{self, SecretError, Token};
use crate::store::{Global, OpenError, Store, StoreError, TenantRow};
use crate::sync::{self, Rates, SyncContext};
use crate::tokens::Tokens;
use crate::webhooks::{Hooks, RECEIVER};

/// How long requests that are open at a stop may take to end.
const DRAIN: Duration = Duration::from_secs(5);
/// How often approvals are looked at that may have lapsed; nobody decides one late meanwhile, the rule looks at the time itself.
const EXPIRY_EVERY: Duration = Duration::from_secs(1);

/// Why the daemon did not start; each with its way out.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data directory cannot be made or written.
    #[error("cannot use the data directory {}; give another with --data-dir or AFENDA_DATA_DIR", path.display())]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// Another daemon runs on the same data directory.
    #[error("another daemon runs on {}; stop it, or give this one its own directory with --data-dir or AFENDA_DATA_DIR", path.display())]
    SecondDaemon {
        /// The directory.
        path: PathBuf,
    },
    /// Another program listens there.
    #[error("{addr} is in use; stop the program that listens there, or choose another address with --listen or AFENDA_LISTEN")]
    PortInUse {
        /// The address.
        addr: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {addr}; choose another address with --listen or AFENDA_LISTEN")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The store did not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store did not take what the start writes.
    #[error("the store cannot be written")]
    Store(#[from] StoreError),
    /// A token could not be kept.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Nobody of that name.
    #[error("there is no user `{name}`; known are: {known}")]
    UnknownUser {
        /// The name.
        name: String,
        /// Those that there are.
        known: String,
    },
}

/// A daemon that serves.
pub struct Running {
    addr: SocketAddr,
    app: App,
    server: JoinHandle<()>,
    timer: JoinHandle<()>,
    // Held for as long as the daemon runs.
    _lock: File,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("addr", &self.addr).finish_non_exhaustive()
    }
}

impl Running {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The address for clients.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Where the tenant's Chatwoot sends its webhooks.
    pub fn hook_url(&self, slug: &str) -> Option<String> {
        let tenant = self.app.tenants.iter().find(|tenant| tenant.row.slug == slug)?;
        Some(format!("{}{}{}", self.base_url(), RECEIVER, tenant.row.hook))
    }

    /// The store, for tests that look behind the API.
    pub fn store(&self) -> &Store {
        &self.app.store
    }

    /// Waits until a caller asks the daemon to stop; whoever runs it then calls [`Running::stop`].
    pub async fn asked_to_stop(&self) {
        self.app.asked_to_stop.cancelled().await;
    }

    /// Stops in order: no new requests, open ones answered, streams told, what is on its way to Chatwoot recorded, the store closed.
    pub async fn stop(self) {
        self.app.stop.cancel();
        let abort = self.server.abort_handle();
        if tokio::time::timeout(DRAIN, self.server).await.is_err() {
            tracing::warn!("requests were still open after {} s and were ended", DRAIN.as_secs());
            abort.abort();
        }
        for tenant in &self.app.tenants {
            if let Some(sync) = &tenant.sync {
                sync.finished().await;
            }
        }
        let _ = self.timer.await;
        self.app.store.close().await;
    }
}

/// Opens the store, starts the sync and serves.
///
/// # Errors
/// What keeps it from starting, each case with its own message.
pub async fn start(config: Config, clock: Clock) -> Result<Running, StartError> {
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let lock = lock(&config.data_dir)?;
    let listener = TcpListener::bind(config.listen).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => StartError::PortInUse { addr: config.listen },
        _ => StartError::Listen { addr: config.listen, source },
    })?;
    let addr = listener.local_addr().map_err(|source| StartError::Listen { addr: config.listen, source })?;
    let store = Store::open(&store_path(&config.data_dir), clock.clone())?;
    let rows = prepare(&store, &config).await?;
    if addr.ip().is_loopback() {
        owner_profile(&store, &config.data_dir, addr).await?;
    }
    let stop = CancellationToken::new();
    let (rates, mut tenants) = (Rates::default(), Vec::new());
    for (tenant, row) in config.tenants.iter().filter_map(|t| Some((t, rows.iter().find(|row| row.slug == t.slug)?))) {
        tenants.push(run_tenant(&config, tenant, row.clone(), &store, &clock, &stop, &rates).await);
    }
    let app = App::new(Inner {
        streams: Arc::new(Semaphore::new(config.sse.max_connections.min(Semaphore::MAX_PERMITS))),
        streams_open: AtomicUsize::new(0),
        started_at: clock.now(),
        config,
        store,
        clock,
        tenants,
        stop: stop.clone(),
        asked_to_stop: CancellationToken::new(),
    });
    let router = http::router(app.clone());
    let server = tokio::spawn(async move {
        let ended = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
        if let Err(err) = ended {
            tracing::error!(%err, "the server ended");
        }
    });
    let timer = tokio::spawn(expire(app.clone()));
    tracing::info!(%addr, "afenda's daemon serves");
    Ok(Running { addr, app, server, timer, _lock: lock })
}

/// Makes a new token for a user and keeps its hash; works whether or not a daemon runs on the same data directory.
///
/// # Errors
/// When there is no such user or the store cannot be opened.
pub async fn mint_token(config: &Config, user: &str, clock: &Clock) -> Result<Token, StartError> {
    if user != OWNER && !config.users.iter().any(|known| known.name == user) {
        let known: Vec<&str> = std::iter::once(OWNER).chain(config.users.iter().map(|user| user.name.as_str())).collect();
        return Err(StartError::UnknownUser { name: user.to_owned(), known: known.join(", ") });
    }
    make_data_dir(&config.data_dir)?;
    let store = Store::open(&store_path(&config.data_dir), clock.clone())?;
    let token = new_token(&store, user).await?;
    store.close().await;
    Ok(token)
}

fn store_path(data_dir: &Path) -> PathBuf {
    data_dir.join("afenda.db")
}

fn make_data_dir(path: &Path) -> Result<(), StartError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|source| StartError::DataDir { path: path.to_owned(), source })
}

fn lock(data_dir: &Path) -> Result<File, StartError> {
    make_data_dir(data_dir)?;
    let taken = crate::lock::take(data_dir).map_err(|source| StartError::DataDir { path: data_dir.to_owned(), source })?;
    taken.ok_or_else(|| StartError::SecondDaemon { path: data_dir.to_owned() })
}

async fn prepare(store: &Store, config: &Config) -> Result<Vec<TenantRow>, StoreError> {
    let names: Vec<(String, String)> = config.tenants.iter().map(|t| (t.slug.clone(), t.name.clone())).collect();
    let ensure = move |global: &Global<'_>| {
        for (slug, name) in &names {
            global.ensure_tenant(slug, name)?;
        }
        global.tenants()
    };
    store.write_global(ensure).await
}

async fn new_token(store: &Store, user: &str) -> Result<Token, StoreError> {
    let token = secret::new_token();
    let (hash, user) = (secret::hash(token.expose()), user.to_owned());
    store.write_global(move |global| global.add_token(&user, &hash)).await?;
    Ok(token)
}

/// The owner's profile lets the command line and the inbox on this machine in without set-up. Its token is made once; a profile that was
/// removed gets a new one.
async fn owner_profile(store: &Store, data_dir: &Path, addr: SocketAddr) -> Result<(), StartError> {
    #[derive(serde::Deserialize)]
    struct Profile {
        token: String,
        #[serde(default)]
        tenant: Option<String>,
    }
    let path = data_dir.join("profiles").join("default.json");
    let known = match secret::read_file(&path) {
        Ok(text) => serde_json::from_str::<Profile>(text.expose()).ok(),
        Err(_) => None, // Not there yet.
    };
    let valid = match &known {
        Some(profile) => {
            let hash = secret::hash(&profile.token);
            store.read_global(move |global| Ok::<_, StoreError>(global.user_of_token(&hash)?.as_deref() == Some(OWNER))).await?
        }
        None => false,
    };
    let (token, tenant) = match known.filter(|_| valid) {
        Some(profile) => (Token::new(profile.token), profile.tenant),
        None => (new_token(store, OWNER).await?, None),
    };
    let mut profile = serde_json::json!({ "url": format!("http://{addr}"), "token": token.expose(), "user": OWNER });
    if let Some(tenant) = tenant {
        profile["tenant"] = tenant.into();
    }
    secret::write_file(&path, &profile.to_string())?;
    Ok(())
}

async fn run_tenant(
    config: &Config,
    tenant: &config::Tenant,
    row: TenantRow,
    store: &Store,
    clock: &Clock,
    stop: &CancellationToken,
    rates: &Rates,
) -> Tenant {
    let rules = Arc::new(Rules::new(config, &tenant.slug));
    let url = tenant.chatwoot.as_ref().map_or_else(String::new, |c| match chatwoot::BaseUrl::parse(&c.url) {
        Ok(base) => base.conversation_page(c.account_id, 0).as_str().trim_end_matches('0').to_owned(),
        Err(_) => String::new(), // The sync says what is wrong with it.
    });
    let (files, tokens) = (Files::new(&config.data_dir, row.id), Tokens::open(&config.data_dir, &tenant.slug));
    let keep = Keep::new(&config.data_dir, row.id, clock.clone());
    keep.sweep();
    let mut sync = None;
    if let Some(chatwoot) = tenant.chatwoot.clone() {
        let rules = rules.clone();
        let cx = SyncContext {
            store: store.clone(),
            tenant: row.key,
            slug: tenant.slug.clone(),
            chatwoot,
            users: config.users.iter().filter(|user| user.tenants.contains(&tenant.slug)).cloned().collect(),
            sync: config.sync.clone(),
            files: files.clone(),
            tokens: tokens.clone(),
            clock: clock.clone(),
            stop: stop.clone(),
            escalate: Arc::new(move |scope, escalation| approvals::escalate_from_chatwoot(scope, &rules, escalation)),
            rates: rates.clone(),
        };
        sync = Some(sync::start(cx).await);
    }
    let hooks = tenant.chatwoot.as_ref().map(|chatwoot| Hooks::open(&config.data_dir, &tenant.slug, chatwoot));
    Tenant { row, chatwoot: tenant.chatwoot.clone(), url, rules, sync, files, keep, tokens, hooks }
}

/// Lets approvals lapse on time.
async fn expire(app: App) {
    while !app.stop.is_cancelled() {
        for tenant in &app.tenants {
            let due = app.store.read(tenant.row.key, |scope| scope.next_expiry()).await;
            if matches!(due, Ok(Some(at)) if at <= app.clock.now())
                && let Err(err) = app.store.write(tenant.row.key, approvals::expire).await
            {
                tracing::error!(%err, tenant = tenant.row.slug, "approvals could not lapse");
            }
        }
        tokio::select! {
            () = app.stop.cancelled() => {}
            () = tokio::time::sleep(EXPIRY_EVERY) => {}
        }
    }
    tracing::debug!(uptime_s = (app.clock.now() - app.started_at) / SECOND, "the timer ends");
}
