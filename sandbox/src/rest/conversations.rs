//! Conversations: list, show, create and the actions on one.

use serde_json::{Value, json};

use super::{Ctx, Who, messages, page_of};
use crate::{
    clock::Stamp,
    http::{Outcome, Refusal, Reply},
    params::{self, Params, to_i},
    state::{
        Actor, ContactInbox, Conversation, ConversationQuery, Counts, Event, Id, MessageType, NewConversation, Priority, Status,
        StatusFilter, sorted,
    },
    wire,
    world::Role,
};

/// `CONVERSATION_RESULTS_PER_PAGE` as shipped.
const PAGE: usize = 25;

fn query(ctx: &Ctx<'_>) -> Result<ConversationQuery, Refusal> {
    let p = &ctx.call.params;
    let words = p.present("q");
    let status = match p.text("status") {
        _ if words.is_some() => StatusFilter::Any,
        None => StatusFilter::Only(Status::Open),
        Some(word) if word == "all" => StatusFilter::Any,
        Some(word) => Status::parse(&word).map_or(StatusFilter::Nothing, StatusFilter::Only),
    };
    let team = match p.id("team_id") {
        Some(team) => Some(ctx.state.teams.get(&team).filter(|t| t.account_id == ctx.account).ok_or(Refusal::Missing)?.id),
        None => None,
    };
    Ok(ConversationQuery {
        account: ctx.account,
        user: ctx.user()?.id,
        status,
        assignee: p.text("assignee_type"),
        inbox: p.id("inbox_id").filter(|_| p.present("inbox_id").is_some()),
        team,
        labels: p.words("labels"),
        kind: p.text("conversation_type"),
        words,
        source: p.present("source_id"),
        updated_within: p.present("updated_within").map(|t| params::int(&t)),
    })
}

fn counts(n: Counts) -> Value {
    json!({"mine_count": n.mine, "assigned_count": n.assigned, "unassigned_count": n.unassigned, "all_count": n.all})
}

pub(super) fn list(ctx: &mut Ctx<'_>) -> Outcome {
    let query = query(ctx)?;
    let page = ctx.page()?;
    let s = &*ctx.state;
    let listed: Vec<&Conversation> = query.rows(s).filter(|c| query.listed(s, c)).collect();
    let rows = sorted(s, listed, &ctx.call.params.text("sort_by").unwrap_or_default());
    let rows = if query.updated_within.is_some() { rows } else { page_of(rows, page, PAGE) };
    let n = if query.words.is_some() { Counts::of(rows.iter().copied(), query.user) } else { Counts::of(query.rows(s), query.user) };
    let payload: Vec<Value> = rows.into_iter().map(|c| wire::conversation_rest(s, c, Some(query.user))).collect();
    Ok(Reply::Json(json!({"data": {"meta": counts(n), "payload": payload}})))
}

pub(super) fn meta(ctx: &mut Ctx<'_>) -> Outcome {
    let query = query(ctx)?;
    Ok(Reply::Json(json!({"meta": counts(Counts::of(query.rows(ctx.state), query.user))})))
}

pub(super) fn unread_counts(ctx: &mut Ctx<'_>) -> Outcome {
    if !ctx.state.version.counts_unread() {
        return Err(Refusal::Missing); // The word is read as an id.
    }
    Err(Refusal::Error(403, "Conversation unread counts feature not enabled for this account".into()))
}

/// The full shape of the conversation with that database id.
fn full(ctx: &Ctx<'_>, id: Id) -> Outcome {
    let c = ctx.state.conversations.get(&id).ok_or(Refusal::Missing)?;
    if c.team_id.is_some() && matches!(ctx.who, Who::Bot(_)) {
        return Err(Refusal::BROKEN); // The team partial asks the current user for its teams; bots have none.
    }
    Ok(Reply::Json(wire::conversation_rest(ctx.state, c, ctx.user_id())))
}

