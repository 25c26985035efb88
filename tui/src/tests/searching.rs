//! Search: what the line asks and when, what is shown of it, and how a result opens.

use api::Code;
use api::event::StreamEvent;
use api::id::{ConversationId, MessageId};
use api::inbox::{MessageType, MessageView, Sender, SenderKind};
use api::lists::CannedResponseView;
use api::page::{Page, PageMeta};
use api::search::{FoundMessage, SearchPage, SnippetPart};

use super::world::{Screen, Talk, ago, failure, lost, message, page, talks};
use crate::event::{Answer, Effect, Event};
use crate::keymap::Context;
use crate::state::Focus;
use crate::text;

const DEE: ConversationId = ConversationId(1042);
const SIZES: [(u16, u16); 3] = [(200, 50), (80, 24), (60, 20)];

/// A message found in Dee's conversation; `[` and `]` stand around the hit.
fn found(id: i64, contact: &str, marked: &str, minutes: i64) -> FoundMessage {
    let pieces = marked.split(['[', ']']).enumerate().map(|(i, text)| SnippetPart { text: text.to_owned(), hit: i % 2 == 1 });
    FoundMessage {
        id: MessageId(id),
        conversation_id: DEE,
        contact: contact.to_owned(),
        sender: Some(Sender { id: Some(1), kind: SenderKind::Contact, name: contact.to_owned() }),
        message_type: MessageType::Incoming,
        private: false,
        created_at: ago(minutes),
        snippet: pieces.filter(|part| !part.text.is_empty()).collect(),
    }
}

pub(super) fn results() -> SearchPage {
    let mut note = found(650, "Dee Shopper", "courier has no signature for this [parcel], refund or resend?", 60);
    (note.private, note.message_type, note.sender.as_mut().unwrap().name) = (true, MessageType::Outgoing, "Jo Agent".into());
    let mut reply = found(640, "Bob Walker", "We have sent the [parcel] again", 130);
    (reply.message_type, reply.sender.as_mut().unwrap().name) = (MessageType::Outgoing, "Jo Agent".into());
    let far = "the order was made a month ago and paid the same day, and then after all that time my [parcel] did not come";
    let contact = talks().remove(0).contact;
    SearchPage {
        data: vec![note, found(645, "李小龙", "我的 [parcel] 在哪里", 90), reply, found(630, "Marta Keller", far, 1_500)],
        contacts: vec![api::inbox::ContactView { name: "Parcel Service Ltd".into(), ..contact }],
        canned_responses: vec![CannedResponseView { id: 3, short_code: "late".into(), content: "Sorry, your parcel is late.".into() }],
        meta: PageMeta { total: 4, limit: 50, ..PageMeta::default() },
    }
}

fn answer(screen: &mut Screen, page: SearchPage) {
    let generation = screen.state.search.generation;
    screen.answer(Answer::Search { generation, more: false, result: Ok(page) });
}

/// A screen on which `parcel` was looked for and found.
pub(super) fn searched(width: u16, height: u16) -> Screen {
    let mut screen = Screen::new(width, height);
    screen.state.threads.clear();
    screen.press("3");
    screen.type_text("parcel");
    screen.tick(200);
    answer(&mut screen, results());
    screen.effects.clear();
    screen
}

/// Many results, as an answer to what stands in the line.
pub(super) fn fill(screen: &mut Screen, count: i64) {
    screen.tick(200);
    let data = (0..count).map(|i| found(5_000 - i, "Somebody", "some [text]", i)).collect();
    answer(screen, SearchPage { data, ..SearchPage::default() });
}

fn some(ids: std::ops::Range<i64>) -> Vec<MessageView> {
    ids.map(|id| message(id, MessageType::Incoming, "Dee Shopper", &format!("message number {id}"), 700 - id)).collect()
}

fn around(upto: std::ops::Range<i64>, after: std::ops::Range<i64>) -> (Page<MessageView>, Page<MessageView>) {
    let mut first = page(some(upto));
    first.meta.next_cursor = Some("x".into());
    (first, page(some(after)))
}

/// The first message of the results, opened, with fifty messages on both sides.
fn opened(width: u16, height: u16) -> Screen {
    let mut screen = searched(width, height);
    screen.press("Enter j j Enter");
    screen.answer(Answer::Around { id: DEE, message: MessageId(650), result: Ok(around(601..651, 651..701)) });
    screen
}

fn toasts(screen: &Screen) -> String {
    screen.state.toasts.iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join("\n")
}

