//! Approvals end to end: read, decide by the rules of [`crate::domain::approval`], write down, and let follow what follows.
//!
//! Everything here runs inside one write, so that of two people who decide at once exactly one wins. Called by the HTTP handlers, by the
//! sync (an escalation from Chatwoot's own page) and by the timer that lets approvals lapse.

use api::approval::{Actor, ApprovalChanges, ApprovalPatch, ApprovalStatus, ApprovalView, FieldChange, NewApproval, WriteBack};
use api::event::{ActivityType, SubjectType};
use api::id::{ApprovalId, ConversationId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{Person, agent_of};
use crate::clock::{SECOND, timestamp};
use crate::config::{self, ApprovalType, Config};
use crate::domain::approval::{self as rule, ESCALATE_LABEL, Facts, Outcome, Refusal, Verdict};
use crate::fault::Fault;
use crate::store::{ApprovalRow, AuditEntry, NewActivity, NewOutbox, OutboxKind, Scope, StoreError};
use crate::sync::Escalation;

/// Lines of the conversation that an approver is shown.
const EXCERPT_LINES: u32 = 10;
/// The label that says yes, and the one that says no, in Chatwoot.
const APPROVED_LABEL: &str = "approved";
const REJECTED_LABEL: &str = "rejected";
/// The type that an escalation makes.
const ESCALATION: &str = "escalation";

/// What of the configuration decides about approvals.
#[derive(Debug)]
pub(crate) struct Rules {
    types: Vec<ApprovalType>,
    users: Vec<config::User>,
}

impl Rules {
    pub(crate) fn new(config: &Config, slug: &str) -> Self {
        let built_in = config::BUILT_IN_TYPES.iter().filter_map(|name| config.approval_type(name));
        let declared = config.approval_types.iter().filter(|kind| !config::BUILT_IN_TYPES.contains(&kind.name.as_str())).cloned();
        let users = config.users.iter().filter(|user| user.tenants.iter().any(|t| t == slug)).cloned().collect();
        Self { types: built_in.chain(declared).collect(), users }
    }

    fn kind(&self, name: &str) -> Option<&ApprovalType> {
        self.types.iter().find(|kind| kind.name == name)
    }

    /// The roles that decide a type; a type that was taken out of the config is decided by owners.
    fn deciders(&self, name: &str) -> &[api::tenant::Role] {
        self.kind(name).map_or(&[api::tenant::Role::Owner], |kind| &kind.deciders)
    }
}

/// What is asked.
struct Ask {
    kind: String,
    title: String,
    description: String,
    conversation_id: Option<i64>,
    amount: Option<api::approval::Money>,
    expires_at: Option<i64>,
    draft: bool,
    requester: Actor,
    requester_agent: Option<i64>,
    via: &'static str,
}

/// One approval, by id or reference.
pub(crate) fn find(scope: &Scope<'_>, id: &str) -> Result<ApprovalRow, Fault> {
    let found = match (id.parse(), id.parse::<Uuid>()) {
        (Ok(reference), _) => scope.approval_by_reference(reference)?,
        (_, Ok(id)) => scope.approval(id)?,
        _ => None,
    };
    found.ok_or_else(|| Fault::not_found("approval"))
}

/// As the caller sees it.
pub(crate) fn view(scope: &Scope<'_>, rules: &Rules, row: &ApprovalRow, who: &Person) -> Result<ApprovalView, Fault> {
    let assignee = assignee_of(scope, row)?;
    let (all, done, stuck) = scope.write_back(row.id)?;
    let write_back = match (all, done, stuck) {
        (0, ..) => WriteBack::None,
        (_, _, 1..) => WriteBack::Failed,
        (all, done, 0) if all == done => WriteBack::Done,
        _ => WriteBack::Queued,
    };
    let hindrance = rule::hindrance(&facts(rules, row, assignee), &who.who());
    Ok(ApprovalView {
        id: ApprovalId(row.id),
        reference: row.reference(),
        kind: row.kind.clone(),
        title: row.title.clone(),
        description: row.description.clone(),
        status: row.status,
        revision: row.revision,
        digest: row.digest.clone(),
        requester: row.requester.clone(),
        conversation_id: row.conversation_id.map(ConversationId),
        contact: row.contact_name.clone(),
        amount: row.amount.clone(),
        excerpt: row.excerpt.clone(),
        created_at: timestamp(row.created_at),
        submitted_at: row.submitted_at.map(timestamp),
        expires_at: row.expires_at.map(timestamp),
        decided_at: row.decided_at.map(timestamp),
        decided_by: row.decided_by.clone(),
        comment: row.comment.clone(),
        write_back,
        hindrance,
    })
}

/// Asks for a decision, or writes a draft.
pub(crate) fn create(scope: &Scope<'_>, rules: &Rules, who: &Person, new: NewApproval) -> Result<ApprovalRow, Fault> {
    let kind = new.kind.unwrap_or_else(|| "ceo_approval".to_owned());
    if rules.kind(&kind).is_none() {
        let known: Vec<&str> = rules.types.iter().map(|kind| kind.name.as_str()).collect();
        return Err(Fault::invalid("type", &format!("`{kind}` is none of: {}", known.join(", "))));
    }
    check_text("title", &new.title, 1, 200)?;
    check_text("description", &new.description, 0, 20_000)?;
    if let Some(amount) = &new.amount {
        check_currency(&amount.currency)?;
    }
    let expires_at = new.expires_at.map(|at| at.as_microsecond());
    if expires_at.is_some_and(|at| at <= scope.now()) {
        return Err(Fault::invalid("expires_at", "lies in the past"));
    }
    let conversation_id = new.conversation_id.map(|id| id.0);
    if let Some(id) = conversation_id
        && !scope.has_conversation(id)?
    {
        return Err(Fault::not_found("conversation"));
    }
    let ask = Ask {
        kind,
        title: new.title,
        description: new.description,
        conversation_id,
        amount: new.amount,
        expires_at,
        draft: new.draft,
        requester: who.actor(),
        requester_agent: who.agent_id(),
        via: "api",
    };
    write_new(scope, rules, ask)
}

/// Asks for a decision about a conversation, and shows it in Chatwoot: the label and a note with the reason.
pub(crate) fn escalate(scope: &Scope<'_>, rules: &Rules, who: &Person, conversation_id: i64, reason: &str) -> Result<ApprovalRow, Fault> {
    check_text("reason", reason.trim(), 1, 4_000)?;
    if !scope.has_conversation(conversation_id)? {
        return Err(Fault::not_found("conversation"));
    }
    let row = write_new(scope, rules, escalation(conversation_id, reason, who.actor(), who.agent_id(), "api"))?;
    let out = |kind, payload| NewOutbox {
        conversation_id,
        kind,
        payload,
        user: Some(who.user.clone()),
        approval_id: None,
        not_before: scope.now(),
    };
    scope.enqueue(&out(OutboxKind::Labels, json!({ "add": [ESCALATE_LABEL], "remove": [] })))?;
    let note = rule::without_liquid(&format!("Escalated as {}.\n\n{}", row.reference(), reason.trim()));
    scope.enqueue(&out(OutboxKind::Note, json!({ "content": note })))?;
    Ok(row)
}

/// An agent escalated on Chatwoot's own page. While the conversation has an open approval nothing more is made, so that retries and the
/// two live paths make one.
pub(crate) fn escalate_from_chatwoot(scope: &Scope<'_>, rules: &Rules, new: Escalation) -> Result<(), StoreError> {
    if scope.has_open_approval(new.conversation_id)? || !scope.has_conversation(new.conversation_id)? {
        return Ok(());
    }
    let mut requester = Actor { user: None, name: "unknown".to_owned() };
    let agent_id = new.agent.as_ref().map(|(id, _)| *id);
    if let Some((id, name)) = new.agent {
        requester.name = name;
        for user in &rules.users {
            if agent_of(scope, user)?.is_some_and(|agent| agent.id == id) {
                requester = Actor { user: Some(user.name.clone()), name: user.display_name.clone() };
            }
        }
    }
    let reason = if new.reason.trim().is_empty() { format!("Escalated in Chatwoot by {}", new.via) } else { new.reason };
    match write_new(scope, rules, escalation(new.conversation_id, &reason, requester, agent_id, "chatwoot")) {
        Ok(_) => Ok(()),
        Err(Fault { cause: Some(cause), .. }) => Err(*cause),
        Err(fault) => {
            tracing::warn!(conversation = new.conversation_id, %fault, "an escalation from Chatwoot was not taken");
            Ok(())
        }
    }
}

fn escalation(conversation_id: i64, reason: &str, requester: Actor, requester_agent: Option<i64>, via: &'static str) -> Ask {
    Ask {
        kind: ESCALATION.to_owned(),
        title: rule::title_of(reason),
        description: reason.trim().chars().take(20_000).collect(),
        conversation_id: Some(conversation_id),
        amount: None,
        expires_at: None,
        draft: false,
        requester,
        requester_agent,
        via,
    }
}

fn write_new(scope: &Scope<'_>, rules: &Rules, ask: Ask) -> Result<ApprovalRow, Fault> {
    if ask.kind == ESCALATION
        && !ask.draft
        && let Some(id) = ask.conversation_id
        && let Some(open) = scope.open_escalation(id)?
    {
        return Err(Fault::from(Refusal::Open(open.reference())).with(json!({ "reference": open.reference(), "id": open.id })));
    }
    let mut row = ApprovalRow {
        number: scope.next_approval_number()?,
        id: Uuid::now_v7(),
        kind: ask.kind,
        title: ask.title,
        description: ask.description,
        status: if ask.draft { ApprovalStatus::Draft } else { ApprovalStatus::Submitted },
        revision: 1,
        digest: String::new(),
        requester: ask.requester,
        requester_agent: ask.requester_agent,
        editor: None,
        editor_agent: None,
        conversation_id: ask.conversation_id,
        asked_assignee: None,
        contact_name: None,
        amount: ask.amount,
        excerpt: Vec::new(),
        created_at: scope.now(),
        submitted_at: (!ask.draft).then_some(scope.now()),
        expires_at: ask.expires_at,
        decided_at: None,
        decided_by: None,
        comment: None,
    };
    if let Some(id) = row.conversation_id {
        if let Some(conversation) = scope.conversation(id, "")? {
            row.asked_assignee = conversation.assignee.map(|agent| agent.id);
            row.contact_name = Some(conversation.contact.name);
        }
        row.excerpt = scope.excerpt(id, EXCERPT_LINES)?;
    }
    if !ask.draft {
        row.expires_at = row.expires_at.or(lapses(scope, rules, &row));
    }
    put(scope, &mut row)?;
    let (verb, activity) = if ask.draft { ("draft", ActivityType::ApprovalDrafted) } else { ("submit", ActivityType::ApprovalSubmitted) };
    let requester = row.requester.clone();
    record(scope, &row, verb, ask.via, &requester, activity, None)?;
    Ok(row)
}

/// When an approval of this type lapses that is asked now.
fn lapses(scope: &Scope<'_>, rules: &Rules, row: &ApprovalRow) -> Option<i64> {
    let hours = rules.kind(&row.kind)?.expires_hours?;
    Some(scope.now() + i64::from(hours) * 3600 * SECOND)
}

/// Writes a row with the digest of what it shows now, and keeps that revision.
fn put(scope: &Scope<'_>, row: &mut ApprovalRow) -> Result<(), StoreError> {
    row.digest = rule::digest(&rule::Shown {
        kind: &row.kind,
        title: &row.title,
        description: &row.description,
        revision: row.revision,
        requester: &row.requester,
        conversation_id: row.conversation_id,
        contact: row.contact_name.as_deref(),
        amount: row.amount.as_ref(),
        excerpt: &row.excerpt,
    });
    scope.put_approval(row)?;
    scope.put_revision(row.number, row.revision, &shown(row))
}

fn shown(row: &ApprovalRow) -> Value {
    json!({ "title": row.title, "description": row.description, "amount": row.amount, "excerpt": row.excerpt })
}

/// One row in the ledger, one in the audit log, one in the feed.
fn record(
    scope: &Scope<'_>,
    row: &ApprovalRow,
    verb: &str,
    via: &'static str,
    actor: &Actor,
    activity: ActivityType,
    note: Option<&str>,
) -> Result<(), StoreError> {
    scope.append_decision(&AuditEntry {
        actor: actor.clone(),
        via,
        action: format!("approval.{verb}"),
        resource_type: "approval".to_owned(),
        resource_id: row.id.to_string(),
        external: false,
        note: note.map(str::to_owned),
        data: json!({
            "conversation_id": row.conversation_id, "digest": row.digest, "reference": row.reference(), "revision": row.revision,
            "status": row.status, "type": row.kind,
        }),
    })?;
    let mut new = NewActivity::by_chatwoot(activity, SubjectType::Approval, row.id.to_string());
    new.actor = Some(actor.clone());
    new.conversation_id = row.conversation_id;
    new.data = json!({
        "reference": row.reference(), "revision": row.revision, "status": row.status, "type": row.kind, "requester": row.requester.user,
    });
    scope.record_activity(new)?;
    Ok(())
}

fn facts<'a>(rules: &'a Rules, row: &'a ApprovalRow, assignee: Option<i64>) -> Facts<'a> {
    Facts {
        status: row.status,
        revision: row.revision,
        requester: &row.requester,
        requester_agent: row.requester_agent,
        editor: row.editor.as_deref(),
        editor_agent: row.editor_agent,
        assignee,
        asked_assignee: row.asked_assignee,
        decided_by: row.decided_by.as_ref(),
        expires_at: row.expires_at,
        deciders: rules.deciders(&row.kind),
    }
}

fn assignee_of(scope: &Scope<'_>, row: &ApprovalRow) -> Result<Option<i64>, StoreError> {
    let Some(id) = row.conversation_id else { return Ok(None) };
    Ok(scope.conversation(id, "")?.and_then(|c| c.assignee).map(|a| a.id))
}

/// What it shows otherwise than at the revision `since`; than at the one before, or the first, where none is named.
pub(crate) fn changes_since(scope: &Scope<'_>, id: &str, since: Option<u32>) -> Result<ApprovalChanges, Fault> {
    let row = find(scope, id)?;
    let since = since.unwrap_or(row.revision.saturating_sub(1).max(1));
    let then = scope.revision(row.number, since)?.ok_or_else(|| Fault::not_found("revision"))?;
    Ok(changes(&row, since, &then))
}

fn changes(row: &ApprovalRow, read: u32, then: &Value) -> ApprovalChanges {
    let now = shown(row);
    let part = |of: &Value, field| of.get(field).cloned().unwrap_or_default();
    let changed = ["title", "description", "amount", "excerpt"]
        .into_iter()
        .filter(|field| then.get(field) != now.get(field))
        .map(|field| FieldChange { field: field.to_owned(), from: part(then, field), to: part(&now, field) })
        .collect();
    ApprovalChanges { reference: row.reference(), read, current: row.revision, digest: row.digest.clone(), changed }
}

/// A refusal with what the caller needs to go on: the result, or what changed.
fn explain(scope: &Scope<'_>, row: &ApprovalRow, refusal: Refusal) -> Result<Fault, Fault> {
    let details = match &refusal {
        Refusal::Stale { read, .. } => json!(changes(row, *read, &scope.revision(row.number, *read)?.unwrap_or_default())),
        Refusal::AlreadyDecided => json!({
            "reference": row.reference(), "status": row.status, "decided_by": row.decided_by, "decided_at": row.decided_at.map(timestamp),
            "comment": row.comment,
        }),
        _ => json!({ "reference": row.reference(), "status": row.status }),
    };
    Ok(Fault::from(refusal).with(details))
}

/// Yes or no, once.
pub(crate) fn decide(
    scope: &Scope<'_>,
    rules: &Rules,
    who: &Person,
    id: &str,
    verdict: Verdict,
    read: Result<u32, Refusal>,
    comment: Option<&str>,
) -> Result<ApprovalRow, Fault> {
    let mut row = find(scope, id)?;
    let assignee = assignee_of(scope, &row)?;
    rule::may_decide(&facts(rules, &row, assignee), &who.who())?;
    let read = read?;
    check_text("comment", comment.unwrap_or_default(), 0, 4_000)?;
    match rule::decide(&facts(rules, &row, assignee), &who.who(), verdict, read, comment, scope.now()) {
        Ok(Outcome::Already) => return Ok(row),
        Ok(Outcome::Record) => {}
        Err(refusal) => return Err(explain(scope, &row, refusal)?),
    }
    row.status = verdict.status();
    row.decided_at = Some(scope.now());
    row.decided_by = Some(who.actor());
    row.comment = comment.map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned);
    scope.put_approval(&row)?;
    let (verb, activity) = match verdict {
        Verdict::Approve => ("approve", ActivityType::ApprovalApproved),
        Verdict::Reject => ("reject", ActivityType::ApprovalRejected),
    };
    record(scope, &row, verb, "api", &who.actor(), activity, row.comment.as_deref())?;
    if let Some(conversation_id) = row.conversation_id {
        // As the approver, where their own token is linked; the note names them either way.
        let user = Some(who.user.clone());
        let out = |kind, payload| NewOutbox {
            conversation_id,
            kind,
            payload,
            user: user.clone(),
            approval_id: Some(row.id),
            not_before: scope.now(),
        };
        let note = rule::decision_note(row.reference(), verdict, &who.name, row.comment.as_deref());
        scope.enqueue(&out(OutboxKind::Note, json!({ "content": note })))?;
        let label = if verdict == Verdict::Approve { APPROVED_LABEL } else { REJECTED_LABEL };
        scope.enqueue(&out(OutboxKind::Labels, json!({ "add": [label], "remove": [ESCALATE_LABEL] })))?;
    }
    Ok(row)
}

