//! The account's small lists besides the directory: canned responses and custom attributes, read whole and replaced whole; ratings.

use api::id::ConversationId;
use api::lists::{CannedResponseView, CustomAttributeView, RatingView};
use chatwoot::error::{Error, ErrorKind};
use chatwoot::model;

use super::Core;
use super::link::Failure;
use crate::clock::timestamp;

/// Rows kept of one list: Chatwoot pages none of them, and nobody picks from more.
const ROWS_MAX: usize = 10_000;
/// Characters kept of a short text.
const NAME_CHARS_MAX: usize = 500;
/// Characters kept of a long one: Chatwoot's limit of a message.
const TEXT_CHARS_MAX: usize = 150_000;

/// Reads both lists again.
pub(super) async fn read(core: &Core) -> Result<(), Failure> {
    let canned = given(core, core.call(|client| async move { client.canned_responses().await }).await)?;
    let attributes = given(core, core.call(|client| async move { client.custom_attribute_definitions().await }).await)?;
    let canned: Vec<_> = canned.iter().flatten().take(ROWS_MAX).map(canned_response).collect();
    let attributes: Vec<_> = attributes.iter().flatten().take(ROWS_MAX).map(attribute).collect();
    core.write(move |scope| scope.replace_lists(&canned, &attributes)).await?;
    Ok(())
}

/// Reads every rating again, page by page until an empty one.
pub(super) async fn ratings(core: &Core) -> Result<(), Failure> {
    let mut number = 1;
    loop {
        let page = given(core, core.call(|client| async move { client.csat_responses(number).await }).await)?.unwrap_or_default();
        if page.is_empty() {
            return Ok(());
        }
        core.write(move |scope| page.iter().filter_map(rating).try_for_each(|rating| scope.apply_rating(&rating))).await?;
        number += 1;
    }
}

/// What was read; none where this server has no such list, or refuses it to the sync user: the inbox works without.
pub(super) fn given<T>(core: &Core, read: Result<T, Error>) -> Result<Option<T>, Failure> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(err) if matches!(err.kind, ErrorKind::NotFound { .. } | ErrorKind::Forbidden { .. } | ErrorKind::Decode { .. }) => {
            tracing::warn!(tenant = %core.cx.slug, error = &err as &dyn std::error::Error, "a list is left out");
            Ok(None)
        }
        Err(err) => Err(core.failure(&err)),
    }
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

/// A text that says something, cut.
fn given_text(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty()).map(|text| cut(text, NAME_CHARS_MAX))
}

pub(super) fn canned_response(from: &model::CannedResponse) -> CannedResponseView {
    CannedResponseView { id: from.id, short_code: cut(&from.short_code, NAME_CHARS_MAX), content: cut(&from.content, TEXT_CHARS_MAX) }
}

fn attribute(from: &model::CustomAttributeDefinition) -> CustomAttributeView {
    let choice = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => cut(text, NAME_CHARS_MAX),
        other => cut(&other.to_string(), NAME_CHARS_MAX),
    };
    CustomAttributeView {
        id: from.id,
        model: cut(&from.attribute_model, NAME_CHARS_MAX),
        key: cut(&from.attribute_key, NAME_CHARS_MAX),
        display_name: cut(&from.attribute_display_name, NAME_CHARS_MAX),
        display_type: cut(&from.attribute_display_type, NAME_CHARS_MAX),
        choices: from.attribute_values.iter().take(ROWS_MAX).map(choice).collect(),
        regex_pattern: given_text(from.regex_pattern.as_deref()),
        regex_cue: given_text(from.regex_cue.as_deref()),
    }
}

/// A rating; none where it lacks what makes it one.
pub(super) fn rating(from: &model::CsatResponse) -> Option<RatingView> {
    Some(RatingView {
        id: from.id,
        conversation_id: ConversationId(from.conversation_id?),
        message_id: from.message_id,
        contact_id: from.contact.as_ref().map(|contact| contact.id),
        agent_id: from.assigned_agent.as_ref().map(|agent| agent.id),
        rating: from.rating.filter(|rating| (1..=5).contains(rating))?,
        feedback: from.feedback_message.as_deref().map(|text| cut(text, TEXT_CHARS_MAX)).filter(|text| !text.is_empty()),
        created_at: timestamp(from.created_at.micros().unwrap_or_default()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_rating_needs_a_conversation_and_one_to_five() {
        let body = json!({"id": 3, "rating": 5, "feedback_message": "", "message_id": 9, "conversation_id": 12, "created_at": 1_750_000_000,
            "account_id": 1, "contact": {"id": 31, "name": "Ann"}, "assigned_agent": {"id": 7, "name": "Jo"}});
        let read = |body: serde_json::Value| rating(&serde_json::from_value(body).unwrap());
        let rated = read(body.clone()).unwrap();
        assert_eq!((rated.contact_id, rated.agent_id, rated.message_id, rated.feedback), (Some(31), Some(7), Some(9), None));
        for (key, value) in [("rating", json!(6)), ("rating", json!(null)), ("conversation_id", json!(null))] {
            let mut less = body.clone();
            less[key] = value;
            assert_eq!(read(less), None, "{key}");
        }
        let mut alone = body;
        alone.as_object_mut().unwrap().retain(|key, _| key != "contact" && key != "assigned_agent");
        assert_eq!((read(alone.clone()).unwrap().contact_id, read(alone).unwrap().agent_id), (None, None));
    }

    #[test]
    fn choices_are_texts_whatever_they_were() {
        let body = json!({"id": 1, "attribute_key": "plan", "attribute_display_name": "Plan", "attribute_display_type": "list",
            "attribute_model": "contact_attribute", "attribute_values": ["free", 3]});
        assert_eq!(attribute(&serde_json::from_value(body).unwrap()).choices, ["free", "3"]);
    }
}
