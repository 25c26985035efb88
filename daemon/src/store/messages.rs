//! Messages as they are read: what Chatwoot has, then what is still in the outbox.

use api::approval::ExcerptLine;
use api::id::{ConversationId, MessageId};
use api::inbox::{AttachmentView, DeliveryState, MessageQuery, MessageType, MessageView, Sender, SenderKind};
use api::mail::MailView;
use rusqlite::{Row, named_params};

use super::{Scope, Sql, StoreError};
use crate::clock::{Micros, timestamp};

/// A message as Chatwoot described it, ready to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageRow {
    /// Chatwoot's id.
    pub id: i64,
    /// Its conversation.
    pub conversation_id: i64,
    /// Whose it is.
    pub message_type: MessageType,
    /// Whether only the team sees it.
    pub private: bool,
    /// Its text.
    pub content: Option<String>,
    /// Chatwoot's word.
    pub content_type: String,
    /// Delivery; `None` where the payload does not say (webhooks).
    pub state: Option<DeliveryState>,
    /// Why it failed.
    pub error: Option<String>,
    /// Who wrote it.
    pub sender: Option<Sender>,
    /// Files.
    pub attachments: Vec<AttachmentView>,
    /// Whether it was deleted.
    pub deleted: bool,
    /// The message it answers.
    pub in_reply_to: Option<i64>,
    /// What stands over it, where it is an e-mail.
    pub mail: Option<MailView>,
    /// The outbox entry it came from.
    pub afenda_id: Option<String>,
    /// When it was written.
    pub created_at: Micros,
    /// Chatwoot's clock for it; `None` where the payload has none (REST, webhooks).
    pub updated_at: Option<Micros>,
}

/// What decides whether a message is somebody's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Whose it is.
    pub message_type: MessageType,
    /// Whether only the team sees it.
    pub private: bool,
    /// Whether it was deleted.
    pub deleted: bool,
    /// The agent whose it is in Chatwoot.
    pub agent: Option<i64>,
    /// The user here who wrote it, where it left from our outbox; nobody (`""`) of a decision's note, which stays.
    pub user: Option<String>,
}

impl Written {
    /// Whether a user here, linked to this agent, wrote it. What the outbox says is surer: without an own token the service user is Chatwoot's author.
    pub fn is_by(&self, user: &str, agent: Option<i64>) -> bool {
        is_by(self.message_type, self.agent, self.user.as_deref(), (user, agent))
    }
}

/// Whether a message of this type, of this author in Chatwoot and, where it left from our outbox, of this user, is the own of whoever is `by`.
fn is_by(message_type: MessageType, author: Option<i64>, written_by: Option<&str>, (user, agent): (&str, Option<i64>)) -> bool {
    let theirs = match written_by {
        Some(name) => name == user,
        None => agent.is_some() && author == agent,
    };
    theirs && message_type == MessageType::Outgoing
}

/// The agent who wrote it, in Chatwoot.
fn agent_of(view: &MessageView) -> Option<i64> {
    view.sender.as_ref().filter(|sender| sender.kind == SenderKind::User).and_then(|sender| sender.id)
}

/// A line of an approval's excerpt is cut to this many characters.
const EXCERPT_CHARS: usize = 2000;

