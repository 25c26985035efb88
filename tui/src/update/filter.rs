//! The list's filter: menus that cut it by inbox, team, label, priority or what is unread, and that order it.

use api::inbox::{Priority, Sort};

use super::{Out, list, view};
use crate::state::{Action, FilterMenu, ListFilter, Menu, MenuItem, Overlay, State};
use crate::text;

/// The first menu.
pub(super) fn menu(state: &mut State) {
    let now = &state.list.filter;
    let chosen = |what: Option<String>| what.map_or_else(|| "any".to_owned(), |name| text::line(&name));
    let line = |letter, label: String, action, disabled| MenuItem { letter: Some(letter), label, disabled, action, done: String::new() };
    let directory = &state.directory;
    let with = |change: &dyn Fn(&mut ListFilter)| {
        let mut filter = now.clone();
        change(&mut filter);
        Action::Filter(Box::new(filter))
    };
    let inbox = now.inbox.as_ref().map(|(_, name)| name.clone());
    let team = now.team.as_ref().map(|(_, name)| name.clone());
    let items = vec![
        line(
            'i',
            format!("inbox: {} …", chosen(inbox)),
            Action::Filters(FilterMenu::Inbox),
            directory.inboxes.is_empty().then_some("there are none"),
        ),
        line(
            't',
            format!("team: {} …", chosen(team)),
            Action::Filters(FilterMenu::Team),
            directory.teams.is_empty().then_some("there are none"),
        ),
        line(
            'l',
            format!("label: {} …", chosen(now.label.clone())),
            Action::Filters(FilterMenu::Label),
            directory.labels.is_empty().then_some("there are none"),
        ),
        line('p', format!("priority: {} …", now.priority.unwrap_or("any")), Action::Filters(FilterMenu::Priority), None),
        line(
            'u',
            if now.unread { "unread only: yes" } else { "unread only: no" }.to_owned(),
            with(&|filter| filter.unread = !filter.unread),
            None,
        ),
        line('s', format!("order: {} …", sort_word(now.sort)), Action::Filters(FilterMenu::Sort), None),
        line(
            'c',
            "clear them".to_owned(),
            with(&|filter| *filter = ListFilter { sort: filter.sort, ..ListFilter::default() }),
            now.words().is_empty().then_some("there are none"),
        ),
    ];
    show(state, "Filter the list", items, false);
}

/// The menu of one of them.
pub(super) fn open(state: &mut State, menu: FilterMenu) {
    let now = state.list.filter.clone();
    let one = |letter: Option<char>, label: String, change: &dyn Fn(&mut ListFilter)| {
        let mut filter = now.clone();
        change(&mut filter);
        let disabled = (filter == now).then_some("already so");
        MenuItem { letter, label, disabled, action: Action::Filter(Box::new(filter)), done: String::new() }
    };
    let (title, search, items) = match menu {
        FilterMenu::Inbox => {
            let mut items = vec![one(None, "any inbox".to_owned(), &|filter| filter.inbox = None)];
            items.extend(
                state
                    .directory
                    .inboxes
                    .iter()
                    .map(|inbox| one(None, text::line(&inbox.name), &|filter| filter.inbox = Some((inbox.id, inbox.name.clone())))),
            );
            ("Inbox", true, items)
        }
        FilterMenu::Team => {
            let mut items = vec![one(None, "any team".to_owned(), &|filter| filter.team = None)];
            items.extend(
                state
                    .directory
                    .teams
                    .iter()
                    .map(|team| one(None, text::line(&team.name), &|filter| filter.team = Some((team.id, team.name.clone())))),
            );
            ("Team", true, items)
        }
        FilterMenu::Label => {
            let mut items = vec![one(None, "any label".to_owned(), &|filter| filter.label = None)];
            items.extend(
                state
                    .directory
                    .labels
                    .iter()
                    .map(|label| one(None, text::line(&label.title), &|filter| filter.label = Some(label.title.clone()))),
            );
            ("Label", true, items)
        }
        FilterMenu::Priority => {
            let mut items = vec![one(Some('a'), "any".to_owned(), &|filter| filter.priority = None)];
            for (letter, word) in [
                ('u', Priority::Urgent.as_str()),
                ('h', Priority::High.as_str()),
                ('m', Priority::Medium.as_str()),
                ('l', Priority::Low.as_str()),
                ('n', "none"),
            ] {
                items.push(one(Some(letter), word.to_owned(), &|filter| filter.priority = Some(word)));
            }
            ("Priority", false, items)
        }
        FilterMenu::Sort => {
            let items = [('w', Sort::Waiting), ('a', Sort::Activity), ('c', Sort::Created), ('p', Sort::Priority)]
                .map(|(letter, sort)| one(Some(letter), sort_word(sort).to_owned(), &move |filter| filter.sort = sort));
            ("Order", false, items.to_vec())
        }
    };
    show(state, title, items, search);
}

/// The order, in words.
pub(crate) fn sort_word(sort: Sort) -> &'static str {
    match sort {
        Sort::Waiting => "longest waiting",
        Sort::Activity => "newest activity",
        Sort::Created => "newest first",
        Sort::Priority => "priority",
    }
}

fn show(state: &mut State, title: &str, items: Vec<MenuItem>, search: bool) {
    let cursor = items.iter().position(|item| item.disabled.is_none()).unwrap_or(0);
    state.overlay =
        Some(Overlay::Menu(Menu { title: title.to_owned(), targets: Vec::new(), items, cursor, search: search.then(String::new) }));
}

/// Cuts the list that way.
pub(super) fn set(state: &mut State, out: &mut Out, filter: ListFilter) {
    if state.list.filter != filter {
        let left = state.list.filter.view.is_some() && filter.view.is_none();
        state.list.filter = filter;
        if left {
            return view::leave(state, out);
        }
        list::refilter(state, out);
    }
}
