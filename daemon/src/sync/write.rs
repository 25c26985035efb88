//! How a message of the outbox is written to Chatwoot, and as whom anything is.

use api::inbox::OutboxState;
use api::mail::Recipients;
use chatwoot::error::Error;
use chatwoot::model::{ContactNote, Conversation, Message};
use chatwoot::rest::{NewMessage, ProcessedParams, Source, TemplateParams, Upload};
use chatwoot::{Client, Secret};
use serde_json::Value;

use super::look::{Look, Wanted, look};
use super::normalise::MARK;
use super::{Core, lock};
use crate::clock::{Micros, SECOND};
use crate::config;
use crate::domain::outbox::backoff;
use crate::domain::text::literal;
use crate::store::{Asked, OutboxKind, OutboxRow};

/// What became of a try.
#[derive(Debug)]
pub(super) enum Tried {
    /// The message is in Chatwoot.
    Sent(Box<Message>),
    /// The message is deleted: what is left of it.
    Deleted(Box<Message>),
    /// The note about a contact is in Chatwoot.
    Noted(Box<ContactNote>),
    /// The conversation is begun.
    Begun(Box<Conversation>),
    /// It is done; the conversation as it was read afterwards, where that worked, and when that was asked for.
    Set(Option<(Box<Conversation>, Asked)>),
    /// Not now.
    Later { why: String, unsure: bool, not_before: Micros },
    /// Not at all.
    Over(OutboxState, String),
    /// The decision's approver is refused it: the service user writes it back.
    ByService(String),
    /// The call failed.
    Failed(Error),
}

/// Who writes.
pub(super) struct Acting<'a> {
    pub client: Client,
    /// The user whose own token it is; none for the service user's.
    pub own: Option<&'a config::User>,
}

impl Core {
    /// The agent's own token where there is one, else the service user's.
    pub(super) fn acting(&self, row: &OutboxRow) -> Result<Acting<'_>, Error> {
        self.acting_as(row.user.as_deref())
    }

    /// The same for a user.
    pub(super) fn acting_as(&self, name: Option<&str>) -> Result<Acting<'_>, Error> {
        let client = self.client()?;
        let user = name.and_then(|name| self.cx.users.iter().find(|user| user.name == name));
        let own = user.and_then(|user| Some((user, self.own_token(user)?)));
        Ok(match own {
            Some((user, token)) => Acting { client: client.as_user(Secret::new(token.expose())), own: Some(user) },
            None => Acting { client, own: None },
        })
    }

    /// The text as Chatwoot is to keep it. A note by the service user says who wrote it; a reply is the shop's either way.
    pub(super) fn text(&self, row: &OutboxRow, acting: &Acting<'_>) -> String {
        match (&row.user, row.kind, acting.own) {
            (Some(name), OutboxKind::Note | OutboxKind::ContactNote, None) if row.approval_id.is_none() => {
                let user = self.cx.users.iter().find(|user| user.name == *name);
                let shown = user.map_or(name.as_str(), |user| &user.display_name);
                format!("{shown} (via afenda):\n\n{}", row.content())
            }
            _ => row.content().to_owned(),
        }
    }
}

/// Sends a message, unless an earlier try turns out to have arrived. `row` is as it was before this try began.
pub(super) async fn message(core: &Core, row: &OutboxRow) -> Tried {
    let acting = match core.acting(row) {
        Ok(acting) => acting,
        Err(err) => return Tried::Failed(err),
    };
    let (content, marked) = (core.text(row, &acting), core.server().keeps_marks());
    if row.unsure {
        match before(core, row, &acting, &content).await {
            Ok(None) => {}
            Ok(Some(tried)) => return tried,
            Err(err) if err.is_gone() => return Tried::Failed(err),
            Err(err) => return later(core, row, format!("not known yet whether it was sent: {err}")),
        }
    }
    let files = match uploads(core, row).await {
        Ok(files) => files,
        Err(why) => return Tried::Over(OutboxState::Failed, why),
    };
    let id = row.id.to_string();
    let content = if row.is_liquid() { content } else { literal(&content) };
    let mut new = if row.kind == OutboxKind::Note { NewMessage::note(content) } else { NewMessage::reply(content) };
    if !marked && is_api_inbox(core, row.conversation_id).await {
        new.source_id = Some(id.clone());
    }
    if let Some(answered) = row.in_reply_to() {
        new.content_attributes.insert("in_reply_to".to_owned(), answered.into());
    }
    let joined = |list: Vec<String>| Some(list.join(",")).filter(|line| !line.is_empty());
    let Recipients { to, cc, bcc } = row.recipients();
    (new.to_emails, new.cc_emails, new.bcc_emails) = (joined(to), joined(cc), joined(bcc));
    new.template_params = row.template().map(template_params);
    let new = new.marked(MARK, id);
    let sent = match files.is_empty() {
        true => acting.client.create_message(row.conversation_id, &new).await,
        false => acting.client.create_message_multipart(row.conversation_id, &new, files).await,
    };
    match sent {
        Ok(message) => Tried::Sent(Box::new(message)),
        Err(err) => Tried::Failed(err),
    }
}

