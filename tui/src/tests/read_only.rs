//! A read-only inbox: nothing that changes anything is offered, done or written, in whatever place and by whatever way it is asked for.

use std::path::Path;

use api::event::StreamEvent;
use api::id::ConversationId;
use api::inbox::{ConversationPatch, OutboxState};
use api::{Client, Token};
use tokio::io::AsyncReadExt as _;

use super::behaviour::toasts;
use super::every;
use super::world::{Screen, entry, me, outbox_id};
use crate::drafts::{self, Draft};
use crate::effects::Core;
use crate::event::{Answer, Effect, Event};
use crate::keymap::registry::{self, READ_ONLY};
use crate::keymap::{Context, TABLE, bindings};
use crate::state::{HelpLine, Overlay, Palette, With};
use crate::{keymap, update};

const SIZES: [(u16, u16); 4] = [(200, 50), (80, 24), (60, 20), (40, 15)];

/// Every pane as it is in a read-only inbox.
fn panes(width: u16, height: u16) -> Vec<(&'static str, Screen)> {
    let mut all = every::panes(width, height);
    for (_, screen) in &mut all {
        screen.state.read_only = true;
        (screen.state.prefix, screen.state.overlay) = (None, None);
    }
    all
}

fn read_only(width: u16, height: u16) -> Screen {
    let mut screen = Screen::new(width, height);
    screen.state.read_only = true;
    screen
}

fn draft(text: &str, decides: Option<u32>) -> Draft {
    let key = decides.map(|_| "k-1".to_owned());
    Draft { text: text.into(), key, replaces: None, with: With::default(), decides, at: super::world::now() }
}

#[track_caller]
fn leaves_no_trace(effects: &[Effect], what: &str) {
    let traces: Vec<_> = effects.iter().filter(|effect| !effect.leaves_no_trace()).collect();
    assert!(traces.is_empty(), "{what}: {traces:?}");
}

