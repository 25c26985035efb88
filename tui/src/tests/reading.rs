//! Reading a conversation: choosing a message, links, what counts as read, and searching in it.

use api::id::{ConversationId, MessageId};
use api::inbox::{AttachmentView, DeliveryState, MessageType, MessageView};
use api::page::{Page, PageMeta};

use super::world::{Screen, failure, message, outbox_id, page, talks, thread};
use crate::event::{Answer, Effect, Event, Purpose};
use crate::state::{Overlay, With};

const DEE: ConversationId = ConversationId(1042);

fn check(name: &str, screen: &Screen) {
    let (width, height) = screen.state.size;
    insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen.draw());
}

fn opened(width: u16, height: u16) -> Screen {
    let mut screen = Screen::new(width, height);
    screen.press("Enter");
    screen
}

fn selected(screen: &Screen) -> Option<&str> {
    screen.state.threads[&DEE].selected.as_deref()
}

fn answers(screen: &Screen) -> (Purpose, Option<MessageId>) {
    let composer = screen.state.composer.as_ref().unwrap();
    (composer.purpose, composer.with.answers)
}

fn marks(effects: &[Effect]) -> Vec<(ConversationId, bool)> {
    effects.iter().filter_map(|e| if let Effect::MarkRead { id, read, .. } = e { Some((*id, *read)) } else { None }).collect()
}

/// Time passes in steps, as it does.
fn wait(screen: &mut Screen, millis: i64) -> Vec<Effect> {
    screen.effects.clear();
    for _ in 0..millis / 250 {
        screen.tick(250);
    }
    std::mem::take(&mut screen.effects)
}

fn rich() -> Vec<MessageView> {
    let mut messages = thread();
    let text = "**Order** A-2291, *really* late:\n- see [the tracking page](https://track.example/A-2291?x=1)\n- or https://shop.example/orders/2291\n\n`code 7` and [https://bank.example/](https://evil.example/login)\n> one\n> two https://quoted.example/\n> three\n> four";
    let mut mail = message(506, MessageType::Incoming, "Dee Shopper", text, 3);
    mail.attachments = vec![
        AttachmentView {
            id: 1,
            file_type: "file".into(),
            name: "invoice.pdf".into(),
            file_size: Some(80_000),
            url: Some("https://chat.example.com/b/invoice.pdf".into()),
        },
        AttachmentView { id: 2, file_type: "file".into(), name: "odd.bin".into(), file_size: None, url: Some("file:///etc/passwd".into()) },
    ];
    let mut html = message(
        507,
        MessageType::Incoming,
        "Dee Shopper",
        "<div><p>Hello <b>Jo</b>,</p><p>see <a href=\"https://a.example/x\">this</a><img src=\"https://t.example/p.gif\"></p></div>",
        2,
    );
    html.content_type = "incoming_email".into();
    let mut answer = message(508, MessageType::Outgoing, "Jo Agent", "I will look at it.", 1);
    answer.in_reply_to = Some(MessageId(506));
    messages.extend([mail, html, answer]);
    messages
}

#[test]
fn a_thread_with_everything_in_it() {
    for (width, height) in [(200, 50), (80, 24), (60, 20)] {
        let mut screen = opened(width, height);
        screen.messages(rich());
        check("reading", &screen);
        screen.press("v ( (");
        check("reading_chosen", &screen);
        screen.press("O");
        check("reading_links", &screen);
        screen.press("1");
        check("reading_link", &screen);
    }
}

