//! Saved views: the filters of conversations that the caller keeps in Chatwoot. The daemon evaluates them; what it cannot tell it says.

use api::inbox::Priority;
use api::lists::{CustomFilterView, NewCustomFilter};
use serde_json::{Value, json};

use super::{Out, list, live, read, run, toast};
use crate::event::{Effect, Outcome};
use crate::keymap::registry::READ_ONLY;
use crate::state::{Action, ListFilter, Menu, MenuItem, Opening, Overlay, Question, Read, STATUSES, Screen, State, Tab, Tone, ViewMenu};
use crate::text;

/// Views that a menu lists: nobody picks from more.
const LISTED_MAX: usize = 200;
/// So often a view is read again at most while conversations change: it is looked for through all of them.
pub(super) const AGAIN: jiff::SignedDuration = jiff::SignedDuration::from_secs(10);

/// The saved filters came.
pub(super) fn came(state: &mut State, views: Vec<CustomFilterView>) {
    state.views = views.into_iter().filter(|view| view.filter_type == "conversation").take(LISTED_MAX).collect();
    state.views_read = true;
}

/// The view that a digit means: in the order of their names.
pub(super) fn by_digit(state: &mut State, out: &mut Out, name: &str) {
    let place = name.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
    match place.and_then(|place| state.views.get(place)).map(|view| view.id) {
        Some(id) => open(state, out, id),
        None => menu(state, out),
    }
}

/// Shows the view of a name, whatever the case.
pub(super) fn named(state: &mut State, out: &mut Out, name: &str) -> Result<(), String> {
    let wanted = name.to_lowercase();
    let found = state.views.iter().find(|view| view.name.to_lowercase() == wanted).map(|view| view.id);
    let id = found.ok_or_else(|| format!("there is no saved view \u{201c}{name}\u{201d}; g v shows them"))?;
    state.overlay = None;
    if state.composer.is_some() {
        super::compose::leave(state);
    }
    open(state, out, id);
    Ok(())
}

/// Cuts the list by a saved filter and by nothing else.
pub(super) fn open(state: &mut State, out: &mut Out, id: i64) {
    let Some(view) = state.views.iter().find(|view| view.id == id) else { return };
    let name = view.name.clone();
    run::show(state, Screen::Inbox);
    state.focus = crate::state::Focus::List;
    cut(state, id, name);
    list::refilter(state, out);
}

fn cut(state: &mut State, id: i64, name: String) {
    state.list.tab = Tab::All;
    // A saved filter has no status that it does not name.
    state.list.status = "all";
    state.list.query.clear();
    state.list.filter = ListFilter { view: Some((id, name)), sort: state.list.filter.sort, ..ListFilter::default() };
}

/// Cuts the list as the inbox was asked to open; what it showed last stays where that is the same.
pub(super) fn opening(state: &mut State) {
    let before = (state.list.tab, state.list.status, state.list.filter.clone());
    match state.opening.clone() {
        Some(Opening::Tab(tab)) => (state.list.tab, state.list.status) = (tab, STATUSES[0]),
        Some(Opening::View(id, name)) => cut(state, id, name),
        None => return,
    }
    if before != (state.list.tab, state.list.status, state.list.filter.clone()) {
        (state.list.cursor, state.list.total, state.list.top) = (None, 0, 0);
        state.list.rows.clear();
    }
}

/// Back to the list without a saved filter.
pub(super) fn leave(state: &mut State, out: &mut Out) {
    state.list.filter.view = None;
    state.list.status = STATUSES[0];
    if state.agent().is_some() {
        state.list.tab = Tab::Mine;
    }
    list::refilter(state, out);
}

/// The menu of all of them, and of what can be done with them.
pub(super) fn menu(state: &mut State, out: &mut Out) {
    read(state, out, Read::Views);
    let current = state.list.filter.view.as_ref().map(|(id, _)| *id);
    let named = |action, label: String, disabled| MenuItem { letter: None, label, disabled, action, done: String::new() };
    let mut items: Vec<MenuItem> = Vec::new();
    for (n, view) in state.views.iter().enumerate() {
        let digit = if n < 9 { format!("g {}  ", n + 1) } else { "     ".into() };
        let here = (current == Some(view.id)).then_some("shown now");
        items.push(named(Action::View(ViewMenu::Open(view.id)), format!("{digit}{}", text::truncate(&text::line(&view.name), 60)), here));
    }
    if items.is_empty() {
        let why = if !state.views_read {
            "they are being read"
        } else if state.me.as_ref().is_some_and(|me| me.agent.as_ref().is_none_or(|agent| !agent.own_token)) {
            "link your own Chatwoot token: afenda auth link-chatwoot"
        } else {
            "you have none"
        };
        items.push(named(Action::View(ViewMenu::Leave), "saved views".into(), Some(why)));
    }
    let none = current.is_none().then_some("no saved view is shown");
    if state.read_only {
        items.push(named(Action::View(ViewMenu::Leave), "no saved view: back to the list".into(), none));
        return show(state, items);
    }
    items.push(named(Action::View(ViewMenu::Save), "save this list as a view …".into(), conditions(state).err()));
    items.push(named(Action::View(ViewMenu::Leave), "no saved view: back to the list".into(), none));
    items.push(named(Action::View(ViewMenu::Rename), "rename this view …".into(), none));
    items.push(named(Action::View(ViewMenu::Delete), "delete this view …".into(), none));
    show(state, items);
}