pub(super) fn show(ctx: &mut Ctx<'_>) -> Outcome {
    let id = ctx.conversation()?.id;
    full(ctx, id)
}

/// A status by word or number; an unknown one breaks the real server.
fn status(value: &Value) -> Result<Status, Refusal> {
    match value {
        Value::String(word) => Status::parse(word).or_else(|| number(word.parse().ok()?)).ok_or(Refusal::BROKEN),
        Value::Number(n) => n.as_u64().and_then(number).ok_or(Refusal::BROKEN),
        _ => Err(Refusal::BROKEN),
    }
}

fn number(index: u64) -> Option<Status> {
    usize::try_from(index).ok().and_then(|i| Status::ALL.get(i)).copied()
}

pub(super) fn create(ctx: &mut Ctx<'_>) -> Outcome {
    let p = ctx.call.params.clone();
    let address = address(ctx, &p)?;
    let inbox = ctx.state.inboxes.get(&address.inbox_id).ok_or(Refusal::Missing)?;
    if let Some(user) = ctx.user_id()
        && ctx.state.role(user, ctx.account) == Some(Role::Agent)
        && !inbox.members.contains(&user)
    {
        return Err(Refusal::policy());
    }
    if inbox.flag("lock_to_single_conversation")
        && let Some(c) = ctx.state.conversations.values().rfind(|c| c.contact_inbox_id == address.id)
    {
        return full(ctx, c.id);
    }
    let wanted = match p.get("status") {
        None | Some(Value::Null) => None,
        Some(value) => Some(status(value)?),
    };
    if p.get("custom_attributes").is_some_and(|v| !v.is_object() && !v.is_null()) {
        return Err(Refusal::BROKEN);
    }
    let unknown = p.id("assignee_id").is_some_and(|a| a != 0 && ctx.state.role(a, ctx.account).is_none());
    if unknown && !ctx.state.version.takes_unknown_assignees() {
        return Err(Refusal::BROKEN);
    }
    check_attributes("custom_attributes", p.get("custom_attributes"))?;
    check_attributes("additional_attributes", p.get("additional_attributes"))?;
    let new = NewConversation {
        status: wanted,
        assignee_id: p.id("assignee_id").filter(|i| *i != 0),
        team_id: p.id("team_id").filter(|i| *i != 0),
        snoozed_until: p.text("snoozed_until").and_then(|t| Stamp::parse(&t)),
        additional_attributes: p.get("additional_attributes").filter(|v| v.is_object()).cloned(),
        custom_attributes: p.get("custom_attributes").filter(|v| v.is_object()).cloned(),
    };
    let id = ctx.state.create_conversation(&address, new).ok_or(Refusal::Missing)?;
    if let Some(Value::Object(message)) = p.get("message") {
        let written = messages::read(ctx, &Params(message.clone()), id).and_then(|mut new| {
            new.first = true;
            ctx.state.create_message(id, new)
        });
        if written.is_err() {
            ctx.state.roll_back(id);
            return Err(Refusal::BROKEN);
        }
    }
    full(ctx, id)
}

/// Texts and numbers in attributes have limits (`JsonbAttributesLengthValidator`).
fn check_attributes(column: &'static str, value: Option<&Value>) -> Result<(), Refusal> {
    let title = if column == "custom_attributes" { "Custom attributes" } else { "Additional attributes" };
    for (key, value) in value.and_then(Value::as_object).into_iter().flatten() {
        let text = match value {
            Value::String(s) if s.chars().count() > 1500 => format!("{title} {key} length should be < 1500"),
            Value::Number(n) if n.as_f64().is_some_and(|n| n > 9_999_999_999.0) => format!("{title} {key} value should be < 9999999999"),
            _ => continue,
        };
        return Err(Refusal::invalid(&[(column, &text)]));
    }
    Ok(())
}

