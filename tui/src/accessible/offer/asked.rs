//! What can be answered where something is asked: menus, questions, a text that was read out.

use api::id::ConversationId;
use api::inbox::{DeliveryState, MessageType};

use super::super::choice::{Choice, PAGE};
use super::super::place::Ask;
use super::super::{Does, say};
use super::{back, key, numbered, plain};
use crate::event::Purpose;
use crate::keymap::Command;
use crate::state::{Action, ApprovalTab, MenuItem, Overlay, Picked, Question, STATUSES, Shelf, State, Tab, ViewMenu};
use crate::text;
use crate::update::spoken::Deed;
use crate::view::message::{self, Item};

/// Messages that can be chosen: who wants an older one reads there first.
const MESSAGES_MAX: usize = 200;

fn cancel() -> Choice {
    back("back: nothing of this", Does::Key(Command::Cancel))
}

/// Yes, which does that, or no.
pub(super) fn yes_no(yes: Does, no: Does) -> Vec<Choice> {
    vec![Choice::new(1, "yes y", "yes", yes), Choice::new(2, "no n back", "no", no)]
}

/// Lines of a menu or of another choice.
pub(super) fn menu(state: &State) -> Vec<Choice> {
    let mut all = Vec::new();
    match &state.overlay {
        Some(Overlay::Menu(menu)) => {
            // Numbers are those of all lines: one that only says something has none.
            for (index, item) in menu.items.iter().enumerate().filter(|(_, item)| item.disabled != Some("")) {
                let name = item_name(item);
                let does = match &item.action {
                    Action::View(ViewMenu::Save) => Does::ViewName(Ask::SaveView),
                    Action::View(ViewMenu::Rename) => Does::ViewName(Ask::RenameView),
                    _ => Does::Deed(Deed::Item(index)),
                };
                let mut choice = Choice::named(index + 1, &name, &name, does);
                choice.words.extend(item.letter.map(String::from));
                choice.words.extend(item_word(item).map(str::to_owned));
                choice.refused = item.disabled.map(str::to_owned);
                all.push(choice);
            }
        }
        Some(Overlay::Pick(pick)) => {
            for (index, line) in pick.lines.iter().enumerate() {
                // Links are numbered here, not as in their message, and where one leads is said.
                let label = match &line.choice {
                    Picked::Link(_) => line.label.split_once("] ").map_or(line.label.as_str(), |(_, words)| words),
                    _ => line.label.as_str(),
                };
                let note = line.note.trim().replacen("→ ", "leads to ", 1).replacen("  ", ", ", 1);
                let says = if note.is_empty() { label.to_owned() } else { format!("{label}, {note}") };
                let mut choice = Choice::named(index + 1, label, says, Does::Deed(Deed::Pick(index)));
                // Links have their numbers here.
                let letter = line.letter.filter(|letter| letter.is_alphabetic() && !matches!(line.choice, Picked::Link(_)));
                choice.words.extend(letter.map(String::from));
                choice.refused = line.disabled.map(str::to_owned);
                all.push(choice);
            }
        }
        _ => return Vec::new(),
    }
    paged(all, cancel())
}

/// A line of a menu without what points at keys of the screen.
fn item_name(item: &MenuItem) -> String {
    let name = match item.action {
        Action::View(ViewMenu::Open(_)) => {
            item.label.trim_start().trim_start_matches("g ").trim_start_matches(|c: char| c.is_ascii_digit())
        }
        _ => item.label.as_str(),
    };
    let name = name.trim_start().trim_end_matches([' ', '…']);
    // A box that is ticked, and a dash for nothing, in words.
    if let Some(who) = name.strip_prefix("[x] ") {
        return format!("{who}: takes part");
    }
    if let Some(who) = name.strip_prefix("[ ] ") {
        return format!("{who}: does not take part");
    }
    name.strip_suffix(": —").map_or_else(|| name.to_owned(), |name| format!("{name}: none"))
}

/// One word for a line that is not a name.
fn item_word(item: &MenuItem) -> Option<&'static str> {
    match item.action {
        Action::View(ViewMenu::Save) => Some("save"),
        Action::View(ViewMenu::Rename) => Some("rename"),
        Action::View(ViewMenu::Delete) => Some("delete"),
        Action::RunMacro(..) => Some("run"),
        Action::SnoozeLine => Some("another"),
        _ => None,
    }
}

/// With a way to the next page, where there is one, and the way out.
fn paged(mut all: Vec<Choice>, out: Choice) -> Vec<Choice> {
    if all.len() > PAGE {
        let number = all.last().map_or(1, |last| last.number + 1);
        all.push(Choice::new(number, "more", "more: the next lines", Does::More));
    }
    all.push(out);
    all
}

