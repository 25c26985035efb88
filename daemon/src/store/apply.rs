//! The one door for what Chatwoot says: applying anything twice, late or out of order ends in the same rows.
//!
//! Newer wins by Chatwoot's own clock, never by arrival. Where a payload has none, the moment its read was asked for stands in (see
//! `domain::newer`). What is gone stays gone. Conversations are here, messages and contacts in the files below.

mod contact;
mod message;

use api::event::{ActivityType, SubjectType};
use rusqlite::named_params;
use serde_json::json;

use super::{ConversationRow, NewActivity, Scope, Sql, StoreError};
use crate::clock::Micros;
use crate::domain::newer::READ_LONGEST;

pub use contact::ContactRow;

/// When a read was asked for: what it shows is at least as new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// On our clock.
    pub ours: Micros,
    /// On Chatwoot's clock, as far as we know it.
    pub theirs: Micros,
}

/// What applying did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// The thing is new here.
    Created,
    /// Something changed.
    Changed,
    /// It was so already.
    Same,
    /// What we have is newer.
    Older,
    /// It contradicts something of about the same time; the safer of both is kept and the object marked to be read again.
    Unclear,
    /// It is gone from Chatwoot, or what it belongs to is.
    Gone,
    /// It belongs to a conversation that is not here yet.
    Orphan,
}

impl Applied {
    /// Whether clients see a difference.
    pub fn is_news(self) -> bool {
        matches!(self, Self::Created | Self::Changed | Self::Unclear)
    }
}

