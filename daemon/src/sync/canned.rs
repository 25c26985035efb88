//! Canned responses made, changed and deleted in Chatwoot, with the caller's own token. It is done while the caller waits, or not at all: an
//! answer that is lost is asked for again, which changes nothing twice.

use api::lists::CannedResponseView;
use chatwoot::Client;
use chatwoot::error::{Error, ErrorKind};

use super::lists::canned_response;
use super::personal::{LIMIT, NotRead, check};
use super::{Core, SyncHandle};

/// What is to be done with a canned response.
#[derive(Debug, Clone)]
pub(crate) enum CannedChange {
    /// Make one: its code and text.
    Create(String, String),
    /// Another text.
    Edit(i64, String),
    /// Delete this one.
    Delete(CannedResponseView),
}

/// Why nothing was changed.
#[derive(Debug)]
pub(crate) enum Unchanged {
    /// Chatwoot does not take the token, or it is not this agent's.
    NotTheirs(String),
    /// Chatwoot refuses what was written, in its own words.
    Invalid(String),
    /// It is not in Chatwoot any more.
    Gone,
    /// Chatwoot does not answer.
    Unavailable(String),
}

impl SyncHandle {
    /// Changes a canned response in Chatwoot for `user`, who is linked to `agent` and has an own token; what it is then, or was
    /// where it is deleted.
    pub(crate) async fn change_canned(&self, user: &str, agent: i64, change: CannedChange) -> Result<CannedResponseView, Unchanged> {
        let core = &self.core;
        let client = core.agent_client(user).filter(|_| self.is_ready()).ok_or_else(|| Unchanged::Unavailable(self.away()))?;
        let work = async {
            check(core, &client, agent).await?;
            carry_out(core, &client, &change).await.map_err(NotRead::Failed)
        };
        match tokio::time::timeout(LIMIT, work).await {
            Ok(Ok(view)) => Ok(view),
            Ok(Err(NotRead::NotTheirs(why))) => Err(Unchanged::NotTheirs(why)),
            Ok(Err(NotRead::Failed(err))) => Err(match err.kind {
                ErrorKind::Invalid { message, .. } => Unchanged::Invalid(message),
                ErrorKind::NotFound { record: true, .. } => Unchanged::Gone,
                _ => Unchanged::Unavailable(self.explain(&err).1),
            }),
            Err(_) => Err(Unchanged::Unavailable("Chatwoot does not answer in time; look there whether it was done".to_owned())),
        }
    }
}

async fn carry_out(core: &Core, client: &Client, change: &CannedChange) -> Result<CannedResponseView, Error> {
    match change {
        CannedChange::Create(code, content) => {
            let refused = match core.call_for_person(|_| client.create_canned_response(code, content)).await {
                Ok(made) => return Ok(canned_response(&made)),
                Err(err) => err,
            };
            if !matches!(refused.kind, ErrorKind::Invalid { .. }) {
                return Err(refused);
            }
            // The code is taken: by this very one where the first answer was lost.
            let all = core.call_for_person(|_| client.canned_responses()).await?;
            let same = all.iter().find(|one| one.short_code == *code && one.content == *content);
            same.map(canned_response).ok_or(refused)
        }
        CannedChange::Edit(id, content) => {
            core.call_for_person(|_| client.update_canned_response(*id, content)).await.map(|row| canned_response(&row))
        }
        CannedChange::Delete(was) => match core.call_for_person(|_| client.delete_canned_response(was.id)).await {
            Err(err) if !err.is_gone() => Err(err),
            _ => Ok(was.clone()),
        },
    }
}
