//! The calls that effects stand for.

use api::approval::Decision;
use api::contact::{NewContactNote, NewConversation};
use api::id::{ApprovalId, ConversationId};
use api::inbox::{ConversationPatch, DeleteMessage, MessageQuery, MessageView};
use api::page::Page;
use api::{Client, ClientError};

use super::MESSAGES;
use crate::event::{Act, Acted, Answer, Directory, Effect, Failure, Purpose, Submitted};
use crate::message::message;
use crate::state::With;
use crate::{browser, files, picture, update};

/// Makes the call that an effect stands for.
pub(super) async fn call(client: &Client, effect: Effect, hold: Option<u32>) -> Option<Answer> {
    Some(match effect {
        Effect::Me => Answer::Me(client.me().await.map_err(Failure::from)),
        Effect::Status => Answer::Status(client.status().await.map_err(Failure::from)),
        Effect::Directory => Answer::Directory(directory(client).await.map_err(Failure::from)),
        Effect::Outbox => Answer::Outbox(client.outbox().await.map_err(Failure::from)),
        Effect::List { generation, query, more } => {
            Answer::List { generation, more, result: client.conversations(&query).await.map_err(Failure::from) }
        }
        Effect::Counts { generation, query } => {
            Answer::Counts { generation, result: client.conversations(&query).await.map_err(Failure::from) }
        }
        Effect::Conversation(id) => Answer::Conversation(id, client.conversation(id).await.map_err(Failure::from)),
        Effect::Messages { id, before } => {
            let query = MessageQuery { before, limit: Some(MESSAGES), ..MessageQuery::default() };
            Answer::Messages { id, older: before.is_some(), result: client.messages(id, &query).await.map_err(Failure::from) }
        }
        Effect::Around { id, message } => {
            Answer::Around { id, message, result: around(client, id, message.0).await.map_err(Failure::from) }
        }
        Effect::Newer { id, after } => {
            let query = MessageQuery { after: Some(after), limit: Some(MESSAGES), ..MessageQuery::default() };
            Answer::Newer { id, after, result: client.messages(id, &query).await.map_err(Failure::from) }
        }
        Effect::Contacts { generation, query } => {
            Answer::Contacts { generation, more: query.cursor.is_some(), result: client.contacts(&query).await.map_err(Failure::from) }
        }
        Effect::Contact(id) => Answer::Contact(id, client.contact_detail(id).await.map_err(Failure::from)),
        Effect::ConversationsOf(id) => {
            Answer::ConversationsOf(id, client.conversations(&update::conversations_of(id)).await.map_err(Failure::from))
        }
        Effect::Search { generation, query } => {
            Answer::Search { generation, more: query.cursor.is_some(), result: client.search(&query).await.map_err(Failure::from) }
        }
        Effect::Approvals { generation, query, more } => {
            Answer::Approvals { generation, more, result: client.approvals(&query).await.map_err(Failure::from) }
        }
        Effect::Activity { generation, query } => {
            let result = client.activity(&query).await.map_err(Failure::from);
            Answer::Activity { generation, query, result }
        }
        Effect::Approval(id) => Answer::Approval(id, client.approval(&id.to_string()).await.map_err(Failure::from)),
        Effect::Submit { purpose, text, with, key } => {
            let result = submit(client, purpose, text, (with, hold), &key).await.map_err(Failure::from);
            Answer::Submitted { purpose, key, result }
        }
        Effect::Patch { id, patch, label, key } => {
            Answer::Patched { id, label, result: client.update_conversation(id, &patch, &key).await.map_err(Failure::from) }
        }
        Effect::Approve { id, revision, key } => {
            let result = decide(client, id, "approve", revision, None, &key).await.map_err(Failure::from);
            Answer::Approved { id, revision, key, result }
        }
        Effect::Act(what) => Answer::Acted(Box::new(act(client, *what).await)),
        Effect::Recall(id, key) => Answer::Recalled(id, client.outbox_act(id, "cancel", &key).await.map_err(Failure::from)),
        Effect::MarkRead { id, read, key } => {
            let patch = ConversationPatch { read: Some(read), ..ConversationPatch::default() };
            Answer::MarkedRead(id, read, client.update_conversation(id, &patch, &key).await.map_err(Failure::from))
        }
        Effect::EditContact { change, key } => {
            let result = client.update_contact(change.id, &update::contact_patch(&change), &key).await.map_err(Failure::from);
            Answer::ContactEdited { change, result }
        }
        Effect::Erase { conversation, message, key } => {
            let delete = DeleteMessage { hold_seconds: Some(update::HOLD_S) };
            let result = client.delete_message(conversation, message, &delete, &key).await.map_err(Failure::from);
            Answer::Erased { conversation, message, result }
        }
        Effect::Retry(id, key) => Answer::Retried(client.outbox_act(id, "retry", &key).await.map_err(Failure::from)),
        Effect::Notify(notice) => {
            if let Err(err) = browser::run(&notice.command()).await {
                tracing::debug!(err, "the desktop was not told");
            }
            return None;
        }
        Effect::Picture(wanted) => Answer::Picture(wanted.file.id, Box::new(Box::pin(picture::read(client, *wanted)).await)),
        Effect::Browse(address) => Answer::NotBrowsed(browser::open(&address).await.err()?),
        Effect::OwnCounts { status, query } => {
            Answer::OwnCounts { status, result: client.conversations(&query).await.map_err(Failure::from) }
        }
        Effect::Views => Answer::Views(client.custom_filters().await.map(|page| page.data).map_err(Failure::from)),
        Effect::SaveView(new) => Answer::ViewChanged("saved", client.save_custom_filter(&new).await.map_err(Failure::from)),
        Effect::RenameView(id, name) => Answer::ViewChanged("renamed", client.rename_custom_filter(id, &name).await.map_err(Failure::from)),
        Effect::DeleteView(id) => Answer::ViewChanged("deleted", client.delete_custom_filter(id).await.map_err(Failure::from)),
        Effect::Discard(id, key) => Answer::Discarded(client.outbox_act(id, "cancel", &key).await.map_err(Failure::from)),
        Effect::Look { purpose, path } => {
            let looked = path.clone();
            let found = tokio::task::spawn_blocking(move || files::look(&looked, home().as_deref())).await;
            Answer::Looked { purpose, path, result: found.unwrap_or_else(|err| Err(err.to_string())) }
        }
        Effect::Paths(typed) => {
            let begun = typed.clone();
            let found = tokio::task::spawn_blocking(move || files::begun(&begun, home().as_deref())).await;
            Answer::Paths { typed, found: found.unwrap_or_default() }
        }
        Effect::LoadDrafts { .. }
        | Effect::SaveDrafts(_)
        | Effect::SaveSeen(_)
        | Effect::SaveKey { .. }
        | Effect::SaveFile { .. }
        | Effect::StopSaving
        | Effect::Transmit(_)
        | Effect::ForgetPicture(_)
        | Effect::DraftsKnown(_)
        | Effect::Forget
        | Effect::Stream { .. }
        | Effect::Copy(_)
        | Effect::Mouse(_)
        | Effect::Suspend
        | Effect::Edit { .. }
        | Effect::Quit => return None,
    })
}

