//! The activity stream: what was missed from the table, then what is committed, without gap and without repeat.
//!
//! It subscribes first and reads the table afterwards, so that nothing falls between the two. A live row is sent only if it follows the
//! last one sent; a reader that fell behind is caught up from the table, which is also what a lost broadcast leads to.

use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::time::Duration;

use api::error::Code;
use api::event::{Activity, ActivityType, TypingHeard};
use axum::http::HeaderName;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::app::Caller;
use crate::fault::Fault;
use crate::store::{Scope, StoreError};
use crate::sync::SyncHandle;

/// Events written ahead of a slow client; a client that leaves more than this unread waits at the table, not in memory.
const AHEAD_MAX: usize = 64;
/// Rows read from the table at once while catching up.
const CATCH_UP: u32 = 200;
/// What a client is told to wait before it reconnects.
const RETRY: Duration = Duration::from_secs(2);

type Sender = mpsc::Sender<Result<Event, Infallible>>;

/// Opens a stream for the caller, after `from` or from now on. With `presence` it is an inbox, whose agent counts as present.
pub(crate) async fn open(caller: Caller, from: Option<i64>, types: Vec<ActivityType>, presence: bool) -> Result<Response, Fault> {
    let app = caller.app.clone();
    let Ok(permit) = app.streams.clone().try_acquire_owned() else {
        let message = format!(
            "{} event streams are open, which is the limit (sse.max_connections); close one or try later",
            app.config.sse.max_connections
        );
        return Err(Fault::new(Code::TooManyStreams, message));
    };
    let heartbeat = Duration::from_millis(app.config.sse.heartbeat_interval_ms);
    let (tx, rx) = mpsc::channel(AHEAD_MAX);
    tokio::spawn(async move {
        let _permit = permit;
        let _attendance = caller.tenant().sync.as_ref().filter(|_| presence).and_then(|sync| sync.attend(&caller.user.name));
        caller.app.streams_open.fetch_add(1, Ordering::Relaxed);
        // Closed by the client, by the daemon, or by a store that is closing: each way the client reconnects and resumes.
        let writing = caller.tenant().sync.as_ref().filter(|_| presence).map(SyncHandle::writing);
        if let Err(err) = feed(&caller, from, &types, writing, &tx).await {
            tracing::debug!(%err, "an event stream ended");
        }
        caller.app.streams_open.fetch_sub(1, Ordering::Relaxed);
    });
    let sse = Sse::new(ReceiverStream::new(rx)).keep_alive(KeepAlive::new().interval(heartbeat));
    Ok(([(HeaderName::from_static("x-accel-buffering"), "no")], sse).into_response())
}

#[derive(Debug, thiserror::Error)]
enum End {
    #[error("the client went away")]
    Gone,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("an event could not be written")]
    Write(#[source] axum::Error),
}

async fn send(tx: &Sender, event: Event) -> Result<(), End> {
    tx.send(Ok(event)).await.map_err(|_| End::Gone)
}

/// The next word of who writes where; never where that is not told. Words that were missed are not made up for: they are about a moment.
async fn next(writing: &mut Option<Receiver<TypingHeard>>) -> TypingHeard {
    while let Some(receiver) = writing {
        match receiver.recv().await {
            Ok(typing) => return typing,
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => *writing = None,
        }
    }
    std::future::pending().await
}

async fn feed(
    caller: &Caller,
    from: Option<i64>,
    types: &[ActivityType],
    mut writing: Option<Receiver<TypingHeard>>,
    tx: &Sender,
) -> Result<(), End> {
    let (store, tenant) = (caller.app.store.clone(), caller.key());
    let mut live = store.subscribe();
    let place = |scope: &Scope<'_>| Ok::<_, StoreError>((scope.oldest_seq()?, scope.newest_seq()?));
    let (oldest, newest) = store.read(tenant, place).await?;
    let mut last = match from {
        None => {
            let ready = Event::default().event("ready").id(newest.to_string()).retry(RETRY).data(json!({ "seq": newest }).to_string());
            send(tx, ready).await?;
            newest
        }
        // Older than what is kept, or from another store's future.
        Some(seq) if seq.saturating_add(1) < oldest || seq > newest => {
            let reset = Event::default().event("reset").id(newest.to_string()).data(json!({ "oldest_seq": oldest }).to_string());
            send(tx, reset).await?;
            newest
        }
        Some(seq) => seq,
    };
    last = catch_up(caller, last, types, tx).await?;
    loop {
        tokio::select! {
            () = caller.app.stop.cancelled() => {
                return send(tx, Event::default().event("bye").data(json!({ "reason": "the daemon stops" }).to_string())).await;
            }
            () = tx.closed() => return Err(End::Gone),
            typing = next(&mut writing) => send(tx, Event::default().event("typing").json_data(&typing).map_err(End::Write)?).await?,
            heard = live.recv() => match heard {
                Ok(committed) if committed.tenant != tenant || committed.activity.seq <= last => {}
                Ok(committed) if committed.activity.seq == last + 1 => {
                    last = committed.activity.seq;
                    write(&committed.activity, types, tx).await?;
                }
                Ok(_) | Err(RecvError::Lagged(_)) => last = catch_up(caller, last, types, tx).await?,
                Err(RecvError::Closed) => return Ok(()),
            }
        }
    }
}

/// Sends what stands in the table after `last`; returns the newest seq it came to.
async fn catch_up(caller: &Caller, mut last: i64, types: &[ActivityType], tx: &Sender) -> Result<i64, End> {
    loop {
        let after = last;
        let rows = caller.app.store.read(caller.key(), move |scope| scope.activities_after(after, CATCH_UP)).await.map_err(End::Store)?;
        for row in &rows {
            write(row, types, tx).await?;
            last = row.seq;
        }
        if rows.len() < CATCH_UP as usize {
            return Ok(last);
        }
    }
}

async fn write(activity: &Activity, types: &[ActivityType], tx: &Sender) -> Result<(), End> {
    if !types.is_empty() && !types.contains(&activity.kind) {
        return Ok(());
    }
    let event = Event::default().id(activity.seq.to_string()).event(activity.kind.as_str());
    send(tx, event.json_data(activity).map_err(End::Write)?).await
}
