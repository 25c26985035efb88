//! Start-up check and the account's lists.
//!
//! One session: check, newest page, lists, first copy, then reconcile for good. What fails ends the session, shows in the link, and begins
//! the next one after a wait; the first copy goes on where it was.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chatwoot::cable::Backoff;
use chatwoot::error::{Error, ErrorKind};
use chatwoot::model;
use chatwoot::rest::{MessagesQuery, NewLabel};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::time::Instant;

use super::apply::{How, Incoming, Outcome};
use super::link::{Base, Failure, explain, wrong_account};
use super::reconcile::{Unread, messages_back};
use super::{Core, first, lock, normalise};
use crate::clock::{Micros, SECOND};
use crate::config;
use crate::domain::approval::ESCALATE_LABEL;
use crate::domain::rate::Class;
use crate::domain::{newer, versions};
use crate::store::Asked;

/// Waits between sessions.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(30);
/// A page of messages going forward holds this many (section 5.1).
const FORWARD_PAGE: usize = 100;
/// Where somebody must act, that is looked for this often; `refresh` looks at once.
const REFUSED_WAIT: Duration = Duration::from_secs(60);
/// Labels that the loop needs, with their colours and what they say.
const LABELS: [(&str, &str, &str); 3] = [
    (ESCALATE_LABEL, "#e5a50a", "Needs a decision: afenda asks an approver"),
    ("approved", "#2e8b57", "The approver said yes"),
    ("rejected", "#c64600", "The approver said no"),
];

/// Cursor: what the server said it is.
const VERSION: &str = "version";

/// Which server said which version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Said {
    url: String,
    version: String,
}

