//! The outbox worker: what leaves when, and what its outcome means.
//!
//! `sending` is on disk before the request leaves, so a crash anywhere is found at the next start; an unknown outcome is looked up before a
//! second try (`look`). Order within a conversation is the store's; conversations go in parallel up to `requests_max`.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use api::inbox::OutboxState;
use chatwoot::error::{Error, ErrorKind, Refusal, Retry, until_next_window};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::apply::{How, Incoming, Outcome};
use super::contact;
use super::normalise::MARK;
use super::set::change;
use super::write::{Tried, message};
use super::{Core, lock};
use crate::clock::{Micros, SECOND};
use crate::config;
use crate::domain::outbox::{ATTEMPTS_MAX, backoff};
use crate::domain::rate::{Class, Kind};
use crate::files::Files;
use crate::store::{Asked, NewOutbox, OutboxKind, OutboxRow, Scope, Store, StoreError, TenantKey};

/// How long the send in flight may take at the end; what is not answered by then is looked up at the next start.
const LAST_SEND: Duration = Duration::from_secs(10);
/// Where the service user's token is refused, that is looked at this often.
const REFUSED_WAIT: Micros = 30 * SECOND;
/// Between two tries of a write to our own store.
const STORE_WAIT: Duration = Duration::from_secs(1);

/// Carries out the outbox until `stop`; then ends after what is on its way.
pub(super) async fn run(core: Arc<Core>) {
    let stop = core.cx.stop.clone();
    while let Err(err) = core.write(|scope| scope.resume_outbox()).await {
        tracing::error!(error = &err as &dyn std::error::Error, "the outbox cannot be taken up again yet");
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(STORE_WAIT) => {}
        }
    }
    let mut sends: JoinSet<Uuid> = JoinSet::new();
    let mut busy = HashSet::new();
    while !stop.is_cancelled() {
        sweep(&core.cx.store, core.cx.tenant, &core.cx.files).await;
        let wait = if *core.ready.borrow() { begin(&core, &mut sends, &mut busy).await } else { None };
        let mut ready = core.ready.subscribe();
        ready.mark_unchanged();
        tokio::select! {
            () = stop.cancelled() => break,
            () = core.wake.outbox.notified() => {}
            Ok(()) = ready.changed() => {}
            Some(done) = sends.join_next(), if !sends.is_empty() => match done {
                Ok(id) => { busy.remove(&id); }
                Err(err) => {
                    tracing::error!(%err, "a send ended abnormally; it is looked up at the next start");
                    busy.clear();
                }
            },
            () = sleep(wait) => {}
        }
    }
    let ended = tokio::time::timeout(LAST_SEND, async { while sends.join_next().await.is_some() {} }).await;
    if ended.is_err() {
        tracing::warn!(tenant = %core.cx.slug, sends = sends.len(), "sends were still unanswered at the end; they are looked up at the next start");
    }
}

/// Removes files whose entries are over, however they came to be. Usually there is no file at all, and this is one look at a folder.
async fn sweep(store: &Store, tenant: TenantKey, files: &Files) {
    let found = match files.all().await {
        Ok(found) => files.settled(found),
        Err(err) => {
            tracing::warn!(%err, "the folder of waiting files cannot be read");
            return;
        }
    };
    if found.is_empty() {
        return;
    }
    match store.read(tenant, |scope| scope.needed_files()).await {
        Ok(needed) => {
            let over: Vec<Uuid> = found.into_iter().filter(|id| !needed.iter().any(|file| file.id == *id)).collect();
            files.remove(over).await;
        }
        Err(err) => tracing::warn!(error = &err as &dyn std::error::Error, "which files are still needed is not known yet"),
    }
}

