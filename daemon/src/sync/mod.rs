//! Chatwoot ↔ store for one tenant: reads what is there, hears what changes, carries out what the outbox holds.
//!
//! | file | owns |
//! |---|---|
//! | `normalise` | payloads to rows |
//! | `apply` | the one door into the store, and what on Chatwoot's page asks for a decision |
//! | `pull` | start-up check, lists, first copy |
//! | `reconcile` | what the live paths missed |
//! | `reread` | objects marked to be read again; who set the label `escalate` |
//! | `listen` | websocket and kept webhooks |
//! | `push`, `write`, `set` and `look` | the outbox: when to send, how to write, and whether it arrived already |
//! | `ask` | what a caller wants to know of Chatwoot now, and what is only worth passing on now |
//! | `link` | how it stands, in words |
//!
//! Chatwoot being down, slow or wrong never ends a task; it shows in [`SyncHandle::link`]. All tasks end when `stop` is cancelled.
//! Never here: decisions about approvals (a function is handed in), HTTP of our own.

mod apply;
mod ask;
mod escalate;
mod link;
mod listen;
mod look;
pub mod normalise;
mod pull;
mod push;
mod reconcile;
mod reread;
mod set;
mod write;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::event::{ActivityType, SubjectType};
use api::status::{LinkView, Progress};
use chatwoot::error::{Error, ErrorKind, Retry, until_next_window};
use chatwoot::{BaseUrl, Client, ClientConfig, Roots, Secret};
use serde_json::json;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

pub use apply::{Door, EscalateFn, Escalation, How, Incoming, Outcome};

use crate::clock::{Clock, Micros, SECOND};
use crate::config;
use crate::files::Files;
use crate::store::{NewActivity, Store, StoreError, TenantKey};
use crate::tokens::Tokens;
use link::{Base, Failure, Link};

/// A read is tried this often before its failure counts.
const READ_TRIES: u32 = 3;

/// What a tenant's sync needs.
pub struct SyncContext {
    /// Where everything is kept.
    pub store: Store,
    /// Whose sync it is.
    pub tenant: TenantKey,
    /// The tenant's short name.
    pub slug: String,
    /// The account.
    pub chatwoot: config::Chatwoot,
    /// Users of this tenant: their names and their agents' tokens.
    pub users: Vec<config::User>,
    /// Limits and intervals.
    pub sync: config::Sync,
    /// Files that wait for Chatwoot.
    pub files: Files,
    /// Own tokens that users linked.
    pub tokens: Tokens,
    /// Time for what is stored.
    pub clock: Clock,
    /// Ends everything.
    pub stop: CancellationToken,
    /// Makes an approval.
    pub escalate: EscalateFn,
}

impl std::fmt::Debug for SyncContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SyncContext").field("slug", &self.slug).field("chatwoot", &self.chatwoot).finish_non_exhaustive()
    }
}

/// A running sync. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SyncHandle {
    core: Arc<Core>,
    tasks: TaskTracker,
}

impl SyncHandle {
    /// Something was put into the outbox, or may leave earlier than it was.
    pub fn wake_outbox(&self) {
        self.core.wake.outbox.notify_one();
    }

    /// A webhook was kept.
    pub fn wake_webhooks(&self) {
        self.core.wake.webhooks.notify_one();
    }

    /// Compares with Chatwoot now, or tries to reach it now.
    pub fn refresh(&self) {
        self.core.wake.reconcile.notify_one();
        self.core.wake.rereads.notify_one();
    }

    /// How the link stands.
    pub fn link(&self) -> LinkView {
        lock(&self.core.link).view(&self.core.cx.chatwoot)
    }

    /// How far the first copy has come.
    pub fn progress(&self) -> Progress {
        lock(&self.core.progress).clone()
    }

    /// Canned responses by code as Chatwoot has them now: code and text.
    ///
    /// # Errors
    /// What keeps Chatwoot from answering.
    pub async fn canned_responses(&self) -> Result<Vec<(String, String)>, Error> {
        let rows = self.core.call(|client| async move { client.canned_responses().await }).await?;
        let mut rows: Vec<_> = rows.into_iter().map(|row| (row.short_code, row.content)).collect();
        rows.sort();
        Ok(rows)
    }

    /// What somebody should know, sorted.
    pub fn warnings(&self) -> Vec<String> {
        lock(&self.core.warnings).values().cloned().collect()
    }

    /// Returns when every task has ended after `stop`.
    pub async fn finished(&self) {
        self.tasks.wait().await;
    }
}

/// What wakes the loops.
#[derive(Debug, Default)]
struct Wake {
    outbox: Notify,
    webhooks: Notify,
    rereads: Notify,
    reconcile: Notify,
    cable: Notify,
}

