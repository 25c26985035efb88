//! Labels whose earlier try has an unknown outcome: what of it is left to do, without undoing what a colleague did since.
//!
//! Labels have no clock, but Chatwoot writes an activity for each change, naming the labels (section 12.6). It is written in the account's
//! language: where that is not English nothing is found, and the labels are merged with what is there.

use chatwoot::error::Error;
use chatwoot::model::{Message, MessageType};
use chatwoot::rest::MessagesQuery;
use serde_json::{Value, json};

use super::Core;
use crate::clock::SECOND;
use crate::domain::outbox::untouched;
use crate::store::{OutboxRow, words};

/// Pages back at most, 20 messages each; with more since the entry was written the labels are merged with what is there.
const PAGES_MAX: usize = 10;

/// What is left of the labels to do.
#[derive(Debug)]
pub(super) enum Left {
    /// This, in the shape of the payload.
    Todo(Value),
    /// Nothing: it is so.
    Nothing,
    /// Nothing: somebody changed these since.
    Others(Vec<String>),
}

/// Reads what is there and what was done since the entry was written.
pub(super) async fn left(core: &Core, row: &OutboxRow) -> Result<Left, Error> {
    let (id, position, since) = (row.conversation_id, row.position, row.created_at);
    let now = core.call_for_person(|client| async move { client.conversation_labels(id).await }).await?;
    // A change of our own that was carried out since names its labels too.
    let others = core.read(move |scope| scope.labels_written_since(id, since, position)).await.unwrap_or(true);
    let named = if others { Vec::new() } else { named_since(core, row).await? };
    let (add, remove) = (words(&row.payload, "add"), words(&row.payload, "remove"));
    let is_so = add.iter().all(|label| now.contains(label)) && !remove.iter().any(|label| now.contains(label));
    let (add, remove) = untouched(&add, &remove, &now, &named);
    Ok(match (is_so, add.is_empty() && remove.is_empty()) {
        (true, _) => Left::Nothing,
        (false, true) => Left::Others(named),
        (false, false) => Left::Todo(json!({ "add": add, "remove": remove })),
    })
}

/// Labels that activities since the entry was written name.
async fn named_since(core: &Core, row: &OutboxRow) -> Result<Vec<String>, Error> {
    // Whole seconds: an activity of the second before it may be from before.
    let since = row.created_at + core.server().skew - SECOND;
    let (id, mut query, mut named) = (row.conversation_id, MessagesQuery::NEWEST, Vec::new());
    for _ in 0..PAGES_MAX {
        let page = core.call_for_person(|client| async move { client.messages(id, query).await }).await?.payload;
        let at = |message: &Message| message.created_at.micros().unwrap_or_default();
        let oldest = page.iter().map(|message| (message.id, at(message))).min();
        let activities = page.iter().filter(|message| message.message_type == MessageType::Activity && at(message) >= since);
        named.extend(activities.filter_map(|message| message.content.as_deref()).flat_map(labels_named));
        match oldest {
            Some((oldest, written)) if written >= since => query = MessagesQuery::before(oldest),
            _ => return Ok(named),
        }
    }
    Ok(Vec::new())
}

/// Labels that an activity names as added or removed: `Jo added a, b`.
fn labels_named(text: &str) -> Vec<String> {
    // The last of both words: a name may hold the other.
    let lists = [" added ", " removed "].into_iter().filter_map(|verb| text.rsplit_once(verb).map(|(_, list)| list));
    let list = lists.min_by_key(|list| list.len());
    list.map(|list| list.split(", ").map(|label| label.trim().to_owned()).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_activity_names_labels_only_where_it_is_about_them() {
        for (text, want) in [
            ("Jo Agent added refund, big deal", vec!["refund", "big deal"]),
            ("Jo removed vip", vec!["vip"]),
            ("Ann who added cream removed vip", vec!["vip"]),
            ("Jo set the priority to urgent", vec![]),
            ("Jo removed the priority", vec!["the priority"]),
            ("Conversation was marked resolved by Jo", vec![]),
            ("Jo hat vip hinzugefügt", vec![]),
        ] {
            assert_eq!(labels_named(text), want, "{text}");
        }
    }
}
