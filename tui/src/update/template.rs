//! WhatsApp templates: chosen from a list, their values asked one after the other, shown as the customer will read them, sent.
//!
//! Outside of the reply window nothing else reaches the customer. What was chosen and typed is a draft from the first step on.

use std::collections::BTreeMap;

use api::id::{ConversationId, MessageId};
use api::inbox::ConversationView;
use api::template::{self, TemplateView};

use super::{Out, acts, compose, is_barred, line, live, messages, new_key, not_taken, thread, toast};
use crate::canned;
use crate::drafts::Draft;
use crate::editor::Editor;
use crate::event::{Act, Effect, Failure, Outcome, Purpose};
use crate::layout;
use crate::state::{Action, Asks, Chosen, Line, Menu, MenuItem, Overlay, State, TemplateStep, Tone, Waits, With};
use crate::text;
use crate::view::message;

/// Templates in the menu: more than WhatsApp allows to most businesses.
const ROWS_MAX: usize = 1_000;
/// Cells of a template's text in the list.
const SHOWN: usize = 120;

/// Whether a conversation's channel knows templates.
pub(crate) fn known(view: &ConversationView) -> bool {
    view.inbox.channel == "Whatsapp"
}

/// Instead of a reply that would not go out: the choice between a template and a note. `false` where a reply is the thing.
pub(super) fn instead(state: &mut State, out: &mut Out) -> bool {
    let Some(id) = state.target() else { return false };
    if closed(state, id) {
        begin(state, out, id);
        return true;
    }
    false
}

/// Whether only a template reaches the customer. A text that was begun is not hidden: from the composer it becomes a note.
pub(super) fn closed(state: &State, id: ConversationId) -> bool {
    let closed = state.conversation(id).is_some_and(|view| known(view) && !view.can_reply);
    closed && !state.drafts.contains_key(&Purpose::Reply(id).draft_name())
}

/// Goes on with the template that was chosen, or asks which.
pub(super) fn begin(state: &mut State, out: &mut Out, id: ConversationId) {
    if is_barred(state) {
        return;
    }
    if state.composer.is_some() {
        compose::leave(state);
    }
    thread::open(state, out, id);
    match draft(state, id) {
        Some(chosen) => {
            // Another message is answered: what was handed in before was another one. Else its key stays.
            if answered(state, id).is_some_and(|message| Some(message) != answers(state, id)) {
                keep(state, id, &chosen);
            }
            go_on(state, id, chosen);
        }
        None => ask(state, out, id),
    }
}

/// The template that was chosen for a conversation.
fn draft(state: &State, id: ConversationId) -> Option<Chosen> {
    state.drafts.get(&Purpose::Template(id).draft_name()).and_then(|draft| draft.with.template.as_deref().cloned())
}

/// The message that is chosen to be answered by it.
fn answered(state: &State, id: ConversationId) -> Option<MessageId> {
    messages::chosen(state).filter(|message| message.conversation_id == id && !message.private).and_then(|message| message.id)
}

/// The message that it answers.
fn answers(state: &State, id: ConversationId) -> Option<MessageId> {
    state.drafts.get(&Purpose::Template(id).draft_name()).and_then(|draft| draft.with.answers)
}

/// Asks for the templates of the inbox.
fn ask(state: &mut State, out: &mut Out, id: ConversationId) {
    let Some(inbox) = state.conversation(id).map(|view| view.inbox.id) else { return };
    state.acts.waits = Some(Waits::Templates(id));
    out.push(Effect::Act(Box::new(Act::Templates(id, inbox))));
}

fn item(letter: Option<char>, label: impl Into<String>, step: TemplateStep) -> MenuItem {
    MenuItem { letter, label: label.into(), disabled: None, action: Action::Template(step), done: String::new() }
}

/// The templates came: the menu, if it is still waited for.
pub(super) fn listed(state: &mut State, id: ConversationId, result: Outcome<Vec<TemplateView>>) {
    let templates = match result {
        Ok(templates) => templates,
        Err(failure) => return acts::not_read(state, "The templates were", &failure),
    };
    if !acts::waited(state, &Waits::Templates(id)) {
        return;
    }
    let Some(view) = state.conversation(id) else { return };
    let title = if view.can_reply { "A template".to_owned() } else { "A template or a note, the reply window is closed".to_owned() };
    let title = format!("{title} · #{id} via {}", text::truncate(&text::line(&view.inbox.name), 24));
    let mut items = vec![item(None, "a private note, TEAM ONLY", TemplateStep::Note)];
    let usable = templates.iter().filter(|known| known.unusable.is_none());
    items.extend(usable.take(ROWS_MAX).map(|known| item(None, row(known), TemplateStep::Choose(Box::new(known.clone())))));
    let found = items.len() > 1;
    if !found {
        items.push(said("no template can be sent: they are made at WhatsApp, and Chatwoot passes them on"));
    }
    let refused = templates.iter().filter_map(|known| Some((known, known.unusable.as_deref()?)));
    items.extend(
        refused.take(ROWS_MAX).map(|(known, why)| said(format!("{}  {}: not offered, {}", name(known), known.language, text::line(why)))),
    );
    state.overlay = Some(Overlay::Menu(Menu { title, targets: vec![id], items, cursor: usize::from(found), search: Some(String::new()) }));
}