#[test]
fn messages_are_chosen_one_by_one_and_esc_lets_go() {
    let mut screen = opened(80, 24);
    assert_eq!(selected(&screen), None);
    screen.press("v");
    assert_eq!(selected(&screen), Some("m505"));
    screen.press("(");
    assert_eq!(selected(&screen), Some("m504"));
    screen.press("Ctrl+↑");
    assert_eq!(selected(&screen), Some("m502"), "activities are passed over");
    screen.press(") )");
    assert_eq!(selected(&screen), Some("m505"));
    screen.press(")");
    assert_eq!(selected(&screen), Some("m505"), "the last stays the last");
    screen.press("v");
    assert_eq!(selected(&screen), None);
    screen.press("v Esc");
    assert_eq!((selected(&screen), screen.state.open), (None, Some(DEE)));
    assert_eq!(screen.state.focus, crate::state::Focus::Open, "the first Esc only lets go");
    screen.press("Esc");
    assert_eq!(screen.state.focus, crate::state::Focus::List);
}

#[test]
fn the_chosen_message_is_on_the_screen_wherever_it_is() {
    let mut screen = opened(80, 24);
    let many: Vec<_> =
        (0..60).map(|i| message(1_000 + i, MessageType::Incoming, "Dee", &format!("this is text {i} of many"), 100 - i)).collect();
    screen.messages(many);
    screen.press("v");
    for i in (0..59).rev() {
        screen.press("(");
        let text = format!("this is text {i} of");
        assert!(screen.draw().contains(&text), "{i}\n{}", screen.draw());
    }
    for i in 1..60 {
        screen.press(")");
        assert!(screen.draw().contains(&format!("this is text {i} of")), "{i}");
    }
    assert_eq!(screen.state.threads[&DEE].anchor, None, "the end is the end");
}

#[test]
fn an_answer_names_its_message() {
    for key in ["r", "Enter"] {
        let mut screen = opened(80, 24);
        screen.press("v");
        screen.press(key);
        assert_eq!(answers(&screen), (Purpose::Reply(DEE), Some(MessageId(505))));
        assert!(screen.draw().contains("Answers Dee Shopper: Any news?"), "{}", screen.draw());
        screen.type_text("yes");
        let effects = screen.press("Ctrl+S");
        let with = effects.iter().find_map(|e| if let Effect::Submit { with, .. } = e { Some(with.clone()) } else { None });
        assert_eq!(with, Some(With { answers: Some(MessageId(505)), ..With::default() }));
    }
    let mut screen = opened(80, 24);
    screen.press("r");
    assert_eq!(answers(&screen), (Purpose::Reply(DEE), None), "with none chosen it answers none");
    let mut screen = opened(80, 24);
    screen.press("v ( r");
    assert_eq!(answers(&screen), (Purpose::Note(DEE), Some(MessageId(504))), "what the team reads is answered to the team");
    screen.type_text("x");
    screen.press("Esc");
    let draft = screen.state.drafts.values().next().unwrap();
    assert_eq!(draft.with.answers, Some(MessageId(504)), "the draft keeps it");
}

#[test]
fn a_quote_goes_behind_what_is_written_and_a_note_never_to_the_customer() {
    let mut screen = opened(80, 24);
    screen.press("r");
    screen.type_text("Hello Dee,");
    screen.press("Esc v ( ( >");
    assert_eq!(
        screen.state.composer.as_ref().unwrap().editor.text(),
        "Hello Dee,\n\n> Sorry Dee, I am asking the courier for the proof of delivery right now.\n\n"
    );
    let mut screen = opened(80, 24);
    screen.press("v ( >");
    assert_eq!(answers(&screen).0, Purpose::Note(DEE));
    assert!(screen.state.composer.as_ref().unwrap().editor.text().starts_with("> @Ada courier"));
    let mut screen = opened(80, 24);
    screen.press(">");
    assert_eq!(answers(&screen), (Purpose::Reply(DEE), Some(MessageId(505))), "with none chosen the customer's newest");
}

