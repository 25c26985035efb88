//! Webhooks as they arrived: kept before they are answered, worked off afterwards, looked at by whoever runs the daemon.
//!
//! How many are kept is bounded three times over: those that wait, those that are done (without body, so that a repeat is recognised), and
//! the dead letters.

use api::id::WebhookId;
use api::webhook::{WebhookState, WebhookView};
use rusqlite::{Row, named_params};
use uuid::Uuid;

use super::{Scope, Sql, StoreError};
use crate::clock::{Micros, SECOND, timestamp};
use crate::domain::webhook::Next;

/// Bodies that wait at most: minutes of a busy account, and some 300 MB if each were as large as the largest recorded one. Past that, comparing
/// with Chatwoot is cheaper than reading them.
const WAITING_MAX: u64 = 5_000;
/// Done events are kept this many and this long, to recognise repeated deliveries and to show that webhooks arrive.
const DONE_MAX: i64 = 10_000;
const DONE_KEPT: Micros = 7 * 86_400 * SECOND;
/// Dead letters are kept this many and this long: enough for somebody to look, and no longer, since they hold customers' words. What they were
/// about is in the store by then: a dead letter makes the sync compare.
const DEAD_MAX: i64 = 1_000;
const DEAD_KEPT: Micros = 30 * 86_400 * SECOND;

/// A webhook about to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWebhook {
    /// Chatwoot's name of the event.
    pub event: String,
    /// Chatwoot's id of the delivery. It is not signed: it only ever makes an event be left out that is here already.
    pub delivery_id: Option<String>,
    /// Tells the signed bytes apart, hex.
    pub digest: String,
    /// The body, without secrets.
    pub body: String,
}

/// What became of an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It waits to be worked off.
    New,
    /// It is here already: nothing was kept.
    Known,
    /// The same signed bytes under another delivery id, after they were worked off: replayed, or a second change within the second of the
    /// first. Worked off once more, which changes nothing twice, in the row that there is.
    Again,
    /// Too many wait: kept without its body, and that something happened is all that is known.
    Bare,
}

/// A kept webhook whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRow {
    /// Order of arrival.
    pub position: i64,
    /// Tries so far.
    pub attempts: u32,
    /// The body, without secrets; `None` where too many waited.
    pub body: Option<String>,
}

/// How the webhooks stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookCounts {
    /// Not worked off yet.
    pub waiting: u64,
    /// Given up.
    pub dead: u64,
    /// The newest arrival: when, and Chatwoot's name of the event.
    pub last: Option<(Micros, String)>,
}

