//! Around a write: what it would do besides, typing, running macros, and the own token that it goes out with.

use api::audit::Ledger;
use api::error::{Code, ErrorBody};
use api::inbox::{ConversationStatus, Effect, EffectQuery, OutboxView, RunMacro, Typing, TypingView};
use api::page::Data;
use api::tenant::{LinkChatwoot, MeView};
use axum::Json;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use chatwoot::error::Error;
use serde_json::json;

use super::conversations::{audit, new, parse};
use super::request::{Change, Query, read_body};
use super::tenants::me_view;
use crate::app::Caller;
use crate::clock::SECOND;
use crate::config::HOLD_SECONDS_MAX;
use crate::domain::effects::{Facts, Intent, effects};
use crate::fault::Fault;
use crate::store::{AuditEntry, OutboxKind};
use crate::sync::SyncHandle;

/// What a write would do in Chatwoot besides what it says; ask before it is made.
#[utoipa::path(get, path = "/conversations/{id}/effects", tag = "conversations",
    params(("id" = i64, Path, description = "Chatwoot's display id"), EffectQuery), security(("bearer" = [])),
    responses((status = 200, body = Data<Vec<Effect>>), (status = 404, body = ErrorBody)))]
pub(crate) async fn foresee(
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<EffectQuery>,
) -> Result<Json<Data<Vec<Effect>>>, Fault> {
    let id = parse(&id)?;
    let team = query.team.filter(|team| *team != 0);
    let read = caller.read(move |scope, _| {
        let row = scope.conversation(id, "")?.ok_or_else(|| Fault::not_found("conversation"))?;
        let team = scope.teams()?.into_iter().find(|known| Some(known.id) == team);
        Ok((row, team))
    });
    let (row, team) = read.await?;
    let sync = caller.tenant().sync.as_ref();
    let asks = query.status == Some(ConversationStatus::Open) || query.message.is_some();
    let author = match sync {
        Some(sync) if asks => Some(sync.author(&caller.user.name).await),
        _ => None,
    };
    let member = match (sync, &team, &row.assignee) {
        (Some(sync), Some(team), Some(agent)) => sync.in_team(team.id, agent.id).await,
        _ => None,
    };
    let (author_id, name) =
        author.as_ref().and_then(|a| a.user.clone()).map_or((None, "the daemon's Chatwoot user".to_owned()), |(id, name)| (Some(id), name));
    let facts = Facts {
        assignee: row.assignee.map(|agent| (agent.id, agent.name)),
        status: Some(row.status),
        sleeps_until: row.snoozed_until.is_some(),
        can_reply: row.can_reply,
        author: name,
        author_id,
        own_token: author.as_ref().is_some_and(|a| a.own),
        administrator: author.and_then(|a| a.administrator),
    };
    let intent = Intent {
        status: query.status.map(|status| (status, query.timed)),
        team: team.map(|team| (team.name, member)),
        reply: query.message.as_deref() == Some("reply"),
        template: query.message.as_deref() == Some("template"),
        note: query.message.as_deref() == Some("note"),
    };
    if query.message.is_some() && !intent.reply && !intent.template && !intent.note {
        return Err(Fault::invalid("message", "reply, template or note"));
    }
    Ok(Json(Data { data: effects(&facts, &intent) }))
}

/// Passes on that the caller types, or no longer does. Best effort: kept nowhere, tried once.
#[utoipa::path(post, path = "/conversations/{id}/typing", tag = "conversations", params(("id" = i64, Path, description = "Chatwoot's display id")),
    request_body = Typing, security(("bearer" = [])), responses((status = 200, body = Data<TypingView>), (status = 404, body = ErrorBody)))]
pub(crate) async fn typing(caller: Caller, Path(id): Path<String>, body: Bytes) -> Result<Json<Data<TypingView>>, Fault> {
    caller.must_work()?;
    let id = parse(&id)?;
    if !caller.read(move |scope, _| Ok(scope.has_conversation(id)?)).await? {
        return Err(Fault::not_found("conversation"));
    }
    let typing: Typing = read_body(&body)?;
    let sent = caller.tenant().sync.as_ref().is_some_and(|sync| sync.typing(&caller.user.name, id, typing.on, typing.private));
    Ok(Json(Data { data: TypingView { sent } }))
}

