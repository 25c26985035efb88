//! What a caller wants to know of Chatwoot now, with whose token they write; and what is worth passing on only now: typing.
//!
//! Nothing here is kept or tried again. The outbox is elsewhere.

use std::time::Duration;

use chatwoot::Secret;
use chatwoot::error::Error;
use chatwoot::model::{Profile, Role};
use tokio::time::Instant;

use super::{SyncHandle, lock};
use crate::secret::Token;

/// While somebody types on, this often is enough: Chatwoot's page shows it for 30 s.
const TYPING_EVERY: Duration = Duration::from_secs(4);
/// Places of typing that are remembered; more people do not type at once.
const TYPING_MAX: usize = 1_000;
/// How long a caller is kept waiting for what is only good to know.
const ASK_LIMIT: Duration = Duration::from_secs(3);

/// With whose token a user writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Chatwoot's id and name, where Chatwoot said so in time.
    pub user: Option<(i64, String)>,
    /// Whether it is the user's own token.
    pub own: bool,
    /// Whether it is an administrator's, where Chatwoot said so in time.
    pub administrator: Option<bool>,
}

impl SyncHandle {
    /// Who a token is.
    ///
    /// # Errors
    /// Chatwoot's refusal, or what keeps it from answering.
    pub async fn whose(&self, token: &Token) -> Result<Profile, Error> {
        self.core.client()?.as_user(Secret::new(token.expose())).profile().await
    }

    /// With whose token a user writes, and what that token may do.
    pub async fn author(&self, user: &str) -> Author {
        let Ok(acting) = self.core.acting_as(Some(user)) else {
            return Author { user: None, own: false, administrator: None };
        };
        let account = acting.client.account_id();
        let profile = tokio::time::timeout(ASK_LIMIT, acting.client.profile()).await.ok().and_then(Result::ok);
        Author {
            own: acting.own.is_some(),
            administrator: profile.as_ref().and_then(|p| p.membership(account)).map(|at| at.role == Role::Administrator),
            user: profile.map(|p| (p.id, if p.available_name.is_empty() { p.name } else { p.available_name })),
        }
    }

    /// Whether an agent is in a team, where Chatwoot says so in time.
    pub async fn in_team(&self, team_id: i64, agent_id: i64) -> Option<bool> {
        let members = self.core.call_for_person(|client| async move { client.team_members(team_id).await });
        let members = tokio::time::timeout(ASK_LIMIT, members).await.ok()?.ok()?;
        Some(members.iter().any(|agent| agent.id == agent_id))
    }

    /// Passes on that a user types, or no longer does, in the background; `false` where that is not worth a call now.
    pub fn typing(&self, user: &str, conversation_id: i64, on: bool, private: bool) -> bool {
        let core = &self.core;
        if !*core.ready.borrow() || core.rate.closed_for().is_some() {
            return false;
        }
        let now = Instant::now();
        {
            let mut typing = lock(&core.typing);
            typing.retain(|_, (at, on)| *on && now - *at < ASK_LIMIT * 20);
            let key = (user.to_owned(), conversation_id);
            let last = typing.get(&key).copied();
            let worth = match (on, last) {
                (true, Some((at, _))) => now - at >= TYPING_EVERY,
                (true, None) => typing.len() < TYPING_MAX,
                (false, last) => last.is_some(),
            };
            if !worth {
                return false;
            }
            match on {
                true => typing.insert(key, (now, true)),
                false => typing.remove(&key),
            };
        }
        let Ok(acting) = core.acting_as(Some(user)) else { return false };
        let (client, stop) = (acting.client, core.cx.stop.clone());
        tokio::spawn(async move {
            // Whatever becomes of it: the next key says it anew.
            let call = tokio::time::timeout(ASK_LIMIT, client.toggle_typing(conversation_id, on, private));
            tokio::select! {
                () = stop.cancelled() => {}
                _ = call => {}
            }
        });
        true
    }
}
