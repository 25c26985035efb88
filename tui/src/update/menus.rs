//! Menus of letters, the label picker, and changes of a conversation with their way back.

use api::id::ConversationId;
use api::inbox::{ConversationPatch, ConversationStatus, ConversationView, LabelChange, Labels, Priority};
use jiff::civil::{Weekday, time};
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::{Out, compose, follow, list, live, new_key, read, thread, toast};
use crate::event::{Effect, Outcome};
use crate::state::{Action, LabelPicker, Menu, MenuItem, Overlay, Read, State, Tone, Undo};
use crate::text;

/// Changes a conversation; with `undoable` the opposite change is kept for `u`.
pub(super) fn patch(state: &mut State, out: &mut Out, id: ConversationId, patch: ConversationPatch, label: String, undoable: bool) {
    if undoable
        && let Some(view) = state.conversations.get(&id)
        && let Some(back) = opposite(view, &patch)
    {
        let label = format!("{label}, taken back");
        compose::push_undo(state, Undo::Patch(id, Box::new(back), label));
    }
    let key = new_key(state);
    out.push(Effect::Patch { id, patch, label, key });
}

fn opposite(view: &ConversationView, patch: &ConversationPatch) -> Option<ConversationPatch> {
    let mut back = ConversationPatch::default();
    if patch.status.is_some() {
        back.status = Some(view.status);
        back.snoozed_until = view.snoozed_until;
    }
    if patch.assignee.is_some() {
        back.assignee = Some(view.assignee.as_ref().map_or_else(|| "none".into(), |a| a.id.to_string()));
    }
    if patch.team.is_some() {
        back.team = Some(view.team.as_ref().map_or(0, |t| t.id));
    }
    if patch.priority.is_some() {
        back.priority = Some(view.priority.map_or("none", Priority::as_str).into());
    }
    if let Some(Labels::Change(labels)) = &patch.labels {
        back.labels = Some(Labels::Change(LabelChange { add: labels.remove.clone(), remove: labels.add.clone() }));
    }
    (back != *patch).then_some(back)
}

/// A change was taken or refused.
pub(super) fn patched(state: &mut State, out: &mut Out, id: ConversationId, label: &str, result: Outcome<ConversationView>) {
    match result {
        Ok(view) => {
            let name = text::line(&view.contact.name);
            follow::patched(state, out, id, label, true);
            list::upsert(state, view);
            list::drop_row(state, id);
            thread::refresh(state, out, id);
            state.counts_due = true;
            state.status_due = true;
            toast(
                state,
                Tone::Good,
                format!("#{id} {name}: {label}{}", if label.ends_with("taken back") { "" } else { " · u takes it back" }),
            );
        }
        Err(failure) => {
            live::failed(state, &failure);
            follow::patched(state, out, id, label, false);
            // What was not done is not taken back: that would undo somebody else's change.
            if !failure.unknown {
                let this = |undo: &Undo| matches!(undo, Undo::Patch(of, _, said) if *of == id && said.starts_with(label));
                if let Some(at) = state.undo.iter().rposition(this) {
                    state.undo.remove(at);
                }
            }
            toast(state, Tone::Bad, format!("#{id} not changed: {}", failure.message));
            read(state, out, Read::Conversation(id));
        }
    }
}

/// Sets the status, saying what was done.
pub(super) fn set_status(state: &mut State, out: &mut Out, id: ConversationId, status: ConversationStatus) {
    if state.conversations.get(&id).is_some_and(|c| c.status == status) {
        toast(state, Tone::Plain, format!("#{id} is {status} already"));
        return;
    }
    patch(state, out, id, ConversationPatch { status: Some(status), ..ConversationPatch::default() }, status.to_string(), true);
}

fn item(
    letter: char,
    label: impl Into<String>,
    patch: ConversationPatch,
    done: impl Into<String>,
    disabled: Option<&'static str>,
) -> MenuItem {
    MenuItem { letter: Some(letter), label: label.into(), disabled, action: Action::Patch(Box::new(patch)), done: done.into() }
}

fn show(state: &mut State, id: ConversationId, what: &str, items: Vec<MenuItem>, search: bool) {
    let name = state.conversations.get(&id).map(|c| text::line(&c.contact.name)).unwrap_or_default();
    // Enter on a menu that was just opened changes nothing where that can be: it stands on what holds already.
    let cursor = items.iter().position(|i| i.disabled.is_some()).unwrap_or(0);
    let title = format!("{what} #{id} {name}");
    state.overlay = Some(Overlay::Menu(Menu { title, conversation: id, items, cursor, search: search.then(String::new) }));
}