impl Scope<'_> {
    /// Keeps an event, once.
    pub fn keep_webhook(&self, new: &NewWebhook) -> Result<Kept, StoreError> {
        const DELIVERY: Sql = Sql::new("select 1 from webhook_events where tenant_id = :tenant and delivery_id = :delivery");
        const DIGEST: Sql = Sql::new("select position, state from webhook_events where tenant_id = :tenant and digest = :digest");
        const AGAIN: Sql = Sql::new(
            "update webhook_events set state = 'received', body = :body, attempts = 0, due_at_us = :now, finished_at_us = null, error = null
             where tenant_id = :tenant and position = :position",
        );
        if self.one(DELIVERY, named_params! { ":delivery": new.delivery_id }, |_| Ok(()))?.is_some() {
            return Ok(Kept::Known);
        }
        let same =
            self.one(DIGEST, named_params! { ":digest": new.digest }, |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
        match same {
            Some((_, state)) if state == "received" => return Ok(Kept::Known),
            Some((position, _)) => {
                self.run(AGAIN, named_params! { ":position": position, ":body": new.body, ":now": self.now() })?;
                return Ok(Kept::Again);
            }
            None => {}
        }
        let full = self.webhooks_waiting()? >= WAITING_MAX;
        if full && self.newest_is_bare()? {
            return Ok(Kept::Bare); // That something was missed is written down already.
        }
        const NEXT: Sql = Sql::new("select max(position) from webhook_events where tenant_id = :tenant");
        const SQL: Sql = Sql::new(
            "insert into webhook_events (tenant_id, position, id, event, delivery_id, digest, body, received_at_us, state, attempts, due_at_us)
             values (:tenant, :position, :id, :event, :delivery, :digest, :body, :now, 'received', 0, :now)",
        );
        let position = self.number(NEXT, &[])? + 1;
        self.run(
            SQL,
            named_params! {
                ":position": position, ":id": Uuid::now_v7().to_string(), ":event": new.event, ":delivery": new.delivery_id,
                ":digest": new.digest, ":body": (!full).then_some(&new.body), ":now": self.now(),
            },
        )?;
        const OLD: Sql = Sql::new("delete from webhook_events where tenant_id = :tenant and state = 'done' and position <= :before");
        self.run(OLD, named_params! { ":before": position - DONE_MAX })?;
        self.forget_webhooks()?;
        Ok(if full { Kept::Bare } else { Kept::New })
    }

    fn newest_is_bare(&self) -> Result<bool, StoreError> {
        const SQL: Sql = Sql::new(
            "select state = 'received' and body is null from webhook_events where tenant_id = :tenant order by position desc limit 1",
        );
        Ok(self.one(SQL, &[], |row| row.get(0))?.unwrap_or(false))
    }

    /// Forgets what was done or given up long enough ago.
    pub fn forget_webhooks(&self) -> Result<(), StoreError> {
        const SQL: Sql =
            Sql::new("delete from webhook_events where tenant_id = :tenant and state in ('done', 'dead') and due_at_us <= :now");
        self.run(SQL, named_params! { ":now": self.now() })?;
        Ok(())
    }

    /// Events whose turn it is, in the order in which they are due. One that waits for its next try holds up nothing.
    pub fn due_webhooks(&self, limit: u32) -> Result<Vec<WebhookRow>, StoreError> {
        const SQL: Sql = Sql::new(
            "select position, attempts, body from webhook_events where tenant_id = :tenant and state = 'received' and due_at_us <= :now
             order by due_at_us, position limit :limit",
        );
        self.all(SQL, named_params! { ":now": self.now(), ":limit": limit }, |row| {
            Ok(WebhookRow { position: row.get(0)?, attempts: row.get(1)?, body: row.get(2)? })
        })
    }

    /// When the next event is due to be tried, or a dead letter to be forgotten.
    pub fn next_webhook(&self) -> Result<Option<Micros>, StoreError> {
        const SQL: Sql = Sql::new("select min(due_at_us) from webhook_events where tenant_id = :tenant and state in ('received', 'dead')");
        Ok(self.one(SQL, &[], |row| row.get::<_, Option<Micros>>(0))?.flatten())
    }

    /// How many events wait.
    pub fn webhooks_waiting(&self) -> Result<u64, StoreError> {
        const SQL: Sql = Sql::new("select count(*) from webhook_events where tenant_id = :tenant and state = 'received'");
        Ok(self.number(SQL, &[])?.unsigned_abs())
    }

    /// The event was applied; its body, which holds customers' words, is no longer needed.
    pub fn webhook_done(&self, position: i64) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new(
            "update webhook_events set state = 'done', body = null, error = null, attempts = attempts + 1,
             finished_at_us = :now, due_at_us = :forget
             where tenant_id = :tenant and position = :position",
        );
        self.run(SQL, named_params! { ":position": position, ":now": self.now(), ":forget": self.now() + DONE_KEPT })?;
        Ok(())
    }

    /// The event could not be applied.
    pub fn webhook_failed(&self, position: i64, error: &str, next: Next) -> Result<(), StoreError> {
        const AGAIN: Sql = Sql::new(
            "update webhook_events set attempts = attempts + 1, error = :error, due_at_us = :due
             where tenant_id = :tenant and position = :position",
        );
        const DEAD: Sql = Sql::new(
            "update webhook_events set state = 'dead', attempts = attempts + 1, error = :error, finished_at_us = :now, due_at_us = :due
             where tenant_id = :tenant and position = :position",
        );
        const TOO_MANY: Sql = Sql::new(
            "delete from webhook_events where tenant_id = :tenant and position in
             (select position from webhook_events where tenant_id = :tenant and state = 'dead'
              order by due_at_us desc, position desc limit -1 offset :most)",
        );
        let now = self.now();
        match next {
            Next::Again(wait) => {
                self.run(AGAIN, named_params! { ":position": position, ":error": error, ":due": now + wait })?;
            }
            Next::Dead => {
                self.run(DEAD, named_params! { ":position": position, ":error": error, ":now": now, ":due": now + DEAD_KEPT })?;
                self.run(TOO_MANY, named_params! { ":most": DEAD_MAX })?;
            }
        }
        Ok(())
    }

    /// A page of events, newest first, without their bodies, and how many there are.
    pub fn webhook_page(&self, state: Option<WebhookState>, limit: u32, offset: u64) -> Result<(Vec<WebhookView>, u64), StoreError> {
        const SQL: Sql = Sql::new(
            "select id, event, state, received_at_us, finished_at_us, due_at_us, attempts, error, delivery_id, null from webhook_events
             where tenant_id = :tenant and (:state is null or state = :state) order by position desc limit :limit offset :offset",
        );
        const COUNT: Sql = Sql::new("select count(*) from webhook_events where tenant_id = :tenant and (:state is null or state = :state)");
        let state = state.map(|state| state.as_str());
        let rows = self.all(SQL, named_params! { ":state": state, ":limit": limit, ":offset": offset as i64 }, |row| Ok(view(row)))?;
        let total = self.number(COUNT, named_params! { ":state": state })?;
        Ok((rows.into_iter().collect::<Result<_, _>>()?, total.unsigned_abs()))
    }

    /// One event, with its body where that is still kept.
    pub fn webhook(&self, id: Uuid) -> Result<Option<WebhookView>, StoreError> {
        const SQL: Sql = Sql::new(
            "select id, event, state, received_at_us, finished_at_us, due_at_us, attempts, error, delivery_id, body from webhook_events
             where tenant_id = :tenant and id = :id",
        );
        self.one(SQL, named_params! { ":id": id.to_string() }, |row| Ok(view(row)))?.transpose()
    }

    /// Puts a dead letter back, or lets one that waits be tried now; `false` where the body is no longer here.
    pub fn replay_webhook(&self, id: Uuid) -> Result<bool, StoreError> {
        const SQL: Sql = Sql::new(
            "update webhook_events set state = 'received', attempts = 0, due_at_us = :now, finished_at_us = null
             where tenant_id = :tenant and id = :id and state in ('received', 'dead') and body is not null",
        );
        Ok(self.run(SQL, named_params! { ":id": id.to_string(), ":now": self.now() })? == 1)
    }

    /// Drops one dead letter; `false` where it is none.
    pub fn purge_webhook(&self, id: Uuid) -> Result<bool, StoreError> {
        const SQL: Sql = Sql::new("delete from webhook_events where tenant_id = :tenant and id = :id and state = 'dead'");
        Ok(self.run(SQL, named_params! { ":id": id.to_string() })? == 1)
    }

    /// Drops the dead letters that arrived before a time; returns how many.
    pub fn purge_webhooks(&self, before: Micros) -> Result<u64, StoreError> {
        const SQL: Sql = Sql::new("delete from webhook_events where tenant_id = :tenant and state = 'dead' and received_at_us < :before");
        Ok(self.run(SQL, named_params! { ":before": before })? as u64)
    }

    /// How the webhooks stand.
    pub fn webhook_counts(&self) -> Result<WebhookCounts, StoreError> {
        const DEAD: Sql = Sql::new("select count(*) from webhook_events where tenant_id = :tenant and state = 'dead'");
        const LAST: Sql =
            Sql::new("select received_at_us, event from webhook_events where tenant_id = :tenant order by position desc limit 1");
        Ok(WebhookCounts {
            waiting: self.webhooks_waiting()?,
            dead: self.number(DEAD, &[])?.unsigned_abs(),
            last: self.one(LAST, &[], |row| Ok((row.get(0)?, row.get(1)?)))?,
        })
    }
}

/// A row as the wire has it. A column that cannot be read is the table's fault, not the statement's.
fn view(row: &Row<'_>) -> Result<WebhookView, StoreError> {
    let corrupt = |what: &str, text: &str| StoreError::Corrupt { table: "webhook_events", message: format!("{what} `{text}`") };
    let id: String = row.get(0)?;
    let state: String = row.get(2)?;
    let state: WebhookState = state.parse().map_err(|_| corrupt("state", &state))?;
    let body: Option<String> = row.get(9)?;
    Ok(WebhookView {
        id: WebhookId(id.parse().map_err(|_| corrupt("id", &id))?),
        event: row.get(1)?,
        state,
        received_at: timestamp(row.get(3)?),
        finished_at: row.get::<_, Option<Micros>>(4)?.map(timestamp),
        next_try_at: (state == WebhookState::Received).then_some(timestamp(row.get(5)?)),
        attempts: row.get(6)?,
        error: row.get(7)?,
        delivery_id: row.get(8)?,
        body: body.map(|text| serde_json::from_str(&text).map_err(|err| corrupt("body of", &format!("{id}: {err}")))).transpose()?,
    })
}

#[cfg(test)]
mod tests;
