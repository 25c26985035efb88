//! The inbox line by line: what it says, that it never acts on what its prompt did not name, and that nothing in it steers a terminal.

use api::id::{ConversationId, MessageId};
use api::inbox::{ConversationStatus, OutboxState, OutboxView};
use proptest::prelude::*;

use super::anything::Run;
use super::world::{Screen, ago, approvals, entry, lost, me, message, outbox_id, page, status, talks, thread};
use crate::accessible::dialog::Dialog;
use crate::accessible::safe;
use crate::event::{Answer, Effect, Event, Purpose};
use crate::text;

const DEE: ConversationId = ConversationId(1042);

/// Somebody who reads prompts and answers them, against a daemon that does as it is told.
struct Talk {
    run: Run,
    dialog: Dialog,
    /// What the last prompt said, its question last.
    said: String,
    transcript: String,
}

impl Talk {
    fn new() -> Self {
        Self::on(Screen::new(80, 24))
    }

    fn on(screen: Screen) -> Self {
        let mut run = Run::new(false);
        run.screen = screen;
        run.screen.state.calm = false;
        // Both were asked for twice.
        run.screen.answer(Answer::Me(Ok(me(Some(true)))));
        run.screen.answer(Answer::Status(Ok(status(api::status::LinkState::Live))));
        let mut talk = Self { run, dialog: Dialog::default(), said: String::new(), transcript: String::new() };
        talk.prompt();
        talk
    }

    fn prompt(&mut self) {
        self.dialog.hear(&mut self.run.screen.state);
        let question = self.dialog.prompt(&mut self.run.screen.state);
        let mut lines = self.dialog.take();
        lines.push(question);
        self.said = lines.iter().map(|line| safe(line)).collect::<Vec<_>>().join("\n");
        self.transcript.push_str(&self.said);
    }

    /// What the answer asks of the outside.
    fn type_line(&mut self, line: &str) -> Vec<Effect> {
        self.transcript.push_str(&format!(" «{}»\n", safe(line)));
        self.dialog.answer(&mut self.run.screen.state, line)
    }

    /// Types lines; all that is asked for is answered, and well. Returns the effects of the last.
    fn types(&mut self, lines: &[&str]) -> Vec<Effect> {
        let mut last = Vec::new();
        for line in lines {
            last = self.type_line(line);
            self.run.waiting.extend(last.clone());
            self.settle();
            self.prompt();
        }
        last
    }

    /// Everything that is asked for is answered, what that asks for too, and time passes for what waits for it.
    fn settle(&mut self) {
        for _ in 0..40 {
            self.dialog.hear(&mut self.run.screen.state);
            let new = std::mem::take(&mut self.run.screen.effects);
            self.run.waiting.extend(new);
            if self.run.waiting.is_empty() {
                if self.dialog.is_ready(&self.run.screen.state) {
                    return;
                }
                self.run.screen.tick(250);
                continue;
            }
            let effect = self.run.waiting.remove(0);
            let known = match &effect {
                Effect::Approval(id) => approvals().into_iter().find(|a| a.id == *id).map(|a| Answer::Approval(*id, Ok(a))),
                Effect::Messages { id, before: None } if *id == DEE => {
                    Some(Answer::Messages { id: *id, older: false, result: Ok(page(thread())) })
                }
                Effect::Outbox => Some(Answer::Outbox(Ok(Vec::new()))),
                Effect::Directory => None,
                Effect::Around { id, message } => {
                    let mut upto = page(vec![thread().remove(0)]);
                    upto.data[0].id = Some(*message);
                    upto.meta.next_cursor = Some("more".into());
                    let after = page(
                        (1..=30)
                            .map(|n| {
                                super::world::message(700 + n, api::inbox::MessageType::Incoming, "Dee Shopper", &format!("later {n}"), 5)
                            })
                            .collect(),
                    );
                    Some(Answer::Around { id: *id, message: *message, result: Ok((upto, after)) })
                }
                // The world of the others knows no WhatsApp.
                Effect::Conversation(id) => {
                    let there = self.run.screen.state.conversations.get(id).filter(|view| view.inbox.channel == "Whatsapp").cloned();
                    there.map(|view| Answer::Conversation(*id, Ok(view)))
                }
                Effect::Patch { id, patch, label, .. } => talks().into_iter().find(|view| view.id == *id).map(|mut view| {
                    view.status = patch.status.unwrap_or(view.status);
                    Answer::Patched { id: *id, label: label.clone(), result: Ok(view) }
                }),
                _ => None,
            };
            match known {
                Some(answer) => self.run.screen.answer(answer),
                None => {
                    self.run.waiting.insert(0, effect);
                    // Chosen by its place: the first.
                    let mut first = vec![self.run.waiting.remove(0)];
                    std::mem::swap(&mut first, &mut self.run.waiting);
                    self.run.answer(&index(), 3);
                    self.run.waiting.extend(first);
                }
            }
        }
    }
}

