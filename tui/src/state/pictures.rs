//! Pictures that were read, as they are drawn; a bounded number, the oldest out first.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::picture::{Look, Picture};

/// Pictures kept: more than any screen shows. One is a few kilobytes here, and at most a megabyte in a terminal that draws it itself.
const KEPT_MAX: usize = 32;
/// Read at once.
const READS_MAX: usize = 2;
/// After so long one that failed is tried again: Chatwoot may be back.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(2);

/// How far one is.
#[derive(Debug, Clone, PartialEq)]
enum Held {
    /// On its way.
    Coming,
    /// There.
    Ready(Arc<Picture>),
    /// Not to be shown, as it was found then.
    Failed(Timestamp),
}

/// All of them, by Chatwoot's id of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pictures {
    held: BTreeMap<i64, Held>,
    /// In the order they were asked for.
    order: VecDeque<i64>,
    /// Numbers that the terminal need not keep any more.
    gone: Vec<u32>,
}

impl Pictures {
    /// The picture of a file, once it is there.
    pub fn ready(&self, id: i64) -> Option<&Arc<Picture>> {
        match self.held.get(&id) {
            Some(Held::Ready(picture)) => Some(picture),
            _ => None,
        }
    }

    /// Whether a file is to be read: nothing is known of it, or it failed a while ago, or there is less room than it takes.
    pub(crate) fn wants(&self, id: i64, now: Timestamp, room: (u16, u16)) -> bool {
        match self.held.get(&id) {
            None => true,
            Some(Held::Coming) => false,
            Some(Held::Ready(picture)) => picture.columns > room.0 || picture.rows > room.1,
            Some(Held::Failed(at)) => now.duration_since(*at) >= AGAIN_AFTER,
        }
    }

    /// Whether one more may be read now.
    pub(crate) fn has_room(&self) -> bool {
        self.held.values().filter(|held| **held == Held::Coming).count() < READS_MAX
    }

    /// A file is being read.
    pub(crate) fn coming(&mut self, id: i64) {
        self.put(id, Held::Coming);
        while self.order.len() > KEPT_MAX {
            if let Some(old) = self.order.pop_front() {
                let held = self.held.remove(&old);
                self.leaves(held.as_ref());
            }
        }
    }

    /// It is there, or not; one that was given up meanwhile is not.
    pub(crate) fn came(&mut self, id: i64, picture: Option<Picture>, now: Timestamp) -> bool {
        let awaited = self.held.get(&id) == Some(&Held::Coming);
        if awaited {
            let held = picture.map_or(Held::Failed(now), |picture| Held::Ready(Arc::new(picture)));
            self.held.insert(id, held);
        }
        awaited
    }

    /// Numbers that the terminal can forget.
    pub(crate) fn take_gone(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.gone)
    }

    /// Somebody else had the terminal: what it was given may be gone.
    pub(crate) fn lost(&mut self) {
        *self = Self::default();
    }

    fn put(&mut self, id: i64, held: Held) {
        self.order.retain(|known| *known != id);
        self.order.push_back(id);
        let before = self.held.insert(id, held);
        self.leaves(before.as_ref());
    }

    fn leaves(&mut self, held: Option<&Held>) {
        if let Some(Held::Ready(picture)) = held
            && let Look::Kitty(number) = picture.look
        {
            self.gone.push(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(number: u32) -> Picture {
        Picture { columns: 4, rows: 2, look: Look::Kitty(number) }
    }

    #[test]
    fn the_oldest_makes_room_and_the_terminal_hears_of_it() {
        let (mut pictures, now) = (Pictures::default(), Timestamp::UNIX_EPOCH);
        for id in 1..=i64::try_from(KEPT_MAX).unwrap() + 1 {
            pictures.coming(id);
            assert!(pictures.came(id, Some(picture(u32::try_from(id).unwrap())), now));
        }
        assert!(pictures.ready(1).is_none() && pictures.ready(2).is_some());
        assert_eq!(pictures.take_gone(), [1]);
        assert!(pictures.wants(1, now, (4, 2)) && !pictures.wants(2, now, (4, 2)) && pictures.wants(2, now, (3, 2)));
    }

    #[test]
    fn two_are_read_at_once_and_a_failed_one_later_again() {
        let (mut pictures, now) = (Pictures::default(), Timestamp::UNIX_EPOCH);
        pictures.coming(1);
        assert!(pictures.has_room());
        pictures.coming(2);
        assert!(!pictures.has_room());
        assert!(pictures.came(1, None, now) && !pictures.came(9, None, now));
        assert!(!pictures.wants(1, now, (4, 2)) && pictures.wants(1, now + AGAIN_AFTER, (4, 2)));
    }
}
