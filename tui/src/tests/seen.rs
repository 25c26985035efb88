//! The last screen comes back before anything is asked, and only for whoever saw it.

use std::path::Path;

use super::world::{Screen, lost, me, now};
use crate::event::{Answer, Effect, Event};
use crate::seen::{self, Seen};
use crate::state::State;
use crate::update;

/// What an inbox leaves behind.
pub(super) fn left(dir: &Path) -> Seen {
    let mut screen = Screen::new(200, 50);
    screen.press("j Enter");
    let effects = update::finish(&mut screen.state);
    let kept = effects.into_iter().find_map(|effect| match effect {
        Effect::SaveSeen(seen) => Some(*seen),
        _ => None,
    });
    let kept = kept.unwrap();
    let path = seen::path(dir, "work");
    seen::save(&path, &kept).unwrap();
    assert!(seen::is_there(dir, "work") && !seen::is_there(dir, "other"));
    let read = seen::load(&path).unwrap();
    assert_eq!(read, kept);
    read
}

fn opened(seen: Seen) -> Screen {
    let mut state = State::new(now(), jiff::tz::TimeZone::UTC, (80, 24), "s");
    let effects = update::start(&mut state, Some(seen));
    Screen { state, effects }
}

#[test]
fn it_is_painted_first_and_without_a_daemon() {
    let dir = tempfile::tempdir().unwrap();
    let before = Screen::new(80, 24);
    let mut screen = opened(left(dir.path()));
    let rows = |screen: &Screen| screen.draw().lines().skip(3).take(15).map(|line| line.replace('▎', " ")).collect::<Vec<_>>();
    assert_eq!(rows(&before), rows(&screen), "nothing was asked yet");
    assert!(screen.effects.iter().any(|effect| matches!(effect, Effect::LoadDrafts { .. })), "drafts are at hand too");
    screen.send(Event::Stream(1, Err(lost())));
    insta::assert_snapshot!("seen_80x24", screen.draw());
    assert!(screen.draw().contains("as of 10:41"));
    // The same person: the rows stay until the daemon's own replace them.
    let cursor = screen.state.list.cursor;
    screen.answer(Answer::Me(Ok(me(Some(true)))));
    assert_eq!(screen.state.list.cursor, cursor);
    let generation = screen.state.list.generation;
    screen.answer(Answer::List { generation, more: false, result: Ok(super::world::page(super::world::talks())) });
    assert_eq!((screen.state.seen_at, screen.state.list.cursor), (None, cursor));
}

#[test]
fn somebody_else_sees_nothing_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut screen = opened(left(dir.path()));
    let mut other = me(Some(true));
    other.user = "kim".into();
    screen.answer(Answer::Me(Ok(other)));
    assert!(screen.state.list.rows.is_empty() && screen.state.conversations.is_empty() && screen.state.threads.is_empty());
    let owner = screen.effects.iter().rev().find_map(|effect| match effect {
        Effect::LoadDrafts { owner } => Some(owner.clone()),
        _ => None,
    });
    assert!(owner.unwrap().ends_with(" kim"));
}

#[test]
fn a_file_that_cannot_be_read_counts_as_absent() {
    let dir = tempfile::tempdir().unwrap();
    let path = seen::path(dir.path(), "work");
    for bytes in [&b"{\"version\":1,\"me\""[..], b"", b"\xff", b"{\"version\":9}"] {
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(seen::load(&path), None);
    }
    let _ = left(dir.path());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
