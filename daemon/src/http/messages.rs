//! Messages on their way out: replies and notes, with mentions, canned responses and files.

use api::error::ErrorBody;
use api::inbox::{Mention, MessageView, NewMessage};
use api::mail::{ADDRESSES_MAX, check};
use api::page::Data;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::conversations::{audit, new, parse};
use super::template;
use super::upload::Posted;
use crate::app::{Caller, Person};
use crate::approvals::check_text;
use crate::clock::SECOND;
use crate::config::HOLD_SECONDS_MAX;
use crate::domain::outbox::FileRef;
use crate::domain::text::{Mentioned, Unfilled, breaks_out, fill, literal, with_mentions};
use crate::fault::Fault;
use crate::store::{OutboxKind, Scope};

/// Chatwoot's own limit of a message's text, in characters.
const CONTENT_CHARS_MAX: usize = 150_000;
/// Mentions in one note: more than any team of people.
const MENTIONS_MAX: usize = 50;

/// Writes a reply or a private note into the outbox: JSON, or a form with the JSON as `message` and files as `attachments`.
#[utoipa::path(post, path = "/conversations/{id}/messages", tag = "conversations", params(("id" = i64, Path, description = "Chatwoot's display id")),
    request_body = NewMessage, security(("bearer" = [])),
    responses((status = 202, body = Data<MessageView>), (status = 404, body = ErrorBody), (status = 413, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(crate) async fn send(Path(id): Path<String>, posted: Posted) -> Result<Response, Fault> {
    let Posted { change, files } = posted;
    let all = change.caller.tenant().files.clone();
    let answer = async {
        change.caller.must_work()?;
        let id = parse(&id)?;
        let canned = canned(&change.caller, &change.body).await?;
        let (configured, refs) = (change.caller.app.config.hold_seconds, Posted::refs(&files));
        let work = move |scope: &Scope<'_>, who: &Person, body: NewMessage| {
            let hold = body.hold_seconds.unwrap_or(if body.private { 0 } else { configured });
            if hold > HOLD_SECONDS_MAX {
                return Err(Fault::invalid("hold_seconds", &format!("at most {HOLD_SECONDS_MAX}")));
            }
            if !scope.has_conversation(id)? {
                return Err(Fault::not_found("conversation"));
            }
            let mut payload = match &body.template {
                Some(wanted) => template::payload(scope, id, &body, wanted, &refs)?,
                None => payload(scope, &body, canned, &refs)?,
            };
            if let Some(answered) = body.in_reply_to {
                // One that is not here yet may be in Chatwoot, which leaves out what it does not find.
                if answered <= 0 || scope.message_conversation(answered)?.is_some_and(|other| other != id) {
                    return Err(Fault::invalid("in_reply_to", "is no message of this conversation"));
                }
                payload["in_reply_to"] = json!(answered);
            }
            for (field, list) in addressed(scope, id, &body)? {
                payload[field] = json!(list);
            }
            let kind = if body.private { OutboxKind::Note } else { OutboxKind::Reply };
            let row = scope.enqueue(&new(id, kind, payload, who, scope.now() + i64::from(hold) * SECOND))?;
            let data = json!({ "outbox_id": row.id, "files": refs.len() });
            audit(scope, who, if body.private { "message.note" } else { "message.reply" }, id, data)?;
            let shown = scope.pending_messages(id, &|_| who.name.clone(), &who.user)?;
            shown.into_iter().find(|m| m.outbox_id.is_some_and(|o| o.0 == row.id)).ok_or_else(|| Fault::not_found("message"))
        };
        change.carry_out(StatusCode::ACCEPTED, work).await
    };
    let answer = answer.await;
    Posted::finish(files, &all, answer).await
}

/// The text of the canned response that is named: from the store, else, where it is not there yet, from Chatwoot.
async fn canned(caller: &Caller, body: &NewMessage) -> Result<Option<String>, Fault> {
    let Some(code) = body.canned.clone() else { return Ok(None) };
    let wanted = code.clone();
    if let Some(text) = caller.read(move |scope, _| Ok(scope.canned_response(&wanted)?)).await? {
        return Ok(Some(text));
    }
    let fresh = match &caller.tenant().sync {
        Some(sync) => sync.canned_responses().await.unwrap_or_default(),
        None => Vec::new(),
    };
    let found = fresh.into_iter().find(|(known, _)| *known == code).map(|(_, text)| text);
    found
        .map(Some)
        .ok_or_else(|| Fault::invalid("canned", &format!("there is no canned response `{code}`; GET /canned-responses lists them")))
}

pub(super) fn payload(scope: &Scope<'_>, body: &NewMessage, canned: Option<String>, files: &[FileRef]) -> Result<Value, Fault> {
    if let Some(canned) = canned {
        if !body.content.trim().is_empty() || !body.mentions.is_empty() {
            return Err(Fault::invalid("canned", "not together with content or mentions"));
        }
        let filled = fill(&canned, &body.vars).map_err(|err| match err {
            Unfilled::Open(names) => Fault::invalid(
                "vars",
                &format!("the canned response leaves {} open; the customer would get nothing there", names.join(", ")),
            ),
            Unfilled::NoPlace(names) => Fault::invalid("vars", &format!("the canned response has no place for {}", names.join(", "))),
        })?;
        check_text("canned", &filled, 1, CONTENT_CHARS_MAX)?;
        arrives("canned", &filled)?;
        return Ok(json!({ "content": filled, "liquid": true, "files": files }));
    }
    if !body.vars.is_empty() {
        return Err(Fault::invalid("vars", "only together with canned"));
    }
    let content = with_mentions(&body.content, &mentioned(scope, body)?);
    check_text("content", &content, usize::from(files.is_empty()), CONTENT_CHARS_MAX)?;
    arrives("content", &content)?;
    // Chatwoot counts what is sent, and what would be Liquid is sent longer than it is.
    if literal(&content).chars().count() > CONTENT_CHARS_MAX {
        return Err(Fault::invalid("content", &format!("at most {CONTENT_CHARS_MAX} characters; each `{{{{` or `{{%` counts ten")));
    }
    Ok(if files.is_empty() { json!({ "content": content }) } else { json!({ "content": content, "files": files }) })
}

/// Refuses a text that Chatwoot does not take, or would not keep as it is.
fn arrives(field: &str, text: &str) -> Result<(), Fault> {
    if text.contains('\0') {
        return Err(Fault::invalid(field, "holds a NUL, which Chatwoot does not take"));
    }
    if breaks_out(text) {
        return Err(Fault::invalid(field, "`{% endraw %}` between backticks would not arrive as it is; take the backticks away"));
    }
    Ok(())
}

/// Whom it goes to, where that is said: only a reply by e-mail can say so.
fn addressed<'a>(scope: &Scope<'_>, id: i64, body: &'a NewMessage) -> Result<Vec<(&'static str, &'a [String])>, Fault> {
    let fields: [(&'static str, &[String]); 3] = [("to", &body.to), ("cc", &body.cc), ("bcc", &body.bcc)];
    let said: Vec<_> = fields.into_iter().filter(|(_, list)| !list.is_empty()).collect();
    let Some((first, _)) = said.first() else { return Ok(said) };
    if body.private {
        return Err(Fault::invalid(first, "not in a note: only the team reads it"));
    }
    let channel = scope.conversation(id, "")?.map(|view| view.inbox.channel).unwrap_or_default();
    if channel != "Email" {
        return Err(Fault::invalid(first, "only in an e-mail inbox; in others Chatwoot leaves addresses out without a word"));
    }
    for (field, list) in &said {
        if list.len() > ADDRESSES_MAX {
            return Err(Fault::invalid(field, &format!("at most {ADDRESSES_MAX} addresses")));
        }
        for address in *list {
            check(address).map_err(|why| Fault::invalid(field, &why))?;
        }
    }
    Ok(said)
}

fn mentioned(scope: &Scope<'_>, body: &NewMessage) -> Result<Vec<Mentioned>, Fault> {
    if body.mentions.is_empty() {
        return Ok(Vec::new());
    }
    if !body.private {
        return Err(Fault::invalid("mentions", "only in a note: Chatwoot notifies nobody of a reply"));
    }
    if body.mentions.len() > MENTIONS_MAX {
        return Err(Fault::invalid("mentions", &format!("at most {MENTIONS_MAX}")));
    }
    if body.content.trim().is_empty() {
        return Err(Fault::invalid("content", "a note that mentions somebody has a text"));
    }
    let (agents, teams) = (scope.agents()?, scope.teams()?);
    let each = body.mentions.iter().map(|mention| {
        let found = match mention {
            Mention::Agent(id) => agents.iter().find(|agent| agent.id == *id).map(|agent| ("user", *id, agent.name.clone())),
            Mention::Team(id) => teams.iter().find(|team| team.id == *id).map(|team| ("team", *id, team.name.clone())),
        };
        let found = found.filter(|(_, _, name)| !name.trim().is_empty());
        found
            .map(|(kind, id, name)| Mentioned { kind, id, name })
            .ok_or_else(|| Fault::invalid("mentions", &format!("there is no {mention:?}")))
    });
    each.collect()
}
