//! What can be answered in the places: lists, a conversation, a decision, a contact.

use api::id::ConversationId;

use super::super::Does;
use super::super::choice::Choice;
use super::super::place::Ask;
use super::{Offer, REST, back, key, numbered, plain};
use crate::keymap::Command;
use crate::state::{Screen, Shelf, State};
use crate::update::spoken::Deed;

fn undo() -> Offer {
    key("undo u", "undo or u: take the last message or change back", Command::Undo)
}

fn search() -> Offer {
    plain("search", "search: search messages and notes", Does::Ask(Ask::Search))
}

fn approvals() -> Offer {
    key("approvals", "approvals: what waits for a decision", Command::Approvals)
}

fn inbox() -> Offer {
    plain("inbox", "inbox: the list of conversations", Does::Deed(Deed::Inbox))
}

fn again() -> Offer {
    plain("again", "again: tell this place again", Does::Again)
}

fn help() -> Offer {
    plain("help ?", "help: this list", Does::Help)
}

fn quit(state: &State) -> Offer {
    plain("quit q", in_words(state, "quit: leave, drafts are kept", "quit: leave"), Does::Deed(Deed::Quit))
}

/// How something is said, and how where nothing is changed.
fn in_words(state: &State, usual: &'static str, read_only: &'static str) -> &'static str {
    if state.read_only { read_only } else { usual }
}

fn first() -> Offer {
    plain("first", "first: from the first row again", Does::Again)
}

fn more() -> Offer {
    plain("more m", "more: the next rows", Does::More)
}

/// The other places, and what can be said everywhere.
fn elsewhere(state: &State) -> Vec<Offer> {
    let places = [
        (Screen::Inbox, inbox()),
        (Screen::Search, search()),
        (Screen::Approvals, approvals()),
        (Screen::Contacts, key("contacts", "contacts: all customers", Command::Contacts)),
        (Screen::Activity, key("activity", "activity: what happened", Command::Activity)),
        (Screen::Own(Shelf::Drafts), key("drafts", "drafts: texts that were not sent", Command::Drafts)),
        (Screen::Own(Shelf::Outbox), key("outbox", "outbox: what is on its way to Chatwoot", Command::Outbox)),
        (Screen::Own(Shelf::Log), key("log", "log: what the inbox noted", Command::Log)),
        (Screen::Own(Shelf::Settings), key("settings", "settings: how the inbox is set, and by what", Command::Settings)),
    ];
    // A search begins anew from its results, and from a conversation one goes back to the inbox.
    let here = |screen: Screen| screen == state.screen && screen != Screen::Search && state.focus == crate::state::Focus::List;
    let mut all: Vec<Offer> = places.into_iter().filter(|(screen, _)| !here(*screen)).map(|(_, offer)| offer).collect();
    all.extend([
        key("availability", "availability: whether you are online, busy or offline in Chatwoot", Command::Availability),
        key("logout", "logout: remove what the inbox keeps here and leave, asks once more", Command::Logout),
        quit(state),
    ]);
    all
}

fn all(from: usize, here: Vec<Offer>, state: &State) -> Vec<Choice> {
    numbered(from, here.into_iter().chain(elsewhere(state)).collect())
}

/// Of the list of conversations.
pub(super) fn list(state: &State, mut rows: Vec<Choice>) -> Vec<Choice> {
    let here = vec![
        more(),
        first(),
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
        again(),
        help(),
        key("filter", "filter: by inbox, team, label, priority, unread; and the order", Command::Cut),
        key("views", in_words(state, "views: saved views, choose, save, rename, delete", "views: saved views, choose one"), Command::Views),
        key("macros", "macros: on the marked rows; what one does is told before it runs", Command::Macros),
        key("block", "block: the customers of the marked rows, asks once more", Command::Block),
    ];
    rows.extend(all(REST, here, state));
    rows
}

