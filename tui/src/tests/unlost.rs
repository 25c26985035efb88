//! Whatever is typed, pasted and answered: a text stays in the composer or in the drafts until it was handed in or thrown away, goes to
//! no other conversation, and reaches the customer only if it was meant for the customer.

use std::collections::BTreeMap;

use api::id::ConversationId;
use api::inbox::{DeliveryState, MessageType, OutboxState, OutboxView};
use proptest::prelude::*;

use super::world::{Screen, failure, lost, message, now, outbox_id, page, talks, thread};
use crate::event::{Answer, Effect, Event, Failure, Purpose, Submitted};
use crate::keymap::{self, Context};
use crate::state::{Overlay, Question};

/// Keys that do not change a text by themselves, and those of a composer that move, choose and send.
const KEYS: &[&str] = &[
    "Enter", "Esc", "Esc", "Tab", "r", "p", "c", "H", "j", "k", "J", "K", "q", "y", "n", "e", "u", "z", "Alt+P", "Alt+L", "Ctrl+S",
    "Ctrl+S", "Ctrl+G", "t", "a", "m", "Ctrl+O", "Ctrl+X", "d", "f", "Ctrl+N", "Ctrl+P", "Ctrl+E", "Alt+A", "F1", "1", "2", "x", "Ctrl+R",
];

/// What happens besides keys.
#[derive(Debug, Clone)]
enum Step {
    Key(usize),
    /// A word that says which conversation and whom it is for.
    Word,
    Char(char),
    /// The oldest call that waits is answered: taken, refused, lost, or lost after it arrived.
    Answer(u8),
    /// The text comes back from the person's own editor, longer or as an error.
    Edited(bool),
    /// A message of ours failed at Chatwoot.
    Failed,
    /// The rows come in another order.
    Reordered,
    /// The customer or a colleague wrote.
    Wrote(bool),
    Tick,
    Resize(u16, u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..KEYS.len()).prop_map(Step::Key),
        4 => Just(Step::Word),
        2 => prop::sample::select(vec!['/', '@', ':', 'a', '李', '\u{301}', ' ']).prop_map(Step::Char),
        4 => (0_u8..5).prop_map(Step::Answer),
        1 => any::<bool>().prop_map(Step::Edited),
        1 => Just(Step::Failed),
        1 => Just(Step::Reordered),
        1 => any::<bool>().prop_map(Step::Wrote),
        2 => Just(Step::Tick),
        1 => (20_u16..200, 6_u16..50).prop_map(|(w, h)| Step::Resize(w, h)),
    ]
}

/// The words that stand in a text: `⟦number of the word, conversation, whom it is for⟧`.
fn words(text: &str) -> Vec<(String, ConversationId, char)> {
    let word = |part: &str| {
        let inner = part.split_once('⟧')?.0;
        let mut parts = inner.split('.');
        let (_, id, kind) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?.chars().next()?);
        Some((inner.to_owned(), ConversationId(id), kind))
    };
    text.split('⟦').skip(1).filter_map(word).collect()
}

struct Run {
    screen: Screen,
    waiting: Vec<Effect>,
    /// Words typed so far that are neither handed in nor thrown away.
    alive: BTreeMap<String, ConversationId>,
    /// What failed at Chatwoot and was not discarded.
    failed: Vec<OutboxView>,
    /// What is in the outbox: entries that can come back.
    sent: Vec<(OutboxView, String)>,
    count: u32,
    /// `y` was said to the question whether the customer may read a note.
    allowed: bool,
}

impl Run {
    fn new() -> Self {
        let mut screen = Screen::new(120, 30);
        screen.effects.clear();
        Self { screen, waiting: Vec::new(), alive: BTreeMap::new(), failed: Vec::new(), sent: Vec::new(), count: 0, allowed: false }
    }

    fn texts(&self) -> Vec<String> {
        let state = &self.screen.state;
        let composing = state.composer.iter().map(|c| c.editor.text().to_owned());
        // What failed waits in the outbox until its composer is opened.
        let failed = state.outbox.iter().filter(|e| e.state == OutboxState::Failed).filter_map(|e| e.content.clone());
        composing.chain(state.drafts.values().map(|d| d.text.clone())).chain(failed).collect()
    }

    /// Whether the cursor stands in a word of the text that is typed into.
    fn is_in_a_word(&self) -> bool {
        let state = &self.screen.state;
        let Some(composer) = state.composer.as_ref().filter(|_| state.context() == Context::Composer) else { return false };
        let before = composer.editor.text().get(..composer.editor.cursor()).unwrap_or_default();
        before.rfind('⟦') > before.rfind('⟧')
    }

