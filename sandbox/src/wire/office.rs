//! Surveys, rules, macros and the account's pages as JSON.

use serde_json::{Value, json};

use super::{agent, contact_rest, iso};
use crate::state::{Account, Automation, Csat, DashboardApp, Macro, State, Subscription, User};

/// An answered survey as administrators list it.
pub(crate) fn csat(s: &State, r: &Csat) -> Value {
    let mut out = json!({
        "id": r.id, "rating": r.rating, "feedback_message": r.feedback, "csat_review_notes": null, "review_notes_updated_at": null,
        "account_id": r.account_id, "message_id": r.message_id, "contact": s.contacts.get(&r.contact_id).map(|c| contact_rest(s, c, false)),
        "conversation_id": s.conversations.get(&r.conversation_id).map(|c| c.display_id),
    });
    if let Some(u) = r.assigned_agent_id.and_then(|u| s.users.get(&u)) {
        out = super::with(out, "assigned_agent", agent(s, u));
    }
    super::with(out, "created_at", json!(r.created_at.unix()))
}

/// The raw row, as the survey's page shows it.
pub(crate) fn csat_row(r: &Csat) -> Value {
    json!({
        "id": r.id, "account_id": r.account_id, "conversation_id": r.conversation_id, "message_id": r.message_id, "rating": r.rating,
        "feedback_message": r.feedback, "contact_id": r.contact_id, "assigned_agent_id": r.assigned_agent_id,
        "created_at": r.created_at.iso(), "updated_at": r.updated_at.iso(), "csat_review_notes": null, "review_notes_updated_at": null,
        "review_notes_updated_by_id": null,
    })
}

pub(crate) fn automation(r: &Automation) -> Value {
    json!({
        "id": r.id, "account_id": r.account_id, "name": r.name, "description": r.description, "event_name": r.event_name,
        "conditions": r.conditions, "actions": r.actions, "created_on": r.created_at.unix(), "active": r.active,
    })
}

pub(crate) fn macro_of(s: &State, m: &Macro) -> Value {
    let person = |id| s.users.get(&id).map(|u| agent(s, u));
    json!({
        "id": m.id, "name": m.name, "visibility": if m.global { "global" } else { "personal" }, "created_by": person(m.created_by),
        "updated_by": person(m.updated_by), "account_id": m.account_id, "actions": m.actions,
    })
}

pub(crate) fn dashboard_app(a: &DashboardApp) -> Value {
    json!({"id": a.id, "title": a.title, "content": a.content, "created_at": a.created_at.iso()})
}

/// The raw row of a device that is pushed to.
pub(crate) fn subscription(p: &Subscription) -> Value {
    let identifier = p.attributes.get("device_id").or_else(|| p.attributes.get("endpoint"));
    json!({
        "id": p.id, "user_id": p.user_id, "subscription_type": p.kind, "subscription_attributes": p.attributes,
        "created_at": p.created_at.iso(), "updated_at": p.created_at.iso(), "identifier": identifier,
    })
}

/// A user as the platform shows it: the profile without what only the user's own session adds.
pub(crate) fn platform_user(s: &State, u: &User) -> Value {
    let mut out = super::profile(s, u);
    if let Value::Object(map) = &mut out {
        map.remove("inviter_id");
        map.remove("type");
        let mine = u.account_id.and_then(|a| s.accounts.get(&a));
        let mine = mine.map(|a| json!({"id": a.id, "name": a.name, "active_at": iso(u.active_at), "role": u.role.as_str()}));
        map.insert("accounts".into(), mine.into_iter().collect());
    }
    out
}

/// The raw row of a membership.
pub(crate) fn account_user(u: &User, a: &Account) -> Value {
    json!({
        "id": u.account_user_id, "account_id": a.id, "user_id": u.id, "role": u.role.as_str(), "inviter_id": null,
        "created_at": u.joined_at.iso(), "updated_at": u.rejoined_at.iso(), "active_at": iso(u.active_at),
        "availability": u.availability.as_str(), "auto_offline": u.auto_offline, "custom_role_id": null, "agent_capacity_policy_id": null,
    })
}