#[test]
fn what_is_copied_is_what_was_chosen() {
    let copied = |keys: &str| {
        let mut screen = opened(80, 24);
        let effects = screen.press(keys);
        effects.into_iter().find_map(|e| if let Effect::Copy(text) = e { Some(text) } else { None })
    };
    let url = "https://chat.example.com/app/accounts/1/conversations/1042";
    for (keys, expected) in [
        ("v y t", "Any news? I need it for Saturday."),
        ("v y q", "> Any news? I need it for Saturday."),
        ("v y l", &format!("{url}?messageId=505")),
        ("v y i", "505"),
        ("v y c", "afenda conv messages 1042"),
        ("y l", url),
        ("y i", "1042"),
        ("y n", "Dee Shopper"),
        ("y c", "afenda conv view 1042"),
    ] {
        assert_eq!(copied(keys).as_deref(), Some(expected), "{keys}");
    }
    assert_eq!(copied("y t"), None, "a letter that stands nowhere does nothing");
}

#[test]
fn a_failed_message_is_tried_again_and_others_are_answered() {
    let mut failed = message(0, MessageType::Outgoing, "Jo Agent", "Hello", 1);
    (failed.id, failed.outbox_id, failed.state) = (None, Some(outbox_id(1)), DeliveryState::Failed);
    let stage = |message: MessageView| {
        let mut screen = opened(80, 24);
        let mut messages = thread();
        messages.push(message);
        screen.messages(messages);
        screen
    };
    let mut screen = stage(failed.clone());
    assert!(matches!(screen.press("v R").as_slice(), [Effect::Retry(id, _)] if *id == outbox_id(1)));
    screen.answer(Answer::Retried(Err(failure(api::Code::OutboxState, "the entry is done"))));
    assert!(screen.draw().contains("Not tried again"), "{}", screen.draw());
    let mut screen = stage(MessageView { state: DeliveryState::Held, ..failed.clone() });
    assert!(screen.press("v R").is_empty(), "what may have arrived is not sent twice");
    let mut screen = stage(MessageView { id: Some(MessageId(600)), outbox_id: None, ..failed });
    assert!(screen.press("v R").is_empty());
    assert!(screen.state.composer.is_none());
    let mut screen = opened(80, 24);
    screen.press("R");
    assert_eq!(answers(&screen), (Purpose::Reply(DEE), None));
}

#[test]
fn links_are_copied_and_opened_only_where_a_person_sits() {
    let mut screen = opened(80, 24);
    screen.messages(rich());
    screen.press("O");
    let Some(Overlay::Pick(pick)) = &screen.state.overlay else { panic!("no links") };
    // The newest message first; the file behind a forbidden scheme has no address.
    let labels: Vec<_> = pick.lines.iter().map(|line| (line.label.as_str(), line.disabled.is_some())).collect();
    assert_eq!(
        labels,
        [
            ("[1] this", false),
            ("[1] the tracking page", false),
            ("[2] https://shop.example/orders/2291", false),
            ("[3] https://bank.example/", false),
            ("[4] https://quoted.example/", false),
            ("[5] invoice.pdf", false),
            ("[6] odd.bin", true),
            ("[1] photo-of-door.jpg", false),
        ]
    );
    assert!(pick.lines[3].note.contains("→ evil.example"));
    assert_eq!(screen.press("4 c"), [Effect::Copy("https://evil.example/login".into())]);
    assert_eq!(screen.press("O 4 b"), [Effect::Browse("https://evil.example/login".into())]);
    screen.answer(Answer::NotBrowsed("xdg-open cannot be started".into()));
    assert!(screen.draw().contains("Not opened"), "{}", screen.draw());
    assert!(screen.press("O 7").is_empty());
    screen.press("Esc");
    screen.state.remote = true;
    assert!(screen.press("O 4 b").is_empty(), "never at the far end of an SSH line");
    assert!(screen.draw().contains("over SSH"), "{}", screen.draw());
    assert_eq!(screen.press("c"), [Effect::Copy("https://evil.example/login".into())]);
}