/// Who works on it.
pub(super) fn assign(state: &mut State, id: ConversationId) {
    let Some(view) = state.conversations.get(&id) else { return };
    let now = view.assignee.as_ref().map(|a| a.id);
    let to = |who: String| ConversationPatch { assignee: Some(who), ..ConversationPatch::default() };
    let me = match state.agent() {
        None => Some("no Chatwoot agent is linked to you"),
        Some(me) => (now == Some(me)).then_some("already yours"),
    };
    let mut items = vec![
        item('a', "me", to("me".into()), "assigned to you", me),
        item('n', "nobody", to("none".into()), "assigned to nobody", now.is_none().then_some("already nobody's")),
        MenuItem {
            letter: Some('t'),
            label: "a team …".into(),
            disabled: state.directory.teams.is_empty().then_some("there are no teams"),
            action: Action::Teams,
            done: String::new(),
        },
    ];
    items.extend(state.directory.agents.iter().map(|agent| MenuItem {
        letter: None,
        label: text::line(&agent.name),
        disabled: (now == Some(agent.id)).then_some("already theirs"),
        action: Action::Patch(Box::new(to(agent.id.to_string()))),
        done: format!("assigned to {}", text::line(&agent.name)),
    }));
    show(state, id, "Assign", items, true);
}

fn teams(state: &mut State, id: ConversationId) {
    let now = state.conversations.get(&id).and_then(|c| c.team.as_ref()).map(|t| t.id);
    let to = |team: i64| ConversationPatch { team: Some(team), ..ConversationPatch::default() };
    let mut items = vec![item('n', "no team", to(0), "in no team", now.is_none().then_some("already in none"))];
    items.extend(state.directory.teams.iter().map(|team| MenuItem {
        letter: None,
        label: text::line(&team.name),
        disabled: (now == Some(team.id)).then_some("already theirs"),
        action: Action::Patch(Box::new(to(team.id))),
        done: format!("given to team {}", text::line(&team.name)),
    }));
    // Said before the key is pressed: Chatwoot takes it from whoever is not in the team.
    let from = state.conversations.get(&id).and_then(|c| c.assignee.as_ref()).map(|agent| text::line(&agent.name));
    show(state, id, "Team of", items, true);
    if let (Some(name), Some(Overlay::Menu(menu))) = (from, &mut state.overlay) {
        menu.title.push_str(&format!(" · taken from {name} unless in the team"));
    }
}

/// How it stands.
pub(super) fn status(state: &mut State, id: ConversationId) {
    let Some(view) = state.conversations.get(&id) else { return };
    let now = view.status;
    // Said before the key is pressed: to Chatwoot an agent who opens a conversation takes it.
    let mine = view.assignee.as_ref().map(|agent| agent.id) == state.agent();
    let open = match (&view.assignee, state.agent().is_some() && state.speaks_for_itself() && !mine) {
        (_, false) => "open".to_owned(),
        (None, true) => "open · an agent who opens it gets it".to_owned(),
        (Some(agent), true) => format!("open · an agent who opens it takes it from {}", text::line(&agent.name)),
    };
    let to = |letter, status: ConversationStatus, word: &str| {
        let patch = ConversationPatch { status: Some(status), ..ConversationPatch::default() };
        item(letter, word, patch, status.to_string(), (now == status).then_some("already so"))
    };
    let items = vec![
        to('o', ConversationStatus::Open, &open),
        to('p', ConversationStatus::Pending, "pending"),
        to('r', ConversationStatus::Resolved, "resolved"),
        MenuItem { letter: Some('z'), label: "snooze …".into(), disabled: None, action: Action::Snooze, done: String::new() },
    ];
    show(state, id, "Status of", items, false);
}

/// Until when it sleeps.
pub(super) fn snooze(state: &mut State, id: ConversationId) {
    let until = |at: Option<Timestamp>| ConversationPatch {
        status: Some(ConversationStatus::Snoozed),
        snoozed_until: at,
        ..ConversationPatch::default()
    };
    let here = state.now.to_zoned(state.tz.clone());
    let morning = |days: i64| {
        let day = here.date().checked_add(days.days()).ok()?;
        day.to_datetime(time(9, 0, 0, 0)).to_zoned(state.tz.clone()).ok().map(|z| z.timestamp())
    };
    let to_monday = i64::from(here.weekday().until(Weekday::Monday));
    let monday = morning(if to_monday == 0 { 7 } else { to_monday });
    let hour = state.now + SignedDuration::from_hours(1);
    let clock = |at: Timestamp| at.to_zoned(state.tz.clone()).strftime("%a %H:%M").to_string();
    let mut items = vec![
        item('r', "until the customer writes", until(None), "snoozed until the customer writes", None),
        item('h', format!("for an hour, {}", clock(hour)), until(Some(hour)), format!("snoozed until {}", clock(hour)), None),
    ];
    for (letter, word, at) in [('t', "tomorrow", morning(1)), ('w', "next week", monday)] {
        if let Some(at) = at {
            items.push(item(letter, format!("until {word}, {}", clock(at)), until(Some(at)), format!("snoozed until {}", clock(at)), None));
        }
    }
    show(state, id, "Snooze", items, false);
}

