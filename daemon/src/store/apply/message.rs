//! Messages.

use api::event::{ActivityType, SubjectType};
use api::inbox::{DeliveryState, MessageType};
use rusqlite::named_params;
use serde_json::json;

use super::{Applied, Asked};
use crate::clock::Micros;
use crate::domain::newer::{Known, SETTLE, Said, Take, take};
use crate::store::{MessageRow, NewActivity, Reread, RereadKind, Scope, Sql, StoreError};

/// For so long after it was written, the last read of a message is remembered although it said nothing new: late frames are told by it.
const READ_KEPT: Micros = 24 * 3600 * crate::clock::SECOND;

/// Files and mail as they are kept: JSON.
type Texts<'a> = (&'a str, Option<&'a str>);

/// A message as it is here.
struct Kept {
    state: DeliveryState,
    deleted: bool,
    conversation_id: i64,
    content: Option<String>,
    content_type: String,
    error: Option<String>,
    attachments: String,
    in_reply_to: Option<i64>,
    mail: Option<String>,
    sender_id: Option<i64>,
    known: Known,
}

impl Scope<'_> {
    /// Keeps a message. `read` says when it was asked for; a frame has its own clock; a hint, which has neither, only adds what is not here.
    ///
    /// What may be older than the row takes nothing back: neither a delivery nor a deletion. Where it differs the message is marked to be
    /// read again, and that is [`Applied::Unclear`].
    pub fn apply_message(&self, new: &MessageRow, read: Option<Asked>) -> Result<Applied, StoreError> {
        match self.refusal(new.conversation_id)? {
            Some(refusal) => Ok(refusal),
            None => self.apply_message_here(new, read),
        }
    }

    /// Why messages of this conversation are not kept, if they are not: it is gone, or not here yet.
    pub fn refusal(&self, conversation_id: i64) -> Result<Option<Applied>, StoreError> {
        if self.is_gone("conversation", conversation_id)? {
            return Ok(Some(Applied::Gone));
        }
        Ok((!self.has_conversation(conversation_id)?).then_some(Applied::Orphan))
    }

    /// As [`Scope::apply_message`], where [`Scope::refusal`] of its conversation was asked already, in the same write.
    pub fn apply_message_here(&self, new: &MessageRow, read: Option<Asked>) -> Result<Applied, StoreError> {
        let corrupt = |err: serde_json::Error| StoreError::Corrupt { table: "messages", message: err.to_string() };
        let attachments = serde_json::to_string(&new.attachments).map_err(corrupt)?;
        let mail = new.mail.as_ref().map(serde_json::to_string).transpose().map_err(corrupt)?;
        let texts = (attachments.as_str(), mail.as_deref());
        if self.insert_message(new, texts, read)? {
            return Ok(Applied::Created);
        }
        self.index_gathered()?; // The index is brought up to date before what it was told changes.
        let Some(kept) = self.kept(new.id)? else { return Ok(Applied::Same) };
        let said = match (read, new.updated_at) {
            (Some(asked), _) => Said::Read(asked.theirs),
            (None, Some(clock)) => Said::Frame(clock),
            (None, None) => return Ok(Applied::Same),
        };
        let mut state = new.state.unwrap_or(kept.state);
        let mut unclear = false;
        match take(kept.known, said) {
            Take::Nothing => return Ok(Applied::Older),
            Take::Whole => {}
            Take::Careful => {
                let step_back = further(kept.state, state) != state;
                unclear = step_back || kept.differs(new, texts);
                if unclear {
                    let reread = Reread { kind: RereadKind::Message, id: new.id, conversation_id: new.conversation_id };
                    self.mark_at(reread, self.now() + SETTLE)?;
                }
                if kept.deleted && !new.deleted {
                    return Ok(Applied::Unclear);
                }
                state = further(kept.state, state);
            }
        }
        let changed = self.update_message(new, state, texts, read)?;
        Ok(match (unclear, changed) {
            (true, _) => Applied::Unclear,
            (false, true) => Applied::Changed,
            (false, false) => Applied::Same,
        })
    }

    fn kept(&self, id: i64) -> Result<Option<Kept>, StoreError> {
        const SQL: Sql = Sql::new(
            "select state, deleted, conversation_id, content, content_type, error, attachments, in_reply_to, mail, sender_id,
                 updated_at_us, read_at_us
             from messages where tenant_id = :tenant and id = :id",
        );
        self.one(SQL, named_params! { ":id": id }, |row| {
            Ok(Kept {
                state: row.get::<_, String>("state")?.parse().unwrap_or(DeliveryState::Sent),
                deleted: row.get("deleted")?,
                conversation_id: row.get("conversation_id")?,
                content: row.get("content")?,
                content_type: row.get("content_type")?,
                error: row.get("error")?,
                attachments: row.get("attachments")?,
                in_reply_to: row.get("in_reply_to")?,
                mail: row.get("mail")?,
                sender_id: row.get("sender_id")?,
                known: Known { clock: row.get("updated_at_us")?, read: Some(row.get("read_at_us")?).filter(|at| *at > 0) },
            })
        })
    }

    /// Writes the row, unless one with its id is here (`false`).
    fn insert_message(&self, new: &MessageRow, (attachments, mail): Texts<'_>, read: Option<Asked>) -> Result<bool, StoreError> {
        const INSERT: Sql = Sql::new(
            "insert into messages (tenant_id, id, conversation_id, message_type, private, content, content_type, state, error, sender_kind,
                 sender_id, sender_name, attachments, deleted, in_reply_to, mail, afenda_id, created_at_us, updated_at_us, read_at_us)
             values (:tenant, :id, :conversation, :type, :private, :content, :content_type, :state, :error, :sender_kind,
                 :sender_id, :sender_name, :attachments, :deleted, :in_reply_to, :mail, :afenda_id, :created, :updated, :read)
             on conflict do nothing",
        );
        let state = new.state.unwrap_or(DeliveryState::Sent);
        let inserted = self.run(
            INSERT,
            named_params! {
                ":id": new.id, ":conversation": new.conversation_id, ":type": new.message_type.as_str(), ":private": new.private,
                ":content": new.content, ":content_type": new.content_type, ":state": state.as_str(), ":error": new.error,
                ":sender_kind": new.sender.as_ref().map(|s| s.kind.as_str()), ":sender_id": new.sender.as_ref().and_then(|s| s.id),
                ":sender_name": new.sender.as_ref().map(|s| s.name.as_str()), ":attachments": attachments, ":deleted": new.deleted,
                ":in_reply_to": new.in_reply_to, ":mail": mail, ":afenda_id": new.afenda_id, ":created": new.created_at, ":updated": new.updated_at,
                ":read": read.map_or(0, |asked| asked.theirs),
            },
        )?;
        if inserted == 0 {
            return Ok(false);
        }
        let row = self.inserted();
        if !self.gather_unindexed(row) {
            self.index(&[row])?;
        }
        self.tell_of_message(new, state, ActivityType::MessageCreated)?;
        Ok(true)
    }

    /// Puts rows that were inserted into the full-text index; an update and a deletion do so by themselves.
    fn index(&self, rows: &[i64]) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new(
            "insert into messages_fts (rowid, content) select m.row, m.content from json_each(:rows) j cross join messages m on m.row = j.value
             where m.tenant_id = :tenant",
        );
        self.run(SQL, named_params! { ":rows": json!(rows).to_string() })?;
        Ok(())
    }

    /// Puts what [`Scope::indexing_together`] has gathered into the full-text index.
    pub(in crate::store) fn index_gathered(&self) -> Result<(), StoreError> {
        let rows = self.take_unindexed();
        if rows.is_empty() { Ok(()) } else { self.index(&rows) }
    }

    /// Changes the row and tells the clients; `false` when it was so already.
    fn update_message(
        &self,
        new: &MessageRow,
        state: DeliveryState,
        (attachments, mail): Texts<'_>,
        read: Option<Asked>,
    ) -> Result<bool, StoreError> {
        const UPDATE: Sql = Sql::new(
            "update messages set conversation_id = :conversation, message_type = :type, private = :private, content = :content,
                 content_type = :content_type, state = :state, error = :error, sender_kind = coalesce(:sender_kind, sender_kind),
                 sender_id = coalesce(:sender_id, sender_id), sender_name = coalesce(:sender_name, sender_name), attachments = :attachments,
                 deleted = :deleted, in_reply_to = :in_reply_to, mail = :mail, afenda_id = coalesce(:afenda_id, afenda_id), created_at_us = :created
             where tenant_id = :tenant and id = :id
                and (conversation_id, content, content_type, state, error, sender_kind, sender_id, sender_name, attachments, deleted, in_reply_to,
                    mail)
                    is not (:conversation, :content, :content_type, :state, :error, coalesce(:sender_kind, sender_kind),
                        coalesce(:sender_id, sender_id), coalesce(:sender_name, sender_name), :attachments, :deleted, :in_reply_to,
                        :mail)",
        );
        const CLOCKS: Sql = Sql::new(
            "update messages set updated_at_us = coalesce(max(updated_at_us, :updated), updated_at_us, :updated), read_at_us = max(read_at_us, :read)
             where tenant_id = :tenant and id = :id and (coalesce(updated_at_us, 0) < coalesce(:updated, 0) or read_at_us < :read)",
        );
        let read = read.map_or(0, |asked| asked.theirs);
        let changed = self.run(
            UPDATE,
            named_params! {
                ":id": new.id, ":conversation": new.conversation_id, ":type": new.message_type.as_str(), ":private": new.private,
                ":content": new.content, ":content_type": new.content_type, ":state": state.as_str(), ":error": new.error,
                ":sender_kind": new.sender.as_ref().map(|s| s.kind.as_str()), ":sender_id": new.sender.as_ref().and_then(|s| s.id),
                ":sender_name": new.sender.as_ref().map(|s| s.name.as_str()), ":attachments": attachments, ":deleted": new.deleted,
                ":in_reply_to": new.in_reply_to, ":mail": mail, ":afenda_id": new.afenda_id, ":created": new.created_at,
            },
        )? > 0;
        if changed || new.created_at > read - READ_KEPT {
            self.run(CLOCKS, named_params! { ":id": new.id, ":updated": new.updated_at, ":read": read })?;
        }
        if changed {
            self.tell_of_message(new, state, ActivityType::MessageUpdated)?;
        }
        Ok(changed)
    }

    /// Settles the entry that a message came from, and tells the clients of the message.
    fn tell_of_message(&self, new: &MessageRow, state: DeliveryState, kind: ActivityType) -> Result<(), StoreError> {
        if let Some(afenda_id) = &new.afenda_id {
            self.settle_by_mark(afenda_id, new.id)?;
        }
        if self.is_untold(kind) {
            return Ok(());
        }
        let data = json!({ "message_type": new.message_type, "private": new.private, "state": state });
        let activity = NewActivity::by_chatwoot(kind, SubjectType::Message, new.id.to_string());
        self.record_activity(activity.in_conversation(new.conversation_id, data))?;
        Ok(())
    }

    /// The conversation of a message, where it is here.
    pub fn message_conversation(&self, id: i64) -> Result<Option<i64>, StoreError> {
        const SQL: Sql = Sql::new("select conversation_id from messages where tenant_id = :tenant and id = :id");
        self.one(SQL, named_params! { ":id": id }, |row| row.get(0))
    }

    /// Whether a message with this id is here, and its type.
    pub fn message_type(&self, id: i64) -> Result<Option<MessageType>, StoreError> {
        const SQL: Sql = Sql::new("select message_type from messages where tenant_id = :tenant and id = :id");
        let word: Option<String> = self.one(SQL, named_params! { ":id": id }, |row| row.get(0))?;
        Ok(word.and_then(|word| word.parse().ok()))
    }
}

impl Kept {
    /// Whether the row says something else, the way of a delivery aside.
    fn differs(&self, new: &MessageRow, (attachments, mail): Texts<'_>) -> bool {
        self.deleted != new.deleted
            || self.conversation_id != new.conversation_id
            || self.content != new.content
            || self.content_type != new.content_type
            || self.error != new.error
            || self.attachments != attachments
            || self.in_reply_to != new.in_reply_to
            || self.mail.as_deref() != mail
            || new.sender.as_ref().and_then(|sender| sender.id).is_some_and(|id| self.sender_id != Some(id))
    }
}

/// Of two delivery states the one that is further along; a failure may follow anything, and be followed by a retry's "sent".
fn further(known: DeliveryState, new: DeliveryState) -> DeliveryState {
    let rank = |state| match state {
        DeliveryState::Delivered => 1,
        DeliveryState::Read => 2,
        _ => 0,
    };
    if rank(known) > rank(new) && new != DeliveryState::Failed { known } else { new }
}
