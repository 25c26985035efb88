//! Chatwoot ↔ store for one tenant: reads what is there, hears what changes, carries out what the outbox holds.
//!
//! | file | owns |
//! |---|---|
//! | `handle` | what the rest of the daemon asks of a running sync |
//! | `normalise` | payloads to rows |
//! | `apply` | the one door into the store, and what on Chatwoot's page asks for a decision |
//! | `pull` | start-up check, lists |
//! | `lists` | canned responses, custom attributes, ratings |
//! | `first` | the first copy |
//! | `reconcile` and `deep` | what the live paths missed: back to known ground, and through everything |
//! | `since` | what was active since a moment, read again on request |
//! | `reread` | objects marked to be read again; who set the label `escalate` |
//! | `listen` | the websocket |
//! | `webhooks` | kept webhooks |
//! | `rate` | when a request may leave |
//! | `push`, `write`, `set`, `look` and `labels` | the outbox: when to send, how to write, and whether it arrived already |
//! | `contact` | notes about a contact, where a conversation with it can be begun, and beginning one |
//! | `presence` | linked agents whose inbox is open |
//! | `personal` | what a linked agent alone may see |
//! | `canned` | canned responses changed as the caller |
//! | `ask` | what a caller wants to know of Chatwoot now, and what is only worth passing on now |
//! | `link` | how it stands, in words |
//! | `doctor` | what `afenda doctor` asks Chatwoot |
//!
//! Chatwoot being down, slow or wrong never ends a task; it shows in [`SyncHandle::link`]. All tasks end when `stop` is cancelled.
//! Never here: decisions about approvals (a function is handed in), HTTP of our own.

mod apply;
mod ask;
pub(crate) mod canned;
pub(crate) mod contact;
mod deep;
pub(crate) mod doctor;
mod escalate;
mod first;
mod handle;
mod labels;
mod link;
mod listen;
mod lists;
mod look;
pub mod normalise;
pub(crate) mod people;
pub(crate) mod personal;
mod presence;
mod pull;
mod push;
mod rate;
mod reconcile;
mod reread;
mod set;
mod since;
mod templates;
mod webhooks;
mod write;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_first;
#[cfg(test)]
mod tests_gone;
#[cfg(test)]
mod tests_waits;

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::event::{ActivityType, SubjectType, TypingHeard};
use api::status::{Progress, Rounds};
use chatwoot::error::{Error, ErrorKind, Retry};
use chatwoot::model::CacheKeys;
use chatwoot::{BaseUrl, Client, ClientConfig, Roots, Secret};
use serde_json::json;
use tokio::sync::{Notify, Semaphore, broadcast, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

pub use handle::SyncHandle;
pub use presence::Attendance;

pub use apply::{Door, EscalateFn, Escalation, How, Incoming, Outcome};
pub use rate::Rates;

use crate::clock::{Clock, Micros};
use crate::config;
use crate::domain::rate::{Class, Kind};
use crate::files::Files;
use crate::secret::Token;
use crate::store::{Asked, NewActivity, Store, StoreError, TenantKey};
use crate::tokens::Tokens;
use link::{Base, Failure, Link};
use rate::Rate;

/// Words of who writes where that wait for a slow reader: older ones are about a moment that has passed.
const WRITING_MAX: usize = 64;
/// The warning that the sync user was assigned conversations.
const ASSIGNED: &str = "assigned";
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
    /// The lines before all servers of this daemon.
    pub rates: Rates,
}

impl std::fmt::Debug for SyncContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SyncContext").field("slug", &self.slug).field("chatwoot", &self.chatwoot).finish_non_exhaustive()
    }
}

/// What wakes the loops.
#[derive(Debug, Default)]
struct Wake {
    outbox: Notify,
    webhooks: Notify,
    rereads: Notify,
    reconcile: Notify,
    deep: Notify,
    since: Notify,
    cable: Notify,
}

/// Rounds of comparing with Chatwoot.
#[derive(Debug, Clone, Default)]
struct RoundsState {
    shallow: Rounds,
    deep: Rounds,
    since: since::State,
    /// Our clock at the end of a gap of the websocket: changes of messages may have been missed before.
    gap: Option<Micros>,
}

