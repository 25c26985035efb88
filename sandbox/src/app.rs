//! What the parts share: the rows behind a lock, the sockets, the faults, the request log, and the way events go out.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::{
    sync::{Semaphore, mpsc},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    cable::Hub,
    clock::Clock,
    events::{self, Batch, Hook},
    faults::Faults,
    hooks,
    state::{State, Webhook},
    token::Mint,
    world::World,
};

/// How long after the answer events go out: the real server takes 25 ms at the least.
const EVENT_DELAY: Duration = Duration::from_millis(15);
/// Batches of events that may wait; beyond it events are lost, as with a purged queue.
const BATCHES_MAX: usize = 8192;
/// Webhooks on their way at the same time. Sidekiq's default is 10; a receiver with a short accept queue (Python's
/// `http.server` has 5) loses connections for a second at that speed, which the slower real server does not cause.
const HOOKS_AT_ONCE: usize = 4;
/// Write requests remembered.
const LOG_MAX: usize = 10_000;

/// Locks, whatever happened to another holder.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The sandbox.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) world: World,
    seed: u64,
    base: String,
    hooks: Option<Url>,
    pub(crate) clock: Arc<Clock>,
    state: Mutex<State>,
    resets: AtomicU64,
    pub(crate) hub: Hub,
    pub(crate) faults: Mutex<Faults>,
    log: Mutex<VecDeque<Value>>,
    target: Mutex<Option<(String, Option<String>)>>,
    outgoing: mpsc::Sender<Due>,
    pub(crate) stop: CancellationToken,
    customers: Mutex<CancellationToken>,
}

/// Events, the reset they belong to and when they go out.
#[derive(Debug)]
pub(crate) struct Due {
    generation: u64,
    at: Instant,
    batch: Batch,
}

/// The receiving end of the events.
pub(crate) type Outgoing = mpsc::Receiver<Due>;

impl App {
    pub(crate) fn new(world: World, seed: u64, hooks: Option<Url>, base: String, stop: CancellationToken) -> (Arc<Self>, Outgoing) {
        let clock = Arc::new(Clock::default());
        let state = State::seeded(&world, hooks.as_ref(), Arc::clone(&clock), Mint::new(seed, 0), &base);
        let (outgoing, receiver) = mpsc::channel(BATCHES_MAX);
        let customers = Mutex::new(stop.child_token());
        let app = App {
            world,
            seed,
            base,
            hooks,
            clock,
            state: Mutex::new(state),
            resets: AtomicU64::new(0),
            hub: Hub::default(),
            faults: Mutex::default(),
            log: Mutex::default(),
            target: Mutex::default(),
            outgoing,
            stop,
            customers,
        };
        (Arc::new(app), receiver)
    }

    /// Reads rows.
    pub(crate) fn read<R>(&self, read: impl FnOnce(&State) -> R) -> R {
        read(&lock(&self.state))
    }

    /// Changes rows, runs the jobs that follow, and sends the events off in order.
    pub(crate) fn write<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut state = lock(&self.state);
        let result = change(&mut state);
        for jobs in [false, true] {
            if jobs {
                state.run_jobs();
            }
            let emitted = state.take_events();
            if !emitted.is_empty() {
                self.send(events::write(&state, emitted));
            }
        }
        result
    }

    /// Queues a batch of events, spoiled by the faults that are set by now.
    pub(crate) fn send(&self, mut batch: Batch) {
        lock(&self.faults).events.spoil(&mut batch);
        let due = Due { generation: self.generation(), at: Instant::now() + EVENT_DELAY, batch };
        if self.outgoing.try_send(due).is_err() {
            tracing::warn!("more events than can wait: a batch is lost");
        }
    }

    /// Back to the fresh world; the webhook target set at run time stays.
    pub(crate) fn reset(&self) {
        self.stop_customers();
        *lock(&self.faults) = Faults::default();
        self.clock.set_offset_s(0);
        lock(&self.log).clear();
        {
            let mut state = lock(&self.state);
            let generation = self.resets.fetch_add(1, Ordering::Relaxed) + 1;
            *state = State::seeded(&self.world, self.hooks.as_ref(), Arc::clone(&self.clock), Mint::new(self.seed, generation), &self.base);
            if let Some((url, secret)) = lock(&self.target).clone() {
                aim(&mut state, &url, secret);
            }
        }
        self.hub.drop_all(None);
    }

    /// How many resets there were: what was caused before the last one is told to nobody.
    fn generation(&self) -> u64 {
        self.resets.load(Ordering::Relaxed)
    }

    /// Points the account webhook of the first account elsewhere and answers its secret.
    pub(crate) fn set_target(&self, url: String, secret: Option<String>) -> String {
        *lock(&self.target) = Some((url.clone(), secret.clone()));
        aim(&mut lock(&self.state), &url, secret)
    }

    pub(crate) fn remember(&self, entry: Value) {
        let mut log = lock(&self.log);
        if log.len() == LOG_MAX {
            log.pop_front();
        }
        log.push_back(entry);
    }

    pub(crate) fn log(&self) -> Vec<Value> {
        lock(&self.log).iter().cloned().collect()
    }

    /// Ends with the customers that write now.
    pub(crate) fn customers(&self) -> CancellationToken {
        lock(&self.customers).clone()
    }

    pub(crate) fn stop_customers(&self) {
        let mut customers = lock(&self.customers);
        customers.cancel();
        *customers = self.stop.child_token();
    }
}

