//! Whether a message of ours is in Chatwoot although its answer never came: the customer must not get it twice.
//!
//! Since 4.9 our mark decides. Before, it survives on API inboxes only (as `source_id`); elsewhere author, text and time decide, and where
//! they cannot, the message is held for an agent and never sent again on a guess.

use chatwoot::error::Error;
use chatwoot::model::{Message, MessageType, SenderKind};
use chatwoot::rest::MessagesQuery;

use super::{Core, normalise};
use crate::clock::{Micros, SECOND};
use crate::store::StoreError;

/// Chatwoot writes creation times in whole seconds, and its clock is known to about one.
const SLACK: Micros = 5 * SECOND;
/// Pages back at most: 1,000 messages in one conversation since the entry was written.
const PAGES_MAX: usize = 50;

/// The message that is looked for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// The outbox entry's id: our mark.
    pub id: uuid::Uuid,
    /// Its text as Chatwoot keeps it; of one that Chatwoot fills in, as it was sent.
    pub content: String,
    /// Whether Chatwoot fills it in, so that the text it keeps is another.
    pub filled: bool,
    /// Sizes of its files, in bytes, sorted.
    pub files: Vec<u64>,
    /// Whether it is a note.
    pub private: bool,
    /// Chatwoot's clock when the entry was written.
    pub since: Micros,
    /// The Chatwoot user who sends it, where known.
    pub author: Option<i64>,
    /// Whether this Chatwoot keeps marks, wherever the message goes.
    pub marked: bool,
}

