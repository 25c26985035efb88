//! Approvals as they are kept. What may happen to one is decided in `domain::approval`; here it is written down.

use api::approval::{Actor, ApprovalStatus, ExcerptLine, Money};
use api::id::Reference;
use rusqlite::{Row, named_params};
use serde_json::Value;
use uuid::Uuid;

use super::{Scope, Sql, StoreError};
use crate::clock::Micros;

/// An approval as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRow {
    /// `AP-number`.
    pub number: u32,
    /// Its id.
    pub id: Uuid,
    /// Its type.
    pub kind: String,
    /// What is asked.
    pub title: String,
    /// In full.
    pub description: String,
    /// Its state.
    pub status: ApprovalStatus,
    /// Counts from 1.
    pub revision: u32,
    /// Of everything shown at this revision.
    pub digest: String,
    /// Who asks.
    pub requester: Actor,
    /// The requester's Chatwoot agent, where one is known.
    pub requester_agent: Option<i64>,
    /// Who wrote this revision; `None`: it is as it was asked, or from before editors were kept.
    pub editor: Option<String>,
    /// The editor's Chatwoot agent.
    pub editor_agent: Option<i64>,
    /// The conversation it is about.
    pub conversation_id: Option<i64>,
    /// Its agent when it was asked: where nobody is named as the requester, it may have been them.
    pub asked_assignee: Option<i64>,
    /// Its customer's name.
    pub contact_name: Option<String>,
    /// What it costs.
    pub amount: Option<Money>,
    /// The conversation when it was asked.
    pub excerpt: Vec<ExcerptLine>,
    /// When it was written.
    pub created_at: Micros,
    /// When it was asked.
    pub submitted_at: Option<Micros>,
    /// When it lapses.
    pub expires_at: Option<Micros>,
    /// When it was decided.
    pub decided_at: Option<Micros>,
    /// Who decided.
    pub decided_by: Option<Actor>,
    /// What they said.
    pub comment: Option<String>,
}

impl ApprovalRow {
    /// `AP-42`.
    pub fn reference(&self) -> Reference {
        Reference(self.number)
    }
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct ApprovalFilter {
    /// Any of these states; empty = all.
    pub statuses: Vec<ApprovalStatus>,
    /// One type.
    pub kind: Option<String>,
    /// The user, and whether only that user's own (`true`) or only others' (`false`).
    pub mine: Option<(String, Option<i64>, bool)>,
    /// Only those asked then or earlier.
    pub asked_before: Option<Micros>,
    /// First asked first, instead of last.
    pub oldest: bool,
}

macro_rules! filter {
    ($select:literal, $order:literal) => {
        Sql::new(concat!(
            $select,
            " from approvals where tenant_id = :tenant
              and (:statuses is null or status in (select value from json_each(:statuses)))
              and (:kind is null or kind = :kind)
              and (:asked_before is null or coalesce(submitted_at_us, created_at_us) <= :asked_before)
              and (:mine is null or :mine = (requester is :user and requester is not null
                   or requester_agent is :agent and requester_agent is not null)) ",
            $order
        ))
    };
}

const APPROVALS_NEWEST: Sql = filter!("select *", "order by number desc limit :limit offset :offset");
const APPROVALS_OLDEST: Sql = filter!("select *", "order by number limit :limit offset :offset");
const APPROVALS_COUNT: Sql = filter!("select count(*)", "");

/// The statements that macros put together, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[Sql] = &[APPROVALS_NEWEST, APPROVALS_OLDEST, APPROVALS_COUNT];

impl Scope<'_> {
    /// The number of the next approval.
    pub fn next_approval_number(&self) -> Result<u32, StoreError> {
        const SQL: Sql = Sql::new("select max(number) from approvals where tenant_id = :tenant");
        let last = self.number(SQL, &[])?;
        u32::try_from(last + 1).map_err(|_| StoreError::Corrupt { table: "approvals", message: format!("number {last}") })
    }

