//! What a linked agent alone may see: notifications, mentions, saved filters and macros. Read with the agent's own token, kept as a copy for
//! when Chatwoot does not answer, and read again in the background while the agent's inbox is open (`presence`).
//!
//! Never here: the service user's token, which would show its own; activities, which the whole tenant hears.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use api::id::ConversationId;
use api::inbox::MacroView;
use api::lists::{CustomFilterView, MentionView, NotificationView};
use api::page::Source;
use api::people::MacroStep;
use chatwoot::Client;
use chatwoot::error::{Error, ErrorKind, TokenDoubt};
use chatwoot::model;
use chatwoot::rest::ListQuery;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{Core, SyncHandle, lock};
use crate::clock::{Micros, timestamp};
use crate::domain::rate::{Class, Kind};
use crate::store::{Personal, StoreError};

/// How long a person waits for Chatwoot before the copy is shown.
pub(super) const LIMIT: Duration = Duration::from_secs(5);
/// Pages of notifications, 15 each: Chatwoot keeps 300 of a user (section 7.5).
const NOTIFICATION_PAGES: u32 = 20;
/// Pages of mentions, 25 each: nobody looks further back than the newest hundred.
const MENTION_PAGES: u32 = 4;
/// Filters of one type, and macros: Chatwoot pages neither, and nobody picks from more.
const ROWS_MAX: usize = 1_000;
/// Steps of a macro.
const ACTIONS_MAX: usize = 100;
/// Values of one step: labels of an account, at most.
const PARAMS_MAX: usize = 100;
/// A filter larger than this, in bytes of JSON, is kept without its query: a hundred conditions fit.
const QUERY_BYTES_MAX: usize = 64 * 1024;
/// Characters kept of a name or title.
const NAME_CHARS_MAX: usize = 500;
/// Characters kept of what was said: a line of a list shows no more.
const BODY_CHARS_MAX: usize = 2_000;
/// Between two readings in the background: a busy hour makes many frames.
const AGAIN: Duration = Duration::from_secs(10);

/// One kind of an agent's own, as it was read.
#[derive(Debug)]
pub(crate) struct Own {
    /// The views, in no order.
    pub(crate) rows: Vec<Value>,
    /// Our clock when Chatwoot was asked.
    pub(crate) at: Micros,
    /// Whether that was just now.
    pub(crate) source: Source,
}

/// Why nothing can be shown.
#[derive(Debug)]
pub(crate) enum Unseen {
    /// Chatwoot does not take the token, or it is not this agent's.
    Refused(String),
    /// Chatwoot does not answer, and there is no copy.
    Unavailable(String),
    /// The store cannot be read or written.
    Store(StoreError),
}

impl SyncHandle {
    /// One kind of what `agent` alone may see, for `user`, who is linked to that agent and has an own token: as Chatwoot has it now, else
    /// the copy.
    pub(crate) async fn personal(&self, user: &str, agent: i64, kind: Personal) -> Result<Own, Unseen> {
        let core = &self.core;
        let at = core.now();
        let why = match core.agent_client(user).filter(|_| self.is_ready()) {
            Some(client) => match tokio::time::timeout(LIMIT, theirs(core, &client, agent, kind)).await {
                Ok(Ok(rows)) => {
                    let bodies = rows.iter().map(|(_, body)| body.clone()).collect();
                    core.write(move |scope| scope.replace_personal(agent, kind, at, &rows)).await.map_err(Unseen::Store)?;
                    return Ok(Own { rows: bodies, at, source: Source::Chatwoot });
                }
                Ok(Err(NotRead::NotTheirs(why))) => return Err(Unseen::Refused(why)),
                Ok(Err(NotRead::Failed(err))) => self.explain(&err).1,
                Err(_) => "Chatwoot does not answer in time".to_owned(),
            },
            None => self.away(),
        };
        match core.read(move |scope| scope.personal(agent, kind)).await.map_err(Unseen::Store)? {
            Some((at, rows)) => Ok(Own { rows, at, source: Source::Store }),
            None => Err(Unseen::Unavailable(why)),
        }
    }
}

