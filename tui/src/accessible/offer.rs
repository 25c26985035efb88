//! What can be answered at each prompt, with the numbers that it keeps.

mod asked;
mod panes;

use api::id::ConversationId;

use super::choice::Choice;
use super::place::{Ask, Place};
use super::{Does, say};
use crate::keymap::Command;
use crate::keymap::registry::READ_ONLY;
use crate::state::{Hit, State};
use crate::text;
use crate::update::spoken::Deed;

pub(super) use asked::question;

/// Rows told at once: one digit each.
pub(super) const ROWS: usize = 9;
/// The first number of what is no row.
const REST: usize = ROWS + 1;

/// Something that can be answered, before it has its number: its words, what it does for people, and what it does.
type Offer = (&'static str, String, Does);

fn plain(words: &'static str, says: &str, does: Does) -> Offer {
    (words, says.to_owned(), does)
}

fn key(words: &'static str, says: &str, command: Command) -> Offer {
    plain(words, says, Does::Key(command))
}

fn back(says: &str, does: Does) -> Choice {
    Choice::new(0, "back b", says, does)
}

fn numbered(from: usize, all: Vec<Offer>) -> Vec<Choice> {
    (from..).zip(all).map(|(number, (words, says, does))| Choice::new(number, words, says, does)).collect()
}

/// What is offered in a place, with `rows` where there are some.
pub(super) fn offered(state: &State, place: &Place, rows: Vec<Choice>) -> Vec<Choice> {
    let mut all = choices(state, place, rows);
    for choice in all.iter_mut().filter(|choice| state.read_only && choice.does.changes(state)) {
        choice.refused = Some(READ_ONLY.to_owned());
    }
    all
}

fn choices(state: &State, place: &Place, rows: Vec<Choice>) -> Vec<Choice> {
    match place {
        Place::List => panes::list(state, rows),
        Place::Thread(id) => panes::thread(state, *id),
        Place::Queue => panes::queue(state, rows),
        Place::Card(..) => panes::card(state),
        Place::Found => panes::found(state, rows),
        Place::Contacts => panes::contacts(state, rows),
        Place::Contact(_) => panes::contact(state, rows),
        Place::Activity => panes::activity(state, rows),
        Place::Shelf(shelf) => panes::shelf(state, *shelf, rows),
        Place::Message(id, name) => asked::message(state, *id, name),
        Place::Menu(..) => asked::menu(state),
        Place::Labels(_) => asked::labels(state),
        Place::Sheet(..) | Place::Question(_) => asked::yes_no(Does::Key(Command::Yes), Does::Key(Command::Cancel)),
        Place::Understood(..) => asked::yes_no(Does::Key(Command::Accept), Does::Key(Command::Cancel)),
        Place::Which(_, _, labels) => asked::which(state, labels),
        Place::Review(purpose, _) => asked::review(state, *purpose),
        Place::Ask(Ask::Tab) => asked::tabs(),
        Place::Ask(Ask::Status) => asked::statuses(),
        Place::Ask(Ask::Decisions) => asked::decisions(),
        Place::Ask(Ask::Resolve(_)) => asked::yes_no(Does::Key(Command::Resolve), Does::Again),
        Place::Ask(Ask::Message(id)) => asked::messages(state, *id),
        Place::Ask(Ask::Entry(shelf, _)) => asked::entry(*shelf),
        Place::Ask(Ask::Mark | Ask::Words | Ask::Search | Ask::Contacts | Ask::SaveView | Ask::RenameView) => Vec::new(),
        Place::Line(_) | Place::Text(_) => Vec::new(),
    }
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
            let hits = (first..state.search.len()).take(ROWS).filter_map(|at| state.search.hit(at));
            (1..).zip(hits).map(|(n, hit)| found(state, n, hit)).collect()
        }
        Place::Contacts => {
            let all = state.contacts.rows.iter().skip(first).take(ROWS);
            let row = |(n, detail): (usize, &api::contact::ContactDetail)| {
                let contact = &detail.contact;
                Choice::named(n, &text::line(&contact.name), say::contact_row(state, detail), Does::Deed(Deed::Contact(contact.id)))
            };
            (1..).zip(all).map(row).collect()
        }
        Place::Contact(_) => {
            let all = state.contacts.card.iter().flat_map(|card| &card.conversations).skip(first).take(ROWS);
            let row = |(n, view): (usize, &api::inbox::ConversationView)| Choice {
                words: vec![format!("#{}", view.id)],
                ..Choice::new(n, "", say::row(state, view, false), Does::Deed(Deed::Open(view.id)))
            };
            (1..).zip(all).map(row).collect()
        }
        Place::Activity => {
            let all = state.feed.rows.iter().skip(first).take(ROWS);
            let row = |(n, row): (usize, &api::event::Activity)| Choice {
                words: Vec::new(),
                ..Choice::new(n, "", say::activity(state, row), Does::Deed(Deed::Activity(row.seq)))
            };
            (1..).zip(all).map(row).collect()
        }
        Place::Shelf(shelf) => {
            let said = state.shelf_rows(*shelf).into_iter().zip(crate::view::shelf::said(state, *shelf));
            let row = |(n, (name, (says, _))): (usize, (String, (String, String)))| Choice {
                words: Vec::new(),
                ..Choice::new(n, "", text::line(&says), Does::Ask(Ask::Entry(*shelf, name)))
            };
            (1..).zip(said.skip(first).take(ROWS)).map(row).collect()
        }
        _ => Vec::new(),
    }
}

/// A row of what was found.
fn found(state: &State, n: usize, hit: Hit<'_>) -> Choice {
    match hit {
        Hit::Message(found) => {
            let mut choice = Choice::new(n, "", say::found(state, found), Does::Deed(Deed::Found(found.id)));
            choice.words = vec![text::line(&found.contact)];
            choice
        }
        Hit::Contact(contact) => {
            let name = text::line(&contact.name);
            Choice::named(n, &name, format!("contact {name}"), Does::Deed(Deed::Contact(contact.id)))
        }
        Hit::Canned(canned) => {
            let (code, words) = (text::line(&canned.short_code), text::truncate(&text::line(&canned.content), 80));
            Choice::named(n, &format!("/{code}"), format!("canned response /{code}: {words}"), Does::Deed(Deed::Canned(canned.id)))
        }
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
        Place::Found => state.search.len(),
        Place::Contacts => state.contacts.rows.len(),
        Place::Contact(_) => state.contacts.card.as_ref().map_or(0, |card| card.conversations.len()),
        Place::Activity => state.feed.rows.len(),
        Place::Shelf(shelf) => state.shelf_rows(*shelf).len(),
        _ => 0,
    }
}

/// That rows up to here are told: the next page is read where there is one.
pub(super) fn reached(state: &State, place: &Place, upto: usize) -> Option<Deed> {
    let last = upto.checked_sub(1)?;
    match place {
        Place::List => state.list.rows.get(last).copied().map(Deed::Reached),
        Place::Found => Some(Deed::ReachedFound(last)),
        Place::Contacts => Some(Deed::ReachedContact(last)),
        // At the newest it follows; what is further down is read when it is asked for.
        Place::Activity if upto > ROWS => state.feed.rows.get(last).map(|row| Deed::ReachedActivity(row.seq)),
        _ => None,
    }
}
