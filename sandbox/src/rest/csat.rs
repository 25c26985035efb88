//! What customers thought: the survey's page, and the answers for administrators.

use serde_json::{Map, Value, json};

use super::{Ctx, page_of};
use crate::{
    http::{Call, Outcome, Refusal, Reply},
    params::to_i,
    state::{Csat, Id, Message, State},
    wire,
};

const PAGE: usize = 25;
/// A survey takes answers for so many days.
const OPEN_DAYS: i64 = 14;

/// Answers one call of the survey's page, which knows the conversation's uuid alone.
pub(super) fn public(state: &mut State, call: &Call, method: &str, uuid: &str) -> Outcome {
    let conversation = state.conversations.values().find(|c| c.uuid == uuid).map(|c| c.id).ok_or(Refusal::Page(404))?;
    let m = state.survey(conversation).cloned().ok_or(Refusal::Page(404))?;
    let page = page(state, &m)?;
    match method {
        "GET" => {}
        "PUT" | "PATCH" => {
            if state.now().days() - m.created_at.days() > OPEN_DAYS {
                return Err(Refusal::unprocessable("You cannot update the CSAT survey after 14 days"));
            }
            let values = call.params.get("message").and_then(|m| m.get("submitted_values")).cloned();
            state.submit(m.id, values.ok_or_else(|| Refusal::param("message"))?);
        }
        _ => return Err(Refusal::Page(404)),
    }
    Ok(Reply::Json(page))
}

fn page(s: &State, m: &Message) -> Result<Value, Refusal> {
    let inbox = s.inboxes.get(&m.inbox_id).ok_or(Refusal::Page(404))?;
    let account = s.accounts.get(&m.account_id).ok_or(Refusal::Page(404))?;
    Ok(json!({
        "id": m.id, "csat_survey_response": s.rating_of(m.id).map(wire::csat_row), "display_type": m.content_attributes.get("display_type"),
        "content": m.content, "inbox_avatar_url": "", "inbox_name": inbox.name, "locale": account.locale,
        "conversation_id": m.conversation_id, "created_at": m.created_at.iso(),
    }))
}

/// The answers the parameters ask for, newest last unless told.
fn chosen<'c>(ctx: &'c Ctx<'_>) -> Vec<&'c Csat> {
    let p = &ctx.call.params;
    let numbers = |key: &str| p.get(key).filter(|v| !v.is_null()).map(to_i);
    let people: Option<Vec<Id>> = p.ids("user_ids");
    let span = numbers("since").zip(numbers("until"));
    let of = |r: &Csat| ctx.state.conversations.get(&r.conversation_id);
    let fits = |r: &&Csat| {
        r.account_id == ctx.account
            && numbers("rating").is_none_or(|n| r.rating == n)
            && people.as_ref().is_none_or(|ids| r.assigned_agent_id.is_some_and(|a| ids.contains(&a)))
            && span.is_none_or(|(since, until)| (since..=until).contains(&r.created_at.unix()))
            && numbers("inbox_id").is_none_or(|i| of(r).is_some_and(|c| c.inbox_id == i))
            && numbers("team_id").is_none_or(|t| of(r).is_some_and(|c| c.team_id == Some(t)))
    };
    let mut rows: Vec<&Csat> = ctx.state.csats.values().filter(fits).collect();
    rows.sort_by_key(|r| r.created_at);
    if p.text("sort").is_some_and(|s| s.starts_with('-')) {
        rows.reverse();
    }
    rows
}

pub(super) fn list(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.admin()?;
    let page = ctx.page()?;
    Ok(Reply::Json(page_of(chosen(ctx), page, PAGE).into_iter().map(|r| wire::csat(ctx.state, r)).collect()))
}

pub(super) fn metrics(ctx: &mut Ctx<'_>) -> Outcome {
    ctx.admin()?;
    let rows = chosen(ctx);
    let mut ratings = Map::new();
    for n in 1..=5 {
        let count = rows.iter().filter(|r| r.rating == n).count();
        if count > 0 {
            ratings.insert(n.to_string(), json!(count));
        }
    }
    let sent = ctx.state.messages.values().filter(|m| m.account_id == ctx.account && m.content_type == "input_csat").count();
    Ok(Reply::Json(json!({"total_count": rows.len(), "ratings_count": ratings, "total_sent_messages_count": sent})))
}