    /// Writes an approval: new, or all that can change of a known one.
    pub fn put_approval(&self, a: &ApprovalRow) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new(
            "insert into approvals (tenant_id, number, id, kind, title, description, status, revision, digest, requester, requester_agent,
                 requester_name, editor, editor_agent, conversation_id, asked_assignee, contact_name, amount_minor, amount_currency, excerpt, created_at_us, submitted_at_us,
                 expires_at_us, decided_at_us, decided_by, decided_by_name, comment)
             values (:tenant, :number, :id, :kind, :title, :description, :status, :revision, :digest, :requester, :requester_agent,
                 :requester_name, :editor, :editor_agent, :conversation, :asked_assignee, :contact, :amount, :currency, :excerpt, :created, :submitted,
                 :expires, :decided, :decided_by, :decided_by_name, :comment)
             on conflict (tenant_id, number) do update set title = excluded.title, description = excluded.description, status = excluded.status,
                 revision = excluded.revision, editor = excluded.editor, editor_agent = excluded.editor_agent, digest = excluded.digest, amount_minor = excluded.amount_minor,
                 amount_currency = excluded.amount_currency, excerpt = excluded.excerpt, submitted_at_us = excluded.submitted_at_us,
                 expires_at_us = excluded.expires_at_us, decided_at_us = excluded.decided_at_us, decided_by = excluded.decided_by,
                 decided_by_name = excluded.decided_by_name, comment = excluded.comment",
        );
        let excerpt =
            serde_json::to_string(&a.excerpt).map_err(|err| StoreError::Corrupt { table: "approvals", message: err.to_string() })?;
        self.run(
            SQL,
            named_params! {
                ":number": a.number, ":id": a.id.to_string(), ":kind": a.kind, ":title": a.title, ":description": a.description,
                ":status": a.status.as_str(), ":revision": a.revision, ":digest": a.digest, ":requester": a.requester.user,
                ":requester_agent": a.requester_agent, ":requester_name": a.requester.name,
                ":editor": a.editor, ":editor_agent": a.editor_agent, ":conversation": a.conversation_id, ":asked_assignee": a.asked_assignee,
                ":contact": a.contact_name, ":amount": a.amount.as_ref().map(|m| m.minor_units),
                ":currency": a.amount.as_ref().map(|m| m.currency.clone()), ":excerpt": excerpt, ":created": a.created_at,
                ":submitted": a.submitted_at, ":expires": a.expires_at, ":decided": a.decided_at,
                ":decided_by": a.decided_by.as_ref().and_then(|d| d.user.clone()),
                ":decided_by_name": a.decided_by.as_ref().map(|d| d.name.clone()), ":comment": a.comment,
            },
        )?;
        Ok(())
    }

    /// Keeps what a revision shows.
    pub fn put_revision(&self, number: u32, revision: u32, shown: &Value) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new(
            "insert into approval_revisions (tenant_id, number, revision, shown) values (:tenant, :number, :revision, :shown)
             on conflict do update set shown = excluded.shown",
        );
        self.run(SQL, named_params! { ":number": number, ":revision": revision, ":shown": shown.to_string() })?;
        Ok(())
    }

    /// What a revision showed.
    pub fn revision(&self, number: u32, revision: u32) -> Result<Option<Value>, StoreError> {
        const SQL: Sql =
            Sql::new("select shown from approval_revisions where tenant_id = :tenant and number = :number and revision = :revision");
        let text: Option<String> = self.one(SQL, named_params! { ":number": number, ":revision": revision }, |row| row.get(0))?;
        let read = |text: String| {
            serde_json::from_str(&text).map_err(|err| StoreError::Corrupt { table: "approval_revisions", message: err.to_string() })
        };
        text.map(read).transpose()
    }

    /// One approval by its id.
    pub fn approval(&self, id: Uuid) -> Result<Option<ApprovalRow>, StoreError> {
        const SQL: Sql = Sql::new("select * from approvals where tenant_id = :tenant and id = :id");
        self.one(SQL, named_params! { ":id": id.to_string() }, read)?.transpose()
    }

    /// One approval by its reference.
    pub fn approval_by_reference(&self, reference: Reference) -> Result<Option<ApprovalRow>, StoreError> {
        const SQL: Sql = Sql::new("select * from approvals where tenant_id = :tenant and number = :number");
        self.one(SQL, named_params! { ":number": reference.0 }, read)?.transpose()
    }

    /// The open escalation of a conversation, if there is one.
    pub fn open_escalation(&self, conversation_id: i64) -> Result<Option<ApprovalRow>, StoreError> {
        const SQL: Sql = Sql::new(
            "select * from approvals where tenant_id = :tenant and conversation_id = :conversation
             and status = 'submitted' and kind = 'escalation'",
        );
        self.one(SQL, named_params! { ":conversation": conversation_id }, read)?.transpose()
    }

    /// Whether the conversation has an approval of any type that waits for a decision.
    pub fn has_open_approval(&self, conversation_id: i64) -> Result<bool, StoreError> {
        const SQL: Sql = Sql::new(
            "select count(*) from approvals where tenant_id = :tenant and conversation_id = :conversation and status = 'submitted'",
        );
        Ok(self.number(SQL, named_params! { ":conversation": conversation_id })? > 0)
    }

    /// A page of approvals, newest first, and how many there are.
    pub fn approvals(&self, filter: &ApprovalFilter, limit: u32, offset: u64) -> Result<(Vec<ApprovalRow>, u64), StoreError> {
        let words: Vec<&str> = filter.statuses.iter().map(|s| s.as_str()).collect();
        let statuses = (!words.is_empty()).then(|| serde_json::json!(words).to_string());
        let (user, agent, mine) = match &filter.mine {
            Some((user, agent, mine)) => (Some(user), *agent, Some(*mine)),
            None => (None, None, None),
        };
        let (limit, offset) = (i64::from(limit), offset as i64);
        let rows = self.all(
            if filter.oldest { APPROVALS_OLDEST } else { APPROVALS_NEWEST },
            named_params! {
                ":statuses": statuses, ":kind": filter.kind, ":mine": mine, ":user": user, ":agent": agent,
                ":asked_before": filter.asked_before, ":limit": limit, ":offset": offset,
            },
            read,
        )?;
        let count = named_params! {
            ":statuses": statuses, ":kind": filter.kind, ":mine": mine, ":user": user, ":agent": agent, ":asked_before": filter.asked_before,
        };
        let total = self.number(APPROVALS_COUNT, count)?.unsigned_abs();
        Ok((rows.into_iter().collect::<Result<_, _>>()?, total))
    }

    /// Submitted approvals whose time has run out.
    pub fn lapsed_approvals(&self) -> Result<Vec<ApprovalRow>, StoreError> {
        const SQL: Sql = Sql::new(
            "select * from approvals where tenant_id = :tenant and status = 'submitted' and expires_at_us is not null and expires_at_us <= :now
             order by number limit 100",
        );
        self.all(SQL, named_params! { ":now": self.now() }, read)?.into_iter().collect()
    }

    /// When the next approval lapses.
    pub fn next_expiry(&self) -> Result<Option<Micros>, StoreError> {
        const SQL: Sql = Sql::new("select min(expires_at_us) from approvals where tenant_id = :tenant and status = 'submitted'");
        Ok(self.one(SQL, &[], |row| row.get::<_, Option<Micros>>(0))?.flatten())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Result<ApprovalRow, StoreError>> {
    let (id, status, excerpt): (String, String, String) = (row.get("id")?, row.get("status")?, row.get("excerpt")?);
    let minor_units: Option<i64> = row.get("amount_minor")?;
    let currency: Option<String> = row.get("amount_currency")?;
    let decided_by_name: Option<String> = row.get("decided_by_name")?;
    let decided_by_user: Option<String> = row.get("decided_by")?;
    let row = ApprovalRow {
        number: row.get("number")?,
        id: id.parse().unwrap_or_default(),
        kind: row.get("kind")?,
        title: row.get("title")?,
        description: row.get("description")?,
        status: ApprovalStatus::Draft,
        revision: row.get("revision")?,
        digest: row.get("digest")?,
        requester: Actor { user: row.get("requester")?, name: row.get("requester_name")? },
        requester_agent: row.get("requester_agent")?,
        editor: row.get("editor")?,
        editor_agent: row.get("editor_agent")?,
        conversation_id: row.get("conversation_id")?,
        asked_assignee: row.get("asked_assignee")?,
        contact_name: row.get("contact_name")?,
        amount: minor_units.zip(currency).map(|(minor_units, currency)| Money { minor_units, currency }),
        excerpt: Vec::new(),
        created_at: row.get("created_at_us")?,
        submitted_at: row.get("submitted_at_us")?,
        expires_at: row.get("expires_at_us")?,
        decided_at: row.get("decided_at_us")?,
        decided_by: decided_by_name.map(|name| Actor { user: decided_by_user, name }),
        comment: row.get("comment")?,
    };
    let corrupt = |message: String| StoreError::Corrupt { table: "approvals", message };
    let parsed = status.parse().map_err(corrupt).and_then(|status| {
        let excerpt = serde_json::from_str(&excerpt).map_err(|err| corrupt(err.to_string()))?;
        Ok(ApprovalRow { status, excerpt, ..row })
    });
    Ok(parsed)
}
