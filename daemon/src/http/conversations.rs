//! `/conversations`: list, read, write, escalate. Every change goes through the outbox and shows at once.

use api::approval::ApprovalView;
use api::error::ErrorBody;
use api::inbox::{
    ConversationPatch, ConversationQuery, ConversationStatus, ConversationView, Escalate, FreshQuery, LabelChange, Labels, MessageQuery,
    MessageView, Priority,
};
use api::page::{Data, Page, PageMeta};
use api::people::ParticipantChange;
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::request::{Change, Query, limit, page};
use super::{attributes, request};
use crate::app::{Caller, Person};
use crate::approvals as service;
use crate::clock::SECOND;
use crate::config::HOLD_SECONDS_MAX;
use crate::fault::Fault;
use crate::store::{Assignee, ConversationFilter, ConversationType, NewOutbox, OutboxKind, Place, Scope};

/// Conversations, with the counts of the tabs.
#[utoipa::path(get, path = "/conversations", tag = "conversations", params(ConversationQuery), security(("bearer" = [])),
    responses((status = 200, body = Page<ConversationView>), (status = 422, body = ErrorBody)))]
pub(crate) async fn list(mut caller: Caller, Query(query): Query<ConversationQuery>) -> Result<Json<Page<ConversationView>>, Fault> {
    let limit = limit(query.limit)?;
    let (mut number, offset) = page(query.page, limit)?;
    let mut place = Place { after: None, offset };
    if let Some(cursor) = &query.cursor {
        if query.page.is_some() {
            return Err(Fault::invalid("cursor", "not together with page"));
        }
        place = request::place(cursor)?;
        number = 0;
    }
    if query.fresh {
        caller.read_through(None).await?;
    }
    if query.conversation_type.as_deref() == Some("mention") {
        let _ = super::personal::mentions(caller.clone()).await?; // Chatwoot alone knows; kept for a while.
    }
    if let Some(id) = query.view {
        super::filters::have(&caller, id).await?;
    }
    let url = caller.tenant().url.clone();
    let (meta, source) = (caller.freshness(), caller.source());
    let read = move |scope: &Scope<'_>, who: &Person| {
        let mut filter = filter(&query, who)?;
        filter.view = query.view.map(|id| super::filters::groups(scope, who, id)).transpose()?;
        let (data, next) = scope.conversations(&filter, place, limit, &url)?;
        let counts = scope.conversation_counts(&filter)?;
        let total = match filter.assignee {
            Assignee::All => counts.all,
            Assignee::Assigned => counts.all - counts.unassigned,
            Assignee::Unassigned => counts.unassigned,
            Assignee::NoAgent => 0,
            Assignee::Agent(id) if who.agent_id() == Some(id) => counts.mine,
            Assignee::Agent(id) => scope.conversation_counts(&ConversationFilter { me: Some(id), ..filter })?.mine,
        };
        let next_cursor = next.as_ref().and_then(request::cursor);
        let page = (number > 0).then_some(number);
        Ok(Page { data, meta: PageMeta { total, page, limit, next_cursor, counts: Some(counts), source: Some(source), ..meta } })
    };
    Ok(Json(caller.read(read).await?))
}

fn filter(query: &ConversationQuery, who: &Person) -> Result<ConversationFilter, Fault> {
    let status = match query.status.as_deref() {
        None => Some(ConversationStatus::Open),
        Some("all") => None,
        Some(word) => Some(word.parse().map_err(|err: String| Fault::invalid("status", &format!("{err}, all")))?),
    };
    let assignee = match query.assignee.as_deref() {
        None | Some("all") => Assignee::All,
        Some("me") => who.agent_id().map_or(Assignee::NoAgent, Assignee::Agent),
        Some("unassigned") => Assignee::Unassigned,
        Some("assigned") => Assignee::Assigned,
        Some(id) => Assignee::Agent(id.parse().map_err(|_| Fault::invalid("assignee", "me, unassigned, assigned, all or an agent's id"))?),
    };
    let labels = query.labels.as_deref().unwrap_or_default();
    let conversation_type = match query.conversation_type.as_deref() {
        None => None,
        Some("mention") => Some(ConversationType::Mention),
        Some("unattended") => Some(ConversationType::Unattended),
        Some(_) => return Err(Fault::invalid("conversation_type", "mention or unattended")),
    };
    let priority = match query.priority.as_deref() {
        None => None,
        Some("none") => Some("none"),
        Some(word) => Some(word.parse::<Priority>().map_err(|err| Fault::invalid("priority", &format!("{err}, none")))?.as_str()),
    };
    Ok(ConversationFilter {
        status,
        assignee,
        me: who.agent_id(),
        inbox: query.inbox,
        team: query.team,
        contact: query.contact,
        labels: labels.split(',').map(str::trim).filter(|label| !label.is_empty()).map(str::to_owned).collect(),
        conversation_type,
        priority,
        unread: query.unread,
        waiting_before: query.waiting_before.map(|at| at.as_microsecond()),
        view: None,
        q: query.q.clone(),
        sort: query.sort.unwrap_or(api::inbox::Sort::Activity),
    })
}

