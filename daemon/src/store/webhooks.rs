//! Webhooks as they arrived: kept before they are answered, worked off afterwards.

use rusqlite::named_params;

use super::{Scope, Sql, StoreError};

/// Tries before an event goes to the dead letters: by then it is the event, not the moment.
const ATTEMPTS_MAX: i64 = 8;
/// Done events are kept this many, to recognise repeated deliveries.
const KEEP_DONE: i64 = 10_000;

/// A kept webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRow {
    /// Order of arrival.
    pub position: i64,
    /// The body, without secrets.
    pub body: String,
}

impl Scope<'_> {
    /// Keeps an event; `false` when the same delivery is here already.
    pub fn keep_webhook(&self, delivery_id: Option<&str>, body: &str) -> Result<bool, StoreError> {
        const NEXT: Sql = Sql::new("select max(position) from webhook_events where tenant_id = :tenant");
        const SQL: Sql = Sql::new(
            "insert into webhook_events (tenant_id, position, delivery_id, body, received_at_us, state, attempts)
             values (:tenant, :position, :delivery, :body, :now, 'received', 0) on conflict do nothing",
        );
        let position = self.number(NEXT, &[])? + 1;
        let kept = self.run(SQL, named_params! { ":position": position, ":delivery": delivery_id, ":body": body, ":now": self.now() })?;
        const OLD: Sql = Sql::new("delete from webhook_events where tenant_id = :tenant and state = 'done' and position <= :before");
        self.run(OLD, named_params! { ":before": position - KEEP_DONE })?;
        Ok(kept == 1)
    }

    /// Events that wait, oldest first.
    pub fn waiting_webhooks(&self, limit: u32) -> Result<Vec<WebhookRow>, StoreError> {
        const SQL: Sql = Sql::new(
            "select position, body from webhook_events where tenant_id = :tenant and state = 'received' order by position limit :limit",
        );
        self.all(SQL, named_params! { ":limit": limit }, |row| Ok(WebhookRow { position: row.get(0)?, body: row.get(1)? }))
    }

    /// How many events wait.
    pub fn webhooks_waiting(&self) -> Result<u64, StoreError> {
        const SQL: Sql = Sql::new("select count(*) from webhook_events where tenant_id = :tenant and state = 'received'");
        Ok(self.number(SQL, &[])?.unsigned_abs())
    }

    /// The event was applied; its body, which holds customers' words, is no longer needed.
    pub fn webhook_done(&self, position: i64) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new(
            "update webhook_events set state = 'done', body = '{}', error = null where tenant_id = :tenant and position = :position",
        );
        self.run(SQL, named_params! { ":position": position })?;
        Ok(())
    }

    /// The event could not be applied: tried again at the next round, and a dead letter after enough of them.
    pub fn webhook_failed(&self, position: i64, error: &str) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new(
            "update webhook_events set attempts = attempts + 1, error = :error,
             state = case when attempts + 1 >= :most then 'dead' else state end
             where tenant_id = :tenant and position = :position",
        );
        self.run(SQL, named_params! { ":position": position, ":error": error, ":most": ATTEMPTS_MAX })?;
        Ok(())
    }
}