/// An index of the only one.
fn index() -> prop::sample::Index {
    use proptest::strategy::ValueTree as _;
    any::<prop::sample::Index>().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap().current()
}

fn submits(effects: &[Effect]) -> Vec<(Purpose, &str)> {
    let submit = |effect: &'_ Effect| if let Effect::Submit { purpose, .. } = effect { Some(*purpose) } else { None };
    let text = |effect: &'_ Effect| matches!(effect, Effect::Submit { .. });
    let texts = effects
        .iter()
        .filter(|effect| text(effect))
        .map(|effect| if let Effect::Submit { text, .. } = effect { text.as_str() } else { "" });
    effects.iter().filter_map(submit).zip(texts).collect()
}

#[test]
fn every_place_is_told_in_lines() {
    let told = |lines: &[&str]| {
        let mut talk = Talk::new();
        talk.types(lines);
        talk.transcript
    };
    for (name, lines) in [
        ("list", &["", "help", "nonsense", "re", "99", "more"][..]),
        ("tabs", &["tab", "mentions", "show", "2", "find refund"]),
        ("thread", &["1", "older", "unread", "next"]),
        ("assign", &["dee", "assign", "me", "ada admin"]),
        ("labels", &["dee", "labels", "vip", "refund", "back", "labels", "escalate", "save"]),
        ("snooze", &["dee", "snooze", "0", "priority", "high", "status", "snooze"]),
        ("reply", &["dee", "reply", "One.", "", "Two.", ".", "more", "Three.", ".", "send"]),
        ("canned", &["dee", "canned", "late", ".", "anew", "/gre", "/nothing", "//plain", ".", "note", "reply", "no", "discard", "yes"]),
        ("note", &["dee", "note", "Ask @Ada Admin, and @bil now; mail a@b", "billing", "@nobody", ".", "send"]),
        ("escalate", &["dee", "escalate", ".", "escalate", "Refund it?", ".", "send"]),
        ("approve", &["approvals", "1", "approve", "approve", "no", "a", "yes"]),
        ("reject", &["approvals", "ap-42", "reject", "Resend it.", ".", "back", "reject", "send"]),
        ("decided", &["approvals", "tab", "decided", "inbox"]),
        ("search", &["search", "parcel", "2", "newer", "newer", "back", "search", "", "0"]),
        ("bulk", &["resolve", "mark 1 3", "mark 77", "mark", "2", "assign", "0", "resolve", "no", "resolve", "yes"]),
        ("quit", &["dee", "reply", "half", ".", "back", "quit", "no", "quit", "yes"]),
    ] {
        insta::assert_snapshot!(format!("spoken_{name}"), told(lines));
    }
}

#[test]
fn a_template_is_chosen_filled_and_read_out_before_it_is_sent() {
    let mut talk = Talk::on(super::templates::whatsapp(80, 24, false));
    talk.types(&["dee", "reply"]);
    assert!(talk.said.contains("the reply window is closed") && talk.said.contains("a private note, TEAM ONLY"), "{}", talk.said);
    talk.types(&["2"]);
    assert!(talk.said.contains("{{first_name}}, 1 of 2") && talk.said.contains("nothing takes Dee"), "{}", talk.said);
    assert_eq!(submits(&talk.types(&["", "{{contact.name}}"])), []);
    assert!(talk.said.contains("Liquid"), "{}", talk.said);
    assert_eq!(submits(&talk.types(&["A-2291"])), []);
    let text = "Hi Dee, your order A-2291 is on its way.";
    assert!(talk.said.contains("To the CUSTOMER via Shop WhatsApp, template parcel_sent") && talk.said.contains(text), "{}", talk.said);
    assert_eq!(submits(&talk.types(&["y"])), [(Purpose::Template(DEE), text)]);
    talk.types(&["reply", "2", "."]);
    assert!(talk.said.contains("Conversation #1042"), "{}", talk.said);
}