/// Keeps the copy going until it is dropped.
pub(super) async fn run(core: Arc<Core>) {
    let mut backoff = Backoff::new(core.paced(RETRY_FIRST), core.paced(RETRY_MAX), rand::random());
    if let Err(err) = first::load_progress(&core).await {
        tracing::error!(error = &err as &dyn std::error::Error, "the progress of the first copy cannot be read");
    }
    loop {
        let began = Instant::now();
        let Err(failure) = session(&core).await;
        if began.elapsed() > core.paced(RETRY_MAX) {
            backoff.reset();
        }
        // The others wait for the next check: one at a time is enough to find out whether Chatwoot is back.
        core.ready.send_replace(false);
        let wait = match failure {
            Failure::Refused(why) => {
                core.set_base(Base::Refused(why)).await;
                core.paced(REFUSED_WAIT)
            }
            Failure::Later(why, wait) => {
                core.set_base(Base::Offline(why)).await;
                wait.map_or_else(|| backoff.next_wait(), |wait| core.paced(wait))
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = core.wake.reconcile.notified() => {}
        }
    }
}

async fn session(core: &Arc<Core>) -> Result<std::convert::Infallible, Failure> {
    check(core).await?;
    core.ready.send_replace(true);
    core.wake.rereads.notify_one();
    core.wake.outbox.notify_one();
    let copy = first::newest(core).await?;
    directory(core).await?;
    super::lists::read(core).await?;
    core.set_base(Base::Up).await;
    first::run(core, copy).await?;
    tokio::select! {
        ended = super::reconcile::run(core) => ended,
        ended = first::leftovers(core) => ended,
    }
}

impl Core {
    /// What a failed call means.
    pub(super) fn failure(&self, err: &Error) -> Failure {
        explain(err, &self.cx.chatwoot, self.now())
    }

    /// Takes up what the server said to an earlier process: its webhooks come before it has answered this one.
    pub(super) async fn recall(&self) {
        match self.read(|scope| scope.cursor::<Said>(VERSION)).await {
            Ok(said) => {
                let version = said.filter(|said| said.url == self.cx.chatwoot.url).map(|said| said.version);
                lock(&self.link).version = version;
            }
            Err(err) => tracing::error!(error = &err as &dyn std::error::Error, "Chatwoot's last known version cannot be read"),
        }
    }

    /// Asks the server what it is and what time it has (a `Date` header is not always there), and takes that in. It may have been updated
    /// since it was last asked; one that is too old is refused.
    pub(super) async fn learn(&self) -> Result<(), Failure> {
        // Of the try that was answered: the ones before it, and the wait for the line, are no part of the way.
        let sent = AtomicI64::new(0);
        let ask = |client: chatwoot::rest::Client| {
            sent.store(self.now(), Ordering::Relaxed);
            async move { client.api_info().await }
        };
        let info = self.call(ask).await.map_err(|err| self.failure(&err))?;
        let (sent, answered) = (sent.into_inner(), self.now());
        let version = info.version.clone();
        if lock(&self.link).version.as_ref() != Some(&version) {
            let said = Said { url: self.cx.chatwoot.url.clone(), version: version.clone() };
            self.write(move |scope| scope.set_cursor(VERSION, &said)).await?;
        }
        self.set_link(|link| link.version = Some(version)).await;
        if info.version_parts().is_some_and(|parts| parts < versions::OLDEST) {
            return Err(Failure::Refused(format!(
                "{} runs Chatwoot {}, afenda needs {} or newer: update Chatwoot",
                self.cx.chatwoot.url,
                info.version,
                versions::shown(versions::OLDEST)
            )));
        }
        let mut server = lock(&self.server);
        server.set_keeps_marks(info.version_parts().is_some_and(|parts| parts >= versions::KEEPS_MARKS), sent);
        server.searches_all = info.at_least(4, 11, 0);
        if let Some(theirs) = info.timestamp.micros() {
            server.skew = newer::skew(server.skew, theirs, sent, answered);
            self.rate.set_skew(server.skew);
        }
        Ok(())
    }
}

/// Server, token, account, role, and that the store belongs to this account.
async fn check(core: &Core) -> Result<(), Failure> {
    let settings = &core.cx.chatwoot;
    let base = core.client().map_err(|err| core.failure(&err))?.base().to_string();
    let source = format!("{base}#{}", settings.account_id);
    let slug = core.cx.slug.clone();
    let tenants = core.cx.store.read_global(|global| global.tenants()).await.map_err(|err: crate::store::StoreError| Failure::from(err))?;
    let stored = tenants.into_iter().find(|tenant| tenant.slug == slug).and_then(|tenant| tenant.source);
    if let Some(stored) = stored.filter(|stored| *stored != source) {
        return Err(Failure::Refused(format!(
            "the store of tenant `{slug}` holds the conversations of {stored}, the configuration names {source}: set chatwoot.url and chatwoot.account_id back, or give another data directory (AFENDA_DATA_DIR)"
        )));
    }
    core.learn().await?;
    let profile = profile(core).await?;
    {
        let mut server = lock(&core.server);
        (server.user_id, server.pubsub_token) = (profile.id, profile.pubsub_token);
    }
    let bound = core.cx.store.write_global(move |global| global.bind_source(&slug, &source)).await;
    bound.map_err(|err: crate::store::StoreError| Failure::from(err))
}

/// The sync user, who must be an administrator of the account.
pub(super) async fn profile(core: &Core) -> Result<model::Profile, Failure> {
    let settings = &core.cx.chatwoot;
    let profile = core.call(|client| async move { client.profile().await }).await.map_err(|err| core.failure(&err))?;
    administrator(settings, &profile)?;
    Ok(profile)
}

/// Refuses a user who is no administrator of the account.
pub(super) fn administrator(settings: &config::Chatwoot, profile: &model::Profile) -> Result<(), Failure> {
    let Some(member) = profile.membership(settings.account_id) else {
        let own: Vec<String> = profile.accounts.iter().take(5).map(|at| format!("{} ({})", at.id, at.name)).collect();
        let own = if own.is_empty() { "none".to_owned() } else { own.join(", ") };
        return Err(Failure::Refused(wrong_account(settings, &format!("the token's user is in: {own}"))));
    };
    if member.status == "suspended" {
        return Err(Failure::Refused(format!("Chatwoot has suspended account {}; its provider can lift that", settings.account_id)));
    }
    if member.role != model::Role::Administrator {
        return Err(Failure::Refused(format!(
            "the access token is of {}, who is no administrator of account {}: take the token of an administrator who is a member of no inbox, so that nothing is assigned to it",
            profile.name, settings.account_id
        )));
    }
    Ok(())
}

/// Cursor: our clock when something was found to be gone from the lists. Rows may name it until every conversation was walked once more.
pub(super) const SWEEP_DUE: &str = "sweep_due";

/// Agents, inboxes, teams and labels; makes the labels that the loop needs. Says whether something is gone from the lists, which is remembered.
pub(super) async fn directory(core: &Core) -> Result<bool, Failure> {
    let fail = |err: Error| core.failure(&err);
    let agents = core.call(|client| async move { client.agents().await }).await.map_err(fail)?;
    let inboxes = core.call(|client| async move { client.inboxes().await }).await.map_err(fail)?;
    let teams = core.call(|client| async move { client.teams().await }).await.map_err(fail)?;
    let mut labels = core.call(|client| async move { client.labels().await }).await.map_err(fail)?;
    make_labels(core, &mut labels).await?;
    let new = normalise::directory(&agents, &inboxes, &teams, &labels);
    let shrunk = core
        .write(move |scope| {
            let old = scope.directory()?;
            let changed = scope.replace_directory(&new)?;
            let lost = old.agents.iter().any(|a| !new.agents.iter().any(|b| a.id == b.id))
                || old.teams.iter().any(|a| !new.teams.iter().any(|b| a.id == b.id))
                || old.labels.iter().any(|a| !new.labels.iter().any(|b| a.title == b.title));
            if changed && lost {
                scope.set_cursor(SWEEP_DUE, &scope.now())?;
            }
            Ok(changed && lost)
        })
        .await?;
    Ok(shrunk)
}

async fn make_labels(core: &Core, labels: &mut Vec<model::Label>) -> Result<(), Failure> {
    let mut refused = Vec::new();
    for (title, color, description) in LABELS {
        if labels.iter().any(|label| label.title == title) {
            continue;
        }
        let label = NewLabel {
            title: title.to_owned(),
            description: Some(description.to_owned()),
            color: Some(color.to_owned()),
            show_on_sidebar: true,
        };
        match core
            .call(|client| {
                let label = label.clone();
                async move { client.create_label(&label).await }
            })
            .await
        {
            Ok(made) => labels.push(made),
            Err(err) if matches!(err.kind, ErrorKind::Invalid { .. }) => {} // Somebody else just made it.
            Err(err) if matches!(err.kind, ErrorKind::Forbidden { .. }) => refused.push(title),
            Err(err) => return Err(core.failure(&err)),
        }
    }
    let text = format!(
        "the labels {} are missing in Chatwoot and the access token may not make them; make them in Settings → Labels",
        refused.join(", ")
    );
    core.warn("labels", (!refused.is_empty()).then_some(text));
    Ok(())
}

/// Older messages are not copied.
pub(super) fn cutoff(core: &Core) -> Micros {
    core.now() + core.server().skew - Micros::from(core.cx.sync.message_age_days) * 86_400 * SECOND
}

/// The messages of one conversation: forward where all of it is young enough, else back from the newest.
pub(super) async fn copy_messages(core: &Core, id: i64, created: Micros, active: Micros, cutoff: Micros) -> Result<(), Unread> {
    if active < cutoff {
        return Ok(());
    }
    if created < cutoff {
        return messages_back(core, Class::Copy, id, Micros::MIN, cutoff).await;
    }
    let (began, mut after) = (core.now(), 0);
    loop {
        let asked = core.asked();
        let page = core.call(|client| async move { client.messages(id, MessagesQuery::after(after)).await }).await;
        let page = page.map_err(Unread::Call)?.payload;
        let full = page.len() >= FORWARD_PAGE;
        let newest = page.iter().map(|message| message.id).max().unwrap_or(after);
        apply_messages(core, page, asked).await?;
        if !full || newest <= after {
            core.write(move |scope| scope.messages_read(id, began)).await.map_err(Failure::from)?;
            return Ok(());
        }
        after = newest;
    }
}

/// Applies messages that were read just now.
pub(super) async fn apply_messages(core: &Core, page: Vec<model::Message>, asked: Asked) -> Result<bool, Failure> {
    let door = core.door.clone();
    let outcome = core
        .write(move |scope| {
            page.into_iter().try_fold(Outcome::default(), |outcome, message| {
                Ok(outcome.and(door.apply(scope, &Incoming::Message(Box::new(message)), How::Read(asked))?))
            })
        })
        .await?;
    core.follow(outcome);
    Ok(outcome.news)
}