/// What was found.
#[derive(Debug, Clone)]
pub(super) enum Look {
    /// It is there.
    Found(Box<Message>),
    /// It is not there.
    Absent,
    /// It cannot be told.
    Unclear(&'static str),
}

/// Looks through the conversation's messages, from the newest back to when the entry was written.
pub(super) async fn look(core: &Core, conversation_id: i64, wanted: &Wanted) -> Result<Look, Error> {
    let (mut query, mut since) = (MessagesQuery::NEWEST, Vec::new());
    for _ in 0..PAGES_MAX {
        let page = core.call_for_person(|client| async move { client.messages(conversation_id, query).await }).await?.payload;
        if let Some(found) = page.iter().find(|message| is_ours(message, wanted)) {
            return Ok(Look::Found(Box::new(found.clone())));
        }
        let oldest = page.iter().map(|message| (message.id, message.created_at.micros().unwrap_or_default())).min();
        since.extend(page.into_iter().filter(|message| written_since(message, wanted)));
        match oldest {
            Some((id, written)) if written >= wanted.since - SLACK => query = MessagesQuery::before(id),
            _ => return Ok(judge(&untaken(core, since, wanted).await, wanted)),
        }
    }
    Ok(Look::Unclear(
        "too much was written in this conversation meanwhile to find out whether it was sent; look there, then retry or discard it",
    ))
}

/// Without messages that are known to come from other entries.
async fn untaken(core: &Core, messages: Vec<Message>, wanted: &Wanted) -> Vec<Message> {
    let (ids, id): (Vec<i64>, _) = (messages.iter().map(|message| message.id).collect(), wanted.id);
    let taken = core.read(move |scope| {
        let taken = ids.into_iter().map(|message| Ok((message, scope.message_is_taken(message, id)?)));
        taken.collect::<Result<Vec<_>, StoreError>>()
    });
    // A store that cannot be read leaves all of them in: rather held than sent twice.
    let taken: Vec<i64> = taken.await.unwrap_or_default().into_iter().filter(|(_, taken)| *taken).map(|(message, _)| message).collect();
    messages.into_iter().filter(|message| !taken.contains(&message.id)).collect()
}

fn is_ours(message: &Message, wanted: &Wanted) -> bool {
    normalise::mark(message).is_some_and(|mark| mark == wanted.id.to_string())
}

fn written_since(message: &Message, wanted: &Wanted) -> bool {
    message.created_at.micros().is_none_or(|at| at >= wanted.since - SLACK)
}

/// Whether a message has as many files of the same sizes; a size that Chatwoot does not say fits.
fn same_files(message: &Message, wanted: &Wanted) -> bool {
    let mut sizes: Vec<u64> = message.attachments.iter().filter_map(|file| u64::try_from(file.file_size?).ok()).collect();
    sizes.sort_unstable();
    message.attachments.len() == wanted.files.len() && (sizes.len() < wanted.files.len() || sizes == wanted.files)
}

/// Decides from the messages since the entry was written, none of which carries its mark.
fn judge(messages: &[Message], wanted: &Wanted) -> Look {
    let by_author = |message: &&Message| {
        let user = message.sender.as_ref().filter(|sender| sender.kind == SenderKind::User).map(|sender| sender.id);
        user.is_some() && (wanted.author.is_none() || user == wanted.author)
    };
    let candidates: Vec<&Message> = messages
        .iter()
        .filter(|message| message.message_type == MessageType::Outgoing && message.private == wanted.private)
        .filter(|message| normalise::mark(message).is_none())
        .filter(by_author)
        .collect();
    let same_text: Vec<&&Message> = candidates
        .iter()
        .filter(|message| message.content.as_deref().unwrap_or_default().trim() == wanted.content.trim() && same_files(message, wanted))
        .collect();
    // Deleting a message, or sending a failed one again, takes its mark away.
    if candidates.iter().any(|message| message.is_deleted()) {
        return Look::Unclear("a message was deleted in Chatwoot that may be this one; look there, then retry or discard it");
    }
    match (wanted.marked, same_text.as_slice()) {
        (true, []) => Look::Absent,
        (true, _) => {
            Look::Unclear("a message with the same text is in Chatwoot without afenda's mark; look there, then retry or discard it")
        }
        (false, [one]) => Look::Found(Box::new((**one).clone())),
        (false, []) if candidates.is_empty() || !wanted.filled => Look::Absent,
        (false, _) => {
            Look::Unclear("this Chatwoot (before 4.9) does not say which of its messages this one is; look there, then retry or discard it")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wanted(marked: bool) -> Wanted {
        Wanted {
            id: "0190a5f0-0000-7000-8000-000000000001".parse().unwrap(),
            content: "hello".to_owned(),
            filled: false,
            files: Vec::new(),
            private: false,
            since: 100 * SECOND,
            author: Some(7),
            marked,
        }
    }

    fn message(content: &str, sender: i64, attributes: serde_json::Value) -> Message {
        let body = json!({"id": 5, "conversation_id": 1, "message_type": 1, "private": false, "content": content, "created_at": 100,
            "content_attributes": attributes, "sender": {"id": sender, "type": "user", "name": "Jo"}});
        serde_json::from_value(body).unwrap()
    }

    fn check(messages: &[Message], marked: bool, want: &str) {
        let found = match judge(messages, &wanted(marked)) {
            Look::Found(_) => "found",
            Look::Absent => "absent",
            Look::Unclear(_) => "unclear",
        };
        assert_eq!(found, want, "{marked} {messages:?}");
    }

    #[test]
    fn the_mark_decides_where_it_is_kept() {
        let other = json!({"afenda_id": "0190a5f0-0000-7000-8000-000000000002"});
        check(&[], true, "absent");
        check(&[message("something else", 7, json!({}))], true, "absent");
        check(&[message("hello", 7, other)], true, "absent");
        check(&[message("hello", 8, json!({}))], true, "absent");
        check(&[message("hello", 7, json!({}))], true, "unclear");
        check(&[message("This message was deleted", 7, json!({"deleted": true}))], true, "unclear");
        let ours = message("hello", 7, json!({"afenda_id": "0190a5f0-0000-7000-8000-000000000001"}));
        assert!(is_ours(&ours, &wanted(true)));
    }

    #[test]
    fn before_4_9_author_text_and_time_decide_or_nothing_does() {
        check(&[], false, "absent");
        check(&[message("hello\n", 7, json!({}))], false, "found");
        check(&[message("hello", 7, json!({})), message("hello", 7, json!({}))], false, "unclear");
        check(&[message("other", 7, json!({}))], false, "absent");
        // Where Chatwoot fills the text in, another text may be it; where it has files, they must fit.
        let other = [message("Hi Ann", 7, json!({}))];
        assert!(matches!(
            judge(&other, &Wanted { filled: true, content: "Hi {{contact.name}}".to_owned(), ..wanted(false) }),
            Look::Unclear(_)
        ));
        let with_file = Wanted { files: vec![3], ..wanted(false) };
        let mut sent = message("hello", 7, json!({}));
        assert!(matches!(judge(std::slice::from_ref(&sent), &with_file), Look::Absent));
        for (size, found) in [(Some(3), true), (None, true), (Some(4), false)] {
            sent.attachments = vec![chatwoot::model::Attachment { file_size: size, ..Default::default() }];
            assert_eq!(matches!(judge(std::slice::from_ref(&sent), &with_file), Look::Found(_)), found, "{size:?}");
        }
        assert!(!written_since(&Message { created_at: chatwoot::Stamp::from_seconds(94), ..Message::default() }, &wanted(false)));
    }
}