#[test]
fn nothing_is_sent_before_it_was_read_out_with_its_reader() {
    let mut talk = Talk::new();
    for (begin, reader) in [("reply", "CUSTOMER via Shop API"), ("note", "TEAM ONLY")] {
        assert_eq!(submits(&talk.types(&["inbox", "#1042", begin, "It is on its way."])), []);
        assert_eq!(submits(&talk.types(&["."])), []);
        assert!(talk.said.contains(&format!("Read by: {reader}")) && talk.said.contains("  It is on its way."), "{}", talk.said);
        assert!(talk.said.lines().last().unwrap().contains("#1042 Dee Shopper"), "{}", talk.said);
        let sent = talk.types(&["send"]);
        let purpose = if begin == "reply" { Purpose::Reply(DEE) } else { Purpose::Note(DEE) };
        assert_eq!(submits(&sent), [(purpose, "It is on its way.")]);
    }
}

#[test]
fn a_prompt_that_stands_no_longer_takes_no_answer() {
    let mut talk = Talk::new();
    talk.types(&["approvals", "1", "approve"]);
    assert!(talk.said.ends_with("yes or no:"), "{}", talk.said);
    let mut changed = approvals().remove(0);
    (changed.revision, changed.amount) = (3, changed.amount.map(|amount| api::approval::Money { minor_units: 90_000, ..amount }));
    talk.run.screen.answer(Answer::Approval(changed.id, Ok(changed)));
    let effects = talk.types(&["yes"]);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Approve { .. })));
    for words in
        ["it was not used", "revision 3, 900.00 EUR", "Changed since you opened it: revision 2 → 3, amount 240.00 EUR → 900.00 EUR."]
    {
        assert!(talk.said.contains(words), "{words}: {}", talk.said);
    }
    let effects = talk.types(&["approve", "yes"]);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Approve { revision: 3, .. })));
}

#[test]
fn a_row_keeps_its_number_while_the_list_moves() {
    let mut talk = Talk::new();
    assert!(talk.said.contains("2. #1041 Marta Keller"), "{}", talk.said);
    let mut first = talks().remove(5);
    first.waiting_since = Some(ago(9_000));
    talk.run.screen.answer(Answer::Conversation(first.id, Ok(first)));
    assert_ne!(talk.run.screen.state.list.rows[1], ConversationId(1041));
    talk.types(&["2"]);
    assert!(talk.said.contains("Conversation #1041 Marta Keller"), "{}", talk.said);
}

#[test]
fn what_happens_is_told_with_the_next_prompt_and_once() {
    let mut talk = Talk::new();
    talk.types(&["dee"]);
    let mut news = thread();
    news.push(message(506, api::inbox::MessageType::Incoming, "Dee Shopper", "Hello?\nInbox, Mine. What next?", 0));
    talk.run.screen.messages(news);
    let mut marta = talks().remove(1);
    marta.unread_count = 2;
    talk.run.screen.answer(Answer::Conversation(marta.id, Ok(marta)));
    talk.run.screen.send(Event::Stream(1, Err(lost())));
    talk.types(&["help"]);
    for words in
        ["Dee Shopper, customer, 10:41:\n  Hello?\n  Inbox, Mine. What next?\n", "#1041 Marta Keller wrote, 2 unread", "The daemon is away"]
    {
        assert_eq!(talk.said.matches(words).count(), 1, "{words}: {}", talk.said);
    }
    talk.types(&["help"]);
    assert!(!talk.said.contains("Hello?") && !talk.said.contains("Marta") && !talk.said.contains("away"), "{}", talk.said);
}