/// Puts a draft before the approvers; where a revision was `read`, only at that one.
pub(crate) fn submit(scope: &Scope<'_>, rules: &Rules, who: &Person, id: &str, read: Option<u32>) -> Result<ApprovalRow, Fault> {
    let mut row = find(scope, id)?;
    match rule::submit(&facts(rules, &row, None), &who.who(), read) {
        Ok(Outcome::Already) => return Ok(row),
        Ok(Outcome::Record) => {}
        Err(refusal) => return Err(explain(scope, &row, refusal)?),
    }
    if row.kind == ESCALATION
        && let Some(conversation) = row.conversation_id
        && let Some(open) = scope.open_escalation(conversation)?
    {
        return Err(Refusal::Open(open.reference()).into());
    }
    if row.expires_at.is_some_and(|at| at <= scope.now()) {
        return Err(Fault::invalid("expires_at", "lies in the past"));
    }
    row.expires_at = row.expires_at.or(lapses(scope, rules, &row));
    row.status = ApprovalStatus::Submitted;
    row.submitted_at = Some(scope.now());
    scope.put_approval(&row)?;
    record(scope, &row, "submit", "api", &who.actor(), ActivityType::ApprovalSubmitted, None)?;
    Ok(row)
}

/// Takes back what is not decided; where a revision was `read`, only at that one.
pub(crate) fn withdraw(
    scope: &Scope<'_>,
    rules: &Rules,
    who: &Person,
    id: &str,
    read: Option<u32>,
    comment: Option<&str>,
) -> Result<ApprovalRow, Fault> {
    let mut row = find(scope, id)?;
    check_text("comment", comment.unwrap_or_default(), 0, 4_000)?;
    match rule::withdraw(&facts(rules, &row, None), &who.who(), read) {
        Ok(Outcome::Already) => return Ok(row),
        Ok(Outcome::Record) => {}
        Err(refusal) => return Err(explain(scope, &row, refusal)?),
    }
    row.status = ApprovalStatus::Withdrawn;
    row.comment = comment.map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned);
    scope.put_approval(&row)?;
    record(scope, &row, "withdraw", "api", &who.actor(), ActivityType::ApprovalWithdrawn, row.comment.as_deref())?;
    Ok(row)
}

