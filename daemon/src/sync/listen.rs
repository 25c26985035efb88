//! The live path: websocket frames, into the door.

use std::sync::Arc;
use std::time::Duration;

use api::event::TypingHeard;
use api::id::ConversationId;
use chatwoot::cable::{Backoff, Cable, CableConfig, CableEvent, CableItem, Closed, Subscription, connect};

use super::apply::{How, Incoming, Outcome};
use super::link::Failure;
use super::pull::profile;
use super::{Core, lock};
use crate::store::StoreError;

/// Waits between connections.
const RETRY_FIRST: Duration = Duration::from_millis(500);
const RETRY_MAX: Duration = Duration::from_secs(30);
/// Frames in one write at most: what waits already, never waited for.
const FRAMES_MAX: usize = 64;
/// Characters of a name that is passed on.
const NAME_MAX: usize = 100;

/// Holds a websocket until it is dropped.
pub(super) async fn cable(core: Arc<Core>) {
    let mut backoff = Backoff::new(core.paced(RETRY_FIRST), core.paced(RETRY_MAX), rand::random());
    loop {
        core.until_ready().await;
        let (lived, why) = connection(&core).await;
        core.set_cable(Err(why)).await;
        if lived {
            backoff.reset();
            core.doubt(); // Frames may be lost, and Chatwoot may be down.
        }
        tokio::time::sleep(backoff.next_wait()).await;
    }
}

/// One connection. Returns whether it was confirmed, and why it ended.
async fn connection(core: &Core) -> (bool, Option<String>) {
    // The token is read each time: it rotates with the user's password, and a stale one is answered with silence.
    let user = match profile(core).await {
        Ok(user) => user,
        Err(Failure::Refused(why) | Failure::Later(why, _)) => {
            core.doubt();
            return (false, Some(why));
        }
    };
    lock(&core.server).pubsub_token = user.pubsub_token.clone();
    let subscription = Subscription { pubsub_token: user.pubsub_token, account_id: core.cx.chatwoot.account_id, user_id: user.id };
    let Ok(client) = core.client() else { return (false, None) };
    let mut config = CableConfig::new(client.base().clone(), subscription);
    config.roots = core.roots.clone();
    let mut cable = match connect(config).await {
        Ok(cable) => cable,
        Err(err) => {
            let (Failure::Refused(why) | Failure::Later(why, _)) = core.failure(&err);
            return (false, Some(format!("no websocket, changes come later by polling: {why}")));
        }
    };
    let mut lived = false;
    loop {
        let item = tokio::select! {
            item = cable.next() => item,
            () = core.wake.cable.notified() => return (lived, Some("the websocket's token has changed".to_owned())),
        };
        match item {
            Some(CableItem::Confirmed) => {
                lived = true;
                confirmed(core).await;
            }
            Some(CableItem::Event(event)) => {
                let mut events = vec![core.take(*event)];
                let (confirms, ended) = drain(core, &mut cable, &mut events);
                if let Err(err) = frames(core, events).await {
                    tracing::error!(error = &err as &dyn std::error::Error, "frames were not kept; comparing with Chatwoot instead");
                    core.wake.reconcile.notify_one();
                }
                if confirms {
                    lived = true; // Frames may overtake the confirmation.
                    confirmed(core).await;
                }
                if let Some(why) = ended {
                    return (lived, Some(closed(&why)));
                }
            }
            Some(CableItem::Closed(why)) => return (lived, Some(closed(&why))),
            None => return (lived, Some(closed(&Closed::Ended))),
        }
    }
}

impl Core {
    /// A frame for the door; who writes where goes past it, to the inboxes that are open.
    fn take(&self, event: CableEvent) -> Incoming {
        if let CableEvent::Typing(typing) = &event
            && let Some(user) = &typing.user
        {
            let agent = user.kind.as_deref() == Some("user");
            // Nobody listens where no inbox is open.
            let _ = self.writing.send(TypingHeard {
                conversation_id: ConversationId(typing.conversation.id),
                name: user.name.as_deref().unwrap_or_default().chars().take(NAME_MAX).collect(),
                agent_id: agent.then_some(user.id),
                on: typing.on,
                private: typing.is_private,
            });
        }
        Incoming::from_cable(event)
    }
}

async fn confirmed(core: &Core) {
    core.heard();
    lock(&core.rounds).gap = Some(core.now());
    core.set_cable(Ok(())).await;
    core.wake.reconcile.notify_one(); // What happened before is not sent again.
}

/// Takes what waits already; says whether a confirmation and whether the end was among it.
fn drain(core: &Core, cable: &mut Cable, events: &mut Vec<Incoming>) -> (bool, Option<Closed>) {
    let mut confirms = false;
    while events.len() < FRAMES_MAX {
        match cable.try_next() {
            Some(CableItem::Event(event)) => events.push(core.take(*event)),
            Some(CableItem::Closed(why)) => return (confirms, Some(why)),
            Some(CableItem::Confirmed) => confirms = true,
            None => break,
        }
    }
    (confirms, None)
}

fn closed(why: &Closed) -> String {
    format!("no websocket, changes come later by polling: {why}")
}

async fn frames(core: &Core, events: Vec<Incoming>) -> Result<(), StoreError> {
    core.heard();
    let door = core.door.clone();
    let applied = core.write(move |scope| {
        events.iter().try_fold(Outcome::default(), |outcome, event| Ok(outcome.and(door.apply(scope, event, How::Live)?)))
    });
    core.follow(applied.await?);
    Ok(())
}