/// The contact inbox that the parameters name or ask for.
fn address(ctx: &mut Ctx<'_>, p: &Params) -> Result<ContactInbox, Refusal> {
    let source = p.present("source_id");
    let Some(inbox) = p.id("inbox_id") else {
        let source = source.ok_or(Refusal::Missing)?;
        return ctx.state.contact_inboxes.values().find(|ci| ci.source_id == source).cloned().ok_or(Refusal::Missing);
    };
    let inbox = ctx.state.inboxes.get(&inbox).filter(|i| i.account_id == ctx.account).ok_or(Refusal::Missing)?.id;
    let Some(contact) = p.id("contact_id") else {
        let source = source.ok_or(Refusal::Missing)?;
        return ctx.state.by_source(inbox, &source).cloned().ok_or(Refusal::Missing);
    };
    let contact = ctx.state.contacts.get(&contact).filter(|c| c.account_id == ctx.account).ok_or(Refusal::Missing)?.id;
    ctx.state.contact_inbox(contact, inbox, source, false)
}

pub(super) fn update(ctx: &mut Ctx<'_>) -> Outcome {
    let id = ctx.conversation()?.id;
    if ctx.call.params.has("priority") {
        let wanted = priority(&ctx.call.params)?;
        ctx.state.update_conversation(id, |c| c.priority = wanted);
    }
    full(ctx, id)
}

fn priority(p: &Params) -> Result<Option<Priority>, Refusal> {
    match p.text("priority").filter(|t| !t.is_empty()) {
        Some(word) => Priority::parse(&word).map(Some).ok_or(Refusal::BROKEN),
        None => Ok(None),
    }
}

pub(super) fn delete(ctx: &mut Ctx<'_>) -> Outcome {
    let id = ctx.conversation()?.id;
    ctx.admin()?;
    ctx.state.delete_conversation(id);
    Ok(Reply::Empty)
}

pub(super) fn toggle_status(ctx: &mut Ctx<'_>) -> Outcome {
    let c = ctx.conversation()?.clone();
    let p = &ctx.call.params;
    let wanted = match p.get("status") {
        Some(value) if !value.is_null() => status(value)?,
        _ if c.status == Status::Open => Status::Resolved,
        _ => Status::Open,
    };
    let until = match p.get("snoozed_until").filter(|v| !v.is_null()) {
        Some(Value::String(word))
            if wanted == Status::Snoozed && !word.trim_start().starts_with(|c: char| c.is_ascii_digit() || c == '-') =>
        {
            return Err(Refusal::BROKEN);
        }
        until => until.map(|v| Stamp::from_unix(to_i(v))),
    };
    let handoff = matches!(ctx.who, Who::Bot(_)) && c.status == Status::Pending && wanted == Status::Open;
    ctx.state.update_conversation(c.id, |c| {
        c.status = wanted;
        c.snoozed_until = until.or(c.snoozed_until).filter(|_| wanted == Status::Snoozed);
    });
    if let Some(user) = ctx.user_id()
        && wanted == Status::Open
        && ctx.state.role(user, ctx.account) == Some(Role::Agent)
    {
        ctx.state.take_over(c.id, user, c.status != wanted);
    }
    let c = ctx.state.conversations.get(&c.id).ok_or(Refusal::Missing)?;
    let success = if handoff { Value::Null } else { json!(true) };
    Ok(Reply::Json(json!({"payload": {
        "success": success, "conversation_id": c.display_id, "current_status": c.status.as_str(), "snoozed_until": c.snoozed_until.map(Stamp::iso),
    }})))
}

pub(super) fn toggle_priority(ctx: &mut Ctx<'_>) -> Outcome {
    let id = ctx.conversation()?.id;
    let wanted = priority(&ctx.call.params)?;
    ctx.state.update_conversation(id, |c| c.priority = wanted);
    Ok(Reply::Empty)
}