#[test]
fn a_file_is_saved_and_says_where_it_is() {
    let mut screen = opened(80, 24);
    let save = screen.press("O 1 s");
    let [Effect::SaveFile { number, file, into: None }] = save.as_slice() else { panic!("{save:?}") };
    assert_eq!((file.message.0, file.id, file.name.as_str(), file.bytes), (501, 9, "photo-of-door.jpg", Some(312_400)));
    let number = *number;
    assert!(!screen.draw().contains("saving"), "nothing is said of what is done in a moment");
    screen.answer(Answer::Saving { number, done: 156_200, total: Some(312_400) });
    assert!(screen.draw().contains("saving 50%, Esc stops"), "{}", screen.draw());
    assert!(screen.press("O 1 s").is_empty(), "one at a time");
    screen.press("Esc");
    screen.answer(Answer::FileSaved(number, Ok("/home/jo/photo-of-door (1).jpg".into())));
    let drawn = screen.draw();
    assert!(drawn.contains("Saved as photo-of-door (1).jpg: /home/jo/photo-of-door (1).jpg"), "{drawn}");
    assert!(!drawn.contains("Esc stops"), "{drawn}");
}

#[test]
fn saving_is_stopped_and_fails_without_a_command_to_the_terminal() {
    let mut screen = opened(80, 24);
    screen.press("O 1 s");
    assert_eq!(screen.press("Esc"), [Effect::StopSaving]);
    assert!(screen.draw().contains("Stopped: photo-of-door.jpg is not saved"), "{}", screen.draw());
    // The next one is another; what the first still says counts no more.
    screen.effects.clear();
    let save = screen.press("O 1 s");
    let [Effect::SaveFile { number, .. }] = save.as_slice() else { panic!("{save:?}") };
    let number = *number;
    screen.answer(Answer::FileSaved(number - 1, Ok("/old".into())));
    assert!(screen.state.saving.is_some());
    screen.answer(Answer::FileSaved(number, Err("\u{1b}[2Jno space".into())));
    let drawn = screen.draw();
    assert!(drawn.contains("is not saved: ␛[2Jno space") && !drawn.contains('\u{1b}'), "{drawn}");
    assert!(screen.state.saving.is_none());
}

#[test]
fn the_unread_line_stays_where_it_was_when_the_conversation_was_opened() {
    let mut screen = Screen::new(80, 24);
    let mut views = talks();
    views[0].unread_count = 1;
    screen.answer(Answer::Conversation(DEE, Ok(views[0].clone())));
    screen.press("Enter");
    let line = |screen: &Screen| screen.draw().lines().position(|line| line.contains("unread from here"));
    let at = line(&screen).unwrap();
    assert!(screen.draw().lines().nth(at + 2).unwrap().contains("Dee Shopper"), "{}", screen.draw());
    views[0].unread_count = 0;
    screen.answer(Answer::Conversation(DEE, Ok(views[0].clone())));
    let mut more = thread();
    more.push(message(506, MessageType::Incoming, "Dee Shopper", "Hello?", 0));
    screen.messages(more);
    assert!(screen.draw().lines().nth(line(&screen).unwrap() + 3).unwrap().contains("Any news?"), "{}", screen.draw());
    screen.press("Esc Enter");
    assert_eq!(line(&screen), None, "opened anew nothing is unread");
}

#[test]
fn the_newest_message_on_the_screen_for_two_seconds_is_read() {
    let mut screen = opened(80, 24);
    assert!(marks(&wait(&mut screen, 1_750)).is_empty());
    assert_eq!(marks(&wait(&mut screen, 750)), [(DEE, true)]);
    assert!(marks(&wait(&mut screen, 5_000)).is_empty(), "once");
    let mut views = talks();
    views[0].unread_count = 1;
    screen.answer(Answer::MarkedRead(DEE, true, Ok(views[0].clone())));
    let mut more = thread();
    more.push(message(506, MessageType::Incoming, "Dee Shopper", "Hello?", 0));
    screen.messages(more);
    assert!(marks(&wait(&mut screen, 1_750)).is_empty(), "a new message has its own two seconds");
    assert_eq!(marks(&wait(&mut screen, 750)), [(DEE, true)]);
}

