//! Customers who write on a schedule: through the same rules as the public client API, on any inbox.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    http::Refusal,
    params, public,
    state::{Actor, ContactInbox, Id, MessageType, NewContact, NewConversation, NewMessage, Sender, State, Status},
    world::{Channel, CustomerSeed},
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
    let mail = s.inboxes.get(&inbox).is_some_and(|i| i.channel == Channel::Email);
    let subject = Some(&seed.mail.subject).filter(|subject| mail && !subject.is_empty());
    let newest = s.conversations.values().rfind(|c| c.contact_inbox_id == address.id).map(|c| (c.id, c.status));
    let conversation = match newest {
        Some((id, status)) if !seed.new_conversation_each && status != Status::Resolved => id,
        _ => {
            let additional_attributes = subject.map(|subject| json!({"source": "email", "mail_subject": subject}));
            s.create_conversation(&address, NewConversation { additional_attributes, ..NewConversation::default() })
                .ok_or(Refusal::Missing)?
        }
    };
    let plain = NewMessage::plain(Some(text.clone()), MessageType::Incoming, Some(Sender::Contact(address.contact_id)));
    let new = if mail { received(s, seed, inbox, &address, (text, plain)) } else { plain };
    s.create_message(conversation, new)
}

/// As a mailbox takes a mail in: content type and `email` of the content attributes, from Chatwoot's source (4.15 `MailPresenter#serialized_data`).
fn received(s: &State, seed: &CustomerSeed, inbox: Id, address: &ContactInbox, (text, plain): (String, NewMessage)) -> NewMessage {
    let contact = s.contacts.get(&address.contact_id).and_then(|c| c.email.clone()).unwrap_or_default();
    let from = if seed.mail.from.is_empty() { contact } else { seed.mail.from.clone() };
    let own = s.inboxes.get(&inbox).and_then(|i| i.email.clone());
    let to = if seed.mail.to.is_empty() { own.into_iter().collect() } else { seed.mail.to.clone() };
    let cc = Some(&seed.mail.cc).filter(|cc| !cc.is_empty());
    let subject = Some(&seed.mail.subject).filter(|subject| !subject.is_empty());
    let both = json!({"full": text, "reply": text, "quoted": null});
    let email = json!({"bcc": null, "cc": cc, "content_type": "text/plain; charset=UTF-8", "from": [from], "html_content": {},
        "in_reply_to": null, "multipart": false, "number_of_attachments": 0, "subject": subject, "text_content": both, "to": to});
    let content_attributes = [("email".to_owned(), email), ("cc_email".to_owned(), json!(cc)), ("bcc_email".to_owned(), json!(null))];
    NewMessage { content_type: Some("incoming_email".to_owned()), content_attributes: content_attributes.into_iter().collect(), ..plain }
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
