//! `--wait`: a command ends only once Chatwoot has what it changed.

use std::collections::BTreeSet;
use std::time::Duration;

use api::event::SubjectType;
use api::id::OutboxId;
use api::inbox::{OutboxState, OutboxView};

use crate::commands::events::{Follow, Heard};
use crate::context::{Context, Session};
use crate::error::CliError;
use crate::exit::Exit;

/// How long it is waited for unless `--timeout` says otherwise: a held reply and a few tries.
const LIMIT: Duration = Duration::from_secs(60);

/// What was on its way before the command.
pub(crate) struct Before {
    session: Session,
    user: String,
    ids: BTreeSet<OutboxId>,
}

impl Before {
    /// Looks, so that what comes after can be told from it.
    pub(crate) async fn look(ctx: &Context) -> Result<Self, CliError> {
        let session = ctx.session().await?;
        let user = session.call(async |client| client.me().await).await?.user;
        let ids = session.call(async |client| client.outbox().await).await?.into_iter().map(|entry| entry.id).collect();
        Ok(Self { session, user, ids })
    }

    /// Waits until nothing that the caller has put in since is still on its way.
    ///
    /// # Errors
    /// What Chatwoot refused (1), or that it could not be reached in the time that is left (10): what is queued stays queued.
    pub(crate) async fn settle(self, ctx: &Context, left: Option<Duration>) -> Result<(), CliError> {
        let limit = left.unwrap_or(LIMIT);
        let whole = ctx.globals.timeout.unwrap_or(LIMIT);
        let late = |open: usize| {
            let waited = crate::time::short(whole.try_into().unwrap_or_default());
            CliError::new(Exit::NotYet, "NOT_YET_SENT", format!("{open} on its way to Chatwoot after {waited}; it stays queued"))
                .hint("nothing is lost: `afenda outbox list --watch` shows when it leaves, `afenda status` how Chatwoot stands")
        };
        let mut open = Vec::new();
        match tokio::time::timeout(limit, self.none_left(ctx, &mut open)).await {
            Ok(done) => done,
            Err(_) => Err(late(open.len())),
        }
    }

    async fn none_left(&self, ctx: &Context, open: &mut Vec<OutboxView>) -> Result<(), CliError> {
        let mut events = Follow::new(&self.session, None);
        loop {
            match events.next().await? {
                Heard::Activity(activity) if activity.subject_type != SubjectType::Outbox => continue,
                Heard::Activity(_) | Heard::Ready | Heard::Reset { .. } => {}
                Heard::Note(said) => {
                    ctx.out.note(&said);
                    continue;
                }
            }
            let all = self.session.call(async |client| client.outbox().await).await?;
            *open = all.into_iter().filter(|entry| entry.user == self.user && !self.ids.contains(&entry.id)).collect();
            if let Some(failed) = open.iter().find(|entry| matches!(entry.state, OutboxState::Failed | OutboxState::Held)) {
                let why = failed.error.clone().unwrap_or_else(|| failed.state.to_string());
                return Err(CliError::new(Exit::Failed, "NOT_SENT", format!("{} was not taken by Chatwoot: {why}", failed.kind)).hint(
                    format!("`afenda outbox retry {}` tries it again, `afenda outbox cancel {}` discards it", failed.id, failed.id),
                ));
            }
            if open.is_empty() {
                return Ok(());
            }
        }
    }
}