#[test]
fn screens() {
    for (width, height) in SIZES {
        let check = |name: &str, screen: &Screen| insta::assert_snapshot!(format!("{name}_{width}x{height}"), screen.draw());
        let mut screen = Screen::new(width, height);
        screen.press("g /");
        check("search_empty", &screen);
        screen.type_text("label:vip before:soon");
        screen.tick(200);
        let generation = screen.state.search.generation;
        let refused = Err(failure(Code::ValidationFailed, "q: `before:soon` is no date; write it as before:2026-11-20"));
        screen.answer(Answer::Search { generation, more: false, result: refused });
        check("search_refused", &screen);
        check("search_found", &searched(width, height));
        check("search_opened", &opened(width, height));
    }
}

#[test]
fn the_line_is_asked_when_it_rests_and_once_at_a_time() {
    let mut screen = Screen::new(80, 24);
    screen.press("3");
    screen.type_text("par");
    screen.effects.clear();
    screen.tick(100);
    assert_eq!(screen.effects, []);
    screen.tick(100);
    let asked = |screen: &Screen| {
        let queries = screen.effects.iter().filter_map(|e| if let Effect::Search { query, .. } = e { Some(query.q.clone()) } else { None });
        queries.collect::<Vec<_>>()
    };
    assert_eq!(asked(&screen), ["par"]);
    screen.type_text("cel");
    screen.tick(300);
    assert_eq!(asked(&screen), ["par"], "the first answer is awaited");
    let first = screen.state.search.generation - 3;
    let old = SearchPage { data: vec![found(1, "Old", "[par]", 1)], ..results() };
    screen.answer(Answer::Search { generation: first, more: false, result: Ok(old) });
    assert!(screen.state.search.messages.is_empty(), "an answer to an older line is dropped");
    screen.tick(300);
    assert_eq!(asked(&screen), ["par", "parcel"]);
    answer(&mut screen, results());
    assert_eq!(screen.state.search.messages.len(), 4);
    // An emptied line asks for nothing and shows nothing, whatever still comes.
    screen.press("Ctrl+U");
    screen.effects.clear();
    screen.answer(Answer::Search { generation: first, more: false, result: Ok(results()) });
    screen.tick(300);
    assert_eq!((asked(&screen).len(), screen.state.search.is_empty()), (0, true));
}

#[test]
fn keys_after_new_words_do_not_act_on_what_the_old_ones_found() {
    let mut screen = searched(80, 24);
    screen.type_text("s");
    for at in ["typed", "asked for"] {
        screen.press("Enter Enter");
        assert!(screen.state.search.typing && screen.state.open.is_none(), "the words were only {at}");
        screen.tick(200);
    }
    answer(&mut screen, results());
    screen.press("Enter");
    assert!(!screen.state.search.typing);
}

#[test]
fn search_is_two_keys_away_from_every_pane() {
    for pane in ["j", "Enter", "2", "2 Enter"] {
        for keys in ["3", "g /"] {
            let mut screen = Screen::new(80, 24);
            screen.press(pane);
            screen.press(keys);
            assert_eq!(screen.state.context(), Context::Search, "{pane} {keys}");
            screen.type_text("3g/");
            assert_eq!(screen.state.search.line.text(), "3g/", "digits are text in the line");
            screen.press("Esc");
            assert_eq!(screen.state.context(), Context::List);
        }
    }
}

#[test]
fn a_result_opens_at_its_message_and_esc_goes_back_to_it() {
    for width in [80, 200] {
        let mut screen = searched(width, 30);
        let effects = screen.press("Enter j j Enter");
        let wanted = Effect::Around { id: DEE, message: MessageId(650) };
        assert_eq!(effects.iter().filter(|e| **e == wanted).count(), 1, "{effects:?}");
        screen.answer(Answer::Around { id: DEE, message: MessageId(650), result: Ok(around(601..651, 651..701)) });
        let drawn = screen.draw();
        let row = drawn.lines().position(|line| line.contains("◂ found")).unwrap_or_else(|| panic!("{drawn}"));
        assert!((6..24).contains(&row) && drawn.contains("message number 650"), "{drawn}");
        assert!(drawn.contains("newer below"), "{drawn}");
        screen.press("Esc");
        assert_eq!((screen.state.context(), screen.state.search.cursor), (Context::Found, 2));
        assert!(screen.draw().contains("for this parcel"));
    }
}

