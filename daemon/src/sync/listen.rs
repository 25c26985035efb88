//! The live paths: websocket frames, and webhooks that the receiver has kept. Both end in the door.

use std::sync::Arc;
use std::time::Duration;

use chatwoot::cable::{Backoff, Cable, CableConfig, CableItem, Closed, Subscription, connect};
use chatwoot::webhook::WebhookEvent;

use super::apply::{How, Incoming, Outcome};
use super::link::Failure;
use super::pull::profile;
use super::{Core, lock};
use crate::store::{Scope, StoreError, WebhookRow};

/// Waits between connections.
const RETRY_FIRST: Duration = Duration::from_millis(500);
const RETRY_MAX: Duration = Duration::from_secs(30);
/// Frames in one write at most: what waits already, never waited for.
const FRAMES_MAX: usize = 64;
/// Webhooks in one write.
const WEBHOOKS_MAX: u32 = 64;

/// Holds a websocket until it is dropped.
pub(super) async fn cable(core: Arc<Core>) {
    let mut backoff = Backoff::new(RETRY_FIRST, RETRY_MAX, rand::random());
    loop {
        core.until_ready().await;
        let (lived, why) = connection(&core).await;
        core.set_cable(Err(why)).await;
        if lived {
            backoff.reset();
            core.doubt(); // Frames may be lost, and Chatwoot may be down.
        }
        tokio::time::sleep(backoff.next_wait()).await;
    }
}

/// One connection. Returns whether it was confirmed, and why it ended.
async fn connection(core: &Core) -> (bool, Option<String>) {
    // The token is read each time: it rotates with the user's password, and a stale one is answered with silence.
    let user = match profile(core).await {
        Ok(user) => user,
        Err(Failure::Refused(why) | Failure::Later(why, _)) => {
            core.doubt();
            return (false, Some(why));
        }
    };
    lock(&core.server).pubsub_token = user.pubsub_token.clone();
    let subscription = Subscription { pubsub_token: user.pubsub_token, account_id: core.cx.chatwoot.account_id, user_id: user.id };
    let Ok(client) = core.client() else { return (false, None) };
    let mut config = CableConfig::new(client.base().clone(), subscription);
    config.roots = core.roots.clone();
    let mut cable = match connect(config).await {
        Ok(cable) => cable,
        Err(err) => {
            let (Failure::Refused(why) | Failure::Later(why, _)) = core.failure(&err);
            return (false, Some(format!("no websocket, changes come later by polling: {why}")));
        }
    };
    let mut lived = false;
    loop {
        let item = tokio::select! {
            item = cable.next() => item,
            () = core.wake.cable.notified() => return (lived, Some("the websocket's token has changed".to_owned())),
        };
        match item {
            Some(CableItem::Confirmed) => {
                lived = true;
                confirmed(core).await;
            }
            Some(CableItem::Event(event)) => {
                let mut events = vec![Incoming::from_cable(*event)];
                let (confirms, ended) = drain(&mut cable, &mut events);
                if let Err(err) = frames(core, events).await {
                    tracing::error!(error = &err as &dyn std::error::Error, "frames were not kept; comparing with Chatwoot instead");
                    core.wake.reconcile.notify_one();
                }
                if confirms {
                    lived = true; // Frames may overtake the confirmation.
                    confirmed(core).await;
                }
                if let Some(why) = ended {
                    return (lived, Some(closed(&why)));
                }
            }
            Some(CableItem::Closed(why)) => return (lived, Some(closed(&why))),
            None => return (lived, Some(closed(&Closed::Ended))),
        }
    }
}

async fn confirmed(core: &Core) {
    core.heard();
    lock(&core.rounds).gap = Some(core.now());
    core.set_cable(Ok(())).await;
    core.wake.reconcile.notify_one(); // What happened before is not sent again.
}

/// Takes what waits already; says whether a confirmation and whether the end was among it.
fn drain(cable: &mut Cable, events: &mut Vec<Incoming>) -> (bool, Option<Closed>) {
    let mut confirms = false;
    while events.len() < FRAMES_MAX {
        match cable.try_next() {
            Some(CableItem::Event(event)) => events.push(Incoming::from_cable(*event)),
            Some(CableItem::Closed(why)) => return (confirms, Some(why)),
            Some(CableItem::Confirmed) => confirms = true,
            None => break,
        }
    }
    (confirms, None)
}

fn closed(why: &Closed) -> String {
    format!("no websocket, changes come later by polling: {why}")
}

async fn frames(core: &Core, events: Vec<Incoming>) -> Result<(), StoreError> {
    core.heard();
    let door = core.door.clone();
    let applied = core.write(move |scope| {
        events.iter().try_fold(Outcome::default(), |outcome, event| Ok(outcome.and(door.apply(scope, event, How::Live)?)))
    });
    core.follow(applied.await?);
    Ok(())
}

/// Works off kept webhooks until it is dropped. Not before the store is known to be this account's: another server's may have the same number.
pub(super) async fn webhooks(core: Arc<Core>) {
    core.until_ready().await;
    loop {
        match some_webhooks(&core).await {
            Ok(true) => {}
            Ok(false) => core.wake.webhooks.notified().await,
            Err(err) => {
                tracing::error!(error = &err as &dyn std::error::Error, "kept webhooks cannot be worked off now");
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        }
    }
}

/// Works off the oldest ones; `false` when there are none.
async fn some_webhooks(core: &Core) -> Result<bool, StoreError> {
    let rows = core.read(|scope| scope.waiting_webhooks(WEBHOOKS_MAX)).await?;
    if rows.is_empty() {
        return Ok(false);
    }
    core.heard();
    let (door, account) = (core.door.clone(), core.cx.chatwoot.account_id);
    let all = rows.clone();
    let together = core
        .write(move |scope| all.iter().try_fold(Outcome::default(), |outcome, row| Ok(outcome.and(webhook(scope, &door, account, row)?))));
    match together.await {
        Ok(outcome) => core.follow(outcome),
        Err(StoreError::Closed) => return Err(StoreError::Closed),
        // One of them cannot be kept: each by itself, so that the others are.
        Err(_) => {
            for row in rows {
                let (door, position) = (core.door.clone(), row.position);
                match core.write(move |scope| webhook(scope, &door, account, &row)).await {
                    Ok(outcome) => core.follow(outcome),
                    Err(err) => {
                        let why = err.to_string();
                        core.write(move |scope| scope.webhook_failed(position, &why)).await?;
                    }
                }
            }
        }
    }
    Ok(true)
}

fn webhook(scope: &Scope<'_>, door: &super::Door, account: i64, row: &WebhookRow) -> Result<Outcome, StoreError> {
    match WebhookEvent::parse(row.body.as_bytes()) {
        Ok(event) => {
            let ours = event.account_id().is_none_or(|id| id == account);
            let outcome = if ours { door.apply(scope, &Incoming::from_webhook(event), How::Live)? } else { Outcome::default() };
            scope.webhook_done(row.position)?;
            Ok(outcome)
        }
        Err(err) => {
            scope.webhook_failed(row.position, &err.to_string())?;
            // Something of the kind happened: what it was is found by comparing.
            Ok(Outcome { missed: true, ..Outcome::default() })
        }
    }
}