    /// Carries a step out; edits take words away only from the text that is edited.
    fn go(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let asked = match &self.screen.state.overlay {
            Some(Overlay::Question(question)) => Some(*question),
            _ => None,
        };
        // While the person's own editor has the terminal nothing is typed here.
        let away = self.waiting.iter().any(|e| matches!(e, Effect::Edit { .. }));
        // A word that something is typed into is another word.
        let types = match step {
            Step::Key(at) => KEYS[*at].chars().count() == 1 || ["Enter", "Tab"].contains(&KEYS[*at]),
            Step::Word | Step::Char(_) => true,
            _ => false,
        };
        match step {
            Step::Key(_) | Step::Word | Step::Char(_) if away => {}
            _ if types && self.is_in_a_word() => {}
            Step::Key(at) => {
                let key = keymap::parse(KEYS[*at]).unwrap();
                let thrown = asked == Some(Question::Discard) && KEYS[*at] == "y";
                self.allowed |= asked == Some(Question::NoteToReply) && KEYS[*at] == "y";
                if thrown {
                    let text = self.screen.state.composer.as_ref().map(|c| c.editor.text().to_owned()).unwrap_or_default();
                    self.alive.retain(|word, _| !text.contains(word.as_str()));
                }
                // What is thrown away in the list of drafts or in the outbox, after its question.
                if matches!(asked, Some(Question::DropDraft | Question::DropEntry)) && KEYS[*at] == "y" {
                    let state = &self.screen.state;
                    let name = state.shelves.asked.clone().unwrap_or_default();
                    let entry = state.outbox_entry(&name).and_then(|entry| entry.content.clone());
                    let text = state.drafts.get(&name).map(|draft| draft.text.clone()).or(entry).unwrap_or_default();
                    self.alive.retain(|word, _| !text.contains(word.as_str()));
                }
                // Killing a line is an edit, no loss.
                let kills = self.screen.state.prefix.as_deref() == Some("Ctrl+X") && KEYS[*at] == "k";
                if !kills {
                    self.screen.send(Event::Key(key));
                }
            }
            Step::Word => {
                self.count += 1;
                let purpose = self.screen.state.composer.as_ref().filter(|c| !c.sending).map(|c| c.purpose);
                let Some(id) = purpose.and_then(Purpose::conversation) else { return Ok(()) };
                let kind = if matches!(purpose, Some(Purpose::Reply(_))) { 'r' } else { 'n' };
                let word = format!("{}.{id}.{kind}", self.count);
                self.screen.send(Event::Paste(format!("⟦{word}⟧")));
                let text = self.screen.state.composer.as_ref().map(|c| c.editor.text().to_owned()).unwrap_or_default();
                if text.contains(&word) {
                    self.alive.insert(word, id);
                }
            }
            Step::Char(c) => self.screen.type_text(&c.to_string()),
            Step::Answer(how) => self.answer(*how)?,
            Step::Edited(came) => {
                let at = self.waiting.iter().position(|e| matches!(e, Effect::Edit { .. }));
                if let Some(Effect::Edit { purpose, text }) = at.map(|at| self.waiting.remove(at)) {
                    let result = if *came { Ok(format!("{text}\nmore")) } else { Err("no".to_owned()) };
                    self.screen.answer(Answer::Edited { purpose, result });
                }
            }
            Step::Failed => {
                if let Some((mut entry, _)) = self.sent.pop() {
                    entry.state = OutboxState::Failed;
                    for (word, id, _) in words(entry.content.as_deref().unwrap_or_default()) {
                        self.alive.insert(word, id);
                    }
                    self.failed.push(entry);
                    self.screen.answer(Answer::Outbox(Ok(self.failed.clone())));
                }
            }
            Step::Reordered => {
                let mut rows = talks();
                rows.reverse();
                let generation = self.screen.state.list.generation;
                self.screen.answer(Answer::List { generation, more: false, result: Ok(page(rows)) });
            }
            Step::Wrote(customer) => {
                let kind = if *customer { MessageType::Incoming } else { MessageType::Outgoing };
                let mut messages = thread();
                messages.push(message(900 + i64::from(self.count), kind, "Somebody", "news", 0));
                self.screen.messages(messages);
            }
            Step::Tick => self.screen.tick(300),
            Step::Resize(width, height) => self.screen.send(Event::Resize(*width, *height)),
        }
        let effects = std::mem::take(&mut self.screen.effects);
        for effect in effects {
            if let Effect::Submit { purpose, text, .. } = &effect {
                for (word, id, kind) in words(text) {
                    prop_assert_eq!(Some(id), purpose.conversation(), "{} went to another conversation", word);
                    prop_assert!(kind == 'r' || self.allowed || !matches!(purpose, Purpose::Reply(_)), "{} was for the team", word);
                }
            }
            if let Effect::Discard(id, _) = &effect {
                self.failed.retain(|entry| entry.id != *id);
            }
            self.waiting.push(effect);
        }
        let texts = self.texts();
        for word in self.alive.keys() {
            prop_assert!(texts.iter().any(|text| text.contains(word)), "{} is lost after {:?}: {:?}", word, step, texts);
        }
        Ok(())
    }