#[test]
fn what_is_not_looked_at_is_not_read() {
    // Beside the list it is only peeked at, wide or narrow.
    for width in [80, 200] {
        let mut screen = Screen::new(width, 50);
        screen.press("j k");
        assert!(marks(&wait(&mut screen, 10_000)).is_empty());
    }
    // Scrolled up, under another window, under the help, on another screen.
    type Hide = fn(&mut Screen);
    let cases: [(&str, Hide); 4] = [
        ("scrolled up", |screen| {
            let many = (0..60).map(|i| message(500 + i, MessageType::Incoming, "Dee", "text", 100 - i)).collect();
            screen.messages(many);
            screen.press("k k");
        }),
        ("another window", |screen| screen.send(Event::Focus(false))),
        ("help", |screen| {
            screen.press("?");
        }),
        ("another screen", |screen| {
            screen.press("2");
        }),
    ];
    for (name, hide) in cases {
        let mut screen = opened(80, 24);
        assert!(marks(&wait(&mut screen, 1_000)).is_empty());
        hide(&mut screen);
        assert!(marks(&wait(&mut screen, 10_000)).is_empty(), "{name}");
    }
    let mut screen = opened(80, 24);
    screen.send(Event::Focus(false));
    wait(&mut screen, 5_000);
    screen.send(Event::Focus(true));
    assert!(marks(&wait(&mut screen, 1_750)).is_empty(), "attention counts from when it is back");
    assert_eq!(marks(&wait(&mut screen, 750)), [(DEE, true)]);
}

#[test]
fn searching_marks_nothing_by_itself() {
    let mut screen = opened(80, 24);
    let many = (0..60).map(|i| message(500 + i, MessageType::Incoming, "Dee", &format!("text {i}"), 100 - i)).collect();
    screen.messages(many);
    screen.press("\\");
    screen.type_text("text 3");
    screen.press("Enter n n n n n n n n n n");
    assert!(marks(&wait(&mut screen, 10_000)).is_empty(), "the newest is not on the screen");
}

#[test]
fn a_reply_is_read_and_a_note_is_not() {
    for (key, expected) in [("r", vec![(DEE, true)]), ("p", vec![])] {
        let mut screen = opened(80, 24);
        screen.press(key);
        screen.type_text("x");
        let effects = screen.press("Ctrl+S");
        let (purpose, key) = effects
            .iter()
            .find_map(|e| if let Effect::Submit { purpose, key, .. } = e { Some((*purpose, key.clone())) } else { None })
            .unwrap();
        let mut queued = message(0, MessageType::Outgoing, "Jo Agent", "x", 0);
        (queued.id, queued.outbox_id, queued.private) = (None, Some(outbox_id(1)), matches!(purpose, Purpose::Note(_)));
        screen.effects.clear();
        screen.answer(Answer::Submitted { purpose, key, result: Ok(crate::event::Submitted::Message(Box::new(queued))) });
        assert_eq!(marks(&screen.effects), expected);
    }
}

#[test]
fn marked_unread_it_stays_unread_until_it_is_opened_anew() {
    let mut screen = opened(80, 24);
    assert_eq!(marks(&screen.press("U")), [(DEE, false)]);
    let mut view = talks().remove(0);
    view.unread_count = 1;
    screen.answer(Answer::MarkedRead(DEE, false, Ok(view)));
    assert!(screen.draw().contains("marked unread"), "{}", screen.draw());
    assert!(marks(&wait(&mut screen, 10_000)).is_empty());
    screen.press("Esc");
    wait(&mut screen, 500);
    screen.press("Enter");
    assert_eq!(marks(&wait(&mut screen, 2_500)), [(DEE, true)]);
    let mut screen = Screen::new(80, 24);
    assert_eq!(marks(&screen.press("j U")), [(ConversationId(1041), false)], "from the list too");
    screen.answer(Answer::MarkedRead(ConversationId(1041), false, Err(failure(api::Code::ValidationFailed, "no"))));
    assert!(screen.draw().contains("not marked unread"));
}