async fn sleep(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

/// Begins what is due, as far as there is room. Returns how long until there may be more.
async fn begin(core: &Arc<Core>, sends: &mut JoinSet<Uuid>, busy: &mut HashSet<Uuid>) -> Option<Duration> {
    let pause = core.rate.closed_for();
    if pause.is_some() {
        return pause;
    }
    let room = core.cx.sync.requests_max.max(1);
    // Entries whose task has not begun yet are due still; they come first, and there are no more of them than there is room.
    let limit = u32::try_from(room * 2).unwrap_or(u32::MAX);
    let (due, later) = match core.read(move |scope| Ok((scope.due_outbox(limit)?, scope.next_outbox_later()?))).await {
        Ok(found) => found,
        Err(err) => {
            tracing::error!(error = &err as &dyn std::error::Error, "the outbox cannot be read");
            return Some(STORE_WAIT);
        }
    };
    for row in due {
        if sends.len() < room && busy.insert(row.id) {
            let (core, id) = (Arc::clone(core), row.id);
            sends.spawn(async move {
                carry_out(&core, row).await;
                id
            });
        }
    }
    later.map(|at| core.wait_for(at))
}

/// One try of one entry, from `sending` to what became of it.
async fn carry_out(core: &Core, row: OutboxRow) {
    if core.cx.stop.is_cancelled() {
        return;
    }
    core.rate.pass(Class::Person, Kind::Plain).await;
    let (id, conversation, labels) = (row.id, row.conversation_id, (row.kind == OutboxKind::Labels).then(|| row.payload.clone()));
    let begun = core.write(move |scope| {
        let begun = scope.begin_sending(id)?;
        if let (true, Some(payload), true) = (begun, labels, scope.has_conversation(conversation)?) {
            // Shown again where a refresh undid it, so that our own label is no news when Chatwoot tells of it.
            let merged = crate::store::merge_labels(scope.conversation_labels(conversation)?, &payload);
            scope.replace_labels(conversation, &merged)?;
        }
        Ok(begun)
    });
    match begun.await {
        Ok(true) => {}
        Ok(false) => return, // Recalled meanwhile.
        Err(err) => {
            tracing::error!(outbox = %id, error = &err as &dyn std::error::Error, "an entry cannot be begun");
            tokio::time::sleep(STORE_WAIT).await;
            return;
        }
    }
    let asked = core.asked();
    let note = row.payload.get("note_id").and_then(serde_json::Value::as_i64);
    let tried = match (row.kind, note) {
        (OutboxKind::Reply | OutboxKind::Note, _) => message(core, &row).await,
        (OutboxKind::ContactNote, _) => contact::note(core, &row).await,
        (OutboxKind::Conversation, _) => contact::begin(core, &row).await,
        (OutboxKind::Delete, Some(note)) => contact::delete_note(core, &row, note).await,
        _ => change(core, &row).await,
    };
    let tried = match tried {
        Tried::Failed(err) => failed(core, &row, &err),
        tried => tried,
    };
    if !matches!(tried, Tried::Later { .. } | Tried::Over(OutboxState::Held, _)) {
        lock(&core.tries).remove(&id);
    }
    record(core, &row, asked, Arc::new(tried)).await;
}

/// Writes down what became of a try, in one write with what it brought.
pub(super) async fn record(core: &Core, row: &OutboxRow, asked: Asked, tried: Arc<Tried>) {
    loop {
        let (door, tried, row) = (core.door.clone(), Arc::clone(&tried), row.clone());
        match core.write(move |scope| keep(scope, &door, &row, asked, &tried)).await {
            Ok(outcome) => {
                core.heard();
                core.follow(outcome);
                core.wake.outbox.notify_one(); // The next of the conversation may leave.
                return;
            }
            Err(StoreError::Closed) if core.cx.stop.is_cancelled() => return,
            Err(err) => {
                tracing::error!(error = &err as &dyn std::error::Error, "the outcome of a send cannot be kept yet");
                tokio::time::sleep(STORE_WAIT).await;
            }
        }
    }
}

fn keep(scope: &Scope<'_>, door: &super::Door, row: &OutboxRow, asked: Asked, tried: &Tried) -> Result<Outcome, StoreError> {
    let reread = |scope: &Scope<'_>| {
        scope.mark(row.reread())?;
        Ok(Outcome { marked: true, ..Outcome::default() })
    };
    match tried {
        Tried::Sent(message) => {
            scope.outbox_done(row.id, Some(message.id))?;
            let mut message = message.clone();
            // Chatwoot before 4.9 drops the mark; here it stays ours.
            message.content_attributes.insert(MARK.to_owned(), row.id.to_string().into());
            Ok(door.apply(scope, &Incoming::Message(message), How::Read(asked))?.and(reread(scope)?))
        }
        Tried::Deleted(message) => {
            scope.outbox_done(row.id, None)?;
            Ok(door.apply(scope, &Incoming::Message(message.clone()), How::Read(asked))?.and(reread(scope)?))
        }
        Tried::Noted(note) => {
            scope.outbox_done(row.id, None)?;
            let id = row.contact_id.unwrap_or_default();
            if scope.has_contact(id)? {
                scope.keep_contact_note(id, &contact::row(note))?;
            }
            Ok(Outcome::default())
        }
        Tried::Begun(conversation) => {
            scope.outbox_begun(row.id, conversation.id)?;
            let outcome = door.apply(scope, &Incoming::Conversation(conversation.clone()), How::Read(asked))?;
            if let Some(payload) = contact::first_message(row) {
                // Its own entry: what becomes of it, and whether it arrived already, is found out as for any reply.
                let kind = OutboxKind::Reply;
                let (user, not_before) = (row.user.clone(), scope.now());
                scope.enqueue(&NewOutbox { conversation_id: conversation.id, kind, payload, user, approval_id: None, not_before })?;
            }
            Ok(outcome)
        }
        Tried::Set(Some((conversation, asked))) => {
            scope.outbox_done(row.id, None)?; // First, so that the row is Chatwoot's own again.
            let outcome = door.apply(scope, &Incoming::Conversation(conversation.clone()), How::Read(*asked))?;
            // What came meanwhile, such as the customer's answer, still has our value laid over it.
            if outcome.older { Ok(outcome.and(reread(scope)?)) } else { Ok(outcome) }
        }
        Tried::Set(None) => {
            scope.outbox_done(row.id, None)?;
            if let (Some(contact), Some(note)) = (row.contact_id, row.payload.get("note_id").and_then(serde_json::Value::as_i64)) {
                scope.drop_contact_note(contact, note)?;
                return Ok(Outcome::default());
            }
            reread(scope)
        }
        Tried::Later { why, unsure, not_before } => {
            scope.outbox_again(row.id, why, *unsure, *not_before)?;
            Ok(Outcome::default())
        }
        Tried::ByService(why) => {
            scope.outbox_by_daemon(row.id, why)?;
            Ok(Outcome::default())
        }
        Tried::Over(state, why) => {
            scope.outbox_over(row.id, *state, why)?;
            reread(scope) // What was shown as done is not.
        }
        Tried::Failed(err) => {
            scope.outbox_over(row.id, OutboxState::Failed, &err.to_string())?;
            reread(scope)
        }
    }
}

