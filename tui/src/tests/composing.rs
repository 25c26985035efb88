//! Writing: completion lists, what goes in, and what is handed in.

use api::id::ConversationId;
use api::inbox::{ConversationStatus, Mention, MessageType, OutboxState};

use super::world::{Screen, canned, entry, failure, lost, message, outbox_id, talks, thread};
use crate::event::{Answer, Effect, Event, Purpose, Submitted};
use crate::keymap::Context;
use crate::mention;
use crate::state::{Attached, Overlay};

const DEE: ConversationId = ConversationId(1042);

fn text(screen: &Screen) -> &str {
    screen.state.composer.as_ref().unwrap().editor.text()
}

fn labels(screen: &Screen) -> Vec<&str> {
    let list = screen.state.composer.as_ref().and_then(|c| c.completing.list.as_ref());
    list.map(|list| list.choices.iter().map(|c| c.label.as_str()).collect()).unwrap_or_default()
}

/// What was handed in.
fn submitted(effects: &[Effect]) -> Option<(Purpose, &str)> {
    effects.iter().find_map(|e| match e {
        Effect::Submit { purpose, text, .. } => Some((*purpose, text.as_str())),
        _ => None,
    })
}

#[test]
fn a_canned_response_goes_in_filled() {
    let mut screen = Screen::new(80, 24);
    screen.press("r");
    screen.type_text("/");
    assert_eq!(labels(&screen), ["greet", "late", "refund", "thanks"]);
    // By code first, then by text.
    screen.type_text("than");
    assert_eq!(labels(&screen), ["thanks", "greet"]);
    screen.press("Ctrl+N Ctrl+P Ctrl+N Tab");
    assert_eq!(text(&screen), "Hello Dee,\n\nthank you for writing to Shop API. My name is Jo.");
    assert_eq!(screen.state.context(), Context::Composer);
    screen.press("Enter");
    screen.type_text("/late");
    screen.press("Enter");
    assert!(text(&screen).ends_with("Jo.\nWe are sorry that your parcel is late. Order {{order}} is being looked for."));
    assert!(screen.draw().contains("{{order}} is not filled in"), "{}", screen.draw());
    let effects = screen.press("Ctrl+S");
    assert!(submitted(&effects).is_some_and(|(purpose, text)| purpose == Purpose::Reply(DEE) && text.contains("Order {{order}} is")));
}

#[test]
fn the_key_for_canned_responses_opens_the_composer_with_the_list() {
    for keys in ["c", "Enter c"] {
        let mut screen = Screen::new(80, 24);
        screen.press(keys);
        assert_eq!((screen.state.context(), text(&screen)), (Context::Completion, "/"));
        screen.press("Esc");
        assert_eq!((screen.state.context(), text(&screen), screen.state.drafts.len()), (Context::Composer, "", 0));
        screen.type_text("My words");
        screen.press("Esc c Enter");
        assert_eq!(text(&screen), "My words\nHello Dee,\n\nthank you for writing to Shop API. My name is Jo.");
    }
    let mut screen = Screen::new(80, 24);
    screen.state.directory.canned.clear();
    screen.press("c");
    assert_eq!(text(&screen), "");
    assert!(screen.state.toasts.iter().any(|t| t.text.contains("no canned responses")));
}

#[test]
fn a_slash_is_only_text_where_no_list_is_wanted() {
    let mut screen = Screen::new(80, 24);
    screen.press("r");
    screen.type_text("and/or");
    assert_eq!(screen.state.context(), Context::Composer);
    screen.press("Enter");
    screen.type_text("/late");
    screen.press("Esc");
    // Closed it stays, until something else is begun; Esc then leaves.
    screen.type_text("r\nx");
    assert_eq!(text(&screen), "and/or\n/later\nx");
    screen.press("Enter");
    screen.type_text("/nothing has this");
    assert_eq!(screen.state.context(), Context::Composer);
    screen.press("Enter");
    screen.send(Event::Paste("/late".into()));
    assert_eq!(screen.state.context(), Context::Composer, "what is pasted is text");
    screen.press("Esc");
    assert!(screen.state.composer.is_none());
    // Where the approver reads there is no list.
    screen.press("H");
    screen.type_text("/late");
    assert_eq!(screen.state.context(), Context::Composer);
}

