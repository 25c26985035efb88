//! The two ledgers: appended only, chained by hash, without personal text.
//!
//! A row's `record` is JSON with sorted keys that holds ids, verbs, states and a salted commitment to any personal text. Its hash is
//! SHA-256 of the previous row's hash and the record. The text itself and its salt stand in `ledger_texts`, which an erasure may clear
//! without breaking the chain.

use std::collections::BTreeMap;

use api::approval::Actor;
use api::audit::AuditView;
use rusqlite::named_params;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Scope, Sql, StoreError};
use crate::clock::{Micros, timestamp};

/// What stands before the first row.
const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Which chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ledger {
    /// `approval_ledger`.
    Approvals,
    /// `audit_logs`.
    Audit,
}

/// A row about to be appended.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    /// Who.
    pub actor: Actor,
    /// Through which door: api, chatwoot, system.
    pub via: &'static str,
    /// What was done, such as `approval.approve`.
    pub action: String,
    /// To what kind of thing.
    pub resource_type: String,
    /// To which.
    pub resource_id: String,
    /// Whether somebody appended it through `POST /audit`.
    pub external: bool,
    /// Personal text that belongs to it.
    pub note: Option<String>,
    /// Small facts without personal text.
    pub data: Value,
}

/// A chain does not hold.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row is not what was appended.
    #[error("the chain breaks at position {position}: {message}")]
    Broken {
        /// The row.
        position: i64,
        /// What does not fit.
        message: String,
    },
}

/// Which rows of the audit log are meant; all where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// What this user did.
    pub actor: Option<String>,
    /// What was done to things of this type.
    pub resource_type: Option<String>,
    /// What was done to the thing with this id.
    pub resource_id: Option<String>,
    /// What was done then or later.
    pub since: Option<Micros>,
}