/// What is to be done with a saved filter.
#[derive(Debug, Clone)]
pub(crate) enum FilterChange {
    /// Save one: its name and query.
    Save(String, Value),
    /// Another name.
    Rename(i64, String),
    /// Delete it.
    Delete(i64),
}

impl SyncHandle {
    /// Changes a saved filter of `agent`'s in Chatwoot, with the agent's own token; the id of the one. It is tried once: nobody else waits for it.
    pub(crate) async fn change_filter(&self, user: &str, agent: i64, change: FilterChange) -> Result<i64, Unseen> {
        let core = &self.core;
        let client = core.agent_client(user).filter(|_| self.is_ready()).ok_or_else(|| Unseen::Unavailable(self.away()))?;
        let work = async {
            check(core, &client, agent).await?;
            let made = match &change {
                FilterChange::Save(name, query) => save(core, &client, name, query).await,
                FilterChange::Rename(id, name) => {
                    core.call_for_person(|_| client.rename_custom_filter(*id, name)).await.map(|made| made.id)
                }
                FilterChange::Delete(id) => core.call_for_person(|_| client.delete_custom_filter(*id)).await.map(|()| *id),
            };
            made.map_err(NotRead::Failed)
        };
        match tokio::time::timeout(LIMIT, work).await {
            Ok(Ok(id)) => Ok(id),
            Ok(Err(NotRead::NotTheirs(why))) => Err(Unseen::Refused(why)),
            Ok(Err(NotRead::Failed(err))) => Err(Unseen::Unavailable(self.explain(&err).1)),
            Err(_) => Err(Unseen::Unavailable("Chatwoot does not answer in time; look there whether it was done".to_owned())),
        }
    }
}

/// Makes a saved filter. Chatwoot takes two of one name: where an answer was lost, the next try looks for it first.
async fn save(core: &Core, client: &Client, name: &str, query: &Value) -> Result<i64, Error> {
    let mut tries = 0;
    let made = core.call_for_person(|_| {
        tries += 1;
        let again = tries > 1;
        async move {
            if again && let Some(made) = client.custom_filters("conversation").await?.into_iter().find(|one| one.name == name) {
                return Ok(made);
            }
            client.create_custom_filter(name, query).await
        }
    });
    Ok(made.await?.id)
}

/// Why a kind was not read, or nothing was changed.
pub(super) enum NotRead {
    /// The token does not work for this agent.
    NotTheirs(String),
    /// Chatwoot does not answer, or not well.
    Failed(Error),
}

/// Reads a kind for somebody who waits, after a look whose token it is.
async fn theirs(core: &Core, client: &Client, agent: i64, kind: Personal) -> Result<Vec<(i64, Value)>, NotRead> {
    check(core, client, agent).await?;
    read(core, client, Class::Person, kind).await.map_err(NotRead::Failed)
}

/// Looks whose token it is: a token in the config is whoever's was put there.
pub(super) async fn check(core: &Core, client: &Client, agent: i64) -> Result<(), NotRead> {
    let profile = match core.call_for_person(|_| client.profile()).await {
        Ok(profile) => profile,
        Err(err) => {
            return Err(match err.kind {
                ErrorKind::Unauthorized { doubt: TokenDoubt::NotReceived, .. } => NotRead::Failed(err),
                ErrorKind::Unauthorized { .. } => NotRead::NotTheirs("Chatwoot does not take your own token any more".to_owned()),
                _ => NotRead::Failed(err),
            });
        }
    };
    if profile.id != agent {
        return Err(NotRead::NotTheirs(format!("your own Chatwoot token is that of {}, not yours (agent {agent})", profile.name)));
    }
    if profile.membership(core.cx.chatwoot.account_id).is_none() {
        return Err(NotRead::NotTheirs("your Chatwoot user is not in this account any more".to_owned()));
    }
    Ok(())
}

