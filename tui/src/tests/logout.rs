//! The inbox's own files: two inboxes on one of them, and the end of it.

use std::path::Path;

use api::{Client, Token};

use super::behaviour::{activity, toasts};
use super::world::{Screen, ago, me};
use crate::drafts::{self, Draft, DraftFile};
use crate::effects::Core;
use crate::event::{Answer, Effect, Event};
use crate::keymap;
use crate::state::{Question, With};
use crate::{seen, update};

fn draft(text: &str) -> Draft {
    Draft { text: text.into(), key: None, replaces: None, with: With::default(), decides: None, at: ago(1) }
}

#[test]
fn logging_out_asks_and_then_forgets_everything() {
    let mut screen = Screen::new(80, 24);
    screen.press("r");
    screen.type_text("unsent");
    screen.press("Esc :");
    screen.type_text("logout");
    assert_eq!(screen.press("Enter"), []);
    let words = screen.draw().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("is removed, 1 unsent text or decision among it. The profile and its token stay."), "{words}");
    screen.press("n g Q");
    assert_eq!(screen.press("y"), [Effect::Forget]);
    // Nothing is written any more, however the inbox ends.
    screen.tick(40_000);
    assert!(!screen.effects.iter().any(|e| matches!(e, Effect::SaveDrafts(_) | Effect::SaveSeen(_))), "{:?}", screen.effects);
    screen.effects.clear();
    screen.answer(Answer::Forgot(Ok(())));
    assert_eq!(screen.effects, [Effect::Quit]);
    assert_eq!(update::finish(&mut screen.state), []);
    assert!(screen.press("Ctrl+C Ctrl+C").iter().all(|e| matches!(e, Effect::Quit)));
}

#[test]
fn a_disk_that_keeps_the_file_is_said_and_the_drafts_stay() {
    let mut screen = Screen::new(80, 24);
    screen.state.drafts.insert("note/1".into(), draft("x"));
    screen.press("g Q");
    assert!(matches!(&screen.state.overlay, Some(crate::state::Overlay::Question(Question::Logout))));
    screen.press("y");
    screen.answer(Answer::Forgot(Err("read-only".into())));
    assert!(toasts(&screen.state).contains("Not logged out, the disk keeps the inbox's file: read-only"));
    screen.effects.clear();
    screen.tick(300);
    assert!(matches!(screen.effects.as_slice(), [Effect::SaveDrafts(all)] if all.len() == 1), "{:?}", screen.effects);
}

#[test]
fn what_is_being_written_is_not_changed_by_another_inbox() {
    let mut screen = Screen::new(80, 24);
    screen.press("r");
    screen.type_text("mine");
    let ours: Vec<_> = screen.state.drafts.clone().into_iter().collect();
    let all = vec![("reply/1042".to_owned(), draft("theirs")), ("reply/1042~2".into(), draft("mine")), ("note/1".into(), draft("another"))];
    screen.effects.clear();
    screen.answer(Answer::DraftsMerged { ours, all: all.clone() });
    let texts = |screen: &Screen| screen.state.drafts.values().map(|draft| draft.text.clone()).collect::<Vec<_>>();
    assert_eq!(texts(&screen), ["another", "mine", "mine"]);
    assert!(matches!(screen.effects.as_slice(), [Effect::DraftsKnown(known)] if known.len() == 3), "{:?}", screen.effects);
    // Written on meanwhile: the next save brings it.
    screen.type_text("!");
    screen.effects.clear();
    screen.answer(Answer::DraftsMerged { ours: Vec::new(), all });
    assert_eq!((screen.effects.len(), texts(&screen).contains(&"mine!".to_owned())), (0, true));
}

#[test]
fn another_program_changes_one_draft_and_an_open_inbox_loses_none() {
    let dir = tempfile::tempdir().unwrap();
    let me = me(Some(true));
    let path = drafts::path(dir.path(), "p", &update::owner(&me));
    let at = |text: &str, minutes: i64| Draft { at: ago(100 - minutes), ..draft(text) };
    let open = || DraftFile::open(dir.path(), "p", &me).unwrap();
    let inbox = |known: &mut Vec<(String, Draft)>, ours: &[(String, Draft)]| drafts::merge(&path, known, ours.to_vec()).unwrap();
    let (a, b) = (("reply/1".to_owned(), at("One", 1)), ("note/2".to_owned(), at("Two", 2)));
    let mut known = Vec::new();
    inbox(&mut known, &[a.clone(), b.clone()]);

    // Removed there while the inbox writes on another one.
    let mut file = open();
    let c = ("reply/3".to_owned(), at("Three", 3));
    inbox(&mut known, &[a.clone(), b.clone(), c.clone()]);
    assert!(file.change("reply/1", None).unwrap());
    assert!(drafts::same(&inbox(&mut known, &[a.clone(), b.clone(), c.clone()]), &[b.clone(), c.clone()]), "gone from the inbox too");

    // Written on in the inbox since it was read: neither removed nor replaced, but both are kept where somebody wrote both.
    known = vec![b.clone(), c.clone()];
    let mut file = open();
    inbox(&mut known, &[("note/2".to_owned(), at("Two and a half", 4)), c.clone()]);
    assert!(!file.change("note/2", None).unwrap());
    assert_eq!(file.drafts().iter().find(|(name, _)| name == "note/2").unwrap().1.text, "Two and a half");
    let mut file = open();
    inbox(&mut known, &[("note/2".to_owned(), at("Quite another", 5)), c.clone()]);
    assert!(!file.keep("note/2", at("From my editor", 6)).unwrap());
    let texts: Vec<_> = open().drafts().iter().map(|(_, draft)| draft.text.clone()).collect();
    assert_eq!(texts, ["From my editor", "Quite another", "Three"]);

    // Logged out there: what was removed does not come back. A file that cannot be read is left alone.
    let mut file = open();
    drafts::remove(&path).unwrap();
    assert!(!file.change("reply/3", None).unwrap() && open().drafts().is_empty());
    std::fs::write(&path, "{").unwrap();
    assert!(DraftFile::open(dir.path(), "p", &me).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), b"{");
}

