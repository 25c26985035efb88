//! Rules, macros and the shop's own pages beside the conversations.

use serde_json::{Value, json};

use super::Ctx;
use crate::{
    http::{Outcome, Refusal, Reply},
    params::Params,
    state::{Automation, DashboardApp, Macro},
    wire,
};

const CONDITIONS: [&str; 20] = [
    "content",
    "email",
    "country_code",
    "status",
    "message_type",
    "browser_language",
    "assignee_id",
    "team_id",
    "referer",
    "city",
    "company",
    "inbox_id",
    "mail_subject",
    "phone_number",
    "priority",
    "conversation_language",
    "labels",
    "private_note",
    "created_at",
    "last_activity_at",
];
/// What rules and macros both do.
const ACTIONS: [&str; 14] = [
    "send_message",
    "add_label",
    "remove_label",
    "assign_team",
    "assign_agent",
    "mute_conversation",
    "change_status",
    "resolve_conversation",
    "snooze_conversation",
    "change_priority",
    "send_email_transcript",
    "send_attachment",
    "add_private_note",
    "send_webhook_event",
];
const RULE_ACTIONS: [&str; 3] = ["send_email_to_team", "open_conversation", "pending_conversation"];
const MACRO_ACTIONS: [&str; 1] = ["remove_assigned_team"];

/// Names of the actions that are in neither list.
fn strange(actions: &Value, more: &[&str]) -> Vec<String> {
    let names = actions.as_array().into_iter().flatten().map(|a| a.get("action_name").and_then(Value::as_str).unwrap_or_default());
    names.filter(|n| !ACTIONS.contains(n) && !more.contains(n)).map(str::to_owned).collect()
}

/// Shape D: the error is an object.
fn wrong(field: &str, text: String) -> Refusal {
    Refusal::Json(422, json!({"error": {field: [text]}}))
}

fn check_rule(ctx: &Ctx<'_>, row: &Automation) -> Result<(), Refusal> {
    let conditions = row.conditions.as_array().ok_or(Refusal::BROKEN)?;
    let key = |c: &Value| c.get("attribute_key").and_then(Value::as_str).unwrap_or_default().to_owned();
    let custom = |key: &str| ctx.state.attributes.values().any(|a| a.account_id == ctx.account && a.key == key);
    let unknown: Vec<String> = conditions.iter().map(key).filter(|k| !CONDITIONS.contains(&k.as_str()) && !custom(k)).collect();
    if !unknown.is_empty() {
        return Err(wrong("conditions", format!("Automation conditions {} not supported.", unknown.join(","))));
    }
    let joined =
        |c: &Value| c.get("query_operator").and_then(Value::as_str).is_some_and(|o| matches!(o.to_lowercase().as_str(), "and" | "or"));
    if conditions.split_last().is_some_and(|(_, before)| !before.iter().all(joined)) {
        return Err(wrong("conditions", "Automation conditions should have query operator.".into()));
    }
    let odd = strange(&row.actions, &RULE_ACTIONS);
    if !odd.is_empty() {
        return Err(wrong("actions", format!("Automation actions {} not supported.", odd.join(","))));
    }
    Ok(())
}

fn fill_rule(p: &Params, row: &mut Automation) {
    row.name = p.text("name").unwrap_or_else(|| row.name.clone());
    row.description = p.text("description").or(row.description.take());
    row.event_name = p.text("event_name").unwrap_or_else(|| row.event_name.clone());
    row.active = p.flag("active").unwrap_or(row.active);
    for (key, slot) in [("conditions", &mut row.conditions), ("actions", &mut row.actions)] {
        if let Some(list @ Value::Array(_)) = p.get(key) {
            *slot = list.clone();
        }
    }
}

pub(super) fn rules(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.admin()?;
    let rows: Vec<Value> = ctx.state.automations.values().filter(|r| r.account_id == ctx.account).map(wire::automation).collect();
    Ok(Reply::Json(json!({"payload": rows})))
}

