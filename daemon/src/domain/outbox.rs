//! When a write is tried again, and when it is given up.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute() {
        let waits: Vec<i64> = (1..=8).map(|n| backoff(n, 0.0) / 1_000_000).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    }
}