/// A line of the menu that only says something.
fn said(label: impl Into<String>) -> MenuItem {
    MenuItem { letter: None, label: label.into(), disabled: Some(""), action: Action::Nothing, done: String::new() }
}

fn name(template: &TemplateView) -> String {
    text::line(&template.name)
}

fn row(template: &TemplateView) -> String {
    let body = text::truncate(&text::line(&template.body).replace('\n', " "), SHOWN);
    format!("{}  {}  {body}", name(template), text::line(&template.language))
}

/// A step was chosen from a menu.
pub(super) fn step(state: &mut State, out: &mut Out, id: ConversationId, step: TemplateStep) {
    match step {
        TemplateStep::Note => messages::note(state, out, id),
        TemplateStep::Choose(template) => {
            let vars = prefilled(state, id, &template);
            let chosen = Chosen { template: *template, vars };
            // One that asks for values is kept from the first of them on: before, nothing was written.
            if chosen.template.variables.is_empty() {
                keep(state, id, &chosen);
            }
            value(state, id, chosen, 0);
        }
        TemplateStep::Values => {
            if let Some(chosen) = draft(state, id) {
                value(state, id, chosen, 0);
            }
        }
        TemplateStep::Another => ask(state, out, id),
        TemplateStep::Drop => {
            state.drafts_dirty |= state.drafts.remove(&Purpose::Template(id).draft_name()).is_some();
            toast(state, Tone::Plain, "Discarded");
        }
        TemplateStep::Send => send(state, out, id),
    }
}

/// What is known of the customer, for variables that are named after it; numbers say nothing of what goes in.
fn prefilled(state: &State, id: ConversationId, template: &TemplateView) -> BTreeMap<String, String> {
    let known = |variable: &str| {
        let name = match variable {
            "name" | "customer_name" | "contact_name" | "full_name" => "contact.name",
            "first_name" => "contact.first_name",
            "last_name" => "contact.last_name",
            "email" => "contact.email",
            "phone" | "phone_number" => "contact.phone_number",
            "agent_name" => "agent.name",
            other => return canned::value(state, id, &format!("conversation.custom_attribute.{other}")),
        };
        canned::value(state, id, name)
    };
    let fits = |text: &String| template::value(text).is_ok();
    template.variables.iter().filter_map(|variable| Some((variable.clone(), known(variable).filter(fits)?))).collect()
}

/// Goes on where a value is missing, or shows the whole.
fn go_on(state: &mut State, id: ConversationId, chosen: Chosen) {
    match chosen.template.variables.iter().position(|variable| !chosen.vars.contains_key(variable)) {
        Some(at) => value(state, id, chosen, at),
        None => review(state, id, &chosen),
    }
}

/// Asks for the value of a variable by its place; after the last, shows the whole.
fn value(state: &mut State, id: ConversationId, chosen: Chosen, at: usize) {
    let Some(variable) = chosen.template.variables.get(at) else { return review(state, id, &chosen) };
    let many = chosen.template.variables.len();
    let title = format!("{{{{{}}}}}, {} of {many}, of {}", text::line(variable), at + 1, name(&chosen.template));
    let editor = Editor::new(chosen.vars.get(variable).map(|text| text::line(text)).unwrap_or_default());
    line::open(state, Line { title, editor, asks: Asks::Template(id, Box::new(chosen), at) });
}

/// The text with the value that is being typed, or why that would not arrive.
pub(super) fn echo(chosen: &Chosen, at: usize, typed: &str) -> Result<String, String> {
    let Some(variable) = chosen.template.variables.get(at) else { return Ok(String::new()) };
    let mut vars = chosen.vars.clone();
    vars.remove(variable);
    if !typed.trim().is_empty() {
        let sent = template::value(typed).map_err(|why| format!("it {why}"))?;
        vars.insert(variable.clone(), sent);
    }
    Ok(chosen.template.preview(&vars))
}

