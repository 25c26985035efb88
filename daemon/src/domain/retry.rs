//! How long to wait before something is tried again: twice as long each time, up to a limit, and spread, so that many that failed together
//! do not come back together.

/// The waits between tries of one kind of work, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// The first wait after a failure.
    pub first: i64,
    /// The longest wait.
    pub longest: i64,
}

impl Waits {
    /// How long to wait before try number `attempts + 1`. `spread` in 0..=1 takes up to a quarter off.
    pub fn before(self, attempts: u32, spread: f64) -> i64 {
        // 2^40 microseconds are twelve days: no limit is longer.
        let whole = self.first.saturating_mul(1 << attempts.saturating_sub(1).min(40)).min(self.longest);
        whole - (whole as f64 * 0.25 * spread.clamp(0.0, 1.0)) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WAITS: Waits = Waits { first: 2_000_000, longest: 300_000_000 };

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits: Vec<i64> = (1..=10).map(|n| WAITS.before(n, 0.0) / 1_000_000).collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(WAITS.before(1, 1.0), 1_500_000, "at most a quarter less");
    }

    proptest! {
        #[test]
        fn every_wait_is_within_bounds(attempts in 0u32..=u32::MAX, spread in -1.0f64..2.0) {
            let wait = WAITS.before(attempts, spread);
            prop_assert!((WAITS.first * 3 / 4..=WAITS.longest).contains(&wait));
        }
    }
}