/// One conversation.
#[utoipa::path(get, path = "/conversations/{id}", tag = "conversations", params(("id" = i64, Path, description = "Chatwoot's display id"), FreshQuery),
    security(("bearer" = [])), responses((status = 200, body = Data<ConversationView>), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn view(
    mut caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<FreshQuery>,
) -> Result<Json<Data<ConversationView>>, Fault> {
    let (id, url) = (parse(&id)?, caller.tenant().url.clone());
    if query.fresh {
        caller.read_through(Some(id)).await?;
    }
    let mut data = caller.read(move |scope, _| one(scope, id, &url)).await?;
    data.source = caller.source();
    Ok(Json(Data { data }))
}

pub(super) fn parse(id: &str) -> Result<i64, Fault> {
    id.parse().map_err(|_| Fault::not_found("conversation"))
}

fn one(scope: &Scope<'_>, id: i64, url: &str) -> Result<ConversationView, Fault> {
    scope.conversation(id, url)?.ok_or_else(|| Fault::not_found("conversation"))
}

/// Messages, ascending; the newest page ends with what is still in the outbox.
#[utoipa::path(get, path = "/conversations/{id}/messages", tag = "conversations",
    params(("id" = i64, Path, description = "Chatwoot's display id"), MessageQuery), security(("bearer" = [])),
    responses((status = 200, body = Page<MessageView>), (status = 404, body = ErrorBody)))]
pub(crate) async fn messages(
    mut caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<MessageQuery>,
) -> Result<Json<Page<MessageView>>, Fault> {
    let (id, limit) = (parse(&id)?, limit(query.limit)?);
    if query.fresh {
        caller.read_through(Some(id)).await?;
    }
    let (meta, source) = (caller.freshness(), caller.source());
    let users: Vec<(String, String)> = caller.app.config.users.iter().map(|u| (u.name.clone(), u.display_name.clone())).collect();
    let read = move |scope: &Scope<'_>, who: &Person| {
        if !scope.has_conversation(id)? {
            return Err(Fault::not_found("conversation"));
        }
        let (mut data, more) = scope.messages(id, &query, limit, (&who.user, who.agent_id()))?;
        let oldest = data.first().and_then(|m| m.id).map(|id| id.0.to_string());
        if query.before.is_none() && !(more && query.after.is_some()) {
            let name = |user: Option<&str>| {
                let known = users.iter().find(|(name, _)| Some(name.as_str()) == user).map(|(_, shown)| shown.clone());
                known.or_else(|| user.map(str::to_owned)).unwrap_or_else(|| "afenda".to_owned())
            };
            data.extend(scope.pending_messages(id, &name, &who.user)?);
        }
        let next_cursor = if more && query.after.is_none() { oldest } else { None };
        Ok(Page { data, meta: PageMeta { total: scope.message_count(id)?, limit, next_cursor, source: Some(source), ..meta } })
    };
    Ok(Json(caller.read(read).await?))
}

pub(super) fn new(conversation_id: i64, kind: OutboxKind, payload: Value, who: &Person, not_before: i64) -> NewOutbox {
    NewOutbox { conversation_id, kind, payload, user: Some(who.user.clone()), approval_id: None, not_before }
}

pub(super) fn audit(scope: &Scope<'_>, who: &Person, action: &str, conversation_id: i64, data: Value) -> Result<(), Fault> {
    scope.append(
        api::audit::Ledger::Audit,
        &crate::store::AuditEntry {
            actor: who.actor(),
            via: "api",
            action: action.to_owned(),
            resource_type: "conversation".to_owned(),
            resource_id: conversation_id.to_string(),
            external: false,
            note: None,
            data,
        },
    )?;
    Ok(())
}

