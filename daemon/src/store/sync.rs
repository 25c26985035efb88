//! How the copying stands: what is to be read again, and where the walks are.

use rusqlite::named_params;

use super::{Scope, Sql, StoreError};
use crate::clock::{Micros, SECOND};

/// What kind of object is to be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RereadKind {
    /// A conversation, by display id.
    Conversation,
    /// A message, by id, in its conversation.
    Message,
    /// A contact, by id.
    Contact,
    /// Agents, inboxes, teams and labels; the id is 0.
    Directory,
}

impl RereadKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::Message => "message",
            Self::Contact => "contact",
            Self::Directory => "directory",
        }
    }
}

/// How much of one tenant's Chatwoot is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cached {
    /// Conversations.
    pub conversations: u64,
    /// Messages.
    pub messages: u64,
    /// Contacts.
    pub contacts: u64,
}

/// An object to read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reread {
    /// What it is.
    pub kind: RereadKind,
    /// Its id.
    pub id: i64,
    /// Of a message: its conversation; else 0.
    pub conversation_id: i64,
}

/// The clocks of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocks {
    /// Chatwoot's: last change.
    pub updated: Micros,
    /// Chatwoot's: last activity.
    pub activity: Micros,
    /// Ours: when it was last heard, or the read that showed it was asked for.
    pub heard: Micros,
}

/// The longest wait between two tries, and the first: doubling from one to the other.
const RETRY_FIRST: Micros = SECOND;
const RETRY_MAX: Micros = 300 * SECOND;

