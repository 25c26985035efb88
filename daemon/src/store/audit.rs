//! The two ledgers: appended only, chained by hash, without personal text.
//!
//! A row's `record` is JSON with sorted keys that holds ids, verbs, states and a salted commitment to any personal text. Its hash is
//! SHA-256 of the previous row's hash and the record. The text itself and its salt stand in `ledger_texts`, which an erasure may clear
//! without breaking the chain.

use std::collections::BTreeMap;

use api::approval::Actor;
use api::audit::{AuditView, BrokenRow, Chain, Ledger, LedgerRow};
use rusqlite::named_params;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Scope, Sql, StoreError};
use crate::clock::{Micros, timestamp};

/// Rows that are read at once where all of a chain is: some 5 MB.
const BATCH: u32 = 10_000;

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
        let mut end = last.map_or_else(Chain::default, |(rows, hash)| Chain { rows, hash });
        let (position, prev_hash) = (end.rows + 1, end.hash.clone());
        let commitment = entry.note.as_deref().map(|note| self.commit_text(note)).transpose()?;
        let record = record(entry, position, self.now(), commitment.as_deref());
        let hash = end.append(&record).to_owned();
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

    /// The text that a record commits to; `None` where there is none, or it was erased.
    fn committed(&self, record: &Value) -> Result<Option<String>, StoreError> {
        const SQL: Sql = Sql::new("select text from ledger_texts where tenant_id = :tenant and commitment = :commitment");
        match record.get("note_commitment").and_then(Value::as_str) {
            Some(commitment) => self.one(SQL, named_params! { ":commitment": commitment }, |row| row.get(0)),
            None => Ok(None),
        }
    }

    fn audit_views(&self, rows: Vec<Raw>) -> Result<Vec<AuditView>, StoreError> {
        rows.into_iter()
            .map(|(position, record, prev_hash, hash)| {
                let v: Value = serde_json::from_str(&record)
                    .map_err(|err| StoreError::Corrupt { table: "audit_logs", message: format!("position {position}: {err}") })?;
                let text = |key: &str| v.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
                let note = self.committed(&v)?;
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

    /// Rows behind a position, oldest first, and how many there are in all.
    pub fn ledger_rows(&self, ledger: Ledger, after: i64, limit: u32) -> Result<(Vec<LedgerRow>, u64), StoreError> {
        const APPROVALS: Sql = Sql::new("select count(*) from approval_ledger where tenant_id = :tenant");
        const AUDIT: Sql = Sql::new("select count(*) from audit_logs where tenant_id = :tenant");
        let rows = self.chained(ledger, after, limit)?.into_iter().map(|(position, record, prev_hash, hash)| {
            // A record that is no JSON any more was changed: it is handed out as it stands, and does not hold.
            let note = self.committed(&serde_json::from_str(&record).unwrap_or_default())?;
            Ok(LedgerRow { ledger, position, record, prev_hash, hash, note })
        });
        let total = self.number(if ledger == Ledger::Approvals { APPROVALS } else { AUDIT }, &[])?;
        Ok((rows.collect::<Result<_, StoreError>>()?, total.unsigned_abs()))
    }

    fn chained(&self, ledger: Ledger, after: i64, limit: u32) -> Result<Vec<Raw>, StoreError> {
        const APPROVALS: Sql = Sql::new(
            "select position, record, prev_hash, hash from approval_ledger where tenant_id = :tenant and position > :after
             order by position limit :limit",
        );
        const AUDIT: Sql = Sql::new(
            "select position, record, prev_hash, hash from audit_logs where tenant_id = :tenant and position > :after
             order by position limit :limit",
        );
        let sql = if ledger == Ledger::Approvals { APPROVALS } else { AUDIT };
        self.all(sql, named_params! { ":after": after, ":limit": limit }, raw)
    }

    /// Follows a chain from the first row: as far as it holds, and the row that does not.
    pub fn verify(&self, ledger: Ledger) -> Result<(Chain, Option<BrokenRow>), StoreError> {
        let mut chain = Chain::default();
        loop {
            let rows = self.chained(ledger, chain.rows, BATCH)?;
            for (position, record, prev_hash, hash) in &rows {
                if let Err(broken) = chain.follow(*position, record, prev_hash, hash) {
                    return Ok((chain, Some(broken)));
                }
            }
            if rows.is_empty() {
                return Ok((chain, None));
            }
        }
    }
}

type Raw = (i64, String, String, String);

fn raw(row: &rusqlite::Row<'_>) -> rusqlite::Result<Raw> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
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