/// Writes whose outcome a conversation shows at once, so that one that changes nothing is known.
const SHOWN: [OutboxKind; 7] = [
    OutboxKind::Status,
    OutboxKind::Assignee,
    OutboxKind::Team,
    OutboxKind::Labels,
    OutboxKind::Priority,
    OutboxKind::Attributes,
    OutboxKind::Read,
];

/// Changes status, assignee, team, labels, priority, custom attributes, who takes part, whether the contact is blocked, or what counts as
/// read, through the outbox.
#[utoipa::path(patch, path = "/conversations/{id}", tag = "conversations", params(("id" = i64, Path, description = "Chatwoot's display id")),
    request_body = ConversationPatch, security(("bearer" = [])),
    responses((status = 200, body = Data<ConversationView>), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(crate) async fn update(Path(id): Path<String>, change: Change<ConversationPatch>) -> Result<Response, Fault> {
    change.caller.must_work()?;
    let (id, url) = (parse(&id)?, change.caller.tenant().url.clone());
    change
        .carry_out_telling(StatusCode::OK, move |scope, who, patch| {
            if !scope.has_conversation(id)? {
                return Err(Fault::not_found("conversation"));
            }
            let before = one(scope, id, &url)?;
            let writes = writes(scope, who, id, &patch)?;
            if writes.is_empty() {
                let names = "status, assignee, team, labels, priority, custom_attributes, participants, muted or read";
                return Err(Fault::invalid("body", &format!("names nothing to change: {names}")));
            }
            let hold = patch.hold_seconds.unwrap_or_default();
            if hold > HOLD_SECONDS_MAX {
                return Err(Fault::invalid("hold_seconds", &format!("at most {HOLD_SECONDS_MAX}")));
            }
            let not_before = scope.now() + i64::from(hold) * SECOND;
            let shown = writes.iter().all(|(kind, _)| SHOWN.contains(kind));
            enqueue(scope, who, id, writes, not_before)?;
            let after = one(scope, id, &url)?;
            // Sent all the same: the copy may be behind.
            let so_already = shown && ConversationView { pending: after.pending.clone(), ..before } == after;
            Ok((after, so_already))
        })
        .await
}

/// Puts changes into the outbox, and into the audit log.
fn enqueue(scope: &Scope<'_>, who: &Person, id: i64, writes: Vec<(OutboxKind, Value)>, not_before: i64) -> Result<(), Fault> {
    for (kind, payload) in writes {
        // Values of attributes are customers' data; the ledger holds their keys.
        let told = if kind == OutboxKind::Attributes { attributes::told(&payload) } else { payload.clone() };
        audit(scope, who, &format!("conversation.{}", kind.as_str()), id, told)?;
        scope.enqueue(&new(id, kind, payload, who, not_before))?;
    }
    Ok(())
}

/// The outbox entries that a patch asks for. Status comes last: what the others change belongs to the conversation as it was worked on.
fn writes(scope: &Scope<'_>, who: &Person, id: i64, patch: &ConversationPatch) -> Result<Vec<(OutboxKind, Value)>, Fault> {
    let mut writes = Vec::new();
    if let Some(labels) = &patch.labels {
        let labels = match labels {
            Labels::Change(change) => change.clone(),
            Labels::Whole(whole) => {
                let known = scope.conversation_labels(id)?;
                let without = |list: &[String], other: &[String]| list.iter().filter(|label| !other.contains(label)).cloned().collect();
                LabelChange { add: without(whole, &known), remove: without(&known, whole) }
            }
        };
        for label in labels.add.iter().chain(&labels.remove) {
            if label.trim() != label || label.is_empty() || label.contains(',') || label.chars().count() > 255 {
                return Err(Fault::invalid("labels", &format!("`{label}` is no label: 1 to 255 characters, no comma, no space around it")));
            }
        }
        if let Some(label) = labels.add.iter().find(|label| labels.remove.contains(label)) {
            return Err(Fault::invalid("labels", &format!("`{label}` is in add and in remove")));
        }
        writes.push((OutboxKind::Labels, json!({ "add": labels.add, "remove": labels.remove })));
    }
    if let Some(assignee) = &patch.assignee {
        writes.push((OutboxKind::Assignee, assignee_payload(scope, who, assignee)?));
    }
    if let Some(team) = patch.team {
        if team != 0 && !scope.teams()?.iter().any(|t| t.id == team) {
            return Err(Fault::invalid("team", &format!("there is no team {team}; GET /teams lists them")));
        }
        writes.push((OutboxKind::Team, json!({ "id": (team != 0).then_some(team) })));
    }
    if let Some(priority) = &patch.priority {
        let priority = match priority.as_str() {
            "none" => None,
            word => Some(word.parse::<Priority>().map_err(|err| Fault::invalid("priority", &format!("{err}, none")))?),
        };
        writes.push((OutboxKind::Priority, json!({ "priority": priority })));
    }
    if let Some(change) = &patch.custom_attributes {
        attributes::check(change)?;
        writes.push((OutboxKind::Attributes, json!({ "set": change.set, "unset": change.unset })));
    }
    if let Some(change) = &patch.participants {
        writes.push((OutboxKind::Participants, participants(scope, change)?));
    }
    if let Some(muted) = patch.muted {
        if patch.status.is_some() {
            return Err(Fault::invalid("muted", "not together with status: to block resolves"));
        }
        writes.push((OutboxKind::Mute, json!({ "muted": muted })));
    }
    if let Some(read) = patch.read {
        writes.push((if read { OutboxKind::Read } else { OutboxKind::Unread }, json!({})));
    }
    match (patch.status, patch.snoozed_until) {
        (Some(status), until) if until.is_none() || status == ConversationStatus::Snoozed => {
            let until = until.map(|at| at.as_microsecond());
            if until.is_some_and(|at| at <= scope.now()) {
                return Err(Fault::invalid("snoozed_until", "lies in the past"));
            }
            writes.push((OutboxKind::Status, json!({ "status": status, "snoozed_until_us": until })));
        }
        (None, None) => {}
        _ => return Err(Fault::invalid("snoozed_until", "only together with status snoozed")),
    }
    Ok(writes)
}

/// Agents to add and to remove; all of them known, or Chatwoot would break over one.
fn participants(scope: &Scope<'_>, change: &ParticipantChange) -> Result<Value, Fault> {
    let agents = scope.agents()?;
    if change.add.is_empty() && change.remove.is_empty() {
        return Err(Fault::invalid("participants", "names nobody to add or remove"));
    }
    if let Some(id) = change.add.iter().chain(&change.remove).find(|id| !agents.iter().any(|agent| agent.id == **id)) {
        return Err(Fault::invalid("participants", &format!("there is no agent {id}; GET /agents lists them")));
    }
    if let Some(id) = change.add.iter().find(|id| change.remove.contains(id)) {
        return Err(Fault::invalid("participants", &format!("agent {id} is in add and in remove")));
    }
    Ok(json!({ "add": change.add, "remove": change.remove }))
}

pub(super) fn assignee_payload(scope: &Scope<'_>, who: &Person, text: &str) -> Result<Value, Fault> {
    let agents = scope.agents()?;
    let id = match text {
        "none" => return Ok(json!({ "id": null, "name": null })),
        "me" => who.agent_id().ok_or_else(|| {
            Fault::invalid("assignee", "you are linked to no Chatwoot agent; set chatwoot_email for this user in the daemon's config")
        })?,
        id => id.parse().map_err(|_| Fault::invalid("assignee", "me, none or an agent's id"))?,
    };
    let agent = agents.into_iter().find(|agent| agent.id == id);
    let agent = agent.ok_or_else(|| Fault::invalid("assignee", &format!("there is no agent {id}; GET /agents lists them")))?;
    Ok(json!({ "id": agent.id, "name": agent.name }))
}

/// Asks for a decision about a conversation, and hands it on where that is asked for: both or neither.
#[utoipa::path(post, path = "/conversations/{id}/escalate", tag = "conversations", params(("id" = i64, Path, description = "Chatwoot's display id")),
    request_body = Escalate, security(("bearer" = [])),
    responses((status = 201, body = Data<ApprovalView>), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(crate) async fn escalate(Path(id): Path<String>, change: Change<Escalate>) -> Result<Response, Fault> {
    change.caller.must_work()?;
    let (id, rules) = (parse(&id)?, change.caller.tenant().rules.clone());
    change
        .carry_out(StatusCode::CREATED, move |scope, who, body| {
            let row = service::escalate(scope, &rules, who, id, &body.reason)?;
            let patch =
                ConversationPatch { assignee: body.assignee, team: body.team, priority: body.priority, ..ConversationPatch::default() };
            let writes = writes(scope, who, id, &patch)?;
            enqueue(scope, who, id, writes, scope.now())?;
            service::view(scope, &rules, &row, who)
        })
        .await
}