#[test]
fn the_search_goes_from_the_newest_up_and_reads_on() {
    let mut screen = opened(80, 24);
    let texts = ["zebra one", "nothing", "ZEBRA two", "nothing", "nothing", "a Zebra three"];
    let messages = |from: i64, texts: &[&str]| -> Vec<_> {
        (from..).zip(texts).map(|(id, text)| message(id, MessageType::Incoming, "Dee", text, 1_000 - id)).collect()
    };
    let newest = Page { data: messages(900, &texts), meta: PageMeta { next_cursor: Some("x".into()), ..PageMeta::default() } };
    screen.answer(Answer::Messages { id: DEE, older: false, result: Ok(newest) });
    screen.press("\\");
    screen.type_text("zebra");
    check("reading_search", &screen);
    screen.press("Enter");
    assert_eq!(selected(&screen), Some("m905"));
    check("reading_found", &screen);
    screen.press("n");
    assert_eq!(selected(&screen), Some("m902"));
    screen.press("n");
    assert_eq!(selected(&screen), Some("m900"));
    screen.press("N");
    assert_eq!(selected(&screen), Some("m902"));
    let effects = screen.press("n n");
    assert_eq!(effects, [Effect::Messages { id: DEE, before: Some(900) }], "older ones are read");
    assert!(screen.draw().contains("reading older messages"));
    let older =
        Page { data: messages(800, &["old zebra", "nothing"]), meta: PageMeta { next_cursor: Some("y".into()), ..PageMeta::default() } };
    screen.answer(Answer::Messages { id: DEE, older: true, result: Ok(older) });
    assert_eq!(selected(&screen), Some("m800"));
    screen.press("n");
    screen.answer(Answer::Messages { id: DEE, older: true, result: Ok(page(messages(700, &["nothing"]))) });
    assert!(screen.draw().contains("No match further up"), "{}", screen.draw());
    assert_eq!(selected(&screen), Some("m800"));
    screen.press("Esc");
    assert_eq!((screen.state.find.as_ref(), screen.state.focus), (None, crate::state::Focus::Open));
    screen.press("n");
    assert_ne!(screen.state.open, Some(DEE), "n is the next unread again");
}

#[test]
fn a_search_in_a_long_message_goes_to_its_line() {
    for hit in [3, 40, 78] {
        let mut screen = opened(80, 24);
        let text: Vec<String> = (0..80).map(|n| if n == hit { "the zebra".to_owned() } else { format!("line {n}") }).collect();
        let long = message(900, MessageType::Incoming, "Dee", &text.join("\n"), 60);
        let mut messages = vec![message(899, MessageType::Incoming, "Dee", "before", 70), long];
        messages.extend((901..910).map(|id| message(id, MessageType::Incoming, "Dee", "after", 50)));
        screen.messages(messages);
        screen.press("\\");
        screen.type_text("zebra");
        screen.press("Enter");
        assert!(screen.draw().contains("the zebra"), "{hit}: {}", screen.draw());
        assert_eq!(selected(&screen), Some("m900"));
    }
}