/// What the tasks share.
struct Core {
    cx: SyncContext,
    /// None where the settings cannot work.
    client: Option<Client>,
    roots: Roots,
    door: Door,
    permits: Semaphore,
    /// Reads wait until then: Chatwoot asked to slow down.
    paused_until: Mutex<Option<Instant>>,
    link: Mutex<Link>,
    progress: Mutex<Progress>,
    progress_told: Mutex<Option<Instant>>,
    /// Something is gone from the lists: rows may still name it.
    lists_shrank: Mutex<bool>,
    warnings: Mutex<BTreeMap<&'static str, String>>,
    wake: Wake,
    /// Whether the account was checked and is the one the store belongs to: nothing is read or written before.
    ready: watch::Sender<bool>,
    server: Mutex<Server>,
    /// Sends with an unknown outcome, and when that was: a handful, each gone once it is settled.
    tries: Mutex<HashMap<Uuid, Micros>>,
    /// Who typed where, and when it was passed on last.
    typing: Mutex<HashMap<(String, i64), (Instant, bool)>>,
    /// Our clock when this process began: a send in flight at the end of the last one happened before.
    started_at: Micros,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("cx", &self.cx).finish_non_exhaustive()
    }
}

/// What the last check learned of the server.
#[derive(Debug, Clone, Default)]
struct Server {
    /// Whether messages keep content attributes of our own (4.9+).
    keeps_marks: bool,
    /// Server clock minus ours.
    skew: Micros,
    /// The sync user.
    user_id: i64,
    /// Opens the websocket; memory only.
    pubsub_token: Secret,
}

/// Starts one tenant's sync. Returns at once; nothing of Chatwoot is needed for that.
pub fn start(cx: SyncContext) -> SyncHandle {
    let tasks = TaskTracker::new();
    let (core, settings) = Core::new(cx);
    let core = Arc::new(core);
    let handle = SyncHandle { core: Arc::clone(&core), tasks: tasks.clone() };
    match settings {
        Ok(()) => {
            // The outbox ends by itself, after the send that is on its way; the others may be left at any point.
            tasks.spawn(push::run(Arc::clone(&core)));
            until_stop(&tasks, &core, pull::run(Arc::clone(&core)));
            until_stop(&tasks, &core, reread::run(Arc::clone(&core)));
            until_stop(&tasks, &core, listen::webhooks(Arc::clone(&core)));
            if core.cx.sync.websocket {
                until_stop(&tasks, &core, listen::cable(Arc::clone(&core)));
            }
        }
        Err(why) => {
            let refused = Arc::clone(&core);
            until_stop(&tasks, &core, async move {
                refused.set_base(Base::Refused(why)).await;
            });
        }
    }
    tasks.close();
    handle
}

