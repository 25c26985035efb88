//! The only place that waits: effects become calls, files and streams; their answers come back as events on one bounded channel.

mod call;
mod keep;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api::Client;
use api::event::StreamEvent;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::browser;
use crate::drafts::Draft;
use crate::event::{Effect, Event, Failure, Purpose};
use crate::picture::Transmit;
use crate::seen;
use crate::settings::Way;
use crate::state::State;
use crate::telling::Notice;
use crate::update::{self, update};
use call::call;

/// Events that wait at most. Senders wait when it is full: the screen is drained before every draw, so it never is for long.
const EVENTS_MAX: usize = 256;
/// Calls under way at once: enough to fill a screen, few enough to leave the daemon to others.
const CALLS_MAX: usize = 8;
/// Time passes this often.
const TICK: Duration = Duration::from_millis(250);
/// What is being written when the inbox ends gets this long.
const GOODBYE: Duration = Duration::from_secs(2);
/// Messages of a page.
const MESSAGES: u32 = update::MESSAGES_PAGE;

/// What only the terminal's owner can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outward {
    /// Put a text in the clipboard.
    Copy(String),
    /// Tell news.
    Notify(Notice),
    /// Turn the mouse on or off.
    Mouse(bool),
    /// Give the terminal a picture.
    Picture(Box<Transmit>),
    /// Let it forget one.
    ForgetPicture(u32),
    /// Stop, until a shell lets the inbox go on.
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// Give a text to the person's own editor.
    Edit(Purpose, String),
    /// End.
    Quit,
}

/// Now, by the system's clock: the one place that asks it.
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// State, effects and channel: the inbox without a terminal.
pub(crate) struct Core {
    pub(crate) state: State,
    runtime: Runtime,
    events: mpsc::Receiver<Event>,
    tick: tokio::time::Interval,
    outward: Vec<Outward>,
    /// Changes handed in that were not answered yet.
    under_way: usize,
}

impl Core {
    /// An inbox that has asked for everything it needs. Without a directory drafts stay in memory.
    pub(crate) fn start(
        client: Client,
        data_dir: Option<PathBuf>,
        profile: &str,
        size: (u16, u16),
        prepare: impl FnOnce(&mut State),
    ) -> Self {
        let (tx, events) = mpsc::channel(EVENTS_MAX);
        let mut runtime = Runtime {
            client,
            events: tx,
            calls: Arc::new(Semaphore::new(CALLS_MAX)),
            stop: CancellationToken::new(),
            stream: CancellationToken::new(),
            saving: CancellationToken::new(),
            writes: TaskTracker::new(),
            data_dir,
            profile: profile.to_owned(),
            keys_file: None,
            hold_seconds: None,
            read_only: false,
            drafts: Arc::new(Mutex::new(Drafts { path: None, saved: Vec::new(), written: 0, forgotten: false })),
            saves: 0,
        };
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut state = State::new(now(), TimeZone::system(), size, uuid::Uuid::now_v7().to_string());
        state.remote = browser::is_remote(|name| std::env::var_os(name));
        prepare(&mut state);
        runtime.read_only = state.read_only;
        runtime.hold_seconds = state.settings.composer.hold_seconds;
        // Read here, before the first frame: one small file.
        let seen = runtime.data_dir.as_ref().and_then(|dir| seen::load(&seen::path(dir, &runtime.profile)));
        let mut core = Self { state, runtime, events, tick, outward: Vec::new(), under_way: 0 };
        let effects = update::start(&mut core.state, seen);
        core.perform(effects);
        core
    }

    /// Names the file that changed keys are written into.
    pub(crate) fn keeps_keys_in(&mut self, file: Option<PathBuf>) {
        self.runtime.keys_file = file;
    }

    /// Where keys and other events are put in.
    pub(crate) fn sender(&self) -> mpsc::Sender<Event> {
        self.runtime.events.clone()
    }

    /// Waits for something to happen, takes in all that waits, and returns what the terminal has to do. Dropping it loses nothing.
    pub(crate) async fn step(&mut self) -> Vec<Outward> {
        let due = self.state.due_in();
        let first = tokio::select! {
            event = self.events.recv() => event,
            _ = self.tick.tick() => None,
            () = tokio::time::sleep(due.unwrap_or_default()), if due.is_some() => None,
        };
        self.apply(Event::Tick(now()));
        if let Some(event) = first {
            self.apply(event);
        }
        for _ in 0..EVENTS_MAX {
            let Ok(event) = self.events.try_recv() else { break };
            self.apply(event);
        }
        std::mem::take(&mut self.outward)
    }

    /// Carries one event in and its effects out.
    pub(crate) fn apply(&mut self, event: Event) {
        if let Event::Answer(answer) = &event {
            self.under_way -= usize::from(answer.is_of_a_change()).min(self.under_way);
        }
        let effects = update(&mut self.state, event);
        self.perform(effects);
    }

    /// Carries out what was asked for; returns what the terminal has to do.
    pub(crate) fn carry(&mut self, effects: Vec<Effect>) -> Vec<Outward> {
        self.perform(effects);
        std::mem::take(&mut self.outward)
    }

