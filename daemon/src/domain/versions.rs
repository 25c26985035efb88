//! The Chatwoot versions that afenda works with, and what differs between them for its users.
//!
//! One table: `afenda doctor` names from it what a server lacks, `docs/versions.md` shows all of it. Versions are the first release that has the
//! change (section 13 of the server's contract).

use super::webhook::{GUARDS, SIGNS};

/// Major, minor and patch.
pub type Version = (u32, u32, u32);

/// The oldest Chatwoot that was checked; an older one is refused.
pub const OLDEST: Version = (4, 6, 0);
/// The newest one that was checked. A newer one is taken to behave like it.
pub const NEWEST: Version = (4, 15, 1);

/// Messages keep content attributes of our own: the mark by which a send is found again.
pub const KEEPS_MARKS: Version = (4, 9, 0);

/// What differs from this version on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// The first version that has it.
    pub since: Version,
    /// Whether an older server lacks something by it. Else newer servers are the stricter ones, and afenda does what has to be done.
    pub lacks: bool,
    /// How it is before, or, where newer servers are the stricter ones, from then on.
    pub says: &'static str,
    /// What afenda does then.
    pub does: &'static str,
}

const fn lacks(since: Version, says: &'static str, does: &'static str) -> Difference {
    Difference { since, lacks: true, says, does }
}

const fn stricter(since: Version, says: &'static str, does: &'static str) -> Difference {
    Difference { since, lacks: false, says, does }
}

/// Everything that a user of afenda can notice, oldest first.
pub const DIFFERENCES: &[Difference] = &[
    lacks(
        (4, 8, 0),
        "an agent's own token opens the conversations of the agent's inboxes only, not those of the agent's teams",
        "what an agent writes in such a conversation is refused and kept as failed with the reason",
    ),
    lacks(
        KEEPS_MARKS,
        "messages drop afenda's mark, by which a send with an unknown outcome is found again",
        "it looks for `source_id` in API inboxes, elsewhere for sender, text and time; what is not conclusive is held for the agent, never sent again",
    ),
    lacks((4, 10, 0), "the events that tell of deleted contacts can get lost", "the deep round finds them"),
    lacks(
        (4, 11, 0),
        "the search for contacts finds only those with an e-mail address, a phone number or an identifier",
        "contacts that are known from their conversations are shown all the same",
    ),
    lacks(
        SIGNS,
        "account webhooks are not signed",
        "unsigned webhooks are refused unless the configuration allows them; the websocket brings the changes",
    ),
    stricter(
        (4, 12, 0),
        "an edited, deleted or delivered message no longer moves its conversation's clock",
        "the newest messages of recent conversations are read again, after each gap of the websocket and now and then",
    ),
    lacks(
        (4, 13, 0),
        "where opening a conversation also assigns it, nothing tells that it was opened",
        "the events that do come carry the whole conversation, and each round compares",
    ),
    lacks(
        GUARDS,
        "a deleted label stays on its conversations, and a redirected webhook counts as delivered",
        "labels are shown as the conversations have them; rounds find what a lost webhook did not tell",
    ),
    stricter(
        GUARDS,
        "webhooks to private addresses are refused, unless SAFE_FETCH_ALLOW_PRIVATE_NETWORK (4.14.1) allows them",
        "`afenda doctor` warns of a webhook to a private address; the websocket needs none",
    ),
    lacks(
        (4, 14, 2),
        "webhooks about conversations do not name their account",
        "the address that they arrive at says whose they are: each account has its own",
    ),
];

/// What a server of this version lacks.
pub fn lacking(version: Version) -> impl Iterator<Item = &'static Difference> {
    DIFFERENCES.iter().filter(move |difference| difference.lacks && version < difference.since)
}

/// As people write it.
pub fn shown((major, minor, patch): Version) -> String {
    format!("{major}.{minor}.{patch}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lacking_follows_from_the_version() {
        let since = |version| lacking(version).map(|d| d.since).collect::<Vec<_>>();
        for (version, lacks) in [
            (OLDEST, vec![(4, 8, 0), (4, 9, 0), (4, 10, 0), (4, 11, 0), (4, 12, 0), (4, 13, 0), (4, 14, 0), (4, 14, 2)]),
            ((4, 8, 9), vec![(4, 9, 0), (4, 10, 0), (4, 11, 0), (4, 12, 0), (4, 13, 0), (4, 14, 0), (4, 14, 2)]),
            ((4, 9, 0), vec![(4, 10, 0), (4, 11, 0), (4, 12, 0), (4, 13, 0), (4, 14, 0), (4, 14, 2)]),
            ((4, 11, 2), vec![(4, 12, 0), (4, 13, 0), (4, 14, 0), (4, 14, 2)]),
            ((4, 12, 0), vec![(4, 13, 0), (4, 14, 0), (4, 14, 2)]),
            ((4, 14, 1), vec![(4, 14, 2)]),
            ((4, 14, 2), vec![]),
            (NEWEST, vec![]),
            ((5, 0, 0), vec![]),
        ] {
            assert_eq!(since(version), lacks, "{version:?}");
        }
    }

    #[test]
    fn the_table_is_in_order_and_within_what_was_checked() {
        assert!(DIFFERENCES.is_sorted_by_key(|difference| difference.since));
        assert!(DIFFERENCES.iter().all(|difference| (OLDEST..=NEWEST).contains(&difference.since)));
    }

    #[test]
    fn the_document_shows_the_whole_table() {
        let text = include_str!("../../../docs/versions.md");
        assert!(text.contains(&shown(OLDEST)) && text.contains(&shown(NEWEST)));
        for difference in DIFFERENCES {
            let word = if difference.lacks { "before" } else { "from" };
            let row = format!("| {word} {} | {} | {} |", shown(difference.since), difference.says, difference.does);
            assert!(text.contains(&row), "docs/versions.md lacks the row\n{row}");
        }
        assert_eq!(text.matches("\n| before ").count() + text.matches("\n| from ").count(), DIFFERENCES.len());
    }
}
