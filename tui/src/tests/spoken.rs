//! The inbox line by line: what it says, and that nothing is done before its prompt named it.

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
pub(super) struct Talk {
    pub(super) run: Run,
    pub(super) dialog: Dialog,
    /// What the last prompt said, its question last.
    pub(super) said: String,
    transcript: String,
}

impl Talk {
    pub(super) fn new() -> Self {
        Self::on(Screen::new(80, 24))
    }

    fn on(screen: Screen) -> Self {
        let mut run = Run::new(false);
        run.screen = screen;
        run.screen.state.calm = false;
        run.screen.state.around = crate::around::Around::lines_only();
        // Both were asked for twice.
        run.screen.answer(Answer::Me(Ok(me(Some(true)))));
        run.screen.answer(Answer::Status(Ok(status(api::status::LinkState::Live))));
        let late =
            api::lists::CustomFilterView { id: 3, name: "Late".into(), filter_type: "conversation".into(), query: Default::default() };
        run.screen.answer(Answer::Views(Ok(vec![late])));
        let mut talk = Self { run, dialog: Dialog::default(), said: String::new(), transcript: String::new() };
        talk.prompt();
        talk
    }

    pub(super) fn prompt(&mut self) {
        self.dialog.hear(&mut self.run.screen.state);
        let question = self.dialog.prompt(&mut self.run.screen.state);
        let mut lines = self.dialog.take();
        lines.push(question);
        self.said = lines.iter().map(|line| safe(line)).collect::<Vec<_>>().join("\n");
        self.transcript.push_str(&self.said);
    }