#[test]
fn hostile_messages_are_only_text_and_cost_little() {
    let mut messages = Vec::new();
    let links = "https://a.example/ ".repeat(2_000);
    let long = "x".repeat(5_000);
    let address = format!("https://a.example/{}", "y".repeat(3_000));
    let escapes = "a\u{1b}]8;;https://evil.example\u{7}click\u{1b}]8;;\u{7} \u{202e}[x](https://a.example/\u{202e})\u{1b}[2J **\u{9b}31m**";
    let texts = [
        &links,
        &long,
        &address,
        escapes,
        &"[".repeat(3_000),
        &"**a ".repeat(2_000),
        "<p>\u{1b}[2J<a href=\"https://a.example/\u{1b}\">x</a>",
    ];
    for (i, text) in texts.iter().enumerate() {
        messages.push(message(500 + i64::try_from(i).unwrap(), MessageType::Incoming, "Dee", text, 5));
    }
    for (width, height) in [(80, 24), (20, 6)] {
        let mut screen = opened(width, height);
        screen.messages(messages.clone());
        for keys in ["v", "( (", "( (", "O", "Esc", "\\ x Enter n n n", "Esc", "g g"] {
            screen.press(keys);
            for cell in &screen.terminal().backend().buffer().content {
                assert!(cell.symbol().chars().all(crate::text::is_safe), "{:?}", cell.symbol());
            }
        }
        screen.press("G v > ");
    }
    let mut screen = opened(80, 24);
    screen.messages(messages.drain(..1).collect());
    screen.press("O");
    let Some(Overlay::Pick(pick)) = &screen.state.overlay else { panic!("no links") };
    assert_eq!((pick.lines.len(), pick.title.as_str()), (200, "Links and files, 1800 more not listed"));
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_and_its_links_lead_only_where_they_may(
        text in "(\\PC|[\\[\\]()*_`<>!#&;:/@. \n]|https://|<a href=|\\]\\(|mailto:){0,80}",
        width in 1_usize..90,
    ) {
        let m = message(501, MessageType::Incoming, "Dee", &text, 5);
        let content = crate::view::message::content(&m);
        proptest::prop_assert!(content.chars().all(|c| c == '\n' || crate::text::is_safe(c)), "{content:?}");
        for link in crate::view::message::links(&m) {
            let scheme = link.address.split(':').next().unwrap_or_default();
            proptest::prop_assert!(["http", "https", "mailto", "tel"].contains(&scheme), "{link:?}");
            proptest::prop_assert!(link.address.is_ascii() && link.host.is_ascii(), "{link:?}");
        }
        let theme = crate::Theme::new(crate::Depth::True, crate::Background::Dark);
        let mut reader = crate::view::rich::Reader::default();
        for mut line in content.split('\n').filter_map(|line| reader.line(line)) {
            line.mark("a");
            let rows = line.rows(&theme, theme.text, width);
            let shown: String = rows.iter().flatten().map(|span| span.content.as_ref()).collect();
            let words = |text: &str| text.split_whitespace().collect::<String>();
            proptest::prop_assert_eq!(words(&shown), words(&line.text), "nothing is lost and nothing is twice");
        }
    }
}

#[test]
fn links_past_the_ninth_have_letters_that_move_nowhere_else() {
    let text: Vec<String> = (1..=70).map(|n| format!("https://shop{n}.example/")).collect();
    let mut screen = opened(80, 24);
    screen.messages(vec![message(600, MessageType::Incoming, "Dee Shopper", &text.join(" "), 1)]);
    screen.press("O");
    let Some(Overlay::Pick(pick)) = &screen.state.overlay else { panic!("{}", screen.draw()) };
    let letters: String = pick.lines.iter().filter_map(|line| line.letter).collect();
    assert_eq!((pick.lines.len(), letters.len()), (70, 51));
    assert!(!letters.contains(['h', 'j', 'k', 'l', 'q']) && letters.starts_with("123456789abc"), "{letters}");
    assert!(screen.draw().contains("c [12] https://shop12.example/"), "{}", screen.draw());
    screen.press("c");
    assert!(screen.draw().contains("https://shop12.example/"), "{}", screen.draw());
    assert_eq!(screen.press("c"), [Effect::Copy("https://shop12.example/".into())]);
    // What has no letter is chosen by going there.
    screen.press("O");
    for _ in 0..69 {
        screen.press("↓");
    }
    screen.press("Enter");
    assert!(screen.draw().contains("https://shop70.example/"), "{}", screen.draw());
}