pub(super) fn create_rule(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.admin()?;
    let p = ctx.call.params.clone();
    let mut row = Automation {
        id: ctx.state.next_small_id(),
        account_id: ctx.account,
        name: p.present("name").ok_or(Refusal::BROKEN)?,
        description: None,
        event_name: String::new(),
        conditions: Value::Null,
        actions: json!([]),
        active: true,
        created_at: ctx.state.now(),
    };
    fill_rule(&p, &mut row);
    check_rule(ctx, &row)?;
    let answer = wire::automation(&row);
    ctx.state.automations.insert(row.id, row);
    Ok(Reply::Json(answer))
}

/// The rule of the path; the real server breaks over one that is not there.
fn own_rule(ctx: &Ctx<'_>) -> Result<Automation, Refusal> {
    ctx.admin()?;
    ctx.state.automations.get(&ctx.id(0)).filter(|r| r.account_id == ctx.account).cloned().ok_or(Refusal::BROKEN)
}

fn wrapped_rule(row: &Automation) -> Outcome {
    Ok(Reply::Json(json!({"payload": wire::automation(row)})))
}

pub(super) fn rule(ctx: &mut Ctx<'_>) -> Outcome {
    wrapped_rule(&own_rule(ctx)?)
}

pub(super) fn update_rule(ctx: &mut Ctx<'_>) -> Outcome {
    let mut row = own_rule(ctx)?;
    fill_rule(&ctx.call.params, &mut row);
    check_rule(ctx, &row)?;
    ctx.state.automations.insert(row.id, row.clone());
    wrapped_rule(&row)
}

pub(super) fn clone_rule(ctx: &mut Ctx<'_>) -> Outcome {
    let mut row = own_rule(ctx)?;
    row.id = ctx.state.next_small_id();
    row.created_at = ctx.state.now();
    ctx.state.automations.insert(row.id, row.clone());
    wrapped_rule(&row)
}

pub(super) fn delete_rule(ctx: &mut Ctx<'_>) -> Outcome {
    let id = own_rule(ctx)?.id;
    ctx.state.automations.remove(&id);
    Ok(Reply::Empty)
}

pub(super) fn macros(ctx: &mut Ctx<'_>) -> Outcome {
    let me = ctx.user()?.id;
    let mine = |m: &&Macro| m.account_id == ctx.account && (m.global || m.created_by == me);
    let rows: Vec<Value> = ctx.state.macros.values().filter(mine).map(|m| wire::macro_of(ctx.state, m)).collect();
    Ok(Reply::Json(json!({"payload": rows})))
}

/// Agents make macros for themselves alone.
fn fill_macro(ctx: &Ctx<'_>, row: &mut Macro) -> Result<(), Refusal> {
    let p = &ctx.call.params;
    row.name = p.text("name").unwrap_or_else(|| row.name.clone());
    match p.present("visibility").as_deref() {
        Some("global") => row.global = ctx.is_admin(),
        Some("personal") => row.global = false,
        Some(_) => return Err(Refusal::BROKEN),
        None => {}
    }
    if let Some(actions @ Value::Array(_)) = p.get("actions") {
        row.actions = actions.clone();
    }
    let odd = strange(&row.actions, &MACRO_ACTIONS);
    if !odd.is_empty() {
        return Err(wrong("actions", format!("Macro execution actions {} not supported.", odd.join(","))));
    }
    Ok(())
}

fn save_macro(ctx: &mut Ctx<'_>, row: Macro) -> Outcome {
    let answer = json!({"payload": wire::macro_of(ctx.state, &row)});
    ctx.state.macros.insert(row.id, row);
    Ok(Reply::Json(answer))
}

pub(super) fn create_macro(ctx: &mut Ctx<'_>) -> Outcome {
    let me = ctx.user()?.id;
    let mut row = Macro {
        id: ctx.state.next_small_id(),
        account_id: ctx.account,
        name: String::new(),
        global: false,
        created_by: me,
        updated_by: me,
        actions: json!([]),
    };
    fill_macro(ctx, &mut row)?;
    save_macro(ctx, row)
}