/// Reads a kind with an agent's token: ids and views.
async fn read(core: &Core, client: &Client, class: Class, kind: Personal) -> Result<Vec<(i64, Value)>, Error> {
    // By id: rows move from page to page while they are read.
    let mut rows = BTreeMap::new();
    match kind {
        Personal::Notification => {
            let mut seen = 0;
            for number in 1..=NOTIFICATION_PAGES {
                let page = core.call_as(class, Kind::Plain, |_| client.notifications(number)).await?;
                seen += i64::try_from(page.payload.len()).unwrap_or(i64::MAX);
                let end = page.payload.is_empty() || (page.meta.count > 0 && seen >= page.meta.count);
                rows.extend(page.payload.iter().map(|from| (from.id, body(&notification(from)))));
                if end {
                    break;
                }
            }
        }
        Personal::Mention => {
            let mut seen = 0;
            for number in 1..=MENTION_PAGES {
                let query = ListQuery::mentions(number);
                let page = core.call_as(class, Kind::Plain, |_| client.conversations(&query)).await?;
                seen += i64::try_from(page.payload.len()).unwrap_or(i64::MAX);
                let end = page.payload.is_empty() || (page.meta.all_count > 0 && seen >= page.meta.all_count);
                rows.extend(page.payload.iter().filter_map(|from| Some((from.id, body(&mention(from)?)))));
                if end {
                    break;
                }
            }
        }
        Personal::CustomFilter => {
            for filter_type in ["conversation", "contact", "report"] {
                let list = core.call_as(class, Kind::Plain, |_| client.custom_filters(filter_type)).await?;
                rows.extend(list.iter().take(ROWS_MAX).map(|from| (from.id, body(&custom_filter(from)))));
            }
        }
        Personal::Macro => {
            let list = core.call_as(class, Kind::Plain, |_| client.macros()).await?;
            rows.extend(list.iter().take(ROWS_MAX).map(|from| (from.id, body(&macro_view(from)))));
        }
    }
    Ok(rows.into_iter().collect())
}

/// Kinds that changed since they were read.
#[derive(Debug, Default)]
pub(super) struct Changed {
    kinds: Mutex<BTreeSet<Personal>>,
    wake: Notify,
}

impl Changed {
    /// These are to be read again.
    pub(super) fn mark(&self, kinds: &[Personal]) {
        lock(&self.kinds).extend(kinds);
        self.wake.notify_one();
    }
}

/// Reads again what was marked, until it is dropped. One that fails is read when it is marked or asked for next.
pub(super) async fn keep_up(core: &Core, user: &str, agent: i64, changed: &Changed) {
    loop {
        changed.wake.notified().await;
        let kinds = std::mem::take(&mut *lock(&changed.kinds));
        for kind in kinds {
            // Asked for anew each time: the token may have been taken back.
            let Some(client) = core.agent_client(user) else { continue };
            let at = core.now();
            match read(core, &client, Class::Copy, kind).await {
                Ok(rows) => {
                    if let Err(err) = core.write(move |scope| scope.replace_personal(agent, kind, at, &rows)).await {
                        tracing::error!(error = &err as &dyn std::error::Error, "an agent's own lists cannot be kept");
                    }
                }
                Err(err) => {
                    tracing::debug!(tenant = %core.cx.slug, error = &err as &dyn std::error::Error, "an agent's own lists were not read");
                }
            }
        }
        tokio::time::sleep(core.paced(AGAIN)).await;
    }
}