#[test]
fn the_list_follows_the_directory_and_the_cursor() {
    let mut screen = Screen::new(80, 24);
    screen.press("r");
    screen.type_text("/la");
    screen.press("Ctrl+B Ctrl+B");
    assert_eq!(labels(&screen), ["greet", "late", "refund", "thanks"]);
    screen.press("Ctrl+B");
    assert_eq!(screen.state.context(), Context::Composer);
    let mut directory = screen.state.directory.clone();
    directory.canned = canned().split_off(2);
    screen.answer(Answer::Directory(Ok(directory)));
    screen.press("Ctrl+E Backspace Backspace");
    assert_eq!(labels(&screen), ["refund", "thanks"]);
}

#[test]
fn the_completion_list_on_all_sizes() {
    for (width, height) in [(200, 50), (80, 24), (60, 20)] {
        let mut screen = Screen::new(width, height);
        screen.press("c");
        insta::assert_snapshot!(format!("canned_{width}x{height}"), screen.draw());
        screen.press("↓");
        screen.type_text("late");
        insta::assert_snapshot!(format!("canned_open_{width}x{height}"), screen.draw());
        screen.press("Enter");
        insta::assert_snapshot!(format!("canned_in_{width}x{height}"), screen.draw());
    }
}

#[test]
fn a_name_in_a_note_is_found_and_notifies() {
    let mut screen = Screen::new(80, 24);
    screen.press("p");
    screen.type_text("ask @");
    assert_eq!(labels(&screen), ["@Ada Admin", "@billing", "@returns"], "not oneself");
    screen.type_text("adm");
    assert_eq!(labels(&screen), ["@Ada Admin"]);
    screen.press("Tab");
    screen.type_text("and jo@example.com, @ret");
    screen.press("Enter");
    assert_eq!(text(&screen), "ask @Ada Admin and jo@example.com, @returns ");
    let effects = screen.press("Ctrl+S");
    let with = effects.iter().find_map(|e| match e {
        Effect::Submit { text, with, .. } => Some(mention::kept(text, &with.mentions)),
        _ => None,
    });
    assert_eq!(with, Some(vec![Mention::Agent(2), Mention::Team(4)]));
}

#[test]
fn a_mention_goes_as_one_piece_and_notifies_nobody_then() {
    let mut screen = Screen::new(80, 24);
    screen.press("p");
    screen.type_text("@ada");
    screen.press("Enter Backspace");
    assert_eq!(text(&screen), "@Ada Admin");
    assert_eq!(screen.state.context(), Context::Composer, "what is mentioned already is not looked for again");
    screen.press("Backspace");
    assert_eq!(text(&screen), "");
    screen.type_text("@Ada Admin, typed");
    let composer = screen.state.composer.as_ref().unwrap();
    assert_eq!(mention::kept(composer.editor.text(), &composer.with.mentions), [Mention::Agent(2)], "said again, it is meant again");
}

#[test]
fn in_a_reply_a_name_is_only_text() {
    let mut screen = Screen::new(80, 24);
    screen.press("r");
    screen.type_text("@ada");
    assert_eq!(screen.state.context(), Context::Composer);
    screen.press("Alt+P Backspace Backspace Backspace Backspace");
    screen.type_text("@ada");
    screen.press("Tab Alt+L y");
    assert!(screen.draw().contains("A name after @ is only text here"), "{}", screen.draw());
    let effects = screen.press("Ctrl+S");
    assert_eq!(submitted(&effects), Some((Purpose::Reply(DEE), "@Ada Admin")));
}

