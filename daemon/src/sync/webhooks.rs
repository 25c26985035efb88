//! Works off the webhooks that the receiver has kept: into the door, again later where the store refuses, to the dead letters where nothing
//! helps. One that waits for its next try holds up none behind it.

use std::sync::Arc;
use std::time::Duration;

use chatwoot::webhook::WebhookEvent;

use super::apply::{How, Incoming, Outcome};
use super::{Core, Door};
use crate::clock::Micros;
use crate::domain::webhook::{Cause, Next, after_failure};
use crate::store::{Scope, StoreError, WebhookRow};

/// Webhooks in one write.
const BATCH: u32 = 64;
/// The wait after a failure of the store as a whole.
const STORE_WAIT: Duration = Duration::from_secs(5);

/// Works off kept webhooks until it is dropped. Not before the store is known to be this account's: another server's may have the same number.
pub(super) async fn run(core: Arc<Core>) {
    core.until_ready().await;
    loop {
        match round(&core).await {
            Ok(None) => core.wake.webhooks.notified().await,
            Ok(Some(wait)) => {
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = core.wake.webhooks.notified() => {}
                }
            }
            Err(err) => {
                tracing::error!(error = &err as &dyn std::error::Error, "kept webhooks cannot be worked off now");
                tokio::time::sleep(STORE_WAIT).await;
            }
        }
    }
}

/// Works off those whose turn it is; returns how long until the next one's.
async fn round(core: &Core) -> Result<Option<Duration>, StoreError> {
    let rows = core.read(|scope| scope.due_webhooks(BATCH)).await?;
    if rows.is_empty() {
        let next = |next: Option<Micros>| next.map(|at| core.wait_for(at));
        let due = core.read(|scope| scope.next_webhook()).await?;
        if due.is_none_or(|at| at > core.now()) {
            return Ok(next(due));
        }
        // A dead letter's time is over, or another event has become due just now.
        core.write(|scope| scope.forget_webhooks()).await?;
        return core.read(|scope| scope.next_webhook()).await.map(next);
    }
    core.heard();
    let (door, account) = (core.door.clone(), core.cx.chatwoot.account_id);
    let all = rows.clone();
    let together =
        core.write(move |scope| all.iter().try_fold(Outcome::default(), |outcome, row| Ok(outcome.and(one(scope, &door, account, row)?))));
    match together.await {
        Ok(outcome) => core.follow(outcome),
        Err(StoreError::Closed) => return Err(StoreError::Closed),
        // One of them cannot be kept: each by itself, so that the others are.
        Err(_) => {
            for row in rows {
                by_itself(core, row).await?;
            }
        }
    }
    Ok(Some(Duration::ZERO))
}

async fn by_itself(core: &Core, row: WebhookRow) -> Result<(), StoreError> {
    let (door, account) = (core.door.clone(), core.cx.chatwoot.account_id);
    let (position, attempts) = (row.position, row.attempts.saturating_add(1));
    let err = match core.write(move |scope| one(scope, &door, account, &row)).await {
        Ok(outcome) => {
            core.follow(outcome);
            return Ok(());
        }
        Err(StoreError::Closed) => return Err(StoreError::Closed),
        Err(err) => err,
    };
    let next = after_failure(Cause::Store, attempts, rand::random());
    tracing::warn!(error = &err as &dyn std::error::Error, attempts, ?next, "a kept webhook could not be applied");
    let why = err.to_string();
    core.write(move |scope| scope.webhook_failed(position, &why, next)).await?;
    if next == Next::Dead {
        core.follow(missed());
    }
    Ok(())
}

/// Something of the kind happened: what it was is found by comparing.
fn missed() -> Outcome {
    Outcome { missed: true, ..Outcome::default() }
}

fn one(scope: &Scope<'_>, door: &Door, account: i64, row: &WebhookRow) -> Result<Outcome, StoreError> {
    let Some(body) = &row.body else {
        scope.webhook_done(row.position)?;
        return Ok(missed());
    };
    match WebhookEvent::parse(body.as_bytes()) {
        Ok(event) => {
            let ours = event.account_id().is_none_or(|id| id == account);
            let outcome = if ours { door.apply(scope, &Incoming::from_webhook(event), How::Live)? } else { Outcome::default() };
            scope.webhook_done(row.position)?;
            Ok(outcome)
        }
        Err(err) => {
            scope.webhook_failed(row.position, &err.to_string(), after_failure(Cause::Unreadable, row.attempts.saturating_add(1), 0.0))?;
            Ok(missed())
        }
    }
}

#[cfg(test)]
mod tests;