#[test]
fn every_key_that_changes_something_says_one_line_and_does_nothing() {
    let mut tried = 0;
    for (name, opened) in panes(80, 24) {
        let context = opened.state.context();
        for row in bindings(context).filter(|row| registry::changes(context, row.command)) {
            for keys in row.keys {
                let mut screen = Screen { state: opened.state.clone(), effects: Vec::new() };
                screen.state.toasts.clear();
                let what = format!("{keys} in {name}");
                leaves_no_trace(&screen.press(keys), &what);
                assert!(screen.state.composer.is_none() && screen.state.overlay.is_none(), "{what}: {}", screen.draw());
                assert_eq!((screen.state.list.marked.len(), &screen.state.drafts), (0, &opened.state.drafts), "{what}");
                let [said] = screen.state.toasts.as_slice() else { panic!("{what}: {:?}", screen.state.toasts) };
                assert!(said.text.to_lowercase().ends_with(READ_ONLY), "{what}: {}", said.text);
                assert!(screen.draw().contains("his inbox is read-only"), "{what}: {}", screen.draw());
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "{tried}");
}

#[test]
fn nothing_that_changes_something_is_offered() {
    for (width, height) in SIZES {
        for (name, mut screen) in panes(width, height) {
            let context = screen.state.context();
            let drawn = screen.draw();
            let foot = drawn.lines().last().unwrap_or_default().to_owned();
            assert!(foot.contains("read-only"), "{name} {width}x{height}: {drawn}");
            for words in ["takes it back", "brings its text back", "writes one", "asks for a decision", "a approve", "x reject"] {
                assert!(!drawn.contains(words), "{name}: {drawn}");
            }
            for row in bindings(context).filter(|row| registry::changes(context, row.command)) {
                let words = row.hint.zip(row.keys.first()).map(|(hint, key)| format!("{key} {hint}"));
                assert!(words.is_none_or(|words| !foot.contains(&words)), "{name}: {foot}");
            }
            let rows = Palette::new(context, "").rows(&screen.state);
            let offers = |choice| matches!(choice, crate::state::Choice::Run(command) if registry::changes(context, command));
            assert!(!rows.is_empty() && !rows.iter().any(|row| offers(row.choice)), "{name}: {rows:?}");
            for prefix in ["g", "m"] {
                screen.press(prefix);
                screen.tick(1_000);
                let drawn = screen.draw();
                for words in ["attributes", "availability", "who takes part", "log out", "save, rename", "block the customer"] {
                    assert!(!drawn.contains(words), "{name} {prefix}: {drawn}");
                }
                screen.press("Esc");
            }
            screen.press("?");
            let Some(Overlay::Help(help)) = &screen.state.overlay else { panic!("{name}: no help") };
            for line in help.lines(&screen.state) {
                let HelpLine::Row(place, row) = line else { continue };
                assert!(!registry::changes(place, row.command) && !place.is_for_changes(), "{name}: {} in {place:?}", row.help);
            }
        }
    }
    // It is the same table: what is left out here is there else.
    let all = TABLE.iter().filter(|row| row.contexts.iter().any(|context| registry::changes(*context, row.command))).count();
    assert!(all > 40, "{all}");
}

#[test]
fn the_menu_of_views_only_shows_them() {
    for own in [true, false] {
        let mut screen = every::with_views(80, 24);
        screen.state.read_only = !own;
        screen.press("g 2 g v");
        let drawn = screen.draw();
        assert!(drawn.contains("g 1  Late refunds") && drawn.contains("no saved view: back to the list"), "{drawn}");
        for words in ["save this list", "rename this view", "delete this view"] {
            assert_eq!(drawn.contains(words), own, "{drawn}");
        }
    }
}

#[test]
fn a_command_line_and_a_paste_change_nothing_either() {
    let mut screen = read_only(80, 24);
    let cancel = format!("outbox cancel {}", outbox_id(1));
    for line in [
        "conversation.reply",
        "undo",
        "logout",
        "conv reply 1042 --body Hello",
        "conv note 1042",
        "conv escalate 1042 --reason Why",
        "conv status 1042 resolved",
        "conv status 1042 snoozed --until tomorrow",
        "conv assign 1042",
        "conv label 1042 --add vip",
        "contact edit 1042 --name Dee",
        "contact notes 1042 --add Friendly",
        "macro run Refund 1042",
        "view save Mine",
        "view rename Mine",
        &cancel,
    ] {
        screen.press(":");
        screen.type_text(line);
        leaves_no_trace(&screen.press("Enter"), line);
        assert!(screen.state.composer.is_none() && screen.draw().contains("his inbox is read-only"), "{line}: {}", screen.draw());
        screen.press("Esc");
    }
    screen.send(Event::Paste("a text\nof two lines".into()));
    assert!(screen.state.overlay.is_none() && toasts(&screen.state).contains("Nothing was done with the pasted text"));
}

#[test]
fn what_is_looked_at_is_not_marked_read() {
    for reads in [true, false] {
        let mut screen = Screen::new(80, 24);
        screen.state.read_only = reads;
        screen.press("Enter");
        screen.effects.clear();
        for _ in 0..8 {
            screen.tick(1_000);
        }
        assert_eq!(screen.effects.iter().any(|effect| matches!(effect, Effect::MarkRead { .. })), !reads);
        leaves_no_trace(if reads { &screen.effects } else { &[] }, "looked at");
    }
}

#[test]
fn drafts_are_shown_and_stay_as_they_are_and_waiting_decisions_go_on_waiting() {
    for reads in [true, false] {
        let mut screen = Screen::new(80, 24);
        screen.state.read_only = reads;
        let waiting = ("approve/".to_owned() + &super::world::approval_id(42).to_string(), draft("", Some(2)));
        screen.answer(Answer::Drafts(vec![("reply/1042".into(), draft("half a sentence", None)), waiting], None));
        let generation = screen.state.stream.generation;
        screen.send(Event::Stream(generation, Ok(StreamEvent::Ready { seq: 101 })));
        screen.state.drafts_dirty = true;
        screen.tick(300);
        let hands_in = screen.effects.iter().any(|effect| matches!(effect, Effect::Approve { .. }));
        let saves = screen.effects.iter().any(|effect| matches!(effect, Effect::SaveDrafts(_)));
        assert_eq!((hands_in, saves), (!reads, !reads));
        if reads {
            screen.press("g d");
            assert!(screen.draw().contains("half a sentence"), "{}", screen.draw());
            leaves_no_trace(&screen.press("1 q"), "leaving");
            assert!(screen.state.overlay.is_none(), "what waits is not this inbox's to ask about");
            leaves_no_trace(&update::finish(&mut screen.state), "the end");
        }
    }
}

#[test]
fn a_text_that_failed_is_looked_at_in_its_conversation() {
    let mut screen = read_only(80, 24);
    let failed = api::inbox::OutboxView {
        state: OutboxState::Failed,
        content: Some("Sorry!".into()),
        error: Some("no".into()),
        ..entry(1, "reply")
    };
    screen.answer(Answer::Outbox(Ok(vec![failed])));
    assert!(toasts(&screen.state).contains("reply not sent") && !toasts(&screen.state).contains("brings"), "{}", toasts(&screen.state));
    screen.press("g o");
    leaves_no_trace(&screen.press("Enter"), "open");
    assert_eq!((screen.state.open, screen.state.context(), screen.state.drafts.len()), (Some(ConversationId(1042)), Context::Thread, 0));
}

/// The second wall: an inbox on a folder, without a daemon, of which a change is asked past `update`.
async fn inbox(dir: &Path, reads: bool) -> Core {
    let client = Client::new("http://127.0.0.1:9", Token::new("t")).unwrap();
    let mut core = Core::start(client, Some(dir.to_owned()), "p", (80, 24), |state| state.read_only = reads);
    core.apply(Event::Answer(Box::new(Answer::Me(Ok(me(Some(true)))))));
    let limit = std::time::Duration::from_secs(20);
    tokio::time::timeout(limit, async {
        while !core.state.drafts_loaded {
            core.step().await;
        }
    })
    .await
    .unwrap();
    core
}

#[tokio::test]
async fn a_change_that_is_asked_for_all_the_same_is_not_made() {
    let files = |dir: &Path| std::fs::read_dir(dir).unwrap().map(|file| file.unwrap().file_name()).collect::<Vec<_>>();
    for reads in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let mut core = inbox(dir.path(), reads).await;
        let patch = Effect::Patch { id: ConversationId(1), patch: ConversationPatch::default(), label: "x".into(), key: "k".into() };
        core.carry(vec![Effect::SaveDrafts(vec![("reply/1".into(), draft("x", None))]), patch]);
        assert_eq!(core.is_answered(), reads, "what is handed in is waited for");
        core.finish().await;
        assert_eq!(files(dir.path()).is_empty(), reads, "{:?}", files(dir.path()));
    }
    // A file that cannot be read is said, and stays where it is.
    let dir = tempfile::tempdir().unwrap();
    let path = drafts::path(dir.path(), "p", &update::owner(&me(Some(true))));
    std::fs::write(&path, "{").unwrap();
    let core = inbox(dir.path(), true).await;
    assert!(toasts(&core.state).contains("cannot be read"));
    core.finish().await;
    assert_eq!(std::fs::read(&path).unwrap(), b"{");
    assert_eq!(files(dir.path()).len(), 1);
}

/// A daemon that hears what it is asked and never answers: how the event stream of an inbox is opened.
async fn asked_of_the_stream(reads: bool) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(&format!("http://{}", listener.local_addr().unwrap()), Token::new("t")).unwrap();
    let _core = Core::start(client, None, "p", (80, 24), |state| state.read_only = reads);
    let (heard, mut asked) = tokio::sync::mpsc::channel(64);
    let hear = async {
        while let Ok((mut socket, _)) = listener.accept().await {
            let heard = heard.clone();
            tokio::spawn(async move {
                let mut request = vec![0; 4096];
                let read = socket.read(&mut request).await.unwrap_or(0);
                let request = String::from_utf8_lossy(request.get(..read).unwrap_or_default()).into_owned();
                let _ = heard.send(request.lines().next().unwrap_or_default().to_owned()).await;
                std::future::pending::<()>().await;
            });
        }
    };
    let stream = async {
        while let Some(line) = asked.recv().await {
            if line.contains("/activity") {
                return line;
            }
        }
        String::new()
    };
    tokio::select! {
        line = tokio::time::timeout(std::time::Duration::from_secs(20), stream) => line.unwrap(),
        () = hear => unreachable!(),
    }
}

#[tokio::test]
async fn nobody_is_seen_in_a_read_only_inbox() {
    for reads in [true, false] {
        let line = asked_of_the_stream(reads).await;
        assert_eq!(line.contains("presence"), !reads, "{line}");
    }
}

#[test]
fn a_read_only_inbox_is_left_with_one_key() {
    let mut screen = read_only(80, 24);
    screen.send(Event::Key(keymap::parse("q").unwrap()));
    assert!(screen.effects.contains(&Effect::Quit));
    leaves_no_trace(&screen.effects, "q");
}
