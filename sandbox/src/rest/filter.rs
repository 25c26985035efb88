//! Saved-filter queries over conversations and contacts, and the conversation search (contract 4.2, 4.3).

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::{Ctx, contacts, page_of};
use crate::{
    clock::Stamp,
    http::{Outcome, Refusal, Reply},
    params,
    state::{Contact, Conversation, Counts, says},
    wire,
};

const PAGE: usize = 25;
const CONVERSATION_KEYS: &str = "status,assignee_id,inbox_id,team_id,contact_id,priority,display_id,campaign_id,labels,browser_language,conversation_language,referer,created_at,last_activity_at,mail_subject";
const CONTACT_KEYS: &str = "name,phone_number,email,identifier,country_code,city,company_name,labels,created_at,last_activity_at,blocked";

/// One condition, and whether the next one is joined to it by OR.
struct Condition {
    key: String,
    operator: String,
    values: Vec<String>,
    or: bool,
}

/// Reads the payload. `names` are the keys an error tells of, `allowed` says which operators a key takes, `None` for an unknown key.
fn read(ctx: &Ctx<'_>, names: &str, allowed: impl Fn(&str) -> Option<Vec<&'static str>>) -> Result<Vec<Condition>, Refusal> {
    let rows = ctx.call.params.get("payload").and_then(Value::as_array).ok_or(Refusal::BROKEN)?;
    let mut out = Vec::new();
    for (n, row) in rows.iter().enumerate() {
        let field = |key: &str| row.get(key).and_then(params::text).unwrap_or_default();
        let (key, operator) = (field("attribute_key"), field("filter_operator"));
        let Some(operators) = allowed(&key) else {
            return Err(Refusal::unprocessable(format!(
                "Invalid attribute key - [{key}]. The key should be one of [{names}] or a custom attribute defined in the account."
            )));
        };
        if !operators.contains(&operator.as_str()) {
            return Err(Refusal::unprocessable(format!(
                "Invalid operator. The allowed operators for {key} are [{}].",
                operators.join(",")
            )));
        }
        let values = match row.get("values") {
            Some(Value::Array(items)) => items.iter().map(|v| params::text(v).unwrap_or_default()).collect(),
            Some(Value::String(_)) => return Err(Refusal::BROKEN),
            _ => Vec::new(),
        };
        if values.is_empty() && !operator.ends_with("present") {
            return Err(Refusal::unprocessable(format!("Invalid value. The values provided for {key} are invalid")));
        }
        let joint = field("query_operator").to_uppercase();
        if joint.is_empty() != (n + 1 == rows.len()) {
            return Err(Refusal::BROKEN);
        }
        if !matches!(joint.as_str(), "" | "AND" | "OR") {
            return Err(Refusal::unprocessable("Query operator must be either \"AND\" or \"OR\"."));
        }
        out.push(Condition { key, operator, values, or: joint == "OR" });
    }
    Ok(out)
}

/// Joins conditions as SQL does: AND binds closer than OR.
fn all(conditions: &[Condition], holds: impl Fn(&Condition) -> bool) -> bool {
    let mut any = conditions.is_empty();
    let mut group = true;
    for (n, condition) in conditions.iter().enumerate() {
        group &= holds(condition);
        if condition.or || n + 1 == conditions.len() {
            any |= group;
            group = true;
        }
    }
    any
}

/// Compares the texts a row has under a key; none of them means null.
fn compare(condition: &Condition, found: &[String]) -> bool {
    let contains = |f: &String| condition.values.first().is_some_and(|v| f.to_lowercase().contains(&v.to_lowercase()));
    let same = |f: &String| condition.values.iter().any(|v| v.eq_ignore_ascii_case(f));
    match condition.operator.as_str() {
        "equal_to" => found.iter().any(same),
        "not_equal_to" => !found.is_empty() && !found.iter().any(same),
        "contains" => found.iter().any(contains),
        "does_not_contain" => !found.is_empty() && !found.iter().any(contains),
        "is_present" => !found.is_empty(),
        "is_not_present" => found.is_empty(),
        "starts_with" => found.iter().any(|f| condition.values.first().is_some_and(|v| f.starts_with(v.as_str()))),
        _ => false,
    }
}

/// Compares as dates, without the time of day.
fn compare_date(condition: &Condition, at: Option<Stamp>) -> bool {
    let (Some(at), Some(wanted)) = (at, condition.values.first().and_then(|v| Stamp::parse(v))) else { return false };
    if condition.operator == "is_greater_than" { at.days() > wanted.days() } else { at.days() < wanted.days() }
}

fn custom(condition: &Condition, attributes: Option<&Value>) -> bool {
    let found: Vec<String> = attributes.and_then(|a| a.get(&condition.key)).and_then(params::text).into_iter().collect();
    match condition.operator.as_str() {
        "not_equal_to" => found.is_empty() || compare(condition, &found),
        "is_greater_than" | "is_less_than" => {
            let number = |t: Option<&String>| t.and_then(|t| t.parse::<f64>().ok());
            match (number(found.first()), number(condition.values.first())) {
                (Some(a), Some(b)) if condition.operator == "is_greater_than" => a > b,
                (Some(a), Some(b)) => a < b,
                _ => compare_date(condition, found.first().and_then(|t| Stamp::parse(t))),
            }
        }
        _ => compare(condition, &found),
    }
}

