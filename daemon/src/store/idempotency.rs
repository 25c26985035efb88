//! Answers to changing calls, kept in the transaction of the change.

use rusqlite::named_params;

use super::{Scope, Sql, StoreError};
use crate::clock::SECOND;

/// How long an answer is kept: a script that runs again the next day must not act twice.
const KEEP: i64 = 7 * 24 * 3600 * SECOND;

/// An answer given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// SHA-256 of the request, hex.
    pub fingerprint: String,
    /// HTTP status.
    pub status: u16,
    /// The body as it was sent.
    pub body: String,
}

impl Scope<'_> {
    /// The answer given to this key before, if any.
    pub fn remembered(&self, user: &str, key: &str, method: &str, path: &str) -> Result<Option<Remembered>, StoreError> {
        const SQL: Sql = Sql::new(
            "select fingerprint, status, body from idempotency
             where tenant_id = :tenant and user = :user and key = :key and method = :method and path = :path",
        );
        self.one(SQL, named_params! { ":user": user, ":key": key, ":method": method, ":path": path }, |row| {
            Ok(Remembered { fingerprint: row.get(0)?, status: row.get(1)?, body: row.get(2)? })
        })
    }

    /// Keeps an answer, and forgets the oldest.
    pub fn remember(&self, user: &str, key: &str, method: &str, path: &str, answer: &Remembered) -> Result<(), StoreError> {
        const OLD: Sql = Sql::new("delete from idempotency where tenant_id = :tenant and at_us < :before");
        self.run(OLD, named_params! { ":before": self.now() - KEEP })?;
        const SQL: Sql = Sql::new(
            "insert into idempotency (tenant_id, user, key, method, path, fingerprint, status, body, at_us)
             values (:tenant, :user, :key, :method, :path, :fingerprint, :status, :body, :at)",
        );
        self.run(
            SQL,
            named_params! {
                ":user": user, ":key": key, ":method": method, ":path": path, ":fingerprint": answer.fingerprint,
                ":status": answer.status, ":body": answer.body, ":at": self.now(),
            },
        )?;
        Ok(())
    }
}
