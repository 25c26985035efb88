//! Macros, blocking, who takes part, and the own availability.

use api::id::ConversationId;
use api::inbox::{ConversationPatch, MacroView, Named, OutboxView, RunMacro};
use api::page::{Page, Source};
use api::people::{Availability, AvailabilityView, ParticipantChange};

use super::{Out, attributes, begin, bulk, live, mail, menus, new_key, template, toast, undo};
use crate::event::{Act, Acted, Effect, Failure, Outcome};
use crate::state::{Action, AvailabilityUndo, Bulk, Menu, MenuItem, Overlay, State, Tone, Undo, Waits};
use crate::text;
use crate::view::ui;

/// Macros in the menu.
const MACROS_MAX: usize = 500;

fn ask(state: &mut State, out: &mut Out, waits: Waits, act: Act) {
    state.acts.waits = Some(waits);
    out.push(Effect::Act(Box::new(act)));
}

/// Opens a menu whose cursor stands where Enter does no harm: on what leaves all as it is, else on what holds already.
fn menu(state: &mut State, title: String, targets: Vec<ConversationId>, items: Vec<MenuItem>, search: bool) {
    let leaves = |item: &MenuItem| item.disabled.is_none() && item.action == Action::Nothing;
    let cursor = items.iter().position(leaves).or_else(|| items.iter().position(|item| item.disabled.is_some())).unwrap_or(0);
    state.overlay = Some(Overlay::Menu(Menu { title, targets, items, cursor, search: search.then(String::new) }));
}

fn item(letter: Option<char>, label: impl Into<String>, disabled: Option<&'static str>, action: Action) -> MenuItem {
    MenuItem { letter, label: label.into(), disabled, action, done: String::new() }
}

/// A line of a menu that only says something.
fn said(label: impl Into<String>) -> MenuItem {
    item(None, label, Some(""), Action::Nothing)
}

/// The line of a menu that changes nothing.
fn leave_it(letter: Option<char>) -> MenuItem {
    item(letter, "leave it as it is", None, Action::Nothing)
}

/// Whether an answer is still waited for; a key meanwhile has said that it is not.
pub(super) fn waited(state: &mut State, what: &Waits) -> bool {
    state.acts.waits.take_if(|waits| waits == what).is_some() && state.overlay.is_none()
}

/// Asks for the macros.
pub(super) fn macros(state: &mut State, out: &mut Out, ids: Vec<ConversationId>) {
    ask(state, out, Waits::Macros(ids), Act::Macros);
}

/// An answer came.
pub(super) fn acted(state: &mut State, out: &mut Out, answer: Acted) {
    match answer {
        Acted::Macros(result) => listed(state, result),
        Acted::Macro { id, label, result } => queued(state, out, id, label, result),
        Acted::Templates(id, result) => template::listed(state, id, result),
        Acted::Participants(id, result) => participants(state, id, result),
        Acted::Availability(set, result) => available(state, out, set, result),
        Acted::Signature(result) => mail::signature_came(state, result),
        Acted::Contact(id, result) => attributes::contact(state, out, id, result),
        Acted::ContactNotes(id, result) => begin::notes(state, id, result),
        Acted::ContactInboxes(id, result) => begin::offered(state, id, result),
        Acted::ContactChanged { id, label, result } => attributes::changed(state, id, &label, result),
    }
}

pub(super) fn not_read(state: &mut State, what: &str, failure: &Failure) {
    live::failed(state, failure);
    if state.acts.waits.take().is_some() {
        toast(state, Tone::Bad, format!("{what} not read: {}", failure.message));
    }
}

fn listed(state: &mut State, result: Outcome<Vec<MacroView>>) {
    match result {
        Ok(macros) => {
            state.acts.macros = macros;
            let Some(Waits::Macros(ids)) = state.acts.waits.clone() else { return };
            if !waited(state, &Waits::Macros(ids.clone())) {
                return;
            }
            if state.acts.macros.is_empty() {
                toast(state, Tone::Plain, "There are no macros for you; they are made in Chatwoot");
                return;
            }
            let row = |known: &MacroView| item(None, text::line(&known.name), None, Action::Macro(known.id));
            let items = state.acts.macros.iter().take(MACROS_MAX).map(row).collect();
            let title = format!("Macro on {}", menus::of(state, &ids));
            menu(state, title, ids, items, true);
        }
        Err(failure) => not_read(state, "The macros were", &failure),
    }
}