fn until_stop(tasks: &TaskTracker, core: &Arc<Core>, work: impl Future<Output = ()> + Send + 'static) {
    let stop = core.cx.stop.clone();
    tasks.spawn(async move {
        tokio::select! {
            () = stop.cancelled() => {}
            () = work => {}
        }
    });
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind these is replaced whole; a panic elsewhere leaves it usable.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A client of the account, from the settings alone.
fn client(settings: &config::Chatwoot) -> Result<Client, Error> {
    let mut config = ClientConfig::new(BaseUrl::parse(&settings.url)?, settings.account_id, Secret::new(settings.token.expose()));
    config.roots = Roots { ca_file: settings.ca_file.clone(), ca_pem: None };
    Client::new(config)
}

impl Core {
    /// The core, and what is wrong with the settings.
    fn new(cx: SyncContext) -> (Self, Result<(), String>) {
        let (client, settings) = match client(&cx.chatwoot) {
            Ok(client) => (Some(client), Ok(())),
            Err(err) => {
                let why = match link::explain(&err, &cx.chatwoot, cx.clock.now()) {
                    Failure::Refused(why) | Failure::Later(why, _) => why,
                };
                (None, Err(why))
            }
        };
        let core = Self {
            client,
            roots: Roots { ca_file: cx.chatwoot.ca_file.clone(), ca_pem: None },
            door: Door::new(Arc::clone(&cx.escalate)),
            permits: Semaphore::new(cx.sync.requests_max.max(1)),
            paused_until: Mutex::new(None),
            link: Mutex::new(Link::new()),
            progress: Mutex::new(Progress { done: false, conversations: 0, conversations_total: None, messages: 0 }),
            progress_told: Mutex::new(None),
            lists_shrank: Mutex::new(false),
            warnings: Mutex::default(),
            wake: Wake::default(),
            ready: watch::Sender::new(false),
            server: Mutex::default(),
            tries: Mutex::default(),
            typing: Mutex::default(),
            started_at: cx.clock.now(),
            cx,
        };
        (core, settings)
    }

    fn now(&self) -> Micros {
        self.cx.clock.now()
    }

    /// The service user's client.
    fn client(&self) -> Result<Client, Error> {
        let missing = || Error::new(ErrorKind::Config { message: "the settings of Chatwoot cannot work".to_owned() });
        self.client.clone().ok_or_else(missing)
    }

    fn server(&self) -> Server {
        lock(&self.server).clone()
    }

    /// Runs `work` in a write of this tenant.
    async fn write<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&crate::store::Scope<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.cx.store.write(self.cx.tenant, work).await
    }

    /// Runs `work` in a read of this tenant.
    async fn read<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&crate::store::Scope<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.cx.store.read(self.cx.tenant, work).await
    }

    /// Waits until the account was checked.
    async fn until_ready(&self) {
        let mut ready = self.ready.subscribe();
        // The sender lives in `self`: there is always an answer.
        let _ = ready.wait_for(|ready| *ready).await;
    }

    /// One read of Chatwoot: with a permit, after a pause that Chatwoot asked for, and again where that may help.
    async fn call<T, F, Fut>(&self, mut ask: F) -> Result<T, Error>
    where
        F: FnMut(Client) -> Fut,
        Fut: Future<Output = Result<T, Error>>,
    {
        let mut tries = 0;
        loop {
            let pause = *lock(&self.paused_until);
            if let Some(until) = pause {
                tokio::time::sleep_until(until).await;
            }
            let result = {
                let _permit = self
                    .permits
                    .acquire()
                    .await
                    .map_err(|err| Error::new(ErrorKind::Config { message: "the sync has ended".to_owned() }).because(err))?;
                ask(self.client()?).await
            };
            tries += 1;
            let err = match result {
                Ok(answer) => {
                    self.heard();
                    return Ok(answer);
                }
                Err(err) => err,
            };
            let wait = match (&err.kind, err.retry()) {
                (_, Retry::After(wait)) => Some(wait),
                (_, Retry::AfterWindow(window)) => Some(until_next_window(window, self.now() / SECOND)),
                _ => None,
            };
            if let Some(wait) = wait {
                // The limit is the account's, not the call's: everybody waits.
                *lock(&self.paused_until) = Some(Instant::now() + wait);
            }
            let again = wait.is_some() || matches!(err.kind, ErrorKind::Server { .. } | ErrorKind::Interrupted);
            if !again || tries >= READ_TRIES {
                return Err(err);
            }
            if wait.is_none() {
                tokio::time::sleep(Duration::from_millis(250) * 2_u32.pow(tries)).await;
            }
        }
    }

    /// Something came from Chatwoot.
    fn heard(&self) {
        let now = self.now();
        lock(&self.link).heard_at = Some(now);
    }

    /// A call failed in a way that may be the link's: look, unless that is known.
    fn doubt(&self) {
        let up = lock(&self.link).base == Base::Up;
        if up {
            self.wake.reconcile.notify_one();
        }
    }

    async fn set_base(&self, base: Base) {
        self.set_link(|link| link.base = base).await;
    }

    async fn set_cable(&self, cable: Result<(), Option<String>>) {
        self.set_link(|link| link.cable = cable).await;
    }

    /// Changes the link, and tells the clients when it reads differently.
    async fn set_link(&self, change: impl FnOnce(&mut Link)) {
        let told = {
            let mut link = lock(&self.link);
            let before = link.state();
            change(&mut link);
            let after = link.state();
            (before != after).then_some(after)
        };
        let Some((state, message)) = told else { return };
        tracing::info!(tenant = %self.cx.slug, %state, message = message.as_deref(), "the link to Chatwoot");
        let written = self.write(move |scope| {
            let mut activity = NewActivity::by_chatwoot(ActivityType::SyncState, SubjectType::Sync, "link".to_owned());
            activity.data = json!({ "state": state, "message": message });
            scope.record_activity(activity)
        });
        if let Err(err) = written.await {
            tracing::error!(error = &err as &dyn std::error::Error, "the link's state was not recorded");
        }
    }

    /// Says something for `status`, or takes it back.
    fn warn(&self, about: &'static str, text: Option<String>) {
        let mut warnings = lock(&self.warnings);
        match text {
            Some(text) => warnings.insert(about, text),
            None => warnings.remove(about),
        };
    }

    /// Wakes whoever has to act on what was applied.
    fn follow(&self, outcome: Outcome) {
        if outcome.marked || outcome.escalation {
            self.wake.rereads.notify_one();
        }
        if outcome.missed {
            self.wake.reconcile.notify_one();
        }
    }

    /// Until a stored time; a clock moved by hand needs a wake besides.
    fn wait_for(&self, at: Micros) -> Duration {
        Duration::from_micros(u64::try_from(at.saturating_sub(self.now())).unwrap_or_default())
    }
}