pub(super) fn toggle_typing(ctx: &mut Ctx<'_>) -> Outcome {
    let conversation = ctx.conversation()?.id;
    let who = match ctx.who {
        Who::User(id) => Actor::User(id),
        Who::Bot(id) => Actor::Bot(id),
        Who::Platform => Actor::Nobody,
    };
    let private = ctx.call.params.flag("is_private").unwrap_or(false);
    match ctx.call.params.text("typing_status").as_deref() {
        Some("on") => ctx.state.emit(Event::Typing { conversation, who, on: true, private }),
        Some("off") => ctx.state.emit(Event::Typing { conversation, who, on: false, private }),
        _ => {}
    }
    Ok(Reply::Empty)
}

pub(super) fn assign(ctx: &mut Ctx<'_>) -> Outcome {
    let id = ctx.conversation()?.id;
    let p = ctx.call.params.clone();
    if p.has("assignee_id") || !p.has("team_id") {
        let wanted = p.id("assignee_id").unwrap_or(0);
        if p.text("assignee_type").as_deref() == Some("AgentBot") && ctx.state.version.assigns_bots() {
            let Some(bot) = ctx.state.bots.get(&wanted).filter(|b| b.account_id.is_none_or(|a| a == ctx.account)).cloned() else {
                return Ok(Reply::Json(Value::Null));
            };
            ctx.state.assign_bot(id, bot.id);
            return Ok(Reply::Json(wire::bot_slim(&bot)));
        }
        let user = ctx.state.users.get(&wanted).filter(|u| u.account_id == Some(ctx.account)).map(|u| u.id);
        ctx.state.assign_person(id, user);
        let user = user.and_then(|u| ctx.state.users.get(&u));
        return Ok(Reply::Json(user.map_or(Value::Null, |u| wire::agent(ctx.state, u))));
    }
    let wanted = p.id("team_id").unwrap_or(0);
    let team = ctx.state.teams.get(&wanted).filter(|t| t.account_id == ctx.account).cloned();
    ctx.state.assign_team(id, team.as_ref().map(|t| t.id));
    Ok(Reply::Json(team.as_ref().map_or(Value::Null, wire::team_row)))
}

/// Trims, splits at commas and takes doubles out, as acts-as-taggable does.
pub(super) fn read_labels(p: &Params) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    if let Some(Value::Array(items)) = p.get("labels") {
        for word in items.iter().filter_map(params::text) {
            for label in word.split(',').map(str::trim).filter(|l| !l.is_empty()) {
                if !out.iter().any(|l| l == label) {
                    out.push(label.to_owned());
                }
            }
        }
    }
    out
}

pub(super) fn labels(ctx: &mut Ctx<'_>) -> Outcome {
    let id = ctx.conversation()?.id;
    if ctx.call.writes() {
        let wanted = read_labels(&ctx.call.params);
        ctx.state.update_conversation(id, |c| c.labels = wanted);
    }
    let labels = ctx.state.conversations.get(&id).map(|c| c.labels.clone());
    Ok(Reply::Json(json!({"payload": labels})))
}

pub(super) fn custom_attributes(ctx: &mut Ctx<'_>) -> Outcome {
    let id = ctx.conversation()?.id;
    let wanted = ctx.call.params.get("custom_attributes").filter(|v| v.is_object()).cloned().ok_or(Refusal::BROKEN)?;
    check_attributes("custom_attributes", Some(&wanted))?;
    ctx.state.update_conversation(id, |c| c.custom_attributes = wanted.clone());
    Ok(Reply::Json(json!({"custom_attributes": wanted})))
}

pub(super) fn mute(ctx: &mut Ctx<'_>) -> Outcome {
    let id = ctx.conversation()?.id;
    ctx.state.mute(id, true);
    Ok(Reply::Empty)
}

pub(super) fn unmute(ctx: &mut Ctx<'_>) -> Outcome {
    let id = ctx.conversation()?.id;
    ctx.state.mute(id, false);
    Ok(Reply::Empty)
}

pub(super) fn transcript(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.conversation()?;
    if ctx.call.params.present("email").is_none() {
        return Err(Refusal::unprocessable("email param missing"));
    }
    Ok(Reply::Empty)
}