    fn answer(&mut self, how: u8) -> Result<(), TestCaseError> {
        let calls = |e: &Effect| matches!(e, Effect::Submit { .. } | Effect::Recall(..) | Effect::Look { .. } | Effect::Patch { .. });
        let Some(at) = self.waiting.iter().position(calls) else { return Ok(()) };
        let refused = || failure(api::Code::StoreUnavailable, "the disk is full");
        let unknown = || Failure { code: None, message: "lost".into(), lost: true, unknown: true };
        match self.waiting.remove(at) {
            Effect::Submit { purpose: purpose @ (Purpose::Reply(id) | Purpose::Note(id)), text, key, .. } => {
                let result = match how {
                    0 => Err(refused()),
                    1 => Err(lost()),
                    2 => Err(unknown()),
                    _ => {
                        self.count += 1;
                        let private = matches!(purpose, Purpose::Note(_));
                        let entry = OutboxView {
                            id: outbox_id(self.count),
                            conversation_id: Some(id),
                            contact_id: None,
                            inbox_id: None,
                            kind: if private { "note" } else { "reply" }.into(),
                            state: OutboxState::Queued,
                            user: "jo".into(),
                            content: Some(text.clone()),
                            template: None,
                            change: None,
                            attempts: 0,
                            error: None,
                            sends_at: now(),
                            created_at: now(),
                        };
                        let mut taken = message(0, MessageType::Outgoing, "Jo Agent", &text, 0);
                        (taken.id, taken.outbox_id, taken.state) = (None, Some(entry.id), DeliveryState::Queued);
                        (taken.conversation_id, taken.private) = (id, private);
                        self.alive.retain(|word, _| !text.contains(word.as_str()));
                        self.sent.push((entry, text));
                        Ok(Submitted::Message(Box::new(taken)))
                    }
                };
                self.screen.answer(Answer::Submitted { purpose, key, result });
            }
            Effect::Submit { purpose, key, .. } => {
                self.screen.answer(Answer::Submitted { purpose, key, result: Err(refused()) });
            }
            Effect::Recall(id, _) => {
                let at = self.sent.iter().position(|(entry, _)| entry.id == id).filter(|_| how > 1);
                let result = match at.map(|at| self.sent.remove(at)) {
                    Some((entry, text)) => {
                        for (word, id, _) in words(&text) {
                            self.alive.insert(word, id);
                        }
                        Ok(entry)
                    }
                    None if how == 0 => Err(lost()),
                    None => Err(failure(api::Code::OutboxState, "it has left already")),
                };
                self.screen.answer(Answer::Recalled(id, result));
            }
            Effect::Patch { id, patch, label, .. } => {
                let known = talks().into_iter().find(|view| view.id == id);
                let result = match known.filter(|_| how > 0) {
                    Some(mut view) => {
                        view.status = patch.status.unwrap_or(view.status);
                        Ok(view)
                    }
                    None => Err(refused()),
                };
                self.screen.answer(Answer::Patched { id, label, result });
            }
            Effect::Look { purpose, path } => {
                let file = crate::state::Attached { path: format!("/{path}"), name: path.clone(), bytes: 1, kind: "text/plain".into() };
                let result = if how > 1 { Ok(file) } else { Err("there is no such file".into()) };
                self.screen.answer(Answer::Looked { purpose, path, result });
            }
            _ => {}
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn no_text_is_lost_goes_astray_or_reaches_the_wrong_reader(steps in prop::collection::vec(step(), 1..120)) {
        let mut run = Run::new();
        for step in &steps {
            run.go(step)?;
        }
        run.screen.draw();
    }
}
