//! The feed: one row for every change that a client should see, in the transaction of the change.

use api::approval::Actor;
use api::event::{Activity, ActivityType, SubjectType};
use api::id::ActivityId;
use rusqlite::{Row, named_params};
use uuid::Uuid;

use super::{Scope, Sql, StoreError};
use crate::clock::timestamp;

/// Rows kept: weeks of a busy shop. A stream that asks for an older place is told to read everything again.
const KEEP: i64 = 100_000;
/// How often the oldest rows are looked for, in rows.
const PRUNE_EVERY: i64 = 256;

/// An activity about to be recorded.
#[derive(Debug, Clone)]
pub struct NewActivity {
    /// What happened.
    pub kind: ActivityType,
    /// Who did it, if anyone is named.
    pub actor: Option<Actor>,
    /// What it is about.
    pub subject_type: SubjectType,
    /// Its id as text.
    pub subject_id: String,
    /// The conversation it belongs to.
    pub conversation_id: Option<i64>,
    /// Small facts; never message text.
    pub data: serde_json::Value,
}

impl NewActivity {
    /// Something that Chatwoot told us, with nothing more to say.
    pub fn by_chatwoot(kind: ActivityType, subject_type: SubjectType, subject_id: String) -> Self {
        Self { kind, actor: None, subject_type, subject_id, conversation_id: None, data: serde_json::json!({}) }
    }

    /// The same, in a conversation and with facts.
    #[must_use]
    pub fn in_conversation(mut self, id: i64, data: serde_json::Value) -> Self {
        self.conversation_id = Some(id);
        self.data = data;
        self
    }
}

impl Scope<'_> {
    /// Appends a row, and returns its seq; it reaches the streams once it is committed. Nothing (0) for a new row inside [`Scope::quietly`].
    pub fn record_activity(&self, new: NewActivity) -> Result<i64, StoreError> {
        const SQL: Sql = Sql::new(
            "insert into activities (tenant_id, seq, id, type, actor_user, actor_name, subject_type, subject_id, conversation_id, at_us, data)
             values (:tenant, :seq, :id, :type, :actor_user, :actor_name, :subject_type, :subject_id, :conversation_id, :at, :data)",
        );
        if self.is_untold(new.kind) {
            return Ok(0);
        }
        let activity = Activity {
            seq: self.newest_seq()? + 1,
            id: ActivityId(Uuid::now_v7()),
            kind: new.kind,
            actor: new.actor,
            subject_type: new.subject_type,
            subject_id: new.subject_id,
            conversation_id: new.conversation_id,
            at: timestamp(self.now()),
            data: new.data,
        };
        self.run(
            SQL,
            named_params! {
                ":seq": activity.seq, ":id": activity.id.to_string(), ":type": activity.kind.as_str(),
                ":actor_user": activity.actor.as_ref().and_then(|a| a.user.clone()),
                ":actor_name": activity.actor.as_ref().map(|a| a.name.clone()),
                ":subject_type": activity.subject_type.as_str(), ":subject_id": activity.subject_id,
                ":conversation_id": activity.conversation_id, ":at": self.now(), ":data": activity.data.to_string(),
            },
        )?;
        let seq = activity.seq;
        if seq % PRUNE_EVERY == 0 {
            const OLD: Sql = Sql::new("delete from activities where tenant_id = :tenant and seq <= :last");
            self.run(OLD, named_params! { ":last": seq - KEEP })?;
        }
        self.publish(activity);
        Ok(seq)
    }

    /// Whether clients do not hear of this now.
    pub(super) fn is_untold(&self, kind: ActivityType) -> bool {
        self.is_quiet() && matches!(kind, ActivityType::ConversationCreated | ActivityType::MessageCreated | ActivityType::ContactUpdated)
    }

    /// The newest seq; 0 before the first row.
    pub fn newest_seq(&self) -> Result<i64, StoreError> {
        const SQL: Sql = Sql::new("select max(seq) from activities where tenant_id = :tenant");
        self.number(SQL, &[])
    }

    /// The oldest seq still kept; 0 when there is none.
    pub fn oldest_seq(&self) -> Result<i64, StoreError> {
        const SQL: Sql = Sql::new("select min(seq) from activities where tenant_id = :tenant");
        self.number(SQL, &[])
    }

    /// Rows after `seq`, oldest first.
    pub fn activities_after(&self, seq: i64, limit: u32) -> Result<Vec<Activity>, StoreError> {
        const SQL: Sql = Sql::new("select * from activities where tenant_id = :tenant and seq > :seq order by seq limit :limit");
        collect(self.all(SQL, named_params! { ":seq": seq, ":limit": limit }, read)?)
    }

    /// The newest rows, newest first.
    pub fn newest_activities(&self, limit: u32) -> Result<Vec<Activity>, StoreError> {
        const SQL: Sql = Sql::new("select * from activities where tenant_id = :tenant order by seq desc limit :limit");
        collect(self.all(SQL, named_params! { ":limit": limit }, read)?)
    }

    /// One row by its id.
    pub fn activity(&self, id: Uuid) -> Result<Option<Activity>, StoreError> {
        const SQL: Sql = Sql::new("select * from activities where tenant_id = :tenant and id = :id");
        self.one(SQL, named_params! { ":id": id.to_string() }, read)?.transpose()
    }
}

fn collect(rows: Vec<Result<Activity, StoreError>>) -> Result<Vec<Activity>, StoreError> {
    rows.into_iter().collect()
}

/// The outer error is SQLite's, the inner one a row that contradicts us.
fn read(row: &Row<'_>) -> rusqlite::Result<Result<Activity, StoreError>> {
    let (kind, subject): (String, String) = (row.get("type")?, row.get("subject_type")?);
    let (id, data): (String, String) = (row.get("id")?, row.get("data")?);
    let actor = row.get::<_, Option<String>>("actor_name")?;
    let (seq, subject_id, conversation_id) = (row.get("seq")?, row.get("subject_id")?, row.get("conversation_id")?);
    let (actor_user, at) = (row.get("actor_user")?, row.get("at_us")?);
    let build = || -> Result<Activity, String> {
        Ok(Activity {
            seq,
            id: id.parse().map_err(|_| format!("id {id}"))?,
            kind: kind.parse()?,
            actor: actor.map(|name| Actor { user: actor_user, name }),
            subject_type: subject.parse()?,
            subject_id,
            conversation_id,
            at: timestamp(at),
            data: serde_json::from_str(&data).map_err(|err| err.to_string())?,
        })
    };
    Ok(build().map_err(|message| StoreError::Corrupt { table: "activities", message }))
}