impl Scope<'_> {
    /// Messages of a conversation, ascending, and whether there are more beyond the page. `by` is who reads them, and the agent whom that
    /// user is linked to: theirs are marked.
    pub fn messages(
        &self,
        conversation_id: i64,
        query: &MessageQuery,
        limit: u32,
        by: (&str, Option<i64>),
    ) -> Result<(Vec<MessageView>, bool), StoreError> {
        const NEWEST: Sql = Sql::new(
            "select m.*, case when o.approval_id is null then o.user else '' end as written_by from messages m left join outbox o on o.tenant_id = :tenant and o.id = m.afenda_id
             where m.tenant_id = :tenant and m.conversation_id = :conversation
             and (:before is null or m.id < :before) and (:since is null or m.created_at_us >= :since) order by m.id desc limit :limit",
        );
        const AFTER: Sql = Sql::new(
            "select m.*, case when o.approval_id is null then o.user else '' end as written_by from messages m left join outbox o on o.tenant_id = :tenant and o.id = m.afenda_id
             where m.tenant_id = :tenant and m.conversation_id = :conversation
             and m.id > :after and (:before is null or m.id < :before) and (:since is null or m.created_at_us >= :since)
             order by m.id limit :limit",
        );
        let read = |row: &Row<'_>| {
            let view = read(row)?;
            let user: Option<String> = row.get("written_by")?;
            Ok(MessageView { own: is_by(view.message_type, agent_of(&view), user.as_deref(), by), ..view })
        };
        let limit_one_more = i64::from(limit) + 1;
        let conversation = conversation_id;
        let since = query.since.map(|at| at.as_microsecond());
        let mut rows = match query.after {
            Some(after) => {
                let params = named_params! {
                    ":conversation": conversation, ":after": after, ":before": query.before, ":since": since, ":limit": limit_one_more,
                };
                self.all(AFTER, params, read)?
            }
            None => {
                let params =
                    named_params! { ":conversation": conversation, ":before": query.before, ":since": since, ":limit": limit_one_more };
                self.all(NEWEST, params, read)?
            }
        };
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        if query.after.is_none() {
            rows.reverse();
        }
        Ok((rows, more))
    }

    /// The messages of one conversation in total.
    pub fn message_count(&self, conversation_id: i64) -> Result<u64, StoreError> {
        const SQL: Sql = Sql::new("select count(*) from messages where tenant_id = :tenant and conversation_id = :conversation");
        Ok(self.number(SQL, named_params! { ":conversation": conversation_id })?.unsigned_abs())
    }

    /// Chatwoot's newest id in one conversation; 0 when there is none.
    pub fn newest_message(&self, conversation_id: i64) -> Result<i64, StoreError> {
        const SQL: Sql = Sql::new("select max(id) from messages where tenant_id = :tenant and conversation_id = :conversation");
        self.number(SQL, named_params! { ":conversation": conversation_id })
    }

    /// Who wrote a message of a conversation, and whether it can be deleted; `None`: no such message here.
    pub fn written(&self, conversation_id: i64, id: i64) -> Result<Option<Written>, StoreError> {
        const SQL: Sql = Sql::new(
            "select m.message_type, m.private, m.deleted, m.sender_kind, m.sender_id, case when o.approval_id is null then o.user else '' end from messages m
             left join outbox o on o.tenant_id = :tenant and o.id = m.afenda_id
             where m.tenant_id = :tenant and m.id = :id and m.conversation_id = :conversation",
        );
        self.one(SQL, named_params! { ":id": id, ":conversation": conversation_id }, |row| {
            let kind: Option<String> = row.get(3)?;
            Ok(Written {
                message_type: row.get::<_, String>(0)?.parse().unwrap_or(MessageType::Activity),
                private: row.get(1)?,
                deleted: row.get(2)?,
                agent: row.get::<_, Option<i64>>(4)?.filter(|_| kind.as_deref() == Some(SenderKind::User.as_str())),
                user: row.get(5)?,
            })
        })
    }

    /// A file of a message; `None`: no such message here, or it has no such file, or no longer.
    pub fn attachment(&self, conversation_id: i64, id: i64, attachment: i64) -> Result<Option<AttachmentView>, StoreError> {
        const SQL: Sql = Sql::new(
            "select attachments from messages where tenant_id = :tenant and id = :id and conversation_id = :conversation and deleted = 0",
        );
        let found = self.one(SQL, named_params! { ":id": id, ":conversation": conversation_id }, |row| row.get::<_, String>(0))?;
        let files: Vec<AttachmentView> = found.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        Ok(files.into_iter().find(|file| file.id == attachment))
    }

    /// The newest lines that people wrote, oldest first: what an approver is shown.
    pub fn excerpt(&self, conversation_id: i64, limit: u32) -> Result<Vec<ExcerptLine>, StoreError> {
        const SQL: Sql = Sql::new(
            "select * from messages where tenant_id = :tenant and conversation_id = :conversation and message_type in ('incoming', 'outgoing')
             and deleted = 0 order by id desc limit :limit",
        );
        let mut rows = self.all(SQL, named_params! { ":conversation": conversation_id, ":limit": limit }, read)?;
        rows.reverse();
        let line = |m: MessageView| {
            let files = m.attachments.iter().map(|a| format!("[{}]", a.name));
            let text: String = m.content.into_iter().chain(files).collect::<Vec<_>>().join(" ");
            Some(ExcerptLine {
                message_id: m.id?,
                at: m.created_at,
                from: m.sender.map(|s| s.name).unwrap_or_default(),
                message_type: m.message_type,
                private: m.private,
                text: text.chars().take(EXCERPT_CHARS).collect(),
            })
        };
        Ok(rows.into_iter().filter_map(line).collect())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<MessageView> {
    let sender_kind: Option<String> = row.get("sender_kind")?;
    let sender_name: Option<String> = row.get("sender_name")?;
    let sender_id = row.get("sender_id")?;
    let kind = sender_kind.and_then(|kind| kind.parse::<SenderKind>().ok());
    Ok(MessageView {
        id: Some(MessageId(row.get("id")?)),
        outbox_id: None,
        conversation_id: ConversationId(row.get("conversation_id")?),
        message_type: row.get::<_, String>("message_type")?.parse().unwrap_or(MessageType::Activity),
        private: row.get("private")?,
        content: row.get("content")?,
        content_type: row.get("content_type")?,
        state: row.get::<_, String>("state")?.parse().unwrap_or(DeliveryState::Sent),
        error: row.get("error")?,
        sender: kind.map(|kind| Sender { id: sender_id, kind, name: sender_name.unwrap_or_default() }),
        own: false,
        attachments: serde_json::from_str(&row.get::<_, String>("attachments")?).unwrap_or_default(),
        deleted: row.get("deleted")?,
        in_reply_to: row.get::<_, Option<i64>>("in_reply_to")?.map(MessageId),
        mail: row.get::<_, Option<String>>("mail")?.and_then(|text| serde_json::from_str(&text).ok()),
        created_at: timestamp(row.get("created_at_us")?),
        sends_at: None,
    })
}
