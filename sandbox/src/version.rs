//! Which Chatwoot is played, and what differs between the releases (contract, section 13).
//!
//! One predicate for each difference, asked where the behaviour is; the release named is the first one that behaves so.
//! What is not asked here is the same from 4.6.0 to 4.15.1. Only 4.6.0 and 4.15.1 are recorded; the releases between
//! follow section 13. Left out: the rendering of webhook texts for channels other than the API in 4.9.0 to 4.12.1, and
//! events that were lost now and then.

use std::{fmt, str::FromStr};

/// A release of Chatwoot, from [`Version::OLDEST`] to [`Version::NEWEST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    major: u16,
    minor: u16,
    patch: u16,
}

/// Why a text names no release that can be played.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// Not three numbers with dots between.
    #[error("{0:?} is no version; write it as 4.15.1")]
    Form(String),
    /// A release whose behaviour is not known.
    #[error("version {0} cannot be played; the sandbox knows {oldest} to {newest}", oldest = Version::OLDEST, newest = Version::NEWEST)]
    Unknown(Version),
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let form = || VersionError::Form(text.to_owned());
        let number = |part: &str| if part.bytes().all(|b| b.is_ascii_digit()) { part.parse().map_err(|_| form()) } else { Err(form()) };
        let parts: Vec<&str> = text.split('.').collect();
        let [major, minor, patch] = parts.as_slice() else { return Err(form()) };
        let version = Version { major: number(major)?, minor: number(minor)?, patch: number(patch)? };
        if (Version::OLDEST..=Version::NEWEST).contains(&version) { Ok(version) } else { Err(VersionError::Unknown(version)) }
    }
}

impl Default for Version {
    fn default() -> Self {
        Version::NEWEST
    }
}

impl Version {
    /// The oldest release that is known.
    pub const OLDEST: Version = Version { major: 4, minor: 6, patch: 0 };
    /// The newest release that is known, played unless told otherwise.
    pub const NEWEST: Version = Version { major: 4, minor: 15, patch: 1 };

    fn since(self, minor: u16, patch: u16) -> bool {
        self >= Version { major: 4, minor, patch }
    }

    // After 4.6.0; the release of the change is not known, so it is taken for the next one.

    /// An unknown assignee of a new conversation is stored; before 500 (13, "4.6.0 only").
    pub(crate) fn takes_unknown_assignees(self) -> bool {
        self.since(7, 0)
    }

    /// An empty profile name is refused (13, "4.6.0 only"; profile-basics).
    pub(crate) fn wants_a_profile_name(self) -> bool {
        self.since(7, 0)
    }

    /// `days_before` breaks the contact filter; before it worked (13, "4.6.0 only").
    pub(crate) fn breaks_on_days_before(self) -> bool {
        self.since(7, 0)
    }

    /// Mail messages carry `content_attributes.email` (13, "4.6.0 only").
    pub(crate) fn keeps_mail_texts(self) -> bool {
        self.since(7, 0)
    }

    /// Inboxes are listed by name; before as they were made (account-basics).
    pub(crate) fn lists_inboxes_by_name(self) -> bool {
        self.since(7, 0)
    }

    // 4.7.0

    /// Agents tell their `provider` (13; account-basics).
    pub(crate) fn tells_the_provider(self) -> bool {
        self.since(7, 0)
    }

    /// A bot's failing webhook opens a pending conversation (13, 10.4).
    pub(crate) fn opens_when_a_bot_fails(self) -> bool {
        self.since(7, 0)
    }

    // 4.8.0

    /// A bot may be the assignee, and `assignee_type` says so; before a bot's id was read as a user's (13; conv-assign).
    pub(crate) fn assigns_bots(self) -> bool {
        self.since(8, 0)
    }

    /// Webhooks have a `name` (13).
    pub(crate) fn names_webhooks(self) -> bool {
        self.since(8, 0)
    }

    /// Contacts belong to companies: `company_id`, and `company_name` from the address (13; contact-merge).
    pub(crate) fn knows_companies(self) -> bool {
        self.since(8, 0)
    }

    /// `bulk_actions` takes contacts (13, 7.6).
    pub(crate) fn changes_contacts_in_bulk(self) -> bool {
        self.since(8, 0)
    }

    /// Mail inboxes tell `forwarding_enabled` and `imap_authentication`; before `forward_to_email` (13; account-basics).
    pub(crate) fn tells_forwarding(self) -> bool {
        self.since(8, 0)
    }

