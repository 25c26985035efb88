//! Agents as Chatwoot has them now: who takes part in a conversation, who takes work. Asked while somebody waits; who takes part is kept as it
//! was read, for when Chatwoot is away.

use std::time::Duration;

use api::inbox::Named;
use api::people::Availability;
use chatwoot::error::Error;
use chatwoot::model::Profile;

use super::SyncHandle;
use crate::store::StoreError;

/// How long a caller is kept waiting.
const LIMIT: Duration = Duration::from_secs(5);

/// Characters of a signature: Chatwoot knows no limit, people write some lines.
const SIGNATURE_CHARS_MAX: usize = 10_000;

/// Why nothing can be said.
#[derive(Debug)]
pub(crate) enum Unasked {
    /// The own token does not work, or is not this agent's.
    NotTheirs(String),
    /// Chatwoot has no such conversation.
    Gone,
    /// Chatwoot does not answer, or not well.
    Unavailable(String),
    /// The store cannot be written.
    Store(StoreError),
}

impl From<Error> for Unasked {
    fn from(err: Error) -> Self {
        if err.is_gone() { Self::Gone } else { Self::Unavailable(err.to_string()) }
    }
}

impl SyncHandle {
    /// Reads who takes part in a conversation, and keeps it.
    pub(crate) async fn read_participants(&self, id: i64) -> Result<(), Unasked> {
        if !self.is_ready() {
            return Err(Unasked::Unavailable(self.away()));
        }
        let asked = self.core.now();
        let agents = self.core.call_for_person(|client| async move { client.participants(id).await });
        let agents = tokio::time::timeout(LIMIT, agents).await.map_err(late)??;
        let named = |agent: chatwoot::model::Agent| Named {
            id: agent.id,
            name: if agent.available_name.is_empty() { agent.name } else { agent.available_name },
        };
        let agents: Vec<Named> = agents.into_iter().map(named).collect();
        self.core.write(move |scope| scope.keep_participants(id, &agents, asked)).await.map_err(Unasked::Store)
    }

    /// What a user's agent chose to be.
    pub(crate) async fn availability(&self, user: &str, agent: i64) -> Result<Availability, Unasked> {
        let profile = self.theirs(user, agent).await?;
        self.chosen(&profile)
    }

    /// What a user's agent signs e-mails with, cut to a bound; none where there is nothing to read.
    pub(crate) async fn signature(&self, user: &str, agent: i64) -> Result<Option<String>, Unasked> {
        let profile = self.theirs(user, agent).await?;
        let signature = profile.message_signature.filter(|text| !text.trim().is_empty());
        Ok(signature.map(|text| text.chars().take(SIGNATURE_CHARS_MAX).collect()))
    }

    /// Sets it, and tells whether it was so already. The token is looked at first: one in the config is whoever's was put there.
    pub(crate) async fn set_availability(&self, user: &str, agent: i64, to: Availability) -> Result<(Availability, bool), Unasked> {
        let before = self.chosen(&self.theirs(user, agent).await?)?;
        let client = self.core.agent_client(user).ok_or_else(unlinked)?;
        let set = self.core.call_for_person(|_| client.set_availability(to.as_str()));
        let profile = tokio::time::timeout(LIMIT, set).await.map_err(late)??;
        let now = self.chosen(&profile)?;
        Ok((now, now == before))
    }

    async fn theirs(&self, user: &str, agent: i64) -> Result<Profile, Unasked> {
        if self.kept_only {
            return Err(Unasked::Unavailable(self.away()));
        }
        let client = self.core.agent_client(user).ok_or_else(unlinked)?;
        let read = self.core.call_for_person(|_| client.profile());
        match tokio::time::timeout(LIMIT, read).await.map_err(late)? {
            Ok(profile) if profile.id == agent => Ok(profile),
            Ok(profile) => {
                Err(Unasked::NotTheirs(format!("your own Chatwoot token is that of {}, not yours (agent {agent})", profile.name)))
            }
            Err(err) if err.doubts_token() => {
                let why = "Chatwoot does not take your own token any more: link it anew with `afenda auth link-chatwoot`";
                Err(Unasked::NotTheirs(why.to_owned()))
            }
            Err(err) => Err(err.into()),
        }
    }

    fn chosen(&self, profile: &Profile) -> Result<Availability, Unasked> {
        let place = profile.membership(self.core.cx.chatwoot.account_id);
        let place = place.ok_or_else(|| Unasked::NotTheirs("your Chatwoot user is not in this account any more".to_owned()))?;
        place.availability.parse().map_err(Unasked::Unavailable)
    }
}

fn unlinked() -> Unasked {
    Unasked::Unavailable("Chatwoot was not reached yet".to_owned())
}

fn late(_: tokio::time::error::Elapsed) -> Unasked {
    Unasked::Unavailable("no answer in time".to_owned())
}