fn custom_operators(ctx: &Ctx<'_>, model: &str, key: &str) -> Option<Vec<&'static str>> {
    let found = ctx.state.attributes.values().find(|a| a.account_id == ctx.account && a.model == model && a.key == key)?;
    Some(match found.display_type.as_str() {
        "date" | "number" => vec!["equal_to", "not_equal_to", "is_present", "is_not_present", "is_greater_than", "is_less_than"],
        "list" | "checkbox" => vec!["equal_to", "not_equal_to"],
        _ => vec!["equal_to", "not_equal_to", "contains", "does_not_contain", "is_present", "is_not_present"],
    })
}

fn conversation_holds(c: &Conversation, condition: &Condition) -> bool {
    let extra = |key: &str| c.additional_attributes.get(key).and_then(params::text).into_iter().collect::<Vec<_>>();
    let id = |id: Option<i64>| id.map(|i| i.to_string()).into_iter().collect::<Vec<_>>();
    match condition.key.as_str() {
        "status" if condition.values.iter().any(|v| v == "all") => condition.operator == "equal_to",
        "status" => compare(condition, &[c.status.as_str().to_owned()]),
        "priority" => compare(condition, &c.priority.map(|p| p.as_str().to_owned()).into_iter().collect::<Vec<_>>()),
        "assignee_id" => compare(condition, &id(c.assignee_id)),
        "inbox_id" => compare(condition, &id(Some(c.inbox_id))),
        "team_id" => compare(condition, &id(c.team_id)),
        "contact_id" => compare(condition, &id(Some(c.contact_id))),
        "display_id" => compare(condition, &id(Some(c.display_id))),
        "campaign_id" => compare(condition, &[]),
        "labels" if condition.operator == "not_equal_to" => c.labels.is_empty() || compare(condition, &c.labels),
        "labels" => compare(condition, &c.labels),
        key @ ("browser_language" | "conversation_language" | "referer" | "mail_subject") => compare(condition, &extra(key)),
        "created_at" => compare_date(condition, Some(c.created_at)),
        "last_activity_at" => compare_date(condition, Some(c.last_activity_at)),
        _ => custom(condition, Some(&c.custom_attributes)),
    }
}

pub(super) fn conversations(ctx: &mut Ctx<'_>) -> Outcome {
    let equal = || vec!["equal_to", "not_equal_to"];
    let by_contact = ctx.state.version.filters_by_contact();
    let names = if by_contact { CONVERSATION_KEYS.to_owned() } else { CONVERSATION_KEYS.replace("contact_id,", "") };
    let conditions = read(ctx, &names, |key| {
        Some(match key {
            "contact_id" if by_contact => equal(),
            "status" | "priority" | "browser_language" | "conversation_language" => equal(),
            "assignee_id" | "inbox_id" | "team_id" | "campaign_id" | "labels" => {
                vec!["equal_to", "not_equal_to", "is_present", "is_not_present"]
            }
            "display_id" | "referer" | "mail_subject" => vec!["equal_to", "not_equal_to", "contains", "does_not_contain"],
            "created_at" | "last_activity_at" => vec!["is_greater_than", "is_less_than", "days_before"],
            key => return custom_operators(ctx, "conversation_attribute", key),
        })
    })?;
    if conditions.iter().any(|c| c.operator == "days_before" || (c.key == "display_id" && c.operator == "contains")) {
        return Err(Refusal::BROKEN);
    }
    let dates = |c: &Condition| matches!(c.key.as_str(), "created_at" | "last_activity_at");
    if conditions.iter().any(|c| dates(c) && c.values.first().is_none_or(|v| Stamp::parse(v).is_none())) {
        return Err(Refusal::unprocessable("Invalid value. The values provided for created_at are invalid"));
    }
    let last = conditions.len().saturating_sub(1);
    let model = |key: &str| custom_operators(ctx, "conversation_attribute", key).is_some();
    if conditions.iter().enumerate().any(|(n, c)| n < last && c.operator == "not_equal_to" && model(&c.key)) {
        return Err(Refusal::BROKEN);
    }
    let me = ctx.user()?.id;
    let admin = ctx.is_admin();
    let visible = |c: &&Conversation| c.account_id == ctx.account && (admin || ctx.state.is_member(me, c.inbox_id));
    let mut rows: Vec<&Conversation> =
        ctx.state.conversations.values().filter(visible).filter(|c| all(&conditions, |k| conversation_holds(c, k))).collect();
    rows.sort_by_key(|c| Reverse(c.last_activity_at));
    let n = Counts::of(rows.iter().copied(), me);
    let payload: Vec<Value> =
        page_of(rows, ctx.page()?, PAGE).into_iter().map(|c| wire::conversation_rest(ctx.state, c, Some(me))).collect();
    let meta = json!({"mine_count": n.mine, "unassigned_count": n.unassigned, "all_count": n.all});
    Ok(Reply::Json(json!({"meta": meta, "payload": payload})))
}

fn contact_holds(c: &Contact, condition: &Condition) -> bool {
    let one = |t: Option<String>| t.into_iter().collect::<Vec<_>>();
    let extra = |key: &str| one(c.additional_attributes.get(key).and_then(params::text));
    match condition.key.as_str() {
        "name" => compare(condition, &one(Some(c.name.clone()))),
        "email" => compare(condition, &one(c.email.clone())),
        "identifier" => compare(condition, &one(c.identifier.clone())),
        "phone_number" => {
            let bare = |t: &str| t.trim_start_matches('+').to_owned();
            let values = condition.values.iter().map(|v| bare(v)).collect();
            let condition = Condition { key: String::new(), operator: condition.operator.clone(), values, or: false };
            compare(&condition, &one(c.phone_number.as_deref().map(bare)))
        }
        key @ ("country_code" | "city" | "company_name") => compare(condition, &extra(key)),
        "company" => compare(condition, &[]), // Before 4.14.0: an attribute that nobody has.
        "labels" => compare(condition, &c.labels),
        "blocked" => compare(condition, &one(Some(c.blocked.to_string()))),
        "created_at" => compare_date(condition, Some(c.created_at)),
        "last_activity_at" => compare_date(condition, c.last_activity_at),
        _ => custom(condition, Some(&Value::Object(c.custom_attributes.clone()))),
    }
}

pub(super) fn contacts(ctx: &mut Ctx<'_>) -> Outcome {
    let text = || vec!["equal_to", "not_equal_to", "contains", "does_not_contain"];
    let company = if ctx.state.version.filters_by_company_name() { "company_name" } else { "company" };
    let conditions = read(ctx, &CONTACT_KEYS.replace("company_name", company), |key| {
        Some(match key {
            "name" | "email" | "identifier" | "city" => text(),
            key if key == company => text(),
            "phone_number" => [text(), vec!["starts_with"]].concat(),
            "country_code" | "blocked" => vec!["equal_to", "not_equal_to"],
            "labels" => vec!["equal_to", "not_equal_to", "is_present", "is_not_present"],
            "created_at" | "last_activity_at" => vec!["is_greater_than", "is_less_than", "days_before"],
            key => return custom_operators(ctx, "contact_attribute", key),
        })
    })?;
    if conditions.iter().any(|c| c.operator == "days_before") && ctx.state.version.breaks_on_days_before() {
        return Err(Refusal::BROKEN);
    }
    let hit = |c: &&Contact| c.account_id == ctx.account && contacts::resolved(c) && all(&conditions, |k| contact_holds(c, k));
    let rows = ctx.state.contacts.values().filter(hit).collect();
    contacts::paged(ctx, rows)
}

pub(super) fn search(ctx: &mut Ctx<'_>) -> Outcome {
    let words = ctx.call.params.text("q").unwrap_or_default();
    let me = ctx.user()?.id;
    let admin = ctx.is_admin();
    let visible = |c: &&Conversation| c.account_id == ctx.account && (admin || ctx.state.is_member(me, c.inbox_id));
    let hit = |c: &&Conversation| ctx.state.thread(c.id).any(|m| says(m.content.as_deref(), m.message_type, &words));
    let mut rows: Vec<&Conversation> = ctx.state.conversations.values().filter(visible).filter(hit).collect();
    rows.sort_by_key(|c| Reverse(c.last_activity_at));
    let n = Counts::of(rows.iter().copied(), me);
    let payload: Vec<Value> = page_of(rows, ctx.page()?, PAGE).into_iter().map(|c| found(ctx, c, &words)).collect();
    let meta = json!({"mine_count": n.mine, "unassigned_count": n.unassigned, "all_count": n.all});
    Ok(Reply::Json(json!({"meta": meta, "payload": payload})))
}

/// A search hit: the conversation slim, with the matching messages only.
fn found(ctx: &Ctx<'_>, c: &Conversation, words: &str) -> Value {
    let messages: Vec<Value> = ctx
        .state
        .thread(c.id)
        .filter(|m| says(m.content.as_deref(), m.message_type, words))
        .map(|m| {
            let mut out = json!({"content": m.content, "id": m.id});
            if let Some(name) = wire::message_rest(ctx.state, m, None).pointer("/sender/name") {
                out = wire::with(out, "sender_name", name.clone());
            }
            out = wire::with(out, "message_type", json!(m.message_type.number()));
            wire::with(out, "created_at", json!(m.created_at.unix()))
        })
        .collect();
    json!({
        "id": c.display_id, "uuid": c.uuid, "created_at": c.created_at.unix(),
        "contact": ctx.state.contacts.get(&c.contact_id).map(|k| json!({"id": k.id, "name": k.name})),
        "inbox": ctx.state.inboxes.get(&c.inbox_id).map(|i| json!({"id": i.id, "name": i.name, "channel_type": i.channel.as_str()})),
        "messages": messages, "account_id": c.account_id,
    })
}
