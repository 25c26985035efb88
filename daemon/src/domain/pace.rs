//! How long something will still take, from how it went lately.

use std::collections::VecDeque;

/// Looks back this far, in microseconds: long enough to even out a page, short enough to notice a server that got slower.
const WINDOW: i64 = 30_000_000;
/// Nothing is foretold from less than this.
const LEAST: i64 = 1_000_000;
/// Notes kept: one every half a second of the window.
const NOTES_MAX: usize = 64;

/// Work done over time. Only differences count, so that it may begin anywhere.
#[derive(Debug, Clone, Default)]
pub struct Pace {
    notes: VecDeque<(i64, u64)>,
}

impl Pace {
    /// So much is done at `now`. What was done before a count or clock that went back is forgotten.
    pub fn note(&mut self, now: i64, done: u64) {
        if self.notes.back().is_some_and(|(at, known)| now < *at || done < *known) {
            self.notes.clear();
        }
        if self.notes.back().is_some_and(|(at, _)| now - at < WINDOW / NOTES_MAX as i64) && self.notes.len() > 1 {
            self.notes.pop_back();
        }
        self.notes.push_back((now, done));
        while self.notes.len() > 2 && self.notes.get(1).is_some_and(|(at, _)| now - at >= WINDOW) {
            self.notes.pop_front();
        }
    }

    /// Seconds until `left` more is done; none while too little is known.
    pub fn seconds_left(&self, left: u64) -> Option<u64> {
        let ((from, before), (until, after)) = (self.notes.front()?, self.notes.back()?);
        let (took, did) = (until - from, after - before);
        if left == 0 {
            return Some(0);
        }
        if took < LEAST || did == 0 {
            return None;
        }
        let micros = u128::from(left) * u128::from(took.unsigned_abs()) / u128::from(did);
        Some(u64::try_from(micros.div_ceil(1_000_000)).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn the_rest_takes_as_long_as_the_last_half_minute_says() {
        let mut pace = Pace::default();
        assert_eq!(pace.seconds_left(10), None);
        pace.note(0, 500); // A start that goes on from before.
        assert_eq!((pace.seconds_left(10), pace.seconds_left(0)), (None, Some(0)));
        for second in 1..=20 {
            pace.note(second * SECOND, 500 + 10 * second.unsigned_abs());
        }
        assert_eq!(pace.seconds_left(100), Some(10));
        // The server gets ten times as slow: half a minute later nothing else counts.
        for second in 21..=60 {
            pace.note(second * SECOND, 700 + (second - 20).unsigned_abs());
        }
        assert_eq!(pace.seconds_left(100), Some(100));
        pace.note(61 * SECOND, 3); // Another count.
        assert_eq!(pace.seconds_left(1), None);
    }

    proptest! {
        #[test]
        fn it_keeps_few_notes_and_never_breaks(notes in prop::collection::vec((-5i64..5_000_000, 0u64..100), 1..500), left: u64) {
            let (mut pace, mut now, mut done) = (Pace::default(), 0, 0);
            for (step, more) in notes {
                (now, done) = (now + step, done + more);
                pace.note(now, done);
                let _ = pace.seconds_left(left);
                prop_assert!(pace.notes.len() <= NOTES_MAX + 3);
            }
        }
    }
}
