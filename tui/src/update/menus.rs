//! Menus of letters, the label picker, and changes of a conversation with their way back.

use api::id::ConversationId;
use api::inbox::{ConversationPatch, ConversationStatus, ConversationView, LabelChange, Labels, Priority};
use api::people::ParticipantChange;
use jiff::civil::{Weekday, time};
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::{Out, acts, attributes, bulk, filter, follow, line, list, live, new_key, read, template, thread, toast, undo, view};
use crate::editor::Editor;
use crate::event::{Effect, Outcome};
use crate::state::{Action, Asks, LabelPicker, Line, Menu, MenuItem, Overlay, Read, State, Tone, Undo};
use crate::text;

/// Changes a conversation; with `undoable` the opposite change is kept for `u`.
pub(super) fn patch(state: &mut State, out: &mut Out, id: ConversationId, patch: ConversationPatch, label: String, undoable: bool) {
    if undoable
        && let Some(view) = state.conversations.get(&id)
        && let Some(back) = opposite(view, &patch)
    {
        let made = Box::new(patch.clone());
        undo::push(state, Undo::Patch { id, back: Box::new(back), made, label: label.clone() });
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
    if let Some(change) = &patch.custom_attributes {
        back.custom_attributes = Some(attributes::opposite(&view.custom_attributes, change));
    }
    if let Some(change) = &patch.participants {
        back.participants = Some(ParticipantChange { add: change.remove.clone(), remove: change.add.clone() });
    }
    (back != *patch).then_some(back)
}

/// Whether a conversation is as a change made it.
pub(super) fn is_so(view: &ConversationView, made: &ConversationPatch, me: Option<i64>) -> bool {
    let named = |made: &str, now: Option<i64>| match made {
        "none" => now.is_none(),
        "me" => now.is_some() && now == me,
        id => now.map(|now| now.to_string()).as_deref() == Some(id),
    };
    made.status.is_none_or(|status| status == view.status)
        // Chatwoot keeps whole seconds.
        && made.snoozed_until.is_none_or(|at| view.snoozed_until.map(Timestamp::as_second) == Some(at.as_second()))
        && made.custom_attributes.as_ref().is_none_or(|change| attributes::is_so(&view.custom_attributes, change))
        && made.assignee.as_ref().is_none_or(|who| named(who, view.assignee.as_ref().map(|a| a.id)))
        && made.team.is_none_or(|team| view.team.as_ref().map_or(0, |t| t.id) == team)
        && made.priority.as_deref().is_none_or(|word| view.priority.map_or("none", Priority::as_str) == word)
        && made.labels.as_ref().is_none_or(|labels| match labels {
            Labels::Whole(whole) => view.labels == *whole,
            Labels::Change(change) => {
                change.add.iter().all(|l| view.labels.contains(l)) && !change.remove.iter().any(|l| view.labels.contains(l))
            }
        })
}

/// A change was taken or refused.
pub(super) fn patched(state: &mut State, out: &mut Out, id: ConversationId, label: &str, result: Outcome<ConversationView>) {
    if bulk::is_of(state, id) {
        return bulk::answered(state, out, id, result.map(|view| Some(Box::new(view))));
    }
    match result {
        Ok(view) => {
            let name = text::line(&view.contact.name);
            let taken_back = undo::taken_back(state, id, label).is_some();
            follow::patched(state, out, id, label, true);
            list::upsert(state, view);
            list::drop_row(state, id);
            thread::refresh(state, out, id);
            state.counts_due = true;
            state.status_due = true;
            toast(state, Tone::Good, format!("#{id} {name}: {label}{}", if taken_back { "" } else { " · u takes it back" }));
        }
        Err(failure) => {
            live::failed(state, &failure);
            follow::patched(state, out, id, label, false);
            // What was not done is not taken back: that would undo somebody else's change.
            if !failure.unknown {
                let this = |undo: &Undo| match undo {
                    Undo::Patch { id: of, label: said, .. } => *of == id && said == label,
                    Undo::Held { ids, label: said, .. } => ids.as_slice() == [id] && said == label,
                    _ => false,
                };
                if let Some(at) = state.undo.iter().rposition(this) {
                    state.undo.remove(at);
                }
            }
            match undo::taken_back(state, id, label) {
                Some(undo) => undo::failed(state, undo, &failure, format!("#{id} not taken back: {}", failure.message)),
                None => toast(state, Tone::Bad, format!("#{id} not changed: {}", failure.message)),
            }
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
    change(state, out, vec![id], ConversationPatch { status: Some(status), ..ConversationPatch::default() }, status.to_string());
}

/// Changes one conversation, or several one by one. What many are told at once, and a resolution, waits in the outbox first: it is recalled
/// there, not reversed.
pub(super) fn change(state: &mut State, out: &mut Out, ids: Vec<ConversationId>, mut made: ConversationPatch, label: String) {
    let [id] = ids.as_slice() else { return bulk::begin(state, out, ids, made, label) };
    let id = *id;
    if made.status == Some(ConversationStatus::Resolved) || made.muted.is_some() {
        made.hold_seconds = Some(hold(state));
        undo::push(state, Undo::Held { ids: vec![id], label: label.clone(), at: state.now });
        return patch(state, out, id, made, label, false);
    }
    patch(state, out, id, made, label, true);
}

/// Seconds that a change waits in the outbox, as the daemon is configured for messages.
pub(super) fn hold(state: &State) -> u32 {
    state.me.as_ref().map_or(0, |me| me.hold_seconds)
}

/// The conversation, where it is only one.
fn only<'a>(state: &'a State, ids: &[ConversationId]) -> Option<&'a ConversationView> {
    match ids {
        [id] => state.conversations.get(id),
        _ => None,
    }
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

fn show(state: &mut State, targets: Vec<ConversationId>, what: &str, items: Vec<MenuItem>, search: bool) {
    // Enter on a menu that was just opened changes nothing where that can be: it stands on what holds already.
    let cursor = items.iter().position(|i| i.disabled.is_some()).unwrap_or(0);
    let title = format!("{what} {}", of(state, &targets));
    state.overlay = Some(Overlay::Menu(Menu { title, targets, items, cursor, search: search.then(String::new) }));
}

/// What is changed, for people.
pub(super) fn of(state: &State, ids: &[ConversationId]) -> String {
    match (only(state, ids), ids) {
        (Some(view), _) => format!("#{} {}", view.id, text::line(&view.contact.name)),
        (None, [id]) => format!("#{id}"),
        (None, many) => format!("{} marked conversations", many.len()),
    }
}

/// Who works on it.
pub(super) fn assign(state: &mut State, ids: Vec<ConversationId>) {
    let view = only(state, &ids);
    let now = view.and_then(|view| view.assignee.as_ref()).map(|a| a.id);
    let nobody = view.is_some_and(|view| view.assignee.is_none());
    let to = |who: String| ConversationPatch { assignee: Some(who), ..ConversationPatch::default() };
    let me = match state.agent() {
        None => Some("no Chatwoot agent is linked to you"),
        Some(me) => (now == Some(me)).then_some("already yours"),
    };
    let mut items = vec![
        item('a', "me", to("me".into()), "assigned to you", me),
        item('n', "nobody", to("none".into()), "assigned to nobody", nobody.then_some("already nobody's")),
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
    show(state, ids, "Assign", items, true);
}

fn teams(state: &mut State, ids: Vec<ConversationId>) {
    let view = only(state, &ids);
    let now = view.and_then(|c| c.team.as_ref()).map(|t| t.id);
    let none = view.is_some_and(|c| c.team.is_none());
    let to = |team: i64| ConversationPatch { team: Some(team), ..ConversationPatch::default() };
    let mut items = vec![item('n', "no team", to(0), "in no team", none.then_some("already in none"))];
    items.extend(state.directory.teams.iter().map(|team| MenuItem {
        letter: None,
        label: text::line(&team.name),
        disabled: (now == Some(team.id)).then_some("already theirs"),
        action: Action::Patch(Box::new(to(team.id))),
        done: format!("given to team {}", text::line(&team.name)),
    }));
    // Said before the key is pressed: Chatwoot takes it from whoever is not in the team.
    let from = view.and_then(|c| c.assignee.as_ref()).map(|agent| text::line(&agent.name));
    show(state, ids, "Team of", items, true);
    if let (Some(name), Some(Overlay::Menu(menu))) = (from, &mut state.overlay) {
        menu.title.push_str(&format!(" · taken from {name} unless in the team"));
    }
}

/// How it stands.
pub(super) fn status(state: &mut State, ids: Vec<ConversationId>) {
    let view = only(state, &ids);
    let now = view.map(|view| view.status);
    // Said before the key is pressed: to Chatwoot an agent who opens a conversation takes it.
    let assignee = view.and_then(|view| view.assignee.as_ref());
    let mine = view.is_some() && assignee.map(|agent| agent.id) == state.agent();
    let open = match (assignee, state.agent().is_some() && state.speaks_for_itself() && !mine) {
        (_, false) => "open".to_owned(),
        (None, true) => "open · an agent who opens it gets it".to_owned(),
        (Some(agent), true) => format!("open · an agent who opens it takes it from {}", text::line(&agent.name)),
    };
    let to = |letter, status: ConversationStatus, word: &str| {
        let patch = ConversationPatch { status: Some(status), ..ConversationPatch::default() };
        item(letter, word, patch, status.to_string(), (now == Some(status)).then_some("already so"))
    };
    let items = vec![
        to('o', ConversationStatus::Open, &open),
        to('p', ConversationStatus::Pending, "pending"),
        to('r', ConversationStatus::Resolved, "resolved"),
        MenuItem { letter: Some('z'), label: "snooze …".into(), disabled: None, action: Action::Snooze, done: String::new() },
    ];
    show(state, ids, "Status of", items, false);
}

/// Until when it sleeps.
pub(super) fn snooze(state: &mut State, ids: Vec<ConversationId>) {
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
    items.push(MenuItem {
        letter: Some('c'),
        label: "until another time: 2h, tomorrow 9:00, mon 8 …".into(),
        disabled: None,
        action: Action::SnoozeLine,
        done: String::new(),
    });
    show(state, ids, "Snooze", items, false);
}

/// The change that lets something sleep.
pub(super) fn until(at: Option<Timestamp>) -> ConversationPatch {
    ConversationPatch { status: Some(ConversationStatus::Snoozed), snoozed_until: at, ..ConversationPatch::default() }
}

/// Asks until when, in words; begun with a text.
pub(super) fn snooze_line(state: &mut State, ids: Vec<ConversationId>, text: &str) {
    let title = format!("Snooze {} until", of(state, &ids));
    line::open(state, Line { title, editor: Editor::new(text), asks: Asks::Snooze(ids) });
}

/// How urgent it is.
pub(super) fn priority(state: &mut State, ids: Vec<ConversationId>) {
    let now = only(state, &ids).map(|c| c.priority);
    let to = |letter, priority: Option<Priority>| {
        let word = priority.map_or("none", Priority::as_str);
        let patch = ConversationPatch { priority: Some(word.into()), ..ConversationPatch::default() };
        item(letter, word, patch, format!("priority {word}"), (now == Some(priority)).then_some("already so"))
    };
    let items = vec![
        to('u', Some(Priority::Urgent)),
        to('h', Some(Priority::High)),
        to('m', Some(Priority::Medium)),
        to('l', Some(Priority::Low)),
        to('n', None),
    ];
    show(state, ids, "Priority of", items, false);
}

/// Which labels they have.
pub(super) fn labels(state: &mut State, targets: Vec<ConversationId>) {
    let views: Vec<&ConversationView> = targets.iter().filter_map(|id| state.conversations.get(id)).collect();
    let mut names: Vec<String> = state.directory.labels.iter().map(|l| l.title.clone()).collect();
    for label in views.iter().flat_map(|view| &view.labels) {
        if !names.contains(label) {
            names.push(label.clone());
        }
    }
    if names.is_empty() {
        toast(state, Tone::Plain, "The account has no labels; they are made in Chatwoot");
        return;
    }
    let standing = |name: &String| match views.iter().filter(|view| view.labels.contains(name)).count() {
        0 => Some(false),
        on if on == views.len() => Some(true),
        _ => None,
    };
    let items = names.into_iter().map(|name| (name.clone(), standing(&name))).collect();
    state.overlay = Some(Overlay::Labels(LabelPicker { targets, items, cursor: 0, search: String::new() }));
}

/// Saves what the label picker shows.
pub(super) fn save_labels(state: &mut State, out: &mut Out) {
    let Some(Overlay::Labels(picker)) = state.overlay.take() else { return };
    let views: Vec<&ConversationView> = picker.targets.iter().filter_map(|id| state.conversations.get(id)).collect();
    let chosen = |on: bool| {
        let changed = picker.items.iter().filter(|(name, to)| *to == Some(on) && views_differ(&views, name, on));
        changed.map(|(name, _)| name.clone()).collect()
    };
    let change = LabelChange { add: chosen(true), remove: chosen(false) };
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
    let made = ConversationPatch { labels: Some(Labels::Change(change)), ..ConversationPatch::default() };
    self::change(state, out, picker.targets, made, label);
}

/// Whether the label stands otherwise on one of them.
fn views_differ(views: &[&ConversationView], name: &String, on: bool) -> bool {
    views.iter().any(|view| view.labels.contains(name) != on)
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

/// A line of the menu is chosen.
pub(super) fn choose(state: &mut State, out: &mut Out, index: usize) {
    let Some(Overlay::Menu(menu)) = &state.overlay else { return };
    let Some(item) = menu.items.get(index).filter(|i| i.disabled.is_none()).cloned() else { return };
    let targets = menu.targets.clone();
    state.overlay = None;
    match item.action {
        Action::Patch(made) => change(state, out, targets, *made, item.done),
        Action::Teams => teams(state, targets),
        Action::Snooze => snooze(state, targets),
        Action::SnoozeLine => snooze_line(state, targets, ""),
        Action::Macro(id) => acts::explain(state, targets, id),
        Action::RunMacro(id, name) => acts::run_macro(state, out, targets, id, &name),
        Action::Attribute(owner, definition) => attributes::chosen(state, owner, *definition, &item.done),
        Action::SetAttribute(owner, definition, value) => attributes::set(state, out, owner, &definition, value),
        Action::Availability(was, to) => acts::be(state, out, was, to),
        Action::Nothing => {}
        Action::Filters(menu) => filter::open(state, menu),
        Action::Filter(filter) => filter::set(state, out, *filter),
        Action::View(what) => view::chosen(state, out, what),
        Action::Template(step) => {
            if let [id] = targets.as_slice() {
                template::step(state, out, *id, step);
            }
        }
    }
}
