//! `GET /doctor`: gathers the facts, side by side and each with a limit, and asks `domain::doctor` what they mean.
//!
//! Reads only. What Chatwoot does not answer in time ends as an error of its own check; the rest is told all the same.

use std::time::Duration;

use api::doctor::Check;
use futures_util::{StreamExt, stream};
use url::{Host, Url};

use crate::app::{Caller, Person, agent_of};
use crate::clock::{Micros, SECOND};
use crate::domain::doctor::{self, Agent, Assignment, Webhook};
use crate::domain::webhook::{is_private_v4, is_private_v6};
use crate::fault::Fault;
use crate::sync::SyncHandle;
use crate::sync::doctor::Examiner;
use crate::webhooks::{Hooks, RECEIVER};

/// Chatwoot's answers, all of them, and a look through the store. With what comes before and after it stays below 10 s, and clients give up
/// after 20.
const LIMIT: Duration = Duration::from_secs(8);
/// The look through the store by itself; another caller's may come first.
const STORE_LIMIT: Duration = Duration::from_secs(3);
/// Users whose own tokens are tried, a call each.
const AGENTS_MAX: usize = 100;

/// Every check of the caller's tenant and of the daemon itself.
pub(crate) async fn checks(caller: &Caller) -> Result<Vec<Check>, Fault> {
    let app = caller.app.clone();
    let tenant = caller.tenant();
    let (outbox, counts) = caller.read(|scope, _: &Person| Ok((scope.outbox_counts()?, scope.webhook_counts()?))).await?;
    let last = counts.last.as_ref().map(|(at, _)| (app.clock.now() - *at) / SECOND);
    let (of_chatwoot, of_host) = tokio::join!(
        async {
            Ok::<_, Fault>(match &tenant.sync {
                Some(sync) => chatwoot(caller, sync, last).await?,
                None => Vec::new(),
            })
        },
        host(caller)
    );
    let (link, copy) = crate::http::link(tenant);
    let lag_s = tenant.sync.as_ref().and_then(|sync| sync.rounds().2);
    let sync = doctor::Sync {
        link: link.state,
        message: link.message,
        copied: copy.done,
        lag_s,
        interval_s: app.config.sync.reconcile_interval_s,
        websocket: app.config.sync.websocket,
    };
    let mut checks = of_chatwoot?;
    checks.push(doctor::sync(&sync));
    if tenant.sync.is_some() {
        checks.push(doctor::websocket(&sync));
    }
    checks.push(doctor::outbox(outbox));
    checks.extend(of_host);
    if let (Some(hooks), Some(sync)) = (&tenant.hooks, &tenant.sync) {
        checks.extend(doctor::warnings("webhook", &hooks.warnings(sync.version(), &counts, app.config.sync.webhook_tolerance_s)));
    }
    checks.push(doctor::ok("config", app.config.origins.sentence()));
    checks.extend(doctor::warnings("config", &app.config.warnings));
    checks.extend(doctor::warnings("sync", &tenant.sync.as_ref().map(SyncHandle::warnings_unchecked).unwrap_or_default()));
    Ok(checks)
}

/// The machine's side.
async fn host(caller: &Caller) -> Vec<Check> {
    let app = &caller.app;
    let folder = app.config.data_dir.clone();
    let looked = tokio::time::timeout(LIMIT, app.store.integrity(STORE_LIMIT)).await;
    let (found, bytes) = looked.unwrap_or_else(|_| (Ok(doctor::Integrity::SoFar { seconds: 0 }), 0));
    let found = found.map_err(|err| err.to_string());
    let shown = folder.display().to_string();
    let free = tokio::task::spawn_blocking(move || rustix::fs::statvfs(&folder)).await;
    let free = match free {
        Ok(Ok(disk)) => Ok(disk.f_bavail.saturating_mul(disk.f_frsize)),
        Ok(Err(err)) => Err(err.to_string()),
        Err(err) => Err(err.to_string()),
    };
    vec![
        doctor::store(found.as_ref().map_err(String::as_str), bytes),
        doctor::disk(&shown, free.as_ref().copied().map_err(String::as_str), bytes),
    ]
}

