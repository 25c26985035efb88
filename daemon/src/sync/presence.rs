//! A linked agent who has the inbox open counts as present in Chatwoot, as on its own page: a second websocket with the agent's own token, and a
//! heartbeat on it. Only while the inbox is open, and not at all with `sync.agent_presence = false`.
//!
//! What its frames say of the agent's own (notifications, mentions) is read again by `personal`.
//!
//! Never here: the account's data. The sync user's websocket brings all of it already.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chatwoot::cable::{Backoff, CableConfig, CableEvent, CableItem, Limits, Subscription, connect};
use chatwoot::error::Error;
use chatwoot::{Client, Secret};
use tokio_util::sync::CancellationToken;

use super::personal::{Changed, keep_up};
use super::{Core, SyncHandle, lock};
use crate::store::Personal;

/// Between heartbeats: Chatwoot counts a user as online for 20 s after one (section 11.3).
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Waits between connections. Nothing waits for this one.
const RETRY_FIRST: Duration = Duration::from_secs(2);
const RETRY_MAX: Duration = Duration::from_secs(120);

/// Who is present, by user: how many of their inboxes are open, and what ends the websocket.
pub(super) type Present = HashMap<String, (usize, CancellationToken)>;

/// An open inbox. The agent counts as present until the last of theirs is dropped.
#[derive(Debug)]
pub struct Attendance {
    core: Arc<Core>,
    user: String,
}

impl SyncHandle {
    /// The user's inbox is open. `None` where that changes nothing: no own token, or switched off.
    pub fn attend(&self, user: &str) -> Option<Attendance> {
        let core = &self.core;
        let client = core.agent_client(user).filter(|_| core.cx.sync.agent_presence)?;
        let mut present = lock(&core.present);
        let (count, stop) = present.entry(user.to_owned()).or_insert_with(|| (0, core.cx.stop.child_token()));
        *count += 1;
        if *count == 1 {
            let (core, stop, user) = (Arc::clone(core), stop.clone(), user.to_owned());
            tokio::spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = stay(&core, &user, client) => {}
                }
            });
        }
        Some(Attendance { core: Arc::clone(core), user: user.to_owned() })
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        let mut present = lock(&self.core.present);
        if let Some((count, stop)) = present.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                stop.cancel();
                present.remove(&self.user);
            }
        }
    }
}

/// Holds the websocket until it is dropped.
async fn stay(core: &Core, name: &str, client: Client) {
    let mut backoff = Backoff::new(RETRY_FIRST, RETRY_MAX, rand::random());
    loop {
        core.until_ready().await;
        match connection(core, name, &client).await {
            Ok(()) => backoff.reset(),
            Err(err) => {
                tracing::debug!(tenant = %core.cx.slug, error = &err as &dyn std::error::Error, "an agent's presence cannot be told")
            }
        }
        tokio::time::sleep(backoff.next_wait()).await;
    }
}

/// One connection, to its end.
async fn connection(core: &Core, name: &str, client: &Client) -> Result<(), Error> {
    let user = core.call(|_| async { client.profile().await }).await?;
    let subscription =
        Subscription { pubsub_token: Secret::new(user.pubsub_token.expose()), account_id: core.cx.chatwoot.account_id, user_id: user.id };
    let mut config = CableConfig::new(client.base().clone(), subscription);
    config.roots = core.roots.clone();
    config.limits = Limits { presence: Some(HEARTBEAT), ..Limits::default() };
    let mut cable = connect(config).await?;
    let changed = Changed::default();
    let listen = async {
        while let Some(item) = cable.next().await {
            match item {
                // What came before it was not heard.
                CableItem::Confirmed => changed.mark(&Personal::ALL),
                CableItem::Event(event) => match *event {
                    CableEvent::Notification(_) => changed.mark(&[Personal::Notification]),
                    CableEvent::Mentioned(_) => changed.mark(&[Personal::Mention]),
                    _ => {}
                },
                CableItem::Closed(_) => break,
            }
        }
    };
    tokio::select! {
        () = listen => {}
        () = keep_up(core, name, user.id, &changed) => {}
    }
    Ok(())
}