    /// Members of its team may open a conversation, not only the inbox's (13).
    pub(crate) fn opens_to_the_team(self) -> bool {
        self.since(8, 0)
    }

    /// A bot acts in its account without being an inbox's bot (13; msg-kinds).
    pub(crate) fn admits_bots_without_inbox(self) -> bool {
        self.since(8, 0)
    }

    // 4.9.0

    /// Keys of one's own in `content_attributes` survive the creation of a message (13; msg-kinds).
    pub(crate) fn keeps_custom_attributes(self) -> bool {
        self.since(9, 0)
    }

    // 4.10.0

    /// Longest `source_id` of a message, in characters (13, 5.3).
    pub(crate) fn source_id_chars_max(self) -> usize {
        if self.since(10, 0) { 20_000 } else { 255 }
    }

    /// Longest URL of a webhook, in characters: a text column since 4.10.0 (13, 2).
    pub(crate) fn webhook_url_chars_max(self) -> usize {
        if self.since(10, 0) { 20_000 } else { 255 }
    }

    // 4.11.0

    /// `contacts/search` finds anonymous contacts, no companies, and counts the page; before the total (13; contact-search).
    pub(crate) fn searches_all_contacts(self) -> bool {
        self.since(11, 0)
    }

    /// `update_last_seen` writes at most hourly while nothing is unread (13).
    pub(crate) fn throttles_last_seen(self) -> bool {
        self.since(11, 0)
    }

    /// `GET /health` is there (13; account-basics).
    pub(crate) fn has_health(self) -> bool {
        self.since(11, 0)
    }

    /// A team without `allow_auto_assign` keeps automatic assignment away (13).
    pub(crate) fn respects_team_auto_assign(self) -> bool {
        self.since(11, 0)
    }

    // 4.11.2

    /// Account webhooks have a `secret` (13).
    pub(crate) fn has_webhook_secrets(self) -> bool {
        self.since(11, 2)
    }

    /// Private notes notify nobody but who is mentioned; before also assignee and participants (13; msg-kinds).
    pub(crate) fn keeps_notes_quiet(self) -> bool {
        self.since(11, 2)
    }

    // 4.12.0

    /// Account webhooks are signed, and inbox webhooks have a delivery id too (13, 10.3; hook-body).
    pub(crate) fn signs_account_webhooks(self) -> bool {
        self.since(12, 0)
    }

    /// A bot is asked three times (13, 10.4).
    pub(crate) fn retries_bot_webhooks(self) -> bool {
        self.since(12, 0)
    }

    /// `conversations/meta` has a limit of its own (13, 3).
    pub(crate) fn limits_meta(self) -> bool {
        self.since(12, 0)
    }

    /// Transcripts an account may have sent in an hour (13, 3).
    pub(crate) fn transcripts_per_hour(self) -> u64 {
        if self.since(12, 0) { 1000 } else { 30 }
    }

    /// Editing, deleting or failing a message leaves the conversation's `updated_at` alone; before it was bumped (13).
    pub(crate) fn keeps_updated_at(self) -> bool {
        self.since(12, 0)
    }

    /// How long a contact's socket counts as presence, in seconds (13).
    pub(crate) fn contact_presence_s(self) -> i64 {
        if self.since(12, 0) { 90 } else { 20 }
    }

    /// `sort_by=priority_desc_created_at_asc` is known (13).
    pub(crate) fn sorts_by_priority_and_age(self) -> bool {
        self.since(12, 0)
    }

    /// A bot's reply ends the customer's waiting (13; bot-flow).
    pub(crate) fn counts_bot_replies(self) -> bool {
        self.since(12, 0)
    }

    // 4.13.0

    /// Webhooks of API inboxes and bots are signed, and the rows tell their `secret` (13; account-basics, hook-body).
    pub(crate) fn signs_inbox_webhooks(self) -> bool {
        self.since(13, 0)
    }

    /// A job assigns after creation and opening; before it happened inside the save, which lost the status change (13, 11.4;
    /// first-contact).
    pub(crate) fn assigns_in_a_job(self) -> bool {
        self.since(13, 0)
    }

    /// Bots hear of updates and status changes, and of conversations assigned to them (13; bot-flow).
    pub(crate) fn tells_bots_everything(self) -> bool {
        self.since(13, 0)
    }

    /// Webhook texts have their hard breaks normalised; before they are raw (13; hook-body).
    pub(crate) fn normalises_webhook_text(self) -> bool {
        self.since(13, 0)
    }