/// Chatwoot's side. `last`: seconds since a webhook was last taken.
async fn chatwoot(caller: &Caller, sync: &SyncHandle, last: Option<i64>) -> Result<Vec<Check>, Fault> {
    let app = &caller.app;
    let tenant = caller.tenant();
    let Some(settings) = &tenant.chatwoot else { return Ok(Vec::new()) };
    let ask = sync.examiner(LIMIT);
    let (server, account, hooks, agents) =
        tokio::join!(ask.server(), assignment(&ask, app.config.sync.websocket), ask.webhooks(), agents(caller, &ask));
    let (user, assignment) = account;
    let path = format!("{RECEIVER}{}", tenant.row.hook);
    let hooks = hooks.map(|all| all.iter().map(|hook| webhook(hook, &path, tenant.hooks.as_ref(), app.clock.now())).collect::<Vec<_>>());
    let server = server.as_ref().map_err(String::as_str);
    let version = server.ok().and_then(|server| server.parts);
    let mut checks = vec![doctor::chatwoot(&settings.url, server)];
    checks.push(match (&server, user.as_deref()) {
        // Nothing is known to be wrong with a token that nobody could be shown.
        (Err(_), Err(why)) => doctor::unchecked("token", why),
        (_, user) => doctor::token(settings.account_id, user.map_err(String::as_str)),
    });
    checks.push(doctor::assignment(assignment.as_ref().map_err(String::as_str)));
    let (websocket, unsigned) = (app.config.sync.websocket, settings.webhooks_unsigned);
    checks.push(doctor::webhook(hooks.as_deref().map_err(String::as_str), version, websocket, unsigned, last));
    checks.push(doctor::rate(&sync.rate()));
    checks.push(doctor::clock(server, app.config.sync.webhook_tolerance_s));
    checks.extend(doctor::agents(&agents?));
    checks.extend(doctor::lacks(server));
    Ok(checks)
}

/// The sync user, and what decides whether it is assigned conversations.
async fn assignment(ask: &Examiner, websocket: bool) -> (Result<String, String>, Result<Assignment, String>) {
    let profile = match ask.user().await {
        Ok(profile) => profile,
        Err(why) => return (Err(why), Err("the token does not work".to_owned())),
    };
    let (inboxes, open) = tokio::join!(ask.inboxes(profile.id), ask.own_open());
    let facts = inboxes.and_then(|found| {
        let (user, open) = (profile.name.clone(), open?);
        Ok(Assignment { user, inboxes: found.inboxes, inboxes_left: found.left, open, websocket })
    });
    (Ok(profile.name), facts)
}

/// Users of this tenant who are linked to agents, with what their own tokens are worth.
async fn agents(caller: &Caller, ask: &Examiner) -> Result<Vec<Agent>, Fault> {
    let slug = caller.tenant().row.slug.clone();
    let tokens = caller.tenant().tokens.clone();
    let linked = |user: &&crate::config::User| {
        let token = user.chatwoot_token.is_some() || tokens.get(&user.name).is_some();
        user.tenants.contains(&slug) && (user.chatwoot_agent_id.is_some() || user.chatwoot_email.is_some() || token)
    };
    let users: Vec<_> = caller.app.config.users.iter().filter(linked).take(AGENTS_MAX).cloned().collect();
    let users = caller
        .read(move |scope, _| {
            let found = users.into_iter().map(|user| Ok((agent_of(scope, &user)?.map(|agent| agent.id), user)));
            found.collect::<Result<Vec<_>, Fault>>()
        })
        .await?;
    let asked = stream::iter(users).map(async |(agent, user)| {
        let names_agent = user.chatwoot_agent_id.is_some() || user.chatwoot_email.is_some();
        let token = ask.agent_token(&user, agent).await;
        Agent { user: user.name, found: agent.is_some() || !names_agent, token }
    });
    Ok(asked.buffered(AGENTS_MAX).collect().await)
}

fn webhook(hook: &::chatwoot::model::Webhook, path: &str, hooks: Option<&Hooks>, now: Micros) -> Webhook {
    let url = Url::parse(&hook.url).ok();
    let goes_to = url.as_ref().map_or("", Url::path);
    let ours = goes_to.ends_with(path);
    let secret_known = hook.secret.as_ref().map(|secret| hooks.is_some_and(|hooks| hooks.knows(secret, now)));
    Webhook {
        // Without a password that may be in it.
        url: url
            .as_ref()
            .map_or_else(|| "an address that cannot be read".to_owned(), |url| format!("{}{goes_to}", url.origin().ascii_serialization())),
        ours,
        other_receiver: !ours && goes_to.contains(RECEIVER),
        private: url.as_ref().and_then(Url::host).is_some_and(|host| is_private(&host)),
        subscriptions: hook.subscriptions.clone(),
        secret_known,
    }
}

/// Whether an address is one that Chatwoot refuses to call, as far as it shows without a name server.
fn is_private(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost") || !name.contains('.'),
        Host::Ipv4(address) => is_private_v4(address.octets()),
        Host::Ipv6(address) => is_private_v6(address.segments()),
    }
}
