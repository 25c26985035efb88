//! What the inbox itself has noted: lost and found connections, refused writes, toasts that are gone. Nothing of it is written anywhere.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::Tone;
use crate::text;

/// Rows kept: the oldest go. A working day makes fewer.
const ROWS_MAX: usize = 500;
/// Characters kept of one: an error with its cause is shorter.
const CHARS_MAX: usize = 1_000;

/// One note.
#[derive(Debug, Clone, PartialEq)]
pub struct Noted {
    /// Its number, from 1 on.
    pub number: u64,
    /// When, the last time.
    pub at: Timestamp,
    /// How much it matters.
    pub tone: Tone,
    /// What.
    pub text: String,
    /// How often, one after the other.
    pub times: u32,
}

/// The notes, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Log {
    rows: VecDeque<Noted>,
    last: u64,
}

impl Log {
    /// Notes something; the same again is counted.
    pub fn note(&mut self, at: Timestamp, tone: Tone, text: &str) {
        let text: String = text::line(text).chars().take(CHARS_MAX).collect();
        match self.rows.back_mut().filter(|row| row.text == text) {
            Some(row) => (row.at, row.times) = (at, row.times.saturating_add(1)),
            None => {
                self.last += 1;
                self.rows.push_back(Noted { number: self.last, at, tone, text, times: 1 });
                if self.rows.len() > ROWS_MAX {
                    self.rows.pop_front();
                }
            }
        }
    }

    /// The notes, newest first.
    pub fn rows(&self) -> impl Iterator<Item = &Noted> {
        self.rows.iter().rev()
    }

    /// One of them.
    pub fn get(&self, number: u64) -> Option<&Noted> {
        self.rows.iter().find(|row| row.number == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_and_the_same_again_is_counted() {
        let mut log = Log::default();
        for n in 0..600 {
            log.note(Timestamp::UNIX_EPOCH, Tone::Plain, &format!("note {n}"));
        }
        log.note(Timestamp::UNIX_EPOCH, Tone::Bad, "note\x1b[31m 599\n");
        log.note(Timestamp::UNIX_EPOCH, Tone::Bad, "note 599");
        let rows: Vec<_> = log.rows().collect();
        assert_eq!((rows.len(), rows[0].text.as_str(), rows[1].times), (ROWS_MAX, "note 599", 1));
        log.note(Timestamp::UNIX_EPOCH, Tone::Bad, "note 599");
        assert_eq!(log.rows().next().map(|row| (row.times, row.number)), log.get(602).map(|row| (row.times, row.number)));
        log.note(Timestamp::UNIX_EPOCH, Tone::Bad, &"x".repeat(5_000));
        assert_eq!(log.rows().next().map(|row| row.text.len()), Some(CHARS_MAX));
    }
}