/// Of an opened conversation.
pub(super) fn thread(state: &State, id: ConversationId) -> Vec<Choice> {
    let here = vec![
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
        help(),
        plain(
            "message",
            in_words(
                state,
                "message: choose one to answer, quote, copy, delete or send again",
                "message: choose one, for its links or to copy",
            ),
            Does::Ask(Ask::Message(id)),
        ),
        key("links", "links: links and files of all messages, with the host each leads to", Command::Links),
        key("copy", "copy: tell its address, number or name to be taken from here", Command::CopyMenu),
        plain("contact", "contact: who the customer is", Does::Customer),
        key("macros", "macros: what one does is told before it runs", Command::Macros),
        key("block", "block: the customer, and resolve; or unblock; asks once more", Command::Block),
        key("participants", "participants: who takes part", Command::Participants),
        key("attributes", "attributes: of the conversation", Command::Attributes),
        key("contact-attributes", "contact-attributes: of the customer", Command::ContactAttributes),
        key("previous", "previous: the conversation before", Command::ConversationPrevious),
    ];
    let mut all = all(1, here, state);
    all.push(back("back: to where it was opened from", Does::Key(Command::Back)));
    all
}

/// Of the approvals.
pub(super) fn queue(state: &State, mut rows: Vec<Choice>) -> Vec<Choice> {
    let decisions = plain("tab", "tab: waiting for me, asked by me, decided", Does::Ask(Ask::Decisions));
    rows.extend(all(REST, vec![more(), first(), decisions, undo(), again(), help()], state));
    rows.push(back("back: to the inbox", Does::Deed(Deed::Inbox)));
    rows
}

/// Of a decision.
pub(super) fn card(state: &State) -> Vec<Choice> {
    let here = vec![
        key("approve a", "approve: asks once more", Command::Approve),
        key("reject x", "reject: with a reason", Command::Reject),
        key("conversation c", "conversation: open it", Command::Conversation),
        plain("again", "again: read it out again", Does::Again),
        undo(),
        help(),
    ];
    let mut all = all(1, here, state);
    all.push(back("back: undecided, to where it was opened from", Does::Key(Command::Back)));
    all
}

/// Of what was found.
pub(super) fn found(state: &State, mut rows: Vec<Choice>) -> Vec<Choice> {
    let first = plain("first", "first: from the first result again", Does::Again);
    rows.extend(all(REST, vec![more(), first, undo(), again(), help()], state));
    rows.push(back("back: to the inbox", Does::Deed(Deed::Inbox)));
    rows
}

/// Of the contacts.
pub(super) fn contacts(state: &State, mut rows: Vec<Choice>) -> Vec<Choice> {
    let find = plain("find f", "find: only contacts with these words in name, address, number or identifier", Does::Ask(Ask::Contacts));
    rows.extend(all(REST, vec![more(), first(), find, undo(), again(), help()], state));
    rows.push(back("back: out of the words, else to the inbox", Does::Key(Command::Back)));
    rows
}

/// Of a contact.
pub(super) fn contact(state: &State, mut rows: Vec<Choice>) -> Vec<Choice> {
    let here = vec![
        more(),
        first(),
        key("edit e", "edit: change name, e-mail, phone, company or identifier", Command::EditContact),
        key("attributes", "attributes: change one", Command::ContactAttributes),
        key("note n", "note: write a note about the contact, for the TEAM ONLY", Command::ContactNote),
        key("new", "new: begin a conversation", Command::Begin),
        undo(),
        again(),
        help(),
    ];
    rows.extend(all(REST, here, state));
    rows.push(back("back: to where it was opened from", Does::Key(Command::Back)));
    rows
}

/// Of the activity.
pub(super) fn activity(state: &State, mut rows: Vec<Choice>) -> Vec<Choice> {
    let follow =
        if state.feed.follow { "follow: no longer tell what is new at each prompt" } else { "follow: tell what is new at each prompt" };
    let here = vec![
        plain("more m older", "more: the older ones", Does::More),
        key("newest", "newest: from the newest again, and follow", Command::Activity),
        key("type t", "type: only activities of one type", Command::Kinds),
        key("follow", follow, Command::Follow),
        undo(),
        again(),
        help(),
    ];
    rows.extend(all(REST, here, state));
    rows.push(back("back: to the inbox", Does::Deed(Deed::Inbox)));
    rows
}

/// Of the drafts, the outbox, the log or the settings.
pub(super) fn shelf(state: &State, shelf: Shelf, mut rows: Vec<Choice>) -> Vec<Choice> {
    let mut here = vec![more(), first(), again(), help()];
    // There it would mean the row that was told last.
    if shelf != Shelf::Outbox {
        here.insert(2, undo());
    }
    rows.extend(all(REST, here, state));
    rows.push(back("back: to the inbox", Does::Deed(Deed::Inbox)));
    rows
}
