//! Which of two words about the same thing is the newer one, by Chatwoot's clock.
//!
//! A message in a frame has a clock; read over REST it has none, but the moment when the read was asked for is known: what it shows is at
//! least as new as that. Between the two lies a stretch in which neither can be said to be newer. There the safer one is kept, and the object
//! is read once more after that stretch.

const SECOND: i64 = 1_000_000;
/// How far two clocks, Chatwoot's as it stamps and ours as we estimate it, may be apart: `GET /api` tells whole seconds, and a frame is
/// stamped up to 200 ms before it comes (section 12.7). Microseconds.
pub const SETTLE: i64 = 2_000_000;
/// A read is answered within this or not at all: the client gives up after 30 s. Microseconds.
pub const READ_LONGEST: i64 = 35_000_000;

/// What is known of the row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// Chatwoot's clock of the newest frame it shows.
    pub clock: Option<i64>,
    /// Chatwoot's clock when the newest read it shows was asked for.
    pub read: Option<i64>,
}

/// What came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// A frame, with Chatwoot's clock.
    Frame(i64),
    /// The answer to a read asked for then.
    Read(i64),
}

/// What to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// It is the newer one: the row becomes what it says.
    Whole,
    /// It may be the older one: only what cannot be a step back, and a difference is read again.
    Careful,
    /// It is the older one.
    Nothing,
}

/// Decides.
pub fn take(known: Known, said: Said) -> Take {
    match said {
        Said::Read(asked) => match known {
            // A later read is here already, unless our estimate of Chatwoot's clock has moved in between. A gap longer than a read can take is
            // a clock that was set back.
            Known { read: Some(read), .. } if read > asked + SETTLE && read - asked < READ_LONGEST => Take::Nothing,
            Known { read: Some(read), .. } if read > asked && read - asked <= SETTLE => Take::Careful,
            Known { clock: Some(clock), .. } if clock > asked - SETTLE => Take::Careful,
            _ => Take::Whole,
        },
        Said::Frame(at) => match known {
            Known { clock: Some(clock), .. } if clock > at => Take::Nothing,
            Known { clock: Some(clock), .. } if clock == at => Take::Careful,
            Known { read: Some(read), .. } if at < read - SETTLE => Take::Nothing,
            Known { read: Some(read), .. } if at < read + READ_LONGEST => Take::Careful,
            _ => Take::Whole,
        },
    }
}

/// How far Chatwoot's clock is ahead of ours, in microseconds: what we thought, unless an answer proves it wrong. The answer showed
/// `theirs`, cut to whole seconds, at some moment between `sent` and `answered` of ours; a slow answer proves little.
pub fn skew(thought: i64, theirs: i64, sent: i64, answered: i64) -> i64 {
    let (least, most) = (theirs - answered, theirs + SECOND - sent);
    thought.max(least).min(most.max(least))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const S: i64 = SECOND;

    #[test]
    fn the_estimate_moves_only_where_an_answer_proves_it_wrong() {
        for (thought, theirs, sent, answered, expected) in [
            (0, 100 * S, 100 * S + 200_000, 100 * S + 210_000, 0), // The same clock, cut to the second.
            (0, 99 * S, 100 * S, 100 * S + 10_000, 0),             // … just before the second's end.
            (0, 110 * S, 100 * S, 100 * S, 10 * S),                // Ahead.
            (0, 90 * S, 100 * S, 100 * S, -9 * S),                 // Behind, as little as may be.
            (0, 120 * S, 100 * S, 125 * S, 0),                     // Twenty seconds on the way: no proof of anything.
            (7 * S, 107 * S, 100 * S + 400_000, 100 * S + 500_000, 7 * S), // What was thought stands.
            (0, 100 * S, 130 * S, 90 * S, 10 * S),                 // Our clock was set back meanwhile.
        ] {
            assert_eq!(skew(thought, theirs, sent, answered), expected, "{thought} {theirs} {sent} {answered}");
        }
    }

    #[test]
    fn what_is_surely_newer_is_taken_whole_and_what_may_be_older_with_care() {
        let (frame, read) = (|at: i64| Said::Frame(at * S), |at: i64| Said::Read(at * S));
        let known = |clock: Option<i64>, read: Option<i64>| Known { clock: clock.map(|at| at * S), read: read.map(|at| at * S) };
        for (known, said, expected) in [
            (known(None, None), frame(100), Take::Whole),
            (known(None, None), read(100), Take::Whole),
            (known(Some(100), None), frame(101), Take::Whole),
            (known(Some(100), None), frame(100), Take::Careful),
            (known(Some(100), None), frame(99), Take::Nothing),
            (known(Some(100), None), read(103), Take::Whole),
            (known(Some(100), None), read(101), Take::Careful),
            (known(None, Some(100)), read(101), Take::Whole),
            (known(None, Some(100)), read(99), Take::Careful),
            (known(None, Some(100)), read(97), Take::Nothing),
            (known(None, Some(1000)), read(99), Take::Whole), // The clock was set back.
            (known(None, Some(100)), frame(97), Take::Nothing),
            (known(None, Some(100)), frame(99), Take::Careful),
            (known(None, Some(100)), frame(120), Take::Careful),
            (known(None, Some(100)), frame(136), Take::Whole),
        ] {
            assert_eq!(take(known, said), expected, "{known:?} {said:?}");
        }
    }

    proptest! {
        /// A frame is never taken over a newer frame, nor over a read that was asked for clearly after it.
        #[test]
        fn nothing_older_is_ever_taken(clock in 0..100 * S, read in 0..100 * S, at in 0..100 * S) {
            let known = Known { clock: Some(clock), read: Some(read) };
            if at < clock || at < read - SETTLE {
                prop_assert_eq!(take(known, Said::Frame(at)), Take::Nothing);
            }
        }
    }
}
