//! Search over everything that is copied: what is asked, and what is found.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::id::{ConversationId, MessageId};
use crate::inbox::{ContactView, MessageType, Sender};
use crate::lists::CannedResponseView;
use crate::page::PageMeta;

/// Messages on a page of search at most: each is shown with the place that was found, and nobody reads on past a hundred.
pub const SEARCH_LIMIT_MAX: u32 = 100;
/// Contacts and canned responses in one answer at most: they are a way there, not a list.
pub const ASIDE_MAX: usize = 10;

/// What to find.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Words, "quoted phrases", and `from:` (a name, or `me`), `in:` (an inbox), `label:`, `before:` and `after:` (2026-11-20, UTC; `after:`
    /// includes its day), `has:attachment`, `is:note`. All must fit; what is no operator is text. The last word may be a beginning.
    #[serde(default)]
    pub q: String,
    /// Only messages written at this instant or later; together with `after:` the later of the two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
    /// Only messages written before this instant, which is later than `from`; together with `before:` the earlier of the two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>, format = DateTime)]
    pub to: Option<Timestamp>,
    /// Messages at most, 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `meta.next_cursor` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A piece of a found message's line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SnippetPart {
    /// Untrusted text.
    pub text: String,
    /// Whether it is what was looked for.
    pub hit: bool,
}

/// A message that fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FoundMessage {
    /// Chatwoot's id.
    pub id: MessageId,
    /// Its conversation.
    pub conversation_id: ConversationId,
    /// The customer's name; untrusted text.
    pub contact: String,
    /// Who wrote it.
    pub sender: Option<Sender>,
    /// Whose it is.
    pub message_type: MessageType,
    /// Whether only the team sees it.
    pub private: bool,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// One line around the first hit, in pieces that follow one another.
    pub snippet: Vec<SnippetPart>,
}

/// What was found. Contacts and canned responses come with the first page alone, and only where the query is words
/// without operators and no time is named.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SearchPage {
    /// Messages, newest first, as a thread has them: by id.
    pub data: Vec<FoundMessage>,
    /// Contacts whose name, e-mail address, phone number or identifier holds every word, the last active first; 10 at most.
    pub contacts: Vec<ContactView>,
    /// Canned responses whose code or text holds every word; 10 at most.
    pub canned_responses: Vec<CannedResponseView>,
    /// Where the page stands; `total` counts to 1,000 and no further.
    pub meta: PageMeta,
}