#[test]
fn a_mention_survives_a_crash_and_a_recall() {
    let mut screen = Screen::new(80, 24);
    screen.press("p");
    screen.type_text("@ada");
    screen.press("Tab Esc");
    screen.effects.clear();
    screen.tick(250);
    let drafts = screen.effects.iter().find_map(|e| match e {
        Effect::SaveDrafts(drafts) => Some(drafts.clone()),
        _ => None,
    });
    let mut screen = Screen::new(80, 24);
    screen.answer(Answer::Drafts(drafts.unwrap(), None));
    screen.press("p");
    assert_eq!(screen.state.composer.as_ref().unwrap().with.mentions.len(), 1);
    // What comes back from the outbox has the link, and is shown as it was written.
    screen.press("Ctrl+X d y");
    let mut entry = entry(7, "note");
    entry.content = Some("[@Ada Admin](mention://user/2/Ada%20Admin) look".into());
    screen.answer(Answer::Recalled(entry.id, Ok(entry)));
    assert_eq!(text(&screen), "@Ada Admin look");
    assert_eq!(screen.state.composer.as_ref().unwrap().with.mentions.len(), 1);
}

#[test]
fn a_note_is_shown_with_names_not_links() {
    let mut screen = Screen::new(80, 24);
    let mut note = message(504, MessageType::Outgoing, "Kim", "[@Jo Agent](mention://user/1/Jo%20Agent) look, please", 1);
    note.private = true;
    screen.messages(vec![note]);
    screen.press("Enter");
    assert!(screen.draw().contains("@Jo Agent look, please"), "{}", screen.draw());
}

/// What looks like Liquid is handed in as it was typed: the daemon writes it so that Chatwoot gives it back unchanged, or refuses it
/// before it is sent (recorded: Chatwoot renders outgoing texts, notes included, but for what stands between backticks).
#[test]
fn what_looks_like_liquid_is_handed_in_as_typed_or_refused_with_the_reason() {
    for (typed, said) in [
        ("Hi {{contact.name}}", Some("{{contact.name}} is not filled in")),
        ("> you wrote {% if x %}\nyes", Some("{% if x %} is not filled in")),
        ("`{{code}}` stays", None),
        ("a { b } {{ c", None),
        ("100 {% off", None),
    ] {
        for (key, purpose) in [("r", Purpose::Reply(DEE)), ("p", Purpose::Note(DEE))] {
            let mut screen = Screen::new(80, 24);
            screen.press(key);
            screen.send(Event::Paste(typed.into()));
            let drawn = screen.draw();
            assert_eq!(drawn.contains("is not filled in"), said.is_some(), "{drawn}");
            assert!(said.is_none_or(|said| drawn.contains(said)), "{drawn}");
            let effects = screen.press("Ctrl+S");
            assert_eq!(submitted(&effects), Some((purpose, typed)));
            let Some(Effect::Submit { key, .. }) = effects.iter().find(|e| matches!(e, Effect::Submit { .. })) else { panic!() };
            let refused = failure(api::Code::ValidationFailed, "content: `{% endraw %}` between backticks would not arrive as it is");
            screen.answer(Answer::Submitted { purpose, key: key.clone(), result: Err(refused) });
            assert_eq!(text(&screen), typed);
            assert!(screen.draw().contains("between backticks would not arrive"), "{}", screen.draw());
        }
    }
}

#[test]
fn the_list_of_names_on_all_sizes() {
    for (width, height) in [(200, 50), (80, 24), (60, 20)] {
        let mut screen = Screen::new(width, height);
        screen.press("p");
        screen.type_text("@ada");
        screen.press("Enter");
        screen.type_text("please look with @");
        insta::assert_snapshot!(format!("mention_{width}x{height}"), screen.draw());
    }
}

