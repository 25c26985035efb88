//! How each kind of outbox entry is written to Chatwoot, and as whom.

use api::inbox::OutboxState;
use chatwoot::error::Error;
use chatwoot::model::{AssignmentAnswer, Conversation, Message, Priority, Status};
use chatwoot::rest::NewMessage;
use chatwoot::{Client, Secret};
use serde_json::Value;

use super::look::{Look, Wanted, look};
use super::normalise::MARK;
use super::{Core, lock};
use crate::clock::{Micros, SECOND};
use crate::config;
use crate::domain::approval::without_liquid;
use crate::domain::outbox::backoff;
use crate::store::{OutboxKind, OutboxRow};

/// How long after a try with an unknown outcome Chatwoot may still carry it out: its own limit for a request (section 12.7). On this machine
/// no proxy holds a request back, and what a local server has read it answers within a second.
const SETTLE: Micros = 15 * SECOND;
const SETTLE_LOCAL: Micros = 2 * SECOND;

/// What became of a try.
#[derive(Debug)]
pub(super) enum Tried {
    /// The message is in Chatwoot.
    Sent(Box<Message>),
    /// The value is set; the conversation as it was read afterwards.
    Set(Option<Box<Conversation>>),
    /// Not now.
    Later { why: String, unsure: bool, not_before: Micros },
    /// Not at all.
    Over(OutboxState, String),
    /// The call failed.
    Failed(Error),
}

/// Who writes.
pub(super) struct Acting<'a> {
    client: Client,
    /// The user whose own token it is; none for the service user's.
    pub own: Option<&'a config::User>,
}

