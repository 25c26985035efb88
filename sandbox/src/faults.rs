//! What goes wrong on purpose: answers, connections, events, and a rate limit. Off until asked for.

use std::collections::VecDeque;

use http::Method;
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::events::{Batch, Frame, Hook};

/// Most rules kept; more are a mistake of the test.
pub(crate) const RULES_MAX: usize = 1000;

/// Which requests a rule is for. Nothing given means all.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Match {
    /// `GET`, `POST`, …
    pub method: Option<String>,
    /// Start of the path.
    pub path_prefix: Option<String>,
    /// The whole path, `*` standing for anything.
    pub path: Option<String>,
    /// Start of the `User-Agent`: whose requests go wrong where several programs call.
    pub user_agent: Option<String>,
}

/// What happens to a request.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Answers without handling.
    Status {
        /// HTTP status.
        status: u16,
        /// JSON, or a text that is sent as it is.
        #[serde(default)]
        body: Option<Value>,
        /// Defaults to JSON, or to `text/plain` for a text.
        #[serde(default)]
        content_type: Option<String>,
        /// Further headers, such as `retry-after`.
        #[serde(default)]
        headers: std::collections::BTreeMap<String, String>,
        /// Handles the request all the same, and answers this instead.
        #[serde(default)]
        handled: bool,
    },
    /// Handles after a pause, also when the caller has given up by then: Chatwoot's server does not notice.
    Latency {
        /// Milliseconds.
        ms: u64,
        /// Handles at once, and answers after the pause.
        #[serde(default)]
        handled: bool,
    },
    /// Cuts the connection before handling.
    Drop,
    /// Handles the request, then cuts the connection: the outcome is unknown to the caller.
    LoseAnswer,
    /// Answers 200 with a page, as a proxy in front does.
    Html {
        /// The page.
        #[serde(default)]
        body: Option<String>,
    },
}

/// A fault for some requests, for ever or a number of times.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which requests.
    #[serde(default, rename = "match")]
    pub matching: Match,
    /// How often; without it until the rules are deleted.
    #[serde(default)]
    pub times: Option<u64>,
    /// What happens.
    pub fault: Fault,
}

/// What happens to frames and webhooks.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventFaults {
    /// Each frame and webhook comes twice (webhooks with a new delivery id).
    pub duplicate: bool,
    /// Collects what comes within so many milliseconds and shuffles it.
    pub out_of_order_ms: Option<u64>,
    /// Of the shuffle.
    pub seed: u64,
    /// Holds webhooks back for so long, each.
    pub delay_hooks_ms: Option<u64>,
    /// Loses frames.
    pub drop_frames: bool,
    /// Loses webhooks.
    pub drop_hooks: bool,
    /// Ends the losing after so many lost frames and webhooks.
    pub drop_times: Option<u64>,
}

/// A fixed window for all requests together.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Requests per window; 0 switches the limit off.
    pub limit: u64,
    /// Seconds; windows are aligned to the epoch.
    pub period_s: i64,
}

/// All that is switched on.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) rules: VecDeque<Rule>,
    pub(crate) events: EventFaults,
    rate: Option<RateLimit>,
    window: (i64, u64),
}

impl Faults {
    /// The fault of this request, counted off.
    pub(crate) fn take(&mut self, method: &Method, path: &str, user_agent: &str) -> Option<Fault> {
        let at = self.rules.iter().position(|r| r.times != Some(0) && r.matching.holds(method.as_str(), path, user_agent))?;
        let rule = self.rules.get_mut(at)?;
        if let Some(left) = rule.times.as_mut() {
            *left -= 1;
        }
        Some(rule.fault.clone())
    }

    pub(crate) fn limit(&mut self, rate: RateLimit) {
        self.rate = (rate.limit > 0 && rate.period_s > 0).then_some(rate);
        self.window = (0, 0);
    }

    /// Counts a request and says whether it is one too many.
    pub(crate) fn throttled(&mut self, now_s: i64) -> bool {
        let Some(rate) = self.rate else { return false };
        let window = now_s.div_euclid(rate.period_s);
        if self.window.0 != window {
            self.window = (window, 0);
        }
        self.window.1 += 1;
        self.window.1 > rate.limit
    }
}