/// Messages of the opened conversation, the newest first.
pub(super) fn messages(state: &State, id: ConversationId) -> Vec<Choice> {
    let items = message::items(state, id);
    let written = items.iter().rev().filter_map(|item| match item {
        Item::Message(m) if m.message_type != MessageType::Activity => Some((item.name(), say::message_row(state, m))),
        _ => None,
    });
    let one = |(n, (name, says)): (usize, (String, String))| Choice {
        words: Vec::new(),
        ..Choice::new(n, "", says, Does::Deed(Deed::Message(id, name)))
    };
    paged((1..).zip(written.take(MESSAGES_MAX)).map(one).collect(), back("back: none of them", Does::Leave))
}

/// What can be done with a chosen message.
pub(super) fn message(state: &State, id: ConversationId, name: &str) -> Vec<Choice> {
    let mut all = numbered(
        1,
        vec![
            key("reply r", "reply: write an answer to it", Command::Reply),
            key("quote", "quote: write, beginning with its text", Command::Quote),
            key("links", "links: its links and files", Command::Links),
            key("copy", "copy: tell its text, link or id to be taken from here", Command::CopyMenu),
            key("delete", "delete: if it is yours, asks once more", Command::Erase),
            key("retry", "retry: send it again, if it failed", Command::Retry),
            plain("again", "again: tell it again", Does::Again),
            plain("help ?", "help: this list", Does::Help),
        ],
    );
    let failed = |item: &Item<'_>| matches!(item, Item::Message(m) if matches!(m.state, DeliveryState::Failed | DeliveryState::Held));
    let again = message::items(state, id).iter().any(|item| item.name() == name && failed(item));
    for retry in all.iter_mut().filter(|choice| choice.does == Does::Key(Command::Retry) && !again) {
        retry.refused = Some("it has not failed".into());
    }
    all.push(back("back: to the conversation", Does::Key(Command::Back)));
    all
}

/// What becomes of a row of the drafts, the outbox, the log or the settings.
pub(super) fn entry(shelf: Shelf) -> Vec<Choice> {
    let all = match shelf {
        Shelf::Drafts => vec![
            key("open o", "open: write on; a decision: its card", Command::Open),
            key("discard", "discard: throw it away, asks once more; a decision is taken back", Command::Drop),
        ],
        Shelf::Outbox => vec![
            key("open o", "open: its conversation; a text that failed: as the draft it was", Command::Open),
            key("undo u", "undo or u: take it back before it leaves", Command::Undo),
            key("retry", "retry: try what failed again", Command::Retry),
            key("discard", "discard: throw away what failed, asks once more", Command::Drop),
        ],
        Shelf::Log | Shelf::Settings => Vec::new(),
    };
    let mut all = numbered(1, all);
    all.push(back("back: to the others", Does::Leave));
    all
}

/// Labels of the picker.
pub(super) fn labels(state: &State) -> Vec<Choice> {
    let Some(Overlay::Labels(picker)) = &state.overlay else { return Vec::new() };
    let mut all = Vec::new();
    for (index, (label, on)) in picker.items.iter().enumerate() {
        let (name, how) = (text::line(label), [Some("on"), Some("off")][usize::from(*on != Some(true))].filter(|_| on.is_some()));
        all.push(Choice::named(index + 1, &name, format!("{name}: {}", how.unwrap_or("on some")), Does::Deed(Deed::Label(index))));
    }
    let save = Choice::new(all.len() + 1, "save s", "save the labels as they are told now", Does::Key(Command::Accept));
    let more = (all.len() > PAGE).then(|| Choice::new(all.len() + 2, "more", "more: the next lines", Does::More));
    all.push(save);
    all.extend(more);
    all.push(cancel());
    all
}

/// What a word can mean.
pub(super) fn which(state: &State, labels: &[String]) -> Vec<Choice> {
    let list = state.composer.as_ref().and_then(|composer| composer.completing.list.as_ref());
    let mut all = Vec::new();
    for (index, label) in labels.iter().enumerate() {
        let whole = list.and_then(|list| list.choices.get(index)).map(|choice| text::truncate(&text::line(&choice.text), 80));
        let says = match whole.filter(|whole| whole != label) {
            Some(whole) => format!("{}: {whole}", text::line(label)),
            None => text::line(label),
        };
        let name = text::line(label);
        let mut choice = Choice::named(index + 1, &name, says, Does::Deed(Deed::Complete(Some(index))));
        choice.words.extend(name.strip_prefix('@').map(str::to_owned));
        all.push(choice);
    }
    all.push(Choice::new(0, "none text", "none: it stays as it was typed", Does::Deed(Deed::Complete(None))));
    all
}