#[test]
fn a_draft_that_a_command_sent_is_looked_for_in_the_file() {
    let mut screen = Screen::new(80, 24);
    screen.state.drafts.insert("note/1".into(), draft("x"));
    screen.state.drafts_dirty = false;
    for (conversation, saved) in [(2, 0), (1, 1)] {
        screen.send(activity(100 + conversation, api::event::ActivityType::OutboxUpdated, conversation));
        screen.effects.clear();
        screen.tick(300);
        let count = screen.effects.iter().filter(|effect| matches!(effect, Effect::SaveDrafts(_))).count();
        assert_eq!(count, saved, "#{conversation}: {:?}", screen.effects);
    }
}

/// An inbox on a folder, whose daemon is not there.
async fn inbox(dir: &Path) -> Core {
    let client = Client::new("http://127.0.0.1:9", Token::new("t")).unwrap();
    let mut core = Core::start(client, Some(dir.to_owned()), "p", (80, 24), |_| ());
    core.apply(Event::Answer(Box::new(Answer::Me(Ok(me(Some(true)))))));
    wait(&mut core, |core| core.state.drafts_loaded).await;
    core
}

async fn wait(core: &mut Core, done: impl Fn(&Core) -> bool) {
    let limit = std::time::Duration::from_secs(20);
    tokio::time::timeout(limit, async {
        while !done(core) {
            core.step().await;
        }
    })
    .await
    .unwrap();
}

fn write(core: &mut Core, name: &str, text: &str) {
    core.state.drafts.insert(name.into(), Draft { at: core.state.now, ..draft(text) });
    core.state.drafts_dirty = true;
}

#[tokio::test]
async fn two_inboxes_of_one_user_share_their_drafts_and_lose_none() {
    let dir = tempfile::tempdir().unwrap();
    let (mut a, mut b) = (inbox(dir.path()).await, inbox(dir.path()).await);
    let path = drafts::path(dir.path(), "p", &update::owner(&me(Some(true))));
    let there = || drafts::load(&path, true).0;
    write(&mut a, "reply/1", "by a");
    wait(&mut a, |_| there().len() == 1).await;
    write(&mut b, "reply/1", "by b, later");
    write(&mut b, "note/2", "only b");
    wait(&mut b, |b| b.state.drafts.len() == 3).await;
    let texts = |core: &Core, name: &str| core.state.drafts.get(name).map(|draft| draft.text.clone());
    assert_eq!((texts(&b, "reply/1").as_deref(), texts(&b, "reply/1~2").as_deref()), (Some("by b, later"), Some("by a")));
    // The other one takes them in with its next change, and what is discarded there stays gone here.
    write(&mut a, "note/3", "only a");
    wait(&mut a, |a| a.state.drafts.len() == 4).await;
    assert_eq!(texts(&a, "reply/1").as_deref(), Some("by b, later"));
    a.state.drafts.remove("reply/1~2");
    a.state.drafts_dirty = true;
    wait(&mut a, |_| there().len() == 3).await;
    write(&mut b, "note/4", "b again");
    wait(&mut b, |b| b.state.drafts.contains_key("note/3") && !b.state.drafts.contains_key("reply/1~2")).await;
    a.finish().await;
    b.finish().await;
    assert_eq!(there().len(), 4);
}

#[tokio::test]
async fn after_logging_out_nothing_is_left_on_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let mut core = inbox(dir.path()).await;
    write(&mut core, "reply/1", "unsent");
    let files = || std::fs::read_dir(dir.path()).unwrap().count();
    wait(&mut core, |_| files() > 0).await;
    core.state.list.loaded = true;
    for effect in update::finish(&mut core.state) {
        assert!(matches!(effect, Effect::SaveSeen(_) | Effect::SaveDrafts(_)));
    }
    seen::save(&seen::path(dir.path(), "p"), &seen_of(&core)).unwrap();
    assert!(seen::is_there(dir.path(), "p"));
    for key in ["g", "Q", "y"] {
        core.apply(Event::Key(keymap::parse(key).unwrap()));
    }
    wait(&mut core, |_| files() == 0).await;
    assert!(core.state.forgotten && !seen::is_there(dir.path(), "p"));
    write(&mut core, "reply/1", "later");
    core.finish().await;
    assert_eq!(files(), 0);
}

fn seen_of(core: &Core) -> seen::Seen {
    let mut state = core.state.clone();
    (state.forgotten, state.known, state.list.loaded) = (false, true, true);
    match update::finish(&mut state).into_iter().next() {
        Some(Effect::SaveSeen(seen)) => *seen,
        other => panic!("{other:?}"),
    }
}