/// What a failed call means for its entry.
fn failed(core: &Core, row: &OutboxRow, err: &Error) -> Tried {
    if matches!(err.kind, ErrorKind::RateLimited { .. }) {
        core.rate.refused(Kind::Plain);
    }
    let (now, attempts) = (core.now(), row.attempts + 1);
    let backed_off = now + core.paced_us(backoff(attempts, rand::random()));
    let own = core.acting(row).ok().and_then(|acting| acting.own);
    if err.outcome_unknown() {
        lock(&core.tries).insert(row.id, now);
        core.doubt();
        return match attempts < ATTEMPTS_MAX {
            true => Tried::Later { why: err.to_string(), unsure: true, not_before: backed_off },
            false => Tried::Over(OutboxState::Held, format!("Chatwoot never said whether it took it: {err}")),
        };
    }
    let refused = matches!(err.kind, ErrorKind::Unauthorized { .. } | ErrorKind::Forbidden { .. } | ErrorKind::NotFound { .. });
    if own.is_some() && refused && row.approval_id.is_some() {
        // A decision is final: a token that was taken back, or an approver outside the inbox, does not keep it from Chatwoot.
        return Tried::ByService(reason(row, err, own));
    }
    if own.is_none() && is_about_token(err) {
        // The token is the daemon's matter: entries wait until it is set right.
        core.doubt();
        return Tried::Later { why: err.to_string(), unsure: false, not_before: now + core.paced_us(REFUSED_WAIT) };
    }
    let wait = match err.retry() {
        Retry::Never | Retry::LookFirst => return Tried::Over(OutboxState::Failed, reason(row, err, own)),
        Retry::Backoff => {
            core.doubt();
            None
        }
        Retry::After(wait) => Some(wait),
        Retry::AfterWindow(window) => Some(core.paced(until_next_window(window, now / SECOND))),
    };
    if attempts >= ATTEMPTS_MAX {
        return Tried::Over(OutboxState::Failed, format!("given up after {attempts} tries: {err}"));
    }
    let not_before = wait.map_or(backed_off, |wait| now + Micros::try_from(wait.as_micros()).unwrap_or(REFUSED_WAIT));
    Tried::Later { why: err.to_string(), unsure: false, not_before }
}

fn is_about_token(err: &Error) -> bool {
    matches!(
        err.kind,
        ErrorKind::Unauthorized { .. }
            | ErrorKind::Forbidden { refusal: Refusal::NotMember | Refusal::Suspended | Refusal::Bot, .. }
            | ErrorKind::Config { .. }
    )
}

/// Why an entry failed, for the person whose it is.
fn reason(row: &OutboxRow, err: &Error, own: Option<&config::User>) -> String {
    match (&err.kind, own) {
        (ErrorKind::Unauthorized { .. }, Some(user)) => {
            format!(
                "Chatwoot rejects the own token of {} (user `{}`): renew it with `afenda auth link-chatwoot`, or in the config",
                user.display_name, user.name
            )
        }
        (ErrorKind::Forbidden { message, .. }, Some(user)) => format!("Chatwoot refuses this to {}: {message}", user.display_name),
        (ErrorKind::NotFound { record: true, .. }, _) => match row.contact_id {
            Some(id) => format!("contact {id} is gone from Chatwoot"),
            None if row.kind == OutboxKind::Delete => "the message is gone from Chatwoot".to_owned(),
            None => format!("conversation {} is gone from Chatwoot", row.conversation_id),
        },
        _ => err.to_string(),
    }
}