    /// Attachments tell `content_type` and `extension` (13; msg-files).
    pub(crate) fn tells_file_types(self) -> bool {
        self.since(13, 0)
    }

    /// `update_last_seen` reads the caller's notifications (13; first-contact).
    pub(crate) fn seeing_reads_notifications(self) -> bool {
        self.since(13, 0)
    }

    /// The account's features are those of 4.15.1; which release brought each but `assignment_v2` is not known (account-basics).
    pub(crate) fn has_newer_features(self) -> bool {
        self.since(13, 0)
    }

    // 4.14.0

    /// Webhook redirects are followed with the same body; before only 303 was, as an empty GET (13, 10.2).
    pub(crate) fn follows_redirects(self) -> bool {
        self.since(14, 0)
    }

    /// Agents may not write custom attribute definitions (13).
    pub(crate) fn guards_definitions(self) -> bool {
        self.since(14, 0)
    }

    /// `bulk_actions` leaves conversations alone that the caller may not open (13).
    pub(crate) fn guards_bulk_changes(self) -> bool {
        self.since(14, 0)
    }

    /// Contact filters say `company_name`; before `company`, which finds nothing (13).
    pub(crate) fn filters_by_company_name(self) -> bool {
        self.since(14, 0)
    }

    /// Deleting a label takes it off what has it; before it stayed (13, 7.3).
    pub(crate) fn strips_deleted_labels(self) -> bool {
        self.since(14, 0)
    }

    /// Who mentions oneself gets no notification of it (13; msg-kinds).
    pub(crate) fn spares_the_author(self) -> bool {
        self.since(14, 0)
    }

    /// The profile tells `onboarding_step` (13; profile-basics).
    pub(crate) fn tells_onboarding(self) -> bool {
        self.since(14, 0)
    }

    /// `contacts/:id/attachments` is there, and lists of files tell the `id` (13; msg-files).
    pub(crate) fn lists_contact_files(self) -> bool {
        self.since(14, 0)
    }

    // 4.14.1

    /// `conversations/unread_counts` is there; before the word was read as an id (13).
    pub(crate) fn counts_unread(self) -> bool {
        self.since(14, 1)
    }

    // 4.14.2

    /// Conversation webhooks carry their `account` (13; hook-body).
    pub(crate) fn tells_the_account(self) -> bool {
        self.since(14, 2)
    }

    /// A bot's token may show a conversation, type in it and label it (13; bot-flow).
    pub(crate) fn lets_bots_read(self) -> bool {
        self.since(14, 2)
    }

    /// Conversation filters know `contact_id` (13).
    pub(crate) fn filters_by_contact(self) -> bool {
        self.since(14, 2)
    }

    // 4.15.0

    /// `sort_by=unread` is known (13).
    pub(crate) fn sorts_by_unread(self) -> bool {
        self.since(15, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_releases_are_taken() {
        for text in ["4.6.0", "4.11.2", "4.15.1"] {
            assert_eq!(text.parse::<Version>().unwrap().to_string(), text);
        }
        for (text, expected) in [
            ("4.5.9", "version 4.5.9 cannot be played; the sandbox knows 4.6.0 to 4.15.1"),
            ("4.15.2", "version 4.15.2 cannot be played; the sandbox knows 4.6.0 to 4.15.1"),
            ("5.0.0", "version 5.0.0 cannot be played; the sandbox knows 4.6.0 to 4.15.1"),
            ("4.6", "\"4.6\" is no version; write it as 4.15.1"),
            ("v4.6.0", "\"v4.6.0\" is no version; write it as 4.15.1"),
            ("4.6.0-rc1", "\"4.6.0-rc1\" is no version; write it as 4.15.1"),
            ("4.+6.0", "\"4.+6.0\" is no version; write it as 4.15.1"),
            ("4..0", "\"4..0\" is no version; write it as 4.15.1"),
        ] {
            assert_eq!(text.parse::<Version>().unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn a_difference_begins_with_its_release() {
        let at = |text: &str| text.parse::<Version>().unwrap();
        assert!(!at("4.8.9").keeps_custom_attributes() && at("4.9.0").keeps_custom_attributes());
        assert!(!at("4.11.9").signs_account_webhooks() && at("4.12.0").signs_account_webhooks());
        assert!(!at("4.14.1").tells_the_account() && at("4.14.2").tells_the_account());
    }
}
