//! Objects that were marked to be read again, and labels whose setter is to be found.

use std::sync::Arc;
use std::time::Duration;

use chatwoot::error::{Error, ErrorKind};
use chatwoot::rest::MessagesQuery;
use futures_util::{StreamExt, stream};

use super::Core;
use super::apply::{ESCALATE_CURSOR, FIRST_COPY, FirstCopy, How, Incoming, PendingEscalation};
use super::escalate::{Asked, who};
use super::link::Failure;
use super::pull::{cutoff, directory};
use super::reconcile::{Unread, messages_back};
use crate::clock::{Micros, SECOND};
use crate::domain::approval::ESCALATE_LABEL;
use crate::domain::rate::{Class, Kind};
use crate::store::{Reread, RereadKind, StoreError};

/// Objects in one round.
const BATCH: u32 = 32;
/// An object that was taken is taken again after this long at the earliest: by then its read is over.
const LEASE: Micros = 120 * SECOND;
/// Looks for the activity message that names who set the label, and the waits between them, in microseconds: the job that writes it is a
/// moment behind (12.6), 6 s in all.
const LOOKS: [Micros; 7] = [50_000, 150_000, 300_000, 500_000, SECOND, 2 * SECOND, 2 * SECOND];
/// Pages back in which the activity message is looked for.
const LOOK_PAGES: usize = 5;
/// Cursor of the activity message that the last approval of a conversation was made from.
const USED: &str = "escalated:";

/// Reads what is marked until it is dropped.
pub(super) async fn run(core: Arc<Core>) {
    core.until_ready().await;
    if let Err(err) = core.write(|scope| scope.release_rereads()).await {
        tracing::error!(error = &err as &dyn std::error::Error, "marks of the last run stay for their time");
    }
    loop {
        core.until_ready().await;
        match round(&core).await {
            Ok(None) => core.wake.rereads.notified().await,
            Ok(Some(wait)) => {
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = core.wake.rereads.notified() => {}
                }
            }
            Err(err) => {
                tracing::error!(error = &err as &dyn std::error::Error, "what is marked cannot be read again now");
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        }
    }
}

/// One round; returns how long until the next is due.
async fn round(core: &Core) -> Result<Option<Duration>, StoreError> {
    let until = core.now() + LEASE;
    // Most rounds find nothing: a look is cheaper than a write.
    let due = match core.read(|scope| scope.due_rereads(1)).await?.is_empty() {
        true => Vec::new(),
        false => core.write(move |scope| scope.take_rereads(BATCH, until)).await?,
    };
    let mut reads = stream::iter(due).map(|reread| one(core, reread, until)).buffer_unordered(core.cx.sync.requests_max.max(1));
    while let Some(read) = reads.next().await {
        read?;
    }
    drop(reads);
    let now = core.now();
    let pending: Vec<(String, PendingEscalation)> = core.read(|scope| scope.cursors(ESCALATE_CURSOR)).await?;
    for (name, pending) in pending.into_iter().filter(|(_, pending)| pending.not_before <= now) {
        escalation(core, name, pending).await?;
    }
    core.read(|scope| {
        let pending: Vec<(String, PendingEscalation)> = scope.cursors(ESCALATE_CURSOR)?;
        Ok(scope.next_reread()?.into_iter().chain(pending.into_iter().map(|(_, pending)| pending.not_before)).min())
    })
    .await
    .map(|next: Option<Micros>| next.map(|at| core.wait_for(at)))
}

/// Reads one object and applies it.
async fn one(core: &Core, reread: Reread, until: Micros) -> Result<(), StoreError> {
    let done = match reread.kind {
        RereadKind::Conversation => conversation(core, Class::Copy, reread.id).await,
        RereadKind::Message => message(core, reread.id, reread.conversation_id).await,
        RereadKind::Contact => contact(core, reread.id).await,
        RereadKind::Directory => lists(core).await,
    };
    match done {
        Ok(()) => core.write(move |scope| scope.reread_settled(reread, until)).await,
        Err(why) => {
            tracing::debug!(?reread, ?why, "not read again yet");
            if !matches!(why, Failure::Later(_, Some(_))) {
                core.doubt(); // The link may be down: that is found out there.
            }
            let haste = core.cx.sync.haste;
            core.write(move |scope| scope.reread_failed(reread, haste)).await
        }
    }
}

/// "No such record" is believed only while the account itself is there: Chatwoot says the same of an account that is gone.
async fn is_gone(core: &Core, class: Class, err: &Error) -> Result<bool, Failure> {
    if !err.is_gone() {
        return Ok(false);
    }
    let account = core.call_as(class, Kind::Plain, |client| async move { client.account().await });
    account.await.map(|_| true).map_err(|err| core.failure(&err))
}

/// Reads a conversation, and its newest messages where it has some that are not here; as `class`, by whether somebody waits for it.
pub(super) async fn conversation(core: &Core, class: Class, id: i64) -> Result<(), Failure> {
    let asked = core.asked();
    let read = match core.call_as(class, Kind::Plain, |client| async move { client.conversation(id).await }).await {
        Ok(read) => read,
        Err(err) if is_gone(core, class, &err).await? => {
            core.write(move |scope| scope.delete_conversation(id)).await?;
            return Ok(());
        }
        Err(err) => return Err(core.failure(&err)),
    };
    let newest = read.messages.iter().map(|message| message.id).max().unwrap_or_default();
    let door = core.door.clone();
    let (outcome, behind) = core
        .write(move |scope| {
            let behind = newest > scope.newest_message(id)?;
            Ok((door.apply(scope, &Incoming::Conversation(Box::new(read)), How::Read(asked))?, behind))
        })
        .await?;
    core.follow(outcome);
    if behind {
        newest_messages(core, class, id).await?;
    }
    Ok(())
}