fn home() -> Option<String> {
    std::env::var("HOME").ok().filter(|home| !home.is_empty())
}

/// Messages up to one, it included, and those after it.
async fn around(client: &Client, id: ConversationId, message: i64) -> Result<(Page<MessageView>, Page<MessageView>), ClientError> {
    let query = |before, after| MessageQuery { before, after, limit: Some(MESSAGES), ..MessageQuery::default() };
    let upto = client.messages(id, &query(Some(message.saturating_add(1)), None)).await?;
    Ok((upto, client.messages(id, &query(None, Some(message))).await?))
}

async fn directory(client: &Client) -> Result<Directory, ClientError> {
    Ok(Directory {
        agents: client.agents().await?,
        teams: client.teams().await?,
        labels: client.labels().await?,
        inboxes: client.inboxes().await?,
        canned: client.canned_responses().await?,
        attributes: client.custom_attribute_definitions().await?,
    })
}

async fn submit(
    client: &Client,
    purpose: Purpose,
    text: String,
    (with, hold): (With, Option<u32>),
    key: &str,
) -> Result<Submitted, ClientError> {
    Ok(match purpose {
        Purpose::Reply(_) | Purpose::Note(_) | Purpose::Template(_) => {
            let handed = message(purpose, &text, &with, hold);
            let (id, message, files) = handed.ok_or_else(|| ClientError::Protocol("this is no message".to_owned()))?;
            Submitted::Message(Box::new(match files.is_empty() {
                true => client.send_message(id, &message, key).await?,
                false => client.send_files(id, &message, &files, key).await?,
            }))
        }
        Purpose::Escalate(id) => Submitted::Approval(Box::new(client.escalate(id, text.as_str(), key).await?)),
        Purpose::ContactNote(id) => {
            let note = NewContactNote { content: text, hold_seconds: None };
            Submitted::Contact(Box::new(client.add_contact_note(id, &note, key).await?))
        }
        Purpose::Begin(contact_id, inbox_id) => {
            let new = NewConversation { contact_id, inbox_id, message: Some(text), hold_seconds: hold, ..NewConversation::default() };
            Submitted::Contact(Box::new(client.begin_conversation(&new, key).await?))
        }
        Purpose::Reject(id, revision) => Submitted::Approval(Box::new(decide(client, id, "reject", revision, Some(text), key).await?)),
    })
}

async fn act(client: &Client, act: Act) -> Acted {
    match act {
        Act::Macros => Acted::Macros(client.macros().await.map_err(Failure::from)),
        Act::Macro { id, run, label, key } => {
            Acted::Macro { id, label, result: client.run_macro(id, run, &key).await.map_err(Failure::from) }
        }
        Act::Templates(id, inbox) => Acted::Templates(id, client.templates(inbox).await.map_err(Failure::from)),
        Act::Participants(id) => Acted::Participants(id, client.participants(id).await.map_err(Failure::from)),
        Act::Availability(None) => Acted::Availability(None, client.availability().await.map_err(Failure::from)),
        Act::Availability(Some(to)) => Acted::Availability(Some(to), client.set_availability(to).await.map_err(Failure::from)),
        Act::Signature => Acted::Signature(client.signature().await.map(|view| view.signature).map_err(Failure::from)),
        Act::ContactNotes(id) => Acted::ContactNotes(id, client.contact_notes(id).await.map_err(Failure::from)),
        Act::ContactInboxes(id) => Acted::ContactInboxes(id, client.contact_inboxes(id).await.map_err(Failure::from)),
        Act::Contact(id) => Acted::Contact(id, client.contact_detail(id).await.map_err(Failure::from)),
        Act::ChangeContact { id, patch, label, key } => {
            Acted::ContactChanged { id, label, result: client.update_contact(id, &patch, &key).await.map_err(Failure::from) }
        }
    }
}

async fn decide(
    client: &Client,
    id: ApprovalId,
    verb: &str,
    revision: u32,
    comment: Option<String>,
    key: &str,
) -> Result<api::approval::ApprovalView, ClientError> {
    client.decide(&id.to_string(), verb, &Decision { revision: Some(revision), comment }, key).await
}