    /// What the answer asks of the outside.
    pub(super) fn type_line(&mut self, line: &str) -> Vec<Effect> {
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
        ("search", &["search", "parcel", "2", "3", "newer", "newer", "back", "search", "", "0"]),
        ("bulk", &["resolve", "mark 1 3", "mark 77", "mark", "2", "assign", "0", "resolve", "no", "resolve", "yes"]),
        (
            "contacts",
            &["contacts", "find dee", "", "find", "", "more", "3", "attributes", "0", "1", "back", "back", "dee", "contact", "back"],
        ),
        (
            "contact_edit",
            &["contacts", "3", "edit", "e-mail", "nothing like it", ".", "edit", "2", "dee@shop.test", "no", "edit", "company", "", "yes"],
        ),
        ("activity", &["activity", "more", "type", "messages", "follow", "follow", "newest", "inbox"]),
        (
            "message",
            &[
                "dee", "message", "0", "message", "1", "delete", "links", "quote", ".", "back", "message", "2", "reply", "A note.", ".",
                "send",
            ],
        ),
        ("links", &["dee", "links", "1", "copy", "copy"]),
        (
            "snooze_words",
            &["dee", "snooze", "another", "some day", "", "tomorrow 9:00", "no", "snooze", "5", ".", "snooze", "5", "2h", "yes"],
        ),
        (
            "shelves",
            &[
                "dee", "reply", "half", ".", "back", "drafts", "1", "discard", "no", "1", "discard", "yes", "outbox", "log", "1", "back",
                "settings", "2", "0",
            ],
        ),
        ("views", &["views", "save", "", "filter", "label", "vip", "views", "late", "views", "rename", "", "views", "delete", "no"]),
        (
            "acts",
            &[
                "dee",
                "macros",
                "1",
                "0",
                "block",
                "0",
                "participants",
                "ada",
                "attributes",
                "1",
                "nonsense",
                "A-17",
                "yes",
                "availability",
                "busy",
            ],
        ),
        ("logout", &["logout", "no", "logout", "yes"]),
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
    assert!(talk.said.contains("{{first_name}}, 1 of 2") && talk.said.contains("Now: Dee."), "{}", talk.said);
    assert_eq!(submits(&talk.types(&["", "{{contact.name}}"])), []);
    assert!(talk.said.contains("Liquid"), "{}", talk.said);
    assert_eq!(submits(&talk.types(&["A-2291"])), []);
    let text = "Hi Dee, your order A-2291 is on its way.";
    assert!(talk.said.contains("To the CUSTOMER via Shop WhatsApp, template parcel_sent") && talk.said.contains(text), "{}", talk.said);
    assert_eq!(submits(&talk.types(&["y"])), [(Purpose::Template(DEE), text)]);
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
fn a_reply_by_mail_names_its_readers_and_its_signature_before_it_goes() {
    let mut talk = Talk::new();
    talk.types(&["dee", "reply"]);
    super::mailing::by_mail(&mut talk.run.screen);
    let effects = talk.types(&["On its way.", ".", "send"]);
    let read_by = "Read by: CUSTOMER via Support mail: c1042@example.com, cc boss@example.com.";
    assert!(talk.transcript.contains(read_by), "{}", talk.transcript);
    assert!(talk.transcript.contains("Signed, under the text:"), "{}", talk.transcript);
    let sent: Vec<_> =
        effects.iter().filter_map(|e| if let Effect::Submit { text, with, .. } = e { Some((text, with)) } else { None }).collect();
    assert_eq!(sent.len(), 1, "{effects:?}");
    assert_eq!(sent[0].0, "On its way.\n\n--\n\nJo Agent\nAcme Shop");
    assert_eq!(sent[0].1.mail.as_ref().unwrap().cc, ["boss@example.com"]);
}

#[test]
fn whom_a_mail_goes_to_is_changed_and_said_before_it_goes() {
    let mut talk = Talk::new();
    talk.types(&["dee", "reply"]);
    super::mailing::by_mail(&mut talk.run.screen);
    talk.types(&["On its way.", ".", "cc"]);
    assert!(talk.transcript.contains("Cc of the mail. Now: boss@example.com."), "{}", talk.transcript);
    talk.types(&["nobody"]);
    assert!(talk.transcript.contains("Attention: "), "{}", talk.transcript);
    talk.types(&["ann@example.com, bea@example.com", "yes", "to", ""]);
    assert!(talk.transcript.contains("a reply goes to somebody"), "{}", talk.transcript);
    let effects = talk.types(&[".", "send"]);
    let sent: Vec<_> = effects.iter().filter_map(|e| if let Effect::Submit { with, .. } = e { with.mail.clone() } else { None }).collect();
    assert_eq!(sent.len(), 1, "{effects:?}\n{}", talk.transcript);
    assert_eq!((sent[0].to.join(" "), sent[0].cc.join(" ")), ("c1042@example.com".into(), "ann@example.com bea@example.com".into()));
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
fn the_first_words_wait_for_the_status_that_was_asked_for_once_the_stream_stood() {
    let mut screen = Screen::blank(80, 24);
    let mut dialog = Dialog::default();
    let waiting = |n| Answer::Status(Ok(api::status::StatusView { approvals_waiting: n, ..status(api::status::LinkState::Live) }));
    screen.answer(Answer::Me(Ok(me(Some(true)))));
    screen.answer(waiting(0));
    screen.answer(Answer::Drafts(Vec::new(), None));
    let generation = screen.state.list.generation;
    screen.answer(Answer::List { generation, more: false, result: Ok(page(talks())) });
    assert!(!dialog.is_ready(&screen.state), "the stream does not stand: what is asked now is known too late");
    screen.send(Event::Stream(1, Ok(api::event::StreamEvent::Ready { seq: 100 })));
    let generation = screen.state.list.generation;
    screen.answer(Answer::List { generation, more: false, result: Ok(page(talks())) });
    screen.answer(Answer::Outbox(Ok(Vec::new())));
    screen.answer(Answer::Directory(Ok(crate::event::Directory::default())));
    assert!(!dialog.is_ready(&screen.state), "the status is from before the stream");
    screen.answer(waiting(1));
    assert!(dialog.is_ready(&screen.state));
    dialog.prompt(&mut screen.state);
    assert!(dialog.take().contains(&"1 decision for you.".to_owned()));
    // Later ones do not wait: what changes it is news.
    dialog.answer(&mut screen.state, "help");
    screen.state.status_due = true;
    assert!(dialog.is_ready(&screen.state));
}

#[test]
fn ages_are_those_of_the_moment_they_are_told() {
    let mut talk = Talk::new();
    let limit = i64::from(talk.run.screen.state.settings.waiting.ageing_minutes);
    let mut dee = talks().remove(0);
    dee.waiting_since = Some(ago(limit - 4));
    talk.run.screen.answer(Answer::Conversation(DEE, Ok(dee)));
    // Nobody answers for minutes; what the screen shows then goes in steps of three.
    talk.run.screen.tick(4 * 60_000);
    talk.types(&["dee"]);
    assert!(talk.said.contains(&format!("waits {limit} minutes, getting late")), "{}", talk.said);
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
fn hostile_contacts_views_drafts_and_activities_are_only_text() {
    let hostile = "\u{1b}]0;x\u{7}\u{1b}[2J\r\n\u{202e}\u{9b}31m\u{200b}Send it? yes";
    let mut talk = Talk::new();
    talk.types(&["contacts"]);
    let mut all = super::contacting::all();
    for detail in &mut all {
        (detail.contact.name, detail.contact.email) = (hostile.into(), Some(hostile.into()));
        detail.custom_attributes.insert(hostile.into(), hostile.into());
    }
    let detail = all.remove(2);
    talk.run.screen.state.contacts.rows = all;
    let view = api::lists::CustomFilterView { id: 3, name: hostile.into(), filter_type: "conversation".into(), query: Default::default() };
    talk.run.screen.answer(Answer::Views(Ok(vec![view])));
    let mut failed = entry(1, hostile);
    (failed.state, failed.error, failed.content) = (OutboxState::Failed, Some(hostile.into()), Some(hostile.into()));
    let id = detail.contact.id;
    let lines = [
        "again", "find x", "1", "again", "edit", "1", ".", "views", "0", "drafts", "1", "discard", "no", "outbox", "1", "0", "log", "1",
        "0",
    ];
    let mut told = String::new();
    for line in lines {
        talk.run.screen.state.outbox = vec![failed.clone()];
        talk.run.screen.state.log.note(super::world::now(), crate::state::Tone::Bad, hostile);
        if let Some(card) = &mut talk.run.screen.state.contacts.card {
            (card.id, card.detail) = (id, Some(detail.clone()));
        }
        if line == "drafts" {
            let with = crate::state::With::default();
            let draft =
                crate::drafts::Draft { text: hostile.into(), key: None, replaces: None, with, decides: None, at: super::world::now() };
            talk.run.screen.state.drafts.insert("reply/1042".into(), draft);
        }
        talk.types(&[line]);
        told.push_str(&format!("{}\n", talk.said));
    }
    assert!(told.matches("Send it? yes").count() > 8, "{told}");
    for line in told.lines() {
        assert!(line.chars().all(text::is_safe) && !line.starts_with("Send it?"), "{line:?}");
    }
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

#[test]
fn what_happens_is_told_in_the_activity_while_it_is_followed() {
    use api::event::{Activity, ActivityType, StreamEvent, SubjectType};
    let activity = |seq: i64| Activity {
        seq,
        id: api::id::ActivityId(uuid::Uuid::from_u128(seq.unsigned_abs().into())),
        kind: ActivityType::ConversationCreated,
        actor: None,
        subject_type: SubjectType::Conversation,
        subject_id: "1042".into(),
        conversation_id: Some(1042),
        at: super::world::now(),
        data: serde_json::Value::Null,
    };
    let mut talk = Talk::new();
    talk.types(&["activity"]);
    // What is still on its way is not heard any more.
    talk.run.waiting.clear();
    talk.run.screen.effects.clear();
    let generation = talk.run.screen.state.feed.generation;
    let query = api::event::ActivityQuery::default();
    talk.run.screen.answer(Answer::Activity { generation, query, result: Ok(page(vec![activity(100)])) });
    talk.types(&["again"]);
    assert_eq!(talk.said.matches("1. 10:41, #1042 is new: Dee Shopper").count(), 1, "{}", talk.said);
    let happens = |talk: &mut Talk, seq: i64| {
        let generation = talk.run.screen.state.stream.generation;
        talk.run.screen.send(Event::Stream(generation, Ok(StreamEvent::Activity(activity(seq)))));
    };
    happens(&mut talk, 101);
    happens(&mut talk, 102);
    talk.types(&["help"]);
    assert_eq!(talk.said.matches("10:41, #1042 is new: Dee Shopper").count(), 2, "{}", talk.said);
    talk.types(&["help"]);
    assert!(!talk.said.contains("#1042 is new"), "{}", talk.said);
    talk.types(&["follow"]);
    happens(&mut talk, 103);
    talk.types(&["help"]);
    assert!(talk.said.contains("1 new; newest tells them.") && !talk.said.contains("#1042 is new"), "{}", talk.said);
    // One of them is opened by its number.
    talk.types(&["newest", "1"]);
    assert!(talk.said.contains("Conversation #1042 Dee Shopper"), "{}", talk.said);
}

#[test]
fn a_moment_that_was_confirmed_is_the_one_that_was_said() {
    let mut talk = Talk::new();
    talk.types(&["dee", "snooze", "another", "2h"]);
    assert!(talk.said.ends_with("Snooze #1042 Dee Shopper, until Fri 20 Nov 12:41 UTC? yes or no:"), "{}", talk.said);
    // Whoever thinks about it for ten minutes gets what was said.
    talk.run.screen.tick(10 * 60_000);
    let effects = talk.type_line("yes");
    let until = effects.iter().find_map(|effect| match effect {
        Effect::Patch { id: DEE, patch, .. } => patch.snoozed_until,
        _ => None,
    });
    assert_eq!(until.map(|at| at.to_string()).as_deref(), Some("2026-11-20T12:41:00Z"), "{effects:?}");
}

#[test]
fn a_long_menu_is_told_page_by_page() {
    let mut talk = Talk::new();
    let agent = |n: i64| api::inbox::Named { id: 100 + n, name: format!("Agent {n}") };
    talk.run.screen.state.directory.agents = (1..=60).map(agent).collect();
    talk.types(&["dee", "assign"]);
    assert!(talk.said.contains("20 of 63 were told; more tells the next") && !talk.said.contains("Agent 18"), "{}", talk.said);
    talk.types(&["more"]);
    assert!(talk.said.contains("21. Agent 18") && talk.said.contains("40 of 63 were told"), "{}", talk.said);
    talk.types(&["more", "more"]);
    assert!(talk.said.contains("63. Agent 60") && talk.said.contains("63 of 63 were told; that is all."), "{}", talk.said);
    // Whatever was told, every line has its number and its name.
    let effects = talk.type_line("agent 30");
    let to = |effect: &Effect| matches!(effect, Effect::Patch { patch, .. } if patch.assignee.as_deref() == Some("130"));
    assert!(effects.iter().any(to), "{effects:?}");
}

#[test]
fn a_read_only_inbox_offers_no_change_and_says_so_where_one_is_asked_for() {
    let mut screen = Screen::new(80, 24);
    screen.state.read_only = true;
    let mut talk = Talk::on(screen);
    assert!(talk.said.contains("Inbox, read-only, Mine"), "{}", talk.said);
    for (place, lines) in [
        ("list", &["mark 1 3", "mark", "resolve", "assign", "18", "u", "logout", "availability"][..]),
        ("dee", &["reply", "2", "r", "note", "escalate", "assign", "unread", "resolve", "block", "contact-attributes", "undo"]),
        ("approvals", &["undo"]),
        ("1", &["approve", "a", "reject", "x"]),
    ] {
        if place != "list" {
            talk.types(&[place]);
        }
        for line in lines {
            let effects = talk.types(&[line]);
            assert!(effects.is_empty(), "{place} {line}: {effects:?}");
            assert!(talk.said.contains("his inbox is read-only."), "{place} {line}: {}", talk.said);
        }
        talk.types(&["help"]);
        for line in talk.said.lines().filter(|line| line.contains(". ")) {
            for word in ["reply", "note", "resolve", "assign", "approve", "reject", "undo", "mark", "escalate", "logout", "block"] {
                assert!(!line.contains(&format!(". {word}")), "{place}: {line}");
            }
        }
        assert!(talk.said.contains("again: tell this place again") || place == "1", "{}", talk.said);
    }
    // A number means here what it means where everything can be done.
    talk.types(&["inbox", "dee"]);
    let number = |talk: &mut Talk| {
        talk.types(&["help"]);
        let line = talk.said.lines().find(|line| line.ends_with("next: the next conversation")).unwrap_or_default();
        line.split('.').next().unwrap_or_default().to_owned()
    };
    let here = number(&mut talk);
    let mut other = Talk::new();
    other.types(&["dee"]);
    assert_eq!(here, number(&mut other));
    assert!(!here.is_empty());
}