impl Scope<'_> {
    /// Keeps a conversation unless a newer one is here. A read may replace a row of the same clock: Chatwoot does not move it for everything
    /// (unread count, last seen, labels that were deleted).
    pub fn apply_conversation(&self, new: &ConversationRow, read: Option<Asked>) -> Result<Applied, StoreError> {
        if self.is_gone("conversation", new.id)? {
            return Ok(Applied::Gone);
        }
        let known = self.conversation_clocks(new.id)?;
        if let Some(known) = known {
            if known.updated > new.updated_at {
                return Ok(Applied::Older);
            }
            if known.updated == new.updated_at {
                let Some(asked) = read else { return Ok(Applied::Same) };
                // A gap longer than a read can take is a clock that was set back.
                if known.heard > asked.ours && known.heard - asked.ours < READ_LONGEST {
                    return Ok(Applied::Older);
                }
            }
        }
        const UPSERT: Sql = Sql::new(
            "insert into conversations (tenant_id, id, status, priority, inbox_id, contact_id, assignee_id, assignee_name, team_id, unread_count,
                 can_reply, waiting_since_us, snoozed_until_us, created_at_us, last_activity_at_us, updated_at_us, heard_at_us,
                 additional_attributes, custom_attributes, agent_last_seen_at_us, first_reply_created_at_us)
             values (:tenant, :id, :status, :priority, :inbox, :contact, :assignee, :assignee_name, :team, :unread,
                 :can_reply, :waiting, :snoozed, :created, :activity, :updated, :heard, :additional, :custom, :seen, :first_reply)
             on conflict do update set status = excluded.status, priority = excluded.priority, inbox_id = excluded.inbox_id,
                 contact_id = excluded.contact_id, assignee_id = excluded.assignee_id, assignee_name = excluded.assignee_name,
                 team_id = excluded.team_id, unread_count = excluded.unread_count, can_reply = excluded.can_reply,
                 waiting_since_us = excluded.waiting_since_us, snoozed_until_us = excluded.snoozed_until_us,
                 created_at_us = excluded.created_at_us, last_activity_at_us = excluded.last_activity_at_us,
                 updated_at_us = excluded.updated_at_us, heard_at_us = max(heard_at_us, excluded.heard_at_us),
                 additional_attributes = excluded.additional_attributes, custom_attributes = excluded.custom_attributes,
                 agent_last_seen_at_us = excluded.agent_last_seen_at_us, first_reply_created_at_us = excluded.first_reply_created_at_us",
        );
        let before = if known.is_some() { self.conversation(new.id, "")? } else { None };
        self.run(
            UPSERT,
            named_params! {
                ":id": new.id, ":status": new.status.as_str(), ":priority": new.priority.map(|p| p.as_str()), ":inbox": new.inbox_id,
                ":contact": new.contact_id, ":assignee": new.assignee.as_ref().map(|a| a.0), ":assignee_name": new.assignee.as_ref().map(|a| a.1.clone()),
                ":team": new.team_id, ":unread": new.unread_count, ":can_reply": new.can_reply, ":waiting": new.waiting_since,
                ":snoozed": new.snoozed_until, ":created": new.created_at, ":activity": new.last_activity_at, ":updated": new.updated_at,
                ":heard": read.map_or(self.now(), |asked| asked.ours), ":additional": new.additional_attributes,
                ":custom": new.custom_attributes, ":seen": new.agent_last_seen_at, ":first_reply": new.first_reply_created_at,
            },
        )?;
        self.replace_labels(new.id, &new.labels)?;
        self.overlay_pending(new.id)?;
        let same = match before {
            Some(before) => {
                self.conversation(new.id, "")?.is_some_and(|after| before == api::inbox::ConversationView { as_of: before.as_of, ..after })
            }
            None => false,
        };
        if same {
            return Ok(Applied::Same);
        }
        let (kind, applied) = match known {
            None => (ActivityType::ConversationCreated, Applied::Created),
            Some(_) => (ActivityType::ConversationUpdated, Applied::Changed),
        };
        let activity = NewActivity::by_chatwoot(kind, SubjectType::Conversation, new.id.to_string());
        self.record_activity(activity.in_conversation(new.id, json!({ "status": new.status })))?;
        Ok(applied)
    }

    /// A new message says that its conversation moved, without a clock: the row comes up at once, and a read of it follows.
    pub fn touch_conversation(&self, id: i64, last_activity_at: i64, unread_count: Option<i64>) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new(
            "update conversations set last_activity_at_us = max(last_activity_at_us, :activity), unread_count = coalesce(:unread, unread_count)
             where tenant_id = :tenant and id = :id and (last_activity_at_us < :activity or unread_count <> coalesce(:unread, unread_count))",
        );
        if self.run(SQL, named_params! { ":id": id, ":activity": last_activity_at, ":unread": unread_count })? == 1 {
            let activity = NewActivity::by_chatwoot(ActivityType::ConversationUpdated, SubjectType::Conversation, id.to_string());
            self.record_activity(activity.in_conversation(id, json!({})))?;
        }
        Ok(())
    }

    /// Sets the labels of a conversation.
    pub fn replace_labels(&self, id: i64, labels: &[String]) -> Result<(), StoreError> {
        const CLEAR: Sql = Sql::new("delete from conversation_labels where tenant_id = :tenant and conversation_id = :id");
        const ADD: Sql =
            Sql::new("insert or ignore into conversation_labels (tenant_id, conversation_id, title) values (:tenant, :id, :title)");
        self.run(CLEAR, named_params! { ":id": id })?;
        for title in labels {
            self.run(ADD, named_params! { ":id": id, ":title": title })?;
        }
        Ok(())
    }

    /// The conversation is gone from Chatwoot: a read of it answered 404.
    pub fn delete_conversation(&self, id: i64) -> Result<Applied, StoreError> {
        const DELETE: Sql = Sql::new("delete from conversations where tenant_id = :tenant and id = :id");
        const RATINGS: Sql = Sql::new("delete from csat_responses where tenant_id = :tenant and conversation_id = :id");
        self.index_gathered()?; // Its messages go, and leave the index as they do.
        self.entomb("conversation", id)?;
        self.run(RATINGS, named_params! { ":id": id })?; // A rating may be here before its conversation is.
        if self.run(DELETE, named_params! { ":id": id })? == 0 {
            return Ok(Applied::Same);
        }
        let activity = NewActivity::by_chatwoot(ActivityType::ConversationDeleted, SubjectType::Conversation, id.to_string());
        self.record_activity(activity.in_conversation(id, json!({})))?;
        Ok(Applied::Changed)
    }

    pub(super) fn is_gone(&self, kind: &str, id: i64) -> Result<bool, StoreError> {
        const SQL: Sql = Sql::new("select count(*) from tombstones where tenant_id = :tenant and kind = :kind and id = :id");
        Ok(self.number(SQL, named_params! { ":kind": kind, ":id": id })? > 0)
    }

    pub(super) fn entomb(&self, kind: &str, id: i64) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new("insert or ignore into tombstones (tenant_id, kind, id, at_us) values (:tenant, :kind, :id, :now)");
        self.run(SQL, named_params! { ":kind": kind, ":id": id, ":now": self.now() })?;
        Ok(())
    }
}
