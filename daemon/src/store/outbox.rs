//! What goes out: one row for each write, kept until Chatwoot has it.

mod entry;

use api::event::{ActivityType, SubjectType};
use api::inbox::{MessageView, OutboxState};
use api::status::OutboxCounts;
use rusqlite::named_params;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{NewActivity, Scope, Sql, StoreError};
use crate::clock::{Micros, SECOND};
use crate::domain::outbox::FileRef;

use entry::read;
pub use entry::{NewOutbox, OutboxKind, OutboxRow};

/// How long an entry that is over is kept, so that a late echo of it is still recognised. What wrote back a decision stays with it.
const KEEP_OVER: Micros = 90 * 24 * 3600 * SECOND;

/// How often the oldest entries are looked for, in entries: the look reads all that are over.
const PRUNE_EVERY: i64 = 256;

macro_rules! columns {
    ($rest:literal) => {
        concat!(
            "select position, id, conversation_id, contact_id, kind, payload, user, approval_id, state, attempts, unsure, not_before_us, error, created_at_us ",
            $rest
        )
    };
}

const OUTBOX_ENTRY: Sql = Sql::new(columns!("from outbox where tenant_id = :tenant and id = :id"));
const OPEN_OUTBOX: Sql = Sql::new(columns!(
    "from outbox where tenant_id = :tenant and state in ('queued', 'sending', 'held', 'failed') and position > :after
             order by position limit :limit"
));
const DUE_OUTBOX: Sql = Sql::new(columns!(
    "from outbox o where tenant_id = :tenant and state = 'queued' and not_before_us <= :now
             and not exists (select 1 from outbox e where e.tenant_id = :tenant and e.conversation_id = o.conversation_id
                 and e.contact_id is o.contact_id and e.state in ('queued', 'sending') and e.position < o.position)
             order by position limit :limit"
));
// Tried before: what was never tried is within its hold.
const PUT_OFF: Sql = Sql::new(columns!(
    "from outbox where tenant_id = :tenant and state = 'queued' and attempts > 0 and not_before_us > :now order by position limit :limit"
));
const PENDING_MESSAGES: Sql = Sql::new(columns!(
    "from outbox where tenant_id = :tenant and conversation_id = :conversation and kind in ('reply', 'note')
             and state in ('queued', 'sending', 'held', 'failed') order by position"
));
const WITH_FILES: Sql = Sql::new(columns!(
    "from outbox where tenant_id = :tenant and state in ('queued', 'sending', 'held', 'failed') and kind in ('reply', 'note')
             and json_array_length(payload, '$.files') > 0 order by position"
));
// Writes on a conversation that change its contact too.
const MUTES: Sql = Sql::new(
    "select o.position, o.id, o.conversation_id, o.contact_id, o.kind, o.payload, o.user, o.approval_id, o.state, o.attempts, o.unsure,
         o.not_before_us, o.error, o.created_at_us
     from conversations c join outbox o on o.tenant_id = :tenant and o.conversation_id = c.id and o.state in ('queued', 'sending')
     where c.tenant_id = :tenant and c.contact_id = :contact and o.kind = 'mute' order by o.position",
);
const UNCONFIRMED: Sql = Sql::new(columns!(
    "from outbox where tenant_id = :tenant and conversation_id = :conversation and contact_id is :contact
             and state in ('queued', 'sending') order by position"
));
const OPEN_OF_CONTACT: Sql = Sql::new(columns!(
    "from outbox where tenant_id = :tenant and conversation_id = 0 and contact_id is :contact
             and state in ('queued', 'sending', 'held', 'failed') order by position"
));

/// The statements that macros put together, for the test of their plans.
#[cfg(test)]
pub(super) const ALL: &[Sql] =
    &[OUTBOX_ENTRY, OPEN_OUTBOX, DUE_OUTBOX, PUT_OFF, PENDING_MESSAGES, WITH_FILES, UNCONFIRMED, MUTES, OPEN_OF_CONTACT];