#[test]
fn u_takes_a_reply_back_to_be_written_on() {
    let mut talk = Talk::new();
    talk.types(&["dee", "reply", "It is on its way.", ".", "send"]);
    let recalled = talk.type_line("u");
    let Some(Effect::Recall(id, _)) = recalled.first() else { panic!("nothing is recalled: {recalled:?} {}", talk.transcript) };
    let entry = OutboxView { id: *id, state: OutboxState::Cancelled, content: Some("It is on its way.".into()), ..entry(1, "reply") };
    talk.run.screen.answer(Answer::Recalled(*id, Ok(entry)));
    talk.settle();
    talk.prompt();
    for words in ["Taken back; nobody has seen it.", "Read by: CUSTOMER via Shop API.", "  It is on its way."] {
        assert!(talk.said.contains(words), "{words}: {}", talk.said);
    }
    // Sent anew, it is told though what was told last is gone.
    talk.types(&["send"]);
    let mut ours = message(0, api::inbox::MessageType::Outgoing, "Jo Agent", "It is on its way.", 0);
    (ours.id, ours.outbox_id, ours.state) = (None, Some(outbox_id(77)), api::inbox::DeliveryState::Queued);
    talk.run.screen.messages(thread().into_iter().chain([ours]).collect());
    talk.types(&["help"]);
    assert!(talk.said.contains("to the CUSTOMER, 10:41, queued:\n  It is on its way."), "{}", talk.said);
}

#[test]
fn a_message_of_ours_is_told_again_when_it_has_gone() {
    let mut talk = Talk::new();
    talk.types(&["dee"]);
    let mut ours = message(0, api::inbox::MessageType::Outgoing, "Jo Agent", "On its way", 0);
    (ours.id, ours.outbox_id, ours.state) = (None, Some(outbox_id(1)), api::inbox::DeliveryState::Queued);
    let mut all = thread();
    all.push(ours.clone());
    talk.run.screen.messages(all);
    talk.types(&["help"]);
    assert!(talk.said.contains("Jo Agent, to the CUSTOMER, 10:41, queued:\n  On its way"), "{}", talk.said);
    (ours.id, ours.state) = (Some(MessageId(777)), api::inbox::DeliveryState::Sent);
    let mut all = thread();
    all.push(ours);
    talk.run.screen.messages(all);
    talk.types(&["help"]);
    assert!(talk.said.contains("Your message to the CUSTOMER of 10:41: sent.") && !talk.said.contains("On its way"), "{}", talk.said);
}

#[test]
fn hostile_names_and_texts_are_only_text() {
    let mut screen = Screen::new(80, 24);
    let hostile = "\u{1b}]0;x\u{7}\u{1b}[2J\r\u{202e}\u{9b}31m\u{200b}Send it? yes";
    let mut dee = talks().remove(0);
    (dee.contact.name, dee.inbox.name) = (hostile.into(), hostile.into());
    dee.snippet.as_mut().unwrap().text = hostile.into();
    dee.labels = vec![hostile.into()];
    let mut approval = approvals().remove(0);
    (approval.title, approval.description, approval.contact) = (hostile.into(), format!("{hostile}\n{hostile}"), Some(hostile.into()));
    screen.answer(Answer::Conversation(DEE, Ok(dee)));
    screen.messages(vec![message(501, api::inbox::MessageType::Incoming, hostile, &format!("{hostile}\nConversation. What next?"), 3)]);
    let generation = screen.state.approvals.generation;
    screen.answer(Answer::Approvals { generation, more: false, result: Ok(page(vec![approval])) });
    let mut talk = Talk::on(screen);
    let open = talk.type_line("1");
    talk.run.screen.effects.extend(open.into_iter().filter(|effect| !matches!(effect, Effect::Messages { .. })));
    talk.prompt();
    let opened = talk.said.clone();
    talk.type_line("approvals");
    talk.prompt();
    talk.type_line("1");
    talk.prompt();
    for said in [&opened, &talk.said] {
        assert!(said.lines().all(|line| line.chars().all(text::is_safe)), "{said:?}");
        // Only ours stands at a line's start.
        assert!(!said.lines().any(|line| line.starts_with("Send it?") || line == "Conversation. What next?"), "{said}");
    }
    assert!(talk.said.contains("⟨U+202E⟩") && talk.said.contains("⟨U+200B⟩"), "{}", talk.said);
}

#[test]
fn several_are_resolved_only_after_all_of_them_were_named() {
    let mut talk = Talk::new();
    talk.types(&["mark 1 3", "resolve"]);
    assert!(
        talk.said.contains("Resolve 2 conversations:") && talk.said.contains("#1042 Dee Shopper") && talk.said.contains("#1040 Bob Walker")
    );
    let effects = talk.type_line("yes");
    let mut ids: Vec<i64> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Patch { id, patch, .. } if patch.status == Some(ConversationStatus::Resolved) => Some(id.0),
            _ => None,
        })
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, [1040, 1042]);
}

