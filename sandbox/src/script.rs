//! Customers who write on a schedule: through the same rules as the public client API, on any inbox.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    http::Refusal,
    params, public,
    state::{Actor, ContactInbox, Id, MessageType, NewContact, NewConversation, NewMessage, Sender, State, Status},
    world::CustomerSeed,
};

/// Most messages one customer writes.
const COUNT_MAX: u64 = 100_000;

/// Whether the script names an inbox that is there.
pub(crate) fn inbox(s: &State, name: &str) -> Option<Id> {
    s.inboxes.values().find(|i| i.key == name || i.id == params::int(name)).map(|i| i.id)
}

/// Starts a customer; it ends with `until`.
pub(crate) fn start(app: &Arc<App>, seed: CustomerSeed, until: CancellationToken) {
    let app = Arc::clone(app);
    tokio::spawn(async move {
        tokio::select! {
            () = until.cancelled() => {}
            () = write(&app, &seed) => {}
        }
    });
}

async fn write(app: &App, seed: &CustomerSeed) {
    tokio::time::sleep(Duration::from_millis(seed.after_ms)).await;
    let texts = u64::try_from(seed.texts.len()).unwrap_or(0);
    let count = if seed.count == 0 { texts } else { seed.count.min(COUNT_MAX) };
    for n in 0..count {
        let text = usize::try_from(n % texts.max(1)).ok().and_then(|i| seed.texts.get(i)).cloned().unwrap_or_default();
        if let Err(refusal) = app.write(|s| say(s, seed, text)) {
            tracing::warn!(?refusal, contact = %seed.contact.name, "a scripted customer was refused");
        }
        tokio::time::sleep(Duration::from_millis(seed.every_ms)).await;
    }
}

/// Writes one message into the customer's newest conversation, or a new one.
fn say(s: &mut State, seed: &CustomerSeed, text: String) -> Result<Id, Refusal> {
    let inbox = inbox(s, &seed.inbox).ok_or(Refusal::Missing)?;
    let account = s.inboxes.get(&inbox).ok_or(Refusal::Missing)?.account_id;
    let address = address(s, seed, inbox, account)?;
    s.actor = Actor::Contact(address.contact_id);
    let newest = s.conversations.values().rfind(|c| c.contact_inbox_id == address.id).map(|c| (c.id, c.status));
    let conversation = match newest {
        Some((id, status)) if !seed.new_conversation_each && status != Status::Resolved => id,
        _ => s.create_conversation(&address, NewConversation::default()).ok_or(Refusal::Missing)?,
    };
    s.create_message(conversation, NewMessage::plain(Some(text), MessageType::Incoming, Some(Sender::Contact(address.contact_id))))
}

fn address(s: &mut State, seed: &CustomerSeed, inbox: Id, account: Id) -> Result<ContactInbox, Refusal> {
    let k = &seed.contact;
    if let Some(known) = s.contacts.values().find(|c| !k.key.is_empty() && c.key == k.key).map(|c| c.id) {
        let at = s.contact_inboxes.values().rfind(|ci| ci.contact_id == known && ci.inbox_id == inbox).cloned();
        return at.map_or_else(|| s.contact_inbox(known, inbox, None, false), Ok);
    }
    let new = NewContact {
        name: Some(k.name.clone()),
        email: k.email.clone(),
        phone_number: k.phone_number.clone(),
        identifier: k.identifier.clone().or_else(|| Some(format!("customer-{}", k.name.to_lowercase().replace(' ', "-")))),
        custom_attributes: k.custom_attributes.clone(),
        ..NewContact::default()
    };
    public::contact_in(s, inbox, account, new, None, false)
}