    /// Whether every change that was handed in has been answered.
    pub(crate) fn is_answered(&self) -> bool {
        self.under_way == 0
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            // The second wall: `update` asks for none of it in a read-only inbox.
            if self.state.read_only && !effect.leaves_no_trace() {
                tracing::error!(?effect, "a read-only inbox was asked for a change; it was not made");
                continue;
            }
            self.under_way += usize::from(effect.is_change());
            match effect {
                Effect::Copy(text) => self.outward.push(Outward::Copy(text)),
                Effect::Edit { purpose, text } => self.outward.push(Outward::Edit(purpose, text)),
                Effect::Mouse(on) => self.outward.push(Outward::Mouse(on)),
                Effect::Transmit(picture) => self.outward.push(Outward::Picture(picture)),
                Effect::ForgetPicture(id) => self.outward.push(Outward::ForgetPicture(id)),
                Effect::Suspend => self.outward.push(Outward::Suspend),
                Effect::Notify(notice) => {
                    if notice.ways.contains(&Way::Desktop) {
                        self.runtime.perform(Effect::Notify(notice.clone()));
                    }
                    self.outward.push(Outward::Notify(notice));
                }
                Effect::Quit => self.outward.push(Outward::Quit),
                effect => self.runtime.perform(effect),
            }
        }
    }

    /// Writes what is still to be written and lets what was handed in arrive.
    pub(crate) async fn finish(mut self) {
        let effects = update::finish(&mut self.state);
        self.perform(effects);
        self.runtime.stop.cancel();
        self.runtime.writes.close();
        // Nobody reads the channel any more: senders must not wait for room.
        self.events.close();
        let _ = tokio::time::timeout(GOODBYE, self.runtime.writes.wait()).await;
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.runtime.stop.cancel();
    }
}

struct Drafts {
    path: Option<PathBuf>,
    /// What this inbox had when it read or wrote the file last.
    saved: Vec<(String, Draft)>,
    /// The newest save that is on disk: an older one that comes later is dropped.
    written: u64,
    /// Nothing is to be written any more.
    forgotten: bool,
}

struct Runtime {
    client: Client,
    events: mpsc::Sender<Event>,
    calls: Arc<Semaphore>,
    stop: CancellationToken,
    stream: CancellationToken,
    /// Ends the file that is being saved.
    saving: CancellationToken,
    writes: TaskTracker,
    data_dir: Option<PathBuf>,
    profile: String,
    /// Where keys are written down.
    keys_file: Option<PathBuf>,
    /// Seconds that a reply from here is held, if not as the daemon has it.
    hold_seconds: Option<u32>,
    /// The agent is not counted as present, and no file of the inbox's own is touched.
    read_only: bool,
    drafts: Arc<Mutex<Drafts>>,
    saves: u64,
}

impl Runtime {
    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Stream { generation, after } => self.open_stream(generation, after),
            Effect::LoadDrafts { owner } => self.load_drafts(&owner),
            Effect::SaveDrafts(drafts) => self.save_drafts(drafts),
            Effect::SaveSeen(seen) => self.save_seen(*seen),
            Effect::SaveKey { place, key, id } => self.save_key(place, key, id),
            Effect::DraftsKnown(known) => self.drafts.lock().unwrap_or_else(PoisonError::into_inner).saved = known,
            Effect::Forget => self.forget(),
            Effect::SaveFile { number, file, into } => self.save_file(number, file, into),
            Effect::StopSaving => self.saving.cancel(),
            effect => {
                let (client, events, calls, stop) = (self.client.clone(), self.events.clone(), self.calls.clone(), self.stop.clone());
                // What a person handed in is carried through even when the inbox ends meanwhile.
                let hold = self.hold_seconds;
                let lasting = effect.is_change();
                let work = async move {
                    let Ok(_permit) = calls.acquire_owned().await else { return };
                    if let Some(answer) = call(&client, effect, hold).await {
                        let _ = events.send(Event::Answer(Box::new(answer))).await;
                    }
                };
                if lasting {
                    self.writes.spawn(work);
                } else {
                    tokio::spawn(async move { stop.run_until_cancelled(work).await });
                }
            }
        }
    }

    fn open_stream(&mut self, generation: u64, after: Option<i64>) {
        self.stream.cancel();
        self.stream = self.stop.child_token();
        let (client, events, stop, read_only) = (self.client.clone(), self.events.clone(), self.stream.clone(), self.read_only);
        tokio::spawn(async move {
            stop.run_until_cancelled(async move {
                // Who is present and who writes goes with one another.
                let opened = if read_only { client.events(after) } else { client.inbox_events(after) };
                let mut stream = match opened {
                    Ok(stream) => stream,
                    Err(err) => {
                        let _ = events.send(Event::Stream(generation, Err(err.into()))).await;
                        return;
                    }
                };
                loop {
                    let said = stream.next().await.map_err(Failure::from);
                    let over = !matches!(
                        said,
                        Ok(StreamEvent::Ready { .. } | StreamEvent::Activity(_) | StreamEvent::Reset { .. } | StreamEvent::Typing(_))
                    );
                    if events.send(Event::Stream(generation, said)).await.is_err() || over {
                        return;
                    }
                }
            })
            .await;
        });
    }
}