#[test]
fn shortcodes_become_emoji() {
    let mut screen = Screen::new(80, 24);
    screen.press("r");
    screen.type_text("at 10:30 see http://x :t");
    assert_eq!(screen.state.context(), Context::Composer, "a time and an address are none, and one letter is too few");
    screen.type_text("ada");
    assert_eq!(labels(&screen), [":tada:"]);
    screen.press("Tab");
    screen.type_text(" (:+1:) :nothing: :smile");
    assert_eq!(labels(&screen)[0], ":smile:");
    screen.press("Esc Enter");
    assert_eq!(text(&screen), "at 10:30 see http://x 🎉 (👍) :nothing: :smile\n");
    screen.type_text("李:ok");
    assert_eq!(screen.state.context(), Context::Composer);
}

#[test]
fn the_editor_gets_the_text_and_gives_it_back_to_its_own_purpose() {
    let mut screen = Screen::new(80, 24);
    screen.press("r");
    screen.type_text("half");
    let effects = screen.press("Ctrl+O");
    assert!(effects.contains(&Effect::Edit { purpose: Purpose::Reply(DEE), text: "half".into() }), "{effects:?}");
    let back = |result: Result<&str, &str>| Answer::Edited {
        purpose: Purpose::Reply(DEE),
        result: result.map(str::to_owned).map_err(str::to_owned),
    };
    screen.answer(back(Err("it is not UTF-8; what was written there is kept in /tmp/x")));
    assert_eq!(text(&screen), "half");
    assert!(toasts(&screen).contains("kept in /tmp/x"));
    screen.press("Ctrl+O");
    screen.answer(back(Ok("whole\u{1b}[2J")));
    assert_eq!(text(&screen), "whole[2J");
    // What stood there before is not lost either.
    screen.press("Ctrl+Y");
    assert_eq!(text(&screen), "whole[2Jhalf");
    // Another composer stands there by now: the text goes to its own draft.
    screen.press("Esc");
    screen.press("p");
    screen.answer(back(Ok("from the editor")));
    assert_eq!(text(&screen), "");
    assert_eq!(screen.state.drafts["reply/1042"].text, "from the editor\n\nwhole[2Jhalf");
}

/// Hands the text in and has the daemon take it.
fn send(screen: &mut Screen, keys: &str) -> Vec<Effect> {
    let effects = screen.press(keys);
    let Some((purpose, key)) = effects.iter().find_map(|e| match e {
        Effect::Submit { purpose, key, .. } => Some((*purpose, key.clone())),
        _ => None,
    }) else {
        panic!("nothing was handed in: {effects:?}")
    };
    assert!(!effects.iter().any(|e| matches!(e, Effect::Patch { .. })), "the status waits for the message");
    let mut taken = message(0, MessageType::Outgoing, "Jo Agent", "x", 0);
    (taken.id, taken.outbox_id, taken.state) = (None, Some(outbox_id(1)), api::inbox::DeliveryState::Queued);
    screen.effects.clear();
    screen.answer(Answer::Submitted { purpose, key, result: Ok(Submitted::Message(Box::new(taken))) });
    std::mem::take(&mut screen.effects)
}

fn status_set(effects: &[Effect]) -> Option<(ConversationId, ConversationStatus, String)> {
    effects.iter().find_map(|e| match e {
        Effect::Patch { id, patch, label, .. } => Some((*id, patch.status?, label.clone())),
        _ => None,
    })
}

fn recalls(effects: &[Effect]) -> Vec<api::id::OutboxId> {
    effects.iter().filter_map(|e| if let Effect::Recall(id, _) = e { Some(*id) } else { None }).collect()
}