impl Core {
    /// The agent's own token where there is one, else the service user's.
    pub(super) fn acting(&self, row: &OutboxRow) -> Result<Acting<'_>, Error> {
        let client = self.client()?;
        let user = row.user.as_deref().and_then(|name| self.cx.users.iter().find(|user| user.name == name));
        Ok(match user.and_then(|user| Some((user, user.chatwoot_token.as_ref()?))) {
            Some((user, token)) => Acting { client: client.as_user(Secret::new(token.expose())), own: Some(user) },
            None => Acting { client, own: None },
        })
    }

    /// The text as it is sent. A note by the service user says who wrote it; a reply is the shop's either way.
    fn text(&self, row: &OutboxRow, acting: &Acting<'_>) -> String {
        match (&row.user, row.kind, acting.own) {
            (Some(name), OutboxKind::Note, None) if row.approval_id.is_none() => {
                let user = self.cx.users.iter().find(|user| user.name == *name);
                let shown = user.map_or(name.as_str(), |user| &user.display_name);
                format!("{} (via afenda):\n\n{}", without_liquid(shown), row.content())
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
    let (content, marked) = (core.text(row, &acting), core.server().keeps_marks);
    if row.unsure {
        match before(core, row, &acting, &content, marked).await {
            Ok(None) => {}
            Ok(Some(tried)) => return tried,
            Err(err) if err.is_gone() => return Tried::Failed(err),
            Err(err) => {
                let not_before = core.now() + backoff(row.attempts + 1, rand::random());
                return Tried::Later { why: format!("not known yet whether it was sent: {err}"), unsure: true, not_before };
            }
        }
    }
    let id = row.id.to_string();
    let mut new = if row.kind == OutboxKind::Note { NewMessage::note(content) } else { NewMessage::reply(content) };
    if !marked && is_api_inbox(core, row.conversation_id).await {
        new.source_id = Some(id.clone());
    }
    match acting.client.create_message(row.conversation_id, &new.marked(MARK, id)).await {
        Ok(message) => Tried::Sent(Box::new(message)),
        Err(err) => Tried::Failed(err),
    }
}

/// Looks for an earlier try; `None` when it is certain that there is nothing and there will be nothing.
async fn before(core: &Core, row: &OutboxRow, acting: &Acting<'_>, content: &str, marked: bool) -> Result<Option<Tried>, Error> {
    let server = core.server();
    let author = match acting.own {
        Some(user) => agent_id(core, user).await,
        None => Some(server.user_id),
    };
    let wanted = Wanted {
        id: row.id,
        content: content.to_owned(),
        private: row.kind == OutboxKind::Note,
        since: row.created_at + server.skew,
        author,
        marked: marked || is_api_inbox(core, row.conversation_id).await,
    };
    // The try was answered or cut off then; before this process it was cut off at the latest when this process began. What is left of its time
    // counts from before the look: an answer older than that is no answer.
    let tried_at = lock(&core.tries).get(&row.id).copied().unwrap_or(core.started_at);
    let settle = if core.client()?.base().is_loopback() { SETTLE_LOCAL } else { SETTLE };
    let left = tried_at + settle - core.now();
    match look(core, row.conversation_id, &wanted).await? {
        Look::Found(message) => return Ok(Some(Tried::Sent(message))),
        Look::Unclear(why) => return Ok(Some(Tried::Over(OutboxState::Held, why.to_owned()))),
        Look::Absent => {}
    }
    if left > 0 {
        let not_before = core.now() + left.min(backoff(row.attempts + 1, rand::random()));
        let why = "not known yet whether it was sent: looking again before it is sent again".to_owned();
        return Ok(Some(Tried::Later { why, unsure: true, not_before }));
    }
    lock(&core.tries).remove(&row.id);
    Ok(None)
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

/// Sets a value; carrying it out twice does no harm.
pub(super) async fn change(core: &Core, row: &OutboxRow) -> Tried {
    let acting = match core.acting(row) {
        Ok(acting) => acting,
        Err(err) => return Tried::Failed(err),
    };
    let id = row.conversation_id;
    match set(&acting.client, row).await {
        Ok(None) => {}
        Ok(Some(why)) => return Tried::Over(OutboxState::Failed, why),
        Err(err) => return Tried::Failed(err),
    }
    let read = core.call_for_person(|client| async move { client.conversation(id).await }).await;
    Tried::Set(read.ok().map(Box::new))
}

/// Carries a change out; `Some` says why Chatwoot did not, although it answered.
async fn set(client: &Client, row: &OutboxRow) -> Result<Option<String>, Error> {
    let (id, payload) = (row.conversation_id, &row.payload);
    let number = |key: &str| payload.get(key).and_then(Value::as_i64);
    let text = |key: &str| payload.get(key).and_then(Value::as_str);
    match row.kind {
        OutboxKind::Reply | OutboxKind::Note => {}
        OutboxKind::Labels => {
            // Chatwoot replaces the whole set: what others added meanwhile must be in it.
            let mut now = client.conversation_labels(id).await?;
            let merged = crate::store::merge_labels(now.clone(), payload);
            now.sort();
            if now != merged {
                client.set_conversation_labels(id, &merged).await?;
            }
        }
        OutboxKind::Assignee => {
            let agent = number("id").filter(|agent| *agent > 0);
            let answer = client.assign_agent(id, agent).await?;
            // Chatwoot unassigns for an agent it does not know, and calls that a success.
            if let (Some(agent), AssignmentAnswer::Nobody) = (agent, answer) {
                return Ok(Some(format!("Chatwoot has no agent {} ({agent}) in this account", text("name").unwrap_or_default())));
            }
        }
        OutboxKind::Team => {
            let team = number("id").filter(|team| *team > 0);
            let answer = client.assign_team(id, team).await?;
            if let (Some(team), AssignmentAnswer::Nobody) = (team, answer) {
                return Ok(Some(format!("Chatwoot has no team {team} in this account")));
            }
        }
        OutboxKind::Status => {
            let status = Status::from(text("status").unwrap_or_default());
            if let Status::Other(word) = &status {
                return Ok(Some(format!("`{word}` is no status")));
            }
            client.toggle_status(id, &status, number("snoozed_until_us").map(|at| at / SECOND)).await?;
        }
        OutboxKind::Priority => {
            let priority = text("priority").map(Priority::from);
            if let Some(Priority::Other(word)) = &priority {
                return Ok(Some(format!("`{word}` is no priority")));
            }
            client.toggle_priority(id, priority.as_ref()).await?;
        }
    }
    Ok(None)
}