/// How urgent it is.
pub(super) fn priority(state: &mut State, id: ConversationId) {
    let Some(now) = state.conversations.get(&id).map(|c| c.priority) else { return };
    let to = |letter, priority: Option<Priority>| {
        let word = priority.map_or("none", Priority::as_str);
        let patch = ConversationPatch { priority: Some(word.into()), ..ConversationPatch::default() };
        item(letter, word, patch, format!("priority {word}"), (now == priority).then_some("already so"))
    };
    let items = vec![
        to('u', Some(Priority::Urgent)),
        to('h', Some(Priority::High)),
        to('m', Some(Priority::Medium)),
        to('l', Some(Priority::Low)),
        to('n', None),
    ];
    show(state, id, "Priority of", items, false);
}

/// Which labels it has.
pub(super) fn labels(state: &mut State, id: ConversationId) {
    let Some(view) = state.conversations.get(&id) else { return };
    let mut names: Vec<String> = state.directory.labels.iter().map(|l| l.title.clone()).collect();
    names.extend(view.labels.iter().filter(|l| !names.contains(l)).cloned().collect::<Vec<_>>());
    if names.is_empty() {
        toast(state, Tone::Plain, "The account has no labels; they are made in Chatwoot");
        return;
    }
    let items = names.into_iter().map(|name| (name.clone(), view.labels.contains(&name))).collect();
    state.overlay = Some(Overlay::Labels(LabelPicker { conversation: id, items, cursor: 0, search: String::new() }));
}

/// Saves what the label picker shows.
pub(super) fn save_labels(state: &mut State, out: &mut Out) {
    let Some(Overlay::Labels(picker)) = state.overlay.take() else { return };
    let had = state.conversations.get(&picker.conversation).map(|c| c.labels.clone()).unwrap_or_default();
    let change = LabelChange {
        add: picker.items.iter().filter(|(name, on)| *on && !had.contains(name)).map(|(name, _)| name.clone()).collect(),
        remove: picker.items.iter().filter(|(name, on)| !*on && had.contains(name)).map(|(name, _)| name.clone()).collect(),
    };
    if change == LabelChange::default() {
        toast(state, Tone::Plain, "Labels as they were");
        return;
    }
    let words: Vec<String> = change
        .add
        .iter()
        .map(|l| format!("+{}", text::line(l)))
        .chain(change.remove.iter().map(|l| format!("−{}", text::line(l))))
        .collect();
    let label = format!("labels {}", words.join(" "));
    let change = ConversationPatch { labels: Some(Labels::Change(change)), ..ConversationPatch::default() };
    patch(state, out, picker.conversation, change, label, true);
}

/// A letter was typed in a menu.
pub(super) fn letter(state: &mut State, out: &mut Out, c: char) {
    let Some(Overlay::Menu(menu)) = &mut state.overlay else { return };
    let searching = menu.search.as_deref().is_some_and(|s| !s.is_empty());
    if !searching && let Some(index) = menu.items.iter().position(|i| i.letter == Some(c)) {
        choose(state, out, index);
        return;
    }
    match &mut menu.search {
        Some(search) => {
            if search.chars().count() < 64 && (c != '/' || !search.is_empty()) {
                search.push(c);
            }
            menu.cursor = 0;
        }
        // A key that is not listed closes a menu of letters, with no effect.
        None => state.overlay = None,
    }
}

/// The marked line is chosen.
pub(super) fn chosen(state: &mut State, out: &mut Out) {
    let Some(Overlay::Menu(menu)) = &state.overlay else { return };
    let Some(found) = menu.shown().get(menu.cursor).map(|i| (*i).clone()) else { return };
    if let Some(index) = menu.items.iter().position(|i| *i == found) {
        choose(state, out, index);
    }
}

fn choose(state: &mut State, out: &mut Out, index: usize) {
    let Some(Overlay::Menu(menu)) = &state.overlay else { return };
    let Some(item) = menu.items.get(index).filter(|i| i.disabled.is_none()).cloned() else { return };
    let id = menu.conversation;
    state.overlay = None;
    match item.action {
        Action::Patch(change) => patch(state, out, id, *change, item.done, true),
        Action::Teams => teams(state, id),
        Action::Snooze => snooze(state, id),
    }
}
