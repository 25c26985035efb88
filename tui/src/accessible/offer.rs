//! What can be answered at each prompt, with the numbers that it keeps.

use api::id::ConversationId;

use super::choice::Choice;
use super::place::{Ask, Place};
use super::{Does, say};
use crate::event::Purpose;
use crate::keymap::Command;
use crate::state::{ApprovalTab, Hit, Overlay, Question, STATUSES, State, Tab};
use crate::text;
use crate::update::spoken::Deed;

/// Rows told at once: one digit each.
pub(super) const ROWS: usize = 9;
/// The first number of what is no row.
const REST: usize = ROWS + 1;

fn numbered(from: usize, all: Vec<(&str, String, Does)>) -> Vec<Choice> {
    (from..).zip(all).map(|(number, (words, says, does))| Choice::new(number, words, says, does)).collect()
}

/// What is offered in a place, with `rows` where there are some.
pub(super) fn offered(state: &State, place: &Place, mut rows: Vec<Choice>) -> Vec<Choice> {
    let plain = |words: &'static str, says: &str, does: Does| (words, says.to_owned(), does);
    let key = |words: &'static str, says: &str, command: Command| (words, says.to_owned(), Does::Key(command));
    let undo = || key("undo u", "undo or u: take the last message or change back", Command::Undo);
    let search = || plain("search", "search: search messages and notes", Does::Ask(Ask::Search));
    let approvals = || key("approvals", "approvals: what waits for a decision", Command::Approvals);
    let inbox = || plain("inbox", "inbox: the list of conversations", Does::Deed(Deed::Inbox));
    let again = || plain("again", "again: tell this place again", Does::Again);
    let help = || plain("help ?", "help: this list", Does::Help);
    let quit = || plain("quit q", "quit: leave, drafts are kept", Does::Deed(Deed::Quit));
    let back = |says: &str, does: Does| Choice::new(0, "back b", says, does);
    let cancel = || back("back: nothing of this", Does::Key(Command::Cancel));
    let more = || plain("more m", "more: the next rows", Does::More);
    match place {
        Place::List => {
            rows.extend(numbered(
                REST,
                vec![
                    more(),
                    plain("first", "first: from the first row again", Does::Again),
                    plain("tab", "tab: mine, unassigned, all, mentions, unattended", Does::Ask(Ask::Tab)),
                    plain("show", "show: open, pending, snoozed, resolved or all", Does::Ask(Ask::Status)),
                    plain("find f", "find: only rows with these words", Does::Ask(Ask::Words)),
                    plain("mark", "mark: choose several rows by their numbers", Does::Ask(Ask::Mark)),
                    plain("unmark", "unmark: choose none", Does::Unmark),
                    plain("resolve e", "resolve: the marked rows", Does::Ask(Ask::Resolve(Vec::new()))),
                    key("assign", "assign: the marked rows", Command::Assign),
                    key("labels", "labels: of the marked rows", Command::Labels),
                    key("snooze", "snooze: the marked rows", Command::Snooze),
                    key("priority", "priority: of the marked rows", Command::Priority),
                    undo(),
                    search(),
                    approvals(),
                    again(),
                    help(),
                    quit(),
                ],
            ));
            rows
        }
        Place::Thread(_) => {
            let mut all = numbered(
                1,
                vec![
                    plain("older o", "older: the messages above", Does::Older),
                    key("reply r", "reply or r: write to the CUSTOMER", Command::Reply),
                    key("canned", "canned: write to the CUSTOMER, beginning with a canned response", Command::Canned),
                    key("note p", "note: write for the TEAM ONLY", Command::Note),
                    key("escalate", "escalate: ask an approver to decide", Command::Escalate),
                    key("assign a", "assign: me, nobody, an agent, a team", Command::Assign),
                    key("labels", "labels: put on or take off", Command::Labels),
                    key("status", "status: open, pending, resolved, snoozed", Command::Status),
                    key("resolve e", "resolve: it waits a moment in the outbox, u takes it back", Command::Resolve),
                    key("snooze z", "snooze: until when", Command::Snooze),
                    key("priority !", "priority: how urgent", Command::Priority),
                    key("unread", "unread: mark unread", Command::Unread),
                    undo(),
                    key("next n", "next: the next conversation", Command::ConversationNext),
                    plain("newer", "newer: the messages below", Does::Newer),
                    again(),
                    search(),
                    approvals(),
                    inbox(),
                    help(),
                    quit(),
                ],
            );
            all.push(back("back: to the list it was opened from", Does::Key(Command::Back)));
            all
        }
        Place::Queue => {
            let decisions = plain("tab", "tab: waiting for me, asked by me, decided", Does::Ask(Ask::Decisions));
            let first = plain("first", "first: from the first row again", Does::Again);
            rows.extend(numbered(REST, vec![more(), first, decisions, undo(), inbox(), search(), again(), help(), quit()]));
            rows.push(back("back: to the inbox", Does::Deed(Deed::Inbox)));
            rows
        }
        Place::Card(..) => {
            let mut all = numbered(
                1,
                vec![
                    key("approve a", "approve: asks once more", Command::Approve),
                    key("reject x", "reject: with a reason", Command::Reject),
                    key("conversation c", "conversation: open it", Command::Conversation),
                    plain("again", "again: read it out again", Does::Again),
                    undo(),
                    inbox(),
                    help(),
                    quit(),
                ],
            );
            all.push(back("back: to the approvals, undecided", Does::Key(Command::Back)));
            all
        }
        Place::Found => {
            let first = plain("first", "first: from the first result again", Does::Again);
            rows.extend(numbered(REST, vec![more(), first, search(), inbox(), approvals(), undo(), again(), help(), quit()]));
            rows.push(back("back: to the inbox", Does::Deed(Deed::Inbox)));
            rows
        }
        Place::Menu(..) => {
            let Some(Overlay::Menu(menu)) = &state.overlay else { return Vec::new() };
            let mut all = Vec::new();
            for (index, item) in menu.items.iter().enumerate() {
                let name = item.label.trim_end_matches([' ', '…']);
                let mut choice = Choice::named(index + 1, name, name, Does::Deed(Deed::Item(index)));
                choice.words.extend(item.letter.map(String::from));
                choice.refused = item.disabled.map(str::to_owned);
                all.push(choice);
            }
            all.push(cancel());
            all
        }
        Place::Labels(_) => {
            let Some(Overlay::Labels(picker)) = &state.overlay else { return Vec::new() };
            let mut all = Vec::new();
            for (index, (label, on)) in picker.items.iter().enumerate() {
                let (name, how) = (text::line(label), [Some("on"), Some("off")][usize::from(*on != Some(true))].filter(|_| on.is_some()));
                all.push(Choice::named(index + 1, &name, format!("{name}: {}", how.unwrap_or("on some")), Does::Deed(Deed::Label(index))));
            }
            all.push(Choice::new(all.len() + 1, "save s", "save the labels as they are told now", Does::Key(Command::Accept)));
            all.push(cancel());
            all
        }
        Place::Sheet(..) | Place::Question(_) => {
            vec![Choice::new(1, "yes y", "yes", Does::Key(Command::Yes)), Choice::new(2, "no n back", "no", Does::Key(Command::Cancel))]
        }
        Place::Which(_, _, labels) => {
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
        Place::Review(purpose, _) => review(*purpose),
        Place::Ask(Ask::Tab) => {
            let mut all: Vec<Choice> =
                (1..).zip(Tab::ALL).map(|(n, tab)| Choice::named(n, tab.title(), tab.title(), Does::Deed(Deed::Tab(tab)))).collect();
            all.push(back("back: the tab stays", Does::Again));
            all
        }
        Place::Ask(Ask::Status) => {
            let mut all: Vec<Choice> =
                (1..).zip(STATUSES).map(|(n, status)| Choice::named(n, status, status, Does::Deed(Deed::Status(status)))).collect();
            all.push(back("back: it stays", Does::Again));
            all
        }
        Place::Ask(Ask::Decisions) => {
            let tab = |tab: ApprovalTab| Does::Deed(Deed::Decisions(tab));
            let mut all: Vec<Choice> = (1..).zip(ApprovalTab::ALL).map(|(n, t)| Choice::named(n, t.title(), t.title(), tab(t))).collect();
            all.push(back("back: the tab stays", Does::Again));
            all
        }
        Place::Ask(Ask::Resolve(_)) => {
            vec![Choice::new(1, "yes y", "yes", Does::Key(Command::Resolve)), Choice::new(2, "no n back", "no", Does::Again)]
        }
        Place::Ask(Ask::Mark | Ask::Words | Ask::Search) | Place::Text(_) | Place::Line(_) => Vec::new(),
    }
}

/// What can become of a text.
fn review(purpose: Purpose) -> Vec<Choice> {
    let key = |words: &'static str, says: &str, command: Command| (words, says.to_owned(), Does::Key(command));
    let send = match purpose {
        Purpose::Reply(_) | Purpose::Template(_) => key("send s", "send: to the CUSTOMER", Command::Send),
        Purpose::Note(_) => key("send save s", "send: save the note, the TEAM ONLY reads it", Command::Send),
        Purpose::Escalate(_) => key("send ask s", "send: ask the APPROVERS", Command::Send),
        Purpose::Reject(..) => key("send reject s", "send: reject with this reason", Command::Send),
    };
    let mut all = vec![
        send,
        ("more m", "more: write on".to_owned(), Does::WriteOn),
        ("anew", "anew: write from nothing".to_owned(), Does::Anew),
        key("discard", "discard: throw the text away, asks once more", Command::Discard),
    ];
    match purpose {
        Purpose::Reply(_) => {
            all.push(key("note", "note: make it a note for the TEAM ONLY", Command::ToNote));
            all.push(key("send-resolve", "send-resolve: send to the CUSTOMER and resolve", Command::SendResolve));
            all.push(key("send-pending", "send-pending: send to the CUSTOMER and make it pending", Command::SendPend));
            all.push(key("send-snooze", "send-snooze: send to the CUSTOMER and snooze until they write", Command::SendSnooze));
        }
        Purpose::Note(_) => all.push(key("reply", "reply: make it a reply to the CUSTOMER, asks once more", Command::ToReply)),
        _ => {}
    }
    let mut all = numbered(1, all);
    all.push(Choice::new(0, "back keep b", "back: keep it as a draft", Does::Key(Command::Leave)));
    all
}

/// The rows that are told of a list, from `first` on, as choices.
pub(super) fn rows(state: &State, place: &Place, first: usize) -> Vec<Choice> {
    match place {
        Place::List => (1..).zip(state.list.rows.iter().skip(first).take(ROWS)).filter_map(|(n, id)| conversation(state, n, *id)).collect(),
        Place::Queue => {
            let all = state.approvals.rows.iter().skip(first).take(ROWS);
            let row = |(n, a): (usize, &api::approval::ApprovalView)| {
                let mut choice = Choice::new(n, "", say::decision_row(state, a), Does::Deed(Deed::Card(a.id)));
                choice.words = vec![a.reference.to_string()];
                choice
            };
            (1..).zip(all).map(row).collect()
        }
        Place::Found => {
            let messages = state.search.messages.iter().skip(first).take(ROWS);
            let row = |(n, found): (usize, &api::search::FoundMessage)| {
                let mut choice = Choice::new(n, "", say::found(state, found), Does::Deed(Deed::Found(found.id)));
                choice.words = vec![text::line(&found.contact)];
                choice
            };
            (1..).zip(messages).map(row).collect()
        }
        _ => Vec::new(),
    }
}

fn conversation(state: &State, number: usize, id: ConversationId) -> Option<Choice> {
    let view = state.conversation(id)?;
    let says = say::row(state, view, state.list.marked.contains(&id));
    let mut choice = Choice::named(number, &text::line(&view.contact.name), says, Does::Deed(Deed::Open(id)));
    choice.words.push(format!("#{id}"));
    Some(choice)
}

/// How many rows a list has, as far as it was read.
pub(super) fn len(state: &State, place: &Place) -> usize {
    match place {
        Place::List => state.list.rows.len(),
        Place::Queue => state.approvals.rows.len(),
        Place::Found => state.search.messages.len(),
        _ => 0,
    }
}

/// That rows up to here are told: the next page is read where there is one.
pub(super) fn reached(state: &State, place: &Place, upto: usize) -> Option<Deed> {
    match place {
        Place::List => state.list.rows.get(upto.checked_sub(1)?).copied().map(Deed::Reached),
        Place::Found => {
            let last = upto.checked_sub(1)?;
            let id = state.search.messages.get(last)?.id;
            let is = |at: &usize| matches!(state.search.hit(*at), Some(Hit::Message(found)) if found.id == id);
            (0..state.search.len()).find(is).map(Deed::ReachedFound)
        }
        _ => None,
    }
}

/// What is asked with the question.
pub(super) fn question(state: &State, question: Question) -> String {
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
        // Asked on screens that are not offered here; told all the same, so that a yes is never given blindly.
        Question::DropDraft | Question::DropEntry => "Throw it away? yes or no:".into(),
        Question::DropView => "Delete the saved view that is shown, in Chatwoot too? yes or no:".into(),
        Question::Logout => "Log out, and remove what the inbox keeps on this machine? yes or no:".into(),
    }
}
