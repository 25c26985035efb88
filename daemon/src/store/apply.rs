//! The one door for what Chatwoot says: applying anything twice, late or out of order ends in the same rows.
//!
//! Newer wins by Chatwoot's own clock, never by arrival. What has no clock does not come here from a hint; it is read again first, and a
//! read is taken as it is unless a newer push was applied meanwhile. What is gone stays gone.

use api::event::{ActivityType, SubjectType};
use api::inbox::{ContactView, DeliveryState, MessageType};
use rusqlite::named_params;
use serde_json::json;

use super::{ConversationRow, MessageRow, NewActivity, Scope, Sql, StoreError};

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
    /// It is gone from Chatwoot, or what it belongs to is.
    Gone,
    /// It belongs to a conversation that is not here yet.
    Orphan,
}

impl Applied {
    /// Whether clients see a difference.
    pub fn is_news(self) -> bool {
        matches!(self, Self::Created | Self::Changed)
    }
}

impl Scope<'_> {
    /// Keeps a conversation unless a newer one is here. `reread` says that it was read just now, so that it may replace a row of the same
    /// clock: Chatwoot does not move the clock for everything (unread count, last seen).
    pub fn apply_conversation(&self, new: &ConversationRow, reread: bool) -> Result<Applied, StoreError> {
        if self.is_gone("conversation", new.id)? {
            return Ok(Applied::Gone);
        }
        const CLOCK: Sql = Sql::new("select updated_at_us from conversations where tenant_id = :tenant and id = :id");
        let known: Option<i64> = self.one(CLOCK, named_params! { ":id": new.id }, |row| row.get(0))?;
        match known {
            Some(clock) if clock > new.updated_at => return Ok(Applied::Older),
            Some(clock) if clock == new.updated_at && !reread => return Ok(Applied::Same),
            _ => {}
        }
        const UPSERT: Sql = Sql::new(
            "insert into conversations (tenant_id, id, status, priority, inbox_id, contact_id, assignee_id, assignee_name, team_id, unread_count,
                 can_reply, waiting_since_us, snoozed_until_us, created_at_us, last_activity_at_us, updated_at_us, heard_at_us)
             values (:tenant, :id, :status, :priority, :inbox, :contact, :assignee, :assignee_name, :team, :unread,
                 :can_reply, :waiting, :snoozed, :created, :activity, :updated, :now)
             on conflict do update set status = excluded.status, priority = excluded.priority, inbox_id = excluded.inbox_id,
                 contact_id = excluded.contact_id, assignee_id = excluded.assignee_id, assignee_name = excluded.assignee_name,
                 team_id = excluded.team_id, unread_count = excluded.unread_count, can_reply = excluded.can_reply,
                 waiting_since_us = excluded.waiting_since_us, snoozed_until_us = excluded.snoozed_until_us,
                 created_at_us = excluded.created_at_us, last_activity_at_us = excluded.last_activity_at_us,
                 updated_at_us = excluded.updated_at_us, heard_at_us = excluded.heard_at_us",
        );
        let before = if known.is_some() { self.conversation(new.id, "")? } else { None };
        self.run(
            UPSERT,
            named_params! {
                ":id": new.id, ":status": new.status.as_str(), ":priority": new.priority.map(|p| p.as_str()), ":inbox": new.inbox_id,
                ":contact": new.contact_id, ":assignee": new.assignee.as_ref().map(|a| a.0), ":assignee_name": new.assignee.as_ref().map(|a| a.1.clone()),
                ":team": new.team_id, ":unread": new.unread_count, ":can_reply": new.can_reply, ":waiting": new.waiting_since,
                ":snoozed": new.snoozed_until, ":created": new.created_at, ":activity": new.last_activity_at, ":updated": new.updated_at,
                ":now": self.now(),
            },
        )?;
        self.replace_labels(new.id, &new.labels)?;
        self.overlay_pending(new.id)?;
        let after = self.conversation(new.id, "")?;
        let same = match (&before, &after) {
            (Some(before), Some(after)) => *before == api::inbox::ConversationView { as_of: before.as_of, ..after.clone() },
            _ => false,
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

    /// Keeps a message. Delivery never goes back: a late "sent" does not undo a "read".
    pub fn apply_message(&self, new: &MessageRow) -> Result<Applied, StoreError> {
        if self.is_gone("conversation", new.conversation_id)? {
            return Ok(Applied::Gone);
        }
        if !self.has_conversation(new.conversation_id)? {
            return Ok(Applied::Orphan);
        }
        const KNOWN: Sql = Sql::new("select state, deleted, updated_at_us, row from messages where tenant_id = :tenant and id = :id");
        let known = self.one(KNOWN, named_params! { ":id": new.id }, |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?, row.get::<_, Option<i64>>(2)?))
        })?;
        let mut state = new.state.unwrap_or(DeliveryState::Sent);
        if let Some((known_state, known_deleted, clock)) = &known {
            // Deletion is final, and an older push says nothing new.
            if (*known_deleted && !new.deleted) || matches!((clock, new.updated_at), (Some(known), Some(new)) if *known > new) {
                return Ok(Applied::Older);
            }
            let known_state = known_state.parse().unwrap_or(DeliveryState::Sent);
            state = new.state.map_or(known_state, |new| further(known_state, new));
        }
        const UPSERT: Sql = Sql::new(
            "insert into messages (tenant_id, id, conversation_id, message_type, private, content, content_type, state, error, sender_kind,
                 sender_id, sender_name, attachments, deleted, in_reply_to, afenda_id, created_at_us, updated_at_us)
             values (:tenant, :id, :conversation, :type, :private, :content, :content_type, :state, :error, :sender_kind,
                 :sender_id, :sender_name, :attachments, :deleted, :in_reply_to, :afenda_id, :created, :updated)
             on conflict (tenant_id, id) do update set conversation_id = excluded.conversation_id, message_type = excluded.message_type,
                 private = excluded.private, content = excluded.content, content_type = excluded.content_type, state = excluded.state,
                 error = excluded.error, sender_kind = coalesce(excluded.sender_kind, sender_kind), sender_id = coalesce(excluded.sender_id, sender_id),
                 sender_name = coalesce(excluded.sender_name, sender_name), attachments = excluded.attachments, deleted = excluded.deleted,
                 in_reply_to = excluded.in_reply_to, afenda_id = coalesce(excluded.afenda_id, afenda_id),
                 created_at_us = excluded.created_at_us, updated_at_us = coalesce(excluded.updated_at_us, updated_at_us)
             where (messages.conversation_id, messages.content, messages.content_type, messages.state, messages.error, messages.sender_name,
                    messages.attachments, messages.deleted, messages.in_reply_to)
                is not (excluded.conversation_id, excluded.content, excluded.content_type, excluded.state, excluded.error,
                    coalesce(excluded.sender_name, messages.sender_name), excluded.attachments, excluded.deleted, excluded.in_reply_to)",
        );
        let attachments =
            serde_json::to_string(&new.attachments).map_err(|err| StoreError::Corrupt { table: "messages", message: err.to_string() })?;
        let changed = self.run(
            UPSERT,
            named_params! {
                ":id": new.id, ":conversation": new.conversation_id, ":type": new.message_type.as_str(), ":private": new.private,
                ":content": new.content, ":content_type": new.content_type, ":state": state.as_str(), ":error": new.error,
                ":sender_kind": new.sender.as_ref().map(|s| s.kind.as_str()), ":sender_id": new.sender.as_ref().and_then(|s| s.id),
                ":sender_name": new.sender.as_ref().map(|s| s.name.clone()), ":attachments": attachments, ":deleted": new.deleted,
                ":in_reply_to": new.in_reply_to, ":afenda_id": new.afenda_id, ":created": new.created_at, ":updated": new.updated_at,
            },
        )?;
        if changed == 0 {
            return Ok(Applied::Same);
        }
        let (kind, applied) = match known {
            None => (ActivityType::MessageCreated, Applied::Created),
            Some(_) => (ActivityType::MessageUpdated, Applied::Changed),
        };
        if let Some(afenda_id) = &new.afenda_id {
            self.settle_by_mark(afenda_id, new.id)?;
        }
        let data = json!({ "message_type": new.message_type, "private": new.private, "state": state });
        let activity = NewActivity::by_chatwoot(kind, SubjectType::Message, new.id.to_string());
        self.record_activity(activity.in_conversation(new.conversation_id, data))?;
        Ok(applied)
    }

    /// Keeps a contact as it was read.
    pub fn apply_contact(&self, new: &ContactView) -> Result<Applied, StoreError> {
        if self.is_gone("contact", new.id)? {
            return Ok(Applied::Gone);
        }
        const UPSERT: Sql = Sql::new(
            "insert into contacts (tenant_id, id, name, email, phone_number, identifier, blocked)
             values (:tenant, :id, :name, :email, :phone, :identifier, :blocked)
             on conflict do update set name = excluded.name, email = excluded.email, phone_number = excluded.phone_number,
                 identifier = excluded.identifier, blocked = excluded.blocked
             where (contacts.name, contacts.email, contacts.phone_number, contacts.identifier, contacts.blocked)
                is not (excluded.name, excluded.email, excluded.phone_number, excluded.identifier, excluded.blocked)",
        );
        let changed = self.run(
            UPSERT,
            named_params! {
                ":id": new.id, ":name": new.name, ":email": new.email, ":phone": new.phone_number,
                ":identifier": new.identifier, ":blocked": new.blocked,
            },
        )?;
        self.overlay_pending_contact(new.id)?;
        if changed == 0 {
            return Ok(Applied::Same);
        }
        self.record_activity(NewActivity::by_chatwoot(ActivityType::ContactUpdated, SubjectType::Contact, new.id.to_string()))?;
        Ok(Applied::Changed)
    }

    /// Keeps a contact only if it is not here yet: conversations carry their contact, but without a clock.
    pub fn apply_contact_if_new(&self, new: &ContactView) -> Result<Applied, StoreError> {
        if self.has_contact(new.id)? { Ok(Applied::Same) } else { self.apply_contact(new) }
    }

    /// A contact as it is kept.
    pub fn contact(&self, id: i64) -> Result<Option<ContactView>, StoreError> {
        const SQL: Sql =
            Sql::new("select id, name, email, phone_number, identifier, blocked from contacts where tenant_id = :tenant and id = :id");
        self.one(SQL, named_params! { ":id": id }, |row| {
            Ok(ContactView {
                id: row.get("id")?,
                name: row.get("name")?,
                email: row.get("email")?,
                phone_number: row.get("phone_number")?,
                identifier: row.get("identifier")?,
                blocked: row.get("blocked")?,
            })
        })
    }

    /// Whether the contact is here.
    pub fn has_contact(&self, id: i64) -> Result<bool, StoreError> {
        const SQL: Sql = Sql::new("select count(*) from contacts where tenant_id = :tenant and id = :id");
        Ok(self.number(SQL, named_params! { ":id": id })? > 0)
    }

    /// The conversation is gone from Chatwoot: a read of it answered 404.
    pub fn delete_conversation(&self, id: i64) -> Result<Applied, StoreError> {
        const DELETE: Sql = Sql::new("delete from conversations where tenant_id = :tenant and id = :id");
        self.entomb("conversation", id)?;
        if self.run(DELETE, named_params! { ":id": id })? == 0 {
            return Ok(Applied::Same);
        }
        let activity = NewActivity::by_chatwoot(ActivityType::ConversationDeleted, SubjectType::Conversation, id.to_string());
        self.record_activity(activity.in_conversation(id, json!({})))?;
        Ok(Applied::Changed)
    }

    /// The contact is gone from Chatwoot.
    pub fn delete_contact(&self, id: i64) -> Result<Applied, StoreError> {
        const DELETE: Sql = Sql::new("delete from contacts where tenant_id = :tenant and id = :id");
        self.entomb("contact", id)?;
        if self.run(DELETE, named_params! { ":id": id })? == 0 {
            return Ok(Applied::Same);
        }
        self.record_activity(NewActivity::by_chatwoot(ActivityType::ContactDeleted, SubjectType::Contact, id.to_string()))?;
        Ok(Applied::Changed)
    }

    /// The conversations of one contact, by id.
    pub fn conversations_of_contact(&self, contact_id: i64) -> Result<Vec<i64>, StoreError> {
        const SQL: Sql = Sql::new("select id from conversations where tenant_id = :tenant and contact_id = :contact order by id");
        self.all(SQL, named_params! { ":contact": contact_id }, |row| row.get(0))
    }

    fn is_gone(&self, kind: &str, id: i64) -> Result<bool, StoreError> {
        const SQL: Sql = Sql::new("select count(*) from tombstones where tenant_id = :tenant and kind = :kind and id = :id");
        Ok(self.number(SQL, named_params! { ":kind": kind, ":id": id })? > 0)
    }

    fn entomb(&self, kind: &str, id: i64) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new("insert or ignore into tombstones (tenant_id, kind, id, at_us) values (:tenant, :kind, :id, :now)");
        self.run(SQL, named_params! { ":kind": kind, ":id": id, ":now": self.now() })?;
        Ok(())
    }

    /// Whether a message with this id is here, and its type.
    pub fn message_type(&self, id: i64) -> Result<Option<MessageType>, StoreError> {
        const SQL: Sql = Sql::new("select message_type from messages where tenant_id = :tenant and id = :id");
        let word: Option<String> = self.one(SQL, named_params! { ":id": id }, |row| row.get(0))?;
        Ok(word.and_then(|word| word.parse().ok()))
    }
}

/// Of two delivery states the one that is further along; failing can be followed by a retry's "sent", which a re-read brings.
fn further(known: DeliveryState, new: DeliveryState) -> DeliveryState {
    let rank = |state| match state {
        DeliveryState::Delivered => 1,
        DeliveryState::Read => 2,
        _ => 0,
    };
    if rank(known) > rank(new) && new != DeliveryState::Failed { known } else { new }
}
