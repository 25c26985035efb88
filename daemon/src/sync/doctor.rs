//! What `afenda doctor` asks Chatwoot: once, without a second try, with a limit, beside the running sync and without touching its state.

use chatwoot::error::{Error, ErrorKind};
use chatwoot::model;
use chatwoot::rest::{AssigneeFilter, ListQuery};
use chatwoot::{Client, Secret};
use futures_util::{StreamExt, stream};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::link::{Failure, explain};
use super::pull::administrator;
use super::{Core, SyncHandle};
use crate::clock::SECOND;
use crate::config;
use crate::domain::doctor::{AgentToken, Inbox, Server, skew_s};

/// Inboxes whose members are asked for; a call each.
const INBOXES_MAX: usize = 40;

/// Asks Chatwoot for what the checks need. As many calls at once as the sync makes.
pub(crate) struct Examiner {
    core: Arc<Core>,
    permits: Semaphore,
    limit: Duration,
    until: Instant,
}

/// Inboxes as the checks see them.
pub(crate) struct Inboxes {
    pub(crate) inboxes: Vec<Inbox>,
    /// Further ones, not looked at.
    pub(crate) left: usize,
}

impl SyncHandle {
    /// Begins to ask; every answer has to come within `limit` from now.
    pub(crate) fn examiner(&self, limit: Duration) -> Examiner {
        let core = Arc::clone(&self.core);
        let permits = Semaphore::new(core.cx.sync.requests_max.max(1));
        Examiner { core, permits, limit, until: Instant::now() + limit }
    }
}

impl Examiner {
    /// One call of the service user's; what it failed with, in words.
    async fn ask<T>(&self, call: impl AsyncFnOnce(Client) -> Result<T, Error>) -> Result<T, String> {
        match self.call(call).await {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(err)) => Err(self.words(&err)),
            None => Err(self.late()),
        }
    }

    /// The same as it came; `None` when it took too long.
    async fn call<T>(&self, call: impl AsyncFnOnce(Client) -> Result<T, Error>) -> Option<Result<T, Error>> {
        let asked = async {
            let _permit = self.permits.acquire().await.ok()?; // Never closed.
            match self.core.client() {
                Ok(client) => Some(call(client).await),
                Err(err) => Some(Err(err)),
            }
        };
        timeout_at(self.until, asked).await.ok().flatten()
    }

    fn words(&self, err: &Error) -> String {
        let (Failure::Refused(why) | Failure::Later(why, _)) = explain(err, &self.core.cx.chatwoot, self.core.now());
        why
    }

    fn late(&self) -> String {
        format!("{} did not answer within {} s", self.core.cx.chatwoot.url, self.limit.as_secs())
    }

    /// The server about itself.
    pub(crate) async fn server(&self) -> Result<Server, String> {
        let ours = || self.core.now().div_euclid(SECOND);
        let (info, sent, answered) = self
            .ask(async |client| {
                let sent = ours();
                Ok((client.api_info().await?, sent, ours()))
            })
            .await?;
        let skew_s = info.timestamp.micros().map_or(0, |at| skew_s(at.div_euclid(SECOND), sent, answered));
        let down = |service: &Option<String>| service.as_deref() == Some("failing");
        let (queue_down, data_down) = (down(&info.queue_services), down(&info.data_services));
        Ok(Server { parts: info.version_parts(), version: info.version, queue_down, data_down, skew_s })
    }

    /// The sync user, who must be an administrator of the account.
    pub(crate) async fn user(&self) -> Result<model::Profile, String> {
        let profile = self.ask(async |client| client.profile().await).await?;
        match administrator(&self.core.cx.chatwoot, &profile) {
            Ok(()) => Ok(profile),
            Err(Failure::Refused(why) | Failure::Later(why, _)) => Err(why),
        }
    }

    /// The inboxes, and whether a user is in them.
    pub(crate) async fn inboxes(&self, user: i64) -> Result<Inboxes, String> {
        let mut inboxes = self.ask(async |client| client.inboxes().await).await?;
        let left = inboxes.len().saturating_sub(INBOXES_MAX);
        inboxes.truncate(INBOXES_MAX);
        let asked: Vec<Result<Inbox, String>> = stream::iter(inboxes)
            .map(async |inbox| {
                let members = self.ask(async |client| client.inbox_members(inbox.id).await).await?;
                let member = members.iter().any(|agent| agent.id == user);
                Ok(Inbox { name: inbox.name, member, assigns: inbox.enable_auto_assignment.unwrap_or(true) })
            })
            .buffered(self.core.cx.sync.requests_max.max(1))
            .collect()
            .await;
        Ok(Inboxes { inboxes: asked.into_iter().collect::<Result<_, _>>()?, left })
    }

    /// How many open conversations the sync user holds.
    pub(crate) async fn own_open(&self) -> Result<u64, String> {
        let query =
            ListQuery { status: Some("open".to_owned()), assignee: Some(AssigneeFilter::Me), page: Some(1), ..ListQuery::default() };
        let page = self.ask(async |client| client.conversations(&query).await).await?;
        Ok(u64::try_from(page.meta.mine_count).unwrap_or_default())
    }

    /// The account's webhooks.
    pub(crate) async fn webhooks(&self) -> Result<Vec<model::Webhook>, String> {
        self.ask(async |client| client.webhooks().await).await
    }

    /// What an agent's own token is worth. `agent` is whom the user is linked to, where that is known.
    pub(crate) async fn agent_token(&self, user: &config::User, agent: Option<i64>) -> AgentToken {
        let Some(token) = self.core.own_token(user) else { return AgentToken::None };
        let token = Secret::new(token.expose());
        let profile = match self.call(async |client| client.as_user(token).profile().await).await {
            Some(Ok(profile)) => profile,
            Some(Err(err)) if matches!(err.kind, ErrorKind::Unauthorized { .. }) => return AgentToken::Rejected,
            Some(Err(err)) => return AgentToken::Unknown(self.words(&err)),
            None => return AgentToken::Unknown(self.late()),
        };
        if profile.membership(self.core.cx.chatwoot.account_id).is_none() {
            AgentToken::NotMember
        } else if agent.is_some_and(|agent| agent != profile.id) {
            AgentToken::SomebodyElse(profile.name)
        } else {
            AgentToken::Works
        }
    }
}