/// The macro of the path: global ones are everyone's to see and the administrators' to change, others their maker's.
fn own_macro(ctx: &Ctx<'_>, change: bool) -> Result<Macro, Refusal> {
    let row = ctx.state.macros.get(&ctx.id(0)).filter(|m| m.account_id == ctx.account).cloned().ok_or(Refusal::Missing)?;
    let mine = Some(row.created_by) == ctx.user_id();
    if mine || row.global && (!change || ctx.is_admin()) { Ok(row) } else { Err(Refusal::policy()) }
}

pub(super) fn one_macro(ctx: &mut Ctx<'_>) -> Outcome {
    let row = own_macro(ctx, false)?;
    Ok(Reply::Json(json!({"payload": wire::macro_of(ctx.state, &row)})))
}

pub(super) fn update_macro(ctx: &mut Ctx<'_>) -> Outcome {
    let mut row = own_macro(ctx, true)?;
    row.updated_by = ctx.user()?.id;
    fill_macro(ctx, &mut row)?;
    save_macro(ctx, row)
}

pub(super) fn delete_macro(ctx: &mut Ctx<'_>) -> Outcome {
    let id = own_macro(ctx, true)?.id;
    ctx.state.macros.remove(&id);
    Ok(Reply::Empty)
}

pub(super) fn apps(ctx: &mut Ctx<'_>) -> Outcome {
    let rows = ctx.state.dashboard_apps.values().filter(|a| a.account_id == ctx.account);
    Ok(Reply::Json(rows.map(wire::dashboard_app).collect()))
}

fn fill_app(p: &Params, row: &mut DashboardApp) -> Result<(), Refusal> {
    row.title = p.text("title").unwrap_or_else(|| row.title.clone());
    if let Some(content) = p.get("content") {
        row.content = content.clone();
    }
    let frame = |f: &Value| {
        f.get("type").is_some_and(Value::is_string) && f.get("url").and_then(Value::as_str).is_some_and(|u| u.starts_with("http"))
    };
    if !row.content.as_array().is_some_and(|list| list.iter().all(frame)) {
        return Err(Refusal::invalid(&[("content", "Content : Invalid data")]));
    }
    Ok(())
}

pub(super) fn create_app(ctx: &mut Ctx<'_>) -> Outcome {
    let names = ["title", "content"];
    let p = ctx.call.params.wrapped("dashboard_app", &names).ok_or_else(|| Refusal::param("dashboard_app"))?;
    let mut row = DashboardApp {
        id: ctx.state.next_small_id(),
        account_id: ctx.account,
        title: p.present("title").ok_or(Refusal::BROKEN)?,
        content: json!([]),
        created_at: ctx.state.now(),
    };
    fill_app(&p, &mut row)?;
    let answer = wire::dashboard_app(&row);
    ctx.state.dashboard_apps.insert(row.id, row);
    Ok(Reply::Json(answer))
}

fn own_app(ctx: &Ctx<'_>) -> Result<DashboardApp, Refusal> {
    ctx.state.dashboard_apps.get(&ctx.id(0)).filter(|a| a.account_id == ctx.account).cloned().ok_or(Refusal::Missing)
}

pub(super) fn app(ctx: &mut Ctx<'_>) -> Outcome {
    Ok(Reply::Json(wire::dashboard_app(&own_app(ctx)?)))
}

pub(super) fn update_app(ctx: &mut Ctx<'_>) -> Outcome {
    let mut row = own_app(ctx)?;
    let names = ["title", "content"];
    let p = ctx.call.params.wrapped("dashboard_app", &names).ok_or_else(|| Refusal::param("dashboard_app"))?;
    fill_app(&p, &mut row)?;
    let answer = wire::dashboard_app(&row);
    ctx.state.dashboard_apps.insert(row.id, row);
    Ok(Reply::Json(answer))
}

pub(super) fn delete_app(ctx: &mut Ctx<'_>) -> Outcome {
    let id = own_app(ctx)?.id;
    ctx.state.dashboard_apps.remove(&id);
    Ok(Reply::Head(204))
}