impl Scope<'_> {
    /// Writes an entry, shows its effect at once, and tells the clients.
    pub fn enqueue(&self, new: &NewOutbox) -> Result<OutboxRow, StoreError> {
        const NEXT: Sql = Sql::new("select max(position) from outbox where tenant_id = :tenant");
        const SQL: Sql = Sql::new(
            "insert into outbox (tenant_id, position, id, conversation_id, contact_id, kind, payload, user, approval_id, state, attempts, unsure, not_before_us, created_at_us)
             values (:tenant, :position, :id, :conversation, :contact, :kind, :payload, :user, :approval, 'queued', 0, 0, :not_before, :now)",
        );
        const OLD: Sql = Sql::new(
            "delete from outbox where tenant_id = :tenant and state in ('done', 'cancelled') and approval_id is null and done_at_us < :before",
        );
        let (position, id) = (self.number(NEXT, &[])? + 1, Uuid::now_v7());
        if position % PRUNE_EVERY == 0 {
            self.run(OLD, named_params! { ":before": self.now() - KEEP_OVER })?;
        }
        let contact = new.payload.get("contact_id").and_then(Value::as_i64);
        let mut payload = new.payload.clone();
        if let (Some(was), Some(fields)) = (self.standing(new.conversation_id, contact, new.kind)?, payload.as_object_mut()) {
            fields.insert("was".to_owned(), was);
        }
        self.run(
            SQL,
            named_params! {
                ":position": position, ":id": id.to_string(), ":conversation": new.conversation_id, ":contact": contact,
                ":kind": new.kind.as_str(), ":payload": payload.to_string(), ":user": new.user, ":approval": new.approval_id.map(|id| id.to_string()),
                ":not_before": new.not_before, ":now": self.now(),
            },
        )?;
        let row = self.outbox_entry(id)?.ok_or_else(|| StoreError::Corrupt { table: "outbox", message: format!("{id} is not there") })?;
        self.overlay(&row)?;
        self.tell(&row)?;
        Ok(row)
    }

    /// One entry.
    pub fn outbox_entry(&self, id: Uuid) -> Result<Option<OutboxRow>, StoreError> {
        self.one(OUTBOX_ENTRY, named_params! { ":id": id.to_string() }, read)?.transpose()
    }

    /// Entries that are not over, written after the one at `after`, oldest first.
    pub fn open_outbox(&self, after: i64, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        self.all(OPEN_OUTBOX, named_params! { ":after": after, ":limit": limit }, read)?.into_iter().collect()
    }

    /// The next entry of each conversation that may leave now. One that failed or is held does not stop those behind it; one that still
    /// waits does, so that a conversation's order is kept.
    pub fn due_outbox(&self, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        self.all(DUE_OUTBOX, named_params! { ":now": self.now(), ":limit": limit }, read)?.into_iter().collect()
    }

    /// When the next entry may leave; `None` when nothing waits.
    pub fn next_outbox(&self) -> Result<Option<Micros>, StoreError> {
        const SQL: Sql = Sql::new("select min(not_before_us) from outbox where tenant_id = :tenant and state = 'queued'");
        Ok(self.one(SQL, &[], |row| row.get::<_, Option<Micros>>(0))?.flatten())
    }

    /// When the next entry that may not leave yet may; those that may already are [`Scope::due_outbox`]'s, or wait for one before them.
    pub fn next_outbox_later(&self) -> Result<Option<Micros>, StoreError> {
        const SQL: Sql =
            Sql::new("select min(not_before_us) from outbox where tenant_id = :tenant and state = 'queued' and not_before_us > :now");
        Ok(self.one(SQL, named_params! { ":now": self.now() }, |row| row.get::<_, Option<Micros>>(0))?.flatten())
    }

    /// Whether another entry than `id` is known to have made this message.
    pub fn message_is_taken(&self, message_id: i64, id: Uuid) -> Result<bool, StoreError> {
        const SQL: Sql = Sql::new("select count(*) from outbox where tenant_id = :tenant and message_id = :message and id <> :id");
        Ok(self.number(SQL, named_params! { ":message": message_id, ":id": id.to_string() })? > 0)
    }

    /// The entry leaves now. From here on a crash means: look before sending again. `false` when it was recalled meanwhile.
    pub fn begin_sending(&self, id: Uuid) -> Result<bool, StoreError> {
        const SQL: Sql = Sql::new(
            "update outbox set state = 'sending', attempts = attempts + 1, unsure = 1
             where tenant_id = :tenant and id = :id and state = 'queued'",
        );
        let begun = self.run(SQL, named_params! { ":id": id.to_string() })? == 1;
        if begun {
            self.tell_of(id)?;
        }
        Ok(begun)
    }

    /// What was on its way when the process ended: its outcome is not known.
    pub fn resume_outbox(&self) -> Result<usize, StoreError> {
        const SQL: Sql = Sql::new(
            "update outbox set state = 'queued', unsure = 1, not_before_us = :now where tenant_id = :tenant and state = 'sending'",
        );
        self.run(SQL, named_params! { ":now": self.now() })
    }

    /// Chatwoot has it.
    pub fn outbox_done(&self, id: Uuid, message_id: Option<i64>) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new(
            "update outbox set state = 'done', error = null, unsure = 0, message_id = coalesce(:message, message_id), done_at_us = :now
             where tenant_id = :tenant and id = :id and state <> 'done'",
        );
        if self.run(SQL, named_params! { ":id": id.to_string(), ":message": message_id, ":now": self.now() })? == 1
            && let Some(row) = self.outbox_entry(id)?
        {
            if row.kind == OutboxKind::Participants {
                self.participants_done(&row)?;
            }
            if let (OutboxKind::Contact, Some(contact)) = (row.kind, row.contact_id) {
                self.contact_written(contact)?;
            }
            self.tell(&row)?;
        }
        Ok(())
    }

    /// The conversation that an entry was to begin is there.
    pub fn outbox_begun(&self, id: Uuid, conversation_id: i64) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new(
            "update outbox set conversation_id = :conversation where tenant_id = :tenant and id = :id and kind = 'conversation' and state <> 'done'",
        );
        self.run(SQL, named_params! { ":id": id.to_string(), ":conversation": conversation_id })?;
        self.outbox_done(id, None)
    }

    /// A message with our mark arrived by another path: the entry is done, whatever became of its answer.
    pub fn settle_by_mark(&self, mark: &str, message_id: i64) -> Result<(), StoreError> {
        match mark.parse() {
            Ok(id) => self.outbox_done(id, Some(message_id)),
            Err(_) => Ok(()), // Somebody else's mark under our key.
        }
    }

    /// A try failed and another will follow.
    pub fn outbox_again(&self, id: Uuid, error: &str, unsure: bool, not_before: Micros) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new(
            "update outbox set state = 'queued', error = :error, unsure = :unsure, not_before_us = :not_before
             where tenant_id = :tenant and id = :id and state = 'sending'",
        );
        if self.run(SQL, named_params! { ":id": id.to_string(), ":error": error, ":unsure": unsure, ":not_before": not_before })? == 1 {
            self.tell_of(id)?;
        }
        Ok(())
    }

    /// The entry is over without success: `failed` (refused) or `held` (outcome unknown).
    pub fn outbox_over(&self, id: Uuid, state: OutboxState, error: &str) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new(
            "update outbox set state = :state, error = :error where tenant_id = :tenant and id = :id and state in ('queued', 'sending')",
        );
        if self.run(SQL, named_params! { ":id": id.to_string(), ":state": state.as_str(), ":error": error })? == 1 {
            self.put_back(id)?;
            self.tell_of(id)?;
        }
        Ok(())
    }

    /// Takes back what has not left, or discards what failed. `false` when it is past that.
    pub fn cancel_outbox(&self, id: Uuid) -> Result<bool, StoreError> {
        const SQL: Sql = Sql::new(
            "update outbox set state = 'cancelled', done_at_us = :now where tenant_id = :tenant and id = :id
             and (state in ('failed', 'held') or (state = 'queued' and unsure = 0))",
        );
        let cancelled = self.run(SQL, named_params! { ":id": id.to_string(), ":now": self.now() })? == 1;
        if cancelled {
            self.put_back(id)?;
            self.tell_of(id)?;
        }
        Ok(cancelled)
    }

    /// Tries a failed or held entry again. A message or a conversation is looked up first, whatever it failed of; for everything else a person has looked and
    /// wants it. Its tries are counted anew; not from none, which would say that it never left.
    pub fn retry_outbox(&self, id: Uuid) -> Result<bool, StoreError> {
        const SQL: Sql = Sql::new(
            "update outbox set state = 'queued', not_before_us = :now, error = null, attempts = min(attempts, 1),
                 unsure = case when kind in ('reply', 'note', 'contact_note', 'conversation') then unsure else 0 end
             where tenant_id = :tenant and id = :id and state in ('failed', 'held')",
        );
        let again = self.run(SQL, named_params! { ":id": id.to_string(), ":now": self.now() })? == 1;
        if again {
            self.tell_of(id)?;
        }
        Ok(again)
    }

    /// Has the oldest entries that wait for their next try, at most `limit`, tried now; returns how many.
    pub fn flush_outbox(&self, limit: u32) -> Result<u64, StoreError> {
        const SQL: Sql =
            Sql::new("update outbox set not_before_us = :now where tenant_id = :tenant and id = :id and state = 'queued' and attempts > 0");
        let rows: Vec<OutboxRow> =
            self.all(PUT_OFF, named_params! { ":now": self.now(), ":limit": limit }, read)?.into_iter().collect::<Result<_, _>>()?;
        for row in &rows {
            self.run(SQL, named_params! { ":id": row.id.to_string(), ":now": self.now() })?;
            self.tell_of(row.id)?;
        }
        Ok(rows.len() as u64)
    }

    /// Entries that are not over, by what they wait for.
    pub fn outbox_counts(&self) -> Result<OutboxCounts, StoreError> {
        const SQL: Sql = Sql::new(
            "select count(*) filter (where state in ('queued', 'sending')) as queued, count(*) filter (where state = 'failed') as failed,
                    count(*) filter (where state = 'held') as held
             from outbox where tenant_id = :tenant and state in ('queued', 'sending', 'failed', 'held')",
        );
        let counts =
            self.one(SQL, &[], |row| Ok(OutboxCounts { queued: row.get("queued")?, failed: row.get("failed")?, held: row.get("held")? }))?;
        Ok(counts.unwrap_or_default())
    }

    /// Messages of a conversation that Chatwoot does not have yet, in order; those of the user `by` are marked.
    pub fn pending_messages(
        &self,
        conversation_id: i64,
        names: &dyn Fn(Option<&str>) -> String,
        by: &str,
    ) -> Result<Vec<MessageView>, StoreError> {
        let rows: Vec<OutboxRow> =
            self.all(PENDING_MESSAGES, named_params! { ":conversation": conversation_id }, read)?.into_iter().collect::<Result<_, _>>()?;
        Ok(rows.iter().map(|row| MessageView { own: row.user.as_deref() == Some(by), ..row.message(names(row.user.as_deref())) }).collect())
    }

    /// Files that an entry still needs.
    pub fn needed_files(&self) -> Result<Vec<FileRef>, StoreError> {
        Ok(self.all(WITH_FILES, &[], read)?.into_iter().collect::<Result<Vec<_>, _>>()?.iter().flat_map(OutboxRow::files).collect())
    }

    /// Kinds of our writes that Chatwoot has not confirmed.
    pub fn pending_kinds(&self, conversation_id: i64) -> Result<Vec<String>, StoreError> {
        const SQL: Sql = Sql::new(
            "select distinct kind from outbox where tenant_id = :tenant and conversation_id = :conversation
             and state in ('queued', 'sending') order by kind",
        );
        self.all(SQL, named_params! { ":conversation": conversation_id }, |row| row.get(0))
    }

    /// How far the write-back of a decision is: entries, of them over, of them failed.
    pub fn write_back(&self, approval_id: Uuid) -> Result<(u64, u64, u64), StoreError> {
        const SQL: Sql = Sql::new(
            "select count(*), count(*) filter (where state = 'done'), count(*) filter (where state in ('failed', 'held', 'cancelled'))
             from outbox where tenant_id = :tenant and approval_id = :approval",
        );
        let counts =
            self.one(SQL, named_params! { ":approval": approval_id.to_string() }, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(counts.unwrap_or_default())
    }

    /// Unconfirmed entries of a conversation, or of a contact, in order.
    pub(super) fn unconfirmed(&self, conversation_id: i64, contact_id: Option<i64>) -> Result<Vec<OutboxRow>, StoreError> {
        self.all(UNCONFIRMED, named_params! { ":conversation": conversation_id, ":contact": contact_id }, read)?.into_iter().collect()
    }

    /// Whether another entry than that at `position` wrote labels of a conversation, carried out since or still on its way.
    pub fn labels_written_since(&self, conversation_id: i64, since: Micros, position: i64) -> Result<bool, StoreError> {
        const SQL: Sql = Sql::new(
            "select count(*) from outbox where tenant_id = :tenant and conversation_id = :conversation and kind = 'labels'
             and position <> :position and (state in ('sending', 'held') or (state = 'done' and done_at_us >= :since))",
        );
        let params = named_params! { ":conversation": conversation_id, ":position": position, ":since": since };
        Ok(self.number(SQL, params)? > 0)
    }

    /// The entry is the daemon's from now on, and tried again at once: whoever it was written as is refused it.
    pub fn outbox_by_daemon(&self, id: Uuid, error: &str) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new(
            "update outbox set state = 'queued', user = null, error = :error, unsure = 0, not_before_us = :now
             where tenant_id = :tenant and id = :id and state = 'sending'",
        );
        if self.run(SQL, named_params! { ":id": id.to_string(), ":error": error, ":now": self.now() })? == 1 {
            self.tell_of(id)?;
        }
        Ok(())
    }

    /// Unconfirmed entries that block or unblock a contact from one of its conversations, in order.
    pub(super) fn unconfirmed_mutes(&self, contact_id: i64) -> Result<Vec<OutboxRow>, StoreError> {
        self.all(MUTES, named_params! { ":contact": contact_id }, read)?.into_iter().collect()
    }

    /// Entries of a contact that are not over, in order.
    pub(super) fn open_of_contact(&self, contact_id: i64) -> Result<Vec<OutboxRow>, StoreError> {
        self.all(OPEN_OF_CONTACT, named_params! { ":contact": contact_id }, read)?.into_iter().collect()
    }

    fn tell_of(&self, id: Uuid) -> Result<(), StoreError> {
        self.outbox_entry(id)?.map_or(Ok(()), |row| self.tell(&row))
    }

    fn tell(&self, row: &OutboxRow) -> Result<(), StoreError> {
        let data = json!({
            "state": row.state, "kind": row.kind.as_str(), "user": row.user, "error": row.error, "attempts": row.attempts, "contact_id": row.contact_id,
        });
        let mut activity = NewActivity::by_chatwoot(ActivityType::OutboxUpdated, SubjectType::Outbox, row.id.to_string());
        match row.conversation() {
            Some(conversation) => activity = activity.in_conversation(conversation.0, data),
            None => activity.data = data, // Of a contact's; a conversation that is begun has its own once it is there.
        }
        self.record_activity(activity)?;
        Ok(())
    }
}