/// Tabs of the list.
pub(super) fn tabs() -> Vec<Choice> {
    one_of(Tab::ALL.map(|tab| (tab.title(), Deed::Tab(tab))), "back: the tab stays")
}

/// Statuses of the list.
pub(super) fn statuses() -> Vec<Choice> {
    one_of(STATUSES.map(|status| (status, Deed::Status(status))), "back: it stays")
}

/// Tabs of the approvals.
pub(super) fn decisions() -> Vec<Choice> {
    one_of(ApprovalTab::ALL.map(|tab| (tab.title(), Deed::Decisions(tab))), "back: the tab stays")
}

fn one_of<const N: usize>(all: [(&'static str, Deed); N], none: &str) -> Vec<Choice> {
    let one = |(n, (name, deed)): (usize, (&'static str, Deed))| Choice::named(n, name, name, Does::Deed(deed));
    (1..).zip(all).map(one).chain([back(none, Does::Again)]).collect()
}

/// What can become of a text.
pub(super) fn review(state: &State, purpose: Purpose) -> Vec<Choice> {
    let send = match purpose {
        Purpose::Reply(_) | Purpose::Template(_) => key("send s", "send: to the CUSTOMER", Command::Send),
        Purpose::Note(_) => key("send save s", "send: save the note, the TEAM ONLY reads it", Command::Send),
        Purpose::Escalate(_) => key("send ask s", "send: ask the APPROVERS", Command::Send),
        Purpose::ContactNote(_) => key("send save s", "send: save the note, the TEAM ONLY reads it", Command::Send),
        Purpose::Begin(..) => key("send s", "send: to the CUSTOMER", Command::Send),
        Purpose::Reject(..) => key("send reject s", "send: reject with this reason", Command::Send),
    };
    let mut all = vec![
        send,
        plain("more m", "more: write on", Does::WriteOn),
        plain("anew", "anew: write from nothing", Does::Anew),
        key("discard", "discard: throw the text away, asks once more", Command::Discard),
    ];
    match purpose {
        Purpose::Reply(_) => {
            all.push(key("note", "note: make it a note for the TEAM ONLY", Command::ToNote));
            all.push(key("send-resolve", "send-resolve: send to the CUSTOMER and resolve", Command::SendResolve));
            all.push(key("send-pending", "send-pending: send to the CUSTOMER and make it pending", Command::SendPend));
            all.push(key("send-snooze", "send-snooze: send to the CUSTOMER and snooze until they write", Command::SendSnooze));
            if state.composer.as_ref().is_some_and(|composer| crate::update::mail_recipients(state, composer).is_some()) {
                all.push(key("to", "to: whom the mail goes to", Command::MailTo));
                all.push(key("cc", "cc: who has a copy", Command::MailCc));
                all.push(key("bcc", "bcc: who has a copy unseen by the others", Command::MailBcc));
            }
        }
        Purpose::Note(_) => all.push(key("reply", "reply: make it a reply to the CUSTOMER, asks once more", Command::ToReply)),
        _ => {}
    }
    all.push(plain("help ?", "help: this list", Does::Help));
    let mut all = numbered(1, all);
    all.push(Choice::new(0, "back keep b", "back: keep it as a draft", Does::Key(Command::Leave)));
    all
}

/// What is asked with the question.
pub(in super::super) fn question(state: &State, question: Question) -> String {
    let composer = state.composer.as_ref();
    let (what, reader) = composer.map(|composer| say::purpose(state, composer.purpose)).unwrap_or_default();
    match question {
        Question::Discard => format!("Throw this text away ({what})? yes or no:"),
        Question::NoteToReply => {
            let to = composer.and_then(|composer| composer.purpose.conversation()).map(Purpose::Reply);
            let (what, reader) = to.map(|to| say::purpose(state, to)).unwrap_or((what, reader));
            format!("Make it a reply that the {reader} reads ({what})? yes or no:")
        }
        Question::Quit => {
            let drafts = say::count(state.drafts.len(), "draft");
            format!("{drafts} kept for next time; what waits in the outbox is sent all the same. Leave? yes or no:")
        }
        Question::Pasted(id) => format!("Keep it as a note on {}? yes or no:", say::named(state, id)),
        Question::Erase(conversation, message) => format!("{} yes or no:", crate::update::erase_words(state, conversation, message)),
        Question::DropDraft | Question::DropEntry | Question::DropView | Question::Logout => {
            format!("{} yes or no:", crate::view::question_words(state, question))
        }
    }
}