fn toasts(screen: &Screen) -> String {
    screen.state.toasts.iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_status_follows_once_the_message_was_taken() {
    for (keys, status) in [
        ("Ctrl+G r", Some(ConversationStatus::Resolved)),
        ("Ctrl+G p", Some(ConversationStatus::Pending)),
        ("Ctrl+G z", Some(ConversationStatus::Snoozed)),
        ("Ctrl+G n", None),
    ] {
        let mut screen = Screen::new(80, 24);
        screen.press("r");
        screen.type_text("Done");
        let effects = send(&mut screen, keys);
        assert_eq!(status_set(&effects).map(|(id, status, _)| (id, status)), status.map(|s| (DEE, s)), "{keys}");
        assert_eq!(screen.state.open, Some(if status.is_none() { ConversationId(1041) } else { DEE }));
        // Refused: nothing follows, and a later send is only a send.
        let mut screen = Screen::new(80, 24);
        screen.press("r");
        screen.type_text("Done");
        let effects = screen.press(keys);
        let Some(Effect::Submit { purpose, key, .. }) = effects.last().cloned() else { panic!("{effects:?}") };
        screen.answer(Answer::Submitted { purpose, key, result: Err(failure(api::Code::StoreUnavailable, "the disk is full")) });
        assert_eq!(text(&screen), "Done");
        assert_eq!(status_set(&send(&mut screen, "Ctrl+S")), None);
    }
    let mut screen = Screen::new(80, 24);
    screen.press("H");
    screen.type_text("Decide");
    assert_eq!(submitted(&screen.press("Ctrl+G r")), None);
}

/// A reply with its status, both taken by the daemon and waiting.
fn both(listed: bool) -> Screen {
    let mut screen = Screen::new(80, 24);
    screen.press("r");
    screen.type_text("Done");
    let effects = send(&mut screen, "Ctrl+G r");
    let (id, status, label) = status_set(&effects).unwrap();
    screen.answer(Answer::Outbox(Ok(vec![entry(1, "reply")])));
    let mut view = talks().remove(0);
    view.status = status;
    if listed {
        screen.answer(Answer::Patched { id, label, result: Ok(view) });
        screen.answer(Answer::Outbox(Ok(vec![entry(1, "reply"), entry(2, "status")])));
    }
    screen.effects.clear();
    screen
}

#[test]
fn taking_back_takes_both_the_status_first() {
    let mut screen = both(true);
    assert_eq!(recalls(&screen.press("u")), [outbox_id(2)]);
    screen.answer(Answer::Recalled(outbox_id(2), Ok(entry(2, "status"))));
    assert_eq!(recalls(&screen.effects), [outbox_id(1)]);
    let mut reply = entry(1, "reply");
    reply.content = Some("Done".into());
    screen.effects.clear();
    screen.answer(Answer::Recalled(outbox_id(1), Ok(reply)));
    assert_eq!(screen.state.drafts["reply/1042"].text, "Done");
    assert_eq!(status_set(&screen.effects), None, "nothing is left to be reversed");
    assert!(toasts(&screen).contains("Taken back") && !toasts(&screen).contains("resolved"), "{}", toasts(&screen));

    // Asked before the daemon has said that it took the status: it is waited for.
    let mut screen = both(false);
    assert_eq!(recalls(&screen.press("u")), []);
    let mut view = talks().remove(0);
    view.status = ConversationStatus::Resolved;
    screen.answer(Answer::Patched { id: DEE, label: "resolved".into(), result: Ok(view) });
    screen.answer(Answer::Outbox(Ok(vec![entry(1, "reply"), entry(2, "status")])));
    assert_eq!(recalls(&screen.effects), [outbox_id(2)]);
    // The daemon did not take it: only the message is taken back.
    let mut screen = both(false);
    screen.press("u");
    screen.effects.clear();
    screen.answer(Answer::Patched { id: DEE, label: "resolved".into(), result: Err(failure(api::Code::StoreUnavailable, "full")) });
    assert_eq!(recalls(&screen.effects), [outbox_id(1)]);
}

#[test]
fn what_could_not_be_taken_back_is_said() {
    let gone = || failure(api::Code::OutboxState, "it has left already");
    // The status came back, the message had left.
    let mut screen = both(true);
    screen.press("u");
    screen.answer(Answer::Recalled(outbox_id(2), Ok(entry(2, "status"))));
    screen.answer(Answer::Recalled(outbox_id(1), Err(gone())));
    assert!(toasts(&screen).contains("Too late: the message has left already; #1042 is not resolved"), "{}", toasts(&screen));
    // Both had left: `u` can still open it again.
    let mut screen = both(true);
    screen.press("u");
    screen.answer(Answer::Recalled(outbox_id(2), Err(gone())));
    screen.answer(Answer::Recalled(outbox_id(1), Err(gone())));
    assert!(toasts(&screen).contains("has left already, and #1042 is resolved; u takes that back"), "{}", toasts(&screen));
    assert_eq!(status_set(&screen.press("u")).map(|(id, status, _)| (id, status)), Some((DEE, ConversationStatus::Open)));
    // The daemon was lost in between: the next `u` means both again.
    let mut screen = both(true);
    screen.press("u");
    screen.answer(Answer::Recalled(outbox_id(2), Err(lost())));
    assert_eq!(recalls(&screen.press("u")), [outbox_id(2)]);
    // The message failed later: that the conversation is resolved all the same is said.
    let mut screen = both(true);
    let mut failed = entry(1, "reply");
    (failed.state, failed.error) = (OutboxState::Failed, Some("no".into()));
    screen.answer(Answer::Outbox(Ok(vec![failed])));
    assert!(toasts(&screen).contains("reply not sent, no · r brings its text back · the conversation is resolved all the same"));
}

fn attached(name: &str) -> Attached {
    Attached { path: format!("/files/{name}"), name: name.into(), bytes: 312_400, kind: "image/jpeg".into() }
}

fn attach(screen: &mut Screen, name: &str) {
    screen.press("Alt+A");
    screen.type_text(&format!("~/{name}"));
    let effects = screen.press("Enter");
    let Some(Effect::Look { purpose, path }) = effects.first().cloned() else { panic!("{effects:?}") };
    screen.answer(Answer::Looked { purpose, path, result: Ok(attached(name)) });
}

#[test]
fn files_go_with_the_text_and_come_back_with_it() {
    let mut screen = Screen::new(80, 24);
    screen.press("r");
    attach(&mut screen, "a photo.jpg");
    attach(&mut screen, "b.jpg");
    attach(&mut screen, "b.jpg");
    let files = |screen: &Screen| screen.state.composer.as_ref().unwrap().with.files.iter().map(|f| f.name.clone()).collect::<Vec<_>>();
    assert_eq!(files(&screen), ["a photo.jpg", "b.jpg"]);
    assert!(screen.draw().contains("[1] a photo.jpg  312 KB  image/jpeg"), "{}", screen.draw());
    // The draft knows them, and they are looked at again when it is opened.
    screen.press("Esc");
    assert_eq!(screen.state.drafts["reply/1042"].with.files.len(), 2);
    let effects = screen.press("r");
    assert_eq!(effects.iter().filter(|e| matches!(e, Effect::Look { .. })).count(), 2);
    screen.answer(Answer::Looked {
        purpose: Purpose::Reply(DEE),
        path: "/files/b.jpg".into(),
        result: Err("there is no such file".into()),
    });
    assert!(screen.draw().contains("b.jpg cannot go: there is no such file; Ctrl+X f takes it off"), "{}", screen.draw());
    screen.press("Ctrl+X f");
    // Files alone are a message.
    send(&mut screen, "Ctrl+S");
    let mut entry = entry(1, "reply");
    entry.content = Some(String::new());
    screen.press("u");
    screen.answer(Answer::Recalled(entry.id, Ok(entry)));
    assert_eq!(files(&screen), ["a photo.jpg"]);
    // A note with files alone does not become a reply unasked.
    screen.press("Alt+P Alt+L");
    assert!(matches!(screen.state.overlay, Some(Overlay::Question(_))));
}

#[test]
fn a_path_is_asked_for_and_what_is_wrong_with_it_is_said() {
    let mut screen = Screen::new(80, 24);
    screen.press("r");
    screen.type_text("See ");
    screen.press("Ctrl+G a");
    screen.send(Event::Paste("~/ph\n".into()));
    assert_eq!(screen.press("Tab"), [Effect::Paths("~/ph".into())]);
    screen.answer(Answer::Paths { typed: "~/ph".into(), found: vec!["~/photo 1.jpg".into(), "~/photo 2.jpg".into()] });
    insta::assert_snapshot!("attach_80x24", screen.draw());
    screen.type_text("3");
    let effects = screen.press("Enter");
    assert_eq!(effects, [Effect::Look { purpose: Purpose::Reply(DEE), path: "~/photo 3".into() }]);
    screen.type_text("deaf while it is looked at");
    screen.answer(Answer::Looked { purpose: Purpose::Reply(DEE), path: "~/photo 3".into(), result: Err("there is no such file".into()) });
    assert!(screen.draw().contains("there is no such file"));
    screen.press("Esc");
    assert_eq!((screen.state.context(), text(&screen)), (Context::Composer, "See "));
    // An answer that comes after the line was left attaches nothing.
    screen.answer(Answer::Looked { purpose: Purpose::Reply(DEE), path: "~/x".into(), result: Ok(attached("x")) });
    assert!(screen.state.composer.as_ref().unwrap().with.files.is_empty());
    for n in 0..15 {
        attach(&mut screen, &format!("{n}.jpg"));
    }
    screen.press("Alt+A");
    assert!(screen.draw().contains("15 files at most"), "{}", screen.draw());
}

#[test]
fn a_closed_window_offers_a_note() {
    for (channel, goes) in [("Api", true), ("Telegram", false)] {
        let mut screen = Screen::new(80, 24);
        let mut view = talks().remove(0);
        (view.can_reply, view.inbox.channel) = (false, channel.into());
        screen.answer(Answer::Conversation(DEE, Ok(view)));
        screen.press("r");
        screen.type_text("Hello");
        assert!(screen.draw().contains("The reply window is closed"), "{}", screen.draw());
        assert_eq!(submitted(&screen.press("Ctrl+S")).is_some(), goes);
        if !goes {
            screen.press("Ctrl+G t");
            assert_eq!(submitted(&screen.press("Ctrl+S")), Some((Purpose::Note(DEE), "Hello")));
        }
    }
}

#[test]
fn a_colleague_who_answers_meanwhile_is_named() {
    let mut screen = Screen::new(80, 24);
    screen.press("r");
    screen.type_text("I am on it");
    let mut messages = thread();
    let mut mine = message(506, MessageType::Outgoing, "Jo Agent", "from elsewhere", 1);
    mine.sender.as_mut().unwrap().id = Some(1);
    let mut note = message(507, MessageType::Outgoing, "Ada", "a note", 1);
    (note.private, note.sender.as_mut().unwrap().id) = (true, Some(2));
    messages.extend([mine, note]);
    screen.messages(messages.clone());
    assert!(!screen.draw().contains("answered since you began"), "{}", screen.draw());
    let mut answer = message(508, MessageType::Outgoing, "Ada Admin", "It is on its way", 0);
    answer.sender.as_mut().unwrap().id = Some(2);
    messages.push(answer);
    screen.messages(messages);
    assert!(screen.draw().contains("Ada Admin answered since you began"), "{}", screen.draw());
}

#[test]
fn the_composer_on_all_sizes() {
    for (width, height) in [(200, 50), (80, 24), (60, 20)] {
        let mut screen = Screen::new(width, height);
        let mut view = talks().remove(0);
        view.inbox = api::inbox::InboxView { id: 2, name: "Support mail".into(), channel: "Email".into(), email: None };
        view.additional_attributes.insert("mail_subject".into(), "Where is my parcel?".into());
        screen.answer(Answer::Conversation(DEE, Ok(view)));
        screen.press("r");
        attach(&mut screen, "photo-of-the-proof-of-delivery.jpg");
        attach(&mut screen, "b.jpg");
        screen.type_text("Hello Dee, this is what the courier sent us.");
        screen.tick(300);
        insta::assert_snapshot!(format!("mail_{width}x{height}"), screen.draw());
        screen.press("Ctrl+G");
        insta::assert_snapshot!(format!("prefix_{width}x{height}"), screen.draw());
    }
}