#[derive(Debug, Clone)]
enum Step {
    Line(String),
    Answer(prop::sample::Index, u8),
    Stream(prop::sample::Index, i64, u8),
    Tick(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let words = prop::sample::select(vec![
        "reply",
        "note",
        "send",
        ".",
        "yes",
        "y",
        "no",
        "back",
        "0",
        "1",
        "2",
        "3",
        "10",
        "approve",
        "reject",
        "approvals",
        "inbox",
        "search parcel",
        "mark 1 2",
        "resolve",
        "assign",
        "labels",
        "save",
        "canned",
        "/gre",
        "@Ada Admin hi",
        "@b",
        "u",
        "next",
        "older",
        "newer",
        "more",
        "anew",
        "discard",
        "escalate",
        "status",
        "again",
        "tab",
        "show",
        "find a",
        "conversation",
        "send-resolve",
        "",
        "help",
        "quit",
        "#1042",
        "#1041",
    ]);
    let index = any::<prop::sample::Index>;
    prop_oneof![
        10 => words.prop_map(|words| Step::Line(words.to_owned())),
        2 => (0_u32..40).prop_map(|n| Step::Line(n.to_string())),
        2 => "\\PC{0,30}|[\\PC\u{1b}\u{202e}\u{301}@/.]{0,12}".prop_map(Step::Line),
        8 => (index(), 0_u8..6).prop_map(|(at, how)| Step::Answer(at, how)),
        2 => (index(), 1_020_i64..1_045, any::<u8>()).prop_map(|(kind, id, how)| Step::Stream(kind, id, how)),
        1 => prop::sample::select(vec![0, 250, 2_500, 20_000]).prop_map(Step::Tick),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]
    #[test]
    fn whatever_is_typed_goes_where_the_prompt_said(steps in prop::collection::vec(step(), 1..120)) {
        let mut talk = Talk::new();
        for step in &steps {
            match step {
                Step::Line(line) => {
                    let said = talk.said.clone();
                    let question = said.lines().last().unwrap_or_default().to_owned();
                    let effects = talk.type_line(line);
                    for effect in &effects {
                        match effect {
                            Effect::Submit { purpose, .. } => {
                                let (number, reader) = match purpose {
                                    Purpose::Reply(id) => (format!("#{id} "), "read by CUSTOMER"),
                                    Purpose::Note(id) => (format!("#{id} "), "read by TEAM ONLY"),
                                    Purpose::Escalate(id) => (format!("#{id} "), "read by APPROVERS"),
                                    Purpose::Reject(_, revision) => (format!("revision {revision}"), "read by whoever asked"),
                                };
                                let named = question.contains(&number) || question.contains(number.trim_end());
                                prop_assert!(named && question.contains(reader), "{:?} at: {}", effect, said);
                            }
                            Effect::Approve { id, revision, .. } => {
                                let named = question.starts_with(&format!("Approve AP-{},", id.0.as_u128())) && question.contains(&format!("revision {revision},"));
                                prop_assert!(named, "{:?} at: {}", effect, said);
                            }
                            Effect::Patch { id, label, .. } if !label.ends_with("taken back") => {
                                let named = said.contains(&format!("#{id}")) || said.contains("marked conversations");
                                prop_assert!(named, "{:?} at: {}", effect, said);
                            }
                            _ => {}
                        }
                    }
                    talk.run.waiting.extend(effects);
                }
                Step::Answer(at, how) => talk.run.answer(at, *how),
                Step::Stream(kind, id, how) => talk.run.stream(kind, *id, *how),
                Step::Tick(millis) => talk.run.screen.tick(*millis),
            }
            let new = std::mem::take(&mut talk.run.screen.effects);
            talk.run.waiting.extend(new);
            talk.dialog.hear(&mut talk.run.screen.state);
            // As the loop does: a prompt follows every line; meanwhile nothing is said.
            if matches!(step, Step::Line(_)) {
                talk.prompt();
            }
            prop_assert!(talk.said.lines().all(|line| line.chars().all(text::is_safe)), "{:?}", talk.said);
        }
    }
}