impl Scope<'_> {
    /// How many conversations, messages and contacts are kept.
    pub fn cached(&self) -> Result<Cached, StoreError> {
        const SQL: Sql = Sql::new(
            "select (select count(*) from conversations where tenant_id = :tenant) as conversations,
                    (select count(*) from messages where tenant_id = :tenant) as messages,
                    (select count(*) from contacts where tenant_id = :tenant) as contacts",
        );
        let number = |row: &rusqlite::Row<'_>, name| Ok::<_, rusqlite::Error>(row.get::<_, i64>(name)?.unsigned_abs());
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Cached {
                conversations: number(row, "conversations")?,
                messages: number(row, "messages")?,
                contacts: number(row, "contacts")?,
            })
        };
        Ok(self.one(SQL, named_params! {}, read)?.unwrap_or_default())
    }

    /// Marks an object to be read again; marking it twice is marking it once.
    pub fn mark(&self, reread: Reread) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new(
            "insert into rereads (tenant_id, kind, id, conversation_id, attempts, not_before_us)
             values (:tenant, :kind, :id, :conversation, 0, :now)
             on conflict do update set attempts = 0, not_before_us = excluded.not_before_us",
        );
        let Reread { kind, id, conversation_id } = reread;
        self.run(SQL, named_params! { ":kind": kind.as_str(), ":id": id, ":conversation": conversation_id, ":now": self.now() })?;
        Ok(())
    }

    /// Marks an object to be read again at `at` at the latest.
    pub fn mark_at(&self, reread: Reread, at: Micros) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new(
            "insert into rereads (tenant_id, kind, id, conversation_id, attempts, not_before_us)
             values (:tenant, :kind, :id, :conversation, 0, :at)
             on conflict do update set not_before_us = min(not_before_us, excluded.not_before_us)",
        );
        let Reread { kind, id, conversation_id } = reread;
        self.run(SQL, named_params! { ":kind": kind.as_str(), ":id": id, ":conversation": conversation_id, ":at": at })?;
        Ok(())
    }

    /// Objects whose turn it is, and when the next one's comes if none is due.
    pub fn due_rereads(&self, limit: u32) -> Result<Vec<Reread>, StoreError> {
        const SQL: Sql = Sql::new(
            "select kind, id, conversation_id from rereads where tenant_id = :tenant and not_before_us <= :now
             order by not_before_us, kind, id limit :limit",
        );
        self.all(SQL, named_params! { ":now": self.now(), ":limit": limit }, |row| {
            let kind = match row.get_ref("kind")?.as_str()? {
                "conversation" => RereadKind::Conversation,
                "message" => RereadKind::Message,
                "contact" => RereadKind::Contact,
                _ => RereadKind::Directory,
            };
            Ok(Reread { kind, id: row.get("id")?, conversation_id: row.get("conversation_id")? })
        })
    }

    /// When the next object is due; `None` when nothing waits.
    pub fn next_reread(&self) -> Result<Option<Micros>, StoreError> {
        const SQL: Sql = Sql::new("select min(not_before_us) from rereads where tenant_id = :tenant");
        Ok(self.one(SQL, &[], |row| row.get::<_, Option<Micros>>(0))?.flatten())
    }

    /// How many objects wait to be read again.
    pub fn rereads_waiting(&self) -> Result<u64, StoreError> {
        const SQL: Sql = Sql::new("select count(*) from rereads where tenant_id = :tenant");
        Ok(self.number(SQL, &[])?.unsigned_abs())
    }

    /// The object was read and applied.
    pub fn reread_done(&self, reread: Reread) -> Result<(), StoreError> {
        const SQL: Sql =
            Sql::new("delete from rereads where tenant_id = :tenant and kind = :kind and id = :id and conversation_id = :conversation");
        let Reread { kind, id, conversation_id } = reread;
        self.run(SQL, named_params! { ":kind": kind.as_str(), ":id": id, ":conversation": conversation_id })?;
        Ok(())
    }

    /// The object could not be read: later again, each time twice as late. `haste` shortens the waits (see [`crate::config::Sync::haste`]).
    pub fn reread_failed(&self, reread: Reread, haste: u32) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new(
            "update rereads set attempts = attempts + 1, not_before_us = :now + min(:first * (1 << min(attempts, 20)), :most)
             where tenant_id = :tenant and kind = :kind and id = :id and conversation_id = :conversation",
        );
        let Reread { kind, id, conversation_id } = reread;
        let haste = Micros::from(haste.max(1));
        self.run(
            SQL,
            named_params! {
                ":kind": kind.as_str(), ":id": id, ":conversation": conversation_id,
                ":now": self.now(), ":first": RETRY_FIRST / haste, ":most": RETRY_MAX / haste,
            },
        )?;
        Ok(())
    }

    /// Takes objects whose turn it is, and keeps them from being taken again until `until`. A mark made meanwhile undoes that, so that a
    /// change heard while the object was being read is not lost.
    pub fn take_rereads(&self, limit: u32, until: Micros) -> Result<Vec<Reread>, StoreError> {
        const SQL: Sql = Sql::new(
            "update rereads set not_before_us = :until
             where tenant_id = :tenant and kind = :kind and id = :id and conversation_id = :conversation",
        );
        let due = self.due_rereads(limit)?;
        for Reread { kind, id, conversation_id } in &due {
            self.run(SQL, named_params! { ":kind": kind.as_str(), ":id": id, ":conversation": conversation_id, ":until": until })?;
        }
        Ok(due)
    }

    /// The object taken until `until` was read and applied; it stays where it was marked again meanwhile.
    pub fn reread_settled(&self, reread: Reread, until: Micros) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new(
            "delete from rereads where tenant_id = :tenant and kind = :kind and id = :id and conversation_id = :conversation
             and not_before_us = :until",
        );
        let Reread { kind, id, conversation_id } = reread;
        self.run(SQL, named_params! { ":kind": kind.as_str(), ":id": id, ":conversation": conversation_id, ":until": until })?;
        Ok(())
    }

    /// Everything that waits is due at once: nothing that was taken before this process began is still being read.
    pub fn release_rereads(&self) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new("update rereads set not_before_us = :now where tenant_id = :tenant and not_before_us > :now");
        self.run(SQL, named_params! { ":now": self.now() })?;
        Ok(())
    }

    /// Cursors whose name begins with `prefix` (which must hold no `%` and `_`), by name.
    pub fn cursors<T: serde::de::DeserializeOwned>(&self, prefix: &str) -> Result<Vec<(String, T)>, StoreError> {
        const SQL: Sql =
            Sql::new("select name, value from cursors where tenant_id = :tenant and name like :prefix || '%' order by name limit 1000");
        let rows: Vec<(String, String)> = self.all(SQL, named_params! { ":prefix": prefix }, |row| Ok((row.get(0)?, row.get(1)?)))?;
        let read = |(name, text): (String, String)| match serde_json::from_str(&text) {
            Ok(value) => Ok((name, value)),
            Err(err) => Err(StoreError::Corrupt { table: "cursors", message: format!("{name}: {err}") }),
        };
        rows.into_iter().map(read).collect()
    }

    /// The walk is over.
    pub fn drop_cursor(&self, name: &str) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new("delete from cursors where tenant_id = :tenant and name = :name");
        self.run(SQL, named_params! { ":name": name })?;
        Ok(())
    }

    /// Ids of conversations whose newest activity is later than `activity`, ascending.
    pub fn conversations_active_after(&self, activity: Micros) -> Result<Vec<i64>, StoreError> {
        const SQL: Sql = Sql::new("select id from conversations where tenant_id = :tenant and last_activity_at_us > :activity order by id");
        self.all(SQL, named_params! { ":activity": activity }, |row| row.get(0))
    }

    /// The newest messages of the conversation were read then.
    pub fn messages_read(&self, id: i64, at: Micros) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new(
            "update conversations set messages_read_at_us = :at where tenant_id = :tenant and id = :id and messages_read_at_us < :at",
        );
        self.run(SQL, named_params! { ":id": id, ":at": at })?;
        Ok(())
    }

    /// Conversations active since `active`, whose messages were last read before `before`: those first that were read longest ago.
    pub fn messages_to_read_again(&self, active: Micros, before: Micros, limit: u32) -> Result<Vec<i64>, StoreError> {
        const SQL: Sql = Sql::new(
            "select id from conversations where tenant_id = :tenant and status in ('open', 'resolved', 'pending', 'snoozed')
             and last_activity_at_us >= :active and messages_read_at_us < :before order by messages_read_at_us, id limit :limit",
        );
        self.all(SQL, named_params! { ":active": active, ":before": before, ":limit": limit }, |row| row.get(0))
    }

    /// How many conversations were heard since.
    pub fn conversations_heard_since(&self, since: Micros) -> Result<u64, StoreError> {
        const SQL: Sql = Sql::new("select count(*) from conversations where tenant_id = :tenant and heard_at_us >= :since");
        Ok(self.number(SQL, named_params! { ":since": since })?.unsigned_abs())
    }

    /// Conversations above `after` that were not heard since, by id.
    pub fn conversations_not_heard_since(&self, since: Micros, after: i64, limit: u32) -> Result<Vec<i64>, StoreError> {
        const SQL: Sql = Sql::new(
            "select id from conversations where tenant_id = :tenant and id > :after and heard_at_us < :since order by id limit :limit",
        );
        self.all(SQL, named_params! { ":since": since, ":after": after, ":limit": limit }, |row| row.get(0))
    }

    /// How many open conversations an agent has.
    pub fn open_conversations_of(&self, agent: i64) -> Result<u64, StoreError> {
        const SQL: Sql =
            Sql::new("select count(*) from conversations where tenant_id = :tenant and assignee_id = :agent and status = 'open'");
        Ok(self.number(SQL, named_params! { ":agent": agent })?.unsigned_abs())
    }

    /// The clocks of a conversation as it is kept.
    pub fn conversation_clocks(&self, id: i64) -> Result<Option<Clocks>, StoreError> {
        const SQL: Sql =
            Sql::new("select updated_at_us, last_activity_at_us, heard_at_us from conversations where tenant_id = :tenant and id = :id");
        self.one(SQL, named_params! { ":id": id }, |row| Ok(Clocks { updated: row.get(0)?, activity: row.get(1)?, heard: row.get(2)? }))
    }

    /// Where a walk is.
    pub fn cursor<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        const SQL: Sql = Sql::new("select value from cursors where tenant_id = :tenant and name = :name");
        let text: Option<String> = self.one(SQL, named_params! { ":name": name }, |row| row.get(0))?;
        let read = |text: String| {
            serde_json::from_str(&text).map_err(|err| StoreError::Corrupt { table: "cursors", message: format!("{name}: {err}") })
        };
        text.map(read).transpose()
    }

    /// Remembers where a walk is.
    pub fn set_cursor<T: serde::Serialize>(&self, name: &str, value: &T) -> Result<(), StoreError> {
        const SQL: Sql = Sql::new(
            "insert into cursors (tenant_id, name, value) values (:tenant, :name, :value) on conflict do update set value = excluded.value",
        );
        let value =
            serde_json::to_string(value).map_err(|err| StoreError::Corrupt { table: "cursors", message: format!("{name}: {err}") })?;
        self.run(SQL, named_params! { ":name": name, ":value": value })?;
        Ok(())
    }

    /// Rows kept, for the progress of the first copy.
    pub fn counts(&self) -> Result<(u64, u64), StoreError> {
        const CONVERSATIONS: Sql = Sql::new("select count(*) from conversations where tenant_id = :tenant");
        const MESSAGES: Sql = Sql::new("select count(*) from messages where tenant_id = :tenant");
        Ok((self.number(CONVERSATIONS, &[])?.unsigned_abs(), self.number(MESSAGES, &[])?.unsigned_abs()))
    }
}
