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
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{
    cable::Hub,
    clock::Clock,
    events::{self, Batch, Hook, Origin},
    faults::Faults,
    hooks,
    limits::Limits,
    state::{State, Webhook},
    token::Mint,
    version::Version,
    world::World,
};

/// How long after the answer events go out: the real server takes 25 ms at the least.
const EVENT_DELAY: Duration = Duration::from_millis(15);
/// Batches of events that may wait; beyond it events are lost, as with a purged queue.
const BATCHES_MAX: usize = 8192;
/// Webhooks on their way at the same time. Sidekiq's default is 10; a receiver with a short accept queue (Python's
/// `http.server` has 5) loses connections for a second at that speed, which the slower real server does not cause.
const HOOKS_AT_ONCE: usize = 4;
/// How often a bot is asked when it answers 429 or 500, and the pause between: `AgentBots::WebhookJob`, without the queue's poll.
const BOT_ATTEMPTS: usize = 3;
const BOT_PAUSE: Duration = Duration::from_secs(3);
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
    pub(crate) version: Version,
    seed: u64,
    base: String,
    hooks: Option<Url>,
    pub(crate) clock: Arc<Clock>,
    state: Mutex<State>,
    resets: AtomicU64,
    pub(crate) hub: Hub,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) limits: Mutex<Limits>,
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
    pub(crate) fn new(
        world: World,
        version: Version,
        seed: u64,
        hooks: Option<Url>,
        base: String,
        stop: CancellationToken,
    ) -> (Arc<Self>, Outgoing) {
        let clock = Arc::new(Clock::default());
        let state = State::seeded(&world, version, hooks.as_ref(), Arc::clone(&clock), Mint::new(seed, 0), &base);
        let (outgoing, receiver) = mpsc::channel(BATCHES_MAX);
        let customers = Mutex::new(stop.child_token());
        let app = App {
            world,
            version,
            seed,
            base,
            hooks,
            clock,
            state: Mutex::new(state),
            resets: AtomicU64::new(0),
            hub: Hub::default(),
            faults: Mutex::default(),
            limits: Mutex::default(),
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
        // Each job's events are written out before the next one changes the rows again.
        loop {
            let emitted = state.take_events();
            if !emitted.is_empty() {
                self.send(events::write(&state, emitted));
            }
            if !state.run_job() {
                return result;
            }
        }
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
        *lock(&self.limits) = Limits::default();
        self.clock.set_offset_s(0);
        lock(&self.log).clear();
        {
            let mut state = lock(&self.state);
            let generation = self.resets.fetch_add(1, Ordering::Relaxed) + 1;
            *state = State::seeded(
                &self.world,
                self.version,
                self.hooks.as_ref(),
                Arc::clone(&self.clock),
                Mint::new(self.seed, generation),
                &self.base,
            );
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
        let delay = lock(&app.faults).events.delay_hooks_ms.map(Duration::from_millis);
        for frame in &batch.frames {
            app.hub.broadcast(frame);
        }
        for hook in batch.hooks {
            // A webhook that is held back takes no place from others meanwhile.
            let place = match delay {
                Some(_) => None,
                None => Some(Arc::clone(&slots).acquire_owned().await),
            };
            let (app, slots) = (Arc::clone(&app), Arc::clone(&slots));
            tokio::spawn(async move {
                let stop = app.stop.clone();
                let sending = async {
                    let place = match place {
                        Some(place) => place,
                        None => {
                            tokio::time::sleep(delay.unwrap_or_default()).await;
                            Arc::clone(&slots).acquire_owned().await
                        }
                    };
                    if let Ok(slot) = place {
                        deliver(&app, &hook, generation, slot, &slots).await;
                    }
                };
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = sending => {}
                }
            });
        }
    }
}

/// Delivers one webhook. An API inbox's failure marks the message it was about; a bot is asked again, and when it does not answer,
/// people get the conversation.
async fn deliver(app: &App, hook: &Hook, generation: u64, mut slot: OwnedSemaphorePermit, slots: &Arc<Semaphore>) {
    let delivery = hooks::delivery_id();
    let attempts = if matches!(hook.origin, Origin::Bot { .. }) && app.version.retries_bot_webhooks() { BOT_ATTEMPTS } else { 1 };
    let mut failed = None;
    for attempt in 1..=attempts {
        match hooks::deliver(hook, &delivery, app.version, &app.clock).await {
            Ok(()) => return,
            Err(failure) => {
                tracing::debug!(url = %hook.url, %failure, attempt, "a webhook was not delivered");
                let again = attempt < attempts && matches!(failure.status, Some(429 | 500));
                failed = Some(failure);
                if !again {
                    break;
                }
            }
        }
        drop(slot);
        tokio::time::sleep(BOT_PAUSE).await;
        match Arc::clone(slots).acquire_owned().await {
            Ok(next) => slot = next,
            Err(_) => return,
        }
        if generation != app.generation() {
            return;
        }
    }
    let Some(failure) = failed.filter(|_| generation == app.generation()) else { return };
    match hook.origin {
        Origin::Inbox { message: Some(message) } => app.write(|s| {
            s.update_message(message, None, |m| {
                m.status = "failed";
                m.content_attributes.insert("external_error".into(), Value::String(failure.text));
            });
        }),
        Origin::Bot { asked: Some(conversation) } => app.write(|s| s.open_for_people(conversation)),
        Origin::Account | Origin::Inbox { message: None } | Origin::Bot { asked: None } => {}
    }
}