#[test]
fn from_a_message_one_reads_on_in_both_directions() {
    let mut screen = opened(80, 24);
    let effects = screen.press("Ctrl+B Ctrl+B Ctrl+B Ctrl+B Ctrl+B Ctrl+B Ctrl+B");
    assert!(effects.contains(&Effect::Messages { id: DEE, before: Some(601) }), "{effects:?}");
    screen.answer(Answer::Messages { id: DEE, older: true, result: Ok(page(some(590..601))) });
    assert_eq!(screen.state.threads[&DEE].messages.first().and_then(|m| m.id), Some(MessageId(590)));
    let effects = screen.press("Ctrl+F Ctrl+F Ctrl+F Ctrl+F Ctrl+F Ctrl+F Ctrl+F Ctrl+F Ctrl+F Ctrl+F Ctrl+F Ctrl+F Ctrl+F Ctrl+F Ctrl+F");
    assert_eq!(effects.iter().filter(|e| matches!(e, Effect::Newer { .. })).count(), 1, "asked once: {effects:?}");
    assert!(effects.contains(&Effect::Newer { id: DEE, after: 700 }));
    screen.answer(Answer::Newer { id: DEE, after: 699, result: Ok(page(some(800..803))) });
    assert!(screen.state.threads[&DEE].around.is_some(), "what does not follow is dropped");
    screen.answer(Answer::Newer { id: DEE, after: 700, result: Ok(page(some(701..704))) });
    let thread = &screen.state.threads[&DEE];
    assert_eq!((thread.around, thread.messages.len()), (None, 114), "joined to the newest");
}

#[test]
fn the_newest_are_one_key_away_and_old_answers_do_not_mix_in() {
    let mut screen = opened(80, 24);
    let effects = screen.press("Ctrl+B Ctrl+B Ctrl+B Ctrl+B Ctrl+B Ctrl+B Ctrl+B");
    assert!(effects.contains(&Effect::Messages { id: DEE, before: Some(601) }), "{effects:?}");
    let effects = screen.press("G");
    assert!(effects.contains(&Effect::Messages { id: DEE, before: None }), "{effects:?}");
    screen.answer(Answer::Messages { id: DEE, older: true, result: Ok(page(some(551..601))) });
    screen.answer(Answer::Messages { id: DEE, older: false, result: Ok(page(some(900..910))) });
    let thread = &screen.state.threads[&DEE];
    assert_eq!((thread.messages.len(), thread.around, thread.mark), (10, None, None));
    assert!(screen.draw().contains("message number 909"));
}

#[test]
fn what_happens_meanwhile_does_not_move_the_place() {
    let mut screen = opened(80, 24);
    let before = screen.draw();
    screen.effects.clear();
    screen.send(super::behaviour::activity(101, api::event::ActivityType::MessageCreated, 1042));
    assert!(screen.effects.contains(&Effect::Around { id: DEE, message: MessageId(650) }), "{:?}", screen.effects);
    screen.answer(Answer::Around { id: DEE, message: MessageId(650), result: Ok(around(601..651, 651..701)) });
    assert_eq!(screen.draw(), before);
    assert_eq!(screen.state.threads[&DEE].messages.len(), 100);
}

#[test]
fn looking_for_something_marks_nothing_read() {
    for width in [80, 200] {
        let mut screen = opened(width, 30);
        let mut effects = std::mem::take(&mut screen.effects);
        effects.extend(screen.press("j j Esc j k Enter Esc"));
        for _ in 0..20 {
            screen.tick(500);
        }
        effects.append(&mut screen.effects);
        assert!(!effects.iter().any(|e| matches!(e, Effect::Patch { .. } | Effect::Submit { .. })), "{effects:?}");
    }
}

#[test]
fn what_is_gone_is_said() {
    let mut screen = searched(80, 24);
    screen.press("Enter j j Enter");
    screen.answer(Answer::Around { id: DEE, message: MessageId(650), result: Ok(around(601..650, 651..660)) });
    assert!(toasts(&screen).contains("That message is gone"));
    let drawn = screen.draw();
    assert!(drawn.contains("message number 649") && !drawn.contains("◂ found"), "{drawn}");
    let mut screen = searched(80, 24);
    screen.press("Enter j j Enter");
    let gone = Err(failure(Code::NotFound, "there is no such conversation"));
    screen.answer(Answer::Around { id: DEE, message: MessageId(650), result: gone });
    assert!(toasts(&screen).contains("Conversation #1042 is gone"));
    assert_eq!((screen.state.context(), screen.state.search.cursor), (Context::Found, 2));
}