/// Replaces the first account's webhook, or makes one for all events.
fn aim(state: &mut State, url: &str, secret: Option<String>) -> String {
    let account_id = state.accounts.keys().next().copied().unwrap_or(1);
    if let Some(w) = state.webhooks.values_mut().find(|w| w.account_id == account_id) {
        url.clone_into(&mut w.url);
        w.secret = secret.unwrap_or_else(|| w.secret.clone());
        return w.secret.clone();
    }
    let secret = secret.unwrap_or_else(|| state.mint.named("webhook/secret"));
    let subscriptions = [
        "conversation_created",
        "conversation_status_changed",
        "conversation_updated",
        "message_created",
        "message_updated",
        "contact_created",
        "contact_updated",
        "conversation_typing_on",
        "conversation_typing_off",
    ];
    let id = state.next_small_id();
    let subscriptions = subscriptions.map(str::to_owned).to_vec();
    state.webhooks.insert(id, Webhook { id, account_id, name: None, url: url.to_owned(), subscriptions, secret: secret.clone() });
    secret
}

/// Sends frames and webhooks when they are due, shuffled when the faults say so. Runs until the sandbox stops.
pub(crate) async fn run_events(app: Arc<App>, mut outgoing: Outgoing) {
    let slots = Arc::new(Semaphore::new(HOOKS_AT_ONCE));
    while let Some(Due { generation, at, mut batch }) = outgoing.recv().await {
        tokio::time::sleep_until(at).await;
        if generation != app.generation() {
            continue;
        }
        let window = lock(&app.faults).events.out_of_order_ms.map(Duration::from_millis);
        if let Some(window) = window {
            let until = Instant::now() + window;
            while let Ok(Some(more)) = tokio::time::timeout_at(until, outgoing.recv()).await {
                batch.frames.extend(more.batch.frames);
                batch.hooks.extend(more.batch.hooks);
            }
        }
        if window.is_some() {
            lock(&app.faults).events.shuffle(&mut batch.frames, &mut batch.hooks);
        }
        for frame in &batch.frames {
            app.hub.broadcast(frame);
        }
        for hook in batch.hooks {
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
            let app = Arc::clone(&app);
            tokio::spawn(async move {
                let stop = app.stop.clone();
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = deliver(&app, &hook, generation) => {}
                }
                drop(slot);
            });
        }
    }
}

/// Delivers one webhook; an API inbox's failure marks the message it was about.
async fn deliver(app: &App, hook: &Hook, generation: u64) {
    let Err(error) = hooks::deliver(hook, &hooks::delivery_id(), &app.clock).await else { return };
    tracing::debug!(url = %hook.url, %error, "a webhook was not delivered");
    if let Some(message) = hook.message.filter(|_| generation == app.generation()) {
        app.write(|s| {
            s.update_message(message, None, |m| {
                m.status = "failed";
                m.content_attributes.insert("external_error".into(), Value::String(error));
            });
        });
    }
}