/// A value was typed: it is kept, and the next one is asked for.
pub(super) fn typed(state: &mut State, id: ConversationId, mut chosen: Chosen, at: usize, typed: &str) {
    let Some(variable) = chosen.template.variables.get(at).cloned() else { return };
    match template::value(typed) {
        Ok(sent) => {
            state.overlay = None;
            chosen.vars.insert(variable, sent);
            keep(state, id, &chosen);
            value(state, id, chosen, at + 1);
        }
        Err(why) => not_taken(state, format!("Not taken: it {why}")),
    }
}

/// Keeps it as a draft. It answers the message that is chosen, else the one that it answered before.
fn keep(state: &mut State, id: ConversationId, chosen: &Chosen) {
    let answers = answered(state, id).or_else(|| answers(state, id));
    messages::clear(state);
    let with = With { answers, template: Some(Box::new(chosen.clone())), ..With::default() };
    let draft = Draft { text: chosen.template.preview(&chosen.vars), key: None, replaces: None, with, decides: None, at: state.now };
    state.drafts_dirty = true;
    state.drafts.insert(Purpose::Template(id).draft_name(), draft);
}

/// Shows what the customer will read, and who that is; Enter sends it.
fn review(state: &mut State, id: ConversationId, chosen: &Chosen) {
    let Some(view) = state.conversation(id) else { return };
    let template = &chosen.template;
    let via = text::truncate(&text::line(&view.inbox.name), 24);
    let title = format!("To the CUSTOMER via {via}, template {} {}", name(template), text::line(&template.language));
    let mut items = vec![item(Some('y'), "send it to the CUSTOMER", TemplateStep::Send)];
    let width = usize::from(layout::panes(state).foot.width.saturating_sub(8)).max(1);
    let parts = [template.header.clone(), Some(template.preview(&chosen.vars)), template.footer.clone()];
    items.extend(parts.iter().flatten().flat_map(|part| text::wrap(&text::clean(part), width)).map(said));
    items.extend(template.buttons.iter().map(|words| said(format!("[{}]", text::line(words)))));
    if let Some(answers) = answers(state, id) {
        let words = message::answer_words(state, id, answers).unwrap_or_else(|| format!("message {answers}"));
        items.push(said(text::truncate(&format!("Answers {words}"), width)));
    }
    if !template.variables.is_empty() {
        items.push(item(Some('e'), "change the values", TemplateStep::Values));
    }
    items.push(item(Some('t'), "another template", TemplateStep::Another));
    items.push(item(Some('p'), "a private note instead, TEAM ONLY", TemplateStep::Note));
    items.push(item(Some('x'), "discard it", TemplateStep::Drop));
    state.overlay = Some(Overlay::Menu(Menu { title, targets: vec![id], items, cursor: 0, search: None }));
}

/// Hands it in. The draft stays until the daemon has it.
fn send(state: &mut State, out: &mut Out, id: ConversationId) {
    let (fresh, name) = (new_key(state), Purpose::Template(id).draft_name());
    let Some(draft) = state.drafts.get_mut(&name) else { return };
    let key = draft.key.get_or_insert(fresh).clone();
    let (text, with) = (draft.text.clone(), draft.with.clone());
    if state.drafts_loaded {
        state.drafts_dirty = false;
        out.push(compose::save(state));
    }
    out.push(Effect::Submit { purpose: Purpose::Template(id), text, with, key });
}

/// It was not taken: it stands there again, and the same key is only used again where its fate is not known.
pub(super) fn refused(state: &mut State, id: ConversationId, key: &str, failure: &Failure) {
    let draft = state.drafts.get_mut(&Purpose::Template(id).draft_name()).filter(|draft| draft.key.as_deref() == Some(key));
    if let Some(draft) = draft.filter(|_| !failure.unknown && !failure.lost) {
        draft.key = None;
        state.drafts_dirty = true;
    }
    live::failed(state, failure);
    let again = if failure.unknown { "; to send it again is safe, it is never sent twice" } else { "" };
    toast(state, Tone::Bad, format!("Template not sent: {}{again} (r shows it, it is kept)", failure.message));
}

/// A template that was taken back: it stands there again.
pub(super) fn come_back(state: &mut State, id: ConversationId, chosen: &Chosen, answers: Option<MessageId>) {
    keep(state, id, chosen);
    if let Some(draft) = state.drafts.get_mut(&Purpose::Template(id).draft_name()) {
        draft.with.answers = answers;
    }
    if state.shown() == Some(id) && state.overlay.is_none() && state.composer.is_none() {
        review(state, id, chosen);
    }
}
