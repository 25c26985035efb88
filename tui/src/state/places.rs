//! What the palette finds by a sign before it: people, labels and views, as far as they are known here.

use std::collections::BTreeSet;

use super::palette::{Choice, Row};
use super::{State, Tab};
use crate::keymap::Command;
use crate::text;

/// Rows of one kind at most: more nobody reads in a palette.
const ROWS_MAX: usize = 50;
/// Conversations and contacts that are looked through: more would take longer than a frame.
const SCANNED_MAX: usize = 5_000;

fn row(choice: Choice, title: String) -> Row {
    Row { choice, title, id: None, key: String::new(), cli: None, refusal: None }
}

/// The help, at some words.
pub(super) fn help(search: &str) -> Row {
    row(Choice::Help, if search.is_empty() { "Help".into() } else { format!("Help with “{search}”") })
}

/// Customers: of the conversations that were read, and of the contacts.
pub(super) fn people(state: &State, search: &str) -> Vec<Row> {
    let lower = search.to_lowercase();
    let of_list = state.list.rows.iter().filter_map(|id| state.conversations.get(id)).map(|view| &view.contact);
    let of_others = state.conversations.values().map(|view| &view.contact);
    let mut known = BTreeSet::new();
    let mut out = Vec::new();
    let talked = of_list.chain(of_others).map(|contact| (contact.id, &contact.name, contact.email.as_deref()));
    let listed = state.contacts.rows.iter().map(|row| &row.contact).map(|contact| (contact.id, &contact.name, contact.email.as_deref()));
    for (id, name, email) in talked.chain(listed).take(SCANNED_MAX) {
        let fits = name.to_lowercase().contains(&lower) || email.is_some_and(|email| email.to_lowercase().contains(&lower));
        if out.len() < ROWS_MAX && fits && known.insert(id) {
            let email = email.map_or_else(String::new, |email| format!("  {}", text::line(email)));
            let mut row = row(Choice::Contact(id), format!("{}{email}", text::line(name)));
            row.cli = Some(format!("afenda contact view {id}"));
            out.push(row);
        }
    }
    out
}

/// Labels: the list is cut to one.
pub(super) fn labels(state: &State, search: &str) -> Vec<Row> {
    let lower = search.to_lowercase();
    let fits = |title: &str| title.to_lowercase().contains(&lower);
    let labels = state.directory.labels.iter().enumerate().filter(|(_, label)| fits(&label.title));
    labels.take(ROWS_MAX).map(|(index, label)| row(Choice::Label(index), format!("The list with {}", text::line(&label.title)))).collect()
}

/// Views: the screens, and the tabs of the list.
pub(super) fn views(state: &State, search: &str) -> Vec<Row> {
    let lower = search.to_lowercase();
    let screens = [
        (Command::Inbox, "Inbox"),
        (Command::Approvals, "Approvals"),
        (Command::Search, "Search"),
        (Command::Contacts, "Contacts"),
        (Command::Activity, "Activity"),
    ];
    let screens = screens.map(|(command, name)| (Choice::Run(command), name));
    let tabs = Tab::ALL.map(|tab| (Choice::Tab(tab), tab.title()));
    let found = screens.into_iter().chain(tabs).filter(|(_, name)| name.to_lowercase().contains(&lower));
    found
        .map(|(choice, name)| {
            let mut row = row(choice, name.to_owned());
            if let Choice::Run(command) = choice {
                row.key = state.keys.of_action(super::Context::List, command).first().map(|key| (*key).to_owned()).unwrap_or_default();
            }
            row
        })
        .collect()
}