#[test]
fn a_daemon_that_is_lost_meanwhile_is_asked_again() {
    let mut screen = Screen::new(80, 24);
    screen.state.threads.clear();
    screen.press("3");
    screen.type_text("parcel");
    screen.tick(200);
    let generation = screen.state.search.generation;
    screen.answer(Answer::Search { generation, more: false, result: Err(lost()) });
    screen.effects.clear();
    screen.tick(300);
    assert!(!screen.effects.iter().any(|e| matches!(e, Effect::Search { .. })));
    assert!(screen.draw().contains("asked again when it is back"), "{}", screen.draw());
    screen.tick(600);
    let stream = screen.state.stream.generation;
    screen.send(Event::Stream(stream, Ok(StreamEvent::Ready { seq: 101 })));
    screen.tick(300);
    assert_eq!(screen.effects.iter().filter(|e| matches!(e, Effect::Search { .. })).count(), 1, "{:?}", screen.effects);
    answer(&mut screen, results());
    // The same while a result is read.
    screen.press("Enter j j Enter");
    screen.answer(Answer::Around { id: DEE, message: MessageId(650), result: Err(lost()) });
    screen.tick(20_000);
    screen.effects.clear();
    let stream = screen.state.stream.generation;
    screen.send(Event::Stream(stream, Ok(StreamEvent::Ready { seq: 101 })));
    screen.tick(300);
    assert!(screen.effects.contains(&Effect::Around { id: DEE, message: MessageId(650) }), "{:?}", screen.effects);
    assert_eq!(screen.state.focus, Focus::Open);
}

#[test]
fn the_next_result_is_a_key_away_and_further_pages_are_read() {
    let mut screen = searched(80, 24);
    screen.state.search.next_cursor = Some("next".into());
    let effects = screen.press("Enter j");
    let more = effects.iter().find_map(|e| if let Effect::Search { query, .. } = e { query.cursor.clone() } else { None });
    assert_eq!(more.as_deref(), Some("next"));
    let generation = screen.state.search.generation;
    let data = vec![found(601, "Ann", "one more [parcel]", 9_000)];
    screen.answer(Answer::Search { generation, more: true, result: Ok(SearchPage { data, ..SearchPage::default() }) });
    assert_eq!(screen.state.search.messages.len(), 5);
    screen.press("j Enter");
    screen.answer(Answer::Around { id: DEE, message: MessageId(650), result: Ok(around(601..651, 651..701)) });
    screen.press("n");
    assert_eq!(screen.state.search.chosen(), Some((DEE, MessageId(645))));
    assert!(screen.draw().contains("message number 645"), "{}", screen.draw());
    screen.press("N N");
    assert!(toasts(&screen).contains("first result"));
}

#[test]
fn hostile_text_in_results_is_only_text() {
    const HOSTILE: &str = "a\u{1b}]0;x\u{7}b\u{1b}[2Jc\u{202e}d\n\re\u{301}\u{301}\u{9b}31m李";
    let mut screen = Screen::new(80, 24);
    screen.press("3");
    screen.send(Event::Paste(HOSTILE.repeat(40)));
    assert!(screen.state.search.line.text().chars().count() <= 500);
    screen.tick(200);
    let mut page = results();
    page.contacts[0].name = HOSTILE.into();
    page.canned_responses[0].content = HOSTILE.into();
    for found in &mut page.data {
        found.contact = HOSTILE.into();
        found.sender.as_mut().unwrap().name = HOSTILE.into();
        found.snippet.iter_mut().for_each(|part| part.text = HOSTILE.into());
    }
    answer(&mut screen, page);
    for cell in &screen.terminal().backend().buffer().content {
        assert!(cell.symbol().chars().all(text::is_safe), "{:?}", cell.symbol());
    }
    let drawn = screen.draw();
    assert!(drawn.lines().all(|line| text::width(line) <= 80), "{drawn}");
    assert!(drawn.contains("▮"), "{drawn}");
}

#[test]
fn a_conversation_opened_from_the_list_is_at_its_end_again() {
    let mut screen = opened(80, 24);
    let effects = screen.press("1 Enter");
    assert!(effects.contains(&Effect::Messages { id: DEE, before: None }), "{effects:?}");
    assert_eq!(screen.state.threads[&DEE].mark, None);
    let other = Talk::new(7, "Ann", "x", 5).view();
    screen.answer(Answer::Conversation(other.id, Ok(other)));
}