/// The newest messages of a conversation that is here.
pub(super) async fn newest_messages(core: &Core, class: Class, id: i64) -> Result<(), Failure> {
    if !core.read(move |scope| scope.has_conversation(id)).await? {
        return Ok(());
    }
    match messages_back(core, class, id, Micros::MAX, cutoff(core)).await {
        Ok(()) => Ok(()),
        Err(Unread::Call(err)) => Err(core.failure(&err)),
        Err(Unread::Other(failure)) => Err(failure),
    }
}

async fn message(core: &Core, id: i64, conversation_id: i64) -> Result<(), Failure> {
    let asked = core.asked();
    let read = match core.call(|client| async move { client.message(conversation_id, id).await }).await {
        Ok(Some(read)) => read,
        Ok(None) => return Ok(()), // It moved to another conversation, or never was in this one.
        Err(err) if is_gone(core, Class::Copy, &err).await? => {
            core.write(move |scope| scope.mark(Reread { kind: RereadKind::Conversation, id: conversation_id, conversation_id: 0 })).await?;
            return Ok(());
        }
        Err(err) => return Err(core.failure(&err)),
    };
    // A conversation that is not here is marked by the door; the message is tried again after it.
    let door = core.door.clone();
    let outcome = core.write(move |scope| door.apply(scope, &Incoming::Message(Box::new(read)), How::Read(asked))).await?;
    core.follow(outcome);
    if outcome.orphan { Err(Failure::Later("its conversation is not here yet".to_owned(), Some(Duration::ZERO))) } else { Ok(()) }
}

pub(super) async fn contact(core: &Core, id: i64) -> Result<(), Failure> {
    let asked = core.asked();
    match core.call(|client| async move { client.contact(id).await }).await {
        Ok(read) => {
            let contact = super::normalise::contact(&read);
            core.write(move |scope| scope.apply_contact(&contact, asked)).await?;
            Ok(())
        }
        Err(err) if is_gone(core, Class::Copy, &err).await? => {
            core.write(move |scope| scope.delete_contact(id)).await?;
            Ok(())
        }
        Err(err) => Err(core.failure(&err)),
    }
}

async fn lists(core: &Core) -> Result<(), Failure> {
    if directory(core).await? {
        core.wake.reconcile.notify_one();
    }
    Ok(())
}

/// Looks who set the label, and makes the approval once that is known or will not be.
async fn escalation(core: &Core, name: String, pending: PendingEscalation) -> Result<(), StoreError> {
    let id = pending.conversation_id;
    let found = match look(core, id).await {
        Ok(found) => found,
        Err(err) if matches!(err.kind, ErrorKind::NotFound { record: true, .. }) => Found { labelled: false, asked: Asked::NotYet },
        Err(err) => {
            tracing::debug!(conversation = id, error = &err as &dyn std::error::Error, "who set the label is not known yet");
            let not_before = core.now() + core.paced_us(5 * SECOND);
            return core.write(move |scope| scope.set_cursor(&name, &PendingEscalation { not_before, ..pending })).await;
        }
    };
    let door = core.door.clone();
    core.write(move |scope| {
        if !found.labelled {
            return scope.drop_cursor(&name); // It was taken off again before anybody asked.
        }
        let agent = match found.asked {
            Asked::By(message, agent) => {
                scope.set_cursor(&format!("{USED}{id}"), &message)?;
                agent
            }
            Asked::Silent | Asked::NotYet => match usize::try_from(pending.attempts).ok().and_then(|n| LOOKS.get(n)) {
                Some(wait) => {
                    let again = PendingEscalation { attempts: pending.attempts + 1, not_before: scope.now() + wait, ..pending };
                    return scope.set_cursor(&name, &again);
                }
                None => None,
            },
        };
        door.label(scope, id, agent)?;
        scope.drop_cursor(&name)
    })
    .await
}

struct Found {
    labelled: bool,
    asked: Asked,
}

async fn look(core: &Core, id: i64) -> Result<Found, Error> {
    let labels = core.call(|client| async move { client.conversation_labels(id).await }).await?;
    if !labels.iter().any(|label| label == ESCALATE_LABEL) {
        return Ok(Found { labelled: false, asked: Asked::NotYet });
    }
    let known = core.read(move |scope| {
        let used: i64 = scope.cursor(&format!("{USED}{id}"))?.unwrap_or_default();
        let began = scope.cursor::<FirstCopy>(FIRST_COPY)?.map_or(0, |copy| copy.began);
        Ok::<_, StoreError>((scope.agents()?, used, began))
    });
    let (agents, used, began) = known.await.map_err(|err| Error::new(ErrorKind::Config { message: err.to_string() }))?;
    let mut query = MessagesQuery::NEWEST;
    for _ in 0..LOOK_PAGES {
        let page = core.call(|client| async move { client.messages(id, query).await }).await?.payload;
        // A change from before our time is not the one that was just seen.
        let young: Vec<_> = page.iter().filter(|message| message.created_at.micros().is_none_or(|at| at >= began)).cloned().collect();
        match who(&young, &agents, used) {
            Asked::Silent => {}
            asked => return Ok(Found { labelled: true, asked }),
        }
        let Some(oldest) = page.iter().map(|message| message.id).min() else { break };
        if young.len() < page.len() || oldest <= used {
            break;
        }
        query = MessagesQuery::before(oldest);
    }
    Ok(Found { labelled: true, asked: Asked::NotYet })
}