fn show(state: &mut State, items: Vec<MenuItem>) {
    let cursor = items.iter().position(|item| item.disabled.is_none()).unwrap_or(0);
    state.overlay =
        Some(Overlay::Menu(Menu { title: "Saved views".into(), targets: Vec::new(), items, cursor, search: Some(String::new()) }));
}

/// A line of that menu was chosen.
pub(super) fn chosen(state: &mut State, out: &mut Out, what: ViewMenu) {
    state.overlay = None;
    let context = state.pane();
    match what {
        ViewMenu::Open(id) => open(state, out, id),
        ViewMenu::Leave => leave(state, out),
        ViewMenu::Save => super::palette::open(state, context, ":view save "),
        ViewMenu::Rename => {
            let name = state.list.filter.view.as_ref().map(|(_, name)| text::line(name)).unwrap_or_default();
            super::palette::open(state, context, &format!(":view rename {name}"));
        }
        ViewMenu::Delete => state.overlay = Some(Overlay::Question(Question::DropView)),
    }
}

/// How the list is cut now, as Chatwoot keeps it; `Err` says what of it cannot be kept.
pub(super) fn conditions(state: &State) -> Result<Vec<Value>, &'static str> {
    let list = &state.list;
    let filter = &list.filter;
    if filter.view.is_some() {
        return Err("it is a saved view already");
    }
    if list.tab.is_asked() {
        return Err("Chatwoot's filters know no mentions and no unattended");
    }
    if filter.unread || !list.query.trim().is_empty() {
        return Err("Chatwoot's filters know neither unread nor words");
    }
    if filter.priority == Some("none") {
        return Err("Chatwoot's filters cannot say: no priority");
    }
    let mut rows: Vec<(&str, &str, Vec<Value>)> = Vec::new();
    if list.status != "all" {
        rows.push(("status", "equal_to", vec![json!(list.status)]));
    }
    match (list.tab, state.agent()) {
        (Tab::Mine, Some(id)) => rows.push(("assignee_id", "equal_to", vec![json!(id)])),
        (Tab::Unassigned, _) => rows.push(("assignee_id", "is_not_present", Vec::new())),
        _ => {}
    }
    for (key, id) in [("inbox_id", &filter.inbox), ("team_id", &filter.team)] {
        if let Some((id, _)) = id {
            rows.push((key, "equal_to", vec![json!(id)]));
        }
    }
    if let Some(label) = &filter.label {
        rows.push(("labels", "equal_to", vec![json!(label)]));
    }
    if let Some(priority) = filter.priority.and_then(|word| word.parse::<Priority>().ok()) {
        rows.push(("priority", "equal_to", vec![json!(priority.as_str())]));
    }
    let last = rows.len().saturating_sub(1);
    let made = rows.into_iter().enumerate().map(|(n, (key, operator, values))| {
        let joint = if n < last { json!("AND") } else { Value::Null };
        json!({ "attribute_key": key, "filter_operator": operator, "values": values, "query_operator": joint, "attribute_model": "standard" })
    });
    Ok(made.collect())
}

/// Views are the caller's own, whatever their role; a read-only inbox leaves them alone.
fn barred(state: &State) -> Result<(), String> {
    if state.read_only { Err(super::palette::sentence(READ_ONLY)) } else { Ok(()) }
}

/// Saves the list as it is cut now.
pub(super) fn save(state: &mut State, out: &mut Out, name: &str) -> Result<(), String> {
    barred(state)?;
    let payload = conditions(state)?;
    let mut query = serde_json::Map::new();
    query.insert("payload".into(), Value::Array(payload));
    state.overlay = None;
    out.push(Effect::SaveView(Box::new(NewCustomFilter { name: name.to_owned(), query })));
    Ok(())
}

/// Gives the view that is shown another name.
pub(super) fn rename(state: &mut State, out: &mut Out, name: &str) -> Result<(), String> {
    barred(state)?;
    let (id, _) = state.list.filter.view.clone().ok_or("no saved view is shown; g v shows them")?;
    state.overlay = None;
    out.push(Effect::RenameView(id, name.to_owned()));
    Ok(())
}

/// Deletes the view that is shown.
pub(super) fn delete(state: &mut State, out: &mut Out) {
    if let Some((id, _)) = state.list.filter.view {
        out.push(Effect::DeleteView(id));
    }
}

/// A view was saved, renamed or deleted, or was not.
pub(super) fn changed(state: &mut State, out: &mut Out, verb: &'static str, result: Outcome<CustomFilterView>) {
    match result {
        Ok(view) => {
            toast(state, Tone::Good, format!("View {verb}: {}", text::line(&view.name)));
            let shown = state.list.filter.view.as_ref().is_some_and(|(id, _)| *id == view.id);
            match verb {
                "deleted" if shown => leave(state, out),
                "renamed" if shown => state.list.filter.view = Some((view.id, view.name)),
                _ => {}
            }
            read(state, out, Read::Views);
        }
        Err(failure) => {
            live::failed(state, &failure);
            toast(state, Tone::Bad, format!("View not {verb}: {}", failure.message));
        }
    }
}