/// The enterprise folder is loaded, without an assistant.
pub(super) fn inbox_assistant(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.conversation()?;
    Ok(Reply::Json(json!({"assistant": null})))
}

/// Nothing is measured here.
pub(super) fn reporting_events(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.conversation()?;
    Ok(Reply::Json(json!([])))
}

pub(super) fn unread(ctx: &mut Ctx<'_>) -> Outcome {
    let id = ctx.conversation()?.id;
    let last = ctx.state.thread(id).rev().find(|m| m.message_type == MessageType::Incoming).map(|m| m.created_at.plus_seconds(-1));
    if let Some(c) = ctx.state.conversations.get_mut(&id) {
        c.agent_last_seen_at = last;
        c.assignee_last_seen_at = last;
    }
    full(ctx, id)
}

/// Reads the caller's notifications first: their frames still show the conversation unseen (first-contact).
pub(super) fn update_last_seen(ctx: &mut Ctx<'_>) -> Outcome {
    let c = ctx.conversation()?.clone();
    let me = ctx.user()?.id;
    let now = ctx.state.now();
    let mine = ctx.state.notifications.values().filter(|n| n.user_id == me && n.conversation_id == c.id && n.read_at.is_none());
    let mine: Vec<Id> = mine.map(|n| n.id).collect();
    for notification in mine.into_iter().filter(|_| ctx.state.version.seeing_reads_notifications()).collect::<Vec<_>>() {
        ctx.state.update_notification(notification, |n| n.read_at = Some(now));
    }
    let stale = |at: Option<Stamp>| at.is_none_or(|t| t.plus_seconds(3600) < now);
    let news = ctx.state.unread_count(&c) > 0 || !ctx.state.version.throttles_last_seen();
    if let Some(row) = ctx.state.conversations.get_mut(&c.id) {
        if news || stale(row.agent_last_seen_at) {
            row.agent_last_seen_at = Some(now);
        }
        if row.assignee_id == Some(me) && (news || stale(row.assignee_last_seen_at)) {
            row.assignee_last_seen_at = Some(now);
        }
    }
    full(ctx, c.id)
}

pub(super) fn participants(ctx: &mut Ctx<'_>) -> Outcome {
    let c = ctx.conversation()?.clone();
    let mut shown: Vec<Id> = c.participants.iter().copied().collect();
    if ctx.call.writes() {
        let asked = ctx.call.params.ids("user_ids").ok_or(Refusal::BROKEN)?;
        if asked.iter().any(|u| ctx.state.role(*u, ctx.account).is_none()) {
            return Err(Refusal::BROKEN);
        }
        let method = ctx.call.method.as_str();
        if let Some(row) = ctx.state.conversations.get_mut(&c.id) {
            match method {
                "POST" => row.participants.extend(&asked),
                "DELETE" => row.participants.retain(|p| !asked.contains(p)),
                _ => row.participants = asked.iter().copied().collect(),
            }
        }
        match method {
            "DELETE" => return Ok(Reply::Empty),
            "POST" => shown = asked.into_iter().filter(|u| !c.participants.contains(u)).collect(),
            _ => shown = asked,
        }
    }
    Ok(Reply::Json(shown.iter().filter_map(|u| ctx.state.users.get(u)).map(|u| wire::agent(ctx.state, u)).collect()))
}

pub(super) fn draft(ctx: &mut Ctx<'_>) -> Outcome {
    let id = ctx.conversation()?.id;
    let text = ctx.call.params.get("draft_message").and_then(|d| d.get("message")).and_then(params::text);
    let c = ctx.state.conversations.get_mut(&id).ok_or(Refusal::Missing)?;
    match ctx.call.method.as_str() {
        "GET" => {
            return Ok(Reply::Json(
                c.draft.as_ref().map_or_else(|| json!({"has_draft": false}), |d| json!({"has_draft": true, "message": d})),
            ));
        }
        "DELETE" => c.draft = None,
        _ => c.draft = Some(text.unwrap_or_default()),
    }
    Ok(Reply::Empty)
}
