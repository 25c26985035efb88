//! When a write is tried again, and when it is given up or gives way.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::retry::Waits;

/// The longest wait: Chatwoot's longest rate window that matters here is a minute, and people wait for their reply.
const WAITS: Waits = Waits { first: 1_000_000, longest: 60_000_000 };
/// After this many tries with an answer "later", a person should look: more than an hour has passed.
pub const ATTEMPTS_MAX: u32 = 60;

/// How long to wait before try number `attempts + 1`, in microseconds. `spread` in 0..=1 takes up to a quarter off, so that many writes that
/// failed together do not come back together.
pub fn backoff(attempts: u32, spread: f64) -> i64 {
    WAITS.before(attempts, spread)
}

/// A file as the outbox entry names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRef {
    /// Its name on our disk.
    pub id: Uuid,
    /// Its name for people, made safe.
    pub name: String,
    /// MIME type.
    pub content_type: String,
    /// Bytes.
    pub size: u64,
}

/// What a look finds after a write of a value whose outcome is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// The value is what was to be written.
    Ours,
    /// The value is what it was before: nobody has changed it, ours included.
    Untouched,
    /// Somebody else has changed it: writing again would undo that.
    Changed,
}

/// Compares the value as it is `now` with what was to be written and with what stood before.
pub fn found<T: PartialEq>(now: &T, ours: &T, was: &T) -> Found {
    if now == ours {
        Found::Ours
    } else if now == was {
        Found::Untouched
    } else {
        Found::Changed
    }
}

/// Of labels to add and to remove, those that are left to do after a try with an unknown outcome: not so yet as it is `now`, and not named by
/// a change since. What is otherwise than it should be and was changed since is left to whoever changed it.
pub fn untouched(add: &[String], remove: &[String], now: &[String], named: &[String]) -> (Vec<String>, Vec<String>) {
    let left = |labels: &[String], there: bool| {
        labels.iter().filter(|label| now.contains(label) == there && !named.contains(label)).cloned().collect()
    };
    (left(add, false), left(remove, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_unsure_labels_only_what_nobody_touched_is_done() {
        let list = |words: &str| words.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        for (add, remove, now, named, want) in [
            ("a", "", "", "", ("a", "")),
            ("a", "", "a", "", ("", "")),
            ("a", "", "", "a", ("", "")),
            ("a b", "", "x", "a", ("b", "")),
            ("", "c", "c", "", ("", "c")),
            ("", "c", "c", "c", ("", "")),
            ("", "c", "", "c", ("", "")),
        ] {
            let got = untouched(&list(add), &list(remove), &list(now), &list(named));
            assert_eq!(got, (list(want.0), list(want.1)), "+{add} -{remove} now {now}, named {named}");
        }
    }

    #[test]
    fn an_unsure_value_is_written_again_only_over_what_it_was() {
        for (now, ours, was, want) in [
            ("resolved", "resolved", "open", Found::Ours),
            ("open", "resolved", "open", Found::Untouched),
            ("snoozed", "resolved", "open", Found::Changed),
            ("open", "open", "open", Found::Ours),
        ] {
            assert_eq!(found(&now, &ours, &was), want, "{now} {ours} {was}");
        }
    }

    #[test]
    fn waits_double_up_to_a_minute() {
        let waits: Vec<i64> = (1..=8).map(|n| backoff(n, 0.0) / 1_000_000).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    }
}
