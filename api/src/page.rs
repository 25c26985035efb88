//! The envelope `{data, meta}`.

use std::num::ParseIntError;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use utoipa::ToSchema;

use crate::inbox::words;

words!(
    /// Where an answer comes from.
    Source {
        /// The daemon's copy.
        Store = "store",
        /// Chatwoot itself, asked just now.
        Chatwoot = "chatwoot",
    }
);

/// One thing: `{"data": …}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Data<T> {
    /// The thing asked for.
    pub data: T,
}

/// A list: `{"data": […], "meta": …}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The rows of this page.
    pub data: Vec<T>,
    /// Where this page stands in the whole.
    pub meta: PageMeta,
}

/// Where a page stands in the whole list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PageMeta {
    /// Rows in the whole list under the same filter.
    pub total: u64,
    /// This page, from 1; absent when the list was read by cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// Rows asked for at most.
    pub limit: u32,
    /// Pass as `cursor` to read on; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// How many conversations stand behind each tab; only on conversation lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// Up to when this is known to be as Chatwoot has it; absent where Chatwoot has no part in it, and before the first copy is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<Timestamp>,
    /// Where it comes from; absent where Chatwoot has no part in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// Conversations under the same filter but for the assignee.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Assigned to the caller's Chatwoot agent.
    pub mine: u64,
    /// Assigned to nobody.
    pub unassigned: u64,
    /// All of them.
    pub all: u64,
}

/// Rows on a page unless asked otherwise.
pub const LIMIT_DEFAULT: u32 = 50;
/// Rows on a page at most: a page must stay small enough to render and to send in one go.
pub const LIMIT_MAX: u32 = 200;

/// How fresh what is read is to be, in the words of `Cache-Control` (RFC 9111, section 5.2.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Freshness {
    /// As the daemon's copy has it; what is not copied is asked of Chatwoot.
    #[default]
    Usual,
    /// As it is kept, whatever it is: Chatwoot is not asked.
    Kept,
    /// As Chatwoot has it now.
    Fresh,
    /// As Chatwoot had it at most so long ago; whole seconds.
    NoOlderThan(Duration),
}

impl Freshness {
    /// The value of `Cache-Control` that asks for it.
    pub fn header(self) -> Option<String> {
        match self {
            Self::Usual => None,
            Self::Kept => Some("only-if-cached".to_owned()),
            Self::Fresh => Some("no-cache".to_owned()),
            Self::NoOlderThan(age) => Some(format!("max-age={}", age.as_secs())),
        }
    }

    /// What the value of a `Cache-Control` asks for; words that are for other caches ask for nothing.
    ///
    /// # Errors
    /// A number that is none.
    pub fn of_header(value: &str) -> Result<Self, ParseIntError> {
        let mut wanted = Self::Usual;
        for word in value.split(',').map(|word| word.trim().to_ascii_lowercase()) {
            match word.split_once('=') {
                None if word == "no-cache" => wanted = Self::Fresh,
                None if word == "only-if-cached" => wanted = Self::Kept,
                Some(("max-age", seconds)) => wanted = Self::NoOlderThan(Duration::from_secs(seconds.parse()?)),
                _ => {}
            }
        }
        Ok(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_fresh_it_is_to_be_is_read_as_it_is_written() {
        for wanted in [Freshness::Kept, Freshness::Fresh, Freshness::NoOlderThan(Duration::from_secs(30))] {
            assert_eq!(Freshness::of_header(&wanted.header().unwrap()), Ok(wanted));
        }
        assert_eq!(Freshness::Usual.header(), None);
        assert_eq!(Freshness::of_header("private, No-Cache"), Ok(Freshness::Fresh));
        assert_eq!(Freshness::of_header("no-store, stale-if-error=9"), Ok(Freshness::Usual));
        assert!(Freshness::of_header("max-age=soon").is_err());
    }
}