/// A template as the outbox has it, for Chatwoot.
fn template_params(kept: &Value) -> TemplateParams {
    let text = |key: &str| kept.get(key).and_then(Value::as_str).map(str::to_owned);
    TemplateParams {
        name: text("name").unwrap_or_default(),
        category: text("category").unwrap_or_default(),
        language: text("language").unwrap_or_default(),
        namespace: text("namespace"),
        processed_params: ProcessedParams { body: kept.get("vars").and_then(Value::as_object).cloned().unwrap_or_default() },
    }
}

/// The files of a message, as they lie here; or why one cannot be sent.
async fn uploads(core: &Core, row: &OutboxRow) -> Result<Vec<Upload>, String> {
    let mut uploads = Vec::new();
    for file in row.files() {
        let path = core.cx.files.path(file.id);
        match tokio::fs::metadata(&path).await {
            Ok(meta) if meta.len() == file.size => {
                uploads.push(Upload { file_name: file.name, content_type: file.content_type, bytes: Source::File(path) });
            }
            _ => return Err(format!("the file {} is no longer on the daemon's disk; attach it anew", file.name)),
        }
    }
    Ok(uploads)
}

/// Looks for an earlier try; `None` when it is certain that there is nothing and there will be nothing.
async fn before(core: &Core, row: &OutboxRow, acting: &Acting<'_>, content: &str) -> Result<Option<Tried>, Error> {
    // The try was answered or cut off then; before this process it was cut off at the latest when this process began. What is left of its time
    // counts from before the look: an answer older than that is no answer.
    let tried_at = tried_at(core, row);
    let server = core.server();
    let wanted = Wanted {
        id: row.id,
        content: content.to_owned(),
        filled: row.is_liquid(),
        files: {
            let mut sizes: Vec<u64> = row.files().into_iter().map(|file| file.size).collect();
            sizes.sort_unstable();
            sizes
        },
        private: row.kind == OutboxKind::Note,
        since: row.created_at + server.skew,
        author: author(core, acting).await,
        // The server may have been updated since.
        marked: server.kept_marks(tried_at) || is_api_inbox(core, row.conversation_id).await,
    };
    let left = left(core, row);
    match look(core, row.conversation_id, &wanted).await? {
        Look::Found(message) => return Ok(Some(Tried::Sent(message))),
        Look::Unclear(why) => return Ok(Some(Tried::Over(OutboxState::Held, why.to_owned()))),
        Look::Absent => {}
    }
    Ok(settled(core, row, left))
}

/// When an earlier try was answered or cut off, at the latest.
fn tried_at(core: &Core, row: &OutboxRow) -> Micros {
    lock(&core.tries).get(&row.id).copied().unwrap_or(core.started_at)
}

/// How long an earlier try may still be carried out; to be asked before the look.
pub(super) fn left(core: &Core, row: &OutboxRow) -> Micros {
    tried_at(core, row) + Micros::from(core.cx.sync.settle_s) * SECOND - core.now()
}

/// After a look that found nothing: look again, while there is something `left`; `None` when there will be nothing.
pub(super) fn settled(core: &Core, row: &OutboxRow, left: Micros) -> Option<Tried> {
    if left > 0 {
        let not_before = core.now() + left.min(core.paced_us(backoff(row.attempts + 1, rand::random())));
        let why = "not known yet whether it was sent: looking again before it is sent again".to_owned();
        return Some(Tried::Later { why, unsure: true, not_before });
    }
    lock(&core.tries).remove(&row.id);
    None
}

/// The look itself did not work.
pub(super) fn later(core: &Core, row: &OutboxRow, why: String) -> Tried {
    let not_before = core.now() + core.paced_us(backoff(row.attempts + 1, rand::random()));
    Tried::Later { why, unsure: true, not_before }
}

/// The Chatwoot user who writes, where known.
pub(super) async fn author(core: &Core, acting: &Acting<'_>) -> Option<i64> {
    match acting.own {
        Some(user) => agent_id(core, user).await,
        None => Some(core.server().user_id),
    }
}

/// The Chatwoot agent of a user.
async fn agent_id(core: &Core, user: &config::User) -> Option<i64> {
    if user.chatwoot_agent_id.is_some() {
        return user.chatwoot_agent_id;
    }
    let email = user.chatwoot_email.as_deref()?.to_lowercase();
    let agents = core.read(|scope| scope.agents()).await.ok()?;
    agents.into_iter().find(|agent| agent.email.as_deref() == Some(&email)).map(|agent| agent.id)
}

async fn is_api_inbox(core: &Core, conversation_id: i64) -> bool {
    let view = core.read(move |scope| scope.conversation(conversation_id, "")).await;
    matches!(view, Ok(Some(view)) if view.inbox.channel == "Api")
}