/// Says what a macro does, step by step, before it runs.
pub(super) fn explain(state: &mut State, ids: Vec<ConversationId>, id: i64) {
    let Some(known) = state.acts.macros.iter().find(|known| known.id == id) else { return };
    let directory = &state.directory;
    let name = text::line(&known.name);
    let steps: Vec<String> = match known.steps.as_slice() {
        [] => known.actions.iter().map(|action| text::line(&action.replace('_', " "))).collect(),
        steps => steps.iter().map(|step| text::line(&step.words(&directory.agents, &directory.teams))).collect(),
    };
    let writes = known.steps.iter().any(api::people::MacroStep::writes);
    let yes = if writes { "run it; the CUSTOMER gets what it sends" } else { "run it" };
    let mut items = vec![item(Some('y'), yes, None, Action::RunMacro(id, name.clone())), leave_it(Some('n'))];
    if steps.is_empty() {
        items.push(said("it does nothing"));
    }
    items.extend(steps.into_iter().enumerate().map(|(n, words)| said(format!("{}. {words}", n + 1))));
    let title = format!("“{name}” on {}", menus::of(state, &ids));
    menu(state, title, ids, items, false);
}

/// Runs a macro: on one, or on several one by one. Each waits in the outbox first.
pub(super) fn run_macro(state: &mut State, out: &mut Out, ids: Vec<ConversationId>, id: i64, name: &str) {
    let label = format!("macro “{name}”");
    let run = RunMacro { id, hold_seconds: Some(menus::hold(state)) };
    match ids.as_slice() {
        [conversation] => {
            let key = new_key(state);
            out.push(Effect::Act(Box::new(Act::Macro { id: *conversation, run, label, key })));
        }
        _ => bulk::begin_with(state, out, ids, ConversationPatch::default(), Some(run), label),
    }
}

fn queued(state: &mut State, out: &mut Out, id: ConversationId, label: String, result: Outcome<OutboxView>) {
    if bulk::is_of(state, id) {
        return bulk::answered(state, out, id, result.map(|_| None));
    }
    match result {
        Ok(entry) => {
            state.status_due = true;
            undo::push(state, Undo::Entry { id, entry: entry.id, label: label.clone() });
            toast(state, Tone::Good, format!("{}: {label} runs in {} s · u takes it back", menus::of(state, &[id]), menus::hold(state)));
        }
        Err(failure) => {
            live::failed(state, &failure);
            toast(state, Tone::Bad, format!("#{id}: {label} does not run: {}", failure.message));
        }
    }
}

/// Asks whether to block, in the words of what it does; or to unblock.
pub(super) fn block(state: &mut State, ids: Vec<ConversationId>) {
    let whose = menus::of(state, &ids);
    let one = match ids.as_slice() {
        [id] => state.conversation(*id).map(|view| (text::line(&view.contact.name), view.contact.blocked)),
        _ => None,
    };
    let patch = |muted: bool| Box::new(ConversationPatch { muted: Some(muted), ..ConversationPatch::default() });
    let yes = |label: String, muted: bool, done: String| MenuItem { done, ..item(Some('y'), label, None, Action::Patch(patch(muted))) };
    let items = match one {
        Some((name, true)) => vec![
            yes(format!("unblock {name}"), false, format!("{name} unblocked")),
            leave_it(Some('n')),
            said("what they write opens conversations again; this one stays as it is"),
        ],
        Some((name, false)) => vec![
            yes(format!("block {name} and resolve this conversation"), true, format!("{name} blocked, resolved")),
            leave_it(Some('n')),
            said("what they write still arrives, but opens nothing; they are not told"),
        ],
        None => vec![
            yes(format!("block the customers of {whose} and resolve them"), true, "customer blocked, resolved".into()),
            leave_it(Some('n')),
            said("what they write still arrives, but opens nothing; they are not told"),
        ],
    };
    let title = if matches!(items.first(), Some(first) if first.label.starts_with("unblock")) { "Unblock" } else { "Block" };
    menu(state, format!("{title} {whose}"), ids, items, false);
}

/// Asks who takes part.
pub(super) fn ask_participants(state: &mut State, out: &mut Out, id: ConversationId) {
    ask(state, out, Waits::Participants(id), Act::Participants(id));
}