/// What the tasks share.
struct Core {
    cx: SyncContext,
    /// None where the settings cannot work.
    client: Option<Client>,
    roots: Roots,
    door: Door,
    /// Reads at once; those that somebody waits for have permits of their own.
    permits: Semaphore,
    permits_person: Semaphore,
    rate: Rate,
    link: Mutex<Link>,
    progress: Mutex<Progress>,
    telling: Mutex<first::Telling>,
    rounds: Mutex<RoundsState>,
    /// Our clock when the newest complete round began.
    compared: watch::Sender<Option<Micros>>,
    /// As they were when the lists were last looked at.
    cache_keys: Mutex<Option<CacheKeys>>,
    warnings: Mutex<BTreeMap<&'static str, String>>,
    present: Mutex<presence::Present>,
    wake: Wake,
    /// Whether the account was checked and is the one the store belongs to: nothing is read or written before.
    ready: watch::Sender<bool>,
    server: Mutex<Server>,
    /// Sends with an unknown outcome, and when that was: a handful, each gone once it is settled.
    tries: Mutex<HashMap<Uuid, Micros>>,
    /// Who typed where, and when it was passed on last.
    typing: Mutex<HashMap<(String, i64), (Instant, bool)>>,
    /// Who writes where, for the inboxes that are open: kept nowhere.
    writing: broadcast::Sender<TypingHeard>,
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
    /// Whether messages keep content attributes of our own (4.9+); `None` before it was asked.
    keeps_marks: Option<bool>,
    /// Our clock when it was first seen to keep them, having been seen not to: it was updated.
    marks_since: Micros,
    /// Whether a search for contacts finds all of them (4.11+).
    searches_all: bool,
    /// Server clock minus ours.
    skew: Micros,
    /// The sync user.
    user_id: i64,
    /// Opens the websocket; memory only.
    pubsub_token: Secret,
}

impl Server {
    /// What its version says about marks.
    fn set_keeps_marks(&mut self, keeps: bool, now: Micros) {
        if self.keeps_marks.replace(keeps) == Some(false) && keeps {
            self.marks_since = now;
        }
    }

    /// Whether it keeps marks.
    fn keeps_marks(&self) -> bool {
        self.keeps_marks == Some(true)
    }

    /// Whether a message that it took before `at` kept its mark.
    fn kept_marks(&self, at: Micros) -> bool {
        self.keeps_marks() && at >= self.marks_since
    }
}