/// Changes what is shown: a new revision, which its editor does not decide, and decisions on the old one are refused.
pub(crate) fn edit(
    scope: &Scope<'_>,
    rules: &Rules,
    who: &Person,
    id: &str,
    read: Result<u32, Refusal>,
    patch: ApprovalPatch,
) -> Result<ApprovalRow, Fault> {
    let mut row = find(scope, id)?;
    if let Err(refusal) = rule::edit(&facts(rules, &row, None), &who.who(), read?) {
        return Err(explain(scope, &row, refusal)?);
    }
    let before = shown(&row);
    if let Some(title) = patch.title {
        check_text("title", &title, 1, 200)?;
        row.title = title;
    }
    if let Some(description) = patch.description {
        check_text("description", &description, 0, 20_000)?;
        row.description = description;
    }
    if let Some(amount) = patch.amount {
        check_currency(&amount.currency)?;
        row.amount = Some(amount);
    }
    if shown(&row) == before {
        return Ok(row);
    }
    row.revision += 1;
    (row.editor, row.editor_agent) = (Some(who.user.clone()), who.agent_id());
    put(scope, &mut row)?;
    record(scope, &row, "update", "api", &who.actor(), ActivityType::ApprovalUpdated, None)?;
    Ok(row)
}

/// Lets approvals lapse whose time has run out.
pub(crate) fn expire(scope: &Scope<'_>) -> Result<usize, StoreError> {
    let lapsed = scope.lapsed_approvals()?;
    let system = Actor { user: None, name: "afenda".to_owned() };
    for mut row in lapsed.iter().cloned() {
        row.status = ApprovalStatus::Expired;
        scope.put_approval(&row)?;
        record(scope, &row, "expire", "system", &system, ActivityType::ApprovalExpired, None)?;
    }
    Ok(lapsed.len())
}

/// Refuses a text that is too short or too long, in characters.
pub(crate) fn check_text(field: &str, text: &str, least: usize, most: usize) -> Result<(), Fault> {
    let count = text.trim().chars().count();
    if count < least {
        return Err(Fault::invalid(field, "must not be empty"));
    }
    if text.chars().count() > most {
        return Err(Fault::invalid(field, &format!("at most {most} characters")));
    }
    Ok(())
}

fn check_currency(currency: &str) -> Result<(), Fault> {
    if currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase()) {
        Ok(())
    } else {
        Err(Fault::invalid("amount.currency", "three capital letters of ISO 4217, such as EUR"))
    }
}