fn participants(state: &mut State, id: ConversationId, result: Outcome<Page<Named>>) {
    let Page { data: there, meta } = match result {
        Ok(page) => page,
        Err(failure) => return not_read(state, "Who takes part was", &failure),
    };
    if !waited(state, &Waits::Participants(id)) {
        return;
    }
    let me = state.agent();
    let mut agents: Vec<(Named, bool)> =
        state.directory.agents.iter().map(|agent| (agent.clone(), there.iter().any(|p| p.id == agent.id))).collect();
    // Whoever left the account, and still takes part, can be taken out only in Chatwoot.
    let gone = there.iter().filter(|p| !state.directory.agents.iter().any(|agent| agent.id == p.id)).count();
    agents.sort_by_key(|(agent, takes_part)| (Some(agent.id) != me, !takes_part));
    let mut items: Vec<MenuItem> = agents
        .into_iter()
        .map(|(agent, takes_part)| {
            let (name, mine) = (text::line(&agent.name), Some(agent.id) == me);
            let (add, remove) = if takes_part { (Vec::new(), vec![agent.id]) } else { (vec![agent.id], Vec::new()) };
            let patch = ConversationPatch { participants: Some(ParticipantChange { add, remove }), ..ConversationPatch::default() };
            let who = if mine { "you".to_owned() } else { name.clone() };
            let verb = match (mine, takes_part) {
                (true, true) => "no longer take part",
                (true, false) => "take part",
                (false, true) => "no longer takes part",
                (false, false) => "takes part",
            };
            MenuItem {
                done: format!("{who} {verb}"),
                ..item(
                    mine.then_some('a'),
                    format!("[{}] {name}{}", if takes_part { 'x' } else { ' ' }, if mine { " (you)" } else { "" }),
                    None,
                    Action::Patch(Box::new(patch)),
                )
            }
        })
        .collect();
    if gone > 0 {
        items.push(said(format!("and {gone} who left the account")));
    }
    // Last, so that a name that is typed stands first.
    items.push(leave_it(None));
    let known = match (meta.source, meta.as_of) {
        (Some(Source::Store), Some(at)) if ui::minutes_since(state.now, at) > 0 => format!(" · as known {} ago", ui::age(state.now, at)),
        (Some(Source::Store), _) => " · as known just now".to_owned(),
        _ => String::new(),
    };
    let title = format!("Who takes part in {}{known}", menus::of(state, &[id]));
    menu(state, title, vec![id], items, true);
}

/// Asks what I am now.
pub(super) fn ask_availability(state: &mut State, out: &mut Out) {
    ask(state, out, Waits::Availability, Act::Availability(None));
}

fn available(state: &mut State, out: &mut Out, set: Option<Availability>, result: Outcome<AvailabilityView>) {
    let taken_back = set.and_then(|to| state.acts.taking_back.take_if(|undo| matches!(undo, Undo::Availability(undo) if undo.back == to)));
    let now = match (result, set) {
        (Ok(view), _) => view.availability,
        (Err(failure), Some(wanted)) => {
            live::failed(state, &failure);
            if let Some(undo) = taken_back {
                return undo::failed(state, undo, &failure, format!("Not taken back: {}", failure.message));
            }
            if !failure.unknown {
                state.undo.retain(|undo| !matches!(undo, Undo::Availability(undo) if undo.made == wanted));
            }
            return toast(state, Tone::Bad, format!("You are not {wanted}: {}", failure.message));
        }
        (Err(failure), None) => {
            if let Some(undo) = state.acts.taking_back.take_if(|undo| matches!(undo, Undo::Availability(_))) {
                undo::failed(state, undo, &failure, format!("Not taken back: {}", failure.message));
            }
            return not_read(state, "Your availability was", &failure);
        }
    };
    if set.is_some() {
        return toast(state, Tone::Good, format!("You are {now} in Chatwoot"));
    }
    if let Some(Undo::Availability(undo)) = state.acts.taking_back.take_if(|undo| matches!(undo, Undo::Availability(_))) {
        if undo.made == now {
            out.push(Effect::Act(Box::new(Act::Availability(Some(undo.back)))));
            state.acts.taking_back = Some(Undo::Availability(undo)); // Until that is answered.
        } else {
            undo::stays(state, Tone::Plain, format!("You are {now} since: that stays"));
        }
    }
    if waited(state, &Waits::Availability) {
        let words = |to: Availability| match to {
            Availability::Online => "online, new conversations are given to you",
            Availability::Busy => "busy, none are",
            Availability::Offline => "offline, you are shown as away",
        };
        let row = |to: Availability| {
            let letter = match to {
                Availability::Online => 'o',
                Availability::Busy => 'b',
                Availability::Offline => 'f',
            };
            item(Some(letter), words(to), (to == now).then_some("already so"), Action::Availability(now, to))
        };
        let items = Availability::ALL.iter().map(|to| row(*to)).collect();
        menu(state, "You are in Chatwoot".into(), Vec::new(), items, false);
    }
}

/// Sets my availability.
pub(super) fn be(state: &mut State, out: &mut Out, was: Availability, to: Availability) {
    undo::push(state, Undo::Availability(AvailabilityUndo { back: was, made: to }));
    out.push(Effect::Act(Box::new(Act::Availability(Some(to)))));
}

/// Asks whether the value is still ours; the answer takes it back.
pub(super) fn take_back(state: &mut State, out: &mut Out, undo: Undo) {
    let act = match &undo {
        Undo::Contact(undo) => Act::Contact(undo.contact),
        _ => Act::Availability(None),
    };
    state.acts.taking_back = Some(undo);
    out.push(Effect::Act(Box::new(act)));
}

/// Begins what several are told.
pub(super) fn effect(bulk: &Bulk, id: ConversationId, key: String) -> Effect {
    match bulk.run {
        Some(run) => Effect::Act(Box::new(Act::Macro { id, run, label: bulk.label.clone(), key })),
        None => Effect::Patch { id, patch: bulk.patch.clone(), label: bulk.label.clone(), key },
    }
}