/// Starts one tenant's sync. Nothing of Chatwoot is needed for that.
pub async fn start(cx: SyncContext) -> SyncHandle {
    let tasks = TaskTracker::new();
    let (core, settings) = Core::new(cx);
    core.recall().await;
    let core = Arc::new(core);
    let handle = SyncHandle { core: Arc::clone(&core), tasks: tasks.clone(), kept_only: false };
    match settings {
        Ok(()) => {
            // The outbox ends by itself, after the send that is on its way; the others may be left at any point.
            tasks.spawn(push::run(Arc::clone(&core)));
            until_stop(&tasks, &core, pull::run(Arc::clone(&core)));
            until_stop(&tasks, &core, reread::run(Arc::clone(&core)));
            until_stop(&tasks, &core, webhooks::run(Arc::clone(&core)));
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
fn client(settings: &config::Chatwoot, haste: u32) -> Result<Client, Error> {
    let mut config = ClientConfig::new(BaseUrl::parse(&settings.url)?, settings.account_id, Secret::new(settings.token.expose()));
    config.roots = Roots { ca_file: settings.ca_file.clone(), ca_pem: None };
    config.request_timeout /= haste.max(1);
    Client::new(config)
}

impl Core {
    /// The core, and what is wrong with the settings.
    fn new(cx: SyncContext) -> (Self, Result<(), String>) {
        let (client, settings) = match client(&cx.chatwoot, cx.sync.haste) {
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
            permits_person: Semaphore::new(cx.sync.requests_max.max(1)),
            rate: cx.rates.of(&cx.chatwoot.url, &cx.sync, &cx.clock),
            link: Mutex::new(Link::new()),
            progress: Mutex::default(),
            telling: Mutex::default(),
            rounds: Mutex::default(),
            compared: watch::Sender::default(),
            cache_keys: Mutex::default(),
            warnings: Mutex::default(),
            present: Mutex::default(),
            wake: Wake::default(),
            ready: watch::Sender::new(false),
            server: Mutex::default(),
            tries: Mutex::default(),
            typing: Mutex::default(),
            writing: broadcast::channel(WRITING_MAX).0,
            started_at: cx.clock.now(),
            cx,
        };
        (core, settings)
    }

    fn now(&self) -> Micros {
        self.cx.clock.now()
    }

    /// The moment before a read is asked for.
    fn asked(&self) -> Asked {
        let ours = self.now();
        Asked { ours, theirs: ours + lock(&self.server).skew }
    }

    /// The service user's client.
    fn client(&self) -> Result<Client, Error> {
        let missing = || Error::new(ErrorKind::Config { message: "the settings of Chatwoot cannot work".to_owned() });
        self.client.clone().ok_or_else(missing)
    }

    /// A client with the own token of a user's agent, where there is one.
    fn agent_client(&self, user: &str) -> Option<Client> {
        let user = self.cx.users.iter().find(|known| known.name == user)?;
        Some(self.client.as_ref()?.as_user(Secret::new(self.own_token(user)?.expose())))
    }

    /// The own token of a user's agent; one that was linked is stronger than one in the config.
    fn own_token(&self, user: &config::User) -> Option<Token> {
        self.cx.tokens.get(&user.name).or_else(|| user.chatwoot_token.clone())
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

    /// One read of Chatwoot for the copy: with a permit, when the rate allows, and again where that may help.
    async fn call<T, F, Fut>(&self, ask: F) -> Result<T, Error>
    where
        F: FnMut(Client) -> Fut,
        Fut: Future<Output = Result<T, Error>>,
    {
        self.call_as(Class::Copy, Kind::Plain, ask).await
    }

    /// The same for somebody who waits for it: it never stands behind the copy.
    async fn call_for_person<T, F, Fut>(&self, ask: F) -> Result<T, Error>
    where
        F: FnMut(Client) -> Fut,
        Fut: Future<Output = Result<T, Error>>,
    {
        self.call_as(Class::Person, Kind::Plain, ask).await
    }

    /// The same under one of Chatwoot's narrower limits.
    async fn call_as<T, F, Fut>(&self, class: Class, kind: Kind, mut ask: F) -> Result<T, Error>
    where
        F: FnMut(Client) -> Fut,
        Fut: Future<Output = Result<T, Error>>,
    {
        let permits = if class == Class::Person { &self.permits_person } else { &self.permits };
        let mut tries = 0;
        loop {
            let result = {
                let _permit = permits
                    .acquire()
                    .await
                    .map_err(|err| Error::new(ErrorKind::Config { message: "the sync has ended".to_owned() }).because(err))?;
                self.rate.pass(class, kind).await;
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
            let refused = matches!(err.kind, ErrorKind::RateLimited { .. });
            if refused {
                self.rate.refused(kind);
            }
            let again = refused || matches!(err.kind, ErrorKind::Server { .. } | ErrorKind::Interrupted);
            if !again || tries >= READ_TRIES {
                return Err(err);
            }
            match err.retry() {
                Retry::After(wait) => tokio::time::sleep(self.paced(wait)).await,
                _ if refused => {} // The line says when.
                _ => tokio::time::sleep(self.paced(Duration::from_millis(250) * 2_u32.pow(tries))).await,
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

    /// A wait between tries as long as it is to be here.
    fn paced(&self, wait: Duration) -> Duration {
        wait / self.cx.sync.haste.max(1)
    }

    /// As [`Core::paced`], for waits on the clock of what is stored.
    fn paced_us(&self, wait: Micros) -> Micros {
        wait / Micros::from(self.cx.sync.haste.max(1))
    }

    /// Until a stored time; a clock moved by hand needs a wake besides.
    fn wait_for(&self, at: Micros) -> Duration {
        Duration::from_micros(u64::try_from(at.saturating_sub(self.now())).unwrap_or_default())
    }
}