fn body(view: &impl Serialize) -> Value {
    json!(view)
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

fn notification(from: &model::Notification) -> NotificationView {
    NotificationView {
        id: from.id,
        notification_type: cut(&from.notification_type, NAME_CHARS_MAX),
        title: cut(&from.push_message_title, NAME_CHARS_MAX),
        body: cut(&from.push_message_body, BODY_CHARS_MAX),
        conversation_id: from.conversation_id.map(ConversationId),
        read_at: from.read_at.micros().map(timestamp),
        snoozed_until: from.snoozed_until.micros().map(timestamp),
        last_activity_at: timestamp(from.last_activity_at.micros().or(from.created_at.micros()).unwrap_or_default()),
    }
}

/// A mention; none of a conversation in a state that we do not know.
fn mention(from: &model::Conversation) -> Option<MentionView> {
    let contact = from.meta.sender.as_ref().and_then(|contact| contact.name.as_deref()).map(|name| cut(name, NAME_CHARS_MAX));
    Some(MentionView {
        conversation_id: ConversationId(from.id),
        status: from.status.as_str().parse().ok()?,
        inbox_id: from.inbox_id,
        contact: contact.filter(|name| !name.is_empty()),
        last_activity_at: timestamp(from.last_activity_at.micros().or(from.updated_at.micros()).unwrap_or_default()),
    })
}

fn custom_filter(from: &model::CustomFilter) -> CustomFilterView {
    let query = if json!(from.query).to_string().len() <= QUERY_BYTES_MAX { from.query.clone() } else { model::Attributes::new() };
    CustomFilterView { id: from.id, name: cut(&from.name, NAME_CHARS_MAX), filter_type: cut(&from.filter_type, NAME_CHARS_MAX), query }
}

fn macro_view(from: &model::Macro) -> MacroView {
    let actions = from.actions.iter().take(ACTIONS_MAX).map(|action| cut(&action.action_name, NAME_CHARS_MAX)).collect();
    let step = |action: &model::MacroAction| MacroStep {
        action: cut(&action.action_name, NAME_CHARS_MAX),
        params: action.action_params.iter().take(PARAMS_MAX).map(param).collect(),
    };
    let steps = from.actions.iter().take(ACTIONS_MAX).map(step).collect();
    MacroView { id: from.id, name: cut(&from.name, NAME_CHARS_MAX), actions, steps }
}

/// A value of a step as it is kept: nothing nested, nothing long.
fn param(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        Value::String(text) => Value::String(cut(text, BODY_CHARS_MAX)),
        nested => Value::String(cut(&nested.to_string(), NAME_CHARS_MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from<T: serde::de::DeserializeOwned>(body: Value) -> T {
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn only_what_the_view_has_is_kept_of_a_notification() {
        let sent = json!({"id": 9, "notification_type": "conversation_mention", "push_message_title": "You have been mentioned (#20)",
            "push_message_body": "Jo: ".to_owned() + &"x".repeat(5_000), "primary_actor_type": "Conversation", "primary_actor_id": 686,
            "primary_actor": {"id": 20, "contact_inbox": {"pubsub_token": "hush"}}, "secondary_actor": {"id": 3, "content": "hush"},
            "user": {"id": 7, "pubsub_token": "hush"}, "read_at": "2026-11-21T02:35:09.895Z", "snoozed_until": null,
            "created_at": 1_795_228_507, "last_activity_at": 1_795_228_508});
        let view = notification(&from(sent));
        assert_eq!((view.conversation_id, view.snoozed_until), (Some(ConversationId(20)), None));
        assert_eq!(view.read_at.unwrap().to_string(), "2026-11-21T02:35:09.895Z");
        assert_eq!(view.last_activity_at.as_second(), 1_795_228_508);
        assert_eq!(view.body.chars().count(), BODY_CHARS_MAX);
        assert!(!body(&view).to_string().contains("hush"));
    }

    #[test]
    fn a_mention_needs_a_state_we_know() {
        let sent = json!({"id": 20, "inbox_id": 4, "status": "open", "last_activity_at": 1_795_228_507, "updated_at": 1_795_228_507.9,
            "meta": {"sender": {"id": 31, "name": "Ann"}}, "contact_inbox": {"pubsub_token": "hush"}});
        let view = mention(&from(sent.clone())).unwrap();
        assert_eq!((view.conversation_id.0, view.inbox_id, view.contact.as_deref()), (20, 4, Some("Ann")));
        let mut odd = sent;
        odd["status"] = json!("frozen");
        assert_eq!(mention(&from(odd)), None);
    }

    #[test]
    fn a_filter_keeps_its_query_unless_that_is_huge() {
        let filter = |query: Value| custom_filter(&from(json!({"id": 1, "name": "Open", "filter_type": "conversation", "query": query})));
        assert_eq!(filter(json!({"payload": []})).query.len(), 1);
        assert!(filter(json!("{}")).query.is_empty());
        assert!(filter(json!({"payload": "x".repeat(QUERY_BYTES_MAX)})).query.is_empty());
    }
}