/// Runs a macro on a conversation, through the outbox and with the caller's own Chatwoot token.
#[utoipa::path(post, path = "/conversations/{id}/macro", tag = "conversations", params(("id" = i64, Path, description = "Chatwoot's display id")),
    request_body = RunMacro, security(("bearer" = [])),
    responses((status = 202, body = Data<OutboxView>), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn run_macro(Path(id): Path<String>, change: Change<RunMacro>) -> Result<Response, Fault> {
    change.caller.must_work()?;
    let id = parse(&id)?;
    change
        .carry_out(StatusCode::ACCEPTED, move |scope, who, run: RunMacro| {
            if !scope.has_conversation(id)? {
                return Err(Fault::not_found("conversation"));
            }
            if !who.agent.as_ref().is_some_and(|agent| agent.own_token) {
                return Err(Fault::new(
                    Code::Forbidden,
                    "a macro runs as you: link your own Chatwoot token with `afenda auth link-chatwoot`",
                ));
            }
            let hold = run.hold_seconds.unwrap_or_default();
            if hold > HOLD_SECONDS_MAX {
                return Err(Fault::invalid("hold_seconds", &format!("at most {HOLD_SECONDS_MAX}")));
            }
            let not_before = scope.now() + i64::from(hold) * SECOND;
            let row = scope.enqueue(&new(id, OutboxKind::Macro, json!({ "id": run.id }), who, not_before))?;
            audit(scope, who, "conversation.macro", id, json!({ "macro_id": run.id, "outbox_id": row.id }))?;
            Ok(row.view())
        })
        .await
}

/// Links the caller's own Chatwoot token. It must be the linked agent's, and work in this account; it is used at once.
#[utoipa::path(post, path = "/me/chatwoot-token", tag = "tenants", request_body = LinkChatwoot, security(("bearer" = [])),
    responses((status = 200, body = Data<MeView>), (status = 422, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn link(caller: Caller, body: Bytes) -> Result<Json<Data<MeView>>, Fault> {
    let LinkChatwoot { token } = read_body(&body)?;
    let (sync, account) = with_account(&caller)?;
    let agent = caller.read(|_, who| Ok(who.agent_id())).await?.ok_or_else(|| {
        Fault::invalid("token", "you are linked to no Chatwoot agent; set chatwoot_email for this user in the daemon's config")
    })?;
    let profile = sync.whose(&token).await.map_err(|err| match err.doubts_token() {
        true => Fault::invalid("token", "Chatwoot does not know it; copy it from your profile page in Chatwoot"),
        false => unavailable(&err),
    })?;
    if profile.id != agent {
        return Err(Fault::invalid("token", &format!("it is the token of {}, not yours (agent {agent})", profile.name)));
    }
    if profile.membership(account).is_none() {
        return Err(Fault::invalid("token", &format!("its user is not in account {account}")));
    }
    keep(&caller, Some(token)).await
}

/// Forgets the caller's own Chatwoot token; one in the config holds again then.
#[utoipa::path(delete, path = "/me/chatwoot-token", tag = "tenants", security(("bearer" = [])), responses((status = 200, body = Data<MeView>)))]
pub(crate) async fn unlink(caller: Caller) -> Result<Json<Data<MeView>>, Fault> {
    keep(&caller, None).await
}

fn with_account(caller: &Caller) -> Result<(&SyncHandle, i64), Fault> {
    let none = || Fault::invalid("token", "this tenant has no Chatwoot account");
    let tenant = caller.tenant();
    Ok((tenant.sync.as_ref().ok_or_else(none)?, tenant.chatwoot.as_ref().ok_or_else(none)?.account_id))
}

async fn keep(caller: &Caller, token: Option<crate::secret::Token>) -> Result<Json<Data<MeView>>, Fault> {
    let (tokens, user, linked) = (caller.tenant().tokens.clone(), caller.user.name.clone(), token.is_some());
    let name = user.clone();
    let kept = tokio::task::spawn_blocking(move || match token {
        Some(token) => tokens.link(&name, token).map(|()| true),
        None => tokens.unlink(&name),
    });
    let changed = match kept.await {
        Ok(Ok(changed)) => changed,
        Ok(Err(err)) => {
            tracing::error!(error = &err as &dyn std::error::Error, "a link to Chatwoot cannot be kept");
            return Err(Fault::new(Code::StoreUnavailable, "the token cannot be kept: the daemon's disk refuses it; nothing was changed"));
        }
        Err(err) => {
            tracing::error!(%err, "a link to Chatwoot ended abnormally");
            return Err(Fault::new(Code::Internal, "something went wrong on our side"));
        }
    };
    if changed {
        let person = caller.clone();
        caller
            .app
            .store
            .write(caller.key(), move |scope| {
                let who = person.person(scope)?;
                if let Some(agent) = who.agent_id().filter(|_| !linked) {
                    scope.forget_personal(agent)?;
                }
                let entry = AuditEntry {
                    actor: who.actor(),
                    via: "api",
                    action: if linked { "chatwoot.link" } else { "chatwoot.unlink" }.to_owned(),
                    resource_type: "user".to_owned(),
                    resource_id: user,
                    external: false,
                    note: None,
                    data: json!({}),
                };
                scope.append(Ledger::Audit, &entry).map(drop)
            })
            .await?;
        caller.app.wake_outbox(caller.tenant());
    }
    Ok(Json(Data { data: me_view(caller).await? }))
}

fn unavailable(err: &Error) -> Fault {
    Fault::new(Code::ChatwootUnavailable, format!("Chatwoot must be asked for this, and does not answer: {err}"))
}