impl Scope<'_> {
    /// Appends to both: what happened to an approval stands in its ledger and in the audit log.
    pub fn append_decision(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.append(Ledger::Approvals, entry)?;
        self.append(Ledger::Audit, entry)?;
        Ok(())
    }

    /// Appends one row; returns its position.
    pub fn append(&self, ledger: Ledger, entry: &AuditEntry) -> Result<i64, StoreError> {
        const LAST_APPROVAL: Sql =
            Sql::new("select position, hash from approval_ledger where tenant_id = :tenant order by position desc limit 1");
        const LAST_AUDIT: Sql = Sql::new("select position, hash from audit_logs where tenant_id = :tenant order by position desc limit 1");
        let last = match ledger {
            Ledger::Approvals => LAST_APPROVAL,
            Ledger::Audit => LAST_AUDIT,
        };
        let last = self.one(last, &[], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
        let (position, prev_hash) = last.map_or((1, GENESIS.to_owned()), |(position, hash)| (position + 1, hash));
        let commitment = entry.note.as_deref().map(|note| self.commit_text(note)).transpose()?;
        let record = record(entry, position, self.now(), commitment.as_deref());
        let hash = chain(&prev_hash, &record);
        const APPROVAL: Sql = Sql::new(
            "insert into approval_ledger (tenant_id, position, record, prev_hash, hash) values (:tenant, :position, :record, :prev_hash, :hash)",
        );
        const AUDIT: Sql = Sql::new(
            "insert into audit_logs (tenant_id, position, resource_type, resource_id, record, prev_hash, hash)
             values (:tenant, :position, :resource_type, :resource_id, :record, :prev_hash, :hash)",
        );
        match ledger {
            Ledger::Approvals => {
                let row = named_params! { ":position": position, ":record": record, ":prev_hash": prev_hash, ":hash": hash };
                self.run(APPROVAL, row)?
            }
            Ledger::Audit => self.run(
                AUDIT,
                named_params! {
                    ":position": position, ":resource_type": entry.resource_type, ":resource_id": entry.resource_id,
                    ":record": record, ":prev_hash": prev_hash, ":hash": hash,
                },
            )?,
        };
        Ok(position)
    }

    /// Keeps a personal text beside its salt and returns what the chain holds of it.
    fn commit_text(&self, text: &str) -> Result<String, StoreError> {
        const SQL: Sql =
            Sql::new("insert into ledger_texts (tenant_id, commitment, salt, text) values (:tenant, :commitment, :salt, :text)");
        let salt = hex::encode(rand::random::<[u8; 16]>());
        let commitment = hex::encode(Sha256::digest(format!("{salt}{text}")));
        self.run(SQL, named_params! { ":commitment": commitment, ":salt": salt, ":text": text })?;
        Ok(commitment)
    }

    /// A page of the audit log, newest first, and how many rows fit the filter.
    pub fn audit_page(&self, filter: &AuditFilter, limit: u32, offset: u64) -> Result<(Vec<AuditView>, u64), StoreError> {
        macro_rules! fits {
            () => {
                " from audit_logs where tenant_id = :tenant
                   and (:type is null or resource_type = :type) and (:id is null or resource_id = :id)
                   and (:actor is null or json_extract(record, '$.actor_user') = :actor)
                   and (:since is null or json_extract(record, '$.at_us') >= :since) "
            };
        }
        const SQL: Sql =
            Sql::new(concat!("select position, record, prev_hash, hash", fits!(), "order by position desc limit :limit offset :offset"));
        const COUNT: Sql = Sql::new(concat!("select count(*)", fits!()));
        let AuditFilter { actor, resource_type, resource_id, since } = filter;
        let (rows, count) = (
            self.all(
                SQL,
                named_params! { ":type": resource_type, ":id": resource_id, ":actor": actor, ":since": since, ":limit": limit,
                ":offset": offset as i64 },
                raw,
            )?,
            self.number(COUNT, named_params! { ":type": resource_type, ":id": resource_id, ":actor": actor, ":since": since })?,
        );
        Ok((self.audit_views(rows)?, count.unsigned_abs()))
    }

    /// Rows about one thing, newest first.
    pub fn audit_of(&self, resource_type: &str, resource_id: &str, limit: u32) -> Result<Vec<AuditView>, StoreError> {
        const SQL: Sql = Sql::new(
            "select position, record, prev_hash, hash from audit_logs
             where tenant_id = :tenant and resource_type = :type and resource_id = :id order by position desc limit :limit",
        );
        let rows = self.all(SQL, named_params! { ":type": resource_type, ":id": resource_id, ":limit": limit }, raw)?;
        self.audit_views(rows)
    }

    fn audit_views(&self, rows: Vec<Raw>) -> Result<Vec<AuditView>, StoreError> {
        const TEXT: Sql = Sql::new("select text from ledger_texts where tenant_id = :tenant and commitment = :commitment");
        rows.into_iter()
            .map(|(position, record, prev_hash, hash)| {
                let v: Value = serde_json::from_str(&record)
                    .map_err(|err| StoreError::Corrupt { table: "audit_logs", message: format!("position {position}: {err}") })?;
                let text = |key: &str| v.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
                let note = match v.get("note_commitment").and_then(Value::as_str) {
                    Some(commitment) => self.one(TEXT, named_params! { ":commitment": commitment }, |row| row.get(0))?,
                    None => None,
                };
                Ok(AuditView {
                    position,
                    at: timestamp(v.get("at_us").and_then(Value::as_i64).unwrap_or_default()),
                    actor: Actor { user: v.get("actor_user").and_then(Value::as_str).map(str::to_owned), name: text("actor_name") },
                    via: text("via"),
                    action: text("action"),
                    resource_type: text("resource_type"),
                    resource_id: text("resource_id"),
                    external: v.get("external").and_then(Value::as_bool).unwrap_or_default(),
                    note,
                    data: v.get("data").cloned().unwrap_or_default(),
                    prev_hash,
                    hash,
                })
            })
            .collect()
    }

    /// Walks a chain from the first row; returns how many rows hold.
    ///
    /// # Errors
    /// The first row that does not.
    pub fn verify(&self, ledger: Ledger) -> Result<i64, VerifyError> {
        const APPROVALS: Sql =
            Sql::new("select position, record, prev_hash, hash from approval_ledger where tenant_id = :tenant order by position");
        const AUDIT: Sql = Sql::new("select position, record, prev_hash, hash from audit_logs where tenant_id = :tenant order by position");
        let rows = self.all(if ledger == Ledger::Approvals { APPROVALS } else { AUDIT }, &[], raw)?;
        let (mut expected, mut prev) = (1, GENESIS.to_owned());
        for (position, record, prev_hash, hash) in rows {
            let broken = |message: &str| VerifyError::Broken { position, message: message.to_owned() };
            if position != expected {
                return Err(broken("a row is missing before it"));
            }
            if prev_hash != prev {
                return Err(broken("it does not continue the row before"));
            }
            if chain(&prev_hash, &record) != hash {
                return Err(broken("its record was changed"));
            }
            (expected, prev) = (position + 1, hash);
        }
        Ok(expected - 1)
    }
}

type Raw = (i64, String, String, String);

fn raw(row: &rusqlite::Row<'_>) -> rusqlite::Result<Raw> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn chain(prev_hash: &str, record: &str) -> String {
    hex::encode(Sha256::digest(format!("{prev_hash}\n{record}")))
}

/// JSON with sorted keys and no spaces: the same facts are always the same bytes.
fn record(entry: &AuditEntry, position: i64, at_us: i64, commitment: Option<&str>) -> String {
    let fields: BTreeMap<&str, Value> = BTreeMap::from([
        ("action", json!(entry.action)),
        ("actor_name", json!(entry.actor.name)),
        ("actor_user", json!(entry.actor.user)),
        ("at_us", json!(at_us)),
        ("data", entry.data.clone()),
        ("external", json!(entry.external)),
        ("note_commitment", json!(commitment)),
        ("position", json!(position)),
        ("resource_id", json!(entry.resource_id)),
        ("resource_type", json!(entry.resource_type)),
        ("via", json!(entry.via)),
    ]);
    json!(fields).to_string()
}
