//! The audit log: who did what, in a chain that shows any change.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

use crate::approval::Actor;
use crate::inbox::words;
use std::{fmt, str::FromStr};

words!(
    /// Which chain.
    Ledger {
        /// What was done.
        Audit = "audit",
        /// What was asked and decided.
        Approvals = "approvals",
    }
);

/// A row as it is chained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LedgerRow {
    /// The chain.
    pub ledger: Ledger,
    /// Place in it, from 1.
    pub position: i64,
    /// What was appended, byte for byte: JSON with sorted keys, without personal text.
    pub record: String,
    /// `hash` of the row before; zeros before the first.
    pub prev_hash: String,
    /// SHA-256, hex, of `prev_hash`, a line feed and `record`.
    pub hash: String,
    /// The text that belongs to it, unless it was erased; the record has a salted commitment to it.
    #[serde(default)]
    pub note: Option<String>,
}

/// Which rows of a chain, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LedgerQuery {
    /// audit (default) or approvals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub ledger: Option<Ledger>,
    /// Only rows behind this position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
    /// Rows at most, 1 to 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Whether a chain holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LedgerView {
    /// The chain.
    pub ledger: Ledger,
    /// Whether every row is what was appended, and none is missing before the last.
    pub whole: bool,
    /// Rows from the first on that hold.
    pub rows: i64,
    /// Hash of the last of them: who kept it from an earlier look sees a row that is missing at the end, or a chain made anew.
    pub hash: String,
    /// The first row that does not hold, and why.
    pub broken: Option<BrokenRow>,
}

impl LedgerView {
    /// Of a chain as far as it holds, and the row that does not.
    pub fn new(ledger: Ledger, chain: Chain, broken: Option<BrokenRow>) -> Self {
        Self { ledger, whole: broken.is_none(), rows: chain.rows, hash: chain.hash, broken }
    }
}

/// A row that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema, thiserror::Error)]
#[error("row {position}: {message}")]
pub struct BrokenRow {
    /// Its position.
    pub position: i64,
    /// What does not fit.
    pub message: String,
}

/// What stands before the first row.
const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A chain as far as it was followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Rows that hold.
    pub rows: i64,
    /// Hash of the last of them.
    pub hash: String,
}

impl Default for Chain {
    fn default() -> Self {
        Self { rows: 0, hash: GENESIS.to_owned() }
    }
}

impl Chain {
    /// Puts a record behind it; returns the new hash.
    pub fn append(&mut self, record: &str) -> &str {
        self.hash = hex::encode(Sha256::digest(format!("{}\n{record}", self.hash)));
        self.rows += 1;
        &self.hash
    }

    /// Follows it to the next row.
    ///
    /// # Errors
    /// A row that is missing, does not continue this one, or was changed.
    pub fn follow(&mut self, position: i64, record: &str, prev_hash: &str, hash: &str) -> Result<(), BrokenRow> {
        let broken = |message: &str| Err(BrokenRow { position, message: message.to_owned() });
        if position != self.rows + 1 {
            return broken("a row is missing before it");
        }
        if prev_hash != self.hash {
            return broken("it does not continue the row before");
        }
        let mut next = self.clone();
        if next.append(record) != hash {
            return broken("its record was changed");
        }
        *self = next;
        Ok(())
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditView {
    /// Place in the tenant's chain, from 1.
    pub position: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// Through which door: api, chatwoot, system.
    pub via: String,
    /// What was done, such as `approval.approve`, `message.reply`.
    pub action: String,
    /// To what kind of thing.
    pub resource_type: String,
    /// To which.
    pub resource_id: String,
    /// Whether somebody appended it through `POST /audit`.
    pub external: bool,
    /// The text that belongs to it (reason, comment), unless it was erased.
    pub note: Option<String>,
    /// Small facts: states, revision.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
    /// SHA-256, hex, of the row before.
    pub prev_hash: String,
    /// SHA-256, hex, of `prev_hash` and this row.
    pub hash: String,
}

/// A row to append; actor, time and `external` are set by the daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAudit {
    /// What was done, 1 to 100 characters.
    pub action: String,
    /// To what kind of thing, 1 to 100 characters.
    pub resource_type: String,
    /// To which, 1 to 200 characters.
    pub resource_id: String,
    /// Free text, up to 4,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Place in the log, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// From 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// Rows at most, 1 to 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Only what this user did, by the user's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Only what was done to things of this type, such as approval or conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// Only what was done to the thing with this id; with `resource_type`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// Only what was done then or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_followed_row_by_row_and_any_change_breaks_it() {
        let mut made = Chain::default();
        let rows: Vec<LedgerRow> = ["{\"a\":1}", "{\"b\":2}", "{\"c\":3}"]
            .iter()
            .map(|record| {
                let prev_hash = made.hash.clone();
                let hash = made.append(record).to_owned();
                LedgerRow { ledger: Ledger::Audit, position: made.rows, record: (*record).to_owned(), prev_hash, hash, note: None }
            })
            .collect();
        let follow = |rows: &[LedgerRow]| {
            let mut chain = Chain::default();
            rows.iter().try_for_each(|row| chain.follow(row.position, &row.record, &row.prev_hash, &row.hash)).map(|()| chain)
        };
        assert_eq!(follow(&rows).unwrap(), made);
        let broken = |change: &dyn Fn(&mut Vec<LedgerRow>)| {
            let mut rows = rows.clone();
            change(&mut rows);
            follow(&rows).unwrap_err().to_string()
        };
        assert_eq!(broken(&|rows| rows[1].record = "{}".to_owned()), "row 2: its record was changed");
        assert_eq!(broken(&|rows| rows[1].prev_hash = rows[1].hash.clone()), "row 2: it does not continue the row before");
        assert_eq!(broken(&|rows| drop(rows.remove(1))), "row 3: a row is missing before it");
        assert_eq!(broken(&|rows| drop(rows.remove(0))), "row 2: a row is missing before it");
        assert_eq!(broken(&|rows| rows.swap(0, 1)), "row 2: a row is missing before it");
    }
}