impl Match {
    fn holds(&self, method: &str, path: &str, user_agent: &str) -> bool {
        self.method.as_ref().is_none_or(|m| m.eq_ignore_ascii_case(method))
            && self.path_prefix.as_ref().is_none_or(|p| path.starts_with(p.as_str()))
            && self.path.as_ref().is_none_or(|p| glob(p, path))
            && self.user_agent.as_ref().is_none_or(|a| user_agent.starts_with(a.as_str()))
    }
}

/// `*` stands for anything, also for slashes.
fn glob(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut open = false;
    for piece in pieces {
        open = true;
        if piece.is_empty() {
            continue;
        }
        match rest.find(piece) {
            Some(at) => {
                rest = &rest[at + piece.len()..];
                open = false;
            }
            None => return false,
        }
    }
    open || rest.is_empty() || pattern.rsplit('*').next().is_some_and(|last| pattern.contains('*') && text.ends_with(last))
}

impl EventFaults {
    /// Loses and doubles what is to be sent.
    pub(crate) fn spoil(&mut self, batch: &mut Batch) {
        let mut left = self.drop_times.unwrap_or(u64::MAX);
        if self.drop_frames {
            batch.frames.retain(|_| !lose(&mut left));
        }
        if self.drop_hooks {
            batch.hooks.retain(|_| !lose(&mut left));
        }
        if let Some(times) = self.drop_times.as_mut() {
            *times = left;
        }
        if self.duplicate {
            batch.frames = twice(&batch.frames);
            batch.hooks = twice(&batch.hooks);
        }
    }

    /// Shuffles what was collected; each shuffle of a seed is another one.
    pub(crate) fn shuffle(&mut self, frames: &mut [Frame], hooks: &mut [Hook]) {
        let mut random = StdRng::seed_from_u64(self.seed);
        self.seed = self.seed.wrapping_add(1);
        frames.shuffle(&mut random);
        hooks.shuffle(&mut random);
    }
}

fn lose(left: &mut u64) -> bool {
    let lost = *left > 0;
    *left = left.saturating_sub(1);
    lost
}

fn twice<T: Clone>(items: &[T]) -> Vec<T> {
    items.iter().flat_map(|i| [i.clone(), i.clone()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, expected) in [
            ("/api/*/messages", "/api/v1/x/messages", true),
            ("/api/*/messages", "/api/v1/x/messages/3", false),
            ("/api/*", "/api/v1", true),
            ("*messages*", "/a/messages/3", true),
            ("/api", "/api/v1", false),
            ("/api", "/api", true),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_rule_is_used_up_and_the_next_one_follows() {
        let rule = |times, status| Rule {
            matching: Match::default(),
            times,
            fault: Fault::Status { status, body: None, content_type: None, headers: Default::default(), handled: false },
        };
        let mut faults = Faults { rules: [rule(Some(1), 503), rule(Some(1), 500)].into(), ..Faults::default() };
        let mut next = || match faults.take(&Method::GET, "/x", "") {
            Some(Fault::Status { status, .. }) => Some(status),
            _ => None,
        };
        assert_eq!([next(), next(), next()], [Some(503), Some(500), None]);
    }

    #[test]
    fn a_rule_may_be_for_one_program_alone() {
        let rule = Match { user_agent: Some("afenda".into()), ..Match::default() };
        let all = Match::default();
        let holds = |rule: &Match, agent| rule.holds("GET", "/x", agent);
        assert_eq!(
            [holds(&rule, "afenda-chatwoot/1"), holds(&rule, "curl/8"), holds(&rule, ""), holds(&all, "")],
            [true, false, false, true]
        );
    }

    #[test]
    fn a_window_lets_only_so_many_through() {
        let mut faults = Faults::default();
        assert!(!faults.throttled(0));
        faults.limit(RateLimit { limit: 2, period_s: 60 });
        assert_eq!([faults.throttled(1), faults.throttled(2), faults.throttled(3), faults.throttled(61)], [false, false, true, false]);
    }
}
