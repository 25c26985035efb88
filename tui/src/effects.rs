//! The only place that waits: effects become calls, files and streams; their answers come back as events on one bounded channel.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api::approval::Decision;
use api::client::FileToSend;
use api::contact::{NewContactNote, NewConversation};
use api::event::StreamEvent;
use api::id::{ApprovalId, ConversationId};
use api::inbox::{ConversationPatch, DeleteMessage, MessageQuery, MessageView, NewMessage};
use api::page::Page;
use api::template::UseTemplate;
use api::{Client, ClientError};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::browser;
use crate::drafts::{self, Draft};
use crate::event::{Act, Acted, Answer, Directory, Effect, Event, Failure, Purpose, Submitted};
use crate::picture::{self, Transmit};
use crate::seen::{self, Seen};
use crate::settings::Way;
use crate::state::{Attached, State, StoredFile, With};
use crate::telling::Notice;
use crate::update::{self, update};
use crate::{fetch, files, mention};

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
            drafts: Arc::new(Mutex::new(Drafts { path: None, saved: Vec::new(), written: 0, forgotten: false })),
            saves: 0,
        };
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut state = State::new(now(), TimeZone::system(), size, uuid::Uuid::now_v7().to_string());
        state.remote = browser::is_remote(|name| std::env::var_os(name));
        prepare(&mut state);
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
        let (client, events, stop) = (self.client.clone(), self.events.clone(), self.stream.clone());
        tokio::spawn(async move {
            stop.run_until_cancelled(async move {
                let mut stream = match client.inbox_events(after) {
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

    fn load_drafts(&mut self, owner: &str) {
        let path = self.data_dir.as_ref().map(|dir| drafts::path(dir, &self.profile, owner));
        self.drafts.lock().unwrap_or_else(PoisonError::into_inner).path.clone_from(&path);
        let (events, drafts) = (self.events.clone(), self.drafts.clone());
        let read = move |path: PathBuf| {
            let loaded = drafts::load(&path);
            drafts.lock().unwrap_or_else(PoisonError::into_inner).saved.clone_from(&loaded.0);
            loaded
        };
        tokio::spawn(async move {
            let loaded = match path {
                Some(path) => tokio::task::spawn_blocking(move || read(path)).await.unwrap_or_default(),
                None => (Vec::new(), None),
            };
            let _ = events.send(Event::Answer(Box::new(Answer::Drafts(loaded.0, loaded.1)))).await;
        });
    }

    fn save_drafts(&mut self, list: Vec<(String, Draft)>) {
        self.saves += 1;
        let (number, drafts, events) = (self.saves, self.drafts.clone(), self.events.clone());
        self.writes.spawn(async move {
            let saved = tokio::task::spawn_blocking(move || {
                let mut drafts = drafts.lock().unwrap_or_else(PoisonError::into_inner);
                match drafts.path.clone() {
                    Some(path) if drafts.written < number && !drafts.forgotten => {
                        let all = drafts::merge(&path, &mut drafts.saved, list.clone()).map_err(|err| err.to_string())?;
                        drafts.written = number;
                        Ok(Some((list, all)))
                    }
                    _ => Ok(None),
                }
            })
            .await;
            let saved = saved.unwrap_or_else(|err| Err(err.to_string()));
            let (result, merged) = match saved {
                Ok(merged) => (Ok(()), merged.filter(|(ours, all)| !drafts::same(ours, all))),
                Err(problem) => (Err(problem), None),
            };
            if let Some((ours, all)) = merged {
                let _ = events.send(Event::Answer(Box::new(Answer::DraftsMerged { ours, all }))).await;
            }
            let _ = events.send(Event::Answer(Box::new(Answer::DraftsSaved(result)))).await;
        });
    }
}

impl Runtime {
    fn save_file(&mut self, number: u64, file: StoredFile, into: Option<String>) {
        self.saving = self.stop.child_token();
        let (client, events, stop) = (self.client.clone(), self.events.clone(), self.saving.clone());
        // Kept track of: when the inbox ends, what has come of it is removed first.
        self.writes.spawn(async move {
            let saved = stop.run_until_cancelled(async {
                let folder = tokio::task::spawn_blocking(move || fetch::folder(into.as_deref())).await.ok().flatten();
                let folder = folder.ok_or("no folder for it is known; ui.downloads names one")?;
                // What finds no room is not said: the next one is.
                let told = |done, total| drop(events.try_send(Event::Answer(Box::new(Answer::Saving { number, done, total }))));
                let path = fetch::save(&client, &file, &folder, told).await?;
                Ok(path.to_string_lossy().into_owned())
            });
            if let Some(result) = saved.await {
                let _ = events.send(Event::Answer(Box::new(Answer::FileSaved(number, result)))).await;
            }
        });
    }

    fn save_key(&self, place: &'static str, key: String, id: &'static str) {
        let (file, events) = (self.keys_file.clone(), self.events.clone());
        self.writes.spawn(async move {
            let saved = tokio::task::spawn_blocking(move || match file {
                Some(path) => files::change_key(&path, place, &key, id).map_err(|err| format!("{}: {err}", path.display())),
                None => Err("no folder for it is known".into()),
            })
            .await;
            let result = saved.unwrap_or_else(|err| Err(err.to_string()));
            let _ = events.send(Event::Answer(Box::new(Answer::KeySaved(result)))).await;
        });
    }

    /// Removes the files while nothing is written, and lets nothing be written after that.
    fn forget(&mut self) {
        let seen = self.data_dir.as_ref().map(|dir| seen::path(dir, &self.profile));
        let (drafts, events) = (self.drafts.clone(), self.events.clone());
        self.writes.spawn(async move {
            let done = tokio::task::spawn_blocking(move || {
                let mut drafts = drafts.lock().unwrap_or_else(PoisonError::into_inner);
                let paths = [drafts.path.clone(), seen];
                paths.into_iter().flatten().try_for_each(|path| drafts::remove(&path)).map_err(|err| err.to_string())?;
                drafts.forgotten = true;
                Ok(())
            })
            .await;
            let result = done.unwrap_or_else(|err| Err(err.to_string()));
            let _ = events.send(Event::Answer(Box::new(Answer::Forgot(result)))).await;
        });
    }

    /// A cache: what cannot be written is written the next time.
    fn save_seen(&self, seen: Seen) {
        let Some(path) = self.data_dir.as_ref().map(|dir| seen::path(dir, &self.profile)) else { return };
        let drafts = self.drafts.clone();
        self.writes.spawn(async move {
            let save = move || {
                // Held meanwhile: nothing is written once it is forgotten.
                let drafts = drafts.lock().unwrap_or_else(PoisonError::into_inner);
                if drafts.forgotten { Ok(()) } else { seen::save(&path, &seen) }
            };
            if let Ok(Err(err)) = tokio::task::spawn_blocking(save).await {
                tracing::debug!(%err, "what was seen last could not be kept");
            }
        });
    }
}

/// Makes the call that an effect stands for.
async fn call(client: &Client, effect: Effect, hold: Option<u32>) -> Option<Answer> {
    Some(match effect {
        Effect::Me => Answer::Me(client.me().await.map_err(Failure::from)),
        Effect::Status => Answer::Status(client.status().await.map_err(Failure::from)),
        Effect::Directory => Answer::Directory(directory(client).await.map_err(Failure::from)),
        Effect::Outbox => Answer::Outbox(client.outbox().await.map_err(Failure::from)),
        Effect::List { generation, query, more } => {
            Answer::List { generation, more, result: client.conversations(&query).await.map_err(Failure::from) }
        }
        Effect::Counts { generation, query } => {
            Answer::Counts { generation, result: client.conversations(&query).await.map_err(Failure::from) }
        }
        Effect::Conversation(id) => Answer::Conversation(id, client.conversation(id).await.map_err(Failure::from)),
        Effect::Messages { id, before } => {
            let query = MessageQuery { before, after: None, limit: Some(MESSAGES), fresh: false };
            Answer::Messages { id, older: before.is_some(), result: client.messages(id, &query).await.map_err(Failure::from) }
        }
        Effect::Around { id, message } => {
            Answer::Around { id, message, result: around(client, id, message.0).await.map_err(Failure::from) }
        }
        Effect::Newer { id, after } => {
            let query = MessageQuery { before: None, after: Some(after), limit: Some(MESSAGES), fresh: false };
            Answer::Newer { id, after, result: client.messages(id, &query).await.map_err(Failure::from) }
        }
        Effect::Contacts { generation, query } => {
            Answer::Contacts { generation, more: query.cursor.is_some(), result: client.contacts(&query).await.map_err(Failure::from) }
        }
        Effect::Contact(id) => Answer::Contact(id, client.contact_detail(id).await.map_err(Failure::from)),
        Effect::ConversationsOf(id) => {
            Answer::ConversationsOf(id, client.conversations(&update::conversations_of(id)).await.map_err(Failure::from))
        }
        Effect::Search { generation, query } => {
            Answer::Search { generation, more: query.cursor.is_some(), result: client.search(&query).await.map_err(Failure::from) }
        }
        Effect::Approvals { generation, query, more } => {
            Answer::Approvals { generation, more, result: client.approvals(&query).await.map_err(Failure::from) }
        }
        Effect::Activity { generation, query } => {
            let result = client.activity(&query).await.map_err(Failure::from);
            Answer::Activity { generation, query, result }
        }
        Effect::Approval(id) => Answer::Approval(id, client.approval(&id.to_string()).await.map_err(Failure::from)),
        Effect::Submit { purpose, text, with, key } => {
            let result = submit(client, purpose, text, (with, hold), &key).await.map_err(Failure::from);
            Answer::Submitted { purpose, key, result }
        }
        Effect::Patch { id, patch, label, key } => {
            Answer::Patched { id, label, result: client.update_conversation(id, &patch, &key).await.map_err(Failure::from) }
        }
        Effect::Approve { id, revision, key } => {
            let result = decide(client, id, "approve", revision, None, &key).await.map_err(Failure::from);
            Answer::Approved { id, revision, key, result }
        }
        Effect::Act(what) => Answer::Acted(Box::new(act(client, *what).await)),
        Effect::Recall(id, key) => Answer::Recalled(id, client.outbox_act(id, "cancel", &key).await.map_err(Failure::from)),
        Effect::MarkRead { id, read, key } => {
            let patch = ConversationPatch { read: Some(read), ..ConversationPatch::default() };
            Answer::MarkedRead(id, read, client.update_conversation(id, &patch, &key).await.map_err(Failure::from))
        }
        Effect::EditContact { change, key } => {
            let result = client.update_contact(change.id, &update::contact_patch(&change), &key).await.map_err(Failure::from);
            Answer::ContactEdited { change, result }
        }
        Effect::Erase { conversation, message, key } => {
            let delete = DeleteMessage { hold_seconds: Some(update::HOLD_S) };
            let result = client.delete_message(conversation, message, &delete, &key).await.map_err(Failure::from);
            Answer::Erased { conversation, message, result }
        }
        Effect::Retry(id, key) => Answer::Retried(client.outbox_act(id, "retry", &key).await.map_err(Failure::from)),
        Effect::Notify(notice) => {
            if let Err(err) = browser::run(&notice.command()).await {
                tracing::debug!(err, "the desktop was not told");
            }
            return None;
        }
        Effect::Picture(wanted) => Answer::Picture(wanted.file.id, Box::new(Box::pin(picture::read(client, *wanted)).await)),
        Effect::Browse(address) => Answer::NotBrowsed(browser::open(&address).await.err()?),
        Effect::OwnCounts { status, query } => {
            Answer::OwnCounts { status, result: client.conversations(&query).await.map_err(Failure::from) }
        }
        Effect::Views => Answer::Views(client.custom_filters().await.map(|page| page.data).map_err(Failure::from)),
        Effect::SaveView(new) => Answer::ViewChanged("saved", client.save_custom_filter(&new).await.map_err(Failure::from)),
        Effect::RenameView(id, name) => Answer::ViewChanged("renamed", client.rename_custom_filter(id, &name).await.map_err(Failure::from)),
        Effect::DeleteView(id) => Answer::ViewChanged("deleted", client.delete_custom_filter(id).await.map_err(Failure::from)),
        Effect::Discard(id, key) => Answer::Discarded(client.outbox_act(id, "cancel", &key).await.map_err(Failure::from)),
        Effect::Look { purpose, path } => {
            let looked = path.clone();
            let found = tokio::task::spawn_blocking(move || files::look(&looked, home().as_deref())).await;
            Answer::Looked { purpose, path, result: found.unwrap_or_else(|err| Err(err.to_string())) }
        }
        Effect::Paths(typed) => {
            let begun = typed.clone();
            let found = tokio::task::spawn_blocking(move || files::begun(&begun, home().as_deref())).await;
            Answer::Paths { typed, found: found.unwrap_or_default() }
        }
        Effect::LoadDrafts { .. }
        | Effect::SaveDrafts(_)
        | Effect::SaveSeen(_)
        | Effect::SaveKey { .. }
        | Effect::SaveFile { .. }
        | Effect::StopSaving
        | Effect::Transmit(_)
        | Effect::ForgetPicture(_)
        | Effect::DraftsKnown(_)
        | Effect::Forget
        | Effect::Stream { .. }
        | Effect::Copy(_)
        | Effect::Mouse(_)
        | Effect::Suspend
        | Effect::Edit { .. }
        | Effect::Quit => return None,
    })
}

fn home() -> Option<String> {
    std::env::var("HOME").ok().filter(|home| !home.is_empty())
}

/// Messages up to one, it included, and those after it.
async fn around(client: &Client, id: ConversationId, message: i64) -> Result<(Page<MessageView>, Page<MessageView>), ClientError> {
    let query = |before, after| MessageQuery { before, after, limit: Some(MESSAGES), fresh: false };
    let upto = client.messages(id, &query(Some(message.saturating_add(1)), None)).await?;
    Ok((upto, client.messages(id, &query(None, Some(message))).await?))
}

async fn directory(client: &Client) -> Result<Directory, ClientError> {
    Ok(Directory {
        agents: client.agents().await?,
        teams: client.teams().await?,
        labels: client.labels().await?,
        inboxes: client.inboxes().await?,
        canned: client.canned_responses().await?,
        attributes: client.custom_attribute_definitions().await?,
    })
}

async fn submit(
    client: &Client,
    purpose: Purpose,
    text: String,
    (with, hold): (With, Option<u32>),
    key: &str,
) -> Result<Submitted, ClientError> {
    let whom = with.mail.clone().filter(|_| matches!(purpose, Purpose::Reply(_))).unwrap_or_default();
    let message = |private| NewMessage {
        content: text.clone(),
        private,
        hold_seconds: hold.filter(|_| !private),
        in_reply_to: with.answers.map(|id| id.0),
        mentions: if private { mention::kept(&text, &with.mentions) } else { Vec::new() },
        to: whom.to.clone(),
        cc: whom.cc.clone(),
        bcc: whom.bcc.clone(),
        ..NewMessage::default()
    };
    Ok(match purpose {
        Purpose::Reply(id) | Purpose::Note(id) if !with.files.is_empty() => {
            let file =
                |file: &Attached| FileToSend { path: PathBuf::from(&file.path), name: file.name.clone(), content_type: file.kind.clone() };
            let files: Vec<_> = with.files.iter().map(file).collect();
            let message = message(matches!(purpose, Purpose::Note(_)));
            Submitted::Message(Box::new(client.send_files(id, &message, &files, key).await?))
        }
        Purpose::Reply(id) => Submitted::Message(Box::new(client.send_message(id, &message(false), key).await?)),
        Purpose::Note(id) => Submitted::Message(Box::new(client.send_message(id, &message(true), key).await?)),
        Purpose::Template(id) => {
            let template = with.template.as_deref().map(|chosen| UseTemplate {
                name: chosen.template.name.clone(),
                language: Some(chosen.template.language.clone()),
                vars: chosen.vars.clone(),
            });
            let message = NewMessage { template, hold_seconds: hold, ..NewMessage::default() };
            Submitted::Message(Box::new(client.send_message(id, &message, key).await?))
        }
        Purpose::Escalate(id) => Submitted::Approval(Box::new(client.escalate(id, &text, key).await?)),
        Purpose::ContactNote(id) => {
            let note = NewContactNote { content: text, hold_seconds: None };
            Submitted::Contact(Box::new(client.add_contact_note(id, &note, key).await?))
        }
        Purpose::Begin(contact_id, inbox_id) => {
            let new = NewConversation { contact_id, inbox_id, message: Some(text), hold_seconds: hold, ..NewConversation::default() };
            Submitted::Contact(Box::new(client.begin_conversation(&new, key).await?))
        }
        Purpose::Reject(id, revision) => Submitted::Approval(Box::new(decide(client, id, "reject", revision, Some(text), key).await?)),
    })
}

async fn act(client: &Client, act: Act) -> Acted {
    match act {
        Act::Macros => Acted::Macros(client.macros().await.map_err(Failure::from)),
        Act::Macro { id, run, label, key } => {
            Acted::Macro { id, label, result: client.run_macro(id, run, &key).await.map_err(Failure::from) }
        }
        Act::Templates(id, inbox) => Acted::Templates(id, client.templates(inbox).await.map_err(Failure::from)),
        Act::Participants(id) => Acted::Participants(id, client.participants(id).await.map_err(Failure::from)),
        Act::Availability(None) => Acted::Availability(None, client.availability().await.map_err(Failure::from)),
        Act::Availability(Some(to)) => Acted::Availability(Some(to), client.set_availability(to).await.map_err(Failure::from)),
        Act::Signature => Acted::Signature(client.signature().await.map(|view| view.signature).map_err(Failure::from)),
        Act::ContactNotes(id) => Acted::ContactNotes(id, client.contact_notes(id).await.map_err(Failure::from)),
        Act::ContactInboxes(id) => Acted::ContactInboxes(id, client.contact_inboxes(id).await.map_err(Failure::from)),
        Act::Contact(id) => Acted::Contact(id, client.contact_detail(id).await.map_err(Failure::from)),
        Act::ChangeContact { id, patch, label, key } => {
            Acted::ContactChanged { id, label, result: client.update_contact(id, &patch, &key).await.map_err(Failure::from) }
        }
    }
}

async fn decide(
    client: &Client,
    id: ApprovalId,
    verb: &str,
    revision: u32,
    comment: Option<String>,
    key: &str,
) -> Result<api::approval::ApprovalView, ClientError> {
    client.decide(&id.to_string(), verb, &Decision { revision: Some(revision), comment }, key).await
}
